/*
 * Members: adding, removing, roles, in one team and in the company around it.
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
static billing_role_t billing_member_given(const char *word);
static billing_db_rc_t billing_member_ask(billing_op_t *op,
    const billing_member_op_t *m, bool company, billing_person_ask_t *ask);
static billing_db_rc_t billing_member_succeed(billing_op_t *op,
    billing_member_op_t *m, const billing_person_ask_t *ask);
static billing_db_rc_t billing_member_leave(billing_op_t *op,
    billing_team_row_t *row, const char *email);
static billing_db_rc_t billing_member_leave_all(billing_op_t *op,
    const billing_member_op_t *m);
static billing_db_rc_t billing_member_write(billing_op_t *op,
    billing_team_row_t *row, const char *email, uint32_t roles);
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
    uint32_t         had;
    billing_team_t   licences;
    billing_db_rc_t  rc;

    if (row->gone) {
        return billing_op_deny(op, BILLING_TEAM_NOT_FOUND, NULL);
    }

    rc = billing_member_roles(op->w, row->id, email, &had);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    /* A seat takes the place of an Occasional licence. */

    if (had & BILLING_ROLES_INSIDE & ~(uint32_t) BILLING_ROLE_OCCASIONAL) {
        return billing_op_deny(op, BILLING_MEMBER_EXISTS, NULL);
    }

    rc = billing_seat_ensure(op, row, email);

    if (rc == BILLING_DB_OK) {
        rc = billing_seat_licences(op->w, row, email, &licences);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_profile_ensure(op->w, email, op->lang, op->now);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    had &= ~(uint32_t) (BILLING_ROLE_GUEST | BILLING_ROLE_VISITOR
                        | BILLING_ROLE_OCCASIONAL);
    had |= billing_licence_given(&licences, roles);
    rc = billing_member_write(op, row, email, had);

    if (rc == BILLING_DB_OK && (had & (uint32_t) BILLING_ROLE_MEMBER) != 0) {
        rc = billing_occasional_seated(op->w, row->account, email);
        rc = rc == BILLING_DB_OK ? billing_team_load(op->w, row->id, row)
                                 : rc;
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_invitation_met(op->w, row->id, email, op->now);
    }

    return rc == BILLING_DB_OK
           ? billing_profile_capture(op->w, email, op->now) : rc;
}


billing_db_rc_t
billing_member_hold(billing_op_t *op, billing_team_row_t *row)
{
    billing_db_rc_t  rc;

    rc = billing_seat_ensure(op, row, "");

    return rc == BILLING_DB_OK ? billing_team_store(op->w, row) : rc;
}


billing_db_rc_t
billing_member_grant(billing_op_t *op, billing_team_row_t *row,
    const char *email)
{
    uint32_t          actor, roles;
    billing_db_rc_t   rc;
    billing_reason_t  reason;

    rc = billing_actor_roles(op->w, row, op->command->actor, &actor);

    if (rc == BILLING_DB_OK) {
        rc = billing_member_roles(op->w, row->id, email, &roles);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    reason = billing_may(BILLING_ACT_GRANT_ADMIN, actor, row->team.plan);

    if (reason == BILLING_ALLOW
        && (roles & (uint32_t) BILLING_ROLE_MEMBER) == 0)
    {
        reason = BILLING_MEMBER_NOT_FOUND;
    }

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason, NULL);
    }

    return billing_member_write(op, row, email,
                                roles | (uint32_t) BILLING_ROLE_TEAM_ADMIN);
}


static billing_db_rc_t
billing_member_write(billing_op_t *op, billing_team_row_t *row,
    const char *email, uint32_t roles)
{
    billing_db_rc_t           rc;
    billing_member_change_t   change;

    change = (billing_member_change_t) {
        .team = row->id, .email = email, .roles = roles, .now = op->now
    };

    rc = billing_member_store(op->w, &change);

    return rc == BILLING_DB_OK ? billing_team_store(op->w, row) : rc;
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

    if (rc == BILLING_DB_OK && n == 0) {
        rc = billing_account_count(op->w, row->account,
                 (uint32_t) BILLING_ROLE_COMPANY_ADMIN, &n, first);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    return billing_op_deny(op, BILLING_INVITE_FORBIDDEN,
                           json_pack("{s:s}", "name", first));
}


/*
 * From one team, or with ?scope=company from all of them: only that frees a
 * company's licence (R210).
 */

billing_db_rc_t
billing_op_member_remove(billing_op_t *op)
{
    bool                   company;
    const char            *scope;
    billing_db_rc_t        rc;
    billing_reason_t       reason;
    billing_member_op_t    m;
    billing_person_ask_t   ask;

    rc = billing_member_op(op, &m);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    scope = billing_op_text(op, "scope");
    company = strcmp(scope, "company") == 0;

    if (!company && scope[0] != '\0' && strcmp(scope, "team") != 0) {
        return billing_op_deny(op, BILLING_FIELD_TYPE,
                               json_pack("{s:s}", "field", "scope"));
    }

    company = company && billing_plan_company(m.row.team.plan);
    rc = billing_member_ask(op, &m, company, &ask);

    if (rc == BILLING_DB_OK && billing_op_text(op, "successor")[0] != '\0') {
        rc = billing_member_succeed(op, &m, &ask);
        ask.admins++;
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    reason = billing_removal_allowed(&ask, company);

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason, NULL);
    }

    rc = company ? billing_member_leave_all(op, &m)
                 : billing_member_leave(op, &m.row, m.email);

    /* Who is in no team administrates none; the licence stays (R210). */

    if (rc == BILLING_DB_OK && !company && ask.teams <= 1) {
        rc = billing_company_role(op->w, m.row.account, m.email, 0);
    }

    m.roles = 0;

    return rc == BILLING_DB_OK ? billing_member_reply(op, &m, 200) : rc;
}


