/* Requests to the card gateway, form-encoded. */

#include "billing_gateway.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BILLING_GATEWAY_PAGE  "100"     /* intents listed in one search */


static void billing_gateway_get(billing_gateway_request_t *out);
static billing_err_t billing_gateway_post(billing_gateway_request_t *out,
    const char *before, const char *id, const char *after);
static billing_err_t billing_gateway_path(billing_gateway_request_t *out,
    const char *before, const char *id, const char *after);
static billing_err_t billing_gateway_field(billing_gateway_request_t *out,
    const char *name, const char *value);
static billing_err_t billing_gateway_number(billing_gateway_request_t *out,
    const char *name, int64_t value);
static billing_err_t billing_gateway_currency(billing_gateway_request_t *out,
    billing_currency_t currency);
static billing_err_t billing_gateway_byte(billing_gateway_request_t *out,
    char c);
static billing_err_t billing_gateway_known(const char *id);


billing_err_t
billing_gateway_customer(const char *email, const char *name,
    const char *team, billing_gateway_request_t *out)
{
    billing_err_t  rc;

    rc = billing_gateway_post(out, "/v1/customers", NULL, "");

    if (rc == BILLING_OK) {
        rc = billing_gateway_field(out, "email", email);
    }

    if (rc == BILLING_OK && name != NULL && name[0] != '\0') {
        rc = billing_gateway_field(out, "name", name);
    }

    if (rc == BILLING_OK) {
        rc = billing_gateway_field(out, "metadata[team]", team);
    }

    return rc;
}


billing_err_t
billing_gateway_setup_intent(const char *customer, const char *team,
    billing_gateway_request_t *out)
{
    billing_err_t  rc;

    rc = billing_gateway_post(out, "/v1/setup_intents", NULL, "");

    if (rc == BILLING_OK) {
        rc = billing_gateway_known(customer);
    }

    if (rc == BILLING_OK) {
        rc = billing_gateway_field(out, "customer", customer);
    }

    if (rc == BILLING_OK) {
        rc = billing_gateway_field(out, "usage", "off_session");
    }

    if (rc == BILLING_OK) {
        rc = billing_gateway_field(out, "payment_method_types[]", "card");
    }

    if (rc == BILLING_OK) {
        rc = billing_gateway_field(out, "metadata[team]", team);
    }

    return rc;
}


billing_err_t
billing_gateway_attach(const char *payment_method, const char *customer,
    billing_gateway_request_t *out)
{
    billing_err_t  rc;

    rc = billing_gateway_post(out, "/v1/payment_methods/", payment_method,
                              "/attach");

    if (rc == BILLING_OK) {
        rc = billing_gateway_known(customer);
    }

    if (rc == BILLING_OK) {
        rc = billing_gateway_field(out, "customer", customer);
    }

    return rc;
}


billing_err_t
billing_gateway_charge(const billing_charge_t *charge,
    billing_gateway_request_t *out)
{
    billing_err_t  rc;

    struct {
        const char  *name;
        const char  *value;
    } fields[] = {
        { "customer", charge->customer },
        { "payment_method", charge->payment_method },
        { "payment_method_types[]", "card" },
        { "confirm", "true" },
        { "metadata[checkout]", charge->checkout },
        { "metadata[team]", charge->team }
    };

    rc = billing_gateway_post(out, "/v1/payment_intents", NULL, "");

    if (rc != BILLING_OK || charge->amount.minor <= 0
        || billing_gateway_known(charge->customer) != BILLING_OK
        || billing_gateway_known(charge->payment_method) != BILLING_OK
        || billing_gateway_known(charge->checkout) != BILLING_OK)
    {
        return BILLING_ERANGE;
    }

    rc = billing_gateway_number(out, "amount", charge->amount.minor);

    if (rc == BILLING_OK) {
        rc = billing_gateway_currency(out, charge->amount.currency);
    }

    for (size_t i = 0;
         rc == BILLING_OK && i < sizeof(fields) / sizeof(fields[0]); i++)
    {
        rc = billing_gateway_field(out, fields[i].name, fields[i].value);
    }

    if (rc == BILLING_OK) {
        rc = billing_gateway_number(out, "metadata[attempt]", charge->attempt);
    }

    if (rc == BILLING_OK && charge->off_session) {
        rc = billing_gateway_field(out, "off_session", "true");
    }

    return rc;
}


billing_err_t
billing_gateway_lookup(const char *intent, billing_gateway_request_t *out)
{
    billing_gateway_get(out);

    return billing_gateway_path(out, "/v1/payment_intents/", intent, "");
}


