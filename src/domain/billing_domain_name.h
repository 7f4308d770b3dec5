/* Part of billing_domain.h: plans, states, roles; every refusal. */

#ifndef BILLING_DOMAIN_NAME_H
#define BILLING_DOMAIN_NAME_H

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
    BILLING_ROLE_VISITOR       = 1 << 5,   /* made by a public link alone */
    BILLING_ROLE_RESTRICTED    = 1 << 6,   /* in the team, no licence (R202) */
    BILLING_ROLE_OCCASIONAL    = 1 << 7    /* in the team, Day Passes (R198) */
} billing_role_t;

/* What a public link, or a plan for its links, lets anybody do (R197). */
typedef enum {
    BILLING_VISIT_OFF = 0,
    BILLING_VISIT_VIEW,
    BILLING_VISIT_EDIT,
    BILLING_VISITS
} billing_visit_t;

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
const char *billing_visit_name(billing_visit_t visit);

/* "off", "view", "edit"; BILLING_VISITS for anything else. */
billing_visit_t billing_visit_parse(const char *word, size_t len);

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
    BILLING_EVENT_NOT_FOUND,        /* 404 no such event, or too old */
    BILLING_TOO_MANY,               /* 429 */
    BILLING_STORE_UNAVAILABLE,      /* 503 Redis or worker away */
    BILLING_OVERLOADED,             /* 503 too much waits for the worker */
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
    BILLING_ADMIN_ON_LEAVING,       /* 403 Education, by ?successor= (R218) */
    BILLING_BOARDS_DECISION,        /* 409 hand over or delete (R229) */
    BILLING_BILLING_RIGHTS,
    BILLING_ADMIN_RIGHTS,
    BILLING_INVITE_FORBIDDEN,
    BILLING_INVITATION_NOT_FOUND,   /* 404 */
    BILLING_INVITATION_ENDED,       /* 410 used, revoked or too old (R207) */
    BILLING_REQUEST_NOT_FOUND,      /* 404 */
    BILLING_REQUEST_OPEN,           /* 409 asked before, not yet decided */
    BILLING_REQUEST_NEEDLESS,       /* 409 one has it, or may do it */
    BILLING_REQUEST_ENDED,          /* 410 decided before */
    BILLING_DOMAIN_INVALID,         /* 422 */
    BILLING_DOMAIN_NOT_FOUND,       /* 404 */
    BILLING_DOMAIN_TAKEN,           /* 409 another subscription's (R23) */
    BILLING_DOMAIN_UNVERIFIED,      /* 409 no policy before the proof */
    BILLING_LAST_TEAM,
    BILLING_CANCEL_FIRST,           /* 409 it would still renew (R231) */
    BILLING_CONFIRMATION_INVALID,   /* 422 no such link, or too old */
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
    BILLING_SIREN_INVALID,
    BILLING_PROMO_UNKNOWN,
    BILLING_PROMO_EXPIRED,
    BILLING_PROMO_USED,
    BILLING_PROMO_NOT_APPLICABLE,
    BILLING_PROMO_PAUSED,           /* 429 too many were tried */
    BILLING_QUOTE_STALE,            /* 409 price changed: old and new shown */
    BILLING_CHECKOUT_OPEN,          /* 409 another purchase runs */
    BILLING_PURCHASE_PAUSED,        /* 429 too many within the hour (P54) */
    BILLING_CARD_MISSING,
    BILLING_CARD_INVALID,
    BILLING_CARD_EXPIRED,
    BILLING_CARD_FUNDS,
    BILLING_CARD_DECLINED,
    BILLING_CARD_AUTH_REQUIRED,
    BILLING_CARD_AUTH_FAILED,
    BILLING_CARD_PAUSED,            /* 429 too many were declined (P54) */
    BILLING_GATEWAY_UNAVAILABLE,    /* 503 proven: nothing was charged */
    BILLING_PAYMENT_RETURNED,       /* 402 it was not what was asked: back */
    BILLING_PAYMENT_UNKNOWN,        /* 202 being confirmed: pay no more */
    /* the running subscription */
    BILLING_NO_SUBSCRIPTION,
    BILLING_SUBSCRIPTION_CANCELLED,
    BILLING_ALREADY_CANCELLED,
    BILLING_NOT_CANCELLED,
    BILLING_TRIAL_NOT_OFFERED,      /* 409 (R221) */
    BILLING_SWITCH_TO_MONTHLY,
    BILLING_SWITCH_SAME,
    BILLING_INVOICE_TO_CARD,
    BILLING_INVOICE_OPEN,           /* 409 pay what is open, then change */
    BILLING_PAYMENT_PAST_DUE,       /* 409 pay what is late, then change */
    BILLING_SIZE_BELOW_MEMBERS,
    BILLING_INVOICE_LOCKED,
    BILLING_INVOICE_NOT_FOUND,
    BILLING_INVOICE_NOT_OPEN,       /* 409 nothing to pay on it */
    BILLING_PAYMENT_RECORDED,       /* 409 reference with another amount */
    BILLING_PAYMENT_CURRENCY,       /* 422 */
    BILLING_BILLING_HIDDEN,
    BILLING_REFUND_EXTRA_SEATS,
    BILLING_REFUND_AMOUNT,          /* 422 more than was paid and is left */
    BILLING_REFUND_PENDING,         /* 409 one request at a time */
    BILLING_REFUND_NOT_FOUND,       /* 404 */
    BILLING_REFUND_DECIDED,         /* 409 */
    BILLING_APPROVER_MISSING,       /* 422 nobody said who decides */
    BILLING_APPROVER_SAME,          /* 409 one person is not two */
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
    BILLING_DAYPASS_NEEDED,         /* 402 no pass runs (R198) */
    BILLING_LICENCE_REQUEST,
    BILLING_REASONS
} billing_reason_t;

/* "SEATS_BELOW_MEMBERS": the enum's name without its prefix; never NULL. */
const char *billing_reason_code(billing_reason_t reason);

/* The HTTP status of a refusal (domain section 7); 200 for BILLING_ALLOW. */
unsigned billing_reason_status(billing_reason_t reason);

/* The request field at fault ("seats"), or NULL when no single one is. */
const char *billing_reason_field(billing_reason_t reason);

#endif /* BILLING_DOMAIN_NAME_H */
