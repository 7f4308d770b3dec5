/* Purchases: what is refused, what is charged, what is granted. */

#include "business_fixture.h"


static json_t *
team_now(const char *team)
{
    json_t  *body, *answer;

    body = expect(OWNER, "dashboard", json_pack("{s:s}", "team", team), 200,
                  NULL);
    answer = json_incref(json_object_get(body, "team"));
    drop(body);

    return answer;
}


static void
pay(const char *actor, json_t *body)
{
    char            op[BILLING_OP_ID_LEN + 1];
    billing_call_t  call;

    call = buy(actor, body, op);
    answer_call(&call, 200,
                intent(&call, "pi_1", "succeeded",
                       count("SELECT amount_minor FROM checkout"
                             " WHERE state = 'charging'")), true);
}


static void
r100_r101_r102_r104_a_purchase_grants_everything_at_once(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1];
    json_t          *body, *team;
    const char      *id = make_team(2);
    billing_call_t   call;

    (void) state;

    call = buy(PLAIN, order(id, "business", 5, ""), op);
    assert_string_equal(call.subject, op);
    assert_non_null(strstr(call.request.body, "amount=10000"));
    assert_int_equal(t.nanswers, 0);

    team = team_now(id);
    assert_string_equal(text_of(team, "plan"), "free");
    drop(team);

    answer_call(&call, 200, intent(&call, "pi_1", "succeeded", 10000), true);

    body = last_answer(200);
    assert_string_equal(t.answered[t.nanswers - 1], op);
    assert_string_equal(text_of(body, "state"), "done");
    assert_string_equal(text_of(json_object_get(body, "invoice"), "number"),
                        "INV-2026-000001");
    assert_int_equal(number_of(json_object_get(body, "invoice"), "total"),
                     10000);
    assert_string_equal(text_of(json_object_get(body, "receipt"), "sent_to"),
                        PLAIN);

    team = json_object_get(body, "team");
    assert_string_equal(text_of(team, "plan"), "business");
    assert_string_equal(text_of(team, "state"), "active");
    assert_int_equal(number_of(team, "seats"), 5);
    assert_string_equal(json_string_value(json_array_get(
        json_object_get(team, "billing_admins"), 0)), PLAIN);
    assert_int_equal(json_array_size(json_object_get(team,
                                                     "billing_admins")), 1);

    assert_int_equal(t.mails, 1);
    assert_string_equal(t.mail_to, PLAIN);
    assert_string_equal(t.mail_key, "mail.receipt");
    books_balance();
    assert_int_equal(count("SELECT hold_seats FROM team"), 0);

    /* Billing rights are no admin rights. */

    drop(expect(PLAIN, "member.remove",
                json_pack("{s:s, s:s}", "team", id, "email", OWNER), 403,
                "ADMIN_RIGHTS"));
}


static void
r11_another_team_is_left_alone(void **state)
{
    char         other[BILLING_ID_MAX + 1];
    json_t      *before, *after;
    const char  *id;

    (void) state;

    (void) snprintf(other, sizeof(other), "%s", make_team(0));
    before = team_now(other);
    id = make_team(0);
    pay(OWNER, order(id, "team", 2, ""));
    after = team_now(other);
    assert_true(json_equal(before, after));
    drop(before);
    drop(after);
}


