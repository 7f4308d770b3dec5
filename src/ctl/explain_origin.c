/*
 * billingctl explain: where a credit balance and pending charges came from, by
 * the books alone.
 */

#include "billing_ctl.h"

#include <stdlib.h>
#include <string.h>

#define BILLING_ORIGINS_MAX  1000


static int64_t billing_explain_balance(const billing_explain_t *e);
static void billing_explain_differs(const billing_explain_t *e, int64_t sum,
    size_t n, json_t *out);
static json_t *billing_explain_entry(const billing_explain_t *e,
    const char *txn, int64_t at, int64_t minor);
static billing_db_rc_t billing_explain_invoice(const billing_explain_t *e,
    const char *checkout, json_t **number);
static billing_db_rc_t billing_explain_change(const billing_explain_t *e,
    const char *op, const char *plain, json_t *entry);
static void billing_explain_lines(const billing_explain_t *e,
    const json_t *change, json_t *entry);


billing_db_rc_t
billing_explain_books(billing_explain_t *e, json_t *out)
{
    static const char  sql[] =
        "SELECT txn, n, account, amount_minor, currency, at FROM ledger"
        " WHERE txn IN ($1 || '-sale', $2 || '-paid', $3 || '-void')"
        " ORDER BY at, CASE WHEN txn LIKE '%-sale' THEN 0 ELSE 1 END, txn, n";

    json_t           *entries = json_array();
    const char       *txn;
    billing_db_t     *db = e->s->w.db;
    billing_db_rc_t   rc;

    rc = billing_db_query(db, sql, "ttt", e->checkout, e->checkout,
                          e->checkout);

    while (rc == BILLING_DB_ROW) {
        txn = billing_db_text(db, sql, 0);

        if (e->sold_at == 0) {
            e->sold_at = billing_db_int(db, sql, 5);
        }

        (void) json_array_append_new(entries,
                   json_pack("{s:s, s:s, s:I, s:s, s:o}",
                       "transaction", txn,
                       "account", billing_db_text(db, sql, 2),
                       "amount", (json_int_t) billing_db_int(db, sql, 3),
                       "currency", billing_db_text(db, sql, 4),
                       "at", billing_instant_json(billing_db_int(db, sql,
                                                                 5))));
        rc = billing_db_next(db, sql);
    }

    (void) json_object_set_new(out, "books", entries);

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}


/*
 * Everything that moved the balance before this sale did.  Of what has the
 * same instant as the sale only as much as it takes: a second has no order.
 */

billing_db_rc_t
billing_explain_origin(const billing_explain_t *e, json_t *out)
{
    static const char  sql[] =
        "SELECT txn, at, -SUM(amount_minor) FROM ledger"
        " WHERE account = 'credit:' || $1 AND at <= $2"
        " AND txn NOT IN ($3 || '-sale', $4 || '-void')"
        " GROUP BY txn, at ORDER BY at, txn LIMIT $5";

    int64_t           sum = 0, minor, at, before, after;
    json_t           *entries = json_array();
    billing_db_t     *db = e->s->w.db;
    billing_db_rc_t   rc;

    after = json_integer_value(json_object_get(e->document, "credit_left"));
    before = after - billing_explain_balance(e);

    rc = billing_db_query(db, sql, "titti", e->team, e->sold_at, e->checkout,
                          e->checkout, (int64_t) BILLING_ORIGINS_MAX);

    while (rc == BILLING_DB_ROW) {
        at = billing_db_int(db, sql, 1);
        minor = billing_db_int(db, sql, 2);

        if (at < e->sold_at || sum != before) {
            sum += minor;
            (void) json_array_append_new(entries,
                       billing_explain_entry(e, billing_db_text(db, sql, 0),
                                             at, minor));
        }

        rc = billing_db_next(db, sql);
    }

    if (before != 0 || after != 0 || json_array_size(entries) > 0) {
        (void) json_object_set_new(out, "balance",
                   json_pack("{s:I, s:I, s:O}", "before",
                             (json_int_t) before, "after",
                             (json_int_t) after, "entries", entries));
    }

    if (sum != before) {
        billing_explain_differs(e, sum, json_array_size(entries),
                                json_object_get(out, "balance"));
    }

    json_decref(entries);

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}


/* What the lines took from the balance (below zero) or gave to it. */

