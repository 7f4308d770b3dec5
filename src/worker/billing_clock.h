/* The worker's clocks: the business's, and whether it can be trusted. */

#ifndef BILLING_CLOCK_H
#define BILLING_CLOCK_H

#include "billing_worker.h"


BILLING_MUST_CHECK billing_db_rc_t billing_clock_load(billing_worker_t *w);

/* True while a step of the wall clock forbids money work by time (P55). */
bool billing_clock_frozen(billing_worker_t *w);

/* In a transaction: what the next process is to compare its clock with. */
BILLING_MUST_CHECK billing_db_rc_t billing_clock_keep(billing_worker_t *w,
    int64_t mono_ms);

/* Somebody has looked (HUP): a clock that jumped is right as it is now. */
void billing_clock_confirm(billing_worker_t *w);

/* Tells nginx when it changed; again = to a Redis that may not know it. */
void billing_clock_publish(billing_worker_t *w, bool again);


#endif
