/* Bills over Day Passes that are not paid, late, or the last. */

#include "day_pass_fixture.h"
#include "document_fixture.h"


static void
r172_r199_an_unpaid_bill_is_asked_for_again(void **state)
{
    const char      *id;
    billing_call_t   call;

    (void) state;

    id = company("business", 5, "yearly");
    assert_true(opened(GUEST, "edit"));
    t.now = billing_boundary(T0, BILLING_PERIOD_MONTHLY, 1);
    sweep();
    call = take_call(BILLING_CALL_CHARGE);
    declined(&call, "insufficient_funds");
    assert_string_equal(word("state"), "past_due");
    assert_int_equal(count("SELECT COUNT(*) FROM day_pass WHERE checkout = ''"
                           " AND billed = 0"), 1);
    passes_are_whole();
    assert_gate(id, GUEST, DAYPASS_NEEDED);
    assert_true(opened(GUEST, "edit"));     /* still usable (R170) */

    t.now += 7 * DAY;
    sweep();
    call = take_call(BILLING_CALL_CHARGE);
    paid(&call, 600);
    assert_string_equal(word("state"), "active");
    passes_are_whole();

    /* Never paid: the team expires, and the debt is on its next bill. */

    assert_true(opened(GUEST, "edit"));
    t.now = billing_boundary(T0, BILLING_PERIOD_MONTHLY, 2);

    for (int i = 0; i < 3; i++) {
        sweep();
        call = take_call(BILLING_CALL_CHARGE);
        declined(&call, "insufficient_funds");
        t.now += 7 * DAY;
    }

    assert_string_equal(word("state"), "expired");
    drop(expect(GUEST, "board.open", of_opening(board, "edit"), 403,
                "DAYPASS_OFF"));
    sweep();
    assert_int_equal(t.nflying, 0);
    assert_true(run_op(next_op(), OWNER, "billing.reactivate",
                       of_team(id)).later);
    call = take_call(BILLING_CALL_CHARGE);
    paid(&call, 5 * 19200 + 300);
    passes_are_whole();
}


static void
r199_a_gateway_that_is_away_loses_no_pass(void **state)
{
    billing_call_t  call;

    (void) state;

    (void) company("business", 5, "yearly");
    assert_true(opened(GUEST, "edit"));
    t.now = billing_boundary(T0, BILLING_PERIOD_MONTHLY, 1);
    sweep();
    call = take_call(BILLING_CALL_CHARGE);
    crash();
    t.wall += 60;
    sweep();
    assert_int_equal(t.nflying, 1);
    call = take_call(BILLING_CALL_CHARGE);
    paid(&call, 300);
    assert_int_equal(count("SELECT SUM(billed) FROM day_pass"), 1);
    passes_are_whole();
}


static void
r178_r199_cancelling_bills_what_was_used(void **state)
{
    json_t              *body;
    const char          *id;
    billing_call_t       call;
    billing_op_reply_t   reply;

    (void) state;

    id = company("business", 5, "yearly");
    assert_true(opened(GUEST, "edit"));
    t.now += 2 * DAY;
    body = of_team(id);
    (void) json_object_set_new(body, "dry_run", json_string("1"));
    body = expect(OWNER, "billing.cancel", body, 200, NULL);
    assert_int_equal(number_of(body, "due_now"), 300);
    drop(body);

    reply = run_op(next_op(), OWNER, "billing.cancel", of_team(id));
    assert_true(reply.later);
    call = take_call(BILLING_CALL_CHARGE);
    paid(&call, 300);
    assert_string_equal(word("state"), "cancelled");
    passes_are_whole();

    /* Until the end it runs, and so do passes; the last bill is at the end. */

    t.now += 40 * DAY;
    assert_true(opened(GUEST, "edit"));
    t.now = billing_boundary(T0, BILLING_PERIOD_MONTHLY, 2);
    sweep();
    call = take_call(BILLING_CALL_CHARGE);
    paid(&call, 300);
    assert_string_equal(word("state"), "cancelled");

    t.now = billing_boundary(T0, BILLING_PERIOD_YEARLY, 1) - DAY;
    sweep();
    assert_true(opened(GUEST, "edit"));
    t.now += DAY;
    sweep();
    call = take_call(BILLING_CALL_CHARGE);
    paid(&call, 300);
    sweep();
    assert_string_equal(word("state"), "expired");
    assert_int_equal(t.nflying, 0);
    assert_int_equal(count("SELECT COUNT(*) FROM day_pass WHERE billed = 0"),
                     0);
    passes_are_whole();
}


