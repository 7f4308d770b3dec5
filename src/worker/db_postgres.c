/*
 * PostgreSQL: the same contract as SQLite, over one connection.
 *
 * Whoever writes takes one advisory lock with the transaction, so writers come
 * one after the other and each sees all that the one before committed, as in
 * SQLite.  A second lock is the session's: it tells at once that the worker
 * which held it is gone.  Both need a connection of one's own, not a place in
 * a pool that hands out transactions.
 */

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "billing_postgres.h"

/* Types as the wire numbers them. */
#define BILLING_POSTGRES_BOOL   16
#define BILLING_POSTGRES_BYTEA  17
#define BILLING_POSTGRES_INT8   20
#define BILLING_POSTGRES_TEXT   25

/* As PQsendQueryPrepared wants them. */
typedef struct {
    char         name[24];
    int          n;
    Oid          types[BILLING_POSTGRES_PARAMS_MAX];
    const char  *values[BILLING_POSTGRES_PARAMS_MAX];
    int          lengths[BILLING_POSTGRES_PARAMS_MAX];
    int          formats[BILLING_POSTGRES_PARAMS_MAX];
    uint64_t     numbers[BILLING_POSTGRES_PARAMS_MAX];
} billing_postgres_params_t;


static void
billing_postgres_forget(billing_postgres_slot_t *slot)
{
    billing_postgres_bytes_t  *bytes;

    while ((bytes = slot->bytes) != NULL) {
        slot->bytes = bytes->next;
        free(bytes);
    }
}


static void
billing_postgres_clear(billing_postgres_slot_t *slot)
{
    billing_postgres_forget(slot);
    PQclear(slot->result);
    slot->result = NULL;
}


void
billing_postgres_close(void *engine)
{
    billing_postgres_t  *pg = engine;

    for (size_t i = 0; i < BILLING_POSTGRES_STATEMENTS; i++) {
        billing_postgres_clear(&pg->slots[i]);
    }

    PQfinish(pg->conn);
    free(pg);
}


/* The place of a statement: its own, or the free one it would take. */

static billing_postgres_slot_t *
billing_postgres_slot(billing_postgres_t *pg, const char *sql)
{
    size_t  i = (((uintptr_t) sql >> 3) * 0x9e3779b1u)
                & (BILLING_POSTGRES_STATEMENTS - 1);

    while (pg->slots[i].sql != NULL && pg->slots[i].sql != sql) {
        i = (i + 1) & (BILLING_POSTGRES_STATEMENTS - 1);
    }

    return &pg->slots[i];
}


static void
billing_postgres_bind(billing_postgres_params_t *params,
    const billing_db_value_t *values, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        const billing_db_value_t  *v = &values[i];

        if (v->type == 'i') {
            params->numbers[i] = htobe64((uint64_t) v->number);
            params->types[i] = BILLING_POSTGRES_INT8;
            params->values[i] = (const char *) &params->numbers[i];
            params->lengths[i] = 8;
            params->formats[i] = 1;
            continue;
        }

        /* A counted value is sent as it is: no byte of it can end it. */
        params->types[i] = (v->type == 't') ? BILLING_POSTGRES_TEXT
                                            : BILLING_POSTGRES_BYTEA;
        params->values[i] = v->bytes;
        params->lengths[i] = (int) v->len;
        params->formats[i] = 1;
    }
}


static void
billing_postgres_name(const billing_postgres_t *pg,
    const billing_postgres_slot_t *slot, char name[24])
{
    (void) snprintf(name, 24, "s%td", slot - pg->slots);
}


static billing_db_rc_t
billing_postgres_new(billing_postgres_t *pg, billing_postgres_slot_t *slot,
    const char *sql, const Oid *types, unsigned n)
{
    char              name[24];
    PGresult         *result;
    billing_db_rc_t   rc;

    if (pg->used >= BILLING_POSTGRES_STATEMENTS - 1) {
        (void) snprintf(pg->error, sizeof(pg->error),
                        "more statements than have a place");
        return BILLING_DB_FATAL;
    }

    billing_postgres_name(pg, slot, name);
    result = billing_postgres_answer(pg, PQsendPrepare(pg->conn, name, sql,
                                                       (int) n, types));
    rc = billing_postgres_rc(pg, result);
    PQclear(result);

    if (rc == BILLING_DB_OK) {
        slot->sql = sql;
        slot->params = n;
        pg->used++;
    }

    return rc;
}


