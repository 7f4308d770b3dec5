/* Moving a board to another team of its owner, and what that shows first. */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


typedef struct {
    billing_board_op_t     b;
    billing_team_row_t     to;
    billing_board_moved_t  moved;
    billing_move_t         move;
} billing_move_op_t;


static billing_db_rc_t billing_move_enter(billing_op_t *op,
    billing_move_op_t *m);
static billing_db_rc_t billing_move_preview(billing_op_t *op,
    const billing_move_op_t *m, json_t **out);
static billing_db_rc_t billing_move_people(billing_op_t *op,
    const billing_move_op_t *m);
static billing_db_rc_t billing_move_person(billing_op_t *op,
    const billing_move_op_t *m, const char *email, uint32_t rights);
static billing_db_rc_t billing_move_run(billing_op_t *op,
    billing_move_op_t *m);


billing_db_rc_t
billing_op_board_move(billing_op_t *op)
{
    json_t             *preview;
    billing_db_rc_t     rc;
    billing_move_op_t   m;

    rc = billing_move_enter(op, &m);

    if (rc == BILLING_DB_OK) {
        rc = billing_move_preview(op, &m, &preview);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (!billing_op_dry(op) && strcmp(m.b.row.id, m.to.id) != 0) {
        rc = billing_move_run(op, &m);

        if (rc != BILLING_DB_OK) {
            json_decref(preview);
            return rc;
        }

        billing_copy(op->reply->team, sizeof(op->reply->team), m.to.id);
    }

    return billing_board_done(op, &m.b.board, 200,
               json_pack("{s:b, s:o}", "dry_run", (int) billing_op_dry(op),
                         "move", preview));
}


static billing_db_rc_t
billing_move_enter(billing_op_t *op, billing_move_op_t *m)
{
    billing_db_rc_t  rc;

    rc = billing_board_enter(op, &m->b);

    if (rc == BILLING_DB_OK) {
        rc = billing_move_may(op, &m->b, &m->to, &m->moved);
    }

    m->move = (billing_move_t) {
        .board = &m->b.board, .from = m->b.row.id, .to = m->to.id,
        .guests = rc == BILLING_DB_OK
                  && billing_guests_allowed(m->to.team.plan)
    };

    return rc;
}


/* Up to ten are named, more are a list to be asked for (R32). */

static billing_db_rc_t
billing_move_preview(billing_op_t *op, const billing_move_op_t *m,
    json_t **out)
{
    char              list[BILLING_ID_MAX * 2 + 64];
    json_t           *names;
    int64_t           n;
    billing_db_rc_t   rc;

    rc = billing_move_affected(op->w, &m->move, &n);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    *out = json_pack("{s:s, s:s, s:I, s:b, s:b}", "from", m->b.row.id,
               "to", m->to.id, "affected_count", (json_int_t) n,
               "locked", (int) m->moved.locked,
               "shared", (int) m->moved.shared);

    if (!billing_affected_inline((uint32_t) n,
                                 op->w->settings->addresses_in_line))
    {
        (void) snprintf(list, sizeof(list),
                        "/dashboard/boards/%s/affected?team=%s",
                        m->b.board.id, m->to.id);
        (void) json_object_set_new(*out, "affected_list", json_string(list));

        return BILLING_DB_OK;
    }

    rc = billing_move_list(op->w, &m->move, "", n, &names);

    if (rc != BILLING_DB_OK) {
        json_decref(*out);
        return rc;
    }

    (void) json_object_set_new(*out, "affected", names);

    return BILLING_DB_OK;
}


static billing_db_rc_t
billing_move_run(billing_op_t *op, billing_move_op_t *m)
{
    billing_db_rc_t  rc;

    billing_copy(m->b.board.record.team, sizeof(m->b.board.record.team),
                 m->to.id);

    rc = billing_board_store(op->w, &m->b.board, op->now);

    if (rc == BILLING_DB_OK) {
        rc = billing_move_people(op, m);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_team_store(op->w, &m->b.row);
    }

    return rc == BILLING_DB_OK ? billing_team_store(op->w, &m->to) : rc;
}


static billing_db_rc_t
billing_move_people(billing_op_t *op, const billing_move_op_t *m)
{
    char             email[BILLING_EMAIL_MAX + 1] = "";
    uint32_t         rights;
    billing_db_rc_t  rc;

    for ( ;; ) {
        rc = billing_access_next(op->w, m->b.board.id, email, &rights);

        if (rc != BILLING_DB_OK) {
            return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
        }

        rc = billing_move_person(op, m, email, rights);

        if (rc != BILLING_DB_OK) {
            return rc;
        }
    }
}


/* Guests go with their board; the old team's people stay behind. */

static billing_db_rc_t
billing_move_person(billing_op_t *op, const billing_move_op_t *m,
    const char *email, uint32_t rights)
{
    uint32_t                 there, here;
    billing_db_rc_t          rc;
    billing_access_change_t  change;

    rc = billing_member_roles(op->w, m->to.id, email, &there);

    if (rc == BILLING_DB_OK) {
        rc = billing_member_roles(op->w, m->b.row.id, email, &here);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if ((there & BILLING_ROLES_INSIDE) == 0
        && ((here & BILLING_ROLES_INSIDE) != 0 || !m->move.guests))
    {
        change = (billing_access_change_t) {
            .board = m->b.board.id, .email = email, .now = op->now,
            .rights = rights & ~(uint32_t) BILLING_ACCESS_INVITED
        };

        rc = billing_access_store(op->w, &change);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_guest_settle(op->w, m->b.row.id, email, op->now);
    }

    return rc == BILLING_DB_OK
           ? billing_guest_settle(op->w, m->to.id, email, op->now) : rc;
}


/* The whole list, a page at a time. */

billing_db_rc_t
billing_query_affected(billing_op_t *op)
{
    size_t              n;
    json_t             *names, *next;
    billing_db_rc_t     rc;
    billing_move_op_t   m;

    rc = billing_move_enter(op, &m);

    if (rc == BILLING_DB_OK) {
        rc = billing_move_list(op->w, &m.move, billing_op_text(op, "after"),
                               BILLING_AFFECTED_PAGE, &names);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    n = json_array_size(names);
    next = n == BILLING_AFFECTED_PAGE ? json_array_get(names, n - 1) : NULL;
    next = next == NULL ? json_null() : json_incref(next);

    return billing_op_reply(op, 200,
               json_pack("{s:o, s:o}", "affected", names, "next", next));
}
