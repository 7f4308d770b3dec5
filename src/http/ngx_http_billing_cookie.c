/* Cookies of the request: each one counted, so that a planted one shows. */

#include "ngx_http_billing_api.h"

#include <nginx.h>                          /* nginx_version */

#define NGX_HTTP_BILLING_COOKIES_MAX  100   /* pairs looked at */


typedef struct {
    ngx_str_t   name;
    ngx_str_t   value;              /* the first one's */
    ngx_uint_t  n;
} ngx_http_billing_cookie_t;


static void ngx_http_billing_cookies_read(ngx_http_request_t *r,
    ngx_http_billing_ctx_t *ctx);
static void ngx_http_billing_cookie_find(ngx_http_request_t *r,
    ngx_http_billing_cookie_t *wanted, ngx_uint_t nwanted);
static void ngx_http_billing_cookie_line(ngx_str_t *line,
    ngx_http_billing_cookie_t *wanted, ngx_uint_t nwanted,
    ngx_uint_t *budget);


/* Those of ours, looked for once a request. */

ngx_http_billing_ctx_t *
ngx_http_billing_cookies(ngx_http_request_t *r)
{
    ngx_http_billing_ctx_t  *ctx;

    ctx = ngx_http_billing_ctx(r);

    if (ctx == NULL || ctx->cookies_read) {
        return ctx;
    }

    ctx->cookies_read = 1;

#if (nginx_version >= 1023000)
    if (r->headers_in.cookie == NULL) {
        return ctx;
    }
#else
    if (r->headers_in.cookies.nelts == 0) {
        return ctx;
    }
#endif

    ngx_http_billing_cookies_read(r, ctx);

    return ctx;
}


static void
ngx_http_billing_cookies_read(ngx_http_request_t *r,
    ngx_http_billing_ctx_t *ctx)
{
    ngx_http_billing_cookie_t  wanted[2];

    wanted[0].name = *ngx_http_billing_session_name(r);
    ngx_str_set(&wanted[1].name, NGX_HTTP_BILLING_SEEN);

    ngx_http_billing_cookie_find(r, wanted, 2);

    ctx->session_cookie = wanted[0].value;
    ctx->session_cookies = ngx_min(wanted[0].n, 2);
    ctx->seen_cookie = wanted[1].value;
}


ngx_uint_t
ngx_http_billing_cookie(ngx_http_request_t *r, const char *name,
    ngx_str_t *value)
{
    ngx_http_billing_cookie_t  wanted;

    wanted.name.data = (u_char *) name;
    wanted.name.len = ngx_strlen(name);

    ngx_http_billing_cookie_find(r, &wanted, 1);

    if (wanted.n) {
        *value = wanted.value;
    }

    return wanted.n;
}


/*
 * As configured.  Over https with "__Host-" in front: no other host, path or
 * plain page can set such a cookie.
 */

ngx_str_t *
ngx_http_billing_session_name(ngx_http_request_t *r)
{
    ngx_http_billing_main_conf_t  *bmcf;

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);

    return ngx_http_billing_https(r) ? &bmcf->session_cookie_tls
                                     : &bmcf->session_cookie;
}


/* What the browser speaks: this connection may come from a proxy, or an app. */

ngx_uint_t
ngx_http_billing_https(ngx_http_request_t *r)
{
    ngx_str_t                     *origin;
    ngx_http_billing_main_conf_t  *bmcf;

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);
    origin = &bmcf->origin;

    if (origin->len) {
        return origin->len > sizeof("https://") - 1
               && ngx_strncasecmp(origin->data, (u_char *) "https://",
                                  sizeof("https://") - 1)
                  == 0;
    }

#if (NGX_HTTP_SSL)
    return r->connection->ssl != NULL;
#else
    return 0;
#endif
}


static void
ngx_http_billing_cookie_find(ngx_http_request_t *r,
    ngx_http_billing_cookie_t *wanted, ngx_uint_t nwanted)
{
    ngx_uint_t         i, budget;
    ngx_table_elt_t   *h;
#if (nginx_version < 1023000)
    ngx_table_elt_t  **lines;
#endif

    for (i = 0; i < nwanted; i++) {
        ngx_str_null(&wanted[i].value);
        wanted[i].n = 0;
    }

    budget = NGX_HTTP_BILLING_COOKIES_MAX;

#if (nginx_version >= 1023000)

    for (h = r->headers_in.cookie; h; h = h->next) {
        ngx_http_billing_cookie_line(&h->value, wanted, nwanted, &budget);
    }

#else

    lines = r->headers_in.cookies.elts;

    for (i = 0; i < r->headers_in.cookies.nelts; i++) {
        h = lines[i];
        ngx_http_billing_cookie_line(&h->value, wanted, nwanted, &budget);
    }

#endif
}


static void
ngx_http_billing_cookie_line(ngx_str_t *line,
    ngx_http_billing_cookie_t *wanted, ngx_uint_t nwanted, ngx_uint_t *budget)
{
    u_char      *p, *end, *last;
    ngx_uint_t   i;
    ngx_str_t   *name;

    p = line->data;
    end = p + line->len;

    while (p < end && *budget) {
        (*budget)--;

        last = memchr(p, ';', end - p);
        if (last == NULL) {
            last = end;
        }

        while (p < last && (*p == ' ' || *p == '\t')) {
            p++;
        }

        for (i = 0; i < nwanted; i++) {
            name = &wanted[i].name;

            if ((size_t) (last - p) > name->len && p[name->len] == '='
                && ngx_memcmp(p, name->data, name->len) == 0)
            {
                if (wanted[i].n++ == 0) {
                    wanted[i].value.data = p + name->len + 1;
                    wanted[i].value.len = last - wanted[i].value.data;
                }
            }
        }

        p = last + 1;
    }
}
