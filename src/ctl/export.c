/*
 * billingctl export: the books, documents and teams for accounting.  The same
 * database gives the same bytes.
 */

#include "billing_ctl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BILLING_EXPORT_FORMAT   1
#define BILLING_EXPORT_COLUMNS  18


typedef enum {
    BILLING_EXPORT_TEXT = 0,
    BILLING_EXPORT_TYPED,               /* typed by people */
    BILLING_EXPORT_NUMBER,
    BILLING_EXPORT_INSTANT,
    BILLING_EXPORT_INSIDE               /* a member of the document */
} billing_export_type_t;

typedef struct {
    const char             *name;
    billing_export_type_t   type;
    const char             *member;     /* "buyer.country" */
} billing_export_column_t;

typedef struct {
    const char               *name;
    const char               *sql;      /* the document comes last */
    bool                      timed;    /* $1 since, $2 until */
    billing_export_column_t   columns[BILLING_EXPORT_COLUMNS];
} billing_export_table_t;


static int billing_export_run(billing_ctl_session_t *s);
static billing_db_rc_t billing_export_table(billing_ctl_session_t *s,
    const billing_export_table_t *table, bool csv);
static json_t *billing_export_row(billing_db_t *db,
    const billing_export_table_t *table);
static json_t *billing_export_value(billing_db_t *db,
    const billing_export_table_t *table, int column, const json_t *document);
static json_t *billing_export_inside(const json_t *document,
    const char *member);
static void billing_export_csv(const billing_export_table_t *table,
    const json_t *row);
static void billing_export_cell(const json_t *value, bool typed);
static void billing_export_titles(const billing_export_table_t *table);


const char  billing_ctl_export_help[] =
    "Usage: billingctl --config FILE export [--format json|csv]\n"
    "                  [--table ledger|invoices|bills|payments|credit_notes|\n"
    "                           refunds|approvals|checkouts|day_passes|\n"
    "                           strays|teams]\n"
    "                  [--since DATE] [--until DATE]\n"
    "\n"
    "Prints what accounting needs, in an order that does not change, with\n"
    "amounts in minor units.  JSON has all tables, or the one named; CSV\n"
    "(RFC 4180, one line of titles) has the one named.\n"
    "\n"
    "  --since, --until   [since, until) by the date of entry or document;\n"
    "                     a date, or an RFC 3339 instant.  Teams are as they\n"
    "                     are now\n"
    "\n"
    "Reads only.  Exit status: 0 done, 2 it cannot run.\n";


