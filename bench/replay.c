/*
 * The same statements with the same batches, and nothing around them:
 *
 *     replay DSN TRACE FROM:TO...
 *
 * executes what recorder.c wrote down, into an empty database, and prints for
 * each span of the recording {"seconds", "commits", "statements"}: how long
 * the database alone takes for it.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace.h"

#define REPLAY_SPANS_MAX   16
#define REPLAY_VALUES_MAX  BILLING_DB_VALUES_MAX

typedef struct {
    int64_t   from;
    int64_t   to;
    int64_t   took_us;
    uint64_t  commits;
    uint64_t  statements;
} replay_span_t;

typedef struct {
    const billing_db_engine_t  *engine;
    void                       *handle;
    FILE                       *in;
    replay_span_t              *span;       /* that it is in, or NULL */
    replay_span_t               spans[REPLAY_SPANS_MAX];
    size_t                      nspans;
    int64_t                     began_us;
    char                       *sql[TRACE_STATEMENTS_MAX];
    char                       *bytes[REPLAY_VALUES_MAX];
    size_t                      room[REPLAY_VALUES_MAX];
} replay_t;


static void
replay_get(replay_t *replay, void *to, size_t len)
{
    if (fread(to, 1, len, replay->in) != len) {
        (void) fprintf(stderr, "replay: the trace is cut short\n");
        exit(EXIT_FAILURE);
    }
}


static char *
replay_text(replay_t *replay)
{
    char      *text;
    uint32_t   len;

    replay_get(replay, &len, sizeof(len));
    text = calloc(1, (size_t) len + 1);

    if (text == NULL) {
        exit(EXIT_FAILURE);
    }

    replay_get(replay, text, len);

    return text;
}


static const char *
replay_sql(replay_t *replay)
{
    uint32_t  number;

    replay_get(replay, &number, sizeof(number));

    if (number >= TRACE_STATEMENTS_MAX || replay->sql[number] == NULL) {
        (void) fprintf(stderr, "replay: no statement %" PRIu32 "\n", number);
        exit(EXIT_FAILURE);
    }

    return replay->sql[number];
}


static void
replay_define(replay_t *replay)
{
    char      *text;
    uint32_t   number;

    replay_get(replay, &number, sizeof(number));
    text = replay_text(replay);

    if (number >= TRACE_STATEMENTS_MAX) {
        free(text);
        return;
    }

    /*
     * A worker that started again has other numbers.  What a number was
     * before stays where it is: the engine knows statements by their address.
     */
    if (replay->sql[number] == NULL || strcmp(replay->sql[number], text) != 0) {
        replay->sql[number] = text;
        return;
    }

    free(text);
}


static void
replay_failed(replay_t *replay, const char *sql)
{
    (void) fprintf(stderr, "replay: %s: %s\n",
                   replay->engine->message(replay->handle), sql);
    exit(EXIT_FAILURE);
}


static void
replay_value(replay_t *replay, billing_db_value_t *value, unsigned i)
{
    replay_get(replay, &value->type, 1);
    replay_get(replay, &value->number, sizeof(value->number));

    if (value->type == 'i' || value->number == TRACE_NULL) {
        return;
    }

    value->len = (size_t) value->number;

    if (replay->room[i] < value->len + 1) {
        replay->room[i] = value->len + 1;
        replay->bytes[i] = realloc(replay->bytes[i], replay->room[i]);

        if (replay->bytes[i] == NULL) {
            exit(EXIT_FAILURE);
        }
    }

    replay_get(replay, replay->bytes[i], value->len);
    replay->bytes[i][value->len] = '\0';
    value->bytes = replay->bytes[i];
}


static void
replay_query(replay_t *replay, bool later)
{
    uint8_t              n;
    const char          *sql = replay_sql(replay);
    billing_db_rc_t    (*ask)(void *engine, const char *sql,
                              const billing_db_value_t *values, unsigned n);
    billing_db_value_t   values[REPLAY_VALUES_MAX] = { { .type = 'i' } };

    replay_get(replay, &n, 1);

    for (unsigned i = 0; i < n && i < REPLAY_VALUES_MAX; i++) {
        replay_value(replay, &values[i], i);
    }

    ask = later ? replay->engine->later : replay->engine->query;

    if (ask(replay->handle, sql, values, n) != BILLING_DB_OK) {
        replay_failed(replay, sql);
    }

    if (replay->span != NULL) {
        replay->span->statements++;
    }
}


