/*
 * Boards as the application has them.  Their order is that of their creation,
 * also when they come years later: on Free it decides which may be edited.
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"

#define BILLING_RANKS_SEC   1048576     /* ranks of one second */
#define BILLING_AHEAD_SEC   300         /* clocks differ */


typedef struct {
    bool      found;
    bool      gone;
    bool      is_private;
    int64_t   created_at;
    uint64_t  rank;
    char      team[BILLING_ID_MAX + 1];
    char      owner[BILLING_EMAIL_MAX + 1];
    char      title[BILLING_NAME_MAX + 1];
} billing_app_board_t;


static billing_db_rc_t billing_app_board_load(billing_worker_t *w,
    const char *id, billing_app_board_t *board);
static bool billing_app_board_want(const json_t *item,
    billing_app_board_t *board, billing_app_result_t *result);
static bool billing_app_board_same(const billing_app_board_t *have,
    const billing_app_board_t *want);
static billing_db_rc_t billing_app_board_may(billing_app_t *app,
    const billing_app_board_t *have, const billing_app_board_t *want,
    billing_app_team_t **team, billing_app_result_t *result);
static billing_db_rc_t billing_app_board_write(billing_op_t *op,
    const char *id, const billing_app_board_t *have,
    billing_app_board_t *want);
static billing_db_rc_t billing_app_board_settle(billing_op_t *op,
    const char *id, const billing_app_board_t *have,
    const billing_app_board_t *want);


billing_db_rc_t
billing_app_board(billing_app_t *app, const json_t *item,
    billing_app_result_t *result)
{
    const char           *id;
    billing_op_t         *op = app->op;
    billing_db_rc_t       rc;
    billing_app_team_t   *team, *left = NULL;
    billing_app_board_t   have, want;

    id = billing_app_text(item, "id");
    id = id[0] == '\0' ? billing_app_text(item, "board") : id;

    rc = billing_app_board_load(op->w, id, &have);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    want = have;

    if (!billing_app_board_want(item, &want, result)) {
        return BILLING_DB_OK;
    }

    rc = billing_app_board_may(app, &have, &want, &team, result);

    if (rc != BILLING_DB_OK || result->reason != BILLING_ALLOW) {
        return rc;
    }

    if (billing_app_board_same(&have, &want)) {
        return BILLING_DB_OK;
    }

    rc = billing_app_board_write(op, id, &have, &want);

    if (rc == BILLING_DB_OK && have.found && strcmp(have.team, want.team) != 0)
    {
        rc = billing_app_enter(app, have.team, &left);
        rc = rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    team->touched = true;           /* the newest ones may be others now */

    if (left != NULL) {
        left->touched = true;
    }

    result->changed = true;
    result->created = !have.found || have.gone;

    return BILLING_DB_OK;
}


static billing_db_rc_t
billing_app_board_load(billing_worker_t *w, const char *id,
    billing_app_board_t *board)
{
    static const char  sql[] =
        "SELECT team, owner, title, is_private, gone, created_at, rank"
        " FROM board WHERE id = $1";

    billing_db_rc_t  rc;

    memset(board, 0, sizeof(*board));

    rc = billing_db_query(w->db, sql, "t", id);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
    }

    board->found = true;
    billing_copy(board->team, sizeof(board->team),
                 billing_db_text(w->db, sql, 0));
    billing_copy(board->owner, sizeof(board->owner),
                 billing_db_text(w->db, sql, 1));
    billing_copy(board->title, sizeof(board->title),
                 billing_db_text(w->db, sql, 2));
    board->is_private = billing_db_int(w->db, sql, 3) != 0;
    board->gone = billing_db_int(w->db, sql, 4) != 0;
    board->created_at = billing_db_int(w->db, sql, 5);
    board->rank = (uint64_t) billing_db_int(w->db, sql, 6);
    billing_db_done(w->db, sql);

    return BILLING_DB_OK;
}


/* Members that are not said stay; a new board needs who and where. */

static bool
billing_app_board_want(const json_t *item, billing_app_board_t *board,
    billing_app_result_t *result)
{
    size_t    i;
    json_t   *flag = json_object_get(item, "private");
    int64_t   created_at = billing_app_instant(item, "created_at");

    const struct {
        const char  *name;
        char        *out;
        size_t       max;
    } texts[] = {
        { "team",  board->team,  sizeof(board->team) },
        { "owner", board->owner, sizeof(board->owner) },
        { "title", board->title, sizeof(board->title) }
    };

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const char  *text = billing_app_text(item, texts[i].name);

        if (text[0] != '\0') {
            billing_copy(texts[i].out, texts[i].max, text);
        }

        if (texts[i].out[0] == '\0') {
            result->reason = BILLING_FIELD_MISSING;
            result->field = texts[i].name;
            return false;
        }
    }

    board->is_private = flag != NULL ? json_is_true(flag) : board->is_private;
    board->created_at = created_at != 0 ? created_at : board->created_at;

    return true;
}


static bool
billing_app_board_same(const billing_app_board_t *have,
    const billing_app_board_t *want)
{
    return have->found && !have->gone
           && have->is_private == want->is_private
           && have->created_at == want->created_at
           && strcmp(have->team, want->team) == 0
           && strcmp(have->owner, want->owner) == 0
           && strcmp(have->title, want->title) == 0;
}


