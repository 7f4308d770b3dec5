/*
 * The database as the worker sees it: one connection, statements named by the
 * address of their text, a transaction and savepoints in it.
 *
 * Here is what does not depend on the engine: the formats of parameters, the
 * choice of the engine, and what is true about the transaction.
 */

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "billing_infra.h"

struct billing_db_s {
    const billing_db_engine_t  *engine;
    void                       *handle;
    bool                        open;       /* a transaction is */
    bool                        spoiled;    /* the engine has undone it */
    bool                        failed;     /* until the savepoint is undone */
    uint64_t                    statements;
    billing_db_kept_t           kept[BILLING_DB_KEPT];
};

typedef struct {
    const char                 *scheme;
    const billing_db_engine_t  *engine;
} billing_db_scheme_t;

static const billing_db_scheme_t  billing_db_schemes[] = {
    { "sqlite:", &billing_db_sqlite },
    { "postgresql:", &billing_db_postgres },
    { NULL, NULL }
};


static const billing_db_engine_t *
billing_db_engine(const char *dsn)
{
    for (const billing_db_scheme_t *s = billing_db_schemes; s->scheme; s++) {
        if (strncmp(dsn, s->scheme, strlen(s->scheme)) == 0) {
            return s->engine;
        }
    }

    return NULL;
}


billing_db_t *
billing_db_new(const char *dsn, char *error, size_t error_max)
{
    billing_db_t  *db = billing_db_open(dsn, false, error, error_max);

    if (db != NULL && billing_migrate(db, error, error_max) != BILLING_DB_OK) {
        billing_db_free(db);
        return NULL;
    }

    return db;
}


billing_db_t *
billing_db_open(const char *dsn, bool reading, char *error, size_t error_max)
{
    return billing_db_connect(dsn, NULL, reading, error, error_max);
}


billing_db_t *
billing_db_connect(const char *dsn, const char *password, bool reading,
    char *error, size_t error_max)
{
    billing_db_t               *db;
    const billing_db_engine_t  *engine = billing_db_engine(dsn);

    if (engine == NULL) {
        (void) snprintf(error, error_max,
                        "store.dsn names no database this program knows");
        return NULL;
    }

    db = calloc(1, sizeof(billing_db_t));
    if (db == NULL) {
        (void) snprintf(error, error_max, "out of memory");
        return NULL;
    }

    db->engine = engine;
    db->handle = engine->open(dsn, password, reading, error, error_max);

    if (db->handle == NULL) {
        billing_db_free(db);
        return NULL;
    }

    return db;
}


void
billing_db_free(billing_db_t *db)
{
    if (db == NULL) {
        return;
    }

    if (db->handle != NULL) {
        billing_db_rollback(db);
        db->engine->close(db->handle);
    }

    billing_kept_free(db->kept);
    free(db);
}


/* Behind those that are there, the arguments that format names. */

static void
billing_db_values(billing_db_list_t *list, const char *format, va_list args)
{
    billing_db_value_t  *value;

    for (const char *f = format; *f != '\0'; f++) {
        assert(list->n < BILLING_DB_VALUES_MAX);

        value = &list->values[list->n++];
        *value = (billing_db_value_t) { .type = *f };

        if (*f == 'i') {
            value->number = va_arg(args, int64_t);
            continue;
        }

        if (*f == 't') {
            value->bytes = va_arg(args, const char *);
            value->len = value->bytes ? strlen(value->bytes) : 0;
            continue;
        }

        assert(*f == 'b');
        value->bytes = va_arg(args, const void *);
        value->len = va_arg(args, size_t);
    }
}


void
billing_db_add(billing_db_list_t *list, const char *format, ...)
{
    va_list  args;

    va_start(args, format);
    billing_db_values(list, format, args);
    va_end(args);
}


/*
 * A full disk undoes the whole transaction, not one statement: whatever comes
 * next in it fails the same way, up to and including the commit.  A conflict
 * does so up to the savepoint.  SQLite would go on after one, PostgreSQL does
 * not, and what is tested on one must hold on the other.
 */

static billing_db_rc_t
billing_db_note(billing_db_t *db, billing_db_rc_t rc)
{
    if (db->open) {
        db->spoiled |= rc == BILLING_DB_FULL;
        db->failed |= rc == BILLING_DB_CONFLICT;
    }

    return rc;
}


/* What the transaction still allows. */

