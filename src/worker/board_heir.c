/*
 * Boards of who leaves a team: no board is ownerless (R229).  Whoever removes
 * a person says what becomes of that person's boards; whoever goes without a
 * word leaves them to the first admin.
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"

#define BILLING_TRANSFER  "transfer:"


typedef struct {
    const billing_team_row_t  *row;
    const char                *email;   /* who leaves */
    bool                       delete;
    char                       heir[BILLING_EMAIL_MAX + 1];
} billing_heir_t;


static billing_db_rc_t billing_boards_owned(billing_worker_t *w,
    const billing_heir_t *h, int64_t *n);
static billing_db_rc_t billing_heir_choose(billing_op_t *op,
    billing_heir_t *h, int64_t n);
static billing_db_rc_t billing_heir_first(billing_op_t *op,
    billing_heir_t *h, int64_t n);
static billing_db_rc_t billing_heir_undecided(billing_op_t *op, int64_t n);
static billing_db_rc_t billing_heir_each(billing_op_t *op,
    const billing_heir_t *h);


billing_db_rc_t
billing_boards_left(billing_op_t *op, const billing_team_row_t *row,
    const char *email)
{
    int64_t          n = 0;
    billing_heir_t   h = { .row = row, .email = email };
    billing_db_rc_t  rc;

    rc = billing_boards_owned(op->w, &h, &n);

    if (rc != BILLING_DB_OK || n == 0) {
        return rc;
    }

    rc = billing_heir_choose(op, &h, n);

    return rc == BILLING_DB_OK ? billing_heir_each(op, &h) : rc;
}


static billing_db_rc_t
billing_boards_owned(billing_worker_t *w, const billing_heir_t *h,
    int64_t *n)
{
    static const char  sql[] =
        "SELECT COUNT(*) FROM board WHERE team = $1 AND owner = $2"
        " AND gone = 0";

    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "tt", h->row->id, h->email);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_FATAL : rc;
    }

    *n = billing_db_int(w->db, sql, 0);
    billing_db_done(w->db, sql);

    return BILLING_DB_OK;
}


static billing_db_rc_t
billing_heir_choose(billing_op_t *op, billing_heir_t *h, int64_t n)
{
    size_t            len = strlen(BILLING_TRANSFER);
    uint32_t          roles;
    const char       *word;
    billing_db_rc_t   rc;

    word = billing_op_text(op, "boards");

    if (word[0] == '\0') {
        return strcmp(h->email, op->command->actor) == 0
               || strcmp(op->command->actor, BILLING_APP_ACTOR) == 0
               ? billing_heir_first(op, h, n)
               : billing_heir_undecided(op, n);
    }

    h->delete = strcmp(word, "delete") == 0;

    if (h->delete) {
        return BILLING_DB_OK;
    }

    if (strncmp(word, BILLING_TRANSFER, len) != 0) {
        return billing_op_deny(op, BILLING_FIELD_TYPE,
                               json_pack("{s:s}", "field", "boards"));
    }

    if (billing_email_normalise(word + len, strlen(word + len), h->heir)
        != BILLING_OK)
    {
        return billing_op_deny(op, BILLING_EMAIL_INVALID,
                               json_pack("{s:s}", "field", "boards"));
    }

    rc = billing_member_roles(op->w, h->row->id, h->heir, &roles);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if ((roles & (uint32_t) BILLING_ROLE_MEMBER) == 0) {
        return billing_op_deny(op, BILLING_MEMBER_NOT_FOUND,
                               json_pack("{s:s}", "field", "boards"));
    }

    return strcmp(h->heir, h->email) != 0
           && billing_board_heir(h->row->team.plan, roles)
           ? BILLING_DB_OK : billing_heir_undecided(op, n);
}


static billing_db_rc_t
billing_heir_first(billing_op_t *op, billing_heir_t *h, int64_t n)
{
    static const char  sql[] =
        "SELECT COALESCE(MIN(email), '') FROM member WHERE team = $1"
        " AND (roles & $2) <> 0 AND email <> $3";

    billing_db_rc_t  rc;

    rc = billing_db_query(op->w->db, sql, "tit", h->row->id,
                          (int64_t) BILLING_ROLES_ADMIN, h->email);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_FATAL : rc;
    }

    billing_copy(h->heir, sizeof(h->heir),
                 billing_db_text(op->w->db, sql, 0));
    billing_db_done(op->w->db, sql);

    return h->heir[0] != '\0' ? BILLING_DB_OK : billing_heir_undecided(op, n);
}


static billing_db_rc_t
billing_heir_undecided(billing_op_t *op, int64_t n)
{
    return billing_op_deny(op, BILLING_BOARDS_DECISION,
                           json_pack("{s:I}", "n", (json_int_t) n));
}


/* Each change takes a board off the list. */

static billing_db_rc_t
billing_heir_each(billing_op_t *op, const billing_heir_t *h)
{
    static const char  sql[] =
        "SELECT id FROM board WHERE team = $1 AND owner = $2 AND gone = 0"
        " LIMIT 1";

    char                 id[BILLING_ID_MAX + 1];
    billing_db_rc_t      rc;
    billing_board_row_t  board;

    for ( ;; ) {
        rc = billing_db_query(op->w->db, sql, "tt", h->row->id, h->email);

        if (rc != BILLING_DB_ROW) {
            return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
        }

        billing_copy(id, sizeof(id), billing_db_text(op->w->db, sql, 0));
        billing_db_done(op->w->db, sql);

        rc = billing_board_load(op->w, id, &board);

        if (rc != BILLING_DB_OK) {
            return rc == BILLING_DB_DONE ? BILLING_DB_FATAL : rc;
        }

        if (h->delete) {
            board.record.gone = 1;
            board.deleted_at = op->now;
            billing_copy(board.deleted_by, sizeof(board.deleted_by),
                         op->command->actor);

        } else {
            billing_copy(board.owner, sizeof(board.owner), h->heir);
        }

        rc = billing_board_store(op->w, &board, op->now);

        if (rc == BILLING_DB_OK && h->delete) {
            rc = billing_guests_settle(op->w, h->row->id, id, op->now);
        }

        if (rc != BILLING_DB_OK) {
            return rc;
        }
    }
}
