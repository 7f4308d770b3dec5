#include "api_fixture.h"


static billing_bulk_t    bulk;
static billing_fault_t   fault;
static json_t           *members;
static json_t           *refused;


static billing_reason_t
open_text(const char *path, const char *text, size_t len)
{
    billing_match_t  match;

    json_decref(members);
    assert_int_equal(billing_route_match("POST", 4, path, strlen(path),
                                         &match), BILLING_ALLOW);

    return billing_bulk_open(&match, text, len, &bulk, &members, &fault);
}


static billing_reason_t
opens(const char *text)
{
    return open_text("/app/v1/members", text, strlen(text));
}


static json_t *
next(void)
{
    return billing_bulk_next(&bulk, BILLING_LANG_EN, refused);
}


#define ONE   "{\"team\":\"t1\",\"email\":\"a@example.test\"}"
#define LIST(items)  "{\"members\":[" items "]}"


static void
the_list_is_found_wherever_it_stands(void **state)
{
    static const char *const  good[] = {
        LIST(ONE), " { \"members\" : [ " ONE " ] } ",
        "{\"on_full\":\"add_seat\",\"members\":[" ONE "]}",
        "{\"members\":[" ONE "],\"on_full\":\"add_seat\"}",
        "{\"members\":\n[\t" ONE "\r\n]}"
    };

    json_t  *items;

    (void) state;

    for (unsigned i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(opens(good[i]), BILLING_ALLOW);
        items = next();
        assert_int_equal(json_array_size(items), 1);
        assert_string_equal(text_at(items, "0.email"), "a@example.test");
        assert_int_equal(json_integer_value(json_object_get(
                             json_array_get(items, 0), "index")), 0);
        json_decref(items);
        items = next();
        assert_int_equal(json_array_size(items), 0);
        json_decref(items);
        assert_int_equal(json_array_size(refused), 0);

        if (i == 2 || i == 3) {
            assert_string_equal(text_at(members, "on_full"), "add_seat");
        }
    }

    assert_int_equal(opens(LIST("")), BILLING_ALLOW);
    items = next();
    assert_int_equal(json_array_size(items), 0);
    json_decref(items);
}


static void
a_body_without_form_is_refused_whole(void **state)
{
    static const struct {
        const char        *text;
        billing_reason_t   reason;
    } bad[] = {
        { "", BILLING_FIELD_MISSING },
        { "{}", BILLING_FIELD_MISSING },
        { "[]", BILLING_BODY_INVALID },
        { "{\"members\":{}}", BILLING_FIELD_TYPE },
        { "{\"members\":null}", BILLING_FIELD_TYPE },
        { "{\"boards\":[" ONE "]}", BILLING_FIELD_UNKNOWN },
        { "{\"members\":[" ONE "],\"x\":1}", BILLING_FIELD_UNKNOWN },
        { "{\"members\":[],\"members\":[" ONE "]}", BILLING_BODY_INVALID },
        { "{\"\\u006dembers\":[" ONE "]}", BILLING_FIELD_TYPE },
        { "{\"members\":[" ONE "]", BILLING_BODY_INVALID },
        { "{\"members\":[" ONE, BILLING_BODY_INVALID },
        { "{\"members\":[" ONE "]}}", BILLING_BODY_INVALID },
        { "{\"members\":[" ONE "]} x", BILLING_BODY_INVALID },
        { "{\"members\":[" ONE ",]}", BILLING_BODY_INVALID },
        { "{\"members\":[\"a]}", BILLING_BODY_INVALID },
        { "{\"x\":{\"members\":[" ONE "]}}", BILLING_FIELD_UNKNOWN },
        { "{\"a\\\"members\":[" ONE "]}", BILLING_FIELD_UNKNOWN }
    };

    (void) state;

    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        billing_reason_t  reason = opens(bad[i].text);

        if (reason != bad[i].reason) {
            fail_msg("%s: %s", bad[i].text, billing_reason_code(reason));
        }
    }
}


static void
one_bad_item_does_not_lose_the_others(void **state)
{
    json_t             *items;
    static const char   text[] = LIST(ONE ", 5, {\"team\":\"t1\"}, {\"team\":"
        "\"a b\",\"email\":\"x@example.test\"}, {\"a\":}, [{}], null,"
        "{\"team\":\"t1\",\"email\":\"no\"},"
        "{\"team\":\"t1\",\"team\":\"t2\",\"email\":\"b@example.test\"},"
        "{\"team\":\"t1\",\"email\":\"c@example.test\",\"roles\":[]},"
        "{\"team\":\"t1\",\"email\":\"c@example.test\",\"admin\":true},"
        "{\"team\":\"t1\",\"email\":\"],[{\\\"@example.test\"},"
        "{\"team\":\"t1\",\"email\":\"Z@Example.test\",\"role\":\"member\"}");

    static const struct {
        int          index;
        const char  *code;
        const char  *field;
    } wrong[] = {
        { 1, "FIELD_TYPE", "" }, { 2, "FIELD_MISSING", "email" },
        { 3, "TEAM_NOT_FOUND", "team" }, { 4, "BODY_INVALID", "" },
        { 5, "FIELD_TYPE", "" }, { 6, "FIELD_TYPE", "" },
        { 7, "EMAIL_INVALID", "email" }, { 8, "BODY_INVALID", "" },
        { 9, "ROLE_INVALID", "roles" }, { 10, "FIELD_UNKNOWN", "admin" },
        { 11, "EMAIL_INVALID", "email" }
    };

    (void) state;

    assert_int_equal(opens(text), BILLING_ALLOW);
    items = next();

    assert_int_equal(json_array_size(items), 2);
    assert_string_equal(text_at(items, "1.email"), "z@example.test");
    assert_int_equal(json_integer_value(json_object_get(
                         json_array_get(items, 1), "index")), 12);
    json_decref(items);

    assert_int_equal(json_array_size(refused),
                     sizeof(wrong) / sizeof(wrong[0]));

    for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        json_t  *item = json_array_get(refused, i);

        assert_int_equal(json_integer_value(json_object_get(item, "index")),
                         wrong[i].index);
        assert_string_equal(text_at(item, "code"), wrong[i].code);
        assert_string_equal(text_at(item, "field"), wrong[i].field);
        assert_true(strlen(text_at(item, "detail")) > 0);
    }
}


