#include "settings_fixture.h"

#define REDIS  "\"redis\": {\"address\": \"unix:redis.sock\","


/* 5.7 row 6: what is no address is said to be none, and why. */

static void
p64_redis_has_an_address_or_sentinels(void **state)
{
    static const struct {
        const char  *members;
        const char  *wrong;         /* NULL: good */
    } cases[] = {
        { "\"address\": \"h:1\"", NULL },
        { "\"address\": \"h:65535\"", NULL },
        { "\"address\": \"[::1]:6379\"", NULL },
        { "\"address\": \"h\"", "must be unix:FILE or HOST:PORT" },
        { "\"address\": \"h:0\"", "must be unix:FILE or HOST:PORT" },
        { "\"address\": \"h:1/2\"", "must be unix:FILE or HOST:PORT" },
        { "\"address\": \"h:1/2:3\"", "must be unix:FILE or HOST:PORT" },
        { "\"address\": \"h:1,i:2\"", "name the sentinels" },
        { "\"address\": \"redis://h:1\"", "must be unix:FILE, HOST:PORT" },
        { "\"address\": \"unix:\"", "needs the name of a socket" },
        { "\"user\": \"u\"", "address" },
        { "\"sentinel\": {\"master\": \"m\", \"addresses\": [\"h:1\"]}", NULL },
        { "\"sentinel\": {\"master\": \"a.B_c-9\", \"addresses\": [\"h:1\","
          "\"[::1]:2\", \"1.2.3.4:3\"], \"user\": \"u\", \"password_file\":"
          " \"p\"}", NULL },
        { "\"sentinel\": {\"addresses\": [\"h:1\"]}", "master" },
        { "\"sentinel\": {\"master\": \"\", \"addresses\": [\"h:1\"]}",
          "is empty" },
        { "\"sentinel\": {\"master\": \"a b\", \"addresses\": [\"h:1\"]}",
          "must be the name" },
        { "\"sentinel\": {\"master\": \"m\"}", "addresses" },
        { "\"sentinel\": {\"master\": \"m\", \"addresses\": []}",
          "must name one" },
        { "\"sentinel\": {\"master\": \"m\", \"addresses\": [\"h\"]}",
          "/redis/sentinel/addresses/0: must be HOST:PORT" },
        { "\"sentinel\": {\"master\": \"m\", \"addresses\": [\"h:1\", 2]}",
          "/redis/sentinel/addresses/1: must be HOST:PORT" },
        { "\"sentinel\": {\"master\": \"m\", \"addresses\":"
          " [\"unix:/s\"]}", "must be HOST:PORT" },
        { "\"sentinel\": {\"master\": \"m\", \"addresses\": [\"h:1\", \"h:1\","
          "\"h:1\", \"h:1\", \"h:1\", \"h:1\", \"h:1\", \"h:1\", \"h:1\","
          "\"h:1\"]}", "addresses" },
        { "\"sentinel\": {\"master\": \"m\", \"addresses\": [\"h:1\"],"
          " \"quorum\": 2}", "quorum" },
        { "\"sentinel\": {\"master\": \"m\", \"addresses\": [\"h:1\"]},"
          " \"address\": \"h:1\"", "leave one of" },
        { "\"cluster\": {\"addresses\": [\"h:1\", \"i:2\"]}", NULL },
        { "\"cluster\": {\"addresses\": [\"h:1\"]}, \"sentinel\": 1",
          "leave one of" },
        { "\"cluster\": {}", "addresses" },
        { "\"cluster\": {\"addresses\": [\"h\"]}",
          "/redis/cluster/addresses/0: must be HOST:PORT" },
        { "\"cluster\": {\"addresses\": [\"h:1\"], \"master\": \"m\"}",
          "master" }
    };

    (void) state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char           piece[512];
        billing_err_t  rc;

        (void) snprintf(piece, sizeof(piece), "\"redis\": {%s,",
                        cases[i].members);
        rc = settings_with(REDIS, piece);

        if ((rc == BILLING_OK) != (cases[i].wrong == NULL)
            || (rc != BILLING_OK
                && strstr(settings_error, cases[i].wrong) == NULL))
        {
            fail_msg("%s: %s", cases[i].members, settings_error);
        }
    }
}


/* Built without it, TLS is refused and never left out in silence. */

