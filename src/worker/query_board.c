/* One board as its reader may see it, and the deleted ones of a team. */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


static billing_db_rc_t billing_board_people(billing_op_t *op,
    const billing_board_op_t *b, json_t *body);
static billing_db_rc_t billing_board_destinations(billing_op_t *op,
    const billing_board_op_t *b, json_t *body);
static json_t *billing_board_can(const billing_board_op_t *b,
    billing_reason_t edit);


billing_db_rc_t
billing_query_board(billing_op_t *op)
{
    char                 address[BILLING_ID_MAX + 16];
    json_t              *body;
    billing_db_rc_t      rc;
    billing_reason_t     edit;
    billing_board_op_t   b;

    rc = billing_board_enter(op, &b);

    if (rc == BILLING_DB_OK) {
        rc = billing_board_edit(op, &b, &edit);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    (void) snprintf(address, sizeof(address), "/boards/%s", b.board.id);

    body = billing_board_json(&b.board);
    (void) json_object_set_new(body, "editable",
                               json_boolean(edit == BILLING_ALLOW));
    (void) json_object_set_new(body, "reason",
               edit == BILLING_ALLOW
               ? json_null() : json_string(billing_reason_code(edit)));
    (void) json_object_set_new(body, "can", billing_board_can(&b, edit));
    (void) json_object_set_new(body, "url", json_string(address));

    rc = billing_board_people(op, &b, body);

    if (rc == BILLING_DB_OK) {
        rc = billing_board_destinations(op, &b, body);
    }

    if (rc != BILLING_DB_OK) {
        json_decref(body);
        return rc;
    }

    return billing_op_reply(op, 200, json_pack("{s:o}", "board", body));
}


static json_t *
billing_board_can(const billing_board_op_t *b, billing_reason_t edit)
{
    bool  admin = (b->roles & BILLING_ROLES_ADMIN) != 0;
    bool  invite;

    invite = billing_invite_allowed(b->roles, b->row.team.plan,
                                    b->row.invite_admins) == BILLING_ALLOW
             && (b->owner || !b->board.record.is_private);

    return json_pack("{s:b, s:b, s:b, s:b, s:b, s:b, s:b}",
               "edit", edit == BILLING_ALLOW,
               "change", (int) b->owner, "move", (int) b->owner,
               "share", b->owner && b->board.record.is_private,
               "delete", b->owner || admin,
               "link", b->owner || (admin && !b->board.record.is_private),
               "invite", (int) invite);
}


/* Who was let in; members know that, a guest knows nobody. */

static billing_db_rc_t
billing_board_people(billing_op_t *op, const billing_board_op_t *b,
    json_t *body)
{
    static const char  sql[] =
        "SELECT a.email, COALESCE(m.roles, 0), a.invited_by FROM"
        " board_access a LEFT JOIN member m ON m.team = $2"
        " AND m.email = a.email WHERE a.board = $1 AND (a.rights & 2) <> 0"
        " AND COALESCE(m.roles, 0) <> 0 ORDER BY a.email LIMIT 200";

    json_t           *list;
    billing_db_t     *db;
    billing_db_rc_t   rc;

    db = op->w->db;
    list = json_array();
    (void) json_object_set_new(body, "access", list);

    if (!b->owner && (b->roles & BILLING_ROLES_INSIDE) == 0) {
        return BILLING_DB_OK;
    }

    rc = billing_db_query(db, sql, "tt", b->board.id, b->row.id);

    while (rc == BILLING_DB_ROW) {
        (void) json_array_append_new(list,
                   json_pack("{s:s, s:s, s:s}",
                       "email", billing_db_text(db, sql, 0),
                       "role", billing_role_word(
                           (uint32_t) billing_db_int(db, sql, 1)),
                       "invited_by", billing_db_text(db, sql, 2)));
        rc = billing_db_next(db, sql);
    }

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}


/* Exactly the owner's other teams, and which of them a company closes (R30). */

static billing_db_rc_t
billing_board_destinations(billing_op_t *op, const billing_board_op_t *b,
    json_t *body)
{
    static const char  sql[] =
        "SELECT t.id, t.name, t.plan, t.state, t.board_moves = 'forbidden'"
        " OR EXISTS (SELECT 1 FROM team f WHERE f.id = $3"
        " AND f.board_moves = 'forbidden') FROM member m"
        " JOIN team t ON t.id = m.team WHERE m.email = $1"
        " AND (m.roles & $2) <> 0 AND t.id <> $3"
        " ORDER BY t.created_at, t.id LIMIT 200";

    bool              forbidden;
    json_t           *list;
    billing_db_t     *db;
    billing_db_rc_t   rc;

    if (!b->owner) {
        return BILLING_DB_OK;
    }

    db = op->w->db;
    list = json_array();
    (void) json_object_set_new(body, "destinations", list);

    rc = billing_db_query(db, sql, "tit", b->board.owner,
                          (int64_t) BILLING_ROLE_MEMBER, b->row.id);

    while (rc == BILLING_DB_ROW) {
        forbidden = billing_db_int(db, sql, 4) != 0;
        (void) json_array_append_new(list,
                   json_pack("{s:s, s:s, s:s, s:s, s:b, s:s?}",
                       "id", billing_db_text(db, sql, 0),
                       "name", billing_db_text(db, sql, 1),
                       "plan", billing_db_text(db, sql, 2),
                       "state", billing_db_text(db, sql, 3),
                       "allowed", (int) !forbidden,
                       "reason", forbidden ? "BOARD_MOVE_FORBIDDEN" : NULL));
        rc = billing_db_next(db, sql);
    }

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}


/* Those the reader could restore (R229). */

billing_db_rc_t
billing_query_deleted_boards(billing_op_t *op)
{
    static const char  sql[] =
        "SELECT id, title, owner, deleted_by, deleted_at FROM board b"
        " WHERE team = $1 AND gone = 1 AND deleted_at > $2"
        " AND (deleted_by = $3 OR ($4 <> 0 AND (is_private = 0 OR owner = $3"
        " OR NOT EXISTS (SELECT 1 FROM member m WHERE m.team = b.team"
        " AND m.email = b.owner AND (m.roles & $5) <> 0))))"
        " ORDER BY deleted_at DESC, rank DESC LIMIT 200";

    int64_t              at;
    json_t              *list;
    uint32_t             roles;
    billing_db_t        *db;
    billing_db_rc_t      rc;
    billing_team_row_t   row;

    rc = billing_op_enter(op, billing_op_text(op, "team"), &row, &roles);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if ((roles & BILLING_ROLES_INSIDE) == 0) {
        return billing_op_deny(op, BILLING_NOT_A_MEMBER, NULL);
    }

    db = op->w->db;
    list = json_array();

    rc = billing_db_query(db, sql, "titii", row.id,
                          op->now - BILLING_RESTORE_SEC,
                          op->command->actor,
                          (int64_t) (roles & BILLING_ROLES_ADMIN),
                          (int64_t) BILLING_ROLES_INSIDE);

    while (rc == BILLING_DB_ROW) {
        at = billing_db_int(db, sql, 4);
        (void) json_array_append_new(list,
                   json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}",
                       "id", billing_db_text(db, sql, 0),
                       "title", billing_db_text(db, sql, 1),
                       "owner", billing_db_text(db, sql, 2),
                       "deleted_by", billing_db_text(db, sql, 3),
                       "deleted_at", billing_instant_json(at),
                       "restore_until", billing_instant_json(
                           at + BILLING_RESTORE_SEC)));
        rc = billing_db_next(db, sql);
    }

    if (rc != BILLING_DB_DONE) {
        json_decref(list);
        return rc;
    }

    return billing_op_reply(op, 200, json_pack("{s:o}", "boards", list));
}
