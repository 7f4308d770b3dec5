/* 3-D Secure, card entry and what the gateway tells by itself. */

#include "business_fixture.h"


static void
r87_after_3d_secure_the_purchase_is_done_once(void **state)
{
    char                 op[BILLING_OP_ID_LEN + 1], resume[40];
    json_t              *body;
    billing_call_t       call, charge;
    billing_op_reply_t   reply;

    (void) state;

    charge = call = buy(OWNER, order(make_team(0), "team", 2, ""), op);
    answer_call(&call, 200, intent(&call, "pi_1", "requires_action", 2000),
                true);
    body = last_answer(402);
    assert_string_equal(text_of(body, "code"), "CARD_AUTH_REQUIRED");
    assert_string_equal(text_of(body, "state"), "action_required");
    assert_string_equal(text_of(json_object_get(body, "payment"),
                                "client_secret"), "pi_1_secret_x");
    assert_string_equal(plan_now(), "free");

    drop(expect("someone@example.test", "upgrade.resume",
                json_pack("{s:s}", "operation", op), 404,
                "OPERATION_NOT_FOUND"));

    /* Too early: still to be done. */

    (void) snprintf(resume, sizeof(resume), "%s", next_op());
    reply = run_op(resume, OWNER, "upgrade.resume",
                   json_pack("{s:s}", "operation", op));
    assert_true(reply.later);
    call = take_call(BILLING_CALL_LOOKUP);
    answer_call(&call, 200, intent(&charge, "pi_1", "requires_action", 2000),
                true);
    assert_string_equal(t.answered[t.nanswers - 1], resume);
    (void) last_answer(402);

    (void) snprintf(resume, sizeof(resume), "%s", next_op());
    reply = run_op(resume, OWNER, "upgrade.resume",
                   json_pack("{s:s}", "operation", op));
    assert_true(reply.later);
    call = take_call(BILLING_CALL_LOOKUP);
    answer_call(&call, 200, intent(&charge, "pi_1", "succeeded", 2000), true);
    assert_string_equal(plan_now(), "team");
    assert_string_equal(t.answered[t.nanswers - 2], resume);
    assert_string_equal(t.answered[t.nanswers - 1], op);
    assert_int_equal(t.status[t.nanswers - 2], 200);

    drop(expect(OWNER, "upgrade.resume", json_pack("{s:s}", "operation", op),
                200, NULL));
    assert_int_equal(count("SELECT COUNT(*) FROM invoice"), 1);
}


static void
r87_a_failed_confirmation_leaves_everything(void **state)
{
    char                 op[BILLING_OP_ID_LEN + 1];
    billing_call_t       call, charge;
    billing_op_reply_t   reply;

    (void) state;

    charge = call = buy(OWNER, order(make_team(0), "team", 2, ""), op);
    answer_call(&call, 200, intent(&call, "pi_1", "requires_action", 2000),
                true);
    reply = run_op(next_op(), OWNER, "upgrade.resume",
                   json_pack("{s:s}", "operation", op));
    assert_true(reply.later);
    call = take_call(BILLING_CALL_LOOKUP);
    answer_call(&call, 200, intent(&charge, "pi_1", "requires_payment_method",
                                   2000), true);

    /* It could still be paid: first it is made sure that it cannot. */

    assert_string_equal(state_now(), "charging");
    call = take_call(BILLING_CALL_CANCEL);
    answer_call(&call, 200, intent(&charge, "pi_1", "canceled", 2000), true);
    call = take_call(BILLING_CALL_LOOKUP);
    answer_call(&call, 200, intent(&charge, "pi_1", "canceled", 2000), true);
    assert_string_equal(state_now(), "failed");
    assert_string_equal(plan_now(), "free");
    assert_int_equal(count("SELECT hold_seats FROM team"), 0);
    assert_string_equal(text_of(last_answer(402), "code"), "CARD_DECLINED");
}


/* A 3-D Secure purchase whose payer has yet to act; its charge. */

static billing_call_t
to_the_action(const char *team, char op[BILLING_OP_ID_LEN + 1])
{
    billing_call_t  charge;

    charge = buy(OWNER, order(team, "team", 2, ""), op);
    answer_call(&charge, 200, intent(&charge, "pi_1", "requires_action",
                                     2000), true);
    assert_string_equal(state_now(), "action");

    return charge;
}


