/* The statement interface, transactions, migrations and the lease. */

#include "worker_fixture.h"

static const char  insert_sql[] =
    "INSERT INTO meta (name, value) VALUES ($1, $2)";
static const char  count_sql[] =
    "SELECT COUNT(*) FROM meta WHERE name LIKE 't%'";


static void
parameters_are_bound_by_number_and_repeat(void **state)
{
    worker_fixture_t   *f = *state;
    billing_bytes_t     blob;
    static const char   sql[] = "SELECT $2, $1, $2, $3, $4";

    assert_int_equal(billing_db_query(f->w.db, sql, "titb", "a", INT64_MIN,
                                      (const char *) NULL, "x\0y", (size_t) 3),
                     BILLING_DB_ROW);
    assert_true(billing_db_int(f->w.db, sql, 0) == INT64_MIN);
    assert_string_equal(billing_db_text(f->w.db, sql, 1), "a");
    assert_true(billing_db_int(f->w.db, sql, 2) == INT64_MIN);
    assert_true(billing_db_null(f->w.db, sql, 3));
    assert_null(billing_db_text(f->w.db, sql, 3));
    assert_false(billing_db_null(f->w.db, sql, 4));

    blob = billing_db_blob(f->w.db, sql, 4);
    assert_int_equal(blob.len, 3);
    assert_memory_equal(blob.data, "x\0y", 3);
    assert_int_equal(billing_db_next(f->w.db, sql), BILLING_DB_DONE);
}


static void
a_conflict_fails_the_transaction_up_to_the_savepoint(void **state)
{
    worker_fixture_t   *f = *state;
    static const char   check_sql[] =
        "INSERT INTO lease (id, epoch, owner, until_ms)"
        " VALUES (2, 0, '', 0)";

    assert_int_equal(billing_db_begin(f->w.db), BILLING_DB_OK);
    assert_int_equal(billing_db_exec(f->w.db, insert_sql, "ti", "t1",
                                     (int64_t) 1), BILLING_DB_OK);

    assert_int_equal(billing_db_savepoint(f->w.db), BILLING_DB_OK);
    assert_int_equal(billing_db_exec(f->w.db, insert_sql, "ti", "t2",
                                     (int64_t) 1), BILLING_DB_OK);
    assert_int_equal(billing_db_exec(f->w.db, insert_sql, "ti", "t1",
                                     (int64_t) 2), BILLING_DB_CONFLICT);

    /* Whatever would go on as if nothing had been is told the same. */
    assert_int_equal(billing_db_exec(f->w.db, insert_sql, "ti", "t3",
                                     (int64_t) 1), BILLING_DB_CONFLICT);
    assert_int_equal(billing_db_query(f->w.db, count_sql, ""),
                     BILLING_DB_CONFLICT);
    assert_int_equal(billing_db_release(f->w.db), BILLING_DB_CONFLICT);
    billing_db_undo(f->w.db);

    assert_int_equal(billing_db_savepoint(f->w.db), BILLING_DB_OK);
    assert_int_equal(billing_db_exec(f->w.db, check_sql, ""),
                     BILLING_DB_CONFLICT);
    billing_db_undo(f->w.db);
    assert_int_equal(billing_db_commit(f->w.db), BILLING_DB_OK);
    assert_int_equal(worker_number(f->w.db, count_sql), 1);

    /* Without a savepoint all of it is gone. */
    assert_int_equal(billing_db_begin(f->w.db), BILLING_DB_OK);
    assert_int_equal(billing_db_exec(f->w.db, insert_sql, "ti", "t4",
                                     (int64_t) 1), BILLING_DB_OK);
    assert_int_equal(billing_db_exec(f->w.db, check_sql, ""),
                     BILLING_DB_CONFLICT);
    assert_int_equal(billing_db_commit(f->w.db), BILLING_DB_CONFLICT);
    assert_int_equal(worker_number(f->w.db, count_sql), 1);
}


/* On PostgreSQL it goes ahead: what fails is told in the same savepoint. */

