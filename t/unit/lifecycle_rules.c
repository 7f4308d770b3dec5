/* The conditions that the table of the life cycle leaves to guards. */

#include "domain_fixture.h"


static billing_team_t       team;
static billing_sub_step_t   step;
static billing_catalogue_t  catalogue;


static billing_reason_t
event(billing_sub_event_t what, const char *when)
{
    return billing_sub_next(&team, what, at(when), &step);
}


static int
set_up(void **state)
{
    (void) state;

    catalogue = a_catalogue();
    team = a_paid_team(&catalogue, BILLING_PLAN_TEAM, BILLING_PERIOD_YEARLY,
                       12, "2026-01-31");

    return 0;
}


static void
r164_yearly_to_monthly_is_refused(void **state)
{
    (void) state;

    assert_reason(event(BILLING_SUB_SWITCH_MONTHLY, "2026-03-01"),
                  SWITCH_TO_MONTHLY);
    assert_reason(event(BILLING_SUB_SWITCH_YEARLY, "2026-03-01"),
                  SWITCH_SAME);
}


static void
r141_invoice_to_card_is_refused(void **state)
{
    (void) state;

    team.method = BILLING_METHOD_INVOICE;
    assert_reason(event(BILLING_SUB_INVOICE_TO_CARD, "2026-03-01"),
                  INVOICE_TO_CARD);
    assert_reason(event(BILLING_SUB_CARD_TO_INVOICE, "2026-03-01"), ALLOW);
    assert_int_equal(step.effects, 0);
}


static void
r139_card_to_invoice_needs_what_invoices_need(void **state)
{
    int64_t  now = at("2026-03-01");

    (void) state;

    assert_reason(billing_method_change(&catalogue, &team,
                                        BILLING_METHOD_INVOICE, now), ALLOW);
    team.seats = 10;
    assert_reason(billing_method_change(&catalogue, &team,
                                        BILLING_METHOD_INVOICE, now),
                  INVOICE_TEAM_SEATS);
    team.seats = 12;
    team.period = BILLING_PERIOD_MONTHLY;
    assert_reason(billing_method_change(&catalogue, &team,
                                        BILLING_METHOD_INVOICE, now),
                  INVOICE_TEAM_YEARLY);
    assert_reason(billing_method_change(&catalogue, &team,
                                        BILLING_METHOD_NONE, now),
                  PAYMENT_METHOD_UNSUPPORTED);

    /* Who has it keeps it (R86). */

    team.method = BILLING_METHOD_INVOICE;
    assert_reason(billing_method_change(&catalogue, &team,
                                        BILLING_METHOD_INVOICE, now), ALLOW);
    assert_reason(billing_method_change(&catalogue, &team,
                                        BILLING_METHOD_CARD, now),
                  INVOICE_TO_CARD);
}


static void
r161_only_business_may_be_scheduled_down(void **state)
{
    (void) state;

    assert_reason(event(BILLING_SUB_SCHEDULE_DOWN, "2026-03-01"),
                  UPGRADE_ALREADY_PAID);
    team.plan = BILLING_PLAN_CONSULTANT;
    assert_reason(event(BILLING_SUB_SCHEDULE_DOWN, "2026-03-01"),
                  UPGRADE_ALREADY_PAID);
    team.plan = BILLING_PLAN_BUSINESS;
    assert_reason(event(BILLING_SUB_SCHEDULE_DOWN, "2026-03-01"), ALLOW);
}


static void
r166_nothing_ends_before_its_end(void **state)
{
    (void) state;

    assert_reason(event(BILLING_SUB_PERIOD_END, "2027-01-30"), ALLOW);
    assert_int_equal(step.effects, 0);
    assert_int_equal(step.next, BILLING_STATE_ACTIVE);

    assert_reason(event(BILLING_SUB_PERIOD_END, "2027-01-31"), ALLOW);
    assert_int_equal(step.effects,
                     BILLING_EFFECT_CHARGE | BILLING_EFFECT_SETTLE);

    team.auto_renew = false;
    assert_reason(event(BILLING_SUB_PERIOD_END, "2027-01-31"), ALLOW);
    assert_int_equal(step.next, BILLING_STATE_EXPIRED);
}


