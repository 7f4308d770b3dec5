#include "domain_fixture.h"


static billing_ratio_t
prorated(const char *period[2], const char *service[2], billing_basis_t basis)
{
    billing_ratio_t  ratio = { -1, -1 };
    billing_span_t   whole = { at(period[0]), at(period[1]) };
    billing_span_t   part = { at(service[0]), at(service[1]) };

    assert_int_equal(billing_proration(whole, part, basis, &ratio),
                     BILLING_OK);

    return ratio;
}


/* Vectors of domain section 5: a change at a date, and the days after it. */

static void
r149_published_and_derived_examples(void **state)
{
    static const struct {
        const char  *name;
        const char  *period[2];
        const char  *change;
        int64_t      numerator;
        int64_t      denominator;
        int64_t      price;
        int64_t      amount;
    } cases[] = {
        { "E1", { "2020-09-01", "2020-10-01" }, "2020-09-15",
          16, 30, 1000, 533 },
        { "D1", { "2020-09-01", "2020-10-01" }, "2020-09-15",
          16, 30, 2 * 1000, 1067 },
        { "D2", { "2020-08-17", "2021-08-17" }, "2020-09-02",
          349, 365, 9600, 9179 },
        { "D3", { "2021-01-01", "2022-01-01" }, "2021-03-24",
          283, 365, -10 * 9600, -74433 },
        { "D4", { "2021-01-01", "2022-01-01" }, "2021-07-01",
          184, 365, 12 * 9600, 58073 },
        { "D5", { "2021-09-01", "2021-10-01" }, "2021-09-15",
          16, 30, 4 * 1000, 2133 },
        { "D6", { "2023-03-10", "2024-03-10" }, "2024-02-29",
          10, 366, 9600, 262 },
        { "D7", { "2021-02-10", "2021-03-10" }, "2021-02-28",
          10, 28, 1000, 357 },
        { "D8", { "2021-09-01", "2021-10-01" }, "2021-09-20",
          11, 30, -1000, -367 }
    };

    (void) state;

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char      *period[2] = { cases[i].period[0],
                                       cases[i].period[1] };
        const char      *rest[2] = { cases[i].change, cases[i].period[1] };
        billing_money_t  amount;
        billing_ratio_t  ratio;

        ratio = prorated(period, rest, BILLING_BASIS_DAY);

        assert_int_equal(billing_money_scale(usd(cases[i].price), ratio,
                                             BILLING_ROUND_HALF_UP, &amount),
                         BILLING_OK);

        if (ratio.numerator != cases[i].numerator
            || ratio.denominator != cases[i].denominator
            || amount.minor != cases[i].amount)
        {
            fail_msg("%s: %lld/%lld, %lld", cases[i].name,
                     (long long) ratio.numerator,
                     (long long) ratio.denominator,
                     (long long) amount.minor);
        }
    }
}


static void
the_service_is_cut_to_the_period(void **state)
{
    const char       *period[2] = { "2026-03-01", "2026-04-01" };
    const char       *around[2] = { "2026-01-01", "2027-01-01" };
    const char       *before[2] = { "2026-01-01", "2026-02-01" };
    const char       *after[2] = { "2026-04-01", "2026-05-01" };
    billing_ratio_t   ratio;

    (void) state;

    ratio = prorated(period, around, BILLING_BASIS_DAY);
    assert_int_equal(ratio.numerator, 31);
    assert_int_equal(ratio.denominator, 31);

    assert_int_equal(prorated(period, before, BILLING_BASIS_DAY).numerator,
                     0);
    assert_int_equal(prorated(period, after, BILLING_BASIS_DAY).numerator, 0);
}


static void
days_are_dates_whatever_the_hour(void **state)
{
    const char       *period[2] = { "2020-09-01T18:00:00Z",
                                    "2020-10-01T18:00:00Z" };
    const char       *early[2] = { "2020-09-15T00:00:00Z",
                                   "2020-10-01T18:00:00Z" };
    const char       *late[2] = { "2020-09-15T23:59:59Z",
                                  "2020-10-01T18:00:00Z" };

    (void) state;

    assert_int_equal(prorated(period, early, BILLING_BASIS_DAY).numerator,
                     16);
    assert_int_equal(prorated(period, late, BILLING_BASIS_DAY).numerator, 16);
}


