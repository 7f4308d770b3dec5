/* What a reply of the gateway proves about our money. */

#include "billing_gateway.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#define BILLING_GATEWAY_WAIT_MAX_SEC  3600
#define BILLING_GATEWAY_CODE_MAX      63


typedef struct {
    const char        *code;            /* "code" or "decline_code" */
    billing_reason_t   reason;
    billing_remedy_t   remedy;
} billing_gateway_code_t;


static void billing_gateway_waits(const billing_reply_t *reply,
    billing_result_t *out);
static void billing_gateway_refused(const billing_charge_t *charge,
    const json_t *error, unsigned status, billing_result_t *out);
static void billing_gateway_card_error(const billing_charge_t *charge,
    const json_t *error, billing_result_t *out);
static void billing_gateway_bad_request(const json_t *error,
    billing_result_t *out);
static void billing_gateway_succeeded(const billing_charge_t *charge,
    const json_t *intent, billing_result_t *out);
static void billing_gateway_action(const json_t *intent,
    billing_result_t *out);
static void billing_gateway_failed(const json_t *intent,
    billing_result_t *out);
static const billing_gateway_code_t *billing_gateway_code(
    const json_t *error);
static const billing_gateway_code_t *billing_gateway_code_find(
    const json_t *error, const char *member);
static void billing_gateway_card(const json_t *object, billing_result_t *out);
static bool billing_gateway_is(const json_t *json, const char *member,
    const char *word);


/*
 * Lost, stolen and fraud look like any other decline to who tries the card,
 * but must never be tried again.  A code that is not here is a soft decline.
 */

static const billing_gateway_code_t  billing_gateway_codes[] = {
    { "authentication_required", BILLING_CARD_AUTH_REQUIRED,
                                 BILLING_REMEDY_ASK },
    { "payment_intent_authentication_failure", BILLING_CARD_AUTH_FAILED,
                                               BILLING_REMEDY_ASK },
    { "setup_intent_authentication_failure", BILLING_CARD_AUTH_FAILED,
                                             BILLING_REMEDY_ASK },
    { "expired_card", BILLING_CARD_EXPIRED, BILLING_REMEDY_ASK },
    { "insufficient_funds", BILLING_CARD_FUNDS, BILLING_REMEDY_ASK },
    { "withdrawal_count_limit_exceeded", BILLING_CARD_FUNDS,
                                         BILLING_REMEDY_ASK },
    { "incorrect_cvc", BILLING_CARD_INVALID, BILLING_REMEDY_ASK },
    { "incorrect_number", BILLING_CARD_INVALID, BILLING_REMEDY_ASK },
    { "incorrect_zip", BILLING_CARD_INVALID, BILLING_REMEDY_ASK },
    { "invalid_account", BILLING_CARD_INVALID, BILLING_REMEDY_ASK },
    { "invalid_cvc", BILLING_CARD_INVALID, BILLING_REMEDY_ASK },
    { "invalid_expiry_month", BILLING_CARD_INVALID, BILLING_REMEDY_ASK },
    { "invalid_expiry_year", BILLING_CARD_INVALID, BILLING_REMEDY_ASK },
    { "invalid_number", BILLING_CARD_INVALID, BILLING_REMEDY_ASK },
    { "fraudulent", BILLING_CARD_DECLINED, BILLING_REMEDY_STOP },
    { "lost_card", BILLING_CARD_DECLINED, BILLING_REMEDY_STOP },
    { "merchant_blacklist", BILLING_CARD_DECLINED, BILLING_REMEDY_STOP },
    { "pickup_card", BILLING_CARD_DECLINED, BILLING_REMEDY_STOP },
    { "restricted_card", BILLING_CARD_DECLINED, BILLING_REMEDY_STOP },
    { "stolen_card", BILLING_CARD_DECLINED, BILLING_REMEDY_STOP },
    { "card_declined", BILLING_CARD_DECLINED, BILLING_REMEDY_ASK },
    { "generic_decline", BILLING_CARD_DECLINED, BILLING_REMEDY_ASK },
    { "processing_error", BILLING_CARD_DECLINED, BILLING_REMEDY_ASK }
};


