#include "gateway_fixture.h"

#define OURS   "\"metadata\":{\"checkout\":\"" CHECKOUT "\",\"attempt\":\"2\"}"
#define OTHER  "\"metadata\":{\"checkout\":\"op_other\",\"attempt\":\"2\"}"
#define FIRST  "\"metadata\":{\"checkout\":\"" CHECKOUT "\",\"attempt\":\"1\"}"
#define INTENT(rest)  "{\"id\":\"pi_1\",\"object\":\"payment_intent\"," rest "}"
#define PAID   "\"amount\":9600,\"amount_received\":9600,"                    \
               "\"currency\":\"usd\",\"status\":\"succeeded\""
#define ERROR(rest)   "{\"error\":{\"type\":\"card_error\"," rest "}}"


typedef struct {
    unsigned            status;
    const char         *body;
    billing_outcome_t   outcome;
    billing_reason_t    reason;
    billing_remedy_t    remedy;
} case_t;


#define UNKNOWN  BILLING_OUTCOME_UNKNOWN, BILLING_PAYMENT_UNKNOWN,            \
                 BILLING_REMEDY_NONE
#define WAIT     BILLING_OUTCOME_WAIT, BILLING_GATEWAY_UNAVAILABLE,           \
                 BILLING_REMEDY_RETRY
#define FAILED(reason, remedy)  BILLING_OUTCOME_FAILED, BILLING_##reason,     \
                                BILLING_REMEDY_##remedy


static void
check(const case_t *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        billing_charge_t  charge = a_charge();
        billing_reply_t   reply = a_reply(cases[i].status, cases[i].body);
        billing_result_t  result;

        billing_gateway_charge_result(&charge, &reply, true, &result);

        if (result.outcome != cases[i].outcome
            || result.reason != cases[i].reason
            || result.remedy != cases[i].remedy)
        {
            fail_msg("%u %s: outcome %d, %s, remedy %d", cases[i].status,
                     cases[i].body, (int) result.outcome,
                     billing_reason_code(result.reason), (int) result.remedy);
        }
    }
}


#define CHECK(cases)  check(cases, sizeof(cases) / sizeof(cases[0]))


