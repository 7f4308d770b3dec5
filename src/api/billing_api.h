/*
 * The HTTP interface's language: routes, bodies, problems, texts, settings.
 *
 * No socket, no clock, nothing of nginx.  jansson values have one owner.
 */

#ifndef BILLING_API_H
#define BILLING_API_H

#include <jansson.h>

#include "../domain/billing_domain.h"

#define BILLING_BODY_MAX        65536
#define BILLING_JSON_DEPTH_MAX  16
#define BILLING_PATH_MAX        512
#define BILLING_IDEMPOTENCY_MIN 16
#define BILLING_IDEMPOTENCY_MAX 255
#define BILLING_EMAILS_MAX      50      /* addresses of one request */
#define BILLING_FIELD_AMOUNT_MAX  1000000000000     /* minor units */
#define BILLING_SETTINGS_MAX    (1024 * 1024)   /* billing.json, bytes */


/* --- languages and texts ------------------------------------------------ */

typedef enum {
    BILLING_LANG_EN = 0,
    BILLING_LANG_FR,
    BILLING_LANGS
} billing_lang_t;

const char *billing_lang_name(billing_lang_t lang);

/* First of the header's ranges that we have (first 16 read), else otherwise. */
billing_lang_t billing_lang_accept(const char *header, size_t len,
    billing_lang_t otherwise);

/*
 * Reads the texts of conf/messages/, embedded at build, into a table that
 * never changes again.  Every program calls it at start, before it forks or
 * has threads.
 */
BILLING_MUST_CHECK billing_err_t billing_text_init(void);

/*
 * The texts of one program alone, besides those; after billing_text_init and
 * before there are threads.
 */
BILLING_MUST_CHECK billing_err_t billing_text_more(const char *bytes,
    size_t len);

/*
 * The text of a key: English where French is missing, the key itself where
 * both are (R2).  Lives as long as the process.
 */
const char *billing_text(const char *key, billing_lang_t lang);

/* The same, or NULL when this language itself has no text. */
const char *billing_text_exact(const char *key, billing_lang_t lang);

/* The n-th key, NULL behind the last: for tests and documents. */
const char *billing_text_key(size_t n);

/*
 * "{name}" placeholders replaced from the json object args; malloc'ed.  When
 * args lacks one, the text of "KEY.plain" is taken if there is one, else the
 * placeholder is left out.
 */
char *billing_text_format(const char *key, billing_lang_t lang,
    const json_t *args);

/* Made by the build from conf/messages/api.json and mail.json. */
extern const char    billing_messages_api[];
extern const size_t  billing_messages_api_len;
extern const char    billing_messages_mail[];
extern const size_t  billing_messages_mail_len;


/* --- routes: the whole interface as one table --------------------------- */

typedef enum {
    BILLING_ROUTE_QUERY = 1,        /* answered from the worker's read stream */
    BILLING_ROUTE_COMMAND,          /* changes state: command stream */
    BILLING_ROUTE_LOCAL             /* answered by nginx itself */
} billing_route_class_t;

typedef struct {
    const char             *method;     /* "GET" */
    const char             *path;       /* "/dashboard/teams/{team}/members" */
    const char             *kind;       /* "member.add" */
    billing_route_class_t   class;
    bool                    login;      /* session needed */
    bool                    money;      /* Idempotency-Key needed */
    bool                    demo;       /* only with billing_demo on */
    const char             *page;       /* file served for text/html, or NULL */
} billing_route_t;

typedef struct {
    const billing_route_t  *route;
    unsigned                allow;      /* bits of methods known for the path */
    struct {
        char  name[16];
        char  value[BILLING_EMAIL_MAX + 1];
    }                       params[2];
    unsigned                nparams;
} billing_match_t;

#define BILLING_METHOD_GET     1u
#define BILLING_METHOD_POST    2u
#define BILLING_METHOD_PUT     4u
#define BILLING_METHOD_PATCH   8u
#define BILLING_METHOD_DELETE 16u

