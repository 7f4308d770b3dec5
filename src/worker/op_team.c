/*
 * A new team: Free, or inside a company's subscription; its creator the Team
 * Admin (R16..R28).
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


static billing_db_rc_t billing_team_create_may(billing_op_t *op);
static billing_db_rc_t billing_team_create_inside(billing_op_t *op,
    billing_team_row_t *row);
static billing_db_rc_t billing_team_create_rows(billing_op_t *op,
    billing_team_row_t *row, const char *name);


billing_db_rc_t
billing_op_team_create(billing_op_t *op)
{
    json_t              *team;
    const char          *name;
    billing_db_rc_t      rc;
    billing_team_row_t   row;

    memset(&row, 0, sizeof(row));

    rc = billing_op_text(op, "account")[0] == '\0'
         ? billing_team_create_may(op)
         : billing_team_create_inside(op, &row);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    name = billing_op_text(op, "name");

    if (!billing_name_valid(name, strlen(name))) {
        return billing_op_deny(op, BILLING_NAME_INVALID, NULL);
    }

    rc = billing_team_create_rows(op, &row, name);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    rc = billing_asked_json(op->w, &row, row.id, op->command->actor, &team);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    (void) snprintf(op->reply->team, sizeof(op->reply->team), "%s", row.id);

    return billing_op_reply(op, 201, json_pack("{s:o}", "team", team));
}


/*
 * A further team of a company: its Company Admin makes it, for nothing (R26).
 * It is no team of one's own, so Domain control and the rule about Enterprise
 * members do not concern it.
 */

static billing_db_rc_t
billing_team_create_inside(billing_op_t *op, billing_team_row_t *row)
{
    uint32_t                teams;
    billing_db_rc_t         rc;
    billing_reason_t        reason;
    billing_team_row_t      asked, account;
    billing_account_ask_t   ask;

    if (op->command->actor[0] == '\0') {
        return billing_op_deny(op, BILLING_UNAUTHENTICATED, NULL);
    }

    rc = billing_op_enter(op, billing_op_text(op, "account"), &asked, &teams);

    if (rc == BILLING_DB_DONE) {
        (void) json_object_set_new(op->reply->body, "field",
                                   json_string("account"));
        return rc;
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_account_load(op->w, &asked, &account);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_account_teams(op->w, account.id, &teams);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_account_roles(op->w, &account, op->command->actor,
                                   &ask.roles);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    ask.teams = teams;
    ask.now = op->now;
    reason = billing_further_team_allowed(&op->w->settings->catalogue,
                                          &account.team, &ask);

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason, NULL);
    }

    billing_copy(row->account, sizeof(row->account), account.id);

    return BILLING_DB_OK;
}


/*
 * A member of an Enterprise account is not offered teams on the dashboard
 * (R19) but may come from the pricing page (R20), unless Domain control of
 * its e-mail domain says no to everybody (R21, R22).
 */

static billing_db_rc_t
billing_team_create_may(billing_op_t *op)
{
    static const char  member_sql[] =
        "SELECT 1 FROM member m JOIN team t ON t.id = m.team"
        " WHERE m.email = $1 AND (m.roles & $2) <> 0"
        " AND t.plan = 'enterprise' LIMIT 1";

    billing_db_rc_t  rc;

    if (op->command->actor[0] == '\0') {
        return billing_op_deny(op, BILLING_UNAUTHENTICATED, NULL);
    }

    if (strcmp(billing_op_text(op, "from"), "pricing") != 0) {
        rc = billing_db_query(op->w->db, member_sql, "ti",
                              op->command->actor,
                              (int64_t) (BILLING_ROLE_MEMBER
                                         | BILLING_ROLE_TEAM_ADMIN
                                         | BILLING_ROLE_COMPANY_ADMIN));

        if (rc == BILLING_DB_ROW) {
            billing_db_done(op->w->db, member_sql);
            return billing_op_deny(op, BILLING_TEAM_CREATE_ENTERPRISE, NULL);
        }

        if (rc != BILLING_DB_DONE) {
            return rc;
        }
    }

    return billing_domain_may(op, "");
}


static billing_db_rc_t
billing_team_create_rows(billing_op_t *op, billing_team_row_t *row,
    const char *name)
{
    billing_db_rc_t          rc;
    billing_currency_t       currency;
    billing_member_change_t  creator;

    currency = op->w->settings->catalogue.currency;

    row->team.plan = BILLING_PLAN_FREE;
    row->team.state = BILLING_STATE_FREE;
    row->team.paid.currency = currency;
    row->team.credit.currency = currency;
    row->team.pending.currency = currency;
    row->created_at = op->now;
    (void) snprintf(row->name, sizeof(row->name), "%s", name);

    rc = billing_id_new('t', row->id);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (row->account[0] == '\0') {
        billing_copy(row->account, sizeof(row->account), row->id);
    }

    rc = billing_profile_ensure(op->w, op->command->actor, op->lang, op->now);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    rc = billing_team_insert(op->w, row);

    /* That there is a team is told before who is in it. */

    if (rc == BILLING_DB_OK) {
        rc = billing_outbox_team(op->w, row->id);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    creator = (billing_member_change_t) {
        .team = row->id, .email = op->command->actor, .now = op->now,
        .roles = (uint32_t) (BILLING_ROLE_MEMBER | BILLING_ROLE_TEAM_ADMIN)
    };

    rc = billing_member_store(op->w, &creator);

    if (rc == BILLING_DB_OK) {
        rc = billing_team_store(op->w, row);
    }

    return rc == BILLING_DB_OK
           ? billing_profile_capture(op->w, op->command->actor, op->now) : rc;
}
