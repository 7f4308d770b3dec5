#include "domain_fixture.h"

#include <stdio.h>
#include <time.h>

#define DAY  86400


static void
assert_instant(int64_t instant, const char *text)
{
    char  shown[BILLING_INSTANT_LEN + 1];

    billing_instant_format(instant, shown);
    assert_string_equal(shown, text);
}


static void
every_day_of_1970_to_2200_agrees_with_libc(void **state)
{
    (void) state;

    for (int64_t day = 0; day < 84371; day++) {
        struct tm       tm;
        time_t          instant = (time_t) (day * DAY);
        billing_date_t  date = billing_date_of(instant + day % DAY);

        assert_non_null(gmtime_r(&instant, &tm));
        assert_int_equal(date.year, tm.tm_year + 1900);
        assert_int_equal(date.month, tm.tm_mon + 1);
        assert_int_equal(date.day, tm.tm_mday);
        assert_true(billing_date_valid(date));
        assert_int_equal(billing_date_days(date), timegm(&tm) / DAY);
        assert_int_equal(billing_date_days(date), day);
    }
}


static void
every_year_to_9999_begins_where_libc_says(void **state)
{
    (void) state;

    for (int32_t year = 1970; year <= 9999; year++) {
        struct tm       tm = { .tm_year = year - 1900, .tm_mday = 1 };
        int64_t         first = timegm(&tm);
        billing_date_t  date = billing_date_of(first);

        assert_int_equal(date.year, year);
        assert_int_equal(date.month, 1);
        assert_int_equal(date.day, 1);
        assert_int_equal(billing_date_days(date), first / DAY);

        if (year > 1970) {
            date = billing_date_of(first - 1);
            assert_int_equal(date.year, year - 1);
            assert_int_equal(date.month, 12);
            assert_int_equal(date.day, 31);
        }
    }
}


static void
instants_out_of_range_are_the_nearer_end(void **state)
{
    (void) state;

    assert_instant(INT64_MIN, "1970-01-01T00:00:00Z");
    assert_instant(-1, "1970-01-01T00:00:00Z");
    assert_instant(BILLING_INSTANT_MAX, "9999-12-31T23:59:59Z");
    assert_instant(INT64_MAX, "9999-12-31T23:59:59Z");
    assert_int_equal(billing_date_of(INT64_MAX).year, 9999);
    assert_int_equal(billing_date_of(INT64_MIN).year, 1970);
}


static void
instants_are_read_and_written_alike(void **state)
{
    random_t  random = { 3 };

    (void) state;

    for (unsigned i = 0; i < 100000; i++) {
        bool     date_only;
        char     text[BILLING_INSTANT_LEN + 1];
        int64_t  back;
        int64_t  instant = (int64_t) random_below(&random,
                                                  BILLING_INSTANT_MAX + 1);

        billing_instant_format(instant, text);
        assert_int_equal(billing_instant_parse(text, strlen(text), &back,
                                               &date_only),
                         BILLING_OK);
        assert_int_equal(back, instant);
        assert_false(date_only);
    }
}


static void
rfc_3339_forms_are_read(void **state)
{
    bool     date_only = false;
    int64_t  instant;

    (void) state;

    assert_int_equal(billing_instant_parse("2026-03-01", 10, &instant,
                                           &date_only),
                     BILLING_OK);
    assert_true(date_only);
    assert_int_equal(instant, 1772323200);

    assert_int_equal(at("2026-03-01T09:30:00Z"), 1772357400);
    assert_int_equal(at("2026-03-01t09:30:00z"), 1772357400);
    assert_int_equal(at("2026-03-01T11:30:00+02:00"), 1772357400);
    assert_int_equal(at("2026-02-28T23:00:00-10:30"), 1772357400);
    assert_int_equal(at("2026-03-01T09:30:00.999Z"), 1772357400);
    assert_int_equal(at("2026-03-01T09:30:00.5Z"), 1772357400);
    assert_int_equal(at("2026-03-02T09:29:00+23:59"), 1772357400);
    assert_int_equal(at("2026-03-01T23:59:59Z"), 1772409599);
    assert_int_equal(at("9999-12-31T23:59:59Z"), BILLING_INSTANT_MAX);
    assert_int_equal(at("2024-02-29"), 1709164800);
    assert_int_equal(at("1970-01-01T00:30:00+00:30"), 0);
}


static void
anything_else_is_refused(void **state)
{
    static const char *const  wrong[] = {
        "", "2026", "2026-3-1", "2026-03-01 09:30:00Z", "2026-03-01T09:30Z",
        "2026-03-01T09:30:00", "2026-03-01T24:00:00Z", "2026-02-29",
        "2026-02-30", "2026-13-01", "2026-00-10", "2026-04-31", "2026-01-00",
        "1969-12-31", "2026-03-01T09:60:00Z", "2026-03-01T09:30:60Z",
        "2026-03-01T09:30:00.Z", "2026-03-01T09:30:00.1234567890Z",
        "2026-03-01T09:30:00+2:00", "2026-03-01T09:30:00+24:00",
        "2026-03-01T09:30:00+02:60", "2026-03-01T09:30:00ZZ", "2026-03-01x",
        " 2026-03-01", "2026-03-01T", "1970-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01", "2026-03-01T9:30:00Z",
        "2026-03-01T09-30:00Z", "2026-03-01T09:30-00Z",
        "2026-03-01T09:30:00+0200", "2026-03-01T09:3a:00Z",
        "2026-03-01T24:00:00", "+026-03-01", "20260301", "2100-02-29"
    };

    (void) state;

    for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        bool     date_only;
        int64_t  instant;

        if (billing_instant_parse(wrong[i], strlen(wrong[i]), &instant,
                                  &date_only)
            != BILLING_EFORMAT)
        {
            fail_msg("taken for an instant: \"%s\"", wrong[i]);
        }
    }

    assert_false(billing_date_valid((billing_date_t) { 10000, 1, 1 }));
    assert_false(billing_date_valid((billing_date_t) { 2026, 13, 1 }));
    assert_false(billing_date_valid((billing_date_t) { 2026, 2, 29 }));
    assert_true(billing_date_valid((billing_date_t) { 2000, 2, 29 }));
    assert_false(billing_date_valid((billing_date_t) { 2100, 2, 29 }));
}


