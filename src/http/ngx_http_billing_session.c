/*
 * Who is asking: the signed session cookie, the proof that a change of state
 * was meant (origin and token), and what the buyer has already seen.
 */

#include "ngx_http_billing_api.h"
#include "ngx_http_billing_security.h"

#include <openssl/rand.h>

/* Absolute end of a session: a working day (P50). */
#define NGX_HTTP_BILLING_SESSION_SEC   (12 * 3600)

/* Longer than any record is trusted: later the cookie has nothing to say. */
#define NGX_HTTP_BILLING_SEEN_SEC      600

#define NGX_HTTP_BILLING_SEEN_TEAMS    3

typedef struct {
    ngx_str_t  team;
    uint64_t   epoch;
    uint64_t   version;
} ngx_http_billing_seen_t;

static ngx_uint_t ngx_http_billing_session_verify(ngx_http_request_t *r,
    ngx_http_billing_ctx_t *ctx);
static ngx_int_t ngx_http_billing_set_cookie(ngx_http_request_t *r,
    const char *name, ngx_str_t *value, ngx_uint_t max_age_sec);
static ngx_uint_t ngx_http_billing_origin_own(ngx_http_request_t *r,
    ngx_str_t *origin);
static void ngx_http_billing_origin_split(ngx_str_t *url, ngx_str_t *scheme,
    ngx_str_t *authority);
static ngx_uint_t ngx_http_billing_seen_next(u_char **p, u_char *last,
    ngx_http_billing_seen_t *seen);
static ngx_uint_t ngx_http_billing_seen_number(u_char *p, size_t len,
    uint64_t *number);


billing_session_t *
ngx_http_billing_session(ngx_http_request_t *r)
{
    ngx_http_billing_ctx_t  *ctx;

    ctx = ngx_http_billing_ctx(r);
    if (ctx == NULL) {
        return NULL;
    }

    if (!ctx->session_done) {
        ctx->session_done = 1;

        if (ngx_http_billing_session_verify(r, ctx)) {
            ctx->session = &ctx->session_is;
        }
    }

    return ctx->session;
}


static ngx_uint_t
ngx_http_billing_session_verify(ngx_http_request_t *r,
    ngx_http_billing_ctx_t *ctx)
{
    ngx_str_t                     *value;
    ngx_uint_t                     i, foreign;
    billing_err_t                  err;
    billing_bytes_t                token;
    ngx_http_billing_main_conf_t  *bmcf;

    /* two of them: one may have been planted, so neither counts */

    (void) ngx_http_billing_cookies(r);

    value = &ctx->session_cookie;

    if (ctx->session_cookies != 1
        || value->len == 0 || value->len >= BILLING_SESSION_MAX)
    {
        return 0;
    }

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);

    if (ngx_http_billing_passport_find(bmcf, value, &ctx->session_is)
        == NGX_OK)
    {
        return 1;
    }

    token.data = value->data;
    token.len = value->len;
    foreign = 1;

    /* the machine's clock: the test clock must not log anybody out */

    for (i = 0; i < bmcf->nsecrets; i++) {
        err = billing_session_decode(&bmcf->secrets[i], token, ngx_time(),
                                     &ctx->session_is);

        if (err == BILLING_OK) {
            ngx_http_billing_passport_keep(bmcf, value, &ctx->session_is);
            return 1;
        }

        if (err != BILLING_EMAC && err != BILLING_EFORMAT) {
            foreign = 0;                /* its time is over */
        }
    }

    if (foreign) {
        ngx_http_billing_security_event(r, BILLING_SECURITY_SESSION_BAD);
    }

    return 0;
}


ngx_int_t
ngx_http_billing_session_start(ngx_http_request_t *r, ngx_str_t *profile,
    billing_session_t **out)
{
    char                           token[BILLING_SESSION_MAX];
    ngx_str_t                      value;
    billing_session_t             *session;
    ngx_http_billing_ctx_t        *ctx;
    ngx_http_billing_main_conf_t  *bmcf;

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);
    ctx = ngx_http_billing_ctx(r);

    if (ctx == NULL || bmcf->nsecrets == 0
        || profile->len > BILLING_EMAIL_MAX)
    {
        return NGX_ERROR;
    }

    session = &ctx->session_is;
    ngx_memzero(session, sizeof(billing_session_t));
    ngx_memcpy(session->profile, profile->data, profile->len);
    session->expires_at = ngx_time() + NGX_HTTP_BILLING_SESSION_SEC;

    if (ngx_http_billing_random(session->nonce) != NGX_OK
        || billing_session_encode(&bmcf->secrets[0], session, token)
           != BILLING_OK)
    {
        return NGX_ERROR;
    }

    value.data = (u_char *) token;
    value.len = ngx_strlen(token);

    if (ngx_http_billing_set_cookie(r,
                       (char *) ngx_http_billing_session_name(r)->data,
                       &value, NGX_HTTP_BILLING_SESSION_SEC)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ctx->session_done = 1;
    ctx->session = session;
    *out = session;

    return NGX_OK;
}


