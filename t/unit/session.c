#include "store_fixture.h"

#include <stdio.h>


static billing_session_t
a_session(void)
{
    return (billing_session_t) {
        .profile = "owner@example.test",
        .nonce = "0123456789abcdef0123456789abcdef",
        .expires_at = 2000
    };
}


static void
a_session_there_and_back(void **state)
{
    char               token[BILLING_SESSION_MAX];
    billing_secret_t   secret = a_secret(1);
    billing_session_t  session = a_session(), back;

    static const char  text[] = "1.b3duZXJAZXhhbXBsZS50ZXN0"
        ".0123456789abcdef0123456789abcdef.2000.";

    (void) state;

    assert_int_equal(billing_session_encode(&secret, &session, token),
                     BILLING_OK);
    assert_memory_equal(token, text, sizeof(text) - 1);
    assert_int_equal(strlen(token), sizeof(text) - 1 + 43);

    assert_int_equal(billing_session_decode(&secret, BYTES(token), 1999,
                                            &back), BILLING_OK);
    assert_memory_equal(&back, &session, sizeof(back));

    assert_int_equal(billing_session_decode(&secret, BYTES(token), 2000,
                                            &back), BILLING_ERANGE);
    assert_string_equal(back.profile, "");
}


static void
the_longest_profile_fits(void **state)
{
    char               token[BILLING_SESSION_MAX];
    billing_secret_t   secret = a_secret(1);
    billing_session_t  session = a_session(), back;

    (void) state;

    memset(session.profile, 'e', BILLING_EMAIL_MAX);
    session.expires_at = INT64_MAX;
    assert_int_equal(billing_session_encode(&secret, &session, token),
                     BILLING_OK);
    assert_int_equal(billing_session_decode(&secret, BYTES(token), 0, &back),
                     BILLING_OK);
    assert_memory_equal(&back, &session, sizeof(back));

    memset(session.profile, 'e', sizeof(session.profile));
    assert_int_equal(billing_session_encode(&secret, &session, token),
                     BILLING_ERANGE);
    session = a_session();
    session.nonce[0] = 'X';
    assert_int_equal(billing_session_encode(&secret, &session, token),
                     BILLING_ERANGE);
    session = a_session();
    session.profile[0] = '\0';
    assert_int_equal(billing_session_encode(&secret, &session, token),
                     BILLING_ERANGE);
    assert_string_equal(token, "");
}


static void
p50_each_changed_bit_is_refused(void **state)
{
    char               token[BILLING_SESSION_MAX + 8];
    size_t             len;
    billing_secret_t   secret = a_secret(1), other = a_secret(2);
    billing_session_t  session = a_session(), back;

    (void) state;

    assert_int_equal(billing_session_encode(&secret, &session, token),
                     BILLING_OK);
    len = strlen(token);

    for (size_t i = 0; i < 8 * len; i++) {
        token[i / 8] = (char) (token[i / 8] ^ 1 << i % 8);
        assert_int_not_equal(billing_session_decode(&secret,
                                        (billing_bytes_t) { token, len }, 0,
                                        &back), BILLING_OK);
        assert_string_equal(back.profile, "");
        token[i / 8] = (char) (token[i / 8] ^ 1 << i % 8);
    }

    for (size_t cut = 0; cut < len; cut++) {
        assert_int_not_equal(billing_session_decode(&secret,
                                        (billing_bytes_t) { token, cut }, 0,
                                        &back), BILLING_OK);
    }

    assert_int_equal(billing_session_decode(&other, BYTES(token), 0, &back),
                     BILLING_EMAC);
}


/* 5.4 row 5: padding, blanks, one more letter, another last letter. */

static void
a_token_has_one_spelling(void **state)
{
    char               token[BILLING_SESSION_MAX + 8];
    size_t             len, good = 0;
    billing_secret_t   secret = a_secret(1);
    billing_session_t  session = a_session(), back;
    const char *const  tails[] = { "=", " ", "\n", "A", "==", "." };

    static const char  letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkl"
        "mnopqrstuvwxyz0123456789-_";

    (void) state;

    assert_int_equal(billing_session_encode(&secret, &session, token),
                     BILLING_OK);
    len = strlen(token);

    for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
        memcpy(token + len, tails[i], strlen(tails[i]) + 1);
        assert_int_not_equal(billing_session_decode(&secret, BYTES(token), 0,
                                                    &back), BILLING_OK);
    }

    token[len] = '\0';

    for (size_t i = 0; i < 64; i++) {
        token[len - 1] = letters[i];
        good += billing_session_decode(&secret, BYTES(token), 0, &back)
                == BILLING_OK;
    }

    assert_int_equal(good, 1);
}


/* Behind the MAC nothing is believed either. */

static void
signed_nonsense_is_refused(void **state)
{
    char               token[BILLING_SESSION_MAX], text[256], mac64[48];
    uint8_t            mac[32];
    billing_secret_t   secret = a_secret(1);
    billing_bytes_t    part;
    billing_session_t  back;

#define NONCE  "0123456789abcdef0123456789abcdef"

    static const char *const  bad[] = {
        "2.YQ." NONCE ".2000", "1.." NONCE ".2000", "1.YR." NONCE ".2000",
        "1.AA." NONCE ".2000", "1.IA." NONCE ".2000", "1.YQ.0123.2000",
        "1.YQ.0123456789ABCDEF0123456789ABCDEF.2000", "1.YQ." NONCE ".02000",
        "1.YQ." NONCE ".-1", "1.YQ." NONCE ".", "1.YQ." NONCE ".0",
        "1.YQ." NONCE ".9223372036854775808"
    };

    (void) state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(text, sizeof(text), "%s", bad[i]);
        part = BYTES(text);
        assert_int_equal(billing_mac(&secret, BILLING_KEY_SESSION, &part, 1,
                                     mac), BILLING_OK);
        billing_base64url(mac, 32, mac64);
        snprintf(token, sizeof(token), "%s.%s", text, mac64);
        assert_int_equal(billing_session_decode(&secret, BYTES(token), -1,
                                                &back), BILLING_EFORMAT);
    }
}


static void
p48_a_csrf_token_belongs_to_one_session(void **state)
{
    char               one[BILLING_CSRF_LEN + 1], two[BILLING_CSRF_LEN + 1];
    billing_secret_t   secret = a_secret(1);
    billing_session_t  session = a_session();

    (void) state;

    assert_int_equal(billing_csrf_token(&secret, &session, one), BILLING_OK);
    assert_int_equal(strlen(one), BILLING_CSRF_LEN);
    assert_int_equal(billing_csrf_token(&secret, &session, two), BILLING_OK);
    assert_string_equal(one, two);

    session.nonce[0] = 'f';
    assert_int_equal(billing_csrf_token(&secret, &session, two), BILLING_OK);
    assert_string_not_equal(one, two);

    session = a_session();
    session.profile[0] = 'x';
    assert_int_equal(billing_csrf_token(&secret, &session, two), BILLING_OK);
    assert_string_not_equal(one, two);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_session_there_and_back),
        cmocka_unit_test(the_longest_profile_fits),
        cmocka_unit_test(p50_each_changed_bit_is_refused),
        cmocka_unit_test(a_token_has_one_spelling),
        cmocka_unit_test(signed_nonsense_is_refused),
        cmocka_unit_test(p48_a_csrf_token_belongs_to_one_session),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
