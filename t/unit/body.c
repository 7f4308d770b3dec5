#include "api_fixture.h"

#define QUOTE  "\"team\":\"t_1\",\"plan\":\"team\",\"seats\":%s,"             \
               "\"period\":\"monthly\",\"payment_method\":\"card\""


typedef struct {
    const char        *method;
    const char        *path;
    const char        *query;
    const char        *body;
    billing_reason_t   reason;
    const char        *field;           /* at fault, or the canonical answer */
} case_t;


/* Bodies are copied to the byte, so that the sanitizer sees reading beyond. */

static billing_reason_t
parse(const case_t *c, size_t body_len, json_t **out, billing_fault_t *fault)
{
    char              *body = malloc(body_len > 0 ? body_len : 1);
    billing_match_t    match;
    billing_reason_t   reason;

    memcpy(body, c->body, body_len);

    if (billing_route_match(c->method, strlen(c->method), c->path,
                            strlen(c->path), &match) != BILLING_ALLOW)
    {
        fail_msg("no route %s %s", c->method, c->path);
    }

    reason = billing_body_parse(&match, c->query, strlen(c->query), body,
                                body_len, out, fault);
    free(body);

    return reason;
}


static void
check(const case_t *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char              fingerprint[65], *text = NULL;
        json_t           *out;
        const char       *got;
        billing_fault_t   fault;
        billing_reason_t  reason;

        reason = parse(&cases[i], strlen(cases[i].body), &out, &fault);
        got = fault.field;

        if (reason == BILLING_ALLOW) {
            text = billing_body_canonical(out, fingerprint);
            got = text;
        }

        if (reason != cases[i].reason || fault.reason != reason
            || strcmp(got, cases[i].field) != 0)
        {
            fail_msg("%s %s?%s %s: %s %s", cases[i].method, cases[i].path,
                     cases[i].query, cases[i].body,
                     billing_reason_code(reason), got);
        }

        assert_int_equal(out != NULL, reason == BILLING_ALLOW);
        json_decref(out);
        free(text);
    }
}


#define CHECK(cases)  check(cases, sizeof(cases) / sizeof(cases[0]))


static void
requests_of_every_kind(void **state)
{
    static const case_t  cases[] = {
        { "GET", "/dashboard", "", "", BILLING_ALLOW, "{}" },
        { "GET", "/dashboard", "team=t_1&lang=fr", "", BILLING_ALLOW,
          "{\"team\":\"t_1\"}" },
        { "GET", "/dashboard", "team=", "", BILLING_ALLOW, "{}" },
        { "POST", "/dashboard/teams", "",
          "{\"name\":\"\xc3\x89quipe\",\"from\":\"pricing\"}", BILLING_ALLOW,
          "{\"from\":\"pricing\",\"name\":\"\xc3\x89quipe\"}" },
        { "POST", "/dashboard/teams/t_1/members", "",
          "{\"email\":\"A@Example.TEST\"}", BILLING_ALLOW,
          "{\"email\":\"a@example.test\",\"team\":\"t_1\"}" },
        { "DELETE", "/dashboard/teams/t_1/members/A@example.test", "", "",
          BILLING_ALLOW, "{\"email\":\"a@example.test\",\"team\":\"t_1\"}" },
        { "PATCH", "/dashboard/teams/t_1/members/a@example.test", "",
          "{\"role\":\"team_admin\"}", BILLING_ALLOW,
          "{\"email\":\"a@example.test\",\"role\":\"team_admin\","
          "\"team\":\"t_1\"}" },
        { "POST", "/dashboard/teams/t_1/boards", "",
          "{\"title\":\"Plan\",\"private\":false}", BILLING_ALLOW,
          "{\"private\":false,\"team\":\"t_1\",\"title\":\"Plan\"}" },
        { "DELETE", "/dashboard/boards/b_1", "", "{}", BILLING_ALLOW,
          "{\"board\":\"b_1\"}" },
        { "POST", "/dashboard/boards/b_1/share", "", "", BILLING_ALLOW,
          "{\"board\":\"b_1\"}" },
        { "POST", "/dashboard/boards/b_1/move", "", "{\"team\":\"t_2\"}",
          BILLING_ALLOW, "{\"board\":\"b_1\",\"team\":\"t_2\"}" },
        { "GET", "/upgrade", "team=t_1", "", BILLING_ALLOW,
          "{\"team\":\"t_1\"}" },
        { "POST", "/upgrade/card", "", "{\"team\":\"t_1\"}", BILLING_ALLOW,
          "{\"team\":\"t_1\"}" },
        { "GET", "/billing/operations/op_0123456789abcdef0123456789abcdef",
          "", "", BILLING_ALLOW,
          "{\"operation\":\"op_0123456789abcdef0123456789abcdef\"}" },
        { "POST", "/upgrade/resume", "", "{\"operation\":\"op_1\"}",
          BILLING_ALLOW, "{\"operation\":\"op_1\"}" },
        { "POST", "/demo/clock", "", "{\"advance\":\"31d\"}", BILLING_ALLOW,
          "{\"advance\":\"31d\"}" },
        { "POST", "/demo/login", "", "{\"profile\":\"owner@example.test\"}",
          BILLING_ALLOW, "{\"profile\":\"owner@example.test\"}" },
        { "GET", "/pricing", "", "", BILLING_ALLOW, "{}" }
    };

    (void) state;

    CHECK(cases);
}