static void
what_is_written_later_fails_no_later_than_its_savepoint(void **state)
{
    billing_mark_t     mark;
    billing_db_rc_t    rc;
    worker_fixture_t  *f = *state;

    assert_int_equal(billing_db_begin(f->w.db), BILLING_DB_OK);
    assert_int_equal(billing_db_later(f->w.db, insert_sql, "ti", "t1",
                                      (int64_t) 1), BILLING_DB_OK);
    assert_int_equal(worker_number(f->w.db, count_sql), 1);

    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(billing_savepoint(&f->w, &mark), BILLING_DB_OK);
        assert_int_equal(billing_db_later(f->w.db, insert_sql, "ti", "t2",
                                          (int64_t) 1), BILLING_DB_OK);
        rc = billing_db_later(f->w.db, insert_sql, "ti", "t1", (int64_t) 2);
        rc = (rc == BILLING_DB_OK && i == 0)
             ? billing_db_later(f->w.db, insert_sql, "ti", "t3", (int64_t) 1)
             : rc;

        /* Asked, or only ended: none behind it was executed. */

        rc = (rc == BILLING_DB_OK && i == 0)
             ? billing_db_query(f->w.db, count_sql, "") : rc;
        assert_int_equal(billing_savepoint_end(&f->w, &mark, rc),
                         BILLING_DB_CONFLICT);
        assert_int_equal(worker_number(f->w.db, count_sql), 1);
    }

    /* Many at once; then one that is undone whether well or not. */

    for (int64_t i = 0; i < 100; i++) {
        char  name[16];

        (void) snprintf(name, sizeof(name), "tx%d", (int) i);
        assert_int_equal(billing_db_later(f->w.db, insert_sql, "ti", name, i),
                         BILLING_DB_OK);
    }

    assert_int_equal(billing_savepoint(&f->w, &mark), BILLING_DB_OK);
    (void) !billing_db_later(f->w.db, insert_sql, "ti", "t1", (int64_t) 2);
    billing_savepoint_undo(&f->w, &mark);
    assert_int_equal(billing_db_settle(f->w.db), BILLING_DB_OK);
    assert_int_equal(billing_db_commit(f->w.db), BILLING_DB_OK);
    assert_int_equal(worker_number(f->w.db, count_sql), 101);

    /* At the latest the commit says so, and then nothing of it is there. */

    assert_int_equal(billing_db_begin(f->w.db), BILLING_DB_OK);
    rc = billing_db_later(f->w.db, insert_sql, "ti", "t5", (int64_t) 1);
    rc = rc == BILLING_DB_OK
         ? billing_db_later(f->w.db, insert_sql, "ti", "t1", (int64_t) 2) : rc;
    assert_true(rc == BILLING_DB_OK || rc == BILLING_DB_CONFLICT);
    assert_int_equal(billing_db_commit(f->w.db), BILLING_DB_CONFLICT);
    assert_int_equal(worker_number(f->w.db, count_sql), 101);

    /* Outside of a transaction there is no later. */

    assert_int_equal(billing_db_later(f->w.db, insert_sql, "ti", "t1",
                                      (int64_t) 2), BILLING_DB_CONFLICT);
}


static void
rollback_and_savepoints_undo_exactly_theirs(void **state)
{
    worker_fixture_t  *f = *state;

    assert_int_equal(billing_db_begin(f->w.db), BILLING_DB_OK);
    assert_int_equal(billing_db_exec(f->w.db, insert_sql, "ti", "t1",
                                     (int64_t) 1), BILLING_DB_OK);
    billing_db_rollback(f->w.db);
    assert_int_equal(worker_number(f->w.db, count_sql), 0);

    assert_int_equal(billing_db_begin(f->w.db), BILLING_DB_OK);
    assert_int_equal(billing_db_savepoint(f->w.db), BILLING_DB_OK);
    assert_int_equal(billing_db_exec(f->w.db, insert_sql, "ti", "t1",
                                     (int64_t) 1), BILLING_DB_OK);
    billing_db_undo(f->w.db);
    assert_int_equal(billing_db_savepoint(f->w.db), BILLING_DB_OK);
    assert_int_equal(billing_db_exec(f->w.db, insert_sql, "ti", "t2",
                                     (int64_t) 1), BILLING_DB_OK);
    assert_int_equal(billing_db_changes(f->w.db), 1);
    assert_int_equal(billing_db_release(f->w.db), BILLING_DB_OK);
    assert_int_equal(billing_db_commit(f->w.db), BILLING_DB_OK);
    assert_int_equal(worker_number(f->w.db, count_sql), 1);
}


