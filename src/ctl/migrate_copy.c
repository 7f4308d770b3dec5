/*
 * billingctl migrate --to FILE: everything into the database that another
 * billing.json names.
 *
 * All of it in one transaction there, from one view here, while this program
 * holds the lease of both: it is done, or nothing has happened.  Afterwards
 * nobody can commit to the old one any more.
 */

#include "billing_ctl.h"

#include <stdlib.h>
#include <string.h>

#define BILLING_COPY_TABLES_MAX   96
#define BILLING_COPY_COLUMNS_MAX  BILLING_DB_COLUMNS_MAX
#define BILLING_COPY_SQL_MAX      8192
#define BILLING_COPY_STEP         1000      /* rows between two looks */

typedef struct {
    char        name[64];
    unsigned    n;
    char        columns[BILLING_COPY_COLUMNS_MAX][40];
    char        kinds[BILLING_COPY_COLUMNS_MAX];        /* i t b */
    /* Statements are known by their address: each has one to the end. */
    char        select[BILLING_COPY_SQL_MAX];
    char        insert[BILLING_COPY_SQL_MAX];
    char        sums[BILLING_COPY_SQL_MAX];
    char        empty[160];
} billing_copy_table_t;

typedef struct {
    const billing_ctl_t    *ctl;
    billing_ctl_session_t   from;
    billing_ctl_session_t   to;
    billing_db_t           *view;           /* of the old one, one instant */
    billing_copy_table_t   *tables;
    unsigned                ntables;
    uint64_t                rows;
    uint64_t                total;
} billing_copy_t;

static bool billing_copy_ready(billing_copy_t *c);
static bool billing_copy_schema(billing_copy_t *c);
static void billing_copy_statements(billing_copy_table_t *t);
static bool billing_copy_empty(billing_copy_t *c);
static bool billing_copy_all(billing_copy_t *c);
static bool billing_copy_table(billing_copy_t *c, billing_copy_table_t *t);
static bool billing_copy_equal(billing_copy_t *c, billing_copy_table_t *t);
static bool billing_copy_retire(billing_copy_t *c);
static bool billing_copy_failed(billing_db_t *db, const char *what);


int
billing_ctl_copy(const billing_ctl_t *ctl)
{
    int              status = BILLING_CTL_USAGE;
    billing_ctl_t    there = *ctl;
    billing_copy_t  *c = calloc(1, sizeof(*c));

    if (c == NULL) {
        return billing_ctl_fail("out of memory");
    }

    c->ctl = ctl;
    there.config = ctl->to;
    there.given = BILLING_CTL_NO_REDIS;

    if (billing_ctl_open(&c->from, ctl, BILLING_CTL_WRITING)
        && billing_ctl_open(&c->to, &there, BILLING_CTL_MIGRATING)
        && billing_copy_ready(c) && billing_copy_schema(c)
        && billing_copy_all(c))
    {
        billing_ctl_progress_end();
        (void) printf("%llu rows of %u tables are in %s, and equal\n",
                      (unsigned long long) c->rows, c->ntables, ctl->to);
        status = billing_ctl_verify(&there);

        if (status == BILLING_CTL_DONE) {
            status = billing_copy_retire(c) ? BILLING_CTL_DONE
                                            : BILLING_CTL_USAGE;
        }
    }

    billing_db_free(c->view);
    billing_lease_free(&c->from.w);
    billing_ctl_close(&c->from);
    billing_ctl_close(&c->to);
    free(c->tables);
    free(c);

    return status;
}


static bool
billing_copy_failed(billing_db_t *db, const char *what)
{
    (void) billing_ctl_fail("%s: %s", what, billing_db_message(db));

    return false;
}


/* Nobody else writes here or there from now on. */

static bool
billing_copy_ready(billing_copy_t *c)
{
    char                 error[512];
    billing_ctl_lease_t  lease;

    if (strcmp(c->from.settings.store_dsn, c->to.settings.store_dsn) == 0) {
        (void) billing_ctl_fail("both files name the same database");
        return false;
    }

    if (billing_ctl_lease(&c->to, &lease) != BILLING_DB_OK) {
        return billing_copy_failed(c->to.w.db, "the new database");
    }

    if (lease.held) {
        (void) billing_ctl_fail("worker %s commits to the new database: it is"
                                " not empty", lease.owner);
        return false;
    }

    if (billing_migrate(c->to.w.db, error, sizeof(error)) != BILLING_DB_OK) {
        (void) billing_ctl_fail("%s", error);
        return false;
    }

    if (!billing_lease_new(&c->from.w)
        || billing_lease_acquire(&c->from.w) != BILLING_DB_OK)
    {
        (void) billing_ctl_fail("a worker commits to the old database: end it"
                                " first");
        return false;
    }

    c->view = billing_store_open(&c->from.settings, true, error,
                                 sizeof(error));

    if (c->view == NULL
        || billing_db_begin_reading(c->view) != BILLING_DB_OK)
    {
        (void) billing_ctl_fail("the old database cannot be read");
        return false;
    }

    return true;
}


