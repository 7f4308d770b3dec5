/* Laws of prices, over thousands of catalogues, teams and orders. */

#include "domain_fixture.h"

#define CASES  20000


typedef struct {
    billing_catalogue_t  catalogue;
    billing_team_t       team;
    billing_promo_t      promo;
    billing_order_t      order;
    int64_t              now;
} case_t;


static int64_t
small(random_t *random, uint64_t n)
{
    return (int64_t) random_below(random, n);
}


static billing_catalogue_t
any_catalogue(random_t *random)
{
    billing_catalogue_t  catalogue = a_catalogue();

    catalogue.basis = (billing_basis_t) random_below(random, 3);
    catalogue.rounding = (billing_rounding_t) random_below(random, 3);

    for (unsigned plan = BILLING_PLAN_TEAM; plan <= BILLING_PLAN_CONSULTANT;
         plan++)
    {
        billing_terms_t  *terms = &catalogue.plans[plan];

        terms->price[BILLING_PERIOD_MONTHLY] = usd(1 + small(random, 99999));
        terms->price[BILLING_PERIOD_YEARLY] = usd(1 + small(random, 999999));
        terms->seats_min = 1;
        terms->volume.percent = (uint32_t) random_below(random, 101);
        terms->volume.seats_min = 5;
        terms->volume.periods[BILLING_PERIOD_MONTHLY] = 3;
        terms->volume.periods[BILLING_PERIOD_YEARLY] = 1;
    }

    return catalogue;
}


/* Free, running or expired; with a balance, pending seats, any time left. */

static void
any_case(random_t *random, case_t *c)
{
    static const billing_state_t  states[] = {
        BILLING_STATE_FREE, BILLING_STATE_ACTIVE, BILLING_STATE_PAST_DUE,
        BILLING_STATE_EXPIRED
    };

    c->catalogue = any_catalogue(random);
    c->team = a_free_team((uint32_t) random_below(random, 30));
    c->now = at("2020-02-28") + small(random, 400 * 86400);

    if (random_below(random, 4) != 0) {
        c->team = a_paid_team(&c->catalogue, BILLING_PLAN_TEAM,
                              random_below(random, 2)
                              ? BILLING_PERIOD_MONTHLY
                              : BILLING_PERIOD_YEARLY,
                              1 + (uint32_t) random_below(random, 40),
                              "2020-01-31");
        c->team.paid.minor = small(random, (uint64_t) c->team.paid.minor + 1);
        c->team.state = states[1 + random_below(random, 3)];
        c->team.pending = usd(small(random, 50000));
    }

    c->team.credit = usd(random_below(random, 2) ? small(random, 200000) : 0);
    c->promo = (billing_promo_t) {
        .code = "ANY", .percent = 1 + (uint32_t) random_below(random, 100),
        .duration_periods = (uint32_t) random_below(random, 14)
    };
    c->order = an_order((billing_plan_t) (BILLING_PLAN_BUSINESS
                                          + random_below(random, 2)),
                        c->team.members + 1
                        + (uint32_t) random_below(random, 40),
                        random_below(random, 2) ? BILLING_PERIOD_MONTHLY
                                                : BILLING_PERIOD_YEARLY);
    c->order.promo = random_below(random, 2) ? &c->promo : NULL;
    c->order.tax_permyriad = random_below(random, 2)
                             ? (uint32_t) random_below(random, 10001) : 0;
}


/* The first line of a kind, or an empty one. */

static billing_line_t
line_of(const billing_quote_t *quote, billing_line_kind_t kind)
{
    for (uint32_t i = 0; i < quote->nlines; i++) {
        if (quote->lines[i].kind == kind) {
            return quote->lines[i];
        }
    }

    return (billing_line_t) { .amount = usd(0) };
}


static void
lines_sum_to_the_total_and_tax_is_never_negative(void **state)
{
    unsigned  priced = 0;
    random_t  random = { 20261123 };

    (void) state;

    for (unsigned i = 0; i < CASES; i++) {
        case_t           c;
        int64_t          sum = 0, untaxed;
        billing_quote_t  quote;

        any_case(&random, &c);

        if (billing_quote(&c.catalogue, &c.team, &c.order, c.now, &quote)
            != BILLING_ALLOW)
        {
            continue;
        }

        priced++;

        for (uint32_t k = 0; k < quote.nlines; k++) {
            assert_int_equal(quote.lines[k].amount.currency,
                             c.catalogue.currency);
            sum += quote.lines[k].amount.minor;
        }

        assert_true(sum == quote.total.minor && sum >= 0);
        assert_true(quote.subtotal.minor + quote.discount.minor
                    + quote.credit.minor + quote.tax.minor == sum);
        assert_true(quote.tax.minor >= 0 && quote.renewal_total.minor >= 0);

        /* Never more than its rate of what is taxed, and a rounding. */

        untaxed = sum - quote.tax.minor;
        assert_true(llabs(10000 * quote.tax.minor
                          - (int64_t) c.order.tax_permyriad * untaxed)
                    < 10000);
    }

    assert_true(priced > CASES / 2);
}