ngx_int_t
ngx_http_billing_random(char out[NGX_HTTP_BILLING_RANDOM_LEN + 1])
{
    uint8_t  bytes[NGX_HTTP_BILLING_RANDOM_LEN / 2];

    if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
        return NGX_ERROR;
    }

    billing_hex(bytes, sizeof(bytes), out);

    return NGX_OK;
}


static ngx_int_t
ngx_http_billing_set_cookie(ngx_http_request_t *r, const char *name,
    ngx_str_t *value, ngx_uint_t max_age_sec)
{
    u_char      *p;
    size_t       len;
    ngx_str_t    cookie;
    const char  *secure;

    secure = ngx_http_billing_https(r) ? "; Secure" : "";

    len = ngx_strlen(name) + value->len + ngx_strlen(secure) + NGX_INT_T_LEN
          + sizeof("=; Path=/; Max-Age=; HttpOnly; SameSite=Lax");

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    cookie.data = p;
    cookie.len = ngx_snprintf(p, len,
                              "%s=%V; Path=/; Max-Age=%ui; HttpOnly; "
                              "SameSite=Lax%s",
                              name, value, max_age_sec, secure) - p;

    return ngx_http_billing_add_header(r, "Set-Cookie", &cookie);
}


billing_reason_t
ngx_http_billing_csrf_check(ngx_http_request_t *r, billing_session_t *session)
{
    char                           token[BILLING_CSRF_LEN + 1];
    ngx_str_t                      value;
    ngx_uint_t                     i, equal;
    ngx_http_billing_main_conf_t  *bmcf;

    if (ngx_http_billing_same_origin(r) != NGX_OK) {
        return BILLING_CSRF;
    }

    if (session == NULL
        || ngx_http_billing_header(r, "X-CSRF-Token", &value) != 1
        || value.len != BILLING_CSRF_LEN)
    {
        return BILLING_CSRF;
    }

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);
    equal = 0;

    for (i = 0; i < bmcf->nsecrets; i++) {
        if (billing_csrf_token(&bmcf->secrets[i], session, token)
            == BILLING_OK)
        {
            equal |= billing_mac_equal((uint8_t *) token, value.data,
                                       BILLING_CSRF_LEN);
        }
    }

    return equal ? BILLING_ALLOW : BILLING_CSRF;
}


ngx_int_t
ngx_http_billing_csrf_value(ngx_http_request_t *r, billing_session_t *session,
    ngx_str_t *out)
{
    char                          *token;
    ngx_http_billing_main_conf_t  *bmcf;

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);

    token = ngx_pnalloc(r->pool, BILLING_CSRF_LEN + 1);

    if (token == NULL || bmcf->nsecrets == 0
        || billing_csrf_token(&bmcf->secrets[0], session, token)
           != BILLING_OK)
    {
        return NGX_ERROR;
    }

    out->data = (u_char *) token;
    out->len = ngx_strlen(token);

    return NGX_OK;
}


/*
 * A browser says where a request comes from; what it says must be us.  Who
 * says nothing at all is a program: the token alone must prove it.
 */

ngx_int_t
ngx_http_billing_same_origin(ngx_http_request_t *r)
{
    ngx_str_t   site, origin, referer;
    ngx_uint_t  nsite, norigin;

    nsite = ngx_http_billing_header(r, "Sec-Fetch-Site", &site);
    norigin = ngx_http_billing_header(r, "Origin", &origin);

    if (nsite > 1 || norigin > 1) {
        return NGX_DECLINED;
    }

    if (nsite
        && (site.len != sizeof("same-origin") - 1
            || ngx_strncmp(site.data, "same-origin", site.len) != 0))
    {
        return NGX_DECLINED;
    }

    if (norigin) {
        return ngx_http_billing_origin_own(r, &origin) ? NGX_OK
                                                       : NGX_DECLINED;
    }

    if (nsite == 0 && ngx_http_billing_header(r, "Referer", &referer)) {
        return ngx_http_billing_origin_own(r, &referer) ? NGX_OK
                                                        : NGX_DECLINED;
    }

    return NGX_OK;
}


/* Ours: as configured, or else the name this request was sent to. */

static ngx_uint_t
ngx_http_billing_origin_own(ngx_http_request_t *r, ngx_str_t *origin)
{
    ngx_str_t                      scheme, authority, own, own_scheme;
    ngx_http_billing_main_conf_t  *bmcf;

    ngx_http_billing_origin_split(origin, &scheme, &authority);

    if (authority.len == 0) {
        return 0;
    }

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);

    if (bmcf->origin.len) {
        ngx_http_billing_origin_split(&bmcf->origin, &own_scheme, &own);

        if (scheme.len != own_scheme.len) {
            return 0;
        }

    } else {
        if (scheme.len != (ngx_http_billing_https(r) ? 5 : 4)) {
            return 0;
        }

        own = r->headers_in.host ? r->headers_in.host->value
                                 : r->headers_in.server;
    }

    return own.len == authority.len
           && ngx_strncasecmp(own.data, authority.data, own.len) == 0;
}


/* "https://HOST[:PORT]/..."; both empty for anything else, as "null". */