static billing_db_rc_t
billing_db_usable(const billing_db_t *db)
{
    return db->spoiled ? BILLING_DB_FULL
           : db->failed ? BILLING_DB_CONFLICT : BILLING_DB_OK;
}


static billing_db_rc_t
billing_db_ask(billing_db_t *db, const char *sql,
    const billing_db_value_t *values, unsigned n)
{
    billing_db_rc_t  rc = billing_db_usable(db);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    db->statements++;
    billing_kept_drop(db->kept, sql);

    rc = db->engine->query(db->handle, sql, values, n);
    if (rc == BILLING_DB_OK) {
        rc = db->engine->step(db->handle, sql);
    }

    return billing_db_note(db, rc);
}


static billing_db_rc_t
billing_db_start(billing_db_t *db, const char *sql, const char *format,
    va_list args)
{
    billing_db_list_t  list;

    list.n = 0;
    billing_db_values(&list, format, args);

    return billing_db_ask(db, sql, list.values, list.n);
}


billing_db_rc_t
billing_db_exec(billing_db_t *db, const char *sql, const char *format, ...)
{
    va_list          args;
    billing_db_rc_t  rc;

    va_start(args, format);
    rc = billing_db_start(db, sql, format, args);
    va_end(args);

    while (rc == BILLING_DB_ROW) {
        rc = billing_db_note(db, db->engine->step(db->handle, sql));
    }

    db->engine->reset(db->handle, sql);

    return (rc == BILLING_DB_DONE) ? BILLING_DB_OK : rc;
}


/* Outside of a transaction nothing follows that could tell. */

billing_db_rc_t
billing_db_put_later(billing_db_t *db, const char *sql,
    const billing_db_list_t *list)
{
    billing_db_rc_t  rc;

    if (!db->open || db->engine->later == NULL) {
        return billing_db_put(db, sql, list->values, list->n);
    }

    rc = billing_db_usable(db);
    if (rc != BILLING_DB_OK) {
        return rc;
    }

    db->statements++;
    billing_kept_drop(db->kept, sql);

    return billing_db_note(db, db->engine->later(db->handle, sql,
                                                 list->values, list->n));
}


billing_db_rc_t
billing_db_later(billing_db_t *db, const char *sql, const char *format, ...)
{
    va_list            args;
    billing_db_list_t  list;

    list.n = 0;
    va_start(args, format);
    billing_db_values(&list, format, args);
    va_end(args);

    return billing_db_put_later(db, sql, &list);
}


billing_db_rc_t
billing_db_settle(billing_db_t *db)
{
    billing_db_rc_t  rc = billing_db_usable(db);

    return (rc != BILLING_DB_OK || db->engine->settle == NULL)
           ? rc : billing_db_note(db, db->engine->settle(db->handle));
}


billing_db_rc_t
billing_db_put(billing_db_t *db, const char *sql,
    const billing_db_value_t *values, unsigned n)
{
    billing_db_rc_t  rc = billing_db_ask(db, sql, values, n);

    db->engine->reset(db->handle, sql);

    return (rc == BILLING_DB_DONE) ? BILLING_DB_OK : rc;
}


billing_db_rc_t
billing_db_query(billing_db_t *db, const char *sql, const char *format, ...)
{
    va_list          args;
    billing_db_rc_t  rc;

    va_start(args, format);
    rc = billing_db_start(db, sql, format, args);
    va_end(args);

    if (rc != BILLING_DB_ROW) {
        db->engine->reset(db->handle, sql);
    }

    return rc;
}


billing_db_rc_t
billing_db_next(billing_db_t *db, const char *sql)
{
    billing_db_rc_t  rc;

    rc = billing_db_note(db, db->engine->step(db->handle, sql));

    if (rc != BILLING_DB_ROW) {
        db->engine->reset(db->handle, sql);
    }

    return rc;
}


void
billing_db_done(billing_db_t *db, const char *sql)
{
    db->engine->reset(db->handle, sql);
}


int64_t
billing_db_int(billing_db_t *db, const char *sql, int column)
{
    return db->engine->column(db->handle, sql, column, 'i').number;
}


const char *
billing_db_text(billing_db_t *db, const char *sql, int column)
{
    return db->engine->column(db->handle, sql, column, 't').bytes;
}


