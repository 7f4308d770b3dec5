/*
 * billing_session_decode, billing_quote_pin_decode, billing_unbase64url,
 * billing_jwt_verify, billing_signed_verify.
 *
 * Laws: nothing without our MAC is a session, a pin or a token; a session that
 * is taken is spelled exactly as we spell it; a token that is taken says who,
 * and is valid.
 */

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "../../src/store/billing_store_identity.h"

#define SECRET  "0123456789abcdef0123456789abcdef"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


/* One value, one spelling. */

static void
spelling(const char *text, size_t len)
{
    char              again[1024];
    uint8_t           bytes[512];
    billing_buffer_t  buffer = { bytes, 0, sizeof(bytes) };

    if (billing_unbase64url(text, len, &buffer) == BILLING_OK
        && (billing_base64url(bytes, buffer.len, again) != len
            || memcmp(again, text, len) != 0))
    {
        abort();
    }
}


static void
signed_session(const billing_secret_t *secret, billing_bytes_t part)
{
    char               token[BILLING_SESSION_MAX + 64];
    char               again[BILLING_SESSION_MAX];
    uint8_t            mac[32];
    billing_session_t  session;

    if (part.len > BILLING_SESSION_MAX
        || billing_mac(secret, BILLING_KEY_SESSION, &part, 1, mac)
           != BILLING_OK)
    {
        return;
    }

    memcpy(token, part.data, part.len);
    token[part.len] = '.';
    billing_base64url(mac, 32, token + part.len + 1);

    if (billing_session_decode(secret,
                               (billing_bytes_t) { token, part.len + 44 }, 0,
                               &session) != BILLING_OK)
    {
        return;
    }

    if (billing_session_encode(secret, &session, again) != BILLING_OK
        || strlen(again) != part.len + 44
        || memcmp(again, token, part.len + 44) != 0)
    {
        abort();
    }
}


/* The bytes as a payload that is signed, and as a token that is not. */

static void
token(billing_bytes_t part)
{
    char                  text[2 * BILLING_JWS_MAX], *p = text;
    uint8_t               mac[32];
    const char           *why;
    billing_jwt_t         jwt;
    billing_signed_t      said;

    static billing_mac_key_t         mac_key;
    static billing_signed_request_t  request;
    static billing_jwt_rules_t  rules = {
        .keys = { .n = 1, .key[0] = { .algorithm = BILLING_JWS_HS256,
                                        .mac = &mac_key } },
        .issuer = "i", .audience = "a", .claim = "email"
    };

    if (part.len > BILLING_JWS_MAX
        || billing_jws_key_load(&rules.keys.key[0],
                                (billing_bytes_t) { SECRET, 32 }, &why)
           != BILLING_OK)
    {
        return;
    }

    request.header = part;

    if (billing_jwt_verify(&rules, part, 1000, &jwt) == BILLING_OK
        || billing_signed_verify(&rules.keys, &request, 1000, &said)
           == BILLING_OK)
    {
        abort();
    }

    p += billing_base64url((const uint8_t *) "{\"alg\":\"HS256\"}", 15, p);
    *p++ = '.';
    p += billing_base64url(part.data, part.len, p);
    HMAC(EVP_sha256(), SECRET, 32, (uint8_t *) text, (size_t) (p - text), mac,
         NULL);
    *p++ = '.';
    p += billing_base64url(mac, 32, p);

    if (billing_jwt_verify(&rules,
                           (billing_bytes_t) { text, (size_t) (p - text) },
                           1000, &jwt) == BILLING_OK
        && (jwt.profile[0] == '\0' || jwt.expires_at <= 940
            || jwt.not_before_at > 1060))
    {
        abort();
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char                 *text = malloc(size + 1);
    billing_bytes_t       bytes = { data, size };
    billing_secret_t      secret = { { { 1 } } };
    billing_session_t     session;
    billing_quote_pin_t   pin;

    memcpy(text, data, size);
    text[size] = '\0';

    if (billing_session_decode(&secret, bytes, 0, &session) == BILLING_OK
        || billing_quote_pin_decode(&secret, "a", "t", text, &pin)
           == BILLING_OK)
    {
        abort();
    }

    if (size > 0) {
        signed_session(&secret, bytes);
    }

    token(bytes);
    spelling(text, size);
    free(text);

    return 0;
}
