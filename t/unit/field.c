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
        { BILLING_FIELD_ROLE, "\"company_admin\"", "company_admin",
          BILLING_ALLOW },
        { BILLING_FIELD_ROLE, "\"billing_admin\"", "",
          BILLING_ROLE_INVALID },
        { BILLING_FIELD_FROM, "\"pricing\"", "pricing", BILLING_ALLOW },
        { BILLING_FIELD_FROM, "\"mail\"", "", BILLING_FIELD_TYPE },
        { BILLING_FIELD_SPAN, "\"15m\"", "15m", BILLING_ALLOW },
        { BILLING_FIELD_SPAN, "\"m\"", "", BILLING_FIELD_TYPE },
        { BILLING_FIELD_SPAN, "\"1y\"", "", BILLING_FIELD_TYPE },
        { BILLING_FIELD_BOOL, "true", "", BILLING_ALLOW },
        { BILLING_FIELD_BOOL, "0", "", BILLING_FIELD_TYPE },
        { BILLING_FIELD_BOOL, "\"true\"", "", BILLING_FIELD_TYPE },
        { BILLING_FIELD_ID, "\"i_1\"", "i_1", BILLING_ALLOW },
        { BILLING_FIELD_ID, "\"i:1\"", "", BILLING_FIELD_TYPE },
        { BILLING_FIELD_TEAM_OR_NULL, "\"t_1\"", "t_1", BILLING_ALLOW },
        { BILLING_FIELD_TEAM_OR_NULL, "null", "", BILLING_ALLOW },
        { BILLING_FIELD_TEAM_OR_NULL, "1", "", BILLING_FIELD_TYPE },
        { BILLING_FIELD_DOMAIN, "\"Sub.Example.TEST\"", "sub.example.test",
          BILLING_ALLOW },
        { BILLING_FIELD_DOMAIN, "\"example\"", "", BILLING_DOMAIN_INVALID },
        { BILLING_FIELD_DOMAIN, "\"*.example.test\"", "",
          BILLING_DOMAIN_INVALID },
        { BILLING_FIELD_DOMAIN, "\"a@example.test\"", "",
          BILLING_DOMAIN_INVALID },
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


static json_t *
emails(const char *text, billing_reason_t reason)
{
    json_t           *out, *value = json_loads(text, JSON_DECODE_ANY, NULL);
    billing_field_t   field = { .name = "emails", .required = true,
                                .type = BILLING_FIELD_EMAILS };

    assert_non_null(value);
    assert_int_equal(billing_field_check(&field, value, &out), reason);
    assert_int_equal(out != NULL, reason == BILLING_ALLOW);
    json_decref(value);

    return out;
}


static void
r202_a_list_of_addresses_keeps_its_order(void **state)
{
    json_t  *list;

    (void) state;

    list = emails("[\"B@x.test\", \"a@x.test\", \"b@X.test\"]",
                  BILLING_ALLOW);
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(json_string_value(json_array_get(list, 0)),
                        "b@x.test");
    assert_string_equal(json_string_value(json_array_get(list, 1)),
                        "a@x.test");
    json_decref(list);

    (void) emails("[]", BILLING_FIELD_TYPE);
    (void) emails("{}", BILLING_FIELD_TYPE);
    (void) emails("\"a@x.test\"", BILLING_FIELD_TYPE);
    (void) emails("[1]", BILLING_FIELD_TYPE);
    (void) emails("[\"a@x.test\", \"a\"]", BILLING_EMAIL_INVALID);
    (void) emails("[\"a@x.test\", \"4242424242424242\"]",
                  BILLING_CARD_NUMBER_REFUSED);
}


static void
no_more_addresses_than_fifty(void **state)
{
    char  text[64 * (BILLING_EMAILS_MAX + 1)] = "[", *p = text + 1;

    (void) state;

    for (unsigned i = 0; i < BILLING_EMAILS_MAX; i++) {
        p += sprintf(p, "%s\"m%u@x.test\"", i == 0 ? "" : ",", i);
    }

    strcpy(p, "]");
    json_decref(emails(text, BILLING_ALLOW));
    strcpy(p, ",\"last@x.test\"]");
    (void) emails(text, BILLING_FIELD_TYPE);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(optional_members_may_be_empty),
        cmocka_unit_test(each_type_takes_its_own),
        cmocka_unit_test(r202_a_list_of_addresses_keeps_its_order),
        cmocka_unit_test(no_more_addresses_than_fifty),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
