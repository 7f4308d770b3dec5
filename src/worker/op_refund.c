/*
 * Refunds: asked for by who may (R192), never for added licences (R193).
 * Deciding on them is op_refund_decide.c.
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


static billing_db_rc_t billing_refund_pending(billing_op_t *op,
    const billing_bill_t *bill);
static billing_db_rc_t billing_refund_write(billing_op_t *op,
    billing_refund_row_t *refund);
static json_t *billing_refund_json(billing_db_t *db, const char *sql);


#define BILLING_REFUND_SELECT                                                 \
    "SELECT r.id, r.team, b.number, r.amount_minor, r.currency, r.state,"     \
    " r.reason, r.note, r.actor, r.credit_note, r.money, r.created_at,"       \
    " r.decided_at, r.returned_at FROM refund r JOIN bill b ON b.id = r.bill"


billing_db_rc_t
billing_op_refund(billing_op_t *op)
{
    billing_db_rc_t        rc;
    billing_refund_t       allowed;
    billing_reason_t       reason;
    billing_team_row_t     row;
    billing_refund_row_t   refund;

    rc = billing_op_payer(op, BILLING_ACT_REFUND_REQUEST, &row);

    if (rc == BILLING_DB_OK) {
        rc = billing_op_bill(op, &row, billing_op_text(op, "invoice"),
                             &refund.bill);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    refund.amount = (billing_money_t) {
        billing_op_int(op, "amount", 0), refund.bill.invoice.total.currency
    };

    reason = billing_refund_of(&refund.bill, &refund.amount, &allowed);

    if (reason != BILLING_ALLOW) {
        return billing_refund_deny(op, &allowed, reason);
    }

    refund.amount = allowed.asked;
    rc = billing_refund_pending(op, &refund.bill);

    if (rc == BILLING_DB_OK) {
        rc = billing_refund_write(op, &refund);
    }

    return rc == BILLING_DB_OK ? billing_refund_answer(op, refund.id, 201, NULL)
                               : rc;
}


/* No amount is all that may be asked for. */

billing_reason_t
billing_refund_of(const billing_bill_t *bill, const billing_money_t *asked,
    billing_refund_t *refund)
{
    *refund = (billing_refund_t) {
        .extra_seats = bill->seats.minor > 0
                       && bill->seats.minor >= bill->invoice.total.minor,
        .captured = bill->invoice.paid, .refunded = bill->invoice.refunded,
        .seats = bill->seats, .asked = *asked
    };

    if (asked->minor == 0) {
        refund->asked = billing_refund_rest(refund);
    }

    return billing_refund_allowed(refund);
}


billing_db_rc_t
billing_refund_deny(billing_op_t *op, const billing_refund_t *refund,
    billing_reason_t reason)
{
    char             max[BILLING_AMOUNT_MAX];
    billing_money_t  rest;

    rest = billing_refund_rest(refund);
    billing_amount_text(rest, op->lang, max);

    return billing_op_deny(op, reason,
               json_pack("{s:s, s:I, s:s}", "max", max,
                   "max_amount", (json_int_t) rest.minor,
                   "currency", billing_currency_code(rest.currency)));
}


static billing_db_rc_t
billing_refund_pending(billing_op_t *op, const billing_bill_t *bill)
{
    static const char  sql[] =
        "SELECT 1 FROM refund WHERE bill = $1 AND state = 'open'";

    billing_db_rc_t  rc;

    rc = billing_db_query(op->w->db, sql, "t", bill->id);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
    }

    billing_db_done(op->w->db, sql);

    return billing_op_deny(op, BILLING_REFUND_PENDING, NULL);
}


static billing_db_rc_t
billing_refund_write(billing_op_t *op, billing_refund_row_t *refund)
{
    static const char  sql[] =
        "INSERT INTO refund (id, team, bill, actor, reason, state,"
        " amount_minor, currency, created_at)"
        " VALUES ($1, $2, $3, $4, $5, 'open', $6, $7, $8)";

    billing_db_rc_t  rc;

    rc = billing_id_new('r', refund->id);

    return rc == BILLING_DB_OK
           ? billing_db_exec(op->w->db, sql, "tttttiti", refund->id,
                 refund->bill.team, refund->bill.id, op->command->actor,
                 billing_op_text(op, "reason"), refund->amount.minor,
                 billing_currency_code(refund->amount.currency), op->now)
           : rc;
}


/* 201 to who asked, else 200; 202 while it waits for a second person. */

billing_db_rc_t
billing_refund_answer(billing_op_t *op, const char *id, unsigned status,
    json_t *approval)
{
    static const char  sql[] = BILLING_REFUND_SELECT " WHERE r.id = $1";

    json_t           *refund;
    billing_db_rc_t   rc;

    rc = billing_db_query(op->w->db, sql, "t", id);

    if (rc != BILLING_DB_ROW) {
        json_decref(approval);
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    refund = billing_refund_json(op->w->db, sql);
    billing_copy(op->reply->team, sizeof(op->reply->team),
                 billing_db_text(op->w->db, sql, 1));
    billing_db_done(op->w->db, sql);

    return billing_op_reply(op, status,
               json_pack("{s:o, s:o*}", "refund", refund,
                         "approval", approval));
}


static json_t *
billing_refund_json(billing_db_t *db, const char *sql)
{
    return json_pack("{s:s, s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o,"
                     " s:o, s:o}",
               "id", billing_db_text(db, sql, 0),
               "invoice", billing_db_text(db, sql, 2),
               "amount", (json_int_t) billing_db_int(db, sql, 3),
               "currency", billing_db_text(db, sql, 4),
               "state", billing_db_text(db, sql, 5),
               "reason", billing_db_text(db, sql, 6),
               "note", billing_db_text(db, sql, 7),
               "requested_by", billing_db_text(db, sql, 8),
               "credit_note", billing_db_text(db, sql, 9),
               "money", billing_db_text(db, sql, 10),
               "created_at",
               billing_instant_json(billing_db_int(db, sql, 11)),
               "decided_at",
               billing_instant_json(billing_db_int(db, sql, 12)),
               "returned_at",
               billing_instant_json(billing_db_int(db, sql, 13)));
}


billing_db_rc_t
billing_query_refunds(billing_op_t *op)
{
    static const char  sql[] =
        BILLING_REFUND_SELECT " WHERE r.team = $1"
        " ORDER BY r.created_at DESC, r.id LIMIT 200";

    json_t              *list;
    billing_db_t        *db;
    billing_db_rc_t      rc;
    billing_team_row_t   row;

    rc = billing_op_payer(op, BILLING_ACT_REFUND_REQUEST, &row);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    db = op->w->db;
    list = json_array();
    rc = billing_db_query(db, sql, "t", row.id);

    while (rc == BILLING_DB_ROW) {
        (void) json_array_append_new(list, billing_refund_json(db, sql));
        rc = billing_db_next(db, sql);
    }

    if (rc != BILLING_DB_DONE) {
        json_decref(list);
        return rc;
    }

    return billing_op_reply(op, 200, json_pack("{s:o}", "refunds", list));
}
