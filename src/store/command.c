/* What nginx asks of the worker: an authenticated envelope. */

#include "billing_store.h"

#include <string.h>

#include <jansson.h>

#define BILLING_COMMAND_SCHEMA    1
#define BILLING_COMMAND_KIND_MAX  31
#define BILLING_COMMAND_KEY_MAX   255   /* of an Idempotency-Key */


static billing_err_t billing_command_check(const billing_command_t *command);
static bool billing_command_op(const char *op);
static bool billing_command_kind(const char *kind);
static bool billing_command_printable(const char *text, size_t max);
static bool billing_command_lang(const char *lang);
static bool billing_command_trace(const char *trace);
static billing_err_t billing_command_mac(const billing_secret_t *secret,
    billing_bytes_t bytes, uint8_t mac[32]);
static billing_err_t billing_command_fill(billing_command_t *command);
static const char *billing_command_text(const json_t *json, const char *name);


billing_err_t
billing_command_encode(const billing_secret_t *secret,
    const billing_command_t *command, char *out, size_t out_max, size_t *len,
    char *mac)
{
    json_t         *json;
    uint8_t         bytes[32];
    billing_err_t   rc;

    *len = 0;

    if (billing_command_check(command) != BILLING_OK) {
        return BILLING_ERANGE;
    }

    json = json_pack("{si ss ss ss ss ss ss ss ss ss* sI sO}",
                     "schema", BILLING_COMMAND_SCHEMA,
                     "op", command->op, "kind", command->kind,
                     "actor", command->actor, "team", command->team,
                     "key", command->key, "fingerprint", command->fingerprint,
                     "reply", command->reply, "lang", command->lang,
                     "trace", command->trace,
                     "deadline", (json_int_t) command->deadline_ms,
                     "body", command->body);

    if (json == NULL) {
        return BILLING_ENOMEM;
    }

    *len = json_dumpb(json, out, out_max, JSON_COMPACT);
    json_decref(json);

    if (*len == 0 || *len > out_max || *len > BILLING_ENVELOPE_MAX) {
        *len = 0;
        return BILLING_ERANGE;
    }

    rc = billing_command_mac(secret, (billing_bytes_t) { out, *len }, bytes);

    if (rc == BILLING_OK) {
        billing_hex(bytes, sizeof(bytes), mac);
    }

    return rc;
}


billing_err_t
billing_command_decode(const billing_secret_t *secret, billing_bytes_t bytes,
    billing_bytes_t mac, billing_command_t *command)
{
    uint8_t        own[32], given[32];
    json_error_t   error;
    billing_err_t  rc;

    memset(command, 0, sizeof(*command));

    if (bytes.len == 0 || bytes.len > BILLING_ENVELOPE_MAX
        || mac.len != BILLING_MAC_HEX_LEN
        || billing_unhex(mac.data, mac.len, given) != BILLING_OK)
    {
        return BILLING_EMAC;
    }

    rc = billing_command_mac(secret, bytes, own);

    if (rc != BILLING_OK) {
        return rc;
    }

    if (!billing_mac_equal(own, given, sizeof(own))) {
        return BILLING_EMAC;
    }

    command->json = json_loadb(bytes.data, bytes.len, JSON_REJECT_DUPLICATES,
                               &error);
    rc = billing_command_fill(command);

    if (rc != BILLING_OK) {
        billing_command_release(command);
    }

    return rc;
}


void
billing_command_release(billing_command_t *command)
{
    json_decref(command->json);
    memset(command, 0, sizeof(*command));
}


billing_err_t
billing_operation_id(const billing_secret_t *secret, const char *actor,
    const char *kind, const char *team, const char *key,
    char op[BILLING_OP_ID_LEN + 1])
{
    uint8_t          mac[32];
    billing_err_t    rc;
    billing_bytes_t  parts[] = {
        { actor, strlen(actor) },
        { kind, strlen(kind) },
        { team, strlen(team) },
        { key, strlen(key) }
    };

    rc = billing_mac(secret, BILLING_KEY_OPERATION, parts, 4, mac);

    if (rc != BILLING_OK) {
        return rc;
    }

    memcpy(op, "op_", 3);
    billing_hex(mac, (BILLING_OP_ID_LEN - 3) / 2, op + 3);

    return BILLING_OK;
}