static const billing_export_table_t  billing_export_tables[] = {
    { "ledger",
      "SELECT at, txn, n, account, amount_minor, currency, ref, link, hash"
      " FROM ledger"
      " WHERE at >= $1 AND at < $2 ORDER BY at, txn, n", true, {
        { "at", BILLING_EXPORT_INSTANT, NULL },
        { "transaction", BILLING_EXPORT_TEXT, NULL },
        { "entry", BILLING_EXPORT_NUMBER, NULL },
        { "account", BILLING_EXPORT_TEXT, NULL },
        { "amount", BILLING_EXPORT_NUMBER, NULL },
        { "currency", BILLING_EXPORT_TEXT, NULL },
        { "reference", BILLING_EXPORT_TEXT, NULL },
        { "link", BILLING_EXPORT_NUMBER, NULL },
        { "hash", BILLING_EXPORT_TEXT, NULL }
      } },
    { "invoices",
      "SELECT number, issued_at, team, checkout, payer, hash, document"
      " FROM invoice WHERE issued_at >= $1 AND issued_at < $2"
      " ORDER BY series, year, no", true, {
        { "number", BILLING_EXPORT_TEXT, NULL },
        { "issued_at", BILLING_EXPORT_INSTANT, NULL },
        { "team", BILLING_EXPORT_TEXT, NULL },
        { "checkout", BILLING_EXPORT_TEXT, NULL },
        { "payer", BILLING_EXPORT_TYPED, NULL },
        { "hash", BILLING_EXPORT_TEXT, NULL },
        { "state", BILLING_EXPORT_INSIDE, "state" },
        { "due_at", BILLING_EXPORT_INSIDE, "due_at" },
        { "currency", BILLING_EXPORT_INSIDE, "currency" },
        { "subtotal", BILLING_EXPORT_INSIDE, "subtotal" },
        { "discount", BILLING_EXPORT_INSIDE, "discount" },
        { "credit", BILLING_EXPORT_INSIDE, "credit" },
        { "tax", BILLING_EXPORT_INSIDE, "tax" },
        { "total", BILLING_EXPORT_INSIDE, "total" },
        { "tax_country", BILLING_EXPORT_INSIDE, "ground.tax_country" },
        { "tax_why", BILLING_EXPORT_INSIDE, "ground.tax_why" },
        { "vat_id", BILLING_EXPORT_INSIDE, "buyer.vat_id" }
      } },
    { "bills",
      "SELECT id, number, team, kind, drafted_at, issued_at, due_at,"
      " total_minor, tax_minor, currency, is_open, ended FROM bill"
      " WHERE drafted_at >= $1 AND drafted_at < $2"
      " ORDER BY drafted_at, id", true, {
        { "bill", BILLING_EXPORT_TEXT, NULL },
        { "number", BILLING_EXPORT_TEXT, NULL },
        { "team", BILLING_EXPORT_TEXT, NULL },
        { "kind", BILLING_EXPORT_TEXT, NULL },
        { "drafted_at", BILLING_EXPORT_INSTANT, NULL },
        { "issued_at", BILLING_EXPORT_INSTANT, NULL },
        { "due_at", BILLING_EXPORT_INSTANT, NULL },
        { "total", BILLING_EXPORT_NUMBER, NULL },
        { "tax", BILLING_EXPORT_NUMBER, NULL },
        { "currency", BILLING_EXPORT_TEXT, NULL },
        { "open", BILLING_EXPORT_NUMBER, NULL },
        { "ended", BILLING_EXPORT_TEXT, NULL }
      } },
    { "payments",
      "SELECT p.id, p.bill, b.number, b.team, p.method, p.reference,"
      " p.amount_minor, p.applied_minor, p.balance_minor, p.currency,"
      " p.paid_at, p.at FROM payment p JOIN bill b ON b.id = p.bill"
      " WHERE p.at >= $1 AND p.at < $2 ORDER BY p.at, p.id", true, {
        { "payment", BILLING_EXPORT_TEXT, NULL },
        { "bill", BILLING_EXPORT_TEXT, NULL },
        { "invoice", BILLING_EXPORT_TEXT, NULL },
        { "team", BILLING_EXPORT_TEXT, NULL },
        { "method", BILLING_EXPORT_TEXT, NULL },
        { "reference", BILLING_EXPORT_TYPED, NULL },
        { "amount", BILLING_EXPORT_NUMBER, NULL },
        { "applied", BILLING_EXPORT_NUMBER, NULL },
        { "to_balance", BILLING_EXPORT_NUMBER, NULL },
        { "currency", BILLING_EXPORT_TEXT, NULL },
        { "paid_at", BILLING_EXPORT_INSTANT, NULL },
        { "recorded_at", BILLING_EXPORT_INSTANT, NULL }
      } },
    { "credit_notes",
      "SELECT c.number, c.issued_at, c.team, c.bill, b.number, c.reason,"
      " c.amount_minor, c.tax_minor, c.currency, c.hash FROM credit_note c"
      " JOIN bill b ON b.id = c.bill WHERE c.issued_at >= $1"
      " AND c.issued_at < $2 ORDER BY c.series, c.year, c.no", true, {
        { "number", BILLING_EXPORT_TEXT, NULL },
        { "issued_at", BILLING_EXPORT_INSTANT, NULL },
        { "team", BILLING_EXPORT_TEXT, NULL },
        { "bill", BILLING_EXPORT_TEXT, NULL },
        { "invoice", BILLING_EXPORT_TEXT, NULL },
        { "reason", BILLING_EXPORT_TEXT, NULL },
        { "amount", BILLING_EXPORT_NUMBER, NULL },
        { "tax", BILLING_EXPORT_NUMBER, NULL },
        { "currency", BILLING_EXPORT_TEXT, NULL },
        { "hash", BILLING_EXPORT_TEXT, NULL }
      } },
    { "refunds",
      "SELECT r.id, r.created_at, r.team, r.bill, b.number, r.actor,"
      " r.reason, r.note, r.state, r.amount_minor, r.card_minor, r.currency,"
      " r.credit_note, r.money, r.decided_at, r.returned_at FROM refund r"
      " JOIN bill b ON b.id = r.bill WHERE r.created_at >= $1"
      " AND r.created_at < $2 ORDER BY r.created_at, r.id", true, {
        { "refund", BILLING_EXPORT_TEXT, NULL },
        { "asked_at", BILLING_EXPORT_INSTANT, NULL },
        { "team", BILLING_EXPORT_TEXT, NULL },
        { "bill", BILLING_EXPORT_TEXT, NULL },
        { "invoice", BILLING_EXPORT_TEXT, NULL },
        { "by", BILLING_EXPORT_TYPED, NULL },
        { "reason", BILLING_EXPORT_TYPED, NULL },
        { "note", BILLING_EXPORT_TYPED, NULL },
        { "state", BILLING_EXPORT_TEXT, NULL },
        { "amount", BILLING_EXPORT_NUMBER, NULL },
        { "to_card", BILLING_EXPORT_NUMBER, NULL },
        { "currency", BILLING_EXPORT_TEXT, NULL },
        { "credit_note", BILLING_EXPORT_TEXT, NULL },
        { "money", BILLING_EXPORT_TEXT, NULL },
        { "decided_at", BILLING_EXPORT_INSTANT, NULL },
        { "returned_at", BILLING_EXPORT_INSTANT, NULL }
      } },
    { "approvals",
      "SELECT at, refund, n, act, person, note FROM approval WHERE at >= $1"
      " AND at < $2 ORDER BY at, refund, n", true, {
        { "at", BILLING_EXPORT_INSTANT, NULL },
        { "refund", BILLING_EXPORT_TEXT, NULL },
        { "n", BILLING_EXPORT_NUMBER, NULL },
        { "act", BILLING_EXPORT_TEXT, NULL },
        { "by", BILLING_EXPORT_TYPED, NULL },
        { "note", BILLING_EXPORT_TYPED, NULL }
      } },
    { "checkouts",
      "SELECT id, started_at, team, actor, purpose, state, amount_minor,"
      " currency FROM checkout WHERE started_at >= $1 AND started_at < $2"
      " ORDER BY started_at, id", true, {
        { "checkout", BILLING_EXPORT_TEXT, NULL },
        { "at", BILLING_EXPORT_INSTANT, NULL },
        { "team", BILLING_EXPORT_TEXT, NULL },
        { "actor", BILLING_EXPORT_TYPED, NULL },
        { "purpose", BILLING_EXPORT_TEXT, NULL },
        { "state", BILLING_EXPORT_TEXT, NULL },
        { "amount", BILLING_EXPORT_NUMBER, NULL },
        { "currency", BILLING_EXPORT_TEXT, NULL }
      } },
    { "day_passes",
      "SELECT started_at, ends_at, team, email, n, price_minor, currency,"
      " checkout, billed FROM day_pass WHERE started_at >= $1"
      " AND started_at < $2 ORDER BY started_at, team, email, n", true, {
        { "started_at", BILLING_EXPORT_INSTANT, NULL },
        { "ends_at", BILLING_EXPORT_INSTANT, NULL },
        { "team", BILLING_EXPORT_TEXT, NULL },
        { "email", BILLING_EXPORT_TYPED, NULL },
        { "n", BILLING_EXPORT_NUMBER, NULL },
        { "price", BILLING_EXPORT_NUMBER, NULL },
        { "currency", BILLING_EXPORT_TEXT, NULL },
        { "checkout", BILLING_EXPORT_TEXT, NULL },
        { "billed", BILLING_EXPORT_NUMBER, NULL }
      } },
    { "strays",
      "SELECT id, found_at, intent, checkout, amount_minor, currency, state"
      " FROM stray WHERE found_at >= $1 AND found_at < $2"
      " ORDER BY found_at, id", true, {
        { "stray", BILLING_EXPORT_TEXT, NULL },
        { "found_at", BILLING_EXPORT_INSTANT, NULL },
        { "intent", BILLING_EXPORT_TEXT, NULL },
        { "checkout", BILLING_EXPORT_TEXT, NULL },
        { "amount", BILLING_EXPORT_NUMBER, NULL },
        { "currency", BILLING_EXPORT_TEXT, NULL },
        { "state", BILLING_EXPORT_TEXT, NULL }
      } },
    { "teams",
      "SELECT id, name, plan, state, period, method, seats, members,"
      " period_start_at, period_end_at, currency, paid_minor, credit_minor,"
      " pending_minor, billing_email, created_at FROM team ORDER BY id",
      false, {
        { "team", BILLING_EXPORT_TEXT, NULL },
        { "name", BILLING_EXPORT_TYPED, NULL },
        { "plan", BILLING_EXPORT_TEXT, NULL },
        { "state", BILLING_EXPORT_TEXT, NULL },
        { "period", BILLING_EXPORT_TEXT, NULL },
        { "payment_method", BILLING_EXPORT_TEXT, NULL },
        { "seats", BILLING_EXPORT_NUMBER, NULL },
        { "members", BILLING_EXPORT_NUMBER, NULL },
        { "period_start", BILLING_EXPORT_INSTANT, NULL },
        { "period_end", BILLING_EXPORT_INSTANT, NULL },
        { "currency", BILLING_EXPORT_TEXT, NULL },
        { "paid", BILLING_EXPORT_NUMBER, NULL },
        { "credit", BILLING_EXPORT_NUMBER, NULL },
        { "pending", BILLING_EXPORT_NUMBER, NULL },
        { "billing_email", BILLING_EXPORT_TYPED, NULL },
        { "created_at", BILLING_EXPORT_INSTANT, NULL }
      } }
};

