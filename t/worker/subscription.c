/* The running subscription: seats, its end, the way back, the way down. */

#include "subscription_fixture.h"


/* --- seats --------------------------------------------------------------- */


static void
r142_r146_r153_e1_added_seats_wait_for_the_renewal(void **state)
{
    json_t      *body, *change;
    const char  *id;

    (void) state;

    t.now = 1598918400 + 36000;         /* 2020-09-01 10:00 */
    id = paid_team("team", 5, "monthly");
    t.now = 1600128000 + 36000;         /* 15 September */

    body = expect(OWNER, "billing.seats", of_seats(id, 7, "1"), 200, NULL);
    change = json_object_get(body, "change");
    assert_true(json_is_true(json_object_get(body, "dry_run")));
    assert_int_equal(number_of(change, "amount"), 1067);    /* D1 */
    assert_int_equal(count("SELECT seats FROM team"), 5);
    assert_int_equal(json_array_size(json_object_get(change, "lines")), 2);
    drop(body);

    body = expect(OWNER, "billing.seats", of_seats(id, 7, NULL), 200, NULL);
    change = json_object_get(body, "change");
    assert_int_equal(number_of(change, "amount"), 1067);
    assert_string_equal(text_of(change, "due_at"), "2020-10-01T10:00:00Z");
    assert_int_equal(number_of(json_object_get(body, "team"), "seats"), 7);
    drop(body);
    assert_int_equal(count("SELECT pending_minor FROM team"), 1067);
    assert_int_equal(count("SELECT SUM(amount_minor) FROM ledger"
                           " WHERE account LIKE 'unbilled:%'"), 1067);
    books_balance();
    assert_string_equal(t.mail_key, "mail.size");
    assert_int_equal(t.nflying, 0);

    body = expect(OWNER, "billing.overview", of_team(id), 200, NULL);
    assert_int_equal(number_of(body, "pending"), 1067);
    assert_int_equal(number_of(json_object_get(body, "renewal"), "amount"),
                     8067);             /* D1 */
    drop(body);
}


static void
r151_d3_fewer_seats_give_credit_that_the_books_know(void **state)
{
    const char  *id;

    (void) state;

    t.now = 1609459200 + 3600;          /* 2021-01-01 */
    id = paid_team("team", 30, "yearly");
    t.now = 1616544000 + 7200;          /* 24 March */

    drop(expect(OWNER, "billing.seats", of_seats(id, 20, NULL), 200, NULL));
    assert_int_equal(count("SELECT credit_minor FROM team"), 74433);
    assert_int_equal(count("SELECT SUM(amount_minor) FROM ledger"
                           " WHERE account LIKE 'credit:%'"), -74433);
    assert_string_equal(t.mail_key, "mail.size_less");
    books_balance();
}


static void
r152_r142_the_bounds_of_the_size(void **state)
{
    const char  *id = paid_team("business", 6, "monthly");

    (void) state;

    drop(expect(OWNER, "billing.seats", of_seats(id, 4, NULL), 422,
                "SEATS_BELOW_PLAN_MIN"));
    drop(expect(OWNER, "billing.seats", of_seats(id, 250, NULL), 200, NULL));
    drop(expect(PLAIN, "billing.seats", of_seats(id, 251, NULL), 403,
                "BILLING_RIGHTS"));
    drop(expect("far@example.test", "billing.seats", of_seats(id, 251, NULL),
                404, "TEAM_NOT_FOUND"));
    assert_int_equal(count("SELECT seats FROM team"), 250);
}


static void
r145_who_joins_a_full_team_adds_a_licence(void **state)
{
    const char  *id = paid_team("team", 2, "monthly");

    (void) state;

    t.now += 16 * DAY;                  /* 15 of 31 days are left */
    drop(expect(OWNER, "member.add", json_pack("{s:s, s:s}", "team", id,
                "email", "third@example.test"), 201, NULL));
    assert_int_equal(count("SELECT seats FROM team"), 3);
    assert_int_equal(count("SELECT members FROM team"), 3);
    assert_int_equal(count("SELECT pending_minor FROM team"), 484);
    assert_string_equal(t.mail_key, "mail.size");
}


