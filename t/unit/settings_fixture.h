/* Settings of the tests: the whole file with one piece replaced. */

#ifndef SETTINGS_FIXTURE_H
#define SETTINGS_FIXTURE_H

#include "api_fixture.h"

static billing_settings_t  settings;
static char                settings_error[BILLING_SETTINGS_ERROR_MAX];

static inline billing_err_t
settings_with(const char *old, const char *new)
{
    char           *bytes, *text, *at;
    size_t          len;
    billing_err_t   rc;

    bytes = a_file("t/data/settings/good/whole.json", &len);
    text = calloc(1, len + strlen(new) + 1);
    memcpy(text, bytes, len);
    free(bytes);

    at = strstr(text, old);
    assert_non_null(at);
    memmove(at + strlen(new), at + strlen(old), strlen(at + strlen(old)) + 1);
    memcpy(at, new, strlen(new));

    rc = billing_settings_parse("x", text, strlen(text), &settings,
                                settings_error);
    free(text);

    return rc;
}

#endif /* SETTINGS_FIXTURE_H */
