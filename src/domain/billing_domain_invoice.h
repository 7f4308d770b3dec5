/* Part of billing_domain.h: what becomes of an invoice once it is made. */

#ifndef BILLING_DOMAIN_INVOICE_H
#define BILLING_DOMAIN_INVOICE_H

/* --- one invoice --------------------------------------------------------- */

typedef enum {
    BILLING_INVOICE_STATE_NONE = 0,
    BILLING_INVOICE_STATE_DRAFT,        /* no number yet (R132) */
    BILLING_INVOICE_STATE_OPEN,
    BILLING_INVOICE_STATE_PAID,
    BILLING_INVOICE_STATE_VOID,         /* credited, nothing kept of it */
    BILLING_INVOICE_STATE_UNCOLLECTIBLE,    /* given up with its period */
    BILLING_INVOICE_STATES
} billing_invoice_state_t;

const char *billing_invoice_state_name(billing_invoice_state_t state);

/* A document never changes: these are sums over what came after it. */
typedef struct {
    bool             draft;
    bool             dropped;           /* a draft that gets no number */
    bool             given_up;
    billing_money_t  total;
    billing_money_t  tax;               /* within the total */
    billing_money_t  paid;              /* without what became balance */
    billing_money_t  credited;          /* by credit notes */
    billing_money_t  refunded;          /* of what was paid */
} billing_invoice_t;

/* What is still to be paid, never below zero; of a draft, its total. */
billing_money_t billing_invoice_open(const billing_invoice_t *invoice);

billing_invoice_state_t billing_invoice_state(
    const billing_invoice_t *invoice);

typedef struct {
    billing_money_t  applied;           /* to the invoice */
    billing_money_t  balance;           /* the team's credit from now on */
} billing_payment_t;

/*
 * What an amount that has come does: it pays what is open and the rest is
 * balance; all of it, when the invoice is not open any more.
 * PAYMENT_CURRENCY when it is in another currency, FIELD_TYPE below 1.
 */
BILLING_MUST_CHECK billing_reason_t billing_invoice_pay(
    const billing_invoice_t *invoice, billing_money_t amount,
    billing_payment_t *out);

typedef struct {
    billing_money_t  gross;             /* off what is to be paid */
    billing_money_t  net;
    billing_money_t  tax;
} billing_credit_t;

/*
 * The credit that takes a net amount off the invoice, with the tax on it, but
 * no more than is open: what net lacks of the amount is left to others.
 */
BILLING_MUST_CHECK billing_err_t billing_invoice_credit(
    const billing_invoice_t *invoice, billing_money_t net,
    billing_rounding_t rounding, billing_credit_t *out);

/* The same from a gross amount of the invoice, open or not. */
BILLING_MUST_CHECK billing_err_t billing_invoice_part(
    const billing_invoice_t *invoice, billing_money_t gross,
    billing_rounding_t rounding, billing_credit_t *out);

/* --- all that a team owes by invoice ------------------------------------- */

typedef struct {
    bool  period;                       /* one of a period, or a draft */
    bool  seats;                        /* one over added seats alone is */
    bool  late;                         /* any is past its day */
    bool  card_failing;                 /* dunning of a card goes on */
} billing_owed_t;

/*
 * The state that goes with what is owed.  Added seats make a paid team unpaid
 * only when they are late (R136, section 8 point 15).
 */
billing_state_t billing_owed_state(const billing_team_t *team,
    const billing_owed_t *owed);

/* --- what the law has on a document (mention.c) -------------------------- */

typedef enum {
    BILLING_MENTION_SERVICES = 0,       /* category of the operation */
    BILLING_MENTION_DEBITS,             /* tax due when billed, not paid */
    BILLING_MENTION_EXEMPT,             /* the seller charges no VAT */
    BILLING_MENTION_REVERSED,           /* the buyer owes it (R117) */
    BILLING_MENTION_OUTSIDE,            /* the buyer is outside the EU */
    BILLING_MENTION_DISCOUNT,           /* none for paying early */
    BILLING_MENTION_PENALTY,            /* for paying late */
    BILLING_MENTION_RECOVERY,           /* 40 EUR of costs */
    BILLING_MENTIONS
} billing_mention_t;

typedef struct {
    const char         *seller_country;
    const char         *buyer_country;  /* "" unknown */
    billing_tax_why_t   why;
    bool                seller_vat;     /* has a VAT id */
    bool                debits;         /* has chosen to pay by debits */
    bool                business;       /* the buyer is one, or pays later */
    bool                credit_note;
} billing_sale_t;

/* Bits (1 << billing_mention_t). */
uint32_t billing_mentions(const billing_sale_t *sale);
const char *billing_mention_name(billing_mention_t mention);

#endif /* BILLING_DOMAIN_INVOICE_H */
