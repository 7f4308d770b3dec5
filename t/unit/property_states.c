/* Every state answers every event, at every time, with every team. */

#include "domain_fixture.h"

#define CASES  40


static billing_catalogue_t  catalogue;


static billing_team_t
any_team(random_t *random, billing_state_t state)
{
    billing_team_t  team;

    team = a_paid_team(&catalogue,
                       (billing_plan_t) (BILLING_PLAN_TEAM
                                         + random_below(random, 5)),
                       random_below(random, 2) ? BILLING_PERIOD_MONTHLY
                                               : BILLING_PERIOD_YEARLY,
                       1 + (uint32_t) random_below(random, 20),
                       "2026-01-31");
    team.state = state;
    team.method = random_below(random, 2) ? BILLING_METHOD_CARD
                                          : BILLING_METHOD_INVOICE;
    team.auto_renew = random_below(random, 2);
    team.invoice_open = random_below(random, 2);
    team.ever_paid = random_below(random, 2);
    team.pending = usd((int64_t) random_below(random, 2) * 500);
    team.credit = usd((int64_t) random_below(random, 2) * 700);

    if (state == BILLING_STATE_FREE) {
        team = a_free_team(3);
    }

    return team;
}


static void
answers(const billing_team_t *team, billing_sub_event_t event, int64_t now)
{
    billing_reason_t    reason;
    billing_sub_step_t  step, again;

    memset(&step, 0xff, sizeof(step));
    reason = billing_sub_next(team, event, now, &step);
    assert_true(reason == BILLING_ALLOW
                || (reason < BILLING_REASONS && reason != BILLING_INTERNAL
                    && reason != BILLING_NOT_IMPLEMENTED));
    assert_true(reason == BILLING_ALLOW
                || billing_reason_status(reason) >= 400);

    /* The same question has the same answer. */

    assert_int_equal(billing_sub_next(team, event, now, &again), reason);

    if (reason != BILLING_ALLOW) {
        return;
    }

    assert_true(step.next > BILLING_STATE_NONE && step.next < BILLING_STATES);
    assert_true(step.effects < 2u * BILLING_EFFECT_GONE);
    assert_int_equal(again.next, step.next);
    assert_int_equal(again.effects, step.effects);

    /* Nobody pays twice for one event, and nothing is kept and thrown away. */

    assert_false((step.effects & BILLING_EFFECT_CHARGE)
                 && (step.effects & BILLING_EFFECT_INVOICE));
    assert_false((step.effects & BILLING_EFFECT_RENEW_ON)
                 && (step.effects & BILLING_EFFECT_RENEW_OFF));
    assert_false((step.effects & BILLING_EFFECT_PERIOD_NOW)
                 && (step.effects & BILLING_EFFECT_PERIOD_NEXT));
}


static void
the_table_has_an_answer_for_everything(void **state)
{
    random_t  random = { 25 };

    (void) state;

    catalogue = a_catalogue();

    for (unsigned from = BILLING_STATE_FREE; from < BILLING_STATES; from++) {
        for (unsigned event = 0; event < BILLING_SUB_EVENTS; event++) {
            for (unsigned i = 0; i < CASES; i++) {
                int64_t         now = at("2026-01-01");
                billing_team_t  team;

                team = any_team(&random, (billing_state_t) from);
                now += (int64_t) random_below(&random, 800) * 86400;
                answers(&team, (billing_sub_event_t) event, now);

                /* To the second of the end, before and after. */

                answers(&team, (billing_sub_event_t) event,
                        team.current.end_at - 1);
                answers(&team, (billing_sub_event_t) event,
                        team.current.end_at);
            }
        }
    }
}


static void
what_is_no_event_and_no_state_is_refused(void **state)
{
    billing_team_t      team;
    billing_sub_step_t  step;
    random_t            random = { 1 };

    (void) state;

    catalogue = a_catalogue();
    team = any_team(&random, BILLING_STATE_ACTIVE);
    assert_true(billing_sub_next(&team, BILLING_SUB_EVENTS, at("2026-03-01"),
                                 &step) != BILLING_ALLOW);
    team.state = BILLING_STATES;

    for (unsigned event = 0; event < BILLING_SUB_EVENTS; event++) {
        assert_true(billing_sub_next(&team, (billing_sub_event_t) event,
                                     at("2026-03-01"), &step)
                    != BILLING_ALLOW);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(the_table_has_an_answer_for_everything),
        cmocka_unit_test(what_is_no_event_and_no_state_is_refused)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("property_states", tests, NULL, NULL);
}
