/*
 * When there is leisure: after a quiet moment, or for an eighth of the time;
 * and what becomes of paper and mails meanwhile.
 */

#include "../../src/worker/billing_business.h"
#include "worker_fixture.h"

static const char  paper_sql[] =
    "SELECT COUNT(*) FROM document_file WHERE content <> ''";


static void
quiet_for_a_moment_is_leisure(void **state)
{
    billing_leisure_t  leisure = { .quiet_ms = 0 };

    (void) state;

    assert_int_equal(billing_leisure_ms(&leisure), 0);

    /* What was done for nobody in particular does not use quiet time up. */
    billing_leisure_spent(&leisure, 1000, 1010);
    assert_int_equal(billing_leisure_ms(&leisure), 0);

    billing_leisure_busy(&leisure, 2000);
    billing_leisure_spent(&leisure, 2000, 2100);
    assert_int_equal(billing_leisure_ms(&leisure), 2020);
}


/* However short the pauses are, an eighth of the time is left. */

static void
who_is_always_busy_has_leisure_for_an_eighth(void **state)
{
    int64_t            spent = 0;
    billing_leisure_t  leisure = { .quiet_ms = 0 };

    (void) state;

    for (int64_t at = 0; at < 100000; at++) {
        billing_leisure_busy(&leisure, at);

        if (at >= billing_leisure_ms(&leisure)) {
            at += 5;
            spent += 5;
            billing_leisure_spent(&leisure, at - 5, at);
        }
    }

    assert_in_range(spent, 10000, 13000);
}


/* An invoice is printed once there is leisure, and not before. */

static void
paper_waits_for_leisure(void **state)
{
    int64_t            at = billing_clock_mono_ms();
    worker_fixture_t  *f = *state;
    billing_leisure_t *leisure = &f->infra.leisure;

    leisure->quiet_ms = leisure->next_ms = at + 1000;
    assert_int_equal(billing_db_begin(f->w.db), BILLING_DB_OK);
    assert_int_equal(billing_print_later(&f->w, "none"), BILLING_DB_OK);
    assert_false(billing_print_due(&f->w, at));
    assert_int_equal(billing_print_store(&f->w, at, 1), BILLING_DB_OK);
    assert_int_equal(worker_number(f->w.db, "SELECT COUNT(*) FROM"
                                   " document_file WHERE made_at = 0"), 1);

    /* Of a document that does not exist none can be made: put off. */
    assert_true(billing_print_due(&f->w, at + 1000));
    assert_int_equal(billing_print_store(&f->w, at + 1000, 1), BILLING_DB_OK);
    assert_int_equal(worker_number(f->w.db, paper_sql), 0);
    assert_int_equal(worker_number(f->w.db, "SELECT COUNT(*) FROM"
                                   " document_file WHERE made_at > 1"), 1);
    assert_true(leisure->next_ms < at + 1000);
    billing_db_rollback(f->w.db);
}


#define WITH_WORKER(test)                                                     \
    cmocka_unit_test_setup_teardown(test, worker_setup, worker_teardown)

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(quiet_for_a_moment_is_leisure),
        cmocka_unit_test(who_is_always_busy_has_leisure_for_an_eighth),
        WITH_WORKER(paper_waits_for_leisure)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
