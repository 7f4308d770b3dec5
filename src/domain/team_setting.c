/* A team's settings: who may change which, on which plan. */

#include "billing_domain.h"


static billing_reason_t billing_setting_moves(uint32_t roles,
    billing_plan_t plan);


billing_reason_t
billing_setting_allowed(billing_setting_t setting, uint32_t roles,
    billing_plan_t plan)
{
    billing_reason_t  reason;

    switch (setting) {

    case BILLING_SETTING_NAME:
        return billing_may(BILLING_ACT_SETTINGS, roles, plan);

    case BILLING_SETTING_INVITE:
        return billing_invite_setting_allowed(roles, plan);

    case BILLING_SETTING_LINK:
        reason = billing_may(BILLING_ACT_SETTINGS, roles, plan);

        return reason == BILLING_ALLOW && !billing_invite_link(plan)
               ? BILLING_FEATURE_MISSING : reason;

    case BILLING_SETTING_BOARD_MOVES:
        return billing_setting_moves(roles, plan);

    case BILLING_TEAM_SETTINGS:
        break;
    }

    return BILLING_INTERNAL;
}


/* Enterprise only, and there the company decides, not a team (R31). */

static billing_reason_t
billing_setting_moves(uint32_t roles, billing_plan_t plan)
{
    billing_reason_t  reason;

    reason = billing_may(BILLING_ACT_SETTINGS, roles, plan);

    if (reason != BILLING_ALLOW) {
        return reason;
    }

    if (plan != BILLING_PLAN_ENTERPRISE) {
        return BILLING_FEATURE_MISSING;
    }

    return roles & BILLING_ROLE_COMPANY_ADMIN ? BILLING_ALLOW
                                              : BILLING_ADMIN_RIGHTS;
}
