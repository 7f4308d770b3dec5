/*
 * The domain: what the business is, as pure functions over plain values.
 *
 * Nothing here allocates, reads a clock, does input or output, or uses
 * floating point.  "R12" and the like name the business rules listed in
 * doc/rules.md.  Amounts are minor units with a currency, instants are seconds
 * since 1970-01-01T00:00:00Z, intervals are half-open, dates are UTC.
 */

#ifndef BILLING_DOMAIN_H
#define BILLING_DOMAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BILLING_MUST_CHECK  __attribute__((warn_unused_result))

#define BILLING_ID_MAX        36    /* team, board and operation ids, bytes */
#define BILLING_EMAIL_MAX     254   /* RFC 5321 path limit */
#define BILLING_NAME_MAX      120   /* team and board names, bytes */
#define BILLING_FEATURES_MAX  64
#define BILLING_LIMITS_MAX    16
#define BILLING_WORD_MAX      31    /* feature, limit and promo names */
#define BILLING_PROMOS_MAX    64
#define BILLING_LINES_MAX     16
#define BILLING_SEATS_MAX     1000000
#define BILLING_INSTANT_MAX   253402300799  /* 9999-12-31T23:59:59Z */

/* What the world can do wrong; zero is success. */
typedef enum {
    BILLING_OK = 0,
    BILLING_EOVERFLOW,          /* the result does not fit */
    BILLING_ECURRENCY,          /* two amounts of different currencies */
    BILLING_ERANGE,             /* an argument outside its documented range */
    BILLING_EFORMAT,            /* bytes that are not what they should be */
    BILLING_EMAC,               /* authentic bytes they are not */
    BILLING_ENOMEM
} billing_err_t;

/* --- names of things ----------------------------------------------------- */

typedef enum {
    BILLING_PLAN_NONE = 0,
    BILLING_PLAN_FREE,
    BILLING_PLAN_TEAM,          /* later sold as Starter (R51) */
    BILLING_PLAN_BUSINESS,
    BILLING_PLAN_CONSULTANT,
    BILLING_PLAN_ENTERPRISE,
    BILLING_PLAN_EDUCATION,
    BILLING_PLANS
} billing_plan_t;

typedef enum {
    BILLING_STATE_NONE = 0,
    BILLING_STATE_FREE,
    BILLING_STATE_TRIAL,
    BILLING_STATE_ACTIVE,
    BILLING_STATE_ACTIVE_UNPAID,
    BILLING_STATE_PAST_DUE,
    BILLING_STATE_CANCELLED,
    BILLING_STATE_EXPIRED,
    BILLING_STATE_EDUCATION,
    BILLING_STATE_ENTERPRISE,
    BILLING_STATES
} billing_state_t;

typedef enum {
    BILLING_PERIOD_NONE = 0,
    BILLING_PERIOD_MONTHLY,
    BILLING_PERIOD_YEARLY,
    BILLING_PERIODS
} billing_period_t;

typedef enum {
    BILLING_METHOD_NONE = 0,
    BILLING_METHOD_CARD,
    BILLING_METHOD_INVOICE,
    BILLING_METHODS
} billing_method_t;

/* Roles add up (domain section 3): a Team Admin who paid holds two bits. */
typedef enum {
    BILLING_ROLE_GUEST         = 1 << 0,
    BILLING_ROLE_MEMBER        = 1 << 1,   /* occupies a seat on a paid plan */
    BILLING_ROLE_TEAM_ADMIN    = 1 << 2,
    BILLING_ROLE_COMPANY_ADMIN = 1 << 3,
    BILLING_ROLE_BILLING_ADMIN = 1 << 4,   /* money only, never admin (R102) */
    BILLING_ROLE_VISITOR       = 1 << 5
} billing_role_t;

/*
 * The words of the JSON contract ("past_due").  _parse returns the _NONE value
 * for anything else; plan_parse also takes retired names (starter, R51).
 */

const char *billing_plan_name(billing_plan_t plan);
billing_plan_t billing_plan_parse(const char *word, size_t len);
const char *billing_state_name(billing_state_t state);
billing_state_t billing_state_parse(const char *word, size_t len);
const char *billing_period_name(billing_period_t period);
billing_period_t billing_period_parse(const char *word, size_t len);
const char *billing_method_name(billing_method_t method);
billing_method_t billing_method_parse(const char *word, size_t len);

/* --- reasons: every refusal, by order of precedence ---------------------- */

