/* Part of billing_domain.h: guests, visitors, licences; boards left behind. */

#ifndef BILLING_DOMAIN_ACCESS_H
#define BILLING_DOMAIN_ACCESS_H

/* --- rights on one board ------------------------------------------------- */

typedef enum {
    BILLING_ACCESS_OWNER   = 1 << 0,    /* of a private board */
    BILLING_ACCESS_INVITED = 1 << 1     /* a guest, or a member let in */
} billing_access_t;

/* Who belongs to a team, whatever the licence. */
#define BILLING_ROLES_INSIDE                                                  \
    (uint32_t) (BILLING_ROLE_MEMBER | BILLING_ROLE_TEAM_ADMIN                 \
                | BILLING_ROLE_COMPANY_ADMIN | BILLING_ROLE_RESTRICTED        \
                | BILLING_ROLE_OCCASIONAL)

/* --- guests -------------------------------------------------------------- */

typedef enum {
    BILLING_GUEST_NONE = 0,
    BILLING_GUEST_OF_BOARD,             /* a guest: free, no seat (R195) */
    BILLING_GUEST_JOINS,                /* on Free a member (R36) */
    BILLING_GUEST_LET_IN                /* a member, to a private board */
} billing_guest_t;

typedef struct {
    billing_plan_t   plan;
    billing_state_t  state;
    bool             admins_only;       /* who may invite (R204) */
    bool             is_private;
    uint32_t         host_roles;        /* of who invites */
    uint32_t         host_access;       /* on the board */
    uint32_t         roles;             /* of who is invited */
    uint32_t         access;
} billing_guest_ask_t;

/* Whether a plan has guests at all; on Free there are only members. */
bool billing_guests_allowed(billing_plan_t plan);

/* ALLOW with what becomes of the invited, or why not (R196). */
billing_reason_t billing_guest_invite(const billing_guest_ask_t *ask,
    billing_guest_t *out);

/* --- visitors ------------------------------------------------------------ */

/* ALLOW, or FEATURE_MISSING where the plan's links let less (R56, R197). */
billing_reason_t billing_visit_allowed(const billing_terms_t *terms,
    billing_visit_t visit);

/* --- licences (Enterprise) ----------------------------------------------- */

typedef enum {
    BILLING_LICENCE_NONE = 0,
    BILLING_LICENCE_FULL,
    BILLING_LICENCE_RESTRICTED,
    BILLING_LICENCES
} billing_licence_t;

/* "full", "restricted"; NONE for anything else. */
billing_licence_t billing_licence_parse(const char *word, size_t len);

/*
 * Whether a Full licence is left.  Only Enterprise counts them so; a contract
 * of 0 seats has no bound.
 */
bool billing_licence_left(const billing_team_t *team);

/* The roles, RESTRICTED for MEMBER once the licences have run out (R202). */
uint32_t billing_licence_given(const billing_team_t *team, uint32_t roles);

typedef struct {
    uint32_t           actor_roles;
    uint32_t           roles;           /* of whose licence it is */
    billing_licence_t  wanted;
    int64_t            now;
} billing_licence_ask_t;

/* ALLOW with the roles then held; row 29: by a Company Admin. */
billing_reason_t billing_licence_assign(const billing_team_t *team,
    const billing_licence_ask_t *ask, uint32_t *roles);

/* --- Flexible Licensing (Enterprise, R203) -------------------------------- */

#define BILLING_REVIEW_DAYS_OLD  90
#define BILLING_REVIEW_DAYS      180

/* What an order says of it; days 0 when it says nothing of them. */
bool billing_review_days(bool flexible, int64_t days, uint32_t *out);

/* Whether somebody may have a Full licence, were it above the contract. */
bool billing_licence_more(const billing_team_t *team, int64_t now);

/* The roles of who edits or creates: Full, if RESTRICTED kept one from it. */
uint32_t billing_licence_edits(const billing_team_t *team, uint32_t roles,
    int64_t now);

/* The review after that instant, 0 without days. */
int64_t billing_review_after(int64_t at, uint32_t days);

/* The next review within the contract, 0: none. */
int64_t billing_review_at(const billing_team_t *team);

/* That review: never fewer seats, nothing owed for before.  True if more. */
bool billing_review_take(billing_team_t *team);

/* --- boards of who goes, and deleted ones -------------------------------- */

#define BILLING_RESTORE_SEC  7776000    /* R229: 90 days */

/* Whether boards may be handed to somebody with these roles (R229). */
bool billing_board_heir(billing_plan_t plan, uint32_t roles);

/* Whether a board deleted then may still be restored; 0: not known when. */
bool billing_board_restorable(int64_t deleted_at, int64_t now);

#endif /* BILLING_DOMAIN_ACCESS_H */