#define BILLING_EXPORT_TABLES                                                 \
    (sizeof(billing_export_tables) / sizeof(billing_export_tables[0]))


int
billing_ctl_export(const billing_ctl_t *ctl)
{
    int                     status = BILLING_CTL_USAGE;
    bool                    known = ctl->table == NULL;
    bool                    csv;
    billing_ctl_session_t  *s;

    csv = ctl->format != NULL && strcmp(ctl->format, "csv") == 0;

    if (ctl->format != NULL && !csv && strcmp(ctl->format, "json") != 0) {
        return billing_ctl_fail("--format is json or csv, not \"%s\"",
                                ctl->format);
    }

    for (size_t i = 0; !known && i < BILLING_EXPORT_TABLES; i++) {
        known = strcmp(billing_export_tables[i].name, ctl->table) == 0;
    }

    if (!known) {
        return billing_ctl_fail("--table is ledger, invoices, bills,"
                                " payments, credit_notes, refunds, approvals,"
                                " checkouts, day_passes, strays or teams, not"
                                " \"%s\"",
                                ctl->table);
    }

    if (csv && ctl->table == NULL) {
        return billing_ctl_fail("--format csv needs a --table");
    }

    s = malloc(sizeof(*s));

    if (s == NULL) {
        return billing_ctl_fail("out of memory");
    }

    if (billing_ctl_open(s, ctl, BILLING_CTL_READING)) {
        status = billing_export_run(s);
    }

    billing_ctl_close(s);
    free(s);

    return status;
}