static void
r137_an_invoice_renews_at_once_unpaid(void **state)
{
    (void) state;

    team.method = BILLING_METHOD_INVOICE;
    team.scheduled_plan = BILLING_PLAN_TEAM;
    assert_reason(event(BILLING_SUB_PERIOD_END, "2027-01-31"), ALLOW);
    assert_int_equal(step.next, BILLING_STATE_ACTIVE_UNPAID);
    assert_int_equal(step.effects,
                     BILLING_EFFECT_INVOICE | BILLING_EFFECT_SETTLE
                     | BILLING_EFFECT_PERIOD_NEXT | BILLING_EFFECT_SCHEDULED);
}


static void
r138_cancelling_before_the_first_invoice_is_paid_is_free(void **state)
{
    (void) state;

    team.method = BILLING_METHOD_INVOICE;
    team.state = BILLING_STATE_ACTIVE_UNPAID;
    team.invoice_open = true;
    team.credit = usd(77);

    assert_reason(event(BILLING_SUB_CANCEL, "2026-03-01"), ALLOW);
    assert_int_equal(step.next, BILLING_STATE_FREE);

    billing_team_step(&team, &step);
    assert_int_equal(team.plan, BILLING_PLAN_FREE);
    assert_int_equal(team.state, BILLING_STATE_FREE);
    assert_int_equal(team.seats, 0);
    assert_int_equal(team.members, 12);
    assert_int_equal(team.credit.minor, 77);
    assert_false(team.auto_renew);
    assert_false(team.invoice_open);

    (void) set_up(NULL);
    team.state = BILLING_STATE_ACTIVE_UNPAID;
    team.method = BILLING_METHOD_INVOICE;
    team.ever_paid = true;
    assert_reason(event(BILLING_SUB_CANCEL, "2026-03-01"), ALLOW);
    assert_int_equal(step.next, BILLING_STATE_CANCELLED);

    /* A later period is no first invoice, whatever else is not known. */

    team.ever_paid = false;
    team.current = billing_period_next(&team);
    assert_reason(event(BILLING_SUB_CANCEL, "2027-03-01"), ALLOW);
    assert_int_equal(step.next, BILLING_STATE_CANCELLED);
    assert_int_equal(step.effects, BILLING_EFFECT_RENEW_OFF
                                   | BILLING_EFFECT_MAIL_ENDING);
}


static void
r178_cancelling_takes_what_is_pending_and_nothing_else(void **state)
{
    (void) state;

    assert_reason(event(BILLING_SUB_CANCEL, "2026-03-01"), ALLOW);
    assert_int_equal(step.effects, BILLING_EFFECT_RENEW_OFF
                                   | BILLING_EFFECT_MAIL_ENDING);
    assert_int_equal(step.until_at, at("2027-01-31"));

    team.pending = usd(1);
    team.method = BILLING_METHOD_INVOICE;
    assert_reason(event(BILLING_SUB_CANCEL, "2026-03-01"), ALLOW);
    assert_true(step.effects & BILLING_EFFECT_INVOICE);

    billing_team_step(&team, &step);
    assert_int_equal(team.state, BILLING_STATE_CANCELLED);
    assert_false(team.auto_renew);

    assert_reason(event(BILLING_SUB_CANCEL, "2026-03-02"),
                  ALREADY_CANCELLED);
    assert_int_equal(step.until_at, at("2027-01-31"));
}


static void
r180_a_cancelled_subscription_does_not_change(void **state)
{
    static const billing_sub_event_t  changes[] = {
        BILLING_SUB_ADD_SEATS, BILLING_SUB_REDUCE_SEATS,
        BILLING_SUB_CHANGE_PLAN, BILLING_SUB_SWITCH_YEARLY,
        BILLING_SUB_SWITCH_MONTHLY, BILLING_SUB_CARD_TO_INVOICE,
        BILLING_SUB_SCHEDULE_DOWN
    };

    (void) state;

    team.state = BILLING_STATE_CANCELLED;
    team.auto_renew = false;

    for (unsigned i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        assert_reason(event(changes[i], "2027-01-30"),
                      SUBSCRIPTION_CANCELLED);
        assert_reason(event(changes[i], "2027-01-31"), TEAM_EXPIRED);
    }
}


