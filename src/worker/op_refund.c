/*
 * Refunds: asked for by who may (R192), decided by people elsewhere, never for
 * added licences (R193).
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


typedef struct {
    char             id[BILLING_ID_MAX + 1];
    char             state[16];
    char             reason[BILLING_REASON_MAX + 1];
    billing_money_t  amount;
    billing_bill_t   bill;
} billing_refund_row_t;


static billing_reason_t billing_refund_of(const billing_bill_t *bill,
    const billing_money_t *asked, billing_refund_t *refund);
static billing_db_rc_t billing_refund_deny(billing_op_t *op,
    const billing_refund_t *refund, billing_reason_t reason);
static billing_db_rc_t billing_refund_pending(billing_op_t *op,
    const billing_bill_t *bill);
static billing_db_rc_t billing_refund_write(billing_op_t *op,
    billing_refund_row_t *refund);
static billing_db_rc_t billing_refund_read(billing_op_t *op, const char *id,
    billing_refund_row_t *refund);
static billing_db_rc_t billing_refund_refuse(billing_op_t *op,
    const billing_team_row_t *row, const billing_refund_row_t *refund);
static billing_db_rc_t billing_refund_grant(billing_op_t *op,
    billing_team_row_t *row, const billing_refund_row_t *refund);
static billing_db_rc_t billing_refund_period(billing_op_t *op,
    billing_team_row_t *row, const billing_bill_t *bill, billing_money_t net);
static billing_db_rc_t billing_refund_card(billing_op_t *op,
    const billing_refund_row_t *refund, billing_money_t *card,
    char intent[BILLING_GATEWAY_ID_MAX + 1]);
static billing_db_rc_t billing_refund_wired(billing_op_t *op,
    const billing_refund_row_t *refund, billing_money_t card);
static billing_db_rc_t billing_refund_answer(billing_op_t *op,
    const char *id, unsigned status);
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

    return rc == BILLING_DB_OK ? billing_refund_answer(op, refund.id, 201)
                               : rc;
}


/* No amount is all that may be asked for. */

static billing_reason_t
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


static billing_db_rc_t
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


/* The decision of people, told by the application; the same twice is once. */

