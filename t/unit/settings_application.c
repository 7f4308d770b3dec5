#include "settings_fixture.h"

#define APP(text)  "\"application\": " text ", \"mail\""
#define HOOK(text)  APP("{\"webhooks\": [" text "]}")
#define FILES  "\"secret_files\": [\"s\"]"


static void
a_whole_section_is_read(void **state)
{
    const billing_application_t  *app = &settings.application;

    (void) state;

    assert_int_equal(settings_with("\"mail\"", APP("{\"key_files\":"
        " [\"/k/one\", \"two\"], \"echo\": true, \"webhooks\": ["
        "{\"url\": \"https://hooks.example.test:8443/in?a=b\","
        " \"secret_files\": [\"/s/1\", \"/s/2\"],"
        " \"events\": [\"team.created\","
        " \"invoice.paid\"], \"timeout_ms\": 500},"
        "{\"url\": \"https://hooks.example.test\", " FILES "}]}")),
        BILLING_OK);

    assert_int_equal(app->nkeys, 2);
    assert_string_equal(app->key_files[0], "/k/one");
    assert_true(app->echo);
    assert_int_equal(app->nwebhooks, 2);
    assert_string_equal(app->webhooks[0].url,
                        "https://hooks.example.test:8443/in?a=b");
    assert_string_equal(app->webhooks[0].secret_files[1], "/s/2");
    assert_int_equal(app->webhooks[0].events,
                     1u << BILLING_EVENT_TEAM_CREATED
                     | 1u << BILLING_EVENT_INVOICE_PAID);
    assert_int_equal(app->webhooks[0].timeout_ms, 500);
    assert_int_equal(app->webhooks[1].events, UINT32_MAX);
    assert_int_equal(app->webhooks[1].timeout_ms, 15000);
    assert_string_equal(app->webhooks[1].secret_files[1], "");
}


static void
without_it_nobody_is_told(void **state)
{
    (void) state;

    assert_int_equal(settings_with("\"mail\"", "\"mail\""), BILLING_OK);
    assert_int_equal(settings.application.nkeys, 0);
    assert_int_equal(settings.application.nwebhooks, 0);
}


static void
mistakes_are_told_with_their_place(void **state)
{
    static const struct {
        const char  *text;
        const char  *error;
    } bad[] = {
        { APP("[]"), "/application: must be an object" },
        { APP("{\"keys\": []}"), "/application/keys" },
        { APP("{\"key_files\": [\"a\", \"b\", \"c\"]}"),
          "/application/key_files: has more than 2" },
        { APP("{\"key_files\": [\"\"]}"),
          "/application/key_files/0: must be a file name" },
        { APP("{\"key_files\": [5]}"),
          "/application/key_files/0: must be a file name" },
        { APP("{\"echo\": 1}"), "/application/echo" },
        { HOOK("5"), "/application/webhooks/0: must be an object" },
        { HOOK("{" FILES "}"), "/application/webhooks/0" },
        { HOOK("{\"url\": \"https://h.example.test\"}"),
          "secret_files must name a file" },
        { HOOK("{\"url\": \"https://h.example.test\", " FILES ","
          " \"events\": [\"team.created\", \"team.exploded\"]}"),
          "/application/webhooks/0/events/1: is not an event" },
        { HOOK("{\"url\": \"https://h.example.test\", " FILES ","
          " \"timeout_ms\": 99}"), "/application/webhooks/0/timeout_ms" },
        { HOOK("{\"url\": \"https://h.example.test\", " FILES "},"
          "{\"url\": \"https://h.example.test\", " FILES "}"),
          "/application/webhooks/1/url: is named twice" },
        { HOOK("{\"url\": \"ftp://h.example.test\", " FILES "}"),
          "/application/webhooks/0/url: must be https" },
        { HOOK("{\"url\": \"https://u:p@h.example.test\", " FILES "}"),
          "/application/webhooks/0/url: must be https" },
        { HOOK("{\"url\": \"https://h.example.test/a#b\", " FILES "}"),
          "/application/webhooks/0/url: must be https" },
        { HOOK("{\"url\": \"https://h.example.test/a b\", " FILES "}"),
          "/application/webhooks/0/url: must be https" },
        { HOOK("{\"url\": \"https:///a\", " FILES "}"),
          "/application/webhooks/0/url: must be https" },
        { HOOK("{\"url\": \"https://h.example.test?x\", " FILES "}"),
          "/application/webhooks/0/url: must be https" }
    };

    (void) state;

    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_not_equal(settings_with("\"mail\"", bad[i].text),
                             BILLING_OK);

        if (strstr(settings_error, bad[i].error) == NULL) {
            fail_msg("%s: %s", bad[i].text, settings_error);
        }
    }
}


/* Our network is not to be reached by way of a setting. */

static void
p38_webhooks_leave_the_house_encrypted(void **state)
{
    static const char *const  urls[] = {
        "http://h.example.test/", "https://127.0.0.1/", "https://10.0.0.1/x",
        "https://localhost:1/", "https://[::1]/", "https://169.254.169.254/"
    };

    char  text[256];

    (void) state;

    for (unsigned i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        (void) snprintf(text, sizeof(text), HOOK("{\"url\": \"%s\", " FILES
                                                 "}"), urls[i]);
        assert_int_not_equal(settings_with("\"mail\"", text), BILLING_OK);

        if (strstr(settings_error, "/application/webhooks/0/url") == NULL) {
            fail_msg("%s: %s", urls[i], settings_error);
        }

        (void) snprintf(text, sizeof(text), "\"demo\": true, "
                        HOOK("{\"url\": \"%s\", " FILES "}"), urls[i]);
        assert_int_equal(settings_with("\"mail\"", text), BILLING_OK);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_whole_section_is_read),
        cmocka_unit_test(without_it_nobody_is_told),
        cmocka_unit_test(mistakes_are_told_with_their_place),
        cmocka_unit_test(p38_webhooks_leave_the_house_encrypted),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
