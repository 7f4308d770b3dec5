#include "store_fixture.h"


static void
hex_there_and_back(void **state)
{
    char     text[513];
    uint8_t  bytes[256], back[256];

    (void) state;

    for (unsigned i = 0; i < 256; i++) {
        bytes[i] = (uint8_t) i;
    }

    billing_hex(bytes, sizeof(bytes), text);
    assert_memory_equal(text, "000102", 6);
    assert_int_equal(strlen(text), 512);
    assert_int_equal(billing_unhex(text, 512, back), BILLING_OK);
    assert_memory_equal(back, bytes, 256);
}


static void
hex_takes_small_letters_only(void **state)
{
    uint8_t            byte[2];
    const char *const  bad[] = { "0", "0A", "g0", "0g", " 0", "0x", "00 " };

    (void) state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(billing_unhex(bad[i], strlen(bad[i]), byte),
                         BILLING_EFORMAT);
    }
}


/* RFC 4648 section 10, without padding. */

static void
base64url_matches_the_published_vectors(void **state)
{
    char               text[16];
    const char *const  vectors[][2] = {
        { "", "" }, { "f", "Zg" }, { "fo", "Zm8" }, { "foo", "Zm9v" },
        { "foob", "Zm9vYg" }, { "fooba", "Zm9vYmE" }, { "foobar", "Zm9vYmFy" },
        { "\xfb\xff", "-_8" }
    };

    (void) state;

    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        uint8_t           bytes[8];
        billing_buffer_t  buffer = { bytes, 0, sizeof(bytes) };
        const char       *plain = vectors[i][0];

        assert_int_equal(billing_base64url((const uint8_t *) plain,
                                           strlen(plain), text),
                         strlen(vectors[i][1]));
        assert_string_equal(text, vectors[i][1]);
        assert_int_equal(billing_unbase64url(text, strlen(text), &buffer),
                         BILLING_OK);
        assert_int_equal(buffer.len, strlen(plain));
        assert_memory_equal(bytes, plain, strlen(plain));
    }
}


/* Of all texts of two letters exactly 256 are one byte (5.4 row 5). */

static void
base64url_has_one_spelling(void **state)
{
    unsigned  n = 0;

    (void) state;

    for (unsigned i = 0; i < 65536; i++) {
        char              text[3] = { (char) (i >> 8), (char) i, 0 };
        char              again[8];
        uint8_t           byte[4];
        billing_buffer_t  buffer = { byte, 0, sizeof(byte) };

        if (billing_unbase64url(text, 2, &buffer) != BILLING_OK) {
            continue;
        }

        assert_int_equal(buffer.len, 1);
        billing_base64url(byte, 1, again);
        assert_memory_equal(again, text, 2);
        n++;
    }

    assert_int_equal(n, 256);
}


static void
base64url_refuses_padding_blanks_and_overflow(void **state)
{
    uint8_t            bytes[3];
    billing_buffer_t   buffer = { bytes, 0, sizeof(bytes) };
    const char *const  bad[] = { "Z", "Zg==", "Zg ", "Z+8", "Z/8", "Zh",
                                 "Zm9vY" };

    (void) state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(billing_unbase64url(bad[i], strlen(bad[i]), &buffer),
                         BILLING_EFORMAT);
    }

    assert_int_equal(billing_unbase64url("Zm9vYg", 6, &buffer),
                     BILLING_ERANGE);
}


static void
digits_are_plain_and_in_range(void **state)
{
    uint64_t           value;
    const char *const  bad[] = { "", "-1", "+1", " 1", "1 ", "01", "1e1",
                                 "0x1", "18446744073709551616",
                                 "99999999999999999999999" };

    (void) state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(billing_digits(bad[i], strlen(bad[i]), &value),
                         BILLING_EFORMAT);
    }

    assert_int_equal(billing_digits("0", 1, &value), BILLING_OK);
    assert_int_equal(value, 0);
    assert_int_equal(billing_digits("18446744073709551615", 20, &value),
                     BILLING_OK);
    assert_true(value == UINT64_MAX);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(hex_there_and_back),
        cmocka_unit_test(hex_takes_small_letters_only),
        cmocka_unit_test(base64url_matches_the_published_vectors),
        cmocka_unit_test(base64url_has_one_spelling),
        cmocka_unit_test(base64url_refuses_padding_blanks_and_overflow),
        cmocka_unit_test(digits_are_plain_and_in_range),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
