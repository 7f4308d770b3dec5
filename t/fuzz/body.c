/*
 * billing_route_match, billing_body_parse, billing_body_canonical,
 * billing_idempotency_key, billing_lang_accept.
 *
 * Input: a byte that picks a route, then path, query and body, one a line.
 * Laws: no text of an accepted request looks like a card; an accepted body is
 * accepted again in its canonical form, unchanged.
 */

#include <stdlib.h>
#include <string.h>

#include "../../src/api/billing_api.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static size_t
line(const char **text, size_t *size, const char **rest)
{
    const char  *end = *size > 0 ? memchr(*text, '\n', *size) : NULL;
    size_t       n = end != NULL ? (size_t) (end - *text) : *size;

    *rest = *text;
    *text += end != NULL ? n + 1 : n;
    *size -= end != NULL ? n + 1 : n;

    return n;
}


static void
no_card(const json_t *json)
{
    json_t      *value;
    const char  *name;

    json_object_foreach((json_t *) (uintptr_t) json, name, value) {
        const char  *text = json_string_value(value);

        no_card(value);

        if (text != NULL && strcmp(name, "operation") != 0
            && strcmp(name, "team") != 0 && strcmp(name, "board") != 0
            && billing_looks_like_card(text, strlen(text)))
        {
            abort();
        }
    }
}


static void
again(const billing_match_t *match, const json_t *out)
{
    char             one[65], two[65];
    char            *text = billing_body_canonical(out, one);
    char            *same;
    json_t          *back;
    billing_fault_t  fault;

    if (match->nparams == 0 && match->route->method[0] == 'P') {
        if (billing_body_parse(match, "", 0, text, strlen(text), &back, &fault)
            != BILLING_ALLOW)
        {
            abort();
        }

        same = billing_body_canonical(back, two);

        if (strcmp(text, same) != 0 || strcmp(one, two) != 0) {
            abort();
        }

        free(same);
        json_decref(back);
    }

    free(text);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char                    key[BILLING_IDEMPOTENCY_MAX + 1];
    size_t                  path_len, query_len;
    json_t                 *out;
    const char             *text = (const char *) data, *path, *query;
    billing_fault_t         fault;
    billing_match_t         match;
    const billing_route_t  *route = billing_routes();

    if (size == 0) {
        return 0;
    }

    for (unsigned n = data[0]; n > 0; n--) {
        route = route[1].method != NULL ? route + 1 : billing_routes();
    }

    (void) billing_idempotency_key(text, size, key);
    (void) billing_lang_accept(text, size, BILLING_LANG_FR);
    text++;
    size--;

    path_len = line(&text, &size, &path);
    query_len = line(&text, &size, &query);

    if (billing_route_match(route->method, strlen(route->method), path,
                            path_len, &match) != BILLING_ALLOW
        && billing_route_match(route->method, strlen(route->method),
                               route->path, strlen(route->path), &match)
           != BILLING_ALLOW)
    {
        return 0;
    }

    if (billing_body_parse(&match, query, query_len, text, size, &out, &fault)
        != BILLING_ALLOW)
    {
        return 0;
    }

    no_card(out);
    again(&match, out);
    json_decref(out);

    return 0;
}
