/* The purchase: what a team becomes when a quote took effect. */

#include "billing_domain.h"


static void billing_purchase_terms(billing_team_t *team,
    const billing_quote_t *quote);


void
billing_team_purchase(billing_team_t *team, const billing_quote_t *quote,
    int64_t now)
{
    static const bool  running[BILLING_STATES] = {
        [BILLING_STATE_TRIAL]         = true,
        [BILLING_STATE_ACTIVE]        = true,
        [BILLING_STATE_ACTIVE_UNPAID] = true,
        [BILLING_STATE_PAST_DUE]      = true
    };

    /* What an earlier subscription paid says nothing of this one (R138). */

    if (team->state < BILLING_STATES && !running[team->state]) {
        team->ever_paid = false;
    }

    team->anchor_at = now;
    billing_purchase_terms(team, quote);
    team->current.start_at = now;
    team->current.end_at = billing_boundary(now, quote->period, 1);
    team->scheduled_plan = BILLING_PLAN_NONE;
    billing_trial_over(team);
}


void
billing_team_renew(billing_team_t *team, const billing_quote_t *quote)
{
    bool      on = team->auto_renew;
    uint32_t  seats = team->seats;

    billing_purchase_terms(team, quote);
    team->current = quote->span;

    /* A trial goes on, with the seats that are free in it (R221). */

    if (team->trial_plan != BILLING_PLAN_NONE) {
        team->state = BILLING_STATE_TRIAL;
        team->auto_renew = on;
        team->seats = seats;

    } else {
        billing_trial_over(team);
    }

    if (team->plan == team->scheduled_plan) {
        team->scheduled_plan = BILLING_PLAN_NONE;
    }
}


void
billing_team_settle(billing_team_t *team, const billing_quote_t *quote)
{
    team->credit = quote->credit_left;
    team->pending = (billing_money_t) { 0, quote->total.currency };
}


/*
 * The period's own price after discount, whatever paid for it: money, unused
 * time or balance.  Only this may come back as unused time later (R158);
 * settled seat charges belonged to the period before.
 */

static void
billing_purchase_terms(billing_team_t *team, const billing_quote_t *quote)
{
    bool  open;

    /* An invoice over nothing is not waited for. */

    open = quote->method == BILLING_METHOD_INVOICE
           && quote->total.minor != 0;

    team->plan = quote->plan;
    team->state = open ? BILLING_STATE_ACTIVE_UNPAID : BILLING_STATE_ACTIVE;
    team->period = quote->period;
    team->method = quote->method;
    team->seats = quote->seats;
    team->paid = (billing_money_t) { 0, quote->total.currency };
    team->credit = quote->credit_left;
    team->pending = (billing_money_t) { 0, quote->total.currency };
    team->auto_renew = true;
    team->unit = team->paid;
    team->discount_percent = 0;
    team->discount_left = quote->discount_left;
    team->discount_seats_min = quote->discount_seats_min;
    team->invoice_open = open;
    team->ever_paid = team->ever_paid || !open;

    for (uint32_t i = 0; i < quote->nlines; i++) {
        const billing_line_t  *line = &quote->lines[i];

        /* The quote has summed both already: they cannot overflow. */

        if (line->kind == BILLING_LINE_PLAN) {
            team->paid.minor += line->amount.minor;
            team->unit = line->unit;
            team->trial_seats = line->quantity;
        }

        if (line->kind == BILLING_LINE_DISCOUNT) {
            team->paid.minor += line->amount.minor;
            team->discount_percent = (uint32_t) line->ratio.numerator;
        }
    }
}
