/* Periods: the days on which a running subscription is billed. */

#include "billing_domain.h"

#define BILLING_RETURN_CARD     1       /* months (R147) */
#define BILLING_RETURN_INVOICE  3       /* quarterly (R136, R148) */


static int32_t billing_period_months(int64_t anchor_at, int64_t at);


/* Counted from the anchor each time, so that no day is ever lost (R167). */

billing_span_t
billing_period_next(const billing_team_t *team)
{
    int32_t         months;
    int64_t         anchor_at;
    billing_span_t  next;

    anchor_at = team->anchor_at != 0 ? team->anchor_at
                                     : team->current.start_at;
    months = billing_period_months(anchor_at, team->current.end_at);
    months += team->period == BILLING_PERIOD_YEARLY ? 12 : 1;

    next.start_at = team->current.end_at;
    next.end_at = billing_boundary_months(anchor_at, months);

    return next;
}


int64_t
billing_return_after(int64_t anchor_at, int32_t months, int64_t now)
{
    int32_t  n;
    int64_t  at;

    n = billing_period_months(anchor_at, now);
    n = n < 0 ? 0 : n - n % months;

    at = billing_boundary_months(anchor_at, n);

    /* A clamped boundary is in its own month still: one step is enough. */

    return at > now ? at : billing_boundary_months(anchor_at, n + months);
}


int64_t
billing_seats_due(const billing_team_t *team, int64_t now)
{
    int64_t  at;

    if (team->period != BILLING_PERIOD_YEARLY) {
        return team->current.end_at;
    }

    at = billing_return_after(team->anchor_at,
                              team->method == BILLING_METHOD_INVOICE
                              ? BILLING_RETURN_INVOICE : BILLING_RETURN_CARD,
                              now);

    return at < team->current.end_at ? at : team->current.end_at;
}


bool
billing_team_owes(const billing_team_t *team)
{
    return team->pending.minor > 0 || team->npasses != 0;
}


int64_t
billing_settle_at(const billing_team_t *team, int64_t now)
{
    int64_t  at;

    if (!billing_team_owes(team)) {
        return 0;
    }

    at = billing_seats_due(team, now);

    return at < team->current.end_at
           || team->state == BILLING_STATE_CANCELLED ? at : 0;
}


/* From the month of one instant to that of another. */

static int32_t
billing_period_months(int64_t anchor_at, int64_t at)
{
    billing_date_t  from = billing_date_of(anchor_at);
    billing_date_t  to = billing_date_of(at);

    return (to.year - from.year) * 12 + to.month - from.month;
}
