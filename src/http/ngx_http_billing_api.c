/*
 * The interface: a route is found, the request is checked from the outside
 * in (session, token, media type, size, fields, key), then nginx answers it
 * itself, or the worker does while the request is parked.
 */

#include "ngx_http_billing_api.h"

typedef struct {
    unsigned     bit;
    const char  *names;
} ngx_http_billing_method_t;

static ngx_int_t ngx_http_billing_api_route(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx, billing_reason_t *reason);
static ngx_int_t ngx_http_billing_api_allow(ngx_http_request_t *r,
    unsigned allow);
static ngx_int_t ngx_http_billing_api_page(ngx_http_request_t *r,
    const char *page);
static billing_reason_t ngx_http_billing_api_admit(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx);
static ngx_int_t ngx_http_billing_api_media(ngx_http_request_t *r);
static size_t ngx_http_billing_api_body_max(ngx_http_billing_api_ctx_t *ctx);
static void ngx_http_billing_api_body_read(ngx_http_request_t *r);
static ngx_int_t ngx_http_billing_api_run(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx, ngx_str_t *body);
static billing_reason_t ngx_http_billing_api_parse(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx, ngx_str_t *body, billing_fault_t *fault);
static void ngx_http_billing_api_release(void *data);

static ngx_http_billing_method_t  ngx_http_billing_methods[] = {
    { BILLING_METHOD_GET, "GET, HEAD" },
    { BILLING_METHOD_POST, "POST" },
    { BILLING_METHOD_PUT, "PUT" },
    { BILLING_METHOD_PATCH, "PATCH" },
    { BILLING_METHOD_DELETE, "DELETE" },
    { 0, NULL }
};


/* billing_api: the location's requests are the interface's. */

char *
ngx_http_billing_api(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_core_loc_conf_t  *clcf;

    (void) cmd;
    (void) conf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->handler == ngx_http_billing_api_handler) {
        return "is duplicate";
    }

    clcf->handler = ngx_http_billing_api_handler;

    return NGX_CONF_OK;
}


ngx_http_billing_api_ctx_t *
ngx_http_billing_api_ctx(ngx_http_request_t *r)
{
    ngx_http_billing_ctx_t  *ctx;

    ctx = ngx_http_billing_ctx(r);

    if (ctx == NULL) {
        return NULL;
    }

    if (ctx->api == NULL) {
        ctx->api = ngx_pcalloc(r->pool, sizeof(ngx_http_billing_api_ctx_t));
    }

    return ctx->api;
}