static void
p64_tls_to_redis_is_wanted_whole_or_refused(void **state)
{
    static const struct {
        const char  *members;
        const char  *wrong;         /* NULL: good */
    } cases[] = {
        { "\"address\": \"rediss://h:1\"", NULL },
        { "\"address\": \"rediss://[::1]:1\"", NULL },
        { "\"address\": \"rediss://h:1\", \"tls\": {}", NULL },
        { "\"address\": \"rediss://h:1\", \"tls\": {\"ca_file\": \"ca\","
          " \"cert_file\": \"c\", \"key_file\": \"k\", \"server_name\":"
          " \"redis.test\"}", NULL },
        { "\"sentinel\": {\"master\": \"m\", \"addresses\": [\"h:1\"]},"
          " \"tls\": {}", NULL },
        { "\"cluster\": {\"addresses\": [\"h:1\"]}, \"tls\": {}", NULL },
        { "\"address\": \"rediss://h\"", "must be unix:FILE or HOST:PORT" },
        { "\"address\": \"rediss://\"", "must be unix:FILE or HOST:PORT" },
        { "\"address\": \"rediss://rediss://h:1\"", "rediss://HOST:PORT" },
        { "\"address\": \"h:1\", \"tls\": {}", "is of no use without" },
        { "\"address\": \"unix:/s\", \"tls\": {}", "is of no use without" },
        { "\"address\": \"rediss://h:1\", \"tls\": true",
          "/redis/tls: must be an object" },
        { "\"address\": \"rediss://h:1\", \"tls\": {\"verify\": false}",
          "verify" },
        { "\"address\": \"rediss://h:1\", \"tls\": {\"cert_file\": \"c\"}",
          "both, or none" },
        { "\"address\": \"rediss://h:1\", \"tls\": {\"key_file\": \"k\"}",
          "both, or none" },
        { "\"address\": \"rediss://h:1\", \"tls\": {\"server_name\":"
          " \"a b\"}", "/redis/tls/server_name" },
        { "\"sentinel\": {\"master\": \"m\", \"addresses\":"
          " [\"rediss://h:1\"]}", "must be HOST:PORT" }
    };

    (void) state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char           piece[512];
        const char    *wrong = cases[i].wrong;
        billing_err_t  rc;

#ifndef BILLING_REDIS_TLS
        wrong = (wrong == NULL) ? "put a tunnel in front of it" : "";
#endif

        (void) snprintf(piece, sizeof(piece), "\"redis\": {%s,",
                        cases[i].members);
        rc = settings_with(REDIS, piece);

        if ((rc == BILLING_OK) != (wrong == NULL)
            || (rc != BILLING_OK && strstr(settings_error, wrong) == NULL))
        {
            fail_msg("%s: %s", cases[i].members, settings_error);
        }

        assert_true(rc != BILLING_OK || settings.redis_tls.on);
    }
}


#ifdef BILLING_REDIS_TLS

static void
what_tls_needs_is_kept(void **state)
{
    (void) state;

    assert_int_equal(settings_with(REDIS, "\"redis\": {\"address\": "
        "\"rediss://[::1]:2\", \"tls\": {\"ca_file\": \"/ca\", "
        "\"cert_file\": \"/c\", \"key_file\": \"/k\", "
        "\"server_name\": \"n\"},"), BILLING_OK);

    assert_string_equal(settings.redis_address, "[::1]:2");
    assert_string_equal(settings.redis_tls.ca_file, "/ca");
    assert_string_equal(settings.redis_tls.cert_file, "/c");
    assert_string_equal(settings.redis_tls.key_file, "/k");
    assert_string_equal(settings.redis_tls.server_name, "n");

    assert_int_equal(settings_with(REDIS, REDIS), BILLING_OK);
    assert_false(settings.redis_tls.on);
}

#endif


static void
sentinels_are_kept_in_their_order(void **state)
{
    (void) state;

    assert_int_equal(settings_with(REDIS, "\"redis\": {\"sentinel\": "
        "{\"master\": \"m\", \"addresses\": [\"a:1\", \"b:2\"], "
        "\"user\": \"u\", \"password_file\": \"/p\"},"), BILLING_OK);

    assert_string_equal(settings.redis_address, "");
    assert_string_equal(settings.redis_guides.master, "m");
    assert_int_equal(settings.redis_guides.naddresses, 2);
    assert_string_equal(settings.redis_guides.addresses[0], "a:1");
    assert_string_equal(settings.redis_guides.addresses[1], "b:2");
    assert_string_equal(settings.redis_guides.user, "u");
    assert_string_equal(settings.redis_guides.password_file, "/p");
    assert_string_equal(settings.redis_prefix, "billing");
    assert_false(settings.redis_guides.cluster);
}


static void
a_clusters_keys_have_one_tag(void **state)
{
    (void) state;

    assert_int_equal(settings_with(REDIS, "\"redis\": {\"cluster\": "
        "{\"addresses\": [\"a:1\"]},"), BILLING_OK);

    assert_true(settings.redis_guides.cluster);
    assert_string_equal(settings.redis_prefix, "{billing}");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(p64_redis_has_an_address_or_sentinels),
        cmocka_unit_test(p64_tls_to_redis_is_wanted_whole_or_refused),
#ifdef BILLING_REDIS_TLS
        cmocka_unit_test(what_tls_needs_is_kept),
#endif
        cmocka_unit_test(sentinels_are_kept_in_their_order),
        cmocka_unit_test(a_clusters_keys_have_one_tag),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
