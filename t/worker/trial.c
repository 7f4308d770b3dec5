/* The Business trial: how it begins, and the four ways it ends (R221). */

#include "subscription_fixture.h"


static json_t *
of_trial(const char *team, const char *card, const char *dry)
{
    return json_pack("{s:s, s:s*, s:s*}", "team", team, "payment_method",
                     card, "dry_run", dry);
}


static void
in_days(int days)
{
    t.now += (int64_t) days * DAY;
    sweep();
}


/* A Free team in a trial, with a card that the gateway knows. */

static const char *
free_trial(unsigned members)
{
    const char          *id = make_team(members - 1);
    billing_call_t       call;
    billing_op_reply_t   reply;

    reply = run_op(next_op(), PLAIN, "billing.trial",
                   of_trial(id, "pm_card", NULL));
    assert_true(reply.later);
    call = take_call(BILLING_CALL_CUSTOMER);
    answer_call(&call, 200, "{\"id\":\"cus_1\",\"object\":\"customer\"}",
                true);
    call = take_call(BILLING_CALL_ATTACH);
    answer_call(&call, 200, "{\"id\":\"pm_card\",\"object\":"
                "\"payment_method\",\"card\":{\"brand\":\"visa\","
                "\"last4\":\"4242\"}}", true);
    assert_string_equal(text_of(json_object_get(last_answer(200), "team"),
                                "state"), "trial");
    assert_int_equal(t.nflying, 0);

    return id;
}


static billing_team_record_t
record(const char *team)
{
    billing_team_record_t  out;

    assert_int_equal(billing_record_team(&t.w, team, &out), BILLING_DB_OK);

    return out;
}


