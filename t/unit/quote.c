#include "domain_fixture.h"


static billing_catalogue_t  catalogue;
static billing_team_t       team;
static billing_order_t      order;
static billing_quote_t      quote;


static int
a_new_case(void **state)
{
    (void) state;

    catalogue = a_catalogue();
    team = a_free_team(3);
    order = an_order(BILLING_PLAN_TEAM, 5, BILLING_PERIOD_MONTHLY);

    return 0;
}


static void
price(const char *now)
{
    assert_reason(billing_quote(&catalogue, &team, &order, at(now), &quote),
                  ALLOW);
}


static void
assert_line(unsigned i, billing_line_kind_t kind, int64_t amount)
{
    assert_true(i < quote.nlines);
    assert_string_equal(billing_line_kind_name(quote.lines[i].kind),
                        billing_line_kind_name(kind));
    assert_int_equal(quote.lines[i].amount.minor, amount);
}


static void
r54_list_price_is_seats_times_price(void **state)
{
    (void) state;

    price("2026-03-01T12:00:00Z");

    assert_int_equal(quote.nlines, 1);
    assert_line(0, BILLING_LINE_PLAN, 5000);
    assert_int_equal(quote.lines[0].quantity, 5);
    assert_int_equal(quote.lines[0].unit.minor, 1000);
    assert_int_equal(quote.subtotal.minor, 5000);
    assert_int_equal(quote.total.minor, 5000);
    assert_int_equal(quote.due_now.minor, 5000);
    assert_int_equal(quote.renewal_total.minor, 5000);
    assert_string_equal(billing_currency_code(quote.total.currency), "USD");
    assert_int_equal(quote.span.start_at, at("2026-03-01T12:00:00Z"));
    assert_int_equal(quote.span.end_at, at("2026-04-01T12:00:00Z"));

    order.period = BILLING_PERIOD_YEARLY;
    price("2026-03-01");
    assert_int_equal(quote.total.minor, 5 * 9600);
    assert_int_equal(quote.span.end_at, at("2027-03-01"));
}


static void
r90_nothing_is_due_now_by_invoice(void **state)
{
    (void) state;

    order = an_order(BILLING_PLAN_TEAM, 11, BILLING_PERIOD_YEARLY);
    order.method = BILLING_METHOD_INVOICE;
    price("2026-03-01");

    assert_int_equal(quote.total.minor, 11 * 9600);
    assert_int_equal(quote.due_now.minor, 0);
}


static void
r155_d4_unused_time_is_deducted(void **state)
{
    (void) state;

    team = a_paid_team(&catalogue, BILLING_PLAN_TEAM, BILLING_PERIOD_YEARLY,
                       12, "2021-01-01");
    order = an_order(BILLING_PLAN_BUSINESS, 12, BILLING_PERIOD_YEARLY);
    price("2021-07-01");

    assert_int_equal(quote.nlines, 2);
    assert_line(0, BILLING_LINE_PLAN, 230400);
    assert_line(1, BILLING_LINE_CREDIT, -58073);
    assert_int_equal(quote.lines[1].ratio.numerator, 184);
    assert_int_equal(quote.lines[1].ratio.denominator, 365);
    assert_int_equal(quote.total.minor, 172327);
    assert_int_equal(quote.span.start_at, at("2021-07-01"));
    assert_int_equal(quote.span.end_at, at("2022-07-01"));
    assert_int_equal(quote.renewal_total.minor, 230400);
}


static void
r158_the_credit_is_of_what_was_paid(void **state)
{
    (void) state;

    team = a_paid_team(&catalogue, BILLING_PLAN_TEAM, BILLING_PERIOD_YEARLY,
                       12, "2021-01-01");
    team.paid = usd(57600);
    order = an_order(BILLING_PLAN_BUSINESS, 12, BILLING_PERIOD_YEARLY);
    price("2021-07-01");

    assert_line(1, BILLING_LINE_CREDIT, -29037);

    team.paid = usd(0);
    price("2021-07-01");
    assert_int_equal(quote.nlines, 1);
}


