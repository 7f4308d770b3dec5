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


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(r53_features_have_bits_and_limits_an_index),
        cmocka_unit_test(unknown_names_are_none),
        cmocka_unit_test(r92_promo_codes_are_found_in_any_case)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("catalogue", tests, NULL, NULL);
}
