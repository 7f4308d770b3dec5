/* Refunds: asked for, decided, sent back once whatever the gateway says. */

#include "document_fixture.h"

#define YEAR11    (11 * 9600)
#define RETURNED  "{\"id\":\"re_1\",\"object\":\"refund\","                   \
                  "\"status\":\"succeeded\"}"
#define FIRST     "first@example.test"
#define SECOND    "second@example.test"
#define NONE_YET  "{\"object\":\"list\",\"has_more\":false,\"data\":[]}"


static json_t *
of_refund(const char *team, const char *number, int64_t amount)
{
    json_t  *body = json_pack("{s:s, s:s, s:s}", "team", team, "invoice",
                              number, "reason", "not needed");

    if (amount > 0) {
        (void) json_object_set_new(body, "amount", json_integer(amount));
    }

    return body;
}


/* Asked for; the id of the request. */

static const char *
ask(const char *team, const char *number, int64_t amount)
{
    static char  id[BILLING_ID_MAX + 1];

    json_t  *body = expect(OWNER, "refund.ask",
                           of_refund(team, number, amount), 201, NULL);

    (void) snprintf(id, sizeof(id), "%s",
                    text_of(json_object_get(body, "refund"), "id"));
    json_decref(body);

    return id;
}


static json_t *
of_decision_by(const char *refund, const char *decision, const char *by)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "refund", refund, "decision",
                     decision, "note", "by support", "by", by);
}


static json_t *
of_decision(const char *refund, const char *decision)
{
    return of_decision_by(refund, decision, FIRST);
}


/* By as many as it takes. */

static json_t *
decide(const char *refund, const char *decision)
{
    billing_op_reply_t  reply = run_op(next_op(), APP, "app.refund.decide",
                                       of_decision(refund, decision));

    if (reply.status != 202) {
        assert_int_equal(reply.status, 200);
        return reply.body;
    }

    drop(reply.body);

    return expect(APP, "app.refund.decide",
                  of_decision_by(refund, decision, SECOND), 200, NULL);
}


static const char *
money_of(void)
{
    static char        word_now[32];
    static const char  sql[] =
        "SELECT money FROM refund ORDER BY created_at DESC LIMIT 1";

    assert_int_equal(billing_db_query(t.w.db, sql, ""), BILLING_DB_ROW);
    (void) snprintf(word_now, sizeof(word_now), "%s",
                    billing_db_text(t.w.db, sql, 0));
    billing_db_done(t.w.db, sql);

    return word_now;
}


