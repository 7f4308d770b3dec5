/*
 * The module inside nginx: what its files share.
 *
 * One noun, one file:  module (directives), require and name (some of them),
 * build (which nginx this is), config (billing.json and the secrets), zone and
 * table (shared memory), hash, redis (one asynchronous connection), redis_tls,
 * redis_greet and redis_command (what travels over it), guide (to where), park
 * (waiting requests), fetch (records on a miss), ask (those that Redis lacks),
 * ctx (what a request has learned), question (who wants what), look (what is
 * known), gate (the verdict), memo (who passed lately), refuse (the answer to
 * a refusal), variable ($billing_*), allowance (features and limits by name),
 * life (of an nginx worker process), process (billing-worker); cookie, session
 * (who asks; csrf), passport (verified lately), jwt and bearer (or the
 * application's tokens), signed (or a proxy's header), api (routes), stream,
 * transport, notice, relay, local, answer, status, scrape, metric (counted),
 * security (a log of its own).
 */

#ifndef NGX_HTTP_BILLING_H
#define NGX_HTTP_BILLING_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_http.h>

#include <hiredis/hiredis.h>

#include "../domain/billing_domain.h"
#include "../store/billing_store.h"
#include "../gateway/billing_gateway.h"
#include "../api/billing_api.h"

/* Called from within alone: no detour through the tables of a library. */
#pragma GCC visibility push(hidden)

extern ngx_module_t  ngx_http_billing_module;


/* --- configuration (read-only after merge) -------------------------------- */

typedef struct ngx_http_billing_memos_s  ngx_http_billing_memos_t;

typedef struct {
    ngx_str_t             config_file;      /* billing_config, full name */
    billing_settings_t   *settings;         /* cycle pool */
    billing_vault_t       vault;            /* where the next ones are */
    billing_secret_t     *secrets;          /* [0] signs, all verify */
    ngx_uint_t            nsecrets;
    ngx_array_t           webhook_secrets;  /* of char *, NUL-terminated */
    uint8_t               app_keys[BILLING_SECRETS_MAX][32];    /* MACs */
    ngx_uint_t            napp_keys;
    ngx_str_t             redis_password, guide_password;
    ngx_shm_zone_t       *zone;             /* billing_zone */
    ngx_str_t             worker_path;      /* billing_worker, "" = off */
    ngx_flag_t            demo;             /* settings->demo */
    ngx_uint_t            serial;           /* of configurations read */
    ngx_http_billing_memos_t  *memos;       /* of this process; NULL none */
    ngx_str_t             session_cookie;   /* billing_session_cookie */
    ngx_str_t             session_cookie_tls;   /* with "__Host-" in front */
    ngx_str_t             origin;           /* billing_origin, "" = from Host */
    ngx_uint_t            nginx_build;      /* billing_nginx_build */
    ngx_int_t             request_id_index;
    ngx_addr_t           *redis_addrs;      /* or of its guides; resolved */
    ngx_uint_t            redis_naddrs;
    struct ssl_ctx_st    *redis_tls;        /* NULL none */
    struct ngx_http_billing_jwt_s  *jwt;    /* billing_jwt_*; NULL none */
    struct ngx_http_billing_signed_s  *signed_header;   /* the same */
    struct ngx_http_billing_security_s  *security;  /* its log; NULL none */
    ngx_flag_t            security_given;
} ngx_http_billing_main_conf_t;

