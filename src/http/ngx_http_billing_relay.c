/*
 * A checked request goes to the worker, its answer to the client: as it came,
 * with the headers that nginx owes it, or "pending" when it took too long.
 */

#include "ngx_http_billing_api.h"
#include "ngx_http_billing_security.h"

/* Together a second: longer, and the client is told to come again. */
#define NGX_HTTP_BILLING_HOLD_MSEC  20
#define NGX_HTTP_BILLING_HOLDS_MAX  50

/* What waits for the links to Redis; in the request's pool. */

typedef struct {
    ngx_http_billing_api_ctx_t  *ctx;
    ngx_msec_t                   wait;
    ngx_http_billing_wake_pt     wake;
} ngx_http_billing_hold_t;

static billing_reason_t ngx_http_billing_relay_send(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx, ngx_msec_t wait,
    ngx_http_billing_wake_pt wake);
static billing_reason_t ngx_http_billing_relay_hold(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx, ngx_msec_t wait,
    ngx_http_billing_wake_pt wake);
static ngx_http_billing_hold_t *ngx_http_billing_relay_held(
    ngx_http_request_t *r, ngx_http_billing_api_ctx_t *ctx, ngx_msec_t wait,
    ngx_http_billing_wake_pt wake);
static billing_reason_t ngx_http_billing_relay_admit(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx, ngx_msec_t wait,
    ngx_http_billing_wake_pt wake);
static void ngx_http_billing_relay_again(ngx_http_request_t *r, void *data,
    ngx_uint_t timed_out);
static ngx_uint_t ngx_http_billing_relay_promo(
    ngx_http_billing_api_ctx_t *ctx, ngx_str_t *promo, ngx_str_t *who);
static void ngx_http_billing_relay_wrong(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx);
static ngx_int_t ngx_http_billing_relay_headers(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx);
static ngx_int_t ngx_http_billing_relay_dashboard(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx);
static void ngx_http_billing_relay_clock(ngx_http_request_t *r,
    billing_answer_t *answer);
static ngx_int_t ngx_http_billing_relay_pending(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx);
static ngx_int_t ngx_http_billing_relay_location(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx);


billing_reason_t
ngx_http_billing_submit(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx, ngx_msec_t wait,
    ngx_http_billing_wake_pt wake)
{
    ngx_uint_t  is_query;

    is_query = ctx->match.route->class == BILLING_ROUTE_QUERY;

    if (!ngx_http_billing_transport_hold(is_query)) {
        return ngx_http_billing_relay_send(r, ctx, wait, wake);
    }

    if (ctx->holds++ < NGX_HTTP_BILLING_HOLDS_MAX) {
        return ngx_http_billing_relay_hold(r, ctx, wait, wake);
    }

    return is_query ? BILLING_STORE_UNAVAILABLE
                    : ngx_http_billing_relay_send(r, ctx, wait, wake);
}


static billing_reason_t
ngx_http_billing_relay_hold(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx, ngx_msec_t wait,
    ngx_http_billing_wake_pt wake)
{
    ngx_http_billing_hold_t  *hold;

    hold = ngx_http_billing_relay_held(r, ctx, wait, wake);
    if (hold == NULL) {
        return BILLING_INTERNAL;
    }

    return ngx_http_billing_park(r, NGX_HTTP_BILLING_HOLD_MSEC,
                                 ngx_http_billing_relay_again, hold)
           ? BILLING_ALLOW : BILLING_STORE_UNAVAILABLE;
}


static ngx_http_billing_hold_t *
ngx_http_billing_relay_held(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx, ngx_msec_t wait,
    ngx_http_billing_wake_pt wake)
{
    ngx_http_billing_hold_t  *hold;

    hold = ngx_palloc(r->pool, sizeof(ngx_http_billing_hold_t));

    if (hold) {
        hold->ctx = ctx;
        hold->wait = wait;
        hold->wake = wake;
    }

    return hold;
}


static void
ngx_http_billing_relay_again(ngx_http_request_t *r, void *data,
    ngx_uint_t timed_out)
{
    ngx_http_billing_hold_t  *hold = data;

    (void) timed_out;

    hold->ctx->refused = ngx_http_billing_submit(r, hold->ctx, hold->wait,
                                                 hold->wake);

    if (hold->ctx->refused != BILLING_ALLOW) {
        hold->ctx->unsent = 1;
        hold->wake(r, hold->ctx, 0);
    }
}


