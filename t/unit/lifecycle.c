/*
 * The whole table of the life cycle, and the conditions beside it.  The teams
 * have Business by card, monthly, for 1 to 31 March 2026; the 15th is asked
 * about, for PERIOD_END the 1st of April.
 */

#include <stdio.h>

#include "domain_fixture.h"


typedef struct {
    const char  *state;
    const char  *event;
    const char  *answer;                /* a refusal, or state and effects */
} row_t;


static const char *const  states[BILLING_STATES] = {
    "NONE", "FREE", "TRIAL", "ACTIVE", "ACTIVE_UNPAID", "PAST_DUE",
    "CANCELLED", "EXPIRED", "EDUCATION", "ENTERPRISE"
};


static const char *const  events[BILLING_SUB_EVENTS] = {
    "PURCHASE_CARD", "PURCHASE_INVOICE", "ADD_SEATS", "REDUCE_SEATS",
    "CHANGE_PLAN", "SCHEDULE_DOWN", "SWITCH_YEARLY", "SWITCH_MONTHLY",
    "CARD_TO_INVOICE", "INVOICE_TO_CARD", "RETURN_DAY", "PERIOD_END",
    "RENEWED", "PAID", "PAY_FAILED", "LAST_FAILED", "INVOICE_DUE",
    "GRACE_OVER", "CANCEL", "REACTIVATE", "DOWNGRADE_FREE", "TRIAL_START",
    "TRIAL_END", "PAYER_LEFT", "DELETE", "ENTERPRISE_REQUEST"
};


static const char *const  effects[] = {
    "charge", "invoice", "credit", "settle", "resize", "period_now",
    "period_next", "schedule", "scheduled", "method", "renew_on",
    "renew_off", "payer", "payer_gone", "unlock", "pause", "free", "retry",
    "to_balance", "receipt", "mail_size", "mail_ending", "mail_expired",
    "mail_failed", "mail_overdue", "request", "gone"
};


