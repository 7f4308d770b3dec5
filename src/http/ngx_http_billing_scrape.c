/* GET /billing/status as the text that Prometheus reads. */

#include "ngx_http_billing_metric.h"

#define NGX_HTTP_BILLING_SCRAPE_LINE   192      /* bytes, at most */
#define NGX_HTTP_BILLING_SCRAPE_LINES  192


static u_char *ngx_http_billing_scrape_family(u_char *p, u_char *last,
    const char *name, const char *type, const char *help);
static u_char *ngx_http_billing_scrape_decisions(u_char *p, u_char *last,
    ngx_shm_zone_t *zone);
static u_char *ngx_http_billing_scrape_latency(u_char *p, u_char *last,
    ngx_shm_zone_t *zone);
static u_char *ngx_http_billing_scrape_gauges(u_char *p, u_char *last,
    ngx_shm_zone_t *zone);


ngx_int_t
ngx_http_billing_scrape(ngx_http_request_t *r)
{
    u_char                        *p, *last;
    ngx_str_t                      text;
    ngx_shm_zone_t                *zone;
    const ngx_http_billing_metric_t     *metric;
    ngx_http_billing_main_conf_t  *bmcf;

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);
    zone = bmcf->zone;

    text.len = NGX_HTTP_BILLING_SCRAPE_LINES * NGX_HTTP_BILLING_SCRAPE_LINE;
    text.data = ngx_pnalloc(r->pool, text.len);

    if (text.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    last = text.data + text.len;
    p = ngx_http_billing_scrape_decisions(text.data, last, zone);

    for (metric = ngx_http_billing_metrics; metric->name; metric++) {
        p = ngx_slprintf(p, last,
                         "# HELP nginx_billing_%s_total %s\n"
                         "# TYPE nginx_billing_%s_total counter\n"
                         "nginx_billing_%s_total %ui\n",
                         metric->name, metric->help, metric->name,
                         metric->name,
                         ngx_http_billing_zone_counter(zone,
                                                       metric->counter));
    }

    p = ngx_http_billing_scrape_family(p, last, "redis_errors_total", "counter",
                                     "What Redis did not do, by kind.");

    for (metric = ngx_http_billing_failures; metric->name; metric++) {
        p = ngx_slprintf(p, last,
                         "nginx_billing_redis_errors_total{kind=\"%s\"} %ui\n",
                         metric->name,
                         ngx_http_billing_zone_counter(zone,
                                                       metric->counter));
    }

    p = ngx_http_billing_scrape_latency(p, last, zone);
    p = ngx_http_billing_scrape_gauges(p, last, zone);

    text.len = p - text.data;

    return ngx_http_billing_send(r, NGX_HTTP_OK,
                                 "text/plain; version=0.0.4", &text);
}


static u_char *
ngx_http_billing_scrape_decisions(u_char *p, u_char *last, ngx_shm_zone_t *zone)
{
    ngx_uint_t                  verdict, plan;
    ngx_http_billing_sources_t  sources;

    p = ngx_http_billing_scrape_family(p, last, "decisions_total", "counter",
                             "Decisions of the gate, by verdict and plan.");

    for (verdict = NGX_HTTP_BILLING_VERDICT_PASSED;
         verdict < NGX_HTTP_BILLING_VERDICTS;
         verdict++)
    {
        for (plan = 0; plan < BILLING_PLANS; plan++) {
            p = ngx_slprintf(p, last, "nginx_billing_decisions_total"
                                      "{verdict=\"%s\",plan=\"%s\"} %ui\n",
                             ngx_http_billing_verdict_words[verdict],
                             billing_plan_name((billing_plan_t) plan),
                             ngx_http_billing_metric_decided(zone, verdict,
                                                             plan));
        }
    }

    sources = ngx_http_billing_metric_sources(zone);

    p = ngx_http_billing_scrape_family(p, last, "cache_total", "counter",
                 "Decisions by their source: zone, Redis, a stale record.");

    return ngx_slprintf(p, last,
                        "nginx_billing_cache_total{result=\"hit\"} %ui\n"
                        "nginx_billing_cache_total{result=\"miss\"} %ui\n"
                        "nginx_billing_cache_total{result=\"stale\"} %ui\n",
                        sources.hit, sources.miss, sources.stale);
}