static void
ngx_http_billing_origin_split(ngx_str_t *url, ngx_str_t *scheme,
    ngx_str_t *authority)
{
    u_char  *p, *last;

    ngx_str_null(scheme);
    ngx_str_null(authority);

    p = url->data;
    last = p + url->len;

    if (url->len > 8 && ngx_strncasecmp(p, (u_char *) "https://", 8) == 0) {
        scheme->len = 5;
        p += 8;

    } else if (url->len > 7
               && ngx_strncasecmp(p, (u_char *) "http://", 7) == 0)
    {
        scheme->len = 4;
        p += 7;

    } else {
        return;
    }

    scheme->data = url->data;
    authority->data = p;

    while (p < last && *p != '/' && *p != '?' && *p != '#') {
        p++;
    }

    authority->len = p - authority->data;
}


/* The newest first; what was seen of two other teams is kept. */

ngx_int_t
ngx_http_billing_seen_set(ngx_http_request_t *r, const char *team,
    uint64_t epoch, uint64_t version)
{
    u_char                   *p, *q, *last, *start, *end;
    ngx_str_t                 old, value;
    ngx_uint_t                n;
    ngx_http_billing_seen_t   seen;

    if (!billing_id_valid(team, ngx_strlen(team))) {
        return NGX_ERROR;
    }

    value.len = NGX_HTTP_BILLING_SEEN_TEAMS
                * (BILLING_ID_MAX + 2 * NGX_INT64_LEN + sizeof(":-."));

    start = ngx_pnalloc(r->pool, value.len);
    if (start == NULL) {
        return NGX_ERROR;
    }

    end = start + value.len;
    p = ngx_slprintf(start, end, "%s:%uL:%uL", team, epoch, version);

    if (ngx_http_billing_cookie(r, NGX_HTTP_BILLING_SEEN, &old)) {
        q = old.data;
        last = q + old.len;
        n = 1;

        while (n < NGX_HTTP_BILLING_SEEN_TEAMS
               && ngx_http_billing_seen_next(&q, last, &seen))
        {
            if (seen.team.len == ngx_strlen(team)
                && ngx_strncmp(seen.team.data, team, seen.team.len) == 0)
            {
                continue;
            }

            p = ngx_slprintf(p, end, ".%V:%uL:%uL", &seen.team, seen.epoch,
                             seen.version);
            n++;
        }
    }

    value.data = start;
    value.len = p - start;

    return ngx_http_billing_set_cookie(r, NGX_HTTP_BILLING_SEEN, &value,
                                       NGX_HTTP_BILLING_SEEN_SEC);
}


/* 1 and the version when the cookie speaks of this team. */

ngx_uint_t
ngx_http_billing_seen_version(ngx_http_request_t *r, ngx_str_t *team,
    uint64_t *epoch, uint64_t *version)
{
    u_char                   *p, *last;
    ngx_uint_t                n;
    ngx_http_billing_ctx_t   *ctx;
    ngx_http_billing_seen_t   seen;

    ctx = ngx_http_billing_cookies(r);

    if (ctx == NULL) {
        return 0;
    }

    p = ctx->seen_cookie.data;
    last = p + ctx->seen_cookie.len;

    for (n = 0; n < NGX_HTTP_BILLING_SEEN_TEAMS; n++) {

        if (!ngx_http_billing_seen_next(&p, last, &seen)) {
            return 0;
        }

        if (seen.team.len == team->len
            && ngx_strncmp(seen.team.data, team->data, team->len) == 0)
        {
            *epoch = seen.epoch;
            *version = seen.version;
            return 1;
        }
    }

    return 0;
}


/* The next "TEAM:EPOCH:VERSION" of a list with dots between; 0 at its end. */

static ngx_uint_t
ngx_http_billing_seen_next(u_char **p, u_char *last,
    ngx_http_billing_seen_t *seen)
{
    u_char  *dot, *first, *second;

    if (*p >= last) {
        return 0;
    }

    dot = ngx_strlchr(*p, last, '.');
    if (dot == NULL) {
        dot = last;
    }

    first = ngx_strlchr(*p, dot, ':');
    second = first ? ngx_strlchr(first + 1, dot, ':') : NULL;

    if (second == NULL) {
        return 0;
    }

    seen->team.data = *p;
    seen->team.len = first - *p;
    *p = dot + 1;

    return billing_id_valid((char *) seen->team.data, seen->team.len)
           && ngx_http_billing_seen_number(first + 1, second - first - 1,
                                           &seen->epoch)
           && ngx_http_billing_seen_number(second + 1, dot - second - 1,
                                           &seen->version);
}


static ngx_uint_t
ngx_http_billing_seen_number(u_char *p, size_t len, uint64_t *number)
{
    size_t  i;

    if (len == 0 || len > 18) {         /* 18 digits cannot overflow */
        return 0;
    }

    *number = 0;

    for (i = 0; i < len; i++) {
        if (p[i] < '0' || p[i] > '9') {
            return 0;
        }

        *number = *number * 10 + (p[i] - '0');
    }

    return 1;
}
