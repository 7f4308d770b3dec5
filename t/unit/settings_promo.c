#include "settings_fixture.h"

#define PROMO  "\"percent\": 20, \"ends\": \"2027-01-01\""


/* R99: percent, duration, and the conditions. */

static void
r99_a_promo_has_all_its_conditions(void **state)
{
    billing_promo_t  *promo = &settings.catalogue.promos[0];

    (void) state;

    assert_int_equal(settings_with(PROMO,
        "\"percent\": 100, \"starts\": \"2026-01-01T02:00:00+02:00\","
        "\"ends\": \"2026-02-01\", \"redemptions_max\": 4294967295,"
        "\"seats_min\": 5, \"plans\": [\"team\", \"starter\", \"business\"],"
        "\"period\": \"yearly\", \"duration_periods\": 12"), BILLING_OK);
    assert_int_equal(promo->percent, 100);
    assert_int_equal(promo->starts_at, 1767225600);
    assert_int_equal(promo->ends_at, 1769904000);
    assert_int_equal(promo->redemptions_max, UINT32_MAX);
    assert_int_equal(promo->seats_min, 5);
    assert_int_equal(promo->plans, 1u << BILLING_PLAN_TEAM
                                   | 1u << BILLING_PLAN_BUSINESS);
    assert_int_equal(promo->period, BILLING_PERIOD_YEARLY);
    assert_int_equal(promo->duration_periods, 12);
}


static void
a_plain_promo_is_for_all(void **state)
{
    billing_promo_t  *promo = &settings.catalogue.promos[0];

    (void) state;

    assert_int_equal(settings_with(PROMO, "\"percent\": 1"), BILLING_OK);
    assert_int_equal(promo->starts_at, 0);
    assert_int_equal(promo->ends_at, 0);
    assert_int_equal(promo->plans, 0);
    assert_int_equal(promo->period, BILLING_PERIOD_NONE);
    assert_ptr_equal(billing_catalogue_promo(&settings.catalogue,
                                             "welcome20", 9), promo);
    assert_int_equal(settings_with(PROMO, "\"percent\": 101"),
                     BILLING_ERANGE);
}


static void
there_is_room_for_64_and_no_more(void **state)
{
    char  text[8192], *out;

    (void) state;

    for (unsigned n = 64; n <= 65; n++) {
        out = text + sprintf(text, "{\"code\": \"C0\", \"percent\": 1}");

        for (unsigned i = 1; i < n; i++) {
            out += sprintf(out, ",{\"code\": \"C%u\", \"percent\": 1}", i);
        }

        assert_int_equal(settings_with("{\"code\": \"WELCOME20\", " PROMO "}",
                                       text),
                         n == 64 ? BILLING_OK : BILLING_ERANGE);
    }

    assert_non_null(strstr(settings_error, "has more than 64 entries"));
}


/* Section 8 point 28. */

static void
taxes_are_by_country(void **state)
{
    (void) state;

    assert_int_equal(settings_with("\"reverse_charge\": true}",
        "\"reverse_charge\": true}, {\"country\": \"NO\", "
        "\"permyriad\": 0}, {\"country\": \"CH\", \"permyriad\": 10000}"),
        BILLING_OK);
    assert_int_equal(settings.ntaxes, 3);
    assert_string_equal(settings.taxes[1].country, "NO");
    assert_int_equal(settings.taxes[1].permyriad, 0);
    assert_false(settings.taxes[1].reverse_charge);
    assert_int_equal(settings.taxes[2].permyriad, 10000);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(r99_a_promo_has_all_its_conditions),
        cmocka_unit_test(a_plain_promo_is_for_all),
        cmocka_unit_test(there_is_room_for_64_and_no_more),
        cmocka_unit_test(taxes_are_by_country),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