static void
thirty_day_months_count_each_31st_as_a_30th(void **state)
{
    static const struct {
        const char  *period[2];
        const char  *service[2];
        int64_t      numerator;
        int64_t      denominator;
    } cases[] = {
        { { "2026-01-01", "2026-02-01" }, { "2026-01-16", "2026-02-01" },
          15, 30 },
        { { "2026-02-01", "2026-03-01" }, { "2026-02-16", "2026-03-01" },
          15, 30 },
        { { "2026-01-01", "2027-01-01" }, { "2026-07-01", "2027-01-01" },
          180, 360 },
        { { "2025-12-31", "2026-01-31" }, { "2026-01-15", "2026-01-31" },
          15, 30 },
        { { "2026-01-15", "2026-02-15" }, { "2026-01-31", "2026-02-15" },
          15, 30 }
    };

    (void) state;

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char      *period[2] = { cases[i].period[0],
                                       cases[i].period[1] };
        const char      *service[2] = { cases[i].service[0],
                                        cases[i].service[1] };
        billing_ratio_t  ratio = prorated(period, service,
                                          BILLING_BASIS_DAY30);

        assert_int_equal(ratio.numerator, cases[i].numerator);
        assert_int_equal(ratio.denominator, cases[i].denominator);
    }
}


static void
seconds_count_to_the_second(void **state)
{
    const char       *period[2] = { "2026-03-01", "2026-03-02" };
    const char       *service[2] = { "2026-03-01T12:00:01Z", "2026-03-02" };
    billing_ratio_t   ratio;

    (void) state;

    ratio = prorated(period, service, BILLING_BASIS_SECOND);

    assert_int_equal(ratio.numerator, 43199);
    assert_int_equal(ratio.denominator, 86400);
}


static void
impossible_spans_are_refused(void **state)
{
    int64_t          day = at("2026-03-01");
    billing_ratio_t  ratio;
    billing_span_t   good = { day, day + 86400 };
    billing_span_t   none = { day, day };
    billing_span_t   turned = { day + 1, day };
    billing_span_t   hours = { day, day + 3600 };
    billing_span_t   early = { -86400, day };
    billing_span_t   late = { day, BILLING_INSTANT_MAX + 1 };

    (void) state;

    assert_int_equal(billing_proration(none, good, BILLING_BASIS_DAY, &ratio),
                     BILLING_ERANGE);
    assert_int_equal(billing_proration(turned, good, BILLING_BASIS_DAY,
                                       &ratio),
                     BILLING_ERANGE);
    assert_int_equal(billing_proration(good, turned, BILLING_BASIS_DAY,
                                       &ratio),
                     BILLING_ERANGE);
    assert_int_equal(billing_proration(hours, good, BILLING_BASIS_DAY,
                                       &ratio),
                     BILLING_ERANGE);
    assert_int_equal(billing_proration(early, good, BILLING_BASIS_DAY,
                                       &ratio),
                     BILLING_ERANGE);
    assert_int_equal(billing_proration(late, good, BILLING_BASIS_DAY, &ratio),
                     BILLING_ERANGE);
    assert_int_equal(billing_proration(hours, hours, BILLING_BASIS_SECOND,
                                       &ratio),
                     BILLING_OK);
    assert_int_equal(billing_proration(good, none, BILLING_BASIS_DAY, &ratio),
                     BILLING_OK);
    assert_int_equal(ratio.numerator, 0);
}


/* Any cut of a period into two gives two parts of the whole (P12). */

static void
p12_parts_add_up_on_every_basis(void **state)
{
    random_t  random = { 12 };

    (void) state;

    for (unsigned i = 0; i < 100000; i++) {
        int64_t          cut;
        billing_span_t   period;
        billing_basis_t  basis;
        billing_ratio_t  first, second;

        period.start_at = (int64_t) random_below(&random, 4102444800u);
        period.end_at = billing_boundary_months(period.start_at,
                            (int32_t) (1 + random_below(&random, 24)));
        cut = period.start_at
              + (int64_t) random_below(&random,
                              (uint64_t) (period.end_at - period.start_at));
        basis = (billing_basis_t) random_below(&random, 3);

        assert_int_equal(billing_proration(period,
                             (billing_span_t) { period.start_at, cut },
                             basis, &first),
                         BILLING_OK);
        assert_int_equal(billing_proration(period,
                             (billing_span_t) { cut, period.end_at },
                             basis, &second),
                         BILLING_OK);

        assert_true(first.numerator >= 0 && second.numerator >= 0);
        assert_int_equal(first.denominator, second.denominator);
        assert_int_equal(first.numerator + second.numerator,
                         first.denominator);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(r149_published_and_derived_examples),
        cmocka_unit_test(the_service_is_cut_to_the_period),
        cmocka_unit_test(days_are_dates_whatever_the_hour),
        cmocka_unit_test(thirty_day_months_count_each_31st_as_a_30th),
        cmocka_unit_test(seconds_count_to_the_second),
        cmocka_unit_test(impossible_spans_are_refused),
        cmocka_unit_test(p12_parts_add_up_on_every_basis)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("proration", tests, NULL, NULL);
}
