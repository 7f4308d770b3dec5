/* Events of the gateway: whose they are, before what they say. */

#include "billing_gateway.h"

#include <string.h>

#include <jansson.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#define BILLING_WEBHOOK_HEADER_MAX  2048
#define BILLING_WEBHOOK_HEX         64  /* of one v1 signature */
#define BILLING_WEBHOOK_TIME_MAX    18  /* digits: fits int64_t */


typedef struct {
    const char  *time;
    size_t       time_len;
    int64_t      at;
    unsigned     n;
    const char  *signatures[BILLING_WEBHOOK_SIGNATURES];
} billing_webhook_header_t;


static bool billing_webhook_header(const char *header, size_t len,
    billing_webhook_header_t *out);
static bool billing_webhook_item(const char *item, size_t len,
    billing_webhook_header_t *out);
static bool billing_webhook_time(const char *text, size_t len,
    billing_webhook_header_t *out);
static bool billing_webhook_hex(const char *text, size_t len);
static bool billing_webhook_sign(EVP_MAC *hmac, const char *secret,
    const billing_webhook_header_t *header, const char *body, size_t len,
    char hex[BILLING_WEBHOOK_HEX]);


bool
billing_webhook_verify(const char *header, size_t header_len,
    const char *body, size_t body_len, const char *const *secrets,
    size_t nsecrets, int64_t now)
{
    int                       found = 0;
    EVP_MAC                  *hmac;
    billing_webhook_header_t  parsed;

    if (body_len > BILLING_WEBHOOK_MAX
        || !billing_webhook_header(header, header_len, &parsed)
        || now < 0
        || parsed.at > now + BILLING_WEBHOOK_SKEW_SEC
        || parsed.at < now - BILLING_WEBHOOK_SKEW_SEC)
    {
        return false;
    }

    hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);

    if (hmac == NULL) {
        return false;
    }

    /* Every secret with every signature, whatever matched before. */

    for (size_t i = 0; i < nsecrets; i++) {
        char  own[BILLING_WEBHOOK_HEX];

        if (!billing_webhook_sign(hmac, secrets[i], &parsed, body, body_len,
                                  own))
        {
            continue;
        }

        for (unsigned j = 0; j < parsed.n; j++) {
            found |= CRYPTO_memcmp(own, parsed.signatures[j],
                                   BILLING_WEBHOOK_HEX) == 0;
        }
    }

    EVP_MAC_free(hmac);

    return found != 0;
}


billing_err_t
billing_webhook_parse(const char *body, size_t body_len, billing_event_t *out)
{
    bool     ok;
    json_t  *json, *object;

    memset(out, 0, sizeof(*out));

    json = billing_gateway_json(body, body_len);
    object = json_object_get(json_object_get(json, "data"), "object");

    ok = billing_gateway_text(json, "id", out->id, BILLING_GATEWAY_ID_MAX)
         && billing_gateway_id(out->id, strlen(out->id))
         && billing_gateway_text(json, "type", out->type,
                                 sizeof(out->type) - 1)
         && billing_gateway_text(object, "id", out->object,
                                 BILLING_GATEWAY_ID_MAX)
         && billing_gateway_id(out->object, strlen(out->object));

    object = json_object_get(object, "metadata");

    if (!billing_gateway_text(object, "checkout", out->checkout,
                              BILLING_GATEWAY_ID_MAX)
        || !billing_gateway_id(out->checkout, strlen(out->checkout)))
    {
        out->checkout[0] = '\0';
    }

    json_decref(json);

    if (!ok) {
        memset(out, 0, sizeof(*out));
        return BILLING_EFORMAT;
    }

    return BILLING_OK;
}


/* "t=TIME,v1=HEX[,v1=HEX...]"; schemes that we do not know are passed over. */

static bool
billing_webhook_header(const char *header, size_t len,
    billing_webhook_header_t *out)
{
    const char  *end, *comma;

    memset(out, 0, sizeof(*out));

    if (header == NULL || len == 0 || len > BILLING_WEBHOOK_HEADER_MAX) {
        return false;
    }

    end = header + len;

    do {
        comma = memchr(header, ',', (size_t) (end - header));
        len = (size_t) ((comma != NULL ? comma : end) - header);

        if (!billing_webhook_item(header, len, out)) {
            return false;
        }

        header = comma != NULL ? comma + 1 : end;

    } while (header < end);

    return out->time != NULL && out->n > 0;
}


static bool
billing_webhook_item(const char *item, size_t len,
    billing_webhook_header_t *out)
{
    if (len >= 2 && memcmp(item, "t=", 2) == 0) {
        return billing_webhook_time(item + 2, len - 2, out);
    }

    if (len < 3 || memcmp(item, "v1=", 3) != 0) {
        return true;
    }

    if (out->n == BILLING_WEBHOOK_SIGNATURES
        || !billing_webhook_hex(item + 3, len - 3))
    {
        return false;
    }

    out->signatures[out->n++] = item + 3;

    return true;
}


/* One time only: with two, what is signed and what is judged could differ. */

static bool
billing_webhook_time(const char *text, size_t len,
    billing_webhook_header_t *out)
{
    if (out->time != NULL || len == 0 || len > BILLING_WEBHOOK_TIME_MAX
        || text[0] == '0')
    {
        return false;
    }

    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }

        out->at = out->at * 10 + (text[i] - '0');
    }

    out->time = text;
    out->time_len = len;

    return true;
}


static bool
billing_webhook_hex(const char *text, size_t len)
{
    if (len != BILLING_WEBHOOK_HEX) {
        return false;
    }

    for (size_t i = 0; i < len; i++) {
        if (!(text[i] >= '0' && text[i] <= '9')
            && !(text[i] >= 'a' && text[i] <= 'f'))
        {
            return false;
        }
    }

    return true;
}


static bool
billing_webhook_sign(EVP_MAC *hmac, const char *secret,
    const billing_webhook_header_t *header, const char *body, size_t len,
    char hex[BILLING_WEBHOOK_HEX])
{
    bool          ok;
    char          digest[] = "SHA256";
    size_t        n = 0;
    uint8_t       mac[32];
    OSSL_PARAM    params[2];
    EVP_MAC_CTX  *ctx;

    static const char  digits[] = "0123456789abcdef";

    if (secret == NULL || secret[0] == '\0') {
        return false;
    }

    ctx = EVP_MAC_CTX_new(hmac);

    if (ctx == NULL) {
        return false;
    }

    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                                 digest, 0);
    params[1] = OSSL_PARAM_construct_end();

    ok = EVP_MAC_init(ctx, (const uint8_t *) secret, strlen(secret), params)
         == 1
         && EVP_MAC_update(ctx, (const uint8_t *) header->time,
                           header->time_len) == 1
         && EVP_MAC_update(ctx, (const uint8_t *) ".", 1) == 1
         && (len == 0
             || EVP_MAC_update(ctx, (const uint8_t *) body, len) == 1)
         && EVP_MAC_final(ctx, mac, &n, sizeof(mac)) == 1
         && n == sizeof(mac);

    EVP_MAC_CTX_free(ctx);

    for (unsigned i = 0; ok && i < sizeof(mac); i++) {
        hex[2 * i] = digits[mac[i] >> 4];
        hex[2 * i + 1] = digits[mac[i] & 15];
    }

    return ok;
}
