/* Typed reading of settings; the first mistake is kept, with its place. */

#include "billing_api.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>


#define BILLING_READER_LIST_MAX  128


static void billing_reader_push(billing_reader_t *reader, const char *token);
static void billing_reader_list(const char *const *names, char *out,
    size_t max);
static const json_t *billing_reader_member(billing_reader_t *reader,
    const json_t *object, const char *member, bool required);


void
billing_reader_fail(billing_reader_t *reader, const char *member,
    const char *format, ...)
{
    int              n;
    size_t           len = reader->pointer_len;
    va_list          args;
    billing_place_t  place;

    if (reader->failed) {
        return;
    }

    if (member != NULL) {
        billing_reader_push(reader, member);
    }

    place = billing_locate(reader->text, reader->len, reader->pointer,
                           reader->key);

    n = snprintf(reader->error, BILLING_SETTINGS_ERROR_MAX, "%s:%u:%u: %s%s",
                 reader->name, place.line, place.column, reader->pointer,
                 reader->pointer_len > 0 ? ": " : "");

    if (n > 0 && n < BILLING_SETTINGS_ERROR_MAX) {
        va_start(args, format);
        (void) vsnprintf(reader->error + n,
                         BILLING_SETTINGS_ERROR_MAX - (size_t) n, format,
                         args);
        va_end(args);
    }

    reader->failed = true;
    reader->pointer_len = len;
    reader->pointer[len] = '\0';
}


void
billing_reader_known(billing_reader_t *reader, const json_t *object,
    const char *const *names)
{
    void        *iter;
    json_t      *json = (json_t *) (uintptr_t) object;
    const char  *key;

    for (iter = json_object_iter(json); iter != NULL;
         iter = json_object_iter_next(json, iter))
    {
        const char *const  *name = names;

        key = json_object_iter_key(iter);

        while (*name != NULL && strcmp(*name, key) != 0) {
            name++;
        }

        if (*name == NULL) {
            reader->key = true;
            billing_reader_fail(reader, key, "unknown key: correct its "
                                "spelling, or take it out");
            return;
        }
    }
}


const json_t *
billing_reader_object(billing_reader_t *reader, const json_t *object,
    const char *member, bool required)
{
    const json_t  *value;

    value = billing_reader_member(reader, object, member, required);

    if (value == NULL) {
        return NULL;
    }

    if (!json_is_object(value)) {
        billing_reader_fail(reader, member, "must be an object");
        return NULL;
    }

    billing_reader_push(reader, member);

    return value;
}


const json_t *
billing_reader_array(billing_reader_t *reader, const json_t *object,
    const char *member, size_t max)
{
    const json_t  *value;

    value = billing_reader_member(reader, object, member, false);

    if (value == NULL) {
        return NULL;
    }

    if (!json_is_array(value)) {
        billing_reader_fail(reader, member, "must be a list");
        return NULL;
    }

    if (json_array_size(value) > max) {
        billing_reader_fail(reader, member, "has more than %zu entries", max);
        return NULL;
    }

    billing_reader_push(reader, member);

    return value;
}


void
billing_reader_enter(billing_reader_t *reader, const char *member)
{
    billing_reader_push(reader, member);
}


void
billing_reader_enter_index(billing_reader_t *reader, size_t index)
{
    char  token[24];

    (void) snprintf(token, sizeof(token), "%zu", index);
    billing_reader_push(reader, token);
}


void
billing_reader_leave(billing_reader_t *reader)
{
    while (reader->pointer_len > 0
           && reader->pointer[--reader->pointer_len] != '/')
    {
        /* back to the slash */
    }

    reader->pointer[reader->pointer_len] = '\0';
}


int64_t
billing_reader_integer(billing_reader_t *reader, const json_t *object,
    const char *member, billing_range_t range)
{
    const json_t  *value;

    value = billing_reader_member(reader, object, member,
                                  range.absent < range.min);

    if (value == NULL) {
        return range.absent;
    }

    if (!json_is_integer(value)) {
        billing_reader_fail(reader, member, "must be a whole number");
        return range.absent;
    }

    if (json_integer_value(value) < range.min
        || json_integer_value(value) > range.max)
    {
        billing_reader_fail(reader, member,
                            "must be from %" PRId64 " to %" PRId64,
                            range.min, range.max);
        return range.absent;
    }

    return json_integer_value(value);
}


bool
billing_reader_bool(billing_reader_t *reader, const json_t *object,
    const char *member)
{
    const json_t  *value;

    value = billing_reader_member(reader, object, member, false);

    if (value == NULL) {
        return false;
    }

    if (!json_is_boolean(value)) {
        billing_reader_fail(reader, member, "must be true or false");
        return false;
    }

    return json_is_true(value);
}


