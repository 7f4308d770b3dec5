/*
 * Redis: two connections to one server.  The reader spends its life blocked in
 * XREADGROUP; the writer carries records, answers and acknowledgements.  They
 * come and go together: whatever breaks one may have broken what we know about
 * the server.  Where it is, the settings say, or the sentinels.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <hiredis/hiredis.h>

#include "billing_infra.h"

#define BILLING_REDIS_SILENCE_MS   4000     /* longer than the reader's BLOCK */
#define BILLING_REDIS_PAUSE_MS     100      /* doubled with each failure */
#define BILLING_REDIS_PAUSES_MAX   5
#define BILLING_REDIS_TICK_MS      500
#define BILLING_REDIS_STALL_MS     2000     /* our own slowness, not Redis's */
#define BILLING_REDIS_AWAY_MS      15000    /* longer than a start takes it */

struct billing_redis_s {
    billing_redis_link_t   links[BILLING_LINKS];
    bool                   checked;         /* INFO was to our liking */
    unsigned               failures;
    int64_t                retry_ms;        /* not before */
    int64_t                tick_ms;         /* the last one */
    int64_t                up_ms;           /* when it was there last */
    char                   drop[128];       /* why to drop, "" not */
    char                   said[128];       /* what the log has of it */
};

static void billing_redis_connect(billing_worker_t *w);
static void billing_redis_hello(billing_worker_t *w, billing_link_t which);
static void billing_redis_info(billing_worker_t *w, redisReply *reply,
    uintptr_t data);


/* --- life ----------------------------------------------------------------- */


bool
billing_redis_new(billing_worker_t *w)
{
    struct billing_redis_s  *redis;

    redis = calloc(1, sizeof(struct billing_redis_s));
    if (redis == NULL) {
        return false;
    }

    for (size_t i = 0; i < BILLING_LINKS; i++) {
        redis->links[i].worker = w;
        redis->links[i].lost = billing_redis_drop;
    }

    w->redis = redis;

    return w->settings->redis_guides.naddresses == 0 || billing_guide_new(w);
}


static void
billing_redis_close(billing_worker_t *w)
{
    struct billing_redis_s  *redis = w->redis;

    redis->checked = false;

    for (size_t i = 0; i < BILLING_LINKS; i++) {
        billing_redis_link_close(&redis->links[i]);
    }
}


void
billing_redis_free(billing_worker_t *w)
{
    if (w->redis != NULL) {
        billing_redis_close(w);
        billing_guide_free(w);
        free(w->redis);
        w->redis = NULL;
    }
}


bool
billing_redis_up(const billing_worker_t *w)
{
    return w->redis != NULL && w->redis->checked && w->redis->drop[0] == '\0';
}


bool
billing_redis_away(const billing_worker_t *w)
{
    return w->redis != NULL
           && w->redis->tick_ms - w->redis->up_ms > BILLING_REDIS_AWAY_MS;
}


/* As when this process began: nothing is known of it. */

void
billing_redis_anew(billing_worker_t *w, int64_t mono_ms)
{
    billing_redis_close(w);
    w->redis->drop[0] = '\0';
    w->redis->failures = 0;
    w->redis->retry_ms = 0;
    w->redis->tick_ms = mono_ms;
    w->redis->up_ms = mono_ms;
}


unsigned
billing_redis_pending(const billing_worker_t *w, billing_link_t link)
{
    return w->redis->links[link].pending;
}


void
billing_redis_drop(billing_worker_t *w, const char *why)
{
    if (w->redis->drop[0] == '\0') {
        (void) snprintf(w->redis->drop, sizeof(w->redis->drop), "%s",
                        (why[0] != '\0') ? why : "connection lost");
    }
}


/* A failover: who is served by the old one only is served no more. */

void
billing_redis_moved(billing_worker_t *w)
{
    w->redis->failures = 0;
    w->redis->retry_ms = 0;

    if (w->redis->links[BILLING_LINK_WRITER].context != NULL
        || w->redis->links[BILLING_LINK_READER].context != NULL)
    {
        billing_redis_drop(w, "another master is named");
    }
}


bool
billing_redis_send(billing_worker_t *w, billing_link_t which,
    const billing_redis_command_t *command)
{
    return w->redis->drop[0] == '\0'
           && billing_redis_link_send(&w->redis->links[which], command);
}


/* --- the loop's side ------------------------------------------------------ */


unsigned
billing_redis_fds(billing_worker_t *w, struct curl_waitfd *fds)
{
    unsigned  n = 0;

    for (size_t i = 0; i < BILLING_LINKS; i++) {
        n += billing_redis_link_fd(&w->redis->links[i], &fds[n]);
    }

    if (billing_infra(w)->guide != NULL) {
        n += billing_redis_link_fd(billing_guide_link(w), &fds[n]);
    }

    return n;
}


void
billing_redis_ready(billing_worker_t *w, const struct curl_waitfd *fds,
    unsigned n)
{
    for (unsigned k = 0; k < n; k++) {
        for (size_t i = 0; i < BILLING_LINKS; i++) {
            billing_redis_link_ready(&w->redis->links[i], &fds[k]);
        }

        if (billing_infra(w)->guide != NULL) {
            billing_redis_link_ready(billing_guide_link(w), &fds[k]);
        }
    }
}


