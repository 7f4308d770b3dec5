/*
 * One asynchronous connection to Redis.  nginx carries the bytes, hiredis only
 * writes and reads the protocol: its own connection layer resolves names while
 * the worker stands still, and asserts on replies nobody asked for.
 */

#include "ngx_http_billing_redis.h"

#define NGX_HTTP_BILLING_REDIS_CONNECT      1000    /* ms, until it answers */
#define NGX_HTTP_BILLING_REDIS_BACKOFF_MAX  2000
#define NGX_HTTP_BILLING_REDIS_READ         16384


static ngx_http_billing_redis_t *ngx_http_billing_redis_alloc(
    ngx_http_billing_main_conf_t *bmcf, ngx_log_t *log);
static void ngx_http_billing_redis_event(ngx_http_billing_redis_t *redis,
    ngx_event_t *ev, ngx_event_handler_pt handler);
static void ngx_http_billing_redis_begin(ngx_http_billing_redis_t *redis);
static void ngx_http_billing_redis_connect(ngx_http_billing_redis_t *redis);
static void ngx_http_billing_redis_write_handler(ngx_event_t *wev);
static void ngx_http_billing_redis_flush(ngx_event_t *ev);
static void ngx_http_billing_redis_read_handler(ngx_event_t *rev);
static void ngx_http_billing_redis_retry_handler(ngx_event_t *ev);
static void ngx_http_billing_redis_disconnect(ngx_http_billing_redis_t *redis);


ngx_http_billing_redis_t *
ngx_http_billing_redis_create(ngx_http_billing_main_conf_t *bmcf,
    ngx_http_billing_link_pt link, void *data, ngx_log_t *log)
{
    ngx_http_billing_redis_t  *redis;

    redis = ngx_http_billing_redis_alloc(bmcf, log);

    if (redis) {
        redis->link = link;
        redis->data = data;
        redis->watched = bmcf->settings->redis_guides.naddresses > 0;
        ngx_http_billing_redis_begin(redis);
    }

    return redis;
}


ngx_http_billing_redis_t *
ngx_http_billing_redis_guide(ngx_http_billing_main_conf_t *bmcf,
    ngx_http_billing_link_pt link, ngx_log_t *log)
{
    ngx_http_billing_redis_t  *redis;

    redis = ngx_http_billing_redis_alloc(bmcf, log);

    if (redis) {
        redis->link = link;
        redis->guide = 1;
        redis->addr = ngx_random();     /* processes share them out */
        ngx_http_billing_redis_begin(redis);
    }

    return redis;
}


static ngx_http_billing_redis_t *
ngx_http_billing_redis_alloc(ngx_http_billing_main_conf_t *bmcf,
    ngx_log_t *log)
{
    ngx_http_billing_redis_t  *redis;

    redis = ngx_calloc(sizeof(ngx_http_billing_redis_t), log);
    if (redis == NULL) {
        return NULL;
    }

    redis->bmcf = bmcf;
    redis->log = log;
    redis->backoff = NGX_HTTP_BILLING_REDIS_BACKOFF;
    redis->dummy.fd = (ngx_socket_t) -1;

    ngx_queue_init(&redis->order);
    ngx_queue_init(&redis->due);
    ngx_queue_init(&redis->subs);

    ngx_http_billing_redis_event(redis, &redis->flush,
                                 ngx_http_billing_redis_flush);
    ngx_http_billing_redis_event(redis, &redis->deadline,
                                 ngx_http_billing_redis_deadline_handler);
    ngx_http_billing_redis_event(redis, &redis->retry,
                                 ngx_http_billing_redis_retry_handler);
    ngx_http_billing_redis_event(redis, &redis->ping,
                                 ngx_http_billing_redis_ping_handler);

    /* A worker that wants to leave must not wait for these. */

    redis->retry.cancelable = 1;
    redis->ping.cancelable = 1;

    return redis;
}


static void
ngx_http_billing_redis_event(ngx_http_billing_redis_t *redis, ngx_event_t *ev,
    ngx_event_handler_pt handler)
{
    ev->handler = handler;
    ev->data = redis;
    ev->log = redis->log;
}


