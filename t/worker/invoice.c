/* Invoices after they are made: paid, late, given up. */

#include "document_fixture.h"

#define YEAR11  (11 * 9600)             /* 11 seats of Team, yearly */


static void
r85_r131_a_wire_pays_and_the_team_is_active(void **state)
{
    json_t      *body;
    const char  *number, *id = invoiced_team("team", 11, "yearly");

    (void) state;

    books_agree();
    number = final_invoice();
    assert_string_equal(t.mail_to, "bills@example.test");
    assert_int_equal(count("SELECT due_at - issued_at FROM bill"), 30 * DAY);
    invoice_is(id, number, "open", YEAR11);
    books_agree();

    body = wire(number, 40000, "wire-1");
    assert_string_equal(text_of(json_object_get(body, "invoice"), "state"),
                        "open");
    assert_string_equal(text_of(json_object_get(body, "team"), "state"),
                        "active_unpaid");
    assert_string_equal(t.mail_key, "mail.paid_part");
    drop(body);
    books_agree();

    body = wire(number, YEAR11 - 40000, "wire-2");
    assert_string_equal(text_of(json_object_get(body, "invoice"), "state"),
                        "paid");
    assert_string_equal(text_of(json_object_get(body, "team"), "state"),
                        "active");
    assert_int_equal(json_array_size(json_object_get(
        json_object_get(body, "invoice"), "payments")), 2);
    assert_string_equal(t.mail_key, "mail.paid");
    drop(body);
    assert_int_equal(count("SELECT COUNT(*) FROM app_event WHERE body LIKE"
                           " '%\"invoice.paid\"%'"), 1);
    assert_int_equal(count("SELECT ever_paid FROM team"), 1);
    books_agree();

    after_days(100);                    /* nothing is owed any more */
    assert_string_equal(word("state"), "active");
}


static void
p16_the_same_reference_counts_once(void **state)
{
    json_t      *body;
    unsigned     mails;
    const char  *number, *id = invoiced_team("team", 11, "yearly");

    (void) state;

    number = final_invoice();
    drop(wire(number, 1000, "wire-1"));
    mails = t.mails;
    assert_int_equal(count("SELECT COUNT(*) FROM app_event WHERE body LIKE"
                           " '%\"invoice.paid\"%'"), 0);
    body = wire(number, 1000, "wire-1");
    assert_int_equal(number_of(json_object_get(body, "payment"), "amount"),
                     1000);
    assert_int_equal(number_of(json_object_get(body, "invoice"), "paid"),
                     1000);
    drop(body);
    assert_int_equal(t.mails, mails);
    drop(expect(APP, "app.invoice.paid", of_payment(number, 1001, "wire-1"),
                409, "PAYMENT_RECORDED"));
    assert_int_equal(count("SELECT COUNT(*) FROM payment"), 1);
    invoice_is(id, number, "open", YEAR11 - 1000);
    books_agree();
}


static void
r85_what_cannot_be_recorded(void **state)
{
    json_t      *body;
    const char  *number;

    (void) state;

    (void) invoiced_team("team", 11, "yearly");
    number = final_invoice();
    drop(expect(APP, "app.invoice.paid", of_payment("INV-1999-000001", 1,
                                                   "a"),
                404, "INVOICE_NOT_FOUND"));
    body = of_payment(number, 5, "a");
    (void) json_object_set_new(body, "currency", json_string("EUR"));
    drop(expect(APP, "app.invoice.paid", body, 422, "PAYMENT_CURRENCY"));
    body = of_payment(number, 5, "a");
    (void) json_object_set_new(body, "at", json_string("soon"));
    drop(expect(APP, "app.invoice.paid", body, 422, "FIELD_TYPE"));
    body = of_payment(number, 5, "a");
    (void) json_object_set_new(body, "at", json_string("2031-01-01"));
    drop(expect(APP, "app.invoice.paid", body, 422, "FIELD_TYPE"));
    assert_int_equal(count("SELECT COUNT(*) FROM payment"), 0);
    books_agree();
}


static void
point17_an_overpayment_is_balance(void **state)
{
    json_t      *body;
    const char  *number;

    (void) state;

    (void) invoiced_team("team", 11, "yearly");
    number = final_invoice();
    body = wire(number, YEAR11 + 500, "wire-1");
    assert_int_equal(number_of(json_object_get(body, "payment"),
                               "to_balance"), 500);
    assert_int_equal(number_of(json_object_get(body, "team"), "credit"),
                     500);
    assert_string_equal(text_of(json_object_get(body, "team"), "state"),
                        "active");
    assert_string_equal(t.mail_key, "mail.paid_over");
    drop(body);
    drop(wire(number, 250, "wire-2"));
    assert_int_equal(count("SELECT credit_minor FROM team"), 750);
    books_agree();
}


