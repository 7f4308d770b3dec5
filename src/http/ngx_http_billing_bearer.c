/*
 * $billing_jwt_profile: who a token of the application says it is.
 *
 * Tokens that this process has verified are kept: the same bytes under the
 * same keys need not be verified again, only be valid still.  With other keys
 * comes another configuration, and with that an empty table.  A place is
 * found as that of a session is (passport.c), and compared in full.
 */

#include "ngx_http_billing_api.h"
#include "ngx_http_billing_identity.h"
#include "ngx_http_billing_security.h"
#include "ngx_http_billing_table.h"

#include <openssl/rand.h>

#define NGX_HTTP_BILLING_BEARERS      1024      /* a power of two */
#define NGX_HTTP_BILLING_BEARER_TAIL  3         /* words, of the signature */


typedef struct {
    billing_jwt_t  jwt;
    size_t         len;
    u_char         token[1];
} ngx_http_billing_bearer_t;

typedef struct {
    ngx_uint_t                  serial;         /* whose keys */
    uint64_t                    key[2 * NGX_HTTP_BILLING_BEARER_TAIL];
    ngx_http_billing_bearer_t  *bearers[NGX_HTTP_BILLING_BEARERS];
} ngx_http_billing_bearers_t;


static ngx_int_t ngx_http_billing_bearer_token(ngx_http_request_t *r,
    ngx_http_billing_jwt_t *jwt, ngx_str_t *token);
static billing_err_t ngx_http_billing_bearer_verify(
    ngx_http_billing_main_conf_t *bmcf, ngx_str_t *token, billing_jwt_t *jwt);
static ngx_http_billing_bearer_t **ngx_http_billing_bearer_place(
    ngx_http_billing_main_conf_t *bmcf, ngx_str_t *token);
static ngx_int_t ngx_http_billing_bearer_start(
    ngx_http_billing_main_conf_t *bmcf);
static void ngx_http_billing_bearer_keep(ngx_http_billing_bearer_t **place,
    ngx_str_t *token, billing_jwt_t *jwt);


static ngx_http_billing_bearers_t  *ngx_http_billing_bearers;


ngx_int_t
ngx_http_billing_variable_jwt(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t                      token;
    billing_jwt_t                  jwt;
    billing_err_t                  rc;
    ngx_http_billing_main_conf_t  *bmcf;

    (void) data;

    v->not_found = 1;

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);

    if (bmcf->jwt == NULL) {
        return NGX_OK;
    }

    if (ngx_http_billing_bearer_token(r, bmcf->jwt, &token) != NGX_OK) {
        return NGX_ERROR;
    }

    if (token.len == 0) {
        return NGX_OK;
    }

    rc = ngx_http_billing_bearer_verify(bmcf, &token, &jwt);

    if (rc == BILLING_EMAC || rc == BILLING_EFORMAT) {
        ngx_http_billing_security_event(r, BILLING_SECURITY_TOKEN_BAD);
    }

    if (jwt.why) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "billing: a token %s", jwt.why);
        return NGX_OK;
    }

    return ngx_http_billing_identity_value(r, v, jwt.profile);
}


/* Outlives what is kept of the token: it is the request's own. */

