/*
 * Part of billing_business.h: documents with numbers, what is paid on them,
 * taken off them and given back.
 */

#ifndef BILLING_DOCUMENT_H
#define BILLING_DOCUMENT_H

#define BILLING_NUMBER_MAX    64
#define BILLING_HASH_LEN      64
#define BILLING_REASON_MAX    500       /* bytes that people type */
#define BILLING_BILLS_MAX     256       /* open at a time, of one team */


/* --- numbers (series.c) --------------------------------------------------- */

typedef struct {
    const char  *series;                /* given, like issued_at: now */
    char         number[BILLING_NUMBER_MAX];
    int32_t      year;
    int64_t      no;
    int64_t      issued_at;             /* never before the last one's */
    char         prev_hash[BILLING_HASH_LEN + 1];
} billing_number_t;

/*
 * The next number of the series, whose documents last_sql finds: the date and
 * the hash of its last one.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_number_next(billing_worker_t *w,
    const char *last_sql, billing_number_t *number);

/* The document's text with the hash before it, and its own; NULL: none. */
char *billing_document_seal(json_t *document, const billing_number_t *number,
    char hash[BILLING_HASH_LEN + 1]);

/* Who sells, and who buys, as it stands in a document. */
json_t *billing_seller_json(const billing_settings_t *settings);
json_t *billing_buyer_json(billing_worker_t *w, const char *team);


/* --- invoices (invoice.c) ------------------------------------------------- */

typedef struct {
    const billing_team_row_t  *team;
    const billing_checkout_t  *checkout;
    const char                *state;   /* "paid", "open" or "draft" */
    int64_t                    now;
} billing_invoice_order_t;

/* A final invoice with the next number of its series; *out for the answer. */
BILLING_MUST_CHECK billing_db_rc_t billing_invoice_issue(billing_worker_t *w,
    const billing_invoice_order_t *order, json_t **out);
BILLING_MUST_CHECK billing_db_rc_t billing_invoice_draft(billing_worker_t *w,
    const billing_invoice_order_t *order, json_t **out);
/* Before its hour, when something has to come off it (R132). */
BILLING_MUST_CHECK billing_db_rc_t billing_invoice_finalise(
    billing_worker_t *w, const char *checkout, int64_t now);
BILLING_MUST_CHECK billing_db_rc_t billing_receipt_mail(billing_worker_t *w,
    const billing_invoice_order_t *order, const json_t *invoice);
BILLING_MUST_CHECK billing_db_rc_t billing_invoice_sweep(billing_worker_t *w,
    int64_t now, int64_t *next_at);


/* --- invoices after their making (bill.c) --------------------------------- */

typedef struct {
    char               id[BILLING_OP_ID_LEN + 1];   /* its checkout's */
    char               team[BILLING_ID_MAX + 1];
    char               kind[16];        /* "purchase", "seats", ... */
    char               number[BILLING_NUMBER_MAX];  /* "" of a draft */
    billing_invoice_t  invoice;
    billing_money_t    gained;          /* by the balance, in the sale */
    billing_money_t    seats;           /* in it, of added licences */
    billing_money_t    credited_tax;
    int64_t            drafted_at;
    int64_t            issued_at;
    int64_t            due_at;
    bool               reminded;
} billing_bill_t;

#define BILLING_BILL_SEATS  "seats"     /* the kind that makes none unpaid */

typedef struct {
    const billing_checkout_t  *checkout;
    int64_t                    credit_before;
    bool                       change;  /* of a plan: a renewal (R127) */
    int64_t                    now;
} billing_bill_order_t;

/* Written with its sale; the card's payment with it. */
BILLING_MUST_CHECK billing_db_rc_t billing_bill_make(billing_worker_t *w,
    const billing_bill_order_t *order);

/* OK, or DONE when there is none. */
BILLING_MUST_CHECK billing_db_rc_t billing_bill_load(billing_worker_t *w,
    const char *id, billing_bill_t *bill);

/* The same by number, or by the id of a draft. */
BILLING_MUST_CHECK billing_db_rc_t billing_bill_find(billing_worker_t *w,
    const char *name, billing_bill_t *bill);

/* Notes whether anything is open of it, by its sums. */
BILLING_MUST_CHECK billing_db_rc_t billing_bill_note(billing_worker_t *w,
    const billing_bill_t *bill);

