#include "gateway_fixture.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#define NOW   INT64_C(1800000000)
#define BODY  "{\"id\":\"evt_1\",\"type\":\"payment_intent.succeeded\","      \
              "\"data\":{\"object\":{\"id\":\"pi_1\"}}}"


static const char *const  secrets[] = { "whsec_new", "whsec_old" };


/* The v1 signature by another road than the code under test. */

static const char *
sign(const char *secret, const char *time, const char *body, char hex[65])
{
    char      text[8192];
    uint8_t   mac[32];
    unsigned  n = 32;

    snprintf(text, sizeof(text), "%s.%s", time, body);
    HMAC(EVP_sha256(), secret, (int) strlen(secret), (const uint8_t *) text,
         strlen(text), mac, &n);

    for (unsigned i = 0; i < 32; i++) {
        sprintf(hex + 2 * i, "%02x", mac[i]);
    }

    return hex;
}


static bool
verify(const char *header, const char *body)
{
    return billing_webhook_verify(header, strlen(header), body, strlen(body),
                                  secrets, 2, NOW);
}


static void
p34_the_gateways_own_events_are_taken(void **state)
{
    char  hex[65], header[2048];

    (void) state;

    sign("whsec_new", "1800000000", BODY, hex);
    snprintf(header, sizeof(header), "t=1800000000,v1=%s", hex);
    assert_true(verify(header, BODY));

    snprintf(header, sizeof(header), "t=1800000000,v0=ff,v1=%s,v2=x", hex);
    assert_true(verify(header, BODY));
    snprintf(header, sizeof(header), "v1=%s,t=1800000000", hex);
    assert_true(verify(header, BODY));

    sign("whsec_old", "1800000000", BODY, hex);     /* rotation, 5.11 row 5 */
    snprintf(header, sizeof(header), "t=1800000000,v1=%064d,v1=%s", 0, hex);
    assert_true(verify(header, BODY));

    sign("whsec_gone", "1800000000", BODY, hex);
    snprintf(header, sizeof(header), "t=1800000000,v1=%s", hex);
    assert_false(verify(header, BODY));

    sign("", "1800000000", BODY, hex);              /* no empty secret */
    snprintf(header, sizeof(header), "t=1800000000,v1=%s", hex);
    assert_false(billing_webhook_verify(header, strlen(header), BODY,
                                        strlen(BODY),
                                        (const char *const []) { "", NULL },
                                        2, NOW));
}


static void
p34_three_hundred_seconds_either_way(void **state)
{
    char  hex[65], header[256], time[32];

    static const struct {
        int64_t  off;
        bool     good;
    } cases[] = {
        { -301, false }, { -300, true }, { -1, true }, { 300, true },
        { 301, false }, { 86400, false }
    };

    (void) state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(time, sizeof(time), "%lld",
                 (long long) (NOW + cases[i].off));
        sign("whsec_new", time, BODY, hex);
        snprintf(header, sizeof(header), "t=%s,v1=%s", time, hex);
        assert_int_equal(verify(header, BODY), cases[i].good);
    }
}


/* 5.11 rows 1 and 2: %s is a right signature. */

static void
p34_headers_that_are_not_quite_right(void **state)
{
    char  hex[65], header[256], upper[65];

    static const char *const  bad[] = {
        "", "t", "t=", "v1", "v1=", "t=1800000000", "v1=%s",
        "t=1800000000,v0=%s", "t=1800000000,v1=%.63s", "t=1800000000,v1=%s0",
        "t=1800000000,v1=%s,v1=xyz", "t=1800000000,t=1800000000,v1=%s",
        "t=1800000000,v1=%s,t=1", "t=-1800000000,v1=%s",
        "t=+1800000000,v1=%s", "t=01800000000,v1=%s", "t=1.8e9,v1=%s",
        "t=18000000000000000000,v1=%s", "t= 1800000000,v1=%s",
        "t=1800000000 ,v1=%s", " t=1800000000,v1=%s", "t=1800000000;v1=%s",
        "t=1800000000, v1=%s", "T=1800000000,V1=%s", "t=1800000000,v1= %s",
        "t=1800000000,v1=%s "
    };

    (void) state;

    sign("whsec_new", "1800000000", BODY, hex);

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char        *p;
        const char  *mark = strstr(bad[i], "%");

        snprintf(header, sizeof(header), "%s", bad[i]);

        if (mark != NULL) {
            size_t  n = strstr(mark, "63") != NULL ? 63 : 64;

            p = header + (mark - bad[i]);
            memcpy(p, hex, n);
            strcpy(p + n, strchr(mark, 's') + 1);
        }

        if (verify(header, BODY)) {
            fail_msg("taken: %s", header);
        }
    }

    /* Two times that together would read as one. */

    sign("whsec_new", "800000000", BODY, upper);
    snprintf(header, sizeof(header), "t=1,t=800000000,v1=%s", upper);
    assert_false(verify(header, BODY));

    for (unsigned i = 0; i < 65; i++) {
        upper[i] = (char) (hex[i] >= 'a' ? hex[i] - 32 : hex[i]);
    }

    snprintf(header, sizeof(header), "t=1800000000,v1=%s", upper);
    assert_false(verify(header, BODY));

    assert_false(billing_webhook_verify(NULL, 0, BODY, strlen(BODY), secrets,
                                        2, NOW));
}


