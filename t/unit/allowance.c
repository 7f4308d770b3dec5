/* What a team has now, and how much of it. */

#include "entitlement_fixture.h"

#define CREDITS  1


static int
limits(void **state)
{
    (void) a_paid_board(state);

    catalogue.nlimits = 2;
    strcpy(catalogue.limits[0], "editable_boards");
    strcpy(catalogue.limits[CREDITS], "ai_credits");

    for (unsigned plan = 0; plan < BILLING_PLANS; plan++) {
        catalogue.plans[plan].limits[0] = -1;
        catalogue.plans[plan].limits[CREDITS] = 10 * plan;
    }

    catalogue.plans[BILLING_PLAN_FREE].limits[0] = 3;
    catalogue.plans[BILLING_PLAN_ENTERPRISE].limits[CREDITS] = -1;

    return 0;
}


static const char *
room(int64_t used)
{
    billing_usage_t  usage = { .limit = CREDITS, .used = used };

    return billing_reason_code(billing_allowance_room(&catalogue, &team,
                                                      &usage, NOW));
}


static void
a_plans_features_until_it_ends(void **state)
{
    (void) state;

    team.plan = BILLING_PLAN_BUSINESS;
    assert_int_equal(billing_allowance_features(&catalogue, &team, NOW),
                     FEATURE_VOTING | FEATURE_SSO);
    assert_int_equal(billing_allowance_features(&catalogue, &team,
                                                team.valid_until_at), 0);
    team.state = BILLING_STATE_EXPIRED;
    assert_int_equal(billing_allowance_features(&catalogue, &team, NOW), 0);
}


static void
r221_a_trials_features_and_then_those_behind_it(void **state)
{
    (void) state;

    team.plan = BILLING_PLAN_BUSINESS;
    team.plan_after = BILLING_PLAN_TEAM;
    team.period_end_at = NOW + 2 * 86400;
    assert_int_equal(billing_allowance_features(&catalogue, &team,
                                                NOW + 86399),
                     FEATURE_VOTING | FEATURE_SSO);
    assert_int_equal(billing_allowance_features(&catalogue, &team,
                                                NOW + 86400),
                     FEATURE_VOTING);
    assert_int_equal(billing_allowance_features(&catalogue, &team,
                                                NOW + 2 * 86400), 0);
}


static void
the_gate_refuses_the_features_that_are_not_had(void **state)
{
    (void) state;

    const billing_wanted_t  wanted = { .features = FEATURE_SSO };

    for (uint8_t plan = BILLING_PLAN_FREE; plan < BILLING_PLANS; plan++) {
        for (uint8_t ended = 0; ended < 2; ended++) {
            team.plan = plan;
            team.valid_until_at = ended ? NOW : NOW + 1;

            bool  has = billing_allowance_features(&catalogue, &team, NOW)
                        & FEATURE_SSO;

            assert_int_equal(has, strcmp(asked(&wanted), "ALLOW") == 0);
            assert_int_equal(has, plan == BILLING_PLAN_BUSINESS && !ended);
        }
    }
}


static void
one_more_fits_or_does_not(void **state)
{
    (void) state;

    int64_t  has = billing_allowance_limit(&catalogue, &team, CREDITS, NOW);

    assert_int_equal(has, 10 * BILLING_PLAN_TEAM);
    assert_string_equal(room(0), "ALLOW");
    assert_string_equal(room(has - 1), "ALLOW");
    assert_string_equal(room(has), "LIMIT_REACHED");
    assert_string_equal(room(INT64_MAX), "LIMIT_REACHED");
    assert_string_equal(room(-1), "ENTITLEMENT_UNKNOWN");

    team.plan = BILLING_PLAN_ENTERPRISE;
    assert_string_equal(room(INT64_MAX), "ALLOW");
    assert_string_equal(room(-1), "ENTITLEMENT_UNKNOWN");
}


static void
r42_an_older_free_team_has_its_own_number_of_boards(void **state)
{
    (void) state;

    free_team(0);
    assert_int_equal(billing_allowance_limit(&catalogue, &team, 0, NOW), 3);
    team.editable_boards = 5;
    assert_int_equal(billing_allowance_limit(&catalogue, &team, 0, NOW), 5);
    assert_int_equal(billing_allowance_limit(&catalogue, &team, CREDITS, NOW),
                     10 * BILLING_PLAN_FREE);
}


static void
of_nothing_known_nothing_is_had(void **state)
{
    (void) state;

    assert_int_equal(billing_allowance_limit(&catalogue, &team, 2, NOW), 0);
    memset(&team, 0, sizeof(team));
    assert_int_equal(billing_allowance_features(&catalogue, &team, NOW), 0);
    assert_int_equal(billing_allowance_limit(&catalogue, &team, 0, NOW), 0);
    assert_string_equal(room(0), "ENTITLEMENT_UNKNOWN");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup(a_plans_features_until_it_ends, limits),
        cmocka_unit_test_setup(
            r221_a_trials_features_and_then_those_behind_it, limits),
        cmocka_unit_test_setup(the_gate_refuses_the_features_that_are_not_had,
                               limits),
        cmocka_unit_test_setup(one_more_fits_or_does_not, limits),
        cmocka_unit_test_setup(
            r42_an_older_free_team_has_its_own_number_of_boards, limits),
        cmocka_unit_test_setup(of_nothing_known_nothing_is_had, limits),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("allowance", tests, NULL, NULL);
}
