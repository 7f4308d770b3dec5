/*
 * Command rows looked at from outside, and their end after 30 days; how often
 * the execution of an entry was begun.
 */

#include <stdio.h>
#include <string.h>

#include "billing_infra.h"

#define BILLING_RETENTION_ROWS  500


billing_db_rc_t
billing_command_lookup(billing_worker_t *w, const char *op, const char *actor,
    billing_command_row_t *row)
{
    billing_db_rc_t    rc;
    static const char  sql[] =
        "SELECT state, kind, team, status, problem, body FROM command"
        " WHERE op = $1 AND actor = $2";

    memset(row, 0, sizeof(*row));

    rc = billing_db_query(w->db, sql, "tt", op, actor);
    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    row->done = strcmp(billing_db_text(w->db, sql, 0), "done") == 0;
    row->retry = strcmp(billing_db_text(w->db, sql, 0), "retry") == 0;
    (void) snprintf(row->kind, sizeof(row->kind), "%s",
                    billing_db_text(w->db, sql, 1));
    (void) snprintf(row->team, sizeof(row->team), "%s",
                    billing_db_text(w->db, sql, 2));

    if (row->done) {
        row->status = (unsigned) billing_db_int(w->db, sql, 3);
        row->problem = billing_db_int(w->db, sql, 4) != 0;
        row->body = json_loads(billing_db_text(w->db, sql, 5), 0, NULL);
    }

    billing_db_done(w->db, sql);

    return BILLING_DB_ROW;
}


/*
 * A key is remembered for 30 days, a purchase that succeeded for ever; some
 * rows at a time, so that nobody waits behind it.
 */

billing_db_rc_t
billing_command_retention(billing_worker_t *w, int64_t now)
{
    static const char  sql[] =
        "DELETE FROM command WHERE op IN (SELECT op FROM command"
        " WHERE state <> 'open' AND finished_at < $1"
        " AND NOT (kind IN ('upgrade.buy', 'upgrade.resume')"
        " AND status BETWEEN 200 AND 299) LIMIT $2)";

    return billing_db_exec(w->db, sql, "ii", now - BILLING_RETENTION_SEC,
                           (int64_t) BILLING_RETENTION_ROWS);
}


/* --- entries that come back ----------------------------------------------- */


/*
 * Redis counts what it gave away, lost connections too.  Here only what was
 * begun counts: the row is committed first and goes with the execution, so it
 * stays when the process ends in between.
 */

static const char *
billing_command_tries(const billing_entry_t *entry,
    char name[BILLING_ENTRY_ID_MAX + 8])
{
    (void) snprintf(name, BILLING_ENTRY_ID_MAX + 8, "tries %s", entry->id);

    return name;
}


billing_db_rc_t
billing_command_begin(billing_worker_t *w, billing_entry_t *entry)
{
    char             name[BILLING_ENTRY_ID_MAX + 8];
    int64_t          tries = 0;
    billing_db_rc_t  rc;

    (void) billing_command_tries(entry, name);

    rc = billing_db_begin(w->db);
    rc = (rc == BILLING_DB_OK) ? billing_lease_fence(w) : rc;

    if (rc == BILLING_DB_OK) {
        rc = billing_db_meta_get(w->db, name, &tries);
        rc = (rc == BILLING_DB_DONE) ? BILLING_DB_OK : rc;
    }

    rc = (rc == BILLING_DB_OK)
         ? billing_db_meta_set(w->db, name, tries + 1) : rc;
    rc = (rc == BILLING_DB_OK) ? billing_db_commit(w->db) : rc;

    if (rc == BILLING_DB_OK) {
        billing_lease_committed(w);
    }

    billing_db_rollback(w->db);

    /* The first two deliveries were not written down. */

    if (entry->deliveries > (uint64_t) tries + 2) {
        entry->deliveries = (uint32_t) (tries + 2);
    }

    /* The turn finds the full disk by itself. */

    return (rc == BILLING_DB_FULL) ? BILLING_DB_OK : rc;
}


billing_db_rc_t
billing_command_ended(billing_worker_t *w, const billing_entry_t *entry)
{
    char               name[BILLING_ENTRY_ID_MAX + 8];
    static const char  sql[] = "DELETE FROM meta WHERE name = $1";

    if (entry->deliveries <= 1) {
        return BILLING_DB_OK;
    }

    return billing_db_exec(w->db, sql, "t",
                           billing_command_tries(entry, name));
}
