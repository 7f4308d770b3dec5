/* Output and files: answers, problems, and billing.json. */

#include "billing_ctl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BILLING_DATE_LEN              10
#define BILLING_CTL_PROGRESS_MS       2000  /* shorter waits need no word */
#define BILLING_CTL_PROGRESS_STEP_MS  200


typedef struct {
    int64_t  since_ms;                  /* 0: nothing goes on */
    int64_t  shown_ms;
    bool     terminal;
} billing_ctl_progress_t;


static size_t billing_ctl_file(const char *name, char *bytes, size_t size);


static billing_ctl_progress_t  billing_ctl_going;


int
billing_ctl_print(json_t *object, int status)
{
    int  rc;

    if (object == NULL) {
        (void) fputs("billingctl: out of memory\n", stderr);
        return BILLING_CTL_USAGE;
    }

    rc = json_dumpf(object, stdout, JSON_INDENT(2));
    json_decref(object);

    if (rc != 0 || putchar('\n') == EOF || fflush(stdout) != 0) {
        (void) fputs("billingctl: cannot write the answer\n", stderr);
        return BILLING_CTL_USAGE;
    }

    return status;
}


int
billing_ctl_refuse(const billing_ctl_input_t *in)
{
    json_t  *args, *problem;

    args = json_pack("{ss}", "why", in->why);
    problem = billing_problem(in->reason, BILLING_LANG_EN, in->field, args);
    json_decref(args);

    return billing_ctl_print(problem, BILLING_CTL_REFUSED);
}


json_t *
billing_ctl_date(int64_t at, bool date_only)
{
    char  text[BILLING_INSTANT_LEN + 1];

    billing_instant_format(at, text);

    if (date_only) {
        text[BILLING_DATE_LEN] = '\0';
    }

    return json_string(text);
}


bool
billing_ctl_settings(const billing_ctl_t *ctl, billing_settings_t *settings)
{
    static char  bytes[BILLING_SETTINGS_MAX + 1];

    char    error[BILLING_SETTINGS_ERROR_MAX];
    size_t  len;

    if (ctl->config == NULL) {
        (void) fputs("billingctl: --config FILE is needed\n", stderr);
        return false;
    }

    errno = 0;
    len = billing_ctl_file(ctl->config, bytes, sizeof(bytes));

    if (len == 0 || len > BILLING_SETTINGS_MAX) {
        (void) fprintf(stderr, "billingctl: %s: %s\n", ctl->config,
                       errno != 0 ? strerror(errno)
                                  : "empty, or over 1 MiB");
        return false;
    }

    if (billing_settings_parse(ctl->config, bytes, len, settings, error)
        != BILLING_OK)
    {
        (void) fprintf(stderr, "billingctl: %s\n", error);
        return false;
    }

    return true;
}


static size_t
billing_ctl_file(const char *name, char *bytes, size_t size)
{
    FILE    *file;
    size_t   len;

    file = fopen(name, "rb");

    if (file == NULL) {
        return 0;
    }

    len = fread(bytes, 1, size, file);

    if (ferror(file)) {
        len = 0;
    }

    (void) fclose(file);

    return len;
}


int
billing_ctl_flush(int status)
{
    billing_ctl_progress_end();

    if (ferror(stdout) || fflush(stdout) != 0) {
        return billing_ctl_fail("cannot write the answer");
    }

    return status;
}


int
billing_ctl_fail(const char *format, ...)
{
    va_list  args;

    billing_ctl_progress_end();

    va_start(args, format);
    (void) fputs("billingctl: ", stderr);
    (void) vfprintf(stderr, format, args);
    (void) fputc('\n', stderr);
    va_end(args);

    return BILLING_CTL_USAGE;
}


void
billing_ctl_progress(const billing_ctl_t *ctl, const char *what,
    uint64_t done, uint64_t total)
{
    int64_t                  now = billing_clock_mono_ms();
    billing_ctl_progress_t  *going = &billing_ctl_going;

    if (going->since_ms == 0) {
        *going = (billing_ctl_progress_t) {
            .since_ms = now, .terminal = isatty(STDERR_FILENO) == 1
        };
    }

    if ((!going->terminal && (ctl->given & BILLING_CTL_PROGRESS) == 0)
        || now - going->since_ms < BILLING_CTL_PROGRESS_MS
        || now - going->shown_ms < BILLING_CTL_PROGRESS_STEP_MS)
    {
        return;
    }

    going->shown_ms = now;

    (void) fprintf(stderr, "%s%s: %llu", going->terminal ? "\r\033[K" : "",
                   what, (unsigned long long) done);

    if (total != 0) {
        (void) fprintf(stderr, " of %llu", (unsigned long long) total);
    }

    if (!going->terminal) {
        (void) fputc('\n', stderr);
    }
}


void
billing_ctl_progress_end(void)
{
    if (billing_ctl_going.terminal && billing_ctl_going.shown_ms != 0) {
        (void) fputs("\r\033[K", stderr);
    }

    billing_ctl_going = (billing_ctl_progress_t) { .since_ms = 0 };
}
