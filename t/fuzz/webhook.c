/*
 * billing_webhook_verify, billing_webhook_parse.
 *
 * Input: a header, a line's end, a body.  Laws: no header made without the
 * secret is taken; whatever is written around a right signature, the body it
 * stands for cannot be changed.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "../../src/gateway/billing_gateway.h"

#define NOW  INT64_C(1800000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static size_t
signed_header(const uint8_t *body, size_t len, char *out)
{
    uint8_t   mac[32], *text = malloc(len + 12);
    unsigned  n = 32;

    memcpy(text, "1800000000.", 11);
    memcpy(text + 11, body, len);
    HMAC(EVP_sha256(), "whsec", 5, text, len + 11, mac, &n);
    free(text);
    n = (unsigned) sprintf(out, ",t=1800000000,v1=");

    for (unsigned i = 0; i < 32; i++) {
        n += (unsigned) sprintf(out + n, "%02x", mac[i]);
    }

    return n;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char               header[2300];
    size_t             len, n;
    const char        *secrets[] = { "whsec" };
    const uint8_t     *end = size > 0 ? memchr(data, '\n', size) : NULL;
    const uint8_t     *body;
    billing_event_t    event;

    len = end != NULL ? (size_t) (end - data) : size;
    body = end != NULL ? end + 1 : data + size;
    size -= end != NULL ? len + 1 : len;

    if (billing_webhook_verify((const char *) data, len, (const char *) body,
                               size, secrets, 1, NOW))
    {
        abort();
    }

    if (billing_webhook_parse((const char *) body, size, &event) == BILLING_OK
        && (event.id[0] == '\0' || event.object[0] == '\0'))
    {
        abort();
    }

    if (len > 2100) {
        return 0;
    }

    memcpy(header, data, len);
    n = len + signed_header(body, size, header + len);

    if (len == 0 && !billing_webhook_verify(header, n, (const char *) body,
                                            size, secrets, 1, NOW))
    {
        abort();
    }

    if (billing_webhook_verify(header, n, (const char *) body, size, secrets,
                               1, NOW)
        && size > 0
        && billing_webhook_verify(header, n, (const char *) body, size - 1,
                                  secrets, 1, NOW))
    {
        abort();
    }

    return 0;
}
