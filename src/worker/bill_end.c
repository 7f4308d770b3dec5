/*
 * How an invoice ends that is not paid: taken back with what it was for, given
 * up with its period, or made smaller by what is given back.
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


static billing_db_rc_t billing_bill_void(billing_worker_t *w,
    billing_team_row_t *row, const billing_bill_t *bill, int64_t now);
static billing_db_rc_t billing_bill_drop(billing_worker_t *w,
    billing_team_row_t *row, const billing_bill_t *bill, int64_t now);
static billing_db_rc_t billing_bill_keep(billing_worker_t *w,
    billing_team_row_t *row, const billing_bill_t *bill, int64_t now);
static billing_db_rc_t billing_bill_give_up(billing_worker_t *w,
    const billing_bill_t *bill, int64_t now);
static billing_db_rc_t billing_bill_reduce(billing_worker_t *w,
    const billing_team_row_t *row, billing_bill_t *bill,
    billing_reduction_t *back);
static billing_db_rc_t billing_bill_ended(billing_worker_t *w,
    const billing_bill_t *bill, const char *how);
static billing_db_rc_t billing_bill_must(billing_worker_t *w, const char *id,
    billing_bill_t *bill);


billing_db_rc_t
billing_bills_void(billing_worker_t *w, billing_team_row_t *row, int64_t now)
{
    unsigned          i;
    billing_bill_t    bill;
    billing_bills_t   bills;
    billing_db_rc_t   rc;

    rc = billing_bills_open(w, row->id, &bills);

    for (i = 0; rc == BILLING_DB_OK && i < bills.n; i++) {
        rc = billing_bill_must(w, bills.ids[i], &bill);

        if (rc == BILLING_DB_OK) {
            rc = bill.invoice.draft ? billing_bill_drop(w, row, &bill, now)
                                    : billing_bill_void(w, row, &bill, now);
        }
    }

    return rc == BILLING_DB_OK && row->team.credit.minor < 0
           ? BILLING_DB_CONFLICT : rc;
}


/* All that no credit note has taken off yet, and what was paid is kept. */

static billing_db_rc_t
billing_bill_void(billing_worker_t *w, billing_team_row_t *row,
    const billing_bill_t *bill, int64_t now)
{
    char                    number[BILLING_NUMBER_MAX];
    billing_db_rc_t         rc;
    billing_credit_note_t   note;

    note = (billing_credit_note_t) {
        .bill = bill, .reason = "cancelled", .mail = "mail.credited",
        .gained = bill->gained, .now = now
    };

    note.credit.gross = bill->invoice.total;
    note.credit.gross.minor -= bill->invoice.credited.minor;
    note.credit.tax = bill->invoice.tax;
    note.credit.tax.minor -= bill->credited_tax.minor;
    note.credit.net = note.credit.gross;
    note.credit.net.minor -= note.credit.tax.minor;

    row->team.credit.minor -= bill->gained.minor;
    rc = billing_credit_issue(w, row, &note, number);

    if (rc == BILLING_DB_OK) {
        rc = billing_passes_void(w, bill, now);
    }

    return rc == BILLING_DB_OK && bill->invoice.paid.minor > 0
           ? billing_bill_keep(w, row, bill, now) : rc;
}


/* A draft was never sent: its sale is booked back and that is all. */

static billing_db_rc_t
billing_bill_drop(billing_worker_t *w, billing_team_row_t *row,
    const billing_bill_t *bill, int64_t now)
{
    static const char  sql[] =
        "UPDATE invoice_draft SET finalised = 1 WHERE checkout = $1";

    char               txn[BILLING_OP_ID_LEN + 8];
    billing_money_t    total, revenue;
    billing_db_rc_t    rc;
    billing_posting_t  posting;

    total = bill->invoice.total;
    revenue = total;
    revenue.minor -= bill->invoice.tax.minor + bill->gained.minor;
    total.minor = -total.minor;

    (void) snprintf(txn, sizeof(txn), "%s-void", bill->id);
    posting = (billing_posting_t) { .txn = txn, .ref = bill->id, .at = now };
    billing_posting_add(&posting, "receivable", bill->team, total);
    billing_posting_add(&posting, "tax", NULL, bill->invoice.tax);
    billing_posting_add(&posting, "credit", bill->team, bill->gained);
    billing_posting_add(&posting, "revenue", NULL, revenue);

    row->team.credit.minor -= bill->gained.minor;
    rc = billing_ledger_post(w, &posting);

    if (rc == BILLING_DB_OK) {
        rc = billing_passes_void(w, bill, now);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_db_exec(w->db, sql, "t", bill->id);
    }

    return rc == BILLING_DB_OK ? billing_bill_ended(w, bill, "dropped") : rc;
}


/* What was paid of it goes from the invoice to the balance. */