static void
ngx_http_billing_redis_begin(ngx_http_billing_redis_t *redis)
{
    redis->depth++;
    ngx_http_billing_redis_connect(redis);
    redis->depth--;
    ngx_http_billing_redis_settle(redis);
}


/* Inside one of our own callbacks the memory stays until that has returned. */

void
ngx_http_billing_redis_close(ngx_http_billing_redis_t *redis)
{
    redis->closing = 1;
    redis->failed = 1;

    ngx_http_billing_redis_settle(redis);
}


void *
ngx_http_billing_redis_data(ngx_http_billing_redis_t *redis)
{
    return redis->data;
}


ngx_uint_t
ngx_http_billing_redis_up(ngx_http_billing_redis_t *redis)
{
    return redis->up && !redis->failed;
}


/*
 * Up, or at the first attempt: commands then travel behind the greeting, so a
 * worker that has just started need not turn anybody away.
 */

ngx_uint_t
ngx_http_billing_redis_open(ngx_http_billing_redis_t *redis)
{
    return !redis->failed
           && (redis->up || ((redis->connection || redis->waiting)
                             && !redis->complained));
}


ngx_http_billing_breaker_t
ngx_http_billing_redis_breaker(ngx_http_billing_redis_t *redis)
{
    if (ngx_http_billing_redis_up(redis)) {
        return NGX_HTTP_BILLING_BREAKER_CLOSED;
    }

    return redis->connection && !redis->failed
           ? NGX_HTTP_BILLING_BREAKER_HALF_OPEN
           : NGX_HTTP_BILLING_BREAKER_OPEN;
}


ngx_uint_t
ngx_http_billing_redis_outstanding(ngx_http_billing_redis_t *redis)
{
    return redis->outstanding;
}


static void
ngx_http_billing_redis_connect(ngx_http_billing_redis_t *redis)
{
    ngx_int_t          rc;
    ngx_connection_t  *c;

    /* The greeting comes first in any case, commands may queue behind it. */

    if (!redis->waiting) {
        ngx_http_billing_redis_greet(redis);
    }

    ngx_add_timer(&redis->retry, NGX_HTTP_BILLING_REDIS_CONNECT);

    redis->waiting = ngx_http_billing_guide_where(redis) != NGX_OK;

    if (redis->waiting || redis->failed) {
        return;
    }

    /* One complaint a fall is enough, not one for each attempt. */

    redis->peer_log = *redis->log;

    if (redis->complained) {
        redis->peer_log.log_level = NGX_LOG_EMERG;
    }

    ngx_memzero(&redis->peer, sizeof(ngx_peer_connection_t));
    redis->peer.sockaddr = &redis->sockaddr.sockaddr;
    redis->peer.socklen = redis->socklen;
    redis->peer.name = &redis->name;
    redis->peer.get = ngx_event_get_peer;
    redis->peer.log = &redis->peer_log;
    redis->peer.log_error = NGX_ERROR_ERR;

    rc = ngx_event_connect_peer(&redis->peer);

    if (rc != NGX_OK && rc != NGX_AGAIN) {
        ngx_http_billing_redis_fail(redis, "cannot be reached");
        return;
    }

    c = redis->peer.connection;
    c->data = redis;
    c->log = redis->log;
    c->read->log = redis->log;
    c->write->log = redis->log;
    c->read->handler = ngx_http_billing_redis_read_handler;
    c->write->handler = ngx_http_billing_redis_write_handler;
    redis->connection = c;

    /* A command must not wait for the answer to the one before it. */

    if (ngx_tcp_nodelay(c) != NGX_OK) {
        ngx_http_billing_redis_fail(redis, "cannot be used");
        return;
    }

    redis->reader = ngx_http_billing_redis_reader();

    if (redis->reader == NULL) {
        ngx_http_billing_redis_fail(redis, "out of memory");
        return;
    }

    if (rc == NGX_OK && ngx_http_billing_redis_tls(redis) == NGX_OK) {
        redis->connected = 1;
        ngx_post_event(&redis->flush, &ngx_posted_events);
    }
}


/* The guides name this master; perhaps it is the one we know. */

