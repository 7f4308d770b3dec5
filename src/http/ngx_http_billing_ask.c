/*
 * Records that Redis has lost, or never had, asked of the worker: evicted,
 * deleted, spoilt, of an older epoch, or of somebody nobody has heard of.  An
 * ask is one query; its answer is the record as the worker then also writes it
 * to Redis, so that one that is evicted again at once has been seen.
 *
 * Few at a time, and none for a while when nobody answers: then the unknown
 * stays unknown without delay.
 */

#include "ngx_http_billing_api.h"

#define NGX_HTTP_BILLING_ASKS         64        /* without an answer */
#define NGX_HTTP_BILLING_ASK_WAIT     1000      /* ms */
#define NGX_HTTP_BILLING_ASK_SILENCE  3         /* unanswered in a row */
#define NGX_HTTP_BILLING_ASK_PAUSE    1000      /* ms, then one may try */

typedef struct {
    ngx_queue_t                 queue;      /* oldest first */
    ngx_http_billing_want_t     want;       /* of the caller, until told */
    ngx_http_billing_told_pt    told;
    void                       *data;
    uintptr_t                   number;     /* of its XADD; 0 not sent yet */
    ngx_msec_t                  deadline;
    char                        op[BILLING_OP_ID_LEN + 1];
} ngx_http_billing_ask_t;

typedef struct {
    ngx_queue_t                 waiting;
    ngx_queue_t                 free;
    ngx_event_t                 timer;
    ngx_connection_t            dummy;      /* a timer's data has an fd */
    uintptr_t                   numbers;
    ngx_uint_t                  silent;
    ngx_msec_t                  again;      /* when one may try */
    unsigned                    listening:1;
    ngx_http_billing_ask_t      asks[NGX_HTTP_BILLING_ASKS];
} ngx_http_billing_asks_t;

static void ngx_http_billing_ask_init(void);
static ngx_int_t ngx_http_billing_ask_send(ngx_http_billing_ask_t *ask);
static json_t *ngx_http_billing_ask_body(ngx_http_billing_want_t *want);
static void ngx_http_billing_ask_sent(ngx_http_billing_redis_t *redis,
    redisReply *reply, void *data);
static void ngx_http_billing_ask_end(ngx_http_billing_ask_t *ask,
    billing_bytes_t *record);
static void ngx_http_billing_ask_timer(ngx_event_t *ev);
static void ngx_http_billing_ask_unheard(void);


static ngx_http_billing_asks_t  ngx_http_billing_asks;


