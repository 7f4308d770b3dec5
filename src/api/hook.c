/* Signatures of outgoing webhooks, as Standard Webhooks has them. */

#include "billing_api.h"

#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#define BILLING_HOOK_PREFIX  "whsec_"
#define BILLING_HOOK_HEAD    160        /* "ID.TIMESTAMP." */


static bool billing_hook_base64(const char *text, size_t len,
    size_t *padding);


billing_err_t
billing_hook_secret(const char *text, size_t len, billing_hook_secret_t *out)
{
    int            n;
    size_t         skip = strlen(BILLING_HOOK_PREFIX);
    size_t         padding;
    unsigned char  key[BILLING_HOOK_SECRET_MAX + 3];

    memset(out, 0, sizeof(*out));

    if (len <= skip || memcmp(text, BILLING_HOOK_PREFIX, skip) != 0) {
        return BILLING_EFORMAT;
    }

    text += skip;
    len -= skip;

    if (len / 4 * 3 > sizeof(key) || !billing_hook_base64(text, len, &padding))
    {
        return BILLING_EFORMAT;
    }

    n = EVP_DecodeBlock(key, (const unsigned char *) text, (int) len);

    if (n < 0 || (size_t) n < padding + BILLING_HOOK_SECRET_MIN
        || (size_t) n - padding > BILLING_HOOK_SECRET_MAX)
    {
        OPENSSL_cleanse(key, sizeof(key));
        return BILLING_EFORMAT;
    }

    out->len = (size_t) n - padding;
    memcpy(out->key, key, out->len);
    OPENSSL_cleanse(key, sizeof(key));

    return BILLING_OK;
}


/* OpenSSL takes an "=" anywhere: here only the end may have one or two. */

static bool
billing_hook_base64(const char *text, size_t len, size_t *padding)
{
    static const char  letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    *padding = 0;

    while (*padding < 2 && *padding < len && text[len - 1 - *padding] == '=')
    {
        (*padding)++;
    }

    for (size_t i = 0; i < len - *padding; i++) {
        if (memchr(letters, text[i], sizeof(letters) - 1) == NULL) {
            return false;
        }
    }

    return len > 0 && len % 4 == 0;
}


billing_err_t
billing_hook_sign(const billing_hook_secret_t *secret,
    const billing_hook_message_t *message,
    char out[BILLING_HOOK_SIGNATURE_LEN + 1])
{
    int             n;
    char            head[BILLING_HOOK_HEAD], digest[] = "SHA256";
    size_t          len = 0;
    EVP_MAC        *mac;
    EVP_MAC_CTX    *ctx = NULL;
    OSSL_PARAM      params[2];
    billing_err_t   rc = BILLING_ENOMEM;
    unsigned char   bytes[32];

    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                                 digest, 0);
    params[1] = OSSL_PARAM_construct_end();

    n = snprintf(head, sizeof(head), "%s.%lld.", message->id,
                 (long long) message->timestamp);

    if (secret->len == 0 || n < 0 || (size_t) n >= sizeof(head)) {
        return BILLING_ERANGE;
    }

    mac = EVP_MAC_fetch(NULL, "HMAC", NULL);

    if (mac != NULL) {
        ctx = EVP_MAC_CTX_new(mac);
    }

    if (ctx != NULL
        && EVP_MAC_init(ctx, secret->key, secret->len, params) == 1
        && EVP_MAC_update(ctx, (const unsigned char *) head, (size_t) n) == 1
        && EVP_MAC_update(ctx, (const unsigned char *) message->body,
                          message->body_len) == 1
        && EVP_MAC_final(ctx, bytes, &len, sizeof(bytes)) == 1)
    {
        memcpy(out, "v1,", 3);
        (void) EVP_EncodeBlock((unsigned char *) out + 3, bytes, (int) len);
        rc = BILLING_OK;
    }

    EVP_MAC_CTX_free(ctx);
    EVP_MAC_free(mac);

    return rc;
}
