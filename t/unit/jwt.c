#include "jws_fixture.h"

#define NOW      1000000
#define HEADER   "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define ISSUER   "\"iss\":\"https://id.example.test\","
#define AUDIENCE "\"aud\":\"boards\","
#define TIMES    "\"exp\":1000300,\"nbf\":999999,"
#define EMAIL    "\"email\":\"Ann@Example.test\""


static billing_jwt_rules_t
the_rules(void)
{
    return (billing_jwt_rules_t) {
        .keys = one_key(BILLING_JWS_HS256, BYTES(OUR_SECRET)),
        .issuer = "https://id.example.test",
        .audience = "boards",
        .claim = "email"
    };
}


static billing_err_t
says(const billing_jwt_rules_t *rules, const char *payload, int64_t now,
    billing_jwt_t *jwt)
{
    a_token_t      token = a_token(HEADER, payload);
    billing_err_t  rc;

    rc = billing_jwt_verify(rules, BYTES(token.text), now, jwt);

    assert_true((rc == BILLING_OK) == (jwt->why == NULL));
    assert_true((rc == BILLING_OK) == (jwt->profile[0] != '\0'));

    return rc;
}


static void
a_good_token_says_who(void **state)
{
    billing_jwt_t        jwt;
    billing_jwt_rules_t  rules = the_rules();

    static const char *const  good[] = {
        "{" ISSUER AUDIENCE TIMES EMAIL "}",
        "{" ISSUER "\"aud\":[\"a\",1,\"boards\"]," TIMES EMAIL "}",
        "{" ISSUER AUDIENCE TIMES EMAIL ",\"email_verified\":true}",
        "{" ISSUER AUDIENCE TIMES EMAIL ",\"email_verified\":\"true\"}",
        "{" ISSUER AUDIENCE TIMES EMAIL ",\"role\":\"company_admin\",\"x\":[]}"
    };

    (void) state;

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(says(&rules, good[i], NOW, &jwt), BILLING_OK);
        assert_string_equal(jwt.profile, "ann@example.test");
        assert_int_equal(jwt.expires_at, NOW + 300);
        assert_int_equal(jwt.not_before_at, NOW - 1);
    }

    billing_jws_key_free(&rules.keys.key[0]);
}


static void
each_claim_is_required(void **state)
{
    billing_jwt_t        jwt;
    billing_jwt_rules_t  rules = the_rules();

    static const struct {
        const char  *payload;
        const char  *why;
    } bad[] = {
        { "{" AUDIENCE TIMES EMAIL "}", "is of another issuer" },
        { "{\"iss\":\"https://id.example.test/\"," AUDIENCE TIMES EMAIL "}",
          "is of another issuer" },
        { "{\"iss\":1," AUDIENCE TIMES EMAIL "}", "is of another issuer" },
        { "{" ISSUER TIMES EMAIL "}", "is for another audience" },
        { "{" ISSUER "\"aud\":\"board\"," TIMES EMAIL "}",
          "is for another audience" },
        { "{" ISSUER "\"aud\":[]," TIMES EMAIL "}",
          "is for another audience" },
        { "{" ISSUER "\"aud\":[[\"boards\"]]," TIMES EMAIL "}",
          "is for another audience" },
        { "{" ISSUER "\"aud\":{\"boards\":1}," TIMES EMAIL "}",
          "is for another audience" },
        { "{" ISSUER AUDIENCE "\"nbf\":1," EMAIL "}",
          "has no \"exp\" that is a whole number" },
        { "{" ISSUER AUDIENCE "\"nbf\":1,\"exp\":\"1000300\"," EMAIL "}",
          "has no \"exp\" that is a whole number" },
        { "{" ISSUER AUDIENCE "\"nbf\":1,\"exp\":1000300.5," EMAIL "}",
          "has no \"exp\" that is a whole number" },
        { "{" ISSUER AUDIENCE "\"nbf\":1,\"exp\":-1," EMAIL "}",
          "has no \"exp\" that is a whole number" },
        { "{" ISSUER AUDIENCE "\"exp\":1000300," EMAIL "}",
          "has no \"nbf\" that is a whole number" },
        { "{" ISSUER AUDIENCE "\"exp\":1000300,\"nbf\":true," EMAIL "}",
          "has no \"nbf\" that is a whole number" },
        { "{" ISSUER AUDIENCE TIMES "\"sub\":\"ann@example.test\"}",
          "has no e-mail address in its claim" },
        { "{" ISSUER AUDIENCE TIMES "\"email\":\"ann\"}",
          "has no e-mail address in its claim" },
        { "{" ISSUER AUDIENCE TIMES "\"email\":[\"ann@example.test\"]}",
          "has no e-mail address in its claim" },
        { "{" ISSUER AUDIENCE TIMES EMAIL ",\"email_verified\":false}",
          "has an e-mail address that is not verified" },
        { "{" ISSUER AUDIENCE TIMES EMAIL ",\"email_verified\":\"false\"}",
          "has an e-mail address that is not verified" },
        { "{" ISSUER AUDIENCE TIMES EMAIL ",\"email_verified\":1}",
          "has an e-mail address that is not verified" }
    };

    (void) state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(says(&rules, bad[i].payload, NOW, &jwt),
                         BILLING_ERANGE);
        assert_string_equal(jwt.why, bad[i].why);
    }

    billing_jws_key_free(&rules.keys.key[0]);
}


