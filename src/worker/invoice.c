/*
 * Invoices: numbered without a gap in the transaction that makes them, never
 * changed afterwards, each chained to the one before by its hash.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "billing_business.h"

#define BILLING_NUMBER_MAX  64
#define BILLING_HASH_LEN    64


typedef struct {
    char     number[BILLING_NUMBER_MAX];
    int32_t  year;
    int64_t  no;
    int64_t  issued_at;
    char     prev_hash[BILLING_HASH_LEN + 1];
} billing_invoice_number_t;


static billing_db_rc_t billing_invoice_number(billing_worker_t *w,
    int64_t now, billing_invoice_number_t *out);
static billing_db_rc_t billing_invoice_last(billing_worker_t *w,
    billing_invoice_number_t *out);
static billing_db_rc_t billing_invoice_write(billing_worker_t *w,
    const billing_invoice_order_t *order,
    const billing_invoice_number_t *number, json_t *document);
static json_t *billing_invoice_document(billing_worker_t *w,
    const billing_invoice_order_t *order,
    const billing_invoice_number_t *number);
static json_t *billing_invoice_brief(const billing_invoice_order_t *order,
    const char *number);
static json_t *billing_invoice_ground(const billing_checkout_t *co);
static json_t *billing_invoice_buyer(billing_worker_t *w, const char *team);
static billing_db_rc_t billing_invoice_finalise(billing_worker_t *w,
    const char *checkout, int64_t now);


billing_db_rc_t
billing_invoice_issue(billing_worker_t *w,
    const billing_invoice_order_t *order, json_t **out)
{
    json_t                    *document;
    billing_db_rc_t            rc;
    billing_invoice_number_t   number;

    *out = NULL;

    rc = billing_invoice_number(w, order->now, &number);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    document = billing_invoice_document(w, order, &number);

    if (document == NULL) {
        return BILLING_DB_CONFLICT;
    }

    rc = billing_invoice_write(w, order, &number, document);
    json_decref(document);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    *out = billing_invoice_brief(order, number.number);

    return *out == NULL ? BILLING_DB_CONFLICT : BILLING_DB_OK;
}


/* The next number; the date of a series never goes back (P39). */

static billing_db_rc_t
billing_invoice_number(billing_worker_t *w, int64_t now,
    billing_invoice_number_t *out)
{
    static const char  open_sql[] =
        "INSERT INTO invoice_series (series, year) VALUES ($1, $2)"
        " ON CONFLICT (series, year) DO NOTHING";
    static const char  sql[] =
        "UPDATE invoice_series SET last_no = last_no + 1, last_at = $1"
        " WHERE series = $2 AND year = $3 RETURNING last_no";

    const char       *series;
    billing_db_rc_t   rc;

    memset(out, 0, sizeof(*out));
    out->issued_at = now;

    rc = billing_invoice_last(w, out);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    series = w->settings->invoice_series;
    out->year = billing_date_of(out->issued_at).year;

    rc = billing_db_exec(w->db, open_sql, "ti", series, (int64_t) out->year);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    rc = billing_db_query(w->db, sql, "iti", out->issued_at, series,
                          (int64_t) out->year);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    out->no = billing_db_int(w->db, sql, 0);

    /* Stepped to its end: an engine may finish the update only there. */

    rc = billing_db_next(w->db, sql);
    billing_db_done(w->db, sql);

    if (rc != BILLING_DB_DONE) {
        return rc == BILLING_DB_ROW ? BILLING_DB_CONFLICT : rc;
    }

    (void) snprintf(out->number, sizeof(out->number), "%s-%04d-%06lld",
                    series, (int) out->year, (long long) out->no);

    return BILLING_DB_OK;
}


static billing_db_rc_t
billing_invoice_last(billing_worker_t *w, billing_invoice_number_t *out)
{
    static const char  sql[] =
        "SELECT issued_at, hash FROM invoice WHERE series = $1"
        " ORDER BY year DESC, no DESC LIMIT 1";

    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "t", w->settings->invoice_series);

    if (rc == BILLING_DB_DONE) {
        return BILLING_DB_OK;
    }

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    if (billing_db_int(w->db, sql, 0) > out->issued_at) {
        out->issued_at = billing_db_int(w->db, sql, 0);
    }

    (void) snprintf(out->prev_hash, sizeof(out->prev_hash), "%s",
                    billing_db_text(w->db, sql, 1));
    billing_db_done(w->db, sql);

    return BILLING_DB_OK;
}


