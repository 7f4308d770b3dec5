/* What is taken back: drafts, credit notes, the balance that paid for it. */

#include "document_fixture.h"

#define YEAR11  (11 * 9600)             /* 11 seats of Team, yearly */


static void
r138_cancelled_before_it_was_paid_a_credit_note(void **state)
{
    json_t      *invoice;
    const char  *number, *id = invoiced_team("team", 11, "yearly");

    (void) state;

    number = final_invoice();
    drop(expect(OWNER, "billing.cancel", of_team(id), 200, NULL));
    assert_string_equal(word("state"), "free");
    assert_int_equal(count("SELECT COUNT(*) FROM credit_note"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM ledger WHERE account"
                           " = 'revenue' AND amount_minor <> 0"), 2);
    assert_int_equal(count("SELECT SUM(amount_minor) FROM ledger"
                           " WHERE account = 'revenue'"), 0);
    assert_string_equal(t.mail_key, "mail.credited");
    books_agree();

    /* Its billing pages are closed (R128). */

    drop(expect(OWNER, "billing.invoice", of_invoice(id, number), 410,
                "BILLING_HIDDEN"));
    drop(expect(OWNER, "billing.overview", of_team(id), 410,
                "BILLING_HIDDEN"));

    /* The wire that was on its way is balance, and buys again. */

    drop(wire(number, YEAR11, "late"));
    assert_int_equal(count("SELECT credit_minor FROM team"), YEAR11);
    books_agree();
    (void) json_decref(expect(OWNER, "upgrade.buy",
        json_pack("{s:s, s:s, s:i, s:s, s:{s:s, s:s}}", "team", id,
            "plan", "team", "seats", 11, "period", "yearly",
            "payment", "method", "invoice", "email", "bills@example.test"),
        200, NULL));
    assert_string_equal(word("state"), "active");
    invoice = invoice_now(id, number);
    assert_string_equal(text_of(invoice, "state"), "void");
    assert_int_equal(json_array_size(json_object_get(invoice,
                                                     "credit_notes")), 1);
    json_decref(invoice);
    books_agree();
}


static void
r138_what_was_paid_of_it_is_balance(void **state)
{
    const char  *number, *id = invoiced_team("team", 11, "yearly");

    (void) state;

    number = final_invoice();
    drop(wire(number, 600, "part"));
    drop(expect(OWNER, "billing.cancel", of_team(id), 200, NULL));
    assert_string_equal(word("state"), "free");
    assert_int_equal(count("SELECT credit_minor FROM team"), 600);
    assert_int_equal(count("SELECT credited_minor FROM bill_money"),
                     YEAR11);
    assert_int_equal(count("SELECT paid_minor FROM bill_money"), 0);
    books_agree();
}


