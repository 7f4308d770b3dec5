/*
 * A savepoint covers two places: the database, and the lists of what will be
 * done after the commit.  Both go back together.
 */

#include <string.h>

#include "billing_infra.h"
#include "billing_security.h"


billing_mark_t
billing_mark(const billing_worker_t *w)
{
    billing_mark_t  mark = {
        .outbox = billing_outbox_mark(w),
        .calls = billing_http_mark(w),
        .answers = billing_answers_mark(w),
        .security = billing_security_mark(w),
        .clock_offset_sec = w->clock_offset_sec,
        .chain_no = w->chain.no
    };

    memcpy(mark.last_id, billing_infra(w)->mark.last_id, sizeof(mark.last_id));

    return mark;
}


void
billing_mark_undo(billing_worker_t *w, const billing_mark_t *mark)
{
    billing_outbox_undo(w, mark->outbox);
    billing_http_undo(w, mark->calls);
    billing_answers_undo(w, mark->answers);
    billing_security_undo(w, mark->security);
    w->clock_offset_sec = mark->clock_offset_sec;

    if (w->chain.no != mark->chain_no) {
        w->chain = (billing_chain_t) { .no = -1 };
    }

    memcpy(billing_infra(w)->mark.last_id, mark->last_id,
           sizeof(mark->last_id));
}


billing_db_rc_t
billing_savepoint(billing_worker_t *w, billing_mark_t *mark)
{
    *mark = billing_mark(w);

    return billing_db_savepoint(w->db);
}


void
billing_savepoint_undo(billing_worker_t *w, const billing_mark_t *mark)
{
    billing_db_undo(w->db);
    billing_mark_undo(w, mark);
}


/* What contradicts the database is undone; the rest of the turn goes on. */

billing_db_rc_t
billing_savepoint_end(billing_worker_t *w, const billing_mark_t *mark,
    billing_db_rc_t rc)
{
    rc = (rc == BILLING_DB_OK) ? billing_db_settle(w->db) : rc;

    if (rc == BILLING_DB_FATAL || rc == BILLING_DB_FULL) {
        return rc;
    }

    if (rc == BILLING_DB_UNMADE) {
        w->unmade++;
    }

    if (rc != BILLING_DB_OK) {
        billing_savepoint_undo(w, mark);
        return BILLING_DB_CONFLICT;
    }

    return billing_db_release(w->db);
}


billing_db_rc_t
billing_savepoint_unmade(billing_worker_t *w)
{
    static const char  sql[] =
        "INSERT INTO meta (name, value) VALUES ('unmade', $1)"
        " ON CONFLICT (name) DO UPDATE SET value = meta.value + $2";

    return w->unmade == 0 ? BILLING_DB_OK
                          : billing_db_exec(w->db, sql, "ii", w->unmade,
                                            w->unmade);
}


billing_db_rc_t
billing_savepoint_row(billing_worker_t *w, billing_row_pt run, const char *id,
    int64_t at)
{
    billing_mark_t   mark;
    billing_db_rc_t  rc;

    rc = billing_savepoint(w, &mark);
    if (rc != BILLING_DB_OK) {
        return rc;
    }

    rc = billing_savepoint_end(w, &mark, run(w, id, at));

    if (rc == BILLING_DB_CONFLICT) {
        billing_log("ALERT: %s contradicts the database: put off", id);
    }

    return rc;
}
