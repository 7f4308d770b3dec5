#include "settings_fixture.h"


/* R120: the exponent belongs to the currency, not to the price. */

static void
r120_one_currency_for_the_catalogue(void **state)
{
    static const struct {
        const char  *code;
        unsigned     exponent;
    } cases[] = { { "\"EUR\"", 2 }, { "\"JPY\"", 0 }, { "\"KWD\"", 3 } };

    (void) state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(settings_with("\"USD\"", cases[i].code), BILLING_OK);
        assert_int_equal(
            billing_currency_exponent(settings.catalogue.currency),
            cases[i].exponent);
        assert_int_equal(settings.catalogue.plans[BILLING_PLAN_TEAM]
                             .price[BILLING_PERIOD_MONTHLY].currency,
                         settings.catalogue.currency);
    }
}


static void
there_is_room_for_64_features(void **state)
{
    char  text[2048], *out = text;

    (void) state;

    out += sprintf(out, "[\"voting\"");

    for (unsigned i = 1; i < 64; i++) {
        out += sprintf(out, ", \"f%u\"", i);
    }

    sprintf(out, "]");
    assert_int_equal(settings_with("[\"voting\", \"timer\"]", text),
                     BILLING_OK);
    assert_int_equal(settings.catalogue.nfeatures, 64);
    assert_int_equal(billing_catalogue_feature(&settings.catalogue, "f63", 3),
                     63);
}


static void
names_are_as_long_as_their_room(void **state)
{
    (void) state;

    assert_int_equal(settings_with("\"timer\"",
                                   "\"a23456789012345678901234567890_\""),
                     BILLING_OK);
    assert_int_equal(strlen(settings.catalogue.features[1]), 31);
    assert_int_equal(settings_with("\"timer\"", "\"_a\""), BILLING_ERANGE);
    assert_int_equal(settings_with("\"timer\"", "\"1a\""), BILLING_ERANGE);
    assert_int_equal(settings_with("\"timer\"", "\"\""), BILLING_ERANGE);
    assert_int_equal(settings_with("\"timer\"", "\"Timer\""),
                     BILLING_ERANGE);
}


/* With a second plan that is sold, and that trial. */

static billing_err_t
trial(const char *json)
{
    char  text[400];

    (void) snprintf(text, sizeof(text), "}, \"business\": {\"price\":"
                    " {\"monthly\": 2000, \"yearly\": 19200},"
                    " \"limits\": {\"editable_boards\": -1}} },"
                    " \"trial\": %s, \"promo_codes\"", json);

    return settings_with("}\n    },\n    \"promo_codes\"", text);
}


static void
r221_a_trial_is_of_a_plan_that_is_sold(void **state)
{
    (void) state;

    assert_int_equal(settings_with("\"timer\"", "\"timer\""), BILLING_OK);
    assert_false(settings.catalogue.trial.enabled);

    assert_int_equal(trial("{\"plan\": \"business\", \"days\": 30,"
                           " \"enabled\": true}"), BILLING_OK);
    assert_true(settings.catalogue.trial.enabled);
    assert_int_equal(settings.catalogue.trial.plan, BILLING_PLAN_BUSINESS);
    assert_int_equal(settings.catalogue.trial.days, 30);

    assert_int_equal(trial("{\"enabled\": true}"), BILLING_OK);
    assert_int_equal(settings.catalogue.trial.plan, BILLING_PLAN_BUSINESS);
    assert_int_equal(settings.catalogue.trial.days, 14);

    assert_int_equal(trial("{\"plan\": \"gold\"}"), BILLING_ERANGE);
    assert_non_null(strstr(settings_error, "/catalogue/trial/plan: "));
    assert_int_equal(trial("{\"plan\": \"team\"}"), BILLING_ERANGE);
    assert_int_equal(trial("{\"plan\": \"free\"}"), BILLING_ERANGE);
    assert_int_equal(trial("{\"plan\": \"consultant\"}"), BILLING_ERANGE);
    assert_int_equal(trial("{\"days\": 0}"), BILLING_ERANGE);
    assert_int_equal(trial("{\"weeks\": 2}"), BILLING_ERANGE);
}


static void
proration_may_be_chosen(void **state)
{
    (void) state;

    assert_int_equal(settings_with("\"basis\": \"day\", \"rounding\": "
                                   "\"half_up\"", "\"basis\": \"second\", "
                                   "\"rounding\": \"half_even\""),
                     BILLING_OK);
    assert_int_equal(settings.catalogue.basis, BILLING_BASIS_SECOND);
    assert_int_equal(settings.catalogue.rounding, BILLING_ROUND_HALF_EVEN);
}


static void
section8_9_who_takes_a_seat_may_be_chosen(void **state)
{
    (void) state;

    assert_int_equal(settings_with("\"voting\"", "\"voting\""), BILLING_OK);
    assert_false(settings.catalogue.invitation_takes_seat);
    assert_int_equal(settings_with("\"proration\": {",
                                   "\"seat_taken_at\": \"join\","
                                   " \"proration\": {"), BILLING_OK);
    assert_false(settings.catalogue.invitation_takes_seat);
    assert_int_equal(settings_with("\"proration\": {",
                                   "\"seat_taken_at\": \"invitation\","
                                   " \"proration\": {"), BILLING_OK);
    assert_true(settings.catalogue.invitation_takes_seat);
}


static void
r51_names_that_plans_had(void **state)
{
    billing_catalogue_t  *catalogue = &settings.catalogue;

    (void) state;

    assert_int_equal(settings_with("\"proration\": {",
                                   "\"retired_names\": {\"basic\": \"team\","
                                   " \"starter\": \"team\"},"
                                   " \"proration\": {"), BILLING_OK);
    assert_int_equal(catalogue->nretired, 2);
    assert_int_equal(billing_catalogue_plan(catalogue, "basic", 5),
                     BILLING_PLAN_TEAM);
}


static void
r42_legacy_teams_have_a_date_and_a_number(void **state)
{
    (void) state;

    assert_int_equal(settings_with("\"proration\": {",
                                   "\"legacy_boards\": {\"before\":"
                                   " \"2019-06-01\", \"editable_boards\":"
                                   " 5}, \"proration\": {"), BILLING_OK);
    assert_int_equal(settings.catalogue.legacy_boards, 5);
    assert_int_equal(settings.catalogue.legacy_before_at, 1559347200);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(r120_one_currency_for_the_catalogue),
        cmocka_unit_test(there_is_room_for_64_features),
        cmocka_unit_test(names_are_as_long_as_their_room),
        cmocka_unit_test(r221_a_trial_is_of_a_plan_that_is_sold),
        cmocka_unit_test(proration_may_be_chosen),
        cmocka_unit_test(section8_9_who_takes_a_seat_may_be_chosen),
        cmocka_unit_test(r51_names_that_plans_had),
        cmocka_unit_test(r42_legacy_teams_have_a_date_and_a_number),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
