#include "store_fixture.h"


static billing_quote_pin_t
a_pin(void)
{
    billing_quote_pin_t  pin = {
        .at = INT64_C(-5), .total_minor = INT64_MAX, .team_version = 7
    };

    memset(pin.catalogue, 0xa5, sizeof(pin.catalogue));

    return pin;
}


static void
a_pin_there_and_back(void **state)
{
    char                 token[BILLING_QUOTE_PIN_MAX];
    billing_secret_t     secret = a_secret(1);
    billing_quote_pin_t  pin = a_pin(), back;

    (void) state;

    assert_int_equal(billing_quote_pin_encode(&secret, "a@example.test",
                                              "t_1", &pin, token),
                     BILLING_OK);
    assert_int_equal(strlen(token), 119);
    assert_int_equal(billing_quote_pin_decode(&secret, "a@example.test",
                                              "t_1", token, &back),
                     BILLING_OK);
    assert_memory_equal(&back, &pin, sizeof(pin));
}


static void
p11_a_pin_is_for_one_actor_and_team(void **state)
{
    char                 token[BILLING_QUOTE_PIN_MAX];
    billing_secret_t     secret = a_secret(1), other = a_secret(2);
    billing_quote_pin_t  pin = a_pin(), back;

    (void) state;

    assert_int_equal(billing_quote_pin_encode(&secret, "a", "t_1", &pin,
                                              token), BILLING_OK);
    assert_int_equal(billing_quote_pin_decode(&secret, "b", "t_1", token,
                                              &back), BILLING_EMAC);
    assert_int_equal(billing_quote_pin_decode(&secret, "a", "t_2", token,
                                              &back), BILLING_EMAC);
    assert_int_equal(billing_quote_pin_decode(&secret, "at", "_1", token,
                                              &back), BILLING_EMAC);
    assert_int_equal(billing_quote_pin_decode(&other, "a", "t_1", token,
                                              &back), BILLING_EMAC);
    assert_int_equal(back.total_minor, 0);
}


static void
p11_each_changed_letter_is_refused(void **state)
{
    char                 token[BILLING_QUOTE_PIN_MAX];
    billing_secret_t     secret = a_secret(1);
    billing_quote_pin_t  pin = a_pin(), back;

    static const char  letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkl"
        "mnopqrstuvwxyz0123456789-_";

    (void) state;

    assert_int_equal(billing_quote_pin_encode(&secret, "a", "t_1", &pin,
                                              token), BILLING_OK);

    for (size_t i = 0; i < 119; i++) {
        char  right = token[i];

        for (size_t k = 0; k < 64; k++) {
            token[i] = letters[k];
            assert_int_equal(billing_quote_pin_decode(&secret, "a", "t_1",
                                                      token, &back)
                             == BILLING_OK, letters[k] == right);
        }

        token[i] = '\0';
        assert_int_equal(billing_quote_pin_decode(&secret, "a", "t_1", token,
                                                  &back), BILLING_EFORMAT);
        token[i] = right;
    }

    token[119] = 'A';
    token[120] = '\0';
    assert_int_equal(billing_quote_pin_decode(&secret, "a", "t_1", token,
                                              &back), BILLING_EFORMAT);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_pin_there_and_back),
        cmocka_unit_test(p11_a_pin_is_for_one_actor_and_team),
        cmocka_unit_test(p11_each_changed_letter_is_refused),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
