/*
 * A company that becomes one team again: its people and boards are in the team
 * that holds the subscription, the other teams end (R189, R190).
 */

#include "billing_business.h"


typedef uint32_t (*billing_become_pt)(uint32_t roles);

typedef billing_db_rc_t (*billing_merge_pt)(billing_worker_t *w,
    const char *account, billing_become_pt become);


static billing_db_rc_t billing_merge_all(billing_worker_t *w,
    const billing_team_row_t *row, billing_merge_pt one);
static billing_db_rc_t billing_merge_admin(billing_worker_t *w,
    const char *account, billing_become_pt become);
static billing_db_rc_t billing_merge_person(billing_worker_t *w,
    const char *account, billing_become_pt become);
static billing_db_rc_t billing_merge_own(billing_worker_t *w,
    const char *account, billing_become_pt become);
static billing_db_rc_t billing_merge_boards(billing_worker_t *w,
    const char *account);
static billing_db_rc_t billing_merge_teams(billing_worker_t *w,
    const char *account);
static billing_db_rc_t billing_merge_seats(billing_worker_t *w,
    const char *account);


billing_db_rc_t
billing_account_merge(billing_worker_t *w, const billing_team_row_t *row)
{
    billing_db_rc_t  rc;

    rc = billing_merge_all(w, row, billing_merge_admin);

    if (rc == BILLING_DB_OK) {
        rc = billing_merge_all(w, row, billing_merge_person);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_merge_all(w, row, billing_merge_own);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_merge_boards(w, row->id);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_people_merge(w, row->id);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_merge_teams(w, row->id);
    }

    return rc == BILLING_DB_OK ? billing_merge_seats(w, row->id) : rc;
}


/* Each one that is done is off its list. */

static billing_db_rc_t
billing_merge_all(billing_worker_t *w, const billing_team_row_t *row,
    billing_merge_pt one)
{
    billing_db_rc_t    rc;
    billing_become_pt  become;

    become = row->team.plan == BILLING_PLAN_FREE ? billing_roles_on_free
                                                 : billing_roles_on_team;

    do {
        rc = one(w, row->id, become);
    } while (rc == BILLING_DB_OK);

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}


/* Who administrates the company comes along, though in none of its teams. */

static billing_db_rc_t
billing_merge_admin(billing_worker_t *w, const char *account,
    billing_become_pt become)
{
    static const char  sql[] =
        "SELECT s.account, s.email, s.roles, s.since FROM seat s"
        " WHERE s.account = $1 AND s.roles <> 0 AND NOT EXISTS (SELECT 1"
        " FROM member m JOIN team t ON t.id = m.team"
        " WHERE t.account = s.account AND m.email = s.email"
        " AND (m.roles & $2) <> 0) LIMIT 1";

    billing_db_rc_t   rc;
    billing_person_t  person;

    rc = billing_db_query(w->db, sql, "ti", account,
                          (int64_t) BILLING_ROLE_MEMBER);

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    billing_person_read(w->db, sql, &person);
    person.change.roles = become(person.change.roles
                                 | (uint32_t) BILLING_ROLE_MEMBER);

    return billing_member_store(w, &person.change);
}


static billing_db_rc_t
billing_merge_person(billing_worker_t *w, const char *account,
    billing_become_pt become)
{
    static const char  sql[] =
        "SELECT m.team, m.email, m.roles, m.joined_at FROM member m"
        " JOIN team t ON t.id = m.team WHERE t.account = $1"
        " AND t.id <> t.account AND m.roles <> 0 LIMIT 1";

    uint32_t                  roles;
    billing_db_rc_t           rc;
    billing_person_t          person;
    billing_member_change_t   change;

    rc = billing_db_query(w->db, sql, "t", account);

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    billing_person_read(w->db, sql, &person);
    rc = billing_member_roles(w, account, person.email, &roles);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    /* In the one team first: the licence stays where somebody is. */

    change = person.change;
    change.team = account;
    change.roles = billing_roles_united(become(roles),
                                        become(person.change.roles));
    rc = billing_member_store(w, &change);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    person.change.roles = 0;

    return billing_member_store(w, &person.change);
}


/* Those who were there already. */

static billing_db_rc_t
billing_merge_own(billing_worker_t *w, const char *account,
    billing_become_pt become)
{
    static const char  sql[] =
        "SELECT team, email, roles, joined_at FROM member WHERE team = $1"
        " AND (roles & $2) <> 0 LIMIT 1";

    uint32_t          mask;
    billing_db_rc_t   rc;
    billing_person_t  person;

    mask = (uint32_t) BILLING_ROLE_COMPANY_ADMIN;

    if (become == billing_roles_on_free) {
        mask |= (uint32_t) (BILLING_ROLE_GUEST | BILLING_ROLE_RESTRICTED
                            | BILLING_ROLE_OCCASIONAL);
    }

    rc = billing_db_query(w->db, sql, "ti", account, (int64_t) mask);

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    billing_person_read(w->db, sql, &person);
    person.change.roles = become(person.change.roles);

    return billing_member_store(w, &person.change);
}


/*
 * Ranks stay: the newest of all of them are the newest (section 8 no. 25).
 * Those that were deleted come along, to be restored.
 */

static billing_db_rc_t
billing_merge_boards(billing_worker_t *w, const char *account)
{
    static const char  sql[] =
        "UPDATE board SET team = $1, version = version + 1 WHERE team IN"
        " (SELECT id FROM team WHERE account = $2 AND id <> account"
        " AND gone = 0) RETURNING id";

    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "tt", account, account);

    while (rc == BILLING_DB_ROW) {
        rc = billing_outbox_board(w, billing_db_text(w->db, sql, 0));

        if (rc == BILLING_DB_OK) {
            rc = billing_db_next(w->db, sql);
        }
    }

    billing_db_done(w->db, sql);

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}


/*
 * A team that was deleted and only held the subscription is needed again; it
 * goes by the name of the oldest of those it takes in.
 */

static billing_db_rc_t
billing_merge_teams(billing_worker_t *w, const char *account)
{
    static const char  back_sql[] =
        "UPDATE team SET gone = 0, name = (SELECT t.name FROM team t"
        " WHERE t.account = team.id AND t.id <> t.account AND t.gone = 0"
        " ORDER BY t.created_at, t.id LIMIT 1) WHERE id = $1 AND gone <> 0"
        " AND EXISTS (SELECT 1 FROM team t WHERE t.account = team.id"
        " AND t.id <> t.account AND t.gone = 0)";
    static const char  sql[] =
        BILLING_INSIDE_GONE
        " WHERE account = $1 AND id <> account AND gone = 0 RETURNING id";

    billing_db_rc_t  rc;

    rc = billing_db_exec(w->db, back_sql, "t", account);

    return rc == BILLING_DB_OK ? billing_account_publish(w, sql, account)
                               : rc;
}


/* A licence without a member has no meaning in one team. */

static billing_db_rc_t
billing_merge_seats(billing_worker_t *w, const char *account)
{
    static const char  sql[] =
        "DELETE FROM seat WHERE account = $1 AND NOT EXISTS (SELECT 1"
        " FROM member m WHERE m.team = seat.account"
        " AND m.email = seat.email AND (m.roles & $2) <> 0)";

    billing_db_rc_t  rc;

    rc = billing_db_exec(w->db, sql, "ti", account,
                         (int64_t) BILLING_ROLE_MEMBER);

    return rc == BILLING_DB_OK ? billing_seat_recount(w, account) : rc;
}