static billing_db_rc_t
billing_invoice_write(billing_worker_t *w,
    const billing_invoice_order_t *order,
    const billing_invoice_number_t *number, json_t *document)
{
    static const char  sql[] =
        "INSERT INTO invoice (number, series, year, no, team, checkout,"
        " payer, issued_at, document, hash, prev_hash)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', '', '')";
    static const char  seal_sql[] =
        "UPDATE invoice SET document = $1, hash = $2, prev_hash = $3"
        " WHERE number = $4 AND hash = ''";

    char              hash[BILLING_HASH_LEN + 1];
    char             *text;
    billing_db_rc_t   rc;

    if (json_object_set_new(document, "prev_hash",
                            json_string(number->prev_hash)) != 0)
    {
        return BILLING_DB_CONFLICT;
    }

    text = billing_body_canonical(document, hash);

    if (text == NULL) {
        return BILLING_DB_CONFLICT;
    }

    rc = billing_db_exec(w->db, sql, "ttiittti", number->number,
                         w->settings->invoice_series, (int64_t) number->year,
                         number->no, order->team->id, order->checkout->id,
                         order->checkout->actor, number->issued_at);

    if (rc == BILLING_DB_OK) {
        rc = billing_db_exec(w->db, seal_sql, "tttt", text, hash,
                             number->prev_hash, number->number);
    }

    free(text);

    return rc;
}


static json_t *
billing_invoice_document(billing_worker_t *w,
    const billing_invoice_order_t *order,
    const billing_invoice_number_t *number)
{
    json_t                      *document;
    const billing_checkout_t    *co;
    const billing_settings_t    *settings;

    co = order->checkout;
    settings = w->settings;

    document = billing_quote_json(&co->quote, order->team->id, co->lang);

    if (document == NULL
        || json_object_update_new(document, billing_invoice_ground(co)) != 0
        || json_object_update_new(document,
               json_pack("{s:s, s:s, s:o, s:o, s:s, s:s, s:s, s:o,"
                         " s:{s:s, s:s, s:s, s:s}}",
                   "number", number->number,
                   "state", order->state,
                   "issued_at", billing_instant_json(number->issued_at),
                   "due_at",
                   billing_instant_json(order->team->invoice_due_at),
                   "team_name", order->team->name,
                   "payer", co->actor,
                   "checkout", co->id,
                   "buyer", billing_invoice_buyer(w, order->team->id),
                   "seller", "name", settings->seller_name,
                       "address", settings->seller_address,
                       "country", settings->seller_country,
                       "vat_id", settings->seller_vat_id)) != 0)
    {
        json_decref(document);
        return NULL;
    }

    return document;
}


/* What the lines rest on, as it was when they were priced. */

static json_t *
billing_invoice_ground(const billing_checkout_t *co)
{
    const billing_ground_t  *ground;

    ground = &co->quote.ground;

    return json_pack("{s:s, s:o, s:{s:s, s:s, s:s, s:s, s:s, s:s, s:b}}",
               "purpose", billing_purpose_of(co->purpose)->word,
               "priced_at", billing_instant_json(co->started_at),
               "ground", "catalogue", ground->catalogue,
                   "basis", billing_basis_name(ground->basis),
                   "rounding", billing_rounding_name(ground->rounding),
                   "tax_why", billing_tax_why_name(ground->tax_why),
                   "tax_country", ground->tax_country,
                   "promo", co->promo,
                   "promo_spent", (int) co->quote.promo_spent);
}


static json_t *
billing_invoice_buyer(billing_worker_t *w, const char *team)
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


static json_t *
billing_invoice_brief(const billing_invoice_order_t *order,
    const char *number)
{
    char                    pdf[BILLING_NUMBER_MAX + 32];
    const billing_quote_t  *quote;

    quote = &order->checkout->quote;

    if (number != NULL) {
        (void) snprintf(pdf, sizeof(pdf), "/billing/invoices/%s.pdf",
                        number);
    }

    return json_pack("{s:s?, s:s, s:I, s:I, s:s, s:o, s:s?}",
               "number", number, "state", order->state,
               "total", (json_int_t) quote->total.minor,
               "tax", (json_int_t) quote->tax.minor,
               "currency", billing_currency_code(quote->total.currency),
               "due_at", billing_instant_json(order->team->invoice_due_at),
               "pdf", number == NULL ? NULL : pdf);
}


/* R132: a draft for up to an hour, then final. */

billing_db_rc_t
billing_invoice_draft(billing_worker_t *w,
    const billing_invoice_order_t *order, json_t **out)
{
    static const char  sql[] =
        "INSERT INTO invoice_draft (checkout, team, email, finalise_at)"
        " VALUES ($1, $2, $3, $4)";

    billing_db_rc_t  rc;

    rc = billing_db_exec(w->db, sql, "ttti", order->checkout->id,
                         order->team->id, order->checkout->email,
                         order->now + BILLING_DRAFT_SEC);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    *out = billing_invoice_brief(order, NULL);

    return *out == NULL ? BILLING_DB_CONFLICT : BILLING_DB_OK;
}


