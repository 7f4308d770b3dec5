/* What a command to Redis is made of: address, names, arguments, complaints. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "billing_infra.h"

#define BILLING_REDIS_PORT    6379
#define BILLING_REDIS_LOG_MS  10000


void
billing_redis_address(const char *address, billing_redis_address_t *out)
{
    size_t       len;
    const char  *colon;

    *out = (billing_redis_address_t) { .port = BILLING_REDIS_PORT };

    if (strncmp(address, "unix:", 5) == 0) {
        out->local = true;
        (void) snprintf(out->host, sizeof(out->host), "%s", address + 5);
        return;
    }

    colon = strrchr(address, ':');
    if (colon == NULL) {
        (void) snprintf(out->host, sizeof(out->host), "%s", address);
        return;
    }

    len = (size_t) (colon - address);
    if (len >= 2 && address[0] == '[' && address[len - 1] == ']') {
        address++;
        len -= 2;
    }

    (void) snprintf(out->host, sizeof(out->host), "%.*s", (int) len, address);
    out->port = atoi(colon + 1);
}


const char *
billing_redis_name(const billing_worker_t *w, const char *noun)
{
    billing_redis_name_t  *name = billing_infra(w)->names;

    while (name->noun[0] != '\0' && strcmp(name->noun, noun) != 0) {
        name++;
    }

    if (name->noun[0] == '\0') {
        (void) snprintf(name->noun, sizeof(name->noun), "%s", noun);
        (void) billing_key_of(name->name, w->settings->redis_prefix, noun);
    }

    return name->name;
}


void
billing_redis_arg(billing_redis_command_t *command, const char *text,
    size_t len)
{
    if (command->argc < BILLING_REDIS_ARGS_MAX) {
        command->argv[command->argc] = text;
        command->argvlen[command->argc] = len;
        command->argc++;
    }
}


void
billing_redis_word(billing_redis_command_t *command, const char *text)
{
    billing_redis_arg(command, text, strlen(text));
}


bool
billing_redis_auth(billing_redis_command_t *command, const char *user,
    const char *password)
{
    if (password[0] == '\0') {
        return false;
    }

    billing_redis_word(command, "AUTH");

    if (user[0] != '\0') {
        billing_redis_word(command, user);
    }

    billing_redis_word(command, password);

    return true;
}


void
billing_redis_complain(billing_worker_t *w, const redisReply *reply)
{
    int64_t           now = billing_clock_mono_ms();
    billing_infra_t  *infra = billing_infra(w);

    if (reply != NULL && reply->type == REDIS_REPLY_ERROR
        && now >= infra->complained_ms)
    {
        infra->complained_ms = now + BILLING_REDIS_LOG_MS;
        billing_log("ALERT: Redis refuses: %.200s", reply->str);
    }
}
