/*
 * Redis: two asynchronous connections driven by the worker's own loop.
 *
 * The reader spends its life blocked in XREADGROUP; the writer carries records,
 * answers and acknowledgements.  They come and go together: whatever breaks
 * one may have broken what we know about the server.  A handler of a reply
 * runs exactly once, with NULL when the connection fell first.
 */

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <hiredis/async.h>

#include "billing_infra.h"

#define BILLING_REDIS_CONNECT_MS   2000
#define BILLING_REDIS_SILENCE_MS   4000     /* longer than the reader's BLOCK */
#define BILLING_REDIS_PAUSE_MS     100      /* doubled with each failure */
#define BILLING_REDIS_PAUSES_MAX   5
#define BILLING_REDIS_PENDING_MAX  65536
#define BILLING_REDIS_READS        32       /* of one link in a row */
#define BILLING_REDIS_STALL_MS     2000     /* our own slowness, not Redis's */

typedef struct {
    billing_worker_t   *worker;
    redisAsyncContext  *context;            /* NULL: down */
    bool                connected;
    bool                reading;            /* what hiredis waits for */
    bool                writing;
    unsigned            pending;            /* commands without a reply */
    int64_t             progress_ms;        /* last sign of life */
} billing_redis_link_t;

struct billing_redis_s {
    billing_redis_link_t   links[BILLING_LINKS];
    bool                   checked;         /* INFO was to our liking */
    unsigned               failures;
    int64_t                retry_ms;        /* not before */
    int64_t                tick_ms;         /* the last one */
    char                   drop[128];       /* why to drop, "" not */
};

/* What a command leaves behind until its reply. */
typedef struct {
    billing_redis_link_t    *link;
    billing_redis_reply_pt   handler;
    uintptr_t                data;
} billing_redis_call_t;

static void billing_redis_connect(billing_worker_t *w);
static void billing_redis_hello(billing_worker_t *w, billing_link_t which);
static void billing_redis_info(billing_worker_t *w, redisReply *reply,
    uintptr_t data);


/* --- what hiredis calls --------------------------------------------------- */


static void
billing_redis_add_read(void *data)
{
    ((billing_redis_link_t *) data)->reading = true;
}


static void
billing_redis_del_read(void *data)
{
    ((billing_redis_link_t *) data)->reading = false;
}


static void
billing_redis_add_write(void *data)
{
    ((billing_redis_link_t *) data)->writing = true;
}


static void
billing_redis_del_write(void *data)
{
    ((billing_redis_link_t *) data)->writing = false;
}


static void
billing_redis_cleanup(void *data)
{
    billing_redis_link_t  *link = data;

    link->reading = false;
    link->writing = false;
}


/*
 * hiredis 0.14 must not be told to disconnect here, and frees the context by
 * itself when connecting failed, without a call of the other handler.
 */

static void
billing_redis_connected(const redisAsyncContext *context, int status)
{
    billing_redis_link_t  *link = context->data;

    if (status == REDIS_OK) {
        link->connected = true;
        link->progress_ms = billing_clock_mono_ms();
        return;
    }

    link->context = NULL;
    billing_redis_drop(link->worker, context->errstr);
}


static void
billing_redis_disconnected(const redisAsyncContext *context, int status)
{
    billing_redis_link_t  *link = context->data;

    link->context = NULL;
    link->connected = false;
    billing_redis_drop(link->worker, (status == REDIS_OK) ? "closed"
                                                          : context->errstr);
}


/* The server cannot serve: what is due stays due until another can. */

static bool
billing_redis_unfit(const redisReply *reply)
{
    return strncmp(reply->str, "READONLY", 8) == 0
           || strncmp(reply->str, "LOADING", 7) == 0
           || strncmp(reply->str, "MASTERDOWN", 10) == 0;
}


static void
billing_redis_reply(redisAsyncContext *context, void *r, void *data)
{
    redisReply            *reply = r;
    billing_redis_call_t  *call = data;
    billing_worker_t      *w = call->link->worker;

    (void) context;

    call->link->pending--;
    call->link->progress_ms = billing_clock_mono_ms();

    if (reply != NULL && reply->type == REDIS_REPLY_ERROR
        && billing_redis_unfit(reply))
    {
        billing_redis_drop(w, reply->str);
    }

    if (call->handler != NULL) {
        call->handler(w, reply, call->data);

    } else {
        billing_redis_complain(w, reply);
    }

    free(call);
}


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
    }

    w->redis = redis;

    return true;
}


