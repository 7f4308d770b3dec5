#include "store_fixture.h"


static void
a_notice_is_a_key_and_a_record(void **state)
{
    char             big[600];
    billing_bytes_t  key, value;

    (void) state;

    assert_int_equal(billing_notice_split(BYTES("billing:1:epoch 3 ready"),
                                          &key, &value), BILLING_OK);
    assert_int_equal(key.len, 15);
    assert_int_equal(value.len, 7);
    assert_memory_equal(value.data, "3 ready", 7);

    assert_int_equal(billing_notice_split(BYTES(""), &key, &value),
                     BILLING_EFORMAT);
    assert_int_equal(billing_notice_split(BYTES("k"), &key, &value),
                     BILLING_EFORMAT);
    assert_int_equal(billing_notice_split(BYTES(" v"), &key, &value),
                     BILLING_EFORMAT);
    assert_int_equal(billing_notice_split(BYTES("k "), &key, &value),
                     BILLING_EFORMAT);

    memset(big, 'k', sizeof(big));
    memcpy(big + 500, " v", 3);
    assert_int_equal(billing_notice_split(BYTES(big), &key, &value),
                     BILLING_EFORMAT);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_notice_is_a_key_and_a_record)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