static void
event(const char *id, const char *object, const char *checkout)
{
    drop(expect("", "webhook", json_pack("{s:s, s:s, s:s, s:s}", "event", id,
                "type", "payment_intent.succeeded", "object", object,
                "checkout", checkout), 200, NULL));
}


static void
p8_one_paid_again_before_it_was_closed_is_granted(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1];
    billing_call_t   call, charge;

    (void) state;

    charge = to_the_action(make_team(0), op);
    event("evt_1", "pi_1", op);
    call = take_call(BILLING_CALL_LOOKUP);
    answer_call(&call, 200, intent(&charge, "pi_1", "requires_payment_method",
                                   2000), true);
    call = take_call(BILLING_CALL_CANCEL);
    answer_call(&call, 400, "{\"error\":{}}", true);
    t.wall += 2;
    sweep();
    call = take_call(BILLING_CALL_LOOKUP);
    answer_call(&call, 200, intent(&charge, "pi_1", "succeeded", 2000), true);
    assert_string_equal(state_now(), "succeeded");
    assert_string_equal(plan_now(), "team");
}


static void
p8_money_that_comes_after_the_end_goes_back(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1], later[BILLING_OP_ID_LEN + 1];
    unsigned         told;
    const char      *id = make_team(0);
    billing_call_t   call, charge, second;

    (void) state;

    charge = call = buy(OWNER, order(id, "team", 2, ""), op);
    answer_call(&call, 402, "{\"error\":{\"code\":\"card_declined\","
                "\"payment_intent\":{\"id\":\"pi_1\",\"status\":"
                "\"requires_payment_method\",\"metadata\":{}}}}", true);
    assert_string_equal(state_now(), "unknown");    /* not ours: not proof */
    t.wall += 2;
    sweep();
    call = take_call(BILLING_CALL_CHARGE);
    answer_call(&call, 200, intent(&charge, "pi_1", "requires_payment_method",
                                   2000), true);
    assert_string_equal(state_now(), "failed");
    told = t.nanswers;

    /* Somebody else buys meanwhile, and keeps the seats held. */

    second = buy(OWNER, order(id, "team", 3, ""), later);
    event("evt_1", "pi_1", op);
    call = take_call(BILLING_CALL_LOOKUP);
    answer_call(&call, 503, "{}", true);
    t.wall += 2;
    sweep();
    t.wall += 898;
    t.nflying = 0;
    sweep();

    for (unsigned i = 0; i < t.nflying; i++) {
        call = t.flying[i].kind == BILLING_CALL_LOOKUP ? t.flying[i] : call;
    }

    t.nflying = 0;
    answer_call(&call, 200, intent(&charge, "pi_1", "succeeded", 2000), true);
    assert_int_equal(count("SELECT COUNT(*) FROM checkout"
                           " WHERE state = 'refunding'"), 1);
    assert_int_equal(count("SELECT hold_seats FROM team"), 3);
    call = take_call(BILLING_CALL_REFUND);
    assert_non_null(strstr(call.request.body, "amount=2000"));
    answer_call(&call, 200, "{\"id\":\"re_1\",\"object\":\"refund\"}", true);
    assert_int_equal(count("SELECT hold_seats FROM team"), 3);
    assert_int_equal(count("SELECT COUNT(*) FROM checkout WHERE state ="
                           " 'refunded' AND reason = 'CARD_DECLINED'"), 1);
    assert_int_equal(t.nanswers, told + 1);         /* the same refusal */
    answer_call(&second, 200, intent(&second, "pi_2", "succeeded", 3000),
                true);
    assert_string_equal(plan_now(), "team");
    books_balance();

    event("evt_2", "pi_2", later);
    event("evt_3", "pi_1", op);
    assert_int_equal(t.nflying, 0);
}


