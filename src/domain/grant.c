/* Plans that nobody buys here: they are set from outside. */

#include "billing_domain.h"


static void billing_grant_become(billing_team_t *team,
    const billing_grant_t *grant);
static bool billing_grant_sold(billing_plan_t plan);
static billing_reason_t billing_grant_allowed(
    const billing_catalogue_t *catalogue, const billing_team_t *team,
    const billing_grant_t *grant);
static billing_reason_t billing_grant_order(
    const billing_catalogue_t *catalogue, const billing_team_t *team,
    const billing_grant_t *grant);
static billing_reason_t billing_grant_unused(
    const billing_catalogue_t *catalogue, const billing_team_t *team,
    int64_t now, billing_money_t *credit);


billing_reason_t
billing_team_grant(const billing_catalogue_t *catalogue, billing_team_t *team,
    const billing_grant_t *grant, billing_granted_t *out)
{
    billing_reason_t  reason;
    billing_team_t    next = *team;

    *out = (billing_granted_t) { .credit = { 0, catalogue->currency } };

    reason = billing_grant_allowed(catalogue, team, grant);

    if (reason != BILLING_ALLOW) {
        return reason;
    }

    if (grant->plan == team->plan && grant->seats == team->seats
        && grant->until_at == team->current.end_at
        && grant->review_days == team->review_days)
    {
        return BILLING_ALLOW;
    }

    if (billing_grant_sold(team->plan)
        && team->state != BILLING_STATE_EXPIRED)
    {
        reason = billing_grant_unused(catalogue, team, grant->now,
                                      &out->credit);
        if (reason != BILLING_ALLOW) {
            return reason;
        }

        /* A balance of nothing has no currency of its own. */

        if (team->credit.minor == 0) {
            next.credit = out->credit;

        } else if (billing_money_add(team->credit, out->credit, &next.credit)
                   != BILLING_OK)
        {
            return BILLING_INTERNAL;
        }
    }

    billing_grant_become(&next, grant);
    out->freed = grant->plan == BILLING_PLAN_FREE;
    out->changed = true;
    *team = next;

    return BILLING_ALLOW;
}


/* Nothing of a price is left: no period is renewed, no discount goes on. */

static void
billing_grant_become(billing_team_t *team, const billing_grant_t *grant)
{
    static const billing_state_t  states[BILLING_PLANS] = {
        [BILLING_PLAN_FREE]       = BILLING_STATE_FREE,
        [BILLING_PLAN_EDUCATION]  = BILLING_STATE_EDUCATION,
        [BILLING_PLAN_ENTERPRISE] = BILLING_STATE_ENTERPRISE
    };

    if (team->plan != grant->plan) {
        team->current.start_at = grant->plan == BILLING_PLAN_FREE
                                 ? 0 : grant->now;
    }

    /* The reviews of a contract that goes on keep their days (R203). */

    if (team->review_days != grant->review_days) {
        team->review_days = grant->review_days;
        team->review_at = billing_review_after(grant->now,
                                               grant->review_days);
    }

    team->current.end_at = grant->until_at;
    team->plan = grant->plan;
    team->state = states[grant->plan];
    team->period = BILLING_PERIOD_NONE;
    team->method = BILLING_METHOD_NONE;
    team->seats = grant->seats;
    team->anchor_at = 0;
    team->paid.minor = 0;
    team->pending.minor = 0;
    team->unit.minor = 0;
    team->auto_renew = false;
    team->scheduled_plan = BILLING_PLAN_NONE;
    team->discount_percent = 0;
    team->discount_left = 0;
    team->discount_seats_min = 0;
    team->invoice_open = false;
    billing_trial_over(team);
}


static bool
billing_grant_sold(billing_plan_t plan)
{
    return plan == BILLING_PLAN_TEAM || plan == BILLING_PLAN_BUSINESS
           || plan == BILLING_PLAN_CONSULTANT;
}


