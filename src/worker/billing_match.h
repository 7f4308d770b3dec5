/*
 * The gateway's list against our own rows (P9): what was captured and has no
 * checkout that was granted for it.
 */

#ifndef BILLING_MATCH_H
#define BILLING_MATCH_H

#include "billing_business.h"

#define BILLING_MATCH_SEC          300
#define BILLING_MATCH_OVERLAP_SEC  3600     /* a 3-D Secure takes its time */
#define BILLING_MATCH_WHOLE_SEC    86400    /* between two long looks */
#define BILLING_MATCH_LONG_SEC     172800


/* Begins a look, or goes on with one that a worker left behind. */
BILLING_MUST_CHECK billing_db_rc_t billing_match_sweep(billing_worker_t *w,
    int64_t wall, int64_t *next_wall);

/* One page of the list. */
BILLING_MUST_CHECK billing_db_rc_t billing_match_reply(billing_worker_t *w,
    const billing_call_t *call, const billing_reply_t *reply, int64_t now);

/*
 * Money for a checkout that was never granted for it: back if our own row
 * proves so (known), else an alert.  Once for each payment.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_stray_found(billing_worker_t *w,
    const billing_gateway_payment_t *payment, bool known, int64_t now);
BILLING_MUST_CHECK billing_db_rc_t billing_stray_sweep(billing_worker_t *w,
    int64_t wall, int64_t *next_wall);
BILLING_MUST_CHECK billing_db_rc_t billing_stray_reply(billing_worker_t *w,
    const billing_call_t *call, const billing_reply_t *reply, int64_t now);


#endif
