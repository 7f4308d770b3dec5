#include "domain_fixture.h"


static void
every_word_reads_back_as_its_value(void **state)
{
    (void) state;

    for (unsigned i = 1; i < BILLING_PLANS; i++) {
        const char  *word = billing_plan_name((billing_plan_t) i);

        assert_int_equal(billing_plan_parse(word, strlen(word)), i);
    }

    for (unsigned i = 1; i < BILLING_STATES; i++) {
        const char  *word = billing_state_name((billing_state_t) i);

        assert_int_equal(billing_state_parse(word, strlen(word)), i);
    }

    for (unsigned i = 1; i < BILLING_PERIODS; i++) {
        const char  *word = billing_period_name((billing_period_t) i);

        assert_int_equal(billing_period_parse(word, strlen(word)), i);
    }

    for (unsigned i = 1; i < BILLING_METHODS; i++) {
        const char  *word = billing_method_name((billing_method_t) i);

        assert_int_equal(billing_method_parse(word, strlen(word)), i);
    }
}


static void
the_words_are_those_of_the_contract(void **state)
{
    (void) state;

    assert_string_equal(billing_plan_name(BILLING_PLAN_CONSULTANT),
                        "consultant");
    assert_string_equal(billing_state_name(BILLING_STATE_ACTIVE_UNPAID),
                        "active_unpaid");
    assert_string_equal(billing_state_name(BILLING_STATE_PAST_DUE),
                        "past_due");
    assert_string_equal(billing_period_name(BILLING_PERIOD_YEARLY),
                        "yearly");
    assert_string_equal(billing_method_name(BILLING_METHOD_INVOICE),
                        "invoice");
    assert_string_equal(billing_line_kind_name(BILLING_LINE_PLAN), "plan");
    assert_string_equal(billing_line_kind_name(BILLING_LINE_CREDIT),
                        "credit");
    assert_string_equal(billing_line_kind_name(BILLING_LINE_TAX), "tax");
}


static void
r51_starter_is_the_team_plan(void **state)
{
    (void) state;

    assert_int_equal(billing_plan_parse("starter", 7), BILLING_PLAN_TEAM);
    assert_int_equal(billing_plan_parse("team", 4), BILLING_PLAN_TEAM);
    assert_string_equal(billing_plan_name(BILLING_PLAN_TEAM), "team");
}


static void
r84_other_words_are_none(void **state)
{
    (void) state;

    assert_int_equal(billing_method_parse("paypal", 6), BILLING_METHOD_NONE);
    assert_int_equal(billing_plan_parse("Team", 4), BILLING_PLAN_NONE);
    assert_int_equal(billing_plan_parse("tea", 3), BILLING_PLAN_NONE);
    assert_int_equal(billing_plan_parse("teams", 5), BILLING_PLAN_NONE);
    assert_int_equal(billing_plan_parse("", 0), BILLING_PLAN_NONE);
    assert_int_equal(billing_state_parse("none", 4), BILLING_STATE_NONE);
    assert_int_equal(billing_period_parse("weekly", 6),
                     BILLING_PERIOD_NONE);
    assert_string_equal(billing_plan_name(BILLING_PLANS), "none");
    assert_string_equal(billing_state_name(BILLING_STATES), "none");
    assert_string_equal(billing_period_name(BILLING_PERIODS), "none");
    assert_string_equal(billing_method_name(BILLING_METHODS), "none");
    assert_string_equal(billing_line_kind_name((billing_line_kind_t) 99),
                        "none");
}


static void
basis_and_rounding_say_whether_they_are_known(void **state)
{
    billing_basis_t     basis = BILLING_BASIS_SECOND;
    billing_rounding_t  rounding = BILLING_ROUND_DOWN;

    (void) state;

    assert_false(billing_basis_parse("days", 4, &basis));
    assert_false(billing_basis_parse("", 0, &basis));
    assert_int_equal(basis, BILLING_BASIS_SECOND);
    assert_true(billing_basis_parse("day", 3, &basis));
    assert_int_equal(basis, BILLING_BASIS_DAY);
    assert_true(billing_basis_parse("day30", 5, &basis));
    assert_int_equal(basis, BILLING_BASIS_DAY30);
    assert_true(billing_basis_parse("second", 6, &basis));
    assert_int_equal(basis, BILLING_BASIS_SECOND);

    assert_false(billing_rounding_parse("up", 2, &rounding));
    assert_false(billing_rounding_parse("half_uP", 7, &rounding));
    assert_int_equal(rounding, BILLING_ROUND_DOWN);
    assert_true(billing_rounding_parse("half_up", 7, &rounding));
    assert_int_equal(rounding, BILLING_ROUND_HALF_UP);
    assert_true(billing_rounding_parse("half_even", 9, &rounding));
    assert_int_equal(rounding, BILLING_ROUND_HALF_EVEN);
    assert_true(billing_rounding_parse("down", 4, &rounding));
    assert_int_equal(rounding, BILLING_ROUND_DOWN);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(every_word_reads_back_as_its_value),
        cmocka_unit_test(the_words_are_those_of_the_contract),
        cmocka_unit_test(r51_starter_is_the_team_plan),
        cmocka_unit_test(r84_other_words_are_none),
        cmocka_unit_test(basis_and_rounding_say_whether_they_are_known)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("name", tests, NULL, NULL);
}
