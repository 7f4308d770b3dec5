/*
 * SipHash-2-4 with a result of 128 bits, after its authors' description: a
 * keyed hash, so that nobody outside can choose names that share a set or,
 * worse, a place in the shared table.
 */

#include "ngx_http_billing.h"


typedef struct {
    uint64_t  v0;
    uint64_t  v1;
    uint64_t  v2;
    uint64_t  v3;
} ngx_http_billing_sip_t;


static uint64_t ngx_http_billing_siphash_tail(const u_char *data, size_t len);


static ngx_inline uint64_t
ngx_http_billing_siphash_turn(uint64_t word, unsigned bits)
{
    return (word << bits) | (word >> (64 - bits));
}


static ngx_inline void
ngx_http_billing_siphash_round(ngx_http_billing_sip_t *s)
{
    s->v0 += s->v1;
    s->v1 = ngx_http_billing_siphash_turn(s->v1, 13) ^ s->v0;
    s->v0 = ngx_http_billing_siphash_turn(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = ngx_http_billing_siphash_turn(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = ngx_http_billing_siphash_turn(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = ngx_http_billing_siphash_turn(s->v1, 17) ^ s->v2;
    s->v2 = ngx_http_billing_siphash_turn(s->v2, 32);
}


static ngx_inline void
ngx_http_billing_siphash_word(ngx_http_billing_sip_t *s, uint64_t word)
{
    s->v3 ^= word;
    ngx_http_billing_siphash_round(s);
    ngx_http_billing_siphash_round(s);
    s->v0 ^= word;
}


static ngx_inline uint64_t
ngx_http_billing_siphash_finish(ngx_http_billing_sip_t *s)
{
    ngx_http_billing_siphash_round(s);
    ngx_http_billing_siphash_round(s);
    ngx_http_billing_siphash_round(s);
    ngx_http_billing_siphash_round(s);

    return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}


void
ngx_http_billing_siphash(const uint64_t key[2], const u_char *data, size_t len,
    uint64_t hash[2])
{
    size_t                  left;
    uint64_t                word;
    ngx_http_billing_sip_t  s;

    s.v0 = key[0] ^ 0x736f6d6570736575ULL;
    s.v1 = key[1] ^ 0x646f72616e646f6dULL ^ 0xee;
    s.v2 = key[0] ^ 0x6c7967656e657261ULL;
    s.v3 = key[1] ^ 0x7465646279746573ULL;

    for (left = len; left >= 8; left -= 8) {
        /* One load on a little-endian machine; the result stays on it. */
        ngx_memcpy(&word, data, 8);
        ngx_http_billing_siphash_word(&s, word);
        data += 8;
    }

    word = (uint64_t) (len & 0xff) << 56;
    word |= ngx_http_billing_siphash_tail(data, left);
    ngx_http_billing_siphash_word(&s, word);

    s.v2 ^= 0xee;
    hash[0] = ngx_http_billing_siphash_finish(&s);
    s.v1 ^= 0xdd;
    hash[1] = ngx_http_billing_siphash_finish(&s);
}


/* The last, incomplete word: up to seven bytes. */

static uint64_t
ngx_http_billing_siphash_tail(const u_char *data, size_t len)
{
    uint64_t  word;

    word = 0;

    while (len--) {
        word = (word << 8) | data[len];
    }

    return word;
}