static void
r91_a_purchase_with_and_without_options(void **state)
{
#define BUY(rest)  "{\"team\":\"t_1\",\"plan\":\"team\",\"seats\":12,"        \
                   "\"period\":\"yearly\"," rest "}"
#define PLAIN(pay) "{\"payment\":" pay ",\"period\":\"yearly\","              \
                   "\"plan\":\"team\",\"seats\":12,\"team\":\"t_1\"}"

    static const case_t  cases[] = {
        { "POST", "/upgrade", "", BUY("\"payment\":{\"method\":\"card\","
          "\"payment_method\":\"pm_1\"}"), BILLING_ALLOW,
          PLAIN("{\"method\":\"card\",\"payment_method\":\"pm_1\"}") },
        { "POST", "/upgrade", "", BUY("\"payment\":{\"method\":\"invoice\","
          "\"email\":\"A@example.test\"},\"promo\":\"\",\"quote\":null,"
          "\"billing_information\":null"), BILLING_ALLOW,
          PLAIN("{\"email\":\"a@example.test\",\"method\":\"invoice\"}") },
        { "POST", "/upgrade", "", BUY("\"payment\":{\"method\":\"invoice\","
          "\"email\":\"\"}"), BILLING_ALLOW,
          PLAIN("{\"method\":\"invoice\"}") },
        { "POST", "/upgrade", "", BUY("\"payment\":{\"method\":\"paypal\"},"
          "\"billing_information\":{\"country\":\"FR\",\"address\":\"a\\nb\","
          "\"company\":\"\"}"), BILLING_ALLOW,
          "{\"billing_information\":{\"address\":\"a\\nb\","
          "\"country\":\"FR\"},\"payment\":{\"method\":\"paypal\"},"
          "\"period\":\"yearly\",\"plan\":\"team\",\"seats\":12,"
          "\"team\":\"t_1\"}" },
        { "POST", "/upgrade", "", BUY("\"payment\":{}"),
          BILLING_FIELD_MISSING, "payment.method" },
        { "POST", "/upgrade", "", BUY("\"payment\":\"card\""),
          BILLING_FIELD_TYPE, "payment" },
        { "POST", "/upgrade", "", BUY("\"payment\":null"),
          BILLING_FIELD_TYPE, "payment" },
        { "POST", "/upgrade", "", BUY("\"promo\":\"X\""),
          BILLING_FIELD_MISSING, "payment" },
        { "POST", "/upgrade", "", BUY("\"payment\":{\"method\":\"card\","
          "\"cvc\":\"123\"}"), BILLING_FIELD_UNKNOWN, "payment.cvc" },
        { "POST", "/upgrade", "", BUY("\"payment\":{\"method\":\"card\"},"
          "\"price\":0"), BILLING_FIELD_UNKNOWN, "price" },
        { "POST", "/upgrade", "", BUY("\"payment\":{\"method\":\"invoice\","
          "\"email\":\"a@b@c\"}"), BILLING_EMAIL_INVALID, "payment.email" },
        { "POST", "/upgrade", "", BUY("\"payment\":{\"method\":\"card\"},"
          "\"billing_information\":{\"vat_id\":\"12345678901234567890123456"
          "7890123\"}"), BILLING_VAT_ID_INVALID,
          "billing_information.vat_id" },
        { "POST", "/upgrade", "", BUY("\"payment\":{\"method\":\"card\"},"
          "\"billing_information\":{\"company\":\"a\\u001b[2J\"}"),
          BILLING_FIELD_TYPE, "billing_information.company" }
    };

    (void) state;

    CHECK(cases);
}