static void
p11_success_is_our_money_for_our_checkout(void **state)
{
    billing_charge_t  charge = a_charge();
    billing_reply_t   reply = a_reply(200, INTENT(OURS "," PAID ","
        "\"client_secret\":\"pi_1_secret_x\",\"latest_charge\":{"
        "\"payment_method_details\":{\"card\":{\"brand\":\"visa\","
        "\"last4\":\"4242\"}}}"));
    billing_result_t  result;

    static const case_t  cases[] = {
        { 200, INTENT(OURS "," PAID), BILLING_OUTCOME_SUCCEEDED,
          BILLING_ALLOW, BILLING_REMEDY_NONE },
        { 200, INTENT(OURS ",\"amount\":9600,\"currency\":\"usd\","
                      "\"status\":\"succeeded\""),
          BILLING_OUTCOME_SUCCEEDED, BILLING_ALLOW, BILLING_REMEDY_NONE },
        { 200, INTENT(OURS ",\"amount\":9601,\"amount_received\":9601,"
                      "\"currency\":\"usd\",\"status\":\"succeeded\""),
          BILLING_OUTCOME_MISMATCH, BILLING_PAYMENT_UNKNOWN,
          BILLING_REMEDY_NONE },
        { 200, INTENT(OURS ",\"amount\":9601,\"amount_received\":9600,"
                      "\"currency\":\"usd\",\"status\":\"succeeded\""),
          BILLING_OUTCOME_MISMATCH, BILLING_PAYMENT_UNKNOWN,
          BILLING_REMEDY_NONE },
        { 200, INTENT(OURS ",\"amount\":9600,\"amount_received\":1,"
                      "\"currency\":\"usd\",\"status\":\"succeeded\""),
          BILLING_OUTCOME_MISMATCH, BILLING_PAYMENT_UNKNOWN,
          BILLING_REMEDY_NONE },
        { 200, INTENT(OURS ",\"amount\":9600,\"currency\":\"eur\","
                      "\"status\":\"succeeded\""),
          BILLING_OUTCOME_MISMATCH, BILLING_PAYMENT_UNKNOWN,
          BILLING_REMEDY_NONE },
        { 200, INTENT(OURS ",\"amount\":9600,\"amount_received\":0,"
                      "\"currency\":\"usd\",\"status\":\"succeeded\""),
          UNKNOWN },
        { 200, INTENT(OURS ",\"amount\":\"9600\",\"currency\":\"usd\","
                      "\"status\":\"succeeded\""), UNKNOWN },
        { 200, INTENT(OURS ",\"amount\":9600.0,\"currency\":\"usd\","
                      "\"status\":\"succeeded\""), UNKNOWN },
        { 200, INTENT(OURS ",\"currency\":\"usd\",\"status\":\"succeeded\""),
          UNKNOWN },
        { 200, INTENT(OURS ",\"amount\":9600,\"status\":\"succeeded\""),
          UNKNOWN },
        { 200, INTENT(OTHER "," PAID), UNKNOWN },       /* 5.10 row 9 */
        { 200, INTENT(FIRST "," PAID), UNKNOWN },
        { 200, INTENT(PAID), UNKNOWN },
        { 200, INTENT("\"metadata\":null," PAID), UNKNOWN },
        { 200, "{\"id\":\"pi\\n1\",\"object\":\"payment_intent\"," OURS ","
               PAID "}", UNKNOWN },
        { 200, "{\"object\":\"payment_intent\"," OURS "," PAID "}", UNKNOWN },
        { 200, "{\"id\":\"ch_1\",\"object\":\"charge\"," OURS "," PAID "}",
          UNKNOWN }
    };

    (void) state;

    CHECK(cases);

    billing_gateway_charge_result(&charge, &reply, true, &result);
    assert_int_equal(result.outcome, BILLING_OUTCOME_SUCCEEDED);
    assert_string_equal(result.intent, "pi_1");
    assert_int_equal(result.amount_minor, 9600);
    assert_string_equal(result.brand, "visa");
    assert_string_equal(result.last4, "4242");
}


static void
p8_what_proves_nothing_stays_unknown(void **state)
{
    static const case_t  cases[] = {
        { 0, "", UNKNOWN },
        { 200, "", UNKNOWN },
        { 200, "<html>OK</html>", UNKNOWN },
        { 200, "{}", UNKNOWN },
        { 200, "{\"id\":\"pi_1\",\"object\":\"payment_intent\"", UNKNOWN },
        { 200, "[]", UNKNOWN },
        { 200, INTENT(OURS "," PAID ",\"status\":\"failed\""), UNKNOWN },
        { 200, INTENT(OURS ",\"status\":\"processing\""), UNKNOWN },
        { 200, INTENT(OURS ",\"status\":\"requires_capture\""), UNKNOWN },
        { 200, INTENT(OURS ",\"status\":\"requires_confirmation\""),
          UNKNOWN },
        { 200, INTENT(OURS ",\"status\":\"new_state\""), UNKNOWN },
        { 200, INTENT(OURS ",\"status\":1"), UNKNOWN },
        { 200, INTENT(OURS), UNKNOWN },
        { 200, INTENT(OURS ",\"status\":\"requires_action\""), UNKNOWN },
        { 201, INTENT(OURS "," PAID), UNKNOWN },
        { 204, "", UNKNOWN },
        { 301, "", UNKNOWN },
        { 307, INTENT(OURS "," PAID), UNKNOWN },
        { 500, ERROR("\"code\":\"card_declined\""), UNKNOWN },
        { 502, "<html>", UNKNOWN },
        { 504, "", UNKNOWN },
        { 402, "", UNKNOWN },
        { 402, "<html>pay here</html>", UNKNOWN },
        { 402, "{\"error\":\"no\"}", UNKNOWN },
        { 402, ERROR("\"code\":\"card_declined\",\"payment_intent\":"
                     INTENT(OURS "," PAID)), UNKNOWN },
        { 402, ERROR("\"code\":\"card_declined\",\"payment_intent\":"
                     INTENT(OTHER ",\"status\":\"canceled\"")), UNKNOWN },
        { 400, "{\"error\":{\"type\":\"idempotency_error\","
               "\"message\":\"Keys ...\"}}", UNKNOWN },
        { 400, "", UNKNOWN },
        { 400, ERROR("\"code\":\"payment_intent_unexpected_state\""),
          UNKNOWN },
        { 404, ERROR("\"code\":\"resource_missing\",\"param\":\"intent\""),
          UNKNOWN },
        { 404, "<html>", UNKNOWN },
        { 405, "", UNKNOWN },
        { 418, "", UNKNOWN },
        { 999, "", UNKNOWN }
    };

    (void) state;

    CHECK(cases);
}


