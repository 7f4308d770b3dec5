/*
 * The zone: what all nginx workers of this host know in common.  One block of
 * shared memory, never given back: a header, a table of people, one of things.
 */

#include "ngx_http_billing_zone.h"

#include <openssl/rand.h>

#define NGX_HTTP_BILLING_ZONE_MAGIC    0x62696c6c7a6f6e65ULL
#define NGX_HTTP_BILLING_ZONE_LAYOUT   5
#define NGX_HTTP_BILLING_ZONE_MIN      (128 * 1024)
#define NGX_HTTP_BILLING_ZONE_SPARE    2        /* pages left to the slab */

#define NGX_HTTP_BILLING_MEMBER_WORDS  4        /* a slot of one cache line */
#define NGX_HTTP_BILLING_WIDE_WORDS    NGX_HTTP_BILLING_WORDS_MAX


_Static_assert(sizeof(billing_member_record_t)
               <= NGX_HTTP_BILLING_MEMBER_WORDS * sizeof(uint64_t)
               && sizeof(billing_access_record_t)
                  <= NGX_HTTP_BILLING_MEMBER_WORDS * sizeof(uint64_t)
               && sizeof(billing_team_record_t)
                  <= NGX_HTTP_BILLING_WIDE_WORDS * sizeof(uint64_t)
               && sizeof(billing_board_record_t)
                  <= NGX_HTTP_BILLING_WIDE_WORDS * sizeof(uint64_t),
               "a record fits its table's slot");


static ngx_int_t ngx_http_billing_zone_init(ngx_shm_zone_t *zone, void *data);
static ngx_int_t ngx_http_billing_zone_build(ngx_shm_zone_t *zone);
static void ngx_http_billing_zone_entry(ngx_http_billing_zone_header_t *header,
    ngx_http_billing_copy_t *copy, ngx_http_billing_loc_conf_t *blcf,
    ngx_http_billing_entry_t *entry);


/* By kind: its size in words.  All begin with epoch and version. */

static const uint8_t  ngx_http_billing_zone_words[] = {
    [BILLING_RECORD_NONE] = 0,
    [BILLING_RECORD_TEAM] = sizeof(billing_team_record_t) / 8,
    [BILLING_RECORD_MEMBER] = sizeof(billing_member_record_t) / 8,
    [BILLING_RECORD_BOARD] = sizeof(billing_board_record_t) / 8,
    [BILLING_RECORD_ACCESS] = sizeof(billing_access_record_t) / 8
};

_Static_assert(sizeof(billing_team_record_t) % 8 == 0
               && sizeof(billing_member_record_t) % 8 == 0
               && sizeof(billing_board_record_t) % 8 == 0
               && sizeof(billing_access_record_t) % 8 == 0,
               "a record is so many words");


static ngx_inline ngx_http_billing_table_t *
ngx_http_billing_zone_table(ngx_http_billing_zone_header_t *header,
    billing_record_kind_t kind)
{
    return kind == BILLING_RECORD_TEAM || kind == BILLING_RECORD_BOARD
           ? &header->wide : &header->members;
}


static ngx_inline ngx_uint_t
ngx_http_billing_zone_old(ngx_http_billing_zone_header_t *header,
    ngx_http_billing_trust_t *trust)
{
    return trust->epoch < __atomic_load_n(&header->epoch, __ATOMIC_RELAXED);
}


/*
 * Longer while the link is up over which its changes would have been told.
 * While it is not, three quarters of the time within which a change is known:
 * the rest is for asking again.
 */

static ngx_inline ngx_uint_t
ngx_http_billing_zone_fresh(ngx_http_billing_zone_header_t *header,
    ngx_http_billing_loc_conf_t *blcf, ngx_http_billing_trust_t *trust)
{
    uint64_t    msec;
    ngx_uint_t  linked;

    linked = __atomic_load_n(&header->link_pid, __ATOMIC_RELAXED) != 0
             && __atomic_load_n(&header->link_until_msec, __ATOMIC_RELAXED)
                > ngx_current_msec
             && __atomic_load_n(&header->generation, __ATOMIC_RELAXED)
                == trust->generation;

    msec = linked ? (uint64_t) blcf->max_age * 1000
                  : (uint64_t) blcf->ttl * 750;

    return !ngx_http_billing_zone_old(header, trust)
           && trust->generation != NGX_HTTP_BILLING_BEHIND
           && ngx_http_billing_zone_age(trust->fetched_msec) < msec;
}