typedef struct {
    ngx_http_complex_value_t  *profile;     /* billing_profile */
    ngx_http_complex_value_t  *team;        /* billing_team */
    ngx_http_complex_value_t  *board;       /* billing_board */
    ngx_int_t                  profile_index;   /* of one variable alone, */
    ngx_int_t                  team_index;      /* NGX_ERROR of anything */
    ngx_int_t                  board_index;     /* else */
    ngx_flag_t                 by_session;  /* who asks: not by profile */
    ngx_flag_t                 require;     /* billing_require given */
    ngx_flag_t                 wanted_auto; /* view for GET, HEAD; else edit */
    billing_wanted_t           wanted;
    ngx_array_t               *limits;      /* allowance.c's; NULL none */
    ngx_flag_t                 dry_run;
    ngx_uint_t                 status_code; /* 0 = the reason's own */
    ngx_uint_t                 log_level;
    time_t                     max_age;     /* billing_cache_max_age, 60 s */
    time_t                     ttl;         /* billing_cache_ttl, 1 s */
    time_t                     stale;       /* billing_stale, 10 m */
    ngx_uint_t                 on_error;    /* NGX_HTTP_BILLING_PASS or _DENY */
    ngx_msec_t                 wait;        /* billing_wait, 10 s: then 202 */
    ngx_msec_t                 follow;      /* billing_follow, 25 s */
    ngx_str_t                  pages;       /* billing_pages, internal prefix */
} ngx_http_billing_loc_conf_t;

#define NGX_HTTP_BILLING_DENY  0
#define NGX_HTTP_BILLING_PASS  1

