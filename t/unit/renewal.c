#include "domain_fixture.h"


static billing_quote_t      quote;
static billing_catalogue_t  catalogue;


static int
set_up(void **state)
{
    (void) state;

    catalogue = a_catalogue();

    return 0;
}


static billing_reason_t
ask(const billing_team_t *team, billing_pay_t pay, const char *when)
{
    billing_sub_order_t  order = { .pay = pay, .now = at(when) };

    return billing_sub_quote(&catalogue, team, &order, &quote);
}


static const billing_line_t *
line(billing_line_kind_t kind)
{
    for (uint32_t i = 0; i < quote.nlines; i++) {
        if (quote.lines[i].kind == kind) {
            return &quote.lines[i];
        }
    }

    return NULL;
}


static void
r168_d1_seats_and_what_is_pending(void **state)
{
    billing_team_t         team = a_paid_team(&catalogue, BILLING_PLAN_TEAM,
                                              BILLING_PERIOD_MONTHLY, 5,
                                              "2020-09-01");
    billing_seat_change_t  change;

    (void) state;

    assert_reason(billing_seat_change(&catalogue, &team, 7, at("2020-09-15"),
                                      &change), ALLOW);
    billing_team_resize(&team, &change);
    assert_reason(billing_renewal_quote(&catalogue, &team, 0, &quote), ALLOW);
    assert_int_equal(quote.total.minor, 8067);
    assert_int_equal(quote.due_now.minor, 8067);
    assert_int_equal(line(BILLING_LINE_PENDING)->amount.minor, 1067);
    assert_int_equal(quote.span.start_at, at("2020-10-01"));
    assert_int_equal(quote.span.end_at, at("2020-11-01"));

    billing_team_renew(&team, &quote);
    assert_int_equal(team.state, BILLING_STATE_ACTIVE);
    assert_int_equal(team.paid.minor, 7000);
    assert_int_equal(team.pending.minor, 0);
    assert_int_equal(team.anchor_at, at("2020-09-01"));
    assert_int_equal(team.current.end_at, at("2020-11-01"));
    assert_int_equal(team.unit.minor, 1000);
}


static void
r168_d11_credit_then_tax_on_what_is_left(void **state)
{
    billing_team_t  team = a_paid_team(&catalogue, BILLING_PLAN_TEAM,
                                       BILLING_PERIOD_MONTHLY, 5,
                                       "2020-09-01");

    (void) state;

    team.pending = usd(533);
    team.credit = usd(5000);
    assert_reason(billing_renewal_quote(&catalogue, &team, 2000, &quote),
                  ALLOW);
    assert_int_equal(quote.credit.minor, -5000);
    assert_int_equal(quote.tax.minor, 107);
    assert_int_equal(quote.total.minor, 640);

    /* More credit than price stays as balance (R159). */

    team.credit = usd(9000);
    assert_reason(billing_renewal_quote(&catalogue, &team, 2000, &quote),
                  ALLOW);
    assert_int_equal(quote.total.minor, 0);
    assert_int_equal(quote.credit_left.minor, 9000 - 5533);
    billing_team_renew(&team, &quote);
    assert_int_equal(team.credit.minor, 9000 - 5533);
    assert_int_equal(team.paid.minor, 5000);
}


static void
r163_d5_monthly_to_yearly(void **state)
{
    billing_team_t  team = a_paid_team(&catalogue, BILLING_PLAN_TEAM,
                                       BILLING_PERIOD_MONTHLY, 4,
                                       "2021-09-01");

    (void) state;

    assert_reason(ask(&team, BILLING_PAY_YEARLY, "2021-09-15"), ALLOW);
    assert_int_equal(line(BILLING_LINE_CREDIT)->amount.minor, -2133);
    assert_int_equal(quote.total.minor, 36267);
    assert_int_equal(quote.span.end_at, at("2022-09-15"));

    billing_team_purchase(&team, &quote, at("2021-09-15"));
    assert_int_equal(team.period, BILLING_PERIOD_YEARLY);
    assert_int_equal(team.anchor_at, at("2021-09-15"));
    assert_int_equal(team.paid.minor, 38400);

    assert_reason(ask(&team, BILLING_PAY_YEARLY, "2021-09-16"), SWITCH_SAME);
    team.state = BILLING_STATE_CANCELLED;
    assert_reason(ask(&team, BILLING_PAY_YEARLY, "2021-09-16"),
                  SUBSCRIPTION_CANCELLED);
}


