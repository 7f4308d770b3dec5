/*
 * Declined cards, and too many purchases: who is stopped, for how long, and
 * who is not (P54).
 */

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
refused(const char *code, const char *actor, const char *kind, json_t *body)
{
    billing_op_reply_t  reply;

    reply = run_op(next_op(), actor, kind, body);

    assert_int_equal(reply.status, 429);
    assert_string_equal(text_of(reply.body, "code"), code);
    assert_int_equal(t.nflying, 0);
    json_decref(reply.body);

    return reply.retry_after_sec;
}


static unsigned
paused(const char *actor, const char *kind, json_t *body)
{
    return refused("CARD_PAUSED", actor, kind, body);
}


static json_t *
by_invoice(const char *team)
{
    return json_pack("{s:s, s:s, s:i, s:s, s:{s:s, s:s}}",
                     "team", team, "plan", "team", "seats", 12,
                     "period", "yearly", "payment", "method", "invoice",
                     "email", "bills@example.test");
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
    drop(expect(OWNER, "upgrade.buy", by_invoice(other), 200, NULL));
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


/* So far apart that no card is paused. */

#define APART  160

static void
p54_a_team_begins_ten_purchases_an_hour_and_no_more(void **state)
{
    char                first[BILLING_OP_ID_LEN + 1], id[BILLING_ID_MAX + 1];
    const char         *other;
    billing_call_t      call;
    billing_op_reply_t  reply;

    (void) state;

    (void) snprintf(id, sizeof(id), "%s", make_team(2));
    call = buy(OWNER, order(id, "team", 6, ""), first);
    declined(&call, "generic_decline");
    (void) last_answer(402);

    for (unsigned i = 1; i < 10; i++) {
        t.now += APART;
        tries(OWNER, id);

        /* Asked again with the same key, one is none more. */

        reply = run_op(first, OWNER, "upgrade.buy", order(id, "team", 6, ""));
        assert_int_equal(reply.status, 402);
        json_decref(reply.body);
    }

    assert_int_equal(count("SELECT COUNT(*) FROM checkout"), 10);
    t.now += APART;

    /* Whoever buys for it, and however: it is the team's. */

    assert_int_equal(refused("PURCHASE_PAUSED", PLAIN, "upgrade.buy",
                             order(id, "team", 6, "")), 3600 - 10 * APART);
    assert_int_equal(refused("PURCHASE_PAUSED", OWNER, "upgrade.buy",
                             by_invoice(id)), 3600 - 10 * APART);
    assert_int_equal(count("SELECT COUNT(*) FROM checkout"), 10);

    reply = run_op(first, OWNER, "upgrade.buy", order(id, "team", 6, ""));
    assert_int_equal(reply.status, 402);
    json_decref(reply.body);

    other = make_team(0);
    drop(expect(OWNER, "upgrade.buy", by_invoice(other), 200, NULL));

    /* One for each that is an hour old. */

    t.now += 3600 - 10 * APART - 1;
    assert_int_equal(refused("PURCHASE_PAUSED", OWNER, "upgrade.buy",
                             by_invoice(id)), 1);
    t.now += 1;
    drop(expect(OWNER, "upgrade.buy", by_invoice(id), 200, NULL));
}


static void
p54_what_a_subscription_does_later_is_no_purchase(void **state)
{
    char                op[BILLING_OP_ID_LEN + 1];
    const char         *id;
    billing_call_t      call;
    billing_op_reply_t  reply;

    (void) state;

    id = paid_team("team", 5, "monthly");

    for (unsigned i = 1; i < 9; i++) {
        call = buy(OWNER, order(id, "business", 6, ""), op);
        declined(&call, "generic_decline");
        (void) last_answer(402);
        t.now += APART;
    }

    for (int seats = 6; seats < 9; seats++) {
        drop(expect(OWNER, "billing.seats", of_seats(id, seats, NULL), 200,
                    NULL));

        /* Another card is a checkout as well. */

        reply = run_op(next_op(), OWNER, "billing.payment_method",
                       json_pack("{s:s, s:s}", "team", id, "payment_method",
                                 seats % 2 == 0 ? "pm_card_even"
                                                : "pm_card_odd"));
        assert_true(reply.later);
        call = take_call(BILLING_CALL_ATTACH);
        answer_call(&call, 200, "{\"id\":\"pm_card\",\"object\":"
                    "\"payment_method\",\"card\":{\"brand\":\"visa\","
                    "\"last4\":\"4242\"}}", true);
        (void) last_answer(200);
    }

    call = buy(OWNER, order(id, "business", 18, ""), op);
    declined(&call, "generic_decline");
    (void) last_answer(402);
    (void) refused("PURCHASE_PAUSED", OWNER, "upgrade.buy",
                   order(id, "business", 18, ""));
    drop(expect(OWNER, "billing.seats", of_seats(id, 18, NULL), 200, NULL));
}


static void
p54_purchases_that_no_gateway_was_there_for_do_not_count(void **state)
{
    char                op[10][BILLING_OP_ID_LEN + 1];
    const char         *id = make_team(0);
    billing_call_t      call;
    billing_op_reply_t  reply;

    (void) state;

    for (unsigned i = 0; i < 10; i++) {
        call = buy(OWNER, order(id, "team", 2, ""), op[i]);
        answer_call(&call, 0, "", false);
        (void) last_answer(503);
    }

    /* With a key of then they go on, also when they are too many. */

    for (unsigned i = 0; i < 10; i++) {
        t.now += APART;
        tries(OWNER, id);
    }

    (void) refused("PURCHASE_PAUSED", OWNER, "upgrade.buy",
                   order(id, "team", 6, ""));
    reply = run_op(op[3], OWNER, "upgrade.buy", order(id, "team", 2, ""));
    assert_true(reply.later);
    call = to_the_charge();
    answer_call(&call, 200, intent(&call, "pi_1", "succeeded", 2000), true);
    (void) last_answer(200);
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
            p54_bills_nobody_waits_for_do_not_count, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            p54_a_team_begins_ten_purchases_an_hour_and_no_more, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(
            p54_what_a_subscription_does_later_is_no_purchase, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(
            p54_purchases_that_no_gateway_was_there_for_do_not_count, set_up,
            tear_down)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
