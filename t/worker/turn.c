/*
 * Whole turns: the order of what is done in one, and what a row that
 * contradicts the database leaves behind.  The stream is played by the test.
 */

#include <signal.h>
#include <sys/wait.h>

#include "worker_fixture.h"

#define OWNER  "owner@example.test"

static billing_entry_t  stream[8];
static unsigned         streamed;


void
billing_stream_take(billing_worker_t *w, billing_entries_t *out)
{
    billing_entry_t  *entry;

    (void) w;

    for (unsigned i = 0; i < streamed; i++) {
        entry = billing_entries_push(out);
        assert_non_null(entry);
        *entry = stream[i];
    }

    streamed = 0;
}


/* Answers stay here, where the test looks at them. */

static struct {
    char      op[BILLING_OP_ID_LEN + 1];
    unsigned  status;
} told[32];

static size_t  ntold;


bool
billing_answers_new(billing_worker_t *w)
{
    (void) w;
    ntold = 0;
    return true;
}


void
billing_answers_free(billing_worker_t *w)
{
    (void) w;
}


void
billing_answer_queue(billing_worker_t *w, const char *channel,
    const billing_answer_t *answer)
{
    (void) w;
    (void) channel;
    assert_true(ntold < 32);
    (void) snprintf(told[ntold].op, sizeof(told[0].op), "%s", answer->op);
    told[ntold++].status = answer->status;
}


void
billing_answers_flush(billing_worker_t *w)
{
    (void) w;
}


size_t
billing_answers_mark(const billing_worker_t *w)
{
    (void) w;
    return ntold;
}


void
billing_answers_undo(billing_worker_t *w, size_t mark)
{
    (void) w;
    ntold = mark;
}


/* The one answer under that id, 0 when there is none. */

static unsigned
told_of(const char *op)
{
    unsigned  status = 0;

    for (size_t i = 0; i < ntold; i++) {
        if (strcmp(told[i].op, op) == 0) {
            assert_int_equal(status, 0);
            status = told[i].status;
        }
    }

    return status;
}


static const char *
give(worker_fixture_t *f, billing_stream_name_t name, const char *id,
    billing_command_t command)
{
    char              print[65], mac[BILLING_MAC_HEX_LEN + 1];
    char             *out = malloc(BILLING_ENVELOPE_MAX);
    static char       ops[8][BILLING_OP_ID_LEN + 1];
    billing_entry_t  *entry = &stream[streamed];

    command.actor = OWNER;
    command.team = "";
    command.lang = "en";
    command.reply = "billing:1:reply:test";
    command.fingerprint = print;

    free(billing_body_canonical(command.body, print));
    assert_int_equal(billing_operation_id(&f->w.secrets[0], command.actor,
                                          command.kind, command.team,
                                          command.key, ops[streamed]),
                     BILLING_OK);
    command.op = ops[streamed];

    *entry = (billing_entry_t) { .stream = name };
    (void) snprintf(entry->id, sizeof(entry->id), "%s", id);
    assert_int_equal(billing_command_encode(&f->w.secrets[0], &command, out,
                                            BILLING_ENVELOPE_MAX,
                                            &entry->command_len, mac),
                     BILLING_OK);
    entry->command = out;
    entry->mac = strdup(mac);
    entry->mac_len = strlen(mac);
    json_decref(command.body);

    return ops[streamed++];
}


static const char *
give_team(worker_fixture_t *f, const char *id, const char *name)
{
    char  key[64];

    (void) snprintf(key, sizeof(key), "key-of-sixteen-bytes-%s", name);

    return give(f, BILLING_STREAM_COMMANDS, id, (billing_command_t) {
        .kind = "team.create", .key = key,
        .body = json_pack("{ss}", "name", name)
    });
}


static void
turn_run(worker_fixture_t *f, billing_db_rc_t wanted)
{
    billing_turn_t  turn = { .sweep_ms = INT64_MAX, .retention_ms = INT64_MAX };

    ntold = 0;
    assert_int_equal(billing_turn_run(&f->w, &turn, billing_clock_mono_ms()),
                     wanted);
    free(turn.entries.entries);
}


