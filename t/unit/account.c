/* One subscription, several teams: who may, and whose licence it is. */

#include "domain_fixture.h"

#define MEMBER   BILLING_ROLE_MEMBER
#define GUEST    BILLING_ROLE_GUEST
#define ADMIN    (MEMBER | BILLING_ROLE_TEAM_ADMIN)
#define COMPANY  (MEMBER | BILLING_ROLE_COMPANY_ADMIN)
#define PAYER    (MEMBER | BILLING_ROLE_BILLING_ADMIN)
#define LEFT     BILLING_ROLE_BILLING_ADMIN

#define NOW  at("2026-03-10")


static billing_team_t
a_company(const billing_catalogue_t *catalogue)
{
    return a_paid_team(catalogue, BILLING_PLAN_BUSINESS,
                       BILLING_PERIOD_MONTHLY, 6, "2026-03-01");
}


static billing_reason_t
further(const billing_team_t *account, uint32_t roles, uint32_t teams)
{
    billing_catalogue_t    catalogue = a_catalogue();
    billing_account_ask_t  ask = { roles, teams, NOW };

    return billing_further_team_allowed(&catalogue, account, &ask);
}


static void
r209_companies_are_business_consultant_and_enterprise(void **state)
{
    (void) state;

    for (int plan = 0; plan <= BILLING_PLANS; plan++) {
        assert_int_equal(billing_plan_company((billing_plan_t) plan),
                         plan == BILLING_PLAN_BUSINESS
                         || plan == BILLING_PLAN_CONSULTANT
                         || plan == BILLING_PLAN_ENTERPRISE);
    }
}


static void
r26_the_company_admin_makes_further_teams(void **state)
{
    billing_catalogue_t  catalogue = a_catalogue();
    billing_team_t       account = a_company(&catalogue);

    (void) state;

    assert_reason(further(&account, COMPANY, 1), ALLOW);
    assert_reason(further(&account, COMPANY, 199), ALLOW);
    assert_reason(further(&account, COMPANY, 200), LIMIT_REACHED);
    assert_reason(further(&account, ADMIN, 1), ADMIN_RIGHTS);
    assert_reason(further(&account, PAYER, 1), ADMIN_RIGHTS);
    assert_reason(further(&account, MEMBER, 1), ADMIN_RIGHTS);
    assert_reason(further(&account, GUEST, 1), NOT_A_MEMBER);
    assert_reason(further(&account, LEFT, 1), NOT_A_MEMBER);
    assert_reason(further(&account, 0, 1), NOT_A_MEMBER);

    account.plan = BILLING_PLAN_ENTERPRISE;
    account.state = BILLING_STATE_ENTERPRISE;
    assert_reason(further(&account, COMPANY, 1), ALLOW);

    account.plan = BILLING_PLANS;
    assert_reason(further(&account, COMPANY, 1), INTERNAL);
}


static void
r26_only_inside_a_subscription_that_runs(void **state)
{
    billing_team_t       free = a_free_team(1);
    billing_catalogue_t  catalogue = a_catalogue();
    billing_team_t       account = a_company(&catalogue);

    (void) state;

    assert_reason(further(&free, ADMIN, 1), NO_SUBSCRIPTION);
    assert_reason(further(&free, 0, 1), NOT_A_MEMBER);

    account.state = BILLING_STATE_PAST_DUE;
    assert_reason(further(&account, COMPANY, 1), ALLOW);
    account.state = BILLING_STATE_CANCELLED;
    assert_reason(further(&account, COMPANY, 1), ALLOW);
    account.current.end_at = NOW + 1;
    assert_reason(further(&account, COMPANY, 1), ALLOW);
    account.current.end_at = NOW;
    assert_reason(further(&account, COMPANY, 1), TEAM_EXPIRED);
    account.state = BILLING_STATE_EXPIRED;
    assert_reason(further(&account, COMPANY, 1), TEAM_EXPIRED);
    assert_reason(further(&account, ADMIN, 1), ADMIN_RIGHTS);

    account = a_company(&catalogue);
    account.plan = BILLING_PLAN_TEAM;
    assert_reason(further(&account, ADMIN, 1), FEATURE_MISSING);
    assert_reason(further(&account, MEMBER, 1), FEATURE_MISSING);
    assert_reason(further(&account, GUEST, 1), NOT_A_MEMBER);
}


