#include "domain_fixture.h"


uint64_t
random_next(random_t *random)
{
    uint64_t  z;

    random->state += 0x9e3779b97f4a7c15u;

    z = random->state;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;

    return z ^ z >> 31;
}


uint64_t
random_below(random_t *random, uint64_t n)
{
    return random_next(random) % n;
}


/* Of every magnitude: as many small numbers as large ones. */

int64_t
random_wide(random_t *random)
{
    uint64_t  bits = random_next(random);
    unsigned  width = (unsigned) random_below(random, 64);

    bits = width == 0 ? 0 : bits >> (64 - width);

    if (random_below(random, 2) == 0) {
        return (int64_t) bits;
    }

    return -(int64_t) bits;
}


billing_catalogue_t
a_catalogue(void)
{
    static const struct {
        billing_plan_t  plan;
        uint32_t        seats_min;
        int64_t         monthly;
        int64_t         yearly;
        uint64_t        features;
    } sold[] = {
        { BILLING_PLAN_TEAM, 1, 1000, 9600, FEATURE_VOTING },
        { BILLING_PLAN_BUSINESS, 5, 2000, 19200,
          FEATURE_VOTING | FEATURE_SSO },
        { BILLING_PLAN_CONSULTANT, 1, 1500, 14400, FEATURE_VOTING }
    };

    billing_catalogue_t  catalogue = { .version = "test" };

    catalogue.currency = billing_currency_parse("USD", 3);

    for (unsigned plan = BILLING_PLAN_FREE; plan < BILLING_PLANS; plan++) {
        catalogue.plans[plan].known = true;
        catalogue.plans[plan].private_boards = plan != BILLING_PLAN_FREE;
        catalogue.plans[plan].several_teams =
            plan == BILLING_PLAN_BUSINESS || plan == BILLING_PLAN_CONSULTANT
            || plan == BILLING_PLAN_ENTERPRISE;
    }

    catalogue.plans[BILLING_PLAN_FREE].editable_boards = 3;

    for (unsigned i = 0; i < sizeof(sold) / sizeof(sold[0]); i++) {
        billing_terms_t  *terms = &catalogue.plans[sold[i].plan];

        terms->selling = true;
        terms->self_serve = true;
        terms->seats_min = sold[i].seats_min;
        terms->window_max = 100;
        terms->features = sold[i].features;
        terms->price[BILLING_PERIOD_MONTHLY] = usd(sold[i].monthly);
        terms->price[BILLING_PERIOD_YEARLY] = usd(sold[i].yearly);
    }

    catalogue.plans[BILLING_PLAN_TEAM].invoice = true;
    catalogue.plans[BILLING_PLAN_TEAM].invoice_yearly = true;
    catalogue.plans[BILLING_PLAN_TEAM].invoice_seats_min = 11;
    catalogue.plans[BILLING_PLAN_BUSINESS].invoice = true;
    catalogue.plans[BILLING_PLAN_BUSINESS].guests_edit = true;
    catalogue.plans[BILLING_PLAN_CONSULTANT].guests_edit = true;

    return catalogue;
}


billing_team_t
a_free_team(uint32_t members)
{
    return (billing_team_t) {
        .plan = BILLING_PLAN_FREE,
        .state = BILLING_STATE_FREE,
        .members = members,
        .version = 1
    };
}


billing_team_t
a_paid_team(const billing_catalogue_t *catalogue, billing_plan_t plan,
    billing_period_t period, uint32_t seats, const char *start)
{
    int64_t          start_at = at(start);
    billing_money_t  paid;

    assert_int_equal(billing_money_times(catalogue->plans[plan].price[period],
                                         seats, &paid),
                     BILLING_OK);

    return (billing_team_t) {
        .plan = plan,
        .state = BILLING_STATE_ACTIVE,
        .period = period,
        .method = BILLING_METHOD_CARD,
        .seats = seats,
        .members = seats,
        .anchor_at = start_at,
        .current = { start_at, billing_boundary(start_at, period, 1) },
        .paid = paid,
        .auto_renew = true,
        .version = 5
    };
}


billing_order_t
an_order(billing_plan_t plan, uint32_t seats, billing_period_t period)
{
    return (billing_order_t) {
        .plan = plan,
        .seats = seats,
        .period = period,
        .method = BILLING_METHOD_CARD,
        .promo_left = UINT32_MAX
    };
}


int64_t
at(const char *text)
{
    bool     date_only;
    int64_t  instant = 0;

    assert_int_equal(billing_instant_parse(text, strlen(text), &instant,
                                           &date_only),
                     BILLING_OK);

    return instant;
}


billing_money_t
usd(int64_t minor)
{
    return (billing_money_t) {
        .minor = minor,
        .currency = billing_currency_parse("USD", 3)
    };
}
