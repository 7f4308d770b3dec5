/* Checkouts whose gateway is late, silent, broken or lying. */

#include "business_fixture.h"

#define ABSENT "{\"object\":\"list\",\"data\":[],\"has_more\":false}"


static void
p1_p4_a_crash_after_tx1_sends_the_same_key(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1], key[64];
    billing_call_t   call;

    (void) state;

    call = buy(OWNER, order(make_team(0), "team", 2, ""), op);
    memcpy(key, call.idempotency_key, sizeof(key));
    assert_string_equal(key + 3 + BILLING_OP_ID_LEN, "-1-charge");

    crash();
    sweep();
    assert_int_equal(t.nflying, 0);     /* not before its time */
    t.wall += 2;
    sweep();
    call = take_call(BILLING_CALL_CHARGE);
    assert_string_equal(call.idempotency_key, key);
    answer_call(&call, 200, intent(&call, "pi_1", "succeeded", 2000), true);
    assert_string_equal(plan_now(), "team");
    assert_int_equal(count("SELECT COUNT(*) FROM attempt"
                           " WHERE kind = 'charge'"), 1);
    assert_int_equal(count("SELECT tries FROM attempt"
                           " WHERE kind = 'charge'"), 2);
}


static void
p1_a_crash_before_the_customer_is_resumed_too(void **state)
{
    char                 op[BILLING_OP_ID_LEN + 1], key[64];
    billing_call_t       call;
    billing_op_reply_t   reply;

    (void) state;

    (void) snprintf(op, sizeof(op), "%s", next_op());
    reply = run_op(op, OWNER, "upgrade.buy", order(make_team(0), "team", 2,
                                                   ""));
    assert_true(reply.later);
    call = take_call(BILLING_CALL_CUSTOMER);
    memcpy(key, call.idempotency_key, sizeof(key));
    crash();
    t.wall += 2;
    sweep();
    assert_string_equal(t.flying[0].idempotency_key, key);
    call = to_the_charge();
    answer_call(&call, 200, intent(&call, "pi_1", "succeeded", 2000), true);
    assert_string_equal(plan_now(), "team");
}


static void
p8_unknown_is_told_blocks_and_is_retried_by_schedule(void **state)
{
    static const int64_t  delays[] = { 2, 10, 60, 300, 900, 900 };

    char                  op[BILLING_OP_ID_LEN + 1], key[64];
    int64_t               since;
    const char           *id = make_team(0);
    billing_call_t        call;

    (void) state;

    call = buy(OWNER, order(id, "team", 2, ""), op);
    memcpy(key, call.idempotency_key, sizeof(key));

    for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
        answer_call(&call, 0, "", true);
        assert_string_equal(state_now(), "unknown");
        assert_string_equal(plan_now(), "free");
        drop(expect(OWNER, "upgrade.buy", order(id, "team", 3, ""), 409,
                    "CHECKOUT_OPEN"));

        since = t.wall;
        t.wall = since + delays[i] - 1;
        sweep();
        assert_int_equal(t.nflying, 0);
        t.wall = since + delays[i];
        sweep();
        call = take_call(BILLING_CALL_CHARGE);
        assert_string_equal(call.idempotency_key, key);
    }

    assert_int_equal(t.nanswers, 1);
    assert_string_equal(text_of(last_answer(202), "state"), "unknown");
    assert_string_equal(text_of(last_answer(202), "code"), "PAYMENT_UNKNOWN");

    answer_call(&call, 200, intent(&call, "pi_1", "succeeded", 2000), true);
    assert_string_equal(text_of(last_answer(200), "state"), "done");
    assert_string_equal(plan_now(), "team");
    books_balance();
}


static void
p8_d7_after_23_hours_it_is_only_looked_up(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1], list[1400];
    billing_call_t   call, charge;

    (void) state;

    charge = call = buy(OWNER, order(make_team(0), "team", 2, ""), op);
    answer_call(&call, 0, "", true);
    t.wall += 23 * 3600;
    sweep();
    call = take_call(BILLING_CALL_SEARCH);
    assert_false(call.request.post);
    assert_string_equal(call.idempotency_key, "");

    /* A search that fails proves nothing. */

    answer_call(&call, 500, "{}", true);
    assert_string_equal(state_now(), "unknown");
    t.wall += 900;
    sweep();
    call = take_call(BILLING_CALL_SEARCH);
    (void) snprintf(list, sizeof(list), "{\"object\":\"list\",\"data\":[%s],"
                    "\"has_more\":false}",
                    intent(&charge, "pi_9", "succeeded", 2000));
    answer_call(&call, 200, list, true);
    assert_string_equal(plan_now(), "team");
    assert_int_equal(count("SELECT COUNT(*) FROM attempt"
                           " WHERE kind = 'charge'"), 1);
}


