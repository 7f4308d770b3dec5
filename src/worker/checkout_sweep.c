/*
 * What is due by the clock, and the payer who comes back from 3-D Secure.
 */

#include <stdio.h>
#include <string.h>

#include "billing_match.h"


/* BILLING_ID_MAX is not less than BILLING_OP_ID_LEN: ids of either kind. */

typedef struct {
    char      ids[BILLING_SWEEP_MAX][BILLING_ID_MAX + 1];
    unsigned  n;
} billing_sweep_ids_t;

/* Rows that are due at an instant, and where one goes that cannot go on. */

typedef struct {
    const char      *sql;
    int64_t          at;
    billing_row_pt   run;
    int64_t          run_at;            /* told to run */
    const char      *push_sql;
    int64_t          push_at;
} billing_rows_t;


static billing_db_rc_t billing_sweep_due(billing_worker_t *w, int64_t wall);
static billing_db_rc_t billing_sweep_abandoned(billing_worker_t *w,
    int64_t now);
static billing_db_rc_t billing_sweep_rows(billing_worker_t *w,
    const billing_rows_t *rows);
static billing_db_rc_t billing_sweep_take(billing_worker_t *w,
    const char *sql, int64_t at, billing_sweep_ids_t *due);
static billing_db_rc_t billing_sweep_one(billing_worker_t *w, const char *id,
    int64_t wall);
static billing_db_rc_t billing_sweep_abandon(billing_worker_t *w,
    const char *id, int64_t now);
static billing_db_rc_t billing_sweep_next(billing_worker_t *w, int64_t now,
    int64_t wall, int64_t *next_at);
static billing_db_rc_t billing_sweep_min(billing_worker_t *w,
    const char *sql, int64_t *at);
static billing_db_rc_t billing_resume_wait(billing_op_t *op,
    billing_checkout_t *co);


billing_db_rc_t
billing_checkout_sweep(billing_worker_t *w, int64_t now, int64_t *next_at)
{
    int64_t          wall, card_wall;
    billing_db_rc_t  rc;

    *next_at = BILLING_NEVER_AT;
    card_wall = BILLING_NEVER_AT;
    wall = billing_worker_wall(w);

    rc = billing_sweep_due(w, wall);

    if (rc == BILLING_DB_OK) {
        rc = billing_sweep_abandoned(w, now);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_card_sweep(w, wall, &card_wall);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_refund_sweep(w, wall, &card_wall);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_match_sweep(w, wall, &card_wall);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_stray_sweep(w, wall, &card_wall);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_invoice_sweep(w, now, next_at);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_due_sweep(w, now, next_at);
    }

    if (rc == BILLING_DB_OK && card_wall != BILLING_NEVER_AT
        && now + card_wall - wall < *next_at)
    {
        *next_at = now + card_wall - wall;
    }

    return rc == BILLING_DB_OK ? billing_sweep_next(w, now, wall, next_at)
                               : rc;
}


static billing_db_rc_t
billing_sweep_due(billing_worker_t *w, int64_t wall)
{
    static const char  sql[] =
        "SELECT id FROM checkout WHERE next_try_at <= $1"
        " ORDER BY next_try_at LIMIT 256";
    static const char  push_sql[] =
        "UPDATE checkout SET next_try_at = $1 WHERE id = $2";

    billing_rows_t  rows = {
        .sql = sql, .at = wall, .run = billing_sweep_one, .run_at = wall,
        .push_sql = push_sql, .push_at = wall + BILLING_RETRY_WINDOW_SEC
    };

    return billing_sweep_rows(w, &rows);
}


/* One that cannot go on must not stop the others. */

static billing_db_rc_t
billing_sweep_rows(billing_worker_t *w, const billing_rows_t *rows)
{
    unsigned             i;
    billing_db_rc_t      rc;
    billing_sweep_ids_t  due;

    rc = billing_sweep_take(w, rows->sql, rows->at, &due);

    for (i = 0; rc == BILLING_DB_OK && i < due.n; i++) {
        rc = billing_savepoint_row(w, rows->run, due.ids[i], rows->run_at);

        if (rc == BILLING_DB_CONFLICT) {
            rc = billing_db_exec(w->db, rows->push_sql, "it", rows->push_at,
                                 due.ids[i]);
        }
    }

    return rc;
}


static billing_db_rc_t
billing_sweep_take(billing_worker_t *w, const char *sql, int64_t at,
    billing_sweep_ids_t *due)
{
    billing_db_rc_t  rc;

    due->n = 0;
    rc = billing_db_query(w->db, sql, "i", at);

    while (rc == BILLING_DB_ROW && due->n < BILLING_SWEEP_MAX) {
        (void) snprintf(due->ids[due->n++], sizeof(due->ids[0]), "%s",
                        billing_db_text(w->db, sql, 0));
        rc = billing_db_next(w->db, sql);
    }

    if (rc == BILLING_DB_ROW) {
        billing_db_done(w->db, sql);
        return BILLING_DB_OK;
    }

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}


