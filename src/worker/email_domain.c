/* Domains of e-mail addresses: whose they are, and what follows (R22..R25). */

#include <string.h>

#include "billing_business.h"


billing_db_rc_t
billing_domain_load(billing_worker_t *w, const char *name,
    billing_domain_row_t *out)
{
    static const char  sql[] =
        "SELECT d.name, d.team, d.token, d.verified, d.forbids,"
        " d.discoverable, d.capture_team, d.capture_at, d.created_at,"
        " d.verified_at, t.plan FROM email_domain d"
        " JOIN team t ON t.id = d.team WHERE d.name = $1";

    const char       *plan;
    billing_db_t     *db;
    billing_db_rc_t   rc;

    db = w->db;
    rc = billing_db_query(db, sql, "t", name);

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    memset(out, 0, sizeof(*out));
    billing_copy(out->name, sizeof(out->name), billing_db_text(db, sql, 0));
    billing_copy(out->team, sizeof(out->team), billing_db_text(db, sql, 1));
    billing_copy(out->token, sizeof(out->token), billing_db_text(db, sql, 2));
    billing_copy(out->capture_team, sizeof(out->capture_team),
                 billing_db_text(db, sql, 6));
    out->created_at = billing_db_int(db, sql, 8);
    out->verified_at = billing_db_int(db, sql, 9);

    plan = billing_db_text(db, sql, 10);
    out->control = (billing_domain_control_t) {
        .domain = out->name,
        .verified = billing_db_int(db, sql, 3) != 0,
        .forbids = billing_db_int(db, sql, 4) != 0,
        .discoverable = billing_db_int(db, sql, 5) != 0,
        .capture_at = billing_db_int(db, sql, 7),
        .plan = billing_plan_parse(plan, strlen(plan))
    };

    billing_db_done(db, sql);

    return BILLING_DB_OK;
}


billing_db_rc_t
billing_domain_of(billing_worker_t *w, const char *email,
    billing_domain_row_t *out)
{
    const char  *at;

    at = strrchr(email, '@');

    return at == NULL ? BILLING_DB_DONE : billing_domain_load(w, at + 1, out);
}


billing_db_rc_t
billing_domain_store(billing_worker_t *w, const billing_domain_row_t *row)
{
    static const char  sql[] =
        "INSERT INTO email_domain (name, team, token, created_at)"
        " VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO UPDATE SET"
        " team = excluded.team, token = excluded.token,"
        " created_at = excluded.created_at";
    static const char  policy_sql[] =
        "UPDATE email_domain SET verified = $1, forbids = $2,"
        " discoverable = $3, capture_team = $4, capture_at = $5,"
        " verified_at = $6 WHERE name = $7";

    billing_db_rc_t  rc;

    rc = billing_db_exec(w->db, sql, "ttti", row->name, row->team,
                         row->token, row->created_at);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    return billing_db_exec(w->db, policy_sql, "iiitiit",
                           (int64_t) row->control.verified,
                           (int64_t) row->control.forbids,
                           (int64_t) row->control.discoverable,
                           row->capture_team, row->control.capture_at,
                           row->verified_at, row->name);
}


billing_db_rc_t
billing_domain_lets(billing_worker_t *w, const char *email,
    const char *team, bool *lets)
{
    bool                   same;
    billing_db_rc_t        rc;
    billing_domain_row_t   row;

    *lets = true;
    rc = billing_domain_of(w, email, &row);

    if (rc == BILLING_DB_DONE) {
        return BILLING_DB_OK;
    }

    if (rc != BILLING_DB_OK || !billing_domain_restricts(&row.control, email))
    {
        return rc;
    }

    rc = billing_account_same(w, row.team, team, &same);
    *lets = rc == BILLING_DB_OK && same;

    return rc;
}


billing_db_rc_t
billing_domain_may(billing_op_t *op, const char *team)
{
    bool             lets;
    billing_db_rc_t  rc;

    rc = billing_domain_lets(op->w, op->command->actor, team, &lets);

    return rc == BILLING_DB_OK && !lets
           ? billing_op_deny(op, BILLING_TEAM_CREATE_DOMAIN, NULL) : rc;
}


billing_db_rc_t
billing_account_same(billing_worker_t *w, const char *a, const char *b,
    bool *same)
{
    static const char  sql[] =
        "SELECT 1 FROM team a JOIN team b ON b.account = a.account"
        " WHERE a.id = $1 AND b.id = $2";

    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "tt", a, b);
    *same = rc == BILLING_DB_ROW;

    if (rc == BILLING_DB_ROW) {
        billing_db_done(w->db, sql);
        return BILLING_DB_OK;
    }

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}


billing_db_rc_t
billing_domain_shows(billing_worker_t *w, const char *email,
    const char *team, bool *shows)
{
    billing_db_rc_t       rc;
    billing_domain_row_t  row;

    *shows = false;
    rc = billing_domain_of(w, email, &row);

    if (rc == BILLING_DB_DONE) {
        return BILLING_DB_OK;
    }

    if (rc != BILLING_DB_OK
        || !billing_domain_discoverable(&row.control, email))
    {
        return rc;
    }

    return billing_account_same(w, row.team, team, shows);
}
