#include "domain_fixture.h"


static billing_guest_t      outcome;
static billing_guest_ask_t  ask;


static int
set_up(void **state)
{
    (void) state;

    ask = (billing_guest_ask_t) {
        .plan = BILLING_PLAN_BUSINESS, .state = BILLING_STATE_ACTIVE,
        .host_roles = BILLING_ROLE_MEMBER
    };

    return 0;
}


static billing_reason_t
invite(void)
{
    return billing_guest_invite(&ask, &outcome);
}


static void
r36_r39_r196_a_guest_on_paid_plans_a_member_on_free(void **state)
{
    (void) state;

    for (unsigned plan = BILLING_PLAN_FREE; plan < BILLING_PLANS; plan++) {
        ask.plan = (billing_plan_t) plan;
        assert_reason(invite(), ALLOW);
        assert_int_equal(outcome, plan == BILLING_PLAN_FREE
                                  ? BILLING_GUEST_JOINS
                                  : BILLING_GUEST_OF_BOARD);
        assert_int_equal(billing_guests_allowed(ask.plan),
                         plan != BILLING_PLAN_FREE);
    }

    assert_false(billing_guests_allowed(BILLING_PLAN_NONE));
    assert_false(billing_guests_allowed(BILLING_PLANS));
}


static void
r204_r205_who_may_invite(void **state)
{
    (void) state;

    ask.admins_only = true;
    assert_reason(invite(), INVITE_FORBIDDEN);
    ask.host_roles |= BILLING_ROLE_TEAM_ADMIN;
    assert_reason(invite(), ALLOW);

    ask.admins_only = false;
    ask.host_roles = BILLING_ROLE_GUEST;
    assert_reason(invite(), NOT_A_MEMBER);
    ask.host_roles = BILLING_ROLE_RESTRICTED;
    assert_reason(invite(), INVITE_FORBIDDEN);
    ask.host_roles = 0;
    assert_reason(invite(), NOT_A_MEMBER);
}


static void
only_the_owner_lets_people_onto_a_private_board(void **state)
{
    (void) state;

    ask.is_private = true;
    assert_reason(invite(), BOARD_NOT_OWNER);
    ask.host_access = BILLING_ACCESS_INVITED;
    assert_reason(invite(), BOARD_NOT_OWNER);
    ask.host_access = BILLING_ACCESS_OWNER;
    assert_reason(invite(), ALLOW);
    assert_int_equal(outcome, BILLING_GUEST_OF_BOARD);

    ask.roles = BILLING_ROLE_MEMBER;
    assert_reason(invite(), ALLOW);
    assert_int_equal(outcome, BILLING_GUEST_LET_IN);
    ask.access = BILLING_ACCESS_INVITED;
    assert_reason(invite(), MEMBER_EXISTS);
}


static void
nobody_is_invited_twice(void **state)
{
    (void) state;

    ask.roles = BILLING_ROLE_MEMBER;
    assert_reason(invite(), MEMBER_EXISTS);
    ask.roles = BILLING_ROLE_RESTRICTED;
    assert_reason(invite(), MEMBER_EXISTS);
    ask.roles = BILLING_ROLE_GUEST;
    assert_reason(invite(), ALLOW);
    ask.access = BILLING_ACCESS_INVITED;
    assert_reason(invite(), MEMBER_EXISTS);
}


static void
r181_a_paused_team_takes_nobody_in(void **state)
{
    (void) state;

    ask.state = BILLING_STATE_EXPIRED;
    assert_reason(invite(), TEAM_EXPIRED);
    assert_int_equal(outcome, BILLING_GUEST_NONE);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup(
            r36_r39_r196_a_guest_on_paid_plans_a_member_on_free, set_up),
        cmocka_unit_test_setup(r204_r205_who_may_invite, set_up),
        cmocka_unit_test_setup(
            only_the_owner_lets_people_onto_a_private_board, set_up),
        cmocka_unit_test_setup(nobody_is_invited_twice, set_up),
        cmocka_unit_test_setup(r181_a_paused_team_takes_nobody_in, set_up)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("guest", tests, NULL, NULL);
}
