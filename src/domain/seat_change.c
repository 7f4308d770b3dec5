/*
 * Seats after the purchase: what another team size costs, or gives back, for
 * the rest of the period.
 */

#include "billing_domain.h"


typedef struct {
    const billing_catalogue_t  *catalogue;
    const billing_team_t       *team;
    uint32_t                    seats;
    int64_t                     now;
    billing_money_t             list;   /* of one seat, times scale */
    int64_t                     scale;
    uint32_t                    percent;    /* paid of it, before and after */
    uint32_t                    percent_then;
    billing_span_t              rest;   /* of the period */
    billing_seat_change_t      *out;
} billing_seating_t;


static billing_reason_t billing_seat_allowed(
    const billing_catalogue_t *catalogue, const billing_team_t *team,
    uint32_t seats, int64_t now);
static void billing_seat_unit(billing_seating_t *s);
static billing_err_t billing_seat_price(billing_seating_t *s);
static billing_err_t billing_seat_amount(billing_seating_t *s,
    billing_ratio_t ratio, billing_money_t before, billing_money_t after);
static billing_err_t billing_seat_paid(billing_seating_t *s,
    billing_money_t before, billing_money_t after);
static billing_err_t billing_seat_lines(billing_seating_t *s,
    billing_ratio_t ratio, billing_money_t before);
static billing_err_t billing_seat_book(billing_seating_t *s);
static billing_money_t billing_seat_own(billing_money_t amount,
    billing_currency_t currency);


billing_reason_t
billing_seat_change(const billing_catalogue_t *catalogue,
    const billing_team_t *team, uint32_t seats, int64_t now,
    billing_seat_change_t *out)
{
    billing_reason_t   reason;
    billing_seating_t  s = { .catalogue = catalogue, .team = team,
                             .seats = seats, .now = now, .out = out };

    reason = billing_seat_allowed(catalogue, team, seats, now);

    if (reason != BILLING_ALLOW) {
        return reason;
    }

    *out = (billing_seat_change_t) {
        .from = team->seats,
        .to = seats,
        .amount = { 0, catalogue->currency },
        .paid = billing_seat_own(team->paid, catalogue->currency),
        .credit = billing_seat_own(team->credit, catalogue->currency),
        .pending = billing_seat_own(team->pending, catalogue->currency),
        .due_at = billing_seats_due(team, now)
    };

    out->discount_lost = team->discount_percent != 0
                         && seats < team->discount_seats_min;

    /* In a trial seats are free (R221). */

    if (team->state == BILLING_STATE_TRIAL || seats == team->seats) {
        return BILLING_ALLOW;
    }

    billing_seat_unit(&s);

    return billing_seat_price(&s) == BILLING_OK ? BILLING_ALLOW
                                                : BILLING_INTERNAL;
}


/* A vacant licence costs nothing (R144); else one is added (R145). */

billing_reason_t
billing_seat_join(const billing_catalogue_t *catalogue,
    const billing_team_t *team, int64_t now, billing_seat_change_t *out)
{
    *out = (billing_seat_change_t) {
        .from = team->seats,
        .to = team->seats,
        .amount = { 0, catalogue->currency },
        .paid = billing_seat_own(team->paid, catalogue->currency),
        .credit = billing_seat_own(team->credit, catalogue->currency),
        .pending = billing_seat_own(team->pending, catalogue->currency)
    };

    if (team->state == BILLING_STATE_FREE || team->members < team->seats) {
        return BILLING_ALLOW;
    }

    return billing_seat_change(catalogue, team, team->members + 1, now, out);
}


void
billing_team_resize(billing_team_t *team, const billing_seat_change_t *change)
{
    team->seats = change->to;
    team->paid = change->paid;
    team->credit = change->credit;
    team->pending = change->pending;

    if (change->discount_lost) {
        team->discount_percent = 0;
        team->discount_left = 0;
        team->discount_seats_min = 0;
    }
}


/* In the order of the enum, like every list of refusals. */

static billing_reason_t
billing_seat_allowed(const billing_catalogue_t *catalogue,
    const billing_team_t *team, uint32_t seats, int64_t now)
{
    bool                fewer = seats < team->seats;
    billing_reason_t    reason;
    billing_sub_step_t  step;

    if (team->plan >= BILLING_PLANS) {
        return BILLING_INTERNAL;
    }

    if (seats == 0 || seats > BILLING_SEATS_MAX) {
        return BILLING_SEATS_INVALID;
    }

    /* A team that has fewer from before may still grow. */

    if (fewer && seats < catalogue->plans[team->plan].seats_min) {
        return BILLING_SEATS_BELOW_PLAN_MIN;
    }

    reason = billing_sub_next(team, fewer ? BILLING_SUB_REDUCE_SEATS
                                          : BILLING_SUB_ADD_SEATS,
                              now, &step);

    if (reason != BILLING_ALLOW) {
        return reason;
    }

    return seats < team->members ? BILLING_SIZE_BELOW_MEMBERS
                                 : BILLING_ALLOW;
}


/*
 * The price in force, without rounding: the list price and a percentage, or,
 * where only what was paid is known, the part of one seat.
 */

static void
billing_seat_unit(billing_seating_t *s)
{
    const billing_team_t  *team = s->team;

    if (team->unit.minor <= 0 || team->discount_percent > 100) {
        s->list = s->out->paid;
        s->scale = team->seats == 0 ? 1 : team->seats;
        s->percent = 100;
        s->percent_then = 100;
        return;
    }

    s->list = team->unit;
    s->scale = 1;
    s->percent = 100 - team->discount_percent;
    s->percent_then = s->out->discount_lost ? 100 : s->percent;
}