static void
p8_a_500_given_back_for_ever_is_looked_up_then_tried_anew(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1];
    billing_call_t   call;

    (void) state;

    call = buy(OWNER, order(make_team(0), "team", 2, ""), op);
    answer_call(&call, 500, "{\"error\":{}}", true);
    t.wall += 2;
    sweep();
    call = take_call(BILLING_CALL_CHARGE);
    answer_call(&call, 500, "{\"error\":{}}", true);
    t.wall += 10;
    sweep();
    call = take_call(BILLING_CALL_CHARGE);
    answer_call(&call, 500, "{\"error\":{}}", true);

    call = take_call(BILLING_CALL_SEARCH);
    answer_call(&call, 200, ABSENT, true);
    assert_string_equal(state_now(), "unknown");    /* may still arrive */
    t.wall += 59;
    sweep();
    assert_int_equal(t.nflying, 0);
    t.wall += 1;
    sweep();
    call = take_call(BILLING_CALL_SEARCH);
    answer_call(&call, 200, ABSENT, true);

    call = to_the_charge();
    assert_int_equal(call.attempt, 2);
    assert_string_equal(call.idempotency_key + 3 + BILLING_OP_ID_LEN,
                        "-2-charge");
    answer_call(&call, 200, intent(&call, "pi_2", "succeeded", 2000), true);
    assert_string_equal(plan_now(), "team");
    books_balance();
}


static void
p3_a_late_success_of_the_first_attempt_is_found_by_the_search(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1], list[1400];
    billing_call_t   call, charge;

    (void) state;

    charge = call = buy(OWNER, order(make_team(0), "team", 2, ""), op);

    for (unsigned i = 0; i < 3; i++) {
        answer_call(&call, 500, "{}", true);
        t.wall += 10;
        sweep();
        call = t.flying[0];
        t.nflying = 0;
    }

    assert_int_equal(call.kind, BILLING_CALL_SEARCH);
    (void) snprintf(list, sizeof(list), "{\"object\":\"list\",\"data\":[%s],"
                    "\"has_more\":false}",
                    intent(&charge, "pi_1", "succeeded", 2000));
    answer_call(&call, 200, list, true);
    assert_string_equal(plan_now(), "team");
}


static void
p56_a_gateway_that_cannot_be_reached_charges_nothing(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1];
    json_t          *body;
    const char      *id = make_team(0);
    billing_call_t   call;
    billing_op_reply_t  reply;

    (void) state;

    call = buy(OWNER, order(id, "team", 2, "WELCOME20"), op);
    answer_call(&call, 0, "", false);
    assert_string_equal(text_of(last_answer(503), "code"),
                        "GATEWAY_UNAVAILABLE");
    assert_string_equal(state_now(), "failed");
    assert_int_equal(count("SELECT hold_seats FROM team"), 0);

    /* The same key resumes: attempt 2 of the same checkout (P7). */

    body = order(id, "team", 2, "WELCOME20");
    reply = run_op(op, OWNER, "upgrade.buy", body);
    assert_true(reply.later);
    call = to_the_charge();
    assert_int_equal(call.attempt, 2);
    answer_call(&call, 200, intent(&call, "pi_1", "succeeded", 1600), true);
    assert_string_equal(plan_now(), "team");

    reply = run_op(op, OWNER, "upgrade.buy", order(id, "team", 2,
                                                   "WELCOME20"));
    assert_int_equal(reply.status, 200);
    assert_true(json_equal(reply.body, last_answer(200)));
    drop(reply.body);
    assert_int_equal(t.nflying, 0);
}


