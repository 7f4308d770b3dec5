/*
 * What the team's plan gives, by the names of the catalogue: the variables
 * $billing_feature_NAME and $billing_limit_NAME, and "limit=NAME:USED" of
 * billing_require.  A name that the catalogue lacks fails "nginx -t".
 */

#include "ngx_http_billing.h"

#define NGX_HTTP_BILLING_FEATURE  "billing_feature_"
#define NGX_HTTP_BILLING_LIMIT    "billing_limit_"
#define NGX_HTTP_BILLING_KNOWN    1024      /* of a message: names there are */

typedef struct {
    uint32_t                   limit;       /* index in the catalogue */
    ngx_http_complex_value_t   used;
} ngx_http_billing_limit_t;

typedef int (*ngx_http_billing_find_pt)(const billing_catalogue_t *catalogue,
    const char *name, size_t len);

typedef struct {
    ngx_str_t                  prefix;
    const char                *noun;
    ngx_http_billing_find_pt   find;
} ngx_http_billing_named_t;


static ngx_int_t ngx_http_billing_allowance_check(ngx_conf_t *cf,
    ngx_http_billing_named_t *named, ngx_str_t *variable);
static void ngx_http_billing_allowance_unknown(ngx_conf_t *cf,
    const char *noun, ngx_str_t *name);
static void ngx_http_billing_allowance_locate(ngx_cycle_t *cycle,
    ngx_str_t *variable, ngx_conf_file_t *where);
static ngx_uint_t ngx_http_billing_allowance_line(ngx_buf_t *text,
    ngx_str_t *variable);
static ngx_http_billing_ctx_t *ngx_http_billing_allowance_ctx(
    ngx_http_request_t *r, ngx_http_variable_value_t *v);


static ngx_http_billing_named_t  ngx_http_billing_named[] = {
    { ngx_string(NGX_HTTP_BILLING_FEATURE), "feature",
      billing_catalogue_feature },
    { ngx_string(NGX_HTTP_BILLING_LIMIT), "limit", billing_catalogue_limit },
    { ngx_null_string, NULL, NULL }
};


/* --- configuration -------------------------------------------------------- */

/* The word is "NAME:USED"; USED may have variables. */

char *
ngx_http_billing_allowance(ngx_conf_t *cf, ngx_http_billing_loc_conf_t *blcf,
    ngx_str_t *word)
{
    int                                limit;
    u_char                            *colon;
    ngx_str_t                          name, used;
    ngx_http_billing_limit_t          *wanted;
    ngx_http_billing_main_conf_t      *bmcf;
    ngx_http_compile_complex_value_t   ccv;

    bmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_billing_module);

    colon = ngx_strlchr(word->data, word->data + word->len, ':');

    if (colon == NULL || colon + 1 == word->data + word->len) {
        return "has a limit that is not \"limit=NAME:USED\"";
    }

    name.data = word->data;
    name.len = colon - word->data;
    used.data = colon + 1;
    used.len = word->len - name.len - 1;

    limit = billing_catalogue_limit(&bmcf->settings->catalogue,
                                    (char *) name.data, name.len);

    if (limit < 0) {
        ngx_http_billing_allowance_unknown(cf, "limit", &name);
        return NGX_CONF_ERROR;
    }

    if (blcf->limits == NULL) {
        blcf->limits = ngx_array_create(cf->pool, 1,
                                        sizeof(ngx_http_billing_limit_t));
        if (blcf->limits == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    wanted = ngx_array_push(blcf->limits);
    if (wanted == NULL) {
        return NGX_CONF_ERROR;
    }

    wanted->limit = (uint32_t) limit;

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));
    ccv.cf = cf;
    ccv.value = &used;
    ccv.complex_value = &wanted->used;

    return ngx_http_compile_complex_value(&ccv) == NGX_OK ? NGX_CONF_OK
                                                          : NGX_CONF_ERROR;
}


/* Whoever names a variable of ours names something in the catalogue. */