void
billing_redis_flush(billing_worker_t *w)
{
    billing_redis_link_flush(&w->redis->links[BILLING_LINK_WRITER]);
}


static int64_t
billing_redis_pause(struct billing_redis_s *redis)
{
    int64_t  pause = (int64_t) BILLING_REDIS_PAUSE_MS << redis->failures;

    if (redis->failures < BILLING_REDIS_PAUSES_MAX) {
        redis->failures++;
    }

    return pause + rand() % BILLING_REDIS_PAUSE_MS;
}


/* What lasts is said a few times, what is new at once. */

static void
billing_redis_lost(struct billing_redis_s *redis)
{
    if (redis->checked || redis->failures < BILLING_REDIS_PAUSES_MAX
        || strcmp(redis->said, redis->drop) != 0)
    {
        billing_log("Redis lost: %s", redis->drop);
        memcpy(redis->said, redis->drop, sizeof(redis->said));
    }
}


int64_t
billing_redis_tick(billing_worker_t *w, int64_t mono_ms)
{
    struct billing_redis_s  *redis = w->redis;
    billing_redis_link_t    *reader = &redis->links[BILLING_LINK_READER];
    billing_redis_link_t    *writer = &redis->links[BILLING_LINK_WRITER];
    int64_t                  wake = mono_ms + BILLING_REDIS_TICK_MS, asks;

    if (billing_infra(w)->guide != NULL) {
        asks = billing_guide_tick(w, mono_ms);
        wake = (asks < wake) ? asks : wake;
    }

    /* Stopped, or behind a slow disk: replies could not be looked at. */
    if (mono_ms - redis->tick_ms > BILLING_REDIS_STALL_MS) {
        reader->progress_ms += mono_ms - redis->tick_ms;
        writer->progress_ms += mono_ms - redis->tick_ms;
        redis->up_ms += mono_ms - redis->tick_ms;
    }

    redis->tick_ms = mono_ms;
    redis->up_ms = billing_redis_up(w) ? mono_ms : redis->up_ms;

    if (billing_redis_link_silent(reader, mono_ms, BILLING_REDIS_SILENCE_MS)
        || billing_redis_link_silent(writer, mono_ms,
                                     BILLING_REDIS_SILENCE_MS))
    {
        billing_redis_drop(w, billing_redis_tls_shaking(&writer->tls)
                              ? "TLS: the handshake was not finished"
                              : "no answer");
    }

    if (redis->drop[0] != '\0') {
        redis->retry_ms = mono_ms + billing_redis_pause(redis);
        billing_redis_lost(redis);
        billing_redis_close(w);
        billing_stream_stop(w);
        billing_rehydrate_lost(w);
        redis->drop[0] = '\0';      /* last: the former may say it again */
    }

    if (writer->context == NULL && reader->context == NULL) {
        if (mono_ms < redis->retry_ms) {
            return (redis->retry_ms < wake) ? redis->retry_ms : wake;
        }

        billing_redis_connect(w);
    }

    if (reader->connected && writer->connected && !redis->checked
        && writer->pending == 0)
    {
        billing_redis_hello(w, BILLING_LINK_READER);
        billing_redis_hello(w, BILLING_LINK_WRITER);
    }

    return wake;
}


static void
billing_redis_connect(billing_worker_t *w)
{
    billing_redis_address_t  at;

    if (billing_infra(w)->guide == NULL) {
        billing_redis_address(w->settings->redis_address, &at);

    } else if (!billing_guide_server(w, &at)) {
        return;
    }

    for (size_t i = 0; i < BILLING_LINKS && w->redis->drop[0] == '\0'; i++) {
        billing_redis_link_open(&w->redis->links[i], &at);
    }
}


static void
billing_redis_hello(billing_worker_t *w, billing_link_t which)
{
    billing_redis_command_t  command = { .handler = billing_redis_info };
    billing_redis_command_t  auth = { .argc = 0 };

    if (billing_redis_auth(&auth, w->settings->redis_user,
                           billing_infra(w)->redis_password))
    {
        (void) billing_redis_link_send(&w->redis->links[which], &auth);
    }

    if (which == BILLING_LINK_WRITER) {
        billing_redis_word(&command, "INFO");
        (void) billing_redis_send(w, which, &command);
    }
}


static void
billing_redis_info(billing_worker_t *w, redisReply *reply, uintptr_t data)
{
    bool         wait = true;
    size_t       len;
    const char  *why, *run_id;

    (void) data;

    if (reply == NULL) {
        return;
    }

    if (reply->type != REDIS_REPLY_STRING) {
        billing_redis_drop(w, (reply->type == REDIS_REPLY_ERROR)
                              ? reply->str : "INFO is no text");
        return;
    }

    why = billing_precondition_redis(w->settings, reply->str, reply->len,
                                     &wait);

    if (why != NULL && (wait || w->lease_epoch == 0)) {
        billing_redis_drop(w, why);
        return;
    }

    if (why != NULL) {
        billing_log("%s", why);
        billing_infra(w)->exit_code = BILLING_EXIT_PRECONDITION;
        return;
    }

    w->redis->checked = true;
    w->redis->failures = 0;

    /* Who stands by only wants to know whether it is there. */
    if (w->lease_epoch != 0) {
        len = billing_info_value(reply->str, "run_id", &run_id);
        billing_rehydrate_connected(w, run_id, len);
    }
}