static void
r158_what_is_not_paid_is_not_credited(void **state)
{
    (void) state;

    team = a_paid_team(&catalogue, BILLING_PLAN_TEAM, BILLING_PERIOD_YEARLY,
                       12, "2021-01-01");
    team.seats_open = true;
    team.unpaid = usd(8000);
    order = an_order(BILLING_PLAN_BUSINESS, 12, BILLING_PERIOD_YEARLY);
    price("2021-07-01");

    assert_int_equal(quote.nlines, 3);
    assert_line(1, BILLING_LINE_CREDIT, -58073);
    assert_line(2, BILLING_LINE_UNPAID, 8000);
    assert_int_equal(quote.credit.minor, -50073);
    assert_int_equal(quote.total.minor, 230400 - 50073);

    /* More is open than the time left is worth: nothing is given. */

    team.unpaid = usd(115200);
    price("2021-07-01");
    assert_line(2, BILLING_LINE_UNPAID, 58073);
    assert_int_equal(quote.credit.minor, 0);
    assert_int_equal(quote.credit_left.minor, 0);
    assert_int_equal(quote.total.minor, 230400);
}


static void
r159_a_credit_beyond_the_price_stays_as_balance(void **state)
{
    (void) state;

    team = a_paid_team(&catalogue, BILLING_PLAN_TEAM, BILLING_PERIOD_YEARLY,
                       50, "2021-01-01");
    team.members = 5;
    team.credit = usd(100);
    order = an_order(BILLING_PLAN_BUSINESS, 5, BILLING_PERIOD_MONTHLY);
    price("2021-01-01");

    assert_int_equal(quote.nlines, 3);
    assert_line(0, BILLING_LINE_PLAN, 10000);
    assert_line(1, BILLING_LINE_CREDIT, -480000);
    assert_line(2, BILLING_LINE_BALANCE, 470000);
    assert_int_equal(quote.total.minor, 0);
    assert_int_equal(quote.due_now.minor, 0);
    assert_int_equal(quote.credit.minor, -10000);
    assert_int_equal(quote.credit_left.minor, 470100);

    /* Both spans are kept with the line: the fraction can be explained. */

    assert_int_equal(quote.lines[1].kind, BILLING_LINE_CREDIT);
    assert_int_equal(quote.lines[1].whole.end_at, team.current.end_at);
    assert_int_equal(quote.lines[1].part.end_at, team.current.end_at);
    assert_int_equal(quote.lines[1].part.start_at, quote.span.start_at);
    assert_int_equal(quote.lines[0].whole.end_at, 0);
}


static void
r160_pending_seat_charges_are_settled(void **state)
{
    (void) state;

    team = a_paid_team(&catalogue, BILLING_PLAN_TEAM, BILLING_PERIOD_MONTHLY,
                       5, "2020-09-01");
    team.pending = usd(533);
    order = an_order(BILLING_PLAN_BUSINESS, 6, BILLING_PERIOD_MONTHLY);
    price("2020-09-16");

    assert_int_equal(quote.nlines, 3);
    assert_line(0, BILLING_LINE_PLAN, 12000);
    assert_line(1, BILLING_LINE_CREDIT, -2500);
    assert_line(2, BILLING_LINE_PENDING, 533);
    assert_int_equal(quote.subtotal.minor, 12533);
    assert_int_equal(quote.total.minor, 10033);
}


static void
r151_the_credit_balance_pays(void **state)
{
    (void) state;

    team.credit = usd(1200);
    price("2026-03-01");

    assert_line(1, BILLING_LINE_BALANCE, -1200);
    assert_int_equal(quote.credit.minor, -1200);
    assert_int_equal(quote.total.minor, 3800);
    assert_int_equal(quote.credit_left.minor, 0);

    team.credit = usd(5001);
    price("2026-03-01");
    assert_int_equal(quote.total.minor, 0);
    assert_int_equal(quote.credit_left.minor, 1);
}


static void
r183_an_expired_team_has_no_unused_time(void **state)
{
    (void) state;

    team = a_paid_team(&catalogue, BILLING_PLAN_TEAM, BILLING_PERIOD_YEARLY,
                       3, "2021-01-01");
    team.state = BILLING_STATE_EXPIRED;
    team.credit = usd(50);
    price("2021-07-01");

    assert_int_equal(quote.nlines, 2);
    assert_line(1, BILLING_LINE_BALANCE, -50);
}


