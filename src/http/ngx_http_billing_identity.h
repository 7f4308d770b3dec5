/* Who asks, as the application's tokens say it: jwt and bearer. */

#ifndef NGX_HTTP_BILLING_IDENTITY_H
#define NGX_HTTP_BILLING_IDENTITY_H

#include "ngx_http_billing.h"
#include "../store/billing_store_identity.h"

#pragma GCC visibility push(hidden)


/* --- jwt: the directives billing_jwt_* ------------------------------------ */

typedef struct ngx_http_billing_jwt_s  ngx_http_billing_jwt_t;

struct ngx_http_billing_jwt_s {
    billing_jwt_rules_t        rules;       /* cycle pool; keys by a cleanup */
    ngx_array_t                files;       /* of ngx_str_t, one for a key */
    ngx_http_complex_value_t  *token;       /* NULL: "Authorization: Bearer" */
};

char *ngx_http_billing_jwt_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
/* cmd->offset: which text of billing_jwt_rules_t. */
char *ngx_http_billing_jwt_text(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_billing_jwt_token(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* At the end of "http": whether what belongs together is there. */
char *ngx_http_billing_jwt_check(ngx_conf_t *cf,
    ngx_http_billing_main_conf_t *bmcf);


/* --- bearer: $billing_jwt_profile, and tokens verified lately ------------- */

ngx_int_t ngx_http_billing_variable_jwt(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
void ngx_http_billing_bearer_exit(void);


#pragma GCC visibility pop

#endif /* NGX_HTTP_BILLING_IDENTITY_H */
