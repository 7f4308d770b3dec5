/*
 * How a refusal is told: a status for the operator's error_page, a way to the
 * payment window for a person who can cure it there, else a problem document.
 */

#include "ngx_http_billing_api.h"
#include "ngx_http_billing_security.h"

#define NGX_HTTP_BILLING_RETURN_MAX  1024   /* longer ways back are left out */


static ngx_uint_t ngx_http_billing_refuse_intercepted(ngx_http_request_t *r,
    ngx_int_t status);
static ngx_uint_t ngx_http_billing_refuse_curable(billing_reason_t reason);
static ngx_uint_t ngx_http_billing_refuse_navigates(ngx_http_request_t *r);
static ngx_int_t ngx_http_billing_refuse_upgrade(ngx_http_request_t *r,
    ngx_http_billing_ctx_t *ctx);
static size_t ngx_http_billing_refuse_return(ngx_http_request_t *r);
static ngx_int_t ngx_http_billing_refuse_problem(ngx_http_request_t *r,
    ngx_http_billing_ctx_t *ctx);
static json_t *ngx_http_billing_refuse_args(ngx_http_request_t *r,
    ngx_http_billing_ctx_t *ctx);
static void ngx_http_billing_refuse_vary(ngx_http_request_t *r);


ngx_int_t
ngx_http_billing_refuse(ngx_http_request_t *r, ngx_http_billing_ctx_t *ctx)
{
    ngx_int_t                     status;
    ngx_http_billing_loc_conf_t  *blcf;

    blcf = ngx_http_get_module_loc_conf(r, ngx_http_billing_module);

    ngx_log_error(blcf->log_level, r->connection->log, 0,
                  "billing: %s, %s, team \"%V\"",
                  blcf->dry_run ? "would refuse" : "refused",
                  billing_reason_code(ctx->reason), &ctx->team_id);

    ctx->dry_run = blcf->dry_run;

    if (blcf->dry_run) {
        return NGX_DECLINED;
    }

    ngx_http_billing_security_gate(r, ctx);

    if (blcf->status_code) {
        return blcf->status_code;
    }

    status = billing_reason_status(ctx->reason);

    if (ngx_http_billing_refuse_intercepted(r, status)) {
        return status;
    }

    if (ngx_http_billing_refuse_curable(ctx->reason)
        && ngx_http_billing_refuse_navigates(r))
    {
        return ngx_http_billing_refuse_upgrade(r, ctx);
    }

    return ngx_http_billing_refuse_problem(r, ctx);
}


/* Whether nginx would use an error_page, as it will decide itself. */

static ngx_uint_t
ngx_http_billing_refuse_intercepted(ngx_http_request_t *r, ngx_int_t status)
{
    ngx_uint_t                 i;
    ngx_http_err_page_t       *page;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (clcf->error_pages == NULL || r->uri_changes == 0
        || (r->error_page && !clcf->recursive_error_pages))
    {
        return 0;
    }

    page = clcf->error_pages->elts;

    for (i = 0; i < clcf->error_pages->nelts; i++) {
        if (page[i].status == status) {
            return 1;
        }
    }

    return 0;
}


/* Reasons that a purchase, or more seats, take away. */

static ngx_uint_t
ngx_http_billing_refuse_curable(billing_reason_t reason)
{
    return reason == BILLING_TEAM_EXPIRED
           || reason == BILLING_BOARD_LOCKED_LIMIT
           || reason == BILLING_BOARD_LOCKED_PRIVATE
           || reason == BILLING_FEATURE_MISSING
           || reason == BILLING_LIMIT_REACHED
           || reason == BILLING_SEAT_MISSING;
}


/*
 * Whether a person would see where we lead.  A script may ask for pages too;
 * browsers tell that, and a handshake is none.
 */

static ngx_uint_t
ngx_http_billing_refuse_navigates(ngx_http_request_t *r)
{
    ngx_str_t  mode;

    if (r->method != NGX_HTTP_GET || r->headers_in.upgrade) {
        return 0;
    }

    if (ngx_http_billing_header(r, "Sec-Fetch-Mode", &mode)
        && (mode.len != sizeof("navigate") - 1
            || ngx_strncmp(mode.data, "navigate", mode.len) != 0))
    {
        return 0;
    }

    return ngx_http_billing_wants_page(r);
}


/*
 * 303 to /upgrade?team=TEAM&reason=CODE&return=WAY, the way back being a path
 * of ours.
 */

