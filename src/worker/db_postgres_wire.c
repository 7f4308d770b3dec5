/*
 * One question to PostgreSQL at a time, with an end to the waiting.  Statements
 * whose answer can wait go ahead of it in a pipeline; the first of them that
 * failed is then the answer, for nothing behind it was executed.
 *
 * A connection that is lost is never opened again in this process: whether
 * its last commit happened cannot be known here.  The process ends, and the
 * one after it finds the answer where everybody looks, in the rows of the
 * commands.
 */

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "billing_postgres.h"

typedef struct {
    const char       *prefix;   /* of the SQLSTATE */
    billing_db_rc_t   rc;
} billing_postgres_state_t;

static const billing_postgres_state_t  billing_postgres_states[] = {
    { "23", BILLING_DB_CONFLICT },      /* a constraint */
    { "22", BILLING_DB_CONFLICT },      /* a value no column can hold */
    { "25P02", BILLING_DB_CONFLICT },   /* the transaction has failed before */
    { "40", BILLING_DB_FULL },          /* deadlock, serialization */
    { "53", BILLING_DB_FULL },          /* disk, memory */
    { "55P03", BILLING_DB_FULL },       /* waited for a lock */
    { "57014", BILLING_DB_FULL },       /* took too long */
    { NULL, BILLING_DB_FATAL }
};


/* False when the time is up, or the connection is gone. */

static bool
billing_postgres_wait(billing_postgres_t *pg, int64_t until_ms, short events)
{
    int            n, timeout;
    struct pollfd  fd = { .fd = PQsocket(pg->conn), .events = events };

    do {
        timeout = -1;

        if (!pg->patient) {
            int64_t  left = until_ms - billing_clock_mono_ms();

            timeout = (left > 0) ? (int) left : 0;
        }

        n = poll(&fd, 1, timeout);
    } while (n < 0 && errno == EINTR);

    if (n == 0) {
        (void) snprintf(pg->error, sizeof(pg->error),
                        "the server does not answer");
    }

    return n > 0;
}


static bool
billing_postgres_flush(billing_postgres_t *pg, int64_t until_ms)
{
    int  left;

    /* A server that talks before it has read all must be listened to. */
    for (left = PQflush(pg->conn); left == 1; left = PQflush(pg->conn)) {
        if (!billing_postgres_wait(pg, until_ms, POLLIN | POLLOUT)
            || PQconsumeInput(pg->conn) == 0)
        {
            return false;
        }
    }

    return left == 0;
}


/* The next result can be had without waiting. */

static bool
billing_postgres_ready(billing_postgres_t *pg, int64_t until_ms)
{
    while (PQisBusy(pg->conn)) {
        if (!billing_postgres_wait(pg, until_ms, POLLIN)
            || PQconsumeInput(pg->conn) == 0)
        {
            return false;
        }
    }

    return true;
}


PGresult *
billing_postgres_answer(billing_postgres_t *pg, int queued)
{
    bool       piped = PQpipelineStatus(pg->conn) == PQ_PIPELINE_ON;
    int64_t    until_ms = billing_clock_mono_ms() + BILLING_POSTGRES_ANSWER_MS;
    PGresult  *result, *kept = NULL;

    if (pg->lost) {
        return NULL;
    }

    pg->error[0] = '\0';

    if (queued == 0 || (piped && PQpipelineSync(pg->conn) == 0)
        || !billing_postgres_flush(pg, until_ms))
    {
        return NULL;
    }

    for ( ;; ) {
        if (!billing_postgres_ready(pg, until_ms)) {
            PQclear(kept);
            return NULL;
        }

        result = PQgetResult(pg->conn);

        if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
            PQclear(result);
            pg->ahead = 0;
            (void) PQexitPipelineMode(pg->conn);
            return kept;
        }

        if (result == NULL) {
            if (piped && PQstatus(pg->conn) == CONNECTION_OK) {
                continue;               /* of one: there are more */
            }

            return kept;
        }

        if (PQresultStatus(result) == PGRES_PIPELINE_ABORTED
            || (kept != NULL && PQresultStatus(kept) == PGRES_FATAL_ERROR))
        {
            PQclear(result);
            continue;
        }

        PQclear(kept);
        kept = result;
    }
}


