/*
 * Where in a text of JSON a pointer's value stands.
 *
 * jansson tells line and column of a syntax error only.  The text walked here
 * has been accepted by it, so what is not expected just ends the walk.
 */

#include "billing_api.h"

#include <stdlib.h>
#include <string.h>


typedef struct {
    const char  *at;
    const char  *end;
} billing_scan_t;


static bool billing_locate_step(billing_scan_t *scan, const char *token,
    size_t len, const char **key);
static bool billing_locate_member(billing_scan_t *scan, const char *token,
    size_t len, const char **key);
static bool billing_locate_element(billing_scan_t *scan, const char *token,
    size_t len);
static void billing_locate_blanks(billing_scan_t *scan);
static void billing_locate_skip(billing_scan_t *scan);
static bool billing_locate_same(const char *key, size_t key_len,
    const char *token, size_t len);
static billing_place_t billing_locate_count(const char *text,
    const char *at);


billing_place_t
billing_locate(const char *text, size_t len, const char *pointer, bool key)
{
    const char      *found_key = NULL;
    billing_scan_t   scan = { text, text + len };
    billing_scan_t   found;

    billing_locate_blanks(&scan);
    found = scan;

    while (*pointer == '/') {
        size_t  n = strcspn(pointer + 1, "/");

        found_key = NULL;

        if (!billing_locate_step(&scan, pointer + 1, n, &found_key)) {
            break;
        }

        billing_locate_blanks(&scan);
        found = scan;
        pointer += n + 1;
    }

    /* What does not exist is shown where it should be: in its parent. */

    return billing_locate_count(text, key && *pointer == '\0'
                                      && found_key != NULL ? found_key
                                                           : found.at);
}


/* From the start of a value to the start of its member or element. */

static bool
billing_locate_step(billing_scan_t *scan, const char *token, size_t len,
    const char **key)
{
    if (scan->at == scan->end) {
        return false;
    }

    if (*scan->at == '{') {
        scan->at++;
        return billing_locate_member(scan, token, len, key);
    }

    if (*scan->at == '[') {
        scan->at++;
        return billing_locate_element(scan, token, len);
    }

    return false;
}


static bool
billing_locate_member(billing_scan_t *scan, const char *token, size_t len,
    const char **key)
{
    while (scan->at < scan->end) {
        const char  *name;

        billing_locate_blanks(scan);

        if (scan->at == scan->end || *scan->at != '"') {
            return false;
        }

        name = scan->at;
        billing_locate_skip(scan);

        if (billing_locate_same(name, (size_t) (scan->at - name), token, len))
        {
            billing_locate_blanks(scan);
            scan->at += scan->at < scan->end;           /* the colon */
            *key = name;
            return true;
        }

        billing_locate_blanks(scan);
        scan->at += scan->at < scan->end;
        billing_locate_blanks(scan);
        billing_locate_skip(scan);
        billing_locate_blanks(scan);

        if (scan->at == scan->end || *scan->at != ',') {
            return false;
        }

        scan->at++;
    }

    return false;
}


static bool
billing_locate_element(billing_scan_t *scan, const char *token, size_t len)
{
    size_t  index = 0;

    for (size_t i = 0; i < len; i++) {
        if (token[i] < '0' || token[i] > '9' || index > BILLING_SETTINGS_MAX) {
            return false;
        }

        index = index * 10 + (size_t) (token[i] - '0');
    }

    while (index > 0) {
        billing_locate_blanks(scan);
        billing_locate_skip(scan);
        billing_locate_blanks(scan);

        if (scan->at == scan->end || *scan->at != ',') {
            return false;
        }

        scan->at++;
        index--;
    }

    return true;
}


static void
billing_locate_blanks(billing_scan_t *scan)
{
    while (scan->at < scan->end
           && (*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\t'
               || *scan->at == '\r'))
    {
        scan->at++;
    }
}


/* Over one value of any kind, counting brackets instead of recursing. */

static void
billing_locate_skip(billing_scan_t *scan)
{
    bool    quoted = false;
    size_t  depth = 0;

    for (/* void */; scan->at < scan->end; scan->at++) {
        char  c = *scan->at;

        if (quoted) {
            if (c == '\\' && scan->at + 1 < scan->end) {
                scan->at++;
            }

            quoted = c != '"';

            if (!quoted && depth == 0) {
                scan->at++;
                return;
            }

            continue;
        }

        quoted = c == '"';

        if (c == '{' || c == '[') {
            depth++;
        }

        if (c == '}' || c == ']') {
            if (depth <= 1) {
                scan->at += depth;
                return;
            }

            depth--;
        }

        if (depth == 0 && (c == ',' || c == ':' || c == ' ' || c == '\n'
                           || c == '\t' || c == '\r'))
        {
            return;
        }
    }
}


/* A quoted key, perhaps with escapes, against a token with ~0 and ~1. */

static bool
billing_locate_same(const char *key, size_t key_len, const char *token,
    size_t len)
{
    bool           same;
    size_t         k = 0;
    json_t        *json;
    const char    *name;
    json_error_t   error;

    json = json_loadb(key, key_len, JSON_DECODE_ANY, &error);
    name = json_string_value(json);
    same = name != NULL;

    for (size_t i = 0; same && i < len; i++, k++) {
        char  c = token[i];

        if (c == '~' && i + 1 < len) {
            c = token[++i] == '0' ? '~' : '/';
        }

        same = k < json_string_length(json) && name[k] == c;
    }

    same = same && k == json_string_length(json);
    json_decref(json);

    return same;
}


/* Columns are characters, as jansson counts them. */

static billing_place_t
billing_locate_count(const char *text, const char *at)
{
    billing_place_t  place = { 1, 1 };

    for (/* void */; text < at; text++) {
        if (*text == '\n') {
            place.line++;
            place.column = 1;
            continue;
        }

        place.column += ((unsigned char) *text & 0xc0) != 0x80;
    }

    return place;
}
