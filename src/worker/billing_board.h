/* Part of billing_business.h: boards, and who is let onto them. */

#ifndef BILLING_BOARD_H
#define BILLING_BOARD_H

#define BILLING_AFFECTED_PAGE  1000     /* addresses of one answer */


/* --- operations ----------------------------------------------------------- */

billing_db_rc_t billing_op_board_create(billing_op_t *op);
billing_db_rc_t billing_op_board_change(billing_op_t *op);
billing_db_rc_t billing_op_board_delete(billing_op_t *op);
billing_db_rc_t billing_op_board_restore(billing_op_t *op);
billing_db_rc_t billing_op_board_share(billing_op_t *op);
billing_db_rc_t billing_op_board_copy(billing_op_t *op);
billing_db_rc_t billing_op_board_move(billing_op_t *op);
billing_db_rc_t billing_op_board_link(billing_op_t *op);
billing_db_rc_t billing_op_guest_add(billing_op_t *op);
billing_db_rc_t billing_op_guest_remove(billing_op_t *op);
billing_db_rc_t billing_op_licence_set(billing_op_t *op);
billing_db_rc_t billing_op_licence_add(billing_op_t *op);
billing_db_rc_t billing_query_board(billing_op_t *op);
billing_db_rc_t billing_query_affected(billing_op_t *op);
billing_db_rc_t billing_query_deleted_boards(billing_op_t *op);


/* --- boards (board.c) ----------------------------------------------------- */

typedef struct {
    char                    id[BILLING_ID_MAX + 1];
    char                    owner[BILLING_EMAIL_MAX + 1];
    char                    title[BILLING_NAME_MAX + 1];
    char                    deleted_by[BILLING_EMAIL_MAX + 1];
    int64_t                 deleted_at;
    billing_board_record_t  record;
} billing_board_row_t;

/* A board, its team and what the actor is to both. */
typedef struct {
    billing_board_row_t  board;
    billing_team_row_t   row;
    uint32_t             roles;
    uint32_t             access;
    bool                 owner;
} billing_board_op_t;

/* OK, or DONE when there is no such board (no reply is filled). */
BILLING_MUST_CHECK billing_db_rc_t billing_board_load(billing_worker_t *w,
    const char *id, billing_board_row_t *board);

/* A new board of the actor in this team, the newest of all; published. */
BILLING_MUST_CHECK billing_db_rc_t billing_board_insert(billing_op_t *op,
    const billing_team_row_t *row, billing_board_row_t *board);

/*
 * Writes what may change and publishes it; the rights of a private board's
 * owner follow.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_board_store(billing_worker_t *w,
    const billing_board_row_t *board, int64_t now);

/*
 * The board named, for whom it exists: its owner (who may have left the team),
 * the team's people unless it is private, whoever was invited.  Else DONE with
 * BOARD_NOT_FOUND.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_board_enter(billing_op_t *op,
    billing_board_op_t *b);

/* What the gate would say to the actor who wants to edit it. */
BILLING_MUST_CHECK billing_db_rc_t billing_board_edit(billing_op_t *op,
    const billing_board_op_t *b, billing_reason_t *reason);

json_t *billing_board_json(const billing_board_row_t *board);

/* DONE with {"board": ...} and more. */
billing_db_rc_t billing_board_done(billing_op_t *op,
    const billing_board_row_t *board, unsigned status, json_t *more);


/* --- rights on one board (board_access.c) --------------------------------- */

BILLING_MUST_CHECK billing_db_rc_t billing_access_rights(
    billing_worker_t *w, const char *board, const char *email,
    uint32_t *rights);

typedef struct {
    const char  *board;
    const char  *email;
    const char  *by;                    /* who invites */
    uint32_t     rights;
    int64_t      now;
} billing_access_change_t;

/* Writes and publishes it. */
BILLING_MUST_CHECK billing_db_rc_t billing_access_store(billing_worker_t *w,
    const billing_access_change_t *change);

/*
 * The owner of a private board holds the right of one, and nobody holds that
 * of any board who is not its owner.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_access_owner(billing_worker_t *w,
    const billing_board_row_t *board, int64_t now);

/* All rights of a person on the boards of a team end. */
BILLING_MUST_CHECK billing_db_rc_t billing_access_end(billing_worker_t *w,
    const char *team, const char *email, int64_t now);

/*
 * Who is invited to a board of the team without belonging to it is its guest,
 * and nobody else.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_guest_settle(billing_worker_t *w,
    const char *team, const char *email, int64_t now);

/* The same for everybody invited to this board. */
BILLING_MUST_CHECK billing_db_rc_t billing_guests_settle(
    billing_worker_t *w, const char *team, const char *board, int64_t now);

/* The first address invited to a board behind this one; DONE: no more. */
BILLING_MUST_CHECK billing_db_rc_t billing_access_next(billing_worker_t *w,
    const char *board, char email[BILLING_EMAIL_MAX + 1], uint32_t *rights);


/* --- licences (op_licence.c, flexible.c) ---------------------------------- */

/* This person gets a Full licence, a member or not yet; DONE: none is left. */
/* The actor edits or creates: perhaps a licence comes of it (R203). */
BILLING_MUST_CHECK billing_db_rc_t billing_licence_edit(billing_op_t *op,
    const char *team, uint32_t *roles);

BILLING_MUST_CHECK billing_db_rc_t billing_licence_grant(billing_op_t *op,
    billing_team_row_t *row, const char *email);


/* --- moving (board_move.c) ------------------------------------------------ */

typedef struct {
    const billing_board_row_t  *board;
    const char                 *from;
    const char                 *to;
    bool                        guests;     /* the new team's plan has some */
} billing_move_t;

/* How many lose access, and the first addresses behind one (R32). */
BILLING_MUST_CHECK billing_db_rc_t billing_move_affected(billing_worker_t *w,
    const billing_move_t *move, int64_t *n);
BILLING_MUST_CHECK billing_db_rc_t billing_move_list(billing_worker_t *w,
    const billing_move_t *move, const char *after, int64_t max,
    json_t **out);

/* Whether a company forbids it of either team (R31). */
BILLING_MUST_CHECK billing_db_rc_t billing_move_forbidden(
    billing_worker_t *w, const char *from, const char *to, bool *forbidden);

/*
 * The team in the request as a destination, with what the move does; DONE
 * with the refusal.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_move_may(billing_op_t *op,
    const billing_board_op_t *b, billing_team_row_t *to,
    billing_board_moved_t *moved);


/* --- boards of who goes (board_heir.c) ------------------------------------ */

/*
 * As the request's "boards" says: handed over or deleted (R229).  DONE with
 * the refusal while that has to be decided.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_boards_left(billing_op_t *op,
    const billing_team_row_t *row, const char *email);

#endif /* BILLING_BOARD_H */