/* 5.3 row 2 and 5.2 row 3. */

static void
seats_are_whole_json_numbers(void **state)
{
    static const struct {
        const char        *seats;
        billing_reason_t   reason;
    } cases[] = {
        { "1", BILLING_ALLOW }, { "100", BILLING_ALLOW },
        { "101", BILLING_ALLOW }, { "1000000", BILLING_ALLOW },
        { "\"12\"", BILLING_SEATS_INVALID }, { "true", BILLING_SEATS_INVALID },
        { "12.0", BILLING_SEATS_INVALID }, { "1e1", BILLING_SEATS_INVALID },
        { "null", BILLING_SEATS_INVALID }, { "[12]", BILLING_SEATS_INVALID },
        { "{}", BILLING_SEATS_INVALID }, { "0", BILLING_SEATS_INVALID },
        { "-0", BILLING_SEATS_INVALID }, { "-1", BILLING_SEATS_INVALID },
        { "-9223372036854775808", BILLING_SEATS_INVALID },
        { "1000001", BILLING_SEATS_ABOVE_WINDOW_MAX },
        { "4294967308", BILLING_SEATS_ABOVE_WINDOW_MAX },
        { "9223372036854775807", BILLING_SEATS_ABOVE_WINDOW_MAX },
        { "9223372036854775808", BILLING_BODY_INVALID },
        { "-9223372036854775809", BILLING_BODY_INVALID },
        { "1e999", BILLING_BODY_INVALID }, { "NaN", BILLING_BODY_INVALID },
        { "Infinity", BILLING_BODY_INVALID }, { "012", BILLING_BODY_INVALID },
        { "+12", BILLING_BODY_INVALID }, { "0x0c", BILLING_BODY_INVALID },
        { "\xef\xbc\x91", BILLING_BODY_INVALID },
        { "", BILLING_BODY_INVALID }
    };

    (void) state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char              body[256];
        json_t           *out;
        case_t            c = { "POST", "/upgrade/quote", "", body,
                                cases[i].reason, "" };
        billing_fault_t   fault;
        billing_reason_t  reason;

        snprintf(body, sizeof(body), "{" QUOTE "}", cases[i].seats);
        reason = parse(&c, strlen(body), &out, &fault);

        if (reason != cases[i].reason) {
            fail_msg("%s: %s", cases[i].seats, billing_reason_code(reason));
        }

        if (reason != BILLING_ALLOW && reason != BILLING_BODY_INVALID) {
            assert_string_equal(fault.field, "seats");
        }

        json_decref(out);
    }
}


/* What is a word but not a known one is the domain's to refuse. */

