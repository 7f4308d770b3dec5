/* What the tests of the store share: keys, and bytes changed one by one. */

#ifndef STORE_FIXTURE_H
#define STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/store/billing_store.h"

#define BYTES(text)  ((billing_bytes_t) { (text), strlen(text) })

/* Keys of a fixed master secret; another seed gives other keys. */
static inline billing_secret_t
a_secret(uint8_t seed)
{
    uint8_t           master[32];
    billing_secret_t  secret;

    memset(master, seed, sizeof(master));
    assert_int_equal(billing_secret_derive(master, sizeof(master), &secret),
                     BILLING_OK);

    return secret;
}

#endif /* STORE_FIXTURE_H */
