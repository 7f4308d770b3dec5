/*
 * Somebody begins a trial (R221).  On Free a card is taken and nothing
 * charged; what is paid for already goes on being paid.
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


typedef struct {
    billing_team_row_t   row;
    const char          *card;          /* "" none given */
    billing_quote_t      offer;
} billing_trying_t;


static billing_db_rc_t billing_trial_enter(billing_op_t *op,
    billing_trying_t *t);
static billing_db_rc_t billing_trial_ask(billing_op_t *op,
    billing_trying_t *t);
static billing_db_rc_t billing_trial_show(billing_op_t *op,
    const billing_trying_t *t);
static billing_db_rc_t billing_trial_begin(billing_op_t *op,
    billing_trying_t *t);
static billing_db_rc_t billing_trial_card(billing_op_t *op,
    billing_trying_t *t);


billing_db_rc_t
billing_op_trial(billing_op_t *op)
{
    billing_db_rc_t   rc;
    billing_trying_t  t;

    rc = billing_checkout_replay(op);

    if (rc != BILLING_DB_OK || op->reply->later) {
        return rc;
    }

    rc = billing_trial_enter(op, &t);

    if (rc == BILLING_DB_OK) {
        rc = billing_trial_ask(op, &t);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (billing_op_dry(op)) {
        return billing_trial_show(op, &t);
    }

    return t.card[0] == '\0' ? billing_trial_begin(op, &t)
                             : billing_trial_card(op, &t);
}


/* Who may buy may try, while nothing is being paid. */

static billing_db_rc_t
billing_trial_enter(billing_op_t *op, billing_trying_t *t)
{
    bool              open;
    uint32_t          roles;
    billing_db_rc_t   rc;
    billing_reason_t  reason;

    rc = billing_op_enter(op, billing_op_text(op, "team"), &t->row, &roles);

    if (rc == BILLING_DB_OK) {
        rc = billing_purchase_may(op->w, &t->row, roles, &reason);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason, NULL);
    }

    /* It ends as a purchase, which is not everybody's (R22). */

    rc = billing_domain_may(op, t->row.id);

    if (rc == BILLING_DB_OK) {
        rc = billing_checkout_is_open(op->w, t->row.id, &open);
    }

    return rc == BILLING_DB_OK && open && !billing_op_dry(op)
           ? billing_op_deny(op, BILLING_CHECKOUT_OPEN, NULL) : rc;
}


static billing_db_rc_t
billing_trial_ask(billing_op_t *op, billing_trying_t *t)
{
    const char                 *word;
    billing_reason_t            reason;
    billing_period_t            period;
    const billing_team_t       *team;
    const billing_catalogue_t  *catalogue;

    team = &t->row.team;
    catalogue = &op->w->settings->catalogue;
    reason = billing_trial_allowed(catalogue, team, op->now);

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason, NULL);
    }

    word = billing_op_text(op, "period");
    period = word[0] == '\0' ? BILLING_PERIOD_MONTHLY
                             : billing_period_parse(word, strlen(word));

    if (period == BILLING_PERIOD_NONE) {
        return billing_op_deny(op, BILLING_BILLING_TYPE_INVALID, NULL);
    }

    word = json_string_value(json_object_get(
               json_object_get(op->command->body, "payment"),
               "payment_method"));
    t->card = word == NULL ? billing_op_text(op, "payment_method") : word;

    if (team->method == BILLING_METHOD_INVOICE && t->card[0] != '\0') {
        return billing_op_deny(op, BILLING_INVOICE_TO_CARD, NULL);
    }

    if (team->method == BILLING_METHOD_NONE && t->card[0] == '\0'
        && !billing_op_dry(op))
    {
        return billing_op_deny(op, BILLING_CARD_MISSING, NULL);
    }

    billing_trial_offer(catalogue, team, period, op->now, &t->offer);

    return BILLING_DB_OK;
}


/* What will be charged on its last day, as it looks now. */

static billing_db_rc_t
billing_trial_show(billing_op_t *op, const billing_trying_t *t)
{
    json_t               *quote;
    billing_db_rc_t       rc;
    billing_reason_t      reason;
    billing_checkout_t    co;
    billing_team_row_t    then;

    then = t->row;
    reason = billing_team_trial(&then.team, &t->offer);

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason, NULL);
    }

    memset(&co, 0, sizeof(co));
    co.purpose = BILLING_PURPOSE_TRIAL;

    rc = billing_pay_price(op->w, &then, &co, then.team.trial_ends_at,
                           &reason);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason, NULL);
    }

    quote = billing_quote_json(&co.quote, t->row.id, op->lang);

    return billing_op_reply(op, 200,
               json_pack("{s:b, s:I, s:{s:s, s:o}, s:o}", "dry_run", 1,
                   "due_now", (json_int_t) 0, "trial",
                   "plan", billing_plan_name(t->offer.plan),
                   "ends_at",
                   billing_instant_json(t->offer.span.end_at),
                   "then", quote));
}


static billing_db_rc_t
billing_trial_begin(billing_op_t *op, billing_trying_t *t)
{
    billing_db_rc_t  rc;

    rc = billing_trial_start(op->w, &t->row, &t->offer, op->now);

    if (rc == BILLING_DB_OK) {
        rc = billing_team_store(op->w, &t->row);
    }

    return rc == BILLING_DB_OK
           ? billing_op_team(op, &t->row, json_pack("{s:s}", "state", "done"))
           : rc;
}


/* The gateway must know the card first; the trial begins when it does. */

static billing_db_rc_t
billing_trial_card(billing_op_t *op, billing_trying_t *t)
{
    billing_db_rc_t     rc;
    billing_reason_t    reason;
    billing_checkout_t  co;

    memset(&co, 0, sizeof(co));
    co.purpose = BILLING_PURPOSE_TRIAL_CARD;
    co.lang = op->lang;
    co.quote = t->offer;
    co.amount = t->offer.due_now;
    (void) snprintf(co.id, sizeof(co.id), "%s", op->command->op);
    (void) snprintf(co.team, sizeof(co.team), "%s", t->row.id);
    (void) snprintf(co.actor, sizeof(co.actor), "%s", op->command->actor);

    reason = billing_pay_card(&t->row, t->card, &co);

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason, NULL);
    }

    rc = billing_pay_begin(op->w, &t->row, &co, op->now, op->reply);
    op->reply->later = rc == BILLING_DB_OK;

    return rc;
}
