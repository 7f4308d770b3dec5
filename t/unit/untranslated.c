/* Texts of a table of our own, where not everything exists in French. */

#include "api_fixture.h"


/* These take the place of the library's, which nobody asks for then. */

const char  billing_messages_api[] =
    "{\"NOT_FOUND.title\": {\"en\": \"Not found\","
    "                       \"fr\": \"Introuvable\"},"
    " \"NOT_FOUND.detail\": {\"en\": \"Nothing here, {n} times.\"},"
    " \"NOT_FOUND.next\": {\"en\": \"Go back.\", \"fr\": \"Revenez.\"},"
    " \"CSRF.title\": {\"en\": \"No\", \"fr\": \"Non\"},"
    " \"CSRF.detail\": {\"en\": \"No\", \"fr\": \"Non\"},"
    " \"CSRF.next\": {\"en\": \"No\", \"fr\": \"Non\"}}";
const size_t  billing_messages_api_len = sizeof(billing_messages_api) - 1;
const char  billing_messages_mail[] = "{}";
const size_t  billing_messages_mail_len = sizeof(billing_messages_mail) - 1;


static void
r2_r5_english_for_one_text_that_is_missing(void **state)
{
    json_t  *args = json_pack("{si}", "n", 3);
    json_t  *fr = billing_problem(BILLING_NOT_FOUND, BILLING_LANG_FR, NULL,
                                  args);

    (void) state;

    assert_string_equal(text_at(fr, "title"), "Introuvable");
    assert_string_equal(text_at(fr, "detail"), "Nothing here, 3 times.");
    assert_string_equal(text_at(fr, "next"), "Revenez.");
    json_decref(args);
    json_decref(fr);
}


static void
r1_an_answer_says_that_something_is_missing(void **state)
{
    json_t  *fr, *en, *whole;

    (void) state;

    fr = billing_problem(BILLING_NOT_FOUND, BILLING_LANG_FR, NULL, NULL);
    en = billing_problem(BILLING_NOT_FOUND, BILLING_LANG_EN, NULL, NULL);
    whole = billing_problem(BILLING_CSRF, BILLING_LANG_FR, NULL, NULL);

    assert_true(json_is_true(json_object_get(fr, "untranslated")));
    assert_null(json_object_get(en, "untranslated"));
    assert_null(json_object_get(whole, "untranslated"));
    json_decref(fr);
    json_decref(en);
    json_decref(whole);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(r2_r5_english_for_one_text_that_is_missing),
        cmocka_unit_test(r1_an_answer_says_that_something_is_missing)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("untranslated", tests, NULL, NULL);
}