static void
r192_granted_it_goes_back_to_the_card(void **state)
{
    json_t          *body;
    const char      *refund, *number, *id = paid_team("team", 2, "monthly");
    billing_call_t   call;

    (void) state;

    number = number_now();
    drop(expect(PLAIN, "refund.ask", of_refund(id, number, 0), 403,
                "BILLING_RIGHTS"));
    drop(expect("far@example.test", "refund.ask", of_refund(id, number, 0),
                404, "TEAM_NOT_FOUND"));
    drop(expect(OWNER, "refund.ask", of_refund(id, "INV-1", 0), 404,
                "INVOICE_NOT_FOUND"));
    drop(expect(OWNER, "refund.ask", of_refund(id, number, 2001), 422,
                "REFUND_AMOUNT"));

    refund = ask(id, number, 500);
    drop(expect(OWNER, "refund.ask", of_refund(id, number, 1), 409,
                "REFUND_PENDING"));
    assert_int_equal(t.nflying, 0);
    body = expect(OWNER, "billing.refunds", of_team(id), 200, NULL);
    assert_int_equal(json_array_size(json_object_get(body, "refunds")), 1);
    drop(body);
    books_agree();

    body = decide(refund, "granted");
    assert_string_equal(text_of(json_object_get(body, "refund"), "state"),
                        "granted");
    drop(body);
    assert_string_equal(t.mail_key, "mail.refund_granted");
    books_agree();
    call = take_call(BILLING_CALL_REFUND);
    assert_non_null(strstr(call.request.body, "payment_intent=pi_1"));
    assert_non_null(strstr(call.request.body, "amount=500"));
    answer_call(&call, 200, RETURNED, true);
    assert_string_equal(money_of(), "returned");
    invoice_is(id, number, "paid", 0);
    assert_string_equal(word("state"), "active");
    books_agree();

    /* Decided once; the same decision again changes nothing. */

    drop(decide(refund, "granted"));
    assert_int_equal(t.nflying, 0);
    drop(expect(APP, "app.refund.decide", of_decision(refund, "refused"), 409,
                "REFUND_DECIDED"));
    drop(expect(APP, "app.refund.decide", of_decision("r_x", "refused"), 404,
                "REFUND_NOT_FOUND"));
    drop(expect(APP, "app.refund.decide", of_decision(refund, "maybe"), 422,
                "FIELD_TYPE"));
    assert_int_equal(count("SELECT COUNT(*) FROM credit_note"), 1);

    /* The rest, and then nothing more. */

    refund = ask(id, number, 0);
    drop(decide(refund, "granted"));
    call = take_call(BILLING_CALL_REFUND);
    assert_non_null(strstr(call.request.body, "amount=1500"));
    answer_call(&call, 200, RETURNED, true);
    drop(expect(OWNER, "refund.ask", of_refund(id, number, 1), 422,
                "REFUND_AMOUNT"));
    drop(expect(OWNER, "refund.ask", of_refund(id, number, 0), 422,
                "REFUND_AMOUNT"));
    invoice_is(id, number, "void", 0);
    books_agree();
}


static void
r192_refused_nothing_moves(void **state)
{
    const char  *refund, *number, *id = paid_team("team", 2, "monthly");

    (void) state;

    number = number_now();
    refund = ask(id, number, 0);
    drop(decide(refund, "refused"));
    assert_string_equal(t.mail_key, "mail.refund_refused");
    assert_int_equal(t.nflying, 0);
    assert_int_equal(count("SELECT COUNT(*) FROM credit_note"), 0);
    drop(expect(APP, "app.refund.decide", of_decision(refund, "granted"), 409,
                "REFUND_DECIDED"));
    (void) ask(id, number, 0);          /* may be asked for again */
    books_agree();
}


static void
r192_one_person_is_not_enough(void **state)
{
    json_t          *body;
    const char      *refund, *number, *id = paid_team("team", 2, "monthly");
    billing_call_t   call;

    (void) state;
    number = number_now();
    refund = ask(id, number, 0);

    drop(expect(APP, "app.refund.decide", of_decision_by(refund, "granted",
                ""), 422, "APPROVER_MISSING"));
    drop(expect(APP, "app.refund.decide", of_decision_by(refund, "refused",
                ""), 422, "APPROVER_MISSING"));
    assert_int_equal(count("SELECT COUNT(*) FROM approval"), 0);

    body = expect(APP, "app.refund.decide", of_decision(refund, "granted"),
                  202, NULL);
    assert_string_equal(text_of(json_object_get(body, "refund"), "state"),
                        "open");
    assert_string_equal(text_of(json_object_get(body, "approval"), "by"),
                        FIRST);
    drop(body);
    assert_int_equal(t.nflying, 0);
    assert_int_equal(count("SELECT COUNT(*) FROM credit_note"), 0);

    drop(expect(APP, "app.refund.decide", of_decision(refund, "granted"),
                409, "APPROVER_SAME"));
    drop(expect(APP, "app.refund.decide", of_decision_by(refund, "granted",
                "First@Example.TEST"), 409, "APPROVER_SAME"));
    assert_int_equal(t.nflying, 0);

    drop(expect(APP, "app.refund.decide", of_decision_by(refund, "granted",
                SECOND), 200, NULL));
    call = take_call(BILLING_CALL_REFUND);
    answer_call(&call, 200, RETURNED, true);
    assert_string_equal(money_of(), "returned");
    assert_int_equal(count("SELECT COUNT(*) FROM approval WHERE (n = 0 AND"
        " act = 'asked' AND person = '" FIRST "') OR (n = 1 AND act ="
        " 'granted' AND person = '" SECOND "' AND note = 'by support')"), 2);

    turn_begin();
    assert_int_equal(billing_db_exec(t.w.db, "UPDATE approval SET person ="
                     " ''", ""), BILLING_DB_CONFLICT);
    turn_end(true);
    books_agree();
}