static void
r188_scheduled_down_at_the_end(void **state)
{
    billing_team_t  team = a_paid_team(&catalogue, BILLING_PLAN_BUSINESS,
                                       BILLING_PERIOD_YEARLY, 6,
                                       "2024-02-29");

    (void) state;

    team.scheduled_plan = BILLING_PLAN_TEAM;
    team.discount_percent = 25;
    team.discount_left = 2;
    assert_reason(billing_renewal_quote(&catalogue, &team, 0, &quote), ALLOW);
    assert_int_equal(quote.plan, BILLING_PLAN_TEAM);
    assert_int_equal(quote.total.minor, 6 * 9600);
    assert_null(line(BILLING_LINE_DISCOUNT));

    billing_team_renew(&team, &quote);
    assert_int_equal(team.plan, BILLING_PLAN_TEAM);
    assert_int_equal(team.scheduled_plan, BILLING_PLAN_NONE);
    assert_int_equal(team.current.start_at, at("2025-02-28"));
    assert_int_equal(team.discount_percent, 0);
}


static void
r96_r98_the_discount_lasts_its_periods(void **state)
{
    billing_team_t   team = a_free_team(5);
    billing_order_t  order = an_order(BILLING_PLAN_BUSINESS, 5,
                                      BILLING_PERIOD_MONTHLY);

    (void) state;

    catalogue.plans[BILLING_PLAN_BUSINESS].volume = (billing_volume_t) {
        .percent = 25, .seats_min = 5,
        .periods = { [BILLING_PERIOD_MONTHLY] = 3,
                     [BILLING_PERIOD_YEARLY] = 1 }
    };

    assert_reason(billing_quote(&catalogue, &team, &order, at("2026-01-31"),
                                &quote), ALLOW);
    assert_int_equal(quote.total.minor, 7500);
    assert_int_equal(quote.renewal_total.minor, 7500);
    assert_false(quote.promo_spent);
    billing_team_purchase(&team, &quote, at("2026-01-31"));
    assert_int_equal(team.paid.minor, 7500);
    assert_int_equal(team.unit.minor, 2000);
    assert_int_equal(team.discount_percent, 25);
    assert_int_equal(team.discount_left, 2);

    for (unsigned period = 2; period <= 4; period++) {
        assert_reason(billing_renewal_quote(&catalogue, &team, 0, &quote),
                      ALLOW);
        assert_int_equal(quote.total.minor, period <= 3 ? 7500 : 10000);
        assert_int_equal(quote.renewal_total.minor,
                         period <= 2 ? 7500 : 10000);
        billing_team_renew(&team, &quote);
    }

    assert_int_equal(team.discount_percent, 0);
    assert_int_equal(team.current.start_at, at("2026-04-30"));
}


static void
r97_too_few_seats_renew_at_the_list_price(void **state)
{
    billing_team_t  team = a_paid_team(&catalogue, BILLING_PLAN_BUSINESS,
                                       BILLING_PERIOD_MONTHLY, 5,
                                       "2026-01-01");

    (void) state;

    team.discount_percent = 25;
    team.discount_left = 2;
    team.discount_seats_min = 5;
    assert_reason(billing_renewal_quote(&catalogue, &team, 0, &quote), ALLOW);
    assert_int_equal(quote.total.minor, 7500);
    team.discount_seats_min = 6;
    assert_reason(billing_renewal_quote(&catalogue, &team, 0, &quote), ALLOW);
    assert_int_equal(quote.total.minor, 10000);
}


