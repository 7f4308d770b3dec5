/* Finding a refund of ours in the gateway's list, when its answer was lost. */

#include "billing_gateway.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#define BILLING_REFUND_PATH  "/v1/refunds?payment_intent=%s&limit=100"


static billing_outcome_t billing_refund_list(const json_t *list,
    const char *refund);
static bool billing_refund_is(const json_t *json, const char *name,
    const char *value);


billing_err_t
billing_gateway_refunds(const char *intent, billing_gateway_request_t *out)
{
    int  n;

    out->post = false;
    out->body[0] = '\0';
    out->body_len = 0;

    if (!billing_gateway_id(intent, strlen(intent))) {
        return BILLING_ERANGE;
    }

    n = snprintf(out->path, sizeof(out->path), BILLING_REFUND_PATH, intent);

    return n > 0 && (size_t) n < sizeof(out->path) ? BILLING_OK
                                                   : BILLING_ERANGE;
}


billing_outcome_t
billing_gateway_refunds_result(const billing_reply_t *reply,
    const char *refund)
{
    json_t             *json;
    billing_outcome_t   outcome;

    if (reply->status != 200) {
        return BILLING_OUTCOME_UNKNOWN;     /* disproves nothing */
    }

    json = billing_gateway_json(reply->body, reply->body_len);
    outcome = billing_refund_list(json, refund);
    json_decref(json);

    return outcome;
}


/* Only a list that is whole and clean proves that ours is not in it. */

static billing_outcome_t
billing_refund_list(const json_t *list, const char *refund)
{
    bool           clean;
    size_t         n;
    const json_t  *data, *one;

    data = json_object_get(list, "data");
    n = json_array_size(data);
    clean = billing_refund_is(list, "object", "list") && json_is_array(data)
            && json_is_false(json_object_get(list, "has_more"));

    for (size_t i = 0; i < n; i++) {
        one = json_array_get(data, i);
        clean = clean && billing_refund_is(one, "object", "refund");

        if (billing_refund_is(json_object_get(one, "metadata"), "checkout",
                              refund)
            && !billing_refund_is(one, "status", "failed")
            && !billing_refund_is(one, "status", "canceled"))
        {
            return BILLING_OUTCOME_SUCCEEDED;
        }
    }

    return clean ? BILLING_OUTCOME_FAILED : BILLING_OUTCOME_UNKNOWN;
}


static bool
billing_refund_is(const json_t *json, const char *name, const char *value)
{
    const char  *text = json_string_value(json_object_get(json, name));

    return text != NULL && strcmp(text, value) == 0;
}
