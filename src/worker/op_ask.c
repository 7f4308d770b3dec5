/*
 * Requests: somebody asks the admins of a team, an admin decides, and what was
 * asked is done by the same functions as if the admin had done it (R25, R202,
 * R205, R232).
 */

#include <string.h>

#include "billing_business.h"


static billing_db_rc_t billing_ask_enter(billing_op_t *op,
    billing_team_row_t *row, billing_asking_t *asking);
static billing_db_rc_t billing_ask_email(billing_op_t *op, billing_ask_t kind,
    const char **email);
static billing_db_rc_t billing_ask_open(billing_op_t *op,
    billing_ask_row_t *ask, billing_team_row_t *row);
static billing_db_rc_t billing_ask_carry_out(billing_op_t *op,
    billing_team_row_t *row, const billing_ask_row_t *ask);


billing_db_rc_t
billing_op_ask(billing_op_t *op)
{
    json_t              *json;
    const char          *email;
    billing_db_rc_t      rc;
    billing_reason_t     reason;
    billing_asking_t     asking;
    billing_team_row_t   row;

    rc = billing_ask_enter(op, &row, &asking);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (asking.kind == BILLING_ASK_NONE) {
        return billing_op_deny(op, BILLING_FIELD_TYPE,
                               json_pack("{s:s}", "field", "kind"));
    }

    rc = billing_ask_email(op, asking.kind, &email);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    reason = billing_ask_allowed(&asking);

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason, NULL);
    }

    rc = billing_ask_make(op, &row, asking.kind, email, &json);

    return rc == BILLING_DB_OK
           ? billing_op_reply(op, 201, json_pack("{s:o}", "request", json))
           : rc;
}


/* A team that shows itself to one's domain is no secret; others are. */

