/* Lines of the security log: see billing_store_security.h. */

#include "billing_store_security.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BILLING_SECURITY_TEXT_MAX  96   /* bytes of a text; each may be six */

typedef struct {
    char    *p;
    size_t   left;
} billing_security_out_t;


static void billing_security_text(billing_security_out_t *out,
    const char *name, billing_bytes_t text);
static void billing_security_id(billing_security_out_t *out,
    const char *name, billing_bytes_t id);
static void billing_security_word(billing_security_out_t *out,
    const char *name, const char *word);
static void billing_security_number(billing_security_out_t *out,
    const char *name, uint64_t number);
static size_t billing_security_escape(unsigned char c, char *out);


static const char *const  billing_security_names[BILLING_SECURITY_EVENTS] = {
    [BILLING_SECURITY_NONE] = "none",
    [BILLING_SECURITY_GATE_REFUSED] = "gate_refused",
    [BILLING_SECURITY_API_REFUSED] = "api_refused",
    [BILLING_SECURITY_CSRF_BAD] = "csrf_bad",
    [BILLING_SECURITY_SESSION_BAD] = "session_bad",
    [BILLING_SECURITY_TOKEN_BAD] = "token_bad",
    [BILLING_SECURITY_WEBHOOK_BAD] = "webhook_bad",
    [BILLING_SECURITY_KEY_BAD] = "key_bad",
    [BILLING_SECURITY_MAC_BAD] = "mac_bad",
    [BILLING_SECURITY_LIMIT_HIT] = "limit_hit",
    [BILLING_SECURITY_CARD_NUMBER] = "card_number",
    [BILLING_SECURITY_COMMAND_REFUSED] = "command_refused",
    [BILLING_SECURITY_DEAD_LETTER] = "dead_letter",
    [BILLING_SECURITY_ROLE_CHANGED] = "role_changed",
    [BILLING_SECURITY_REFUND] = "refund",
    [BILLING_SECURITY_CREDIT_NOTE] = "credit_note",
    [BILLING_SECURITY_SECRETS_LOADED] = "secrets_loaded"
};


const char *
billing_security_name(billing_security_event_t event)
{
    return billing_security_names[event < BILLING_SECURITY_EVENTS ? event : 0];
}


/*
 * 404 says of somebody else's that it is not there; only an address that is
 * nobody's is no event.
 */

billing_security_event_t
billing_security_of(unsigned status, const char *code)
{
    if (strcmp(code, billing_reason_code(BILLING_CSRF)) == 0) {
        return BILLING_SECURITY_CSRF_BAD;
    }

    if (strcmp(code, billing_reason_code(BILLING_CARD_NUMBER_REFUSED)) == 0) {
        return BILLING_SECURITY_CARD_NUMBER;
    }

    if (status == 429) {
        return BILLING_SECURITY_LIMIT_HIT;
    }

    if (status == 401 || status == 403) {
        return BILLING_SECURITY_API_REFUSED;
    }

    return status == 404
           && strcmp(code, billing_reason_code(BILLING_NOT_FOUND)) != 0
           && strcmp(code, billing_reason_code(BILLING_PAGE_NOT_FOUND_FR)) != 0
           ? BILLING_SECURITY_API_REFUSED : BILLING_SECURITY_NONE;
}


void
billing_security_who(const billing_secret_t *secret, const char *email,
    size_t len, char out[BILLING_WHO_LEN + 1])
{
    uint8_t          mac[32];
    billing_bytes_t  part = { email, len };

    out[0] = '\0';

    if (len > 0
        && billing_mac(secret, BILLING_KEY_PSEUDONYM, &part, 1, mac)
           == BILLING_OK)
    {
        billing_hex(mac, BILLING_WHO_LEN / 2, out);
    }
}


