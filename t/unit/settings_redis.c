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
        { "\"address\": \"rediss://h:1\"", "put a tunnel in front of it" },
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
        cmocka_unit_test(sentinels_are_kept_in_their_order),
        cmocka_unit_test(a_clusters_keys_have_one_tag),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
