/*
 * One asynchronous connection to Redis or to a sentinel, driven by the
 * worker's own loop.  A handler of a reply runs exactly once, with NULL when
 * the connection fell first.
 */

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <hiredis/async.h>

#include "billing_infra.h"

#define BILLING_REDIS_CONNECT_MS   2000
#define BILLING_REDIS_PENDING_MAX  65536
#define BILLING_REDIS_READS        32       /* of one link in a row */

/* What a command leaves behind until its reply. */
typedef struct {
    billing_redis_link_t    *link;
    billing_redis_reply_pt   handler;
    uintptr_t                data;
} billing_redis_call_t;


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
    link->lost(link->worker, billing_redis_tls_why(&link->tls,
                                                   context->errstr));
}


static void
billing_redis_disconnected(const redisAsyncContext *context, int status)
{
    billing_redis_link_t  *link = context->data;

    link->context = NULL;
    link->connected = false;
    link->lost(link->worker, (status == REDIS_OK) ? "closed"
               : billing_redis_tls_why(&link->tls, context->errstr));
}


/* The server cannot serve: what is due stays due until another can. */

static bool
billing_redis_unfit(const redisReply *reply)
{
    return strncmp(reply->str, "READONLY", 8) == 0
           || strncmp(reply->str, "NOREPLICAS", 10) == 0
           || strncmp(reply->str, "LOADING", 7) == 0
           || strncmp(reply->str, "MOVED", 5) == 0
           || strncmp(reply->str, "CLUSTERDOWN", 11) == 0
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
        call->link->lost(w, reply->str);
    }

    if (call->handler != NULL) {
        call->handler(w, reply, call->data);

    } else {
        billing_redis_complain(w, reply);
    }

    free(call);
}


/* --- life ----------------------------------------------------------------- */


void
billing_redis_link_open(billing_redis_link_t *link,
    const billing_redis_address_t *at)
{
    redisAsyncContext  *context;

    context = at->local ? redisAsyncConnectUnix(at->host)
                        : redisAsyncConnect(at->host, at->port);

    if (context == NULL || context->err) {
        link->lost(link->worker, context ? context->errstr : "no memory");
        if (context != NULL) {
            redisAsyncFree(context);
        }
        return;
    }

    if (!billing_redis_tls_start(link->worker, &context->c, at->host,
                                 &link->tls))
    {
        link->lost(link->worker, link->tls.why);
        redisAsyncFree(context);
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


void
billing_redis_link_close(billing_redis_link_t *link)
{
    if (link->context != NULL) {
        redisAsyncFree(link->context);      /* calls what is pending */
        link->context = NULL;
    }

    billing_redis_tls_end(&link->tls);
    link->connected = false;
    link->pending = 0;
}


bool
billing_redis_link_silent(const billing_redis_link_t *link, int64_t mono_ms,
    int64_t silence_ms)
{
    int64_t  since = mono_ms - link->progress_ms;

    if (link->context == NULL) {
        return false;
    }

    if (!link->connected) {
        return since > BILLING_REDIS_CONNECT_MS;
    }

    /* hiredis shakes hands with the first command, not before. */
    if (billing_redis_tls_shaking(&link->tls)
        && silence_ms > BILLING_REDIS_CONNECT_MS)
    {
        silence_ms = BILLING_REDIS_CONNECT_MS;
    }

    return link->pending > 0 && since > silence_ms;
}


bool
billing_redis_link_send(billing_redis_link_t *link,
    const billing_redis_command_t *command)
{
    billing_redis_call_t  *call;

    if (link->context == NULL || !link->connected
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
billing_redis_link_fd(const billing_redis_link_t *link,
    struct curl_waitfd *fd)
{
    if (link->context == NULL) {
        return 0;
    }

    fd->fd = link->context->c.fd;
    fd->events = 0;
    fd->revents = 0;

    if (link->reading) {
        fd->events |= CURL_WAIT_POLLIN;
    }

    if (link->writing) {
        fd->events |= CURL_WAIT_POLLOUT;
    }

    return 1;
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
        billing_tls_forget();
        redisAsyncHandleRead(link->context);

        if (link->context == NULL || poll(&fd, 1, 0) != 1) {
            return;
        }
    }
}


static void
billing_redis_write(billing_redis_link_t *link)
{
    billing_tls_forget();
    redisAsyncHandleWrite(link->context);
}


/* Each call may end the connection: look again before the next. */

void
billing_redis_link_ready(billing_redis_link_t *link,
    const struct curl_waitfd *fd)
{
    if (link->context != NULL && link->context->c.fd == fd->fd
        && (fd->revents & CURL_WAIT_POLLOUT))
    {
        billing_redis_write(link);
    }

    if (link->context != NULL && link->context->c.fd == fd->fd
        && (fd->revents & ~CURL_WAIT_POLLOUT))
    {
        billing_redis_read(link);
    }
}


void
billing_redis_link_flush(billing_redis_link_t *link)
{
    if (link->context != NULL && link->connected && link->writing) {
        billing_redis_write(link);
    }
}
