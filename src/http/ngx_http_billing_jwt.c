/*
 * billing_jwt_*: with which keys the application signs, and what its tokens
 * must say.  Keys are loaded by the master: a wrong file fails "nginx -t".
 */

#include "ngx_http_billing_conf.h"
#include "ngx_http_billing_identity.h"

#define NGX_HTTP_BILLING_JWT_FILE_MAX  4096     /* RSA, 8192 bits: 1.5 KB */


static ngx_http_billing_jwt_t *ngx_http_billing_jwt_conf(
    ngx_conf_t *cf, ngx_http_billing_main_conf_t *bmcf);
static void ngx_http_billing_jwt_free(void *data);
static char *ngx_http_billing_jwt_fits(ngx_conf_t *cf,
    billing_jwt_rules_t *rules, billing_jws_key_t *key);
static char *ngx_http_billing_jwt_kid(ngx_conf_t *cf, ngx_str_t *word,
    billing_jws_key_t *key);


/* billing_jwt_key ALGORITHM FILE [kid=ID] */

char *
ngx_http_billing_jwt_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char                           *rv;
    ngx_str_t                      *value, *file, *files;
    ngx_uint_t                      i;
    billing_jws_key_t              *key;
    billing_jws_keys_t             *keys;
    ngx_http_billing_jwt_t  *jwt;

    (void) cmd;

    jwt = ngx_http_billing_jwt_conf(cf, conf);
    if (jwt == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;
    files = jwt->files.elts;
    keys = &jwt->rules.keys;

    if (keys->n == BILLING_JWS_KEYS) {
        return "is given more than 4 times";
    }

    key = &keys->key[keys->n];
    ngx_memzero(key, sizeof(billing_jws_key_t));

    key->algorithm = billing_jws_algorithm((billing_bytes_t) {
                                               value[1].data, value[1].len });

    rv = ngx_http_billing_jwt_fits(cf, &jwt->rules, key);

    if (rv == NGX_CONF_OK && cf->args->nelts == 4) {
        rv = ngx_http_billing_jwt_kid(cf, &value[3], key);
    }

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (value[2].len == 0) {
        return "has an empty file name";
    }

    if (ngx_conf_full_name(cf->cycle, &value[2], 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    for (i = 0; i < keys->n; i++) {
        if (ngx_strcmp(files[i].data, value[2].data) == 0
            || (key->kid[0] && ngx_strcmp(keys->key[i].kid, key->kid) == 0))
        {
            return "is duplicate";
        }
    }

    file = ngx_array_push(&jwt->files);

    if (file == NULL
        || ngx_http_billing_jwt_load(cf, &jwt->vault, &value[2], key)
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    *file = value[2];
    keys->n++;

    return NGX_CONF_OK;
}


static ngx_http_billing_jwt_t *
ngx_http_billing_jwt_conf(ngx_conf_t *cf, ngx_http_billing_main_conf_t *bmcf)
{
    ngx_pool_cleanup_t             *cln;
    ngx_http_billing_jwt_t  *jwt;

    if (bmcf->jwt) {
        return bmcf->jwt;
    }

    jwt = ngx_pcalloc(cf->pool, sizeof(ngx_http_billing_jwt_t));
    cln = ngx_pool_cleanup_add(cf->pool, 0);

    if (jwt == NULL || cln == NULL
        || ngx_array_init(&jwt->files, cf->pool, BILLING_JWS_KEYS,
                          sizeof(ngx_str_t))
           != NGX_OK
        || !billing_vault_open(&jwt->vault, NGX_HTTP_BILLING_JWT_VAULT))
    {
        return NULL;
    }

    cln->handler = ngx_http_billing_jwt_free;
    cln->data = jwt;
    bmcf->jwt = jwt;

    return jwt;
}


static void
ngx_http_billing_jwt_free(void *data)
{
    ngx_http_billing_jwt_t *jwt = data;

    ngx_uint_t  i;

    for (i = 0; i < jwt->rules.keys.n; i++) {
        billing_jws_key_free(&jwt->rules.keys.key[i]);
    }

    billing_vault_close(&jwt->vault);
}


/*
 * A shared secret beside public keys is how a public key comes to be taken
 * for the secret.
 */

static char *
ngx_http_billing_jwt_fits(ngx_conf_t *cf, billing_jwt_rules_t *rules,
    billing_jws_key_t *key)
{
    ngx_str_t  *value;

    if (key->algorithm == BILLING_JWS_NONE) {
        value = cf->args->elts;
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "unknown algorithm \"%V\" in \"billing_jwt_key\"; "
                           "known are HS256 RS256 ES256 EdDSA", &value[1]);
        return NGX_CONF_ERROR;
    }

    if (rules->keys.n
        && (rules->keys.key[0].algorithm == BILLING_JWS_HS256)
           != (key->algorithm == BILLING_JWS_HS256))
    {
        return "has a shared secret (HS256) beside public keys";
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_billing_jwt_kid(ngx_conf_t *cf, ngx_str_t *word,
    billing_jws_key_t *key)
{
    size_t  len;

    if (ngx_strncmp(word->data, "kid=", 4) != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "unknown word \"%V\" in \"billing_jwt_key\"",
                           word);
        return NGX_CONF_ERROR;
    }

    len = word->len - 4;

    if (len == 0 || len > BILLING_JWS_KID_MAX) {
        return "has a \"kid=\" that is empty or longer than 128 bytes";
    }

    ngx_memcpy(key->kid, word->data + 4, len);

    return NGX_CONF_OK;
}


ngx_int_t
ngx_http_billing_jwt_load(ngx_conf_t *cf, billing_vault_t *vault,
    ngx_str_t *name, billing_jws_key_t *key)
{
    ngx_int_t       rc;
    ngx_str_t       bytes;
    ngx_uint_t      mode;
    const char     *why;
    billing_err_t   err;

    if (key->algorithm == BILLING_JWS_HS256) {
        key->mac = billing_vault_take(vault, sizeof(billing_mac_key_t));

        if (key->mac == NULL) {
            return NGX_ERROR;
        }
    }

    /* A public key may be read by everybody. */

    rc = key->algorithm == BILLING_JWS_HS256
         ? ngx_http_billing_config_secret(cf, (char *) name->data, &bytes)
         : ngx_http_billing_config_read(cf, (char *) name->data,
                                        NGX_HTTP_BILLING_JWT_FILE_MAX,
                                        &bytes, &mode);
    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    err = billing_jws_key_load(key, (billing_bytes_t) { bytes.data,
                                                        bytes.len }, &why);

    ngx_explicit_memzero(bytes.data, bytes.len);
    ngx_free(bytes.data);

    if (err != BILLING_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "billing: the key \"%V\" for %s %s", name,
                           billing_jws_algorithm_name(key->algorithm), why);
        return NGX_ERROR;
    }

    return NGX_OK;
}


char *
ngx_http_billing_jwt_text(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t                      *value;
    const char                    **text;
    ngx_http_billing_jwt_t  *jwt;

    jwt = ngx_http_billing_jwt_conf(cf, conf);
    if (jwt == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;
    text = (const char **) ((u_char *) &jwt->rules + cmd->offset);

    if (*text) {
        return "is duplicate";
    }

    if (value[1].len == 0) {
        return "is empty";
    }

    *text = (char *) value[1].data;

    return NGX_CONF_OK;
}


char *
ngx_http_billing_jwt_token(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t                         *value;
    struct ngx_http_billing_jwt_s     *jwt;
    ngx_http_compile_complex_value_t   ccv;

    (void) cmd;

    jwt = ngx_http_billing_jwt_conf(cf, conf);
    if (jwt == NULL) {
        return NGX_CONF_ERROR;
    }

    if (jwt->token) {
        return "is duplicate";
    }

    jwt->token = ngx_palloc(cf->pool, sizeof(ngx_http_complex_value_t));
    if (jwt->token == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = &value[1];
    ccv.complex_value = jwt->token;

    if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return jwt->token->lengths ? NGX_CONF_OK : "has no variable";
}


char *
ngx_http_billing_jwt_check(ngx_conf_t *cf, ngx_http_billing_main_conf_t *bmcf)
{
    const char           *missing;
    billing_jwt_rules_t  *rules;

    if (bmcf->jwt == NULL) {
        return NGX_CONF_OK;
    }

    rules = &bmcf->jwt->rules;

    missing = rules->keys.n == 0 ? "billing_jwt_key"
              : rules->issuer == NULL ? "billing_jwt_issuer"
              : rules->audience == NULL ? "billing_jwt_audience" : NULL;

    if (missing) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "tokens need a \"%s\" too", missing);
        return NGX_CONF_ERROR;
    }

    if (rules->claim == NULL) {
        rules->claim = "email";
    }

    return NGX_CONF_OK;
}
