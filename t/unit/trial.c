#include "domain_fixture.h"


static billing_team_t         team;
static billing_quote_t        offer, quote;
static billing_catalogue_t    catalogue;
static billing_seat_change_t  change;


static int
set_up(void **state)
{
    (void) state;

    catalogue = a_catalogue();
    catalogue.trial = (billing_trial_t) { true, BILLING_PLAN_BUSINESS, 14 };
    team = a_paid_team(&catalogue, BILLING_PLAN_TEAM, BILLING_PERIOD_YEARLY,
                       12, "2021-01-01");

    return 0;
}


static void
start(const char *when)
{
    billing_trial_offer(&catalogue, &team, BILLING_PERIOD_MONTHLY, at(when),
                        &offer);
    assert_reason(billing_team_trial(&team, &offer), ALLOW);
}


static billing_reason_t
bill(billing_pay_t pay, int64_t now)
{
    billing_sub_order_t  order = { .pay = pay, .now = now };

    return billing_sub_quote(&catalogue, &team, &order, &quote);
}


static void
r221_to_whom_it_is_offered(void **state)
{
    int64_t         now = at("2021-06-17");
    billing_team_t  there = a_free_team(3);

    (void) state;

    assert_reason(billing_trial_allowed(&catalogue, &team, now), ALLOW);
    assert_reason(billing_trial_allowed(&catalogue, &there, now), ALLOW);

    catalogue.trial.enabled = false;
    assert_reason(billing_trial_allowed(&catalogue, &team, now),
                  TRIAL_NOT_OFFERED);
    catalogue.trial.enabled = true;
    catalogue.plans[BILLING_PLAN_BUSINESS].selling = false;
    assert_reason(billing_trial_allowed(&catalogue, &team, now),
                  TRIAL_NOT_OFFERED);
    catalogue.plans[BILLING_PLAN_BUSINESS].selling = true;

    team.trial_used = true;
    assert_reason(billing_trial_allowed(&catalogue, &team, now),
                  TRIAL_NOT_OFFERED);
    team.trial_used = false;

    team.plan = BILLING_PLAN_BUSINESS;
    assert_reason(billing_trial_allowed(&catalogue, &team, now),
                  UPGRADE_ALREADY_PAID);
    team.plan = BILLING_PLAN_TEAM;
    team.state = BILLING_STATE_CANCELLED;
    assert_reason(billing_trial_allowed(&catalogue, &team, now),
                  SUBSCRIPTION_CANCELLED);
    team.state = BILLING_STATE_EXPIRED;
    assert_reason(billing_trial_allowed(&catalogue, &team, now),
                  TEAM_EXPIRED);
}


static void
r221_d4_the_purchase_at_its_end_credits_what_was_before(void **state)
{
    billing_team_t  before = team;

    (void) state;

    start("2021-06-17");
    assert_int_equal(team.state, BILLING_STATE_TRIAL);
    assert_int_equal(team.plan, BILLING_PLAN_TEAM);
    assert_int_equal(billing_team_plan(&team), BILLING_PLAN_BUSINESS);
    assert_int_equal(team.trial_ends_at, at("2021-07-01"));
    assert_int_equal(team.current.end_at, before.current.end_at);
    assert_int_equal(offer.total.minor, 0);

    assert_reason(bill(BILLING_PAY_TRIAL, team.trial_ends_at), ALLOW);
    assert_int_equal(quote.plan, BILLING_PLAN_BUSINESS);
    assert_int_equal(quote.credit.minor, -58073);
    assert_int_equal(quote.due_now.minor, 172327);
    assert_int_equal(quote.span.start_at, at("2021-07-01"));

    billing_team_purchase(&team, &quote, quote.span.start_at);
    assert_int_equal(team.state, BILLING_STATE_ACTIVE);
    assert_int_equal(team.plan, BILLING_PLAN_BUSINESS);
    assert_int_equal(billing_team_plan(&team), BILLING_PLAN_BUSINESS);
    assert_int_equal(team.trial_ends_at, 0);
    assert_true(team.trial_used);
    assert_reason(bill(BILLING_PAY_TRIAL, team.current.end_at),
                  NO_SUBSCRIPTION);
}


static void
r48_r221_the_purchase_has_the_seats_of_the_plan(void **state)
{
    (void) state;

    team = a_free_team(3);
    start("2021-06-17");
    assert_int_equal(team.plan, BILLING_PLAN_FREE);
    assert_int_equal(team.period, BILLING_PERIOD_MONTHLY);
    assert_int_equal(team.method, BILLING_METHOD_CARD);
    assert_reason(bill(BILLING_PAY_TRIAL, team.trial_ends_at), ALLOW);
    assert_int_equal(quote.seats, 5);
    assert_int_equal(quote.due_now.minor, 10000);
    assert_int_equal(quote.credit.minor, 0);

    team.members = 8;
    assert_reason(bill(BILLING_PAY_TRIAL, team.trial_ends_at), ALLOW);
    assert_int_equal(quote.due_now.minor, 16000);
}


