/* Part of billing_domain.h: one subscription that covers several teams. */

#ifndef BILLING_DOMAIN_ACCOUNT_H
#define BILLING_DOMAIN_ACCOUNT_H

#define BILLING_ACCOUNT_TEAMS_MAX  200

/* Held in the whole account, in whichever of its teams one is. */
#define BILLING_ROLES_COMPANY                                                 \
    ((uint32_t) (BILLING_ROLE_COMPANY_ADMIN | BILLING_ROLE_BILLING_ADMIN))

/* Held in one team, whatever one is in the others. */
#define BILLING_ROLES_ONE_TEAM                                                \
    ((uint32_t) (BILLING_ROLE_GUEST | BILLING_ROLE_MEMBER                     \
                 | BILLING_ROLE_TEAM_ADMIN | BILLING_ROLE_VISITOR             \
                 | BILLING_ROLE_RESTRICTED | BILLING_ROLE_OCCASIONAL))

/*
 * Whether the plan has company settings: Company Admins, and licences that
 * belong to the company and not to one of its teams (R209, R210).
 */
bool billing_plan_company(billing_plan_t plan);

typedef struct {
    uint32_t  roles;                    /* of who asks, in the account */
    uint32_t  teams;                    /* of the account, as it is now */
    int64_t   now;
} billing_account_ask_t;

/*
 * ALLOW, or why there is no further team inside this subscription (R26).  A
 * plan with one team says so before any rights are asked for: nobody has them
 * there.
 */
billing_reason_t billing_further_team_allowed(
    const billing_catalogue_t *catalogue, const billing_team_t *account,
    const billing_account_ask_t *ask);

/*
 * ALLOW, or why a team stays: the last of a company (R212), or with a renewal
 * still to come (R231).
 */
billing_reason_t billing_team_delete_allowed(const billing_team_t *account,
    const billing_account_ask_t *ask);

/* Whether a link out of a mail must confirm it (R231). */
bool billing_team_delete_confirmed(uint32_t teams);

/* --- licences ------------------------------------------------------------ */

typedef struct {
    bool      held;                     /* by this person already (R14) */
    uint32_t  hold_seats;               /* being paid for now, 0 none */
} billing_seat_ask_t;

/*
 * ALLOW when one more person may come, *add when a licence must be added for
 * it; or NO_VACANT_SEAT.  The account's members are its licences in use.
 */
billing_reason_t billing_seat_find(const billing_team_t *account,
    const billing_seat_ask_t *ask, bool *add);

/* --- people -------------------------------------------------------------- */

typedef struct {
    billing_plan_t  plan;
    uint32_t        actor;              /* roles of who does it */
    uint32_t        roles;              /* of whom it is done to */
    bool            self;
    bool            held;               /* has a licence of the account */
    uint32_t        admins;             /* of the team */
    uint32_t        company_admins;     /* of the account */
    uint32_t        teams;              /* of the account, of that person */
} billing_person_ask_t;

/*
 * ALLOW with the roles in the team that this one makes of the former: MEMBER,
 * TEAM_ADMIN or COMPANY_ADMIN; or the refusal.  The COMPANY_ADMIN bit
 * concerns every team of the account.
 */
billing_reason_t billing_role_given(const billing_person_ask_t *ask,
    billing_role_t given, uint32_t *roles);

/*
 * ALLOW with the roles that the application's word makes of those in a team, or
 * LAST_ADMIN.  It does not decide the right to the billing (R101), nor that
 * somebody has no licence (R202) or an Occasional one (R198); and a team inside
 * that does not name a Company Admin ends none who is elsewhere too.
 */
billing_reason_t billing_roles_said(const billing_person_ask_t *ask,
    uint32_t said, bool inside, uint32_t *roles);

/*
 * ALLOW, or why an admin who leaves does not pass the rights on to that one,
 * whose roles in the team are named (R218).
 */
billing_reason_t billing_successor_allowed(const billing_person_ask_t *ask,
    uint32_t successor);

/* ALLOW, or why that person stays in the team, or in the company (R210). */
billing_reason_t billing_removal_allowed(const billing_person_ask_t *ask,
    bool company);

/* Of one person in two teams that become one (R189). */
uint32_t billing_roles_united(uint32_t a, uint32_t b);

/* On a plan with one team there is nothing above its Team Admins. */
uint32_t billing_roles_on_team(uint32_t roles);

/* Who administrated the team administrates the company it becomes. */
uint32_t billing_roles_on_company(uint32_t roles);

#endif /* BILLING_DOMAIN_ACCOUNT_H */
