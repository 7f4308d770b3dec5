/* billingctl explain: an invoice, line by line. */

#include "billing_ctl.h"

#include <stdlib.h>
#include <string.h>

#include "../worker/billing_business.h"


static int billing_explain_run(billing_explain_t *e, const char *number);
static int billing_explain_every(billing_explain_t *e);
static int billing_explain_next(billing_explain_t *e, const char *number,
    json_t *wrong);
static billing_db_rc_t billing_explain_number(const billing_explain_t *e,
    char number[BILLING_NUMBER_MAX]);
static bool billing_explain_load(billing_explain_t *e, const char *number);
static billing_db_rc_t billing_explain_all(billing_explain_t *e,
    json_t *out);
static json_t *billing_explain_head(const billing_explain_t *e);
static json_t *billing_explain_priced(const billing_explain_t *e);
static billing_db_rc_t billing_explain_document(const billing_explain_t *e,
    json_t *out);
static json_t *billing_explain_totals(const billing_explain_t *e);
static bool billing_explain_right(const json_t *out);
static void billing_explain_print(const billing_explain_t *e,
    const json_t *out);
static void billing_explain_print_line(const billing_explain_t *e, size_t n,
    const json_t *line, int depth);
static void billing_explain_print_paid(const billing_explain_t *e,
    const json_t *numbers);
static void billing_explain_print_changes(const billing_explain_t *e,
    const json_t *entries);
static const char *billing_explain_word(const json_t *json,
    const char *name);


const char  billing_ctl_explain_help[] =
    "Usage: billingctl --config FILE explain NUMBER [--lang en|fr] [--json]\n"
    "       billingctl --config FILE explain --all [--lang en|fr] [--json]\n"
    "                  [--progress]\n"
    "\n"
    "Each line of the stored document with the rule that gave it\n"
    "(doc/rules.md) and its arithmetic, done again: quantity x unit price x\n"
    "part, both spans of a prorated line, what it was before it was rounded,\n"
    "the promotion code, where pending charges and the credit balance came\n"
    "from, why the tax is what it is; then the totals, and the entries in\n"
    "the books.\n"
    "What the stored data does not say is named, not guessed.\n"
    "\n"
    "  --all        every invoice, of which only those are shown that do not\n"
    "               add up\n"
    "  --progress   says how far it is, also without a terminal\n"
    "\n"
    "Reads only.  Exit status: 0 everything adds up, 1 something does not,\n"
    "2 there is no such invoice, or it cannot run.\n";


int
billing_ctl_explain(const billing_ctl_t *ctl)
{
    int                     status = BILLING_CTL_USAGE;
    billing_explain_t       e = { .lang = ctl->lang };
    billing_ctl_session_t  *s;

    if (ctl->argc != ((ctl->given & BILLING_CTL_ALL) == 0)) {
        return billing_ctl_fail("explain: which invoice?");
    }

    s = malloc(sizeof(*s));

    if (s == NULL) {
        return billing_ctl_fail("out of memory");
    }

    e.s = s;

    if (billing_ctl_open(s, ctl, BILLING_CTL_READING)) {
        status = billing_db_begin_reading(s->w.db) != BILLING_DB_OK
                 ? billing_ctl_database(s)
                 : ctl->argc == 0 ? billing_explain_every(&e)
                 : billing_explain_run(&e, ctl->argv[0]);
        billing_db_rollback(s->w.db);
    }

    json_decref(e.document);
    billing_ctl_close(s);
    free(s);

    return status;
}


static int
billing_explain_run(billing_explain_t *e, const char *number)
{
    int               status;
    json_t           *out;
    billing_db_rc_t   rc;

    if (!billing_explain_load(e, number)) {
        return BILLING_CTL_USAGE;
    }

    out = json_object();
    rc = billing_explain_all(e, out);

    if (rc != BILLING_DB_OK) {
        json_decref(out);
        return billing_ctl_database(e->s);
    }

    status = billing_explain_right(out) ? BILLING_CTL_DONE
                                        : BILLING_CTL_FOUND;

    if ((e->s->ctl->given & BILLING_CTL_JSON) != 0) {
        return billing_ctl_print(out, status);
    }

    billing_explain_print(e, out);
    json_decref(out);

    return billing_ctl_flush(status);
}


/* All of one view of the database; what adds up is not shown. */

