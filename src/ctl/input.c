/* Input: one JSON object from standard input, read member by member. */

#include "billing_ctl.h"

#include <stdio.h>
#include <string.h>

#define BILLING_CTL_INPUT_MAX  BILLING_SETTINGS_MAX


static bool billing_ctl_moment(const json_t *value, int64_t *at,
    bool *date_only);
static const json_t *billing_ctl_member(const billing_ctl_input_t *in,
    const char *name);


void
billing_ctl_input_init(billing_ctl_input_t *in)
{
    static char   bytes[BILLING_CTL_INPUT_MAX + 1];

    size_t        len;
    json_error_t  error;

    *in = (billing_ctl_input_t) { .path = "" };

    len = fread(bytes, 1, sizeof(bytes), stdin);

    if (len > BILLING_CTL_INPUT_MAX) {
        billing_ctl_fault(in, BILLING_BODY_TOO_LARGE, "", "over 1 MiB");
        return;
    }

    if (!billing_json_shallow(bytes, len, BILLING_JSON_DEPTH_MAX)) {
        billing_ctl_fault(in, BILLING_BODY_INVALID, "", "nested too deep");
        return;
    }

    in->root = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &error);
    in->at = in->root;

    if (in->root == NULL) {
        billing_ctl_fault(in, BILLING_BODY_INVALID, "", error.text);
        return;
    }

    if (!json_is_object(in->root)) {
        billing_ctl_fault(in, BILLING_BODY_INVALID, "", "not an object");
    }
}


void
billing_ctl_input_done(billing_ctl_input_t *in)
{
    json_decref(in->root);
    in->root = NULL;
    in->at = NULL;
}


void
billing_ctl_enter(billing_ctl_input_t *in, const char *name)
{
    json_t  *object = json_object_get(in->root, name);

    in->at = in->root;
    in->path = "";

    if (object == NULL) {
        billing_ctl_fault(in, BILLING_FIELD_MISSING, name, "missing");

    } else if (!json_is_object(object)) {
        billing_ctl_fault(in, BILLING_FIELD_TYPE, name, "not an object");
    }

    in->at = object;
    in->path = name;
}


void
billing_ctl_fault(billing_ctl_input_t *in, billing_reason_t reason,
    const char *name, const char *why)
{
    if (in->reason != BILLING_ALLOW) {
        return;
    }

    in->reason = reason;

    (void) snprintf(in->field, sizeof(in->field), "%s%s%s", in->path,
                    in->path[0] == '\0' ? "" : ".", name);
    (void) snprintf(in->why, sizeof(in->why), "%s", why);
}


bool
billing_ctl_has(const billing_ctl_input_t *in, const char *name)
{
    return billing_ctl_member(in, name) != NULL;
}


bool
billing_ctl_text(billing_ctl_input_t *in, const char *name, const char **text)
{
    const json_t  *value = billing_ctl_member(in, name);

    if (value == NULL) {
        return false;
    }

    if (!json_is_string(value)) {
        billing_ctl_fault(in, BILLING_FIELD_TYPE, name, "not a string");
        return false;
    }

    *text = json_string_value(value);

    return true;
}


bool
billing_ctl_integer(billing_ctl_input_t *in, const char *name, int64_t *value)
{
    const json_t  *found = billing_ctl_member(in, name);

    if (found == NULL) {
        return false;
    }

    if (!json_is_integer(found)) {
        billing_ctl_fault(in, BILLING_FIELD_TYPE, name, "not an integer");
        return false;
    }

    *value = json_integer_value(found);

    return true;
}


bool
billing_ctl_instant(billing_ctl_input_t *in, const char *name, int64_t *at,
    bool *date_only)
{
    const json_t  *value = billing_ctl_member(in, name);

    if (value == NULL) {
        return false;
    }

    if (!billing_ctl_moment(value, at, date_only)) {
        billing_ctl_fault(in, BILLING_FIELD_TYPE, name,
                          "not a date or RFC 3339 instant");
        return false;
    }

    return true;
}


bool
billing_ctl_span(billing_ctl_input_t *in, const char *name,
    billing_span_t *span)
{
    bool           date_only;
    const json_t  *pair = billing_ctl_member(in, name);

    if (pair == NULL) {
        return false;
    }

    if (json_array_size(pair) != 2
        || !billing_ctl_moment(json_array_get(pair, 0), &span->start_at,
                               &date_only)
        || !billing_ctl_moment(json_array_get(pair, 1), &span->end_at,
                               &date_only))
    {
        billing_ctl_fault(in, BILLING_FIELD_TYPE, name,
                          "not [start, end] of dates or RFC 3339 instants");
        return false;
    }

    return true;
}


void
billing_ctl_need(billing_ctl_input_t *in, bool found, const char *name)
{
    if (!found) {
        billing_ctl_fault(in, BILLING_FIELD_MISSING, name, "missing");
    }
}


static bool
billing_ctl_moment(const json_t *value, int64_t *at, bool *date_only)
{
    return json_is_string(value)
           && billing_instant_parse(json_string_value(value),
                                    json_string_length(value), at, date_only)
              == BILLING_OK;
}


static const json_t *
billing_ctl_member(const billing_ctl_input_t *in, const char *name)
{
    const json_t  *value = json_object_get(in->at, name);

    return json_is_null(value) ? NULL : value;
}
