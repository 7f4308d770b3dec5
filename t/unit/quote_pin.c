#include "store_fixture.h"


static billing_quote_pin_t
a_pin(void)
{
    billing_quote_pin_t  pin;
    memset(&pin, 0, sizeof(pin));
    pin.kind = BILLING_PIN_SEATS;
    pin.plan = BILLING_PLAN_BUSINESS;
    pin.period = BILLING_PERIOD_YEARLY;
    pin.method = BILLING_METHOD_INVOICE;
    pin.seats = UINT32_MAX;
    pin.total.minor = INT64_MIN;
    pin.due_now.minor = INT64_MAX;
    pin.renewal.minor = 1;
    pin.total.currency = pin.due_now.currency = pin.renewal.currency = 90;
    pin.at = INT64_C(-5);
    pin.team_version = UINT64_MAX;
    memset(pin.promo, 0x11, sizeof(pin.promo));
    memset(pin.buyer, 0x22, sizeof(pin.buyer));
    memset(pin.catalogue, 0xa5, sizeof(pin.catalogue));

    return pin;
}


static void
assert_same(const billing_quote_pin_t *a, const billing_quote_pin_t *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->plan, b->plan);
    assert_int_equal(a->period, b->period);
    assert_int_equal(a->method, b->method);
    assert_int_equal(a->seats, b->seats);
    assert_memory_equal(a->promo, b->promo, sizeof(a->promo));
    assert_memory_equal(a->buyer, b->buyer, sizeof(a->buyer));
    assert_memory_equal(a->catalogue, b->catalogue, sizeof(a->catalogue));
    assert_true(a->total.minor == b->total.minor);
    assert_true(a->due_now.minor == b->due_now.minor);
    assert_true(a->renewal.minor == b->renewal.minor);
    assert_int_equal(a->total.currency, b->total.currency);
    assert_int_equal(a->due_now.currency, b->due_now.currency);
    assert_int_equal(a->renewal.currency, b->renewal.currency);
    assert_true(a->at == b->at && a->team_version == b->team_version);
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
    assert_int_equal(strlen(token), 178);
    assert_int_equal(billing_quote_pin_decode(&secret, "a@example.test",
                                              "t_1", token, &back),
                     BILLING_OK);
    assert_same(&back, &pin);
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
    assert_int_equal(back.total.minor, 0);
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

    for (size_t i = 0; i < 178; i++) {
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

    token[178] = 'A';
    token[179] = '\0';
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
