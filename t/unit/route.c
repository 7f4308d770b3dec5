#include "api_fixture.h"


static billing_reason_t
match(const char *method, const char *path, billing_match_t *found)
{
    return billing_route_match(method, strlen(method), path, strlen(path),
                               found);
}


static void
p46_each_route_finds_itself(void **state)
{
    unsigned         n = 0;
    billing_match_t  found;

    (void) state;

    for (const billing_route_t *route = billing_routes();
         route->method != NULL; route++, n++)
    {
        char  path[BILLING_PATH_MAX], *out = path;

        for (const char *p = route->path; *p != '\0'; p++) {
            if (*p == '{') {
                out += sprintf(out, "x-%u", n);
                p = strchr(p, '}');
                continue;
            }

            *out++ = *p;
        }

        *out = '\0';
        assert_int_equal(match(route->method, path, &found), BILLING_ALLOW);
        assert_ptr_equal(found.route, route);
        assert_int_equal(match("TRACE", path, &found),
                         BILLING_METHOD_NOT_ALLOWED);
        assert_null(found.route);
        assert_int_equal(match("get", path, &found),
                         BILLING_METHOD_NOT_ALLOWED);

        strcpy(out, "/");
        assert_int_equal(match(route->method, path, &found),
                         BILLING_NOT_FOUND);
    }

    assert_true(n >= 33);
}


static void
parameters_are_kept(void **state)
{
    billing_match_t  found;

    (void) state;

    assert_int_equal(match("DELETE",
                           "/dashboard/teams/t_1/members/a@example.test",
                           &found), BILLING_ALLOW);
    assert_int_equal(found.nparams, 2);
    assert_string_equal(found.params[0].name, "team");
    assert_string_equal(found.params[0].value, "t_1");
    assert_string_equal(found.params[1].name, "email");
    assert_string_equal(found.params[1].value, "a@example.test");
    assert_int_equal(found.allow,
                     BILLING_METHOD_DELETE | BILLING_METHOD_PATCH);

    assert_int_equal(match("GET", "/billing/invoices/INV-1.pdf", &found),
                     BILLING_ALLOW);
    assert_string_equal(found.params[0].value, "INV-1");
    assert_string_equal(found.route->kind, "invoice.pdf");
    assert_int_equal(match("GET", "/billing/invoices/a.pdf.pdf", &found),
                     BILLING_ALLOW);
    assert_string_equal(found.params[0].value, "a.pdf");
    assert_int_equal(match("GET", "/billing/invoices/INV-1", &found),
                     BILLING_ALLOW);
    assert_string_equal(found.route->kind, "billing.invoice");
    assert_int_equal(match("POST", "/billing/invoices/INV-1/pay", &found),
                     BILLING_ALLOW);
    assert_string_equal(found.route->kind, "invoice.pay");
    assert_string_equal(found.params[0].value, "INV-1");
    assert_int_equal(match("HEAD", "/billing/invoices", &found),
                     BILLING_ALLOW);
    assert_string_equal(found.route->kind, "billing.invoices");
    assert_int_equal(match("HEAD", "/upgrade", &found), BILLING_ALLOW);
    assert_string_equal(found.route->kind, "upgrade.offer");
}


/* 5.1 rows 1, 4 and 6. */

static void
p46_nothing_else_is_a_route(void **state)
{
    char             big[1024];
    billing_match_t  found;

    static const char *const  paths[] = {
        "", "/", "dashboard", "/dashboard/", "/Dashboard", "//dashboard",
        "/dashboard;x=y", "/dashboard/teams/", "/dashboard/teams//members",
        "/dashboard/teams/a/b/members", "/billing/invoices/a/b.pdf",
        "/billing/invoices//pay", "/billing/refunds/",
        "/upgrade/quote/x", "/billing/operations/", "/boards/b_1", "/billing"
    };

    (void) state;

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        if (match("GET", paths[i], &found) != BILLING_NOT_FOUND
            || match("POST", paths[i], &found) != BILLING_NOT_FOUND)
        {
            fail_msg("%s", paths[i]);
        }
    }

    assert_int_equal(match("GET", "/upgrade/quote", &found),
                     BILLING_METHOD_NOT_ALLOWED);
    assert_int_equal(found.allow, BILLING_METHOD_POST);
    assert_int_equal(match("POST", "/pricing", &found),
                     BILLING_METHOD_NOT_ALLOWED);
    assert_int_equal(found.allow, BILLING_METHOD_GET);
    assert_int_equal(match("PUT", "/upgrade", &found),
                     BILLING_METHOD_NOT_ALLOWED);
    assert_int_equal(found.allow, BILLING_METHOD_GET | BILLING_METHOD_POST);

    memset(big, 'a', sizeof(big));
    memcpy(big, "/billing/operations/", 20);
    big[20 + 254] = '\0';
    assert_int_equal(match("GET", big, &found), BILLING_ALLOW);
    big[20 + 254] = 'a';
    big[20 + 255] = '\0';
    assert_int_equal(match("GET", big, &found), BILLING_NOT_FOUND);
    big[20 + 255] = 'a';
    big[1023] = '\0';
    assert_int_equal(match("GET", big, &found), BILLING_NOT_FOUND);
    assert_int_equal(billing_route_match("GET", 3,
                                         "/billing/operations/a\0b", 23,
                                         &found), BILLING_NOT_FOUND);
}


static void
the_table_is_sound(void **state)
{
    (void) state;

    for (const billing_route_t *route = billing_routes();
         route->method != NULL; route++)
    {
        bool  told = route->class == BILLING_ROUTE_QUERY
                     || route->class == BILLING_ROUTE_COMMAND;

        if (told && billing_fields(route->kind) == NULL) {
            fail_msg("%s has no table of fields", route->kind);
        }

        assert_true(strlen(route->kind) <= 31);
        assert_true(route->page == NULL
                    || strcmp(route->method, "GET") == 0);
        /* Money moves for who is somebody, or holds an invoice's link. */

        assert_true(!route->money || route->login
                    || billing_route_app(route)
                    || strcmp(route->kind, "pay.invoice") == 0);
        assert_false(billing_route_app(route) && route->login);
        assert_int_equal(billing_route_app(route),
                         strncmp(route->kind, "app.", 4) == 0);

        for (const billing_route_t *other = billing_routes(); other < route;
             other++)
        {
            assert_string_not_equal(route->kind, other->kind);
        }
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(p46_each_route_finds_itself),
        cmocka_unit_test(parameters_are_kept),
        cmocka_unit_test(p46_nothing_else_is_a_route),
        cmocka_unit_test(the_table_is_sound),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