static void
r184_reactivating_costs_nothing_before_the_end(void **state)
{
    (void) state;

    team.state = BILLING_STATE_CANCELLED;
    team.auto_renew = false;

    assert_reason(event(BILLING_SUB_REACTIVATE, "2027-01-30"), ALLOW);
    assert_int_equal(step.effects, BILLING_EFFECT_RENEW_ON);

    team.invoice_open = true;
    assert_reason(event(BILLING_SUB_REACTIVATE, "2027-01-30"), ALLOW);
    assert_int_equal(step.next, BILLING_STATE_ACTIVE_UNPAID);

    assert_reason(event(BILLING_SUB_REACTIVATE, "2027-01-31"), ALLOW);
    assert_true(step.effects & BILLING_EFFECT_CHARGE);
    assert_true(step.effects & BILLING_EFFECT_PERIOD_NOW);
}


static void
r187_free_comes_after_the_end(void **state)
{
    (void) state;

    assert_reason(event(BILLING_SUB_DOWNGRADE_FREE, "2026-03-01"),
                  NOT_CANCELLED);
    team.state = BILLING_STATE_CANCELLED;
    assert_reason(event(BILLING_SUB_DOWNGRADE_FREE, "2026-03-01"),
                  ALREADY_CANCELLED);
    assert_reason(event(BILLING_SUB_DOWNGRADE_FREE, "2027-01-31"), ALLOW);
    assert_int_equal(step.next, BILLING_STATE_FREE);
}


static void
r171_r172_cancelling_in_dunning(void **state)
{
    (void) state;

    /* The year is paid, only seats are not: it runs on. */

    team.state = BILLING_STATE_PAST_DUE;
    team.pending = usd(9179);
    assert_reason(event(BILLING_SUB_CANCEL, "2026-03-01"), ALLOW);
    assert_int_equal(step.next, BILLING_STATE_CANCELLED);

    /* The renewal was not: the unpaid period is not granted. */

    assert_reason(event(BILLING_SUB_CANCEL, "2027-02-03"), ALLOW);
    assert_int_equal(step.next, BILLING_STATE_EXPIRED);
}


/* Section 8 points 14 and 15: by invoice, the period or seats alone. */

static void
r136_r174_a_late_invoice_whatever_it_is_over(void **state)
{
    (void) state;

    team.method = BILLING_METHOD_INVOICE;
    assert_reason(event(BILLING_SUB_INVOICE_DUE, "2026-03-16"), ALLOW);
    assert_int_equal(step.next, BILLING_STATE_ACTIVE);
    assert_int_equal(step.effects, 0);

    team.seats_open = true;
    assert_reason(event(BILLING_SUB_INVOICE_DUE, "2026-03-16"), ALLOW);
    assert_int_equal(step.next, BILLING_STATE_PAST_DUE);
    assert_int_equal(step.effects, BILLING_EFFECT_MAIL_OVERDUE);

    /* The year is paid: cancelling lets it run on, as by card (R172). */

    team.state = BILLING_STATE_PAST_DUE;
    assert_reason(event(BILLING_SUB_INVOICE_DUE, "2026-03-16"), ALLOW);
    assert_int_equal(step.next, BILLING_STATE_PAST_DUE);
    assert_int_equal(step.effects, BILLING_EFFECT_MAIL_OVERDUE);
    assert_reason(event(BILLING_SUB_CANCEL, "2026-03-16"), ALLOW);
    assert_int_equal(step.next, BILLING_STATE_CANCELLED);
    team.invoice_open = true;
    assert_reason(event(BILLING_SUB_CANCEL, "2026-03-16"), ALLOW);
    assert_int_equal(step.next, BILLING_STATE_EXPIRED);

    /* An invoice from before a change to cards has its grace too. */

    team.method = BILLING_METHOD_CARD;
    assert_reason(event(BILLING_SUB_GRACE_OVER, "2026-03-16"), ALLOW);
    assert_int_equal(step.next, BILLING_STATE_EXPIRED);

    team.state = BILLING_STATE_EXPIRED;
    assert_reason(event(BILLING_SUB_INVOICE_DUE, "2026-03-16"), ALLOW);
    assert_int_equal(step.next, BILLING_STATE_EXPIRED);
    assert_int_equal(step.effects, BILLING_EFFECT_MAIL_OVERDUE);
}


