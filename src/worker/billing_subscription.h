/*
 * Part of billing_business.h: the running subscription, what it pays and what
 * the clock brings to it.
 */

#ifndef BILLING_SUBSCRIPTION_H
#define BILLING_SUBSCRIPTION_H


/* --- operations ----------------------------------------------------------- */

billing_db_rc_t billing_op_seats(billing_op_t *op);
billing_db_rc_t billing_op_cancel(billing_op_t *op);
billing_db_rc_t billing_op_reactivate(billing_op_t *op);
billing_db_rc_t billing_op_downgrade(billing_op_t *op);
billing_db_rc_t billing_op_period(billing_op_t *op);
billing_db_rc_t billing_op_payment_method(billing_op_t *op);
billing_db_rc_t billing_op_information(billing_op_t *op);
billing_db_rc_t billing_op_enterprise(billing_op_t *op);


/* --- what the clock brings (due.c, renewal.c, dunning.c) ------------------ */

typedef enum {
    BILLING_DUE_NONE = 0,
    BILLING_DUE_TRIAL,                  /* its last day */
    BILLING_DUE_PERIOD_END,             /* renewal, or the end */
    BILLING_DUE_SETTLE,                 /* seats of a yearly plan (R147) */
    BILLING_DUE_RETRY,                  /* of what could not be paid */
    BILLING_DUE_INVOICE,                /* R131 */
    BILLING_DUE_GRACE,                  /* section 8 point 14 */
    BILLING_DUE_REVIEW,                 /* of licences (R203) */
    BILLING_DUES
} billing_due_kind_t;

typedef struct {
    billing_due_kind_t  kind;
    int64_t             at;             /* BILLING_NEVER_AT for NONE */
} billing_due_t;

/* The earliest that the clock will bring to this team. */
billing_due_t billing_due_of(const billing_settings_t *settings,
    const billing_team_row_t *row);

/* All that is due, oldest first, once each; bounded in one turn. */
BILLING_MUST_CHECK billing_db_rc_t billing_due_sweep(billing_worker_t *w,
    int64_t now, int64_t *next_at);

/* The same for one team, right after something of it has ended. */
BILLING_MUST_CHECK billing_db_rc_t billing_due_team(billing_worker_t *w,
    const char *team, int64_t now);

BILLING_MUST_CHECK billing_db_rc_t billing_renewal_run(billing_worker_t *w,
    billing_team_row_t *row, billing_due_t due, int64_t now);

/* Licences used above a flexible contract are in it from then on (R203). */
BILLING_MUST_CHECK billing_db_rc_t billing_review_run(billing_worker_t *w,
    billing_team_row_t *row, billing_due_t due, int64_t now);

/* The actor and the language of a bill that nobody asks for. */
BILLING_MUST_CHECK billing_db_rc_t billing_renewal_payer(billing_worker_t *w,
    const billing_team_row_t *row, billing_checkout_t *co);

typedef struct {
    billing_reason_t  reason;
    bool              stop;             /* never again with this card */
    int64_t           due_at;           /* when it should have been paid */
    int64_t           now;
} billing_unpaid_t;

/* An attempt has failed: the state, the next attempt, who is told. */
BILLING_MUST_CHECK billing_db_rc_t billing_dunning_failed(
    billing_worker_t *w, billing_team_row_t *row,
    const billing_unpaid_t *unpaid);

/* Nothing is owed any more (R173). */
void billing_dunning_over(billing_team_row_t *row);

/* The step in *row, and the mails it wants; the row is not written. */
BILLING_MUST_CHECK billing_db_rc_t billing_team_took(billing_worker_t *w,
    billing_team_row_t *row, const billing_sub_step_t *step, int64_t now);

/* Before it is Free: its billing pages close if it ever paid (R128). */
BILLING_MUST_CHECK billing_db_rc_t billing_team_closes(billing_worker_t *w,
    const billing_team_row_t *row);

/* Nothing is due of a team on Free, and nothing it owed is asked for. */
BILLING_MUST_CHECK billing_db_rc_t billing_team_freed(billing_worker_t *w,
    billing_team_row_t *row, int64_t now);


/* --- mails about a subscription (subscription_mail.c) --------------------- */

/* To all who may end it, each in its language (R179). */
BILLING_MUST_CHECK billing_db_rc_t billing_admins_mail(billing_worker_t *w,
    const billing_team_row_t *row, const char *key, int64_t now);