static void
r135_paid_by_card_the_way_to_pay_stays(void **state)
{
    json_t          *body;
    const char      *number, *id = invoiced_team("team", 11, "yearly");
    billing_call_t   call;

    (void) state;

    drop(expect(OWNER, "invoice.pay", of_invoice(id, "nothing"), 404,
                "INVOICE_NOT_FOUND"));
    number = final_invoice();
    drop(expect(PLAIN, "invoice.pay", of_invoice(id, number), 403,
                "BILLING_RIGHTS"));
    drop(expect("far@example.test", "invoice.pay", of_invoice(id, number),
                404, "TEAM_NOT_FOUND"));
    drop(expect(OWNER, "invoice.pay", of_invoice(id, number), 422,
                "CARD_MISSING"));
    body = of_invoice(id, number);
    (void) json_object_set_new(body, "dry_run", json_string("1"));
    body = expect(OWNER, "invoice.pay", body, 200, NULL);
    assert_int_equal(number_of(body, "due_now"), YEAR11);
    drop(body);

    drop(wire(number, 600, "wire-1"));
    call = pay_by_card(id, number, YEAR11 - 600);
    assert_null(strstr(call.request.body, "off_session"));
    assert_int_equal(count("SELECT hold_seats FROM team"), 11);

    /* A second one, with a key of its own, while the first is open. */

    drop(expect(OWNER, "invoice.pay", of_invoice(id, number), 409,
                "CHECKOUT_OPEN"));
    paid(&call, YEAR11 - 600);
    body = last_answer(200);
    assert_string_equal(text_of(json_object_get(body, "invoice"), "state"),
                        "paid");
    assert_string_equal(text_of(json_object_get(body, "team"), "state"),
                        "active");
    assert_string_equal(t.mail_key, "mail.paid");
    assert_string_equal(word("method"), "invoice");
    assert_int_equal(count("SELECT hold_seats FROM team"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM invoice"), 1);
    assert_int_equal(count("SELECT LENGTH(payment_method) FROM team"), 0);
    drop(expect(OWNER, "invoice.pay", of_invoice(id, number), 409,
                "INVOICE_NOT_OPEN"));
    books_agree();
}


static void
r93_a_declined_card_leaves_the_invoice_open(void **state)
{
    const char      *number, *id = invoiced_team("team", 11, "yearly");
    billing_call_t   call;

    (void) state;

    number = final_invoice();
    call = pay_by_card(id, number, YEAR11);
    declined(&call, "insufficient_funds");
    (void) last_answer(402);
    invoice_is(id, number, "open", YEAR11);
    assert_string_equal(word("state"), "active_unpaid");
    assert_int_equal(count("SELECT failed FROM team"), 0);
    assert_int_equal(count("SELECT hold_seats FROM team"), 0);
    books_agree();

    call = pay_by_card(id, number, YEAR11);
    paid(&call, YEAR11);
    invoice_is(id, number, "paid", 0);
    books_agree();
}


static void
p16_a_wire_while_the_card_pays_is_no_loss(void **state)
{
    const char      *number, *id = invoiced_team("team", 11, "yearly");
    billing_call_t   call;

    (void) state;

    number = final_invoice();
    call = pay_by_card(id, number, YEAR11);
    drop(wire(number, YEAR11, "wire-1"));
    assert_string_equal(word("state"), "active");
    books_agree();
    paid(&call, YEAR11);
    assert_int_equal(count("SELECT credit_minor FROM team"), YEAR11);
    assert_string_equal(t.mail_key, "mail.paid_over");
    assert_string_equal(word("state"), "active");
    books_agree();
}


static void
p8_a_crash_between_charge_and_answer_pays_once(void **state)
{
    char             key[64];
    const char      *number, *id = invoiced_team("team", 11, "yearly");
    billing_call_t   call;

    (void) state;

    number = final_invoice();
    call = pay_by_card(id, number, YEAR11);
    (void) snprintf(key, sizeof(key), "%s", call.idempotency_key);
    crash();
    t.wall += 60;
    sweep();
    call = take_call(BILLING_CALL_CHARGE);
    assert_string_equal(call.idempotency_key, key);
    paid(&call, YEAR11);
    invoice_is(id, number, "paid", 0);
    assert_int_equal(count("SELECT COUNT(*) FROM payment"), 1);
    answer_call(&call, 200, intent(&call, "pi_2", "succeeded", YEAR11),
                true);                  /* a late copy of the answer */
    assert_int_equal(count("SELECT COUNT(*) FROM payment"), 1);
    books_agree();
}


static void
p9_money_of_another_amount_goes_back(void **state)
{
    const char      *number, *id = invoiced_team("team", 11, "yearly");
    billing_call_t   call;

    (void) state;

    number = final_invoice();
    call = pay_by_card(id, number, YEAR11);
    answer_call(&call, 200, intent(&call, "pi_2", "succeeded", 17), true);
    call = take_call(BILLING_CALL_REFUND);
    invoice_is(id, number, "open", YEAR11);
    answer_call(&call, 200, "{\"id\":\"re_1\",\"object\":\"refund\","
                "\"status\":\"succeeded\"}", true);
    invoice_is(id, number, "open", YEAR11);
    books_agree();
}


/* --- the days ------------------------------------------------------------ */


static void
r174_reminder_grace_and_a_payment_in_it(void **state)
{
    int64_t      end;
    const char  *number, *id = invoiced_team("team", 11, "yearly");

    (void) state;

    end = count("SELECT period_end_at FROM team");
    number = final_invoice();
    after(30 * DAY - 1);
    assert_string_equal(word("state"), "active_unpaid");
    after(1);
    assert_string_equal(word("state"), "past_due");
    assert_string_equal(t.mail_key, "mail.overdue");
    assert_string_equal(t.mail_to, "bills@example.test");
    invoice_is(id, number, "open", YEAR11);

    drop(wire(number, 100, "part"));
    assert_string_equal(word("state"), "past_due");
    after(14 * DAY - 1);
    assert_string_equal(word("state"), "past_due");
    drop(wire(number, YEAR11 - 100, "rest"));
    assert_string_equal(word("state"), "active");
    assert_int_equal(count("SELECT period_end_at FROM team"), end);
    books_agree();
    after_days(20);
    assert_string_equal(word("state"), "active");
}


static void
r174_unpaid_it_expires_and_what_comes_then_is_balance(void **state)
{
    json_t      *body;
    const char  *number, *id = invoiced_team("team", 11, "yearly");

    (void) state;

    number = final_invoice();
    after_days(60);                     /* over everything at once */
    assert_string_equal(word("state"), "expired");
    assert_string_equal(t.mail_key, "mail.expired");
    invoice_is(id, number, "uncollectible", 0);
    assert_int_equal(count("SELECT SUM(amount_minor) FROM ledger"
                           " WHERE account = 'bad_debt'"), YEAR11);
    books_agree();
    drop(expect(OWNER, "invoice.pay", of_invoice(id, number), 409,
                "INVOICE_NOT_OPEN"));

    body = wire(number, YEAR11, "late");
    assert_int_equal(number_of(json_object_get(body, "payment"), "applied"),
                     0);
    assert_int_equal(number_of(json_object_get(body, "team"), "credit"),
                     YEAR11);
    assert_string_equal(text_of(json_object_get(body, "team"), "state"),
                        "expired");
    drop(body);
    books_agree();

    /* It buys the next period: section 8 point 16. */

    drop(expect(OWNER, "billing.reactivate", of_team(id), 200, NULL));
    assert_string_equal(word("state"), "active");
    assert_int_equal(count("SELECT credit_minor FROM team"), 0);
    books_agree();
}


static void
p16_a_card_that_pays_while_the_grace_runs_out(void **state)
{
    const char      *number, *id = invoiced_team("team", 11, "yearly");
    billing_call_t   call;

    (void) state;

    number = final_invoice();
    after_days(40);
    assert_string_equal(word("state"), "past_due");
    call = pay_by_card(id, number, YEAR11);
    after_days(10);                     /* the sweep leaves it alone */
    assert_string_equal(word("state"), "past_due");
    paid(&call, YEAR11);
    assert_string_equal(word("state"), "active");
    sweep();
    assert_string_equal(word("state"), "active");
    books_agree();
}


static void
r174_a_card_that_fails_then_lets_the_grace_end(void **state)
{
    const char      *number, *id = invoiced_team("team", 11, "yearly");
    billing_call_t   call;

    (void) state;

    number = final_invoice();
    after_days(40);
    call = pay_by_card(id, number, YEAR11);
    after_days(10);
    declined(&call, "generic_decline");
    sweep();
    assert_string_equal(word("state"), "expired");
    invoice_is(id, number, "uncollectible", 0);
    books_agree();
}


/* By month two invoices may be open: each has days of its own. */

static void
r137_several_open_invoices_are_each_accounted_for(void **state)
{
    json_t      *body;
    char         first[64], second[64];
    const char  *id;

    (void) state;

    t.now = 1769936400;                 /* 2026-02-01 09:00, 28 days */
    id = invoiced_team("business", 5, "monthly");
    (void) snprintf(first, sizeof(first), "%s", final_invoice());
    after(28 * DAY - BILLING_DRAFT_SEC);
    assert_string_equal(word("state"), "active_unpaid");
    (void) snprintf(second, sizeof(second), "%s", final_invoice());
    assert_string_not_equal(first, second);

    body = expect(OWNER, "billing.overview", of_team(id), 200, NULL);
    assert_int_equal(number_of(json_object_get(body, "owed"), "invoices"),
                     2);
    assert_int_equal(number_of(json_object_get(body, "owed"), "amount"),
                     20000);
    drop(body);
    books_agree();

    after_days(3);                      /* the first is late */
    assert_string_equal(word("state"), "past_due");
    drop(wire(first, 10000, "one"));
    assert_string_equal(word("state"), "active_unpaid");
    assert_int_equal(count("SELECT ever_paid FROM team"), 1);
    books_agree();

    after_days(28);                     /* the second is late: no renewal */
    assert_string_equal(word("state"), "past_due");
    assert_int_equal(count("SELECT COUNT(*) FROM bill"), 2);
    drop(wire(second, 10000, "two"));
    assert_string_equal(word("state"), "active");
    sweep();                            /* and then the third month */
    assert_int_equal(count("SELECT COUNT(*) FROM bill"), 3);
    assert_string_equal(word("state"), "active_unpaid");
    books_agree();
}


/* Each is told of once, and the last late one decides. */

static void
r174_two_late_invoices_are_two_reminders(void **state)
{
    char         first[64], second[64];
    unsigned     mails;

    (void) state;

    t.settings.invoice_grace_days = 60;
    t.now = 1769936400;                 /* 2026-02-01 09:00, 28 days */
    (void) invoiced_team("business", 5, "monthly");
    (void) snprintf(first, sizeof(first), "%s", final_invoice());
    after(28 * DAY - BILLING_DRAFT_SEC);
    (void) snprintf(second, sizeof(second), "%s", final_invoice());
    mails = t.mails;
    after_days(40);                     /* both days at once */
    assert_int_equal(t.mails, mails + 2);
    assert_int_equal(count("SELECT COUNT(*) FROM bill WHERE reminded = 1"),
                     2);
    sweep();
    assert_int_equal(t.mails, mails + 2);
    drop(wire(first, 10000, "one"));
    assert_string_equal(word("state"), "past_due");
    books_agree();
    drop(wire(second, 10000, "two"));
    assert_string_equal(word("state"), "active");
    books_agree();
}


#define doc_test(name)                                                        \
    cmocka_unit_test_setup_teardown(name, set_up, tear_down)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        doc_test(r85_r131_a_wire_pays_and_the_team_is_active),
        doc_test(p16_the_same_reference_counts_once),
        doc_test(r85_what_cannot_be_recorded),
        doc_test(point17_an_overpayment_is_balance),
        doc_test(r135_paid_by_card_the_way_to_pay_stays),
        doc_test(r93_a_declined_card_leaves_the_invoice_open),
        doc_test(p16_a_wire_while_the_card_pays_is_no_loss),
        doc_test(p8_a_crash_between_charge_and_answer_pays_once),
        doc_test(p9_money_of_another_amount_goes_back),
        doc_test(r174_reminder_grace_and_a_payment_in_it),
        doc_test(r174_unpaid_it_expires_and_what_comes_then_is_balance),
        doc_test(p16_a_card_that_pays_while_the_grace_runs_out),
        doc_test(r174_a_card_that_fails_then_lets_the_grace_end),
        doc_test(r137_several_open_invoices_are_each_accounted_for),
        doc_test(r174_two_late_invoices_are_two_reminders)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
