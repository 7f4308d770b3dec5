#include "gateway_fixture.h"


static void
a_charge_says_all_that_matters(void **state)
{
    billing_charge_t           charge = a_charge();
    billing_gateway_request_t  out;

    (void) state;

    assert_int_equal(billing_gateway_charge(&charge, &out), BILLING_OK);
    assert_true(out.post);
    assert_string_equal(out.path, "/v1/payment_intents");
    assert_string_equal(out.body, "amount=9600&currency=usd&customer=cus_1"
        "&payment_method=pm_1&payment_method_types[]=card&confirm=true"
        "&metadata[checkout]=" CHECKOUT "&metadata[team]=t_1"
        "&metadata[attempt]=2");
    assert_int_equal(out.body_len, strlen(out.body));

    charge.off_session = true;
    assert_int_equal(billing_gateway_charge(&charge, &out), BILLING_OK);
    assert_non_null(strstr(out.body, "&off_session=true"));
}


static void
a_charge_that_makes_no_sense_is_not_built(void **state)
{
    billing_charge_t           charge = a_charge();
    billing_gateway_request_t  out;

    (void) state;

    charge.amount.minor = 0;
    assert_int_equal(billing_gateway_charge(&charge, &out), BILLING_ERANGE);
    charge.amount.minor = -1;
    assert_int_equal(billing_gateway_charge(&charge, &out), BILLING_ERANGE);

    charge = a_charge();
    charge.amount.currency = 0;
    assert_int_equal(billing_gateway_charge(&charge, &out),
                     BILLING_ECURRENCY);

    charge = a_charge();
    charge.payment_method = "pm_1&amount=1";
    assert_int_equal(billing_gateway_charge(&charge, &out), BILLING_ERANGE);

    charge = a_charge();
    charge.customer = NULL;
    assert_int_equal(billing_gateway_charge(&charge, &out), BILLING_ERANGE);

    charge = a_charge();
    charge.checkout = "";
    assert_int_equal(billing_gateway_charge(&charge, &out), BILLING_ERANGE);
}


static void
p44_what_people_type_is_encoded(void **state)
{
    char                       name[3000];
    billing_gateway_request_t  out;

    (void) state;

    assert_int_equal(billing_gateway_customer("a+b@example.test",
                                              "É & Co=%\r\n", "t_1", &out),
                     BILLING_OK);
    assert_string_equal(out.path, "/v1/customers");
    assert_string_equal(out.body, "email=a%2Bb%40example.test"
        "&name=%C3%89%20%26%20Co%3D%25%0D%0A&metadata[team]=t_1");

    assert_int_equal(billing_gateway_customer("a@example.test", "", "t_1",
                                              &out), BILLING_OK);
    assert_null(strstr(out.body, "name="));

    memset(name, '&', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(billing_gateway_customer("a@example.test", name, "t_1",
                                              &out), BILLING_ERANGE);
    assert_int_equal(billing_gateway_customer(NULL, NULL, "t_1", &out),
                     BILLING_ERANGE);
}


static void
the_other_calls(void **state)
{
    billing_money_t            amount = { 5, 0 };
    billing_gateway_request_t  out;

    (void) state;

    assert_int_equal(billing_gateway_setup_intent("cus_1", "t_1", &out),
                     BILLING_OK);
    assert_string_equal(out.path, "/v1/setup_intents");
    assert_string_equal(out.body, "customer=cus_1&usage=off_session"
        "&payment_method_types[]=card&metadata[team]=t_1");

    assert_int_equal(billing_gateway_attach("pm_1", "cus_1", &out),
                     BILLING_OK);
    assert_string_equal(out.path, "/v1/payment_methods/pm_1/attach");
    assert_string_equal(out.body, "customer=cus_1");

    assert_int_equal(billing_gateway_lookup("pi_1", &out), BILLING_OK);
    assert_false(out.post);
    assert_string_equal(out.path, "/v1/payment_intents/pi_1");
    assert_string_equal(out.body, "");

    assert_int_equal(billing_gateway_search("cus_1", "", &out), BILLING_OK);
    assert_string_equal(out.path,
                        "/v1/payment_intents?customer=cus_1&limit=100");
    assert_int_equal(billing_gateway_search("cus_1", "pi_9", &out),
                     BILLING_OK);
    assert_string_equal(out.path, "/v1/payment_intents?customer=cus_1"
                                  "&limit=100&starting_after=pi_9");
    assert_false(out.post);

    assert_int_equal(billing_gateway_cancel("pi_1", &out), BILLING_OK);
    assert_string_equal(out.path, "/v1/payment_intents/pi_1/cancel");
    assert_true(out.post);
    assert_int_equal(out.body_len, 0);

    assert_int_equal(billing_gateway_refund("pi_1", amount, CHECKOUT, &out),
                     BILLING_OK);
    assert_string_equal(out.path, "/v1/refunds");
    assert_string_equal(out.body, "payment_intent=pi_1&amount=5"
                                  "&metadata[checkout]=" CHECKOUT);
    amount.minor = 0;
    assert_int_equal(billing_gateway_refund("pi_1", amount, CHECKOUT, &out),
                     BILLING_ERANGE);
}


static void
an_id_cannot_alter_the_path(void **state)
{
    char                       big[98];
    billing_gateway_request_t  out;
    const char *const          bad[] = { "", "pi_1/capture", "../x", "a b",
                                         "a?b", "a#b", "a%2fb", "a\nb", "é" };

    (void) state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(billing_gateway_lookup(bad[i], &out),
                         BILLING_ERANGE);
        assert_int_equal(billing_gateway_cancel(bad[i], &out),
                         BILLING_ERANGE);
        assert_int_equal(billing_gateway_search(bad[i], NULL, &out),
                         BILLING_ERANGE);
        assert_int_equal(billing_gateway_attach(bad[i], "cus_1", &out),
                         BILLING_ERANGE);
        assert_int_equal(billing_gateway_attach("pm_1", bad[i], &out),
                         BILLING_ERANGE);
    }

    memset(big, 'a', 97);
    big[97] = '\0';
    assert_int_equal(billing_gateway_lookup(big, &out), BILLING_ERANGE);
    big[96] = '\0';
    assert_int_equal(billing_gateway_search(big, big, &out), BILLING_OK);
    assert_int_equal(strlen(out.path), 29 + 96 + 10 + 16 + 96);
    assert_int_equal(billing_gateway_lookup(big, &out), BILLING_OK);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_charge_says_all_that_matters),
        cmocka_unit_test(a_charge_that_makes_no_sense_is_not_built),
        cmocka_unit_test(p44_what_people_type_is_encoded),
        cmocka_unit_test(the_other_calls),
        cmocka_unit_test(an_id_cannot_alter_the_path),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
