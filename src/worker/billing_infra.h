/*
 * The worker's infrastructure: what its files share among themselves.
 *
 * One noun, one file:  loop (the reactor), turn (one transaction), stream and
 * entry, command and query_entry, answer, outbox, rehydrate, redis_* (two
 * connections), http (gateway calls), hook (webhooks out), mail and letter,
 * lease, clock, precondition, savepoint, db and db_*, migrate, config, log.
 */

#ifndef BILLING_INFRA_H
#define BILLING_INFRA_H

#include "billing_clock.h"
#include "billing_db.h"

#define BILLING_TURN_MAX          256       /* stream entries in one turn */
#define BILLING_CALLS_MAX         512       /* gateway calls in flight */
#define BILLING_CALLS_QUEUE_MAX   8192      /* waiting for a place */
#define BILLING_MAILS_MAX         8         /* mails in flight */
#define BILLING_DELIVERIES_MAX    5         /* then it is poison (P24) */
#define BILLING_LEASE_MS          5000
#define BILLING_RETENTION_SEC     (30 * 86400)
#define BILLING_ENTRY_ID_MAX      44        /* "MS-SEQ", two 64-bit decimals */

#define BILLING_EXIT_DATABASE     3         /* trust nothing: start afresh */
#define BILLING_EXIT_PRECONDITION 4         /* the operator must act */
#define BILLING_EXIT_FENCED       5         /* another worker has the lease */

#define BILLING_NAMES_MAX         16

struct redisReply;
struct redisContext;
struct redisAsyncContext;
struct ssl_st;
struct ssl_ctx_st;

/* The row redis_mark as this process knows it. */
typedef struct {
    uint64_t  epoch;
    int64_t   ground;                   /* see billing_record_ground() */
    char      run_id[64];
    char      last_id[BILLING_ENTRY_ID_MAX];
} billing_redis_mark_t;

/* A digest of the settings that records depend on; never 0. */
int64_t billing_record_ground(const billing_settings_t *settings);

/* A key's or channel's full name, made once. */
typedef struct {
    char  noun[16];
    char  name[BILLING_KEY_MAX];
} billing_redis_name_t;

/* Monotonic instants: from the earlier one on there is leisure. */
typedef struct {
    int64_t  quiet_ms;
    int64_t  next_ms;
} billing_leisure_t;

typedef struct {
    struct billing_lease_s      *lease;
    struct billing_stream_s     *stream;
    struct billing_answers_s    *answers;
    struct billing_security_s   *security;  /* NULL none */
    struct billing_outbox_s     *outbox;
    struct billing_rehydrate_s  *rehydrate;
    struct billing_mail_s       *mail;
    struct billing_hooks_s      *hooks;
    struct billing_guide_s      *guide;     /* NULL none */
    struct billing_press_s      *press;     /* NULL until it is needed */
    int64_t                      print_ms;  /* next look for paper to print */
    billing_leisure_t            leisure;
    billing_redis_mark_t         mark;
    billing_redis_name_t         names[BILLING_NAMES_MAX];
    int64_t                      complained_ms;     /* about Redis, next */
    int64_t                      precondition_ms;   /* next look */
    int64_t                      clock_skew_ms;     /* wall - monotonic */
    int64_t                      clock_published_sec;
    bool                         clock_frozen;
    int64_t                      clock_kept_ms;     /* write it down then */
    char                         redis_password[256];   /* "" none */
    char                         guide_password[256];
    char                         mail_password[256];
    struct ssl_ctx_st           *redis_tls;         /* NULL none */
    const char                  *config;            /* name of the file */
    int                          signal_fd;
    int                          exit_code;         /* >= 0: leave the loop */
    bool                         draining;
    bool                         again;             /* HUP: execute once more */
} billing_infra_t;

static inline billing_infra_t *
billing_infra(const billing_worker_t *w)
{
    return w->infra;
}


/* --- of the business: zone.c, print.c ------------------------------------- */

/* False when the machine does not know the seller's zone; "" is UTC. */
bool billing_zone_set(const char *zone);

/* Prints what is to be kept, a little at a time; needs a transaction. */
bool billing_print_due(const billing_worker_t *w, int64_t mono_ms);
BILLING_MUST_CHECK billing_db_rc_t billing_print_store(billing_worker_t *w,
    int64_t mono_ms, int64_t now);
void billing_print_free(billing_worker_t *w);


