/*
 * Commands in the database: replay, reuse, in progress, retry, dead letters,
 * retention.  Answers are looked at as nginx gets them.
 */

#include "worker_fixture.h"

/* What billing_answers_flush would publish is the queue's: ask for its size. */
#define ANSWERS(f)  billing_answers_mark(&(f)->w)

#define NOW  1800000000

static const char  done_sql[] =
    "SELECT COUNT(*) FROM command WHERE state = 'done'";
static const char  dead_sql[] = "SELECT COUNT(*) FROM dead_letter";
static const char  teams_sql[] = "SELECT COUNT(*) FROM team";


/* A signed entry; the fields that matter are given, the rest is the same. */

static void
entry_sign(worker_fixture_t *f, billing_command_t *command,
    billing_entry_t *entry)
{
    char         *out = malloc(BILLING_ENVELOPE_MAX);
    char          mac[BILLING_MAC_HEX_LEN + 1];
    static char   op[BILLING_OP_ID_LEN + 1];

    command->actor = "owner@example.test";
    command->team = "";
    command->lang = "en";
    command->reply = "billing:1:reply:test";

    assert_int_equal(billing_operation_id(&f->w.secrets[0], command->actor,
                                          command->kind, command->team,
                                          command->key, op), BILLING_OK);
    command->op = op;
    assert_int_equal(billing_command_encode(&f->w.secrets[0], command, out,
                                            BILLING_ENVELOPE_MAX,
                                            &entry->command_len, mac),
                     BILLING_OK);
    entry->command = out;
    entry->mac = strdup(mac);
    entry->mac_len = strlen(mac);
    json_decref(command->body);
}


static void
entry_make(worker_fixture_t *f, billing_entry_t *entry, const char *id,
    const char *name)
{
    char               print[65];
    char              *text;
    billing_command_t  command = {
        .kind = "team.create", .key = "key-of-sixteen-bytes"
    };

    *entry = (billing_entry_t) { .stream = BILLING_STREAM_COMMANDS };
    (void) snprintf(entry->id, sizeof(entry->id), "%s", id);
    command.body = json_pack("{ss}", "name", name);
    text = billing_body_canonical(command.body, print);
    free(text);
    command.fingerprint = print;
    entry_sign(f, &command, entry);
}


static void
entry_free(billing_entry_t *entry)
{
    free(entry->command);
    free(entry->mac);
}


static void
entry_run(worker_fixture_t *f, billing_entry_t *entry)
{
    assert_int_equal(billing_db_begin(f->w.db), BILLING_DB_OK);
    assert_int_equal(billing_command_entry(&f->w, entry, NOW), BILLING_DB_OK);
    assert_int_equal(billing_db_commit(f->w.db), BILLING_DB_OK);
}


static void
p22_the_same_entry_again_executes_once_and_replays(void **state)
{
    billing_entry_t    entry, other;
    worker_fixture_t  *f = *state;

    entry_make(f, &entry, "1-0", "Alpha");
    entry_run(f, &entry);
    assert_int_equal(worker_number(f->w.db, teams_sql), 1);
    assert_int_equal(worker_number(f->w.db, done_sql), 1);
    assert_int_equal(ANSWERS(f), 1);

    entry_run(f, &entry);
    entry_make(f, &other, "2-0", "Alpha");
    entry_run(f, &other);
    assert_int_equal(worker_number(f->w.db, teams_sql), 1);
    assert_int_equal(ANSWERS(f), 3);
    entry_free(&entry);
    entry_free(&other);
}


static void
p5_another_body_is_refused_and_not_stored(void **state)
{
    billing_entry_t    entry, other;
    worker_fixture_t  *f = *state;

    entry_make(f, &entry, "1-0", "Alpha");
    entry_make(f, &other, "2-0", "Beta");
    entry_run(f, &entry);
    entry_run(f, &other);
    assert_int_equal(worker_number(f->w.db, teams_sql), 1);
    assert_int_equal(worker_number(f->w.db, "SELECT status FROM command"),
                     201);
    assert_int_equal(ANSWERS(f), 2);
    entry_free(&entry);
    entry_free(&other);
}


