/*
 * The card gateway's language: requests as bytes, replies as outcomes.
 *
 * Speaks the common subset of the Stripe REST interface; no socket, no clock.
 * The worker's driver (libcurl) sends what is built here and classifies what
 * comes back with it.
 */

#ifndef BILLING_GATEWAY_H
#define BILLING_GATEWAY_H

#include "../domain/billing_domain.h"

#define BILLING_GATEWAY_ID_MAX     96      /* "pi_...", bytes */
#define BILLING_GATEWAY_PATH_MAX   256
#define BILLING_GATEWAY_BODY_MAX   4096
#define BILLING_GATEWAY_REPLY_MAX  (256 * 1024)
#define BILLING_GATEWAY_VERSION    "2024-06-20"   /* Stripe-Version sent */
#define BILLING_WEBHOOK_MAX        (256 * 1024)
#define BILLING_WEBHOOK_SKEW_SEC   300
#define BILLING_WEBHOOK_SIGNATURES 16


/* One request: GET or POST, path with query, form-encoded body. */

typedef struct {
    bool    post;
    char    path[BILLING_GATEWAY_PATH_MAX];   /* "/v1/payment_intents" */
    char    body[BILLING_GATEWAY_BODY_MAX];   /* "" for GET */
    size_t  body_len;
} billing_gateway_request_t;

typedef struct {
    const char       *customer;         /* "cus_..." */
    const char       *payment_method;   /* "pm_..." */
    const char       *checkout;         /* our id, sent as metadata[checkout] */
    const char       *team;             /* metadata[team] */
    uint32_t          attempt;          /* metadata[attempt] */
    billing_money_t   amount;
    bool              off_session;      /* renewals: the payer is not there */
} billing_charge_t;

/* Each fills *out; ERANGE when a value does not fit. */
BILLING_MUST_CHECK billing_err_t billing_gateway_customer(const char *email,
    const char *name, const char *team, billing_gateway_request_t *out);
BILLING_MUST_CHECK billing_err_t billing_gateway_setup_intent(
    const char *customer, const char *team, billing_gateway_request_t *out);
BILLING_MUST_CHECK billing_err_t billing_gateway_attach(
    const char *payment_method, const char *customer,
    billing_gateway_request_t *out);
BILLING_MUST_CHECK billing_err_t billing_gateway_charge(
    const billing_charge_t *charge, billing_gateway_request_t *out);
BILLING_MUST_CHECK billing_err_t billing_gateway_lookup(const char *intent,
    billing_gateway_request_t *out);
/* Lists the newest payment intents of a customer, to find ours by metadata. */
BILLING_MUST_CHECK billing_err_t billing_gateway_search(const char *customer,
    const char *after, billing_gateway_request_t *out);
BILLING_MUST_CHECK billing_err_t billing_gateway_cancel(const char *intent,
    billing_gateway_request_t *out);
BILLING_MUST_CHECK billing_err_t billing_gateway_refund(const char *intent,
    billing_money_t amount, const char *checkout,
    billing_gateway_request_t *out);


/* What a reply proves.  UNKNOWN is never resolved by guessing (P8). */

typedef enum {
    BILLING_OUTCOME_UNKNOWN = 0,        /* may have happened: look it up */
    BILLING_OUTCOME_SUCCEEDED,          /* proven: money captured, ids match */
    BILLING_OUTCOME_FAILED,             /* proven: nothing captured */
    BILLING_OUTCOME_ACTION,             /* the payer must authenticate */
    BILLING_OUTCOME_WAIT,               /* 409, 429, 503: same key, later */
    BILLING_OUTCOME_MISMATCH            /* captured, but not what we asked */
} billing_outcome_t;

/* What the caller should do about a failure. */

typedef enum {
    BILLING_REMEDY_NONE = 0,
    BILLING_REMEDY_RETRY,               /* same key, later */
    BILLING_REMEDY_ASK,                 /* another card or the payer's act */
    BILLING_REMEDY_STOP                 /* lost, stolen, fraud: never again */
} billing_remedy_t;

typedef struct {
    billing_outcome_t  outcome;
    billing_reason_t   reason;          /* CARD_... on FAILED and ACTION */
    billing_remedy_t   remedy;
    unsigned           retry_after_sec; /* capped at 3600 */
    char               intent[BILLING_GATEWAY_ID_MAX + 1];
    char               client_secret[BILLING_GATEWAY_ID_MAX * 2 + 1];
    int64_t            amount_minor;
    billing_currency_t currency;        /* of it; 0 not one of ours */
    bool               payable;         /* FAILED, yet not closed for good */
    char               brand[32];
    char               last4[5];
} billing_result_t;

typedef struct {
    unsigned         status;            /* HTTP; 0 = no complete reply */
    unsigned         retry_after_sec;
    const char      *body;
    size_t           body_len;
} billing_reply_t;

