/*
 * Licences.  One is a person's in an account, whichever of its teams that
 * person is in; a company keeps it until the person leaves the company (R14,
 * R210).  The account's row counts them, and the database holds them below
 * the number of seats.
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


static billing_db_rc_t billing_seat_leave(billing_worker_t *w,
    const char *account, const char *email);


billing_db_rc_t
billing_seat_held(billing_worker_t *w, const char *account,
    const char *email, bool *held, uint32_t *roles)
{
    static const char  sql[] =
        "SELECT roles FROM seat WHERE account = $1 AND email = $2";

    billing_db_rc_t  rc;

    *held = false;
    *roles = 0;
    rc = billing_db_query(w->db, sql, "tt", account, email);

    if (rc == BILLING_DB_ROW) {
        *held = true;
        *roles = (uint32_t) billing_db_int(w->db, sql, 0);
        billing_db_done(w->db, sql);
        return BILLING_DB_OK;
    }

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}


billing_db_rc_t
billing_seat_ensure(billing_op_t *op, billing_team_row_t *row,
    const char *email)
{
    bool                    add;
    uint32_t                roles, promised;
    billing_team_t          counted;
    billing_db_rc_t         rc;
    billing_reason_t        reason;
    billing_seat_ask_t      ask;
    billing_team_row_t      account;
    billing_seat_change_t   change;

    rc = billing_account_load(op->w, row, &account);

    if (rc == BILLING_DB_OK) {
        rc = billing_seat_held(op->w, account.id, email, &ask.held, &roles);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_invitation_seats(op->w, account.id, op->now, &promised);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    counted = account.team;
    counted.members += promised;
    ask.hold_seats = account.hold_seats;
    reason = billing_seat_find(&counted, &ask, &add);

    if (reason == BILLING_ALLOW && add) {
        reason = billing_seat_join(&op->w->settings->catalogue, &counted,
                                   op->now, &change);
    }

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason, NULL);
    }

    if (!add) {
        return BILLING_DB_OK;
    }

    rc = billing_seats_take(op, &account, &change);

    if (rc == BILLING_DB_OK) {
        rc = billing_team_store(op->w, &account);
    }

    return rc == BILLING_DB_OK ? billing_team_load(op->w, row->id, row) : rc;
}


billing_db_rc_t
billing_seat_licences(billing_worker_t *w, const billing_team_row_t *row,
    const char *email, billing_team_t *out)
{
    bool                 held;
    uint32_t             roles;
    billing_db_rc_t      rc;
    billing_team_row_t   account;

    rc = billing_account_load(w, row, &account);

    if (rc == BILLING_DB_OK) {
        rc = billing_seat_held(w, account.id, email, &held, &roles);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    *out = account.team;

    if (held) {
        out->members = 0;               /* none is needed */
    }

    return BILLING_DB_OK;
}


billing_db_rc_t
billing_seat_follow(billing_worker_t *w, const billing_seat_follow_t *follow)
{
    static const char  sql[] =
        "INSERT INTO seat (account, email, roles, since)"
        " VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (account, email) DO UPDATE SET roles = excluded.roles";

    if (follow->roles & (uint32_t) BILLING_ROLE_MEMBER) {
        return billing_db_exec(w->db, sql, "ttii", follow->account,
                   follow->email,
                   (int64_t) (follow->roles & BILLING_ROLES_COMPANY),
                   follow->now);
    }

    /* Without a licence by somebody's word, that one is given back (R202). */

    return follow->company
           && (follow->roles & (uint32_t) BILLING_ROLE_RESTRICTED) == 0
           ? BILLING_DB_OK
           : billing_seat_leave(w, follow->account, follow->email);
}


/* Unless it is needed in another team. */

static billing_db_rc_t
billing_seat_leave(billing_worker_t *w, const char *account,
    const char *email)
{
    static const char  sql[] =
        "DELETE FROM seat WHERE account = $1 AND email = $2"
        " AND NOT EXISTS (SELECT 1 FROM member m JOIN team t"
        " ON t.id = m.team WHERE t.account = seat.account"
        " AND m.email = seat.email AND (m.roles & $3) <> 0)";

    return billing_db_exec(w->db, sql, "tti", account, email,
                           (int64_t) BILLING_ROLE_MEMBER);
}


billing_db_rc_t
billing_seat_free(billing_worker_t *w, const char *account,
    const char *email)
{
    static const char  sql[] =
        "DELETE FROM seat WHERE account = $1 AND email = $2";

    billing_db_rc_t  rc;

    rc = billing_db_exec(w->db, sql, "tt", account, email);

    return rc == BILLING_DB_OK ? billing_seat_recount(w, account) : rc;
}


/* A licence too many is refused by the row itself. */

billing_db_rc_t
billing_seat_recount(billing_worker_t *w, const char *account)
{
    static const char  sql[] =
        "UPDATE team SET members = " BILLING_MEMBERS ", version = version + 1"
        " WHERE id = $2 AND members <> " BILLING_MEMBERS;

    billing_db_rc_t  rc;

    rc = billing_db_exec(w->db, sql, "it", (int64_t) BILLING_ROLE_MEMBER,
                         account);

    return rc == BILLING_DB_OK && billing_db_changes(w->db) != 0
           ? billing_outbox_team(w, account) : rc;
}
