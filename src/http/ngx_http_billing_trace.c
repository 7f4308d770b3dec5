/*
 * What joins the logs of a request: the trace that the client belongs to (W3C
 * Trace Context), else $request_id.  It goes with a command to the worker, into
 * its log and into the webhooks that come of it.
 */

#include "ngx_http_billing_api.h"

#define NGX_HTTP_BILLING_TRACE_PARENT  55       /* "00-TRACE-SPAN-FLAGS" */


static ngx_uint_t ngx_http_billing_trace_parent(ngx_http_request_t *r,
    ngx_str_t *trace);
static ngx_uint_t ngx_http_billing_trace_hex(u_char *p, size_t len);


/* An index, so that the log and the command have the same one. */

ngx_int_t
ngx_http_billing_trace_init(ngx_conf_t *cf)
{
    ngx_str_t                      name = ngx_string("request_id");
    ngx_http_billing_main_conf_t  *bmcf;

    bmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_billing_module);
    bmcf->request_id_index = ngx_http_get_variable_index(cf, &name);

    return bmcf->request_id_index == NGX_ERROR ? NGX_ERROR : NGX_OK;
}


void
ngx_http_billing_trace(ngx_http_request_t *r,
    char out[BILLING_TRACE_LEN + 1])
{
    ngx_str_t                      trace;
    ngx_http_variable_value_t     *id;
    ngx_http_billing_main_conf_t  *bmcf;

    if (!ngx_http_billing_trace_parent(r, &trace)) {
        bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);
        id = ngx_http_get_indexed_variable(r, bmcf->request_id_index);

        if (id == NULL || id->not_found || id->len != BILLING_TRACE_LEN) {
            out[0] = '\0';
            return;
        }

        trace.data = id->data;
    }

    ngx_memcpy(out, trace.data, BILLING_TRACE_LEN);
    out[BILLING_TRACE_LEN] = '\0';
}


/* $billing_trace. */

ngx_int_t
ngx_http_billing_variable_trace(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    char  *trace;

    (void) data;

    trace = ngx_pnalloc(r->pool, BILLING_TRACE_LEN + 1);
    if (trace == NULL) {
        return NGX_ERROR;
    }

    ngx_http_billing_trace(r, trace);

    v->data = (u_char *) trace;
    v->len = ngx_strlen(trace);
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = v->len == 0;

    return NGX_OK;
}


/* From outside: only what cannot be anything else than an id is taken. */

static ngx_uint_t
ngx_http_billing_trace_parent(ngx_http_request_t *r, ngx_str_t *trace)
{
    u_char     *p;
    ngx_str_t   parent;

    if (ngx_http_billing_header(r, "traceparent", &parent) != 1
        || parent.len != NGX_HTTP_BILLING_TRACE_PARENT)
    {
        return 0;
    }

    p = parent.data;
    trace->data = p + 3;
    trace->len = BILLING_TRACE_LEN;

    if (p[0] != '0' || p[1] != '0' || p[2] != '-' || p[35] != '-'
        || p[52] != '-')
    {
        return 0;
    }

    return ngx_http_billing_trace_hex(trace->data, BILLING_TRACE_LEN);
}


/* Lower case, and not all zeros, which stands for none. */

static ngx_uint_t
ngx_http_billing_trace_hex(u_char *p, size_t len)
{
    size_t      i;
    ngx_uint_t  some;

    some = 0;

    for (i = 0; i < len; i++) {
        if (!((p[i] >= '0' && p[i] <= '9') || (p[i] >= 'a' && p[i] <= 'f'))) {
            return 0;
        }

        some |= p[i] != '0';
    }

    return some;
}
