/*
 * Signed bytes in the compact form of RFC 7515: HEADER.PAYLOAD.SIGNATURE.  The
 * header is only asked which key is meant; which algorithm a key is used with
 * was decided where it was configured.
 */

#include "billing_store_identity.h"

#include <string.h>
#include <strings.h>

#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#define BILLING_JWS_SIGNATURE_MAX  1024
#define BILLING_JWS_DER_MAX        80   /* of two numbers of 32 bytes */

typedef struct {
    billing_bytes_t  header;            /* as they are spelled */
    billing_bytes_t  payload;
    billing_bytes_t  signed_part;       /* both, and the dot between them */
    billing_bytes_t  signature;         /* decoded */
} billing_jws_parts_t;


static bool billing_jws_split(billing_bytes_t token,
    billing_jws_parts_t *parts, billing_bytes_t *signature);
static json_t *billing_jws_header(billing_bytes_t text);
static const char *billing_jws_unfit(json_t *header);
static bool billing_jws_meant(const billing_jws_key_t *key, json_t *header);
static bool billing_jws_by(const billing_jws_key_t *key,
    const billing_jws_parts_t *parts);
static bool billing_jws_by_secret(const billing_jws_key_t *key,
    const billing_jws_parts_t *parts);
static bool billing_jws_by_public(const billing_jws_key_t *key,
    const billing_jws_parts_t *parts);
static size_t billing_jws_der(billing_bytes_t raw,
    uint8_t der[BILLING_JWS_DER_MAX]);


billing_err_t
billing_jws_verify(const billing_jws_keys_t *keys, billing_bytes_t token,
    billing_buffer_t *payload, const char **why)
{
    bool                 meant = false, right = false;
    json_t              *header;
    uint8_t              bytes[BILLING_JWS_SIGNATURE_MAX];
    billing_bytes_t      text;
    billing_buffer_t     signature = { bytes, 0, sizeof(bytes) };
    billing_jws_parts_t  parts;

    payload->len = 0;
    *why = "is not three parts of base64url, 4 KB at the most";

    if (!billing_jws_split(token, &parts, &text)
        || billing_unbase64url(text.data, text.len, &signature) != BILLING_OK)
    {
        return BILLING_EFORMAT;
    }

    parts.signature = (billing_bytes_t) { bytes, signature.len };

    header = billing_jws_header(parts.header);
    *why = billing_jws_unfit(header);

    if (*why != NULL) {
        json_decref(header);
        return BILLING_EFORMAT;
    }

    for (size_t i = 0; i < keys->n && !right; i++) {
        if (billing_jws_meant(&keys->key[i], header)) {
            meant = true;
            right = billing_jws_by(&keys->key[i], &parts);
        }
    }

    json_decref(header);

    if (!right) {
        *why = meant ? "is not signed with our key"
                     : "names an algorithm or a key that is not ours";
        return BILLING_EMAC;
    }

    *why = "has a payload that is not base64url";

    if (billing_unbase64url(parts.payload.data, parts.payload.len, payload)
        != BILLING_OK)
    {
        payload->len = 0;
        return BILLING_EFORMAT;
    }

    *why = NULL;

    return BILLING_OK;
}


/* Two dots, no more and no fewer. */

static bool
billing_jws_split(billing_bytes_t token, billing_jws_parts_t *parts,
    billing_bytes_t *signature)
{
    const char  *text = token.data, *end, *one, *two;

    if (token.len == 0 || token.len > BILLING_JWS_MAX) {
        return false;
    }

    end = text + token.len;
    one = memchr(text, '.', token.len);

    if (one == NULL) {
        return false;
    }

    two = memchr(one + 1, '.', (size_t) (end - one - 1));

    if (two == NULL
        || memchr(two + 1, '.', (size_t) (end - two - 1)) != NULL)
    {
        return false;
    }

    *parts = (billing_jws_parts_t) {
        .header = { text, (size_t) (one - text) },
        .payload = { one + 1, (size_t) (two - one - 1) },
        .signed_part = { text, (size_t) (two - text) }
    };
    *signature = (billing_bytes_t) { two + 1, (size_t) (end - two - 1) };

    return true;
}


static json_t *
billing_jws_header(billing_bytes_t text)
{
    uint8_t           bytes[BILLING_JWS_MAX];
    billing_buffer_t  buffer = { bytes, 0, sizeof(bytes) };

    if (billing_unbase64url(text.data, text.len, &buffer) != BILLING_OK) {
        return NULL;
    }

    return json_loadb((char *) bytes, buffer.len, JSON_REJECT_DUPLICATES,
                      NULL);
}


