/*
 * Security events: what somebody who watches over the service wants to find
 * in a stream of its own, one JSON object a line.
 *
 * A line never holds an e-mail address, a body, a cookie, a token or a key;
 * it is printable ASCII whatever a request carried.  Who it was is said by a
 * pseudonym, the same in every line, which billingctl who tells of an address.
 */

#ifndef BILLING_STORE_SECURITY_H
#define BILLING_STORE_SECURITY_H

#include "billing_store.h"

#define BILLING_WHO_LEN            16   /* hex digits */
#define BILLING_SECURITY_LINE_MAX  2048 /* with its line end */
#define BILLING_SECURITY_RATE      10   /* lines of one event in a second */

typedef enum {
    BILLING_SECURITY_NONE = 0,
    BILLING_SECURITY_GATE_REFUSED,
    BILLING_SECURITY_API_REFUSED,
    BILLING_SECURITY_CSRF_BAD,
    BILLING_SECURITY_SESSION_BAD,
    BILLING_SECURITY_TOKEN_BAD,         /* who the application says it is */
    BILLING_SECURITY_WEBHOOK_BAD,
    BILLING_SECURITY_KEY_BAD,           /* of the application */
    BILLING_SECURITY_MAC_BAD,           /* a record, an answer, a command */
    BILLING_SECURITY_LIMIT_HIT,
    BILLING_SECURITY_CARD_NUMBER,
    BILLING_SECURITY_COMMAND_REFUSED,
    BILLING_SECURITY_DEAD_LETTER,
    BILLING_SECURITY_ROLE_CHANGED,
    BILLING_SECURITY_REFUND,
    BILLING_SECURITY_CREDIT_NOTE,
    BILLING_SECURITY_SECRETS_LOADED,
    BILLING_SECURITY_EVENTS
} billing_security_event_t;

/* What is empty is left out of the line. */
typedef struct {
    billing_security_event_t  event;
    int64_t                   at;       /* since 1970 */
    unsigned                  at_ms;
    billing_bytes_t           reason;   /* a code */
    unsigned                  status;   /* HTTP; 0 none */
    billing_bytes_t           request;  /* id */
    billing_bytes_t           trace;
    billing_bytes_t           op;
    billing_bytes_t           team;     /* team and board: an id, or left out */
    billing_bytes_t           board;
    const char               *who;      /* pseudonyms, or NULL */
    const char               *whom;
    billing_bytes_t           peer;     /* address */
    billing_bytes_t           route;    /* as it is configured */
    billing_bytes_t           what;     /* a role, a number, a cause */
    uint64_t                  left_out; /* lines; the event is which ones */
} billing_security_line_t;

/* "gate_refused" and so on: the list is closed, so that it can be searched. */
const char *billing_security_name(billing_security_event_t event);

/* Which event an answer of that status and code is; NONE: none. */
billing_security_event_t billing_security_of(unsigned status,
    const char *code);

/*
 * The pseudonym of a person, whose address is normalised already; "" for
 * nobody, and should there be no memory.
 */
void billing_security_who(const billing_secret_t *secret, const char *email,
    size_t len, char out[BILLING_WHO_LEN + 1]);

/* The line with its line end; returns its length. */
size_t billing_security_write(const billing_security_line_t *line,
    char out[BILLING_SECURITY_LINE_MAX]);

/* How much has been written of what in this second; zeroed at first. */
typedef struct {
    int64_t   at;
    uint32_t  lines[BILLING_SECURITY_EVENTS];
    uint64_t  left_out[BILLING_SECURITY_EVENTS];
} billing_security_rate_t;

/* Whether one more may be written; if not it is counted. */
bool billing_security_may(billing_security_rate_t *rate,
    billing_security_event_t event, int64_t now, uint32_t max);

/*
 * An event of which lines have been left out, and how many: they are forgotten
 * with that.  NONE: no more of them.
 */
billing_security_event_t billing_security_left_out(
    billing_security_rate_t *rate, uint64_t *lines);

#endif /* BILLING_STORE_SECURITY_H */