static void
r162_what_is_owed_comes_before_the_switch_to_yearly(void **state)
{
    (void) state;

    team.state = BILLING_STATE_ACTIVE_UNPAID;
    assert_reason(event(BILLING_SUB_SWITCH_YEARLY, "2026-02-01"),
                  SWITCH_SAME);
    team.period = BILLING_PERIOD_MONTHLY;
    assert_reason(event(BILLING_SUB_SWITCH_YEARLY, "2026-02-01"),
                  INVOICE_OPEN);
    assert_reason(event(BILLING_SUB_CHANGE_PLAN, "2026-02-01"),
                  INVOICE_OPEN);
    assert_reason(event(BILLING_SUB_ADD_SEATS, "2026-02-01"), ALLOW);
    team.state = BILLING_STATE_PAST_DUE;
    assert_reason(event(BILLING_SUB_SWITCH_YEARLY, "2026-02-01"),
                  PAYMENT_PAST_DUE);
    assert_reason(event(BILLING_SUB_CHANGE_PLAN, "2026-02-01"),
                  PAYMENT_PAST_DUE);
    assert_reason(event(BILLING_SUB_CARD_TO_INVOICE, "2026-02-01"),
                  PAYMENT_PAST_DUE);
}


static void
r174_grace_is_for_invoices(void **state)
{
    (void) state;

    team.state = BILLING_STATE_PAST_DUE;
    assert_reason(event(BILLING_SUB_GRACE_OVER, "2026-03-16"), ALLOW);
    assert_int_equal(step.next, BILLING_STATE_PAST_DUE);

    team.method = BILLING_METHOD_INVOICE;
    assert_reason(event(BILLING_SUB_GRACE_OVER, "2026-03-16"), ALLOW);
    assert_int_equal(step.next, BILLING_STATE_EXPIRED);

    team.state = BILLING_STATE_CANCELLED;
    assert_reason(event(BILLING_SUB_GRACE_OVER, "2026-03-16"), ALLOW);
    assert_int_equal(step.next, BILLING_STATE_CANCELLED);
    assert_reason(event(BILLING_SUB_INVOICE_DUE, "2026-03-16"), ALLOW);
    assert_int_equal(step.effects, 0);

    team.invoice_open = true;
    assert_reason(event(BILLING_SUB_INVOICE_DUE, "2026-03-16"), ALLOW);
    assert_int_equal(step.effects, BILLING_EFFECT_MAIL_OVERDUE);
    assert_reason(event(BILLING_SUB_GRACE_OVER, "2026-03-16"), ALLOW);
    assert_int_equal(step.next, BILLING_STATE_EXPIRED);
}


static void
r221_the_end_of_a_trial(void **state)
{
    (void) state;

    team.state = BILLING_STATE_TRIAL;
    team.auto_renew = false;
    assert_reason(event(BILLING_SUB_TRIAL_END, "2026-03-16"), ALLOW);
    assert_int_equal(step.next, BILLING_STATE_ACTIVE);
    assert_int_equal(step.effects & BILLING_EFFECT_CHARGE, 0);
    assert_reason(event(BILLING_SUB_CANCEL, "2026-03-16"),
                  ALREADY_CANCELLED);
    assert_reason(event(BILLING_SUB_REACTIVATE, "2026-03-16"), ALLOW);

    team.method = BILLING_METHOD_NONE;
    assert_reason(event(BILLING_SUB_TRIAL_END, "2026-03-16"), ALLOW);
    assert_int_equal(step.next, BILLING_STATE_FREE);

    team.state = BILLING_STATE_ACTIVE;
    assert_reason(event(BILLING_SUB_TRIAL_START, "2026-03-16"), ALLOW);
    team.plan = BILLING_PLAN_CONSULTANT;
    assert_reason(event(BILLING_SUB_TRIAL_START, "2026-03-16"),
                  UPGRADE_ALREADY_PAID);
}


