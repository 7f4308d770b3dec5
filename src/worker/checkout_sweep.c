/*
 * What is due by the clock, and the payer who comes back from 3-D Secure.
 */

#include <stdio.h>
#include <string.h>

#include "billing_infra.h"
#include "billing_match.h"


/* The gateway's deadlines are of the wall clock, the others of the business. */

typedef billing_db_rc_t (*billing_sweep_pt)(billing_worker_t *w, int64_t now,
    int64_t *next_at);

typedef struct {
    const char        *what;
    billing_sweep_pt   run;
    bool               wall;
} billing_sweep_t;


static billing_db_rc_t billing_sweep_due(billing_worker_t *w, int64_t wall,
    int64_t *next_wall);
static billing_db_rc_t billing_sweep_abandoned(billing_worker_t *w,
    int64_t now, int64_t *next_at);
static billing_db_rc_t billing_sweep_one(billing_worker_t *w, const char *id,
    int64_t wall);
static billing_db_rc_t billing_sweep_abandon(billing_worker_t *w,
    const char *id, int64_t now);
static billing_db_rc_t billing_resume_wait(billing_op_t *op,
    billing_checkout_t *co);


static const billing_sweep_t  billing_sweeps[] = {
    { "payments",          billing_sweep_due, true },
    { "3-D Secure",        billing_sweep_abandoned, false },
    { "card entry",        billing_card_sweep, true },
    { "refunds",           billing_refund_sweep, true },
    { "the gateway's list", billing_match_sweep, true },
    { "stray money",       billing_stray_sweep, true },
    { "drafts",            billing_invoice_sweep, false },
    { "teams",             billing_due_sweep, false }
};

#define BILLING_SWEEPS  (sizeof(billing_sweeps) / sizeof(billing_sweeps[0]))


/* One that is at its end must not keep the others from theirs. */

billing_db_rc_t
billing_checkout_sweep(billing_worker_t *w, int64_t now, int64_t *next_at)
{
    int64_t                 next, ahead, wall = billing_worker_wall(w);
    billing_mark_t          mark;
    billing_db_rc_t         rc;
    const billing_sweep_t  *sweep;

    *next_at = BILLING_NEVER_AT;

    for (sweep = billing_sweeps; sweep < billing_sweeps + BILLING_SWEEPS;
         sweep++)
    {
        ahead = sweep->wall ? now - wall : 0;
        next = BILLING_NEVER_AT - (ahead > 0 ? ahead : 0);

        rc = billing_savepoint(w, &mark);

        if (rc == BILLING_DB_OK) {
            rc = billing_savepoint_end(w, &mark,
                                       sweep->run(w, now - ahead, &next));
        }

        if (rc == BILLING_DB_CONFLICT) {
            billing_log("ALERT: the sweep of %s contradicts the database",
                        sweep->what);
            continue;
        }

        if (rc != BILLING_DB_OK) {
            return rc;
        }

        next = next == BILLING_AT_ONCE ? next : next + ahead;
        *next_at = next < *next_at ? next : *next_at;
    }

    return BILLING_DB_OK;
}


static billing_db_rc_t
billing_sweep_due(billing_worker_t *w, int64_t wall, int64_t *next_wall)
{
    static const billing_rows_t  rows = {
        .sql = "SELECT id, next_try_at FROM checkout WHERE next_try_at <= $1"
               " ORDER BY next_try_at LIMIT 256",
        .next_sql = "SELECT MIN(next_try_at) FROM checkout",
        .run = billing_sweep_one,
        .calls = true,
        .push_sql = "UPDATE checkout SET next_try_at = $1 WHERE id = $2",
        .push_sec = BILLING_RETRY_WINDOW_SEC
    };

    return billing_sweep_rows(w, &rows, wall, next_wall);
}


static billing_db_rc_t
billing_sweep_one(billing_worker_t *w, const char *id, int64_t wall)
{
    billing_db_rc_t     rc;
    billing_checkout_t  co;

    (void) wall;

    rc = billing_trace_resume(w, id);

    if (rc == BILLING_DB_OK) {
        rc = billing_checkout_load(w, id, &co);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_checkout_send(w, &co);
    }

    billing_trace_end(w);

    return rc;
}


/* 3-D Secure left alone: cancelled at the gateway, then looked at. */

static billing_db_rc_t
billing_sweep_abandoned(billing_worker_t *w, int64_t now, int64_t *next_at)
{
    static const billing_rows_t  rows = {
        .sql = "SELECT id, action_at FROM checkout WHERE action_at <= $1"
               " AND state = 'action' AND cancelling = 0"
               " ORDER BY action_at LIMIT 256",
        .next_sql = "SELECT MIN(action_at) FROM checkout"
                    " WHERE state = 'action' AND cancelling = 0",
        .run = billing_sweep_abandon,
        .push_sql = "UPDATE checkout SET action_at = $1 WHERE id = $2",
        .push_sec = BILLING_RETRY_WINDOW_SEC
    };

    int64_t          next = BILLING_NEVER_AT - BILLING_ACTION_SEC;
    billing_db_rc_t  rc;

    rc = billing_sweep_rows(w, &rows, now - BILLING_ACTION_SEC, &next);
    *next_at = next + BILLING_ACTION_SEC;

    return rc;
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
