/*
 * The quote: what an order costs at an instant, line by line.
 *
 * The lines come in the order of domain section 8 point 18: list price,
 * discount on the list price, unused time of the previous plan, pending seat
 * charges, credit balance, then tax on what is left.  Each is rounded once,
 * and their plain sum is the total.
 */

#include "billing_quoting.h"

#include <assert.h>
#include <string.h>

#define BILLING_PERMYRIAD  10000


static billing_err_t billing_quote_line(billing_quoting_t *q,
    const billing_line_t *line, billing_money_t *field);
static billing_err_t billing_quote_unpaid(billing_quoting_t *q,
    billing_money_t unused);
static billing_err_t billing_quote_own(const billing_quoting_t *q,
    billing_money_t amount, billing_money_t *out);
static billing_money_t billing_quote_money(const billing_quoting_t *q,
    int64_t minor);


static const billing_ratio_t  billing_whole = { 1, 1 };


/* The states in which a running period may have time left (R155, R221). */

static const bool  billing_quote_credited[BILLING_STATES] = {
    [BILLING_STATE_TRIAL]         = true,
    [BILLING_STATE_ACTIVE]        = true,
    [BILLING_STATE_ACTIVE_UNPAID] = true,
    [BILLING_STATE_PAST_DUE]      = true
};


static const billing_quote_step_pt  billing_quote_steps[] = {
    billing_quote_list,
    billing_quote_discount,
    billing_quote_credit,
    billing_quote_pending,
    billing_quote_passes,
    billing_quote_balance,
    billing_quote_tax,
    billing_quote_due,
    billing_quote_renewal
};

#define BILLING_QUOTE_STEPS                                                   \
    (sizeof(billing_quote_steps) / sizeof(billing_quote_steps[0]))


billing_reason_t
billing_quote(const billing_catalogue_t *catalogue,
    const billing_team_t *team, const billing_order_t *order, int64_t now,
    billing_quote_t *out)
{
    billing_reason_t   reason;
    billing_quoting_t  q = { .catalogue = catalogue, .team = team,
                             .order = order, .quote = out };

    reason = billing_order_allowed(catalogue, team, order, now);

    if (reason != BILLING_ALLOW) {
        return reason;
    }

    q.unit = catalogue->plans[order->plan].price[order->period];
    q.discount = billing_discount(catalogue, team, order);
    q.span.start_at = now;
    q.span.end_at = billing_boundary(now, order->period, 1);

    /* Amounts beyond the range, or a team in another currency. */

    return billing_quote_price(&q, billing_quote_steps, BILLING_QUOTE_STEPS)
           == BILLING_OK ? BILLING_ALLOW : BILLING_INTERNAL;
}


billing_err_t
billing_quote_price(billing_quoting_t *q, const billing_quote_step_pt *steps,
    size_t nsteps)
{
    billing_err_t           err;
    billing_money_t         none = billing_quote_money(q, 0);
    const billing_order_t  *order = q->order;

    q->net = none;

    *q->quote = (billing_quote_t) {
        .plan = order->plan,
        .seats = order->seats,
        .period = order->period,
        .method = order->method,
        .subtotal = none,
        .discount = none,
        .credit = none,
        .tax = none,
        .total = none,
        .due_now = none,
        .credit_left = none,
        .renewal_total = none,
        .span = q->span,
        .ground = {
            .basis = q->catalogue->basis,
            .rounding = q->catalogue->rounding,
            .tax_why = order->tax_why
        }
    };

    memcpy(q->quote->ground.catalogue, q->catalogue->version,
           sizeof(q->quote->ground.catalogue));
    memcpy(q->quote->ground.tax_country, order->tax_country,
           sizeof(q->quote->ground.tax_country));

    for (size_t i = 0; i < nsteps; i++) {
        err = steps[i](q);

        if (err != BILLING_OK) {
            return err;
        }
    }

    return BILLING_OK;
}


billing_err_t
billing_quote_list(billing_quoting_t *q)
{
    billing_line_t  line = {
        .kind = BILLING_LINE_PLAN,
        .quantity = q->order->seats,
        .unit = q->unit,
        .ratio = billing_whole
    };

    return billing_quote_line(q, &line, &q->quote->subtotal);
}


