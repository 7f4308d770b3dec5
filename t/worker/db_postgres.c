/*
 * What only PostgreSQL can do to the worker: other sessions, a server that
 * goes away, time-outs.  Skipped where no server is given (t/lib/postgres).
 */

#include <signal.h>
#include <sys/wait.h>

#include "worker_fixture.h"

#define WITH_SERVER(test)                                                     \
    cmocka_unit_test_setup_teardown(test, server_setup, server_teardown)

static const char  insert_sql[] =
    "INSERT INTO meta (name, value) VALUES ($1, 1)";


static int
server_setup(void **state)
{
    return store_server() != NULL ? worker_setup(state) : 0;
}


static int
server_teardown(void **state)
{
    return store_server() != NULL ? worker_teardown(state) : 0;
}


#define NEEDS_SERVER()                                                        \
    if (store_server() == NULL) {                                             \
        skip();                                                               \
    }


/* Bytes, text of any kind and numbers of any size come back as they went. */

static void
values_go_and_come_back(void **state)
{
    char               bytes[256], blob[256];
    billing_bytes_t    back;
    worker_fixture_t  *f = *state;
    static const char  sql[] = "SELECT $1, $2, $3, $4 = 2, NULL";

    NEEDS_SERVER();

    for (int i = 0; i < 256; i++) {
        bytes[i] = (char) (i == 0 ? 255 : i);
        blob[i] = (char) i;
    }

    bytes[127] = '\0';                  /* ASCII */
    assert_int_equal(billing_db_query(f->w.db, sql, "tibi", bytes + 1,
                                      INT64_MIN, blob, sizeof(blob),
                                      (int64_t) 2), BILLING_DB_ROW);
    assert_string_equal(billing_db_text(f->w.db, sql, 0), bytes + 1);
    assert_true(billing_db_int(f->w.db, sql, 1) == INT64_MIN);
    back = billing_db_blob(f->w.db, sql, 2);
    assert_int_equal(back.len, sizeof(blob));
    assert_memory_equal(back.data, blob, sizeof(blob));
    assert_int_equal(billing_db_int(f->w.db, sql, 3), 1);
    assert_true(billing_db_null(f->w.db, sql, 4));
    assert_int_equal(billing_db_next(f->w.db, sql), BILLING_DB_DONE);
}


/* Not text, and a number that no column holds: refused, not the end. */

static void
a_value_that_cannot_be_stored_is_a_conflict(void **state)
{
    worker_fixture_t  *f = *state;
    static const char  number_sql[] = "UPDATE lease SET id = $1";

    NEEDS_SERVER();
    assert_int_equal(billing_db_exec(f->w.db, insert_sql, "t", "a\xff"),
                     BILLING_DB_CONFLICT);
    assert_int_equal(billing_db_exec(f->w.db, number_sql, "i",
                                     (int64_t) 1 << 40), BILLING_DB_CONFLICT);
    assert_int_equal(billing_db_exec(f->w.db, insert_sql, "t", "a"),
                     BILLING_DB_OK);
}


static void
p56_a_full_disk_undoes_all_and_service_resumes(void **state)
{
    worker_fixture_t  *f = *state;

    NEEDS_SERVER();
    store_spoil(f->w.db, "INSERT ON meta", "NEW.name = 't2'",
                "RAISE EXCEPTION USING ERRCODE = 'disk_full'");
    assert_int_equal(billing_db_begin(f->w.db), BILLING_DB_OK);
    assert_int_equal(billing_db_exec(f->w.db, insert_sql, "t", "t1"),
                     BILLING_DB_OK);
    assert_int_equal(billing_db_savepoint(f->w.db), BILLING_DB_OK);
    assert_int_equal(billing_db_exec(f->w.db, insert_sql, "t", "t2"),
                     BILLING_DB_FULL);
    billing_db_undo(f->w.db);
    assert_int_equal(billing_db_exec(f->w.db, insert_sql, "t", "t3"),
                     BILLING_DB_FULL);
    assert_int_equal(billing_db_commit(f->w.db), BILLING_DB_FULL);
    assert_int_equal(worker_number(f->w.db, "SELECT COUNT(*) FROM meta"
                                            " WHERE name LIKE 't%'"), 0);
    store_unspoil(f->w.db);
    assert_int_equal(billing_db_begin(f->w.db), BILLING_DB_OK);
    assert_int_equal(billing_db_exec(f->w.db, insert_sql, "t", "t2"),
                     BILLING_DB_OK);
    assert_int_equal(billing_db_commit(f->w.db), BILLING_DB_OK);
}