static int
billing_explain_every(billing_explain_t *e)
{
    int               status = BILLING_CTL_DONE;
    bool              json = (e->s->ctl->given & BILLING_CTL_JSON) != 0;
    char              number[BILLING_NUMBER_MAX] = "";
    json_t           *wrong = json_array();
    uint64_t          n = 0;
    billing_db_rc_t   rc;

    for ( ;; ) {
        rc = billing_explain_number(e, number);

        if (rc != BILLING_DB_OK) {
            break;
        }

        status = billing_explain_next(e, number, wrong);

        if (status != BILLING_CTL_DONE) {
            break;
        }

        billing_ctl_progress(e->s->ctl, "invoices", ++n, 0);
    }

    if (rc != BILLING_DB_DONE) {
        json_decref(wrong);
        return rc == BILLING_DB_OK ? status : billing_ctl_database(e->s);
    }

    status = json_array_size(wrong) == 0 ? BILLING_CTL_DONE
                                         : BILLING_CTL_FOUND;

    if (json) {
        return billing_ctl_print(json_pack("{s:I, s:o}", "looked_at",
                                           (json_int_t) n, "wrong", wrong),
                                 status);
    }

    (void) billing_ctl_flush(status);
    (void) printf("%llu invoices, %zu do not add up\n",
                  (unsigned long long) n, json_array_size(wrong));
    json_decref(wrong);

    return billing_ctl_flush(status);
}


static int
billing_explain_next(billing_explain_t *e, const char *number, json_t *wrong)
{
    json_t           *out;
    billing_db_rc_t   rc;

    json_decref(e->document);
    e->document = NULL;

    if (!billing_explain_load(e, number)) {
        return BILLING_CTL_USAGE;
    }

    out = json_object();
    rc = billing_explain_all(e, out);

    if (rc == BILLING_DB_OK && !billing_explain_right(out)) {
        billing_ctl_progress_end();

        if ((e->s->ctl->given & BILLING_CTL_JSON) == 0) {
            billing_explain_print(e, out);
            (void) putchar('\n');
        }

        (void) json_array_append(wrong, out);
    }

    json_decref(out);

    return rc == BILLING_DB_OK ? BILLING_CTL_DONE
                               : billing_ctl_database(e->s);
}


/* The one after it; DONE at the end. */

static billing_db_rc_t
billing_explain_number(const billing_explain_t *e,
    char number[BILLING_NUMBER_MAX])
{
    static const char  sql[] =
        "SELECT number FROM invoice WHERE number > $1 ORDER BY number LIMIT 1";

    billing_db_rc_t  rc;

    rc = billing_db_query(e->s->w.db, sql, "t", number);

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    (void) snprintf(number, BILLING_NUMBER_MAX, "%s",
                    billing_db_text(e->s->w.db, sql, 0));
    billing_db_done(e->s->w.db, sql);

    return BILLING_DB_OK;
}


static bool
billing_explain_load(billing_explain_t *e, const char *number)
{
    static const char  sql[] =
        "SELECT document FROM invoice WHERE number = $1";

    bool             own;
    const char      *code;
    billing_db_rc_t  rc;

    rc = billing_db_query(e->s->w.db, sql, "t", number);

    if (rc == BILLING_DB_DONE) {
        (void) billing_ctl_fail("explain: there is no invoice %s", number);
        return false;
    }

    if (rc != BILLING_DB_ROW) {
        (void) billing_ctl_database(e->s);
        return false;
    }

    e->document = json_loads(billing_db_text(e->s->w.db, sql, 0),
                             JSON_REJECT_DUPLICATES, NULL);
    billing_db_done(e->s->w.db, sql);

    code = billing_explain_word(e->document, "currency");
    e->currency = billing_currency_parse(code, strlen(code));

    if (e->currency == 0) {
        (void) billing_ctl_fail("explain: the document of %s is none; see"
                                " billingctl verify", number);
        return false;
    }

    e->rounding = billing_ctl_rounding(&e->s->settings, e->document, &own);
    e->purpose = billing_explain_word(e->document, "purpose");
    e->purpose = e->purpose[0] == '\0' ? "purchase" : e->purpose;
    e->team = billing_explain_word(e->document, "team");
    e->checkout = billing_explain_word(e->document, "checkout");
    e->sold_at = 0;

    return true;
}


static billing_db_rc_t
billing_explain_all(billing_explain_t *e, json_t *out)
{
    billing_db_rc_t  rc;

    (void) json_object_update_new(out, billing_explain_head(e));

    rc = billing_explain_books(e, out);

    if (rc == BILLING_DB_OK) {
        rc = billing_explain_document(e, out);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_explain_origin(e, out);
    }

    (void) json_object_update_new(out, billing_explain_totals(e));

    return rc;
}


