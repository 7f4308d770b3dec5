/* The way down to Free: what becomes of people. */

#include "billing_domain.h"


uint32_t
billing_roles_on_free(uint32_t roles)
{
    if (roles & BILLING_ROLE_GUEST) {
        roles &= ~(uint32_t) BILLING_ROLE_GUEST;
        roles |= BILLING_ROLE_MEMBER;
    }

    if (roles & BILLING_ROLE_COMPANY_ADMIN) {
        roles &= ~(uint32_t) BILLING_ROLE_COMPANY_ADMIN;
        roles |= BILLING_ROLE_TEAM_ADMIN;
    }

    return roles;
}
