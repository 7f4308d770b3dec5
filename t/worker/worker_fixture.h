/* What the tests of the worker share: a worker without Redis, in a folder. */

#ifndef BILLING_WORKER_FIXTURE_H
#define BILLING_WORKER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/worker/billing_infra.h"

typedef struct {
    char                 dir[64];
    char                 dsn[128];
    billing_settings_t   settings;
    billing_infra_t      infra;
    billing_worker_t     w;
} worker_fixture_t;

/* A worker that has the lease; its database is new. */
int worker_setup(void **state);
int worker_teardown(void **state);

/* A second process's view of the same database. */
billing_db_t *worker_open(worker_fixture_t *f);

/* One number of one row; fails the test when there is none. */
int64_t worker_number(billing_db_t *db, const char *sql);

#endif /* BILLING_WORKER_FIXTURE_H */