/*
 * ALLOW and a route, NOT_FOUND, or METHOD_NOT_ALLOWED with match->allow for
 * the Allow header.  HEAD matches GET.  The path is as nginx normalised it;
 * parameters are percent-decoded already.
 */
billing_reason_t billing_route_match(const char *method, size_t method_len,
    const char *path, size_t path_len, billing_match_t *match);

/* Every route, for tests and documents; ends with a NULL method. */
const billing_route_t *billing_routes(void);


/* --- bodies ------------------------------------------------------------- */

typedef struct {
    billing_reason_t  reason;
    char              field[64];        /* "" none */
} billing_fault_t;

/*
 * The request of a route as one object: the JSON body's members, the path's
 * parameters and the query's, all checked against the route's field table
 * (unknown, missing, wrong type, duplicate, card number in a text).  Limits:
 * BILLING_BODY_MAX, BILLING_JSON_DEPTH_MAX.  On ALLOW *out is a new object
 * with defaults left out.
 */
BILLING_MUST_CHECK billing_reason_t billing_body_parse(
    const billing_match_t *match, const char *query, size_t query_len,
    const char *body, size_t body_len, json_t **out, billing_fault_t *fault);

/* Canonical text (sorted members, compact), malloc'ed; its SHA-256 in hex. */
char *billing_body_canonical(const json_t *body, char fingerprint[65]);

/* The digest of the canonical text of any value. */
BILLING_MUST_CHECK billing_err_t billing_json_hash(const json_t *json,
    uint8_t hash[32]);

/*
 * The key without quotes into out (256 bytes), or IDEMPOTENCY_KEY_INVALID:
 * 16..255 printable ASCII without blanks, commas or quotes.
 */
billing_reason_t billing_idempotency_key(const char *value, size_t len,
    char *out);


/* --- problems: RFC 9457 ------------------------------------------------- */

/*
 * {"type","title","status","detail","code","next","field"?} plus the members
 * of args (n, date, name and the like fill the texts; args is only read and
 * may be NULL); a new json object, NULL only out of memory.  type is
 * "/billing/problems/CODE".  field NULL = the reason's own.  "untranslated" is
 * true when a text is there in English alone (R1).
 */
json_t *billing_problem(billing_reason_t reason, billing_lang_t lang,
    const char *field, json_t *args);


/* --- domain values as JSON ---------------------------------------------- */

json_t *billing_quote_json(const billing_quote_t *quote, const char *team,
    billing_lang_t lang);
json_t *billing_pricing_json(const billing_catalogue_t *catalogue,
    billing_lang_t lang);
json_t *billing_instant_json(int64_t at);       /* null for 0 */


/* --- billing.json: one file, three programs ----------------------------- */

#define BILLING_FILE_NAME_MAX  512
#define BILLING_SECRETS_MAX    2
#define BILLING_DUNNING_MAX    8
#define BILLING_COUNTRIES_MAX  64

#define BILLING_WEBHOOKS_MAX   8
#define BILLING_WEBHOOK_URL_MAX  512

/* File names are absolute, or below the folder of billing.json. */

typedef struct {
    char      url[BILLING_WEBHOOK_URL_MAX];
    char      secret_files[BILLING_SECRETS_MAX][BILLING_FILE_NAME_MAX];
    uint32_t  events;                   /* bits (1 << billing_event_kind_t) */
    uint32_t  timeout_ms;               /* 15000 */
} billing_webhook_t;

#define BILLING_GUIDES_MAX  9

/*
 * Redis by those who know which server is the master: sentinels, or the nodes
 * of a cluster, where all our keys are on one of them.
 */
typedef struct {
    bool      cluster;
    char      master[64];               /* its name among sentinels */
    char      addresses[BILLING_GUIDES_MAX][256];        /* HOST:PORT */
    uint32_t  naddresses;               /* 0: redis_address is known */
    char      user[64];
    char      password_file[BILLING_FILE_NAME_MAX];
} billing_guides_t;

