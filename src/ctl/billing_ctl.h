/*
 * billingctl: the operator's tool.
 *
 * quote, prorate and periods read one JSON object from standard input and
 * write one to standard output: the answer, or a problem object (as the
 * server's).  The others read what billing.json names, the database first of
 * all, and write nothing anywhere unless their name says so.
 */

#ifndef BILLING_CTL_H
#define BILLING_CTL_H

#include <stdio.h>

#include <jansson.h>

#include "../api/billing_api.h"
#include "../domain/billing_domain.h"
#include "../worker/billing_infra.h"

#define BILLING_CTL_DONE     0
#define BILLING_CTL_REFUSED  1          /* a problem object was printed */
#define BILLING_CTL_FOUND    1          /* something is not as it should be */
#define BILLING_CTL_USAGE    2          /* usage, file, output, cannot run */

/* Options that only some commands take, as bits. */
#define BILLING_CTL_JSON        (1u << 0)
#define BILLING_CTL_PROGRESS    (1u << 1)
#define BILLING_CTL_LANG        (1u << 2)
#define BILLING_CTL_DRY_RUN     (1u << 3)
#define BILLING_CTL_NO_REDIS    (1u << 4)
#define BILLING_CTL_GATEWAY     (1u << 5)
#define BILLING_CTL_SINCE       (1u << 6)
#define BILLING_CTL_UNTIL       (1u << 7)
#define BILLING_CTL_FORMAT      (1u << 8)
#define BILLING_CTL_TABLE       (1u << 9)
#define BILLING_CTL_ALL         (1u << 10)
#define BILLING_CTL_TO          (1u << 11)

typedef struct {
    const char      *config;            /* --config, or NULL */
    uint32_t         given;             /* the options above */
    billing_lang_t   lang;
    int64_t          since_at;
    int64_t          until_at;          /* BILLING_INSTANT_MAX open */
    const char      *format;            /* NULL, json or csv */
    const char      *table;             /* NULL: all */
    const char      *to;                /* another billing.json, or NULL */
    int              argc;              /* operands */
    char           **argv;
} billing_ctl_t;

typedef struct {
    const char  *name;
    const char  *summary;               /* one line of the list of commands */
    const char  *help;                  /* what --help prints */
    int        (*run)(const billing_ctl_t *ctl);
    uint32_t     options;               /* it takes */
    int          operands_max;
} billing_ctl_command_t;

/* Each runs one command to its end and gives the exit status. */
int billing_ctl_quote(const billing_ctl_t *ctl);
int billing_ctl_prorate(const billing_ctl_t *ctl);
int billing_ctl_periods(const billing_ctl_t *ctl);
int billing_ctl_explain(const billing_ctl_t *ctl);
int billing_ctl_verify(const billing_ctl_t *ctl);
int billing_ctl_status(const billing_ctl_t *ctl);
int billing_ctl_migrate(const billing_ctl_t *ctl);
int billing_ctl_copy(const billing_ctl_t *ctl);         /* migrate --to */
int billing_ctl_rehydrate(const billing_ctl_t *ctl);
int billing_ctl_dead_letters(const billing_ctl_t *ctl);
int billing_ctl_export(const billing_ctl_t *ctl);
int billing_ctl_who(const billing_ctl_t *ctl);

extern const char  billing_ctl_quote_help[];
extern const char  billing_ctl_prorate_help[];
extern const char  billing_ctl_periods_help[];
extern const char  billing_ctl_explain_help[];
extern const char  billing_ctl_verify_help[];
extern const char  billing_ctl_status_help[];
extern const char  billing_ctl_who_help[];
extern const char  billing_ctl_migrate_help[];
extern const char  billing_ctl_rehydrate_help[];
extern const char  billing_ctl_dead_letters_help[];
extern const char  billing_ctl_export_help[];


/* --- input: one object, read member by member (input.c) ------------------ */

/*
 * The first fault stays and later reads change nothing, so that a command
 * reads everything and asks once.
 */

typedef struct {
    json_t            *root;
    const json_t      *at;              /* the object members are read from */
    const char        *path;            /* its name, "" for the root */
    billing_reason_t   reason;
    char               field[64];
    char               why[JSON_ERROR_TEXT_LENGTH];
} billing_ctl_input_t;