static billing_err_t
billing_seat_price(billing_seating_t *s)
{
    billing_err_t    err;
    billing_money_t  before, after;
    billing_ratio_t  ratio;

    s->rest.start_at = s->now < s->team->current.end_at
                       ? s->now : s->team->current.end_at;
    s->rest.end_at = s->team->current.end_at;

    err = billing_proration(s->team->current, s->rest, s->catalogue->basis,
                            &ratio);

    if (err != BILLING_OK) {
        return err;
    }

    /* Both in hundredths of scale: nothing is rounded yet. */

    ratio.denominator *= s->scale * 100;

    err = billing_money_times(s->list, (int64_t) s->out->from * s->percent,
                              &before);

    if (err != BILLING_OK) {
        return err;
    }

    err = billing_money_times(s->list, (int64_t) s->out->to * s->percent_then,
                              &after);

    if (err != BILLING_OK) {
        return err;
    }

    err = billing_seat_amount(s, ratio, before, after);

    if (err != BILLING_OK) {
        return err;
    }

    err = billing_seat_lines(s, ratio, before);

    return err == BILLING_OK ? billing_seat_book(s) : err;
}


/*
 * One rounding for the change.  Roundings of many small changes must never
 * give back more than was paid: no change gives more than it takes off the
 * period's price.
 */

static billing_err_t
billing_seat_amount(billing_seating_t *s, billing_ratio_t ratio,
    billing_money_t before, billing_money_t after)
{
    billing_err_t           err;
    billing_money_t         change, most, paid = s->out->paid;
    billing_rounding_t      rounding = s->catalogue->rounding;
    billing_seat_change_t  *out = s->out;

    err = billing_money_sub(after, before, &change);

    if (err != BILLING_OK) {
        return err;
    }

    err = billing_money_scale(change, ratio, rounding, &out->amount);

    if (err != BILLING_OK) {
        return err;
    }

    err = billing_seat_paid(s, before, after);

    if (err != BILLING_OK) {
        return err;
    }

    err = billing_money_sub(out->paid, paid, &most);

    if (err != BILLING_OK) {
        return err;
    }

    if (out->amount.minor < 0 && out->amount.minor < most.minor) {
        out->amount.minor = most.minor < 0 ? most.minor : 0;
    }

    return BILLING_OK;
}


/*
 * Each size is rounded by itself, so that any way from one to another comes to
 * the same; what was refunded of the period stays refunded.
 */

static billing_err_t
billing_seat_paid(billing_seating_t *s, billing_money_t before,
    billing_money_t after)
{
    billing_err_t        err;
    billing_ratio_t      whole = { 1, s->scale * 100 };
    billing_money_t     *paid = &s->out->paid;
    billing_rounding_t   rounding = s->catalogue->rounding;

    err = billing_money_scale(before, whole, rounding, &before);

    if (err == BILLING_OK) {
        err = billing_money_scale(after, whole, rounding, &after);
    }

    if (err == BILLING_OK) {
        err = billing_money_sub(after, before, &after);
    }

    if (err == BILLING_OK) {
        err = billing_money_add(*paid, after, paid);
    }

    if (paid->minor < 0) {
        paid->minor = 0;
    }

    return err;
}


/* Two lines that add up: only the first is rounded by itself (R126). */

static billing_err_t
billing_seat_lines(billing_seating_t *s, billing_ratio_t ratio,
    billing_money_t before)
{
    billing_err_t           err;
    billing_money_t         unused;
    billing_seat_change_t  *out = s->out;

    err = billing_money_scale(before, ratio, s->catalogue->rounding, &unused);

    if (err != BILLING_OK) {
        return err;
    }

    out->unused = (billing_line_t) {
        .kind = BILLING_LINE_CREDIT,
        .quantity = out->from,
        .unit = { -s->list.minor, s->list.currency },
        .ratio = { ratio.numerator * s->percent, ratio.denominator },
        .amount = { -unused.minor, unused.currency },
        .whole = s->team->current,
        .part = s->rest
    };

    out->remaining = (billing_line_t) {
        .kind = BILLING_LINE_PRORATION,
        .quantity = out->to,
        .unit = s->list,
        .ratio = { ratio.numerator * s->percent_then, ratio.denominator },
        .whole = s->team->current,
        .part = s->rest
    };

    return billing_money_add(unused, out->amount, &out->remaining.amount);
}


/*
 * What is given back is first taken off what was never billed: a balance is
 * money that was paid, and stays one when the charge behind it does not.
 */

static billing_err_t
billing_seat_book(billing_seating_t *s)
{
    billing_err_t           err;
    billing_money_t         rest;
    billing_seat_change_t  *out = s->out;

    err = billing_money_add(out->pending, out->amount, &rest);

    if (err != BILLING_OK || out->amount.minor >= 0 || rest.minor >= 0) {
        out->pending = err == BILLING_OK ? rest : out->pending;
        return err;
    }

    out->pending.minor = 0;

    return billing_money_sub(out->credit, rest, &out->credit);
}


/* An amount of nothing may come without a currency. */

static billing_money_t
billing_seat_own(billing_money_t amount, billing_currency_t currency)
{
    if (amount.minor == 0) {
        amount.currency = currency;
    }

    return amount;
}
