/* Day Passes: who edits for a day, and on which bill that is. */

#include "day_pass_fixture.h"


static void
r198_who_may_have_the_licence(void **state)
{
    json_t      *body;
    const char  *id;

    (void) state;

    id = company("business", 6, "yearly");
    drop(expect(PLAIN, "occasional.add", of_person(id, "x@example.test"), 403,
                "ADMIN_RIGHTS"));
    drop(expect("far@example.test", "occasional.add",
                of_person(id, "x@example.test"), 404, "TEAM_NOT_FOUND"));
    drop(expect(OWNER, "occasional.add", of_person(id, GUEST), 409,
                "MEMBER_EXISTS"));
    drop(expect(OWNER, "occasional.add", of_person(id, PLAIN), 409,
                "MEMBER_EXISTS"));
    assert_int_equal(count("SELECT members FROM team"), 2);
    assert_int_equal(count("SELECT seats FROM team"), 6);

    body = expect(OWNER, "dashboard", of_team(id), 200, NULL);
    assert_int_equal(json_array_size(json_object_get(body, "members")), 3);
    drop(body);

    drop(expect(OWNER, "occasional.remove", of_person(id, PLAIN), 404,
                "MEMBER_NOT_FOUND"));
    drop(expect(OWNER, "occasional.remove", of_person(id, GUEST), 200, NULL));
    assert_gate(id, GUEST, NOT_A_MEMBER);

    /* A seat takes the licence's place. */

    drop(expect(OWNER, "occasional.add", of_person(id, GUEST), 201, NULL));
    drop(expect(OWNER, "member.add", of_person(id, GUEST), 201, NULL));
    assert_int_equal(count("SELECT roles FROM member WHERE email ="
                           " 'occasional@example.test'"),
                     BILLING_ROLE_MEMBER);
    assert_false(opened(GUEST, "edit"));
    assert_int_equal(count("SELECT COUNT(*) FROM day_pass"), 0);
}


static void
r198_e7_a_pass_for_24_hours(void **state)
{
    json_t      *body;
    const char  *id;

    (void) state;

    t.now = 1580922000;                 /* 2020-02-05 17:00 */
    id = company("business", 5, "yearly");
    assert_gate(id, GUEST, DAYPASS_NEEDED);
    assert_false(opened(GUEST, "view"));
    assert_false(opened(OWNER, "edit"));
    assert_int_equal(count("SELECT COUNT(*) FROM day_pass"), 0);

    assert_true(opened(GUEST, "edit"));
    assert_gate(id, GUEST, ALLOW);
    assert_int_equal(t.mails, 1);
    assert_string_equal(t.mail_key, "mail.day_pass");
    assert_string_equal(t.mail_to, OWNER);
    assert_false(opened(GUEST, "edit"));

    t.now += DAY - 1;
    assert_false(opened(GUEST, "edit"));
    assert_gate(id, GUEST, ALLOW);
    t.now++;
    assert_gate(id, GUEST, DAYPASS_NEEDED);
    t.now += 3600;                      /* 6 February 18:00 */
    assert_true(opened(GUEST, "edit"));
    assert_false(opened(GUEST, "view"));
    assert_int_equal(t.mails, 2);

    body = expect(OWNER, "billing.overview", of_team(id), 200, NULL);
    assert_int_equal(number_of(json_object_get(body, "day_passes"),
                               "unbilled"), 2);
    assert_int_equal(number_of(json_object_get(body, "day_passes"),
                               "amount"), 600);     /* E7 */
    assert_string_equal(text_of(body, "pending_due_at"),
                        "2020-03-05T17:00:00Z");
    drop(body);
}


/* Two transactions that saw the same: the second has nothing to write. */

static void
r198_two_at_once_begin_one_pass(void **state)
{
    const char          *id;
    billing_pass_new_t   pass = {
        .email = GUEST, .n = 1, .now = T0, .ends_at = T0 + DAY
    };

    (void) state;

    id = company("business", 5, "yearly");
    pass.team = id;
    pass.price = (billing_money_t) { 300, t.settings.catalogue.currency };

    turn_begin();
    assert_int_equal(billing_pass_begin(&t.w, &pass), BILLING_DB_OK);
    assert_int_equal(billing_pass_begin(&t.w, &pass), BILLING_DB_DONE);
    said_anew();
    turn_end(false);
    assert_int_equal(count("SELECT COUNT(*) FROM day_pass"), 1);
}


static void
r200_off_is_off(void **state)
{
    const char  *id;

    (void) state;

    id = company("business", 5, "yearly");
    assert_true(opened(GUEST, "edit"));

    drop(expect(PLAIN, "day_passes.set", json_pack("{s:s, s:b}", "team", id,
                "enabled", 0), 403, "ADMIN_RIGHTS"));
    drop(expect(OWNER, "day_passes.set", json_pack("{s:s, s:b}", "team", id,
                "enabled", 0), 200, NULL));
    assert_gate(id, GUEST, DAYPASS_OFF);
    drop(expect(GUEST, "board.open", of_opening(board, "edit"), 403,
                "DAYPASS_OFF"));
    drop(expect(GUEST, "board.open", of_opening(board, "view"), 200, NULL));
    drop(expect(OWNER, "day_passes.set", json_pack("{s:s, s:b}", "team", id,
                "enabled", 1), 200, NULL));
    assert_false(opened(GUEST, "edit"));    /* it still runs */

    drop(expect("far@example.test", "board.open", of_opening(board, "view"),
                404, "BOARD_NOT_FOUND"));
    drop(expect(GUEST, "board.open", of_opening("b_none", "view"), 404,
                "BOARD_NOT_FOUND"));
    drop(expect(GUEST, "board.open", of_opening(board, "own"), 422,
                "FIELD_TYPE"));
}