typedef enum {
    BILLING_ALLOW = 0,
    /* who is asking, and how (transport and form) */
    BILLING_UNAUTHENTICATED,        /* 401 no or bad session */
    BILLING_CSRF,                   /* 403 token or origin */
    BILLING_NOT_FOUND,              /* 404 no such address */
    BILLING_METHOD_NOT_ALLOWED,     /* 405 */
    BILLING_MEDIA_TYPE,             /* 415 */
    BILLING_BODY_TOO_LARGE,         /* 413 */
    BILLING_BODY_INVALID,           /* 400 not JSON within our limits */
    BILLING_FIELD_UNKNOWN,          /* 422 */
    BILLING_FIELD_MISSING,          /* 422 */
    BILLING_FIELD_TYPE,             /* 422 */
    BILLING_CARD_NUMBER_REFUSED,    /* 422 a card number in a text field */
    BILLING_IDEMPOTENCY_KEY_MISSING,/* 400 */
    BILLING_IDEMPOTENCY_KEY_INVALID,/* 400 */
    BILLING_IDEMPOTENCY_KEY_REUSED, /* 422 same key, other request */
    BILLING_OPERATION_IN_PROGRESS,  /* 409 same key, first still running */
    BILLING_OPERATION_NOT_FOUND,    /* 404 */
    BILLING_OPERATION_EXPIRED,      /* 409 deadline passed before it began */
    BILLING_TOO_MANY,               /* 429 */
    BILLING_STORE_UNAVAILABLE,      /* 503 Redis or worker away */
    BILLING_NOT_IMPLEMENTED,        /* 501 */
    BILLING_INTERNAL,               /* 500 */
    BILLING_ENTITLEMENT_UNKNOWN,    /* 503 nothing trustworthy known */
    BILLING_PAGE_NOT_FOUND_FR,
    /* teams and members */
    BILLING_TEAM_NOT_FOUND,
    BILLING_NOT_A_MEMBER,
    BILLING_TEAM_CREATE_ENTERPRISE,
    BILLING_TEAM_CREATE_DOMAIN,
    BILLING_NAME_INVALID,           /* 422 */
    BILLING_EMAIL_INVALID,          /* 422 */
    BILLING_ROLE_INVALID,           /* 422 */
    BILLING_MEMBER_EXISTS,          /* 409 */
    BILLING_MEMBER_NOT_FOUND,       /* 404 */
    BILLING_LAST_ADMIN,             /* 409 */
    BILLING_BILLING_RIGHTS,
    BILLING_ADMIN_RIGHTS,
    BILLING_INVITE_FORBIDDEN,
    BILLING_LAST_TEAM,
    BILLING_NO_VACANT_SEAT,         /* 409 joins limited by an open checkout */
    /* the purchase */
    BILLING_UPGRADE_ALREADY_PAID,
    BILLING_PLAN_UNKNOWN,
    BILLING_PLAN_ENTERPRISE_CONTACT,
    BILLING_PLAN_EDUCATION_APPLY,
    BILLING_PLAN_WITHDRAWN,
    BILLING_BILLING_TYPE_INVALID,
    BILLING_PAYMENT_METHOD_UNSUPPORTED,
    BILLING_SEATS_INVALID,
    BILLING_SEATS_BELOW_MEMBERS,
    BILLING_SEATS_BELOW_PLAN_MIN,
    BILLING_SEATS_ABOVE_WINDOW_MAX,
    BILLING_INVOICE_TEAM_YEARLY,
    BILLING_INVOICE_TEAM_SEATS,
    BILLING_INVOICE_PLAN,
    BILLING_INVOICE_COUNTRY,
    BILLING_INVOICE_EMAIL_MISSING,
    BILLING_BILLING_INFO_MISSING,
    BILLING_VAT_ID_INVALID,
    BILLING_PROMO_UNKNOWN,
    BILLING_PROMO_EXPIRED,
    BILLING_PROMO_NOT_APPLICABLE,
    BILLING_QUOTE_STALE,            /* 409 price changed: old and new shown */
    BILLING_CHECKOUT_OPEN,          /* 409 another purchase runs */
    BILLING_CARD_MISSING,
    BILLING_CARD_INVALID,
    BILLING_CARD_EXPIRED,
    BILLING_CARD_FUNDS,
    BILLING_CARD_DECLINED,
    BILLING_CARD_AUTH_REQUIRED,
    BILLING_CARD_AUTH_FAILED,
    BILLING_GATEWAY_UNAVAILABLE,    /* 503 proven: nothing was charged */
    BILLING_PAYMENT_UNKNOWN,        /* 202 being confirmed: pay no more */
    /* the running subscription */
    BILLING_NO_SUBSCRIPTION,
    BILLING_SUBSCRIPTION_CANCELLED,
    BILLING_ALREADY_CANCELLED,
    BILLING_NOT_CANCELLED,
    BILLING_SWITCH_TO_MONTHLY,
    BILLING_SWITCH_SAME,
    BILLING_INVOICE_TO_CARD,
    BILLING_SIZE_BELOW_MEMBERS,
    BILLING_INVOICE_LOCKED,
    BILLING_INVOICE_NOT_FOUND,
    BILLING_BILLING_HIDDEN,
    BILLING_REFUND_EXTRA_SEATS,
    BILLING_ENTERPRISE_FORM_INCOMPLETE,
    /* boards and the gate */
    BILLING_BOARD_NOT_FOUND,        /* 404 */
    BILLING_TEAM_EXPIRED,
    BILLING_BOARD_LOCKED_LIMIT,
    BILLING_BOARD_LOCKED_PRIVATE,
    BILLING_BOARD_NOT_OWNER,
    BILLING_BOARD_DEST,
    BILLING_BOARD_MOVE_FORBIDDEN,
    BILLING_BOARD_PRIVATE_FREE,     /* 422 no private boards on Free (R39) */
    BILLING_GUEST_VIEW_ONLY,        /* 403 (R196) */
    BILLING_FEATURE_MISSING,        /* 402 not in this team's plan */
    BILLING_LIMIT_REACHED,          /* 402 */
    BILLING_SEAT_MISSING,           /* 402 */
    BILLING_DAYPASS_OFF,
    BILLING_LICENCE_REQUEST,
    BILLING_REASONS
} billing_reason_t;

