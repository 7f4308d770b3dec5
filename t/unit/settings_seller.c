/* Who sells: what a document must name of it. */

#include "settings_fixture.h"

#define SIREN  "\"siren\": \"123456782\","


static void
p41_a_french_seller_names_its_form_and_number(void **state)
{
    (void) state;

    assert_int_equal(settings_with(SIREN, SIREN), BILLING_OK);
    assert_string_equal(settings.seller_siren, "123456782");
    assert_string_equal(settings.seller_form, "SAS");

    assert_int_equal(settings_with(SIREN, ""), BILLING_ERANGE);
    assert_non_null(strstr(settings_error, "siren"));
    assert_int_equal(settings_with("\"legal_form\": \"SAS\",", ""),
                     BILLING_ERANGE);
    assert_non_null(strstr(settings_error, "legal_form"));

    /* One digit wrong, too few, letters. */

    assert_int_equal(settings_with(SIREN, "\"siren\": \"123456783\","),
                     BILLING_ERANGE);
    assert_int_equal(settings_with(SIREN, "\"siren\": \"12345678\","),
                     BILLING_ERANGE);
    assert_int_equal(settings_with(SIREN, "\"siren\": \"12345678A\","),
                     BILLING_ERANGE);
}


static void
p39_the_zone_is_a_name(void **state)
{
    static const char *const  wrong[] = {
        "\"time_zone\": \"/etc/passwd\",", "\"time_zone\": \"../x\",",
        "\"time_zone\": \"Europe/\",", "\"time_zone\": \"a b\","
    };

    (void) state;

    assert_int_equal(settings_with(SIREN, SIREN
                                   "\"time_zone\": \"Europe/Paris\","),
                     BILLING_OK);
    assert_string_equal(settings.seller_zone, "Europe/Paris");

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char  text[96];

        (void) snprintf(text, sizeof(text), SIREN "%s", wrong[i]);
        assert_int_equal(settings_with(SIREN, text), BILLING_ERANGE);
        assert_non_null(strstr(settings_error, "time_zone"));
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(p41_a_french_seller_names_its_form_and_number),
        cmocka_unit_test(p39_the_zone_is_a_name)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("settings_seller", tests, NULL, NULL);
}