static void
r184_after_expiry_a_new_period_begins(void **state)
{
    billing_team_t  team = a_paid_team(&catalogue, BILLING_PLAN_TEAM,
                                       BILLING_PERIOD_MONTHLY, 150,
                                       "2026-01-01");

    (void) state;

    assert_reason(ask(&team, BILLING_PAY_REACTIVATE, "2026-01-15"),
                  NOT_CANCELLED);
    team.state = BILLING_STATE_CANCELLED;
    assert_reason(ask(&team, BILLING_PAY_REACTIVATE, "2026-01-15"),
                  NOT_CANCELLED);
    team.state = BILLING_STATE_EXPIRED;
    team.credit = usd(1000);
    assert_reason(ask(&team, BILLING_PAY_REACTIVATE, "2026-03-15"), ALLOW);
    assert_int_equal(quote.total.minor, 150 * 1000 - 1000);
    assert_int_equal(quote.span.start_at, at("2026-03-15"));
    assert_null(line(BILLING_LINE_CREDIT));

    catalogue.plans[BILLING_PLAN_TEAM].selling = false;
    assert_reason(ask(&team, BILLING_PAY_REACTIVATE, "2026-03-15"),
                  PLAN_WITHDRAWN);
}


static void
r147_r178_pending_charges_alone(void **state)
{
    billing_team_t  team = a_paid_team(&catalogue, BILLING_PLAN_TEAM,
                                       BILLING_PERIOD_YEARLY, 3,
                                       "2020-08-17");

    (void) state;

    team.pending = usd(9179);
    team.credit = usd(79);
    assert_reason(ask(&team, BILLING_PAY_SETTLE, "2020-09-17"), ALLOW);
    assert_int_equal(quote.total.minor, 9100);
    assert_null(line(BILLING_LINE_PLAN));

    billing_team_settle(&team, &quote);
    assert_int_equal(team.pending.minor, 0);
    assert_int_equal(team.credit.minor, 0);
    assert_int_equal(team.paid.minor, 3 * 9600);
    assert_int_equal(team.current.end_at, at("2021-08-17"));

    team.state = BILLING_STATE_CANCELLED;
    assert_reason(ask(&team, BILLING_PAY_SETTLE, "2020-09-17"), ALLOW);
    assert_int_equal(quote.nlines, 0);
    team = a_free_team(1);
    assert_reason(ask(&team, BILLING_PAY_SETTLE, "2020-09-17"),
                  NO_SUBSCRIPTION);
}


static void
r176_what_does_not_renew_has_no_renewal(void **state)
{
    billing_team_t  team = a_paid_team(&catalogue, BILLING_PLAN_TEAM,
                                       BILLING_PERIOD_YEARLY, 3,
                                       "2020-08-17");

    (void) state;

    team.auto_renew = false;
    assert_reason(billing_renewal_quote(&catalogue, &team, 0, &quote),
                  SUBSCRIPTION_CANCELLED);
    team.state = BILLING_STATE_EXPIRED;
    assert_reason(billing_renewal_quote(&catalogue, &team, 0, &quote),
                  TEAM_EXPIRED);
    team.state = BILLING_STATE_ENTERPRISE;
    assert_reason(billing_renewal_quote(&catalogue, &team, 0, &quote),
                  PLAN_ENTERPRISE_CONTACT);
    assert_reason(ask(&team, BILLING_PAYS, "2020-09-17"), INTERNAL);
}


