/*
 * billing_sub_next, billing_team_step.
 *
 * Laws: every team and event has one answer; a refusal changes nothing; what
 * is over does not renew; Free has nothing of a subscription but its balance;
 * a cancelled subscription is not charged again but by coming back, or for Day
 * Passes; what is no trial has nothing of one; asking
 * again after a step of the clock does nothing new.
 */

#include <stdlib.h>
#include <string.h>

#include "../../src/domain/billing_domain.h"

#define STEPS  64

/* Whatever takes money for a period that nobody has asked for. */
#define UNASKED                                                               \
    (BILLING_EFFECT_CHARGE | BILLING_EFFECT_INVOICE                           \
     | BILLING_EFFECT_PERIOD_NOW | BILLING_EFFECT_PERIOD_NEXT)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static const bool  clocks[BILLING_SUB_EVENTS] = {
    [BILLING_SUB_RETURN_DAY]  = true,
    [BILLING_SUB_PERIOD_END]  = true,
    [BILLING_SUB_INVOICE_DUE] = true,
    [BILLING_SUB_GRACE_OVER]  = true,
    [BILLING_SUB_TRIAL_END]   = true
};


static void
must(bool law)
{
    if (!law) {
        abort();
    }
}


static billing_team_t
make_team(const uint8_t *data)
{
    int64_t  now = 1767225600;

    return (billing_team_t) {
        .plan = (billing_plan_t) (data[0] % BILLING_PLANS),
        .state = (billing_state_t) (data[1] % (BILLING_STATES + 1)),
        .period = (billing_period_t) (data[2] % BILLING_PERIODS),
        .method = (billing_method_t) (data[3] % BILLING_METHODS),
        .seats = data[4],
        .members = data[4] / 2,
        .anchor_at = now,
        .current = { now, now + 86400 * 31 },
        .pending = { data[5] % 4, 1 },
        .credit = { data[5], 1 },
        .auto_renew = data[6] & 1,
        .invoice_open = data[6] & 2,
        .seats_open = data[6] & 8,
        .ever_paid = data[6] & 4,
        .scheduled_plan = (billing_plan_t) (data[7] % BILLING_PLANS),
        .npasses = data[6] >> 3 & 1,
        .trial_plan = data[1] % (BILLING_STATES + 1) == BILLING_STATE_TRIAL
                      ? BILLING_PLAN_BUSINESS : BILLING_PLAN_NONE
    };
}


static void
check_refusal(const billing_team_t *team, billing_reason_t reason,
    const billing_sub_step_t *step)
{
    must(reason < BILLING_REASONS && reason != BILLING_FIELD_UNKNOWN);
    must(step->effects == 0 && step->next == team->state);

    if (team->state < BILLING_STATES && team->state != BILLING_STATE_NONE) {
        must(reason != BILLING_INTERNAL
             && reason != BILLING_TEAM_NOT_FOUND);
    }
}


static void
check_step(const billing_team_t *before, billing_sub_event_t event,
    const billing_sub_step_t *step)
{
    must(step->next > BILLING_STATE_NONE && step->next < BILLING_STATES);
    must((step->effects & BILLING_EFFECT_CHARGE) == 0
         || (step->effects & BILLING_EFFECT_INVOICE) == 0);
    must((step->effects & BILLING_EFFECT_RENEW_ON) == 0
         || (step->effects & BILLING_EFFECT_RENEW_OFF) == 0);

    if (before->state == BILLING_STATE_CANCELLED
        && (before->npasses == 0 || event != BILLING_SUB_RETURN_DAY)
        && event != BILLING_SUB_REACTIVATE
        && event != BILLING_SUB_PURCHASE_CARD
        && event != BILLING_SUB_PURCHASE_INVOICE)
    {
        must((step->effects & UNASKED) == 0);
    }
}


static void
check_team(const billing_team_t *before, const billing_team_t *after)
{
    must(after->version == before->version);
    must(after->members == before->members);
    must(after->credit.minor == before->credit.minor);
    must(after->npasses == before->npasses);
    must(after->trial_plan == BILLING_PLAN_NONE
         || after->state == BILLING_STATE_TRIAL);

    if (after->state == BILLING_STATE_EXPIRED
        && before->state != BILLING_STATE_EXPIRED)
    {
        must(!after->auto_renew);
    }

    if (after->state == BILLING_STATE_FREE
        && before->state != BILLING_STATE_FREE)
    {
        must(after->plan == BILLING_PLAN_FREE && after->seats == 0
             && after->pending.minor == 0 && after->current.end_at == 0
             && !after->auto_renew && !after->invoice_open
             && !after->seats_open);
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t         now = 1767225600;
    billing_team_t  team, before;

    if (size < 8) {
        return 0;
    }

    team = make_team(data);

    for (size_t i = 8; i + 1 < size && i < 8 + 2 * STEPS; i += 2) {
        billing_reason_t     reason;
        billing_sub_step_t   step, again;
        billing_sub_event_t  event;

        event = (billing_sub_event_t) (data[i] % (BILLING_SUB_EVENTS + 1));
        now += (int64_t) data[i + 1] * 43200;
        before = team;
        reason = billing_sub_next(&team, event, now, &step);

        if (event == BILLING_SUB_EVENTS) {
            must(reason == BILLING_INTERNAL);
            continue;
        }

        if (reason != BILLING_ALLOW) {
            check_refusal(&team, reason, &step);
            continue;
        }

        check_step(&before, event, &step);
        billing_team_step(&team, &step);
        check_team(&before, &team);

        /* The clock may ring twice; the worker books periods and charges. */

        if (clocks[event] && (step.effects & UNASKED) == 0) {
            must(billing_sub_next(&team, event, now, &again)
                 == BILLING_ALLOW);
            must(again.next == team.state
                 && (again.effects & ~(uint32_t)
                                     BILLING_EFFECT_MAIL_OVERDUE) == 0);
        }
    }

    return 0;
}