static billing_db_rc_t
billing_bill_keep(billing_worker_t *w, billing_team_row_t *row,
    const billing_bill_t *bill, int64_t now)
{
    static const char  sql[] =
        "INSERT INTO payment (id, bill, method, reference, amount_minor,"
        " applied_minor, balance_minor, currency, paid_at, at)"
        " VALUES ($1, $2, 'balance', $1, 0, $3, $4, $5, $6, $6)";

    char               id[BILLING_ID_MAX + 1];
    billing_money_t    paid, kept;
    billing_db_rc_t    rc;
    billing_posting_t  posting;

    paid = bill->invoice.paid;
    kept = paid;
    kept.minor = -kept.minor;
    rc = billing_id_new('p', id);

    if (rc == BILLING_DB_OK) {
        rc = billing_db_exec(w->db, sql, "ttiiti", id, bill->id, kept.minor,
                             paid.minor,
                             billing_currency_code(paid.currency), now);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    row->team.credit.minor += paid.minor;

    posting = (billing_posting_t) { .txn = id, .ref = bill->id, .at = now };
    billing_posting_add(&posting, "receivable", bill->team, paid);
    billing_posting_add(&posting, "credit", bill->team, kept);

    return billing_ledger_post(w, &posting);
}


billing_db_rc_t
billing_bills_give_up(billing_worker_t *w, billing_team_row_t *row,
    int64_t due_until, int64_t now)
{
    unsigned          i;
    billing_bill_t    bill;
    billing_bills_t   bills;
    billing_db_rc_t   rc;

    rc = billing_bills_open(w, row->id, &bills);

    for (i = 0; rc == BILLING_DB_OK && i < bills.n; i++) {
        rc = billing_bill_must(w, bills.ids[i], &bill);

        if (rc != BILLING_DB_OK || bill.due_at > due_until) {
            continue;
        }

        rc = bill.invoice.draft ? billing_bill_drop(w, row, &bill, now)
                                : billing_bill_give_up(w, &bill, now);
    }

    return rc == BILLING_DB_OK ? billing_bills_owed(w, row) : rc;
}


static billing_db_rc_t
billing_bill_give_up(billing_worker_t *w, const billing_bill_t *bill,
    int64_t now)
{
    char               txn[BILLING_NUMBER_MAX + 16];
    billing_money_t    open, off;
    billing_db_rc_t    rc;
    billing_posting_t  posting;

    open = billing_invoice_open(&bill->invoice);
    off = open;
    off.minor = -off.minor;

    (void) snprintf(txn, sizeof(txn), "%s-given-up", bill->number);
    posting = (billing_posting_t) { .txn = txn, .ref = bill->id, .at = now };
    billing_posting_add(&posting, "bad_debt", NULL, open);
    billing_posting_add(&posting, "receivable", bill->team, off);

    rc = billing_ledger_post(w, &posting);

    return rc == BILLING_DB_OK ? billing_bill_ended(w, bill, "uncollectible")
                               : rc;
}


static billing_db_rc_t
billing_bill_ended(billing_worker_t *w, const billing_bill_t *bill,
    const char *how)
{
    static const char  sql[] =
        "UPDATE bill SET ended = $1, is_open = 0 WHERE id = $2";

    return billing_db_exec(w->db, sql, "tt", how, bill->id);
}


billing_db_rc_t
billing_bills_reduce(billing_worker_t *w, const billing_team_row_t *row,
    billing_reduction_t *back)
{
    unsigned          i;
    billing_bill_t    bill;
    billing_bills_t   bills;
    billing_db_rc_t   rc;

    rc = billing_bills_open(w, row->id, &bills);

    for (i = 0; rc == BILLING_DB_OK && i < bills.n && back->net.minor > 0;
         i++) {
        rc = billing_bill_must(w, bills.ids[i], &bill);

        if (rc == BILLING_DB_OK) {
            rc = billing_bill_reduce(w, row, &bill, back);
        }
    }

    return rc;
}


billing_db_rc_t
billing_bills_unpaid(billing_worker_t *w, billing_team_row_t *row)
{
    unsigned           i;
    billing_bill_t     bill;
    billing_bills_t    bills;
    billing_credit_t   part;
    billing_db_rc_t    rc;
    billing_money_t   *unpaid;

    unpaid = &row->team.unpaid;
    *unpaid = (billing_money_t) { 0, row->team.paid.currency };

    rc = billing_bills_open(w, row->id, &bills);

    for (i = 0; rc == BILLING_DB_OK && i < bills.n; i++) {
        rc = billing_bill_must(w, bills.ids[i], &bill);

        if (rc == BILLING_DB_OK
            && (billing_invoice_part(&bill.invoice,
                    billing_invoice_open(&bill.invoice),
                    w->settings->catalogue.rounding, &part) != BILLING_OK
                || billing_money_add(*unpaid, part.net, unpaid)
                   != BILLING_OK))
        {
            rc = BILLING_DB_CONFLICT;
        }
    }

    return rc;
}


/* A credit note needs the invoice's number: a draft gets it now (R132). */

static billing_db_rc_t
billing_bill_reduce(billing_worker_t *w, const billing_team_row_t *row,
    billing_bill_t *bill, billing_reduction_t *back)
{
    char                    number[BILLING_NUMBER_MAX];
    billing_db_rc_t         rc;
    billing_credit_note_t   note;

    if (bill->invoice.draft) {
        rc = billing_invoice_finalise(w, bill->id, back->now);

        if (rc == BILLING_DB_OK) {
            rc = billing_bill_must(w, bill->id, bill);
        }

        if (rc != BILLING_DB_OK) {
            return rc;
        }
    }

    note = (billing_credit_note_t) {
        .bill = bill, .reason = back->reason, .mail = "mail.credited",
        .gained = { 0, back->net.currency }, .now = back->now
    };

    if (billing_invoice_credit(&bill->invoice, back->net,
                               w->settings->catalogue.rounding, &note.credit)
        != BILLING_OK)
    {
        return BILLING_DB_CONFLICT;
    }

    if (note.credit.gross.minor == 0) {
        return BILLING_DB_OK;
    }

    back->net.minor -= note.credit.net.minor;

    return billing_credit_issue(w, row, &note, number);
}


static billing_db_rc_t
billing_bill_must(billing_worker_t *w, const char *id, billing_bill_t *bill)
{
    billing_db_rc_t  rc;

    rc = billing_bill_load(w, id, bill);

    return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
}