void
ngx_http_billing_redis_moved(ngx_http_billing_redis_t *redis, ngx_uint_t same)
{
    redis->depth++;

    if (redis->waiting) {
        ngx_http_billing_redis_connect(redis);

    } else if (!same) {
        redis->backoff = NGX_HTTP_BILLING_REDIS_BACKOFF;

        if (redis->connection) {
            ngx_http_billing_redis_fail(redis, "is not the master any more");

        } else if (redis->retry.timer_set) {
            ngx_add_timer(&redis->retry,
                          ngx_random() % NGX_HTTP_BILLING_REDIS_BACKOFF);
        }
    }

    redis->depth--;
    ngx_http_billing_redis_settle(redis);
}


/* A guide that is there, and of no use, must not be asked without a pause. */

void
ngx_http_billing_redis_content(ngx_http_billing_redis_t *redis)
{
    redis->complained = 0;
    redis->refused = 0;
    redis->backoff = NGX_HTTP_BILLING_REDIS_BACKOFF;
}


void
ngx_http_billing_redis_welcome(ngx_http_billing_redis_t *redis)
{
    ngx_del_timer(&redis->retry);

    redis->up = 1;
    redis->timeouts = 0;

    if (!redis->guide) {
        ngx_http_billing_redis_content(redis);
    }

    ngx_http_billing_metric_link(redis, redis->outstanding);

    ngx_log_error(NGX_LOG_INFO, redis->log, 0, "billing: %s is there",
                  redis->guide ? "a guide" : "redis");

    if (redis->link) {
        redis->link(redis, 1);
    }
}


static void
ngx_http_billing_redis_write_handler(ngx_event_t *wev)
{
    int                        err;
    socklen_t                  len;
    ngx_connection_t          *c;
    ngx_http_billing_redis_t  *redis;

    c = wev->data;
    redis = c->data;

    redis->depth++;

    if (c->close) {
        ngx_http_billing_redis_fail(redis, "is given up");

    } else if (redis->connected) {
        ngx_http_billing_redis_flush(&redis->flush);

    } else {
        err = 0;
        len = sizeof(int);

        if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, (void *) &err, &len) == -1)
        {
            err = ngx_socket_errno;
        }

        if (err) {
            ngx_http_billing_redis_fail(redis, "cannot be reached");

        } else if (ngx_http_billing_redis_tls(redis) == NGX_OK) {
            redis->connected = 1;
            ngx_http_billing_redis_flush(&redis->flush);
        }
    }

    redis->depth--;
    ngx_http_billing_redis_settle(redis);
}


static void
ngx_http_billing_redis_flush(ngx_event_t *ev)
{
    ssize_t                    n;
    ngx_connection_t          *c;
    ngx_http_billing_redis_t  *redis;

    redis = ev->data;
    c = redis->connection;

    redis->depth++;

    while (!redis->failed && redis->connected
           && redis->out_sent < redis->out_last && c->write->ready)
    {
        n = c->send(c, redis->out + redis->out_sent,
                    redis->out_last - redis->out_sent);

        if (n == NGX_AGAIN) {
            break;
        }

        if (n <= 0) {
            ngx_http_billing_redis_fail(redis, "closed the connection");
            break;
        }

        redis->out_sent += n;
    }

    if (redis->out_sent == redis->out_last) {
        redis->out_sent = 0;
        redis->out_last = 0;
    }

    if (!redis->failed && c && ngx_handle_write_event(c->write, 0) != NGX_OK) {
        ngx_http_billing_redis_fail(redis, "cannot be written to");
    }

    redis->depth--;
    ngx_http_billing_redis_settle(redis);
}


static void
ngx_http_billing_redis_read_handler(ngx_event_t *rev)
{
    ssize_t                    n;
    u_char                     buf[NGX_HTTP_BILLING_REDIS_READ];
    ngx_connection_t          *c;
    ngx_http_billing_redis_t  *redis;

    c = rev->data;
    redis = c->data;

    redis->depth++;

    if (c->close) {
        ngx_http_billing_redis_fail(redis, "is given up");
    }

    while (!redis->failed) {

        n = c->recv(c, buf, sizeof(buf));

        if (n == NGX_AGAIN) {
            break;
        }

        if (n <= 0) {
            ngx_http_billing_redis_fail(redis, "closed the connection");
            break;
        }

        if (ngx_http_billing_redis_feed(redis, buf, n) != NGX_OK) {
            ngx_http_billing_redis_fail(redis, "talks nonsense");
        }
    }

    if (!redis->failed && ngx_handle_read_event(rev, 0) != NGX_OK) {
        ngx_http_billing_redis_fail(redis, "cannot be read from");
    }

    redis->depth--;
    ngx_http_billing_redis_settle(redis);
}


