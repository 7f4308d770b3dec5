/* What a signed token says of whoever sends it (RFC 7519). */

#include "billing_store_identity.h"

#include <string.h>

#include <jansson.h>


static const char *billing_jwt_read(const billing_jwt_rules_t *rules,
    json_t *claims, billing_jwt_t *jwt);
static bool billing_jwt_for_us(json_t *aud, const char *audience);
static bool billing_jwt_instant(json_t *claim, int64_t *at);
static const char *billing_jwt_profile(const char *name, json_t *claims,
    billing_jwt_t *jwt);
static bool billing_jwt_unverified(json_t *verified);


billing_err_t
billing_jwt_verify(const billing_jwt_rules_t *rules, billing_bytes_t token,
    int64_t now, billing_jwt_t *jwt)
{
    json_t            *claims;
    uint8_t            bytes[BILLING_JWS_MAX];
    billing_err_t      rc;
    billing_buffer_t   payload = { bytes, 0, sizeof(bytes) };

    memset(jwt, 0, sizeof(*jwt));

    /* Nothing of what it says is read before who says it is known. */

    rc = billing_jws_verify(&rules->keys, token, &payload, &jwt->why);

    if (rc != BILLING_OK) {
        return rc;
    }

    claims = json_loadb((char *) bytes, payload.len, JSON_REJECT_DUPLICATES,
                        NULL);

    if (!json_is_object(claims)) {
        json_decref(claims);
        jwt->why = "has a payload that is not an object";
        return BILLING_EFORMAT;
    }

    jwt->why = billing_jwt_read(rules, claims, jwt);
    json_decref(claims);

    if (jwt->why != NULL || !billing_jwt_valid(jwt, now)) {
        jwt->profile[0] = '\0';
        return BILLING_ERANGE;
    }

    return BILLING_OK;
}


/* No instant is negative, so nothing wraps. */

bool
billing_jwt_valid(billing_jwt_t *jwt, int64_t now)
{
    jwt->why = NULL;

    if (now - BILLING_JWT_SLACK_SEC >= jwt->expires_at) {
        jwt->why = "has expired";

    } else if (now + BILLING_JWT_SLACK_SEC < jwt->not_before_at) {
        jwt->why = "is not valid yet";
    }

    return jwt->why == NULL;
}


static const char *
billing_jwt_read(const billing_jwt_rules_t *rules, json_t *claims,
    billing_jwt_t *jwt)
{
    const char  *issuer;

    issuer = json_string_value(json_object_get(claims, "iss"));

    if (issuer == NULL || strcmp(issuer, rules->issuer) != 0) {
        return "is of another issuer";
    }

    if (!billing_jwt_for_us(json_object_get(claims, "aud"),
                            rules->audience))
    {
        return "is for another audience";
    }

    if (!billing_jwt_instant(json_object_get(claims, "exp"),
                             &jwt->expires_at))
    {
        return "has no \"exp\" that is a whole number";
    }

    if (!billing_jwt_instant(json_object_get(claims, "nbf"),
                             &jwt->not_before_at))
    {
        return "has no \"nbf\" that is a whole number";
    }

    return billing_jwt_profile(rules->claim, claims, jwt);
}


/* One text, or a list with ours in it. */

static bool
billing_jwt_for_us(json_t *aud, const char *audience)
{
    size_t       i;
    json_t      *item;
    const char  *text = json_string_value(aud);

    if (text != NULL) {
        return strcmp(text, audience) == 0;
    }

    json_array_foreach(aud, i, item) {
        text = json_string_value(item);

        if (text != NULL && strcmp(text, audience) == 0) {
            return true;
        }
    }

    return false;
}


static bool
billing_jwt_instant(json_t *claim, int64_t *at)
{
    *at = json_integer_value(claim);

    return json_is_integer(claim) && *at >= 0;
}


static const char *
billing_jwt_profile(const char *name, json_t *claims, billing_jwt_t *jwt)
{
    json_t  *claim = json_object_get(claims, name);

    if (!json_is_string(claim)
        || billing_email_normalise(json_string_value(claim),
                                   json_string_length(claim), jwt->profile)
           != BILLING_OK)
    {
        return "has no e-mail address in its claim";
    }

    if (strcmp(name, "email") == 0
        && billing_jwt_unverified(json_object_get(claims, "email_verified")))
    {
        return "has an e-mail address that is not verified";
    }

    return NULL;
}


/*
 * OpenID Connect says whether the address is the person's; some who issue
 * tokens write it as a text.  Said nothing, it is the issuer's word.
 */

static bool
billing_jwt_unverified(json_t *verified)
{
    const char  *text = json_string_value(verified);

    return verified != NULL && !json_is_true(verified)
           && (text == NULL || strcmp(text, "true") != 0);
}
