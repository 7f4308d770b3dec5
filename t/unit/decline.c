#include "domain_fixture.h"


static const int64_t  noon = 1800000000;


static void
p54_five_declines_within_ten_minutes_pause_cards_for_thirty(void **state)
{
    int64_t  at[] = { noon + 600, noon + 400, noon + 300, noon + 1, noon };

    (void) state;

    assert_int_equal(billing_decline_until(at, 5), noon + 600 + 1800);
    assert_int_equal(billing_decline_until(at, 4), 0);
    assert_int_equal(billing_decline_until(NULL, 0), 0);

    at[0]++;
    assert_int_equal(billing_decline_until(at, 5), 0);
}


static void
p54_a_decline_during_the_pause_prolongs_it_a_later_one_does_not(void **state)
{
    int64_t  late[] = { noon + 550, noon + 500, noon + 400, noon + 300,
                        noon + 1, noon };
    int64_t  next[] = { noon + 3000, noon + 500, noon + 400, noon + 300,
                        noon + 1, noon };

    (void) state;

    assert_int_equal(billing_decline_until(late, 6), noon + 550 + 1800);
    assert_int_equal(billing_decline_until(next, 6), noon + 500 + 1800);
}


static void
p54_ten_purchases_within_an_hour_are_enough(void **state)
{
    int64_t  at[12];

    (void) state;

    for (int i = 0; i < 12; i++) {
        at[i] = noon - 60 * i;
    }

    assert_int_equal(billing_purchases_until(NULL, 0), 0);
    assert_int_equal(billing_purchases_until(at, 9), 0);

    /* The tenth from the end is the one that must be an hour old. */

    assert_int_equal(billing_purchases_until(at, 10), noon - 540 + 3600);
    assert_int_equal(billing_purchases_until(at, 12), noon - 540 + 3600);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(
            p54_five_declines_within_ten_minutes_pause_cards_for_thirty),
        cmocka_unit_test(
            p54_a_decline_during_the_pause_prolongs_it_a_later_one_does_not),
        cmocka_unit_test(p54_ten_purchases_within_an_hour_are_enough)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("decline", tests, NULL, NULL);
}