static const row_t  table[] = {
    { "FREE", "PURCHASE_CARD",
      "ACTIVE charge settle period_now renew_on payer unlock receipt" },
    { "TRIAL", "PURCHASE_CARD",
      "ACTIVE charge credit settle period_now renew_on payer unlock receipt" },
    { "ACTIVE", "PURCHASE_CARD", "UPGRADE_ALREADY_PAID" },
    { "ACTIVE_UNPAID", "PURCHASE_CARD", "UPGRADE_ALREADY_PAID" },
    { "PAST_DUE", "PURCHASE_CARD", "UPGRADE_ALREADY_PAID" },
    { "CANCELLED", "PURCHASE_CARD", "SUBSCRIPTION_CANCELLED" },
    { "EXPIRED", "PURCHASE_CARD",
      "ACTIVE charge settle period_now renew_on payer unlock receipt" },
    { "EDUCATION", "PURCHASE_CARD", "UPGRADE_ALREADY_PAID" },
    { "ENTERPRISE", "PURCHASE_CARD", "UPGRADE_ALREADY_PAID" },
    { "FREE", "PURCHASE_INVOICE",
      "ACTIVE_UNPAID invoice settle period_now renew_on payer unlock" },
    { "TRIAL", "PURCHASE_INVOICE",
      "ACTIVE_UNPAID invoice credit settle period_now renew_on payer unlock" },
    { "ACTIVE", "PURCHASE_INVOICE", "UPGRADE_ALREADY_PAID" },
    { "ACTIVE_UNPAID", "PURCHASE_INVOICE", "UPGRADE_ALREADY_PAID" },
    { "PAST_DUE", "PURCHASE_INVOICE", "UPGRADE_ALREADY_PAID" },
    { "CANCELLED", "PURCHASE_INVOICE", "SUBSCRIPTION_CANCELLED" },
    { "EXPIRED", "PURCHASE_INVOICE",
      "ACTIVE_UNPAID invoice settle period_now renew_on payer unlock" },
    { "EDUCATION", "PURCHASE_INVOICE", "UPGRADE_ALREADY_PAID" },
    { "ENTERPRISE", "PURCHASE_INVOICE", "UPGRADE_ALREADY_PAID" },
    { "FREE", "ADD_SEATS", "NO_SUBSCRIPTION" },
    { "TRIAL", "ADD_SEATS", "TRIAL mail_size" },
    { "ACTIVE", "ADD_SEATS", "ACTIVE resize mail_size" },
    { "ACTIVE_UNPAID", "ADD_SEATS", "ACTIVE_UNPAID resize mail_size" },
    { "PAST_DUE", "ADD_SEATS", "PAST_DUE resize mail_size" },
    { "CANCELLED", "ADD_SEATS", "SUBSCRIPTION_CANCELLED" },
    { "EXPIRED", "ADD_SEATS", "TEAM_EXPIRED" },
    { "EDUCATION", "ADD_SEATS", "PLAN_EDUCATION_APPLY" },
    { "ENTERPRISE", "ADD_SEATS", "PLAN_ENTERPRISE_CONTACT" },
    { "FREE", "REDUCE_SEATS", "NO_SUBSCRIPTION" },
    { "TRIAL", "REDUCE_SEATS", "TRIAL mail_size" },
    { "ACTIVE", "REDUCE_SEATS", "ACTIVE resize mail_size" },
    { "ACTIVE_UNPAID", "REDUCE_SEATS", "ACTIVE_UNPAID resize mail_size" },
    { "PAST_DUE", "REDUCE_SEATS", "PAST_DUE resize mail_size" },
    { "CANCELLED", "REDUCE_SEATS", "SUBSCRIPTION_CANCELLED" },
    { "EXPIRED", "REDUCE_SEATS", "TEAM_EXPIRED" },
    { "EDUCATION", "REDUCE_SEATS", "PLAN_EDUCATION_APPLY" },
    { "ENTERPRISE", "REDUCE_SEATS", "PLAN_ENTERPRISE_CONTACT" },
    { "FREE", "CHANGE_PLAN", "NO_SUBSCRIPTION" },
    { "TRIAL", "CHANGE_PLAN",
      "ACTIVE charge credit settle period_now renew_on payer unlock receipt" },
    { "ACTIVE", "CHANGE_PLAN",
      "ACTIVE charge credit settle period_now renew_on payer unlock receipt" },
    { "ACTIVE_UNPAID", "CHANGE_PLAN", "INVOICE_OPEN" },
    { "PAST_DUE", "CHANGE_PLAN", "PAYMENT_PAST_DUE" },
    { "CANCELLED", "CHANGE_PLAN", "SUBSCRIPTION_CANCELLED" },
    { "EXPIRED", "CHANGE_PLAN", "TEAM_EXPIRED" },
    { "EDUCATION", "CHANGE_PLAN", "UPGRADE_ALREADY_PAID" },
    { "ENTERPRISE", "CHANGE_PLAN", "UPGRADE_ALREADY_PAID" },
    { "FREE", "SCHEDULE_DOWN", "NO_SUBSCRIPTION" },
    { "TRIAL", "SCHEDULE_DOWN", "NO_SUBSCRIPTION" },
    { "ACTIVE", "SCHEDULE_DOWN", "ACTIVE schedule" },
    { "ACTIVE_UNPAID", "SCHEDULE_DOWN", "ACTIVE_UNPAID schedule" },
    { "PAST_DUE", "SCHEDULE_DOWN", "PAST_DUE schedule" },
    { "CANCELLED", "SCHEDULE_DOWN", "SUBSCRIPTION_CANCELLED" },
    { "EXPIRED", "SCHEDULE_DOWN", "TEAM_EXPIRED" },
    { "EDUCATION", "SCHEDULE_DOWN", "PLAN_EDUCATION_APPLY" },
    { "ENTERPRISE", "SCHEDULE_DOWN", "PLAN_ENTERPRISE_CONTACT" },
    { "FREE", "SWITCH_YEARLY", "NO_SUBSCRIPTION" },
    { "TRIAL", "SWITCH_YEARLY", "NO_SUBSCRIPTION" },
    { "ACTIVE", "SWITCH_YEARLY",
      "ACTIVE charge credit settle period_now renew_on receipt" },
    { "ACTIVE_UNPAID", "SWITCH_YEARLY", "INVOICE_OPEN" },
    { "PAST_DUE", "SWITCH_YEARLY", "PAYMENT_PAST_DUE" },
    { "CANCELLED", "SWITCH_YEARLY", "SUBSCRIPTION_CANCELLED" },
    { "EXPIRED", "SWITCH_YEARLY", "TEAM_EXPIRED" },
    { "EDUCATION", "SWITCH_YEARLY", "PLAN_EDUCATION_APPLY" },
    { "ENTERPRISE", "SWITCH_YEARLY", "PLAN_ENTERPRISE_CONTACT" },
    { "FREE", "SWITCH_MONTHLY", "NO_SUBSCRIPTION" },
    { "TRIAL", "SWITCH_MONTHLY", "NO_SUBSCRIPTION" },
    { "ACTIVE", "SWITCH_MONTHLY", "SWITCH_SAME" },
    { "ACTIVE_UNPAID", "SWITCH_MONTHLY", "SWITCH_SAME" },
    { "PAST_DUE", "SWITCH_MONTHLY", "SWITCH_SAME" },
    { "CANCELLED", "SWITCH_MONTHLY", "SUBSCRIPTION_CANCELLED" },
    { "EXPIRED", "SWITCH_MONTHLY", "TEAM_EXPIRED" },
    { "EDUCATION", "SWITCH_MONTHLY", "PLAN_EDUCATION_APPLY" },
    { "ENTERPRISE", "SWITCH_MONTHLY", "PLAN_ENTERPRISE_CONTACT" },
    { "FREE", "CARD_TO_INVOICE", "NO_SUBSCRIPTION" },
    { "TRIAL", "CARD_TO_INVOICE", "NO_SUBSCRIPTION" },
    { "ACTIVE", "CARD_TO_INVOICE", "ACTIVE method" },
    { "ACTIVE_UNPAID", "CARD_TO_INVOICE", "ACTIVE_UNPAID method" },
    { "PAST_DUE", "CARD_TO_INVOICE", "PAYMENT_PAST_DUE" },
    { "CANCELLED", "CARD_TO_INVOICE", "SUBSCRIPTION_CANCELLED" },
    { "EXPIRED", "CARD_TO_INVOICE", "TEAM_EXPIRED" },
    { "EDUCATION", "CARD_TO_INVOICE", "PLAN_EDUCATION_APPLY" },
    { "ENTERPRISE", "CARD_TO_INVOICE", "PLAN_ENTERPRISE_CONTACT" },
    { "FREE", "INVOICE_TO_CARD", "NO_SUBSCRIPTION" },
    { "TRIAL", "INVOICE_TO_CARD", "TRIAL" },
    { "ACTIVE", "INVOICE_TO_CARD", "ACTIVE" },
    { "ACTIVE_UNPAID", "INVOICE_TO_CARD", "ACTIVE_UNPAID" },
    { "PAST_DUE", "INVOICE_TO_CARD", "PAST_DUE" },
    { "CANCELLED", "INVOICE_TO_CARD", "SUBSCRIPTION_CANCELLED" },
    { "EXPIRED", "INVOICE_TO_CARD", "TEAM_EXPIRED" },
    { "EDUCATION", "INVOICE_TO_CARD", "PLAN_EDUCATION_APPLY" },
    { "ENTERPRISE", "INVOICE_TO_CARD", "PLAN_ENTERPRISE_CONTACT" },
    { "FREE", "RETURN_DAY", "FREE" },
    { "TRIAL", "RETURN_DAY", "TRIAL" },
    { "ACTIVE", "RETURN_DAY", "ACTIVE charge settle" },
    { "ACTIVE_UNPAID", "RETURN_DAY", "ACTIVE_UNPAID charge settle" },
    { "PAST_DUE", "RETURN_DAY", "PAST_DUE" },
    { "CANCELLED", "RETURN_DAY", "CANCELLED" },
    { "EXPIRED", "RETURN_DAY", "EXPIRED" },
    { "EDUCATION", "RETURN_DAY", "EDUCATION" },
    { "ENTERPRISE", "RETURN_DAY", "ENTERPRISE" },
    { "FREE", "PERIOD_END", "FREE" },
    { "TRIAL", "PERIOD_END", "TRIAL charge settle" },
    { "ACTIVE", "PERIOD_END", "ACTIVE charge settle" },
    { "ACTIVE_UNPAID", "PERIOD_END", "ACTIVE_UNPAID charge settle" },
    { "PAST_DUE", "PERIOD_END", "PAST_DUE" },
    { "CANCELLED", "PERIOD_END", "EXPIRED renew_off pause mail_expired" },
    { "EXPIRED", "PERIOD_END", "EXPIRED" },
    { "EDUCATION", "PERIOD_END", "EDUCATION" },
    { "ENTERPRISE", "PERIOD_END", "ENTERPRISE" },
    { "FREE", "RENEWED", "FREE to_balance receipt" },
    { "TRIAL", "RENEWED", "TRIAL period_next receipt" },
    { "ACTIVE", "RENEWED", "ACTIVE period_next receipt" },
    { "ACTIVE_UNPAID", "RENEWED", "ACTIVE period_next receipt" },
    { "PAST_DUE", "RENEWED", "ACTIVE period_next receipt" },
    { "CANCELLED", "RENEWED", "CANCELLED to_balance receipt" },
    { "EXPIRED", "RENEWED", "EXPIRED to_balance receipt" },
    { "EDUCATION", "RENEWED", "EDUCATION to_balance receipt" },
    { "ENTERPRISE", "RENEWED", "ENTERPRISE to_balance receipt" },
    { "FREE", "PAID", "FREE to_balance receipt" },
    { "TRIAL", "PAID", "TRIAL receipt" },
    { "ACTIVE", "PAID", "ACTIVE receipt" },
    { "ACTIVE_UNPAID", "PAID", "ACTIVE receipt" },
    { "PAST_DUE", "PAID", "ACTIVE receipt" },
    { "CANCELLED", "PAID", "CANCELLED receipt" },
    { "EXPIRED", "PAID", "EXPIRED to_balance receipt" },
    { "EDUCATION", "PAID", "EDUCATION receipt" },
    { "ENTERPRISE", "PAID", "ENTERPRISE receipt" },
    { "FREE", "PAY_FAILED", "FREE" },
    { "TRIAL", "PAY_FAILED", "TRIAL mail_failed" },
    { "ACTIVE", "PAY_FAILED", "PAST_DUE retry mail_failed" },
    { "ACTIVE_UNPAID", "PAY_FAILED", "ACTIVE_UNPAID mail_failed" },
    { "PAST_DUE", "PAY_FAILED", "PAST_DUE retry mail_failed" },
    { "CANCELLED", "PAY_FAILED", "CANCELLED mail_failed" },
    { "EXPIRED", "PAY_FAILED", "EXPIRED" },
    { "EDUCATION", "PAY_FAILED", "EDUCATION" },
    { "ENTERPRISE", "PAY_FAILED", "ENTERPRISE" },
    { "FREE", "LAST_FAILED", "FREE" },
    { "TRIAL", "LAST_FAILED", "EXPIRED renew_off pause mail_expired" },
    { "ACTIVE", "LAST_FAILED", "EXPIRED renew_off pause mail_expired" },
    { "ACTIVE_UNPAID", "LAST_FAILED", "ACTIVE_UNPAID" },
    { "PAST_DUE", "LAST_FAILED", "EXPIRED renew_off pause mail_expired" },
    { "CANCELLED", "LAST_FAILED", "CANCELLED" },
    { "EXPIRED", "LAST_FAILED", "EXPIRED" },
    { "EDUCATION", "LAST_FAILED", "EDUCATION" },
    { "ENTERPRISE", "LAST_FAILED", "ENTERPRISE" },
    { "FREE", "INVOICE_DUE", "FREE" },
    { "TRIAL", "INVOICE_DUE", "TRIAL" },
    { "ACTIVE", "INVOICE_DUE", "ACTIVE" },
    { "ACTIVE_UNPAID", "INVOICE_DUE", "PAST_DUE mail_overdue" },
    { "PAST_DUE", "INVOICE_DUE", "PAST_DUE" },
    { "CANCELLED", "INVOICE_DUE", "CANCELLED" },
    { "EXPIRED", "INVOICE_DUE", "EXPIRED" },
    { "EDUCATION", "INVOICE_DUE", "EDUCATION" },
    { "ENTERPRISE", "INVOICE_DUE", "ENTERPRISE" },
    { "FREE", "GRACE_OVER", "FREE" },
    { "TRIAL", "GRACE_OVER", "TRIAL" },
    { "ACTIVE", "GRACE_OVER", "ACTIVE" },
    { "ACTIVE_UNPAID", "GRACE_OVER", "EXPIRED renew_off pause mail_expired" },
    { "PAST_DUE", "GRACE_OVER", "PAST_DUE" },
    { "CANCELLED", "GRACE_OVER", "CANCELLED" },
    { "EXPIRED", "GRACE_OVER", "EXPIRED" },
    { "EDUCATION", "GRACE_OVER", "EDUCATION" },
    { "ENTERPRISE", "GRACE_OVER", "ENTERPRISE" },
    { "FREE", "CANCEL", "NO_SUBSCRIPTION" },
    { "TRIAL", "CANCEL", "TRIAL renew_off mail_ending" },
    { "ACTIVE", "CANCEL", "CANCELLED charge settle renew_off mail_ending" },
    { "ACTIVE_UNPAID", "CANCEL",
      "CANCELLED charge settle renew_off mail_ending" },
    { "PAST_DUE", "CANCEL", "CANCELLED charge settle renew_off mail_ending" },
    { "CANCELLED", "CANCEL", "ALREADY_CANCELLED" },
    { "EXPIRED", "CANCEL", "TEAM_EXPIRED" },
    { "EDUCATION", "CANCEL", "PLAN_EDUCATION_APPLY" },
    { "ENTERPRISE", "CANCEL", "PLAN_ENTERPRISE_CONTACT" },
    { "FREE", "REACTIVATE", "NO_SUBSCRIPTION" },
    { "TRIAL", "REACTIVATE", "NOT_CANCELLED" },
    { "ACTIVE", "REACTIVATE", "NOT_CANCELLED" },
    { "ACTIVE_UNPAID", "REACTIVATE", "NOT_CANCELLED" },
    { "PAST_DUE", "REACTIVATE", "NOT_CANCELLED" },
    { "CANCELLED", "REACTIVATE", "ACTIVE renew_on" },
    { "EXPIRED", "REACTIVATE",
      "ACTIVE charge settle period_now renew_on payer unlock receipt" },
    { "EDUCATION", "REACTIVATE", "PLAN_EDUCATION_APPLY" },
    { "ENTERPRISE", "REACTIVATE", "PLAN_ENTERPRISE_CONTACT" },
    { "FREE", "DOWNGRADE_FREE", "NO_SUBSCRIPTION" },
    { "TRIAL", "DOWNGRADE_FREE", "NOT_CANCELLED" },
    { "ACTIVE", "DOWNGRADE_FREE", "NOT_CANCELLED" },
    { "ACTIVE_UNPAID", "DOWNGRADE_FREE", "NOT_CANCELLED" },
    { "PAST_DUE", "DOWNGRADE_FREE", "NOT_CANCELLED" },
    { "CANCELLED", "DOWNGRADE_FREE", "ALREADY_CANCELLED" },
    { "EXPIRED", "DOWNGRADE_FREE", "FREE renew_off free" },
    { "EDUCATION", "DOWNGRADE_FREE", "PLAN_EDUCATION_APPLY" },
    { "ENTERPRISE", "DOWNGRADE_FREE", "PLAN_ENTERPRISE_CONTACT" },
    { "FREE", "TRIAL_START", "TRIAL renew_on unlock" },
    { "TRIAL", "TRIAL_START", "UPGRADE_ALREADY_PAID" },
    { "ACTIVE", "TRIAL_START", "UPGRADE_ALREADY_PAID" },
    { "ACTIVE_UNPAID", "TRIAL_START", "UPGRADE_ALREADY_PAID" },
    { "PAST_DUE", "TRIAL_START", "UPGRADE_ALREADY_PAID" },
    { "CANCELLED", "TRIAL_START", "SUBSCRIPTION_CANCELLED" },
    { "EXPIRED", "TRIAL_START", "TEAM_EXPIRED" },
    { "EDUCATION", "TRIAL_START", "UPGRADE_ALREADY_PAID" },
    { "ENTERPRISE", "TRIAL_START", "UPGRADE_ALREADY_PAID" },
    { "FREE", "TRIAL_END", "FREE" },
    { "TRIAL", "TRIAL_END",
      "ACTIVE charge credit settle period_now renew_on receipt" },
    { "ACTIVE", "TRIAL_END", "ACTIVE" },
    { "ACTIVE_UNPAID", "TRIAL_END", "ACTIVE_UNPAID" },
    { "PAST_DUE", "TRIAL_END", "PAST_DUE" },
    { "CANCELLED", "TRIAL_END", "CANCELLED" },
    { "EXPIRED", "TRIAL_END", "EXPIRED" },
    { "EDUCATION", "TRIAL_END", "EDUCATION" },
    { "ENTERPRISE", "TRIAL_END", "ENTERPRISE" },
    { "FREE", "PAYER_LEFT", "FREE" },
    { "TRIAL", "PAYER_LEFT", "TRIAL payer_gone" },
    { "ACTIVE", "PAYER_LEFT", "ACTIVE payer_gone" },
    { "ACTIVE_UNPAID", "PAYER_LEFT", "ACTIVE_UNPAID payer_gone" },
    { "PAST_DUE", "PAYER_LEFT", "PAST_DUE payer_gone" },
    { "CANCELLED", "PAYER_LEFT", "CANCELLED payer_gone" },
    { "EXPIRED", "PAYER_LEFT", "EXPIRED payer_gone" },
    { "EDUCATION", "PAYER_LEFT", "EDUCATION payer_gone" },
    { "ENTERPRISE", "PAYER_LEFT", "ENTERPRISE payer_gone" },
    { "FREE", "DELETE", "FREE renew_off gone" },
    { "TRIAL", "DELETE", "LAST_TEAM" },
    { "ACTIVE", "DELETE", "LAST_TEAM" },
    { "ACTIVE_UNPAID", "DELETE", "LAST_TEAM" },
    { "PAST_DUE", "DELETE", "LAST_TEAM" },
    { "CANCELLED", "DELETE", "LAST_TEAM" },
    { "EXPIRED", "DELETE", "LAST_TEAM" },
    { "EDUCATION", "DELETE", "EDUCATION renew_off gone" },
    { "ENTERPRISE", "DELETE", "LAST_TEAM" },
    { "FREE", "ENTERPRISE_REQUEST", "FREE request" },
    { "TRIAL", "ENTERPRISE_REQUEST", "TRIAL request" },
    { "ACTIVE", "ENTERPRISE_REQUEST", "ACTIVE request" },
    { "ACTIVE_UNPAID", "ENTERPRISE_REQUEST", "ACTIVE_UNPAID request" },
    { "PAST_DUE", "ENTERPRISE_REQUEST", "PAST_DUE request" },
    { "CANCELLED", "ENTERPRISE_REQUEST", "CANCELLED request" },
    { "EXPIRED", "ENTERPRISE_REQUEST", "EXPIRED request" },
    { "EDUCATION", "ENTERPRISE_REQUEST", "EDUCATION request" },
    { "ENTERPRISE", "ENTERPRISE_REQUEST", "ENTERPRISE request" }
};


