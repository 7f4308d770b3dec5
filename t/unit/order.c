#include "domain_fixture.h"

#define NOW  "2026-07-01"


static billing_catalogue_t  catalogue;
static billing_team_t       team;
static billing_order_t      order;


static const char *
asked(void)
{
    return billing_reason_code(billing_order_allowed(&catalogue, &team,
                                                     &order, at(NOW)));
}


/* A Free team of three that asks for five Business seats by card, monthly. */

static int
a_good_order(void **state)
{
    (void) state;

    catalogue = a_catalogue();
    team = a_free_team(3);
    order = an_order(BILLING_PLAN_BUSINESS, 5, BILLING_PERIOD_MONTHLY);

    return 0;
}


static void
r46_three_plans_are_bought_in_the_window(void **state)
{
    (void) state;

    assert_string_equal(asked(), "ALLOW");
    order.plan = BILLING_PLAN_TEAM;
    assert_string_equal(asked(), "ALLOW");
    order.plan = BILLING_PLAN_CONSULTANT;
    assert_string_equal(asked(), "ALLOW");
}


static void
r49_r52_the_others_are_not(void **state)
{
    (void) state;

    order.plan = BILLING_PLAN_ENTERPRISE;
    assert_string_equal(asked(), "PLAN_ENTERPRISE_CONTACT");
    order.plan = BILLING_PLAN_EDUCATION;
    assert_string_equal(asked(), "PLAN_EDUCATION_APPLY");
    order.plan = BILLING_PLAN_FREE;
    assert_string_equal(asked(), "PLAN_UNKNOWN");
    order.plan = BILLING_PLAN_NONE;
    assert_string_equal(asked(), "PLAN_UNKNOWN");
    order.plan = BILLING_PLANS;
    assert_string_equal(asked(), "PLAN_UNKNOWN");
}


static void
r50_a_withdrawn_plan_is_not_sold(void **state)
{
    (void) state;

    order.plan = BILLING_PLAN_CONSULTANT;
    catalogue.plans[BILLING_PLAN_CONSULTANT].selling = false;
    assert_string_equal(asked(), "PLAN_WITHDRAWN");
    catalogue.plans[BILLING_PLAN_CONSULTANT].known = false;
    assert_string_equal(asked(), "PLAN_UNKNOWN");
}


static void
r76_monthly_or_yearly(void **state)
{
    (void) state;

    order.period = BILLING_PERIOD_YEARLY;
    assert_string_equal(asked(), "ALLOW");
    order.period = BILLING_PERIOD_NONE;
    assert_string_equal(asked(), "BILLING_TYPE_INVALID");
    order.period = BILLING_PERIODS;
    assert_string_equal(asked(), "BILLING_TYPE_INVALID");
}


static void
a_plan_without_a_price_is_not_given_away(void **state)
{
    (void) state;

    catalogue.plans[BILLING_PLAN_BUSINESS].price[BILLING_PERIOD_MONTHLY] =
        usd(0);
    assert_string_equal(asked(), "BILLING_TYPE_INVALID");
    catalogue.plans[BILLING_PLAN_BUSINESS].price[BILLING_PERIOD_MONTHLY] =
        usd(-1);
    assert_string_equal(asked(), "BILLING_TYPE_INVALID");
}


static void
r58_the_same_plan_is_not_bought_twice(void **state)
{
    static const billing_state_t  paying[] = {
        BILLING_STATE_ACTIVE, BILLING_STATE_ACTIVE_UNPAID,
        BILLING_STATE_PAST_DUE
    };

    (void) state;

    team = a_paid_team(&catalogue, BILLING_PLAN_BUSINESS,
                       BILLING_PERIOD_YEARLY, 5, "2026-01-01");

    for (unsigned i = 0; i < 3; i++) {
        team.state = paying[i];
        assert_string_equal(asked(), "UPGRADE_ALREADY_PAID");
    }
}


/* What was not paid cannot be credited (domain section 6). */