static void
r172_cancelled_and_unpaid_ends_all_the_same(void **state)
{
    billing_call_t  call;
    const char     *id;

    (void) state;

    id = company("business", 5, "yearly");
    drop(expect(OWNER, "billing.cancel", of_team(id), 200, NULL));
    assert_true(opened(GUEST, "edit"));
    t.now = billing_boundary(T0, BILLING_PERIOD_MONTHLY, 1);

    for (int i = 0; i < 3; i++) {
        sweep();
        call = take_call(BILLING_CALL_CHARGE);
        declined(&call, "insufficient_funds");
        assert_string_equal(word("state"), "cancelled");
        t.now += 7 * DAY;
    }

    sweep();
    assert_int_equal(t.nflying, 0);     /* not for ever */
    t.now = billing_boundary(T0, BILLING_PERIOD_YEARLY, 1);
    sweep();
    assert_int_equal(t.nflying, 0);
    assert_string_equal(word("state"), "expired");
    assert_int_equal(count("SELECT COUNT(*) FROM day_pass WHERE billed = 0"),
                     1);
    passes_are_whole();
}


/* R212, R231: what nobody will ever be billed ends with the last team. */

static void
r199_r231_unbilled_passes_end_with_the_team(void **state)
{
    const char  *id;

    (void) state;

    id = company("business", 5, "yearly");
    drop(expect(OWNER, "billing.cancel", of_team(id), 200, NULL));
    t.now = billing_boundary(T0, BILLING_PERIOD_YEARLY, 1) - DAY;
    assert_true(opened(GUEST, "edit"));
    t.now += DAY;
    sweep();

    for (int i = 0; i < 3 && t.nflying > 0; i++) {
        billing_call_t  call = take_call(BILLING_CALL_CHARGE);

        declined(&call, "insufficient_funds");
        t.now += 7 * DAY;
        sweep();
    }

    assert_string_equal(word("state"), "expired");
    drop(expect(OWNER, "billing.downgrade", of_team(id), 200, NULL));
    assert_int_equal(count("SELECT COUNT(*) FROM day_pass WHERE billed = 0"),
                     1);
    assert_int_not_equal(count("SELECT COALESCE(SUM(amount_minor), 0) FROM"
                               " ledger WHERE account LIKE 'passes:%'"), 0);

    drop(expect(OWNER, "team.delete", of_team(id), 202, NULL));
    drop(expect(OWNER, "team.delete", json_pack("{s:s, s:s}", "team", id,
                "confirm", t.token), 200, NULL));
    assert_int_equal(count("SELECT COUNT(*) FROM day_pass WHERE billed = 0"),
                     0);
    assert_int_equal(count("SELECT COALESCE(SUM(amount_minor), 0) FROM"
                           " ledger WHERE account LIKE 'passes:%'"), 0);
    t.now += 40 * DAY;
    t.wall = t.now;
    sweep();
    assert_int_equal(t.nflying, 0);
    passes_are_whole();
}


