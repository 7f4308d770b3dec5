/*
 * Between nginx and the worker: commands and queries go out on two streams,
 * answers come back on this process's own channel.
 *
 * A waiting request is known here by its operation and its park handle only.
 * Requests of one operation wait together for one answer.
 */

#include "ngx_http_billing_api.h"
#include "ngx_http_billing_security.h"

#define NGX_HTTP_BILLING_WAITERS_MAX   4096
#define NGX_HTTP_BILLING_BUCKETS       1024

/*
 * A command may begin this long after its client was told "pending": a
 * restart of the worker takes seconds, a buyer who left must not pay later.
 */
#define NGX_HTTP_BILLING_BEGIN_MSEC    60000

/* A process that has just started, as after a reload, is about to connect. */
#define NGX_HTTP_BILLING_YOUNG_MSEC    1000

typedef struct {
    ngx_queue_t                  link;      /* of a bucket, or of the free */
    ngx_http_billing_handle_t    handle;
    uintptr_t                    send;      /* which XADD it depends on */
    char                         op[BILLING_OP_ID_LEN + 1];
    char                         fingerprint[BILLING_MAC_HEX_LEN + 1];
    unsigned                     joined:1;
} ngx_http_billing_waiter_t;

/* What a parked request keeps; in its pool. */

typedef struct {
    ngx_pool_t                  *pool;
    ngx_http_billing_waiter_t   *waiter;
    ngx_http_billing_wake_pt     wake;
    void                        *data;
    billing_answer_t            *answer;
    unsigned                     unsent:1;
} ngx_http_billing_wait_t;

typedef struct {
    ngx_http_billing_process_t  *process;
    ngx_log_t                   *log;
    ngx_queue_t                  buckets[NGX_HTTP_BILLING_BUCKETS];
    ngx_queue_t                  free;
    ngx_http_billing_waiter_t   *waiters;
    uintptr_t                    sends;
    ngx_msec_t                   started;
    unsigned                     listening:1;   /* answers would be heard */
} ngx_http_billing_transport_t;

static billing_reason_t ngx_http_billing_transport_wait(
    ngx_http_request_t *r, billing_command_t *command,
    ngx_msec_t wait, ngx_http_billing_wait_t *w);
static ngx_http_billing_waiter_t *ngx_http_billing_transport_find(
    const char *op);
static ngx_queue_t *ngx_http_billing_transport_bucket(const char *op);
static void ngx_http_billing_transport_sent(ngx_http_billing_redis_t *redis,
    redisReply *reply, void *data);
static void ngx_http_billing_transport_unsent(uintptr_t send);
static void ngx_http_billing_transport_wake(ngx_http_request_t *r,
    void *data, ngx_uint_t timed_out);
static void ngx_http_billing_transport_forget(void *data);

static void ngx_http_billing_transport_link(ngx_http_billing_redis_t *redis,
    ngx_uint_t up);
static void ngx_http_billing_transport_answered(
    ngx_http_billing_redis_t *redis, redisReply *reply, void *data);
static void ngx_http_billing_transport_deliver(
    ngx_http_billing_waiter_t *waiter, billing_answer_t *answer);


/* One per nginx worker process, made when it starts. */

static ngx_http_billing_transport_t  *ngx_http_billing_transport;


void
ngx_http_billing_transport_start(ngx_http_billing_process_t *process,
    ngx_log_t *log)
{
    ngx_uint_t                     i;
    ngx_http_billing_transport_t  *tp;

    tp = ngx_calloc(sizeof(ngx_http_billing_transport_t), log);
    if (tp == NULL) {
        return;
    }

    tp->waiters = ngx_calloc(NGX_HTTP_BILLING_WAITERS_MAX
                             * sizeof(ngx_http_billing_waiter_t), log);
    tp->process = process;
    tp->log = log;
    tp->started = ngx_current_msec;

    if (tp->waiters == NULL
        || ngx_http_billing_stream_start(process) != NGX_OK)
    {
        ngx_log_error(NGX_LOG_ALERT, log, 0,
                      "billing: transport could not be started");
        ngx_free(tp->waiters);
        ngx_free(tp);
        return;
    }

    for (i = 0; i < NGX_HTTP_BILLING_BUCKETS; i++) {
        ngx_queue_init(&tp->buckets[i]);
    }

    ngx_queue_init(&tp->free);

    for (i = 0; i < NGX_HTTP_BILLING_WAITERS_MAX; i++) {
        ngx_queue_insert_tail(&tp->free, &tp->waiters[i].link);
    }

    ngx_http_billing_transport = tp;

    ngx_http_billing_notice_start(process, log);

    process->listener = ngx_http_billing_redis_create(process->bmcf,
                                     ngx_http_billing_transport_link, tp, log);
}


