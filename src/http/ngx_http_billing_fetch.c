/*
 * Records that the zone lacks, asked of Redis.  A flight is one GET; whoever
 * wants the same key meanwhile boards it, so a thousand misses of one key cost
 * one command.  What Redis has not, or not as the worker writes it, flies on
 * to the worker.  Neither flights nor waiters know a request, only its handle.
 */

#include "ngx_http_billing.h"
#include "ngx_http_billing_security.h"

#define NGX_HTTP_BILLING_FETCH_BUCKETS  256     /* a power of two */
#define NGX_HTTP_BILLING_FETCH_WAIT     2000    /* ms; flights land before */
#define NGX_HTTP_BILLING_FETCH_WANTS    4       /* one of each kind */


/* One waiting request: woken when the last of its flights has landed. */

typedef struct {
    ngx_http_billing_handle_t          handle;
    ngx_uint_t                         left;
} ngx_http_billing_group_t;

typedef struct ngx_http_billing_waiting_s  ngx_http_billing_waiting_t;

struct ngx_http_billing_waiting_s {
    ngx_http_billing_group_t          *group;
    ngx_http_billing_waiting_t        *next;
};

typedef struct {
    ngx_queue_t                        queue;   /* in its bucket */
    ngx_http_billing_waiting_t        *waiting;
    ngx_http_billing_want_t            want;
    uint32_t                           generation;  /* when it left */
    size_t                             len;
    char                               key[BILLING_KEY_MAX];
    u_char                             id[BILLING_ID_MAX];
    u_char                             name[BILLING_EMAIL_MAX];
} ngx_http_billing_flight_t;


static ngx_int_t ngx_http_billing_fetch_one(ngx_http_billing_want_t *want,
    ngx_http_billing_group_t *group);
static size_t ngx_http_billing_fetch_key(ngx_http_billing_want_t *want,
    char *key);
static ngx_queue_t *ngx_http_billing_fetch_bucket(const char *key, size_t len);
static ngx_http_billing_flight_t *ngx_http_billing_fetch_find(
    ngx_queue_t *bucket, const char *key, size_t len);
static ngx_http_billing_flight_t *ngx_http_billing_fetch_start(
    ngx_http_billing_want_t *want, const char *key, size_t len);
static void ngx_http_billing_fetch_reply(ngx_http_billing_redis_t *redis,
    redisReply *reply, void *data);
static void ngx_http_billing_fetch_told(void *data, billing_bytes_t *record);
static void ngx_http_billing_fetch_land(ngx_http_billing_flight_t *flight);
static ngx_int_t ngx_http_billing_fetch_take(
    ngx_http_billing_main_conf_t *bmcf, ngx_http_billing_flight_t *flight,
    redisReply *reply);
static ngx_int_t ngx_http_billing_fetch_store(
    ngx_http_billing_main_conf_t *bmcf, ngx_http_billing_flight_t *flight,
    billing_bytes_t value);
static ngx_int_t ngx_http_billing_fetch_decode(
    ngx_http_billing_main_conf_t *bmcf, ngx_http_billing_flight_t *flight,
    billing_bytes_t value, billing_record_t *record);
static void ngx_http_billing_fetch_complain(ngx_http_billing_flight_t *flight,
    const char *why);


static ngx_queue_t  ngx_http_billing_flights[NGX_HTTP_BILLING_FETCH_BUCKETS];


ngx_int_t
ngx_http_billing_fetch(ngx_http_request_t *r, ngx_http_billing_want_t *wants,
    ngx_uint_t n, ngx_http_billing_wake_pt wake, void *data)
{
    ngx_uint_t                   i;
    ngx_http_billing_group_t    *group;
    ngx_http_billing_process_t  *process;

    process = ngx_http_billing_process();

    if (process == NULL || process->redis == NULL
        || !ngx_http_billing_redis_open(process->redis))
    {
        return NGX_ERROR;
    }

    group = ngx_calloc(sizeof(ngx_http_billing_group_t), ngx_cycle->log);
    if (group == NULL) {
        return NGX_ERROR;
    }

    group->handle = ngx_http_billing_park(r, NGX_HTTP_BILLING_FETCH_WAIT,
                                          wake, data);
    if (group->handle == 0) {
        ngx_free(group);
        return NGX_ERROR;
    }

    for (i = 0; i < n && i < NGX_HTTP_BILLING_FETCH_WANTS; i++) {

        /* What cannot be asked is not known; the link has counted it. */

        (void) ngx_http_billing_fetch_one(&wants[i], group);
    }

    if (group->left == 0) {
        /* Nothing could be asked: go on at once with what is known. */
        ngx_http_billing_unpark(group->handle);
        ngx_free(group);
    }

    return NGX_AGAIN;
}


/* Boards the flight of this key, which may have to be started. */

