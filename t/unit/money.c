#include "domain_fixture.h"

__extension__ typedef __int128  wide_t;


static void
r120_currencies_have_their_own_decimals(void **state)
{
    static const struct {
        const char  *code;
        unsigned     exponent;
    } known[] = {
        { "USD", 2 }, { "EUR", 2 }, { "GBP", 2 }, { "BRL", 2 }, { "JPY", 0 },
        { "KRW", 0 }, { "KWD", 3 }, { "TND", 3 }, { "CLF", 4 }, { "AED", 2 },
        { "ZWG", 2 }
    };

    (void) state;

    for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        billing_currency_t  c = billing_currency_parse(known[i].code, 3);

        assert_int_not_equal(c, 0);
        assert_string_equal(billing_currency_code(c), known[i].code);
        assert_int_equal(billing_currency_exponent(c), known[i].exponent);
    }
}


static void
what_is_not_a_currency_is_none(void **state)
{
    (void) state;

    assert_int_equal(billing_currency_parse("usd", 3), 0);
    assert_int_equal(billing_currency_parse("USDX", 4), 0);
    assert_int_equal(billing_currency_parse("US", 2), 0);
    assert_int_equal(billing_currency_parse("", 0), 0);
    assert_int_equal(billing_currency_parse("ZZZ", 3), 0);
    assert_int_equal(billing_currency_parse("\0\0\0", 3), 0);
    assert_string_equal(billing_currency_code(0), "");
    assert_string_equal(billing_currency_code(UINT16_MAX), "");
    assert_int_equal(billing_currency_exponent(UINT16_MAX), 0);
}


static void
every_currency_is_listed_once_in_order(void **state)
{
    billing_currency_t  c = 1;

    (void) state;

    while (billing_currency_code(c)[0] != '\0') {
        const char  *code = billing_currency_code(c);

        assert_int_equal(strlen(code), 3);
        assert_int_equal(billing_currency_parse(code, 3), c);
        assert_true(strcmp(billing_currency_code(c - 1), code) < 0);
        assert_true(billing_currency_exponent(c) <= 4);
        c++;
    }

    assert_true(c > 140);
    assert_int_equal(billing_currency_exponent(c), 0);
}


static void
amounts_of_two_currencies_do_not_mix(void **state)
{
    billing_money_t  yen = { 5, billing_currency_parse("JPY", 3) };
    billing_money_t  out = usd(77);

    (void) state;

    assert_int_equal(billing_money_add(usd(1), yen, &out), BILLING_ECURRENCY);
    assert_int_equal(billing_money_sub(usd(1), yen, &out), BILLING_ECURRENCY);
    assert_int_equal(out.minor, 77);
}


static void
overflow_is_refused_at_both_ends(void **state)
{
    billing_money_t  out = usd(77);
    billing_money_t  most = usd(INT64_MAX), least = usd(INT64_MIN);
    billing_ratio_t  more = { INT64_MAX, INT64_MAX - 1 };

    (void) state;

    assert_int_equal(billing_money_add(most, usd(1), &out),
                     BILLING_EOVERFLOW);
    assert_int_equal(billing_money_add(least, usd(-1), &out),
                     BILLING_EOVERFLOW);
    assert_int_equal(billing_money_sub(least, usd(1), &out),
                     BILLING_EOVERFLOW);
    assert_int_equal(billing_money_sub(usd(0), least, &out),
                     BILLING_EOVERFLOW);
    assert_int_equal(billing_money_times(most, 2, &out), BILLING_EOVERFLOW);
    assert_int_equal(billing_money_times(least, -1, &out),
                     BILLING_EOVERFLOW);
    assert_int_equal(billing_money_times(least, INT64_MIN, &out),
                     BILLING_EOVERFLOW);
    assert_int_equal(billing_money_scale(most, more, BILLING_ROUND_HALF_UP,
                                         &out),
                     BILLING_EOVERFLOW);
    assert_int_equal(out.minor, 77);

    assert_int_equal(billing_money_times(most, 1, &out), BILLING_OK);
    assert_int_equal(out.minor, INT64_MAX);
    assert_int_equal(billing_money_times(least, 1, &out), BILLING_OK);
    assert_int_equal(out.minor, INT64_MIN);
    assert_int_equal(billing_money_sub(usd(-1), most, &out), BILLING_OK);
    assert_int_equal(out.minor, INT64_MIN);
}


static void
a_ratio_needs_a_positive_denominator(void **state)
{
    billing_money_t  out;

    (void) state;

    assert_int_equal(billing_money_scale(usd(1), (billing_ratio_t) { 1, 0 },
                                         BILLING_ROUND_HALF_UP, &out),
                     BILLING_ERANGE);
    assert_int_equal(billing_money_scale(usd(1), (billing_ratio_t) { 1, -2 },
                                         BILLING_ROUND_HALF_UP, &out),
                     BILLING_ERANGE);
}