static void
a_period_that_is_over_leaves_no_credit(void **state)
{
    (void) state;

    team = a_paid_team(&catalogue, BILLING_PLAN_TEAM, BILLING_PERIOD_MONTHLY,
                       5, "2020-09-01");
    order.plan = BILLING_PLAN_BUSINESS;
    price("2020-10-01");
    assert_int_equal(quote.nlines, 1);
    price("2020-12-24");
    assert_int_equal(quote.nlines, 1);
    price("2020-09-30T23:59:59Z");
    assert_line(1, BILLING_LINE_CREDIT, -167);
}


static void
section8_18_promo_then_credit_then_tax(void **state)
{
    billing_promo_t  promo = { .code = "SPRING", .percent = 15 };

    (void) state;

    team = a_paid_team(&catalogue, BILLING_PLAN_TEAM, BILLING_PERIOD_MONTHLY,
                       5, "2020-09-01");
    team.pending = usd(533);
    team.credit = usd(99);
    order = an_order(BILLING_PLAN_BUSINESS, 7, BILLING_PERIOD_MONTHLY);
    order.promo = &promo;
    order.tax_permyriad = 2000;
    price("2020-09-15");

    assert_int_equal(quote.nlines, 6);
    assert_line(0, BILLING_LINE_PLAN, 14000);
    assert_line(1, BILLING_LINE_DISCOUNT, -2100);
    assert_line(2, BILLING_LINE_CREDIT, -2667);
    assert_line(3, BILLING_LINE_PENDING, 533);
    assert_line(4, BILLING_LINE_BALANCE, -99);
    assert_line(5, BILLING_LINE_TAX, 1933);     /* 20 % of 96.67 */
    assert_int_equal(quote.subtotal.minor, 14533);
    assert_int_equal(quote.discount.minor, -2100);
    assert_int_equal(quote.credit.minor, -2766);
    assert_int_equal(quote.tax.minor, 1933);
    assert_int_equal(quote.total.minor, 11600);
    assert_int_equal(quote.renewal_total.minor, 16800);
}


static void
r98_a_discount_renews_while_it_lasts(void **state)
{
    billing_promo_t  promo = { .code = "VOLUME", .percent = 25 };

    (void) state;

    order = an_order(BILLING_PLAN_BUSINESS, 5, BILLING_PERIOD_MONTHLY);
    order.promo = &promo;
    price("2026-03-01");
    assert_int_equal(quote.total.minor, 7500);
    assert_int_equal(quote.renewal_total.minor, 10000);

    promo.duration_periods = 3;
    price("2026-03-01");
    assert_int_equal(quote.renewal_total.minor, 7500);

    promo.percent = 100;
    price("2026-03-01");
    assert_int_equal(quote.total.minor, 0);
}


static void
r116_tax_is_a_line_of_its_own_on_the_net_amount(void **state)
{
    (void) state;

    order.tax_permyriad = 550;
    price("2026-03-01");

    assert_line(1, BILLING_LINE_TAX, 275);
    assert_int_equal(quote.lines[1].unit.minor, 5000);
    assert_int_equal(quote.lines[1].ratio.numerator, 550);
    assert_int_equal(quote.total.minor, 5275);
    assert_int_equal(quote.renewal_total.minor, 5275);
}


static void
yen_have_no_decimals_and_need_none(void **state)
{
    billing_currency_t  yen = billing_currency_parse("JPY", 3);

    (void) state;

    catalogue.currency = yen;

    for (unsigned plan = 0; plan < BILLING_PLANS; plan++) {
        for (unsigned period = 0; period < BILLING_PERIODS; period++) {
            catalogue.plans[plan].price[period].currency = yen;
        }
    }

    team = a_paid_team(&catalogue, BILLING_PLAN_TEAM, BILLING_PERIOD_MONTHLY,
                       5, "2020-09-01");
    order.plan = BILLING_PLAN_BUSINESS;
    price("2020-09-15");

    assert_line(1, BILLING_LINE_CREDIT, -2667);
    assert_int_equal(quote.total.currency, yen);
}


