/*
 * A savepoint covers two places: the database, and the lists of what will be
 * done after the commit.  Both go back together.
 */

#include "billing_infra.h"


billing_mark_t
billing_mark(const billing_worker_t *w)
{
    return (billing_mark_t) {
        .outbox = billing_outbox_mark(w),
        .calls = billing_http_mark(w),
        .answers = billing_answers_mark(w),
        .clock_offset_sec = w->clock_offset_sec
    };
}


void
billing_mark_undo(billing_worker_t *w, const billing_mark_t *mark)
{
    billing_outbox_undo(w, mark->outbox);
    billing_http_undo(w, mark->calls);
    billing_answers_undo(w, mark->answers);
    w->clock_offset_sec = mark->clock_offset_sec;
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
