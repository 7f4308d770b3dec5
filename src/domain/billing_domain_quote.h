/* Part of billing_domain.h: what an order costs. */

#ifndef BILLING_DOMAIN_QUOTE_H
#define BILLING_DOMAIN_QUOTE_H

/* --- quote --------------------------------------------------------------- */

typedef enum {
    BILLING_LINE_PLAN = 1,
    BILLING_LINE_DISCOUNT,
    BILLING_LINE_CREDIT,                /* unused time of the previous plan */
    BILLING_LINE_PRORATION,
    BILLING_LINE_PENDING,               /* accumulated seat charges */
    BILLING_LINE_BALANCE,               /* credit balance used */
    BILLING_LINE_TAX,
    BILLING_LINE_DAY_PASS,              /* a day each (R199) */
    BILLING_LINE_UNPAID,                /* of the unused time (R158) */
    BILLING_LINE_KINDS
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
    billing_span_t       whole;         /* of a prorated line: the period, */
    billing_span_t       part;          /* and what of it counts; else zeros */
} billing_line_t;

/* Why a rate is what it is (R115..R117); NONE: there is no table of them. */
typedef enum {
    BILLING_TAX_NONE = 0,
    BILLING_TAX_NO_COUNTRY,
    BILLING_TAX_NO_RATE,                /* the country is not in the table */
    BILLING_TAX_RATE,
    BILLING_TAX_REVERSED,               /* the buyer owes it (R117) */
    BILLING_TAX_WHYS
} billing_tax_why_t;

const char *billing_tax_why_name(billing_tax_why_t why);
billing_tax_why_t billing_tax_why_parse(const char *word, size_t len);

/* What the price rests on besides the team: kept to be explained later. */
typedef struct {
    char                catalogue[BILLING_WORD_MAX + 1];    /* its version */
    billing_basis_t     basis;
    billing_rounding_t  rounding;
    billing_tax_why_t   tax_why;
    char                tax_country[3];
} billing_ground_t;

typedef struct {
    billing_plan_t           plan;
    uint32_t                 seats;
    billing_period_t         period;
    billing_method_t         method;
    const billing_promo_t   *promo;     /* NULL none; empty code unknown */
    uint32_t                 promo_left;/* redemptions, UINT32_MAX unknown */
    uint32_t                 tax_permyriad; /* 2000 = 20 %; 0 none */
    billing_tax_why_t        tax_why;
    char                     tax_country[3];
    bool                     invoice_excluded;  /* country (R86) */
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
    billing_money_t   credit;           /* unused time that was paid, balance */
    billing_money_t   tax;
    billing_money_t   total;            /* sum of these four, >= 0 */
    billing_money_t   due_now;          /* 0 by invoice */
    billing_money_t   credit_left;      /* balance after the purchase */
    billing_span_t    span;             /* the period bought */
    billing_money_t   renewal_total;    /* next charge, promo and tax as due */
    uint32_t          discount_left;    /* further periods with the discount */
    uint32_t          discount_seats_min;   /* fewer seats end it (R97) */
    bool              promo_spent;      /* the code was the better discount */
    billing_ground_t  ground;
} billing_quote_t;

/*
 * Seat bounds of the payment window: floor = max(members, plan minimum, 1),
 * ceiling = max(window maximum, members, seats that are paid for already), or
 * the window's maximum alone where the plan is strict (R66..R73, section 8
 * points 4 and 5).  A strict window may leave no number between the two.
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

/* The discount that counts: the better of promo code and volume discount. */
typedef struct {
    uint32_t  percent;                  /* 0: none */
    uint32_t  periods;                  /* it lasts, the first counted */
    uint32_t  seats_min;                /* to keep it; 0 any (R97) */
    bool      promo;
} billing_discount_t;

/*
 * "Better" takes off more over all its periods, then more at once, then does
 * not spend the code (section 8 point 19).  The order's promo is allowed.
 */
billing_discount_t billing_discount(const billing_catalogue_t *catalogue,
    const billing_team_t *team, const billing_order_t *order);

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
 * anchor, credit; ACTIVE_UNPAID by an invoice above zero.
 */
void billing_team_purchase(billing_team_t *team, const billing_quote_t *quote,
    int64_t now);

/* --- what was shown ------------------------------------------------------ */

/* What a price was shown for. */
typedef enum {
    BILLING_PIN_PURCHASE = 1,
    BILLING_PIN_SEATS,
    BILLING_PIN_PERIOD,
    BILLING_PIN_REACTIVATE
} billing_pin_kind_t;

/*
 * A price as it was shown, or as it is now: what was asked for, what it costs
 * and from which catalogue, team and instant that follows.  promo and buyer
 * are digests, zeros for none.
 */
typedef struct {
    billing_pin_kind_t  kind;
    billing_plan_t      plan;
    billing_period_t    period;
    billing_method_t    method;
    uint32_t            seats;
    uint8_t             promo[8];
    uint8_t             buyer[8];       /* country and VAT id, where taxed */
    billing_money_t     total;
    billing_money_t     due_now;
    billing_money_t     renewal;
    int64_t             at;
    uint64_t            team_version;
    uint8_t             catalogue[32];
} billing_quote_pin_t;

/* Why a price that was shown no longer holds; in the order they are told. */
typedef enum {
    BILLING_PIN_NOT_OURS  = 1 << 0,     /* a token that was never given */
    BILLING_PIN_OTHER     = 1 << 1,     /* shown for something else */
    BILLING_PIN_PLAN      = 1 << 2,     /* PLAN..BUYER: another order */
    BILLING_PIN_COUNT     = 1 << 3,
    BILLING_PIN_TYPE      = 1 << 4,
    BILLING_PIN_METHOD    = 1 << 5,
    BILLING_PIN_PROMO     = 1 << 6,
    BILLING_PIN_BUYER     = 1 << 7,
    BILLING_PIN_EXPIRED   = 1 << 8,
    BILLING_PIN_AMOUNT    = 1 << 9,     /* another amount, because of: */
    BILLING_PIN_CATALOGUE = 1 << 10,
    BILLING_PIN_TEAM      = 1 << 11,
    BILLING_PIN_TIME      = 1 << 12     /* none of these: time has passed */
} billing_pin_change_t;

#define BILLING_PIN_CHANGES    13
#define BILLING_PIN_ORDER      (BILLING_PIN_OTHER | BILLING_PIN_PLAN          \
                                | BILLING_PIN_COUNT | BILLING_PIN_TYPE        \
                                | BILLING_PIN_METHOD | BILLING_PIN_PROMO      \
                                | BILLING_PIN_BUYER)

/*
 * 0 when what was shown holds: the same order, young enough, and the same
 * amounts, wherever these come from by now.  Else why not, as bits.
 */
uint32_t billing_pin_changed(const billing_quote_pin_t *shown,
    const billing_quote_pin_t *now, uint32_t ttl_sec);

/* "seats", "expired": the word of one bit by its place. */
const char *billing_pin_change_name(unsigned place);

#endif /* BILLING_DOMAIN_QUOTE_H */