static void
r155_what_is_owed_comes_before_a_higher_plan(void **state)
{
    (void) state;

    team = a_paid_team(&catalogue, BILLING_PLAN_TEAM, BILLING_PERIOD_YEARLY,
                       5, "2026-01-01");
    team.state = BILLING_STATE_ACTIVE_UNPAID;
    assert_string_equal(asked(), "INVOICE_OPEN");
    team.state = BILLING_STATE_TRIAL;
    team.trial_plan = BILLING_PLAN_BUSINESS;
    assert_string_equal(asked(), "ALLOW");
    team.invoice_open = true;
    assert_string_equal(asked(), "INVOICE_OPEN");
    team.invoice_open = false;
    team.trial_plan = BILLING_PLAN_NONE;
    team.state = BILLING_STATE_PAST_DUE;
    assert_string_equal(asked(), "PAYMENT_PAST_DUE");

    /* In the order of the enum: what is wrong with the order comes first. */

    order.seats = 1;
    assert_string_equal(asked(), "SEATS_BELOW_MEMBERS");
}


static void
r63_a_paying_team_goes_up(void **state)
{
    (void) state;

    team = a_paid_team(&catalogue, BILLING_PLAN_TEAM, BILLING_PERIOD_YEARLY,
                       3, "2026-01-01");
    assert_string_equal(asked(), "ALLOW");
    order.plan = BILLING_PLAN_CONSULTANT;
    assert_string_equal(asked(), "ALLOW");

    team.plan = BILLING_PLAN_CONSULTANT;
    order.plan = BILLING_PLAN_BUSINESS;
    assert_string_equal(asked(), "ALLOW");
}


static void
r161_the_way_down_is_not_a_purchase(void **state)
{
    (void) state;

    team = a_paid_team(&catalogue, BILLING_PLAN_BUSINESS,
                       BILLING_PERIOD_YEARLY, 5, "2026-01-01");
    order.plan = BILLING_PLAN_TEAM;
    assert_string_equal(asked(), "UPGRADE_ALREADY_PAID");
    order.plan = BILLING_PLAN_CONSULTANT;
    assert_string_equal(asked(), "UPGRADE_ALREADY_PAID");

    /* What is no plan of the window keeps its own answer. */

    order.plan = BILLING_PLAN_FREE;
    assert_string_equal(asked(), "PLAN_UNKNOWN");
    order.plan = BILLING_PLAN_ENTERPRISE;
    assert_string_equal(asked(), "PLAN_ENTERPRISE_CONTACT");
}


static void
r65_a_cancelled_team_buys_nothing_until_its_end(void **state)
{
    (void) state;

    team = a_paid_team(&catalogue, BILLING_PLAN_TEAM, BILLING_PERIOD_YEARLY,
                       3, "2026-01-01");
    team.state = BILLING_STATE_CANCELLED;
    assert_string_equal(asked(), "SUBSCRIPTION_CANCELLED");
    order.plan = BILLING_PLAN_NONE;
    assert_string_equal(asked(), "SUBSCRIPTION_CANCELLED");

    order.plan = BILLING_PLAN_BUSINESS;
    team.current.end_at = at(NOW);
    assert_string_equal(asked(), "ALLOW");
    team.current.end_at = at(NOW) + 1;
    assert_string_equal(asked(), "SUBSCRIPTION_CANCELLED");
}


static void
r183_an_expired_team_may_buy_any_plan_again(void **state)
{
    (void) state;

    team = a_paid_team(&catalogue, BILLING_PLAN_BUSINESS,
                       BILLING_PERIOD_YEARLY, 3, "2024-01-01");
    team.state = BILLING_STATE_EXPIRED;
    assert_string_equal(asked(), "ALLOW");
    order.plan = BILLING_PLAN_TEAM;
    assert_string_equal(asked(), "ALLOW");
}


