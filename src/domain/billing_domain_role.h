/* Part of billing_domain.h: who may do what. */

#ifndef BILLING_DOMAIN_ROLE_H
#define BILLING_DOMAIN_ROLE_H

/* --- roles and permissions: domain section 3, as data -------------------- */

typedef enum {
    BILLING_ACT_SEE_TEAM = 0,           /* 1 */
    BILLING_ACT_BUY_FREE,               /* 6 buy a plan for a Free team */
    BILLING_ACT_CHANGE_PLAN,            /* 7 */
    BILLING_ACT_ADD_SEATS,              /* 9 */
    BILLING_ACT_REDUCE_SEATS,           /* 10 */
    BILLING_ACT_REMOVE_MEMBER,          /* 11 */
    BILLING_ACT_LEAVE,                  /* 12 */
    BILLING_ACT_GRANT_ADMIN,            /* 13 */
    BILLING_ACT_SUCCEED,                /* 13 leaving, one names the next */
    BILLING_ACT_COMPANY,                /* 11, 13 in all teams at once */
    BILLING_ACT_OPEN_BILLING,           /* 15 */
    BILLING_ACT_INVOICES,               /* 16 */
    BILLING_ACT_PAYMENT_METHOD,         /* 17 */
    BILLING_ACT_INFORMATION,            /* 18, 19 */
    BILLING_ACT_SWITCH_PERIOD,          /* 20 */
    BILLING_ACT_CANCEL,                 /* 21 */
    BILLING_ACT_REACTIVATE,             /* 22 */
    BILLING_ACT_DOWNGRADE,              /* 23 */
    BILLING_ACT_REFUND_REQUEST,         /* 24 */
    BILLING_ACT_PAY_INVOICE,            /* 25 */
    BILLING_ACT_INVITE_OPEN,            /* 26 setting "all members" */
    BILLING_ACT_INVITE_ADMINS,          /* 27 setting "admins only" */
    BILLING_ACT_SETTINGS,               /* 28 */
    BILLING_ACT_DAY_PASSES,             /* 29 */
    BILLING_ACT_LICENCES,               /* 30 approve who asks for one */
    BILLING_ACT_FURTHER_TEAMS,          /* 32 */
    BILLING_ACT_DELETE_TEAM,            /* 33 */
    BILLING_ACT_DOMAIN_CONTROL,         /* 34 */
    BILLING_ACT_ADDONS,                 /* 36 */
    BILLING_ACT_CREATE_BOARD,
    BILLING_ACTS
} billing_act_t;

/*
 * ALLOW, or the refusal to show: NOT_A_MEMBER without any member role,
 * BILLING_RIGHTS for money, ADMIN_RIGHTS for administration, INVITE_FORBIDDEN
 * for INVITE_ADMINS (R205).  Admins count as members; a Billing Admin without
 * a member's role has left the team (R230).
 */
billing_reason_t billing_may(billing_act_t act, uint32_t roles,
    billing_plan_t plan);

#endif /* BILLING_DOMAIN_ROLE_H */
