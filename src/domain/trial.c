/* The trial: a higher plan's features for a time, then its purchase (R221). */

#include "billing_domain.h"

#define BILLING_TRIAL_DAY  86400


billing_reason_t
billing_trial_allowed(const billing_catalogue_t *catalogue,
    const billing_team_t *team, int64_t now)
{
    billing_reason_t        reason;
    billing_sub_step_t      step;
    const billing_trial_t  *trial = &catalogue->trial;

    reason = billing_sub_next(team, BILLING_SUB_TRIAL_START, now, &step);

    if (reason != BILLING_ALLOW) {
        return reason;
    }

    return trial->enabled && trial->plan < BILLING_PLANS && !team->trial_used
           && catalogue->plans[trial->plan].selling
           ? BILLING_ALLOW : BILLING_TRIAL_NOT_OFFERED;
}


void
billing_trial_offer(const billing_catalogue_t *catalogue,
    const billing_team_t *team, billing_period_t period, int64_t now,
    billing_quote_t *out)
{
    billing_money_t  nothing = { 0, catalogue->currency };

    *out = (billing_quote_t) {
        .plan = catalogue->trial.plan,
        .seats = team->seats > team->members ? team->seats : team->members,
        .period = team->period != BILLING_PERIOD_NONE ? team->period : period,
        .method = team->method != BILLING_METHOD_NONE ? team->method
                                                      : BILLING_METHOD_CARD,
        .subtotal = nothing,
        .discount = nothing,
        .credit = nothing,
        .tax = nothing,
        .total = nothing,
        .due_now = nothing,
        .credit_left = team->credit,
        .renewal_total = nothing,
        .span = { now, now + (int64_t) catalogue->trial.days
                             * BILLING_TRIAL_DAY }
    };
}


billing_reason_t
billing_team_trial(billing_team_t *team, const billing_quote_t *offer)
{
    billing_reason_t    reason;
    billing_sub_step_t  step;

    reason = billing_sub_next(team, BILLING_SUB_TRIAL_START,
                              offer->span.start_at, &step);

    if (reason != BILLING_ALLOW) {
        return reason;
    }

    billing_team_step(team, &step);

    team->period = offer->period;
    team->method = offer->method;
    team->trial_plan = offer->plan;
    team->trial_ends_at = offer->span.end_at;
    team->trial_seats = team->seats;
    team->trial_used = true;

    return BILLING_ALLOW;
}


billing_reason_t
billing_trial_back(const billing_catalogue_t *catalogue,
    const billing_team_t *team, int64_t now, billing_seat_change_t *out)
{
    billing_team_t  before = *team;

    /* As if the seats had been bought at this moment, of the old plan. */

    before.state = BILLING_STATE_ACTIVE;
    before.seats = team->trial_seats;
    billing_trial_over(&before);

    return billing_seat_change(catalogue, &before, team->seats, now, out);
}


void
billing_trial_over(billing_team_t *team)
{
    team->trial_plan = BILLING_PLAN_NONE;
    team->trial_ends_at = 0;
    team->trial_seats = 0;
}


billing_plan_t
billing_team_plan(const billing_team_t *team)
{
    return team->state == BILLING_STATE_TRIAL ? team->trial_plan : team->plan;
}