/* To its Company Admins; steals more. */
BILLING_MUST_CHECK billing_db_rc_t billing_company_mail(billing_worker_t *w,
    const billing_team_row_t *row, const char *key, json_t *more,
    int64_t now);

/* To the billing address (R123); steals more, which may be NULL. */
BILLING_MUST_CHECK billing_db_rc_t billing_payer_mail(billing_worker_t *w,
    const billing_team_row_t *row, const char *key, json_t *more,
    int64_t now);


/* --- bills (purpose.c, pay.c, op_pay.c) ----------------------------------- */

/* What is paid by a checkout; Tx2 does what the purpose says. */

typedef enum {
    BILLING_PURPOSE_PURCHASE = 0,
    BILLING_PURPOSE_RENEWAL,
    BILLING_PURPOSE_SETTLE,             /* added seats (R147) */
    BILLING_PURPOSE_CANCEL,             /* the same, now (R178) */
    BILLING_PURPOSE_YEARLY,
    BILLING_PURPOSE_REACTIVATE,
    BILLING_PURPOSE_CARD,               /* nothing: another card */
    BILLING_PURPOSE_INVOICE,            /* what is open of an invoice */
    BILLING_PURPOSE_TRIAL_CARD,         /* another card, and a trial begins */
    BILLING_PURPOSE_TRIAL,              /* it becomes a purchase (R221) */
    BILLING_PURPOSES
} billing_purpose_t;

typedef struct {
    const char     *word;               /* in the database */
    billing_pay_t   pay;                /* how it is priced */
    const char     *mail;               /* the receipt's text */
    bool            off_session;        /* nobody is there to confirm */
    bool            owed;               /* a failure leads to dunning */
    bool            stands;             /* done even if it is not paid */
    bool            payer;              /* who pays gets billing rights */
    bool            card;               /* nothing: another card is kept */
} billing_purpose_row_t;

const billing_purpose_row_t *billing_purpose_of(billing_purpose_t purpose);
billing_purpose_t billing_purpose_parse(const char *word);
void billing_purpose_apply(const billing_checkout_t *co, billing_team_t *team,
    int64_t now);

/*
 * A bill of a running subscription (pay.c): the price, then the intent.  The
 * id of *co, its purpose, actor, waiter and perhaps a new card are the
 * caller's; a failed one of the same id is tried once more.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_pay_price(billing_worker_t *w,
    const billing_team_row_t *row, billing_checkout_t *co, int64_t now,
    billing_reason_t *reason);

/* OK: the gateway is asked; DONE: nothing to charge, reply is the answer. */
BILLING_MUST_CHECK billing_db_rc_t billing_pay_begin(billing_worker_t *w,
    billing_team_row_t *row, billing_checkout_t *co, int64_t now,
    billing_op_reply_t *reply);

/* An operation that pays for that purpose, or shows what it would cost. */
BILLING_MUST_CHECK billing_db_rc_t billing_op_pay(billing_op_t *op,
    billing_team_row_t *row, billing_checkout_t *co);

/* Another size in *row, with its books and its mail (op_seats.c). */
BILLING_MUST_CHECK billing_db_rc_t billing_seats_take(billing_op_t *op,
    billing_team_row_t *row, const billing_seat_change_t *change);

/* A member of "payment", as in a purchase, or right in the request. */
const char *billing_method_text(const billing_op_t *op, const char *name);

/* Who is billed, as the request says; NULL unless the reason is ALLOW. */
BILLING_MUST_CHECK billing_db_rc_t billing_information_take(
    const billing_op_t *op, json_t **out, billing_reason_t *reason);
/* Its blanks are taken out; false when it is none. */
bool billing_information_siren(json_t *information);

/* ALLOW with the card in *co, or why there is none to charge. */
billing_reason_t billing_pay_card(const billing_team_row_t *row,
    const char *payment_method, billing_checkout_t *co);

/* The attempt's number: one more than any before under this id. */
BILLING_MUST_CHECK billing_db_rc_t billing_pay_attempt(billing_worker_t *w,
    billing_checkout_t *co);

/* One id for one team, purpose and instant: what makes it happen once. */
void billing_pay_id(billing_checkout_t *co, int64_t at);

#endif /* BILLING_SUBSCRIPTION_H */
