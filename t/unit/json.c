#include "gateway_fixture.h"

#include <jansson.h>


static json_t *
load(const char *text)
{
    return billing_gateway_json(text, strlen(text));
}


/* 5.10 row 1. */

static void
only_whole_plain_objects_are_read(void **state)
{
    json_t             *json;
    const char *const   bad[] = {
        "", "null", "[]", "1", "\"x\"", "{", "{\"a\":1", "{\"a\":1}x",
        "<html></html>", "{\"a\":1,\"a\":2}", "{\"a\":\"\xff\"}",
        "{\"a\":\"\\u0000\"}", "\xef\xbb\xbf{}", "{'a':1}", "{\"a\":NaN}",
        "{\"a\":9223372036854775808}"
    };

    (void) state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_null(load(bad[i]));
    }

    json = load(" {\"a\": 1} \n");
    assert_non_null(json);
    json_decref(json);
    assert_null(billing_gateway_json(NULL, 0));
}


static void
depth_and_size_are_bounded(void **state)
{
    char    *text = malloc(BILLING_GATEWAY_REPLY_MAX + 2);
    json_t  *json;

    (void) state;

    for (unsigned depth = 31; depth <= 33; depth++) {
        char  *p = text;

        p += sprintf(p, "{\"b\":\"}]\\\"}]\",\"a\":");
        memset(p, '[', depth - 1);
        p += depth - 1;
        memset(p, ']', depth - 1);
        p += depth - 1;
        strcpy(p, "}");
        json = load(text);
        assert_int_equal(json != NULL, depth <= BILLING_GATEWAY_DEPTH_MAX);
        json_decref(json);
    }

    memset(text, '[', BILLING_GATEWAY_REPLY_MAX);
    text[BILLING_GATEWAY_REPLY_MAX] = '\0';
    assert_null(load(text));
    memset(text, ' ', BILLING_GATEWAY_REPLY_MAX + 1);
    memcpy(text, "{}", 2);
    json = billing_gateway_json(text, BILLING_GATEWAY_REPLY_MAX);
    assert_non_null(json);
    json_decref(json);
    assert_null(billing_gateway_json(text, BILLING_GATEWAY_REPLY_MAX + 1));
    free(text);
}


/* 5.10 row 10. */

static void
texts_are_short_and_printable(void **state)
{
    char    out[5];
    json_t  *json = load("{\"a\":\"abcd\",\"b\":\"abcde\",\"c\":\"\","
                         "\"d\":\"a b\",\"e\":\"a\\n\",\"f\":1,\"g\":\"é\"}");

    (void) state;

    assert_true(billing_gateway_text(json, "a", out, 4));
    assert_string_equal(out, "abcd");

    for (const char *p = "bcdefgh"; *p != '\0'; p++) {
        char  name[2] = { *p, '\0' };

        assert_false(billing_gateway_text(json, name, out, 4));
        assert_string_equal(out, "");
    }

    assert_false(billing_gateway_text(NULL, "a", out, 4));
    json_decref(json);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(only_whole_plain_objects_are_read),
        cmocka_unit_test(depth_and_size_are_bounded),
        cmocka_unit_test(texts_are_short_and_printable),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
