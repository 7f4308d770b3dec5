/*
 * Members: adding, removing, roles.  Seats are counted here: never more
 * members than seats on a paid plan, never more than an open purchase pays
 * for.
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


typedef struct {
    billing_team_row_t  row;
    uint32_t            actor_roles;
    uint32_t            roles;          /* of the member it is about */
    char                email[BILLING_EMAIL_MAX + 1];
} billing_member_op_t;


static billing_db_rc_t billing_member_op(billing_op_t *op,
    billing_member_op_t *m);
static billing_db_rc_t billing_member_add_may(billing_op_t *op,
    billing_member_op_t *m);
static billing_db_rc_t billing_member_seat(billing_op_t *op,
    billing_member_op_t *m);
static billing_db_rc_t billing_member_role_may(billing_op_t *op,
    const billing_member_op_t *m);
static billing_db_rc_t billing_member_last(billing_op_t *op,
    const billing_member_op_t *m);
static billing_db_rc_t billing_member_write(billing_op_t *op,
    billing_member_op_t *m);
static billing_db_rc_t billing_member_done(billing_op_t *op,
    billing_member_op_t *m, unsigned status);
static billing_db_rc_t billing_member_reply(billing_op_t *op,
    billing_member_op_t *m, unsigned status);


billing_db_rc_t
billing_op_member_add(billing_op_t *op)
{
    billing_db_rc_t      rc;
    billing_member_op_t  m;

    rc = billing_member_op(op, &m);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    rc = billing_member_add_may(op, &m);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    rc = billing_member_join(op, &m.row, m.email,
                             (uint32_t) BILLING_ROLE_MEMBER);

    if (rc == BILLING_DB_OK) {
        rc = billing_member_roles(op->w, m.row.id, m.email, &m.roles);
    }

    return rc == BILLING_DB_OK ? billing_member_reply(op, &m, 201) : rc;
}


/* The one way into a team, whoever opened the door. */

