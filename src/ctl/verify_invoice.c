/*
 * billingctl verify: invoices and credit notes.  None was changed, none is
 * missing, each adds up and is in the books.
 */

#include "billing_ctl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BILLING_HASH_LEN  64

/* An invoice as stored; texts live until the next one. */
typedef struct {
    const char  *number;
    const char  *series;
    const char  *text;
    const char  *hash;
    const char  *prev_hash;
    const char  *checkout;
    const char  *team;
    int64_t      year;
    int64_t      no;
    int64_t      issued_at;
    bool         credit;                /* a credit note */
    json_t      *document;              /* NULL: the text is no JSON object */
    char         real[BILLING_HASH_LEN + 1];    /* of the document as it is */
} billing_paper_t;

/* What is kept of the one before. */
typedef struct {
    char     series[32];
    int64_t  year;
    int64_t  no;
    int64_t  issued_at;
    char     hash[BILLING_HASH_LEN + 1];
    char     real[BILLING_HASH_LEN + 1];
} billing_paper_before_t;

typedef billing_db_rc_t (*billing_paper_pt)(billing_verify_t *v,
    const billing_paper_t *paper, const billing_paper_before_t *before);


static billing_db_rc_t billing_papers(billing_verify_t *v,
    billing_paper_pt look);
static void billing_paper_read(billing_db_t *db, const char *sql,
    billing_paper_t *paper);
static void billing_paper_keep(const billing_paper_t *paper,
    billing_paper_before_t *before);
static billing_db_rc_t billing_check_hash(billing_verify_t *v);
static billing_db_rc_t billing_check_chain(billing_verify_t *v);
static billing_db_rc_t billing_check_numbers(billing_verify_t *v);
static billing_db_rc_t billing_check_sums(billing_verify_t *v);
static billing_db_rc_t billing_check_sale(billing_verify_t *v);
static billing_db_rc_t billing_check_dates(billing_verify_t *v);


static const char  billing_check_count[] =
    "SELECT (SELECT COUNT(*) FROM invoice)"
    " + (SELECT COUNT(*) FROM credit_note)";

/* A draft that was given up has its sale booked back. */
static const char  billing_check_missing[] =
    "SELECT k.id, 'of team ' || k.team || ' succeeded and has neither an"
    " invoice nor a draft' FROM checkout k WHERE k.state = 'succeeded'"
    " AND k.purpose NOT IN ('card', 'invoice', 'trial_card')"
    " AND NOT EXISTS (SELECT 1 FROM invoice i WHERE i.checkout = k.id)"
    " AND NOT EXISTS (SELECT 1 FROM invoice_draft d"
    " WHERE d.checkout = k.id AND d.finalised = 0)"
    " AND NOT EXISTS (SELECT 1 FROM ledger l"
    " WHERE l.txn = k.id || '-void')"
    " ORDER BY k.id";

static const char  billing_check_drafts[] =
    "SELECT checkout, 'was due to become final '"
    " || ($1 - finalise_at) || ' s ago' FROM invoice_draft"
    " WHERE finalised = 0 AND finalise_at < $1 - 600 ORDER BY checkout";


/* What is open, less what is on its way back to a card. */
static const char  billing_check_owed[] =
    "SELECT id, 'owes ' || owed || ', its account has ' || booked FROM ("
    " SELECT t.id AS id, COALESCE((SELECT SUM(b.total_minor - b.paid_minor"
    " - b.credited_minor + b.refunded_minor) FROM bill_money b"
    " WHERE b.team = t.id AND b.ended = ''), 0)"
    " - COALESCE((SELECT SUM(r.card_minor) FROM refund r"
    " WHERE r.team = t.id AND r.money IN ('sending', 'stuck')), 0) AS owed,"
    " COALESCE((SELECT SUM(l.amount_minor) FROM ledger l"
    " WHERE l.account = 'receivable:' || t.id), 0) AS booked"
    " FROM team t) o WHERE owed <> booked ORDER BY id";