static void
words_pass_through_to_the_domain(void **state)
{
#define WORDS(plan, period, method)                                           \
    "{\"team\":\"t_1\",\"plan\":" plan ",\"seats\":1,\"period\":" period ","  \
    "\"payment_method\":" method "}"

    static const case_t  cases[] = {
        { "POST", "/upgrade/quote", "",
          WORDS("\"gold\"", "\"weekly\"", "\"paypal\""), BILLING_ALLOW,
          "{\"payment_method\":\"paypal\",\"period\":\"weekly\","
          "\"plan\":\"gold\",\"seats\":1,\"team\":\"t_1\"}" },
        { "POST", "/upgrade/quote", "",
          WORDS("\"a b\"", "\"monthly\"", "\"card\""), BILLING_PLAN_UNKNOWN,
          "plan" },
        { "POST", "/upgrade/quote", "",
          WORDS("\"team\"", "\"mensuel\\u00e9\"", "\"card\""),
          BILLING_BILLING_TYPE_INVALID, "period" },
        { "POST", "/upgrade/quote", "",
          WORDS("\"team\"", "\"monthly\"", "\"c\\nard\""),
          BILLING_PAYMENT_METHOD_UNSUPPORTED, "payment_method" },
        { "POST", "/upgrade/quote", "",
          WORDS("7", "\"monthly\"", "\"card\""), BILLING_FIELD_TYPE, "plan" },
        { "POST", "/upgrade/quote", "",
          WORDS("\"\"", "\"monthly\"", "\"card\""), BILLING_FIELD_MISSING,
          "plan" },
        { "POST", "/upgrade/quote", "",
          WORDS("\"team\"", "null", "\"card\""), BILLING_FIELD_TYPE,
          "period" },
        { "POST", "/upgrade/quote", "", "{\"team\":\"t_1\",\"plan\":\"team\","
          "\"seats\":1,\"period\":\"monthly\",\"payment_method\":\"card\","
          "\"promo\":\"\\r\\n*1\\r\\n$8\\r\\nFLUSHALL\"}",
          BILLING_PROMO_UNKNOWN, "promo" },
        { "POST", "/upgrade/quote", "", "{\"team\":\"t_1\",\"plan\":\"team\","
          "\"seats\":1,\"period\":\"monthly\",\"payment_method\":\"card\","
          "\"promo\":\"CODE \"}", BILLING_PROMO_UNKNOWN, "promo" }
    };

    (void) state;

    CHECK(cases);
}


/* 5.2 rows 1 and 6. */

static void
a_wrong_query_is_named(void **state)
{
    static const case_t  cases[] = {
        { "GET", "/upgrade", "", "", BILLING_FIELD_MISSING, "team" },
        { "GET", "/upgrade", "team=", "", BILLING_FIELD_MISSING, "team" },
        { "GET", "/upgrade", "team", "", BILLING_FIELD_MISSING, "team" },
        { "GET", "/upgrade", "team=a%20b", "", BILLING_TEAM_NOT_FOUND,
          "team" },
        { "GET", "/upgrade", "team=a+b", "", BILLING_TEAM_NOT_FOUND, "team" },
        { "GET", "/upgrade", "team=0123456789012345678901234567890123456",
          "", BILLING_TEAM_NOT_FOUND, "team" },
        { "GET", "/upgrade", "team=%", "", BILLING_FIELD_TYPE, "team" },
        { "GET", "/upgrade", "team=%zz", "", BILLING_FIELD_TYPE, "team" },
        { "GET", "/upgrade", "team=%00", "", BILLING_FIELD_TYPE, "team" },
        { "GET", "/upgrade", "team=%ff", "", BILLING_FIELD_TYPE, "team" },
        { "GET", "/upgrade", "team=a&team=b", "", BILLING_FIELD_TYPE,
          "team" },
        { "GET", "/upgrade", "team=a&plan=b", "", BILLING_FIELD_UNKNOWN,
          "plan" },
        { "GET", "/upgrade", "team=a&%74eam=b", "", BILLING_FIELD_UNKNOWN,
          "" },
        { "GET", "/upgrade", "&&team=a&&", "", BILLING_ALLOW,
          "{\"team\":\"a\"}" },
        { "POST", "/upgrade/card", "team=t_1", "", BILLING_FIELD_UNKNOWN,
          "team" },
        { "GET", "/upgrade", "", "{\"team\":\"t_1\"}", BILLING_FIELD_UNKNOWN,
          "team" }
    };

    (void) state;

    CHECK(cases);
}


