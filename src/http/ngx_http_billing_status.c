/*
 * GET /billing/status: what this host counts, as JSON or, in scrape.c, as the
 * text that Prometheus reads.  Never a team or a person.
 */

#include "ngx_http_billing_api.h"
#include "ngx_http_billing_metric.h"


static ngx_uint_t ngx_http_billing_status_text_wanted(ngx_http_request_t *r);
static ngx_uint_t ngx_http_billing_status_page_wanted(ngx_http_request_t *r);
static ngx_int_t ngx_http_billing_status_json(ngx_http_request_t *r);
static json_t *ngx_http_billing_status_counters(ngx_shm_zone_t *zone);
static json_t *ngx_http_billing_status_decisions(ngx_shm_zone_t *zone);
static json_t *ngx_http_billing_status_store(ngx_shm_zone_t *zone,
    ngx_http_billing_gauges_t *gauges);
static json_t *ngx_http_billing_status_latency(ngx_shm_zone_t *zone);


ngx_int_t
ngx_http_billing_status_handler(ngx_http_request_t *r)
{
    ngx_int_t                      rc;
    ngx_str_t                      allow;
    ngx_http_billing_main_conf_t  *bmcf;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        ngx_str_set(&allow, "GET, HEAD");

        if (ngx_http_billing_add_header(r, "Allow", &allow) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return ngx_http_billing_send_problem(r, BILLING_METHOD_NOT_ALLOWED,
                                             NULL, NULL);
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);

    if (bmcf->zone == NULL) {
        return ngx_http_billing_send_problem(r, BILLING_NOT_FOUND, NULL,
                                             NULL);
    }

    if (ngx_http_billing_status_page_wanted(r)) {
        return ngx_http_billing_report(r);
    }

    return ngx_http_billing_status_text_wanted(r)
           ? ngx_http_billing_scrape(r)
           : ngx_http_billing_status_json(r);
}


void
ngx_http_billing_count(ngx_http_billing_main_conf_t *bmcf,
    ngx_http_billing_counter_t counter)
{
    if (bmcf->zone) {
        ngx_http_billing_zone_count(bmcf->zone, counter);
    }
}


/* ?format= says it; else the types that only a scraper asks for. */

static ngx_uint_t
ngx_http_billing_status_text_wanted(ngx_http_request_t *r)
{
    ngx_str_t  value;

    if (ngx_http_arg(r, (u_char *) "format", 6, &value) == NGX_OK) {
        return value.len == sizeof("prometheus") - 1
               && ngx_strncmp(value.data, "prometheus", value.len) == 0;
    }

    if (ngx_http_billing_header(r, "Accept", &value) == 0) {
        return 0;
    }

    return ngx_strlcasestrn(value.data, value.data + value.len,
                            (u_char *) "text/plain", 10 - 1)
           || ngx_strlcasestrn(value.data, value.data + value.len,
                               (u_char *) "application/openmetrics-text",
                               28 - 1);
}


/* ?format=html, or what a browser prefers where nothing is said. */

static ngx_uint_t
ngx_http_billing_status_page_wanted(ngx_http_request_t *r)
{
    ngx_str_t  value;

    if (ngx_http_arg(r, (u_char *) "format", 6, &value) == NGX_OK) {
        return value.len == sizeof("html") - 1
               && ngx_strncmp(value.data, "html", value.len) == 0;
    }

    return ngx_http_billing_wants_page(r);
}


/* --- JSON ----------------------------------------------------------------- */

static ngx_int_t
ngx_http_billing_status_json(ngx_http_request_t *r)
{
    json_t                        *status;
    ngx_shm_zone_t                *zone;
    ngx_http_billing_gauges_t      gauges;
    ngx_http_billing_main_conf_t  *bmcf;

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);
    zone = bmcf->zone;

    ngx_http_billing_metric_gauges(zone, &gauges);

    status = json_pack("{so so so sb sI s{sI sI}}",
                 "counters", ngx_http_billing_status_counters(zone),
                 "decisions", ngx_http_billing_status_decisions(zone),
                 "redis", ngx_http_billing_status_store(zone, &gauges),
                 "link", (int) ngx_http_billing_zone_linked(zone),
                 "notice_lag_usec", (json_int_t) gauges.lag_usec,
                 "zone",
                     "entries", (json_int_t) gauges.entries,
                     "oldest_sec", (json_int_t) gauges.oldest_sec);

    return ngx_http_billing_send_json(r, NGX_HTTP_OK, status);
}


