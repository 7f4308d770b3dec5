/*
 * billing_gateway_charge_result, billing_gateway_search_result,
 * billing_gateway_object, billing_gateway_page.
 *
 * Input: two bytes of status, then a body.  Laws: success and action need our
 * checkout in a 200 or 402; an error of the server is never a failure; what
 * is copied out is printable.
 */

#include <stdlib.h>
#include <string.h>

#include "../../src/gateway/billing_gateway.h"

#define CHECKOUT  "op_1"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
printable(const char *text)
{
    for (/* void */; *text != '\0'; text++) {
        if (*text <= ' ' || *text > '~') {
            abort();
        }
    }
}


static void
sound(const billing_reply_t *reply, const billing_result_t *result)
{
    unsigned  status = reply->status;

    printable(result->intent);
    printable(result->client_secret);
    printable(result->brand);
    printable(result->last4);

    if (result->outcome == BILLING_OUTCOME_SUCCEEDED
        && (status != 200 || result->amount_minor != 9600
            || result->reason != BILLING_ALLOW
            || memmem(reply->body, reply->body_len, "9600", 4) == NULL))
    {
        abort();
    }

    if (result->outcome == BILLING_OUTCOME_ACTION
        && ((status != 200 && status != 402)
            || result->client_secret[0] == '\0'))
    {
        abort();
    }

    if (result->outcome == BILLING_OUTCOME_FAILED
        && (status >= 500 || status < 200 || status == 429
            || result->reason == BILLING_ALLOW))
    {
        abort();
    }

    if (result->retry_after_sec > 3600) {
        abort();
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool               more;
    char               after[BILLING_GATEWAY_ID_MAX + 1];
    billing_reply_t    reply;
    billing_result_t   result;

    static billing_gateway_page_t  page;

    billing_charge_t   charge = {
        .customer = "cus_1", .payment_method = "pm_1", .checkout = CHECKOUT,
        .team = "t_1", .attempt = 1,
        .amount = { 9600, billing_currency_parse("USD", 3) }
    };

    if (size < 2) {
        return 0;
    }

    /* Of the statuses that mean something each has its share. */

    static const unsigned  statuses[] = {
        200, 200, 200, 402, 402, 400, 404, 409, 429, 500, 503, 0
    };

    reply = (billing_reply_t) {
        .status = data[0] < 200 ? statuses[data[0] % 12] : data[0] * 3u,
        .retry_after_sec = data[1] * 1000u,
        .body = (const char *) data + 2, .body_len = size - 2
    };

    billing_gateway_charge_result(&charge, &reply, true, &result);
    sound(&reply, &result);

    billing_gateway_search_result(&charge, &reply, &result, &more, after);
    sound(&reply, &result);
    printable(after);

    if (more != (after[0] != '\0')
        || (more && result.outcome != BILLING_OUTCOME_UNKNOWN))
    {
        abort();
    }

    if (billing_gateway_object(&reply, "payment_intent", &result)
        == BILLING_OK && (reply.status != 200 || result.intent[0] == '\0'))
    {
        abort();
    }

    printable(result.intent);
    printable(result.client_secret);

    if (billing_gateway_page(&reply, &page) != BILLING_OK) {
        return 0;
    }

    if (reply.status != 200 || page.n > BILLING_GATEWAY_LIST_MAX
        || (page.more && page.n == 0))
    {
        abort();
    }

    for (size_t i = 0; i < page.n; i++) {
        printable(page.payments[i].id);
        printable(page.payments[i].checkout);
        printable(page.payments[i].currency);
    }

    return 0;
}
