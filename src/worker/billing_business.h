/*
 * The worker's business: what an operation does to the database.
 *
 * Everything here runs inside the turn's transaction, in a savepoint of its
 * own, and is told the instant.  The loop, the database engine, Redis and the
 * gateway's transport are billing_worker.h's side.
 */

#ifndef BILLING_BUSINESS_H
#define BILLING_BUSINESS_H

#include "billing_worker.h"

#define BILLING_CARD_MAX          32
#define BILLING_DAY_LEN           10    /* "2026-03-01" */
#define BILLING_LIST_MAX          200   /* rows of any one list in an answer */
#define BILLING_GATEWAY_TRY_SEC   2     /* first retry of a call */
#define BILLING_ACTION_SEC        1800  /* an abandoned 3-D Secure ends */
#define BILLING_ACTION_ASK_SEC    60    /* how it stands, should no one say */
#define BILLING_REPLAY_SEC        82800 /* 23 h: the gateway forgets at 24 */
#define BILLING_ABSENT_SEC        60    /* an absent charge is believed later */
#define BILLING_REPLAYS_MAX       3     /* identical 5xx: ask, do not repeat */
#define BILLING_FLIGHT_SEC        30    /* a call in flight ends sooner */
#define BILLING_RETRY_WINDOW_SEC  900   /* a buyer waits no longer */
#define BILLING_PRELIMINARY_MAX   4     /* tries of a call without money */
#define BILLING_DRAFT_SEC         3000  /* R132: finalised within the hour */
#define BILLING_INVOICE_DUE_SEC   2592000   /* R131: 30 days */
#define BILLING_RENEWAL_SEC       3600  /* a renewal has begun by then */
#define BILLING_SWEEP_MAX         256   /* rows of one sweep of a kind */
#define BILLING_NEVER_AT          253402300799  /* somebody else acts */


/* --- time ----------------------------------------------------------------- */

/*
 * The wall clock, which the gateway lives by: retries follow it, whatever the
 * test clock says.
 */
int64_t billing_worker_wall(const billing_worker_t *w);


/* --- one operation -------------------------------------------------------- */

/*
 * A helper that answers BILLING_DB_DONE has filled the reply (a refusal):
 * the handler returns it as it is.
 */
typedef struct {
    billing_worker_t         *w;
    const billing_command_t  *command;
    billing_op_reply_t       *reply;
    billing_lang_t            lang;
    int64_t                   now;
} billing_op_t;

typedef billing_db_rc_t (*billing_op_pt)(billing_op_t *op);

typedef struct billing_team_row_s  billing_team_row_t;
typedef struct billing_checkout_s  billing_checkout_t;

/* Fill the reply with a refusal or an answer; always BILLING_DB_DONE. */
billing_db_rc_t billing_op_deny(billing_op_t *op, billing_reason_t reason,
    json_t *args);                              /* steals args */
billing_db_rc_t billing_op_reply(billing_op_t *op, unsigned status,
    json_t *body);                              /* steals body */

/* A member of the request's body; "" or fallback when it is not there. */
const char *billing_op_text(const billing_op_t *op, const char *name);
int64_t billing_op_int(const billing_op_t *op, const char *name,
    int64_t fallback);
bool billing_op_bool(const billing_op_t *op, const char *name);

bool billing_op_dry(const billing_op_t *op);    /* ?dry_run=1: only shown */

/* DONE with {"team": ...}, the one named in the request, read anew. */
BILLING_MUST_CHECK billing_db_rc_t billing_op_team(billing_op_t *op,
    const billing_team_row_t *row, json_t *more);   /* steals more */

billing_lang_t billing_lang_of(const char *name);

/* "t_" or "b_" and 26 random letters and digits (130 bits). */
BILLING_MUST_CHECK billing_db_rc_t billing_id_new(char prefix,
    char out[BILLING_ID_MAX + 1]);

