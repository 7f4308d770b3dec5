#include "api_fixture.h"


static billing_settings_t  settings;


static int
setup(void **state)
{
    char    *bytes, error[BILLING_SETTINGS_ERROR_MAX];
    size_t   len;

    (void) state;

    bytes = a_file("conf/billing.json", &len);
    assert_int_equal(billing_settings_parse("x", bytes, len, &settings,
                                            error), BILLING_OK);
    free(bytes);

    return 0;
}


static json_t *
quote(billing_lang_t lang, const char *promo)
{
    billing_quote_t   out;
    billing_team_t    team = { .plan = BILLING_PLAN_FREE,
                               .state = BILLING_STATE_FREE, .members = 10 };
    billing_order_t   order = {
        .plan = BILLING_PLAN_TEAM, .seats = 12,
        .period = BILLING_PERIOD_YEARLY, .method = BILLING_METHOD_CARD,
        .promo_left = UINT32_MAX, .tax_permyriad = 550
    };

    order.promo = billing_catalogue_promo(&settings.catalogue, promo,
                                          strlen(promo));
    assert_int_equal(billing_quote(&settings.catalogue, &team, &order,
                                   1767225600, &out), BILLING_ALLOW);

    return billing_quote_json(&out, "t_1", lang);
}


static int64_t
number(const json_t *json, const char *name)
{
    const json_t  *value = json_object_get(json, name);

    assert_true(json_is_integer(value));

    return json_integer_value(value);
}


static void
r6_the_quote_and_its_arithmetic(void **state)
{
    int64_t  sum = 0;
    json_t  *json = quote(BILLING_LANG_EN, "WELCOME20"), *line;
    size_t   i;

    (void) state;

    assert_string_equal(text_at(json, "team"), "t_1");
    assert_string_equal(text_at(json, "plan"), "team");
    assert_string_equal(text_at(json, "period"), "yearly");
    assert_string_equal(text_at(json, "payment_method"), "card");
    assert_string_equal(text_at(json, "currency"), "USD");
    assert_string_equal(text_at(json, "renews_at"), "2027-01-01T00:00:00Z");
    assert_int_equal(number(json, "seats"), 12);
    assert_int_equal(number(json, "subtotal"), 115200);
    assert_int_equal(number(json, "discount"), -23040);
    assert_int_equal(number(json, "tax"), 5069);
    assert_int_equal(number(json, "total"), 97229);
    assert_int_equal(number(json, "due_now"), 97229);

    json_array_foreach(json_object_get(json, "lines"), i, line) {
        sum += number(line, "amount");
        assert_true(number(line, "denominator") > 0);
    }

    assert_int_equal(sum, number(json, "total"));
    assert_string_equal(text_at(json, "lines.0.kind"), "plan");
    assert_string_equal(text_at(json, "lines.0.text"),
                        "Team plan, yearly, seats: 12");
    assert_string_equal(text_at(json, "lines.1.text"),
                        "Promo code, 20% off");
    assert_string_equal(text_at(json, "lines.2.text"), "Tax, 5.5%");
    json_decref(json);
}


static void
r6_the_language_changes_words_only(void **state)
{
    json_t  *en = quote(BILLING_LANG_EN, "WELCOME20");
    json_t  *fr = quote(BILLING_LANG_FR, "WELCOME20"), *line;
    size_t   i;

    (void) state;

    assert_string_equal(text_at(fr, "lines.0.text"),
                        "Forfait Team, annuel, postes\xc2\xa0: 12");
    assert_string_equal(text_at(fr, "lines.2.text"),
                        "Taxe, 5,5\xe2\x80\xaf%");

    json_array_foreach(json_object_get(fr, "lines"), i, line) {
        json_object_del(line, "text");
        json_object_del(json_array_get(json_object_get(en, "lines"), i),
                        "text");
    }

    assert_true(json_equal(en, fr));
    json_decref(en);
    json_decref(fr);
}


static void
a_quote_without_a_team(void **state)
{
    json_t           *json;
    billing_quote_t   empty = { .plan = BILLING_PLAN_TEAM };

    (void) state;

    json = billing_quote_json(&empty, NULL, BILLING_LANG_EN);
    assert_non_null(json);
    assert_null(json_object_get(json, "team"));
    assert_true(json_is_null(json_object_get(json, "renews_at")));
    json_decref(json);
}


static void
every_kind_of_line_has_a_text(void **state)
{
    json_t           *json, *line;
    size_t            i;
    billing_quote_t   all = { .plan = BILLING_PLAN_TEAM,
                              .nlines = BILLING_LINE_TAX };

    (void) state;

    for (unsigned k = BILLING_LINE_PLAN; k <= BILLING_LINE_TAX; k++) {
        all.lines[k - 1] = (billing_line_t) {
            .kind = (billing_line_kind_t) k, .quantity = 1,
            .ratio = { INT64_MAX, 3 }
        };
    }

    json = billing_quote_json(&all, NULL, BILLING_LANG_FR);

    json_array_foreach(json_object_get(json, "lines"), i, line) {
        const char  *text = text_at(line, "text");

        assert_string_not_equal(text, "");
        assert_true(strncmp(text, "line.", 5) != 0);
        assert_null(strchr(text, '{'));
    }

    assert_string_equal(text_at(json, "lines.6.text"), "Taxe");
    json_decref(json);
}


static void
instants_are_utc(void **state)
{
    json_t  *json = billing_instant_json(1767225600);

    (void) state;

    assert_string_equal(json_string_value(json), "2026-01-01T00:00:00Z");
    json_decref(json);
    assert_true(json_is_null(billing_instant_json(0)));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(r6_the_quote_and_its_arithmetic),
        cmocka_unit_test(r6_the_language_changes_words_only),
        cmocka_unit_test(a_quote_without_a_team),
        cmocka_unit_test(every_kind_of_line_has_a_text),
        cmocka_unit_test(instants_are_utc),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, setup, NULL);
}