static void
r148_r199_by_invoice_each_quarter_and_with_tax(void **state)
{
    json_t      *body;
    const char  *id = make_team(1);

    (void) state;

    t.settings.taxes[0] = (billing_tax_t) { .country = "FR",
                                            .permyriad = 2000 };
    t.settings.ntaxes = 1;
    body = json_pack("{s:s, s:s, s:i, s:s, s:s, s:{s:s, s:s},"
                     " s:{s:s, s:s}}", "team", id, "plan", "business",
                     "seats", 5, "period", "yearly", "promo", "", "payment",
                     "method", "invoice", "email", "pay@example.test",
                     "billing_information", "country", "FR",
                     "postal_code", "75002");
    drop(expect(OWNER, "upgrade.buy", body, 200, NULL));
    make_company_admin(id);
    make_board(id);
    drop(expect(OWNER, "occasional.add", of_person(id, GUEST), 201, NULL));
    assert_true(opened(GUEST, "edit"));
    assert_string_equal(t.mail_to, "pay@example.test");

    drop(wire(final_invoice(), count("SELECT total_minor FROM bill"),
              "wire-1"));
    assert_string_equal(word("state"), "active");

    t.now = billing_boundary(T0, BILLING_PERIOD_MONTHLY, 1);
    sweep();
    assert_int_equal(count("SELECT COUNT(*) FROM checkout"), 1);
    t.now = billing_boundary(T0, BILLING_PERIOD_MONTHLY, 3);
    sweep();
    sweep();
    assert_int_equal(t.nflying, 0);
    assert_int_equal(count("SELECT COUNT(*) FROM checkout WHERE purpose ="
                           " 'settle' AND quote LIKE '%\"total\":360,%'"), 1);
    assert_int_equal(count("SELECT SUM(billed) FROM day_pass"), 1);
    t.now += 3600;
    sweep();
    assert_int_equal(count("SELECT COUNT(*) FROM invoice WHERE document LIKE"
                           " '%\"tax\":60,%'"), 1);
    passes_are_whole();
}


/* Used before a first invoice that is never paid: owed on Free (R138). */

static void
r138_r199_what_was_used_outlives_a_dropped_invoice(void **state)
{
    json_t           *body;
    const char       *id = make_team(1);
    billing_call_t    call;
    char              op[BILLING_OP_ID_LEN + 1];

    (void) state;

    body = json_pack("{s:s, s:s, s:i, s:s, s:s, s:{s:s, s:s}}", "team", id,
                     "plan", "business", "seats", 5, "period", "yearly",
                     "promo", "", "payment", "method", "invoice", "email",
                     "pay@example.test");

    for (int round = 0; round < 2; round++) {
        drop(expect(OWNER, "upgrade.buy", json_deep_copy(body), 200, NULL));
        passes_are_whole();

        if (round == 0) {
            make_company_admin(id);
            make_board(id);
            drop(expect(OWNER, "occasional.add", of_person(id, GUEST), 201,
                        NULL));
            assert_true(opened(GUEST, "edit"));
        }

        t.now += DAY;
        drop(expect(OWNER, "billing.cancel", of_team(id), 200, NULL));
        assert_string_equal(word("state"), "free");
        assert_int_equal(count("SELECT COUNT(*) FROM day_pass WHERE"
                               " billed = 0 AND checkout = ''"), 1);
    }

    drop(body);
    call = buy(OWNER, order(id, "team", 3, ""), op);
    answer_call(&call, 200, intent(&call, "pi_3", "succeeded", 3300), true);
    assert_string_equal(word("state"), "active");
    assert_int_equal(count("SELECT SUM(billed) FROM day_pass"), 1);
    passes_are_whole();
}


#define pass_test(name)                                                       \
    cmocka_unit_test_setup_teardown(name, set_up, tear_down)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        pass_test(r172_r199_an_unpaid_bill_is_asked_for_again),
        pass_test(r199_a_gateway_that_is_away_loses_no_pass),
        pass_test(r178_r199_cancelling_bills_what_was_used),
        pass_test(r172_cancelled_and_unpaid_ends_all_the_same),
        pass_test(r199_r231_unbilled_passes_end_with_the_team),
        pass_test(r148_r199_by_invoice_each_quarter_and_with_tax),
        pass_test(r138_r199_what_was_used_outlives_a_dropped_invoice)
    };

    if (billing_text_init() != BILLING_OK) {
        return 1;
    }

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
