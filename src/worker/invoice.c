/*
 * Invoices: numbered without a gap in the transaction that makes them, never
 * changed afterwards, each chained to the one before by its hash.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "billing_business.h"

/* What the making of one needs to know of it. */

typedef struct {
    const billing_invoice_order_t  *order;
    billing_number_t                number;
    billing_bill_t                  bill;
} billing_invoice_making_t;


static billing_db_rc_t billing_invoice_issued(billing_worker_t *w,
    const billing_invoice_making_t *m);
static billing_db_rc_t billing_invoice_write(billing_worker_t *w,
    const billing_invoice_making_t *m, json_t *document);
static json_t *billing_invoice_document(billing_worker_t *w,
    const billing_invoice_making_t *m);
static json_t *billing_invoice_buyer(billing_worker_t *w,
    const billing_bill_t *bill);
static json_t *billing_invoice_brief(const billing_invoice_order_t *order,
    const billing_bill_t *bill);
static json_t *billing_invoice_day(const json_t *invoice,
    const char *member);
static json_t *billing_invoice_ground(const billing_checkout_t *co);


billing_db_rc_t
billing_invoice_issue(billing_worker_t *w,
    const billing_invoice_order_t *order, json_t **out)
{
    static const char  last_sql[] =
        "SELECT issued_at, hash FROM invoice WHERE series = $1"
        " ORDER BY year DESC, no DESC LIMIT 1";

    json_t                    *document;
    billing_db_rc_t            rc;
    billing_invoice_making_t   m;

    *out = NULL;
    m.order = order;
    m.number.series = w->settings->invoice_series;
    m.number.issued_at = order->now;

    rc = billing_bill_load(w, order->checkout->id, &m.bill);

    if (rc == BILLING_DB_OK) {
        rc = billing_number_next(w, last_sql, &m.number);
    }

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    /* R131: from the day of issue, not from that of the purchase. */

    m.bill.due_at = billing_invoice_open(&m.bill.invoice).minor > 0
                    ? billing_invoice_due_at(m.number.issued_at) : 0;
    (void) snprintf(m.bill.number, sizeof(m.bill.number), "%s",
                    m.number.number);

    document = billing_invoice_document(w, &m);

    if (document == NULL) {
        return BILLING_DB_CONFLICT;
    }

    rc = billing_invoice_write(w, &m, document);
    json_decref(document);

    if (rc == BILLING_DB_OK) {
        rc = billing_invoice_issued(w, &m);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    *out = billing_invoice_brief(order, &m.bill);

    if (*out == NULL) {
        return BILLING_DB_CONFLICT;
    }

    rc = billing_event_emit(w, BILLING_EVENT_INVOICE_ISSUED, order->team->id,
                            json_pack("{s:O}", "invoice", *out));

    if (rc == BILLING_DB_OK && strcmp(order->state, "paid") == 0) {
        rc = billing_event_emit(w, BILLING_EVENT_INVOICE_PAID,
                                order->team->id,
                                json_pack("{s:O}", "invoice", *out));
    }

    if (rc != BILLING_DB_OK) {
        json_decref(*out);
        *out = NULL;
    }

    return rc;
}


static billing_db_rc_t
billing_invoice_issued(billing_worker_t *w, const billing_invoice_making_t *m)
{
    static const char  sql[] =
        "UPDATE bill SET number = $1, issued_at = $2, due_at = $3"
        " WHERE id = $4 AND number = ''";

    billing_db_rc_t  rc;

    rc = billing_db_exec(w->db, sql, "tiit", m->number.number,
                         m->number.issued_at, m->bill.due_at, m->bill.id);

    return rc == BILLING_DB_OK && billing_db_changes(w->db) != 1
           ? BILLING_DB_CONFLICT : rc;
}


static billing_db_rc_t
billing_invoice_write(billing_worker_t *w, const billing_invoice_making_t *m,
    json_t *document)
{
    static const char  sql[] =
        "INSERT INTO invoice (number, series, year, no, team, checkout,"
        " payer, issued_at, document, hash, prev_hash)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

    char              hash[BILLING_HASH_LEN + 1];
    char             *text;
    billing_db_rc_t   rc;

    text = billing_document_seal(document, &m->number, hash);

    if (text == NULL) {
        return BILLING_DB_CONFLICT;
    }

    rc = billing_db_later(w->db, sql, "ttiitttittt", m->number.number,
                          m->number.series, (int64_t) m->number.year,
                          m->number.no, m->order->team->id,
                          m->order->checkout->id, m->order->checkout->actor,
                          m->number.issued_at, text, hash,
                          m->number.prev_hash);

    if (rc == BILLING_DB_OK) {
        rc = billing_print_later(w, m->number.number);
    }

    free(text);

    return rc;
}


static json_t *
billing_invoice_document(billing_worker_t *w,
    const billing_invoice_making_t *m)
{
    json_t                          *document;
    const billing_checkout_t        *co;
    const billing_invoice_order_t   *order;

    order = m->order;
    co = order->checkout;

    document = billing_quote_json(&co->quote, order->team->id, co->lang);

    if (document == NULL
        || json_object_update_new(document, billing_invoice_ground(co)) != 0
        || json_object_update_new(document,
               json_pack("{s:s, s:s, s:s, s:o, s:o, s:s, s:o, s:o, s:o, s:o,"
                         " s:s, s:s, s:s, s:s, s:s, s:o, s:o}",
                   "number", m->number.number,
                   "kind", m->bill.kind,
                   "state", order->state,
                   "issued_at", billing_instant_json(m->number.issued_at),
                   "due_at", billing_instant_json(m->bill.due_at),
                   "lang", billing_lang_name(co->lang),
                   "issue_date", billing_zone_json(m->number.issued_at),
                   "due_date", billing_zone_json(m->bill.due_at),
                   "service_from",
                   billing_zone_json(co->quote.span.start_at),
                   "service_to", billing_zone_json(co->quote.span.end_at),
                   "team_name", order->team->name,
                   "payer", co->actor,
                   "checkout", co->id,
                   "card_brand", co->card_brand,
                   "card_last4", co->card_last4,
                   "buyer", billing_invoice_buyer(w, &m->bill),
                   "seller", billing_seller_json(w->settings))) != 0)
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


/* What was entered for this draft alone, else the team's own (R133). */

static json_t *
billing_invoice_buyer(billing_worker_t *w, const billing_bill_t *bill)
{
    static const char  sql[] = "SELECT information FROM bill WHERE id = $1";

    json_t  *buyer;

    buyer = NULL;

    if (billing_db_query(w->db, sql, "t", bill->id) == BILLING_DB_ROW) {
        buyer = json_loads(billing_db_text(w->db, sql, 0),
                           JSON_REJECT_DUPLICATES, NULL);
        billing_db_done(w->db, sql);
    }

    return buyer == NULL ? billing_buyer_json(w, bill->team) : buyer;
}


static json_t *
billing_invoice_brief(const billing_invoice_order_t *order,
    const billing_bill_t *bill)
{
    char                    pdf[BILLING_NUMBER_MAX + 32];
    bool                    draft;
    const billing_quote_t  *quote;

    draft = bill->number[0] == '\0';
    quote = &order->checkout->quote;

    (void) snprintf(pdf, sizeof(pdf), "/billing/invoices/%s.pdf",
                    bill->number);

    return json_pack("{s:s, s:s?, s:s, s:I, s:I, s:s, s:o, s:s?}",
               "id", bill->id, "number", draft ? NULL : bill->number,
               "state", order->state,
               "total", (json_int_t) quote->total.minor,
               "tax", (json_int_t) quote->tax.minor,
               "currency", billing_currency_code(quote->total.currency),
               "due_at", billing_instant_json(bill->due_at),
               "pdf", draft ? NULL : pdf);
}


/* R132: a draft for up to an hour, then final. */

billing_db_rc_t
billing_invoice_draft(billing_worker_t *w,
    const billing_invoice_order_t *order, json_t **out)
{
    static const char  sql[] =
        "INSERT INTO invoice_draft (checkout, team, email, finalise_at)"
        " VALUES ($1, $2, $3, $4)";

    billing_bill_t   bill;
    billing_db_rc_t  rc;

    rc = billing_db_exec(w->db, sql, "ttti", order->checkout->id,
                         order->team->id, order->checkout->email,
                         order->now + BILLING_DRAFT_SEC);

    if (rc == BILLING_DB_OK) {
        rc = billing_bill_load(w, order->checkout->id, &bill);
    }

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    *out = billing_invoice_brief(order, &bill);

    return *out == NULL ? BILLING_DB_CONFLICT : BILLING_DB_OK;
}


billing_db_rc_t
billing_receipt_mail(billing_worker_t *w,
    const billing_invoice_order_t *order, const json_t *invoice)
{
    char                       plan[32];
    json_t                    *args, *link;
    billing_db_rc_t            rc;
    const char                *key;
    const billing_checkout_t  *co;

    co = order->checkout;
    key = strcmp(order->state, "paid") == 0
          ? billing_purpose_of(co->purpose)->mail : "mail.invoice";

    (void) snprintf(plan, sizeof(plan), "plan.%s",
                    billing_plan_name(co->quote.plan));

    args = json_pack("{s:s, s:s, s:s, s:O, s:O, s:o*, s:o, s:s, s:s, s:o}",
               "team", order->team->id, "team_name", order->team->name,
               "plan", billing_text(plan, co->lang),
               "number", json_object_get(invoice, "number"),
               "pdf", json_object_get(invoice, "pdf"),
               "due", billing_invoice_day(invoice, "due_at"),
               "total", billing_amount_json(co->quote.total),
               "public_url", w->settings->public_url,
               "last4", co->card_last4,
               "until",
               billing_day_json(billing_zone_day(co->quote.span.end_at)));

    if (args == NULL) {
        return BILLING_DB_CONFLICT;
    }

    if (strcmp(key, "mail.invoice") == 0) {
        rc = billing_link_json(w, co->id, order->now, &link);

        if (rc != BILLING_DB_OK) {
            json_decref(args);
            return rc;
        }

        (void) json_object_set_new(args, "link", link);
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


static json_t *
billing_invoice_day(const json_t *invoice, const char *member)
{
    bool         day;
    int64_t      at;
    const char  *text = json_string_value(json_object_get(invoice, member));

    return text != NULL
           && billing_instant_parse(text, strlen(text), &at, &day)
              == BILLING_OK
           ? billing_day_json(billing_zone_day(at)) : NULL;
}


/*
 * The test clock jumps over weeks: then it was made on its own day.  A worker
 * that was away makes it today, and does not pretend.
 */

billing_db_rc_t
billing_invoice_sweep(billing_worker_t *w, int64_t now, int64_t *next_at)
{
    billing_rows_t  rows = {
        .sql = "SELECT checkout, finalise_at FROM invoice_draft"
               " WHERE finalised = 0 AND finalise_at <= $1"
               " ORDER BY finalise_at LIMIT 256",
        .next_sql = "SELECT MIN(finalise_at) FROM invoice_draft"
                    " WHERE finalised = 0",
        .run = billing_invoice_finalise,
        .own_day = w->settings->demo,
        .push_sql = "UPDATE invoice_draft SET finalise_at = $1"
                    " WHERE checkout = $2",
        .push_sec = BILLING_RETRY_WINDOW_SEC
    };

    return billing_sweep_rows(w, &rows, now, next_at);
}


/* The day it is due is counted from now on: the team is told of it. */

billing_db_rc_t
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

    if (rc == BILLING_DB_OK) {
        rc = billing_db_exec(w->db, sql, "t", checkout);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_bills_owed(w, &row);
    }

    return rc == BILLING_DB_OK ? billing_team_store(w, &row) : rc;
}