billing_db_rc_t billing_op_team_create(billing_op_t *op);
billing_db_rc_t billing_op_member_add(billing_op_t *op);
billing_db_rc_t billing_op_member_remove(billing_op_t *op);
billing_db_rc_t billing_op_member_role(billing_op_t *op);
billing_db_rc_t billing_op_card_start(billing_op_t *op);
billing_db_rc_t billing_op_buy(billing_op_t *op);
billing_db_rc_t billing_op_resume(billing_op_t *op);
billing_db_rc_t billing_op_webhook(billing_op_t *op);
billing_db_rc_t billing_op_rehydrate(billing_op_t *op);
billing_db_rc_t billing_op_clock_set(billing_op_t *op);
billing_db_rc_t billing_query_clock(billing_op_t *op);
billing_db_rc_t billing_query_dashboard(billing_op_t *op);
billing_db_rc_t billing_query_offer(billing_op_t *op);
billing_db_rc_t billing_query_record(billing_op_t *op);
billing_db_rc_t billing_query_quote(billing_op_t *op);
billing_db_rc_t billing_query_operation(billing_op_t *op);
billing_db_rc_t billing_query_overview(billing_op_t *op);
billing_db_rc_t billing_query_follow(billing_op_t *op);
billing_db_rc_t billing_query_demo_data(billing_op_t *op);


/* --- teams and members (team.c) ------------------------------------------- */

struct billing_team_row_s {
    char            id[BILLING_ID_MAX + 1];
    char            name[BILLING_NAME_MAX + 1];
    char            account[BILLING_ID_MAX + 1];    /* that pays; often id */
    bool            gone;               /* deleted as a team */
    billing_team_t  team;
    uint32_t        hold_seats;         /* seats of an open checkout, 0 none */
    int64_t         invoice_due_at;     /* of the oldest open one, 0 none */
    int64_t         remind_at;          /* of one that is not late, 0 none */
    int64_t         late_at;            /* since then one is late, 0 none */
    int64_t         created_at;
    bool            invite_admins;      /* only admins may invite (R204) */
    bool            moves_forbidden;    /* of boards, in and out (R31) */
    char            invite_link[BILLING_ID_MAX + 1];    /* "" off (R206) */
    char            customer[BILLING_GATEWAY_ID_MAX + 1];
    char            payment_method[BILLING_GATEWAY_ID_MAX + 1];
    char            card_brand[BILLING_CARD_MAX];
    char            card_last4[5];
    char            billing_email[BILLING_EMAIL_MAX + 1];
    char            payer[BILLING_EMAIL_MAX + 1];   /* who bought it last */
    int64_t         settle_at;          /* added seats are billed, 0 none */
    uint32_t        failed;             /* attempts at what is unpaid */
    int64_t         failed_at;          /* the first of them */
    int64_t         retry_at;           /* the next one, 0 none */
    bool            retry_stop;         /* not with the same card (P15) */
    bool            passes_off;         /* no Day Passes (R200) */
    uint32_t        editable_boards;    /* its own (R42); 0 none */
    billing_told_t  told;               /* as the application knows it */
};

/* OK, or DONE when there is no such team (no reply is filled). */
BILLING_MUST_CHECK billing_db_rc_t billing_team_load(billing_worker_t *w,
    const char *id, billing_team_row_t *row);

/* When paid features end, every program dead, 0 never (P33; record.c). */
int64_t billing_record_valid_until(const billing_settings_t *settings,
    const billing_team_row_t *row);

/* A new row, with nobody in it yet; billing_team_store makes it known. */
BILLING_MUST_CHECK billing_db_rc_t billing_team_insert(billing_worker_t *w,
    const billing_team_row_t *row);

/*
 * Writes the row, counts its members or licences, raises its version, and both
 * are in *row; its record is published.  What it means for the teams inside
 * follows; of one of those only its own is written.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_team_store(billing_worker_t *w,
    billing_team_row_t *row);

/* A higher version, published: rights of somebody there have changed. */
BILLING_MUST_CHECK billing_db_rc_t billing_team_raise(billing_worker_t *w,
    const char *team);

/* Seats of the checkout that is open now, 0 none; the record is published. */
BILLING_MUST_CHECK billing_db_rc_t billing_team_hold(billing_worker_t *w,
    const char *account, uint32_t seats);

/* The right to buy: members on Free, billing rights otherwise (R59, R64). */
BILLING_MUST_CHECK billing_db_rc_t billing_purchase_may(billing_worker_t *w,
    const billing_team_row_t *row, uint32_t roles, billing_reason_t *reason);

/* Text into a field of max bytes, cut to fit; NULL is empty. */
void billing_copy(char *out, size_t max, const char *text);

/* The tax of what the team has told about itself (R115). */
BILLING_MUST_CHECK billing_db_rc_t billing_team_tax(billing_worker_t *w,
    const char *team, billing_taxed_t *taxed);

bool billing_plan_is_paid(billing_plan_t plan);

#define BILLING_ROLES_ADMIN                                                   \
    (uint32_t) (BILLING_ROLE_TEAM_ADMIN | BILLING_ROLE_COMPANY_ADMIN)


