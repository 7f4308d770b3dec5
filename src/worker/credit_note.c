/*
 * Credit notes: documents with a series and a chain of their own, which take
 * off an invoice what is not owed on it any more, or is given back.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "billing_business.h"


static billing_db_rc_t billing_credit_write(billing_worker_t *w,
    const billing_credit_note_t *note, const billing_number_t *number);
static json_t *billing_credit_document(const json_t *invoice,
    const billing_credit_note_t *note, const billing_number_t *number);
static json_t *billing_credit_rate(const json_t *invoice);
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
        rc = billing_credit_write(w, note, &number);
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
    billing_security_note(w, &(billing_security_note_t) {
        .event = BILLING_SECURITY_CREDIT_NOTE, .team = note->bill->team,
        .reason = note->reason, .what = number.number
    });

    return billing_payer_mail(w, row, note->mail,
               json_pack("{s:s, s:s, s:o}", "number", number.number,
                   "invoice", note->bill->number, "amount",
                   billing_amount_json(note->credit.gross)),
               note->now);
}


static billing_db_rc_t
billing_credit_write(billing_worker_t *w, const billing_credit_note_t *note,
    const billing_number_t *number)
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
    json_t           *document, *invoice;
    billing_db_rc_t   rc;

    rc = billing_print_document(w, note->bill->number, &invoice);

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    document = billing_credit_document(invoice, note, number);
    json_decref(invoice);

    text = document != NULL
           && json_object_set_new(document, "seller",
                                  billing_seller_json(w->settings)) == 0
           ? billing_document_seal(document, number, hash) : NULL;
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


/* Who it is for, at what rate and why: as its invoice says, not as of today. */

static json_t *
billing_credit_document(const json_t *invoice,
    const billing_credit_note_t *note, const billing_number_t *number)
{
    const billing_credit_t  *credit;

    credit = &note->credit;

    return json_pack("{s:s, s:s, s:s, s:s, s:O*, s:s, s:o, s:I, s:I, s:I,"
                     " s:s, s:o, s:o, s:s, s:O*, s:O*, s:O*, s:O*}",
               "number", number->number,
               "kind", "credit_note",
               "checkout", note->bill->id,
               "invoice", note->bill->number,
               "invoice_date", json_object_get(invoice, "issue_date"),
               "reason", note->reason,
               "tax_rate", billing_credit_rate(invoice),
               "net", (json_int_t) credit->net.minor,
               "tax", (json_int_t) credit->tax.minor,
               "total", (json_int_t) credit->gross.minor,
               "currency", billing_currency_code(credit->gross.currency),
               "issued_at", billing_instant_json(number->issued_at),
               "issue_date", billing_zone_json(number->issued_at),
               "team", note->bill->team,
               "team_name", json_object_get(invoice, "team_name"),
               "ground", json_object_get(invoice, "ground"),
               "lang", json_object_get(invoice, "lang"),
               "buyer", json_object_get(invoice, "buyer"));
}


/* Of its one line of tax; without one there is none. */

static json_t *
billing_credit_rate(const json_t *invoice)
{
    size_t         i;
    const char    *kind;
    const json_t  *line, *lines;

    lines = json_object_get(invoice, "lines");

    for (i = 0; i < json_array_size(lines); i++) {
        line = json_array_get(lines, i);
        kind = json_string_value(json_object_get(line, "kind"));

        if (kind != NULL && strcmp(kind, "tax") == 0) {
            return json_pack("{s:O, s:O}",
                       "numerator", json_object_get(line, "numerator"),
                       "denominator", json_object_get(line, "denominator"));
        }
    }

    return json_pack("{s:i, s:i}", "numerator", 0, "denominator", 10000);
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
