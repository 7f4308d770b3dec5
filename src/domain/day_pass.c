/* Day Passes: a day of editing, bought by using it. */

#include "billing_domain.h"


/* Where the subscription is active; CANCELLED runs to its end (R200). */

static const bool  billing_day_pass_states[BILLING_STATES] = {
    [BILLING_STATE_ACTIVE]        = true,
    [BILLING_STATE_ACTIVE_UNPAID] = true,
    [BILLING_STATE_PAST_DUE]      = true,
    [BILLING_STATE_CANCELLED]     = true,
    [BILLING_STATE_ENTERPRISE]    = true
};


static bool billing_day_pass_over(const billing_team_t *team, int64_t now);


billing_reason_t
billing_day_pass(const billing_catalogue_t *catalogue,
    const billing_team_t *team, const billing_day_pass_ask_t *ask,
    billing_day_pass_t *out)
{
    int64_t  ends_at = ask->opened_at + BILLING_DAY_PASS_SEC;

    *out = (billing_day_pass_t) {
        .price = { 0, catalogue->currency }
    };

    if (!ask->edit) {
        return BILLING_ALLOW;
    }

    if (!ask->on || !billing_day_pass_offered(catalogue, team)
        || billing_day_pass_over(team, ask->now))
    {
        return BILLING_DAYPASS_OFF;
    }

    if (ask->opened_at != 0 && ask->now < ends_at) {
        out->ends_at = ends_at;
        return BILLING_ALLOW;
    }

    out->bought = true;
    out->ends_at = ask->now + BILLING_DAY_PASS_SEC;
    out->price = catalogue->plans[team->plan].day_pass;
    out->due_at = billing_seats_due(team, ask->now);

    return BILLING_ALLOW;
}


bool
billing_day_pass_offered(const billing_catalogue_t *catalogue,
    const billing_team_t *team)
{
    return team->plan < BILLING_PLANS && team->state < BILLING_STATES
           && billing_day_pass_states[team->state]
           && catalogue->plans[team->plan].day_pass.minor > 0;
}


static bool
billing_day_pass_over(const billing_team_t *team, int64_t now)
{
    return team->state == BILLING_STATE_CANCELLED
           && now >= team->current.end_at;
}
