/*
 * What nginx answers without the worker, or checks before it asks: the price
 * list, the demo's login, and the gateway's webhooks.
 */

#include "ngx_http_billing_api.h"
#include "ngx_http_billing_security.h"

/* The sender repeats what is not acknowledged within some seconds (P36). */
#define NGX_HTTP_BILLING_WEBHOOK_MSEC  5000

typedef struct {
    const char                 *kind;
    ngx_http_billing_local_pt   handler;
} ngx_http_billing_local_t;

static ngx_int_t ngx_http_billing_local_pricing(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx);
static ngx_int_t ngx_http_billing_local_gateway(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx);
static ngx_int_t ngx_http_billing_local_none(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx);
static ngx_int_t ngx_http_billing_local_login(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx);
static ngx_int_t ngx_http_billing_local_session(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx);
static ngx_uint_t ngx_http_billing_local_signed(ngx_http_request_t *r,
    ngx_str_t *body);
static billing_reason_t ngx_http_billing_local_event(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx, ngx_str_t *body);
static void ngx_http_billing_local_release(void *data);
static void ngx_http_billing_local_webhook_wake(ngx_http_request_t *r,
    void *data, ngx_uint_t timed_out);


static ngx_http_billing_local_t  ngx_http_billing_locals[] = {
    { "pricing", ngx_http_billing_local_pricing },
    { "gateway", ngx_http_billing_local_gateway },
    { "pay.page", ngx_http_billing_local_none },
    { "demo.login", ngx_http_billing_local_login },
    { "app.session", ngx_http_billing_local_session },
    { NULL, NULL }
};


ngx_http_billing_local_pt
ngx_http_billing_local(const char *kind)
{
    ngx_http_billing_local_t  *local;

    for (local = ngx_http_billing_locals; local->kind; local++) {
        if (ngx_strcmp(local->kind, kind) == 0) {
            return local->handler;
        }
    }

    return NULL;
}


/* The same for everybody, so it may be kept for a minute. */

static ngx_int_t
ngx_http_billing_local_pricing(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx)
{
    ngx_str_t                      vary;
    ngx_http_billing_main_conf_t  *bmcf;

    (void) ctx;

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);

    ngx_str_set(&vary, "Accept, Accept-Language, Cookie");

    if (ngx_http_billing_secure(r, "public, max-age=60") != NGX_OK
        || ngx_http_billing_add_header(r, "Vary", &vary) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_billing_send_json(r, NGX_HTTP_OK,
                          billing_pricing_json(&bmcf->settings->catalogue,
                                               ngx_http_billing_lang(r)));
}


/* How a browser speaks to the card gateway; nothing of it is a secret. */

static ngx_int_t
ngx_http_billing_local_gateway(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx)
{
    const char                    *script;
    billing_settings_t            *settings;
    ngx_http_billing_main_conf_t  *bmcf;

    (void) ctx;

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);
    settings = bmcf->settings;
    script = settings->gateway_script[0] ? settings->gateway_script : NULL;

    if (ngx_http_billing_secure(r, "public, max-age=60") != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_billing_send_json(r, NGX_HTTP_OK,
               json_pack("{ss ss ss* ss}",
                         "url", settings->gateway_public_url,
                         "publishable_key", settings->gateway_publishable_key,
                         "script", script,
                         "currency", billing_currency_code(
                             settings->catalogue.currency)));
}


/* An address that is a page, and nothing to a program. */

static ngx_int_t
ngx_http_billing_local_none(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx)
{
    (void) ctx;

    return ngx_http_billing_send_problem(r, BILLING_NOT_FOUND, NULL, NULL);
}


/* Any e-mail address may log in: the route exists in the demo only. */

