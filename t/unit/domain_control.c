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
    billing_domain_control_t  control = {
        .domain = "example.test", .verified = true, .forbids = true,
        .plan = BILLING_PLAN_ENTERPRISE
    };

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
r24_a_policy_ends_with_the_plan(void **state)
{
    billing_domain_control_t  control = {
        .domain = "example.test", .verified = true, .forbids = true,
        .discoverable = true, .capture_at = 5, .plan = BILLING_PLAN_BUSINESS
    };

    (void) state;

    assert_false(billing_domain_restricts(&control, "a@example.test"));
    assert_false(billing_domain_discoverable(&control, "a@example.test"));
    assert_false(billing_domain_captures(&control, "a@example.test", 9));

    control.plan = BILLING_PLAN_ENTERPRISE;
    assert_true(billing_domain_restricts(&control, "a@example.test"));
    assert_true(billing_domain_discoverable(&control, "a@example.test"));
    assert_true(billing_domain_captures(&control, "a@example.test", 9));
}


static void
r25_discoverable_is_said(void **state)
{
    billing_domain_control_t  control = {
        .domain = "example.test", .verified = true, .forbids = true,
        .plan = BILLING_PLAN_ENTERPRISE
    };

    (void) state;

    assert_false(billing_domain_discoverable(&control, "a@example.test"));
    control.discoverable = true;
    assert_true(billing_domain_discoverable(&control, "a@example.test"));
    assert_false(billing_domain_discoverable(&control, "a@b.example.test"));
}


static void
r217_only_profiles_made_since(void **state)
{
    billing_domain_control_t  control = {
        .domain = "example.test", .verified = true,
        .plan = BILLING_PLAN_ENTERPRISE
    };

    (void) state;

    assert_false(billing_domain_captures(&control, "a@example.test", 10));
    control.capture_at = 10;
    assert_true(billing_domain_captures(&control, "a@example.test", 10));
    assert_false(billing_domain_captures(&control, "a@example.test", 9));
    assert_false(billing_domain_captures(&control, "a@other.test", 11));
    control.verified = false;
    assert_false(billing_domain_captures(&control, "a@example.test", 11));
}


static void
r23_a_domain_is_one_subscriptions(void **state)
{
    (void) state;

    assert_reason(billing_domain_claim_allowed(true, 0, at("2040-01-01")),
                  DOMAIN_TAKEN);
    assert_reason(billing_domain_claim_allowed(false, at("2026-01-01"),
                                               at("2026-01-04") - 1),
                  DOMAIN_TAKEN);
    assert_reason(billing_domain_claim_allowed(false, at("2026-01-01"),
                                               at("2026-01-04")), ALLOW);
}


static void
r24_company_admins_add_domains(void **state)
{
    uint32_t  company = BILLING_ROLE_MEMBER | BILLING_ROLE_COMPANY_ADMIN;
    uint32_t  admin = BILLING_ROLE_MEMBER | BILLING_ROLE_TEAM_ADMIN;

    (void) state;

    assert_reason(billing_domain_add_allowed(company, BILLING_PLAN_BUSINESS),
                  ALLOW);
    assert_reason(billing_domain_add_allowed(company,
                                             BILLING_PLAN_ENTERPRISE), ALLOW);
    assert_reason(billing_domain_add_allowed(company,
                                             BILLING_PLAN_CONSULTANT),
                  FEATURE_MISSING);
    assert_reason(billing_domain_add_allowed(admin, BILLING_PLAN_BUSINESS),
                  ADMIN_RIGHTS);
    assert_reason(billing_domain_add_allowed(0, BILLING_PLAN_BUSINESS),
                  NOT_A_MEMBER);
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
        cmocka_unit_test(r23_a_domain_is_one_subscriptions),
        cmocka_unit_test(r24_company_admins_add_domains),
        cmocka_unit_test(r24_a_policy_ends_with_the_plan),
        cmocka_unit_test(r25_discoverable_is_said),
        cmocka_unit_test(r217_only_profiles_made_since),
        cmocka_unit_test(r24_business_only_verifies)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("domain_control", tests, NULL, NULL);
}
