/* Questions about invoices: the list, one of them, the copy after payment. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "billing_business.h"


static billing_db_rc_t billing_invoices_list(billing_op_t *op,
    const char *team, json_t *list);
static billing_db_rc_t billing_invoice_whole(billing_op_t *op,
    const billing_bill_t *bill, json_t *invoice);
static billing_db_rc_t billing_invoice_text(billing_op_t *op,
    const billing_bill_t *bill, json_t **document);


billing_db_rc_t
billing_query_invoices(billing_op_t *op)
{
    json_t              *list;
    billing_db_rc_t      rc;
    billing_team_row_t   row;

    rc = billing_op_payer(op, BILLING_ACT_INVOICES, &row);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    list = json_array();
    rc = billing_invoices_list(op, row.id, list);

    if (rc != BILLING_DB_OK) {
        json_decref(list);
        return rc;
    }

    return billing_op_reply(op, 200, json_pack("{s:o}", "invoices", list));
}


/* The newest first: a draft is newer than what has a number. */

static billing_db_rc_t
billing_invoices_list(billing_op_t *op, const char *team, json_t *list)
{
    static const char  sql[] =
        "SELECT b.id FROM bill b LEFT JOIN invoice i ON i.number = b.number"
        " WHERE b.team = $1 AND b.ended <> 'dropped'"
        " ORDER BY CASE WHEN b.number = '' THEN 0 ELSE 1 END,"
        " b.issued_at DESC, i.no DESC, b.drafted_at DESC LIMIT 200";

    size_t           i;
    json_t          *ids, *invoice;
    billing_bill_t   bill;
    billing_db_rc_t  rc;

    ids = json_array();
    rc = billing_db_query(op->w->db, sql, "t", team);

    while (rc == BILLING_DB_ROW) {
        (void) json_array_append_new(ids,
                   json_string(billing_db_text(op->w->db, sql, 0)));
        rc = billing_db_next(op->w->db, sql);
    }

    rc = rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;

    for (i = 0; rc == BILLING_DB_OK && i < json_array_size(ids); i++) {
        rc = billing_bill_load(op->w,
                 json_string_value(json_array_get(ids, i)), &bill);

        if (rc == BILLING_DB_OK) {
            rc = billing_bill_json(op->w, &bill, &invoice);
        }

        if (rc == BILLING_DB_OK) {
            (void) json_array_append_new(list, invoice);
        }
    }

    json_decref(ids);

    return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
}


/* What it says, as issued; ?copy=1 with today's information once it is paid. */

billing_db_rc_t
billing_query_invoice(billing_op_t *op)
{
    json_t              *invoice;
    billing_bill_t       bill;
    billing_db_rc_t      rc;
    billing_team_row_t   row;

    rc = billing_op_payer(op, BILLING_ACT_INVOICES, &row);

    if (rc == BILLING_DB_OK) {
        rc = billing_op_bill(op, &row, billing_op_text(op, "number"), &bill);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (strcmp(billing_op_text(op, "copy"), "1") == 0
        && (bill.invoice.draft || bill.invoice.given_up
            || billing_invoice_open(&bill.invoice).minor > 0))
    {
        return billing_op_deny(op, BILLING_INVOICE_OPEN, NULL);
    }

    rc = billing_bill_json(op->w, &bill, &invoice);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    rc = billing_invoice_whole(op, &bill, invoice);

    if (rc != BILLING_DB_OK) {
        json_decref(invoice);
        return rc;
    }

    return billing_op_reply(op, 200, json_pack("{s:o}", "invoice", invoice));
}


static billing_db_rc_t
billing_invoice_whole(billing_op_t *op, const billing_bill_t *bill,
    json_t *invoice)
{
    json_t           *document;
    billing_db_rc_t   rc;

    rc = billing_invoice_text(op, bill, &document);

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;  /* a draft */
    }

    /* The document itself is what was sent; the copy says that it is one. */

    if (strcmp(billing_op_text(op, "copy"), "1") == 0) {
        billing_invoice_copy(op, bill, document);
        (void) json_object_set(document, "state",
                               json_object_get(invoice, "state"));
        (void) json_object_set_new(invoice, "copy", json_true());
    }

    return json_object_set_new(invoice, "document", document) == 0
           ? BILLING_DB_OK : BILLING_DB_UNMADE;
}


void
billing_invoice_copy(const billing_op_t *op, const billing_bill_t *bill,
    json_t *document)
{
    (void) json_object_set_new(document, "buyer",
               billing_buyer_json(op->w, bill->team));
    (void) json_object_set_new(document, "copy", json_true());
    (void) json_object_set_new(document, "copied_at",
               billing_instant_json(op->now));
    (void) json_object_set_new(document, "state", json_string("paid"));
    (void) json_object_del(document, "prev_hash");
}


static billing_db_rc_t
billing_invoice_text(billing_op_t *op, const billing_bill_t *bill,
    json_t **document)
{
    static const char  sql[] =
        "SELECT document FROM invoice WHERE checkout = $1";

    billing_db_rc_t  rc;

    *document = NULL;
    rc = billing_db_query(op->w->db, sql, "t", bill->id);

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    *document = json_loads(billing_db_text(op->w->db, sql, 0), 0, NULL);
    billing_db_done(op->w->db, sql);

    return *document == NULL ? BILLING_DB_CONFLICT : BILLING_DB_OK;
}
