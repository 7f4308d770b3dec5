#include "domain_fixture.h"


static billing_invoice_t
an_invoice(int64_t total, int64_t tax)
{
    return (billing_invoice_t) {
        .total = usd(total), .tax = usd(tax), .paid = usd(0),
        .credited = usd(0), .refunded = usd(0)
    };
}


static const char *
state_of(const billing_invoice_t *invoice)
{
    return billing_invoice_state_name(billing_invoice_state(invoice));
}


static void
r132_the_state_is_read_from_what_came_after(void **state)
{
    billing_invoice_t  invoice = an_invoice(1000, 0);

    (void) state;

    assert_string_equal(state_of(&invoice), "open");
    invoice.draft = true;
    assert_string_equal(state_of(&invoice), "draft");
    invoice.dropped = true;
    assert_string_equal(state_of(&invoice), "void");

    invoice = an_invoice(1000, 0);
    invoice.paid = usd(999);
    assert_string_equal(state_of(&invoice), "open");
    assert_int_equal(billing_invoice_open(&invoice).minor, 1);
    invoice.given_up = true;
    assert_string_equal(state_of(&invoice), "uncollectible");
    invoice.paid = usd(1000);
    assert_string_equal(state_of(&invoice), "paid");

    /* All of it given back: nothing is open again. */

    invoice.credited = usd(1000);
    invoice.refunded = usd(1000);
    assert_int_equal(billing_invoice_open(&invoice).minor, 0);
    assert_string_equal(state_of(&invoice), "void");
    invoice.refunded = usd(400);
    invoice.credited = usd(400);
    assert_string_equal(state_of(&invoice), "paid");

    invoice = an_invoice(1000, 0);
    invoice.credited = usd(1000);
    assert_string_equal(state_of(&invoice), "void");
    invoice.credited = usd(600);
    invoice.paid = usd(400);
    assert_string_equal(state_of(&invoice), "paid");

    invoice = an_invoice(0, 0);
    assert_string_equal(state_of(&invoice), "paid");
    assert_string_equal(billing_invoice_state_name(BILLING_INVOICE_STATES),
                        "none");
}


static void
r85_what_is_too_much_or_too_late_is_balance(void **state)
{
    billing_invoice_t  invoice = an_invoice(1000, 0);
    billing_payment_t  paid;

    (void) state;

    assert_reason(billing_invoice_pay(&invoice, usd(400), &paid), ALLOW);
    assert_int_equal(paid.applied.minor, 400);
    assert_int_equal(paid.balance.minor, 0);

    invoice.paid = usd(400);
    assert_reason(billing_invoice_pay(&invoice, usd(700), &paid), ALLOW);
    assert_int_equal(paid.applied.minor, 600);
    assert_int_equal(paid.balance.minor, 100);

    invoice.given_up = true;            /* section 8 point 14 */
    assert_reason(billing_invoice_pay(&invoice, usd(700), &paid), ALLOW);
    assert_int_equal(paid.applied.minor, 0);
    assert_int_equal(paid.balance.minor, 700);

    invoice = an_invoice(1000, 0);
    invoice.credited = usd(1000);
    assert_reason(billing_invoice_pay(&invoice, usd(1), &paid), ALLOW);
    assert_int_equal(paid.balance.minor, 1);

    assert_reason(billing_invoice_pay(&invoice, usd(0), &paid), FIELD_TYPE);
    assert_reason(billing_invoice_pay(&invoice,
                      (billing_money_t) { 5, billing_currency_parse("EUR",
                                                                    3) },
                      &paid), PAYMENT_CURRENCY);
}


