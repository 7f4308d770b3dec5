/*
 * A request as one object: path, query and JSON body, each member checked
 * against the table of its route.
 */

#include "billing_api.h"

#include <string.h>

#define BILLING_QUERY_MAX  4096


typedef struct {
    const billing_field_t  *fields;
    json_t                 *out;
    billing_fault_t        *fault;
    const char             *outer;      /* the object these are members of */
} billing_body_t;


static billing_reason_t billing_body_path(billing_body_t *b,
    const billing_match_t *match);
static billing_reason_t billing_body_query(billing_body_t *b,
    const char *query, size_t len);
static billing_reason_t billing_body_pair(billing_body_t *b,
    const char *pair, size_t len);
static billing_reason_t billing_body_json(billing_body_t *b,
    const char *body, size_t len);
static billing_reason_t billing_body_members(billing_body_t *b,
    json_t *json);
static billing_reason_t billing_body_object(billing_body_t *b,
    const billing_field_t *field, json_t *value);
static billing_reason_t billing_body_missing(billing_body_t *b);
static billing_reason_t billing_body_set(billing_body_t *b,
    const billing_field_t *field, json_t *value);
static const billing_field_t *billing_body_field(const billing_body_t *b,
    const char *name, bool query);
static billing_reason_t billing_body_fault(billing_body_t *b,
    billing_reason_t reason, const char *name);
static json_t *billing_body_decode(const char *text, size_t len);
static int billing_body_hex(char c);


billing_reason_t
billing_body_parse(const billing_match_t *match, const char *query,
    size_t query_len, const char *body, size_t body_len, json_t **out,
    billing_fault_t *fault)
{
    billing_body_t    b = { .fault = fault };
    billing_reason_t  reason;

    *out = NULL;
    memset(fault, 0, sizeof(*fault));

    b.fields = billing_fields(match->route->kind);

    if (b.fields == NULL) {
        return billing_body_fault(&b, BILLING_NOT_IMPLEMENTED, "");
    }

    b.out = json_object();

    if (b.out == NULL) {
        return billing_body_fault(&b, BILLING_INTERNAL, "");
    }

    reason = billing_body_path(&b, match);

    if (reason == BILLING_ALLOW) {
        reason = billing_body_query(&b, query, query_len);
    }

    if (reason == BILLING_ALLOW) {
        reason = billing_body_json(&b, body, body_len);
    }

    if (reason == BILLING_ALLOW) {
        reason = billing_body_missing(&b);
    }

    if (reason != BILLING_ALLOW) {
        json_decref(b.out);
        return reason;
    }

    *out = b.out;

    return BILLING_ALLOW;
}


billing_reason_t
billing_body_item(const billing_field_t *fields, json_t *item, json_t **out,
    billing_fault_t *fault)
{
    billing_body_t    b = { .fields = fields, .fault = fault };
    billing_reason_t  reason;

    b.out = json_object();

    if (b.out == NULL) {
        return billing_body_fault(&b, BILLING_INTERNAL, "");
    }

    reason = billing_body_members(&b, item);

    if (reason == BILLING_ALLOW) {
        reason = billing_body_missing(&b);
    }

    if (reason != BILLING_ALLOW) {
        json_decref(b.out);
        return reason;
    }

    *out = b.out;

    return BILLING_ALLOW;
}


static billing_reason_t
billing_body_path(billing_body_t *b, const billing_match_t *match)
{
    for (unsigned i = 0; i < match->nparams; i++) {
        json_t                 *value;
        billing_reason_t        reason;
        const char             *name = match->params[i].name;
        const billing_field_t  *field = billing_body_field(b, name, false);

        if (field == NULL) {
            return billing_body_fault(b, BILLING_INTERNAL, name);
        }

        value = json_string(match->params[i].value);

        if (value == NULL) {        /* not UTF-8: nothing of ours is there */
            value = json_string("?");
        }

        reason = billing_body_set(b, field, value);
        json_decref(value);

        if (reason != BILLING_ALLOW) {
            return reason;
        }
    }

    return BILLING_ALLOW;
}


