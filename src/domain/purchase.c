/* The purchase: what a team becomes when a quote took effect. */

#include "billing_domain.h"


static billing_money_t billing_purchase_paid(const billing_quote_t *quote);


void
billing_team_purchase(billing_team_t *team, const billing_quote_t *quote,
    int64_t now)
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
    team->anchor_at = now;
    team->current.start_at = now;
    team->current.end_at = billing_boundary(now, quote->period, 1);
    team->paid = billing_purchase_paid(quote);
    team->credit = quote->credit_left;
    team->pending = (billing_money_t) { 0, quote->total.currency };
    team->auto_renew = true;
    team->scheduled_plan = BILLING_PLAN_NONE;
    team->version++;
}


/*
 * The period's own price after discount, whatever paid for it: money, unused
 * time or balance.  Only this may come back as unused time later (R158);
 * settled seat charges belonged to the period before.
 */

static billing_money_t
billing_purchase_paid(const billing_quote_t *quote)
{
    billing_money_t  paid = { 0, quote->total.currency };

    for (uint32_t i = 0; i < quote->nlines; i++) {
        const billing_line_t  *line = &quote->lines[i];

        /* The quote has summed both already: they cannot overflow. */

        if (line->kind == BILLING_LINE_PLAN
            || line->kind == BILLING_LINE_DISCOUNT)
        {
            paid.minor += line->amount.minor;
        }
    }

    return paid;
}
