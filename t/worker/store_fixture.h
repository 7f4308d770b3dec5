/*
 * The database of a test: a SQLite file in its folder, or, where
 * BILLING_TEST_POSTGRES names a server (t/lib/postgres does), a schema of its
 * own in this program's own PostgreSQL database.
 */

#ifndef BILLING_STORE_FIXTURE_H
#define BILLING_STORE_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../src/worker/billing_infra.h"

#define STORE_DSN_MAX  512

extern const char  billing_sql_001_infra[];
extern const char  billing_sql_002_business[];
extern const char  billing_sql_003_subscription[];


/* "host=/folder&user=name", NULL: SQLite is asked for. */

static inline const char *
store_server(void)
{
    return getenv("BILLING_TEST_POSTGRES");
}


static inline void
store_run(const char *dsn, const char *sql)
{
    char           error[256] = "";
    billing_db_t  *db = billing_db_open(dsn, false, error, sizeof(error));

    if (db == NULL) {
        fail_msg("%s", error);
    }

    if (billing_db_script(db, sql) != BILLING_DB_OK) {
        fail_msg("%s: %s", sql, billing_db_message(db));
    }

    billing_db_free(db);
}


static inline void
store_new(const char *folder, const char *name, char dsn[STORE_DSN_MAX])
{
    static int   made;              /* by this process, no parent of it */
    static int   schemas;
    char         sql[64];
    const char  *server = store_server();

    if (server == NULL) {
        (void) snprintf(dsn, STORE_DSN_MAX, "sqlite:%s/%s.db", folder, name);
        return;
    }

    if (made != (int) getpid()) {
        made = (int) getpid();
        (void) snprintf(dsn, STORE_DSN_MAX, "postgresql:///postgres?%s",
                        server);
        (void) snprintf(sql, sizeof(sql), "CREATE DATABASE t%d", made);
        store_run(dsn, sql);
    }

    (void) snprintf(dsn, STORE_DSN_MAX, "postgresql:///t%d?%s", made, server);
    (void) snprintf(sql, sizeof(sql), "CREATE SCHEMA s%d", ++schemas);
    store_run(dsn, sql);
    (void) snprintf(dsn, STORE_DSN_MAX,
                    "postgresql:///t%d?%s&options=-csearch_path%%3Ds%d", made,
                    server, schemas);
}


/* One number that has been committed, by a connection that is thrown away. */

static inline int64_t
store_number(const char *dsn, const char *sql)
{
    char           error[256] = "";
    int64_t        number;
    billing_db_t  *db = billing_db_open(dsn, true, error, sizeof(error));

    if (db == NULL) {
        fail_msg("%s", error);
    }

    if (billing_db_query(db, sql, "") != BILLING_DB_ROW) {
        fail_msg("%s: %s", sql, billing_db_message(db));
    }

    number = billing_db_int(db, sql, 0);
    billing_db_free(db);

    return number;
}

/* A database as the program of schema 3 left it, with these rows in it. */

static inline void
store_older(const char *dsn, const char *rows)
{
    char           error[256] = "";
    billing_db_t  *db = billing_db_open(dsn, false, error, sizeof(error));

    if (db == NULL) {
        fail_msg("%s", error);
    }

    const char *const  scripts[] = {
        billing_db_prelude(db),
        billing_sql_001_infra, billing_sql_002_business,
        billing_sql_003_subscription,
        "CREATE TABLE migration (version BIGINT PRIMARY KEY,"
        " name TEXT NOT NULL, applied_at BIGINT NOT NULL);"
        "INSERT INTO migration VALUES (1, '', 0), (2, '', 0), (3, '', 0);",
        rows
    };

    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        if (scripts[i] != NULL
            && billing_db_script(db, scripts[i]) != BILLING_DB_OK)
        {
            fail_msg("%s", billing_db_message(db));
        }
    }

    billing_db_free(db);
}


/*
 * A row for which this is true makes its statement fail; action: does that
 * instead.  place is "UPDATE ON team" or the like.
 */

static inline void
store_spoil(billing_db_t *db, const char *place, const char *when,
    const char *action)
{
    char  sql[1024];

    if (store_server() == NULL) {
        (void) snprintf(sql, sizeof(sql), "CREATE TRIGGER spoil AFTER %s WHEN"
                        " %s BEGIN %s; END", place, when, action != NULL
                        ? action : "SELECT RAISE(ABORT, 'spoiled')");
    } else {
        (void) snprintf(sql, sizeof(sql), "CREATE FUNCTION spoil() RETURNS"
                        " trigger LANGUAGE plpgsql AS $$ BEGIN IF %s THEN %s;"
                        " END IF; RETURN NEW; END $$; CREATE TRIGGER spoil"
                        " AFTER %s FOR EACH ROW EXECUTE FUNCTION spoil()",
                        when, action != NULL ? action
                                             : "RAISE check_violation", place);
    }

    if (billing_db_script(db, sql) != BILLING_DB_OK) {
        fail_msg("%s: %s", sql, billing_db_message(db));
    }
}


static inline void
store_unspoil(billing_db_t *db)
{
    assert_int_equal(billing_db_script(db, store_server() == NULL
                                           ? "DROP TRIGGER spoil"
                                           : "DROP FUNCTION spoil CASCADE"),
                     BILLING_DB_OK);
}

#endif /* BILLING_STORE_FIXTURE_H */
