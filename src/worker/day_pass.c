/*
 * Day Passes: rows that are written when somebody begins to edit, and billed
 * in arrears with what the team pays next.
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


billing_db_rc_t
billing_pass_last(billing_worker_t *w, const char *team, const char *email,
    billing_pass_row_t *pass)
{
    static const char  sql[] =
        "SELECT n, started_at, ends_at FROM day_pass WHERE team ="
        " (SELECT account FROM team WHERE id = $1)"
        " AND email = $2 ORDER BY n DESC LIMIT 1";

    billing_db_rc_t  rc;

    memset(pass, 0, sizeof(*pass));
    rc = billing_db_query(w->db, sql, "tt", team, email);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
    }

    pass->n = billing_db_int(w->db, sql, 0);
    pass->started_at = billing_db_int(w->db, sql, 1);
    pass->ends_at = billing_db_int(w->db, sql, 2);
    billing_db_done(w->db, sql);

    return BILLING_DB_OK;
}


billing_db_rc_t
billing_pass_begin(billing_worker_t *w, const billing_pass_new_t *pass)
{
    static const char  sql[] =
        "INSERT INTO day_pass (team, email, n, started_at, ends_at,"
        " price_minor, currency) VALUES ($1, $2, $3, $4, $5, $6, $7)"
        " ON CONFLICT (team, email, n) DO NOTHING";

    billing_db_rc_t  rc;

    rc = billing_db_exec(w->db, sql, "ttiiiit", pass->team, pass->email,
                         pass->n, pass->now, pass->ends_at,
                         pass->price.minor,
                         billing_currency_code(pass->price.currency));

    return rc == BILLING_DB_OK && billing_db_changes(w->db) == 0
           ? BILLING_DB_DONE : rc;
}


/* It serves in all teams of the account: each one's gate is told. */

billing_db_rc_t
billing_pass_publish(billing_worker_t *w, const char *account,
    const char *email, int64_t now)
{
    static const char  sql[] =
        "SELECT m.team, m.roles FROM member m JOIN team t ON t.id = m.team"
        " WHERE t.account = $1 AND m.email = $2 AND m.roles <> 0"
        " AND m.team > $3 ORDER BY m.team LIMIT 1";

    char                      team[BILLING_ID_MAX + 1] = "";
    billing_db_rc_t           rc;
    billing_member_change_t   change;

    for ( ;; ) {
        rc = billing_db_query(w->db, sql, "ttt", account, email, team);

        if (rc != BILLING_DB_ROW) {
            return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
        }

        billing_copy(team, sizeof(team), billing_db_text(w->db, sql, 0));
        change = (billing_member_change_t) {
            .team = team, .email = email, .now = now,
            .roles = (uint32_t) billing_db_int(w->db, sql, 1)
        };
        billing_db_done(w->db, sql);

        rc = billing_member_store(w, &change);

        if (rc != BILLING_DB_OK) {
            return rc;
        }
    }
}


/* Each that is done is off the list. */

billing_db_rc_t
billing_occasional_seated(billing_worker_t *w, const char *account,
    const char *email)
{
    static const char  sql[] =
        "SELECT m.team, m.email, m.roles, m.joined_at FROM member m"
        " JOIN team t ON t.id = m.team WHERE t.account = $1"
        " AND m.email = $2 AND (m.roles & $3) <> 0 LIMIT 1";

    billing_db_rc_t      rc;
    billing_person_t     person;
    billing_team_row_t   row;

    for ( ;; ) {
        rc = billing_db_query(w->db, sql, "tti", account, email,
                              (int64_t) BILLING_ROLE_OCCASIONAL);

        if (rc != BILLING_DB_ROW) {
            return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
        }

        billing_person_read(w->db, sql, &person);
        person.change.roles = billing_roles_united(person.change.roles,
                                             (uint32_t) BILLING_ROLE_MEMBER);
        rc = billing_member_store(w, &person.change);

        if (rc == BILLING_DB_OK) {
            rc = billing_team_load(w, person.team, &row);
        }

        if (rc == BILLING_DB_OK) {
            rc = billing_team_store(w, &row);
        }

        if (rc != BILLING_DB_OK) {
            return rc;
        }
    }
}


/* More prices than a bill has room for wait for the next one. */

billing_db_rc_t
billing_passes_load(billing_worker_t *w, billing_team_row_t *row)
{
    static const char  sql[] =
        "SELECT price_minor, COUNT(*) FROM day_pass WHERE team = $1"
        " AND billed = 0 AND checkout = '' GROUP BY price_minor"
        " ORDER BY price_minor LIMIT $2";

    billing_db_rc_t    rc;
    billing_team_t    *team;
    billing_passes_t  *passes;

    team = &row->team;
    team->npasses = 0;

    rc = billing_db_query(w->db, sql, "ti", row->id,
                          (int64_t) BILLING_PASSES_MAX);

    while (rc == BILLING_DB_ROW) {
        passes = &team->passes[team->npasses++];
        passes->unit = (billing_money_t) {
            billing_db_int(w->db, sql, 0), team->paid.currency
        };
        passes->quantity = (uint32_t) billing_db_int(w->db, sql, 1);
        rc = billing_db_next(w->db, sql);
    }

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}


