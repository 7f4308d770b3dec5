/* Laws of team sizes: chains of changes, and what they give back. */

#include "domain_fixture.h"

#define CHAINS  4000
#define STEPS   12


static billing_catalogue_t  catalogue;


static billing_team_t
any_team(random_t *random)
{
    billing_team_t    team;
    billing_period_t  period;

    catalogue = a_catalogue();
    catalogue.basis = (billing_basis_t) random_below(random, 3);
    catalogue.rounding = (billing_rounding_t) random_below(random, 2);

    period = random_below(random, 2) ? BILLING_PERIOD_MONTHLY
                                     : BILLING_PERIOD_YEARLY;

    catalogue.plans[BILLING_PLAN_TEAM].price[period]
        = usd(1 + (int64_t) random_below(random, 99999));

    team = a_paid_team(&catalogue, BILLING_PLAN_TEAM, period,
                       1 + (uint32_t) random_below(random, 60), "2020-01-31");
    team.members = 1;
    team.unit = catalogue.plans[BILLING_PLAN_TEAM].price[period];
    team.pending = team.credit = usd(0);

    return team;
}


static int64_t
resize(billing_team_t *team, uint32_t seats, int64_t now)
{
    billing_seat_change_t  change;

    assert_reason(billing_seat_change(&catalogue, team, seats, now, &change),
                  ALLOW);
    assert_true(change.unused.amount.minor + change.remaining.amount.minor
                == change.amount.minor);
    assert_true(change.pending.minor >= 0 && change.credit.minor >= 0);

    /* No more is given back than is taken off the price of the period. */

    assert_true(change.amount.minor >= 0
                || -change.amount.minor
                   <= team->paid.minor - change.paid.minor);
    billing_team_resize(team, &change);

    return change.amount.minor;
}


static uint32_t
any_size(random_t *random)
{
    return 1 + (uint32_t) random_below(random, 200);
}


static void
there_and_back_at_one_instant_is_nothing(void **state)
{
    random_t  random = { 154 };

    (void) state;

    for (unsigned i = 0; i < CHAINS * 4; i++) {
        billing_team_t  team = any_team(&random);
        uint32_t        seats = team.seats;
        int64_t         now, sum;

        now = team.current.start_at
              + (int64_t) random_below(&random,
                    (uint64_t) (team.current.end_at - team.current.start_at));
        sum = resize(&team, any_size(&random), now);
        sum += resize(&team, seats, now);
        assert_true(sum >= -1 && sum <= 1);
    }
}


/* At one instant, whatever the way, only where it leads is paid. */

static void
r126_a_chain_costs_what_its_net_change_costs(void **state)
{
    random_t  random = { 126 };

    (void) state;

    for (unsigned i = 0; i < CHAINS; i++) {
        int64_t         now, sum = 0, net;
        uint32_t        seats = 0;
        billing_team_t  team = any_team(&random), straight = team;

        now = team.current.start_at
              + (int64_t) random_below(&random,
                    (uint64_t) (team.current.end_at - team.current.start_at));

        for (unsigned k = 0; k < STEPS; k++) {
            seats = any_size(&random);
            sum += resize(&team, seats, now);
        }

        net = resize(&straight, seats, now);
        assert_true(llabs(sum - net) <= STEPS);
        assert_int_equal(team.paid.minor, straight.paid.minor);
    }
}


/*
 * Over the period each change costs its seats for the days it leaves: the sum
 * is the exact one, within half a cent for each rounding.
 */

static void
r149_a_chain_over_days_costs_the_exact_sum(void **state)
{
    random_t  random = { 149 };

    (void) state;

    for (unsigned i = 0; i < CHAINS; i++) {
        int64_t         days, left, sum = 0, exact = 0;
        billing_team_t  team = any_team(&random);

        catalogue.basis = BILLING_BASIS_DAY;
        days = (team.current.end_at - team.current.start_at) / 86400;

        for (left = days; left > 0;
             left -= (int64_t) random_below(&random, 9))
        {
            uint32_t  seats = any_size(&random);

            exact += ((int64_t) seats - (int64_t) team.seats)
                     * team.unit.minor * left;
            sum += resize(&team, seats,
                          team.current.end_at - left * 86400);

            if (random_below(&random, STEPS) == 0) {
                break;
            }
        }

        assert_true(llabs(sum * days - exact) <= days * 64);
    }
}


static void
r151_nothing_gives_back_more_than_was_paid(void **state)
{
    random_t  random = { 151 };

    (void) state;

    for (unsigned i = 0; i < CHAINS; i++) {
        int64_t         paid, now;
        billing_team_t  team = any_team(&random);

        /* Tiny prices, and those of which only the sum is known. */

        if (random_below(&random, 2)) {
            team.unit = usd((int64_t) random_below(&random, 3));
            team.paid = usd(team.unit.minor == 0
                            ? (int64_t) random_below(&random, 500)
                            : team.unit.minor * team.seats);
        }

        paid = team.paid.minor;
        now = team.current.start_at;

        for (unsigned k = 0; k < STEPS; k++) {
            int64_t  amount;

            amount = resize(&team, any_size(&random), now);
            paid += amount > 0 ? amount : 0;
            assert_true(team.credit.minor <= paid);
            assert_true(team.paid.minor >= 0);
            now += (int64_t) random_below(&random, 2 * 86400);
        }
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(there_and_back_at_one_instant_is_nothing),
        cmocka_unit_test(r126_a_chain_costs_what_its_net_change_costs),
        cmocka_unit_test(r149_a_chain_over_days_costs_the_exact_sum),
        cmocka_unit_test(r151_nothing_gives_back_more_than_was_paid)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("property_seats", tests, NULL, NULL);
}