/* "SEATS_BELOW_MEMBERS": the enum's name without its prefix; never NULL. */
const char *billing_reason_code(billing_reason_t reason);

/* The HTTP status of a refusal (domain section 7); 200 for BILLING_ALLOW. */
unsigned billing_reason_status(billing_reason_t reason);

/* The request field at fault ("seats"), or NULL when no single one is. */
const char *billing_reason_field(billing_reason_t reason);

/* --- money --------------------------------------------------------------- */

typedef uint16_t  billing_currency_t;   /* row of the ISO 4217 table, 0 none */
typedef struct {
    int64_t             minor;          /* minor units, may be negative */
    billing_currency_t  currency;
} billing_money_t;

typedef enum {
    BILLING_ROUND_HALF_UP = 0,          /* half away from zero (default) */
    BILLING_ROUND_HALF_EVEN,
    BILLING_ROUND_DOWN                  /* toward zero */
} billing_rounding_t;

typedef struct {
    int64_t  numerator;
    int64_t  denominator;               /* > 0 */
} billing_ratio_t;

billing_currency_t billing_currency_parse(const char *code, size_t len);
const char *billing_currency_code(billing_currency_t currency);
unsigned billing_currency_exponent(billing_currency_t currency);

BILLING_MUST_CHECK billing_err_t billing_money_add(billing_money_t a,
    billing_money_t b, billing_money_t *sum);
BILLING_MUST_CHECK billing_err_t billing_money_sub(billing_money_t a,
    billing_money_t b, billing_money_t *difference);
BILLING_MUST_CHECK billing_err_t billing_money_times(billing_money_t a,
    int64_t factor, billing_money_t *product);

/* amount * ratio, rounded once; exact between.  The ratio may exceed one. */
BILLING_MUST_CHECK billing_err_t billing_money_scale(billing_money_t amount,
    billing_ratio_t ratio, billing_rounding_t rounding, billing_money_t *out);

/* --- calendar ------------------------------------------------------------ */

typedef struct {
    int32_t  year;                      /* 1970..9999 */
    uint8_t  month;                     /* 1..12 */
    uint8_t  day;                       /* 1..31 */
} billing_date_t;

int64_t billing_date_days(billing_date_t date);     /* since 1970-01-01 */
bool billing_date_valid(billing_date_t date);

/* Instants outside 0..BILLING_INSTANT_MAX count as the nearer end of it. */
billing_date_t billing_date_of(int64_t at);