static void
p8_not_sent_now_says_nothing_about_what_was_sent_before(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1];
    billing_call_t   call;

    (void) state;

    call = buy(OWNER, order(make_team(0), "team", 2, ""), op);
    answer_call(&call, 0, "", true);
    t.wall += 2;
    sweep();
    call = take_call(BILLING_CALL_CHARGE);
    answer_call(&call, 0, "", false);
    assert_string_equal(state_now(), "unknown");
}


static void
p8_told_to_wait_it_waits_with_the_same_key(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1], key[64];
    billing_call_t   call;

    (void) state;

    call = buy(OWNER, order(make_team(0), "team", 2, ""), op);
    memcpy(key, call.idempotency_key, sizeof(key));
    answer_call(&call, 429, "{}", true);
    assert_string_equal(state_now(), "charging");
    t.wall += 5;
    sweep();
    call = take_call(BILLING_CALL_CHARGE);
    assert_string_equal(call.idempotency_key, key);
}


static void
p9_another_amount_is_not_granted_and_goes_back(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1];
    billing_call_t   call;

    (void) state;

    call = buy(OWNER, order(make_team(0), "team", 2, ""), op);
    answer_call(&call, 200, intent(&call, "pi_1", "succeeded", 1), true);
    assert_string_equal(plan_now(), "free");
    assert_string_equal(state_now(), "refunding");
    assert_string_equal(text_of(last_answer(202), "state"), "unknown");
    books_balance();

    call = take_call(BILLING_CALL_REFUND);
    answer_call(&call, 500, "{}", true);
    t.wall += 2;
    sweep();
    call = take_call(BILLING_CALL_REFUND);
    assert_non_null(strstr(call.request.body, "amount=1"));
    answer_call(&call, 200, "{\"id\":\"re_1\",\"object\":\"refund\"}", true);
    assert_string_equal(state_now(), "refunded");
    assert_string_equal(text_of(last_answer(402), "code"),
                        "PAYMENT_RETURNED");
    assert_string_equal(plan_now(), "free");
    books_balance();
    assert_int_equal(count("SELECT SUM(amount_minor) FROM ledger"
                           " WHERE account = 'gateway'"), 0);
}


static void
p9_another_currency_goes_back_as_it_came(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1], body[1024], *currency;
    billing_call_t   call;

    (void) state;

    call = buy(OWNER, order(make_team(0), "team", 2, ""), op);
    (void) snprintf(body, sizeof(body), "%s",
                    intent(&call, "pi_1", "succeeded", 2000));
    currency = strstr(body, "usd");
    memcpy(currency, "eur", 3);
    answer_call(&call, 200, body, true);
    assert_string_equal(state_now(), "refunding");
    assert_int_equal(count("SELECT COUNT(*) FROM ledger"
                           " WHERE currency = 'EUR'"), 2);
    call = take_call(BILLING_CALL_REFUND);
    answer_call(&call, 200, "{\"id\":\"re_1\",\"object\":\"refund\"}", true);
    assert_int_equal(count("SELECT COUNT(*) FROM ledger"
                           " WHERE currency = 'EUR'"), 4);
    assert_int_equal(count("SELECT COUNT(*) FROM ledger"), 4);
    books_balance();
}


static void
p9_a_refund_whose_answer_is_lost_ends_and_hinders_nobody(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1], key[64];
    const char      *id = make_team(0);
    billing_call_t   call;

    (void) state;

    call = buy(OWNER, order(id, "team", 2, "WELCOME20"), op);
    answer_call(&call, 200, intent(&call, "pi_1", "succeeded", 1), true);
    assert_int_equal(count("SELECT hold_seats FROM team"), 0);
    call = take_call(BILLING_CALL_REFUND);
    memcpy(key, call.idempotency_key, sizeof(key));

    for (unsigned i = 0; i < 3; i++) {
        assert_string_equal(call.idempotency_key, key);
        answer_call(&call, 500, "{\"kept\":1}", true);
        t.wall += i < 2 ? 60 : 900;
        sweep();
        call = take_call(BILLING_CALL_REFUND);
    }

    assert_string_not_equal(call.idempotency_key, key);

    /* The next purchase, code and all, does not wait for it. */

    answer_call(&call, 0, "", true);
    call = buy(OWNER, order(id, "team", 2, "WELCOME20"), op);
    answer_call(&call, 200, intent(&call, "pi_2", "succeeded", 1600), true);
    assert_string_equal(plan_now(), "team");

    t.wall += 900;
    sweep();
    call = take_call(BILLING_CALL_REFUND);
    answer_call(&call, 400, "{\"error\":{\"code\":"
                "\"charge_already_refunded\"}}", true);
    assert_int_equal(count("SELECT COUNT(*) FROM checkout WHERE state ="
                           " 'refunded'"), 1);
    books_balance();
}


