#include "api_fixture.h"


static void
expect(const char *key, billing_lang_t lang, const char *args,
    const char *wanted)
{
    char    *text;
    json_t  *json = json_loads(args, 0, NULL);

    text = billing_text_format(key, lang, json);
    assert_string_equal(text, wanted);
    free(text);
    json_decref(json);
}


static void
r2_every_reason_has_its_texts(void **state)
{
    unsigned                  missing = 0;
    static const char *const  parts[] = { "title", "detail", "next" };

    (void) state;

    assert_int_equal(billing_text_init(), BILLING_OK);

    for (unsigned i = 0; i < BILLING_REASONS; i++) {
        for (unsigned k = 0; k < 3; k++) {
            char  key[80];

            snprintf(key, sizeof(key), "%s.%s",
                     billing_reason_code((billing_reason_t) i), parts[k]);

            if (billing_text_exact(key, BILLING_LANG_EN) == NULL) {
                print_message("# missing: %s\n", key);
                missing++;
            }
        }
    }

    assert_int_equal(missing, 0);
}


/* What may lack its French text is a matter of t/tidy/texts.t. */

static void
r2_every_text_is_in_english(void **state)
{
    const char  *key;
    unsigned     missing = 0;

    (void) state;

    for (size_t n = 0; (key = billing_text_key(n)) != NULL; n++) {
        const char  *text = billing_text_exact(key, BILLING_LANG_EN);

        if (text == NULL || text[0] == '\0') {
            print_message("# missing: %s\n", key);
            missing++;
        }
    }

    assert_int_equal(missing, 0);
}


/* "!", "?", ";" and ":" never follow a letter or a plain blank in French. */

static void
french_spaces_do_not_break(void **state)
{
    const char  *key;

    (void) state;

    for (size_t n = 0; (key = billing_text_key(n)) != NULL; n++) {
        const char  *text = billing_text(key, BILLING_LANG_FR);

        if (strncmp(key, "mail.", 5) == 0 || strncmp(key, "notice.", 7) == 0)
        {
            continue;                   /* plain text mails have their own */
        }

        for (size_t i = 0; text[i] != '\0'; i++) {
            if (strchr(";:!?", text[i]) != NULL && i >= 3
                && memcmp(text + i - 3, "\xe2\x80\xaf", 3) != 0
                && memcmp(text + i - 2, "\xc2\xa0", 2) != 0)
            {
                fail_msg("%s: %s", key, text);
            }
        }

        assert_null(strchr(text, '\''));
    }
}


static void
placeholders_are_the_same_in_both(void **state)
{
    const char  *key;

    (void) state;

    for (size_t n = 0; (key = billing_text_key(n)) != NULL; n++) {
        const char  *en = billing_text(key, BILLING_LANG_EN);
        const char  *fr = billing_text(key, BILLING_LANG_FR);

        for (unsigned i = 0; i < 2; i++) {
            const char  *at = i == 0 ? en : fr;
            const char  *other = i == 0 ? fr : en;

            while ((at = strchr(at, '{')) != NULL) {
                char  name[40];

                snprintf(name, sizeof(name), "%.*s",
                         (int) strcspn(at, "}") + 1, at);
                if (strstr(other, name) == NULL) {
                    fail_msg("%s: %s", key, name);
                }

                at++;
            }
        }
    }
}


static void
placeholders_are_filled(void **state)
{
    (void) state;

    expect("SEATS_BELOW_MEMBERS.detail", BILLING_LANG_EN, "{\"n\":12}",
           "The team has 12 members, so at least 12 seats are needed.");
    expect("SEATS_BELOW_MEMBERS.detail", BILLING_LANG_FR, "{\"n\":12}",
           "L\xe2\x80\x99\xc3\xa9quipe compte 12 membres\xc2\xa0: il faut "
           "au moins 12 postes.");
    expect("INVITE_FORBIDDEN.next", BILLING_LANG_EN,
           "{\"name\":\"{n} {name}\"}", "Contact {n} {name}.");
    expect("ALREADY_CANCELLED.detail", BILLING_LANG_EN,
           "{\"date\":\"2026-11-23\"}",
           "Renewal is already off. The plan runs until 2026-11-23.");
}


static void
without_arguments_texts_read_well(void **state)
{
    const char  *key;

    (void) state;

    expect("SEATS_BELOW_MEMBERS.detail", BILLING_LANG_EN, "{\"n\":null}",
           "The team has more members than that, and each needs a seat.");
    expect("INVITE_FORBIDDEN.next", BILLING_LANG_EN, "{}",
           "Contact an admin of the team.");

    /* Each text of a refusal with a placeholder has a plain form. */

    for (size_t n = 0; (key = billing_text_key(n)) != NULL; n++) {
        char  plain[100];

        if (key[0] < 'A' || key[0] > 'Z'
            || strchr(billing_text(key, BILLING_LANG_EN), '{') == NULL)
        {
            continue;
        }

        snprintf(plain, sizeof(plain), "%s.plain", key);
        assert_non_null(billing_text_exact(plain, BILLING_LANG_FR));
        assert_null(strchr(billing_text(plain, BILLING_LANG_EN), '{'));
    }
}


static void
a_program_may_have_texts_of_its_own(void **state)
{
    static const char  more[] =
        "{\"own\":{\"en\":\"mine\"},\"line.plan\":{\"en\":\"no\"}}";

    (void) state;

    assert_string_equal(billing_text("own", BILLING_LANG_EN), "own");
    assert_int_equal(billing_text_more("[]", 2), BILLING_EFORMAT);
    assert_int_equal(billing_text_more(more, strlen(more)), BILLING_OK);
    assert_string_equal(billing_text("own", BILLING_LANG_EN), "mine");

    /* What all programs say stays. */

    assert_string_not_equal(billing_text("line.plan", BILLING_LANG_EN), "no");
}


static void
what_has_no_text_is_its_key(void **state)
{
    (void) state;

    assert_string_equal(billing_text("no.such", BILLING_LANG_FR), "no.such");
    assert_null(billing_text_exact("no.such", BILLING_LANG_FR));
    expect("no {x} {n", BILLING_LANG_EN, "{\"x\":1}", "no 1 {n");
    expect("{}{A}{", BILLING_LANG_EN, "{}", "{}{A}{");
    expect("{x}", BILLING_LANG_EN, "{}", "");
    expect("{x}", BILLING_LANG_EN, "{\"x\":1.5}", "");
    expect("{x}", BILLING_LANG_EN, "{\"x\":-9223372036854775808}",
           "-9223372036854775808");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(r2_every_reason_has_its_texts),
        cmocka_unit_test(r2_every_text_is_in_english),
        cmocka_unit_test(french_spaces_do_not_break),
        cmocka_unit_test(placeholders_are_the_same_in_both),
        cmocka_unit_test(placeholders_are_filled),
        cmocka_unit_test(without_arguments_texts_read_well),
        cmocka_unit_test(what_has_no_text_is_its_key),
        cmocka_unit_test(a_program_may_have_texts_of_its_own),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
