/*
 * The team's size after the purchase: added seats are billed later, unused
 * ones become credit (R142..R153).
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


static billing_db_rc_t billing_seats_deny(billing_op_t *op,
    const billing_team_row_t *row, billing_reason_t reason);
static billing_db_rc_t billing_seats_preview(billing_op_t *op,
    const billing_team_row_t *row, const billing_seat_change_t *change);
static billing_db_rc_t billing_seats_shown(billing_op_t *op,
    const billing_team_row_t *row, const billing_seat_change_t *change);
static void billing_seats_quote(const billing_team_row_t *row,
    const billing_seat_change_t *change, billing_quote_t *quote);
static json_t *billing_seats_json(const billing_op_t *op,
    const billing_team_row_t *row, const billing_seat_change_t *change);
static billing_db_rc_t billing_seats_books(billing_worker_t *w,
    const billing_team_row_t *row, const billing_seat_change_t *kept,
    billing_posting_t *posting);
static billing_db_rc_t billing_seats_mail(billing_op_t *op,
    const billing_team_row_t *row, const billing_seat_change_t *change);


billing_db_rc_t
billing_op_seats(billing_op_t *op)
{
    json_t                  *json;
    uint32_t                 seats;
    billing_act_t            act;
    billing_db_rc_t          rc;
    billing_reason_t         reason;
    billing_team_row_t       row;
    billing_seat_change_t    change;

    seats = (uint32_t) billing_op_int(op, "seats", 0);

    rc = billing_team_load(op->w, billing_op_text(op, "team"), &row);

    if (rc != BILLING_DB_OK && rc != BILLING_DB_DONE) {
        return rc;
    }

    act = rc == BILLING_DB_OK && seats < row.team.seats
          ? BILLING_ACT_REDUCE_SEATS : BILLING_ACT_ADD_SEATS;

    rc = billing_op_subscription(op, act, &row);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    reason = billing_seat_change(&op->w->settings->catalogue, &row.team,
                                 seats, op->now, &change);

    if (reason != BILLING_ALLOW) {
        return billing_seats_deny(op, &row, reason);
    }

    if (billing_op_dry(op)) {
        return billing_seats_preview(op, &row, &change);
    }

    rc = billing_seats_shown(op, &row, &change);

    if (rc == BILLING_DB_OK && change.to != change.from) {
        rc = billing_seats_take(op, &row, &change);
        change.credit = row.team.credit;

        if (rc == BILLING_DB_OK) {
            rc = billing_team_store(op->w, &row);
        }
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    json = billing_seats_json(op, &row, &change);

    return json == NULL ? BILLING_DB_UNMADE : billing_op_team(op, &row, json);
}


/* Done, told and undone: open invoices have a say in what becomes balance. */

static billing_db_rc_t
billing_seats_preview(billing_op_t *op, const billing_team_row_t *row,
    const billing_seat_change_t *change)
{
    billing_db_rc_t         rc = BILLING_DB_OK;
    billing_team_row_t      after = *row;
    billing_seat_change_t   shown = *change;

    if (change->to != change->from) {
        rc = billing_seats_take(op, &after, change);
        shown.credit = after.team.credit;
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_seats_shown(op, row, &shown);
        op->reply->undo = true;
    }

    return rc;
}


/* OK: to be done at the price that was shown; DONE: shown, or not so now. */

static billing_db_rc_t
billing_seats_shown(billing_op_t *op, const billing_team_row_t *row,
    const billing_seat_change_t *change)
{
    json_t               *json;
    billing_db_rc_t       rc;
    billing_quote_t       quote;
    billing_pin_stale_t   stale;
    billing_quote_pin_t   pin = { .kind = BILLING_PIN_SEATS };

    billing_seats_quote(row, change, &quote);
    billing_pin_of(op, row, &quote, &pin);

    if (!billing_op_dry(op) && billing_pin_holds(op, row->id, &pin, &stale)) {
        return BILLING_DB_OK;
    }

    json = billing_seats_json(op, row, change);

    if (!billing_op_dry(op)) {
        return billing_pin_deny(op, row->id, &pin, &stale, json);
    }

    rc = billing_pin_give(op, row->id, &pin, json);

    if (rc != BILLING_DB_OK) {
        json_decref(json);
        return rc;
    }

    return billing_op_team(op, row, json);
}


/* The team is not written: who joins is counted with it. */