static void
a_mistake_in_a_statement_is_fatal(void **state)
{
    worker_fixture_t   *f = *state;
    static const char   bad_sql[] = "SELECT nothing FROM nowhere";

    assert_int_equal(billing_db_query(f->w.db, bad_sql, ""),
                     BILLING_DB_FATAL);
    assert_int_equal(billing_db_exec(f->w.db, insert_sql, "t", "t1"),
                     BILLING_DB_FATAL);
    assert_true(strlen(billing_db_message(f->w.db)) > 0);
}


/* As many pages as there are, and one more: a disk that is full. */

static void
p56_a_full_disk_undoes_all_and_service_resumes(void **state)
{
    char               big[65536];
    billing_db_rc_t    rc = BILLING_DB_OK;
    worker_fixture_t  *f = *state;
    static const char  sql[] =
        "INSERT INTO dead_letter (stream, entry, reason, deliveries,"
        " command, created_at) VALUES ('s', $1, '', 0, $2, 0)";

    if (store_server() != NULL) {
        skip();                         /* db_postgres.c has its own */
    }

    memset(big, 'x', sizeof(big));
    assert_int_equal(billing_db_script(f->w.db, "PRAGMA max_page_count = 120"),
                     BILLING_DB_OK);
    assert_int_equal(billing_db_begin(f->w.db), BILLING_DB_OK);

    for (int i = 0; i < 200 && rc == BILLING_DB_OK; i++) {
        char  id[16];

        (void) snprintf(id, sizeof(id), "%d", i);
        rc = billing_db_exec(f->w.db, sql, "tb", id, big, sizeof(big));
    }

    assert_int_equal(rc, BILLING_DB_FULL);

    /* Whatever follows fails alike, until the transaction has ended. */
    assert_int_equal(billing_db_exec(f->w.db, insert_sql, "ti", "t1",
                                     (int64_t) 1), BILLING_DB_FULL);
    assert_int_equal(billing_db_savepoint(f->w.db), BILLING_DB_FULL);
    billing_db_undo(f->w.db);
    assert_int_equal(billing_db_query(f->w.db, count_sql, ""),
                     BILLING_DB_FULL);
    assert_int_equal(billing_db_commit(f->w.db), BILLING_DB_FULL);

    assert_int_equal(billing_db_script(f->w.db,
                                       "PRAGMA max_page_count = 100000"),
                     BILLING_DB_OK);
    assert_int_equal(billing_db_begin(f->w.db), BILLING_DB_OK);
    assert_int_equal(billing_db_exec(f->w.db, insert_sql, "ti", "t2",
                                     (int64_t) 1), BILLING_DB_OK);
    assert_int_equal(billing_db_commit(f->w.db), BILLING_DB_OK);
    assert_int_equal(worker_number(f->w.db, count_sql), 1);
    assert_int_equal(worker_number(f->w.db,
                                   "SELECT COUNT(*) FROM dead_letter"), 0);
}


static void
opened_again_nothing_is_migrated_twice(void **state)
{
    int64_t            rows;
    billing_db_t      *db;
    worker_fixture_t  *f = *state;

    rows = worker_number(f->w.db, "SELECT COUNT(*) FROM migration");
    db = worker_open(f);
    assert_int_equal(worker_number(db, "SELECT COUNT(*) FROM migration  "),
                     rows);
    billing_db_free(db);
}


static void
a_newer_schema_is_refused(void **state)
{
    char               error[256] = "";
    worker_fixture_t  *f = *state;

    assert_int_equal(billing_db_script(f->w.db, "INSERT INTO migration"
                                       " VALUES (99, 'later', 0)"),
                     BILLING_DB_OK);
    assert_null(billing_db_new(f->dsn, error, sizeof(error)));
    assert_non_null(strstr(error, "newer"));
}