/* --- the end ------------------------------------------------------------- */


static void
r175_r176_r179_r180_cancelling_stops_the_renewal(void **state)
{
    const char  *id = paid_team("team", 2, "monthly");

    (void) state;

    drop(expect(PLAIN, "billing.cancel", of_team(id), 403,
                "BILLING_RIGHTS"));
    drop(expect(OWNER, "billing.cancel", of_team(id), 200, NULL));
    assert_string_equal(word("state"), "cancelled");
    assert_string_equal(t.mail_key, "mail.ending");
    assert_int_equal(t.nflying, 0);
    drop(expect(OWNER, "billing.cancel", of_team(id), 409,
                "ALREADY_CANCELLED"));
    drop(expect(OWNER, "billing.seats", of_seats(id, 3, NULL), 409,
                "SUBSCRIPTION_CANCELLED"));
    drop(expect(OWNER, "billing.downgrade", of_team(id), 409,
                "ALREADY_CANCELLED"));

    t.now += 31 * DAY;
    sweep();
    assert_string_equal(word("state"), "expired");
    assert_string_equal(t.mail_key, "mail.expired");
    assert_int_equal(t.nflying, 0);
    sweep();
    assert_int_equal(count("SELECT COUNT(*) FROM checkout"), 1);
}


static void
r178_pending_seats_are_charged_when_cancelling(void **state)
{
    const char          *id = paid_team("team", 2, "monthly");
    billing_call_t       call;
    billing_op_reply_t   reply;

    (void) state;

    t.now += 16 * DAY;
    drop(expect(OWNER, "billing.seats", of_seats(id, 3, NULL), 200, NULL));
    reply = run_op(next_op(), OWNER, "billing.cancel", of_team(id));
    assert_true(reply.later);
    call = take_call(BILLING_CALL_CHARGE);
    assert_non_null(strstr(call.request.body, "off_session=true"));
    paid(&call, 484);
    assert_int_equal(number_of(json_object_get(last_answer(200), "invoice"),
                               "total"), 484);
    assert_string_equal(word("state"), "cancelled");
    assert_int_equal(count("SELECT pending_minor FROM team"), 0);
    assert_int_equal(count("SELECT auto_renew FROM team"), 0);
    books_balance();
}


static void
r178_cancelling_stands_when_the_card_is_declined(void **state)
{
    const char          *id = paid_team("team", 2, "monthly");
    billing_call_t       call;
    billing_op_reply_t   reply;

    (void) state;

    t.now += 16 * DAY;
    drop(expect(OWNER, "billing.seats", of_seats(id, 3, NULL), 200, NULL));
    reply = run_op(next_op(), OWNER, "billing.cancel", of_team(id));
    assert_true(reply.later);
    call = take_call(BILLING_CALL_CHARGE);
    declined(&call, "insufficient_funds");
    assert_string_equal(text_of(json_object_get(last_answer(200), "unpaid"),
                                "code"), "CARD_FUNDS");
    assert_string_equal(word("state"), "cancelled");
    assert_int_equal(count("SELECT pending_minor FROM team"), 484);
    assert_int_equal(count("SELECT hold_seats FROM team"), 0);

    t.now += 7 * DAY;                   /* asked for once more */
    sweep();
    call = take_call(BILLING_CALL_CHARGE);
    paid(&call, 484);
    assert_string_equal(word("state"), "cancelled");
    assert_int_equal(count("SELECT pending_minor FROM team"), 0);
}


static void
r184_before_the_end_reactivating_is_free(void **state)
{
    int64_t      end;
    const char  *id = paid_team("team", 2, "monthly");

    (void) state;

    end = count("SELECT period_end_at FROM team");
    drop(expect(OWNER, "billing.reactivate", of_team(id), 409,
                "NOT_CANCELLED"));
    drop(expect(OWNER, "billing.cancel", of_team(id), 200, NULL));
    drop(expect(OWNER, "billing.reactivate", of_team(id), 200, NULL));
    assert_string_equal(word("state"), "active");
    assert_int_equal(count("SELECT period_end_at FROM team"), end);
    assert_int_equal(count("SELECT auto_renew FROM team"), 1);
    assert_int_equal(t.nflying, 0);
}