static billing_reason_t
billing_grant_allowed(const billing_catalogue_t *catalogue,
    const billing_team_t *team, const billing_grant_t *grant)
{
    bool  running = billing_grant_sold(team->plan)
                    && team->state != BILLING_STATE_EXPIRED;

    if (grant->plan != BILLING_PLAN_FREE
        && grant->plan != BILLING_PLAN_EDUCATION
        && grant->plan != BILLING_PLAN_ENTERPRISE)
    {
        return BILLING_PLAN_UNKNOWN;
    }

    if (grant->until_at != 0 && grant->until_at <= grant->now
        && grant->until_at != team->current.end_at)
    {
        return BILLING_FIELD_TYPE;
    }

    if (grant->plan == BILLING_PLAN_ENTERPRISE) {
        return billing_grant_order(catalogue, team, grant);
    }

    if (running) {
        return BILLING_UPGRADE_ALREADY_PAID;
    }

    if (grant->plan == BILLING_PLAN_EDUCATION) {
        return grant->seats != 0 && grant->seats < team->members
               ? BILLING_SEATS_BELOW_MEMBERS : BILLING_ALLOW;
    }

    /* Going down is a decision of its admins, once it is over (R187). */

    if (team->state == BILLING_STATE_EXPIRED) {
        return BILLING_TEAM_EXPIRED;
    }

    return grant->seats == 0 ? BILLING_ALLOW : BILLING_SEATS_INVALID;
}


/* What is still owed is paid first: an order does not write it off. */

static billing_reason_t
billing_grant_order(const billing_catalogue_t *catalogue,
    const billing_team_t *team, const billing_grant_t *grant)
{
    if (billing_grant_sold(team->plan)
        && team->state != BILLING_STATE_EXPIRED
        && ((team->state != BILLING_STATE_ACTIVE
             && team->state != BILLING_STATE_CANCELLED
             && team->state != BILLING_STATE_TRIAL)
            || team->invoice_open || team->seats_open))
    {
        return BILLING_UPGRADE_ALREADY_PAID;
    }

    if (grant->seats == 0 || grant->seats > BILLING_SEATS_MAX) {
        return BILLING_SEATS_INVALID;
    }

    /* What is used above a flexible contract waits for its review (R203). */

    if (grant->seats < team->members
        && (grant->review_days == 0 || team->review_days == 0
            || grant->seats < team->seats))
    {
        return BILLING_SEATS_BELOW_MEMBERS;
    }

    /* A minimum for a new order only; later ones add from one (R215). */

    if (team->plan != BILLING_PLAN_ENTERPRISE
        && grant->seats < catalogue->plans[BILLING_PLAN_ENTERPRISE].seats_min)
    {
        return BILLING_SEATS_BELOW_PLAN_MIN;
    }

    return BILLING_ALLOW;
}


/* The rest of what was paid, less the seats that were never billed. */

static billing_reason_t
billing_grant_unused(const billing_catalogue_t *catalogue,
    const billing_team_t *team, int64_t now, billing_money_t *credit)
{
    billing_span_t   rest;
    billing_ratio_t  ratio;
    billing_money_t  unused;

    if (team->paid.minor == 0 || now >= team->current.end_at)
    {
        return team->pending.minor > 0 ? BILLING_UPGRADE_ALREADY_PAID
                                       : BILLING_ALLOW;
    }

    rest = (billing_span_t) {
        now < team->current.start_at ? team->current.start_at : now,
        team->current.end_at
    };

    if (billing_proration(team->current, rest, catalogue->basis, &ratio)
        != BILLING_OK
        || billing_money_scale(team->paid, ratio, catalogue->rounding,
                               &unused)
           != BILLING_OK)
    {
        return BILLING_INTERNAL;
    }

    if (team->pending.minor > 0
        && billing_money_sub(unused, team->pending, &unused) != BILLING_OK)
    {
        return BILLING_INTERNAL;
    }

    if (unused.minor < 0) {
        return BILLING_UPGRADE_ALREADY_PAID;
    }

    *credit = unused;

    return BILLING_ALLOW;
}
