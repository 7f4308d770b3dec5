/*
 * The statements of a worker as they reached its database, in a file:
 *
 *   T  i64 microseconds (CLOCK_MONOTONIC), u32 length, text: no parameters
 *   D  u32 number, u32 length, text: a statement gets a number
 *   Q  u32 number, u8 n, then each value: type, i64 length or number, bytes
 *   L  as Q, but what comes of it may be told later
 *   S  it is asked for now
 *   N  u32 number: the next step
 *   R  u32 number: it is done
 */

#ifndef BILLING_BENCH_TRACE_H
#define BILLING_BENCH_TRACE_H

#include <stdint.h>
#include <time.h>

#include "../src/worker/billing_infra.h"

#define TRACE_STATEMENTS_MAX  1024
#define TRACE_NULL            (-1)


static inline int64_t
trace_now_us(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (int64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

#endif /* BILLING_BENCH_TRACE_H */
