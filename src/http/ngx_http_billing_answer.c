/*
 * Answers to clients: what they asked for (headers, language, page
 * or JSON) and how it is sent (security headers, JSON, problem documents).
 */

#include "ngx_http_billing_api.h"
#include "ngx_http_billing_security.h"

#define NGX_HTTP_BILLING_ACCEPT_MAX   16    /* ranges read of an Accept */
#define NGX_HTTP_BILLING_HEADERS_MAX  200   /* headers looked at */

typedef struct {
    ngx_uint_t  q;                      /* thousandths; 0 not accepted */
    ngx_uint_t  place;                  /* earlier is better, on equal q */
} ngx_http_billing_accept_t;

static void ngx_http_billing_accept_range(ngx_str_t *range,
    ngx_uint_t place, ngx_http_billing_accept_t *html,
    ngx_http_billing_accept_t *json);
static ngx_uint_t ngx_http_billing_accept_q(u_char *p, u_char *last);
static ngx_uint_t ngx_http_billing_lang_word(ngx_str_t *word,
    billing_lang_t *lang);


ngx_uint_t
ngx_http_billing_header(ngx_http_request_t *r, const char *name,
    ngx_str_t *value)
{
    size_t            len;
    ngx_uint_t        i, n, seen;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    len = ngx_strlen(name);
    n = 0;
    seen = 0;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (++seen > NGX_HTTP_BILLING_HEADERS_MAX) {
                return n;
            }

            if (h[i].key.len != len
                || ngx_strncasecmp(h[i].key.data, (u_char *) name, len) != 0)
            {
                continue;
            }

            if (n++ == 0) {
                *value = h[i].value;
            }
        }
    }

    return n;
}


ngx_int_t
ngx_http_billing_add_header(ngx_http_request_t *r, const char *name,
    ngx_str_t *value)
{
    size_t            i;
    ngx_table_elt_t  *h;

    for (i = 0; i < value->len; i++) {
        if (value->data[i] < 0x20 || value->data[i] == 0x7f) {
            return NGX_ERROR;           /* never a second header */
        }
    }

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->hash = 1;
    h->key.len = ngx_strlen(name);
    h->key.data = (u_char *) name;
    h->value = *value;

    return NGX_OK;
}


