/* Invitations: who may invite, and for how long one is good. */

#include "billing_domain.h"


billing_reason_t
billing_invite_allowed(uint32_t roles, billing_plan_t plan, bool admins_only)
{
    return billing_may(admins_only ? BILLING_ACT_INVITE_ADMINS
                                   : BILLING_ACT_INVITE_OPEN, roles, plan);
}


/* Where there is a company above the team, its admins decide (R204). */

billing_reason_t
billing_invite_setting_allowed(uint32_t roles, billing_plan_t plan)
{
    static const uint32_t  admins[BILLING_PLANS] = {
        [BILLING_PLAN_FREE]       = BILLING_ROLE_TEAM_ADMIN,
        [BILLING_PLAN_TEAM]       = BILLING_ROLE_TEAM_ADMIN,
        [BILLING_PLAN_EDUCATION]  = BILLING_ROLE_TEAM_ADMIN,
        [BILLING_PLAN_BUSINESS]   = BILLING_ROLE_COMPANY_ADMIN,
        [BILLING_PLAN_CONSULTANT] = BILLING_ROLE_COMPANY_ADMIN,
        [BILLING_PLAN_ENTERPRISE] = BILLING_ROLE_COMPANY_ADMIN
    };

    billing_reason_t  reason;

    reason = billing_may(BILLING_ACT_SETTINGS, roles, plan);

    if (reason != BILLING_ALLOW) {
        return reason;
    }

    return plan < BILLING_PLANS && roles & admins[plan]
           ? BILLING_ALLOW : BILLING_ADMIN_RIGHTS;
}


bool
billing_invite_link(billing_plan_t plan)
{
    return plan == BILLING_PLAN_FREE || plan == BILLING_PLAN_TEAM
           || plan == BILLING_PLAN_EDUCATION;
}


int64_t
billing_invite_ends_at(int64_t invited_at)
{
    const int64_t  sec = (int64_t) BILLING_INVITE_DAYS * 86400;

    return invited_at > BILLING_INSTANT_MAX - sec ? BILLING_INSTANT_MAX
                                                  : invited_at + sec;
}


billing_reason_t
billing_invitation_open(bool pending, int64_t ends_at, int64_t now)
{
    return pending && now < ends_at ? BILLING_ALLOW
                                    : BILLING_INVITATION_ENDED;
}


billing_reason_t
billing_invitation_revoke_allowed(bool own, uint32_t roles,
    billing_plan_t plan)
{
    return billing_may(own ? BILLING_ACT_INVITE_OPEN : BILLING_ACT_SETTINGS,
                       roles, plan);
}


bool
billing_invitation_seat(const billing_catalogue_t *catalogue)
{
    return catalogue->invitation_takes_seat;
}