void
billing_gateway_charge_result(const billing_charge_t *charge,
    const billing_reply_t *reply, bool sent, billing_result_t *out)
{
    json_t  *json;

    memset(out, 0, sizeof(*out));
    out->reason = BILLING_PAYMENT_UNKNOWN;

    if (reply->status == 0 && !sent) {
        out->outcome = BILLING_OUTCOME_FAILED;
        out->reason = BILLING_GATEWAY_UNAVAILABLE;
        out->remedy = BILLING_REMEDY_RETRY;
        return;
    }

    if (reply->status != 200) {
        billing_gateway_error(charge, reply, out);
        return;
    }

    json = billing_gateway_json(reply->body, reply->body_len);

    if (billing_gateway_is(json, "object", "payment_intent")
        && billing_gateway_ours(charge, json))
    {
        billing_gateway_intent(charge, json, out);
    }

    json_decref(json);
}


billing_err_t
billing_gateway_object(const billing_reply_t *reply, const char *object,
    billing_result_t *out)
{
    bool     ok;
    json_t  *json;

    memset(out, 0, sizeof(*out));
    out->reason = BILLING_GATEWAY_UNAVAILABLE;

    if (reply->status != 200) {
        billing_gateway_error(NULL, reply, out);

        if (out->reason == BILLING_PAYMENT_UNKNOWN) {
            out->reason = BILLING_GATEWAY_UNAVAILABLE;
        }

        return BILLING_EFORMAT;
    }

    json = billing_gateway_json(reply->body, reply->body_len);

    ok = billing_gateway_is(json, "object", object)
         && billing_gateway_text(json, "id", out->intent,
                                 BILLING_GATEWAY_ID_MAX)
         && billing_gateway_id(out->intent, strlen(out->intent))
         && !billing_gateway_is(json, "status", "failed");

    if (ok) {
        out->outcome = BILLING_OUTCOME_SUCCEEDED;
        out->reason = BILLING_ALLOW;
        (void) billing_gateway_text(json, "client_secret", out->client_secret,
                                    sizeof(out->client_secret) - 1);
        billing_gateway_card(json, out);
    }

    json_decref(json);

    return ok ? BILLING_OK : BILLING_EFORMAT;
}


bool
billing_gateway_refunded(const billing_reply_t *reply)
{
    bool               back;
    json_t            *json;
    billing_result_t   result;

    if (billing_gateway_object(reply, "refund", &result) == BILLING_OK) {
        return true;
    }

    if (reply->status != 400) {
        return false;
    }

    json = billing_gateway_json(reply->body, reply->body_len);
    back = billing_gateway_is(json_object_get(json, "error"), "code",
                              "charge_already_refunded");
    json_decref(json);

    return back;
}


bool
billing_gateway_ours(const billing_charge_t *charge, const json_t *intent)
{
    char           attempt[12];
    const json_t  *metadata = json_object_get(intent, "metadata");

    (void) snprintf(attempt, sizeof(attempt), "%" PRIu32, charge->attempt);

    return billing_gateway_is(metadata, "checkout", charge->checkout)
           && billing_gateway_is(metadata, "attempt", attempt);
}


void
billing_gateway_intent(const billing_charge_t *charge, const json_t *intent,
    billing_result_t *out)
{
    memset(out, 0, sizeof(*out));
    out->reason = BILLING_PAYMENT_UNKNOWN;

    if (!billing_gateway_text(intent, "id", out->intent,
                              BILLING_GATEWAY_ID_MAX)
        || !billing_gateway_id(out->intent, strlen(out->intent)))
    {
        out->intent[0] = '\0';
        return;
    }

    billing_gateway_card(intent, out);

    if (billing_gateway_is(intent, "status", "succeeded")) {
        billing_gateway_succeeded(charge, intent, out);
        return;
    }

    if (billing_gateway_is(intent, "status", "requires_action")) {
        billing_gateway_action(intent, out);
        return;
    }

    if (billing_gateway_is(intent, "status", "requires_payment_method")
        || billing_gateway_is(intent, "status", "canceled"))
    {
        billing_gateway_failed(intent, out);
    }

    /* processing, requires_capture and what is not known stay unknown */
}