/*
 * "2026-03-01" or RFC 3339 "2026-03-01T09:30:00Z" (also with +hh:mm) to an
 * instant; *date_only tells which.  BILLING_EFORMAT for anything else.
 */
BILLING_MUST_CHECK billing_err_t billing_instant_parse(const char *text,
    size_t len, int64_t *at, bool *date_only);

#define BILLING_INSTANT_LEN  20         /* "2026-03-01T09:30:00Z" */
void billing_instant_format(int64_t at, char text[BILLING_INSTANT_LEN + 1]);

/*
 * The n-th boundary from the first anchor: same time and day of the month,
 * clamped to its last day (31 Jan, 28 Feb, 31 Mar; section 8 point 12).
 */
int64_t billing_boundary_months(int64_t anchor_at, int32_t months);
int64_t billing_boundary(int64_t anchor_at, billing_period_t period,
    int32_t n);

typedef struct {
    int64_t  start_at;
    int64_t  end_at;                    /* exclusive */
} billing_span_t;

typedef enum {
    BILLING_BASIS_DAY = 0,              /* actual calendar days (default) */
    BILLING_BASIS_DAY30,                /* 30/360, each 31st as a 30th */
    BILLING_BASIS_SECOND
} billing_basis_t;

/* False, and the value untouched, when the word is not one of them. */
bool billing_basis_parse(const char *word, size_t len, billing_basis_t *basis);
bool billing_rounding_parse(const char *word, size_t len,
    billing_rounding_t *rounding);

/*
 * The part of the period that the service covers, as days (or seconds) over
 * days (or seconds); the service is cut to the period first (R149).
 */
BILLING_MUST_CHECK billing_err_t billing_proration(billing_span_t period,
    billing_span_t service, billing_basis_t basis, billing_ratio_t *out);

/* --- catalogue: what billing.json says is sold --------------------------- */

typedef struct {
    bool             known;             /* listed in the catalogue */
    bool             selling;           /* false: PLAN_WITHDRAWN (R50) */
    bool             self_serve;        /* bought in the payment window */
    bool             guests_edit;       /* R196 */
    uint32_t         seats_min;         /* R48 */
    uint32_t         window_max;        /* R70: 100 */
    uint32_t         editable_boards;   /* 0 = unlimited; Free 3 (R37) */
    uint32_t         invoice_seats_min; /* 0 = any; Team 11 (R79) */
    bool             invoice;           /* payable by invoice at all (R82) */
    bool             invoice_yearly;    /* only with yearly billing (R79) */
    bool             private_boards;
    billing_money_t  price[BILLING_PERIODS];  /* per seat and period */
    uint64_t         features;          /* bits, see billing_catalogue_t */
    int64_t          limits[BILLING_LIMITS_MAX];   /* -1 = unlimited */
} billing_terms_t;

typedef struct {
    char              code[BILLING_WORD_MAX + 1];  /* upper case */
    uint32_t          percent;          /* 1..100 */
    int64_t           starts_at;
    int64_t           ends_at;          /* 0 = open */
    uint32_t          redemptions_max;  /* 0 = unlimited; the worker counts */
    uint32_t          seats_min;
    uint32_t          plans;            /* bit per billing_plan_t, 0 = any */
    billing_period_t  period;           /* NONE = any */
    uint32_t          duration_periods; /* 0 = one period */
} billing_promo_t;

typedef struct {
    char                version[BILLING_WORD_MAX + 1];
    uint8_t             hash[32];       /* SHA-256 of the canonical text */
    billing_currency_t  currency;
    billing_terms_t     plans[BILLING_PLANS];
    uint32_t            nfeatures;
    uint32_t            nlimits;
    uint32_t            npromos;
    char                features[BILLING_FEATURES_MAX][BILLING_WORD_MAX + 1];
    char                limits[BILLING_LIMITS_MAX][BILLING_WORD_MAX + 1];
    billing_promo_t     promos[BILLING_PROMOS_MAX];
    billing_basis_t     basis;
    billing_rounding_t  rounding;
} billing_catalogue_t;

/* The bit of a feature, the index of a limit, or -1. */
int billing_catalogue_feature(const billing_catalogue_t *catalogue,
    const char *name, size_t len);
int billing_catalogue_limit(const billing_catalogue_t *catalogue,
    const char *name, size_t len);

/* The promo of that code (compared in upper case), or NULL. */
const billing_promo_t *billing_catalogue_promo(
    const billing_catalogue_t *catalogue, const char *code, size_t len);

/* --- the team as the business sees it ------------------------------------ */