/* What it has read or written may be wrong: nothing is built on it. */

static void
p56_a_disk_that_fails_is_the_end(void **state)
{
    worker_fixture_t  *f = *state;

    NEEDS_SERVER();
    store_spoil(f->w.db, "INSERT ON meta", "NEW.name = 't2'",
                "RAISE EXCEPTION USING ERRCODE = 'io_error'");
    assert_int_equal(billing_db_begin(f->w.db), BILLING_DB_OK);
    assert_int_equal(billing_db_exec(f->w.db, insert_sql, "t", "t2"),
                     BILLING_DB_FATAL);
    billing_db_rollback(f->w.db);
}


static void
what_takes_too_long_is_refused_and_not_the_end(void **state)
{
    billing_db_t      *other;
    worker_fixture_t  *f = *state;
    static const char  sleep_sql[] = "SELECT 1 FROM pg_sleep(5)";

    NEEDS_SERVER();
    other = worker_open(f);
    assert_int_equal(billing_db_script(f->w.db, "SET statement_timeout = 50;"
                                                "SET lock_timeout = 50"),
                     BILLING_DB_OK);
    assert_int_equal(billing_db_query(f->w.db, sleep_sql, ""),
                     BILLING_DB_FULL);

    /* Another writes: this one cannot begin, and nothing stays half open. */
    assert_int_equal(billing_db_begin(other), BILLING_DB_OK);
    assert_int_equal(billing_db_begin(f->w.db), BILLING_DB_FULL);
    assert_int_equal(billing_db_commit(other), BILLING_DB_OK);
    assert_int_equal(billing_db_begin(f->w.db), BILLING_DB_OK);
    assert_int_equal(billing_db_commit(f->w.db), BILLING_DB_OK);
    billing_db_free(other);
}


/* Of a role, a database or a server: none may make a commit forgettable. */

static void
p2_commits_wait_for_the_disk(void **state)
{
    worker_fixture_t  *f = *state;

    NEEDS_SERVER();
    assert_int_equal(billing_db_check(f->w.db, false), BILLING_DB_OK);
    assert_int_equal(billing_db_script(f->w.db,
                                       "SET synchronous_commit = off"),
                     BILLING_DB_OK);
    assert_int_equal(billing_db_check(f->w.db, false), BILLING_DB_FATAL);
    assert_non_null(strstr(billing_db_message(f->w.db),
                           "synchronous_commit"));

    assert_int_equal(billing_db_script(f->w.db,
                         "ALTER ROLE billing SET synchronous_commit = off"),
                     BILLING_DB_OK);
    billing_db_free(f->w.db);
    f->w.db = worker_open(f);
    assert_int_equal(billing_db_check(f->w.db, false), BILLING_DB_OK);
    assert_int_equal(billing_db_script(f->w.db,
                         "ALTER ROLE billing RESET synchronous_commit"),
                     BILLING_DB_OK);

    assert_int_equal(billing_db_script(f->w.db,
                         "SET default_transaction_read_only = on"),
                     BILLING_DB_OK);
    assert_int_equal(billing_db_check(f->w.db, false), BILLING_DB_FATAL);
}


/* A setting that an operator weakens later counts within a minute. */

static void
p2_what_the_server_must_be_is_asked_again_each_minute(void **state)
{
    int64_t            at = 1000000;
    worker_fixture_t  *f = *state;

    NEEDS_SERVER();
    billing_infra(&f->w)->precondition_ms = 0;
    assert_int_equal(billing_precondition_sweep(&f->w, at), BILLING_DB_OK);
    assert_int_equal(billing_db_script(f->w.db,
                                       "SET synchronous_commit = local"),
                     BILLING_DB_OK);
    assert_int_equal(billing_precondition_sweep(&f->w, at + 59999),
                     BILLING_DB_OK);
    assert_int_equal(billing_precondition_sweep(&f->w, at + 60000),
                     BILLING_DB_FATAL);
    assert_non_null(strstr(billing_db_message(f->w.db),
                           "synchronous_commit"));
}


