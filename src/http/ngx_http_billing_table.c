/*
 * The shared table: places that are never freed, so that a reader needs no
 * lock.  A set is one cache line of tags and times of last use, then eight
 * slots.  A slot's counter is odd while it is being written; a reader copies
 * and believes the copy only if the counter is even and has not moved.
 *
 * A writer killed half-way leaves an odd counter: readers miss, the next
 * writer repairs.  What it writes may be older than what was there and can no
 * longer be compared: it is not trusted, so that it is asked for once more.
 * Writers hold the zone's mutex, which nginx frees when its
 * owner dies.
 */

#include "ngx_http_billing_table.h"

#define NGX_HTTP_BILLING_WAYS   8
#define NGX_HTTP_BILLING_LINE   64      /* bytes of a cache line */
#define NGX_HTTP_BILLING_CENSUS 4096    /* sets looked at, at most */
#define NGX_HTTP_BILLING_TRIES  4       /* then a miss: a fetch is no harm */


typedef struct {
    uint32_t  tag[NGX_HTTP_BILLING_WAYS];       /* 0 = never used */
    uint32_t  used_sec[NGX_HTTP_BILLING_WAYS];
} ngx_http_billing_set_t;

typedef struct {
    uint32_t  seq;
    uint32_t  generation;
    uint64_t  fetched_msec;
    uint64_t  hash[2];
    uint64_t  words[];
} ngx_http_billing_slot_t;


static ngx_int_t ngx_http_billing_slot_read(ngx_http_billing_slot_t *slot,
    const uint64_t hash[2], ngx_http_billing_copy_t *copy);
static void ngx_http_billing_slot_write(ngx_http_billing_slot_t *slot,
    const uint64_t hash[2], ngx_uint_t nwords,
    const ngx_http_billing_cell_t *cell);
static ngx_uint_t ngx_http_billing_slot_newer(ngx_http_billing_slot_t *slot,
    const ngx_http_billing_cell_t *cell);
#if (BILLING_FAULTS)
static void ngx_http_billing_slot_fault(void);
#endif
static ngx_uint_t ngx_http_billing_set_victim(ngx_http_billing_set_t *set);


static ngx_inline uint32_t
ngx_http_billing_table_tag(const uint64_t hash[2])
{
    return (uint32_t) (hash[0] >> 32) | 1;
}


/* A multiplication instead of a division brings the hash into range. */

static ngx_inline ngx_http_billing_set_t *
ngx_http_billing_table_set(ngx_http_billing_table_t *table,
    const uint64_t hash[2])
{
    uint64_t  n;

    n = ((hash[1] >> 32) * table->nsets) >> 32;

    return (ngx_http_billing_set_t *) (table->base + n * table->set_size);
}


static ngx_inline ngx_http_billing_slot_t *
ngx_http_billing_table_slot(ngx_http_billing_table_t *table,
    ngx_http_billing_set_t *set, ngx_uint_t way)
{
    return (ngx_http_billing_slot_t *)
               ((u_char *) set + NGX_HTTP_BILLING_LINE
                + way * table->slot_size);
}


void
ngx_http_billing_table_init(ngx_http_billing_table_t *table, u_char *memory,
    size_t size, ngx_uint_t nwords)
{
    u_char  *base;

    base = ngx_align_ptr(memory, NGX_HTTP_BILLING_LINE);

    table->slot_size = ngx_align(sizeof(ngx_http_billing_slot_t)
                                 + nwords * sizeof(uint64_t),
                                 NGX_HTTP_BILLING_LINE);
    table->set_size = NGX_HTTP_BILLING_LINE
                      + NGX_HTTP_BILLING_WAYS * table->slot_size;
    table->nwords = nwords;
    table->base = base;
    table->nsets = (size - (base - memory)) / table->set_size;
}


