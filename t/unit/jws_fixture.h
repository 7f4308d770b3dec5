/* The published examples, and keys for tokens of our own. */

#ifndef JWS_FIXTURE_H
#define JWS_FIXTURE_H

#include <stdio.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "store_fixture.h"
#include "../../src/store/billing_store_identity.h"


/* RFC 7515, A.1: the octets of its key are this text's, decoded. */

static const char  rfc_hs256_key[] =
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4h"
    "cgUuTwjAzZr1Z9CAow";

static const char  rfc_hs256[] =
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHA"
    "iOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/* RFC 7515, A.2 */

static const char  rfc_rs256_key[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAofgWCuLjybRlzo0tZWJj\n"
    "NiuSfb4p4fAkd/wWJcyQoTbji9k0l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEz\n"
    "P1Pt0Bm4d4QlL+yRT+SFd2lZS+pCgNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo\n"
    "9wGzjb/7OMg0LOL+bSf63kpaSHSXndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTB\n"
    "EMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxX\n"
    "FvUK+DWNmoudF8NAco9/h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXp\n"
    "oQIDAQAB\n"
    "-----END PUBLIC KEY-----\n";

static const char  rfc_rs256[] =
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQo"
    "gImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF"
    "80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W"
    "2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO7"
    "5vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12j"
    "zDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgG"
    "Y9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

/* RFC 7515, A.3 */

static const char  rfc_es256_key[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7\n"
    "6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n"
    "-----END PUBLIC KEY-----\n";

static const char  rfc_es256[] =
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQo"
    "gImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfU"
    "AqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

/* RFC 8037, A.4 */

static const char  rfc_eddsa_key[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
    "-----END PUBLIC KEY-----\n";

static const char  rfc_eddsa[] =
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGC"
    "jP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_"
    "MuM0KAg";


/* The key, which the test frees. */

static inline billing_jws_keys_t
one_key(billing_jws_algorithm_t algorithm, billing_bytes_t text)
{
    const char          *why;
    billing_jws_keys_t   keys = { .n = 1, .key[0].algorithm = algorithm };

    static unsigned           n;
    static billing_mac_key_t  mac[8];

    keys.key[0].mac = &mac[n++ % 8];

    assert_int_equal(billing_jws_key_load(&keys.key[0], text, &why),
                     BILLING_OK);

    return keys;
}


#define OUR_SECRET  "a secret that the application and nginx share"

typedef struct {
    char  text[2 * BILLING_JWS_MAX];
} a_token_t;

/* Signed with OUR_SECRET, whatever the header says. */

static inline a_token_t
a_token(const char *header, const char *payload)
{
    char       *p;
    uint8_t     mac[32];
    unsigned    len = sizeof(mac);
    a_token_t   token;

    p = token.text;
    p += billing_base64url((const uint8_t *) header, strlen(header), p);
    *p++ = '.';
    p += billing_base64url((const uint8_t *) payload, strlen(payload), p);

    assert_non_null(HMAC(EVP_sha256(), OUR_SECRET, sizeof(OUR_SECRET) - 1,
                         (uint8_t *) token.text, (size_t) (p - token.text),
                         mac, &len));
    *p++ = '.';
    (void) billing_base64url(mac, sizeof(mac), p);

    return token;
}

#endif /* JWS_FIXTURE_H */
