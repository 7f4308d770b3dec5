/*
 * What somebody asks for and pays at once: the switch to yearly, the way back
 * after expiry, another card.
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


static billing_db_rc_t billing_pay_shown(billing_op_t *op,
    const billing_team_row_t *row, const billing_checkout_t *co);
static billing_db_rc_t billing_method_invoice(billing_op_t *op,
    billing_team_row_t *row);
static billing_db_rc_t billing_method_card(billing_op_t *op,
    billing_team_row_t *row);
static void billing_method_bill(const billing_op_t *op,
    const billing_team_row_t *row, billing_checkout_t *co);


billing_db_rc_t
billing_op_pay(billing_op_t *op, billing_team_row_t *row,
    billing_checkout_t *co)
{
    billing_db_rc_t    rc;
    billing_reason_t   reason;

    co->lang = op->lang;
    (void) snprintf(co->id, sizeof(co->id), "%s", op->command->op);
    (void) snprintf(co->team, sizeof(co->team), "%s", row->id);
    (void) snprintf(co->asked, sizeof(co->asked), "%s",
                    billing_op_text(op, "team"));
    (void) snprintf(co->actor, sizeof(co->actor), "%s", op->command->actor);

    rc = billing_pay_price(op->w, row, co, op->now, &reason);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason, NULL);
    }

    rc = billing_pay_shown(op, row, co);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (co->amount.minor > 0) {
        reason = billing_pay_card(row, billing_method_text(op,
                                      "payment_method"), co);

        if (reason != BILLING_ALLOW) {
            return billing_op_deny(op, reason, NULL);
        }
    }

    rc = billing_pay_begin(op->w, row, co, op->now, op->reply);
    op->reply->later = rc == BILLING_DB_OK;

    return rc;
}


/* OK: to be done at the price that was shown; DONE: shown, or not so now. */

static billing_db_rc_t
billing_pay_shown(billing_op_t *op, const billing_team_row_t *row,
    const billing_checkout_t *co)
{
    json_t               *quote;
    billing_db_rc_t       rc;
    billing_pin_stale_t   stale;
    billing_quote_pin_t   pin = {
        .kind = co->purpose == BILLING_PURPOSE_YEARLY
                ? BILLING_PIN_PERIOD : BILLING_PIN_REACTIVATE
    };

    billing_pin_of(op, row, &co->quote, &pin);

    if (!billing_op_dry(op) && billing_pin_holds(op, row->id, &pin, &stale)) {
        return BILLING_DB_OK;
    }

    quote = billing_quote_json(&co->quote, co->asked, op->lang);

    if (!billing_op_dry(op)) {
        return billing_pin_deny(op, row->id, &pin, &stale, quote);
    }

    (void) json_object_set_new(quote, "dry_run", json_true());
    rc = billing_pin_give(op, row->id, &pin, quote);

    if (rc != BILLING_DB_OK) {
        json_decref(quote);
        return rc;
    }

    return billing_op_reply(op, 200, quote);
}


billing_db_rc_t
billing_op_period(billing_op_t *op)
{
    const char          *word;
    billing_db_rc_t      rc;
    billing_period_t     period;
    billing_reason_t     reason;
    billing_checkout_t   co;
    billing_sub_step_t   step;
    billing_team_row_t   row;

    rc = billing_checkout_replay(op);

    if (rc != BILLING_DB_OK || op->reply->later) {
        return rc;
    }

    rc = billing_op_subscription(op, BILLING_ACT_SWITCH_PERIOD, &row);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    word = billing_op_text(op, "period");
    period = billing_period_parse(word, strlen(word));

    if (period == BILLING_PERIOD_NONE) {
        return billing_op_deny(op, BILLING_BILLING_TYPE_INVALID, NULL);
    }

    reason = billing_sub_next(&row.team, period == BILLING_PERIOD_YEARLY
                                         ? BILLING_SUB_SWITCH_YEARLY
                                         : BILLING_SUB_SWITCH_MONTHLY,
                              op->now, &step);

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason, NULL);
    }

    memset(&co, 0, sizeof(co));
    co.purpose = BILLING_PURPOSE_YEARLY;

    return billing_op_pay(op, &row, &co);
}


billing_db_rc_t
billing_op_payment_method(billing_op_t *op)
{
    const char          *word;
    billing_db_rc_t      rc;
    billing_method_t     method;
    billing_reason_t     reason;
    billing_team_row_t   row;

    rc = billing_checkout_replay(op);

    if (rc != BILLING_DB_OK || op->reply->later) {
        return rc;
    }

    rc = billing_op_subscription(op, BILLING_ACT_PAYMENT_METHOD, &row);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    word = billing_method_text(op, "method");
    method = word[0] == '\0' ? BILLING_METHOD_CARD
                             : billing_method_parse(word, strlen(word));

    reason = billing_method_change(&op->w->settings->catalogue, &row.team,
                                   method, op->now);

    if (reason == BILLING_ALLOW && method == BILLING_METHOD_INVOICE) {
        rc = billing_invoice_country(op, row.id, NULL, &reason);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason,
                   json_pack("{s:I}", "n",
                       (json_int_t) op->w->settings->catalogue
                           .plans[row.team.plan].invoice_seats_min));
    }

    return method == BILLING_METHOD_INVOICE
           ? billing_method_invoice(op, &row)
           : billing_method_card(op, &row);
}


