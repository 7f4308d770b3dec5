#include "settings_fixture.h"

#define COUNTRIES  "[\"BR\", \"IN\"]"


static void
r86_countries_are_capitals(void **state)
{
    static const char *const  wrong[] = {
        "[\"br\"]", "[\"B\"]", "[\"BRA\"]", "[7]", "[null]", "[\"BR\", \"\"]",
        "{}", "\"BR\""
    };

    (void) state;

    assert_int_equal(settings_with(COUNTRIES, "[\"DE\"]"), BILLING_OK);
    assert_int_equal(settings.ninvoice_excluded, 1);
    assert_string_equal(settings.invoice_excluded[0], "DE");
    assert_int_equal(settings_with(COUNTRIES, "[]"), BILLING_OK);
    assert_int_equal(settings.ninvoice_excluded, 0);

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(settings_with(COUNTRIES, wrong[i]), BILLING_ERANGE);
        assert_non_null(strstr(settings_error, "invoice_countries_excluded"));
    }
}


static void
r138_credit_notes_have_a_series_of_their_own(void **state)
{
    (void) state;

    assert_int_equal(settings_with(", \"credit_note_series\": \"AV\"", ""),
                     BILLING_OK);
    assert_string_equal(settings.credit_series, "CN");
    assert_int_equal(settings_with("\"AV\"", "\"INV\""), BILLING_ERANGE);
    assert_int_equal(settings_with("\"AV\"", "\"a/v\""), BILLING_ERANGE);
    assert_non_null(strstr(settings_error, "credit_note_series"));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(r86_countries_are_capitals),
        cmocka_unit_test(r138_credit_notes_have_a_series_of_their_own)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("settings_invoice", tests, NULL, NULL);
}
