/* What was shown is held, or it is said why not. */

#include "domain_fixture.h"

#define TTL  1800


static billing_quote_pin_t
shown(void)
{
    billing_quote_pin_t  pin = {
        .kind = BILLING_PIN_PURCHASE, .plan = BILLING_PLAN_TEAM,
        .period = BILLING_PERIOD_MONTHLY, .method = BILLING_METHOD_CARD,
        .seats = 7, .total = usd(7000), .due_now = usd(7000),
        .renewal = usd(7000), .at = 1000, .team_version = 4,
        .promo = { 1 }, .buyer = { 2 }, .catalogue = { 3 }
    };

    return pin;
}


static uint32_t
changed(const billing_quote_pin_t *now)
{
    billing_quote_pin_t  then = shown();

    return billing_pin_changed(&then, now, TTL);
}


static void
p11_the_same_holds_until_it_is_too_old(void **state)
{
    billing_quote_pin_t  now = shown();

    (void) state;

    assert_int_equal(changed(&now), 0);
    now.at += TTL - 1;
    assert_int_equal(changed(&now), 0);
    now.at++;
    assert_int_equal(changed(&now), BILLING_PIN_EXPIRED);

    /* A worker whose clock is a little behind the other's. */

    now.at = 999;
    assert_int_equal(changed(&now), 0);
}


static void
p11_equal_amounts_hold_wherever_they_come_from(void **state)
{
    billing_quote_pin_t  now = shown();

    (void) state;

    now.at += TTL / 2;
    now.team_version = 9;
    now.catalogue[31] = 1;
    assert_int_equal(changed(&now), 0);
}


static void
p11_each_part_of_the_order_is_named(void **state)
{
    static const struct {
        uint32_t     bit;
        unsigned     place;
        const char  *name;
    } cases[] = {
        { BILLING_PIN_NOT_OURS, 0, "quote" },
        { BILLING_PIN_OTHER, 1, "request" },
        { BILLING_PIN_PLAN, 2, "plan" }, { BILLING_PIN_COUNT, 3, "seats" },
        { BILLING_PIN_TYPE, 4, "period" },
        { BILLING_PIN_METHOD, 5, "payment_method" },
        { BILLING_PIN_PROMO, 6, "promo" },
        { BILLING_PIN_BUYER, 7, "billing_information" },
        { BILLING_PIN_EXPIRED, 8, "expired" },
        { BILLING_PIN_AMOUNT, 9, "amount" },
        { BILLING_PIN_CATALOGUE, 10, "catalogue" },
        { BILLING_PIN_TEAM, 11, "team" }, { BILLING_PIN_TIME, 12, "time" }
    };

    (void) state;

    for (unsigned i = 0; i < BILLING_PIN_CHANGES; i++) {
        assert_int_equal(cases[i].bit, 1u << cases[i].place);
        assert_string_equal(billing_pin_change_name(cases[i].place),
                            cases[i].name);
    }

    assert_string_equal(billing_pin_change_name(BILLING_PIN_CHANGES), "");
}


static void
p11_another_order_does_not_hold(void **state)
{
    billing_quote_pin_t  now = shown();

    (void) state;

    now.plan = BILLING_PLAN_BUSINESS;
    assert_int_equal(changed(&now), BILLING_PIN_PLAN);
    now.seats = 8;
    assert_int_equal(changed(&now), BILLING_PIN_PLAN | BILLING_PIN_COUNT);

    now = shown();
    now.period = BILLING_PERIOD_YEARLY;
    assert_int_equal(changed(&now), BILLING_PIN_TYPE);
    now = shown();
    now.method = BILLING_METHOD_INVOICE;
    assert_int_equal(changed(&now), BILLING_PIN_METHOD);
    now = shown();
    now.promo[7] = 1;
    assert_int_equal(changed(&now), BILLING_PIN_PROMO);
    now = shown();
    now.buyer[0] = 0;
    assert_int_equal(changed(&now), BILLING_PIN_BUYER);

    /* The order is told before its age and its amount. */

    now.at += TTL;
    now.total = usd(1);
    assert_int_equal(changed(&now), BILLING_PIN_BUYER);

    now.kind = BILLING_PIN_SEATS;
    assert_int_equal(changed(&now), BILLING_PIN_OTHER);
}


static void
p11_another_amount_says_what_it_comes_from(void **state)
{
    billing_quote_pin_t  now = shown();

    (void) state;

    now.total = usd(7001);
    assert_int_equal(changed(&now), BILLING_PIN_AMOUNT | BILLING_PIN_TIME);
    now.catalogue[0] = 0;
    assert_int_equal(changed(&now),
                     BILLING_PIN_AMOUNT | BILLING_PIN_CATALOGUE);
    now.team_version++;
    assert_int_equal(changed(&now), BILLING_PIN_AMOUNT | BILLING_PIN_CATALOGUE
                                    | BILLING_PIN_TEAM);

    now = shown();
    now.due_now = usd(0);
    assert_int_equal(changed(&now), BILLING_PIN_AMOUNT | BILLING_PIN_TIME);

    /* What it costs later was shown as well. */

    now = shown();
    now.renewal = usd(6999);
    assert_int_equal(changed(&now), BILLING_PIN_AMOUNT | BILLING_PIN_TIME);
}


static void
r120_the_number_alone_is_no_amount(void **state)
{
    billing_quote_pin_t  now = shown(), then = shown();

    (void) state;

    now.total.currency = billing_currency_parse("JPY", 3);
    assert_int_equal(changed(&now), BILLING_PIN_AMOUNT | BILLING_PIN_TIME);

    /* Nothing is nothing. */

    then.total = now.total = usd(0);
    now.total.currency = 0;
    assert_int_equal(billing_pin_changed(&then, &now, TTL), 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(p11_the_same_holds_until_it_is_too_old),
        cmocka_unit_test(p11_equal_amounts_hold_wherever_they_come_from),
        cmocka_unit_test(p11_each_part_of_the_order_is_named),
        cmocka_unit_test(p11_another_order_does_not_hold),
        cmocka_unit_test(p11_another_amount_says_what_it_comes_from),
        cmocka_unit_test(r120_the_number_alone_is_no_amount)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("quote_hold", tests, NULL, NULL);
}
