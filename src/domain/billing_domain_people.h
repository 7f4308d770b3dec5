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

/* ALLOW while it can still be accepted, else INVITATION_ENDED (R207). */
billing_reason_t billing_invitation_open(bool pending, int64_t ends_at,
    int64_t now);

/* ALLOW for admins, and for the own invitation of who sent it (R207). */
billing_reason_t billing_invitation_revoke_allowed(bool own, uint32_t roles,
    billing_plan_t plan);

/* Whether an invitation takes the seat, or the joining (R75). */
bool billing_invitation_seat(const billing_catalogue_t *catalogue);

/* --- what admins are asked for ------------------------------------------- */

typedef enum {
    BILLING_ASK_NONE = 0,
    BILLING_ASK_ADMIN,                  /* admin rights (R103, R232) */
    BILLING_ASK_LICENCE,                /* a seat (R202) */
    BILLING_ASK_JOIN,                   /* a discoverable team (R25) */
    BILLING_ASK_INVITE,                 /* an invitation for another (R205) */
    BILLING_ASKS
} billing_ask_t;

typedef struct {
    billing_ask_t   kind;
    uint32_t        roles;              /* of who asks */
    billing_plan_t  plan;
    bool            restricted;         /* a member without a full licence */
    bool            discoverable;       /* for the domain of who asks */
    bool            admins_only;        /* the setting (R204) */
} billing_asking_t;

const char *billing_ask_name(billing_ask_t kind);
billing_ask_t billing_ask_parse(const char *word, size_t len);

/*
 * ALLOW, REQUEST_NEEDLESS or MEMBER_EXISTS for what one has, NOT_A_MEMBER for
 * what only members ask.
 */
billing_reason_t billing_ask_allowed(const billing_asking_t *asking);

/* ALLOW, or why these roles do not decide it. */
billing_reason_t billing_ask_decide(billing_ask_t kind, uint32_t roles,
    billing_plan_t plan);

/* The roles that decide it: who is told. */
uint32_t billing_ask_deciders(billing_ask_t kind, billing_plan_t plan);

/* --- a team's settings --------------------------------------------------- */

typedef enum {
    BILLING_SETTING_NAME = 0,
    BILLING_SETTING_INVITE,             /* R204 */
    BILLING_SETTING_LINK,               /* R206 */
    BILLING_SETTING_BOARD_MOVES,        /* R31 */
    BILLING_TEAM_SETTINGS
} billing_setting_t;

/* ALLOW, ADMIN_RIGHTS, or FEATURE_MISSING where the plan has no such thing. */
billing_reason_t billing_setting_allowed(billing_setting_t setting,
    uint32_t roles, billing_plan_t plan);

/* --- domains ------------------------------------------------------------- */

#define BILLING_DOMAIN_MAX        253   /* bytes of a name in DNS */
#define BILLING_DOMAIN_CLAIM_SEC  259200    /* 72 h to publish it (R23) */
#define BILLING_DOMAIN_TTL_SEC    86400     /* of the record (R23) */

typedef struct {
    bool  pricing_page;                 /* else the dashboard's plus icon */
    bool  enterprise;                   /* member of an Enterprise account */
    bool  restricted;                   /* see billing_domain_restricts */
} billing_creator_t;

typedef struct {
    const char  *domain;                /* "example.test" */
    bool         verified;
    bool         forbids;               /* no teams or purchases of one's own */
    bool         discoverable;          /* its teams may be asked to join */
    int64_t      capture_at;            /* new profiles since, 0 none (R217) */
    billing_plan_t  plan;               /* of who holds the domain */
} billing_domain_control_t;

/* ALLOW, TEAM_CREATE_ENTERPRISE or TEAM_CREATE_DOMAIN (R17..R22). */
billing_reason_t billing_team_create_allowed(
    const billing_creator_t *creator);

/*
 * Whether the policy concerns the address: its exact domain, verified, and
 * held by an Enterprise account, which alone has policies (R24).
 */
bool billing_domain_restricts(const billing_domain_control_t *control,
    const char *email);
bool billing_domain_discoverable(const billing_domain_control_t *control,
    const char *email);

/* Whether a profile made at that instant is a managed one (R217). */
bool billing_domain_captures(const billing_domain_control_t *control,
    const char *email, int64_t created_at);

/* ALLOW, or why a domain may not be added; Company Admins do (R24). */
billing_reason_t billing_domain_add_allowed(uint32_t roles,
    billing_plan_t plan);

/*
 * ALLOW, or DOMAIN_TAKEN while it is another's: for ever once verified, and as
 * long as a record may take to be seen before that (R23).
 */
billing_reason_t billing_domain_claim_allowed(bool verified,
    int64_t claimed_at, int64_t now);

/* ALLOW, or why a policy may not be set; Business only verifies (R24). */
billing_reason_t billing_domain_policy_allowed(uint32_t roles,
    billing_plan_t plan);

/* --- boards -------------------------------------------------------------- */

#define BILLING_AFFECTED_INLINE  10     /* if nothing else is set (R32) */
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
bool billing_affected_inline(uint32_t addresses, uint32_t most);

/*
 * The oldest rank that may be edited among n in any order, when the limit
 * newest may; 0 when all may (R37, R187).  A limit above BILLING_EDITABLE_MAX
 * counts as that.
 */
uint64_t billing_editable_from(const uint64_t *ranks, size_t n,
    uint32_t limit);

/* --- the way down -------------------------------------------------------- */

/*
 * The roles somebody of a paid team has on Free: guests, Occasional users and
 * people without a licence become members, and Company Admins are admins of the
 * one team left (R189, R190).
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

/*
 * Whether the plan has them and the subscription is active (R200).  Of
 * Enterprise they are counted and billed under its contract.
 */
bool billing_day_pass_offered(const billing_catalogue_t *catalogue,
    const billing_team_t *team);

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
    billing_money_t  seats;             /* in it, of licences added later */
} billing_refund_t;

/* ALLOW: to be decided; or REFUND_EXTRA_SEATS, REFUND_AMOUNT. */
billing_reason_t billing_refund_allowed(const billing_refund_t *refund);

/* What may still be asked for, never below zero. */
billing_money_t billing_refund_rest(const billing_refund_t *refund);

/* Whether a request may go from one state to the other: decided once. */
bool billing_refund_step(billing_refund_state_t from,
    billing_refund_state_t to);

#define BILLING_APPROVAL_SEC  604800    /* the first word is good for 7 days */

/* Who wants to grant a refund, and who did before; "" nobody. */
typedef struct {
    bool         two;                   /* persons are needed */
    const char  *by;
    const char  *asked_by;
    int64_t      asked_at;
    int64_t      now;
} billing_approval_t;

/*
 * ALLOW: it is granted, or, with *waits, waits for a second person from now
 * on; or APPROVER_MISSING, APPROVER_SAME.
 */
billing_reason_t billing_approval_step(const billing_approval_t *approval,
    bool *waits);

/* The team after part of its period was given back: so much is not paid. */
void billing_team_refunded(billing_team_t *team, billing_money_t net);

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