static billing_reason_t
deleted(const billing_team_t *account, uint32_t roles, uint32_t teams)
{
    billing_account_ask_t  ask = { roles, teams, NOW };

    return billing_team_delete_allowed(account, &ask);
}


static void
r212_the_last_team_of_a_company_stays(void **state)
{
    billing_catalogue_t  catalogue = a_catalogue();
    billing_team_t       account = a_company(&catalogue);

    (void) state;

    assert_reason(deleted(&account, COMPANY, 1), LAST_TEAM);
    assert_reason(deleted(&account, COMPANY, 2), ALLOW);
    assert_reason(deleted(&account, ADMIN, 2), ALLOW);
    assert_reason(deleted(&account, PAYER, 2), ADMIN_RIGHTS);
    assert_reason(deleted(&account, MEMBER, 1), ADMIN_RIGHTS);
    assert_reason(deleted(&account, GUEST, 2), NOT_A_MEMBER);

    account.auto_renew = false;
    account.state = BILLING_STATE_CANCELLED;
    assert_reason(deleted(&account, COMPANY, 1), LAST_TEAM);
    account.state = BILLING_STATE_EXPIRED;
    assert_reason(deleted(&account, COMPANY, 1), LAST_TEAM);
    account.plan = BILLING_PLAN_CONSULTANT;
    assert_reason(deleted(&account, COMPANY, 1), LAST_TEAM);
    account.plan = BILLING_PLAN_ENTERPRISE;
    account.state = BILLING_STATE_ENTERPRISE;
    assert_reason(deleted(&account, COMPANY, 1), LAST_TEAM);
    assert_reason(deleted(&account, COMPANY, 2), ALLOW);
}


static void
r231_no_renewal_is_left_behind(void **state)
{
    billing_team_t       free = a_free_team(1);
    billing_catalogue_t  catalogue = a_catalogue();
    billing_team_t       team;

    (void) state;

    team = a_paid_team(&catalogue, BILLING_PLAN_TEAM, BILLING_PERIOD_MONTHLY,
                       3, "2026-03-01");

    assert_reason(deleted(&free, ADMIN, 1), ALLOW);
    assert_reason(deleted(&free, MEMBER, 1), ADMIN_RIGHTS);
    assert_reason(deleted(&team, ADMIN, 1), CANCEL_FIRST);
    assert_reason(deleted(&team, PAYER, 1), ADMIN_RIGHTS);
    team.auto_renew = false;
    team.state = BILLING_STATE_CANCELLED;
    assert_reason(deleted(&team, ADMIN, 1), ALLOW);
    assert_true(billing_team_delete_confirmed(1));
    assert_false(billing_team_delete_confirmed(2));
}


static void
r14_one_licence_for_one_person_in_all_teams(void **state)
{
    bool                 add;
    billing_catalogue_t  catalogue = a_catalogue();
    billing_team_t       account = a_company(&catalogue);
    billing_seat_ask_t   ask = { .held = true };

    (void) state;

    assert_reason(billing_seat_find(&account, &ask, &add), ALLOW);
    assert_false(add);                  /* all six are in use */

    ask.hold_seats = 6;
    assert_reason(billing_seat_find(&account, &ask, &add), ALLOW);

    ask.held = false;
    assert_reason(billing_seat_find(&account, &ask, &add), NO_VACANT_SEAT);
    account.members = 5;
    assert_reason(billing_seat_find(&account, &ask, &add), ALLOW);
    assert_false(add);

    /* More is being bought, but what is there is full until it is. */

    account.members = 6;
    ask.hold_seats = 9;
    assert_reason(billing_seat_find(&account, &ask, &add), NO_VACANT_SEAT);

    ask.hold_seats = 0;
    assert_reason(billing_seat_find(&account, &ask, &add), ALLOW);
    assert_true(add);

    account.plan = BILLING_PLAN_ENTERPRISE;
    assert_reason(billing_seat_find(&account, &ask, &add), ALLOW);
    assert_false(add);

    account = a_free_team(7);
    assert_reason(billing_seat_find(&account, &ask, &add), ALLOW);
    assert_false(add);
    ask.hold_seats = 7;
    assert_reason(billing_seat_find(&account, &ask, &add), NO_VACANT_SEAT);
}