/* --- answers (answer_json.c) ---------------------------------------------- */

/* The team as its reader may see it, with can{}; NULL out of memory. */
BILLING_MUST_CHECK billing_db_rc_t billing_team_json(billing_worker_t *w,
    const billing_team_row_t *row, uint32_t roles, json_t **out);
json_t *billing_roles_json(uint32_t roles);
const char *billing_role_word(uint32_t roles);  /* the highest one */


#include "billing_board.h"
#include "billing_member.h"
#include "billing_subscription.h"
#include "billing_account.h"
#include "billing_enter.h"
#include "billing_people.h"
#include "billing_document.h"
#include "billing_print.h"
#include "billing_application.h"


/* --- orders (checkout_order.c) -------------------------------------------- */

typedef struct {
    billing_order_t  order;
    char             promo[BILLING_WORD_MAX + 1];   /* as sold, "" none */
    bool             promo_unknown;
    bool             country_missing;   /* taxes depend on it */
    char             country[3];        /* of the buyer, where taxed */
    char             vat_id[32];
    int64_t          at;
    const json_t    *information;       /* borrowed, NULL none */
} billing_purchase_t;

/*
 * The order in the request's body for this team: words that are not ours
 * become _NONE values, which billing_purchase_price refuses by its rules.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_purchase_read(billing_op_t *op,
    const char *team, const char *method, billing_purchase_t *out);

/*
 * INVOICE_COUNTRY where new customers get none, BILLING_INFO_MISSING when the
 * country is not known and matters; who pays by invoice keeps it (R86).
 */
BILLING_MUST_CHECK billing_db_rc_t billing_invoice_country(billing_op_t *op,
    const char *team, const json_t *information, billing_reason_t *reason);

/* The first refusal by precedence, promo code included. */
BILLING_MUST_CHECK billing_reason_t billing_purchase_price(
    const billing_worker_t *w, const billing_team_row_t *row,
    const billing_purchase_t *purchase, billing_quote_t *quote);

/* Refuses with the number (N) that the text of this refusal wants. */
billing_db_rc_t billing_purchase_deny(billing_op_t *op,
    const billing_team_row_t *row, const billing_order_t *order,
    billing_reason_t reason);

/* A quote as stored with its checkout, and back. */
json_t *billing_quote_dump(const billing_quote_t *quote);
BILLING_MUST_CHECK billing_err_t billing_quote_load(const char *text,
    billing_quote_t *quote);

/* Promo codes: reserved in Tx1, then redeemed or released. */
BILLING_MUST_CHECK billing_db_rc_t billing_promo_left(billing_worker_t *w,
    const billing_promo_t *promo, const char *team, uint32_t *left);
BILLING_MUST_CHECK billing_db_rc_t billing_promo_reserve(billing_worker_t *w,
    const billing_checkout_t *co, int64_t now);
BILLING_MUST_CHECK billing_db_rc_t billing_promo_settle(billing_worker_t *w,
    const billing_checkout_t *co, const char *state);


/* --- prices that were shown (quote_hold.c) -------------------------------- */

typedef struct {
    uint32_t             changed;       /* bits, billing_pin_change_t */
    billing_quote_pin_t  shown;
} billing_pin_stale_t;

/* The price of now, in *pin whose kind is set. */
void billing_pin_of(const billing_op_t *op, const billing_team_row_t *row,
    const billing_quote_t *quote, billing_quote_pin_t *pin);
void billing_pin_purchase(const billing_op_t *op,
    const billing_team_row_t *row, const billing_purchase_t *purchase,
    const billing_quote_t *quote, billing_quote_pin_t *pin);

/* Sets the token as "quote" of what is shown; body stays the caller's. */
BILLING_MUST_CHECK billing_db_rc_t billing_pin_give(billing_op_t *op,
    const char *team, const billing_quote_pin_t *pin, json_t *body);

/* Whether the request's token, if it has one, says the price of now. */
bool billing_pin_holds(const billing_op_t *op, const char *team,
    const billing_quote_pin_t *now, billing_pin_stale_t *stale);

/*
 * QUOTE_STALE with both amounts, what has changed, and fresh (stolen): what a
 * preview would show now, with its token.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_pin_deny(billing_op_t *op,
    const char *team, const billing_quote_pin_t *now,
    const billing_pin_stale_t *stale, json_t *fresh);


/* --- checkouts ------------------------------------------------------------ */