static void
p6_who_asks_about_an_operation_comes_after_it(void **state)
{
    const char        *op, *query;
    worker_fixture_t  *f = *state;

    op = give_team(f, "1-0", "Alpha");
    query = give(f, BILLING_STREAM_QUERIES, "2-0", (billing_command_t) {
        .kind = "operation", .key = "key-of-sixteen-bytes",
        .body = json_pack("{ss}", "operation", op)
    });
    turn_run(f, BILLING_DB_OK);
    assert_int_equal(told_of(op), 201);
    assert_int_equal(told_of(query), 200);

    /* Alone, and about nothing. */

    query = give(f, BILLING_STREAM_QUERIES, "3-0", (billing_command_t) {
        .kind = "operation", .key = "another-of-sixteen-bytes",
        .body = json_pack("{ss}", "operation", "op_none")
    });
    turn_run(f, BILLING_DB_OK);
    assert_int_equal(told_of(query), 404);
    assert_int_equal(ntold, 1);
}


static void
a_command_that_contradicts_leaves_nothing_and_stops_nobody(void **state)
{
    const char        *bad, *good;
    worker_fixture_t  *f = *state;

    store_spoil(f->w.db, "UPDATE ON command", "NEW.entry = '1-0'", NULL);
    bad = give_team(f, "1-0", "Alpha");
    good = give_team(f, "2-0", "Beta");
    turn_run(f, BILLING_DB_OK);

    assert_int_equal(told_of(bad), 503);
    assert_int_equal(told_of(good), 201);
    assert_int_equal(worker_number(f->w.db, "SELECT COUNT(*) FROM team"), 1);
    assert_int_equal(worker_number(f->w.db, "SELECT COUNT(*) FROM command"),
                     1);
    assert_int_equal(worker_number(f->w.db,
                                   "SELECT COUNT(*) FROM record_outbox"), 2);
}


static void
a_turn_that_was_not_committed_does_not_move_the_mark(void **state)
{
    worker_fixture_t  *f = *state;
    static const char  sql[] =
        "SELECT COUNT(*) FROM redis_mark WHERE last_id = '7-0'";

    strcpy(f->infra.mark.last_id, "0-0");
    assert_int_equal(billing_db_script(f->w.db,
                         "CREATE TABLE parent (id INTEGER PRIMARY KEY);"
                         "CREATE TABLE child (id INTEGER REFERENCES parent"
                         " (id) DEFERRABLE INITIALLY DEFERRED)"),
                     BILLING_DB_OK);
    store_spoil(f->w.db, "UPDATE ON redis_mark", "1 = 1",
                "INSERT INTO child VALUES (1)");
    (void) give_team(f, "7-0", "Alpha");
    turn_run(f, BILLING_DB_FATAL);
    assert_string_equal(f->infra.mark.last_id, "0-0");

    store_unspoil(f->w.db);
    (void) give_team(f, "7-0", "Alpha");
    turn_run(f, BILLING_DB_OK);
    assert_int_equal(worker_number(f->w.db, sql), 1);
    assert_string_equal(f->infra.mark.last_id, "7-0");
}


static void
p24_an_entry_begun_too_often_is_set_aside_and_told(void **state)
{
    const char        *op;
    worker_fixture_t  *f = *state;
    static const char  dead_sql[] = "SELECT COUNT(*) FROM dead_letter";
    static const char  tries_sql[] =
        "SELECT COUNT(*) FROM meta WHERE name LIKE 'tries %'";

    op = give_team(f, "1-0", "Alpha");
    stream[0].deliveries = 9;
    turn_run(f, BILLING_DB_OK);
    assert_int_equal(told_of(op), 201);
    assert_int_equal(worker_number(f->w.db, tries_sql), 0);

    assert_int_equal(billing_db_meta_set(f->w.db, "tries 2-0", 3),
                     BILLING_DB_OK);
    op = give_team(f, "2-0", "Beta");
    stream[0].deliveries = 9;
    turn_run(f, BILLING_DB_OK);
    assert_int_equal(told_of(op), 503);
    assert_int_equal(worker_number(f->w.db, dead_sql), 1);
    assert_int_equal(worker_number(f->w.db, tries_sql), 0);
}


