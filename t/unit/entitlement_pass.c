/* The gate's decision where Day Passes and trials are in the record. */

#include "entitlement_fixture.h"


static void
r198_r200_occasional_users_edit_while_a_pass_runs(void **state)
{
    (void) state;

    member.roles = BILLING_ROLE_OCCASIONAL;
    team.plan = BILLING_PLAN_BUSINESS;
    assert_string_equal(asked(&view), "ALLOW");
    assert_string_equal(asked(&edit), "DAYPASS_OFF");

    team.day_passes = 1;
    assert_string_equal(asked(&edit), "DAYPASS_NEEDED");
    member.pass_ends_at = NOW;
    assert_string_equal(asked(&edit), "DAYPASS_NEEDED");
    member.pass_ends_at = NOW + 1;
    assert_string_equal(asked(&edit), "ALLOW");
    member.pass_ends_at = INT64_MAX;
    assert_string_equal(asked(&edit), "ALLOW");

    team.day_passes = 0;
    assert_string_equal(asked(&edit), "DAYPASS_OFF");

    /* What a plan locks, no pass opens. */

    free_team(6);
    team.day_passes = 1;
    assert_string_equal(asked(&edit), "BOARD_LOCKED_LIMIT");
}


/* Of the team, but of a private board only if let in; a link spares nobody. */

static void
r56_r198_boards_are_to_occasional_users_as_to_members(void **state)
{
    (void) state;

    member.roles = BILLING_ROLE_OCCASIONAL;
    member.pass_ends_at = NOW + 1;
    team.day_passes = 1;
    board.is_private = 1;
    assert_string_equal(asked(&view), "BOARD_NOT_FOUND");
    assert_string_equal(asked(&edit), "BOARD_NOT_FOUND");
    member.access = BILLING_ACCESS_INVITED;
    assert_string_equal(asked(&view), "ALLOW");
    assert_string_equal(asked(&edit), "ALLOW");

    board.is_private = 0;
    board.link = BILLING_VISIT_EDIT;
    member.pass_ends_at = NOW;
    catalogue.plans[BILLING_PLAN_TEAM].visitors = BILLING_VISIT_EDIT;
    assert_string_equal(asked(&edit), "DAYPASS_NEEDED");
    member.roles |= BILLING_ROLE_RESTRICTED;
    assert_string_equal(asked(&edit), "LICENCE_REQUEST");
}


/* What a link lets visitors do is of the plan that is there now. */

static void
r197_r221_visitors_in_a_trial_and_behind_it(void **state)
{
    (void) state;

    member.roles = 0;
    board.link = BILLING_VISIT_EDIT;
    team.plan = BILLING_PLAN_BUSINESS;
    team.plan_after = BILLING_PLAN_FREE;
    team.state = BILLING_STATE_TRIAL;
    team.valid_until_at = NOW + 1;
    catalogue.plans[BILLING_PLAN_BUSINESS].visitors = BILLING_VISIT_EDIT;
    catalogue.plans[BILLING_PLAN_FREE].visitors = BILLING_VISIT_VIEW;
    assert_string_equal(asked(&edit), "ALLOW");
    team.valid_until_at = NOW;
    assert_string_equal(asked(&edit), "GUEST_VIEW_ONLY");
    assert_string_equal(asked(&view), "ALLOW");
}


static void
r200_no_pass_in_a_paused_team(void **state)
{
    (void) state;

    member.roles = BILLING_ROLE_OCCASIONAL;
    member.pass_ends_at = NOW + 100;
    team.day_passes = 1;
    team.valid_until_at = NOW;
    assert_string_equal(asked(&edit), "DAYPASS_OFF");
    assert_string_equal(asked(&view), "ALLOW");
    member.roles |= BILLING_ROLE_MEMBER;
    assert_string_equal(asked(&edit), "TEAM_EXPIRED");
}


static void
r221_behind_a_trial_is_what_was_before_it(void **state)
{
    billing_wanted_t  sso = { .features = FEATURE_SSO };
    billing_wanted_t  voting = { .features = FEATURE_VOTING };
    billing_wanted_t  billing = { .billing = true };

    (void) state;

    team.plan = BILLING_PLAN_BUSINESS;
    team.plan_after = BILLING_PLAN_TEAM;
    team.state = BILLING_STATE_TRIAL;
    team.valid_until_at = NOW + 1;
    team.period_end_at = NOW + 1000;
    assert_string_equal(asked(&sso), "ALLOW");

    team.valid_until_at = NOW;
    assert_string_equal(asked(&sso), "FEATURE_MISSING");
    assert_string_equal(asked(&edit), "ALLOW");
    team.period_end_at = NOW;
    assert_string_equal(asked(&edit), "TEAM_EXPIRED");

    /* Rights are those of the plan that is paid for. */

    member.roles = BILLING_ROLE_MEMBER | BILLING_ROLE_TEAM_ADMIN;
    assert_string_equal(asked(&billing), "ALLOW");

    team.plan_after = BILLING_PLAN_FREE;
    team.period_end_at = 0;
    team.editable_from = 6;
    assert_string_equal(asked(&edit), "BOARD_LOCKED_LIMIT");
    assert_string_equal(asked(&voting), "FEATURE_MISSING");
    team.valid_until_at = NOW + 1;
    assert_string_equal(asked(&edit), "ALLOW");

    team.plan_after = BILLING_PLANS;
    assert_string_equal(asked(&view), "ENTITLEMENT_UNKNOWN");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup(
            r198_r200_occasional_users_edit_while_a_pass_runs,
                               a_paid_board),
        cmocka_unit_test_setup(
            r56_r198_boards_are_to_occasional_users_as_to_members,
                               a_paid_board),
        cmocka_unit_test_setup(r197_r221_visitors_in_a_trial_and_behind_it,
                               a_paid_board),
        cmocka_unit_test_setup(r200_no_pass_in_a_paused_team,
                               a_paid_board),
        cmocka_unit_test_setup(r221_behind_a_trial_is_what_was_before_it,
                               a_paid_board),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("entitlement_pass", tests, NULL, NULL);
}