ngx_int_t
ngx_http_billing_identity_value(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, const char *profile)
{
    size_t  len;

    len = ngx_strlen(profile);

    v->data = ngx_pnalloc(r->pool, len);
    if (v->data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(v->data, profile, len);
    v->len = len;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


/* Two headers are none: of two hands, each would be believed by somebody. */

static ngx_int_t
ngx_http_billing_bearer_token(ngx_http_request_t *r,
    ngx_http_billing_jwt_t *jwt, ngx_str_t *token)
{
    size_t  scheme;

    if (jwt->token) {
        return ngx_http_complex_value(r, jwt->token, token);
    }

    scheme = sizeof("Bearer ") - 1;

    if (ngx_http_billing_header(r, "Authorization", token) != 1
        || token->len <= scheme
        || ngx_strncasecmp(token->data, (u_char *) "Bearer ", scheme) != 0)
    {
        ngx_str_null(token);
        return NGX_OK;
    }

    token->data += scheme;
    token->len -= scheme;

    return NGX_OK;
}


/* jwt says who it is, or why the token does not hold. */

static billing_err_t
ngx_http_billing_bearer_verify(ngx_http_billing_main_conf_t *bmcf,
    ngx_str_t *token, billing_jwt_t *jwt)
{
    billing_err_t                rc;
    ngx_http_billing_bearer_t  **place, *kept;

    place = ngx_http_billing_bearer_place(bmcf, token);
    kept = place ? *place : NULL;

    /* the machine's clock, as for a session */

    if (kept && kept->len == token->len
        && ngx_memcmp(kept->token, token->data, token->len) == 0)
    {
        *jwt = kept->jwt;

        return billing_jwt_valid(jwt, ngx_time()) ? BILLING_OK
                                                  : BILLING_ERANGE;
    }

    rc = billing_jwt_verify(&bmcf->jwt->rules,
                            (billing_bytes_t) { token->data, token->len },
                            ngx_time(), jwt);

    if (rc == BILLING_OK && place) {
        ngx_http_billing_bearer_keep(place, token, jwt);
    }

    return rc;
}


/* Its end is its signature: what differs anywhere differs there.  NULL none. */

static ngx_http_billing_bearer_t **
ngx_http_billing_bearer_place(ngx_http_billing_main_conf_t *bmcf,
    ngx_str_t *token)
{
    uint64_t  place, words[NGX_HTTP_BILLING_BEARER_TAIL];

    if (token->len < sizeof(words)
        || ngx_http_billing_bearer_start(bmcf) != NGX_OK)
    {
        return NULL;
    }

    ngx_memcpy(words, token->data + token->len - sizeof(words),
               sizeof(words));

    place = ngx_http_billing_hash_place(ngx_http_billing_bearers->key, words,
                                        NGX_HTTP_BILLING_BEARER_TAIL);

    return &ngx_http_billing_bearers->bearers[
               place & (NGX_HTTP_BILLING_BEARERS - 1)];
}


static ngx_int_t
ngx_http_billing_bearer_start(ngx_http_billing_main_conf_t *bmcf)
{
    if (ngx_http_billing_bearers) {

        if (ngx_http_billing_bearers->serial == bmcf->serial) {
            return NGX_OK;
        }

        ngx_http_billing_bearer_exit();
    }

    ngx_http_billing_bearers = calloc(1, sizeof(ngx_http_billing_bearers_t));

    if (ngx_http_billing_bearers == NULL) {
        return NGX_ERROR;
    }

    ngx_http_billing_bearers->serial = bmcf->serial;

    if (RAND_bytes((u_char *) ngx_http_billing_bearers->key,
                   sizeof(ngx_http_billing_bearers->key))
        != 1)
    {
        ngx_http_billing_bearer_exit();
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_http_billing_bearer_keep(ngx_http_billing_bearer_t **place,
    ngx_str_t *token, billing_jwt_t *jwt)
{
    ngx_http_billing_bearer_t  *kept;

    kept = malloc(offsetof(ngx_http_billing_bearer_t, token) + token->len);
    if (kept == NULL) {
        return;
    }

    kept->jwt = *jwt;
    kept->len = token->len;
    ngx_memcpy(kept->token, token->data, token->len);

    ngx_free(*place);
    *place = kept;
}


void
ngx_http_billing_bearer_exit(void)
{
    ngx_uint_t  i;

    for (i = 0; ngx_http_billing_bearers && i < NGX_HTTP_BILLING_BEARERS; i++)
    {
        ngx_free(ngx_http_billing_bearers->bearers[i]);
    }

    ngx_free(ngx_http_billing_bearers);
    ngx_http_billing_bearers = NULL;
}