/* Reads standard input; billing_ctl_input_done releases it in any case. */
void billing_ctl_input_init(billing_ctl_input_t *in);
void billing_ctl_input_done(billing_ctl_input_t *in);

/* Reads go to the object that is this member of the root from now on. */
void billing_ctl_enter(billing_ctl_input_t *in, const char *name);

void billing_ctl_fault(billing_ctl_input_t *in, billing_reason_t reason,
    const char *name, const char *why);

/*
 * Each answers whether the member is there with the right type; null counts as
 * missing and leaves the value as it was, a wrong type is a fault.
 */
bool billing_ctl_has(const billing_ctl_input_t *in, const char *name);
bool billing_ctl_text(billing_ctl_input_t *in, const char *name,
    const char **text);
bool billing_ctl_integer(billing_ctl_input_t *in, const char *name,
    int64_t *value);
bool billing_ctl_instant(billing_ctl_input_t *in, const char *name,
    int64_t *at, bool *date_only);

/* A pair [start, end] of instants. */
bool billing_ctl_span(billing_ctl_input_t *in, const char *name,
    billing_span_t *span);

/* The fault FIELD_MISSING unless found. */
void billing_ctl_need(billing_ctl_input_t *in, bool found, const char *name);


/* --- output and files (output.c) ------------------------------------------ */

/* Prints the object and releases it; status, or USAGE if it cannot. */
int billing_ctl_print(json_t *object, int status);

/* Prints the problem of the input's fault. */
int billing_ctl_refuse(const billing_ctl_input_t *in);

/* A date alone, or the instant with its time, as a JSON string. */
json_t *billing_ctl_date(int64_t at, bool date_only);

/* billing.json, or a line on standard error and false. */
bool billing_ctl_settings(const billing_ctl_t *ctl,
    billing_settings_t *settings);

/* Status, or USAGE when what was printed has not got out. */
int billing_ctl_flush(int status);