static void
r209_company_admins_are_made_by_company_admins(void **state)
{
    uint32_t              roles;
    billing_person_ask_t  ask = {
        .plan = BILLING_PLAN_BUSINESS, .actor = COMPANY, .roles = MEMBER,
        .admins = 1, .company_admins = 1, .teams = 1
    };

    (void) state;

    assert_reason(billing_role_given(&ask, BILLING_ROLE_COMPANY_ADMIN,
                                     &roles), ALLOW);
    assert_int_equal(roles, COMPANY);
    assert_reason(billing_role_given(&ask, BILLING_ROLE_TEAM_ADMIN, &roles),
                  ALLOW);
    assert_int_equal(roles, ADMIN);

    ask.actor = ADMIN;
    assert_reason(billing_role_given(&ask, BILLING_ROLE_COMPANY_ADMIN,
                                     &roles), ADMIN_RIGHTS);
    assert_reason(billing_role_given(&ask, BILLING_ROLE_TEAM_ADMIN, &roles),
                  ALLOW);

    ask.actor = PAYER;
    assert_reason(billing_role_given(&ask, BILLING_ROLE_TEAM_ADMIN, &roles),
                  ADMIN_RIGHTS);

    ask.actor = ADMIN;
    ask.plan = BILLING_PLAN_TEAM;
    assert_reason(billing_role_given(&ask, BILLING_ROLE_COMPANY_ADMIN,
                                     &roles), ROLE_INVALID);
    ask.roles = GUEST;
    assert_reason(billing_role_given(&ask, BILLING_ROLE_TEAM_ADMIN, &roles),
                  MEMBER_NOT_FOUND);
}


static void
the_last_admin_stays_one(void **state)
{
    uint32_t              roles;
    billing_person_ask_t  ask = {
        .plan = BILLING_PLAN_BUSINESS, .actor = COMPANY,
        .roles = COMPANY | ADMIN | PAYER, .self = true, .admins = 2,
        .company_admins = 1, .teams = 2
    };

    (void) state;

    assert_reason(billing_role_given(&ask, BILLING_ROLE_MEMBER, &roles),
                  LAST_ADMIN);
    assert_reason(billing_role_given(&ask, BILLING_ROLE_TEAM_ADMIN, &roles),
                  LAST_ADMIN);
    ask.company_admins = 2;
    assert_reason(billing_role_given(&ask, BILLING_ROLE_MEMBER, &roles),
                  ALLOW);
    assert_int_equal(roles, PAYER);

    /* A team of a company is administrated by the company as well. */

    ask.roles = ADMIN;
    ask.admins = 1;
    assert_reason(billing_role_given(&ask, BILLING_ROLE_MEMBER, &roles),
                  ALLOW);
    ask.plan = BILLING_PLAN_TEAM;
    ask.actor = ADMIN;
    ask.company_admins = 0;
    assert_reason(billing_role_given(&ask, BILLING_ROLE_MEMBER, &roles),
                  LAST_ADMIN);
    ask.admins = 2;
    assert_reason(billing_role_given(&ask, BILLING_ROLE_MEMBER, &roles),
                  ALLOW);
    assert_int_equal(roles, MEMBER);
}


