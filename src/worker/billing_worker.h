/*
 * billing-worker: the only place where money moves.
 *
 * One reactor.  Each turn takes new commands, finished gateway calls and what
 * is due by the clock, runs them in one database transaction (a savepoint
 * each), commits, and only then writes through to Redis and answers.
 */

#ifndef BILLING_WORKER_H
#define BILLING_WORKER_H

#include <jansson.h>

#include "../domain/billing_domain.h"
#include "../store/billing_store.h"
#include "../store/billing_store_security.h"
#include "../gateway/billing_gateway.h"
#include "../api/billing_api.h"


/* --- database: statements in a dialect both engines read ------------------ */

typedef struct billing_db_s  billing_db_t;

typedef enum {
    BILLING_DB_OK = 0,
    BILLING_DB_DONE,            /* no row, or no more rows */
    BILLING_DB_ROW,
    BILLING_DB_CONFLICT,        /* a unique or check constraint refused */
    BILLING_DB_FULL,            /* no space: undone, try later */
    BILLING_DB_UNMADE,          /* could not be built: undone by itself */
    BILLING_DB_FATAL            /* trust nothing: the process must end */
} billing_db_rc_t;

/*
 * sqlite:/path; opens, checks WAL, FULL, foreign keys, quick_check after an
 * unclean end, migrates.  NULL and a message on failure.
 */
billing_db_t *billing_db_new(const char *dsn, char *error, size_t error_max);
void billing_db_free(billing_db_t *db);

/*
 * Parameters are written $1, $2... in SQL; format has one letter for each:
 * i int64_t, t const char * (NULL = SQL NULL), b const void * and size_t.
 * Statements are cached by the address of sql, which must be static.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_db_exec(billing_db_t *db,
    const char *sql, const char *format, ...);

/*
 * The same for what is only written: one that fails may be told by a statement
 * after it, at the latest by billing_db_settle, a savepoint's end or the
 * commit, and none after it was executed.  Nothing is known of its rows.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_db_later(billing_db_t *db,
    const char *sql, const char *format, ...);
BILLING_MUST_CHECK billing_db_rc_t billing_db_settle(billing_db_t *db);

typedef struct {
    char         type;          /* i t b */
    int64_t      number;
    const void  *bytes;         /* NULL: SQL NULL */
    size_t       len;
} billing_db_value_t;

#define BILLING_DB_VALUES_MAX  48

/* For statements that name more than one line can hold. */
typedef struct {
    unsigned            n;
    billing_db_value_t  values[BILLING_DB_VALUES_MAX];
} billing_db_list_t;

/* Behind those that are there; formats as above. */
void billing_db_add(billing_db_list_t *list, const char *format, ...);

/* As billing_db_later, with the values in a list. */
BILLING_MUST_CHECK billing_db_rc_t billing_db_put_later(billing_db_t *db,
    const char *sql, const billing_db_list_t *list);

/* The first row is entered at once: ROW or DONE; then billing_db_next. */
BILLING_MUST_CHECK billing_db_rc_t billing_db_query(billing_db_t *db,
    const char *sql, const char *format, ...);
BILLING_MUST_CHECK billing_db_rc_t billing_db_next(billing_db_t *db,
    const char *sql);
void billing_db_done(billing_db_t *db, const char *sql);    /* reset early */

/* Columns of the current row; text and blob live until the next step. */
int64_t billing_db_int(billing_db_t *db, const char *sql, int column);
const char *billing_db_text(billing_db_t *db, const char *sql, int column);
billing_bytes_t billing_db_blob(billing_db_t *db, const char *sql, int column);
bool billing_db_null(billing_db_t *db, const char *sql, int column);
int64_t billing_db_changes(billing_db_t *db);   /* rows of the last exec */

/*
 * Values made of rows (db_kept.c).  What is read again and again in one
 * transaction is kept until a statement writes to one of the tables it was
 * made of, or anything is undone: that is seen here, by the text of each
 * statement, so that nobody who writes has to think of it.  tables: their
 * names, blanks between them; one text for one kind of value.
 */
