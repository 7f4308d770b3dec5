#include "domain_fixture.h"


static billing_reason_t
create(bool pricing_page, bool enterprise, bool restricted)
{
    billing_creator_t  creator = { pricing_page, enterprise, restricted };

    return billing_team_create_allowed(&creator);
}


static void
r17_anybody_may(void **state)
{
    (void) state;

    assert_reason(create(false, false, false), ALLOW);
    assert_reason(create(true, false, false), ALLOW);
}


static void
r19_r20_enterprise_members_only_from_the_pricing_page(void **state)
{
    (void) state;

    assert_reason(create(false, true, false), TEAM_CREATE_ENTERPRISE);
    assert_reason(create(true, true, false), ALLOW);
}


static void
r21_r22_domain_control_is_for_everybody(void **state)
{
    (void) state;

    assert_reason(create(true, true, true), TEAM_CREATE_DOMAIN);
    assert_reason(create(false, false, true), TEAM_CREATE_DOMAIN);
    assert_reason(create(false, true, true), TEAM_CREATE_ENTERPRISE);
}


static void
r22_r23_the_very_domain_once_verified(void **state)
{
    billing_domain_control_t  control = { "example.test", true, true };

    (void) state;

    assert_true(billing_domain_restricts(&control, "a@example.test"));
    assert_true(billing_domain_restricts(&control, "a@EXAMPLE.Test"));
    assert_false(billing_domain_restricts(&control, "a@sub.example.test"));
    assert_false(billing_domain_restricts(&control, "example.test"));

    control.domain = "example.tes";
    assert_false(billing_domain_restricts(&control, "a@example.test"));
    control.domain = "example.test.invalid";
    assert_false(billing_domain_restricts(&control, "a@example.test"));
    control.domain = "example.test";

    control.verified = false;
    assert_false(billing_domain_restricts(&control, "a@example.test"));
    control.verified = true;
    control.forbids = false;
    assert_false(billing_domain_restricts(&control, "a@example.test"));
    control.forbids = true;
    control.domain = "";
    assert_false(billing_domain_restricts(&control, "a@"));
}


static void
r24_business_only_verifies(void **state)
{
    uint32_t  roles = BILLING_ROLE_MEMBER | BILLING_ROLE_COMPANY_ADMIN;

    (void) state;

    assert_reason(billing_domain_policy_allowed(roles,
                                                BILLING_PLAN_ENTERPRISE),
                  ALLOW);
    assert_reason(billing_domain_policy_allowed(roles,
                                                BILLING_PLAN_BUSINESS),
                  FEATURE_MISSING);
    assert_reason(billing_domain_policy_allowed(BILLING_ROLE_MEMBER,
                                                BILLING_PLAN_ENTERPRISE),
                  ADMIN_RIGHTS);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(r17_anybody_may),
        cmocka_unit_test(r19_r20_enterprise_members_only_from_the_pricing_page),
        cmocka_unit_test(r21_r22_domain_control_is_for_everybody),
        cmocka_unit_test(r22_r23_the_very_domain_once_verified),
        cmocka_unit_test(r24_business_only_verifies)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("domain_control", tests, NULL, NULL);
}
