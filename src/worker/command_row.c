/* Command rows looked at from outside, and their end after 30 days. */

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
