/* The way down to Free: people keep their places, what was owed is given up. */

#include "billing_business.h"


billing_db_rc_t
billing_team_closes(billing_worker_t *w, const billing_team_row_t *row)
{
    static const char  sql[] = "UPDATE team SET once_paid = 1 WHERE id = $1";

    return row->team.ever_paid ? billing_db_exec(w->db, sql, "t", row->id)
                               : BILLING_DB_OK;
}


/* Its people are seen to when the row is written (R189, R190). */

billing_db_rc_t
billing_team_freed(billing_worker_t *w, billing_team_row_t *row, int64_t now)
{
    row->settle_at = 0;
    billing_dunning_over(row);

    return billing_bills_give_up(w, row, BILLING_NEVER_AT, now);
}