static billing_reason_t
ngx_http_billing_relay_send(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx, ngx_msec_t wait,
    ngx_http_billing_wake_pt wake)
{
    char                           fingerprint[BILLING_MAC_HEX_LEN + 1];
    char                          *canonical;
    ngx_str_t                      promo, who;
    const char                    *team;
    billing_reason_t               reason;
    billing_command_t              command;
    char                           trace[BILLING_TRACE_LEN + 1];
    ngx_http_billing_main_conf_t  *bmcf;

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);

    team = json_string_value(json_object_get(ctx->body, "team"));
    if (team == NULL) {
        team = "";
    }

    if (*team && !billing_id_valid(team, ngx_strlen(team))) {
        return BILLING_TEAM_NOT_FOUND;
    }

    if (ngx_http_billing_relay_promo(ctx, &promo, &who)
        && ngx_http_billing_tries_spent(bmcf->zone,
                                        NGX_HTTP_BILLING_TRIES_PROMO, &who))
    {
        return BILLING_PROMO_PAUSED;
    }

    canonical = billing_body_canonical(ctx->body, fingerprint);
    if (canonical == NULL) {
        return BILLING_INTERNAL;
    }

    free(canonical);

    if (bmcf->nsecrets == 0
        || billing_operation_id(&bmcf->secrets[0], ctx->actor,
                                ctx->match.route->kind, team, ctx->key,
                                ctx->op)
           != BILLING_OK)
    {
        return BILLING_INTERNAL;
    }

    ngx_memzero(&command, sizeof(billing_command_t));

    command.op = ctx->op;
    command.kind = ctx->match.route->kind;
    command.actor = ctx->actor;
    command.team = team;
    command.key = ctx->key;
    command.fingerprint = fingerprint;
    command.lang = billing_lang_name(ngx_http_billing_lang(r));
    command.body = ctx->body;

    ngx_http_billing_trace(r, trace);
    command.trace = trace[0] ? trace : NULL;

    reason = ngx_http_billing_relay_admit(r, ctx, wait, wake);
    if (reason != BILLING_ALLOW || ctx->looked) {
        return reason;
    }

    return ngx_http_billing_transport_send(r, &command,
                           ctx->match.route->class == BILLING_ROUTE_QUERY,
                           wait, wake, ctx);
}


/* The promo code that somebody asks with. */

static ngx_uint_t
ngx_http_billing_relay_promo(ngx_http_billing_api_ctx_t *ctx,
    ngx_str_t *promo, ngx_str_t *who)
{
    promo->data = (u_char *) json_string_value(json_object_get(ctx->body,
                                                               "promo"));
    promo->len = promo->data ? ngx_strlen(promo->data) : 0;

    who->data = (u_char *) ctx->actor;
    who->len = ngx_strlen(ctx->actor);

    return promo->len && who->len;
}


static void
ngx_http_billing_relay_wrong(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx)
{
    json_t                        *problem;
    ngx_str_t                      promo, who;
    const char                    *code;
    ngx_http_billing_main_conf_t  *bmcf;

    if (!ctx->answer->problem) {
        return;
    }

    problem = json_loadb(ctx->answer->body.data, ctx->answer->body.len, 0,
                         NULL);
    code = json_string_value(json_object_get(problem, "code"));

    if (code) {
        ngx_http_billing_security_problem(r, ctx->answer->status, code);
    }

    if (code
        && ngx_strcmp(code, billing_reason_code(BILLING_PROMO_UNKNOWN)) == 0
        && ngx_http_billing_relay_promo(ctx, &promo, &who))
    {
        bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);
        ngx_http_billing_tries_wrong(bmcf->zone, NGX_HTTP_BILLING_TRIES_PROMO,
                                     &who, &promo);
    }

    json_decref(problem);
}


/* Questions, and who joins one that is under way, are always let in. */

static billing_reason_t
ngx_http_billing_relay_admit(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx, ngx_msec_t wait,
    ngx_http_billing_wake_pt wake)
{
    billing_reason_t               reason;
    ngx_http_billing_admission_t   admission;

    if (ctx->match.route->class == BILLING_ROUTE_QUERY
        || ngx_http_billing_transport_waits(ctx->op))
    {
        ctx->looked = 0;
        return BILLING_ALLOW;
    }

    admission.wake = ngx_http_billing_relay_again;
    admission.data = ngx_http_billing_relay_held(r, ctx, wait, wake);
    admission.waited = ctx->looked;
    admission.parked = 0;

    if (admission.data == NULL) {
        return BILLING_INTERNAL;
    }

    reason = ngx_http_billing_queue_admit(r, ctx->match.route->money,
                                          &admission);
    ctx->looked = admission.parked;

    return reason;
}


void
ngx_http_billing_relay_wake(ngx_http_request_t *r, void *data,
    ngx_uint_t timed_out)
{
    ngx_http_billing_api_ctx_t  *ctx = data;

    ngx_int_t                      rc;
    billing_reason_t               reason;
    ngx_http_billing_main_conf_t  *bmcf;

    (void) timed_out;

    if (ctx->answer && ngx_http_billing_api_is(ctx, "billing.follow")
        && ngx_http_billing_follow(r, ctx) == NGX_DONE)
    {
        return;
    }

    if (ctx->answer) {
        rc = ngx_http_billing_relay_answer(r, ctx);

    } else if (ctx->unsent
               || ctx->match.route->class == BILLING_ROUTE_QUERY)
    {
        reason = ctx->refused ? ctx->refused : BILLING_STORE_UNAVAILABLE;
        rc = ngx_http_billing_send_problem(r, reason, NULL, NULL);

    } else {
        bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);
        ngx_http_billing_count(bmcf, NGX_HTTP_BILLING_COUNT_WAITED_OUT);

        rc = ngx_http_billing_relay_pending(r, ctx);
    }

    ngx_http_finalize_request(r, rc);
}


