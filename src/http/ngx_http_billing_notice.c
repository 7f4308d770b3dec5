/*
 * Notices: what has just changed, told to every host.  One nginx worker of a
 * host, elected through the zone, listens and keeps the zone up to date; the
 * link counts as up only when the channel and the epoch are known.
 */

#include "ngx_http_billing_api.h"
#include "ngx_http_billing_security.h"

#define NGX_HTTP_BILLING_TICK_MSEC  250     /* of the zone's lease, and trust */

typedef struct {
    ngx_http_billing_process_t  *process;
    ngx_log_t                   *log;
    ngx_event_t                  tick;
    ngx_connection_t             dummy;     /* a timer's data has an fd */
    unsigned                     elected:1;
    unsigned                     asked:1;       /* for the channel */
    unsigned                     subscribed:1;  /* and confirmed */
    unsigned                     epoch_known:1;
    unsigned                     clock_known:1;
    char                         channel[BILLING_KEY_MAX + 1];
    char                         epoch_key[BILLING_KEY_MAX + 1];
    char                         clock_key[BILLING_KEY_MAX + 1];
} ngx_http_billing_notice_t;

static void ngx_http_billing_notice_tick(ngx_event_t *ev);
static void ngx_http_billing_notice_elect(ngx_http_billing_notice_t *nt);
static void ngx_http_billing_notice_ask(ngx_http_billing_notice_t *nt);
static void ngx_http_billing_notice_ping(ngx_http_billing_notice_t *nt);
static void ngx_http_billing_notice_pong(ngx_http_billing_redis_t *redis,
    redisReply *reply, void *data);
static void ngx_http_billing_notice_get(ngx_http_billing_notice_t *nt,
    const char *key, ngx_http_billing_reply_pt handler);
static void ngx_http_billing_notice_epoch_reply(
    ngx_http_billing_redis_t *redis, redisReply *reply, void *data);
static void ngx_http_billing_notice_clock_reply(
    ngx_http_billing_redis_t *redis, redisReply *reply, void *data);
static void ngx_http_billing_notice_message(ngx_http_billing_redis_t *redis,
    redisReply *reply, void *data);
static ngx_uint_t ngx_http_billing_notice_is(billing_bytes_t key,
    const char *name);
static void ngx_http_billing_notice_epoch(ngx_http_billing_notice_t *nt,
    billing_bytes_t value);
static void ngx_http_billing_notice_clock(ngx_http_billing_notice_t *nt,
    billing_bytes_t value);
static void ngx_http_billing_notice_record(ngx_http_billing_notice_t *nt,
    billing_bytes_t key, billing_bytes_t value);
static void ngx_http_billing_notice_bad(ngx_http_billing_notice_t *nt);
static ngx_int_t ngx_http_billing_notice_key(billing_bytes_t key,
    billing_record_kind_t *kind, ngx_str_t *id, ngx_str_t *name);


/* One per nginx worker process, made when it starts. */

static ngx_http_billing_notice_t  *ngx_http_billing_notice;


void
ngx_http_billing_notice_start(ngx_http_billing_process_t *process,
    ngx_log_t *log)
{
    const char                 *prefix;
    ngx_http_billing_notice_t  *nt;

    nt = ngx_calloc(sizeof(ngx_http_billing_notice_t), log);
    if (nt == NULL) {
        return;
    }

    prefix = process->bmcf->settings->redis_prefix;

    if (process->bmcf->zone == NULL
        || billing_key_of(nt->channel, prefix, "notice") == 0
        || billing_key_of(nt->epoch_key, prefix, "epoch") == 0
        || billing_key_of(nt->clock_key, prefix, "clock") == 0)
    {
        ngx_free(nt);
        return;
    }

    nt->process = process;
    nt->log = log;

    nt->dummy.fd = (ngx_socket_t) -1;
    nt->tick.data = &nt->dummy;
    nt->tick.handler = ngx_http_billing_notice_tick;
    nt->tick.log = log;
    nt->tick.cancelable = 1;

    ngx_http_billing_notice = nt;
    ngx_http_billing_notice_tick(&nt->tick);
}