ngx_int_t
ngx_http_billing_secure(ngx_http_request_t *r, const char *cache)
{
    ngx_str_t                    nosniff, referrer, origin, control;
    ngx_http_billing_api_ctx_t  *ctx;

    ctx = ngx_http_billing_api_ctx(r);
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    if (ctx->secured) {
        return NGX_OK;
    }

    ctx->secured = 1;

    ngx_str_set(&nosniff, "nosniff");
    ngx_str_set(&referrer, "no-referrer");
    ngx_str_set(&origin, "same-origin");
    ngx_str_set(&control, "no-store");

    if (cache) {
        control.data = (u_char *) cache;
        control.len = ngx_strlen(cache);
    }

    if (ngx_http_billing_add_header(r, "X-Content-Type-Options", &nosniff)
        != NGX_OK
        || ngx_http_billing_add_header(r, "Referrer-Policy", &referrer)
           != NGX_OK
        || ngx_http_billing_add_header(r, "Cross-Origin-Resource-Policy",
                                       &origin)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_billing_add_header(r, "Cache-Control", &control);
}


void
ngx_http_billing_secret(ngx_http_request_t *r)
{
#if (NGX_HTTP_GZIP)
    r->gzip_tested = 1;
    r->gzip_ok = 0;
#endif
}


ngx_int_t
ngx_http_billing_send(ngx_http_request_t *r, ngx_uint_t status,
    const char *type, ngx_str_t *body)
{
    ngx_int_t     rc;
    ngx_buf_t    *b;
    ngx_chain_t   out;

    /* does nothing where the body has been read */

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_http_billing_secure(r, NULL) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->headers_out.status = status;
    r->headers_out.content_length_n = body->len;
    r->headers_out.content_type.data = (u_char *) type;
    r->headers_out.content_type.len = ngx_strlen(type);
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;

    if (ngx_strcmp(type, "application/pdf") != 0) {
        ngx_str_set(&r->headers_out.charset, "utf-8");
    }

    if (body->len == 0) {
        r->header_only = 1;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->pos = body->data;
    b->last = body->data + body->len;
    b->memory = 1;
    b->last_buf = 1;
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


ngx_int_t
ngx_http_billing_send_json(ngx_http_request_t *r, ngx_uint_t status,
    json_t *json)
{
    char        *text;
    ngx_str_t    body;
    const char  *type;

    text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);

    if (text == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    body.len = ngx_strlen(text);
    body.data = ngx_pnalloc(r->pool, body.len + 1);

    if (body.data) {
        ngx_memcpy(body.data, text, body.len + 1);
    }

    free(text);

    if (body.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    type = status < 400 ? "application/json" : "application/problem+json";

    return ngx_http_billing_send(r, status, type, &body);
}


ngx_int_t
ngx_http_billing_send_problem(ngx_http_request_t *r, billing_reason_t reason,
    const char *field, json_t *args)
{
    json_t          *problem;
    ngx_str_t        value;
    ngx_uint_t       status;
    const char      *name;
    billing_lang_t   lang;

    lang = ngx_http_billing_lang(r);
    status = billing_reason_status(reason);
    ngx_http_billing_security_problem(r, status, billing_reason_code(reason));

    if (field == NULL || *field == '\0') {
        field = billing_reason_field(reason);
    }

    problem = billing_problem(reason, lang, field, args);
    json_decref(args);

    name = billing_lang_name(lang);
    value.data = (u_char *) name;
    value.len = ngx_strlen(name);

    if (problem == NULL
        || ngx_http_billing_add_header(r, "Content-Language", &value)
           != NGX_OK)
    {
        json_decref(problem);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (status == NGX_HTTP_SERVICE_UNAVAILABLE
        || status == NGX_HTTP_TOO_MANY_REQUESTS)
    {
        ngx_str_set(&value, "12345");
        value.len = 1;

        if (reason == BILLING_OVERLOADED) {
            value.data += 1 + ngx_random() % 4;     /* not all at once */

        } else if (reason == BILLING_PROMO_PAUSED) {
            ngx_str_set(&value, "3600");
        }

        if (ngx_http_billing_add_header(r, "Retry-After", &value) != NGX_OK) {
            json_decref(problem);
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    return ngx_http_billing_send_json(r, status, problem);
}


billing_lang_t
ngx_http_billing_lang(ngx_http_request_t *r)
{
    ngx_str_t                      value;
    billing_lang_t                 lang, otherwise;
    ngx_http_billing_main_conf_t  *bmcf;

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);
    otherwise = bmcf->settings ? bmcf->settings->lang : BILLING_LANG_EN;

    if (ngx_http_arg(r, (u_char *) "lang", 4, &value) == NGX_OK
        && ngx_http_billing_lang_word(&value, &lang))
    {
        return lang;
    }

    if (ngx_http_billing_cookie(r, "lang", &value)
        && ngx_http_billing_lang_word(&value, &lang))
    {
        return lang;
    }

    if (ngx_http_billing_header(r, "Accept-Language", &value)) {
        return billing_lang_accept((const char *) value.data, value.len,
                                   otherwise);
    }

    return otherwise;
}


static ngx_uint_t
ngx_http_billing_lang_word(ngx_str_t *word, billing_lang_t *lang)
{
    ngx_uint_t   i;
    const char  *name;

    for (i = 0; i < BILLING_LANGS; i++) {
        name = billing_lang_name((billing_lang_t) i);

        if (word->len == ngx_strlen(name)
            && ngx_strncasecmp(word->data, (u_char *) name, word->len) == 0)
        {
            *lang = (billing_lang_t) i;
            return 1;
        }
    }

    return 0;
}


/* A page for who names text/html and does not like JSON better. */

ngx_uint_t
ngx_http_billing_wants_page(ngx_http_request_t *r)
{
    u_char                     *p, *end, *last;
    ngx_str_t                   accept, range;
    ngx_uint_t                  place;
    ngx_http_billing_accept_t   html, json;

    if (ngx_http_billing_header(r, "Accept", &accept) == 0) {
        return 0;
    }

    ngx_memzero(&html, sizeof(ngx_http_billing_accept_t));
    ngx_memzero(&json, sizeof(ngx_http_billing_accept_t));

    p = accept.data;
    end = p + accept.len;

    for (place = 0; p < end && place < NGX_HTTP_BILLING_ACCEPT_MAX; place++) {

        last = ngx_strlchr(p, end, ',');
        if (last == NULL) {
            last = end;
        }

        range.data = p;
        range.len = last - p;
        ngx_http_billing_accept_range(&range, place, &html, &json);

        p = last + 1;
    }

    if (html.q != json.q) {
        return html.q > json.q;
    }

    return html.q != 0 && html.place < json.place;
}


static void
ngx_http_billing_accept_range(ngx_str_t *range, ngx_uint_t place,
    ngx_http_billing_accept_t *html, ngx_http_billing_accept_t *json)
{
    size_t                      len;
    u_char                     *p, *last;
    ngx_http_billing_accept_t  *which;

    p = range->data;
    last = p + range->len;

    while (p < last && (*p == ' ' || *p == '\t')) {
        p++;
    }

    for (len = 0; p + len < last; len++) {
        if (p[len] == ';' || p[len] == ' ' || p[len] == '\t') {
            break;
        }
    }

    if (len == sizeof("text/html") - 1
        && ngx_strncasecmp(p, (u_char *) "text/html", len) == 0)
    {
        which = html;

    } else if (len == sizeof("application/json") - 1
               && ngx_strncasecmp(p, (u_char *) "application/json", len) == 0)
    {
        which = json;

    } else {
        return;
    }

    which->q = ngx_http_billing_accept_q(p + len, last);
    which->place = place;
}


/* ";q=0.8" in thousandths; 1000 where there is none, 0 for nonsense. */

static ngx_uint_t
ngx_http_billing_accept_q(u_char *p, u_char *last)
{
    ngx_uint_t  q, unit;

    for ( /* void */ ; p + 2 < last; p++) {
        if ((p[0] == 'q' || p[0] == 'Q') && p[1] == '='
            && (p[-1] == ';' || p[-1] == ' '))
        {
            break;
        }
    }

    if (p + 2 >= last) {
        return 1000;
    }

    p += 2;

    if (*p == '1') {
        return 1000;
    }

    if (*p != '0') {
        return 0;
    }

    q = 0;
    p++;

    if (p == last || *p != '.') {
        return 0;
    }

    p++;

    for (unit = 100; unit != 0 && p < last; unit /= 10, p++) {
        if (*p < '0' || *p > '9') {
            break;
        }

        q += (*p - '0') * unit;
    }

    return q;
}
