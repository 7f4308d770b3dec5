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
#define BILLING_RETIRED_MAX   8     /* names plans were sold under before */
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
#include "billing_domain_name.h"
#include "billing_domain_money.h"
#include "billing_domain_catalogue.h"
#include "billing_domain_role.h"
#include "billing_domain_quote.h"
#include "billing_domain_subscription.h"
#include "billing_domain_invoice.h"
#include "billing_domain_people.h"
#include "billing_domain_access.h"
#include "billing_domain_account.h"
#include "billing_domain_entitlement.h"
#include "billing_domain_event.h"

/* --- text that people type ----------------------------------------------- */

/* An ASCII mailbox, lower case, into out[BILLING_EMAIL_MAX + 1], or EFORMAT. */
BILLING_MUST_CHECK billing_err_t billing_email_normalise(const char *text,
    size_t len, char *out);

/* A name in DNS, lower case, into out[BILLING_DOMAIN_MAX + 1], or EFORMAT. */
BILLING_MUST_CHECK billing_err_t billing_domain_normalise(const char *text,
    size_t len, char *out);

/* An id: 1..BILLING_ID_MAX of [A-Za-z0-9_-]. */
bool billing_id_valid(const char *text, size_t len);

/* A visible name: 1..BILLING_NAME_MAX bytes of UTF-8, no control characters. */
bool billing_name_valid(const char *text, size_t len);

/* A run of 13..19 digits (blanks and dashes between allowed) passing Luhn. */
bool billing_looks_like_card(const char *text, size_t len);

/* Where a scan of JSON stands: behind the bracket it found last. */
typedef struct {
    const char  *text;
    size_t       len;
    size_t       at;
    bool         quoted;                /* inside a string, at the end too */
} billing_json_scan_t;

/* The next bracket outside of strings, one of "{}[]"; '\0' at the end. */
char billing_json_bracket(billing_json_scan_t *scan);

/*
 * False when brackets outside of strings nest deeper than max: asked before
 * anything recursive reads JSON of somebody else.
 */
bool billing_json_shallow(const char *text, size_t len, unsigned max);

#endif /* BILLING_DOMAIN_H */