billing_err_t
billing_quote_discount(billing_quoting_t *q)
{
    billing_err_t   err;
    billing_line_t  line = {
        .kind = BILLING_LINE_DISCOUNT,
        .quantity = q->order->seats,
        .ratio = { q->discount.percent, 100 }
    };

    if (line.ratio.numerator == 0) {
        return BILLING_OK;
    }

    q->quote->discount_left = q->discount.periods - 1;
    q->quote->discount_seats_min = q->discount.seats_min;
    q->quote->promo_spent = q->discount.promo;

    err = billing_money_times(q->unit, -1, &line.unit);

    if (err != BILLING_OK) {
        return err;
    }

    return billing_quote_line(q, &line, &q->quote->discount);
}


/* What was paid for the running period, for the time left (R158). */

billing_err_t
billing_quote_credit(billing_quoting_t *q)
{
    billing_err_t          err;
    billing_line_t         line = { .kind = BILLING_LINE_CREDIT,
                                    .quantity = 1 };
    billing_span_t         rest;
    const billing_team_t  *team = q->team;

    if (team->paid.minor < 0) {
        return BILLING_ERANGE;
    }

    if (!billing_quote_credited[team->state] || team->paid.minor == 0) {
        return BILLING_OK;
    }

    rest = (billing_span_t) { .start_at = q->span.start_at,
                              .end_at = team->current.end_at };

    if (rest.start_at > rest.end_at) {
        rest.start_at = rest.end_at;
    }

    err = billing_proration(team->current, rest, q->catalogue->basis,
                            &line.ratio);

    if (err != BILLING_OK || line.ratio.numerator == 0) {
        return err;
    }

    err = billing_quote_own(q, team->paid, &line.unit);

    if (err != BILLING_OK) {
        return err;
    }

    line.unit.minor = -line.unit.minor;
    line.whole = team->current;
    line.part = rest;

    err = billing_quote_line(q, &line, &q->quote->credit);

    return err == BILLING_OK
           ? billing_quote_unpaid(q, q->quote->lines[q->quote->nlines - 1]
                                     .amount)
           : err;
}


/* What is not paid yet comes off the invoice it is on, not off this one. */

static billing_err_t
billing_quote_unpaid(billing_quoting_t *q, billing_money_t unused)
{
    billing_err_t   err;
    billing_line_t  line = { .kind = BILLING_LINE_UNPAID, .quantity = 1,
                             .ratio = billing_whole };

    if (q->team->unpaid.minor <= 0 || unused.minor >= 0) {
        return BILLING_OK;
    }

    err = billing_quote_own(q, q->team->unpaid, &line.unit);

    if (err != BILLING_OK) {
        return err;
    }

    if (line.unit.minor > -unused.minor) {
        line.unit.minor = -unused.minor;
    }

    return billing_quote_line(q, &line, &q->quote->credit);
}


/* Seat charges not yet billed are settled in the same operation (R160). */

billing_err_t
billing_quote_pending(billing_quoting_t *q)
{
    billing_err_t   err;
    billing_line_t  line = {
        .kind = BILLING_LINE_PENDING,
        .quantity = 1,
        .ratio = billing_whole
    };

    if (q->team->pending.minor == 0) {
        return BILLING_OK;
    }

    err = billing_quote_own(q, q->team->pending, &line.unit);

    if (err != BILLING_OK) {
        return err;
    }

    return billing_quote_line(q, &line, &q->quote->subtotal);
}


/* Day Passes are billed with whatever comes first (R199). */

billing_err_t
billing_quote_passes(billing_quoting_t *q)
{
    billing_err_t          err;
    billing_line_t         line = {
        .kind = BILLING_LINE_DAY_PASS,
        .ratio = billing_whole
    };
    const billing_team_t  *team = q->team;

    for (uint32_t i = 0; i < team->npasses && i < BILLING_PASSES_MAX; i++) {
        line.quantity = team->passes[i].quantity;

        err = billing_quote_own(q, team->passes[i].unit, &line.unit);

        if (err == BILLING_OK) {
            err = billing_quote_line(q, &line, &q->quote->subtotal);
        }

        if (err != BILLING_OK) {
            return err;
        }
    }

    return BILLING_OK;
}


/*
 * The balance pays what is left; what the previous plan gave beyond the price
 * goes into the balance, so that the total is never below zero (R159).
 */

