/*
 * After so many declined cards in so short a time, or so many purchases, comes
 * a pause (P54).
 */

#include "billing_domain.h"

#define BILLING_DECLINE_WINDOW_SEC  600
#define BILLING_DECLINE_PAUSE_SEC   1800
#define BILLING_PURCHASES_SEC       3600


/*
 * Newest first; whatever came during a pause, from a try that had begun
 * before it, prolongs it.
 */

int64_t
billing_decline_until(const int64_t *at, unsigned n)
{
    unsigned  i;

    for (i = 0; i + BILLING_DECLINES_MAX <= n; i++) {
        if (at[i] - at[i + BILLING_DECLINES_MAX - 1]
            <= BILLING_DECLINE_WINDOW_SEC)
        {
            return at[i] + BILLING_DECLINE_PAUSE_SEC;
        }
    }

    return 0;
}


int64_t
billing_purchases_until(const int64_t *at, unsigned n)
{
    return n < BILLING_PURCHASES_MAX
           ? 0 : at[BILLING_PURCHASES_MAX - 1] + BILLING_PURCHASES_SEC;
}
