/*
 * The end of a checkout (Tx2).  Either everything happens in this one
 * transaction (plan, role, ledger, invoice, mail, answer) or nothing (R110).
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


static billing_db_rc_t billing_purchase_team(billing_worker_t *w,
    billing_checkout_t *co, billing_team_row_t *row, int64_t now);
static billing_db_rc_t billing_purchase_told(billing_worker_t *w,
    const billing_checkout_t *co);
static void billing_purchase_card(const billing_checkout_t *co,
    billing_team_row_t *row);
static billing_db_rc_t billing_purchase_payer(billing_worker_t *w,
    const billing_checkout_t *co, const billing_team_row_t *row,
    int64_t now);
static billing_db_rc_t billing_purchase_books(billing_worker_t *w,
    const billing_bill_order_t *bill);
static billing_db_rc_t billing_purchase_former(billing_worker_t *w,
    const billing_bill_order_t *bill, billing_team_row_t *row);
static billing_money_t billing_purchase_billed(const billing_checkout_t *co,
    billing_line_kind_t kind);
static billing_db_rc_t billing_purchase_papers(billing_worker_t *w,
    const billing_bill_order_t *bill, billing_team_row_t *row,
    json_t **invoice);
static billing_db_rc_t billing_purchase_document(billing_worker_t *w,
    const billing_invoice_order_t *order, json_t **invoice);
static billing_db_rc_t billing_purchase_information(billing_worker_t *w,
    const billing_checkout_t *co);
static billing_db_rc_t billing_checkout_owed(billing_worker_t *w,
    const billing_checkout_t *co, const billing_ending_t *ending);


billing_db_rc_t
billing_checkout_succeed(billing_worker_t *w, billing_checkout_t *co,
    const billing_result_t *result, int64_t now)
{
    uint32_t            teams = 0;
    billing_db_rc_t     rc;
    billing_op_reply_t  reply;
    billing_team_row_t  row;

    if (result->last4[0] != '\0') {
        billing_copy(co->card_brand, sizeof(co->card_brand), result->brand);
        billing_copy(co->card_last4, sizeof(co->card_last4), result->last4);
    }

    rc = billing_team_load(w, co->team, &row);

    if (rc != BILLING_DB_OK && rc != BILLING_DB_DONE) {
        return rc;
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_account_teams(w, co->team, &teams);
    }

    if (rc != BILLING_DB_OK && rc != BILLING_DB_DONE) {
        return rc;
    }

    /* The hold keeps this true; should it not, money does not stay. */

    if (rc == BILLING_DB_DONE
        || (co->purpose != BILLING_PURPOSE_INVOICE
            && (teams == 0 || row.team.members > co->quote.seats)))
    {
        billing_log("ALERT: checkout %s was paid and cannot be granted",
                    co->id);
        return billing_checkout_refund(w, co, result, now);
    }

    rc = billing_attempt_state(w, co, "succeeded");

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    memset(&reply, 0, sizeof(reply));

    rc = co->purpose == BILLING_PURPOSE_INVOICE
         ? billing_bill_captured(w, co, now, &reply)
         : billing_purchase_apply(w, co, now, &reply);

    if (rc != BILLING_DB_OK) {
        json_decref(reply.body);
        return rc;
    }

    rc = billing_checkout_finish(w, co, &reply);

    /* The clock may have passed the next period as well. */

    return rc == BILLING_DB_OK ? billing_due_team(w, co->team, now) : rc;
}


billing_db_rc_t
billing_purchase_apply(billing_worker_t *w, billing_checkout_t *co,
    int64_t now, billing_op_reply_t *reply)
{
    json_t                *invoice;
    billing_db_rc_t        rc;
    billing_bought_t       bought;
    billing_team_row_t     row;
    billing_bill_order_t   bill;

    rc = billing_team_load(w, co->team, &row);

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    bill = (billing_bill_order_t) {
        .checkout = co, .credit_before = row.team.credit.minor, .now = now,
        .change = (co->purpose == BILLING_PURPOSE_PURCHASE
                   || co->purpose == BILLING_PURPOSE_TRIAL)
                  && row.team.plan != BILLING_PLAN_FREE
                  && row.team.state != BILLING_STATE_EXPIRED
    };

    invoice = NULL;
    rc = billing_purchase_team(w, co, &row, now);

    if (rc == BILLING_DB_OK && billing_purpose_of(co->purpose)->payer) {
        rc = billing_purchase_payer(w, co, &row, now);
    }

    if (rc == BILLING_DB_OK && !billing_purpose_of(co->purpose)->card) {
        rc = billing_purchase_books(w, &bill);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_promo_settle(w, co, "redeemed");
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_passes_billed(w, co);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_purchase_information(w, co);
    }

    if (rc == BILLING_DB_OK) {
        co->ended_at = now;
        co->next_try_at = BILLING_NEVER_AT;
        rc = billing_checkout_move(w, co, BILLING_CHECKOUT_SUCCEEDED);
    }

    if (rc == BILLING_DB_OK && !billing_purpose_of(co->purpose)->card) {
        rc = billing_purchase_papers(w, &bill, &row, &invoice);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_purchase_told(w, co);
    }

    if (rc != BILLING_DB_OK) {
        json_decref(invoice);
        return rc;
    }

    bought = (billing_bought_t) {
        .checkout = co, .row = &row, .invoice = invoice, .now = now
    };

    return billing_checkout_bought(w, &bought, reply);
}


