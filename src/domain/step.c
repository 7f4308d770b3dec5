/* The step: what a team becomes by an event of its subscription. */

#include "billing_domain.h"


static void billing_step_free(billing_team_t *team);


void
billing_team_step(billing_team_t *team, const billing_sub_step_t *step)
{
    uint32_t  effects = step->effects;

    team->state = step->next;

    if (effects & BILLING_EFFECT_RENEW_ON) {
        team->auto_renew = true;
    }

    if (effects & BILLING_EFFECT_RENEW_OFF) {
        team->auto_renew = false;
        team->scheduled_plan = BILLING_PLAN_NONE;
    }

    if (effects & BILLING_EFFECT_RECEIPT) {
        team->invoice_open = false;
        team->ever_paid = true;
    }

    if (effects & BILLING_EFFECT_METHOD) {
        team->method = BILLING_METHOD_INVOICE;
    }

    if (team->state != BILLING_STATE_TRIAL) {
        billing_trial_over(team);
    }

    if (effects & BILLING_EFFECT_FREE) {
        billing_step_free(team);
    }
}


/*
 * Free keeps its people and its balance (section 8 point 17); used Day Passes
 * are billed with the next purchase.
 */

static void
billing_step_free(billing_team_t *team)
{
    billing_team_t  paid = *team;

    *team = (billing_team_t) {
        .plan = BILLING_PLAN_FREE,
        .state = BILLING_STATE_FREE,
        .members = paid.members,
        .paid = { 0, paid.paid.currency },
        .credit = paid.credit,
        .pending = { 0, paid.pending.currency },
        .npasses = paid.npasses,
        .trial_used = paid.trial_used,
        .version = paid.version
    };

    for (uint32_t i = 0; i < BILLING_PASSES_MAX; i++) {
        team->passes[i] = paid.passes[i];
    }
}
