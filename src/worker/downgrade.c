/* The way down to Free: people keep their places, what was owed is void. */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


static billing_db_rc_t billing_freed_next(billing_worker_t *w,
    const char *team, billing_member_change_t *change,
    char email[BILLING_EMAIL_MAX + 1]);
static billing_db_rc_t billing_void_find(billing_worker_t *w,
    const char *team, char checkout[BILLING_OP_ID_LEN + 1]);
static billing_db_rc_t billing_void_credit(billing_worker_t *w,
    billing_team_row_t *row, const char *txn);


billing_db_rc_t
billing_team_freed(billing_worker_t *w, billing_team_row_t *row, int64_t now)
{
    char                      email[BILLING_EMAIL_MAX + 1];
    billing_db_rc_t           rc;
    billing_member_change_t   change;

    row->settle_at = 0;
    row->invoice_due_at = 0;
    row->overdue = false;
    billing_dunning_over(row);

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


/* The sale is booked back; a draft of it is never sent. */

billing_db_rc_t
billing_sale_void(billing_worker_t *w, billing_team_row_t *row, int64_t now)
{
    static const char  draft_sql[] =
        "UPDATE invoice_draft SET finalised = 1 WHERE team = $1"
        " AND finalised = 0";
    static const char  sql[] =
        "INSERT INTO ledger (txn, n, account, amount_minor, currency, at,"
        " ref) SELECT $1, n, account, -amount_minor, currency, $2, ref"
        " FROM ledger WHERE txn = $3 AND account <> 'accrued'"
        " AND account NOT LIKE 'unbilled:%'";

    char             checkout[BILLING_OP_ID_LEN + 1];
    char             txn[BILLING_OP_ID_LEN + 8];
    char             back[BILLING_OP_ID_LEN + 8];
    billing_db_rc_t  rc;

    rc = billing_db_exec(w->db, draft_sql, "t", row->id);

    if (rc == BILLING_DB_OK) {
        rc = billing_void_find(w, row->id, checkout);
    }

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
    }

    (void) snprintf(txn, sizeof(txn), "%s-sale", checkout);
    (void) snprintf(back, sizeof(back), "%s-void", checkout);

    rc = billing_void_credit(w, row, txn);

    return rc == BILLING_DB_OK
           ? billing_db_exec(w->db, sql, "tit", back, now, txn) : rc;
}


static billing_db_rc_t
billing_void_find(billing_worker_t *w, const char *team,
    char checkout[BILLING_OP_ID_LEN + 1])
{
    static const char  sql[] =
        "SELECT id FROM checkout WHERE team = $1 AND state = 'succeeded'"
        " AND purpose IN ('purchase', 'yearly', 'reactivate')"
        " ORDER BY ended_at DESC, started_at DESC LIMIT 1";

    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "t", team);

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    (void) snprintf(checkout, BILLING_OP_ID_LEN + 1, "%s",
                    billing_db_text(w->db, sql, 0));
    billing_db_done(w->db, sql);

    return BILLING_DB_OK;
}


/* What the balance paid of it is the balance's again. */

static billing_db_rc_t
billing_void_credit(billing_worker_t *w, billing_team_row_t *row,
    const char *txn)
{
    static const char  sql[] =
        "SELECT COALESCE(SUM(amount_minor), 0) FROM ledger WHERE txn = $1"
        " AND account = $2";

    char             account[BILLING_ID_MAX + 16];
    billing_db_rc_t  rc;

    (void) snprintf(account, sizeof(account), "credit:%s", row->id);
    rc = billing_db_query(w->db, sql, "tt", txn, account);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
    }

    row->team.credit.minor += billing_db_int(w->db, sql, 0);
    billing_db_done(w->db, sql);

    return row->team.credit.minor < 0 ? BILLING_DB_CONFLICT : BILLING_DB_OK;
}