static bool
billing_copy_schema(billing_copy_t *c)
{
    const char            *sql = billing_db_columns(c->view), *name;
    billing_db_rc_t        rc;
    billing_copy_table_t  *t = NULL;

    c->tables = calloc(BILLING_COPY_TABLES_MAX, sizeof(*c->tables));
    rc = c->tables == NULL ? BILLING_DB_FULL
                           : billing_db_query(c->view, sql, "");

    for ( ; rc == BILLING_DB_ROW; rc = billing_db_next(c->view, sql)) {
        name = billing_db_text(c->view, sql, 0);

        if (strcmp(name, "migration") == 0) {
            continue;                   /* says when, and that is its own */
        }

        if (t == NULL || strcmp(t->name, name) != 0) {
            if (c->ntables == BILLING_COPY_TABLES_MAX) {
                break;
            }

            t = &c->tables[c->ntables++];
            (void) snprintf(t->name, sizeof(t->name), "%s", name);
        }

        if (t->n == BILLING_COPY_COLUMNS_MAX) {
            break;
        }

        (void) snprintf(t->columns[t->n], sizeof(t->columns[0]), "%s",
                        billing_db_text(c->view, sql, 1));
        t->kinds[t->n++] = billing_db_text(c->view, sql, 2)[0];
    }

    billing_db_done(c->view, sql);

    for (unsigned i = 0; i < c->ntables; i++) {
        billing_copy_statements(&c->tables[i]);
    }

    return rc == BILLING_DB_DONE
           || billing_copy_failed(c->view, "the old schema");
}


/* Money is summed; other numbers and texts only have to come to the same. */

static void
billing_copy_statements(billing_copy_table_t *t)
{
    char        word[160];
    const char *column;

    (void) snprintf(t->select, sizeof(t->select), "SELECT ");
    (void) snprintf(t->insert, sizeof(t->insert), "INSERT INTO %s (", t->name);
    (void) snprintf(t->sums, sizeof(t->sums), "SELECT COUNT(*)");
    (void) snprintf(t->empty, sizeof(t->empty), "DELETE FROM %s", t->name);

    for (unsigned i = 0; i < t->n; i++) {
        size_t  len = strlen(t->columns[i]);

        column = t->columns[i];
        (void) snprintf(word, sizeof(word), "%s%s", i == 0 ? "" : ", ",
                        column);
        (void) strncat(t->select, word, sizeof(t->select) - 1
                                        - strlen(t->select));
        (void) strncat(t->insert, word, sizeof(t->insert) - 1
                                        - strlen(t->insert));
        (void) snprintf(word, sizeof(word), t->kinds[i] != 'i'
                        ? ", SUM(LENGTH(%s))"
                        : len > 6 && strcmp(column + len - 6, "_minor") == 0
                        ? ", SUM(%s)" : ", SUM(%s %% 1000003)", column);
        (void) strncat(t->sums, word, sizeof(t->sums) - 1 - strlen(t->sums));
    }

    (void) snprintf(word, sizeof(word), " FROM %s", t->name);
    (void) strncat(t->select, word, sizeof(t->select) - 1
                                    - strlen(t->select));
    (void) strncat(t->sums, word, sizeof(t->sums) - 1 - strlen(t->sums));

    for (unsigned i = 0; i < t->n; i++) {
        (void) snprintf(word, sizeof(word), "%s$%u", i == 0 ? ") VALUES ("
                                                            : ", ", i + 1);
        (void) strncat(t->insert, word, sizeof(t->insert) - 1
                                        - strlen(t->insert));
    }

    (void) strncat(t->insert, ")", sizeof(t->insert) - 1
                                   - strlen(t->insert));
}


/* The rows that the schema itself brings are not somebody's data. */

static bool
billing_copy_brought(const char *table)
{
    static const char *const  tables[] = {
        "lease", "redis_mark", "gateway_match"
    };

    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        if (strcmp(tables[i], table) == 0) {
            return true;
        }
    }

    return false;
}


static bool
billing_copy_empty(billing_copy_t *c)
{
    billing_db_t          *db = c->to.w.db;
    billing_copy_table_t  *t;

    for (unsigned i = 0; i < c->ntables; i++) {
        t = &c->tables[i];

        if (billing_db_query(c->view, t->sums, "") != BILLING_DB_ROW
            || billing_db_query(db, t->sums, "") != BILLING_DB_ROW)
        {
            return billing_copy_failed(db, t->name);
        }

        c->total += (uint64_t) billing_db_int(c->view, t->sums, 0);

        if (billing_db_int(db, t->sums, 0) != 0
            && !billing_copy_brought(t->name))
        {
            (void) billing_ctl_fail("the new database is not empty: %s has"
                                    " rows", t->name);
            return false;
        }

        billing_db_done(c->view, t->sums);
        billing_db_done(db, t->sums);
    }

    return true;
}