/* A session that replicates: to the server, a standby no commit waits for. */

static FILE *
standby_begin(worker_fixture_t *f)
{
    char   command[STORE_DSN_MAX + 64];
    FILE  *session;

    (void) snprintf(command, sizeof(command), "exec psql -qX 'dbname=postgres"
                    " replication=true %s'", store_server());

    for (char *c = command; *c != '\0'; c++) {
        *c = *c == '&' ? ' ' : *c;
    }

    session = popen(command, "w");
    assert_non_null(session);

    for (int i = 0; i < 500 && worker_number(f->w.db,
         "SELECT COUNT(*) FROM pg_stat_replication") == 0; i++)
    {
        (void) usleep(10 * 1000);
    }

    return session;
}


static void
standby_end(worker_fixture_t *f, FILE *session)
{
    assert_int_equal(pclose(session), 0);

    for (int i = 0; i < 500 && worker_number(f->w.db,
         "SELECT COUNT(*) FROM pg_stat_replication") != 0; i++)
    {
        (void) usleep(10 * 1000);
    }
}


/* How often the log says so, by one look at what must be true. */

static unsigned
alerts(worker_fixture_t *f, int64_t mono_ms)
{
    int       kept = dup(STDERR_FILENO);
    char      text[4096];
    FILE     *log = tmpfile();
    size_t    len;
    unsigned  n = 0;

    assert_non_null(log);
    assert_true(dup2(fileno(log), STDERR_FILENO) >= 0);
    assert_int_equal(billing_precondition_sweep(&f->w, mono_ms),
                     BILLING_DB_OK);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    (void) close(kept);

    rewind(log);
    len = fread(text, 1, sizeof(text) - 1, log);
    text[len] = '\0';
    (void) fclose(log);

    for (char *c = text; (c = strstr(c, "ALERT: the database has a standby,"
                                        " and none of them is synchronous"));
         c++)
    {
        n++;
    }

    return n;
}


/* Once for as long as it is so, and again when it is so again. */

static void
p2_a_standby_that_no_commit_waits_for_is_told_within_a_minute(void **state)
{
    FILE              *session;
    int64_t            at = 1000000;
    worker_fixture_t  *f = *state;

    NEEDS_SERVER();
    billing_infra(&f->w)->precondition_ms = 0;
    assert_int_equal(alerts(f, at), 0);

    session = standby_begin(f);
    assert_int_equal(alerts(f, at + 59999), 0);
    assert_int_equal(alerts(f, at + 60000), 1);
    assert_int_equal(alerts(f, at + 120000), 0);

    standby_end(f, session);
    assert_int_equal(alerts(f, at + 180000), 0);

    session = standby_begin(f);
    assert_int_equal(alerts(f, at + 240000), 1);
    standby_end(f, session);
}


/* Order and comparison of text are those of SQLite, or none is. */

static void
another_collation_is_refused(void **state)
{
    char  dsn[STORE_DSN_MAX], sql[160], error[256] = "";

    (void) state;
    NEEDS_SERVER();
    (void) snprintf(dsn, sizeof(dsn), "postgresql:///postgres?%s",
                    store_server());
    (void) snprintf(sql, sizeof(sql), "CREATE DATABASE fr%d TEMPLATE template0"
                    " LOCALE_PROVIDER icu ICU_LOCALE 'fr' LOCALE 'C'",
                    (int) getpid());
    store_run(dsn, sql);
    (void) snprintf(dsn, sizeof(dsn), "postgresql:///fr%d?%s", (int) getpid(),
                    store_server());
    assert_null(billing_db_new(dsn, error, sizeof(error)));
    assert_non_null(strstr(error, "LOCALE C"));
}


static void
a_server_that_is_not_there_is_named(void **state)
{
    char  error[256] = "";

    (void) state;
    assert_null(billing_db_new("postgresql:///x?host=/nowhere/at/all", error,
                               sizeof(error)));
    assert_non_null(strstr(error, "store.dsn"));
    assert_non_null(strstr(error, "/nowhere/at/all"));
}


/* --- the lease between processes --- */


/* A worker that is stopped before its commit; 0 it was told it is fenced. */

