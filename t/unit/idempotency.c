#include "api_fixture.h"

#define SIXTEEN  "0123456789abcdef"


/* 5.4 row 8. */

static void
p5_keys_are_long_plain_and_single(void **state)
{
    char               out[BILLING_IDEMPOTENCY_MAX + 1], big[300];
    const char *const  bad[] = { "", "0123456789abcde", "\"" SIXTEEN,
                                 SIXTEEN "\"", SIXTEEN ", " SIXTEEN,
                                 SIXTEEN "," SIXTEEN, SIXTEEN " ",
                                 SIXTEEN "\t", SIXTEEN "\xc3\xa9",
                                 "\"0123456789abcde\"", "\"\"", "\"",
                                 "\"\"" SIXTEEN "\"\"", SIXTEEN "\x7f" };

    (void) state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(billing_idempotency_key(bad[i], strlen(bad[i]), out),
                         BILLING_IDEMPOTENCY_KEY_INVALID);
        assert_string_equal(out, "");
    }

    assert_int_equal(billing_idempotency_key(SIXTEEN, 16, out),
                     BILLING_ALLOW);
    assert_string_equal(out, SIXTEEN);
    assert_int_equal(billing_idempotency_key("\"" SIXTEEN "\"", 18, out),
                     BILLING_ALLOW);
    assert_string_equal(out, SIXTEEN);

    memset(big, 'k', sizeof(big));
    assert_int_equal(billing_idempotency_key(big, 255, out), BILLING_ALLOW);
    assert_int_equal(strlen(out), 255);
    assert_int_equal(billing_idempotency_key(big, 256, out),
                     BILLING_IDEMPOTENCY_KEY_INVALID);
    big[0] = big[256] = '"';
    assert_int_equal(billing_idempotency_key(big, 257, out), BILLING_ALLOW);
    assert_int_equal(billing_idempotency_key(SIXTEEN "\0", 17, out),
                     BILLING_IDEMPOTENCY_KEY_INVALID);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(p5_keys_are_long_plain_and_single),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
