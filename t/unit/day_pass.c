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


/* The 24 hours end at their last second, not after it. */

static void
r198_exactly_24_hours(void **state)
{
    (void) state;

    assert_reason(open_board(), ALLOW);
    assert_int_equal(pass.ends_at - ask.now, BILLING_DAY_PASS_SEC);

    ask.opened_at = ask.now;
    ask.now = pass.ends_at - 1;
    assert_reason(open_board(), ALLOW);
    assert_false(pass.bought);
    ask.now++;
    assert_reason(open_board(), ALLOW);
    assert_true(pass.bought);
    assert_int_equal(pass.ends_at, ask.now + BILLING_DAY_PASS_SEC);
}


static void
r199_in_one_bill_with_what_else_is_owed(void **state)
{
    billing_quote_t      quote;
    billing_sub_order_t  settle = { .pay = BILLING_PAY_SETTLE,
                                    .tax_permyriad = 2000,
                                    .now = at("2020-02-20") };

    (void) state;

    assert_int_equal(billing_settle_at(&team, ask.now), 0);
    assert_false(billing_team_owes(&team));

    team.passes[0] = (billing_passes_t) { 2, usd(300) };
    team.passes[1] = (billing_passes_t) { 1, usd(350) };
    team.npasses = 2;
    team.pending = usd(533);
    assert_true(billing_team_owes(&team));

    assert_reason(billing_sub_quote(&catalogue, &team, &settle, &quote),
                  ALLOW);
    assert_int_equal(quote.nlines, 4);
    assert_int_equal(quote.lines[1].kind, BILLING_LINE_DAY_PASS);
    assert_int_equal(quote.lines[1].quantity, 2);
    assert_int_equal(quote.lines[1].unit.minor, 300);
    assert_int_equal(quote.lines[1].amount.minor, 600);
    assert_int_equal(quote.lines[2].amount.minor, 350);
    assert_int_equal(quote.tax.minor, 297);     /* 20 % of 14.83 */
    assert_int_equal(quote.total.minor, 1780);
    assert_string_equal(billing_line_kind_name(BILLING_LINE_DAY_PASS),
                        "day_pass");

    /* The balance pays passes too. */

    team.credit = usd(1000);
    assert_reason(billing_sub_quote(&catalogue, &team, &settle, &quote),
                  ALLOW);
    assert_int_equal(quote.total.minor, 580);   /* 4.83 and tax */
}


static void
r199_r148_the_day_of_the_bill(void **state)
{
    (void) state;

    team.passes[0] = (billing_passes_t) { 1, usd(300) };
    team.npasses = 1;

    assert_int_equal(billing_settle_at(&team, at("2020-02-19T23:59:59Z")),
                     at("2020-02-20"));
    assert_int_equal(billing_settle_at(&team, at("2020-02-20")),
                     at("2020-03-20"));

    /* In the last month the renewal takes it; nothing does after a cancel. */

    assert_int_equal(billing_settle_at(&team, at("2020-12-20")), 0);
    team.state = BILLING_STATE_CANCELLED;
    assert_int_equal(billing_settle_at(&team, at("2020-12-20")),
                     at("2021-01-20"));
    team.state = BILLING_STATE_ACTIVE;

    team.method = BILLING_METHOD_INVOICE;
    assert_int_equal(billing_settle_at(&team, ask.now), at("2020-04-20"));

    team = a_paid_team(&catalogue, BILLING_PLAN_CONSULTANT,
                       BILLING_PERIOD_MONTHLY, 1, "2020-01-20");
    team.npasses = 1;
    assert_int_equal(billing_settle_at(&team, ask.now), 0);
}


/* By the analogy of R178, and what comes after that at the end. */

static void
r178_r199_cancelling_bills_them(void **state)
{
    billing_sub_step_t  step;

    (void) state;

    assert_reason(billing_sub_next(&team, BILLING_SUB_CANCEL, ask.now, &step),
                  ALLOW);
    assert_int_equal(step.effects & BILLING_EFFECT_CHARGE, 0);

    team.npasses = 1;
    assert_reason(billing_sub_next(&team, BILLING_SUB_CANCEL, ask.now, &step),
                  ALLOW);
    assert_true(step.effects & BILLING_EFFECT_CHARGE);
    assert_true(step.effects & BILLING_EFFECT_SETTLE);

    team.state = BILLING_STATE_CANCELLED;
    assert_reason(billing_sub_next(&team, BILLING_SUB_RETURN_DAY,
                                   team.current.end_at, &step), ALLOW);
    assert_true(step.effects & BILLING_EFFECT_CHARGE);
    assert_int_equal(step.next, BILLING_STATE_CANCELLED);

    team.npasses = 0;
    team.pending = usd(100);
    assert_reason(billing_sub_next(&team, BILLING_SUB_RETURN_DAY,
                                   team.current.end_at, &step), ALLOW);
    assert_int_equal(step.effects, 0);
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

    team.state = BILLING_STATE_TRIAL;
    assert_reason(open_board(), DAYPASS_OFF);

    team.state = BILLING_STATE_ACTIVE;
    team.plan = BILLING_PLAN_TEAM;
    assert_reason(open_board(), DAYPASS_OFF);
    assert_false(billing_day_pass_offered(&catalogue, &team));
    team.plan = BILLING_PLANS;
    assert_false(billing_day_pass_offered(&catalogue, &team));

    /* By contract: where the catalogue has a price for it. */

    team.plan = BILLING_PLAN_ENTERPRISE;
    team.state = BILLING_STATE_ENTERPRISE;
    assert_false(billing_day_pass_offered(&catalogue, &team));
    catalogue.plans[BILLING_PLAN_ENTERPRISE].day_pass = usd(250);
    assert_true(billing_day_pass_offered(&catalogue, &team));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup(r198_e7_two_evenings_two_passes, set_up),
        cmocka_unit_test_setup(r198_viewing_needs_none, set_up),
        cmocka_unit_test_setup(r198_exactly_24_hours, set_up),
        cmocka_unit_test_setup(r199_in_one_bill_with_what_else_is_owed,
                               set_up),
        cmocka_unit_test_setup(r199_r148_the_day_of_the_bill, set_up),
        cmocka_unit_test_setup(r178_r199_cancelling_bills_them, set_up),
        cmocka_unit_test_setup(r199_billed_in_arrears, set_up),
        cmocka_unit_test_setup(r200_off_where_they_are_not_to_be_had, set_up)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("day_pass", tests, NULL, NULL);
}
