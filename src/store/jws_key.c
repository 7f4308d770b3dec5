/*
 * Keys that tokens may be signed with: a shared secret, or public keys.  What
 * is too weak for its algorithm, or could be taken for a key of another, is
 * none (RFC 7518, 3; RFC 8725, 3.1 and 3.5).
 */

#include "billing_store_identity.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#define BILLING_JWS_SECRET_MIN    32    /* bytes: as long as the hash */
#define BILLING_JWS_RSA_MIN_BITS  2048
#define BILLING_JWS_RSA_MAX_BITS  8192  /* of its signatures, 1024 bytes */


static billing_err_t billing_jws_key_secret(billing_mac_key_t *mac,
    billing_bytes_t text, const char **why);
static EVP_PKEY *billing_jws_key_public(billing_bytes_t text,
    const char **why);
static const char *billing_jws_key_unfit(const billing_jws_key_t *key);


static const char *const  billing_jws_names[BILLING_JWS_ALGORITHMS] = {
    [BILLING_JWS_NONE]  = "",
    [BILLING_JWS_HS256] = "HS256",
    [BILLING_JWS_RS256] = "RS256",
    [BILLING_JWS_ES256] = "ES256",
    [BILLING_JWS_EDDSA] = "EdDSA"
};


const char *
billing_jws_algorithm_name(billing_jws_algorithm_t algorithm)
{
    return billing_jws_names[algorithm];
}


billing_jws_algorithm_t
billing_jws_algorithm(billing_bytes_t name)
{
    for (unsigned i = BILLING_JWS_HS256; i < BILLING_JWS_ALGORITHMS; i++) {
        if (strlen(billing_jws_names[i]) == name.len
            && memcmp(billing_jws_names[i], name.data, name.len) == 0)
        {
            return (billing_jws_algorithm_t) i;
        }
    }

    return BILLING_JWS_NONE;
}


billing_err_t
billing_jws_key_load(billing_jws_key_t *key, billing_bytes_t text,
    const char **why)
{
    *why = NULL;

    if (key->algorithm == BILLING_JWS_HS256) {
        return billing_jws_key_secret(key->mac, text, why);
    }

    key->pkey = billing_jws_key_public(text, why);

    /* OpenSSL's words about a file must not be found by who calls it next. */

    ERR_clear_error();

    if (key->pkey == NULL) {
        return BILLING_EFORMAT;
    }

    *why = billing_jws_key_unfit(key);

    if (*why != NULL) {
        billing_jws_key_free(key);
        return BILLING_ERANGE;
    }

    return BILLING_OK;
}


void
billing_jws_key_free(billing_jws_key_t *key)
{
    EVP_PKEY_free(key->pkey);
    key->pkey = NULL;
}


/*
 * A public key that stands where a secret should be is known to all.  OpenSSL
 * is given no secret to keep: whoever loads it has memory for that.
 */

static billing_err_t
billing_jws_key_secret(billing_mac_key_t *mac, billing_bytes_t text,
    const char **why)
{
    static const char  pem[] = "-----BEGIN";

    if (text.len < BILLING_JWS_SECRET_MIN) {
        *why = "is shorter than 32 bytes";
        return BILLING_ERANGE;
    }

    if (memmem(text.data, text.len, pem, sizeof(pem) - 1) != NULL) {
        *why = "holds a key in PEM, not a shared secret";
        return BILLING_EFORMAT;
    }

    if (billing_mac_key(text, mac) != BILLING_OK) {
        *why = "cannot be used";
        return BILLING_ENOMEM;
    }

    return BILLING_OK;
}


static EVP_PKEY *
billing_jws_key_public(billing_bytes_t text, const char **why)
{
    BIO       *bio;
    EVP_PKEY  *pkey = NULL;

    bio = text.len <= BILLING_JWS_MAX
              ? BIO_new_mem_buf(text.data, (int) text.len) : NULL;

    if (bio != NULL) {
        pkey = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
        BIO_free(bio);
    }

    if (pkey == NULL) {
        *why = "holds no \"PUBLIC KEY\" in PEM";
    }

    return pkey;
}


static const char *
billing_jws_key_unfit(const billing_jws_key_t *key)
{
    int     bits = EVP_PKEY_get_bits(key->pkey);
    char    group[32] = "";

    switch (key->algorithm) {

    case BILLING_JWS_RS256:
        return EVP_PKEY_is_a(key->pkey, "RSA")
               && bits >= BILLING_JWS_RSA_MIN_BITS
               && bits <= BILLING_JWS_RSA_MAX_BITS
                   ? NULL : "is not an RSA key of 2048 to 8192 bits";

    case BILLING_JWS_ES256:
        (void) EVP_PKEY_get_group_name(key->pkey, group, sizeof(group), NULL);

        return EVP_PKEY_is_a(key->pkey, "EC")
               && strcmp(group, "prime256v1") == 0
                   ? NULL : "is not a key of the curve P-256";

    case BILLING_JWS_EDDSA:
        return EVP_PKEY_is_a(key->pkey, "ED25519")
                   ? NULL : "is not an Ed25519 key";

    case BILLING_JWS_NONE:
    case BILLING_JWS_HS256:
    case BILLING_JWS_ALGORITHMS:
        break;
    }

    return "has no algorithm";
}
