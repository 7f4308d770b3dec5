#include "store_fixture.h"


static void
the_mac_is_hmac_of_prefixed_parts(void **state)
{
    uint8_t           mac[32], own[32], key[32];
    unsigned          n = 32;
    billing_secret_t  secret = a_secret(1);
    billing_bytes_t   parts[] = { { "ab", 2 }, { NULL, 0 }, { "c", 1 } };
    const uint8_t     text[] = {
        0, 0, 0, 0, 0, 0, 0, 2, 'a', 'b',
        0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 1, 'c'
    };

    (void) state;

    assert_int_equal(billing_mac(&secret, BILLING_KEY_RECORD, parts, 3, mac),
                     BILLING_OK);
    a_key(1, BILLING_KEY_RECORD, key);
    HMAC(EVP_sha256(), key, 32, text, sizeof(text), own, &n);
    assert_memory_equal(mac, own, 32);
}


/* Whatever was asked before, of whatever length: the key asked for counts. */

static void
secrets_and_purposes_in_turn_do_not_mix(void **state)
{
    uint8_t           mac[32], own[32], key[32], text[8 + 300] = { 0 };
    unsigned          n = 32;
    billing_secret_t  secrets[2] = { a_secret(1), a_secret(2) };

    (void) state;

    for (unsigned i = 0; i < 600; i++) {
        size_t           len = i % 300;
        unsigned         which = i * 7 % 5 % 2;
        billing_key_t    purpose = (i / 2) % BILLING_KEYS;
        billing_bytes_t  part = { text + 8, len };

        text[6] = (uint8_t) (len >> 8);
        text[7] = (uint8_t) len;
        text[8 + i % 300] = (uint8_t) i;

        assert_int_equal(billing_mac(&secrets[which], purpose, &part, 1,
                                     mac), BILLING_OK);
        a_key((uint8_t) (which + 1), purpose, key);
        HMAC(EVP_sha256(), key, 32, text, 8 + len, own, &n);
        assert_memory_equal(mac, own, 32);
    }
}


/* RFC 2104: a key longer than a block is hashed first. */

static void
keys_of_every_length_and_parts_in_a_row(void **state)
{
    uint8_t            mac[32], own[32], key[200];
    unsigned           n = 32;
    billing_mac_key_t  ready;
    billing_bytes_t    parts[] = { { "ab", 2 }, { NULL, 0 }, { "c", 1 } };

    (void) state;

    for (unsigned i = 0; i < sizeof(key); i++) {
        key[i] = (uint8_t) (i * 37 + 1);
        assert_int_equal(billing_mac_key((billing_bytes_t) { key, i + 1 },
                                         &ready), BILLING_OK);
        assert_int_equal(billing_mac_plain(&ready, parts, 3, mac),
                         BILLING_OK);
        HMAC(EVP_sha256(), key, (int) i + 1, (const uint8_t *) "abc", 3, own,
             &n);
        assert_memory_equal(mac, own, 32);
    }
}


static void
parts_do_not_run_together(void **state)
{
    uint8_t           one[32], two[32];
    billing_secret_t  secret = a_secret(1);
    billing_bytes_t   left[] = { { "ab", 2 }, { "c", 1 } };
    billing_bytes_t   right[] = { { "a", 1 }, { "bc", 2 } };

    (void) state;

    assert_int_equal(billing_mac(&secret, BILLING_KEY_RECORD, left, 2, one),
                     BILLING_OK);
    assert_int_equal(billing_mac(&secret, BILLING_KEY_RECORD, right, 2, two),
                     BILLING_OK);
    assert_memory_not_equal(one, two, 32);
}


static void
equal_is_equal_and_nothing_else(void **state)
{
    uint8_t  a[32] = { 0 }, b[32] = { 0 };

    (void) state;

    assert_true(billing_mac_equal(a, b, 32));

    for (unsigned i = 0; i < 256; i++) {
        b[i / 8] ^= (uint8_t) (1 << i % 8);
        assert_false(billing_mac_equal(a, b, 32));
        b[i / 8] = 0;
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(the_mac_is_hmac_of_prefixed_parts),
        cmocka_unit_test(secrets_and_purposes_in_turn_do_not_mix),
        cmocka_unit_test(keys_of_every_length_and_parts_in_a_row),
        cmocka_unit_test(parts_do_not_run_together),
        cmocka_unit_test(equal_is_equal_and_nothing_else),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
