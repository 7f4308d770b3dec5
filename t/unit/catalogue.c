#include "domain_fixture.h"


static billing_catalogue_t
named(void)
{
    billing_catalogue_t  catalogue = a_catalogue();

    catalogue.nfeatures = 2;
    strcpy(catalogue.features[0], "voting");
    strcpy(catalogue.features[1], "single_sign_on");
    catalogue.nlimits = 1;
    strcpy(catalogue.limits[0], "ai_credits");
    catalogue.npromos = 2;
    strcpy(catalogue.promos[0].code, "WELCOME20");
    strcpy(catalogue.promos[1].code, "WELCOME");

    return catalogue;
}


static void
r53_features_have_bits_and_limits_an_index(void **state)
{
    billing_catalogue_t  catalogue = named();

    (void) state;

    assert_int_equal(billing_catalogue_feature(&catalogue, "voting", 6), 0);
    assert_int_equal(billing_catalogue_feature(&catalogue, "single_sign_on",
                                               14),
                     1);
    assert_int_equal(billing_catalogue_limit(&catalogue, "ai_credits", 10),
                     0);
}


static void
unknown_names_are_none(void **state)
{
    billing_catalogue_t  catalogue = named();

    (void) state;

    assert_int_equal(billing_catalogue_feature(&catalogue, "votin", 5), -1);
    assert_int_equal(billing_catalogue_feature(&catalogue, "votings", 7), -1);
    assert_int_equal(billing_catalogue_feature(&catalogue, "Voting", 6), -1);
    assert_int_equal(billing_catalogue_feature(&catalogue, "", 0), -1);
    assert_int_equal(billing_catalogue_limit(&catalogue, "voting", 6), -1);
    assert_int_equal(billing_catalogue_limit(&catalogue, "", 0), -1);
}


static void
r92_promo_codes_are_found_in_any_case(void **state)
{
    char                  longest[BILLING_WORD_MAX + 2];
    billing_catalogue_t   catalogue = named();

    (void) state;

    memset(longest, 'A', sizeof(longest));
    memcpy(catalogue.promos[1].code, longest, BILLING_WORD_MAX);
    assert_ptr_equal(billing_catalogue_promo(&catalogue, longest,
                                             BILLING_WORD_MAX),
                     &catalogue.promos[1]);

    catalogue = named();
    strcpy(catalogue.promos[0].code, "AZ`{09");
    assert_ptr_equal(billing_catalogue_promo(&catalogue, "az`{09", 6),
                     &catalogue.promos[0]);
    catalogue = named();

    assert_ptr_equal(billing_catalogue_promo(&catalogue, "WELCOME20", 9),
                     &catalogue.promos[0]);
    assert_ptr_equal(billing_catalogue_promo(&catalogue, "welcome20", 9),
                     &catalogue.promos[0]);
    assert_ptr_equal(billing_catalogue_promo(&catalogue, "Welcome", 7),
                     &catalogue.promos[1]);
    assert_null(billing_catalogue_promo(&catalogue, "WELCOME2", 8));
    assert_null(billing_catalogue_promo(&catalogue, "", 0));
    assert_null(billing_catalogue_promo(&catalogue, longest,
                                        sizeof(longest)));
}


static void
r51_retired_names_are_names_of_plans(void **state)
{
    billing_catalogue_t  catalogue = named();

    (void) state;

    catalogue.nretired = 1;
    strcpy(catalogue.retired[0].name, "pro");
    catalogue.retired[0].plan = BILLING_PLAN_BUSINESS;

    assert_int_equal(billing_catalogue_plan(&catalogue, "pro", 3),
                     BILLING_PLAN_BUSINESS);
    assert_int_equal(billing_catalogue_plan(&catalogue, "starter", 7),
                     BILLING_PLAN_TEAM);
    assert_int_equal(billing_catalogue_plan(&catalogue, "team", 4),
                     BILLING_PLAN_TEAM);
    assert_int_equal(billing_catalogue_plan(&catalogue, "prof", 4),
                     BILLING_PLAN_NONE);
    assert_int_equal(billing_catalogue_plan(&catalogue, "pr", 2),
                     BILLING_PLAN_NONE);
    assert_int_equal(billing_catalogue_plan(&catalogue, "", 0),
                     BILLING_PLAN_NONE);
}


static void
r42_older_free_teams_may_keep_more_boards(void **state)
{
    billing_catalogue_t  catalogue = a_catalogue();

    (void) state;

    assert_int_equal(billing_catalogue_boards(&catalogue, BILLING_PLAN_FREE,
                                              0), 3);

    catalogue.legacy_boards = 5;
    catalogue.legacy_before_at = 1000;
    assert_int_equal(billing_catalogue_boards(&catalogue, BILLING_PLAN_FREE,
                                              999), 5);
    assert_int_equal(billing_catalogue_boards(&catalogue, BILLING_PLAN_FREE,
                                              1000), 3);
    assert_int_equal(billing_catalogue_boards(&catalogue, BILLING_PLAN_TEAM,
                                              999), 0);
    assert_int_equal(billing_catalogue_boards(&catalogue, BILLING_PLANS, 999),
                     0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(r53_features_have_bits_and_limits_an_index),
        cmocka_unit_test(unknown_names_are_none),
        cmocka_unit_test(r92_promo_codes_are_found_in_any_case),
        cmocka_unit_test(r51_retired_names_are_names_of_plans),
        cmocka_unit_test(r42_older_free_teams_may_keep_more_boards)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("catalogue", tests, NULL, NULL);
}