static void
r48_r67_r70_r79_r82_r84_r92_refusals_come_before_any_charge(void **state)
{
    static const struct {
        const char  *plan, *period, *method, *promo, *code;
        int          seats;
    } cases[] = {
        { "team", "monthly", "card", "", "SEATS_BELOW_MEMBERS", 2 },
        { "team", "monthly", "card", "", "SEATS_ABOVE_WINDOW_MAX", 101 },
        { "team", "monthly", "card", "", "SEATS_INVALID", 0 },
        { "business", "monthly", "card", "", "SEATS_BELOW_PLAN_MIN", 4 },
        { "team", "yearly", "invoice", "", "INVOICE_TEAM_SEATS", 10 },
        { "team", "monthly", "invoice", "", "INVOICE_TEAM_YEARLY", 11 },
        { "consultant", "yearly", "invoice", "", "INVOICE_PLAN", 5 },
        { "team", "yearly", "invoice", "", "INVOICE_EMAIL_MISSING", 11 },
        { "team", "monthly", "paypal", "", "PAYMENT_METHOD_UNSUPPORTED", 5 },
        { "gold", "monthly", "card", "", "PLAN_UNKNOWN", 5 },
        { "enterprise", "monthly", "card", "", "PLAN_ENTERPRISE_CONTACT", 5 },
        { "education", "monthly", "card", "", "PLAN_EDUCATION_APPLY", 5 },
        { "team", "weekly", "card", "", "BILLING_TYPE_INVALID", 5 },
        { "team", "monthly", "card", "NOSUCH", "PROMO_UNKNOWN", 5 },
        { "team", "monthly", "card", "LASTYEAR", "PROMO_EXPIRED", 5 },
        { "team", "monthly", "card", "YEARLY50", "PROMO_NOT_APPLICABLE", 5 },
        { "team", "monthly", "card", "", "CARD_MISSING", 5 },
        { "team", "monthly", "card", "NOSUCH", "SEATS_INVALID", 0 }
    };
    const char  *id = make_team(2);

    (void) state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t  *payment = json_pack("{s:s}", "method", cases[i].method);

        drop(expect(OWNER, "upgrade.buy",
            json_pack("{s:s, s:s, s:i, s:s, s:s, s:o}", "team", id,
                "plan", cases[i].plan, "seats", cases[i].seats,
                "period", cases[i].period, "promo", cases[i].promo,
                "payment", payment),
            billing_reason_status(BILLING_CARD_MISSING), cases[i].code));
    }

    assert_int_equal(t.nflying, 0);
    assert_int_equal(count("SELECT COUNT(*) FROM checkout"), 0);
}


static void
r60_p47_a_stranger_finds_no_team_and_a_guest_is_no_member(void **state)
{
    const char               *id = make_team(0);
    billing_member_change_t   change = {
        .team = id, .email = "guest@example.test", .now = T0,
        .roles = (uint32_t) BILLING_ROLE_GUEST
    };

    (void) state;

    drop(expect("stranger@example.test", "upgrade.buy",
                order(id, "team", 5, ""), 404, "TEAM_NOT_FOUND"));
    drop(expect("stranger@example.test", "upgrade.buy",
                order("t_none", "team", 5, ""), 404, "TEAM_NOT_FOUND"));

    turn_begin();
    assert_int_equal(billing_profile_ensure(&t.w, change.email,
                                            BILLING_LANG_EN, T0),
                     BILLING_DB_OK);
    assert_int_equal(billing_member_store(&t.w, &change), BILLING_DB_OK);
    turn_end(false);

    drop(expect("guest@example.test", "upgrade.buy",
                order(id, "team", 5, ""), 403, "NOT_A_MEMBER"));
}


static void
p11_the_amount_is_the_quote_and_a_changed_price_is_refused(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1];
    json_t          *quote, *body, *problem;
    int64_t          total;
    const char      *id = make_team(0);
    billing_call_t   call;

    (void) state;

    quote = expect(OWNER, "upgrade.quote",
                   json_pack("{s:s, s:s, s:i, s:s, s:s, s:s}", "team", id,
                       "plan", "team", "seats", 7, "period", "monthly",
                       "payment_method", "card", "promo", "welcome20"), 200,
                   NULL);
    total = number_of(quote, "total");
    assert_int_equal(total, 5600);

    body = order(id, "team", 7, "WELCOME20");
    (void) json_object_set(body, "quote", json_object_get(quote, "quote"));
    t.settings.catalogue.plans[BILLING_PLAN_TEAM]
        .price[BILLING_PERIOD_MONTHLY].minor = 1100;
    problem = expect(OWNER, "upgrade.buy", json_incref(body), 409,
                     "QUOTE_STALE");
    assert_int_equal(number_of(problem, "old"), 5600);
    assert_int_equal(number_of(problem, "new"), 6160);
    drop(problem);
    assert_int_equal(t.nflying, 0);

    t.settings.catalogue.plans[BILLING_PLAN_TEAM]
        .price[BILLING_PERIOD_MONTHLY].minor = 1000;
    call = buy(OWNER, body, op);
    assert_non_null(strstr(call.request.body, "amount=5600"));

    /* A price changed after Tx1 changes nothing any more. */

    t.settings.catalogue.plans[BILLING_PLAN_TEAM]
        .price[BILLING_PERIOD_MONTHLY].minor = 9900;
    answer_call(&call, 200, intent(&call, "pi_1", "succeeded", 5600), true);
    assert_int_equal(number_of(json_object_get(last_answer(200), "invoice"),
                               "total"), 5600);
    books_balance();
    drop(quote);
}


