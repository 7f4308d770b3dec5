#include "domain_fixture.h"


static billing_team_t
a_team(void)
{
    billing_team_t       team;
    billing_catalogue_t  catalogue = a_catalogue();

    team = a_paid_team(&catalogue, BILLING_PLAN_BUSINESS,
                       BILLING_PERIOD_MONTHLY, 6, "2026-03-01");
    team.credit = usd(700);
    team.pending = usd(300);
    team.passes[0] = (billing_passes_t) { 2, usd(300) };
    team.npasses = 1;
    team.trial_used = true;

    return team;
}


static void
take(billing_team_t *team, uint32_t effects, billing_state_t next)
{
    billing_team_step(team, &(billing_sub_step_t) { .next = next,
                                                    .effects = effects });
}


static void
r187_free_keeps_people_balance_and_used_passes(void **state)
{
    billing_team_t  team = a_team();

    (void) state;

    take(&team, BILLING_EFFECT_FREE | BILLING_EFFECT_RENEW_OFF,
         BILLING_STATE_FREE);

    assert_int_equal(team.plan, BILLING_PLAN_FREE);
    assert_int_equal(team.seats, 0);
    assert_int_equal(team.members, 6);
    assert_int_equal(team.credit.minor, 700);
    assert_int_equal(team.pending.minor, 0);
    assert_int_equal(team.npasses, 1);
    assert_int_equal(team.passes[0].quantity, 2);
    assert_true(team.trial_used);
}


static void
only_what_is_said_is_done(void **state)
{
    billing_team_t  team = a_team();

    (void) state;

    take(&team, 0, BILLING_STATE_ACTIVE);
    assert_true(team.auto_renew);
    assert_int_equal(team.method, BILLING_METHOD_CARD);
    assert_int_equal(team.pending.minor, 300);

    team.scheduled_plan = BILLING_PLAN_TEAM;
    take(&team, BILLING_EFFECT_RENEW_OFF, BILLING_STATE_CANCELLED);
    assert_false(team.auto_renew);
    assert_int_equal(team.scheduled_plan, BILLING_PLAN_NONE);
    take(&team, BILLING_EFFECT_RENEW_ON, BILLING_STATE_ACTIVE);
    assert_true(team.auto_renew);

    take(&team, BILLING_EFFECT_METHOD, BILLING_STATE_ACTIVE);
    assert_int_equal(team.method, BILLING_METHOD_INVOICE);

    team.invoice_open = true;
    take(&team, BILLING_EFFECT_RECEIPT, BILLING_STATE_ACTIVE);
    assert_false(team.invoice_open);
    assert_true(team.ever_paid);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(r187_free_keeps_people_balance_and_used_passes),
        cmocka_unit_test(only_what_is_said_is_done)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("step", tests, NULL, NULL);
}
