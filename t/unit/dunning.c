#include "domain_fixture.h"


static const uint32_t           two[] = { 7, 14 };
static const uint32_t           three[] = { 1, 7, 14 };
static const billing_dunning_t  newest = { two, 2, 14 };
static const billing_dunning_t  older = { three, 3, 14 };


static void
r169_d9_retries_after_7_and_14_days(void **state)
{
    int64_t  first_at = at("2021-09-05T10:00:00Z");

    (void) state;

    assert_int_equal(billing_dunning_next(&newest, first_at, 0), first_at);
    assert_int_equal(billing_dunning_next(&newest, first_at, 1),
                     at("2021-09-12T10:00:00Z"));
    assert_int_equal(billing_dunning_next(&newest, first_at, 2),
                     at("2021-09-19T10:00:00Z"));
    assert_int_equal(billing_dunning_next(&newest, first_at, 3), 0);

    assert_int_equal(billing_dunning_next(&older, first_at, 1),
                     at("2021-09-06T10:00:00Z"));
    assert_int_equal(billing_dunning_next(&older, first_at, 4), 0);
}


static void
p55_an_attempt_made_late_moves_those_after_it(void **state)
{
    int64_t  day = 86400, first_at = at("2021-09-05T10:00:00Z");

    (void) state;

    /* In time, and hours late: as planned. */

    assert_int_equal(billing_dunning_first(&newest, first_at, 1,
                                           first_at + day), first_at);
    assert_int_equal(billing_dunning_first(&newest, first_at, 2,
                                           first_at + 7 * day + 3600),
                     first_at);

    /* Forty days late: seven days to the next all the same. */

    assert_int_equal(billing_dunning_first(&newest, first_at, 1,
                                           first_at + 40 * day),
                     first_at + 40 * day);
    assert_int_equal(billing_dunning_first(&newest, first_at, 2,
                                           first_at + 47 * day),
                     first_at + 40 * day);
    assert_int_equal(billing_dunning_first(&newest, first_at, 9,
                                           first_at + 90 * day), first_at);

    assert_int_equal(billing_invoice_days_late(first_at, first_at), 0);
    assert_int_equal(billing_invoice_days_late(first_at, first_at - 1), 0);
    assert_int_equal(billing_invoice_days_late(first_at,
                                               first_at + 46 * day + 5), 46);
}


static void
r171_after_the_last_it_is_over(void **state)
{
    billing_dunning_t  none = { NULL, 0, 0 };

    (void) state;

    assert_int_equal(billing_dunning_event(&newest, 1),
                     BILLING_SUB_PAY_FAILED);
    assert_int_equal(billing_dunning_event(&newest, 2),
                     BILLING_SUB_PAY_FAILED);
    assert_int_equal(billing_dunning_event(&newest, 3),
                     BILLING_SUB_LAST_FAILED);
    assert_int_equal(billing_dunning_event(&none, 1),
                     BILLING_SUB_LAST_FAILED);
}


static void
p15_a_dead_card_is_not_tried_again(void **state)
{
    (void) state;

    assert_true(billing_dunning_again(BILLING_CARD_FUNDS));
    assert_true(billing_dunning_again(BILLING_CARD_DECLINED));
    assert_true(billing_dunning_again(BILLING_GATEWAY_UNAVAILABLE));
    assert_true(billing_dunning_again(BILLING_PAYMENT_RETURNED));
    assert_false(billing_dunning_again(BILLING_CARD_EXPIRED));
    assert_false(billing_dunning_again(BILLING_CARD_INVALID));
    assert_false(billing_dunning_again(BILLING_CARD_AUTH_REQUIRED));
}


static void
r131_r132_d10_final_in_an_hour_due_in_30_days(void **state)
{
    int64_t  issued_at = at("2021-09-05T10:00:00Z");

    (void) state;

    assert_int_equal(billing_invoice_final_at(issued_at),
                     at("2021-09-05T11:00:00Z"));
    assert_int_equal(billing_invoice_due_at(issued_at),
                     at("2021-10-05T10:00:00Z"));
}


static void
section_8_14_fourteen_days_of_grace(void **state)
{
    (void) state;

    assert_int_equal(billing_invoice_grace_at(&newest, at("2021-10-05")),
                     at("2021-10-19"));
    assert_int_equal(billing_invoice_grace_at(&newest, BILLING_INSTANT_MAX),
                     BILLING_INSTANT_MAX);
    assert_int_equal(billing_invoice_final_at(BILLING_INSTANT_MAX),
                     BILLING_INSTANT_MAX);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(r169_d9_retries_after_7_and_14_days),
        cmocka_unit_test(p55_an_attempt_made_late_moves_those_after_it),
        cmocka_unit_test(r171_after_the_last_it_is_over),
        cmocka_unit_test(p15_a_dead_card_is_not_tried_again),
        cmocka_unit_test(r131_r132_d10_final_in_an_hour_due_in_30_days),
        cmocka_unit_test(section_8_14_fourteen_days_of_grace)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("dunning", tests, NULL, NULL);
}