static void
r184_after_the_end_a_new_period_is_paid(void **state)
{
    json_t              *body;
    const char          *id = paid_team("team", 2, "monthly");
    billing_call_t       call;
    billing_op_reply_t   reply;

    (void) state;

    drop(expect(OWNER, "billing.cancel", of_team(id), 200, NULL));
    t.now += 40 * DAY;
    sweep();
    assert_string_equal(word("state"), "expired");

    body = of_team(id);
    (void) json_object_set_new(body, "dry_run", json_string("1"));
    body = expect(OWNER, "billing.reactivate", body, 200, NULL);
    assert_int_equal(number_of(body, "due_now"), 2000);
    drop(body);

    reply = run_op(next_op(), OWNER, "billing.reactivate", of_team(id));
    assert_true(reply.later);
    call = take_call(BILLING_CALL_CHARGE);
    paid(&call, 2000);
    assert_string_equal(word("state"), "active");
    assert_int_equal(count("SELECT period_start_at FROM team"), t.now);
    assert_string_equal(t.mail_key, "mail.reactivated");
    books_balance();
}


static void
r187_r190_down_to_free_after_the_end(void **state)
{
    const char               *id = paid_team("business", 6, "monthly");
    billing_member_change_t   guest = {
        .team = id, .email = "guest@example.test", .now = T0,
        .roles = (uint32_t) BILLING_ROLE_GUEST
    };

    (void) state;

    turn_begin();
    assert_int_equal(billing_profile_ensure(&t.w, guest.email,
                                            BILLING_LANG_EN, T0),
                     BILLING_DB_OK);
    assert_int_equal(billing_member_store(&t.w, &guest), BILLING_DB_OK);
    turn_end(false);

    drop(expect(OWNER, "billing.downgrade", of_team(id), 409,
                "NOT_CANCELLED"));
    drop(expect(OWNER, "billing.cancel", of_team(id), 200, NULL));
    t.now += 40 * DAY;
    sweep();
    drop(expect(OWNER, "billing.downgrade", of_team(id), 200, NULL));
    assert_string_equal(word("plan"), "free");
    assert_string_equal(word("state"), "free");
    assert_int_equal(count("SELECT members FROM team"), 3);
    assert_int_equal(count("SELECT roles FROM member"
                           " WHERE email = 'guest@example.test'"),
                     BILLING_ROLE_MEMBER);
    drop(expect(OWNER, "billing.invoices", of_team(id), 410,
                "BILLING_HIDDEN"));
    sweep();
    assert_int_equal(t.nflying, 0);
}


static void
r188_business_becomes_team_at_the_end(void **state)
{
    json_t          *body;
    const char      *id = paid_team("business", 6, "monthly");
    billing_call_t   call;

    (void) state;

    body = of_team(id);
    (void) json_object_set_new(body, "plan", json_string("team"));
    drop(expect(OWNER, "billing.downgrade", body, 200, NULL));
    assert_string_equal(word("plan"), "business");
    body = expect(OWNER, "billing.overview", of_team(id), 200, NULL);
    assert_string_equal(text_of(body, "scheduled_plan"), "team");
    assert_int_equal(number_of(json_object_get(body, "renewal"), "amount"),
                     6000);
    drop(body);

    t.now += 31 * DAY;
    sweep();
    call = take_call(BILLING_CALL_CHARGE);
    paid(&call, 6000);
    assert_string_equal(word("plan"), "team");
}


