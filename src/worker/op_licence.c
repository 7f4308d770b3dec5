/*
 * Licences of an Enterprise account: a Company Admin says who has one, and
 * takes in several people at once (R202).
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


static billing_db_rc_t billing_licence_one(billing_op_t *op,
    billing_team_row_t *row, const char *text, json_t *members);
static json_t *billing_licence_json(const char *email, uint32_t roles);
static billing_db_rc_t billing_licence_done(billing_op_t *op,
    const billing_team_row_t *row, uint32_t roles, json_t *more);


billing_db_rc_t
billing_op_licence_set(billing_op_t *op)
{
    char                      email[BILLING_EMAIL_MAX + 1];
    uint32_t                  roles, actor_roles;
    const char               *text;
    billing_db_rc_t           rc;
    billing_reason_t          reason;
    billing_team_t            licences;
    billing_team_row_t        row;
    billing_licence_ask_t     ask;
    billing_member_change_t   change;

    rc = billing_op_enter(op, billing_op_text(op, "team"), &row,
                          &actor_roles);
    if (rc != BILLING_DB_OK) {
        return rc;
    }

    text = billing_op_text(op, "email");

    if (billing_email_normalise(text, strlen(text), email) != BILLING_OK) {
        return billing_op_deny(op, BILLING_EMAIL_INVALID, NULL);
    }

    text = billing_op_text(op, "licence");
    ask = (billing_licence_ask_t) {
        .actor_roles = actor_roles,
        .wanted = billing_licence_parse(text, strlen(text)), .now = op->now
    };

    if (ask.wanted == BILLING_LICENCE_NONE) {
        return billing_op_deny(op, BILLING_FIELD_TYPE,
                               json_pack("{s:s}", "field", "licence"));
    }

    rc = billing_member_roles(op->w, row.id, email, &ask.roles);

    if (rc == BILLING_DB_OK) {
        rc = billing_seat_licences(op->w, &row, email, &licences);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    reason = billing_licence_assign(&licences, &ask, &roles);

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason, NULL);
    }

    change = (billing_member_change_t) {
        .team = row.id, .email = email, .roles = roles, .now = op->now
    };

    rc = billing_member_store(op->w, &change);

    if (rc == BILLING_DB_OK) {
        rc = billing_team_store(op->w, &row);
    }

    return rc == BILLING_DB_OK
           ? billing_licence_done(op, &row, actor_roles,
                 json_pack("{s:o}", "member",
                           billing_licence_json(email, roles)))
           : rc;
}


static billing_db_rc_t
billing_licence_done(billing_op_t *op, const billing_team_row_t *row,
    uint32_t roles, json_t *more)
{
    json_t           *team;
    billing_db_rc_t   rc;

    rc = billing_team_json(op->w, row, roles, &team);

    if (rc != BILLING_DB_OK) {
        json_decref(more);
        return rc;
    }

    (void) json_object_set_new(more, "team", team);

    return billing_op_reply(op, 200, more);
}


static json_t *
billing_licence_json(const char *email, uint32_t roles)
{
    return json_pack("{s:s, s:s, s:s, s:o}", "email", email,
               "licence", roles & (uint32_t) BILLING_ROLE_MEMBER
                          ? "full" : "restricted",
               "role", billing_role_word(roles),
               "roles", billing_roles_json(roles));
}


/*
 * Several at once, all or nobody: licences go in the order of the list, who
 * comes after the last one is without.
 */

billing_db_rc_t
billing_op_licence_add(billing_op_t *op)
{
    size_t                n, i;
    json_t               *members;
    uint32_t              roles;
    const json_t         *list;
    billing_db_rc_t       rc;
    billing_reason_t      reason;
    billing_team_row_t    row;

    rc = billing_op_enter(op, billing_op_text(op, "team"), &row, &roles);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    reason = billing_may(BILLING_ACT_DAY_PASSES, roles, row.team.plan);

    if (reason == BILLING_ALLOW && row.team.plan != BILLING_PLAN_ENTERPRISE) {
        reason = BILLING_FEATURE_MISSING;
    }

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason, NULL);
    }

    list = json_object_get(op->command->body, "emails");
    n = json_array_size(list);

    if (n == 0 || n > BILLING_EMAILS_MAX) {
        return billing_op_deny(op, BILLING_FIELD_TYPE,
                               json_pack("{s:s}", "field", "emails"));
    }

    members = json_array();

    for (i = 0; rc == BILLING_DB_OK && i < n; i++) {
        rc = billing_licence_one(op, &row,
                 json_string_value(json_array_get(list, i)), members);
    }

    if (rc != BILLING_DB_OK) {
        json_decref(members);
        return rc;
    }

    return billing_licence_done(op, &row, roles,
                                json_pack("{s:o}", "members", members));
}


static billing_db_rc_t
billing_licence_one(billing_op_t *op, billing_team_row_t *row,
    const char *text, json_t *members)
{
    char             email[BILLING_EMAIL_MAX + 1];
    uint32_t         roles;
    billing_db_rc_t  rc;

    if (text == NULL
        || billing_email_normalise(text, strlen(text), email) != BILLING_OK)
    {
        return billing_op_deny(op, BILLING_EMAIL_INVALID,
                               json_pack("{s:s}", "field", "emails"));
    }

    rc = billing_member_join(op, row, email, (uint32_t) BILLING_ROLE_MEMBER);

    if (rc == BILLING_DB_OK) {
        rc = billing_member_roles(op->w, row->id, email, &roles);
    }

    if (rc == BILLING_DB_OK) {
        (void) json_array_append_new(members,
                                     billing_licence_json(email, roles));
    }

    return rc;
}


billing_db_rc_t
billing_licence_grant(billing_op_t *op, billing_team_row_t *row,
    const char *email)
{
    uint32_t                 roles;
    billing_team_t           licences;
    billing_db_rc_t          rc;
    billing_member_change_t  change;

    rc = billing_member_roles(op->w, row->id, email, &roles);

    if (rc == BILLING_DB_OK) {
        rc = billing_seat_licences(op->w, row, email, &licences);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (!billing_licence_more(&licences, op->now)) {
        return billing_op_deny(op, BILLING_NO_VACANT_SEAT, NULL);
    }

    if ((roles & (uint32_t) BILLING_ROLE_RESTRICTED) == 0) {
        return billing_member_join(op, row, email,
                                   (uint32_t) BILLING_ROLE_MEMBER);
    }

    roles &= ~(uint32_t) BILLING_ROLE_RESTRICTED;
    change = (billing_member_change_t) {
        .team = row->id, .email = email, .now = op->now,
        .roles = roles | (uint32_t) BILLING_ROLE_MEMBER
    };

    rc = billing_member_store(op->w, &change);

    return rc == BILLING_DB_OK ? billing_team_store(op->w, row) : rc;
}