static void
an_unknown_scheme_and_a_missing_folder_are_refused(void **state)
{
    char  error[256] = "";

    (void) state;
    assert_null(billing_db_new("mysql://x", error, sizeof(error)));
    assert_non_null(strstr(error, "store.dsn"));
    assert_null(billing_db_new("sqlite:/nowhere/at/all/x.db", error,
                               sizeof(error)));
    assert_non_null(strstr(error, "/nowhere/at/all/x.db"));
}


static void
after_an_unclean_end_a_damaged_file_is_refused(void **state)
{
    long               page;
    char               name[160], error[256] = "";
    FILE              *file;
    worker_fixture_t  *f = *state;

    if (store_server() != NULL) {
        skip();                         /* the server looks after its files */
    }

    /* A page that nothing reads at the start: only the check can find it. */
    page = (long) worker_number(f->w.db, "SELECT rootpage FROM sqlite_master"
                                         " WHERE name = 'dead_letter'");

    /* The lease is held, so the file says it is in use. */
    assert_int_equal(billing_db_script(f->w.db,
                                       "PRAGMA wal_checkpoint(TRUNCATE)"),
                     BILLING_DB_OK);
    billing_db_free(f->w.db);
    f->w.db = NULL;

    (void) snprintf(name, sizeof(name), "%s", f->dsn + strlen("sqlite:"));
    file = fopen(name, "r+b");
    assert_non_null(file);

    assert_int_equal(fseek(file, (page - 1) * 4096, SEEK_SET), 0);
    assert_int_equal(fwrite("\xff\xff\xff\xff\xff\xff\xff\xff", 8, 1, file),
                     1);
    assert_int_equal(fclose(file), 0);
    assert_null(billing_db_new(f->dsn, error, sizeof(error)));
    assert_true(strlen(error) > 0);
}


static void
who_reads_writes_nothing_and_makes_nothing(void **state)
{
    char               error[256] = "", dsn[STORE_DSN_MAX + 8];
    int64_t            version = -1;
    billing_db_t      *db;
    worker_fixture_t  *f = *state;

    db = billing_db_open(f->dsn, true, error, sizeof(error));
    assert_non_null(db);
    assert_int_equal(billing_schema_version(db, &version), BILLING_DB_OK);
    assert_int_equal(version, billing_schema_newest());
    assert_non_null(billing_schema_step(1));
    assert_null(billing_schema_step(billing_schema_newest() + 1));
    assert_int_equal(billing_db_script(db, "DELETE FROM meta"),
                     BILLING_DB_FATAL);
    billing_db_free(db);

    if (store_server() != NULL) {
        return;
    }

    (void) snprintf(dsn, sizeof(dsn), "%s.none", f->dsn);
    assert_null(billing_db_open(dsn, true, error, sizeof(error)));
    assert_int_equal(access(dsn + strlen("sqlite:"), F_OK), -1);
}


static void
a_view_does_not_move(void **state)
{
    char               error[256] = "";
    billing_db_t      *db;
    worker_fixture_t  *f = *state;
    static const char  sql[] = "SELECT COUNT(*) FROM meta WHERE name = 'x'";

    db = billing_db_open(f->dsn, true, error, sizeof(error));
    assert_non_null(db);
    assert_int_equal(billing_db_begin_reading(db), BILLING_DB_OK);
    assert_int_equal(billing_db_meta_set(f->w.db, "x", 1), BILLING_DB_OK);
    assert_int_equal(worker_number(db, sql), 0);
    billing_db_rollback(db);
    assert_int_equal(billing_db_begin_reading(db), BILLING_DB_OK);
    assert_int_equal(worker_number(db, sql), 1);
    billing_db_rollback(db);
    billing_db_free(db);
}


/* --- the lease --- */