void
ngx_http_billing_notice_link(ngx_uint_t up)
{
    ngx_http_billing_notice_t  *nt;

    nt = ngx_http_billing_notice;
    if (nt == NULL) {
        return;
    }

    nt->asked = 0;
    nt->subscribed = 0;
    nt->epoch_known = 0;
    nt->clock_known = 0;

    if (nt->elected) {
        ngx_http_billing_zone_link(nt->process->bmcf->zone, 0);

        if (up) {
            ngx_http_billing_notice_ask(nt);
        }
    }
}


static void
ngx_http_billing_notice_tick(ngx_event_t *ev)
{
    ngx_http_billing_notice_t  *nt;

    nt = ngx_http_billing_notice;

    ngx_http_billing_notice_elect(nt);
    ngx_http_billing_metric_tick();

    if (ngx_exiting || ngx_terminate) {
        return;                         /* a younger process takes over */
    }

    if (nt->elected) {
        ngx_http_billing_notice_ask(nt);
        ngx_http_billing_notice_ping(nt);
    }

    ngx_add_timer(ev, NGX_HTTP_BILLING_TICK_MSEC);
}


static void
ngx_http_billing_notice_elect(ngx_http_billing_notice_t *nt)
{
    ngx_uint_t  elected;

    elected = ngx_http_billing_zone_listener(nt->process->bmcf->zone);

    if (elected && !nt->elected) {

        /* whoever listened before may have missed something: distrust */

        ngx_http_billing_zone_link(nt->process->bmcf->zone, 0);
        nt->epoch_known = 0;
        nt->clock_known = 0;
    }

    nt->elected = elected;
}


/* What the elected listener still lacks: its channel, the epoch, the clock. */

static void
ngx_http_billing_notice_ask(ngx_http_billing_notice_t *nt)
{
    ngx_http_billing_redis_t  *listener;

    listener = nt->process->listener;

    if (listener == NULL || !ngx_http_billing_redis_up(listener)) {
        return;
    }

    if (!nt->asked) {
        nt->asked = ngx_http_billing_redis_subscribe(listener, nt->channel,
                                        ngx_http_billing_notice_message, nt)
                    == NGX_OK;
        return;
    }

    if (!nt->subscribed) {
        return;
    }

    /* only now: a change after the answer to GET comes as a notice */

    if (!nt->epoch_known) {
        ngx_http_billing_notice_get(nt, nt->epoch_key,
                                    ngx_http_billing_notice_epoch_reply);
    }

    if (!nt->clock_known && nt->process->bmcf->demo) {
        ngx_http_billing_notice_get(nt, nt->clock_key,
                                    ngx_http_billing_notice_clock_reply);
    }
}


/* A link that has fallen silent looks like one on which nothing happens. */

static void
ngx_http_billing_notice_ping(ngx_http_billing_notice_t *nt)
{
    size_t       len;
    const char  *argv;

    if (!nt->subscribed) {
        return;
    }

    argv = "PING";
    len = 4;

    (void) ngx_http_billing_redis_send(nt->process->listener, 1, &argv, &len,
                                       ngx_http_billing_notice_pong,
                                       (void *) ngx_current_msec);
}


static void
ngx_http_billing_notice_pong(ngx_http_billing_redis_t *redis,
    redisReply *reply, void *data)
{
    ngx_http_billing_notice_t  *nt;

    (void) redis;

    nt = ngx_http_billing_notice;

    if (reply && reply->type != REDIS_REPLY_ERROR) {
        ngx_http_billing_zone_heard(nt->process->bmcf->zone,
                                    (ngx_msec_t) data);
    }
}