static void
billing_redis_close(billing_worker_t *w)
{
    struct billing_redis_s  *redis = w->redis;

    redis->checked = false;

    for (size_t i = 0; i < BILLING_LINKS; i++) {
        billing_redis_link_t  *link = &redis->links[i];

        if (link->context != NULL) {
            redisAsyncFree(link->context);      /* calls what is pending */
            link->context = NULL;
        }

        link->connected = false;
        link->pending = 0;
    }
}


void
billing_redis_free(billing_worker_t *w)
{
    if (w->redis != NULL) {
        billing_redis_close(w);
        free(w->redis);
        w->redis = NULL;
    }
}


bool
billing_redis_up(const billing_worker_t *w)
{
    return w->redis != NULL && w->redis->checked && w->redis->drop[0] == '\0';
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


/* --- commands ------------------------------------------------------------- */


bool
billing_redis_send(billing_worker_t *w, billing_link_t which,
    const billing_redis_command_t *command)
{
    billing_redis_link_t  *link = &w->redis->links[which];
    billing_redis_call_t  *call;

    if (link->context == NULL || !link->connected || w->redis->drop[0] != '\0'
        || link->pending >= BILLING_REDIS_PENDING_MAX)
    {
        return false;
    }

    call = malloc(sizeof(billing_redis_call_t));
    if (call == NULL) {
        return false;
    }

    *call = (billing_redis_call_t) {
        .link = link, .handler = command->handler, .data = command->data
    };

    if (redisAsyncCommandArgv(link->context, billing_redis_reply, call,
                              command->argc, (const char **) command->argv,
                              command->argvlen) != REDIS_OK)
    {
        free(call);
        return false;
    }

    if (link->pending++ == 0) {
        link->progress_ms = billing_clock_mono_ms();
    }

    return true;
}


/* --- the loop's side ------------------------------------------------------ */


unsigned
billing_redis_fds(billing_worker_t *w, struct curl_waitfd *fds)
{
    unsigned  n = 0;

    for (size_t i = 0; i < BILLING_LINKS; i++) {
        billing_redis_link_t  *link = &w->redis->links[i];

        if (link->context == NULL) {
            continue;
        }

        fds[n].fd = link->context->c.fd;
        fds[n].events = 0;
        fds[n].revents = 0;

        if (link->reading) {
            fds[n].events |= CURL_WAIT_POLLIN;
        }

        if (link->writing) {
            fds[n].events |= CURL_WAIT_POLLOUT;
        }

        n++;
    }

    return n;
}


/*
 * hiredis takes 16 KB at a time: a page of entries would need many turns of
 * the loop.  Each call may end the connection.
 */

static void
billing_redis_read(billing_redis_link_t *link)
{
    struct pollfd  fd = { .fd = link->context->c.fd, .events = POLLIN };

    for (unsigned i = 0; i < BILLING_REDIS_READS; i++) {
        link->progress_ms = billing_clock_mono_ms();
        redisAsyncHandleRead(link->context);

        if (link->context == NULL || poll(&fd, 1, 0) != 1) {
            return;
        }
    }
}


void
billing_redis_ready(billing_worker_t *w, const struct curl_waitfd *fds,
    unsigned n)
{
    for (unsigned k = 0; k < n; k++) {
        for (size_t i = 0; i < BILLING_LINKS; i++) {
            billing_redis_link_t  *link = &w->redis->links[i];

            /* Each call may end the connection: look again before the next. */
            if (link->context != NULL && link->context->c.fd == fds[k].fd
                && (fds[k].revents & CURL_WAIT_POLLOUT))
            {
                redisAsyncHandleWrite(link->context);
            }

            if (link->context != NULL && link->context->c.fd == fds[k].fd
                && (fds[k].revents & ~CURL_WAIT_POLLOUT))
            {
                billing_redis_read(link);
            }
        }
    }
}


void
billing_redis_flush(billing_worker_t *w)
{
    billing_redis_link_t  *link = &w->redis->links[BILLING_LINK_WRITER];

    if (link->context != NULL && link->connected && link->writing) {
        redisAsyncHandleWrite(link->context);
    }
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


static bool
billing_redis_silent(const billing_redis_link_t *link, int64_t mono_ms)
{
    int64_t  since = mono_ms - link->progress_ms;

    if (link->context == NULL) {
        return false;
    }

    if (!link->connected) {
        return since > BILLING_REDIS_CONNECT_MS;
    }

    return link->pending > 0 && since > BILLING_REDIS_SILENCE_MS;
}


int64_t
billing_redis_tick(billing_worker_t *w, int64_t mono_ms)
{
    struct billing_redis_s  *redis = w->redis;
    billing_redis_link_t    *reader = &redis->links[BILLING_LINK_READER];
    billing_redis_link_t    *writer = &redis->links[BILLING_LINK_WRITER];

    /* Stopped, or behind a slow disk: replies could not be looked at. */
    if (mono_ms - redis->tick_ms > BILLING_REDIS_STALL_MS) {
        reader->progress_ms += mono_ms - redis->tick_ms;
        writer->progress_ms += mono_ms - redis->tick_ms;
    }

    redis->tick_ms = mono_ms;

    if (billing_redis_silent(reader, mono_ms)
        || billing_redis_silent(writer, mono_ms))
    {
        billing_redis_drop(w, "no answer");
    }

    if (redis->drop[0] != '\0') {
        redis->retry_ms = mono_ms + billing_redis_pause(redis);

        if (redis->checked || redis->failures < BILLING_REDIS_PAUSES_MAX) {
            billing_log("Redis lost: %s", redis->drop);
        }

        billing_redis_close(w);
        billing_stream_stop(w);
        billing_rehydrate_lost(w);
        redis->drop[0] = '\0';      /* last: the former may say it again */
    }

    if (writer->context == NULL && reader->context == NULL) {
        if (mono_ms < redis->retry_ms) {
            return redis->retry_ms;
        }

        billing_redis_connect(w);
    }

    if (reader->connected && writer->connected && !redis->checked
        && writer->pending == 0)
    {
        billing_redis_hello(w, BILLING_LINK_READER);
        billing_redis_hello(w, BILLING_LINK_WRITER);
    }

    return mono_ms + 500;
}


static void
billing_redis_connect(billing_worker_t *w)
{
    for (size_t i = 0; i < BILLING_LINKS; i++) {
        billing_redis_link_t  *link = &w->redis->links[i];
        redisAsyncContext     *context;

        context = billing_redis_open(w->settings->redis_address);
        if (context == NULL || context->err) {
            billing_redis_drop(w, context ? context->errstr : "no memory");
            if (context != NULL) {
                redisAsyncFree(context);
            }
            return;
        }

        link->context = context;
        link->connected = false;
        link->pending = 0;
        link->progress_ms = billing_clock_mono_ms();

        context->data = link;
        context->ev.data = link;
        context->ev.addRead = billing_redis_add_read;
        context->ev.delRead = billing_redis_del_read;
        context->ev.addWrite = billing_redis_add_write;
        context->ev.delWrite = billing_redis_del_write;
        context->ev.cleanup = billing_redis_cleanup;

        /* Also starts waiting for the connection. */
        (void) redisAsyncSetConnectCallback(context, billing_redis_connected);
        (void) redisAsyncSetDisconnectCallback(context,
                                               billing_redis_disconnected);
    }
}


static void
billing_redis_hello(billing_worker_t *w, billing_link_t which)
{
    const char               *password = billing_infra(w)->redis_password;
    billing_redis_command_t   command = { .argc = 0 };

    if (password[0] != '\0') {
        billing_redis_word(&command, "AUTH");
        if (w->settings->redis_user[0] != '\0') {
            billing_redis_word(&command, w->settings->redis_user);
        }
        billing_redis_word(&command, password);
        (void) billing_redis_send(w, which, &command);
    }

    if (which == BILLING_LINK_WRITER) {
        command = (billing_redis_command_t) { .handler = billing_redis_info };
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

    why = billing_precondition_redis(reply->str, reply->len, &wait);

    if (why != NULL && wait) {
        billing_redis_drop(w, why);
        return;
    }

    if (why != NULL) {
        billing_log("%s", why);
        billing_infra(w)->exit_code = BILLING_EXIT_PRECONDITION;
        return;
    }

    len = billing_info_value(reply->str, "run_id", &run_id);

    w->redis->checked = true;
    w->redis->failures = 0;
    billing_rehydrate_connected(w, run_id, len);
}