typedef enum {
    BILLING_CHECKOUT_NONE = 0,
    BILLING_CHECKOUT_NEW,
    BILLING_CHECKOUT_CHARGING,
    BILLING_CHECKOUT_ACTION,
    BILLING_CHECKOUT_UNKNOWN,
    BILLING_CHECKOUT_SUCCEEDED,
    BILLING_CHECKOUT_FAILED,
    BILLING_CHECKOUT_REFUNDING,
    BILLING_CHECKOUT_REFUNDED,
    BILLING_CHECKOUT_EXPIRED,
    BILLING_CHECKOUT_STATES
} billing_checkout_state_t;

struct billing_checkout_s {
    char                      id[BILLING_OP_ID_LEN + 1];
    char                      team[BILLING_ID_MAX + 1];
    char                      asked[BILLING_ID_MAX + 1];  /* of its account */
    char                      actor[BILLING_EMAIL_MAX + 1];
    billing_lang_t            lang;
    billing_checkout_state_t  state;
    billing_call_kind_t       step;     /* the call that is due next */
    uint32_t                  attempt;
    billing_quote_t           quote;    /* as priced in Tx1, never again */
    billing_money_t           amount;
    char                      promo[BILLING_WORD_MAX + 1];
    char                      customer[BILLING_GATEWAY_ID_MAX + 1];
    char                      payment_method[BILLING_GATEWAY_ID_MAX + 1];
    char                      client_secret[BILLING_GATEWAY_ID_MAX * 2 + 1];
    char                      intent[BILLING_GATEWAY_ID_MAX + 1];
    char                      waiter[BILLING_OP_ID_LEN + 1];
    char                      page_after[BILLING_GATEWAY_ID_MAX + 1];
    bool                      cancelling;
    int64_t                   next_try_at;  /* wall clock */
    int64_t                   started_at;
    int64_t                   action_at;
    int64_t                   ended_at;
    char                      email[BILLING_EMAIL_MAX + 1]; /* invoice to */
    billing_reason_t          reason;   /* of a failure, 0 none */
    char                      card_brand[BILLING_CARD_MAX];
    char                      card_last4[5];
    billing_money_t           captured; /* what goes back */
    bool                      look_again;   /* told of while a call flew */
    bool                      sent;     /* by this transaction; not stored */
    billing_purpose_t         purpose;
    int64_t                   due_at;   /* when it fell due, 0: asked for */
};

const char *billing_checkout_word(billing_checkout_state_t state);
billing_checkout_state_t billing_checkout_parse(const char *word);
bool billing_checkout_final(billing_checkout_state_t state);
bool billing_checkout_forward(billing_checkout_state_t from,
    billing_checkout_state_t to);

/* The "state" of the purchase in an answer: done, pending, refused... */
const char *billing_checkout_answer_word(billing_checkout_state_t state);

/* OK, or DONE when there is none. */
BILLING_MUST_CHECK billing_db_rc_t billing_checkout_load(billing_worker_t *w,
    const char *id, billing_checkout_t *co);

/* What was ordered; how it stands is written by the send or move after it. */
BILLING_MUST_CHECK billing_db_rc_t billing_checkout_insert(
    billing_worker_t *w, const billing_checkout_t *co);

/*
 * Writes the row.  A move the table does not know is refused and reported:
 * *co keeps its old state and nothing is written.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_checkout_move(billing_worker_t *w,
    billing_checkout_t *co, billing_checkout_state_t to);

/* The same, where billing_checkout_send or a move follows and writes it. */
BILLING_MUST_CHECK billing_db_rc_t billing_checkout_turn(
    billing_checkout_t *co, billing_checkout_state_t to);

/*
 * The same purchase once more, after the gateway has proven that nothing
 * happened: attempt + 1, hence new keys (D6).
 */
BILLING_MUST_CHECK billing_db_rc_t billing_checkout_again(
    billing_worker_t *w, billing_checkout_t *co);
#define BILLING_ATTEMPTS_MAX  3

/* Whether the team has one that is open. */
BILLING_MUST_CHECK billing_db_rc_t billing_checkout_is_open(
    billing_worker_t *w, const char *team, bool *open);

/* Sends the call of co->step once this transaction has committed. */
BILLING_MUST_CHECK billing_db_rc_t billing_checkout_send(billing_worker_t *w,
    billing_checkout_t *co);

/* Asks the gateway how the payment of an open checkout stands. */
BILLING_MUST_CHECK billing_db_rc_t billing_checkout_ask(billing_worker_t *w,
    billing_checkout_t *co);

