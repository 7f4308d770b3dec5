/*
 * Ending a subscription, taking that back, and the way down to Free.
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


static billing_db_rc_t billing_cancel_dry(billing_op_t *op,
    const billing_team_row_t *row, const billing_sub_step_t *step);
static billing_db_rc_t billing_cancel_take(billing_op_t *op,
    billing_team_row_t *row, const billing_sub_step_t *step);
static billing_db_rc_t billing_cancel_settle(billing_op_t *op,
    billing_team_row_t *row);
static billing_db_rc_t billing_cancel_unpaid(billing_op_t *op,
    billing_team_row_t *row, billing_checkout_t *co,
    billing_reason_t reason);
static billing_db_rc_t billing_cancel_record(billing_op_t *op,
    const char *team);
static billing_db_rc_t billing_reactivate_shown(billing_op_t *op,
    const billing_team_row_t *row);
static billing_db_rc_t billing_reactivate_pay(billing_op_t *op,
    billing_team_row_t *row);
static billing_db_rc_t billing_downgrade_preview(billing_op_t *op,
    const billing_team_row_t *row);
static billing_db_rc_t billing_downgrade_later(billing_op_t *op,
    billing_team_row_t *row);


billing_db_rc_t
billing_op_subscription(billing_op_t *op, billing_act_t act,
    billing_team_row_t *row)
{
    bool             open;
    billing_db_rc_t  rc;

    rc = billing_op_payer(op, act, row);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    rc = billing_checkout_is_open(op->w, row->id, &open);

    if (rc == BILLING_DB_OK && open && !billing_op_dry(op)) {
        return billing_op_deny(op, BILLING_CHECKOUT_OPEN, NULL);
    }

    return rc;
}


billing_db_rc_t
billing_op_payer(billing_op_t *op, billing_act_t act,
    billing_team_row_t *row)
{
    uint32_t          roles;
    billing_db_rc_t   rc;
    billing_reason_t  reason;

    rc = billing_op_account(op, row, &roles);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    reason = billing_may(act, roles, row->team.plan);

    return reason == BILLING_ALLOW ? billing_op_shown(op, row)
                                   : billing_op_deny(op, reason, NULL);
}


billing_db_rc_t
billing_op_may(billing_op_t *op, billing_act_t act, billing_team_row_t *row)
{
    uint32_t          roles;
    billing_db_rc_t   rc;
    billing_reason_t  reason;

    rc = billing_op_enter(op, billing_op_text(op, "team"), row, &roles);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    reason = billing_may(act, roles, row->team.plan);

    return reason == BILLING_ALLOW ? BILLING_DB_OK
                                   : billing_op_deny(op, reason, NULL);
}


billing_db_rc_t
billing_op_shown(billing_op_t *op, const billing_team_row_t *row)
{
    bool             hidden;
    billing_db_rc_t  rc;

    rc = billing_bills_hidden(op->w, row, &hidden);

    return rc == BILLING_DB_OK && hidden
           ? billing_op_deny(op, BILLING_BILLING_HIDDEN, NULL) : rc;
}


/* The team that was named, as it stands now, though its account paid. */

billing_db_rc_t
billing_op_team(billing_op_t *op, const billing_team_row_t *row,
    json_t *more)
{
    json_t           *team, *body;
    billing_db_rc_t   rc;

    rc = billing_asked_json(op->w, row, billing_op_text(op, "team"),
                            op->command->actor, &team);

    if (rc != BILLING_DB_OK) {
        json_decref(more);
        return rc;
    }

    body = json_pack("{s:o}", "team", team);

    if (body != NULL && more != NULL) {
        (void) json_object_update(body, more);
    }

    json_decref(more);

    return billing_op_reply(op, 200, body);
}


/* Ends at once what was not paid yet, else with the period (R138, R176). */

billing_db_rc_t
billing_op_cancel(billing_op_t *op)
{
    billing_db_rc_t      rc;
    billing_reason_t     reason;
    billing_sub_step_t   step;
    billing_team_row_t   row;

    rc = billing_checkout_replay(op);

    if (rc != BILLING_DB_OK || op->reply->later) {
        return rc;
    }

    rc = billing_op_subscription(op, BILLING_ACT_CANCEL, &row);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    reason = billing_sub_next(&row.team, BILLING_SUB_CANCEL, op->now, &step);

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason,
                   json_pack("{s:o}", "date",
                             billing_instant_json(step.until_at)));
    }

    if (billing_op_dry(op)) {
        return billing_cancel_dry(op, &row, &step);
    }

    rc = billing_cancel_record(op, row.id);

    if (rc == BILLING_DB_OK) {
        rc = billing_cancel_take(op, &row, &step);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_team_store(op->w, &row);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    return step.effects & BILLING_EFFECT_SETTLE
           ? billing_cancel_settle(op, &row)
           : billing_op_team(op, &row, NULL);
}


/* Priced as it would be charged: with its tax, less the balance. */

