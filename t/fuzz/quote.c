/*
 * billing_quote, billing_sub_quote, billing_seat_change, billing_team_trial.
 *
 * Laws: the lines of a quote add up to its total, which is not negative; a
 * price is the same each time; what a change of seats charges is what its two
 * lines say; no credit exceeds what was paid; the sum of seat changes undone
 * at one instant is nothing, within a rounding; Day Passes are billed as they
 * are, whatever else is; a trial left at once leaves what was before.
 */

#include <stdlib.h>
#include <string.h>

#include "../../src/domain/billing_domain.h"

#define STEPS  12

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


typedef struct {
    const uint8_t  *at;
    const uint8_t  *end;
} bytes_t;


static uint64_t
take(bytes_t *in, unsigned n)
{
    uint64_t  value = 0;

    while (n-- > 0) {
        value = value << 8 | (in->at < in->end ? *in->at++ : 0);
    }

    return value;
}


static void
must(bool law)
{
    if (!law) {
        abort();
    }
}


static void
make_catalogue(bytes_t *in, billing_catalogue_t *catalogue)
{
    memset(catalogue, 0, sizeof(*catalogue));
    catalogue->currency = 1;
    catalogue->basis = (billing_basis_t) (take(in, 1) % 3);
    catalogue->rounding = (billing_rounding_t) (take(in, 1) % 3);

    for (unsigned plan = BILLING_PLAN_FREE; plan < BILLING_PLANS; plan++) {
        billing_terms_t  *terms = &catalogue->plans[plan];

        terms->known = true;
        terms->selling = terms->self_serve = terms->invoice = true;
        terms->seats_min = (uint32_t) take(in, 1) % 8;
        terms->window_max = 100;
        terms->price[BILLING_PERIOD_MONTHLY] = (billing_money_t) {
            (int64_t) take(in, 3), 1 };
        terms->price[BILLING_PERIOD_YEARLY] = (billing_money_t) {
            (int64_t) take(in, 4), 1 };
        terms->day_pass = (billing_money_t) { (int64_t) take(in, 2), 1 };
        terms->volume.percent = (uint32_t) take(in, 1) % 101;
        terms->volume.seats_min = 5;
        terms->volume.periods[BILLING_PERIOD_MONTHLY] = 3;
        terms->volume.periods[BILLING_PERIOD_YEARLY] = 1;
    }

    catalogue->trial = (billing_trial_t) { true, BILLING_PLAN_BUSINESS, 14 };
}


static void
check_quote(const billing_team_t *team, const billing_quote_t *quote)
{
    int64_t   sum = 0, passes = 0;

    for (uint32_t i = 0; i < quote->nlines; i++) {
        sum += quote->lines[i].amount.minor;

        if (quote->lines[i].kind == BILLING_LINE_DAY_PASS) {
            passes += quote->lines[i].amount.minor;
        }
    }

    for (uint32_t i = 0; i < team->npasses; i++) {
        passes -= team->passes[i].quantity * team->passes[i].unit.minor;
    }

    must(passes == 0);

    must(sum == quote->total.minor && sum >= 0);
    must(quote->subtotal.minor + quote->discount.minor + quote->credit.minor
         + quote->tax.minor == sum);
    must(quote->credit_left.minor >= 0 && quote->discount.minor <= 0);
    must(quote->due_now.minor
         == (quote->method == BILLING_METHOD_CARD ? sum : 0));
}


static void
buy(bytes_t *in, const billing_catalogue_t *catalogue, billing_team_t *team,
    int64_t now)
{
    billing_promo_t  promo = { .code = "CODE",
                               .percent = (uint32_t) take(in, 1),
                               .duration_periods = (uint32_t) take(in, 1) };
    billing_order_t  order = {
        .plan = (billing_plan_t) (take(in, 1) % (BILLING_PLANS + 1)),
        .seats = (uint32_t) take(in, 1),
        .period = (billing_period_t) (take(in, 1) % (BILLING_PERIODS + 1)),
        .method = (billing_method_t) (take(in, 1) % (BILLING_METHODS + 1)),
        .promo = take(in, 1) % 2 ? &promo : NULL,
        .promo_left = 1,
        .tax_permyriad = (uint32_t) take(in, 2) % 10001
    };
    billing_quote_t  quote, again;

    if (billing_quote(catalogue, team, &order, now, &quote) != BILLING_ALLOW)
    {
        return;
    }

    check_quote(team, &quote);
    must(billing_quote(catalogue, team, &order, now, &again)
         == BILLING_ALLOW && again.total.minor == quote.total.minor);
    team->npasses = 0;
    billing_team_purchase(team, &quote, now);
    must(team->paid.minor >= 0 && team->pending.minor == 0);
}