static void
p8_one_that_is_processing_is_asked_for_not_sent_again(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1];
    billing_call_t   call, charge;

    (void) state;

    charge = call = buy(OWNER, order(make_team(0), "team", 2, ""), op);
    answer_call(&call, 200, intent(&charge, "pi_1", "processing", 2000), true);
    assert_string_equal(state_now(), "unknown");
    assert_int_equal(t.nflying, 0);
    t.wall += 2;
    sweep();
    call = take_call(BILLING_CALL_LOOKUP);
    answer_call(&call, 200, intent(&charge, "pi_1", "processing", 2000), true);
    t.wall += 10;
    sweep();
    call = take_call(BILLING_CALL_LOOKUP);
    answer_call(&call, 200, intent(&charge, "pi_1", "succeeded", 2000), true);
    assert_string_equal(plan_now(), "team");
}


static void
a_reply_that_comes_twice_changes_nothing(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1];
    billing_call_t   call;

    (void) state;

    call = buy(OWNER, order(make_team(0), "team", 2, ""), op);
    answer_call(&call, 200, intent(&call, "pi_1", "succeeded", 2000), true);
    answer_call(&call, 200, intent(&call, "pi_1", "succeeded", 2000), true);
    answer_call(&call, 402, "{\"error\":{\"code\":\"card_declined\"}}", true);
    assert_int_equal(t.nanswers, 1);
    assert_int_equal(count("SELECT COUNT(*) FROM invoice"), 1);
    assert_string_equal(state_now(), "succeeded");
}


static void
no_state_moves_back(void **state)
{
    (void) state;

    assert_false(billing_checkout_forward(BILLING_CHECKOUT_SUCCEEDED,
                                          BILLING_CHECKOUT_FAILED));
    assert_false(billing_checkout_forward(BILLING_CHECKOUT_UNKNOWN,
                                          BILLING_CHECKOUT_EXPIRED));
    assert_false(billing_checkout_forward(BILLING_CHECKOUT_REFUNDED,
                                          BILLING_CHECKOUT_SUCCEEDED));
    assert_false(billing_checkout_forward(BILLING_CHECKOUT_EXPIRED,
                                          BILLING_CHECKOUT_SUCCEEDED));
    assert_true(billing_checkout_forward(BILLING_CHECKOUT_UNKNOWN,
                                         BILLING_CHECKOUT_SUCCEEDED));
}


int
main(void)
{
#define gateway_test(name)                                                    \
    cmocka_unit_test_setup_teardown(name, set_up, tear_down)

    const struct CMUnitTest  tests[] = {
        gateway_test(p1_p4_a_crash_after_tx1_sends_the_same_key),
        gateway_test(p1_a_crash_before_the_customer_is_resumed_too),
        gateway_test(p8_unknown_is_told_blocks_and_is_retried_by_schedule),
        gateway_test(p8_d7_after_23_hours_it_is_only_looked_up),
        gateway_test(
            p8_a_500_given_back_for_ever_is_looked_up_then_tried_anew),
        gateway_test(
            p3_a_late_success_of_the_first_attempt_is_found_by_the_search),
        gateway_test(p56_a_gateway_that_cannot_be_reached_charges_nothing),
        gateway_test(p8_not_sent_now_says_nothing_about_what_was_sent_before),
        gateway_test(p8_told_to_wait_it_waits_with_the_same_key),
        gateway_test(p9_another_amount_is_not_granted_and_goes_back),
        gateway_test(p9_another_currency_goes_back_as_it_came),
        gateway_test(p9_a_refund_whose_answer_is_lost_ends_and_hinders_nobody),
        gateway_test(p8_one_that_is_processing_is_asked_for_not_sent_again),
        gateway_test(a_reply_that_comes_twice_changes_nothing),
        gateway_test(no_state_moves_back)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
