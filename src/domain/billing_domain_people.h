/* Part of billing_domain.h: people, their boards and what they ask for. */

#ifndef BILLING_DOMAIN_PEOPLE_H
#define BILLING_DOMAIN_PEOPLE_H

/* --- invitations --------------------------------------------------------- */

#define BILLING_INVITE_DAYS  30         /* R207 */

/* ALLOW, or INVITE_FORBIDDEN and the like; the setting decides (R204). */
billing_reason_t billing_invite_allowed(uint32_t roles, billing_plan_t plan,
    bool admins_only);

/* ALLOW, or why these roles may not change that setting (R204). */
billing_reason_t billing_invite_setting_allowed(uint32_t roles,
    billing_plan_t plan);

/* Whether a plan has a team invite link at all (R206). */
bool billing_invite_link(billing_plan_t plan);

int64_t billing_invite_ends_at(int64_t invited_at);

/* --- domains ------------------------------------------------------------- */

typedef struct {
    bool  pricing_page;                 /* else the dashboard's plus icon */
    bool  enterprise;                   /* member of an Enterprise account */
    bool  restricted;                   /* see billing_domain_restricts */
} billing_creator_t;

typedef struct {
    const char  *domain;                /* "example.test" */
    bool         verified;
    bool         forbids;               /* no teams or purchases of one's own */
} billing_domain_control_t;

/* ALLOW, TEAM_CREATE_ENTERPRISE or TEAM_CREATE_DOMAIN (R17..R22). */
billing_reason_t billing_team_create_allowed(
    const billing_creator_t *creator);

/* Whether the policy concerns the address: its exact domain, verified. */
bool billing_domain_restricts(const billing_domain_control_t *control,
    const char *email);

/* ALLOW, or why a policy may not be set; Business only verifies (R24). */
billing_reason_t billing_domain_policy_allowed(uint32_t roles,
    billing_plan_t plan);

/* --- boards -------------------------------------------------------------- */

#define BILLING_AFFECTED_INLINE  10     /* more are a list to download (R32) */
#define BILLING_EDITABLE_MAX     64

typedef struct {
    bool             owner;             /* the mover owns the board */
    bool             member_there;      /* and belongs to the destination */
    bool             forbidden;         /* by either team's company (R31) */
    bool             is_private;
    billing_plan_t   to;
    billing_state_t  to_state;
} billing_board_move_t;

typedef struct {
    bool  locked;                       /* private, where none may be (R33) */
    bool  shared;                       /* with everybody there (R33) */
} billing_board_moved_t;

/* ALLOW with what the move does, BOARD_NOT_OWNER, _DEST, _MOVE_FORBIDDEN. */
billing_reason_t billing_board_move_allowed(
    const billing_catalogue_t *catalogue, const billing_board_move_t *move,
    billing_board_moved_t *out);

/* ALLOW, or why a board may not be created so (R39, R181). */
billing_reason_t billing_board_create_allowed(
    const billing_catalogue_t *catalogue, const billing_team_t *team,
    bool is_private);

/* Whether that many who lose access are named in the warning (R32). */
bool billing_affected_inline(uint32_t addresses);

/*
 * The oldest rank that may be edited among n in any order, when the limit
 * newest may; 0 when all may (R37, R187).  A limit above BILLING_EDITABLE_MAX
 * counts as that.
 */
uint64_t billing_editable_from(const uint64_t *ranks, size_t n,
    uint32_t limit);

/* --- the way down -------------------------------------------------------- */

/*
 * The roles somebody of a paid team has on Free: guests become members, and
 * Company Admins are admins of the one team left (R189, R190).
 */
uint32_t billing_roles_on_free(uint32_t roles);

/* --- Day Passes ---------------------------------------------------------- */

#define BILLING_DAY_PASS_SEC  86400     /* R198 */

typedef struct {
    bool     on;                        /* the company's setting (R200) */
    bool     edit;                      /* viewing needs no pass (R198) */
    int64_t  opened_at;                 /* of this person's last, 0 none */
    int64_t  now;
} billing_day_pass_ask_t;

typedef struct {
    bool             bought;            /* a new pass, else one still runs */
    int64_t          ends_at;           /* 0: none needed */
    billing_money_t  price;             /* of the new one, else 0 */
    int64_t          due_at;            /* billed in arrears (R199) */
} billing_day_pass_t;

/* ALLOW with the pass that serves, or DAYPASS_OFF (R200). */
billing_reason_t billing_day_pass(const billing_catalogue_t *catalogue,
    const billing_team_t *team, const billing_day_pass_ask_t *ask,
    billing_day_pass_t *out);

/* --- refunds ------------------------------------------------------------- */

typedef enum {
    BILLING_REFUND_NONE = 0,
    BILLING_REFUND_OPEN,
    BILLING_REFUND_GRANTED,
    BILLING_REFUND_REFUSED,
    BILLING_REFUNDS
} billing_refund_state_t;

typedef struct {
    bool             extra_seats;       /* of licences added later (R193) */
    billing_money_t  captured;          /* by the payment in question */
    billing_money_t  refunded;          /* of it before */
    billing_money_t  asked;
} billing_refund_t;

/* ALLOW: to be decided; or REFUND_EXTRA_SEATS, FIELD_TYPE beyond the rest. */
billing_reason_t billing_refund_allowed(const billing_refund_t *refund);

/* Whether a request may go from one state to the other: decided once. */
bool billing_refund_step(billing_refund_state_t from,
    billing_refund_state_t to);

/* --- Enterprise ---------------------------------------------------------- */

#define BILLING_ENTERPRISE_USERS_MAX    1000000
#define BILLING_ENTERPRISE_MESSAGE_MAX  2000    /* bytes */

typedef struct {
    const char  *name;                  /* NULL counts as empty */
    const char  *email;
    const char  *company;
    const char  *message;               /* not required */
    int64_t      users;                 /* 0: not said */
} billing_enterprise_form_t;

/*
 * ALLOW, or ENTERPRISE_FORM_INCOMPLETE with the first field at fault (R213).
 * Nothing is charged and no plan changes.
 */
billing_reason_t billing_enterprise_form_allowed(
    const billing_enterprise_form_t *form, const char **field);

#endif /* BILLING_DOMAIN_PEOPLE_H */
