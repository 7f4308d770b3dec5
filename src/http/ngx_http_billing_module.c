/* ngx_http_billing_module: the directives, and what becomes of them. */

#include "ngx_http_billing_conf.h"
#include "ngx_http_billing_api.h"
#include "ngx_http_billing_identity.h"
#include "ngx_http_billing_security.h"

#define NGX_HTTP_BILLING_YEAR  31536000     /* s; times beyond are mistakes */


typedef struct {
    ngx_conf_post_handler_pt   handler;     /* first: read as ngx_conf_post_t */
    time_t                     min;
    time_t                     max;
} ngx_http_billing_bounds_t;


static ngx_int_t ngx_http_billing_preconfiguration(ngx_conf_t *cf);
static void *ngx_http_billing_create_main_conf(ngx_conf_t *cf);
static char *ngx_http_billing_init_main_conf(ngx_conf_t *cf, void *conf);
static void *ngx_http_billing_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_billing_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static char *ngx_http_billing_check_location(ngx_conf_t *cf,
    ngx_http_billing_loc_conf_t *prev, ngx_http_billing_loc_conf_t *conf);
static char *ngx_http_billing_check_question(ngx_conf_t *cf,
    ngx_http_billing_loc_conf_t *conf);
static ngx_int_t ngx_http_billing_postconfiguration(ngx_conf_t *cf);

static char *ngx_http_billing_sec_bounds(ngx_conf_t *cf, void *post,
    void *data);
static char *ngx_http_billing_msec_bounds(ngx_conf_t *cf, void *post,
    void *data);


static ngx_conf_enum_t  ngx_http_billing_log_levels[] = {
    { ngx_string("info"), NGX_LOG_INFO },
    { ngx_string("notice"), NGX_LOG_NOTICE },
    { ngx_string("warn"), NGX_LOG_WARN },
    { ngx_string("error"), NGX_LOG_ERR },
    { ngx_null_string, 0 }
};

static ngx_conf_enum_t  ngx_http_billing_on_errors[] = {
    { ngx_string("deny"), NGX_HTTP_BILLING_DENY },
    { ngx_string("pass"), NGX_HTTP_BILLING_PASS },
    { ngx_null_string, 0 }
};

static ngx_conf_enum_t  ngx_http_billing_nginx_builds[] = {
    { ngx_string("exact"), NGX_HTTP_BILLING_BUILD_EXACT },
    { ngx_string("layout"), NGX_HTTP_BILLING_BUILD_LAYOUT },
    { ngx_null_string, 0 }
};

static ngx_conf_num_bounds_t  ngx_http_billing_statuses = {
    ngx_conf_check_num_bounds, 400, 599
};

static ngx_http_billing_bounds_t  ngx_http_billing_wait_bounds = {
    ngx_http_billing_msec_bounds, 1, 3600
};

static ngx_http_billing_bounds_t  ngx_http_billing_trust_bounds = {
    ngx_http_billing_sec_bounds, 1, 86400
};

/* Zero is a choice here: nothing stale at all. */

static ngx_http_billing_bounds_t  ngx_http_billing_stale_bounds = {
    ngx_http_billing_sec_bounds, 0, NGX_HTTP_BILLING_YEAR
};

static ngx_conf_post_t  ngx_http_billing_cookie_post = {
    ngx_http_billing_cookie_name
};

static ngx_conf_post_t  ngx_http_billing_origin_post = {
    ngx_http_billing_origin_url
};

static ngx_conf_post_t  ngx_http_billing_pages_post = {
    ngx_http_billing_pages_prefix
};


