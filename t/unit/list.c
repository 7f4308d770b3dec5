#include "gateway_fixture.h"

#define LIST(more, data)  "{\"object\":\"list\",\"has_more\":" more ","       \
                          "\"data\":[" data "]}"
#define INTENT(id, more)                                                      \
    "{\"id\":\"" id "\",\"object\":\"payment_intent\",\"currency\":\"eur\","  \
    "\"amount_received\":9600,\"created\":1767225600," more "}"


static billing_err_t
page(const char *body, billing_gateway_page_t *out)
{
    billing_reply_t  reply = a_reply(200, body);

    return billing_gateway_page(&reply, out);
}


static void
a_page_and_what_is_behind_it(void **state)
{
    static billing_gateway_page_t  out;

    (void) state;

    assert_int_equal(page(LIST("true",
        INTENT("pi_1", "\"status\":\"succeeded\",\"metadata\":"
                       "{\"checkout\":\"op_1\"}") ","
        INTENT("pi_2", "\"status\":\"canceled\",\"metadata\":{}")), &out),
        BILLING_OK);
    assert_int_equal(out.n, 2);
    assert_true(out.more);
    assert_string_equal(out.payments[0].id, "pi_1");
    assert_string_equal(out.payments[0].checkout, "op_1");
    assert_string_equal(out.payments[0].currency, "EUR");
    assert_true(out.payments[0].succeeded);
    assert_int_equal(out.payments[0].received_minor, 9600);
    assert_int_equal(out.payments[0].created_at, 1767225600);
    assert_false(out.payments[1].succeeded);
    assert_string_equal(out.payments[1].checkout, "");

    /* Nothing can be behind an empty page. */

    assert_int_equal(page(LIST("true", ""), &out), BILLING_OK);
    assert_false(out.more);
}


static void
a_strange_page_proves_nothing(void **state)
{
    static billing_gateway_page_t  out;

    static const char *const  bodies[] = {
        "", "[]", "{}", "{\"data\":[],\"has_more\":\"no\"}",
        LIST("false", "null"),
        LIST("false", INTENT("pi/../1", "\"status\":\"succeeded\"")),
        LIST("false", INTENT("pi_1", "\"status\":7")),
        LIST("false", "{\"id\":\"ch_1\",\"object\":\"charge\","
             "\"currency\":\"eur\",\"amount_received\":1,\"created\":1,"
             "\"status\":\"succeeded\"}"),
        LIST("false", "{\"id\":\"pi_1\",\"object\":\"payment_intent\","
             "\"currency\":\"eur\",\"amount_received\":\"1\",\"created\":1,"
             "\"status\":\"succeeded\"}")
    };

    billing_reply_t  refused = a_reply(500, LIST("false", ""));

    (void) state;

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        assert_int_equal(page(bodies[i], &out), BILLING_EFORMAT);
        assert_int_equal(out.n, 0);
    }

    assert_int_equal(billing_gateway_page(&refused, &out), BILLING_EFORMAT);
}


static void
the_request(void **state)
{
    billing_gateway_request_t  request;

    (void) state;

    assert_int_equal(billing_gateway_list("", 0, &request), BILLING_OK);
    assert_string_equal(request.path, "/v1/payment_intents?limit=50");
    assert_false(request.post);
    assert_int_equal(billing_gateway_list("pi_1", 0, &request), BILLING_OK);
    assert_string_equal(request.path,
                        "/v1/payment_intents?limit=50&starting_after=pi_1");
    assert_int_equal(billing_gateway_list("pi_1", 1795417967, &request),
                     BILLING_OK);
    assert_string_equal(request.path, "/v1/payment_intents?limit=50"
                        "&created%5Bgte%5D=1795417967&starting_after=pi_1");
    assert_int_equal(billing_gateway_list("pi_1&x=y", 0, &request),
                     BILLING_ERANGE);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_page_and_what_is_behind_it),
        cmocka_unit_test(a_strange_page_proves_nothing),
        cmocka_unit_test(the_request)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
