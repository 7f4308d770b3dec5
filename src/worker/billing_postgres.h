/*
 * PostgreSQL: what the files of this engine share.
 *
 *   db_postgres        the engine: statements by address, rows, transactions
 *   db_postgres_wire   one question over the connection, and what its answer
 *                      means for the worker
 *   db_postgres_open   connecting, the session's settings, what the server
 *                      must be like
 */

#ifndef BILLING_POSTGRES_H
#define BILLING_POSTGRES_H

#include <libpq-fe.h>

#include "billing_infra.h"

#define BILLING_POSTGRES_STATEMENTS  1024   /* a power of two */
#define BILLING_POSTGRES_PARAMS_MAX  BILLING_DB_COLUMNS_MAX

/* The server gives up first, then the worker gives up the server. */
#define BILLING_POSTGRES_STATEMENT_MS  5000
#define BILLING_POSTGRES_LOCK_MS       2000
#define BILLING_POSTGRES_ANSWER_MS     (BILLING_POSTGRES_STATEMENT_MS + 2000)
/* A worker that was stopped inside a transaction loses it with its lease. */
#define BILLING_POSTGRES_IDLE_MS       BILLING_LEASE_MS

/* Bytes of a row, decoded; gone with it. */
typedef struct billing_postgres_bytes_s  billing_postgres_bytes_t;

struct billing_postgres_bytes_s {
    billing_postgres_bytes_t  *next;
    size_t                     len;
    uint8_t                    data[];
};

typedef struct {
    const char                *sql;
    PGresult                  *result;      /* all rows, NULL when reset */
    int                        row;         /* -1: before the first */
    unsigned                   params;
    billing_postgres_bytes_t  *bytes;
} billing_postgres_slot_t;

typedef struct {
    PGconn                   *conn;
    bool                      lost;         /* for good, and error says why */
    bool                      patient;      /* no time is too long */
    bool                      locked;       /* the session's advisory lock */
    bool                      exposed;      /* told: no standby confirms */
    unsigned                  used;
    unsigned                  ahead;        /* sent, and not answered yet */
    int64_t                   changes;
    int64_t                   ahead_ms;     /* its clock, against ours */
    char                      error[256];
    billing_postgres_slot_t   slots[BILLING_POSTGRES_STATEMENTS];
} billing_postgres_t;

/* So many without an answer, then there is one. */
#define BILLING_POSTGRES_AHEAD_MAX  32

/*
 * Sends what was queued and waits for the end of its answer: the last result,
 * or the first that is an error, of what was sent ahead too.  NULL: the
 * connection is of no use any more.
 */
PGresult *billing_postgres_answer(billing_postgres_t *pg, int queued);

/* The answers to all that was sent ahead. */
billing_db_rc_t billing_postgres_settle(void *engine);

/* What it means; notes why when it is not good news. */
billing_db_rc_t billing_postgres_rc(billing_postgres_t *pg,
    const PGresult *result);

/* Statements without parameters, the last one's rows thrown away. */
billing_db_rc_t billing_postgres_script(void *engine, const char *sql);

void *billing_postgres_open(const char *dsn, const char *password,
    bool reading, char *error, size_t error_max);
void billing_postgres_close(void *engine);
billing_db_rc_t billing_postgres_check(void *engine, bool deep);
billing_db_rc_t billing_postgres_patient(void *engine, bool patient);

#endif /* BILLING_POSTGRES_H */