ngx_int_t
ngx_http_billing_allowance_variables(ngx_conf_t *cf)
{
    ngx_uint_t                  i;
    ngx_http_variable_t        *v;
    ngx_http_billing_named_t   *named;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
    v = cmcf->variables.elts;

    for (i = 0; i < cmcf->variables.nelts; i++) {

        for (named = ngx_http_billing_named; named->noun; named++) {

            if (v[i].name.len >= named->prefix.len
                && ngx_strncmp(v[i].name.data, named->prefix.data,
                               named->prefix.len)
                   == 0
                && ngx_http_billing_allowance_check(cf, named, &v[i].name)
                   != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_billing_allowance_check(ngx_conf_t *cf,
    ngx_http_billing_named_t *named, ngx_str_t *variable)
{
    ngx_str_t                      name;
    ngx_conf_t                     at;
    ngx_conf_file_t                where;
    ngx_http_billing_main_conf_t  *bmcf;

    bmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_billing_module);

    name.data = variable->data + named->prefix.len;
    name.len = variable->len - named->prefix.len;

    if (named->find(&bmcf->settings->catalogue, (char *) name.data, name.len)
        >= 0)
    {
        return NGX_OK;
    }

    /* By now all of "http" has been read; the message names the line. */

    at = *cf;
    where = *cf->conf_file;
    at.conf_file = &where;
    ngx_http_billing_allowance_locate(cf->cycle, variable, &where);
    ngx_http_billing_allowance_unknown(&at, named->noun, &name);

    return NGX_ERROR;
}


/* Where it is, if nginx has kept what it read (built --with-debug, or -T). */

static void
ngx_http_billing_allowance_locate(ngx_cycle_t *cycle, ngx_str_t *variable,
    ngx_conf_file_t *where)
{
    u_char           *name;
    ngx_uint_t        i, line;
    ngx_conf_dump_t  *dump;

    dump = cycle->config_dump.elts;

    for (i = 0; i < cycle->config_dump.nelts; i++) {

        line = ngx_http_billing_allowance_line(dump[i].buffer, variable);

        if (line) {
            name = ngx_pnalloc(cycle->pool, dump[i].name.len + 1);
            if (name == NULL) {
                return;
            }

            (void) ngx_cpystrn(name, dump[i].name.data, dump[i].name.len + 1);
            where->file.name.data = name;       /* printed to its NUL */
            where->line = line;
            return;
        }
    }
}


/* The line of "$variable" or "${variable}", 0 where it is not. */

static ngx_uint_t
ngx_http_billing_allowance_line(ngx_buf_t *text, ngx_str_t *variable)
{
    u_char      *p, *name;
    ngx_uint_t   line, comment;

    line = 1;
    comment = 0;

    for (p = text->pos; p < text->last; p++) {

        if (*p == '\n') {
            line++;
            comment = 0;

        } else if (*p == '#' && (p == text->pos || isspace(p[-1]))) {
            comment = 1;
        }

        if (comment || *p != '$') {
            continue;
        }

        name = p + 1 + (p + 1 < text->last && p[1] == '{');

        if ((size_t) (text->last - name) > variable->len
            && ngx_strncasecmp(name, variable->data, variable->len) == 0
            && !isalnum(name[variable->len])
            && name[variable->len] != '_')
        {
            return line;
        }
    }

    return 0;
}


static void
ngx_http_billing_allowance_unknown(ngx_conf_t *cf, const char *noun,
    ngx_str_t *name)
{
    u_char                        *p, *last, known[NGX_HTTP_BILLING_KNOWN];
    uint32_t                       i, n;
    billing_catalogue_t           *catalogue;
    ngx_http_billing_main_conf_t  *bmcf;

    bmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_billing_module);
    catalogue = &bmcf->settings->catalogue;

    p = known;
    last = known + sizeof(known);
    n = *noun == 'f' ? catalogue->nfeatures : catalogue->nlimits;

    for (i = 0; i < n; i++) {
        p = ngx_slprintf(p, last, " %s", *noun == 'f' ? catalogue->features[i]
                                                      : catalogue->limits[i]);
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "unknown %s \"%V\"; \"billing_config\" names%*s",
                       noun, name, (size_t) (p - known), known);
}


/* --- requests ------------------------------------------------------------- */

billing_reason_t
ngx_http_billing_allowed(ngx_http_request_t *r, ngx_array_t *limits,
    billing_team_record_t *team)
{
    ngx_str_t                      value;
    ngx_uint_t                     i;
    billing_usage_t                usage;
    billing_reason_t               reason;
    ngx_http_billing_limit_t      *wanted;
    ngx_http_billing_main_conf_t  *bmcf;

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);
    wanted = limits->elts;

    for (i = 0; i < limits->nelts; i++) {

        if (ngx_http_complex_value(r, &wanted[i].used, &value) != NGX_OK) {
            return BILLING_INTERNAL;
        }

        /* What is no number is not known: neither little nor much. */

        usage.limit = wanted[i].limit;
        usage.used = ngx_atoi(value.data, value.len);

        reason = billing_allowance_room(&bmcf->settings->catalogue, team,
                                        &usage, ngx_http_billing_now(bmcf));
        if (reason != BILLING_ALLOW) {
            return reason;
        }
    }

    return BILLING_ALLOW;
}


/* $billing_feature_NAME: 1 or 0; empty where the plan is not known. */

ngx_int_t
ngx_http_billing_variable_feature(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t *name = (ngx_str_t *) data;

    int                            bit;
    uint64_t                       features;
    ngx_http_billing_ctx_t        *ctx;
    ngx_http_billing_main_conf_t  *bmcf;

    ctx = ngx_http_billing_allowance_ctx(r, v);
    if (ctx == NULL) {
        return NGX_OK;
    }

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);

    bit = billing_catalogue_feature(&bmcf->settings->catalogue,
              (char *) name->data + sizeof(NGX_HTTP_BILLING_FEATURE) - 1,
              name->len - (sizeof(NGX_HTTP_BILLING_FEATURE) - 1));

    if (bit < 0) {
        return NGX_OK;
    }

    features = billing_allowance_features(&bmcf->settings->catalogue,
                                          &ctx->team,
                                          ngx_http_billing_now(bmcf));

    v->data = (u_char *) (features >> bit & 1 ? "1" : "0");
    v->len = 1;
    v->valid = 1;
    v->not_found = 0;

    return NGX_OK;
}


