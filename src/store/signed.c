/*
 * The header by which a proxy in front of nginx says who asks: one MAC over
 * who, when, and the request line that it is about.
 */

#include "billing_store_identity.h"

#include <string.h>

#define BILLING_SIGNED_FORMAT   "v1"
#define BILLING_SIGNED_PARTS    4       /* format time who mac */
#define BILLING_SIGNED_MAC_LEN  64      /* hex */


static bool billing_signed_split(billing_bytes_t value,
    billing_bytes_t parts[BILLING_SIGNED_PARTS]);
static bool billing_signed_by(const billing_jws_keys_t *keys,
    const billing_signed_request_t *request,
    const billing_bytes_t parts[BILLING_SIGNED_PARTS]);


billing_err_t
billing_signed_verify(const billing_jws_keys_t *keys,
    const billing_signed_request_t *request, int64_t now,
    billing_signed_t *out)
{
    uint64_t         at;
    billing_bytes_t  parts[BILLING_SIGNED_PARTS];

    memset(out, 0, sizeof(*out));
    out->why = "is not \"v1 TIME WHO MAC\"";

    if (!billing_signed_split(request->header, parts)
        || billing_digits(parts[1].data, parts[1].len, &at) != BILLING_OK
        || at > INT64_MAX / 2)
    {
        return BILLING_EFORMAT;
    }

    if (!billing_signed_by(keys, request, parts)) {
        out->why = "is not signed with our key for this request";
        return BILLING_EMAC;
    }

    if ((int64_t) at < now - BILLING_SIGNED_SEC
        || (int64_t) at > now + BILLING_SIGNED_SEC)
    {
        out->why = "is of another time";
        return BILLING_ERANGE;
    }

    if (billing_email_normalise(parts[2].data, parts[2].len, out->profile)
        != BILLING_OK)
    {
        out->profile[0] = '\0';
        out->why = "names nobody by an e-mail address";
        return BILLING_ERANGE;
    }

    out->why = NULL;

    return BILLING_OK;
}


/* One blank between two parts: each has one spelling. */

static bool
billing_signed_split(billing_bytes_t value,
    billing_bytes_t parts[BILLING_SIGNED_PARTS])
{
    const char  *text = value.data, *blank;
    size_t       left = value.len;

    if (left == 0 || left > BILLING_SIGNED_MAX) {
        return false;
    }

    for (unsigned i = 0; i < BILLING_SIGNED_PARTS; i++) {
        blank = memchr(text, ' ', left);

        if ((blank == NULL) != (i == BILLING_SIGNED_PARTS - 1)) {
            return false;
        }

        parts[i] = (billing_bytes_t) {
            text, blank == NULL ? left : (size_t) (blank - text)
        };

        if (blank != NULL) {
            left -= parts[i].len + 1;
            text = blank + 1;
        }
    }

    return parts[0].len == sizeof(BILLING_SIGNED_FORMAT) - 1
           && memcmp(parts[0].data, BILLING_SIGNED_FORMAT, parts[0].len) == 0
           && parts[3].len == BILLING_SIGNED_MAC_LEN;
}


/* No part has a line end in it, so none runs into the next. */

static bool
billing_signed_by(const billing_jws_keys_t *keys,
    const billing_signed_request_t *request,
    const billing_bytes_t parts[BILLING_SIGNED_PARTS])
{
    bool             right = false;
    char             hex[BILLING_SIGNED_MAC_LEN + 1];
    uint8_t          mac[32];
    billing_bytes_t  end = { "\n", 1 };
    billing_bytes_t  text[] = {
        parts[0], end, parts[1], end, request->method, end, request->target,
        end, parts[2]
    };

    for (size_t i = 0; i < keys->n && !right; i++) {
        if (billing_mac_plain(keys->key[i].mac, text,
                              sizeof(text) / sizeof(text[0]), mac)
            == BILLING_OK)
        {
            billing_hex(mac, sizeof(mac), hex);
            right = billing_mac_equal((uint8_t *) hex, parts[3].data,
                                      BILLING_SIGNED_MAC_LEN);
        }
    }

    return right;
}
