/*
 * billing_record_decode, billing_notice_split, billing_record_encode.
 *
 * Laws: no bytes are a record but those with our MAC; what is read can be
 * written again, and is then read the same.
 */

#include <stdlib.h>
#include <string.h>

#include "../../src/store/billing_store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static size_t
sign(const billing_secret_t *secret, billing_bytes_t text, char *out)
{
    uint8_t          mac[32];
    billing_bytes_t  parts[] = { { "record", 6 }, { "k", 1 }, text };

    if (billing_mac(secret, BILLING_KEY_RECORD, parts, 3, mac) != BILLING_OK) {
        abort();
    }

    memcpy(out, text.data, text.len);
    out[text.len] = ' ';
    billing_hex(mac, 32, out + text.len + 1);

    return text.len + 65;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char              text[2048], again[BILLING_RECORD_MAX];
    size_t            len;
    billing_bytes_t   bytes = { data, size }, key = { "k", 1 }, a, b;
    billing_secret_t  secret = { { { 1 } } };
    billing_record_t  record, back;

    if (billing_notice_split(bytes, &a, &b) == BILLING_OK
        && a.len + 1 + b.len != size)
    {
        abort();
    }

    if (billing_record_decode(&secret, key, bytes, &record) == BILLING_OK) {
        abort();
    }

    if (size > 1900 || size == 0) {
        return 0;
    }

    len = sign(&secret, bytes, text);

    if (billing_record_decode(&secret, key, (billing_bytes_t) { text, len },
                              &record) != BILLING_OK)
    {
        return 0;
    }

    if (billing_record_encode(&secret, key, &record, again, sizeof(again),
                              &len) != BILLING_OK
        || billing_record_decode(&secret, key,
                                 (billing_bytes_t) { again, len }, &back)
           != BILLING_OK
        || memcmp(&record, &back, sizeof(record)) != 0)
    {
        abort();
    }

    return 0;
}