/* 5.3 rows 1, 6 and 9. */

static void
a_body_is_one_plain_object(void **state)
{
    static const case_t  cases[] = {
        { "POST", "/upgrade/card", "", "{\"team\":\"t_1\",\"team\":\"t_1\"}",
          BILLING_BODY_INVALID, "" },
        { "POST", "/upgrade/card", "", "{\"team\":\"t_1\"} {}",
          BILLING_BODY_INVALID, "" },
        { "POST", "/upgrade/card", "", "\xef\xbb\xbf{\"team\":\"t_1\"}",
          BILLING_BODY_INVALID, "" },
        { "POST", "/upgrade/card", "", "{\"team\":\"\\u0000\"}",
          BILLING_BODY_INVALID, "" },
        { "POST", "/upgrade/card", "", "{\"team\":\"\\ud800\"}",
          BILLING_BODY_INVALID, "" },
        { "POST", "/upgrade/card", "", "{\"team\":\"\xff\"}",
          BILLING_BODY_INVALID, "" },
        { "POST", "/upgrade/card", "", "/* */{\"team\":\"t_1\"}",
          BILLING_BODY_INVALID, "" },
        { "POST", "/upgrade/card", "", "[]", BILLING_BODY_INVALID, "" },
        { "POST", "/upgrade/card", "", "null", BILLING_BODY_INVALID, "" },
        { "POST", "/upgrade/card", "", "team=t_1", BILLING_BODY_INVALID, "" },
        { "POST", "/upgrade/card", "", " ", BILLING_BODY_INVALID, "" },
        { "POST", "/upgrade/card", "",
          "{\"team\":\"t_1\",\"__proto__\":{}}", BILLING_FIELD_UNKNOWN,
          "__proto__" },
        { "POST", "/upgrade/card", "",
          "{\"team\":\"t_1\",\"constructor\":1}", BILLING_FIELD_UNKNOWN,
          "constructor" },
        { "POST", "/upgrade/card", "", "{\"team\":\"t_1\",\"\\u001b[2J\":1}",
          BILLING_FIELD_UNKNOWN, "" }
    };

    (void) state;

    CHECK(cases);
}


/* 5.1 row 5, and the other fields. */