static void
p18_two_buyers_of_one_team_one_wins(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1];
    int64_t          version;
    const char      *id = make_team(1);
    billing_call_t   call;

    (void) state;

    call = buy(OWNER, order(id, "team", 5, ""), op);
    version = count("SELECT version FROM team");
    drop(expect(PLAIN, "upgrade.buy", order(id, "business", 6, ""), 409,
                "CHECKOUT_OPEN"));
    assert_int_equal(t.nflying, 0);
    assert_int_equal(count("SELECT version FROM team"), version);
    answer_call(&call, 200, intent(&call, "pi_1", "succeeded", 5000), true);
    assert_int_equal(count("SELECT COUNT(*) FROM checkout"), 1);
}


static void
p19_joins_are_limited_by_an_open_purchase(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1];
    const char      *id = make_team(1);
    billing_call_t   call;

    (void) state;

    call = buy(OWNER, order(id, "team", 3, ""), op);
    drop(expect(OWNER, "member.add", json_pack("{s:s, s:s}", "team", id,
                "email", "third@example.test"), 201, NULL));
    drop(expect(OWNER, "member.add", json_pack("{s:s, s:s}", "team", id,
                "email", "fourth@example.test"), 409, "NO_VACANT_SEAT"));
    answer_call(&call, 402, "{\"error\":{\"type\":\"card_error\",\"code\":"
                "\"card_declined\"}}", true);
    drop(expect(OWNER, "member.add", json_pack("{s:s, s:s}", "team", id,
                "email", "fourth@example.test"), 201, NULL));
}


static void
r94_a_declined_card_leaves_everything_as_it_was(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1];
    json_t          *before, *after;
    const char      *id = make_team(1);
    billing_call_t   call;

    (void) state;

    before = team_now(id);
    call = buy(PLAIN, order(id, "team", 5, "WELCOME20"), op);
    answer_call(&call, 402, "{\"error\":{\"type\":\"card_error\",\"code\":"
                "\"card_declined\",\"decline_code\":\"insufficient_funds\"}}",
                true);
    assert_string_equal(text_of(last_answer(402), "code"), "CARD_FUNDS");
    assert_string_equal(text_of(last_answer(402), "operation"), op);

    after = team_now(id);
    assert_true(number_of(after, "version") > number_of(before, "version"));
    (void) json_object_del(after, "version");
    (void) json_object_del(before, "version");
    assert_true(json_equal(before, after));
    drop(before);
    drop(after);
    assert_int_equal(t.mails, 0);
    assert_int_equal(count("SELECT COUNT(*) FROM ledger"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM invoice"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM invoice_series"), 0);

    /* The same again, code and all. */

    pay(PLAIN, order(id, "team", 5, "WELCOME20"));
    assert_string_equal(text_of(last_answer(200), "state"), "done");
}


static void
r155_d4_a_higher_plan_credits_the_time_left(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1];
    json_t          *body;
    const char      *id = make_team(0);
    billing_call_t   call;

    (void) state;

    t.now = 1609459200;                 /* 2021-01-01 */
    body = order(id, "team", 12, "");
    (void) json_object_set_new(body, "period", json_string("yearly"));
    call = buy(OWNER, body, op);
    answer_call(&call, 200, intent(&call, "pi_1", "succeeded", 115200), true);

    t.now = 1625097600;                 /* 2021-07-01 */
    body = order(id, "business", 12, "");
    (void) json_object_set_new(body, "period", json_string("yearly"));
    call = buy(OWNER, body, op);
    assert_non_null(strstr(call.request.body, "amount=172327"));
    answer_call(&call, 200, intent(&call, "pi_2", "succeeded", 172327), true);
    assert_int_equal(number_of(json_object_get(last_answer(200), "invoice"),
                               "total"), 172327);
    books_balance();
    assert_int_equal(count("SELECT SUM(amount_minor) FROM ledger"
                           " WHERE account = 'gateway'"), 115200 + 172327);
}