billing_db_rc_t
billing_seats_take(billing_op_t *op, billing_team_row_t *row,
    const billing_seat_change_t *change)
{
    bool               app;
    char               txn[BILLING_OP_ID_LEN + BILLING_ID_MAX + 16];
    billing_db_rc_t    rc;
    billing_posting_t  posting;

    /* A list of the application may be about several teams. */

    app = strcmp(op->command->actor, BILLING_APP_ACTOR) == 0;

    (void) snprintf(txn, sizeof(txn), "%s%s%s-seats", op->command->op,
                    app ? "-" : "", app ? row->id : "");
    posting = (billing_posting_t) {
        .txn = txn, .ref = op->command->op, .at = op->now
    };

    rc = billing_seats_credit(op->w, row, change, &posting);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    /* The first of them sets the day; what is due at the end is renewed. */

    if (row->settle_at == 0 || !billing_team_owes(&row->team)) {
        row->settle_at = billing_settle_at(&row->team, op->now);
    }

    return billing_seats_mail(op, row, change);
}


static billing_db_rc_t
billing_seats_deny(billing_op_t *op, const billing_team_row_t *row,
    billing_reason_t reason)
{
    json_int_t  n;

    n = reason == BILLING_SEATS_BELOW_PLAN_MIN
        ? op->w->settings->catalogue.plans[row->team.plan].seats_min
        : row->team.members;

    return billing_op_deny(op, reason, json_pack("{s:I}", "n", n));
}


static json_t *
billing_seats_json(const billing_op_t *op, const billing_team_row_t *row,
    const billing_seat_change_t *change)
{
    json_t           *quote, *json;
    billing_quote_t   lines;

    billing_seats_quote(row, change, &lines);
    quote = billing_quote_json(&lines, billing_op_text(op, "team"), op->lang);

    json = json_pack("{s:b, s:{s:I, s:I, s:O, s:I, s:s, s:o, s:I, s:I}}",
               "dry_run", (int) billing_op_dry(op), "change",
               "from", (json_int_t) change->from,
               "to", (json_int_t) change->to,
               "lines", json_object_get(quote, "lines"),
               "amount", (json_int_t) change->amount.minor,
               "currency", billing_currency_code(change->amount.currency),
               "due_at", billing_instant_json(change->due_at),
               "pending", (json_int_t) change->pending.minor,
               "credit", (json_int_t) change->credit.minor);

    json_decref(quote);

    return json;
}


/* Nothing of it is due now: a charge is pending, a credit is kept. */

static void
billing_seats_quote(const billing_team_row_t *row,
    const billing_seat_change_t *change, billing_quote_t *quote)
{
    memset(quote, 0, sizeof(*quote));
    quote->plan = row->team.plan;
    quote->period = row->team.period;
    quote->method = row->team.method;
    quote->seats = change->to;
    quote->total = change->amount;

    if (change->unused.kind != 0) {
        quote->nlines = 2;
        quote->lines[0] = change->unused;
        quote->lines[1] = change->remaining;
    }
}


billing_db_rc_t
billing_seats_credit(billing_worker_t *w, billing_team_row_t *row,
    const billing_seat_change_t *change, billing_posting_t *posting)
{
    billing_db_rc_t        rc;
    billing_reduction_t    back;
    billing_seat_change_t  kept;

    kept = *change;
    back = (billing_reduction_t) {
        .reason = "seats", .now = posting->at, .net = change->credit
    };
    back.net.minor -= row->team.credit.minor;
    rc = BILLING_DB_OK;

    if (back.net.minor > 0) {
        rc = billing_bills_reduce(w, row, &back);
    }

    kept.credit.minor = row->team.credit.minor + back.net.minor;

    if (rc == BILLING_DB_OK) {
        rc = billing_seats_books(w, row, &kept, posting);
    }

    billing_team_resize(&row->team, &kept);

    return rc == BILLING_DB_OK ? billing_bills_owed(w, row) : rc;
}


static billing_db_rc_t
billing_seats_books(billing_worker_t *w, const billing_team_row_t *row,
    const billing_seat_change_t *kept, billing_posting_t *posting)
{
    billing_money_t  given, taken, pending;

    pending = kept->pending;
    pending.minor -= row->team.pending.minor;
    taken = kept->credit;
    taken.minor -= row->team.credit.minor;
    given = taken;
    given.minor = -taken.minor;

    billing_posting_unbilled(posting, row->id, pending);
    billing_posting_add(posting, "credit", row->id, given);
    billing_posting_add(posting, "revenue", NULL, taken);

    return billing_ledger_post(w, posting);
}


static billing_db_rc_t
billing_seats_mail(billing_op_t *op, const billing_team_row_t *row,
    const billing_seat_change_t *change)
{
    billing_money_t  amount;

    amount = change->amount;
    amount.minor = amount.minor < 0 ? -amount.minor : amount.minor;

    return billing_payer_mail(op->w, row,
               change->amount.minor < 0 ? "mail.size_less" : "mail.size",
               json_pack("{s:I, s:I, s:o, s:s}",
                   "from", (json_int_t) change->from,
                   "to", (json_int_t) change->to,
                   "amount", billing_amount_json(amount),
                   "by", op->command->actor), op->now);
}