typedef struct {
    billing_call_kind_t  step;
    int64_t   first_sent_at;
    int64_t   last_sent_at;
    uint32_t  tries;
    uint32_t  replays;                  /* identical 5xx in a row */
    char      replay_digest[24];
} billing_attempt_t;

BILLING_MUST_CHECK billing_db_rc_t billing_attempt_load(billing_worker_t *w,
    const billing_checkout_t *co, billing_call_kind_t step,
    billing_attempt_t *attempt);
BILLING_MUST_CHECK billing_db_rc_t billing_attempt_state(billing_worker_t *w,
    const billing_checkout_t *co, const char *state);
BILLING_MUST_CHECK billing_db_rc_t billing_attempt_replay(billing_worker_t *w,
    const billing_checkout_t *co, const billing_reply_t *reply,
    billing_attempt_t *attempt);

/* Seconds until the next try after that many: 2, 10, 60, 300, then 900. */
int64_t billing_retry_delay(uint32_t tries);

void billing_charge_of(const billing_checkout_t *co, billing_charge_t *charge);

/* Tx2: the money is there; team, role, ledger, invoice, mail, answer. */
BILLING_MUST_CHECK billing_db_rc_t billing_checkout_succeed(
    billing_worker_t *w, billing_checkout_t *co,
    const billing_result_t *result, int64_t now);

typedef struct {
    billing_checkout_state_t  state;    /* FAILED, EXPIRED or REFUNDED */
    billing_reason_t          reason;
    bool                      stop;     /* a refusal for good (P15) */
    int64_t                   now;
} billing_ending_t;

/* Proven: no money is kept.  All is as it was, the payer is told why. */
BILLING_MUST_CHECK billing_db_rc_t billing_checkout_end(billing_worker_t *w,
    billing_checkout_t *co, const billing_ending_t *ending);

/* Money came that is not what was asked: nothing is granted, it goes back. */
/* What was held for it is free again. */
BILLING_MUST_CHECK billing_db_rc_t billing_checkout_release(
    billing_worker_t *w, const billing_checkout_t *co);

/* The sum that was captured, into suspense or back out of it. */
BILLING_MUST_CHECK billing_db_rc_t billing_mismatch_books(
    billing_worker_t *w, const billing_checkout_t *co, bool back,
    int64_t now);

BILLING_MUST_CHECK billing_db_rc_t billing_checkout_refund(
    billing_worker_t *w, billing_checkout_t *co,
    const billing_result_t *result, int64_t now);

/*
 * Tells who waits how it stands (3-D Secure needed, outcome not known) without
 * ending the command: its key may be asked again, and its final answer comes
 * later.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_checkout_tell(billing_worker_t *w,
    const billing_checkout_t *co, const char *op);

/* The state of an open checkout as an answer. */
void billing_checkout_interim(const billing_checkout_t *co,
    billing_op_reply_t *reply);

typedef struct {
    const billing_checkout_t  *checkout;
    const billing_team_row_t  *row;
    json_t                    *invoice; /* stolen, NULL none */
    bool                       unpaid;
    int64_t                    now;
} billing_bought_t;

/* The final answer of a purchase, for its buyer. */
BILLING_MUST_CHECK billing_db_rc_t billing_checkout_bought(
    billing_worker_t *w, const billing_bought_t *bought,
    billing_op_reply_t *reply);

/* The answer of what was done although it could not be paid (R178). */
BILLING_MUST_CHECK billing_db_rc_t billing_checkout_stood(
    billing_worker_t *w, const billing_checkout_t *co,
    const billing_ending_t *ending, billing_op_reply_t *reply);

/* A refusal with the operation it is about. */
void billing_checkout_refuse(const billing_checkout_t *co,
    billing_reason_t reason, const char *state, billing_op_reply_t *reply);

/* Effects of a purchase, by card (Tx2) or at once (invoice, nothing due). */
BILLING_MUST_CHECK billing_db_rc_t billing_purchase_apply(
    billing_worker_t *w, billing_checkout_t *co, int64_t now,
    billing_op_reply_t *reply);

/*
 * The same key again: DONE with the answer, or later while it is open; OK
 * when it may begin (anew).
 */
BILLING_MUST_CHECK billing_db_rc_t billing_checkout_replay(billing_op_t *op);

/* The answer of a checkout that has ended, again and for ever. */
BILLING_MUST_CHECK billing_db_rc_t billing_checkout_ended(billing_op_t *op,
    const billing_checkout_t *co);
