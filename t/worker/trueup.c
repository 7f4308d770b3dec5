/* Added seats by invoice, what is given back, and changes while unpaid. */

#include "document_fixture.h"

#define YEAR11   (11 * 9600)
#define QUARTER  (90 * DAY)             /* 2026-01-01 to 2026-04-01 */


static const char *
paid_by_invoice(void)
{
    const char  *id = invoiced_team("team", 11, "yearly");

    drop(wire(final_invoice(), YEAR11, "year"));
    assert_string_equal(word("state"), "active");

    return id;
}


/* A quarter later: the invoice over added seats, with its number. */

static const char *
true_up(const char *id)
{
    after_days(30);
    drop(expect(OWNER, "billing.seats", of_seats(id, 13, NULL), 200, NULL));
    t.now = T0 + QUARTER;
    sweep();

    return final_invoice();
}


static void
r136_r148_a_true_up_makes_no_team_unpaid(void **state)
{
    json_t      *invoice;
    int64_t      total;
    const char  *number, *id = paid_by_invoice();

    (void) state;

    number = true_up(id);
    assert_string_equal(word("state"), "active");
    invoice = invoice_now(id, number);
    assert_string_equal(text_of(invoice, "kind"), "seats");
    assert_string_equal(text_of(invoice, "state"), "open");
    total = number_of(invoice, "total");
    assert_true(total > 0 && total < 2 * 9600);
    json_decref(invoice);
    assert_int_equal(count("SELECT pending_minor FROM team"), 0);
    books_agree();

    /* Late, it has the fate of any other (section 8 point 15). */

    after_days(30);
    assert_string_equal(word("state"), "past_due");
    assert_string_equal(t.mail_key, "mail.overdue");
    books_agree();
    drop(wire(number, total, "seats"));
    assert_string_equal(word("state"), "active");
    books_agree();
}


static void
point15_an_unpaid_true_up_expires_as_any_invoice(void **state)
{
    const char  *number, *id = paid_by_invoice();

    (void) state;

    number = true_up(id);
    after_days(45);
    assert_string_equal(word("state"), "expired");
    invoice_is(id, number, "uncollectible", 0);
    books_agree();
}


/* Added and removed again, never paid: nothing may be gained by it. */

static void
p12_seats_nobody_paid_become_no_balance(void **state)
{
    json_t      *invoice;
    const char  *number, *id = paid_by_invoice();

    (void) state;

    number = true_up(id);
    drop(expect(OWNER, "billing.seats", of_seats(id, 11, NULL), 200, NULL));
    assert_int_equal(count("SELECT credit_minor FROM team"), 0);
    invoice = invoice_now(id, number);
    assert_true(number_of(invoice, "credited") > 0);
    assert_true(number_of(invoice, "open") > 0);    /* the days used */
    json_decref(invoice);
    books_agree();
    after_days(60);
    assert_string_equal(word("state"), "expired");
    assert_int_equal(count("SELECT credit_minor FROM team"), 0);
    books_agree();
}


