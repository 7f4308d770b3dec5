/* Declined cards: who is stopped, for how long, and who is not (P54). */

#include "subscription_fixture.h"


static void
tries(const char *actor, const char *team)
{
    char            op[BILLING_OP_ID_LEN + 1];
    billing_call_t  call;

    call = buy(actor, order(team, "team", 6, ""), op);
    declined(&call, "generic_decline");
    (void) last_answer(402);
}


/* The refusal's seconds to wait. */

static unsigned
paused(const char *actor, const char *kind, json_t *body)
{
    billing_op_reply_t  reply;

    reply = run_op(next_op(), actor, kind, body);

    assert_int_equal(reply.status, 429);
    assert_string_equal(text_of(reply.body, "code"), "CARD_PAUSED");
    assert_int_equal(t.nflying, 0);
    json_decref(reply.body);

    return reply.retry_after_sec;
}


static void
p54_five_declines_in_ten_minutes_stop_a_team_for_half_an_hour(void **state)
{
    char            op[BILLING_OP_ID_LEN + 1], id[BILLING_ID_MAX + 1];
    json_t         *body;
    billing_call_t  call;

    (void) state;

    (void) snprintf(id, sizeof(id), "%s", make_team(2));

    for (unsigned i = 0; i < 5; i++) {
        tries(i % 2 == 0 ? OWNER : PLAIN, id);
        t.now += 100;
    }

    /* Neither of them had five: the team had. */

    assert_int_equal(paused(PLAIN, "upgrade.buy", order(id, "team", 6, "")),
                     1700);
    assert_int_equal(paused(OWNER, "card.start",
                            json_pack("{s:s}", "team", id)), 1700);
    assert_int_equal(paused(OWNER, "billing.trial",
                            json_pack("{s:s, s:s}", "team", id,
                                      "payment_method", "pm_other")), 1700);

    t.now += 1699;
    assert_int_equal(paused(OWNER, "upgrade.buy", order(id, "team", 6, "")),
                     1);

    t.now += 1;
    call = buy(OWNER, order(id, "team", 6, ""), op);
    answer_call(&call, 200, intent(&call, "pi_1", "succeeded",
                                   count("SELECT amount_minor FROM checkout"
                                         " WHERE state = 'charging'")), true);
    body = last_answer(200);
    assert_string_equal(text_of(body, "state"), "done");
}


static void
p54_a_person_is_stopped_over_all_teams_and_a_bill_is_not_a_card(void **state)
{
    char         ids[5][BILLING_ID_MAX + 1];
    const char  *other;

    (void) state;

    for (unsigned i = 0; i < 5; i++) {
        (void) snprintf(ids[i], sizeof(ids[i]), "%s", make_team(0));
    }

    for (unsigned i = 0; i < 5; i++) {
        tries(OWNER, ids[i]);
    }

    other = make_team(2);
    assert_int_equal(paused(OWNER, "upgrade.buy", order(other, "team", 6,
                                                        "")), 1800);

    /* Nobody of that team but him; and an invoice needs no card. */

    tries(PLAIN, other);
    drop(expect(OWNER, "upgrade.buy",
                json_pack("{s:s, s:s, s:i, s:s, s:{s:s, s:s}}",
                          "team", other, "plan", "team", "seats", 12,
                          "period", "yearly", "payment", "method", "invoice",
                          "email", "bills@example.test"), 200, NULL));
}


static void
p54_bills_nobody_waits_for_do_not_count(void **state)
{
    billing_call_t  call;

    (void) state;

    (void) paid_team("team", 5, "monthly");

    for (unsigned i = 0; i < 3; i++) {
        t.now += (i == 0 ? 31 : 7) * DAY;
        sweep();
        call = take_call(BILLING_CALL_CHARGE);
        declined(&call, "generic_decline");
    }

    assert_int_equal(count("SELECT COUNT(*) FROM card_decline"), 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(
            p54_five_declines_in_ten_minutes_stop_a_team_for_half_an_hour,
            set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            p54_a_person_is_stopped_over_all_teams_and_a_bill_is_not_a_card,
            set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            p54_bills_nobody_waits_for_do_not_count, set_up, tear_down)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
