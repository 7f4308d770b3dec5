/*
 * The billing pages' questions: overview, invoices, the state of an
 * operation.
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


static billing_db_rc_t billing_overview_answer(billing_op_t *op,
    const billing_team_row_t *row, json_t *team);
static billing_db_rc_t billing_overview_renewal(billing_op_t *op,
    const billing_team_row_t *row, json_t **out);
static json_t *billing_overview_json(const billing_team_row_t *row,
    json_t *team, json_t *renewal, json_t *owed);
static billing_db_rc_t billing_overview_passes(billing_op_t *op,
    const billing_team_row_t *row, json_t *body);
static json_t *billing_overview_method(const billing_team_row_t *row);
static billing_db_rc_t billing_overview_information(billing_op_t *op,
    const billing_team_row_t *row, json_t *body);
static billing_db_rc_t billing_overview_mail(billing_op_t *op,
    const billing_team_row_t *row, json_t *body);
static billing_db_rc_t billing_overview_owed(billing_op_t *op,
    const billing_team_row_t *row, json_t **out);
static billing_db_rc_t billing_operation_checkout(billing_op_t *op,
    const billing_checkout_t *co);


billing_db_rc_t
billing_query_overview(billing_op_t *op)
{
    json_t              *team;
    billing_db_rc_t      rc;
    billing_team_row_t   row;

    rc = billing_op_payer(op, BILLING_ACT_OPEN_BILLING, &row);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (row.team.plan == BILLING_PLAN_FREE
        && row.team.state != BILLING_STATE_TRIAL)
    {
        return billing_op_deny(op, BILLING_NO_SUBSCRIPTION, NULL);
    }

    rc = billing_asked_json(op->w, &row, billing_op_text(op, "team"),
                            op->command->actor, &team);

    return rc == BILLING_DB_OK ? billing_overview_answer(op, &row, team) : rc;
}


static billing_db_rc_t
billing_overview_answer(billing_op_t *op, const billing_team_row_t *row,
    json_t *team)
{
    json_t           *renewal, *owed, *body;
    billing_db_rc_t   rc;

    owed = NULL;
    rc = billing_overview_renewal(op, row, &renewal);

    if (rc == BILLING_DB_OK) {
        rc = billing_overview_owed(op, row, &owed);
    }

    if (rc != BILLING_DB_OK) {
        json_decref(team);
        return rc;
    }

    body = billing_overview_json(row, team, renewal, owed);

    if (body == NULL) {
        return billing_op_deny(op, BILLING_INTERNAL, NULL);
    }

    rc = billing_overview_passes(op, row, body);

    if (rc == BILLING_DB_OK) {
        rc = billing_overview_information(op, row, body);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_overview_mail(op, row, body);
    }

    if (rc != BILLING_DB_OK) {
        json_decref(body);
        return rc;
    }

    return billing_op_reply(op, 200, body);
}


/* Steals team, renewal and owed. */

static json_t *
billing_overview_json(const billing_team_row_t *row, json_t *team,
    json_t *renewal, json_t *owed)
{
    return json_pack("{s:s, s:s, s:I, s:I, s:s?, s:o, s:o, s:o, s:I, s:I,"
                     " s:s, s:o, s:s, s:O, s:o, s:o, s:o, s:o, s:s?}",
               "plan", billing_plan_name(row->team.plan),
               "state", billing_state_name(row->team.state),
               "seats", (json_int_t) row->team.seats,
               "members", (json_int_t) row->team.members,
               "period", row->team.period == BILLING_PERIOD_NONE
                         ? NULL : billing_period_name(row->team.period),
               "period_start",
               billing_instant_json(row->team.current.start_at),
               "period_end",
               billing_instant_json(row->team.current.end_at),
               "renewal", renewal,
               "pending", (json_int_t) row->team.pending.minor,
               "credit", (json_int_t) row->team.credit.minor,
               "currency",
               billing_currency_code(row->team.credit.currency),
               "payment_method", billing_overview_method(row),
               "billing_email", row->billing_email,
               "can", json_object_get(team, "can"),
               "team", team,
               "pending_due_at",
               billing_instant_json(!billing_team_owes(&row->team) ? 0
                   : row->settle_at != 0 ? row->settle_at
                   : row->team.current.end_at),
               "retry_at", billing_instant_json(row->retry_at),
               "owed", owed,
               "scheduled_plan",
               row->team.scheduled_plan == BILLING_PLAN_NONE
               ? NULL : billing_plan_name(row->team.scheduled_plan));
}


