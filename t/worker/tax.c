/* Taxes of a purchase, and the invoices that wait for their hour. */

#include "business_fixture.h"


/* Taxes are off in the shipped settings: here two countries have one. */

static int
set_up_taxes(void **state)
{
    if (set_up(state) != 0) {
        return -1;
    }

    t.settings.taxes[0] = (billing_tax_t) { "FR", 2000, true };
    t.settings.taxes[1] = (billing_tax_t) { "DE", 1900, true };
    t.settings.ntaxes = 2;
    (void) snprintf(t.settings.seller_country,
                    sizeof(t.settings.seller_country), "FR");

    return 0;
}


static json_t *
ask(const char *team, json_t *information)
{
    json_t  *body;

    body = json_pack("{s:s, s:s, s:i, s:s, s:s}", "team", team, "plan",
                     "team", "seats", 2, "period", "monthly",
                     "payment_method", "card");

    if (information != NULL) {
        json_object_set_new(body, "billing_information", information);
    }

    return body;
}


static int64_t
tax_of(const char *team, json_t *information)
{
    json_t   *body;
    int64_t   tax;

    body = expect(OWNER, "upgrade.quote", ask(team, information), 200, NULL);
    tax = number_of(body, "tax");
    drop(body);

    return tax;
}


static void
store(const char *text)
{
    static const char  sql[] = "UPDATE team SET information = $1";

    assert_int_equal(billing_db_exec(t.w.db, sql, "t", text), BILLING_DB_OK);
}


static void
r115_no_country_is_no_way_around_the_tax(void **state)
{
    char        *text;
    json_t      *body;
    const char  *id = make_team(0);

    (void) state;

    body = expect(OWNER, "upgrade.quote", ask(id, NULL), 422,
                  "BILLING_INFO_MISSING");
    text = json_dumps(body, 0);
    assert_non_null(strstr(text, "\"billing_information\""));
    free(text);
    drop(body);
    drop(expect(OWNER, "upgrade.buy", order(id, "team", 2, ""), 422,
                "BILLING_INFO_MISSING"));
    drop(expect(OWNER, "upgrade.quote",
                ask(id, json_pack("{s:s}", "country", "")), 422,
                "BILLING_INFO_MISSING"));
    drop(expect(OWNER, "upgrade.quote",
                ask(id, json_pack("{s:s}", "country", "fr")), 422,
                "BILLING_INFO_MISSING"));

    assert_int_equal(tax_of(id, json_pack("{s:s}", "country", "FR")), 400);
    assert_int_equal(tax_of(id, json_pack("{s:s}", "country", "US")), 0);

    store("{\"country\":\"DE\"}");
    assert_int_equal(tax_of(id, NULL), 380);
    assert_int_equal(tax_of(id, json_object()), 380);

    t.settings.ntaxes = 0;
    store("");
    assert_int_equal(tax_of(id, NULL), 0);
}


static void
r117_an_id_typed_now_reverses_nothing(void **state)
{
    const char  *id = make_team(0);
    const char  *typed = "{s:s, s:s}";

    (void) state;

    assert_int_equal(tax_of(id, json_pack(typed, "country", "DE", "vat_id",
                                          "DE123456789")), 380);
    store("{\"country\":\"DE\",\"vat_id\":\"DE123456789\"}");
    assert_int_equal(tax_of(id, NULL), 380);

    drop(expect(APP, "app.team.vat", json_pack("{s:s, s:s, s:s, s:b}", "team",
                id, "country", "de", "vat_id", "DE123456789", "valid", 1),
                200, NULL));
    assert_int_equal(tax_of(id, NULL), 0);
    assert_int_equal(tax_of(id, json_pack(typed, "country", "DE", "vat_id",
                                          "DE123456789")), 0);
    assert_int_equal(tax_of(id, json_pack(typed, "country", "DE", "vat_id",
                                          "DE999999999")), 380);
    assert_int_equal(tax_of(id, json_pack("{s:s, s:s, s:b}", "country", "DE",
                                          "vat_id", "DE999999999",
                                          "vat_valid", 1)), 380);

    drop(expect(APP, "app.team.vat", json_pack("{s:s, s:s, s:s, s:b}", "team",
                id, "country", "DE", "vat_id", "DE123456789", "valid", 0),
                200, NULL));
    assert_int_equal(tax_of(id, NULL), 380);
}


