/* Members: what somebody is in a team, and in the company around it. */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


static billing_db_rc_t billing_member_write(billing_worker_t *w,
    const billing_member_change_t *change, uint32_t roles);


billing_db_rc_t
billing_member_roles(billing_worker_t *w, const char *team,
    const char *email, uint32_t *roles)
{
    static const char  tables[] = "member";
    static const char  sql[] =
        "SELECT roles FROM member WHERE team = $1 AND email = $2";

    char             who[BILLING_ID_MAX + BILLING_EMAIL_MAX + 2];
    billing_db_rc_t  rc;

    (void) snprintf(who, sizeof(who), "%s %s", team, email);

    if (billing_db_kept(w->db, tables, who, roles, sizeof(*roles))) {
        return BILLING_DB_OK;
    }

    *roles = 0;

    rc = billing_db_query(w->db, sql, "tt", team, email);

    if (rc == BILLING_DB_ROW) {
        *roles = (uint32_t) billing_db_int(w->db, sql, 0);
        billing_db_done(w->db, sql);

    } else if (rc != BILLING_DB_DONE) {
        return rc;
    }

    billing_db_keep(w->db, tables, who, roles, sizeof(*roles));

    return BILLING_DB_OK;
}


billing_db_rc_t
billing_member_store(billing_worker_t *w,
    const billing_member_change_t *change)
{
    static const char  account_sql[] =
        "SELECT h.id, h.plan, COALESCE(s.roles, 0) FROM team t"
        " JOIN team h ON h.id = t.account LEFT JOIN seat s"
        " ON s.account = h.id AND s.email = $1 WHERE t.id = $2";

    char                    account[BILLING_ID_MAX + 1];
    uint32_t                roles;
    const char             *plan;
    billing_db_rc_t         rc;
    billing_seat_follow_t   follow;

    rc = billing_db_query(w->db, account_sql, "tt", change->email,
                          change->team);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    billing_copy(account, sizeof(account),
                 billing_db_text(w->db, account_sql, 0));
    plan = billing_db_text(w->db, account_sql, 1);

    follow = (billing_seat_follow_t) {
        .account = account, .email = change->email, .now = change->now,
        .company = billing_plan_company(billing_plan_parse(plan,
                                                           strlen(plan)))
    };

    /* Company Admins are that in every team they come to. */

    roles = (uint32_t) billing_db_int(w->db, account_sql, 2);
    billing_db_done(w->db, account_sql);

    follow.roles = change->roles;

    if (follow.company && change->roles != 0) {
        follow.roles |= roles;
    }

    rc = billing_member_write(w, change, follow.roles);

    return rc == BILLING_DB_OK ? billing_seat_follow(w, &follow) : rc;
}


static billing_db_rc_t
billing_member_write(billing_worker_t *w,
    const billing_member_change_t *change, uint32_t roles)
{
    static const char  sql[] =
        "INSERT INTO member (team, email, roles, joined_at)"
        " VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (team, email) DO UPDATE SET roles = excluded.roles,"
        " version = member.version + 1";

    billing_db_rc_t  rc;

    rc = billing_db_later(w->db, sql, "ttii", change->team, change->email,
                          (int64_t) roles, change->now);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    return billing_member_changed(w, change->team, change->email);
}


billing_db_rc_t
billing_member_changed(billing_worker_t *w, const char *team,
    const char *email)
{
    billing_db_rc_t  rc;

    rc = billing_outbox_member(w, team, email);

    return rc == BILLING_DB_OK ? billing_team_raise(w, team) : rc;
}


billing_db_rc_t
billing_profile_ensure(billing_worker_t *w, const char *email,
    billing_lang_t lang, int64_t now)
{
    static const char  sql[] =
        "INSERT INTO profile (email, lang, created_at) VALUES ($1, $2, $3)"
        " ON CONFLICT (email) DO NOTHING";

    return billing_db_exec(w->db, sql, "tti", email, billing_lang_name(lang),
                           now);
}


billing_db_rc_t
billing_member_count(billing_worker_t *w, const char *team, uint32_t roles,
    uint32_t *n, char first[BILLING_EMAIL_MAX + 1])
{
    static const char  sql[] =
        "SELECT COUNT(*), COALESCE(MIN(email), '') FROM member"
        " WHERE team = $1 AND (roles & $2) <> 0";

    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "ti", team, (int64_t) roles);

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
