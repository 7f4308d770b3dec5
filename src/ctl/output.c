/* Output and files: answers, problems, and billing.json. */

#include "billing_ctl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define BILLING_DATE_LEN  10


static size_t billing_ctl_file(const char *name, char *bytes, size_t size);


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
