/* What the clock brings: renewals, bills between them, unpaid ones. */

#include "subscription_fixture.h"


static void
in_days(int days)
{
    t.now += (int64_t) days * DAY;
    sweep();
}


static void
r166_r167_e4_a_month_is_renewed_on_its_day(void **state)
{
    billing_call_t  call;

    (void) state;

    t.now = 1596621600;                 /* 2020-08-05 10:00 */
    (void) paid_team("team", 2, "monthly");
    t.now = 1599300000 - 1;             /* 5 September, a second before */
    sweep();
    assert_int_equal(t.nflying, 0);

    t.now++;
    sweep();
    assert_int_equal(t.nflying, 1);
    sweep();
    assert_int_equal(t.nflying, 1);     /* one at a time */
    call = take_call(BILLING_CALL_CHARGE);
    assert_non_null(strstr(call.request.body, "off_session=true"));
    assert_non_null(strstr(call.request.body, "payment_method=pm_card"));
    assert_int_equal(count("SELECT hold_seats FROM team"), 2);
    paid(&call, 2000);

    assert_string_equal(word("state"), "active");
    assert_int_equal(count("SELECT period_start_at FROM team"), 1599300000);
    assert_int_equal(count("SELECT period_end_at FROM team"), 1601892000);
    assert_int_equal(count("SELECT hold_seats FROM team"), 0);
    assert_string_equal(t.mail_key, "mail.renewal");
    books_balance();
}


static void
r146_r168_d1_the_renewal_has_the_new_seats_and_what_is_pending(void **state)
{
    const char      *id;
    billing_call_t   call;

    (void) state;

    t.now = 1598918400 + 36000;         /* 2020-09-01 10:00 */
    id = paid_team("team", 5, "monthly");
    t.now = 1600128000 + 36000;         /* 15 September */
    drop(expect(OWNER, "billing.seats", of_seats(id, 7, NULL), 200, NULL));
    t.now = 1601510400 + 36000;         /* 1 October */
    sweep();
    call = take_call(BILLING_CALL_CHARGE);
    paid(&call, 8067);
    assert_int_equal(count("SELECT pending_minor FROM team"), 0);
    books_balance();
}


static void
p14_twelve_months_at_once_are_twelve_renewals_in_order(void **state)
{
    int64_t         anchor;
    billing_call_t  call;

    (void) state;

    (void) paid_team("team", 2, "monthly");
    anchor = T0;
    t.now = billing_boundary(anchor, BILLING_PERIOD_MONTHLY, 12);
    sweep();

    for (int i = 0; i < 12; i++) {
        assert_int_equal(t.nflying, 1);
        call = take_call(BILLING_CALL_CHARGE);
        paid(&call, 2000);
        assert_int_equal(count("SELECT period_start_at FROM team"),
                         billing_boundary(anchor, BILLING_PERIOD_MONTHLY,
                                          i + 1));
    }

    assert_int_equal(t.nflying, 0);
    sweep();
    assert_int_equal(t.nflying, 0);
    assert_int_equal(count("SELECT COUNT(*) FROM checkout"
                           " WHERE purpose = 'renewal'"), 12);
    assert_int_equal(count("SELECT COUNT(DISTINCT due_at) FROM checkout"
                           " WHERE purpose = 'renewal'"), 12);
    assert_int_equal(count("SELECT MAX(no) FROM invoice WHERE year = 2027"),
                     12);
    assert_int_equal(count("SELECT COUNT(*) FROM invoice"), 13);
    assert_int_equal(count("SELECT SUM(amount_minor) FROM ledger"), 0);
    assert_int_equal(count("SELECT SUM(amount_minor) FROM ledger"
                           " WHERE account = 'gateway'"), 26000);
    books_balance();
}