bool billing_db_kept(billing_db_t *db, const char *tables, const char *id,
    void *value, size_t size);
void billing_db_keep(billing_db_t *db, const char *tables, const char *id,
    const void *value, size_t size);

BILLING_MUST_CHECK billing_db_rc_t billing_db_begin(billing_db_t *db);
BILLING_MUST_CHECK billing_db_rc_t billing_db_commit(billing_db_t *db);
void billing_db_rollback(billing_db_t *db);
BILLING_MUST_CHECK billing_db_rc_t billing_db_savepoint(billing_db_t *db);
BILLING_MUST_CHECK billing_db_rc_t billing_db_release(billing_db_t *db);
void billing_db_undo(billing_db_t *db);         /* back to the savepoint */


/* --- the worker ----------------------------------------------------------- */

typedef struct billing_worker_s  billing_worker_t;

#include "billing_chain.h"

struct billing_worker_s {
    const billing_settings_t  *settings;
    billing_secret_t           secrets[BILLING_SECRETS_MAX];
    unsigned                   nsecrets;
    billing_db_t              *db;
    uint64_t                   lease_epoch;     /* 0 = not the committer */
    uint64_t                   record_epoch;    /* of the records in Redis */
    int64_t                    clock_offset_sec;   /* of the test clock */
    struct billing_redis_s    *redis;           /* infra's own */
    struct billing_http_s     *http;            /* infra's own: libcurl multi */
    void                      *infra;
    struct billing_app_text_s *app_text;        /* event_team.c's own */
    billing_chain_t            chain;           /* ledger.c's and chain.c's */
    char                       gateway_key[128];
    const char                *actor;           /* of the running operation */
    char                       trace[BILLING_TRACE_LEN + 1];    /* "" none */
    int64_t                    unmade;          /* since the last commit */
    billing_hook_secret_t      hook_secrets[BILLING_WEBHOOKS_MAX]
                                           [BILLING_SECRETS_MAX];
};

/* The business's clock: wall clock plus the test offset, seconds. */
int64_t billing_worker_now(const billing_worker_t *w);


/* --- operations: implemented by the business files, called by the loop ---- */

/*
 * One command or query while the turn's transaction is open, in a savepoint
 * of its own.  Fill *reply:
 *   done       body and status are final; for a command the loop stores them
 *              in the command row in this same transaction
 *   later      the command waits for the gateway; billing_op_finish will be
 *              asked to answer
 */
typedef struct {
    unsigned   status;
    json_t    *body;            /* owned by the receiver */
    bool       problem;
    bool       later;
    bool       undo;            /* roll the savepoint back, keep the answer */
    bool       enter;           /* of a query: its profile must enter first */
    unsigned   retry_after_sec;
    char       team[BILLING_ID_MAX + 1];    /* whose version must be seen */
} billing_op_reply_t;

/*
 * BILLING_DB_FATAL ends the process; anything else has filled *reply.
 * Dispatches on command->kind through a table (src/worker/op.c).
 */
BILLING_MUST_CHECK billing_db_rc_t billing_op_run(billing_worker_t *w,
    const billing_command_t *command, int64_t now, billing_op_reply_t *reply);

/* True for a kind of the query stream. */
bool billing_op_is_query(const char *kind);

/* Convenience for the business files. */
void billing_op_refuse(billing_op_reply_t *reply, billing_reason_t reason,
    const char *lang, json_t *args);            /* steals args; sets undo */
void billing_op_answer(billing_op_reply_t *reply, unsigned status,
    json_t *body);                              /* steals body */


/* --- gateway calls: made by the business, carried by the loop ------------- */

typedef enum {
    BILLING_CALL_NONE = 0,
    BILLING_CALL_CUSTOMER,      /* create the payer at the gateway */
    BILLING_CALL_SETUP,         /* SetupIntent for card entry */
    BILLING_CALL_ATTACH,
    BILLING_CALL_CHARGE,
    BILLING_CALL_LOOKUP,        /* one intent */
    BILLING_CALL_SEARCH,        /* by customer and metadata */
    BILLING_CALL_REFUND,
    BILLING_CALL_CANCEL,
    BILLING_CALL_MATCH,         /* a page of the list of all payments */
    BILLING_CALL_RETURN         /* of money that is for nothing */
} billing_call_kind_t;