static int64_t
billing_explain_balance(const billing_explain_t *e)
{
    size_t       i;
    int64_t      sum = 0;
    json_t      *line;
    const char  *kind;

    json_array_foreach(json_object_get(e->document, "lines"), i, line) {
        kind = json_string_value(json_object_get(line, "kind"));

        if (kind != NULL && strcmp(kind, "balance") == 0) {
            sum += json_integer_value(json_object_get(line, "amount"));
        }
    }

    return sum;
}


static void
billing_explain_differs(const billing_explain_t *e, int64_t sum, size_t n,
    json_t *out)
{
    (void) json_object_set_new(out, "differs", n == 0
               ? billing_explain_text(e, "explain.origin.none", NULL)
               : billing_explain_text(e, "explain.origin.differs",
                     json_pack("{s:o}", "sum",
                               billing_explain_amount(e, sum))));
}


static json_t *
billing_explain_entry(const billing_explain_t *e, const char *txn,
    int64_t at, int64_t minor)
{
    char         ref[BILLING_OP_ID_LEN + 1];
    json_t      *number = NULL, *entry;
    const char  *tail = strrchr(txn, '-'), *key = "explain.entry.other";

    tail = tail == NULL ? txn + strlen(txn) : tail;
    (void) snprintf(ref, sizeof(ref), "%.*s", (int) (tail - txn), txn);

    entry = json_pack("{s:s, s:o, s:I}", "transaction", txn,
                      "at", billing_instant_json(at),
                      "amount", (json_int_t) minor);

    if (strcmp(tail, "-seats") == 0
        && billing_explain_change(e, ref, "explain.entry.seats", entry)
           == BILLING_DB_OK)
    {
        return entry;
    }

    if (strcmp(tail, "-void") == 0) {
        key = "explain.entry.void";
    }

    if (strcmp(tail, "-sale") == 0
        && billing_explain_invoice(e, ref, &number) == BILLING_DB_OK
        && number != NULL)
    {
        key = "explain.entry.sale";
    }

    (void) json_object_set_new(entry, "text",
               billing_explain_text(e, key,
                   json_pack("{s:o, s:o, s:s, s:O*}",
                       "at", billing_instant_json(at),
                       "amount", billing_explain_amount(e, minor),
                       "transaction", txn, "invoice", number)));

    if (number != NULL) {
        (void) json_object_set_new(entry, "invoice", number);
    }

    return entry;
}


static billing_db_rc_t
billing_explain_invoice(const billing_explain_t *e, const char *checkout,
    json_t **number)
{
    static const char  sql[] =
        "SELECT number FROM invoice WHERE checkout = $1";

    billing_db_rc_t  rc;

    *number = NULL;
    rc = billing_db_query(e->s->w.db, sql, "t", checkout);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
    }

    *number = json_string(billing_db_text(e->s->w.db, sql, 0));
    billing_db_done(e->s->w.db, sql);

    return BILLING_DB_OK;
}


/*
 * The bills of the period that unused time is given back of: those of the
 * team whose period began with it.
 */

billing_db_rc_t
billing_explain_paid(const billing_explain_t *e, const json_t *line,
    json_t *out)
{
    static const char  sql[] =
        "SELECT number, document FROM invoice WHERE team = $1"
        " AND checkout <> $2 ORDER BY issued_at, number";

    const char       *start, *other;
    json_t           *numbers, *document;
    billing_db_t     *db = e->s->w.db;
    billing_db_rc_t   rc;

    start = json_string_value(json_array_get(json_object_get(line, "period"),
                                             0));

    if (start == NULL) {
        return BILLING_DB_OK;
    }

    numbers = json_array();
    rc = billing_db_query(db, sql, "tt", e->team, e->checkout);

    while (rc == BILLING_DB_ROW) {
        document = json_loads(billing_db_text(db, sql, 1), 0, NULL);
        other = json_string_value(json_object_get(document, "period_start"));

        if (other != NULL && strcmp(other, start) == 0) {
            (void) json_array_append_new(numbers,
                       json_string(billing_db_text(db, sql, 0)));
        }

        json_decref(document);
        rc = billing_db_next(db, sql);
    }

    (void) json_object_set_new(out, "paid_by", numbers);

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}


/*
 * The changes of seats that no bill before had named, those among them that
 * gave back what was not billed yet: the oldest are paid for by the bills
 * before, and of those in a bill's own second as many count as it takes.
 */