static void
p66_renewals_begin_only_as_calls_get_free(void **state)
{
    billing_call_t  call;

    (void) state;

    (void) paid_team("team", 2, "monthly");
    t.now = billing_boundary(T0, BILLING_PERIOD_MONTHLY, 1);

    t.waiting = BILLING_CALLS_MAX;
    sweep();
    assert_int_equal(t.nflying, 0);
    assert_int_equal(count("SELECT hold_seats FROM team"), 0);

    /* What has come back is dealt with before more is asked. */

    t.waiting = BILLING_CALLS_MAX / 2;
    t.finished = BILLING_CALLS_MAX / 2;
    sweep();
    assert_int_equal(t.nflying, 0);

    t.finished--;
    sweep();
    assert_int_equal(t.nflying, 1);
    t.waiting = t.finished = 0;

    call = take_call(BILLING_CALL_CHARGE);
    paid(&call, 2000);
    books_balance();
}


static void
p14_a_crash_between_charge_and_answer_renews_once(void **state)
{
    char            key[64];
    billing_call_t  call;

    (void) state;

    (void) paid_team("team", 2, "monthly");
    in_days(31);
    call = take_call(BILLING_CALL_CHARGE);
    (void) snprintf(key, sizeof(key), "%s", call.idempotency_key);
    crash();

    t.wall += 60;
    sweep();
    call = take_call(BILLING_CALL_CHARGE);
    assert_string_equal(call.idempotency_key, key);
    paid(&call, 2000);
    sweep();
    assert_int_equal(t.nflying, 0);
    assert_int_equal(count("SELECT COUNT(*) FROM checkout"), 2);
}


static void
p9_a_renewal_whose_money_went_back_is_asked_for_again(void **state)
{
    char            key[64];
    billing_call_t  call;

    (void) state;

    (void) paid_team("team", 2, "monthly");
    in_days(31);
    call = take_call(BILLING_CALL_CHARGE);
    (void) snprintf(key, sizeof(key), "%s", call.idempotency_key);
    answer_call(&call, 200, intent(&call, "pi_2", "succeeded", 2001), true);
    call = take_call(BILLING_CALL_REFUND);
    answer_call(&call, 200, "{\"id\":\"re_1\",\"object\":\"refund\"}", true);
    assert_string_equal(word("state"), "past_due");
    books_balance();

    in_days(7);
    call = take_call(BILLING_CALL_CHARGE);
    assert_string_not_equal(call.idempotency_key, key);
    answer_call(&call, 200, intent(&call, "pi_3", "succeeded", 2000), true);
    assert_string_equal(word("state"), "active");
    assert_int_equal(count("SELECT COUNT(*) FROM checkout WHERE purpose ="
                           " 'renewal' AND state = 'refunded'"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM checkout WHERE purpose ="
                           " 'renewal' AND state = 'succeeded'"), 1);
    books_balance();
}


static void
r169_r170_r171_d9_dunning_after_seven_and_fourteen_days(void **state)
{
    static const int  days[] = { 31, 7, 7 };
    char              keys[3][64];
    billing_call_t    call;

    (void) state;

    (void) paid_team("team", 2, "monthly");

    for (int i = 0; i < 3; i++) {
        t.now += days[i] * DAY - 1;
        sweep();
        assert_int_equal(t.nflying, 0);
        t.now++;
        sweep();
        call = take_call(BILLING_CALL_CHARGE);
        (void) snprintf(keys[i], sizeof(keys[i]), "%s",
                        call.idempotency_key);
        declined(&call, "generic_decline");

        assert_string_equal(word("state"), i < 2 ? "past_due" : "expired");
        assert_string_equal(t.mail_key, i < 2 ? "mail.failed"
                                              : "mail.expired");
    }

    assert_string_not_equal(keys[0], keys[1]);
    assert_string_not_equal(keys[1], keys[2]);
    in_days(30);
    assert_int_equal(t.nflying, 0);
    assert_int_equal(count("SELECT COUNT(*) FROM invoice"), 1);
}


/* Away for forty days, or a clock that jumped and was believed (P55). */

static void
p55_after_an_absence_days_pass_between_attempts(void **state)
{
    billing_call_t  call;

    (void) state;

    t.settings.demo = false;
    (void) paid_team("team", 2, "monthly");
    in_days(31 + 40);

    for (int i = 0; i < 3; i++) {
        call = take_call(BILLING_CALL_CHARGE);
        declined(&call, "generic_decline");
        sweep();
        assert_int_equal(t.nflying, 0);
        assert_string_equal(word("state"), i < 2 ? "past_due" : "expired");

        t.now += 7 * DAY - 1;
        sweep();
        assert_int_equal(t.nflying, 0);
        t.now++;
        sweep();
    }

    assert_int_equal(t.nflying, 0);
}


