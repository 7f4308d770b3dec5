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
monthly(uint32_t seats, const char *start)
{
    return a_paid_team(&catalogue, BILLING_PLAN_TEAM, BILLING_PERIOD_MONTHLY,
                       seats, start);
}


static billing_team_t
yearly(uint32_t seats, const char *start)
{
    billing_team_t  team;

    team = a_paid_team(&catalogue, BILLING_PLAN_TEAM, BILLING_PERIOD_YEARLY,
                       seats, start);
    team.members = 1;

    return team;
}


static void
changed(const billing_team_t *team, uint32_t seats, const char *when)
{
    assert_reason(billing_seat_change(&catalogue, team, seats, at(when),
                                      &change), ALLOW);
    assert_int_equal(change.from, team->seats);
    assert_int_equal(change.to, seats);
    assert_int_equal(change.unused.amount.minor
                     + change.remaining.amount.minor, change.amount.minor);
}


static void
r149_e1_16_of_30_days_of_10_dollars(void **state)
{
    billing_team_t  team = monthly(1, "2020-09-01");

    (void) state;

    changed(&team, 2, "2020-09-15");
    assert_int_equal(change.amount.minor, 533);
    assert_int_equal(change.due_at, at("2020-10-01"));
    assert_int_equal(change.unused.amount.minor, -533);
    assert_int_equal(change.remaining.amount.minor, 1066);
    assert_int_equal(change.remaining.quantity, 2);
}


static void
r149_d1_two_seats_more(void **state)
{
    billing_team_t  team = monthly(5, "2020-09-01");

    (void) state;

    changed(&team, 7, "2020-09-15");
    assert_int_equal(change.amount.minor, 1067);

    billing_team_resize(&team, &change);
    assert_int_equal(team.seats, 7);
    assert_int_equal(team.pending.minor, 1067);
    assert_int_equal(team.credit.minor, 0);
    assert_int_equal(team.paid.minor, 7000);
}


static void
r147_e2_e3_d2_yearly_by_card_on_the_next_return(void **state)
{
    billing_team_t  team = yearly(3, "2020-09-10");

    (void) state;

    changed(&team, 4, "2020-09-14");
    assert_int_equal(change.due_at, at("2020-10-10"));

    team = yearly(3, "2020-08-17");
    changed(&team, 4, "2020-09-02");
    assert_int_equal(change.due_at, at("2020-09-17"));
    assert_int_equal(change.amount.minor, 9179);
    assert_int_equal(team.current.end_at, at("2021-08-17"));

    /* The last return of all is the renewal itself. */

    changed(&team, 4, "2021-08-01");
    assert_int_equal(change.due_at, at("2021-08-17"));
}


static void
r148_yearly_by_invoice_quarterly(void **state)
{
    billing_team_t  team = yearly(12, "2020-11-30");

    (void) state;

    team.method = BILLING_METHOD_INVOICE;

    changed(&team, 13, "2020-12-01");
    assert_int_equal(change.due_at, at("2021-02-28"));
    changed(&team, 13, "2021-02-28");
    assert_int_equal(change.due_at, at("2021-05-30"));
    changed(&team, 13, "2021-11-29");
    assert_int_equal(change.due_at, at("2021-11-30"));
}


static void
r158_what_was_refunded_stays_so(void **state)
{
    billing_team_t  team = yearly(30, "2021-01-01");

    (void) state;

    team.unit = usd(9600);
    billing_team_refunded(&team, usd(30 * 9600 - 100));
    changed(&team, 31, "2021-03-24");
    assert_int_equal(change.paid.minor, 9600 + 100);

    /* No more is given back than is still there. */

    changed(&team, 20, "2021-03-24");
    assert_int_equal(change.amount.minor, -100);
    assert_int_equal(change.paid.minor, 0);
}


static void
r151_d3_ten_seats_less_are_a_credit(void **state)
{
    billing_team_t  team = yearly(30, "2021-01-01");

    (void) state;

    changed(&team, 20, "2021-03-24");
    assert_int_equal(change.amount.minor, -74433);

    billing_team_resize(&team, &change);
    assert_int_equal(team.credit.minor, 74433);
    assert_int_equal(team.pending.minor, 0);
    assert_int_equal(team.paid.minor, 20 * 9600);
}


static void
d6_d7_the_days_of_the_period_as_they_fall(void **state)
{
    billing_team_t  team = yearly(3, "2023-03-10");

    (void) state;

    changed(&team, 4, "2024-02-29");
    assert_int_equal(change.amount.minor, 262);

    team = monthly(3, "2021-02-10");
    changed(&team, 4, "2021-02-28");
    assert_int_equal(change.amount.minor, 357);
}