static void
pay(bytes_t *in, const billing_catalogue_t *catalogue, billing_team_t *team,
    int64_t *now)
{
    billing_quote_t      quote;
    billing_sub_order_t  order = {
        .pay = (billing_pay_t) (take(in, 1) % (BILLING_PAYS + 1)),
        .tax_permyriad = (uint32_t) take(in, 2) % 10001,
        .now = *now
    };

    if (billing_sub_quote(catalogue, team, &order, &quote) != BILLING_ALLOW) {
        return;
    }

    check_quote(team, &quote);
    team->npasses = 0;

    switch (order.pay) {

    case BILLING_PAY_RENEWAL:
        must(quote.span.start_at == team->current.end_at);
        billing_team_renew(team, &quote);

        if (*now < team->current.start_at) {
            *now = team->current.start_at;
        }

        break;

    case BILLING_PAY_YEARLY:
    case BILLING_PAY_REACTIVATE:
    case BILLING_PAY_TRIAL:
        billing_team_purchase(team, &quote, *now);
        must(team->trial_plan == BILLING_PLAN_NONE);
        break;

    case BILLING_PAY_SETTLE:
        billing_team_settle(team, &quote);
        break;

    case BILLING_PAYS:
        abort();
    }
}


static void
resize(bytes_t *in, const billing_catalogue_t *catalogue,
    billing_team_t *team, int64_t now)
{
    int64_t                credit = team->credit.minor;
    uint32_t               from = team->seats;
    uint32_t               to = (uint32_t) take(in, 2);
    billing_team_t         there = *team;
    billing_seat_change_t  change, back;

    if (billing_seat_change(catalogue, team, to, now, &change)
        != BILLING_ALLOW)
    {
        return;
    }

    must(change.unused.amount.minor + change.remaining.amount.minor
         == change.amount.minor);
    must(change.credit.minor - credit <= team->paid.minor);
    must(change.due_at <= team->current.end_at || change.amount.minor == 0);
    billing_team_resize(&there, &change);

    if (!change.discount_lost
        && billing_seat_change(catalogue, &there, from, now, &back)
           == BILLING_ALLOW)
    {
        int64_t  sum = change.amount.minor + back.amount.minor;

        must(sum >= -1 && sum <= 1);
    }

    *team = there;
}


static void
open_boards(bytes_t *in, const billing_catalogue_t *catalogue,
    billing_team_t *team, int64_t now)
{
    billing_day_pass_t      pass;
    billing_day_pass_ask_t  ask = { .on = true, .edit = true, .now = now };

    if (billing_day_pass(catalogue, team, &ask, &pass) != BILLING_ALLOW) {
        return;
    }

    must(pass.bought && pass.ends_at == now + BILLING_DAY_PASS_SEC);

    team->npasses = 1 + (uint32_t) take(in, 1) % BILLING_PASSES_MAX;

    for (uint32_t i = 0; i < team->npasses; i++) {
        team->passes[i] = (billing_passes_t) { 1 + (uint32_t) take(in, 1),
                                               pass.price };
    }

    must(billing_team_owes(team));
}


static void
try_out(bytes_t *in, const billing_catalogue_t *catalogue,
    billing_team_t *team, int64_t now)
{
    billing_team_t         before = *team, left;
    billing_quote_t        offer;
    billing_sub_step_t     step;
    billing_seat_change_t  change;

    if (billing_trial_allowed(catalogue, team, now) != BILLING_ALLOW) {
        return;
    }

    billing_trial_offer(catalogue, team, BILLING_PERIOD_MONTHLY, now, &offer);
    must(billing_team_trial(team, &offer) == BILLING_ALLOW);
    must(billing_trial_allowed(catalogue, team, now) != BILLING_ALLOW);
    must(team->plan == before.plan && team->paid.minor == before.paid.minor);

    left = *team;
    left.auto_renew = false;

    if (team->plan != BILLING_PLAN_FREE) {
        must(billing_trial_back(catalogue, &left, now, &change)
             == BILLING_ALLOW && change.amount.minor == 0);
    }

    must(billing_sub_next(&left, BILLING_SUB_TRIAL_END, now, &step)
         == BILLING_ALLOW);
    billing_team_step(&left, &step);
    must(left.plan == before.plan && left.period == before.period
         && left.method == before.method && left.seats == before.seats
         && left.current.end_at == before.current.end_at
         && left.credit.minor == before.credit.minor);

    if (take(in, 1) % 4 == 0) {
        *team = left;
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t              now;
    bytes_t              in = { data, data + size };
    billing_team_t       team = { .plan = BILLING_PLAN_FREE,
                                  .state = BILLING_STATE_FREE };
    billing_catalogue_t  catalogue;

    make_catalogue(&in, &catalogue);
    now = (int64_t) take(&in, 4);
    team.members = (uint32_t) take(&in, 1);
    team.credit = (billing_money_t) { (int64_t) take(&in, 3), 1 };
    team.unit.currency = team.paid.currency = team.pending.currency = 1;

    for (unsigned i = 0; i < STEPS && in.at < in.end; i++) {
        switch (take(&in, 1) % 6) {

        case 0:
            buy(&in, &catalogue, &team, now);
            break;

        case 1:
            pay(&in, &catalogue, &team, &now);
            break;

        case 2:
            resize(&in, &catalogue, &team, now);
            break;

        case 3:
            open_boards(&in, &catalogue, &team, now);
            break;

        case 4:
            try_out(&in, &catalogue, &team, now);
            break;

        default:
            now += (int64_t) take(&in, 3);
        }
    }

    return 0;
}
