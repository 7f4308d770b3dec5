#include "api_fixture.h"


static void
r6_a_problem_differs_by_language_in_words_only(void **state)
{
    static const char *const  same[] = { "type", "code", "field" };

    (void) state;

    for (unsigned i = 0; i < BILLING_REASONS; i++) {
        billing_reason_t   reason = (billing_reason_t) i;
        json_t            *en, *fr;

        en = billing_problem(reason, BILLING_LANG_EN, NULL, NULL);
        fr = billing_problem(reason, BILLING_LANG_FR, NULL, NULL);

        for (unsigned k = 0; k < 3; k++) {
            assert_string_equal(text_at(en, same[k]), text_at(fr, same[k]));
        }

        assert_string_equal(text_at(en, "code"), billing_reason_code(reason));
        assert_int_equal(json_integer_value(json_object_get(en, "status")),
                         billing_reason_status(reason));
        assert_string_not_equal(text_at(en, "detail"), "");
        assert_string_not_equal(text_at(en, "detail"), text_at(fr, "detail"));
        assert_null(strchr(text_at(en, "detail"), '{'));
        assert_null(strchr(text_at(en, "next"), '{'));

        json_decref(en);
        json_decref(fr);
    }
}


static void
r67_numbers_fill_the_text_and_are_members(void **state)
{
    json_t  *args = json_pack("{si ss}", "n", 12, "code", "FORGED");
    json_t  *problem = billing_problem(BILLING_SEATS_BELOW_MEMBERS,
                                       BILLING_LANG_EN, NULL, args);

    (void) state;

    assert_string_equal(text_at(problem, "type"),
                        "/billing/problems/SEATS_BELOW_MEMBERS");
    assert_string_equal(text_at(problem, "title"),
                        "Fewer seats than members");
    assert_string_equal(text_at(problem, "detail"),
        "The team has 12 members, so at least 12 seats are needed.");
    assert_string_equal(text_at(problem, "field"), "seats");
    assert_string_equal(text_at(problem, "code"), "SEATS_BELOW_MEMBERS");
    assert_int_equal(json_integer_value(json_object_get(problem, "n")), 12);
    assert_int_equal(json_integer_value(json_object_get(problem, "status")),
                     422);
    json_decref(problem);

    assert_int_equal(json_object_size(args), 2);
    json_decref(args);
}


static void
the_field_at_fault(void **state)
{
    json_t  *problem;

    (void) state;

    problem = billing_problem(BILLING_FIELD_MISSING, BILLING_LANG_EN,
                              "payment.method", NULL);
    assert_string_equal(text_at(problem, "field"), "payment.method");
    json_decref(problem);

    problem = billing_problem(BILLING_FIELD_MISSING, BILLING_LANG_EN, "",
                              NULL);
    assert_null(json_object_get(problem, "field"));
    json_decref(problem);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(r6_a_problem_differs_by_language_in_words_only),
        cmocka_unit_test(r67_numbers_fill_the_text_and_are_members),
        cmocka_unit_test(the_field_at_fault),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