billing_db_rc_t
billing_postgres_settle(void *engine)
{
    PGresult            *result;
    billing_db_rc_t      rc;
    billing_postgres_t  *pg = engine;

    if (pg->ahead == 0) {
        return BILLING_DB_OK;
    }

    result = billing_postgres_answer(pg, 1);
    rc = billing_postgres_rc(pg, result);
    PQclear(result);

    return rc;
}


/* One line, and not the detail, which holds values of rows. */

static void
billing_postgres_note(billing_postgres_t *pg, const char *state,
    const char *message)
{
    size_t  len = strcspn(message, "\n");

    (void) snprintf(pg->error, sizeof(pg->error), "%.*s%s%s%s",
                    (int) (len < 200 ? len : 200), message,
                    state[0] != '\0' ? " (" : "", state,
                    state[0] != '\0' ? ")" : "");
}


billing_db_rc_t
billing_postgres_rc(billing_postgres_t *pg, const PGresult *result)
{
    const char      *state, *message;
    ExecStatusType   status = PQresultStatus(result);

    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
        return BILLING_DB_OK;
    }

    if (result == NULL || PQstatus(pg->conn) != CONNECTION_OK) {
        if (!pg->lost && pg->error[0] == '\0') {
            billing_postgres_note(pg, "", PQerrorMessage(pg->conn));
        }

        pg->lost = true;

        return BILLING_DB_FATAL;
    }

    state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    state = (state != NULL) ? state : "";
    billing_postgres_note(pg, state, message != NULL ? message
                                     : PQresultErrorMessage(result));

    for (const billing_postgres_state_t *s = billing_postgres_states;
         s->prefix != NULL; s++)
    {
        if (strncmp(state, s->prefix, strlen(s->prefix)) == 0) {
            return s->rc;
        }
    }

    return BILLING_DB_FATAL;
}


/*
 * One statement goes with those ahead of it.  A transaction that could not
 * begin is not left half open.  A commit that was
 * answered with a rollback has lost what this process believed it had.
 */

billing_db_rc_t
billing_postgres_script(void *engine, const char *sql)
{
    bool                 idle;
    PGresult            *result;
    billing_db_rc_t      rc;
    billing_postgres_t  *pg = engine;

    /* What is undone need not have been well. */
    if (strncmp(sql, "ROLLBACK", 8) == 0) {
        (void) !billing_postgres_settle(pg);
    }

    rc = strchr(sql, ';') != NULL ? billing_postgres_settle(pg)
                                  : BILLING_DB_OK;
    if (rc != BILLING_DB_OK) {
        return rc;
    }

    idle = PQtransactionStatus(pg->conn) == PQTRANS_IDLE;

    /* Undone already; the message that says why must stay. */
    if (strcmp(sql, "ROLLBACK") == 0 && (idle || pg->lost)) {
        return BILLING_DB_OK;
    }

    result = billing_postgres_answer(pg, (pg->ahead == 0)
                 ? PQsendQuery(pg->conn, sql)
                 : PQsendQueryParams(pg->conn, sql, 0, NULL, NULL, NULL, NULL,
                                     0));
    rc = billing_postgres_rc(pg, result);

    if (rc == BILLING_DB_OK && strcmp(sql, "COMMIT") == 0
        && strcmp(PQcmdStatus(result), "COMMIT") != 0)
    {
        (void) snprintf(pg->error, sizeof(pg->error),
                        "the server rolled back what was to be committed");
        rc = BILLING_DB_FATAL;
    }

    PQclear(result);

    if (idle && PQtransactionStatus(pg->conn) == PQTRANS_INERROR) {
        PQclear(billing_postgres_answer(pg, PQsendQuery(pg->conn,
                                                        "ROLLBACK")));
    }

    return rc;
}
