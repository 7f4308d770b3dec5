/* Whether an invitation or only joining takes a seat (section 8 point 9). */

#include "domain_fixture.h"


static billing_catalogue_t    catalogue;
static billing_seat_change_t  change;


static int
set_up(void **state)
{
    (void) state;

    catalogue = a_catalogue();

    return 0;
}


static billing_team_t
five_seats(uint32_t members)
{
    billing_team_t  team;

    team = a_paid_team(&catalogue, BILLING_PLAN_TEAM, BILLING_PERIOD_MONTHLY,
                       5, "2020-09-01");
    team.members = members;

    return team;
}


static void
invite(const billing_team_t *team, uint32_t invited, uint32_t seats)
{
    assert_reason(billing_seat_invite(&catalogue, team, invited,
                                      at("2020-09-15"), &change), ALLOW);
    assert_int_equal(change.from, 5);
    assert_int_equal(change.to, seats);
}


static void
r75_at_joining_an_invitation_asks_for_nothing(void **state)
{
    billing_team_t  team = five_seats(5);

    (void) state;

    invite(&team, 0, 5);
    invite(&team, 7, 5);
    assert_int_equal(change.amount.minor, 0);
    assert_int_equal(billing_seats_taken(&catalogue, &team, 7), 5);
}


/* E1's amount, from the day of the invitation. */

static void
r75_e1_at_invitation_it_is_paid_from_that_day(void **state)
{
    billing_team_t  team = five_seats(3);

    (void) state;

    catalogue.seat_at = BILLING_SEAT_AT_INVITATION;

    invite(&team, 0, 5);
    invite(&team, 1, 5);
    assert_int_equal(change.amount.minor, 0);

    invite(&team, 2, 6);
    assert_int_equal(change.amount.minor, 533);
    assert_int_equal(billing_seats_taken(&catalogue, &team, 2), 5);
}


/* Who accepts uses the seat that the invitation took: no second one. */

static void
r75_joining_after_an_invitation_is_free(void **state)
{
    billing_team_t  team = five_seats(5);

    (void) state;

    catalogue.seat_at = BILLING_SEAT_AT_INVITATION;

    invite(&team, 0, 6);
    billing_team_resize(&team, &change);

    assert_reason(billing_seat_join(&catalogue, &team, at("2020-09-20"),
                                    &change), ALLOW);
    assert_int_equal(change.to, 6);
    assert_int_equal(change.amount.minor, 0);
}


static void
r36_on_free_nobody_takes_a_seat(void **state)
{
    billing_team_t  team = a_free_team(5);

    (void) state;

    catalogue.seat_at = BILLING_SEAT_AT_INVITATION;

    assert_reason(billing_seat_invite(&catalogue, &team, 9, at("2020-09-15"),
                                      &change), ALLOW);
    assert_int_equal(change.to, 0);
    assert_int_equal(change.amount.minor, 0);
}


static void
r180_not_while_cancelled(void **state)
{
    billing_team_t  team = five_seats(5);

    (void) state;

    catalogue.seat_at = BILLING_SEAT_AT_INVITATION;
    team.state = BILLING_STATE_CANCELLED;

    assert_reason(billing_seat_invite(&catalogue, &team, 0, at("2020-09-15"),
                                      &change), SUBSCRIPTION_CANCELLED);
}


static void
more_invitations_than_seats_there_can_be(void **state)
{
    billing_team_t  team = five_seats(5);

    (void) state;

    catalogue.seat_at = BILLING_SEAT_AT_INVITATION;

    assert_int_equal(billing_seats_taken(&catalogue, &team, UINT32_MAX),
                     BILLING_SEATS_MAX);
    assert_reason(billing_seat_invite(&catalogue, &team, UINT32_MAX,
                                      at("2020-09-15"), &change),
                  SEATS_INVALID);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup(r75_at_joining_an_invitation_asks_for_nothing,
                               set_up),
        cmocka_unit_test_setup(r75_e1_at_invitation_it_is_paid_from_that_day,
                               set_up),
        cmocka_unit_test_setup(r75_joining_after_an_invitation_is_free,
                               set_up),
        cmocka_unit_test_setup(r36_on_free_nobody_takes_a_seat, set_up),
        cmocka_unit_test_setup(r180_not_while_cancelled, set_up),
        cmocka_unit_test_setup(more_invitations_than_seats_there_can_be,
                               set_up)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("seat_invite", tests, NULL, NULL);
}
