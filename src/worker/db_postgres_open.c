/*
 * The connection to PostgreSQL: how it is made, the session's settings, and
 * what must be true of the server for the promises to hold.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "billing_postgres.h"

#define BILLING_POSTGRES_OPTIONS_MAX  12

/*
 * A commit waits for the disk, and for the standby where one is synchronous.
 * A weaker setting of the role or the database does not count here.
 */
static const char  billing_postgres_settings[] =
    "SET client_min_messages = error;"
    "SET bytea_output = hex;"
    "SET standard_conforming_strings = on;"
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit')"
    " NOT IN ('on', 'remote_apply')";

static const char  billing_postgres_reader[] =
    "SET client_min_messages = error;"
    "SET bytea_output = hex;"
    "SET standard_conforming_strings = on;"
    "SET default_transaction_read_only = on";

/* Why not; how far the clock is ahead; whether a failover may forget. */
static const char  billing_postgres_demands[] =
    "SELECT CASE"
    " WHEN current_setting('server_version_num')::int < 150000"
    " THEN 'PostgreSQL is older than 15'"
    " WHEN pg_is_in_recovery()"
    " THEN 'the server is a standby'"
    " WHEN current_setting('fsync') <> 'on'"
    " THEN 'the server runs with fsync = off: it would forget money'"
    " WHEN current_setting('full_page_writes') <> 'on'"
    " THEN 'the server runs with full_page_writes = off'"
    " WHEN current_setting('synchronous_commit') NOT IN ('on',"
    " 'remote_apply')"
    " THEN 'synchronous_commit is not on'"
    " WHEN current_setting('transaction_read_only') <> 'off'"
    " THEN 'the database is read-only'"
    " WHEN current_setting('server_encoding') <> 'UTF8'"
    " OR 'a' < 'B'"
    " THEN 'the database must have ENCODING UTF8 and LOCALE C'"
    " ELSE '' END,"
    " (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint,"
    " current_setting('synchronous_standby_names') = ''"
    " AND EXISTS (SELECT 1 FROM pg_stat_replication)";

typedef struct {
    unsigned     n;
    const char  *words[BILLING_POSTGRES_OPTIONS_MAX];
    const char  *values[BILLING_POSTGRES_OPTIONS_MAX];
} billing_postgres_options_t;


static void
billing_postgres_option(billing_postgres_options_t *options,
    const char *word, const char *value)
{
    options->words[options->n] = word;
    options->values[options->n++] = value;
}


/* What stands before the DSN is a default, what stands behind it is not. */

static PGconn *
billing_postgres_connect(const char *dsn, const char *password, bool reading)
{
    billing_postgres_options_t  options = { .n = 0 };

    billing_postgres_option(&options, "connect_timeout", "5");
    billing_postgres_option(&options, "keepalives_idle", "5");
    billing_postgres_option(&options, "keepalives_interval", "2");
    billing_postgres_option(&options, "tcp_user_timeout", "5000");
    billing_postgres_option(&options, "sslmode", "verify-full");
    billing_postgres_option(&options, "target_session_attrs",
                            reading ? "any" : "read-write");
    billing_postgres_option(&options, "dbname", dsn);
    billing_postgres_option(&options, "application_name", "billing");
    billing_postgres_option(&options, "client_encoding", "UTF8");

    if (password != NULL && password[0] != '\0') {
        billing_postgres_option(&options, "password", password);
    }

    return PQconnectdbParams(options.words, options.values, 1);
}


static void
billing_postgres_silent(void *data, const char *message)
{
    (void) data;
    (void) message;
}


static billing_db_rc_t
billing_postgres_prepare(billing_postgres_t *pg, bool reading)
{
    billing_db_rc_t  rc;

    (void) PQsetNoticeProcessor(pg->conn, billing_postgres_silent, NULL);

    if (PQsetnonblocking(pg->conn, 1) != 0) {
        return billing_postgres_rc(pg, NULL);
    }

    if (reading) {
        pg->patient = true;
        return billing_postgres_script(pg, billing_postgres_reader);
    }

    rc = billing_postgres_script(pg, billing_postgres_settings);
    rc = (rc == BILLING_DB_OK) ? billing_postgres_patient(pg, false) : rc;

    return (rc == BILLING_DB_OK) ? billing_postgres_check(pg, false) : rc;
}


void *
billing_postgres_open(const char *dsn, const char *password, bool reading,
    char *error, size_t error_max)
{
    billing_postgres_t  *pg = calloc(1, sizeof(billing_postgres_t));

    if (pg == NULL) {
        (void) snprintf(error, error_max, "out of memory");
        return NULL;
    }

    pg->conn = billing_postgres_connect(dsn, password, reading);

    if (PQstatus(pg->conn) != CONNECTION_OK
        || billing_postgres_prepare(pg, reading) != BILLING_DB_OK)
    {
        if (pg->error[0] == '\0') {
            (void) billing_postgres_rc(pg, NULL);
        }

        (void) snprintf(error, error_max, "store.dsn: %s", pg->error);
        billing_postgres_close(pg);
        return NULL;
    }

    return pg;
}


/*
 * deep has nothing to do: after a crash the server has read its own log before
 * it let anybody in.
 */

billing_db_rc_t
billing_postgres_check(void *engine, bool deep)
{
    bool                 exposed;
    PGresult            *result;
    const char          *why;
    billing_db_rc_t      rc;
    billing_postgres_t  *pg = engine;

    (void) deep;

    result = billing_postgres_answer(pg,
                 PQsendQuery(pg->conn, billing_postgres_demands));
    rc = billing_postgres_rc(pg, result);

    if (rc != BILLING_DB_OK) {
        PQclear(result);
        return (rc == BILLING_DB_FULL) ? rc : BILLING_DB_FATAL;
    }

    why = PQgetvalue(result, 0, 0);
    pg->ahead_ms = strtoll(PQgetvalue(result, 0, 1), NULL, 10)
                   - billing_clock_wall_ms();
    exposed = PQgetvalue(result, 0, 2)[0] == 't';

    if (why[0] != '\0') {
        (void) snprintf(pg->error, sizeof(pg->error), "%s", why);
        rc = BILLING_DB_FATAL;
    }

    PQclear(result);

    if (exposed && !pg->exposed) {
        billing_log("ALERT: the database has a standby, and none of them is"
                    " synchronous: a failover may forget the last purchases");
    }

    pg->exposed = exposed;

    return rc;
}


billing_db_rc_t
billing_postgres_patient(void *engine, bool patient)
{
    char                 sql[192];
    billing_postgres_t  *pg = engine;

    (void) snprintf(sql, sizeof(sql), "SET statement_timeout = %d;"
                    "SET lock_timeout = %d;"
                    "SET idle_in_transaction_session_timeout = %d",
                    patient ? 0 : BILLING_POSTGRES_STATEMENT_MS,
                    patient ? 0 : BILLING_POSTGRES_LOCK_MS,
                    patient ? 0 : BILLING_POSTGRES_IDLE_MS);

    pg->patient = patient;

    return billing_postgres_script(pg, sql);
}
