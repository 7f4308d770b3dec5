/* The chain of the ledger: links, what is undone, and what was there before. */

#include "business_fixture.h"

#define OLDER  3000                     /* transactions of three entries */

/* SHA-256 of the netstrings that chain.c describes, made by another program. */
#define FIRST  "c2542c434d47a62eb31ba6dedaab671f"                             \
               "098a7cbf5614e2755cf2690e8c784c97"


static void
post(const char *txn, int64_t minor)
{
    billing_money_t    amount = { minor, t.settings.catalogue.currency };
    billing_posting_t  posting = { .txn = txn, .ref = "op_1", .at = T0 };

    billing_posting_add(&posting, "gateway", NULL, amount);
    amount.minor = -minor;
    billing_posting_add(&posting, "receivable", "t_1", amount);
    assert_int_equal(billing_ledger_post(&t.w, &posting), BILLING_DB_OK);
}


/* The hashes that the entries give are those that stand there. */

static int64_t
chain_holds(billing_db_t *db)
{
    int64_t             no = 0;
    char                hash[BILLING_LINK_LEN + 1] = "";
    char                stored[BILLING_LINK_LEN + 1] = "";
    billing_db_rc_t     rc;
    billing_chained_t   entry;
    billing_chaining_t  link = { .digest = NULL };

    static const char  sql[] =
        "SELECT txn, n, account, amount_minor, currency, at, ref, hash, link"
        " FROM ledger ORDER BY link, n";

    for (rc = billing_db_query(db, sql, ""); rc == BILLING_DB_ROW;
         rc = billing_db_next(db, sql))
    {
        if (billing_db_int(db, sql, 8) != no) {
            if (no > 0) {
                assert_true(billing_chaining_end(&link, hash));
                assert_string_equal(hash, stored);
            }

            assert_int_equal(billing_db_int(db, sql, 8), ++no);
            assert_int_equal(billing_db_int(db, sql, 1), 0);
            (void) snprintf(stored, sizeof(stored), "%s",
                            billing_db_text(db, sql, 7));
            billing_chaining_begin(&link, hash, no);
        }

        entry = billing_chained_row(db, sql);
        billing_chaining_add(&link, &entry);
    }

    assert_int_equal(rc, BILLING_DB_DONE);

    if (no > 0) {
        assert_true(billing_chaining_end(&link, hash));
        assert_string_equal(hash, stored);
    }

    return no;
}


static void
each_transaction_is_linked_to_the_one_before(void **state)
{
    (void) state;

    turn_begin();
    post("op_1-paid", 100);
    turn_end(false);
    assert_int_equal(count("SELECT COUNT(*) FROM ledger WHERE n = 0 AND link"
                           " = 1 AND hash = '" FIRST "'"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM ledger WHERE n = 1 AND link"
                           " = 1 AND hash = ''"), 1);

    turn_begin();
    post("op_2-paid", 100);
    post("op_3-paid", 200);
    turn_end(false);
    assert_int_equal(chain_holds(t.w.db), 3);
    assert_int_equal(count("SELECT value FROM meta WHERE name = 'ledger'"),
                     3);
}