static void
enterprise_and_education_are_arranged_elsewhere(void **state)
{
    (void) state;

    team.plan = BILLING_PLAN_ENTERPRISE;
    team.state = BILLING_STATE_ENTERPRISE;
    assert_string_equal(asked(), "UPGRADE_ALREADY_PAID");
    team.plan = BILLING_PLAN_EDUCATION;
    team.state = BILLING_STATE_EDUCATION;
    assert_string_equal(asked(), "UPGRADE_ALREADY_PAID");
    team.state = BILLING_STATE_NONE;
    assert_string_equal(asked(), "TEAM_NOT_FOUND");
    team.state = BILLING_STATES;
    assert_string_equal(asked(), "TEAM_NOT_FOUND");
}


/* Everything wrong at once, put right in the order of the enum. */

static void
refusals_come_in_the_order_of_their_list(void **state)
{
    billing_promo_t  promo = { .code = "OLD", .percent = 10, .ends_at = 1 };

    (void) state;

    team = a_paid_team(&catalogue, BILLING_PLAN_CONSULTANT,
                       BILLING_PERIOD_YEARLY, 3, "2026-01-01");
    order = (billing_order_t) {
        .plan = BILLING_PLAN_CONSULTANT,
        .promo = &promo
    };

    assert_string_equal(asked(), "UPGRADE_ALREADY_PAID");
    team = a_free_team(3);
    order.plan = BILLING_PLAN_NONE;
    assert_string_equal(asked(), "PLAN_UNKNOWN");
    order.plan = BILLING_PLAN_CONSULTANT;
    catalogue.plans[BILLING_PLAN_CONSULTANT].selling = false;
    assert_string_equal(asked(), "PLAN_WITHDRAWN");
    order.plan = BILLING_PLAN_TEAM;
    assert_string_equal(asked(), "BILLING_TYPE_INVALID");
    order.period = BILLING_PERIOD_MONTHLY;
    assert_string_equal(asked(), "PAYMENT_METHOD_UNSUPPORTED");
    order.method = BILLING_METHOD_INVOICE;
    assert_string_equal(asked(), "SEATS_INVALID");
    order.seats = 2;
    assert_string_equal(asked(), "SEATS_BELOW_MEMBERS");
    order.seats = 101;
    assert_string_equal(asked(), "SEATS_ABOVE_WINDOW_MAX");
    order.seats = 10;
    assert_string_equal(asked(), "INVOICE_TEAM_YEARLY");
    order.period = BILLING_PERIOD_YEARLY;
    assert_string_equal(asked(), "INVOICE_TEAM_SEATS");
    order.seats = 11;
    assert_string_equal(asked(), "PROMO_EXPIRED");
    promo.ends_at = 0;
    order.promo_left = 1;
    assert_string_equal(asked(), "ALLOW");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup(r46_three_plans_are_bought_in_the_window,
                               a_good_order),
        cmocka_unit_test_setup(r49_r52_the_others_are_not,
                               a_good_order),
        cmocka_unit_test_setup(r50_a_withdrawn_plan_is_not_sold,
                               a_good_order),
        cmocka_unit_test_setup(r76_monthly_or_yearly,
                               a_good_order),
        cmocka_unit_test_setup(a_plan_without_a_price_is_not_given_away,
                               a_good_order),
        cmocka_unit_test_setup(r58_the_same_plan_is_not_bought_twice,
                               a_good_order),
        cmocka_unit_test_setup(r155_what_is_owed_comes_before_a_higher_plan,
                               a_good_order),
        cmocka_unit_test_setup(r63_a_paying_team_goes_up,
                               a_good_order),
        cmocka_unit_test_setup(r161_the_way_down_is_not_a_purchase,
                               a_good_order),
        cmocka_unit_test_setup(r65_a_cancelled_team_buys_nothing_until_its_end,
                               a_good_order),
        cmocka_unit_test_setup(r183_an_expired_team_may_buy_any_plan_again,
                               a_good_order),
        cmocka_unit_test_setup(enterprise_and_education_are_arranged_elsewhere,
                               a_good_order),
        cmocka_unit_test_setup(refusals_come_in_the_order_of_their_list,
                               a_good_order)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("order", tests, NULL, NULL);
}
