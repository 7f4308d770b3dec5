/*
 * The application as a speaker, and what it is told.
 */

#ifndef BILLING_APPLICATION_FIXTURE_H
#define BILLING_APPLICATION_FIXTURE_H

#include "subscription_fixture.h"


static inline json_t *
app(const char *kind, json_t *body, unsigned status, const char *code)
{
    return expect(APP, kind, body, status, code);
}


/* A list of one command: its items have their places. */

static inline json_t *
list(const char *kind, const char *on_full, json_t *items)
{
    size_t   i;
    json_t  *item;

    json_array_foreach(items, i, item) {
        (void) json_object_set_new(item, "index",
                                   json_integer((json_int_t) i));
    }

    return app(kind, json_pack("{s:o, s:s*}", "items", items, "on_full",
                               on_full), 200, NULL);
}


static inline void
counted(json_t *body, int accepted, int unchanged, size_t refused)
{
    assert_int_equal(number_of(body, "accepted"), accepted);
    assert_int_equal(number_of(body, "unchanged"), unchanged);
    assert_int_equal(json_array_size(json_object_get(body, "refused")),
                     refused);
}


static inline const char *
refusal(json_t *body, size_t i)
{
    return text_of(json_array_get(json_object_get(body, "refused"), i),
                   "code");
}


static inline int64_t
events(const char *type)
{
    char               pattern[64];
    int64_t            n;
    static const char  sql[] =
        "SELECT COUNT(*) FROM app_event WHERE body LIKE $1";

    (void) snprintf(pattern, sizeof(pattern), "{\"type\":\"%s\"%%", type);
    assert_int_equal(billing_db_query(t.w.db, sql, "t", pattern),
                     BILLING_DB_ROW);
    n = billing_db_int(t.w.db, sql, 0);
    billing_db_done(t.w.db, sql);

    return n;
}


static inline void
members_now(const char *team, unsigned n, const char *role)
{
    json_t  *items = json_array();

    for (unsigned i = 0; i < n; i++) {
        char  email[64];

        (void) snprintf(email, sizeof(email), "new%u@example.test", i);
        (void) json_array_append_new(items,
                   json_pack("{s:s, s:s, s:s}", "team", team, "email", email,
                             "role", role));
    }

    drop(list("app.members", NULL, items));
}

#endif /* BILLING_APPLICATION_FIXTURE_H */