ngx_int_t
ngx_http_billing_table_get(ngx_http_billing_table_t *table,
    const uint64_t hash[2], uint32_t now_sec, ngx_http_billing_copy_t *copy)
{
    uint32_t                  tag;
    ngx_uint_t                i;
    ngx_http_billing_set_t   *set;
    ngx_http_billing_slot_t  *slot;

    tag = ngx_http_billing_table_tag(hash);
    set = ngx_http_billing_table_set(table, hash);

    for (i = 0; i < NGX_HTTP_BILLING_WAYS; i++) {

        if (__atomic_load_n(&set->tag[i], __ATOMIC_RELAXED) != tag) {
            continue;
        }

        slot = ngx_http_billing_table_slot(table, set, i);

        if (ngx_http_billing_slot_read(slot, hash, copy) != NGX_OK) {
            continue;
        }

        copy->spot.used_sec_at = &set->used_sec[i];

        /* At most one write a second, or a hot line would never be shared. */

        if (__atomic_load_n(&set->used_sec[i], __ATOMIC_RELAXED) != now_sec) {
            __atomic_store_n(&set->used_sec[i], now_sec, __ATOMIC_RELAXED);
        }

        return NGX_OK;
    }

    return NGX_DECLINED;
}


static ngx_inline void
ngx_http_billing_slot_word(ngx_http_billing_slot_t *slot, ngx_uint_t i,
    u_char *bytes)
{
    uint64_t  word;

    word = __atomic_load_n(&slot->words[i], __ATOMIC_RELAXED);
    ngx_memcpy(bytes + i * sizeof(word), &word, sizeof(word));
}