BILLING_MUST_CHECK billing_db_rc_t billing_checkout_final_answer(
    billing_worker_t *w, const char *id, unsigned *status, json_t **body);
BILLING_MUST_CHECK billing_db_rc_t billing_checkout_keep(billing_worker_t *w,
    const billing_checkout_t *co, const billing_op_reply_t *reply);

/* Answers the command and who waits for it; the body is kept (operation). */
BILLING_MUST_CHECK billing_db_rc_t billing_checkout_finish(
    billing_worker_t *w, billing_checkout_t *co, billing_op_reply_t *reply);

/* The gateway's answer to card entry; same contract as checkout_reply. */
BILLING_MUST_CHECK billing_db_rc_t billing_card_reply(billing_worker_t *w,
    const billing_call_t *call, const billing_reply_t *reply, bool sent);
BILLING_MUST_CHECK billing_db_rc_t billing_card_sweep(billing_worker_t *w,
    int64_t wall, int64_t *next_wall);

BILLING_MUST_CHECK billing_db_rc_t billing_profile_customer(
    billing_worker_t *w, const char *email, const char *found,
    char out[BILLING_GATEWAY_ID_MAX + 1]);


/* --- replies (checkout_reply.c, checkout_settle.c) ------------------------ */

typedef struct {
    billing_worker_t       *w;
    billing_checkout_t     *co;
    const billing_reply_t  *reply;
    bool                    sent;
    int64_t                 now;
    int64_t                 wall;
    billing_result_t        result;
} billing_replying_t;

/* The same key, no sooner than the gateway wants. */
BILLING_MUST_CHECK billing_db_rc_t billing_reply_wait(billing_replying_t *r);

/* May have happened: the same key by schedule, or only questions. */
BILLING_MUST_CHECK billing_db_rc_t billing_reply_unknown(
    billing_replying_t *r);

/* A question got no answer: it will be asked again. */
BILLING_MUST_CHECK billing_db_rc_t billing_reply_asked(billing_replying_t *r);

/* The search has none of ours: believed after the grace. */
BILLING_MUST_CHECK billing_db_rc_t billing_reply_absent(
    billing_replying_t *r);

/* Sets when the next call is due after that many tries. */
void billing_reply_later(billing_replying_t *r, uint32_t tries);

/* The money went: it is given back whoever has been told what. */
BILLING_MUST_CHECK billing_db_rc_t billing_reply_stray(
    billing_replying_t *r);

/* A payment that failed and could be made good: closed before it is told. */
BILLING_MUST_CHECK billing_db_rc_t billing_reply_close(
    billing_replying_t *r);

/* Tells who waits how it stands. */
BILLING_MUST_CHECK billing_db_rc_t billing_reply_tell(billing_replying_t *r);


/* --- books ---------------------------------------------------------------- */

typedef struct {
    char             account[64];
    billing_money_t  amount;            /* debit > 0 */
} billing_ledger_entry_t;

#define BILLING_ENTRIES_MAX  8

typedef struct {
    const char       *txn;
    const char       *ref;              /* the checkout */
    int64_t           at;
    uint32_t          n;
    billing_ledger_entry_t   entries[BILLING_ENTRIES_MAX];
} billing_posting_t;

void billing_posting_add(billing_posting_t *posting, const char *account,
    const char *team, billing_money_t amount);

/*
 * Seats in use that no bill has named yet (R147): what team.pending says, as
 * entries; negative once they are billed, or waived.
 */
void billing_posting_unbilled(billing_posting_t *posting, const char *team,
    billing_money_t amount);

/* The same of Day Passes (R199): the rows that are not billed, as entries. */
void billing_posting_passes(billing_posting_t *posting, const char *team,
    billing_money_t amount);

/* Posts all entries, or CONFLICT when they do not sum to zero. */
BILLING_MUST_CHECK billing_db_rc_t billing_ledger_post(billing_worker_t *w,
    const billing_posting_t *posting);

/*
 * The change into row and books, by the posting's txn, ref and at: a charge is
 * revenue when it is billed, until then it is kept apart; a credit is owed
 * from now on.  What is given back of an invoice that is open comes off it
 * first: only what was paid can become balance.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_seats_credit(billing_worker_t *w,
    billing_team_row_t *row, const billing_seat_change_t *change,
    billing_posting_t *posting);

#include "billing_day_pass.h"
#include "billing_decline.h"
#include "billing_sweep.h"

#endif /* BILLING_BUSINESS_H */