static void
r167_renewal_falls_on_the_day_of_purchase(void **state)
{
    (void) state;

    assert_instant(billing_boundary(at("2020-08-05"), BILLING_PERIOD_MONTHLY,
                                    1),
                   "2020-09-05T00:00:00Z");
    assert_instant(billing_boundary(at("2020-08-17T10:20:30Z"),
                                    BILLING_PERIOD_YEARLY, 1),
                   "2021-08-17T10:20:30Z");
    assert_int_equal(billing_boundary(at("2020-08-17"), BILLING_PERIOD_NONE,
                                      3),
                     at("2020-08-17"));
}


static void
section8_12_month_ends_clamp_and_come_back(void **state)
{
    static const char *const  monthly[] = {
        "2023-10-31", "2023-11-30", "2023-12-31", "2024-01-31", "2024-02-29",
        "2024-03-31", "2024-04-30", "2024-05-31"
    };
    static const char *const  yearly[] = {
        "2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"
    };

    (void) state;

    for (int32_t i = 0; i < 8; i++) {
        assert_int_equal(billing_boundary(at("2023-10-31"),
                                          BILLING_PERIOD_MONTHLY, i),
                         at(monthly[i]));
    }

    for (int32_t i = 0; i < 5; i++) {
        assert_int_equal(billing_boundary(at("2024-02-29"),
                                          BILLING_PERIOD_YEARLY, i),
                         at(yearly[i]));
    }

    assert_int_equal(billing_boundary_months(at("2026-01-31"), 3),
                     at("2026-04-30"));
    assert_int_equal(billing_boundary_months(at("2026-03-31"), -1),
                     at("2026-02-28"));
}


static void
boundaries_go_up_one_month_at_a_time(void **state)
{
    random_t  random = { 11 };

    (void) state;

    for (unsigned i = 0; i < 2000; i++) {
        int64_t         anchor, before;
        billing_date_t  first;

        anchor = (int64_t) random_below(&random, 4102444800u);
        first = billing_date_of(anchor);
        before = anchor;

        for (int32_t n = 1; n <= 60; n++) {
            int64_t         next = billing_boundary_months(anchor, n);
            billing_date_t  date = billing_date_of(next);

            assert_true(next - before >= 28 * DAY);
            assert_true(next - before <= 31 * DAY);
            assert_int_equal(next % DAY, anchor % DAY);
            assert_int_equal((first.month - 1 + n) % 12, date.month - 1);

            if (date.day != first.day) {
                assert_true(date.day < first.day);
                assert_int_equal(billing_date_of(next + DAY).day, 1);
            }

            before = next;
        }
    }
}


static void
boundaries_stop_at_the_calendars_ends(void **state)
{
    (void) state;

    assert_int_equal(billing_boundary_months(at("9999-11-05"), 1),
                     at("9999-12-05"));
    assert_int_equal(billing_boundary_months(at("1970-02-05"), -1),
                     at("1970-01-05"));
    assert_int_equal(billing_boundary_months(at("1970-01-05"), -1), 0);
    assert_int_equal(billing_boundary_months(at("9999-12-01"), 1),
                     BILLING_INSTANT_MAX);
    assert_int_equal(billing_boundary_months(at("2026-01-01"), INT32_MAX),
                     BILLING_INSTANT_MAX);
    assert_int_equal(billing_boundary_months(at("2026-01-01"), INT32_MIN), 0);
    assert_int_equal(billing_boundary(at("2026-01-01"), BILLING_PERIOD_YEARLY,
                                      INT32_MAX),
                     BILLING_INSTANT_MAX);
    assert_int_equal(billing_boundary(at("2026-01-01"), BILLING_PERIOD_YEARLY,
                                      INT32_MIN),
                     0);
    assert_int_equal(billing_boundary_months(-5, 0), 0);
    assert_int_equal(billing_boundary_months(INT64_MAX, 0),
                     BILLING_INSTANT_MAX);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(every_day_of_1970_to_2200_agrees_with_libc),
        cmocka_unit_test(every_year_to_9999_begins_where_libc_says),
        cmocka_unit_test(instants_out_of_range_are_the_nearer_end),
        cmocka_unit_test(instants_are_read_and_written_alike),
        cmocka_unit_test(rfc_3339_forms_are_read),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(r167_renewal_falls_on_the_day_of_purchase),
        cmocka_unit_test(section8_12_month_ends_clamp_and_come_back),
        cmocka_unit_test(boundaries_go_up_one_month_at_a_time),
        cmocka_unit_test(boundaries_stop_at_the_calendars_ends)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("calendar", tests, NULL, NULL);
}