static void
r138_an_unpaid_first_invoice_is_dropped_with_its_sale(void **state)
{
    const char  *id = make_team(1);

    (void) state;

    drop(expect(OWNER, "upgrade.buy",
        json_pack("{s:s, s:s, s:i, s:s, s:s, s:{s:s, s:s}}", "team", id,
            "plan", "team", "seats", 11, "period", "yearly", "promo", "",
            "payment", "method", "invoice", "email", "pay@example.test"),
        200, NULL));
    assert_string_equal(word("state"), "active_unpaid");
    drop(expect(OWNER, "billing.seats", of_seats(id, 12, NULL), 200, NULL));
    books_balance();
    assert_int_not_equal(count("SELECT pending_minor FROM team"), 0);
    drop(expect(OWNER, "billing.cancel", of_team(id), 200, NULL));
    assert_string_equal(word("state"), "free");
    books_balance();
    assert_int_equal(count("SELECT SUM(amount_minor) FROM ledger"
                           " WHERE account LIKE 'receivable:%'"), 0);
    t.now += 2 * 3600;
    sweep();
    assert_int_equal(count("SELECT COUNT(*) FROM invoice"), 0);
}


/* --- information, the form ----------------------------------------------- */


static void
r112_r117_r121_billing_information(void **state)
{
    json_t      *body;
    const char  *id = paid_team("team", 2, "monthly");

    (void) state;

    drop(expect(OWNER, "billing.information",
                json_pack("{s:s, s:s, s:s}", "team", id, "country", "DE",
                          "vat_id", "nonsense"), 422, "VAT_ID_INVALID"));
    drop(expect(PLAIN, "billing.information",
                json_pack("{s:s, s:s}", "team", id, "country", "DE"), 403,
                "BILLING_RIGHTS"));
    body = expect(OWNER, "billing.information",
                  json_pack("{s:s, s:{s:s, s:s, s:s}}", "team", id,
                      "billing_information", "company", "Example GmbH",
                      "country", "de", "email", "bills@example.test"), 200,
                  NULL);
    assert_string_equal(text_of(body, "billing_email"), "bills@example.test");
    assert_string_equal(text_of(json_object_get(body, "billing_information"),
                                "country"), "DE");
    drop(body);
    assert_string_equal(word("billing_email"), "bills@example.test");
}


static void
r213_r214_an_enterprise_request_is_kept_and_confirmed(void **state)
{
    json_t  *body;

    (void) state;

    body = expect("", "enterprise",
                  json_pack("{s:s, s:s}", "name", "Somebody", "email",
                            "boss@example.test"), 422,
                  "ENTERPRISE_FORM_INCOMPLETE");
    assert_string_equal(text_of(body, "field"), "company");
    drop(body);
    assert_int_equal(count("SELECT COUNT(*) FROM enterprise_request"), 0);

    for (int i = 0; i < 2; i++) {
        drop(expect("", "enterprise",
                    json_pack("{s:s, s:s, s:s, s:i}", "name", "Somebody",
                              "email", "boss@example.test", "company",
                              "Example", "users", 300), 201, NULL));
    }

    assert_int_equal(count("SELECT COUNT(*) FROM enterprise_request"), 2);
    assert_int_equal(t.mails, 3);       /* the sender is told once a day */
    assert_int_equal(count("SELECT COUNT(*) FROM checkout"), 0);
}


#define sub_test(name)                                                        \
    cmocka_unit_test_setup_teardown(name, set_up, tear_down)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        sub_test(r142_r146_r153_e1_added_seats_wait_for_the_renewal),
        sub_test(r151_d3_fewer_seats_give_credit_that_the_books_know),
        sub_test(r152_r142_the_bounds_of_the_size),
        sub_test(r145_who_joins_a_full_team_adds_a_licence),
        sub_test(r175_r176_r179_r180_cancelling_stops_the_renewal),
        sub_test(r178_pending_seats_are_charged_when_cancelling),
        sub_test(r178_cancelling_stands_when_the_card_is_declined),
        sub_test(r184_before_the_end_reactivating_is_free),
        sub_test(r184_after_the_end_a_new_period_is_paid),
        sub_test(r187_r190_down_to_free_after_the_end),
        sub_test(r188_business_becomes_team_at_the_end),
        sub_test(r138_an_unpaid_first_invoice_is_dropped_with_its_sale),
        sub_test(r112_r117_r121_billing_information),
        sub_test(r213_r214_an_enterprise_request_is_kept_and_confirmed)
    };

    if (billing_text_init() != BILLING_OK) {
        return 1;
    }

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
