/*
 * Bulk requests.  A body of megabytes is never one tree of values: its list
 * is found by its brackets, and its items are read when their turn comes.
 */

#include "billing_api.h"

#include <stdlib.h>
#include <string.h>

#define BILLING_BLANKS  " \t\r\n"


typedef struct {
    const char  *first;                 /* behind the opening bracket */
    const char  *last;                  /* at the closing one */
} billing_bulk_span_t;


static billing_reason_t billing_bulk_find(const billing_field_t *list,
    const char *text, size_t len, billing_bulk_span_t *span);
static bool billing_bulk_opens(const billing_field_t *list,
    const char *text, const char *at);
static const char *billing_bulk_skip(const char *at, const char *end);
static billing_reason_t billing_bulk_rest(const billing_match_t *match,
    const char *body, size_t len, const billing_bulk_span_t *span,
    json_t **out, billing_fault_t *fault);
static billing_reason_t billing_bulk_count(const billing_bulk_span_t *span);
static const char *billing_bulk_end(const char *at, const char *end);
static billing_reason_t billing_bulk_item(const billing_bulk_t *bulk,
    const char *end, json_t **out, billing_fault_t *fault);


const billing_field_t *
billing_bulk_list(const billing_route_t *route)
{
    const billing_field_t  *field = billing_fields(route->kind);

    while (field != NULL && field->name != NULL) {
        if (field->type == BILLING_FIELD_LIST) {
            return field;
        }

        field++;
    }

    return NULL;
}


billing_reason_t
billing_bulk_open(const billing_match_t *match, const char *body, size_t len,
    billing_bulk_t *bulk, json_t **out, billing_fault_t *fault)
{
    billing_reason_t     reason;
    billing_bulk_span_t  span;

    *out = NULL;
    memset(fault, 0, sizeof(*fault));
    memset(bulk, 0, sizeof(*bulk));

    if (len > BILLING_BULK_MAX) {
        return BILLING_BODY_TOO_LARGE;
    }

    bulk->list = billing_bulk_list(match->route);
    reason = billing_bulk_find(bulk->list, body, len, &span);

    if (reason == BILLING_ALLOW) {
        reason = billing_bulk_count(&span);
    }

    if (reason == BILLING_ALLOW) {
        reason = billing_bulk_rest(match, body, len, &span, out, fault);
    }

    bulk->at = span.first;
    bulk->end = span.last;

    return reason;
}


/* The list is cut out; without one, what is left says so by itself. */

static billing_reason_t
billing_bulk_find(const billing_field_t *list, const char *text, size_t len,
    billing_bulk_span_t *span)
{
    char                 c;
    size_t               depth = 0, inside = 0;
    const char          *at;
    billing_json_scan_t  scan = { .text = text, .len = len };

    *span = (billing_bulk_span_t) { text + len, text + len };

    while ((c = billing_json_bracket(&scan)) != '\0') {
        at = text + scan.at - 1;

        if (c == '{' || c == '[') {
            if (c == '[' && depth == 1 && inside == 0
                && billing_bulk_opens(list, text, at))
            {
                inside = 1;
                span->first = at + 1;
            }

            depth++;
            continue;
        }

        if (depth == 0) {
            return BILLING_BODY_INVALID;
        }

        if (--depth == 1 && inside == 1) {
            inside = 2;
            span->last = at;
        }
    }

    return depth == 0 && !scan.quoted ? BILLING_ALLOW : BILLING_BODY_INVALID;
}


/* Whether what stands before the bracket is the list's name and a colon. */

static bool
billing_bulk_opens(const billing_field_t *list, const char *text,
    const char *at)
{
    size_t  n = strlen(list->name);

    while (at > text && strchr(BILLING_BLANKS, at[-1]) != NULL) {
        at--;
    }

    if (at == text || *--at != ':') {
        return false;
    }

    while (at > text && strchr(BILLING_BLANKS, at[-1]) != NULL) {
        at--;
    }

    return (size_t) (at - text) > n + 2 && at[-1] == '"'
           && memcmp(at - 1 - n, list->name, n) == 0 && at[-2 - (int) n] == '"'
           && at[-3 - (int) n] != '\\';
}


static billing_reason_t
billing_bulk_rest(const billing_match_t *match, const char *body, size_t len,
    const billing_bulk_span_t *span, json_t **out, billing_fault_t *fault)
{
    char              *text;
    size_t             head = (size_t) (span->first - body);
    size_t             tail = len - (size_t) (span->last - body);
    billing_reason_t   reason;

    if (head + tail > BILLING_BODY_MAX) {
        return BILLING_BODY_TOO_LARGE;
    }

    text = malloc(head + tail + 1);

    if (text == NULL) {
        return BILLING_INTERNAL;
    }

    memcpy(text, body, head);
    memcpy(text + head, span->last, tail);

    reason = billing_body_parse(match, NULL, 0, text, head + tail, out,
                                fault);
    free(text);

    return reason;
}


