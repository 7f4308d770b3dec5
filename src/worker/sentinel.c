/*
 * Which server is the master: a connection to one sentinel, the next one when
 * it falls, asked again and again.
 *
 * Failovers are numbered.  A sentinel that was away may still name the master
 * of before: what is older than what we have heard is not believed.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "billing_infra.h"

#define BILLING_SENTINEL_CALM_MS     1000   /* between questions */
#define BILLING_SENTINEL_EAGER_MS    200    /* while there is no Redis */
#define BILLING_SENTINEL_SILENCE_MS  1000
#define BILLING_SENTINEL_PAUSE_MS    100
#define BILLING_SENTINEL_LOG_MS      10000

struct billing_sentinel_s {
    billing_redis_link_t      link;
    bool                      greeted;
    bool                      fallen;
    unsigned                  next;         /* of the addresses */
    int64_t                   retry_ms;
    int64_t                   ask_ms;
    int64_t                   log_ms;       /* next complaint */
    uint64_t                  told;         /* number, of the answer before */
    uint64_t                  number;       /* of the failover believed */
    bool                      known;
    billing_redis_address_t   master;
};

static void billing_sentinel_lost(billing_worker_t *w, const char *why);
static void billing_sentinel_ask(billing_worker_t *w);
static void billing_sentinel_number(billing_worker_t *w, redisReply *reply,
    uintptr_t data);
static void billing_sentinel_named(billing_worker_t *w, redisReply *reply,
    uintptr_t data);


bool
billing_sentinel_new(billing_worker_t *w)
{
    struct billing_sentinel_s  *st = calloc(1, sizeof(*st));

    if (st != NULL) {
        st->link.worker = w;
        st->link.lost = billing_sentinel_lost;
        billing_infra(w)->sentinel = st;
    }

    return st != NULL;
}


void
billing_sentinel_free(billing_worker_t *w)
{
    struct billing_sentinel_s  *st = billing_infra(w)->sentinel;

    if (st != NULL) {
        billing_redis_link_close(&st->link);
        billing_infra(w)->sentinel = NULL;
        free(st);
    }
}


billing_redis_link_t *
billing_sentinel_link(billing_worker_t *w)
{
    return &billing_infra(w)->sentinel->link;
}


bool
billing_sentinel_master(const billing_worker_t *w,
    billing_redis_address_t *out)
{
    *out = billing_infra(w)->sentinel->master;

    return billing_infra(w)->sentinel->known;
}


/* Closed by the next tick: this may be inside one of its own callbacks. */

static void
billing_sentinel_lost(billing_worker_t *w, const char *why)
{
    int64_t                     now = billing_clock_mono_ms();
    struct billing_sentinel_s  *st = billing_infra(w)->sentinel;
    const billing_sentinel_t   *conf = &w->settings->sentinel;

    if (st->fallen) {
        return;
    }

    st->fallen = true;

    if (now >= st->log_ms) {
        st->log_ms = now + BILLING_SENTINEL_LOG_MS;
        billing_log("sentinel %s: %s", conf->addresses[st->next], why);
    }
}


int64_t
billing_sentinel_tick(billing_worker_t *w, int64_t mono_ms)
{
    billing_redis_address_t     at;
    struct billing_sentinel_s  *st = billing_infra(w)->sentinel;
    const billing_sentinel_t   *conf = &w->settings->sentinel;

    if (billing_redis_link_silent(&st->link, mono_ms,
                                  BILLING_SENTINEL_SILENCE_MS))
    {
        billing_sentinel_lost(w, "no answer");
    }

    if (st->fallen) {
        billing_redis_link_close(&st->link);
        st->fallen = false;
        st->greeted = false;
        st->next = (st->next + 1) % conf->naddresses;
        st->retry_ms = mono_ms + rand() % BILLING_SENTINEL_PAUSE_MS;
    }

    if (st->link.context == NULL) {
        if (mono_ms < st->retry_ms) {
            return st->retry_ms;
        }

        billing_redis_address(conf->addresses[st->next], &at);
        billing_redis_link_open(&st->link, &at);
    }

    if (st->link.connected && !st->greeted) {
        st->greeted = true;
        st->ask_ms = mono_ms;
        billing_redis_link_login(&st->link, conf->user,
                                 billing_infra(w)->sentinel_password);
    }

    if (st->greeted && mono_ms >= st->ask_ms) {
        st->ask_ms = mono_ms + (billing_redis_up(w)
                                ? BILLING_SENTINEL_CALM_MS
                                : BILLING_SENTINEL_EAGER_MS);
        billing_sentinel_ask(w);
    }

    return st->greeted ? st->ask_ms : mono_ms + BILLING_SENTINEL_EAGER_MS;
}