/* Day Passes that are still to be billed (R199). */

static billing_db_rc_t
billing_overview_passes(billing_op_t *op, const billing_team_row_t *row,
    json_t *body)
{
    json_t                     *passes;
    billing_db_rc_t             rc;
    billing_passes_sum_t        sum;
    const billing_catalogue_t  *catalogue;

    catalogue = &op->w->settings->catalogue;
    rc = billing_passes_sum(op->w, row->id, &sum);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    passes = json_pack("{s:b, s:b, s:I, s:I, s:I}",
                 "offered", billing_day_pass_offered(catalogue, &row->team),
                 "enabled", !row->passes_off,
                 "price", (json_int_t)
                     catalogue->plans[row->team.plan].day_pass.minor,
                 "unbilled", (json_int_t) sum.n,
                 "amount", (json_int_t) sum.minor);

    return json_object_set_new(body, "day_passes", passes) == 0
           ? BILLING_DB_OK : BILLING_DB_UNMADE;
}


/* What the next invoice will say of its buyer (R112); {} when nothing. */

static billing_db_rc_t
billing_overview_information(billing_op_t *op, const billing_team_row_t *row,
    json_t *body)
{
    static const char  sql[] = "SELECT information FROM team WHERE id = $1";

    json_t           *information;
    billing_db_rc_t   rc;

    rc = billing_db_query(op->w->db, sql, "t", row->id);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    information = json_loads(billing_db_text(op->w->db, sql, 0), 0, NULL);
    billing_db_done(op->w->db, sql);

    if (information == NULL) {
        information = json_object();
    }

    return json_object_set_new(body, "billing_information", information) == 0
           ? BILLING_DB_OK : BILLING_DB_UNMADE;
}


/* Bills that do not arrive: until one does, or the address is another. */

static billing_db_rc_t
billing_overview_mail(billing_op_t *op, const billing_team_row_t *row,
    json_t *body)
{
    static const char  sql[] =
        "SELECT state, subject, ended_at FROM mail_outbox WHERE recipient = $1"
        " ORDER BY ended_at DESC LIMIT 1";

    json_t           *refused = json_null();
    billing_db_rc_t   rc;

    rc = billing_db_query(op->w->db, sql, "t", row->billing_email);

    if (rc != BILLING_DB_ROW && rc != BILLING_DB_DONE) {
        return rc;
    }

    if (rc == BILLING_DB_ROW
        && strcmp(billing_db_text(op->w->db, sql, 0), "refused") == 0)
    {
        refused = json_pack("{s:s, s:s, s:o}",
                      "email", row->billing_email,
                      "subject", billing_db_text(op->w->db, sql, 1),
                      "at",
                      billing_instant_json(billing_db_int(op->w->db, sql, 2)));
    }

    billing_db_done(op->w->db, sql);

    return json_object_set_new(body, "mail_refused", refused) == 0
           ? BILLING_DB_OK : BILLING_DB_UNMADE;
}


/* The next charge (R168), priced as it will be. */

static billing_db_rc_t
billing_overview_renewal(billing_op_t *op, const billing_team_row_t *row,
    json_t **out)
{
    int64_t                 at;
    billing_db_rc_t         rc;
    billing_quote_t         quote;
    billing_taxed_t         tax;
    const billing_team_t   *team;
    billing_sub_order_t     order;

    *out = json_null();
    team = &row->team;
    at = team->current.end_at;

    if (!team->auto_renew || team->period == BILLING_PERIOD_NONE
        || team->state == BILLING_STATE_EXPIRED)
    {
        return BILLING_DB_OK;
    }

    order = (billing_sub_order_t) { .pay = BILLING_PAY_RENEWAL, .now = at };

    /* In a trial that is not stopped, it is what the trial becomes. */

    if (team->state == BILLING_STATE_TRIAL) {
        order.pay = BILLING_PAY_TRIAL;
        order.now = at = team->trial_ends_at;
    }

    rc = billing_team_tax(op->w, row->id, &tax);
    order.tax_permyriad = tax.permyriad;

    if (rc != BILLING_DB_OK
        || billing_sub_quote(&op->w->settings->catalogue, team, &order,
                             &quote) != BILLING_ALLOW)
    {
        return rc;                      /* no price for it: none is told */
    }

    *out = json_pack("{s:o, s:I, s:s, s:I}",
               "at", billing_instant_json(at),
               "amount", (json_int_t) quote.total.minor,
               "plan", billing_plan_name(quote.plan),
               "seats", (json_int_t) quote.seats);

    return *out == NULL ? BILLING_DB_CONFLICT : BILLING_DB_OK;
}


