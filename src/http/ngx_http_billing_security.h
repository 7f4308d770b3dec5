/*
 * security: events for who watches, in a log of their own.  All of these do
 * nothing where there is no billing_security_log.
 */

#ifndef NGX_HTTP_BILLING_SECURITY_H
#define NGX_HTTP_BILLING_SECURITY_H

#include "ngx_http_billing.h"

#include "../store/billing_store_security.h"

#pragma GCC visibility push(hidden)

/* billing_security_log FILE|syslog:...|off [rate=LINES] */
char *ngx_http_billing_security_log(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* The gate has refused; a request is told of once. */
void ngx_http_billing_security_gate(ngx_http_request_t *r,
    ngx_http_billing_ctx_t *ctx);

/* An answer of the interface, should it be an event. */
void ngx_http_billing_security_problem(ngx_http_request_t *r,
    ngx_uint_t status, const char *code);

/* What is wrong with a request, before it is answered. */
void ngx_http_billing_security_event(ngx_http_request_t *r,
    billing_security_event_t event);

/* What came out of Redis and was not ours; want says of whom, or is NULL. */
void ngx_http_billing_security_mac(const char *what,
    ngx_http_billing_want_t *want);

/* Says what has been left out, while it can. */
void ngx_http_billing_security_exit(void);

#pragma GCC visibility pop

#endif /* NGX_HTTP_BILLING_SECURITY_H */
