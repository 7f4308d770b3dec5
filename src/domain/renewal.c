/*
 * What a running subscription pays: renewals, the switch to yearly, the way
 * back after expiry, and charges for seats alone.
 */

#include "billing_quoting.h"

#include <string.h>

#define BILLING_PAY_STEPS  8


typedef struct {
    const billing_quote_step_pt  steps[BILLING_PAY_STEPS];
} billing_pay_row_t;


static billing_reason_t billing_pay_allowed(const billing_team_t *team,
    const billing_sub_order_t *order);
static billing_reason_t billing_pay_running(const billing_team_t *team);
static billing_reason_t billing_pay_fill(billing_quoting_t *q,
    const billing_sub_order_t *ask, billing_order_t *order);
static void billing_pay_trial(const billing_quoting_t *q,
    const billing_sub_order_t *ask, billing_order_t *order);
static billing_discount_t billing_pay_discount(const billing_team_t *team,
    const billing_order_t *order);


static const billing_pay_row_t  billing_pays[BILLING_PAYS] = {
    [BILLING_PAY_RENEWAL] = { {
        billing_quote_list, billing_quote_discount, billing_quote_pending,
        billing_quote_passes, billing_quote_balance, billing_quote_tax,
        billing_quote_due, billing_quote_renewal
    } },
    [BILLING_PAY_YEARLY] = { {
        billing_quote_list, billing_quote_credit, billing_quote_pending,
        billing_quote_passes, billing_quote_balance, billing_quote_tax,
        billing_quote_due, billing_quote_renewal
    } },
    [BILLING_PAY_TRIAL] = { {
        billing_quote_list, billing_quote_credit, billing_quote_pending,
        billing_quote_passes, billing_quote_balance, billing_quote_tax,
        billing_quote_due, billing_quote_renewal
    } },
    [BILLING_PAY_REACTIVATE] = { {
        billing_quote_list, billing_quote_pending, billing_quote_passes,
        billing_quote_balance, billing_quote_tax, billing_quote_due,
        billing_quote_renewal
    } },
    [BILLING_PAY_SETTLE] = { {
        billing_quote_pending, billing_quote_passes, billing_quote_balance,
        billing_quote_tax, billing_quote_due
    } }
};


billing_reason_t
billing_sub_quote(const billing_catalogue_t *catalogue,
    const billing_team_t *team, const billing_sub_order_t *order,
    billing_quote_t *out)
{
    size_t             n = 0;
    billing_order_t    bought;
    billing_reason_t   reason;
    billing_quoting_t  q = { .catalogue = catalogue, .team = team,
                             .order = &bought, .quote = out };

    if (order->pay >= BILLING_PAYS) {
        return BILLING_INTERNAL;
    }

    reason = billing_pay_allowed(team, order);

    if (reason != BILLING_ALLOW) {
        return reason;
    }

    reason = billing_pay_fill(&q, order, &bought);

    if (reason != BILLING_ALLOW) {
        return reason;
    }

    while (n < BILLING_PAY_STEPS
           && billing_pays[order->pay].steps[n] != NULL)
    {
        n++;
    }

    if (billing_quote_price(&q, billing_pays[order->pay].steps, n)
        != BILLING_OK)
    {
        return BILLING_INTERNAL;
    }

    /* Seats that came in a trial are free in it, but they are there. */

    if (out->seats < team->seats) {
        out->seats = team->seats;
    }

    return BILLING_ALLOW;
}


billing_reason_t
billing_renewal_quote(const billing_catalogue_t *catalogue,
    const billing_team_t *team, uint32_t tax_permyriad, billing_quote_t *out)
{
    billing_sub_order_t  order = {
        .pay = BILLING_PAY_RENEWAL,
        .tax_permyriad = tax_permyriad,
        .now = team->current.end_at
    };

    return billing_sub_quote(catalogue, team, &order, out);
}


billing_reason_t
billing_method_change(const billing_catalogue_t *catalogue,
    const billing_team_t *team, billing_method_t method, int64_t now)
{
    billing_order_t      order = { .plan = team->plan, .seats = team->seats,
                                   .period = team->period,
                                   .method = method };
    billing_reason_t     reason;
    billing_sub_step_t   step;

    if (method == BILLING_METHOD_NONE || method >= BILLING_METHODS) {
        return BILLING_PAYMENT_METHOD_UNSUPPORTED;
    }

    reason = billing_sub_next(team, method == BILLING_METHOD_INVOICE
                                    ? BILLING_SUB_CARD_TO_INVOICE
                                    : BILLING_SUB_INVOICE_TO_CARD,
                              now, &step);

    /* Who pays by invoice already keeps it, whatever is asked for now. */

    if (reason != BILLING_ALLOW || team->method == method) {
        return reason;
    }

    return billing_method_allowed(catalogue, &order);
}


