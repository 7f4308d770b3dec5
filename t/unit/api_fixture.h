/* What the tests of the HTTP interface share. */

#ifndef API_FIXTURE_H
#define API_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/api/billing_api.h"

/* The whole file, exactly as long as it is, to free; tests run at the root. */
static inline char *
a_file(const char *name, size_t *len)
{
    char  *bytes;
    FILE  *file = fopen(name, "rb");

    if (file == NULL) {
        fail_msg("cannot open %s: run at the root of the source", name);
    }

    fseek(file, 0, SEEK_END);
    *len = (size_t) ftell(file);
    rewind(file);
    bytes = malloc(*len > 0 ? *len : 1);
    assert_int_equal(fread(bytes, 1, *len, file), *len);
    fclose(file);

    return bytes;
}

/* The text at a dotted place of a JSON value, "" when there is none. */
static inline const char *
text_at(const json_t *json, const char *path)
{
    char         name[64];
    const char  *text;

    while (*path != '\0') {
        size_t  n = strcspn(path, ".");

        snprintf(name, sizeof(name), "%.*s", (int) n, path);
        json = json_is_array(json)
               ? json_array_get(json, (size_t) atoi(name))
               : json_object_get(json, name);
        path += n + (path[n] == '.');
    }

    text = json_string_value(json);

    return text != NULL ? text : "";
}

#endif /* API_FIXTURE_H */
