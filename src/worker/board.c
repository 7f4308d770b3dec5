/*
 * Boards: rows to values and back, and for whom one exists.  Each has one
 * owner and one team; the order of creation (rank) decides which ones a Free
 * team may edit.
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


billing_db_rc_t
billing_board_load(billing_worker_t *w, const char *id,
    billing_board_row_t *board)
{
    static const char  sql[] =
        "SELECT owner, title, team, is_private, rank, gone, version, link,"
        " deleted_at, deleted_by FROM board WHERE id = $1";

    const char       *link;
    billing_visit_t   visit;
    billing_db_rc_t   rc;

    memset(board, 0, sizeof(*board));

    rc = billing_db_query(w->db, sql, "t", id);

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    billing_copy(board->id, sizeof(board->id), id);
    billing_copy(board->owner, sizeof(board->owner),
                 billing_db_text(w->db, sql, 0));
    billing_copy(board->title, sizeof(board->title),
                 billing_db_text(w->db, sql, 1));
    billing_copy(board->record.team, sizeof(board->record.team),
                 billing_db_text(w->db, sql, 2));
    board->record.is_private = billing_db_int(w->db, sql, 3) != 0;
    board->record.rank = (uint64_t) billing_db_int(w->db, sql, 4);
    board->record.gone = billing_db_int(w->db, sql, 5) != 0;
    board->record.version = (uint64_t) billing_db_int(w->db, sql, 6);
    link = billing_db_text(w->db, sql, 7);
    visit = billing_visit_parse(link, strlen(link));
    board->record.link = (uint8_t) (visit == BILLING_VISITS
                                    ? BILLING_VISIT_OFF : visit);
    board->deleted_at = billing_db_int(w->db, sql, 8);
    billing_copy(board->deleted_by, sizeof(board->deleted_by),
                 billing_db_text(w->db, sql, 9));
    billing_db_done(w->db, sql);

    return BILLING_DB_OK;
}


billing_db_rc_t
billing_board_insert(billing_op_t *op, const billing_team_row_t *row,
    billing_board_row_t *board)
{
    static const char  sql[] =
        "INSERT INTO board (id, team, owner, title, is_private, rank,"
        " created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";

    billing_db_rc_t  rc;

    rc = billing_id_new('b', board->id);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    rc = billing_board_rank(op->w, op->now, true, &board->record.rank);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    billing_copy(board->owner, sizeof(board->owner), op->command->actor);
    billing_copy(board->record.team, sizeof(board->record.team), row->id);

    rc = billing_db_exec(op->w->db, sql, "ttttiii", board->id, row->id,
                         board->owner, board->title,
                         (int64_t) board->record.is_private,
                         (int64_t) board->record.rank, op->now);

    if (rc == BILLING_DB_OK) {
        rc = billing_access_owner(op->w, board, op->now);
    }

    return rc == BILLING_DB_OK ? billing_outbox_board(op->w, board->id) : rc;
}


billing_db_rc_t
billing_board_store(billing_worker_t *w, const billing_board_row_t *board,
    int64_t now)
{
    static const char  sql[] =
        "UPDATE board SET team = $1, is_private = $2, gone = $3, title = $4,"
        " owner = $5, link = $6, deleted_at = $7, deleted_by = $8,"
        " version = version + 1 WHERE id = $9";

    billing_db_rc_t  rc;

    rc = billing_db_exec(w->db, sql, "tiitttitt", board->record.team,
             (int64_t) board->record.is_private, (int64_t) board->record.gone,
             board->title, board->owner,
             billing_visit_name((billing_visit_t) board->record.link),
             board->deleted_at, board->deleted_by, board->id);

    if (rc == BILLING_DB_OK) {
        rc = billing_access_owner(w, board, now);
    }

    return rc == BILLING_DB_OK ? billing_outbox_board(w, board->id) : rc;
}


billing_db_rc_t
billing_board_enter(billing_op_t *op, billing_board_op_t *b)
{
    bool             inside;
    billing_db_rc_t  rc;

    rc = billing_board_load(op->w, billing_op_text(op, "board"), &b->board);

    if (rc == BILLING_DB_DONE
        || (rc == BILLING_DB_OK && b->board.record.gone))
    {
        return billing_op_deny(op, BILLING_BOARD_NOT_FOUND, NULL);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_team_load(op->w, b->board.record.team, &b->row);
        rc = rc == BILLING_DB_DONE ? BILLING_DB_FATAL : rc;
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_member_roles(op->w, b->row.id, op->command->actor,
                                  &b->roles);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_access_rights(op->w, b->board.id, op->command->actor,
                                   &b->access);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    b->owner = strcmp(b->board.owner, op->command->actor) == 0;

    /* The application stands above every board; the rules still hold. */

    if (strcmp(op->command->actor, BILLING_APP_ACTOR) == 0) {
        b->roles = BILLING_ROLES_APP;
        b->access = (uint32_t) BILLING_ACCESS_OWNER;
        b->owner = true;
    }

    inside = (b->roles & BILLING_ROLES_INSIDE) != 0;

    if (!b->owner && !(inside && !b->board.record.is_private)
        && !(b->access != 0 && (inside
                                || b->roles & (uint32_t) BILLING_ROLE_GUEST)))
    {
        return billing_op_deny(op, BILLING_BOARD_NOT_FOUND, NULL);
    }

    billing_copy(op->reply->team, sizeof(op->reply->team), b->row.id);

    return BILLING_DB_OK;
}


billing_db_rc_t
billing_board_edit(billing_op_t *op, const billing_board_op_t *b,
    billing_reason_t *reason)
{
    billing_db_rc_t          rc;
    billing_wanted_t         wanted;
    billing_team_record_t    team;
    billing_member_record_t  member;

    memset(&member, 0, sizeof(member));
    rc = billing_record_team(op->w, b->row.id, &team);

    if (rc == BILLING_DB_OK
        && b->roles & (uint32_t) BILLING_ROLE_OCCASIONAL)
    {
        rc = billing_record_member(op->w, b->row.id, op->command->actor,
                                   &member);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    wanted = (billing_wanted_t) { .view = true, .edit = true };
    member.roles = b->roles;
    member.access = b->access;

    *reason = billing_entitle(&op->w->settings->catalogue, &team, &member,
                              &b->board.record, &wanted, op->now);

    return BILLING_DB_OK;
}


json_t *
billing_board_json(const billing_board_row_t *board)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:b, s:s, s:b}",
               "id", board->id, "title", board->title,
               "team", board->record.team, "owner", board->owner,
               "private", board->record.is_private != 0,
               "link", billing_visit_name((billing_visit_t)
                                          board->record.link),
               "gone", board->record.gone != 0);
}


billing_db_rc_t
billing_board_done(billing_op_t *op, const billing_board_row_t *board,
    unsigned status, json_t *more)
{
    json_t  *body;

    body = more == NULL ? json_object() : more;

    if (json_object_set_new(body, "board", billing_board_json(board)) != 0) {
        json_decref(body);
        return BILLING_DB_UNMADE;
    }

    return billing_op_reply(op, status, body);
}
