/* Signed session cookies, and the token that proves a form is ours. */

#include "billing_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BILLING_SESSION_FORMAT  "1"
#define BILLING_SESSION_PARTS   5       /* format profile nonce expires mac */
#define BILLING_NONCE_LEN       32
#define BILLING_MAC64_LEN       43


static bool billing_session_valid(const billing_session_t *session);
static billing_err_t billing_session_mac(const billing_secret_t *secret,
    billing_bytes_t token, char mac64[BILLING_MAC64_LEN + 2]);
static billing_err_t billing_session_split(billing_bytes_t token,
    billing_bytes_t parts[BILLING_SESSION_PARTS]);
static billing_err_t billing_session_fill(
    const billing_bytes_t parts[BILLING_SESSION_PARTS],
    billing_session_t *session);


billing_err_t
billing_session_encode(const billing_secret_t *secret,
    const billing_session_t *session, char out[BILLING_SESSION_MAX])
{
    int            n;
    char           profile[BILLING_EMAIL_MAX / 3 * 4 + 5];
    char           mac64[BILLING_MAC64_LEN + 2];
    billing_err_t  rc;

    out[0] = '\0';

    if (!billing_session_valid(session)) {
        return BILLING_ERANGE;
    }

    (void) billing_base64url((const uint8_t *) session->profile,
                             strlen(session->profile), profile);

    n = snprintf(out, BILLING_SESSION_MAX,
                 BILLING_SESSION_FORMAT ".%s.%s.%" PRId64, profile,
                 session->nonce, session->expires_at);

    if (n < 0 || (size_t) n + BILLING_MAC64_LEN + 2 > BILLING_SESSION_MAX) {
        out[0] = '\0';
        return BILLING_ERANGE;
    }

    rc = billing_session_mac(secret, (billing_bytes_t) { out, (size_t) n },
                             mac64);
    if (rc != BILLING_OK) {
        out[0] = '\0';
        return rc;
    }

    out[n] = '.';
    memcpy(out + n + 1, mac64, BILLING_MAC64_LEN + 1);

    return BILLING_OK;
}


/* ERANGE says: ours, and no longer valid. */

billing_err_t
billing_session_decode(const billing_secret_t *secret, billing_bytes_t token,
    int64_t now, billing_session_t *session)
{
    char             mac64[BILLING_MAC64_LEN + 2];
    billing_err_t    rc;
    billing_bytes_t  signed_part;
    billing_bytes_t  parts[BILLING_SESSION_PARTS];

    memset(session, 0, sizeof(*session));

    if (token.len >= BILLING_SESSION_MAX
        || billing_session_split(token, parts) != BILLING_OK
        || parts[4].len != BILLING_MAC64_LEN)
    {
        return BILLING_EFORMAT;
    }

    signed_part = (billing_bytes_t) { token.data,
                                      token.len - BILLING_MAC64_LEN - 1 };

    rc = billing_session_mac(secret, signed_part, mac64);

    if (rc != BILLING_OK) {
        return rc;
    }

    /* Compared as text, so that only our own spelling is taken. */

    if (!billing_mac_equal((const uint8_t *) mac64, parts[4].data,
                           BILLING_MAC64_LEN))
    {
        return BILLING_EMAC;
    }

    rc = billing_session_fill(parts, session);

    if (rc == BILLING_OK && session->expires_at <= now) {
        rc = BILLING_ERANGE;
    }

    if (rc != BILLING_OK) {
        memset(session, 0, sizeof(*session));
    }

    return rc;
}


billing_err_t
billing_csrf_token(const billing_secret_t *secret,
    const billing_session_t *session, char out[BILLING_CSRF_LEN + 1])
{
    char             text[BILLING_CSRF_LEN + 2];
    uint8_t          mac[32];
    billing_err_t    rc;
    billing_bytes_t  parts[] = {
        { session->nonce, strnlen(session->nonce, sizeof(session->nonce)) },
        { session->profile,
          strnlen(session->profile, sizeof(session->profile)) }
    };

    out[0] = '\0';

    rc = billing_mac(secret, BILLING_KEY_CSRF, parts, 2, mac);

    if (rc != BILLING_OK) {
        return rc;
    }

    (void) billing_base64url(mac, sizeof(mac), text);
    memcpy(out, text, BILLING_CSRF_LEN + 1);

    return BILLING_OK;
}


static bool
billing_session_valid(const billing_session_t *session)
{
    size_t   len = strnlen(session->profile, sizeof(session->profile));
    uint8_t  nonce[BILLING_NONCE_LEN / 2];

    if (len == 0 || len > BILLING_EMAIL_MAX || session->expires_at <= 0) {
        return false;
    }

    for (size_t i = 0; i < len; i++) {
        if (session->profile[i] <= ' ' || session->profile[i] == '\x7f') {
            return false;
        }
    }

    return strnlen(session->nonce, sizeof(session->nonce)) == BILLING_NONCE_LEN
           && billing_unhex(session->nonce, BILLING_NONCE_LEN, nonce)
              == BILLING_OK;
}


static billing_err_t
billing_session_mac(const billing_secret_t *secret, billing_bytes_t token,
    char mac64[BILLING_MAC64_LEN + 2])
{
    uint8_t        mac[32];
    billing_err_t  rc;

    rc = billing_mac(secret, BILLING_KEY_SESSION, &token, 1, mac);

    if (rc == BILLING_OK) {
        (void) billing_base64url(mac, sizeof(mac), mac64);
    }

    return rc;
}


static billing_err_t
billing_session_split(billing_bytes_t token,
    billing_bytes_t parts[BILLING_SESSION_PARTS])
{
    const char  *text = token.data;
    const char  *end;

    if (token.len == 0) {
        return BILLING_EFORMAT;
    }

    end = text + token.len;

    for (unsigned i = 0; i < BILLING_SESSION_PARTS; i++) {
        const char  *dot = memchr(text, '.', (size_t) (end - text));

        if ((dot == NULL) != (i == BILLING_SESSION_PARTS - 1)) {
            return BILLING_EFORMAT;
        }

        if (dot == NULL) {
            dot = end;
        }

        parts[i] = (billing_bytes_t) { text, (size_t) (dot - text) };
        text = dot < end ? dot + 1 : end;
    }

    return BILLING_OK;
}


static billing_err_t
billing_session_fill(const billing_bytes_t parts[BILLING_SESSION_PARTS],
    billing_session_t *session)
{
    uint64_t          expires;
    billing_buffer_t  profile = {
        .data = (uint8_t *) session->profile,
        .max = BILLING_EMAIL_MAX
    };

    if (parts[0].len != 1
        || memcmp(parts[0].data, BILLING_SESSION_FORMAT, 1) != 0
        || billing_unbase64url(parts[1].data, parts[1].len, &profile)
           != BILLING_OK
        || memchr(session->profile, '\0', profile.len) != NULL
        || parts[2].len != BILLING_NONCE_LEN
        || billing_digits(parts[3].data, parts[3].len, &expires)
           != BILLING_OK
        || expires > INT64_MAX)
    {
        return BILLING_EFORMAT;
    }

    memcpy(session->nonce, parts[2].data, BILLING_NONCE_LEN);
    session->expires_at = (int64_t) expires;

    return billing_session_valid(session) ? BILLING_OK : BILLING_EFORMAT;
}