/* Whatever it was that is paid for now. */

static billing_db_rc_t
billing_purchase_told(billing_worker_t *w, const billing_checkout_t *co)
{
    if (billing_purpose_of(co->purpose)->card) {
        return BILLING_DB_OK;
    }

    return billing_event_emit(w, BILLING_EVENT_PURCHASE_COMPLETED, co->team,
               json_pack("{s:{s:s, s:s, s:s, s:I, s:I, s:s, s:s, s:s}}",
                   "purchase", "operation", co->id,
                   "purpose", billing_purpose_of(co->purpose)->word,
                   "plan", billing_plan_name(co->quote.plan),
                   "seats", (json_int_t) co->quote.seats,
                   "total", (json_int_t) co->quote.total.minor,
                   "currency",
                   billing_currency_code(co->quote.total.currency),
                   "method", billing_method_name(co->quote.method),
                   "buyer", co->actor));
}


static billing_db_rc_t
billing_purchase_team(billing_worker_t *w, billing_checkout_t *co,
    billing_team_row_t *row, int64_t now)
{
    billing_db_rc_t  rc = BILLING_DB_OK;

    billing_purpose_apply(co, &row->team, now);

    row->hold_seats = 0;

    /* What has come since its price was made waits for its own day. */

    if (!billing_purpose_of(co->purpose)->card) {
        row->settle_at = billing_settle_at(&row->team, now);
        billing_dunning_over(row);
    }

    billing_purchase_card(co, row);

    /* Section 8 point 35: the payer's address, or the one typed. */

    if (row->billing_email[0] == '\0' || co->email[0] != '\0') {
        billing_copy(row->billing_email, sizeof(row->billing_email),
                     co->email[0] == '\0' ? co->actor : co->email);
    }

    if (co->purpose == BILLING_PURPOSE_TRIAL_CARD) {
        rc = billing_trial_start(w, row, &co->quote, now);
    }

    return rc == BILLING_DB_OK ? billing_team_store(w, row) : rc;
}


/* What was paid with is charged next time, in the name of who gave it. */

static void
billing_purchase_card(const billing_checkout_t *co, billing_team_row_t *row)
{
    if (co->amount.minor <= 0 && !billing_purpose_of(co->purpose)->card) {
        if (row->payer[0] == '\0') {
            billing_copy(row->payer, sizeof(row->payer), co->actor);
        }

        return;
    }

    billing_copy(row->payer, sizeof(row->payer), co->actor);
    billing_copy(row->customer, sizeof(row->customer), co->customer);
    billing_copy(row->payment_method, sizeof(row->payment_method),
                 co->payment_method);
    billing_copy(row->card_brand, sizeof(row->card_brand), co->card_brand);
    billing_copy(row->card_last4, sizeof(row->card_last4), co->card_last4);
}


/* The payer gets billing rights and nothing else (R101, R102). */

static billing_db_rc_t
billing_purchase_payer(billing_worker_t *w, const billing_checkout_t *co,
    const billing_team_row_t *row, int64_t now)
{
    uint32_t                 roles;
    billing_db_rc_t          rc;
    billing_member_change_t  change;

    rc = billing_member_roles(w, row->id, co->actor, &roles);

    if (rc != BILLING_DB_OK
        || (roles & (uint32_t) BILLING_ROLE_MEMBER) == 0
        || (roles & (uint32_t) BILLING_ROLE_BILLING_ADMIN) != 0)
    {
        return rc;
    }

    change = (billing_member_change_t) {
        .team = row->id, .email = co->actor, .now = now,
        .roles = roles | (uint32_t) BILLING_ROLE_BILLING_ADMIN
    };

    return billing_member_store(w, &change);
}


/*
 * The sale: what is owed, what of it is tax, what the balance gained or lost;
 * the rest is revenue, unused time of the former plan taken off it.  Then the
 * payment.
 */

