/*
 * Invoices once they are made: what is open of one, what a payment does to it,
 * and what a team's open invoices say of its state.
 */

#include "billing_domain.h"


static billing_err_t billing_invoice_tax(const billing_invoice_t *invoice,
    billing_money_t part, int64_t whole, billing_rounding_t rounding,
    billing_money_t *out);


const char *
billing_invoice_state_name(billing_invoice_state_t state)
{
    static const char *const  names[BILLING_INVOICE_STATES] = {
        [BILLING_INVOICE_STATE_NONE]  = "none",
        [BILLING_INVOICE_STATE_DRAFT] = "draft",
        [BILLING_INVOICE_STATE_OPEN]  = "open",
        [BILLING_INVOICE_STATE_PAID]  = "paid",
        [BILLING_INVOICE_STATE_VOID]  = "void",
        [BILLING_INVOICE_STATE_UNCOLLECTIBLE] = "uncollectible"
    };

    return state < BILLING_INVOICE_STATES ? names[state] : names[0];
}


billing_money_t
billing_invoice_open(const billing_invoice_t *invoice)
{
    int64_t          settled;
    billing_money_t  open = invoice->total;

    settled = invoice->paid.minor + invoice->credited.minor
              - invoice->refunded.minor;
    open.minor = settled < open.minor ? open.minor - settled : 0;

    return open;
}


billing_invoice_state_t
billing_invoice_state(const billing_invoice_t *invoice)
{
    if (invoice->dropped) {
        return BILLING_INVOICE_STATE_VOID;
    }

    if (invoice->draft) {
        return BILLING_INVOICE_STATE_DRAFT;
    }

    if (billing_invoice_open(invoice).minor > 0) {
        return invoice->given_up ? BILLING_INVOICE_STATE_UNCOLLECTIBLE
                                 : BILLING_INVOICE_STATE_OPEN;
    }

    return invoice->credited.minor > 0
           && invoice->paid.minor <= invoice->refunded.minor
           ? BILLING_INVOICE_STATE_VOID : BILLING_INVOICE_STATE_PAID;
}


billing_reason_t
billing_invoice_pay(const billing_invoice_t *invoice, billing_money_t amount,
    billing_payment_t *out)
{
    billing_money_t  open = billing_invoice_open(invoice);

    if (amount.currency != invoice->total.currency) {
        return BILLING_PAYMENT_CURRENCY;
    }

    if (amount.minor <= 0) {
        return BILLING_FIELD_TYPE;
    }

    if (billing_invoice_state(invoice) != BILLING_INVOICE_STATE_OPEN) {
        open.minor = 0;
    }

    out->applied = amount;

    if (out->applied.minor > open.minor) {
        out->applied = open;
    }

    out->balance = amount;
    out->balance.minor -= out->applied.minor;

    return BILLING_ALLOW;
}


billing_err_t
billing_invoice_credit(const billing_invoice_t *invoice, billing_money_t net,
    billing_rounding_t rounding, billing_credit_t *out)
{
    billing_err_t    err;
    billing_money_t  open = billing_invoice_open(invoice);

    if (net.minor < 0) {
        return BILLING_ERANGE;
    }

    out->net = net;

    err = billing_invoice_tax(invoice, net,
                              invoice->total.minor - invoice->tax.minor,
                              rounding, &out->tax);

    if (err == BILLING_OK) {
        err = billing_money_add(net, out->tax, &out->gross);
    }

    if (err != BILLING_OK || out->gross.minor <= open.minor) {
        return err;
    }

    return billing_invoice_part(invoice, open, rounding, out);
}


billing_err_t
billing_invoice_part(const billing_invoice_t *invoice, billing_money_t gross,
    billing_rounding_t rounding, billing_credit_t *out)
{
    billing_err_t  err;

    if (gross.minor < 0 || gross.minor > invoice->total.minor) {
        return BILLING_ERANGE;
    }

    out->gross = gross;

    err = billing_invoice_tax(invoice, gross, invoice->total.minor, rounding,
                              &out->tax);

    return err == BILLING_OK
           ? billing_money_sub(gross, out->tax, &out->net) : err;
}


static billing_err_t
billing_invoice_tax(const billing_invoice_t *invoice, billing_money_t part,
    int64_t whole, billing_rounding_t rounding, billing_money_t *out)
{
    billing_ratio_t  ratio = { invoice->tax.minor, whole };

    if (part.currency != invoice->total.currency) {
        return BILLING_ECURRENCY;
    }

    if (ratio.numerator == 0 || whole <= 0) {
        *out = (billing_money_t) { 0, part.currency };
        return BILLING_OK;
    }

    return billing_money_scale(part, ratio, rounding, out);
}


billing_state_t
billing_owed_state(const billing_team_t *team, const billing_owed_t *owed)
{
    if (team->state != BILLING_STATE_ACTIVE
        && team->state != BILLING_STATE_ACTIVE_UNPAID
        && team->state != BILLING_STATE_PAST_DUE)
    {
        return team->state;
    }

    if (owed->late || (team->state == BILLING_STATE_PAST_DUE
                       && owed->card_failing))
    {
        return BILLING_STATE_PAST_DUE;
    }

    return owed->period ? BILLING_STATE_ACTIVE_UNPAID : BILLING_STATE_ACTIVE;
}