static json_t *
ngx_http_billing_status_counters(ngx_shm_zone_t *zone)
{
    json_t                      *counters;
    ngx_uint_t                   verdict;
    const ngx_http_billing_metric_t   *metric;
    ngx_http_billing_sources_t   sources;

    counters = json_object();
    sources = ngx_http_billing_metric_sources(zone);

    for (verdict = NGX_HTTP_BILLING_VERDICT_PASSED;
         verdict < NGX_HTTP_BILLING_VERDICTS;
         verdict++)
    {
        (void) json_object_set_new(counters,
                   ngx_http_billing_verdict_words[verdict],
                   json_integer(ngx_http_billing_metric_verdict(zone,
                                                                verdict)));
    }

    (void) json_object_set_new(counters, "hit", json_integer(sources.hit));
    (void) json_object_set_new(counters, "miss", json_integer(sources.miss));

    for (metric = ngx_http_billing_metrics; metric->name; metric++) {
        (void) json_object_set_new(counters, metric->name,
                   json_integer(ngx_http_billing_zone_counter(zone,
                                                         metric->counter)));
    }

    return counters;
}


/* {"passed":{"team":1}}: what has happened, not what could. */

static json_t *
ngx_http_billing_status_decisions(ngx_shm_zone_t *zone)
{
    json_t      *decisions, *plans;
    ngx_uint_t   verdict, plan, n;

    decisions = json_object();

    for (verdict = NGX_HTTP_BILLING_VERDICT_PASSED;
         verdict < NGX_HTTP_BILLING_VERDICTS;
         verdict++)
    {
        plans = json_object();

        for (plan = 0; plan < BILLING_PLANS; plan++) {
            n = ngx_http_billing_metric_decided(zone, verdict, plan);

            if (n) {
                (void) json_object_set_new(plans,
                           billing_plan_name((billing_plan_t) plan),
                           json_integer(n));
            }
        }

        (void) json_object_set_new(decisions,
                   ngx_http_billing_verdict_words[verdict], plans);
    }

    return decisions;
}


static json_t *
ngx_http_billing_status_store(ngx_shm_zone_t *zone,
    ngx_http_billing_gauges_t *gauges)
{
    json_t                     *errors, *breakers;
    ngx_uint_t                  i;
    const ngx_http_billing_metric_t  *metric;

    errors = json_object();
    breakers = json_object();

    for (metric = ngx_http_billing_failures; metric->name; metric++) {
        (void) json_object_set_new(errors, metric->name,
                   json_integer(ngx_http_billing_zone_counter(zone,
                                                         metric->counter)));
    }

    for (i = NGX_HTTP_BILLING_BREAKER_CLOSED;
         i < NGX_HTTP_BILLING_BREAKERS;
         i++)
    {
        (void) json_object_set_new(breakers, ngx_http_billing_breaker_words[i],
                                   json_integer(gauges->breakers[i]));
    }

    return json_pack("{sb sI so so so}",
                     "up", (int) ngx_http_billing_metric_redis(),
                     "outstanding", (json_int_t) gauges->outstanding,
                     "errors", errors,
                     "breaker", breakers,
                     "latency", ngx_http_billing_status_latency(zone));
}


/* Each bucket by itself; the last has no bound. */

static json_t *
ngx_http_billing_status_latency(ngx_shm_zone_t *zone)
{
    json_t      *buckets, *bound;
    ngx_uint_t   i, n, count;

    buckets = json_array();
    count = 0;

    for (i = 0; i < NGX_HTTP_BILLING_LATENCIES; i++) {
        n = ngx_http_billing_zone_counter(zone,
                                          NGX_HTTP_BILLING_COUNT_LATENCY + i);
        count += n;

        bound = i == NGX_HTTP_BILLING_LATENCIES - 1
                ? json_null()
                : json_integer(ngx_http_billing_metric_bound(i));

        (void) json_array_append_new(buckets,
                   json_pack("{so sI}", "usec_max", bound,
                             "count", (json_int_t) n));
    }

    return json_pack("{sI sI so}",
               "count", (json_int_t) count,
               "sum_usec",
               (json_int_t) ngx_http_billing_zone_counter(zone,
                                NGX_HTTP_BILLING_COUNT_LATENCY_USEC),
               "buckets", buckets);
}