static void
ngx_http_billing_notice_get(ngx_http_billing_notice_t *nt, const char *key,
    ngx_http_billing_reply_pt handler)
{
    size_t       lens[2];
    const char  *argv[2];

    argv[0] = "GET";
    argv[1] = key;
    lens[0] = 3;
    lens[1] = ngx_strlen(key);

    /* when it cannot be sent now, the next tick asks again */

    (void) ngx_http_billing_redis_send(nt->process->redis, 2, argv, lens,
                                       handler, nt);
}


static void
ngx_http_billing_notice_epoch_reply(ngx_http_billing_redis_t *redis,
    redisReply *reply, void *data)
{
    ngx_http_billing_notice_t  *nt = data;

    billing_bytes_t  value;

    (void) redis;

    if (reply == NULL || reply->type == REDIS_REPLY_ERROR) {
        return;
    }

    if (reply->type == REDIS_REPLY_STRING) {
        value.data = reply->str;
        value.len = reply->len;
        ngx_http_billing_notice_epoch(nt, value);
    }

    if (nt->elected && nt->subscribed) {
        ngx_http_billing_zone_link(nt->process->bmcf->zone, 1);
    }
}


static void
ngx_http_billing_notice_clock_reply(ngx_http_billing_redis_t *redis,
    redisReply *reply, void *data)
{
    ngx_http_billing_notice_t  *nt = data;

    billing_bytes_t  value;

    (void) redis;

    if (reply == NULL || reply->type == REDIS_REPLY_ERROR) {
        return;
    }

    nt->clock_known = 1;

    if (reply->type == REDIS_REPLY_STRING) {
        value.data = reply->str;
        value.len = reply->len;
        ngx_http_billing_notice_clock(nt, value);
    }
}


static void
ngx_http_billing_notice_message(ngx_http_billing_redis_t *redis,
    redisReply *reply, void *data)
{
    ngx_http_billing_notice_t  *nt = data;

    redisReply       *text;
    ngx_uint_t        confirmed;
    billing_bytes_t   notice, key, value;

    (void) redis;

    text = ngx_http_billing_notice_payload(reply, &confirmed);

    if (confirmed) {
        nt->subscribed = 1;

        if (nt->elected) {
            ngx_http_billing_notice_ask(nt);
        }

        return;
    }

    if (text == NULL) {
        return;
    }

    notice.data = text->str;
    notice.len = text->len;

    if (billing_notice_split(notice, &key, &value) != BILLING_OK) {
        ngx_http_billing_notice_bad(nt);
        return;
    }

    ngx_http_billing_count(nt->process->bmcf, NGX_HTTP_BILLING_COUNT_NOTICE);

    if (ngx_http_billing_notice_is(key, nt->epoch_key)) {
        ngx_http_billing_notice_epoch(nt, value);
        return;
    }

    if (ngx_http_billing_notice_is(key, nt->clock_key)) {
        ngx_http_billing_notice_clock(nt, value);
        return;
    }

    ngx_http_billing_notice_record(nt, key, value);
}


/* The payload of a message, or NULL; *confirmed when it is a subscription. */

redisReply *
ngx_http_billing_notice_payload(redisReply *reply, ngx_uint_t *confirmed)
{
    redisReply  *kind;

    *confirmed = 0;

    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY
        || reply->elements != 3
        || reply->element[0]->type != REDIS_REPLY_STRING)
    {
        return NULL;
    }

    kind = reply->element[0];

    if (kind->len == 9 && ngx_strncmp(kind->str, "subscribe", 9) == 0) {
        *confirmed = 1;
        return NULL;
    }

    if (kind->len != 7 || ngx_strncmp(kind->str, "message", 7) != 0
        || reply->element[2]->type != REDIS_REPLY_STRING)
    {
        return NULL;
    }

    return reply->element[2];
}


static ngx_uint_t
ngx_http_billing_notice_is(billing_bytes_t key, const char *name)
{
    return key.len == ngx_strlen(name)
           && ngx_memcmp(key.data, name, key.len) == 0;
}


/* "N ready" or "N loading": either way, older records are stale. */