/* To Redis and to its guides; always verified. */
typedef struct {
    bool  on;
    char  ca_file[BILLING_FILE_NAME_MAX];   /* "" whom the machine trusts */
    char  cert_file[BILLING_FILE_NAME_MAX]; /* "" none is shown */
    char  key_file[BILLING_FILE_NAME_MAX];
    char  server_name[254];             /* "" the host that is spoken to */
} billing_redis_tls_t;

/* How the application that is sold speaks to billing, and hears of it. */
typedef struct {
    char               key_files[BILLING_SECRETS_MAX][BILLING_FILE_NAME_MAX];
    uint32_t           nkeys;           /* 0: /app/ is not answered */
    bool               echo;            /* also of what it said itself */
    billing_webhook_t  webhooks[BILLING_WEBHOOKS_MAX];
    uint32_t           nwebhooks;
} billing_application_t;

typedef struct {
    billing_catalogue_t  catalogue;
    billing_tax_t        taxes[BILLING_COUNTRIES_MAX];
    uint32_t             ntaxes;
    uint32_t             dunning_days[BILLING_DUNNING_MAX];
    uint32_t             ndunning;
    uint32_t             invoice_grace_days;
    uint32_t             addresses_in_line; /* more are a list (R32) */
    uint32_t             quote_ttl_sec; /* what was shown is held that long */
    bool                 refund_two_persons;    /* grant one */
    billing_lang_t       lang;          /* of who does not say which */

    char  seller_name[BILLING_NAME_MAX + 1];
    char  seller_address[256];
    char  seller_vat_id[32];
    char  seller_country[3];
    char  seller_form[64];              /* "SAS" */
    char  seller_capital[64];           /* "10 000 EUR" */
    char  seller_siren[10];
    char  seller_rcs[64];               /* "Paris" */
    char  seller_zone[64];              /* "Europe/Paris": whose year it is */
    bool  seller_vat_on_debits;
    uint32_t  late_penalty_permyriad;   /* 0: the legal rate */
    char  invoice_series[16];           /* "INV" */
    char  credit_series[16];            /* of credit notes: "CN" */
    char  invoice_excluded[BILLING_COUNTRIES_MAX][3];   /* R86 */
    uint32_t  ninvoice_excluded;

    char  gateway_url[256];             /* "https://api.stripe.com" */
    char  gateway_public_url[256];      /* for browsers */
    char  gateway_secret_key_file[BILLING_FILE_NAME_MAX];
    char  gateway_publishable_key[128];
    char  gateway_script[256];          /* for browsers; "" our own form */
    char  gateway_script_hosts[256];    /* for script-src and frame-src */
    char  gateway_webhook_files[BILLING_SECRETS_MAX][BILLING_FILE_NAME_MAX];
    uint32_t  gateway_timeout_ms;       /* 25000 */
    bool  gateway_test;                 /* allows http:// and private hosts */

    char  store_dsn[BILLING_FILE_NAME_MAX];     /* "sqlite:/path" */
    char  store_password_file[BILLING_FILE_NAME_MAX];

    char  redis_address[BILLING_FILE_NAME_MAX]; /* or HOST:PORT; "" below */
    billing_guides_t  redis_guides;       /* who knows the address */
    billing_redis_tls_t  redis_tls;
    char  redis_user[64];
    char  redis_password_file[BILLING_FILE_NAME_MAX];
    char  redis_prefix[35];     /* "billing"; of a cluster "{billing}" */
    uint32_t  redis_timeout_ms;         /* of nginx, each command; 250 */
    uint32_t  redis_queue_max_ms;       /* of the oldest command; 2000 */

    char  mail_url[256];                /* "smtp://127.0.0.1:2525", "" none */
    char  mail_from[BILLING_EMAIL_MAX + 1];
    char  mail_user[128];               /* "" none */
    char  mail_password_file[BILLING_FILE_NAME_MAX];
    char  mail_ca_file[BILLING_FILE_NAME_MAX];  /* "" the system's */
    uint32_t  mail_domain_per_minute;   /* to one domain; 0 no bound */
    char  public_url[256];              /* links in mails */

    char  secret_files[BILLING_SECRETS_MAX][BILLING_FILE_NAME_MAX];
    char  security_log[BILLING_FILE_NAME_MAX];  /* the worker's; "" none */
    bool  demo;                         /* test clock, login, seed allowed */

    billing_application_t  application;
} billing_settings_t;

