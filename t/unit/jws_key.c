#include "jws_fixture.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>


static const char *
refused(billing_jws_algorithm_t algorithm, billing_bytes_t text)
{
    const char         *why;
    billing_mac_key_t   mac;
    billing_jws_key_t   key = { .algorithm = algorithm, .mac = &mac };

    assert_int_not_equal(billing_jws_key_load(&key, text, &why), BILLING_OK);
    assert_null(key.pkey);

    return why;
}


/* PEM of a key made here; steals it. */

static billing_bytes_t
public_pem(EVP_PKEY *pkey, char out[4096])
{
    BIO  *bio = BIO_new(BIO_s_mem());
    int   len;

    assert_non_null(pkey);
    assert_int_equal(PEM_write_bio_PUBKEY(bio, pkey), 1);
    len = BIO_read(bio, out, 4096);
    assert_true(len > 0);
    BIO_free(bio);
    EVP_PKEY_free(pkey);

    return (billing_bytes_t) { out, (size_t) len };
}


static void
algorithms_have_one_name_each(void **state)
{
    (void) state;

    for (unsigned i = BILLING_JWS_HS256; i < BILLING_JWS_ALGORITHMS; i++) {
        const char  *name = billing_jws_algorithm_name(i);

        assert_int_equal(billing_jws_algorithm(BYTES(name)), i);
    }

    assert_int_equal(billing_jws_algorithm(BYTES("none")), BILLING_JWS_NONE);
    assert_int_equal(billing_jws_algorithm(BYTES("")), BILLING_JWS_NONE);
    assert_int_equal(billing_jws_algorithm(BYTES("hs256")), BILLING_JWS_NONE);
    assert_int_equal(billing_jws_algorithm(BYTES("HS2566")),
                     BILLING_JWS_NONE);
    assert_string_equal(billing_jws_algorithm_name(BILLING_JWS_NONE), "");
}


static void
a_secret_is_as_long_as_its_hash(void **state)
{
    char                text[] = "0123456789abcdef0123456789abcdef";
    billing_jws_keys_t  keys;

    (void) state;

    keys = one_key(BILLING_JWS_HS256, BYTES(text));
    assert_null(keys.key[0].pkey);
    billing_jws_key_free(&keys.key[0]);

    text[31] = '\0';
    assert_string_equal(refused(BILLING_JWS_HS256, BYTES(text)),
                        "is shorter than 32 bytes");
    assert_string_equal(refused(BILLING_JWS_HS256, BYTES("")),
                        "is shorter than 32 bytes");
}


static void
a_public_key_is_no_secret(void **state)
{
    (void) state;

    assert_string_equal(refused(BILLING_JWS_HS256, BYTES(rfc_rs256_key)),
                        "holds a key in PEM, not a shared secret");
    assert_string_equal(refused(BILLING_JWS_RS256, BYTES(OUR_SECRET)),
                        "holds no \"PUBLIC KEY\" in PEM");
    assert_string_equal(refused(BILLING_JWS_EDDSA, BYTES("")),
                        "holds no \"PUBLIC KEY\" in PEM");
}


static void
a_key_fits_one_algorithm(void **state)
{
    const char *const  pem[BILLING_JWS_ALGORITHMS] = {
        [BILLING_JWS_RS256] = rfc_rs256_key,
        [BILLING_JWS_ES256] = rfc_es256_key,
        [BILLING_JWS_EDDSA] = rfc_eddsa_key
    };

    (void) state;

    for (unsigned i = BILLING_JWS_RS256; i < BILLING_JWS_ALGORITHMS; i++) {
        for (unsigned k = BILLING_JWS_RS256; k < BILLING_JWS_ALGORITHMS; k++) {
            if (i == k) {
                billing_jws_keys_t  keys = one_key(i, BYTES(pem[k]));

                billing_jws_key_free(&keys.key[0]);

            } else {
                assert_non_null(refused(i, BYTES(pem[k])));
            }
        }
    }

    assert_string_equal(refused(BILLING_JWS_NONE, BYTES(rfc_rs256_key)),
                        "has no algorithm");
}


static void
weak_keys_and_other_curves_are_refused(void **state)
{
    char  pem[4096];

    (void) state;

    assert_string_equal(refused(BILLING_JWS_RS256,
                                public_pem(EVP_RSA_gen(1024), pem)),
                        "is not an RSA key of 2048 to 8192 bits");
    assert_string_equal(refused(BILLING_JWS_ES256,
                                public_pem(EVP_EC_gen("P-384"), pem)),
                        "is not a key of the curve P-256");
    assert_string_equal(refused(BILLING_JWS_ES256,
                                public_pem(EVP_EC_gen("secp256k1"), pem)),
                        "is not a key of the curve P-256");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(algorithms_have_one_name_each),
        cmocka_unit_test(a_secret_is_as_long_as_its_hash),
        cmocka_unit_test(a_public_key_is_no_secret),
        cmocka_unit_test(a_key_fits_one_algorithm),
        cmocka_unit_test(weak_keys_and_other_curves_are_refused),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
