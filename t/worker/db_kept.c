/* Values made of rows: kept until what they are made of may have changed. */

#include "business_fixture.h"

static const char  two[] = "meta redis_mark";
static const char  one[] = "redis_mark";
static const char  insert_sql[] =
    "INSERT INTO meta (name, value) VALUES ('k', 1)"
    " ON CONFLICT (name) DO UPDATE SET value = 1";


static void
keep(void)
{
    int  value = 7;

    billing_db_keep(t.w.db, two, "a", &value, sizeof(value));
    billing_db_keep(t.w.db, one, "a", &value, sizeof(value));
}


static bool
is_kept(const char *tables)
{
    int   value = 0;
    bool  kept = billing_db_kept(t.w.db, tables, "a", &value, sizeof(value));

    assert_int_equal(value, kept ? 7 : 0);

    return kept;
}


static void
what_is_written_to_is_forgotten_and_nothing_else(void **state)
{
    static const char *const  writes[] = {
        insert_sql, "UPDATE meta SET value = 2 WHERE name = 'k'",
        "UPDATE meta SET value = 3 WHERE name = 'k' RETURNING value",
        "DELETE FROM meta WHERE name = 'k'"
    };
    static const char         read_sql[] = "SELECT COUNT(*) FROM meta";

    (void) state;
    assert_int_equal(billing_db_begin(t.w.db), BILLING_DB_OK);

    for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
        keep();
        assert_int_equal(billing_db_savepoint(t.w.db), BILLING_DB_OK);
        assert_int_equal(billing_db_query(t.w.db, read_sql, ""),
                         BILLING_DB_ROW);
        billing_db_done(t.w.db, read_sql);
        assert_int_equal(billing_db_release(t.w.db), BILLING_DB_OK);
        assert_true(is_kept(two));

        assert_int_equal(billing_db_exec(t.w.db, writes[i], ""),
                         BILLING_DB_OK);
        assert_false(is_kept(two));
        assert_true(is_kept(one));
    }

    /* Whichever way a statement is given. */

    keep();
    assert_int_equal(billing_db_put(t.w.db, insert_sql, NULL, 0),
                     BILLING_DB_OK);
    assert_false(is_kept(two));

    keep();
    assert_int_equal(billing_db_query(t.w.db, writes[2], ""), BILLING_DB_ROW);
    assert_false(is_kept(two));
    billing_db_done(t.w.db, writes[2]);

    keep();
    assert_int_equal(billing_db_script(t.w.db, "DELETE FROM meta"
                                       " WHERE name = 'k'"), BILLING_DB_OK);
    assert_false(is_kept(two));
    assert_int_equal(billing_db_commit(t.w.db), BILLING_DB_OK);
}


static void
what_is_not_understood_is_taken_to_write_everything(void **state)
{
    static const char *const  odd[] = {
        "WITH x AS (SELECT 1) UPDATE other SET a = 1", "insert into other",
        "INSERT OR IGNORE INTO other VALUES (1)", "PRAGMA user_version",
        "UPDATE \"other\" SET a = 1", "TRUNCATE other", "BEGIN", "COMMIT",
        "ROLLBACK TO SAVEPOINT billing"
    };
    int                value = 7;
    billing_db_kept_t  kept[BILLING_DB_KEPT] = { { .tables = NULL } };

    (void) state;

    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        billing_kept_put(kept, two, "a", &value, sizeof(value));
        assert_true(billing_kept_get(kept, two, "a", &value, sizeof(value)));
        billing_kept_drop(kept, odd[i]);
        assert_false(billing_kept_get(kept, two, "a", &value,
                                      sizeof(value)));
    }

    /* Of two names one of which begins as the other, each is its own. */

    billing_kept_put(kept, two, "a", &value, sizeof(value));
    billing_kept_drop(kept, "UPDATE met SET a = 1");
    billing_kept_drop(kept, "UPDATE meta_x SET a = 1");
    assert_true(billing_kept_get(kept, two, "a", &value, sizeof(value)));
    billing_kept_drop(kept, "UPDATE redis_mark SET a = 1");
    assert_false(billing_kept_get(kept, two, "a", &value, sizeof(value)));
    billing_kept_free(kept);
}


