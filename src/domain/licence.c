/* Licences of an Enterprise account: Full ones until they run out (R202). */

#include "billing_domain.h"

#include <string.h>


static const char *const  billing_licence_names[BILLING_LICENCES] = {
    [BILLING_LICENCE_NONE]       = "none",
    [BILLING_LICENCE_FULL]       = "full",
    [BILLING_LICENCE_RESTRICTED] = "restricted"
};


billing_licence_t
billing_licence_parse(const char *word, size_t len)
{
    unsigned  licence;

    for (licence = BILLING_LICENCE_FULL; licence < BILLING_LICENCES;
         licence++)
    {
        if (strlen(billing_licence_names[licence]) == len
            && memcmp(billing_licence_names[licence], word, len) == 0)
        {
            return (billing_licence_t) licence;
        }
    }

    return BILLING_LICENCE_NONE;
}


bool
billing_licence_left(const billing_team_t *team)
{
    return team->plan != BILLING_PLAN_ENTERPRISE || team->seats == 0
           || team->members < team->seats;
}


uint32_t
billing_licence_given(const billing_team_t *team, uint32_t roles)
{
    if (roles & BILLING_ROLE_MEMBER && !billing_licence_left(team)) {
        roles &= ~(uint32_t) BILLING_ROLE_MEMBER;
        roles |= BILLING_ROLE_RESTRICTED;
    }

    return roles;
}


billing_reason_t
billing_licence_assign(const billing_team_t *team,
    const billing_licence_ask_t *ask, uint32_t *roles)
{
    billing_reason_t  reason;

    *roles = ask->roles;

    reason = billing_may(BILLING_ACT_DAY_PASSES, ask->actor_roles,
                         team->plan);
    if (reason != BILLING_ALLOW) {
        return reason;
    }

    if (team->plan != BILLING_PLAN_ENTERPRISE) {
        return BILLING_FEATURE_MISSING;
    }

    if (!(ask->roles & BILLING_ROLES_INSIDE)) {
        return BILLING_MEMBER_NOT_FOUND;
    }

    /* One person has one licence. */

    *roles &= ~(uint32_t) BILLING_ROLE_OCCASIONAL;

    if (ask->wanted == BILLING_LICENCE_FULL) {
        *roles &= ~(uint32_t) BILLING_ROLE_RESTRICTED;
        *roles |= BILLING_ROLE_MEMBER;

        return ask->roles & BILLING_ROLE_MEMBER || billing_licence_left(team)
               ? BILLING_ALLOW : BILLING_NO_VACANT_SEAT;
    }

    /* Whoever administers works with a licence. */

    if (ask->roles & (BILLING_ROLE_COMPANY_ADMIN | BILLING_ROLE_TEAM_ADMIN)) {
        return BILLING_ADMIN_RIGHTS;
    }

    *roles &= ~(uint32_t) BILLING_ROLE_MEMBER;
    *roles |= BILLING_ROLE_RESTRICTED;

    return BILLING_ALLOW;
}