billing_db_rc_t
billing_receipt_mail(billing_worker_t *w,
    const billing_invoice_order_t *order, const json_t *invoice)
{
    char                       plan[32], total[BILLING_AMOUNT_MAX];
    char                       until[BILLING_INSTANT_LEN + 1];
    json_t                    *args;
    billing_db_rc_t            rc;
    const char                *key;
    const billing_checkout_t  *co;

    co = order->checkout;
    key = strcmp(order->state, "paid") == 0
          ? billing_purpose_of(co->purpose)->mail : "mail.invoice";

    (void) snprintf(plan, sizeof(plan), "plan.%s",
                    billing_plan_name(co->quote.plan));
    billing_amount_text(co->quote.total, total);
    billing_instant_format(co->quote.span.end_at, until);
    until[BILLING_DAY_LEN] = '\0';

    args = json_pack("{s:s, s:s, s:s, s:O, s:O, s:O, s:s, s:s, s:s, s:s,"
                     " s:s}",
               "team", order->team->id, "team_name", order->team->name,
               "plan", billing_text(plan, co->lang),
               "number", json_object_get(invoice, "number"),
               "pdf", json_object_get(invoice, "pdf"),
               "due", json_object_get(invoice, "due_at"),
               "total", total, "currency",
               billing_currency_code(co->quote.total.currency),
               "public_url", w->settings->public_url,
               "last4", co->card_last4, "until", until);

    if (args == NULL) {
        return BILLING_DB_CONFLICT;
    }

    /* The first receipt is the payer's (section 8 point 35). */

    rc = billing_mail_queue(w, strcmp(order->state, "paid") == 0
                            && co->purpose == BILLING_PURPOSE_PURCHASE
                            ? co->actor : order->team->billing_email,
                            key, billing_lang_name(co->lang), args,
                            order->now);
    json_decref(args);

    return rc;
}


/* "123.45": digits only, the currency stands beside it. */

void
billing_amount_text(billing_money_t amount, char out[BILLING_AMOUNT_MAX])
{
    int       digits;
    int64_t   unit;
    unsigned  i;

    unit = 1;
    digits = (int) billing_currency_exponent(amount.currency);

    for (i = 0; i < (unsigned) digits; i++) {
        unit *= 10;
    }

    if (digits == 0) {
        (void) snprintf(out, BILLING_AMOUNT_MAX, "%lld",
                        (long long) amount.minor);
        return;
    }

    (void) snprintf(out, BILLING_AMOUNT_MAX, "%lld.%0*lld",
                    (long long) (amount.minor / unit), digits,
                    (long long) (amount.minor % unit));
}


billing_db_rc_t
billing_invoice_sweep(billing_worker_t *w, int64_t now, int64_t *next_at)
{
    static const char  sql[] =
        "SELECT checkout, finalise_at FROM invoice_draft"
        " WHERE finalised = 0 ORDER BY finalise_at LIMIT 1";
    static const char  push_sql[] =
        "UPDATE invoice_draft SET finalise_at = $1 WHERE checkout = $2";

    char             checkout[BILLING_OP_ID_LEN + 1];
    int              i;
    int64_t          due_at;
    billing_db_rc_t  rc;

    for (i = 0; i < BILLING_SWEEP_MAX; i++) {
        rc = billing_db_query(w->db, sql, "");

        if (rc == BILLING_DB_DONE) {
            return BILLING_DB_OK;
        }

        if (rc != BILLING_DB_ROW) {
            return rc;
        }

        (void) snprintf(checkout, sizeof(checkout), "%s",
                        billing_db_text(w->db, sql, 0));
        due_at = billing_db_int(w->db, sql, 1);
        billing_db_done(w->db, sql);

        if (due_at > now) {
            *next_at = due_at < *next_at ? due_at : *next_at;
            return BILLING_DB_OK;
        }

        rc = billing_savepoint_row(w, billing_invoice_finalise, checkout,
                                   now);

        /* One that cannot be made must not stop the others. */

        if (rc == BILLING_DB_CONFLICT) {
            rc = billing_db_exec(w->db, push_sql, "it",
                                 now + BILLING_RETRY_WINDOW_SEC, checkout);
        }

        if (rc != BILLING_DB_OK) {
            return rc;
        }
    }

    *next_at = now;

    return BILLING_DB_OK;
}


static billing_db_rc_t
billing_invoice_finalise(billing_worker_t *w, const char *checkout,
    int64_t now)
{
    static const char  sql[] =
        "UPDATE invoice_draft SET finalised = 1 WHERE checkout = $1";

    json_t                   *invoice;
    billing_db_rc_t           rc;
    billing_checkout_t        co;
    billing_team_row_t        row;
    billing_invoice_order_t   order;

    rc = billing_checkout_load(w, checkout, &co);

    if (rc == BILLING_DB_OK) {
        rc = billing_team_load(w, co.team, &row);
    }

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    order = (billing_invoice_order_t) {
        .team = &row, .checkout = &co, .state = "open", .now = now
    };

    rc = billing_invoice_issue(w, &order, &invoice);

    if (rc == BILLING_DB_OK) {
        rc = billing_receipt_mail(w, &order, invoice);
        json_decref(invoice);
    }

    return rc == BILLING_DB_OK ? billing_db_exec(w->db, sql, "t", checkout)
                               : rc;
}
