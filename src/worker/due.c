/*
 * What the clock brings to a team.  The instant of the next thing is kept in
 * the team's row and found by its index; things happen in their order, oldest
 * first, whatever the clock did meanwhile.
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"
#include "billing_infra.h"

#define BILLING_DUE_AGAIN_SEC  900      /* one that could not be done */
#define BILLING_DUE_DAY_SEC    86400
#define BILLING_DUE_BUDGET_MS  250      /* of a turn, which others wait for */


typedef billing_db_rc_t (*billing_due_pt)(billing_worker_t *w,
    billing_team_row_t *row, billing_due_t due, int64_t now);


static void billing_due_sooner(billing_due_t *due, billing_due_kind_t kind,
    int64_t at);
static void billing_due_active(const billing_team_row_t *row,
    billing_due_t *due);
static void billing_due_cancelled(const billing_team_row_t *row,
    billing_due_t *due);
static void billing_due_invoice(const billing_settings_t *settings,
    const billing_team_row_t *row, billing_due_t *due);
static billing_db_rc_t billing_due_first(billing_worker_t *w, int64_t now,
    char id[BILLING_ID_MAX + 1]);
static billing_db_rc_t billing_due_one(billing_worker_t *w, const char *id,
    int64_t now);
static billing_db_rc_t billing_due_run(billing_worker_t *w, const char *id,
    int64_t now);
static billing_db_rc_t billing_due_late(billing_worker_t *w,
    billing_team_row_t *row, billing_due_t due, int64_t now);
static billing_db_rc_t billing_due_over(billing_worker_t *w,
    billing_team_row_t *row, billing_due_t due, int64_t now);
static billing_db_rc_t billing_due_next(billing_worker_t *w,
    int64_t *next_at);


static const billing_due_pt  billing_due_handlers[BILLING_DUES] = {
    [BILLING_DUE_TRIAL]      = billing_trial_run,
    [BILLING_DUE_PERIOD_END] = billing_renewal_run,
    [BILLING_DUE_SETTLE]     = billing_renewal_run,
    [BILLING_DUE_RETRY]      = billing_renewal_run,
    [BILLING_DUE_INVOICE]    = billing_due_late,
    [BILLING_DUE_GRACE]      = billing_due_over,
    [BILLING_DUE_REVIEW]     = billing_review_run
};


billing_due_t
billing_due_of(const billing_settings_t *settings,
    const billing_team_row_t *row)
{
    billing_due_t           due;
    const billing_team_t   *team;

    team = &row->team;
    due = (billing_due_t) { BILLING_DUE_NONE, BILLING_NEVER_AT };

    if (!billing_account_own(row)) {
        return due;                     /* of the account, not of each team */
    }

    /* Seats and passes of before wait for its end. */

    if (team->state == BILLING_STATE_TRIAL) {
        billing_due_sooner(&due, BILLING_DUE_TRIAL, team->trial_ends_at);
    }

    if (billing_review_at(team) != 0) {
        billing_due_sooner(&due, BILLING_DUE_REVIEW, billing_review_at(team));
    }

    if (!billing_plan_is_paid(team->plan) || team->current.end_at == 0) {
        return due;
    }

    if (team->state == BILLING_STATE_TRIAL) {
        billing_due_sooner(&due, row->retry_at != 0 ? BILLING_DUE_RETRY
                                                    : BILLING_DUE_PERIOD_END,
                           row->retry_at != 0 ? row->retry_at
                                              : team->current.end_at);
    }

    if (team->state == BILLING_STATE_ACTIVE
        || team->state == BILLING_STATE_ACTIVE_UNPAID)
    {
        billing_due_active(row, &due);
    }

    if (team->state == BILLING_STATE_PAST_DUE
        && team->method == BILLING_METHOD_CARD)
    {
        billing_due_sooner(&due, BILLING_DUE_RETRY,
                           row->retry_at != 0 ? row->retry_at
                                              : team->current.end_at);
    }

    if (team->state == BILLING_STATE_CANCELLED) {
        billing_due_cancelled(row, &due);
    }

    billing_due_invoice(settings, row, &due);

    return due;
}


