/* Seats: the bounds of the payment window. */

#include "billing_domain.h"


static uint32_t billing_seats_kept(const billing_team_t *team);


uint32_t
billing_seats_floor(const billing_terms_t *terms, const billing_team_t *team)
{
    uint32_t  floor;

    floor = team->members > terms->seats_min ? team->members
                                             : terms->seats_min;

    return floor == 0 ? 1 : floor;
}


uint32_t
billing_seats_ceiling(const billing_terms_t *terms,
    const billing_team_t *team)
{
    uint32_t  kept;

    if (terms->window_strict) {
        return terms->window_max;
    }

    /* The window's maximum concerns an increase (section 8 points 4, 5). */

    kept = billing_seats_kept(team);

    return kept > terms->window_max ? kept : terms->window_max;
}


billing_reason_t
billing_seats_allowed(const billing_terms_t *terms,
    const billing_team_t *team, uint32_t seats)
{
    if (seats == 0) {
        return BILLING_SEATS_INVALID;
    }

    /* No number would do, so none is named as missing. */

    if (billing_seats_floor(terms, team) > billing_seats_ceiling(terms, team))
    {
        return BILLING_SEATS_ABOVE_WINDOW_MAX;
    }

    if (seats < team->members) {
        return BILLING_SEATS_BELOW_MEMBERS;
    }

    if (seats < terms->seats_min) {
        return BILLING_SEATS_BELOW_PLAN_MIN;
    }

    if (seats > billing_seats_ceiling(terms, team)) {
        return BILLING_SEATS_ABOVE_WINDOW_MAX;
    }

    return BILLING_ALLOW;
}


/* What the team has now and may keep: members, and seats if it pays them. */

static uint32_t
billing_seats_kept(const billing_team_t *team)
{
    static const bool  paying[BILLING_STATES] = {
        [BILLING_STATE_ACTIVE]        = true,
        [BILLING_STATE_ACTIVE_UNPAID] = true,
        [BILLING_STATE_PAST_DUE]      = true
    };

    if (team->state < BILLING_STATES && paying[team->state]
        && team->seats > team->members)
    {
        return team->seats;
    }

    return team->members;
}
