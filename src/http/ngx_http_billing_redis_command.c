/*
 * What travels over the connection to Redis.  Replies come in the order of the
 * commands, so an operation stays in its queue until its reply has come, also
 * when its deadline has passed and its caller has been told.  Nothing is ever
 * sent twice.
 */

#include "ngx_http_billing_redis.h"

#define NGX_HTTP_BILLING_REDIS_COMMANDS    1024     /* without a reply */
#define NGX_HTTP_BILLING_REDIS_TIMEOUTS    3        /* in a row: closed */
#define NGX_HTTP_BILLING_REDIS_REPLY_MAX   (2 * 1024 * 1024)
#define NGX_HTTP_BILLING_REDIS_ELEMENTS    1024     /* of an array */
#define NGX_HTTP_BILLING_REDIS_UNSENT_MAX  (8 * 1024 * 1024)

#if (HIREDIS_MAJOR >= 1)
typedef size_t  ngx_http_billing_redis_size_t;
#else
typedef int     ngx_http_billing_redis_size_t;
#endif


typedef struct {
    ngx_queue_t                 order;
    ngx_queue_t                 due;
    ngx_msec_t                  deadline;
    uint64_t                    sent_usec;
    ngx_http_billing_reply_pt   handler;    /* NULL once it has been called */
    void                       *data;
} ngx_http_billing_op_t;

typedef struct {
    ngx_queue_t                 queue;
    ngx_http_billing_reply_pt   handler;
    void                       *data;
    size_t                      len;
    char                        channel[BILLING_KEY_MAX];
} ngx_http_billing_sub_t;


static ngx_int_t ngx_http_billing_redis_append(ngx_http_billing_redis_t *redis,
    int argc, const char **argv, const size_t *argvlen);
static void ngx_http_billing_redis_reply(ngx_http_billing_redis_t *redis,
    redisReply *reply);
static ngx_http_billing_sub_t *ngx_http_billing_redis_message(
    ngx_http_billing_redis_t *redis, redisReply *reply);
static void ngx_http_billing_redis_subscribed(ngx_http_billing_redis_t *redis,
    redisReply *reply, void *data);
static void ngx_http_billing_redis_pong(ngx_http_billing_redis_t *redis,
    redisReply *reply, void *data);
static void *ngx_http_billing_redis_array(const redisReadTask *task,
    ngx_http_billing_redis_size_t elements);


static redisReplyObjectFunctions   ngx_http_billing_redis_functions;
static void                     *(*ngx_http_billing_redis_new_array)(
    const redisReadTask *, ngx_http_billing_redis_size_t);


ngx_int_t
ngx_http_billing_redis_send(ngx_http_billing_redis_t *redis, int argc,
    const char **argv, const size_t *argvlen,
    ngx_http_billing_reply_pt handler, void *data)
{
    if (!ngx_http_billing_redis_open(redis)) {
        return NGX_ERROR;
    }

    return ngx_http_billing_redis_command(redis, argc, argv, argvlen, handler,
                                          data);
}


ngx_int_t
ngx_http_billing_redis_command(ngx_http_billing_redis_t *redis, int argc,
    const char **argv, const size_t *argvlen,
    ngx_http_billing_reply_pt handler, void *data)
{
    ngx_http_billing_op_t  *op;

    if (redis->outstanding >= NGX_HTTP_BILLING_REDIS_COMMANDS) {
        ngx_http_billing_zone_count(redis->bmcf->zone,
                                    NGX_HTTP_BILLING_COUNT_REDIS_FULL);
        return NGX_ERROR;
    }

    op = ngx_alloc(sizeof(ngx_http_billing_op_t), redis->log);
    if (op == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_billing_redis_append(redis, argc, argv, argvlen) != NGX_OK) {
        ngx_free(op);
        return NGX_ERROR;
    }

    op->handler = handler;
    op->data = data;
    op->deadline = ngx_current_msec + redis->bmcf->settings->redis_timeout_ms;
    op->sent_usec = ngx_http_billing_metric_usec();

    ngx_queue_insert_tail(&redis->order, &op->order);
    redis->outstanding++;
    ngx_http_billing_metric_link(redis, redis->outstanding);

    if (redis->greeting) {
        ngx_queue_init(&op->due);
        return NGX_OK;
    }

    ngx_queue_insert_tail(&redis->due, &op->due);

    if (!redis->deadline.timer_set) {
        ngx_add_timer(&redis->deadline,
                      redis->bmcf->settings->redis_timeout_ms);
    }

    return NGX_OK;
}


