/* Guests: people of single boards, who take no seat (R195, R196). */

#include "billing_domain.h"


bool
billing_guests_allowed(billing_plan_t plan)
{
    return plan > BILLING_PLAN_FREE && plan < BILLING_PLANS;
}


billing_reason_t
billing_guest_invite(const billing_guest_ask_t *ask, billing_guest_t *out)
{
    billing_reason_t  reason;

    *out = BILLING_GUEST_NONE;

    reason = billing_invite_allowed(ask->host_roles, ask->plan,
                                    ask->admins_only);
    if (reason != BILLING_ALLOW) {
        return reason;
    }

    if (ask->is_private && !(ask->host_access & BILLING_ACCESS_OWNER)) {
        return BILLING_BOARD_NOT_OWNER;
    }

    if (ask->state == BILLING_STATE_EXPIRED) {
        return BILLING_TEAM_EXPIRED;
    }

    if (ask->access & (BILLING_ACCESS_OWNER | BILLING_ACCESS_INVITED)
        && (ask->is_private || !(ask->roles & BILLING_ROLES_INSIDE)))
    {
        return BILLING_MEMBER_EXISTS;
    }

    if (ask->roles & BILLING_ROLES_INSIDE) {
        *out = BILLING_GUEST_LET_IN;
        return ask->is_private ? BILLING_ALLOW : BILLING_MEMBER_EXISTS;
    }

    *out = billing_guests_allowed(ask->plan) ? BILLING_GUEST_OF_BOARD
                                             : BILLING_GUEST_JOINS;

    return BILLING_ALLOW;
}
