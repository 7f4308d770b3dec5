/*
 * The trial (R221): its beginning, and its last day, on which it becomes a
 * purchase.  That purchase is refused like any other (R94): what was before
 * the trial is there again, and nobody is asked a second time.
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"

#define BILLING_TRIAL_AWAY_SEC  900     /* until a gateway is asked again */


static billing_db_rc_t billing_trial_buy(billing_worker_t *w,
    billing_team_row_t *row, billing_due_t due, int64_t now);
static billing_db_rc_t billing_trial_leave(billing_worker_t *w,
    billing_team_row_t *row, const char *mail, int64_t now);
static billing_db_rc_t billing_trial_seats(billing_worker_t *w,
    billing_team_row_t *row, int64_t now);


billing_db_rc_t
billing_trial_start(billing_worker_t *w, billing_team_row_t *row,
    const billing_quote_t *offer, int64_t now)
{
    char  plan[32];

    if (billing_team_trial(&row->team, offer) != BILLING_ALLOW) {
        return BILLING_DB_CONFLICT;
    }

    (void) snprintf(plan, sizeof(plan), "plan.%s",
                    billing_plan_name(row->team.trial_plan));

    return billing_payer_mail(w, row, "mail.trial_started",
               json_pack("{s:s}", "plan",
                         billing_text(plan, BILLING_LANG_EN)), now);
}


billing_db_rc_t
billing_trial_run(billing_worker_t *w, billing_team_row_t *row,
    billing_due_t due, int64_t now)
{
    billing_sub_step_t  step;

    if (billing_sub_next(&row->team, BILLING_SUB_TRIAL_END, now, &step)
        != BILLING_ALLOW)
    {
        return BILLING_DB_CONFLICT;
    }

    return step.effects & (BILLING_EFFECT_CHARGE | BILLING_EFFECT_INVOICE)
           ? billing_trial_buy(w, row, due, now)
           : billing_trial_leave(w, row, "mail.trial_over", now);
}


/* The new period begins on the last day, however late it is found. */

static billing_db_rc_t
billing_trial_buy(billing_worker_t *w, billing_team_row_t *row,
    billing_due_t due, int64_t now)
{
    billing_db_rc_t      rc;
    billing_reason_t     reason;
    billing_unpaid_t     unpaid;
    billing_checkout_t   co;
    billing_op_reply_t   reply;

    memset(&co, 0, sizeof(co));
    memset(&reply, 0, sizeof(reply));
    co.purpose = BILLING_PURPOSE_TRIAL;
    (void) snprintf(co.team, sizeof(co.team), "%s", row->id);
    billing_pay_id(&co, due.at);

    rc = billing_renewal_payer(w, row, &co);

    if (rc == BILLING_DB_OK) {
        rc = billing_pay_price(w, row, &co, due.at, &reason);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (reason != BILLING_ALLOW) {
        billing_log("ALERT: the trial of team %s cannot be billed: %s",
                    row->id, billing_reason_code(reason));
        return BILLING_DB_CONFLICT;
    }

    reason = co.amount.minor == 0 ? BILLING_ALLOW
                                  : billing_pay_card(row, "", &co);

    if (reason != BILLING_ALLOW) {
        unpaid = (billing_unpaid_t) { .reason = reason, .now = now };

        return billing_trial_refused(w, row, &unpaid);
    }

    rc = billing_pay_begin(w, row, &co, now, &reply);
    json_decref(reply.body);

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}


/* That the gateway is away is no refusal: the trial goes on meanwhile. */

billing_db_rc_t
billing_trial_refused(billing_worker_t *w, billing_team_row_t *row,
    const billing_unpaid_t *unpaid)
{
    if (unpaid->reason == BILLING_GATEWAY_UNAVAILABLE) {
        row->team.trial_ends_at = unpaid->now + BILLING_TRIAL_AWAY_SEC;

        return billing_team_store(w, row);
    }

    row->team.auto_renew = false;

    return billing_trial_leave(w, row, "mail.trial_refused", unpaid->now);
}


static billing_db_rc_t
billing_trial_leave(billing_worker_t *w, billing_team_row_t *row,
    const char *mail, int64_t now)
{
    billing_db_rc_t      rc;
    billing_sub_step_t   step;

    rc = billing_trial_seats(w, row, row->team.trial_ends_at);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (billing_sub_next(&row->team, BILLING_SUB_TRIAL_END, now, &step)
        != BILLING_ALLOW)
    {
        return BILLING_DB_CONFLICT;
    }

    rc = billing_team_took(w, row, &step, now);

    /* An invoice of before that has become late is so from now on. */

    if (rc == BILLING_DB_OK) {
        rc = billing_bills_owed(w, row);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_payer_mail(w, row, mail, NULL, now);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (row->settle_at == 0) {
        row->settle_at = billing_settle_at(&row->team, now);
    }

    return billing_team_store(w, row);
}


/* Who came in the trial is billed on the plan that was before. */

static billing_db_rc_t
billing_trial_seats(billing_worker_t *w, billing_team_row_t *row,
    int64_t now)
{
    char                    txn[BILLING_OP_ID_LEN + 8];
    billing_posting_t       posting;
    billing_checkout_t      co;
    billing_seat_change_t   change;

    if (!billing_plan_is_paid(row->team.plan)
        || billing_trial_back(&w->settings->catalogue, &row->team, now,
                              &change) != BILLING_ALLOW)
    {
        return BILLING_DB_OK;
    }

    memset(&co, 0, sizeof(co));
    co.purpose = BILLING_PURPOSE_TRIAL;
    billing_copy(co.team, sizeof(co.team), row->id);
    billing_pay_id(&co, now);

    (void) snprintf(txn, sizeof(txn), "%s-seats", co.id);
    posting = (billing_posting_t) { .txn = txn, .ref = co.id, .at = now };

    return billing_seats_credit(w, row, &change, &posting);
}