void
billing_gateway_error(const billing_charge_t *charge,
    const billing_reply_t *reply, billing_result_t *out)
{
    json_t        *json;
    const json_t  *error;

    out->outcome = BILLING_OUTCOME_UNKNOWN;
    out->reason = BILLING_PAYMENT_UNKNOWN;

    switch (reply->status) {

    case 401:
    case 403:           /* our key: nothing of an earlier send is disproved */
    case 409:
    case 429:
    case 503:
        billing_gateway_waits(reply, out);
        return;

    case 400:
    case 402:
    case 404:
        break;

    default:
        return;
    }

    json = billing_gateway_json(reply->body, reply->body_len);
    error = json_object_get(json, "error");

    if (json_is_object(error)) {
        billing_gateway_refused(charge, error, reply->status, out);
    }

    json_decref(json);
}


static void
billing_gateway_waits(const billing_reply_t *reply, billing_result_t *out)
{
    out->outcome = BILLING_OUTCOME_WAIT;
    out->reason = BILLING_GATEWAY_UNAVAILABLE;
    out->remedy = BILLING_REMEDY_RETRY;
    out->retry_after_sec = reply->retry_after_sec;

    if (out->retry_after_sec > BILLING_GATEWAY_WAIT_MAX_SEC) {
        out->retry_after_sec = BILLING_GATEWAY_WAIT_MAX_SEC;
    }
}


static void
billing_gateway_refused(const billing_charge_t *charge, const json_t *error,
    unsigned status, billing_result_t *out)
{
    if (status == 402) {
        billing_gateway_card_error(charge, error, out);
        return;
    }

    billing_gateway_bad_request(error, out);
}


/* 402: the bank said no, unless the intent inside says otherwise. */

static void
billing_gateway_card_error(const billing_charge_t *charge,
    const json_t *error, billing_result_t *out)
{
    const json_t                  *intent;
    const billing_gateway_code_t  *code;

    intent = json_object_get(error, "payment_intent");

    if (intent != NULL && charge != NULL) {
        if (!billing_gateway_ours(charge, intent)
            || billing_gateway_is(intent, "status", "succeeded")
            || billing_gateway_is(intent, "status", "processing")
            || billing_gateway_is(intent, "status", "requires_capture"))
        {
            return;
        }

        (void) billing_gateway_text(intent, "id", out->intent,
                                    BILLING_GATEWAY_ID_MAX);
        (void) billing_gateway_text(intent, "client_secret",
                                    out->client_secret,
                                    sizeof(out->client_secret) - 1);
    }

    code = billing_gateway_code(error);

    out->outcome = BILLING_OUTCOME_FAILED;
    out->reason = code != NULL ? code->reason : BILLING_CARD_DECLINED;
    out->remedy = code != NULL ? code->remedy : BILLING_REMEDY_ASK;

    if (out->reason == BILLING_CARD_AUTH_REQUIRED
        && out->intent[0] != '\0' && out->client_secret[0] != '\0')
    {
        out->outcome = BILLING_OUTCOME_ACTION;
    }
}


/*
 * 400 and 404 prove a refusal only when they name our fault.  The reuse of a
 * key with other contents has no code and stays unknown: what the key did
 * before is not told.
 */

static void
billing_gateway_bad_request(const json_t *error, billing_result_t *out)
{
    char                           word[BILLING_GATEWAY_CODE_MAX + 1];
    const billing_gateway_code_t  *code = billing_gateway_code(error);

    if (code != NULL) {
        out->outcome = BILLING_OUTCOME_FAILED;
        out->reason = code->reason;
        out->remedy = code->remedy;
        return;
    }

    if (!billing_gateway_text(error, "code", word, BILLING_GATEWAY_CODE_MAX)) {
        return;
    }

    if (strcmp(word, "resource_missing") == 0
        && billing_gateway_is(error, "param", "payment_method"))
    {
        out->outcome = BILLING_OUTCOME_FAILED;
        out->reason = BILLING_CARD_INVALID;
        out->remedy = BILLING_REMEDY_ASK;
        return;
    }

    if (strncmp(word, "parameter_", 10) == 0
        || strncmp(word, "amount_too_", 11) == 0
        || (strcmp(word, "resource_missing") == 0
            && billing_gateway_is(error, "param", "customer")))
    {
        out->outcome = BILLING_OUTCOME_FAILED;
        out->reason = BILLING_GATEWAY_UNAVAILABLE;
        out->remedy = BILLING_REMEDY_ASK;
    }
}