#define BILLING_SETTINGS_ERROR_MAX  1024

/*
 * Fills *out from the bytes of the file called name.  On failure error says
 * "NAME:LINE:COL: /json/pointer: what is wrong" for people.  Reads no other
 * file (secrets are read by who needs them).
 */
BILLING_MUST_CHECK billing_err_t billing_settings_parse(const char *name,
    const char *bytes, size_t len, billing_settings_t *out,
    char error[BILLING_SETTINGS_ERROR_MAX]);


/* --- within this folder ------------------------------------------------- */

typedef enum {
    BILLING_FIELD_TEAM = 1,             /* an id */
    BILLING_FIELD_BOARD,
    BILLING_FIELD_OPERATION,
    BILLING_FIELD_NAME,
    BILLING_FIELD_EMAIL,                /* lower-cased */
    BILLING_FIELD_WORD,                 /* a word that the domain judges */
    BILLING_FIELD_ROLE,                 /* member, team_admin, company_admin */
    BILLING_FIELD_FROM,                 /* dashboard, pricing */
    BILLING_FIELD_SEATS,
    BILLING_FIELD_AMOUNT,               /* minor units, above zero */
    BILLING_FIELD_BOOL,
    BILLING_FIELD_TOKEN,                /* made by a program */
    BILLING_FIELD_SPAN,                 /* 31d, 2h, 15m, 30s */
    BILLING_FIELD_TEXT,                 /* free text, lines allowed */
    BILLING_FIELD_ID,                   /* the reason says of what */
    BILLING_FIELD_TEAM_OR_NULL,         /* null is a value: none */
    BILLING_FIELD_DOMAIN,               /* lower-cased */
    BILLING_FIELD_EMAILS,               /* a list, each once */
    BILLING_FIELD_INSTANT,              /* RFC 3339, normal form in UTC */
    BILLING_FIELD_ROLES,                /* an array of roles */
    BILLING_FIELD_LIST,                 /* cut out before (bulk.c) */
    BILLING_FIELD_OBJECT
} billing_field_type_t;

typedef struct billing_field_s  billing_field_t;

struct billing_field_s {
    const char              *name;      /* NULL ends a table */
    billing_field_type_t     type;
    bool                     required;
    bool                     query;     /* from the query, not the body */
    size_t                   max;       /* bytes of WORD, TOKEN and TEXT */
    billing_reason_t         reason;    /* of a WORD that cannot be one */
    const billing_field_t   *members;   /* of an OBJECT, of LIST's items */
};

/* The table of a route's kind, or NULL for one that takes no request. */
const billing_field_t *billing_fields(const char *kind);

/*
 * Checks one value, not an OBJECT, and gives it in its normal form (new
 * reference), or NULL for "as good as absent".
 */
BILLING_MUST_CHECK billing_reason_t billing_field_check(
    const billing_field_t *field, json_t *value, json_t **out);

/* Line and column, from 1, of the value (or key) that a pointer names. */

typedef struct {
    unsigned  line;
    unsigned  column;
} billing_place_t;

billing_place_t billing_locate(const char *text, size_t len,
    const char *pointer, bool key);

/* Reads a tree of settings, remembering where it is and the first mistake. */

#define BILLING_POINTER_MAX  256

