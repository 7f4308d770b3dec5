#include "domain_fixture.h"


static billing_promo_t
a_promo(void)
{
    return (billing_promo_t) { .code = "SPRING", .percent = 20 };
}


static billing_order_t
with(const billing_promo_t *promo)
{
    billing_order_t  order = an_order(BILLING_PLAN_TEAM, 5,
                                      BILLING_PERIOD_YEARLY);

    order.promo = promo;

    return order;
}


static void
r91_no_code_is_no_obstacle(void **state)
{
    billing_order_t  order = with(NULL);

    (void) state;

    order.promo_left = 0;

    assert_reason(billing_promo_allowed(&order, 0), ALLOW);
    assert_int_equal(billing_promo_percent(NULL, 0), 0);
}


static void
r92_unknown_expired_and_used_up_codes_are_refused(void **state)
{
    billing_promo_t  unknown = { .percent = 20 };
    billing_promo_t  promo = a_promo();
    billing_order_t  order = with(&unknown);

    (void) state;

    assert_reason(billing_promo_allowed(&order, 0), PROMO_UNKNOWN);

    order = with(&promo);
    promo.ends_at = 1000;
    assert_reason(billing_promo_allowed(&order, 999), ALLOW);
    assert_reason(billing_promo_allowed(&order, 1000), PROMO_EXPIRED);

    order.promo_left = 1;
    assert_reason(billing_promo_allowed(&order, 999), ALLOW);
    order.promo_left = 0;
    assert_reason(billing_promo_allowed(&order, 999), PROMO_USED);
}


static void
r99_conditions_of_plan_period_seats_and_start(void **state)
{
    billing_promo_t  promo;
    billing_order_t  order = with(&promo);

    (void) state;

    promo = a_promo();
    promo.plans = 1u << BILLING_PLAN_BUSINESS;
    assert_reason(billing_promo_allowed(&order, 0), PROMO_NOT_APPLICABLE);
    promo.plans |= 1u << BILLING_PLAN_TEAM;
    assert_reason(billing_promo_allowed(&order, 0), ALLOW);

    promo = a_promo();
    promo.period = BILLING_PERIOD_MONTHLY;
    assert_reason(billing_promo_allowed(&order, 0), PROMO_NOT_APPLICABLE);
    promo.period = BILLING_PERIOD_YEARLY;
    assert_reason(billing_promo_allowed(&order, 0), ALLOW);

    promo = a_promo();
    promo.seats_min = 6;
    assert_reason(billing_promo_allowed(&order, 0), PROMO_NOT_APPLICABLE);
    promo.seats_min = 5;
    assert_reason(billing_promo_allowed(&order, 0), ALLOW);

    promo = a_promo();
    promo.starts_at = 100;
    assert_reason(billing_promo_allowed(&order, 99), PROMO_NOT_APPLICABLE);
    assert_reason(billing_promo_allowed(&order, 100), ALLOW);
}


static void
no_percentage_beyond_a_hundred(void **state)
{
    billing_promo_t  promo = a_promo();
    billing_order_t  order = with(&promo);

    (void) state;

    promo.percent = 101;
    assert_reason(billing_promo_allowed(&order, 0), PROMO_NOT_APPLICABLE);
    promo.percent = 0;
    assert_reason(billing_promo_allowed(&order, 0), PROMO_NOT_APPLICABLE);
    promo.percent = 100;
    assert_reason(billing_promo_allowed(&order, 0), ALLOW);
}


static void
r98_the_discount_ends_with_its_periods(void **state)
{
    billing_promo_t  promo = a_promo();

    (void) state;

    assert_int_equal(billing_promo_percent(&promo, 0), 20);
    assert_int_equal(billing_promo_percent(&promo, 1), 0);

    promo.duration_periods = 3;
    assert_int_equal(billing_promo_percent(&promo, 2), 20);
    assert_int_equal(billing_promo_percent(&promo, 3), 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(r91_no_code_is_no_obstacle),
        cmocka_unit_test(r92_unknown_expired_and_used_up_codes_are_refused),
        cmocka_unit_test(r99_conditions_of_plan_period_seats_and_start),
        cmocka_unit_test(no_percentage_beyond_a_hundred),
        cmocka_unit_test(r98_the_discount_ends_with_its_periods)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("promo", tests, NULL, NULL);
}
