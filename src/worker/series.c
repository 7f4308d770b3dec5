/*
 * Numbers of documents, without a gap: taken in the transaction that makes
 * the document, each chained to the one before by its hash.
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


static billing_db_rc_t billing_number_last(billing_worker_t *w,
    const char *last_sql, billing_number_t *number);


/* The date of a series never goes back (P39). */

billing_db_rc_t
billing_number_next(billing_worker_t *w, const char *last_sql,
    billing_number_t *number)
{
    static const char  sql[] =
        "INSERT INTO invoice_series (series, year, last_no, last_at)"
        " VALUES ($1, $2, 1, $3) ON CONFLICT (series, year) DO UPDATE SET"
        " last_no = invoice_series.last_no + 1, last_at = excluded.last_at"
        " RETURNING last_no";

    billing_db_rc_t  rc;

    rc = billing_number_last(w, last_sql, number);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    number->year = billing_zone_day(number->issued_at).year;

    rc = billing_db_query(w->db, sql, "tii", number->series,
                          (int64_t) number->year, number->issued_at);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    number->no = billing_db_int(w->db, sql, 0);

    /* Stepped to its end: an engine may finish the update only there. */

    rc = billing_db_next(w->db, sql);
    billing_db_done(w->db, sql);

    if (rc != BILLING_DB_DONE) {
        return rc == BILLING_DB_ROW ? BILLING_DB_CONFLICT : rc;
    }

    (void) snprintf(number->number, sizeof(number->number), "%s-%04d-%06lld",
                    number->series, (int) number->year,
                    (long long) number->no);

    return BILLING_DB_OK;
}


static billing_db_rc_t
billing_number_last(billing_worker_t *w, const char *last_sql,
    billing_number_t *number)
{
    billing_db_rc_t  rc;

    number->prev_hash[0] = '\0';
    rc = billing_db_query(w->db, last_sql, "t", number->series);

    if (rc == BILLING_DB_DONE) {
        return BILLING_DB_OK;
    }

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    if (billing_db_int(w->db, last_sql, 0) > number->issued_at) {
        number->issued_at = billing_db_int(w->db, last_sql, 0);
    }

    (void) snprintf(number->prev_hash, sizeof(number->prev_hash), "%s",
                    billing_db_text(w->db, last_sql, 1));
    billing_db_done(w->db, last_sql);

    return BILLING_DB_OK;
}


char *
billing_document_seal(json_t *document, const billing_number_t *number,
    char hash[BILLING_HASH_LEN + 1])
{
    if (json_object_set_new(document, "prev_hash",
                            json_string(number->prev_hash)) != 0)
    {
        return NULL;
    }

    return billing_body_canonical(document, hash);
}


json_t *
billing_seller_json(const billing_settings_t *settings)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:i}",
               "name", settings->seller_name,
               "address", settings->seller_address,
               "country", settings->seller_country,
               "vat_id", settings->seller_vat_id,
               "legal_form", settings->seller_form,
               "capital", settings->seller_capital,
               "siren", settings->seller_siren,
               "rcs", settings->seller_rcs,
               "vat_on_debits", (int) settings->seller_vat_on_debits,
               "late_penalty", (int) settings->late_penalty_permyriad);
}


json_t *
billing_buyer_json(billing_worker_t *w, const char *team)
{
    static const char  sql[] = "SELECT information FROM team WHERE id = $1";

    json_t  *buyer;

    buyer = NULL;

    if (billing_db_query(w->db, sql, "t", team) == BILLING_DB_ROW) {
        buyer = json_loads(billing_db_text(w->db, sql, 0),
                           JSON_REJECT_DUPLICATES, NULL);
        billing_db_done(w->db, sql);
    }

    return buyer == NULL ? json_object() : buyer;
}
