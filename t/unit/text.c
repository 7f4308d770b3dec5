#include "domain_fixture.h"

#include <stdio.h>


static const char *
normal(const char *text)
{
    static char  out[BILLING_EMAIL_MAX + 1];

    return billing_email_normalise(text, strlen(text), out) == BILLING_OK
           ? out : NULL;
}


static void
r7_one_mailbox_is_one_profile_in_lower_case(void **state)
{
    (void) state;

    assert_string_equal(normal("owner@example.test"), "owner@example.test");
    assert_string_equal(normal("Owner@EXAMPLE.Test"), "owner@example.test");
    assert_string_equal(normal("a.b+c_d-e@x-y.example.test"),
                        "a.b+c_d-e@x-y.example.test");
    assert_string_equal(normal("1@1.example"), "1@1.example");
}


static void
what_is_no_mailbox_is_refused(void **state)
{
    static const char *const  wrong[] = {
        "", "@", "a", "a@", "@example.test", "a@example", "a@@example.test",
        "a@b@example.test", ".a@example.test", "a.@example.test",
        "a..b@example.test", "a b@example.test", "a@exa mple.test",
        "a@-example.test", "a@example-.test", "a@example..test",
        "a@.example.test", "a@example.test.", "a@127.0.0.1", "a@1.2",
        "a@example.test\n", "\"a\"@example.test", "<a@example.test>",
        "a,b@example.test", "a@exam_ple.test", "\xc3\xa9@example.test",
        "a@ex\xc3\xa9mple.test", "a@example.test\r\nBcc: b@example.test",
        "a(b)@example.test", "a;b@example.test"
    };

    char  nul[] = "a\0b@example.test";
    char  out[BILLING_EMAIL_MAX + 1];

    (void) state;

    for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (normal(wrong[i]) != NULL) {
            fail_msg("taken for a mailbox: \"%s\"", wrong[i]);
        }
    }

    assert_int_equal(billing_email_normalise(nul, sizeof(nul) - 1, out),
                     BILLING_EFORMAT);
}


static void
mailboxes_have_a_longest(void **state)
{
    char    text[400], out[BILLING_EMAIL_MAX + 1];
    size_t  len = 0;

    (void) state;

    memset(text, 'a', sizeof(text));
    memcpy(text + 64, "@example.test", 13);
    assert_int_equal(billing_email_normalise(text, 77, out), BILLING_OK);
    assert_int_equal(strlen(out), 77);

    memcpy(text + 64, "a@example.test", 14);
    assert_int_equal(billing_email_normalise(text, 78, out),
                     BILLING_EFORMAT);

    /* Labels of 63, as many as fit in 254 bytes. */

    memset(text, 'a', sizeof(text));
    text[1] = '@';

    for (len = 65; len < 260; len += 64) {
        text[len] = '.';
    }

    assert_int_equal(billing_email_normalise(text, 254, out), BILLING_OK);
    assert_int_equal(billing_email_normalise(text, 255, out),
                     BILLING_EFORMAT);

    text[65] = 'a';
    assert_int_equal(billing_email_normalise(text, 200, out),
                     BILLING_EFORMAT);
}


static void
ids_are_letters_digits_dash_and_underscore(void **state)
{
    char  longest[BILLING_ID_MAX + 1];

    (void) state;

    memset(longest, 'a', sizeof(longest));

    assert_true(billing_id_valid("tm_0aZ-9", 8));
    assert_true(billing_id_valid(longest, BILLING_ID_MAX));
    assert_false(billing_id_valid(longest, BILLING_ID_MAX + 1));
    assert_false(billing_id_valid("", 0));
    assert_false(billing_id_valid("a b", 3));
    assert_false(billing_id_valid("a{b", 3));
    assert_false(billing_id_valid("a\0b", 3));
    assert_false(billing_id_valid("a\n", 2));
    assert_false(billing_id_valid("\xc3\xa9", 2));
}


static void
names_are_visible_utf8_without_control_characters(void **state)
{
    static const char *const  good[] = {
        "Design", "\xc3\x89quipe d'\xc3\xa9t\xc3\xa9",
        "\xe6\x97\xa5\xe6\x9c\xac", "\xf0\x9f\x9a\x80 launch", "<b>",
        "\xf4\x8f\xbf\xbd"
    };
    static const char *const  bad[] = {
        "", " ", "\xc2\xa0 ", "a\nb", "a\tb", "\x7f", "\xc2\x85",
        "\xe2\x80\xa8", "\xe2\x80\xae", "\xe2\x81\xa6", "\xef\xbb\xbf",
        "\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf", "\xed\xa0\x80",
        "\xf0\x80\x80\xaf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff",
        "\x80", "a\xc3", "a\xe2\x82", "\xf0\x9f\x9a", "\xc3(", "\xe2(\xa1"
    };

    char  longest[BILLING_NAME_MAX + 1];

    (void) state;

    for (unsigned i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        if (!billing_name_valid(good[i], strlen(good[i]))) {
            fail_msg("no name: %u", i);
        }
    }

    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (billing_name_valid(bad[i], strlen(bad[i]))) {
            fail_msg("taken for a name: %u", i);
        }
    }

    memset(longest, 'a', sizeof(longest));
    assert_true(billing_name_valid(longest, BILLING_NAME_MAX));
    assert_false(billing_name_valid(longest, BILLING_NAME_MAX + 1));
    assert_false(billing_name_valid("a\0b", 3));
}


/* Byte by byte, against the characters that each text may have. */