static void
billing_gateway_succeeded(const billing_charge_t *charge,
    const json_t *intent, billing_result_t *out)
{
    char           currency[4];
    const json_t  *amount = json_object_get(intent, "amount");
    const json_t  *received = json_object_get(intent, "amount_received");

    if (!json_is_integer(amount)
        || (received != NULL && !json_is_integer(received))
        || !billing_gateway_text(intent, "currency", currency, 3))
    {
        return;                         /* cut short or not theirs: unknown */
    }

    out->amount_minor = json_integer_value(received != NULL ? received
                                                            : amount);

    if (out->amount_minor <= 0) {
        return;                         /* nothing was captured: look again */
    }

    for (size_t i = 0; currency[i] != '\0'; i++) {
        if (currency[i] < 'a' || currency[i] > 'z') {
            currency[i] = '?';          /* theirs are in lower case */
        }

        currency[i] = (char) (currency[i] & ~0x20);
    }

    out->currency = billing_currency_parse(currency, strlen(currency));
    out->outcome = BILLING_OUTCOME_MISMATCH;

    if (out->currency == 0 || out->currency != charge->amount.currency
        || out->amount_minor != charge->amount.minor
        || json_integer_value(amount) != charge->amount.minor)
    {
        return;
    }

    out->outcome = BILLING_OUTCOME_SUCCEEDED;
    out->reason = BILLING_ALLOW;
}


static void
billing_gateway_action(const json_t *intent, billing_result_t *out)
{
    if (billing_gateway_text(intent, "client_secret", out->client_secret,
                             sizeof(out->client_secret) - 1))
    {
        out->outcome = BILLING_OUTCOME_ACTION;
        out->reason = BILLING_CARD_AUTH_REQUIRED;
        out->remedy = BILLING_REMEDY_ASK;
    }
}


/* Nothing was captured: the last error says why, a cancellation has none. */

static void
billing_gateway_failed(const json_t *intent, billing_result_t *out)
{
    const json_t                  *error;
    const billing_gateway_code_t  *code;

    error = json_object_get(intent, "last_payment_error");
    code = billing_gateway_code(error);

    out->outcome = BILLING_OUTCOME_FAILED;
    out->reason = BILLING_CARD_DECLINED;
    out->remedy = BILLING_REMEDY_ASK;
    out->payable = !billing_gateway_is(intent, "status", "canceled");

    if (!json_is_object(error) && !out->payable) {
        out->reason = BILLING_CARD_AUTH_FAILED;
    }

    if (code != NULL) {
        out->reason = code->reason;
        out->remedy = code->remedy;
    }
}


/* The bank's own word first: it is the more exact one. */

static const billing_gateway_code_t *
billing_gateway_code(const json_t *error)
{
    const billing_gateway_code_t  *code;

    code = billing_gateway_code_find(error, "decline_code");

    return code != NULL ? code : billing_gateway_code_find(error, "code");
}


static const billing_gateway_code_t *
billing_gateway_code_find(const json_t *error, const char *member)
{
    size_t  n = sizeof(billing_gateway_codes)
                / sizeof(billing_gateway_codes[0]);

    for (size_t i = 0; i < n; i++) {
        if (billing_gateway_is(error, member, billing_gateway_codes[i].code)) {
            return &billing_gateway_codes[i];
        }
    }

    return NULL;
}


/* Brand and last four digits, wherever this object keeps them. */

static void
billing_gateway_card(const json_t *object, billing_result_t *out)
{
    const json_t  *card, *holder;

    card = json_object_get(object, "card");

    if (card == NULL) {
        holder = json_object_get(object, "payment_method");
        card = json_object_get(holder, "card");
    }

    if (card == NULL) {
        holder = json_object_get(object, "latest_charge");
        holder = json_object_get(holder, "payment_method_details");
        card = json_object_get(holder, "card");
    }

    (void) billing_gateway_text(card, "brand", out->brand,
                                sizeof(out->brand) - 1);
    (void) billing_gateway_text(card, "last4", out->last4,
                                sizeof(out->last4) - 1);
}


static bool
billing_gateway_is(const json_t *json, const char *member, const char *word)
{
    const json_t  *value = json_object_get(json, member);

    return json_is_string(value)
           && strlen(word) == json_string_length(value)
           && memcmp(json_string_value(value), word, strlen(word)) == 0;
}