static void
p6_in_progress_is_told_to_others_not_to_a_redelivery(void **state)
{
    billing_entry_t      entry, other;
    worker_fixture_t    *f = *state;
    billing_op_reply_t   reply = { .status = 200 };
    static const char    op_sql[] = "SELECT op FROM command";
    char                 op[BILLING_OP_ID_LEN + 1];

    entry_make(f, &entry, "1-0", "Alpha");
    entry_make(f, &other, "2-0", "Alpha");
    entry_run(f, &entry);
    assert_int_equal(billing_db_script(f->w.db, "UPDATE command"
                                       " SET state = 'open', body = NULL"),
                     BILLING_DB_OK);

    entry_run(f, &entry);               /* redelivered: silence */
    assert_int_equal(ANSWERS(f), 1);
    entry_run(f, &other);               /* asked again: 409 */
    assert_int_equal(ANSWERS(f), 2);
    assert_int_equal(worker_number(f->w.db, teams_sql), 1);

    assert_int_equal(billing_db_query(f->w.db, op_sql, ""), BILLING_DB_ROW);
    strcpy(op, billing_db_text(f->w.db, op_sql, 0));
    billing_db_done(f->w.db, op_sql);

    reply.body = json_pack("{ss}", "state", "done");
    assert_int_equal(billing_op_finish(&f->w, op, &reply), BILLING_DB_OK);
    assert_int_equal(ANSWERS(f), 3);
    assert_int_equal(worker_number(f->w.db, done_sql), 1);

    /* A second end changes nothing. */
    reply.status = 500;
    reply.body = json_object();
    assert_int_equal(billing_op_finish(&f->w, op, &reply), BILLING_DB_OK);
    assert_int_equal(ANSWERS(f), 3);
    assert_int_equal(worker_number(f->w.db, "SELECT status FROM command "),
                     200);
    entry_free(&entry);
    entry_free(&other);
}


static void
p7_a_5xx_is_not_pinned(void **state)
{
    size_t               before;
    billing_entry_t      entry, other;
    worker_fixture_t    *f = *state;
    billing_op_reply_t   reply = { .status = 503, .problem = true };
    static const char    op_sql[] = "SELECT op FROM command";
    char                 op[BILLING_OP_ID_LEN + 1];

    entry_make(f, &entry, "1-0", "Alpha");
    entry_run(f, &entry);
    assert_int_equal(billing_db_script(f->w.db, "UPDATE command"
                                       " SET state = 'open'; DELETE FROM"
                                       " record_outbox; DELETE FROM member;"
                                       " DELETE FROM seat;"
                                       " DELETE FROM team"), BILLING_DB_OK);
    assert_int_equal(billing_db_query(f->w.db, op_sql, ""), BILLING_DB_ROW);
    strcpy(op, billing_db_text(f->w.db, op_sql, 0));
    billing_db_done(f->w.db, op_sql);

    assert_int_equal(billing_op_finish(&f->w, op, &reply), BILLING_DB_OK);
    assert_int_equal(worker_number(f->w.db, done_sql), 0);

    entry_make(f, &other, "2-0", "Beta");       /* but the key is still its */
    entry_run(f, &other);
    assert_int_equal(worker_number(f->w.db, teams_sql), 0);

    before = ANSWERS(f);
    entry_run(f, &entry);               /* redelivered: it was told its 503 */
    assert_int_equal(worker_number(f->w.db, teams_sql), 0);
    assert_int_equal(ANSWERS(f), before);
    entry_free(&entry);

    entry_make(f, &entry, "3-0", "Alpha");      /* its client asks again */
    entry_run(f, &entry);
    assert_int_equal(worker_number(f->w.db, teams_sql), 1);
    assert_int_equal(worker_number(f->w.db, done_sql), 1);
    entry_free(&entry);
    entry_free(&other);
}


/* --- deadlines --- */


static void
entry_deadline(worker_fixture_t *f, billing_entry_t *entry, int64_t deadline)
{
    billing_command_t  command;
    billing_bytes_t    bytes = { entry->command, entry->command_len };
    billing_bytes_t    mac = { entry->mac, entry->mac_len };
    billing_entry_t    old = *entry;

    assert_int_equal(billing_command_decode(&f->w.secrets[0], bytes, mac,
                                            &command), BILLING_OK);
    command.deadline_ms = deadline;
    json_incref(command.body);
    entry_sign(f, &command, entry);
    billing_command_release(&command);
    free(old.command);
    free(old.mac);
}


