/*
 * Boards: created, changed, shared, copied, deleted, restored, shown by a
 * public link.
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


static billing_db_rc_t billing_board_new(billing_op_t *op,
    billing_team_row_t *row, billing_board_row_t *board, json_t *more);
static billing_db_rc_t billing_board_change_title(billing_op_t *op,
    billing_board_op_t *b);
static billing_db_rc_t billing_board_change_private(billing_op_t *op,
    billing_board_op_t *b);
static billing_db_rc_t billing_board_restore_may(billing_op_t *op,
    billing_board_op_t *b);
static billing_db_rc_t billing_board_link_may(billing_op_t *op,
    const billing_board_op_t *b, billing_visit_t visit);


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

    if (rc == BILLING_DB_OK) {
        rc = billing_licence_edit(op, row.id, &roles);
    }

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

    memset(&board, 0, sizeof(board));
    billing_copy(board.title, sizeof(board.title), title);
    board.record.is_private = billing_op_bool(op, "private");

    return billing_board_new(op, &row, &board, NULL);
}


static billing_db_rc_t
billing_board_new(billing_op_t *op, billing_team_row_t *row,
    billing_board_row_t *board, json_t *more)
{
    billing_db_rc_t   rc;
    billing_reason_t  reason;

    reason = billing_board_create_allowed(&op->w->settings->catalogue,
                                          &row->team,
                                          board->record.is_private);
    if (reason != BILLING_ALLOW) {
        json_decref(more);
        return billing_op_deny(op, reason, NULL);
    }

    rc = billing_board_insert(op, row, board);

    if (rc == BILLING_DB_OK) {
        rc = billing_team_store(op->w, row);    /* the newest changed */
    }

    if (rc != BILLING_DB_OK) {
        json_decref(more);
        return rc;
    }

    return billing_board_done(op, board, 201, more);
}


/* The owner's: the title, and whether it is private. */

billing_db_rc_t
billing_op_board_change(billing_op_t *op)
{
    billing_db_rc_t     rc;
    billing_board_op_t  b;

    rc = billing_board_enter(op, &b);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (!b.owner) {
        return billing_op_deny(op, BILLING_BOARD_NOT_OWNER, NULL);
    }

    if (json_object_get(op->command->body, "title") == NULL
        && json_object_get(op->command->body, "private") == NULL)
    {
        return billing_op_deny(op, BILLING_FIELD_MISSING,
                               json_pack("{s:s}", "field", "title"));
    }

    rc = billing_board_change_private(op, &b);

    if (rc == BILLING_DB_OK) {
        rc = billing_board_change_title(op, &b);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_board_store(op->w, &b.board, op->now);
    }

    return rc == BILLING_DB_OK ? billing_board_done(op, &b.board, 200, NULL)
                               : rc;
}


/* A locked board keeps its title until it is unlocked. */

static billing_db_rc_t
billing_board_change_title(billing_op_t *op, billing_board_op_t *b)
{
    const char        *title;
    billing_db_rc_t    rc;
    billing_reason_t   reason;

    title = billing_op_text(op, "title");

    if (title[0] == '\0') {
        return BILLING_DB_OK;
    }

    if (!billing_name_valid(title, strlen(title))) {
        return billing_op_deny(op, BILLING_NAME_INVALID,
                               json_pack("{s:s}", "field", "title"));
    }

    rc = billing_licence_edit(op, b->row.id, &b->roles);

    if (rc == BILLING_DB_OK) {
        rc = billing_board_edit(op, b, &reason);
    }

    if (rc != BILLING_DB_OK || reason != BILLING_ALLOW) {
        return rc == BILLING_DB_OK ? billing_op_deny(op, reason, NULL) : rc;
    }

    billing_copy(b->board.title, sizeof(b->board.title), title);

    return BILLING_DB_OK;
}


/* Sharing is always possible (R40); what becomes private has no link. */

