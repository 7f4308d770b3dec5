/* Shared by the gate and what it looks at. */

#ifndef NGX_HTTP_BILLING_GATE_H
#define NGX_HTTP_BILLING_GATE_H

#include "ngx_http_billing.h"

#pragma GCC visibility push(hidden)

#define NGX_HTTP_BILLING_ASKED_BOARD   1
#define NGX_HTTP_BILLING_ASKED_TEAM    2
#define NGX_HTTP_BILLING_ASKED_MEMBER  4
#define NGX_HTTP_BILLING_ASKED_ACCESS  8


typedef struct {
    ngx_http_billing_entry_t   board;
    ngx_http_billing_entry_t   team;
    ngx_http_billing_entry_t   member;
    ngx_http_billing_entry_t   access;      /* his rights on the board */
    ngx_str_t                  team_id;
    ngx_http_billing_want_t    wants[4];        /* nwants of them */
    ngx_uint_t                 nwants;
    ngx_uint_t                 wants_asked;
    unsigned                   stale:1;
    unsigned                   unknown:1;   /* the board or its team */
    unsigned                   stranger:1;  /* who asks */
} ngx_http_billing_look_t;

/* Fills an empty *look; wants are what may still be asked for. */
void ngx_http_billing_look_empty(ngx_http_billing_look_t *look);
void ngx_http_billing_look(ngx_http_request_t *r,
    ngx_http_billing_gate_t *gate, ngx_http_billing_look_t *look);

/* Whether the client has not yet seen a later one of the team. */
ngx_uint_t ngx_http_billing_look_seen(ngx_http_request_t *r, ngx_str_t *id,
    billing_team_record_t *team);

/*
 * Before a refusal: 1 when what is known of who asks may be from before the
 * team as it is now, and becomes a want.
 */
ngx_uint_t ngx_http_billing_look_doubt(ngx_http_billing_gate_t *gate,
    ngx_http_billing_look_t *look);

/* Of a request that has just passed: keeps what that rests on. */
void ngx_http_billing_memo_keep(ngx_http_request_t *r,
    ngx_http_billing_ctx_t *ctx, ngx_http_billing_look_t *look);

#pragma GCC visibility pop

#endif /* NGX_HTTP_BILLING_GATE_H */
