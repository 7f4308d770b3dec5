/* The inside of a quote: the steps that purchases and renewals share. */

#ifndef BILLING_QUOTING_H
#define BILLING_QUOTING_H

#include "billing_domain.h"

typedef struct {
    const billing_catalogue_t  *catalogue;
    const billing_team_t       *team;
    const billing_order_t      *order;
    billing_money_t             unit;       /* list, per seat and period */
    billing_discount_t          discount;
    billing_span_t              span;       /* the period to be paid */
    billing_quote_t            *quote;
    billing_money_t             net;        /* sum of the lines so far */
} billing_quoting_t;

typedef billing_err_t (*billing_quote_step_pt)(billing_quoting_t *q);

/* Fills the quote by the steps, in the order of section 8 point 18. */
BILLING_MUST_CHECK billing_err_t billing_quote_price(billing_quoting_t *q,
    const billing_quote_step_pt *steps, size_t nsteps);

billing_err_t billing_quote_list(billing_quoting_t *q);
billing_err_t billing_quote_discount(billing_quoting_t *q);
billing_err_t billing_quote_credit(billing_quoting_t *q);
billing_err_t billing_quote_pending(billing_quoting_t *q);
billing_err_t billing_quote_passes(billing_quoting_t *q);
billing_err_t billing_quote_balance(billing_quoting_t *q);
billing_err_t billing_quote_tax(billing_quoting_t *q);
billing_err_t billing_quote_due(billing_quoting_t *q);
billing_err_t billing_quote_renewal(billing_quoting_t *q);

#endif /* BILLING_QUOTING_H */
