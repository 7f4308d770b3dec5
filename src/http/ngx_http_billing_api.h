/*
 * The interface half of the module: what api, answer, session, transport,
 * status and local share among themselves.
 */

#ifndef NGX_HTTP_BILLING_API_H
#define NGX_HTTP_BILLING_API_H

#include "ngx_http_billing.h"

#define NGX_HTTP_BILLING_RANDOM_LEN  32     /* hex digits: 128 random bits */

typedef struct {
    billing_match_t    match;
    json_t            *body;            /* the request, checked; pool cleanup */
    const char        *actor;           /* e-mail, "" when anonymous */
    char               key[BILLING_IDEMPOTENCY_MAX + 1];
    char               op[BILLING_OP_ID_LEN + 1];
    billing_answer_t  *answer;          /* in r->pool, once it has come */
    billing_reason_t   refused;         /* why it was not sent after a hold */
    ngx_uint_t         holds;           /* how often the links were awaited */
    void              *bulk;            /* app.c's own */
    uint64_t           version;         /* of the team that is followed */
    unsigned           secured:1;       /* security headers are set */
    unsigned           looked:1;        /* waited to know the queue's age */
    unsigned           unsent:1;        /* proven: the command did not leave */
} ngx_http_billing_api_ctx_t;

typedef ngx_int_t (*ngx_http_billing_local_pt)(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx);

/* The interface's own part of the request state, or NULL out of memory. */
ngx_http_billing_api_ctx_t *ngx_http_billing_api_ctx(ngx_http_request_t *r);

/* How often the client sent a header; value is the first one's. */
ngx_uint_t ngx_http_billing_header(ngx_http_request_t *r, const char *name,
    ngx_str_t *value);
/* How often a cookie of that name was sent; value is the first one's. */
ngx_uint_t ngx_http_billing_cookie(ngx_http_request_t *r, const char *name,
    ngx_str_t *value);

#define NGX_HTTP_BILLING_SEEN  "billing_seen"

ngx_str_t *ngx_http_billing_session_name(ngx_http_request_t *r);
ngx_uint_t ngx_http_billing_https(ngx_http_request_t *r);

/* Security headers, once; cache is the Cache-Control, NULL for no-store. */
ngx_int_t ngx_http_billing_secure(ngx_http_request_t *r, const char *cache);

/* The answer holds a token: never compressed, so its length tells nothing. */
void ngx_http_billing_secret(ngx_http_request_t *r);

/* 32 random hex digits and a NUL. */
ngx_int_t ngx_http_billing_random(char out[NGX_HTTP_BILLING_RANDOM_LEN + 1]);

/* NGX_OK when the request comes from a page of ours, as far as it can tell. */
ngx_int_t ngx_http_billing_same_origin(ngx_http_request_t *r);

/* The body in one piece; not larger than max, NGX_DECLINED when it is. */
ngx_int_t ngx_http_billing_body(ngx_http_request_t *r, size_t max,
    ngx_str_t *body);

/*
 * As send_problem; for GET of no address of ours a page for who wants one, and
 * in French the advice to switch to English (R3).
 */
ngx_int_t ngx_http_billing_send_missing(ngx_http_request_t *r,
    billing_reason_t reason);

/* The operation's key: the client's, by chance, or why there is none. */
billing_reason_t ngx_http_billing_api_key(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx);

/* ALLOW for who holds the application's key; else the challenge is set. */
billing_reason_t ngx_http_billing_app_admit(ngx_http_request_t *r);
/* A list: NGX_DONE when it is under way, else what a handler returns. */
ngx_int_t ngx_http_billing_app_bulk(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx, ngx_str_t *body);

/* True for the route of that kind. */
ngx_uint_t ngx_http_billing_api_is(ngx_http_billing_api_ctx_t *ctx,
    const char *kind);

/*
 * Sends ctx->body under ctx->key and parks: ALLOW, and wake will run; or why
 * not.  _wake is the wake that answers the client.
 */
billing_reason_t ngx_http_billing_submit(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx, ngx_msec_t wait,
    ngx_http_billing_wake_pt wake);
