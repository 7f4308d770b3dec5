/*
 * Makes a billing-worker that writes down every statement it gives to its
 * database, into the file BENCH_TRACE names: linked with --wrap for the two
 * engines, whose places these take.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace.h"

extern const billing_db_engine_t  __real_billing_db_sqlite;
extern const billing_db_engine_t  __real_billing_db_postgres;

billing_db_engine_t  __wrap_billing_db_sqlite;
billing_db_engine_t  __wrap_billing_db_postgres;

static const billing_db_engine_t  *recorder_engine;
static FILE                       *recorder_out;
static const char                 *recorder_sql[TRACE_STATEMENTS_MAX];


static void *
recorder_open(const billing_db_engine_t *engine, const char *dsn,
    const char *password, bool reading, char *error, size_t error_max)
{
    const char  *name = getenv("BENCH_TRACE");

    recorder_engine = engine;

    if (name != NULL && recorder_out == NULL) {
        recorder_out = fopen(name, "abe");
    }

    if (recorder_out == NULL) {
        (void) snprintf(error, error_max, "BENCH_TRACE names no file");
        return NULL;
    }

    (void) setvbuf(recorder_out, NULL, _IOFBF, 1 << 20);

    return engine->open(dsn, password, reading, error, error_max);
}


static void *
recorder_open_sqlite(const char *dsn, const char *password, bool reading,
    char *error, size_t error_max)
{
    return recorder_open(&__real_billing_db_sqlite, dsn, password, reading,
                         error, error_max);
}


static void *
recorder_open_postgres(const char *dsn, const char *password, bool reading,
    char *error, size_t error_max)
{
    return recorder_open(&__real_billing_db_postgres, dsn, password, reading,
                         error, error_max);
}


static void
recorder_put(const void *bytes, size_t len)
{
    (void) fwrite(bytes, 1, len, recorder_out);
}


static void
recorder_text(const char *text)
{
    uint32_t  len = (uint32_t) strlen(text);

    recorder_put(&len, sizeof(len));
    recorder_put(text, len);
}


/* The number of a statement, which is known by its address. */

static uint32_t
recorder_number(const char *sql)
{
    uint32_t  i = (uint32_t) (((uintptr_t) sql >> 3) * 0x9e3779b1u)
                  % TRACE_STATEMENTS_MAX;

    while (recorder_sql[i] != NULL && recorder_sql[i] != sql) {
        i = (i + 1) % TRACE_STATEMENTS_MAX;
    }

    if (recorder_sql[i] == NULL) {
        recorder_sql[i] = sql;
        recorder_put("D", 1);
        recorder_put(&i, sizeof(i));
        recorder_text(sql);
    }

    return i;
}


static void
recorder_mark(const char *what, const char *sql)
{
    uint32_t  number = recorder_number(sql);

    recorder_put(what, 1);
    recorder_put(&number, sizeof(number));
}


static void
recorder_put_values(const char *what, const char *sql,
    const billing_db_value_t *values, unsigned n)
{
    uint8_t  count = (uint8_t) n;

    recorder_mark(what, sql);
    recorder_put(&count, 1);

    for (unsigned i = 0; i < n; i++) {
        const billing_db_value_t  *v = &values[i];
        int64_t                    number = v->number;

        if (v->type != 'i') {
            number = v->bytes == NULL ? TRACE_NULL : (int64_t) v->len;
        }

        recorder_put(&v->type, 1);
        recorder_put(&number, sizeof(number));

        if (v->type != 'i' && v->bytes != NULL) {
            recorder_put(v->bytes, v->len);
        }
    }
}


static billing_db_rc_t
recorder_query(void *engine, const char *sql, const billing_db_value_t *values,
    unsigned n)
{
    recorder_put_values("Q", sql, values, n);

    return recorder_engine->query(engine, sql, values, n);
}


static billing_db_rc_t
recorder_later(void *engine, const char *sql, const billing_db_value_t *values,
    unsigned n)
{
    recorder_put_values("L", sql, values, n);

    return recorder_engine->later(engine, sql, values, n);
}


static billing_db_rc_t
recorder_settle(void *engine)
{
    recorder_put("S", 1);

    return recorder_engine->settle(engine);
}


static billing_db_rc_t
recorder_step(void *engine, const char *sql)
{
    recorder_mark("N", sql);

    return recorder_engine->step(engine, sql);
}


static void
recorder_reset(void *engine, const char *sql)
{
    recorder_mark("R", sql);
    recorder_engine->reset(engine, sql);
}


static billing_db_rc_t
recorder_script(void *engine, const char *sql)
{
    int64_t          at = trace_now_us();
    billing_db_rc_t  rc;

    recorder_put("T", 1);
    recorder_put(&at, sizeof(at));
    recorder_text(sql);
    rc = recorder_engine->script(engine, sql);

    /* Whole, should a new configuration put another image in its place. */
    if (strcmp(sql, "COMMIT") == 0 || strcmp(sql, "ROLLBACK") == 0) {
        (void) fflush(recorder_out);
    }

    return rc;
}


__attribute__((constructor)) static void
recorder_begin(void)
{
    billing_db_engine_t *const  both[] = {
        &__wrap_billing_db_sqlite, &__wrap_billing_db_postgres
    };

    __wrap_billing_db_sqlite = __real_billing_db_sqlite;
    __wrap_billing_db_sqlite.open = recorder_open_sqlite;
    __wrap_billing_db_postgres = __real_billing_db_postgres;
    __wrap_billing_db_postgres.open = recorder_open_postgres;

    for (size_t i = 0; i < 2; i++) {
        both[i]->query = recorder_query;
        both[i]->step = recorder_step;
        both[i]->reset = recorder_reset;
        both[i]->script = recorder_script;

        if (both[i]->later != NULL) {
            both[i]->later = recorder_later;
            both[i]->settle = recorder_settle;
        }
    }
}