size_t
billing_security_write(const billing_security_line_t *line,
    char out[BILLING_SECURITY_LINE_MAX])
{
    char                    at[BILLING_INSTANT_LEN + 1];
    const char             *name = billing_security_name(line->event);
    billing_security_out_t  o = { out, BILLING_SECURITY_LINE_MAX - 2 };

    billing_instant_format(line->at, at);

    /* The last character of the instant is its zone. */

    o.p += snprintf(o.p, o.left, "{\"time\":\"%.*s.%03uZ\"",
                    BILLING_INSTANT_LEN - 1, at, line->at_ms % 1000);
    o.left -= (size_t) (o.p - out);

    billing_security_word(&o, "event", line->left_out ? "left_out" : name);
    billing_security_word(&o, "of", line->left_out ? name : NULL);
    billing_security_number(&o, "lines", line->left_out);
    billing_security_text(&o, "reason", line->reason);
    billing_security_number(&o, "status", line->status);
    billing_security_text(&o, "request", line->request);
    billing_security_text(&o, "trace", line->trace);
    billing_security_text(&o, "op", line->op);
    billing_security_id(&o, "team", line->team);
    billing_security_id(&o, "board", line->board);
    billing_security_word(&o, "who", line->who);
    billing_security_word(&o, "whom", line->whom);
    billing_security_text(&o, "peer", line->peer);
    billing_security_text(&o, "route", line->route);
    billing_security_text(&o, "what", line->what);

    *o.p++ = '}';
    *o.p++ = '\n';

    return (size_t) (o.p - out);
}


/* Too long a text is cut, and one that has no place is left out. */

static void
billing_security_text(billing_security_out_t *out, const char *name,
    billing_bytes_t text)
{
    char                 *p = out->p;
    size_t                len = text.len;
    const unsigned char  *byte = text.data;

    if (len > BILLING_SECURITY_TEXT_MAX) {
        len = BILLING_SECURITY_TEXT_MAX;
    }

    if (len == 0 || out->left < strlen(name) + 6 * len + sizeof(",\"\":\"\""))
    {
        return;
    }

    p += snprintf(p, out->left, ",\"%s\":\"", name);

    for (size_t i = 0; i < len; i++) {
        p += billing_security_escape(byte[i], p);
    }

    *p++ = '"';

    out->left -= (size_t) (p - out->p);
    out->p = p;
}


/* Only what is printable in ASCII reaches whoever reads, or a terminal. */

static size_t
billing_security_escape(unsigned char c, char *out)
{
    static const char  hex[] = "0123456789abcdef";

    if (c >= 0x20 && c <= 0x7e && c != '"' && c != '\\') {
        out[0] = (char) c;
        return 1;
    }

    memcpy(out, "\\u00", 4);
    out[4] = hex[c >> 4];
    out[5] = hex[c & 15];

    return 6;
}


/* What is no id may be anything: an address, or a token in the wrong place. */

static void
billing_security_id(billing_security_out_t *out, const char *name,
    billing_bytes_t id)
{
    if (id.len > 0 && billing_id_valid(id.data, id.len)) {
        billing_security_text(out, name, id);
    }
}


static void
billing_security_word(billing_security_out_t *out, const char *name,
    const char *word)
{
    if (word != NULL) {
        billing_security_text(out, name,
                              (billing_bytes_t) { word, strlen(word) });
    }
}


static void
billing_security_number(billing_security_out_t *out, const char *name,
    uint64_t number)
{
    int  n;

    if (number == 0) {
        return;
    }

    n = snprintf(out->p, out->left, ",\"%s\":%" PRIu64, name, number);

    if (n > 0 && (size_t) n < out->left) {
        out->p += n;
        out->left -= (size_t) n;
    }
}


/* --- how many of them ---------------------------------------------------- */


bool
billing_security_may(billing_security_rate_t *rate,
    billing_security_event_t event, int64_t now, uint32_t max)
{
    if (rate->at != now) {
        rate->at = now;
        memset(rate->lines, 0, sizeof(rate->lines));
    }

    if (rate->lines[event] >= max) {
        rate->left_out[event]++;
        return false;
    }

    rate->lines[event]++;

    return true;
}


billing_security_event_t
billing_security_left_out(billing_security_rate_t *rate, uint64_t *lines)
{
    for (unsigned i = 1; i < BILLING_SECURITY_EVENTS; i++) {
        if (rate->left_out[i] > 0) {
            *lines = rate->left_out[i];
            rate->left_out[i] = 0;
            return (billing_security_event_t) i;
        }
    }

    return BILLING_SECURITY_NONE;
}
