/* The security log: with the transaction, in the file that is there then. */

#include "worker_fixture.h"

#include "../../src/worker/billing_security.h"


/* What the log holds; the text is the next call's to write over. */

static const char *
logged(worker_fixture_t *f)
{
    size_t       n;
    FILE        *file;
    static char  text[65536];

    file = fopen(f->settings.security_log, "re");
    n = file != NULL ? fread(text, 1, sizeof(text) - 1, file) : 0;
    text[n] = '\0';

    if (file != NULL) {
        (void) fclose(file);
    }

    return text;
}


static void
note(worker_fixture_t *f, const char *what)
{
    billing_security_note(&f->w, &(billing_security_note_t) {
        .event = BILLING_SECURITY_CREDIT_NOTE, .what = what
    });
}


static void
up(worker_fixture_t *f)
{
    (void) snprintf(f->settings.security_log, sizeof(f->settings.security_log),
                    "%s/security.log", f->dir);
    assert_true(billing_security_new(&f->w));
}


static void
what_is_undone_is_not_told(void **state)
{
    billing_mark_t     mark;
    worker_fixture_t  *f = *state;

    up(f);
    assert_int_equal(billing_db_begin(f->w.db), BILLING_DB_OK);
    note(f, "before");
    assert_int_equal(billing_savepoint(&f->w, &mark), BILLING_DB_OK);
    note(f, "undone");
    billing_savepoint_undo(&f->w, &mark);
    note(f, "after");
    assert_null(strstr(logged(f), "before"));

    billing_db_rollback(f->w.db);
    billing_security_flush(&f->w);
    assert_non_null(strstr(logged(f), "\"what\":\"before\""));
    assert_non_null(strstr(logged(f), "\"what\":\"after\""));
    assert_null(strstr(logged(f), "undone"));
    billing_security_free(&f->w);
}


static void
of_money_nothing_is_left_out(void **state)
{
    unsigned           n = 0;
    worker_fixture_t  *f = *state;

    up(f);

    for (unsigned i = 0; i < 200; i++) {
        note(f, "CN-1");
    }

    billing_security_free(&f->w);

    for (const char *p = logged(f); (p = strstr(p, "CN-1")) != NULL; p++) {
        n++;
    }

    assert_int_equal(n, 200);
}


static void
without_the_setting_there_is_none(void **state)
{
    worker_fixture_t  *f = *state;

    assert_true(billing_security_new(&f->w));
    note(f, "nowhere");
    billing_security_flush(&f->w);
    assert_int_equal(billing_security_mark(&f->w), 0);
    assert_null(f->infra.security);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(what_is_undone_is_not_told,
                                        worker_setup, worker_teardown),
        cmocka_unit_test_setup_teardown(of_money_nothing_is_left_out,
                                        worker_setup, worker_teardown),
        cmocka_unit_test_setup_teardown(without_the_setting_there_is_none,
                                        worker_setup, worker_teardown)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
