/*
 * TLS on a connection to Redis or to a guide, carried by nginx's own: it shakes
 * hands without standing still.  Until that has succeeded nothing is sent, and
 * its limit is the one of connecting.
 */

#include "ngx_http_billing_redis.h"

#ifdef BILLING_REDIS_TLS

#define NGX_HTTP_BILLING_REDIS_TLS_POOL  256


static void ngx_http_billing_redis_tls_free(void *data);
static const char *ngx_http_billing_redis_tls_host(
    ngx_http_billing_redis_t *redis, u_char *text);
static void ngx_http_billing_redis_tls_handler(ngx_connection_t *c);
static void ngx_http_billing_redis_tls_done(ngx_http_billing_redis_t *redis);


/* The files are read while nginx is still who it was started as. */

ngx_int_t
ngx_http_billing_redis_tls_config(ngx_conf_t *cf,
    ngx_http_billing_main_conf_t *bmcf)
{
    char                  error[BILLING_SETTINGS_ERROR_MAX];
    ngx_pool_cleanup_t   *cln;
    billing_tls_files_t   files;
    billing_redis_tls_t  *tls;

    tls = &bmcf->settings->redis_tls;

    if (!tls->on) {
        return NGX_OK;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    files.ca_file = tls->ca_file;
    files.cert_file = tls->cert_file;
    files.key_file = tls->key_file;

    bmcf->redis_tls = billing_tls_new(&files, error, sizeof(error));

    if (bmcf->redis_tls == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "billing: %V: /redis/tls: %s",
                           &bmcf->config_file, error);
        return NGX_ERROR;
    }

    cln->handler = ngx_http_billing_redis_tls_free;
    cln->data = bmcf->redis_tls;

    return NGX_OK;
}


static void
ngx_http_billing_redis_tls_free(void *data)
{
    billing_tls_free(data);
}


ngx_int_t
ngx_http_billing_redis_tls(ngx_http_billing_redis_t *redis)
{
    u_char             text[NGX_SOCKADDR_STRLEN + 1];
    ngx_int_t          rc;
    ngx_ssl_t          ssl;
    ngx_connection_t  *c;

    if (redis->bmcf->redis_tls == NULL) {
        return NGX_OK;
    }

    c = redis->connection;

    ngx_memzero(&ssl, sizeof(ngx_ssl_t));
    ssl.ctx = redis->bmcf->redis_tls;
    ssl.log = redis->log;

    /* What nginx says of it is for the first complaint, as ours is. */

    c->log = &redis->peer_log;
    c->read->log = c->log;
    c->write->log = c->log;

    redis->shaking = 1;
    redis->tls_read = c->read->handler;
    redis->tls_write = c->write->handler;

    c->pool = ngx_create_pool(NGX_HTTP_BILLING_REDIS_TLS_POOL, redis->log);

    if (c->pool == NULL
        || ngx_ssl_create_connection(&ssl, c, NGX_SSL_CLIENT) != NGX_OK
        || !billing_tls_expect(c->ssl->connection,
                               ngx_http_billing_redis_tls_host(redis, text)))
    {
        ngx_http_billing_redis_fail(redis, "cannot be spoken to over TLS");
        return NGX_ERROR;
    }

    rc = ngx_ssl_handshake(c);

    if (rc == NGX_AGAIN) {
        c->ssl->handler = ngx_http_billing_redis_tls_handler;
        return NGX_AGAIN;
    }

    ngx_http_billing_redis_tls_done(redis);

    return NGX_AGAIN;
}


/* The name that was given, or where the connection goes to, in text. */

static const char *
ngx_http_billing_redis_tls_host(ngx_http_billing_redis_t *redis, u_char *text)
{
    size_t                         len;
    ngx_http_billing_main_conf_t  *bmcf;

    bmcf = redis->bmcf;

    if (bmcf->settings->redis_tls.server_name[0] != '\0') {
        return bmcf->settings->redis_tls.server_name;
    }

    if (!redis->watched) {
        return (char *) bmcf->redis_addrs[(redis->addr - 1)
                                          % bmcf->redis_naddrs].name.data;
    }

    len = ngx_sock_ntop(&redis->sockaddr.sockaddr, redis->socklen, text,
                        NGX_SOCKADDR_STRLEN, 0);
    text[len] = '\0';

    return (char *) text;
}


static void
ngx_http_billing_redis_tls_handler(ngx_connection_t *c)
{
    ngx_http_billing_redis_t  *redis;

    redis = c->data;

    redis->depth++;
    ngx_http_billing_redis_tls_done(redis);
    redis->depth--;
    ngx_http_billing_redis_settle(redis);
}


static void
ngx_http_billing_redis_tls_done(ngx_http_billing_redis_t *redis)
{
    u_char             text[BILLING_TLS_WHY_MAX + 32];
    char               why[BILLING_TLS_WHY_MAX];
    ngx_connection_t  *c;

    c = redis->connection;

    if (!c->ssl->handshaked) {
        billing_tls_why(c->ssl->connection, why, sizeof(why));
        (void) ngx_snprintf(text, sizeof(text), "is not spoken to: %s%Z", why);
        ngx_http_billing_redis_fail(redis, (char *) text);
        return;
    }

    c->read->handler = redis->tls_read;
    c->write->handler = redis->tls_write;

    redis->shaking = 0;
    redis->connected = 1;

    /* nginx may have read more than its handshake. */

    ngx_post_event(c->read, &ngx_posted_events);
    ngx_post_event(&redis->flush, &ngx_posted_events);
}


/* Without a farewell, which could have to be waited for. */

void
ngx_http_billing_redis_tls_end(ngx_http_billing_redis_t *redis)
{
    ngx_connection_t  *c;

    c = redis->connection;

    if (c->ssl) {
        c->ssl->no_wait_shutdown = 1;
        c->ssl->no_send_shutdown = 1;
        (void) ngx_ssl_shutdown(c);
    }

    if (c->pool) {
        ngx_destroy_pool(c->pool);
        c->pool = NULL;
    }

    redis->shaking = 0;
}

#else


ngx_int_t
ngx_http_billing_redis_tls_config(ngx_conf_t *cf,
    ngx_http_billing_main_conf_t *bmcf)
{
    return NGX_OK;      /* the settings have refused it */
}


ngx_int_t
ngx_http_billing_redis_tls(ngx_http_billing_redis_t *redis)
{
    return NGX_OK;
}


void
ngx_http_billing_redis_tls_end(ngx_http_billing_redis_t *redis)
{
}

#endif