static void
ngx_http_billing_redis_retry_handler(ngx_event_t *ev)
{
    ngx_http_billing_redis_t  *redis;

    redis = ev->data;
    redis->depth++;

    if (redis->connection) {
        ngx_http_billing_redis_fail(redis, redis->shaking
                                           ? "does not shake hands over TLS"
                                           : "does not answer");

    } else if (redis->waiting) {
        ngx_http_billing_redis_fail(redis, "is named by nobody");

    } else if (!ngx_exiting && !ngx_terminate) {
        ngx_http_billing_redis_connect(redis);
    }

    redis->depth--;
    ngx_http_billing_redis_settle(redis);
}


void
ngx_http_billing_redis_fail(ngx_http_billing_redis_t *redis, const char *why)
{
    ngx_uint_t  level;

    if (redis->failed) {
        return;
    }

    redis->failed = 1;

    ngx_http_billing_zone_count(redis->bmcf->zone,
                    redis->up ? NGX_HTTP_BILLING_COUNT_REDIS_LOST
                    : redis->connected || redis->shaking
                      ? NGX_HTTP_BILLING_COUNT_REDIS_REFUSED
                    : NGX_HTTP_BILLING_COUNT_REDIS_UNREACHED);

    level = redis->complained ? NGX_LOG_INFO : NGX_LOG_ERR;

    if (redis->guide) {
        ngx_log_error(level, redis->log, 0, "billing: a guide to redis %s",
                      why);

    } else {
        ngx_log_error(level, redis->log, 0, "billing: redis %s", why);
    }

    redis->complained = 1;
}


/* From outside of its own callbacks. */

void
ngx_http_billing_redis_leave(ngx_http_billing_redis_t *redis, const char *why)
{
    redis->depth++;
    ngx_http_billing_redis_fail(redis, why);
    redis->depth--;
    ngx_http_billing_redis_settle(redis);
}


void
ngx_http_billing_redis_settle(ngx_http_billing_redis_t *redis)
{
    ngx_msec_t  wait;
    ngx_uint_t  was_up;

    if (redis->depth || !redis->failed) {
        return;
    }

    redis->depth++;
    ngx_http_billing_redis_disconnect(redis);

    was_up = redis->up;
    redis->up = 0;
    ngx_http_billing_redis_drop(redis);

    if (was_up && redis->link) {
        redis->link(redis, 0);
    }

    redis->depth--;

    redis->failed = 0;
    ngx_http_billing_metric_link(redis, 0);

    if (redis->closing) {
        ngx_free(redis->out);
        ngx_free(redis);
        return;
    }

    if (ngx_exiting || ngx_terminate) {
        return;
    }

    /* Half fixed, half random: the workers of many hosts do not march. */

    wait = redis->backoff / 2 + ngx_random() % (redis->backoff / 2 + 1);
    redis->backoff = ngx_min(redis->backoff * 2,
                             NGX_HTTP_BILLING_REDIS_BACKOFF_MAX);

    ngx_add_timer(&redis->retry, wait);
}


static void
ngx_http_billing_redis_disconnect(ngx_http_billing_redis_t *redis)
{
    if (redis->connection) {
        ngx_http_billing_redis_tls_end(redis);
        ngx_close_connection(redis->connection);
        redis->connection = NULL;
    }

    if (redis->reader) {
        redisReaderFree(redis->reader);
        redis->reader = NULL;
    }

    if (redis->flush.posted) {
        ngx_delete_posted_event(&redis->flush);
    }

    if (redis->deadline.timer_set) {
        ngx_del_timer(&redis->deadline);
    }

    if (redis->retry.timer_set) {
        ngx_del_timer(&redis->retry);
    }

    if (redis->ping.timer_set) {
        ngx_del_timer(&redis->ping);
    }

    redis->connected = 0;
    redis->waiting = 0;
    redis->unread = 0;
    redis->out_sent = 0;
    redis->out_last = 0;
    redis->timeouts = 0;
}