static void
r221_free_takes_a_card_and_charges_nothing(void **state)
{
    json_t                  *body;
    const char              *id;
    billing_team_record_t    now;

    (void) state;

    id = make_team(1);
    drop(expect("far@example.test", "billing.trial",
                of_trial(id, "pm_card", NULL), 404, "TEAM_NOT_FOUND"));
    drop(expect(PLAIN, "billing.trial", of_trial(id, NULL, NULL), 422,
                "CARD_MISSING"));
    drop(expect(PLAIN, "billing.trial", of_trial(id, "4242", NULL), 402,
                "CARD_INVALID"));
    body = of_trial(id, NULL, "1");
    (void) json_object_set_new(body, "period", json_string("weekly"));
    drop(expect(PLAIN, "billing.trial", body, 422, "BILLING_TYPE_INVALID"));

    body = expect(PLAIN, "billing.trial", of_trial(id, NULL, "1"), 200, NULL);
    assert_int_equal(number_of(json_object_get(body, "then"), "due_now"),
                     10000);            /* five seats: the plan's minimum */
    drop(body);
    assert_string_equal(word("state"), "free");
    tear_down(NULL);
    set_up(NULL);

    id = free_trial(2);
    assert_string_equal(word("plan"), "free");
    assert_int_equal(count("SELECT trial_ends_at FROM team"),
                     T0 + 14 * DAY);
    assert_int_equal(count("SELECT COUNT(*) FROM invoice"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM ledger"), 0);
    assert_string_equal(t.mail_key, "mail.trial_started");
    assert_string_equal(t.mail_to, PLAIN);

    now = record(id);
    assert_int_equal(now.plan, BILLING_PLAN_BUSINESS);
    assert_int_equal(now.state, BILLING_STATE_TRIAL);
    assert_int_equal(now.plan_after, BILLING_PLAN_FREE);
    assert_int_equal(now.valid_until_at, T0 + 14 * DAY + 3600);
    assert_int_equal(now.day_passes, 0);

    /* Who gave the card has billing rights, and so can end it. */

    body = expect(PLAIN, "billing.overview", of_team(id), 200, NULL);
    assert_string_equal(text_of(json_object_get(body, "team"),
                                "trial_ends_at"), "2026-01-15T09:00:00Z");
    assert_int_equal(number_of(json_object_get(body, "renewal"), "amount"),
                     10000);
    assert_string_equal(text_of(json_object_get(body, "renewal"), "at"),
                        "2026-01-15T09:00:00Z");
    drop(body);
    drop(expect(PLAIN, "billing.trial", of_trial(id, "pm_card", NULL), 409,
                "UPGRADE_ALREADY_PAID"));
}


static void
r221_free_is_charged_on_the_last_day(void **state)
{
    const char      *id;
    billing_call_t   call;

    (void) state;

    id = free_trial(2);
    t.now += 14 * DAY - 1;
    sweep();
    assert_int_equal(t.nflying, 0);
    t.now++;
    sweep();
    call = take_call(BILLING_CALL_CHARGE);
    assert_non_null(strstr(call.request.body, "off_session=true"));
    assert_int_equal(record(id).valid_until_at, T0 + 28 * DAY);
    paid(&call, 10000);
    assert_string_equal(word("state"), "active");
    assert_string_equal(word("plan"), "business");
    assert_int_equal(count("SELECT seats FROM team"), 5);
    assert_int_equal(count("SELECT period_start_at FROM team"),
                     T0 + 14 * DAY);
    assert_int_equal(count("SELECT trial_ends_at FROM team"), 0);
    assert_int_equal(record(id).plan_after, 0);
    assert_string_equal(t.mail_key, "mail.trial_converted");
    assert_int_equal(count("SELECT COUNT(*) FROM invoice"), 1);
    books_balance();
    sweep();
    assert_int_equal(t.nflying, 0);

    in_days(31);                        /* a subscription like any other */
    call = take_call(BILLING_CALL_CHARGE);
    paid(&call, 10000);
    assert_string_equal(t.mail_key, "mail.renewal");
    drop(expect(OWNER, "billing.trial", of_trial(id, NULL, "1"), 409,
                "UPGRADE_ALREADY_PAID"));
}


static void
r94_r221_a_refused_charge_leaves_free(void **state)
{
    const char      *id;
    billing_call_t   call;

    (void) state;

    id = free_trial(4);
    in_days(14);
    call = take_call(BILLING_CALL_CHARGE);
    declined(&call, "insufficient_funds");
    assert_string_equal(word("state"), "free");
    assert_string_equal(word("plan"), "free");
    assert_int_equal(count("SELECT members FROM team"), 4);
    assert_string_equal(t.mail_key, "mail.trial_refused");
    assert_int_equal(record(id).plan, BILLING_PLAN_FREE);
    assert_int_equal(record(id).valid_until_at, 0);
    in_days(30);
    assert_int_equal(t.nflying, 0);     /* nobody is asked again */
    assert_int_equal(count("SELECT COUNT(*) FROM invoice"), 0);
    books_balance();

    drop(expect(OWNER, "billing.trial", of_trial(id, "pm_card", NULL), 409,
                "TRIAL_NOT_OFFERED"));
}


static void
r221_cancelled_on_free_it_ends_on_its_day(void **state)
{
    json_t      *body;
    const char  *id;

    (void) state;

    id = free_trial(2);
    in_days(3);
    drop(expect(PLAIN, "billing.cancel", of_team(id), 200, NULL));
    assert_string_equal(word("state"), "trial");
    assert_string_equal(t.mail_key, "mail.trial_stopped");
    body = expect(PLAIN, "billing.cancel", of_team(id), 409,
                  "ALREADY_CANCELLED");
    assert_string_equal(text_of(body, "date"), "2026-01-15T09:00:00Z");
    drop(body);

    drop(expect(PLAIN, "billing.reactivate", of_team(id), 200, NULL));
    drop(expect(PLAIN, "billing.cancel", of_team(id), 200, NULL));
    in_days(10);
    assert_string_equal(word("state"), "trial");
    in_days(1);
    assert_string_equal(word("state"), "free");
    assert_string_equal(t.mail_key, "mail.trial_over");
    assert_int_equal(t.nflying, 0);
    assert_int_equal(count("SELECT COUNT(*) FROM invoice"), 0);
}


static void
r221_r155_team_pays_the_rest_of_business(void **state)
{
    json_t          *body;
    const char      *id;
    billing_call_t   call;

    (void) state;

    t.now = 1609491600;                 /* 2021-01-01 09:00 */
    id = paid_team("team", 12, "yearly");
    t.now = 1623920400;                 /* 17 June */
    drop(expect(PLAIN, "billing.trial", of_trial(id, NULL, NULL), 403,
                "BILLING_RIGHTS"));

    body = expect(OWNER, "billing.trial", of_trial(id, NULL, "1"), 200, NULL);
    assert_int_equal(number_of(json_object_get(body, "then"), "due_now"),
                     172327);           /* D4 */
    drop(body);
    body = expect(OWNER, "billing.trial", of_trial(id, NULL, NULL), 200,
                  NULL);
    assert_string_equal(text_of(json_object_get(body, "team"), "state"),
                        "trial");
    drop(body);
    assert_string_equal(word("plan"), "team");
    assert_int_equal(record(id).plan, BILLING_PLAN_BUSINESS);
    assert_int_equal(record(id).plan_after, BILLING_PLAN_TEAM);

    in_days(14);
    call = take_call(BILLING_CALL_CHARGE);
    paid(&call, 172327);
    assert_string_equal(word("plan"), "business");
    assert_string_equal(word("period"), "yearly");
    books_balance();
}


static void
r221_members_of_a_cancelled_trial_are_billed_on_team(void **state)
{
    const char      *id;
    billing_call_t   call;

    (void) state;

    t.now = 1609491600;                 /* 2021-01-01 09:00 */
    id = paid_team("team", 2, "yearly");
    t.now = 1623920400;                 /* 17 June */
    drop(expect(OWNER, "billing.trial", of_trial(id, NULL, NULL), 200, NULL));
    drop(expect(OWNER, "member.add", json_pack("{s:s, s:s}", "team", id,
                "email", "third@example.test"), 201, NULL));
    assert_int_equal(count("SELECT seats FROM team"), 3);
    assert_int_equal(count("SELECT pending_minor FROM team"), 0);
    drop(expect(OWNER, "billing.cancel", of_team(id), 200, NULL));

    in_days(14);                        /* 184 of 365 days: 48.39 */
    assert_string_equal(word("state"), "active");
    assert_string_equal(word("plan"), "team");
    assert_int_equal(count("SELECT seats FROM team"), 3);
    assert_int_equal(count("SELECT pending_minor FROM team"), 4839);
    assert_int_equal(t.nflying, 0);
    assert_int_equal(record(id).plan, BILLING_PLAN_TEAM);
    assert_int_equal(count("SELECT auto_renew FROM team"), 1);

    in_days(31);                        /* 1 August: the true-up */
    call = take_call(BILLING_CALL_CHARGE);
    paid(&call, 4839);
    books_balance();
    drop(expect(OWNER, "billing.trial", of_trial(id, NULL, NULL), 409,
                "TRIAL_NOT_OFFERED"));
}


/* By invoice too; what was paid for that way goes on being so. */

static void
r130_r221_team_by_invoice_gets_an_invoice(void **state)
{
    json_t      *body;
    const char  *id = make_team(1);

    (void) state;

    body = json_pack("{s:s, s:s, s:i, s:s, s:s, s:{s:s, s:s}}", "team", id,
                     "plan", "team", "seats", 11, "period", "yearly",
                     "promo", "", "payment", "method", "invoice", "email",
                     "pay@example.test");
    drop(expect(OWNER, "upgrade.buy", body, 200, NULL));
    drop(expect(OWNER, "billing.trial", of_trial(id, NULL, NULL), 409,
                "UPGRADE_ALREADY_PAID"));   /* not before it is paid */
    turn_begin();
    assert_int_equal(billing_db_exec(t.w.db, "UPDATE team SET state ="
                     " 'active', invoice_open = $1, ever_paid = 1", "i",
                     (int64_t) 0), BILLING_DB_OK);
    said_anew();
    turn_end(false);

    drop(expect(OWNER, "billing.trial", of_trial(id, "pm_card", NULL), 409,
                "INVOICE_TO_CARD"));
    drop(expect(OWNER, "billing.trial", of_trial(id, NULL, NULL), 200, NULL));
    assert_string_equal(t.mail_to, "pay@example.test");
    in_days(14);
    sweep();
    assert_int_equal(t.nflying, 0);
    assert_string_equal(word("state"), "active_unpaid");
    assert_string_equal(word("plan"), "business");
    assert_int_equal(count("SELECT invoice_open FROM team"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM checkout WHERE purpose ="
                           " 'trial' AND state = 'succeeded'"), 1);
    t.now += 3600;
    sweep();
    assert_int_equal(count("SELECT COUNT(*) FROM invoice"), 2);
    books_balance();
}


static void
r94_r221_a_card_the_gateway_does_not_want_begins_nothing(void **state)
{
    const char          *id = make_team(1);
    billing_call_t       call;
    billing_op_reply_t   reply;

    (void) state;

    reply = run_op(next_op(), PLAIN, "billing.trial",
                   of_trial(id, "pm_card", NULL));
    assert_true(reply.later);
    drop(expect(OWNER, "billing.trial", of_trial(id, "pm_card", NULL), 409,
                "CHECKOUT_OPEN"));
    call = take_call(BILLING_CALL_CUSTOMER);
    answer_call(&call, 200, "{\"id\":\"cus_1\",\"object\":\"customer\"}",
                true);
    call = take_call(BILLING_CALL_ATTACH);
    declined(&call, "insufficient_funds");
    assert_string_equal(text_of(last_answer(402), "code"), "CARD_FUNDS");
    assert_string_equal(word("state"), "free");
    assert_int_equal(count("SELECT trial_used FROM team"), 0);
    assert_int_equal(count("SELECT hold_seats FROM team"), 0);
}


/* Another card before the last day: that one is charged on it. */

static void
r173_r221_another_card_in_the_trial(void **state)
{
    json_t              *body;
    const char          *id;
    billing_call_t       call;
    billing_op_reply_t   reply;

    (void) state;

    id = free_trial(2);
    body = of_trial(id, "pm_other", NULL);
    reply = run_op(next_op(), PLAIN, "billing.payment_method", body);
    assert_true(reply.later);
    call = take_call(BILLING_CALL_ATTACH);
    answer_call(&call, 200, "{\"id\":\"pm_other\",\"object\":"
                "\"payment_method\",\"card\":{\"brand\":\"visa\","
                "\"last4\":\"1881\"}}", true);
    assert_string_equal(text_of(json_object_get(last_answer(200), "team"),
                                "state"), "trial");
    in_days(14);
    call = take_call(BILLING_CALL_CHARGE);
    assert_non_null(strstr(call.request.body, "payment_method=pm_other"));
    paid(&call, 10000);
}


static void
r94_r221_a_refused_charge_leaves_team(void **state)
{
    int64_t          end;
    const char      *id;
    billing_call_t   call;

    (void) state;

    id = paid_team("team", 6, "monthly");
    end = count("SELECT period_end_at FROM team");
    drop(expect(OWNER, "billing.trial", of_trial(id, NULL, NULL), 200, NULL));
    in_days(14);
    call = take_call(BILLING_CALL_CHARGE);
    declined(&call, "stolen_card");
    assert_string_equal(word("state"), "active");
    assert_string_equal(word("plan"), "team");
    assert_int_equal(count("SELECT period_end_at FROM team"), end);
    assert_int_equal(count("SELECT failed FROM team"), 0);
    assert_int_equal(count("SELECT hold_seats FROM team"), 0);
    assert_string_equal(t.mail_key, "mail.trial_refused");
    t.now = end;
    sweep();
    call = take_call(BILLING_CALL_CHARGE);
    paid(&call, 6000);
}


static void
r221_team_renews_itself_in_the_trial(void **state)
{
    const char      *id;
    billing_call_t   call;

    (void) state;

    id = paid_team("team", 5, "monthly");
    in_days(24);                        /* seven days are left */
    drop(expect(OWNER, "billing.trial", of_trial(id, NULL, NULL), 200, NULL));
    drop(expect(OWNER, "billing.seats", of_seats(id, 8, NULL), 200, NULL));
    in_days(7);
    call = take_call(BILLING_CALL_CHARGE);
    paid(&call, 5000);
    assert_string_equal(word("state"), "trial");
    assert_int_equal(count("SELECT seats FROM team"), 8);

    in_days(7);                         /* 21 of 28 days of 50.00 are left */
    call = take_call(BILLING_CALL_CHARGE);
    paid(&call, 8 * 2000 - 3750);
    assert_string_equal(word("plan"), "business");
    books_balance();
}


static void
r171_r221_a_trial_does_not_outlive_what_is_unpaid(void **state)
{
    const char      *id;
    billing_call_t   call;

    (void) state;

    id = paid_team("team", 5, "monthly");
    in_days(30);
    drop(expect(OWNER, "billing.trial", of_trial(id, NULL, NULL), 200, NULL));
    drop(expect(OWNER, "billing.cancel", of_team(id), 200, NULL));
    in_days(1);
    call = take_call(BILLING_CALL_CHARGE);
    declined(&call, "insufficient_funds");
    assert_string_equal(word("state"), "trial");
    assert_string_equal(t.mail_key, "mail.failed");
    in_days(7);
    call = take_call(BILLING_CALL_CHARGE);
    declined(&call, "insufficient_funds");
    assert_string_equal(word("state"), "trial");
    in_days(6);                         /* the trial is over */
    assert_string_equal(word("state"), "active");
    assert_int_equal(t.nflying, 0);
    in_days(1);                         /* the last attempt */
    call = take_call(BILLING_CALL_CHARGE);
    declined(&call, "insufficient_funds");
    assert_string_equal(word("state"), "expired");
    in_days(10);
    assert_int_equal(t.nflying, 0);
}


static void
p14_r221_a_gateway_that_is_away_is_waited_for(void **state)
{
    billing_call_t  call;

    (void) state;

    (void) free_trial(2);
    in_days(14);
    call = take_call(BILLING_CALL_CHARGE);
    t.wall += 1000;
    answer_call(&call, 0, "", false);

    for (int i = 0; i < 8; i++) {
        t.wall += 1000;
        sweep();

        if (t.nflying > 0) {
            call = t.flying[0];
            t.nflying = 0;
            answer_call(&call, 0, "", false);
        }
    }

    assert_string_equal(word("state"), "trial");
    assert_int_equal(count("SELECT trial_ends_at FROM team"), t.now + 900);
    t.now += 900;
    sweep();
    call = take_call(BILLING_CALL_CHARGE);
    paid(&call, 10000);
    assert_string_equal(word("plan"), "business");
    assert_int_equal(count("SELECT COUNT(*) FROM invoice"), 1);
    books_balance();
}


static void
r221_bought_in_the_trial_it_is_over(void **state)
{
    json_t          *body;
    const char      *id;
    billing_call_t   call;
    char             op[BILLING_OP_ID_LEN + 1];

    (void) state;

    id = free_trial(2);
    in_days(2);
    body = order(id, "team", 2, "");
    call = buy(PLAIN, body, op);
    answer_call(&call, 200, intent(&call, "pi_9", "succeeded", 2000), true);
    assert_string_equal(word("state"), "active");
    assert_string_equal(word("plan"), "team");
    assert_int_equal(count("SELECT trial_ends_at FROM team"), 0);
    in_days(20);
    assert_int_equal(t.nflying, 0);
    drop(expect(PLAIN, "billing.trial", of_trial(id, NULL, NULL), 409,
                "TRIAL_NOT_OFFERED"));
    books_balance();
}


#define trial_test(name)                                                      \
    cmocka_unit_test_setup_teardown(name, set_up, tear_down)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        trial_test(r221_free_takes_a_card_and_charges_nothing),
        trial_test(r221_free_is_charged_on_the_last_day),
        trial_test(r94_r221_a_refused_charge_leaves_free),
        trial_test(r221_cancelled_on_free_it_ends_on_its_day),
        trial_test(r221_r155_team_pays_the_rest_of_business),
        trial_test(r221_members_of_a_cancelled_trial_are_billed_on_team),
        trial_test(r130_r221_team_by_invoice_gets_an_invoice),
        trial_test(r94_r221_a_card_the_gateway_does_not_want_begins_nothing),
        trial_test(r173_r221_another_card_in_the_trial),
        trial_test(r94_r221_a_refused_charge_leaves_team),
        trial_test(r221_team_renews_itself_in_the_trial),
        trial_test(r171_r221_a_trial_does_not_outlive_what_is_unpaid),
        trial_test(p14_r221_a_gateway_that_is_away_is_waited_for),
        trial_test(r221_bought_in_the_trial_it_is_over)
    };

    if (billing_text_init() != BILLING_OK) {
        return 1;
    }

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
