/*
 * Money for an invoice, whichever way it came: what is open is paid, and what
 * is left over, or came too late, is the team's balance.
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


static billing_db_rc_t billing_bill_payment(billing_worker_t *w,
    const billing_bill_t *bill, const billing_money_in_t *in,
    const billing_payment_t *paid);
static billing_db_rc_t billing_bill_settled(billing_worker_t *w,
    billing_team_row_t *row, const billing_bill_t *bill, int64_t now);
static const char *billing_bill_thanks_key(const billing_bill_t *bill,
    const billing_payment_t *paid);
static json_t *billing_bill_thanks(const billing_bill_t *bill,
    const billing_payment_t *paid);
static billing_db_rc_t billing_bill_told(billing_worker_t *w,
    const billing_bill_t *bill);
static billing_db_rc_t billing_bill_of(billing_worker_t *w,
    const char *checkout, billing_bill_t *bill);


billing_db_rc_t
billing_bill_receive(billing_worker_t *w, billing_team_row_t *row,
    billing_bill_t *bill, const billing_money_in_t *in,
    billing_payment_t *paid)
{
    billing_db_rc_t  rc;

    if (billing_invoice_pay(&bill->invoice, in->amount, paid)
        != BILLING_ALLOW)
    {
        return BILLING_DB_CONFLICT;
    }

    rc = billing_bill_payment(w, bill, in, paid);

    if (rc == BILLING_DB_OK) {
        rc = billing_bill_note(w, bill);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_bill_load(w, bill->id, bill);
    }

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    if (billing_money_add(row->team.credit, paid->balance,
                          &row->team.credit) != BILLING_OK)
    {
        return BILLING_DB_CONFLICT;
    }

    rc = billing_bill_settled(w, row, bill, in->now);

    if (rc == BILLING_DB_OK && bill->number[0] != '\0'
        && billing_invoice_open(&bill->invoice).minor == 0)
    {
        rc = billing_bill_told(w, bill);
    }

    return rc == BILLING_DB_OK
           ? billing_payer_mail(w, row, billing_bill_thanks_key(bill, paid),
                                billing_bill_thanks(bill, paid), in->now)
           : rc;
}


static billing_db_rc_t
billing_bill_told(billing_worker_t *w, const billing_bill_t *bill)
{
    json_t           *json;
    billing_db_rc_t   rc;

    rc = billing_bill_json(w, bill, &json);

    return rc == BILLING_DB_OK
           ? billing_event_emit(w, BILLING_EVENT_INVOICE_PAID, bill->team,
                                json_pack("{s:o}", "invoice", json))
           : rc;
}


/* Its row and its books; the reference makes it happen once. */