static ngx_int_t
ngx_http_billing_slot_read(ngx_http_billing_slot_t *slot,
    const uint64_t hash[2], ngx_http_billing_copy_t *copy)
{
    uint32_t    seq;
    ngx_uint_t  i, tries;

    for (tries = 0; tries < NGX_HTTP_BILLING_TRIES; tries++) {

        seq = __atomic_load_n(&slot->seq, __ATOMIC_ACQUIRE);

        if (seq & 1) {
            ngx_cpu_pause();
            continue;
        }

        /* Half of another name is another name. */

        if (__atomic_load_n(&slot->hash[0], __ATOMIC_RELAXED) != hash[0]
            || __atomic_load_n(&slot->hash[1], __ATOMIC_RELAXED) != hash[1])
        {
            return NGX_DECLINED;
        }

        copy->fetched_msec = __atomic_load_n(&slot->fetched_msec,
                                             __ATOMIC_RELAXED);
        copy->generation = __atomic_load_n(&slot->generation,
                                           __ATOMIC_RELAXED);

        /* Three at a time, as every record has at least. */

        for (i = 0; i + 3 <= copy->nwords; i += 3) {
            ngx_http_billing_slot_word(slot, i, copy->bytes);
            ngx_http_billing_slot_word(slot, i + 1, copy->bytes);
            ngx_http_billing_slot_word(slot, i + 2, copy->bytes);
        }

        for ( /* void */ ; i < copy->nwords; i++) {
            ngx_http_billing_slot_word(slot, i, copy->bytes);
        }

        __atomic_thread_fence(__ATOMIC_ACQUIRE);

        if (__atomic_load_n(&slot->seq, __ATOMIC_RELAXED) == seq) {
            copy->spot.seq_at = &slot->seq;
            copy->spot.seq = seq;
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


ngx_int_t
ngx_http_billing_table_put(ngx_http_billing_table_t *table,
    const uint64_t hash[2], uint32_t now_sec,
    const ngx_http_billing_cell_t *cell, ngx_uint_t *evicted)
{
    uint32_t                  tag;
    ngx_uint_t                i;
    ngx_http_billing_set_t   *set;
    ngx_http_billing_slot_t  *slot;

    *evicted = 0;

    tag = ngx_http_billing_table_tag(hash);
    set = ngx_http_billing_table_set(table, hash);

    slot = NULL;

    for (i = 0; i < NGX_HTTP_BILLING_WAYS; i++) {
        slot = ngx_http_billing_table_slot(table, set, i);

        if (set->tag[i] == tag && slot->hash[0] == hash[0]
            && slot->hash[1] == hash[1])
        {
            break;
        }
    }

    if (i == NGX_HTTP_BILLING_WAYS) {
        i = ngx_http_billing_set_victim(set);
        slot = ngx_http_billing_table_slot(table, set, i);
        *evicted = set->tag[i] != 0;

    } else if (ngx_http_billing_slot_newer(slot, cell)) {
        return NGX_DECLINED;
    }

    ngx_http_billing_slot_write(slot, hash, table->nwords, cell);

    __atomic_store_n(&set->used_sec[i], now_sec, __ATOMIC_RELAXED);
    __atomic_store_n(&set->tag[i], tag, __ATOMIC_RELEASE);

    return NGX_OK;
}


/* Every kind of record begins with its epoch and its version. */

static ngx_uint_t
ngx_http_billing_slot_newer(ngx_http_billing_slot_t *slot,
    const ngx_http_billing_cell_t *cell)
{
    if (slot->seq & 1) {
        return 0;
    }

    if (slot->words[0] != cell->words[0]) {
        return slot->words[0] > cell->words[0];
    }

    return slot->words[1] > cell->words[1];
}


static ngx_uint_t
ngx_http_billing_set_victim(ngx_http_billing_set_t *set)
{
    uint32_t    used, oldest;
    ngx_uint_t  i, victim;

    victim = 0;
    oldest = (uint32_t) -1;

    for (i = 0; i < NGX_HTTP_BILLING_WAYS; i++) {

        if (set->tag[i] == 0) {
            return i;
        }

        used = __atomic_load_n(&set->used_sec[i], __ATOMIC_RELAXED);

        if (used < oldest) {
            oldest = used;
            victim = i;
        }
    }

    return victim;
}


static void
ngx_http_billing_slot_write(ngx_http_billing_slot_t *slot,
    const uint64_t hash[2], ngx_uint_t nwords,
    const ngx_http_billing_cell_t *cell)
{
    uint32_t    seq, generation;
    ngx_uint_t  i;

    generation = (slot->seq & 1) ? NGX_HTTP_BILLING_BEHIND : cell->generation;
    seq = slot->seq | 1;

    __atomic_store_n(&slot->seq, seq, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);

    __atomic_store_n(&slot->hash[0], hash[0], __ATOMIC_RELAXED);
    __atomic_store_n(&slot->hash[1], hash[1], __ATOMIC_RELAXED);
    __atomic_store_n(&slot->fetched_msec, cell->fetched_msec,
                     __ATOMIC_RELAXED);
    __atomic_store_n(&slot->generation, generation, __ATOMIC_RELAXED);

    for (i = 0; i < nwords; i++) {
        __atomic_store_n(&slot->words[i], cell->words[i], __ATOMIC_RELAXED);

#if (BILLING_FAULTS)
        if (i == nwords / 2) {
            ngx_http_billing_slot_fault();
        }
#endif
    }

    __atomic_store_n(&slot->seq, seq + 1, __ATOMIC_RELEASE);
}


#if (BILLING_FAULTS)

/* In debug builds, for tests: the N-th write of a process is its last act. */

static void
ngx_http_billing_slot_fault(void)
{
    char              *text;
    static ngx_int_t   left = -1;

    if (left == -1) {
        text = getenv("BILLING_FAULT_ZONE_WRITE");
        left = text ? ngx_atoi((u_char *) text, ngx_strlen(text)) : 0;
    }

    if (left > 0 && --left == 0) {
        (void) raise(SIGKILL);
    }
}

#endif


/* Torn reads do no harm here: a number a moment old is one too. */

void
ngx_http_billing_table_census(ngx_http_billing_table_t *table,
    ngx_uint_t *entries, uint64_t *oldest_msec)
{
    uint64_t                  set, step, fetched, n;
    ngx_uint_t                i;
    ngx_http_billing_set_t   *place;
    ngx_http_billing_slot_t  *slot;

    step = table->nsets / NGX_HTTP_BILLING_CENSUS + 1;
    n = 0;

    for (set = 0; set < table->nsets; set += step) {
        place = (ngx_http_billing_set_t *)
                    (table->base + set * table->set_size);

        for (i = 0; i < NGX_HTTP_BILLING_WAYS; i++) {

            if (__atomic_load_n(&place->tag[i], __ATOMIC_RELAXED) == 0) {
                continue;
            }

            slot = ngx_http_billing_table_slot(table, place, i);
            fetched = __atomic_load_n(&slot->fetched_msec, __ATOMIC_RELAXED);
            *oldest_msec = ngx_min(*oldest_msec, fetched);
            n++;
        }
    }

    *entries += n * step;
}