static void
r138_a_draft_leaves_no_trace_but_its_books(void **state)
{
    const char  *id = invoiced_team("team", 11, "yearly");

    (void) state;

    drop(expect(OWNER, "billing.cancel", of_team(id), 200, NULL));
    assert_string_equal(word("state"), "free");
    after_days(2);
    assert_int_equal(count("SELECT COUNT(*) FROM invoice"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM credit_note"), 0);
    books_agree();

    /* It never paid and has no document: as before. */

    drop(expect(OWNER, "billing.overview", of_team(id), 409,
                "NO_SUBSCRIPTION"));
    drop(expect(OWNER, "billing.invoices", of_team(id), 200, NULL));
}


/* The balance that paid a part of it is there again, with tax and all. */

static void
r138_a_balance_that_paid_of_it_comes_back(void **state)
{
    json_t      *invoice;
    const char  *number, *id;

    (void) state;

    t.settings.ntaxes = 1;
    t.settings.taxes[0] = (billing_tax_t) {
        .country = "FR", .permyriad = 2000
    };
    id = make_team(1);
    drop(expect(OWNER, "billing.information",
                json_pack("{s:s, s:s}", "team", id, "country", "FR"), 200,
                NULL));
    drop(expect(OWNER, "upgrade.buy",
        json_pack("{s:s, s:s, s:i, s:s, s:{s:s, s:s}}", "team", id,
            "plan", "team", "seats", 12, "period", "yearly",
            "payment", "method", "invoice", "email", "bills@example.test"),
        200, NULL));

    /* One seat less: its part of the tax goes with it. */

    drop(expect(OWNER, "billing.seats", of_seats(id, 11, NULL), 200, NULL));
    number = number_now();
    invoice = invoice_now(id, number);
    assert_int_equal(number_of(invoice, "credited"), 9600 + 1920);
    assert_int_equal(number_of(invoice, "open"), YEAR11 + YEAR11 / 5);
    json_decref(invoice);
    books_agree();
    drop(wire(number, YEAR11 + YEAR11 / 5 + 700, "year"));
    assert_int_equal(count("SELECT credit_minor FROM team"), 700);

    for (int final = 0; final < 2; final++) {
        drop(expect(OWNER, final == 0 ? "billing.cancel" : "upgrade.buy",
                    final == 0 ? of_team(id)
                    : json_pack("{s:s, s:s, s:i, s:s, s:{s:s, s:s}}",
                          "team", id, "plan", "team", "seats", 11,
                          "period", "yearly", "payment", "method", "invoice",
                          "email", "bills@example.test"), 200, NULL));

        if (final == 0) {
            after_days(366);
            drop(expect(OWNER, "billing.reactivate", of_team(id), 200,
                        NULL));
        }

        assert_string_equal(word("state"), "active_unpaid");
        assert_int_equal(count("SELECT credit_minor FROM team"), 0);

        if (final != 0) {
            (void) final_invoice();
        }

        drop(expect(OWNER, "billing.cancel", of_team(id), 200, NULL));
        assert_string_equal(word("state"), "free");
        assert_int_equal(count("SELECT credit_minor FROM team"), 700);
        books_agree();
    }

    assert_int_equal(count("SELECT SUM(amount_minor) FROM ledger"
                           " WHERE account = 'tax'"), -YEAR11 / 5);
    assert_int_equal(count("SELECT SUM(amount_minor) FROM ledger"
                           " WHERE account = 'revenue'"), -YEAR11);
}


static json_t *
document_of(const char *sql)
{
    json_t  *document;

    assert_int_equal(billing_db_query(t.w.db, sql, ""), BILLING_DB_ROW);
    document = json_loads(billing_db_text(t.w.db, sql, 0), 0, NULL);
    billing_db_done(t.w.db, sql);
    assert_non_null(document);

    return document;
}


/* Whatever the team says of itself by now: the sale was to whom it was. */

static void
r138_a_credit_note_says_what_its_invoice_says(void **state)
{
    json_t      *rate, *invoice, *note;
    const char  *id;

    static const char *const  same[] = {
        "team", "team_name", "buyer", "ground", "lang", "currency"
    };

    (void) state;

    t.settings.ntaxes = 1;
    t.settings.taxes[0] = (billing_tax_t) {
        .country = "FR", .permyriad = 2000
    };
    id = make_team(1);
    drop(expect(OWNER, "billing.information",
                json_pack("{s:s, s:s, s:s}", "team", id, "country", "FR",
                          "company", "Before"), 200, NULL));
    drop(expect(OWNER, "upgrade.buy",
        json_pack("{s:s, s:s, s:i, s:s, s:{s:s, s:s}}", "team", id,
            "plan", "team", "seats", 12, "period", "yearly",
            "payment", "method", "invoice", "email", "bills@example.test"),
        200, NULL));
    (void) final_invoice();

    after_days(3);
    drop(expect(OWNER, "billing.information",
                json_pack("{s:s, s:s, s:s}", "team", id, "country", "DE",
                          "company", "After"), 200, NULL));
    drop(expect(OWNER, "billing.cancel", of_team(id), 200, NULL));

    invoice = document_of("SELECT document FROM invoice");
    note = document_of("SELECT document FROM credit_note");

    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        assert_non_null(json_object_get(note, same[i]));
        assert_true(json_equal(json_object_get(note, same[i]),
                               json_object_get(invoice, same[i])));
    }

    assert_string_equal(text_of(json_object_get(note, "buyer"), "company"),
                        "Before");
    assert_string_equal(text_of(note, "invoice_date"),
                        text_of(invoice, "issue_date"));
    assert_string_not_equal(text_of(note, "issue_date"),
                            text_of(invoice, "issue_date"));

    rate = json_object_get(note, "tax_rate");
    assert_int_equal(number_of(rate, "numerator") * 10000,
                     number_of(rate, "denominator") * 2000);
    json_decref(invoice);
    json_decref(note);
    books_agree();
}


#define note_test(name)                                                       \
    cmocka_unit_test_setup_teardown(name, set_up, tear_down)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        note_test(r138_cancelled_before_it_was_paid_a_credit_note),
        note_test(r138_a_balance_that_paid_of_it_comes_back),
        note_test(r138_what_was_paid_of_it_is_balance),
        note_test(r138_a_credit_note_says_what_its_invoice_says),
        note_test(r138_a_draft_leaves_no_trace_but_its_books)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
