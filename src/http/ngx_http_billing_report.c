/* GET /billing/status as a page for people: what scrape.c tells a program. */

#include "ngx_http_billing_metric.h"

#define NGX_HTTP_BILLING_REPORT_LEN  16384      /* bytes, at most */


static u_char *ngx_http_billing_report_now(u_char *p, u_char *last,
    ngx_shm_zone_t *zone);
static u_char *ngx_http_billing_report_decisions(u_char *p, u_char *last,
    ngx_shm_zone_t *zone);
static u_char *ngx_http_billing_report_table(u_char *p, u_char *last,
    ngx_shm_zone_t *zone, const char *title,
    const ngx_http_billing_metric_t *metric);


/* Nothing here comes from a client, so nothing needs to be escaped. */

ngx_int_t
ngx_http_billing_report(ngx_http_request_t *r)
{
    u_char                        *p, *last;
    ngx_str_t                      text;
    ngx_shm_zone_t                *zone;
    ngx_http_billing_main_conf_t  *bmcf;

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);
    zone = bmcf->zone;

    text.data = ngx_pnalloc(r->pool, NGX_HTTP_BILLING_REPORT_LEN);
    if (text.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    last = text.data + NGX_HTTP_BILLING_REPORT_LEN;

    p = ngx_slprintf(text.data, last,
                     "<!doctype html>\n<html lang=\"en\">\n<head>\n"
                     "<meta charset=\"utf-8\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width\">\n"
                     "<meta name=\"color-scheme\" content=\"light dark\">\n"
                     "<title>Billing status</title>\n</head>\n<body>\n"
                     "<h1>Billing status of this host</h1>\n"
                     "<p>All nginx worker processes together, since nginx "
                     "was started; a reload goes on counting. For programs: "
                     "<a href=\"?format=json\">JSON</a>, "
                     "<a href=\"?format=prometheus\">Prometheus</a>.</p>\n");

    p = ngx_http_billing_report_now(p, last, zone);
    p = ngx_http_billing_report_decisions(p, last, zone);
    p = ngx_http_billing_report_table(p, last, zone, "Counted",
                                      ngx_http_billing_metrics);
    p = ngx_http_billing_report_table(p, last, zone, "What Redis did not do",
                                      ngx_http_billing_failures);
    p = ngx_slprintf(p, last, "</body>\n</html>\n");

    text.len = p - text.data;

    return ngx_http_billing_send(r, NGX_HTTP_OK, "text/html", &text);
}


static u_char *
ngx_http_billing_report_now(u_char *p, u_char *last, ngx_shm_zone_t *zone)
{
    ngx_uint_t                  i;
    ngx_http_billing_gauges_t   gauges;
    ngx_http_billing_sources_t  sources;

    ngx_http_billing_metric_gauges(zone, &gauges);
    sources = ngx_http_billing_metric_sources(zone);

    p = ngx_slprintf(p, last,
            "<h2>Now</h2>\n<table>\n"
            "<tr><th scope=\"row\">Redis</th><td>%s</td></tr>\n"
            "<tr><th scope=\"row\">Notices of changes</th><td>%s</td></tr>\n"
            "<tr><th scope=\"row\">Their delay</th><td>%uL.%03uL ms</td></tr>\n"
            "<tr><th scope=\"row\">Commands without a reply</th>"
            "<td>%ui</td></tr>\n"
            "<tr><th scope=\"row\">Records in the zone</th>"
            "<td>%ui, the oldest %ui s old</td></tr>\n"
            "<tr><th scope=\"row\">Decided from</th>"
            "<td>the zone %ui, Redis %ui, stale records %ui</td></tr>\n",
            ngx_http_billing_metric_redis() ? "reached" : "out of reach",
            ngx_http_billing_zone_linked(zone) ? "heard" : "not heard",
            gauges.lag_usec / 1000, gauges.lag_usec % 1000,
            gauges.outstanding, gauges.entries, gauges.oldest_sec,
            sources.hit, sources.miss, sources.stale);

    for (i = NGX_HTTP_BILLING_BREAKER_CLOSED;
         i < NGX_HTTP_BILLING_BREAKERS;
         i++)
    {
        p = ngx_slprintf(p, last, "<tr><th scope=\"row\">Breakers %s</th>"
                                  "<td>%ui</td></tr>\n",
                         ngx_http_billing_breaker_words[i],
                         gauges.breakers[i]);
    }

    return ngx_slprintf(p, last, "</table>\n");
}


/* A row for each plan; "none" is who is not known. */

static u_char *
ngx_http_billing_report_decisions(u_char *p, u_char *last,
    ngx_shm_zone_t *zone)
{
    ngx_uint_t  plan, verdict;

    p = ngx_slprintf(p, last, "<h2>Decisions of the gate</h2>\n<table>\n"
                              "<tr><th scope=\"col\">plan</th>");

    for (verdict = NGX_HTTP_BILLING_VERDICT_PASSED;
         verdict < NGX_HTTP_BILLING_VERDICTS;
         verdict++)
    {
        p = ngx_slprintf(p, last, "<th scope=\"col\">%s</th>",
                         ngx_http_billing_verdict_words[verdict]);
    }

    for (plan = 0; plan < BILLING_PLANS; plan++) {
        p = ngx_slprintf(p, last, "</tr>\n<tr><th scope=\"row\">%s</th>",
                         billing_plan_name((billing_plan_t) plan));

        for (verdict = NGX_HTTP_BILLING_VERDICT_PASSED;
             verdict < NGX_HTTP_BILLING_VERDICTS;
             verdict++)
        {
            p = ngx_slprintf(p, last, "<td>%ui</td>",
                             ngx_http_billing_metric_decided(zone, verdict,
                                                             plan));
        }
    }

    return ngx_slprintf(p, last, "</tr>\n</table>\n");
}


static u_char *
ngx_http_billing_report_table(u_char *p, u_char *last, ngx_shm_zone_t *zone,
    const char *title, const ngx_http_billing_metric_t *metric)
{
    p = ngx_slprintf(p, last, "<h2>%s</h2>\n<table>\n", title);

    for ( /* void */ ; metric->name; metric++) {
        p = ngx_slprintf(p, last, "<tr><th scope=\"row\">%s</th>"
                                  "<td>%ui</td><td>%s</td></tr>\n",
                         metric->name,
                         ngx_http_billing_zone_counter(zone, metric->counter),
                         metric->help);
    }

    return ngx_slprintf(p, last, "</table>\n");
}
