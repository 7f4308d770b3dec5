#include "domain_fixture.h"

#define DAY  86400


static billing_catalogue_t  catalogue;
static billing_granted_t    given;


static billing_reason_t
grant(billing_team_t *team, billing_plan_t plan, uint32_t seats,
    int64_t until_at, int64_t now)
{
    billing_grant_t  wanted = { plan, seats, until_at, now, 0 };

    return billing_team_grant(&catalogue, team, &wanted, &given);
}


static void
r215_an_order_gives_enterprise_to_a_free_team(void **state)
{
    int64_t         now = at("2026-03-01T09:00:00Z");
    billing_team_t  team = a_free_team(12);

    (void) state;

    assert_int_equal(grant(&team, BILLING_PLAN_ENTERPRISE, 11, 0, now),
                     BILLING_SEATS_BELOW_MEMBERS);
    assert_int_equal(grant(&team, BILLING_PLAN_ENTERPRISE, 0, 0, now),
                     BILLING_SEATS_INVALID);
    assert_int_equal(grant(&team, BILLING_PLAN_ENTERPRISE, 40, now, now),
                     BILLING_FIELD_TYPE);
    assert_int_equal(team.plan, BILLING_PLAN_FREE);
    assert_false(given.changed);

    assert_int_equal(grant(&team, BILLING_PLAN_ENTERPRISE, 40,
                           now + 365 * DAY, now), BILLING_ALLOW);
    assert_true(given.changed);
    assert_int_equal(team.plan, BILLING_PLAN_ENTERPRISE);
    assert_int_equal(team.state, BILLING_STATE_ENTERPRISE);
    assert_int_equal(team.seats, 40);
    assert_int_equal(team.current.start_at, now);
    assert_int_equal(team.current.end_at, now + 365 * DAY);

    /* The same once more is nothing; a larger one keeps its beginning. */

    assert_int_equal(grant(&team, BILLING_PLAN_ENTERPRISE, 40,
                           now + 365 * DAY, now + DAY), BILLING_ALLOW);
    assert_false(given.changed);
    assert_int_equal(grant(&team, BILLING_PLAN_ENTERPRISE, 41,
                           now + 365 * DAY, now + DAY), BILLING_ALLOW);
    assert_true(given.changed);
    assert_int_equal(team.current.start_at, now);
}


static void
r203_an_order_says_whether_it_is_flexible(void **state)
{
    int64_t          now = at("2026-03-01T09:00:00Z");
    billing_team_t   team = a_free_team(12);
    billing_grant_t  wanted = {
        .plan = BILLING_PLAN_ENTERPRISE, .seats = 40, .now = now,
        .review_days = 90
    };

    (void) state;

    assert_reason(billing_team_grant(&catalogue, &team, &wanted, &given),
                  ALLOW);
    assert_int_equal(team.review_at, now + 90 * DAY);

    /* Told again it is nothing, whatever is used meanwhile. */

    team.members = 50;
    wanted.now += DAY;
    assert_reason(billing_team_grant(&catalogue, &team, &wanted, &given),
                  ALLOW);
    assert_false(given.changed);
    wanted.seats = 45;
    assert_reason(billing_team_grant(&catalogue, &team, &wanted, &given),
                  ALLOW);
    assert_int_equal(team.review_at, now + 90 * DAY);
    wanted.seats = 44;
    assert_reason(billing_team_grant(&catalogue, &team, &wanted, &given),
                  SEATS_BELOW_MEMBERS);

    wanted.seats = 49;
    wanted.review_days = 0;
    assert_reason(billing_team_grant(&catalogue, &team, &wanted, &given),
                  SEATS_BELOW_MEMBERS);
    wanted.seats = 50;
    assert_reason(billing_team_grant(&catalogue, &team, &wanted, &given),
                  ALLOW);
    assert_int_equal(team.review_days, 0);
    assert_int_equal(team.review_at, 0);
}


static void
r215_a_minimum_holds_for_the_first_order(void **state)
{
    int64_t         now = at("2026-03-01T09:00:00Z");
    billing_team_t  team = a_free_team(3);

    (void) state;

    catalogue.plans[BILLING_PLAN_ENTERPRISE].seats_min = 30;

    assert_int_equal(grant(&team, BILLING_PLAN_ENTERPRISE, 29, 0, now),
                     BILLING_SEATS_BELOW_PLAN_MIN);
    assert_int_equal(grant(&team, BILLING_PLAN_ENTERPRISE, 30, 0, now),
                     BILLING_ALLOW);
    assert_int_equal(grant(&team, BILLING_PLAN_ENTERPRISE, 29, 0, now),
                     BILLING_ALLOW);
}