billing_db_rc_t
billing_op_member_role(billing_op_t *op)
{
    uint32_t               company;
    billing_role_t         given;
    billing_db_rc_t        rc;
    billing_reason_t       reason;
    billing_member_op_t    m;
    billing_person_ask_t   ask;

    rc = billing_member_op(op, &m);

    if (rc == BILLING_DB_OK) {
        rc = billing_member_ask(op, &m, false, &ask);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    given = billing_member_given(billing_op_text(op, "role"));

    reason = billing_role_given(&ask, given, &m.roles);

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason, NULL);
    }

    /* Of the company, and so in each of its teams. */

    if ((m.roles ^ ask.roles) & (uint32_t) BILLING_ROLE_COMPANY_ADMIN) {
        company = m.roles & BILLING_ROLES_COMPANY;
        rc = billing_company_role(op->w, m.row.account, m.email, company);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_member_write(op, &m.row, m.email, m.roles);
    }

    return rc == BILLING_DB_OK ? billing_member_reply(op, &m, 200) : rc;
}


static billing_role_t
billing_member_given(const char *word)
{
    if (strcmp(word, "company_admin") == 0) {
        return BILLING_ROLE_COMPANY_ADMIN;
    }

    if (strcmp(word, "team_admin") == 0) {
        return BILLING_ROLE_TEAM_ADMIN;
    }

    return strcmp(word, "member") == 0 ? BILLING_ROLE_MEMBER
                                       : BILLING_ROLE_VISITOR;
}


/* What the rules about people ask for; in a company's scope of all teams. */

static billing_db_rc_t
billing_member_ask(billing_op_t *op, const billing_member_op_t *m,
    bool company, billing_person_ask_t *ask)
{
    uint32_t         roles;
    billing_db_rc_t  rc;

    *ask = (billing_person_ask_t) {
        .plan = m->row.team.plan, .actor = m->actor_roles,
        .roles = m->roles, .self = strcmp(m->email, op->command->actor) == 0
    };

    rc = billing_seat_held(op->w, m->row.account, m->email, &ask->held,
                           &roles);
    if (rc == BILLING_DB_OK && company) {
        rc = billing_account_roles(op->w, &m->row, m->email, &ask->roles);
    }

    return rc == BILLING_DB_OK
           ? billing_account_admins(op->w, &m->row, m->email, ask) : rc;
}


/* Before the admin leaves, so that boards without a word go to the next. */

static billing_db_rc_t
billing_member_succeed(billing_op_t *op, billing_member_op_t *m,
    const billing_person_ask_t *ask)
{
    uint32_t          roles = 0;
    const char       *email;
    billing_db_rc_t   rc;
    billing_reason_t  reason;

    email = billing_op_text(op, "successor");

    if (strcmp(email, m->email) != 0) {
        rc = billing_member_roles(op->w, m->row.id, email, &roles);

        if (rc != BILLING_DB_OK) {
            return rc;
        }
    }

    reason = billing_successor_allowed(ask, roles);

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason,
                               json_pack("{s:s}", "field", "successor"));
    }

    return billing_member_write(op, &m->row, email,
                                roles | (uint32_t) BILLING_ROLE_TEAM_ADMIN);
}


/* Out of one team; what is there has another owner, or goes too (R229). */

static billing_db_rc_t
billing_member_leave(billing_op_t *op, billing_team_row_t *row,
    const char *email)
{
    billing_db_rc_t  rc;

    rc = billing_boards_left(op, row, email);

    if (rc == BILLING_DB_OK) {
        rc = billing_access_end(op->w, row->id, email, op->now);
    }

    return rc == BILLING_DB_OK ? billing_member_write(op, row, email, 0) : rc;
}


/* Out of every team of the company, each of which counts its members. */

static billing_db_rc_t
billing_member_leave_all(billing_op_t *op, const billing_member_op_t *m)
{
    static const char  sql[] =
        "SELECT m.team, m.email, m.roles, m.joined_at FROM member m"
        " JOIN team t ON t.id = m.team WHERE t.account = $1"
        " AND m.email = $2 AND m.roles <> 0 LIMIT 1";

    billing_db_rc_t      rc;
    billing_person_t     person;
    billing_team_row_t   row;

    for ( ;; ) {
        rc = billing_db_query(op->w->db, sql, "tt", m->row.account,
                              m->email);

        if (rc == BILLING_DB_DONE) {
            return billing_seat_free(op->w, m->row.account, m->email);
        }

        if (rc != BILLING_DB_ROW) {
            return rc;
        }

        billing_person_read(op->w->db, sql, &person);
        rc = billing_team_load(op->w, person.team, &row);

        if (rc == BILLING_DB_DONE) {
            return BILLING_DB_CONFLICT;
        }

        if (rc == BILLING_DB_OK) {
            rc = billing_member_leave(op, &row, m->email);
        }

        if (rc != BILLING_DB_OK) {
            return rc;
        }
    }
}


static billing_db_rc_t
billing_member_reply(billing_op_t *op, billing_member_op_t *m,
    unsigned status)
{
    json_t           *team;
    billing_db_rc_t   rc;

    rc = billing_asked_json(op->w, &m->row, m->row.id, op->command->actor,
                            &team);

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