/* By invoice, drafts too; null when nothing is. */

static billing_db_rc_t
billing_overview_owed(billing_op_t *op, const billing_team_row_t *row,
    json_t **out)
{
    static const char  sql[] =
        "SELECT COUNT(*), CAST(COALESCE(SUM(total_minor - paid_minor"
        " - credited_minor + refunded_minor), 0) AS BIGINT) FROM bill_money"
        " WHERE team = $1 AND is_open = 1";

    billing_db_rc_t  rc;

    rc = billing_db_query(op->w->db, sql, "t", row->id);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    *out = billing_db_int(op->w->db, sql, 0) == 0 ? json_null()
           : json_pack("{s:I, s:I, s:s, s:o}",
                 "invoices", (json_int_t) billing_db_int(op->w->db, sql, 0),
                 "amount", (json_int_t) billing_db_int(op->w->db, sql, 1),
                 "currency", billing_currency_code(row->team.paid.currency),
                 "due_at", billing_instant_json(row->invoice_due_at));
    billing_db_done(op->w->db, sql);

    return *out == NULL ? BILLING_DB_UNMADE : BILLING_DB_OK;
}


static json_t *
billing_overview_method(const billing_team_row_t *row)
{
    if (row->team.method == BILLING_METHOD_NONE) {
        return json_null();
    }

    if (row->team.method == BILLING_METHOD_INVOICE) {
        return json_pack("{s:s, s:s}", "method", "invoice", "email",
                         row->billing_email);
    }

    return json_pack("{s:s, s:s, s:s}", "method", "card", "brand",
                     row->card_brand, "last4", row->card_last4);
}


/* What a page that shows the team compares with; nginx waits for the rest. */

billing_db_rc_t
billing_query_follow(billing_op_t *op)
{
    uint32_t             roles;
    billing_db_rc_t      rc;
    billing_team_row_t   row;

    rc = billing_op_enter(op, billing_op_text(op, "team"), &row, &roles);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    return billing_op_reply(op, 200,
               json_pack("{s:s, s:I}", "team", row.id, "version",
                         (json_int_t) row.team.version));
}


/* Its own operations only: another's is not found (P47). */

billing_db_rc_t
billing_query_operation(billing_op_t *op)
{
    const char             *id, *state;
    billing_db_rc_t         rc;
    billing_checkout_t      co;
    billing_command_row_t   row;

    id = billing_op_text(op, "operation");

    rc = billing_checkout_load(op->w, id, &co);

    if (rc == BILLING_DB_OK && strcmp(co.actor, op->command->actor) == 0) {
        return billing_operation_checkout(op, &co);
    }

    if (rc != BILLING_DB_OK && rc != BILLING_DB_DONE) {
        return rc;
    }

    rc = billing_command_lookup(op->w, id, op->command->actor, &row);

    if (rc == BILLING_DB_DONE) {
        return billing_op_deny(op, BILLING_OPERATION_NOT_FOUND, NULL);
    }

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    /* Ended with a 5xx: no verdict, the same key runs again. */

    state = row.problem || row.retry ? "refused" : "done";

    return billing_op_reply(op, 200,
               json_pack("{s:s, s:s, s:o}", "operation", id,
                   "state", row.done || row.retry ? state : "pending",
                   "answer", row.body == NULL ? json_null() : row.body));
}


static billing_db_rc_t
billing_operation_checkout(billing_op_t *op, const billing_checkout_t *co)
{
    json_t              *answer;
    unsigned             status;
    billing_db_rc_t      rc;
    billing_op_reply_t   interim;

    answer = NULL;

    if (billing_checkout_final(co->state)) {
        rc = billing_checkout_final_answer(op->w, co->id, &status, &answer);

        if (rc != BILLING_DB_OK) {
            return rc;
        }
    }

    if (co->state == BILLING_CHECKOUT_ACTION) {
        memset(&interim, 0, sizeof(interim));
        billing_checkout_interim(co, &interim);
        answer = interim.body;
    }

    (void) snprintf(op->reply->team, sizeof(op->reply->team), "%s",
                    co->asked[0] == '\0' ? co->team : co->asked);

    return billing_op_reply(op, 200,
               json_pack("{s:s, s:s, s:o}", "operation", co->id,
                   "state", billing_checkout_answer_word(co->state),
                   "answer", answer == NULL ? json_null() : answer));
}
