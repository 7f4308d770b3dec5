/* What is due by the clock: one that is bad stops no other. */

#include "subscription_fixture.h"
#include "../../src/worker/billing_match.h"


static void
one_bad_card_entry_stops_no_other(void **state)
{
    char            bad[BILLING_OP_ID_LEN + 1], text[128];
    const char     *id = make_team(1);
    billing_call_t  call;

    (void) state;

    (void) snprintf(bad, sizeof(bad), "%s", next_op());
    json_decref(run_op(bad, OWNER, "card.start", of_team(id)).body);
    json_decref(run_op(next_op(), PLAIN, "card.start", of_team(id)).body);
    assert_int_equal(t.nflying, 2);
    t.nflying = 0;                      /* the process died */

    (void) snprintf(text, sizeof(text), "NEW.id = '%s' AND NEW.tries = 2",
                    bad);
    store_spoil(t.w.db, "UPDATE ON card_setup", text, NULL);
    t.wall += 60;
    sweep();

    call = take_call(BILLING_CALL_CUSTOMER);
    assert_string_not_equal(call.subject, bad);
    assert_int_equal(t.nflying, 0);
    assert_int_equal(count("SELECT COUNT(*) FROM card_setup WHERE tries = 2"),
                     1);
    assert_int_equal(count("SELECT MAX(next_try_at) FROM card_setup"),
                     t.wall + BILLING_RETRY_WINDOW_SEC);

    /* Put off, not given up. */

    store_unspoil(t.w.db);
    t.wall += BILLING_RETRY_WINDOW_SEC;
    sweep();
    assert_int_equal(count("SELECT COUNT(*) FROM card_setup WHERE tries >= 2"),
                     2);
}


#define PAYMENT(id, checkout)                                                 \
    "{\"id\":\"" id "\",\"object\":\"payment_intent\","                       \
    "\"currency\":\"usd\",\"amount_received\":2000,\"created\":1,"            \
    "\"status\":\"succeeded\",\"metadata\":{\"checkout\":\"" checkout "\"}}"

static void
p9_one_bad_payment_of_the_list_stops_no_other(void **state)
{
    billing_call_t  call;

    (void) state;

    store_spoil(t.w.db, "INSERT ON stray", "NEW.intent = 'pi_bad'", NULL);
    t.matching = true;
    sweep();
    call = take_call(BILLING_CALL_MATCH);
    answer_call(&call, 200, "{\"object\":\"list\",\"has_more\":false,"
                "\"data\":["
                PAYMENT("pi_bad", "op_00000000000000000000000000000001") ","
                PAYMENT("pi_good", "op_00000000000000000000000000000002")
                "]}", true);

    assert_int_equal(count("SELECT COUNT(*) FROM stray"
                           " WHERE intent = 'pi_good'"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM stray"), 1);
    assert_int_equal(count("SELECT next_try_at FROM gateway_match"),
                     t.wall + BILLING_MATCH_SEC);
}


static void
a_sweep_that_cannot_be_made_stops_no_other(void **state)
{
    (void) state;

    (void) paid_team("team", 5, "monthly");
    assert_int_equal(billing_db_script(t.w.db, "DELETE FROM gateway_match"),
                     BILLING_DB_OK);
    t.now += 31 * DAY;
    sweep();

    assert_int_equal(t.nflying, 1);
    (void) take_call(BILLING_CALL_CHARGE);
}


static void
p57_what_cannot_be_built_is_undone_alone_and_counted(void **state)
{
    int64_t      value = 0;
    const char  *id = make_team(0);

    (void) state;

    if (store_server() != NULL) {
        skip();                         /* it lets no such text in */
    }

    assert_int_equal(billing_db_script(t.w.db, "UPDATE team SET name ="
                                       " CAST(x'ff' AS TEXT)"),
                     BILLING_DB_OK);

    drop(expect(OWNER, "team.change",
                json_pack("{s:s, s:b}", "team", id, "invite_link", 1), 500,
                "INTERNAL"));
    assert_true(t.w.unmade > 0);

    turn_begin();
    assert_int_equal(billing_savepoint_unmade(&t.w), BILLING_DB_OK);
    assert_int_equal(billing_savepoint_unmade(&t.w), BILLING_DB_OK);
    turn_end(false);
    assert_int_equal(billing_db_meta_get(t.w.db, "unmade", &value),
                     BILLING_DB_OK);
    assert_int_equal(value, 2 * t.w.unmade);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(one_bad_card_entry_stops_no_other,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            p9_one_bad_payment_of_the_list_stops_no_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_sweep_that_cannot_be_made_stops_no_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            p57_what_cannot_be_built_is_undone_alone_and_counted, set_up,
            tear_down)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