static void
p12_parts_of_an_invoice_carry_their_tax(void **state)
{
    random_t          random = { 192 };
    billing_credit_t  credit;

    (void) state;

    for (unsigned i = 0; i < 20000; i++) {
        int64_t            net = 1 + (int64_t) random_below(&random, 100000);
        int64_t            tax = (int64_t) random_below(&random, 25000);
        int64_t            asked, paid;
        billing_invoice_t  invoice = an_invoice(net + tax, tax);

        paid = (int64_t) random_below(&random, (uint64_t) (net + tax));
        asked = (int64_t) random_below(&random, (uint64_t) net * 2);
        invoice.paid = usd(paid);

        assert_int_equal(billing_invoice_credit(&invoice, usd(asked),
                             BILLING_ROUND_HALF_UP, &credit), BILLING_OK);
        assert_int_equal(credit.gross.minor,
                         credit.net.minor + credit.tax.minor);
        assert_true(credit.gross.minor <= net + tax - paid);
        assert_true(credit.net.minor <= asked);
        assert_true(credit.net.minor >= 0 && credit.tax.minor >= 0);

        if (credit.gross.minor < net + tax - paid) {
            assert_int_equal(credit.net.minor, asked);
        }
    }
}


static void
r192_a_part_given_back_has_its_tax(void **state)
{
    billing_credit_t   credit;
    billing_invoice_t  invoice = an_invoice(1200, 200);

    (void) state;

    assert_int_equal(billing_invoice_part(&invoice, usd(1200),
                         BILLING_ROUND_HALF_UP, &credit), BILLING_OK);
    assert_int_equal(credit.tax.minor, 200);
    assert_int_equal(billing_invoice_part(&invoice, usd(601),
                         BILLING_ROUND_HALF_UP, &credit), BILLING_OK);
    assert_int_equal(credit.tax.minor, 100);
    assert_int_equal(credit.net.minor, 501);
    assert_int_equal(billing_invoice_part(&invoice, usd(1201),
                         BILLING_ROUND_HALF_UP, &credit), BILLING_ERANGE);
    assert_int_equal(billing_invoice_credit(&invoice, usd(-1),
                         BILLING_ROUND_HALF_UP, &credit), BILLING_ERANGE);
}


static void
r136_seats_alone_make_no_team_unpaid_until_they_are_late(void **state)
{
    billing_catalogue_t  catalogue = a_catalogue();
    billing_owed_t       owed = { .seats = true };
    billing_team_t       team = a_paid_team(&catalogue, BILLING_PLAN_TEAM,
                                    BILLING_PERIOD_YEARLY, 12, "2026-01-01");

    (void) state;

    assert_int_equal(billing_owed_state(&team, &owed), BILLING_STATE_ACTIVE);
    owed.late = true;
    assert_int_equal(billing_owed_state(&team, &owed),
                     BILLING_STATE_PAST_DUE);
    owed = (billing_owed_t) { .period = true };
    team.state = BILLING_STATE_PAST_DUE;
    assert_int_equal(billing_owed_state(&team, &owed),
                     BILLING_STATE_ACTIVE_UNPAID);
    owed = (billing_owed_t) { .card_failing = true };
    assert_int_equal(billing_owed_state(&team, &owed),
                     BILLING_STATE_PAST_DUE);
    owed.card_failing = false;
    assert_int_equal(billing_owed_state(&team, &owed), BILLING_STATE_ACTIVE);

    /* Elsewhere invoices say nothing of the state. */

    owed = (billing_owed_t) { .period = true, .late = true };

    for (unsigned s = 0; s < BILLING_STATES; s++) {
        if (s == BILLING_STATE_ACTIVE || s == BILLING_STATE_ACTIVE_UNPAID
            || s == BILLING_STATE_PAST_DUE)
        {
            continue;
        }

        team.state = (billing_state_t) s;
        assert_int_equal(billing_owed_state(&team, &owed), s);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(r132_the_state_is_read_from_what_came_after),
        cmocka_unit_test(r85_what_is_too_much_or_too_late_is_balance),
        cmocka_unit_test(p12_parts_of_an_invoice_carry_their_tax),
        cmocka_unit_test(r192_a_part_given_back_has_its_tax),
        cmocka_unit_test(
            r136_seats_alone_make_no_team_unpaid_until_they_are_late)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("invoice", tests, NULL, NULL);
}
