/* Part of billing_api.h: the application's side of the interface. */

#ifndef BILLING_API_APPLICATION_H
#define BILLING_API_APPLICATION_H

/* --- routes that only the application's key opens ------------------------- */

#define BILLING_APP_ACTOR      "app"    /* no mailbox, so nobody's session */
#define BILLING_APP_KEY_MIN    32       /* characters */

/* Below /app/ nothing is for browsers, whatever the table says. */
bool billing_route_app(const billing_route_t *route);


/* --- bulk requests: one list, cut into commands --------------------------- */

#define BILLING_BULK_MAX        (4 * 1024 * 1024)   /* bytes of a body */
#define BILLING_BULK_ITEMS_MAX  10000
#define BILLING_BULK_ITEM_MAX   8192    /* bytes of one item */

/*
 * One command carries at most that many items.  A command must fit an entry
 * of the stream and must not keep others waiting: doc/protocol.md has figures.
 */
#define BILLING_CHUNK_ITEMS_MAX  250
#define BILLING_CHUNK_BYTES_MAX  40960

/* The text of a list, read item by item; nothing is copied. */
typedef struct {
    const billing_field_t  *list;
    const char             *at;
    const char             *end;        /* at the closing bracket */
    size_t                  index;      /* of the item at "at" */
} billing_bulk_t;

/* The list's own field, or NULL when the route takes none. */
const billing_field_t *billing_bulk_list(const billing_route_t *route);

/*
 * Checks the whole but for the insides of the items: *out are the members
 * beside the list.  BODY_INVALID, BODY_TOO_LARGE or a fault of a member.
 */
BILLING_MUST_CHECK billing_reason_t billing_bulk_open(
    const billing_match_t *match, const char *body, size_t len,
    billing_bulk_t *bulk, json_t **out, billing_fault_t *fault);

/*
 * The next items that are in order, each with its "index", as a new array:
 * empty at the end.  What is not in order is appended to refused.
 */
BILLING_MUST_CHECK json_t *billing_bulk_next(billing_bulk_t *bulk,
    billing_lang_t lang, json_t *refused);

/* {"index","code","field"?,"detail"}; NULL out of memory. */
json_t *billing_bulk_refusal(json_int_t index, billing_reason_t reason,
    const char *field, billing_lang_t lang);

/* An object against a table; as billing_body_parse does with a body. */
BILLING_MUST_CHECK billing_reason_t billing_body_item(
    const billing_field_t *fields, json_t *item, json_t **out,
    billing_fault_t *fault);


/* --- hooks: Standard Webhooks --------------------------------------------- */

#define BILLING_HOOK_SECRET_MIN   24    /* bytes, as the specification asks */
#define BILLING_HOOK_SECRET_MAX   64
#define BILLING_HOOK_SIGNATURE_LEN  47  /* "v1," and base64 of 32 bytes */

typedef struct {
    uint8_t  key[BILLING_HOOK_SECRET_MAX];
    size_t   len;                       /* 0: none */
} billing_hook_secret_t;

/* "whsec_" and base64; EFORMAT for anything else. */
BILLING_MUST_CHECK billing_err_t billing_hook_secret(const char *text,
    size_t len, billing_hook_secret_t *out);

typedef struct {
    const char  *id;
    int64_t      timestamp;
    const char  *body;
    size_t       body_len;
} billing_hook_message_t;

/* "v1,BASE64" of HMAC-SHA256 over "ID.TIMESTAMP.BODY". */
BILLING_MUST_CHECK billing_err_t billing_hook_sign(
    const billing_hook_secret_t *secret,
    const billing_hook_message_t *message,
    char out[BILLING_HOOK_SIGNATURE_LEN + 1]);


/* --- within this folder --------------------------------------------------- */

const billing_field_t *billing_fields_app(const char *kind);

/* Application routes' fields that are not a plain text. */
BILLING_MUST_CHECK billing_reason_t billing_field_roles(json_t *value,
    json_t **out);

void billing_settings_application(billing_reader_t *reader,
    const json_t *root, billing_settings_t *out);

#endif /* BILLING_API_APPLICATION_H */
