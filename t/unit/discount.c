#include "domain_fixture.h"


static billing_promo_t      promo;
static billing_order_t      order;
static billing_team_t       team;
static billing_catalogue_t  catalogue;


static int
set_up(void **state)
{
    (void) state;

    catalogue = a_catalogue();
    catalogue.plans[BILLING_PLAN_BUSINESS].volume = (billing_volume_t) {
        .percent = 25, .seats_min = 5,
        .periods = { [BILLING_PERIOD_MONTHLY] = 3,
                     [BILLING_PERIOD_YEARLY] = 1 }
    };
    team = a_free_team(2);
    order = an_order(BILLING_PLAN_BUSINESS, 5, BILLING_PERIOD_MONTHLY);
    promo = (billing_promo_t) { .code = "CODE", .percent = 30 };

    return 0;
}


static billing_discount_t
best(void)
{
    return billing_discount(&catalogue, &team, &order);
}


static void
r96_from_free_with_five_licences(void **state)
{
    (void) state;

    assert_int_equal(best().percent, 25);
    assert_int_equal(best().periods, 3);
    assert_int_equal(best().seats_min, 5);
    order.period = BILLING_PERIOD_YEARLY;
    assert_int_equal(best().periods, 1);
    order.seats = 4;
    assert_int_equal(best().percent, 0);
    order.seats = 5;
    order.plan = BILLING_PLAN_TEAM;
    assert_int_equal(best().percent, 0);
}


static void
r96_not_for_those_who_paid_before(void **state)
{
    (void) state;

    team.state = BILLING_STATE_EXPIRED;
    assert_int_equal(best().percent, 0);
    team.state = BILLING_STATE_ACTIVE;
    assert_int_equal(best().percent, 0);
}


static void
section_8_19_the_better_of_the_two(void **state)
{
    (void) state;

    /* 30 % once is less than 25 % three times. */

    order.promo = &promo;
    assert_false(best().promo);
    promo.duration_periods = 3;
    assert_true(best().promo);
    assert_int_equal(best().percent, 30);
    assert_int_equal(best().seats_min, 0);

    /* As good: the code is not spent. */

    promo.percent = 25;
    assert_false(best().promo);

    /* As much, but sooner. */

    promo.percent = 75;
    promo.duration_periods = 1;
    assert_true(best().promo);

    order.period = BILLING_PERIOD_YEARLY;
    promo.percent = 26;
    assert_true(best().promo);
    promo.percent = 24;
    assert_false(best().promo);
}


static void
r92_a_bad_code_is_refused_all_the_same(void **state)
{
    billing_quote_t  quote;

    (void) state;

    promo.ends_at = 1;
    order.promo = &promo;
    assert_reason(billing_quote(&catalogue, &team, &order, at("2026-01-01"),
                                &quote), PROMO_EXPIRED);
}


static void
one_discount_and_never_both(void **state)
{
    billing_quote_t  quote;

    (void) state;

    order.promo = &promo;
    promo.duration_periods = 3;
    assert_reason(billing_quote(&catalogue, &team, &order, at("2026-01-01"),
                                &quote), ALLOW);
    assert_int_equal(quote.discount.minor, -3000);
    assert_int_equal(quote.nlines, 2);
    assert_true(quote.promo_spent);
    assert_int_equal(quote.discount_left, 2);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup(r96_from_free_with_five_licences, set_up),
        cmocka_unit_test_setup(r96_not_for_those_who_paid_before, set_up),
        cmocka_unit_test_setup(section_8_19_the_better_of_the_two, set_up),
        cmocka_unit_test_setup(r92_a_bad_code_is_refused_all_the_same, set_up),
        cmocka_unit_test_setup(one_discount_and_never_both, set_up)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("discount", tests, NULL, NULL);
}