/*
 * An extension that must be understood is not ("crit", RFC 7515, 4.1.11), and
 * a token of another purpose is none of these (RFC 8725, 3.11).
 */

static const char *
billing_jws_unfit(json_t *header)
{
    json_t  *kid = json_object_get(header, "kid");
    json_t  *type = json_object_get(header, "typ");

    if (!json_is_string(json_object_get(header, "alg"))
        || (kid != NULL && !json_is_string(kid)))
    {
        return "has no header with an algorithm";
    }

    if (json_object_get(header, "crit") != NULL) {
        return "has a header with extensions";
    }

    if (type != NULL
        && (!json_is_string(type)
            || (strcasecmp(json_string_value(type), "JWT") != 0
                && strcasecmp(json_string_value(type), "at+jwt") != 0)))
    {
        return "is of another type";
    }

    return NULL;
}


static bool
billing_jws_meant(const billing_jws_key_t *key, json_t *header)
{
    const char  *alg = json_string_value(json_object_get(header, "alg"));
    const char  *kid = json_string_value(json_object_get(header, "kid"));

    return strcmp(alg, billing_jws_algorithm_name(key->algorithm)) == 0
           && (kid == NULL || key->kid[0] == '\0'
               || strcmp(kid, key->kid) == 0);
}


static bool
billing_jws_by(const billing_jws_key_t *key, const billing_jws_parts_t *parts)
{
    bool  right;

    right = key->algorithm == BILLING_JWS_HS256
                ? billing_jws_by_secret(key, parts)
                : billing_jws_by_public(key, parts);

    /* What failed is no error of the connection that asks for errors next. */

    ERR_clear_error();

    return right;
}


static bool
billing_jws_by_secret(const billing_jws_key_t *key,
    const billing_jws_parts_t *parts)
{
    uint8_t  mac[32];

    return billing_mac_plain(key->mac, &parts->signed_part, 1, mac)
           == BILLING_OK
           && parts->signature.len == sizeof(mac)
           && billing_mac_equal(mac, parts->signature.data, sizeof(mac));
}


static bool
billing_jws_by_public(const billing_jws_key_t *key,
    const billing_jws_parts_t *parts)
{
    bool              right;
    uint8_t           der[BILLING_JWS_DER_MAX];
    EVP_MD_CTX       *ctx;
    const char       *digest = "SHA256";
    billing_bytes_t   signature = parts->signature;

    if (key->algorithm == BILLING_JWS_ES256) {
        signature = (billing_bytes_t) { der,
                                        billing_jws_der(signature, der) };
    }

    if (key->algorithm == BILLING_JWS_EDDSA) {
        digest = NULL;                  /* it has its own */
    }

    if (signature.len == 0) {
        return false;
    }

    ctx = EVP_MD_CTX_new();

    right = ctx != NULL
            && EVP_DigestVerifyInit_ex(ctx, NULL, digest, NULL, NULL,
                                       key->pkey, NULL) == 1
            && EVP_DigestVerify(ctx, signature.data, signature.len,
                                parts->signed_part.data,
                                parts->signed_part.len) == 1;

    EVP_MD_CTX_free(ctx);

    return right;
}


/*
 * JWS has the two numbers side by side, 32 bytes each, no more and no fewer
 * (RFC 7518, 3.4); OpenSSL wants them in DER.  0: they are not.
 */

static size_t
billing_jws_der(billing_bytes_t raw, uint8_t der[BILLING_JWS_DER_MAX])
{
    int             len = 0;
    BIGNUM         *r, *s;
    uint8_t        *p = der;
    ECDSA_SIG      *sig;
    const uint8_t  *bytes = raw.data;

    if (raw.len != 64) {
        return 0;
    }

    sig = ECDSA_SIG_new();
    r = BN_bin2bn(bytes, 32, NULL);
    s = BN_bin2bn(bytes + 32, 32, NULL);

    if (sig == NULL || r == NULL || s == NULL
        || ECDSA_SIG_set0(sig, r, s) != 1)
    {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(sig);
        return 0;
    }

    if (i2d_ECDSA_SIG(sig, NULL) <= BILLING_JWS_DER_MAX) {
        len = i2d_ECDSA_SIG(sig, &p);
    }

    ECDSA_SIG_free(sig);

    return len > 0 ? (size_t) len : 0;
}
