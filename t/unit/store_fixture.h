/* What the tests of the store share: keys, and bytes changed one by one. */

#ifndef STORE_FIXTURE_H
#define STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "../../src/store/billing_store.h"

#define BYTES(text)  ((billing_bytes_t) { (text), strlen(text) })

/* Keys of a fixed master secret; another seed gives other keys. */
static inline billing_secret_t
a_secret(uint8_t seed)
{
    uint8_t           master[32];
    billing_secret_t  secret;

    memset(master, seed, sizeof(master));
    assert_int_equal(billing_secret_derive(master, sizeof(master), &secret),
                     BILLING_OK);

    return secret;
}

/*
 * One of them, made by hand (RFC 5869): extract with a salt of zeros, then one
 * block.
 */
static inline void
a_key(uint8_t seed, billing_key_t purpose, uint8_t key[32])
{
    char                      info[64];
    uint8_t                   salt[32] = { 0 }, master[32], prk[32];
    unsigned                  n = 32;
    static const char *const  words[BILLING_KEYS] = {
        "session", "csrf", "operation", "record", "command", "quote",
        "invitation", "application", "pseudonym"
    };

    memset(master, seed, sizeof(master));
    (void) snprintf(info, sizeof(info), "billing 1 %s\x01", words[purpose]);
    HMAC(EVP_sha256(), salt, 32, master, 32, prk, &n);
    HMAC(EVP_sha256(), prk, 32, (const uint8_t *) info, strlen(info), key,
         &n);
}

#endif /* STORE_FIXTURE_H */