typedef struct {
    char      ids[BILLING_BILLS_MAX][BILLING_OP_ID_LEN + 1];
    unsigned  n;
} billing_bills_t;

/* Those of which something is open, oldest first. */
BILLING_MUST_CHECK billing_db_rc_t billing_bills_open(billing_worker_t *w,
    const char *team, billing_bills_t *bills);

/*
 * What is owed by invoice into the row: what is open, when the clock is next
 * concerned, the state that goes with it.  The row is not written.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_bills_owed(billing_worker_t *w,
    billing_team_row_t *row);

/* A new reference; payments and credit notes are listed with it. */
BILLING_MUST_CHECK billing_db_rc_t billing_bill_json(billing_worker_t *w,
    const billing_bill_t *bill, json_t **out);

/* The first open invoice whose day has come: told of, once. */
BILLING_MUST_CHECK billing_db_rc_t billing_bill_remind(billing_worker_t *w,
    billing_team_row_t *row, int64_t now);

/* Whether its billing pages are closed: back on Free (R128). */
BILLING_MUST_CHECK billing_db_rc_t billing_bills_hidden(billing_worker_t *w,
    const billing_team_row_t *row, bool *hidden);


/* --- money for them (bill_pay.c) ------------------------------------------ */

typedef struct {
    const char        *method;          /* "card", "outside" */
    const char        *reference;       /* once for an invoice and method */
    billing_money_t    amount;
    int64_t            paid_at;
    int64_t            now;
} billing_money_in_t;

/*
 * Payment, books, state and mail; *paid is what came of it.  The row is
 * changed and not written.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_bill_receive(billing_worker_t *w,
    billing_team_row_t *row, billing_bill_t *bill,
    const billing_money_in_t *in, billing_payment_t *paid);

/* The card paid: Tx2 of a checkout of the purpose INVOICE. */
BILLING_MUST_CHECK billing_db_rc_t billing_bill_captured(billing_worker_t *w,
    billing_checkout_t *co, int64_t now, billing_op_reply_t *reply);


/* --- credit notes, ends (credit_note.c, bill_end.c) ----------------------- */

typedef struct {
    const billing_bill_t  *bill;
    const char            *reason;      /* "cancelled", "seats", "refund" */
    billing_credit_t       credit;
    billing_money_t        gained;      /* of the balance, taken back */
    const char            *mail;        /* its text */
    int64_t                now;
} billing_credit_note_t;

/* With its number, hash, books and mail. */
BILLING_MUST_CHECK billing_db_rc_t billing_credit_issue(billing_worker_t *w,
    const billing_team_row_t *row, const billing_credit_note_t *note,
    char number[BILLING_NUMBER_MAX]);

/*
 * Nothing of what is open was bought after all (R138): drafts are dropped,
 * invoices get a credit note, what was paid on them becomes balance.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_bills_void(billing_worker_t *w,
    billing_team_row_t *row, int64_t now);

/* Ended unpaid: what is open and due until then will not be collected. */
BILLING_MUST_CHECK billing_db_rc_t billing_bills_give_up(
    billing_worker_t *w, billing_team_row_t *row, int64_t due_until,
    int64_t now);

typedef struct {
    const char       *reason;           /* of the credit notes: seats, plan */
    int64_t           now;
    billing_money_t   net;              /* given back; what is left of it */
} billing_reduction_t;

/* What is given back comes off what is open, oldest first. */
BILLING_MUST_CHECK billing_db_rc_t billing_bills_reduce(billing_worker_t *w,
    const billing_team_row_t *row, billing_reduction_t *back);

/* What is open of all of them into the row, without its tax. */
BILLING_MUST_CHECK billing_db_rc_t billing_bills_unpaid(billing_worker_t *w,
    billing_team_row_t *row);


/* --- refunds (refund.c, op_refund.c) -------------------------------------- */

/* The gateway's answer; DONE when it is about no refund. */
BILLING_MUST_CHECK billing_db_rc_t billing_refund_reply(billing_worker_t *w,
    const billing_call_t *call, const billing_reply_t *reply, int64_t now);

BILLING_MUST_CHECK billing_db_rc_t billing_refund_sweep(billing_worker_t *w,
    int64_t wall, int64_t *next_wall);

/* Granted: asks the gateway for the card's part, once this has committed. */
BILLING_MUST_CHECK billing_db_rc_t billing_refund_begin(billing_worker_t *w,
    const char *id);