/* From the next bill on; what is paid stays paid (R139, R140). */

static billing_db_rc_t
billing_method_invoice(billing_op_t *op, billing_team_row_t *row)
{
    const char          *email;
    billing_db_rc_t      rc;
    billing_sub_step_t   step;

    email = billing_method_text(op, "email");

    if (email[0] == '\0') {
        return billing_op_deny(op, BILLING_INVOICE_EMAIL_MISSING, NULL);
    }

    if (billing_sub_next(&row->team, BILLING_SUB_CARD_TO_INVOICE, op->now,
                         &step) != BILLING_ALLOW)
    {
        return BILLING_DB_CONFLICT;
    }

    if (billing_op_dry(op)) {
        return billing_op_team(op, row, json_pack("{s:b}", "dry_run", 1));
    }

    rc = billing_team_took(op->w, row, &step, op->now);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    (void) snprintf(row->billing_email, sizeof(row->billing_email), "%s",
                    email);

    /* Added seats now wait for the quarter (R148). */

    if (row->settle_at != 0) {
        row->settle_at = billing_seats_due(&row->team, op->now);
    }

    rc = billing_team_store(op->w, row);

    return rc == BILLING_DB_OK ? billing_op_team(op, row, NULL) : rc;
}


/*
 * Another card.  What is unpaid is charged to it at once, and only if that
 * succeeds is the card kept (R173).
 */

static billing_db_rc_t
billing_method_card(billing_op_t *op, billing_team_row_t *row)
{
    billing_db_rc_t     rc;
    billing_reason_t    reason;
    billing_checkout_t  co;

    memset(&co, 0, sizeof(co));
    co.lang = op->lang;
    (void) snprintf(co.team, sizeof(co.team), "%s", row->id);
    (void) snprintf(co.asked, sizeof(co.asked), "%s",
                    billing_op_text(op, "team"));
    (void) snprintf(co.actor, sizeof(co.actor), "%s", op->command->actor);

    if (billing_method_text(op, "payment_method")[0] == '\0') {
        return billing_op_deny(op, BILLING_CARD_MISSING, NULL);
    }

    reason = billing_pay_card(row, billing_method_text(op, "payment_method"),
                              &co);

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason, NULL);
    }

    billing_method_bill(op, row, &co);

    if (co.purpose != BILLING_PURPOSE_CARD) {
        rc = billing_pay_price(op->w, row, &co, op->now, &reason);

        if (rc != BILLING_DB_OK) {
            return rc;
        }

        if (reason != BILLING_ALLOW) {
            return billing_op_deny(op, reason, NULL);
        }
    }

    if (billing_op_dry(op)) {
        return billing_op_team(op, row,
                   json_pack("{s:b, s:I}", "dry_run", 1, "due_now",
                             (json_int_t) co.amount.minor));
    }

    rc = billing_pay_begin(op->w, row, &co, op->now, op->reply);
    op->reply->later = rc == BILLING_DB_OK;

    return rc;
}


static void
billing_method_bill(const billing_op_t *op, const billing_team_row_t *row,
    billing_checkout_t *co)
{
    bool                    over;
    billing_money_t         nothing;
    const billing_team_t   *team;

    team = &row->team;
    over = op->now >= team->current.end_at;

    if (row->failed > 0 || team->state == BILLING_STATE_PAST_DUE) {
        co->purpose = over ? BILLING_PURPOSE_RENEWAL : BILLING_PURPOSE_SETTLE;
    }

    if (co->purpose != BILLING_PURPOSE_PURCHASE
        && (over || billing_team_owes(team)))
    {
        billing_pay_id(co, over ? team->current.end_at : row->retry_at);
        (void) snprintf(co->waiter, sizeof(co->waiter), "%s",
                        op->command->op);
        return;
    }

    nothing = (billing_money_t) { 0, team->paid.currency };

    co->purpose = BILLING_PURPOSE_CARD;
    (void) snprintf(co->id, sizeof(co->id), "%s", op->command->op);
    co->amount = nothing;
    co->quote = (billing_quote_t) {
        .plan = team->plan, .period = team->period,
        .seats = team->seats > team->members ? team->seats : team->members,
        .method = team->method, .subtotal = nothing, .discount = nothing,
        .credit = nothing, .tax = nothing, .total = nothing,
        .due_now = nothing, .credit_left = team->credit,
        .span = team->current, .renewal_total = nothing
    };
}


/* As in a purchase, or right in the request. */

const char *
billing_method_text(const billing_op_t *op, const char *name)
{
    const char  *text;

    text = json_string_value(json_object_get(
               json_object_get(op->command->body, "payment"), name));

    return text == NULL ? billing_op_text(op, name) : text;
}