static void
r221_seats_are_free_in_it_and_billed_on_the_old_plan(void **state)
{
    (void) state;

    team.members = 10;
    start("2021-06-17");
    assert_reason(billing_seat_change(&catalogue, &team, 15, at("2021-06-20"),
                                      &change), ALLOW);
    assert_int_equal(change.amount.minor, 0);
    billing_team_resize(&team, &change);
    assert_int_equal(team.seats, 15);
    assert_int_equal(team.pending.minor, 0);

    /* 184 of 365 days of three Team seats. */

    assert_reason(billing_trial_back(&catalogue, &team, team.trial_ends_at,
                                     &change), ALLOW);
    assert_int_equal(change.from, 12);
    assert_int_equal(change.to, 15);
    assert_int_equal(change.amount.minor, 14518);
    assert_int_equal(change.pending.minor, 14518);

    /* Fewer give credit, as they would have before. */

    team.seats = 11;
    assert_reason(billing_trial_back(&catalogue, &team, team.trial_ends_at,
                                     &change), ALLOW);
    assert_int_equal(change.amount.minor, -4839);
}


static void
r221_what_was_before_renews_itself_meanwhile(void **state)
{
    billing_sub_step_t  step;

    (void) state;

    team = a_paid_team(&catalogue, BILLING_PLAN_TEAM, BILLING_PERIOD_MONTHLY,
                       4, "2021-06-01");
    start("2021-06-25");
    team.seats = 6;
    team.members = 6;

    assert_reason(billing_sub_next(&team, BILLING_SUB_CANCEL,
                                   at("2021-06-26"), &step), ALLOW);
    assert_int_equal(step.until_at, at("2021-07-09"));
    billing_team_step(&team, &step);

    assert_reason(billing_sub_next(&team, BILLING_SUB_PERIOD_END,
                                   at("2021-07-01"), &step), ALLOW);
    assert_int_equal(step.next, BILLING_STATE_TRIAL);
    assert_true(step.effects & BILLING_EFFECT_CHARGE);

    assert_reason(bill(BILLING_PAY_RENEWAL, at("2021-07-01")), ALLOW);
    assert_int_equal(quote.plan, BILLING_PLAN_TEAM);
    assert_int_equal(quote.due_now.minor, 4000);
    assert_int_equal(quote.seats, 6);

    billing_team_renew(&team, &quote);
    assert_int_equal(team.state, BILLING_STATE_TRIAL);
    assert_int_equal(team.seats, 6);
    assert_int_equal(team.trial_seats, 4);
    assert_false(team.auto_renew);
    assert_int_equal(team.current.end_at, at("2021-08-01"));

    /* 23 of 31 days of two seats. */

    assert_reason(billing_trial_back(&catalogue, &team, team.trial_ends_at,
                                     &change), ALLOW);
    assert_int_equal(change.amount.minor, 1484);
}


static void
r221_where_it_leads_when_it_is_stopped(void **state)
{
    billing_sub_step_t  step;

    (void) state;

    start("2021-06-17");
    team.auto_renew = false;
    assert_reason(billing_sub_next(&team, BILLING_SUB_TRIAL_END,
                                   team.trial_ends_at, &step), ALLOW);
    assert_int_equal(step.next, BILLING_STATE_ACTIVE);
    team.invoice_open = true;
    assert_reason(billing_sub_next(&team, BILLING_SUB_TRIAL_END,
                                   team.trial_ends_at, &step), ALLOW);
    assert_int_equal(step.next, BILLING_STATE_ACTIVE_UNPAID);
    billing_team_step(&team, &step);
    assert_true(team.auto_renew);
    assert_int_equal(team.trial_plan, BILLING_PLAN_NONE);
    assert_int_equal(team.trial_seats, 0);
    assert_true(team.trial_used);

    team = a_free_team(3);
    start("2021-06-17");
    team.auto_renew = false;
    assert_reason(billing_sub_next(&team, BILLING_SUB_TRIAL_END,
                                   team.trial_ends_at, &step), ALLOW);
    assert_int_equal(step.next, BILLING_STATE_FREE);
    billing_team_step(&team, &step);
    assert_int_equal(team.method, BILLING_METHOD_NONE);
    assert_int_equal(team.members, 3);
    assert_true(team.trial_used);
    assert_reason(billing_trial_allowed(&catalogue, &team,
                                        at("2022-06-17")),
                  TRIAL_NOT_OFFERED);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup(r221_to_whom_it_is_offered, set_up),
        cmocka_unit_test_setup(
            r221_d4_the_purchase_at_its_end_credits_what_was_before, set_up),
        cmocka_unit_test_setup(
            r48_r221_the_purchase_has_the_seats_of_the_plan, set_up),
        cmocka_unit_test_setup(
            r221_seats_are_free_in_it_and_billed_on_the_old_plan, set_up),
        cmocka_unit_test_setup(
            r221_what_was_before_renews_itself_meanwhile, set_up),
        cmocka_unit_test_setup(
            r221_where_it_leads_when_it_is_stopped, set_up)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("trial", tests, NULL, NULL);
}
