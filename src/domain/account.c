/* An account: one subscription, its teams, and the licences of its people. */

#include "billing_domain.h"

#define BILLING_ROLES_PEOPLE                                                  \
    (uint32_t) (BILLING_ROLE_TEAM_ADMIN | BILLING_ROLE_COMPANY_ADMIN)


static bool billing_person_last(const billing_person_ask_t *ask,
    bool leaves_company);
static bool billing_person_ends(const billing_person_ask_t *ask,
    uint32_t roles);


/* Team Admins of these are administrators of their team only. */

static const bool  billing_plan_companies[BILLING_PLANS] = {
    [BILLING_PLAN_BUSINESS]   = true,
    [BILLING_PLAN_CONSULTANT] = true,
    [BILLING_PLAN_ENTERPRISE] = true
};

/* A licence more is added by a payment only where licences are sold. */

static const bool  billing_plan_licences[BILLING_PLANS] = {
    [BILLING_PLAN_TEAM]       = true,
    [BILLING_PLAN_BUSINESS]   = true,
    [BILLING_PLAN_CONSULTANT] = true
};


bool
billing_plan_company(billing_plan_t plan)
{
    return plan < BILLING_PLANS && billing_plan_companies[plan];
}


billing_reason_t
billing_further_team_allowed(const billing_catalogue_t *catalogue,
    const billing_team_t *account, const billing_account_ask_t *ask)
{
    billing_reason_t  reason;

    if (account->plan >= BILLING_PLANS) {
        return BILLING_INTERNAL;
    }

    reason = billing_may(BILLING_ACT_FURTHER_TEAMS, ask->roles,
                         account->plan);

    if (reason == BILLING_NOT_A_MEMBER) {
        return reason;
    }

    if (account->plan == BILLING_PLAN_FREE) {
        return BILLING_NO_SUBSCRIPTION;
    }

    if (!catalogue->plans[account->plan].several_teams) {
        return BILLING_FEATURE_MISSING;
    }

    if (reason != BILLING_ALLOW) {
        return reason;
    }

    /* What the clock has ended is over before a sweep says so. */

    if (account->state == BILLING_STATE_EXPIRED
        || (account->state == BILLING_STATE_CANCELLED
            && account->current.end_at != 0
            && ask->now >= account->current.end_at))
    {
        return BILLING_TEAM_EXPIRED;
    }

    return ask->teams >= BILLING_ACCOUNT_TEAMS_MAX ? BILLING_LIMIT_REACHED
                                                   : BILLING_ALLOW;
}


billing_reason_t
billing_team_delete_allowed(const billing_team_t *account,
    const billing_account_ask_t *ask)
{
    billing_reason_t    reason;
    billing_sub_step_t  step;

    reason = billing_may(BILLING_ACT_DELETE_TEAM, ask->roles, account->plan);

    if (reason != BILLING_ALLOW || ask->teams > 1) {
        return reason;
    }

    reason = billing_sub_next(account, BILLING_SUB_DELETE, ask->now, &step);

    if (reason != BILLING_ALLOW) {
        return reason;
    }

    return account->auto_renew ? BILLING_CANCEL_FIRST : BILLING_ALLOW;
}


bool
billing_team_delete_confirmed(uint32_t teams)
{
    return teams <= 1;
}


billing_reason_t
billing_seat_find(const billing_team_t *account,
    const billing_seat_ask_t *ask, bool *add)
{
    *add = false;

    if (ask->held) {
        return BILLING_ALLOW;
    }

    /* What is being paid for now has its number of seats. */

    if (ask->hold_seats != 0 && account->members >= ask->hold_seats) {
        return BILLING_NO_VACANT_SEAT;
    }

    if (account->plan >= BILLING_PLANS
        || !billing_plan_licences[account->plan]
        || account->members < account->seats)
    {
        return BILLING_ALLOW;
    }

    if (ask->hold_seats != 0) {
        return BILLING_NO_VACANT_SEAT;
    }

    *add = true;

    return BILLING_ALLOW;
}


billing_reason_t
billing_role_given(const billing_person_ask_t *ask, billing_role_t given,
    uint32_t *roles)
{
    bool              company;
    billing_reason_t  reason;

    *roles = ask->roles;
    company = given == BILLING_ROLE_COMPANY_ADMIN;

    reason = billing_may(BILLING_ACT_GRANT_ADMIN, ask->actor, ask->plan);

    if (reason != BILLING_ALLOW) {
        return reason;
    }

    if ((ask->roles & BILLING_ROLE_MEMBER) == 0) {
        return BILLING_MEMBER_NOT_FOUND;
    }

    if ((company && !billing_plan_company(ask->plan))
        || (!company && given != BILLING_ROLE_TEAM_ADMIN
            && given != BILLING_ROLE_MEMBER))
    {
        return BILLING_ROLE_INVALID;
    }

    /* Only they make Company Admins, and only they end one. */

    if (company || (ask->roles & BILLING_ROLE_COMPANY_ADMIN) != 0) {
        reason = billing_may(BILLING_ACT_COMPANY, ask->actor, ask->plan);

        if (reason != BILLING_ALLOW) {
            return reason;
        }
    }

    if (company) {
        *roles |= BILLING_ROLE_COMPANY_ADMIN;
        return BILLING_ALLOW;
    }

    if ((ask->roles & BILLING_ROLE_COMPANY_ADMIN
         || given == BILLING_ROLE_MEMBER)
        && billing_person_last(ask, true))
    {
        return BILLING_LAST_ADMIN;
    }

    *roles &= ~BILLING_ROLES_PEOPLE;

    if (given == BILLING_ROLE_TEAM_ADMIN) {
        *roles |= BILLING_ROLE_TEAM_ADMIN;
    }

    return BILLING_ALLOW;
}


