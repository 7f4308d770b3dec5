#include "domain_fixture.h"


static void
each_event_has_a_name_of_its_own(void **state)
{
    (void) state;

    for (unsigned i = 1; i < BILLING_EVENTS; i++) {
        const char  *name = billing_event_name((billing_event_kind_t) i);

        assert_true(strlen(name) > 0);
        assert_int_equal(billing_event_parse(name), i);
    }

    assert_string_equal(billing_event_name(BILLING_EVENT_NONE), "");
    assert_string_equal(billing_event_name(BILLING_EVENTS), "");
    assert_int_equal(billing_event_parse(""), BILLING_EVENT_NONE);
    assert_int_equal(billing_event_parse("team"), BILLING_EVENT_NONE);
    assert_string_equal(billing_event_name(BILLING_EVENT_TEAM_PLAN_CHANGED),
                        "team.plan_changed");

    /* A filter of events is one word of bits. */

    assert_true(BILLING_EVENTS <= 32);
}


static void
nothing_changes_unseen(void **state)
{
    billing_told_t  told = { BILLING_PLAN_TEAM, BILLING_STATE_ACTIVE, 5, 99 };
    billing_told_t  now = told;
    billing_told_t  unknown = { .plan = BILLING_PLAN_NONE };

    (void) state;

    assert_int_equal(billing_event_team_bits(&told, &now), 0);

    now.seats = 6;
    assert_int_equal(billing_event_team_bits(&told, &now),
                     1u << BILLING_EVENT_TEAM_SEATS_CHANGED);

    now.plan = BILLING_PLAN_BUSINESS;
    now.state = BILLING_STATE_CANCELLED;
    now.until_at = 100;
    assert_int_equal(billing_event_team_bits(&told, &now),
                     1u << BILLING_EVENT_TEAM_SEATS_CHANGED
                     | 1u << BILLING_EVENT_TEAM_PLAN_CHANGED
                     | 1u << BILLING_EVENT_TEAM_STATE_CHANGED
                     | 1u << BILLING_EVENT_TEAM_PERIOD_CHANGED);

    assert_int_equal(billing_event_team_bits(&unknown, &now),
                     1u << BILLING_EVENT_TEAM_CREATED);
}


static void
members_come_change_and_go(void **state)
{
    (void) state;

    assert_int_equal(billing_event_member_of(0, 0), BILLING_EVENT_NONE);
    assert_int_equal(billing_event_member_of(2, 2), BILLING_EVENT_NONE);
    assert_int_equal(billing_event_member_of(0, 1),
                     BILLING_EVENT_MEMBER_ADDED);
    assert_int_equal(billing_event_member_of(2, 6),
                     BILLING_EVENT_MEMBER_CHANGED);
    assert_int_equal(billing_event_member_of(6, 0),
                     BILLING_EVENT_MEMBER_REMOVED);
}


static void
a_delivery_is_tried_ten_times_over_three_days(void **state)
{
    int64_t               sum = 0;
    static const int64_t  pauses[] = {
        5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400
    };

    (void) state;

    for (uint32_t i = 0; i < 9; i++) {
        assert_int_equal(billing_event_retry_sec(i + 1, 0), pauses[i]);
        assert_in_range(billing_event_retry_sec(i + 1, 999), pauses[i],
                        pauses[i] + pauses[i] / 10);
        assert_int_equal(billing_event_retry_sec(i + 1, 1999),
                         billing_event_retry_sec(i + 1, 999));
        sum += pauses[i];
    }

    assert_in_range(sum, 3 * 86400, 4 * 86400);
    assert_int_equal(billing_event_retry_sec(0, 0), 0);
    assert_int_equal(billing_event_retry_sec(10, 0), 0);
    assert_int_equal(billing_event_retry_sec(UINT32_MAX, 0), 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(each_event_has_a_name_of_its_own),
        cmocka_unit_test(nothing_changes_unseen),
        cmocka_unit_test(members_come_change_and_go),
        cmocka_unit_test(a_delivery_is_tried_ten_times_over_three_days),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