static void
ngx_http_billing_notice_epoch(ngx_http_billing_notice_t *nt,
    billing_bytes_t value)
{
    u_char     *p, *last, *blank;
    ngx_int_t   n;

    p = (u_char *) value.data;
    last = p + value.len;

    blank = ngx_strlchr(p, last, ' ');
    n = ngx_atoi(p, (blank ? blank : last) - p);

    if (n == NGX_ERROR) {
        ngx_http_billing_notice_bad(nt);
        return;
    }

    nt->epoch_known = 1;

    ngx_http_billing_zone_epoch(nt->process->bmcf->zone, (uint64_t) n);
}


static void
ngx_http_billing_notice_clock(ngx_http_billing_notice_t *nt,
    billing_bytes_t value)
{
    ngx_int_t  n;

    n = ngx_atoi((u_char *) value.data, value.len);

    if (n == NGX_ERROR || !nt->process->bmcf->demo) {
        return;                 /* production has the machine's clock only */
    }

    ngx_http_billing_zone_clock(nt->process->bmcf->zone, n);
}


static void
ngx_http_billing_notice_record(ngx_http_billing_notice_t *nt,
    billing_bytes_t key, billing_bytes_t value)
{
    ngx_str_t                      id, name;
    ngx_uint_t                     i;
    billing_record_t               record;
    billing_record_kind_t          kind;
    ngx_http_billing_main_conf_t  *bmcf;

    bmcf = nt->process->bmcf;

    if (ngx_http_billing_notice_key(key, &kind, &id, &name) == NGX_OK) {

        for (i = 0; i < bmcf->nsecrets; i++) {
            if (billing_record_decode(&bmcf->secrets[i], key, value, &record)
                == BILLING_OK
                && record.kind == kind)
            {
                ngx_http_billing_zone_put(bmcf->zone, &id, &name, &record);
                return;
            }
        }
    }

    ngx_http_billing_notice_bad(nt);
}


static void
ngx_http_billing_notice_bad(ngx_http_billing_notice_t *nt)
{
    ngx_log_error(NGX_LOG_ERR, nt->log, 0,
                  "billing: a notice was not written by the worker");
    ngx_http_billing_security_mac("notice", NULL);
    ngx_http_billing_count(nt->process->bmcf,
                           NGX_HTTP_BILLING_COUNT_BAD_RECORD);
}


/* "billing:1:{ID}:team", ":board", ":member:" or ":access:EMAIL". */

static ngx_int_t
ngx_http_billing_notice_key(billing_bytes_t key, billing_record_kind_t *kind,
    ngx_str_t *id, ngx_str_t *name)
{
    u_char  *p, *last, *open, *close;
    size_t   len;

    /* "{billing}" has braces of its own */

    p = (u_char *) key.data;
    last = p + key.len;
    len = ngx_strlen(ngx_http_billing_notice->process->bmcf->settings
                         ->redis_prefix);
    p += ngx_min(len, key.len);

    open = ngx_strlchr(p, last, '{');
    close = open ? ngx_strlchr(open, last, '}') : NULL;

    if (close == NULL) {
        return NGX_DECLINED;
    }

    id->data = open + 1;
    id->len = close - open - 1;
    ngx_str_null(name);

    p = close + 1;
    len = last - p;

    if (len == 5 && ngx_strncmp(p, ":team", 5) == 0) {
        *kind = BILLING_RECORD_TEAM;
        return NGX_OK;
    }

    if (len == 6 && ngx_strncmp(p, ":board", 6) == 0) {
        *kind = BILLING_RECORD_BOARD;
        return NGX_OK;
    }

    if (len > 8 && (ngx_strncmp(p, ":member:", 8) == 0
                    || ngx_strncmp(p, ":access:", 8) == 0))
    {
        *kind = p[1] == 'm' ? BILLING_RECORD_MEMBER : BILLING_RECORD_ACCESS;
        name->data = p + 8;
        name->len = len - 8;
        return NGX_OK;
    }

    return NGX_DECLINED;
}