/* "billingctl: ..." and USAGE. */
int billing_ctl_fail(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/*
 * A line on standard error about what takes more than two seconds: on a
 * terminal, or when --progress asks for it; total 0 = not known.
 */
void billing_ctl_progress(const billing_ctl_t *ctl, const char *what,
    uint64_t done, uint64_t total);
void billing_ctl_progress_end(void);


/* --- what billing.json names (session.c) ---------------------------------- */

/* The worker's own objects, without its loop. */
typedef struct {
    const billing_ctl_t  *ctl;
    billing_settings_t    settings;
    billing_infra_t       infra;
    billing_worker_t      w;
    int64_t               schema;       /* of the database */
} billing_ctl_session_t;

typedef enum {
    BILLING_CTL_READING = 0,            /* of this program's schema */
    BILLING_CTL_ANY_SCHEMA,             /* reading, whatever it is */
    BILLING_CTL_WRITING,                /* of this program's schema */
    BILLING_CTL_MIGRATING               /* writing, whatever it is */
} billing_ctl_mode_t;

/*
 * Opens the database.  False: the reason is on standard error; to be closed
 * in any case.
 */
bool billing_ctl_open(billing_ctl_session_t *s, const billing_ctl_t *ctl,
    billing_ctl_mode_t mode);
void billing_ctl_close(billing_ctl_session_t *s);

/* The secrets of billing.json; false with the reason on standard error. */
bool billing_ctl_secrets(billing_ctl_session_t *s);

/* The database refused: what it said, and USAGE. */
int billing_ctl_database(const billing_ctl_session_t *s);

/* Who may commit. */
typedef struct {
    char      owner[128];               /* "" nobody */
    uint64_t  epoch;
    int64_t   until_ms;
    bool      held;                     /* and the term is not over */
} billing_ctl_lease_t;

BILLING_MUST_CHECK billing_db_rc_t billing_ctl_lease(
    billing_ctl_session_t *s, billing_ctl_lease_t *lease);

/* DONE: another has it now. */
BILLING_MUST_CHECK billing_db_rc_t billing_ctl_lease_renew(
    billing_ctl_session_t *s);

/* The one number that a statement without parameters gives. */
BILLING_MUST_CHECK billing_db_rc_t billing_ctl_number(
    billing_ctl_session_t *s, const char *sql, int64_t *value);


/* --- Redis, one question at a time (redis.c) ------------------------------ */

struct redisContext;

typedef struct {
    struct redisContext       *context;
    billing_redis_tls_link_t   tls;
    char                       why[256];    /* it cannot be used */
} billing_ctl_redis_t;

/* False and why; to be closed in any case.  Needs the secrets. */
bool billing_ctl_redis_open(billing_ctl_session_t *s,
    billing_ctl_redis_t *redis);
void billing_ctl_redis_close(billing_ctl_redis_t *redis);

/* The reply, to be freed; NULL and why when there is none, or an error. */
struct redisReply *billing_ctl_redis_ask(billing_ctl_redis_t *redis,
    const billing_redis_command_t *command);

/* "N ready": N and whether it is; false when it is neither, or absent. */
bool billing_ctl_redis_epoch(billing_ctl_session_t *s,
    billing_ctl_redis_t *redis, uint64_t *epoch, bool *ready);


/* Signs the command and puts it into the worker's stream; false and why. */
bool billing_ctl_redis_command(billing_ctl_session_t *s,
    billing_ctl_redis_t *redis, const billing_command_t *command);


/* --- the arithmetic of a document (sums.c) -------------------------------- */

typedef struct {
    const char      *kind;
    int64_t          quantity;
    billing_money_t  unit;
    billing_ratio_t  ratio;
    billing_money_t  amount;            /* as stored */
    billing_money_t  exact;             /* as calculated again */
    int64_t          remainder;         /* amount - exact value, in parts of */
    bool             right;             /* the ratio's denominator */
} billing_ctl_line_t;

/* False when the line cannot be one: *out says nothing then. */
bool billing_ctl_line(const json_t *document, const json_t *line,
    billing_rounding_t rounding, billing_ctl_line_t *out);

/* The document's own, or that of the catalogue for one from before. */
billing_rounding_t billing_ctl_rounding(const billing_settings_t *settings,
    const json_t *document, bool *own);

typedef struct {
    int64_t  lines;                     /* sum of all */
    int64_t  total;                     /* as stored */
    char     fault[256];                /* the first, "" none */
} billing_ctl_sums_t;

void billing_ctl_sums(const billing_settings_t *settings,
    const json_t *document, billing_ctl_sums_t *out);


/* --- explain (explain_line.c, explain_origin.c) --------------------------- */

/* "-12.50 USD"; extra: decimals of a minor unit behind it, as ".5000". */
#define BILLING_CTL_AMOUNT_MAX  64
void billing_ctl_amount(billing_money_t amount, const char *extra,
    char out[BILLING_CTL_AMOUNT_MAX]);

typedef struct {
    billing_ctl_session_t  *s;
    json_t                 *document;
    billing_lang_t          lang;
    billing_rounding_t      rounding;
    billing_currency_t      currency;
    const char             *purpose;
    const char             *team;
    const char             *checkout;
    int64_t                 sold_at;    /* its sale in the books */
} billing_explain_t;

/* A text of this program with its placeholders, as a JSON string. */
json_t *billing_explain_text(const billing_explain_t *e, const char *key,
    json_t *args);                      /* steals args */
json_t *billing_explain_amount(const billing_explain_t *e, int64_t minor);

/* One line with its rule and arithmetic; NULL out of memory. */
json_t *billing_explain_line(const billing_explain_t *e, const json_t *line);
json_t *billing_explain_tax(const billing_explain_t *e);

/* Where a credit balance or pending charges came from; adds to *out. */
BILLING_MUST_CHECK billing_db_rc_t billing_explain_origin(
    const billing_explain_t *e, json_t *out);
BILLING_MUST_CHECK billing_db_rc_t billing_explain_paid(
    const billing_explain_t *e, const json_t *line, json_t *out);
BILLING_MUST_CHECK billing_db_rc_t billing_explain_pending(
    const billing_explain_t *e, int64_t amount, json_t *out);

/* When it was sold, and the entries of its sale and payment. */
BILLING_MUST_CHECK billing_db_rc_t billing_explain_books(
    billing_explain_t *e, json_t *out);


#include "billing_ctl_verify.h"

#endif /* BILLING_CTL_H */
