/* Who asks, as others say it: jwt, bearer and signed. */

#ifndef NGX_HTTP_BILLING_IDENTITY_H
#define NGX_HTTP_BILLING_IDENTITY_H

#include "ngx_http_billing.h"
#include "../store/billing_store_identity.h"

#pragma GCC visibility push(hidden)


/* --- jwt: the directives billing_jwt_* ------------------------------------ */

typedef struct ngx_http_billing_jwt_s  ngx_http_billing_jwt_t;

struct ngx_http_billing_jwt_s {
    billing_vault_t            vault;       /* a cleanup's, as are the keys */
    billing_jwt_rules_t        rules;
    ngx_array_t                files;       /* of ngx_str_t, one for a key */
    ngx_http_complex_value_t  *token;       /* NULL: "Authorization: Bearer" */
};

char *ngx_http_billing_jwt_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
/* cmd->offset: which text of billing_jwt_rules_t. */
char *ngx_http_billing_jwt_text(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_billing_jwt_token(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* Room for the secrets of so many keys. */
#define NGX_HTTP_BILLING_JWT_VAULT                                            \
    (BILLING_JWS_KEYS * (sizeof(billing_mac_key_t) + 16))

/*
 * key, whose algorithm is set, from the file; a secret stands in the vault.
 * NGX_ERROR, and it is logged.
 */
ngx_int_t ngx_http_billing_jwt_load(ngx_conf_t *cf, billing_vault_t *vault,
    ngx_str_t *name, billing_jws_key_t *key);

/* At the end of "http": whether what belongs together is there. */
char *ngx_http_billing_jwt_check(ngx_conf_t *cf,
    ngx_http_billing_main_conf_t *bmcf);


/* --- bearer: $billing_jwt_profile, and tokens verified lately ------------- */

ngx_int_t ngx_http_billing_variable_jwt(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
void ngx_http_billing_bearer_exit(void);

/* A copy of the profile in the request's memory becomes the value. */
ngx_int_t ngx_http_billing_identity_value(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, const char *profile);


/* --- signed: billing_signed_header and $billing_signed_profile ------------ */

typedef struct ngx_http_billing_signed_s  ngx_http_billing_signed_t;

char *ngx_http_billing_signed_header(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
ngx_int_t ngx_http_billing_variable_signed(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


#pragma GCC visibility pop

#endif /* NGX_HTTP_BILLING_IDENTITY_H */