const billing_check_t  billing_checks_invoice[] = {
    { "invoice.hash", "invoices",
      "a document was changed after it was issued: restore it from a backup or"
      " from the copy that was sent",
      billing_check_count, "", NULL, billing_check_hash },
    { "invoice.chain", "invoices",
      "an invoice was put in, taken out or rewritten: compare the series with"
      " a backup",
      billing_check_count, "", NULL, billing_check_chain },
    { "invoice.numbers", "invoices",
      "a number was given and its invoice is gone: look for it in a backup and"
      " in the mails that were sent",
      billing_check_count, "", NULL, billing_check_numbers },
    { "invoice.dates", "invoices",
      "a later number has an earlier date: the clock went back; keep a note of"
      " it with the books",
      billing_check_count, "", NULL, billing_check_dates },
    { "invoice.sums", "invoices",
      "see billingctl explain NUMBER",
      billing_check_count, "", NULL, billing_check_sums },
    { "invoice.sale", "invoices",
      "compare billingctl explain NUMBER with the entries of its sale",
      billing_check_count, "", NULL, billing_check_sale },
    { "invoice.missing", "purchases",
      "the purchase was made and nothing was issued: look at the worker's log"
      " for its id",
      "SELECT COUNT(*) FROM checkout WHERE state = 'succeeded'"
      " AND purpose NOT IN ('card', 'invoice', 'trial_card')", "",
      billing_check_missing, NULL },
    { "invoice.owed", "teams",
      "compare the payments and credit notes of its invoices with the account"
      " receivable:TEAM",
      "SELECT COUNT(*) FROM team", "", billing_check_owed, NULL },
    { "invoice.drafts", "drafts",
      "is a worker running (billingctl status)?  Its log says why",
      "SELECT COUNT(*) FROM invoice_draft WHERE finalised = 0", "n",
      billing_check_drafts, NULL },
    { .name = NULL }
};


static billing_db_rc_t
billing_papers(billing_verify_t *v, billing_paper_pt look)
{
    static const char  sql[] =
        "SELECT number, series, year, no, issued_at, document, hash,"
        " prev_hash, checkout, team, 0 FROM invoice UNION ALL"
        " SELECT number, series, year, no, issued_at, document, hash,"
        " prev_hash, bill, team, 1 FROM credit_note ORDER BY 2, 3, 4";

    uint64_t                n = 0;
    billing_db_rc_t         rc;
    billing_paper_t         paper;
    billing_paper_before_t  before = { .no = 0 };

    rc = billing_db_query(v->w->db, sql, "");

    while (rc == BILLING_DB_ROW) {
        billing_paper_read(v->w->db, sql, &paper);
        rc = look(v, &paper, &before);
        billing_paper_keep(&paper, &before);
        json_decref(paper.document);

        if (rc != BILLING_DB_OK) {
            billing_db_done(v->w->db, sql);
            return rc;
        }

        billing_ctl_progress(v->s->ctl, v->check->name, ++n, v->looked);
        rc = billing_db_next(v->w->db, sql);
    }

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}


static void
billing_paper_read(billing_db_t *db, const char *sql, billing_paper_t *paper)
{
    char  *text;

    *paper = (billing_paper_t) {
        .number = billing_db_text(db, sql, 0),
        .series = billing_db_text(db, sql, 1),
        .year = billing_db_int(db, sql, 2),
        .no = billing_db_int(db, sql, 3),
        .issued_at = billing_db_int(db, sql, 4),
        .text = billing_db_text(db, sql, 5),
        .hash = billing_db_text(db, sql, 6),
        .prev_hash = billing_db_text(db, sql, 7),
        .checkout = billing_db_text(db, sql, 8),
        .team = billing_db_text(db, sql, 9),
        .credit = billing_db_int(db, sql, 10) != 0
    };

    paper->document = json_loads(paper->text, JSON_REJECT_DUPLICATES, NULL);

    if (!json_is_object(paper->document)) {
        json_decref(paper->document);
        paper->document = NULL;
        return;
    }

    text = billing_body_canonical(paper->document, paper->real);
    free(text);
}


static void
billing_paper_keep(const billing_paper_t *paper,
    billing_paper_before_t *before)
{
    (void) snprintf(before->series, sizeof(before->series), "%s",
                    paper->series);
    before->year = paper->year;
    before->no = paper->no;
    before->issued_at = paper->issued_at;
    (void) snprintf(before->hash, sizeof(before->hash), "%s", paper->hash);
    (void) snprintf(before->real, sizeof(before->real), "%s", paper->real);
}


/* --- the bytes ------------------------------------------------------------ */


static bool
billing_paper_says(const billing_paper_t *paper, const char *name,
    const char *value)
{
    const char  *said;

    said = json_string_value(json_object_get(paper->document, name));

    return said != NULL && strcmp(said, value) == 0;
}


static billing_db_rc_t
billing_paper_hash(billing_verify_t *v, const billing_paper_t *paper,
    const billing_paper_before_t *before)
{
    (void) before;

    if (paper->document == NULL) {
        billing_verify_found(v, paper->number, "the document is no JSON"
                             " object");
        return BILLING_DB_OK;
    }

    if (strcmp(paper->real, paper->hash) != 0) {
        billing_verify_found(v, paper->number, "its hash is %.16s..., that of"
                             " its document %.16s...", paper->hash,
                             paper->real);
        return BILLING_DB_OK;
    }

    if (!billing_paper_says(paper, "number", paper->number)
        || !billing_paper_says(paper, "checkout", paper->checkout)
        || !billing_paper_says(paper, "team", paper->team)
        || !billing_paper_says(paper, "prev_hash", paper->prev_hash))
    {
        billing_verify_found(v, paper->number, "its row and its document name"
                             " different numbers, teams, checkouts or"
                             " predecessors");
    }

    return BILLING_DB_OK;
}