/* With a name and its values, ready to be sent. */

static billing_db_rc_t
billing_postgres_ask(billing_postgres_t *pg, billing_postgres_slot_t *slot,
    const char *sql, const billing_db_value_t *values, unsigned n,
    billing_postgres_params_t *params)
{
    params->n = (int) n;
    billing_postgres_bind(params, values, n);
    billing_postgres_name(pg, slot, params->name);

    if (slot->sql == NULL) {
        return billing_postgres_new(pg, slot, sql, params->types, n);
    }

    if (slot->params != n) {
        (void) snprintf(pg->error, sizeof(pg->error),
                        "%u parameters given to: %s", n, sql);
        return BILLING_DB_FATAL;
    }

    return BILLING_DB_OK;
}


static int
billing_postgres_send(billing_postgres_t *pg,
    const billing_postgres_params_t *params)
{
    return PQsendQueryPrepared(pg->conn, params->name, params->n,
                               params->values, params->lengths,
                               params->formats, 0);
}


/* Only what was prepared goes ahead: that is asked for at once. */

static billing_db_rc_t
billing_postgres_later(void *engine, const char *sql,
    const billing_db_value_t *values, unsigned n)
{
    billing_db_rc_t             rc;
    billing_postgres_t         *pg = engine;
    billing_postgres_slot_t    *slot = billing_postgres_slot(pg, sql);
    billing_postgres_params_t   params;

    rc = billing_postgres_ask(pg, slot, sql, values, n, &params);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (pg->lost || PQenterPipelineMode(pg->conn) == 0
        || billing_postgres_send(pg, &params) == 0)
    {
        return billing_postgres_rc(pg, NULL);
    }

    billing_postgres_clear(slot);
    pg->ahead++;

    if (PQflush(pg->conn) < 0) {
        return billing_postgres_rc(pg, NULL);
    }

    return (pg->ahead < BILLING_POSTGRES_AHEAD_MAX)
           ? BILLING_DB_OK : billing_postgres_settle(pg);
}


static billing_db_rc_t
billing_postgres_query(void *engine, const char *sql,
    const billing_db_value_t *values, unsigned n)
{
    PGresult                   *result;
    billing_db_rc_t             rc;
    billing_postgres_t         *pg = engine;
    billing_postgres_slot_t    *slot = billing_postgres_slot(pg, sql);
    billing_postgres_params_t   params;

    rc = billing_postgres_ask(pg, slot, sql, values, n, &params);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    result = billing_postgres_answer(pg, billing_postgres_send(pg, &params));

    /* Only now: the values may have been bytes of the rows from before. */
    billing_postgres_clear(slot);
    slot->result = result;
    slot->row = -1;

    rc = billing_postgres_rc(pg, result);

    if (rc == BILLING_DB_OK
        && strncmp(PQcmdStatus(result), "SELECT", 6) != 0)
    {
        pg->changes = strtoll(PQcmdTuples(result), NULL, 10);
    }

    return rc;
}


static billing_db_rc_t
billing_postgres_step(void *engine, const char *sql)
{
    billing_postgres_slot_t  *slot = billing_postgres_slot(engine, sql);

    billing_postgres_forget(slot);

    if (slot->result == NULL || slot->row + 1 >= PQntuples(slot->result)) {
        return BILLING_DB_DONE;
    }

    slot->row++;

    return BILLING_DB_ROW;
}


static void
billing_postgres_reset(void *engine, const char *sql)
{
    billing_postgres_clear(billing_postgres_slot(engine, sql));
}


/* "\x" and two digits a byte. */

static billing_db_value_t
billing_postgres_decode(billing_postgres_slot_t *slot, const char *text)
{
    size_t                     len = 0;
    unsigned char             *raw;
    billing_db_value_t         value = { .type = 'b' };
    billing_postgres_bytes_t  *bytes;

    raw = PQunescapeBytea((const unsigned char *) text, &len);
    bytes = malloc(sizeof(billing_postgres_bytes_t) + len + 1);

    if (raw != NULL && bytes != NULL) {
        memcpy(bytes->data, raw, len);
        bytes->len = len;
        bytes->next = slot->bytes;
        slot->bytes = bytes;
        value.bytes = bytes->data;
        value.len = len;

    } else {
        free(bytes);
    }

    PQfreemem(raw);

    return value;
}


