/*
 * Who passed lately in this process: the question, word for word, and what the
 * answer rested on.  While none of that has changed the answer is the same,
 * and a glance at each ground replaces up to four look-ups and a decision.
 * The grounds are in doc/hacking.md, a test for each in t/memo.t; whoever
 * lets a verdict rest on something new adds it to all three.
 *
 * Only who passes is remembered: a refusal may have to ask before it is said.
 *
 * Direct-mapped: of two questions that meet, the later displaces the earlier,
 * which costs a look.  Under a random key nobody can aim at a place.
 */

#include "ngx_http_billing_gate.h"
#include "ngx_http_billing_table.h"

#include <openssl/rand.h>

#define NGX_HTTP_BILLING_MEMOS       4096   /* a power of two */
#define NGX_HTTP_BILLING_MEMO_WORDS  20     /* of 8 bytes; longer: no memo */
#define NGX_HTTP_BILLING_MEMO_SPOTS  4      /* records of each kind */


/* A question as it is compared: each text filled up with zeros. */

typedef struct {
    ngx_http_billing_loc_conf_t  *blcf;     /* what is required, and trusted */
    uint32_t                      shape;    /* lengths; never 0 */
    uint32_t                      nwords;
    uint64_t                      words[NGX_HTTP_BILLING_MEMO_WORDS];
} ngx_http_billing_memo_key_t;

typedef struct {
    ngx_http_billing_memo_key_t   key;

    billing_span_t                span;
    ngx_http_billing_trust_t      trust;    /* the oldest of the records */
    uint32_t                      used_sec; /* as the table has it */
    uint32_t                      nspots;
    ngx_http_billing_spot_t       spots[NGX_HTTP_BILLING_MEMO_SPOTS];

    billing_team_record_t         team;
    uint32_t                      roles;
    uint32_t                      team_len;
    u_char                        team_id[BILLING_ID_MAX];
} ngx_http_billing_memo_t;

struct ngx_http_billing_memos_s {
    uint64_t                      random[2 * NGX_HTTP_BILLING_MEMO_WORDS];
    ngx_http_billing_memo_t       memos[NGX_HTTP_BILLING_MEMOS];
};


static ngx_http_billing_memo_t *ngx_http_billing_memo_place(
    ngx_http_request_t *r, ngx_http_billing_words_t *words,
    ngx_http_billing_memo_key_t *key);
static ngx_uint_t ngx_http_billing_memo_holds(ngx_http_request_t *r,
    ngx_http_billing_memo_t *memo);
static ngx_uint_t ngx_http_billing_memo_add(ngx_http_billing_memo_t *memo,
    ngx_http_billing_entry_t *entry);


/* --- process -------------------------------------------------------------- */

/* Without memory, or without chance, there are none, which is only slower. */

void
ngx_http_billing_memo_create(ngx_cycle_t *cycle,
    ngx_http_billing_main_conf_t *bmcf)
{
    ngx_pool_cleanup_t        *cln;
    ngx_http_billing_memos_t  *memos;

    cln = ngx_pool_cleanup_add(cycle->pool, 0);
    if (cln == NULL) {
        return;
    }

    /* Of fresh memory only the pages in use become real. */

    memos = calloc(1, sizeof(ngx_http_billing_memos_t));
    if (memos == NULL) {
        return;
    }

    cln->handler = free;
    cln->data = memos;

    if (RAND_bytes((u_char *) memos->random, sizeof(memos->random)) == 1) {
        bmcf->memos = memos;
    }
}


/* --- question ------------------------------------------------------------- */

static ngx_inline uint32_t
ngx_http_billing_memo_text(uint64_t *words, uint32_t n, ngx_str_t *text)
{
    uint32_t  last;

    if (text->len == 0) {
        return n;
    }

    last = n + (uint32_t) (text->len - 1) / sizeof(uint64_t);
    words[last] = 0;
    ngx_memcpy(&words[n], text->data, text->len);

    return last + 1;
}


/* Fills the key and finds its place; NULL where no memo is kept. */

static ngx_http_billing_memo_t *
ngx_http_billing_memo_place(ngx_http_request_t *r,
    ngx_http_billing_words_t *words, ngx_http_billing_memo_key_t *key)
{
    uint32_t                       n;
    uint64_t                       hash;
    ngx_http_billing_memos_t      *memos;
    ngx_http_billing_main_conf_t  *bmcf;

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);
    memos = bmcf->memos;

    /* Each text may need a word more than it fills. */

    if (memos == NULL || words->limits
        || words->who.len + words->board.len + words->team.len
           > (NGX_HTTP_BILLING_MEMO_WORDS - 3) * sizeof(uint64_t))
    {
        return NULL;
    }

    n = ngx_http_billing_memo_text(key->words, 0, &words->who);
    n = ngx_http_billing_memo_text(key->words, n, &words->board);
    n = ngx_http_billing_memo_text(key->words, n, &words->team);

    key->blcf = ngx_http_get_module_loc_conf(r, ngx_http_billing_module);
    key->nwords = n;
    key->shape = 1 << 31 | (uint32_t) words->wanted.edit << 24
                 | (uint32_t) words->who.len << 16
                 | (uint32_t) words->board.len << 8
                 | (uint32_t) words->team.len;

    /* The same of another location, or method, stands elsewhere. */

    hash = ngx_http_billing_hash_place(memos->random, key->words, n)
           + ((uintptr_t) key->blcf >> 6) + words->wanted.edit;

    return &memos->memos[hash & (NGX_HTTP_BILLING_MEMOS - 1)];
}