static void
r216_unused_time_of_a_paid_plan_comes_back(void **state)
{
    int64_t         now = at("2021-01-17T00:00:00Z");
    billing_team_t  team = a_paid_team(&catalogue, BILLING_PLAN_BUSINESS,
                               BILLING_PERIOD_MONTHLY, 10,
                               "2021-01-01T00:00:00Z");

    (void) state;

    assert_int_equal(grant(&team, BILLING_PLAN_ENTERPRISE, 30, 0, now),
                     BILLING_ALLOW);

    /* 15 of 31 days of 200.00. */

    assert_int_equal(given.credit.minor, 9677);
    assert_int_equal(team.credit.minor, 9677);
    assert_int_equal(team.paid.minor, 0);
    assert_int_equal(team.unit.minor, 0);
    assert_false(team.auto_renew);
    assert_int_equal(team.period, BILLING_PERIOD_NONE);
    assert_int_equal(team.method, BILLING_METHOD_NONE);
}


/* What is paid for behind it comes back, and no trial goes on (R221). */

static void
r216_r221_an_order_ends_a_trial(void **state)
{
    int64_t          now = at("2021-01-17T00:00:00Z"), credit;
    billing_team_t   team = a_paid_team(&catalogue, BILLING_PLAN_TEAM,
                                        BILLING_PERIOD_MONTHLY, 10,
                                        "2021-01-01");
    billing_team_t   active = team;

    (void) state;

    assert_int_equal(grant(&active, BILLING_PLAN_ENTERPRISE, 40, 0, now),
                     BILLING_ALLOW);
    credit = given.credit.minor;
    assert_true(credit > 0);

    team.state = BILLING_STATE_TRIAL;
    team.trial_plan = BILLING_PLAN_BUSINESS;
    team.trial_ends_at = now + DAY;
    team.invoice_open = true;
    assert_int_equal(grant(&team, BILLING_PLAN_ENTERPRISE, 40, 0, now),
                     BILLING_UPGRADE_ALREADY_PAID);

    team.invoice_open = false;
    assert_int_equal(grant(&team, BILLING_PLAN_ENTERPRISE, 40, 0, now),
                     BILLING_ALLOW);
    assert_int_equal(given.credit.minor, credit);
    assert_int_equal(team.state, BILLING_STATE_ENTERPRISE);
    assert_int_equal(team.trial_plan, BILLING_PLAN_NONE);
    assert_int_equal(team.trial_ends_at, 0);
}


static void
r216_seats_never_billed_are_taken_off_it(void **state)
{
    int64_t         now = at("2021-01-17T00:00:00Z");
    billing_team_t  team = a_paid_team(&catalogue, BILLING_PLAN_TEAM,
                               BILLING_PERIOD_MONTHLY, 10,
                               "2021-01-01T00:00:00Z");
    billing_team_t  before;

    (void) state;

    team.pending = (billing_money_t) { 1000, catalogue.currency };
    before = team;
    assert_int_equal(grant(&team, BILLING_PLAN_ENTERPRISE, 30, 0, now),
                     BILLING_ALLOW);
    assert_int_equal(given.credit.minor, 4839 - 1000);
    assert_int_equal(team.pending.minor, 0);

    /* What is owed beyond it must be paid first. */

    team = before;
    team.pending.minor = 5000;
    assert_int_equal(grant(&team, BILLING_PLAN_ENTERPRISE, 30, 0, now),
                     BILLING_UPGRADE_ALREADY_PAID);
    assert_int_equal(team.plan, BILLING_PLAN_TEAM);
    assert_int_equal(team.pending.minor, 5000);
}


static void
what_is_owed_is_not_written_off_by_an_order(void **state)
{
    int64_t         now = at("2021-01-17T00:00:00Z");
    billing_team_t  team = a_paid_team(&catalogue, BILLING_PLAN_TEAM,
                               BILLING_PERIOD_MONTHLY, 10,
                               "2021-01-01T00:00:00Z");

    (void) state;

    team.state = BILLING_STATE_PAST_DUE;
    assert_int_equal(grant(&team, BILLING_PLAN_ENTERPRISE, 30, 0, now),
                     BILLING_UPGRADE_ALREADY_PAID);
    team.state = BILLING_STATE_ACTIVE_UNPAID;
    assert_int_equal(grant(&team, BILLING_PLAN_ENTERPRISE, 30, 0, now),
                     BILLING_UPGRADE_ALREADY_PAID);
    team.state = BILLING_STATE_ACTIVE;
    team.invoice_open = true;
    assert_int_equal(grant(&team, BILLING_PLAN_ENTERPRISE, 30, 0, now),
                     BILLING_UPGRADE_ALREADY_PAID);

    /* Expired, it has nothing left to give back. */

    team.invoice_open = false;
    team.state = BILLING_STATE_EXPIRED;
    assert_int_equal(grant(&team, BILLING_PLAN_ENTERPRISE, 30, 0, now),
                     BILLING_ALLOW);
    assert_int_equal(given.credit.minor, 0);
}


