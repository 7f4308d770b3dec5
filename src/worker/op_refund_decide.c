/*
 * What people decide on a refund: two of them where that is demanded, one of
 * them where one is enough.
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


static billing_db_rc_t billing_refund_read(billing_op_t *op, const char *id,
    billing_refund_row_t *refund);
static billing_db_rc_t billing_refund_stuck(billing_op_t *op,
    const billing_refund_row_t *refund, const char *decision);
static billing_db_rc_t billing_refund_approve(billing_op_t *op,
    billing_team_row_t *row, const billing_refund_row_t *refund);
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


/* The decision of people, told by the application; the same twice is once. */

billing_db_rc_t
billing_op_refund_decide(billing_op_t *op)
{
    bool                   grant, outside;
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

    if (strcmp(refund.state, "open") != 0) {
        return billing_refund_stuck(op, &refund, decision);
    }

    if (outside) {
        return billing_op_deny(op, BILLING_REFUND_DECIDED, NULL);
    }

    if (op->w->settings->refund_two_persons
        && billing_op_text(op, "by")[0] == '\0')
    {
        return billing_op_deny(op, BILLING_APPROVER_MISSING, NULL);
    }

    rc = billing_team_load(op->w, refund.bill.team, &row);

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    return grant ? billing_refund_approve(op, &row, &refund)
                 : billing_refund_refuse(op, &row, &refund);
}


/* What the gateway will not take is theirs to decide once more. */

static billing_db_rc_t
billing_refund_stuck(billing_op_t *op, const billing_refund_row_t *refund,
    const char *decision)
{
    bool             outside, stuck = false;
    billing_db_rc_t  rc = BILLING_DB_OK;

    outside = strcmp(decision, "outside") == 0;

    if (outside) {
        rc = billing_refund_outside(op->w, refund->id, op->now, &stuck);

    } else if (strcmp(decision, "granted") == 0) {
        rc = billing_refund_resume(op->w, refund->id, &stuck);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (!stuck) {
        return strcmp(refund->state, decision) == 0
               ? billing_refund_answer(op, refund->id, 200, NULL)
               : billing_op_deny(op, BILLING_REFUND_DECIDED, NULL);
    }

    if (op->w->settings->refund_two_persons
        && billing_op_text(op, "by")[0] == '\0')
    {
        return billing_op_deny(op, BILLING_APPROVER_MISSING, NULL);
    }

    rc = billing_approval_write(op, refund->bill.team, refund->id,
                                outside ? "outside" : "again");

    return rc == BILLING_DB_OK
           ? billing_refund_answer(op, refund->id, 200, NULL) : rc;
}


/*
 * Looked at once more: never more than was paid and has not gone back.  Of two
 * persons the first asks, the second grants.
 */

static billing_db_rc_t
billing_refund_approve(billing_op_t *op, billing_team_row_t *row,
    const billing_refund_row_t *refund)
{
    bool                waits;
    billing_asked_t     asked;
    billing_db_rc_t     rc;
    billing_reason_t    reason;
    billing_refund_t    allowed;

    reason = billing_refund_of(&refund->bill, &refund->amount, &allowed);

    if (reason != BILLING_ALLOW) {
        return billing_refund_deny(op, &allowed, reason);
    }

    rc = billing_approval_load(op->w, refund->id, &asked);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    reason = billing_approval_step(&(billing_approval_t) {
        .two = op->w->settings->refund_two_persons,
        .by = billing_op_text(op, "by"), .asked_by = asked.by,
        .asked_at = asked.at, .now = op->now
    }, &waits);

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason, json_pack("{s:s}", "by",
                                                     asked.by));
    }

    rc = billing_approval_write(op, refund->bill.team, refund->id,
                                waits ? "asked" : "granted");

    if (rc == BILLING_DB_OK && waits) {
        billing_copy(asked.by, sizeof(asked.by), billing_op_text(op, "by"));
        asked.at = op->now;

        return billing_refund_answer(op, refund->id, 202,
                                     billing_approval_json(&asked));
    }

    return rc == BILLING_DB_OK ? billing_refund_grant(op, row, refund) : rc;
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

    if (rc == BILLING_DB_OK) {
        rc = billing_approval_write(op, refund->bill.team, refund->id,
                                    "refused");
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_payer_mail(op->w, row, "mail.refund_refused",
                 json_pack("{s:s, s:o}", "invoice", refund->bill.number,
                     "amount", billing_amount_json(refund->amount)), op->now);
    }

    return rc == BILLING_DB_OK
           ? billing_refund_answer(op, refund->id, 200, NULL) : rc;
}


/*
 * The credit note says so at once, the gateway's part goes after the commit,
 * and what was paid outside is returned outside.
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
    billing_credit_note_t   note;

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

    if (rc == BILLING_DB_OK && card.minor > 0) {
        rc = billing_refund_begin(op->w, refund->id);
    }

    return rc == BILLING_DB_OK
           ? billing_refund_answer(op, refund->id, 200, NULL) : rc;
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
