/* What the worker answers: "MAC\n{header}\nBODY" on a reply channel. */

#include "billing_store.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#define BILLING_ANSWER_HEADER_MAX  512
#define BILLING_RETRY_AFTER_MAX    86400


static billing_err_t billing_answer_check(const billing_answer_t *answer);
static size_t billing_answer_header(const billing_answer_t *answer,
    char header[BILLING_ANSWER_HEADER_MAX]);
static billing_err_t billing_answer_mac(const billing_secret_t *secret,
    billing_bytes_t bytes, uint8_t mac[32]);
static billing_err_t billing_answer_fill(billing_bytes_t header,
    billing_answer_t *answer);
static billing_err_t billing_answer_read(const json_t *json,
    billing_answer_t *answer);
static billing_err_t billing_answer_text(const json_t *json, const char *name,
    char *out, size_t max);


billing_err_t
billing_answer_encode(const billing_secret_t *secret,
    const billing_answer_t *answer, char **out, size_t *len)
{
    char           *text, header[BILLING_ANSWER_HEADER_MAX];
    size_t          n;
    uint8_t         mac[32];
    billing_err_t   rc;

    *out = NULL;
    *len = 0;

    rc = billing_answer_check(answer);

    if (rc != BILLING_OK) {
        return rc;
    }

    n = billing_answer_header(answer, header);

    if (n == 0) {
        return BILLING_ERANGE;
    }

    text = malloc(BILLING_MAC_HEX_LEN + 1 + n + 1 + answer->body.len + 1);

    if (text == NULL) {
        return BILLING_ENOMEM;
    }

    *len = BILLING_MAC_HEX_LEN + 1;
    memcpy(text + *len, header, n);
    *len += n;
    text[(*len)++] = '\n';

    if (answer->body.len > 0) {
        memcpy(text + *len, answer->body.data, answer->body.len);
        *len += answer->body.len;
    }

    text[*len] = '\0';

    rc = billing_answer_mac(secret,
                    (billing_bytes_t) { text + BILLING_MAC_HEX_LEN + 1,
                                        *len - BILLING_MAC_HEX_LEN - 1 }, mac);
    if (rc != BILLING_OK) {
        free(text);
        *len = 0;
        return rc;
    }

    billing_hex(mac, sizeof(mac), text);
    text[BILLING_MAC_HEX_LEN] = '\n';
    *out = text;

    return BILLING_OK;
}


billing_err_t
billing_answer_decode(const billing_secret_t *secret, billing_bytes_t bytes,
    billing_answer_t *answer)
{
    size_t         rest;
    uint8_t        mac[32], given[32];
    const char    *text = bytes.data;
    const char    *end;
    billing_err_t  rc;

    memset(answer, 0, sizeof(*answer));

    if (bytes.len <= BILLING_MAC_HEX_LEN + 1
        || text[BILLING_MAC_HEX_LEN] != '\n'
        || billing_unhex(text, BILLING_MAC_HEX_LEN, given) != BILLING_OK)
    {
        return BILLING_EMAC;
    }

    text += BILLING_MAC_HEX_LEN + 1;
    rest = bytes.len - BILLING_MAC_HEX_LEN - 1;

    if (rest > BILLING_ANSWER_HEADER_MAX + 1 + BILLING_ANSWER_MAX) {
        return BILLING_EMAC;
    }

    rc = billing_answer_mac(secret, (billing_bytes_t) { text, rest }, mac);

    if (rc != BILLING_OK) {
        return rc;
    }

    if (!billing_mac_equal(mac, given, sizeof(mac))) {
        return BILLING_EMAC;
    }

    end = memchr(text, '\n', rest);

    if (end == NULL) {
        return BILLING_EFORMAT;
    }

    answer->body = (billing_bytes_t) { end + 1,
                                       rest - (size_t) (end - text) - 1 };

    rc = billing_answer_fill((billing_bytes_t) { text,
                                                 (size_t) (end - text) },
                             answer);
    if (rc != BILLING_OK) {
        memset(answer, 0, sizeof(*answer));
    }

    return rc;
}


