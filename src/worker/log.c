/* The worker's log: standard error, one event a line. */

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "billing_infra.h"

#define BILLING_LOG_MAX    1024
#define BILLING_LOG_TRACE  64           /* of these, left for the trace */


static const char  *billing_log_ending;


void
billing_log_trace(const char *trace)
{
    billing_log_ending = trace;
}


void
billing_log(const char *format, ...)
{
    int              len;
    char             line[BILLING_LOG_MAX];
    size_t           start, end;
    va_list          args;
    struct tm        tm;
    struct timespec  ts;

    (void) clock_gettime(CLOCK_REALTIME, &ts);
    (void) gmtime_r(&ts.tv_sec, &tm);

    start = strftime(line, sizeof(line), "%Y-%m-%dT%H:%M:%SZ billing: ", &tm);

    va_start(args, format);
    len = vsnprintf(line + start, sizeof(line) - start - BILLING_LOG_TRACE,
                    format, args);
    va_end(args);

    end = start + (len > 0 ? (size_t) len : 0);
    if (end > sizeof(line) - BILLING_LOG_TRACE - 1) {
        end = sizeof(line) - BILLING_LOG_TRACE - 1;
    }

    if (billing_log_ending != NULL) {
        len = snprintf(line + end, BILLING_LOG_TRACE - 1, ", trace %s",
                       billing_log_ending);
        end += len < BILLING_LOG_TRACE - 1 ? (size_t) len
                                           : BILLING_LOG_TRACE - 2;
    }

    for (size_t i = start; i < end; i++) {
        if (line[i] < 0x20 || line[i] > 0x7e) {
            line[i] = '?';
        }
    }

    line[end] = '\n';

    /* One call, so that lines of several processes do not mix. */
    (void) !write(STDERR_FILENO, line, end + 1);
}