static void
r200_not_on_a_plan_without_them(void **state)
{
    const char  *id = paid_team("team", 3, "monthly");

    (void) state;

    drop(expect(OWNER, "occasional.add", of_person(id, GUEST), 403,
                "ADMIN_RIGHTS"));
    make_company_admin(id);
    drop(expect(OWNER, "occasional.add", of_person(id, GUEST), 403,
                "DAYPASS_OFF"));
    drop(expect(OWNER, "day_passes.set", json_pack("{s:s, s:b}", "team", id,
                "enabled", 1), 403, "DAYPASS_OFF"));
}


static void
r199_a_yearly_plan_bills_them_each_month(void **state)
{
    json_t          *lines;
    billing_call_t   call;

    (void) state;

    t.now = 1579510800;                 /* 2020-01-20 09:00 */
    (void) company("business", 5, "yearly");
    t.now = 1580922000;                 /* 5 February */
    assert_true(opened(GUEST, "edit"));
    t.now += DAY;
    assert_true(opened(GUEST, "edit"));

    t.now = 1582189200 - 1;             /* 20 February, a second before */
    sweep();
    assert_int_equal(t.nflying, 0);
    t.now++;
    sweep();
    call = take_call(BILLING_CALL_CHARGE);
    assert_int_equal(count("SELECT COUNT(*) FROM day_pass"
                           " WHERE checkout <> ''"), 2);

    /* One more while that bill is on its way: on the next one. */

    assert_true(opened(GUEST, "edit"));
    passes_are_whole();
    paid(&call, 600);
    assert_int_equal(count("SELECT SUM(billed) FROM day_pass"), 2);
    assert_int_equal(count("SELECT COUNT(*) FROM invoice"), 2);
    assert_int_equal(count("SELECT COUNT(*) FROM invoice WHERE document LIKE"
                           " '%\"kind\":\"day_pass\"%\"quantity\":2%'"), 1);
    lines = json_object_get(last_answer(200), "invoice");
    assert_int_equal(number_of(lines, "total"), 600);
    assert_string_equal(t.mail_key, "mail.settled");
    passes_are_whole();

    sweep();
    assert_int_equal(t.nflying, 0);
    t.now = 1584694800;                 /* 20 March */
    sweep();
    call = take_call(BILLING_CALL_CHARGE);
    paid(&call, 300);
    t.now += 31 * DAY;
    sweep();
    assert_int_equal(t.nflying, 0);
    passes_are_whole();
}


static void
r199_a_monthly_plan_bills_them_with_the_renewal(void **state)
{
    billing_call_t  call;

    (void) state;

    (void) company("consultant", 2, "monthly");
    assert_true(opened(GUEST, "edit"));
    t.now += 10 * DAY;
    assert_true(opened(GUEST, "edit"));
    assert_int_equal(count("SELECT settle_at FROM team"), 0);
    t.now = billing_boundary(T0, BILLING_PERIOD_MONTHLY, 1);
    sweep();
    call = take_call(BILLING_CALL_CHARGE);
    paid(&call, 3600);
    assert_string_equal(t.mail_key, "mail.renewal");
    assert_int_equal(count("SELECT SUM(billed) FROM day_pass"), 2);
    assert_int_equal(count("SELECT paid_minor FROM team"), 3000);
    passes_are_whole();
}


/* The price of the day counts: each has its line. */

static void
r199_another_price_is_another_line(void **state)
{
    billing_call_t  call;

    (void) state;

    (void) company("consultant", 2, "monthly");

    for (int i = 0; i < 6; i++) {
        assert_true(opened(GUEST, "edit"));
        t.settings.catalogue.plans[BILLING_PLAN_CONSULTANT].day_pass.minor +=
            10;
        t.now += DAY;
    }

    t.now = billing_boundary(T0, BILLING_PERIOD_MONTHLY, 1);
    sweep();
    call = take_call(BILLING_CALL_CHARGE);
    paid(&call, 3000 + 300 + 310 + 320 + 330);
    passes_are_whole();
    assert_int_equal(count("SELECT COUNT(*) FROM day_pass WHERE billed = 0"),
                     2);
    t.now = billing_boundary(T0, BILLING_PERIOD_MONTHLY, 2);
    sweep();
    call = take_call(BILLING_CALL_CHARGE);
    paid(&call, 3000 + 340 + 350);
    passes_are_whole();
}


#define pass_test(name)                                                       \
    cmocka_unit_test_setup_teardown(name, set_up, tear_down)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        pass_test(r198_who_may_have_the_licence),
        pass_test(r198_e7_a_pass_for_24_hours),
        pass_test(r198_two_at_once_begin_one_pass),
        pass_test(r200_off_is_off),
        pass_test(r200_not_on_a_plan_without_them),
        pass_test(r199_a_yearly_plan_bills_them_each_month),
        pass_test(r199_a_monthly_plan_bills_them_with_the_renewal),
        pass_test(r199_another_price_is_another_line)
    };

    if (billing_text_init() != BILLING_OK) {
        return 1;
    }

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
