/* HMAC-SHA256 over length-prefixed parts, and the comparison of MACs. */

#include "billing_store.h"

#include <pthread.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>


static void billing_mac_fetch(void);
static bool billing_mac_part(EVP_MAC_CTX *ctx, billing_bytes_t part);


/* Fetching an algorithm costs more than a short MAC: once per process. */

static pthread_once_t  billing_mac_once = PTHREAD_ONCE_INIT;
static EVP_MAC        *billing_mac_hmac;


billing_err_t
billing_mac(const billing_secret_t *secret, billing_key_t purpose,
    const billing_bytes_t *parts, size_t n, uint8_t mac[32])
{
    bool          ok;
    char          digest[] = "SHA256";
    size_t        len = 0;
    OSSL_PARAM    params[2];
    EVP_MAC_CTX  *ctx;

    (void) pthread_once(&billing_mac_once, billing_mac_fetch);

    if (billing_mac_hmac == NULL) {
        return BILLING_ENOMEM;
    }

    ctx = EVP_MAC_CTX_new(billing_mac_hmac);

    if (ctx == NULL) {
        return BILLING_ENOMEM;
    }

    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                                 digest, 0);
    params[1] = OSSL_PARAM_construct_end();

    ok = EVP_MAC_init(ctx, secret->key[purpose], BILLING_SECRET_LEN,
                      params) == 1;

    for (size_t i = 0; ok && i < n; i++) {
        ok = billing_mac_part(ctx, parts[i]);
    }

    ok = ok && EVP_MAC_final(ctx, mac, &len, 32) == 1 && len == 32;

    EVP_MAC_CTX_free(ctx);

    return ok ? BILLING_OK : BILLING_ENOMEM;
}


bool
billing_mac_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}


static void
billing_mac_fetch(void)
{
    billing_mac_hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
}


/* The length in front keeps ("ab","c") and ("a","bc") apart. */

static bool
billing_mac_part(EVP_MAC_CTX *ctx, billing_bytes_t part)
{
    uint8_t  len[8];

    for (unsigned i = 0; i < 8; i++) {
        len[i] = (uint8_t) ((uint64_t) part.len >> (56 - 8 * i));
    }

    if (EVP_MAC_update(ctx, len, sizeof(len)) != 1) {
        return false;
    }

    return part.len == 0 || EVP_MAC_update(ctx, part.data, part.len) == 1;
}