typedef struct {
    billing_plan_t    plan;
    billing_state_t   state;
    billing_period_t  period;
    billing_method_t  method;
    uint32_t          seats;
    uint32_t          members;
    int64_t           anchor_at;
    billing_span_t    current;          /* the paid period; zeros on Free */
    billing_money_t   paid;             /* current period, net of tax */
    billing_money_t   credit;           /* balance, >= 0 */
    billing_money_t   pending;          /* seat charges not yet billed */
    bool              auto_renew;
    billing_plan_t    scheduled_plan;
    uint64_t          version;
} billing_team_t;

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
    BILLING_ACT_OPEN_BILLING,           /* 15 */
    BILLING_ACT_INVOICES,               /* 16 */
    BILLING_ACT_PAYMENT_METHOD,         /* 17 */
    BILLING_ACT_INFORMATION,            /* 18, 19 */
    BILLING_ACT_SWITCH_PERIOD,          /* 20 */
    BILLING_ACT_CANCEL,                 /* 21 */
    BILLING_ACT_REACTIVATE,             /* 22 */
    BILLING_ACT_DOWNGRADE,              /* 23 */
    BILLING_ACT_REFUND_REQUEST,         /* 24 */
    BILLING_ACT_INVITE_OPEN,            /* 26 setting "all members" */
    BILLING_ACT_INVITE_ADMINS,          /* 27 setting "admins only" */
    BILLING_ACT_SETTINGS,               /* 28 */
    BILLING_ACT_DAY_PASSES,             /* 29 */
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

/* --- quote --------------------------------------------------------------- */

typedef enum {
    BILLING_LINE_PLAN = 1,
    BILLING_LINE_DISCOUNT,
    BILLING_LINE_CREDIT,                /* unused time of the previous plan */
    BILLING_LINE_PRORATION,
    BILLING_LINE_PENDING,               /* accumulated seat charges */
    BILLING_LINE_BALANCE,               /* credit balance used */
    BILLING_LINE_TAX
} billing_line_kind_t;

const char *billing_line_kind_name(billing_line_kind_t kind);

/*
 * amount = quantity * unit * ratio, rounded once; both amounts are signed, so
 * that of a credit the unit is negative too.  The amounts of a quote's lines
 * add up to its total.  A BALANCE line is negative when the balance pays and
 * positive when it receives what the previous plan gave beyond the price.
 */
typedef struct {
    billing_line_kind_t  kind;
    uint32_t             quantity;
    billing_money_t      unit;          /* per seat and period */
    billing_ratio_t      ratio;         /* 1/1 when not prorated */
    billing_money_t      amount;        /* signed; credits are negative */
} billing_line_t;

typedef struct {
    billing_plan_t           plan;
    uint32_t                 seats;
    billing_period_t         period;
    billing_method_t         method;
    const billing_promo_t   *promo;     /* NULL none; empty code unknown */
    uint32_t                 promo_left;/* redemptions, UINT32_MAX unknown */
    uint32_t                 tax_permyriad; /* 2000 = 20 %; 0 none */
} billing_order_t;

typedef struct {
    billing_plan_t    plan;
    uint32_t          seats;
    billing_period_t  period;
    billing_method_t  method;
    uint32_t          nlines;
    billing_line_t    lines[BILLING_LINES_MAX];
    billing_money_t   subtotal;         /* list price and pending charges */
    billing_money_t   discount;         /* <= 0 */
    billing_money_t   credit;           /* unused time and balance used */
    billing_money_t   tax;
    billing_money_t   total;            /* sum of these four, >= 0 */
    billing_money_t   due_now;          /* 0 by invoice */
    billing_money_t   credit_left;      /* balance after the purchase */
    billing_span_t    span;             /* the period bought */
    billing_money_t   renewal_total;    /* next charge, promo and tax as due */
} billing_quote_t;

/*
 * Seat bounds of the payment window: floor = max(members, plan minimum, 1),
 * ceiling = max(window maximum, members, seats that are paid for already)
 * (R66..R73, section 8 points 4 and 5).
 */
uint32_t billing_seats_floor(const billing_terms_t *terms,
    const billing_team_t *team);
uint32_t billing_seats_ceiling(const billing_terms_t *terms,
    const billing_team_t *team);

/* ALLOW, or the first SEATS_ reason that stands against the number. */
billing_reason_t billing_seats_allowed(const billing_terms_t *terms,
    const billing_team_t *team, uint32_t seats);