typedef struct {
    billing_call_kind_t        kind;
    char                       subject[BILLING_OP_ID_LEN + 1];  /* its op id */
    char                       idempotency_key[64]; /* "" for reads */
    uint32_t                   attempt;
    billing_gateway_request_t  request;
} billing_call_t;

/*
 * Called in the transaction (Tx1): remembers that the call must be made once
 * the transaction has committed; the loop sends it then, never before.  The
 * durable row it belongs to is the caller's (attempt, command).
 */
void billing_call_after_commit(billing_worker_t *w, const billing_call_t *call);

/*
 * A reply (or its lack) of the gateway, in a transaction (Tx2), own savepoint.
 * sent = false: proven that no byte of the request left.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_checkout_reply(billing_worker_t *w,
    const billing_call_t *call, const billing_reply_t *reply, bool sent,
    int64_t now);

/*
 * Ends a command whose first answer was "later": stores the final response in
 * the command row (this transaction) and answers its reply channel after the
 * commit.  A resumed command whose client has gone is only stored.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_op_finish(billing_worker_t *w,
    const char *op, billing_op_reply_t *reply);

/*
 * Called each turn inside the transaction: everything that is due by now
 * (open checkouts without a call in flight, unknown ones by schedule, expiry
 * of abandoned 3-D Secure...).  *next_at = when to be called again; at once
 * when only the time of a turn was used up.
 */
#define BILLING_AT_ONCE  INT64_MIN

BILLING_MUST_CHECK billing_db_rc_t billing_checkout_sweep(billing_worker_t *w,
    int64_t now, int64_t *next_at);
bool billing_call_in_flight(const billing_worker_t *w, const char *subject);

/*
 * One row of a sweep, in a savepoint of its own.  CONFLICT: undone and told to
 * the operator; the caller pushes the row away and goes on with the others.
 */
typedef billing_db_rc_t (*billing_row_pt)(billing_worker_t *w, const char *id,
    int64_t at);

BILLING_MUST_CHECK billing_db_rc_t billing_savepoint_row(billing_worker_t *w,
    billing_row_pt run, const char *id, int64_t at);


/* --- write-through: implemented by the loop, asked for by the business ---- */

/*
 * In the transaction: the record of this thing has changed; after the commit
 * it is read from the database, written to Redis and published.  Durable in
 * record_outbox, so a crash only delays it.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_outbox_team(billing_worker_t *w,
    const char *team);
BILLING_MUST_CHECK billing_db_rc_t billing_outbox_member(billing_worker_t *w,
    const char *team, const char *email);
BILLING_MUST_CHECK billing_db_rc_t billing_outbox_board(billing_worker_t *w,
    const char *board);
BILLING_MUST_CHECK billing_db_rc_t billing_outbox_access(billing_worker_t *w,
    const char *board, const char *email);

/* Implemented by the business: the record as it stands in the database. */
BILLING_MUST_CHECK billing_db_rc_t billing_record_team(billing_worker_t *w,
    const char *team, billing_team_record_t *out);
BILLING_MUST_CHECK billing_db_rc_t billing_record_member(billing_worker_t *w,
    const char *team, const char *email, billing_member_record_t *out);
BILLING_MUST_CHECK billing_db_rc_t billing_record_board(billing_worker_t *w,
    const char *board, billing_board_record_t *out);
BILLING_MUST_CHECK billing_db_rc_t billing_record_access(billing_worker_t *w,
    const char *board, const char *email, billing_access_record_t *out);

void billing_app_text_free(billing_worker_t *w);    /* its own of w */


/* --- events for the application ------------------------------------------- */