/* --- out ------------------------------------------------------------------ */

ngx_uint_t
ngx_http_billing_transport_hold(ngx_uint_t is_query)
{
    ngx_uint_t                     up;
    ngx_http_billing_transport_t  *tp;

    tp = ngx_http_billing_transport;

    if (tp == NULL) {
        return 0;
    }

    up = ngx_http_billing_redis_up(tp->process->redis);

    if (up && tp->listening) {
        return 0;
    }

    if (ngx_current_msec - tp->started < NGX_HTTP_BILLING_YOUNG_MSEC) {
        return 1;
    }

    return up && is_query;      /* a command is worth more than its answer */
}


billing_reason_t
ngx_http_billing_transport_send(ngx_http_request_t *r,
    billing_command_t *command, ngx_uint_t is_query, ngx_msec_t wait,
    ngx_http_billing_wake_pt wake, void *data)
{
    ngx_time_t                     *now;
    billing_reason_t                reason;
    ngx_http_billing_wait_t        *w;
    ngx_http_billing_waiter_t      *first;
    ngx_http_billing_transport_t   *tp;

    tp = ngx_http_billing_transport;

    if (tp == NULL || !ngx_http_billing_redis_up(tp->process->redis)) {
        return BILLING_STORE_UNAVAILABLE;
    }

    first = ngx_http_billing_transport_find(command->op);

    if (first && ngx_strcmp(first->fingerprint, command->fingerprint) != 0) {
        return BILLING_IDEMPOTENCY_KEY_REUSED;
    }

    w = ngx_pcalloc(r->pool, sizeof(ngx_http_billing_wait_t));
    if (w == NULL) {
        return BILLING_INTERNAL;
    }

    w->pool = r->pool;
    w->wake = wake;
    w->data = data;

    reason = ngx_http_billing_transport_wait(r, command, wait, w);
    if (reason != BILLING_ALLOW) {
        return reason;
    }

    if (first) {
        w->waiter->joined = 1;          /* the same request, asked again */
        w->waiter->send = first->send;
        return BILLING_ALLOW;
    }

    w->waiter->send = ++tp->sends;

    now = ngx_timeofday();
    command->deadline_ms = (int64_t) now->sec * 1000 + now->msec
                           + (is_query ? (int64_t) wait
                                       : NGX_HTTP_BILLING_BEGIN_MSEC);

    if (ngx_http_billing_stream_add(command, is_query,
                                    ngx_http_billing_transport_sent,
                                    (void *) tp->sends)
        != NGX_OK)
    {
        ngx_http_billing_transport_unsent(tp->sends);
    }

    return BILLING_ALLOW;
}


ngx_uint_t
ngx_http_billing_transport_waits(const char *op)
{
    return ngx_http_billing_transport
           && ngx_http_billing_transport_find(op) != NULL;
}


/* Parks the request and files it under its operation. */

