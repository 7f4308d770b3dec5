#include "domain_fixture.h"


static billing_team_t          team;
static billing_day_pass_t      pass;
static billing_day_pass_ask_t  ask;
static billing_catalogue_t     catalogue;


static int
set_up(void **state)
{
    (void) state;

    catalogue = a_catalogue();
    catalogue.plans[BILLING_PLAN_BUSINESS].day_pass = usd(300);
    catalogue.plans[BILLING_PLAN_CONSULTANT].day_pass = usd(300);
    team = a_paid_team(&catalogue, BILLING_PLAN_BUSINESS,
                       BILLING_PERIOD_YEARLY, 5, "2020-01-20");
    ask = (billing_day_pass_ask_t) {
        .on = true, .edit = true, .now = at("2020-02-05T17:00:00Z")
    };

    return 0;
}


static billing_reason_t
open_board(void)
{
    return billing_day_pass(&catalogue, &team, &ask, &pass);
}


static void
r198_e7_two_evenings_two_passes(void **state)
{
    int64_t  cost = 0;

    (void) state;

    assert_reason(open_board(), ALLOW);
    assert_true(pass.bought);
    assert_int_equal(pass.ends_at, at("2020-02-06T17:00:00Z"));
    cost += pass.price.minor;

    ask.opened_at = ask.now;
    ask.now = at("2020-02-06T16:59:59Z");
    assert_reason(open_board(), ALLOW);
    assert_false(pass.bought);
    assert_int_equal(pass.price.minor, 0);
    assert_int_equal(pass.ends_at, at("2020-02-06T17:00:00Z"));

    ask.now = at("2020-02-06T17:00:00Z");
    assert_reason(open_board(), ALLOW);
    assert_true(pass.bought);

    ask.now = at("2020-02-06T18:00:00Z");
    assert_reason(open_board(), ALLOW);
    assert_true(pass.bought);
    cost += pass.price.minor;
    assert_int_equal(cost, 600);
}


static void
r198_viewing_needs_none(void **state)
{
    (void) state;

    ask.edit = false;
    ask.on = false;
    assert_reason(open_board(), ALLOW);
    assert_false(pass.bought);
    assert_int_equal(pass.ends_at, 0);
}


static void
r199_billed_in_arrears(void **state)
{
    (void) state;

    assert_reason(open_board(), ALLOW);
    assert_int_equal(pass.due_at, at("2020-02-20"));

    team = a_paid_team(&catalogue, BILLING_PLAN_CONSULTANT,
                       BILLING_PERIOD_MONTHLY, 1, "2020-01-20");
    assert_reason(open_board(), ALLOW);
    assert_int_equal(pass.due_at, at("2020-02-20"));
}


static void
r200_off_where_they_are_not_to_be_had(void **state)
{
    (void) state;

    ask.on = false;
    assert_reason(open_board(), DAYPASS_OFF);
    ask.on = true;

    team.state = BILLING_STATE_CANCELLED;
    assert_reason(open_board(), ALLOW);
    ask.now = team.current.end_at;
    assert_reason(open_board(), DAYPASS_OFF);
    team.state = BILLING_STATE_EXPIRED;
    assert_reason(open_board(), DAYPASS_OFF);

    team.state = BILLING_STATE_ACTIVE;
    team.plan = BILLING_PLAN_TEAM;
    assert_reason(open_board(), DAYPASS_OFF);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup(r198_e7_two_evenings_two_passes, set_up),
        cmocka_unit_test_setup(r198_viewing_needs_none, set_up),
        cmocka_unit_test_setup(r199_billed_in_arrears, set_up),
        cmocka_unit_test_setup(r200_off_where_they_are_not_to_be_had, set_up)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("day_pass", tests, NULL, NULL);
}