static billing_db_rc_t
billing_board_change_private(billing_op_t *op, billing_board_op_t *b)
{
    const json_t      *wanted;
    billing_reason_t   reason;

    wanted = json_object_get(op->command->body, "private");

    if (wanted == NULL
        || json_is_true(wanted) == (b->board.record.is_private != 0))
    {
        return BILLING_DB_OK;
    }

    if (json_is_true(wanted)) {
        reason = billing_board_create_allowed(&op->w->settings->catalogue,
                                              &b->row.team, true);

        if (reason != BILLING_ALLOW) {
            return billing_op_deny(op, reason, NULL);
        }

        b->board.record.link = BILLING_VISIT_OFF;
        b->access |= (uint32_t) BILLING_ACCESS_OWNER;
    }

    b->board.record.is_private = json_is_true(wanted);

    return BILLING_DB_OK;
}


billing_db_rc_t
billing_op_board_delete(billing_op_t *op)
{
    billing_db_rc_t     rc;
    billing_board_op_t  b;

    rc = billing_board_enter(op, &b);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (!b.owner && (b.roles & BILLING_ROLES_ADMIN) == 0) {
        return billing_op_deny(op, BILLING_BOARD_NOT_OWNER, NULL);
    }

    b.board.record.gone = 1;
    b.board.deleted_at = op->now;
    billing_copy(b.board.deleted_by, sizeof(b.board.deleted_by),
                 op->command->actor);

    rc = billing_board_store(op->w, &b.board, op->now);

    if (rc == BILLING_DB_OK) {
        rc = billing_guests_settle(op->w, b.row.id, b.board.id, op->now);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_team_store(op->w, &b.row);
    }

    return rc == BILLING_DB_OK ? billing_board_done(op, &b.board, 200, NULL)
                               : rc;
}


/* By an admin or by who deleted it, for 90 days (R229). */

billing_db_rc_t
billing_op_board_restore(billing_op_t *op)
{
    uint32_t            roles;
    billing_db_rc_t     rc;
    billing_board_op_t  b;

    rc = billing_board_restore_may(op, &b);

    if (rc == BILLING_DB_OK) {
        rc = billing_member_roles(op->w, b.row.id, b.board.owner, &roles);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if ((roles & BILLING_ROLES_INSIDE) == 0) {
        billing_copy(b.board.owner, sizeof(b.board.owner),
                     op->command->actor);
    }

    b.board.record.gone = 0;
    b.board.deleted_at = 0;
    b.board.deleted_by[0] = '\0';

    rc = billing_board_store(op->w, &b.board, op->now);

    if (rc == BILLING_DB_OK) {
        rc = billing_guests_settle(op->w, b.row.id, b.board.id, op->now);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_team_store(op->w, &b.row);
    }

    return rc == BILLING_DB_OK ? billing_board_done(op, &b.board, 200, NULL)
                               : rc;
}


static billing_db_rc_t
billing_board_restore_may(billing_op_t *op, billing_board_op_t *b)
{
    bool             may;
    uint32_t         owner = 0;
    billing_db_rc_t  rc;

    rc = billing_board_load(op->w, billing_op_text(op, "board"), &b->board);

    if (rc == BILLING_DB_OK) {
        rc = billing_team_load(op->w, b->board.record.team, &b->row);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_member_roles(op->w, b->row.id, op->command->actor,
                                  &b->roles);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_member_roles(op->w, b->row.id, b->board.owner, &owner);
    }

    if (rc != BILLING_DB_OK && rc != BILLING_DB_DONE) {
        return rc;
    }

    /* A private board stays its owner's, while he is there. */

    may = rc == BILLING_DB_OK
          && (b->roles & (uint32_t) BILLING_ROLE_MEMBER) != 0
          && b->board.record.gone
          && billing_board_restorable(b->board.deleted_at, op->now)
          && (strcmp(b->board.deleted_by, op->command->actor) == 0
              || ((b->roles & BILLING_ROLES_ADMIN) != 0
                  && (!b->board.record.is_private
                      || (owner & BILLING_ROLES_INSIDE) == 0
                      || strcmp(b->board.owner, op->command->actor) == 0)));

    if (!may) {
        return billing_op_deny(op, BILLING_BOARD_NOT_FOUND, NULL);
    }

    billing_copy(op->reply->team, sizeof(op->reply->team), b->row.id);

    return BILLING_DB_OK;
}


/* A private board becomes the team's (the way out of R40). */

billing_db_rc_t
billing_op_board_share(billing_op_t *op)
{
    billing_db_rc_t     rc;
    billing_board_op_t  b;

    rc = billing_board_enter(op, &b);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (!b.owner) {
        return billing_op_deny(op, BILLING_BOARD_NOT_OWNER, NULL);
    }

    b.board.record.is_private = 0;

    rc = billing_board_store(op->w, &b.board, op->now);

    return rc == BILLING_DB_OK ? billing_board_done(op, &b.board, 200, NULL)
                               : rc;
}


/*
 * A new board, hence among the newest (R41): the actor's own, in the same
 * team, and on Free shared like every new one.
 */

billing_db_rc_t
billing_op_board_copy(billing_op_t *op)
{
    bool                 private_boards;
    const char          *title;
    billing_db_rc_t      rc;
    billing_reason_t     reason;
    billing_board_op_t   b;
    billing_board_row_t  copy;

    rc = billing_board_enter(op, &b);

    if (rc == BILLING_DB_OK) {
        rc = billing_licence_edit(op, b.row.id, &b.roles);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    reason = billing_may(BILLING_ACT_CREATE_BOARD, b.roles, b.row.team.plan);

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason, NULL);
    }

    title = billing_op_text(op, "title");

    if (title[0] != '\0' && !billing_name_valid(title, strlen(title))) {
        return billing_op_deny(op, BILLING_NAME_INVALID,
                               json_pack("{s:s}", "field", "title"));
    }

    private_boards = op->w->settings->catalogue
                         .plans[billing_team_plan(&b.row.team)]
                         .private_boards;

    /* Its copy would be everybody's: that is the owner's to say. */

    if (b.board.record.is_private && !private_boards && !b.owner) {
        return billing_op_deny(op, BILLING_BOARD_NOT_OWNER, NULL);
    }

    memset(&copy, 0, sizeof(copy));
    billing_copy(copy.title, sizeof(copy.title),
                 title[0] != '\0' ? title : b.board.title);
    copy.record.is_private = b.board.record.is_private && private_boards;

    return billing_board_new(op, &b.row, &copy,
                             json_pack("{s:s}", "copy_of", b.board.id));
}


