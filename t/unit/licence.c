#include "domain_fixture.h"

#define COMPANY  (BILLING_ROLE_MEMBER | BILLING_ROLE_COMPANY_ADMIN)


static uint32_t               roles;
static billing_team_t         team;
static billing_licence_ask_t  ask;


static int
set_up(void **state)
{
    (void) state;

    team = a_free_team(3);
    team.plan = BILLING_PLAN_ENTERPRISE;
    team.state = BILLING_STATE_ENTERPRISE;
    team.seats = 4;
    ask = (billing_licence_ask_t) {
        .actor_roles = COMPANY, .roles = BILLING_ROLE_RESTRICTED,
        .wanted = BILLING_LICENCE_FULL
    };

    return 0;
}


static billing_reason_t
assign(void)
{
    return billing_licence_assign(&team, &ask, &roles);
}


static uint32_t
given(void)
{
    return billing_licence_given(&team, BILLING_ROLE_MEMBER);
}


static void
r202_full_until_they_run_out(void **state)
{
    (void) state;

    assert_int_equal(given(), BILLING_ROLE_MEMBER);
    team.members = 4;
    assert_int_equal(given(), BILLING_ROLE_RESTRICTED);
    assert_false(billing_licence_left(&team));

    team.seats = 0;                     /* a contract without a bound */
    assert_int_equal(given(), BILLING_ROLE_MEMBER);

    team.seats = 4;                     /* elsewhere seats are bought */
    team.plan = BILLING_PLAN_BUSINESS;
    assert_int_equal(given(), BILLING_ROLE_MEMBER);
}


static void
r202_a_company_admin_assigns_what_is_left(void **state)
{
    (void) state;

    assert_reason(assign(), ALLOW);
    assert_int_equal(roles, BILLING_ROLE_MEMBER);

    team.members = 4;
    assert_reason(assign(), NO_VACANT_SEAT);
    ask.roles = BILLING_ROLE_MEMBER;    /* has one already */
    assert_reason(assign(), ALLOW);
    ask.wanted = BILLING_LICENCE_RESTRICTED;
    assert_reason(assign(), ALLOW);
    assert_int_equal(roles, BILLING_ROLE_RESTRICTED);
}


/* R198's licence goes with the new one. */

static void
r198_r202_one_person_has_one_licence(void **state)
{
    (void) state;

    ask.roles = BILLING_ROLE_OCCASIONAL;
    assert_reason(assign(), ALLOW);
    assert_int_equal(roles, BILLING_ROLE_MEMBER);
    ask.wanted = BILLING_LICENCE_RESTRICTED;
    assert_reason(assign(), ALLOW);
    assert_int_equal(roles, BILLING_ROLE_RESTRICTED);
}


static void
section3_row29_nobody_else(void **state)
{
    (void) state;

    ask.actor_roles = BILLING_ROLE_MEMBER | BILLING_ROLE_TEAM_ADMIN;
    assert_reason(assign(), ADMIN_RIGHTS);
    ask.actor_roles = BILLING_ROLE_RESTRICTED;
    assert_reason(assign(), ADMIN_RIGHTS);
    ask.actor_roles = BILLING_ROLE_GUEST;
    assert_reason(assign(), NOT_A_MEMBER);
    assert_int_equal(roles, ask.roles);
}


static void
r203_guests_are_never_made_full(void **state)
{
    (void) state;

    ask.roles = BILLING_ROLE_GUEST;
    assert_reason(assign(), MEMBER_NOT_FOUND);
    ask.roles = 0;
    assert_reason(assign(), MEMBER_NOT_FOUND);
}