static billing_db_rc_t
billing_cancel_dry(billing_op_t *op, const billing_team_row_t *row,
    const billing_sub_step_t *step)
{
    billing_db_rc_t      rc;
    billing_reason_t     reason = BILLING_ALLOW;
    billing_checkout_t   co;
    billing_team_row_t   after = *row;

    memset(&co, 0, sizeof(co));
    co.purpose = BILLING_PURPOSE_CANCEL;
    billing_team_step(&after.team, step);

    rc = step->effects & BILLING_EFFECT_SETTLE
         ? billing_pay_price(op->w, &after, &co, op->now, &reason)
         : BILLING_DB_OK;

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (reason != BILLING_ALLOW) {
        return BILLING_DB_CONFLICT;
    }

    return billing_op_team(op, row,
               json_pack("{s:b, s:I, s:o}", "dry_run", 1, "due_now",
                   (json_int_t) co.amount.minor, "ends_at",
                   billing_instant_json(step->until_at)));
}


/* A first invoice is taken back; one of a period that ends now, given up. */

static billing_db_rc_t
billing_cancel_take(billing_op_t *op, billing_team_row_t *row,
    const billing_sub_step_t *step)
{
    billing_db_rc_t  rc;

    rc = BILLING_DB_OK;

    if (step->effects & BILLING_EFFECT_FREE) {
        rc = billing_bills_void(op->w, row, op->now);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_team_took(op->w, row, step, op->now);
    }

    return rc == BILLING_DB_OK && step->next == BILLING_STATE_EXPIRED
           ? billing_bills_give_up(op->w, row, BILLING_NEVER_AT, op->now)
           : rc;
}


/*
 * What is pending is charged now (R178).  The end stands whatever comes of it:
 * who cannot pay can still leave.
 */

static billing_db_rc_t
billing_cancel_settle(billing_op_t *op, billing_team_row_t *row)
{
    billing_db_rc_t     rc;
    billing_reason_t    reason;
    billing_checkout_t  co;

    memset(&co, 0, sizeof(co));
    co.purpose = BILLING_PURPOSE_CANCEL;
    co.lang = op->lang;
    co.due_at = op->now;
    (void) snprintf(co.id, sizeof(co.id), "%s", op->command->op);
    (void) snprintf(co.team, sizeof(co.team), "%s", row->id);
    (void) snprintf(co.asked, sizeof(co.asked), "%s",
                    billing_op_text(op, "team"));
    (void) snprintf(co.actor, sizeof(co.actor), "%s", op->command->actor);

    rc = billing_pay_price(op->w, row, &co, op->now, &reason);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (reason != BILLING_ALLOW) {
        return BILLING_DB_CONFLICT;
    }

    reason = co.amount.minor == 0 ? BILLING_ALLOW
                                  : billing_pay_card(row, "", &co);

    if (reason != BILLING_ALLOW) {
        return billing_cancel_unpaid(op, row, &co, reason);
    }

    rc = billing_pay_begin(op->w, row, &co, op->now, op->reply);
    op->reply->later = rc == BILLING_DB_OK;

    return rc;
}


static billing_db_rc_t
billing_cancel_unpaid(billing_op_t *op, billing_team_row_t *row,
    billing_checkout_t *co, billing_reason_t reason)
{
    billing_db_rc_t   rc;
    billing_unpaid_t  unpaid;

    unpaid = (billing_unpaid_t) {
        .reason = reason, .stop = true, .due_at = op->now, .now = op->now
    };

    rc = billing_dunning_failed(op->w, row, &unpaid);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    return billing_op_team(op, row,
               json_pack("{s:s, s:{s:s, s:I, s:s}}", "state", "done",
                   "unpaid", "code", billing_reason_code(reason),
                   "amount", (json_int_t) co->amount.minor, "currency",
                   billing_currency_code(co->amount.currency)));
}


static billing_db_rc_t
billing_cancel_record(billing_op_t *op, const char *team)
{
    static const char  sql[] =
        "INSERT INTO cancellation (team, actor, reason, at)"
        " VALUES ($1, $2, $3, $4)";

    return billing_db_exec(op->w->db, sql, "ttti", team, op->command->actor,
                           billing_op_text(op, "reason"), op->now);
}


/* Before the end for nothing, after it a new period is paid (R184). */

billing_db_rc_t
billing_op_reactivate(billing_op_t *op)
{
    billing_db_rc_t      rc;
    billing_reason_t     reason;
    billing_sub_step_t   step;
    billing_team_row_t   row;

    rc = billing_checkout_replay(op);

    if (rc != BILLING_DB_OK || op->reply->later) {
        return rc;
    }

    rc = billing_op_subscription(op, BILLING_ACT_REACTIVATE, &row);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    reason = billing_sub_next(&row.team, BILLING_SUB_REACTIVATE, op->now,
                              &step);

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason, NULL);
    }

    /* What has ended is bought anew, and not by everybody (R22). */

    if (step.effects & BILLING_EFFECT_PERIOD_NOW) {
        rc = billing_domain_may(op, row.id);

        return rc == BILLING_DB_OK ? billing_reactivate_pay(op, &row) : rc;
    }

    rc = billing_reactivate_shown(op, &row);

    if (rc == BILLING_DB_OK) {
        rc = billing_team_took(op->w, &row, &step, op->now);
    }

    /* An invoice that is late stays so. */

    if (rc == BILLING_DB_OK) {
        rc = billing_bills_owed(op->w, &row);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_team_store(op->w, &row);
    }

    return rc == BILLING_DB_OK ? billing_op_team(op, &row, NULL) : rc;
}