static void
an_expired_entry_is_not_run_and_says_nothing(void **state)
{
    billing_entry_t    entry, other;
    worker_fixture_t  *f = *state;

    entry_make(f, &entry, "1-0", "Alpha");
    entry_deadline(f, &entry, 1);
    entry_run(f, &entry);
    assert_int_equal(worker_number(f->w.db, teams_sql), 0);
    assert_int_equal(ANSWERS(f), 0);

    entry_make(f, &other, "2-0", "Alpha");
    entry_run(f, &other);
    assert_int_equal(ANSWERS(f), 1);

    /* Known: its answer is told, whatever the time. */

    entry_run(f, &entry);
    assert_int_equal(ANSWERS(f), 2);
    entry_free(&other);

    assert_int_equal(billing_db_script(f->w.db, "DELETE FROM record_outbox;"
                                       "DELETE FROM member; DELETE FROM seat;"
                                       "DELETE FROM team;"
                                       "UPDATE command SET state = 'retry'"),
                     BILLING_DB_OK);
    entry_run(f, &entry);
    assert_int_equal(worker_number(f->w.db, teams_sql), 1);
    assert_int_equal(worker_number(f->w.db, done_sql), 1);
    entry_free(&entry);
}


static void
a_refusal_is_kept_but_its_effects_are_not(void **state)
{
    billing_entry_t    entry;
    worker_fixture_t  *f = *state;

    entry_make(f, &entry, "1-0", "");
    entry_run(f, &entry);
    assert_int_equal(worker_number(f->w.db, "SELECT status FROM command"),
                     422);
    assert_int_equal(worker_number(f->w.db, done_sql), 1);
    assert_int_equal(worker_number(f->w.db, teams_sql), 0);
    assert_int_equal(billing_outbox_mark(&f->w), 0);
    entry_free(&entry);
}


static void
bytes_that_are_not_ours_are_kept_as_dead_letters(void **state)
{
    billing_entry_t    entry;
    worker_fixture_t  *f = *state;

    entry_make(f, &entry, "1-0", "Alpha");
    entry.mac[0] = (entry.mac[0] == '0') ? '1' : '0';
    entry_run(f, &entry);
    entry_run(f, &entry);               /* again: one row */
    assert_int_equal(worker_number(f->w.db, dead_sql), 1);
    assert_int_equal(worker_number(f->w.db,
                                   "SELECT LENGTH(command) FROM dead_letter"),
                     (int64_t) entry.command_len);
    entry_free(&entry);

    entry = (billing_entry_t) { .id = "2-0" };
    entry_run(f, &entry);
    assert_int_equal(worker_number(f->w.db, dead_sql), 2);

    entry_make(f, &entry, "3-0", "Alpha");
    entry.deliveries = BILLING_DELIVERIES_MAX;
    entry_run(f, &entry);
    assert_int_equal(worker_number(f->w.db, dead_sql), 3);
    assert_int_equal(ANSWERS(f), 1);    /* readable: come again later */

    entry.stream = BILLING_STREAM_QUERIES;
    entry.deliveries = 0;
    assert_int_equal(billing_query_entry(&f->w, &entry, NOW),
                     BILLING_DB_DONE);
    entry_run(f, &entry);
    assert_int_equal(worker_number(f->w.db, dead_sql), 4);
    assert_int_equal(worker_number(f->w.db, teams_sql), 0);
    assert_int_equal(ANSWERS(f), 1);
    entry_free(&entry);
}


static void
only_what_was_begun_counts_as_delivered(void **state)
{
    billing_entry_t    entry;
    worker_fixture_t  *f = *state;
    static const char  sql[] = "SELECT COUNT(*) FROM meta"
                               " WHERE name LIKE 'tries %'";

    entry_make(f, &entry, "1-0", "Alpha");

    for (uint32_t i = 2; i <= BILLING_DELIVERIES_MAX; i++) {
        entry.deliveries = 9;           /* Redis gave it more often */
        assert_int_equal(billing_command_begin(&f->w, &entry), BILLING_DB_OK);
        assert_int_equal(entry.deliveries, i);
    }

    entry_run(f, &entry);
    assert_int_equal(worker_number(f->w.db, dead_sql), 1);

    assert_int_equal(billing_db_begin(f->w.db), BILLING_DB_OK);
    assert_int_equal(billing_command_ended(&f->w, &entry), BILLING_DB_OK);
    assert_int_equal(billing_db_commit(f->w.db), BILLING_DB_OK);
    assert_int_equal(worker_number(f->w.db, sql), 0);
    entry_free(&entry);
}


