/* An invoice as its readers may see it, with all that came after it. */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


static billing_db_rc_t billing_bill_payments(billing_worker_t *w,
    const char *bill, json_t *list);
static billing_db_rc_t billing_bill_credits(billing_worker_t *w,
    const char *bill, json_t *list);


billing_db_rc_t
billing_bill_json(billing_worker_t *w, const billing_bill_t *bill,
    json_t **out)
{
    char                       pdf[BILLING_NUMBER_MAX + 32];
    char                       receipt[BILLING_NUMBER_MAX + 32];
    json_t                    *payments, *credits;
    billing_db_rc_t            rc;
    billing_invoice_state_t    state;
    const billing_invoice_t   *invoice;

    invoice = &bill->invoice;
    state = billing_invoice_state(invoice);
    payments = json_array();
    credits = json_array();

    (void) snprintf(pdf, sizeof(pdf), "/billing/invoices/%s.pdf",
                    bill->number);

    (void) snprintf(receipt, sizeof(receipt), "/billing/receipts/%s.pdf",
                    bill->number);

    *out = json_pack("{s:s, s:s?, s:s, s:s, s:I, s:I, s:s, s:o, s:o, s:I,"
                     " s:I, s:I, s:I, s:o, s:o, s:s?, s:s?}",
               "id", bill->id,
               "number", invoice->draft ? NULL : bill->number,
               "kind", bill->kind,
               "state", billing_invoice_state_name(state),
               "total", (json_int_t) invoice->total.minor,
               "tax", (json_int_t) invoice->tax.minor,
               "currency", billing_currency_code(invoice->total.currency),
               "issued_at", billing_instant_json(bill->issued_at),
               "due_at", billing_instant_json(bill->due_at),
               "paid", (json_int_t) invoice->paid.minor,
               "credited", (json_int_t) invoice->credited.minor,
               "refunded", (json_int_t) invoice->refunded.minor,
               "open", (json_int_t) (invoice->dropped || invoice->given_up
                   ? 0 : billing_invoice_open(invoice).minor),
               "payments", payments, "credit_notes", credits,
               "pdf", invoice->draft ? NULL : pdf,
               "receipt", !invoice->draft && invoice->paid.minor > 0
                          ? receipt : NULL);

    if (*out == NULL) {
        return BILLING_DB_CONFLICT;
    }

    rc = billing_bill_payments(w, bill->id, payments);

    if (rc == BILLING_DB_OK) {
        rc = billing_bill_credits(w, bill->id, credits);
    }

    if (rc != BILLING_DB_OK) {
        json_decref(*out);
        *out = NULL;
    }

    return rc;
}


static billing_db_rc_t
billing_bill_payments(billing_worker_t *w, const char *bill, json_t *list)
{
    static const char  sql[] =
        "SELECT id, method, reference, amount_minor, applied_minor,"
        " balance_minor, currency, paid_at FROM payment WHERE bill = $1"
        " ORDER BY at, id LIMIT 200";

    billing_db_t     *db;
    billing_db_rc_t   rc;

    db = w->db;
    rc = billing_db_query(db, sql, "t", bill);

    while (rc == BILLING_DB_ROW) {
        (void) json_array_append_new(list,
            json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:s, s:o}",
                "id", billing_db_text(db, sql, 0),
                "method", billing_db_text(db, sql, 1),
                "reference", billing_db_text(db, sql, 2),
                "amount", (json_int_t) billing_db_int(db, sql, 3),
                "applied", (json_int_t) billing_db_int(db, sql, 4),
                "to_balance", (json_int_t) billing_db_int(db, sql, 5),
                "currency", billing_db_text(db, sql, 6),
                "paid_at",
                billing_instant_json(billing_db_int(db, sql, 7))));

        rc = billing_db_next(db, sql);
    }

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}


static billing_db_rc_t
billing_bill_credits(billing_worker_t *w, const char *bill, json_t *list)
{
    static const char  sql[] =
        "SELECT number, reason, amount_minor, tax_minor, currency, issued_at"
        " FROM credit_note WHERE bill = $1 ORDER BY year, no LIMIT 200";

    char              pdf[BILLING_NUMBER_MAX + 32];
    billing_db_t     *db;
    billing_db_rc_t   rc;

    db = w->db;
    rc = billing_db_query(db, sql, "t", bill);

    while (rc == BILLING_DB_ROW) {
        (void) snprintf(pdf, sizeof(pdf), "/billing/credit-notes/%s.pdf",
                        billing_db_text(db, sql, 0));
        (void) json_array_append_new(list,
            json_pack("{s:s, s:s, s:s, s:I, s:I, s:s, s:o}",
                "number", billing_db_text(db, sql, 0), "pdf", pdf,
                "reason", billing_db_text(db, sql, 1),
                "amount", (json_int_t) billing_db_int(db, sql, 2),
                "tax", (json_int_t) billing_db_int(db, sql, 3),
                "currency", billing_db_text(db, sql, 4),
                "issued_at",
                billing_instant_json(billing_db_int(db, sql, 5))));

        rc = billing_db_next(db, sql);
    }

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}
