/*
 * A file that the worker has made: its name, its bytes, and how long they are
 * the same.
 */

#include "ngx_http_billing_api.h"

static ngx_int_t ngx_http_billing_file_headers(ngx_http_request_t *r,
    json_t *file);
static ngx_int_t ngx_http_billing_file_tag(ngx_http_request_t *r,
    const char *hash);
static ngx_uint_t ngx_http_billing_file_plain(const char *text, size_t len);


ngx_uint_t
ngx_http_billing_file_is(ngx_http_billing_api_ctx_t *ctx)
{
    size_t       len;
    const char  *kind;

    kind = ctx->match.route->kind;
    len = ngx_strlen(kind);

    return len > 4 && ngx_strcmp(kind + len - 4, ".pdf") == 0;
}


ngx_int_t
ngx_http_billing_file(ngx_http_request_t *r, ngx_http_billing_api_ctx_t *ctx)
{
    json_t     *json, *file, *content;
    ngx_str_t   body, text;

    json = json_loadb(ctx->answer->body.data, ctx->answer->body.len, 0, NULL);
    file = json_object_get(json, "file");
    content = json_object_get(file, "content");

    text.data = (u_char *) json_string_value(content);
    text.len = json_string_length(content);

    body.data = ngx_pnalloc(r->pool, ngx_base64_decoded_length(text.len) + 1);

    if (body.data == NULL || text.data == NULL
        || ngx_decode_base64(&body, &text) != NGX_OK
        || ngx_http_billing_file_headers(r, file) != NGX_OK)
    {
        json_decref(json);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    json_decref(json);

    return ngx_http_billing_send(r, NGX_HTTP_OK, "application/pdf", &body);
}


/*
 * What was issued never changes, so a browser need not ask again; nobody else
 * may keep it.
 */

static ngx_int_t
ngx_http_billing_file_headers(ngx_http_request_t *r, json_t *file)
{
    size_t       len;
    u_char      *p;
    ngx_str_t    value;
    const char  *name, *lang;

    name = json_string_value(json_object_get(file, "name"));
    lang = json_string_value(json_object_get(file, "lang"));

    len = name ? ngx_strlen(name) : 0;

    if (!ngx_http_billing_file_plain(name, len) || lang == NULL) {
        return NGX_ERROR;
    }

    p = ngx_pnalloc(r->pool, sizeof("attachment; filename=\"\"") + len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    value.data = p;
    value.len = ngx_sprintf(p, "attachment; filename=\"%s\"", name) - p;

    if (ngx_http_billing_add_header(r, "Content-Disposition", &value)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    value.data = (u_char *) (ngx_strcmp(lang, "fr") == 0 ? "fr" : "en");
    value.len = 2;

    if (ngx_http_billing_add_header(r, "Content-Language", &value) != NGX_OK
        || ngx_http_billing_secure(r,
               json_is_true(json_object_get(file, "fixed"))
               ? "private, max-age=31536000, immutable"
               : "private, no-cache")
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_billing_file_tag(r,
               json_string_value(json_object_get(file, "hash")));
}


/* nginx's own filter answers 304 by it. */

static ngx_int_t
ngx_http_billing_file_tag(ngx_http_request_t *r, const char *hash)
{
    u_char           *p;
    ngx_table_elt_t  *h;

    if (hash == NULL || ngx_strlen(hash) != BILLING_MAC_HEX_LEN
        || !ngx_http_billing_file_plain(hash, BILLING_MAC_HEX_LEN))
    {
        return NGX_ERROR;
    }

    h = ngx_list_push(&r->headers_out.headers);
    p = ngx_pnalloc(r->pool, BILLING_MAC_HEX_LEN + 3);

    if (h == NULL || p == NULL) {
        if (h) {
            h->hash = 0;
        }

        return NGX_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));
    h->hash = 1;
    ngx_str_set(&h->key, "ETag");
    h->value.data = p;
    h->value.len = ngx_sprintf(p, "\"%s\"", hash) - p;
    r->headers_out.etag = h;

    return NGX_OK;
}


/* Nothing that could end the name, or lead to another folder. */

static ngx_uint_t
ngx_http_billing_file_plain(const char *text, size_t len)
{
    size_t  i;
    u_char  c;

    if (len == 0 || text[0] == '.') {
        return 0;
    }

    for (i = 0; i < len; i++) {
        c = (u_char) text[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9') || c == '-' || c == '.'))
        {
            return 0;
        }
    }

    return 1;
}