static void
halves_round_as_named(void **state)
{
    static const struct {
        int64_t  minor;
        int64_t  up;
        int64_t  even;
        int64_t  down;
    } half[] = {
        { 1, 1, 0, 0 }, { 3, 2, 2, 1 }, { 5, 3, 2, 2 }, { 7, 4, 4, 3 },
        { -1, -1, 0, 0 }, { -3, -2, -2, -1 }, { -5, -3, -2, -2 },
        { 4, 2, 2, 2 }, { 0, 0, 0, 0 }
    };

    billing_money_t  out;
    billing_ratio_t  ratio = { 1, 2 };

    (void) state;

    for (unsigned i = 0; i < sizeof(half) / sizeof(half[0]); i++) {
        assert_int_equal(billing_money_scale(usd(half[i].minor), ratio,
                                             BILLING_ROUND_HALF_UP, &out),
                         BILLING_OK);
        assert_int_equal(out.minor, half[i].up);

        assert_int_equal(billing_money_scale(usd(half[i].minor), ratio,
                                             BILLING_ROUND_HALF_EVEN, &out),
                         BILLING_OK);
        assert_int_equal(out.minor, half[i].even);

        assert_int_equal(billing_money_scale(usd(half[i].minor), ratio,
                                             BILLING_ROUND_DOWN, &out),
                         BILLING_OK);
        assert_int_equal(out.minor, half[i].down);
    }
}


/*
 * The result r of amount * n / d is right when |amount * n - r * d| is at most
 * half of d (below d for "down"), whatever way it was computed.
 */

static void
scale_is_exact_against_its_definition(void **state)
{
    random_t  random = { 20261123 };
    unsigned  fitted = 0;

    (void) state;

    for (unsigned i = 0; i < 200000; i++) {
        wide_t              exact, rest, d;
        billing_err_t       err;
        billing_money_t     out;
        billing_money_t     amount = usd(random_wide(&random));
        billing_ratio_t     ratio;
        billing_rounding_t  rounding;

        ratio.numerator = random_wide(&random);
        ratio.denominator = random_wide(&random) & INT64_MAX;
        rounding = (billing_rounding_t) random_below(&random, 3);

        if (ratio.denominator == 0) {
            ratio.denominator = 1;
        }

        err = billing_money_scale(amount, ratio, rounding, &out);
        exact = (wide_t) amount.minor * ratio.numerator;
        d = ratio.denominator;

        if (err == BILLING_EOVERFLOW) {
            exact = exact < 0 ? -exact : exact;
            assert_true(exact / d >= INT64_MAX);
            continue;
        }

        assert_int_equal(err, BILLING_OK);
        fitted++;

        rest = exact - (wide_t) out.minor * d;

        if (rounding == BILLING_ROUND_DOWN) {
            assert_true(exact < 0 ? rest <= 0 && rest > -d
                                  : rest >= 0 && rest < d);
            continue;
        }

        assert_true(rest * 2 <= d && rest * 2 >= -d);

        if (rest * 2 == d || rest * 2 == -d) {
            assert_true(rounding == BILLING_ROUND_HALF_EVEN
                        ? out.minor % 2 == 0
                        : (exact > 0) == (rest < 0));
        }
    }

    assert_true(fitted > 50000);
}


static void
sums_undo_each_other(void **state)
{
    random_t  random = { 7 };

    (void) state;

    for (unsigned i = 0; i < 100000; i++) {
        billing_money_t  a = usd(random_wide(&random));
        billing_money_t  b = usd(random_wide(&random));
        billing_money_t  sum, back;

        if (billing_money_add(a, b, &sum) != BILLING_OK) {
            continue;
        }

        assert_int_equal(billing_money_sub(sum, b, &back), BILLING_OK);
        assert_int_equal(back.minor, a.minor);
        assert_int_equal(sum.minor, a.minor + b.minor);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(r120_currencies_have_their_own_decimals),
        cmocka_unit_test(what_is_not_a_currency_is_none),
        cmocka_unit_test(every_currency_is_listed_once_in_order),
        cmocka_unit_test(amounts_of_two_currencies_do_not_mix),
        cmocka_unit_test(overflow_is_refused_at_both_ends),
        cmocka_unit_test(a_ratio_needs_a_positive_denominator),
        cmocka_unit_test(halves_round_as_named),
        cmocka_unit_test(scale_is_exact_against_its_definition),
        cmocka_unit_test(sums_undo_each_other)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("money", tests, NULL, NULL);
}
