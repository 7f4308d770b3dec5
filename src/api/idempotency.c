/* The client's own name for one try of a purchase. */

#include "billing_api.h"

#include <string.h>


billing_reason_t
billing_idempotency_key(const char *value, size_t len, char *out)
{
    out[0] = '\0';

    /* The quoted form, which a structured header has, is the same key. */

    if (len >= 2 && value[0] == '"' && value[len - 1] == '"') {
        value++;
        len -= 2;
    }

    if (len < BILLING_IDEMPOTENCY_MIN || len > BILLING_IDEMPOTENCY_MAX) {
        return BILLING_IDEMPOTENCY_KEY_INVALID;
    }

    for (size_t i = 0; i < len; i++) {
        if (value[i] <= ' ' || value[i] > '~' || value[i] == ','
            || value[i] == '"')
        {
            return BILLING_IDEMPOTENCY_KEY_INVALID;
        }
    }

    memcpy(out, value, len);
    out[len] = '\0';

    return BILLING_ALLOW;
}