typedef struct {
    const char  *name;                  /* of the file, for messages */
    const char  *text;
    size_t       len;
    char        *error;                 /* BILLING_SETTINGS_ERROR_MAX */
    bool         failed;
    bool         key;                   /* the mistake is a member's name */
    char         pointer[BILLING_POINTER_MAX];
    size_t       pointer_len;
} billing_reader_t;

/* Each does nothing once the reader has failed; member NULL = the value. */

void billing_reader_fail(billing_reader_t *reader, const char *member,
    const char *format, ...) __attribute__((format(printf, 3, 4)));
void billing_reader_known(billing_reader_t *reader, const json_t *object,
    const char *const *names);

/* The member as an object (array), entered; NULL when absent or wrong. */
const json_t *billing_reader_object(billing_reader_t *reader,
    const json_t *object, const char *member, bool required);
const json_t *billing_reader_array(billing_reader_t *reader,
    const json_t *object, const char *member, size_t max);
void billing_reader_enter(billing_reader_t *reader, const char *member);
void billing_reader_enter_index(billing_reader_t *reader, size_t index);
void billing_reader_leave(billing_reader_t *reader);

typedef struct {
    int64_t  min;
    int64_t  max;
    int64_t  absent;                    /* below min: the member is required */
} billing_range_t;

int64_t billing_reader_integer(billing_reader_t *reader,
    const json_t *object, const char *member, billing_range_t range);
bool billing_reader_bool(billing_reader_t *reader, const json_t *object,
    const char *member);

/* The place in names (ends with NULL) of the member's word; 0 when absent. */
unsigned billing_reader_choice(billing_reader_t *reader,
    const json_t *object, const char *member, const char *const *names);

/* "" when absent and not required; max counts the NUL. */
const char *billing_reader_text(billing_reader_t *reader,
    const json_t *object, const char *member, size_t max);
void billing_reader_copy(billing_reader_t *reader, const json_t *object,
    const char *member, char *out, size_t max);
void billing_reader_copy_required(billing_reader_t *reader,
    const json_t *object, const char *member, char *out, size_t max);
int64_t billing_reader_instant(billing_reader_t *reader,
    const json_t *object, const char *member);

/* A file name made absolute against the folder of the settings. */
void billing_reader_file(billing_reader_t *reader, const char *member,
    const char *file, char out[BILLING_FILE_NAME_MAX]);
/* That of a member; out stays as it is when the member is absent or "". */
void billing_reader_file_of(billing_reader_t *reader, const json_t *object,
    const char *member, char out[BILLING_FILE_NAME_MAX]);

/* The sections with rules of their own. */
void billing_settings_catalogue(billing_reader_t *reader, const json_t *root,
    billing_catalogue_t *out);
void billing_settings_plans(billing_reader_t *reader,
    const json_t *catalogue, billing_catalogue_t *out);
void billing_settings_promos(billing_reader_t *reader,
    const json_t *catalogue, billing_catalogue_t *out);
void billing_settings_taxes(billing_reader_t *reader, const json_t *root,
    billing_settings_t *out);
void billing_settings_seller(billing_reader_t *reader, const json_t *root,
    billing_settings_t *out);
void billing_settings_invoices(billing_reader_t *reader, const json_t *root,
    billing_settings_t *out);
void billing_settings_gateway(billing_reader_t *reader, const json_t *root,
    billing_settings_t *out);
void billing_settings_stores(billing_reader_t *reader, const json_t *root,
    billing_settings_t *out);
void billing_settings_redis(billing_reader_t *reader, const json_t *root,
    billing_settings_t *out);

/* Digits from 1 to 65535, then the end or a slash. */
bool billing_settings_port(const char *text);

/*
 * "http://HOST" or "https://HOST", perhaps with a port, nothing behind; the
 * schemes end with NULL.  *private_host tells of this machine or its network.
 */
bool billing_settings_url(const char *url, const char *const *schemes,
    bool *private_host);

#include "billing_api_application.h"
#include "billing_api_paper.h"

#endif /* BILLING_API_H */
