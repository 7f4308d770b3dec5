/*
 * HMAC-SHA256 over length-prefixed parts, and the comparison of MACs.
 *
 * Of each key there are the two states that its HMAC begins and ends with: who
 * asks need not key anything.  OpenSSL's contexts would be as good, but they
 * have the key in memory of their own, which a core file shows; hence the
 * functions that it calls deprecated, whose state is the caller's.
 */

#define OPENSSL_SUPPRESS_DEPRECATED

#include "billing_store.h"

#include <string.h>

#include <openssl/crypto.h>

#define BILLING_MAC_BLOCK  64           /* of SHA-256 */


static bool billing_mac_pad(const uint8_t key[BILLING_MAC_BLOCK], uint8_t pad,
    SHA256_CTX *state);
static bool billing_mac_part(SHA256_CTX *state, billing_bytes_t part);
static bool billing_mac_bytes(SHA256_CTX *state, billing_bytes_t bytes);
static bool billing_mac_end(const billing_mac_key_t *key, SHA256_CTX *state,
    uint8_t mac[32]);


/* One longer than a block is hashed first (RFC 2104). */

billing_err_t
billing_mac_key(billing_bytes_t key, billing_mac_key_t *out)
{
    bool     ok = true;
    uint8_t  block[BILLING_MAC_BLOCK] = { 0 };

    if (key.len > sizeof(block)) {
        ok = SHA256_Init(&out->inner) == 1
             && billing_mac_bytes(&out->inner, key)
             && SHA256_Final(block, &out->inner) == 1;

    } else {
        memcpy(block, key.data, key.len);
    }

    ok = ok && billing_mac_pad(block, 0x36, &out->inner)
         && billing_mac_pad(block, 0x5c, &out->outer);

    OPENSSL_cleanse(block, sizeof(block));

    return ok ? BILLING_OK : BILLING_ENOMEM;
}


static bool
billing_mac_pad(const uint8_t key[BILLING_MAC_BLOCK], uint8_t pad,
    SHA256_CTX *state)
{
    bool     ok;
    uint8_t  block[BILLING_MAC_BLOCK];

    for (unsigned i = 0; i < sizeof(block); i++) {
        block[i] = key[i] ^ pad;
    }

    ok = SHA256_Init(state) == 1
         && SHA256_Update(state, block, sizeof(block)) == 1;
    OPENSSL_cleanse(block, sizeof(block));

    return ok;
}


billing_err_t
billing_mac(const billing_secret_t *secret, billing_key_t purpose,
    const billing_bytes_t *parts, size_t n, uint8_t mac[32])
{
    bool        ok = true;
    SHA256_CTX  state = secret->mac[purpose].inner;

    for (size_t i = 0; ok && i < n; i++) {
        ok = billing_mac_part(&state, parts[i]);
    }

    ok = ok && billing_mac_end(&secret->mac[purpose], &state, mac);
    OPENSSL_cleanse(&state, sizeof(state));

    return ok ? BILLING_OK : BILLING_ENOMEM;
}


billing_err_t
billing_mac_plain(const billing_mac_key_t *key, const billing_bytes_t *parts,
    size_t n, uint8_t mac[32])
{
    bool        ok = true;
    SHA256_CTX  state = key->inner;

    for (size_t i = 0; ok && i < n; i++) {
        ok = billing_mac_bytes(&state, parts[i]);
    }

    ok = ok && billing_mac_end(key, &state, mac);
    OPENSSL_cleanse(&state, sizeof(state));

    return ok ? BILLING_OK : BILLING_ENOMEM;
}


static bool
billing_mac_end(const billing_mac_key_t *key, SHA256_CTX *state,
    uint8_t mac[32])
{
    if (SHA256_Final(mac, state) != 1) {
        return false;
    }

    *state = key->outer;

    return SHA256_Update(state, mac, 32) == 1
           && SHA256_Final(mac, state) == 1;
}


bool
billing_mac_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}


/* The length in front keeps ("ab","c") and ("a","bc") apart. */

static bool
billing_mac_part(SHA256_CTX *state, billing_bytes_t part)
{
    uint8_t  len[8];

    for (unsigned i = 0; i < 8; i++) {
        len[i] = (uint8_t) ((uint64_t) part.len >> (56 - 8 * i));
    }

    return SHA256_Update(state, len, sizeof(len)) == 1
           && billing_mac_bytes(state, part);
}


static bool
billing_mac_bytes(SHA256_CTX *state, billing_bytes_t bytes)
{
    return bytes.len == 0
           || SHA256_Update(state, bytes.data, bytes.len) == 1;
}
