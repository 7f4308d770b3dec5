/* The worker's log: standard error, one event a line. */

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "billing_infra.h"

#define BILLING_LOG_MAX  1024


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
    len = vsnprintf(line + start, sizeof(line) - start - 1, format, args);
    va_end(args);

    end = start + (len > 0 ? (size_t) len : 0);
    if (end > sizeof(line) - 2) {
        end = sizeof(line) - 2;
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
