#include "store_fixture.h"


static void
names_are_those_of_the_protocol(void **state)
{
    char  out[BILLING_KEY_MAX];

    (void) state;

    assert_int_equal(billing_key_team(out, "billing", BYTES("t_1")), 20);
    assert_string_equal(out, "billing:1:{t_1}:team");

    assert_int_equal(billing_key_team(out, "{billing}", BYTES("t_1")), 22);
    assert_string_equal(out, "{billing}:1:{t_1}:team");
    assert_int_equal(billing_key_of(out, "{}", "epoch"), 0);
    assert_int_equal(billing_key_of(out, "{a}{b}", "epoch"), 0);
    assert_int_equal(billing_key_of(out, "{a", "epoch"), 0);

    assert_true(billing_key_member(out, "billing", BYTES("t_1"),
                                   BYTES("a@example.test")) > 0);
    assert_string_equal(out, "billing:1:{t_1}:member:a@example.test");

    assert_true(billing_key_board(out, "billing", BYTES("b_1")) > 0);
    assert_string_equal(out, "billing:1:{b_1}:board");

    assert_true(billing_key_of(out, "demo", "commands") > 0);
    assert_string_equal(out, "demo:1:commands");

    assert_true(billing_key_reply(out, "billing", "0123abcd") > 0);
    assert_string_equal(out, "billing:1:reply:0123abcd");
}


static void
parts_cannot_break_out_of_a_name(void **state)
{
    char               out[BILLING_KEY_MAX];
    const char *const  ids[] = { "", "a b", "a}b", "a:b", "a\r\nb", "é",
                                 "0123456789012345678901234567890123456" };

    (void) state;

    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        assert_int_equal(billing_key_team(out, "billing", BYTES(ids[i])), 0);
        assert_string_equal(out, "");
        assert_int_equal(billing_key_board(out, "billing", BYTES(ids[i])), 0);
        assert_int_equal(billing_key_member(out, "billing", BYTES(ids[i]),
                                            BYTES("a@example.test")), 0);
        assert_int_equal(billing_key_reply(out, "billing", ids[i]), 0);
    }

    assert_int_equal(billing_key_team(out, "", BYTES("t_1")), 0);
    assert_int_equal(billing_key_team(out, "a b", BYTES("t_1")), 0);
    assert_int_equal(billing_key_member(out, "billing", BYTES("t_1"),
                                        BYTES("a@b\r\nc")), 0);
    assert_int_equal(billing_key_member(out, "billing", BYTES("t_1"),
                                        BYTES("")), 0);
    assert_int_equal(billing_key_team(out, "billing",
                                      (billing_bytes_t) { "a\0b", 3 }), 0);
}


static void
the_longest_name_fits(void **state)
{
    char  out[BILLING_KEY_MAX], prefix[33], id[37], email[255];

    (void) state;

    memset(prefix, 'p', 32);
    memset(id, 'i', 36);
    memset(email, 'e', 254);
    prefix[32] = id[36] = email[254] = '\0';

    assert_int_equal(billing_key_member(out, prefix, BYTES(id), BYTES(email)),
                     32 + 4 + 36 + 9 + 254);
    prefix[31] = '\0';
    assert_true(billing_key_of(out, prefix, "queries") > 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(names_are_those_of_the_protocol),
        cmocka_unit_test(parts_cannot_break_out_of_a_name),
        cmocka_unit_test(the_longest_name_fits),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