unsigned
billing_reader_choice(billing_reader_t *reader, const json_t *object,
    const char *member, const char *const *names)
{
    char         list[BILLING_READER_LIST_MAX];
    const char  *word = billing_reader_text(reader, object, member, 32);

    if (reader->failed || json_object_get(object, member) == NULL) {
        return 0;
    }

    for (unsigned i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], word) == 0) {
            return i;
        }
    }

    billing_reader_list(names, list, sizeof(list));
    billing_reader_fail(reader, member, "must be %s", list);

    return 0;
}


const char *
billing_reader_text(billing_reader_t *reader, const json_t *object,
    const char *member, size_t max)
{
    size_t         len;
    const char    *text;
    const json_t  *value;

    value = billing_reader_member(reader, object, member, false);

    if (value == NULL) {
        return "";
    }

    if (!json_is_string(value)) {
        billing_reader_fail(reader, member, "must be a text");
        return "";
    }

    text = json_string_value(value);
    len = json_string_length(value);

    if (len >= max) {
        billing_reader_fail(reader, member, "is longer than %zu bytes",
                            max - 1);
        return "";
    }

    for (size_t i = 0; i < len; i++) {
        if ((unsigned char) text[i] < ' ' || text[i] == '\x7f') {
            billing_reader_fail(reader, member,
                                "has a control character");
            return "";
        }
    }

    return text;
}


void
billing_reader_copy(billing_reader_t *reader, const json_t *object,
    const char *member, char *out, size_t max)
{
    const char  *text = billing_reader_text(reader, object, member, max);

    memcpy(out, text, strlen(text) + 1);
}


void
billing_reader_copy_required(billing_reader_t *reader, const json_t *object,
    const char *member, char *out, size_t max)
{
    out[0] = '\0';

    if (billing_reader_member(reader, object, member, true) == NULL) {
        return;
    }

    billing_reader_copy(reader, object, member, out, max);

    if (out[0] == '\0') {
        billing_reader_fail(reader, member, "is empty");
    }
}


int64_t
billing_reader_instant(billing_reader_t *reader, const json_t *object,
    const char *member)
{
    bool         date_only;
    int64_t      at = 0;
    const char  *text;

    text = billing_reader_text(reader, object, member, 40);

    if (text[0] != '\0'
        && billing_instant_parse(text, strlen(text), &at, &date_only)
           != BILLING_OK)
    {
        billing_reader_fail(reader, member, "must be a date or an instant, "
                            "as 2026-03-01T09:30:00Z");
        return 0;
    }

    return at;
}


void
billing_reader_file(billing_reader_t *reader, const char *member,
    const char *file, char out[BILLING_FILE_NAME_MAX])
{
    int          n;
    int          folder = 0;
    const char  *slash = strrchr(reader->name, '/');

    if (file[0] != '/' && slash != NULL) {
        folder = (int) (slash + 1 - reader->name);
    }

    n = snprintf(out, BILLING_FILE_NAME_MAX, "%.*s%s", folder, reader->name,
                 file);

    if (n < 0 || n >= BILLING_FILE_NAME_MAX) {
        out[0] = '\0';
        billing_reader_fail(reader, member, "is too long a file name");
    }
}


void
billing_reader_file_of(billing_reader_t *reader, const json_t *object,
    const char *member, char out[BILLING_FILE_NAME_MAX])
{
    const char  *file = billing_reader_text(reader, object, member,
                                            BILLING_FILE_NAME_MAX);

    if (file[0] != '\0') {
        billing_reader_file(reader, member, file, out);
    }
}


/* "a, b or c"; cut when too long. */

static void
billing_reader_list(const char *const *names, char *out, size_t max)
{
    size_t  n = 0;

    out[0] = '\0';

    for (size_t i = 0; names[i] != NULL && n < max; i++) {
        n += (size_t) snprintf(out + n, max - n, "%s%s",
                               i == 0 ? "" : names[i + 1] != NULL ? ", "
                                                                  : " or ",
                               names[i]);
    }
}


/* One more token on the pointer, escaped (RFC 6901); cut when too long. */

static void
billing_reader_push(billing_reader_t *reader, const char *token)
{
    char    *out = reader->pointer;
    size_t   n = reader->pointer_len;

    if (n + 1 < BILLING_POINTER_MAX) {
        out[n++] = '/';
    }

    for (/* void */; *token != '\0' && n + 2 < BILLING_POINTER_MAX; token++) {
        unsigned char  c = (unsigned char) *token;

        if (c == '~' || c == '/') {
            out[n++] = '~';
            c = c == '~' ? '0' : '1';
        }

        out[n++] = (char) (c < ' ' || c == 0x7f ? '?' : c);
    }

    out[n] = '\0';
    reader->pointer_len = n;
}


static const json_t *
billing_reader_member(billing_reader_t *reader, const json_t *object,
    const char *member, bool required)
{
    const json_t  *value;

    if (reader->failed || object == NULL) {
        return NULL;
    }

    value = json_object_get(object, member);

    if (value == NULL && required) {
        billing_reader_fail(reader, NULL, "%s is missing", member);
    }

    return value;
}