static void
p35_a_lost_event_is_made_good_by_asking(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1];
    unsigned         told;
    billing_call_t   call, charge;

    (void) state;

    charge = to_the_action(make_team(0), op);
    told = t.nanswers;

    for (unsigned i = 0; i < 3; i++) {
        t.wall += 59;
        sweep();
        assert_int_equal(t.nflying, 0);
        t.wall += 1;
        sweep();
        call = take_call(BILLING_CALL_LOOKUP);
        answer_call(&call, 200, intent(&charge, "pi_1", "requires_action",
                                       2000), true);
        assert_string_equal(state_now(), "action");
    }

    assert_int_equal(t.nanswers, told);     /* nothing new, nobody is told */
    t.wall += 60;
    sweep();
    call = take_call(BILLING_CALL_LOOKUP);
    answer_call(&call, 200, intent(&charge, "pi_1", "succeeded", 2000), true);
    assert_string_equal(plan_now(), "team");
}


static void
p35_a_failure_found_by_asking_is_closed_too(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1];
    billing_call_t   call, charge;

    (void) state;

    charge = to_the_action(make_team(0), op);
    t.wall += 60;
    sweep();
    call = take_call(BILLING_CALL_LOOKUP);
    answer_call(&call, 200, intent(&charge, "pi_1", "requires_payment_method",
                                   2000), true);
    call = take_call(BILLING_CALL_CANCEL);
    answer_call(&call, 200, "{}", true);
    call = take_call(BILLING_CALL_LOOKUP);
    answer_call(&call, 200, intent(&charge, "pi_1", "canceled", 2000), true);
    assert_string_equal(state_now(), "failed");
}


static void
a_cancellation_has_no_key_and_is_repeated_ever_later(void **state)
{
    static const int64_t  delays[] = { 2, 10, 60, 300, 900 };

    char             op[BILLING_OP_ID_LEN + 1];
    billing_call_t   call, charge;

    (void) state;

    charge = to_the_action(make_team(0), op);
    t.now += 1800;
    sweep();

    for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
        call = take_call(BILLING_CALL_CANCEL);
        assert_string_equal(call.idempotency_key, "");
        answer_call(&call, 500, "{}", true);
        t.wall += delays[i] - 1;
        sweep();
        assert_int_equal(t.nflying, 0);
        t.wall += 1;
        sweep();
        call = take_call(BILLING_CALL_LOOKUP);
        answer_call(&call, 200, intent(&charge, "pi_1", "requires_action",
                                       2000), true);
        t.wall += delays[i];
        sweep();
    }

    call = take_call(BILLING_CALL_CANCEL);
    answer_call(&call, 200, "{}", true);
    call = take_call(BILLING_CALL_LOOKUP);
    answer_call(&call, 200, intent(&charge, "pi_1", "canceled", 2000), true);
    assert_string_equal(state_now(), "expired");
}


static void
p35_an_event_during_a_call_is_not_lost(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1];
    billing_call_t   call, charge;

    (void) state;

    charge = to_the_action(make_team(0), op);
    t.wall += 60;
    sweep();
    assert_int_equal(t.nflying, 1);
    event("evt_1", "pi_1", op);
    assert_int_equal(t.nflying, 1);
    call = take_call(BILLING_CALL_LOOKUP);
    answer_call(&call, 200, intent(&charge, "pi_1", "requires_action", 2000),
                true);
    call = take_call(BILLING_CALL_LOOKUP);
    answer_call(&call, 200, intent(&charge, "pi_1", "succeeded", 2000), true);
    assert_string_equal(plan_now(), "team");
    assert_int_equal(t.nflying, 0);
}


static void
p35_an_event_finds_a_purchase_whose_payment_is_not_known(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1], list[1400];
    billing_call_t   call, charge;

    (void) state;

    charge = call = buy(OWNER, order(make_team(0), "team", 2, ""), op);
    answer_call(&call, 0, "", true);
    assert_string_equal(state_now(), "unknown");
    event("evt_1", "pi_1", "op_of_nobody");
    assert_int_equal(t.nflying, 0);
    event("evt_2", "pi_1", op);
    call = take_call(BILLING_CALL_SEARCH);
    (void) snprintf(list, sizeof(list), "{\"object\":\"list\",\"data\":[%s],"
                    "\"has_more\":false}",
                    intent(&charge, "pi_1", "succeeded", 2000));
    answer_call(&call, 200, list, true);
    assert_string_equal(plan_now(), "team");
}