static void
r52_a_school_is_granted_never_bought(void **state)
{
    int64_t         now = at("2026-03-01T09:00:00Z");
    billing_team_t  team = a_free_team(12);
    billing_team_t  paid = a_paid_team(&catalogue, BILLING_PLAN_TEAM,
                               BILLING_PERIOD_MONTHLY, 10,
                               "2026-02-20T00:00:00Z");

    (void) state;

    assert_int_equal(grant(&team, BILLING_PLAN_EDUCATION, 0, 0, now),
                     BILLING_ALLOW);
    assert_int_equal(team.state, BILLING_STATE_EDUCATION);
    assert_int_equal(grant(&paid, BILLING_PLAN_EDUCATION, 0, 0, now),
                     BILLING_UPGRADE_ALREADY_PAID);
}


static void
r191_r220_back_to_free_is_a_decision_from_outside(void **state)
{
    int64_t         now = at("2026-03-01T09:00:00Z");
    billing_team_t  team = a_free_team(12);

    (void) state;

    assert_int_equal(grant(&team, BILLING_PLAN_FREE, 0, 0, now),
                     BILLING_ALLOW);
    assert_false(given.changed);

    assert_int_equal(grant(&team, BILLING_PLAN_ENTERPRISE, 30, 0, now),
                     BILLING_ALLOW);
    assert_int_equal(grant(&team, BILLING_PLAN_FREE, 0, 0, now),
                     BILLING_ALLOW);
    assert_true(given.freed);
    assert_int_equal(team.state, BILLING_STATE_FREE);
    assert_int_equal(team.seats, 0);
    assert_int_equal(team.current.end_at, 0);

    /* R187: what has expired goes down when its own admins say so. */

    team = a_paid_team(&catalogue, BILLING_PLAN_TEAM, BILLING_PERIOD_MONTHLY,
                       10, "2026-01-20T00:00:00Z");
    assert_int_equal(grant(&team, BILLING_PLAN_FREE, 0, 0, now),
                     BILLING_UPGRADE_ALREADY_PAID);
    team.state = BILLING_STATE_EXPIRED;
    assert_int_equal(grant(&team, BILLING_PLAN_FREE, 0, 0, now),
                     BILLING_TEAM_EXPIRED);
}


static void
what_is_sold_is_not_given(void **state)
{
    static const billing_plan_t  plans[] = {
        BILLING_PLAN_NONE, BILLING_PLAN_TEAM, BILLING_PLAN_BUSINESS,
        BILLING_PLAN_CONSULTANT, BILLING_PLANS
    };

    billing_team_t  team = a_free_team(1);

    (void) state;

    for (unsigned i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
        assert_int_equal(grant(&team, plans[i], 5, 0, 1000),
                         BILLING_PLAN_UNKNOWN);
        assert_int_equal(team.plan, BILLING_PLAN_FREE);
    }
}


static int
set_up(void **state)
{
    (void) state;
    catalogue = a_catalogue();
    return 0;
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(r215_an_order_gives_enterprise_to_a_free_team),
        cmocka_unit_test(r203_an_order_says_whether_it_is_flexible),
        cmocka_unit_test_setup(r215_a_minimum_holds_for_the_first_order,
                               set_up),
        cmocka_unit_test_setup(r216_unused_time_of_a_paid_plan_comes_back,
                               set_up),
        cmocka_unit_test(r216_r221_an_order_ends_a_trial),
        cmocka_unit_test(r216_seats_never_billed_are_taken_off_it),
        cmocka_unit_test(what_is_owed_is_not_written_off_by_an_order),
        cmocka_unit_test(r52_a_school_is_granted_never_bought),
        cmocka_unit_test(r191_r220_back_to_free_is_a_decision_from_outside),
        cmocka_unit_test(what_is_sold_is_not_given),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, set_up, NULL);
}
