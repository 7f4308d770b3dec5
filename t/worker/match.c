/* The list of the gateway against our rows: what fits, goes back or waits. */

#include "document_fixture.h"
#include "../../src/worker/billing_match.h"

#define RETURNED  "{\"id\":\"re_1\",\"object\":\"refund\","                   \
                  "\"status\":\"succeeded\"}"


static const char *
payment(const char *id, const char *checkout, bool more)
{
    static char  text[1024];

    (void) snprintf(text, sizeof(text),
        "{\"object\":\"list\",\"has_more\":%s,\"data\":[{\"id\":\"%s\","
        "\"object\":\"payment_intent\",\"currency\":\"usd\","
        "\"amount_received\":2000,\"created\":%lld,\"status\":\"succeeded\","
        "\"metadata\":{\"checkout\":\"%s\"}}]}",
        more ? "true" : "false", id, (long long) t.wall, checkout);

    return text;
}


static void
look(const char *id, const char *checkout)
{
    billing_call_t  call;

    t.matching = true;
    t.wall += BILLING_MATCH_SEC;
    sweep();
    call = take_call(BILLING_CALL_MATCH);
    answer_call(&call, 200, payment(id, checkout, false), true);
    t.matching = false;
}


static const char *
checkout_now(void)
{
    static char        id[BILLING_OP_ID_LEN + 1];
    static const char  sql[] =
        "SELECT id FROM checkout ORDER BY started_at DESC LIMIT 1";

    assert_int_equal(billing_db_query(t.w.db, sql, ""), BILLING_DB_ROW);
    (void) snprintf(id, sizeof(id), "%s", billing_db_text(t.w.db, sql, 0));
    billing_db_done(t.w.db, sql);

    return id;
}


static void
p9_page_after_page_and_again_after_five_minutes(void **state)
{
    billing_call_t  call;

    (void) state;

    t.matching = true;
    sweep();
    call = take_call(BILLING_CALL_MATCH);
    assert_false(call.request.post);
    assert_non_null(strstr(call.request.path, "created%5Bgte%5D="));
    assert_null(strstr(call.request.path, "starting_after"));

    answer_call(&call, 200, payment("pi_a", "", true), true);
    call = take_call(BILLING_CALL_MATCH);
    assert_non_null(strstr(call.request.path, "starting_after=pi_a"));

    /* An answer that is none: the same page again. */

    answer_call(&call, 500, "{}", true);
    sweep();
    assert_int_equal(t.nflying, 0);
    t.wall += BILLING_MATCH_SEC / 5;
    sweep();
    call = take_call(BILLING_CALL_MATCH);
    assert_non_null(strstr(call.request.path, "starting_after=pi_a"));
    answer_call(&call, 200, payment("pi_b", "", false), true);

    sweep();
    assert_int_equal(t.nflying, 0);
    t.wall += BILLING_MATCH_SEC;
    sweep();
    call = take_call(BILLING_CALL_MATCH);
    assert_null(strstr(call.request.path, "starting_after"));
    answer_call(&call, 200, payment("pi_b", "", false), true);
    assert_int_equal(count("SELECT COUNT(*) FROM stray"), 0);
}


static void
p9_what_paid_for_a_purchase_stays(void **state)
{
    (void) state;

    (void) paid_team("team", 2, "monthly");
    look("pi_1", checkout_now());
    assert_int_equal(t.nflying, 0);
    assert_int_equal(count("SELECT COUNT(*) FROM stray"), 0);
}


static void
p9_a_second_payment_goes_back_once(void **state)
{
    char            key[64];
    billing_call_t  call;

    (void) state;

    (void) paid_team("team", 2, "monthly");
    look("pi_twice", checkout_now());
    call = take_call(BILLING_CALL_RETURN);
    (void) snprintf(key, sizeof(key), "%s", call.idempotency_key);
    assert_non_null(strstr(call.request.body, "payment_intent=pi_twice"));
    assert_non_null(strstr(call.request.body, "amount=2000"));

    /* No answer: the same key; found again: nothing new. */

    answer_call(&call, 0, "", true);
    look("pi_twice", checkout_now());
    call = take_call(BILLING_CALL_RETURN);
    assert_string_equal(call.idempotency_key, key);
    assert_int_equal(count("SELECT COUNT(*) FROM stray"), 1);

    answer_call(&call, 200, RETURNED, true);
    assert_int_equal(count("SELECT COUNT(*) FROM stray"
                           " WHERE state = 'returned'"), 1);
    books_agree();

    look("pi_twice", checkout_now());
    assert_int_equal(t.nflying, 0);
}


static void
d6_a_failure_that_is_kept_gets_another_key(void **state)
{
    char            first[64];
    billing_call_t  call;

    (void) state;

    (void) paid_team("team", 2, "monthly");
    look("pi_twice", checkout_now());
    call = take_call(BILLING_CALL_RETURN);
    (void) snprintf(first, sizeof(first), "%s", call.idempotency_key);

    for (int i = 0; i < BILLING_REPLAYS_MAX; i++) {
        answer_call(&call, 500, "{}", true);
        t.wall += 900;
        sweep();
        call = take_call(BILLING_CALL_RETURN);
    }

    assert_string_not_equal(call.idempotency_key, first);
}


static void
p9_what_is_not_known_here_is_for_somebody_to_look_at(void **state)
{
    (void) state;

    look("pi_other", "op_ffffffffffffffffffffffffffffffff");
    assert_int_equal(t.nflying, 0);
    assert_int_equal(count("SELECT COUNT(*) FROM stray"
                           " WHERE state = 'flagged'"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM ledger"), 0);
}


#define match_test(name)                                                      \
    cmocka_unit_test_setup_teardown(name, set_up, tear_down)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        match_test(p9_page_after_page_and_again_after_five_minutes),
        match_test(p9_what_paid_for_a_purchase_stays),
        match_test(p9_a_second_payment_goes_back_once),
        match_test(d6_a_failure_that_is_kept_gets_another_key),
        match_test(p9_what_is_not_known_here_is_for_somebody_to_look_at)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