static void
r99_nothing_to_pay_needs_no_card_and_no_gateway(void **state)
{
    json_t      *body;
    const char  *id = make_team(0);

    (void) state;

    t.settings.catalogue.promos[0].percent = 100;
    body = order(id, "team", 2, "WELCOME20");
    (void) json_object_set_new(body, "payment",
                               json_pack("{s:s}", "method", "card"));
    body = expect(OWNER, "upgrade.buy", body, 200, NULL);
    assert_string_equal(text_of(json_object_get(body, "team"), "state"),
                        "active");
    assert_int_equal(number_of(json_object_get(body, "invoice"), "total"), 0);
    assert_true(json_is_null(json_object_get(body, "receipt")));
    drop(body);
    assert_int_equal(t.nflying, 0);
    books_balance();
    body = expect(OWNER, "billing.invoices", json_pack("{s:s}", "team", id),
                  200, NULL);
    assert_int_equal(json_array_size(json_object_get(body, "invoices")), 1);
    drop(body);
}


static void
p47_an_operation_is_its_actors_and_follows_the_purchase(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1];
    json_t          *body;
    const char      *id = make_team(1);
    billing_call_t   call;

    (void) state;

    call = buy(OWNER, order(id, "team", 2, ""), op);
    body = expect(OWNER, "operation", json_pack("{s:s}", "operation", op),
                  200, NULL);
    assert_string_equal(text_of(body, "state"), "pending");
    assert_true(json_is_null(json_object_get(body, "answer")));
    drop(body);
    drop(expect(PLAIN, "operation", json_pack("{s:s}", "operation", op), 404,
                "OPERATION_NOT_FOUND"));
    answer_call(&call, 200, intent(&call, "pi_1", "succeeded", 2000), true);
    body = expect(OWNER, "operation", json_pack("{s:s}", "operation", op),
                  200, NULL);
    assert_string_equal(text_of(body, "state"), "done");
    assert_true(json_equal(json_object_get(body, "answer"),
                           last_answer(200)));
    drop(body);
}


static void
p13_a_code_is_redeemed_so_often_and_once_per_team(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1], id[BILLING_ID_MAX + 1];
    billing_call_t   call;

    (void) state;

    t.settings.catalogue.promos[0].redemptions_max = 3;

    (void) snprintf(id, sizeof(id), "%s", make_team(0));
    call = buy(OWNER, order(id, "team", 2, "WELCOME20"), op);
    answer_call(&call, 402, "{\"error\":{\"type\":\"card_error\",\"code\":"
                "\"card_declined\"}}", true);    /* gives it back */

    for (unsigned i = 0; i < 3; i++) {
        pay(OWNER, order(make_team(0), "team", 2, "WELCOME20"));
    }

    drop(expect(OWNER, "upgrade.buy", order(id, "team", 2, "WELCOME20"), 422,
                "PROMO_USED"));
    t.settings.catalogue.promos[0].redemptions_max = 0;
    pay(OWNER, order(id, "team", 2, "WELCOME20"));
    drop(expect(OWNER, "upgrade.buy", order(id, "business", 5, "WELCOME20"),
                422, "PROMO_USED"));
}


static void
p39_p40_numbers_have_no_gap_dates_never_go_back(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1];
    billing_call_t   call;

    (void) state;

    for (unsigned i = 0; i < 9; i++) {
        call = buy(OWNER, order(make_team(0), "team", 2, ""), op);
        t.now += i % 3 == 2 ? -7200 : 60;

        if (i % 2 == 1) {
            answer_call(&call, 402, "{\"error\":{\"type\":\"card_error\","
                        "\"code\":\"expired_card\"}}", true);
            continue;
        }

        answer_call(&call, 200, intent(&call, "pi_1", "succeeded", 2000),
                    true);
    }

    assert_int_equal(count("SELECT COUNT(*) FROM invoice"), 5);
    assert_int_equal(count("SELECT MAX(no) FROM invoice"), 5);
    assert_int_equal(count("SELECT COUNT(*) FROM invoice a JOIN invoice b"
                           " ON b.no = a.no + 1 WHERE b.issued_at"
                           " < a.issued_at OR b.prev_hash <> a.hash"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM invoice"
                           " WHERE LENGTH(hash) = 64"), 5);
    books_balance();
}


