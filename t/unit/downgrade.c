#include "domain_fixture.h"


static void
r190_guests_become_members(void **state)
{
    (void) state;

    assert_int_equal(billing_roles_on_free(BILLING_ROLE_GUEST),
                     BILLING_ROLE_MEMBER);
    assert_int_equal(billing_roles_on_free(BILLING_ROLE_OCCASIONAL),
                     BILLING_ROLE_MEMBER);
    assert_int_equal(billing_roles_on_free(BILLING_ROLE_MEMBER),
                     BILLING_ROLE_MEMBER);
    assert_int_equal(billing_roles_on_free(0), 0);
    assert_int_equal(billing_roles_on_free(BILLING_ROLE_VISITOR),
                     BILLING_ROLE_VISITOR);
}


static void
r189_one_team_has_team_admins(void **state)
{
    uint32_t  roles;

    (void) state;

    roles = billing_roles_on_free(BILLING_ROLE_MEMBER
                                  | BILLING_ROLE_COMPANY_ADMIN
                                  | BILLING_ROLE_BILLING_ADMIN);
    assert_int_equal(roles, BILLING_ROLE_MEMBER | BILLING_ROLE_TEAM_ADMIN
                            | BILLING_ROLE_BILLING_ADMIN);
    assert_int_equal(billing_roles_on_free(roles), roles);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(r190_guests_become_members),
        cmocka_unit_test(r189_one_team_has_team_admins)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("downgrade", tests, NULL, NULL);
}