/* ALLOW (also without a promo), or the PROMO_ reason against it (R91, R92). */
billing_reason_t billing_promo_allowed(const billing_order_t *order,
    int64_t now);

/* Percent off in the period counted from the purchase, 0 being the first. */
uint32_t billing_promo_percent(const billing_promo_t *promo, uint32_t period);

/* ALLOW, or why this method may not pay for the order (R78..R84). */
billing_reason_t billing_method_allowed(const billing_catalogue_t *catalogue,
    const billing_order_t *order);

/*
 * ALLOW, or the first refusal.  FREE and EXPIRED teams buy any plan, paying
 * ones a higher one, CANCELLED ones nothing until their period is over.
 */
billing_reason_t billing_order_allowed(const billing_catalogue_t *catalogue,
    const billing_team_t *team, const billing_order_t *order, int64_t now);

/*
 * The price of an order at an instant, with the arithmetic of each line, or
 * the first refusal in order of precedence; *out is valid only on ALLOW.  The
 * same function prices what is shown, what is charged and what is invoiced.
 * Rights are not asked here: see billing_may.  INTERNAL when team or catalogue
 * cannot be (overflow, two currencies, a negative balance).
 */
BILLING_MUST_CHECK billing_reason_t billing_quote(
    const billing_catalogue_t *catalogue, const billing_team_t *team,
    const billing_order_t *order, int64_t now, billing_quote_t *out);

/*
 * The team after the quoted purchase took effect at now: plan, seats, period,
 * anchor, credit, version + 1; ACTIVE_UNPAID by an invoice above zero.
 */
void billing_team_purchase(billing_team_t *team, const billing_quote_t *quote,
    int64_t now);

/* --- entitlement: the gate's decision ------------------------------------ */

typedef struct {
    uint64_t  epoch;
    uint64_t  version;
    int64_t   valid_until_at;           /* end of paid features; 0 none */
    int64_t   period_end_at;            /* 0 on Free */
    uint64_t  editable_from;            /* oldest editable rank; 0 = all */
    uint32_t  seats;
    uint32_t  members;
    uint8_t   plan;                     /* billing_plan_t */
    uint8_t   state;                    /* billing_state_t */
    uint8_t   gone;                     /* no such team */
    uint8_t   reserved[5];
} billing_team_record_t;                /* 56 bytes */
typedef struct {
    uint64_t  epoch;
    uint64_t  version;
    uint32_t  roles;                    /* bits; 0 = not a member */
    uint32_t  reserved;
} billing_member_record_t;              /* 24 bytes */
typedef struct {
    uint64_t  epoch;
    uint64_t  version;
    uint64_t  rank;                     /* creation order, higher is newer */
    char      team[BILLING_ID_MAX + 4]; /* NUL-terminated */
    uint8_t   is_private;
    uint8_t   gone;                     /* no such board */
    uint8_t   reserved[6];
} billing_board_record_t;               /* 72 bytes */
typedef struct {
    bool      view;
    bool      edit;
    bool      seat;                     /* a member's seat, not a guest */
    bool      admin;                    /* Team or Company Admin */
    bool      billing;                  /* billing rights */
    uint64_t  features;                 /* bits that must all be there */
} billing_wanted_t;

/*
 * ALLOW or the reason to show.  board may be NULL (team-level check); the
 * caller guarantees that board->team is the team given.  Pure, no division,
 * no loop: this runs on every board request.
 */
billing_reason_t billing_entitle(const billing_catalogue_t *catalogue,
    const billing_team_record_t *team, const billing_member_record_t *member,
    const billing_board_record_t *board, const billing_wanted_t *wanted,
    int64_t now);

/* --- text that people type ----------------------------------------------- */

/* An ASCII mailbox, lower case, into out[BILLING_EMAIL_MAX + 1], or EFORMAT. */
BILLING_MUST_CHECK billing_err_t billing_email_normalise(const char *text,
    size_t len, char *out);

/* An id: 1..BILLING_ID_MAX of [A-Za-z0-9_-]. */
bool billing_id_valid(const char *text, size_t len);

/* A visible name: 1..BILLING_NAME_MAX bytes of UTF-8, no control characters. */
bool billing_name_valid(const char *text, size_t len);

/* A run of 13..19 digits (blanks and dashes between allowed) passing Luhn. */
bool billing_looks_like_card(const char *text, size_t len);

#endif /* BILLING_DOMAIN_H */