static void
what_is_wrong_is_named(void **state)
{
    static const case_t  cases[] = {
        { "POST", "/upgrade/card", "", "{\"team\":[\"t_1\"]}",
          BILLING_FIELD_TYPE, "team" },
        { "POST", "/upgrade/card", "", "", BILLING_FIELD_MISSING, "team" },
        { "POST", "/dashboard/teams/t_1/boards", "",
          "{\"title\":\"x\",\"team\":\"t_2\"}", BILLING_FIELD_UNKNOWN,
          "team" },
        { "POST", "/dashboard/teams/t_1/boards", "",
          "{\"title\":\"x\",\"private\":\"no\"}", BILLING_FIELD_TYPE,
          "private" },
        { "POST", "/dashboard/teams/t_1/boards", "", "{\"title\":\" \"}",
          BILLING_NAME_INVALID, "title" },
        { "POST", "/dashboard/teams", "", "{\"name\":\"a\\nb\"}",
          BILLING_NAME_INVALID, "name" },
        { "POST", "/dashboard/teams", "", "{\"name\":\"a\",\"from\":\"x\"}",
          BILLING_FIELD_TYPE, "from" },
        { "PATCH", "/dashboard/teams/t_1/members/a@example.test", "",
          "{\"role\":\"owner\"}", BILLING_ROLE_INVALID, "role" },
        { "DELETE", "/dashboard/teams/t_1/members/nobody", "", "",
          BILLING_EMAIL_INVALID, "email" },
        { "DELETE", "/dashboard/teams/t_1/members/\xff@b.test", "", "",
          BILLING_EMAIL_INVALID, "email" },
        { "DELETE", "/dashboard/teams/a b/members/a@b.test", "", "",
          BILLING_TEAM_NOT_FOUND, "team" },
        { "DELETE", "/dashboard/boards/0x10:", "", "",
          BILLING_BOARD_NOT_FOUND, "board" },
        { "GET", "/billing/operations/op 1", "", "",
          BILLING_OPERATION_NOT_FOUND, "operation" },
        { "POST", "/demo/clock", "", "{\"advance\":\"31\"}",
          BILLING_FIELD_TYPE, "advance" },
        { "POST", "/demo/clock", "", "{\"advance\":\"-1d\"}",
          BILLING_FIELD_TYPE, "advance" },
        { "POST", "/demo/clock", "", "{\"advance\":\"100000d\"}",
          BILLING_FIELD_TYPE, "advance" },
        { "POST", "/demo/clock", "", "{\"advance\":\"1dd\"}",
          BILLING_FIELD_TYPE, "advance" },
        { "POST", "/demo/clock", "", "{\"advance\":31}",
          BILLING_FIELD_TYPE, "advance" },
        { "GET", "/billing/invoices/INV-1.pdf", "copy=10", "",
          BILLING_FIELD_TYPE, "copy" }
    };

    (void) state;

    CHECK(cases);
}


/* 5.2 row 12. */

static void
p52_card_numbers_are_refused_everywhere(void **state)
{
    static const case_t  cases[] = {
        { "POST", "/dashboard/teams", "",
          "{\"name\":\"card 4242 4242 4242 4242\"}",
          BILLING_CARD_NUMBER_REFUSED, "name" },
        { "POST", "/dashboard/teams/t_1/boards", "",
          "{\"title\":\"4242-4242-4242-4242\"}",
          BILLING_CARD_NUMBER_REFUSED, "title" },
        { "POST", "/dashboard/teams/t_1/members", "",
          "{\"email\":\"4242424242424242@example.test\"}",
          BILLING_CARD_NUMBER_REFUSED, "email" },
        { "POST", "/upgrade", "", BUY("\"payment\":{\"method\":\"card\","
          "\"payment_method\":\"4242424242424242\"}"),
          BILLING_CARD_NUMBER_REFUSED, "payment.payment_method" },
        { "POST", "/upgrade", "", BUY("\"payment\":{\"method\":\"card\"},"
          "\"billing_information\":{\"company\":\"4242424242424242\"}"),
          BILLING_CARD_NUMBER_REFUSED, "billing_information.company" },
        { "POST", "/upgrade", "", BUY("\"payment\":{\"method\":\"card\"},"
          "\"promo\":\"4242424242424242\""), BILLING_CARD_NUMBER_REFUSED,
          "promo" },
        { "POST", "/upgrade/card", "", "{\"4242424242424242\":1}",
          BILLING_FIELD_UNKNOWN, "" },

        /* Ids are the application's: long numbers are usual there. */

        { "POST", "/upgrade/card", "", "{\"team\":\"4242424242424242\"}",
          BILLING_ALLOW, "{\"team\":\"4242424242424242\"}" },

        /* A draft's and an operation's hex may hold such a run by chance. */

        { "POST", "/billing/payment-method", "", "{\"team\":\"team-1\","
          "\"payment_method\":\"pm_a4242424242424242b\"}",
          BILLING_ALLOW, "{\"payment_method\":\"pm_a4242424242424242b\","
          "\"team\":\"team-1\"}" },
        { "POST", "/billing/payment-method", "", "{\"team\":\"team-1\","
          "\"payment_method\":\"4242 4242 4242 4242\"}",
          BILLING_CARD_NUMBER_REFUSED, "payment_method" },

        { "POST", "/upgrade/resume", "",
          "{\"operation\":\"op_4242424242424242aaaaaaaaaaaaaaaa\"}",
          BILLING_ALLOW,
          "{\"operation\":\"op_4242424242424242aaaaaaaaaaaaaaaa\"}" }
    };

    (void) state;

    CHECK(cases);
}