/*
 * Implemented by the business, called by the outbox: what of this team or
 * member is not as the application was told becomes events.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_event_team(billing_worker_t *w,
    const char *team);
BILLING_MUST_CHECK billing_db_rc_t billing_event_member(billing_worker_t *w,
    const char *team, const char *email);
/* Events older than the retention go, a bounded number at a time. */
BILLING_MUST_CHECK billing_db_rc_t billing_event_retention(
    billing_worker_t *w, int64_t now);
/* The same of declined cards, older than any pause. */
BILLING_MUST_CHECK billing_db_rc_t billing_decline_retention(
    billing_worker_t *w, int64_t now);


/* --- mail ----------------------------------------------------------------- */

/* In the transaction: one mail to send, texts from the messages. */
BILLING_MUST_CHECK billing_db_rc_t billing_mail_queue(billing_worker_t *w,
    const char *to, const char *template_key, const char *lang,
    const json_t *args, int64_t now);


/*
 * Implemented by the business (invitation.c): a mail's text with the tokens in
 * their places, malloc'ed; what is kept in the database names the invitation
 * only.  NULL out of memory, or when a token cannot be made.
 */
char *billing_invitation_reveal(billing_worker_t *w, const char *text);


/* --- more for the business files ------------------------------------------ */

/*
 * One command row as the operation query shows it.  An actor sees only its
 * own rows: another's is not found.  *row is filled on BILLING_DB_ROW, then
 * the caller owns row->body; BILLING_DB_DONE when there is none.
 */
typedef struct {
    bool       done;            /* has its final answer */
    bool       retry;           /* ended with a 5xx: the same key runs again */
    char       kind[32];
    char       team[BILLING_ID_MAX + 1];
    unsigned   status;          /* HTTP, when done */
    bool       problem;
    json_t    *body;            /* NULL until done */
} billing_command_row_t;

BILLING_MUST_CHECK billing_db_rc_t billing_command_lookup(billing_worker_t *w,
    const char *op, const char *actor, billing_command_row_t *row);

/*
 * In the transaction of demo.clock.set: the business's clock goes on by that
 * much, for all programs once committed.  CONFLICT unless settings->demo.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_clock_advance(billing_worker_t *w,
    int64_t seconds);

/*
 * Implemented by the business (seed.c): called in a transaction of its own
 * each time this process becomes the committer, when settings->demo is set.
 * Does nothing when the data is there already.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_seed(billing_worker_t *w,
    int64_t now);

/*
 * Implemented by the business (profile.c), in a savepoint of its own: what is
 * done for a profile that has come for the first time.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_profile_enter(billing_worker_t *w,
    const char *email, const char *lang, int64_t now);

/* One event, one line on standard error; control bytes are made harmless. */
void billing_log(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
/*
 * An event for who watches (settings->security_log): in the transaction that
 * makes it true, and written once that is committed.  who and whom are
 * addresses, and their pseudonyms are written; of who NULL is whose command
 * this is.  The texts may be NULL.
 */
typedef struct {
    billing_security_event_t  event;
    const char               *reason;
    const char               *op;
    const char               *team;
    const char               *who;
    const char               *whom;
    const char               *what;
} billing_security_note_t;

void billing_security_note(billing_worker_t *w,
    const billing_security_note_t *note);

/* Ends each line from now on; the text stays the caller's. NULL: none. */
void billing_log_trace(const char *trace);

/* From here to the end w->trace says whose trace it is, and the log does. */
void billing_trace_begin(billing_worker_t *w, const char *trace);
void billing_trace_end(billing_worker_t *w);
/* The same for who asked for that operation; nobody may have. */
BILLING_MUST_CHECK billing_db_rc_t billing_trace_resume(billing_worker_t *w,
    const char *op);

int64_t billing_clock_mono_ms(void);        /* goes on while suspended */
int64_t billing_clock_wall_ms(void);        /* without the test offset */

/* A digest begins with this, and goes on with more bytes. */
#define BILLING_DIGEST  0xcbf29ce484222325ULL

uint64_t billing_digest_add(uint64_t digest, const void *bytes, size_t len);

#endif /* BILLING_WORKER_H */
