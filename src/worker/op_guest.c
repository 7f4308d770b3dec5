/*
 * Guests: invited to single boards, free and without a seat (R195, R196).  On
 * Free there are none: who is invited to a board joins the team (R36).
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


typedef struct {
    billing_board_op_t  b;
    uint32_t            roles;          /* of the guest, in the team */
    uint32_t            access;
    char                email[BILLING_EMAIL_MAX + 1];
} billing_guest_op_t;


static billing_db_rc_t billing_guest_op(billing_op_t *op,
    billing_guest_op_t *g);
static billing_db_rc_t billing_guest_let_in(billing_op_t *op,
    const billing_guest_op_t *g, uint32_t rights);
static billing_db_rc_t billing_guest_done(billing_op_t *op,
    billing_guest_op_t *g);


billing_db_rc_t
billing_op_guest_add(billing_op_t *op)
{
    billing_guest_t       outcome;
    billing_db_rc_t       rc;
    billing_reason_t      reason;
    billing_guest_op_t    g;
    billing_guest_ask_t   ask;

    rc = billing_guest_op(op, &g);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    ask = (billing_guest_ask_t) {
        .plan = g.b.row.team.plan, .state = g.b.row.team.state,
        .admins_only = g.b.row.invite_admins,
        .is_private = g.b.board.record.is_private,
        .host_roles = g.b.roles, .host_access = g.b.access,
        .roles = g.roles, .access = g.access
    };

    reason = billing_guest_invite(&ask, &outcome);

    if (reason == BILLING_INVITE_FORBIDDEN) {
        return billing_invite_deny(op, &g.b.row);
    }

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason, NULL);
    }

    if (outcome == BILLING_GUEST_JOINS) {
        rc = billing_member_join(op, &g.b.row, g.email,
                                 (uint32_t) BILLING_ROLE_MEMBER);

    } else {
        rc = billing_profile_ensure(op->w, g.email, op->lang, op->now);
    }

    if (rc == BILLING_DB_OK
        && (outcome != BILLING_GUEST_JOINS || ask.is_private))
    {
        rc = billing_guest_let_in(op, &g, g.access
                                  | (uint32_t) BILLING_ACCESS_INVITED);
    }

    return rc == BILLING_DB_OK ? billing_guest_done(op, &g) : rc;
}


static billing_db_rc_t
billing_guest_op(billing_op_t *op, billing_guest_op_t *g)
{
    const char       *email;
    billing_db_rc_t   rc;

    rc = billing_board_enter(op, &g->b);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    email = billing_op_text(op, "email");

    if (billing_email_normalise(email, strlen(email), g->email)
        != BILLING_OK)
    {
        return billing_op_deny(op, BILLING_EMAIL_INVALID, NULL);
    }

    rc = billing_member_roles(op->w, g->b.row.id, g->email, &g->roles);

    return rc == BILLING_DB_OK
           ? billing_access_rights(op->w, g->b.board.id, g->email, &g->access)
           : rc;
}


/* Rights, and with them whether that person is a guest of the team. */

static billing_db_rc_t
billing_guest_let_in(billing_op_t *op, const billing_guest_op_t *g,
    uint32_t rights)
{
    billing_db_rc_t          rc;
    billing_access_change_t  change;

    change = (billing_access_change_t) {
        .board = g->b.board.id, .email = g->email, .rights = rights,
        .by = op->command->actor, .now = op->now
    };

    rc = billing_access_store(op->w, &change);

    return rc == BILLING_DB_OK
           ? billing_guest_settle(op->w, g->b.row.id, g->email, op->now)
           : rc;
}


/* As what the invited is in now, said by the function the gate asks. */

static billing_db_rc_t
billing_guest_done(billing_op_t *op, billing_guest_op_t *g)
{
    billing_db_rc_t     rc;
    billing_reason_t    reason;
    billing_board_op_t  b = g->b;

    rc = billing_member_roles(op->w, b.row.id, g->email, &b.roles);

    if (rc == BILLING_DB_OK) {
        rc = billing_access_rights(op->w, b.board.id, g->email, &b.access);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_board_edit(op, &b, &reason);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    return billing_board_done(op, &b.board, 201,
               json_pack("{s:{s:s, s:s, s:s}}", "guest", "email", g->email,
                   "role", billing_role_word(b.roles),
                   "access", reason == BILLING_ALLOW ? "edit" : "view"));
}


/* By the owner, an admin, or the guest who has enough of it. */

billing_db_rc_t
billing_op_guest_remove(billing_op_t *op)
{
    billing_db_rc_t     rc;
    billing_guest_op_t  g;

    rc = billing_guest_op(op, &g);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (!g.b.owner && (g.b.roles & BILLING_ROLES_ADMIN) == 0
        && strcmp(g.email, op->command->actor) != 0)
    {
        return billing_op_deny(op, BILLING_BOARD_NOT_OWNER, NULL);
    }

    if ((g.access & (uint32_t) BILLING_ACCESS_INVITED) == 0) {
        return billing_op_deny(op, BILLING_MEMBER_NOT_FOUND, NULL);
    }

    rc = billing_guest_let_in(op, &g, g.access
                              & ~(uint32_t) BILLING_ACCESS_INVITED);

    return rc == BILLING_DB_OK
           ? billing_board_done(op, &g.b.board, 200, NULL) : rc;
}
