/*
 * Invoices after their making.  The document is never touched again: what is
 * open of it is read from the payments, credit notes and refunds beside it.
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"

#define BILLING_BILL_DAY_SEC  86400


static const char *billing_bill_kind(const billing_bill_order_t *order);
static billing_money_t billing_bill_seats(const billing_checkout_t *co);
static billing_db_rc_t billing_bill_card(billing_worker_t *w,
    const billing_bill_order_t *order);
static billing_db_rc_t billing_bill_read(billing_worker_t *w,
    const char *sql, billing_bill_t *bill);
static void billing_bill_earlier(int64_t *at, int64_t due_at);


/*
 * Columns of bill_money in the order that billing_bill_read takes them; a
 * statement is told apart by its text, hence one text for each question.
 */

#define BILLING_BILL_SELECT                                                   \
    "SELECT id, team, kind, number, total_minor, tax_minor, gained_minor,"    \
    " seats_minor, currency, drafted_at, issued_at, due_at, reminded, ended," \
    " paid_minor, credited_minor, credited_tax_minor, refunded_minor"         \
    " FROM bill_money"


billing_db_rc_t
billing_bill_make(billing_worker_t *w, const billing_bill_order_t *order)
{
    static const char  sql[] =
        "INSERT INTO bill (id, team, kind, total_minor, tax_minor,"
        " gained_minor, seats_minor, currency, drafted_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    static const char  open_sql[] =
        "UPDATE bill SET is_open = 1, due_at = $1 WHERE id = $2";

    billing_db_rc_t            rc;
    const billing_quote_t     *quote;
    const billing_checkout_t  *co;

    co = order->checkout;
    quote = &co->quote;

    rc = billing_db_later(w->db, sql, "tttiiiiti", co->id, co->team,
             billing_bill_kind(order), quote->total.minor, quote->tax.minor,
             quote->credit_left.minor - order->credit_before,
             billing_bill_seats(co).minor,
             billing_currency_code(quote->total.currency), order->now);

    if (rc != BILLING_DB_OK || quote->total.minor == 0) {
        return rc;
    }

    if (co->amount.minor > 0) {
        return billing_bill_card(w, order);
    }

    /* Until it is issued, the day that it would be due then. */

    return billing_db_later(w->db, open_sql, "it",
               billing_invoice_due_at(order->now + BILLING_DRAFT_SEC),
               co->id);
}


/* A change of plan is labelled as a renewal (R127). */

static const char *
billing_bill_kind(const billing_bill_order_t *order)
{
    static const char *const  kinds[BILLING_PURPOSES] = {
        [BILLING_PURPOSE_PURCHASE]   = "purchase",
        [BILLING_PURPOSE_RENEWAL]    = "renewal",
        [BILLING_PURPOSE_SETTLE]     = BILLING_BILL_SEATS,
        [BILLING_PURPOSE_CANCEL]     = BILLING_BILL_SEATS,
        [BILLING_PURPOSE_YEARLY]     = "yearly",
        [BILLING_PURPOSE_REACTIVATE] = "reactivation"
    };

    if (order->change) {
        return kinds[BILLING_PURPOSE_RENEWAL];
    }

    return kinds[order->checkout->purpose] == NULL
           ? "purchase" : kinds[order->checkout->purpose];
}


/* What of it is for licences added meanwhile, with the tax on that (R193). */

static billing_money_t
billing_bill_seats(const billing_checkout_t *co)
{
    uint32_t                 i;
    billing_money_t          seats;
    billing_credit_t         part;
    billing_invoice_t        invoice;
    const billing_quote_t   *quote;

    quote = &co->quote;
    seats = (billing_money_t) { 0, quote->total.currency };

    for (i = 0; i < quote->nlines; i++) {
        if (quote->lines[i].kind == BILLING_LINE_PENDING) {
            seats.minor += quote->lines[i].amount.minor;
        }
    }

    invoice = (billing_invoice_t) {
        .total = quote->total, .tax = quote->tax,
        .paid = { 0, seats.currency }, .credited = { 0, seats.currency },
        .refunded = { 0, seats.currency }
    };

    /* The balance may have paid for more than that: then all of it. */

    return billing_invoice_credit(&invoice, seats, BILLING_ROUND_HALF_UP,
                                  &part) == BILLING_OK
           ? part.gross : quote->total;
}


