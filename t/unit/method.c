#include "domain_fixture.h"


static const char *
by(billing_method_t method, billing_plan_t plan, uint32_t seats,
    billing_period_t period)
{
    billing_order_t      order = an_order(plan, seats, period);
    billing_catalogue_t  catalogue = a_catalogue();

    order.method = method;

    return billing_reason_code(billing_method_allowed(&catalogue, &order));
}


#define INVOICE  BILLING_METHOD_INVOICE
#define CARD     BILLING_METHOD_CARD
#define YEARLY   BILLING_PERIOD_YEARLY
#define MONTHLY  BILLING_PERIOD_MONTHLY


static void
r78_card_pays_for_everything(void **state)
{
    (void) state;

    assert_string_equal(by(CARD, BILLING_PLAN_TEAM, 1, MONTHLY), "ALLOW");
    assert_string_equal(by(CARD, BILLING_PLAN_TEAM, 100, YEARLY), "ALLOW");
    assert_string_equal(by(CARD, BILLING_PLAN_BUSINESS, 5, MONTHLY),
                        "ALLOW");
    assert_string_equal(by(CARD, BILLING_PLAN_CONSULTANT, 1, YEARLY),
                        "ALLOW");
}


static void
r79_invoice_on_team_is_yearly_and_over_10_seats(void **state)
{
    (void) state;

    assert_string_equal(by(INVOICE, BILLING_PLAN_TEAM, 10, YEARLY),
                        "INVOICE_TEAM_SEATS");
    assert_string_equal(by(INVOICE, BILLING_PLAN_TEAM, 11, YEARLY), "ALLOW");
    assert_string_equal(by(INVOICE, BILLING_PLAN_TEAM, 11, MONTHLY),
                        "INVOICE_TEAM_YEARLY");
    assert_string_equal(by(INVOICE, BILLING_PLAN_TEAM, 10, MONTHLY),
                        "INVOICE_TEAM_YEARLY");
}


static void
r80_invoice_on_business_has_no_condition(void **state)
{
    (void) state;

    assert_string_equal(by(INVOICE, BILLING_PLAN_BUSINESS, 5, MONTHLY),
                        "ALLOW");
    assert_string_equal(by(INVOICE, BILLING_PLAN_BUSINESS, 5, YEARLY),
                        "ALLOW");
}


static void
r82_no_invoice_for_consultant(void **state)
{
    (void) state;

    assert_string_equal(by(INVOICE, BILLING_PLAN_CONSULTANT, 50, YEARLY),
                        "INVOICE_PLAN");
}


static void
r84_no_other_method(void **state)
{
    (void) state;

    assert_string_equal(by(BILLING_METHOD_NONE, BILLING_PLAN_TEAM, 5,
                           YEARLY),
                        "PAYMENT_METHOD_UNSUPPORTED");
    assert_string_equal(by(BILLING_METHODS, BILLING_PLAN_TEAM, 5, YEARLY),
                        "PAYMENT_METHOD_UNSUPPORTED");
    assert_string_equal(by(CARD, BILLING_PLAN_NONE, 5, YEARLY),
                        "PLAN_UNKNOWN");
    assert_string_equal(by(CARD, BILLING_PLANS, 5, YEARLY), "PLAN_UNKNOWN");
}


/* After what can be put right by the order itself. */

static void
r86_not_in_every_country(void **state)
{
    billing_order_t      order = an_order(BILLING_PLAN_BUSINESS, 5, YEARLY);
    billing_catalogue_t  catalogue = a_catalogue();

    (void) state;

    order.invoice_excluded = true;
    assert_reason(billing_method_allowed(&catalogue, &order), ALLOW);
    order.method = INVOICE;
    assert_reason(billing_method_allowed(&catalogue, &order),
                  INVOICE_COUNTRY);
    order.plan = BILLING_PLAN_TEAM;
    assert_reason(billing_method_allowed(&catalogue, &order),
                  INVOICE_TEAM_SEATS);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(r78_card_pays_for_everything),
        cmocka_unit_test(r79_invoice_on_team_is_yearly_and_over_10_seats),
        cmocka_unit_test(r80_invoice_on_business_has_no_condition),
        cmocka_unit_test(r82_no_invoice_for_consultant),
        cmocka_unit_test(r84_no_other_method),
        cmocka_unit_test(r86_not_in_every_country)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("method", tests, NULL, NULL);
}