static void
what_is_undone_leaves_no_gap(void **state)
{
    billing_mark_t  mark;

    (void) state;

    turn_begin();
    post("op_1-paid", 100);
    turn_end(false);

    /* Its own savepoint, then the whole turn, then the process. */

    assert_int_equal(billing_db_begin(t.w.db), BILLING_DB_OK);
    assert_int_equal(billing_savepoint(&t.w, &mark), BILLING_DB_OK);
    post("op_2-paid", 1);
    assert_int_equal(billing_savepoint_end(&t.w, &mark, BILLING_DB_CONFLICT),
                     BILLING_DB_CONFLICT);
    assert_int_equal(billing_savepoint(&t.w, &mark), BILLING_DB_OK);
    post("op_3-paid", 2);
    assert_int_equal(billing_savepoint_end(&t.w, &mark, BILLING_DB_OK),
                     BILLING_DB_OK);
    assert_int_equal(billing_db_commit(t.w.db), BILLING_DB_OK);
    assert_int_equal(chain_holds(t.w.db), 2);

    mark = billing_mark(&t.w);
    assert_int_equal(billing_db_begin(t.w.db), BILLING_DB_OK);
    post("op_4-paid", 1);
    billing_db_rollback(t.w.db);
    billing_mark_undo(&t.w, &mark);

    turn_begin();
    post("op_5-paid", 1);
    turn_end(false);
    assert_int_equal(chain_holds(t.w.db), 3);

    crash();
    turn_begin();
    post("op_6-paid", 1);
    turn_end(false);
    assert_int_equal(chain_holds(t.w.db), 4);
}


/* Another worker has posted since this one had the lease. */

static void
with_a_new_lease_the_end_is_read_again(void **state)
{
    billing_chain_t  before;

    (void) state;

    turn_begin();
    post("op_1-paid", 100);
    turn_end(false);
    before = t.w.chain;

    t.w.lease_epoch = 2;
    turn_begin();
    post("op_2-paid", 100);
    turn_end(false);

    t.w.chain = before;
    t.w.lease_epoch = 3;
    turn_begin();
    post("op_3-paid", 100);
    turn_end(false);
    assert_int_equal(chain_holds(t.w.db), 3);
}


static void
nothing_in_it_is_changed_or_removed(void **state)
{
    static const char *const  statements[] = {
        "UPDATE ledger SET amount_minor = 0",
        "UPDATE ledger SET hash = ''",
        "DELETE FROM ledger"
    };

    (void) state;

    turn_begin();
    post("op_1-paid", 100);
    turn_end(false);

    for (unsigned i = 0; i < 3; i++) {
        turn_begin();
        assert_int_equal(billing_db_exec(t.w.db, statements[i], ""),
                         BILLING_DB_CONFLICT);
        turn_end(true);
    }

    assert_int_equal(chain_holds(t.w.db), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM ledger"), 2);
}


/* More of them than are read at once, so that one is cut in two. */

static void
what_was_posted_before_is_linked(void **state)
{
    static const char  rows[] =
        "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c"
        " WHERE i < 3000), e(k, minor) AS (SELECT 0, 2 UNION ALL SELECT 1, -1"
        " UNION ALL SELECT 2, -1) INSERT INTO ledger SELECT 'op_' || i ||"
        " '-sale', k, 'a' || k, minor * i, 'USD', i, 'op_' || i FROM c, e";

    (void) state;

    open_older(rows);
    assert_int_equal(chain_holds(t.w.db), OLDER);
    assert_int_equal(count("SELECT COUNT(*) FROM ledger WHERE link = 0"), 0);
    assert_int_equal(count("SELECT COUNT(DISTINCT txn) FROM ledger"), OLDER);
    assert_int_equal(count("SELECT COUNT(*) FROM (SELECT link FROM ledger"
                           " GROUP BY link HAVING COUNT(DISTINCT txn) > 1)"
                           " x"), 0);

    turn_begin();
    post("op_x-paid", 100);
    turn_end(false);
    assert_int_equal(chain_holds(t.w.db), OLDER + 1);
    assert_int_equal(count("SELECT value FROM meta WHERE name = 'ledger'"),
                     OLDER + 1);
}


int
main(void)
{
#define chain_test(name)                                                      \
    cmocka_unit_test_setup_teardown(name, set_up, tear_down)

    const struct CMUnitTest  tests[] = {
        chain_test(each_transaction_is_linked_to_the_one_before),
        chain_test(what_is_undone_leaves_no_gap),
        chain_test(with_a_new_lease_the_end_is_read_again),
        chain_test(nothing_in_it_is_changed_or_removed),
        chain_test(what_was_posted_before_is_linked)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("chain", tests, NULL, NULL);
}