/* The bytes of a command, behind what is still to be sent. */

static ngx_int_t
ngx_http_billing_redis_append(ngx_http_billing_redis_t *redis, int argc,
    const char **argv, const size_t *argvlen)
{
    long long  len;
    char      *command;
    size_t     size;
    u_char    *out;

    len = redisFormatCommandArgv(&command, argc, argv, argvlen);

    if (len < 0) {
        return NGX_ERROR;
    }

    if (redis->out_last + len > redis->out_size) {
        size = ngx_max(redis->out_last + len, 2 * redis->out_size);

        out = size > NGX_HTTP_BILLING_REDIS_UNSENT_MAX
              ? NULL : ngx_alloc(size, redis->log);

        if (out == NULL) {
            redisFreeCommand(command);
            return NGX_ERROR;
        }

        if (redis->out) {
            ngx_memcpy(out, redis->out, redis->out_last);
            ngx_free(redis->out);
        }

        redis->out = out;
        redis->out_size = size;
    }

    ngx_memcpy(redis->out + redis->out_last, command, len);
    redis->out_last += len;
    redisFreeCommand(command);

    ngx_post_event(&redis->flush, &ngx_posted_events);

    return NGX_OK;
}


ngx_int_t
ngx_http_billing_redis_subscribe(ngx_http_billing_redis_t *redis,
    const char *channel, ngx_http_billing_reply_pt handler, void *data)
{
    size_t                   argvlen[2];
    const char              *argv[2];
    ngx_http_billing_sub_t  *sub;

    argv[0] = "SUBSCRIBE";
    argvlen[0] = sizeof("SUBSCRIBE") - 1;
    argv[1] = channel;
    argvlen[1] = ngx_strlen(channel);

    if (argvlen[1] >= BILLING_KEY_MAX) {
        return NGX_ERROR;
    }

    sub = ngx_calloc(sizeof(ngx_http_billing_sub_t), redis->log);
    if (sub == NULL) {
        return NGX_ERROR;
    }

    sub->handler = handler;
    sub->data = data;
    sub->len = argvlen[1];
    ngx_memcpy(sub->channel, channel, sub->len);

    if (ngx_http_billing_redis_send(redis, 2, argv, argvlen,
                                    ngx_http_billing_redis_subscribed, sub)
        != NGX_OK)
    {
        ngx_free(sub);
        return NGX_ERROR;
    }

    ngx_queue_insert_tail(&redis->subs, &sub->queue);

    if (!redis->ping.timer_set) {
        ngx_add_timer(&redis->ping, NGX_HTTP_BILLING_REDIS_PING);
    }

    return NGX_OK;
}


/* The confirmation is passed on too: from here nothing is missed. */

static void
ngx_http_billing_redis_subscribed(ngx_http_billing_redis_t *redis,
    redisReply *reply, void *data)
{
    ngx_http_billing_sub_t *sub = data;

    if (reply == NULL) {
        ngx_http_billing_redis_fail(redis, "does not answer");
        return;
    }

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3
        || reply->element[0]->type != REDIS_REPLY_STRING
        || ngx_strcmp(reply->element[0]->str, "subscribe") != 0)
    {
        ngx_http_billing_redis_fail(redis, "refuses a subscription");
        return;
    }

    sub->handler(redis, reply, sub->data);
}


