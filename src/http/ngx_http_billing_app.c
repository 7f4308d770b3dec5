/*
 * The application's side of the interface: who holds its key may speak, and a
 * list of thousands goes to the worker as one command after the other.
 *
 * A command carries as many items as one turn of the worker does without
 * keeping others waiting; the next is cut, checked and sent when the answer
 * to the former has come.  So a request holds one command in the stream and
 * one chunk in memory, and this process is never busy with it for long.
 */

#include "ngx_http_billing_api.h"
#include "ngx_http_billing_security.h"

#define NGX_HTTP_BILLING_CHUNK_LEN  (sizeof("-00000") - 1)

/* A bulk request under way; in its pool. */

typedef struct {
    ngx_http_billing_api_ctx_t  *ctx;
    billing_bulk_t               bulk;
    json_t                      *members;   /* those beside the list */
    json_t                      *refused;
    json_int_t                   accepted;
    json_int_t                   unchanged;
    ngx_uint_t                   chunks;
    size_t                       key_len;
} ngx_http_billing_bulk_t;

static ngx_int_t ngx_http_billing_bulk_next(ngx_http_request_t *r,
    ngx_http_billing_bulk_t *b);
static void ngx_http_billing_bulk_wake(ngx_http_request_t *r, void *data,
    ngx_uint_t timed_out);
static ngx_int_t ngx_http_billing_bulk_gather(ngx_http_billing_bulk_t *b);
static ngx_int_t ngx_http_billing_bulk_stop(ngx_http_request_t *r,
    ngx_http_billing_bulk_t *b, billing_reason_t reason);
static ngx_int_t ngx_http_billing_bulk_end(ngx_http_request_t *r,
    ngx_http_billing_bulk_t *b);
static void ngx_http_billing_bulk_release(void *data);


/* --- keys ----------------------------------------------------------------- */

ngx_int_t
ngx_http_billing_app_keys(ngx_conf_t *cf, ngx_http_billing_main_conf_t *bmcf)
{
    char             *name;
    ngx_int_t         rc;
    ngx_str_t         key;
    ngx_uint_t        i;
    billing_bytes_t   part;

    for (i = 0; i < bmcf->settings->application.nkeys; i++) {
        name = bmcf->settings->application.key_files[i];

        if (ngx_http_billing_config_secret(cf, name, &key) != NGX_OK) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "billing: %V: /application/key_files/%ui "
                               "names it", &bmcf->config_file, i);
            return NGX_ERROR;
        }

        part.data = key.data;
        part.len = key.len;
        rc = NGX_OK;

        if (key.len < BILLING_APP_KEY_MIN) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "billing: %V: /application/key_files/%ui: "
                               "\"%s\" holds %uz characters, %d are needed",
                               &bmcf->config_file, i, name, key.len,
                               BILLING_APP_KEY_MIN);
            rc = NGX_ERROR;

        } else if (billing_mac(&bmcf->secrets[0], BILLING_KEY_APPLICATION,
                               &part, 1, bmcf->app_keys[i])
                   != BILLING_OK)
        {
            rc = NGX_ERROR;
        }

        ngx_explicit_memzero(key.data, key.len);
        ngx_free(key.data);

        if (rc != NGX_OK) {
            return NGX_ERROR;
        }

        bmcf->napp_keys++;
    }

    return NGX_OK;
}


/*
 * Both sides go through one MAC first, so that the time of the comparison
 * tells nothing; every key is compared, so nor does its place.
 */

billing_reason_t
ngx_http_billing_app_admit(ngx_http_request_t *r)
{
    uint8_t                        mac[32];
    ngx_str_t                      value;
    ngx_uint_t                     i, equal;
    billing_bytes_t                part;
    ngx_http_billing_main_conf_t  *bmcf;

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);

    if (ngx_http_billing_header(r, "Authorization", &value) == 1
        && value.len > sizeof("Bearer ") - 1
        && ngx_strncasecmp(value.data, (u_char *) "Bearer ",
                           sizeof("Bearer ") - 1) == 0)
    {
        part.data = value.data + sizeof("Bearer ") - 1;
        part.len = value.len - (sizeof("Bearer ") - 1);

        if (billing_mac(&bmcf->secrets[0], BILLING_KEY_APPLICATION, &part, 1,
                        mac)
            != BILLING_OK)
        {
            return BILLING_INTERNAL;
        }

        equal = 0;

        for (i = 0; i < bmcf->napp_keys; i++) {
            equal |= billing_mac_equal(mac, bmcf->app_keys[i], sizeof(mac));
        }

        if (equal) {
            return BILLING_ALLOW;
        }

        ngx_log_error(NGX_LOG_WARN, r->connection->log, 0,
                      "billing: a wrong key of the application");
        ngx_http_billing_count(bmcf, NGX_HTTP_BILLING_COUNT_APP_REFUSED);
        ngx_http_billing_security_event(r, BILLING_SECURITY_KEY_BAD);
    }

    ngx_str_set(&value, "Bearer");
    (void) ngx_http_billing_add_header(r, "WWW-Authenticate", &value);

    return BILLING_UNAUTHENTICATED;
}


/* --- lists ---------------------------------------------------------------- */

