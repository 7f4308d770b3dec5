/* Part of business_fixture.h: what the database and the answers say. */

#ifndef BILLING_BUSINESS_LOOK_H
#define BILLING_BUSINESS_LOOK_H

static inline int64_t
count(const char *sql)
{
    int64_t  n = -1;

    if (billing_db_query(t.w.db, sql, "") == BILLING_DB_ROW) {
        n = billing_db_int(t.w.db, sql, 0);
        billing_db_done(t.w.db, sql);
    }

    return n;
}


#include "business_books.h"


static inline json_t *
last_answer(unsigned status)
{
    assert_true(t.nanswers > 0);
    assert_int_equal(t.status[t.nanswers - 1], status);

    return t.body[t.nanswers - 1];
}


static inline const char *
text_of(const json_t *json, const char *name)
{
    const char  *text = json_string_value(json_object_get(json, name));

    assert_non_null(text);

    return text;
}


static inline int64_t
number_of(const json_t *json, const char *name)
{
    assert_true(json_is_integer(json_object_get(json, name)));

    return json_integer_value(json_object_get(json, name));
}


static inline void
forget_answers(void)
{
    for (unsigned i = 0; i < t.nanswers; i++) {
        json_decref(t.body[i]);
    }

    t.nanswers = 0;
}


static inline const char *
plan_now(void)
{
    static char        plan[32];
    static const char  sql[] = "SELECT plan FROM team LIMIT 1";

    assert_int_equal(billing_db_query(t.w.db, sql, ""), BILLING_DB_ROW);
    (void) snprintf(plan, sizeof(plan), "%s", billing_db_text(t.w.db, sql, 0));
    billing_db_done(t.w.db, sql);

    return plan;
}


static inline const char *
state_now(void)
{
    static char        word[32];
    static const char  sql[] = "SELECT state FROM checkout LIMIT 1";

    assert_int_equal(billing_db_query(t.w.db, sql, ""), BILLING_DB_ROW);
    (void) snprintf(word, sizeof(word), "%s", billing_db_text(t.w.db, sql, 0));
    billing_db_done(t.w.db, sql);

    return word;
}

#endif /* BILLING_BUSINESS_LOOK_H */