static void
r192_a_first_word_is_forgotten_after_a_week(void **state)
{
    const char  *refund, *id = paid_team("team", 2, "monthly");

    (void) state;
    refund = ask(id, number_now(), 0);
    drop(expect(APP, "app.refund.decide", of_decision(refund, "granted"),
                202, NULL));
    t.now += BILLING_APPROVAL_SEC;
    drop(expect(APP, "app.refund.decide", of_decision_by(refund, "granted",
                SECOND), 202, NULL));
    assert_int_equal(t.nflying, 0);
    drop(expect(APP, "app.refund.decide", of_decision_by(refund, "granted",
                SECOND), 409, "APPROVER_SAME"));

    /* One person is enough to say no, also the one who said yes. */

    drop(expect(APP, "app.refund.decide", of_decision_by(refund, "refused",
                SECOND), 200, NULL));
    drop(expect(APP, "app.refund.decide", of_decision(refund, "granted"),
                409, "REFUND_DECIDED"));
    assert_int_equal(t.nflying, 0);
    assert_int_equal(count("SELECT COUNT(*) FROM approval"), 3);
}


static void
r192_where_one_is_enough_nobody_must_be_named(void **state)
{
    const char  *refund, *id = paid_team("team", 2, "monthly");

    (void) state;
    t.settings.refund_two_persons = false;
    refund = ask(id, number_now(), 0);
    drop(expect(APP, "app.refund.decide", of_decision_by(refund, "granted",
                ""), 200, NULL));
    assert_int_equal(t.nflying, 1);
    assert_int_equal(count("SELECT COUNT(*) FROM approval WHERE act ="
                           " 'granted' AND person = ''"), 1);
}


static void
r193_added_licences_are_not_refunded(void **state)
{
    const char      *id = paid_team("team", 2, "monthly");
    billing_call_t   call;

    (void) state;

    t.now += 16 * DAY;
    drop(expect(OWNER, "billing.seats", of_seats(id, 3, NULL), 200, NULL));
    after_days(15);
    call = take_call(BILLING_CALL_CHARGE);
    paid(&call, 3484);                  /* the month, and 484 of before */
    drop(expect(OWNER, "refund.ask", of_refund(id, number_now(), 3001), 409,
                "REFUND_EXTRA_SEATS"));
    (void) ask(id, number_now(), 0);
    assert_int_equal(count("SELECT amount_minor FROM refund"), 3000);
}


static void
r193_nor_is_an_invoice_over_them(void **state)
{
    const char          *id = paid_team("team", 2, "monthly");
    billing_call_t       call;
    billing_op_reply_t   reply;

    (void) state;

    t.now += 16 * DAY;
    drop(expect(OWNER, "billing.seats", of_seats(id, 3, NULL), 200, NULL));
    reply = run_op(next_op(), OWNER, "billing.cancel", of_team(id));
    assert_true(reply.later);
    call = take_call(BILLING_CALL_CHARGE);
    paid(&call, 484);
    drop(expect(OWNER, "refund.ask", of_refund(id, number_now(), 0), 409,
                "REFUND_EXTRA_SEATS"));
}


