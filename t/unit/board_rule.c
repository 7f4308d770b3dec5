#include "domain_fixture.h"


static billing_board_move_t   move;
static billing_board_moved_t  moved;
static billing_catalogue_t    catalogue;


static int
set_up(void **state)
{
    (void) state;

    catalogue = a_catalogue();
    move = (billing_board_move_t) {
        .owner = true, .member_there = true, .to = BILLING_PLAN_TEAM,
        .to_state = BILLING_STATE_ACTIVE
    };

    return 0;
}


static billing_reason_t
try_move(void)
{
    return billing_board_move_allowed(&catalogue, &move, &moved);
}


static void
r29_r30_only_the_owner_and_only_to_own_teams(void **state)
{
    (void) state;

    assert_reason(try_move(), ALLOW);
    assert_false(moved.locked);
    assert_false(moved.shared);
    move.member_there = false;
    assert_reason(try_move(), BOARD_DEST);
    move.owner = false;
    assert_reason(try_move(), BOARD_NOT_OWNER);
}


static void
r31_a_company_may_forbid_it(void **state)
{
    (void) state;

    move.forbidden = true;
    assert_reason(try_move(), BOARD_MOVE_FORBIDDEN);
}


static void
r32_ten_are_named_eleven_are_a_list(void **state)
{
    (void) state;

    assert_true(billing_affected_inline(0, BILLING_AFFECTED_INLINE));
    assert_true(billing_affected_inline(10, BILLING_AFFECTED_INLINE));
    assert_false(billing_affected_inline(11, BILLING_AFFECTED_INLINE));
    assert_true(billing_affected_inline(3, 3));
    assert_false(billing_affected_inline(4, 3));
    assert_true(billing_affected_inline(0, 0));
    assert_false(billing_affected_inline(1, 0));
}


static void
r33_on_free_shared_or_locked(void **state)
{
    (void) state;

    move.to = BILLING_PLAN_FREE;
    assert_reason(try_move(), ALLOW);
    assert_true(moved.shared);
    assert_false(moved.locked);

    move.is_private = true;
    assert_reason(try_move(), ALLOW);
    assert_true(moved.locked);
    assert_false(moved.shared);

    move.to = BILLING_PLAN_BUSINESS;
    assert_reason(try_move(), ALLOW);
    assert_false(moved.locked);
}


static void
r39_r181_creating(void **state)
{
    billing_team_t  team = a_free_team(1);

    (void) state;

    assert_reason(billing_board_create_allowed(&catalogue, &team, false),
                  ALLOW);
    assert_reason(billing_board_create_allowed(&catalogue, &team, true),
                  BOARD_PRIVATE_FREE);

    /* In a trial what its plan has (R221). */

    team.state = BILLING_STATE_TRIAL;
    team.trial_plan = BILLING_PLAN_BUSINESS;
    assert_reason(billing_board_create_allowed(&catalogue, &team, true),
                  ALLOW);
    team.trial_plan = BILLING_PLAN_NONE;
    team.plan = BILLING_PLAN_TEAM;
    team.state = BILLING_STATE_ACTIVE;
    assert_reason(billing_board_create_allowed(&catalogue, &team, true),
                  ALLOW);
    team.state = BILLING_STATE_EXPIRED;
    assert_reason(billing_board_create_allowed(&catalogue, &team, false),
                  TEAM_EXPIRED);
}


static void
r229_who_takes_boards_over(void **state)
{
    const uint32_t  member = BILLING_ROLE_MEMBER;
    const uint32_t  admin = member | BILLING_ROLE_TEAM_ADMIN;

    (void) state;

    for (unsigned plan = BILLING_PLAN_FREE; plan < BILLING_PLANS; plan++) {
        bool  admins = plan == BILLING_PLAN_FREE
                       || plan == BILLING_PLAN_EDUCATION;

        assert_int_equal(billing_board_heir((billing_plan_t) plan, member),
                         !admins);
        assert_true(billing_board_heir((billing_plan_t) plan, admin));
        assert_false(billing_board_heir((billing_plan_t) plan,
                                        BILLING_ROLE_GUEST
                                        | BILLING_ROLE_RESTRICTED));
    }
}


static void
r229_ninety_days_to_think_again(void **state)
{
    const int64_t  at = 1800000000;

    (void) state;

    assert_true(billing_board_restorable(at, at));
    assert_true(billing_board_restorable(at, at + 90 * 86400 - 1));
    assert_false(billing_board_restorable(at, at + 90 * 86400));
    assert_false(billing_board_restorable(0, at));
}


static void
r37_r38_r187_the_three_newest(void **state)
{
    static const uint64_t  ranks[] = { 7, 3, 12, 5, 9 };

    (void) state;

    assert_int_equal(billing_editable_from(ranks, 5, 3), 7);
    assert_int_equal(billing_editable_from(ranks, 5, 1), 12);
    assert_int_equal(billing_editable_from(ranks, 4, 3), 5);
    assert_int_equal(billing_editable_from(ranks, 3, 3), 0);
    assert_int_equal(billing_editable_from(ranks, 5, 0), 0);
    assert_int_equal(billing_editable_from(NULL, 0, 3), 0);
}


/* Of any set, exactly the limit are at or above the answer. */

static void
r189_of_the_merged_set_exactly_as_many(void **state)
{
    random_t  random = { 187 };

    (void) state;

    for (unsigned i = 0; i < 5000; i++) {
        size_t    n = 1 + random_below(&random, 200), above = 0;
        uint32_t  limit = 1 + (uint32_t) random_below(&random, 64);
        uint64_t  ranks[200], from;

        for (size_t k = 0; k < n; k++) {
            ranks[k] = k + 1;
        }

        for (size_t k = n - 1; k > 0; k--) {
            size_t    j = random_below(&random, k + 1);
            uint64_t  rank = ranks[k];

            ranks[k] = ranks[j];
            ranks[j] = rank;
        }

        from = billing_editable_from(ranks, n, limit);

        for (size_t k = 0; k < n; k++) {
            above += ranks[k] >= from;
        }

        assert_int_equal(above, n < limit ? n : limit);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup(
            r29_r30_only_the_owner_and_only_to_own_teams, set_up),
        cmocka_unit_test_setup(r31_a_company_may_forbid_it, set_up),
        cmocka_unit_test_setup(r32_ten_are_named_eleven_are_a_list, set_up),
        cmocka_unit_test_setup(r33_on_free_shared_or_locked, set_up),
        cmocka_unit_test_setup(r39_r181_creating, set_up),
        cmocka_unit_test_setup(r229_who_takes_boards_over, set_up),
        cmocka_unit_test_setup(r229_ninety_days_to_think_again, set_up),
        cmocka_unit_test_setup(r37_r38_r187_the_three_newest, set_up),
        cmocka_unit_test_setup(r189_of_the_merged_set_exactly_as_many, set_up)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("board_rule", tests, NULL, NULL);
}