static ngx_int_t
ngx_http_billing_local_login(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx)
{
    char                profile[BILLING_EMAIL_MAX + 1];
    json_t             *value;
    ngx_str_t           email, token;
    billing_session_t  *session;

    value = json_object_get(ctx->body, "profile");

    if (!json_is_string(value)
        || billing_email_normalise(json_string_value(value),
                                   json_string_length(value), profile)
           != BILLING_OK)
    {
        return ngx_http_billing_send_problem(r, BILLING_EMAIL_INVALID,
                                             "profile", NULL);
    }

    email.data = (u_char *) profile;
    email.len = ngx_strlen(profile);

    if (ngx_http_billing_session_start(r, &email, &session) != NGX_OK
        || ngx_http_billing_csrf_value(r, session, &token) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_http_billing_secret(r);

    return ngx_http_billing_send_json(r, NGX_HTTP_OK,
                                      json_pack("{s{ss} ss}",
                                                "profile", "email", profile,
                                                "csrf", token.data));
}


/*
 * The application has let somebody in: its Set-Cookie, which it passes on to
 * that browser, lets them into the billing pages.
 */

static ngx_int_t
ngx_http_billing_local_session(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx)
{
    json_t             *expires_at;
    ngx_str_t           email;
    const char         *profile;
    billing_session_t  *session;

    profile = json_string_value(json_object_get(ctx->body, "email"));

    if (profile == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    email.data = (u_char *) profile;
    email.len = ngx_strlen(profile);

    if (ngx_http_billing_session_start(r, &email, &session) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    expires_at = billing_instant_json(session->expires_at);

    return ngx_http_billing_send_json(r, NGX_HTTP_CREATED,
                                      json_pack("{s{ss so}}", "session",
                                                "profile", profile,
                                                "expires_at", expires_at));
}


/* --- webhooks ------------------------------------------------------------- */

ngx_int_t
ngx_http_billing_local_webhook(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx, ngx_str_t *body)
{
    ngx_str_t                      none;
    ngx_msec_t                     wait;
    billing_reason_t               reason;
    ngx_http_billing_loc_conf_t   *blcf;
    ngx_http_billing_main_conf_t  *bmcf;

    if (!ngx_http_billing_local_signed(r, body)) {
        bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);
        ngx_http_billing_count(bmcf, NGX_HTTP_BILLING_COUNT_WEBHOOK_BAD);
        ngx_http_billing_security_event(r, BILLING_SECURITY_WEBHOOK_BAD);

        /* Whose signature is right is let in, whoever shares the address. */

        if (ngx_http_billing_tries_spent(bmcf->zone,
                                         NGX_HTTP_BILLING_TRIES_WEBHOOK,
                                         &r->connection->addr_text))
        {
            ngx_http_billing_security_problem(r, NGX_HTTP_TOO_MANY_REQUESTS,
                                    billing_reason_code(BILLING_TOO_MANY));
            return NGX_HTTP_TOO_MANY_REQUESTS;
        }

        ngx_str_null(&none);
        ngx_http_billing_tries_wrong(bmcf->zone,
                                     NGX_HTTP_BILLING_TRIES_WEBHOOK,
                                     &r->connection->addr_text, &none);

        ngx_log_error(NGX_LOG_WARN, r->connection->log, 0,
                      "billing: webhook without a valid signature");

        return ngx_http_billing_send_problem(r, BILLING_BODY_INVALID, NULL,
                                             NULL);
    }

    reason = ngx_http_billing_local_event(r, ctx, body);

    if (reason == BILLING_ALLOW) {
        blcf = ngx_http_get_module_loc_conf(r, ngx_http_billing_module);
        wait = ngx_min(blcf->wait, NGX_HTTP_BILLING_WEBHOOK_MSEC);

        reason = ngx_http_billing_submit(r, ctx, wait,
                                         ngx_http_billing_local_webhook_wake);
    }

    if (reason == BILLING_ALLOW) {
        return NGX_DONE;
    }

    return ngx_http_billing_send_problem(r, reason, NULL, NULL);
}


/* The raw bytes are asked first; nothing of them has been parsed yet (P34). */

static ngx_uint_t
ngx_http_billing_local_signed(ngx_http_request_t *r, ngx_str_t *body)
{
    int64_t                        now;
    ngx_str_t                      header;
    ngx_uint_t                     n;
    const char                   **secrets;
    ngx_http_billing_main_conf_t  *bmcf;

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);

    secrets = bmcf->webhook_secrets.elts;
    n = bmcf->webhook_secrets.nelts;

    if (n == 0
        || ngx_http_billing_header(r, "Stripe-Signature", &header) != 1)
    {
        return 0;
    }

    if (billing_webhook_verify((char *) header.data, header.len,
                               (char *) body->data, body->len, secrets, n,
                               ngx_time()))
    {
        return 1;
    }

    /* the demo's gateway may live by the test clock */

    now = ngx_http_billing_now(bmcf);

    return now != ngx_time()
           && billing_webhook_verify((char *) header.data, header.len,
                                     (char *) body->data, body->len, secrets,
                                     n, now);
}


/* The event's id is the key: told twice, it is one command. */

static billing_reason_t
ngx_http_billing_local_event(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx, ngx_str_t *body)
{
    billing_event_t      event;
    ngx_pool_cleanup_t  *cln;

    if (billing_webhook_parse((char *) body->data, body->len, &event)
        != BILLING_OK)
    {
        return BILLING_BODY_INVALID;
    }

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        return BILLING_INTERNAL;
    }

    ctx->body = json_pack("{ss ss ss ss*}", "event", event.id,
                          "type", event.type, "object", event.object,
                          "checkout",
                          event.checkout[0] != '\0' ? event.checkout : NULL);
    if (ctx->body == NULL) {
        return BILLING_INTERNAL;
    }

    cln->handler = ngx_http_billing_local_release;
    cln->data = ctx->body;

    ctx->actor = "";
    ngx_cpystrn((u_char *) ctx->key, (u_char *) event.id, sizeof(ctx->key));

    return BILLING_ALLOW;
}


static void
ngx_http_billing_local_release(void *data)
{
    json_decref(data);
}


/* 200 only for what is durable; else the sender comes again (P36). */

static void
ngx_http_billing_local_webhook_wake(ngx_http_request_t *r, void *data,
    ngx_uint_t timed_out)
{
    ngx_http_billing_api_ctx_t  *ctx = data;

    ngx_int_t  rc;

    (void) timed_out;

    if (ctx->answer && ctx->answer->status >= 200
        && ctx->answer->status < 300 && ctx->answer->status != 202)
    {
        rc = ngx_http_billing_send_json(r, NGX_HTTP_OK, json_object());

    } else {
        rc = ngx_http_billing_send_problem(r, BILLING_STORE_UNAVAILABLE, NULL,
                                           NULL);
    }

    ngx_http_finalize_request(r, rc);
}
