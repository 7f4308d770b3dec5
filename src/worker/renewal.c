/*
 * Renewals and the bills between them: what is charged without anybody
 * asking for it, once for each period (P14).
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


static billing_db_rc_t billing_renewal_retry(billing_worker_t *w,
    billing_team_row_t *row, billing_due_t due, int64_t now);
static billing_db_rc_t billing_renewal_nothing(billing_worker_t *w,
    billing_team_row_t *row, int64_t now);
static billing_db_rc_t billing_renewal_bill(billing_worker_t *w,
    billing_team_row_t *row, billing_checkout_t *co, int64_t now);


billing_db_rc_t
billing_renewal_run(billing_worker_t *w, billing_team_row_t *row,
    billing_due_t due, int64_t now)
{
    billing_db_rc_t      rc;
    billing_checkout_t   co;
    billing_sub_step_t   step;
    billing_sub_event_t  event;

    if (due.kind == BILLING_DUE_RETRY) {
        return billing_renewal_retry(w, row, due, now);
    }

    event = due.kind == BILLING_DUE_SETTLE ? BILLING_SUB_RETURN_DAY
                                           : BILLING_SUB_PERIOD_END;

    if (billing_sub_next(&row->team, event, now, &step) != BILLING_ALLOW) {
        return BILLING_DB_CONFLICT;
    }

    if (step.effects & (BILLING_EFFECT_CHARGE | BILLING_EFFECT_INVOICE)) {
        memset(&co, 0, sizeof(co));
        co.purpose = due.kind == BILLING_DUE_SETTLE
                     ? BILLING_PURPOSE_SETTLE : BILLING_PURPOSE_RENEWAL;
        co.due_at = due.at;

        return billing_renewal_bill(w, row, &co, now);
    }

    if (due.kind == BILLING_DUE_SETTLE) {
        row->settle_at = 0;
    }

    rc = billing_team_took(w, row, &step, now);

    return rc == BILLING_DB_OK ? billing_team_store(w, row) : rc;
}


/* The same bill once more; a card refused for good is not asked again. */

static billing_db_rc_t
billing_renewal_retry(billing_worker_t *w, billing_team_row_t *row,
    billing_due_t due, int64_t now)
{
    bool                over;
    billing_unpaid_t    unpaid;
    billing_checkout_t  co;

    over = now >= row->team.current.end_at
           && row->team.state != BILLING_STATE_CANCELLED;

    if (!over && !billing_team_owes(&row->team)) {
        return billing_renewal_nothing(w, row, now);
    }

    if (row->failed > 0 && row->retry_stop) {
        unpaid = (billing_unpaid_t) {
            .reason = BILLING_CARD_DECLINED, .stop = true,
            .due_at = due.at, .now = now
        };

        return billing_dunning_failed(w, row, &unpaid);
    }

    memset(&co, 0, sizeof(co));
    co.purpose = over ? BILLING_PURPOSE_RENEWAL : BILLING_PURPOSE_SETTLE;
    co.due_at = over ? row->team.current.end_at : due.at;

    return billing_renewal_bill(w, row, &co, now);
}


/* What was owed is owed no more: seats that went, for one. */

static billing_db_rc_t
billing_renewal_nothing(billing_worker_t *w, billing_team_row_t *row,
    int64_t now)
{
    billing_db_rc_t     rc;
    billing_sub_step_t  step;

    billing_dunning_over(row);

    if (billing_sub_next(&row->team, BILLING_SUB_PAID, now, &step)
        != BILLING_ALLOW)
    {
        return BILLING_DB_CONFLICT;
    }

    rc = billing_team_took(w, row, &step, now);

    return rc == BILLING_DB_OK ? billing_team_store(w, row) : rc;
}


static billing_db_rc_t
billing_renewal_bill(billing_worker_t *w, billing_team_row_t *row,
    billing_checkout_t *co, int64_t now)
{
    billing_db_rc_t     rc;
    billing_reason_t    reason;
    billing_unpaid_t    unpaid;
    billing_op_reply_t  reply;

    memset(&reply, 0, sizeof(reply));
    (void) snprintf(co->team, sizeof(co->team), "%s", row->id);
    billing_pay_id(co, co->due_at);

    rc = billing_renewal_payer(w, row, co);

    if (rc == BILLING_DB_OK) {
        rc = billing_pay_price(w, row, co, now, &reason);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (reason != BILLING_ALLOW) {
        billing_log("ALERT: no bill can be made for team %s: %s", row->id,
                    billing_reason_code(reason));
        return BILLING_DB_CONFLICT;
    }

    reason = co->amount.minor == 0 ? BILLING_ALLOW
                                   : billing_pay_card(row, "", co);

    if (reason != BILLING_ALLOW) {
        unpaid = (billing_unpaid_t) {
            .reason = reason, .stop = true, .due_at = co->due_at, .now = now
        };

        return billing_dunning_failed(w, row, &unpaid);
    }

    rc = billing_pay_begin(w, row, co, now, &reply);
    json_decref(reply.body);

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}


/* In the name of who bought; should that be nobody, of an admin. */

billing_db_rc_t
billing_renewal_payer(billing_worker_t *w, const billing_team_row_t *row,
    billing_checkout_t *co)
{
    static const char  sql[] = "SELECT lang FROM profile WHERE email = $1";

    uint32_t         n;
    billing_db_rc_t  rc;

    (void) snprintf(co->actor, sizeof(co->actor), "%s", row->payer);

    if (co->actor[0] == '\0') {
        rc = billing_account_count(w, row->account,
                 BILLING_ROLES_ADMIN | (uint32_t) BILLING_ROLE_BILLING_ADMIN,
                 &n, co->actor);

        if (rc != BILLING_DB_OK) {
            return rc;
        }
    }

    rc = billing_db_query(w->db, sql, "t", co->actor);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    co->lang = billing_lang_of(billing_db_text(w->db, sql, 0));
    billing_db_done(w->db, sql);

    return BILLING_DB_OK;
}
