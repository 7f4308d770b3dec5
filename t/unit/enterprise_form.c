#include "domain_fixture.h"


static const char                *field;
static billing_enterprise_form_t  form;


static int
set_up(void **state)
{
    (void) state;

    form = (billing_enterprise_form_t) {
        .name = "Ada", .email = "ada@example.test", .company = "Engines"
    };

    return 0;
}


static void
missing(const char *name)
{
    assert_reason(billing_enterprise_form_allowed(&form, &field),
                  ENTERPRISE_FORM_INCOMPLETE);
    assert_string_equal(field, name);
}


static void
r213_three_fields_are_enough(void **state)
{
    (void) state;

    assert_reason(billing_enterprise_form_allowed(&form, &field), ALLOW);
    assert_null(field);
}


static void
r213_the_first_one_at_fault_is_named(void **state)
{
    char  text[BILLING_ENTERPRISE_MESSAGE_MAX + 2];

    (void) state;

    memset(text, 'a', sizeof(text));
    text[sizeof(text) - 1] = '\0';

    form.message = text;
    missing("message");
    form.users = -1;
    missing("users");
    form.users = BILLING_ENTERPRISE_USERS_MAX + 1;
    missing("users");
    form.company = "";
    missing("company");
    form.email = "ada";
    missing("email");
    form.email = NULL;
    missing("email");
    form.name = NULL;
    missing("name");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup(r213_three_fields_are_enough, set_up),
        cmocka_unit_test_setup(r213_the_first_one_at_fault_is_named, set_up)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("enterprise_form", tests, NULL, NULL);
}
