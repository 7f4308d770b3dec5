/* Allowance: the features a team has now, and how much it may use. */

#include "billing_domain.h"


static const billing_terms_t *billing_allowance_terms(
    const billing_catalogue_t *catalogue, const billing_team_record_t *team,
    int64_t now);


uint64_t
billing_allowance_features(const billing_catalogue_t *catalogue,
    const billing_team_record_t *team, int64_t now)
{
    const billing_terms_t  *terms;

    terms = billing_allowance_terms(catalogue, team, now);

    return terms != NULL ? terms->features : 0;
}


int64_t
billing_allowance_limit(const billing_catalogue_t *catalogue,
    const billing_team_record_t *team, uint32_t limit, int64_t now)
{
    const billing_terms_t  *terms;

    terms = billing_allowance_terms(catalogue, team, now);

    if (terms == NULL || limit >= catalogue->nlimits) {
        return 0;
    }

    /* Older Free teams may edit more boards than the plan says (R42). */

    if (team->editable_boards != 0
        && terms == &catalogue->plans[BILLING_PLAN_FREE]
        && billing_catalogue_limit(catalogue, "editable_boards", 15)
           == (int) limit)
    {
        return team->editable_boards;
    }

    return terms->limits[limit];
}


billing_reason_t
billing_allowance_room(const billing_catalogue_t *catalogue,
    const billing_team_record_t *team, const billing_usage_t *usage,
    int64_t now)
{
    int64_t  limit;

    if (usage->used < 0
        || billing_allowance_terms(catalogue, team, now) == NULL)
    {
        return BILLING_ENTITLEMENT_UNKNOWN;
    }

    limit = billing_allowance_limit(catalogue, team, usage->limit, now);

    return limit < 0 || usage->used < limit ? BILLING_ALLOW
                                            : BILLING_LIMIT_REACHED;
}


/* Free's once what was paid for has ended; NULL of a team not known. */

static const billing_terms_t *
billing_allowance_terms(const billing_catalogue_t *catalogue,
    const billing_team_record_t *team, int64_t now)
{
    billing_plan_t  plan = billing_entitle_plan(team, now);

    if (plan == BILLING_PLAN_NONE) {
        return NULL;
    }

    return &catalogue->plans[billing_entitle_ended(team, now)
                             ? BILLING_PLAN_FREE : plan];
}