static void
r50_a_withdrawn_plan_renews_at_its_price(void **state)
{
    billing_team_t  team = a_paid_team(&catalogue, BILLING_PLAN_CONSULTANT,
                                       BILLING_PERIOD_MONTHLY, 1,
                                       "2022-08-17");

    (void) state;

    catalogue.plans[BILLING_PLAN_CONSULTANT].selling = false;
    assert_reason(billing_renewal_quote(&catalogue, &team, 0, &quote), ALLOW);
    assert_int_equal(quote.total.minor, 1500);

    catalogue.plans[BILLING_PLAN_CONSULTANT] = (billing_terms_t) { 0 };
    team.unit = usd(1400);
    assert_reason(billing_renewal_quote(&catalogue, &team, 0, &quote), ALLOW);
    assert_int_equal(quote.total.minor, 1400);
    team.unit = usd(0);
    assert_reason(billing_renewal_quote(&catalogue, &team, 0, &quote),
                  BILLING_TYPE_INVALID);
}


static void
r137_by_invoice_nothing_is_due_now(void **state)
{
    billing_team_t  team = a_paid_team(&catalogue, BILLING_PLAN_TEAM,
                                       BILLING_PERIOD_YEARLY, 12,
                                       "2022-08-17");

    (void) state;

    team.method = BILLING_METHOD_INVOICE;
    assert_reason(billing_renewal_quote(&catalogue, &team, 0, &quote), ALLOW);
    assert_int_equal(quote.due_now.minor, 0);
    assert_int_equal(quote.total.minor, 12 * 9600);
    billing_team_renew(&team, &quote);
    assert_int_equal(team.state, BILLING_STATE_ACTIVE_UNPAID);
    assert_true(team.invoice_open);
}


/* Forty years of changes and renewals: what was charged is what was used. */

static void
p12_years_of_renewals_balance(void **state)
{
    random_t  random = { 168 };

    (void) state;

    for (unsigned life = 0; life < 500; life++) {
        int64_t         in = 0, due = 0;
        billing_team_t  team;

        team = a_paid_team(&catalogue, BILLING_PLAN_TEAM,
                           life % 2 ? BILLING_PERIOD_MONTHLY
                                    : BILLING_PERIOD_YEARLY,
                           10, "2020-01-31");
        team.members = 1;
        in = due = team.paid.minor;

        for (unsigned i = 0; i < 40; i++) {
            int64_t                span;
            billing_seat_change_t  change;

            span = team.current.end_at - team.current.start_at;
            assert_reason(billing_seat_change(&catalogue, &team,
                              1 + (uint32_t) random_below(&random, 40),
                              team.current.start_at + (int64_t)
                              random_below(&random, (uint64_t) span),
                              &change), ALLOW);
            billing_team_resize(&team, &change);
            due += change.amount.minor;

            assert_reason(billing_renewal_quote(&catalogue, &team, 0,
                                                &quote), ALLOW);
            in += quote.total.minor;
            billing_team_renew(&team, &quote);
            due += team.paid.minor;

            assert_int_equal(in, due + team.credit.minor);
        }
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup(r168_d1_seats_and_what_is_pending, set_up),
        cmocka_unit_test_setup(
            r168_d11_credit_then_tax_on_what_is_left, set_up),
        cmocka_unit_test_setup(r163_d5_monthly_to_yearly, set_up),
        cmocka_unit_test_setup(r188_scheduled_down_at_the_end, set_up),
        cmocka_unit_test_setup(r96_r98_the_discount_lasts_its_periods, set_up),
        cmocka_unit_test_setup(
            r97_too_few_seats_renew_at_the_list_price, set_up),
        cmocka_unit_test_setup(r184_after_expiry_a_new_period_begins, set_up),
        cmocka_unit_test_setup(r147_r178_pending_charges_alone, set_up),
        cmocka_unit_test_setup(r176_what_does_not_renew_has_no_renewal, set_up),
        cmocka_unit_test_setup(
            r50_a_withdrawn_plan_renews_at_its_price, set_up),
        cmocka_unit_test_setup(r137_by_invoice_nothing_is_due_now, set_up),
        cmocka_unit_test_setup(p12_years_of_renewals_balance, set_up)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("renewal", tests, NULL, NULL);
}