/* Exactly those that were priced, or none of it happens. */

billing_db_rc_t
billing_passes_reserve(billing_worker_t *w, const billing_checkout_t *co)
{
    static const char  sql[] =
        "UPDATE day_pass SET checkout = $1 WHERE team = $2"
        " AND billed = 0 AND checkout = '' AND price_minor = $3";

    uint32_t               i;
    billing_db_rc_t        rc;
    const billing_line_t  *line;

    for (i = 0; i < co->quote.nlines; i++) {
        line = &co->quote.lines[i];

        if (line->kind != BILLING_LINE_DAY_PASS) {
            continue;
        }

        rc = billing_db_exec(w->db, sql, "tti", co->id, co->team,
                             line->unit.minor);

        if (rc != BILLING_DB_OK) {
            return rc;
        }

        if (billing_db_changes(w->db) != (int64_t) line->quantity) {
            billing_log("ALERT: checkout %s bills Day Passes that are not"
                        " there", co->id);
            return BILLING_DB_CONFLICT;
        }
    }

    return BILLING_DB_OK;
}


billing_db_rc_t
billing_passes_release(billing_worker_t *w, const char *checkout)
{
    static const char  sql[] =
        "UPDATE day_pass SET checkout = '' WHERE checkout = $1"
        " AND billed = 0";

    return billing_db_exec(w->db, sql, "t", checkout);
}


billing_db_rc_t
billing_passes_billed(billing_worker_t *w, const billing_checkout_t *co)
{
    static const char  sql[] =
        "UPDATE day_pass SET billed = 1 WHERE checkout = $1";

    for (uint32_t i = 0; i < co->quote.nlines; i++) {
        if (co->quote.lines[i].kind == BILLING_LINE_DAY_PASS) {
            return billing_db_later(w->db, sql, "t", co->id);
        }
    }

    return BILLING_DB_OK;
}


billing_db_rc_t
billing_passes_void(billing_worker_t *w, const billing_bill_t *bill,
    int64_t now)
{
    static const char  sum_sql[] =
        "SELECT COALESCE(SUM(price_minor), 0) FROM day_pass"
        " WHERE checkout = $1 AND billed = 1";
    static const char  sql[] =
        "UPDATE day_pass SET checkout = '', billed = 0 WHERE checkout = $1";

    char               txn[BILLING_OP_ID_LEN + 8];
    billing_money_t    owed;
    billing_db_rc_t    rc;
    billing_posting_t  posting;

    rc = billing_db_query(w->db, sum_sql, "t", bill->id);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_FATAL : rc;
    }

    owed = (billing_money_t) {
        billing_db_int(w->db, sum_sql, 0), bill->invoice.total.currency
    };
    billing_db_done(w->db, sum_sql);

    if (owed.minor == 0) {
        return BILLING_DB_OK;
    }

    (void) snprintf(txn, sizeof(txn), "%s-passes", bill->id);
    posting = (billing_posting_t) { .txn = txn, .ref = bill->id, .at = now };
    billing_posting_passes(&posting, bill->team, owed);

    rc = billing_ledger_post(w, &posting);

    return rc == BILLING_DB_OK ? billing_db_exec(w->db, sql, "t", bill->id)
                               : rc;
}


billing_db_rc_t
billing_passes_waive(billing_worker_t *w, billing_team_row_t *account,
    int64_t now)
{
    static const char  sql[] =
        "UPDATE day_pass SET billed = $1 WHERE team = $2 AND billed = 0";

    char                   txn[BILLING_ID_MAX + 40];
    billing_money_t        waived = account->team.credit;
    billing_db_rc_t        rc;
    billing_posting_t      posting;
    billing_passes_sum_t   sum;

    rc = billing_passes_sum(w, account->id, &sum);

    if (rc != BILLING_DB_OK || sum.n == 0) {
        return rc;
    }

    account->team.npasses = 0;
    waived.minor = -sum.minor;
    (void) snprintf(txn, sizeof(txn), "%s-%llu-passes-waived", account->id,
                    (unsigned long long) account->team.version);
    posting = (billing_posting_t) {
        .txn = txn, .ref = account->id, .at = now
    };
    billing_posting_passes(&posting, account->id, waived);

    rc = billing_ledger_post(w, &posting);

    return rc == BILLING_DB_OK
           ? billing_db_exec(w->db, sql, "it",
                             (int64_t) BILLING_PASS_GIVEN_UP, account->id)
           : rc;
}


billing_db_rc_t
billing_passes_sum(billing_worker_t *w, const char *team,
    billing_passes_sum_t *sum)
{
    static const char  sql[] =
        "SELECT COUNT(*), COALESCE(SUM(price_minor), 0) FROM day_pass"
        " WHERE team = $1 AND billed = 0";

    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "t", team);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_FATAL : rc;
    }

    sum->n = billing_db_int(w->db, sql, 0);
    sum->minor = billing_db_int(w->db, sql, 1);
    billing_db_done(w->db, sql);

    return BILLING_DB_OK;
}