static void
p23_a_second_owner_fences_the_first(void **state)
{
    worker_fixture_t   *f = *state, *other;
    void               *second = NULL;
    billing_db_t       *db;

    assert_int_equal(worker_setup(&second), 0);
    other = second;

    /* The same database, another process: no file lock, lease not over. */
    db = other->w.db;
    billing_lease_free(&other->w);
    other->w.db = worker_open(f);
    assert_true(billing_lease_new(&other->w));
    assert_int_equal(billing_lease_acquire(&other->w), BILLING_DB_DONE);
    assert_int_equal(other->w.lease_epoch, 0);

    /* Over, and a second term as well: the holder hangs. */
    assert_int_equal(billing_db_script(f->w.db,
                                       "UPDATE lease SET until_ms = 1000"),
                     BILLING_DB_OK);
    assert_int_equal(billing_lease_acquire(&other->w), BILLING_DB_OK);
    assert_int_equal(other->w.lease_epoch, f->w.lease_epoch + 1);

    assert_int_equal(billing_db_begin(f->w.db), BILLING_DB_OK);
    assert_int_equal(billing_lease_fence(&f->w), BILLING_DB_DONE);
    billing_db_rollback(f->w.db);

    assert_int_equal(billing_db_begin(other->w.db), BILLING_DB_OK);
    assert_int_equal(billing_lease_fence(&other->w), BILLING_DB_OK);
    assert_int_equal(billing_db_commit(other->w.db), BILLING_DB_OK);

    /* Handing over what it no longer has must not harm the second. */
    billing_lease_free(&f->w);
    assert_true(billing_lease_new(&f->w));
    assert_int_equal(worker_number(other->w.db,
                                   "SELECT epoch FROM lease WHERE owner <> ''"),
                     (int64_t) other->w.lease_epoch);

    billing_lease_free(&other->w);
    billing_db_free(other->w.db);
    other->w.db = db;
    assert_int_equal(worker_teardown(&second), 0);
}


static void
a_lease_handed_over_is_free_at_once(void **state)
{
    worker_fixture_t  *f = *state;

    billing_lease_free(&f->w);
    assert_int_equal(worker_number(f->w.db, "SELECT until_ms FROM lease"), 0);
    assert_int_equal(worker_number(f->w.db, "SELECT value FROM meta"
                                            " WHERE name = 'running'"), 0);
    assert_true(billing_lease_new(&f->w));
    assert_int_equal(billing_lease_acquire(&f->w), BILLING_DB_OK);
    assert_int_equal(f->w.lease_epoch, 2);
}


static void
the_holder_stops_by_itself(void **state)
{
    int64_t            now = billing_clock_mono_ms();
    worker_fixture_t  *f = *state;

    assert_false(billing_lease_lost(&f->w, now));
    assert_true(billing_lease_due_ms(&f->w) <= now + BILLING_LEASE_MS / 3);
    assert_true(billing_lease_lost(&f->w, now + 2 * BILLING_LEASE_MS));
}


static void
the_test_clock_is_undone_with_its_savepoint(void **state)
{
    int64_t            now;
    billing_mark_t     mark;
    worker_fixture_t  *f = *state;

    now = billing_worker_now(&f->w);
    assert_int_equal(billing_db_begin(f->w.db), BILLING_DB_OK);
    assert_int_equal(billing_savepoint(&f->w, &mark), BILLING_DB_OK);
    assert_int_equal(billing_clock_advance(&f->w, 3600), BILLING_DB_OK);
    assert_int_equal(billing_clock_advance(&f->w, -1), BILLING_DB_CONFLICT);
    assert_int_equal(billing_clock_advance(&f->w, INT64_MAX),
                     BILLING_DB_CONFLICT);
    assert_true(billing_worker_now(&f->w) >= now + 3600);
    billing_savepoint_undo(&f->w, &mark);
    assert_true(billing_worker_now(&f->w) < now + 3600);
    assert_int_equal(billing_clock_advance(&f->w, 60), BILLING_DB_OK);
    assert_int_equal(billing_db_commit(f->w.db), BILLING_DB_OK);

    f->w.clock_offset_sec = 0;
    assert_int_equal(billing_clock_load(&f->w), BILLING_DB_OK);
    assert_int_equal(f->w.clock_offset_sec, 60);

    f->settings.demo = false;
    assert_int_equal(billing_clock_load(&f->w), BILLING_DB_OK);
    assert_int_equal(f->w.clock_offset_sec, 0);
    assert_int_equal(billing_clock_advance(&f->w, 60), BILLING_DB_CONFLICT);
}


