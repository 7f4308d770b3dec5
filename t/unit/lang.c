#include "api_fixture.h"


static billing_lang_t
accept(const char *header)
{
    return billing_lang_accept(header, strlen(header), BILLING_LANG_EN);
}


static void
the_default_is_for_who_says_nothing_we_have(void **state)
{
    (void) state;

    assert_int_equal(billing_lang_accept("de", 2, BILLING_LANG_FR),
                     BILLING_LANG_FR);
    assert_int_equal(billing_lang_accept("*", 1, BILLING_LANG_FR),
                     BILLING_LANG_FR);
    assert_int_equal(billing_lang_accept("", 0, BILLING_LANG_FR),
                     BILLING_LANG_FR);
    assert_int_equal(billing_lang_accept("en;q=0.1", 8, BILLING_LANG_FR),
                     BILLING_LANG_EN);
    assert_int_equal(billing_lang_accept("de, en", 6, BILLING_LANG_FR),
                     BILLING_LANG_EN);
}


static void
the_best_language_we_have(void **state)
{
    static const struct {
        const char      *header;
        billing_lang_t   lang;
    } cases[] = {
        { "", BILLING_LANG_EN }, { "fr", BILLING_LANG_FR },
        { "FR", BILLING_LANG_FR }, { "fr-CA", BILLING_LANG_FR },
        { "en", BILLING_LANG_EN }, { "de", BILLING_LANG_EN },
        { "fr,en", BILLING_LANG_FR }, { "en,fr", BILLING_LANG_EN },
        { "de, fr;q=0.9, en;q=0.8", BILLING_LANG_FR },
        { "fr;q=0.5, en;q=0.8", BILLING_LANG_EN },
        { "en;q=0.001,fr;q=0.002", BILLING_LANG_FR },
        { "fr;q=0", BILLING_LANG_EN }, { "fr;q=0.000", BILLING_LANG_EN },
        { "*", BILLING_LANG_EN }, { "*;q=0.1, fr", BILLING_LANG_FR },
        { "  fr ; q=1.000 ", BILLING_LANG_FR },
        { "frr", BILLING_LANG_EN }, { "f", BILLING_LANG_EN },
        { ",,,fr", BILLING_LANG_FR }
    };

    (void) state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (accept(cases[i].header) != cases[i].lang) {
            fail_msg("%s", cases[i].header);
        }
    }
}


/* 5.5 row 6. */

static void
nonsense_is_english(void **state)
{
    char                many[8192] = "";
    const char *const   bad[] = { "fr;q=9e99", "fr;q=1.1", "fr;q=2",
                                  "fr;q=-1", "fr;q=0.0001", "fr;q=1.0x",
                                  "fr;Q", "fr;;q=1", "fr\xff", "\0" };

    (void) state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(accept(bad[i]), BILLING_LANG_EN);
    }

    for (unsigned i = 0; i < 15; i++) {
        strcat(many, "de,");
    }

    strcat(many, "fr");
    assert_int_equal(accept(many), BILLING_LANG_FR);
    memmove(many + 3, many, strlen(many) + 1);
    memcpy(many, "de,", 3);
    assert_int_equal(accept(many), BILLING_LANG_EN);
}


static void
languages_have_names(void **state)
{
    (void) state;

    assert_string_equal(billing_lang_name(BILLING_LANG_FR), "fr");
    assert_string_equal(billing_lang_name(BILLING_LANG_EN), "en");
    assert_string_equal(billing_lang_name(BILLING_LANGS), "en");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(the_default_is_for_who_says_nothing_we_have),
        cmocka_unit_test(the_best_language_we_have),
        cmocka_unit_test(nonsense_is_english),
        cmocka_unit_test(languages_have_names),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