static void
r212_only_the_last_business_or_consultant_team_stays(void **state)
{
    (void) state;

    assert_reason(event(BILLING_SUB_DELETE, "2026-03-16"), ALLOW);
    assert_true(step.effects & BILLING_EFFECT_GONE);
    team.plan = BILLING_PLAN_CONSULTANT;
    assert_reason(event(BILLING_SUB_DELETE, "2026-03-16"), LAST_TEAM);
}


/* No step leads to a state that contradicts the flags it sets. */

static void
any_chain_of_events_stays_consistent(void **state)
{
    random_t  random = { 6 };

    (void) state;

    for (unsigned chain = 0; chain < 2000; chain++) {
        int64_t  now = at("2026-03-01");

        (void) set_up(NULL);

        for (unsigned i = 0; i < 40; i++) {
            billing_reason_t     reason;
            billing_sub_event_t  what;

            what = (billing_sub_event_t)
                   random_below(&random, BILLING_SUB_EVENTS);
            now += (int64_t) random_below(&random, 40) * 86400;
            reason = billing_sub_next(&team, what, now, &step);

            if (reason != BILLING_ALLOW) {
                continue;
            }

            billing_team_step(&team, &step);

            /* The purchase itself is made elsewhere. */

            if (step.effects & BILLING_EFFECT_PERIOD_NOW
                || team.state == BILLING_STATE_TRIAL)
            {
                (void) set_up(NULL);
                continue;
            }

            assert_true(team.state > BILLING_STATE_NONE
                        && team.state < BILLING_STATES);
            assert_true(team.state != BILLING_STATE_EXPIRED
                        || !team.auto_renew);
            assert_true(team.state != BILLING_STATE_CANCELLED
                        || !team.auto_renew);
            assert_int_equal(team.state == BILLING_STATE_FREE,
                             team.plan == BILLING_PLAN_FREE);
        }
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup(
            r164_yearly_to_monthly_is_refused, set_up),
        cmocka_unit_test_setup(
            r141_invoice_to_card_is_refused, set_up),
        cmocka_unit_test_setup(
            r139_card_to_invoice_needs_what_invoices_need, set_up),
        cmocka_unit_test_setup(
            r161_only_business_may_be_scheduled_down, set_up),
        cmocka_unit_test_setup(
            r166_nothing_ends_before_its_end, set_up),
        cmocka_unit_test_setup(
            r137_an_invoice_renews_at_once_unpaid, set_up),
        cmocka_unit_test_setup(
            r138_cancelling_before_the_first_invoice_is_paid_is_free, set_up),
        cmocka_unit_test_setup(
            r178_cancelling_takes_what_is_pending_and_nothing_else, set_up),
        cmocka_unit_test_setup(
            r180_a_cancelled_subscription_does_not_change, set_up),
        cmocka_unit_test_setup(
            r184_reactivating_costs_nothing_before_the_end, set_up),
        cmocka_unit_test_setup(
            r187_free_comes_after_the_end, set_up),
        cmocka_unit_test_setup(
            r171_r172_cancelling_in_dunning, set_up),
        cmocka_unit_test_setup(
            r136_r174_a_late_invoice_whatever_it_is_over, set_up),
        cmocka_unit_test_setup(
            r162_what_is_owed_comes_before_the_switch_to_yearly, set_up),
        cmocka_unit_test_setup(
            r174_grace_is_for_invoices, set_up),
        cmocka_unit_test_setup(
            r221_the_end_of_a_trial, set_up),
        cmocka_unit_test_setup(
            r212_only_the_last_business_or_consultant_team_stays, set_up),
        cmocka_unit_test_setup(
            any_chain_of_events_stays_consistent, set_up)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("lifecycle_rules", tests, NULL, NULL);
}
