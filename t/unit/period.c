#include "domain_fixture.h"


static void
r167_e4_e5_the_same_day_of_every_month(void **state)
{
    billing_span_t  next;
    billing_team_t  team = {
        .period = BILLING_PERIOD_MONTHLY, .anchor_at = at("2020-08-05"),
        .current = { at("2020-08-05"), at("2020-09-05") }
    };

    (void) state;

    next = billing_period_next(&team);
    assert_int_equal(next.start_at, at("2020-09-05"));
    assert_int_equal(next.end_at, at("2020-10-05"));
}


/* A yearly plan's balance of a month is reset on the day of its renewal. */

static void
r223_e9_renewed_3_march_reset_on_the_3rd_of_each_month(void **state)
{
    static const char *const  days[] = {
        "2021-04-03", "2021-05-03", "2021-06-03", "2021-07-03", "2021-08-03",
        "2021-09-03", "2021-10-03", "2021-11-03", "2021-12-03", "2022-01-03",
        "2022-02-03", "2022-03-03"
    };

    int64_t  now = at("2021-03-03");

    (void) state;

    for (unsigned i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
        assert_true(billing_return_after(at("2021-03-03"), 1, now)
                    == at(days[i]));
        assert_true(billing_return_after(at("2021-03-03"), 1,
                                         at(days[i]) - 1) == at(days[i]));
        now = at(days[i]);
    }
}


static void
anchors_of_29_to_31_never_drift(void **state)
{
    static const char *const  anchors[] = {
        "2023-01-28T23:59:59Z", "2023-01-29", "2023-01-30T12:00:00Z",
        "2023-01-31T00:00:01Z", "2024-02-29T07:00:00Z"
    };

    (void) state;

    for (unsigned i = 0; i < sizeof(anchors) / sizeof(anchors[0]); i++) {
        for (unsigned p = BILLING_PERIOD_MONTHLY; p < BILLING_PERIODS; p++) {
            int64_t         anchor_at = at(anchors[i]);
            billing_date_t  anchor = billing_date_of(anchor_at);
            billing_team_t  team = {
                .period = (billing_period_t) p, .anchor_at = anchor_at,
                .current = { anchor_at,
                             billing_boundary(anchor_at,
                                              (billing_period_t) p, 1) }
            };

            for (int32_t n = 1; n <= 400; n++) {
                billing_date_t  day, after;

                team.current = billing_period_next(&team);
                assert_int_equal(team.current.start_at,
                                 billing_boundary(anchor_at,
                                                  (billing_period_t) p, n));
                assert_int_equal(team.current.start_at % 86400,
                                 anchor_at % 86400);

                /* The anchor's day, or the month has no such day. */

                day = billing_date_of(team.current.start_at);
                after = billing_date_of(team.current.start_at + 86400);
                assert_true(day.day == anchor.day
                            || (day.day < anchor.day && after.day == 1));
            }
        }
    }
}


static void
section_8_12_31_january_28_february_31_march(void **state)
{
    billing_team_t  team = {
        .period = BILLING_PERIOD_MONTHLY, .anchor_at = at("2021-01-31"),
        .current = { at("2021-01-31"), at("2021-02-28") }
    };

    (void) state;

    team.current = billing_period_next(&team);
    assert_int_equal(team.current.end_at, at("2021-03-31"));

    team = (billing_team_t) {
        .period = BILLING_PERIOD_YEARLY, .anchor_at = at("2020-02-29"),
        .current = { at("2022-02-28"), at("2023-02-28") }
    };

    team.current = billing_period_next(&team);
    assert_int_equal(team.current.end_at, at("2024-02-29"));
}


static void
r147_returns_lie_after_now(void **state)
{
    random_t  random = { 147 };

    (void) state;

    assert_int_equal(billing_return_after(at("2021-01-31"), 1,
                                          at("2021-02-27")),
                     at("2021-02-28"));
    assert_int_equal(billing_return_after(at("2021-01-31"), 1,
                                          at("2021-02-28")),
                     at("2021-03-31"));
    assert_int_equal(billing_return_after(at("2021-01-31"), 3,
                                          at("2021-01-31")),
                     at("2021-04-30"));
    assert_int_equal(billing_return_after(at("2021-01-31"), 3,
                                          at("2020-01-31")),
                     at("2021-01-31"));

    for (unsigned i = 0; i < 50000; i++) {
        int32_t  months = random_below(&random, 2) ? 1 : 3;
        int64_t  anchor_at, now, found, n = 0;

        anchor_at = (int64_t) random_below(&random, 4000000000);
        now = anchor_at + (int64_t) random_below(&random, 100000000);
        found = billing_return_after(anchor_at, months, now);
        assert_true(found > now);

        while (billing_boundary_months(anchor_at, (int32_t) n) <= now) {
            n += months;
        }

        assert_int_equal(found, billing_boundary_months(anchor_at,
                                                        (int32_t) n));
    }
}


static void
the_end_of_the_calendar_is_an_end(void **state)
{
    billing_span_t  next;
    billing_team_t  team = {
        .period = BILLING_PERIOD_YEARLY, .anchor_at = at("9998-06-01"),
        .current = { at("9998-06-01"), at("9999-06-01") }
    };

    (void) state;

    next = billing_period_next(&team);
    assert_int_equal(next.end_at, BILLING_INSTANT_MAX);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(r167_e4_e5_the_same_day_of_every_month),
        cmocka_unit_test(
            r223_e9_renewed_3_march_reset_on_the_3rd_of_each_month),
        cmocka_unit_test(anchors_of_29_to_31_never_drift),
        cmocka_unit_test(section_8_12_31_january_28_february_31_march),
        cmocka_unit_test(r147_returns_lie_after_now),
        cmocka_unit_test(the_end_of_the_calendar_is_an_end)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("period", tests, NULL, NULL);
}