/* Nothing is to be paid; who was shown so must not pay once it has ended. */

static billing_db_rc_t
billing_reactivate_shown(billing_op_t *op, const billing_team_row_t *row)
{
    json_t               *json;
    billing_db_rc_t       rc;
    billing_quote_t       quote = {
        .plan = row->team.plan, .seats = row->team.seats,
        .period = row->team.period, .method = row->team.method,
        .total = { 0, op->w->settings->catalogue.currency }
    };
    billing_pin_stale_t   stale;
    billing_quote_pin_t   pin = { .kind = BILLING_PIN_REACTIVATE };

    billing_pin_of(op, row, &quote, &pin);

    if (!billing_op_dry(op) && billing_pin_holds(op, row->id, &pin, &stale)) {
        return BILLING_DB_OK;
    }

    json = json_pack("{s:i}", "due_now", 0);

    if (!billing_op_dry(op)) {
        return billing_pin_deny(op, row->id, &pin, &stale, json);
    }

    (void) json_object_set_new(json, "dry_run", json_true());
    rc = billing_pin_give(op, row->id, &pin, json);

    if (rc != BILLING_DB_OK) {
        json_decref(json);
        return rc;
    }

    return billing_op_team(op, row, json);
}


static billing_db_rc_t
billing_reactivate_pay(billing_op_t *op, billing_team_row_t *row)
{
    billing_checkout_t  co;

    memset(&co, 0, sizeof(co));
    co.purpose = BILLING_PURPOSE_REACTIVATE;

    return billing_op_pay(op, row, &co);
}


/* "free" once the team is paused; from Business to Team at the end (R188). */

billing_db_rc_t
billing_op_downgrade(billing_op_t *op)
{
    const char          *plan;
    billing_db_rc_t      rc;
    billing_reason_t     reason;
    billing_sub_step_t   step;
    billing_team_row_t   row;

    rc = billing_op_subscription(op, BILLING_ACT_DOWNGRADE, &row);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    plan = billing_op_text(op, "plan");

    if (billing_catalogue_plan(&op->w->settings->catalogue, plan,
                               strlen(plan)) == BILLING_PLAN_TEAM)
    {
        return billing_downgrade_later(op, &row);
    }

    if (plan[0] != '\0' && strcmp(plan, "free") != 0) {
        return billing_op_deny(op, BILLING_PLAN_UNKNOWN, NULL);
    }

    reason = billing_sub_next(&row.team, BILLING_SUB_DOWNGRADE_FREE, op->now,
                              &step);

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason,
                   json_pack("{s:o}", "date",
                             billing_instant_json(step.until_at)));
    }

    if (billing_op_dry(op)) {
        return billing_downgrade_preview(op, &row);
    }

    rc = billing_team_took(op->w, &row, &step, op->now);

    if (rc == BILLING_DB_OK) {
        rc = billing_team_store(op->w, &row);
    }

    return rc == BILLING_DB_OK ? billing_op_team(op, &row, NULL) : rc;
}


/*
 * Guests will be members, and the next upgrade counts them (R190): the buyer
 * hears of it before.
 */

static billing_db_rc_t
billing_downgrade_preview(billing_op_t *op, const billing_team_row_t *row)
{
    uint32_t         n;
    billing_db_rc_t  rc;

    rc = billing_member_count(op->w, row->id,
             (uint32_t) (BILLING_ROLE_GUEST | BILLING_ROLE_RESTRICTED), &n,
             NULL);

    return rc == BILLING_DB_OK
           ? billing_op_team(op, row,
                 json_pack("{s:b, s:I, s:I}", "dry_run", 1,
                     "guests_become_members", (json_int_t) n,
                     "members_then", (json_int_t) (row->team.members + n)))
           : rc;
}


static billing_db_rc_t
billing_downgrade_later(billing_op_t *op, billing_team_row_t *row)
{
    billing_db_rc_t     rc;
    billing_reason_t    reason;
    billing_sub_step_t  step;

    reason = billing_sub_next(&row->team, BILLING_SUB_SCHEDULE_DOWN, op->now,
                              &step);

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason, NULL);
    }

    if (billing_op_dry(op)) {
        return billing_op_team(op, row, json_pack("{s:b}", "dry_run", 1));
    }

    rc = billing_team_took(op->w, row, &step, op->now);

    if (rc == BILLING_DB_OK) {
        row->team.scheduled_plan = BILLING_PLAN_TEAM;
        rc = billing_team_store(op->w, row);
    }

    return rc == BILLING_DB_OK ? billing_op_team(op, row, NULL) : rc;
}