static void
clocks_may_differ_by_a_minute(void **state)
{
    billing_jwt_t        jwt;
    billing_jwt_rules_t  rules = the_rules();

    static const char  payload[] =
        "{" ISSUER AUDIENCE "\"nbf\":1000,\"exp\":2000," EMAIL "}";
    static const char  endless[] =
        "{" ISSUER AUDIENCE "\"nbf\":0,\"exp\":9223372036854775807," EMAIL
        "}";

    (void) state;

    assert_int_equal(says(&rules, payload, 939, &jwt), BILLING_ERANGE);
    assert_string_equal(jwt.why, "is not valid yet");
    assert_int_equal(says(&rules, payload, 940, &jwt), BILLING_OK);
    assert_int_equal(says(&rules, payload, 2059, &jwt), BILLING_OK);
    assert_int_equal(says(&rules, payload, 2060, &jwt), BILLING_ERANGE);
    assert_string_equal(jwt.why, "has expired");
    assert_int_equal(says(&rules, endless, NOW, &jwt), BILLING_OK);

    /* One that was verified, later. */

    assert_int_equal(says(&rules, payload, 1500, &jwt), BILLING_OK);
    assert_true(billing_jwt_valid(&jwt, 2059));
    assert_null(jwt.why);
    assert_false(billing_jwt_valid(&jwt, 2060));
    assert_string_equal(jwt.why, "has expired");
    assert_false(billing_jwt_valid(&jwt, 939));

    billing_jws_key_free(&rules.keys.key[0]);
}


static void
payloads_that_are_none(void **state)
{
    char                 deep[3000];
    billing_jwt_t        jwt;
    billing_jwt_rules_t  rules = the_rules();

    static const char *const  bad[] = {
        "", "[]", "1", "\"x\"", "{", "{} x",
        "{" ISSUER AUDIENCE TIMES EMAIL "," EMAIL "}",
        "{" ISSUER ISSUER AUDIENCE TIMES EMAIL "}",
        "{" ISSUER AUDIENCE TIMES "\"email\":\"ann@example.test\\u0000x\"}",
        "{" ISSUER AUDIENCE "\"nbf\":1,\"exp\":99999999999999999999," EMAIL
        "}",
        "{" ISSUER AUDIENCE TIMES "\"email\":\"\xff@example.test\"}"
    };

    (void) state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(says(&rules, bad[i], NOW, &jwt), BILLING_EFORMAT);
    }

    memset(deep, '[', sizeof(deep) - 1);
    deep[sizeof(deep) - 1] = '\0';
    assert_int_equal(says(&rules, deep, NOW, &jwt), BILLING_EFORMAT);

    billing_jws_key_free(&rules.keys.key[0]);
}


static void
another_claim_may_have_the_address(void **state)
{
    billing_jwt_t        jwt;
    billing_jwt_rules_t  rules = the_rules();

    (void) state;

    rules.claim = "sub";
    assert_int_equal(says(&rules, "{" ISSUER AUDIENCE TIMES
                          "\"sub\":\"bob@example.test\"," EMAIL
                          ",\"email_verified\":false}", NOW, &jwt),
                     BILLING_OK);
    assert_string_equal(jwt.profile, "bob@example.test");

    billing_jws_key_free(&rules.keys.key[0]);
}


static void
what_nobody_signed_says_nothing(void **state)
{
    char                *signature;
    a_token_t            token;
    billing_jwt_t        jwt;
    billing_jwt_rules_t  rules = the_rules();

    (void) state;

    token = a_token(HEADER, "{" ISSUER AUDIENCE TIMES EMAIL "}");
    signature = strrchr(token.text, '.') + 1;
    signature[0] = signature[0] == 'A' ? 'B' : 'A';

    assert_int_equal(billing_jwt_verify(&rules, BYTES(token.text), NOW, &jwt),
                     BILLING_EMAC);
    assert_string_equal(jwt.profile, "");
    assert_int_equal(jwt.expires_at, 0);
    assert_string_equal(jwt.why, "is not signed with our key");

    billing_jws_key_free(&rules.keys.key[0]);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_good_token_says_who),
        cmocka_unit_test(each_claim_is_required),
        cmocka_unit_test(clocks_may_differ_by_a_minute),
        cmocka_unit_test(payloads_that_are_none),
        cmocka_unit_test(another_claim_may_have_the_address),
        cmocka_unit_test(what_nobody_signed_says_nothing),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
