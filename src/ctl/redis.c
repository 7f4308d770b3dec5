/* Redis, one question at a time: an operator's tool may wait. */

#include "billing_ctl.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include <hiredis/hiredis.h>

#define BILLING_CTL_REDIS_SEC  5


static bool billing_ctl_redis_connect(billing_ctl_session_t *s,
    billing_ctl_redis_t *redis, const billing_redis_address_t *at);
static bool billing_ctl_redis_login(billing_ctl_redis_t *redis,
    const billing_redis_command_t *auth);
static bool billing_ctl_redis_find(billing_ctl_session_t *s,
    billing_ctl_redis_t *redis, billing_redis_address_t *at);


bool
billing_ctl_redis_open(billing_ctl_session_t *s, billing_ctl_redis_t *redis)
{
    billing_redis_address_t  at;
    billing_redis_command_t  auth = { .argc = 0 };

    memset(redis, 0, sizeof(*redis));

    /* OpenSSL writes without asking whether the other side is there. */
    if (s->settings.redis_tls.on) {
        (void) signal(SIGPIPE, SIG_IGN);
    }

    if (s->settings.redis_guides.naddresses == 0) {
        billing_redis_address(s->settings.redis_address, &at);

    } else if (!billing_ctl_redis_find(s, redis, &at)) {
        return false;
    }

    return billing_ctl_redis_connect(s, redis, &at)
           && (!billing_redis_auth(&auth, s->settings.redis_user,
                                   s->infra.redis_password)
               || billing_ctl_redis_login(redis, &auth));
}


static bool
billing_ctl_redis_connect(billing_ctl_session_t *s,
    billing_ctl_redis_t *redis, const billing_redis_address_t *at)
{
    struct timeval  wait = { .tv_sec = BILLING_CTL_REDIS_SEC };

    redis->context = at->local
                     ? redisConnectUnixWithTimeout(at->host, wait)
                     : redisConnectWithTimeout(at->host, at->port, wait);

    if (redis->context == NULL) {
        (void) snprintf(redis->why, sizeof(redis->why), "out of memory");
        return false;
    }

    if (redis->context->err) {
        (void) snprintf(redis->why, sizeof(redis->why), "%.120s: %s",
                        at->host, redis->context->errstr);
        return false;
    }

    if (redisSetTimeout(redis->context, wait) != REDIS_OK) {
        (void) snprintf(redis->why, sizeof(redis->why), "no time limit");
        return false;
    }

    if (!billing_redis_tls_start(&s->w, redis->context, at->host,
                                 &redis->tls))
    {
        (void) snprintf(redis->why, sizeof(redis->why), "%.100s: %.140s",
                        at->host, redis->tls.why);
        return false;
    }

    return true;
}


static bool
billing_ctl_redis_login(billing_ctl_redis_t *redis,
    const billing_redis_command_t *auth)
{
    redisReply  *reply = billing_ctl_redis_ask(redis, auth);

    freeReplyObject(reply);

    return reply != NULL;
}


/* The first guide that answers is believed; why is that of the last. */

static bool
billing_ctl_redis_find(billing_ctl_session_t *s, billing_ctl_redis_t *redis,
    billing_redis_address_t *at)
{
    bool                       closed, found = false;
    uint64_t                   number;
    redisReply                *reply;
    billing_redis_address_t    where;
    billing_redis_command_t    command = { .argc = 0 }, auth = { .argc = 0 };
    const billing_guides_t    *conf = &s->settings.redis_guides;

    closed = billing_guide_auth(&s->w, &auth);
    billing_guide_question(&s->settings, &command);

    for (unsigned i = 0; i < conf->naddresses && !found; i++) {
        billing_redis_address(conf->addresses[i], &where);

        if (billing_ctl_redis_connect(s, redis, &where)
            && (!closed || billing_ctl_redis_login(redis, &auth)))
        {
            reply = billing_ctl_redis_ask(redis, &command);
            found = reply != NULL
                    && billing_guide_answer(&s->settings, reply, at, &number);

            if (reply != NULL && !found) {
                (void) snprintf(redis->why, sizeof(redis->why),
                                "%.120s: names no master",
                                conf->addresses[i]);
            }

            freeReplyObject(reply);
        }

        billing_ctl_redis_close(redis);
    }

    if (found) {
        redis->why[0] = '\0';           /* of the guides before */
    }

    return found;
}


void
billing_ctl_redis_close(billing_ctl_redis_t *redis)
{
    if (redis->context != NULL) {
        redisFree(redis->context);
        redis->context = NULL;
    }

    billing_redis_tls_end(&redis->tls);
}


redisReply *
billing_ctl_redis_ask(billing_ctl_redis_t *redis,
    const billing_redis_command_t *command)
{
    redisReply  *reply;

    billing_tls_forget();
    reply = redisCommandArgv(redis->context, command->argc,
                             (const char **) command->argv,
                             command->argvlen);

    if (reply == NULL) {
        (void) snprintf(redis->why, sizeof(redis->why), "Redis: %s",
                        billing_redis_tls_why(&redis->tls,
                                              redis->context->errstr));
        return NULL;
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        (void) snprintf(redis->why, sizeof(redis->why), "Redis: %s",
                        reply->str);
        freeReplyObject(reply);
        return NULL;
    }

    return reply;
}


bool
billing_ctl_redis_epoch(billing_ctl_session_t *s, billing_ctl_redis_t *redis,
    uint64_t *epoch, bool *ready)
{
    bool                      found = false;
    char                     *end;
    redisReply               *reply;
    billing_redis_command_t   command = { .argc = 0 };

    *epoch = 0;
    *ready = false;

    billing_redis_word(&command, "GET");
    billing_redis_word(&command, billing_redis_name(&s->w, "epoch"));

    reply = billing_ctl_redis_ask(redis, &command);

    if (reply != NULL && reply->type == REDIS_REPLY_STRING && reply->len > 0
        && reply->str[0] >= '0' && reply->str[0] <= '9')
    {
        *epoch = strtoull(reply->str, &end, 10);
        *ready = strcmp(end, " ready") == 0;
        found = *ready || strcmp(end, " loading") == 0;
    }

    freeReplyObject(reply);

    return found;
}


bool
billing_ctl_redis_command(billing_ctl_session_t *s,
    billing_ctl_redis_t *redis, const billing_command_t *command)
{
    static char  bytes[BILLING_ENVELOPE_MAX];

    char                      mac[BILLING_MAC_HEX_LEN + 1];
    size_t                    len;
    redisReply               *reply;
    billing_redis_command_t   add = { .argc = 0 };

    if (billing_command_encode(&s->w.secrets[0], command, bytes,
                               sizeof(bytes), &len, mac) != BILLING_OK)
    {
        (void) snprintf(redis->why, sizeof(redis->why),
                        "the command cannot be encoded");
        return false;
    }

    billing_redis_word(&add, "XADD");
    billing_redis_word(&add, billing_redis_name(&s->w, "commands"));
    billing_redis_word(&add, "*");
    billing_redis_word(&add, "c");
    billing_redis_arg(&add, bytes, len);
    billing_redis_word(&add, "m");
    billing_redis_arg(&add, mac, BILLING_MAC_HEX_LEN);

    reply = billing_ctl_redis_ask(redis, &add);
    freeReplyObject(reply);

    return reply != NULL;
}