static billing_reason_t
billing_pay_allowed(const billing_team_t *team,
    const billing_sub_order_t *order)
{
    billing_reason_t    reason;
    billing_sub_step_t  step;

    switch (order->pay) {

    case BILLING_PAY_RENEWAL:
        if (team->state == BILLING_STATE_TRIAL
            && team->plan != BILLING_PLAN_FREE)
        {
            return BILLING_ALLOW;
        }

        reason = billing_pay_running(team);

        return reason == BILLING_ALLOW && !team->auto_renew
               ? BILLING_SUBSCRIPTION_CANCELLED : reason;

    case BILLING_PAY_SETTLE:
        return team->state == BILLING_STATE_CANCELLED
               ? BILLING_ALLOW : billing_pay_running(team);

    case BILLING_PAY_TRIAL:
        return team->state == BILLING_STATE_TRIAL ? BILLING_ALLOW
                                                  : BILLING_NO_SUBSCRIPTION;

    case BILLING_PAY_YEARLY:
        return billing_sub_next(team, BILLING_SUB_SWITCH_YEARLY, order->now,
                                &step);

    case BILLING_PAY_REACTIVATE:
        reason = billing_sub_next(team, BILLING_SUB_REACTIVATE, order->now,
                                  &step);

        /* What still runs is switched on again for nothing (R184). */

        return reason == BILLING_ALLOW
               && !(step.effects & BILLING_EFFECT_PERIOD_NOW)
               ? BILLING_NOT_CANCELLED : reason;

    case BILLING_PAYS:
        break;
    }

    return BILLING_INTERNAL;
}


static billing_reason_t
billing_pay_running(const billing_team_t *team)
{
    static const billing_reason_t  reasons[BILLING_STATES] = {
        [BILLING_STATE_NONE]       = BILLING_TEAM_NOT_FOUND,
        [BILLING_STATE_FREE]       = BILLING_NO_SUBSCRIPTION,
        [BILLING_STATE_TRIAL]      = BILLING_NO_SUBSCRIPTION,
        [BILLING_STATE_CANCELLED]  = BILLING_SUBSCRIPTION_CANCELLED,
        [BILLING_STATE_EXPIRED]    = BILLING_TEAM_EXPIRED,
        [BILLING_STATE_EDUCATION]  = BILLING_PLAN_EDUCATION_APPLY,
        [BILLING_STATE_ENTERPRISE] = BILLING_PLAN_ENTERPRISE_CONTACT
    };

    return team->state < BILLING_STATES ? reasons[team->state]
                                        : BILLING_INTERNAL;
}


/* The order that the subscription itself makes. */

static billing_reason_t
billing_pay_fill(billing_quoting_t *q, const billing_sub_order_t *ask,
    billing_order_t *order)
{
    const billing_team_t   *team = q->team;
    const billing_terms_t  *terms;

    *order = (billing_order_t) {
        .plan = team->plan,
        .seats = team->seats > team->members ? team->seats : team->members,
        .period = team->period,
        .method = team->method,
        .tax_permyriad = ask->tax_permyriad,
        .tax_why = ask->tax_why
    };

    memcpy(order->tax_country, ask->tax_country, sizeof(order->tax_country));

    q->span = (billing_span_t) { .start_at = ask->now };

    if (ask->pay == BILLING_PAY_SETTLE) {
        q->span = team->current;
        return BILLING_ALLOW;
    }

    if (ask->pay == BILLING_PAY_RENEWAL) {
        q->span = billing_period_next(team);

        if (team->scheduled_plan != BILLING_PLAN_NONE) {
            order->plan = team->scheduled_plan;
        }
    }

    if (team->state == BILLING_STATE_TRIAL) {
        billing_pay_trial(q, ask, order);
    }

    if (ask->pay == BILLING_PAY_YEARLY) {
        order->period = BILLING_PERIOD_YEARLY;
    }

    if (order->plan >= BILLING_PLANS || order->period >= BILLING_PERIODS
        || order->seats == 0)
    {
        return BILLING_INTERNAL;
    }

    terms = &q->catalogue->plans[order->plan];
    q->unit = terms->price[order->period];

    /* Withdrawn plans go on at the price they had (R50). */

    if (q->unit.minor <= 0 && ask->pay == BILLING_PAY_RENEWAL) {
        q->unit = team->unit;
    }

    if (ask->pay == BILLING_PAY_REACTIVATE && !terms->selling) {
        return BILLING_PLAN_WITHDRAWN;
    }

    if (q->unit.minor <= 0) {
        return BILLING_BILLING_TYPE_INVALID;
    }

    q->discount = billing_pay_discount(team, order);

    if (ask->pay != BILLING_PAY_RENEWAL) {
        q->span.end_at = billing_boundary(ask->now, order->period, 1);
        q->discount = (billing_discount_t) { .percent = 0 };
    }

    return BILLING_ALLOW;
}


/*
 * Its purchase has the seats that the plan wants (R48); what was before renews
 * itself without those that came in it.
 */

static void
billing_pay_trial(const billing_quoting_t *q, const billing_sub_order_t *ask,
    billing_order_t *order)
{
    uint32_t               min;
    const billing_team_t  *team = q->team;

    if (ask->pay == BILLING_PAY_RENEWAL && team->trial_seats < order->seats) {
        order->seats = team->trial_seats;
    }

    if (ask->pay != BILLING_PAY_TRIAL || team->trial_plan >= BILLING_PLANS) {
        return;
    }

    min = q->catalogue->plans[team->trial_plan].seats_min;
    order->plan = team->trial_plan;
    order->seats = order->seats < min ? min : order->seats;
}


/* What lasts beyond the period: of the same plan, with seats enough (R97). */

static billing_discount_t
billing_pay_discount(const billing_team_t *team,
    const billing_order_t *order)
{
    if (team->discount_left == 0 || team->discount_percent > 100
        || order->plan != team->plan
        || order->seats < team->discount_seats_min)
    {
        return (billing_discount_t) { .percent = 0 };
    }

    return (billing_discount_t) {
        .percent = team->discount_percent,
        .periods = team->discount_left,
        .seats_min = team->discount_seats_min
    };
}
