/*
 * Credit notes: documents with a series and a chain of their own, which take
 * off an invoice what is not owed on it any more, or is given back.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "billing_business.h"


static billing_db_rc_t billing_credit_write(billing_worker_t *w,
    const billing_team_row_t *row, const billing_credit_note_t *note,
    const billing_number_t *number);
static json_t *billing_credit_document(billing_worker_t *w,
    const billing_team_row_t *row, const billing_credit_note_t *note,
    const billing_number_t *number);
static billing_db_rc_t billing_credit_books(billing_worker_t *w,
    const billing_credit_note_t *note, const billing_number_t *number);


billing_db_rc_t
billing_credit_issue(billing_worker_t *w, const billing_team_row_t *row,
    const billing_credit_note_t *note, char name[BILLING_NUMBER_MAX])
{
    static const char  last_sql[] =
        "SELECT issued_at, hash FROM credit_note WHERE series = $1"
        " ORDER BY year DESC, no DESC LIMIT 1";

    billing_db_rc_t   rc;
    billing_number_t  number;

    number.series = w->settings->credit_series;
    number.issued_at = note->now;

    rc = billing_number_next(w, last_sql, &number);

    if (rc == BILLING_DB_OK) {
        rc = billing_credit_write(w, row, note, &number);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_credit_books(w, note, &number);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_bill_note(w, note->bill);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    (void) snprintf(name, BILLING_NUMBER_MAX, "%s", number.number);

    return billing_payer_mail(w, row, note->mail,
               json_pack("{s:s, s:s, s:o}", "number", number.number,
                   "invoice", note->bill->number, "amount",
                   billing_amount_json(note->credit.gross)),
               note->now);
}


static billing_db_rc_t
billing_credit_write(billing_worker_t *w, const billing_team_row_t *row,
    const billing_credit_note_t *note, const billing_number_t *number)
{
    static const char  sql[] =
        "INSERT INTO credit_note (number, series, year, no, team, bill,"
        " reason, amount_minor, tax_minor, currency, issued_at)"
        " SELECT $1, $2, $3, $4, team, id, $5, $6, $7, currency, $8"
        " FROM bill WHERE id = $9";
    static const char  seal_sql[] =
        "UPDATE credit_note SET document = $1, hash = $2, prev_hash = $3"
        " WHERE number = $4 AND hash = ''";

    char              hash[BILLING_HASH_LEN + 1];
    char             *text;
    json_t           *document;
    billing_db_rc_t   rc;

    document = billing_credit_document(w, row, note, number);
    text = document == NULL
           ? NULL : billing_document_seal(document, number, hash);
    json_decref(document);

    if (text == NULL) {
        return BILLING_DB_CONFLICT;
    }

    rc = billing_db_exec(w->db, sql, "ttiitiiit", number->number,
             number->series, (int64_t) number->year, number->no,
             note->reason, note->credit.gross.minor, note->credit.tax.minor,
             number->issued_at, note->bill->id);

    if (rc == BILLING_DB_OK) {
        rc = billing_db_exec(w->db, seal_sql, "tttt", text, hash,
                             number->prev_hash, number->number);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_print_later(w, number->number);
    }

    free(text);

    return rc;
}


static json_t *
billing_credit_document(billing_worker_t *w, const billing_team_row_t *row,
    const billing_credit_note_t *note, const billing_number_t *number)
{
    const billing_credit_t  *credit;

    credit = &note->credit;

    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:s,"
                     " s:o, s:o, s:o}",
               "number", number->number,
               "kind", "credit_note",
               "checkout", note->bill->id,
               "invoice", note->bill->number,
               "reason", note->reason,
               "team", row->id,
               "team_name", row->name,
               "net", (json_int_t) credit->net.minor,
               "tax", (json_int_t) credit->tax.minor,
               "total", (json_int_t) credit->gross.minor,
               "currency", billing_currency_code(credit->gross.currency),
               "issued_at", billing_instant_json(number->issued_at),
               "buyer", billing_buyer_json(w, row->id),
               "seller", billing_seller_json(w->settings));
}


/* The sale is taken back by so much; what the balance gave is its own again. */

static billing_db_rc_t
billing_credit_books(billing_worker_t *w, const billing_credit_note_t *note,
    const billing_number_t *number)
{
    billing_money_t    gross, revenue;
    billing_posting_t  posting;

    gross = note->credit.gross;
    revenue = gross;
    revenue.minor -= note->credit.tax.minor + note->gained.minor;
    gross.minor = -gross.minor;

    posting = (billing_posting_t) {
        .txn = number->number, .ref = note->bill->id, .at = note->now
    };
    billing_posting_add(&posting, "receivable", note->bill->team, gross);
    billing_posting_add(&posting, "tax", NULL, note->credit.tax);
    billing_posting_add(&posting, "credit", note->bill->team, note->gained);
    billing_posting_add(&posting, "revenue", NULL, revenue);

    return billing_ledger_post(w, &posting);
}
