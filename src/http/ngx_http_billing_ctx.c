/*
 * What a request has learned.  An internal redirect wipes nginx's own slot for
 * it, so it hangs on the pool as well and is found again there.
 *
 * Its memory comes from this process and returns there: that of the request
 * is too nearly full for it, and another block would cost more than the gate.
 */

#include "ngx_http_billing.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, size)
#define ASAN_UNPOISON_MEMORY_REGION(p, size)
#endif


static ngx_http_billing_ctx_t *ngx_http_billing_ctx_new(
    ngx_http_request_t *r);
static void ngx_http_billing_ctx_free(void *data);


static ngx_http_billing_ctx_t  *ngx_http_billing_ctx_unused;


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

        if (cln->handler == ngx_http_billing_ctx_free) {
            ctx = cln->data;
            ngx_http_set_ctx(r, ctx, ngx_http_billing_module);
            break;
        }
    }

    return ctx;
}


ngx_http_billing_ctx_t *
ngx_http_billing_ctx_make(ngx_http_request_t *r)
{
    ngx_http_billing_ctx_t  *ctx;

    ctx = ngx_http_billing_ctx_find(r);

    return ctx ? ctx : ngx_http_billing_ctx_new(r);
}


/* The pool calls it back, as if the cleanup had been taken from the pool. */

static ngx_http_billing_ctx_t *
ngx_http_billing_ctx_new(ngx_http_request_t *r)
{
    ngx_http_billing_ctx_t  *ctx;

    r = r->main;
    ctx = ngx_http_billing_ctx_unused;

    if (ctx) {
        ngx_http_billing_ctx_unused = ctx->next;
        ASAN_UNPOISON_MEMORY_REGION(ctx, sizeof(ngx_http_billing_ctx_t));

    } else {
        ctx = ngx_alloc(sizeof(ngx_http_billing_ctx_t), r->connection->log);

        if (ctx == NULL) {
            return NULL;
        }
    }

    ngx_memzero(ctx, offsetof(ngx_http_billing_ctx_t, gate.question));

    ctx->cleanup.handler = ngx_http_billing_ctx_free;
    ctx->cleanup.data = ctx;
    ctx->cleanup.next = r->pool->cleanup;
    r->pool->cleanup = &ctx->cleanup;

    ngx_http_set_ctx(r, ctx, ngx_http_billing_module);

    return ctx;
}


/* Also what the state is known by. */

static void
ngx_http_billing_ctx_free(void *data)
{
    ngx_http_billing_ctx_t *ctx = data;

    ctx->next = ngx_http_billing_ctx_unused;
    ngx_http_billing_ctx_unused = ctx;

    /* Whoever still uses it is caught; the pool goes on along cleanup. */

    ASAN_POISON_MEMORY_REGION(ctx, offsetof(ngx_http_billing_ctx_t, cleanup));
}


void
ngx_http_billing_ctx_exit(void)
{
    ngx_http_billing_ctx_t  *ctx;

    while (ngx_http_billing_ctx_unused) {
        ctx = ngx_http_billing_ctx_unused;
        ngx_http_billing_ctx_unused = ctx->next;
        ASAN_UNPOISON_MEMORY_REGION(ctx, sizeof(ngx_http_billing_ctx_t));
        ngx_free(ctx);
    }
}