/* A step may fail as it did then: what followed is in the trace. */

static void
replay_step(replay_t *replay)
{
    const char  *sql = replay_sql(replay);

    if (replay->engine->step(replay->handle, sql) == BILLING_DB_FATAL) {
        replay_failed(replay, sql);
    }
}


static void
replay_script(replay_t *replay)
{
    char     *sql;
    int64_t   at, now;

    replay_get(replay, &at, sizeof(at));
    sql = replay_text(replay);
    now = trace_now_us();

    if (replay->span != NULL && at >= replay->span->to) {
        replay->span->took_us = now - replay->began_us;
        replay->span = NULL;
    }

    for (size_t i = 0; replay->span == NULL && i < replay->nspans; i++) {
        if (at >= replay->spans[i].from && at < replay->spans[i].to) {
            replay->span = &replay->spans[i];
            replay->began_us = now;
        }
    }

    if (replay->engine->script(replay->handle, sql) != BILLING_DB_OK) {
        replay_failed(replay, sql);
    }

    if (replay->span != NULL && strcmp(sql, "COMMIT") == 0) {
        replay->span->commits++;
    }

    free(sql);
}


static void
replay_run(replay_t *replay)
{
    int          what;
    const char  *sql;

    while ((what = fgetc(replay->in)) != EOF) {

        switch (what) {

        case 'T':
            replay_script(replay);
            break;

        case 'D':
            replay_define(replay);
            break;

        case 'Q':
        case 'L':
            replay_query(replay, what == 'L');
            break;

        case 'S':
            if (replay->engine->settle(replay->handle) != BILLING_DB_OK) {
                replay_failed(replay, "sent ahead");
            }

            break;

        case 'N':
            replay_step(replay);
            break;

        case 'R':
            sql = replay_sql(replay);
            replay->engine->reset(replay->handle, sql);
            break;

        default:
            (void) fprintf(stderr, "replay: no such record: %d\n", what);
            exit(EXIT_FAILURE);
        }
    }

    if (replay->span != NULL) {
        replay->span->took_us = trace_now_us() - replay->began_us;
    }
}


int
main(int argc, char **argv)
{
    char             error[512] = "";
    static replay_t  replay;

    if (argc < 3 || argc - 3 > REPLAY_SPANS_MAX) {
        (void) fprintf(stderr, "usage: replay DSN TRACE FROM:TO...\n");
        return EXIT_FAILURE;
    }

    for (int i = 3; i < argc; i++) {
        replay_span_t  *span = &replay.spans[replay.nspans++];

        if (sscanf(argv[i], "%" SCNd64 ":%" SCNd64, &span->from, &span->to)
            != 2)
        {
            (void) fprintf(stderr, "replay: no span: %s\n", argv[i]);
            return EXIT_FAILURE;
        }
    }

    replay.engine = strncmp(argv[1], "sqlite:", 7) == 0 ? &billing_db_sqlite
                                                        : &billing_db_postgres;
    replay.handle = replay.engine->open(argv[1], NULL, false, error,
                                        sizeof(error));
    replay.in = fopen(argv[2], "rbe");

    if (replay.handle == NULL || replay.in == NULL) {
        (void) fprintf(stderr, "replay: %s %s\n", argv[2], error);
        return EXIT_FAILURE;
    }

    replay_run(&replay);
    replay.engine->close(replay.handle);

    for (size_t i = 0; i < replay.nspans; i++) {
        const replay_span_t  *span = &replay.spans[i];

        (void) printf("%s{\"seconds\": %.3f, \"commits\": %" PRIu64
                      ", \"statements\": %" PRIu64 "}%s",
                      i == 0 ? "[" : ", ", (double) span->took_us / 1e6,
                      span->commits, span->statements,
                      i + 1 == replay.nspans ? "]\n" : "");
    }

    return EXIT_SUCCESS;
}
