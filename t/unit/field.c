#include "api_fixture.h"


static billing_reason_t
check(billing_field_t field, const char *text, const char *normal)
{
    json_t            *value = json_loads(text, JSON_DECODE_ANY, NULL);
    json_t            *out;
    billing_reason_t   reason;

    assert_non_null(value);
    reason = billing_field_check(&field, value, &out);
    assert_string_equal(out != NULL && json_is_string(out)
                        ? json_string_value(out) : "", normal);
    assert_true(out == NULL || reason == BILLING_ALLOW);
    json_decref(out);
    json_decref(value);

    return reason;
}


static void
optional_members_may_be_empty(void **state)
{
    billing_field_t  field = { .name = "x", .type = BILLING_FIELD_WORD,
                               .max = 5, .reason = BILLING_PROMO_UNKNOWN };

    (void) state;

    assert_int_equal(check(field, "null", ""), BILLING_ALLOW);
    assert_int_equal(check(field, "\"\"", ""), BILLING_ALLOW);
    assert_int_equal(check(field, "\"ab\"", "ab"), BILLING_ALLOW);
    assert_int_equal(check(field, "\"abcde\"", "abcde"), BILLING_ALLOW);
    assert_int_equal(check(field, "\"abcdef\"", ""), BILLING_PROMO_UNKNOWN);
    assert_int_equal(check(field, "\"a b\"", ""), BILLING_PROMO_UNKNOWN);
    assert_int_equal(check(field, "\"\xc3\xa9\"", ""), BILLING_PROMO_UNKNOWN);
    assert_int_equal(check(field, "1", ""), BILLING_FIELD_TYPE);
    assert_int_equal(check(field, "false", ""), BILLING_FIELD_TYPE);

    field.required = true;
    assert_int_equal(check(field, "null", ""), BILLING_FIELD_TYPE);
    assert_int_equal(check(field, "\"\"", ""), BILLING_FIELD_MISSING);
}


static void
each_type_takes_its_own(void **state)
{
    static const struct {
        billing_field_type_t   type;
        const char            *text;
        const char            *normal;
        billing_reason_t       reason;
    } cases[] = {
        { BILLING_FIELD_TEAM, "\"t_1\"", "t_1", BILLING_ALLOW },
        { BILLING_FIELD_TEAM, "\"t:1\"", "", BILLING_TEAM_NOT_FOUND },
        { BILLING_FIELD_BOARD, "\"a b\"", "", BILLING_BOARD_NOT_FOUND },
        { BILLING_FIELD_OPERATION, "\"a/b\"", "",
          BILLING_OPERATION_NOT_FOUND },
        { BILLING_FIELD_NAME, "\" \"", "", BILLING_NAME_INVALID },
        { BILLING_FIELD_EMAIL, "\"A@B.test\"", "a@b.test", BILLING_ALLOW },
        { BILLING_FIELD_EMAIL, "\"a@b.test,c@d.test\"", "",
          BILLING_EMAIL_INVALID },
        { BILLING_FIELD_EMAIL, "\"a@b.test\\r\\nBcc: c@d.test\"", "",
          BILLING_EMAIL_INVALID },
        { BILLING_FIELD_ROLE, "\"member\"", "member", BILLING_ALLOW },
        { BILLING_FIELD_ROLE, "\"Member\"", "", BILLING_ROLE_INVALID },
        { BILLING_FIELD_ROLE, "\"company_admin\"", "",
          BILLING_ROLE_INVALID },
        { BILLING_FIELD_FROM, "\"pricing\"", "pricing", BILLING_ALLOW },
        { BILLING_FIELD_FROM, "\"mail\"", "", BILLING_FIELD_TYPE },
        { BILLING_FIELD_SPAN, "\"15m\"", "15m", BILLING_ALLOW },
        { BILLING_FIELD_SPAN, "\"m\"", "", BILLING_FIELD_TYPE },
        { BILLING_FIELD_SPAN, "\"1y\"", "", BILLING_FIELD_TYPE },
        { BILLING_FIELD_BOOL, "true", "", BILLING_ALLOW },
        { BILLING_FIELD_BOOL, "0", "", BILLING_FIELD_TYPE },
        { BILLING_FIELD_BOOL, "\"true\"", "", BILLING_FIELD_TYPE },
        { BILLING_FIELD_TEXT, "\"a\\nb\"", "a\nb", BILLING_ALLOW },
        { BILLING_FIELD_TEXT, "\"a\\rb\"", "", BILLING_FIELD_TYPE },
        { BILLING_FIELD_TEXT, "\"\\u007f\"", "", BILLING_FIELD_TYPE }
    };

    (void) state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        billing_field_t  field = { .name = "x", .type = cases[i].type,
                                   .required = true, .max = 100 };

        if (check(field, cases[i].text, cases[i].normal) != cases[i].reason) {
            fail_msg("%s", cases[i].text);
        }
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(optional_members_may_be_empty),
        cmocka_unit_test(each_type_takes_its_own),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