billing_db_rc_t
billing_member_join(billing_op_t *op, billing_team_row_t *row,
    const char *email, uint32_t roles)
{
    billing_db_rc_t      rc;
    billing_member_op_t  m;

    m.row = *row;
    billing_copy(m.email, sizeof(m.email), email);

    rc = billing_member_roles(op->w, row->id, email, &m.roles);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (m.roles & BILLING_ROLES_INSIDE) {
        return billing_op_deny(op, BILLING_MEMBER_EXISTS, NULL);
    }

    rc = billing_member_seat(op, &m);

    if (rc == BILLING_DB_OK) {
        rc = billing_profile_ensure(op->w, email, op->lang, op->now);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    m.roles &= ~(uint32_t) (BILLING_ROLE_GUEST | BILLING_ROLE_VISITOR);
    m.roles |= billing_licence_given(&m.row.team, roles);

    rc = billing_member_write(op, &m);

    if (rc == BILLING_DB_OK) {
        rc = billing_invitation_met(op->w, row->id, email, op->now);
    }

    *row = m.row;

    return rc == BILLING_DB_OK
           ? billing_profile_capture(op->w, email, op->now) : rc;
}


billing_db_rc_t
billing_member_hold(billing_op_t *op, billing_team_row_t *row)
{
    billing_db_rc_t      rc;
    billing_member_op_t  m;

    m.row = *row;
    m.email[0] = '\0';

    rc = billing_member_seat(op, &m);

    if (rc == BILLING_DB_OK) {
        rc = billing_team_touch(op->w, &m.row);
    }

    *row = m.row;

    return rc;
}


billing_db_rc_t
billing_member_grant(billing_op_t *op, billing_team_row_t *row,
    const char *email)
{
    billing_db_rc_t      rc;
    billing_member_op_t  m;

    m.row = *row;
    billing_copy(m.email, sizeof(m.email), email);

    rc = billing_member_roles(op->w, row->id, op->command->actor,
                              &m.actor_roles);

    if (rc == BILLING_DB_OK) {
        rc = billing_member_roles(op->w, row->id, email, &m.roles);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_member_role_may(op, &m);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    m.roles |= (uint32_t) BILLING_ROLE_TEAM_ADMIN;
    rc = billing_member_write(op, &m);
    *row = m.row;

    return rc;
}


static billing_db_rc_t
billing_member_op(billing_op_t *op, billing_member_op_t *m)
{
    const char       *email;
    billing_db_rc_t   rc;

    rc = billing_op_enter(op, billing_op_text(op, "team"), &m->row,
                          &m->actor_roles);
    if (rc != BILLING_DB_OK) {
        return rc;
    }

    email = billing_op_text(op, "email");

    if (billing_email_normalise(email, strlen(email), m->email)
        != BILLING_OK)
    {
        return billing_op_deny(op, BILLING_EMAIL_INVALID, NULL);
    }

    return billing_member_roles(op->w, m->row.id, m->email, &m->roles);
}


static billing_db_rc_t
billing_member_add_may(billing_op_t *op, billing_member_op_t *m)
{
    billing_reason_t  reason;

    reason = billing_invite_allowed(m->actor_roles, m->row.team.plan,
                                    m->row.invite_admins);

    if (reason == BILLING_INVITE_FORBIDDEN) {
        return billing_invite_deny(op, &m->row);
    }

    return reason == BILLING_ALLOW ? BILLING_DB_OK
                                   : billing_op_deny(op, reason, NULL);
}


billing_db_rc_t
billing_invite_deny(billing_op_t *op, const billing_team_row_t *row)
{
    uint32_t         n;
    char             first[BILLING_EMAIL_MAX + 1];
    billing_db_rc_t  rc;

    rc = billing_member_count(op->w, row->id, BILLING_ROLES_ADMIN, &n, first);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    return billing_op_deny(op, BILLING_INVITE_FORBIDDEN,
                           json_pack("{s:s}", "name", first));
}


/* A vacant licence costs nothing (R144); else one is added (R145). */

static billing_db_rc_t
billing_member_seat(billing_op_t *op, billing_member_op_t *m)
{
    uint32_t                held;
    billing_team_t          team;
    billing_db_rc_t         rc;
    billing_reason_t        reason;
    billing_seat_change_t   change;

    rc = billing_invitation_seats(op->w, m->row.id, op->now, &held);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    team = m->row.team;
    team.members += held;

    if (m->row.hold_seats != 0 && team.members >= m->row.hold_seats) {
        return billing_op_deny(op, BILLING_NO_VACANT_SEAT, NULL);
    }

    if (!billing_plan_is_paid(team.plan) || team.members < team.seats) {
        return BILLING_DB_OK;
    }

    /* What is being paid for now has its number of seats. */

    if (m->row.hold_seats != 0) {
        return billing_op_deny(op, BILLING_NO_VACANT_SEAT, NULL);
    }

    reason = billing_seat_join(&op->w->settings->catalogue, &team, op->now,
                               &change);

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason, NULL);
    }

    return billing_seats_take(op, &m->row, &change);
}


billing_db_rc_t
billing_op_member_remove(billing_op_t *op)
{
    billing_act_t        act;
    billing_db_rc_t      rc;
    billing_reason_t     reason;
    billing_member_op_t  m;

    rc = billing_member_op(op, &m);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    act = strcmp(m.email, op->command->actor) == 0
          ? BILLING_ACT_LEAVE : BILLING_ACT_REMOVE_MEMBER;

    reason = billing_may(act, m.actor_roles, m.row.team.plan);

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason, NULL);
    }

    if (m.roles == 0) {
        return billing_op_deny(op, BILLING_MEMBER_NOT_FOUND, NULL);
    }

    if (act == BILLING_ACT_REMOVE_MEMBER
        && (m.roles & (uint32_t) BILLING_ROLE_COMPANY_ADMIN))
    {
        return billing_op_deny(op, BILLING_ADMIN_RIGHTS, NULL);
    }

    rc = billing_member_last(op, &m);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    rc = billing_boards_left(op, &m.row, m.email);

    if (rc == BILLING_DB_OK) {
        rc = billing_access_end(op->w, m.row.id, m.email, op->now);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    m.roles = 0;

    return billing_member_done(op, &m, 200);
}