static billing_team_t
a_team(billing_state_t state)
{
    static const billing_plan_t  plans[BILLING_STATES] = {
        [BILLING_STATE_FREE]       = BILLING_PLAN_FREE,
        [BILLING_STATE_EDUCATION]  = BILLING_PLAN_EDUCATION,
        [BILLING_STATE_ENTERPRISE] = BILLING_PLAN_ENTERPRISE
    };

    billing_team_t       team;
    billing_catalogue_t  catalogue = a_catalogue();

    if (plans[state] != BILLING_PLAN_NONE) {
        team = a_free_team(6);
        team.plan = plans[state];
        team.state = state;
        return team;
    }

    team = a_paid_team(&catalogue, BILLING_PLAN_BUSINESS,
                       BILLING_PERIOD_MONTHLY, 6, "2026-03-01");
    team.state = state;
    team.pending = usd(500);
    team.ever_paid = true;
    team.auto_renew = state != BILLING_STATE_CANCELLED
                      && state != BILLING_STATE_EXPIRED;

    return team;
}


/* What happens, in the words of the table. */

static const char *
answer(const billing_team_t *team, billing_sub_event_t event,
    const char *when)
{
    static char  text[400];

    size_t              len;
    billing_reason_t    reason;
    billing_sub_step_t  step;

    reason = billing_sub_next(team, event, at(when), &step);

    assert_int_equal(step.until_at, team->state == BILLING_STATE_TRIAL
                                    ? team->trial_ends_at
                                    : team->current.end_at);

    if (reason != BILLING_ALLOW) {
        assert_int_equal(step.effects, 0);
        assert_int_equal(step.next, team->state);
        return billing_reason_code(reason);
    }

    len = (size_t) snprintf(text, sizeof(text), "%s", states[step.next]);

    for (unsigned i = 0; i < sizeof(effects) / sizeof(effects[0]); i++) {
        if (step.effects & 1u << i) {
            len += (size_t) snprintf(text + len, sizeof(text) - len, " %s",
                                     effects[i]);
        }
    }

    return text;
}


