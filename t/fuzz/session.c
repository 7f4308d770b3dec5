/*
 * billing_session_decode, billing_quote_pin_decode, billing_unbase64url.
 *
 * Laws: nothing without our MAC is a session or a pin; a session that is
 * taken is spelled exactly as we spell it.
 */

#include <stdlib.h>
#include <string.h>

#include "../../src/store/billing_store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


/* One value, one spelling. */

static void
spelling(const char *text, size_t len)
{
    char              again[1024];
    uint8_t           bytes[512];
    billing_buffer_t  buffer = { bytes, 0, sizeof(bytes) };

    if (billing_unbase64url(text, len, &buffer) == BILLING_OK
        && (billing_base64url(bytes, buffer.len, again) != len
            || memcmp(again, text, len) != 0))
    {
        abort();
    }
}


static void
signed_session(const billing_secret_t *secret, billing_bytes_t part)
{
    char               token[BILLING_SESSION_MAX + 64];
    char               again[BILLING_SESSION_MAX];
    uint8_t            mac[32];
    billing_session_t  session;

    if (part.len > BILLING_SESSION_MAX
        || billing_mac(secret, BILLING_KEY_SESSION, &part, 1, mac)
           != BILLING_OK)
    {
        return;
    }

    memcpy(token, part.data, part.len);
    token[part.len] = '.';
    billing_base64url(mac, 32, token + part.len + 1);

    if (billing_session_decode(secret,
                               (billing_bytes_t) { token, part.len + 44 }, 0,
                               &session) != BILLING_OK)
    {
        return;
    }

    if (billing_session_encode(secret, &session, again) != BILLING_OK
        || strlen(again) != part.len + 44
        || memcmp(again, token, part.len + 44) != 0)
    {
        abort();
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char                 *text = malloc(size + 1);
    billing_bytes_t       bytes = { data, size };
    billing_secret_t      secret = { { { 1 } } };
    billing_session_t     session;
    billing_quote_pin_t   pin;

    memcpy(text, data, size);
    text[size] = '\0';

    if (billing_session_decode(&secret, bytes, 0, &session) == BILLING_OK
        || billing_quote_pin_decode(&secret, "a", "t", text, &pin)
           == BILLING_OK)
    {
        abort();
    }

    if (size > 0) {
        signed_session(&secret, bytes);
    }

    spelling(text, size);
    free(text);

    return 0;
}