/* Ten thousand are the most; each chunk is bounded in number and in bytes. */

static void
a_long_list_comes_in_pieces_and_in_order(void **state)
{
    char        *text = malloc(BILLING_BULK_MAX + 2), *p;
    json_t      *items;
    json_int_t   expected = 0;

    (void) state;

    p = text + sprintf(text, "{\"profiles\":[");

    for (unsigned i = 0; i < BILLING_BULK_ITEMS_MAX; i++) {
        p += sprintf(p, "%s{\"email\":\"u%u@example.test\"}", i ? "," : "",
                     i);
    }

    (void) strcpy(p, "]}");
    assert_int_equal(open_text("/app/v1/profiles", text, strlen(text)),
                     BILLING_ALLOW);

    for ( ;; ) {
        items = next();

        if (json_array_size(items) == 0) {
            break;
        }

        assert_true(json_array_size(items) <= BILLING_CHUNK_ITEMS_MAX);

        for (size_t i = 0; i < json_array_size(items); i++) {
            assert_int_equal(json_integer_value(json_object_get(
                                 json_array_get(items, i), "index")),
                             expected++);
        }

        json_decref(items);
    }

    json_decref(items);
    assert_int_equal(expected, BILLING_BULK_ITEMS_MAX);

    (void) strcpy(p, ",{\"email\":\"one@example.test\"}]}");
    assert_int_equal(open_text("/app/v1/profiles", text, strlen(text)),
                     BILLING_BODY_TOO_LARGE);

    memset(text, ' ', BILLING_BULK_MAX + 1);
    memcpy(text, "{\"profiles\":[]}", 15);
    assert_int_equal(open_text("/app/v1/profiles", text, BILLING_BULK_MAX),
                     BILLING_BODY_TOO_LARGE);       /* beside the list */
    memcpy(text, "{\"profiles\":[  ", 15);
    memcpy(text + BILLING_BULK_MAX - 2, "]}", 2);
    assert_int_equal(open_text("/app/v1/profiles", text, BILLING_BULK_MAX),
                     BILLING_ALLOW);
    assert_int_equal(open_text("/app/v1/profiles", text,
                               BILLING_BULK_MAX + 1), BILLING_BODY_TOO_LARGE);
    free(text);
}


static void
large_items_make_small_chunks(void **state)
{
    char      text[3 * BILLING_BULK_ITEM_MAX + 256], *p = text;
    char      title[BILLING_NAME_MAX + 1];
    size_t    n = 0;
    json_t   *items;

    (void) state;

    memset(title, 'x', BILLING_NAME_MAX);
    title[BILLING_NAME_MAX] = '\0';

    p += sprintf(p, "{\"boards\":[");

    for (unsigned i = 0; i < 3; i++) {
        p += sprintf(p, "%s{\"id\":\"b%u\",\"title\":\"%s\"%*s}",
                     i ? "," : "", i, title,
                     i == 1 ? BILLING_BULK_ITEM_MAX : 10, "");
    }

    (void) strcpy(p, "]}");
    assert_int_equal(open_text("/app/v1/boards", text, strlen(text)),
                     BILLING_ALLOW);
    items = next();
    assert_int_equal(json_array_size(items), 2);
    assert_int_equal(json_array_size(refused), 1);
    assert_string_equal(text_at(refused, "0.code"), "BODY_TOO_LARGE");
    json_decref(items);

    /* Nesting is bounded in each item. */

    json_array_clear(refused);
    p = text + sprintf(text, "{\"boards\":[{\"id\":");
    memset(p, '[', 40);
    memset(p + 40, ']', 40);
    (void) strcpy(p + 80, "}]}");
    assert_int_equal(open_text("/app/v1/boards", text, strlen(text)),
                     BILLING_ALLOW);
    items = next();
    n = json_array_size(items);
    json_decref(items);
    assert_int_equal(n, 0);
    assert_string_equal(text_at(refused, "0.code"), "BODY_INVALID");
}


static void
only_list_routes_take_a_list(void **state)
{
    unsigned  n = 0;

    (void) state;

    for (const billing_route_t *route = billing_routes();
         route->method != NULL; route++)
    {
        if (billing_bulk_list(route) != NULL) {
            assert_true(billing_route_app(route));
            assert_non_null(billing_bulk_list(route)->members);
            n++;
        }
    }

    assert_int_equal(n, 4);
}


static int
set_up(void **state)
{
    (void) state;
    refused = json_array();
    return 0;
}


static int
tear_down(void **state)
{
    (void) state;
    json_decref(refused);
    json_decref(members);
    members = NULL;
    return 0;
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(the_list_is_found_wherever_it_stands,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_body_without_form_is_refused_whole,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_bad_item_does_not_lose_the_others,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_long_list_comes_in_pieces_and_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(large_items_make_small_chunks, set_up,
                                        tear_down),
        cmocka_unit_test(only_list_routes_take_a_list),
    };

    assert_int_equal(billing_text_init(), BILLING_OK);
    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
