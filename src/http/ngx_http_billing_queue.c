/*
 * Admission: how old the oldest command is that the worker has not done yet.
 *
 * Redis is asked, not the worker: one that hangs would say nothing.  What is
 * in the stream is undone, since the worker deletes what it has committed; so
 * the first entry tells the age, in Redis's own time.  While it is too old no
 * money is accepted, and beyond a number of entries nothing is; questions go
 * their own way.  Who comes when nothing recent is known waits for the reply.
 */

#include "ngx_http_billing_api.h"

#define NGX_HTTP_BILLING_QUEUE_MAX     4096     /* commands in the stream */
#define NGX_HTTP_BILLING_QUEUE_KNOWN   250      /* ms: then it is asked again */
#define NGX_HTTP_BILLING_QUEUE_PARKED  256      /* who wait for the reply */
#define NGX_HTTP_BILLING_QUEUE_PARK    300      /* ms, at most */

typedef struct {
    char                        name[BILLING_KEY_MAX + 1];
    ngx_msec_t                  known_msec;     /* when the last look ended */
    int64_t                     redis_ms;       /* the look's own time */
    int64_t                     age_ms;
    int64_t                     length;
    ngx_uint_t                  nparked;
    ngx_http_billing_handle_t   parked[NGX_HTTP_BILLING_QUEUE_PARKED];
    unsigned                    looking:1;
    unsigned                    known:1;
} ngx_http_billing_queue_t;

static ngx_int_t ngx_http_billing_queue_look(
    ngx_http_billing_process_t *process);
static void ngx_http_billing_queue_time(ngx_http_billing_redis_t *redis,
    redisReply *reply, void *data);
static void ngx_http_billing_queue_length(ngx_http_billing_redis_t *redis,
    redisReply *reply, void *data);
static void ngx_http_billing_queue_first(ngx_http_billing_redis_t *redis,
    redisReply *reply, void *data);
static int64_t ngx_http_billing_queue_number(redisReply *reply,
    ngx_uint_t id);
static billing_reason_t ngx_http_billing_queue_judge(ngx_http_request_t *r,
    ngx_uint_t money);


/* One per nginx worker process. */

static ngx_http_billing_queue_t  ngx_http_billing_queue;


billing_reason_t
ngx_http_billing_queue_admit(ngx_http_request_t *r, ngx_uint_t money,
    ngx_http_billing_admission_t *wait)
{
    ngx_http_billing_queue_t    *queue;
    ngx_http_billing_handle_t    handle;
    ngx_http_billing_process_t  *process;

    queue = &ngx_http_billing_queue;
    process = ngx_http_billing_process();

    if (queue->known
        && ngx_current_msec - queue->known_msec < NGX_HTTP_BILLING_QUEUE_KNOWN)
    {
        return ngx_http_billing_queue_judge(r, money);
    }

    if (wait->waited || process == NULL
        || queue->nparked == NGX_HTTP_BILLING_QUEUE_PARKED
        || (!queue->looking
            && ngx_http_billing_queue_look(process) != NGX_OK))
    {
        return BILLING_ALLOW;   /* not to be known: the sending will tell */
    }

    handle = ngx_http_billing_park(r, NGX_HTTP_BILLING_QUEUE_PARK, wait->wake,
                                   wait->data);
    if (handle == 0) {
        return BILLING_STORE_UNAVAILABLE;
    }

    queue->parked[queue->nparked++] = handle;
    wait->parked = 1;

    return BILLING_ALLOW;
}


static billing_reason_t
ngx_http_billing_queue_judge(ngx_http_request_t *r, ngx_uint_t money)
{
    ngx_http_billing_queue_t      *queue;
    ngx_http_billing_main_conf_t  *bmcf;

    queue = &ngx_http_billing_queue;
    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);

    if (queue->length < NGX_HTTP_BILLING_QUEUE_MAX
        && (!money || queue->age_ms <= bmcf->settings->redis_queue_max_ms))
    {
        return BILLING_ALLOW;
    }

    ngx_http_billing_count(bmcf, NGX_HTTP_BILLING_COUNT_OVERLOADED);

    return BILLING_OVERLOADED;
}