static void
who_waits_and_who_sent_it_once_more_are_both_told(void **state)
{
    char                 op[BILLING_OP_ID_LEN + 1], resume[40];
    unsigned             told;
    billing_call_t       call, charge;
    billing_op_reply_t   reply;

    (void) state;

    charge = to_the_action(make_team(0), op);
    (void) snprintf(resume, sizeof(resume), "%s", next_op());
    reply = run_op(resume, OWNER, "upgrade.resume",
                   json_pack("{s:s}", "operation", op));
    assert_true(reply.later);
    told = t.nanswers;
    call = take_call(BILLING_CALL_LOOKUP);
    answer_call(&call, 200, intent(&charge, "pi_1", "requires_action", 2000),
                true);
    assert_int_equal(t.nanswers, told + 2);
    assert_string_equal(t.answered[told], op);
    assert_string_equal(t.answered[told + 1], resume);
}


static void
one_that_waits_for_a_cancellation_is_told_and_asked_for_later(void **state)
{
    char                 op[BILLING_OP_ID_LEN + 1], resume[40];
    billing_call_t       call, charge;
    billing_op_reply_t   reply;

    (void) state;

    charge = to_the_action(make_team(0), op);
    (void) snprintf(resume, sizeof(resume), "%s", next_op());
    reply = run_op(resume, OWNER, "upgrade.resume",
                   json_pack("{s:s}", "operation", op));
    assert_true(reply.later);
    call = take_call(BILLING_CALL_LOOKUP);
    answer_call(&call, 200, intent(&charge, "pi_1", "requires_payment_method",
                                   2000), true);
    call = take_call(BILLING_CALL_CANCEL);
    answer_call(&call, 200, "{}", true);
    call = take_call(BILLING_CALL_LOOKUP);
    answer_call(&call, 500, "{}", true);
    assert_string_equal(t.answered[t.nanswers - 1], resume);
    (void) last_answer(202);
    t.wall += 9;
    sweep();
    assert_int_equal(t.nflying, 0);
    t.wall += 1;
    sweep();
    (void) take_call(BILLING_CALL_LOOKUP);
}


static void
an_abandoned_3d_secure_is_cancelled_and_that_is_confirmed(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1];
    billing_call_t   call, charge;

    (void) state;

    charge = call = buy(OWNER, order(make_team(0), "team", 2, ""), op);
    answer_call(&call, 200, intent(&call, "pi_1", "requires_action", 2000),
                true);
    t.now += 1799;
    sweep();
    assert_int_equal(t.nflying, 0);
    t.now += 1;
    sweep();
    call = take_call(BILLING_CALL_CANCEL);
    assert_string_equal(state_now(), "action");
    answer_call(&call, 200, intent(&charge, "pi_1", "canceled", 2000), true);
    call = take_call(BILLING_CALL_LOOKUP);
    assert_string_equal(state_now(), "action");
    answer_call(&call, 200, intent(&charge, "pi_1", "canceled", 2000), true);
    assert_string_equal(state_now(), "expired");
    assert_int_equal(count("SELECT hold_seats FROM team"), 0);
}


static void
one_paid_while_it_was_cancelled_is_granted(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1];
    billing_call_t   call, charge;

    (void) state;

    charge = call = buy(OWNER, order(make_team(0), "team", 2, ""), op);
    answer_call(&call, 200, intent(&call, "pi_1", "requires_action", 2000),
                true);
    t.now += 1800;
    sweep();
    call = take_call(BILLING_CALL_CANCEL);
    answer_call(&call, 400, "{\"error\":{}}", true);
    t.wall += 10;
    sweep();
    call = take_call(BILLING_CALL_LOOKUP);
    answer_call(&call, 200, intent(&charge, "pi_1", "succeeded", 2000), true);
    assert_string_equal(state_now(), "succeeded");
    assert_string_equal(plan_now(), "team");
}