static billing_db_rc_t
billing_check_hash(billing_verify_t *v)
{
    return billing_papers(v, billing_paper_hash);
}


/*
 * A number that is missing is told by its own check, and a hash that is not
 * its document's by another: the chain is broken only where neither explains
 * it.
 */

static billing_db_rc_t
billing_paper_chain(billing_verify_t *v, const billing_paper_t *paper,
    const billing_paper_before_t *before)
{
    if (strcmp(before->series, paper->series) != 0) {
        if (paper->no == 1 && paper->prev_hash[0] != '\0') {
            billing_verify_found(v, paper->number, "is the first of its"
                                 " series and names a predecessor");
        }

        return BILLING_DB_OK;
    }

    if (paper->no != (before->year == paper->year ? before->no + 1 : 1)
        || strcmp(paper->prev_hash, before->hash) == 0
        || strcmp(paper->prev_hash, before->real) == 0)
    {
        return BILLING_DB_OK;
    }

    billing_verify_found(v, paper->number, "names %.16s... as its"
                         " predecessor, which has %.16s...",
                         paper->prev_hash[0] == '\0' ? "nothing"
                                                     : paper->prev_hash,
                         before->hash);

    return BILLING_DB_OK;
}


static billing_db_rc_t
billing_check_chain(billing_verify_t *v)
{
    return billing_papers(v, billing_paper_chain);
}


/* --- the numbers ---------------------------------------------------------- */


static void
billing_numbers_gap(billing_verify_t *v, const char *series, int64_t year,
    const int64_t gap[2])
{
    char  first[64];

    (void) snprintf(first, sizeof(first), "%s-%04" PRId64 "-%06" PRId64,
                    series, year, gap[0]);

    if (gap[0] == gap[1]) {
        billing_verify_found(v, first, "was given and is not there");
        return;
    }

    billing_verify_found(v, first, "and all up to number %06" PRId64
                         " were given and are not there", gap[1]);
}


static billing_db_rc_t
billing_paper_number(billing_verify_t *v, const billing_paper_t *paper,
    const billing_paper_before_t *before)
{
    bool  first;
    char  number[64];

    first = strcmp(before->series, paper->series) != 0
            || before->year != paper->year;

    if (paper->no != (first ? 1 : before->no + 1)) {
        billing_numbers_gap(v, paper->series, paper->year, (int64_t[2]) {
                            first ? 1 : before->no + 1, paper->no - 1 });
    }

    (void) snprintf(number, sizeof(number), "%s-%04" PRId64 "-%06" PRId64,
                    paper->series, paper->year, paper->no);

    if (strcmp(number, paper->number) != 0) {
        billing_verify_found(v, paper->number, "should be called %s",
                             number);
    }

    return BILLING_DB_OK;
}


/* Behind the last invoice the series itself tells what was given. */

static billing_db_rc_t
billing_check_numbers(billing_verify_t *v)
{
    static const char  sql[] =
        "SELECT s.series, s.year, s.last_no, COALESCE((SELECT MAX(i.no)"
        " FROM (SELECT series, year, no FROM invoice UNION ALL"
        " SELECT series, year, no FROM credit_note) i"
        " WHERE i.series = s.series AND i.year = s.year), 0)"
        " FROM invoice_series s ORDER BY s.series, s.year";

    int64_t          given, there;
    billing_db_rc_t  rc;

    rc = billing_papers(v, billing_paper_number);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    rc = billing_db_query(v->w->db, sql, "");

    while (rc == BILLING_DB_ROW) {
        given = billing_db_int(v->w->db, sql, 2);
        there = billing_db_int(v->w->db, sql, 3);

        if (given > there) {
            billing_numbers_gap(v, billing_db_text(v->w->db, sql, 0),
                                billing_db_int(v->w->db, sql, 1),
                                (int64_t[2]) { there + 1, given });
        }

        if (given < there) {
            billing_verify_found(v, billing_db_text(v->w->db, sql, 0),
                                 "the series has given %" PRId64 " numbers,"
                                 " its last invoice has %" PRId64, given,
                                 there);
        }

        rc = billing_db_next(v->w->db, sql);
    }

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}


/*
 * The year is that of the seller's day, which the document has kept: no day
 * is further from that of UTC than the zones are.
 */

static bool
billing_paper_year(const billing_paper_t *paper)
{
    int          year;
    const char  *day;

    if (billing_date_of(paper->issued_at - 12 * 3600).year > paper->year
        || billing_date_of(paper->issued_at + 14 * 3600).year < paper->year)
    {
        return false;
    }

    day = json_string_value(json_object_get(paper->document, "issue_date"));

    return day == NULL
           || (sscanf(day, "%4d-", &year) == 1 && year == paper->year);
}


