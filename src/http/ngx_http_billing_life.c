/* The life of an nginx worker process, as far as billing goes. */

#include "ngx_http_billing_redis.h"
#include "ngx_http_billing_identity.h"
#include "ngx_http_billing_security.h"

#include <openssl/rand.h>


static ngx_int_t ngx_http_billing_start_process(ngx_cycle_t *cycle,
    ngx_http_billing_main_conf_t *bmcf);


static ngx_http_billing_process_t  *ngx_http_billing_worker_process;


ngx_http_billing_process_t *
ngx_http_billing_process(void)
{
    return ngx_http_billing_worker_process;
}


ngx_int_t
ngx_http_billing_init_process(ngx_cycle_t *cycle)
{
    ngx_http_billing_main_conf_t  *bmcf;

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    bmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_billing_module);

    if (bmcf == NULL || bmcf->settings == NULL) {
        return NGX_OK;
    }

    if (ngx_process == NGX_PROCESS_SINGLE && bmcf->worker_path.len) {
        ngx_log_error(NGX_LOG_NOTICE, cycle->log, 0,
                      "billing: \"master_process off\": billing-worker is not "
                      "started");
    }

    return ngx_http_billing_start_process(cycle, bmcf);
}


static ngx_int_t
ngx_http_billing_start_process(ngx_cycle_t *cycle,
    ngx_http_billing_main_conf_t *bmcf)
{
    u_char                       random[16];
    ngx_http_billing_process_t  *process;

    process = ngx_calloc(sizeof(ngx_http_billing_process_t), cycle->log);
    if (process == NULL) {
        return NGX_ERROR;
    }

    if (RAND_bytes(random, sizeof(random)) != 1) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "billing: no random bytes");
        ngx_free(process);
        return NGX_ERROR;
    }

    (void) ngx_hex_dump((u_char *) process->instance, random, sizeof(random));

    process->bmcf = bmcf;
    ngx_http_billing_worker_process = process;

    /* Deadlines start here, not where the configuration was read. */

    ngx_time_update();

    /* Whose number we have may have had a link. */

    ngx_http_billing_zone_link(bmcf->zone, 0);

    ngx_http_billing_memo_create(cycle, bmcf);

    if (ngx_http_billing_guide_start(cycle, bmcf) != NGX_OK) {
        return NGX_ERROR;
    }

    process->redis = ngx_http_billing_redis_create(bmcf, NULL, bmcf,
                                                   cycle->log);
    if (process->redis == NULL) {
        return NGX_ERROR;
    }

    ngx_http_billing_transport_start(process, cycle->log);

    return NGX_OK;
}


void
ngx_http_billing_exit_process(ngx_cycle_t *cycle)
{
    ngx_http_billing_process_t  *process;

    (void) cycle;

    ngx_http_billing_bearer_exit();     /* tokens need no billing_config */

    process = ngx_http_billing_worker_process;

    if (process == NULL) {
        return;
    }

    ngx_http_billing_security_exit();

    if (process->listener) {
        ngx_http_billing_redis_close(process->listener);
        process->listener = NULL;
    }

    if (process->redis) {
        ngx_http_billing_redis_close(process->redis);
        process->redis = NULL;
    }

    ngx_http_billing_guide_stop();

    /* A worker that leaves hands over. */

    (void) ngx_http_billing_zone_listener(process->bmcf->zone);

    ngx_http_billing_ctx_exit();
    ngx_http_billing_passport_exit();

    ngx_http_billing_worker_process = NULL;
    ngx_free(process);
}
