/*
 * The shared table: fixed places, eight to a set, each with a sequence counter;
 * and the hashes that find a place, there and in a process's own tables.
 */

#ifndef NGX_HTTP_BILLING_TABLE_H
#define NGX_HTTP_BILLING_TABLE_H

#include "ngx_http_billing.h"

#pragma GCC visibility push(hidden)

#define NGX_HTTP_BILLING_WORDS_MAX  12      /* of a record, 8 bytes each */
#define NGX_HTTP_BILLING_BEHIND     0       /* a generation never had */

typedef struct {
    u_char    *base;                        /* aligned to cache lines */
    uint64_t   nsets;
    uint32_t   set_size;                    /* bytes */
    uint32_t   slot_size;
    uint32_t   nwords;
} ngx_http_billing_table_t;

typedef struct {
    uint64_t  words[NGX_HTTP_BILLING_WORDS_MAX];    /* epoch, version, ... */
    uint64_t  fetched_msec;
    uint32_t  generation;
} ngx_http_billing_cell_t;

/* Where _get copies to, and what it copies beside. */
typedef struct {
    u_char                   *bytes;
    ngx_uint_t                nwords;       /* of the record's kind */
    uint64_t                  fetched_msec;
    uint32_t                  generation;
    ngx_http_billing_spot_t   spot;
} ngx_http_billing_copy_t;

/* Lays a table of empty places over zeroed memory. */
void ngx_http_billing_table_init(ngx_http_billing_table_t *table,
    u_char *memory, size_t size, ngx_uint_t nwords);

/* NGX_OK and a copy that was never half written, or NGX_DECLINED. */
ngx_int_t ngx_http_billing_table_get(ngx_http_billing_table_t *table,
    const uint64_t hash[2], uint32_t now_sec, ngx_http_billing_copy_t *copy);

/* Under the zone's mutex.  NGX_DECLINED: what is there is newer. */
ngx_int_t ngx_http_billing_table_put(ngx_http_billing_table_t *table,
    const uint64_t hash[2], uint32_t now_sec,
    const ngx_http_billing_cell_t *cell, ngx_uint_t *evicted);

/*
 * Counts what is there and finds the oldest; of a large table a sample, from
 * all over it, so that nobody waits for the count.
 */
void ngx_http_billing_table_census(ngx_http_billing_table_t *table,
    ngx_uint_t *entries, uint64_t *oldest_msec);

/* Of its key: four for a start, four for each word that may be hashed. */
#define NGX_HTTP_BILLING_HASH_KEY                                             \
    (4 * (2 + (BILLING_ID_MAX + 7) / 8 + (BILLING_EMAIL_MAX + 7) / 8))

/* NGX_DECLINED for a name longer than any. */
ngx_int_t ngx_http_billing_hash(const uint64_t *key,
    ngx_http_billing_want_t *want, uint64_t hash[2]);

/*
 * Which place of a table that compares in full: pair multiply-shift (the same,
 * 3.5), one multiplication for 8 bytes.  Two of equal length meet in so many
 * of the upper 32 bits with a chance of 2 to the minus so many.  The key is
 * random, two words for each.
 */
static ngx_inline uint64_t
ngx_http_billing_hash_place(const uint64_t *key, const uint64_t *words,
    ngx_uint_t n)
{
    uint64_t    sum;
    ngx_uint_t  i;

    sum = 0;

    for (i = 0; i < n; i++) {
        sum += (key[2 * i] + (uint32_t) words[i])
               * (key[2 * i + 1] + (words[i] >> 32));
    }

    return sum >> 32;
}

#pragma GCC visibility pop

#endif /* NGX_HTTP_BILLING_TABLE_H */