static void
r192_what_was_wired_is_returned_outside(void **state)
{
    const char      *refund, *number;
    const char      *id = invoiced_team("team", 11, "yearly");
    billing_call_t   call;

    (void) state;

    number = final_invoice();
    drop(expect(OWNER, "refund.ask", of_refund(id, number, 0), 422,
                "REFUND_AMOUNT"));
    drop(wire(number, 5600, "part"));
    call = pay_by_card(id, number, YEAR11 - 5600);
    paid(&call, YEAR11 - 5600);
    books_agree();

    /* The card's part first, the rest outside. */

    refund = ask(id, number, YEAR11 - 600);
    drop(decide(refund, "granted"));
    call = take_call(BILLING_CALL_REFUND);
    assert_non_null(strstr(call.request.body, "amount=100000&"));
    books_agree();
    answer_call(&call, 200, RETURNED, true);
    books_agree();

    refund = ask(id, number, 0);
    drop(decide(refund, "granted"));
    assert_int_equal(t.nflying, 0);
    assert_int_equal(count("SELECT SUM(amount_minor) FROM ledger"
                           " WHERE account IN ('bank', 'gateway')"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM refund"
                           " WHERE money = 'outside'"), 1);
    books_agree();
}


static void
p8_a_lost_answer_is_looked_up_and_sent_once(void **state)
{
    char             key[64];
    const char      *number, *id = paid_team("team", 2, "monthly");
    char             text[256];
    billing_call_t   call;

    (void) state;

    number = number_now();
    drop(decide(ask(id, number, 500), "granted"));
    call = take_call(BILLING_CALL_REFUND);
    (void) snprintf(key, sizeof(key), "%s", call.idempotency_key);
    crash();
    t.wall += 60;
    sweep();

    for (unsigned i = 0; i < 3; i++) {
        call = take_call(BILLING_CALL_REFUND);
        assert_string_equal(call.idempotency_key, key);
        answer_call(&call, 500, "{}", true);
        t.wall += 1000;
        sweep();
    }

    /* The same key four times: from here on it is asked for. */

    call = take_call(BILLING_CALL_SEARCH);
    assert_string_equal(call.idempotency_key, "");
    assert_non_null(strstr(call.request.path, "payment_intent=pi_1"));
    answer_call(&call, 503, "", true);
    t.wall += 1000;
    sweep();
    call = take_call(BILLING_CALL_SEARCH);
    (void) snprintf(text, sizeof(text), "{\"object\":\"list\",\"has_more\":"
        "false,\"data\":[{\"object\":\"refund\",\"id\":\"re_1\",\"status\":"
        "\"succeeded\",\"metadata\":{\"checkout\":\"%s\"}}]}", call.subject);
    answer_call(&call, 200, text, true);
    assert_string_equal(money_of(), "returned");
    t.wall += 5000;
    sweep();
    assert_int_equal(t.nflying, 0);
    books_agree();
}


static void
d7_after_23_hours_it_is_asked_before_it_is_sent_again(void **state)
{
    char             key[64];
    const char      *number, *id = paid_team("team", 2, "monthly");
    billing_call_t   call;

    (void) state;

    number = number_now();
    drop(decide(ask(id, number, 500), "granted"));
    call = take_call(BILLING_CALL_REFUND);
    (void) snprintf(key, sizeof(key), "%s", call.idempotency_key);
    crash();
    t.wall += BILLING_REPLAY_SEC;
    sweep();
    call = take_call(BILLING_CALL_SEARCH);
    answer_call(&call, 200, NONE_YET, true);
    assert_int_equal(t.nflying, 0);
    t.wall += 1000;
    sweep();
    call = take_call(BILLING_CALL_REFUND);
    assert_string_not_equal(call.idempotency_key, key);
    answer_call(&call, 200, RETURNED, true);
    assert_string_equal(money_of(), "returned");
    books_agree();
}


/* A refusal of the gateway is no proof about what was sent before. */