static void
r203_who_edits_in_a_flexible_contract_is_made_full(void **state)
{
    (void) state;

    team.members = 4;
    assert_int_equal(billing_licence_edits(&team, BILLING_ROLE_RESTRICTED, 9),
                     BILLING_ROLE_RESTRICTED);
    assert_false(billing_licence_more(&team, 9));

    team.review_days = BILLING_REVIEW_DAYS;
    assert_int_equal(billing_licence_edits(&team, BILLING_ROLE_RESTRICTED, 9),
                     BILLING_ROLE_MEMBER);
    assert_int_equal(billing_licence_edits(&team, BILLING_ROLE_GUEST, 9),
                     BILLING_ROLE_GUEST);
    assert_int_equal(given(), BILLING_ROLE_RESTRICTED);
    assert_reason(assign(), ALLOW);

    team.current.end_at = 9;            /* the contract is over */
    assert_int_equal(billing_licence_edits(&team, BILLING_ROLE_RESTRICTED, 9),
                     BILLING_ROLE_RESTRICTED);
    assert_reason((ask.now = 9, assign()), NO_VACANT_SEAT);
    assert_reason((ask.now = 8, assign()), ALLOW);

    team.plan = BILLING_PLAN_BUSINESS;
    assert_int_equal(billing_licence_edits(&team, BILLING_ROLE_RESTRICTED, 8),
                     BILLING_ROLE_RESTRICTED);
}


static void
r203_a_review_adds_and_never_takes(void **state)
{
    (void) state;

    team.review_days = BILLING_REVIEW_DAYS_OLD;
    team.review_at = 1000;
    team.members = 7;
    assert_int_equal(billing_review_at(&team), 1000);
    assert_true(billing_review_take(&team));
    assert_int_equal(team.seats, 7);
    assert_int_equal(team.review_at, 1000 + 90 * 86400);

    assert_false(billing_review_take(&team));
    team.members = 2;
    assert_false(billing_review_take(&team));
    assert_int_equal(team.seats, 7);
    assert_int_equal(team.review_at, 1000 + 270 * 86400);

    team.current.end_at = team.review_at;   /* none after its end */
    assert_int_equal(billing_review_at(&team), 0);
    team.current.end_at++;
    assert_int_equal(billing_review_at(&team), team.review_at);
    team.review_days = 0;
    assert_int_equal(billing_review_at(&team), 0);
    assert_int_equal(billing_review_after(1000, 0), 0);
}


static void
r203_every_90_or_180_days(void **state)
{
    uint32_t  days;

    (void) state;

    assert_true(billing_review_days(true, 0, &days));
    assert_int_equal(days, 180);
    assert_true(billing_review_days(true, 90, &days));
    assert_int_equal(days, 90);
    assert_true(billing_review_days(false, 0, &days));
    assert_int_equal(days, 0);
    assert_false(billing_review_days(true, 91, &days));
    assert_false(billing_review_days(true, -90, &days));
    assert_false(billing_review_days(true, 4294967386, &days));
    assert_false(billing_review_days(false, 90, &days));
}


static void
only_enterprise_and_no_admin_without_licence(void **state)
{
    (void) state;

    ask.roles = BILLING_ROLE_MEMBER | BILLING_ROLE_TEAM_ADMIN;
    ask.wanted = BILLING_LICENCE_RESTRICTED;
    assert_reason(assign(), ADMIN_RIGHTS);
    ask.roles = COMPANY;
    assert_reason(assign(), ADMIN_RIGHTS);
    team.plan = BILLING_PLAN_BUSINESS;
    assert_reason(assign(), FEATURE_MISSING);
}


static void
the_words(void **state)
{
    (void) state;

    assert_int_equal(billing_licence_parse("full", 4), BILLING_LICENCE_FULL);
    assert_int_equal(billing_licence_parse("restricted", 10),
                     BILLING_LICENCE_RESTRICTED);
    assert_int_equal(billing_licence_parse("none", 4), BILLING_LICENCE_NONE);
    assert_int_equal(billing_licence_parse("ful", 3), BILLING_LICENCE_NONE);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup(r202_full_until_they_run_out, set_up),
        cmocka_unit_test_setup(r198_r202_one_person_has_one_licence, set_up),
        cmocka_unit_test_setup(r202_a_company_admin_assigns_what_is_left,
                               set_up),
        cmocka_unit_test_setup(section3_row29_nobody_else, set_up),
        cmocka_unit_test_setup(r203_guests_are_never_made_full, set_up),
        cmocka_unit_test_setup(
            r203_who_edits_in_a_flexible_contract_is_made_full, set_up),
        cmocka_unit_test_setup(r203_a_review_adds_and_never_takes, set_up),
        cmocka_unit_test_setup(r203_every_90_or_180_days, set_up),
        cmocka_unit_test_setup(only_enterprise_and_no_admin_without_licence,
                               set_up),
        cmocka_unit_test_setup(the_words, set_up)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("licence", tests, NULL, NULL);
}
