/* One text for one request, however it was spelled. */

#include "billing_api.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#define BILLING_CANONICAL  (JSON_SORT_KEYS | JSON_COMPACT)


static billing_err_t billing_canonical_digest(const char *text,
    uint8_t hash[32]);


char *
billing_body_canonical(const json_t *body, char fingerprint[65])
{
    char     *text;
    uint8_t   hash[32];

    static const char  digits[] = "0123456789abcdef";

    fingerprint[0] = '\0';
    text = json_dumps(body, BILLING_CANONICAL);

    if (text == NULL || billing_canonical_digest(text, hash) != BILLING_OK) {
        free(text);
        return NULL;
    }

    for (unsigned i = 0; i < sizeof(hash); i++) {
        fingerprint[2 * i] = digits[hash[i] >> 4];
        fingerprint[2 * i + 1] = digits[hash[i] & 15];
    }

    fingerprint[64] = '\0';

    return text;
}


billing_err_t
billing_json_hash(const json_t *json, uint8_t hash[32])
{
    char           *text;
    billing_err_t   rc;

    text = json_dumps(json, BILLING_CANONICAL | JSON_ENCODE_ANY);

    if (text == NULL) {
        return BILLING_ENOMEM;
    }

    rc = billing_canonical_digest(text, hash);
    free(text);

    return rc;
}


static billing_err_t
billing_canonical_digest(const char *text, uint8_t hash[32])
{
    unsigned  len = 0;

    if (EVP_Digest(text, strlen(text), hash, &len, EVP_sha256(), NULL) != 1
        || len != 32)
    {
        return BILLING_ENOMEM;
    }

    return BILLING_OK;
}
