#include "jws_fixture.h"

#include <openssl/ecdsa.h>

#define JOE  "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n "                 \
             "\"http://example.com/is_root\":true}"


static billing_err_t
verify(const billing_jws_keys_t *keys, billing_bytes_t token, char *payload,
    const char **why)
{
    billing_err_t     rc;
    billing_buffer_t  buffer = { (uint8_t *) payload, 0, BILLING_JWS_MAX };

    rc = billing_jws_verify(keys, token, &buffer, why);
    payload[buffer.len] = '\0';

    assert_true((rc == BILLING_OK) == (*why == NULL));
    assert_true(rc == BILLING_OK || buffer.len == 0);

    return rc;
}


/* Right as it is; wrong with any one bit of it changed. */

static void
published(billing_jws_keys_t keys, const char *text, const char *says)
{
    char         token[BILLING_JWS_MAX + 1], payload[BILLING_JWS_MAX + 1];
    size_t       len = strlen(text);
    const char  *why;

    assert_int_equal(verify(&keys, BYTES(text), payload, &why), BILLING_OK);
    assert_string_equal(payload, says);

    memcpy(token, text, len + 1);

    for (size_t i = 0; i < len; i++) {
        token[i] = (char) (token[i] ^ 1 << i % 7);
        assert_int_not_equal(verify(&keys, (billing_bytes_t) { token, len },
                                    payload, &why), BILLING_OK);
        token[i] = text[i];
    }

    for (size_t cut = 0; cut < len; cut++) {
        assert_int_not_equal(verify(&keys, (billing_bytes_t) { token, cut },
                                    payload, &why), BILLING_OK);
    }

    billing_jws_key_free(&keys.key[0]);
}


static void
rfc7515_a1_hs256(void **state)
{
    uint8_t           bytes[64];
    billing_buffer_t  key = { bytes, 0, sizeof(bytes) };

    (void) state;

    assert_int_equal(billing_unbase64url(rfc_hs256_key,
                                         sizeof(rfc_hs256_key) - 1, &key),
                     BILLING_OK);
    published(one_key(BILLING_JWS_HS256,
                      (billing_bytes_t) { bytes, key.len }), rfc_hs256, JOE);
}


static void
rfc7515_a2_rs256(void **state)
{
    (void) state;

    published(one_key(BILLING_JWS_RS256, BYTES(rfc_rs256_key)), rfc_rs256,
              JOE);
}


static void
rfc7515_a3_es256(void **state)
{
    (void) state;

    published(one_key(BILLING_JWS_ES256, BYTES(rfc_es256_key)), rfc_es256,
              JOE);
}


static void
rfc8037_a4_eddsa(void **state)
{
    (void) state;

    published(one_key(BILLING_JWS_EDDSA, BYTES(rfc_eddsa_key)), rfc_eddsa,
              "Example of Ed25519 signing");
}


/* The same two numbers as DER, which is what most libraries return. */

static void
es256_takes_no_der(void **state)
{
    char                 token[sizeof(rfc_es256) + 64];
    char                 payload[BILLING_JWS_MAX + 1];
    uint8_t              raw[64], der[80], *p = der;
    ECDSA_SIG           *sig = ECDSA_SIG_new();
    const char          *dot = strrchr(rfc_es256, '.'), *why;
    billing_buffer_t     out = { raw, 0, sizeof(raw) };
    billing_jws_keys_t   keys;

    (void) state;

    assert_int_equal(billing_unbase64url(dot + 1, strlen(dot + 1), &out),
                     BILLING_OK);
    assert_int_equal(ECDSA_SIG_set0(sig, BN_bin2bn(raw, 32, NULL),
                                    BN_bin2bn(raw + 32, 32, NULL)), 1);
    memcpy(token, rfc_es256, (size_t) (dot - rfc_es256) + 1);
    billing_base64url(der, (size_t) i2d_ECDSA_SIG(sig, &p),
                      token + (dot - rfc_es256) + 1);
    ECDSA_SIG_free(sig);

    keys = one_key(BILLING_JWS_ES256, BYTES(rfc_es256_key));
    assert_int_equal(verify(&keys, BYTES(token), payload, &why),
                     BILLING_EMAC);
    billing_jws_key_free(&keys.key[0]);
}