static void
p35_an_event_is_a_hint_and_counts_once(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1];
    billing_call_t   call, charge;

    (void) state;

    charge = call = buy(OWNER, order(make_team(0), "team", 2, ""), op);
    answer_call(&call, 200, intent(&call, "pi_1", "requires_action", 2000),
                true);

    for (unsigned i = 0; i < 3; i++) {
        drop(expect("", "webhook", json_pack("{s:s, s:s, s:s}", "event",
                    "evt_1", "type", "payment_intent.succeeded", "object",
                    "pi_1"), 200, NULL));
    }

    assert_int_equal(t.nflying, 1);
    assert_string_equal(plan_now(), "free");
    call = take_call(BILLING_CALL_LOOKUP);
    answer_call(&call, 200, intent(&charge, "pi_1", "succeeded", 2000), true);
    assert_string_equal(plan_now(), "team");

    drop(expect("", "webhook", json_pack("{s:s, s:s, s:s}", "event", "evt_2",
                "type", "payment_intent.payment_failed", "object", "pi_1"),
                200, NULL));
    drop(expect("", "webhook", json_pack("{s:s, s:s, s:s}", "event", "evt_3",
                "type", "payment_intent.succeeded", "object", "pi_none"),
                200, NULL));
    assert_int_equal(t.nflying, 0);
    assert_string_equal(plan_now(), "team");
}


static void
card_entry_gives_a_secret_and_survives_trouble(void **state)
{
    char                 op[BILLING_OP_ID_LEN + 1];
    json_t              *body;
    const char          *id = make_team(0);
    billing_call_t       call;
    billing_op_reply_t   reply;

    (void) state;

    (void) snprintf(op, sizeof(op), "%s", next_op());
    reply = run_op(op, OWNER, "card.start", json_pack("{s:s}", "team", id));
    assert_true(reply.later);
    call = take_call(BILLING_CALL_CUSTOMER);
    answer_call(&call, 200, "{\"id\":\"cus_7\",\"object\":\"customer\"}",
                true);
    call = take_call(BILLING_CALL_SETUP);
    answer_call(&call, 500, "{}", true);
    crash();
    t.wall += 2;
    sweep();
    call = take_call(BILLING_CALL_SETUP);
    assert_non_null(strstr(call.request.body, "cus_7"));
    answer_call(&call, 200, "{\"id\":\"seti_1\",\"object\":\"setup_intent\","
                "\"client_secret\":\"seti_1_secret_2\"}", true);
    body = last_answer(200);
    assert_string_equal(text_of(body, "client_secret"), "seti_1_secret_2");
    assert_string_equal(text_of(body, "setup_intent"), "seti_1");
    assert_string_equal(text_of(body, "publishable_key"), "pk_test_sandbox");
    assert_string_equal(text_of(body, "gateway"), "http://127.0.0.1:8081");

    (void) snprintf(op, sizeof(op), "%s", next_op());
    reply = run_op(op, OWNER, "card.start", json_pack("{s:s}", "team", id));
    assert_true(reply.later);
    call = take_call(BILLING_CALL_SETUP);       /* the payer is known now */
    answer_call(&call, 0, "", false);
    assert_string_equal(text_of(last_answer(503), "code"),
                        "GATEWAY_UNAVAILABLE");
}


int
main(void)
{
#define action_test(name)                                                     \
    cmocka_unit_test_setup_teardown(name, set_up, tear_down)

    const struct CMUnitTest  tests[] = {
        action_test(r87_after_3d_secure_the_purchase_is_done_once),
        action_test(r87_a_failed_confirmation_leaves_everything),
        action_test(p8_one_paid_again_before_it_was_closed_is_granted),
        action_test(p8_money_that_comes_after_the_end_goes_back),
        action_test(p35_a_lost_event_is_made_good_by_asking),
        action_test(p35_a_failure_found_by_asking_is_closed_too),
        action_test(a_cancellation_has_no_key_and_is_repeated_ever_later),
        action_test(p35_an_event_during_a_call_is_not_lost),
        action_test(p35_an_event_finds_a_purchase_whose_payment_is_not_known),
        action_test(who_waits_and_who_sent_it_once_more_are_both_told),
        action_test(
            one_that_waits_for_a_cancellation_is_told_and_asked_for_later),
        action_test(an_abandoned_3d_secure_is_cancelled_and_that_is_confirmed),
        action_test(one_paid_while_it_was_cancelled_is_granted),
        action_test(p35_an_event_is_a_hint_and_counts_once),
        action_test(card_entry_gives_a_secret_and_survives_trouble)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