billing_db_rc_t
billing_op_refund_decide(billing_op_t *op)
{
    bool                   grant, outside, stuck = false;
    const char            *decision;
    billing_db_rc_t        rc;
    billing_team_row_t     row;
    billing_refund_row_t   refund;

    rc = billing_refund_read(op, billing_op_text(op, "refund"), &refund);

    if (rc == BILLING_DB_DONE) {
        return billing_op_deny(op, BILLING_REFUND_NOT_FOUND, NULL);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    decision = billing_op_text(op, "decision");
    grant = strcmp(decision, "granted") == 0;

    outside = strcmp(decision, "outside") == 0;

    if (!grant && !outside && strcmp(decision, "refused") != 0) {
        return billing_op_deny(op, BILLING_FIELD_TYPE, NULL);
    }

    /* What the gateway will not take is theirs to decide once more. */

    if (outside) {
        rc = billing_refund_outside(op->w, refund.id, op->now, &stuck);

    } else if (grant) {
        rc = billing_refund_resume(op->w, refund.id, &stuck);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (stuck || strcmp(refund.state, decision) == 0) {
        return billing_refund_answer(op, refund.id, 200);
    }

    if (outside || strcmp(refund.state, "open") != 0) {
        return billing_op_deny(op, BILLING_REFUND_DECIDED, NULL);
    }

    rc = billing_team_load(op->w, refund.bill.team, &row);

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    rc = grant ? billing_refund_grant(op, &row, &refund)
               : billing_refund_refuse(op, &row, &refund);

    return rc == BILLING_DB_OK ? billing_refund_answer(op, refund.id, 200)
                               : rc;
}


static billing_db_rc_t
billing_refund_read(billing_op_t *op, const char *id,
    billing_refund_row_t *refund)
{
    static const char  sql[] =
        "SELECT bill, state, amount_minor, reason FROM refund WHERE id = $1";

    char              bill[BILLING_OP_ID_LEN + 1];
    int64_t           amount;
    billing_db_t     *db;
    billing_db_rc_t   rc;

    db = op->w->db;
    rc = billing_db_query(db, sql, "t", id);

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    billing_copy(refund->id, sizeof(refund->id), id);
    billing_copy(bill, sizeof(bill), billing_db_text(db, sql, 0));
    billing_copy(refund->state, sizeof(refund->state),
                 billing_db_text(db, sql, 1));
    amount = billing_db_int(db, sql, 2);
    billing_copy(refund->reason, sizeof(refund->reason),
                 billing_db_text(db, sql, 3));
    billing_db_done(db, sql);

    rc = billing_bill_load(op->w, bill, &refund->bill);
    refund->amount = (billing_money_t) {
        amount, refund->bill.invoice.total.currency
    };

    return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
}


static billing_db_rc_t
billing_refund_refuse(billing_op_t *op, const billing_team_row_t *row,
    const billing_refund_row_t *refund)
{
    static const char  sql[] =
        "UPDATE refund SET state = 'refused', note = $1, decided_at = $2"
        " WHERE id = $3 AND state = 'open'";

    billing_db_rc_t  rc;

    rc = billing_db_exec(op->w->db, sql, "tit", billing_op_text(op, "note"),
                         op->now, refund->id);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    return billing_payer_mail(op->w, row, "mail.refund_refused",
               json_pack("{s:s, s:o}", "invoice", refund->bill.number,
                   "amount", billing_amount_json(refund->amount)), op->now);
}


/*
 * Looked at once more: never more than was paid and has not gone back.  The
 * credit note says so at once, the gateway's part goes after the commit, and
 * what was paid outside is returned outside.
 */

static billing_db_rc_t
billing_refund_grant(billing_op_t *op, billing_team_row_t *row,
    const billing_refund_row_t *refund)
{
    static const char  sql[] =
        "UPDATE refund SET state = 'granted', note = $1, decided_at = $2,"
        " card_minor = $3, intent = $4, money = $5, credit_note = $6"
        " WHERE id = $7 AND state = 'open'";

    char                    number[BILLING_NUMBER_MAX];
    char                    intent[BILLING_GATEWAY_ID_MAX + 1];
    billing_money_t         card;
    billing_db_rc_t         rc;
    billing_refund_t        allowed;
    billing_reason_t        reason;
    billing_credit_note_t   note;

    reason = billing_refund_of(&refund->bill, &refund->amount, &allowed);

    if (reason != BILLING_ALLOW) {
        return billing_refund_deny(op, &allowed, reason);
    }

    note = (billing_credit_note_t) {
        .bill = &refund->bill, .reason = "refund",
        .mail = "mail.refund_granted",
        .gained = { 0, refund->amount.currency }, .now = op->now
    };

    if (billing_invoice_part(&refund->bill.invoice, refund->amount,
                             op->w->settings->catalogue.rounding,
                             &note.credit) != BILLING_OK)
    {
        return BILLING_DB_CONFLICT;
    }

    rc = billing_refund_card(op, refund, &card, intent);

    if (rc == BILLING_DB_OK) {
        rc = billing_credit_issue(op->w, row, &note, number);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_db_exec(op->w->db, sql, "tiitttt",
                 billing_op_text(op, "note"), op->now, card.minor, intent,
                 card.minor > 0 ? "sending" : "outside", number, refund->id);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_refund_period(op, row, &refund->bill, note.credit.net);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_bill_note(op->w, &refund->bill);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_refund_wired(op, refund, card);
    }

    return rc == BILLING_DB_OK && card.minor > 0
           ? billing_refund_begin(op->w, refund->id) : rc;
}


/* What has gone back is no unused time any more that a change would credit. */

static billing_db_rc_t
billing_refund_period(billing_op_t *op, billing_team_row_t *row,
    const billing_bill_t *bill, billing_money_t net)
{
    if (bill->drafted_at < row->team.current.start_at
        || strcmp(bill->kind, BILLING_BILL_SEATS) == 0)
    {
        return BILLING_DB_OK;
    }

    billing_team_refunded(&row->team, net);

    return billing_team_store(op->w, row);
}


/* Of what the card paid on this invoice, what has not gone back. */

static billing_db_rc_t
billing_refund_card(billing_op_t *op, const billing_refund_row_t *refund,
    billing_money_t *card, char intent[BILLING_GATEWAY_ID_MAX + 1])
{
    static const char  sql[] =
        "SELECT CAST(p.applied_minor - (SELECT COALESCE(SUM(r.card_minor), 0)"
        " FROM refund r WHERE r.bill = p.bill AND r.state = 'granted')"
        " AS BIGINT), c.intent FROM payment p"
        " JOIN checkout c ON c.id = p.reference WHERE p.bill = $1"
        " AND p.method = 'card' AND p.applied_minor > 0"
        " ORDER BY p.at LIMIT 1";

    billing_db_rc_t  rc;

    *card = (billing_money_t) { 0, refund->amount.currency };
    intent[0] = '\0';

    rc = billing_db_query(op->w->db, sql, "t", refund->bill.id);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
    }

    card->minor = billing_db_int(op->w->db, sql, 0);
    billing_copy(intent, BILLING_GATEWAY_ID_MAX + 1,
                 billing_db_text(op->w->db, sql, 1));
    billing_db_done(op->w->db, sql);

    if (card->minor > refund->amount.minor) {
        *card = refund->amount;
    }

    if (card->minor < 0 || intent[0] == '\0') {
        card->minor = 0;
    }

    return BILLING_DB_OK;
}


static billing_db_rc_t
billing_refund_wired(billing_op_t *op, const billing_refund_row_t *refund,
    billing_money_t card)
{
    char               txn[BILLING_ID_MAX + 16];
    billing_money_t    back, out;
    billing_posting_t  posting;

    back = refund->amount;
    back.minor -= card.minor;
    out = back;
    out.minor = -out.minor;

    if (back.minor == 0) {
        return BILLING_DB_OK;
    }

    (void) snprintf(txn, sizeof(txn), "%s-outside", refund->id);
    posting = (billing_posting_t) {
        .txn = txn, .ref = refund->bill.id, .at = op->now
    };
    billing_posting_add(&posting, "receivable", refund->bill.team, back);
    billing_posting_add(&posting, "bank", NULL, out);

    return billing_ledger_post(op->w, &posting);
}


static billing_db_rc_t
billing_refund_answer(billing_op_t *op, const char *id, unsigned status)
{
    static const char  sql[] = BILLING_REFUND_SELECT " WHERE r.id = $1";

    json_t           *refund;
    billing_db_rc_t   rc;

    rc = billing_db_query(op->w->db, sql, "t", id);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    refund = billing_refund_json(op->w->db, sql);
    billing_copy(op->reply->team, sizeof(op->reply->team),
                 billing_db_text(op->w->db, sql, 1));
    billing_db_done(op->w->db, sql);

    return billing_op_reply(op, status, json_pack("{s:o}", "refund", refund));
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
