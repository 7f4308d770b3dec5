/* Roles: who may do what, as the matrix of domain section 3. */

#include "billing_domain.h"

/* The columns of the matrix.  Roles add up: any column that says yes will. */

#define G    0x01u      /* guest */
#define M    0x02u      /* plain member */
#define TA1  0x04u      /* Team Admin of a team that is its own account */
#define TA2  0x08u      /* Team Admin inside a company's subscription */
#define CA   0x10u      /* Company Admin */
#define BA   0x20u      /* Billing Admin who is a member */
#define R    0x40u      /* in the team without a licence (R202) */


typedef struct {
    uint8_t           columns;
    billing_reason_t  refusal;
} billing_act_row_t;


static uint32_t billing_role_columns(uint32_t roles, billing_plan_t plan);


static const billing_act_row_t  billing_acts[BILLING_ACTS] = {
    [BILLING_ACT_SEE_TEAM] =
        { M | TA1 | TA2 | CA | BA | R, BILLING_NOT_A_MEMBER },
    [BILLING_ACT_BUY_FREE] =
        { M | TA1, BILLING_NOT_A_MEMBER },
    [BILLING_ACT_CHANGE_PLAN] =
        { TA1 | CA | BA, BILLING_BILLING_RIGHTS },
    [BILLING_ACT_ADD_SEATS] =
        { TA1 | CA | BA, BILLING_BILLING_RIGHTS },
    [BILLING_ACT_REDUCE_SEATS] =
        { TA1 | CA | BA, BILLING_BILLING_RIGHTS },
    [BILLING_ACT_REMOVE_MEMBER] =
        { TA1 | TA2 | CA, BILLING_ADMIN_RIGHTS },
    [BILLING_ACT_LEAVE] =
        { G | M | TA1 | TA2 | CA | BA | R, BILLING_NOT_A_MEMBER },
    [BILLING_ACT_GRANT_ADMIN] =
        { TA1 | TA2 | CA, BILLING_ADMIN_RIGHTS },
    [BILLING_ACT_SUCCEED] =
        { TA1 | TA2 | CA, BILLING_ADMIN_RIGHTS },
    [BILLING_ACT_COMPANY] =
        { CA, BILLING_ADMIN_RIGHTS },
    [BILLING_ACT_OPEN_BILLING] =
        { TA1 | CA | BA, BILLING_BILLING_RIGHTS },
    [BILLING_ACT_INVOICES] =
        { TA1 | CA | BA, BILLING_BILLING_RIGHTS },
    [BILLING_ACT_PAYMENT_METHOD] =
        { TA1 | CA | BA, BILLING_BILLING_RIGHTS },
    [BILLING_ACT_INFORMATION] =
        { TA1 | CA | BA, BILLING_BILLING_RIGHTS },
    [BILLING_ACT_SWITCH_PERIOD] =
        { TA1 | CA | BA, BILLING_BILLING_RIGHTS },
    [BILLING_ACT_CANCEL] =
        { TA1 | CA | BA, BILLING_BILLING_RIGHTS },
    [BILLING_ACT_REACTIVATE] =
        { TA1 | CA | BA, BILLING_BILLING_RIGHTS },
    [BILLING_ACT_DOWNGRADE] =
        { TA1 | CA | BA, BILLING_BILLING_RIGHTS },
    [BILLING_ACT_REFUND_REQUEST] =
        { TA1 | CA | BA, BILLING_BILLING_RIGHTS },
    [BILLING_ACT_PAY_INVOICE] =
        { TA1 | CA | BA, BILLING_BILLING_RIGHTS },
    [BILLING_ACT_INVITE_OPEN] =
        { M | TA1 | TA2 | CA | BA, BILLING_NOT_A_MEMBER },
    [BILLING_ACT_INVITE_ADMINS] =
        { TA1 | TA2 | CA, BILLING_INVITE_FORBIDDEN },
    [BILLING_ACT_SETTINGS] =
        { TA1 | TA2 | CA, BILLING_ADMIN_RIGHTS },
    [BILLING_ACT_DAY_PASSES] =
        { CA, BILLING_ADMIN_RIGHTS },
    [BILLING_ACT_LICENCES] =
        { TA1 | CA, BILLING_ADMIN_RIGHTS },
    [BILLING_ACT_FURTHER_TEAMS] =
        { CA, BILLING_ADMIN_RIGHTS },
    [BILLING_ACT_DELETE_TEAM] =
        { TA1 | TA2 | CA, BILLING_ADMIN_RIGHTS },
    [BILLING_ACT_DOMAIN_CONTROL] =
        { CA, BILLING_ADMIN_RIGHTS },
    [BILLING_ACT_ADDONS] =
        { CA | BA, BILLING_BILLING_RIGHTS },
    [BILLING_ACT_CREATE_BOARD] =
        { M | TA1 | TA2 | CA | BA, BILLING_NOT_A_MEMBER }
};


