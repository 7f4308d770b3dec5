/* How the zone is laid out: for zone.c, zone_link.c, tries.c
 * and metric.c alone. */

#ifndef NGX_HTTP_BILLING_ZONE_H
#define NGX_HTTP_BILLING_ZONE_H

#include "ngx_http_billing_table.h"

#define NGX_HTTP_BILLING_STRIPES       16       /* of counters, by worker */


/* How one nginx worker process is; what is not renewed is not believed. */

typedef struct {
    uint64_t                  seen_msec;
    uint32_t                  outstanding;
    uint32_t                  breaker;
} ngx_http_billing_pulse_t;

/* Who was wrong how often, until when; what it was that last time. */

#define NGX_HTTP_BILLING_TRIES         512

typedef struct {
    uint64_t                  who;
    uint64_t                  what;
    uint64_t                  until_sec;        /* of the monotonic clock */
    uint32_t                  n;
} ngx_http_billing_tries_t;

typedef struct {
    uint64_t                  magic;
    uint32_t                  layout;
    uint32_t                  size;             /* of this header */
    uint64_t                  key[NGX_HTTP_BILLING_HASH_KEY];

    ngx_http_billing_table_t  members;          /* and rights on boards */
    ngx_http_billing_table_t  wide;             /* teams and boards */

    /* What changes seldom and is read with every request. */
    uint64_t                  epoch;
    int64_t                   clock_sec;
    uint64_t                  lease_until_msec;
    uint64_t                  link_until_msec;  /* heard, and for how long */
    uint32_t                  generation;
    uint32_t                  lease_pid;        /* the host's listener */
    uint32_t                  link_pid;         /* whose link is up, 0 none */

    uint64_t                  counters[NGX_HTTP_BILLING_STRIPES]
                                      [ngx_align(NGX_HTTP_BILLING_COUNTERS, 8)];
    ngx_http_billing_pulse_t  pulses[NGX_HTTP_BILLING_STRIPES];
    uint64_t                  lag_usec;         /* the listener's */
    ngx_http_billing_tries_t  tries[NGX_HTTP_BILLING_TRIES];
} ngx_http_billing_zone_header_t;

typedef struct {
    ngx_http_billing_zone_header_t  *header;
} ngx_http_billing_zone_ctx_t;


static ngx_inline ngx_http_billing_zone_header_t *
ngx_http_billing_zone_header(ngx_shm_zone_t *zone)
{
    return ((ngx_http_billing_zone_ctx_t *) zone->data)->header;
}


static ngx_inline ngx_slab_pool_t *
ngx_http_billing_zone_pool(ngx_shm_zone_t *zone)
{
    return (ngx_slab_pool_t *) zone->shm.addr;
}

#endif /* NGX_HTTP_BILLING_ZONE_H */
