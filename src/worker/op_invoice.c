/*
 * What is done with an invoice: paid by card, recorded as paid elsewhere, its
 * draft told who buys.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "billing_business.h"

#define BILLING_PAID_AHEAD_SEC  86400   /* clocks of banks */


static void billing_invoice_bill(const billing_op_t *op,
    const billing_team_row_t *row, const billing_bill_t *bill,
    billing_checkout_t *co);
static billing_db_rc_t billing_invoice_charge(billing_op_t *op,
    billing_team_row_t *row, const billing_bill_t *bill,
    billing_checkout_t *co);
static billing_reason_t billing_paid_read(const billing_op_t *op,
    billing_money_in_t *in);
static billing_db_rc_t billing_paid_before(billing_op_t *op,
    const billing_bill_t *bill, const billing_money_in_t *in);
static billing_db_rc_t billing_paid_answer(billing_op_t *op,
    const billing_bill_t *bill, const char *reference);


billing_db_rc_t
billing_op_bill(billing_op_t *op, const billing_team_row_t *row,
    const char *name, billing_bill_t *bill)
{
    billing_db_rc_t  rc;

    rc = billing_bill_find(op->w, name, bill);

    if (rc == BILLING_DB_DONE
        || (rc == BILLING_DB_OK && (strcmp(bill->team, row->id) != 0
                                    || bill->invoice.dropped)))
    {
        return billing_op_deny(op, BILLING_INVOICE_NOT_FOUND, NULL);
    }

    return rc;
}


/* All that is open of it, by card; the team's way to pay stays as it is. */

billing_db_rc_t
billing_op_invoice_pay(billing_op_t *op)
{
    billing_bill_t       bill;
    billing_db_rc_t      rc;
    billing_team_row_t   row;

    rc = billing_checkout_replay(op);

    if (rc != BILLING_DB_OK || op->reply->later) {
        return rc;
    }

    rc = billing_op_subscription(op, BILLING_ACT_PAY_INVOICE, &row);

    if (rc == BILLING_DB_OK) {
        rc = billing_op_bill(op, &row, billing_op_text(op, "number"), &bill);
    }

    return rc == BILLING_DB_OK
           ? billing_invoice_by_card(op, &row, &bill, op->command->actor)
           : rc;
}


billing_db_rc_t
billing_invoice_by_card(billing_op_t *op, billing_team_row_t *row,
    const billing_bill_t *bill, const char *actor)
{
    billing_reason_t    reason;
    billing_checkout_t  co;

    if (billing_invoice_state(&bill->invoice) != BILLING_INVOICE_STATE_OPEN) {
        return billing_op_deny(op, BILLING_INVOICE_NOT_OPEN, NULL);
    }

    billing_invoice_bill(op, row, bill, &co);
    (void) snprintf(co.actor, sizeof(co.actor), "%s", actor);

    if (billing_op_dry(op)) {
        return billing_op_team(op, row,
                   json_pack("{s:b, s:I, s:s}", "dry_run", 1, "due_now",
                       (json_int_t) co.amount.minor, "currency",
                       billing_currency_code(co.amount.currency)));
    }

    reason = billing_pay_card(row, billing_method_text(op,
                                  "payment_method"), &co);

    return reason == BILLING_ALLOW
           ? billing_invoice_charge(op, row, bill, &co)
           : billing_op_deny(op, reason, NULL);
}


/* One line over what is open: nothing is priced again. */

static void
billing_invoice_bill(const billing_op_t *op, const billing_team_row_t *row,
    const billing_bill_t *bill, billing_checkout_t *co)
{
    billing_money_t          nothing;
    const billing_team_t    *team;

    team = &row->team;
    memset(co, 0, sizeof(*co));

    co->purpose = BILLING_PURPOSE_INVOICE;
    co->lang = op->lang;
    co->amount = billing_invoice_open(&bill->invoice);
    (void) snprintf(co->id, sizeof(co->id), "%s", op->command->op);
    (void) snprintf(co->team, sizeof(co->team), "%s", row->id);
    (void) snprintf(co->asked, sizeof(co->asked), "%s",
                    billing_op_text(op, "team"));

    nothing = (billing_money_t) { 0, co->amount.currency };

    co->quote = (billing_quote_t) {
        .plan = team->plan, .period = team->period,
        .seats = team->seats > team->members ? team->seats : team->members,
        .method = BILLING_METHOD_CARD, .subtotal = co->amount,
        .discount = nothing, .credit = nothing, .tax = nothing,
        .total = co->amount, .due_now = co->amount,
        .credit_left = team->credit, .renewal_total = nothing,
        .span = team->current, .nlines = 1
    };

    co->quote.lines[0] = (billing_line_t) {
        .kind = BILLING_LINE_PENDING, .quantity = 1, .unit = co->amount,
        .ratio = { 1, 1 }, .amount = co->amount
    };
}


static billing_db_rc_t
billing_invoice_charge(billing_op_t *op, billing_team_row_t *row,
    const billing_bill_t *bill, billing_checkout_t *co)
{
    static const char  sql[] = "UPDATE checkout SET bill = $1 WHERE id = $2";

    billing_db_rc_t  rc;

    rc = billing_pay_begin(op->w, row, co, op->now, op->reply);

    if (rc == BILLING_DB_OK) {
        rc = billing_db_exec(op->w->db, sql, "tt", bill->id, co->id);
    }

    op->reply->later = rc == BILLING_DB_OK;

    return rc;
}


/*
 * Money that came outside: a wire, an ACH transfer (R85).  The reference makes
 * it count once, however often it is told.
 */