/*
 * The server commits, its answer is lost, the process ends: the next one has
 * the entry again, and the command's row tells it what became of it.
 */

static void
p22_a_commit_whose_answer_is_lost_is_decided_by_the_row(void **state)
{
    pid_t              backend, child;
    const char        *op;
    worker_fixture_t  *f = *state;
    static const char  sql[] = "SELECT COUNT(*) FROM command";

    if (store_server() == NULL) {
        skip();                         /* the file answers or fails */
    }

    backend = (pid_t) worker_number(f->w.db, "SELECT pg_backend_pid()");
    assert_int_equal(billing_db_script(f->w.db,
                         "CREATE FUNCTION slow() RETURNS trigger LANGUAGE"
                         " plpgsql AS $$ BEGIN PERFORM pg_sleep(2); RETURN"
                         " NULL; END $$; CREATE CONSTRAINT TRIGGER slow AFTER"
                         " UPDATE ON command DEFERRABLE INITIALLY DEFERRED"
                         " FOR EACH ROW EXECUTE FUNCTION slow()"),
                     BILLING_DB_OK);
    op = give_team(f, "1-0", "Alpha");

    /* Stopped inside the commit, it goes on with what it was sent. */
    child = fork();
    if (child == 0) {
        (void) usleep(1000 * 1000);
        (void) kill(backend, SIGSTOP);
        (void) usleep(8 * 1000 * 1000);
        (void) kill(backend, SIGCONT);
        _exit(0);
    }

    turn_run(f, BILLING_DB_FATAL);
    assert_non_null(strstr(billing_db_message(f->w.db), "not answer"));
    assert_int_equal(told_of(op), 0);
    billing_db_free(f->w.db);
    assert_int_equal(waitpid(child, NULL, 0), child);

    for (int i = 0; i < 100 && store_number(f->dsn, sql) == 0; i++) {
        (void) usleep(100 * 1000);
    }

    assert_int_equal(store_number(f->dsn, sql), 1);
    f->w.db = worker_open(f);
    assert_int_equal(billing_db_script(f->w.db,
                                       "DROP TRIGGER slow ON command"),
                     BILLING_DB_OK);
    op = give_team(f, "1-0", "Alpha");
    turn_run(f, BILLING_DB_OK);
    assert_int_equal(told_of(op), 201);
    assert_int_equal(worker_number(f->w.db, "SELECT COUNT(*) FROM team"), 1);
}


/* The connection falls before the commit: nothing happened, then all does. */

static void
p22_a_connection_lost_before_the_commit_leaves_nothing(void **state)
{
    const char        *op;
    worker_fixture_t  *f = *state;
    static const char  sql[] = "SELECT COUNT(*) FROM command";

    if (store_server() == NULL) {
        skip();
    }

    store_spoil(f->w.db, "UPDATE ON command", "1 = 1",
                "PERFORM pg_terminate_backend(pg_backend_pid())");
    op = give_team(f, "1-0", "Alpha");
    turn_run(f, BILLING_DB_FATAL);
    assert_int_equal(told_of(op), 0);
    billing_db_free(f->w.db);

    f->w.db = worker_open(f);
    store_unspoil(f->w.db);
    assert_int_equal(store_number(f->dsn, sql), 0);
    op = give_team(f, "1-0", "Alpha");
    turn_run(f, BILLING_DB_OK);
    assert_int_equal(told_of(op), 201);
    assert_int_equal(worker_number(f->w.db, "SELECT COUNT(*) FROM team"), 1);
}


#define WITH_WORKER(test)                                                     \
    cmocka_unit_test_setup_teardown(test, worker_setup, worker_teardown)

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        WITH_WORKER(p6_who_asks_about_an_operation_comes_after_it),
        WITH_WORKER(
            a_command_that_contradicts_leaves_nothing_and_stops_nobody),
        WITH_WORKER(a_turn_that_was_not_committed_does_not_move_the_mark),
        WITH_WORKER(p24_an_entry_begun_too_often_is_set_aside_and_told),
        WITH_WORKER(p22_a_commit_whose_answer_is_lost_is_decided_by_the_row),
        WITH_WORKER(p22_a_connection_lost_before_the_commit_leaves_nothing)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