ngx_int_t
ngx_http_billing_api_handler(ngx_http_request_t *r)
{
    ngx_int_t                    rc;
    ngx_str_t                    none;
    billing_reason_t             reason;
    ngx_http_billing_api_ctx_t  *ctx;

    if (r != r->main) {
        return NGX_HTTP_NOT_FOUND;      /* nothing is bought by inclusion */
    }

    ctx = ngx_http_billing_api_ctx(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_billing_api_route(r, ctx, &reason);
    if (rc != NGX_OK) {
        return rc;
    }

    if (reason == BILLING_ALLOW && ctx->match.route->page
        && ngx_http_billing_wants_page(r))
    {
        return ngx_http_billing_api_page(r, ctx->match.route->page);
    }

    if (reason == BILLING_ALLOW) {
        reason = ngx_http_billing_api_admit(r, ctx);
    }

    if (reason != BILLING_ALLOW) {
        return ngx_http_billing_send_missing(r, reason);
    }

    if (r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD)) {

        rc = ngx_http_discard_request_body(r);
        if (rc != NGX_OK) {
            return rc;
        }

        ngx_str_null(&none);
        rc = ngx_http_billing_api_run(r, ctx, &none);

        if (rc == NGX_DONE) {
            r->main->count++;           /* as reading a body would have */
        }

        return rc;
    }

    /* what nginx itself says about a bad body is protected as well */

    if (ngx_http_billing_secure(r, NULL) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->request_body_in_single_buf = 1;

    rc = ngx_http_read_client_request_body(r, ngx_http_billing_api_body_read);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    return NGX_DONE;
}


/* NGX_OK and the reason, or what to return at once. */

static ngx_int_t
ngx_http_billing_api_route(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx, billing_reason_t *reason)
{
    const billing_route_t         *route;
    ngx_http_billing_main_conf_t  *bmcf;

    *reason = billing_route_match((char *) r->method_name.data,
                                  r->method_name.len, (char *) r->uri.data,
                                  r->uri.len, &ctx->match);

    if (*reason == BILLING_METHOD_NOT_ALLOWED) {
        return ngx_http_billing_api_allow(r, ctx->match.allow) == NGX_OK
               ? NGX_OK : NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (*reason != BILLING_ALLOW) {
        return NGX_OK;
    }

    route = ctx->match.route;
    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);

    if (bmcf->settings == NULL) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "billing: \"billing_api\" without \"billing_config\"");
        *reason = BILLING_INTERNAL;
        return NGX_OK;
    }

    if (route->demo && !bmcf->demo) {
        *reason = BILLING_NOT_FOUND;    /* production has no such address */
        return NGX_OK;
    }

    if (billing_route_app(route) && bmcf->napp_keys == 0) {
        *reason = BILLING_NOT_FOUND;    /* nobody could open it */
        return NGX_OK;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_billing_api_allow(ngx_http_request_t *r, unsigned allow)
{
    u_char                      buf[64], *p, *last;
    ngx_str_t                   value;
    ngx_http_billing_method_t  *method;

    p = buf;
    last = buf + sizeof(buf);

    for (method = ngx_http_billing_methods; method->names; method++) {
        if (allow & method->bit) {
            p = ngx_slprintf(p, last, "%s%s", p == buf ? "" : ", ",
                             method->names);
        }
    }

    value.len = p - buf;
    value.data = ngx_pnalloc(r->pool, value.len);

    if (value.data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(value.data, buf, value.len);

    return ngx_http_billing_add_header(r, "Allow", &value);
}


static ngx_int_t
ngx_http_billing_api_page(ngx_http_request_t *r, const char *page)
{
    size_t                        len;
    ngx_str_t                     uri, vary;
    ngx_http_billing_loc_conf_t  *blcf;

    blcf = ngx_http_get_module_loc_conf(r, ngx_http_billing_module);

    len = ngx_strlen(page);

    uri.len = blcf->pages.len + len;
    uri.data = ngx_pnalloc(r->pool, uri.len);

    if (uri.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_memcpy(uri.data, blcf->pages.data, blcf->pages.len);
    ngx_memcpy(uri.data + blcf->pages.len, page, len);

    /* the same address has JSON: no cache may take one for the other */

    ngx_str_set(&vary, "Accept");

    if (ngx_http_billing_add_header(r, "Vary", &vary) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_internal_redirect(r, &uri, &r->args);
}


/* --- who and how: before anything is read --------------------------------- */

static billing_reason_t
ngx_http_billing_api_admit(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx)
{
    ngx_str_t                 encoding;
    billing_session_t        *session;
    billing_reason_t          reason;
    const billing_route_t    *route;

    route = ctx->match.route;
    ctx->actor = "";
    session = NULL;

    if (billing_route_app(route)) {
        reason = ngx_http_billing_app_admit(r);
        if (reason != BILLING_ALLOW) {
            return reason;
        }

        ctx->actor = BILLING_APP_ACTOR;

    } else {
        session = ngx_http_billing_session(r);
    }

    if (session) {
        ctx->actor = session->profile;

    } else if (route->login) {
        return BILLING_UNAUTHENTICATED;
    }

    if (r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD)) {
        return BILLING_ALLOW;
    }

    if (r->headers_in.content_length_n
        > (off_t) ngx_http_billing_api_body_max(ctx))
    {
        return BILLING_BODY_TOO_LARGE;
    }

    if (ngx_http_billing_api_is(ctx, "webhook")) {
        return BILLING_ALLOW;           /* its signature is its proof */
    }

    if (billing_route_app(route)) {
        /* no cookie, so no other site can borrow it */

    } else if (!route->login) {
        if (ngx_http_billing_same_origin(r) != NGX_OK) {
            return BILLING_CSRF;
        }

    } else {
        reason = ngx_http_billing_csrf_check(r, session);
        if (reason != BILLING_ALLOW) {
            return reason;
        }
    }

    if (ngx_http_billing_header(r, "Content-Encoding", &encoding)) {
        return BILLING_MEDIA_TYPE;
    }

    return ngx_http_billing_api_media(r) == NGX_OK ? BILLING_ALLOW
                                                   : BILLING_MEDIA_TYPE;
}


ngx_uint_t
ngx_http_billing_api_is(ngx_http_billing_api_ctx_t *ctx, const char *kind)
{
    return ngx_strcmp(ctx->match.route->kind, kind) == 0;
}


/* application/json, with charset=utf-8 or without any parameter. */

static ngx_int_t
ngx_http_billing_api_media(ngx_http_request_t *r)
{
    size_t      len;
    u_char     *p, *last;
    ngx_str_t   type;
    ngx_uint_t  n;

    if (r->headers_in.content_length_n <= 0 && !r->headers_in.chunked) {
        return NGX_OK;                  /* no body, nothing to misread */
    }

    n = ngx_http_billing_header(r, "Content-Type", &type);

    len = sizeof("application/json") - 1;

    if (n != 1 || type.len < len
        || ngx_strncasecmp(type.data, (u_char *) "application/json", len)
           != 0)
    {
        return NGX_DECLINED;
    }

    p = type.data + len;
    last = type.data + type.len;

    while (p < last && (*p == ' ' || *p == ';')) {
        p++;
    }

    len = last - p;

    if (len == 0) {
        return NGX_OK;
    }

    if (p[-1] != ' ' && p[-1] != ';') {
        return NGX_DECLINED;
    }

    if ((len == 13 && ngx_strncasecmp(p, (u_char *) "charset=utf-8", 13) == 0)
        || (len == 15
            && ngx_strncasecmp(p, (u_char *) "charset=\"utf-8\"", 15) == 0))
    {
        return NGX_OK;
    }

    return NGX_DECLINED;
}


/* --- bodies --------------------------------------------------------------- */

static size_t
ngx_http_billing_api_body_max(ngx_http_billing_api_ctx_t *ctx)
{
    if (ngx_http_billing_api_is(ctx, "webhook")) {
        return BILLING_WEBHOOK_MAX;
    }

    return billing_bulk_list(ctx->match.route) ? BILLING_BULK_MAX
                                               : BILLING_BODY_MAX;
}


static void
ngx_http_billing_api_body_read(ngx_http_request_t *r)
{
    ngx_int_t                    rc;
    ngx_str_t                    body;
    ngx_http_billing_api_ctx_t  *ctx;

    ctx = ngx_http_billing_api_ctx(r);

    rc = ngx_http_billing_body(r, ngx_http_billing_api_body_max(ctx), &body);

    if (rc == NGX_DECLINED) {
        rc = ngx_http_billing_send_problem(r, BILLING_BODY_TOO_LARGE, NULL,
                                           NULL);

    } else if (rc != NGX_OK) {
        rc = NGX_HTTP_INTERNAL_SERVER_ERROR;

    } else if (ngx_http_billing_api_is(ctx, "webhook")) {
        rc = ngx_http_billing_local_webhook(r, ctx, &body);

    } else {
        rc = ngx_http_billing_api_run(r, ctx, &body);
    }

    if (rc != NGX_DONE) {
        ngx_http_finalize_request(r, rc);
    }
}


/* NGX_DONE when parked, else what a handler returns. */

static ngx_int_t
ngx_http_billing_api_run(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx, ngx_str_t *body)
{
    billing_fault_t               fault;
    billing_reason_t              reason;
    ngx_http_billing_local_pt     local;
    ngx_http_billing_loc_conf_t  *blcf;

    if (ngx_http_billing_api_is(ctx, "status")) {
        return ngx_http_billing_status_handler(r);
    }

    if (billing_bulk_list(ctx->match.route)) {
        return ngx_http_billing_app_bulk(r, ctx, body);
    }

    ngx_memzero(&fault, sizeof(billing_fault_t));

    reason = ngx_http_billing_api_parse(r, ctx, body, &fault);

    if (reason != BILLING_ALLOW) {
        return ngx_http_billing_send_problem(r, reason, fault.field, NULL);
    }

    if (ctx->match.route->class == BILLING_ROUTE_LOCAL) {
        local = ngx_http_billing_local(ctx->match.route->kind);

        return local ? local(r, ctx)
                     : ngx_http_billing_send_problem(r,
                                        BILLING_NOT_IMPLEMENTED, NULL, NULL);
    }

    reason = ngx_http_billing_api_key(r, ctx);

    if (reason == BILLING_ALLOW) {
        blcf = ngx_http_get_module_loc_conf(r, ngx_http_billing_module);

        reason = ngx_http_billing_submit(r, ctx, blcf->wait,
                                         ngx_http_billing_relay_wake);
    }

    if (reason == BILLING_ALLOW) {
        return NGX_DONE;
    }

    return ngx_http_billing_send_problem(r, reason, NULL, NULL);
}


static billing_reason_t
ngx_http_billing_api_parse(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx, ngx_str_t *body, billing_fault_t *fault)
{
    billing_reason_t     reason;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        return BILLING_INTERNAL;
    }

    reason = billing_body_parse(&ctx->match, (char *) r->args.data,
                                r->args.len, (char *) body->data, body->len,
                                &ctx->body, fault);

    if (reason == BILLING_ALLOW) {
        cln->handler = ngx_http_billing_api_release;
        cln->data = ctx->body;
    }

    return reason;
}


static void
ngx_http_billing_api_release(void *data)
{
    json_decref(data);
}


/* Queries and dry runs have no effect, so their key means nothing: chance. */

billing_reason_t
ngx_http_billing_api_key(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx)
{
    ngx_str_t               value;
    ngx_uint_t              n;
    const char             *shown;
    const billing_route_t  *route;

    route = ctx->match.route;
    n = 0;

    if (route->class == BILLING_ROUTE_COMMAND) {
        n = ngx_http_billing_header(r, "Idempotency-Key", &value);
    }

    if (n > 1) {
        return BILLING_IDEMPOTENCY_KEY_INVALID;
    }

    if (n == 1) {
        return billing_idempotency_key((char *) value.data, value.len,
                                       ctx->key);
    }

    shown = json_string_value(json_object_get(ctx->body, "dry_run"));
    if (route->money && (shown == NULL || ngx_strcmp(shown, "1") != 0)) {
        return BILLING_IDEMPOTENCY_KEY_MISSING;
    }

    return ngx_http_billing_random(ctx->key) == NGX_OK ? BILLING_ALLOW
                                                       : BILLING_INTERNAL;
}