void ngx_http_billing_relay_wake(ngx_http_request_t *r, void *data,
    ngx_uint_t timed_out);
/* The worker's answer as it came; what a handler returns. */
ngx_int_t ngx_http_billing_relay_answer(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx);

/* A file in the worker's answer: what a handler returns. */
ngx_uint_t ngx_http_billing_file_is(ngx_http_billing_api_ctx_t *ctx);
ngx_int_t ngx_http_billing_file(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx);

/*
 * The worker's answer to billing.follow: NGX_DONE when the request waits for
 * the team to change, else NGX_DECLINED and the answer is to be sent.
 */
ngx_int_t ngx_http_billing_follow(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx);

/* Who answers a route of nginx's own, or NULL: not implemented. */
ngx_http_billing_local_pt ngx_http_billing_local(const char *kind);
/* The webhook: its body is checked before it is parsed. */
ngx_int_t ngx_http_billing_local_webhook(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx, ngx_str_t *body);

/* The streams' names and this process's channel for answers. */
ngx_int_t ngx_http_billing_stream_start(ngx_http_billing_process_t *process);
const char *ngx_http_billing_stream_reply(void);
/* XADD, answered on that channel; handler as of ngx_http_billing_redis_send. */
ngx_int_t ngx_http_billing_stream_add(billing_command_t *command,
    ngx_uint_t is_query, ngx_http_billing_reply_pt handler, void *data);

/*
 * ALLOW, or why no command is accepted now.  parked is set when wake will run
 * instead, and should ask again with waited set.
 */
typedef struct {
    ngx_http_billing_wake_pt   wake;
    void                      *data;
    ngx_uint_t                 waited;
    ngx_uint_t                 parked;
} ngx_http_billing_admission_t;

billing_reason_t ngx_http_billing_queue_admit(ngx_http_request_t *r,
    ngx_uint_t money, ngx_http_billing_admission_t *wait);

/* Whether that operation is waited for here already. */
ngx_uint_t ngx_http_billing_transport_waits(const char *op);

/* Whether answers would be heard now; whether this one is to an ask. */
void ngx_http_billing_ask_link(ngx_uint_t listening);
ngx_uint_t ngx_http_billing_ask_answered(billing_answer_t *answer);

/* True while what is sent now would hardly be answered, but soon may be. */
ngx_uint_t ngx_http_billing_transport_hold(ngx_uint_t is_query);

/* The payload of a message, or NULL; *confirmed when it is a subscription. */
redisReply *ngx_http_billing_notice_payload(redisReply *reply,
    ngx_uint_t *confirmed);

/* The elected listener's part: channel, epoch, clock, records. */
void ngx_http_billing_notice_start(ngx_http_billing_process_t *process,
    ngx_log_t *log);
void ngx_http_billing_notice_link(ngx_uint_t up);

/* Counts where there is a zone to count in. */
void ngx_http_billing_count(ngx_http_billing_main_conf_t *bmcf,
    ngx_http_billing_counter_t counter);

/* The trace that the request belongs to, or "". */
ngx_int_t ngx_http_billing_trace_init(ngx_conf_t *cf);
void ngx_http_billing_trace(ngx_http_request_t *r,
    char out[BILLING_TRACE_LEN + 1]);
ngx_int_t ngx_http_billing_variable_trace(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);

/*
 * tries.c: whether somebody was wrong as often as may be (reliability: ten
 * promo codes an hour by a person, ten bad signatures a minute by an address),
 * and that it happened again.  The same what twice in a row is one try, unless
 * it is empty.
 */
#define NGX_HTTP_BILLING_TRIES_PROMO    0
#define NGX_HTTP_BILLING_TRIES_WEBHOOK  1

ngx_uint_t ngx_http_billing_tries_spent(ngx_shm_zone_t *zone, ngx_uint_t kind,
    ngx_str_t *who);
void ngx_http_billing_tries_wrong(ngx_shm_zone_t *zone, ngx_uint_t kind,
    ngx_str_t *who, ngx_str_t *what);

#endif /* NGX_HTTP_BILLING_API_H */
