/*
 * Which server is the master: a connection to one guide, a sentinel or a node
 * of the cluster, the next one when it falls, asked again and again.
 *
 * Failovers are numbered.  A guide that was away may still name the master of
 * before: what is older than what we have heard is not believed.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#include <hiredis/hiredis.h>

#include "billing_infra.h"

#define BILLING_GUIDE_CALM_MS     1000   /* between questions */
#define BILLING_GUIDE_EAGER_MS    200    /* while there is no Redis */
#define BILLING_GUIDE_SILENCE_MS  1000
#define BILLING_GUIDE_PAUSE_MS    100
#define BILLING_GUIDE_PAUSES_MAX     4
#define BILLING_GUIDE_LOG_MS      10000

struct billing_guide_s {
    billing_redis_link_t      link;
    bool                      greeted;
    bool                      fallen;
    unsigned                  next;         /* of the addresses */
    unsigned                  failures;     /* since one named a master */
    int64_t                   retry_ms;
    int64_t                   ask_ms;
    int64_t                   log_ms;       /* next complaint */
    uint64_t                  told;         /* number, of the answer before */
    uint64_t                  number;       /* of the failover believed */
    bool                      known;
    billing_redis_address_t   master;
};

static void billing_guide_lost(billing_worker_t *w, const char *why);
static void billing_guide_let_in(billing_worker_t *w, redisReply *reply,
    uintptr_t data);
static void billing_guide_ask(billing_worker_t *w);
static void billing_guide_number(billing_worker_t *w, redisReply *reply,
    uintptr_t data);
static void billing_guide_master(billing_worker_t *w, redisReply *reply,
    uintptr_t data);
static void billing_guide_named(billing_worker_t *w,
    const billing_redis_address_t *at);


bool
billing_guide_new(billing_worker_t *w)
{
    struct billing_guide_s  *st = calloc(1, sizeof(*st));

    if (st != NULL) {
        st->link.worker = w;
        st->link.lost = billing_guide_lost;
        billing_infra(w)->guide = st;
    }

    return st != NULL;
}


void
billing_guide_free(billing_worker_t *w)
{
    struct billing_guide_s  *st = billing_infra(w)->guide;

    if (st != NULL) {
        billing_redis_link_close(&st->link);
        billing_infra(w)->guide = NULL;
        free(st);
    }
}


billing_redis_link_t *
billing_guide_link(billing_worker_t *w)
{
    return &billing_infra(w)->guide->link;
}


bool
billing_guide_server(const billing_worker_t *w,
    billing_redis_address_t *out)
{
    *out = billing_infra(w)->guide->master;

    return billing_infra(w)->guide->known;
}


/* Closed by the next tick: this may be inside one of its own callbacks. */

static void
billing_guide_lost(billing_worker_t *w, const char *why)
{
    int64_t                   now = billing_clock_mono_ms();
    struct billing_guide_s   *st = billing_infra(w)->guide;
    const billing_guides_t   *conf = &w->settings->redis_guides;

    if (st->fallen) {
        return;
    }

    st->fallen = true;

    if (now >= st->log_ms) {
        st->log_ms = now + BILLING_GUIDE_LOG_MS;
        billing_log("guide to Redis %s: %s", conf->addresses[st->next], why);
    }
}


int64_t
billing_guide_tick(billing_worker_t *w, int64_t mono_ms)
{
    billing_redis_address_t   at;
    billing_redis_command_t   auth = { .handler = billing_guide_let_in };
    struct billing_guide_s   *st = billing_infra(w)->guide;
    const billing_guides_t   *conf = &w->settings->redis_guides;

    if (billing_redis_link_silent(&st->link, mono_ms,
                                  BILLING_GUIDE_SILENCE_MS))
    {
        billing_guide_lost(w, "no answer");
    }

    if (st->fallen) {
        billing_redis_link_close(&st->link);
        st->fallen = false;
        st->greeted = false;
        st->next = (st->next + 1) % conf->naddresses;
        st->retry_ms = mono_ms + rand() % BILLING_GUIDE_PAUSE_MS
                       + ((int64_t) BILLING_GUIDE_PAUSE_MS << st->failures);
        st->failures += st->failures < BILLING_GUIDE_PAUSES_MAX;
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

        if (billing_guide_auth(w, &auth)) {
            (void) billing_redis_link_send(&st->link, &auth);
        }
    }

    if (st->greeted && mono_ms >= st->ask_ms) {
        st->ask_ms = mono_ms + (billing_redis_up(w)
                                ? BILLING_GUIDE_CALM_MS
                                : BILLING_GUIDE_EAGER_MS);
        billing_guide_ask(w);
    }

    return st->greeted ? st->ask_ms : mono_ms + BILLING_GUIDE_EAGER_MS;
}


