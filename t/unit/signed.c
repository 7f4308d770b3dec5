#include "jws_fixture.h"

#define NOW  1000
#define MAC  "16bab3568572581a690541909ca4ba67"                               \
             "b6da7fa8f2842cb8b614adea7e749a00"
#define GOOD "v1 1000 Ann@Example.test " MAC


static billing_signed_request_t
the_request(const char *header)
{
    return (billing_signed_request_t) {
        .method = BYTES("PUT"),
        .target = BYTES("/boards/b1?x=1"),
        .header = BYTES(header)
    };
}


static void
says_who_for_one_request(void **state)
{
    billing_signed_t          said;
    billing_jws_keys_t        keys;
    billing_signed_request_t  request = the_request(GOOD);

    (void) state;

    keys = one_key(BILLING_JWS_HS256, BYTES(OUR_SECRET));

    assert_int_equal(billing_signed_verify(&keys, &request, NOW, &said),
                     BILLING_OK);
    assert_string_equal(said.profile, "ann@example.test");
    assert_null(said.why);

    request.method = BYTES("POST");
    assert_int_equal(billing_signed_verify(&keys, &request, NOW, &said),
                     BILLING_EMAC);
    assert_string_equal(said.profile, "");

    request = the_request(GOOD);
    request.target = BYTES("/boards/b1?x=2");
    assert_int_equal(billing_signed_verify(&keys, &request, NOW, &said),
                     BILLING_EMAC);

    billing_jws_key_free(&keys.key[0]);
}


static void
half_a_minute_is_its_time(void **state)
{
    billing_signed_t          said;
    billing_jws_keys_t        keys;
    billing_signed_request_t  request = the_request(GOOD);

    (void) state;

    keys = one_key(BILLING_JWS_HS256, BYTES(OUR_SECRET));

    for (int64_t now = NOW - 32; now <= NOW + 32; now++) {
        billing_err_t  rc = billing_signed_verify(&keys, &request, now,
                                                  &said);

        assert_int_equal(rc, now < NOW - 30 || now > NOW + 30
                                 ? BILLING_ERANGE : BILLING_OK);
        assert_true((said.why == NULL) == (rc == BILLING_OK));
    }

    billing_jws_key_free(&keys.key[0]);
}


static void
either_key_while_one_takes_the_others_place(void **state)
{
    billing_signed_t          said;
    billing_jws_keys_t        keys, ours;
    billing_signed_request_t  request = the_request(GOOD);

    (void) state;

    keys = one_key(BILLING_JWS_HS256, BYTES("another secret, as long as it "
                                            "has to be"));
    assert_int_equal(billing_signed_verify(&keys, &request, NOW, &said),
                     BILLING_EMAC);

    ours = one_key(BILLING_JWS_HS256, BYTES(OUR_SECRET));
    keys.key[keys.n++] = ours.key[0];
    assert_int_equal(billing_signed_verify(&keys, &request, NOW, &said),
                     BILLING_OK);

    keys.n = 0;
    assert_int_equal(billing_signed_verify(&keys, &request, NOW, &said),
                     BILLING_EMAC);

    billing_jws_key_free(&keys.key[0]);
    billing_jws_key_free(&keys.key[1]);
}


static void
each_changed_byte_is_refused(void **state)
{
    char                      header[] = GOOD;
    size_t                    len = sizeof(header) - 1;
    billing_signed_t          said;
    billing_jws_keys_t        keys;
    billing_signed_request_t  request = the_request(header);

    (void) state;

    keys = one_key(BILLING_JWS_HS256, BYTES(OUR_SECRET));

    for (size_t i = 0; i < 8 * len; i++) {
        header[i / 8] = (char) (header[i / 8] ^ 1 << i % 8);
        assert_int_not_equal(billing_signed_verify(&keys, &request, NOW,
                                                   &said), BILLING_OK);
        assert_string_equal(said.profile, "");
        header[i / 8] = (char) (header[i / 8] ^ 1 << i % 8);
    }

    for (size_t cut = 0; cut < len; cut++) {
        request.header.len = cut;
        assert_int_not_equal(billing_signed_verify(&keys, &request, NOW,
                                                   &said), BILLING_OK);
    }

    billing_jws_key_free(&keys.key[0]);
}


static void
headers_that_are_none(void **state)
{
    char                      longer[BILLING_SIGNED_MAX + 2];
    billing_signed_t          said;
    billing_jws_keys_t        keys;
    billing_signed_request_t  request;

    static const char *const  bad[] = {
        "", " ", "v1", "v1 1000 Ann@Example.test",
        "v1 1000 Ann@Example.test ", " " GOOD, GOOD " ", GOOD " x",
        "v1  1000 Ann@Example.test " MAC, "v2 1000 Ann@Example.test " MAC,
        "v1 01000 Ann@Example.test " MAC, "v1 -1000 Ann@Example.test " MAC,
        "v1 1e3 Ann@Example.test " MAC,
        "v1 18446744073709551615 Ann@Example.test " MAC,
        "v1 1000 Ann@Example.test 0" MAC
    };

    (void) state;

    keys = one_key(BILLING_JWS_HS256, BYTES(OUR_SECRET));

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        request = the_request(bad[i]);
        assert_int_equal(billing_signed_verify(&keys, &request, NOW, &said),
                         BILLING_EFORMAT);
        assert_non_null(said.why);
    }

    memset(longer, 'a', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    request = the_request(longer);
    assert_int_equal(billing_signed_verify(&keys, &request, NOW, &said),
                     BILLING_EFORMAT);

    billing_jws_key_free(&keys.key[0]);
}


static void
who_is_an_address(void **state)
{
    char                      header[256], hex[65];
    uint8_t                   mac[32];
    billing_signed_t          said;
    billing_jws_keys_t        keys;
    billing_bytes_t           text = BYTES("v1\n1000\nPUT\n/boards/b1?x=1\n"
                                           "ann");
    billing_signed_request_t  request;

    (void) state;

    keys = one_key(BILLING_JWS_HS256, BYTES(OUR_SECRET));

    assert_int_equal(billing_mac_plain(keys.key[0].mac, &text, 1, mac),
                     BILLING_OK);
    billing_hex(mac, sizeof(mac), hex);
    snprintf(header, sizeof(header), "v1 1000 ann %s", hex);

    request = the_request(header);
    assert_int_equal(billing_signed_verify(&keys, &request, NOW, &said),
                     BILLING_ERANGE);
    assert_string_equal(said.profile, "");
    assert_string_equal(said.why, "names nobody by an e-mail address");

    billing_jws_key_free(&keys.key[0]);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(says_who_for_one_request),
        cmocka_unit_test(half_a_minute_is_its_time),
        cmocka_unit_test(either_key_while_one_takes_the_others_place),
        cmocka_unit_test(each_changed_byte_is_refused),
        cmocka_unit_test(headers_that_are_none),
        cmocka_unit_test(who_is_an_address),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
