#include "api_fixture.h"

#include <dirent.h>

#define BAD  "t/data/settings/bad/"


static billing_settings_t  settings;
static char                error[BILLING_SETTINGS_ERROR_MAX];


static billing_err_t
parse(const char *file, const char *name)
{
    char           *bytes;
    size_t          len;
    billing_err_t   rc;

    bytes = a_file(file, &len);
    rc = billing_settings_parse(name, bytes, len, &settings, error);
    free(bytes);

    return rc;
}


static void
the_shipped_file_is_good(void **state)
{
    const billing_terms_t  *team;

    (void) state;

    assert_int_equal(parse("conf/billing.json", "/etc/x/billing.json"),
                     BILLING_OK);
    assert_string_equal(error, "");

    team = &settings.catalogue.plans[BILLING_PLAN_TEAM];
    assert_true(team->known && team->selling && team->self_serve);
    assert_int_equal(team->price[BILLING_PERIOD_MONTHLY].minor, 1000);
    assert_int_equal(team->price[BILLING_PERIOD_YEARLY].minor, 9600);
    assert_int_equal(team->invoice_seats_min, 11);
    assert_true(team->invoice && team->invoice_yearly);
    assert_int_equal(team->editable_boards, 0);

    assert_true(settings.catalogue.plans[BILLING_PLAN_BUSINESS].invoice);
    assert_int_equal(settings.catalogue.plans[BILLING_PLAN_BUSINESS]
                         .invoice_seats_min, 0);
    assert_false(settings.catalogue.plans[BILLING_PLAN_CONSULTANT].invoice);
    assert_false(settings.catalogue.plans[BILLING_PLAN_ENTERPRISE]
                     .self_serve);
    assert_int_equal(settings.catalogue.plans[BILLING_PLAN_FREE]
                         .editable_boards, 3);
    assert_true(settings.demo && settings.gateway_test);
    assert_string_equal(settings.store_dsn, "sqlite:/etc/x/billing.db");
    assert_string_equal(settings.redis_address, "unix:/etc/x/redis.sock");
    assert_string_equal(settings.secret_files[0], "/etc/x/secrets/master");
}


static void
all_that_is_said_is_taken(void **state)
{
    const billing_promo_t  *promo = &settings.catalogue.promos[0];

    (void) state;

    assert_int_equal(parse("t/data/settings/good/whole.json", "w.json"),
                     BILLING_OK);
    assert_string_equal(settings.catalogue.version, "2026-11");
    assert_string_equal(billing_currency_code(settings.catalogue.currency),
                        "USD");
    assert_int_equal(settings.catalogue.nfeatures, 2);
    assert_string_equal(settings.catalogue.features[1], "timer");
    assert_int_equal(settings.catalogue.plans[BILLING_PLAN_TEAM].features, 1);
    assert_int_equal(settings.catalogue.npromos, 1);
    assert_string_equal(promo->code, "WELCOME20");
    assert_int_equal(promo->percent, 20);
    assert_int_equal(promo->ends_at, 1798761600);
    assert_int_equal(settings.ntaxes, 1);
    assert_string_equal(settings.taxes[0].country, "FR");
    assert_int_equal(settings.taxes[0].permyriad, 2000);
    assert_true(settings.taxes[0].reverse_charge);
    assert_int_equal(settings.ndunning, 2);
    assert_int_equal(settings.dunning_days[1], 14);
    assert_int_equal(settings.ninvoice_excluded, 2);
    assert_string_equal(settings.invoice_excluded[1], "IN");
    assert_string_equal(settings.credit_series, "AV");
    assert_string_equal(settings.seller_vat_id, "FR00123456789");
    assert_string_equal(settings.gateway_url, "https://api.stripe.com");
    assert_string_equal(settings.gateway_public_url,
                        "https://api.stripe.com");
    assert_string_equal(settings.gateway_webhook_files[0],
                        "secrets/gateway_webhook");
    assert_string_equal(settings.gateway_webhook_files[1], "");
    assert_int_equal(settings.gateway_timeout_ms, 25000);
    assert_string_equal(settings.mail_from, "billing@example.test");
    assert_false(settings.demo || settings.gateway_test);
}


static void
the_least_has_defaults(void **state)
{
    (void) state;

    assert_int_equal(parse("t/data/settings/good/least.json", "/d/l.json"),
                     BILLING_OK);
    assert_string_equal(settings.redis_prefix, "billing");
    assert_int_equal(settings.redis_timeout_ms, 250);
    assert_int_equal(settings.redis_queue_max_ms, 2000);
    assert_string_equal(settings.public_url, "http://localhost:8080");
    assert_string_equal(settings.mail_url, "");
    assert_string_equal(settings.secret_files[0], "/a");
    assert_string_equal(settings.secret_files[1], "/d/b");
    assert_string_equal(settings.gateway_secret_key_file, "/k");
    assert_string_equal(settings.store_dsn,
                        "postgresql://db.example.test/billing");
    assert_string_equal(settings.store_password_file, "/d/p");
    assert_int_equal(settings.gateway_timeout_ms, 25000);
    assert_int_equal(settings.ndunning, 2);
    assert_int_equal(settings.invoice_grace_days, 14);
    assert_int_equal(settings.addresses_in_line, 10);
    assert_int_equal(settings.quote_ttl_sec, 1800);
    assert_int_equal(settings.lang, BILLING_LANG_FR);
    assert_int_equal(settings.catalogue.plans[BILLING_PLAN_FREE]
                         .editable_boards, 3);
    assert_int_equal(settings.catalogue.basis, BILLING_BASIS_DAY);
}