billing_reason_t
billing_roles_said(const billing_person_ask_t *ask, uint32_t said,
    bool inside, uint32_t *roles)
{
    bool      company;
    uint32_t  licence, admin;

    admin = (uint32_t) BILLING_ROLE_COMPANY_ADMIN;
    licence = ask->roles & (uint32_t) (BILLING_ROLE_RESTRICTED
                                       | BILLING_ROLE_OCCASIONAL);
    company = billing_plan_company(ask->plan);

    *roles = company ? said : billing_roles_on_team(said);
    *roles |= ask->roles & (uint32_t) BILLING_ROLE_BILLING_ADMIN;

    if (company && inside && ask->teams > 1) {
        *roles |= ask->roles & admin;
    }

    if (*roles & BILLING_ROLE_MEMBER && licence != 0
        && (*roles & BILLING_ROLES_PEOPLE) == 0)
    {
        *roles = (*roles & ~(uint32_t) BILLING_ROLE_MEMBER) | licence;
    }

    if ((*roles & BILLING_ROLES_INSIDE) == 0) {
        *roles |= ask->roles & (uint32_t) BILLING_ROLE_GUEST;
    }

    return billing_person_ends(ask, *roles) ? BILLING_LAST_ADMIN
                                            : BILLING_ALLOW;
}


billing_reason_t
billing_successor_allowed(const billing_person_ask_t *ask,
    uint32_t successor)
{
    billing_reason_t  reason;

    reason = billing_may(BILLING_ACT_SUCCEED, ask->actor, ask->plan);

    if (reason != BILLING_ALLOW) {
        return reason;
    }

    if (!ask->self) {
        return BILLING_ADMIN_ON_LEAVING;
    }

    return successor & BILLING_ROLE_MEMBER ? BILLING_ALLOW
                                           : BILLING_MEMBER_NOT_FOUND;
}


/* Whether nobody would administrate the team, or the company, any more. */

static bool
billing_person_ends(const billing_person_ask_t *ask, uint32_t roles)
{
    if (billing_plan_company(ask->plan) && ask->company_admins > 0) {
        return (ask->roles & ~roles & BILLING_ROLE_COMPANY_ADMIN) != 0
               && ask->company_admins == 1;
    }

    return (ask->roles & BILLING_ROLES_PEOPLE) != 0
           && (roles & BILLING_ROLES_PEOPLE) == 0 && ask->admins <= 1;
}


billing_reason_t
billing_removal_allowed(const billing_person_ask_t *ask, bool company)
{
    billing_act_t     act;
    billing_reason_t  reason;

    company = company && billing_plan_company(ask->plan);
    act = ask->self ? BILLING_ACT_LEAVE : BILLING_ACT_REMOVE_MEMBER;
    act = company ? BILLING_ACT_COMPANY : act;

    reason = billing_may(act, ask->actor, ask->plan);

    if (reason != BILLING_ALLOW) {
        return reason;
    }

    if (ask->roles == 0 && !(company && ask->held)) {
        return BILLING_MEMBER_NOT_FOUND;
    }

    if (!ask->self && (ask->roles & BILLING_ROLE_COMPANY_ADMIN) != 0) {
        reason = billing_may(BILLING_ACT_COMPANY, ask->actor, ask->plan);

        if (reason != BILLING_ALLOW) {
            return reason;
        }
    }

    return billing_person_last(ask, company || ask->teams <= 1)
           ? BILLING_LAST_ADMIN : BILLING_ALLOW;
}


/*
 * A company always has a Company Admin, a team of its own a Team Admin; the
 * teams of a company are administrated by the company as well.
 */

static bool
billing_person_last(const billing_person_ask_t *ask, bool leaves_company)
{
    if (billing_plan_company(ask->plan) && ask->company_admins > 0) {
        return (ask->roles & BILLING_ROLE_COMPANY_ADMIN) != 0
               && leaves_company && ask->company_admins == 1;
    }

    return (ask->roles & BILLING_ROLES_PEOPLE) != 0 && ask->admins <= 1;
}


uint32_t
billing_roles_united(uint32_t a, uint32_t b)
{
    uint32_t  roles;

    roles = a | b;

    if (roles & BILLING_ROLE_MEMBER) {
        roles &= ~(uint32_t) (BILLING_ROLE_GUEST | BILLING_ROLE_VISITOR
                              | BILLING_ROLE_RESTRICTED
                              | BILLING_ROLE_OCCASIONAL);
    }

    return roles;
}


uint32_t
billing_roles_on_team(uint32_t roles)
{
    if (roles & BILLING_ROLE_COMPANY_ADMIN) {
        roles &= ~(uint32_t) BILLING_ROLE_COMPANY_ADMIN;
        roles |= BILLING_ROLE_TEAM_ADMIN;
    }

    return roles;
}


uint32_t
billing_roles_on_company(uint32_t roles)
{
    if (roles & BILLING_ROLE_TEAM_ADMIN) {
        roles |= BILLING_ROLE_COMPANY_ADMIN;
    }

    return roles;
}
