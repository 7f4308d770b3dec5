/*
 * The store's language: how records, commands and answers look in Redis.
 *
 * Bytes to values and back; no socket, no clock.  Formats are described for
 * people in doc/protocol.md; this header is the contract for programs.
 */

#ifndef BILLING_STORE_H
#define BILLING_STORE_H

#include <openssl/sha.h>

#include "../domain/billing_domain.h"

#define BILLING_SECRET_LEN     32
#define BILLING_MAC_HEX_LEN    64
#define BILLING_OP_ID_LEN      35      /* "op_" and 32 hex digits */
#define BILLING_TRACE_LEN      32      /* hex digits, of W3C Trace Context */
#define BILLING_RECORD_MAX     1024    /* a record with its MAC */
#define BILLING_ENVELOPE_MAX   (64 * 1024 + 4096)
#define BILLING_ANSWER_MAX     (1024 * 1024)
#define BILLING_KEY_MAX        400     /* a Redis key or channel name */
#define BILLING_PREFIX_MAX     32


/* --- secrets ------------------------------------------------------------ */

typedef enum {
    BILLING_KEY_SESSION = 0,
    BILLING_KEY_CSRF,
    BILLING_KEY_OPERATION,
    BILLING_KEY_RECORD,                 /* records in Redis */
    BILLING_KEY_COMMAND,                /* commands and answers */
    BILLING_KEY_QUOTE,
    BILLING_KEY_INVITATION,
    BILLING_KEY_APPLICATION,            /* comparing its API keys */
    BILLING_KEY_PSEUDONYM,              /* of people, in the security log */
    BILLING_KEYS
} billing_key_t;

/* What the HMAC of one key begins and ends with. */
typedef struct {
    SHA256_CTX  inner;
    SHA256_CTX  outer;
} billing_mac_key_t;

typedef struct {
    billing_mac_key_t  mac[BILLING_KEYS];
} billing_secret_t;

/* Keys by purpose from one master secret (HKDF-SHA256, RFC 5869). */
BILLING_MUST_CHECK billing_err_t billing_secret_derive(const uint8_t *master,
    size_t len, billing_secret_t *out);

/* Pages that hold secrets and nothing else; no core file has them. */
typedef struct {
    uint8_t  *pages;
    size_t    size;
    size_t    used;
} billing_vault_t;

/* Room for size bytes at least; false when there is no memory. */
bool billing_vault_open(billing_vault_t *vault, size_t size);
/* Zeroed and aligned for anything; NULL when the room is used up. */
void *billing_vault_take(billing_vault_t *vault, size_t len);
/* Wipes it; what was taken is gone.  Nothing when it was never opened. */
void billing_vault_close(billing_vault_t *vault);
/* This process leaves no core file at all, and lets no debugger in. */
void billing_vault_process(void);

typedef struct {
    const void  *data;
    size_t       len;
} billing_bytes_t;

/* Within this folder: makes a key ready, and its HMAC of nothing but parts. */
BILLING_MUST_CHECK billing_err_t billing_mac_key(billing_bytes_t key,
    billing_mac_key_t *out);
BILLING_MUST_CHECK billing_err_t billing_mac_plain(
    const billing_mac_key_t *key, const billing_bytes_t *parts, size_t n,
    uint8_t mac[32]);

/* HMAC-SHA256 over the parts, each preceded by its 8-byte big-endian length. */
BILLING_MUST_CHECK billing_err_t billing_mac(const billing_secret_t *secret,
    billing_key_t purpose, const billing_bytes_t *parts, size_t n,
    uint8_t mac[32]);

/* True when both are equal; takes the same time either way. */
bool billing_mac_equal(const uint8_t *a, const uint8_t *b, size_t len);

void billing_hex(const uint8_t *bytes, size_t len, char *out); /* 2*len + NUL */
BILLING_MUST_CHECK billing_err_t billing_unhex(const char *text, size_t len,
    uint8_t *out);

typedef struct {
    uint8_t  *data;
    size_t    len;
    size_t    max;
} billing_buffer_t;

/*
 * base64url without padding.  Writes at most len / 3 * 4 + 4 bytes and a NUL,
 * returns the length.  The way back takes one spelling of each value only.
 */
size_t billing_base64url(const uint8_t *bytes, size_t len, char *out);
BILLING_MUST_CHECK billing_err_t billing_unbase64url(const char *text,
    size_t len, billing_buffer_t *out);

/* Decimal digits without sign or leading zero, in range; else EFORMAT. */
BILLING_MUST_CHECK billing_err_t billing_digits(const char *text, size_t len,
    uint64_t *out);


/* --- names -------------------------------------------------------------- */