static void
a_retry_under_a_new_secret_goes_on_with_the_stored_operation(void **state)
{
    uint8_t            master[32] = "another secret that is newer now";
    billing_entry_t    entry, other;
    worker_fixture_t  *f = *state;

    entry_make(f, &entry, "1-0", "Alpha");
    entry_run(f, &entry);
    assert_int_equal(billing_db_script(f->w.db, "DELETE FROM record_outbox;"
                                       "DELETE FROM member; DELETE FROM seat;"
                                       "DELETE FROM team;"
                                       "UPDATE command SET state = 'retry'"),
                     BILLING_DB_OK);

    f->w.secrets[1] = f->w.secrets[0];
    f->w.nsecrets = 2;
    assert_int_equal(billing_secret_derive(master, 32, &f->w.secrets[0]),
                     BILLING_OK);
    entry_make(f, &other, "2-0", "Alpha");
    entry_run(f, &other);

    assert_int_equal(worker_number(f->w.db, teams_sql), 1);
    assert_int_equal(worker_number(f->w.db, "SELECT COUNT(*) FROM command"),
                     1);
    assert_int_equal(worker_number(f->w.db, done_sql), 1);
    assert_int_equal(ANSWERS(f), 3);    /* 1, then under both ids */
    entry_free(&entry);
    entry_free(&other);
}


static void
an_older_secret_still_reads_commands(void **state)
{
    uint8_t            master[32] = "another secret that is newer now";
    billing_entry_t    entry;
    worker_fixture_t  *f = *state;

    entry_make(f, &entry, "1-0", "Alpha");
    f->w.secrets[1] = f->w.secrets[0];
    f->w.nsecrets = 2;
    assert_int_equal(billing_secret_derive(master, 32, &f->w.secrets[0]),
                     BILLING_OK);
    entry_run(f, &entry);
    assert_int_equal(worker_number(f->w.db, teams_sql), 1);
    entry_free(&entry);
}


static void
after_30_days_a_key_is_forgotten(void **state)
{
    billing_entry_t    entry;
    worker_fixture_t  *f = *state;

    entry_make(f, &entry, "1-0", "Alpha");
    entry_run(f, &entry);
    assert_int_equal(billing_db_script(f->w.db,
                                       "UPDATE command SET finished_at = 1000"),
                     BILLING_DB_OK);
    assert_int_equal(billing_command_retention(&f->w, 1000
                                               + BILLING_RETENTION_SEC),
                     BILLING_DB_OK);
    assert_int_equal(worker_number(f->w.db, done_sql), 1);
    assert_int_equal(billing_db_script(f->w.db, "UPDATE command"
                                       " SET kind = 'upgrade.buy'"),
                     BILLING_DB_OK);
    assert_int_equal(billing_command_retention(&f->w, 1001
                                               + BILLING_RETENTION_SEC),
                     BILLING_DB_OK);
    assert_int_equal(worker_number(f->w.db, done_sql), 1);
    assert_int_equal(billing_db_script(f->w.db,
                                       "UPDATE command SET status = 402"),
                     BILLING_DB_OK);
    assert_int_equal(billing_command_retention(&f->w, 1001
                                               + BILLING_RETENTION_SEC),
                     BILLING_DB_OK);
    assert_int_equal(worker_number(f->w.db, done_sql), 0);
    entry_free(&entry);
}


static void
an_operation_is_shown_to_its_actor_only(void **state)
{
    billing_entry_t         entry;
    worker_fixture_t       *f = *state;
    billing_command_row_t   row;
    static const char       op_sql[] = "SELECT op FROM command";
    char                    op[BILLING_OP_ID_LEN + 1];

    entry_make(f, &entry, "1-0", "Alpha");
    entry_run(f, &entry);
    assert_int_equal(billing_db_query(f->w.db, op_sql, ""), BILLING_DB_ROW);
    strcpy(op, billing_db_text(f->w.db, op_sql, 0));
    billing_db_done(f->w.db, op_sql);

    assert_int_equal(billing_command_lookup(&f->w, op, "owner@example.test",
                                            &row), BILLING_DB_ROW);
    assert_true(row.done);
    assert_int_equal(row.status, 201);
    assert_string_equal(row.kind, "team.create");
    assert_non_null(json_object_get(row.body, "team"));
    json_decref(row.body);
    assert_int_equal(billing_command_lookup(&f->w, op, "member@example.test",
                                            &row), BILLING_DB_DONE);
    entry_free(&entry);
}


/* --- stream entries as Redis gives them --- */