billing_err_t
billing_quote_balance(billing_quoting_t *q)
{
    billing_err_t    err;
    billing_line_t   line = {
        .kind = BILLING_LINE_BALANCE,
        .quantity = 1,
        .ratio = billing_whole
    };
    billing_money_t  have, used;

    if (q->team->credit.minor < 0) {
        return BILLING_ERANGE;
    }

    err = billing_quote_own(q, q->team->credit, &have);

    if (err != BILLING_OK) {
        return err;
    }

    used = q->net.minor < have.minor ? q->net : have;

    err = billing_money_sub(have, used, &q->quote->credit_left);

    if (err != BILLING_OK || used.minor == 0) {
        return err;
    }

    err = billing_money_times(used, -1, &line.unit);

    if (err != BILLING_OK) {
        return err;
    }

    return billing_quote_line(q, &line, &q->quote->credit);
}


billing_err_t
billing_quote_tax(billing_quoting_t *q)
{
    billing_line_t  line = {
        .kind = BILLING_LINE_TAX,
        .quantity = 1,
        .unit = q->net,
        .ratio = { q->order->tax_permyriad, BILLING_PERMYRIAD }
    };

    if (q->order->tax_permyriad == 0 || q->net.minor == 0) {
        return BILLING_OK;
    }

    return billing_quote_line(q, &line, &q->quote->tax);
}


billing_err_t
billing_quote_due(billing_quoting_t *q)
{
    assert(q->net.minor >= 0);

    q->quote->total = q->net;

    if (q->order->method == BILLING_METHOD_CARD) {
        q->quote->due_now = q->net;
    }

    return BILLING_OK;
}


/* The next charge if nothing changes: list price, lasting discount, tax. */

billing_err_t
billing_quote_renewal(billing_quoting_t *q)
{
    billing_err_t           err;
    billing_ratio_t         off, tax;
    billing_money_t         amount, part;
    const billing_order_t  *order = q->order;

    off = (billing_ratio_t) { q->discount.periods > 1 ? q->discount.percent
                                                      : 0, 100 };
    tax = (billing_ratio_t) { order->tax_permyriad, BILLING_PERMYRIAD };

    err = billing_money_times(q->unit, order->seats, &amount);

    if (err != BILLING_OK) {
        return err;
    }

    err = billing_money_scale(amount, off, q->catalogue->rounding, &part);

    if (err != BILLING_OK) {
        return err;
    }

    err = billing_money_sub(amount, part, &amount);

    if (err != BILLING_OK) {
        return err;
    }

    err = billing_money_scale(amount, tax, q->catalogue->rounding, &part);

    if (err != BILLING_OK) {
        return err;
    }

    return billing_money_add(amount, part, &q->quote->renewal_total);
}


/*
 * Appends the line with its amount: quantity * unit * ratio, rounded once.
 * The amount also enters the sum and the quote's field.
 */

static billing_err_t
billing_quote_line(billing_quoting_t *q, const billing_line_t *line,
    billing_money_t *field)
{
    billing_err_t     err;
    billing_line_t   *added;
    billing_ratio_t   ratio = line->ratio;

    assert(q->quote->nlines < BILLING_LINES_MAX);

    added = &q->quote->lines[q->quote->nlines];
    *added = *line;

    err = billing_money_times(line->unit, line->quantity, &added->amount);

    if (err != BILLING_OK) {
        return err;
    }

    err = billing_money_scale(added->amount, ratio, q->catalogue->rounding,
                              &added->amount);

    if (err != BILLING_OK) {
        return err;
    }

    err = billing_money_add(q->net, added->amount, &q->net);

    if (err != BILLING_OK) {
        return err;
    }

    q->quote->nlines++;

    return billing_money_add(*field, added->amount, field);
}


/* The team's amount in the catalogue's currency; zero may come without one. */

static billing_err_t
billing_quote_own(const billing_quoting_t *q, billing_money_t amount,
    billing_money_t *out)
{
    if (amount.minor == 0) {
        amount = billing_quote_money(q, 0);
    }

    return billing_money_add(amount, billing_quote_money(q, 0), out);
}


static billing_money_t
billing_quote_money(const billing_quoting_t *q, int64_t minor)
{
    return (billing_money_t) { .minor = minor,
                               .currency = q->catalogue->currency };
}
