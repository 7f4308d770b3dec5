#include "gateway_fixture.h"

#define LIST(more, data)  "{\"object\":\"list\",\"has_more\":" more ","       \
                          "\"data\":[" data "]}"
#define REFUND(of, status)                                                    \
    "{\"id\":\"re_1\",\"object\":\"refund\",\"status\":\"" status "\","       \
    "\"metadata\":{\"checkout\":\"" of "\"}}"


static billing_outcome_t
listed(unsigned status, const char *body)
{
    billing_reply_t  reply = a_reply(status, body);

    return billing_gateway_refunds_result(&reply, "r_ours");
}


static void
p9_ours_among_them_is_proof(void **state)
{
    (void) state;

    assert_int_equal(listed(200, LIST("false", REFUND("r_ours",
                                                      "succeeded"))),
                     BILLING_OUTCOME_SUCCEEDED);
    assert_int_equal(listed(200, LIST("true", REFUND("r_other", "succeeded")
                                      "," REFUND("r_ours", "pending"))),
                     BILLING_OUTCOME_SUCCEEDED);
    assert_int_equal(listed(200, LIST("false", REFUND("r_ours", "failed"))),
                     BILLING_OUTCOME_FAILED);
    assert_int_equal(listed(200, LIST("false", REFUND("r_ours",
                                                      "canceled"))),
                     BILLING_OUTCOME_FAILED);
}


static void
p8_absence_needs_a_whole_clean_list(void **state)
{
    (void) state;

    assert_int_equal(listed(200, LIST("false", "")), BILLING_OUTCOME_FAILED);
    assert_int_equal(listed(200, LIST("false", REFUND("r_other",
                                                      "succeeded"))),
                     BILLING_OUTCOME_FAILED);
    assert_int_equal(listed(200, LIST("true", "")), BILLING_OUTCOME_UNKNOWN);
    assert_int_equal(listed(200, LIST("false", "{}")),
                     BILLING_OUTCOME_UNKNOWN);
    assert_int_equal(listed(200, LIST("false", "7")),
                     BILLING_OUTCOME_UNKNOWN);
    assert_int_equal(listed(200, "{\"data\":[]}"), BILLING_OUTCOME_UNKNOWN);
    assert_int_equal(listed(200, "{"), BILLING_OUTCOME_UNKNOWN);
    assert_int_equal(listed(404, LIST("false", "")),
                     BILLING_OUTCOME_UNKNOWN);
    assert_int_equal(listed(0, ""), BILLING_OUTCOME_UNKNOWN);
}


static void
the_question_names_the_payment(void **state)
{
    billing_gateway_request_t  request;

    (void) state;

    assert_int_equal(billing_gateway_refunds("pi_1", &request), BILLING_OK);
    assert_false(request.post);
    assert_string_equal(request.path,
                        "/v1/refunds?payment_intent=pi_1&limit=100");
    assert_int_equal(billing_gateway_refunds("", &request), BILLING_ERANGE);
    assert_int_equal(billing_gateway_refunds("pi_1&x=1", &request),
                     BILLING_ERANGE);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(p9_ours_among_them_is_proof),
        cmocka_unit_test(p8_absence_needs_a_whole_clean_list),
        cmocka_unit_test(the_question_names_the_payment)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("refund_list", tests, NULL, NULL);
}