static void
what_cannot_be_is_refused_not_priced(void **state)
{
    billing_money_t  yen = { 5, billing_currency_parse("JPY", 3) };

    (void) state;

#define assert_internal()                                                     \
    assert_reason(billing_quote(&catalogue, &team, &order, at("2020-09-15"),  \
                                &quote), INTERNAL)

    team.credit = yen;
    assert_internal();
    team.credit = usd(-1);
    assert_internal();

    a_new_case(NULL);
    team.pending = yen;
    assert_internal();
    team.pending = usd(INT64_MAX);
    assert_internal();

    a_new_case(NULL);
    team = a_paid_team(&catalogue, BILLING_PLAN_TEAM, BILLING_PERIOD_MONTHLY,
                       5, "2020-09-01");
    order.plan = BILLING_PLAN_BUSINESS;
    team.paid = yen;
    assert_internal();
    team.paid = usd(-1);
    assert_internal();
    team.paid = usd(100);
    team.current = (billing_span_t) { 0, 0 };
    assert_internal();

    a_new_case(NULL);
    catalogue.plans[BILLING_PLAN_TEAM].price[BILLING_PERIOD_MONTHLY] =
        usd(INT64_MAX / 4);
    assert_internal();
}


/* Teams and orders of every kind, for the laws below. */

static void
anything(random_t *random, billing_promo_t *promo)
{
    billing_period_t  period = random_below(random, 2)
                               ? BILLING_PERIOD_MONTHLY
                               : BILLING_PERIOD_YEARLY;

    catalogue.basis = (billing_basis_t) random_below(random, 3);
    catalogue.rounding = (billing_rounding_t) random_below(random, 3);

    team = a_paid_team(&catalogue, (billing_plan_t)
                       (BILLING_PLAN_TEAM + random_below(random, 3)), period,
                       (uint32_t) (1 + random_below(random, 120)),
                       "2023-12-31T11:00:00Z");
    team.state = (billing_state_t) random_below(random, BILLING_STATES);
    team.members = (uint32_t) (1 + random_below(random, team.seats));
    team.paid.minor = (int64_t) random_below(random, 3000000);
    team.credit = usd(random_below(random, 2)
                      ? (int64_t) random_below(random, 300000) : 0);
    team.pending = usd((int64_t) random_below(random, 5000));

    *promo = (billing_promo_t) {
        .code = "ANY",
        .percent = (uint32_t) (1 + random_below(random, 100)),
        .duration_periods = (uint32_t) random_below(random, 3)
    };

    order = an_order((billing_plan_t) random_below(random, BILLING_PLANS),
                     (uint32_t) random_below(random, 130),
                     (billing_period_t) random_below(random,
                                                     BILLING_PERIODS));
    order.method = (billing_method_t) random_below(random, BILLING_METHODS);
    order.promo = random_below(random, 2) ? promo : NULL;
    order.tax_permyriad = (uint32_t) random_below(random, 2500);
}


static void
assert_lines_are_the_total(void)
{
    int64_t  sum = 0;

    for (uint32_t i = 0; i < quote.nlines; i++) {
        billing_line_t   line = quote.lines[i];
        billing_money_t  amount;

        assert_int_equal(billing_money_times(line.unit, line.quantity,
                                             &amount),
                         BILLING_OK);
        assert_int_equal(billing_money_scale(amount, line.ratio,
                                             catalogue.rounding, &amount),
                         BILLING_OK);
        assert_int_equal(line.amount.minor, amount.minor);
        assert_int_equal(line.amount.currency, catalogue.currency);

        if (line.kind == BILLING_LINE_CREDIT) {
            assert_true(line.amount.minor <= 0);
            assert_true(-line.amount.minor <= team.paid.minor);
        }

        sum += line.amount.minor;
    }

    assert_int_equal(quote.total.minor, sum);
    assert_int_equal(quote.total.minor,
                     quote.subtotal.minor + quote.discount.minor
                     + quote.credit.minor + quote.tax.minor);
}


