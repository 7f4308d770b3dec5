/*
 * Rights of one person on one board: guests, members let onto private boards,
 * owners of those.  Each change has a version, so that the end of a right is
 * told as surely as its beginning.
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


#define BILLING_OWNER    ((uint32_t) BILLING_ACCESS_OWNER)
#define BILLING_INVITED  ((uint32_t) BILLING_ACCESS_INVITED)


static billing_db_rc_t billing_access_raise(billing_worker_t *w,
    const char *board);
static billing_db_rc_t billing_access_stale(billing_worker_t *w,
    const billing_board_row_t *board, billing_access_change_t *change,
    char email[BILLING_EMAIL_MAX + 1]);
static billing_db_rc_t billing_access_is_guest(billing_worker_t *w,
    const char *team, const char *email, bool *guest);


billing_db_rc_t
billing_access_rights(billing_worker_t *w, const char *board,
    const char *email, uint32_t *rights)
{
    billing_db_rc_t          rc;
    billing_access_record_t  record;

    rc = billing_record_access(w, board, email, &record);
    *rights = record.rights;

    return rc;
}


billing_db_rc_t
billing_access_store(billing_worker_t *w,
    const billing_access_change_t *change)
{
    static const char  sql[] =
        "INSERT INTO board_access (board, email, rights, invited_by,"
        " invited_at) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (board, email) DO UPDATE SET rights = excluded.rights,"
        " invited_by = excluded.invited_by,"
        " invited_at = excluded.invited_at,"
        " version = board_access.version + 1";

    billing_db_rc_t  rc;

    rc = billing_db_exec(w->db, sql, "ttiti", change->board, change->email,
                         (int64_t) change->rights,
                         change->by == NULL ? "" : change->by, change->now);

    if (rc == BILLING_DB_OK) {
        rc = billing_outbox_access(w, change->board, change->email);
    }

    return rc == BILLING_DB_OK ? billing_access_raise(w, change->board) : rc;
}


static billing_db_rc_t
billing_access_raise(billing_worker_t *w, const char *board)
{
    static const char  sql[] = "SELECT team FROM board WHERE id = $1";

    char             team[BILLING_ID_MAX + 1];
    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "t", board);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    billing_copy(team, sizeof(team), billing_db_text(w->db, sql, 0));
    billing_db_done(w->db, sql);

    return billing_team_raise(w, team);
}


billing_db_rc_t
billing_access_owner(billing_worker_t *w, const billing_board_row_t *board,
    int64_t now)
{
    char                     email[BILLING_EMAIL_MAX + 1];
    uint32_t                 rights;
    billing_db_rc_t          rc;
    billing_access_change_t  change = { .board = board->id, .now = now };

    for ( ;; ) {
        rc = billing_access_stale(w, board, &change, email);

        if (rc != BILLING_DB_OK) {
            break;
        }

        rc = billing_access_store(w, &change);

        if (rc != BILLING_DB_OK) {
            return rc;
        }
    }

    if (rc != BILLING_DB_DONE || !board->record.is_private) {
        return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
    }

    rc = billing_access_rights(w, board->id, board->owner, &rights);

    if (rc != BILLING_DB_OK || rights & BILLING_OWNER) {
        return rc;
    }

    change.email = board->owner;
    change.rights = rights | BILLING_OWNER;

    return billing_access_store(w, &change);
}


/*
 * One who is the owner no more.  Whoever is keeps it when the board is shared,
 * where it says nothing: a host that knows this but does not know yet of the
 * sharing would refuse the owner.
 */

static billing_db_rc_t
billing_access_stale(billing_worker_t *w, const billing_board_row_t *board,
    billing_access_change_t *change, char email[BILLING_EMAIL_MAX + 1])
{
    static const char  sql[] =
        "SELECT email, rights FROM board_access WHERE board = $1"
        " AND (rights & 1) <> 0 AND email <> $2 LIMIT 1";

    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "tt", board->id, board->owner);

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    billing_copy(email, BILLING_EMAIL_MAX + 1, billing_db_text(w->db, sql, 0));
    change->email = email;
    change->rights = (uint32_t) billing_db_int(w->db, sql, 1)
                     & ~BILLING_OWNER;
    billing_db_done(w->db, sql);

    return BILLING_DB_OK;
}


