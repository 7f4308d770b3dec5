#include "domain_fixture.h"


static const billing_tax_t  table[] = {
    { "FR", 2000, true }, { "DE", 1900, true }, { "NO", 2500, false },
    { "BR", 1700, true }
};


static uint32_t
rate(const char *country, const char *vat_id)
{
    billing_taxpayer_t  buyer = { country, vat_id, "FR", true };

    return billing_tax_permyriad(table, 4, &buyer);
}


static bool
good(const char *country, const char *id)
{
    return billing_vat_id_valid(country, id, strlen(id));
}


static void
r115_r116_the_country_decides(void **state)
{
    (void) state;

    assert_int_equal(rate("FR", NULL), 2000);
    assert_int_equal(rate("DE", NULL), 1900);
    assert_int_equal(rate("DE", ""), 1900);
    assert_int_equal(rate("US", NULL), 0);
    assert_int_equal(rate("", NULL), 0);
    assert_int_equal(rate(NULL, NULL), 0);
    assert_int_equal(rate("fr", NULL), 0);
}


static void
r117_a_vat_id_from_abroad_reverses_the_charge(void **state)
{
    billing_taxpayer_t  nowhere = { "DE", "DE123456789", NULL, true };
    billing_taxpayer_t  typed = { "DE", "DE123456789", "FR", false };

    (void) state;

    assert_int_equal(rate("DE", "DE123456789"), 0);
    assert_int_equal(rate("DE", "DE12345678"), 1900);
    assert_int_equal(rate("FR", "FR12345678901"), 2000);
    assert_int_equal(rate("NO", "123456789MVA"), 2500);
    assert_int_equal(rate("BR", "12.345.678"), 0);
    assert_int_equal(billing_tax_permyriad(table, 4, &nowhere), 1900);

    /* Well formed is not verified. */

    assert_int_equal(billing_tax_permyriad(table, 4, &typed), 1900);
}


static void
r115_r117_a_rate_says_why(void **state)
{
    billing_taxed_t     taxed;
    billing_taxpayer_t  buyer = { "DE", "DE123456789", "FR", true };

    (void) state;

    taxed = billing_tax_of(table, 4, &buyer);
    assert_int_equal(taxed.why, BILLING_TAX_REVERSED);
    assert_int_equal(taxed.permyriad, 0);
    assert_string_equal(taxed.country, "DE");

    buyer.vat_valid = false;
    taxed = billing_tax_of(table, 4, &buyer);
    assert_int_equal(taxed.why, BILLING_TAX_RATE);
    assert_int_equal(taxed.permyriad, 1900);

    buyer.country = "US";
    assert_int_equal(billing_tax_of(table, 4, &buyer).why,
                     BILLING_TAX_NO_RATE);
    assert_int_equal(billing_tax_of(table, 0, &buyer).why, BILLING_TAX_NONE);
    buyer.country = "";
    assert_int_equal(billing_tax_of(table, 4, &buyer).why,
                     BILLING_TAX_NO_COUNTRY);

    for (unsigned why = 1; why < BILLING_TAX_WHYS; why++) {
        const char  *name = billing_tax_why_name((billing_tax_why_t) why);

        assert_int_equal(billing_tax_why_parse(name, strlen(name)), why);
    }

    assert_int_equal(billing_tax_why_parse("x", 1), BILLING_TAX_NONE);
}


static void
r117_each_country_has_its_shape(void **state)
{
    static const struct {
        const char  *country;
        const char  *id;
    } rows[] = {
        { "AT", "ATU12345678" }, { "BE", "BE0123456789" },
        { "BG", "BG123456789" }, { "CY", "CY12345678L" },
        { "CZ", "CZ12345678" }, { "DE", "DE123456789" },
        { "DK", "DK12345678" }, { "EE", "EE123456789" },
        { "ES", "ESX1234567R" }, { "FI", "FI12345678" },
        { "FR", "FRAB123456789" }, { "GR", "EL123456789" },
        { "HR", "HR12345678901" }, { "HU", "HU12345678" },
        { "IE", "IE1234567WA" }, { "IT", "IT12345678901" },
        { "LT", "LT123456789012" }, { "LU", "LU12345678" },
        { "LV", "LV12345678901" }, { "MT", "MT12345678" },
        { "NL", "NL123456789B01" }, { "PL", "PL1234567890" },
        { "PT", "PT123456789" }, { "RO", "RO1234567890" },
        { "SE", "SE123456789012" }, { "SI", "SI12345678" },
        { "SK", "SK1234567890" }
    };

    char  id[24];

    (void) state;

    assert_int_equal(sizeof(rows) / sizeof(rows[0]), 27);

    for (unsigned i = 0; i < 27; i++) {
        size_t  len = strlen(rows[i].id);

        assert_true(good(rows[i].country, rows[i].id));
        assert_true(good(rows[i].country, rows[i].id + 2));

        memcpy(id, rows[i].id, len + 1);
        id[len - 1] = '?';
        assert_false(good(rows[i].country, id));

        /* No shape is another with many more digits. */

        memcpy(id + len, "1234567", 8);
        id[len - 1] = '1';
        assert_false(good(rows[i].country, id));
    }

    assert_false(good("GR", "GR123456789"));
    assert_false(good("AT", "AT12345678"));
    assert_false(good("CY", "CY123456789"));
    assert_false(good("DE", "DE12345678A"));
    assert_false(good("BE", "BE2123456789"));
}


static void
r117_how_it_is_written_does_not_count(void **state)
{
    (void) state;

    assert_true(good("FR", "fr 12 345 678 901"));
    assert_true(good("NL", "nl-1234.56789.b01"));
    assert_false(good("FR", ""));
    assert_false(good("FR", "FR"));
    assert_false(good("FR", "FR12345678901\xc3\xa9"));
    assert_false(good("DE", "123456789012345678901234567890"));
}


static void
other_countries_have_no_shape_to_miss(void **state)
{
    (void) state;

    assert_true(good("BR", "1234"));
    assert_false(good("BR", "123"));
    assert_false(good("BR", "12/34"));
    assert_false(good("BR", "123456789012345678901"));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(r115_r116_the_country_decides),
        cmocka_unit_test(r117_a_vat_id_from_abroad_reverses_the_charge),
        cmocka_unit_test(r115_r117_a_rate_says_why),
        cmocka_unit_test(r117_each_country_has_its_shape),
        cmocka_unit_test(r117_how_it_is_written_does_not_count),
        cmocka_unit_test(other_countries_have_no_shape_to_miss)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("tax", tests, NULL, NULL);
}
