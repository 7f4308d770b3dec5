/* The outboxes of records and mails: what Redis answers, played by the test. */

#include "worker_fixture.h"

#include <hiredis/hiredis.h>

#define OUTBOX_MAX  8

static struct {
    billing_redis_reply_pt  handler;
    uintptr_t               data;
} sent[OUTBOX_MAX];

static unsigned  nsent, demands;


bool
billing_redis_up(const billing_worker_t *w)
{
    (void) w;
    return true;
}


bool
billing_redis_send(billing_worker_t *w, billing_link_t link,
    const billing_redis_command_t *command)
{
    (void) w;
    (void) link;
    assert_true(nsent < OUTBOX_MAX);
    sent[nsent].handler = command->handler;
    sent[nsent++].data = command->data;
    return true;
}


void
billing_rehydrate_demand(billing_worker_t *w)
{
    (void) w;
    demands++;
}


bool
billing_rehydrate_ready(const billing_worker_t *w)
{
    (void) w;
    return true;
}


/* No text can be made of anything. */

char *
billing_text_format(const char *key, billing_lang_t lang, const json_t *args)
{
    (void) key;
    (void) lang;
    (void) args;
    return NULL;
}


static void
publish(worker_fixture_t *f)
{
    assert_int_equal(billing_db_begin(f->w.db), BILLING_DB_OK);
    assert_int_equal(billing_outbox_clean(&f->w), BILLING_DB_OK);
    assert_int_equal(billing_db_commit(f->w.db), BILLING_DB_OK);
    assert_int_equal(billing_outbox_flush(&f->w), BILLING_DB_OK);
}


static void
answer(worker_fixture_t *f, long long number)
{
    redisReply  reply = { .type = REDIS_REPLY_INTEGER, .integer = number };

    assert_int_equal(nsent, 1);
    nsent = 0;
    sent[0].handler(&f->w, &reply, sent[0].data);
    publish(f);
}


static void
a_record_redis_refused_is_sent_again(void **state)
{
    worker_fixture_t  *f = *state;
    static const char  sql[] = "SELECT COUNT(*) FROM record_outbox";

    nsent = demands = 0;
    f->w.record_epoch = 1;
    assert_int_equal(billing_db_begin(f->w.db), BILLING_DB_OK);
    assert_int_equal(billing_outbox_board(&f->w, "b_none"), BILLING_DB_OK);
    assert_int_equal(billing_db_commit(f->w.db), BILLING_DB_OK);
    assert_int_equal(billing_outbox_flush(&f->w), BILLING_DB_OK);

    answer(f, 0);
    assert_int_equal(demands, 1);
    assert_int_equal(worker_number(f->w.db, sql), 1);

    assert_int_equal(billing_outbox_sweep(&f->w, INT64_MAX - 20000),
                     BILLING_DB_OK);
    answer(f, 1);
    assert_int_equal(demands, 1);
    assert_int_equal(worker_number(f->w.db, sql), 0);
}


/* One row is undone then, not the turn for as long as it is asked. */

static void
a_mail_that_cannot_be_built_is_no_full_disk(void **state)
{
    json_t            *args = json_object();
    worker_fixture_t  *f = *state;

    assert_int_equal(billing_mail_queue(&f->w, "owner@example.test",
                                        "mail.receipt", "en", args, 1),
                     BILLING_DB_CONFLICT);
    json_decref(args);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(
            a_mail_that_cannot_be_built_is_no_full_disk, worker_setup,
            worker_teardown),
        cmocka_unit_test_setup_teardown(a_record_redis_refused_is_sent_again,
                                        worker_setup, worker_teardown)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