static ngx_int_t
ngx_http_billing_fetch_one(ngx_http_billing_want_t *want,
    ngx_http_billing_group_t *group)
{
    char                         key[BILLING_KEY_MAX];
    size_t                       len;
    ngx_queue_t                 *bucket;
    ngx_http_billing_flight_t   *flight;
    ngx_http_billing_waiting_t  *waiting;

    len = ngx_http_billing_fetch_key(want, key);

    if (len == 0) {
        return NGX_ERROR;
    }

    waiting = ngx_alloc(sizeof(ngx_http_billing_waiting_t), ngx_cycle->log);
    if (waiting == NULL) {
        return NGX_ERROR;
    }

    bucket = ngx_http_billing_fetch_bucket(key, len);
    flight = ngx_http_billing_fetch_find(bucket, key, len);

    if (flight == NULL) {
        flight = ngx_http_billing_fetch_start(want, key, len);

        if (flight == NULL) {
            ngx_free(waiting);
            return NGX_ERROR;
        }

        ngx_queue_insert_tail(bucket, &flight->queue);
    }

    waiting->group = group;
    waiting->next = flight->waiting;
    flight->waiting = waiting;
    group->left++;

    return NGX_OK;
}


static size_t
ngx_http_billing_fetch_key(ngx_http_billing_want_t *want, char *key)
{
    const char       *prefix;
    billing_bytes_t   id, name;

    prefix = ngx_http_billing_process()->bmcf->settings->redis_prefix;

    id.data = want->id.data;
    id.len = want->id.len;
    name.data = want->name.data;
    name.len = want->name.len;

    switch (want->kind) {

    case BILLING_RECORD_TEAM:
        return billing_key_team(key, prefix, id);

    case BILLING_RECORD_MEMBER:
        return billing_key_member(key, prefix, id, name);

    case BILLING_RECORD_BOARD:
        return billing_key_board(key, prefix, id);

    case BILLING_RECORD_ACCESS:
        return billing_key_access(key, prefix, id, name);

    case BILLING_RECORD_NONE:
        break;
    }

    return 0;
}


static ngx_queue_t *
ngx_http_billing_fetch_bucket(const char *key, size_t len)
{
    uint32_t      hash;
    ngx_uint_t    i;
    ngx_queue_t  *bucket;

    hash = ngx_crc32_short((u_char *) key, len);
    bucket = &ngx_http_billing_flights[hash
                                       & (NGX_HTTP_BILLING_FETCH_BUCKETS - 1)];

    if (bucket->next == NULL) {
        for (i = 0; i < NGX_HTTP_BILLING_FETCH_BUCKETS; i++) {
            ngx_queue_init(&ngx_http_billing_flights[i]);
        }
    }

    return bucket;
}


static ngx_http_billing_flight_t *
ngx_http_billing_fetch_find(ngx_queue_t *bucket, const char *key, size_t len)
{
    ngx_queue_t                *q;
    ngx_http_billing_flight_t  *flight;

    for (q = ngx_queue_head(bucket);
         q != ngx_queue_sentinel(bucket);
         q = ngx_queue_next(q))
    {
        flight = ngx_queue_data(q, ngx_http_billing_flight_t, queue);

        if (flight->len == len && ngx_memcmp(flight->key, key, len) == 0) {
            return flight;
        }
    }

    return NULL;
}


static ngx_http_billing_flight_t *
ngx_http_billing_fetch_start(ngx_http_billing_want_t *want, const char *key,
    size_t len)
{
    size_t                       argvlen[2];
    const char                  *argv[2];
    ngx_http_billing_flight_t   *flight;
    ngx_http_billing_process_t  *process;

    process = ngx_http_billing_process();

    flight = ngx_calloc(sizeof(ngx_http_billing_flight_t), ngx_cycle->log);
    if (flight == NULL) {
        return NULL;
    }

    /* The lengths are within bounds: the key could be made of them. */

    flight->want = *want;
    flight->want.id.data = flight->id;
    flight->want.name.data = flight->name;
    ngx_memcpy(flight->id, want->id.data, want->id.len);

    if (want->name.len) {
        ngx_memcpy(flight->name, want->name.data, want->name.len);
    }

    ngx_memcpy(flight->key, key, len);
    flight->len = len;
    flight->generation = ngx_http_billing_zone_generation(process->bmcf->zone);

    argv[0] = "GET";
    argvlen[0] = sizeof("GET") - 1;
    argv[1] = flight->key;
    argvlen[1] = len;

    if (ngx_http_billing_redis_send(process->redis, 2, argv, argvlen,
                                    ngx_http_billing_fetch_reply, flight)
        != NGX_OK)
    {
        ngx_free(flight);
        return NULL;
    }

    ngx_http_billing_zone_count(process->bmcf->zone,
                                NGX_HTTP_BILLING_COUNT_FETCHED);

    return flight;
}


static void
ngx_http_billing_fetch_reply(ngx_http_billing_redis_t *redis,
    redisReply *reply, void *data)
{
    ngx_http_billing_flight_t *flight = data;

    if (ngx_http_billing_fetch_take(ngx_http_billing_redis_data(redis), flight,
                                    reply)
        == NGX_DECLINED)
    {
        if (ngx_http_billing_ask(&flight->want, ngx_http_billing_fetch_told,
                                 flight)
            == NGX_OK)
        {
            return;
        }

        ngx_http_billing_fetch_complain(flight, "is not there");
    }

    ngx_http_billing_fetch_land(flight);
}


