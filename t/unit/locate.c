#include "api_fixture.h"


static void
at(const char *text, const char *pointer, bool key, unsigned line,
    unsigned column)
{
    billing_place_t  place = billing_locate(text, strlen(text), pointer, key);

    if (place.line != line || place.column != column) {
        fail_msg("%s in %s: %u:%u", pointer, text, place.line, place.column);
    }
}


static void
values_and_keys_have_places(void **state)
{
    static const char  text[] =
        "{\n"
        "  \"a\": {\"b\": [1, {\"c\": \"x\"}, [\"]\", \"\\\"\"], true]},\n"
        "\t\"\xc3\xa9\xc3\xa9\": null, \"d\" :\n 7,\"e/~\":8,"
        "\"\\u0066\":9}\n";

    (void) state;

    at(text, "", false, 1, 1);
    at(text, "/a", false, 2, 8);
    at(text, "/a", true, 2, 3);
    at(text, "/a/b", false, 2, 14);
    at(text, "/a/b/0", false, 2, 15);
    at(text, "/a/b/1", false, 2, 18);
    at(text, "/a/b/1/c", false, 2, 24);
    at(text, "/a/b/1/c", true, 2, 19);
    at(text, "/a/b/2", false, 2, 30);
    at(text, "/a/b/2/1", false, 2, 36);
    at(text, "/a/b/3", false, 2, 43);
    at(text, "/\xc3\xa9\xc3\xa9", false, 3, 8);
    at(text, "/d", false, 4, 2);
    at(text, "/d", true, 3, 14);
    at(text, "/e~1~0", false, 4, 10);
    at(text, "/f", false, 4, 21);
    at(text, "/f", true, 4, 12);
}


static void
what_is_not_there_is_in_its_parent(void **state)
{
    static const char  text[] = "{\"a\": {\"b\": [1, 2]}}";

    (void) state;

    at(text, "/x", false, 1, 1);
    at(text, "/a/x", false, 1, 7);
    at(text, "/a/x", true, 1, 7);
    at(text, "/a/b/2", false, 1, 13);
    at(text, "/a/b/x", false, 1, 13);
    at(text, "/a/b/0/y", false, 1, 14);
    at(text, "/a/b/99999999999999999999", false, 1, 13);
}


static void
a_text_that_is_no_json_ends_the_walk(void **state)
{
    const char *const  bad[] = { "", "{", "{\"a\"", "{\"a\":", "[", "[1",
                                 "{\"a\":[1,{\"b\"", "\"", "{\"\\", "}",
                                 "{\"a\":\"\\", "{1", "[[[[[", "{a:b}" };

    (void) state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        size_t  len = strlen(bad[i]);
        char   *copy = malloc(len > 0 ? len : 1);

        memcpy(copy, bad[i], len);
        (void) billing_locate(copy, len, "/a/1/b", true);
        (void) billing_locate(copy, len, "/1/1", false);
        free(copy);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(values_and_keys_have_places),
        cmocka_unit_test(what_is_not_there_is_in_its_parent),
        cmocka_unit_test(a_text_that_is_no_json_ends_the_walk),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
