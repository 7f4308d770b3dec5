#include "store_fixture.h"


static void
says(const billing_secret_t *secret, billing_key_t purpose, uint8_t mac[32])
{
    assert_int_equal(billing_mac(secret, purpose, NULL, 0, mac), BILLING_OK);
}


static void
keys_are_hkdf_of_the_master(void **state)
{
    uint8_t           key[32], mac[32], own[32];
    unsigned          n = 32;
    billing_secret_t  secret = a_secret(7);

    (void) state;

    for (unsigned i = 0; i < BILLING_KEYS; i++) {
        a_key(7, i, key);
        HMAC(EVP_sha256(), key, 32, (const uint8_t *) "", 0, own, &n);
        says(&secret, i, mac);
        assert_memory_equal(mac, own, 32);
    }
}


static void
each_purpose_has_its_own_key(void **state)
{
    uint8_t           one[32], two[32];
    billing_secret_t  secret = a_secret(1);
    billing_secret_t  other = a_secret(2);

    (void) state;

    for (unsigned i = 0; i < BILLING_KEYS; i++) {
        says(&secret, i, one);
        says(&other, i, two);
        assert_memory_not_equal(one, two, 32);

        for (unsigned k = 0; k < i; k++) {
            says(&secret, k, two);
            assert_memory_not_equal(one, two, 32);
        }
    }
}


static void
a_short_master_is_refused(void **state)
{
    uint8_t           master[5000] = { 1 };
    billing_secret_t  secret;

    (void) state;

    assert_int_equal(billing_secret_derive(master, 31, &secret),
                     BILLING_ERANGE);
    assert_int_equal(billing_secret_derive(master, 0, &secret),
                     BILLING_ERANGE);
    assert_int_equal(billing_secret_derive(master, 4097, &secret),
                     BILLING_ERANGE);
    assert_int_equal(billing_secret_derive(master, 4096, &secret),
                     BILLING_OK);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(keys_are_hkdf_of_the_master),
        cmocka_unit_test(each_purpose_has_its_own_key),
        cmocka_unit_test(a_short_master_is_refused),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
