/* HMAC-SHA256 over length-prefixed parts, and the comparison of MACs. */

#include "billing_store.h"

#include <pthread.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>


/*
 * A context that has a key.  To key one costs more than a short MAC, so each
 * thread keeps the last for each purpose: a memo of a pure function, right for
 * whatever secret is asked next, since the key is compared.
 */

typedef struct {
    EVP_MAC_CTX  *ctx;
    uint8_t       key[BILLING_SECRET_LEN];
} billing_mac_keyed_t;


static EVP_MAC_CTX *billing_mac_begin(const billing_secret_t *secret,
    billing_key_t purpose);
static bool billing_mac_key(billing_mac_keyed_t *keyed, const uint8_t *key);
static void billing_mac_fetch(void);
static bool billing_mac_part(EVP_MAC_CTX *ctx, billing_bytes_t part);


/* Fetching an algorithm costs as much again: once per process. */

static pthread_once_t  billing_mac_once = PTHREAD_ONCE_INIT;
static EVP_MAC        *billing_mac_hmac;

static _Thread_local billing_mac_keyed_t  billing_mac_keyed[BILLING_KEYS];


billing_err_t
billing_mac(const billing_secret_t *secret, billing_key_t purpose,
    const billing_bytes_t *parts, size_t n, uint8_t mac[32])
{
    bool          ok;
    size_t        len = 0;
    EVP_MAC_CTX  *ctx;

    ctx = billing_mac_begin(secret, purpose);

    if (ctx == NULL) {
        return BILLING_ENOMEM;
    }

    ok = true;

    for (size_t i = 0; ok && i < n; i++) {
        ok = billing_mac_part(ctx, parts[i]);
    }

    ok = ok && EVP_MAC_final(ctx, mac, &len, 32) == 1 && len == 32;

    return ok ? BILLING_OK : BILLING_ENOMEM;
}


/* The context of this key, ready for a message; NULL when out of memory. */

static EVP_MAC_CTX *
billing_mac_begin(const billing_secret_t *secret, billing_key_t purpose)
{
    const uint8_t        *key = secret->key[purpose];
    billing_mac_keyed_t  *keyed = &billing_mac_keyed[purpose];

    if (keyed->ctx != NULL
        && CRYPTO_memcmp(keyed->key, key, BILLING_SECRET_LEN) == 0)
    {
        return EVP_MAC_init(keyed->ctx, NULL, 0, NULL) == 1 ? keyed->ctx
                                                            : NULL;
    }

    (void) pthread_once(&billing_mac_once, billing_mac_fetch);

    return billing_mac_key(keyed, key) ? keyed->ctx : NULL;
}


static bool
billing_mac_key(billing_mac_keyed_t *keyed, const uint8_t *key)
{
    char        digest[] = "SHA256";
    OSSL_PARAM  params[2];

    EVP_MAC_CTX_free(keyed->ctx);
    keyed->ctx = (billing_mac_hmac != NULL)
                     ? EVP_MAC_CTX_new(billing_mac_hmac) : NULL;

    if (keyed->ctx == NULL) {
        return false;
    }

    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                                 digest, 0);
    params[1] = OSSL_PARAM_construct_end();

    if (EVP_MAC_init(keyed->ctx, key, BILLING_SECRET_LEN, params) != 1) {
        EVP_MAC_CTX_free(keyed->ctx);
        keyed->ctx = NULL;
        return false;
    }

    memcpy(keyed->key, key, BILLING_SECRET_LEN);

    return true;
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