static void
every_byte_is_taken_or_refused(void **state)
{
    static const char  word[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    static const char  atom[] = "!#$%&'*+-/=?^_`{|}~.";

    char  out[BILLING_EMAIL_MAX + 1];

    (void) state;

    for (int byte = 1; byte < 256; byte++) {
        char  c = (char) byte;
        char  id[] = { 'a', c, 'b' };
        char  local[] = { 'a', c, 'b', '@', 'x', '.', 'y' };
        char  domain[] = { 'a', '@', 'x', c, 'y', '.', 'z' };
        bool  alnum = strchr(word, c) != NULL;

        assert_int_equal(billing_id_valid(id, 3),
                         alnum || c == '-' || c == '_');
        assert_int_equal(billing_email_normalise(local, 7, out) == BILLING_OK,
                         alnum || strchr(atom, c) != NULL);
        assert_int_equal(billing_email_normalise(domain, 7, out)
                         == BILLING_OK,
                         alnum || c == '-' || c == '.');
    }

    assert_string_equal(normal("AMZ@AMZ.test"), "amz@amz.test");
}


/* Every code point there is, written by its definition. */

static void
every_code_point_is_decoded(void **state)
{
    (void) state;

    for (uint32_t c = 0x80; c <= 0x10ffff; c++) {
        char    text[4];
        size_t  n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        bool    bad;

        for (size_t i = n - 1; i > 0; i--) {
            text[i] = (char) (0x80 | (c >> 6 * (n - 1 - i) & 0x3f));
        }

        text[0] = (char) (((0xf00u >> n) & 0xff) | c >> 6 * (n - 1));

        bad = c <= 0xa0 || (c >= 0xd800 && c <= 0xdfff)
              || (c >= 0x2028 && c <= 0x202e)
              || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;

        if (billing_name_valid(text, n) == bad) {
            fail_msg("U+%04X", (unsigned) c);
        }
    }
}


static bool
card(const char *text)
{
    return billing_looks_like_card(text, strlen(text));
}


static void
card_numbers_are_seen_in_text(void **state)
{
    (void) state;

    assert_true(card("4242424242424242"));
    assert_true(card("4242 4242 4242 4242"));
    assert_true(card("4242-4242-4242-4242"));
    assert_true(card("4242 - 4242 4242 4242") == false);
    assert_true(card("4242  4242  4242  4242"));
    assert_true(card("my card is 378282246310005, thanks"));
    assert_true(card("x5555555555554444y"));
    assert_true(card("4222222222222"));
    assert_true(card("6304000000000000000"));
    assert_true(card("No 1: 4242 4242 4242 4242"));
    assert_true(card("1 4242424242424242 2"));
    assert_true(card("12345, 4000 0000 0000 0002"));
}


static void
other_numbers_are_not_cards(void **state)
{
    (void) state;

    assert_false(card(""));
    assert_false(card("4242424242424241"));
    assert_false(card("424242424242"));
    assert_false(card("14242424242424242"));
    assert_false(card("42424242424242424242"));
    assert_false(card("+33 1 23 45 67 89"));
    assert_false(card("1 rue de l'Exemple, 75002 Paris"));
    assert_false(card("4242.4242.4242.4242"));
    assert_false(card("4242   4242   4242   4242"));
    assert_false(card("FR00123456789"));
}


static void
a_card_is_found_wherever_it_stands(void **state)
{
    random_t  random = { 4242 };

    (void) state;

    for (unsigned i = 0; i < 20000; i++) {
        char      text[600];
        size_t    at_byte, len = 100 + random_below(&random, 480);
        unsigned  sum = 0, n = (unsigned) (13 + random_below(&random, 7));

        for (size_t k = 0; k < len; k++) {
            text[k] = "0123456789 -ab."[random_below(&random, 15)];
        }

        at_byte = 1 + random_below(&random, len - n - 2);
        text[at_byte - 1] = 'x';

        for (unsigned k = 0; k < n; k++) {
            text[at_byte + k] = (char) ('0' + random_below(&random, 10));
        }

        text[at_byte + n] = '.';

        for (unsigned k = 1; k < n; k++) {
            unsigned  d = (unsigned) (text[at_byte + n - 1 - k] - '0');

            d = k % 2 == 1 ? d * 2 : d;
            sum += d / 10 + d % 10;
        }

        text[at_byte + n - 1] = (char) ('0' + (10 - sum % 10) % 10);

        assert_true(billing_looks_like_card(text, len));
    }
}


static void
brackets_in_strings_do_not_nest(void **state)
{
    (void) state;

    assert_true(billing_json_shallow("{\"a\":\"[[[[\\\"[[[[\"}", 18, 1));
    assert_false(billing_json_shallow("{\"a\":[]}", 8, 1));
    assert_true(billing_json_shallow("{\"a\":[]}", 8, 2));
    assert_true(billing_json_shallow("\"\\", 2, 0));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(r7_one_mailbox_is_one_profile_in_lower_case),
        cmocka_unit_test(what_is_no_mailbox_is_refused),
        cmocka_unit_test(mailboxes_have_a_longest),
        cmocka_unit_test(ids_are_letters_digits_dash_and_underscore),
        cmocka_unit_test(names_are_visible_utf8_without_control_characters),
        cmocka_unit_test(every_byte_is_taken_or_refused),
        cmocka_unit_test(every_code_point_is_decoded),
        cmocka_unit_test(card_numbers_are_seen_in_text),
        cmocka_unit_test(other_numbers_are_not_cards),
        cmocka_unit_test(a_card_is_found_wherever_it_stands),
        cmocka_unit_test(brackets_in_strings_do_not_nest)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