billing_db_rc_t
billing_access_end(billing_worker_t *w, const char *team, const char *email,
    int64_t now)
{
    static const char  sql[] =
        "SELECT a.board FROM board_access a JOIN board b ON b.id = a.board"
        " WHERE a.email = $1 AND b.team = $2 AND a.rights <> 0 LIMIT 1";

    char                     board[BILLING_ID_MAX + 1];
    billing_db_rc_t          rc;
    billing_access_change_t  change = {
        .board = board, .email = email, .now = now
    };

    for ( ;; ) {
        rc = billing_db_query(w->db, sql, "tt", email, team);

        if (rc != BILLING_DB_ROW) {
            return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
        }

        billing_copy(board, sizeof(board), billing_db_text(w->db, sql, 0));
        billing_db_done(w->db, sql);

        rc = billing_access_store(w, &change);

        if (rc != BILLING_DB_OK) {
            return rc;
        }
    }
}


billing_db_rc_t
billing_access_next(billing_worker_t *w, const char *board,
    char email[BILLING_EMAIL_MAX + 1], uint32_t *rights)
{
    static const char  sql[] =
        "SELECT email, rights FROM board_access WHERE board = $1"
        " AND (rights & 2) <> 0 AND email > $2 ORDER BY email LIMIT 1";

    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "tt", board, email);

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    billing_copy(email, BILLING_EMAIL_MAX + 1, billing_db_text(w->db, sql, 0));
    *rights = (uint32_t) billing_db_int(w->db, sql, 1);
    billing_db_done(w->db, sql);

    return BILLING_DB_OK;
}


billing_db_rc_t
billing_guest_settle(billing_worker_t *w, const char *team,
    const char *email, int64_t now)
{
    bool                      guest = false;
    uint32_t                  roles;
    billing_db_rc_t           rc;
    billing_member_change_t   change;

    rc = billing_member_roles(w, team, email, &roles);

    if (rc == BILLING_DB_OK && (roles & BILLING_ROLES_INSIDE) == 0) {
        rc = billing_access_is_guest(w, team, email, &guest);
    }

    if (rc != BILLING_DB_OK
        || guest == ((roles & (uint32_t) BILLING_ROLE_GUEST) != 0))
    {
        return rc;
    }

    change = (billing_member_change_t) {
        .team = team, .email = email, .now = now,
        .roles = roles ^ (uint32_t) BILLING_ROLE_GUEST
    };

    return billing_member_store(w, &change);
}


static billing_db_rc_t
billing_access_is_guest(billing_worker_t *w, const char *team,
    const char *email, bool *guest)
{
    static const char  sql[] =
        "SELECT 1 FROM board_access a JOIN board b ON b.id = a.board"
        " WHERE a.email = $1 AND b.team = $2 AND b.gone = 0"
        " AND (a.rights & 2) <> 0 LIMIT 1";

    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "tt", email, team);
    *guest = rc == BILLING_DB_ROW;

    if (rc == BILLING_DB_ROW) {
        billing_db_done(w->db, sql);
    }

    return rc == BILLING_DB_ROW || rc == BILLING_DB_DONE ? BILLING_DB_OK
                                                         : rc;
}


billing_db_rc_t
billing_guests_settle(billing_worker_t *w, const char *team,
    const char *board, int64_t now)
{
    char             email[BILLING_EMAIL_MAX + 1] = "";
    uint32_t         rights;
    billing_db_rc_t  rc;

    for ( ;; ) {
        rc = billing_access_next(w, board, email, &rights);

        if (rc != BILLING_DB_OK) {
            return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
        }

        rc = billing_guest_settle(w, team, email, now);

        if (rc != BILLING_DB_OK) {
            return rc;
        }
    }
}