static billing_db_rc_t
billing_purchase_books(billing_worker_t *w, const billing_bill_order_t *bill)
{
    char                       txn[BILLING_OP_ID_LEN + 8];
    int64_t                    now;
    billing_money_t            total, tax, gained, revenue, billed;
    billing_db_rc_t            rc;
    billing_posting_t          posting;
    const billing_checkout_t  *co;

    co = bill->checkout;
    now = bill->now;
    total = co->quote.total;
    tax = co->quote.tax;
    gained = co->quote.credit_left;
    gained.minor -= bill->credit_before;
    revenue = total;
    revenue.minor -= tax.minor + gained.minor;

    tax.minor = -tax.minor;
    gained.minor = -gained.minor;
    revenue.minor = -revenue.minor;

    (void) snprintf(txn, sizeof(txn), "%s-sale", co->id);
    posting = (billing_posting_t) { .txn = txn, .ref = co->id, .at = now };
    billing_posting_add(&posting, "receivable", co->team, total);
    billing_posting_add(&posting, "tax", NULL, tax);
    billing_posting_add(&posting, "credit", co->team, gained);
    billing_posting_add(&posting, "revenue", NULL, revenue);

    billed = billing_purchase_billed(co, BILLING_LINE_DAY_PASS);
    billing_posting_passes(&posting, co->team, billed);
    billed = billing_purchase_billed(co, BILLING_LINE_PENDING);
    billing_posting_unbilled(&posting, co->team, billed);

    rc = billing_ledger_post(w, &posting);

    if (rc != BILLING_DB_OK || co->amount.minor == 0) {
        return rc;
    }

    (void) snprintf(txn, sizeof(txn), "%s-paid", co->id);
    total = co->amount;
    posting = (billing_posting_t) { .txn = txn, .ref = co->id, .at = now };
    billing_posting_add(&posting, "gateway", NULL, total);
    total.minor = -total.minor;
    billing_posting_add(&posting, "receivable", co->team, total);

    return billing_ledger_post(w, &posting);
}


/*
 * Unused time that was never paid is no longer owed either: a credit note takes
 * it off the invoices that are open, before this sale makes another.  What was
 * paid of it since the price was made has become the customer's.
 */

static billing_db_rc_t
billing_purchase_former(billing_worker_t *w, const billing_bill_order_t *bill,
    billing_team_row_t *row)
{
    char                  txn[BILLING_OP_ID_LEN + 8];
    billing_money_t       given;
    billing_db_rc_t       rc;
    billing_posting_t     posting;
    billing_reduction_t   back;

    back = (billing_reduction_t) {
        .reason = "plan", .now = bill->now,
        .net = billing_purchase_billed(bill->checkout, BILLING_LINE_UNPAID)
    };
    back.net.minor = -back.net.minor;

    if (back.net.minor <= 0) {
        return BILLING_DB_OK;
    }

    rc = billing_bills_reduce(w, row, &back);

    if (rc != BILLING_DB_OK || back.net.minor == 0) {
        return rc;
    }

    row->team.credit.minor += back.net.minor;
    given = back.net;
    given.minor = -given.minor;

    (void) snprintf(txn, sizeof(txn), "%s-former", bill->checkout->id);
    posting = (billing_posting_t) {
        .txn = txn, .ref = bill->checkout->id, .at = bill->now
    };
    billing_posting_add(&posting, "credit", row->id, given);
    billing_posting_add(&posting, "revenue", NULL, back.net);

    return billing_ledger_post(w, &posting);
}


/* Below zero: what the bill's lines of that kind name is named no more. */

static billing_money_t
billing_purchase_billed(const billing_checkout_t *co,
    billing_line_kind_t kind)
{
    billing_money_t  billed = { 0, co->quote.total.currency };

    for (uint32_t i = 0; i < co->quote.nlines; i++) {
        if (co->quote.lines[i].kind == kind) {
            billed.minor -= co->quote.lines[i].amount.minor;
        }
    }

    return billed;
}


/* What is open now is read from the invoices, this one among them. */

static billing_db_rc_t
billing_purchase_papers(billing_worker_t *w, const billing_bill_order_t *bill,
    billing_team_row_t *row, json_t **invoice)
{
    billing_db_rc_t          rc;
    billing_team_row_t       before = *row;
    billing_invoice_order_t  order;

    rc = billing_purchase_former(w, bill, row);

    if (rc == BILLING_DB_OK) {
        rc = billing_bill_make(w, bill);
    }

    order = (billing_invoice_order_t) {
        .team = row, .checkout = bill->checkout, .state = "paid",
        .now = bill->now
    };

    if (rc == BILLING_DB_OK) {
        rc = billing_purchase_document(w, &order, invoice);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_bills_owed(w, row);
    }

    if (rc == BILLING_DB_OK && memcmp(row, &before, sizeof(before)) != 0) {
        rc = billing_team_store(w, row);
    }

    if (rc != BILLING_DB_OK) {
        json_decref(*invoice);
        *invoice = NULL;
    }

    return rc;
}


/* By card a final invoice and a receipt at once; by invoice a draft. */