static void
the_one_used_longest_ago_makes_room(void **state)
{
    char               id[BILLING_DB_KEPT_NAME + 1] = "0";
    int64_t            value = 0;
    billing_db_kept_t  kept[BILLING_DB_KEPT] = { { .tables = NULL } };

    (void) state;

    for (value = 0; value < BILLING_DB_KEPT; value++) {
        id[0] = (char) ('0' + value);
        billing_kept_put(kept, one, id, &value, sizeof(value));
    }

    assert_true(billing_kept_get(kept, one, "0", &value, sizeof(value)));
    assert_true(value == 0);
    billing_kept_put(kept, one, "new", &value, sizeof(value));
    assert_true(billing_kept_get(kept, one, "0", &value, sizeof(value)));
    assert_false(billing_kept_get(kept, one, "1", &value, sizeof(value)));
    assert_true(billing_kept_get(kept, one, "2", &value, sizeof(value)));
    assert_true(value == 2);

    /* Not of another kind, size or length of name. */

    assert_false(billing_kept_get(kept, two, "2", &value, sizeof(value)));
    assert_false(billing_kept_get(kept, one, "2", id, 1));
    memset(id, 'x', sizeof(id) - 1);
    id[sizeof(id) - 1] = '\0';
    billing_kept_put(kept, one, id, &value, sizeof(value));
    assert_false(billing_kept_get(kept, one, id, &value, sizeof(value)));
    billing_kept_free(kept);
}


static void
what_is_undone_and_what_is_over_is_forgotten(void **state)
{
    (void) state;

    keep();                             /* no transaction: others may write */
    assert_false(is_kept(one));

    assert_int_equal(billing_db_begin(t.w.db), BILLING_DB_OK);
    assert_int_equal(billing_db_savepoint(t.w.db), BILLING_DB_OK);
    keep();
    billing_db_undo(t.w.db);
    assert_false(is_kept(one));

    keep();
    assert_int_equal(billing_db_commit(t.w.db), BILLING_DB_OK);
    assert_false(is_kept(one));

    assert_int_equal(billing_db_begin(t.w.db), BILLING_DB_OK);
    assert_false(is_kept(one));
    keep();
    billing_db_rollback(t.w.db);
    assert_int_equal(billing_db_begin(t.w.db), BILLING_DB_OK);
    assert_false(is_kept(one));
    billing_db_rollback(t.w.db);
}


/* --- a team, which is what is kept ---------------------------------------- */


static const char *
name_of(const char *id)
{
    static billing_team_row_t  row;

    assert_int_equal(billing_team_load(&t.w, id, &row), BILLING_DB_OK);

    return row.name;
}


static void
rename_to(const char *id, const char *name)
{
    assert_int_equal(billing_db_exec(t.w.db, "UPDATE team SET name = $1"
                                     " WHERE id = $2", "tt", name, id),
                     BILLING_DB_OK);
}


