/*
 * Addresses that do not exist.  In French that may be so in French alone, so
 * the advice is the other language (R3); a reader gets a page that offers it,
 * a program a problem document.
 */

#include "ngx_http_billing_api.h"

#define NGX_HTTP_BILLING_MISSING_MAX  4096

static ngx_int_t ngx_http_billing_missing_page(ngx_http_request_t *r,
    billing_reason_t reason, billing_lang_t lang);
static const char *ngx_http_billing_missing_text(const char *code,
    const char *member, billing_lang_t lang);


/* The texts are ours and hold nothing that HTML would read. */

static const char  ngx_http_billing_missing_html[] =
    "<!doctype html>\n"
    "<html lang=\"%s\">\n"
    "<head>\n"
    "<meta charset=\"utf-8\">\n"
    "<title>%s</title>\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<meta name=\"billing-code\" content=\"%s\">\n"
    "<link rel=\"stylesheet\" href=\"/billing/assets/style.css\">\n"
    "</head>\n"
    "<body>\n"
    "<main class=\"narrow\">\n"
    "<h1>%s</h1>\n"
    "<p>%s</p>\n"
    "<p>%s</p>\n"
    "<p><a href=\"/dashboard\">%s</a></p>\n"
    "</main>\n"
    "<footer class=\"foot\">\n"
    "<nav class=\"languages\" aria-label=\"%s\">\n"
    "<a href=\"?lang=en\" hreflang=\"en\" lang=\"en\">English</a>\n"
    "<a href=\"?lang=fr\" hreflang=\"fr\" lang=\"fr\">Français</a>\n"
    "</nav>\n"
    "</footer>\n"
    "</body>\n"
    "</html>\n";


/* As send_problem, which answers every other reason. */

ngx_int_t
ngx_http_billing_send_missing(ngx_http_request_t *r, billing_reason_t reason)
{
    ngx_str_t       vary;
    billing_lang_t  lang;

    if (reason != BILLING_NOT_FOUND
        || !(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD)))
    {
        return ngx_http_billing_send_problem(r, reason, NULL, NULL);
    }

    lang = ngx_http_billing_lang(r);

    if (lang == BILLING_LANG_FR) {
        reason = BILLING_PAGE_NOT_FOUND_FR;
    }

    ngx_str_set(&vary, "Accept, Accept-Language, Cookie");

    if (ngx_http_billing_add_header(r, "Vary", &vary) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ngx_http_billing_wants_page(r)) {
        return ngx_http_billing_missing_page(r, reason, lang);
    }

    return ngx_http_billing_send_problem(r, reason, NULL, NULL);
}


static ngx_int_t
ngx_http_billing_missing_page(ngx_http_request_t *r, billing_reason_t reason,
    billing_lang_t lang)
{
    u_char       buf[NGX_HTTP_BILLING_MISSING_MAX], *last;
    ngx_str_t    body, language, policy, opener;
    const char  *code, *title;

    code = billing_reason_code(reason);
    title = ngx_http_billing_missing_text(code, "title", lang);

    last = ngx_slprintf(buf, buf + sizeof(buf), ngx_http_billing_missing_html,
                        billing_lang_name(lang), title, code, title,
                        ngx_http_billing_missing_text(code, "detail", lang),
                        ngx_http_billing_missing_text(code, "next", lang),
                        billing_text("page.dashboard", lang),
                        billing_text("page.language", lang));

    body.len = last - buf;
    body.data = ngx_pnalloc(r->pool, body.len);

    if (body.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_memcpy(body.data, buf, body.len);

    language.data = (u_char *) billing_lang_name(lang);
    language.len = ngx_strlen(language.data);
    ngx_str_set(&policy, "default-src 'none'; style-src 'self';"
                         " form-action 'none'; base-uri 'none';"
                         " frame-ancestors 'none'");
    ngx_str_set(&opener, "same-origin");

    if (ngx_http_billing_add_header(r, "Content-Language", &language)
        != NGX_OK
        || ngx_http_billing_add_header(r, "Content-Security-Policy", &policy)
           != NGX_OK
        || ngx_http_billing_add_header(r, "Cross-Origin-Opener-Policy",
                                       &opener)
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_billing_send(r, billing_reason_status(reason),
                                 "text/html", &body);
}


static const char *
ngx_http_billing_missing_text(const char *code, const char *member,
    billing_lang_t lang)
{
    u_char  key[64], *last;

    last = ngx_slprintf(key, key + sizeof(key) - 1, "%s.%s", code, member);
    *last = '\0';

    return billing_text((char *) key, lang);
}
