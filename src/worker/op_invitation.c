/*
 * Invitations of addresses: sent, listed, taken back, accepted.  The seat is
 * taken by whoever joins, at the moment of joining (R75).
 */

#include <string.h>

#include "billing_business.h"


static billing_db_rc_t billing_invite_each(billing_op_t *op,
    billing_team_row_t *row);
static billing_db_rc_t billing_invite_one(billing_op_t *op,
    billing_team_row_t *row, const char *email, json_t *list);
static billing_db_rc_t billing_invite_asks(billing_op_t *op,
    const billing_team_row_t *row);
static billing_db_rc_t billing_invitation_gone(billing_op_t *op,
    billing_db_rc_t rc);


billing_db_rc_t
billing_op_invite(billing_op_t *op)
{
    uint32_t             roles;
    billing_db_rc_t      rc;
    billing_reason_t     reason;
    billing_team_row_t   row;

    rc = billing_op_enter(op, billing_op_text(op, "team"), &row, &roles);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    reason = billing_invite_allowed(roles, row.team.plan, row.invite_admins);

    if (reason == BILLING_ALLOW) {
        return billing_invite_each(op, &row);
    }

    if (reason != BILLING_INVITE_FORBIDDEN) {
        return billing_op_deny(op, reason, NULL);
    }

    return billing_op_bool(op, "request") ? billing_invite_asks(op, &row)
                                          : billing_invite_deny(op, &row);
}


/* All of them, or none: the first that cannot be is told. */

static billing_db_rc_t
billing_invite_each(billing_op_t *op, billing_team_row_t *row)
{
    size_t            i;
    json_t           *list;
    const json_t     *emails;
    billing_db_rc_t   rc;

    emails = json_object_get(op->command->body, "emails");
    list = json_array();
    rc = BILLING_DB_OK;

    for (i = 0; i < json_array_size(emails) && rc == BILLING_DB_OK; i++) {
        rc = billing_invite_one(op, row,
                 json_string_value(json_array_get(emails, i)), list);
    }

    if (rc != BILLING_DB_OK) {
        json_decref(list);
        return rc;
    }

    return billing_op_reply(op, 201, json_pack("{s:o}", "invitations", list));
}


