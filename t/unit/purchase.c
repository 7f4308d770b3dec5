#include "domain_fixture.h"


static billing_catalogue_t  catalogue;


static billing_quote_t
quoted(const billing_team_t *team, const billing_order_t *order, int64_t now)
{
    billing_quote_t  quote;

    assert_reason(billing_quote(&catalogue, team, order, now, &quote),
                  ALLOW);

    return quote;
}


static void
r100_a_card_purchase_makes_the_team_active(void **state)
{
    int64_t          now = at("2026-01-31T10:00:00Z");
    billing_team_t   team = a_free_team(3);
    billing_order_t  order = an_order(BILLING_PLAN_TEAM, 4,
                                      BILLING_PERIOD_MONTHLY);
    billing_quote_t  quote;

    (void) state;

    catalogue = a_catalogue();
    team.scheduled_plan = BILLING_PLAN_FREE;
    quote = quoted(&team, &order, now);
    billing_team_purchase(&team, &quote, now);

    assert_int_equal(team.plan, BILLING_PLAN_TEAM);
    assert_int_equal(team.state, BILLING_STATE_ACTIVE);
    assert_int_equal(team.period, BILLING_PERIOD_MONTHLY);
    assert_int_equal(team.method, BILLING_METHOD_CARD);
    assert_int_equal(team.seats, 4);
    assert_int_equal(team.members, 3);
    assert_int_equal(team.anchor_at, now);
    assert_int_equal(team.current.start_at, now);
    assert_int_equal(team.current.end_at, at("2026-02-28T10:00:00Z"));
    assert_int_equal(team.paid.minor, 4000);
    assert_int_equal(team.credit.minor, 0);
    assert_true(team.auto_renew);
    assert_int_equal(team.scheduled_plan, BILLING_PLAN_NONE);
}


static void
r107_an_invoice_purchase_grants_at_once_unpaid(void **state)
{
    int64_t          now = at("2026-01-31");
    billing_team_t   team = a_free_team(3);
    billing_order_t  order = an_order(BILLING_PLAN_TEAM, 11,
                                      BILLING_PERIOD_YEARLY);
    billing_quote_t  quote;

    (void) state;

    catalogue = a_catalogue();
    order.method = BILLING_METHOD_INVOICE;
    quote = quoted(&team, &order, now);
    billing_team_purchase(&team, &quote, now);

    assert_int_equal(team.state, BILLING_STATE_ACTIVE_UNPAID);
    assert_int_equal(team.method, BILLING_METHOD_INVOICE);

    assert_true(team.invoice_open);
    assert_false(team.ever_paid);

    /* What an earlier subscription paid does not count (R138). */

    team.state = BILLING_STATE_EXPIRED;
    team.ever_paid = true;
    quote = quoted(&team, &order, now);
    billing_team_purchase(&team, &quote, now);
    assert_false(team.ever_paid);

    /* Nothing to wait for when the credit balance pays it all. */

    team = a_free_team(3);
    team.credit = usd(1000000);
    quote = quoted(&team, &order, now);
    billing_team_purchase(&team, &quote, now);

    assert_int_equal(team.state, BILLING_STATE_ACTIVE);
    assert_int_equal(team.credit.minor, 1000000 - 11 * 9600);
    assert_int_equal(team.paid.minor, 11 * 9600);
    assert_false(team.invoice_open);
    assert_true(team.ever_paid);
}


static void
r158_only_the_discounted_price_can_come_back(void **state)
{
    int64_t          now = at("2026-06-01");
    billing_team_t   team;
    billing_promo_t  promo = { .code = "HALF", .percent = 50 };
    billing_order_t  order = an_order(BILLING_PLAN_BUSINESS, 5,
                                      BILLING_PERIOD_YEARLY);
    billing_quote_t  quote;

    (void) state;

    catalogue = a_catalogue();
    team = a_paid_team(&catalogue, BILLING_PLAN_TEAM, BILLING_PERIOD_YEARLY,
                       5, "2026-01-01");
    team.pending = usd(777);
    order.promo = &promo;
    order.tax_permyriad = 2000;
    quote = quoted(&team, &order, now);
    billing_team_purchase(&team, &quote, now);

    assert_int_equal(team.paid.minor, 5 * 19200 / 2);
    assert_int_equal(team.pending.minor, 0);
}