static billing_db_rc_t
billing_app_board_may(billing_app_t *app, const billing_app_board_t *have,
    const billing_app_board_t *want, billing_app_team_t **team,
    billing_app_result_t *result)
{
    bool                    shown = have->found && !have->gone;
    billing_db_rc_t         rc;
    const billing_team_t   *t;

    rc = billing_app_there(app, want->team, team, result);

    if (rc != BILLING_DB_OK || result->reason != BILLING_ALLOW) {
        return rc;
    }

    t = &(*team)->row.team;

    if (want->created_at > app->op->now + BILLING_AHEAD_SEC) {
        result->reason = BILLING_FIELD_TYPE;
        result->field = "created_at";
        return BILLING_DB_OK;
    }

    if (!shown && t->state == BILLING_STATE_EXPIRED) {
        result->reason = BILLING_TEAM_EXPIRED;
        return BILLING_DB_OK;
    }

    /* One that was private before stays so, and is locked (R39, R40). */

    if (want->is_private && !(shown && have->is_private)
        && !app->op->w->settings->catalogue.plans[t->plan].private_boards)
    {
        result->reason = BILLING_BOARD_PRIVATE_FREE;
    }

    return BILLING_DB_OK;
}


static billing_db_rc_t
billing_app_board_write(billing_op_t *op, const char *id,
    const billing_app_board_t *have, billing_app_board_t *want)
{
    static const char  insert_sql[] =
        "INSERT INTO board (id, team, owner, title, is_private, rank,"
        " created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    static const char  made_sql[] =
        "UPDATE board SET rank = $1, created_at = $2 WHERE id = $3";

    bool              newest;
    billing_db_rc_t   rc;

    newest = want->created_at == 0;
    want->created_at = newest ? op->now : want->created_at;

    rc = billing_profile_ensure(op->w, want->owner, op->lang, op->now);

    if (rc == BILLING_DB_OK
        && (!have->found || want->created_at != have->created_at))
    {
        rc = billing_board_rank(op->w, want->created_at, newest,
                                &want->rank);
    }

    if (rc == BILLING_DB_OK && !have->found) {
        rc = billing_db_exec(op->w->db, insert_sql, "ttttiii", id, want->team,
                             want->owner, want->title,
                             (int64_t) want->is_private,
                             (int64_t) want->rank, want->created_at);

    } else if (rc == BILLING_DB_OK) {
        rc = billing_db_exec(op->w->db, made_sql, "iit", (int64_t) want->rank,
                             want->created_at, id);
    }

    return rc == BILLING_DB_OK ? billing_app_board_settle(op, id, have, want)
                               : rc;
}


/* As an owner would do it: rights on the board follow, in both teams. */

static billing_db_rc_t
billing_app_board_settle(billing_op_t *op, const char *id,
    const billing_app_board_t *have, const billing_app_board_t *want)
{
    billing_db_rc_t      rc;
    billing_board_row_t  board;

    rc = billing_board_load(op->w, id, &board);

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    if (want->is_private) {
        board.record.link = BILLING_VISIT_OFF;
    }

    board.record.is_private = want->is_private;
    board.record.gone = 0;
    board.deleted_at = 0;
    board.deleted_by[0] = '\0';
    billing_copy(board.owner, sizeof(board.owner), want->owner);
    billing_copy(board.title, sizeof(board.title), want->title);
    billing_copy(board.record.team, sizeof(board.record.team), want->team);

    rc = billing_board_store(op->w, &board, op->now);

    if (rc == BILLING_DB_OK && have->found) {
        rc = billing_guests_settle(op->w, want->team, id, op->now);
    }

    if (rc == BILLING_DB_OK && have->found
        && strcmp(have->team, want->team) != 0)
    {
        rc = billing_guests_settle(op->w, have->team, id, op->now);
    }

    return rc;
}


billing_db_rc_t
billing_board_rank(billing_worker_t *w, int64_t created_at, bool newest,
    uint64_t *rank)
{
    static const char  newest_sql[] =
        "SELECT COALESCE(MAX(rank), 0) + 1 FROM board";
    static const char  sql[] =
        "SELECT COALESCE(MAX(rank), $1 - 1) + 1 FROM board WHERE rank >= $1"
        " AND rank < $1 + 1048576";

    int64_t           base = created_at * BILLING_RANKS_SEC;
    int64_t           next;
    const char       *query = newest ? newest_sql : sql;
    billing_db_rc_t   rc;

    rc = newest ? billing_db_query(w->db, query, "")
                : billing_db_query(w->db, query, "i", base);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_FATAL : rc;
    }

    next = billing_db_int(w->db, query, 0);
    billing_db_done(w->db, query);

    *rank = (uint64_t) (next < base ? base : next);

    return BILLING_DB_OK;
}


/* --- single forms --------------------------------------------------------- */


billing_db_rc_t
billing_op_app_board(billing_op_t *op)
{
    char                  created[BILLING_INSTANT_LEN + 1];
    const char           *id = billing_op_text(op, "board");
    billing_db_rc_t       rc;
    billing_app_board_t   board;
    billing_app_result_t  result;

    rc = billing_app_one(op, billing_app_board, &result);

    if (rc == BILLING_DB_OK) {
        rc = billing_app_board_load(op->w, id, &board);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    billing_instant_format(board.created_at, created);
    billing_copy(op->reply->team, sizeof(op->reply->team), board.team);

    return billing_op_reply(op, result.created ? 201 : 200,
               json_pack("{s:{s:s, s:s, s:s, s:s, s:b, s:s}}", "board",
                   "id", id, "title", board.title, "team", board.team,
                   "owner", board.owner, "private", (int) board.is_private,
                   "created_at", created));
}
