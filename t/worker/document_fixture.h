/* Teams that pay by invoice, and what must be so of their books at any time. */

#ifndef BILLING_DOCUMENT_FIXTURE_H
#define BILLING_DOCUMENT_FIXTURE_H

#include "subscription_fixture.h"


/* A team that has bought by invoice; its draft waits for its hour. */

static inline const char *
invoiced_team(const char *plan, int seats, const char *period)
{
    const char  *id = make_team(1);

    drop(expect(OWNER, "upgrade.buy",
        json_pack("{s:s, s:s, s:i, s:s, s:{s:s, s:s}}", "team", id,
            "plan", plan, "seats", seats, "period", period,
            "payment", "method", "invoice", "email", "bills@example.test"),
        200, NULL));

    return id;
}


static inline void
after(int64_t seconds)
{
    t.now += seconds;
    sweep();
}


#define after_days(n)  after((int64_t) (n) * DAY)


/* The number of the newest invoice of the one team there is. */

static inline const char *
number_now(void)
{
    static char        number[64];
    static const char  sql[] =
        "SELECT number FROM bill WHERE number <> ''"
        " ORDER BY drafted_at DESC, number DESC LIMIT 1";

    assert_int_equal(billing_db_query(t.w.db, sql, ""), BILLING_DB_ROW);
    (void) snprintf(number, sizeof(number), "%s",
                    billing_db_text(t.w.db, sql, 0));
    billing_db_done(t.w.db, sql);

    return number;
}


/* One that a turn of the clock has made final, with its number. */

static inline const char *
final_invoice(void)
{
    after(BILLING_DRAFT_SEC);

    return number_now();
}


static inline json_t *
of_payment(const char *number, int64_t amount, const char *reference)
{
    return json_pack("{s:s, s:I, s:s, s:s, s:s}", "number", number,
               "amount", (json_int_t) amount, "currency", "USD",
               "reference", reference, "at", "2026-01-01");
}


static inline json_t *
wire(const char *number, int64_t amount, const char *reference)
{
    return expect(APP, "app.invoice.paid",
                  of_payment(number, amount, reference), 200, NULL);
}


static inline json_t *
of_invoice(const char *team, const char *number)
{
    return json_pack("{s:s, s:s}", "team", team, "number", number);
}


/* The state and the amounts of an invoice as its readers see it. */

static inline json_t *
invoice_now(const char *team, const char *number)
{
    json_t  *body = expect(OWNER, "billing.invoice",
                           of_invoice(team, number), 200, NULL);
    json_t  *invoice = json_incref(json_object_get(body, "invoice"));

    json_decref(body);

    return invoice;
}


static inline void
invoice_is(const char *team, const char *number, const char *state,
    int64_t open)
{
    json_t  *invoice = invoice_now(team, number);

    assert_string_equal(text_of(invoice, "state"), state);
    assert_int_equal(number_of(invoice, "open"), open);
    json_decref(invoice);
}


/* A card payment of an invoice up to its charge. */

static inline billing_call_t
pay_by_card(const char *team, const char *number, int64_t amount)
{
    char                 text[32];
    json_t              *body = of_invoice(team, number);
    billing_call_t       call;
    billing_op_reply_t   reply;

    (void) json_object_set_new(body, "payment_method",
                               json_string("pm_card"));
    reply = run_op(next_op(), OWNER, "invoice.pay", body);
    assert_true(reply.later);

    call = to_the_charge();
    (void) snprintf(text, sizeof(text), "amount=%lld&", (long long) amount);
    assert_non_null(strstr(call.request.body, text));

    return call;
}


#define LIVE  " FROM bill_money WHERE ended = ''"

/*
 * The books, the rows and what the team's own row says of them agree, and no
 * series has a gap.
 */

static inline void
books_agree(void)
{
    books_balance();

    /* What is owed to us is what is open, less what is on its way back. */

    assert_int_equal(
        count("SELECT COALESCE(SUM(amount_minor), 0) FROM ledger"
              " WHERE account LIKE 'receivable:%'"),
        count("SELECT COALESCE(SUM(total_minor - paid_minor - credited_minor"
              " + refunded_minor), 0)" LIVE)
        - count("SELECT COALESCE(SUM(card_minor), 0) FROM refund"
                " WHERE money IN ('sending', 'stuck')"));
    assert_int_equal(
        count("SELECT COALESCE(-SUM(amount_minor), 0) FROM ledger"
              " WHERE account LIKE 'credit:%'"),
        count("SELECT SUM(credit_minor) FROM team"));
    assert_int_equal(
        count("SELECT COALESCE(SUM(amount_minor), 0) FROM ledger"
              " WHERE account IN ('bank', 'gateway')"),
        count("SELECT COALESCE(SUM(amount_minor), 0) FROM payment")
        - count("SELECT COALESCE(SUM(amount_minor), 0) FROM refund"
                " WHERE state = 'granted'")
        + count("SELECT COALESCE(SUM(card_minor), 0) FROM refund"
                " WHERE money IN ('sending', 'stuck')"));

    assert_int_equal(count("SELECT COUNT(*)" LIVE " AND (is_open <> 0) <>"
        " (total_minor - paid_minor - credited_minor + refunded_minor > 0)"),
        0);
    assert_int_equal(count("SELECT COUNT(*)" LIVE " AND total_minor -"
        " paid_minor - credited_minor + refunded_minor < 0"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM bill_money WHERE"
        " refunded_minor > paid_minor"), 0);

    assert_int_equal(count("SELECT COUNT(*) FROM team WHERE"
        " (invoice_due_at <> 0) <> EXISTS (SELECT 1 FROM bill"
        " WHERE bill.team = team.id AND is_open = 1)"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM team WHERE"
        " state = 'active' AND EXISTS (SELECT 1 FROM bill WHERE"
        " bill.team = team.id AND is_open = 1 AND (kind <> 'seats' OR"
        " reminded = 1))"), 0);

    assert_int_equal(count("SELECT COUNT(*) FROM invoice_series s WHERE"
        " last_no <> (SELECT COUNT(*) FROM invoice i WHERE i.series ="
        " s.series AND i.year = s.year) + (SELECT COUNT(*) FROM credit_note"
        " c WHERE c.series = s.series AND c.year = s.year)"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM credit_note c WHERE"
        " hash = '' OR (no > 1 AND NOT EXISTS (SELECT 1 FROM credit_note p"
        " WHERE p.hash = c.prev_hash))"), 0);
}

#endif /* BILLING_DOCUMENT_FIXTURE_H */
