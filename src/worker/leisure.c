/*
 * When there is time for what nobody waits for: paper and mails.  Once it has
 * been quiet for a moment, at any time; while others are waiting, an eighth of
 * the time, so that a busy day delays a receipt and does not lose it.
 */

#include "billing_infra.h"

#define BILLING_LEISURE_QUIET_MS  20
#define BILLING_LEISURE_OTHERS    7     /* parts of eight */


void
billing_leisure_busy(billing_leisure_t *leisure, int64_t mono_ms)
{
    leisure->quiet_ms = mono_ms + BILLING_LEISURE_QUIET_MS;
}


void
billing_leisure_spent(billing_leisure_t *leisure, int64_t began_ms,
    int64_t mono_ms)
{
    int64_t  took = mono_ms - began_ms;

    leisure->next_ms = mono_ms + BILLING_LEISURE_OTHERS
                                 * (took > 0 ? took : 1);
}


int64_t
billing_leisure_ms(const billing_leisure_t *leisure)
{
    return leisure->quiet_ms < leisure->next_ms ? leisure->quiet_ms
                                                : leisure->next_ms;
}


int64_t
billing_leisure_due_ms(const billing_worker_t *w)
{
    int64_t                 at, due = billing_mail_due_ms(w);
    const billing_infra_t  *infra = billing_infra(w);

    if (infra->print_ms < due) {
        due = infra->print_ms;
    }

    at = billing_leisure_ms(&infra->leisure);

    return due > at ? due : at;
}