static billing_db_rc_t
billing_bill_card(billing_worker_t *w, const billing_bill_order_t *order)
{
    static const char  sql[] =
        "INSERT INTO payment (id, bill, method, reference, amount_minor,"
        " applied_minor, balance_minor, currency, paid_at, at)"
        " VALUES ($1, $2, 'card', $2, $3, $3, 0, $4, $5, $5)";

    char                       id[BILLING_ID_MAX + 1];
    billing_db_rc_t            rc;
    const billing_checkout_t  *co;

    co = order->checkout;
    rc = billing_id_new('p', id);

    return rc == BILLING_DB_OK
           ? billing_db_later(w->db, sql, "ttiti", id, co->id,
                 co->amount.minor, billing_currency_code(co->amount.currency),
                 order->now)
           : rc;
}


billing_db_rc_t
billing_bill_load(billing_worker_t *w, const char *id, billing_bill_t *bill)
{
    static const char  sql[] = BILLING_BILL_SELECT " WHERE id = $1";

    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "t", id);

    return rc == BILLING_DB_ROW ? billing_bill_read(w, sql, bill) : rc;
}


billing_db_rc_t
billing_bill_find(billing_worker_t *w, const char *name, billing_bill_t *bill)
{
    static const char  sql[] =
        BILLING_BILL_SELECT " WHERE number = $1 AND number <> ''";

    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "t", name);

    if (rc == BILLING_DB_DONE) {
        return billing_bill_load(w, name, bill);
    }

    return rc == BILLING_DB_ROW ? billing_bill_read(w, sql, bill) : rc;
}


static billing_db_rc_t
billing_bill_read(billing_worker_t *w, const char *sql, billing_bill_t *bill)
{
    const char          *text;
    billing_db_t        *db;
    billing_currency_t   currency;
    billing_invoice_t   *invoice;

    db = w->db;
    memset(bill, 0, sizeof(*bill));
    invoice = &bill->invoice;

    billing_copy(bill->id, sizeof(bill->id), billing_db_text(db, sql, 0));
    billing_copy(bill->team, sizeof(bill->team), billing_db_text(db, sql, 1));
    billing_copy(bill->kind, sizeof(bill->kind), billing_db_text(db, sql, 2));
    billing_copy(bill->number, sizeof(bill->number),
                 billing_db_text(db, sql, 3));

    text = billing_db_text(db, sql, 8);
    currency = billing_currency_parse(text, strlen(text));
    text = billing_db_text(db, sql, 13);

    invoice->draft = bill->number[0] == '\0';
    invoice->dropped = strcmp(text, "dropped") == 0;
    invoice->given_up = strcmp(text, "uncollectible") == 0;

    invoice->total = (billing_money_t) {
        billing_db_int(db, sql, 4), currency
    };
    invoice->tax = (billing_money_t) { billing_db_int(db, sql, 5), currency };
    bill->gained = (billing_money_t) { billing_db_int(db, sql, 6), currency };
    bill->seats = (billing_money_t) { billing_db_int(db, sql, 7), currency };
    bill->drafted_at = billing_db_int(db, sql, 9);
    bill->issued_at = billing_db_int(db, sql, 10);
    bill->due_at = billing_db_int(db, sql, 11);
    bill->reminded = billing_db_int(db, sql, 12) != 0;
    invoice->paid = (billing_money_t) {
        billing_db_int(db, sql, 14), currency
    };
    invoice->credited = (billing_money_t) {
        billing_db_int(db, sql, 15), currency
    };
    bill->credited_tax = (billing_money_t) {
        billing_db_int(db, sql, 16), currency
    };
    invoice->refunded = (billing_money_t) {
        billing_db_int(db, sql, 17), currency
    };
    billing_db_done(db, sql);

    return BILLING_DB_OK;
}


billing_db_rc_t
billing_bill_note(billing_worker_t *w, const billing_bill_t *bill)
{
    static const char  sql[] =
        "UPDATE bill SET is_open = $1 WHERE id = $2";

    billing_bill_t   now;
    billing_db_rc_t  rc;

    rc = billing_bill_load(w, bill->id, &now);

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    return billing_db_exec(w->db, sql, "it",
               (int64_t) (!now.invoice.dropped && !now.invoice.given_up
                          && billing_invoice_open(&now.invoice).minor > 0),
               bill->id);
}


