/*
 * What moving a board does to people: who loses access (R32), who stays its
 * guest, and whether a company forbids it (R31).
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


/*
 * The team's people who are not in the new team (of a private board only those
 * let onto it), and guests where the new team has none.
 */

#define BILLING_AFFECTED_SQL                                                  \
    "(SELECT m.email AS email FROM member m WHERE m.team = $1"                \
    " AND (m.roles & $2) <> 0 AND ($3 = 0 OR EXISTS (SELECT 1"                \
    " FROM board_access a WHERE a.board = $4 AND a.email = m.email"           \
    " AND a.rights <> 0)) UNION SELECT a.email AS email"                      \
    " FROM board_access a WHERE a.board = $4 AND (a.rights & 2) <> 0"         \
    " AND $5 = 0) x WHERE NOT EXISTS (SELECT 1 FROM member d"                 \
    " WHERE d.team = $6 AND d.email = x.email AND (d.roles & $2) <> 0)"


billing_db_rc_t
billing_move_affected(billing_worker_t *w, const billing_move_t *move,
    int64_t *n)
{
    static const char  sql[] = "SELECT COUNT(*) FROM " BILLING_AFFECTED_SQL;

    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "tiitit", move->from,
             (int64_t) BILLING_ROLES_INSIDE,
             (int64_t) move->board->record.is_private, move->board->id,
             (int64_t) move->guests, move->to);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_FATAL : rc;
    }

    *n = billing_db_int(w->db, sql, 0);
    billing_db_done(w->db, sql);

    return BILLING_DB_OK;
}


billing_db_rc_t
billing_move_list(billing_worker_t *w, const billing_move_t *move,
    const char *after, int64_t max, json_t **out)
{
    static const char  sql[] =
        "SELECT email FROM " BILLING_AFFECTED_SQL
        " AND x.email > $7 ORDER BY x.email LIMIT $8";

    billing_db_rc_t  rc;

    *out = json_array();

    rc = billing_db_query(w->db, sql, "tiitit" "ti", move->from,
             (int64_t) BILLING_ROLES_INSIDE,
             (int64_t) move->board->record.is_private, move->board->id,
             (int64_t) move->guests, move->to, after, max);

    while (rc == BILLING_DB_ROW) {
        (void) json_array_append_new(*out,
                   json_string(billing_db_text(w->db, sql, 0)));
        rc = billing_db_next(w->db, sql);
    }

    if (rc == BILLING_DB_DONE) {
        return BILLING_DB_OK;
    }

    json_decref(*out);
    *out = NULL;

    return rc;
}


billing_db_rc_t
billing_move_forbidden(billing_worker_t *w, const char *from, const char *to,
    bool *forbidden)
{
    static const char  sql[] =
        "SELECT 1 FROM team WHERE (id = $1 OR id = $2)"
        " AND board_moves = 'forbidden' LIMIT 1";

    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "tt", from, to);
    *forbidden = rc == BILLING_DB_ROW;

    if (rc == BILLING_DB_ROW) {
        billing_db_done(w->db, sql);
    }

    return rc == BILLING_DB_ROW || rc == BILLING_DB_DONE ? BILLING_DB_OK
                                                         : rc;
}


billing_db_rc_t
billing_move_may(billing_op_t *op, const billing_board_op_t *b,
    billing_team_row_t *to, billing_board_moved_t *moved)
{
    uint32_t              roles;
    const char           *team;
    billing_db_rc_t       rc;
    billing_reason_t      reason;
    billing_board_move_t  move;

    team = billing_op_text(op, "team");

    rc = billing_member_roles(op->w, team, op->command->actor, &roles);

    if (rc == BILLING_DB_OK) {
        rc = billing_team_load(op->w, team, to);
    }

    if (rc != BILLING_DB_OK && rc != BILLING_DB_DONE) {
        return rc;
    }

    /* An unknown team is nobody's. */

    move = (billing_board_move_t) {
        .owner = b->owner, .is_private = b->board.record.is_private,
        .member_there = rc == BILLING_DB_OK
                        && (roles & (uint32_t) BILLING_ROLE_MEMBER) != 0,
        .to = rc == BILLING_DB_OK ? billing_team_plan(&to->team)
                                  : BILLING_PLAN_NONE,
        .to_state = rc == BILLING_DB_OK ? to->team.state
                                        : BILLING_STATE_NONE
    };

    if (move.member_there && strcmp(to->id, b->row.id) != 0) {
        rc = billing_move_forbidden(op->w, b->row.id, to->id,
                                    &move.forbidden);
        if (rc != BILLING_DB_OK) {
            return rc;
        }
    }

    reason = billing_board_move_allowed(&op->w->settings->catalogue, &move,
                                        moved);

    return reason == BILLING_ALLOW ? BILLING_DB_OK
                                   : billing_op_deny(op, reason, NULL);
}