static json_t *
billing_explain_head(const billing_explain_t *e)
{
    char         key[64];
    const char  *state = billing_explain_word(e->document, "state");

    (void) snprintf(key, sizeof(key), "explain.%s", state);

    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o}",
               "invoice", billing_explain_word(e->document, "number"),
               "state", state, "team", e->team, "purpose", e->purpose,
               "currency", billing_currency_code(e->currency),
               "title", billing_explain_text(e, "explain.title",
                   json_pack("{s:s, s:s, s:s, s:s, s:s}",
                       "number", billing_explain_word(e->document, "number"),
                       "state", billing_text(key, e->lang),
                       "issued",
                       billing_explain_word(e->document, "issued_at"),
                       "team", e->team, "team_name",
                       billing_explain_word(e->document, "team_name"))),
               "priced", billing_explain_priced(e),
               "tax_rule", billing_explain_tax(e));
}


static json_t *
billing_explain_priced(const billing_explain_t *e)
{
    char           basis[64], rounding[64];
    const json_t  *ground = json_object_get(e->document, "ground");

    if (ground == NULL) {
        return billing_explain_text(e, "explain.no_ground", NULL);
    }

    (void) snprintf(basis, sizeof(basis), "explain.basis.%s",
                    billing_explain_word(ground, "basis"));
    (void) snprintf(rounding, sizeof(rounding), "explain.rounding.%s",
                    billing_explain_word(ground, "rounding"));

    return billing_explain_text(e, "explain.priced",
               json_pack("{s:s, s:s, s:s, s:s}",
                   "at", billing_explain_word(e->document, "priced_at"),
                   "catalogue", billing_explain_word(ground, "catalogue"),
                   "basis", billing_text(basis, e->lang),
                   "rounding", billing_text(rounding, e->lang)));
}


static billing_db_rc_t
billing_explain_document(const billing_explain_t *e, json_t *out)
{
    size_t           i;
    json_t          *lines = json_array(), *line, *told;
    billing_db_rc_t  rc = BILLING_DB_OK;

    json_array_foreach(json_object_get(e->document, "lines"), i, line) {
        told = billing_explain_line(e, line);

        if (rc == BILLING_DB_OK
            && strcmp(billing_explain_word(line, "kind"), "pending") == 0)
        {
            rc = billing_explain_pending(e,
                     json_integer_value(json_object_get(line, "amount")),
                     told);
        }

        if (rc == BILLING_DB_OK
            && strcmp(billing_explain_word(line, "kind"), "credit") == 0)
        {
            rc = billing_explain_paid(e, line, told);
        }

        (void) json_array_append_new(lines, told);
    }

    (void) json_object_set_new(out, "lines", lines);

    return rc;
}


static json_t *
billing_explain_totals(const billing_explain_t *e)
{
    json_t              *totals, *args;
    billing_ctl_sums_t   sums;

    billing_ctl_sums(&e->s->settings, e->document, &sums);

    totals = json_object();

    for (size_t i = 0; i < 5; i++) {
        static const char *const  names[] = {
            "subtotal", "discount", "credit", "tax", "total"
        };

        (void) json_object_set(totals, names[i],
                               json_object_get(e->document, names[i]));
    }

    args = json_pack("{s:o, s:s}",
               "total", billing_explain_amount(e, sums.total),
               "fault", sums.fault);

    return json_pack("{s:o, s:I, s:b, s:s?, s:o}",
               "totals", totals, "lines_sum", (json_int_t) sums.lines,
               "adds_up", sums.fault[0] == '\0',
               "fault", sums.fault[0] == '\0' ? NULL : sums.fault,
               "verdict", billing_explain_text(e, sums.fault[0] == '\0'
                              ? "explain.total" : "explain.total.wrong",
                              args));
}


/* What does not add up, from the total to the changes of seats. */

static bool
billing_explain_right(const json_t *out)
{
    bool           right = json_is_true(json_object_get(out, "adds_up"));
    size_t         i;
    const json_t  *line;

    json_array_foreach(json_object_get(out, "lines"), i, line) {
        right &= json_is_true(json_object_get(line, "right"))
                 && json_object_get(line, "differs") == NULL;
    }

    return right && json_object_get(json_object_get(out, "balance"),
                                    "differs") == NULL;
}


/* --- for people ----------------------------------------------------------- */


