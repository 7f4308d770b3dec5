#include "domain_fixture.h"


static billing_catalogue_t  catalogue;


static const billing_terms_t *
terms(billing_plan_t plan)
{
    catalogue = a_catalogue();

    return &catalogue.plans[plan];
}


static void
r66_r73_starts_at_members_or_the_plans_minimum(void **state)
{
    billing_team_t  three = a_free_team(3), twelve = a_free_team(12);
    billing_team_t  nobody = a_free_team(0);

    (void) state;

    assert_int_equal(billing_seats_floor(terms(BILLING_PLAN_TEAM), &three),
                     3);
    assert_int_equal(billing_seats_floor(terms(BILLING_PLAN_BUSINESS),
                                         &three),
                     5);
    assert_int_equal(billing_seats_floor(terms(BILLING_PLAN_BUSINESS),
                                         &twelve),
                     12);
    assert_int_equal(billing_seats_floor(terms(BILLING_PLAN_FREE), &nobody),
                     1);
}


static void
r47_consultant_takes_a_single_seat(void **state)
{
    billing_team_t  alone = a_free_team(1);

    (void) state;

    assert_reason(billing_seats_allowed(terms(BILLING_PLAN_CONSULTANT),
                                        &alone, 1),
                  ALLOW);
}


static void
r67_never_below_the_members(void **state)
{
    billing_team_t  team = a_free_team(7);

    (void) state;

    assert_reason(billing_seats_allowed(terms(BILLING_PLAN_TEAM), &team, 6),
                  SEATS_BELOW_MEMBERS);
    assert_reason(billing_seats_allowed(terms(BILLING_PLAN_TEAM), &team, 7),
                  ALLOW);
    assert_reason(billing_seats_allowed(terms(BILLING_PLAN_TEAM), &team, 0),
                  SEATS_INVALID);
}


static void
r48_never_below_the_plans_minimum(void **state)
{
    billing_team_t  team = a_free_team(2);

    (void) state;

    assert_reason(billing_seats_allowed(terms(BILLING_PLAN_BUSINESS), &team,
                                        4),
                  SEATS_BELOW_PLAN_MIN);
    assert_reason(billing_seats_allowed(terms(BILLING_PLAN_BUSINESS), &team,
                                        5),
                  ALLOW);

    /* Members come first where both stand against the number. */

    assert_reason(billing_seats_allowed(terms(BILLING_PLAN_BUSINESS), &team,
                                        1),
                  SEATS_BELOW_MEMBERS);
}


static void
r70_window_maximum_is_100(void **state)
{
    billing_team_t  team = a_free_team(2);

    (void) state;

    assert_int_equal(billing_seats_ceiling(terms(BILLING_PLAN_TEAM), &team),
                     100);
    assert_reason(billing_seats_allowed(terms(BILLING_PLAN_TEAM), &team, 100),
                  ALLOW);
    assert_reason(billing_seats_allowed(terms(BILLING_PLAN_TEAM), &team, 101),
                  SEATS_ABOVE_WINDOW_MAX);
    assert_reason(billing_seats_allowed(terms(BILLING_PLAN_TEAM), &team,
                                        UINT32_MAX),
                  SEATS_ABOVE_WINDOW_MAX);
}


static void
section8_4_members_beyond_100_keep_their_seats(void **state)
{
    billing_team_t  team = a_free_team(130);

    (void) state;

    assert_int_equal(billing_seats_ceiling(terms(BILLING_PLAN_TEAM), &team),
                     130);
    assert_reason(billing_seats_allowed(terms(BILLING_PLAN_TEAM), &team, 130),
                  ALLOW);
    assert_reason(billing_seats_allowed(terms(BILLING_PLAN_TEAM), &team, 131),
                  SEATS_ABOVE_WINDOW_MAX);
    assert_reason(billing_seats_allowed(terms(BILLING_PLAN_TEAM), &team, 129),
                  SEATS_BELOW_MEMBERS);
}