/* --- log.c, clock.c, savepoint.c ------------------------------------------ */

/* What the process remembers for after the commit, besides the database. */
typedef struct {
    size_t   outbox;
    size_t   calls;
    size_t   answers;
    size_t   security;
    int64_t  clock_offset_sec;
    int64_t  chain_no;
    char     last_id[BILLING_ENTRY_ID_MAX];     /* of the row redis_mark */
} billing_mark_t;

billing_mark_t billing_mark(const billing_worker_t *w);
void billing_mark_undo(billing_worker_t *w, const billing_mark_t *mark);
BILLING_MUST_CHECK billing_db_rc_t billing_savepoint(billing_worker_t *w,
    billing_mark_t *mark);
void billing_savepoint_undo(billing_worker_t *w, const billing_mark_t *mark);
/* Releases after OK, undoes after anything that is told as CONFLICT. */
BILLING_MUST_CHECK billing_db_rc_t billing_savepoint_end(billing_worker_t *w,
    const billing_mark_t *mark, billing_db_rc_t rc);
/* In the turn: counted for billingctl; w->unmade is the caller's to clear. */
BILLING_MUST_CHECK billing_db_rc_t billing_savepoint_unmade(
    billing_worker_t *w);


/* --- lease.c, precondition.c ---------------------------------------------- */

bool billing_lease_new(billing_worker_t *w);
void billing_lease_free(billing_worker_t *w);       /* hands over */

/* Tries to become the committer; OK, DONE (stand by) or FATAL. */
BILLING_MUST_CHECK billing_db_rc_t billing_lease_acquire(billing_worker_t *w);

/* First statement of each transaction: DONE when another worker took over. */
BILLING_MUST_CHECK billing_db_rc_t billing_lease_fence(billing_worker_t *w);
void billing_lease_committed(billing_worker_t *w);

/* When to renew, and whether this process must stop by itself (monotonic). */
int64_t billing_lease_due_ms(const billing_worker_t *w);
bool billing_lease_lost(const billing_worker_t *w, int64_t mono_ms);
bool billing_lease_offered(const billing_worker_t *w);  /* as last seen */
void billing_lease_stalled(billing_worker_t *w);    /* by a full disk */

/* NULL, or why this INFO of Redis forbids any work; *wait = it may pass. */
const char *billing_precondition_redis(const billing_settings_t *settings,
    const char *info, size_t len, bool *wait);
/* One line of INFO: its value's length, 0 when missing. */
size_t billing_info_value(const char *info, const char *name,
    const char **value);
/* Each minute: asks both stores again; FATAL ends the process. */
BILLING_MUST_CHECK billing_db_rc_t billing_precondition_sweep(
    billing_worker_t *w, int64_t mono_ms);


/* --- redis.c: two asynchronous connections -------------------------------- */

typedef enum {
    BILLING_LINK_READER = 0,    /* blocked in XREADGROUP */
    BILLING_LINK_WRITER,
    BILLING_LINKS
} billing_link_t;

#define BILLING_REDIS_FDS  (BILLING_LINKS + 1)      /* and of the guide */

/* reply NULL: the connection fell before it came. */
typedef void (*billing_redis_reply_pt)(billing_worker_t *w,
    struct redisReply *reply, uintptr_t data);

#define BILLING_REDIS_ARGS_MAX  (BILLING_TURN_MAX + 8)

typedef struct {
    int                     argc;
    const char             *argv[BILLING_REDIS_ARGS_MAX];
    size_t                  argvlen[BILLING_REDIS_ARGS_MAX];
    billing_redis_reply_pt  handler;        /* NULL: only errors are logged */
    uintptr_t               data;
} billing_redis_command_t;

struct curl_waitfd;

bool billing_redis_new(billing_worker_t *w);
void billing_redis_free(billing_worker_t *w);
bool billing_redis_up(const billing_worker_t *w);   /* both, and checked */
bool billing_redis_away(const billing_worker_t *w); /* and for long */
void billing_redis_anew(billing_worker_t *w, int64_t mono_ms);
unsigned billing_redis_pending(const billing_worker_t *w, billing_link_t link);

/* "unix:/path", "host:port" or "[v6]:port", taken apart. */
typedef struct {
    bool  local;                /* host is a path */
    char  host[BILLING_FILE_NAME_MAX];
    int   port;
} billing_redis_address_t;

void billing_redis_address(const char *address, billing_redis_address_t *out);