/*
 * The outcome of a charge: SUCCEEDED only when status, amount, currency and
 * metadata[checkout] are all ours.  A transport failure before the request
 * was sent is passed as status 0 with sent = false: FAILED is then proven.
 */
void billing_gateway_charge_result(const billing_charge_t *charge,
    const billing_reply_t *reply, bool sent, billing_result_t *out);

/*
 * The same from a list of payment intents (billing_gateway_search): the one
 * with our metadata[checkout] and attempt decides; FAILED when the list is
 * complete and has none; *more tells that a further page must be read, with
 * after filled for it.
 */
void billing_gateway_search_result(const billing_charge_t *charge,
    const billing_reply_t *reply, billing_result_t *out, bool *more,
    char after[BILLING_GATEWAY_ID_MAX + 1]);

/*
 * One id (and client_secret) of a created object; EFORMAT when the reply is
 * not a complete object of that type.  On a 402 or 4xx out->reason is set.
 */
BILLING_MUST_CHECK billing_err_t billing_gateway_object(
    const billing_reply_t *reply, const char *object, billing_result_t *out);

/* The refunds of a payment, to find ours by metadata[checkout]. */
BILLING_MUST_CHECK billing_err_t billing_gateway_refunds(const char *intent,
    billing_gateway_request_t *out);

/* SUCCEEDED: it is there; FAILED: the whole list has none of that id. */
billing_outcome_t billing_gateway_refunds_result(
    const billing_reply_t *reply, const char *refund);

/* --- all payments, newest first (list.c) -------------------------------- */

#define BILLING_GATEWAY_LIST_MAX  50    /* on a page: it must fit a reply */

typedef struct {
    char     id[BILLING_GATEWAY_ID_MAX + 1];
    char     checkout[BILLING_GATEWAY_ID_MAX + 1];  /* "" not one of ours */
    char     currency[4];               /* as ISO 4217 spells it */
    bool     succeeded;
    int64_t  received_minor;
    int64_t  created_at;
} billing_gateway_payment_t;

typedef struct {
    size_t                     n;
    bool                       more;
    billing_gateway_payment_t  payments[BILLING_GATEWAY_LIST_MAX];
} billing_gateway_page_t;

/* after: the last id of the page before, or ""; since: not older, 0 all. */
BILLING_MUST_CHECK billing_err_t billing_gateway_list(const char *after,
    int64_t since, billing_gateway_request_t *out);
BILLING_MUST_CHECK billing_err_t billing_gateway_page(
    const billing_reply_t *reply, billing_gateway_page_t *out);

/* True when the money has gone back, by this request or an earlier one. */
BILLING_MUST_CHECK bool billing_gateway_refunded(
    const billing_reply_t *reply);


/* --- webhooks ----------------------------------------------------------- */

/*
 * True when header carries a v1 signature of the raw body under one of the
 * secrets, within 300 s of now on either side (P34).  Nothing of the body is
 * parsed.
 */
bool billing_webhook_verify(const char *header, size_t header_len,
    const char *body, size_t body_len, const char *const *secrets,
    size_t nsecrets, int64_t now);

typedef struct {
    char  id[BILLING_GATEWAY_ID_MAX + 1];       /* "evt_..." */
    char  type[64];
    char  object[BILLING_GATEWAY_ID_MAX + 1];   /* what it is about */
    char  checkout[BILLING_GATEWAY_ID_MAX + 1]; /* of its metadata, "" none */
} billing_event_t;

/* Call only after billing_webhook_verify. */
BILLING_MUST_CHECK billing_err_t billing_webhook_parse(const char *body,
    size_t body_len, billing_event_t *out);


/* --- within this folder ------------------------------------------------- */

struct json_t;

#define BILLING_GATEWAY_DEPTH_MAX  32

/* An object read from hostile bytes, or NULL; the caller owns it. */
struct json_t *billing_gateway_json(const char *body, size_t len);

/* 1..BILLING_GATEWAY_ID_MAX of [A-Za-z0-9_-]. */
bool billing_gateway_id(const char *id, size_t len);

/* A text member of at most max bytes into out[max + 1]; false when not one. */
bool billing_gateway_text(const struct json_t *json, const char *name,
    char *out, size_t max);

/* True when the payment intent carries this charge's checkout and attempt. */
bool billing_gateway_ours(const billing_charge_t *charge,
    const struct json_t *intent);

/* The outcome that one payment intent of ours proves. */
void billing_gateway_intent(const billing_charge_t *charge,
    const struct json_t *intent, billing_result_t *out);

/* What an error reply proves about a request that was sent. */
void billing_gateway_error(const billing_charge_t *charge,
    const billing_reply_t *reply, billing_result_t *out);

#endif /* BILLING_GATEWAY_H */
