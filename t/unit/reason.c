#include "domain_fixture.h"


/* The published refusals, as documents and clients know them. */

static void
section7_codes_and_statuses(void **state)
{
    static const struct {
        billing_reason_t  reason;
        const char       *code;
        unsigned          status;
    } rows[] = {
#define ROW(name, status)  { BILLING_ ## name, #name, status }
        ROW(PAGE_NOT_FOUND_FR, 404), ROW(NOT_A_MEMBER, 403),
        ROW(TEAM_NOT_FOUND, 404), ROW(TEAM_CREATE_ENTERPRISE, 403),
        ROW(TEAM_CREATE_DOMAIN, 403), ROW(UPGRADE_ALREADY_PAID, 409),
        ROW(PLAN_UNKNOWN, 422), ROW(PLAN_ENTERPRISE_CONTACT, 422),
        ROW(PLAN_EDUCATION_APPLY, 422), ROW(PLAN_WITHDRAWN, 422),
        ROW(SEATS_INVALID, 422), ROW(SEATS_BELOW_MEMBERS, 422),
        ROW(SEATS_BELOW_PLAN_MIN, 422), ROW(SEATS_ABOVE_WINDOW_MAX, 422),
        ROW(BILLING_TYPE_INVALID, 422), ROW(PAYMENT_METHOD_UNSUPPORTED, 422),
        ROW(INVOICE_TEAM_SEATS, 422), ROW(INVOICE_TEAM_YEARLY, 422),
        ROW(INVOICE_PLAN, 422), ROW(INVOICE_COUNTRY, 422),
        ROW(INVOICE_EMAIL_MISSING, 422), ROW(BILLING_INFO_MISSING, 422),
        ROW(VAT_ID_INVALID, 422), ROW(SIREN_INVALID, 422),
        ROW(CARD_MISSING, 422),
        ROW(CARD_INVALID, 402), ROW(CARD_EXPIRED, 402),
        ROW(CARD_FUNDS, 402), ROW(CARD_DECLINED, 402),
        ROW(CARD_AUTH_REQUIRED, 402), ROW(CARD_AUTH_FAILED, 402),
        ROW(CARD_PAUSED, 429), ROW(PURCHASE_PAUSED, 429),
        ROW(PROMO_UNKNOWN, 422), ROW(PROMO_EXPIRED, 422),
        ROW(PROMO_USED, 422), ROW(PROMO_PAUSED, 429),
        ROW(PROMO_NOT_APPLICABLE, 422), ROW(BILLING_RIGHTS, 403),
        ROW(ADMIN_RIGHTS, 403), ROW(SUBSCRIPTION_CANCELLED, 409),
        ROW(ALREADY_CANCELLED, 409), ROW(NOT_CANCELLED, 409),
        ROW(NO_SUBSCRIPTION, 409), ROW(SWITCH_TO_MONTHLY, 409),
        ROW(SWITCH_SAME, 409), ROW(INVOICE_TO_CARD, 409),
        ROW(SIZE_BELOW_MEMBERS, 422), ROW(INVOICE_LOCKED, 409),
        ROW(INVOICE_NOT_FOUND, 404), ROW(BILLING_HIDDEN, 410),
        ROW(TEAM_EXPIRED, 403), ROW(BOARD_LOCKED_LIMIT, 403),
        ROW(BOARD_LOCKED_PRIVATE, 403), ROW(BOARD_NOT_OWNER, 403),
        ROW(BOARD_DEST, 403), ROW(BOARD_MOVE_FORBIDDEN, 403),
        ROW(INVITE_FORBIDDEN, 403), ROW(LAST_TEAM, 409),
        ROW(DAYPASS_OFF, 403), ROW(LICENCE_REQUEST, 403),
        ROW(REFUND_EXTRA_SEATS, 409), ROW(ENTERPRISE_FORM_INCOMPLETE, 422),
#undef ROW
    };

    (void) state;

    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_string_equal(billing_reason_code(rows[i].reason),
                            rows[i].code);
        assert_int_equal(billing_reason_status(rows[i].reason),
                         rows[i].status);
    }
}


static void
every_reason_has_a_code_of_its_own(void **state)
{
    (void) state;

    for (unsigned i = 0; i < BILLING_REASONS; i++) {
        const char  *code = billing_reason_code((billing_reason_t) i);
        unsigned     status = billing_reason_status((billing_reason_t) i);

        assert_true(strlen(code) > 3);
        assert_true(i == BILLING_ALLOW ? status == 200
                    : i == BILLING_PAYMENT_UNKNOWN ? status == 202
                    : status >= 400 && status <= 599);

        for (unsigned k = 0; k < i; k++) {
            assert_string_not_equal(code,
                                    billing_reason_code((billing_reason_t)
                                                        k));
        }
    }
}


static void
a_value_that_is_no_reason_is_our_own_fault(void **state)
{
    (void) state;

    assert_reason(BILLING_REASONS, INTERNAL);
    assert_reason((billing_reason_t) 100000, INTERNAL);
    assert_int_equal(billing_reason_status(BILLING_REASONS), 500);
    assert_null(billing_reason_field(BILLING_REASONS));
}


static void
the_field_at_fault_is_named(void **state)
{
    (void) state;

    assert_string_equal(billing_reason_field(BILLING_SEATS_BELOW_MEMBERS),
                        "seats");
    assert_string_equal(billing_reason_field(BILLING_PLAN_UNKNOWN), "plan");
    assert_string_equal(billing_reason_field(BILLING_BILLING_TYPE_INVALID),
                        "period");
    assert_string_equal(billing_reason_field(BILLING_PROMO_EXPIRED),
                        "promo");
    assert_null(billing_reason_field(BILLING_ALLOW));
    assert_null(billing_reason_field(BILLING_BILLING_RIGHTS));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(section7_codes_and_statuses),
        cmocka_unit_test(every_reason_has_a_code_of_its_own),
        cmocka_unit_test(a_value_that_is_no_reason_is_our_own_fault),
        cmocka_unit_test(the_field_at_fault_is_named)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("reason", tests, NULL, NULL);
}
