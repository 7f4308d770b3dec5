/*
 * Members as the application has them.  Its roles replace what was there,
 * except the right to the money: that comes from paying (R101).
 */

#include <string.h>

#include "billing_business.h"


typedef struct {
    const char        *email;
    uint32_t           before;
    uint32_t           roles;           /* wanted, then given */
    bool               held;            /* has a licence of the account */
    billing_reason_t   reason;
} billing_app_joining_t;


static bool billing_app_roles(const json_t *item, uint32_t *roles);
static billing_db_rc_t billing_app_said(billing_app_t *app,
    const billing_app_team_t *team, uint32_t said,
    billing_app_joining_t *joining);
static billing_db_rc_t billing_app_become(billing_app_t *app,
    billing_app_team_t *team, const billing_app_joining_t *joining);
static billing_db_rc_t billing_app_join(billing_app_t *app,
    billing_app_team_t *team, billing_app_joining_t *joining);
static billing_reason_t billing_app_seat(billing_app_t *app,
    billing_app_team_t *account, uint32_t taken);


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
    uint32_t                  said, before;
    billing_op_t             *op = app->op;
    billing_db_rc_t           rc;
    billing_app_team_t       *team;
    billing_app_joining_t     joining;

    joining = (billing_app_joining_t) {
        .email = billing_app_text(item, "email")
    };

    if (!billing_app_roles(item, &said)) {
        result->reason = BILLING_ROLE_INVALID;
        return BILLING_DB_OK;
    }

    rc = billing_app_there(app, billing_app_text(item, "team"), &team,
                           result);

    if (rc != BILLING_DB_OK || result->reason != BILLING_ALLOW) {
        return rc;
    }

    rc = billing_app_said(app, team, said, &joining);
    result->reason = joining.reason;
    before = joining.before;

    if (rc != BILLING_DB_OK || result->reason != BILLING_ALLOW
        || joining.roles == before)
    {
        return rc;
    }

    if (joining.roles & ~before & (uint32_t) BILLING_ROLE_MEMBER) {
        rc = billing_app_join(app, team, &joining);
        result->reason = joining.reason;

        if (rc != BILLING_DB_OK || result->reason != BILLING_ALLOW
            || joining.roles == before)
        {
            return rc;
        }
    }

    team->touched = true;
    result->changed = true;
    result->created = before == 0;

    rc = billing_profile_ensure(op->w, joining.email, op->lang, op->now);

    return rc == BILLING_DB_OK ? billing_app_become(app, team, &joining) : rc;
}


/* What somebody is, and is to be, in the team and the company around it. */

static billing_db_rc_t
billing_app_said(billing_app_t *app, const billing_app_team_t *team,
    uint32_t said, billing_app_joining_t *joining)
{
    uint32_t               company, elsewhere = 0;
    billing_db_rc_t        rc;
    billing_worker_t      *w = app->op->w;
    billing_person_ask_t   ask;

    ask = (billing_person_ask_t) { .plan = team->account->row.team.plan };

    rc = billing_member_roles(w, team->row.id, joining->email, &ask.roles);

    if (rc == BILLING_DB_OK) {
        rc = billing_seat_held(w, team->account->row.id, joining->email,
                               &joining->held, &company);
    }

    if (rc == BILLING_DB_OK && !joining->held
        && billing_plan_company(ask.plan))
    {
        rc = billing_account_roles(w, &team->row, joining->email,
                                   &elsewhere);
    }

    if (rc == BILLING_DB_OK && ask.roles & BILLING_ROLES_ADMIN) {
        rc = billing_account_admins(w, &team->row, joining->email, &ask);
    }

    /* A licence that does not edit is one of the whole company too. */

    joining->before = ask.roles;
    ask.roles |= elsewhere & (uint32_t) (BILLING_ROLE_RESTRICTED
                                         | BILLING_ROLE_OCCASIONAL);

    if (rc == BILLING_DB_OK) {
        joining->reason = billing_roles_said(&ask, said,
                              team->account != team, &joining->roles);
    }

    return rc;
}


/* Of the company, and so in each of its teams, before it is of this one. */

static billing_db_rc_t
billing_app_become(billing_app_t *app, billing_app_team_t *team,
    const billing_app_joining_t *joining)
{
    bool                      held = true;
    uint32_t                  roles;
    billing_op_t             *op = app->op;
    billing_db_rc_t           rc = BILLING_DB_OK;
    billing_app_team_t       *account = team->account;
    billing_member_change_t   change;

    change = (billing_member_change_t) {
        .team = team->row.id, .email = joining->email, .now = op->now,
        .roles = joining->roles
    };

    if (billing_plan_company(account->row.team.plan)
        && (joining->roles ^ joining->before) & BILLING_ROLES_COMPANY)
    {
        rc = billing_company_role(op->w, account->row.id, joining->email,
                                  joining->roles & BILLING_ROLES_COMPANY);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_member_store(op->w, &change);
    }

    /* A licence that is free again is one for the next of the list. */

    if (rc == BILLING_DB_OK && joining->held) {
        rc = billing_seat_held(op->w, account->row.id, joining->email, &held,
                               &roles);
        account->members -= !held;
    }

    return rc;
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
 * Who was invited may have a seat already; the invitation has been met.  A
 * person has one licence in the account, whatever the number of teams (R14).
 */

static billing_db_rc_t
billing_app_join(billing_app_t *app, billing_app_team_t *team,
    billing_app_joining_t *joining)
{
    uint32_t               own = 0, taken;
    billing_op_t          *op = app->op;
    billing_team_t         full;
    billing_db_rc_t        rc;
    billing_app_team_t    *account = team->account;
    billing_invitation_t   invitation;

    if (account->held > 0) {
        rc = billing_invitation_of(op->w, team->row.id, joining->email,
                                   &invitation);

        if (rc != BILLING_DB_OK && rc != BILLING_DB_DONE) {
            return rc;
        }

        own = rc == BILLING_DB_OK && invitation.seat
              && invitation.expires_at > op->now;
    }

    if (!joining->held) {
        full = account->row.team;
        taken = account->members + account->held - own;
        full.members = taken;
        joining->roles = billing_licence_given(&full, joining->roles);

        if (joining->roles & (uint32_t) BILLING_ROLE_MEMBER) {
            joining->reason = billing_app_seat(app, account, taken);

            if (joining->reason != BILLING_ALLOW) {
                return BILLING_DB_OK;
            }

            account->members++;
        }
    }

    account->held -= own;

    return billing_invitation_met(op->w, team->row.id, joining->email,
                                  op->now);
}


/*
 * A place for one more: never above what is paid for, nor above what a
 * purchase that is under way pays for.  A licence is added only if asked for.
 */

static billing_reason_t
billing_app_seat(billing_app_t *app, billing_app_team_t *account,
    uint32_t taken)
{
    bool                    sold;
    uint32_t                seats;
    billing_reason_t        reason;
    const billing_team_t   *t = &account->row.team;
    billing_seat_change_t   change;

    sold = billing_plan_is_paid(t->plan);
    seats = account->grows ? account->change.to : t->seats;

    if (account->row.hold_seats != 0
        && (taken >= account->row.hold_seats || (sold && taken >= seats)))
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
        account->change = change;
        account->grows = true;
        account->touched = true;
    }

    return reason;
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

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    team = billing_app_team_json(op->w, &row);
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