static void
what_is_busy_is_asked_again(void **state)
{
    billing_charge_t  charge = a_charge();
    billing_reply_t   reply = a_reply(429, "");
    billing_result_t  result;

    static const case_t  cases[] = {
        { 409, "", WAIT },
        { 409, ERROR("\"code\":\"idempotency_key_in_use\""), WAIT },
        { 429, "slow down", WAIT },
        { 503, "", WAIT },
        { 401, ERROR("\"message\":\"Invalid API Key\""), WAIT },
        { 403, "", WAIT }
    };

    (void) state;

    CHECK(cases);

    reply.retry_after_sec = 86400;
    billing_gateway_charge_result(&charge, &reply, true, &result);
    assert_int_equal(result.retry_after_sec, 3600);
    reply.retry_after_sec = 7;
    billing_gateway_charge_result(&charge, &reply, true, &result);
    assert_int_equal(result.retry_after_sec, 7);
}


/* R93, R95; 5.10 row 4. */

static void
r95_each_decline_has_its_reason(void **state)
{
#define DECLINE(code)  ERROR("\"code\":\"card_declined\","                    \
                             "\"decline_code\":\"" code "\"")

    static const case_t  cases[] = {
        { 402, ERROR("\"code\":\"card_declined\""),
          FAILED(CARD_DECLINED, ASK) },
        { 402, DECLINE("generic_decline"), FAILED(CARD_DECLINED, ASK) },
        { 402, DECLINE("insufficient_funds"), FAILED(CARD_FUNDS, ASK) },
        { 402, DECLINE("lost_card"), FAILED(CARD_DECLINED, STOP) },
        { 402, DECLINE("stolen_card"), FAILED(CARD_DECLINED, STOP) },
        { 402, DECLINE("fraudulent"), FAILED(CARD_DECLINED, STOP) },
        { 402, DECLINE("pickup_card"), FAILED(CARD_DECLINED, STOP) },
        { 402, DECLINE("expired_card"), FAILED(CARD_EXPIRED, ASK) },
        { 402, DECLINE("do_not_honor"), FAILED(CARD_DECLINED, ASK) },
        { 402, DECLINE("invented_tomorrow"), FAILED(CARD_DECLINED, ASK) },
        { 402, ERROR("\"code\":\"expired_card\""),
          FAILED(CARD_EXPIRED, ASK) },
        { 402, ERROR("\"code\":\"incorrect_cvc\""),
          FAILED(CARD_INVALID, ASK) },
        { 402, ERROR("\"code\":\"incorrect_number\""),
          FAILED(CARD_INVALID, ASK) },
        { 402, ERROR("\"code\":\"invalid_expiry_year\""),
          FAILED(CARD_INVALID, ASK) },
        { 402, ERROR("\"code\":\"processing_error\""),
          FAILED(CARD_DECLINED, ASK) },
        { 402, ERROR("\"code\":\"payment_intent_authentication_failure\""),
          FAILED(CARD_AUTH_FAILED, ASK) },
        { 402, ERROR("\"code\":\"authentication_required\""),
          FAILED(CARD_AUTH_REQUIRED, ASK) },
        { 402, ERROR("\"message\":\"no code at all\""),
          FAILED(CARD_DECLINED, ASK) },
        { 402, ERROR("\"code\":17"), FAILED(CARD_DECLINED, ASK) },
        { 400, ERROR("\"code\":\"resource_missing\","
                     "\"param\":\"payment_method\""),
          FAILED(CARD_INVALID, ASK) },
        { 400, ERROR("\"code\":\"parameter_missing\""),
          FAILED(GATEWAY_UNAVAILABLE, ASK) },
        { 400, ERROR("\"code\":\"amount_too_small\""),
          FAILED(GATEWAY_UNAVAILABLE, ASK) },
        { 200, INTENT(OURS ",\"status\":\"requires_payment_method\","
                      "\"last_payment_error\":{\"decline_code\":"
                      "\"insufficient_funds\"}"), FAILED(CARD_FUNDS, ASK) },
        { 200, INTENT(OURS ",\"status\":\"requires_payment_method\""),
          FAILED(CARD_DECLINED, ASK) },
        { 200, INTENT(OURS ",\"status\":\"canceled\""),
          FAILED(CARD_AUTH_FAILED, ASK) }
    };

    (void) state;

    CHECK(cases);
}


