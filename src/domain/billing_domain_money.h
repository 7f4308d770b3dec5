/* Part of billing_domain.h: amounts, dates and periods. */

#ifndef BILLING_DOMAIN_MONEY_H
#define BILLING_DOMAIN_MONEY_H

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

const char *billing_basis_name(billing_basis_t basis);
const char *billing_rounding_name(billing_rounding_t rounding);

/*
 * The part of the period that the service covers, as days (or seconds) over
 * days (or seconds); the service is cut to the period first (R149).
 */
BILLING_MUST_CHECK billing_err_t billing_proration(billing_span_t period,
    billing_span_t service, billing_basis_t basis, billing_ratio_t *out);

#endif /* BILLING_DOMAIN_MONEY_H */