static billing_err_t
billing_answer_check(const billing_answer_t *answer)
{
    uint8_t  bytes[16];

    if (strnlen(answer->op, sizeof(answer->op)) != BILLING_OP_ID_LEN
        || memcmp(answer->op, "op_", 3) != 0
        || billing_unhex(answer->op + 3, BILLING_OP_ID_LEN - 3, bytes)
           != BILLING_OK)
    {
        return BILLING_ERANGE;
    }

    if (answer->team[0] != '\0'
        && !billing_id_valid(answer->team,
                             strnlen(answer->team, sizeof(answer->team))))
    {
        return BILLING_ERANGE;
    }

    if (answer->status < 200 || answer->status > 599
        || answer->retry_after_sec > BILLING_RETRY_AFTER_MAX
        || answer->epoch > INT64_MAX || answer->version > INT64_MAX
        || answer->body.len > BILLING_ANSWER_MAX)
    {
        return BILLING_ERANGE;
    }

    return BILLING_OK;
}


static size_t
billing_answer_header(const billing_answer_t *answer,
    char header[BILLING_ANSWER_HEADER_MAX])
{
    size_t   len;
    json_t  *json;

    json = json_pack("{ss sI sI sb sb ss sI sI sI}",
                     "op", answer->op,
                     "status", (json_int_t) answer->status,
                     "retry_after", (json_int_t) answer->retry_after_sec,
                     "replayed", (int) answer->replayed,
                     "problem", (int) answer->problem,
                     "team", answer->team,
                     "epoch", (json_int_t) answer->epoch,
                     "version", (json_int_t) answer->version,
                     "len", (json_int_t) answer->body.len);

    if (json == NULL) {
        return 0;
    }

    len = json_dumpb(json, header, BILLING_ANSWER_HEADER_MAX, JSON_COMPACT);
    json_decref(json);

    return len <= BILLING_ANSWER_HEADER_MAX ? len : 0;
}


/* The word in front keeps an answer's MAC from passing for a command's. */

static billing_err_t
billing_answer_mac(const billing_secret_t *secret, billing_bytes_t bytes,
    uint8_t mac[32])
{
    billing_bytes_t  parts[] = { { "answer", 6 }, bytes };

    return billing_mac(secret, BILLING_KEY_COMMAND, parts, 2, mac);
}


static billing_err_t
billing_answer_fill(billing_bytes_t header, billing_answer_t *answer)
{
    json_t         *json;
    json_error_t    error;
    billing_err_t   rc;

    if (header.len > BILLING_ANSWER_HEADER_MAX) {
        return BILLING_EFORMAT;
    }

    json = json_loadb(header.data, header.len, JSON_REJECT_DUPLICATES, &error);
    rc = billing_answer_read(json, answer);
    json_decref(json);

    if (rc == BILLING_OK && billing_answer_check(answer) != BILLING_OK) {
        rc = BILLING_EFORMAT;
    }

    return rc;
}


static billing_err_t
billing_answer_read(const json_t *json, billing_answer_t *answer)
{
    json_int_t     numbers[5];
    const json_t  *replayed = json_object_get(json, "replayed");
    const json_t  *problem = json_object_get(json, "problem");

    static const char *const  names[5] = {
        "status", "retry_after", "epoch", "version", "len"
    };

    for (unsigned i = 0; i < 5; i++) {
        const json_t  *value = json_object_get(json, names[i]);

        if (!json_is_integer(value) || json_integer_value(value) < 0) {
            return BILLING_EFORMAT;
        }

        numbers[i] = json_integer_value(value);
    }

    if (numbers[0] > 599 || numbers[1] > BILLING_RETRY_AFTER_MAX
        || (uint64_t) numbers[4] != answer->body.len
        || !json_is_boolean(replayed) || !json_is_boolean(problem))
    {
        return BILLING_EFORMAT;
    }

    answer->status = (unsigned) numbers[0];
    answer->retry_after_sec = (unsigned) numbers[1];
    answer->epoch = (uint64_t) numbers[2];
    answer->version = (uint64_t) numbers[3];
    answer->replayed = json_is_true(replayed);
    answer->problem = json_is_true(problem);

    if (billing_answer_text(json, "op", answer->op, BILLING_OP_ID_LEN)
        != BILLING_OK)
    {
        return BILLING_EFORMAT;
    }

    return billing_answer_text(json, "team", answer->team, BILLING_ID_MAX);
}


static billing_err_t
billing_answer_text(const json_t *json, const char *name, char *out,
    size_t max)
{
    size_t         len;
    const json_t  *value = json_object_get(json, name);

    if (!json_is_string(value)) {
        return BILLING_EFORMAT;
    }

    len = json_string_length(value);

    if (len > max) {
        return BILLING_EFORMAT;
    }

    memcpy(out, json_string_value(value), len + 1);

    return BILLING_OK;
}
