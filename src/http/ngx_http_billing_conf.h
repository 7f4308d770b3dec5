/* What only the reading of the configuration needs. */

#ifndef NGX_HTTP_BILLING_CONF_H
#define NGX_HTTP_BILLING_CONF_H

#include "ngx_http_billing.h"

#pragma GCC visibility push(hidden)


/* --- name: directives whose value is one ---------------------------------- */

char *ngx_http_billing_cookie_name(ngx_conf_t *cf, void *post, void *data);
char *ngx_http_billing_origin_url(ngx_conf_t *cf, void *post, void *data);
char *ngx_http_billing_pages_prefix(ngx_conf_t *cf, void *post, void *data);


/* --- config: files that directives name ----------------------------------- */

/* The whole file, ngx_alloc'ed, a NUL behind it; never more than max. */
ngx_int_t ngx_http_billing_config_read(ngx_conf_t *cf, char *name, size_t max,
    ngx_str_t *bytes, ngx_uint_t *mode);


/* --- build: the nginx that this module was built for ---------------------- */

#define NGX_HTTP_BILLING_BUILD_EXACT   0
#define NGX_HTTP_BILLING_BUILD_LAYOUT  1

/* Before anything else: NGX_ERROR if its structures are others than ours. */
ngx_int_t ngx_http_billing_build_layout(ngx_conf_t *cf);

/* Whether it is one of those known; NGX_ERROR if it must be and is not. */
ngx_int_t ngx_http_billing_build_check(ngx_conf_t *cf, ngx_uint_t wanted);


/* --- process (billing-worker) --------------------------------------------- */

/* billing_worker on|off|PATH: the helper that starts and watches it. */
char *ngx_http_billing_worker(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
/* Makes nginx start its helper process; after the configuration is read. */
ngx_int_t ngx_http_billing_worker_path(ngx_conf_t *cf,
    ngx_http_billing_main_conf_t *bmcf);


#pragma GCC visibility pop

#endif /* NGX_HTTP_BILLING_CONF_H */
