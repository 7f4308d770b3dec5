/* What names in directives may be: a cookie, an origin, a prefix of pages. */

#include "ngx_http_billing_conf.h"


char *
ngx_http_billing_cookie_name(ngx_conf_t *cf, void *post, void *data)
{
    ngx_str_t *name = data;

    size_t  i;
    u_char  c;

    (void) cf;
    (void) post;

    for (i = 0; i < name->len; i++) {
        c = name->data[i];

        if (!isalnum(c) && c != '_' && c != '-') {
            break;
        }
    }

    if (name->len == 0 || i < name->len) {
        return "has a name that is not of letters, digits, \"_\" and \"-\"";
    }

    return NGX_CONF_OK;
}


/* "https://boards.example.test[:PORT]": what browsers send, so no path. */

char *
ngx_http_billing_origin_url(ngx_conf_t *cf, void *post, void *data)
{
    ngx_str_t *url = data;

    size_t  i, skip;
    u_char  c;

    (void) cf;
    (void) post;

    skip = 0;

    if (url->len > 7 && ngx_strncmp(url->data, "http://", 7) == 0) {
        skip = 7;

    } else if (url->len > 8 && ngx_strncmp(url->data, "https://", 8) == 0) {
        skip = 8;
    }

    for (i = skip; skip && i < url->len; i++) {
        c = url->data[i];

        if (!isalnum(c) && c != '.' && c != '-' && c != ':' && c != '['
            && c != ']')
        {
            skip = 0;
        }
    }

    return skip ? NGX_CONF_OK
                : "is not \"http://HOST\" or \"https://HOST\"";
}


char *
ngx_http_billing_pages_prefix(ngx_conf_t *cf, void *post, void *data)
{
    ngx_str_t *prefix = data;

    (void) cf;
    (void) post;

    if (prefix->len == 0 || prefix->data[0] != '/'
        || prefix->data[prefix->len - 1] != '/')
    {
        return "must begin and end with \"/\"";
    }

    return NGX_CONF_OK;
}