static ngx_int_t
ngx_http_billing_refuse_upgrade(ngx_http_request_t *r,
    ngx_http_billing_ctx_t *ctx)
{
    size_t            len, back;
    u_char           *p;
    ngx_str_t         code, value;
    ngx_table_elt_t  *location;

    back = ngx_http_billing_refuse_return(r);
    code.data = (u_char *) billing_reason_code(ctx->reason);
    code.len = ngx_strlen(code.data);

    len = sizeof("/upgrade?team=&reason=") - 1 + ctx->team_id.len + code.len;

    if (back) {
        len += sizeof("&return=") - 1 + back;
    }

    p = ngx_pnalloc(r->pool, len);
    location = ngx_list_push(&r->headers_out.headers);

    if (p == NULL || location == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_memzero(location, sizeof(ngx_table_elt_t));
    location->hash = 1;
    ngx_str_set(&location->key, "Location");
    location->value.len = len;
    location->value.data = p;

    p = ngx_cpymem(p, "/upgrade?team=", sizeof("/upgrade?team=") - 1);
    p = ngx_cpymem(p, ctx->team_id.data, ctx->team_id.len);
    p = ngx_cpymem(p, "&reason=", sizeof("&reason=") - 1);
    p = ngx_cpymem(p, code.data, code.len);

    if (back) {
        p = ngx_cpymem(p, "&return=", sizeof("&return=") - 1);
        (void) ngx_escape_uri(p, r->unparsed_uri.data, r->unparsed_uri.len,
                              NGX_ESCAPE_URI_COMPONENT);
    }

    ngx_http_clear_location(r);
    r->headers_out.location = location;

    ngx_http_billing_refuse_vary(r);

    ngx_str_set(&value, "no-store");

    if (ngx_http_billing_add_header(r, "Cache-Control", &value) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return NGX_HTTP_SEE_OTHER;
}


/* Its length once escaped; 0 when it could lead elsewhere or is too long. */

static size_t
ngx_http_billing_refuse_return(ngx_http_request_t *r)
{
    size_t      i, len;
    ngx_str_t  *uri;

    uri = &r->unparsed_uri;

    if (uri->len == 0 || uri->data[0] != '/') {
        return 0;
    }

    /* "//" and "\", once dots are taken out, may name another site. */

    for (i = 0; i < uri->len && uri->data[i] != '?'; i++) {
        if (uri->data[i] == '\\'
            || (uri->data[i] == '/' && i + 1 < uri->len
                && uri->data[i + 1] == '/'))
        {
            return 0;
        }
    }

    len = uri->len + 2 * ngx_escape_uri(NULL, uri->data, uri->len,
                                        NGX_ESCAPE_URI_COMPONENT);

    return len > NGX_HTTP_BILLING_RETURN_MAX ? 0 : len;
}


/* Sent here and finished here: the phases after us must not answer again. */

static ngx_int_t
ngx_http_billing_refuse_problem(ngx_http_request_t *r,
    ngx_http_billing_ctx_t *ctx)
{
    ngx_int_t  rc;

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    ngx_http_billing_refuse_vary(r);

    rc = ngx_http_billing_send_problem(r, ctx->reason, NULL,
                                       ngx_http_billing_refuse_args(r, ctx));

    ngx_http_finalize_request(r, rc);

    return NGX_DONE;
}


/* "n" of the texts: how many boards of the team stay editable. */

static json_t *
ngx_http_billing_refuse_args(ngx_http_request_t *r,
    ngx_http_billing_ctx_t *ctx)
{
    uint8_t                         plan;
    uint32_t                        n;
    ngx_http_billing_main_conf_t   *bmcf;

    /* A trial locks nothing; what does is the plan behind it. */

    plan = ctx->team.plan_after ? ctx->team.plan_after : ctx->team.plan;

    if (ctx->reason != BILLING_BOARD_LOCKED_LIMIT || plan >= BILLING_PLANS) {
        return NULL;
    }

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);
    n = ctx->team.editable_boards;

    if (n == 0) {
        n = bmcf->settings->catalogue.plans[plan].editable_boards;
    }

    return json_pack("{s:i}", "n", (int) n);
}


/* The same address answers people and programs differently. */

static void
ngx_http_billing_refuse_vary(ngx_http_request_t *r)
{
    ngx_str_t  value;

    ngx_str_set(&value, "Accept");
    (void) ngx_http_billing_add_header(r, "Vary", &value);
}