static void
p8_a_refused_refund_is_looked_up(void **state)
{
    const char      *number, *id = paid_team("team", 2, "monthly");
    billing_call_t   call;

    (void) state;

    number = number_now();
    drop(decide(ask(id, number, 500), "granted"));
    call = take_call(BILLING_CALL_REFUND);
    answer_call(&call, 400, "{\"error\":{\"code\":\"amount_too_large\"}}",
                true);
    assert_string_equal(money_of(), "sending");
    t.wall += 100;
    sweep();
    call = take_call(BILLING_CALL_SEARCH);
    answer_call(&call, 200, NONE_YET, true);
    assert_string_equal(money_of(), "sending");
    books_agree();
}


/* Five keys, each refused and proven to have done nothing. */

static void
refuse_for_good(void)
{
    char             last[64] = "";
    billing_call_t   call;

    for (unsigned i = 0; i < 5; i++) {
        assert_string_equal(money_of(), "sending");
        call = take_call(BILLING_CALL_REFUND);
        assert_string_not_equal(call.idempotency_key, last);
        (void) snprintf(last, sizeof(last), "%s", call.idempotency_key);
        answer_call(&call, 400, "{\"error\":{\"code\":\"charge_disputed\"}}",
                    true);
        t.wall += 100;
        sweep();
        call = take_call(BILLING_CALL_SEARCH);
        answer_call(&call, 200, NONE_YET, true);
        books_agree();
        t.wall += 1000;
        sweep();
    }
}


static void
p8_what_is_never_taken_ends_with_people(void **state)
{
    const char      *refund, *number, *id = paid_team("team", 2, "monthly");
    billing_call_t   call;

    (void) state;

    number = number_now();
    refund = ask(id, number, 500);
    drop(expect(APP, "app.refund.decide", of_decision(refund, "outside"), 409,
                "REFUND_DECIDED"));
    drop(decide(refund, "granted"));
    refuse_for_good();
    assert_string_equal(money_of(), "stuck");
    assert_int_equal(t.nflying, 0);
    t.wall += 500000;
    sweep();
    assert_int_equal(t.nflying, 0);
    assert_int_equal(count("SELECT SUM(amount_minor) FROM ledger"
                           " WHERE account LIKE 'receivable:%'"), -500);

    /* Once more, as asked; then it comes back another way. */

    drop(decide(refund, "granted"));
    refuse_for_good();
    assert_string_equal(money_of(), "stuck");
    drop(decide(refund, "outside"));
    assert_string_equal(money_of(), "outside");
    assert_int_equal(count("SELECT SUM(amount_minor) FROM ledger"
                           " WHERE account = 'bank'"), -500);
    drop(expect(APP, "app.refund.decide", of_decision(refund, "outside"), 409,
                "REFUND_DECIDED"));
    drop(decide(refund, "granted"));
    assert_int_equal(t.nflying, 0);
    books_agree();

    t.now++;
    refund = ask(id, number, 300);
    drop(decide(refund, "granted"));
    refuse_for_good();
    drop(decide(refund, "granted"));
    call = take_call(BILLING_CALL_REFUND);
    answer_call(&call, 200, RETURNED, true);
    assert_string_equal(money_of(), "returned");
    books_agree();
}


#define refund_test(name)                                                     \
    cmocka_unit_test_setup_teardown(name, set_up, tear_down)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        refund_test(r192_granted_it_goes_back_to_the_card),
        refund_test(r192_refused_nothing_moves),
        refund_test(r192_one_person_is_not_enough),
        refund_test(r192_a_first_word_is_forgotten_after_a_week),
        refund_test(r192_where_one_is_enough_nobody_must_be_named),
        refund_test(r193_added_licences_are_not_refunded),
        refund_test(r193_nor_is_an_invoice_over_them),
        refund_test(r192_what_was_wired_is_returned_outside),
        refund_test(p8_a_lost_answer_is_looked_up_and_sent_once),
        refund_test(d7_after_23_hours_it_is_asked_before_it_is_sent_again),
        refund_test(p8_a_refused_refund_is_looked_up),
        refund_test(p8_what_is_never_taken_ends_with_people)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