/* Adds an argument; text of len bytes borrowed until sent. */
void billing_redis_arg(billing_redis_command_t *command, const char *text,
    size_t len);
void billing_redis_word(billing_redis_command_t *command, const char *text);
/* Becomes AUTH; false where there is no password, and nothing to be said. */
bool billing_redis_auth(billing_redis_command_t *command, const char *user,
    const char *password);
/* False: the link is down and the handler will not be called. */
bool billing_redis_send(billing_worker_t *w, billing_link_t link,
    const billing_redis_command_t *command);

/* Logs an error reply, not more often than every ten seconds. */
void billing_redis_complain(billing_worker_t *w,
    const struct redisReply *reply);

void billing_redis_drop(billing_worker_t *w, const char *why);  /* again soon */

unsigned billing_redis_fds(billing_worker_t *w, struct curl_waitfd *fds);
void billing_redis_ready(billing_worker_t *w, const struct curl_waitfd *fds,
    unsigned n);
/* Connects, notices silence; returns when it wants to be called again. */
int64_t billing_redis_tick(billing_worker_t *w, int64_t mono_ms);
void billing_redis_flush(billing_worker_t *w);
/* "billing:1:NOUN", kept for the life of the process. */
const char *billing_redis_name(const billing_worker_t *w, const char *noun);


/* --- redis_tls.c: TLS to Redis, of billingctl too ------------------------- */

typedef struct {
    struct ssl_st  *ssl;                /* NULL: in the clear */
    char            why[256];
} billing_redis_tls_link_t;

/* Reads what redis.tls names, once; false and why not. */
bool billing_redis_tls_load(billing_worker_t *w, char *error, size_t error_max);
/* Begins the handshake, where TLS is wanted; false: see why. */
bool billing_redis_tls_start(billing_worker_t *w,
    struct redisContext *context, const char *host,
    billing_redis_tls_link_t *tls);
/* Why the connection fell: as TLS has it, or as it was told. */
const char *billing_redis_tls_why(billing_redis_tls_link_t *tls,
    const char *why);
bool billing_redis_tls_shaking(const billing_redis_tls_link_t *tls);
void billing_redis_tls_end(billing_redis_tls_link_t *tls);


/* --- redis_link.c: one connection ----------------------------------------- */

typedef struct {
    billing_worker_t          *worker;
    void                     (*lost)(billing_worker_t *w, const char *why);
    struct redisAsyncContext  *context;     /* NULL: down */
    billing_redis_tls_link_t   tls;
    bool                       connected;
    bool                       reading;     /* what hiredis waits for */
    bool                       writing;
    unsigned                   pending;     /* commands without a reply */
    int64_t                    progress_ms; /* last sign of life */
} billing_redis_link_t;

/* In the background; what fails, now or later, is told to lost. */
void billing_redis_link_open(billing_redis_link_t *link,
    const billing_redis_address_t *at);
void billing_redis_link_close(billing_redis_link_t *link);
bool billing_redis_link_send(billing_redis_link_t *link,
    const billing_redis_command_t *command);
bool billing_redis_link_silent(const billing_redis_link_t *link,
    int64_t mono_ms, int64_t silence_ms);
/* 1 where there is one to wait for. */
unsigned billing_redis_link_fd(const billing_redis_link_t *link,
    struct curl_waitfd *fd);
void billing_redis_link_ready(billing_redis_link_t *link,
    const struct curl_waitfd *fd);
void billing_redis_link_flush(billing_redis_link_t *link);


/* --- guide.c: who knows where the master is ------------------------------- */

bool billing_guide_new(billing_worker_t *w);
void billing_guide_free(billing_worker_t *w);
billing_redis_link_t *billing_guide_link(billing_worker_t *w);
/* Connects, asks, notices silence; when it wants to be called again. */
int64_t billing_guide_tick(billing_worker_t *w, int64_t mono_ms);
/* False as long as nobody has named one. */
bool billing_guide_server(const billing_worker_t *w,
    billing_redis_address_t *out);
/* billing_redis_auth for a guide: a node of a cluster is let in as a server. */
bool billing_guide_auth(const billing_worker_t *w,
    billing_redis_command_t *command);
/* What a guide is asked, and its answer; false when it names no master. */
void billing_guide_question(const billing_settings_t *settings,
    billing_redis_command_t *command);
