/*
 * Session cookies that this process has verified: the same bytes under the
 * same secrets need not be verified again, only be still valid.  With other
 * secrets comes another configuration, and with that an empty table.
 *
 * Direct-mapped, compared in full.  A place is found by a hash under random
 * keys of this process, so that nobody can aim at a place, nor feel his way
 * to somebody else's cookie by how long a comparison takes.
 */

#include "ngx_http_billing_table.h"

#include <openssl/rand.h>

#define NGX_HTTP_BILLING_PASSPORTS      4096    /* a power of two */
#define NGX_HTTP_BILLING_PASSPORT_TAIL  3       /* words hashed, of the MAC */


typedef struct {
    size_t             len;                     /* 0 = never used */
    billing_session_t  session;
    u_char             token[BILLING_SESSION_MAX];
} ngx_http_billing_passport_t;

typedef struct {
    ngx_uint_t                   serial;        /* whose secrets */
    uint64_t                     key[2 * NGX_HTTP_BILLING_PASSPORT_TAIL];
    ngx_http_billing_passport_t  passports[NGX_HTTP_BILLING_PASSPORTS];
} ngx_http_billing_passports_t;


static ngx_http_billing_passports_t  *ngx_http_billing_passports;


/* Its end is its MAC: what differs anywhere differs there.  NULL: none. */

static ngx_inline ngx_http_billing_passport_t *
ngx_http_billing_passport_place(ngx_str_t *token)
{
    uint64_t  place, words[NGX_HTTP_BILLING_PASSPORT_TAIL];

    if (token->len < sizeof(words)) {
        return NULL;
    }

    ngx_memcpy(words, token->data + token->len - sizeof(words),
               sizeof(words));

    place = ngx_http_billing_hash_place(ngx_http_billing_passports->key, words,
                                        NGX_HTTP_BILLING_PASSPORT_TAIL);

    return &ngx_http_billing_passports->passports[
               place & (NGX_HTTP_BILLING_PASSPORTS - 1)];
}


ngx_int_t
ngx_http_billing_passport_find(ngx_http_billing_main_conf_t *bmcf,
    ngx_str_t *token, billing_session_t *session)
{
    ngx_http_billing_passport_t  *passport;

    if (ngx_http_billing_passports == NULL
        || ngx_http_billing_passports->serial != bmcf->serial)
    {
        return NGX_DECLINED;
    }

    passport = ngx_http_billing_passport_place(token);

    /* the machine's clock: the test clock must not log anybody out */

    if (passport == NULL || passport->len != token->len
        || ngx_memcmp(passport->token, token->data, token->len) != 0
        || passport->session.expires_at <= ngx_time())
    {
        return NGX_DECLINED;
    }

    *session = passport->session;

    return NGX_OK;
}


void
ngx_http_billing_passport_keep(ngx_http_billing_main_conf_t *bmcf,
    ngx_str_t *token, billing_session_t *session)
{
    ngx_http_billing_passport_t  *passport;

    if (ngx_http_billing_passports
        && ngx_http_billing_passports->serial != bmcf->serial)
    {
        ngx_http_billing_passport_exit();
    }

    if (ngx_http_billing_passports == NULL) {
        /* Of fresh memory only the pages in use become real. */
        ngx_http_billing_passports = calloc(1,
                                       sizeof(ngx_http_billing_passports_t));

        if (ngx_http_billing_passports == NULL) {
            return;
        }

        if (RAND_bytes((u_char *) ngx_http_billing_passports->key,
                       sizeof(ngx_http_billing_passports->key))
            != 1)
        {
            ngx_http_billing_passport_exit();
            return;
        }

        ngx_http_billing_passports->serial = bmcf->serial;
    }

    passport = ngx_http_billing_passport_place(token);

    if (passport == NULL) {
        return;
    }

    passport->len = token->len;
    passport->session = *session;
    ngx_memcpy(passport->token, token->data, token->len);
}


void
ngx_http_billing_passport_exit(void)
{
    ngx_free(ngx_http_billing_passports);
    ngx_http_billing_passports = NULL;
}
