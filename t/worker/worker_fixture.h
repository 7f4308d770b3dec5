/*
 * What the tests of the infrastructure share: a worker without Redis, that has
 * the lease, in a folder of its own.  In the header, because other programs of
 * this folder play the infrastructure themselves.
 */

#ifndef BILLING_WORKER_FIXTURE_H
#define BILLING_WORKER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../src/worker/billing_infra.h"
#include "store_fixture.h"

typedef struct {
    char                 dir[64];
    char                 dsn[STORE_DSN_MAX];
    billing_settings_t   settings;
    billing_infra_t      infra;
    billing_worker_t     w;
} worker_fixture_t;


static inline void
worker_settings(worker_fixture_t *f)
{
    billing_settings_t  *s = &f->settings;

    s->demo = true;
    s->catalogue.currency = billing_currency_parse("USD", 3);
    s->gateway_test = true;
    s->gateway_timeout_ms = 400;
    (void) snprintf(s->store_dsn, sizeof(s->store_dsn), "%s", f->dsn);
    (void) snprintf(s->redis_prefix, sizeof(s->redis_prefix), "billing");
    (void) snprintf(s->mail_from, sizeof(s->mail_from),
                    "billing@example.test");
    (void) snprintf(s->seller_name, sizeof(s->seller_name), "Example Boards");
}


static inline int
worker_setup(void **state)
{
    char               error[256];
    uint8_t            master[32] = "a master secret of 32 bytes long";
    worker_fixture_t  *f = calloc(1, sizeof(worker_fixture_t));

    assert_non_null(f);
    strcpy(f->dir, "/tmp/billing-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    store_new(f->dir, "billing", f->dsn);
    worker_settings(f);

    f->infra.exit_code = -1;
    f->w.infra = &f->infra;
    f->w.settings = &f->settings;
    f->w.nsecrets = 1;
    assert_int_equal(billing_text_init(), BILLING_OK);
    assert_int_equal(billing_secret_derive(master, 32, &f->w.secrets[0]),
                     BILLING_OK);

    assert_true(billing_http_new(&f->w) && billing_redis_new(&f->w)
                && billing_stream_new(&f->w) && billing_answers_new(&f->w)
                && billing_outbox_new(&f->w) && billing_rehydrate_new(&f->w)
                && billing_mail_new(&f->w) && billing_lease_new(&f->w));

    f->w.db = billing_db_new(f->dsn, error, sizeof(error));
    if (f->w.db == NULL) {
        fail_msg("%s", error);
    }

    assert_int_equal(billing_lease_acquire(&f->w), BILLING_DB_OK);
    assert_int_equal(billing_clock_load(&f->w), BILLING_DB_OK);
    *state = f;

    return 0;
}


static inline int
worker_teardown(void **state)
{
    char               command[128];
    worker_fixture_t  *f = *state;

    billing_redis_free(&f->w);
    billing_mail_free(&f->w);
    billing_http_free(&f->w);
    billing_lease_free(&f->w);
    billing_db_free(f->w.db);
    billing_stream_free(&f->w);
    billing_answers_free(&f->w);
    billing_outbox_free(&f->w);
    billing_rehydrate_free(&f->w);
    billing_app_text_free(&f->w);

    (void) snprintf(command, sizeof(command), "rm -rf %s", f->dir);
    assert_int_equal(system(command), 0);
    free(f);

    return 0;
}


/* A second process's view of the same database. */

static inline billing_db_t *
worker_open(worker_fixture_t *f)
{
    char           error[256];
    billing_db_t  *db = billing_db_new(f->dsn, error, sizeof(error));

    if (db == NULL) {
        fail_msg("%s", error);
    }

    return db;
}


/* One number of one row; fails the test when there is none. */

static inline int64_t
worker_number(billing_db_t *db, const char *sql)
{
    int64_t  number;

    assert_int_equal(billing_db_query(db, sql, ""), BILLING_DB_ROW);
    number = billing_db_int(db, sql, 0);
    billing_db_done(db, sql);

    return number;
}

#endif /* BILLING_WORKER_FIXTURE_H */
