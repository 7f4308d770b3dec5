/*
 * billing_answer_decode, billing_answer_encode.
 *
 * Laws: nothing without our MAC is an answer; the body lies within the bytes;
 * what is read can be sent on and is then read the same.
 */

#include <stdlib.h>
#include <string.h>

#include "../../src/store/billing_store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
again(const billing_secret_t *secret, const billing_answer_t *answer)
{
    char              *out;
    size_t             len;
    billing_answer_t   back;

    if (billing_answer_encode(secret, answer, &out, &len) != BILLING_OK
        || billing_answer_decode(secret, (billing_bytes_t) { out, len }, &back)
           != BILLING_OK
        || back.body.len != answer->body.len
        || memcmp(back.body.data, answer->body.data, back.body.len) != 0
        || back.status != answer->status || back.epoch != answer->epoch
        || back.version != answer->version
        || strcmp(back.op, answer->op) != 0
        || strcmp(back.team, answer->team) != 0)
    {
        abort();
    }

    free(out);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char              *text = malloc(size + 66);
    uint8_t            mac[32];
    billing_bytes_t    bytes = { data, size };
    billing_bytes_t    parts[] = { { "answer", 6 }, bytes };
    billing_answer_t   answer;
    billing_secret_t   secret = { { { 1 } } };

    if (billing_answer_decode(&secret, bytes, &answer) == BILLING_OK
        || billing_mac(&secret, BILLING_KEY_COMMAND, parts, 2, mac)
           != BILLING_OK)
    {
        abort();
    }

    billing_hex(mac, 32, text);
    text[64] = '\n';
    memcpy(text + 65, data, size);

    if (billing_answer_decode(&secret, (billing_bytes_t) { text, size + 65 },
                              &answer) == BILLING_OK)
    {
        again(&secret, &answer);
    }

    free(text);

    return 0;
}