ngx_int_t
ngx_http_billing_redis_feed(ngx_http_billing_redis_t *redis, u_char *data,
    size_t len)
{
    void  *reply;

    redis->unread += len;

    if (redis->unread > NGX_HTTP_BILLING_REDIS_REPLY_MAX
        || redisReaderFeed(redis->reader, (char *) data, len) != REDIS_OK)
    {
        return NGX_ERROR;
    }

    while (!redis->failed) {

        if (redisReaderGetReply(redis->reader, &reply) != REDIS_OK) {
            return NGX_ERROR;
        }

        if (reply == NULL) {
            break;
        }

        redis->unread = redis->reader->len - redis->reader->pos;

        ngx_http_billing_redis_reply(redis, reply);
        freeReplyObject(reply);
    }

    return NGX_OK;
}


/* A message goes to its subscriber, anything else to the oldest operation. */

static void
ngx_http_billing_redis_reply(ngx_http_billing_redis_t *redis,
    redisReply *reply)
{
    ngx_queue_t             *q;
    ngx_http_billing_op_t   *op;
    ngx_http_billing_sub_t  *sub;

    sub = ngx_http_billing_redis_message(redis, reply);

    if (sub) {
        sub->handler(redis, reply, sub->data);
        return;
    }

    if (ngx_queue_empty(&redis->order)) {
        ngx_http_billing_redis_fail(redis, "answers what was not asked");
        return;
    }

    q = ngx_queue_head(&redis->order);
    op = ngx_queue_data(q, ngx_http_billing_op_t, order);

    ngx_queue_remove(&op->order);
    redis->outstanding--;
    redis->timeouts = 0;

    ngx_http_billing_metric_link(redis, redis->outstanding);

    if (!redis->guide) {
        ngx_http_billing_metric_reply(redis->bmcf, op->sent_usec);
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        ngx_http_billing_zone_count(redis->bmcf->zone,
                                    NGX_HTTP_BILLING_COUNT_REDIS_REPLY);
        ngx_http_billing_redis_refused(redis, reply);
    }

    if (op->handler) {
        ngx_queue_remove(&op->due);
        op->handler(redis, reply, op->data);
    }

    ngx_free(op);

    if (ngx_queue_empty(&redis->due) && redis->deadline.timer_set) {
        ngx_del_timer(&redis->deadline);
    }
}


static ngx_http_billing_sub_t *
ngx_http_billing_redis_message(ngx_http_billing_redis_t *redis,
    redisReply *reply)
{
    ngx_queue_t             *q;
    redisReply              *channel;
    ngx_http_billing_sub_t  *sub;

    if (ngx_queue_empty(&redis->subs) || reply->type != REDIS_REPLY_ARRAY
        || reply->elements != 3
        || reply->element[0]->type != REDIS_REPLY_STRING
        || reply->element[1]->type != REDIS_REPLY_STRING
        || reply->element[2]->type != REDIS_REPLY_STRING
        || ngx_strcmp(reply->element[0]->str, "message") != 0)
    {
        return NULL;
    }

    channel = reply->element[1];

    for (q = ngx_queue_head(&redis->subs);
         q != ngx_queue_sentinel(&redis->subs);
         q = ngx_queue_next(q))
    {
        sub = ngx_queue_data(q, ngx_http_billing_sub_t, queue);

        if (sub->len == (size_t) channel->len
            && ngx_memcmp(sub->channel, channel->str, sub->len) == 0)
        {
            return sub;
        }
    }

    return NULL;
}