billing_db_rc_t
billing_op_member_role(billing_op_t *op)
{
    bool                 admin;
    const char          *role;
    billing_db_rc_t      rc;
    billing_member_op_t  m;

    rc = billing_member_op(op, &m);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    rc = billing_member_role_may(op, &m);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    role = billing_op_text(op, "role");
    admin = strcmp(role, "team_admin") == 0;

    if (!admin && strcmp(role, "member") != 0) {
        return billing_op_deny(op, BILLING_ROLE_INVALID, NULL);
    }

    if (admin) {
        m.roles |= (uint32_t) BILLING_ROLE_TEAM_ADMIN;
        return billing_member_done(op, &m, 200);
    }

    if (m.roles & (uint32_t) BILLING_ROLE_COMPANY_ADMIN) {
        return billing_op_deny(op, BILLING_ADMIN_RIGHTS, NULL);
    }

    rc = billing_member_last(op, &m);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    m.roles &= ~(uint32_t) BILLING_ROLE_TEAM_ADMIN;

    return billing_member_done(op, &m, 200);
}


static billing_db_rc_t
billing_member_role_may(billing_op_t *op, const billing_member_op_t *m)
{
    billing_reason_t  reason;

    reason = billing_may(BILLING_ACT_GRANT_ADMIN, m->actor_roles,
                         m->row.team.plan);

    if (reason == BILLING_ALLOW
        && (m->roles & (uint32_t) BILLING_ROLE_MEMBER) == 0)
    {
        reason = BILLING_MEMBER_NOT_FOUND;
    }

    return reason == BILLING_ALLOW ? BILLING_DB_OK
                                   : billing_op_deny(op, reason, NULL);
}


/* A team always has an admin. */

static billing_db_rc_t
billing_member_last(billing_op_t *op, const billing_member_op_t *m)
{
    uint32_t         n;
    billing_db_rc_t  rc;

    if ((m->roles & BILLING_ROLES_ADMIN) == 0) {
        return BILLING_DB_OK;
    }

    rc = billing_member_count(op->w, m->row.id, BILLING_ROLES_ADMIN, &n,
                              NULL);
    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (n <= 1) {
        return billing_op_deny(op, BILLING_LAST_ADMIN, NULL);
    }

    return BILLING_DB_OK;
}


static billing_db_rc_t
billing_member_write(billing_op_t *op, billing_member_op_t *m)
{
    billing_db_rc_t          rc;
    billing_member_change_t  change;

    change = (billing_member_change_t) {
        .team = m->row.id, .email = m->email, .roles = m->roles,
        .now = op->now
    };

    rc = billing_member_store(op->w, &change);

    return rc == BILLING_DB_OK ? billing_team_touch(op->w, &m->row) : rc;
}


static billing_db_rc_t
billing_member_done(billing_op_t *op, billing_member_op_t *m,
    unsigned status)
{
    billing_db_rc_t  rc;

    rc = billing_member_write(op, m);

    return rc == BILLING_DB_OK ? billing_member_reply(op, m, status) : rc;
}


static billing_db_rc_t
billing_member_reply(billing_op_t *op, billing_member_op_t *m,
    unsigned status)
{
    json_t           *team;
    billing_db_rc_t   rc;

    if (strcmp(m->email, op->command->actor) == 0) {
        m->actor_roles = m->roles;
    }

    rc = billing_team_json(op->w, &m->row, m->actor_roles, &team);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (m->roles == 0) {
        return billing_op_reply(op, status, json_pack("{s:o}", "team", team));
    }

    return billing_op_reply(op, status,
               json_pack("{s:{s:s, s:s, s:o}, s:o}",
                   "member", "email", m->email,
                       "role", billing_role_word(m->roles),
                       "roles", billing_roles_json(m->roles),
                   "team", team));
}
