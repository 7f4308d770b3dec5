/* The order: whether a team may buy what it asks for. */

#include "billing_domain.h"


/* What a purchase means in each state (domain section 6). */

typedef enum {
    BILLING_BUY_NEVER = 0,
    BILLING_BUY_NEW,                    /* nothing to credit */
    BILLING_BUY_CHANGE,                 /* a higher plan, credit (R155) */
    BILLING_BUY_TRIAL,                  /* any plan, credit (R221) */
    BILLING_BUY_PAID,                   /* arranged elsewhere (R58) */
    BILLING_BUY_CANCELLED               /* reactivate first (R65) */
} billing_buy_t;


static billing_buy_t billing_order_buy(const billing_team_t *team,
    int64_t now);
static billing_reason_t billing_order_state(
    const billing_catalogue_t *catalogue, const billing_team_t *team,
    const billing_order_t *order, int64_t now);
static billing_reason_t billing_order_plan(
    const billing_catalogue_t *catalogue, const billing_order_t *order);
static billing_reason_t billing_order_owed(const billing_team_t *team);


static const billing_buy_t  billing_buys[BILLING_STATES] = {
    [BILLING_STATE_FREE]          = BILLING_BUY_NEW,
    [BILLING_STATE_TRIAL]         = BILLING_BUY_TRIAL,
    [BILLING_STATE_ACTIVE]        = BILLING_BUY_CHANGE,
    [BILLING_STATE_ACTIVE_UNPAID] = BILLING_BUY_CHANGE,
    [BILLING_STATE_PAST_DUE]      = BILLING_BUY_CHANGE,
    [BILLING_STATE_CANCELLED]     = BILLING_BUY_CANCELLED,
    [BILLING_STATE_EXPIRED]       = BILLING_BUY_NEW,
    [BILLING_STATE_EDUCATION]     = BILLING_BUY_PAID,
    [BILLING_STATE_ENTERPRISE]    = BILLING_BUY_PAID
};


/* Upgrading goes upward; the way down waits for the period's end (R161). */

static const unsigned  billing_plan_height[BILLING_PLANS] = {
    [BILLING_PLAN_TEAM]       = 1,
    [BILLING_PLAN_CONSULTANT] = 2,
    [BILLING_PLAN_BUSINESS]   = 3,
    [BILLING_PLAN_ENTERPRISE] = 4,
    [BILLING_PLAN_EDUCATION]  = 4
};


/* The order of the questions is the order of the reasons in the enum. */

billing_reason_t
billing_order_allowed(const billing_catalogue_t *catalogue,
    const billing_team_t *team, const billing_order_t *order, int64_t now)
{
    billing_reason_t        reason;
    const billing_terms_t  *terms;

    reason = billing_order_state(catalogue, team, order, now);

    if (reason != BILLING_ALLOW) {
        return reason;
    }

    reason = billing_order_plan(catalogue, order);

    if (reason != BILLING_ALLOW) {
        return reason;
    }

    terms = &catalogue->plans[order->plan];

    /* A period without a price is not on sale: nothing is ever for nothing. */

    if (order->period == BILLING_PERIOD_NONE
        || order->period >= BILLING_PERIODS
        || terms->price[order->period].minor <= 0)
    {
        return BILLING_BILLING_TYPE_INVALID;
    }

    if (order->method == BILLING_METHOD_NONE
        || order->method >= BILLING_METHODS)
    {
        return BILLING_PAYMENT_METHOD_UNSUPPORTED;
    }

    reason = billing_seats_allowed(terms, team, order->seats);

    if (reason != BILLING_ALLOW) {
        return reason;
    }

    reason = billing_method_allowed(catalogue, order);

    if (reason != BILLING_ALLOW) {
        return reason;
    }

    reason = billing_promo_allowed(order, now);

    return reason == BILLING_ALLOW ? billing_order_owed(team) : reason;
}


/* What was not paid cannot be credited (domain section 6). */

static billing_reason_t
billing_order_owed(const billing_team_t *team)
{
    if (team->state == BILLING_STATE_ACTIVE_UNPAID
        || (team->state == BILLING_STATE_TRIAL && team->invoice_open))
    {
        return BILLING_INVOICE_OPEN;
    }

    return team->state == BILLING_STATE_PAST_DUE ? BILLING_PAYMENT_PAST_DUE
                                                 : BILLING_ALLOW;
}


static billing_buy_t
billing_order_buy(const billing_team_t *team, int64_t now)
{
    if (team->state >= BILLING_STATES) {
        return BILLING_BUY_NEVER;
    }

    /* The end of a cancelled period does not wait for a sweep (R181). */

    if (team->state == BILLING_STATE_CANCELLED
        && team->current.end_at != 0 && now >= team->current.end_at)
    {
        return BILLING_BUY_NEW;
    }

    return billing_buys[team->state];
}


static billing_reason_t
billing_order_state(const billing_catalogue_t *catalogue,
    const billing_team_t *team, const billing_order_t *order, int64_t now)
{
    bool  sold;

    switch (billing_order_buy(team, now)) {

    case BILLING_BUY_NEW:
    case BILLING_BUY_TRIAL:
        return BILLING_ALLOW;

    case BILLING_BUY_CHANGE:
        sold = order->plan < BILLING_PLANS
               && catalogue->plans[order->plan].self_serve
               && billing_plan_height[order->plan] != 0;

        return sold && team->plan < BILLING_PLANS
               && billing_plan_height[order->plan]
                  <= billing_plan_height[team->plan]
               ? BILLING_UPGRADE_ALREADY_PAID : BILLING_ALLOW;

    case BILLING_BUY_PAID:
        return BILLING_UPGRADE_ALREADY_PAID;

    case BILLING_BUY_CANCELLED:
        return BILLING_SUBSCRIPTION_CANCELLED;

    case BILLING_BUY_NEVER:
        return BILLING_TEAM_NOT_FOUND;
    }

    return BILLING_INTERNAL;
}


static billing_reason_t
billing_order_plan(const billing_catalogue_t *catalogue,
    const billing_order_t *order)
{
    billing_plan_t          plan = order->plan;
    const billing_terms_t  *terms;

    if (plan == BILLING_PLAN_ENTERPRISE) {
        return BILLING_PLAN_ENTERPRISE_CONTACT;
    }

    if (plan == BILLING_PLAN_EDUCATION) {
        return BILLING_PLAN_EDUCATION_APPLY;
    }

    if (plan >= BILLING_PLANS || billing_plan_height[plan] == 0) {
        return BILLING_PLAN_UNKNOWN;
    }

    terms = &catalogue->plans[plan];

    if (!terms->known) {
        return BILLING_PLAN_UNKNOWN;
    }

    return terms->selling && terms->self_serve ? BILLING_ALLOW
                                               : BILLING_PLAN_WITHDRAWN;
}