static ngx_command_t  ngx_http_billing_commands[] = {

    { ngx_string("billing_config"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_billing_config,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("billing_zone"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE2,
      ngx_http_billing_zone,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("billing_worker"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_billing_worker,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("billing_nginx_build"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_enum_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_billing_main_conf_t, nginx_build),
      &ngx_http_billing_nginx_builds },

    { ngx_string("billing_session_cookie"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_billing_main_conf_t, session_cookie),
      &ngx_http_billing_cookie_post },

    { ngx_string("billing_origin"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_billing_main_conf_t, origin),
      &ngx_http_billing_origin_post },

    { ngx_string("billing_security_log"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE12,
      ngx_http_billing_security_log,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("billing_profile"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_set_complex_value_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_billing_loc_conf_t, profile),
      NULL },

    { ngx_string("billing_jwt_key"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE23,
      ngx_http_billing_jwt_key,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("billing_jwt_issuer"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_billing_jwt_text,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(billing_jwt_rules_t, issuer),
      NULL },

    { ngx_string("billing_jwt_audience"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_billing_jwt_text,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(billing_jwt_rules_t, audience),
      NULL },

    { ngx_string("billing_jwt_claim"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_billing_jwt_text,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(billing_jwt_rules_t, claim),
      NULL },

    { ngx_string("billing_jwt_token"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_billing_jwt_token,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("billing_signed_header"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE23,
      ngx_http_billing_signed_header,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("billing_team"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_set_complex_value_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_billing_loc_conf_t, team),
      NULL },

    { ngx_string("billing_board"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_set_complex_value_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_billing_loc_conf_t, board),
      NULL },

    { ngx_string("billing_require"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_billing_require,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("billing_dry_run"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_billing_loc_conf_t, dry_run),
      NULL },

    { ngx_string("billing_status_code"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_billing_loc_conf_t, status_code),
      &ngx_http_billing_statuses },

    { ngx_string("billing_log_level"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_enum_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_billing_loc_conf_t, log_level),
      &ngx_http_billing_log_levels },

    { ngx_string("billing_cache_max_age"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_billing_loc_conf_t, max_age),
      &ngx_http_billing_trust_bounds },

    { ngx_string("billing_cache_ttl"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_billing_loc_conf_t, ttl),
      &ngx_http_billing_trust_bounds },

    { ngx_string("billing_stale"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_billing_loc_conf_t, stale),
      &ngx_http_billing_stale_bounds },

    { ngx_string("billing_on_error"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_enum_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_billing_loc_conf_t, on_error),
      &ngx_http_billing_on_errors },

    { ngx_string("billing_wait"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_billing_loc_conf_t, wait),
      &ngx_http_billing_wait_bounds },

    { ngx_string("billing_follow"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_billing_loc_conf_t, follow),
      &ngx_http_billing_wait_bounds },

    { ngx_string("billing_pages"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_billing_loc_conf_t, pages),
      &ngx_http_billing_pages_post },

    { ngx_string("billing_api"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_billing_api,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_billing_module_ctx = {
    ngx_http_billing_preconfiguration,     /* preconfiguration */
    ngx_http_billing_postconfiguration,    /* postconfiguration */

    ngx_http_billing_create_main_conf,     /* create main configuration */
    ngx_http_billing_init_main_conf,       /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_billing_create_loc_conf,      /* create location configuration */
    ngx_http_billing_merge_loc_conf        /* merge location configuration */
};


ngx_module_t  ngx_http_billing_module = {
    NGX_MODULE_V1,
    &ngx_http_billing_module_ctx,          /* module context */
    ngx_http_billing_commands,             /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_http_billing_init_process,         /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_http_billing_exit_process,         /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_int_t
ngx_http_billing_preconfiguration(ngx_conf_t *cf)
{
    if (ngx_http_billing_build_layout(cf) != NGX_OK
        || ngx_http_billing_trace_init(cf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_billing_add_variables(cf);
}


static void *
ngx_http_billing_create_main_conf(ngx_conf_t *cf)
{
    static ngx_uint_t              serial;
    ngx_http_billing_main_conf_t  *bmcf;

    bmcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_billing_main_conf_t));

    if (bmcf) {
        bmcf->serial = ++serial;
        bmcf->nginx_build = NGX_CONF_UNSET_UINT;
    }

    return bmcf;
}


static char *
ngx_http_billing_init_main_conf(ngx_conf_t *cf, void *conf)
{
    ngx_http_billing_main_conf_t *bmcf = conf;

    u_char  *p;

    if (ngx_http_billing_build_check(cf, bmcf->nginx_build) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (bmcf->session_cookie.data == NULL) {
        ngx_str_set(&bmcf->session_cookie, "billing_session");
    }

    if (ngx_http_billing_jwt_check(cf, bmcf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    bmcf->session_cookie_tls = bmcf->session_cookie;

    if (ngx_strncmp(bmcf->session_cookie.data, "__", 2) != 0) {
        p = ngx_pnalloc(cf->pool, sizeof("__Host-") + bmcf->session_cookie.len);
        if (p == NULL) {
            return NGX_CONF_ERROR;
        }

        bmcf->session_cookie_tls.data = p;
        bmcf->session_cookie_tls.len = ngx_sprintf(p, "__Host-%V%Z",
                                                   &bmcf->session_cookie)
                                       - p - 1;
    }

    if (bmcf->settings && bmcf->zone == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"billing_config\" needs a \"billing_zone\"");
        return NGX_CONF_ERROR;
    }

    if (bmcf->settings == NULL && (bmcf->zone || bmcf->worker_path.len)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%s\" needs a \"billing_config\"",
                           bmcf->zone ? "billing_zone" : "billing_worker");
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static void *
ngx_http_billing_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_billing_loc_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_billing_loc_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    conf->require = NGX_CONF_UNSET;
    conf->dry_run = NGX_CONF_UNSET;
    conf->status_code = NGX_CONF_UNSET_UINT;
    conf->log_level = NGX_CONF_UNSET_UINT;
    conf->max_age = NGX_CONF_UNSET;
    conf->ttl = NGX_CONF_UNSET;
    conf->stale = NGX_CONF_UNSET;
    conf->on_error = NGX_CONF_UNSET_UINT;
    conf->wait = NGX_CONF_UNSET_MSEC;
    conf->follow = NGX_CONF_UNSET_MSEC;

    return conf;
}


static char *
ngx_http_billing_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_billing_loc_conf_t *prev = parent;
    ngx_http_billing_loc_conf_t *conf = child;

    char  *rv;

    rv = ngx_http_billing_check_location(cf, prev, conf);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (conf->profile == NULL) {
        conf->profile = prev->profile;
    }

    if (conf->team == NULL) {
        conf->team = prev->team;
    }

    if (conf->board == NULL) {
        conf->board = prev->board;
    }

    conf->by_session = ngx_http_billing_question_by_session(conf->profile);
    conf->profile_index = ngx_http_billing_question_index(conf->profile);
    conf->team_index = ngx_http_billing_question_index(conf->team);
    conf->board_index = ngx_http_billing_question_index(conf->board);

    if (conf->require == NGX_CONF_UNSET) {
        conf->require = prev->require == NGX_CONF_UNSET ? 0 : prev->require;
        conf->wanted = prev->wanted;
        conf->wanted_auto = prev->wanted_auto;
        conf->limits = prev->limits;
    }

    ngx_conf_merge_value(conf->dry_run, prev->dry_run, 0);
    ngx_conf_merge_uint_value(conf->status_code, prev->status_code, 0);
    ngx_conf_merge_uint_value(conf->log_level, prev->log_level, NGX_LOG_INFO);
    ngx_conf_merge_sec_value(conf->max_age, prev->max_age, 60);
    ngx_conf_merge_sec_value(conf->ttl, prev->ttl, 1);
    ngx_conf_merge_sec_value(conf->stale, prev->stale, 600);
    ngx_conf_merge_uint_value(conf->on_error, prev->on_error,
                              NGX_HTTP_BILLING_DENY);
    ngx_conf_merge_msec_value(conf->wait, prev->wait, 10000);
    ngx_conf_merge_msec_value(conf->follow, prev->follow, 25000);
    ngx_conf_merge_str_value(conf->pages, prev->pages, "/billing/pages/");

    return ngx_http_billing_check_question(cf, conf);
}


/*
 * A server may leave the team to its locations; what no location answers is
 * then refused.
 */

static char *
ngx_http_billing_check_question(ngx_conf_t *cf,
    ngx_http_billing_loc_conf_t *conf)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (!conf->require || conf->team || conf->board || clcf->name.len == 0) {
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"billing_require\" needs a \"billing_team\" or a "
                       "\"billing_board\" in location \"%V\"", &clcf->name);

    return NGX_CONF_ERROR;
}


/* Purchases are never open: what cannot be checked is refused. */

static char *
ngx_http_billing_check_location(ngx_conf_t *cf,
    ngx_http_billing_loc_conf_t *prev, ngx_http_billing_loc_conf_t *conf)
{
    ngx_http_core_loc_conf_t      *clcf;
    ngx_http_billing_main_conf_t  *bmcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    bmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_billing_module);

    if (clcf->handler != ngx_http_billing_api_handler) {
        return NGX_CONF_OK;
    }

    if (bmcf->settings == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"billing_api\" needs a \"billing_config\"");
        return NGX_CONF_ERROR;
    }

    if (conf->on_error == NGX_HTTP_BILLING_PASS
        || (conf->on_error == NGX_CONF_UNSET_UINT
            && prev->on_error == NGX_HTTP_BILLING_PASS))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"billing_on_error pass\" in a location with "
                           "\"billing_api\": \"%V\"", &clcf->name);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_billing_postconfiguration(ngx_conf_t *cf)
{
    ngx_http_handler_pt           *h;
    ngx_http_core_main_conf_t     *cmcf;
    ngx_http_billing_main_conf_t  *bmcf;

    bmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_billing_module);

    if (bmcf->settings == NULL) {
        return NGX_OK;
    }

    if (ngx_http_billing_allowance_variables(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    /* Behind all access checks, whatever "satisfy" makes of them. */

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_PRECONTENT_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_billing_gate;

    return ngx_http_billing_worker_path(cf, bmcf);
}


static char *
ngx_http_billing_sec_bounds(ngx_conf_t *cf, void *post, void *data)
{
    ngx_http_billing_bounds_t *bounds = post;
    time_t                    *value = data;

    if (*value >= bounds->min && *value <= bounds->max) {
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "value must be between %Ts and %Ts", bounds->min,
                       bounds->max);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_billing_msec_bounds(ngx_conf_t *cf, void *post, void *data)
{
    time_t       value;
    ngx_msec_t  *msec = data;

    value = (*msec + 999) / 1000;

    return ngx_http_billing_sec_bounds(cf, post, &value);
}