/* billing_zone NAME SIZE */

char *
ngx_http_billing_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_billing_main_conf_t *bmcf = conf;

    ssize_t                       size;
    ngx_str_t                    *value;
    ngx_http_billing_zone_ctx_t  *ctx;

    (void) cmd;

    if (bmcf->zone) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "empty zone name");
        return NGX_CONF_ERROR;
    }

    size = ngx_parse_size(&value[2]);

    if (size == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid zone size \"%V\"", &value[2]);
        return NGX_CONF_ERROR;
    }

    if (size < NGX_HTTP_BILLING_ZONE_MIN) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "zone \"%V\" is too small, at least %dk is needed",
                           &value[1], NGX_HTTP_BILLING_ZONE_MIN / 1024);
        return NGX_CONF_ERROR;
    }

    ctx = ngx_pcalloc(cf->pool, sizeof(ngx_http_billing_zone_ctx_t));
    if (ctx == NULL) {
        return NGX_CONF_ERROR;
    }

    bmcf->zone = ngx_shared_memory_add(cf, &value[1], size,
                                       &ngx_http_billing_module);
    if (bmcf->zone == NULL) {
        return NGX_CONF_ERROR;
    }

    bmcf->zone->init = ngx_http_billing_zone_init;
    bmcf->zone->data = ctx;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_billing_zone_init(ngx_shm_zone_t *zone, void *data)
{
    ngx_http_billing_zone_ctx_t  *old = data;
    ngx_http_billing_zone_ctx_t  *ctx;

    ctx = zone->data;

    if (old) {
        ctx->header = old->header;

    } else if (zone->shm.exists) {
        ctx->header = ngx_http_billing_zone_pool(zone)->data;

    } else {
        return ngx_http_billing_zone_build(zone);
    }

    if (ctx->header == NULL
        || ctx->header->magic != NGX_HTTP_BILLING_ZONE_MAGIC
        || ctx->header->layout != NGX_HTTP_BILLING_ZONE_LAYOUT
        || ctx->header->size != sizeof(ngx_http_billing_zone_header_t))
    {
        ngx_log_error(NGX_LOG_EMERG, zone->shm.log, 0,
                      "billing: zone \"%V\" was laid out by another version, "
                      "restart instead of reloading", &zone->shm.name);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_billing_zone_build(ngx_shm_zone_t *zone)
{
    size_t                           size, half;
    u_char                          *memory;
    ngx_slab_pool_t                 *pool;
    ngx_http_billing_zone_ctx_t     *ctx;
    ngx_http_billing_zone_header_t  *header;

    pool = ngx_http_billing_zone_pool(zone);

    if (pool->pfree <= NGX_HTTP_BILLING_ZONE_SPARE) {
        return NGX_ERROR;
    }

    size = (pool->pfree - NGX_HTTP_BILLING_ZONE_SPARE) * ngx_pagesize;

    header = ngx_slab_calloc(pool, size);
    if (header == NULL) {
        return NGX_ERROR;
    }

    if (RAND_bytes((u_char *) header->key, sizeof(header->key)) != 1) {
        ngx_log_error(NGX_LOG_EMERG, zone->shm.log, 0,
                      "billing: no random bytes for the zone's key");
        return NGX_ERROR;
    }

    memory = (u_char *) (header + 1);
    size -= sizeof(ngx_http_billing_zone_header_t);
    half = size / 2;

    ngx_http_billing_table_init(&header->members, memory, half,
                                NGX_HTTP_BILLING_MEMBER_WORDS);
    ngx_http_billing_table_init(&header->wide, memory + half, size - half,
                                NGX_HTTP_BILLING_WIDE_WORDS);

    header->magic = NGX_HTTP_BILLING_ZONE_MAGIC;
    header->layout = NGX_HTTP_BILLING_ZONE_LAYOUT;
    header->size = sizeof(ngx_http_billing_zone_header_t);
    header->generation = 1;

    pool->data = header;
    ctx = zone->data;
    ctx->header = header;

    return NGX_OK;
}


void
ngx_http_billing_zone_get(ngx_shm_zone_t *zone, ngx_http_billing_want_t *want,
    ngx_http_billing_loc_conf_t *blcf, ngx_http_billing_entry_t *entry)
{
    uint64_t                         hash[2];
    ngx_http_billing_copy_t          copy;
    ngx_http_billing_zone_header_t  *header;

    entry->found = 0;
    entry->fresh = 0;
    entry->old_epoch = 0;
    entry->age_sec = 0;
    entry->record.kind = want->kind;

    header = ngx_http_billing_zone_header(zone);

    copy.bytes = (u_char *) &entry->record.u;
    copy.nwords = ngx_http_billing_zone_words[want->kind];

    if (ngx_http_billing_hash(header->key, want, hash) == NGX_OK
        && ngx_http_billing_table_get(
               ngx_http_billing_zone_table(header, want->kind), hash,
               (uint32_t) (ngx_current_msec / 1000), &copy)
           == NGX_OK)
    {
        ngx_http_billing_zone_entry(header, &copy, blcf, entry);
    }
}


/* How far what was found may be trusted. */

static void
ngx_http_billing_zone_entry(ngx_http_billing_zone_header_t *header,
    ngx_http_billing_copy_t *copy, ngx_http_billing_loc_conf_t *blcf,
    ngx_http_billing_entry_t *entry)
{
    ngx_http_billing_trust_t  trust;

    trust.epoch = entry->record.u.team.epoch;
    trust.fetched_msec = copy->fetched_msec;
    trust.generation = copy->generation;

    entry->found = 1;
    entry->fetched_msec = copy->fetched_msec;
    entry->generation = copy->generation;
    entry->spot = copy->spot;
    entry->age_sec = ngx_http_billing_zone_age(copy->fetched_msec) / 1000;
    entry->old_epoch = ngx_http_billing_zone_old(header, &trust);
    entry->fresh = ngx_http_billing_zone_fresh(header, blcf, &trust);
}


ngx_uint_t
ngx_http_billing_zone_trusted(ngx_shm_zone_t *zone,
    ngx_http_billing_loc_conf_t *blcf, ngx_http_billing_trust_t *trust)
{
    return ngx_http_billing_zone_fresh(ngx_http_billing_zone_header(zone),
                                       blcf, trust);
}


void
ngx_http_billing_zone_put(ngx_shm_zone_t *zone, ngx_str_t *id, ngx_str_t *name,
    billing_record_t *record)
{
    ngx_http_billing_want_t  want;

    want.kind = record->kind;
    want.id = *id;
    ngx_str_null(&want.name);

    if (name) {
        want.name = *name;
    }

    (void) ngx_http_billing_zone_store(zone, &want, record,
                                       ngx_http_billing_zone_generation(zone));
}


ngx_int_t
ngx_http_billing_zone_store(ngx_shm_zone_t *zone,
    ngx_http_billing_want_t *want, billing_record_t *record,
    uint32_t generation)
{
    uint64_t                         hash[2];
    ngx_int_t                        rc;
    ngx_uint_t                       evicted;
    ngx_slab_pool_t                 *pool;
    ngx_http_billing_cell_t          cell;
    ngx_http_billing_zone_header_t  *header;

    header = ngx_http_billing_zone_header(zone);

    if (record->kind == BILLING_RECORD_NONE
        || ngx_http_billing_hash(header->key, want, hash) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    ngx_memzero(&cell, sizeof(ngx_http_billing_cell_t));
    ngx_memcpy(cell.words, &record->u,
               ngx_http_billing_zone_words[record->kind] * sizeof(uint64_t));
    cell.fetched_msec = ngx_current_msec;
    cell.generation = generation;

    pool = ngx_http_billing_zone_pool(zone);

    ngx_shmtx_lock(&pool->mutex);
    rc = ngx_http_billing_table_put(
                           ngx_http_billing_zone_table(header, record->kind),
                           hash, (uint32_t) (ngx_current_msec / 1000), &cell,
                           &evicted);
    ngx_shmtx_unlock(&pool->mutex);

    if (evicted) {
        ngx_http_billing_zone_count(zone, NGX_HTTP_BILLING_COUNT_EVICTED);
    }

    return rc;
}


/*
 * The worker's answer may be here before the notice of what it changed, which
 * another process of this host reads: nobody shall see less than the client.
 */

void
ngx_http_billing_zone_behind(ngx_shm_zone_t *zone, ngx_str_t *team,
    uint64_t epoch, uint64_t version)
{
    uint32_t                         now_sec;
    uint64_t                         hash[2];
    ngx_uint_t                       evicted;
    ngx_slab_pool_t                 *pool;
    ngx_http_billing_cell_t          cell;
    ngx_http_billing_copy_t          copy;
    ngx_http_billing_want_t          want;
    ngx_http_billing_zone_header_t  *header;

    want.kind = BILLING_RECORD_TEAM;
    want.id = *team;
    ngx_str_null(&want.name);

    ngx_memzero(&cell, sizeof(ngx_http_billing_cell_t));
    copy.bytes = (u_char *) cell.words;
    copy.nwords = ngx_http_billing_zone_words[BILLING_RECORD_TEAM];

    header = ngx_http_billing_zone_header(zone);
    now_sec = (uint32_t) (ngx_current_msec / 1000);

    if (ngx_http_billing_hash(header->key, &want, hash) != NGX_OK
        || ngx_http_billing_table_get(&header->wide, hash, now_sec, &copy)
           != NGX_OK
        || cell.words[0] > epoch
        || (cell.words[0] == epoch && cell.words[1] >= version))
    {
        return;
    }

    cell.fetched_msec = copy.fetched_msec;
    cell.generation = NGX_HTTP_BILLING_BEHIND;
    pool = ngx_http_billing_zone_pool(zone);

    ngx_shmtx_lock(&pool->mutex);
    (void) ngx_http_billing_table_put(&header->wide, hash, now_sec, &cell,
                                      &evicted);
    ngx_shmtx_unlock(&pool->mutex);
}


uint32_t
ngx_http_billing_zone_generation(ngx_shm_zone_t *zone)
{
    return __atomic_load_n(&ngx_http_billing_zone_header(zone)->generation,
                           __ATOMIC_ACQUIRE);
}


/* Each worker mostly has a cache line of its own to count in. */

void
ngx_http_billing_zone_count(ngx_shm_zone_t *zone,
    ngx_http_billing_counter_t counter)
{
    ngx_http_billing_zone_add(zone, counter, 1);
}


void
ngx_http_billing_zone_add(ngx_shm_zone_t *zone,
    ngx_http_billing_counter_t counter, uint64_t n)
{
    ngx_http_billing_zone_header_t  *header;

    header = ngx_http_billing_zone_header(zone);

    (void) __atomic_fetch_add(
              &header->counters[ngx_worker % NGX_HTTP_BILLING_STRIPES][counter],
              n, __ATOMIC_RELAXED);
}


ngx_uint_t
ngx_http_billing_zone_counter(ngx_shm_zone_t *zone,
    ngx_http_billing_counter_t counter)
{
    ngx_uint_t                       i;
    uint64_t                         sum;
    ngx_http_billing_zone_header_t  *header;

    header = ngx_http_billing_zone_header(zone);
    sum = 0;

    for (i = 0; i < NGX_HTTP_BILLING_STRIPES; i++) {
        sum += __atomic_load_n(&header->counters[i][counter],
                               __ATOMIC_RELAXED);
    }

    return sum;
}
