/* The gateway's list of all payments: to compare with the books. */

#include "billing_gateway.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>


static bool billing_gateway_payment(const json_t *intent,
    billing_gateway_payment_t *out);


billing_err_t
billing_gateway_list(const char *after, int64_t since,
    billing_gateway_request_t *out)
{
    int   n;
    char  window[48] = "";

    memset(out, 0, sizeof(*out));

    if (after[0] != '\0' && !billing_gateway_id(after, strlen(after))) {
        return BILLING_ERANGE;
    }

    if (since > 0) {
        (void) snprintf(window, sizeof(window), "&created%%5Bgte%%5D=%" PRId64,
                        since);
    }

    n = snprintf(out->path, sizeof(out->path),
                 "/v1/payment_intents?limit=%d%s%s%s",
                 BILLING_GATEWAY_LIST_MAX, window,
                 after[0] != '\0' ? "&starting_after=" : "", after);

    return n < 0 || (size_t) n >= sizeof(out->path) ? BILLING_ERANGE
                                                    : BILLING_OK;
}


/* A page with anything strange on it proves nothing. */

billing_err_t
billing_gateway_page(const billing_reply_t *reply,
    billing_gateway_page_t *out)
{
    size_t   i;
    json_t  *json, *data, *intent, *more;

    memset(out, 0, sizeof(*out));

    json = reply->status == 200
           ? billing_gateway_json(reply->body, reply->body_len) : NULL;
    data = json_object_get(json, "data");
    more = json_object_get(json, "has_more");

    if (!json_is_array(data) || !json_is_boolean(more)
        || json_array_size(data) > BILLING_GATEWAY_LIST_MAX)
    {
        json_decref(json);
        return BILLING_EFORMAT;
    }

    json_array_foreach(data, i, intent) {
        if (!billing_gateway_payment(intent, &out->payments[i])) {
            json_decref(json);
            return BILLING_EFORMAT;
        }
    }

    out->n = json_array_size(data);
    out->more = json_is_true(more) && out->n > 0;
    json_decref(json);

    return BILLING_OK;
}


static bool
billing_gateway_payment(const json_t *intent, billing_gateway_payment_t *out)
{
    char           object[16], status[32];
    const json_t  *received = json_object_get(intent, "amount_received");
    const json_t  *created = json_object_get(intent, "created");

    if (!billing_gateway_text(intent, "object", object, 15)
        || strcmp(object, "payment_intent") != 0
        || !billing_gateway_text(intent, "id", out->id,
                                 BILLING_GATEWAY_ID_MAX)
        || !billing_gateway_id(out->id, strlen(out->id))
        || !billing_gateway_text(intent, "currency", out->currency, 3)
        || !billing_gateway_text(intent, "status", status, 31)
        || !json_is_integer(received) || !json_is_integer(created))
    {
        return false;
    }

    for (size_t i = 0; out->currency[i] != '\0'; i++) {
        if (out->currency[i] >= 'a' && out->currency[i] <= 'z') {
            out->currency[i] = (char) (out->currency[i] - 'a' + 'A');
        }
    }

    out->succeeded = strcmp(status, "succeeded") == 0;
    out->received_minor = json_integer_value(received);
    out->created_at = json_integer_value(created);

    (void) billing_gateway_text(json_object_get(intent, "metadata"),
                                "checkout", out->checkout,
                                BILLING_GATEWAY_ID_MAX);

    return true;
}