billing_db_rc_t
billing_op_board_link(billing_op_t *op)
{
    const char          *word;
    billing_visit_t      visit;
    billing_db_rc_t      rc;
    billing_board_op_t   b;

    rc = billing_board_enter(op, &b);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    word = billing_op_text(op, "access");
    visit = billing_visit_parse(word, strlen(word));

    rc = billing_board_link_may(op, &b, visit);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    b.board.record.link = (uint8_t) visit;

    rc = billing_board_store(op->w, &b.board, op->now);

    return rc == BILLING_DB_OK ? billing_board_done(op, &b.board, 200, NULL)
                               : rc;
}


/* Closing a link is never refused to whoever may open one. */

static billing_db_rc_t
billing_board_link_may(billing_op_t *op, const billing_board_op_t *b,
    billing_visit_t visit)
{
    billing_reason_t  reason;

    if (visit == BILLING_VISITS) {
        return billing_op_deny(op, BILLING_FIELD_TYPE,
                               json_pack("{s:s}", "field", "access"));
    }

    if (!b->owner && ((b->roles & BILLING_ROLES_ADMIN) == 0
                      || b->board.record.is_private))
    {
        return billing_op_deny(op, BILLING_BOARD_NOT_OWNER, NULL);
    }

    if (visit == BILLING_VISIT_OFF) {
        return BILLING_DB_OK;
    }

    if (b->row.team.state == BILLING_STATE_EXPIRED) {
        return billing_op_deny(op, BILLING_TEAM_EXPIRED, NULL);
    }

    /* To show a board around is to invite: not without a licence (R202). */

    reason = billing_may(BILLING_ACT_CREATE_BOARD, b->roles,
                         b->row.team.plan);

    if (reason == BILLING_ALLOW) {
        reason = billing_visit_allowed(
                     &op->w->settings->catalogue
                         .plans[billing_team_plan(&b->row.team)],
                     visit);
    }

    return reason == BILLING_ALLOW ? BILLING_DB_OK
                                   : billing_op_deny(op, reason, NULL);
}
