#include "gateway_fixture.h"

#define LIST(more, data)  "{\"object\":\"list\",\"has_more\":" more ","       \
                          "\"data\":[" data "]}"
#define INTENT(id, checkout, status)                                          \
    "{\"id\":\"" id "\",\"object\":\"payment_intent\",\"amount\":9600,"       \
    "\"currency\":\"usd\",\"status\":\"" status "\",\"metadata\":{"           \
    "\"checkout\":\"" checkout "\",\"attempt\":\"2\"}}"


static billing_outcome_t
search(unsigned status, const char *body, bool *more, char *after)
{
    billing_charge_t  charge = a_charge();
    billing_reply_t   reply = a_reply(status, body);
    billing_result_t  result;

    billing_gateway_search_result(&charge, &reply, &result, more, after);

    return result.outcome;
}


static void
p9_ours_decides(void **state)
{
    char  after[BILLING_GATEWAY_ID_MAX + 1];
    bool  more;

    (void) state;

    assert_int_equal(search(200, LIST("true",
                                INTENT("pi_1", "op_other", "succeeded") ","
                                INTENT("pi_2", CHECKOUT, "succeeded")),
                            &more, after), BILLING_OUTCOME_SUCCEEDED);
    assert_false(more);
    assert_string_equal(after, "");

    assert_int_equal(search(200, LIST("false",
                                INTENT("pi_2", CHECKOUT, "processing")),
                            &more, after), BILLING_OUTCOME_UNKNOWN);
    assert_int_equal(search(200, LIST("false",
                                INTENT("pi_2", CHECKOUT, "canceled")),
                            &more, after), BILLING_OUTCOME_FAILED);

    /* Money wins, in either order. */

    assert_int_equal(search(200, LIST("false",
                                INTENT("pi_1", CHECKOUT, "canceled") ","
                                INTENT("pi_2", CHECKOUT, "succeeded")),
                            &more, after), BILLING_OUTCOME_SUCCEEDED);
    assert_int_equal(search(200, LIST("false",
                                INTENT("pi_1", CHECKOUT, "succeeded") ","
                                INTENT("pi_2", CHECKOUT, "canceled")),
                            &more, after), BILLING_OUTCOME_SUCCEEDED);
}


static void
p8_absence_needs_a_whole_clean_list(void **state)
{
    char  after[BILLING_GATEWAY_ID_MAX + 1];
    bool  more;

    (void) state;

    assert_int_equal(search(200, LIST("false", ""), &more, after),
                     BILLING_OUTCOME_FAILED);
    assert_false(more);
    assert_int_equal(search(200, LIST("false",
                                INTENT("pi_1", "op_other", "succeeded")),
                            &more, after), BILLING_OUTCOME_FAILED);
    assert_string_equal(after, "");

    assert_int_equal(search(200, LIST("true",
                                INTENT("pi_1", "op_other", "succeeded") ","
                                INTENT("pi_9", "op_other", "succeeded")),
                            &more, after), BILLING_OUTCOME_UNKNOWN);
    assert_true(more);
    assert_string_equal(after, "pi_9");
}


static void
p8_a_failed_search_disproves_nothing(void **state)
{
    char  after[BILLING_GATEWAY_ID_MAX + 1];
    bool  more;

    static const struct {
        unsigned            status;
        const char         *body;
        billing_outcome_t   outcome;
    } cases[] = {
        { 0, "", BILLING_OUTCOME_UNKNOWN },
        { 200, "", BILLING_OUTCOME_UNKNOWN },
        { 200, "<html>", BILLING_OUTCOME_UNKNOWN },
        { 200, "{}", BILLING_OUTCOME_UNKNOWN },
        { 200, "{\"object\":\"list\",\"data\":[]}", BILLING_OUTCOME_UNKNOWN },
        { 200, "{\"object\":\"list\",\"data\":{},\"has_more\":false}",
          BILLING_OUTCOME_UNKNOWN },
        { 200, LIST("\"false\"", ""), BILLING_OUTCOME_UNKNOWN },
        { 200, LIST("true", ""), BILLING_OUTCOME_UNKNOWN },
        { 200, LIST("false", "1"), BILLING_OUTCOME_UNKNOWN },
        { 200, LIST("false", "{\"id\":\"pi_1\"}"), BILLING_OUTCOME_UNKNOWN },
        { 200, LIST("false", "{}," INTENT("pi_1", "op_x", "succeeded")),
          BILLING_OUTCOME_UNKNOWN },
        { 200, LIST("true", "{}," INTENT("pi_1", "op_x", "succeeded")),
          BILLING_OUTCOME_UNKNOWN },
        { 402, "{\"error\":{\"code\":\"card_declined\"}}",
          BILLING_OUTCOME_UNKNOWN },
        { 404, "{\"error\":{\"code\":\"resource_missing\","
               "\"param\":\"customer\"}}", BILLING_OUTCOME_UNKNOWN },
        { 500, "", BILLING_OUTCOME_UNKNOWN },
        { 429, "", BILLING_OUTCOME_WAIT },
        { 503, "", BILLING_OUTCOME_WAIT }
    };

    (void) state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (search(cases[i].status, cases[i].body, &more, after)
            != cases[i].outcome || more || after[0] != '\0')
        {
            fail_msg("%u %s", cases[i].status, cases[i].body);
        }
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(p9_ours_decides),
        cmocka_unit_test(p8_absence_needs_a_whole_clean_list),
        cmocka_unit_test(p8_a_failed_search_disproves_nothing),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