static void
p55_a_step_of_the_clock_freezes_and_unfreezes(void **state)
{
    worker_fixture_t  *f = *state;

    assert_false(billing_clock_frozen(&f->w));
    f->infra.clock_skew_ms -= 3600 * 1000;
    assert_true(billing_clock_frozen(&f->w));
    assert_true(billing_clock_frozen(&f->w));
    f->infra.clock_skew_ms += 3600 * 1000;
    assert_false(billing_clock_frozen(&f->w));
}


static void
set_clock(worker_fixture_t *f, const char *name, int64_t by)
{
    int64_t  value = 0;

    assert_int_equal(billing_db_begin(f->w.db), BILLING_DB_OK);
    assert_int_equal(billing_db_meta_get(f->w.db, name, &value),
                     BILLING_DB_OK);
    assert_int_equal(billing_db_meta_set(f->w.db, name, value + by),
                     BILLING_DB_OK);
    assert_int_equal(billing_db_commit(f->w.db), BILLING_DB_OK);
    assert_int_equal(billing_clock_load(&f->w), BILLING_DB_OK);
}


static void
p55_a_restart_does_not_make_the_clock_right(void **state)
{
    worker_fixture_t  *f = *state;

    assert_int_equal(billing_db_begin(f->w.db), BILLING_DB_OK);
    assert_int_equal(billing_clock_keep(&f->w, billing_clock_mono_ms()),
                     BILLING_DB_OK);
    assert_int_equal(billing_db_commit(f->w.db), BILLING_DB_OK);
    assert_int_equal(billing_clock_load(&f->w), BILLING_DB_OK);
    assert_false(billing_clock_frozen(&f->w));

    set_clock(f, "clock_skew_ms", -3600 * 1000);
    assert_true(billing_clock_frozen(&f->w));

    /* Another boot: the skew says nothing, going back does. */

    set_clock(f, "clock_boot", 1);
    assert_false(billing_clock_frozen(&f->w));
    set_clock(f, "clock_seen_ms", -86400LL * 1000);
    assert_false(billing_clock_frozen(&f->w));
    set_clock(f, "clock_seen_ms", 2 * 86400LL * 1000);
    assert_true(billing_clock_frozen(&f->w));
}


#define WITH_WORKER(test)                                                     \
    cmocka_unit_test_setup_teardown(test, worker_setup, worker_teardown)

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        WITH_WORKER(parameters_are_bound_by_number_and_repeat),
        WITH_WORKER(a_conflict_fails_the_transaction_up_to_the_savepoint),
        WITH_WORKER(what_is_written_later_fails_no_later_than_its_savepoint),
        WITH_WORKER(rollback_and_savepoints_undo_exactly_theirs),
        WITH_WORKER(a_mistake_in_a_statement_is_fatal),
        WITH_WORKER(p56_a_full_disk_undoes_all_and_service_resumes),
        WITH_WORKER(opened_again_nothing_is_migrated_twice),
        WITH_WORKER(a_newer_schema_is_refused),
        WITH_WORKER(an_unknown_scheme_and_a_missing_folder_are_refused),
        WITH_WORKER(who_reads_writes_nothing_and_makes_nothing),
        WITH_WORKER(a_view_does_not_move),
        WITH_WORKER(after_an_unclean_end_a_damaged_file_is_refused),
        WITH_WORKER(p23_a_second_owner_fences_the_first),
        WITH_WORKER(a_lease_handed_over_is_free_at_once),
        WITH_WORKER(the_holder_stops_by_itself),
        WITH_WORKER(the_test_clock_is_undone_with_its_savepoint),
        WITH_WORKER(p55_a_restart_does_not_make_the_clock_right),
        WITH_WORKER(p55_a_step_of_the_clock_freezes_and_unfreezes)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