static billing_reason_t
billing_body_query(billing_body_t *b, const char *query, size_t len)
{
    const char  *end;

    if (len == 0) {
        return BILLING_ALLOW;
    }

    if (len > BILLING_QUERY_MAX) {
        return billing_body_fault(b, BILLING_BODY_INVALID, "");
    }

    end = query + len;

    while (query < end) {
        size_t             n;
        const char        *mark;
        billing_reason_t   reason;

        mark = memchr(query, '&', (size_t) (end - query));
        n = (size_t) ((mark != NULL ? mark : end) - query);

        reason = n > 0 ? billing_body_pair(b, query, n) : BILLING_ALLOW;

        if (reason != BILLING_ALLOW) {
            return reason;
        }

        query += mark != NULL ? n + 1 : n;
    }

    return BILLING_ALLOW;
}


/* Names are plain words: one that needs decoding is none of ours. */

static billing_reason_t
billing_body_pair(billing_body_t *b, const char *pair, size_t len)
{
    char                    name[32];
    size_t                  n;
    json_t                 *value;
    const char             *mark = memchr(pair, '=', len);
    billing_reason_t        reason;
    const billing_field_t  *field;

    n = mark != NULL ? (size_t) (mark - pair) : len;

    if (n >= sizeof(name)) {
        return billing_body_fault(b, BILLING_FIELD_UNKNOWN, "");
    }

    memcpy(name, pair, n);
    name[n] = '\0';

    if (strcmp(name, "lang") == 0) {
        return BILLING_ALLOW;               /* read by who chooses texts */
    }

    field = billing_body_field(b, name, true);

    if (field == NULL) {
        return billing_body_fault(b, BILLING_FIELD_UNKNOWN, name);
    }

    if (json_object_get(b->out, name) != NULL) {
        return billing_body_fault(b, BILLING_FIELD_TYPE, name);  /* twice */
    }

    value = mark != NULL ? billing_body_decode(mark + 1, len - n - 1)
                         : json_string("");

    if (value == NULL) {
        return billing_body_fault(b, BILLING_FIELD_TYPE, name);
    }

    reason = billing_body_set(b, field, value);
    json_decref(value);

    return reason;
}


static billing_reason_t
billing_body_json(billing_body_t *b, const char *body, size_t len)
{
    json_t            *json;
    json_error_t       error;
    billing_reason_t   reason;

    if (len == 0) {
        return BILLING_ALLOW;
    }

    if (len > BILLING_BODY_MAX) {
        return billing_body_fault(b, BILLING_BODY_TOO_LARGE, "");
    }

    if (!billing_json_shallow(body, len, BILLING_JSON_DEPTH_MAX)) {
        return billing_body_fault(b, BILLING_BODY_INVALID, "");
    }

    json = json_loadb(body, len, JSON_REJECT_DUPLICATES, &error);

    if (!json_is_object(json)) {
        json_decref(json);
        return billing_body_fault(b, BILLING_BODY_INVALID, "");
    }

    reason = billing_body_members(b, json);
    json_decref(json);

    return reason;
}


/* Unknown members first: a request that says more than we read is refused. */

static billing_reason_t
billing_body_members(billing_body_t *b, json_t *json)
{
    json_t      *value;
    const char  *name;

    json_object_foreach(json, name, value) {
        const billing_field_t  *field = billing_body_field(b, name, false);

        /* What the path has said cannot be said again. */

        if (field == NULL || json_object_get(b->out, name) != NULL) {
            return billing_body_fault(b, BILLING_FIELD_UNKNOWN, name);
        }
    }

    for (const billing_field_t *field = b->fields; field->name != NULL;
         field++)
    {
        billing_reason_t  reason;

        value = json_object_get(json, field->name);

        if (value == NULL || field->query) {
            continue;
        }

        reason = field->type == BILLING_FIELD_OBJECT
                 ? billing_body_object(b, field, value)
                 : billing_body_set(b, field, value);

        if (reason != BILLING_ALLOW) {
            return reason;
        }
    }

    return BILLING_ALLOW;
}