static void
r136_seats_while_the_first_invoice_is_open(void **state)
{
    json_t      *body, *invoice;
    const char  *number, *id = invoiced_team("team", 12, "yearly");

    (void) state;

    body = expect(OWNER, "billing.seats", of_seats(id, 11, "1"), 200, NULL);
    assert_int_equal(number_of(json_object_get(body, "change"), "credit"), 0);
    assert_int_equal(number_of(json_object_get(body, "change"), "amount"),
                     -9600);
    assert_int_equal(number_of(json_object_get(body, "team"), "seats"), 12);
    drop(body);
    assert_int_equal(count("SELECT COUNT(*) FROM credit_note"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM invoice"), 0);

    drop(expect(OWNER, "billing.seats", of_seats(id, 15, NULL), 200, NULL));
    assert_int_equal(count("SELECT pending_minor FROM team"), 3 * 9600);

    /* What was not billed goes first, then the invoice, made final now. */

    drop(expect(OWNER, "billing.seats", of_seats(id, 11, NULL), 200, NULL));
    assert_int_equal(count("SELECT pending_minor FROM team"), 0);
    assert_int_equal(count("SELECT credit_minor FROM team"), 0);
    number = number_now();
    invoice = invoice_now(id, number);
    assert_int_equal(number_of(invoice, "credited"), 9600);
    assert_int_equal(number_of(invoice, "open"), YEAR11);
    json_decref(invoice);
    assert_string_equal(word("state"), "active_unpaid");
    books_agree();

    drop(expect(OWNER, "billing.cancel", of_team(id), 200, NULL));
    assert_string_equal(word("state"), "free");
    assert_int_equal(count("SELECT credit_minor FROM team"), 0);
    assert_int_equal(count("SELECT SUM(amount_minor) FROM ledger"
                           " WHERE account = 'revenue'"), 0);
    books_agree();
}


static void
p12_pending_seats_are_no_balance_on_the_way_to_free(void **state)
{
    const char      *id = paid_team("team", 2, "monthly");
    billing_call_t   call;

    (void) state;

    drop(expect(OWNER, "billing.seats", of_seats(id, 90, NULL), 200, NULL));
    drop(expect(OWNER, "billing.seats", of_seats(id, 2, NULL), 200, NULL));
    assert_int_equal(count("SELECT credit_minor FROM team"), 0);
    assert_int_equal(count("SELECT pending_minor FROM team"), 0);
    after_days(31);
    call = take_call(BILLING_CALL_CHARGE);
    paid(&call, 2000);
    books_agree();
}


static void
r155_r162_what_is_owed_comes_first(void **state)
{
    json_t      *body;
    const char  *number, *id = invoiced_team("business", 5, "monthly");

    (void) state;

    body = json_pack("{s:s, s:s}", "team", id, "period", "yearly");
    drop(expect(OWNER, "billing.period", json_incref(body), 409,
                "INVOICE_OPEN"));
    number = final_invoice();
    after_days(30);
    assert_string_equal(word("state"), "past_due");
    drop(expect(OWNER, "billing.period", json_incref(body), 409,
                "PAYMENT_PAST_DUE"));
    drop(wire(number, 10000, "one"));
    drop(expect(OWNER, "billing.period", body, 200, NULL));
    assert_string_equal(word("period"), "yearly");
    assert_string_equal(word("state"), "active_unpaid");
    books_agree();
}


static void
r155_no_higher_plan_while_something_is_owed(void **state)
{
    const char  *number, *id = invoiced_team("team", 11, "yearly");

    (void) state;

    drop(expect(OWNER, "upgrade.buy", order(id, "business", 11, ""), 409,
                "INVOICE_OPEN"));
    number = final_invoice();
    after_days(31);
    drop(expect(OWNER, "upgrade.buy", order(id, "business", 11, ""), 409,
                "PAYMENT_PAST_DUE"));
    drop(wire(number, YEAR11, "year"));
    books_agree();
}


static void
r178_cancelling_bills_the_seats_that_are_pending(void **state)
{
    json_t      *invoice;
    const char  *number, *id = paid_by_invoice();

    (void) state;

    after_days(30);
    drop(expect(OWNER, "billing.seats", of_seats(id, 13, NULL), 200, NULL));
    drop(expect(OWNER, "billing.cancel", of_team(id), 200, NULL));
    assert_string_equal(word("state"), "cancelled");
    number = final_invoice();
    invoice = invoice_now(id, number);
    assert_string_equal(text_of(invoice, "kind"), "seats");
    assert_true(number_of(invoice, "open") > 0);
    drop(wire(number, number_of(invoice, "open"), "final"));
    json_decref(invoice);
    assert_string_equal(word("state"), "cancelled");
    books_agree();
}


static void
r172_cancelling_while_late_ends_what_was_not_paid(void **state)
{
    const char  *number, *id = invoiced_team("team", 11, "yearly");

    (void) state;

    number = final_invoice();
    after_days(31);
    assert_string_equal(word("state"), "past_due");
    drop(expect(OWNER, "billing.cancel", of_team(id), 200, NULL));
    assert_string_equal(word("state"), "expired");
    invoice_is(id, number, "uncollectible", 0);
    books_agree();
}


static void
r172_a_paid_year_runs_on_though_seats_are_late(void **state)
{
    const char  *number, *id = paid_by_invoice();

    (void) state;

    number = true_up(id);
    after_days(31);
    assert_string_equal(word("state"), "past_due");
    drop(expect(OWNER, "billing.cancel", of_team(id), 200, NULL));
    assert_string_equal(word("state"), "cancelled");
    drop(expect(OWNER, "billing.reactivate", of_team(id), 200, NULL));
    assert_string_equal(word("state"), "past_due");
    drop(wire(number, count("SELECT total_minor FROM bill"
                            " WHERE kind = 'seats'"), "late"));
    assert_string_equal(word("state"), "active");
    books_agree();
}


/* --- who is billed -------------------------------------------------------- */


static void
r133_r134_a_draft_takes_information_and_a_copy_the_newest(void **state)
{
    json_t      *body, *document;
    const char  *number, *id = invoiced_team("team", 11, "yearly");

    (void) state;

    body = expect(OWNER, "billing.invoices", of_team(id), 200, NULL);
    document = json_array_get(json_object_get(body, "invoices"), 0);
    assert_string_equal(text_of(document, "state"), "draft");
    document = of_invoice(id, text_of(document, "id"));
    drop(body);
    (void) json_object_set_new(document, "company", json_string("Drafts"));
    drop(expect(OWNER, "invoice.information", document, 200, NULL));

    number = final_invoice();
    document = of_invoice(id, number);
    (void) json_object_set_new(document, "company", json_string("Later"));
    drop(expect(OWNER, "invoice.information", document, 409,
                "INVOICE_LOCKED"));
    body = invoice_now(id, number);
    document = json_object_get(body, "document");
    assert_string_equal(text_of(json_object_get(document, "buyer"),
                                "company"), "Drafts");
    assert_int_equal(json_object_size(json_object_get(document, "buyer")), 1);
    json_decref(body);

    body = of_invoice(id, number);
    (void) json_object_set_new(body, "copy", json_string("1"));
    drop(expect(OWNER, "billing.invoice", json_incref(body), 409,
                "INVOICE_OPEN"));
    drop(wire(number, YEAR11, "year"));
    drop(expect(OWNER, "billing.information",
                json_pack("{s:s, s:s}", "team", id, "company", "Newest"),
                200, NULL));
    body = expect(OWNER, "billing.invoice", body, 200, NULL);
    document = json_object_get(json_object_get(body, "invoice"), "document");
    assert_true(json_is_true(json_object_get(document, "copy")));
    assert_string_equal(text_of(json_object_get(document, "buyer"),
                                "company"), "Newest");
    drop(body);
    body = invoice_now(id, number);
    document = json_object_get(body, "document");
    assert_string_equal(text_of(json_object_get(document, "buyer"),
                                "company"), "Drafts");
    json_decref(body);
}


static void
r86_no_invoice_in_excluded_countries(void **state)
{
    json_t      *body;
    const char  *id = paid_team("team", 11, "yearly");

    (void) state;

    t.settings.ninvoice_excluded = 1;
    (void) snprintf(t.settings.invoice_excluded[0], 3, "BR");
    body = json_pack("{s:s, s:s, s:s}", "team", id, "method", "invoice",
                     "email", "bills@example.test");
    drop(expect(OWNER, "billing.payment_method", json_incref(body), 422,
                "BILLING_INFO_MISSING"));
    drop(expect(OWNER, "billing.information",
                json_pack("{s:s, s:s}", "team", id, "country", "BR"), 200,
                NULL));
    drop(expect(OWNER, "billing.payment_method", json_incref(body), 422,
                "INVOICE_COUNTRY"));
    drop(expect(OWNER, "billing.information",
                json_pack("{s:s, s:s}", "team", id, "country", "FR"), 200,
                NULL));
    drop(expect(OWNER, "billing.payment_method", json_incref(body), 200,
                NULL));

    /* Who has it keeps it. */

    drop(expect(OWNER, "billing.information",
                json_pack("{s:s, s:s}", "team", id, "country", "BR"), 200,
                NULL));
    drop(expect(OWNER, "billing.payment_method", body, 200, NULL));
}


static void
r86_a_purchase_by_invoice_says_its_country(void **state)
{
    json_t      *body, *order;
    const char  *id = make_team(1);

    (void) state;

    t.settings.ninvoice_excluded = 1;
    (void) snprintf(t.settings.invoice_excluded[0], 3, "BR");
    order = json_pack("{s:s, s:s, s:i, s:s, s:{s:s, s:s}}", "team", id,
                "plan", "team", "seats", 11, "period", "yearly",
                "payment", "method", "invoice", "email",
                "bills@example.test");
    drop(expect(OWNER, "upgrade.buy", json_incref(order), 422,
                "BILLING_INFO_MISSING"));
    body = json_deep_copy(order);
    (void) json_object_set_new(body, "billing_information",
                               json_pack("{s:s, s:s}", "country", "br",
                                         "postal_code", "01000-000"));
    drop(expect(OWNER, "upgrade.buy", body, 422, "INVOICE_COUNTRY"));
    (void) json_object_set_new(order, "billing_information",
                               json_pack("{s:s, s:s}", "country", "FR",
                                         "postal_code", "75002"));
    drop(expect(OWNER, "upgrade.buy", order, 200, NULL));
}


#define seat_test(name)                                                       \
    cmocka_unit_test_setup_teardown(name, set_up, tear_down)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        seat_test(r136_r148_a_true_up_makes_no_team_unpaid),
        seat_test(point15_an_unpaid_true_up_expires_as_any_invoice),
        seat_test(p12_seats_nobody_paid_become_no_balance),
        seat_test(r136_seats_while_the_first_invoice_is_open),
        seat_test(p12_pending_seats_are_no_balance_on_the_way_to_free),
        seat_test(r155_r162_what_is_owed_comes_first),
        seat_test(r155_no_higher_plan_while_something_is_owed),
        seat_test(r178_cancelling_bills_the_seats_that_are_pending),
        seat_test(r172_cancelling_while_late_ends_what_was_not_paid),
        seat_test(r172_a_paid_year_runs_on_though_seats_are_late),
        seat_test(r133_r134_a_draft_takes_information_and_a_copy_the_newest),
        seat_test(r86_no_invoice_in_excluded_countries),
        seat_test(r86_a_purchase_by_invoice_says_its_country)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