/* 5.3 rows 4 and 5. */

static void
size_and_depth_are_bounded(void **state)
{
    char              *big = malloc(2 * BILLING_BODY_MAX);
    json_t            *out;
    case_t             c = { "POST", "/upgrade/card", "", big,
                             BILLING_ALLOW, "" };
    billing_fault_t    fault;

    (void) state;

    memset(big, ' ', 2 * BILLING_BODY_MAX);
    memcpy(big, "{\"team\":\"t_1\"}", 14);
    assert_int_equal(parse(&c, BILLING_BODY_MAX, &out, &fault),
                     BILLING_ALLOW);
    json_decref(out);
    assert_int_equal(parse(&c, BILLING_BODY_MAX + 1, &out, &fault),
                     BILLING_BODY_TOO_LARGE);

    memset(big, '[', BILLING_BODY_MAX);
    assert_int_equal(parse(&c, BILLING_BODY_MAX, &out, &fault),
                     BILLING_BODY_INVALID);

    for (unsigned depth = 15; depth <= 17; depth++) {
        int  n = sprintf(big, "{\"x\":");

        memset(big + n, '[', depth - 1);
        n += (int) depth - 1;
        memset(big + n, ']', depth - 1);
        n += (int) depth - 1;
        big[n++] = '}';
        assert_int_equal(parse(&c, (size_t) n, &out, &fault),
                         depth <= BILLING_JSON_DEPTH_MAX
                         ? BILLING_FIELD_UNKNOWN : BILLING_BODY_INVALID);
    }

    free(big);
}


static void
a_query_is_bounded(void **state)
{
    char              *query = malloc(5000);
    json_t            *out;
    case_t             c = { "GET", "/upgrade", query, "", BILLING_ALLOW,
                             "" };
    billing_fault_t    fault;

    (void) state;

    memset(query, '&', 4097);
    memcpy(query, "team=a", 6);
    query[4096] = '\0';
    assert_int_equal(parse(&c, 0, &out, &fault), BILLING_ALLOW);
    json_decref(out);
    query[4096] = '&';
    query[4097] = '\0';
    assert_int_equal(parse(&c, 0, &out, &fault), BILLING_BODY_INVALID);

    memset(query, 'a', 4096);
    memcpy(query, "team=", 5);
    query[4096] = '\0';
    assert_int_equal(parse(&c, 0, &out, &fault), BILLING_TEAM_NOT_FOUND);
    memset(query, 'n', 4096);
    assert_int_equal(parse(&c, 0, &out, &fault), BILLING_FIELD_UNKNOWN);
    free(query);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(requests_of_every_kind),
        cmocka_unit_test(r91_a_purchase_with_and_without_options),
        cmocka_unit_test(seats_are_whole_json_numbers),
        cmocka_unit_test(words_pass_through_to_the_domain),
        cmocka_unit_test(a_wrong_query_is_named),
        cmocka_unit_test(a_body_is_one_plain_object),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(p52_card_numbers_are_refused_everywhere),
        cmocka_unit_test(size_and_depth_are_bounded),
        cmocka_unit_test(a_query_is_bounded),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