bool billing_guide_answer(const billing_settings_t *settings,
    const struct redisReply *reply, billing_redis_address_t *out,
    uint64_t *number);
/* redis.c: another one is named. */
void billing_redis_moved(billing_worker_t *w);


/* --- stream.c ------------------------------------------------------------- */

typedef enum {
    BILLING_STREAM_COMMANDS = 0,
    BILLING_STREAM_QUERIES,
    BILLING_STREAMS
} billing_stream_name_t;

typedef struct {
    billing_stream_name_t  stream;
    char                   id[BILLING_ENTRY_ID_MAX];
    uint32_t               deliveries;
    char                  *command;         /* field "c", malloc'ed or NULL */
    size_t                 command_len;
    char                  *mac;             /* field "m", malloc'ed or NULL */
    size_t                 mac_len;
    bool                   answered;        /* in this turn */
    bool                   kept;            /* not to be acknowledged */
    bool                   late;            /* a query behind the commands */
    bool                   enter;           /* its profile enters before */
} billing_entry_t;

typedef struct {
    billing_entry_t  *entries;
    unsigned          n;
    unsigned          max;
} billing_entries_t;

bool billing_stream_new(billing_worker_t *w);
void billing_stream_free(billing_worker_t *w);
const char *billing_stream_noun(billing_stream_name_t stream);

/* What cannot be a stream of ours any more is taken away, and made again. */
void billing_stream_renew(billing_worker_t *w, billing_stream_name_t stream,
    const char *why);
void billing_stream_start(billing_worker_t *w);     /* groups exist: read */
void billing_stream_stop(billing_worker_t *w);      /* connection lost */
/* At most BILLING_TURN_MAX entries; the caller releases and acknowledges. */
void billing_stream_take(billing_worker_t *w, billing_entries_t *out);
bool billing_stream_waiting(const billing_worker_t *w);
void billing_stream_ack(billing_worker_t *w, const billing_entries_t *done);
int64_t billing_stream_tick(billing_worker_t *w, int64_t mono_ms);


/* --- entry.c -------------------------------------------------------------- */

/* A new last one, zeroed; NULL out of memory. */
billing_entry_t *billing_entries_push(billing_entries_t *entries);
void billing_entries_release(billing_entries_t *entries);
/* The entries of one stream's part of a reply; what is none is left out. */
void billing_entries_parse(const struct redisReply *list,
    billing_stream_name_t stream, uint32_t deliveries, billing_entries_t *out);
/* -1, 0, 1 as numbers; "" is lowest. */
int billing_entry_id_compare(const char *a, const char *b);

/* After it a stream takes no more entries: none of ours, it was put there. */
bool billing_entry_id_is_last(const char *id);


/* --- command.c, answer.c -------------------------------------------------- */

/*
 * One entry of a stream, inside the turn's transaction: dead letter, replay,
 * refusal or execution.  Answers are queued, not sent.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_command_entry(billing_worker_t *w,
    const billing_entry_t *entry, int64_t now);
/* Any of the secrets may have signed it; the caller releases the command. */
BILLING_MUST_CHECK billing_err_t billing_command_read(billing_worker_t *w,
    const billing_entry_t *entry, billing_command_t *command);
/* Answers on the channel; keep = for ever, in the row of op. */
BILLING_MUST_CHECK billing_db_rc_t billing_command_tell(billing_worker_t *w,
    const char *op, const char *channel, const billing_op_reply_t *reply,
    bool keep);
/* The transaction could not be: told to try later; false if unreadable. */
bool billing_command_later(billing_worker_t *w, const billing_entry_t *entry);
/*
 * query_entry.c: a question about an operation, or of a profile that must
 * enter first, is put behind the commands that came with it: late is set then,
 * and DONE told until it comes again.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_query_entry(billing_worker_t *w,
    billing_entry_t *entry, int64_t now);
/* In the turn: the profile of a query that found it missing enters. */
BILLING_MUST_CHECK billing_db_rc_t billing_command_enter(billing_worker_t *w,
    const billing_entry_t *entry, int64_t now);
/*
 * Before the turn, committed: the execution of an entry that came back begins.
 * Sets its deliveries to those it was begun in, however often Redis gave it.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_command_begin(billing_worker_t *w,
    billing_entry_t *entry);
/* In the turn: the entry's end is no longer in doubt. */
BILLING_MUST_CHECK billing_db_rc_t billing_command_ended(billing_worker_t *w,
    const billing_entry_t *entry);