static void
p34_the_header_is_bounded(void **state)
{
    char  hex[65], header[8192], many[3000];

    (void) state;

    sign("whsec_new", "1800000000", BODY, hex);

    for (unsigned n = 15; n <= 17; n++) {
        int  len = sprintf(many, "t=1800000000");

        for (unsigned i = 1; i < n; i++) {
            len += sprintf(many + len, ",v1=%064u", i);
        }

        sprintf(many + len, ",v1=%s", hex);
        assert_int_equal(verify(many, BODY), n <= 16);
    }

    memset(header, ',', 4000);
    snprintf(header + 1968, 100, "t=1800000000,v1=%s", hex);
    assert_true(strlen(header) <= 2048);
    assert_true(verify(header, BODY));
    memset(header, ',', 4000);
    snprintf(header + 1969, 100, "t=1800000000,v1=%s", hex);
    assert_true(strlen(header) > 2048);
    assert_false(verify(header, BODY));
}


/* 5.11 row 4: the raw bytes. */

static void
p34_each_changed_bit_is_refused(void **state)
{
    char  hex[65], header[256], body[] = BODY;

    (void) state;

    sign("whsec_new", "1800000000", BODY, hex);
    snprintf(header, sizeof(header), "t=1800000000,v1=%s", hex);

    for (size_t i = 0; i < 8 * strlen(BODY); i++) {
        body[i / 8] = (char) (body[i / 8] ^ 1 << i % 8);
        assert_false(billing_webhook_verify(header, strlen(header), body,
                                            strlen(BODY), secrets, 2, NOW));
        body[i / 8] = (char) (body[i / 8] ^ 1 << i % 8);
    }

    for (size_t i = 0; i < 8 * strlen(header); i++) {
        header[i / 8] = (char) (header[i / 8] ^ 1 << i % 8);
        assert_false(billing_webhook_verify(header, strlen(header), BODY,
                                            strlen(BODY), secrets, 2, NOW));
        header[i / 8] = (char) (header[i / 8] ^ 1 << i % 8);
    }

    assert_true(verify(header, BODY));
    assert_false(verify(header, BODY " "));
    assert_false(billing_webhook_verify(header, strlen(header), BODY,
                                        strlen(BODY), secrets, 0, NOW));
}


static void
the_size_is_bounded(void **state)
{
    char  *big = calloc(1, BILLING_WEBHOOK_MAX + 2);

    (void) state;

    assert_false(billing_webhook_verify("t=1800000000,v1=", 16, big,
                                        BILLING_WEBHOOK_MAX + 1, secrets, 2,
                                        NOW));
    free(big);
}


/* 5.11 rows 7 and 13. */

static void
only_the_names_are_read(void **state)
{
    billing_event_t    event;
    static const struct {
        const char  *metadata, *checkout;
    } named[] = {
        { "{\"checkout\":\"op_1\"}", "op_1" },
        { "{\"checkout\":\"op/1\"}", "" },
        { "{\"checkout\":1}", "" },
        { "{}", "" },
        { "null", "" },
        { "[\"checkout\"]", "" }
    };
    const char *const  bad[] = {
        "", "{}", "[]", "{\"id\":\"evt_1\",\"type\":\"x\"}",
        "{\"id\":\"evt_1\",\"type\":\"x\",\"data\":{}}",
        "{\"id\":\"evt_1\",\"type\":\"x\",\"data\":{\"object\":{}}}",
        "{\"id\":\"evt_1\",\"type\":\"x\",\"data\":{\"object\":{\"id\":1}}}",
        "{\"id\":\"evt_1\",\"type\":1,\"data\":{\"object\":{\"id\":\"a\"}}}",
        "{\"id\":\"evt 1\",\"type\":\"x\",\"data\":{\"object\":"
            "{\"id\":\"a\"}}}",
        "{\"id\":\"evt_1\",\"type\":\"x\",\"data\":{\"object\":"
            "{\"id\":\"a/b\"}}}",
        BODY "}", "<x>"
    };

    (void) state;

    assert_int_equal(billing_webhook_parse(BODY, strlen(BODY), &event),
                     BILLING_OK);
    assert_string_equal(event.id, "evt_1");
    assert_string_equal(event.type, "payment_intent.succeeded");
    assert_string_equal(event.object, "pi_1");
    assert_string_equal(event.checkout, "");

    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
        char  body[256];

        snprintf(body, sizeof(body), "{\"id\":\"evt_1\",\"type\":\"x\","
                 "\"data\":{\"object\":{\"id\":\"pi_1\",\"metadata\":%s}}}",
                 named[i].metadata);
        assert_int_equal(billing_webhook_parse(body, strlen(body), &event),
                         BILLING_OK);
        assert_string_equal(event.checkout, named[i].checkout);
    }

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(billing_webhook_parse(bad[i], strlen(bad[i]),
                                               &event), BILLING_EFORMAT);
        assert_string_equal(event.id, "");
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(p34_the_gateways_own_events_are_taken),
        cmocka_unit_test(p34_three_hundred_seconds_either_way),
        cmocka_unit_test(p34_headers_that_are_not_quite_right),
        cmocka_unit_test(p34_the_header_is_bounded),
        cmocka_unit_test(p34_each_changed_bit_is_refused),
        cmocka_unit_test(the_size_is_bounded),
        cmocka_unit_test(only_the_names_are_read),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
