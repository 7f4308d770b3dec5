/*
 * Who asks, as somebody else has established it: tokens of the application
 * (RFC 7519, JWT), and the header that a proxy in front of nginx signs.
 * Identity alone: what somebody may is never read from either.
 */

#ifndef BILLING_STORE_IDENTITY_H
#define BILLING_STORE_IDENTITY_H

#include "billing_store.h"

struct evp_pkey_st;


/* --- jws: signed bytes, and the keys that they may be signed with --------- */

typedef enum {
    BILLING_JWS_NONE = 0,
    BILLING_JWS_HS256,                  /* a shared secret; the others not */
    BILLING_JWS_RS256,
    BILLING_JWS_ES256,
    BILLING_JWS_EDDSA,                  /* Ed25519 */
    BILLING_JWS_ALGORITHMS
} billing_jws_algorithm_t;

#define BILLING_JWS_MAX      4096       /* a token longer than that is none */
#define BILLING_JWS_KEYS     4          /* each may cost a forged token one */
#define BILLING_JWS_KID_MAX  128

typedef struct {
    billing_jws_algorithm_t  algorithm;
    char                     kid[BILLING_JWS_KID_MAX + 1];  /* "" any */
    billing_mac_key_t       *mac;       /* of HS256: whose loads it */
    struct evp_pkey_st      *pkey;      /* of the others */
} billing_jws_key_t;

typedef struct {
    billing_jws_key_t  key[BILLING_JWS_KEYS];
    size_t             n;
} billing_jws_keys_t;

/* "HS256" and so on; "" of none, none of any other word. */
const char *billing_jws_algorithm_name(billing_jws_algorithm_t algorithm);
billing_jws_algorithm_t billing_jws_algorithm(billing_bytes_t name);

/*
 * *key->mac from a secret of at least 32 bytes, or key->pkey from the PEM text
 * of a public key; else *why says what is wrong with it for key->algorithm.
 */
BILLING_MUST_CHECK billing_err_t billing_jws_key_load(billing_jws_key_t *key,
    billing_bytes_t text, const char **why);
void billing_jws_key_free(billing_jws_key_t *key);

/*
 * What is signed, into payload, once one of the keys has signed it.  The
 * header's "kid" only selects among them, and its "alg" must be the key's own;
 * keys and addresses of keys in it are not read.  EFORMAT, or EMAC, and *why.
 */
BILLING_MUST_CHECK billing_err_t billing_jws_verify(
    const billing_jws_keys_t *keys, billing_bytes_t token,
    billing_buffer_t *payload, const char **why);


/* --- jwt: what a token says, and whether it holds ------------------------- */

#define BILLING_JWT_SLACK_SEC  60       /* clocks of two hosts */

typedef struct {
    billing_jws_keys_t  keys;
    const char         *issuer;
    const char         *audience;
    const char         *claim;          /* that has the e-mail address */
} billing_jwt_rules_t;

typedef struct {
    char         profile[BILLING_EMAIL_MAX + 1];    /* lower case */
    int64_t      not_before_at;
    int64_t      expires_at;
    const char  *why;                   /* it does not hold; NULL: it does */
} billing_jwt_t;

/*
 * EFORMAT or EMAC: no token of ours; ERANGE: one that says too little, is for
 * others, or not valid now.  Then there is no profile, and why says it.
 */
BILLING_MUST_CHECK billing_err_t billing_jwt_verify(
    const billing_jwt_rules_t *rules, billing_bytes_t token, int64_t now,
    billing_jwt_t *jwt);

/* Whether one that was verified is valid now; else why says it. */
bool billing_jwt_valid(billing_jwt_t *jwt, int64_t now);


/* --- signed: the header of a proxy in front of nginx ---------------------- */

#define BILLING_SIGNED_SEC  30         /* of the clocks of two hosts, too */
#define BILLING_SIGNED_MAX  512

typedef struct {
    billing_bytes_t  method;
    billing_bytes_t  target;            /* as it stands on the request line */
    billing_bytes_t  header;            /* "v1 TIME WHO MAC" */
} billing_signed_request_t;

typedef struct {
    char         profile[BILLING_EMAIL_MAX + 1];    /* lower case */
    const char  *why;                   /* it does not hold; NULL: it does */
} billing_signed_t;

/*
 * MAC is HMAC-SHA256 in hex over "v1", TIME, method, target and WHO, a line
 * end between two.  EFORMAT, EMAC, or ERANGE: of another time, or nobody.
 */
BILLING_MUST_CHECK billing_err_t billing_signed_verify(
    const billing_jws_keys_t *keys, const billing_signed_request_t *request,
    int64_t now, billing_signed_t *out);

#endif /* BILLING_STORE_IDENTITY_H */
