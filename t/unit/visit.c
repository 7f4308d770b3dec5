#include "domain_fixture.h"


static void
names_there_and_back(void **state)
{
    (void) state;

    for (unsigned i = BILLING_VISIT_OFF; i < BILLING_VISITS; i++) {
        const char  *name = billing_visit_name((billing_visit_t) i);

        assert_int_equal(billing_visit_parse(name, strlen(name)), i);
    }

    assert_int_equal(billing_visit_parse("", 0), BILLING_VISITS);
    assert_int_equal(billing_visit_parse("vie", 3), BILLING_VISITS);
    assert_int_equal(billing_visit_parse("views", 5), BILLING_VISITS);
    assert_string_equal(billing_visit_name(BILLING_VISITS), "off");
}


static void
r56_r197_a_link_lets_no_more_than_the_plan(void **state)
{
    billing_terms_t  terms = { .known = true };

    (void) state;

    for (unsigned plan = 0; plan < BILLING_VISITS; plan++) {
        terms.visitors = (billing_visit_t) plan;

        for (unsigned link = 0; link < BILLING_VISITS; link++) {
            billing_reason_t  got;

            got = billing_visit_allowed(&terms, (billing_visit_t) link);
            assert_int_equal(got, link <= plan ? BILLING_ALLOW
                                               : BILLING_FEATURE_MISSING);
        }
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(names_there_and_back),
        cmocka_unit_test(r56_r197_a_link_lets_no_more_than_the_plan)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("visit", tests, NULL, NULL);
}