/* $billing_limit_NAME: a number, -1 where there is none. */

ngx_int_t
ngx_http_billing_variable_limit(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t *name = (ngx_str_t *) data;

    int                            limit;
    ngx_http_billing_ctx_t        *ctx;
    ngx_http_billing_main_conf_t  *bmcf;

    ctx = ngx_http_billing_allowance_ctx(r, v);
    if (ctx == NULL) {
        return NGX_OK;
    }

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);

    limit = billing_catalogue_limit(&bmcf->settings->catalogue,
                (char *) name->data + sizeof(NGX_HTTP_BILLING_LIMIT) - 1,
                name->len - (sizeof(NGX_HTTP_BILLING_LIMIT) - 1));

    if (limit < 0) {
        return NGX_OK;
    }

    v->data = ngx_pnalloc(r->pool, NGX_INT64_LEN);
    if (v->data == NULL) {
        return NGX_ERROR;
    }

    v->len = ngx_sprintf(v->data, "%L",
                         billing_allowance_limit(&bmcf->settings->catalogue,
                                                 &ctx->team, (uint32_t) limit,
                                                 ngx_http_billing_now(bmcf)))
             - v->data;
    v->valid = 1;
    v->not_found = 0;

    return NGX_OK;
}


/* NULL, and not found, unless the gate knows the team. */

static ngx_http_billing_ctx_t *
ngx_http_billing_allowance_ctx(ngx_http_request_t *r,
    ngx_http_variable_value_t *v)
{
    ngx_http_billing_ctx_t  *ctx;

    v->not_found = 1;

    ctx = ngx_http_billing_ctx_find(r);

    return ctx && ctx->decided && ctx->team.plan != BILLING_PLAN_NONE ? ctx
                                                                      : NULL;
}
