#include "domain_fixture.h"

#define MEMBER   BILLING_ROLE_MEMBER
#define ADMIN    (BILLING_ROLE_MEMBER | BILLING_ROLE_TEAM_ADMIN)
#define COMPANY  (BILLING_ROLE_MEMBER | BILLING_ROLE_COMPANY_ADMIN)

#define MAY(setting, roles, plan)                                             \
    billing_setting_allowed(BILLING_SETTING_ ## setting, roles,               \
                            BILLING_PLAN_ ## plan)


static void
row28_admins_name_the_team(void **state)
{
    (void) state;

    assert_reason(MAY(NAME, ADMIN, FREE), ALLOW);
    assert_reason(MAY(NAME, ADMIN, BUSINESS), ALLOW);
    assert_reason(MAY(NAME, COMPANY, ENTERPRISE), ALLOW);
    assert_reason(MAY(NAME, MEMBER, FREE), ADMIN_RIGHTS);
    assert_reason(MAY(NAME, MEMBER | BILLING_ROLE_BILLING_ADMIN, TEAM),
                  ADMIN_RIGHTS);
    assert_reason(MAY(NAME, BILLING_ROLE_GUEST, FREE), NOT_A_MEMBER);
}


static void
r204_a_company_decides_who_invites(void **state)
{
    (void) state;

    assert_reason(MAY(INVITE, ADMIN, TEAM), ALLOW);
    assert_reason(MAY(INVITE, ADMIN, BUSINESS), ADMIN_RIGHTS);
    assert_reason(MAY(INVITE, COMPANY, BUSINESS), ALLOW);
}


static void
r206_no_link_where_a_company_is(void **state)
{
    (void) state;

    assert_reason(MAY(LINK, ADMIN, FREE), ALLOW);
    assert_reason(MAY(LINK, ADMIN, TEAM), ALLOW);
    assert_reason(MAY(LINK, ADMIN, EDUCATION), ALLOW);
    assert_reason(MAY(LINK, COMPANY, BUSINESS), FEATURE_MISSING);
    assert_reason(MAY(LINK, COMPANY, ENTERPRISE), FEATURE_MISSING);
    assert_reason(MAY(LINK, MEMBER, FREE), ADMIN_RIGHTS);
}


static void
r31_a_company_admin_of_enterprise_forbids_moves(void **state)
{
    (void) state;

    assert_reason(MAY(BOARD_MOVES, COMPANY, ENTERPRISE), ALLOW);
    assert_reason(MAY(BOARD_MOVES, ADMIN, ENTERPRISE), ADMIN_RIGHTS);
    assert_reason(MAY(BOARD_MOVES, COMPANY, BUSINESS), FEATURE_MISSING);
    assert_reason(MAY(BOARD_MOVES, ADMIN, FREE), FEATURE_MISSING);
    assert_reason(MAY(BOARD_MOVES, MEMBER, ENTERPRISE), ADMIN_RIGHTS);
    assert_reason(billing_setting_allowed(BILLING_TEAM_SETTINGS, ADMIN,
                                          BILLING_PLAN_FREE), INTERNAL);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(row28_admins_name_the_team),
        cmocka_unit_test(r204_a_company_decides_who_invites),
        cmocka_unit_test(r206_no_link_where_a_company_is),
        cmocka_unit_test(r31_a_company_admin_of_enterprise_forbids_moves)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("team_setting", tests, NULL, NULL);
}