static void
r106_r107_r132_by_invoice_paid_access_at_once_and_a_draft(void **state)
{
    json_t      *body;
    const char  *id = make_team(0);

    (void) state;

    body = expect(OWNER, "upgrade.buy",
                  json_pack("{s:s, s:s, s:i, s:s, s:{s:s, s:s}}", "team", id,
                      "plan", "team", "seats", 11, "period", "yearly",
                      "payment", "method", "invoice", "email",
                      "Books@Example.TEST"), 200, NULL);
    assert_string_equal(text_of(json_object_get(body, "team"), "state"),
                        "active_unpaid");
    assert_string_equal(text_of(json_object_get(body, "invoice"), "state"),
                        "draft");
    assert_true(json_is_null(json_object_get(body, "receipt")));
    drop(body);
    assert_int_equal(t.nflying, 0);
    assert_int_equal(t.mails, 0);

    sweep();
    assert_int_equal(count("SELECT COUNT(*) FROM invoice"), 0);
    t.now += 3599;
    sweep();
    assert_int_equal(count("SELECT COUNT(*) FROM invoice"), 1);
    assert_string_equal(t.mail_to, "books@example.test");
    assert_string_equal(t.mail_key, "mail.invoice");
    sweep();
    assert_int_equal(t.mails, 1);
    books_balance();

    /* What is not paid may not become a credit. */

    drop(expect(OWNER, "upgrade.buy", order(id, "business", 11, ""), 409,
                "INVOICE_OPEN"));
}


static void
p33_an_unpaid_invoice_ends_paid_features_by_itself(void **state)
{
    const char             *id = make_team(0);
    billing_team_record_t   record;

    (void) state;

    drop(expect(OWNER, "upgrade.buy",
                json_pack("{s:s, s:s, s:i, s:s, s:{s:s, s:s}}", "team", id,
                    "plan", "team", "seats", 11, "period", "yearly",
                    "payment", "method", "invoice", "email",
                    "books@example.test"), 200, NULL));
    assert_int_equal(billing_record_team(&t.w, id, &record), BILLING_DB_OK);
    assert_int_equal(record.valid_until_at,
                     T0 + BILLING_DRAFT_SEC + 44 * 86400);
}


int
main(void)
{
#define purchase_test(name)                                                   \
    cmocka_unit_test_setup_teardown(name, set_up, tear_down)

    const struct CMUnitTest  tests[] = {
        purchase_test(r100_r101_r102_r104_a_purchase_grants_everything_at_once),
        purchase_test(r11_another_team_is_left_alone),
        purchase_test(
            r48_r67_r70_r79_r82_r84_r92_refusals_come_before_any_charge),
        purchase_test(
            r60_p47_a_stranger_finds_no_team_and_a_guest_is_no_member),
        purchase_test(
            p11_the_amount_is_the_quote_and_a_changed_price_is_refused),
        purchase_test(p18_two_buyers_of_one_team_one_wins),
        purchase_test(p19_joins_are_limited_by_an_open_purchase),
        purchase_test(r94_a_declined_card_leaves_everything_as_it_was),
        purchase_test(r155_d4_a_higher_plan_credits_the_time_left),
        purchase_test(r99_nothing_to_pay_needs_no_card_and_no_gateway),
        purchase_test(
            p47_an_operation_is_its_actors_and_follows_the_purchase),
        purchase_test(p13_a_code_is_redeemed_so_often_and_once_per_team),
        purchase_test(p39_p40_numbers_have_no_gap_dates_never_go_back),
        purchase_test(
            r106_r107_r132_by_invoice_paid_access_at_once_and_a_draft),
        purchase_test(p33_an_unpaid_invoice_ends_paid_features_by_itself)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
