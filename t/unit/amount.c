/* Amounts and days in words, against what Intl makes of them in a browser. */

#include "api_fixture.h"


static json_t *
expected(const char *part)
{
    char     *bytes;
    size_t    len;
    json_t   *whole, *list;

    bytes = a_file("t/data/amounts.json", &len);
    whole = json_loadb(bytes, len, 0, NULL);
    free(bytes);
    assert_non_null(whole);
    list = json_incref(json_object_get(whole, part));
    json_decref(whole);

    return list;
}


static const char *
word(const json_t *row, size_t i)
{
    return json_string_value(json_array_get(row, i));
}


static void
amounts_are_those_of_the_browser(void **state)
{
    char             text[BILLING_AMOUNT_MAX];
    json_t          *list = expected("amounts"), *row;
    billing_money_t  amount;
    size_t           i;

    (void) state;
    assert_true(json_array_size(list) > 100);

    json_array_foreach(list, i, row) {
        amount.currency = billing_currency_parse(word(row, 0), 3);
        amount.minor = json_integer_value(json_array_get(row, 1));
        billing_amount_text(amount, BILLING_LANG_EN, text);
        assert_string_equal(text, word(row, 2));
        billing_amount_text(amount, BILLING_LANG_FR, text);
        assert_string_equal(text, word(row, 3));
    }

    json_decref(list);

    amount.minor = INT64_MIN;
    amount.currency = billing_currency_parse("USD", 3);
    billing_amount_text(amount, BILLING_LANG_EN, text);
    assert_string_equal(text, "-$92,233,720,368,547,758.08");
}


static void
days_are_those_of_the_browser(void **state)
{
    bool     only;
    char     text[BILLING_DAY_TEXT_MAX];
    json_t  *list = expected("days"), *row;
    int64_t  at;
    size_t   i;

    (void) state;
    assert_true(json_array_size(list) > 3);

    json_array_foreach(list, i, row) {
        assert_int_equal(billing_instant_parse(word(row, 0), 10, &at, &only),
                         BILLING_OK);
        billing_day_text(billing_date_of(at), BILLING_LANG_EN, text);
        assert_string_equal(text, word(row, 1));
        billing_day_text(billing_date_of(at), BILLING_LANG_FR, text);
        assert_string_equal(text, word(row, 2));
    }

    json_decref(list);
}


static void
arguments_get_their_language_last(void **state)
{
    json_t  *words, *args;

    (void) state;
    args = json_pack("{s:s, s:I, s:o, s:o, s:o}", "name", "x", "n",
        (json_int_t) 3, "total", billing_amount_json((billing_money_t) {
            123456, billing_currency_parse("EUR", 3) }),
        "day", billing_day_json((billing_date_t) { 2026, 8, 1 }),
        "until", billing_moment_json(1772355600));

    words = billing_words_json(args, BILLING_LANG_EN);
    assert_string_equal(json_string_value(json_object_get(words, "total")),
                        "€1,234.56");
    assert_string_equal(json_string_value(json_object_get(words, "until")),
                        "March 1, 2026, 09:00 UTC");
    assert_int_equal(json_integer_value(json_object_get(words, "n")), 3);
    json_decref(words);

    words = billing_words_json(args, BILLING_LANG_FR);
    assert_string_equal(json_string_value(json_object_get(words, "day")),
                        "1 août 2026");
    assert_string_equal(json_string_value(json_object_get(words, "until")),
                        "1 mars 2026 à 09:00 UTC");
    json_decref(words);
    json_decref(args);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(amounts_are_those_of_the_browser),
        cmocka_unit_test(days_are_those_of_the_browser),
        cmocka_unit_test(arguments_get_their_language_last)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("amount", tests, NULL, NULL);
}