/* --- grounds -------------------------------------------------------------- */

ngx_int_t
ngx_http_billing_memo_find(ngx_http_request_t *r, ngx_http_billing_ctx_t *ctx)
{
    ngx_http_billing_memo_t      *memo;
    ngx_http_billing_memo_key_t   key;

    memo = ngx_http_billing_memo_place(r, &ctx->gate.question.words, &key);

    if (memo == NULL || memo->key.blcf != key.blcf
        || memo->key.shape != key.shape
        || ngx_memcmp(memo->key.words, key.words,
                      key.nwords * sizeof(uint64_t))
           != 0
        || !ngx_http_billing_memo_holds(r, memo))
    {
        return NGX_DECLINED;
    }

    ctx->verdict = NGX_HTTP_BILLING_VERDICT_PASSED;
    ctx->reason = BILLING_ALLOW;
    ctx->age_sec = ngx_http_billing_zone_age(memo->trust.fetched_msec) / 1000;
    ctx->team = memo->team;
    ctx->member.roles = memo->roles;

    ngx_memcpy(ctx->gate.team, memo->team_id, BILLING_ID_MAX);
    ctx->team_id.data = ctx->gate.team;
    ctx->team_id.len = memo->team_len;

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "billing: passes as before, by %uD records", memo->nspots);

    return NGX_OK;
}


static ngx_uint_t
ngx_http_billing_memo_holds(ngx_http_request_t *r,
    ngx_http_billing_memo_t *memo)
{
    int64_t                        now;
    uint32_t                       i, now_sec;
    ngx_str_t                      team;
    ngx_http_billing_main_conf_t  *bmcf;

    for (i = 0; i < memo->nspots; i++) {

        if (__atomic_load_n(memo->spots[i].seq_at, __ATOMIC_ACQUIRE)
            != memo->spots[i].seq)
        {
            return 0;
        }
    }

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);
    now = ngx_http_billing_now(bmcf);
    team.data = memo->team_id;
    team.len = memo->team_len;

    if (now < memo->span.start_at || now >= memo->span.end_at
        || !ngx_http_billing_zone_trusted(bmcf->zone, memo->key.blcf,
                                          &memo->trust)
        || !ngx_http_billing_look_seen(r, &team, &memo->team))
    {
        return 0;
    }

    /* The table throws out what is not used: by us, too. */

    now_sec = (uint32_t) (ngx_current_msec / 1000);

    if (memo->used_sec != now_sec) {
        memo->used_sec = now_sec;

        for (i = 0; i < memo->nspots; i++) {
            __atomic_store_n(memo->spots[i].used_sec_at, now_sec,
                             __ATOMIC_RELAXED);
        }
    }

    return 1;
}


/* What was good for this one answer alone is not kept. */

void
ngx_http_billing_memo_keep(ngx_http_request_t *r,
    ngx_http_billing_ctx_t *ctx, ngx_http_billing_look_t *look)
{
    ngx_http_billing_memo_t       *memo;
    ngx_http_billing_memo_key_t    key;
    ngx_http_billing_main_conf_t  *bmcf;

    memo = ngx_http_billing_memo_place(r, &ctx->gate.question.words, &key);

    if (memo == NULL || look->unknown || look->stranger) {
        return;
    }

    memo->key.blcf = NULL;

    memo->nspots = 0;
    memo->trust.epoch = (uint64_t) -1;
    memo->trust.fetched_msec = (uint64_t) -1;
    memo->trust.generation = look->team.generation;

    if (!ngx_http_billing_memo_add(memo, &look->board)
        || !ngx_http_billing_memo_add(memo, &look->team)
        || !ngx_http_billing_memo_add(memo, &look->member)
        || !ngx_http_billing_memo_add(memo, &look->access))
    {
        return;
    }

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_billing_module);

    memo->span = billing_entitle_span(&ctx->team, &ctx->member,
                                      ngx_http_billing_now(bmcf));
    memo->used_sec = (uint32_t) (ngx_current_msec / 1000);
    memo->team = ctx->team;
    memo->roles = ctx->member.roles;
    memo->team_len = (uint32_t) ctx->team_id.len;
    ngx_memcpy(memo->team_id, ctx->team_id.data, ctx->team_id.len);

    memo->key = key;
}


/* All of one generation, or one could not be trusted as long as another. */

static ngx_uint_t
ngx_http_billing_memo_add(ngx_http_billing_memo_t *memo,
    ngx_http_billing_entry_t *entry)
{
    if (!entry->found) {
        return 1;                       /* nor was it looked for */
    }

    if (!entry->fresh || entry->generation != memo->trust.generation) {
        return 0;
    }

    memo->spots[memo->nspots++] = entry->spot;
    memo->trust.epoch = ngx_min(memo->trust.epoch,
                                entry->record.u.team.epoch);
    memo->trust.fetched_msec = ngx_min(memo->trust.fetched_msec,
                                       (uint64_t) entry->fetched_msec);

    return 1;
}