static int
same_words(const char *got, const char *want)
{
    char  word[40];
    int   n;

    if (strlen(got) != strlen(want)) {
        return 0;
    }

    for (; sscanf(want, "%39s%n", word, &n) == 1; want += n) {
        const char  *found = strstr(got, word);

        if (found == NULL) {
            return 0;
        }
    }

    return 1;
}


static void
every_state_answers_every_event(void **state)
{
    unsigned  n = 0;

    (void) state;

    for (unsigned s = BILLING_STATE_FREE; s < BILLING_STATES; s++) {
        for (unsigned e = 0; e < BILLING_SUB_EVENTS; e++) {
            unsigned        i = 0;
            billing_team_t  team = a_team((billing_state_t) s);
            const char     *got;

            while (i < sizeof(table) / sizeof(table[0])
                   && (strcmp(table[i].state, states[s]) != 0
                       || strcmp(table[i].event, events[e]) != 0))
            {
                i++;
            }

            assert_true(i < sizeof(table) / sizeof(table[0]));

            got = answer(&team, (billing_sub_event_t) e,
                         e == BILLING_SUB_PERIOD_END ? "2026-04-01"
                                                     : "2026-03-15");

            if (!same_words(got, table[i].answer)) {
                fail_msg("%s %s: \"%s\" and not \"%s\"", states[s],
                         events[e], got, table[i].answer);
            }

            n++;
        }
    }

    assert_int_equal(n, sizeof(table) / sizeof(table[0]));
}


static void
nobody_and_nonsense_are_refused(void **state)
{
    billing_team_t  team = a_free_team(1);

    (void) state;

    team.state = BILLING_STATE_NONE;

    for (unsigned e = 0; e < BILLING_SUB_EVENTS; e++) {
        assert_string_equal(answer(&team, (billing_sub_event_t) e,
                                   "2026-03-15"), "TEAM_NOT_FOUND");
    }

    assert_string_equal(answer(&team, BILLING_SUB_EVENTS, "2026-03-15"),
                        "INTERNAL");
    team.state = BILLING_STATES;
    assert_string_equal(answer(&team, BILLING_SUB_CANCEL, "2026-03-15"),
                        "INTERNAL");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(every_state_answers_every_event),
        cmocka_unit_test(nobody_and_nonsense_are_refused)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("lifecycle", tests, NULL, NULL);
}
