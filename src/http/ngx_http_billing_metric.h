/* What is counted and measured, for who tells it: status.c and scrape.c. */

#ifndef NGX_HTTP_BILLING_METRIC_H
#define NGX_HTTP_BILLING_METRIC_H

#include "ngx_http_billing.h"


/* By name alone, or by the value of a label. */

typedef struct {
    ngx_http_billing_counter_t   counter;
    const char                  *name;
    const char                  *help;
} ngx_http_billing_metric_t;

/* Decisions by what they were made from. */

typedef struct {
    ngx_uint_t                   hit;
    ngx_uint_t                   miss;
    ngx_uint_t                   stale;
} ngx_http_billing_sources_t;

/* Ended by an entry without a name. */
extern const ngx_http_billing_metric_t  ngx_http_billing_metrics[];
extern const ngx_http_billing_metric_t  ngx_http_billing_failures[];

extern const char *const
    ngx_http_billing_verdict_words[NGX_HTTP_BILLING_VERDICTS];
extern const char *const
    ngx_http_billing_breaker_words[NGX_HTTP_BILLING_BREAKERS];


/* Sums of decisions. */
ngx_uint_t ngx_http_billing_metric_decided(ngx_shm_zone_t *zone,
    ngx_uint_t verdict, ngx_uint_t plan);
ngx_uint_t ngx_http_billing_metric_verdict(ngx_shm_zone_t *zone,
    ngx_uint_t verdict);
ngx_http_billing_sources_t ngx_http_billing_metric_sources(
    ngx_shm_zone_t *zone);

/* The upper bound of a bucket of latencies, all but the last. */
uint64_t ngx_http_billing_metric_bound(ngx_uint_t i);

/* Whether the process that answers reaches Redis. */
ngx_uint_t ngx_http_billing_metric_redis(void);

typedef struct {
    ngx_uint_t  outstanding;                /* commands, of all processes */
    ngx_uint_t  breakers[NGX_HTTP_BILLING_BREAKERS];    /* processes in each */
    uint64_t    lag_usec;                   /* of notices */
    ngx_uint_t  entries;                    /* in the zone, and */
    ngx_uint_t  oldest_sec;                 /* since it was fetched */
} ngx_http_billing_gauges_t;

void ngx_http_billing_metric_gauges(ngx_shm_zone_t *zone,
    ngx_http_billing_gauges_t *gauges);

/* As the text that Prometheus reads; what a handler returns. */
ngx_int_t ngx_http_billing_scrape(ngx_http_request_t *r);

/* As a page for people; the same. */
ngx_int_t ngx_http_billing_report(ngx_http_request_t *r);

#endif /* NGX_HTTP_BILLING_METRIC_H */