static billing_db_rc_t
billing_sweep_one(billing_worker_t *w, const char *id, int64_t wall)
{
    static const char  push_sql[] =
        "UPDATE checkout SET next_try_at = $1 WHERE id = $2";

    billing_db_rc_t     rc;
    billing_checkout_t  co;

    if (billing_call_in_flight(w, id)) {
        return billing_db_exec(w->db, push_sql, "it",
                               wall + BILLING_FLIGHT_SEC, id);
    }

    rc = billing_checkout_load(w, id, &co);

    return rc == BILLING_DB_OK ? billing_checkout_send(w, &co) : rc;
}


/* 3-D Secure left alone: cancelled at the gateway, then looked at. */

static billing_db_rc_t
billing_sweep_abandoned(billing_worker_t *w, int64_t now)
{
    static const char  sql[] =
        "SELECT id FROM checkout WHERE action_at <= $1 AND state = 'action'"
        " AND cancelling = 0 ORDER BY action_at LIMIT 256";

    static const char  push_sql[] =
        "UPDATE checkout SET action_at = $1 WHERE id = $2";

    billing_rows_t  rows = {
        .sql = sql, .at = now - BILLING_ACTION_SEC,
        .run = billing_sweep_abandon, .run_at = now, .push_sql = push_sql,
        .push_at = now - BILLING_ACTION_SEC + BILLING_RETRY_WINDOW_SEC
    };

    return billing_sweep_rows(w, &rows);
}


static billing_db_rc_t
billing_sweep_abandon(billing_worker_t *w, const char *id, int64_t now)
{
    billing_db_rc_t     rc;
    billing_checkout_t  co;

    (void) now;

    rc = billing_checkout_load(w, id, &co);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    co.cancelling = true;
    co.step = BILLING_CALL_CANCEL;

    return billing_checkout_send(w, &co);
}


/* Wall-clock deadlines are told in the business's time, as the loop wants. */

static billing_db_rc_t
billing_sweep_next(billing_worker_t *w, int64_t now, int64_t wall,
    int64_t *next_at)
{
    static const char  due_sql[] =
        "SELECT MIN(next_try_at) FROM checkout";
    static const char  action_sql[] =
        "SELECT MIN(action_at) FROM checkout WHERE state = 'action'"
        " AND cancelling = 0";

    int64_t          at;
    billing_db_rc_t  rc;

    at = BILLING_NEVER_AT;
    rc = billing_sweep_min(w, due_sql, &at);

    if (rc == BILLING_DB_OK && at != BILLING_NEVER_AT) {
        at = now + at - wall;
        *next_at = at < *next_at ? at : *next_at;
    }

    if (rc == BILLING_DB_OK) {
        at = BILLING_NEVER_AT;
        rc = billing_sweep_min(w, action_sql, &at);
        at = at == BILLING_NEVER_AT ? at : at + BILLING_ACTION_SEC;
        *next_at = at < *next_at ? at : *next_at;
    }

    return rc;
}


static billing_db_rc_t
billing_sweep_min(billing_worker_t *w, const char *sql, int64_t *at)
{
    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "");

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
    }

    if (!billing_db_null(w->db, sql, 0)) {
        *at = billing_db_int(w->db, sql, 0);
    }

    billing_db_done(w->db, sql);

    return BILLING_DB_OK;
}


billing_db_rc_t
billing_op_resume(billing_op_t *op)
{
    billing_db_rc_t     rc;
    billing_checkout_t  co;

    rc = billing_checkout_load(op->w, billing_op_text(op, "operation"), &co);

    if (rc != BILLING_DB_OK && rc != BILLING_DB_DONE) {
        return rc;
    }

    if (rc == BILLING_DB_DONE || strcmp(co.actor, op->command->actor) != 0) {
        return billing_op_deny(op, BILLING_OPERATION_NOT_FOUND, NULL);
    }

    if (billing_checkout_final(co.state)) {
        return billing_checkout_ended(op, &co);
    }

    if (co.state != BILLING_CHECKOUT_UNKNOWN
        && co.state != BILLING_CHECKOUT_REFUNDING && !co.cancelling)
    {
        return billing_resume_wait(op, &co);
    }

    rc = billing_checkout_tell(op->w, &co, op->command->op);
    op->reply->later = rc == BILLING_DB_OK;

    return rc;
}


/* An answer is under way, or is asked for now: who came last gets it. */

static billing_db_rc_t
billing_resume_wait(billing_op_t *op, billing_checkout_t *co)
{
    billing_db_rc_t  rc;

    rc = BILLING_DB_OK;

    if (co->waiter[0] != '\0'
        && strcmp(co->waiter, op->command->op) != 0)
    {
        rc = billing_checkout_tell(op->w, co, co->waiter);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    (void) snprintf(co->waiter, sizeof(co->waiter), "%s", op->command->op);

    rc = co->state == BILLING_CHECKOUT_ACTION
         ? billing_checkout_ask(op->w, co)
         : billing_checkout_move(op->w, co, co->state);

    op->reply->later = rc == BILLING_DB_OK;

    return rc;
}