static void
billing_explain_print(const billing_explain_t *e, const json_t *out)
{
    char           key[64], amount[BILLING_CTL_AMOUNT_MAX];
    size_t         i;
    json_t        *entry, *text;
    const json_t  *balance = json_object_get(out, "balance");

    (void) snprintf(key, sizeof(key), "explain.for.%s", e->purpose);

    (void) printf("%s\n%s\n%s\n\n", billing_explain_word(out, "title"),
                  billing_text(key, e->lang),
                  billing_explain_word(out, "priced"));

    json_array_foreach(json_object_get(out, "lines"), i, entry) {
        billing_explain_print_line(e, i + 1, entry, 0);
    }

    (void) printf("\n%s\n", billing_explain_word(out, "verdict"));

    if (json_integer_value(json_object_get(e->document, "tax")) == 0) {
        (void) printf("%s\n", billing_explain_word(out, "tax_rule"));
    }

    if (balance != NULL) {
        text = billing_explain_text(e, "explain.balance",
                   json_pack("{s:o, s:o}",
                       "before", billing_explain_amount(e,
                           json_integer_value(json_object_get(balance,
                                                              "before"))),
                       "after", billing_explain_amount(e,
                           json_integer_value(json_object_get(balance,
                                                              "after")))));
        (void) printf("%s\n", json_string_value(text));
        json_decref(text);
        billing_explain_print_changes(e, json_object_get(balance,
                                                         "entries"));
    }

    if (json_object_get(balance, "differs") != NULL) {
        (void) printf("   %s\n", billing_explain_word(balance, "differs"));
    }

    (void) printf("\n%s\n", billing_text("explain.books", e->lang));

    json_array_foreach(json_object_get(out, "books"), i, entry) {
        billing_ctl_amount((billing_money_t) { json_integer_value(
                               json_object_get(entry, "amount")),
                               e->currency }, "", amount);
        (void) printf("  %s  %-44s %16s  %s\n",
                      billing_explain_word(entry, "at"),
                      billing_explain_word(entry, "account"), amount,
                      billing_explain_word(entry, "transaction"));
    }
}


static void
billing_explain_print_line(const billing_explain_t *e, size_t n,
    const json_t *line, int depth)
{
    char  amount[BILLING_CTL_AMOUNT_MAX];

    billing_ctl_amount((billing_money_t) { json_integer_value(
                           json_object_get(line, "amount")), e->currency },
                       "", amount);

    (void) printf("%*s%zu. %s\n", depth, "", n,
                  billing_explain_word(line, "text"));
    (void) printf("%*s   %s = %s", depth, "",
                  billing_explain_word(line, "formula"), amount);

    if (json_object_get(line, "rounding") != NULL) {
        (void) printf("  (%s)", billing_explain_word(line, "rounding"));
    }

    (void) printf("\n%*s   %s\n", depth, "",
                  billing_explain_word(line, "rule"));

    if (json_object_get(line, "days") != NULL) {
        (void) printf("%*s   %s\n", depth, "",
                      billing_explain_word(line, "days"));
    }

    billing_explain_print_paid(e, json_object_get(line, "paid_by"));

    if (json_object_get(line, "changes") != NULL) {
        (void) printf("%*s   %s\n", depth, "",
                      billing_text("explain.origin.pending", e->lang));
        billing_explain_print_changes(e, json_object_get(line, "changes"));
    }

    if (json_object_get(line, "differs") != NULL) {
        (void) printf("%*s   %s\n", depth, "",
                      billing_explain_word(line, "differs"));
    }
}


static void
billing_explain_print_paid(const billing_explain_t *e, const json_t *numbers)
{
    size_t         i;
    const json_t  *number;

    if (json_array_size(numbers) == 0) {
        return;
    }

    (void) printf("   %s", billing_text("explain.origin.paid", e->lang));

    json_array_foreach(numbers, i, number) {
        (void) printf(" %s", json_string_value(number));
    }

    (void) putchar('\n');
}


static void
billing_explain_print_changes(const billing_explain_t *e,
    const json_t *entries)
{
    size_t         i, k;
    const json_t  *entry, *line;

    json_array_foreach(entries, i, entry) {
        (void) printf("     - %s\n", billing_explain_word(entry, "text"));

        json_array_foreach(json_object_get(entry, "lines"), k, line) {
            billing_explain_print_line(e, k + 1, line, 7);
        }
    }
}


static const char *
billing_explain_word(const json_t *json, const char *name)
{
    const char  *word = json_string_value(json_object_get(json, name));

    return word == NULL ? "" : word;
}