static void
r87_authentication_is_an_action(void **state)
{
    billing_charge_t  charge = a_charge();
    billing_result_t  result;
    billing_reply_t   replies[] = {
        a_reply(200, INTENT(OURS ",\"status\":\"requires_action\","
                            "\"client_secret\":\"pi_1_secret_x\"")),
        a_reply(402, ERROR("\"code\":\"authentication_required\","
                           "\"payment_intent\":"
                           INTENT(OURS ","
                                  "\"status\":\"requires_payment_method\","
                                  "\"client_secret\":\"pi_1_secret_x\"")))
    };

    (void) state;

    for (unsigned i = 0; i < 2; i++) {
        billing_gateway_charge_result(&charge, &replies[i], true, &result);
        assert_int_equal(result.outcome, BILLING_OUTCOME_ACTION);
        assert_int_equal(result.reason, BILLING_CARD_AUTH_REQUIRED);
        assert_string_equal(result.client_secret, "pi_1_secret_x");
        assert_string_equal(result.intent, "pi_1");
    }
}


static void
what_never_left_has_failed(void **state)
{
    billing_charge_t  charge = a_charge();
    billing_reply_t   reply = a_reply(0, "");
    billing_result_t  result;

    (void) state;

    billing_gateway_charge_result(&charge, &reply, false, &result);
    assert_int_equal(result.outcome, BILLING_OUTCOME_FAILED);
    assert_int_equal(result.reason, BILLING_GATEWAY_UNAVAILABLE);
    assert_int_equal(result.remedy, BILLING_REMEDY_RETRY);
}


static void
objects_are_what_was_asked_for(void **state)
{
    billing_reply_t   reply;
    billing_result_t  result;

    (void) state;

    reply = a_reply(200, "{\"id\":\"seti_1\",\"object\":\"setup_intent\","
                         "\"client_secret\":\"seti_1_secret_x\"}");
    assert_int_equal(billing_gateway_object(&reply, "setup_intent", &result),
                     BILLING_OK);
    assert_string_equal(result.intent, "seti_1");
    assert_string_equal(result.client_secret, "seti_1_secret_x");
    assert_int_equal(billing_gateway_object(&reply, "customer", &result),
                     BILLING_EFORMAT);
    assert_int_equal(result.outcome, BILLING_OUTCOME_UNKNOWN);
    assert_string_equal(result.client_secret, "");

    reply = a_reply(200, "{\"id\":\"pm_1\",\"object\":\"payment_method\","
                         "\"card\":{\"brand\":\"visa\",\"last4\":\"4242\"}}");
    assert_int_equal(billing_gateway_object(&reply, "payment_method",
                                            &result), BILLING_OK);
    assert_string_equal(result.brand, "visa");
    assert_string_equal(result.last4, "4242");

    reply = a_reply(402, ERROR("\"code\":\"expired_card\""));
    assert_int_equal(billing_gateway_object(&reply, "payment_method",
                                            &result), BILLING_EFORMAT);
    assert_int_equal(result.reason, BILLING_CARD_EXPIRED);

    reply = a_reply(500, "");
    assert_int_equal(billing_gateway_object(&reply, "customer", &result),
                     BILLING_EFORMAT);
    assert_int_equal(result.reason, BILLING_GATEWAY_UNAVAILABLE);

    reply = a_reply(200, "{\"id\":\"re_1\",\"object\":\"refund\","
                         "\"status\":\"failed\"}");
    assert_int_equal(billing_gateway_object(&reply, "refund", &result),
                     BILLING_EFORMAT);
}


