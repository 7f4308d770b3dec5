#include "domain_fixture.h"

#define MEMBER   BILLING_ROLE_MEMBER
#define ADMIN    (BILLING_ROLE_MEMBER | BILLING_ROLE_TEAM_ADMIN)
#define COMPANY  (BILLING_ROLE_MEMBER | BILLING_ROLE_COMPANY_ADMIN)


static void
r204_r205_the_setting_decides(void **state)
{
    (void) state;

    assert_reason(billing_invite_allowed(MEMBER, BILLING_PLAN_TEAM, false),
                  ALLOW);
    assert_reason(billing_invite_allowed(MEMBER, BILLING_PLAN_TEAM, true),
                  INVITE_FORBIDDEN);
    assert_reason(billing_invite_allowed(ADMIN, BILLING_PLAN_TEAM, true),
                  ALLOW);
    assert_reason(billing_invite_allowed(MEMBER | BILLING_ROLE_BILLING_ADMIN,
                                         BILLING_PLAN_TEAM, true),
                  INVITE_FORBIDDEN);
    assert_reason(billing_invite_allowed(BILLING_ROLE_GUEST,
                                         BILLING_PLAN_TEAM, false),
                  NOT_A_MEMBER);
}


static void
r204_who_sets_it(void **state)
{
    static const billing_plan_t  own[] = {
        BILLING_PLAN_FREE, BILLING_PLAN_TEAM, BILLING_PLAN_EDUCATION
    };
    static const billing_plan_t  company[] = {
        BILLING_PLAN_BUSINESS, BILLING_PLAN_CONSULTANT,
        BILLING_PLAN_ENTERPRISE
    };

    (void) state;

    for (unsigned i = 0; i < 3; i++) {
        assert_reason(billing_invite_setting_allowed(ADMIN, own[i]), ALLOW);
        assert_reason(billing_invite_setting_allowed(MEMBER, own[i]),
                      ADMIN_RIGHTS);
        assert_reason(billing_invite_setting_allowed(ADMIN, company[i]),
                      ADMIN_RIGHTS);
        assert_reason(billing_invite_setting_allowed(COMPANY, company[i]),
                      ALLOW);
    }

    assert_reason(billing_invite_setting_allowed(0, BILLING_PLAN_FREE),
                  NOT_A_MEMBER);
    assert_reason(billing_invite_setting_allowed(ADMIN, BILLING_PLANS),
                  ADMIN_RIGHTS);
}


static void
r206_only_single_teams_have_a_link(void **state)
{
    (void) state;

    assert_true(billing_invite_link(BILLING_PLAN_FREE));
    assert_true(billing_invite_link(BILLING_PLAN_TEAM));
    assert_true(billing_invite_link(BILLING_PLAN_EDUCATION));
    assert_false(billing_invite_link(BILLING_PLAN_BUSINESS));
    assert_false(billing_invite_link(BILLING_PLAN_CONSULTANT));
    assert_false(billing_invite_link(BILLING_PLAN_ENTERPRISE));
}


static void
r207_thirty_days(void **state)
{
    (void) state;

    assert_int_equal(billing_invite_ends_at(at("2026-02-01")),
                     at("2026-03-03"));
    assert_int_equal(billing_invite_ends_at(BILLING_INSTANT_MAX),
                     BILLING_INSTANT_MAX);
}


static void
r207_open_until_its_end(void **state)
{
    (void) state;

    assert_reason(billing_invitation_open(true, 100, 99), ALLOW);
    assert_reason(billing_invitation_open(true, 100, 100), INVITATION_ENDED);
    assert_reason(billing_invitation_open(false, 100, 1), INVITATION_ENDED);
}


static void
r207_admins_and_the_inviter_revoke(void **state)
{
    (void) state;

    assert_reason(billing_invitation_revoke_allowed(false, ADMIN,
                                                    BILLING_PLAN_TEAM),
                  ALLOW);
    assert_reason(billing_invitation_revoke_allowed(true, MEMBER,
                                                    BILLING_PLAN_TEAM),
                  ALLOW);
    assert_reason(billing_invitation_revoke_allowed(false, MEMBER,
                                                    BILLING_PLAN_TEAM),
                  ADMIN_RIGHTS);
    assert_reason(billing_invitation_revoke_allowed(true, BILLING_ROLE_GUEST,
                                                    BILLING_PLAN_TEAM),
                  NOT_A_MEMBER);
}


static void
r75_joining_takes_the_seat_unless_told(void **state)
{
    billing_catalogue_t  catalogue = a_catalogue();

    (void) state;

    assert_false(billing_invitation_seat(&catalogue));
    catalogue.invitation_takes_seat = true;
    assert_true(billing_invitation_seat(&catalogue));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(r204_r205_the_setting_decides),
        cmocka_unit_test(r204_who_sets_it),
        cmocka_unit_test(r206_only_single_teams_have_a_link),
        cmocka_unit_test(r207_thirty_days),
        cmocka_unit_test(r207_open_until_its_end),
        cmocka_unit_test(r207_admins_and_the_inviter_revoke),
        cmocka_unit_test(r75_joining_takes_the_seat_unless_told)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("invite", tests, NULL, NULL);
}