/*
 * The worker's word: as good as a record that was in Redis when the flight
 * began, since what changes after it has spoken comes as a notice.
 */

static void
ngx_http_billing_fetch_told(void *data, billing_bytes_t *record)
{
    ngx_http_billing_flight_t *flight = data;

    ngx_http_billing_main_conf_t  *bmcf;

    bmcf = ngx_http_billing_process()->bmcf;

    if (record == NULL) {
        ngx_http_billing_fetch_complain(flight, "is not there");
        ngx_http_billing_zone_count(bmcf->zone,
                                    NGX_HTTP_BILLING_COUNT_UNTOLD);

    } else {
        (void) ngx_http_billing_fetch_store(bmcf, flight, *record);
    }

    ngx_http_billing_fetch_land(flight);
}


static void
ngx_http_billing_fetch_land(ngx_http_billing_flight_t *flight)
{
    ngx_http_billing_group_t    *group;
    ngx_http_billing_waiting_t  *waiting, *next;

    ngx_queue_remove(&flight->queue);

    for (waiting = flight->waiting; waiting; waiting = next) {
        next = waiting->next;
        group = waiting->group;

        if (--group->left == 0) {
            ngx_http_billing_unpark(group->handle);
            ngx_free(group);
        }

        ngx_free(waiting);
    }

    ngx_free(flight);
}


/*
 * Only a record that we wrote for this very key counts as known.  NGX_DECLINED
 * when Redis answers but has none such, NGX_ERROR when it does not answer.
 */

static ngx_int_t
ngx_http_billing_fetch_take(ngx_http_billing_main_conf_t *bmcf,
    ngx_http_billing_flight_t *flight, redisReply *reply)
{
    billing_bytes_t  value;

    if (reply && reply->type == REDIS_REPLY_NIL) {
        return NGX_DECLINED;
    }

    if (reply && reply->type == REDIS_REPLY_STRING) {
        value.data = reply->str;
        value.len = reply->len;

        return ngx_http_billing_fetch_store(bmcf, flight, value);
    }

    if (reply && reply->type == REDIS_REPLY_ERROR) {
        ngx_http_billing_fetch_complain(flight, reply->str);

        if (ngx_strncmp(reply->str, "WRONGTYPE", 9) == 0) {
            ngx_http_billing_zone_count(bmcf->zone,
                                        NGX_HTTP_BILLING_COUNT_BAD_RECORD);
            return NGX_DECLINED;
        }
    }

    return NGX_ERROR;
}


/* NGX_DECLINED when the worker would have another: spoilt, or too old. */

static ngx_int_t
ngx_http_billing_fetch_store(ngx_http_billing_main_conf_t *bmcf,
    ngx_http_billing_flight_t *flight, billing_bytes_t value)
{
    billing_record_t  record;

    if (ngx_http_billing_fetch_decode(bmcf, flight, value, &record) != NGX_OK)
    {
        ngx_http_billing_fetch_complain(flight, "was not written by us");
        ngx_http_billing_security_mac("record", &flight->want);
        ngx_http_billing_zone_count(bmcf->zone,
                                    NGX_HTTP_BILLING_COUNT_BAD_RECORD);
        return NGX_DECLINED;
    }

    (void) ngx_http_billing_zone_store(bmcf->zone, &flight->want, &record,
                                       flight->generation);

    /* Every kind of record begins with its epoch. */

    return record.u.team.epoch
           < ngx_http_billing_zone_epoch_now(bmcf->zone) ? NGX_DECLINED
                                                         : NGX_OK;
}


static ngx_int_t
ngx_http_billing_fetch_decode(ngx_http_billing_main_conf_t *bmcf,
    ngx_http_billing_flight_t *flight, billing_bytes_t value,
    billing_record_t *record)
{
    ngx_uint_t       i;
    billing_bytes_t  key;

    key.data = flight->key;
    key.len = flight->len;

    for (i = 0; i < bmcf->nsecrets; i++) {

        if (billing_record_decode(&bmcf->secrets[i], key, value, record)
            == BILLING_OK)
        {
            return record->kind == flight->want.kind ? NGX_OK : NGX_DECLINED;
        }
    }

    return NGX_DECLINED;
}


/* At most once a second: whoever spoils records must not fill the disk too. */

static void
ngx_http_billing_fetch_complain(ngx_http_billing_flight_t *flight,
    const char *why)
{
    static time_t  last;

    if (last == ngx_time()) {
        return;
    }

    last = ngx_time();

    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "billing: %s record of \"%V\": %s",
                  flight->want.kind == BILLING_RECORD_TEAM ? "team"
                  : flight->want.kind == BILLING_RECORD_BOARD ? "board"
                  : flight->want.kind == BILLING_RECORD_ACCESS ? "access"
                  : "member", &flight->want.id, why);
}