static void
the_algorithm_is_the_keys(void **state)
{
    char                 payload[BILLING_JWS_MAX + 1];
    a_token_t            token;
    const char          *why;
    billing_jws_keys_t   keys, public_key;

    static const char *const  others[] = {
        "{\"alg\":\"none\"}", "{\"alg\":\"None\"}", "{\"alg\":\"HS384\"}",
        "{\"alg\":\"hs256\"}", "{\"alg\":\"RS256\"}", "{\"alg\":\"\"}"
    };

    (void) state;

    keys = one_key(BILLING_JWS_HS256, BYTES(OUR_SECRET));
    public_key = one_key(BILLING_JWS_RS256, BYTES(rfc_rs256_key));

    token = a_token("{\"alg\":\"HS256\"}", "{}");
    assert_int_equal(verify(&keys, BYTES(token.text), payload, &why),
                     BILLING_OK);
    assert_int_equal(verify(&public_key, BYTES(token.text), payload, &why),
                     BILLING_EMAC);

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        token = a_token(others[i], "{}");
        assert_int_equal(verify(&keys, BYTES(token.text), payload, &why),
                         BILLING_EMAC);
        assert_string_equal(why,
                            "names an algorithm or a key that is not ours");

        *strrchr(token.text, '.') = '\0';
        strcat(token.text, ".");
        assert_int_equal(verify(&keys, BYTES(token.text), payload, &why),
                         BILLING_EMAC);
    }

    billing_jws_key_free(&keys.key[0]);
    billing_jws_key_free(&public_key.key[0]);
}


static void
kid_only_selects(void **state)
{
    char                 payload[BILLING_JWS_MAX + 1];
    a_token_t            token;
    const char          *why;
    billing_jws_keys_t   keys, other;

    (void) state;

    keys = one_key(BILLING_JWS_HS256, BYTES("another secret, of last year "
                                            "and of no use"));
    other = one_key(BILLING_JWS_HS256, BYTES(OUR_SECRET));
    keys.key[keys.n++] = other.key[0];
    strcpy(keys.key[0].kid, "old");
    strcpy(keys.key[1].kid, "new");

    token = a_token("{\"alg\":\"HS256\"}", "{}");
    assert_int_equal(verify(&keys, BYTES(token.text), payload, &why),
                     BILLING_OK);
    token = a_token("{\"alg\":\"HS256\",\"kid\":\"new\"}", "{}");
    assert_int_equal(verify(&keys, BYTES(token.text), payload, &why),
                     BILLING_OK);
    token = a_token("{\"alg\":\"HS256\",\"kid\":\"old\"}", "{}");
    assert_int_equal(verify(&keys, BYTES(token.text), payload, &why),
                     BILLING_EMAC);
    assert_string_equal(why, "is not signed with our key");
    token = a_token("{\"alg\":\"HS256\",\"kid\":\"../../new\"}", "{}");
    assert_int_equal(verify(&keys, BYTES(token.text), payload, &why),
                     BILLING_EMAC);
    assert_string_equal(why, "names an algorithm or a key that is not ours");

    keys.key[1].kid[0] = '\0';
    assert_int_equal(verify(&keys, BYTES(token.text), payload, &why),
                     BILLING_OK);

    billing_jws_key_free(&keys.key[0]);
    billing_jws_key_free(&keys.key[1]);
}


/* A key that comes with the token signs for whoever made both. */

static void
keys_in_the_header_are_not_read(void **state)
{
    char                 payload[BILLING_JWS_MAX + 1];
    a_token_t            token;
    const char          *why;
    billing_jws_keys_t   keys;

    static const char  header[] =
        "{\"alg\":\"HS256\",\"jku\":\"http://127.0.0.1:1/\","
        "\"x5u\":\"http://127.0.0.1:1/\",\"x5c\":[\"x\"],"
        "\"jwk\":{\"kty\":\"oct\",\"k\":\"YSBzZWNyZXQgdGhhdCB0aGUgYXBwbGlj"
        "YXRpb24gYW5kIG5naW54IHNoYXJl\"}}";

    (void) state;

    token = a_token(header, "{}");

    keys = one_key(BILLING_JWS_HS256, BYTES(OUR_SECRET));
    assert_int_equal(verify(&keys, BYTES(token.text), payload, &why),
                     BILLING_OK);
    billing_jws_key_free(&keys.key[0]);

    keys = one_key(BILLING_JWS_HS256, BYTES("a secret of somebody else, "
                                            "as long as ours"));
    assert_int_equal(verify(&keys, BYTES(token.text), payload, &why),
                     BILLING_EMAC);
    billing_jws_key_free(&keys.key[0]);
}