static void
billing_due_sooner(billing_due_t *due, billing_due_kind_t kind, int64_t at)
{
    if (at < due->at) {
        *due = (billing_due_t) { kind, at };
    }
}


/* While the gateway is away the bill waits for it, not for its day. */

static void
billing_due_active(const billing_team_row_t *row, billing_due_t *due)
{
    if (row->retry_at != 0) {
        billing_due_sooner(due, BILLING_DUE_RETRY, row->retry_at);
        return;
    }

    billing_due_sooner(due, BILLING_DUE_PERIOD_END,
                       row->team.current.end_at);

    if (row->settle_at != 0 && billing_team_owes(&row->team)) {
        billing_due_sooner(due, BILLING_DUE_SETTLE, row->settle_at);
    }
}


/* Day Passes opened since then are billed, and then it ends. */

static void
billing_due_cancelled(const billing_team_row_t *row, billing_due_t *due)
{
    if (row->retry_at != 0) {
        billing_due_sooner(due, BILLING_DUE_RETRY, row->retry_at);

        /* A gateway that is away is waited for, a card is not. */

        if (row->failed == 0) {
            return;
        }

    } else if (row->settle_at != 0 && row->team.npasses != 0) {
        billing_due_sooner(due, BILLING_DUE_SETTLE, row->settle_at);
    }

    billing_due_sooner(due, BILLING_DUE_PERIOD_END,
                       row->team.current.end_at);
}


/* Each open invoice by itself; an expired team's as well. */

static void
billing_due_invoice(const billing_settings_t *settings,
    const billing_team_row_t *row, billing_due_t *due)
{
    billing_dunning_t  dunning;

    if (row->remind_at != 0) {
        billing_due_sooner(due, BILLING_DUE_INVOICE, row->remind_at);
    }

    /* The grace of what was before waits for the end of a trial. */

    if (row->late_at == 0 || row->team.state == BILLING_STATE_TRIAL) {
        return;
    }

    dunning = (billing_dunning_t) {
        .grace_days = settings->invoice_grace_days
    };

    billing_due_sooner(due, BILLING_DUE_GRACE,
                       billing_invoice_grace_at(&dunning, row->late_at));
}


billing_db_rc_t
billing_due_sweep(billing_worker_t *w, int64_t now, int64_t *next_at)
{
    char                       id[BILLING_ID_MAX + 1];
    int64_t                    until;
    unsigned                   i;
    billing_db_rc_t            rc;
    const billing_finished_t  *list;

    until = billing_clock_mono_ms() + BILLING_DUE_BUDGET_MS;

    for (i = 0; i < BILLING_CALLS_MAX; i++) {

        /* More would only wait, in memory: what has come back goes first. */

        if (billing_http_mark(w) + billing_http_finished(w, &list)
            >= BILLING_CALLS_MAX)
        {
            *next_at = now;
            return BILLING_DB_OK;
        }

        if (i % 16 == 15 && billing_clock_mono_ms() >= until) {
            break;
        }

        rc = billing_due_first(w, now, id);

        if (rc == BILLING_DB_DONE) {
            return billing_due_next(w, next_at);
        }

        if (rc == BILLING_DB_OK) {
            rc = billing_due_one(w, id, now);
        }

        if (rc != BILLING_DB_OK) {
            return rc;
        }
    }

    *next_at = BILLING_AT_ONCE;

    return BILLING_DB_OK;
}


/* A team with an open checkout is looked at when that has ended. */

static billing_db_rc_t
billing_due_first(billing_worker_t *w, int64_t now,
    char id[BILLING_ID_MAX + 1])
{
    static const char  sql[] =
        "SELECT id FROM team WHERE due_at <= $1 AND hold_seats = 0"
        " ORDER BY due_at, id LIMIT 1";

    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "i", now);

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    (void) snprintf(id, BILLING_ID_MAX + 1, "%s",
                    billing_db_text(w->db, sql, 0));
    billing_db_done(w->db, sql);

    return BILLING_DB_OK;
}


