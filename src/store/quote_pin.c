/* What a quote showed, pinned in a token that only we can write. */

#include "billing_store.h"

#include <string.h>

#define BILLING_PIN_FORMAT   2
#define BILLING_PIN_PAYLOAD  101
#define BILLING_PIN_LEN      (BILLING_PIN_PAYLOAD + 32)
#define BILLING_PIN_TEXT     178        /* BILLING_PIN_LEN in base64url */


/* Where in the payload each thing is; the numbers have eight bytes. */

enum {
    BILLING_PIN_AT_FORMAT    = 0,
    BILLING_PIN_AT_KIND      = 1,
    BILLING_PIN_AT_PLAN      = 2,
    BILLING_PIN_AT_PERIOD    = 3,
    BILLING_PIN_AT_METHOD    = 4,
    BILLING_PIN_AT_PROMO     = 5,
    BILLING_PIN_AT_BUYER     = 13,
    BILLING_PIN_AT_CATALOGUE = 21,
    BILLING_PIN_AT_INSTANT   = 53,
    BILLING_PIN_AT_TOTAL     = 61,
    BILLING_PIN_AT_DUE       = 69,
    BILLING_PIN_AT_RENEWAL   = 77,
    BILLING_PIN_AT_VERSION   = 85,
    BILLING_PIN_AT_SEATS     = 93       /* four bytes, currency the others */
};


static billing_err_t billing_pin_mac(const billing_secret_t *secret,
    const char *actor, const char *team, const uint8_t *payload,
    uint8_t mac[32]);
static void billing_pin_read(const uint8_t *bytes, billing_quote_pin_t *pin);
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

    bytes[BILLING_PIN_AT_FORMAT] = BILLING_PIN_FORMAT;
    bytes[BILLING_PIN_AT_KIND] = (uint8_t) pin->kind;
    bytes[BILLING_PIN_AT_PLAN] = (uint8_t) pin->plan;
    bytes[BILLING_PIN_AT_PERIOD] = (uint8_t) pin->period;
    bytes[BILLING_PIN_AT_METHOD] = (uint8_t) pin->method;
    memcpy(bytes + BILLING_PIN_AT_PROMO, pin->promo, 8);
    memcpy(bytes + BILLING_PIN_AT_BUYER, pin->buyer, 8);
    memcpy(bytes + BILLING_PIN_AT_CATALOGUE, pin->catalogue, 32);
    billing_pin_put(bytes + BILLING_PIN_AT_INSTANT, (uint64_t) pin->at);
    billing_pin_put(bytes + BILLING_PIN_AT_TOTAL,
                    (uint64_t) pin->total.minor);
    billing_pin_put(bytes + BILLING_PIN_AT_DUE,
                    (uint64_t) pin->due_now.minor);
    billing_pin_put(bytes + BILLING_PIN_AT_RENEWAL,
                    (uint64_t) pin->renewal.minor);
    billing_pin_put(bytes + BILLING_PIN_AT_VERSION, pin->team_version);
    billing_pin_put(bytes + BILLING_PIN_AT_SEATS,
                    (uint64_t) pin->seats << 32 | pin->total.currency);

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

    if (bytes[BILLING_PIN_AT_FORMAT] != BILLING_PIN_FORMAT) {
        return BILLING_EFORMAT;
    }

    billing_pin_read(bytes, pin);

    return BILLING_OK;
}


/* The bytes are our own: their MAC was right. */

static void
billing_pin_read(const uint8_t *bytes, billing_quote_pin_t *pin)
{
    uint64_t            last = billing_pin_get(bytes + BILLING_PIN_AT_SEATS);
    billing_currency_t  currency = (billing_currency_t) (last & 0xffff);

    pin->kind = (billing_pin_kind_t) bytes[BILLING_PIN_AT_KIND];
    pin->plan = (billing_plan_t) bytes[BILLING_PIN_AT_PLAN];
    pin->period = (billing_period_t) bytes[BILLING_PIN_AT_PERIOD];
    pin->method = (billing_method_t) bytes[BILLING_PIN_AT_METHOD];
    pin->seats = (uint32_t) (last >> 32);
    memcpy(pin->promo, bytes + BILLING_PIN_AT_PROMO, 8);
    memcpy(pin->buyer, bytes + BILLING_PIN_AT_BUYER, 8);
    memcpy(pin->catalogue, bytes + BILLING_PIN_AT_CATALOGUE, 32);
    pin->at = (int64_t) billing_pin_get(bytes + BILLING_PIN_AT_INSTANT);
    pin->total = (billing_money_t) {
        (int64_t) billing_pin_get(bytes + BILLING_PIN_AT_TOTAL), currency
    };
    pin->due_now = (billing_money_t) {
        (int64_t) billing_pin_get(bytes + BILLING_PIN_AT_DUE), currency
    };
    pin->renewal = (billing_money_t) {
        (int64_t) billing_pin_get(bytes + BILLING_PIN_AT_RENEWAL), currency
    };
    pin->team_version = billing_pin_get(bytes + BILLING_PIN_AT_VERSION);
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
