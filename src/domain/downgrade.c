/* The way down to Free: what becomes of people. */

#include "billing_domain.h"


uint32_t
billing_roles_on_free(uint32_t roles)
{
    const uint32_t  outside = BILLING_ROLE_GUEST | BILLING_ROLE_RESTRICTED
                              | BILLING_ROLE_OCCASIONAL;

    if (roles & outside) {
        roles &= ~outside;
        roles |= BILLING_ROLE_MEMBER;
    }

    if (roles & BILLING_ROLE_COMPANY_ADMIN) {
        roles &= ~(uint32_t) BILLING_ROLE_COMPANY_ADMIN;
        roles |= BILLING_ROLE_TEAM_ADMIN;
    }

    return roles;
}
