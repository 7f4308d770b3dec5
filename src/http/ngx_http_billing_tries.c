/*
 * Tries that were wrong: who guesses promo codes, or sends webhooks that nobody
 * signed, is counted per host in the zone, in a few places that the oldest
 * leaves to the next.  Only what is seldom comes here, so a lock will do.
 */

#include "ngx_http_billing_api.h"
#include "ngx_http_billing_zone.h"

#define NGX_HTTP_BILLING_TRIES_PROBES  4

typedef struct {
    uint32_t     max;
    uint32_t     window_sec;        /* from the first of them */
} ngx_http_billing_tries_rule_t;

static const ngx_http_billing_tries_rule_t  ngx_http_billing_tries_rules[] = {
    { 10, 3600 },                   /* NGX_HTTP_BILLING_TRIES_PROMO */
    { 10, 60 }                      /* NGX_HTTP_BILLING_TRIES_WEBHOOK */
};


static ngx_int_t ngx_http_billing_tries_hash(
    ngx_http_billing_zone_header_t *header, ngx_uint_t kind, ngx_str_t *text,
    uint64_t hash[2]);
static ngx_http_billing_tries_t *ngx_http_billing_tries_place(
    ngx_http_billing_zone_header_t *header, uint64_t hash, uint64_t now);


ngx_uint_t
ngx_http_billing_tries_spent(ngx_shm_zone_t *zone, ngx_uint_t kind,
    ngx_str_t *who)
{
    uint64_t                         hash[2];
    ngx_uint_t                       spent;
    ngx_slab_pool_t                 *pool;
    ngx_http_billing_tries_t        *tries;
    ngx_http_billing_zone_header_t  *header;

    header = ngx_http_billing_zone_header(zone);

    if (ngx_http_billing_tries_hash(header, kind, who, hash) != NGX_OK) {
        return 0;
    }

    pool = ngx_http_billing_zone_pool(zone);

    ngx_shmtx_lock(&pool->mutex);

    tries = ngx_http_billing_tries_place(header, hash[0],
                                         ngx_current_msec / 1000);
    spent = tries->who == hash[0]
            && tries->n >= ngx_http_billing_tries_rules[kind].max;

    ngx_shmtx_unlock(&pool->mutex);

    return spent;
}


void
ngx_http_billing_tries_wrong(ngx_shm_zone_t *zone, ngx_uint_t kind,
    ngx_str_t *who, ngx_str_t *what)
{
    uint64_t                         now, hash[2], last[2];
    ngx_slab_pool_t                 *pool;
    ngx_http_billing_tries_t        *tries;
    ngx_http_billing_zone_header_t  *header;

    header = ngx_http_billing_zone_header(zone);

    if (ngx_http_billing_tries_hash(header, kind, who, hash) != NGX_OK
        || ngx_http_billing_tries_hash(header, kind, what, last) != NGX_OK)
    {
        return;
    }

    now = ngx_current_msec / 1000;
    pool = ngx_http_billing_zone_pool(zone);

    ngx_shmtx_lock(&pool->mutex);

    tries = ngx_http_billing_tries_place(header, hash[0], now);

    if (tries->who != hash[0]) {
        tries->who = hash[0];
        tries->n = 0;
        tries->until_sec = now
                           + ngx_http_billing_tries_rules[kind].window_sec;
    }

    /* A page that asks again with the word it has is not guessing. */

    if (tries->n == 0 || what->len == 0 || tries->what != last[0]) {
        tries->what = last[0];
        tries->n++;
    }

    ngx_shmtx_unlock(&pool->mutex);
}


static ngx_int_t
ngx_http_billing_tries_hash(ngx_http_billing_zone_header_t *header,
    ngx_uint_t kind, ngx_str_t *text, uint64_t hash[2])
{
    u_char                   kinds[] = { 'p', 'w' };
    ngx_http_billing_want_t  want;

    want.kind = BILLING_RECORD_NONE;
    want.id.data = &kinds[kind];
    want.id.len = 1;
    want.name.data = text->data;
    want.name.len = ngx_min(text->len, BILLING_EMAIL_MAX);

    return ngx_http_billing_hash(header->key, &want, hash);
}


/* Its own, a free one, or the one that ends first. */

static ngx_http_billing_tries_t *
ngx_http_billing_tries_place(ngx_http_billing_zone_header_t *header,
    uint64_t hash, uint64_t now)
{
    ngx_uint_t                 i;
    ngx_http_billing_tries_t  *tries, *best;

    best = NULL;

    for (i = 0; i < NGX_HTTP_BILLING_TRIES_PROBES; i++) {
        tries = &header->tries[(hash + i) % NGX_HTTP_BILLING_TRIES];

        if (tries->until_sec <= now) {
            ngx_memzero(tries, sizeof(ngx_http_billing_tries_t));
        }

        if (tries->who == hash) {
            return tries;
        }

        if (best == NULL || tries->until_sec < best->until_sec) {
            best = tries;
        }
    }

    return best;
}
