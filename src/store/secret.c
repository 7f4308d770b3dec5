/* One master secret becomes one key for each purpose. */

#include "billing_store.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#define BILLING_MASTER_MIN  32          /* bytes; HKDF adds no strength */
#define BILLING_MASTER_MAX  4096


static billing_err_t billing_secret_key(EVP_KDF_CTX *ctx,
    billing_bytes_t master, const char *label, billing_mac_key_t *out);


/*
 * The labels are part of the formats: changing one ends every session, or
 * makes every record in Redis unknown.
 */

static const char *const  billing_secret_labels[BILLING_KEYS] = {
    [BILLING_KEY_SESSION]   = "billing 1 session",
    [BILLING_KEY_CSRF]      = "billing 1 csrf",
    [BILLING_KEY_OPERATION] = "billing 1 operation",
    [BILLING_KEY_RECORD]    = "billing 1 record",
    [BILLING_KEY_COMMAND]   = "billing 1 command",
    [BILLING_KEY_QUOTE]     = "billing 1 quote",
    [BILLING_KEY_INVITATION] = "billing 1 invitation",
    [BILLING_KEY_APPLICATION] = "billing 1 application",
    [BILLING_KEY_PSEUDONYM] = "billing 1 pseudonym"
};


billing_err_t
billing_secret_derive(const uint8_t *master, size_t len, billing_secret_t *out)
{
    billing_err_t   rc = BILLING_ENOMEM;
    EVP_KDF        *kdf;
    EVP_KDF_CTX    *ctx = NULL;

    memset(out, 0, sizeof(*out));

    if (len < BILLING_MASTER_MIN || len > BILLING_MASTER_MAX) {
        return BILLING_ERANGE;
    }

    kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);

    if (kdf != NULL) {
        ctx = EVP_KDF_CTX_new(kdf);
    }

    for (unsigned i = 0; ctx != NULL && i < BILLING_KEYS; i++) {
        rc = billing_secret_key(ctx, (billing_bytes_t) { master, len },
                                billing_secret_labels[i], &out->mac[i]);
        if (rc != BILLING_OK) {
            break;
        }
    }

    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);

    if (rc != BILLING_OK) {
        OPENSSL_cleanse(out, sizeof(*out));
    }

    return rc;
}


static billing_err_t
billing_secret_key(EVP_KDF_CTX *ctx, billing_bytes_t master,
    const char *label, billing_mac_key_t *out)
{
    char            digest[] = "SHA256";
    uint8_t         key[BILLING_SECRET_LEN];
    OSSL_PARAM      params[4];
    billing_err_t   err = BILLING_ENOMEM;

    /* OSSL_PARAM has no const; the KDF only reads the key and the label. */

    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
                                                 digest, 0);
    params[1] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY,
                                       (void *) (uintptr_t) master.data,
                                       master.len);
    params[2] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO,
                                       (void *) (uintptr_t) label,
                                       strlen(label));
    params[3] = OSSL_PARAM_construct_end();

    EVP_KDF_CTX_reset(ctx);

    if (EVP_KDF_derive(ctx, key, sizeof(key), params) == 1) {
        err = billing_mac_key((billing_bytes_t) { key, sizeof(key) }, out);
    }

    OPENSSL_cleanse(key, sizeof(key));

    return err;
}