ngx_int_t
ngx_http_billing_ask(ngx_http_billing_want_t *want,
    ngx_http_billing_told_pt told, void *data)
{
    ngx_queue_t              *q;
    ngx_http_billing_ask_t   *ask;
    ngx_http_billing_asks_t  *asks;

    asks = &ngx_http_billing_asks;
    ngx_http_billing_ask_init();

    if (ngx_queue_empty(&asks->free)
        || (asks->silent >= NGX_HTTP_BILLING_ASK_SILENCE
            && (!ngx_queue_empty(&asks->waiting)
                || (ngx_msec_int_t) (asks->again - ngx_current_msec) > 0)))
    {
        return NGX_ERROR;
    }

    q = ngx_queue_head(&asks->free);
    ask = ngx_queue_data(q, ngx_http_billing_ask_t, queue);

    ask->want = *want;
    ask->told = told;
    ask->data = data;
    ask->number = 0;
    ask->op[0] = '\0';
    ask->deadline = ngx_current_msec + NGX_HTTP_BILLING_ASK_WAIT;

    /* Who does not listen yet sends when he does. */

    if (asks->listening && ngx_http_billing_ask_send(ask) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_queue_remove(q);
    ngx_queue_insert_tail(&asks->waiting, q);

    if (!asks->timer.timer_set) {
        ngx_add_timer(&asks->timer, NGX_HTTP_BILLING_ASK_WAIT);
    }

    return NGX_OK;
}


static void
ngx_http_billing_ask_init(void)
{
    ngx_uint_t                i;
    ngx_http_billing_asks_t  *asks;

    asks = &ngx_http_billing_asks;

    if (asks->timer.handler) {
        return;
    }

    ngx_queue_init(&asks->waiting);
    ngx_queue_init(&asks->free);

    for (i = 0; i < NGX_HTTP_BILLING_ASKS; i++) {
        ngx_queue_insert_tail(&asks->free, &asks->asks[i].queue);
    }

    asks->dummy.fd = (ngx_socket_t) -1;
    asks->timer.data = &asks->dummy;
    asks->timer.handler = ngx_http_billing_ask_timer;
    asks->timer.log = ngx_cycle->log;
    asks->timer.cancelable = 1;     /* the parked request has its own */
}


static ngx_int_t
ngx_http_billing_ask_send(ngx_http_billing_ask_t *ask)
{
    char                         key[NGX_HTTP_BILLING_RANDOM_LEN + 1];
    json_t                      *body;
    ngx_int_t                    rc;
    ngx_time_t                  *now;
    billing_command_t            command;
    ngx_http_billing_process_t  *process;

    process = ngx_http_billing_process();
    body = ngx_http_billing_ask_body(&ask->want);

    if (process == NULL || body == NULL
        || ngx_http_billing_random(key) != NGX_OK
        || billing_operation_id(&process->bmcf->secrets[0], "", "record", "",
                                key, ask->op) != BILLING_OK)
    {
        json_decref(body);
        return NGX_ERROR;
    }

    now = ngx_timeofday();
    ask->number = ++ngx_http_billing_asks.numbers;

    ngx_memzero(&command, sizeof(billing_command_t));
    command.op = ask->op;
    command.kind = "record";
    command.actor = "";
    command.team = "";
    command.key = key;
    command.fingerprint = "";
    command.lang = "en";
    command.body = body;
    command.deadline_ms = (int64_t) now->sec * 1000 + now->msec
                          + NGX_HTTP_BILLING_ASK_WAIT;

    rc = ngx_http_billing_stream_add(&command, 1, ngx_http_billing_ask_sent,
                                     (void *) ask->number);
    json_decref(body);

    ngx_http_billing_count(process->bmcf, NGX_HTTP_BILLING_COUNT_ASKED);

    return rc;
}


static json_t *
ngx_http_billing_ask_body(ngx_http_billing_want_t *want)
{
    return json_pack("{s:s, s:s%, s:s%}",
                     "kind", billing_record_kind_name(want->kind),
                     "id", want->id.data, want->id.len,
                     "email", want->name.len ? (char *) want->name.data : "",
                     want->name.len);
}


/* Not taken, or perhaps not: a cache need not wait to be sure. */

static void
ngx_http_billing_ask_sent(ngx_http_billing_redis_t *redis, redisReply *reply,
    void *data)
{
    ngx_queue_t              *q;
    ngx_http_billing_ask_t   *ask;
    ngx_http_billing_asks_t  *asks;

    (void) redis;

    if (reply && reply->type != REDIS_REPLY_ERROR) {
        return;
    }

    asks = &ngx_http_billing_asks;

    for (q = ngx_queue_head(&asks->waiting);
         q != ngx_queue_sentinel(&asks->waiting);
         q = ngx_queue_next(q))
    {
        ask = ngx_queue_data(q, ngx_http_billing_ask_t, queue);

        if (ask->number == (uintptr_t) data) {
            ngx_http_billing_ask_end(ask, NULL);
            return;
        }
    }
}


static void
ngx_http_billing_ask_end(ngx_http_billing_ask_t *ask, billing_bytes_t *record)
{
    ngx_http_billing_asks_t  *asks;

    asks = &ngx_http_billing_asks;

    ngx_queue_remove(&ask->queue);
    ngx_queue_insert_tail(&asks->free, &ask->queue);

    if (ngx_queue_empty(&asks->waiting) && asks->timer.timer_set) {
        ngx_del_timer(&asks->timer);
    }

    ask->told(ask->data, record);
}


static void
ngx_http_billing_ask_timer(ngx_event_t *ev)
{
    ngx_queue_t              *q;
    ngx_msec_int_t            left;
    ngx_http_billing_ask_t   *ask;
    ngx_http_billing_asks_t  *asks;

    asks = &ngx_http_billing_asks;

    while (!ngx_queue_empty(&asks->waiting)) {
        q = ngx_queue_head(&asks->waiting);
        ask = ngx_queue_data(q, ngx_http_billing_ask_t, queue);
        left = (ngx_msec_int_t) (ask->deadline - ngx_current_msec);

        if (left > 0) {
            ngx_add_timer(ev, (ngx_msec_t) left);
            return;
        }

        ngx_http_billing_ask_unheard();
        ngx_http_billing_ask_end(ask, NULL);
    }
}


static void
ngx_http_billing_ask_unheard(void)
{
    ngx_http_billing_asks_t  *asks;

    asks = &ngx_http_billing_asks;
    asks->again = ngx_current_msec + NGX_HTTP_BILLING_ASK_PAUSE;

    if (++asks->silent == NGX_HTTP_BILLING_ASK_SILENCE) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "billing: the worker does not tell records");
    }
}


/* What was sent over a link that has fallen will not be heard. */

void
ngx_http_billing_ask_link(ngx_uint_t listening)
{
    ngx_queue_t              *q, *next;
    ngx_http_billing_ask_t   *ask;
    ngx_http_billing_asks_t  *asks;

    asks = &ngx_http_billing_asks;
    ngx_http_billing_ask_init();

    asks->listening = listening;

    for (q = ngx_queue_head(&asks->waiting);
         q != ngx_queue_sentinel(&asks->waiting);
         q = next)
    {
        next = ngx_queue_next(q);
        ask = ngx_queue_data(q, ngx_http_billing_ask_t, queue);

        if ((listening && ask->number == 0)
            ? ngx_http_billing_ask_send(ask) != NGX_OK
            : !listening && ask->number != 0)
        {
            ngx_http_billing_ask_end(ask, NULL);
        }
    }
}


ngx_uint_t
ngx_http_billing_ask_answered(billing_answer_t *answer)
{
    json_t                   *body;
    ngx_queue_t              *q;
    json_error_t              error;
    billing_bytes_t           record;
    ngx_http_billing_ask_t   *ask;
    ngx_http_billing_asks_t  *asks;

    asks = &ngx_http_billing_asks;
    ngx_http_billing_ask_init();

    for (q = ngx_queue_head(&asks->waiting); ; q = ngx_queue_next(q)) {

        if (q == ngx_queue_sentinel(&asks->waiting)) {
            return 0;
        }

        ask = ngx_queue_data(q, ngx_http_billing_ask_t, queue);

        if (ngx_strcmp(ask->op, answer->op) == 0) {
            break;
        }
    }

    asks->silent = 0;

    body = json_loadb(answer->body.data, answer->body.len,
                      JSON_REJECT_DUPLICATES, &error);
    record.data = json_string_value(json_object_get(body, "record"));
    record.len = record.data ? ngx_strlen(record.data) : 0;

    ngx_http_billing_ask_end(ask, record.data ? &record : NULL);
    json_decref(body);

    return 1;
}
