/*
 * billing_command_decode, billing_command_encode.
 *
 * Laws: nothing without our MAC is a command; what is read can be sent on and
 * is then read the same.
 */

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "../../src/store/billing_store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static char  text[BILLING_ENVELOPE_MAX];


static void
again(const billing_secret_t *secret, const billing_command_t *command)
{
    char               mac[BILLING_MAC_HEX_LEN + 1];
    size_t             len;
    billing_command_t  back;

    if (billing_command_encode(secret, command, text, sizeof(text), &len, mac)
        != BILLING_OK)
    {
        return;                         /* longer once spelled our way */
    }

    if (billing_command_decode(secret, (billing_bytes_t) { text, len },
                               (billing_bytes_t) { mac, strlen(mac) }, &back)
        != BILLING_OK
        || !json_equal(command->body, back.body)
        || strcmp(command->op, back.op) != 0
        || strcmp(command->key, back.key) != 0
        || command->deadline_ms != back.deadline_ms)
    {
        abort();
    }

    billing_command_release(&back);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char               hex[65];
    uint8_t            mac[32] = { 0 };
    billing_bytes_t    bytes = { data, size };
    billing_bytes_t    parts[] = { { "command", 7 }, bytes };
    billing_secret_t   secret = { { { 1 } } };
    billing_command_t  command;

    billing_hex(mac, 32, hex);

    if (billing_command_decode(&secret, bytes, (billing_bytes_t) { hex, 64 },
                               &command) == BILLING_OK
        || billing_command_decode(&secret, bytes, bytes, &command)
           == BILLING_OK)
    {
        abort();
    }

    if (billing_mac(&secret, BILLING_KEY_COMMAND, parts, 2, mac) != BILLING_OK)
    {
        abort();
    }

    billing_hex(mac, 32, hex);

    if (billing_command_decode(&secret, bytes, (billing_bytes_t) { hex, 64 },
                               &command) == BILLING_OK)
    {
        again(&secret, &command);
        billing_command_release(&command);
    }

    return 0;
}