BILLING_MUST_CHECK billing_db_rc_t billing_command_retention(
    billing_worker_t *w, int64_t now);

bool billing_answers_new(billing_worker_t *w);
void billing_answers_free(billing_worker_t *w);
/* Queues one answer; published by the next flush. */
void billing_answer_queue(billing_worker_t *w, const char *channel,
    const billing_answer_t *answer);
void billing_answers_flush(billing_worker_t *w);
size_t billing_answers_mark(const billing_worker_t *w);
void billing_answers_undo(billing_worker_t *w, size_t mark);


/* --- outbox.c, rehydrate.c ------------------------------------------------ */

bool billing_outbox_new(billing_worker_t *w);
void billing_outbox_free(billing_worker_t *w);
size_t billing_outbox_mark(const billing_worker_t *w);
void billing_outbox_undo(billing_worker_t *w, size_t mark);
/* After the commit: the records asked for in this turn go to Redis. */
BILLING_MUST_CHECK billing_db_rc_t billing_outbox_flush(billing_worker_t *w);
/* Rows Redis has accepted are deleted; needs a transaction. */
bool billing_outbox_accepted(const billing_worker_t *w);
BILLING_MUST_CHECK billing_db_rc_t billing_outbox_clean(billing_worker_t *w);
/* Rows left over by a crash or a lost connection are sent again. */
BILLING_MUST_CHECK billing_db_rc_t billing_outbox_sweep(billing_worker_t *w,
    int64_t mono_ms);

/* A thing with a record: email is "" but for members and access. */
typedef struct {
    billing_record_kind_t  kind;
    char                   id[BILLING_ID_MAX + 1];
    char                   email[BILLING_EMAIL_MAX + 1];
    int64_t                seq;
} billing_outbox_row_t;

/* Its record as it stands: the key and the bytes that belong there. */
typedef struct {
    billing_record_t  record;
    size_t            key_len;
    size_t            len;
    char              key[BILLING_KEY_MAX + 1];
    char              value[BILLING_RECORD_MAX];
} billing_outbox_record_t;

/* CONFLICT when the row makes no record. */
BILLING_MUST_CHECK billing_db_rc_t billing_outbox_encode(billing_worker_t *w,
    const billing_outbox_row_t *row, billing_outbox_record_t *out);

/*
 * Again into a Redis that lacks it.  What only says that there is nothing goes
 * away by itself, is told to nobody, and is the one record of version 0.
 */
#define BILLING_OUTBOX_NOTHING_SEC  60
void billing_outbox_restore(billing_worker_t *w,
    const billing_outbox_record_t *made);

/*
 * Its record as it stands, to Redis; DONE when the link is down, CONFLICT when
 * the row makes no record.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_outbox_put(billing_worker_t *w,
    const billing_outbox_row_t *row, billing_redis_reply_pt handler,
    uintptr_t data);

/* Everything that has a record, list by list. */
#define BILLING_RECORD_LISTS  4

/*
 * The rows of a list behind *after, by key: at most max, fewer only at its
 * end.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_record_list(billing_worker_t *w,
    unsigned list, const billing_outbox_row_t *after,
    billing_outbox_row_t *rows, size_t max, size_t *n);

bool billing_rehydrate_new(billing_worker_t *w);
void billing_rehydrate_free(billing_worker_t *w);
/* The writer link is up and INFO passed: load, compare, rewrite, then read. */
void billing_rehydrate_connected(billing_worker_t *w, const char *run_id,
    size_t len);
void billing_rehydrate_lost(billing_worker_t *w);
bool billing_rehydrate_ready(const billing_worker_t *w);
/* Redis holds something newer than the database: start a new epoch. */
void billing_rehydrate_demand(billing_worker_t *w);
/*
 * The operator asks: a new epoch is begun as soon as Redis answers, at most
 * one at a time.
 */
void billing_rehydrate_ask(billing_worker_t *w);
/* A slice of records, when one is wanted. */
BILLING_MUST_CHECK billing_db_rc_t billing_rehydrate_step(billing_worker_t *w);
/* Asks whether Redis still knows the epoch; drops it when not. */
void billing_rehydrate_watch(billing_worker_t *w);
bool billing_rehydrate_wanting(const billing_worker_t *w);


/* --- redis_mark.c --------------------------------------------------------- */

BILLING_MUST_CHECK billing_db_rc_t billing_redis_mark_load(
    billing_worker_t *w);