static void
p11_p12_lines_sum_up_and_credit_is_bounded(void **state)
{
    random_t  random = { 2026 };
    unsigned  priced = 0;

    (void) state;

    for (unsigned i = 0; i < 200000; i++) {
        int64_t           now;
        billing_promo_t   promo;
        billing_quote_t   again;
        billing_reason_t  reason;

        anything(&random, &promo);
        now = at("2023-12-31T11:00:00Z")
              + (int64_t) random_below(&random, 40000000);

        memset(&quote, 0, sizeof(quote));
        reason = billing_quote(&catalogue, &team, &order, now, &quote);

        assert_int_equal(reason, billing_order_allowed(&catalogue, &team,
                                                       &order, now));

        if (reason != BILLING_ALLOW) {
            continue;
        }

        priced++;
        assert_lines_are_the_total();

        assert_true(quote.total.minor >= 0);
        assert_true(quote.discount.minor <= 0 && quote.credit.minor <= 0);
        assert_true(quote.tax.minor >= 0 && quote.credit_left.minor >= 0);
        assert_true(quote.due_now.minor == 0
                    || quote.due_now.minor == quote.total.minor);
        assert_true(quote.renewal_total.minor >= 0);
        assert_true(quote.total.minor == 0
                    || quote.credit_left.minor == 0);

        /* Nothing but the arguments decides. */

        memset(&again, 0xff, sizeof(again));
        assert_reason(billing_quote(&catalogue, &team, &order, now, &again),
                      ALLOW);
        assert_int_equal(again.nlines, quote.nlines);
        assert_int_equal(again.total.minor, quote.total.minor);
        assert_int_equal(again.credit_left.minor, quote.credit_left.minor);
        assert_int_equal(again.span.end_at, quote.span.end_at);
    }

    assert_true(priced > 5000);
}


static void
r66_the_price_of_one_more_seat_is_the_price(void **state)
{
    (void) state;

    for (uint32_t seats = 3; seats < 100; seats++) {
        int64_t  before;

        order.seats = seats;
        price("2026-03-01");
        before = quote.total.minor;

        order.seats = seats + 1;
        price("2026-03-01");
        assert_int_equal(quote.total.minor - before, 1000);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup(r54_list_price_is_seats_times_price,
                               a_new_case),
        cmocka_unit_test_setup(r90_nothing_is_due_now_by_invoice,
                               a_new_case),
        cmocka_unit_test_setup(r155_d4_unused_time_is_deducted,
                               a_new_case),
        cmocka_unit_test_setup(r158_the_credit_is_of_what_was_paid,
                               a_new_case),
        cmocka_unit_test_setup(r158_what_is_not_paid_is_not_credited,
                               a_new_case),
        cmocka_unit_test_setup(r159_a_credit_beyond_the_price_stays_as_balance,
                               a_new_case),
        cmocka_unit_test_setup(r160_pending_seat_charges_are_settled,
                               a_new_case),
        cmocka_unit_test_setup(r151_the_credit_balance_pays,
                               a_new_case),
        cmocka_unit_test_setup(r183_an_expired_team_has_no_unused_time,
                               a_new_case),
        cmocka_unit_test_setup(a_period_that_is_over_leaves_no_credit,
                               a_new_case),
        cmocka_unit_test_setup(section8_18_promo_then_credit_then_tax,
                               a_new_case),
        cmocka_unit_test_setup(r98_a_discount_renews_while_it_lasts,
                               a_new_case),
        cmocka_unit_test_setup(r116_tax_is_a_line_of_its_own_on_the_net_amount,
                               a_new_case),
        cmocka_unit_test_setup(yen_have_no_decimals_and_need_none,
                               a_new_case),
        cmocka_unit_test_setup(what_cannot_be_is_refused_not_priced,
                               a_new_case),
        cmocka_unit_test_setup(p11_p12_lines_sum_up_and_credit_is_bounded,
                               a_new_case),
        cmocka_unit_test_setup(r66_the_price_of_one_more_seat_is_the_price,
                               a_new_case)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("quote", tests, NULL, NULL);
}