static void
section8_5_paid_seats_beyond_100_may_be_kept(void **state)
{
    billing_team_t  team = a_free_team(20);

    (void) state;

    team.seats = 150;
    assert_int_equal(billing_seats_ceiling(terms(BILLING_PLAN_TEAM), &team),
                     100);

    team.state = BILLING_STATE_ACTIVE;
    assert_int_equal(billing_seats_ceiling(terms(BILLING_PLAN_TEAM), &team),
                     150);
    team.state = BILLING_STATE_ACTIVE_UNPAID;
    assert_int_equal(billing_seats_ceiling(terms(BILLING_PLAN_TEAM), &team),
                     150);
    team.state = BILLING_STATE_PAST_DUE;
    assert_int_equal(billing_seats_ceiling(terms(BILLING_PLAN_TEAM), &team),
                     150);
    team.members = 160;
    assert_int_equal(billing_seats_ceiling(terms(BILLING_PLAN_TEAM), &team),
                     160);
    team.members = 20;

    team.state = BILLING_STATE_EXPIRED;
    assert_int_equal(billing_seats_ceiling(terms(BILLING_PLAN_TEAM), &team),
                     100);
}


static void
floor_and_ceiling_are_what_is_allowed(void **state)
{
    random_t  random = { 66 };

    (void) state;

    for (unsigned i = 0; i < 100000; i++) {
        uint32_t         seats = (uint32_t) random_below(&random, 250);
        bool             fits;
        billing_team_t   team = a_free_team((uint32_t)
                                            random_below(&random, 250));
        billing_terms_t  any = {
            .seats_min = (uint32_t) random_below(&random, 40),
            .window_max = 100
        };

        team.seats = (uint32_t) random_below(&random, 250);
        team.state = (billing_state_t) random_below(&random, BILLING_STATES);

        fits = seats >= billing_seats_floor(&any, &team)
               && seats <= billing_seats_ceiling(&any, &team);

        assert_int_equal(billing_seats_allowed(&any, &team, seats)
                         == BILLING_ALLOW, fits);
    }
}


static void
section8_4_a_strict_window_refuses_and_keeps_nobody(void **state)
{
    billing_team_t   team = a_free_team(101), fits = a_free_team(100);
    billing_terms_t  strict = *terms(BILLING_PLAN_TEAM);

    (void) state;

    strict.window_strict = true;
    assert_int_equal(billing_seats_ceiling(&strict, &team), 100);

    for (uint32_t seats = 99; seats < 103; seats++) {
        assert_reason(billing_seats_allowed(&strict, &team, seats),
                      SEATS_ABOVE_WINDOW_MAX);
    }

    assert_reason(billing_seats_allowed(&strict, &fits, 100), ALLOW);
    assert_reason(billing_seats_allowed(&strict, &fits, 101),
                  SEATS_ABOVE_WINDOW_MAX);
    assert_reason(billing_seats_allowed(&strict, &fits, 99),
                  SEATS_BELOW_MEMBERS);

    /* Nor the seats that are paid for (section 8 point 5). */

    fits.state = BILLING_STATE_ACTIVE;
    fits.members = 3;
    fits.seats = 140;
    assert_reason(billing_seats_allowed(&strict, &fits, 140),
                  SEATS_ABOVE_WINDOW_MAX);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(r66_r73_starts_at_members_or_the_plans_minimum),
        cmocka_unit_test(r47_consultant_takes_a_single_seat),
        cmocka_unit_test(r67_never_below_the_members),
        cmocka_unit_test(r48_never_below_the_plans_minimum),
        cmocka_unit_test(r70_window_maximum_is_100),
        cmocka_unit_test(section8_4_members_beyond_100_keep_their_seats),
        cmocka_unit_test(section8_5_paid_seats_beyond_100_may_be_kept),
        cmocka_unit_test(section8_4_a_strict_window_refuses_and_keeps_nobody),
        cmocka_unit_test(floor_and_ceiling_are_what_is_allowed)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("seats", tests, NULL, NULL);
}