void
ngx_http_billing_redis_deadline_handler(ngx_event_t *ev)
{
    ngx_msec_int_t             left;
    ngx_queue_t               *q;
    ngx_http_billing_op_t     *op;
    ngx_http_billing_redis_t  *redis;
    ngx_http_billing_reply_pt  handler;

    redis = ev->data;
    redis->depth++;

    while (!redis->failed && !ngx_queue_empty(&redis->due)) {
        q = ngx_queue_head(&redis->due);
        op = ngx_queue_data(q, ngx_http_billing_op_t, due);
        left = (ngx_msec_int_t) (op->deadline - ngx_current_msec);

        if (left > 0) {
            ngx_add_timer(ev, (ngx_msec_t) left);
            break;
        }

        ngx_queue_remove(&op->due);
        handler = op->handler;
        op->handler = NULL;

        ngx_http_billing_zone_count(redis->bmcf->zone,
                                    NGX_HTTP_BILLING_COUNT_REDIS_TIMEOUT);
        handler(redis, NULL, op->data);

        if (++redis->timeouts >= NGX_HTTP_BILLING_REDIS_TIMEOUTS) {
            ngx_http_billing_redis_fail(redis, "does not answer");
        }
    }

    redis->depth--;
    ngx_http_billing_redis_settle(redis);
}


/* Nobody waits on a quiet subscription: only asking shows that it lives. */

void
ngx_http_billing_redis_ping_handler(ngx_event_t *ev)
{
    size_t                     argvlen;
    const char                *argv;
    ngx_http_billing_redis_t  *redis;

    redis = ev->data;
    argv = "PING";
    argvlen = sizeof("PING") - 1;
    redis->pinged_usec = ngx_http_billing_metric_usec();

    (void) ngx_http_billing_redis_send(redis, 1, &argv, &argvlen,
                                       ngx_http_billing_redis_pong, NULL);

    if (ngx_http_billing_redis_up(redis)) {
        ngx_add_timer(ev, NGX_HTTP_BILLING_REDIS_PING);
    }
}


static void
ngx_http_billing_redis_pong(ngx_http_billing_redis_t *redis,
    redisReply *reply, void *data)
{
    (void) data;

    if (reply && reply->type != REDIS_REPLY_ARRAY
        && reply->type != REDIS_REPLY_STATUS)
    {
        ngx_http_billing_redis_fail(redis, "refuses us");

    } else if (reply) {
        ngx_http_billing_metric_pong(redis->bmcf, redis->pinged_usec);
    }
}


/* send() says no meanwhile, so the queues only shrink. */

void
ngx_http_billing_redis_drop(ngx_http_billing_redis_t *redis)
{
    ngx_queue_t             *q;
    ngx_http_billing_op_t   *op;
    ngx_http_billing_sub_t  *sub;

    while (!ngx_queue_empty(&redis->order)) {
        q = ngx_queue_head(&redis->order);
        op = ngx_queue_data(q, ngx_http_billing_op_t, order);
        ngx_queue_remove(&op->order);

        if (op->handler) {
            ngx_queue_remove(&op->due);
            op->handler(redis, NULL, op->data);
        }

        ngx_free(op);
    }

    redis->outstanding = 0;

    while (!ngx_queue_empty(&redis->subs)) {
        q = ngx_queue_head(&redis->subs);
        sub = ngx_queue_data(q, ngx_http_billing_sub_t, queue);
        ngx_queue_remove(&sub->queue);

        sub->handler(redis, NULL, sub->data);
        ngx_free(sub);
    }
}


/* Like hiredis's own, but an announced array has a limit. */

redisReader *
ngx_http_billing_redis_reader(void)
{
    redisReader  *reader;

    reader = redisReaderCreate();
    if (reader == NULL) {
        return NULL;
    }

    if (ngx_http_billing_redis_new_array == NULL) {
        ngx_http_billing_redis_new_array = reader->fn->createArray;
        ngx_http_billing_redis_functions = *reader->fn;
        ngx_http_billing_redis_functions.createArray =
                                                  ngx_http_billing_redis_array;
    }

    reader->fn = &ngx_http_billing_redis_functions;

    return reader;
}


static void *
ngx_http_billing_redis_array(const redisReadTask *task,
    ngx_http_billing_redis_size_t elements)
{
    if ((unsigned long long) elements > NGX_HTTP_BILLING_REDIS_ELEMENTS) {
        return NULL;
    }

    return ngx_http_billing_redis_new_array(task, elements);
}