billing_err_t
billing_gateway_search(const char *customer, const char *after,
    billing_gateway_request_t *out)
{
    int            n;
    size_t         len;
    billing_err_t  rc;

    billing_gateway_get(out);

    rc = billing_gateway_path(out, "/v1/payment_intents?customer=", customer,
                              "&limit=" BILLING_GATEWAY_PAGE);

    if (rc != BILLING_OK || after == NULL || after[0] == '\0') {
        return rc;
    }

    if (billing_gateway_known(after) != BILLING_OK) {
        return BILLING_ERANGE;
    }

    len = strlen(out->path);
    n = snprintf(out->path + len, sizeof(out->path) - len,
                 "&starting_after=%s", after);

    if (n < 0 || (size_t) n >= sizeof(out->path) - len) {
        return BILLING_ERANGE;
    }

    return BILLING_OK;
}


billing_err_t
billing_gateway_cancel(const char *intent, billing_gateway_request_t *out)
{
    return billing_gateway_post(out, "/v1/payment_intents/", intent,
                                "/cancel");
}


billing_err_t
billing_gateway_refund(const char *intent, billing_money_t amount,
    const char *checkout, billing_gateway_request_t *out)
{
    billing_err_t  rc;

    rc = billing_gateway_post(out, "/v1/refunds", NULL, "");

    if (rc != BILLING_OK || amount.minor <= 0
        || billing_gateway_known(intent) != BILLING_OK)
    {
        return BILLING_ERANGE;
    }

    rc = billing_gateway_field(out, "payment_intent", intent);

    if (rc == BILLING_OK) {
        rc = billing_gateway_number(out, "amount", amount.minor);
    }

    if (rc == BILLING_OK) {
        rc = billing_gateway_field(out, "metadata[checkout]", checkout);
    }

    return rc;
}


static void
billing_gateway_get(billing_gateway_request_t *out)
{
    out->post = false;
    out->path[0] = '\0';
    out->body[0] = '\0';
    out->body_len = 0;
}


static billing_err_t
billing_gateway_post(billing_gateway_request_t *out, const char *before,
    const char *id, const char *after)
{
    billing_gateway_get(out);
    out->post = true;

    return billing_gateway_path(out, before, id, after);
}


/* An id becomes a part of the path only when it cannot alter it. */

static billing_err_t
billing_gateway_path(billing_gateway_request_t *out, const char *before,
    const char *id, const char *after)
{
    int  n;

    if (id != NULL && billing_gateway_known(id) != BILLING_OK) {
        return BILLING_ERANGE;
    }

    n = snprintf(out->path, sizeof(out->path), "%s%s%s", before,
                 id != NULL ? id : "", after);

    if (n < 0 || (size_t) n >= sizeof(out->path)) {
        out->path[0] = '\0';
        return BILLING_ERANGE;
    }

    return BILLING_OK;
}


/* Names are ours and go as they are; values are percent-encoded. */

static billing_err_t
billing_gateway_field(billing_gateway_request_t *out, const char *name,
    const char *value)
{
    billing_err_t  rc = BILLING_OK;

    static const char  hex[] = "0123456789ABCDEF";
    static const char  plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789-._~";

    if (value == NULL) {
        return BILLING_ERANGE;
    }

    if (out->body_len > 0) {
        rc = billing_gateway_byte(out, '&');
    }

    while (*name != '\0' && rc == BILLING_OK) {
        rc = billing_gateway_byte(out, *name++);
    }

    if (rc == BILLING_OK) {
        rc = billing_gateway_byte(out, '=');
    }

    for (; *value != '\0' && rc == BILLING_OK; value++) {
        unsigned  c = (unsigned char) *value;

        if (strchr(plain, *value) != NULL) {
            rc = billing_gateway_byte(out, *value);
            continue;
        }

        if (out->body_len + 4 > sizeof(out->body)) {
            return BILLING_ERANGE;
        }

        (void) billing_gateway_byte(out, '%');
        (void) billing_gateway_byte(out, hex[c >> 4]);
        rc = billing_gateway_byte(out, hex[c & 15]);
    }

    return rc;
}


static billing_err_t
billing_gateway_number(billing_gateway_request_t *out, const char *name,
    int64_t value)
{
    char  text[24];

    (void) snprintf(text, sizeof(text), "%" PRId64, value);

    return billing_gateway_field(out, name, text);
}


static billing_err_t
billing_gateway_currency(billing_gateway_request_t *out,
    billing_currency_t currency)
{
    char         text[4] = "";
    const char  *code;

    if (currency == 0) {
        return BILLING_ECURRENCY;
    }

    code = billing_currency_code(currency);

    for (unsigned i = 0; i < 3 && code[i] != '\0'; i++) {
        text[i] = (char) (code[i] | 0x20);
    }

    return billing_gateway_field(out, "currency", text);
}


static billing_err_t
billing_gateway_byte(billing_gateway_request_t *out, char c)
{
    if (out->body_len + 1 >= sizeof(out->body)) {
        return BILLING_ERANGE;
    }

    out->body[out->body_len++] = c;
    out->body[out->body_len] = '\0';

    return BILLING_OK;
}


static billing_err_t
billing_gateway_known(const char *id)
{
    if (id == NULL || !billing_gateway_id(id, strlen(id))) {
        return BILLING_ERANGE;
    }

    return BILLING_OK;
}