static void
billing_guide_let_in(billing_worker_t *w, redisReply *reply, uintptr_t data)
{
    (void) data;

    if (reply != NULL && reply->type == REDIS_REPLY_ERROR) {
        billing_guide_lost(w, reply->str);
    }
}


bool
billing_guide_auth(const billing_worker_t *w,
    billing_redis_command_t *command)
{
    billing_infra_t         *infra = billing_infra(w);
    const billing_guides_t  *conf = &w->settings->redis_guides;

    return conf->cluster
           ? billing_redis_auth(command, w->settings->redis_user,
                                infra->redis_password)
           : billing_redis_auth(command, conf->user, infra->guide_password);
}


/*
 * The number first: what comes between the two is an address newer than its
 * number, and not one older.  Sentinel is asked for the address by itself: it
 * tells that as soon as there is a new master, and not when all is in order.
 */

static void
billing_guide_ask(billing_worker_t *w)
{
    const char               *master = w->settings->redis_guides.master;
    billing_redis_link_t     *link = billing_guide_link(w);
    billing_redis_command_t   command = { .argc = 0 };

    if (!w->settings->redis_guides.cluster) {
        command.handler = billing_guide_number;
        billing_redis_word(&command, "SENTINEL");
        billing_redis_word(&command, "MASTER");
        billing_redis_word(&command, master);
        (void) billing_redis_link_send(link, &command);
    }

    command = (billing_redis_command_t) { .handler = billing_guide_master };
    billing_guide_question(w->settings, &command);
    (void) billing_redis_link_send(link, &command);
}


void
billing_guide_question(const billing_settings_t *settings,
    billing_redis_command_t *command)
{
    if (settings->redis_guides.cluster) {
        billing_redis_word(command, "CLUSTER");
        billing_redis_word(command, "NODES");
        return;
    }

    billing_redis_word(command, "SENTINEL");
    billing_redis_word(command, "GET-MASTER-ADDR-BY-NAME");
    billing_redis_word(command, settings->redis_guides.master);
}


static void
billing_guide_number(billing_worker_t *w, redisReply *reply, uintptr_t data)
{
    struct billing_guide_s  *st = billing_infra(w)->guide;

    (void) data;
    st->told = 0;

    if (reply == NULL) {
        return;
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        billing_guide_lost(w, reply->str);
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


/* nginx could not look a name up, so nobody does. */

static bool
billing_guide_numeric(const char *host)
{
    struct in6_addr  address;

    return inet_pton(AF_INET, host, &address) == 1
           || inet_pton(AF_INET6, host, &address) == 1;
}


/* Of CLUSTER NODES, a text, or of Sentinel, two of them. */

bool
billing_guide_answer(const billing_settings_t *settings,
    const redisReply *reply, billing_redis_address_t *out, uint64_t *number)
{
    billing_cluster_master_t  node;

    *out = (billing_redis_address_t) { .port = 0 };

    if (settings->redis_guides.cluster) {
        if (reply->type != REDIS_REPLY_STRING
            || !billing_cluster_master(reply->str,
                                       billing_key_slot(
                                           settings->redis_prefix), &node))
        {
            return false;
        }

        *number = node.epoch;
        out->port = (int) node.port;
        (void) snprintf(out->host, sizeof(out->host), "%s", node.host);

        return true;
    }

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2
        || reply->element[0]->type != REDIS_REPLY_STRING
        || reply->element[1]->type != REDIS_REPLY_STRING
        || reply->element[0]->len == 0)
    {
        return false;
    }

    out->port = atoi(reply->element[1]->str);
    (void) snprintf(out->host, sizeof(out->host), "%s",
                    reply->element[0]->str);

    return out->port >= 1 && out->port <= 65535
           && billing_guide_numeric(out->host);
}


static void
billing_guide_master(billing_worker_t *w, redisReply *reply, uintptr_t data)
{
    billing_redis_address_t   at;
    struct billing_guide_s   *st = billing_infra(w)->guide;

    (void) data;

    if (reply == NULL) {
        return;
    }

    if (!billing_guide_answer(w->settings, reply, &at, &st->told)) {
        billing_guide_lost(w, (reply->type == REDIS_REPLY_ERROR)
                              ? reply->str
                              : "names no master, or not by number");
        return;
    }

    if (st->told < st->number) {
        billing_guide_lost(w, "knows less than others knew");
        return;
    }

    billing_guide_named(w, &at);
}


static void
billing_guide_named(billing_worker_t *w, const billing_redis_address_t *at)
{
    bool                     same;
    struct billing_guide_s  *st = billing_infra(w)->guide;

    same = st->known && st->master.port == at->port
           && strcmp(st->master.host, at->host) == 0;

    st->number = st->told;
    st->master = *at;
    st->failures = 0;

    if (st->known && !same) {
        billing_log("another master is named: %s, port %d", at->host,
                    at->port);
        billing_redis_moved(w);
    }

    st->known = true;
}