static void
headers_that_are_none(void **state)
{
    char                 payload[BILLING_JWS_MAX + 1];
    a_token_t            token;
    const char          *why;
    billing_jws_keys_t   keys;

    static const char *const  bad[] = {
        "", "{}", "[]", "1", "{\"alg\":1}", "{\"alg\":null}", "\"HS256\"",
        "{\"alg\":\"HS256\",\"alg\":\"HS256\"}", "{\"alg\":\"HS256\"} x",
        "{\"alg\":\"HS256\",\"kid\":1}", "{\"alg\":\"HS256\",\"kid\":null}",
        "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}",
        "{\"alg\":\"HS256\",\"b64\":false,\"crit\":[\"b64\"]}",
        "{\"alg\":\"HS256\",\"typ\":\"logout+jwt\"}",
        "{\"alg\":\"HS256\",\"typ\":1}", "{\"alg\":\"HS\\u0000256\"}"
    };

    (void) state;

    keys = one_key(BILLING_JWS_HS256, BYTES(OUR_SECRET));

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        token = a_token(bad[i], "{}");
        assert_int_equal(verify(&keys, BYTES(token.text), payload, &why),
                         BILLING_EFORMAT);
    }

    token = a_token("{\"alg\":\"HS256\",\"typ\":\"jwt\"}", "{}");
    assert_int_equal(verify(&keys, BYTES(token.text), payload, &why),
                     BILLING_OK);
    token = a_token("{\"alg\":\"HS256\",\"typ\":\"at+JWT\"}", "{}");
    assert_int_equal(verify(&keys, BYTES(token.text), payload, &why),
                     BILLING_OK);

    billing_jws_key_free(&keys.key[0]);
}


static void
spelled_otherwise_or_too_long(void **state)
{
    char                 payload[BILLING_JWS_MAX + 1];
    char                 filler[2 * BILLING_JWS_MAX];
    size_t               len;
    a_token_t            token;
    const char          *why;
    billing_jws_keys_t   keys;

    static const char *const  tails[] = { "=", " ", "\n", ".", "..", "A" };

    (void) state;

    keys = one_key(BILLING_JWS_HS256, BYTES(OUR_SECRET));

    token = a_token("{\"alg\":\"HS256\"}", "{}");
    len = strlen(token.text);

    for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
        strcpy(token.text + len, tails[i]);
        assert_int_not_equal(verify(&keys, BYTES(token.text), payload, &why),
                             BILLING_OK);
    }

    /* 20 and 43 digits, two dots; 3,021 bytes are 4,028 digits. */

    memset(filler, 'x', sizeof(filler));
    filler[3021] = '\0';
    token = a_token("{\"alg\":\"HS256\"}", filler);
    assert_true(strlen(token.text) <= BILLING_JWS_MAX);
    assert_int_equal(verify(&keys, BYTES(token.text), payload, &why),
                     BILLING_OK);
    assert_string_equal(payload, filler);

    filler[3021] = 'x';
    filler[3024] = '\0';
    token = a_token("{\"alg\":\"HS256\"}", filler);
    assert_true(strlen(token.text) > BILLING_JWS_MAX);
    assert_int_equal(verify(&keys, BYTES(token.text), payload, &why),
                     BILLING_EFORMAT);

    billing_jws_key_free(&keys.key[0]);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(rfc7515_a1_hs256),
        cmocka_unit_test(rfc7515_a2_rs256),
        cmocka_unit_test(rfc7515_a3_es256),
        cmocka_unit_test(rfc8037_a4_eddsa),
        cmocka_unit_test(es256_takes_no_der),
        cmocka_unit_test(the_algorithm_is_the_keys),
        cmocka_unit_test(kid_only_selects),
        cmocka_unit_test(keys_in_the_header_are_not_read),
        cmocka_unit_test(headers_that_are_none),
        cmocka_unit_test(spelled_otherwise_or_too_long),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