static void
r158_the_credit_never_exceeds_what_was_paid(void **state)
{
    unsigned  credited = 0;
    random_t  random = { 158 };

    (void) state;

    for (unsigned i = 0; i < CASES; i++) {
        case_t           c;
        int64_t          unused;
        billing_quote_t  quote;

        any_case(&random, &c);

        if (billing_quote(&c.catalogue, &c.team, &c.order, c.now, &quote)
            != BILLING_ALLOW)
        {
            continue;
        }

        unused = -line_of(&quote, BILLING_LINE_CREDIT).amount.minor;
        assert_true(unused >= 0 && unused <= c.team.paid.minor);
        credited += unused > 0;

        /* No balance appears that was not paid: before, now, or by credit. */

        assert_true(quote.credit_left.minor >= 0);
        assert_true(quote.credit_left.minor <= c.team.credit.minor + unused);
    }

    assert_true(credited > CASES / 10);
}


/*
 * What is bought and taken back at one instant gives back what it cost: the
 * price of the plan, and so, with the old plan's credit, nothing is left over.
 */

static void
r155_an_upgrade_undone_at_once_nets_to_zero(void **state)
{
    unsigned  undone = 0;
    random_t  random = { 155 };

    (void) state;

    for (unsigned i = 0; i < CASES; i++) {
        case_t           c;
        int64_t          list, back;
        billing_team_t   team;
        billing_quote_t  quote, next;
        billing_order_t  order;

        any_case(&random, &c);
        c.order.plan = BILLING_PLAN_CONSULTANT;
        c.order.tax_permyriad = 0;
        team = c.team;

        if (billing_quote(&c.catalogue, &team, &c.order, c.now, &quote)
            != BILLING_ALLOW)
        {
            continue;
        }

        list = line_of(&quote, BILLING_LINE_PLAN).amount.minor
               + quote.discount.minor;
        billing_team_purchase(&team, &quote, c.now);

        order = an_order(BILLING_PLAN_BUSINESS, team.seats, c.order.period);
        assert_reason(billing_quote(&c.catalogue, &team, &order, c.now,
                                    &next), ALLOW);
        back = -line_of(&next, BILLING_LINE_CREDIT).amount.minor;
        assert_true(llabs(back - list) <= 1);
        undone++;

        /* What was charged, and what the old plan gave, are all accounted. */

        assert_true(quote.total.minor + c.team.credit.minor
                    - line_of(&quote, BILLING_LINE_CREDIT).amount.minor
                    == list + c.team.pending.minor
                       + quote.credit_left.minor);
    }

    assert_true(undone > CASES / 2);
}


/* One seat more never costs less, while the discount is the same. */

static void
more_seats_never_cost_less(void **state)
{
    unsigned  compared = 0;
    random_t  random = { 100 };

    (void) state;

    for (unsigned i = 0; i < CASES; i++) {
        case_t              c;
        billing_quote_t     fewer, more;
        billing_discount_t  before, after;

        any_case(&random, &c);
        before = billing_discount(&c.catalogue, &c.team, &c.order);

        if (billing_quote(&c.catalogue, &c.team, &c.order, c.now, &fewer)
            != BILLING_ALLOW)
        {
            continue;
        }

        c.order.seats++;
        after = billing_discount(&c.catalogue, &c.team, &c.order);

        if (before.percent != after.percent
            || billing_quote(&c.catalogue, &c.team, &c.order, c.now, &more)
               != BILLING_ALLOW)
        {
            continue;
        }

        compared++;
        assert_true(more.total.minor >= fewer.total.minor);
        assert_true(more.subtotal.minor > fewer.subtotal.minor);
        assert_true(more.renewal_total.minor >= fewer.renewal_total.minor);
        assert_true(more.credit_left.minor <= fewer.credit_left.minor);
    }

    assert_true(compared > CASES / 2);
}


static void
r168_bills_of_a_running_subscription_keep_the_same_laws(void **state)
{
    unsigned  priced = 0;
    random_t  random = { 168 };

    (void) state;

    for (unsigned i = 0; i < CASES; i++) {
        case_t               c;
        int64_t              sum = 0;
        billing_quote_t      quote;
        billing_sub_order_t  order;

        any_case(&random, &c);
        order = (billing_sub_order_t) {
            .pay = (billing_pay_t) random_below(&random, BILLING_PAYS),
            .tax_permyriad = c.order.tax_permyriad, .now = c.now
        };

        if (billing_sub_quote(&c.catalogue, &c.team, &order, &quote)
            != BILLING_ALLOW)
        {
            continue;
        }

        priced++;

        for (uint32_t k = 0; k < quote.nlines; k++) {
            sum += quote.lines[k].amount.minor;
        }

        assert_true(sum == quote.total.minor && sum >= 0);
        assert_true(quote.tax.minor >= 0 && quote.credit_left.minor >= 0);
        assert_true(-line_of(&quote, BILLING_LINE_CREDIT).amount.minor
                    <= c.team.paid.minor);
    }

    assert_true(priced > CASES / 10);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(lines_sum_to_the_total_and_tax_is_never_negative),
        cmocka_unit_test(r158_the_credit_never_exceeds_what_was_paid),
        cmocka_unit_test(r155_an_upgrade_undone_at_once_nets_to_zero),
        cmocka_unit_test(more_seats_never_cost_less),
        cmocka_unit_test(
            r168_bills_of_a_running_subscription_keep_the_same_laws)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("property_quote", tests, NULL, NULL);
}