billing_db_rc_t
billing_explain_pending(const billing_explain_t *e, int64_t amount,
    json_t *out)
{
    static const char  sql[] =
        "SELECT c.txn, c.at, c.amount_minor, c.ref, b.minor, b.at"
        " FROM ledger c, (SELECT COALESCE(-SUM(l.amount_minor), 0) AS minor,"
        " COALESCE(MAX(l.at), 0) AS at FROM ledger l WHERE l.account ="
        " 'unbilled:' || $1 AND l.txn NOT LIKE '%-seats' AND l.at <= $2"
        " AND l.txn <> $3 || '-sale') b"
        " WHERE c.account = 'unbilled:' || $1 AND c.txn LIKE '%-seats'"
        " AND c.at <= $2 ORDER BY c.at, c.txn LIMIT $4";

    int64_t           sum = 0, billed = 0, minor, at, last_at;
    json_t           *entries = json_array(), *entry;
    billing_db_t     *db = e->s->w.db;
    billing_db_rc_t   rc;

    rc = billing_db_query(db, sql, "titi", e->team, e->sold_at, e->checkout,
                          (int64_t) BILLING_ORIGINS_MAX);

    while (rc == BILLING_DB_ROW) {
        at = billing_db_int(db, sql, 1);
        minor = billing_db_int(db, sql, 2);
        last_at = billing_db_int(db, sql, 5);

        if (at < last_at
            || (at == last_at && billed != billing_db_int(db, sql, 4)))
        {
            billed += minor;
            rc = billing_db_next(db, sql);
            continue;
        }

        if (at == e->sold_at && sum == amount) {
            rc = billing_db_next(db, sql);
            continue;
        }

        sum += minor;
        entry = json_pack("{s:s, s:o, s:I}",
                    "transaction", billing_db_text(db, sql, 0),
                    "at", billing_instant_json(at),
                    "amount", (json_int_t) minor);
        rc = billing_explain_change(e, billing_db_text(db, sql, 3),
                                    "explain.change.plain", entry);
        (void) json_array_append_new(entries, entry);

        if (rc != BILLING_DB_OK) {
            json_decref(entries);
            return rc;
        }

        rc = billing_db_next(db, sql);
    }

    if (sum != amount) {
        billing_explain_differs(e, sum, json_array_size(entries), out);
    }

    (void) json_object_set_new(out, "changes", entries);

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}


/* The answer that its buyer got has the two lines (R126), while it is kept. */

static billing_db_rc_t
billing_explain_change(const billing_explain_t *e, const char *op,
    const char *plain, json_t *entry)
{
    static const char  sql[] = "SELECT body, kind FROM command"
        " WHERE op = $1";

    json_t           *body = NULL, *change;
    const char       *text;
    billing_db_rc_t   rc;

    rc = billing_db_query(e->s->w.db, sql, "t", op);

    if (rc != BILLING_DB_ROW && rc != BILLING_DB_DONE) {
        return rc;
    }

    if (rc == BILLING_DB_ROW) {
        text = billing_db_text(e->s->w.db, sql, 1);

        if (strcmp(text, "member.add") == 0) {
            plain = "explain.change.join";
        }

        text = billing_db_text(e->s->w.db, sql, 0);
        body = text == NULL ? NULL : json_loads(text, 0, NULL);
        billing_db_done(e->s->w.db, sql);
    }

    change = json_object_get(body, "change");

    if (change != NULL) {
        billing_explain_lines(e, change, entry);
    }

    (void) json_object_set_new(entry, "text",
               billing_explain_text(e, change == NULL
                                    ? plain : "explain.change.seats",
                   json_pack("{s:O, s:O*, s:O*, s:o}",
                       "at", json_object_get(entry, "at"),
                       "from", json_object_get(change, "from"),
                       "to", json_object_get(change, "to"),
                       "amount", billing_explain_amount(e,
                           json_integer_value(json_object_get(entry,
                                                              "amount"))))));
    json_decref(body);

    return BILLING_DB_OK;
}


static void
billing_explain_lines(const billing_explain_t *e, const json_t *change,
    json_t *entry)
{
    size_t              i;
    json_t             *lines = json_array();
    const json_t       *line;
    billing_explain_t   seats = *e;

    seats.purpose = "seats";

    json_array_foreach(json_object_get(change, "lines"), i, line) {
        (void) json_array_append_new(lines,
                                     billing_explain_line(&seats, line));
    }

    (void) json_object_set(entry, "from", json_object_get(change, "from"));
    (void) json_object_set(entry, "to", json_object_get(change, "to"));
    (void) json_object_set_new(entry, "lines", lines);
}
