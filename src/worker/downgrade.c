/* The way down to Free: people keep their places, what was owed is given up. */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


static billing_db_rc_t billing_freed_next(billing_worker_t *w,
    const char *team, billing_member_change_t *change,
    char email[BILLING_EMAIL_MAX + 1]);


billing_db_rc_t
billing_team_closes(billing_worker_t *w, const billing_team_row_t *row)
{
    static const char  sql[] = "UPDATE team SET once_paid = 1 WHERE id = $1";

    return row->team.ever_paid ? billing_db_exec(w->db, sql, "t", row->id)
                               : BILLING_DB_OK;
}


billing_db_rc_t
billing_team_freed(billing_worker_t *w, billing_team_row_t *row, int64_t now)
{
    char                      email[BILLING_EMAIL_MAX + 1];
    billing_db_rc_t           rc;
    billing_member_change_t   change;

    row->settle_at = 0;
    billing_dunning_over(row);

    rc = billing_bills_give_up(w, row, BILLING_NEVER_AT, now);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    for ( ;; ) {
        rc = billing_freed_next(w, row->id, &change, email);

        if (rc != BILLING_DB_OK) {
            break;
        }

        change.now = now;
        rc = billing_member_store(w, &change);

        if (rc != BILLING_DB_OK) {
            return rc;
        }
    }

    if (rc != BILLING_DB_DONE) {
        return rc;
    }

    /* Guests are members now and count (R190). */

    return billing_member_count(w, row->id, (uint32_t) BILLING_ROLE_MEMBER,
                                &row->team.members, NULL);
}


/* One whose roles Free does not have; each change takes it off the list. */

static billing_db_rc_t
billing_freed_next(billing_worker_t *w, const char *team,
    billing_member_change_t *change, char email[BILLING_EMAIL_MAX + 1])
{
    static const char  sql[] =
        "SELECT email, roles FROM member WHERE team = $1"
        " AND (roles & $2) <> 0 LIMIT 1";

    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "ti", team,
                          (int64_t) (BILLING_ROLE_GUEST
                                     | BILLING_ROLE_RESTRICTED
                                     | BILLING_ROLE_COMPANY_ADMIN));

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    (void) snprintf(email, BILLING_EMAIL_MAX + 1, "%s",
                    billing_db_text(w->db, sql, 0));

    *change = (billing_member_change_t) {
        .team = team, .email = email,
        .roles = billing_roles_on_free(
                     (uint32_t) billing_db_int(w->db, sql, 1))
    };

    billing_db_done(w->db, sql);

    return BILLING_DB_OK;
}
