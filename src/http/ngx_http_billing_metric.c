/*
 * What is counted, by name; and what is measured beside that: how long Redis
 * takes, and how each nginx worker process is with it.  Nothing here is on the
 * way of a request that the zone can answer.
 */

#include "ngx_http_billing_zone.h"
#include "ngx_http_billing_metric.h"

#define NGX_HTTP_BILLING_METRIC_ALIVE  3000     /* ms; told once a second */


const ngx_http_billing_metric_t  ngx_http_billing_metrics[] = {
    { NGX_HTTP_BILLING_COUNT_EVICTED, "evicted",
      "Records pushed out of the zone by others." },
    { NGX_HTTP_BILLING_COUNT_FETCHED, "fetched",
      "Records fetched from Redis." },
    { NGX_HTTP_BILLING_COUNT_ASKED, "asked",
      "Records that Redis lacked, asked of the worker." },
    { NGX_HTTP_BILLING_COUNT_UNTOLD, "untold",
      "Records that the worker did not tell in time." },
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
    { NGX_HTTP_BILLING_COUNT_OVERLOADED, "overloaded",
      "Commands refused because too much waited for the worker." },
    { NGX_HTTP_BILLING_COUNT_WEBHOOK_BAD, "webhook_bad",
      "Webhooks without a valid signature." },
    { NGX_HTTP_BILLING_COUNT_APP_REFUSED, "app_refused",
      "Requests with a wrong key of the application." },
    { NGX_HTTP_BILLING_COUNTERS, NULL, NULL }
};

/* The help is for who reads the code. */

const ngx_http_billing_metric_t  ngx_http_billing_failures[] = {
    { NGX_HTTP_BILLING_COUNT_REDIS_UNREACHED, "unreached",
      "No connection." },
    { NGX_HTTP_BILLING_COUNT_REDIS_REFUSED, "refused",
      "A connection, but no welcome: password, loading, silence." },
    { NGX_HTTP_BILLING_COUNT_REDIS_LOST, "lost",
      "A link that worked has fallen." },
    { NGX_HTTP_BILLING_COUNT_REDIS_TIMEOUT, "timeout",
      "A command without a reply in time." },
    { NGX_HTTP_BILLING_COUNT_REDIS_REPLY, "reply",
      "A reply that is an error." },
    { NGX_HTTP_BILLING_COUNT_REDIS_FULL, "full",
      "Too many commands without a reply: not sent." },
    { NGX_HTTP_BILLING_COUNTERS, NULL, NULL }
};

const char *const
    ngx_http_billing_verdict_words[NGX_HTTP_BILLING_VERDICTS] =
{
    [NGX_HTTP_BILLING_VERDICT_NONE]    = NULL,
    [NGX_HTTP_BILLING_VERDICT_PASSED]  = "passed",
    [NGX_HTTP_BILLING_VERDICT_REFUSED] = "refused",
    [NGX_HTTP_BILLING_VERDICT_STALE]   = "stale",
    [NGX_HTTP_BILLING_VERDICT_UNKNOWN] = "unknown"
};

const char *const
    ngx_http_billing_breaker_words[NGX_HTTP_BILLING_BREAKERS] =
{
    [NGX_HTTP_BILLING_BREAKER_NONE]      = NULL,
    [NGX_HTTP_BILLING_BREAKER_CLOSED]    = "closed",
    [NGX_HTTP_BILLING_BREAKER_HALF_OPEN] = "half_open",
    [NGX_HTTP_BILLING_BREAKER_OPEN]      = "open"
};

/* Upper bounds in microseconds; scrape.c says them in seconds. */

static const uint64_t
    ngx_http_billing_bounds[NGX_HTTP_BILLING_LATENCIES - 1] =
{
    100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000
};


/* Read where it is needed: nginx's own time has milliseconds. */

uint64_t
ngx_http_billing_metric_usec(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}


uint64_t
ngx_http_billing_metric_bound(ngx_uint_t i)
{
    return ngx_http_billing_bounds[i];
}


void
ngx_http_billing_metric_reply(ngx_http_billing_main_conf_t *bmcf,
    uint64_t sent_usec)
{
    uint64_t    usec;
    ngx_uint_t  i;

    usec = ngx_http_billing_metric_usec() - sent_usec;

    for (i = 0; i < NGX_HTTP_BILLING_LATENCIES - 1; i++) {
        if (usec <= ngx_http_billing_bounds[i]) {
            break;
        }
    }

    ngx_http_billing_zone_count(bmcf->zone,
                                NGX_HTTP_BILLING_COUNT_LATENCY + i);
    ngx_http_billing_zone_add(bmcf->zone, NGX_HTTP_BILLING_COUNT_LATENCY_USEC,
                              usec);
}


