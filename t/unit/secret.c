#include "store_fixture.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>


/* RFC 5869 by hand: extract with a salt of zeros, then one block. */

static void
keys_are_hkdf_of_the_master(void **state)
{
    char               info[] = "billing 1 session\x01";
    uint8_t            salt[32] = { 0 }, master[32], prk[32], key[32];
    unsigned           n = 32;
    billing_secret_t   secret = a_secret(7);

    (void) state;

    memset(master, 7, sizeof(master));
    HMAC(EVP_sha256(), salt, 32, master, 32, prk, &n);
    HMAC(EVP_sha256(), prk, 32, (const uint8_t *) info, strlen(info), key,
         &n);

    assert_memory_equal(secret.key[BILLING_KEY_SESSION], key, 32);
}


static void
each_purpose_has_its_own_key(void **state)
{
    billing_secret_t  secret = a_secret(1);
    billing_secret_t  other = a_secret(2);

    (void) state;

    for (unsigned i = 0; i < BILLING_KEYS; i++) {
        assert_memory_not_equal(secret.key[i], other.key[i], 32);

        for (unsigned k = 0; k < i; k++) {
            assert_memory_not_equal(secret.key[i], secret.key[k], 32);
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