billing_bytes_t
billing_db_blob(billing_db_t *db, const char *sql, int column)
{
    billing_db_value_t  value;

    value = db->engine->column(db->handle, sql, column, 'b');

    return (billing_bytes_t) { .data = value.bytes, .len = value.len };
}


bool
billing_db_null(billing_db_t *db, const char *sql, int column)
{
    return db->engine->column(db->handle, sql, column, 'n').number != 0;
}


int64_t
billing_db_changes(billing_db_t *db)
{
    return db->engine->changes(db->handle);
}


billing_db_rc_t
billing_db_script(billing_db_t *db, const char *sql)
{
    billing_db_rc_t  rc = billing_db_usable(db);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    billing_kept_drop(db->kept, sql);

    return billing_db_note(db, db->engine->script(db->handle, sql));
}


/* Outside of a transaction others may write at any moment. */

bool
billing_db_kept(billing_db_t *db, const char *tables, const char *id,
    void *value, size_t size)
{
    return db->open && billing_db_usable(db) == BILLING_DB_OK
           && billing_kept_get(db->kept, tables, id, value, size);
}


void
billing_db_keep(billing_db_t *db, const char *tables, const char *id,
    const void *value, size_t size)
{
    if (db->open && billing_db_usable(db) == BILLING_DB_OK) {
        billing_kept_put(db->kept, tables, id, value, size);
    }
}


uint64_t
billing_db_statements(const billing_db_t *db)
{
    return db->statements;
}


billing_db_rc_t
billing_db_check(billing_db_t *db, bool deep)
{
    return db->engine->check(db->handle, deep);
}


billing_db_rc_t
billing_db_backup(billing_db_t *db, int64_t version)
{
    return db->engine->backup(db->handle, version);
}


billing_db_rc_t
billing_db_patient(billing_db_t *db, bool patient)
{
    return db->engine->patient(db->handle, patient);
}


const char *
billing_db_prelude(const billing_db_t *db)
{
    return db->engine->prelude;
}


const char *
billing_db_columns(const billing_db_t *db)
{
    return db->engine->columns;
}


bool
billing_db_is_server(const billing_db_t *db)
{
    return db->engine == &billing_db_postgres;
}


int64_t
billing_db_clock_ms(billing_db_t *db)
{
    return billing_clock_wall_ms() + db->engine->ahead_ms(db->handle);
}


int
billing_db_lock(billing_db_t *db, bool wanted)
{
    return db->engine->lock(db->handle, wanted);
}


const char *
billing_db_message(billing_db_t *db)
{
    return db->engine->message(db->handle);
}


billing_db_rc_t
billing_db_begin(billing_db_t *db)
{
    billing_db_rc_t  rc;

    assert(!db->open);

    rc = billing_db_script(db, db->engine->begin);
    db->open = (rc == BILLING_DB_OK);

    return rc;
}


billing_db_rc_t
billing_db_begin_reading(billing_db_t *db)
{
    billing_db_rc_t  rc;

    assert(!db->open);

    rc = billing_db_script(db, db->engine->begin_reading);
    db->open = (rc == BILLING_DB_OK);

    return rc;
}


billing_db_rc_t
billing_db_has(billing_db_t *db, const char *table)
{
    return db->engine->has(db->handle, table);
}


billing_db_rc_t
billing_db_commit(billing_db_t *db)
{
    billing_db_rc_t  rc;

    assert(db->open);

    rc = billing_db_script(db, "COMMIT");
    if (rc != BILLING_DB_OK) {
        billing_db_rollback(db);
    }

    db->open = false;

    return rc;
}


void
billing_db_rollback(billing_db_t *db)
{
    if (!db->open) {
        return;
    }

    /* An engine that undid the transaction by itself says so: that is fine. */
    db->open = false;
    db->spoiled = false;
    db->failed = false;
    (void) !billing_db_script(db, "ROLLBACK");
}


billing_db_rc_t
billing_db_savepoint(billing_db_t *db)
{
    return billing_db_script(db, "SAVEPOINT billing");
}


billing_db_rc_t
billing_db_release(billing_db_t *db)
{
    return billing_db_script(db, "RELEASE SAVEPOINT billing");
}


void
billing_db_undo(billing_db_t *db)
{
    db->failed = false;

    /* When this fails so will the commit, which is where it is handled. */
    (void) !billing_db_script(db, "ROLLBACK TO SAVEPOINT billing");
    (void) !billing_db_script(db, "RELEASE SAVEPOINT billing");
}