static billing_reason_t
ngx_http_billing_transport_wait(ngx_http_request_t *r,
    billing_command_t *command, ngx_msec_t wait, ngx_http_billing_wait_t *w)
{
    ngx_queue_t                   *q;
    ngx_pool_cleanup_t            *cln;
    ngx_http_billing_waiter_t     *waiter;
    ngx_http_billing_transport_t  *tp;

    tp = ngx_http_billing_transport;

    if (ngx_queue_empty(&tp->free)
        || ngx_strlen(command->op) > BILLING_OP_ID_LEN
        || ngx_strlen(command->fingerprint) > BILLING_MAC_HEX_LEN)
    {
        return BILLING_STORE_UNAVAILABLE;
    }

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        return BILLING_INTERNAL;
    }

    q = ngx_queue_head(&tp->free);
    waiter = ngx_queue_data(q, ngx_http_billing_waiter_t, link);

    waiter->handle = ngx_http_billing_park(r, wait,
                                           ngx_http_billing_transport_wake, w);
    if (waiter->handle == 0) {
        return BILLING_STORE_UNAVAILABLE;
    }

    ngx_queue_remove(q);
    ngx_cpystrn((u_char *) waiter->op, (u_char *) command->op,
                sizeof(waiter->op));
    ngx_cpystrn((u_char *) waiter->fingerprint,
                (u_char *) command->fingerprint, sizeof(waiter->fingerprint));
    waiter->joined = 0;
    waiter->send = 0;

    ngx_queue_insert_tail(ngx_http_billing_transport_bucket(command->op), q);

    w->waiter = waiter;
    cln->handler = ngx_http_billing_transport_forget;
    cln->data = w;

    return BILLING_ALLOW;
}


static ngx_queue_t *
ngx_http_billing_transport_bucket(const char *op)
{
    uint32_t  hash;

    hash = ngx_crc32_short((u_char *) op, ngx_strlen(op));

    return &ngx_http_billing_transport->buckets[hash
                                                % NGX_HTTP_BILLING_BUCKETS];
}


static ngx_http_billing_waiter_t *
ngx_http_billing_transport_find(const char *op)
{
    ngx_queue_t                *q, *bucket;
    ngx_http_billing_waiter_t  *waiter;

    bucket = ngx_http_billing_transport_bucket(op);

    for (q = ngx_queue_head(bucket);
         q != ngx_queue_sentinel(bucket);
         q = ngx_queue_next(q))
    {
        waiter = ngx_queue_data(q, ngx_http_billing_waiter_t, link);

        if (ngx_strcmp(waiter->op, op) == 0) {
            return waiter;
        }
    }

    return NULL;
}


static void
ngx_http_billing_transport_sent(ngx_http_billing_redis_t *redis,
    redisReply *reply, void *data)
{
    (void) redis;

    if (reply == NULL) {
        return;     /* perhaps sent: an answer, or the deadline, will tell */
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        ngx_log_error(NGX_LOG_ERR, ngx_http_billing_transport->log, 0,
                      "billing: Redis refused a command: %s", reply->str);

        ngx_http_billing_transport_unsent((uintptr_t) data);
    }
}


/* Proven: the command did not leave.  Rare, so the whole table is read. */

static void
ngx_http_billing_transport_unsent(uintptr_t send)
{
    ngx_uint_t                   i;
    ngx_http_billing_wait_t     *w;
    ngx_http_billing_waiter_t   *waiter;
    ngx_http_billing_handle_t    handle;

    for (i = 0; i < NGX_HTTP_BILLING_WAITERS_MAX; i++) {
        waiter = &ngx_http_billing_transport->waiters[i];
        handle = waiter->handle;

        if (handle == 0 || waiter->send != send) {
            continue;
        }

        w = ngx_http_billing_parked(handle);

        if (w) {
            w->unsent = 1;
            ngx_http_billing_transport_forget(w);
            ngx_http_billing_unpark(handle);
        }
    }
}


/* The request goes on: by an answer, without one, or it has no time left. */

static void
ngx_http_billing_transport_wake(ngx_http_request_t *r, void *data,
    ngx_uint_t timed_out)
{
    ngx_http_billing_wait_t  *w = data;

    ngx_http_billing_api_ctx_t  *ctx;

    ngx_http_billing_transport_forget(w);

    ctx = ngx_http_billing_api_ctx(r);

    if (ctx) {
        ctx->answer = w->answer;
        ctx->unsent = w->unsent;
    }

    w->wake(r, w->data, timed_out && w->answer == NULL);
}


static void
ngx_http_billing_transport_forget(void *data)
{
    ngx_http_billing_wait_t  *w = data;

    if (w->waiter == NULL) {
        return;
    }

    w->waiter->handle = 0;
    w->waiter->op[0] = '\0';

    ngx_queue_remove(&w->waiter->link);
    ngx_queue_insert_head(&ngx_http_billing_transport->free,
                          &w->waiter->link);

    w->waiter = NULL;
}