/* Begins a new epoch; DONE when fenced. */
BILLING_MUST_CHECK billing_db_rc_t billing_redis_mark_store(
    billing_worker_t *w, uint64_t epoch, const char *run_id);
/* In the transaction: the highest command id that is now in the database. */
BILLING_MUST_CHECK billing_db_rc_t billing_redis_mark_move(
    billing_worker_t *w, const char *entry_id);


/* --- http.c, mail.c ------------------------------------------------------- */

typedef struct {
    billing_call_t   call;
    billing_reply_t  reply;     /* body is malloc'ed */
    bool             sent;
} billing_finished_t;

/* Ends a transfer that another file started; result is a CURLcode. */
typedef void (*billing_http_done_pt)(billing_worker_t *w, void *easy,
    int result, void *data);

/* Every handle of the shared multi handle has one of these as its private. */
typedef struct {
    billing_http_done_pt  done;
    void                 *data;
} billing_http_transfer_t;

bool billing_http_new(billing_worker_t *w);
void billing_http_free(billing_worker_t *w);
size_t billing_http_mark(const billing_worker_t *w);
void billing_http_undo(billing_worker_t *w, size_t mark);
void billing_http_committed(billing_worker_t *w);   /* the calls may go */
void billing_http_wait(billing_worker_t *w, struct curl_waitfd *fds,
    unsigned n, int timeout_ms);
void billing_http_perform(billing_worker_t *w);
unsigned billing_http_busy(const billing_worker_t *w);
/* Finished calls, oldest first; those handled are dropped after the commit. */
size_t billing_http_finished(const billing_worker_t *w,
    const billing_finished_t **list);
void billing_http_drop(billing_worker_t *w, size_t n);
bool billing_http_add(billing_worker_t *w, void *easy,
    const billing_http_transfer_t *transfer);

/* No private address, asked once the name is resolved. */
bool billing_http_guard(void *easy);

/* hook.c, as mail.c: events of the database to the application's addresses. */
bool billing_hooks_new(billing_worker_t *w);
void billing_hooks_free(billing_worker_t *w);
BILLING_MUST_CHECK billing_db_rc_t billing_hooks_send(billing_worker_t *w);
void billing_hooks_hurry(billing_worker_t *w);      /* there may be new ones */
bool billing_hooks_landed(const billing_worker_t *w);
BILLING_MUST_CHECK billing_db_rc_t billing_hooks_store(billing_worker_t *w);
void billing_hooks_stored(billing_worker_t *w);     /* committed */

#include "billing_mail.h"


/* --- leisure.c ------------------------------------------------------------ */

/* Somebody was served now, or waits. */
void billing_leisure_busy(billing_leisure_t *leisure, int64_t mono_ms);
/* What nobody waits for took that long. */
void billing_leisure_spent(billing_leisure_t *leisure, int64_t began_ms,
    int64_t mono_ms);
/* The first instant at which there is leisure. */
int64_t billing_leisure_ms(const billing_leisure_t *leisure);
/* When paper or mails want it, or its end of what they began. */
int64_t billing_leisure_due_ms(const billing_worker_t *w);


/* --- loop.c, turn.c, config.c --------------------------------------------- */

/* Runs until a signal or an error; returns the exit code. */
int billing_loop_run(billing_worker_t *w);

/* When the next turn must come without any event (monotonic). */
typedef struct {
    int64_t            sweep_ms;
    int64_t            retention_ms;
    int64_t            pause_ms;        /* the disk was full: not before */
    int64_t            paper_ms;        /* since then it has waited, 0: not */
    bool               full;
    billing_entries_t  entries;
} billing_turn_t;

/* What there is to do now; BILLING_DB_DONE when fenced. */
BILLING_MUST_CHECK billing_db_rc_t billing_turn_run(billing_worker_t *w,
    billing_turn_t *turn, int64_t mono_ms);

/* billing.json and the files it names; a message on failure. */
BILLING_MUST_CHECK billing_err_t billing_config_load(const char *name,
    billing_settings_t *settings, char error[BILLING_SETTINGS_ERROR_MAX]);
BILLING_MUST_CHECK billing_err_t billing_config_secrets(billing_worker_t *w,
    char error[BILLING_SETTINGS_ERROR_MAX]);
void billing_config_wipe(billing_worker_t *w);

#endif /* BILLING_INFRA_H */
