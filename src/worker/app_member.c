/*
 * Members as the application has them.  Its roles replace what was there,
 * except the right to the money: that comes from paying (R101).
 */

#include <string.h>

#include "billing_business.h"


typedef struct {
    const char        *email;
    uint32_t           roles;           /* wanted, then given */
    billing_reason_t   reason;
} billing_app_joining_t;


static bool billing_app_roles(const json_t *item, uint32_t *roles);
static uint32_t billing_app_kept(uint32_t roles, uint32_t before);
static billing_db_rc_t billing_app_join(billing_app_t *app,
    billing_app_team_t *team, billing_app_joining_t *joining);
static billing_reason_t billing_app_seat(billing_app_t *app,
    billing_app_team_t *team, uint32_t taken);
static billing_db_rc_t billing_app_admin(billing_app_t *app,
    const billing_app_team_t *team, uint32_t before, uint32_t after,
    billing_app_result_t *result);


static const struct {
    const char  *word;
    uint32_t     roles;
} billing_app_role_words[] = {
    { "member",        BILLING_ROLE_MEMBER },
    { "team_admin",    BILLING_ROLE_MEMBER | BILLING_ROLE_TEAM_ADMIN },
    { "company_admin", BILLING_ROLE_MEMBER | BILLING_ROLE_COMPANY_ADMIN },
    { "billing_admin", BILLING_ROLE_BILLING_ADMIN },
    { NULL,            0 }
};