billing_db_rc_t
billing_op_invoice_paid(billing_op_t *op)
{
    billing_bill_t        bill;
    billing_db_rc_t       rc;
    billing_reason_t      reason;
    billing_payment_t     paid;
    billing_team_row_t    row;
    billing_money_in_t    in;

    rc = billing_bill_find(op->w, billing_op_text(op, "number"), &bill);

    if (rc == BILLING_DB_DONE
        || (rc == BILLING_DB_OK && bill.invoice.draft))
    {
        return billing_op_deny(op, BILLING_INVOICE_NOT_FOUND, NULL);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_team_load(op->w, bill.team, &row);
    }

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    reason = billing_paid_read(op, &in);

    if (reason == BILLING_ALLOW) {
        reason = billing_invoice_pay(&bill.invoice, in.amount, &paid);
    }

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason,
                   json_pack("{s:s}", "currency",
                       billing_currency_code(bill.invoice.total.currency)));
    }

    rc = billing_paid_before(op, &bill, &in);

    if (rc == BILLING_DB_OK) {
        rc = billing_bill_receive(op->w, &row, &bill, &in, &paid);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_team_store(op->w, &row);
    }

    return rc == BILLING_DB_OK
           ? billing_paid_answer(op, &bill, in.reference) : rc;
}


static billing_reason_t
billing_paid_read(const billing_op_t *op, billing_money_in_t *in)
{
    bool         day;
    const char  *word, *at;

    word = billing_op_text(op, "currency");
    at = billing_op_text(op, "at");

    *in = (billing_money_in_t) {
        .method = "outside", .reference = billing_op_text(op, "reference"),
        .amount = { billing_op_int(op, "amount", 0),
                    billing_currency_parse(word, strlen(word)) },
        .paid_at = op->now, .now = op->now
    };

    if (at[0] != '\0'
        && (billing_instant_parse(at, strlen(at), &in->paid_at, &day)
            != BILLING_OK
            || in->paid_at > op->now + BILLING_PAID_AHEAD_SEC))
    {
        return BILLING_FIELD_TYPE;
    }

    return BILLING_ALLOW;
}


/* OK when the reference is new; else the answer it had, or the refusal. */

static billing_db_rc_t
billing_paid_before(billing_op_t *op, const billing_bill_t *bill,
    const billing_money_in_t *in)
{
    static const char  sql[] =
        "SELECT amount_minor FROM payment WHERE bill = $1"
        " AND method = 'outside' AND reference = $2";

    int64_t          amount;
    billing_db_rc_t  rc;

    rc = billing_db_query(op->w->db, sql, "tt", bill->id, in->reference);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
    }

    amount = billing_db_int(op->w->db, sql, 0);
    billing_db_done(op->w->db, sql);

    return amount == in->amount.minor
           ? billing_paid_answer(op, bill, in->reference)
           : billing_op_deny(op, BILLING_PAYMENT_RECORDED, NULL);
}


static billing_db_rc_t
billing_paid_answer(billing_op_t *op, const billing_bill_t *bill,
    const char *reference)
{
    size_t               i;
    json_t              *invoice, *payment, *list;
    billing_db_rc_t      rc;
    billing_team_row_t   row;

    rc = billing_bill_json(op->w, bill, &invoice);

    if (rc == BILLING_DB_OK) {
        rc = billing_team_load(op->w, bill->team, &row);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    payment = NULL;
    list = json_object_get(invoice, "payments");

    for (i = 0; i < json_array_size(list); i++) {
        if (strcmp(json_string_value(json_object_get(json_array_get(list, i),
                                                     "reference")), reference)
            == 0)
        {
            payment = json_array_get(list, i);
        }
    }

    (void) snprintf(op->reply->team, sizeof(op->reply->team), "%s", row.id);

    return billing_op_reply(op, 200,
               json_pack("{s:O?, s:o, s:{s:s, s:s, s:s, s:s, s:I, s:I}}",
                   "payment", payment, "invoice", invoice, "team",
                   "id", row.id, "name", row.name,
                   "plan", billing_plan_name(row.team.plan),
                   "state", billing_state_name(row.team.state),
                   "credit", (json_int_t) row.team.credit.minor,
                   "version", (json_int_t) row.team.version));
}


/* A draft takes it for itself; what is final stays as it is (R133). */

billing_db_rc_t
billing_op_invoice_information(billing_op_t *op)
{
    static const char  sql[] =
        "UPDATE bill SET information = $1 WHERE id = $2";

    char                *text;
    json_t              *information, *invoice;
    billing_bill_t       bill;
    billing_db_rc_t      rc;
    billing_reason_t     reason;
    billing_team_row_t   row;

    rc = billing_op_subscription(op, BILLING_ACT_INFORMATION, &row);

    if (rc == BILLING_DB_OK) {
        rc = billing_op_bill(op, &row, billing_op_text(op, "number"), &bill);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (!bill.invoice.draft) {
        return billing_op_deny(op, BILLING_INVOICE_LOCKED, NULL);
    }

    rc = billing_information_take(op, &information, &reason);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason, NULL);
    }

    text = json_dumps(information, JSON_COMPACT);
    rc = text == NULL ? BILLING_DB_UNMADE
                      : billing_db_exec(op->w->db, sql, "tt", text, bill.id);
    free(text);

    if (rc == BILLING_DB_OK) {
        rc = billing_bill_json(op->w, &bill, &invoice);
    }

    if (rc != BILLING_DB_OK) {
        json_decref(information);
        return rc;
    }

    return billing_op_reply(op, 200,
               json_pack("{s:o, s:o}", "invoice", invoice,
                         "billing_information", information));
}