static void
r151_d8_added_and_removed_costs_the_days_used(void **state)
{
    billing_team_t  team = monthly(3, "2020-09-01");

    (void) state;

    changed(&team, 4, "2020-09-15");
    billing_team_resize(&team, &change);
    changed(&team, 3, "2020-09-20");
    assert_int_equal(change.amount.minor, -367);
    billing_team_resize(&team, &change);
    assert_int_equal(team.pending.minor - team.credit.minor, 166);
    assert_int_equal(team.paid.minor, 3000);
}


static void
r126_e8_two_lines_each_time(void **state)
{
    billing_team_t  team = yearly(30, "2021-01-15");

    (void) state;

    changed(&team, 31, "2021-03-23");
    assert_true(change.amount.minor > 0);
    assert_int_equal(change.unused.kind, BILLING_LINE_CREDIT);
    assert_int_equal(change.remaining.kind, BILLING_LINE_PRORATION);
    billing_team_resize(&team, &change);

    changed(&team, 21, "2021-03-24");
    assert_true(change.amount.minor < 0);
    assert_true(change.unused.amount.minor < 0);
    assert_true(change.remaining.amount.minor > 0);
}


static void
r97_e6_under_five_the_discount_is_lost(void **state)
{
    billing_team_t  team = a_paid_team(&catalogue, BILLING_PLAN_BUSINESS,
                                       BILLING_PERIOD_MONTHLY, 5,
                                       "2026-04-01");

    (void) state;

    catalogue.plans[BILLING_PLAN_BUSINESS].seats_min = 1;
    team.members = 2;
    team.unit = usd(2000);
    team.discount_percent = 25;
    team.discount_left = 2;
    team.discount_seats_min = 5;
    team.paid = usd(7500);

    changed(&team, 3, "2026-04-16");
    assert_true(change.discount_lost);
    assert_int_equal(change.unused.amount.minor, -3750);
    assert_int_equal(change.remaining.amount.minor, 3000);
    assert_int_equal(change.amount.minor, -750);

    billing_team_resize(&team, &change);
    assert_int_equal(team.discount_percent, 0);
    assert_int_equal(team.discount_left, 0);
    assert_int_equal(team.paid.minor, 6000);
    assert_int_equal(team.credit.minor, 750);
}


static void
r96_added_licences_are_discounted_too(void **state)
{
    billing_team_t  team = a_paid_team(&catalogue, BILLING_PLAN_BUSINESS,
                                       BILLING_PERIOD_MONTHLY, 5,
                                       "2026-04-01");

    (void) state;

    team.unit = usd(2000);
    team.discount_percent = 25;
    team.discount_seats_min = 5;
    team.paid = usd(7500);

    changed(&team, 6, "2026-04-16");
    assert_false(change.discount_lost);
    assert_int_equal(change.amount.minor, 750);

    /* Where only what was paid is known, it says the same. */

    team.unit = usd(0);
    changed(&team, 6, "2026-04-16");
    assert_int_equal(change.amount.minor, 750);
    assert_int_equal(change.paid.minor, 9000);
}


static void
r71_r142_there_is_no_limit_of_100(void **state)
{
    billing_team_t  team = monthly(100, "2026-04-01");

    (void) state;

    changed(&team, 101, "2026-04-16");
    changed(&team, 5000, "2026-04-16");
    changed(&team, BILLING_SEATS_MAX, "2026-04-16");
    assert_reason(billing_seat_change(&catalogue, &team,
                                      BILLING_SEATS_MAX + 1, 0, &change),
                  SEATS_INVALID);
    assert_reason(billing_seat_change(&catalogue, &team, 0, 0, &change),
                  SEATS_INVALID);
}


static void
r152_not_below_the_members_nor_the_plan(void **state)
{
    int64_t         now = at("2026-04-16");
    billing_team_t  team = monthly(10, "2026-04-01");

    (void) state;

    team.members = 7;
    changed(&team, 7, "2026-04-16");
    assert_reason(billing_seat_change(&catalogue, &team, 6, now, &change),
                  SIZE_BELOW_MEMBERS);

    team = a_paid_team(&catalogue, BILLING_PLAN_BUSINESS,
                       BILLING_PERIOD_MONTHLY, 6, "2026-04-01");
    team.members = 1;
    changed(&team, 5, "2026-04-16");
    assert_reason(billing_seat_change(&catalogue, &team, 4, now, &change),
                  SEATS_BELOW_PLAN_MIN);

    /* A team from before the minimum may grow. */

    team.seats = 2;
    changed(&team, 3, "2026-04-16");
}


