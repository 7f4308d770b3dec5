/* What the gate has found, as variables: for logs, headers and upstreams. */

#include "ngx_http_billing_api.h"
#include "ngx_http_billing_identity.h"

#define NGX_HTTP_BILLING_ROLES_LEN  80     /* all of their names */


typedef enum {
    NGX_HTTP_BILLING_VARIABLE_VERDICT = 0,
    NGX_HTTP_BILLING_VARIABLE_REASON,
    NGX_HTTP_BILLING_VARIABLE_CACHE,
    NGX_HTTP_BILLING_VARIABLE_PLAN,
    NGX_HTTP_BILLING_VARIABLE_STATE
} ngx_http_billing_variable_word_t;

typedef enum {
    NGX_HTTP_BILLING_VARIABLE_AGE = 0,
    NGX_HTTP_BILLING_VARIABLE_SEATS,
    NGX_HTTP_BILLING_VARIABLE_MEMBERS,
    NGX_HTTP_BILLING_VARIABLE_VERSION,
    NGX_HTTP_BILLING_VARIABLE_PERIOD_END,
    NGX_HTTP_BILLING_VARIABLE_VALID_UNTIL
} ngx_http_billing_variable_number_t;


static ngx_http_billing_ctx_t *ngx_http_billing_variable_ctx(
    ngx_http_request_t *r, ngx_http_variable_value_t *v);
static ngx_int_t ngx_http_billing_variable_set(ngx_http_variable_value_t *v,
    const char *text, size_t len);
