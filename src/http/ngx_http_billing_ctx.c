/*
 * What a request has learned.  An internal redirect wipes nginx's own slot for
 * it, so it hangs on the pool as well and is found again there.
 */

#include "ngx_http_billing.h"


static void ngx_http_billing_ctx_mark(void *data);


ngx_http_billing_ctx_t *
ngx_http_billing_ctx_find(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t      *cln;
    ngx_http_billing_ctx_t  *ctx;

    r = r->main;
    ctx = ngx_http_get_module_ctx(r, ngx_http_billing_module);

    if (ctx) {
        return ctx;
    }

    for (cln = r->pool->cleanup; cln; cln = cln->next) {

        if (cln->handler == ngx_http_billing_ctx_mark) {
            ctx = cln->data;
            ngx_http_set_ctx(r, ctx, ngx_http_billing_module);
            break;
        }
    }

    return ctx;
}


ngx_http_billing_ctx_t *
ngx_http_billing_ctx(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t      *cln;
    ngx_http_billing_ctx_t  *ctx;

    ctx = ngx_http_billing_ctx_find(r);

    if (ctx) {
        return ctx;
    }

    r = r->main;

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_billing_ctx_t));
    if (cln == NULL) {
        return NULL;
    }

    ngx_memzero(cln->data, sizeof(ngx_http_billing_ctx_t));
    cln->handler = ngx_http_billing_ctx_mark;

    ngx_http_set_ctx(r, cln->data, ngx_http_billing_module);

    return cln->data;
}


/* Nothing to release: the handler is what the state is known by. */

static void
ngx_http_billing_ctx_mark(void *data)
{
    (void) data;
}