/*
 * Every key and channel, from one place.  prefix is the "redis.prefix" of
 * billing.json.  Each writes a NUL-terminated name of at most BILLING_KEY_MAX
 * bytes and returns its length, 0 when the parts are not valid.
 *
 *   team     billing:1:{TEAM}:team
 *   member   billing:1:{TEAM}:member:EMAIL
 *   board    billing:1:{BOARD}:board
 *   access   billing:1:{BOARD}:access:EMAIL
 *   others   billing:1:commands  :queries  :notice  :epoch  :clock
 *            billing:1:reply:INSTANCE
 */
size_t billing_key_team(char *out, const char *prefix, billing_bytes_t team);
size_t billing_key_member(char *out, const char *prefix, billing_bytes_t team,
    billing_bytes_t email);
size_t billing_key_board(char *out, const char *prefix, billing_bytes_t board);
size_t billing_key_access(char *out, const char *prefix,
    billing_bytes_t board, billing_bytes_t email);
size_t billing_key_of(char *out, const char *prefix, const char *noun);
size_t billing_key_reply(char *out, const char *prefix, const char *instance);

#define BILLING_KEY_SLOTS  16384

/* Of a cluster, where the prefix is in braces: the slot of all our keys. */
unsigned billing_key_slot(const char *prefix);

typedef struct {
    char      host[64];
    unsigned  port;
    uint64_t  epoch;                    /* rises with each change of masters */
} billing_cluster_master_t;

/* In the text that CLUSTER NODES gives; false when nobody has the slot. */
BILLING_MUST_CHECK bool billing_cluster_master(const char *nodes,
    unsigned slot, billing_cluster_master_t *out);


/* --- records: "1 KIND EPOCH VERSION JSON MAC" --------------------------- */

typedef enum {
    BILLING_RECORD_NONE = 0,
    BILLING_RECORD_TEAM,
    BILLING_RECORD_MEMBER,
    BILLING_RECORD_BOARD,
    BILLING_RECORD_ACCESS               /* one person on one board */
} billing_record_kind_t;

typedef struct {
    billing_record_kind_t  kind;
    union {
        billing_team_record_t    team;
        billing_member_record_t  member;
        billing_board_record_t   board;
        billing_access_record_t  access;
    } u;
} billing_record_t;

/* "team" and so on; "" of none, none of any other word. */
const char *billing_record_kind_name(billing_record_kind_t kind);
billing_record_kind_t billing_record_kind_parse(billing_bytes_t word);

/*
 * Bytes for the key; the MAC covers the key's name, so a record copied to
 * another key is refused.  *len is what was written into out[out_max].
 */
BILLING_MUST_CHECK billing_err_t billing_record_encode(
    const billing_secret_t *secret, billing_bytes_t key,
    const billing_record_t *record, char *out, size_t out_max, size_t *len);

/*
 * EMAC when not written by us for this key, EFORMAT when its schema is not
 * known; then nothing is known: never free, never paid (P31).
 */
BILLING_MUST_CHECK billing_err_t billing_record_decode(
    const billing_secret_t *secret, billing_bytes_t key,
    billing_bytes_t value, billing_record_t *record);

/* Within this folder: the JSON of a record whose kind is set. */
BILLING_MUST_CHECK billing_err_t billing_record_fill(billing_bytes_t json,
    uint64_t epoch, uint64_t version, billing_record_t *record);

/* A notice: KEY, one blank, the record's bytes. */
BILLING_MUST_CHECK billing_err_t billing_notice_split(billing_bytes_t notice,
    billing_bytes_t *key, billing_bytes_t *value);


/* --- commands: nginx to the worker -------------------------------------- */

/*
 * One stream entry has two fields: "c", the JSON below, and "m", its MAC in
 * hex (purpose COMMAND).  Every borrowed pointer of a decoded command points
 * into the json_t it holds.
 */

typedef struct {
    const char  *op;                    /* BILLING_OP_ID_LEN */
    const char  *kind;                  /* route name: "upgrade.buy" */
    const char  *actor;                 /* e-mail, "" when anonymous */
    const char  *team;                  /* "" when none */
    const char  *key;                   /* Idempotency-Key */
    const char  *fingerprint;           /* hex SHA-256 of the canonical body */
    const char  *reply;                 /* channel to answer on, "" none */
    const char  *lang;                  /* "fr" or "en" */
    const char  *trace;                 /* BILLING_TRACE_LEN; NULL none */
    int64_t      deadline_ms;           /* Unix ms; not begun later than this */
    void        *body;                  /* json_t object, borrowed */
    void        *json;                  /* json_t owning all of it */
} billing_command_t;

/* out holds BILLING_ENVELOPE_MAX; mac BILLING_MAC_HEX_LEN + 1. */
BILLING_MUST_CHECK billing_err_t billing_command_encode(
    const billing_secret_t *secret, const billing_command_t *command,
    char *out, size_t out_max, size_t *len, char *mac);

/* On BILLING_OK the caller owns command->json (billing_command_release). */
BILLING_MUST_CHECK billing_err_t billing_command_decode(
    const billing_secret_t *secret, billing_bytes_t bytes, billing_bytes_t mac,
    billing_command_t *command);