/*
 * The number first: what comes between the two is an address newer than its
 * number, and not one older.  The address is asked for by itself, because it
 * is told as soon as there is a new master, and not when all is in order.
 */

static void
billing_sentinel_ask(billing_worker_t *w)
{
    const char               *master = w->settings->sentinel.master;
    billing_redis_link_t     *link = billing_sentinel_link(w);
    billing_redis_command_t   command = { .handler = billing_sentinel_number };

    billing_redis_word(&command, "SENTINEL");
    billing_redis_word(&command, "MASTER");
    billing_redis_word(&command, master);
    (void) billing_redis_link_send(link, &command);

    command = (billing_redis_command_t) { .handler = billing_sentinel_named };
    billing_redis_word(&command, "SENTINEL");
    billing_redis_word(&command, "GET-MASTER-ADDR-BY-NAME");
    billing_redis_word(&command, master);
    (void) billing_redis_link_send(link, &command);
}


static void
billing_sentinel_number(billing_worker_t *w, redisReply *reply, uintptr_t data)
{
    struct billing_sentinel_s  *st = billing_infra(w)->sentinel;

    (void) data;
    st->told = 0;

    if (reply == NULL) {
        return;
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        billing_sentinel_lost(w, reply->str);
        return;
    }

    for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY
         && i + 1 < reply->elements; i += 2)
    {
        if (reply->element[i]->type == REDIS_REPLY_STRING
            && reply->element[i + 1]->type == REDIS_REPLY_STRING
            && strcmp(reply->element[i]->str, "config-epoch") == 0)
        {
            st->told = strtoull(reply->element[i + 1]->str, NULL, 10);
        }
    }
}


bool
billing_sentinel_address(const redisReply *reply, billing_redis_address_t *out)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2
        || reply->element[0]->type != REDIS_REPLY_STRING
        || reply->element[1]->type != REDIS_REPLY_STRING
        || reply->element[0]->len == 0)
    {
        return false;
    }

    *out = (billing_redis_address_t) {
        .port = atoi(reply->element[1]->str)
    };
    (void) snprintf(out->host, sizeof(out->host), "%s",
                    reply->element[0]->str);

    return out->port >= 1 && out->port <= 65535;
}


static void
billing_sentinel_named(billing_worker_t *w, redisReply *reply, uintptr_t data)
{
    bool                        same;
    billing_redis_address_t     at;
    struct billing_sentinel_s  *st = billing_infra(w)->sentinel;

    (void) data;

    if (reply == NULL) {
        return;
    }

    if (st->told < st->number) {
        billing_sentinel_lost(w, "knows less than others knew");
        return;
    }

    if (!billing_sentinel_address(reply, &at)) {
        billing_sentinel_lost(w, "names no master");
        return;
    }

    same = st->known && st->master.port == at.port
           && strcmp(st->master.host, at.host) == 0;

    st->number = st->told;
    st->master = at;

    if (st->known && !same) {
        billing_log("the sentinels name another master: %s, port %d", at.host,
                    at.port);
        billing_redis_moved(w);
    }

    st->known = true;
}
