#include "store_fixture.h"


static void
a_token_is_its_ids(void **state)
{
    char              one[BILLING_INVITATION_LEN + 1];
    char              two[BILLING_INVITATION_LEN + 1];
    billing_secret_t  secret = a_secret(1), other = a_secret(2);

    (void) state;

    assert_int_equal(billing_invitation_token(&secret, "i_1", one),
                     BILLING_OK);
    assert_int_equal(billing_invitation_token(&secret, "i_1", two),
                     BILLING_OK);
    assert_string_equal(one, two);
    assert_int_equal(strlen(one), BILLING_INVITATION_LEN);
    assert_memory_equal(one, "n_", 2);
    assert_int_equal(strspn(one + 2, "abcdefghijklmnopqrstuvwxyz234567"),
                     BILLING_INVITATION_LEN - 2);

    assert_int_equal(billing_invitation_token(&secret, "i_2", two),
                     BILLING_OK);
    assert_string_not_equal(one, two);
    assert_int_equal(billing_invitation_token(&other, "i_1", two),
                     BILLING_OK);
    assert_string_not_equal(one, two);
}


/* Published: SHA-256 of "abc". */

static void
a_digest_is_sha256(void **state)
{
    char  digest[BILLING_INVITATION_DIGEST_LEN + 1];

    (void) state;

    assert_int_equal(billing_invitation_digest("abc", digest), BILLING_OK);
    assert_string_equal(digest, "ba7816bf8f01cfea414140de5dae2223"
                                "b00361a396177a9cb410ff61f20015ad");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_token_is_its_ids),
        cmocka_unit_test(a_digest_is_sha256)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("invitation", tests, NULL, NULL);
}