static void
r180_not_while_cancelled_or_free(void **state)
{
    int64_t         now = at("2026-04-16");
    billing_team_t  team = monthly(10, "2026-04-01");

    (void) state;

    team.state = BILLING_STATE_CANCELLED;
    assert_reason(billing_seat_change(&catalogue, &team, 11, now, &change),
                  SUBSCRIPTION_CANCELLED);
    team.state = BILLING_STATE_EXPIRED;
    assert_reason(billing_seat_change(&catalogue, &team, 11, now, &change),
                  TEAM_EXPIRED);
    team = a_free_team(3);
    assert_reason(billing_seat_change(&catalogue, &team, 5, now, &change),
                  NO_SUBSCRIPTION);
}


static void
r144_r145_a_licence_is_added_when_none_is_vacant(void **state)
{
    int64_t         now = at("2020-09-15");
    billing_team_t  team = monthly(3, "2020-09-01");

    (void) state;

    team.members = 2;
    assert_reason(billing_seat_join(&catalogue, &team, now, &change), ALLOW);
    assert_int_equal(change.to, 3);
    assert_int_equal(change.amount.minor, 0);

    team.members = 3;
    assert_reason(billing_seat_join(&catalogue, &team, now, &change), ALLOW);
    assert_int_equal(change.to, 4);
    assert_int_equal(change.amount.minor, 533);

    team.state = BILLING_STATE_CANCELLED;
    assert_reason(billing_seat_join(&catalogue, &team, now, &change),
                  SUBSCRIPTION_CANCELLED);

    team = a_free_team(30);
    assert_reason(billing_seat_join(&catalogue, &team, now, &change), ALLOW);
    assert_int_equal(change.to, 0);
}


static void
r221_seats_of_a_trial_are_free(void **state)
{
    billing_team_t  team = monthly(3, "2020-09-01");

    (void) state;

    team.state = BILLING_STATE_TRIAL;
    changed(&team, 9, "2020-09-15");
    assert_int_equal(change.amount.minor, 0);
    assert_int_equal(change.paid.minor, 3000);
}


static void
no_change_costs_nothing(void **state)
{
    billing_team_t  team = monthly(3, "2020-09-01");

    (void) state;

    changed(&team, 3, "2020-09-15");
    assert_int_equal(change.amount.minor, 0);

    /* After the end nothing is left of the period. */

    changed(&team, 4, "2020-10-05");
    assert_int_equal(change.amount.minor, 0);

    team = yearly(3, "2020-08-17");
    team.state = BILLING_STATE_PAST_DUE;
    changed(&team, 4, "2021-08-20");
    assert_int_equal(change.due_at, at("2021-08-17"));
}


static void
amounts_that_cannot_be_are_refused(void **state)
{
    billing_team_t  team = monthly(3, "2020-09-01");

    (void) state;

    team.unit = usd(INT64_MAX / 4);
    assert_reason(billing_seat_change(&catalogue, &team, 4, at("2020-09-15"),
                                      &change), INTERNAL);
    team = monthly(3, "2020-09-01");
    team.current.end_at = team.current.start_at;
    assert_reason(billing_seat_change(&catalogue, &team, 4, at("2020-09-15"),
                                      &change), INTERNAL);
}


/*
 * Any chain of changes within a period: it costs what the days cost, within
 * half a cent a change; the changes of one instant cost their net; and what
 * is given back never exceeds what was paid and charged (P12).
 */

static void
p12_chains_make_or_lose_no_cent(void **state)
{
    random_t  random = { 151 };

    (void) state;

    for (unsigned chain = 0; chain < 20000; chain++) {
        int64_t         days, day = 0, sum = 0, worth = 0, unit, first;
        uint32_t        steps, n, start;
        billing_team_t  team;

        catalogue.rounding = chain % 2 ? BILLING_ROUND_HALF_UP
                                       : BILLING_ROUND_HALF_EVEN;
        start = 1 + (uint32_t) random_below(&random, 60);
        team = chain % 3 ? monthly(start, "2023-12-10")
                         : yearly(start, "2023-12-10");
        team.members = 1;
        unit = 1 + (int64_t) random_below(&random, 3000);
        team.unit = usd(unit);
        team.discount_percent = (uint32_t) random_below(&random, 101);
        unit *= 100 - team.discount_percent;
        team.paid = usd((unit * start + 50) / 100);
        first = team.paid.minor;
        days = (team.current.end_at - team.current.start_at) / 86400;
        steps = 1 + (uint32_t) random_below(&random, 12);

        for (n = 0; n < steps; n++) {
            uint32_t  to = 1 + (uint32_t) random_below(&random, 60);

            day += (int64_t) random_below(&random, 4);
            day = day > days ? days : day;

            assert_reason(billing_seat_change(&catalogue, &team, to,
                              team.current.start_at + day * 86400, &change),
                          ALLOW);

            worth += ((int64_t) to - team.seats) * unit * (days - day);
            sum += change.amount.minor;
            billing_team_resize(&team, &change);

            assert_true(team.credit.minor <= first + team.pending.minor);
            assert_int_equal(sum, team.pending.minor - team.credit.minor);
        }

        /* In hundredths of a day's cent: half a cent, and the cap's cent. */

        worth -= sum * 100 * days;
        assert_true(worth <= steps * 150 * days);
        assert_true(worth >= -(int64_t) steps * 150 * days);
    }
}