ngx_int_t
ngx_http_billing_relay_answer(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx)
{
    ngx_str_t          body;
    billing_answer_t  *answer;

    answer = ctx->answer;

    if (ngx_http_billing_relay_headers(r, ctx) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_http_billing_relay_wrong(r, ctx);

    if (answer->status == NGX_HTTP_OK && !answer->problem) {

        if (ngx_http_billing_api_is(ctx, "dashboard")) {
            return ngx_http_billing_relay_dashboard(r, ctx);
        }

        if (ngx_http_billing_file_is(ctx)) {
            return ngx_http_billing_file(r, ctx);
        }

        if (ngx_http_billing_api_is(ctx, "demo.clock")
            || ngx_http_billing_api_is(ctx, "demo.clock.set"))
        {
            ngx_http_billing_relay_clock(r, answer);
        }
    }

    body.data = (u_char *) answer->body.data;
    body.len = answer->body.len;

    return ngx_http_billing_send(r, answer->status,
                                 answer->problem ? "application/problem+json"
                                                 : "application/json",
                                 &body);
}


static ngx_int_t
ngx_http_billing_relay_headers(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx)
{
    u_char                        *p;
    ngx_str_t                      value;
    billing_answer_t              *answer;
    ngx_http_billing_main_conf_t  *bmcf;

    answer = ctx->answer;
    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);

    if (answer->retry_after_sec) {
        p = ngx_pnalloc(r->pool, NGX_INT_T_LEN);
        if (p == NULL) {
            return NGX_ERROR;
        }

        value.data = p;
        value.len = ngx_sprintf(p, "%uD", (uint32_t) answer->retry_after_sec)
                    - p;

        if (ngx_http_billing_add_header(r, "Retry-After", &value) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (answer->replayed) {
        ngx_str_set(&value, "true");

        if (ngx_http_billing_add_header(r, "Idempotency-Replayed", &value)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (answer->team[0]) {
        value.data = (u_char *) answer->team;
        value.len = ngx_strlen(answer->team);

        if (bmcf->zone) {
            ngx_http_billing_zone_behind(bmcf->zone, &value, answer->epoch,
                                         answer->version);
        }

        if (ngx_http_billing_seen_set(r, answer->team, answer->epoch,
                                      answer->version)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (answer->status == NGX_HTTP_ACCEPTED) {
        return ngx_http_billing_relay_location(r, ctx);
    }

    return NGX_OK;
}


/* The token goes with the page's first data; the worker never knows it. */

static ngx_int_t
ngx_http_billing_relay_dashboard(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx)
{
    json_t                        *json, *csrf;
    ngx_str_t                      token;
    billing_session_t             *session;
    ngx_http_billing_main_conf_t  *bmcf;

    ngx_http_billing_secret(r);

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);
    session = ngx_http_billing_session(r);

    if (session == NULL
        || ngx_http_billing_csrf_value(r, session, &token) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    json = json_loadb(ctx->answer->body.data, ctx->answer->body.len, 0, NULL);
    csrf = json_stringn((char *) token.data, token.len);

    if (json_object_set_new(json, "csrf", csrf) != 0
        || (bmcf->demo && json_object_set_new(json, "demo", json_true()) != 0))
    {
        json_decref(json);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_billing_send_json(r, NGX_HTTP_OK, json);
}


/* The caller's next request must not race the notice. */

static void
ngx_http_billing_relay_clock(ngx_http_request_t *r, billing_answer_t *answer)
{
    json_t                        *json, *offset;
    ngx_http_billing_main_conf_t  *bmcf;

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);

    json = json_loadb(answer->body.data, answer->body.len, 0, NULL);
    offset = json_object_get(json, "offset");

    if (bmcf->demo && bmcf->zone && json_is_integer(offset)) {
        ngx_http_billing_zone_clock(bmcf->zone, json_integer_value(offset));
    }

    json_decref(json);
}


/* Begun or not: the operation's own address will tell. */

static ngx_int_t
ngx_http_billing_relay_pending(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx)
{
    ngx_str_t  value;

    ngx_str_set(&value, "1");

    if (ngx_http_billing_relay_location(r, ctx) != NGX_OK
        || ngx_http_billing_add_header(r, "Retry-After", &value) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_billing_send_json(r, NGX_HTTP_ACCEPTED,
                                      json_pack("{ss ss}",
                                                "operation", ctx->op,
                                                "state", "pending"));
}


static ngx_int_t
ngx_http_billing_relay_location(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx)
{
    u_char      *p;
    size_t       len;
    ngx_str_t    value;
    const char  *where;

    /* where this asker will be answered */

    where = billing_route_app(ctx->match.route) ? "/app/v1/operations/"
                                                : "/billing/operations/";
    len = ngx_strlen(where) + BILLING_OP_ID_LEN;

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    value.data = p;
    value.len = ngx_snprintf(p, len, "%s%s", where, ctx->op) - p;

    return ngx_http_billing_add_header(r, "Location", &value);
}
