/*
 * GET /billing/status: the counters of this host, as JSON or as the text that
 * Prometheus reads.  Never a team or a person.
 */

#include "ngx_http_billing_api.h"

#define NGX_HTTP_BILLING_STATUS_LINE  256   /* of the text, with HELP, TYPE */

typedef struct {
    ngx_http_billing_counter_t   counter;
    const char                  *name;
    const char                  *help;
} ngx_http_billing_metric_t;

static ngx_uint_t ngx_http_billing_status_text_wanted(ngx_http_request_t *r);
static ngx_int_t ngx_http_billing_status_json(ngx_http_request_t *r);
static ngx_int_t ngx_http_billing_status_text(ngx_http_request_t *r);
static ngx_uint_t ngx_http_billing_status_redis(void);


static ngx_http_billing_metric_t  ngx_http_billing_metrics[] = {
    { NGX_HTTP_BILLING_COUNT_PASSED, "passed",
      "Requests that the gate let through." },
    { NGX_HTTP_BILLING_COUNT_REFUSED, "refused",
      "Requests that the gate refused." },
    { NGX_HTTP_BILLING_COUNT_STALE, "stale",
      "Requests decided on a stale record." },
    { NGX_HTTP_BILLING_COUNT_UNKNOWN, "unknown",
      "Requests for which nothing trustworthy was known." },
    { NGX_HTTP_BILLING_COUNT_HIT, "hit",
      "Requests decided from the zone alone." },
    { NGX_HTTP_BILLING_COUNT_MISS, "miss",
      "Requests that had to ask Redis." },
    { NGX_HTTP_BILLING_COUNT_EVICTED, "evicted",
      "Records pushed out of the zone by others." },
    { NGX_HTTP_BILLING_COUNT_FETCHED, "fetched",
      "Records fetched from Redis." },
    { NGX_HTTP_BILLING_COUNT_ASKED, "asked",
      "Records that Redis lacked, asked of the worker." },
    { NGX_HTTP_BILLING_COUNT_UNTOLD, "untold",
      "Records that the worker did not tell in time." },
    { NGX_HTTP_BILLING_COUNT_REDIS_ERROR, "redis_error",
      "Error replies of Redis." },
    { NGX_HTTP_BILLING_COUNT_BAD_RECORD, "bad_record",
      "Records, notices and answers that were not the worker's." },
    { NGX_HTTP_BILLING_COUNT_NOTICE, "notice",
      "Notices of changes received." },
    { NGX_HTTP_BILLING_COUNT_COMMAND, "command",
      "Commands and queries sent to the worker." },
    { NGX_HTTP_BILLING_COUNT_ANSWERED, "answered",
      "Requests answered by the worker." },
    { NGX_HTTP_BILLING_COUNT_WAITED_OUT, "waited_out",
      "Requests answered as pending." },
    { NGX_HTTP_BILLING_COUNT_WEBHOOK_BAD, "webhook_bad",
      "Webhooks without a valid signature." },
    { NGX_HTTP_BILLING_COUNT_APP_REFUSED, "app_refused",
      "Requests with a wrong key of the application." },
    { NGX_HTTP_BILLING_COUNTERS, NULL, NULL }
};


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

    return ngx_http_billing_status_text_wanted(r)
           ? ngx_http_billing_status_text(r)
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


static ngx_int_t
ngx_http_billing_status_json(ngx_http_request_t *r)
{
    json_t                        *status, *counters;
    ngx_shm_zone_t                *zone;
    ngx_http_billing_metric_t     *metric;
    ngx_http_billing_main_conf_t  *bmcf;

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);
    zone = bmcf->zone;

    counters = json_object();

    for (metric = ngx_http_billing_metrics; metric->name; metric++) {
        if (json_object_set_new(counters, metric->name,
                json_integer((json_int_t)
                    ngx_http_billing_zone_counter(zone, metric->counter)))
            != 0)
        {
            json_decref(counters);
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    status = json_pack("{so s{sb} sb}", "counters", counters,
                       "redis", "up", (int) ngx_http_billing_status_redis(),
                       "link", (int) ngx_http_billing_zone_linked(zone));

    return ngx_http_billing_send_json(r, NGX_HTTP_OK, status);
}


static ngx_int_t
ngx_http_billing_status_text(ngx_http_request_t *r)
{
    u_char                        *p, *last;
    ngx_str_t                      text;
    ngx_shm_zone_t                *zone;
    ngx_http_billing_metric_t     *metric;
    ngx_http_billing_main_conf_t  *bmcf;

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);
    zone = bmcf->zone;

    text.len = (NGX_HTTP_BILLING_COUNTERS + 2) * NGX_HTTP_BILLING_STATUS_LINE;
    text.data = ngx_pnalloc(r->pool, text.len);

    if (text.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    p = text.data;
    last = p + text.len;

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

    p = ngx_slprintf(p, last,
                     "# HELP nginx_billing_redis_up "
                     "Whether the answering process reaches Redis.\n"
                     "# TYPE nginx_billing_redis_up gauge\n"
                     "nginx_billing_redis_up %ui\n"
                     "# HELP nginx_billing_link_up "
                     "Whether this host hears of changes.\n"
                     "# TYPE nginx_billing_link_up gauge\n"
                     "nginx_billing_link_up %ui\n",
                     ngx_http_billing_status_redis(),
                     ngx_http_billing_zone_linked(zone));

    text.len = p - text.data;

    return ngx_http_billing_send(r, NGX_HTTP_OK,
                                 "text/plain; version=0.0.4", &text);
}


static ngx_uint_t
ngx_http_billing_status_redis(void)
{
    ngx_http_billing_process_t  *process;

    process = ngx_http_billing_process();

    return process && process->redis
           && ngx_http_billing_redis_up(process->redis);
}
