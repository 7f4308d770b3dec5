#include "api_fixture.h"


/* The vector that the specification's libraries are tested with. */

#define SECRET  "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define ID      "msg_p5jXN8AQM9LWM0D4loKWxJek"
#define BODY    "{\"test\": 2432232314}"
#define SIGNED  "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


static billing_err_t
sign(const billing_hook_secret_t *secret, const char *id, int64_t timestamp,
    const char *body, char out[BILLING_HOOK_SIGNATURE_LEN + 1])
{
    billing_hook_message_t  message = { id, timestamp, body, strlen(body) };

    return billing_hook_sign(secret, &message, out);
}


static void
the_published_vector(void **state)
{
    char                   out[BILLING_HOOK_SIGNATURE_LEN + 1];
    billing_hook_secret_t  secret;

    (void) state;

    assert_int_equal(billing_hook_secret(SECRET, strlen(SECRET), &secret),
                     BILLING_OK);
    assert_int_equal(secret.len, 24);
    assert_int_equal(sign(&secret, ID, 1614265330, BODY, out), BILLING_OK);
    assert_string_equal(out, SIGNED);
}


static void
each_part_is_signed(void **state)
{
    char                   out[BILLING_HOOK_SIGNATURE_LEN + 1];
    billing_hook_secret_t  secret;

    (void) state;

    assert_int_equal(billing_hook_secret(SECRET, strlen(SECRET), &secret),
                     BILLING_OK);

    assert_int_equal(sign(&secret, ID "x", 1614265330, BODY, out),
                     BILLING_OK);
    assert_string_not_equal(out, SIGNED);
    assert_int_equal(sign(&secret, ID, 1614265331, BODY, out), BILLING_OK);
    assert_string_not_equal(out, SIGNED);
    assert_int_equal(sign(&secret, ID, 1614265330, BODY " ", out),
                     BILLING_OK);
    assert_string_not_equal(out, SIGNED);

    secret.key[0] ^= 1;
    assert_int_equal(sign(&secret, ID, 1614265330, BODY, out), BILLING_OK);
    assert_string_not_equal(out, SIGNED);
}


static void
what_is_no_secret_signs_nothing(void **state)
{
    static const char *const  bad[] = {
        "", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",        /* cut */
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa==",       /* too short */
        "whsec_MfKQ9r8GKYqrTwjUPD8I=PZIo2LaLaSwMfKQ",   /* in the middle */
        "whsec_MfKQ9r8GKYqrTwjUPD8I PZIo2LaLaSwMfKQ",
        "whsec_MfKQ9r8GKYqrTwjUPD8I_PZIo2LaLaSwMfKQ",   /* base64url */
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa===MfK",
        "WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    };

    char                   out[BILLING_HOOK_SIGNATURE_LEN + 1], big[128];
    char                   id[300];
    billing_hook_secret_t  secret;

    (void) state;

    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(billing_hook_secret(bad[i], strlen(bad[i]), &secret),
                         BILLING_EFORMAT);
        assert_int_equal(secret.len, 0);
        assert_int_equal(sign(&secret, ID, 1, BODY, out), BILLING_ERANGE);
    }

    /* 64 bytes are the most: 88 characters. */

    memset(big, 'A', sizeof(big));
    memcpy(big, "whsec_", 6);
    memcpy(big + 6 + 86, "==", 2);
    assert_int_equal(billing_hook_secret(big, 6 + 88, &secret), BILLING_OK);
    assert_int_equal(secret.len, 64);
    big[6 + 87] = 'A';
    big[6 + 86] = 'A';
    assert_int_equal(billing_hook_secret(big, 6 + 88, &secret),
                     BILLING_EFORMAT);

    assert_int_equal(billing_hook_secret(SECRET, strlen(SECRET), &secret),
                     BILLING_OK);
    memset(id, 'x', sizeof(id));
    id[sizeof(id) - 1] = '\0';
    assert_int_equal(sign(&secret, id, 1, BODY, out), BILLING_ERANGE);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(the_published_vector),
        cmocka_unit_test(each_part_is_signed),
        cmocka_unit_test(what_is_no_secret_signs_nothing),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
