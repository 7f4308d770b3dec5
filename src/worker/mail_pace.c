/*
 * How many mails one receiver has to bear in a minute.  What is over it waits
 * in the outbox; a few domains at a time are watched, as a few are large.
 */

#include <stdio.h>
#include <string.h>

#include "billing_infra.h"

#define BILLING_PACE_WINDOW_MS  60000


/* The one at the back is the longest without a mail. */

static billing_pace_domain_t *
billing_pace_find(billing_pace_t *pace, const char *domain)
{
    billing_pace_domain_t  found = { .window_ms = 0 };
    size_t                 i;

    for (i = 0; i < BILLING_PACE_DOMAINS; i++) {
        if (strcmp(pace->domains[i].name, domain) == 0) {
            break;
        }
    }

    if (i == BILLING_PACE_DOMAINS) {
        (void) snprintf(found.name, sizeof(found.name), "%s", domain);
        i--;

    } else {
        found = pace->domains[i];
    }

    memmove(&pace->domains[1], &pace->domains[0],
            i * sizeof(pace->domains[0]));
    pace->domains[0] = found;

    return &pace->domains[0];
}


bool
billing_pace_may(billing_pace_t *pace, const char *domain, uint32_t limit,
    int64_t mono_ms)
{
    billing_pace_domain_t  *d;

    if (limit == 0) {
        return true;
    }

    d = billing_pace_find(pace, domain);

    if (mono_ms - d->window_ms >= BILLING_PACE_WINDOW_MS) {
        d->window_ms = mono_ms;
        d->n = 0;
    }

    if (d->n >= limit) {
        return false;
    }

    d->n++;

    return true;
}


unsigned
billing_pace_full(const billing_pace_t *pace, uint32_t limit, int64_t mono_ms,
    char names[BILLING_PACE_FULL][BILLING_EMAIL_MAX + 1])
{
    unsigned  n = 0;

    for (unsigned i = 0; i < BILLING_PACE_FULL; i++) {
        memcpy(names[i], "-", 2);       /* no domain */
    }

    for (size_t i = 0; limit > 0 && i < BILLING_PACE_DOMAINS
                       && n < BILLING_PACE_FULL; i++)
    {
        const billing_pace_domain_t  *d = &pace->domains[i];

        if (d->n >= limit && mono_ms - d->window_ms < BILLING_PACE_WINDOW_MS)
        {
            memcpy(names[n++], d->name, sizeof(d->name));
        }
    }

    return n;
}