static int
billing_export_run(billing_ctl_session_t *s)
{
    bool                  csv, first = true;
    json_t               *head;
    billing_db_rc_t       rc;
    const billing_ctl_t  *ctl = s->ctl;

    csv = ctl->format != NULL && strcmp(ctl->format, "csv") == 0;
    rc = billing_db_begin_reading(s->w.db);

    if (!csv) {
        head = json_pack("{s:i, s:I, s:s, s:o, s:o}",
                   "format", BILLING_EXPORT_FORMAT,
                   "schema", (json_int_t) s->schema, "amounts", "minor units",
                   "since", billing_instant_json(ctl->since_at),
                   "until", ctl->until_at == BILLING_INSTANT_MAX
                            ? json_null()
                            : billing_instant_json(ctl->until_at));
        (void) fputs("{\"header\": ", stdout);
        (void) json_dumpf(head, stdout, JSON_COMPACT);
        json_decref(head);
    }

    for (size_t i = 0; i < BILLING_EXPORT_TABLES && rc == BILLING_DB_OK; i++)
    {
        const billing_export_table_t  *table = &billing_export_tables[i];

        if (ctl->table != NULL && strcmp(ctl->table, table->name) != 0) {
            continue;
        }

        if (!csv) {
            (void) printf(",\n\"%s\": [", table->name);
        }

        rc = billing_export_table(s, table, csv);

        if (!csv) {
            (void) fputs("\n]", stdout);
        }

        first = false;
    }

    (void) first;

    if (!csv) {
        (void) fputs("}\n", stdout);
    }

    billing_db_rollback(s->w.db);

    return rc == BILLING_DB_OK ? billing_ctl_flush(BILLING_CTL_DONE)
                               : billing_ctl_database(s);
}