static billing_reason_t
billing_body_object(billing_body_t *b, const billing_field_t *field,
    json_t *value)
{
    billing_body_t    inner = {
        .fields = field->members,
        .fault = b->fault,
        .outer = field->name
    };
    billing_reason_t  reason;

    if (json_is_null(value) && !field->required) {
        return BILLING_ALLOW;
    }

    if (!json_is_object(value)) {
        return billing_body_fault(b, BILLING_FIELD_TYPE, field->name);
    }

    inner.out = json_object();

    if (inner.out == NULL) {
        return billing_body_fault(b, BILLING_INTERNAL, "");
    }

    reason = billing_body_members(&inner, value);

    if (reason == BILLING_ALLOW) {
        reason = billing_body_missing(&inner);
    }

    if (reason == BILLING_ALLOW
        && json_object_set(b->out, field->name, inner.out) != 0)
    {
        reason = billing_body_fault(b, BILLING_INTERNAL, "");
    }

    json_decref(inner.out);

    return reason;
}


static billing_reason_t
billing_body_missing(billing_body_t *b)
{
    for (const billing_field_t *field = b->fields; field->name != NULL;
         field++)
    {
        if (field->required
            && json_object_get(b->out, field->name) == NULL)
        {
            return billing_body_fault(b, BILLING_FIELD_MISSING, field->name);
        }
    }

    return BILLING_ALLOW;
}


static billing_reason_t
billing_body_set(billing_body_t *b, const billing_field_t *field,
    json_t *value)
{
    json_t            *normal;
    billing_reason_t   reason;

    reason = billing_field_check(field, value, &normal);

    if (reason != BILLING_ALLOW) {
        return billing_body_fault(b, reason, field->name);
    }

    if (normal != NULL
        && json_object_set_new(b->out, field->name, normal) != 0)
    {
        return billing_body_fault(b, BILLING_INTERNAL, "");
    }

    return BILLING_ALLOW;
}


static const billing_field_t *
billing_body_field(const billing_body_t *b, const char *name, bool query)
{
    for (const billing_field_t *field = b->fields; field->name != NULL;
         field++)
    {
        if (field->query == query && strcmp(field->name, name) == 0) {
            return field;
        }
    }

    return NULL;
}


/*
 * Names come from the client: one that is not a plain word is not repeated,
 * lest a card number or a terminal escape comes back in an answer or a log.
 */

static billing_reason_t
billing_body_fault(billing_body_t *b, billing_reason_t reason,
    const char *name)
{
    size_t  n = 0;
    size_t  len = strlen(name);
    char   *field = b->fault->field;

    static const char  plain[] = "abcdefghijklmnopqrstuvwxyz_";

    b->fault->reason = reason;

    if (len >= sizeof(b->fault->field) / 2 || strspn(name, plain) != len) {
        len = 0;
    }

    if (b->outer != NULL && len > 0) {
        n = strlen(b->outer);
        memcpy(field, b->outer, n);
        field[n++] = '.';
    }

    memcpy(field + n, name, len);
    field[n + len] = '\0';

    return reason;
}


/* NULL for a wrong escape, a zero byte, bad UTF-8 or no memory. */

static json_t *
billing_body_decode(const char *text, size_t len)
{
    char    out[BILLING_QUERY_MAX];
    size_t  n = 0;

    for (size_t i = 0; i < len; i++) {
        int  high, low;

        out[n] = text[i] == '+' ? ' ' : text[i];

        if (text[i] == '%') {
            if (len - i < 3) {
                return NULL;
            }

            high = billing_body_hex(text[i + 1]);
            low = billing_body_hex(text[i + 2]);

            if (high < 0 || low < 0) {
                return NULL;
            }

            out[n] = (char) (high << 4 | low);
            i += 2;
        }

        if (out[n++] == '\0') {
            return NULL;
        }
    }

    return json_stringn(out, n);
}


static int
billing_body_hex(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    c = (char) (c | 0x20);

    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