/* billing_config FILE: reads and checks billing.json, secrets and addresses. */
char *ngx_http_billing_config(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/*
 * One secret without the line end that editors leave; *secret is ngx_alloc'ed
 * and has a NUL behind it.
 */
ngx_int_t ngx_http_billing_config_secret(ngx_conf_t *cf, char *name,
    ngx_str_t *secret);

/* The application's keys; says which place in billing.json is at fault. */
ngx_int_t ngx_http_billing_app_keys(ngx_conf_t *cf,
    ngx_http_billing_main_conf_t *bmcf);

/* billing_require WORDS: needs the catalogue's names of features. */
char *ngx_http_billing_require(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* Its "limit=" with "NAME:USED"; and whether variables' names are known. */
char *ngx_http_billing_allowance(ngx_conf_t *cf,
    ngx_http_billing_loc_conf_t *blcf, ngx_str_t *word);
ngx_int_t ngx_http_billing_allowance_variables(ngx_conf_t *cf);


/* --- zone: the shared table of records ------------------------------------ */

/* Where a record stands in the table, and its counter when it was read. */
typedef struct {
    uint32_t          *seq_at;
    uint32_t          *used_sec_at;
    uint32_t           seq;
} ngx_http_billing_spot_t;

typedef struct {
    billing_record_t         record;
    ngx_uint_t               age_sec;
    ngx_msec_t               fetched_msec;  /* as ngx_current_msec was then */
    uint32_t                 generation;
    ngx_http_billing_spot_t  spot;
    unsigned          found:1;
    unsigned          fresh:1;              /* may be trusted without asking */
    unsigned          old_epoch:1;          /* only good as a stale answer */
} ngx_http_billing_entry_t;

/* What decides how far records may be trusted: the oldest of each. */
typedef struct {
    uint64_t                 epoch;
    uint64_t                 fetched_msec;
    uint32_t                 generation;
} ngx_http_billing_trust_t;

/* Names one record. */
typedef struct {
    billing_record_kind_t  kind;
    ngx_str_t              id;
    ngx_str_t              name;            /* member's e-mail */
} ngx_http_billing_want_t;

/*
 * Counters, in shared memory; never a team or a person as a label.  One of
 * each decision is counted, by verdict, plan, and whether Redis was asked:
 * every sum over them is made by who reads.
 */

#define NGX_HTTP_BILLING_LATENCIES  12      /* buckets, the last is the rest */
#define NGX_HTTP_BILLING_VERDICTS   5
#define NGX_HTTP_BILLING_DECISIONS                                            \
    (NGX_HTTP_BILLING_VERDICTS * BILLING_PLANS * 2)

typedef enum {
    NGX_HTTP_BILLING_COUNT_EVICTED = 0,
    NGX_HTTP_BILLING_COUNT_FETCHED,
    NGX_HTTP_BILLING_COUNT_ASKED,
    NGX_HTTP_BILLING_COUNT_UNTOLD,
    NGX_HTTP_BILLING_COUNT_BAD_RECORD,
    NGX_HTTP_BILLING_COUNT_NOTICE,
    NGX_HTTP_BILLING_COUNT_COMMAND,
    NGX_HTTP_BILLING_COUNT_ANSWERED,
    NGX_HTTP_BILLING_COUNT_WAITED_OUT,      /* answered 202 */
    NGX_HTTP_BILLING_COUNT_OVERLOADED,      /* commands not accepted */
    NGX_HTTP_BILLING_COUNT_WEBHOOK_BAD,
    NGX_HTTP_BILLING_COUNT_APP_REFUSED,
    NGX_HTTP_BILLING_COUNT_REDIS_UNREACHED, /* why Redis did not do it */
    NGX_HTTP_BILLING_COUNT_REDIS_REFUSED,
    NGX_HTTP_BILLING_COUNT_REDIS_LOST,
    NGX_HTTP_BILLING_COUNT_REDIS_TIMEOUT,
    NGX_HTTP_BILLING_COUNT_REDIS_REPLY,
    NGX_HTTP_BILLING_COUNT_REDIS_FULL,
    NGX_HTTP_BILLING_COUNT_LATENCY_USEC,    /* of all replies together */
    NGX_HTTP_BILLING_COUNT_LATENCY,         /* the first of the buckets */
    NGX_HTTP_BILLING_COUNT_DECIDED = NGX_HTTP_BILLING_COUNT_LATENCY
                                     + NGX_HTTP_BILLING_LATENCIES,
    NGX_HTTP_BILLING_COUNTERS = NGX_HTTP_BILLING_COUNT_DECIDED
                                + NGX_HTTP_BILLING_DECISIONS
} ngx_http_billing_counter_t;

char *ngx_http_billing_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/*
 * Looks up one record without a lock, an allocation or a system call.
 * kind TEAM: id = team; MEMBER: id = team, name = e-mail; BOARD: id = board;
 * ACCESS: id = board, name = e-mail.  What is found has a valid name.
 */
void ngx_http_billing_zone_get(ngx_shm_zone_t *zone,
    ngx_http_billing_want_t *want, ngx_http_billing_loc_conf_t *blcf,
    ngx_http_billing_entry_t *entry);

/*
 * Stores a record unless the table holds a newer epoch or version of it.  The
 * first is for what comes over a link that is up now; the second names the
 * generation at which the record was asked for.  NGX_DECLINED: ours is newer.
 */
void ngx_http_billing_zone_put(ngx_shm_zone_t *zone, ngx_str_t *id,
    ngx_str_t *name, billing_record_t *record);

/* Another process may have read the clock a moment later than this one. */
static ngx_inline uint64_t
ngx_http_billing_zone_age(uint64_t fetched_msec)
{
    return ngx_current_msec > fetched_msec ? ngx_current_msec - fetched_msec
                                           : 0;
}

/* A newer record of this team is known to exist: ours is good stale only. */
void ngx_http_billing_zone_behind(ngx_shm_zone_t *zone, ngx_str_t *team,
    uint64_t epoch, uint64_t version);

/* Whether records of that age may still be trusted without asking. */
ngx_uint_t ngx_http_billing_zone_trusted(ngx_shm_zone_t *zone,
    ngx_http_billing_loc_conf_t *blcf, ngx_http_billing_trust_t *trust);

uint32_t ngx_http_billing_zone_generation(ngx_shm_zone_t *zone);
ngx_int_t ngx_http_billing_zone_store(ngx_shm_zone_t *zone,
    ngx_http_billing_want_t *want, billing_record_t *record,
    uint32_t generation);

void ngx_http_billing_zone_count(ngx_shm_zone_t *zone,
    ngx_http_billing_counter_t counter);
void ngx_http_billing_zone_add(ngx_shm_zone_t *zone,
    ngx_http_billing_counter_t counter, uint64_t n);
ngx_uint_t ngx_http_billing_zone_counter(ngx_shm_zone_t *zone,
    ngx_http_billing_counter_t counter);

/*
 * The notice link of this host: down shortens trust; up after down distrusts.
 */
void ngx_http_billing_zone_link(ngx_shm_zone_t *zone, ngx_uint_t up);
ngx_uint_t ngx_http_billing_zone_linked(ngx_shm_zone_t *zone);
/* The link was up then; said again and again, or it counts as down. */
void ngx_http_billing_zone_heard(ngx_shm_zone_t *zone, ngx_msec_t then);
void ngx_http_billing_zone_epoch(ngx_shm_zone_t *zone, uint64_t epoch);
uint64_t ngx_http_billing_zone_epoch_now(ngx_shm_zone_t *zone);

/*
 * True when this process is, or has just become, the host's listener: a lease
 * in the zone renewed by calling again at least once a second.
 */
ngx_uint_t ngx_http_billing_zone_listener(ngx_shm_zone_t *zone);

/* The test clock: seconds ahead of the machine's; 0 in production. */
int64_t ngx_http_billing_now(ngx_http_billing_main_conf_t *bmcf);
void ngx_http_billing_zone_clock(ngx_shm_zone_t *zone, int64_t offset_sec);


/* --- redis: one asynchronous connection ----------------------------------- */

typedef struct ngx_http_billing_redis_s  ngx_http_billing_redis_t;

/* Closed lets commands through; half open tries whether it could. */

typedef enum {
    NGX_HTTP_BILLING_BREAKER_NONE = 0,
    NGX_HTTP_BILLING_BREAKER_CLOSED,
    NGX_HTTP_BILLING_BREAKER_HALF_OPEN,
    NGX_HTTP_BILLING_BREAKER_OPEN,
    NGX_HTTP_BILLING_BREAKERS
} ngx_http_billing_breaker_t;

typedef void (*ngx_http_billing_reply_pt)(ngx_http_billing_redis_t *redis,
    redisReply *reply, void *data);     /* reply NULL = lost, or timed out */
typedef void (*ngx_http_billing_link_pt)(ngx_http_billing_redis_t *redis,
    ngx_uint_t up);

/* Connects in the background; again after each loss, with jittered backoff. */
ngx_http_billing_redis_t *ngx_http_billing_redis_create(
    ngx_http_billing_main_conf_t *bmcf, ngx_http_billing_link_pt link,
    void *data, ngx_log_t *log);
void ngx_http_billing_redis_close(ngx_http_billing_redis_t *redis);
void *ngx_http_billing_redis_data(ngx_http_billing_redis_t *redis);
ngx_uint_t ngx_http_billing_redis_up(ngx_http_billing_redis_t *redis);
/* Whether a command may be sent: also while it first connects. */
ngx_uint_t ngx_http_billing_redis_open(ngx_http_billing_redis_t *redis);
ngx_http_billing_breaker_t ngx_http_billing_redis_breaker(
    ngx_http_billing_redis_t *redis);
ngx_uint_t ngx_http_billing_redis_outstanding(ngx_http_billing_redis_t *redis);

/*
 * Sends one command; the callback runs exactly once, also when the deadline
 * passes (redis.timeout_ms) or the link falls, unless NGX_ERROR is returned.
 * data must be a heap object or a handle, never a request.
 */
ngx_int_t ngx_http_billing_redis_send(ngx_http_billing_redis_t *redis,
    int argc, const char **argv, const size_t *argvlen,
    ngx_http_billing_reply_pt handler, void *data);

/* Like _send without deadline, for SUBSCRIBE: called for each message. */
ngx_int_t ngx_http_billing_redis_subscribe(ngx_http_billing_redis_t *redis,
    const char *channel, ngx_http_billing_reply_pt handler, void *data);


/* --- metric: what is measured beside the counters ------------------------- */

/* Microseconds of a clock that nobody sets. */
uint64_t ngx_http_billing_metric_usec(void);

/* One reply of Redis to a command sent then. */
void ngx_http_billing_metric_reply(ngx_http_billing_main_conf_t *bmcf,
    uint64_t sent_usec);

/* How a link is; only what the process asks for records over is told. */
void ngx_http_billing_metric_link(ngx_http_billing_redis_t *redis,
    ngx_uint_t outstanding);

/* A pong comes behind all notices published before its ping. */
void ngx_http_billing_metric_pong(ngx_http_billing_main_conf_t *bmcf,
    uint64_t sent_usec);

/* Once a second: this process still lives. */
void ngx_http_billing_metric_tick(void);


/* --- park: requests that wait, reached by handle -------------------------- */

typedef uint64_t  ngx_http_billing_handle_t;    /* 0 = none */

typedef void (*ngx_http_billing_wake_pt)(ngx_http_request_t *r, void *data,
    ngx_uint_t timed_out);

/*
 * Parks the request: its cleanup forgets it, a vanished client is noticed.
 * wake runs at most once, from a posted event, by _unpark or by the deadline.
 * data lives in r->pool.  0 when no slot is free (answer 503).
 */
ngx_http_billing_handle_t ngx_http_billing_park(ngx_http_request_t *r,
    ngx_msec_t deadline, ngx_http_billing_wake_pt wake, void *data);

/* The data of a request still parked, or NULL when it has gone. */
void *ngx_http_billing_parked(ngx_http_billing_handle_t handle);
void ngx_http_billing_unpark(ngx_http_billing_handle_t handle);


/* --- process: what each nginx worker holds -------------------------------- */

typedef struct {
    ngx_http_billing_main_conf_t  *bmcf;
    ngx_http_billing_redis_t      *redis;       /* records and commands */
    ngx_http_billing_redis_t      *listener;    /* answers; notices too */
    char                           instance[33];/* random hex: reply channel */
} ngx_http_billing_process_t;

/* NULL where there is none (no billing_config, helper processes). */
ngx_http_billing_process_t *ngx_http_billing_process(void);

ngx_int_t ngx_http_billing_init_process(ngx_cycle_t *cycle);
void ngx_http_billing_exit_process(ngx_cycle_t *cycle);


/* --- fetch: records on a miss --------------------------------------------- */

/*
 * Asks Redis for up to four records in one round trip, joining fetches that
 * are under way, and the worker for what Redis lacks; the zone holds them
 * before wake runs.  Of what does not exist it holds a record that says so.
 * NGX_AGAIN parked, NGX_ERROR Redis not reachable now: decide without.
 */
ngx_int_t ngx_http_billing_fetch(ngx_http_request_t *r,
    ngx_http_billing_want_t *wants, ngx_uint_t n,
    ngx_http_billing_wake_pt wake, void *data);


/* --- ask: records that Redis lacks, of the worker ------------------------- */

/* record NULL: nobody tells. */
typedef void (*ngx_http_billing_told_pt)(void *data, billing_bytes_t *record);

/*
 * NGX_OK: told will run, once, within a second; until then want's texts must
 * stay.  NGX_ERROR: too many ask already, or nobody answers these days.
 */
ngx_int_t ngx_http_billing_ask(ngx_http_billing_want_t *want,
    ngx_http_billing_told_pt told, void *data);


/* --- request state -------------------------------------------------------- */

/* NGX_HTTP_BILLING_VERDICTS of them. */

typedef enum {
    NGX_HTTP_BILLING_VERDICT_NONE = 0,
    NGX_HTTP_BILLING_VERDICT_PASSED,
    NGX_HTTP_BILLING_VERDICT_REFUSED,
    NGX_HTTP_BILLING_VERDICT_STALE,
    NGX_HTTP_BILLING_VERDICT_UNKNOWN
} ngx_http_billing_verdict_t;

/* Who wants what of which: all that a decision is a decision about. */
typedef struct {
    ngx_str_t         who;                      /* as the request has them */
    ngx_str_t         team;                     /* "" when the board tells */
    ngx_str_t         board;                    /* "" when none is meant */
    billing_wanted_t  wanted;
    ngx_array_t      *limits;                   /* the location's */
} ngx_http_billing_words_t;

typedef struct {
    ngx_http_billing_words_t  words;
    ngx_str_t                 profile;          /* who, normalised */
    ngx_uint_t                placed;           /* board and team may be */
    u_char                    email[BILLING_EMAIL_MAX + 1];
} ngx_http_billing_question_t;

/* The gate's own, kept over its second run and over internal redirects. */
typedef struct {
    size_t                       team_len;
    ngx_msec_t                   asked_at;
    unsigned                     asked:4;
    unsigned                     waiting:1;
    unsigned                     posed:1;       /* question is filled */

    ngx_http_billing_question_t  question;      /* from here not zeroed */
    u_char                       team[BILLING_ID_MAX];  /* asked about */
} ngx_http_billing_gate_t;

typedef struct ngx_http_billing_ctx_s  ngx_http_billing_ctx_t;

struct ngx_http_billing_ctx_s {
    ngx_http_billing_verdict_t  verdict;
    billing_reason_t            reason;
    unsigned                    dry_run:1;
    unsigned                    decided:1;
    unsigned                    fetched:1;      /* $billing_cache: MISS */
    unsigned                    session_done:1;
    unsigned                    cookies_read:1;
    unsigned                    session_cookies:2;  /* how many, 2 = more */
    unsigned                    refusal_told:1;     /* to the security log */
    ngx_uint_t                  age_sec;
    ngx_str_t                   team_id;
    ngx_str_t                   session_cookie;
    ngx_str_t                   seen_cookie;    /* "" none */
    billing_session_t          *session;        /* NULL: none that holds */
    void                       *api;            /* api.c's own */
    ngx_http_billing_gate_t     gate;

    /* Set with the decision; neither this nor the end of gate is zeroed. */
    billing_team_record_t       team;
    billing_member_record_t     member;         /* access filled */
    billing_board_record_t      board;
    billing_session_t           session_is;     /* what session points at */

    ngx_pool_cleanup_t          cleanup;        /* ctx.c's own, to the end */
    ngx_http_billing_ctx_t     *next;
};

/* What the request and its location say; NGX_ERROR without memory. */
ngx_int_t ngx_http_billing_question_read(ngx_http_request_t *r,
    ngx_http_billing_words_t *words);
ngx_uint_t ngx_http_billing_question_same(ngx_http_billing_words_t *a,
    ngx_http_billing_words_t *b);
/*
 * ALLOW when the words are a question, else the reason why nobody need be
 * asked.  UNAUTHENTICATED, yet placed with a board: its public link lets in
 * anybody.
 */
billing_reason_t ngx_http_billing_question_check(ngx_http_request_t *r,
    ngx_http_billing_question_t *question);
/* Whether no value, or this one, means who the session says it is. */
ngx_uint_t ngx_http_billing_question_by_session(
    ngx_http_complex_value_t *value);
/* The variable that a value consists of, or NGX_ERROR. */
ngx_int_t ngx_http_billing_question_index(ngx_http_complex_value_t *value);

/*
 * Who passed lately in this process (memo.c).  NGX_OK: whoever asks the
 * gate's question now passes as before, and ctx is filled; NGX_DECLINED: look.
 */
ngx_int_t ngx_http_billing_memo_find(ngx_http_request_t *r,
    ngx_http_billing_ctx_t *ctx);
void ngx_http_billing_memo_create(ngx_cycle_t *cycle,
    ngx_http_billing_main_conf_t *bmcf);

/* Survives internal redirects (found again through the pool's cleanups). */
ngx_http_billing_ctx_t *ngx_http_billing_ctx_make(ngx_http_request_t *r);

static ngx_inline ngx_http_billing_ctx_t *
ngx_http_billing_ctx(ngx_http_request_t *r)
{
    ngx_http_billing_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r->main, ngx_http_billing_module);

    return ctx ? ctx : ngx_http_billing_ctx_make(r);
}

void ngx_http_billing_ctx_exit(void);           /* frees what none uses */

/* The same without making one: NULL when nothing has asked for it yet. */
ngx_http_billing_ctx_t *ngx_http_billing_ctx_find(ngx_http_request_t *r);

ngx_int_t ngx_http_billing_gate(ngx_http_request_t *r);     /* precontent */
/*
 * Answers a refusal as the location wants it: what a phase handler returns.
 * NGX_DECLINED only on a dry run.
 */
ngx_int_t ngx_http_billing_refuse(ngx_http_request_t *r,
    ngx_http_billing_ctx_t *ctx);
ngx_int_t ngx_http_billing_add_variables(ngx_conf_t *cf);

/* ALLOW when one more fits into each limit that the location names. */
billing_reason_t ngx_http_billing_allowed(ngx_http_request_t *r,
    ngx_array_t *limits, billing_team_record_t *team);
ngx_int_t ngx_http_billing_variable_feature(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
ngx_int_t ngx_http_billing_variable_limit(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


/* --- session -------------------------------------------------------------- */

/* The verified session of this request, or NULL; decided once per request. */
billing_session_t *ngx_http_billing_session(ngx_http_request_t *r);

/*
 * Sessions verified lately by this process (passport.c): the same bytes need
 * not be verified twice, only be still valid.  NGX_DECLINED: not known.
 */
ngx_int_t ngx_http_billing_passport_find(ngx_http_billing_main_conf_t *bmcf,
    ngx_str_t *token, billing_session_t *session);
/* Keeps a session that has just been verified, if there is memory. */
void ngx_http_billing_passport_keep(ngx_http_billing_main_conf_t *bmcf,
    ngx_str_t *token, billing_session_t *session);
void ngx_http_billing_passport_exit(void);
/* Set-Cookie for a new session of the profile (demo login). */
ngx_int_t ngx_http_billing_session_start(ngx_http_request_t *r,
    ngx_str_t *profile, billing_session_t **session);
/* ALLOW or CSRF: same origin and X-CSRF-Token (P48). */
billing_reason_t ngx_http_billing_csrf_check(ngx_http_request_t *r,
    billing_session_t *session);
ngx_int_t ngx_http_billing_csrf_value(ngx_http_request_t *r,
    billing_session_t *session, ngx_str_t *out);
/* Cookie "billing_seen": team, epoch, version the buyer must at least see. */
ngx_int_t ngx_http_billing_seen_set(ngx_http_request_t *r, const char *team,
    uint64_t epoch, uint64_t version);
ngx_uint_t ngx_http_billing_seen_version(ngx_http_request_t *r,
    ngx_str_t *team, uint64_t *epoch, uint64_t *version);
/* The state of the request with our cookies in it, or NULL. */
ngx_http_billing_ctx_t *ngx_http_billing_cookies(ngx_http_request_t *r);


/* --- answers to clients --------------------------------------------------- */

/* fr or en: ?lang=, cookie lang, Accept-Language. */
billing_lang_t ngx_http_billing_lang(ngx_http_request_t *r);
/* True when text/html comes first in Accept. */
ngx_uint_t ngx_http_billing_wants_page(ngx_http_request_t *r);

/* Header and body at once, security headers set; as a handler returns. */
ngx_int_t ngx_http_billing_send(ngx_http_request_t *r, ngx_uint_t status,
    const char *type, ngx_str_t *body);
ngx_int_t ngx_http_billing_send_json(ngx_http_request_t *r, ngx_uint_t status,
    json_t *json);                              /* steals json */
ngx_int_t ngx_http_billing_send_problem(ngx_http_request_t *r,
    billing_reason_t reason, const char *field, json_t *args);  /* steals */
ngx_int_t ngx_http_billing_add_header(ngx_http_request_t *r,
    const char *name, ngx_str_t *value);


/* --- api and transport ---------------------------------------------------- */

char *ngx_http_billing_api(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
ngx_int_t ngx_http_billing_api_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_billing_status_handler(ngx_http_request_t *r);

/*
 * Enqueues a command or query and parks the request; wake finds the answer
 * with ngx_http_billing_transport_answer.  BILLING_ALLOW when parked,
 * STORE_UNAVAILABLE when nothing was sent.
 */
billing_reason_t ngx_http_billing_transport_send(ngx_http_request_t *r,
    billing_command_t *command, ngx_uint_t is_query, ngx_msec_t wait,
    ngx_http_billing_wake_pt wake, void *data);
billing_answer_t *ngx_http_billing_transport_answer(ngx_http_request_t *r);
void ngx_http_billing_transport_start(ngx_http_billing_process_t *process,
    ngx_log_t *log);                            /* listener link and channels */

#pragma GCC visibility pop

#endif /* NGX_HTTP_BILLING_H */