/* What every member may and the one without a licence may not (R202). */

static const billing_reason_t  billing_acts_restricted[BILLING_ACTS] = {
    [BILLING_ACT_INVITE_OPEN]  = BILLING_INVITE_FORBIDDEN,
    [BILLING_ACT_CREATE_BOARD] = BILLING_LICENCE_REQUEST
};


/* What a plan keeps from those who may it elsewhere (R218). */

static const billing_reason_t  billing_acts_plan[BILLING_ACTS][BILLING_PLANS]
    = {
    [BILLING_ACT_GRANT_ADMIN][BILLING_PLAN_EDUCATION] =
        BILLING_ADMIN_ON_LEAVING
};


/* A plan of no account gives its Team Admins nothing: the zero column. */

static const uint8_t  billing_role_admins[BILLING_PLANS] = {
    [BILLING_PLAN_FREE]       = TA1,
    [BILLING_PLAN_TEAM]       = TA1,
    [BILLING_PLAN_EDUCATION]  = TA1,
    [BILLING_PLAN_BUSINESS]   = TA2,
    [BILLING_PLAN_CONSULTANT] = TA2,
    [BILLING_PLAN_ENTERPRISE] = TA2
};


billing_reason_t
billing_may(billing_act_t act, uint32_t roles, billing_plan_t plan)
{
    uint32_t  columns;

    if (act >= BILLING_ACTS) {
        return BILLING_INTERNAL;
    }

    columns = billing_role_columns(roles, plan);

    if (billing_acts[act].columns & columns) {
        return plan < BILLING_PLANS ? billing_acts_plan[act][plan]
                                    : BILLING_ALLOW;
    }

    /* Guests, visitors and payers who left are no members (R60, R230). */

    if (!(columns & ~G)) {
        return BILLING_NOT_A_MEMBER;
    }

    return columns & R && billing_acts_restricted[act] != BILLING_ALLOW
           ? billing_acts_restricted[act] : billing_acts[act].refusal;
}


static uint32_t
billing_role_columns(uint32_t roles, billing_plan_t plan)
{
    uint32_t  columns = 0;

    if (roles & (BILLING_ROLE_GUEST | BILLING_ROLE_OCCASIONAL)) {
        columns |= G;
    }

    if (!(roles & (BILLING_ROLE_MEMBER | BILLING_ROLE_TEAM_ADMIN
                   | BILLING_ROLE_COMPANY_ADMIN)))
    {
        return roles & BILLING_ROLE_RESTRICTED ? columns | R : columns;
    }

    columns |= M;

    if (roles & BILLING_ROLE_TEAM_ADMIN && plan < BILLING_PLANS) {
        columns |= billing_role_admins[plan];
    }

    if (roles & BILLING_ROLE_COMPANY_ADMIN) {
        columns |= CA;
    }

    if (roles & BILLING_ROLE_BILLING_ADMIN) {
        columns |= BA;
    }

    return columns;
}