static billing_db_rc_t
billing_invite_one(billing_op_t *op, billing_team_row_t *row,
    const char *email, json_t *list)
{
    static const char  sql[] = "UPDATE invitation SET seat = 1 WHERE id = $1";

    bool                  held;
    uint32_t              roles;
    billing_db_rc_t       rc;
    billing_invitation_t  invitation;

    held = false;
    rc = billing_invitation_make(op, row, email, &invitation);

    if (rc == BILLING_DB_OK) {
        rc = billing_seat_held(op->w, row->account, email, &held, &roles);
    }

    if (rc == BILLING_DB_OK && !invitation.seat && !held
        && billing_plan_is_paid(row->team.plan)
        && billing_invitation_seat(&op->w->settings->catalogue))
    {
        rc = billing_member_hold(op, row);

        if (rc == BILLING_DB_OK) {
            rc = billing_db_exec(op->w->db, sql, "t", invitation.id);
        }
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    return json_array_append_new(list,
               billing_invitation_json(&invitation, op->now)) == 0
           ? BILLING_DB_OK : BILLING_DB_UNMADE;
}


/* Who may not invite asks who may (R205). */

static billing_db_rc_t
billing_invite_asks(billing_op_t *op, const billing_team_row_t *row)
{
    size_t            i;
    json_t           *list, *ask;
    const json_t     *emails;
    billing_db_rc_t   rc;

    emails = json_object_get(op->command->body, "emails");
    list = json_array();
    rc = BILLING_DB_OK;

    for (i = 0; i < json_array_size(emails) && rc == BILLING_DB_OK; i++) {
        rc = billing_ask_make(op, row, BILLING_ASK_INVITE,
                 json_string_value(json_array_get(emails, i)), &ask);

        if (rc == BILLING_DB_OK && json_array_append_new(list, ask) != 0) {
            rc = BILLING_DB_UNMADE;
        }
    }

    if (rc != BILLING_DB_OK) {
        json_decref(list);
        return rc;
    }

    return billing_op_reply(op, 201, json_pack("{s:[], s:o}", "invitations",
                                               "requests", list));
}


billing_db_rc_t
billing_query_invitations(billing_op_t *op)
{
    static const char  sql[] =
        "SELECT id FROM invitation WHERE team = $1 AND state = 'pending'"
        " ORDER BY created_at DESC, email LIMIT $2";

    json_t                *list;
    billing_db_rc_t        rc;
    billing_team_row_t     row;
    billing_invitation_t   invitation;

    rc = billing_op_may(op, BILLING_ACT_SETTINGS, &row);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    list = json_array();
    rc = billing_db_query(op->w->db, sql, "ti", row.id,
                          (int64_t) BILLING_LIST_MAX);

    while (rc == BILLING_DB_ROW) {
        rc = billing_invitation_load(op->w,
                 billing_db_text(op->w->db, sql, 0), &invitation);

        if (rc == BILLING_DB_OK) {
            (void) json_array_append_new(list,
                       billing_invitation_json(&invitation, op->now));
            rc = billing_db_next(op->w->db, sql);
        }
    }

    if (rc != BILLING_DB_DONE) {
        json_decref(list);
        return rc;
    }

    return billing_op_reply(op, 200, json_pack("{s:o}", "invitations", list));
}


billing_db_rc_t
billing_op_invitation_revoke(billing_op_t *op)
{
    bool                   own;
    uint32_t               roles;
    billing_db_rc_t        rc;
    billing_reason_t       reason;
    billing_team_row_t     row;
    billing_invitation_t   invitation;

    rc = billing_op_enter(op, billing_op_text(op, "team"), &row, &roles);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    rc = billing_invitation_load(op->w, billing_op_text(op, "invitation"),
                                 &invitation);

    if (rc != BILLING_DB_OK || strcmp(invitation.team, row.id) != 0) {
        return billing_invitation_gone(op, rc);
    }

    own = strcmp(invitation.inviter, op->command->actor) == 0;
    reason = billing_invitation_revoke_allowed(own, roles, row.team.plan);

    if (reason == BILLING_ALLOW) {
        reason = billing_invitation_open(invitation.pending,
                                         invitation.expires_at, op->now);
    }

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason, NULL);
    }

    rc = billing_invitation_end(op->w, invitation.id, "revoked", op->now);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    invitation.pending = false;
    billing_copy(invitation.state, sizeof(invitation.state), "revoked");

    return billing_op_reply(op, 200, json_pack("{s:o}", "invitation",
                   billing_invitation_json(&invitation, op->now)));
}


/* Another's token says no more than a token that never was. */

billing_db_rc_t
billing_op_invitation_accept(billing_op_t *op)
{
    billing_db_rc_t        rc;
    billing_reason_t       reason;
    billing_team_row_t     row;
    billing_invitation_t   invitation;

    rc = billing_invitation_by_token(op->w, billing_op_text(op, "token"),
                                     &invitation);

    if (rc != BILLING_DB_OK
        || strcmp(invitation.email, op->command->actor) != 0)
    {
        return billing_invitation_gone(op, rc);
    }

    reason = billing_invitation_open(invitation.pending,
                                     invitation.expires_at, op->now);

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason, NULL);
    }

    rc = billing_team_load(op->w, invitation.team, &row);

    if (rc != BILLING_DB_OK) {
        return billing_invitation_gone(op, rc);
    }

    /* Its seat, if it held one, is vacant for who comes now. */

    rc = billing_invitation_end(op->w, invitation.id, "accepted", op->now);

    if (rc == BILLING_DB_OK) {
        rc = billing_member_join(op, &row, invitation.email,
                                 (uint32_t) BILLING_ROLE_MEMBER);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    billing_copy(op->reply->team, sizeof(op->reply->team), row.id);

    return billing_op_team(op, &row, NULL);
}


static billing_db_rc_t
billing_invitation_gone(billing_op_t *op, billing_db_rc_t rc)
{
    return rc == BILLING_DB_OK || rc == BILLING_DB_DONE
           ? billing_op_deny(op, BILLING_INVITATION_NOT_FOUND, NULL) : rc;
}