static billing_db_value_t
billing_postgres_column(void *engine, const char *sql, int column, char type)
{
    bool                      null;
    const char               *text;
    billing_db_value_t        value = { .type = type };
    billing_postgres_slot_t  *slot = billing_postgres_slot(engine, sql);

    null = PQgetisnull(slot->result, slot->row, column) != 0;

    if (type == 'n') {
        value.number = null;
        return value;
    }

    if (null) {
        return value;
    }

    text = PQgetvalue(slot->result, slot->row, column);

    if (type == 'i') {
        value.number = (PQftype(slot->result, column) == BILLING_POSTGRES_BOOL)
                       ? text[0] == 't' : strtoll(text, NULL, 10);
        return value;
    }

    if (PQftype(slot->result, column) == BILLING_POSTGRES_BYTEA) {
        return billing_postgres_decode(slot, text);
    }

    value.bytes = text;
    value.len = (size_t) PQgetlength(slot->result, slot->row, column);

    return value;
}


static int64_t
billing_postgres_changes(void *engine)
{
    return ((billing_postgres_t *) engine)->changes;
}


/* Backups are the server's (pg_dump, archiving), not ours to make. */

static billing_db_rc_t
billing_postgres_backup(void *engine, int64_t version)
{
    (void) engine;
    (void) version;

    return BILLING_DB_OK;
}


static int
billing_postgres_lock(void *engine, bool wanted)
{
    PGresult            *result;
    billing_postgres_t  *pg = engine;

    if (pg->locked == wanted) {
        return 1;
    }

    result = billing_postgres_answer(pg, PQsendQuery(pg->conn, wanted
                 ? "SELECT pg_try_advisory_lock(1651076204, 2)"
                 : "SELECT pg_advisory_unlock(1651076204, 2)"));

    pg->locked = wanted && PQresultStatus(result) == PGRES_TUPLES_OK
                 && PQgetvalue(result, 0, 0)[0] == 't';
    PQclear(result);

    return pg->locked == wanted;
}


static billing_db_rc_t
billing_postgres_has(void *engine, const char *table)
{
    billing_db_rc_t      rc;
    billing_db_value_t   value = { .type = 't', .bytes = table,
                                   .len = strlen(table) };
    static const char    sql[] =
        "SELECT 1 FROM pg_catalog.pg_class WHERE relname = $1"
        " AND relkind = 'r' AND pg_catalog.pg_table_is_visible(oid)";

    rc = billing_postgres_query(engine, sql, &value, 1);
    rc = (rc == BILLING_DB_OK) ? billing_postgres_step(engine, sql) : rc;
    billing_postgres_reset(engine, sql);

    return rc;
}


static int64_t
billing_postgres_ahead_ms(void *engine)
{
    return ((billing_postgres_t *) engine)->ahead_ms;
}


static const char *
billing_postgres_message(void *engine)
{
    return ((billing_postgres_t *) engine)->error;
}


const billing_db_engine_t  billing_db_postgres = {
    /* One writer at a time: a transaction never fails half-way. */
    .begin = "BEGIN; SELECT pg_advisory_xact_lock(1651076204, 1)",
    /* The view is that of the first read. */
    .begin_reading = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1",
    /* The one type whose name the dialects do not share. */
    .prelude = "CREATE DOMAIN blob AS bytea",
    .columns = "SELECT c.relname, a.attname,"
               " CASE t.typname WHEN 'text' THEN 't' WHEN 'blob' THEN 'b'"
               " ELSE 'i' END"
               " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
               " JOIN pg_type t ON t.oid = a.atttypid"
               " WHERE c.relkind = 'r' AND a.attnum > 0"
               " AND NOT a.attisdropped"
               " AND c.relnamespace = current_schema()::regnamespace"
               " ORDER BY c.oid, a.attnum",
    .open = billing_postgres_open,
    .close = billing_postgres_close,
    .query = billing_postgres_query,
    .later = billing_postgres_later,
    .settle = billing_postgres_settle,
    .step = billing_postgres_step,
    .reset = billing_postgres_reset,
    .column = billing_postgres_column,
    .changes = billing_postgres_changes,
    .script = billing_postgres_script,
    .check = billing_postgres_check,
    .patient = billing_postgres_patient,
    .backup = billing_postgres_backup,
    .lock = billing_postgres_lock,
    .has = billing_postgres_has,
    .ahead_ms = billing_postgres_ahead_ms,
    .message = billing_postgres_message
};
