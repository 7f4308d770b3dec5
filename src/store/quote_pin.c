/* What a quote showed, pinned in a token that only we can write. */

#include "billing_store.h"

#include <string.h>

#define BILLING_PIN_FORMAT   1
#define BILLING_PIN_PAYLOAD  57         /* format, hash and three numbers */
#define BILLING_PIN_LEN      (BILLING_PIN_PAYLOAD + 32)
#define BILLING_PIN_TEXT     119        /* BILLING_PIN_LEN in base64url */


static billing_err_t billing_pin_mac(const billing_secret_t *secret,
    const char *actor, const char *team, const uint8_t *payload,
    uint8_t mac[32]);
static void billing_pin_put(uint8_t *out, uint64_t value);
static uint64_t billing_pin_get(const uint8_t *bytes);


billing_err_t
billing_quote_pin_encode(const billing_secret_t *secret, const char *actor,
    const char *team, const billing_quote_pin_t *pin,
    char out[BILLING_QUOTE_PIN_MAX])
{
    uint8_t        bytes[BILLING_PIN_LEN];
    billing_err_t  rc;

    out[0] = '\0';

    bytes[0] = BILLING_PIN_FORMAT;
    memcpy(bytes + 1, pin->catalogue, 32);
    billing_pin_put(bytes + 33, (uint64_t) pin->at);
    billing_pin_put(bytes + 41, (uint64_t) pin->total_minor);
    billing_pin_put(bytes + 49, pin->team_version);

    rc = billing_pin_mac(secret, actor, team, bytes,
                         bytes + BILLING_PIN_PAYLOAD);

    if (rc == BILLING_OK) {
        (void) billing_base64url(bytes, sizeof(bytes), out);
    }

    return rc;
}


billing_err_t
billing_quote_pin_decode(const billing_secret_t *secret, const char *actor,
    const char *team, const char *token, billing_quote_pin_t *pin)
{
    uint8_t           bytes[BILLING_PIN_LEN], mac[32];
    billing_err_t     rc;
    billing_buffer_t  buffer = { .data = bytes, .max = sizeof(bytes) };

    memset(pin, 0, sizeof(*pin));

    if (strnlen(token, BILLING_PIN_TEXT + 1) != BILLING_PIN_TEXT
        || billing_unbase64url(token, BILLING_PIN_TEXT, &buffer)
           != BILLING_OK
        || buffer.len != BILLING_PIN_LEN)
    {
        return BILLING_EFORMAT;
    }

    rc = billing_pin_mac(secret, actor, team, bytes, mac);

    if (rc != BILLING_OK) {
        return rc;
    }

    if (!billing_mac_equal(mac, bytes + BILLING_PIN_PAYLOAD, sizeof(mac))) {
        return BILLING_EMAC;
    }

    if (bytes[0] != BILLING_PIN_FORMAT) {
        return BILLING_EFORMAT;
    }

    memcpy(pin->catalogue, bytes + 1, 32);
    pin->at = (int64_t) billing_pin_get(bytes + 33);
    pin->total_minor = (int64_t) billing_pin_get(bytes + 41);
    pin->team_version = billing_pin_get(bytes + 49);

    return BILLING_OK;
}


/* The actor and the team are signed, not carried: the reader knows both. */

static billing_err_t
billing_pin_mac(const billing_secret_t *secret, const char *actor,
    const char *team, const uint8_t *payload, uint8_t mac[32])
{
    billing_bytes_t  parts[] = {
        { actor, strlen(actor) },
        { team, strlen(team) },
        { payload, BILLING_PIN_PAYLOAD }
    };

    return billing_mac(secret, BILLING_KEY_QUOTE, parts, 3, mac);
}


static void
billing_pin_put(uint8_t *out, uint64_t value)
{
    for (unsigned i = 0; i < 8; i++) {
        out[i] = (uint8_t) (value >> (56 - 8 * i));
    }
}


static uint64_t
billing_pin_get(const uint8_t *bytes)
{
    uint64_t  value = 0;

    for (unsigned i = 0; i < 8; i++) {
        value = value << 8 | bytes[i];
    }

    return value;
}