static void
a_team_is_read_once_and_never_stale(void **state)
{
    char      id[BILLING_ID_MAX + 1], other[BILLING_ID_MAX + 1];
    uint64_t  before;

    (void) state;
    (void) snprintf(id, sizeof(id), "%s", make_team(0));
    (void) snprintf(other, sizeof(other), "%s", make_team(0));

    turn_begin();
    (void) name_of(id);
    before = billing_db_statements(t.w.db);
    assert_string_equal(name_of(id), "Team");
    assert_true(billing_db_statements(t.w.db) == before);

    /* A command of another team, in the same commit, that is undone. */

    assert_int_equal(billing_db_savepoint(t.w.db), BILLING_DB_OK);
    rename_to(id, "Undone");
    rename_to(other, "Undone");
    assert_string_equal(name_of(id), "Undone");
    assert_string_equal(name_of(other), "Undone");
    billing_db_undo(t.w.db);
    assert_string_equal(name_of(id), "Team");
    assert_string_equal(name_of(other), "Team");

    rename_to(id, "Kept");
    assert_string_equal(name_of(id), "Kept");
    assert_string_equal(name_of(other), "Team");
    turn_end(false);

    /* Somebody else, between two turns. */

    store_run(t.dsn, "UPDATE team SET name = 'Elsewhere'");
    assert_string_equal(name_of(id), "Elsewhere");
    turn_begin();
    assert_string_equal(name_of(id), "Elsewhere");
    turn_end(false);
}


/* Each table a row is made of: passes, and what is open of invoices. */

static void
a_team_is_made_of_more_than_its_row(void **state)
{
    static const char *const  scripts[] = {
        "UPDATE day_pass SET billed = 1", "UPDATE bill SET is_open = 1",
        "DELETE FROM payment", "DELETE FROM credit_note",
        "UPDATE refund SET state = 'granted'"
    };
    static billing_team_row_t  row;
    char                       id[BILLING_ID_MAX + 1];
    uint64_t                   before;

    (void) state;
    (void) snprintf(id, sizeof(id), "%s", make_team(0));

    turn_begin();

    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        assert_int_equal(billing_team_load(&t.w, id, &row), BILLING_DB_OK);
        assert_int_equal(billing_db_exec(t.w.db, scripts[i], ""),
                         BILLING_DB_OK);
        before = billing_db_statements(t.w.db);
        assert_int_equal(billing_team_load(&t.w, id, &row), BILLING_DB_OK);
        assert_int_equal(billing_db_statements(t.w.db) - before, 1);
    }

    turn_end(false);
}


/* The count is a bound: whoever needs more finds out why first. */

static void
t8_a_purchase_takes_few_statements_and_one_call_for_a_card_on_file(
    void **state)
{
    char             op[BILLING_OP_ID_LEN + 1];
    uint64_t         before;
    const char      *id = make_team(0);
    billing_call_t   call;

    (void) state;

    call = buy(OWNER, order(id, "team", 2, ""), op);
    answer_call(&call, 200, intent(&call, "pi_1", "succeeded", 2000), true);
    (void) last_answer(200);

    before = billing_db_statements(t.w.db);
    assert_true(run_op(next_op(), OWNER, "upgrade.buy",
                       order(id, "business", 5, "")).later);
    assert_int_equal(t.nflying, 1);
    call = take_call(BILLING_CALL_CHARGE);
    assert_in_range(billing_db_statements(t.w.db) - before, 1, 25);

    before = billing_db_statements(t.w.db);
    answer_call(&call, 200,
                intent(&call, "pi_2", "succeeded",
                       count("SELECT amount_minor FROM checkout"
                             " WHERE state = 'charging'")), true);
    assert_int_equal(t.nflying, 0);
    (void) last_answer(200);
    assert_in_range(billing_db_statements(t.w.db) - before, 1, 60);
}


#define WITH_BUSINESS(test)  cmocka_unit_test_setup_teardown(test, set_up,    \
                                                             tear_down)

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        WITH_BUSINESS(what_is_written_to_is_forgotten_and_nothing_else),
        WITH_BUSINESS(what_is_not_understood_is_taken_to_write_everything),
        WITH_BUSINESS(the_one_used_longest_ago_makes_room),
        WITH_BUSINESS(what_is_undone_and_what_is_over_is_forgotten),
        WITH_BUSINESS(a_team_is_read_once_and_never_stale),
        WITH_BUSINESS(a_team_is_made_of_more_than_its_row),
        WITH_BUSINESS(
            t8_a_purchase_takes_few_statements_and_one_call_for_a_card_on_file)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
