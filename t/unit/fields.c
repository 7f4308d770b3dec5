#include "api_fixture.h"


/* The limits that a table must keep for its readers' buffers to hold. */

static void
sound(const billing_field_t *fields, unsigned depth)
{
    assert_true(depth <= 2);

    for (const billing_field_t *f = fields; f->name != NULL; f++) {
        bool  text = f->type == BILLING_FIELD_WORD
                     || f->type == BILLING_FIELD_TOKEN
                     || f->type == BILLING_FIELD_TEXT;

        assert_true(strlen(f->name) < 32);
        assert_int_equal(f->max > 0, text);
        assert_int_equal(f->members != NULL,
                         f->type == BILLING_FIELD_OBJECT
                         || f->type == BILLING_FIELD_LIST);
        assert_true(f->type != BILLING_FIELD_LIST || depth == 1);
        assert_false(f->query && depth > 1);

        for (const billing_field_t *other = fields; other < f; other++) {
            assert_string_not_equal(f->name, other->name);
        }

        if (f->members != NULL) {
            sound(f->members, depth + 1);
        }
    }
}


static void
each_table_is_sound(void **state)
{
    (void) state;

    for (const billing_route_t *route = billing_routes();
         route->method != NULL; route++)
    {
        const billing_field_t  *fields = billing_fields(route->kind);

        if (fields != NULL) {
            sound(fields, 1);
        }
    }
}


static void
path_parameters_are_in_their_tables(void **state)
{
    (void) state;

    for (const billing_route_t *route = billing_routes();
         route->method != NULL; route++)
    {
        const char             *p = route->path;
        const billing_field_t  *fields = billing_fields(route->kind);

        while (fields != NULL && (p = strchr(p, '{')) != NULL) {
            size_t                  n = strcspn(++p, "}");
            const billing_field_t  *f = fields;

            while (f->name != NULL
                   && (strlen(f->name) != n || memcmp(f->name, p, n) != 0))
            {
                f++;
            }

            assert_non_null(f->name);
            assert_true(f->required);
            assert_false(f->query);
        }
    }
}


static void
what_is_not_read_has_no_table(void **state)
{
    (void) state;

    assert_null(billing_fields(""));
    assert_null(billing_fields("webhook"));
    assert_non_null(billing_fields("upgrade.buy"));
}


/* A quote is honoured only when it could know what the tax depends on. */

static void
a_quote_may_tell_country_and_vat_id(void **state)
{
    const billing_field_t  *f = billing_fields("upgrade.quote");

    (void) state;

    while (f->name != NULL && strcmp(f->name, "billing_information") != 0) {
        f++;
    }

    assert_non_null(f->name);
    assert_false(f->required);
    assert_int_equal(f->type, BILLING_FIELD_OBJECT);
    assert_string_equal(f->members[0].name, "country");
    assert_string_equal(f->members[1].name, "vat_id");
    assert_null(f->members[2].name);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(each_table_is_sound),
        cmocka_unit_test(path_parameters_are_in_their_tables),
        cmocka_unit_test(what_is_not_read_has_no_table),
        cmocka_unit_test(a_quote_may_tell_country_and_vat_id),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
