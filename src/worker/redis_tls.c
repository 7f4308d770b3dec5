/*
 * TLS on a connection of hiredis, also for billingctl, which waits for its
 * handshake.  hiredis carries the bytes and never looks at a name: what is
 * asked of the certificate is set before (src/store/tls.c).
 */

#include <stdio.h>

#include <hiredis/hiredis.h>

#include "billing_infra.h"

#ifdef BILLING_REDIS_TLS

#include <hiredis/hiredis_ssl.h>
#include <openssl/ssl.h>


bool
billing_redis_tls_load(billing_worker_t *w, char *error, size_t error_max)
{
    char                        why[BILLING_SETTINGS_ERROR_MAX / 2];
    billing_infra_t            *infra = billing_infra(w);
    const billing_redis_tls_t  *tls = &w->settings->redis_tls;
    billing_tls_files_t         files = {
        .ca_file = tls->ca_file,
        .cert_file = tls->cert_file,
        .key_file = tls->key_file
    };

    if (!tls->on || infra->redis_tls != NULL) {
        return true;
    }

    infra->redis_tls = billing_tls_new(&files, why, sizeof(why));

    if (infra->redis_tls == NULL) {
        (void) snprintf(error, error_max, "%s: /redis/tls: %s",
                        infra->config, why);
    }

    return infra->redis_tls != NULL;
}


bool
billing_redis_tls_start(billing_worker_t *w, struct redisContext *context,
    const char *host, billing_redis_tls_link_t *tls)
{
    SSL         *ssl;
    const char  *name = w->settings->redis_tls.server_name;

    tls->why[0] = '\0';

    if (!w->settings->redis_tls.on) {
        return true;
    }

    if (!billing_redis_tls_load(w, tls->why, sizeof(tls->why))) {
        return false;
    }

    ssl = SSL_new(billing_infra(w)->redis_tls);

    if (ssl == NULL
        || !billing_tls_expect(ssl, (name[0] != '\0') ? name : host))
    {
        (void) snprintf(tls->why, sizeof(tls->why),
                        "\"%.100s\" cannot be asked for over TLS", host);
        SSL_free(ssl);
        return false;
    }

    if (redisInitiateSSL(context, ssl) != REDIS_OK) {
        billing_tls_why(ssl, tls->why, sizeof(tls->why));
        SSL_free(ssl);
        return false;
    }

    /* The context frees its own: ours can still tell why it ended. */
    (void) SSL_up_ref(ssl);
    tls->ssl = ssl;

    return true;
}


const char *
billing_redis_tls_why(billing_redis_tls_link_t *tls, const char *why)
{
    if (tls->ssl == NULL) {
        return why;
    }

    billing_tls_why(tls->ssl, tls->why, sizeof(tls->why));

    return (tls->why[0] != '\0') ? tls->why : why;
}


bool
billing_redis_tls_shaking(const billing_redis_tls_link_t *tls)
{
    return tls->ssl != NULL && !SSL_is_init_finished(tls->ssl);
}


void
billing_redis_tls_end(billing_redis_tls_link_t *tls)
{
    SSL_free(tls->ssl);
    tls->ssl = NULL;
}

#else


bool
billing_redis_tls_load(billing_worker_t *w, char *error, size_t error_max)
{
    (void) w;
    (void) error;
    (void) error_max;

    return true;            /* the settings have refused it */
}


bool
billing_redis_tls_start(billing_worker_t *w, struct redisContext *context,
    const char *host, billing_redis_tls_link_t *tls)
{
    (void) w;
    (void) context;
    (void) host;
    (void) tls;

    return true;
}


const char *
billing_redis_tls_why(billing_redis_tls_link_t *tls, const char *why)
{
    (void) tls;

    return why;
}


bool
billing_redis_tls_shaking(const billing_redis_tls_link_t *tls)
{
    (void) tls;

    return false;
}


void
billing_redis_tls_end(billing_redis_tls_link_t *tls)
{
    (void) tls;
}

#endif