ngx_int_t
ngx_http_billing_app_bulk(ngx_http_request_t *r,
    ngx_http_billing_api_ctx_t *ctx, ngx_str_t *body)
{
    billing_fault_t           fault;
    billing_reason_t          reason;
    ngx_pool_cleanup_t       *cln;
    ngx_http_billing_bulk_t  *b;

    b = ngx_pcalloc(r->pool, sizeof(ngx_http_billing_bulk_t));
    cln = ngx_pool_cleanup_add(r->pool, 0);

    if (b == NULL || cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cln->handler = ngx_http_billing_bulk_release;
    cln->data = b;

    b->ctx = ctx;
    ctx->bulk = b;
    b->refused = json_array();

    reason = billing_bulk_open(&ctx->match, (char *) body->data, body->len,
                               &b->bulk, &b->members, &fault);

    if (reason != BILLING_ALLOW) {
        return ngx_http_billing_send_problem(r, reason, fault.field, NULL);
    }

    reason = ngx_http_billing_api_key(r, ctx);

    if (reason != BILLING_ALLOW) {
        return ngx_http_billing_send_problem(r, reason, NULL, NULL);
    }

    b->key_len = ngx_strlen(ctx->key);

    if (b->key_len + NGX_HTTP_BILLING_CHUNK_LEN > BILLING_IDEMPOTENCY_MAX) {
        return ngx_http_billing_send_problem(r,
                               BILLING_IDEMPOTENCY_KEY_INVALID, NULL, NULL);
    }

    return ngx_http_billing_bulk_next(r, b);
}


/* NGX_DONE when parked, else what a handler returns. */

static ngx_int_t
ngx_http_billing_bulk_next(ngx_http_request_t *r, ngx_http_billing_bulk_t *b)
{
    json_t                       *items, *body;
    billing_reason_t              reason;
    ngx_http_billing_api_ctx_t   *ctx;
    ngx_http_billing_loc_conf_t  *blcf;

    ctx = b->ctx;
    items = billing_bulk_next(&b->bulk, ngx_http_billing_lang(r), b->refused);

    if (items == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (json_array_size(items) == 0) {
        json_decref(items);
        return ngx_http_billing_bulk_end(r, b);
    }

    /* The list's place in the body was empty; its items have one name. */

    body = json_copy(b->members);
    (void) json_object_del(body, b->bulk.list->name);

    if (json_object_set_new(body, "items", items) != 0) {
        json_decref(body);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    json_decref(ctx->body);
    ctx->body = body;
    ctx->answer = NULL;
    ctx->unsent = 0;
    ctx->holds = 0;

    (void) ngx_sprintf((u_char *) ctx->key + b->key_len, "-%05ui%Z",
                       b->chunks++);

    blcf = ngx_http_get_module_loc_conf(r, ngx_http_billing_module);
    reason = ngx_http_billing_submit(r, ctx, blcf->wait,
                                     ngx_http_billing_bulk_wake);

    return reason == BILLING_ALLOW ? NGX_DONE
                                   : ngx_http_billing_bulk_stop(r, b, reason);
}


static void
ngx_http_billing_bulk_wake(ngx_http_request_t *r, void *data,
    ngx_uint_t timed_out)
{
    ngx_http_billing_api_ctx_t *ctx = data;

    ngx_int_t                 rc;
    billing_reason_t          reason;
    ngx_http_billing_bulk_t  *b;

    (void) timed_out;

    b = ctx->bulk;
    reason = ctx->refused ? ctx->refused : BILLING_STORE_UNAVAILABLE;

    if (ctx->answer == NULL) {
        rc = ngx_http_billing_bulk_stop(r, b, reason);

    } else if (ctx->answer->problem
               || ngx_http_billing_bulk_gather(b) != NGX_OK)
    {
        rc = ngx_http_billing_relay_answer(r, ctx);

    } else {
        rc = ngx_http_billing_bulk_next(r, b);
    }

    if (rc != NGX_DONE) {
        ngx_http_finalize_request(r, rc);
    }
}


static ngx_int_t
ngx_http_billing_bulk_gather(ngx_http_billing_bulk_t *b)
{
    json_t  *answer, *refused;

    answer = json_loadb(b->ctx->answer->body.data, b->ctx->answer->body.len,
                        0, NULL);
    refused = json_object_get(answer, "refused");

    if (!json_is_array(refused)) {
        json_decref(answer);
        return NGX_DECLINED;
    }

    b->accepted += json_integer_value(json_object_get(answer, "accepted"));
    b->unchanged += json_integer_value(json_object_get(answer, "unchanged"));

    (void) json_array_extend(b->refused, refused);
    json_decref(answer);

    return NGX_OK;
}


/* What is done is done: the same list again changes only the rest. */

static ngx_int_t
ngx_http_billing_bulk_stop(ngx_http_request_t *r, ngx_http_billing_bulk_t *b,
    billing_reason_t reason)
{
    return ngx_http_billing_send_problem(r, reason, NULL,
               json_pack("{s:I}", "accepted", b->accepted));
}


static ngx_int_t
ngx_http_billing_bulk_end(ngx_http_request_t *r, ngx_http_billing_bulk_t *b)
{
    return ngx_http_billing_send_json(r, NGX_HTTP_OK,
               json_pack("{s:I, s:I, s:O}", "accepted", b->accepted,
                         "unchanged", b->unchanged, "refused", b->refused));
}


static void
ngx_http_billing_bulk_release(void *data)
{
    ngx_http_billing_bulk_t *b = data;

    json_decref(b->members);
    json_decref(b->refused);
    json_decref(b->ctx ? b->ctx->body : NULL);
}