static void
ids_compare_as_numbers(void **state)
{
    (void) state;
    assert_int_equal(billing_entry_id_compare("9-0", "10-0"), -1);
    assert_int_equal(billing_entry_id_compare("10-2", "10-10"), -1);
    assert_int_equal(billing_entry_id_compare("10-10", "10-10"), 0);
    assert_int_equal(billing_entry_id_compare("11-0", "10-9"), 1);
    assert_int_equal(billing_entry_id_compare("", "0-0"), 0);
    assert_int_equal(billing_entry_id_compare("", "0-1"), -1);
    assert_int_equal(billing_entry_id_compare("18446744073709551615-1",
                                              "9223372036854775807-9"), 1);
    assert_true(billing_entry_id_is_last("18446744073709551615-"
                                         "18446744073709551615"));
    assert_false(billing_entry_id_is_last("18446744073709551615-1"));
    assert_false(billing_entry_id_is_last("1-18446744073709551615"));
}


static void
info_decides_whether_redis_may_be_used(void **state)
{
    bool         wait;
    const char  *value;

    static const billing_settings_t  alone;
    static const billing_settings_t  cluster = {
        .redis_guides = { .cluster = true }
    };

    char         info[] = "# Server\r\nredis_version:7.0.15\r\nrun_id:ab12\r\n"
                          "loading:0\r\nmaxmemory_policy:noeviction\r\n"
                          "role:master\r\nmin_slaves_good_slaves:2\r\n"
                          "cluster_enabled:0\r\n";

    (void) state;
    assert_null(billing_precondition_redis(&alone, info, strlen(info),
                                           &wait));
    assert_int_equal(billing_info_value(info, "run_id", &value), 4);
    assert_int_equal(billing_info_value(info, "id", &value), 0);

    memcpy(strstr(info, "role:master"), "role:slave\r", 11);
    assert_non_null(billing_precondition_redis(&alone, info, strlen(info),
                                               &wait));
    assert_true(wait);
    memcpy(strstr(info, "role:slave\r"), "role:master", 11);

    /* With min-replicas-to-write, and nobody who follows. */
    memcpy(strstr(info, "slaves:2"), "slaves:0", 8);
    assert_non_null(billing_precondition_redis(&alone, info, strlen(info),
                                               &wait));
    assert_true(wait);
    memcpy(strstr(info, "slaves:0"), "slaves:1", 8);
    assert_null(billing_precondition_redis(&alone, info, strlen(info),
                                           &wait));

    memcpy(strstr(info, "enabled:0"), "enabled:1", 9);
    assert_non_null(strstr(billing_precondition_redis(&alone, info,
                                                      strlen(info), &wait),
                           "is a cluster"));
    assert_false(wait);
    assert_null(billing_precondition_redis(&cluster, info, strlen(info),
                                           &wait));
    memcpy(strstr(info, "enabled:1"), "enabled:0", 9);
    assert_non_null(strstr(billing_precondition_redis(&cluster, info,
                                                      strlen(info), &wait),
                           "no cluster"));
    assert_false(wait);

    memcpy(strstr(info, "noeviction"), "allkeys-lr", 10);
    assert_non_null(strstr(billing_precondition_redis(&alone, info,
                                                      strlen(info), &wait),
                           "noeviction"));
    assert_false(wait);
    memcpy(strstr(info, "allkeys-lr"), "noeviction", 10);

    memcpy(strstr(info, "7.0.15"), "6.2.15", 6);
    assert_non_null(billing_precondition_redis(&alone, info, strlen(info),
                                               &wait));
    assert_false(wait);
}


#define WITH_WORKER(test)                                                     \
    cmocka_unit_test_setup_teardown(test, worker_setup, worker_teardown)

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        WITH_WORKER(p22_the_same_entry_again_executes_once_and_replays),
        WITH_WORKER(p5_another_body_is_refused_and_not_stored),
        WITH_WORKER(p6_in_progress_is_told_to_others_not_to_a_redelivery),
        WITH_WORKER(p7_a_5xx_is_not_pinned),
        WITH_WORKER(an_expired_entry_is_not_run_and_says_nothing),
        WITH_WORKER(only_what_was_begun_counts_as_delivered),
        WITH_WORKER(
            a_retry_under_a_new_secret_goes_on_with_the_stored_operation),
        WITH_WORKER(a_refusal_is_kept_but_its_effects_are_not),
        WITH_WORKER(bytes_that_are_not_ours_are_kept_as_dead_letters),
        WITH_WORKER(an_older_secret_still_reads_commands),
        WITH_WORKER(after_30_days_a_key_is_forgotten),
        WITH_WORKER(an_operation_is_shown_to_its_actor_only),
        cmocka_unit_test(ids_compare_as_numbers),
        cmocka_unit_test(info_decides_whether_redis_may_be_used)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
