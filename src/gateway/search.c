/* Finding our payment in the gateway's list, when its answer was lost. */

#include "billing_gateway.h"

#include <string.h>

#include <jansson.h>


static void billing_search_list(const billing_charge_t *charge,
    const json_t *list, billing_result_t *out, bool *more,
    char after[BILLING_GATEWAY_ID_MAX + 1]);
static bool billing_search_page(const billing_charge_t *charge,
    const json_t *data, billing_result_t *out,
    char after[BILLING_GATEWAY_ID_MAX + 1]);


void
billing_gateway_search_result(const billing_charge_t *charge,
    const billing_reply_t *reply, billing_result_t *out, bool *more,
    char after[BILLING_GATEWAY_ID_MAX + 1])
{
    json_t  *json;

    memset(out, 0, sizeof(*out));
    out->reason = BILLING_PAYMENT_UNKNOWN;
    *more = false;
    after[0] = '\0';

    if (reply->status != 200) {
        billing_gateway_error(charge, reply, out);

        /* A failed search disproves nothing. */

        if (out->outcome != BILLING_OUTCOME_WAIT) {
            memset(out, 0, sizeof(*out));
            out->reason = BILLING_PAYMENT_UNKNOWN;
        }

        return;
    }

    json = billing_gateway_json(reply->body, reply->body_len);
    billing_search_list(charge, json, out, more, after);
    json_decref(json);
}


static void
billing_search_list(const billing_charge_t *charge, const json_t *list,
    billing_result_t *out, bool *more, char after[BILLING_GATEWAY_ID_MAX + 1])
{
    char           object[8];
    const json_t  *data = json_object_get(list, "data");
    const json_t  *has_more = json_object_get(list, "has_more");

    if (!billing_gateway_text(list, "object", object, 7)
        || strcmp(object, "list") != 0 || !json_is_array(data)
        || !json_is_boolean(has_more))
    {
        return;
    }

    if (billing_search_page(charge, data, out, after)) {
        after[0] = '\0';
        return;
    }

    if (json_is_true(has_more)) {
        *more = after[0] != '\0';
        return;
    }

    /* Unreadable entries may be ours: only a clean list proves absence. */

    if (after[0] == '\0' && json_array_size(data) > 0) {
        return;
    }

    after[0] = '\0';
    out->outcome = BILLING_OUTCOME_FAILED;
    out->reason = BILLING_GATEWAY_UNAVAILABLE;
}


/*
 * True when our payment is on the page.  Otherwise after is the last id, or
 * "" when the page is empty or has an entry that is no payment intent.
 */

static bool
billing_search_page(const billing_charge_t *charge, const json_t *data,
    billing_result_t *out, char after[BILLING_GATEWAY_ID_MAX + 1])
{
    bool    found = false;
    bool    clean = true;
    char    object[16];
    size_t  n = json_array_size(data);

    for (size_t i = 0; i < n; i++) {
        billing_result_t   result;
        const json_t      *intent = json_array_get(data, i);

        if (!billing_gateway_text(intent, "object", object, 15)
            || strcmp(object, "payment_intent") != 0
            || !billing_gateway_text(intent, "id", after,
                                     BILLING_GATEWAY_ID_MAX)
            || !billing_gateway_id(after, strlen(after)))
        {
            clean = false;
            continue;
        }

        if (!billing_gateway_ours(charge, intent)) {
            continue;
        }

        billing_gateway_intent(charge, intent, &result);

        /* Should one attempt ever have two payments, money decides. */

        if (!found || result.outcome == BILLING_OUTCOME_SUCCEEDED
            || result.outcome == BILLING_OUTCOME_MISMATCH)
        {
            *out = result;
        }

        found = true;
    }

    if (!clean) {
        after[0] = '\0';
    }

    return found;
}