/*
 * Any chain of purchases, against sums kept beside it: what was charged and
 * what is left in the balance is what was consumed, to the cent (P12), and no
 * credit ever exceeds what was paid for the period it comes from.
 */

static void
p12_chains_of_upgrades_make_or_lose_no_cent(void **state)
{
    static const billing_plan_t  ladder[] = {
        BILLING_PLAN_TEAM, BILLING_PLAN_CONSULTANT, BILLING_PLAN_BUSINESS
    };

    random_t  random = { 155 };

    (void) state;

    for (unsigned chain = 0; chain < 100000; chain++) {
        int64_t          now, charged = 0, consumed = 0, start;
        billing_team_t   team = a_free_team((uint32_t)
                                    (1 + random_below(&random, 30)));
        billing_promo_t  promo = { .code = "ANY" };

        if (chain % 1000 == 0) {
            catalogue = a_catalogue();
            catalogue.basis = (billing_basis_t) random_below(&random, 3);
            catalogue.rounding = (billing_rounding_t)
                                 random_below(&random, 3);
        }

        start = (int64_t) random_below(&random, 1000000000);
        team.credit = usd((int64_t) random_below(&random, 20000));
        charged = team.credit.minor;
        now = start;

        for (unsigned step = 0; step < 3; step++) {
            int64_t          unused;
            billing_order_t  order;
            billing_quote_t  quote;

            order = an_order(ladder[step],
                             team.members + 5
                             + (uint32_t) random_below(&random, 20),
                             random_below(&random, 2)
                             ? BILLING_PERIOD_MONTHLY
                             : BILLING_PERIOD_YEARLY);
            promo.percent = (uint32_t) (1 + random_below(&random, 100));
            order.promo = random_below(&random, 2) ? &promo : NULL;

            quote = quoted(&team, &order, now);
            unused = 0;

            for (uint32_t i = 0; i < quote.nlines; i++) {
                if (quote.lines[i].kind == BILLING_LINE_CREDIT) {
                    unused = -quote.lines[i].amount.minor;
                }
            }

            assert_true(unused >= 0 && unused <= team.paid.minor);
            assert_true(quote.total.minor >= 0);
            assert_true(quote.credit_left.minor >= 0);

            consumed += team.paid.minor - unused;
            charged += quote.total.minor;
            billing_team_purchase(&team, &quote, now);

            assert_int_equal(charged,
                             consumed + team.paid.minor + team.credit.minor);

            now += (int64_t) random_below(&random, 40000000);
        }
    }
}


static void
upgrading_at_once_gives_the_whole_price_back(void **state)
{
    int64_t          now = at("2026-03-15T08:00:00Z");
    billing_team_t   team = a_free_team(5);
    billing_order_t  order = an_order(BILLING_PLAN_TEAM, 5,
                                      BILLING_PERIOD_YEARLY);
    billing_quote_t  quote;

    (void) state;

    catalogue = a_catalogue();
    quote = quoted(&team, &order, now);
    billing_team_purchase(&team, &quote, now);

    order.plan = BILLING_PLAN_BUSINESS;
    quote = quoted(&team, &order, now);

    assert_int_equal(quote.credit.minor, -5 * 9600);
    assert_int_equal(quote.total.minor, 5 * 9600);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(r100_a_card_purchase_makes_the_team_active),
        cmocka_unit_test(r107_an_invoice_purchase_grants_at_once_unpaid),
        cmocka_unit_test(r158_only_the_discounted_price_can_come_back),
        cmocka_unit_test(p12_chains_of_upgrades_make_or_lose_no_cent),
        cmocka_unit_test(upgrading_at_once_gives_the_whole_price_back)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("purchase", tests, NULL, NULL);
}