/*
 * What people make of one that is stuck: it is sent again, or was returned
 * outside.  *stuck says whether it was; else nothing happens.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_refund_resume(billing_worker_t *w,
    const char *id, bool *stuck);
BILLING_MUST_CHECK billing_db_rc_t billing_refund_outside(
    billing_worker_t *w, const char *id, int64_t now, bool *stuck);


/* A request, with the invoice as it is now (op_refund.c). */
typedef struct {
    char             id[BILLING_ID_MAX + 1];
    char             state[16];
    char             reason[BILLING_REASON_MAX + 1];
    billing_money_t  amount;
    billing_bill_t   bill;
} billing_refund_row_t;

/* What may be given back of the bill; no amount is all that may be. */
billing_reason_t billing_refund_of(const billing_bill_t *bill,
    const billing_money_t *asked, billing_refund_t *refund);
billing_db_rc_t billing_refund_deny(billing_op_t *op,
    const billing_refund_t *refund, billing_reason_t reason);
/* Steals approval, which is beside the refund; NULL none. */
billing_db_rc_t billing_refund_answer(billing_op_t *op, const char *id,
    unsigned status, json_t *approval);


/* --- two persons (approval.c) --------------------------------------------- */

/* Who has granted an open refund, waiting for a second person; "" nobody. */
typedef struct {
    char     by[BILLING_EMAIL_MAX + 1];
    int64_t  at;
} billing_asked_t;

BILLING_MUST_CHECK billing_db_rc_t billing_approval_load(billing_worker_t *w,
    const char *refund, billing_asked_t *asked);
/* Writes down what the operation's "by" and "note" say, for ever. */
BILLING_MUST_CHECK billing_db_rc_t billing_approval_write(billing_op_t *op,
    const char *team, const char *refund, const char *act);
json_t *billing_approval_json(const billing_asked_t *asked);


/* --- operations (op_invoice.c, query_invoice.c, op_refund.c) -------------- */

billing_db_rc_t billing_op_invoice_pay(billing_op_t *op);
billing_db_rc_t billing_op_invoice_paid(billing_op_t *op);
billing_db_rc_t billing_op_invoice_information(billing_op_t *op);
billing_db_rc_t billing_query_invoices(billing_op_t *op);
billing_db_rc_t billing_query_invoice(billing_op_t *op);
billing_db_rc_t billing_op_refund(billing_op_t *op);
billing_db_rc_t billing_op_refund_decide(billing_op_t *op);
billing_db_rc_t billing_query_refunds(billing_op_t *op);

/* The document becomes a copy after payment, with today's buyer (R134). */
void billing_invoice_copy(const billing_op_t *op, const billing_bill_t *bill,
    json_t *document);

/* What is open of it, charged to the card that the request names. */
BILLING_MUST_CHECK billing_db_rc_t billing_invoice_by_card(billing_op_t *op,
    billing_team_row_t *row, const billing_bill_t *bill, const char *actor);


/* --- links that pay one invoice (op_link.c) ------------------------------- */

typedef struct {
    char     id[BILLING_ID_MAX + 1];
    char     bill[BILLING_OP_ID_LEN + 1];
    int64_t  expires_at;
} billing_pay_link_t;

/* Its address for a mail's text: the invoice has one, for 90 days. */
BILLING_MUST_CHECK billing_db_rc_t billing_link_json(billing_worker_t *w,
    const char *bill, int64_t now, json_t **out);

/* OK, or DONE when there is none. */
BILLING_MUST_CHECK billing_db_rc_t billing_link_by_token(billing_worker_t *w,
    const char *token, billing_pay_link_t *out);

billing_db_rc_t billing_query_link(billing_op_t *op);
billing_db_rc_t billing_op_link_card(billing_op_t *op);
billing_db_rc_t billing_op_link_pay(billing_op_t *op);

/* Card entry in the name of a profile (checkout_card.c). */
billing_db_rc_t billing_card_begin(billing_op_t *op,
    const billing_team_row_t *row, const char *actor);


/* An invoice of the team, or the refusal. */
BILLING_MUST_CHECK billing_db_rc_t billing_op_bill(billing_op_t *op,
    const billing_team_row_t *row, const char *name, billing_bill_t *bill);

#endif /* BILLING_DOCUMENT_H */