static void
r173_a_retry_that_succeeds_ends_it_and_keeps_the_dates(void **state)
{
    billing_call_t  call;

    (void) state;

    (void) paid_team("team", 2, "monthly");
    in_days(31);
    call = take_call(BILLING_CALL_CHARGE);
    declined(&call, "insufficient_funds");
    in_days(7);
    call = take_call(BILLING_CALL_CHARGE);
    paid(&call, 2000);
    assert_string_equal(word("state"), "active");
    assert_int_equal(count("SELECT period_start_at FROM team"),
                     billing_boundary(T0, BILLING_PERIOD_MONTHLY, 1));
    assert_int_equal(count("SELECT retry_at + failed FROM team"), 0);
    in_days(7);
    assert_int_equal(t.nflying, 0);
}


static void
p15_a_refusal_for_good_is_not_asked_again(void **state)
{
    billing_call_t  call;

    (void) state;

    (void) paid_team("team", 2, "monthly");
    in_days(31);
    call = take_call(BILLING_CALL_CHARGE);
    declined(&call, "stolen_card");
    assert_string_equal(word("state"), "past_due");
    in_days(7);
    assert_int_equal(t.nflying, 0);
    assert_string_equal(word("state"), "past_due");
    in_days(7);
    assert_int_equal(t.nflying, 0);
    assert_string_equal(word("state"), "expired");
}


static void
p15_a_confirmation_nobody_can_give_is_given_up(void **state)
{
    billing_call_t  call;

    (void) state;

    (void) paid_team("team", 2, "monthly");
    in_days(31);
    call = take_call(BILLING_CALL_CHARGE);
    answer_call(&call, 200, intent(&call, "pi_3", "requires_action", 2000),
                true);
    call = take_call(BILLING_CALL_CANCEL);
    answer_call(&call, 200, intent(&call, "pi_3", "canceled", 0), true);
    call = take_call(BILLING_CALL_LOOKUP);
    answer_call(&call, 200, intent(&call, "pi_3", "canceled", 0), true);
    assert_string_equal(word("state"), "past_due");
    assert_int_equal(count("SELECT retry_stop FROM team"), 1);
    assert_int_equal(count("SELECT hold_seats FROM team"), 0);
    in_days(7);
    assert_int_equal(t.nflying, 0);
}


static void
p8_a_gateway_that_is_away_is_no_failure_of_the_payer(void **state)
{
    billing_call_t  call;

    (void) state;

    (void) paid_team("team", 2, "monthly");
    in_days(31);
    call = take_call(BILLING_CALL_CHARGE);
    answer_call(&call, 0, "", false);   /* proven: never left */
    assert_string_equal(word("state"), "active");
    assert_int_equal(count("SELECT failed FROM team"), 0);
    sweep();
    assert_int_equal(t.nflying, 0);

    t.now += 900;
    sweep();
    call = take_call(BILLING_CALL_CHARGE);
    paid(&call, 2000);
    assert_string_equal(word("state"), "active");
    assert_int_equal(count("SELECT COUNT(*) FROM checkout"), 2);
}