static void
p9_what_was_captured_keeps_its_currency(void **state)
{
    static const struct {
        const char  *theirs, *ours;
    } cases[] = {
        { "eur", "EUR" }, { "usd", "USD" }, { "USD", "" }, { "u1d", "" },
        { "zzz", "" }
    };

    (void) state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char              body[256];
        billing_reply_t   reply;
        billing_charge_t  charge = a_charge();
        billing_result_t  result;

        snprintf(body, sizeof(body), INTENT(OURS ",\"amount\":5,"
                 "\"status\":\"succeeded\",\"currency\":\"%s\""),
                 cases[i].theirs);
        reply = a_reply(200, body);
        billing_gateway_charge_result(&charge, &reply, true, &result);
        assert_int_equal(result.outcome, BILLING_OUTCOME_MISMATCH);
        assert_string_equal(billing_currency_code(result.currency),
                            cases[i].ours);
    }
}


static void
p8_only_what_is_canceled_cannot_be_paid_any_more(void **state)
{
    static const struct {
        const char  *status;
        bool         payable;
    } cases[] = {
        { "requires_payment_method", true }, { "canceled", false }
    };

    (void) state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char              body[256];
        billing_reply_t   reply;
        billing_charge_t  charge = a_charge();
        billing_result_t  result;

        snprintf(body, sizeof(body), INTENT(OURS ",\"status\":\"%s\""),
                 cases[i].status);
        reply = a_reply(200, body);
        billing_gateway_charge_result(&charge, &reply, true, &result);
        assert_int_equal(result.outcome, BILLING_OUTCOME_FAILED);
        assert_int_equal(result.payable, cases[i].payable);
    }
}


static void
p9_a_refund_is_proven_by_itself_or_by_the_earlier_one(void **state)
{
    static const struct {
        unsigned     status;
        const char  *body;
        bool         back;
    } cases[] = {
        { 200, "{\"id\":\"re_1\",\"object\":\"refund\"}", true },
        { 200, "{\"id\":\"re_1\",\"object\":\"refund\","
               "\"status\":\"failed\"}", false },
        { 400, "{\"error\":{\"code\":\"charge_already_refunded\"}}", true },
        { 400, "{\"error\":{\"code\":\"charge_not_captured\"}}", false },
        { 500, "{\"error\":{\"code\":\"charge_already_refunded\"}}",
          false },
        { 0, "", false }
    };

    (void) state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        billing_reply_t  reply = a_reply(cases[i].status, cases[i].body);

        assert_int_equal(billing_gateway_refunded(&reply), cases[i].back);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(p11_success_is_our_money_for_our_checkout),
        cmocka_unit_test(p9_what_was_captured_keeps_its_currency),
        cmocka_unit_test(p8_only_what_is_canceled_cannot_be_paid_any_more),
        cmocka_unit_test(
            p9_a_refund_is_proven_by_itself_or_by_the_earlier_one),
        cmocka_unit_test(p8_what_proves_nothing_stays_unknown),
        cmocka_unit_test(what_is_busy_is_asked_again),
        cmocka_unit_test(r95_each_decline_has_its_reason),
        cmocka_unit_test(r87_authentication_is_an_action),
        cmocka_unit_test(what_never_left_has_failed),
        cmocka_unit_test(objects_are_what_was_asked_for),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