billing_db_rc_t
billing_bills_open(billing_worker_t *w, const char *team,
    billing_bills_t *bills)
{
    static const char  sql[] =
        "SELECT id FROM bill WHERE team = $1 AND is_open = 1"
        " ORDER BY drafted_at, id LIMIT 256";

    billing_db_rc_t  rc;

    bills->n = 0;
    rc = billing_db_query(w->db, sql, "t", team);

    while (rc == BILLING_DB_ROW && bills->n < BILLING_BILLS_MAX) {
        (void) snprintf(bills->ids[bills->n++], sizeof(bills->ids[0]), "%s",
                        billing_db_text(w->db, sql, 0));
        rc = billing_db_next(w->db, sql);
    }

    billing_db_done(w->db, sql);

    return rc == BILLING_DB_DONE || rc == BILLING_DB_ROW ? BILLING_DB_OK : rc;
}


billing_db_rc_t
billing_bills_owed(billing_worker_t *w, billing_team_row_t *row)
{
    static const char  sql[] =
        "SELECT kind, number, due_at, reminded FROM bill"
        " WHERE team = $1 AND is_open = 1";

    int64_t          due_at;
    billing_owed_t   owed;
    billing_db_rc_t  rc;

    row->invoice_due_at = 0;
    row->remind_at = 0;
    row->late_at = 0;
    owed = (billing_owed_t) { .card_failing = row->failed > 0 };

    rc = billing_db_query(w->db, sql, "t", row->id);

    while (rc == BILLING_DB_ROW) {
        if (strcmp(billing_db_text(w->db, sql, 0), BILLING_BILL_SEATS) == 0) {
            owed.seats = true;

        } else {
            owed.period = true;
        }

        due_at = billing_db_int(w->db, sql, 2);
        billing_bill_earlier(&row->invoice_due_at, due_at);

        if (billing_db_int(w->db, sql, 3) != 0) {
            owed.late = true;
            due_at += (billing_db_int(w->db, sql, 3) - 1)
                      * BILLING_BILL_DAY_SEC;
            billing_bill_earlier(&row->late_at, due_at);

        } else if (billing_db_text(w->db, sql, 1)[0] != '\0') {
            billing_bill_earlier(&row->remind_at, due_at);
        }

        rc = billing_db_next(w->db, sql);
    }

    row->team.invoice_open = owed.period;
    row->team.seats_open = owed.seats;
    row->team.state = billing_owed_state(&row->team, &owed);

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}


static void
billing_bill_earlier(int64_t *at, int64_t due_at)
{
    if (*at == 0 || due_at < *at) {
        *at = due_at;
    }
}


billing_db_rc_t
billing_bill_remind(billing_worker_t *w, billing_team_row_t *row,
    int64_t now)
{
    static const char  find_sql[] =
        BILLING_BILL_SELECT " WHERE team = $1 AND is_open = 1"
        " AND number <> '' AND reminded = 0 ORDER BY due_at, id LIMIT 1";
    static const char  sql[] = "UPDATE bill SET reminded = $1 WHERE id = $2";

    int64_t          days;
    billing_bill_t   bill;
    json_t          *link;
    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, find_sql, "t", row->id);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
    }

    rc = billing_bill_read(w, find_sql, &bill);

    /* The test clock walks, so nothing is late. */

    days = w->settings->demo ? 0
           : billing_invoice_days_late(bill.due_at, now);

    if (rc == BILLING_DB_OK && bill.due_at <= now) {
        rc = billing_db_exec(w->db, sql, "it", 1 + days, bill.id);
    }

    if (rc != BILLING_DB_OK || bill.due_at > now) {
        return rc;
    }

    rc = billing_link_json(w, bill.id, now, &link);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    return billing_payer_mail(w, row, "mail.overdue",
               json_pack("{s:s, s:o, s:o, s:o}", "number", bill.number,
                   "link", link,
                   "open", billing_amount_json(
                               billing_invoice_open(&bill.invoice)),
                   "due", billing_day_json(billing_zone_day(bill.due_at))),
               now);
}


billing_db_rc_t
billing_bills_hidden(billing_worker_t *w, const billing_team_row_t *row,
    bool *hidden)
{
    static const char  sql[] =
        "SELECT 1 FROM team WHERE id = $1 AND (once_paid = 1 OR EXISTS"
        " (SELECT 1 FROM bill WHERE team = $1 AND number <> ''))";

    billing_db_rc_t  rc;

    *hidden = false;

    if (row->team.plan != BILLING_PLAN_FREE) {
        return BILLING_DB_OK;
    }

    rc = billing_db_query(w->db, sql, "t", row->id);
    *hidden = rc == BILLING_DB_ROW;

    if (*hidden) {
        billing_db_done(w->db, sql);
    }

    return rc == BILLING_DB_ROW || rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}
