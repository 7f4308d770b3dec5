/*
 * Boards: each has one owner and one team; the order of creation (rank)
 * decides which ones a Free team may edit.
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


typedef struct {
    char                    id[BILLING_ID_MAX + 1];
    char                    owner[BILLING_EMAIL_MAX + 1];
    char                    title[BILLING_NAME_MAX + 1];
    billing_board_record_t  record;
} billing_board_row_t;


static billing_db_rc_t billing_board_insert(billing_op_t *op,
    const billing_team_row_t *row, billing_board_row_t *board);
static billing_db_rc_t billing_board_enter(billing_op_t *op,
    billing_board_row_t *board, billing_team_row_t *row, uint32_t *roles);
static billing_db_rc_t billing_board_load(billing_worker_t *w,
    const char *id, billing_board_row_t *board);
static billing_db_rc_t billing_board_store(billing_worker_t *w,
    const billing_board_row_t *board);
static billing_db_rc_t billing_board_destination(billing_op_t *op,
    billing_team_row_t *row);
static billing_db_rc_t billing_board_done(billing_op_t *op,
    const billing_board_row_t *board, unsigned status);


billing_db_rc_t
billing_op_board_create(billing_op_t *op)
{
    uint32_t             roles;
    const char          *title;
    billing_db_rc_t      rc;
    billing_reason_t     reason;
    billing_team_row_t   row;
    billing_board_row_t  board;

    rc = billing_op_enter(op, billing_op_text(op, "team"), &row, &roles);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    reason = billing_may(BILLING_ACT_CREATE_BOARD, roles, row.team.plan);

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason, NULL);
    }

    title = billing_op_text(op, "title");

    if (!billing_name_valid(title, strlen(title))) {
        return billing_op_deny(op, BILLING_NAME_INVALID,
                               json_pack("{s:s}", "field", "title"));
    }

    if (row.team.state == BILLING_STATE_EXPIRED) {
        return billing_op_deny(op, BILLING_TEAM_EXPIRED, NULL);
    }

    memset(&board, 0, sizeof(board));
    (void) snprintf(board.title, sizeof(board.title), "%s", title);
    board.record.is_private = billing_op_bool(op, "private");

    if (board.record.is_private
        && !op->w->settings->catalogue.plans[row.team.plan].private_boards)
    {
        return billing_op_deny(op, BILLING_BOARD_PRIVATE_FREE, NULL);
    }

    rc = billing_board_insert(op, &row, &board);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    rc = billing_team_touch(op->w, &row);   /* the three newest changed */

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    return billing_board_done(op, &board, 201);
}


static billing_db_rc_t
billing_board_insert(billing_op_t *op, const billing_team_row_t *row,
    billing_board_row_t *board)
{
    static const char  rank_sql[] =
        "SELECT COALESCE(MAX(rank), 0) + 1 FROM board";
    static const char  sql[] =
        "INSERT INTO board (id, team, owner, title, is_private, rank,"
        " created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";

    billing_db_rc_t  rc;

    rc = billing_id_new('b', board->id);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    rc = billing_db_query(op->w->db, rank_sql, "");

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_FATAL : rc;
    }

    board->record.rank = (uint64_t) billing_db_int(op->w->db, rank_sql, 0);
    billing_db_done(op->w->db, rank_sql);

    (void) snprintf(board->owner, sizeof(board->owner), "%s",
                    op->command->actor);
    (void) snprintf(board->record.team, sizeof(board->record.team), "%s",
                    row->id);

    rc = billing_db_exec(op->w->db, sql, "ttttiii", board->id, row->id,
                         board->owner, board->title,
                         (int64_t) board->record.is_private,
                         (int64_t) board->record.rank, op->now);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    return billing_outbox_board(op->w, board->id);
}


billing_db_rc_t
billing_op_board_delete(billing_op_t *op)
{
    uint32_t             roles;
    billing_db_rc_t      rc;
    billing_team_row_t   row;
    billing_board_row_t  board;

    rc = billing_board_enter(op, &board, &row, &roles);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (strcmp(board.owner, op->command->actor) != 0
        && (roles & BILLING_ROLES_ADMIN) == 0)
    {
        return billing_op_deny(op, BILLING_BOARD_NOT_OWNER, NULL);
    }

    board.record.gone = 1;

    rc = billing_board_store(op->w, &board);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    rc = billing_team_touch(op->w, &row);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    return billing_board_done(op, &board, 200);
}


/* A private board becomes the team's (the way out of R40). */

billing_db_rc_t
billing_op_board_share(billing_op_t *op)
{
    uint32_t             roles;
    billing_db_rc_t      rc;
    billing_team_row_t   row;
    billing_board_row_t  board;

    rc = billing_board_enter(op, &board, &row, &roles);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (strcmp(board.owner, op->command->actor) != 0) {
        return billing_op_deny(op, BILLING_BOARD_NOT_OWNER, NULL);
    }

    board.record.is_private = 0;

    rc = billing_board_store(op->w, &board);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    return billing_board_done(op, &board, 200);
}