static billing_db_rc_t
billing_export_table(billing_ctl_session_t *s,
    const billing_export_table_t *table, bool csv)
{
    json_t           *row;
    uint64_t          n = 0;
    billing_db_rc_t   rc;

    if (csv) {
        billing_export_titles(table);
    }

    rc = table->timed
         ? billing_db_query(s->w.db, table->sql, "ii", s->ctl->since_at,
                            s->ctl->until_at)
         : billing_db_query(s->w.db, table->sql, "");

    while (rc == BILLING_DB_ROW) {
        row = billing_export_row(s->w.db, table);

        if (csv) {
            billing_export_csv(table, row);

        } else {
            (void) fputs(n == 0 ? "\n" : ",\n", stdout);
            (void) json_dumpf(row, stdout, JSON_COMPACT);
        }

        json_decref(row);
        billing_ctl_progress(s->ctl, table->name, ++n, 0);
        rc = billing_db_next(s->w.db, table->sql);
    }

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}


static json_t *
billing_export_row(billing_db_t *db, const billing_export_table_t *table)
{
    int      stored = 0;
    json_t  *row = json_object(), *document = NULL;

    while (stored < BILLING_EXPORT_COLUMNS
           && table->columns[stored].name != NULL
           && table->columns[stored].type != BILLING_EXPORT_INSIDE)
    {
        stored++;
    }

    if (stored < BILLING_EXPORT_COLUMNS
        && table->columns[stored].name != NULL)
    {
        document = json_loads(billing_db_text(db, table->sql, stored), 0,
                              NULL);
    }

    for (int i = 0; i < BILLING_EXPORT_COLUMNS
         && table->columns[i].name != NULL; i++)
    {
        (void) json_object_set_new(row, table->columns[i].name,
                   billing_export_value(db, table, i, document));
    }

    json_decref(document);

    return row;
}


static json_t *
billing_export_value(billing_db_t *db, const billing_export_table_t *table,
    int column, const json_t *document)
{
    const char  *text;

    switch (table->columns[column].type) {

    case BILLING_EXPORT_TEXT:
    case BILLING_EXPORT_TYPED:
        text = billing_db_text(db, table->sql, column);
        return json_string(text == NULL ? "" : text);

    case BILLING_EXPORT_NUMBER:
        return json_integer((json_int_t) billing_db_int(db, table->sql,
                                                        column));

    case BILLING_EXPORT_INSTANT:
        return billing_instant_json(billing_db_int(db, table->sql, column));

    case BILLING_EXPORT_INSIDE:
        return billing_export_inside(document,
                                     table->columns[column].member);
    }

    return json_null();
}


/* "a" or "a.b" of the document; null when it has none. */

static json_t *
billing_export_inside(const json_t *document, const char *member)
{
    char         outer[32];
    json_t      *value;
    const char  *dot = strchr(member, '.');

    if (dot == NULL) {
        value = json_object_get(document, member);
        return value == NULL ? json_null() : json_incref(value);
    }

    (void) snprintf(outer, sizeof(outer), "%.*s", (int) (dot - member),
                    member);
    value = json_object_get(json_object_get(document, outer), dot + 1);

    return value == NULL ? json_null() : json_incref(value);
}


/* --- CSV ------------------------------------------------------------------ */


static void
billing_export_titles(const billing_export_table_t *table)
{
    for (int i = 0; i < BILLING_EXPORT_COLUMNS
         && table->columns[i].name != NULL; i++)
    {
        (void) printf("%s%s", i == 0 ? "" : ",", table->columns[i].name);
    }

    (void) fputs("\r\n", stdout);
}


static void
billing_export_csv(const billing_export_table_t *table, const json_t *row)
{
    for (int i = 0; i < BILLING_EXPORT_COLUMNS
         && table->columns[i].name != NULL; i++)
    {
        if (i > 0) {
            (void) putchar(',');
        }

        billing_export_cell(json_object_get(row, table->columns[i].name),
                            table->columns[i].type == BILLING_EXPORT_TYPED
                            || table->columns[i].type
                               == BILLING_EXPORT_INSIDE);
    }

    (void) fputs("\r\n", stdout);
}


/* A spreadsheet must not take what somebody typed for a formula. */

static void
billing_export_cell(const json_t *value, bool typed)
{
    const char  *text;

    if (json_is_integer(value)) {
        (void) printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return;
    }

    text = json_string_value(value);

    if (text == NULL) {
        return;
    }

    if (typed && text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL) {
        (void) fputs("\"'", stdout);

    } else if (strpbrk(text, "\",\r\n") == NULL) {
        (void) fputs(text, stdout);
        return;

    } else {
        (void) putchar('"');
    }

    for ( /* void */ ; *text != '\0'; text++) {
        if (*text == '"') {
            (void) putchar('"');
        }

        (void) putchar(*text);
    }

    (void) putchar('"');
}