static void
r210_removal_from_a_team_and_from_the_company(void **state)
{
    billing_person_ask_t  ask = {
        .plan = BILLING_PLAN_BUSINESS, .actor = ADMIN, .roles = MEMBER,
        .held = true, .admins = 1, .company_admins = 1, .teams = 1
    };

    (void) state;

    assert_reason(billing_removal_allowed(&ask, false), ALLOW);
    assert_reason(billing_removal_allowed(&ask, true), ADMIN_RIGHTS);

    ask.roles = COMPANY;
    assert_reason(billing_removal_allowed(&ask, false), ADMIN_RIGHTS);

    ask.actor = COMPANY;
    assert_reason(billing_removal_allowed(&ask, true), LAST_ADMIN);
    assert_reason(billing_removal_allowed(&ask, false), LAST_ADMIN);
    ask.teams = 2;
    assert_reason(billing_removal_allowed(&ask, false), ALLOW);
    assert_reason(billing_removal_allowed(&ask, true), LAST_ADMIN);
    ask.company_admins = 2;
    assert_reason(billing_removal_allowed(&ask, true), ALLOW);

    /* In no team any more, and yet with a licence. */

    ask.roles = 0;
    assert_reason(billing_removal_allowed(&ask, true), ALLOW);
    assert_reason(billing_removal_allowed(&ask, false), MEMBER_NOT_FOUND);
    ask.held = false;
    assert_reason(billing_removal_allowed(&ask, true), MEMBER_NOT_FOUND);

    ask.actor = PAYER;
    ask.roles = MEMBER;
    assert_reason(billing_removal_allowed(&ask, false), ADMIN_RIGHTS);
    ask.self = true;
    assert_reason(billing_removal_allowed(&ask, false), ALLOW);
    ask.actor = LEFT;
    assert_reason(billing_removal_allowed(&ask, false), NOT_A_MEMBER);
}


/* A team of its own has no company: both ways are the same. */

static void
r102_removal_on_a_plan_with_one_team(void **state)
{
    billing_person_ask_t  ask = {
        .plan = BILLING_PLAN_TEAM, .actor = ADMIN, .roles = MEMBER,
        .admins = 1, .teams = 1
    };

    (void) state;

    assert_reason(billing_removal_allowed(&ask, true), ALLOW);
    assert_reason(billing_removal_allowed(&ask, false), ALLOW);
    ask.roles = ADMIN;
    ask.self = true;
    assert_reason(billing_removal_allowed(&ask, false), LAST_ADMIN);
    ask.admins = 2;
    assert_reason(billing_removal_allowed(&ask, true), ALLOW);
}


static void
r189_roles_of_teams_that_become_one(void **state)
{
    (void) state;

    assert_int_equal(billing_roles_united(MEMBER, ADMIN), ADMIN);
    assert_int_equal(billing_roles_united(GUEST, PAYER), PAYER);
    assert_int_equal(billing_roles_united(GUEST, 0), GUEST);
    assert_int_equal(billing_roles_united(GUEST, GUEST), GUEST);
    assert_int_equal(billing_roles_united(BILLING_ROLE_OCCASIONAL, MEMBER),
                     MEMBER);

    assert_int_equal(billing_roles_on_team(COMPANY), ADMIN);
    assert_int_equal(billing_roles_on_team(GUEST), GUEST);
    assert_int_equal(billing_roles_on_team(PAYER), PAYER);
    assert_int_equal(billing_roles_on_company(ADMIN), ADMIN | COMPANY);
    assert_int_equal(billing_roles_on_company(PAYER), PAYER);
    assert_int_equal(billing_roles_on_company(MEMBER), MEMBER);
    assert_int_equal(billing_roles_on_free(billing_roles_on_company(ADMIN)),
                     ADMIN);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(
            r209_companies_are_business_consultant_and_enterprise),
        cmocka_unit_test(r26_the_company_admin_makes_further_teams),
        cmocka_unit_test(r26_only_inside_a_subscription_that_runs),
        cmocka_unit_test(r212_the_last_team_of_a_company_stays),
        cmocka_unit_test(r231_no_renewal_is_left_behind),
        cmocka_unit_test(r14_one_licence_for_one_person_in_all_teams),
        cmocka_unit_test(r209_company_admins_are_made_by_company_admins),
        cmocka_unit_test(the_last_admin_stays_one),
        cmocka_unit_test(r210_removal_from_a_team_and_from_the_company),
        cmocka_unit_test(r102_removal_on_a_plan_with_one_team),
        cmocka_unit_test(r189_roles_of_teams_that_become_one)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