static ngx_int_t ngx_http_billing_variable_word(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_billing_variable_number(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static uint64_t ngx_http_billing_variable_value(ngx_http_billing_ctx_t *ctx,
    ngx_http_billing_variable_number_t which);
static ngx_int_t ngx_http_billing_variable_team(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_billing_variable_roles(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_billing_variable_profile(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_billing_variable_csp(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


/* Not cacheable: what is read before the gate is nothing yet. */

static ngx_http_variable_t  ngx_http_billing_variables[] = {

    { ngx_string("billing_status"), NULL, ngx_http_billing_variable_word,
      NGX_HTTP_BILLING_VARIABLE_VERDICT, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("billing_reason"), NULL, ngx_http_billing_variable_word,
      NGX_HTTP_BILLING_VARIABLE_REASON, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("billing_cache"), NULL, ngx_http_billing_variable_word,
      NGX_HTTP_BILLING_VARIABLE_CACHE, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("billing_plan"), NULL, ngx_http_billing_variable_word,
      NGX_HTTP_BILLING_VARIABLE_PLAN, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("billing_state"), NULL, ngx_http_billing_variable_word,
      NGX_HTTP_BILLING_VARIABLE_STATE, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("billing_age"), NULL, ngx_http_billing_variable_number,
      NGX_HTTP_BILLING_VARIABLE_AGE, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("billing_seats"), NULL, ngx_http_billing_variable_number,
      NGX_HTTP_BILLING_VARIABLE_SEATS, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("billing_seats_used"), NULL, ngx_http_billing_variable_number,
      NGX_HTTP_BILLING_VARIABLE_MEMBERS, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("billing_version"), NULL, ngx_http_billing_variable_number,
      NGX_HTTP_BILLING_VARIABLE_VERSION, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("billing_period_end"), NULL, ngx_http_billing_variable_number,
      NGX_HTTP_BILLING_VARIABLE_PERIOD_END, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("billing_valid_until"), NULL, ngx_http_billing_variable_number,
      NGX_HTTP_BILLING_VARIABLE_VALID_UNTIL, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("billing_team"), NULL, ngx_http_billing_variable_team,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("billing_role"), NULL, ngx_http_billing_variable_roles,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("billing_feature_"), NULL, ngx_http_billing_variable_feature,
      0, NGX_HTTP_VAR_NOCACHEABLE|NGX_HTTP_VAR_PREFIX, 0 },

    { ngx_string("billing_limit_"), NULL, ngx_http_billing_variable_limit,
      0, NGX_HTTP_VAR_NOCACHEABLE|NGX_HTTP_VAR_PREFIX, 0 },

    { ngx_string("billing_session_profile"), NULL,
      ngx_http_billing_variable_profile, 0, 0, 0 },

    { ngx_string("billing_jwt_profile"), NULL,
      ngx_http_billing_variable_jwt, 0, 0, 0 },

    { ngx_string("billing_signed_profile"), NULL,
      ngx_http_billing_variable_signed, 0, 0, 0 },

    { ngx_string("billing_csp"), NULL, ngx_http_billing_variable_csp,
      0, 0, 0 },

    { ngx_string("billing_trace"), NULL, ngx_http_billing_variable_trace,
      0, 0, 0 },

      ngx_http_null_variable
};


/* As $limit_req_status: the second word where billing_dry_run let it pass. */

static const char *const  ngx_http_billing_verdicts[][2] = {
    [NGX_HTTP_BILLING_VERDICT_NONE]    = { "", "" },
    [NGX_HTTP_BILLING_VERDICT_PASSED]  = { "PASSED", "PASSED" },
    [NGX_HTTP_BILLING_VERDICT_REFUSED] = { "REFUSED", "REFUSED_DRY_RUN" },
    [NGX_HTTP_BILLING_VERDICT_STALE]   = { "STALE", "STALE" },
    [NGX_HTTP_BILLING_VERDICT_UNKNOWN] = { "UNKNOWN", "UNKNOWN_DRY_RUN" }
};

/* With the gateway's script: scripts, pictures, connections, frames. */

static const char  ngx_http_billing_csp[] =
    "default-src 'none'; script-src 'self' %s; style-src 'self';"
    " img-src 'self' data: %s; font-src 'self'; connect-src 'self' %s %s;"
    " frame-src %s; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'";

/* By bit. */

static const char *const  ngx_http_billing_roles[] = {
    "guest", "member", "team_admin", "company_admin", "billing_admin",
    "visitor", "restricted", "occasional"
};


ngx_int_t
ngx_http_billing_add_variables(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_http_billing_variables; v->name.len; v++) {

        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


/* NULL, and the variable not found, before the gate has decided. */

static ngx_http_billing_ctx_t *
ngx_http_billing_variable_ctx(ngx_http_request_t *r,
    ngx_http_variable_value_t *v)
{
    ngx_http_billing_ctx_t  *ctx;

    v->not_found = 1;

    ctx = ngx_http_billing_ctx_find(r);

    return (ctx && ctx->decided) ? ctx : NULL;
}


/* An empty text is no value: the log shows a dash, a header is left out. */

static ngx_int_t
ngx_http_billing_variable_set(ngx_http_variable_value_t *v, const char *text,
    size_t len)
{
    v->len = len;
    v->data = (u_char *) text;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = len == 0;

    return NGX_OK;
}


static ngx_int_t
ngx_http_billing_variable_word(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    const char              *word;
    ngx_http_billing_ctx_t  *ctx;

    ctx = ngx_http_billing_variable_ctx(r, v);
    if (ctx == NULL) {
        return NGX_OK;
    }

    word = NULL;

    switch ((ngx_http_billing_variable_word_t) data) {

    case NGX_HTTP_BILLING_VARIABLE_VERDICT:
        word = ngx_http_billing_verdicts[ctx->verdict][ctx->dry_run];
        break;

    case NGX_HTTP_BILLING_VARIABLE_REASON:
        word = billing_reason_code(ctx->reason);
        break;

    case NGX_HTTP_BILLING_VARIABLE_CACHE:
        word = ctx->fetched ? "MISS" : "HIT";
        break;

    case NGX_HTTP_BILLING_VARIABLE_PLAN:
        if (ctx->team.plan != BILLING_PLAN_NONE) {
            word = billing_plan_name((billing_plan_t) ctx->team.plan);
        }

        break;

    case NGX_HTTP_BILLING_VARIABLE_STATE:
        if (ctx->team.state != BILLING_STATE_NONE) {
            word = billing_state_name((billing_state_t) ctx->team.state);
        }

        break;
    }

    return ngx_http_billing_variable_set(v, word,
                                         word ? ngx_strlen(word) : 0);
}


static ngx_int_t
ngx_http_billing_variable_number(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                  *p;
    size_t                   len;
    ngx_http_billing_ctx_t  *ctx;

    ctx = ngx_http_billing_variable_ctx(r, v);

    if (ctx == NULL || (data != NGX_HTTP_BILLING_VARIABLE_AGE
                        && ctx->team.plan == BILLING_PLAN_NONE))
    {
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, NGX_INT64_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    len = ngx_sprintf(p, "%uL", ngx_http_billing_variable_value(ctx, data))
          - p;

    return ngx_http_billing_variable_set(v, (char *) p, len);
}


static uint64_t
ngx_http_billing_variable_value(ngx_http_billing_ctx_t *ctx,
    ngx_http_billing_variable_number_t which)
{
    switch (which) {

    case NGX_HTTP_BILLING_VARIABLE_AGE:
        return ctx->age_sec;

    case NGX_HTTP_BILLING_VARIABLE_SEATS:
        return ctx->team.seats;

    case NGX_HTTP_BILLING_VARIABLE_MEMBERS:
        return ctx->team.members;

    case NGX_HTTP_BILLING_VARIABLE_VERSION:
        return ctx->team.version;

    case NGX_HTTP_BILLING_VARIABLE_PERIOD_END:
        return ctx->team.period_end_at;

    case NGX_HTTP_BILLING_VARIABLE_VALID_UNTIL:
        return ctx->team.valid_until_at;
    }

    return 0;
}


static ngx_int_t
ngx_http_billing_variable_team(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_billing_ctx_t  *ctx;

    (void) data;

    ctx = ngx_http_billing_variable_ctx(r, v);
    if (ctx == NULL) {
        return NGX_OK;
    }

    return ngx_http_billing_variable_set(v, (char *) ctx->team_id.data,
                                         ctx->team_id.len);
}


/* "member,team_admin" */

static ngx_int_t
ngx_http_billing_variable_roles(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                  *p, *last, *text;
    ngx_uint_t               i, n;
    ngx_http_billing_ctx_t  *ctx;

    (void) data;

    ctx = ngx_http_billing_variable_ctx(r, v);
    if (ctx == NULL) {
        return NGX_OK;
    }

    text = ngx_pnalloc(r->pool, NGX_HTTP_BILLING_ROLES_LEN);
    if (text == NULL) {
        return NGX_ERROR;
    }

    p = text;
    last = text + NGX_HTTP_BILLING_ROLES_LEN;
    n = sizeof(ngx_http_billing_roles) / sizeof(ngx_http_billing_roles[0]);

    for (i = 0; i < n; i++) {
        if (ctx->member.roles & (1u << i)) {
            p = ngx_slprintf(p, last, "%s%s", p == text ? "" : ",",
                             ngx_http_billing_roles[i]);
        }
    }

    return ngx_http_billing_variable_set(v, (char *) text, p - text);
}


/* $billing_session_profile: who the session cookie says it is. */

static ngx_int_t
ngx_http_billing_variable_profile(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    billing_session_t             *session;
    ngx_http_billing_main_conf_t  *bmcf;

    (void) data;

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);
    session = bmcf->settings ? ngx_http_billing_session(r) : NULL;

    if (session == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    return ngx_http_billing_variable_set(v, session->profile,
                                         ngx_strlen(session->profile));
}


/* $billing_csp: the policy of the pages, with the gateway of billing.json. */

static ngx_int_t
ngx_http_billing_variable_csp(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                        *p;
    size_t                         len;
    const char                    *hosts;
    billing_settings_t            *settings;
    ngx_http_billing_main_conf_t  *bmcf;

    (void) data;

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);
    settings = bmcf->settings;

    if (settings == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    hosts = settings->gateway_script_hosts;
    len = sizeof(ngx_http_billing_csp)
          + sizeof(settings->gateway_public_url)
          + 4 * sizeof(settings->gateway_script_hosts);

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    len = ngx_snprintf(p, len, ngx_http_billing_csp, hosts, hosts,
                       settings->gateway_public_url, hosts,
                       hosts[0] ? hosts : "'none'")
          - p;

    return ngx_http_billing_variable_set(v, (char *) p, len);
}
