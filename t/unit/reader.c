#include "api_fixture.h"


typedef struct {
    json_t            *json;
    billing_reader_t   reader;
    char               error[BILLING_SETTINGS_ERROR_MAX];
} reading_t;


static void
begin(reading_t *r, const char *text)
{
    memset(r, 0, sizeof(*r));
    r->json = json_loads(text, 0, NULL);
    assert_non_null(r->json);
    r->reader.name = "dir/f";
    r->reader.text = text;
    r->reader.len = strlen(text);
    r->reader.error = r->error;
}


static void
end(reading_t *r, const char *error)
{
    assert_string_equal(r->error, error);
    assert_int_equal(r->reader.failed, error[0] != '\0');
    assert_string_equal(r->reader.pointer, "");
    json_decref(r->json);
}


static void
the_first_mistake_is_kept(void **state)
{
    reading_t  r;

    (void) state;

    begin(&r, "{\"a\":1,\n\"b\":2}");
    billing_reader_fail(&r.reader, "b", "is %d", 2);
    billing_reader_fail(&r.reader, "a", "is 1");
    assert_int_equal(billing_reader_integer(&r.reader, r.json, "a",
                         (billing_range_t) { 0, 9, 5 }), 5);
    end(&r, "dir/f:2:5: /b: is 2");
}


static void
values_in_and_out_of_range(void **state)
{
    reading_t        r;
    billing_range_t  range = { 0, 9, -1 };

    (void) state;

    begin(&r, "{\"a\":9}");
    assert_int_equal(billing_reader_integer(&r.reader, r.json, "a", range),
                     9);
    range.absent = 3;
    assert_int_equal(billing_reader_integer(&r.reader, r.json, "x", range),
                     3);
    range.absent = -1;
    assert_int_equal(billing_reader_integer(&r.reader, r.json, "x", range),
                     -1);
    end(&r, "dir/f:1:1: x is missing");

    begin(&r, "{\"a\":10}");
    (void) billing_reader_integer(&r.reader, r.json, "a", range);
    end(&r, "dir/f:1:6: /a: must be from 0 to 9");

    begin(&r, "{\"a\":null}");
    assert_false(billing_reader_bool(&r.reader, r.json, "a"));
    end(&r, "dir/f:1:6: /a: must be true or false");
}


static void
texts_fit_their_buffers(void **state)
{
    char       out[4] = "xyz";
    reading_t  r;

    (void) state;

    begin(&r, "{\"a\":\"abc\",\"b\":\"abcd\"}");
    billing_reader_copy(&r.reader, r.json, "a", out, sizeof(out));
    assert_string_equal(out, "abc");
    billing_reader_copy(&r.reader, r.json, "none", out, sizeof(out));
    assert_string_equal(out, "");
    billing_reader_copy(&r.reader, r.json, "b", out, sizeof(out));
    assert_string_equal(out, "");
    end(&r, "dir/f:1:16: /b: is longer than 3 bytes");

    begin(&r, "{\"a\":\"\"}");
    billing_reader_copy_required(&r.reader, r.json, "a", out, sizeof(out));
    end(&r, "dir/f:1:6: /a: is empty");
}


static void
pointers_are_escaped_and_bounded(void **state)
{
    char       big[2000];
    reading_t  r;

    (void) state;

    begin(&r, "{\"a/~\":{}}");
    assert_non_null(billing_reader_object(&r.reader, r.json, "a/~", true));
    assert_string_equal(r.reader.pointer, "/a~1~0");
    billing_reader_enter_index(&r.reader, 7);
    assert_string_equal(r.reader.pointer, "/a~1~0/7");
    billing_reader_leave(&r.reader);
    billing_reader_leave(&r.reader);
    billing_reader_leave(&r.reader);
    end(&r, "");

    memset(big, 'k', sizeof(big));
    big[sizeof(big) - 1] = '\0';
    begin(&r, "{}");
    billing_reader_fail(&r.reader, big, "%s", big);
    assert_true(strlen(r.error) < sizeof(r.error));
    r.error[0] = '\0';
    r.reader.failed = false;
    end(&r, "");
}


static void
files_are_beside_the_settings(void **state)
{
    char       out[BILLING_FILE_NAME_MAX], big[BILLING_FILE_NAME_MAX];
    reading_t  r;

    (void) state;

    begin(&r, "{}");
    billing_reader_file(&r.reader, NULL, "a/b", out);
    assert_string_equal(out, "dir/a/b");
    billing_reader_file(&r.reader, NULL, "/a/b", out);
    assert_string_equal(out, "/a/b");
    memset(big, 'x', sizeof(big));
    big[508] = '\0';
    billing_reader_file(&r.reader, NULL, big, out);
    assert_string_equal(out, "");
    end(&r, "dir/f:1:1: is too long a file name");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(the_first_mistake_is_kept),
        cmocka_unit_test(values_in_and_out_of_range),
        cmocka_unit_test(texts_fit_their_buffers),
        cmocka_unit_test(pointers_are_escaped_and_bounded),
        cmocka_unit_test(files_are_beside_the_settings),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
