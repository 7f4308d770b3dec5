/*
 * billing_signed_header and $billing_signed_profile: who a proxy in front of
 * nginx says it is, for this request and now.
 */

#include "ngx_http_billing_api.h"
#include "ngx_http_billing_identity.h"
#include "ngx_http_billing_security.h"


struct ngx_http_billing_signed_s {
    ngx_str_t           name;               /* NUL-terminated */
    billing_vault_t     vault;              /* a cleanup's */
    billing_jws_keys_t  keys;
};


static char *ngx_http_billing_signed_keys(ngx_conf_t *cf,
    ngx_http_billing_signed_t *header);
static void ngx_http_billing_signed_free(void *data);


/* billing_signed_header NAME FILE [FILE] */

char *
ngx_http_billing_signed_header(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_billing_main_conf_t *bmcf = conf;

    size_t                      i;
    u_char                      c;
    ngx_str_t                  *value;
    ngx_pool_cleanup_t         *cln;
    ngx_http_billing_signed_t  *header;

    (void) cmd;

    if (bmcf->signed_header) {
        return "is duplicate";
    }

    header = ngx_pcalloc(cf->pool, sizeof(ngx_http_billing_signed_t));
    cln = ngx_pool_cleanup_add(cf->pool, 0);

    if (header == NULL || cln == NULL
        || !billing_vault_open(&header->vault, NGX_HTTP_BILLING_JWT_VAULT))
    {
        return NGX_CONF_ERROR;
    }

    cln->handler = ngx_http_billing_signed_free;
    cln->data = header;

    value = cf->args->elts;

    for (i = 0; i < value[1].len; i++) {
        c = value[1].data[i];

        if (!isalnum(c) && c != '-') {
            break;
        }
    }

    if (value[1].len == 0 || i < value[1].len) {
        return "has a name that is not of letters, digits and \"-\"";
    }

    header->name = value[1];
    bmcf->signed_header = header;

    return ngx_http_billing_signed_keys(cf, header);
}


static char *
ngx_http_billing_signed_keys(ngx_conf_t *cf,
    ngx_http_billing_signed_t *header)
{
    ngx_str_t          *value;
    ngx_uint_t          i;
    billing_jws_key_t  *key;

    value = cf->args->elts;

    for (i = 2; i < cf->args->nelts; i++) {

        if (value[i].len == 0) {
            return "has an empty file name";
        }

        if (ngx_conf_full_name(cf->cycle, &value[i], 1) != NGX_OK) {
            return NGX_CONF_ERROR;
        }

        key = &header->keys.key[header->keys.n];
        key->algorithm = BILLING_JWS_HS256;

        if (ngx_http_billing_jwt_load(cf, &header->vault, &value[i], key)
            != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }

        header->keys.n++;
    }

    return NGX_CONF_OK;
}


static void
ngx_http_billing_signed_free(void *data)
{
    ngx_http_billing_signed_t *header = data;

    billing_vault_close(&header->vault);
}


/*
 * The request line as it came: what a rewrite made of it the proxy cannot
 * know.  Two headers are none: one may be the client's own.
 */

ngx_int_t
ngx_http_billing_variable_signed(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t                      value;
    ngx_uint_t                     n;
    billing_err_t                  rc;
    billing_signed_t               said;
    billing_signed_request_t       request;
    ngx_http_billing_main_conf_t  *bmcf;

    (void) data;

    v->not_found = 1;

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);

    if (bmcf->signed_header == NULL) {
        return NGX_OK;
    }

    n = ngx_http_billing_header(r,
                                (char *) bmcf->signed_header->name.data,
                                &value);

    if (n == 0) {
        return NGX_OK;
    }

    request = (billing_signed_request_t) {
        .method = { r->main->method_name.data, r->main->method_name.len },
        .target = { r->main->unparsed_uri.data, r->main->unparsed_uri.len },
        .header = { value.data, n == 1 ? value.len : 0 }
    };

    rc = billing_signed_verify(&bmcf->signed_header->keys, &request,
                               ngx_time(), &said);

    if (rc == BILLING_EMAC || rc == BILLING_EFORMAT) {
        ngx_http_billing_security_event(r, BILLING_SECURITY_TOKEN_BAD);
    }

    if (rc != BILLING_OK) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "billing: a signed header %s", said.why);
        return NGX_OK;
    }

    return ngx_http_billing_identity_value(r, v, said.profile);
}
