/*
 * The account: which row holds a team's subscription, and what people are in
 * the whole of it.
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


static billing_db_rc_t billing_account_rows(billing_worker_t *w,
    const char *account, const char *email, uint32_t *roles);


bool
billing_account_own(const billing_team_row_t *row)
{
    return row->account[0] == '\0' || strcmp(row->account, row->id) == 0;
}


billing_db_rc_t
billing_account_load(billing_worker_t *w, const billing_team_row_t *row,
    billing_team_row_t *account)
{
    billing_db_rc_t  rc;

    if (billing_account_own(row)) {
        *account = *row;
        return BILLING_DB_OK;
    }

    rc = billing_team_load(w, row->account, account);

    return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
}


billing_db_rc_t
billing_op_account(billing_op_t *op, billing_team_row_t *row,
    uint32_t *roles)
{
    billing_db_rc_t      rc;
    billing_team_row_t   asked;

    rc = billing_op_enter(op, billing_op_text(op, "team"), &asked, roles);

    if (rc == BILLING_DB_OK) {
        rc = billing_account_load(op->w, &asked, row);
    }

    return rc == BILLING_DB_OK
           ? billing_account_roles(op->w, row, op->command->actor, roles)
           : rc;
}


billing_db_rc_t
billing_actor_roles(billing_worker_t *w, const billing_team_row_t *row,
    const char *email, uint32_t *roles)
{
    bool             held;
    uint32_t         company;
    billing_db_rc_t  rc;

    rc = billing_member_roles(w, row->id, email, roles);

    if (rc != BILLING_DB_OK || !billing_plan_company(row->team.plan)) {
        return rc;
    }

    rc = billing_seat_held(w, row->account, email, &held, &company);
    *roles |= company;

    return rc;
}


billing_db_rc_t
billing_account_roles(billing_worker_t *w, const billing_team_row_t *row,
    const char *email, uint32_t *roles)
{
    billing_db_rc_t  rc;
    uint32_t         elsewhere;

    rc = billing_actor_roles(w, row, email, roles);

    if (rc != BILLING_DB_OK || !billing_plan_company(row->team.plan)) {
        return rc;
    }

    rc = billing_account_rows(w, row->account, email, &elsewhere);
    *roles = billing_roles_united(*roles, elsewhere);

    return rc;
}


static billing_db_rc_t
billing_account_rows(billing_worker_t *w, const char *account,
    const char *email, uint32_t *roles)
{
    static const char  sql[] =
        "SELECT m.roles FROM member m JOIN team t ON t.id = m.team"
        " WHERE t.account = $1 AND m.email = $2 AND m.roles <> 0";

    billing_db_rc_t  rc;

    *roles = 0;
    rc = billing_db_query(w->db, sql, "tt", account, email);

    while (rc == BILLING_DB_ROW) {
        *roles |= (uint32_t) billing_db_int(w->db, sql, 0);
        rc = billing_db_next(w->db, sql);
    }

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}


billing_db_rc_t
billing_account_count(billing_worker_t *w, const char *account,
    uint32_t roles, uint32_t *n, char first[BILLING_EMAIL_MAX + 1])
{
    static const char  sql[] =
        "SELECT COUNT(*), COALESCE(MIN(p.email), '') FROM"
        " (SELECT m.email FROM member m JOIN team t ON t.id = m.team"
        " WHERE t.account = $1 AND (m.roles & $2) <> 0"
        " UNION SELECT email FROM seat"
        " WHERE account = $3 AND (roles & $4) <> 0) AS p";

    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "titi", account, (int64_t) roles,
                          account, (int64_t) roles);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_FATAL : rc;
    }

    *n = (uint32_t) billing_db_int(w->db, sql, 0);

    if (first != NULL) {
        billing_copy(first, BILLING_EMAIL_MAX + 1,
                     billing_db_text(w->db, sql, 1));
    }

    billing_db_done(w->db, sql);

    return BILLING_DB_OK;
}


billing_db_rc_t
billing_account_admins(billing_worker_t *w, const billing_team_row_t *row,
    const char *email, billing_person_ask_t *ask)
{
    static const char  sql[] =
        "SELECT COUNT(*) FROM member m JOIN team t ON t.id = m.team"
        " WHERE t.account = $1 AND m.email = $2 AND m.roles <> 0";

    billing_db_rc_t  rc;

    rc = billing_member_count(w, row->id, BILLING_ROLES_ADMIN, &ask->admins,
                              NULL);

    if (rc == BILLING_DB_OK) {
        rc = billing_account_count(w, row->account,
                 (uint32_t) BILLING_ROLE_COMPANY_ADMIN, &ask->company_admins,
                 NULL);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_db_query(w->db, sql, "tt", row->account, email);
    }

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_FATAL : rc;
    }

    ask->teams = (uint32_t) billing_db_int(w->db, sql, 0);
    billing_db_done(w->db, sql);

    return BILLING_DB_OK;
}


billing_db_rc_t
billing_account_teams(billing_worker_t *w, const char *account, uint32_t *n)
{
    static const char  sql[] =
        "SELECT COUNT(*) FROM team WHERE account = $1 AND gone = 0";

    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "t", account);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_FATAL : rc;
    }

    *n = (uint32_t) billing_db_int(w->db, sql, 0);
    billing_db_done(w->db, sql);

    return BILLING_DB_OK;
}


billing_db_rc_t
billing_account_json(billing_worker_t *w, const billing_team_row_t *row,
    json_t **out, uint32_t *teams)
{
    static const char  sql[] =
        "SELECT id, name, members, (SELECT COUNT(*) FROM team t"
        " WHERE t.account = h.id AND t.gone = 0) FROM team h WHERE id = $1";

    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "t", row->account);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    *teams = (uint32_t) billing_db_int(w->db, sql, 3);
    *out = json_pack("{s:s, s:s, s:I, s:I}",
               "id", billing_db_text(w->db, sql, 0),
               "name", billing_db_text(w->db, sql, 1),
               "teams", (json_int_t) *teams,
               "seats_used", (json_int_t) billing_db_int(w->db, sql, 2));
    billing_db_done(w->db, sql);

    return *out == NULL ? BILLING_DB_UNMADE : BILLING_DB_OK;
}
