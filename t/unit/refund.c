#include "domain_fixture.h"


static void
r193_added_licences_are_not_refunded(void **state)
{
    billing_refund_t  refund = { true, usd(1000), usd(0), usd(1000), usd(0) };

    (void) state;

    assert_reason(billing_refund_allowed(&refund), REFUND_EXTRA_SEATS);
    refund.extra_seats = false;
    assert_reason(billing_refund_allowed(&refund), ALLOW);
}


static void
p16_never_more_than_was_paid(void **state)
{
    billing_refund_t  refund = { false, usd(1000), usd(400), usd(600), usd(0) };

    (void) state;

    assert_reason(billing_refund_allowed(&refund), ALLOW);
    refund.asked.minor = 601;
    assert_reason(billing_refund_allowed(&refund), REFUND_AMOUNT);
    refund.asked.minor = 0;
    assert_reason(billing_refund_allowed(&refund), REFUND_AMOUNT);
    refund.asked.minor = 1;
    refund.asked.currency = billing_currency_parse("EUR", 3);
    assert_reason(billing_refund_allowed(&refund), REFUND_AMOUNT);
    refund.captured.currency = refund.asked.currency;
    assert_reason(billing_refund_allowed(&refund), INTERNAL);
}


static void
r193_added_licences_in_a_renewal_stay_paid(void **state)
{
    billing_refund_t  refund = { false, usd(1000), usd(0), usd(800),
                                 usd(200) };

    (void) state;

    assert_reason(billing_refund_allowed(&refund), ALLOW);
    assert_int_equal(billing_refund_rest(&refund).minor, 800);
    refund.asked.minor = 801;
    assert_reason(billing_refund_allowed(&refund), REFUND_EXTRA_SEATS);
    refund.asked.minor = 1001;
    assert_reason(billing_refund_allowed(&refund), REFUND_AMOUNT);
    refund.refunded.minor = 900;
    assert_int_equal(billing_refund_rest(&refund).minor, 0);
    refund.asked.minor = 100;
    assert_reason(billing_refund_allowed(&refund), REFUND_EXTRA_SEATS);
    refund.extra_seats = true;
    assert_int_equal(billing_refund_rest(&refund).minor, 0);
}


static void
r158_what_went_back_was_not_paid(void **state)
{
    billing_team_t  team = { .paid = usd(1000) };

    (void) state;

    billing_team_refunded(&team, usd(400));
    assert_int_equal(team.paid.minor, 600);
    billing_team_refunded(&team, (billing_money_t) { 1,
                          billing_currency_parse("EUR", 3) });
    assert_int_equal(team.paid.minor, 600);
    billing_team_refunded(&team, usd(601));
    assert_int_equal(team.paid.minor, 0);
}


static void
r192_decided_once(void **state)
{
    unsigned  steps = 0;

    (void) state;

    for (unsigned from = 0; from <= BILLING_REFUNDS; from++) {
        for (unsigned to = 0; to <= BILLING_REFUNDS; to++) {
            steps += billing_refund_step((billing_refund_state_t) from,
                                         (billing_refund_state_t) to);
        }
    }

    assert_int_equal(steps, 3);
    assert_true(billing_refund_step(BILLING_REFUND_NONE,
                                    BILLING_REFUND_OPEN));
    assert_true(billing_refund_step(BILLING_REFUND_OPEN,
                                    BILLING_REFUND_GRANTED));
    assert_true(billing_refund_step(BILLING_REFUND_OPEN,
                                    BILLING_REFUND_REFUSED));
}


static void
r192_two_persons_are_two(void **state)
{
    static const struct {
        billing_approval_t  a;
        billing_reason_t    reason;
        bool                waits;
    } cases[] = {
        { { false, "", "", 0, 9 }, BILLING_ALLOW, false },
        { { false, "a@x", "a@x", 9, 9 }, BILLING_ALLOW, false },
        { { true, "", "", 0, 9 }, BILLING_APPROVER_MISSING, false },
        { { true, "", "a@x", 9, 9 }, BILLING_APPROVER_MISSING, false },
        { { true, "a@x", "", 0, 9 }, BILLING_ALLOW, true },
        { { true, "a@x", "a@x", 9, 9 }, BILLING_APPROVER_SAME, false },
        { { true, "A@X", "a@x", 9, 9 }, BILLING_APPROVER_SAME, false },
        { { true, "a@xy", "a@x", 9, 9 }, BILLING_ALLOW, false },
        { { true, "b@x", "a@x", 9, 9 }, BILLING_ALLOW, false },
        { { true, "[@x", "{@x", 9, 9 }, BILLING_ALLOW, false },
        { { true, "b@x", "a@x", 9, 9 + BILLING_APPROVAL_SEC - 1 },
          BILLING_ALLOW, false },
        { { true, "b@x", "a@x", 9, 9 + BILLING_APPROVAL_SEC },
          BILLING_ALLOW, true },
        { { true, "a@x", "a@x", 9, 9 + BILLING_APPROVAL_SEC },
          BILLING_ALLOW, true }
    };

    (void) state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool  waits = !cases[i].waits;

        assert_int_equal(billing_approval_step(&cases[i].a, &waits),
                         cases[i].reason);
        assert_int_equal(waits, cases[i].waits);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(r193_added_licences_are_not_refunded),
        cmocka_unit_test(p16_never_more_than_was_paid),
        cmocka_unit_test(r193_added_licences_in_a_renewal_stay_paid),
        cmocka_unit_test(r158_what_went_back_was_not_paid),
        cmocka_unit_test(r192_decided_once),
        cmocka_unit_test(r192_two_persons_are_two)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("refund", tests, NULL, NULL);
}
