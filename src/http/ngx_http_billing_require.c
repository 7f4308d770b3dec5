/* billing_require: what a location wants of who comes, in words. */

#include "ngx_http_billing.h"


typedef struct {
    ngx_str_t   name;
    size_t      offset;         /* of a bool in billing_wanted_t */
} ngx_http_billing_word_t;


static char *ngx_http_billing_require_word(ngx_conf_t *cf,
    ngx_http_billing_loc_conf_t *blcf, ngx_str_t *word);
static char *ngx_http_billing_require_feature(ngx_conf_t *cf,
    ngx_http_billing_loc_conf_t *blcf, ngx_str_t *word);


static ngx_http_billing_word_t  ngx_http_billing_words[] = {
    { ngx_string("view"), offsetof(billing_wanted_t, view) },
    { ngx_string("edit"), offsetof(billing_wanted_t, edit) },
    { ngx_string("seat"), offsetof(billing_wanted_t, seat) },
    { ngx_string("admin"), offsetof(billing_wanted_t, admin) },
    { ngx_string("billing"), offsetof(billing_wanted_t, billing) },
    { ngx_null_string, 0 }
};


char *
ngx_http_billing_require(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_billing_loc_conf_t *blcf = conf;

    char                          *rv;
    ngx_str_t                     *value;
    ngx_uint_t                     i;
    ngx_http_billing_main_conf_t  *bmcf;

    (void) cmd;

    if (blcf->require != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        blcf->require = 0;
        return NGX_CONF_OK;
    }

    bmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_billing_module);

    if (bmcf->settings == NULL) {
        return "needs a \"billing_config\" in front of it, which names the "
               "features";
    }

    blcf->require = 1;

    for (i = 1; i < cf->args->nelts; i++) {
        rv = ngx_http_billing_require_word(cf, blcf, &value[i]);

        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    if (blcf->wanted_auto && (blcf->wanted.view || blcf->wanted.edit)) {
        return "has \"auto\" beside \"view\" or \"edit\"";
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_billing_require_word(ngx_conf_t *cf,
    ngx_http_billing_loc_conf_t *blcf, ngx_str_t *word)
{
    bool                     *wanted;
    ngx_str_t                 limit;
    ngx_http_billing_word_t  *known;

    if (ngx_strcmp(word->data, "off") == 0) {
        return "has \"off\" beside other words";
    }

    if (ngx_strcmp(word->data, "auto") == 0) {
        blcf->wanted_auto = 1;
        return NGX_CONF_OK;
    }

    if (word->len > 6 && ngx_strncmp(word->data, "limit=", 6) == 0) {
        limit.data = word->data + 6;
        limit.len = word->len - 6;
        return ngx_http_billing_allowance(cf, blcf, &limit);
    }

    for (known = ngx_http_billing_words; known->name.len; known++) {

        if (word->len == known->name.len
            && ngx_memcmp(word->data, known->name.data, word->len) == 0)
        {
            wanted = (bool *) ((u_char *) &blcf->wanted + known->offset);
            *wanted = true;
            return NGX_CONF_OK;
        }
    }

    return ngx_http_billing_require_feature(cf, blcf, word);
}


static char *
ngx_http_billing_require_feature(ngx_conf_t *cf,
    ngx_http_billing_loc_conf_t *blcf, ngx_str_t *word)
{
    int                            bit;
    u_char                        *p, *last, names[1024];
    ngx_uint_t                     i;
    billing_catalogue_t           *catalogue;
    ngx_http_billing_main_conf_t  *bmcf;

    bmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_billing_module);
    catalogue = &bmcf->settings->catalogue;

    bit = billing_catalogue_feature(catalogue, (char *) word->data, word->len);

    if (bit >= 0) {
        blcf->wanted.features |= (uint64_t) 1 << bit;
        return NGX_CONF_OK;
    }

    p = names;
    last = names + sizeof(names);

    for (i = 0; i < catalogue->nfeatures; i++) {
        p = ngx_slprintf(p, last, " %s", catalogue->features[i]);
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "unknown word \"%V\" in \"billing_require\"; known are "
                       "off auto view edit seat admin billing limit=NAME:USED "
                       "and the features%*s", word, (size_t) (p - names),
                       names);

    return NGX_CONF_ERROR;
}