static billing_db_rc_t
billing_purchase_document(billing_worker_t *w,
    const billing_invoice_order_t *order, json_t **invoice)
{
    billing_db_rc_t            rc;
    billing_invoice_order_t    draft;
    const billing_checkout_t  *co;

    co = order->checkout;

    if (co->quote.method == BILLING_METHOD_INVOICE
        && co->quote.total.minor > 0)
    {
        draft = *order;
        draft.state = "draft";
        return billing_invoice_draft(w, &draft, invoice);
    }

    rc = billing_invoice_issue(w, order, invoice);

    return rc == BILLING_DB_OK && co->amount.minor > 0
           ? billing_receipt_mail(w, order, *invoice) : rc;
}


static billing_db_rc_t
billing_purchase_information(billing_worker_t *w,
    const billing_checkout_t *co)
{
    static const char  sql[] =
        "UPDATE team SET information = (SELECT information FROM checkout"
        " WHERE id = $1) WHERE id = $2 AND EXISTS (SELECT 1 FROM checkout"
        " WHERE id = $3 AND information <> '')";

    return billing_db_later(w->db, sql, "ttt", co->id, co->team, co->id);
}


billing_db_rc_t
billing_checkout_end(billing_worker_t *w, billing_checkout_t *co,
    const billing_ending_t *ending)
{
    bool                again, owed, refunded;
    billing_db_rc_t     rc;
    billing_op_reply_t  reply;

    refunded = ending->state == BILLING_CHECKOUT_REFUNDED;
    rc = billing_attempt_state(w, co, refunded ? "refunded" : "failed");

    /* With a reason it has ended before, and all of this is done. */

    again = co->reason != BILLING_ALLOW && refunded;
    owed = billing_purpose_of(co->purpose)->owed && !again;

    if (rc == BILLING_DB_OK && refunded) {
        rc = billing_mismatch_books(w, co, true, ending->now);
    }

    /* A purchase gave up its seats when the refund began. */

    if (rc == BILLING_DB_OK && (owed || !refunded)) {
        rc = billing_checkout_release(w, co);
    }

    if (rc == BILLING_DB_OK) {
        co->reason = ending->reason;
        co->ended_at = ending->now;
        co->next_try_at = BILLING_NEVER_AT;
        rc = billing_checkout_move(w, co, ending->state);
    }

    rc = rc == BILLING_DB_OK ? billing_decline_note(w, co, ending) : rc;

    if (rc == BILLING_DB_OK && owed) {
        rc = billing_checkout_owed(w, co, ending);
    }

    if (rc == BILLING_DB_OK && ending->state == BILLING_CHECKOUT_FAILED) {
        rc = billing_event_emit(w, BILLING_EVENT_PAYMENT_FAILED, co->team,
                 json_pack("{s:{s:s, s:s, s:s, s:I, s:s}}", "payment",
                     "operation", co->id,
                     "purpose", billing_purpose_of(co->purpose)->word,
                     "code", billing_reason_code(ending->reason),
                     "amount", (json_int_t) co->amount.minor,
                     "currency", billing_currency_code(co->amount.currency)));
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    memset(&reply, 0, sizeof(reply));

    if (billing_purpose_of(co->purpose)->stands) {
        rc = billing_checkout_stood(w, co, ending, &reply);

    } else {
        billing_checkout_refuse(co, ending->reason, "refused", &reply);
    }

    return rc == BILLING_DB_OK ? billing_checkout_finish(w, co, &reply) : rc;
}


/* A bill stays owed.  A try with another card is nobody's failure. */

static billing_db_rc_t
billing_checkout_owed(billing_worker_t *w, const billing_checkout_t *co,
    const billing_ending_t *ending)
{
    billing_db_rc_t      rc;
    billing_unpaid_t     unpaid;
    billing_team_row_t   row;

    if (co->waiter[0] != '\0') {
        return BILLING_DB_OK;
    }

    rc = billing_team_load(w, co->team, &row);

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    unpaid = (billing_unpaid_t) {
        .reason = ending->reason, .stop = ending->stop, .now = ending->now,
        .due_at = co->due_at != 0 ? co->due_at : ending->now
    };

    return co->purpose == BILLING_PURPOSE_TRIAL
           ? billing_trial_refused(w, &row, &unpaid)
           : billing_dunning_failed(w, &row, &unpaid);
}


/* Seats and code are free again; the team is otherwise as it was (R94). */

billing_db_rc_t
billing_checkout_release(billing_worker_t *w, const billing_checkout_t *co)
{
    billing_db_rc_t  rc;

    rc = billing_promo_settle(w, co, "released");

    if (rc == BILLING_DB_OK) {
        rc = billing_passes_release(w, co->id);
    }

    return rc == BILLING_DB_OK ? billing_team_hold(w, co->team, 0) : rc;
}
