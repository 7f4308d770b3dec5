/*
 * Teams of the application.  It names them and gives the plans that nobody
 * buys; what is sold, only a purchase gives.
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"

#define BILLING_AHEAD_SEC  300          /* clocks differ */


static billing_db_rc_t billing_app_team_new(billing_app_t *app,
    const json_t *item, billing_app_result_t *result);
static billing_reason_t billing_app_plan(const json_t *item,
    const billing_team_row_t *row, billing_grant_t *grant,
    const char **field);
static billing_db_rc_t billing_app_books(billing_op_t *op,
    const billing_team_row_t *row, billing_money_t credit,
    billing_money_t pending);
static billing_db_rc_t billing_app_inside(billing_app_t *app,
    const json_t *item, billing_team_row_t *row,
    billing_app_result_t *result);
static billing_reason_t billing_app_inside_plan(const json_t *item,
    const billing_team_row_t *account, const char **field);
static billing_db_rc_t billing_app_told(billing_op_t *op, const char *id,
    unsigned status);


billing_db_rc_t
billing_app_team(billing_app_t *app, const json_t *item,
    billing_app_result_t *result)
{
    const char            *id, *name, *account;
    billing_db_rc_t        rc;
    billing_grant_t        grant;
    billing_app_team_t    *team;

    id = billing_app_text(item, "id");
    id = id[0] == '\0' ? billing_app_text(item, "team") : id;
    name = billing_app_text(item, "name");

    rc = billing_app_enter(app, id, &team);

    if (rc == BILLING_DB_DONE) {
        return billing_app_team_new(app, item, result);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    account = billing_app_text(item, "account");
    grant = (billing_grant_t) { .now = app->op->now };

    /* An id is of one team for ever, and that team of one account. */

    if (team->row.gone) {
        result->reason = BILLING_TEAM_NOT_FOUND;

    } else if (account[0] != '\0' && strcmp(account, team->row.account) != 0)
    {
        result->reason = BILLING_FIELD_TYPE;
        result->field = "account";

    } else if (team->account != team) {
        result->reason = billing_app_inside_plan(item, &team->account->row,
                                                 &result->field);
    } else {
        result->reason = billing_app_plan(item, &team->row, &grant,
                                          &result->field);
    }

    if (result->reason != BILLING_ALLOW) {
        return BILLING_DB_OK;
    }

    if (grant.plan != BILLING_PLAN_NONE) {
        rc = billing_app_grant(app->op, &team->row, &grant, result);

        if (rc != BILLING_DB_OK || result->reason != BILLING_ALLOW) {
            return rc;
        }
    }

    if (name[0] != '\0' && strcmp(name, team->row.name) != 0) {
        static const char  sql[] = "UPDATE team SET name = $1 WHERE id = $2";

        billing_copy(team->row.name, sizeof(team->row.name), name);
        rc = billing_db_exec(app->op->w->db, sql, "tt", name, id);
        result->changed = true;
    }

    team->touched = team->touched || result->changed;

    return rc;
}


static billing_db_rc_t
billing_app_team_new(billing_app_t *app, const json_t *item,
    billing_app_result_t *result)
{
    const char           *id, *name;
    billing_op_t         *op = app->op;
    billing_db_rc_t       rc;
    billing_grant_t       grant = { .now = op->now };
    billing_team_row_t    row;
    billing_app_team_t   *team;
    billing_currency_t    currency = op->w->settings->catalogue.currency;

    id = billing_app_text(item, "id");
    id = id[0] == '\0' ? billing_app_text(item, "team") : id;
    name = billing_app_text(item, "name");

    memset(&row, 0, sizeof(row));
    row.team.plan = BILLING_PLAN_FREE;
    row.team.state = BILLING_STATE_FREE;
    row.team.paid.currency = currency;
    row.team.credit.currency = currency;
    row.team.pending.currency = currency;
    row.team.unit.currency = currency;
    row.created_at = billing_app_instant(item, "created_at");
    row.created_at = row.created_at == 0 ? op->now : row.created_at;
    billing_copy(row.id, sizeof(row.id), id);
    billing_copy(row.name, sizeof(row.name), name);

    if (name[0] == '\0') {
        result->reason = BILLING_FIELD_MISSING;
        result->field = "name";
        return BILLING_DB_OK;
    }

    if (row.created_at > op->now + BILLING_AHEAD_SEC) {
        result->reason = BILLING_FIELD_TYPE;
        result->field = "created_at";
        return BILLING_DB_OK;
    }

    if (billing_app_text(item, "account")[0] != '\0'
        && strcmp(billing_app_text(item, "account"), id) != 0)
    {
        rc = billing_app_inside(app, item, &row, result);

    } else {
        rc = BILLING_DB_OK;
        result->reason = billing_app_plan(item, &row, &grant,
                                          &result->field);
    }

    if (rc == BILLING_DB_OK && result->reason == BILLING_ALLOW
        && grant.plan != BILLING_PLAN_NONE)
    {
        rc = billing_app_grant(op, &row, &grant, result);
    }

    if (rc != BILLING_DB_OK || result->reason != BILLING_ALLOW) {
        return rc;
    }

    result->changed = true;
    result->created = true;
    rc = billing_team_insert(op->w, &row);

    if (rc == BILLING_DB_OK) {
        rc = billing_team_store(op->w, &row);
    }

    return rc == BILLING_DB_OK ? billing_app_enter(app, id, &team) : rc;
}


/* A further team of an account: any of its teams may be named (R26). */

static billing_db_rc_t
billing_app_inside(billing_app_t *app, const json_t *item,
    billing_team_row_t *row, billing_app_result_t *result)
{
    billing_db_rc_t         rc;
    billing_app_team_t     *named;
    billing_account_ask_t   ask;

    result->field = "account";
    rc = billing_app_there(app, billing_app_text(item, "account"), &named,
                           result);

    if (rc != BILLING_DB_OK || result->reason != BILLING_ALLOW) {
        return rc;
    }

    ask = (billing_account_ask_t) {
        .roles = BILLING_ROLES_APP, .now = app->op->now
    };
    rc = billing_account_teams(app->op->w, named->account->row.id,
                               &ask.teams);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    billing_copy(row->account, sizeof(row->account), named->account->row.id);
    result->reason = billing_further_team_allowed(
                         &app->op->w->settings->catalogue,
                         &named->account->row.team, &ask);

    if (result->reason == BILLING_ALLOW) {
        result->field = NULL;
        result->reason = billing_app_inside_plan(item, &named->account->row,
                                                 &result->field);
    }

    return BILLING_DB_OK;
}


/* Its plan is the account's: that may be told again, and nothing else. */

static billing_reason_t
billing_app_inside_plan(const json_t *item, const billing_team_row_t *account,
    const char **field)
{
    const char  *plan = billing_app_text(item, "plan");
    const char  *state = billing_app_text(item, "state");

    if (plan[0] != '\0'
        && billing_plan_parse(plan, strlen(plan)) != account->team.plan)
    {
        *field = "plan";
        return BILLING_PLAN_UNKNOWN;
    }

    if (state[0] != '\0'
        && billing_state_parse(state, strlen(state)) != account->team.state)
    {
        *field = "state";
        return BILLING_FIELD_TYPE;
    }

    *field = json_object_get(item, "seats") != NULL ? "seats"
             : json_object_get(item, "valid_until") != NULL
               ? "valid_until" : NULL;

    return *field == NULL ? BILLING_ALLOW : BILLING_FIELD_TYPE;
}


/* The grant that is meant, plan NONE when none is. */

static billing_reason_t
billing_app_plan(const json_t *item, const billing_team_row_t *row,
    billing_grant_t *grant, const char **field)
{
    const char       *plan = billing_app_text(item, "plan");
    const char       *state = billing_app_text(item, "state");
    billing_plan_t    named;

    /* These states have their plan's name. */

    named = billing_plan_parse(plan, strlen(plan));
    grant->plan = plan[0] == '\0' ? billing_plan_parse(state, strlen(state))
                                  : named;

    if (plan[0] == '\0' && state[0] == '\0') {
        *field = json_object_get(item, "seats") != NULL ? "seats"
                 : json_object_get(item, "valid_until") != NULL
                   ? "valid_until" : NULL;
        grant->plan = BILLING_PLAN_NONE;

        /* Whose number of seats it would be is not said. */

        return *field == NULL ? BILLING_ALLOW : BILLING_PLAN_UNKNOWN;
    }

    if (state[0] != '\0'
        && grant->plan != billing_plan_parse(state, strlen(state)))
    {
        *field = "state";
        return BILLING_FIELD_TYPE;
    }

    if (grant->plan != BILLING_PLAN_FREE
        && grant->plan != BILLING_PLAN_EDUCATION
        && grant->plan != BILLING_PLAN_ENTERPRISE)
    {
        *field = "plan";
        return BILLING_PLAN_UNKNOWN;
    }

    grant->seats = (uint32_t)
                   json_integer_value(json_object_get(item, "seats"));
    grant->until_at = billing_app_instant(item, "valid_until");

    /* An order that goes on need not be told again. */

    if (grant->plan == row->team.plan && grant->seats == 0) {
        grant->seats = row->team.seats;
    }

    if (grant->plan == row->team.plan) {
        grant->review_days = row->team.review_days;
    }

    if (grant->plan == row->team.plan
        && json_object_get(item, "valid_until") == NULL)
    {
        grant->until_at = row->team.current.end_at;
    }

    return BILLING_ALLOW;
}


billing_db_rc_t
billing_app_grant(billing_op_t *op, billing_team_row_t *row,
    const billing_grant_t *grant, billing_app_result_t *result)
{
    billing_db_rc_t     rc = BILLING_DB_OK;
    billing_money_t     pending = row->team.pending;
    billing_granted_t   granted;

    if (row->hold_seats != 0 && grant->plan != row->team.plan) {
        result->reason = BILLING_CHECKOUT_OPEN;
        return BILLING_DB_OK;
    }

    result->reason = billing_team_grant(&op->w->settings->catalogue,
                                        &row->team, grant, &granted);

    if (result->reason == BILLING_FIELD_TYPE) {
        result->field = "valid_until";
    }

    if (result->reason != BILLING_ALLOW || !granted.changed) {
        return BILLING_DB_OK;
    }

    result->changed = true;
    row->settle_at = 0;
    row->invoice_due_at = 0;
    billing_dunning_over(row);

    rc = billing_app_books(op, row, granted.credit, pending);

    if (rc == BILLING_DB_OK) {
        rc = billing_passes_waive(op->w, row, op->now);
    }

    if (rc == BILLING_DB_OK && granted.freed) {
        rc = billing_team_freed(op->w, row, op->now);
    }

    return rc;
}


/* The unused time is owed from now on; seats are billed with it (R216). */

static billing_db_rc_t
billing_app_books(billing_op_t *op, const billing_team_row_t *row,
    billing_money_t credit, billing_money_t pending)
{
    char               txn[BILLING_OP_ID_LEN + BILLING_ID_MAX + 8];
    billing_money_t    given = credit;
    billing_posting_t  posting;

    given.minor = -credit.minor;

    (void) snprintf(txn, sizeof(txn), "%s-%s-order", op->command->op,
                    row->id);
    posting = (billing_posting_t) {
        .txn = txn, .ref = op->command->op, .at = op->now
    };
    if (credit.minor == 0 && pending.minor == 0) {
        return BILLING_DB_OK;
    }

    if (credit.minor != 0) {
        billing_posting_add(&posting, "credit", row->id, given);
        billing_posting_add(&posting, "revenue", NULL, credit);
    }

    if (pending.minor != 0) {
        pending.minor = -pending.minor;
        billing_posting_unbilled(&posting, row->id, pending);
    }

    return billing_ledger_post(op->w, &posting);
}


/* --- single forms --------------------------------------------------------- */


billing_db_rc_t
billing_op_app_team(billing_op_t *op)
{
    billing_db_rc_t       rc;
    billing_app_result_t  result;

    rc = billing_app_one(op, billing_app_team, &result);

    return rc == BILLING_DB_OK
           ? billing_app_told(op, billing_op_text(op, "team"),
                              result.created ? 201 : 200)
           : rc;
}


/* An Enterprise order, or a school: of the whole account of that team. */

billing_db_rc_t
billing_op_app_grant(billing_op_t *op)
{
    bool                  school;
    uint32_t              roles;
    const char           *id = billing_op_text(op, "team");
    billing_db_rc_t       rc;
    billing_grant_t       grant;
    billing_team_row_t    row;
    billing_app_result_t  result = { .reason = BILLING_ALLOW };

    school = strcmp(op->command->kind, "app.team.education") == 0;

    grant = (billing_grant_t) {
        .plan = school ? BILLING_PLAN_EDUCATION : BILLING_PLAN_ENTERPRISE,
        .seats = (uint32_t) billing_op_int(op, "seats", 0),
        .until_at = billing_app_instant(op->command->body, "valid_until"),
        .now = op->now
    };

    if (!billing_review_days(billing_op_bool(op, "flexible"),
                             billing_op_int(op, "review_days", 0),
                             &grant.review_days))
    {
        return billing_op_deny(op, BILLING_FIELD_TYPE,
                               json_pack("{s:s}", "field", "review_days"));
    }

    rc = billing_op_account(op, &row, &roles);

    if (rc == BILLING_DB_OK) {
        rc = billing_app_grant(op, &row, &grant, &result);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (result.reason != BILLING_ALLOW) {
        return billing_op_deny(op, result.reason,
                   json_pack("{s:I, s:s*}", "n", (json_int_t)
                             row.team.members, "field", result.field));
    }

    if (result.changed) {
        rc = billing_team_store(op->w, &row);
    }

    return rc == BILLING_DB_OK ? billing_app_told(op, id, 200) : rc;
}


static billing_db_rc_t
billing_app_told(billing_op_t *op, const char *id, unsigned status)
{
    billing_db_rc_t      rc;
    billing_team_row_t   row;

    rc = billing_team_load(op->w, id, &row);

    if (rc == BILLING_DB_DONE || (rc == BILLING_DB_OK && row.gone)) {
        return billing_op_deny(op, BILLING_TEAM_NOT_FOUND, NULL);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    billing_copy(op->reply->team, sizeof(op->reply->team), id);

    return billing_op_reply(op, status,
               json_pack("{s:o}", "team",
                         billing_app_team_json(op->w, &row)));
}


billing_db_rc_t
billing_query_app_team(billing_op_t *op)
{
    return billing_app_told(op, billing_op_text(op, "team"), 200);
}