/* Bounds in seconds: whole microseconds have six digits behind the point. */

static u_char *
ngx_http_billing_scrape_latency(u_char *p, u_char *last, ngx_shm_zone_t *zone)
{
    uint64_t    usec;
    ngx_uint_t  i, count;

    p = ngx_http_billing_scrape_family(p, last, "redis_seconds", "histogram",
                             "From a command to Redis until its reply.");
    count = 0;

    for (i = 0; i < NGX_HTTP_BILLING_LATENCIES; i++) {
        count += ngx_http_billing_zone_counter(zone,
                                          NGX_HTTP_BILLING_COUNT_LATENCY + i);

        if (i == NGX_HTTP_BILLING_LATENCIES - 1) {
            p = ngx_slprintf(p, last, "nginx_billing_redis_seconds_bucket"
                                      "{le=\"+Inf\"} %ui\n", count);
            break;
        }

        p = ngx_slprintf(p, last, "nginx_billing_redis_seconds_bucket"
                                  "{le=\"0.%06uL\"} %ui\n",
                         ngx_http_billing_metric_bound(i), count);
    }

    usec = ngx_http_billing_zone_counter(zone,
                                         NGX_HTTP_BILLING_COUNT_LATENCY_USEC);

    return ngx_slprintf(p, last,
                        "nginx_billing_redis_seconds_sum %uL.%06uL\n"
                        "nginx_billing_redis_seconds_count %ui\n",
                        usec / 1000000, usec % 1000000, count);
}


static u_char *
ngx_http_billing_scrape_gauges(u_char *p, u_char *last, ngx_shm_zone_t *zone)
{
    ngx_uint_t                 i;
    ngx_http_billing_gauges_t  gauges;

    ngx_http_billing_metric_gauges(zone, &gauges);

    p = ngx_http_billing_scrape_family(p, last, "redis_breaker", "gauge",
                     "Worker processes, by how their breaker stands.");

    for (i = NGX_HTTP_BILLING_BREAKER_CLOSED;
         i < NGX_HTTP_BILLING_BREAKERS;
         i++)
    {
        p = ngx_slprintf(p, last,
                         "nginx_billing_redis_breaker{state=\"%s\"} %ui\n",
                         ngx_http_billing_breaker_words[i], gauges.breakers[i]);
    }

    p = ngx_http_billing_scrape_family(p, last, "redis_up", "gauge",
                     "Whether the answering process reaches Redis.");
    p = ngx_slprintf(p, last, "nginx_billing_redis_up %ui\n",
                     ngx_http_billing_metric_redis());

    p = ngx_http_billing_scrape_family(p, last, "redis_outstanding", "gauge",
                                     "Commands without a reply yet.");
    p = ngx_slprintf(p, last, "nginx_billing_redis_outstanding %ui\n",
                     gauges.outstanding);

    p = ngx_http_billing_scrape_family(p, last, "link_up", "gauge",
                                     "Whether this host hears of changes.");
    p = ngx_slprintf(p, last, "nginx_billing_link_up %ui\n",
                     ngx_http_billing_zone_linked(zone));

    p = ngx_http_billing_scrape_family(p, last, "notice_lag_seconds", "gauge",
                     "How long the last ping behind the notices took.");
    p = ngx_slprintf(p, last, "nginx_billing_notice_lag_seconds %uL.%06uL\n",
                     gauges.lag_usec / 1000000, gauges.lag_usec % 1000000);

    p = ngx_http_billing_scrape_family(p, last, "zone_entries", "gauge",
                                     "Records in the zone.");
    p = ngx_slprintf(p, last, "nginx_billing_zone_entries %ui\n",
                     gauges.entries);

    p = ngx_http_billing_scrape_family(p, last, "zone_oldest_seconds", "gauge",
                                     "Age of the oldest record in the zone.");

    return ngx_slprintf(p, last, "nginx_billing_zone_oldest_seconds %ui\n",
                        gauges.oldest_sec);
}


static u_char *
ngx_http_billing_scrape_family(u_char *p, u_char *last, const char *name,
    const char *type, const char *help)
{
    return ngx_slprintf(p, last, "# HELP nginx_billing_%s %s\n"
                                 "# TYPE nginx_billing_%s %s\n",
                        name, help, name, type);
}
