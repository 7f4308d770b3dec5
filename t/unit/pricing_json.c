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


static void
r53_the_plans_page_has_all_there_is(void **state)
{
    json_t  *json = billing_pricing_json(&settings.catalogue,
                                         BILLING_LANG_FR), *plan;

    (void) state;

    assert_string_equal(text_at(json, "version"), "2026-11");
    assert_string_equal(text_at(json, "currency"), "USD");
    assert_int_equal(json_array_size(json_object_get(json, "plans")), 6);
    assert_string_equal(text_at(json, "contact.url"), "/enterprise");
    assert_int_equal(json_array_size(json_object_get(json, "features")), 12);

    plan = json_array_get(json_object_get(json, "plans"), 1);
    assert_string_equal(text_at(plan, "plan"), "team");
    assert_string_equal(text_at(plan, "name"), "Team");
    assert_true(json_is_true(json_object_get(plan, "selling")));
    assert_int_equal(json_integer_value(json_object_get(
                         json_object_get(plan, "price"), "yearly")), 9600);
    assert_int_equal(json_integer_value(json_object_get(
                         json_object_get(plan, "invoice"), "min_seats")), 11);
    assert_string_equal(text_at(plan, "features.1.feature"),
                        "private_boards");
    assert_string_equal(text_at(plan, "features.1.text"),
                        "Tableaux priv\xc3\xa9s");
    assert_true(json_is_null(json_object_get(
                    json_object_get(plan, "limits"), "editable_boards")));
    assert_true(json_is_null(json_object_get(plan, "day_pass")));

    plan = json_array_get(json_object_get(json, "plans"), 2);
    assert_int_equal(json_integer_value(json_object_get(plan, "day_pass")),
                     300);
    assert_string_equal(text_at(json, "trial.plan"), "business");
    json_decref(json);
}


static void
r49_enterprise_has_no_price_but_a_contact(void **state)
{
    json_t  *json = billing_pricing_json(&settings.catalogue,
                                         BILLING_LANG_EN), *plan;

    (void) state;

    plan = json_array_get(json_object_get(json, "plans"), 4);
    assert_string_equal(text_at(plan, "plan"), "enterprise");
    assert_true(json_is_true(json_object_get(plan, "contact")));
    assert_true(json_is_false(json_object_get(plan, "selling")));
    assert_true(json_is_null(json_object_get(plan, "price")));
    assert_true(json_is_null(json_object_get(plan, "invoice")));
    json_decref(json);
}


static void
a_feature_of_the_operator_is_named_by_itself(void **state)
{
    json_t               *json;
    billing_catalogue_t  *catalogue = calloc(1, sizeof(*catalogue));

    (void) state;

    catalogue->plans[BILLING_PLAN_FREE].known = true;
    catalogue->plans[BILLING_PLAN_FREE].features = 1;
    catalogue->nfeatures = 1;
    memcpy(catalogue->features[0], "flying", 7);

    json = billing_pricing_json(catalogue, BILLING_LANG_FR);
    assert_string_equal(text_at(json, "plans.0.features.0.text"), "flying");
    assert_true(json_is_null(json_object_get(json, "trial")));
    json_decref(json);
    free(catalogue);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(r53_the_plans_page_has_all_there_is),
        cmocka_unit_test(r49_enterprise_has_no_price_but_a_contact),
        cmocka_unit_test(a_feature_of_the_operator_is_named_by_itself),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, setup, NULL);
}
