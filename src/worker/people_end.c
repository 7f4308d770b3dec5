/*
 * What was still open about the people of a team that ends: it goes to the
 * team that takes it in, or ends with it.
 */

#include "billing_business.h"


static billing_db_rc_t billing_people_run(billing_worker_t *w,
    const char *const *list, const char *id);


/* Of the same invitation or request in two teams the first one stays. */

static const char *const  billing_people_moves[] = {
    "UPDATE invitation SET state = 'revoked', seat = 0"
    " WHERE state = 'pending' AND team IN (SELECT id FROM team"
    " WHERE account = $1) AND EXISTS (SELECT 1 FROM invitation o"
    " JOIN team t ON t.id = o.team WHERE t.account = $1"
    " AND o.state = 'pending' AND o.email = invitation.email"
    " AND o.id < invitation.id)",

    "UPDATE invitation SET team = $1 WHERE state = 'pending' AND team IN"
    " (SELECT id FROM team WHERE account = $1)",

    "UPDATE team_request SET state = 'declined' WHERE state = 'open'"
    " AND team IN (SELECT id FROM team WHERE account = $1)"
    " AND EXISTS (SELECT 1 FROM team_request o JOIN team t"
    " ON t.id = o.team WHERE t.account = $1 AND o.state = 'open'"
    " AND o.kind = team_request.kind AND o.email = team_request.email"
    " AND o.id < team_request.id)",

    "UPDATE team_request SET team = $1 WHERE state = 'open' AND team IN"
    " (SELECT id FROM team WHERE account = $1)",

    "UPDATE email_domain SET capture_team = $1 WHERE capture_team IN"
    " (SELECT id FROM team WHERE account = $1)",

    "UPDATE email_domain SET team = $1 WHERE team IN (SELECT id FROM team"
    " WHERE account = $1)",

    "UPDATE team SET invite_link = '' WHERE account = $1 AND id <> $1",

    NULL
};


/* A domain is the subscription's: another of its teams names it then. */

static const char *const  billing_people_ends[] = {
    "UPDATE invitation SET state = 'revoked', seat = 0"
    " WHERE state = 'pending' AND team = $1",

    "UPDATE team_request SET state = 'declined' WHERE state = 'open'"
    " AND team = $1",

    "UPDATE email_domain SET capture_team = '' WHERE capture_team = $1",

    "UPDATE email_domain SET team = (SELECT t.id FROM team t, team e"
    " WHERE e.id = $1 AND t.account = e.account AND t.gone = 0"
    " AND t.id <> e.id ORDER BY t.created_at, t.id LIMIT 1)"
    " WHERE team = $1 AND EXISTS (SELECT 1 FROM team t, team e"
    " WHERE e.id = $1 AND t.account = e.account AND t.gone = 0"
    " AND t.id <> e.id)",

    "DELETE FROM email_domain WHERE team = $1 AND NOT EXISTS (SELECT 1"
    " FROM team t, team e WHERE e.id = $1 AND t.account = e.account"
    " AND t.gone = 0 AND t.id <> e.id)",

    "UPDATE team SET invite_link = '' WHERE id = $1",

    NULL
};


billing_db_rc_t
billing_people_merge(billing_worker_t *w, const char *account)
{
    return billing_people_run(w, billing_people_moves, account);
}


billing_db_rc_t
billing_people_end(billing_worker_t *w, const char *team)
{
    return billing_people_run(w, billing_people_ends, team);
}


static billing_db_rc_t
billing_people_run(billing_worker_t *w, const char *const *list,
    const char *id)
{
    billing_db_rc_t  rc;

    for (rc = BILLING_DB_OK; rc == BILLING_DB_OK && *list != NULL; list++) {
        rc = billing_db_exec(w->db, *list, "t", id);
    }

    return rc;
}