static void
p12_up_and_down_at_once_is_nothing_within_one_rounding(void **state)
{
    random_t  random = { 152 };

    (void) state;

    for (unsigned i = 0; i < 20000; i++) {
        int64_t         now, sum;
        uint32_t        from = 1 + (uint32_t) random_below(&random, 90);
        uint32_t        to = 1 + (uint32_t) random_below(&random, 90);
        billing_team_t  team = yearly(from, "2024-02-29");

        team.unit = usd(1 + (int64_t) random_below(&random, 20000));
        team.paid = usd(team.unit.minor * from);
        now = team.current.start_at
              + (int64_t) random_below(&random, 366 * 86400);

        assert_reason(billing_seat_change(&catalogue, &team, to, now,
                                          &change), ALLOW);
        sum = change.amount.minor;
        billing_team_resize(&team, &change);
        assert_reason(billing_seat_change(&catalogue, &team, from, now,
                                          &change), ALLOW);
        sum += change.amount.minor;
        assert_true(sum >= -1 && sum <= 1);
        assert_int_equal(change.paid.minor, team.unit.minor * from);
    }
}


/* Half a cent a seat, a hundred times: still no more than was paid. */

static void
p12_roundings_do_not_add_up_against_us(void **state)
{
    int64_t         now = at("2026-04-01");
    billing_team_t  team = monthly(100, "2026-04-01");

    (void) state;

    team.members = 0;
    team.unit = usd(3);
    team.discount_percent = 50;
    team.paid = usd(150);

    while (team.seats > 1) {
        assert_reason(billing_seat_change(&catalogue, &team, team.seats - 1,
                                          now, &change), ALLOW);
        billing_team_resize(&team, &change);
    }

    assert_int_equal(team.credit.minor + team.paid.minor, 150);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup(r149_e1_16_of_30_days_of_10_dollars, set_up),
        cmocka_unit_test_setup(r149_d1_two_seats_more, set_up),
        cmocka_unit_test_setup(
            r147_e2_e3_d2_yearly_by_card_on_the_next_return, set_up),
        cmocka_unit_test_setup(r148_yearly_by_invoice_quarterly, set_up),
        cmocka_unit_test_setup(r158_what_was_refunded_stays_so, set_up),
        cmocka_unit_test_setup(r151_d3_ten_seats_less_are_a_credit, set_up),
        cmocka_unit_test_setup(
            d6_d7_the_days_of_the_period_as_they_fall, set_up),
        cmocka_unit_test_setup(
            r151_d8_added_and_removed_costs_the_days_used, set_up),
        cmocka_unit_test_setup(r126_e8_two_lines_each_time, set_up),
        cmocka_unit_test_setup(r97_e6_under_five_the_discount_is_lost, set_up),
        cmocka_unit_test_setup(r96_added_licences_are_discounted_too, set_up),
        cmocka_unit_test_setup(r71_r142_there_is_no_limit_of_100, set_up),
        cmocka_unit_test_setup(r152_not_below_the_members_nor_the_plan, set_up),
        cmocka_unit_test_setup(r180_not_while_cancelled_or_free, set_up),
        cmocka_unit_test_setup(
            r144_r145_a_licence_is_added_when_none_is_vacant, set_up),
        cmocka_unit_test_setup(r221_seats_of_a_trial_are_free, set_up),
        cmocka_unit_test_setup(no_change_costs_nothing, set_up),
        cmocka_unit_test_setup(amounts_that_cannot_be_are_refused, set_up),
        cmocka_unit_test_setup(p12_chains_make_or_lose_no_cent, set_up),
        cmocka_unit_test_setup(
            p12_up_and_down_at_once_is_nothing_within_one_rounding, set_up),
        cmocka_unit_test_setup(p12_roundings_do_not_add_up_against_us, set_up)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("seat_change", tests, NULL, NULL);
}
