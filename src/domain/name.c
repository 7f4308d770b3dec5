/* The words of the JSON contract for plans, states, periods and the like. */

#include "billing_domain.h"

#include <string.h>


static unsigned billing_name_find(const char *const *names, unsigned n,
    const char *word, size_t len);


static const char *const  billing_plan_names[BILLING_PLANS] = {
    [BILLING_PLAN_NONE]       = "none",
    [BILLING_PLAN_FREE]       = "free",
    [BILLING_PLAN_TEAM]       = "team",
    [BILLING_PLAN_BUSINESS]   = "business",
    [BILLING_PLAN_CONSULTANT] = "consultant",
    [BILLING_PLAN_ENTERPRISE] = "enterprise",
    [BILLING_PLAN_EDUCATION]  = "education"
};


static const char *const  billing_state_names[BILLING_STATES] = {
    [BILLING_STATE_NONE]          = "none",
    [BILLING_STATE_FREE]          = "free",
    [BILLING_STATE_TRIAL]         = "trial",
    [BILLING_STATE_ACTIVE]        = "active",
    [BILLING_STATE_ACTIVE_UNPAID] = "active_unpaid",
    [BILLING_STATE_PAST_DUE]      = "past_due",
    [BILLING_STATE_CANCELLED]     = "cancelled",
    [BILLING_STATE_EXPIRED]       = "expired",
    [BILLING_STATE_EDUCATION]     = "education",
    [BILLING_STATE_ENTERPRISE]    = "enterprise"
};


static const char *const  billing_period_names[BILLING_PERIODS] = {
    [BILLING_PERIOD_NONE]    = "none",
    [BILLING_PERIOD_MONTHLY] = "monthly",
    [BILLING_PERIOD_YEARLY]  = "yearly"
};


static const char *const  billing_method_names[BILLING_METHODS] = {
    [BILLING_METHOD_NONE]    = "none",
    [BILLING_METHOD_CARD]    = "card",
    [BILLING_METHOD_INVOICE] = "invoice"
};


static const char *const  billing_line_names[] = {
    [0]                      = "none",
    [BILLING_LINE_PLAN]      = "plan",
    [BILLING_LINE_DISCOUNT]  = "discount",
    [BILLING_LINE_CREDIT]    = "credit",
    [BILLING_LINE_PRORATION] = "proration",
    [BILLING_LINE_PENDING]   = "pending",
    [BILLING_LINE_BALANCE]   = "balance",
    [BILLING_LINE_TAX]       = "tax",
    [BILLING_LINE_DAY_PASS]  = "day_pass",
    [BILLING_LINE_UNPAID]    = "unpaid"
};


/* No "none" here: zero is a value, so the answer is a separate bool. */

static const char *const  billing_basis_names[] = {
    [BILLING_BASIS_DAY]    = "day",
    [BILLING_BASIS_DAY30]  = "day30",
    [BILLING_BASIS_SECOND] = "second"
};


static const char *const  billing_rounding_names[] = {
    [BILLING_ROUND_HALF_UP]   = "half_up",
    [BILLING_ROUND_HALF_EVEN] = "half_even",
    [BILLING_ROUND_DOWN]      = "down"
};


#define BILLING_LINE_KINDS                                                    \
    (sizeof(billing_line_names) / sizeof(billing_line_names[0]))
#define BILLING_BASES                                                         \
    (sizeof(billing_basis_names) / sizeof(billing_basis_names[0]))
#define BILLING_ROUNDINGS                                                     \
    (sizeof(billing_rounding_names) / sizeof(billing_rounding_names[0]))


const char *
billing_plan_name(billing_plan_t plan)
{
    return billing_plan_names[plan < BILLING_PLANS ? plan : 0];
}


billing_plan_t
billing_plan_parse(const char *word, size_t len)
{
    static const char  starter[] = "starter";

    /* The later name of the same plan: both are accepted (R51). */

    if (len == sizeof(starter) - 1 && memcmp(word, starter, len) == 0) {
        return BILLING_PLAN_TEAM;
    }

    return (billing_plan_t) billing_name_find(billing_plan_names,
                                              BILLING_PLANS, word, len);
}


const char *
billing_state_name(billing_state_t state)
{
    return billing_state_names[state < BILLING_STATES ? state : 0];
}


billing_state_t
billing_state_parse(const char *word, size_t len)
{
    return (billing_state_t) billing_name_find(billing_state_names,
                                               BILLING_STATES, word, len);
}


const char *
billing_period_name(billing_period_t period)
{
    return billing_period_names[period < BILLING_PERIODS ? period : 0];
}


billing_period_t
billing_period_parse(const char *word, size_t len)
{
    return (billing_period_t) billing_name_find(billing_period_names,
                                                BILLING_PERIODS, word, len);
}


const char *
billing_method_name(billing_method_t method)
{
    return billing_method_names[method < BILLING_METHODS ? method : 0];
}


billing_method_t
billing_method_parse(const char *word, size_t len)
{
    return (billing_method_t) billing_name_find(billing_method_names,
                                                BILLING_METHODS, word, len);
}


const char *
billing_line_kind_name(billing_line_kind_t kind)
{
    return billing_line_names[kind < BILLING_LINE_KINDS ? kind : 0];
}


bool
billing_basis_parse(const char *word, size_t len, billing_basis_t *basis)
{
    unsigned  i = billing_name_find(billing_basis_names, BILLING_BASES,
                                    word, len);

    if (len != strlen(billing_basis_names[i])
        || memcmp(word, billing_basis_names[i], len) != 0)
    {
        return false;
    }

    *basis = (billing_basis_t) i;

    return true;
}


bool
billing_rounding_parse(const char *word, size_t len,
    billing_rounding_t *rounding)
{
    unsigned  i = billing_name_find(billing_rounding_names,
                                    BILLING_ROUNDINGS, word, len);

    if (len != strlen(billing_rounding_names[i])
        || memcmp(word, billing_rounding_names[i], len) != 0)
    {
        return false;
    }

    *rounding = (billing_rounding_t) i;

    return true;
}


const char *
billing_basis_name(billing_basis_t basis)
{
    return billing_basis_names[basis < BILLING_BASES ? basis : 0];
}


const char *
billing_rounding_name(billing_rounding_t rounding)
{
    return billing_rounding_names[rounding < BILLING_ROUNDINGS ? rounding
                                                               : 0];
}


/* The index of the word in names, or 0. */

static unsigned
billing_name_find(const char *const *names, unsigned n, const char *word,
    size_t len)
{
    for (unsigned i = 0; i < n; i++) {
        if (strlen(names[i]) == len && memcmp(names[i], word, len) == 0) {
            return i;
        }
    }

    return 0;
}