void
ngx_http_billing_metric_link(ngx_http_billing_redis_t *redis,
    ngx_uint_t outstanding)
{
    ngx_http_billing_pulse_t    *pulse;
    ngx_http_billing_process_t  *process;

    process = ngx_http_billing_process();

    if (process == NULL || process->redis != redis) {
        return;
    }

    pulse = &ngx_http_billing_zone_header(process->bmcf->zone)
                 ->pulses[ngx_worker % NGX_HTTP_BILLING_STRIPES];

    __atomic_store_n(&pulse->outstanding, (uint32_t) outstanding,
                     __ATOMIC_RELAXED);
    __atomic_store_n(&pulse->breaker,
                     (uint32_t) ngx_http_billing_redis_breaker(redis),
                     __ATOMIC_RELAXED);
    __atomic_store_n(&pulse->seen_msec, ngx_current_msec, __ATOMIC_RELAXED);
}


void
ngx_http_billing_metric_tick(void)
{
    ngx_http_billing_process_t  *process;

    process = ngx_http_billing_process();

    if (process && process->redis) {
        ngx_http_billing_metric_link(process->redis,
                        ngx_http_billing_redis_outstanding(process->redis));
    }
}


/* Every process has such a link; that of the host's listener counts. */

void
ngx_http_billing_metric_pong(ngx_http_billing_main_conf_t *bmcf,
    uint64_t sent_usec)
{
    ngx_http_billing_zone_header_t  *header;

    header = ngx_http_billing_zone_header(bmcf->zone);

    if (header->lease_pid == (uint32_t) ngx_pid) {
        __atomic_store_n(&header->lag_usec,
                         ngx_http_billing_metric_usec() - sent_usec,
                         __ATOMIC_RELAXED);
    }
}


void
ngx_http_billing_metric_gauges(ngx_shm_zone_t *zone,
    ngx_http_billing_gauges_t *gauges)
{
    uint64_t                         seen, oldest;
    uint32_t                         breaker;
    ngx_uint_t                       i;
    ngx_http_billing_pulse_t        *pulse;
    ngx_http_billing_zone_header_t  *header;

    ngx_memzero(gauges, sizeof(ngx_http_billing_gauges_t));

    header = ngx_http_billing_zone_header(zone);

    oldest = ngx_current_msec;
    ngx_http_billing_table_census(&header->members, &gauges->entries, &oldest);
    ngx_http_billing_table_census(&header->wide, &gauges->entries, &oldest);
    gauges->oldest_sec = (ngx_current_msec - oldest) / 1000;

    gauges->lag_usec = __atomic_load_n(&header->lag_usec, __ATOMIC_RELAXED);

    for (i = 0; i < NGX_HTTP_BILLING_STRIPES; i++) {
        pulse = &header->pulses[i];

        seen = __atomic_load_n(&pulse->seen_msec, __ATOMIC_RELAXED);
        breaker = __atomic_load_n(&pulse->breaker, __ATOMIC_RELAXED);

        if (breaker == NGX_HTTP_BILLING_BREAKER_NONE
            || breaker >= NGX_HTTP_BILLING_BREAKERS
            || seen + NGX_HTTP_BILLING_METRIC_ALIVE < ngx_current_msec)
        {
            continue;
        }

        gauges->breakers[breaker]++;
        gauges->outstanding += __atomic_load_n(&pulse->outstanding,
                                               __ATOMIC_RELAXED);
    }
}


ngx_uint_t
ngx_http_billing_metric_decided(ngx_shm_zone_t *zone, ngx_uint_t verdict,
    ngx_uint_t plan)
{
    ngx_uint_t  first;

    first = NGX_HTTP_BILLING_COUNT_DECIDED
            + (verdict * BILLING_PLANS + plan) * 2;

    return ngx_http_billing_zone_counter(zone, first)
           + ngx_http_billing_zone_counter(zone, first + 1);
}


ngx_uint_t
ngx_http_billing_metric_verdict(ngx_shm_zone_t *zone, ngx_uint_t verdict)
{
    ngx_uint_t  plan, sum;

    sum = 0;

    for (plan = 0; plan < BILLING_PLANS; plan++) {
        sum += ngx_http_billing_metric_decided(zone, verdict, plan);
    }

    return sum;
}


ngx_http_billing_sources_t
ngx_http_billing_metric_sources(ngx_shm_zone_t *zone)
{
    ngx_uint_t                  i, n;
    ngx_http_billing_sources_t  sources;

    ngx_memzero(&sources, sizeof(ngx_http_billing_sources_t));

    for (i = 0; i < NGX_HTTP_BILLING_DECISIONS; i++) {
        n = ngx_http_billing_zone_counter(zone,
                                          NGX_HTTP_BILLING_COUNT_DECIDED + i);

        if (i / (BILLING_PLANS * 2) == NGX_HTTP_BILLING_VERDICT_STALE) {
            sources.stale += n;

        } else if (i % 2) {
            sources.miss += n;

        } else {
            sources.hit += n;
        }
    }

    return sources;
}


ngx_uint_t
ngx_http_billing_metric_redis(void)
{
    ngx_http_billing_process_t  *process;

    process = ngx_http_billing_process();

    return process && process->redis
           && ngx_http_billing_redis_up(process->redis);
}