static billing_db_rc_t
billing_ask_enter(billing_op_t *op, billing_team_row_t *row,
    billing_asking_t *asking)
{
    const char       *kind, *actor;
    billing_db_rc_t   rc;

    memset(asking, 0, sizeof(*asking));
    actor = op->command->actor;
    kind = billing_op_text(op, "kind");
    asking->kind = billing_ask_parse(kind, strlen(kind));

    rc = billing_team_load(op->w, billing_op_text(op, "team"), row);

    if (rc == BILLING_DB_DONE || (rc == BILLING_DB_OK && row->gone)) {
        return billing_op_deny(op, BILLING_TEAM_NOT_FOUND, NULL);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_member_roles(op->w, row->id, actor, &asking->roles);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_domain_shows(op->w, actor, row->id,
                                  &asking->discoverable);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (asking->roles == 0 && !asking->discoverable) {
        return billing_op_deny(op, BILLING_TEAM_NOT_FOUND, NULL);
    }

    asking->plan = row->team.plan;
    asking->restricted = (asking->roles
                          & (uint32_t) BILLING_ROLE_RESTRICTED) != 0;
    asking->admins_only = row->invite_admins;

    return BILLING_DB_OK;
}


/* Whom it is about: another for an invitation, else who asks. */

static billing_db_rc_t
billing_ask_email(billing_op_t *op, billing_ask_t kind, const char **email)
{
    uint32_t          roles;
    billing_db_rc_t   rc;
    billing_reason_t  reason;

    reason = BILLING_ALLOW;
    *email = billing_op_text(op, "email");

    if (kind != BILLING_ASK_INVITE) {
        if ((*email)[0] != '\0' && strcmp(*email, op->command->actor) != 0) {
            reason = BILLING_EMAIL_INVALID;
        }

        *email = op->command->actor;

    } else if ((*email)[0] == '\0') {
        return billing_op_deny(op, BILLING_FIELD_MISSING,
                               json_pack("{s:s}", "field", "email"));

    } else {
        rc = billing_member_roles(op->w, billing_op_text(op, "team"), *email,
                                  &roles);

        if (rc != BILLING_DB_OK) {
            return rc;
        }

        reason = roles & (uint32_t) BILLING_ROLE_MEMBER
                 ? BILLING_MEMBER_EXISTS : BILLING_ALLOW;
    }

    return reason == BILLING_ALLOW ? BILLING_DB_OK
                                   : billing_op_deny(op, reason, NULL);
}


billing_db_rc_t
billing_query_asks(billing_op_t *op)
{
    static const char  sql[] =
        "SELECT id FROM team_request WHERE team = $1 AND state = 'open'"
        " ORDER BY created_at, id LIMIT $2";

    json_t              *list;
    billing_db_rc_t      rc;
    billing_ask_row_t    ask;
    billing_team_row_t   row;

    rc = billing_op_may(op, BILLING_ACT_SETTINGS, &row);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    list = json_array();
    rc = billing_db_query(op->w->db, sql, "ti", row.id,
                          (int64_t) BILLING_LIST_MAX);

    while (rc == BILLING_DB_ROW) {
        rc = billing_ask_load(op->w, billing_db_text(op->w->db, sql, 0),
                              &ask);

        if (rc == BILLING_DB_OK) {
            (void) json_array_append_new(list, billing_ask_json(&ask));
            rc = billing_db_next(op->w->db, sql);
        }
    }

    if (rc != BILLING_DB_DONE) {
        json_decref(list);
        return rc;
    }

    return billing_op_reply(op, 200, json_pack("{s:o}", "requests", list));
}


billing_db_rc_t
billing_op_ask_decide(billing_op_t *op)
{
    static const char  sql[] =
        "UPDATE team_request SET state = $1, decided_by = $2,"
        " decided_at = $3 WHERE id = $4";

    const char          *word;
    billing_db_rc_t      rc;
    billing_ask_row_t    ask;
    billing_team_row_t   row;

    rc = billing_ask_open(op, &ask, &row);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    word = billing_op_text(op, "decision");

    if (strcmp(word, "approve") != 0 && strcmp(word, "decline") != 0) {
        return billing_op_deny(op, BILLING_FIELD_TYPE,
                               json_pack("{s:s}", "field", "decision"));
    }

    billing_copy(ask.state, sizeof(ask.state),
                 strcmp(word, "approve") == 0 ? "approved" : "declined");

    rc = billing_db_exec(op->w->db, sql, "ttit", ask.state,
                         op->command->actor, op->now, ask.id);

    if (rc == BILLING_DB_OK && strcmp(ask.state, "approved") == 0) {
        rc = billing_ask_carry_out(op, &row, &ask);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_ask_answer_mail(op, &row, &ask);
    }

    return rc == BILLING_DB_OK
           ? billing_op_team(op, &row, json_pack("{s:o}", "request",
                                                 billing_ask_json(&ask)))
           : rc;
}


/* Whoever does not belong to its team is told of no request. */

static billing_db_rc_t
billing_ask_open(billing_op_t *op, billing_ask_row_t *ask,
    billing_team_row_t *row)
{
    uint32_t          roles;
    billing_db_rc_t   rc;
    billing_reason_t  reason;

    roles = 0;
    rc = billing_ask_load(op->w, billing_op_text(op, "request"), ask);

    if (rc == BILLING_DB_OK) {
        rc = billing_team_load(op->w, ask->team, row);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_actor_roles(op->w, row, op->command->actor, &roles);
    }

    if (rc == BILLING_DB_DONE || (rc == BILLING_DB_OK && roles == 0)) {
        return billing_op_deny(op, BILLING_REQUEST_NOT_FOUND, NULL);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    reason = billing_ask_decide(ask->kind, roles, row->team.plan);

    if (reason == BILLING_ALLOW && strcmp(ask->state, "open") != 0) {
        reason = BILLING_REQUEST_ENDED;
    }

    billing_copy(op->reply->team, sizeof(op->reply->team), row->id);

    return reason == BILLING_ALLOW ? BILLING_DB_OK
                                   : billing_op_deny(op, reason, NULL);
}


static billing_db_rc_t
billing_ask_carry_out(billing_op_t *op, billing_team_row_t *row,
    const billing_ask_row_t *ask)
{
    billing_invitation_t  invitation;

    switch (ask->kind) {

    case BILLING_ASK_ADMIN:
        return billing_member_grant(op, row, ask->email);

    case BILLING_ASK_LICENCE:
        return billing_licence_grant(op, row, ask->email);

    case BILLING_ASK_JOIN:
        return billing_member_join(op, row, ask->email,
                                   (uint32_t) BILLING_ROLE_MEMBER);

    case BILLING_ASK_INVITE:
        return billing_invitation_make(op, row, ask->email, &invitation);

    case BILLING_ASK_NONE:
    case BILLING_ASKS:
        break;
    }

    return BILLING_DB_CONFLICT;
}
