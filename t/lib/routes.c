/*
 * Prints the interface as the programs know it, for tests of documents:
 *
 *     routes
 *
 * {"routes":[{"method","path","kind","class","login","money","demo","page",
 * "fields"}],"reasons":{"CODE":STATUS},"limits":{}}; a field is {"name",
 * "type","required","query","max","members"?}.
 */

#include "../../src/api/billing_api.h"

#include <stdio.h>


static json_t *routes_fields(const billing_field_t *fields);


static const char *const  routes_classes[] = {
    [BILLING_ROUTE_QUERY]   = "query",
    [BILLING_ROUTE_COMMAND] = "command",
    [BILLING_ROUTE_LOCAL]   = "local"
};

static const char *const  routes_types[] = {
    [BILLING_FIELD_TEAM]         = "team",
    [BILLING_FIELD_BOARD]        = "board",
    [BILLING_FIELD_OPERATION]    = "operation",
    [BILLING_FIELD_NAME]         = "name",
    [BILLING_FIELD_EMAIL]        = "email",
    [BILLING_FIELD_WORD]         = "word",
    [BILLING_FIELD_ROLE]         = "role",
    [BILLING_FIELD_FROM]         = "from",
    [BILLING_FIELD_SEATS]        = "seats",
    [BILLING_FIELD_AMOUNT]       = "amount",
    [BILLING_FIELD_BOOL]         = "bool",
    [BILLING_FIELD_TOKEN]        = "token",
    [BILLING_FIELD_SPAN]         = "span",
    [BILLING_FIELD_TEXT]         = "text",
    [BILLING_FIELD_ID]           = "id",
    [BILLING_FIELD_TEAM_OR_NULL] = "team_or_null",
    [BILLING_FIELD_DOMAIN]       = "domain",
    [BILLING_FIELD_EMAILS]       = "emails",
    [BILLING_FIELD_INSTANT]      = "instant",
    [BILLING_FIELD_ROLES]        = "roles",
    [BILLING_FIELD_LIST]         = "list",
    [BILLING_FIELD_OBJECT]       = "object"
};


int
main(void)
{
    json_t  *routes = json_array(), *reasons = json_object(), *limits, *out;

    for (const billing_route_t *r = billing_routes(); r->method != NULL; r++) {
        (void) json_array_append_new(routes,
                   json_pack("{ss ss ss ss sb sb sb ss? so}",
                       "method", r->method, "path", r->path,
                       "kind", r->kind, "class", routes_classes[r->class],
                       "login", (int) r->login, "money", (int) r->money,
                       "demo", (int) r->demo, "page", r->page,
                       "fields", routes_fields(billing_fields(r->kind))));
    }

    for (unsigned i = BILLING_ALLOW + 1; i < BILLING_REASONS; i++) {
        (void) json_object_set_new(reasons,
                   billing_reason_code((billing_reason_t) i),
                   json_integer(billing_reason_status((billing_reason_t) i)));
    }

    limits = json_pack("{si si si si si si sI}", "name", BILLING_NAME_MAX,
                 "email", BILLING_EMAIL_MAX, "emails", BILLING_EMAILS_MAX,
                 "domain", BILLING_DOMAIN_MAX, "seats", BILLING_SEATS_MAX,
                 "bulk", BILLING_BULK_ITEMS_MAX,
                 "amount", (json_int_t) BILLING_FIELD_AMOUNT_MAX);

    out = json_pack("{so so so}", "routes", routes, "reasons", reasons,
                    "limits", limits);

    if (out == NULL || json_dumpf(out, stdout, JSON_COMPACT) != 0) {
        return 1;
    }

    json_decref(out);

    return 0;
}


/* null for a route that takes no request of this form. */

static json_t *
routes_fields(const billing_field_t *fields)
{
    json_t  *list, *field;

    if (fields == NULL) {
        return json_null();
    }

    list = json_array();

    for (const billing_field_t *f = fields; f->name != NULL; f++) {
        field = json_pack("{ss ss sb sb sI}", "name", f->name,
                    "type", routes_types[f->type],
                    "required", (int) f->required, "query", (int) f->query,
                    "max", (json_int_t) f->max);

        if (f->members != NULL) {
            (void) json_object_set_new(field, "members",
                                       routes_fields(f->members));
        }

        (void) json_array_append_new(list, field);
    }

    return list;
}
