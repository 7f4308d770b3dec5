/*
 * The wall clock of the gateway's retries, in a file of its own so that a
 * test can put another in its place.
 */

#include <time.h>

#include "billing_business.h"


int64_t
billing_worker_wall(const billing_worker_t *w)
{
    (void) w;

    return (int64_t) time(NULL);
}