/* Three commands on one link, so their replies come in this order. */

static ngx_int_t
ngx_http_billing_queue_look(ngx_http_billing_process_t *process)
{
    size_t                     lens[6];
    const char                *argv[6];
    ngx_uint_t                 i;
    ngx_http_billing_queue_t  *queue;

    queue = &ngx_http_billing_queue;

    if (queue->name[0] == '\0'
        && billing_key_of(queue->name, process->bmcf->settings->redis_prefix,
                          "commands")
           == 0)
    {
        return NGX_ERROR;
    }

    argv[0] = "TIME";
    lens[0] = 4;
    queue->redis_ms = 0;
    queue->length = 0;

    if (ngx_http_billing_redis_send(process->redis, 1, argv, lens,
                                    ngx_http_billing_queue_time, NULL)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    argv[0] = "XLEN";
    argv[1] = queue->name;
    lens[1] = ngx_strlen(queue->name);

    if (ngx_http_billing_redis_send(process->redis, 2, argv, lens,
                                    ngx_http_billing_queue_length, NULL)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    argv[0] = "XRANGE";
    argv[2] = "-";
    argv[3] = "+";
    argv[4] = "COUNT";
    argv[5] = "1";

    for (i = 0; i < 6; i++) {
        lens[i] = ngx_strlen(argv[i]);
    }

    if (ngx_http_billing_redis_send(process->redis, 6, argv, lens,
                                    ngx_http_billing_queue_first, NULL)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    queue->looking = 1;

    return NGX_OK;
}


static void
ngx_http_billing_queue_time(ngx_http_billing_redis_t *redis,
    redisReply *reply, void *data)
{
    (void) redis;
    (void) data;

    if (reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2) {
        ngx_http_billing_queue.redis_ms =
            ngx_http_billing_queue_number(reply->element[0], 0) * 1000
            + ngx_http_billing_queue_number(reply->element[1], 0) / 1000;
    }
}


static void
ngx_http_billing_queue_length(ngx_http_billing_redis_t *redis,
    redisReply *reply, void *data)
{
    (void) redis;
    (void) data;

    if (reply && reply->type == REDIS_REPLY_INTEGER) {
        ngx_http_billing_queue.length = reply->integer;
    }
}


/* The last of a look, told or not: who waited is asked to ask again. */

static void
ngx_http_billing_queue_first(ngx_http_billing_redis_t *redis,
    redisReply *reply, void *data)
{
    int64_t                    born_ms;
    ngx_uint_t                 i, n;
    ngx_http_billing_queue_t  *queue;

    (void) redis;
    (void) data;

    queue = &ngx_http_billing_queue;
    born_ms = 0;

    if (reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 1
        && reply->element[0]->type == REDIS_REPLY_ARRAY
        && reply->element[0]->elements > 0)
    {
        born_ms = ngx_http_billing_queue_number(reply->element[0]->element[0],
                                                1);
    }

    queue->looking = 0;
    queue->known = reply && reply->type == REDIS_REPLY_ARRAY
                   && queue->redis_ms > 0;
    queue->known_msec = ngx_current_msec;
    queue->age_ms = (born_ms > 0 && queue->redis_ms > born_ms)
                    ? queue->redis_ms - born_ms : 0;

    n = queue->nparked;
    queue->nparked = 0;

    for (i = 0; i < n; i++) {
        ngx_http_billing_unpark(queue->parked[i]);
    }
}


/* Decimal; of an entry's id the part before the dash.  0 when it is none. */

static int64_t
ngx_http_billing_queue_number(redisReply *reply, ngx_uint_t id)
{
    u_char     *dash;
    size_t      len;
    ngx_int_t   number;

    if (reply->type != REDIS_REPLY_STRING) {
        return 0;
    }

    len = reply->len;

    if (id) {
        dash = ngx_strlchr((u_char *) reply->str,
                           (u_char *) reply->str + len, '-');
        len = dash ? (size_t) (dash - (u_char *) reply->str) : 0;
    }

    number = ngx_atoi((u_char *) reply->str, len);

    return (number == NGX_ERROR) ? 0 : number;
}