static bool
billing_copy_all(billing_copy_t *c)
{
    billing_db_t  *db = c->to.w.db;

    static const char  lease_sql[] =
        "UPDATE lease SET owner = '', until_ms = 0 WHERE id = 1";
    static const char  running_sql[] =
        "UPDATE meta SET value = 0 WHERE name = 'running'";

    if (billing_db_patient(db, true) != BILLING_DB_OK
        || billing_db_begin(db) != BILLING_DB_OK)
    {
        return billing_copy_failed(db, "the new database");
    }

    if (!billing_copy_empty(c)) {
        return false;
    }

    for (unsigned i = 0; i < c->ntables; i++) {
        if (!billing_copy_table(c, &c->tables[i])) {
            return false;
        }
    }

    for (unsigned i = 0; i < c->ntables; i++) {
        if (!billing_copy_equal(c, &c->tables[i])) {
            return false;
        }
    }

    if (billing_db_exec(db, lease_sql, "") != BILLING_DB_OK
        || billing_db_exec(db, running_sql, "") != BILLING_DB_OK
        || billing_db_commit(db) != BILLING_DB_OK)
    {
        return billing_copy_failed(db, "the new database");
    }

    return true;
}


static void
billing_copy_row(billing_copy_t *c, const billing_copy_table_t *t,
    billing_db_value_t *values)
{
    billing_bytes_t  bytes;

    for (unsigned i = 0; i < t->n; i++) {
        values[i] = (billing_db_value_t) { .type = t->kinds[i] };

        if (t->kinds[i] == 'i') {
            values[i].number = billing_db_int(c->view, t->select, (int) i);
            continue;
        }

        bytes = billing_db_blob(c->view, t->select, (int) i);

        /* No bytes are not NULL. */
        values[i].bytes = billing_db_null(c->view, t->select, (int) i) ? NULL
                          : bytes.len > 0 ? bytes.data : "";
        values[i].len = bytes.len;
    }
}


static bool
billing_copy_table(billing_copy_t *c, billing_copy_table_t *t)
{
    billing_db_t        *db = c->to.w.db;
    billing_db_rc_t      rc, put = BILLING_DB_OK;
    billing_db_value_t   values[BILLING_COPY_COLUMNS_MAX];

    if (billing_db_exec(db, t->empty, "") != BILLING_DB_OK) {
        return billing_copy_failed(db, t->name);
    }

    rc = billing_db_query(c->view, t->select, "");

    for ( ; rc == BILLING_DB_ROW; rc = billing_db_next(c->view, t->select)) {
        billing_copy_row(c, t, values);
        put = billing_db_put(db, t->insert, values, t->n);

        if (put != BILLING_DB_OK) {
            return billing_copy_failed(db, t->name);
        }

        if (++c->rows % BILLING_COPY_STEP != 0) {
            continue;
        }

        billing_ctl_progress(c->ctl, t->name, c->rows, c->total);

        if (billing_clock_mono_ms() >= billing_lease_due_ms(&c->from.w)
            && billing_ctl_lease_renew(&c->from) != BILLING_DB_OK)
        {
            (void) billing_ctl_fail("the lease of the old database is lost");
            return false;
        }
    }

    return rc == BILLING_DB_DONE || billing_copy_failed(c->view, t->name);
}


static bool
billing_copy_equal(billing_copy_t *c, billing_copy_table_t *t)
{
    bool           same = true;
    const char    *was, *is;
    billing_db_t  *db = c->to.w.db;

    if (billing_db_query(c->view, t->sums, "") != BILLING_DB_ROW
        || billing_db_query(db, t->sums, "") != BILLING_DB_ROW)
    {
        return billing_copy_failed(db, t->name);
    }

    for (unsigned i = 0; i <= t->n && same; i++) {
        was = billing_db_text(c->view, t->sums, (int) i);
        is = billing_db_text(db, t->sums, (int) i);
        same = strcmp(was == NULL ? "" : was, is == NULL ? "" : is) == 0;

        if (!same) {
            (void) billing_ctl_fail("%s: %s came over as %s, not %s", t->name,
                                    i == 0 ? "rows" : t->columns[i - 1],
                                    is == NULL ? "nothing" : is,
                                    was == NULL ? "nothing" : was);
        }
    }

    billing_db_done(c->view, t->sums);
    billing_db_done(db, t->sums);

    return same;
}


/* A term without an end, of nobody: no worker takes this lease any more. */

static bool
billing_copy_retire(billing_copy_t *c)
{
    billing_db_t       *db = c->from.w.db;
    static const char   sql[] =
        "UPDATE lease SET owner = 'moved to another database',"
        " epoch = epoch + 1, until_ms = $1 WHERE id = 1 AND epoch = $2";

    billing_db_free(c->view);
    c->view = NULL;

    if (billing_db_begin(db) != BILLING_DB_OK
        || billing_db_exec(db, sql, "ii", INT64_MAX,
                           (int64_t) c->from.w.lease_epoch) != BILLING_DB_OK
        || billing_db_changes(db) != 1
        || billing_db_commit(db) != BILLING_DB_OK)
    {
        return billing_copy_failed(db, "the old database is not closed: see"
                                       " that no worker uses it");
    }

    c->from.w.lease_epoch = 0;
    (void) printf("the old database takes no commits any more: start the"
                  " workers with %s\n", c->ctl->to);

    return billing_ctl_flush(BILLING_CTL_DONE) == BILLING_CTL_DONE;
}