/* What cannot be done for one team must not stop the others. */

static billing_db_rc_t
billing_due_one(billing_worker_t *w, const char *id, int64_t now)
{
    static const char  push_sql[] =
        "UPDATE team SET due_at = $1 WHERE id = $2 AND due_at <= $3"
        " AND hold_seats = 0";

    billing_db_rc_t  rc;

    rc = billing_savepoint_row(w, billing_due_run, id, now);

    return rc == BILLING_DB_CONFLICT
           ? billing_db_exec(w->db, push_sql, "iti",
                             now + BILLING_DUE_AGAIN_SEC, id, now) : rc;
}


static billing_db_rc_t
billing_due_run(billing_worker_t *w, const char *id, int64_t now)
{
    billing_due_t        due;
    billing_db_rc_t      rc;
    billing_team_row_t   row;

    rc = billing_team_load(w, id, &row);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    due = billing_due_of(w->settings, &row);

    if (due.kind == BILLING_DUE_NONE || due.at > now) {
        return billing_team_store(w, &row);     /* the column was not */
    }

    return billing_due_handlers[due.kind](w, &row, due, now);
}


billing_db_rc_t
billing_due_team(billing_worker_t *w, const char *team, int64_t now)
{
    billing_due_t        due;
    billing_db_rc_t      rc;
    billing_team_row_t   row;

    rc = billing_team_load(w, team, &row);

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
    }

    due = billing_due_of(w->settings, &row);

    return row.hold_seats != 0 || due.at > now
           ? BILLING_DB_OK : billing_due_one(w, team, now);
}


static billing_db_rc_t
billing_due_late(billing_worker_t *w, billing_team_row_t *row,
    billing_due_t due, int64_t now)
{
    billing_db_rc_t     rc;
    billing_sub_step_t  step;

    (void) due;

    if (billing_sub_next(&row->team, BILLING_SUB_INVOICE_DUE, now, &step)
        != BILLING_ALLOW)
    {
        return BILLING_DB_CONFLICT;
    }

    rc = billing_bill_remind(w, row, now);

    if (rc == BILLING_DB_OK) {
        rc = billing_team_took(w, row, &step, now);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_bills_owed(w, row);
    }

    return rc == BILLING_DB_OK ? billing_team_store(w, row) : rc;
}


static billing_db_rc_t
billing_due_over(billing_worker_t *w, billing_team_row_t *row,
    billing_due_t due, int64_t now)
{
    int64_t             until_at;
    billing_db_rc_t     rc;
    billing_sub_step_t  step;

    if (billing_sub_next(&row->team, BILLING_SUB_GRACE_OVER, now, &step)
        != BILLING_ALLOW)
    {
        return BILLING_DB_CONFLICT;
    }

    until_at = due.at - (int64_t) w->settings->invoice_grace_days
                        * BILLING_DUE_DAY_SEC;

    /* With the subscription ends all that was owed for it. */

    if (step.next != row->team.state) {
        until_at = BILLING_NEVER_AT;
    }

    rc = billing_team_took(w, row, &step, now);

    if (rc == BILLING_DB_OK) {
        rc = billing_bills_give_up(w, row, until_at, now);
    }

    return rc == BILLING_DB_OK ? billing_team_store(w, row) : rc;
}


static billing_db_rc_t
billing_due_next(billing_worker_t *w, int64_t *next_at)
{
    static const char  sql[] =
        "SELECT MIN(due_at) FROM team WHERE hold_seats = 0";

    int64_t          at;
    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "");

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
    }

    at = billing_db_null(w->db, sql, 0) ? BILLING_NEVER_AT
                                        : billing_db_int(w->db, sql, 0);
    billing_db_done(w->db, sql);

    *next_at = at < *next_at ? at : *next_at;

    return BILLING_DB_OK;
}
