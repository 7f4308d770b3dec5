/* Domain control: who may set up teams and subscriptions of one's own. */

#include "billing_domain.h"

#include <string.h>


static bool billing_domain_governs(const billing_domain_control_t *control,
    const char *email);
static char billing_domain_lower(char c);


billing_reason_t
billing_team_create_allowed(const billing_creator_t *creator)
{
    /* The dashboard does not offer it; the pricing page does (R19, R20). */

    if (creator->enterprise && !creator->pricing_page) {
        return BILLING_TEAM_CREATE_ENTERPRISE;
    }

    return creator->restricted ? BILLING_TEAM_CREATE_DOMAIN : BILLING_ALLOW;
}


bool
billing_domain_restricts(const billing_domain_control_t *control,
    const char *email)
{
    return control->forbids && billing_domain_governs(control, email);
}


bool
billing_domain_discoverable(const billing_domain_control_t *control,
    const char *email)
{
    return control->discoverable && billing_domain_governs(control, email);
}


/* Who was there before the policy stays where it is. */

bool
billing_domain_captures(const billing_domain_control_t *control,
    const char *email, int64_t created_at)
{
    return control->capture_at != 0 && created_at >= control->capture_at
           && billing_domain_governs(control, email);
}


/* A subdomain is another domain, with a verification of its own (R23). */

static bool
billing_domain_governs(const billing_domain_control_t *control,
    const char *email)
{
    size_t       i;
    const char  *at;

    if (!control->verified || control->plan != BILLING_PLAN_ENTERPRISE
        || control->domain[0] == '\0')
    {
        return false;
    }

    at = strrchr(email, '@');

    if (at == NULL) {
        return false;
    }

    at++;

    for (i = 0; at[i] != '\0' && control->domain[i] != '\0'; i++) {
        if (billing_domain_lower(at[i])
            != billing_domain_lower(control->domain[i]))
        {
            return false;
        }
    }

    return at[i] == control->domain[i];
}


billing_reason_t
billing_domain_add_allowed(uint32_t roles, billing_plan_t plan)
{
    billing_reason_t  reason;

    reason = billing_may(BILLING_ACT_DOMAIN_CONTROL, roles, plan);

    if (reason != BILLING_ALLOW) {
        return reason;
    }

    return plan == BILLING_PLAN_ENTERPRISE || plan == BILLING_PLAN_BUSINESS
           ? BILLING_ALLOW : BILLING_FEATURE_MISSING;
}


/* Nobody keeps a name from its owner by only naming it. */

billing_reason_t
billing_domain_claim_allowed(bool verified, int64_t claimed_at, int64_t now)
{
    return verified || now - claimed_at < BILLING_DOMAIN_CLAIM_SEC
           ? BILLING_DOMAIN_TAKEN : BILLING_ALLOW;
}


billing_reason_t
billing_domain_policy_allowed(uint32_t roles, billing_plan_t plan)
{
    billing_reason_t  reason;

    reason = billing_may(BILLING_ACT_DOMAIN_CONTROL, roles, plan);

    if (reason != BILLING_ALLOW) {
        return reason;
    }

    return plan == BILLING_PLAN_ENTERPRISE ? BILLING_ALLOW
                                           : BILLING_FEATURE_MISSING;
}


static char
billing_domain_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}