billing_db_rc_t
billing_op_board_move(billing_op_t *op)
{
    uint32_t             roles;
    billing_db_rc_t      rc;
    billing_team_row_t   from, to;
    billing_board_row_t  board;

    rc = billing_board_enter(op, &board, &from, &roles);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (strcmp(board.owner, op->command->actor) != 0) {
        return billing_op_deny(op, BILLING_BOARD_NOT_OWNER, NULL);
    }

    rc = billing_board_destination(op, &to);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (strcmp(from.id, to.id) == 0) {
        return billing_board_done(op, &board, 200);
    }

    (void) snprintf(board.record.team, sizeof(board.record.team), "%s",
                    to.id);

    rc = billing_board_store(op->w, &board);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    rc = billing_team_touch(op->w, &from);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    rc = billing_team_touch(op->w, &to);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    (void) snprintf(op->reply->team, sizeof(op->reply->team), "%s", to.id);

    return billing_board_done(op, &board, 200);
}


/* Any team of the mover, and no other (R30). */

static billing_db_rc_t
billing_board_destination(billing_op_t *op, billing_team_row_t *row)
{
    uint32_t          roles;
    const char       *team;
    billing_db_rc_t   rc;

    team = billing_op_text(op, "team");

    rc = billing_member_roles(op->w, team, op->command->actor, &roles);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if ((roles & (uint32_t) BILLING_ROLE_MEMBER) == 0) {
        return billing_op_deny(op, BILLING_BOARD_DEST, NULL);
    }

    rc = billing_team_load(op->w, team, row);

    return rc == BILLING_DB_DONE
           ? billing_op_deny(op, BILLING_BOARD_DEST, NULL) : rc;
}


/*
 * The board named, for a member of its team.  Its owner always may, also
 * after having left the team: the board is then moved out.
 */

static billing_db_rc_t
billing_board_enter(billing_op_t *op, billing_board_row_t *board,
    billing_team_row_t *row, uint32_t *roles)
{
    billing_db_rc_t  rc;

    rc = billing_board_load(op->w, billing_op_text(op, "board"), board);

    if (rc == BILLING_DB_DONE || (rc == BILLING_DB_OK && board->record.gone))
    {
        return billing_op_deny(op, BILLING_BOARD_NOT_FOUND, NULL);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    rc = billing_team_load(op->w, board->record.team, row);

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_FATAL : rc;
    }

    rc = billing_member_roles(op->w, row->id, op->command->actor, roles);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if ((*roles & (uint32_t) BILLING_ROLE_MEMBER) == 0
        && strcmp(board->owner, op->command->actor) != 0)
    {
        return billing_op_deny(op, BILLING_BOARD_NOT_FOUND, NULL);
    }

    (void) snprintf(op->reply->team, sizeof(op->reply->team), "%s", row->id);

    return BILLING_DB_OK;
}


static billing_db_rc_t
billing_board_load(billing_worker_t *w, const char *id,
    billing_board_row_t *board)
{
    static const char  sql[] =
        "SELECT owner, title, team, is_private, rank, gone, version"
        " FROM board WHERE id = $1";

    billing_db_rc_t  rc;

    memset(board, 0, sizeof(*board));

    rc = billing_db_query(w->db, sql, "t", id);

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    (void) snprintf(board->id, sizeof(board->id), "%s", id);
    (void) snprintf(board->owner, sizeof(board->owner), "%s",
                    billing_db_text(w->db, sql, 0));
    (void) snprintf(board->title, sizeof(board->title), "%s",
                    billing_db_text(w->db, sql, 1));
    (void) snprintf(board->record.team, sizeof(board->record.team), "%s",
                    billing_db_text(w->db, sql, 2));
    board->record.is_private = billing_db_int(w->db, sql, 3) != 0;
    board->record.rank = (uint64_t) billing_db_int(w->db, sql, 4);
    board->record.gone = billing_db_int(w->db, sql, 5) != 0;
    board->record.version = (uint64_t) billing_db_int(w->db, sql, 6);
    billing_db_done(w->db, sql);

    return BILLING_DB_OK;
}


static billing_db_rc_t
billing_board_store(billing_worker_t *w, const billing_board_row_t *board)
{
    static const char  sql[] =
        "UPDATE board SET team = $1, is_private = $2, gone = $3,"
        " version = version + 1 WHERE id = $4";

    billing_db_rc_t  rc;

    rc = billing_db_exec(w->db, sql, "tiit", board->record.team,
                         (int64_t) board->record.is_private,
                         (int64_t) board->record.gone, board->id);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    return billing_outbox_board(w, board->id);
}


static billing_db_rc_t
billing_board_done(billing_op_t *op, const billing_board_row_t *board,
    unsigned status)
{
    return billing_op_reply(op, status,
               json_pack("{s:{s:s, s:s, s:s, s:s, s:b, s:b}}", "board",
                   "id", board->id, "title", board->title,
                   "team", board->record.team, "owner", board->owner,
                   "private", board->record.is_private != 0,
                   "gone", board->record.gone != 0));
}
