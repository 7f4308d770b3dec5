#include "settings_fixture.h"


/* 5.7 rows 6 and 9; the rest of the section is in t/data/settings. */

static void
p38_addresses_have_a_host_and_nothing_else(void **state)
{
    bool                      private_host;
    static const char *const  schemes[] = { "https://", "http://", NULL };

    static const struct {
        const char  *url;
        bool         good;
        bool         private_host;
    } cases[] = {
        { "https://api.stripe.com", true, false },
        { "https://api.stripe.com/", true, false },
        { "http://api.stripe.com:8080", true, false },
        { "https://172.15.0.1", true, false },
        { "https://172.32.0.1", true, false },
        { "https://11.0.0.1", true, false },
        { "https://127.0.0.1:1", true, true },
        { "https://localhost", true, true },
        { "https://10.1.2.3/", true, true },
        { "https://172.16.0.1", true, true },
        { "https://172.20.0.1", true, true },
        { "https://172.31.0.1", true, true },
        { "https://192.168.1.1", true, true },
        { "https://169.254.169.254", true, true },
        { "https://0.0.0.0", true, true },
        { "https://[::1]:443", true, true },
        { "https://[fe80::1]", true, true },
        { "", false, false }, { "https://", false, false },
        { "https:///", false, false }, { "https://:80", false, false },
        { "https://a:", false, false }, { "https://a:0", false, false },
        { "https://a:65536", false, false },
        { "https://a:123456", false, false },
        { "https://a:80x", false, false }, { "https://a/b", false, false },
        { "https://a//", false, false }, { "https://a?", false, false },
        { "https://a#", false, false }, { "https://u@a", false, false },
        { "https://u:p@a", false, false }, { "https://a b", false, false },
        { "https://a\\b", false, false }, { "https://a%2fb", false, false },
        { "https://[::1", false, false }, { "https://[]", false, false },
        { "HTTPS://a", false, false }, { "ftp://a", false, false },
        { "javascript:alert(1)", false, false }
    };

    (void) state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool  good = billing_settings_url(cases[i].url, schemes,
                                          &private_host);

        if (good != cases[i].good
            || (good && private_host != cases[i].private_host))
        {
            fail_msg("%s", cases[i].url);
        }
    }
}


/* Both end up in a header: nothing that could end a directive there. */

static void
r87_the_gateways_script_has_a_host(void **state)
{
    static const struct {
        const char  *members;
        const char  *hosts;         /* NULL: refused */
    } cases[] = {
        { "", "" },
        { "\"script\": \"https://js.stripe.com/v3/\", ",
          "https://js.stripe.com" },
        { "\"script\": \"https://js.stripe.com/v3/\", "
          "\"script_hosts\": \"https://js.stripe.com "
          "https://*.js.stripe.com https://hooks.stripe.com\", ",
          "https://js.stripe.com https://*.js.stripe.com "
          "https://hooks.stripe.com" },
        { "\"script\": \"http://js.stripe.com/v3/\", ", NULL },
        { "\"script\": \"https:///v3/\", ", NULL },
        { "\"script\": \"/v3/\", ", NULL },
        { "\"script\": \"https://a/v3/;x\", ", NULL },
        { "\"script\": \"https://a/'\", ", NULL },
        { "\"script\": \"https://a/v3/\", "
          "\"script_hosts\": \"https://a; img-src *\", ", NULL },
        { "\"script\": \"https://a/v3/\", "
          "\"script_hosts\": \"'unsafe-inline'\", ", NULL }
    };

    (void) state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char           piece[512];
        billing_err_t  rc;

        (void) snprintf(piece, sizeof(piece), "%s\"publishable_key\"",
                        cases[i].members);
        rc = settings_with("\"publishable_key\"", piece);

        if ((rc == BILLING_OK) != (cases[i].hosts != NULL)
            || (rc == BILLING_OK
                && strcmp(settings.gateway_script_hosts, cases[i].hosts) != 0))
        {
            fail_msg("%s: %s %s", cases[i].members,
                     settings.gateway_script_hosts, settings_error);
        }
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(p38_addresses_have_a_host_and_nothing_else),
        cmocka_unit_test(r87_the_gateways_script_has_a_host),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