/* One set of rules for what is sent and for what is believed. */

static billing_err_t
billing_command_check(const billing_command_t *command)
{
    uint8_t       digest[32];
    const char   *print = command->fingerprint;

    if (command->op == NULL || command->kind == NULL
        || command->actor == NULL || command->team == NULL
        || command->key == NULL || print == NULL || command->reply == NULL
        || command->lang == NULL || !json_is_object((json_t *) command->body))
    {
        return BILLING_EFORMAT;
    }

    if (!billing_command_op(command->op)
        || !billing_command_kind(command->kind)
        || !billing_command_lang(command->lang)
        || !billing_command_printable(command->actor, BILLING_EMAIL_MAX)
        || !billing_command_printable(command->key, BILLING_COMMAND_KEY_MAX)
        || !billing_command_printable(command->reply, BILLING_KEY_MAX - 1)
        || command->deadline_ms < 0)
    {
        return BILLING_EFORMAT;
    }

    if (command->team[0] != '\0'
        && !billing_id_valid(command->team, strlen(command->team)))
    {
        return BILLING_EFORMAT;
    }

    if (command->trace != NULL && !billing_command_trace(command->trace)) {
        return BILLING_EFORMAT;
    }

    if (print[0] != '\0'
        && (strlen(print) != BILLING_MAC_HEX_LEN
            || billing_unhex(print, BILLING_MAC_HEX_LEN, digest)
               != BILLING_OK))
    {
        return BILLING_EFORMAT;
    }

    return BILLING_OK;
}


static bool
billing_command_op(const char *op)
{
    uint8_t  bytes[16];

    return strlen(op) == BILLING_OP_ID_LEN && memcmp(op, "op_", 3) == 0
           && billing_unhex(op + 3, BILLING_OP_ID_LEN - 3, bytes)
              == BILLING_OK;
}


static bool
billing_command_trace(const char *trace)
{
    return strlen(trace) == BILLING_TRACE_LEN
           && strspn(trace, "0123456789abcdef") == BILLING_TRACE_LEN;
}


static bool
billing_command_kind(const char *kind)
{
    size_t  len = strlen(kind);

    return len > 0 && len <= BILLING_COMMAND_KIND_MAX
           && strspn(kind, "abcdefghijklmnopqrstuvwxyz_.") == len;
}


static bool
billing_command_printable(const char *text, size_t max)
{
    size_t  len = strlen(text);

    if (len > max) {
        return false;
    }

    for (size_t i = 0; i < len; i++) {
        if (text[i] <= ' ' || text[i] == '\x7f') {
            return false;
        }
    }

    return true;
}


static bool
billing_command_lang(const char *lang)
{
    return strcmp(lang, "en") == 0 || strcmp(lang, "fr") == 0;
}


/* The word in front keeps a command's MAC from passing for an answer's. */

static billing_err_t
billing_command_mac(const billing_secret_t *secret, billing_bytes_t bytes,
    uint8_t mac[32])
{
    billing_bytes_t  parts[] = { { "command", 7 }, bytes };

    return billing_mac(secret, BILLING_KEY_COMMAND, parts, 2, mac);
}


static billing_err_t
billing_command_fill(billing_command_t *command)
{
    const json_t  *json = command->json;
    const json_t  *schema = json_object_get(json, "schema");
    const json_t  *deadline = json_object_get(json, "deadline");

    if (!json_is_integer(schema) || !json_is_integer(deadline)
        || json_integer_value(schema) != BILLING_COMMAND_SCHEMA)
    {
        return BILLING_EFORMAT;
    }

    command->op = billing_command_text(json, "op");
    command->kind = billing_command_text(json, "kind");
    command->actor = billing_command_text(json, "actor");
    command->team = billing_command_text(json, "team");
    command->key = billing_command_text(json, "key");
    command->fingerprint = billing_command_text(json, "fingerprint");
    command->reply = billing_command_text(json, "reply");
    command->lang = billing_command_text(json, "lang");
    command->trace = billing_command_text(json, "trace");
    command->deadline_ms = json_integer_value(deadline);
    command->body = json_object_get(json, "body");

    return billing_command_check(command);
}


/* NULL when the member is not a text. */

static const char *
billing_command_text(const json_t *json, const char *name)
{
    return json_string_value(json_object_get(json, name));
}
