/* What the tests of the gateway share: one charge, and replies to it. */

#ifndef GATEWAY_FIXTURE_H
#define GATEWAY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/gateway/billing_gateway.h"

#define CHECKOUT  "op_0123456789abcdef0123456789abcdef"

static inline billing_charge_t
a_charge(void)
{
    return (billing_charge_t) {
        .customer = "cus_1", .payment_method = "pm_1", .checkout = CHECKOUT,
        .team = "t_1", .attempt = 2,
        .amount = { 9600, billing_currency_parse("USD", 3) }
    };
}

static inline billing_reply_t
a_reply(unsigned status, const char *body)
{
    return (billing_reply_t) {
        .status = status, .body = body, .body_len = strlen(body)
    };
}

#endif /* GATEWAY_FIXTURE_H */
