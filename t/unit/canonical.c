#include "api_fixture.h"


/* 5.3 row 12. */

static void
p5_order_and_blanks_do_not_matter(void **state)
{
    char     one[65], two[65], *a, *b;
    json_t  *left = json_loads("{\"b\": {\"y\": 1, \"x\": [2, 1]},"
                               " \"a\": \"\\u00e9\"}", 0, NULL);
    json_t  *right = json_loads("{\"a\":\"\xc3\xa9\","
                                "\"b\":{\"x\":[2,1],\"y\":1}}", 0, NULL);

    (void) state;

    a = billing_body_canonical(left, one);
    b = billing_body_canonical(right, two);
    assert_string_equal(a, "{\"a\":\"\xc3\xa9\",\"b\":{\"x\":[2,1],"
                           "\"y\":1}}");
    assert_string_equal(a, b);
    assert_string_equal(one, two);
    free(a);
    free(b);

    json_array_set_new(json_object_get(json_object_get(right, "b"), "x"), 0,
                       json_integer(3));
    b = billing_body_canonical(right, two);
    assert_string_not_equal(one, two);
    free(b);

    json_decref(left);
    json_decref(right);
}


static void
the_fingerprint_is_sha_256(void **state)
{
    char     print[65], *text;
    json_t  *empty = json_object();

    (void) state;

    text = billing_body_canonical(empty, print);
    assert_string_equal(text, "{}");
    assert_string_equal(print, "44136fa355b3678a1146ad16f7e8649e"
                               "94fb4fc21fe77e8310c060f61caaff8a");
    free(text);
    json_decref(empty);
}


static void
any_value_has_a_hash(void **state)
{
    uint8_t   hash[32];
    json_t   *text = json_string("x");

    (void) state;

    assert_int_equal(billing_json_hash(text, hash), BILLING_OK);
    assert_int_equal(billing_json_hash(NULL, hash), BILLING_ENOMEM);
    json_decref(text);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(p5_order_and_blanks_do_not_matter),
        cmocka_unit_test(the_fingerprint_is_sha_256),
        cmocka_unit_test(any_value_has_a_hash),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
