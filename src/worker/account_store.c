/*
 * What a change of the account's row means for the teams inside it and for the
 * people of all of them.
 */

#include "billing_business.h"


static billing_db_rc_t billing_account_widen(billing_worker_t *w,
    const char *account);
static billing_db_rc_t billing_account_admin(billing_worker_t *w,
    const char *account, billing_person_t *person);


billing_db_rc_t
billing_account_stored(billing_worker_t *w, const billing_team_row_t *row,
    billing_plan_t was)
{
    bool             company;
    billing_db_rc_t  rc;
    billing_plan_t   plan;

    rc = BILLING_DB_OK;
    plan = row->team.plan;
    company = billing_plan_company(plan);

    if (company && !billing_plan_company(was)) {
        rc = billing_account_widen(w, row->id);
    }

    /* One team is left of a company, and nobody is a guest on Free. */

    if (!company && (billing_plan_company(was)
                     || (plan == BILLING_PLAN_FREE && was != plan)))
    {
        rc = billing_account_merge(w, row);
    }

    return rc == BILLING_DB_OK ? billing_account_mirror(w, row->id) : rc;
}


/* Else nobody could administrate the company (R209). */

static billing_db_rc_t
billing_account_widen(billing_worker_t *w, const char *account)
{
    billing_db_rc_t   rc;
    billing_person_t  person;

    for ( ;; ) {
        rc = billing_account_admin(w, account, &person);

        if (rc != BILLING_DB_OK) {
            return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
        }

        person.change.roles = billing_roles_on_company(person.change.roles);
        rc = billing_member_store(w, &person.change);

        if (rc != BILLING_DB_OK) {
            return rc;
        }
    }
}


/* One that is not there yet; each change takes it off the list. */

static billing_db_rc_t
billing_account_admin(billing_worker_t *w, const char *account,
    billing_person_t *person)
{
    static const char  sql[] =
        "SELECT m.team, m.email, m.roles, m.joined_at FROM member m"
        " JOIN team t ON t.id = m.team WHERE t.account = $1"
        " AND (m.roles & $2) <> 0 AND (m.roles & $3) = 0 LIMIT 1";

    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "tii", account,
                          (int64_t) BILLING_ROLE_TEAM_ADMIN,
                          (int64_t) BILLING_ROLE_COMPANY_ADMIN);

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    billing_person_read(w->db, sql, person);

    return BILLING_DB_OK;
}


void
billing_person_read(billing_db_t *db, const char *sql,
    billing_person_t *person)
{
    billing_copy(person->team, sizeof(person->team),
                 billing_db_text(db, sql, 0));
    billing_copy(person->email, sizeof(person->email),
                 billing_db_text(db, sql, 1));

    person->change = (billing_member_change_t) {
        .team = person->team, .email = person->email,
        .roles = (uint32_t) billing_db_int(db, sql, 2),
        .now = billing_db_int(db, sql, 3)
    };

    billing_db_done(db, sql);
}


/* What the gate, the sidebar and the notices read; nothing of the money. */

billing_db_rc_t
billing_account_mirror(billing_worker_t *w, const char *account)
{
    static const char  sql[] =
        "UPDATE team SET version = version + 1, (plan, state, period,"
        " method, seats, hold_seats, anchor_at, period_start_at,"
        " period_end_at, auto_renew, scheduled_plan, invoice_open,"
        " invoice_due_at, remind_at, late_at, overdue, retry_at, failed,"
        " passes_off)"
        " = (SELECT h.plan, h.state, h.period, h.method, h.seats,"
        " h.hold_seats, h.anchor_at, h.period_start_at, h.period_end_at,"
        " h.auto_renew, h.scheduled_plan, h.invoice_open, h.invoice_due_at,"
        " h.remind_at, h.late_at, h.overdue, h.retry_at, h.failed,"
        " h.passes_off"
        " FROM team h WHERE h.id = team.account)"
        " WHERE account = $1 AND id <> account AND gone = 0"
        " AND NOT EXISTS (SELECT 1 FROM team h WHERE h.id = team.account"
        " AND h.plan = team.plan AND h.state = team.state"
        " AND h.period = team.period AND h.method = team.method"
        " AND h.seats = team.seats AND h.hold_seats = team.hold_seats"
        " AND h.anchor_at = team.anchor_at"
        " AND h.passes_off = team.passes_off"
        " AND h.period_start_at = team.period_start_at"
        " AND h.period_end_at = team.period_end_at"
        " AND h.auto_renew = team.auto_renew"
        " AND h.scheduled_plan = team.scheduled_plan"
        " AND h.invoice_open = team.invoice_open"
        " AND h.invoice_due_at = team.invoice_due_at"
        " AND h.remind_at = team.remind_at"
        " AND h.late_at = team.late_at AND h.overdue = team.overdue"
        " AND h.retry_at = team.retry_at"
        " AND h.failed = team.failed)"
        " RETURNING id";

    return billing_account_publish(w, sql, account);
}


billing_db_rc_t
billing_account_publish(billing_worker_t *w, const char *sql,
    const char *account)
{
    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "t", account);

    while (rc == BILLING_DB_ROW) {
        rc = billing_outbox_team(w, billing_db_text(w->db, sql, 0));

        if (rc == BILLING_DB_OK) {
            rc = billing_db_next(w->db, sql);
        }
    }

    billing_db_done(w->db, sql);

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}


billing_db_rc_t
billing_company_role(billing_worker_t *w, const char *account,
    const char *email, uint32_t roles)
{
    static const char  seat_sql[] =
        "UPDATE seat SET roles = $1 WHERE account = $2 AND email = $3";
    static const char  sql[] =
        "UPDATE member SET roles = (roles & $1) | $2, version = version + 1"
        " WHERE email = $3 AND roles <> 0 AND team IN"
        " (SELECT id FROM team WHERE account = $4) RETURNING team";

    billing_db_rc_t  rc;

    rc = billing_db_exec(w->db, seat_sql, "itt", (int64_t) roles, account,
                         email);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    rc = billing_db_query(w->db, sql, "iitt", (int64_t) BILLING_ROLES_ONE_TEAM,
                          (int64_t) roles, email, account);

    while (rc == BILLING_DB_ROW) {
        rc = billing_member_changed(w, billing_db_text(w->db, sql, 0), email);

        if (rc == BILLING_DB_OK) {
            rc = billing_db_next(w->db, sql);
        }
    }

    billing_db_done(w->db, sql);

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}