static void
r173_a_new_card_pays_what_is_due_and_is_kept(void **state)
{
    json_t              *body;
    const char          *id = paid_team("team", 2, "monthly");
    billing_call_t       call;
    billing_op_reply_t   reply;

    (void) state;

    in_days(31);
    call = take_call(BILLING_CALL_CHARGE);
    declined(&call, "expired_card");
    assert_string_equal(word("state"), "past_due");

    for (int i = 0; i < 2; i++) {
        body = json_pack("{s:s, s:s}", "team", id, "payment_method",
                         "pm_other");
        reply = run_op(next_op(), OWNER, "billing.payment_method", body);
        assert_true(reply.later);
        call = take_call(BILLING_CALL_ATTACH);
        answer_call(&call, 200, "{\"id\":\"pm_other\",\"object\":"
                    "\"payment_method\",\"card\":{\"brand\":\"visa\","
                    "\"last4\":\"1111\"}}", true);
        call = take_call(BILLING_CALL_CHARGE);
        assert_non_null(strstr(call.request.body, "pm_other"));

        if (i == 0) {                   /* refused: all is as it was */
            declined(&call, "insufficient_funds");
            assert_string_equal(text_of(last_answer(402), "code"),
                                "CARD_FUNDS");
            assert_int_equal(count("SELECT failed FROM team"), 1);
            assert_int_equal(count("SELECT COUNT(*) FROM team WHERE"
                                   " payment_method = 'pm_card'"), 1);
        }
    }

    paid(&call, 2000);
    assert_string_equal(word("state"), "active");
    assert_int_equal(count("SELECT COUNT(*) FROM team WHERE payment_method"
                           " = 'pm_other' AND card_last4 = '1111'"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM checkout"), 2);
    books_balance();
}


static void
another_card_without_a_bill_is_attached_and_nothing_charged(void **state)
{
    const char          *id = paid_team("team", 2, "monthly");
    billing_call_t       call;
    billing_op_reply_t   reply;

    (void) state;

    reply = run_op(next_op(), OWNER, "billing.payment_method",
                   json_pack("{s:s, s:{s:s, s:s}}", "team", id, "payment",
                             "method", "card", "payment_method",
                             "pm_other"));
    assert_true(reply.later);
    call = take_call(BILLING_CALL_ATTACH);
    answer_call(&call, 200, "{\"id\":\"pm_other\",\"object\":"
                "\"payment_method\",\"card\":{\"brand\":\"visa\","
                "\"last4\":\"1111\"}}", true);
    drop(json_incref(last_answer(200)));
    assert_int_equal(t.nflying, 0);
    assert_int_equal(count("SELECT hold_seats FROM team"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM team WHERE payment_method"
                           " = 'pm_other' AND card_last4 = '1111'"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM invoice"), 1);
}


static void
r147_e3_d2_added_seats_of_a_year_are_billed_on_the_next_return(void **state)
{
    const char      *id;
    billing_call_t   call;

    (void) state;

    t.now = 1597622400 + 36000;         /* 2020-08-17 10:00 */
    id = paid_team("team", 2, "yearly");
    t.now = 1599004800 + 36000;         /* 2 September */
    drop(expect(OWNER, "billing.seats", of_seats(id, 3, NULL), 200, NULL));
    assert_int_equal(count("SELECT pending_minor FROM team"), 9179);

    t.now = 1600300800 + 36000;         /* 17 September */
    sweep();
    call = take_call(BILLING_CALL_CHARGE);
    paid(&call, 9179);
    assert_int_equal(count("SELECT pending_minor FROM team"), 0);
    assert_int_equal(count("SELECT period_start_at FROM team"),
                     1597622400 + 36000);
    assert_string_equal(t.mail_key, "mail.settled");
    in_days(31);
    assert_int_equal(t.nflying, 0);
    books_balance();
}


static void
r162_r163_d5_the_switch_to_yearly(void **state)
{
    json_t              *body;
    const char          *id;
    billing_call_t       call;
    billing_op_reply_t   reply;

    (void) state;

    t.now = 1598918400 + 36000;         /* 2020-09-01 */
    id = paid_team("team", 4, "monthly");
    t.now = 1600128000 + 36000;         /* 15 September */

    body = expect(OWNER, "billing.period",
                  json_pack("{s:s, s:s, s:s}", "team", id, "period",
                            "yearly", "dry_run", "1"), 200, NULL);
    assert_int_equal(number_of(body, "due_now"), 36267);
    drop(body);
    drop(expect(OWNER, "billing.period",
                json_pack("{s:s, s:s}", "team", id, "period", "monthly"),
                409, "SWITCH_SAME"));
    reply = run_op(next_op(), OWNER, "billing.period",
                   json_pack("{s:s, s:s}", "team", id, "period", "yearly"));
    assert_true(reply.later);
    call = take_call(BILLING_CALL_CHARGE);
    paid(&call, 36267);
    assert_string_equal(word("period"), "yearly");
    assert_int_equal(count("SELECT period_end_at FROM team"),
                     1631664000 + 36000);       /* 15 September 2021 */
    drop(expect(OWNER, "billing.period",
                json_pack("{s:s, s:s}", "team", id, "period", "monthly"),
                409, "SWITCH_TO_MONTHLY"));
    books_balance();
}


static void
r139_r140_r141_from_card_to_invoice_and_not_back(void **state)
{
    const char  *id = paid_team("team", 11, "yearly");

    (void) state;

    drop(expect(OWNER, "billing.payment_method",
                json_pack("{s:s, s:s}", "team", id, "method", "invoice"),
                422, "INVOICE_EMAIL_MISSING"));
    drop(expect(OWNER, "billing.payment_method",
                json_pack("{s:s, s:s, s:s}", "team", id, "method", "invoice",
                          "email", "bills@example.test"), 200, NULL));
    assert_string_equal(word("method"), "invoice");
    assert_string_equal(word("state"), "active");
    drop(expect(OWNER, "billing.payment_method",
                json_pack("{s:s, s:s}", "team", id, "payment_method",
                          "pm_x"), 409, "INVOICE_TO_CARD"));

    /* The next year is an invoice, and its unpaid end is known. */

    t.now = billing_boundary(T0, BILLING_PERIOD_YEARLY, 1);
    sweep();
    assert_int_equal(t.nflying, 0);
    assert_string_equal(word("state"), "active_unpaid");
    t.now += 3600;
    sweep();
    assert_int_equal(count("SELECT COUNT(*) FROM invoice"), 2);
    in_days(30);
    assert_string_equal(word("state"), "past_due");
    assert_string_equal(t.mail_key, "mail.overdue");
    in_days(13);
    assert_string_equal(word("state"), "past_due");
    in_days(1);
    assert_string_equal(word("state"), "expired");
    books_balance();
}


static void
r170_a_team_stays_usable_while_its_bill_is_tried(void **state)
{
    const char              *id = paid_team("team", 2, "monthly");
    billing_call_t           call;
    billing_team_record_t    record;

    (void) state;

    in_days(31);
    assert_int_equal(billing_record_team(&t.w, id, &record), BILLING_DB_OK);
    assert_int_equal(record.valid_until_at, T0 + 45 * DAY);
    call = take_call(BILLING_CALL_CHARGE);
    declined(&call, "generic_decline");
    assert_int_equal(billing_record_team(&t.w, id, &record), BILLING_DB_OK);
    assert_int_equal(record.valid_until_at, T0 + 45 * DAY);
    assert_int_equal(record.state, BILLING_STATE_PAST_DUE);
}


#define due_test(name)                                                        \
    cmocka_unit_test_setup_teardown(name, set_up, tear_down)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        due_test(r166_r167_e4_a_month_is_renewed_on_its_day),
        due_test(
            r146_r168_d1_the_renewal_has_the_new_seats_and_what_is_pending),
        due_test(p14_twelve_months_at_once_are_twelve_renewals_in_order),
        due_test(p66_renewals_begin_only_as_calls_get_free),
        due_test(p14_a_crash_between_charge_and_answer_renews_once),
        due_test(p9_a_renewal_whose_money_went_back_is_asked_for_again),
        due_test(r169_r170_r171_d9_dunning_after_seven_and_fourteen_days),
        due_test(p55_after_an_absence_days_pass_between_attempts),
        due_test(r173_a_retry_that_succeeds_ends_it_and_keeps_the_dates),
        due_test(p15_a_refusal_for_good_is_not_asked_again),
        due_test(p15_a_confirmation_nobody_can_give_is_given_up),
        due_test(p8_a_gateway_that_is_away_is_no_failure_of_the_payer),
        due_test(r173_a_new_card_pays_what_is_due_and_is_kept),
        due_test(another_card_without_a_bill_is_attached_and_nothing_charged),
        due_test(
            r147_e3_d2_added_seats_of_a_year_are_billed_on_the_next_return),
        due_test(r162_r163_d5_the_switch_to_yearly),
        due_test(r139_r140_r141_from_card_to_invoice_and_not_back),
        due_test(r170_a_team_stays_usable_while_its_bill_is_tried)
    };

    if (billing_text_init() != BILLING_OK) {
        return 1;
    }

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