void billing_command_release(billing_command_t *command);

/* op_id: the same on every host for the same five values. */
BILLING_MUST_CHECK billing_err_t billing_operation_id(
    const billing_secret_t *secret, const char *actor, const char *kind,
    const char *team, const char *key, char op[BILLING_OP_ID_LEN + 1]);


/* --- answers: the worker to nginx --------------------------------------- */

/* "MAC\n{header}\nBODY" on the reply channel; the MAC covers all behind it. */

typedef struct {
    char             op[BILLING_OP_ID_LEN + 1];
    unsigned         status;            /* HTTP */
    unsigned         retry_after_sec;   /* 0 none */
    bool             replayed;          /* from the idempotency record */
    bool             problem;           /* body is problem+json */
    char             team[BILLING_ID_MAX + 1];  /* "" or whose version */
    uint64_t         epoch;
    uint64_t         version;
    billing_bytes_t  body;              /* borrowed when decoded */
} billing_answer_t;

/* *out is malloc'ed, the caller frees it. */
BILLING_MUST_CHECK billing_err_t billing_answer_encode(
    const billing_secret_t *secret, const billing_answer_t *answer,
    char **out, size_t *len);
BILLING_MUST_CHECK billing_err_t billing_answer_decode(
    const billing_secret_t *secret, billing_bytes_t bytes,
    billing_answer_t *answer);


/* --- signed tokens: session, csrf, quote -------------------------------- */

typedef struct {
    char     profile[BILLING_EMAIL_MAX + 1];
    char     nonce[33];                 /* 32 hex digits */
    int64_t  expires_at;
} billing_session_t;

#define BILLING_SESSION_MAX  512

/* "1.PROFILE64.NONCE.EXPIRES.MAC64" (base64url without padding). */
BILLING_MUST_CHECK billing_err_t billing_session_encode(
    const billing_secret_t *secret, const billing_session_t *session,
    char out[BILLING_SESSION_MAX]);
BILLING_MUST_CHECK billing_err_t billing_session_decode(
    const billing_secret_t *secret, billing_bytes_t token, int64_t now,
    billing_session_t *session);

#define BILLING_CSRF_LEN  43
BILLING_MUST_CHECK billing_err_t billing_csrf_token(
    const billing_secret_t *secret, const billing_session_t *session,
    char out[BILLING_CSRF_LEN + 1]);

/*
 * A price that was shown, in a token for one actor and team.  EMAC when not
 * ours or for another team or actor.
 */
#define BILLING_QUOTE_PIN_MAX  256
BILLING_MUST_CHECK billing_err_t billing_quote_pin_encode(
    const billing_secret_t *secret, const char *actor, const char *team,
    const billing_quote_pin_t *pin, char out[BILLING_QUOTE_PIN_MAX]);
BILLING_MUST_CHECK billing_err_t billing_quote_pin_decode(
    const billing_secret_t *secret, const char *actor, const char *team,
    const char *token, billing_quote_pin_t *pin);


/* --- invitations: what a link holds, and what is kept of it --------------- */

#define BILLING_INVITATION_LEN         28   /* "n_" and 26 letters, digits */
#define BILLING_INVITATION_DIGEST_LEN  64

/*
 * The token of an invitation: made of its id, so that it is written nowhere
 * but in the mail.
 */
BILLING_MUST_CHECK billing_err_t billing_invitation_token(
    const billing_secret_t *secret, const char *id,
    char out[BILLING_INVITATION_LEN + 1]);

/* SHA-256 in hex: by it a token is found again. */
BILLING_MUST_CHECK billing_err_t billing_invitation_digest(
    const char *token, char out[BILLING_INVITATION_DIGEST_LEN + 1]);


/* --- tls.c: TLS to Redis, where hiredis has it (BILLING_REDIS_TLS) -------- */

struct ssl_st;
struct ssl_ctx_st;

typedef struct {
    const char  *ca_file;               /* "" whom the machine trusts */
    const char  *cert_file;             /* "" no certificate is shown */
    const char  *key_file;
} billing_tls_files_t;

#define BILLING_TLS_WHY_MAX  160

/* Reads the files, and verifies whoever is spoken to; NULL and why not. */
struct ssl_ctx_st *billing_tls_new(const billing_tls_files_t *files,
    char *error, size_t error_max);
void billing_tls_free(struct ssl_ctx_st *ctx);

/* Before the handshake: its certificate must be for host, name or number. */
BILLING_MUST_CHECK bool billing_tls_expect(struct ssl_st *ssl,
    const char *host);
/* Why it failed, of the connection and OpenSSL's last error; "" nothing. */
void billing_tls_why(const struct ssl_st *ssl, char *why, size_t max);
/* Of the thread: what failed before is not to be told of what comes. */
void billing_tls_forget(void);

#endif /* BILLING_STORE_H */