static int
stopped_worker(worker_fixture_t *f)
{
    billing_db_rc_t  rc;

    f->w.db = worker_open(f);
    billing_infra(&f->w)->lease = NULL;

    if (!billing_lease_new(&f->w)
        || billing_lease_acquire(&f->w) != BILLING_DB_OK
        || billing_db_begin(f->w.db) != BILLING_DB_OK
        || billing_lease_fence(&f->w) != BILLING_DB_OK
        || billing_db_exec(f->w.db, insert_sql, "t", "stale") != BILLING_DB_OK)
    {
        return 2;
    }

    (void) raise(SIGSTOP);
    rc = billing_db_commit(f->w.db);

    return rc == BILLING_DB_FATAL ? 0 : 1;
}


static void
p23_a_worker_stopped_inside_a_transaction_is_fenced(void **state)
{
    int                status;
    pid_t              pid;
    uint64_t           epoch;
    billing_db_rc_t    rc = BILLING_DB_DONE;
    worker_fixture_t  *f = *state;

    NEEDS_SERVER();
    epoch = f->w.lease_epoch;
    billing_lease_free(&f->w);
    billing_db_free(f->w.db);
    f->w.db = NULL;

    pid = fork();
    if (pid == 0) {
        _exit(stopped_worker(f));
    }

    assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
    assert_true(WIFSTOPPED(status));

    /* As soon as the server lets go of it, and not before. */
    f->w.db = worker_open(f);
    assert_true(billing_lease_new(&f->w));
    rc = billing_lease_acquire(&f->w);
    assert_int_equal(rc, BILLING_DB_DONE);

    for (int i = 0; i < 20 && rc == BILLING_DB_DONE; i++) {
        (void) usleep(500 * 1000);
        rc = billing_lease_acquire(&f->w);
    }

    assert_int_equal(rc, BILLING_DB_OK);
    assert_int_equal(f->w.lease_epoch, epoch + 2);

    assert_int_equal(kill(pid, SIGCONT), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(worker_number(f->w.db, "SELECT COUNT(*) FROM meta"
                                            " WHERE name = 'stale'"), 0);
}


/* Its session is gone, so it is: no need to wait for the term to end. */

static void
p23_a_worker_that_is_killed_is_followed_at_once(void **state)
{
    int                status;
    pid_t              pid;
    billing_db_rc_t    rc = BILLING_DB_DONE;
    worker_fixture_t  *f = *state;

    NEEDS_SERVER();
    billing_lease_free(&f->w);
    billing_db_free(f->w.db);
    f->w.db = NULL;

    pid = fork();
    if (pid == 0) {
        _exit(stopped_worker(f));
    }

    assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
    assert_true(WIFSTOPPED(status));
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);

    f->w.db = worker_open(f);
    assert_true(billing_lease_new(&f->w));

    /* The session's end is the server's to notice. */
    for (int i = 0; i < 20 && rc == BILLING_DB_DONE; i++) {
        rc = billing_lease_acquire(&f->w);
        (void) usleep(20 * 1000);
    }

    assert_int_equal(rc, BILLING_DB_OK);
    assert_int_equal(worker_number(f->w.db, "SELECT COUNT(*) FROM meta"
                                            " WHERE name = 'stale'"), 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        WITH_SERVER(values_go_and_come_back),
        WITH_SERVER(a_value_that_cannot_be_stored_is_a_conflict),
        WITH_SERVER(p56_a_full_disk_undoes_all_and_service_resumes),
        WITH_SERVER(p56_a_disk_that_fails_is_the_end),
        WITH_SERVER(what_takes_too_long_is_refused_and_not_the_end),
        WITH_SERVER(p2_commits_wait_for_the_disk),
        WITH_SERVER(p2_what_the_server_must_be_is_asked_again_each_minute),
        WITH_SERVER(
            p2_a_standby_that_no_commit_waits_for_is_told_within_a_minute),
        cmocka_unit_test(another_collation_is_refused),
        cmocka_unit_test(a_server_that_is_not_there_is_named),
        WITH_SERVER(p23_a_worker_stopped_inside_a_transaction_is_fenced),
        WITH_SERVER(p23_a_worker_that_is_killed_is_followed_at_once),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("db_postgres", tests, NULL, NULL);
}