static billing_reason_t
billing_bulk_count(const billing_bulk_span_t *span)
{
    size_t       n = 0;
    const char  *at = billing_bulk_skip(span->first, span->last);

    while (at < span->last) {
        if (n++ == BILLING_BULK_ITEMS_MAX) {
            return BILLING_BODY_TOO_LARGE;
        }

        at = billing_bulk_end(at, span->last);

        if (at == span->last) {
            break;
        }

        /* An item follows a comma, always. */

        at = billing_bulk_skip(at + 1, span->last);

        if (at == span->last) {
            return BILLING_BODY_INVALID;
        }
    }

    return BILLING_ALLOW;
}


static const char *
billing_bulk_skip(const char *at, const char *end)
{
    while (at < end && memchr(BILLING_BLANKS, *at, 4) != NULL) {
        at++;
    }

    return at;
}


/* Up to the comma that ends this item, or the end of the list. */

static const char *
billing_bulk_end(const char *at, const char *end)
{
    bool    quoted = false;
    size_t  depth = 0;

    for ( /* void */ ; at < end; at++) {
        char  c = *at;

        if (quoted) {
            at += c == '\\';
            quoted = c != '"';
            continue;
        }

        quoted = c == '"';

        if (c == ',' && depth == 0) {
            return at;
        }

        depth += c == '{' || c == '[';
        depth -= (c == '}' || c == ']') && depth > 0;
    }

    return end;
}


json_t *
billing_bulk_next(billing_bulk_t *bulk, billing_lang_t lang, json_t *refused)
{
    json_t  *items = json_array();
    size_t   bytes = 0;

    while (items != NULL && json_array_size(items) < BILLING_CHUNK_ITEMS_MAX)
    {
        json_t            *item;
        const char        *end;
        billing_fault_t    fault = { .field = "" };
        billing_reason_t   reason;

        bulk->at = billing_bulk_skip(bulk->at, bulk->end);

        if (bulk->at == bulk->end) {
            break;
        }

        end = billing_bulk_end(bulk->at, bulk->end);

        if (json_array_size(items) > 0
            && bytes + (size_t) (end - bulk->at) > BILLING_CHUNK_BYTES_MAX)
        {
            break;
        }

        reason = billing_bulk_item(bulk, end, &item, &fault);

        if (reason == BILLING_ALLOW) {
            bytes += (size_t) (end - bulk->at);
            (void) json_array_append_new(items, item);

        } else {
            (void) json_array_append_new(refused,
                       billing_bulk_refusal((json_int_t) bulk->index, reason,
                                            fault.field, lang));
        }

        bulk->index++;
        bulk->at = end + (end < bulk->end);
    }

    return items;
}


static billing_reason_t
billing_bulk_item(const billing_bulk_t *bulk, const char *end, json_t **out,
    billing_fault_t *fault)
{
    size_t             len = (size_t) (end - bulk->at);
    json_t            *item;
    billing_reason_t   reason;

    *out = NULL;

    while (len > 0 && memchr(BILLING_BLANKS, bulk->at[len - 1], 4) != NULL) {
        len--;
    }

    if (len > BILLING_BULK_ITEM_MAX) {
        return BILLING_BODY_TOO_LARGE;
    }

    if (!billing_json_shallow(bulk->at, len, BILLING_JSON_DEPTH_MAX)) {
        return BILLING_BODY_INVALID;
    }

    item = json_loadb(bulk->at, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY,
                      NULL);

    if (item == NULL) {
        return BILLING_BODY_INVALID;
    }

    reason = json_is_object(item)
             ? billing_body_item(bulk->list->members, item, out, fault)
             : BILLING_FIELD_TYPE;
    json_decref(item);

    if (reason == BILLING_ALLOW
        && json_object_set_new(*out, "index",
                               json_integer((json_int_t) bulk->index)) != 0)
    {
        json_decref(*out);
        return BILLING_INTERNAL;
    }

    return reason;
}


json_t *
billing_bulk_refusal(json_int_t index, billing_reason_t reason,
    const char *field, billing_lang_t lang)
{
    json_t  *problem, *refusal;

    problem = billing_problem(reason, lang,
                              field != NULL && field[0] != '\0' ? field
                                                                : NULL, NULL);

    refusal = json_pack("{s:I, s:s, s:O*, s:O*}", "index", index,
                  "code", billing_reason_code(reason),
                  "field", json_object_get(problem, "field"),
                  "detail", json_object_get(problem, "detail"));
    json_decref(problem);

    return refusal;
}
