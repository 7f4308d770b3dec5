/* What the tests of the domain share: a catalogue, teams, random numbers. */

#ifndef DOMAIN_FIXTURE_H
#define DOMAIN_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/domain/billing_domain.h"

#define FEATURE_VOTING  (1u << 0)       /* on every paid plan */
#define FEATURE_SSO     (1u << 1)       /* Business */

typedef struct {
    uint64_t  state;
} random_t;

/* The same sequence for the same seed, on every machine. */
uint64_t random_next(random_t *random);
uint64_t random_below(random_t *random, uint64_t n);
int64_t random_wide(random_t *random);

/* The shipped catalogue's prices and conditions, in US dollars. */
billing_catalogue_t a_catalogue(void);

/* A Free team of that many members. */
billing_team_t a_free_team(uint32_t members);

/* An ACTIVE team that paid list price by card for the period from start. */
billing_team_t a_paid_team(const billing_catalogue_t *catalogue,
    billing_plan_t plan, billing_period_t period, uint32_t seats,
    const char *start);

/* A card order without promo and tax. */
billing_order_t an_order(billing_plan_t plan, uint32_t seats,
    billing_period_t period);

/* The instant of a date or a timestamp; fails the test on anything else. */
int64_t at(const char *text);

billing_money_t usd(int64_t minor);

#define assert_reason(got, want)                                              \
    assert_string_equal(billing_reason_code(got), #want)

#endif /* DOMAIN_FIXTURE_H */
