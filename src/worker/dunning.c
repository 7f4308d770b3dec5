/*
 * Unpaid: what an attempt that failed does to a team, and when the next one
 * is made.  That the gateway is away is nobody's failure: the bill waits.
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"

#define BILLING_AWAY_SEC  900           /* until a gateway is asked again */


typedef struct {
    billing_effect_t   effect;
    const char        *key;
    bool               admins;          /* else the billing address */
} billing_effect_mail_t;


static billing_db_rc_t billing_unbilled_waive(billing_worker_t *w,
    const billing_team_row_t *row, int64_t now);

/* That of MAIL_OVERDUE names its invoice: billing_bill_remind sends it. */

static const billing_effect_mail_t  billing_effect_mails[] = {
    { BILLING_EFFECT_MAIL_ENDING,  "mail.ending",  true },
    { BILLING_EFFECT_MAIL_EXPIRED, "mail.expired", true },
    { BILLING_EFFECT_MAIL_FAILED,  "mail.failed",  false },
    { 0, NULL, false }
};


billing_db_rc_t
billing_dunning_failed(billing_worker_t *w, billing_team_row_t *row,
    const billing_unpaid_t *unpaid)
{
    billing_db_rc_t       rc;
    billing_dunning_t     dunning;
    billing_sub_step_t    step;
    billing_sub_event_t   event;

    if (unpaid->reason == BILLING_GATEWAY_UNAVAILABLE) {
        row->retry_at = unpaid->now + BILLING_AWAY_SEC;
        return billing_team_store(w, row);
    }

    dunning = (billing_dunning_t) {
        .days = w->settings->dunning_days, .ndays = w->settings->ndunning,
        .grace_days = w->settings->invoice_grace_days
    };

    if (row->failed == 0) {
        row->failed_at = unpaid->due_at;
    }

    row->failed++;

    /* The test clock walks: what it passes over happened on its day. */

    if (!w->settings->demo) {
        row->failed_at = billing_dunning_first(&dunning, row->failed_at,
                                               row->failed, unpaid->now);
    }

    row->retry_stop = unpaid->stop || !billing_dunning_again(unpaid->reason);
    row->retry_at = billing_dunning_next(&dunning, row->failed_at,
                                         row->failed);

    event = billing_dunning_event(&dunning, row->failed);

    if (billing_sub_next(&row->team, event, unpaid->now, &step)
        != BILLING_ALLOW)
    {
        return BILLING_DB_CONFLICT;
    }

    rc = billing_team_took(w, row, &step, unpaid->now);

    /* What stays unpaid is on the next bill, and is not asked for alone. */

    if (rc == BILLING_DB_OK && event == BILLING_SUB_LAST_FAILED) {
        billing_dunning_over(row);
        row->settle_at = 0;
    }

    return rc == BILLING_DB_OK ? billing_team_store(w, row) : rc;
}


void
billing_dunning_over(billing_team_row_t *row)
{
    row->failed = 0;
    row->failed_at = 0;
    row->retry_at = 0;
    row->retry_stop = false;
}


billing_db_rc_t
billing_team_took(billing_worker_t *w, billing_team_row_t *row,
    const billing_sub_step_t *step, int64_t now)
{
    const char                   *key;
    billing_db_rc_t               rc;
    const billing_effect_mail_t  *mail;

    rc = BILLING_DB_OK;

    for (mail = billing_effect_mails; mail->key != NULL; mail++) {
        if ((step->effects & (uint32_t) mail->effect) == 0) {
            continue;
        }

        key = mail->effect == BILLING_EFFECT_MAIL_ENDING
              && row->team.state == BILLING_STATE_TRIAL
              ? "mail.trial_stopped" : mail->key;

        rc = mail->admins ? billing_admins_mail(w, row, key, now)
                          : billing_payer_mail(w, row, key, NULL, now);

        if (rc != BILLING_DB_OK) {
            return rc;
        }
    }

    if (step->effects & BILLING_EFFECT_FREE) {
        rc = billing_unbilled_waive(w, row, now);

        if (rc == BILLING_DB_OK) {
            rc = billing_team_closes(w, row);
        }
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    billing_team_step(&row->team, step);

    return rc == BILLING_DB_OK && (step->effects & BILLING_EFFECT_FREE) != 0
           ? billing_team_freed(w, row, now) : rc;
}


/* Free owes nothing for seats that were never billed. */

static billing_db_rc_t
billing_unbilled_waive(billing_worker_t *w, const billing_team_row_t *row,
    int64_t now)
{
    char               txn[BILLING_ID_MAX + 40];
    billing_money_t    waived;
    billing_posting_t  posting;

    waived = row->team.pending;
    waived.minor = -waived.minor;

    (void) snprintf(txn, sizeof(txn), "%s-%llu-waived", row->id,
                    (unsigned long long) row->team.version);
    posting = (billing_posting_t) { .txn = txn, .ref = row->id, .at = now };
    billing_posting_unbilled(&posting, row->id, waived);

    return billing_ledger_post(w, &posting);
}