/* 5.6: each file has its message beside it, from the line number on. */

static void
p64_each_mistake_is_named_with_its_place(void **state)
{
    DIR            *dir = opendir(BAD);
    unsigned        n = 0;
    struct dirent  *entry;

    (void) state;

    assert_non_null(dir);

    while ((entry = readdir(dir)) != NULL) {
        int      stem;
        char     file[512], wanted[600], *expected;
        size_t   len;

        stem = (int) strlen(entry->d_name) - 5;

        if (stem < 1 || strcmp(entry->d_name + stem, ".json") != 0) {
            continue;
        }

        snprintf(file, sizeof(file), BAD "%.*s.error", stem, entry->d_name);
        expected = a_file(file, &len);
        snprintf(wanted, sizeof(wanted), "x:%.*s", (int) len - 1, expected);
        free(expected);

        snprintf(file, sizeof(file), BAD "%s", entry->d_name);
        assert_int_not_equal(parse(file, "x"), BILLING_OK);
        assert_string_equal(error, wanted);
        n++;
    }

    closedir(dir);
    assert_true(n >= 100);
}


static void
a_file_is_not_read_beyond_a_megabyte(void **state)
{
    char  *big = malloc(BILLING_SETTINGS_MAX + 1);

    (void) state;

    memset(big, ' ', BILLING_SETTINGS_MAX + 1);
    memcpy(big, "{}", 2);
    assert_int_equal(billing_settings_parse("x", big,
                                            BILLING_SETTINGS_MAX + 1,
                                            &settings, error),
                     BILLING_EFORMAT);
    assert_string_equal(error, "x:1:1: the file is too large");
    assert_int_equal(billing_settings_parse("x", big, BILLING_SETTINGS_MAX,
                                            &settings, error),
                     BILLING_ERANGE);
    assert_string_equal(error, "x:1:1: schema is missing");
    free(big);
}


/* 5.6 row 6: the hash is of what is sold, not of how it is written. */

static void
p11_the_hash_is_of_the_catalogue(void **state)
{
    char     *bytes, *text, *at;
    size_t    len;
    uint8_t   hash[32];

    (void) state;

    bytes = a_file("t/data/settings/good/whole.json", &len);
    text = calloc(1, len + 2);
    memcpy(text, bytes, len);
    free(bytes);

    assert_int_equal(billing_settings_parse("x", text, len, &settings, error),
                     BILLING_OK);
    memcpy(hash, settings.catalogue.hash, 32);

    memcpy(strstr(text, "25000"), "24000", 5);  /* not of the catalogue */
    assert_int_equal(billing_settings_parse("x", text, len, &settings, error),
                     BILLING_OK);
    assert_memory_equal(hash, settings.catalogue.hash, 32);

    at = strstr(text, "\"selling\": true, \"seats_min\": 1,");
    memcpy(at, "\"seats_min\": 1, \"selling\": true,", 32);
    assert_int_equal(billing_settings_parse("x", text, len, &settings, error),
                     BILLING_OK);
    assert_memory_equal(hash, settings.catalogue.hash, 32);

    at = strstr(text, "1000,");
    memcpy(at, "1001,", 5);
    assert_int_equal(billing_settings_parse("x", text, len, &settings, error),
                     BILLING_OK);
    assert_memory_not_equal(hash, settings.catalogue.hash, 32);
    free(text);
}


/* The parser of each place where one file is cut: never more than an error. */

static void
every_beginning_of_a_file_is_an_error(void **state)
{
    char    *bytes;
    size_t   len;

    (void) state;

    bytes = a_file("t/data/settings/good/least.json", &len);

    for (size_t cut = 0; cut < len; cut++) {
        char  *part = malloc(cut > 0 ? cut : 1);

        memcpy(part, bytes, cut);
        assert_int_not_equal(billing_settings_parse("x", part, cut, &settings,
                                                    error), BILLING_OK);
        free(part);
    }

    free(bytes);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(the_shipped_file_is_good),
        cmocka_unit_test(all_that_is_said_is_taken),
        cmocka_unit_test(the_least_has_defaults),
        cmocka_unit_test(p64_each_mistake_is_named_with_its_place),
        cmocka_unit_test(a_file_is_not_read_beyond_a_megabyte),
        cmocka_unit_test(p11_the_hash_is_of_the_catalogue),
        cmocka_unit_test(every_beginning_of_a_file_is_an_error),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