billing_answer_t *
ngx_http_billing_transport_answer(ngx_http_request_t *r)
{
    ngx_http_billing_api_ctx_t  *ctx;

    ctx = ngx_http_billing_api_ctx(r);

    return ctx ? ctx->answer : NULL;
}


/* --- answers in ----------------------------------------------------------- */

/* Up: the channel for answers, then what the notices need. */

static void
ngx_http_billing_transport_link(ngx_http_billing_redis_t *redis,
    ngx_uint_t up)
{
    ngx_http_billing_transport_t  *tp;

    tp = ngx_http_billing_redis_data(redis);
    tp->listening = 0;
    ngx_http_billing_ask_link(0);

    if (up
        && ngx_http_billing_redis_subscribe(redis,
                                  ngx_http_billing_stream_reply(),
                                  ngx_http_billing_transport_answered, NULL)
           != NGX_OK)
    {
        ngx_log_error(NGX_LOG_ERR, tp->log, 0,
                      "billing: no channel for answers");
    }

    ngx_http_billing_notice_link(up);
}


static void
ngx_http_billing_transport_answered(ngx_http_billing_redis_t *redis,
    redisReply *reply, void *data)
{
    redisReply                    *text;
    ngx_uint_t                     i, confirmed;
    billing_bytes_t                bytes;
    billing_answer_t               answer;
    ngx_http_billing_waiter_t     *waiter;
    ngx_http_billing_main_conf_t  *bmcf;

    (void) redis;
    (void) data;

    text = ngx_http_billing_notice_payload(reply, &confirmed);

    if (confirmed) {
        ngx_http_billing_transport->listening = 1;
        ngx_http_billing_ask_link(1);
    }

    if (text == NULL) {
        return;
    }

    bmcf = ngx_http_billing_transport->process->bmcf;
    bytes.data = text->str;
    bytes.len = text->len;

    for (i = 0; i < bmcf->nsecrets; i++) {
        if (billing_answer_decode(&bmcf->secrets[i], bytes, &answer)
            == BILLING_OK)
        {
            break;
        }
    }

    if (i == bmcf->nsecrets) {
        ngx_log_error(NGX_LOG_ERR, ngx_http_billing_transport->log, 0,
                      "billing: an answer was not written by the worker");
        ngx_http_billing_security_mac("answer", NULL);
        ngx_http_billing_count(bmcf, NGX_HTTP_BILLING_COUNT_BAD_RECORD);
        return;
    }

    if (ngx_http_billing_ask_answered(&answer)) {
        return;
    }

    /* each delivery takes its waiter out of the bucket */

    for ( ;; ) {
        waiter = ngx_http_billing_transport_find(answer.op);
        if (waiter == NULL) {
            return;
        }

        ngx_http_billing_transport_deliver(waiter, &answer);
    }
}


static void
ngx_http_billing_transport_deliver(ngx_http_billing_waiter_t *waiter,
    billing_answer_t *answer)
{
    void                       *body;
    billing_answer_t           *copy;
    ngx_http_billing_wait_t    *w;
    ngx_http_billing_handle_t   handle;

    handle = waiter->handle;
    w = ngx_http_billing_parked(handle);

    if (w == NULL) {
        /* being torn down: its cleanup has not run yet */
        waiter->op[0] = '\0';
        return;
    }

    copy = ngx_palloc(w->pool, sizeof(billing_answer_t));
    body = ngx_pnalloc(w->pool, answer->body.len + 1);

    if (copy && body) {
        ngx_memcpy(body, answer->body.data, answer->body.len);

        *copy = *answer;
        copy->body.data = body;
        copy->replayed = answer->replayed || waiter->joined;
        w->answer = copy;
    }

    ngx_http_billing_count(ngx_http_billing_transport->process->bmcf,
                           NGX_HTTP_BILLING_COUNT_ANSWERED);

    ngx_http_billing_transport_forget(w);
    ngx_http_billing_unpark(handle);
}