static billing_db_rc_t
billing_paper_date(billing_verify_t *v, const billing_paper_t *paper,
    const billing_paper_before_t *before)
{
    char  at[BILLING_INSTANT_LEN + 1];

    billing_instant_format(paper->issued_at, at);

    if (strcmp(before->series, paper->series) == 0
        && paper->issued_at < before->issued_at)
    {
        billing_verify_found(v, paper->number, "is of %s, earlier than the"
                             " number before", at);
    }

    if (!billing_paper_says(paper, "issued_at", at)
        || !billing_paper_year(paper))
    {
        billing_verify_found(v, paper->number, "is of %s, its document or its"
                             " number of another time", at);
    }

    return BILLING_DB_OK;
}


static billing_db_rc_t
billing_check_dates(billing_verify_t *v)
{
    return billing_papers(v, billing_paper_date);
}


/* --- the amounts ---------------------------------------------------------- */


static billing_db_rc_t
billing_paper_sums(billing_verify_t *v, const billing_paper_t *paper,
    const billing_paper_before_t *before)
{
    billing_ctl_sums_t  sums;

    (void) before;

    if (paper->document == NULL || paper->credit) {
        return BILLING_DB_OK;           /* told by another check */
    }

    billing_ctl_sums(&v->s->settings, paper->document, &sums);

    if (sums.fault[0] != '\0') {
        billing_verify_found(v, paper->number, "%s", sums.fault);
    }

    return BILLING_DB_OK;
}


static billing_db_rc_t
billing_check_sums(billing_verify_t *v)
{
    return billing_papers(v, billing_paper_sums);
}


static int64_t
billing_paper_passes(const json_t *document)
{
    size_t         i;
    int64_t        sum = 0;
    const char    *kind;
    const json_t  *line;

    json_array_foreach(json_object_get(document, "lines"), i, line) {
        kind = json_string_value(json_object_get(line, "kind"));

        if (kind != NULL && strcmp(kind, "day_pass") == 0) {
            sum += json_integer_value(json_object_get(line, "amount"));
        }
    }

    return sum;
}


static billing_db_rc_t
billing_paper_sale(billing_verify_t *v, const billing_paper_t *paper,
    const billing_paper_before_t *before)
{
    static const char  sql[] =
        "SELECT COALESCE(SUM(CASE WHEN account = 'receivable:' || $1"
        " THEN amount_minor ELSE 0 END), 0),"
        " COALESCE(SUM(CASE WHEN account = 'tax' THEN -amount_minor"
        " ELSE 0 END), 0),"
        " COALESCE(SUM(CASE WHEN account = 'passes:' || $2"
        " THEN -amount_minor ELSE 0 END), 0)"
        " FROM ledger WHERE txn = $3 AND currency = $4";

    char             txn[BILLING_ID_MAX + 64];
    int64_t          total, tax, booked, booked_tax, passes, booked_passes;
    const char      *currency;
    billing_db_rc_t  rc;

    (void) before;

    currency = json_string_value(json_object_get(paper->document,
                                                 "currency"));
    total = json_integer_value(json_object_get(paper->document, "total"));
    tax = json_integer_value(json_object_get(paper->document, "tax"));

    if (currency == NULL) {
        return BILLING_DB_OK;           /* told by another check */
    }

    (void) snprintf(txn, sizeof(txn), "%s-sale", paper->checkout);

    if (paper->credit) {
        (void) snprintf(txn, sizeof(txn), "%s", paper->number);
        total = -total;
        tax = -tax;
    }

    passes = billing_paper_passes(paper->document);
    rc = billing_db_query(v->w->db, sql, "tttt", paper->team, paper->team,
                          txn, currency);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
    }

    booked = billing_db_int(v->w->db, sql, 0);
    booked_tax = billing_db_int(v->w->db, sql, 1);
    booked_passes = billing_db_int(v->w->db, sql, 2);
    billing_db_done(v->w->db, sql);

    if (booked != total || booked_tax != tax) {
        billing_verify_found(v, paper->number, "total %" PRId64 ", tax %"
                             PRId64 "; its sale %s has %" PRId64 " and %"
                             PRId64, total, tax, txn, booked,
                             booked_tax);
    }

    if (booked_passes != passes) {
        billing_verify_found(v, paper->number, "Day Passes of %" PRId64
                             "; its sale %s has %" PRId64, passes,
                             paper->checkout, booked_passes);
    }

    return BILLING_DB_OK;
}


static billing_db_rc_t
billing_check_sale(billing_verify_t *v)
{
    return billing_papers(v, billing_paper_sale);
}
