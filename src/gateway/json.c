/* JSON as the gateway sends it, read with distrust. */

#include "billing_gateway.h"

#include <string.h>

#include <jansson.h>


json_t *
billing_gateway_json(const char *body, size_t len)
{
    json_t        *json;
    json_error_t   error;

    if (body == NULL || len == 0 || len > BILLING_GATEWAY_REPLY_MAX
        || !billing_json_shallow(body, len, BILLING_GATEWAY_DEPTH_MAX))
    {
        return NULL;
    }

    json = json_loadb(body, len, JSON_REJECT_DUPLICATES, &error);

    if (!json_is_object(json)) {
        json_decref(json);
        return NULL;
    }

    return json;
}


bool
billing_gateway_id(const char *id, size_t len)
{
    if (len == 0 || len > BILLING_GATEWAY_ID_MAX) {
        return false;
    }

    for (size_t i = 0; i < len; i++) {
        char  c = id[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z')
            && !(c >= '0' && c <= '9') && c != '_' && c != '-')
        {
            return false;
        }
    }

    return true;
}


/* Printable ASCII only: what comes from outside may end in a log or a page. */

bool
billing_gateway_text(const json_t *json, const char *name, char *out,
    size_t max)
{
    size_t         len;
    const char    *text;
    const json_t  *value = json_object_get(json, name);

    out[0] = '\0';

    if (!json_is_string(value)) {
        return false;
    }

    text = json_string_value(value);
    len = json_string_length(value);

    if (len == 0 || len > max) {
        return false;
    }

    for (size_t i = 0; i < len; i++) {
        if (text[i] <= ' ' || text[i] == '\x7f') {
            return false;
        }
    }

    memcpy(out, text, len + 1);

    return true;
}