static void
r113_an_id_of_another_shape_is_not_for_an_invoice(void **state)
{
    json_t      *body;
    const char  *id = make_team(0);
    const char  *typed = "{s:s, s:s}";

    (void) state;

    drop(expect(OWNER, "upgrade.quote",
                ask(id, json_pack(typed, "country", "DE", "vat_id", "DE12")),
                422, "VAT_ID_INVALID"));

    body = order(id, "team", 2, "");
    json_object_set_new(body, "billing_information",
                        json_pack(typed, "country", "DE", "vat_id", "DE12"));
    drop(expect(OWNER, "upgrade.buy", body, 422, "VAT_ID_INVALID"));

    assert_int_equal(tax_of(id, json_pack(typed, "country", "DE", "vat_id",
                                          "")), 380);
}


static void
a_quote_with_the_country_is_honoured(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1];
    json_t          *body, *buying;
    const char      *id = make_team(0);
    billing_call_t   call;

    (void) state;

    body = expect(OWNER, "upgrade.quote",
                  ask(id, json_pack("{s:s}", "country", "DE")), 200, NULL);
    buying = order(id, "team", 2, "");
    json_object_set(buying, "quote", json_object_get(body, "quote"));
    json_object_set_new(buying, "billing_information",
                        json_pack("{s:s, s:s}", "name", "Example", "country",
                                  "DE"));
    drop(body);

    call = buy(OWNER, buying, op);
    assert_non_null(strstr(call.request.body, "amount=2380"));
}


/* One that cannot be made is put off, the others are made. */

static void
two_drafts(void)
{
    json_t      *body;
    const char  *id;

    for (unsigned i = 0; i < 2; i++) {
        id = make_team(0);
        body = order(id, "business", 11, "");
        json_object_set_new(body, "period", json_string("yearly"));
        json_object_set_new(body, "payment",
                            json_pack("{s:s, s:s}", "method", "invoice",
                                      "email", OWNER));
        drop(expect(OWNER, "upgrade.buy", body, 200, NULL));
        t.now++;
    }
}


static void
one_is_put_off(void)
{
    t.now += 3600;
    t.wall += 3600;
    sweep();
    assert_int_equal(count("SELECT COUNT(*) FROM invoice"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM invoice_draft"
                           " WHERE finalised = 1"), 1);
    assert_int_equal(count("SELECT finalise_at FROM invoice_draft"
                           " WHERE finalised = 0"), t.now + 900);
}


static void
what_cannot_be_built_stops_no_other(void **state)
{
    (void) state;

    if (store_server() != NULL) {
        skip();                         /* it lets no such text in */
    }

    two_drafts();
    assert_int_equal(billing_db_script(t.w.db,
                         "UPDATE team SET name = CAST(x'ff' AS TEXT) WHERE id"
                         " = (SELECT team FROM invoice_draft"
                         " ORDER BY finalise_at LIMIT 1)"), BILLING_DB_OK);
    one_is_put_off();
}


static void
a_bad_draft_stops_no_other(void **state)
{
    (void) state;

    two_drafts();
    store_spoil(t.w.db, "UPDATE ON invoice_draft", "NEW.finalised = 1 AND"
                " NEW.team = (SELECT id FROM team ORDER BY created_at"
                " LIMIT 1)", NULL);

    one_is_put_off();

    store_unspoil(t.w.db);
    t.now += 900;
    t.wall += 900;
    sweep();

    /* The number that was undone is given again: no gap. */

    assert_int_equal(count("SELECT COUNT(*) FROM invoice"), 2);
    assert_int_equal(count("SELECT MAX(no) FROM invoice"), 2);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(
            r115_no_country_is_no_way_around_the_tax, set_up_taxes, tear_down),
        cmocka_unit_test_setup_teardown(
            r113_an_id_of_another_shape_is_not_for_an_invoice, set_up_taxes,
            tear_down),
        cmocka_unit_test_setup_teardown(r117_an_id_typed_now_reverses_nothing,
                                        set_up_taxes, tear_down),
        cmocka_unit_test_setup_teardown(a_quote_with_the_country_is_honoured,
                                        set_up_taxes, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_built_stops_no_other,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_bad_draft_stops_no_other, set_up,
                                        tear_down)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