static billing_db_rc_t
billing_bill_payment(billing_worker_t *w, const billing_bill_t *bill,
    const billing_money_in_t *in, const billing_payment_t *paid)
{
    static const char  sql[] =
        "INSERT INTO payment (id, bill, method, reference, amount_minor,"
        " applied_minor, balance_minor, currency, paid_at, at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)";
    static const char  at_sql[] = "UPDATE payment SET at = $1 WHERE id = $2";

    bool               card;
    char               id[BILLING_ID_MAX + 1];
    char               txn[BILLING_ID_MAX + 8];
    billing_money_t    applied, balance;
    billing_db_rc_t    rc;
    billing_posting_t  posting;

    rc = billing_id_new('p', id);

    if (rc == BILLING_DB_OK) {
        rc = billing_db_exec(w->db, sql, "ttttiiiti", id, bill->id,
                 in->method, in->reference, in->amount.minor,
                 paid->applied.minor, paid->balance.minor,
                 billing_currency_code(in->amount.currency), in->paid_at);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_db_exec(w->db, at_sql, "it", in->now, id);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    applied = paid->applied;
    applied.minor = -applied.minor;
    balance = paid->balance;
    balance.minor = -balance.minor;

    card = strcmp(in->method, "card") == 0;

    /* A card's is its checkout's, as everywhere. */

    (void) snprintf(txn, sizeof(txn), "%s-paid", card ? in->reference : id);
    posting = (billing_posting_t) {
        .txn = txn, .ref = card ? in->reference : bill->id, .at = in->now
    };
    billing_posting_add(&posting, card ? "gateway" : "bank", NULL,
                        in->amount);
    billing_posting_add(&posting, "receivable", bill->team, applied);
    billing_posting_add(&posting, "credit", bill->team, balance);

    return billing_ledger_post(w, &posting);
}


/*
 * The last of what was late, or of a period, makes the team active again; its
 * period is the one it had (R174, section 8 point 14).
 */

static billing_db_rc_t
billing_bill_settled(billing_worker_t *w, billing_team_row_t *row,
    const billing_bill_t *bill, int64_t now)
{
    billing_state_t     before;
    billing_db_rc_t     rc;
    billing_sub_step_t  step;

    before = row->team.state;
    rc = billing_bills_owed(w, row);

    if (rc != BILLING_DB_OK) {
        return rc;
    }


    if (strcmp(bill->kind, BILLING_BILL_SEATS) != 0
        && billing_invoice_state(&bill->invoice)
           == BILLING_INVOICE_STATE_PAID)
    {
        row->team.ever_paid = row->team.plan != BILLING_PLAN_FREE;
    }

    if (row->team.state == before
        || row->team.state != BILLING_STATE_ACTIVE)
    {
        return BILLING_DB_OK;
    }

    row->team.state = before;

    if (billing_sub_next(&row->team, BILLING_SUB_PAID, now, &step)
        != BILLING_ALLOW)
    {
        return BILLING_DB_CONFLICT;
    }

    rc = billing_team_took(w, row, &step, now);

    return rc == BILLING_DB_OK ? billing_bills_owed(w, row) : rc;
}


static const char *
billing_bill_thanks_key(const billing_bill_t *bill,
    const billing_payment_t *paid)
{
    if (paid->balance.minor > 0) {
        return "mail.paid_over";
    }

    return billing_invoice_open(&bill->invoice).minor > 0 ? "mail.paid_part"
                                                          : "mail.paid";
}


static json_t *
billing_bill_thanks(const billing_bill_t *bill,
    const billing_payment_t *paid)
{
    char             pdf[BILLING_NUMBER_MAX + 32];
    billing_money_t  came;

    came = paid->applied;
    came.minor += paid->balance.minor;

    (void) snprintf(pdf, sizeof(pdf), "/billing/invoices/%s.pdf",
                    bill->number);

    return json_pack("{s:s, s:o, s:o, s:o, s:s}", "number", bill->number,
               "amount", billing_amount_json(came),
               "open", billing_amount_json(
                           billing_invoice_open(&bill->invoice)),
               "balance", billing_amount_json(paid->balance), "pdf", pdf);
}


billing_db_rc_t
billing_bill_captured(billing_worker_t *w, billing_checkout_t *co,
    int64_t now, billing_op_reply_t *reply)
{
    json_t               *invoice;
    billing_bill_t        bill;
    billing_db_rc_t       rc;
    billing_bought_t      bought;
    billing_payment_t     paid;
    billing_team_row_t    row;
    billing_money_in_t    in;

    rc = billing_bill_of(w, co->id, &bill);

    if (rc == BILLING_DB_OK) {
        rc = billing_team_load(w, co->team, &row);
    }

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    in = (billing_money_in_t) {
        .method = "card", .reference = co->id, .amount = co->amount,
        .paid_at = now, .now = now
    };

    row.hold_seats = 0;
    rc = billing_bill_receive(w, &row, &bill, &in, &paid);

    if (rc == BILLING_DB_OK) {
        rc = billing_team_store(w, &row);
    }

    if (rc == BILLING_DB_OK) {
        co->ended_at = now;
        co->next_try_at = BILLING_NEVER_AT;
        rc = billing_checkout_move(w, co, BILLING_CHECKOUT_SUCCEEDED);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_bill_json(w, &bill, &invoice);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    bought = (billing_bought_t) {
        .checkout = co, .row = &row, .invoice = invoice, .now = now
    };

    return billing_checkout_bought(w, &bought, reply);
}


static billing_db_rc_t
billing_bill_of(billing_worker_t *w, const char *checkout,
    billing_bill_t *bill)
{
    static const char  sql[] = "SELECT bill FROM checkout WHERE id = $1";

    char             id[BILLING_OP_ID_LEN + 1];
    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "t", checkout);

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    (void) snprintf(id, sizeof(id), "%s", billing_db_text(w->db, sql, 0));
    billing_db_done(w->db, sql);

    return billing_bill_load(w, id, bill);
}
