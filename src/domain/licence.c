/* Licences of an Enterprise account: Full ones until they run out (R202). */

#include "billing_domain.h"

#include <string.h>

#define BILLING_LICENCE_DAY_SEC  86400


static bool billing_licence_flexible(const billing_team_t *team,
    int64_t now);


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


bool
billing_review_days(bool flexible, int64_t days, uint32_t *out)
{
    *out = 0;

    if (!flexible) {
        return days == 0;
    }

    *out = days == 0 ? BILLING_REVIEW_DAYS : (uint32_t) days;

    return days == 0 || days == BILLING_REVIEW_DAYS
           || days == BILLING_REVIEW_DAYS_OLD;
}


static bool
billing_licence_flexible(const billing_team_t *team, int64_t now)
{
    return team->plan == BILLING_PLAN_ENTERPRISE && team->review_days != 0
           && (team->current.end_at == 0 || now < team->current.end_at);
}


bool
billing_licence_more(const billing_team_t *team, int64_t now)
{
    return billing_licence_left(team) || billing_licence_flexible(team, now);
}


uint32_t
billing_licence_edits(const billing_team_t *team, uint32_t roles,
    int64_t now)
{
    if (roles & BILLING_ROLE_RESTRICTED
        && billing_licence_flexible(team, now))
    {
        roles &= ~(uint32_t) BILLING_ROLE_RESTRICTED;
        roles |= BILLING_ROLE_MEMBER;
    }

    return roles;
}


int64_t
billing_review_after(int64_t at, uint32_t days)
{
    return days == 0 ? 0 : at + (int64_t) days * BILLING_LICENCE_DAY_SEC;
}


int64_t
billing_review_at(const billing_team_t *team)
{
    return team->review_at != 0
           && billing_licence_flexible(team, team->review_at)
           ? team->review_at : 0;
}


bool
billing_review_take(billing_team_t *team)
{
    team->review_at = billing_review_after(team->review_at,
                                           team->review_days);

    if (team->seats == 0 || team->members <= team->seats) {
        return false;
    }

    team->seats = team->members;

    return true;
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

        return ask->roles & BILLING_ROLE_MEMBER
               || billing_licence_more(team, ask->now)
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
