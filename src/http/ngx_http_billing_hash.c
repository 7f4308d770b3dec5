/*
 * The hash of a record's name: multiply-shift (Dietzfelbinger, 1996; for
 * vectors Thorup, "High Speed Hashing for Integers and Strings", 3.4): each
 * word times a random key of 128 bits, summed, the upper half; twice, with
 * keys of their own.  Two names chosen without knowing the key meet with a
 * chance of 2^-128, and in one set of the table no oftener than by chance:
 * strangers, who choose the names, cannot aim at a place.
 *
 * That it is linear, which a MAC must not be, is no harm while nobody sees a
 * result: the key is the zone's, drawn when the zone is made, and neither it
 * nor anything computed with it leaves the zone.  A third of SipHash's work.
 */

#include "ngx_http_billing_table.h"


__extension__ typedef unsigned __int128  ngx_http_billing_wide_t;

typedef struct {
    ngx_http_billing_wide_t  sum[2];
    const uint64_t          *key;       /* the next word's, four of them */
} ngx_http_billing_hashing_t;


static ngx_inline void
ngx_http_billing_hash_word(ngx_http_billing_hashing_t *h, uint64_t word)
{
    h->sum[0] += (ngx_http_billing_wide_t) word * h->key[0]
                 + ((ngx_http_billing_wide_t) (word * h->key[1]) << 64);
    h->sum[1] += (ngx_http_billing_wide_t) word * h->key[2]
                 + ((ngx_http_billing_wide_t) (word * h->key[3]) << 64);
    h->key += 4;
}


/* The last eight bytes are read again where they do not fill a word. */

static ngx_inline void
ngx_http_billing_hash_text(ngx_http_billing_hashing_t *h, ngx_str_t *text)
{
    size_t         len;
    uint64_t       word;
    const u_char  *p;

    p = text->data;
    len = text->len;

    if (len < 8) {

        for (word = 0; len; len--) {
            word = (word << 8) | p[len - 1];
        }

        ngx_http_billing_hash_word(h, word);
        return;
    }

    for ( /* void */ ; len > 8; len -= 8) {
        ngx_memcpy(&word, p, 8);
        ngx_http_billing_hash_word(h, word);
        p += 8;
    }

    ngx_memcpy(&word, p + len - 8, 8);
    ngx_http_billing_hash_word(h, word);
}


/* Lengths first: no two names run into each other. */

ngx_int_t
ngx_http_billing_hash(const uint64_t *key, ngx_http_billing_want_t *want,
    uint64_t hash[2])
{
    ngx_http_billing_hashing_t  h;

    if (want->id.len > BILLING_ID_MAX || want->name.len > BILLING_EMAIL_MAX) {
        return NGX_DECLINED;
    }

    h.sum[0] = ((ngx_http_billing_wide_t) key[1] << 64) | key[0];
    h.sum[1] = ((ngx_http_billing_wide_t) key[3] << 64) | key[2];
    h.key = key + 4;

    ngx_http_billing_hash_word(&h, want->kind | want->id.len << 8
                                   | want->name.len << 16);
    ngx_http_billing_hash_text(&h, &want->id);

    if (want->name.len) {
        ngx_http_billing_hash_text(&h, &want->name);
    }

    hash[0] = h.sum[0] >> 64;
    hash[1] = h.sum[1] >> 64;

    return NGX_OK;
}
