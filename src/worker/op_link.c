/*
 * A link that pays one invoice: who holds it needs no login, sees what is to
 * be paid and nothing else, and may bring any card (R135, section 3 row 25).
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "billing_business.h"

/* What a reminder and the days of grace need, and then some. */
#define BILLING_LINK_SEC  (90 * 86400)


static billing_db_rc_t billing_link_find(billing_worker_t *w,
    const char *bill, char id[BILLING_ID_MAX + 1]);
static billing_db_rc_t billing_link_new(billing_worker_t *w,
    const char *bill, int64_t now, char id[BILLING_ID_MAX + 1]);
static billing_db_rc_t billing_link_enter(billing_op_t *op,
    billing_bill_t *bill, billing_team_row_t *row);


/* The address with the id between its marks, for a mail's text. */

billing_db_rc_t
billing_link_json(billing_worker_t *w, const char *bill, int64_t now,
    json_t **out)
{
    char             id[BILLING_ID_MAX + 1];
    char             text[BILLING_ID_MAX + 320];
    billing_db_rc_t  rc;

    *out = NULL;
    rc = billing_link_find(w, bill, id);

    if (rc == BILLING_DB_DONE) {
        rc = billing_link_new(w, bill, now, id);
    }

    if (rc == BILLING_DB_OK) {
        (void) snprintf(text, sizeof(text), "%s/billing/pay#\x01%s\x01",
                        w->settings->public_url, id);
        *out = json_string(text);
    }

    return rc;
}


static billing_db_rc_t
billing_link_find(billing_worker_t *w, const char *bill,
    char id[BILLING_ID_MAX + 1])
{
    static const char  sql[] =
        "SELECT id FROM invoice_link WHERE bill = $1 ORDER BY id LIMIT 1";

    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "t", bill);

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    (void) snprintf(id, BILLING_ID_MAX + 1, "%s",
                    billing_db_text(w->db, sql, 0));
    billing_db_done(w->db, sql);

    return BILLING_DB_OK;
}


static billing_db_rc_t
billing_link_new(billing_worker_t *w, const char *bill, int64_t now,
    char id[BILLING_ID_MAX + 1])
{
    static const char  sql[] =
        "INSERT INTO invoice_link (id, bill, digest, expires_at, created_at)"
        " VALUES ($1, $2, $3, $4, $5)";

    char             token[BILLING_INVITATION_LEN + 1];
    char             digest[BILLING_INVITATION_DIGEST_LEN + 1];
    billing_db_rc_t  rc;

    rc = billing_id_new('l', id);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (billing_invitation_token(&w->secrets[0], id, token) != BILLING_OK
        || billing_invitation_digest(token, digest) != BILLING_OK)
    {
        return BILLING_DB_UNMADE;
    }

    return billing_db_exec(w->db, sql, "tttii", id, bill, digest,
                           now + BILLING_LINK_SEC, now);
}


billing_db_rc_t
billing_link_by_token(billing_worker_t *w, const char *token,
    billing_pay_link_t *out)
{
    static const char  sql[] =
        "SELECT id, bill, expires_at FROM invoice_link WHERE digest = $1";

    char             digest[BILLING_INVITATION_DIGEST_LEN + 1];
    billing_db_rc_t  rc;

    if (billing_invitation_digest(token, digest) != BILLING_OK) {
        return BILLING_DB_UNMADE;
    }

    rc = billing_db_query(w->db, sql, "t", digest);

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    (void) snprintf(out->id, sizeof(out->id), "%s",
                    billing_db_text(w->db, sql, 0));
    (void) snprintf(out->bill, sizeof(out->bill), "%s",
                    billing_db_text(w->db, sql, 1));
    out->expires_at = billing_db_int(w->db, sql, 2);
    billing_db_done(w->db, sql);

    return BILLING_DB_OK;
}


/* --- operations ----------------------------------------------------------- */


/* A token that is wrong and one that is over are told the same. */

static billing_db_rc_t
billing_link_enter(billing_op_t *op, billing_bill_t *bill,
    billing_team_row_t *row)
{
    billing_db_rc_t  rc;
    billing_pay_link_t   link;

    rc = billing_link_by_token(op->w, billing_op_text(op, "token"), &link);

    if (rc == BILLING_DB_DONE
        || (rc == BILLING_DB_OK && link.expires_at <= op->now))
    {
        return billing_op_deny(op, BILLING_INVOICE_NOT_FOUND, NULL);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_bill_load(op->w, link.bill, bill);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_team_load(op->w, bill->team, row);
    }

    return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
}


/* Number and amounts: not whose team it is, nor who is in it. */

billing_db_rc_t
billing_query_link(billing_op_t *op)
{
    billing_bill_t       bill;
    billing_db_rc_t      rc;
    billing_team_row_t   row;

    rc = billing_link_enter(op, &bill, &row);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    return billing_op_reply(op, 200,
               json_pack("{s:{s:s, s:s, s:I, s:I, s:s, s:o, s:s}}", "invoice",
                   "number", bill.number, "state",
                   billing_invoice_state_name(
                       billing_invoice_state(&bill.invoice)),
                   "total", (json_int_t) bill.invoice.total.minor,
                   "open", (json_int_t)
                       billing_invoice_open(&bill.invoice).minor,
                   "currency",
                   billing_currency_code(bill.invoice.total.currency),
                   "due_at", billing_instant_json(bill.due_at),
                   "seller", op->w->settings->seller_name));
}


billing_db_rc_t
billing_op_link_card(billing_op_t *op)
{
    billing_bill_t       bill;
    billing_db_rc_t      rc;
    billing_team_row_t   row;

    rc = billing_link_enter(op, &bill, &row);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (billing_invoice_state(&bill.invoice) != BILLING_INVOICE_STATE_OPEN) {
        return billing_op_deny(op, BILLING_INVOICE_NOT_OPEN, NULL);
    }

    return billing_card_begin(op, &row, row.payer);
}


/* The card's money is the payer's team's: whose card it is, is not asked. */

billing_db_rc_t
billing_op_link_pay(billing_op_t *op)
{
    billing_bill_t       bill;
    billing_db_rc_t      rc;
    billing_team_row_t   row;

    rc = billing_checkout_replay(op);

    if (rc != BILLING_DB_OK || op->reply->later) {
        return rc;
    }

    /* Never the team's own card: that is for who has billing rights. */

    if (billing_op_text(op, "payment_method")[0] == '\0') {
        return billing_op_deny(op, BILLING_CARD_MISSING, NULL);
    }

    rc = billing_link_enter(op, &bill, &row);

    return rc == BILLING_DB_OK
           ? billing_invoice_by_card(op, &row, &bill, row.payer) : rc;
}
