/*
 * The row redis_mark: which Redis holds our records, under which epoch, and
 * the last command that came from it.  Only to notice loss by: it is never a
 * reason to pass over an entry.
 */

#include <stdio.h>

#include "billing_infra.h"


billing_db_rc_t
billing_redis_mark_load(billing_worker_t *w)
{
    billing_db_rc_t        rc;
    billing_redis_mark_t  *mark = &billing_infra(w)->mark;
    static const char      sql[] =
        "SELECT epoch, run_id, last_id, COALESCE((SELECT value FROM meta"
        " WHERE name = 'record_ground'), 0) FROM redis_mark WHERE id = 1";

    rc = billing_db_query(w->db, sql, "");
    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    mark->epoch = (uint64_t) billing_db_int(w->db, sql, 0);
    (void) snprintf(mark->run_id, sizeof(mark->run_id), "%s",
                    billing_db_text(w->db, sql, 1));
    (void) snprintf(mark->last_id, sizeof(mark->last_id), "%s",
                    billing_db_text(w->db, sql, 2));
    mark->ground = billing_db_int(w->db, sql, 3);
    billing_db_done(w->db, sql);

    w->record_epoch = mark->epoch;

    return BILLING_DB_OK;
}


/* In a transaction of its own: records of the new epoch follow it at once. */

billing_db_rc_t
billing_redis_mark_store(billing_worker_t *w, uint64_t epoch,
    const char *run_id)
{
    int64_t                ground;
    billing_db_rc_t        rc;
    billing_redis_mark_t  *mark = &billing_infra(w)->mark;
    static const char      sql[] =
        "UPDATE redis_mark SET epoch = $1, run_id = $2 WHERE id = 1";
    static const char      ground_sql[] =
        "INSERT INTO meta (name, value) VALUES ('record_ground', $1)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value";

    ground = billing_record_ground(w->settings);

    rc = billing_db_begin(w->db);
    rc = (rc == BILLING_DB_OK) ? billing_lease_fence(w) : rc;
    rc = (rc == BILLING_DB_OK)
         ? billing_db_exec(w->db, sql, "it", (int64_t) epoch, run_id) : rc;
    rc = (rc == BILLING_DB_OK)
         ? billing_db_exec(w->db, ground_sql, "i", ground) : rc;
    rc = (rc == BILLING_DB_OK) ? billing_db_commit(w->db) : rc;

    if (rc == BILLING_DB_OK) {
        billing_lease_committed(w);
        w->record_epoch = epoch;
        mark->epoch = epoch;
        mark->ground = ground;
        (void) snprintf(mark->run_id, sizeof(mark->run_id), "%s", run_id);
    }

    billing_db_rollback(w->db);

    return rc;
}


billing_db_rc_t
billing_redis_mark_move(billing_worker_t *w, const char *entry_id)
{
    billing_db_rc_t        rc;
    billing_redis_mark_t  *mark = &billing_infra(w)->mark;
    static const char      sql[] =
        "UPDATE redis_mark SET last_id = $1 WHERE id = 1";

    /* Nothing could come after the last one. */

    if (billing_entry_id_compare(entry_id, mark->last_id) <= 0
        || billing_entry_id_is_last(entry_id))
    {
        return BILLING_DB_OK;
    }

    rc = billing_db_later(w->db, sql, "t", entry_id);
    if (rc == BILLING_DB_OK) {
        (void) snprintf(mark->last_id, sizeof(mark->last_id), "%s", entry_id);
    }

    return rc;
}