billing_db_rc_t
billing_app_member(billing_app_t *app, const json_t *item,
    billing_app_result_t *result)
{
    uint32_t                  roles, before;
    billing_op_t             *op = app->op;
    billing_db_rc_t           rc;
    billing_app_team_t       *team;
    billing_app_joining_t     joining;
    billing_member_change_t   change;

    change = (billing_member_change_t) {
        .team = billing_app_text(item, "team"),
        .email = billing_app_text(item, "email"), .now = op->now
    };

    if (!billing_app_roles(item, &roles)) {
        result->reason = BILLING_ROLE_INVALID;
        return BILLING_DB_OK;
    }

    rc = billing_app_enter(app, change.team, &team);

    if (rc == BILLING_DB_DONE) {
        result->reason = BILLING_TEAM_NOT_FOUND;
        return BILLING_DB_OK;
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_member_roles(op->w, change.team, change.email, &before);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    roles = billing_app_kept(roles, before);

    if (roles == before) {
        return BILLING_DB_OK;
    }

    rc = billing_app_admin(app, team, before, roles, result);

    if (rc != BILLING_DB_OK || result->reason != BILLING_ALLOW) {
        return rc;
    }

    if (roles & ~before & (uint32_t) BILLING_ROLE_MEMBER) {
        joining = (billing_app_joining_t) {
            .email = change.email, .roles = roles
        };
        rc = billing_app_join(app, team, &joining);
        result->reason = joining.reason;
        roles = joining.roles;

        if (rc != BILLING_DB_OK || result->reason != BILLING_ALLOW
            || roles == before)
        {
            return rc;
        }
    }

    team->members -= (before & ~roles & (uint32_t) BILLING_ROLE_MEMBER) != 0;
    team->touched = true;
    result->changed = true;
    result->created = before == 0;
    change.roles = roles;

    rc = billing_profile_ensure(op->w, change.email, op->lang, op->now);

    return rc == BILLING_DB_OK ? billing_member_store(op->w, &change) : rc;
}


/* Nothing said is a plain member; what is said twice must agree. */

static bool
billing_app_roles(const json_t *item, uint32_t *roles)
{
    size_t         i;
    json_t        *word;
    const char    *role = billing_app_text(item, "role");
    const json_t  *list = json_object_get(item, "roles");

    *roles = 0;

    for (i = 0; billing_app_role_words[i].word != NULL; i++) {
        if (strcmp(billing_app_role_words[i].word, role) == 0) {
            *roles = billing_app_role_words[i].roles;
        }
    }

    if (role[0] != '\0' && (*roles == 0 || list != NULL)) {
        return false;
    }

    json_array_foreach(list, i, word) {
        for (size_t k = 0; billing_app_role_words[k].word != NULL; k++) {
            if (strcmp(billing_app_role_words[k].word,
                       json_string_value(word)) == 0)
            {
                *roles |= billing_app_role_words[k].roles;
            }
        }
    }

    if (*roles == 0) {
        *roles = (uint32_t) BILLING_ROLE_MEMBER;
    }

    return true;
}


/*
 * What the application does not decide: the right to the billing (R101), that
 * somebody inside has no licence (R202) or an Occasional one (R198), and who is
 * a guest of some board.
 */

static uint32_t
billing_app_kept(uint32_t roles, uint32_t before)
{
    uint32_t  member = (uint32_t) BILLING_ROLE_MEMBER;
    uint32_t  licence = before & (uint32_t) (BILLING_ROLE_RESTRICTED
                                             | BILLING_ROLE_OCCASIONAL);

    roles |= before & (uint32_t) BILLING_ROLE_BILLING_ADMIN;

    if (roles & member && licence != 0
        && (roles & BILLING_ROLES_ADMIN) == 0)
    {
        roles = (roles & ~member) | licence;
    }

    if ((roles & BILLING_ROLES_INSIDE) == 0) {
        roles |= before & (uint32_t) BILLING_ROLE_GUEST;
    }

    return roles;
}


/* Who was invited may have a seat already; the invitation has been met. */

static billing_db_rc_t
billing_app_join(billing_app_t *app, billing_app_team_t *team,
    billing_app_joining_t *joining)
{
    uint32_t              own = 0, taken;
    billing_op_t         *op = app->op;
    billing_team_t        full = team->row.team;
    billing_db_rc_t       rc;
    billing_invitation_t  invitation;

    if (team->held > 0) {
        rc = billing_invitation_of(op->w, team->row.id, joining->email,
                                   &invitation);

        if (rc != BILLING_DB_OK && rc != BILLING_DB_DONE) {
            return rc;
        }

        own = rc == BILLING_DB_OK && invitation.seat
              && invitation.expires_at > op->now;
    }

    taken = team->members + team->held - own;
    full.members = taken;
    joining->roles = billing_licence_given(&full, joining->roles);

    if (joining->roles & (uint32_t) BILLING_ROLE_MEMBER) {
        joining->reason = billing_app_seat(app, team, taken);

        if (joining->reason != BILLING_ALLOW) {
            return BILLING_DB_OK;
        }

        team->members++;
    }

    team->held -= own;

    return billing_invitation_met(op->w, team->row.id, joining->email,
                                  op->now);
}


/*
 * A place for one more: never above what is paid for, nor above what a
 * purchase that is under way pays for.  A licence is added only if asked for.
 */

static billing_reason_t
billing_app_seat(billing_app_t *app, billing_app_team_t *team,
    uint32_t taken)
{
    bool                    sold;
    uint32_t                seats;
    billing_reason_t        reason;
    const billing_team_t   *t = &team->row.team;
    billing_seat_change_t   change;

    sold = billing_plan_is_paid(t->plan);
    seats = team->grows ? team->change.to : t->seats;

    if (team->row.hold_seats != 0
        && (taken >= team->row.hold_seats || (sold && taken >= seats)))
    {
        return BILLING_NO_VACANT_SEAT;
    }

    /* Others have no number of seats unless one was given. */

    if (taken < seats || (!sold && t->seats == 0)) {
        return BILLING_ALLOW;
    }

    if (!sold || !app->add_seats) {
        return BILLING_NO_VACANT_SEAT;
    }

    reason = billing_seat_change(&app->op->w->settings->catalogue, t,
                                 taken + 1, app->op->now, &change);

    if (reason == BILLING_ALLOW) {
        team->change = change;
        team->grows = true;
    }

    return reason;
}


/* A team with people keeps an admin. */

static billing_db_rc_t
billing_app_admin(billing_app_t *app, const billing_app_team_t *team,
    uint32_t before, uint32_t after, billing_app_result_t *result)
{
    uint32_t         n;
    billing_db_rc_t  rc;

    if ((before & BILLING_ROLES_ADMIN) == 0
        || (after & BILLING_ROLES_ADMIN) != 0)
    {
        return BILLING_DB_OK;
    }

    rc = billing_member_count(app->op->w, team->row.id, BILLING_ROLES_ADMIN,
                              &n, NULL);

    if (rc == BILLING_DB_OK && n <= 1) {
        result->reason = BILLING_LAST_ADMIN;
    }

    return rc;
}


/* --- single forms --------------------------------------------------------- */


static billing_db_rc_t
billing_app_member_told(billing_op_t *op, unsigned status)
{
    json_t              *team, *body;
    uint32_t             roles;
    const char          *id = billing_op_text(op, "team");
    const char          *email = billing_op_text(op, "email");
    billing_db_rc_t      rc;
    billing_team_row_t   row;

    rc = billing_team_load(op->w, id, &row);

    if (rc == BILLING_DB_OK) {
        rc = billing_member_roles(op->w, id, email, &roles);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_app_team_json(op->w, &row, &team);
    }

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    body = roles == 0
           ? json_pack("{s:o}", "team", team)
           : json_pack("{s:{s:s, s:s, s:o}, s:o}", "member", "email", email,
                       "role", billing_role_word(roles),
                       "roles", billing_roles_json(roles), "team", team);

    billing_copy(op->reply->team, sizeof(op->reply->team), id);

    return billing_op_reply(op, status, body);
}


billing_db_rc_t
billing_op_app_member(billing_op_t *op)
{
    billing_db_rc_t       rc;
    billing_app_result_t  result;

    rc = billing_app_one(op, billing_app_member, &result);

    return rc == BILLING_DB_OK
           ? billing_app_member_told(op, result.created ? 201 : 200) : rc;
}


/* As an admin would do it: the last admin stays, boards get an heir. */

billing_db_rc_t
billing_op_app_member_delete(billing_op_t *op)
{
    billing_db_rc_t  rc;

    rc = billing_op_member_remove(op);

    if (rc != BILLING_DB_DONE || op->reply->problem) {
        return rc;
    }

    return billing_app_member_told(op, 200);
}
