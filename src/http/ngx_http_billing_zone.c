/*
 * The zone: what all nginx workers of this host know in common.  One block of
 * shared memory, never given back: a header, a table of people, one of things.
 */

#include "ngx_http_billing_zone.h"

#include <openssl/rand.h>

#define NGX_HTTP_BILLING_ZONE_MAGIC    0x62696c6c7a6f6e65ULL
#define NGX_HTTP_BILLING_ZONE_LAYOUT   2
#define NGX_HTTP_BILLING_ZONE_MIN      (128 * 1024)
#define NGX_HTTP_BILLING_ZONE_SPARE    2        /* pages left to the slab */
#define NGX_HTTP_BILLING_NAME_MAX      512      /* hashed bytes */
#define NGX_HTTP_BILLING_BEHIND        0        /* a generation never had */

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
static ngx_int_t ngx_http_billing_zone_hash(
    ngx_http_billing_zone_header_t *header, ngx_http_billing_want_t *want,
    uint64_t hash[2]);
static void ngx_http_billing_zone_entry(ngx_http_billing_zone_header_t *header,
    ngx_http_billing_cell_t *cell, ngx_http_billing_loc_conf_t *blcf,
    ngx_http_billing_entry_t *entry);
static size_t ngx_http_billing_zone_record(billing_record_t *record,
    void **bytes);


static ngx_inline ngx_http_billing_table_t *
ngx_http_billing_zone_table(ngx_http_billing_zone_header_t *header,
    billing_record_kind_t kind)
{
    return kind == BILLING_RECORD_TEAM || kind == BILLING_RECORD_BOARD
           ? &header->wide : &header->members;
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
ngx_http_billing_zone_get(ngx_shm_zone_t *zone, billing_record_kind_t kind,
    ngx_str_t *id, ngx_str_t *name, ngx_http_billing_loc_conf_t *blcf,
    ngx_http_billing_entry_t *entry)
{
    void                            *bytes;
    size_t                           size;
    uint64_t                         hash[2];
    ngx_http_billing_cell_t          cell;
    ngx_http_billing_want_t          want;
    ngx_http_billing_table_t        *table;
    ngx_http_billing_zone_header_t  *header;

    entry->found = 0;
    entry->fresh = 0;
    entry->old_epoch = 0;
    entry->age_sec = 0;
    entry->record.kind = kind;

    want.kind = kind;
    want.id = *id;
    ngx_str_null(&want.name);

    if (name) {
        want.name = *name;
    }

    header = ngx_http_billing_zone_header(zone);
    table = ngx_http_billing_zone_table(header, kind);

    if (ngx_http_billing_zone_hash(header, &want, hash) != NGX_OK
        || ngx_http_billing_table_get(table, hash,
                                      (uint32_t) (ngx_current_msec / 1000),
                                      &cell)
           != NGX_OK)
    {
        return;
    }

    size = ngx_http_billing_zone_record(&entry->record, &bytes);
    ngx_memcpy(bytes, cell.words, size);

    ngx_http_billing_zone_entry(header, &cell, blcf, entry);
}


/* How far what was found may be trusted. */

static void
ngx_http_billing_zone_entry(ngx_http_billing_zone_header_t *header,
    ngx_http_billing_cell_t *cell, ngx_http_billing_loc_conf_t *blcf,
    ngx_http_billing_entry_t *entry)
{
    time_t      trust;
    uint64_t    age;
    ngx_uint_t  linked;

    /* Another process may have read the clock a moment later than this one. */

    age = ngx_current_msec > cell->fetched_msec
          ? ngx_current_msec - cell->fetched_msec : 0;

    linked = __atomic_load_n(&header->link_pid, __ATOMIC_RELAXED) != 0
             && __atomic_load_n(&header->link_until_msec, __ATOMIC_RELAXED)
                > ngx_current_msec
             && __atomic_load_n(&header->generation, __ATOMIC_RELAXED)
                == cell->generation;

    trust = linked ? blcf->max_age : blcf->ttl;

    entry->found = 1;
    entry->fetched_msec = cell->fetched_msec;
    entry->fetched_sec = cell->fetched_msec / 1000;
    entry->age_sec = age / 1000;
    entry->old_epoch = cell->words[0]
                       < __atomic_load_n(&header->epoch, __ATOMIC_RELAXED);
    entry->fresh = !entry->old_epoch
                   && cell->generation != NGX_HTTP_BILLING_BEHIND
                   && age < (uint64_t) trust * 1000;
}


/* The record's bytes inside the union, by its kind. */

static size_t
ngx_http_billing_zone_record(billing_record_t *record, void **bytes)
{
    switch (record->kind) {

    case BILLING_RECORD_TEAM:
        *bytes = &record->u.team;
        return sizeof(record->u.team);

    case BILLING_RECORD_MEMBER:
        *bytes = &record->u.member;
        return sizeof(record->u.member);

    case BILLING_RECORD_BOARD:
        *bytes = &record->u.board;
        return sizeof(record->u.board);

    case BILLING_RECORD_ACCESS:
        *bytes = &record->u.access;
        return sizeof(record->u.access);

    case BILLING_RECORD_NONE:
        break;
    }

    *bytes = &record->u;

    return 0;
}


/* Kind and lengths are hashed too: no two names run into each other. */

static ngx_int_t
ngx_http_billing_zone_hash(ngx_http_billing_zone_header_t *header,
    ngx_http_billing_want_t *want, uint64_t hash[2])
{
    u_char  *p, name[NGX_HTTP_BILLING_NAME_MAX];

    if (want->id.len > BILLING_ID_MAX || want->name.len > BILLING_EMAIL_MAX) {
        return NGX_DECLINED;
    }

    p = name;
    *p++ = (u_char) want->kind;
    *p++ = (u_char) want->id.len;
    p = ngx_cpymem(p, want->id.data, want->id.len);

    if (want->name.len) {                   /* of people only */
        p = ngx_cpymem(p, want->name.data, want->name.len);
    }

    ngx_http_billing_siphash(header->key, name, p - name, hash);

    return NGX_OK;
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
    void                            *bytes;
    size_t                           size;
    uint64_t                         hash[2];
    ngx_int_t                        rc;
    ngx_uint_t                       evicted;
    ngx_slab_pool_t                 *pool;
    ngx_http_billing_cell_t          cell;
    ngx_http_billing_zone_header_t  *header;

    header = ngx_http_billing_zone_header(zone);

    size = ngx_http_billing_zone_record(record, &bytes);

    if (size == 0
        || ngx_http_billing_zone_hash(header, want, hash) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    ngx_memzero(&cell, sizeof(ngx_http_billing_cell_t));
    ngx_memcpy(cell.words, bytes, size);
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
    ngx_http_billing_want_t          want;
    ngx_http_billing_zone_header_t  *header;

    want.kind = BILLING_RECORD_TEAM;
    want.id = *team;
    ngx_str_null(&want.name);

    header = ngx_http_billing_zone_header(zone);
    now_sec = (uint32_t) (ngx_current_msec / 1000);

    if (ngx_http_billing_zone_hash(header, &want, hash) != NGX_OK
        || ngx_http_billing_table_get(&header->wide, hash, now_sec, &cell)
           != NGX_OK
        || cell.words[0] > epoch
        || (cell.words[0] == epoch && cell.words[1] >= version))
    {
        return;
    }

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
