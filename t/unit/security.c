#include "store_fixture.h"

#include <jansson.h>

#include "../../src/store/billing_store_security.h"


/* The line as whoever reads it finds it; checks what holds for every line. */

static json_t *
written(const billing_security_line_t *line)
{
    char    text[BILLING_SECURITY_LINE_MAX];
    size_t  len = billing_security_write(line, text);
    json_t *json;

    assert_in_range(len, 2, BILLING_SECURITY_LINE_MAX);
    assert_int_equal(text[len - 1], '\n');

    for (size_t i = 0; i < len - 1; i++) {
        assert_in_range(text[i], 0x20, 0x7e);
    }

    json = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    assert_true(json_is_object(json));

    return json;
}


static const char *
member(const json_t *json, const char *name)
{
    return json_string_value(json_object_get(json, name));
}


static void
events_have_names_of_their_own(void **state)
{
    (void) state;

    for (unsigned i = 1; i < BILLING_SECURITY_EVENTS; i++) {
        assert_non_null(billing_security_name(i));

        for (unsigned k = 0; k < i; k++) {
            assert_string_not_equal(billing_security_name(i),
                                    billing_security_name(k));
        }
    }

    assert_string_equal(billing_security_name(BILLING_SECURITY_EVENTS),
                        "none");
}


static void
an_answer_is_an_event_or_none(void **state)
{
    static const struct {
        billing_reason_t          reason;
        billing_security_event_t  event;
    } cases[] = {
        { BILLING_ALLOW, BILLING_SECURITY_NONE },
        { BILLING_NOT_FOUND, BILLING_SECURITY_NONE },
        { BILLING_PAGE_NOT_FOUND_FR, BILLING_SECURITY_NONE },
        { BILLING_PROMO_UNKNOWN, BILLING_SECURITY_NONE },
        { BILLING_INTERNAL, BILLING_SECURITY_NONE },
        { BILLING_UNAUTHENTICATED, BILLING_SECURITY_API_REFUSED },
        { BILLING_BILLING_RIGHTS, BILLING_SECURITY_API_REFUSED },
        { BILLING_TEAM_NOT_FOUND, BILLING_SECURITY_API_REFUSED },
        { BILLING_CSRF, BILLING_SECURITY_CSRF_BAD },
        { BILLING_CARD_NUMBER_REFUSED, BILLING_SECURITY_CARD_NUMBER },
        { BILLING_CARD_PAUSED, BILLING_SECURITY_LIMIT_HIT },
        { BILLING_PURCHASE_PAUSED, BILLING_SECURITY_LIMIT_HIT },
        { BILLING_PROMO_PAUSED, BILLING_SECURITY_LIMIT_HIT },
        { BILLING_TOO_MANY, BILLING_SECURITY_LIMIT_HIT }
    };

    (void) state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(billing_security_of(
                             billing_reason_status(cases[i].reason),
                             billing_reason_code(cases[i].reason)),
                         cases[i].event);
    }
}


static void
a_pseudonym_is_one_persons_and_one_secrets(void **state)
{
    char              who[BILLING_WHO_LEN + 1], again[BILLING_WHO_LEN + 1];
    billing_secret_t  secret = a_secret(1), other = a_secret(2);

    (void) state;

    billing_security_who(&secret, "ann@example.test", 16, who);
    assert_int_equal(strlen(who), BILLING_WHO_LEN);
    assert_int_equal(strspn(who, "0123456789abcdef"), BILLING_WHO_LEN);

    billing_security_who(&secret, "ann@example.test", 16, again);
    assert_string_equal(who, again);
    billing_security_who(&secret, "bob@example.test", 16, again);
    assert_string_not_equal(who, again);
    billing_security_who(&other, "ann@example.test", 16, again);
    assert_string_not_equal(who, again);

    billing_security_who(&secret, "", 0, again);
    assert_string_equal(again, "");
}


static void
a_line_says_what_is_known(void **state)
{
    json_t                  *json;
    billing_security_line_t  line = {
        .event = BILLING_SECURITY_API_REFUSED, .at = 1767258000, .at_ms = 7,
        .reason = BYTES("NOT_A_MEMBER"), .status = 403,
        .team = BYTES("t1"), .who = "0123456789abcdef", .whom = ""
    };

    (void) state;

    json = written(&line);
    assert_string_equal(member(json, "time"), "2026-01-01T09:00:00.007Z");
    assert_string_equal(member(json, "event"), "api_refused");
    assert_string_equal(member(json, "reason"), "NOT_A_MEMBER");
    assert_int_equal(json_integer_value(json_object_get(json, "status")), 403);
    assert_string_equal(member(json, "team"), "t1");
    assert_string_equal(member(json, "who"), "0123456789abcdef");
    assert_int_equal(json_object_size(json), 6);
    json_decref(json);

    line = (billing_security_line_t) {
        .event = BILLING_SECURITY_GATE_REFUSED, .left_out = 12345
    };
    json = written(&line);
    assert_string_equal(member(json, "event"), "left_out");
    assert_string_equal(member(json, "of"), "gate_refused");
    assert_int_equal(json_integer_value(json_object_get(json, "lines")),
                     12345);
    json_decref(json);
}


/* Each byte there is, in each text; and the longest line there can be. */

static void
p53_whatever_comes_a_line_is_one_line_of_json(void **state)
{
    char                     all[256], told[512] = "";
    size_t                   n = 0;
    json_t                  *json;
    billing_security_line_t  line = { .event = BILLING_SECURITY_LIMIT_HIT };

    (void) state;

    for (unsigned first = 0; first < 256; first += 64) {
        for (unsigned i = 0; i < 64; i++) {
            all[i] = (char) (first + i);
        }

        line.what = (billing_bytes_t) { all, 64 };
        json = written(&line);
        n += json_string_length(json_object_get(json, "what"));
        json_decref(json);
    }

    /* as Latin-1 in UTF-8: the upper half has two bytes each */
    assert_int_equal(n, 128 + 2 * 128);

    line.what = BYTES("\"}\n{\"event\":\"forged\"\\u0022");
    json = written(&line);
    assert_string_equal(member(json, "what"),
                        "\"}\n{\"event\":\"forged\"\\u0022");
    json_decref(json);

    memset(told, 0xff, sizeof(told));
    line.reason = line.request = line.trace = line.op = line.peer
        = line.route = line.what = (billing_bytes_t) { told, sizeof(told) };
    line.status = UINT32_MAX;
    line.left_out = INT64_MAX;
    json_decref(written(&line));
}


static void
what_is_no_id_is_not_told(void **state)
{
    json_t                  *json;
    billing_security_line_t  line = {
        .event = BILLING_SECURITY_GATE_REFUSED,
        .team = BYTES("ann@example.test"), .board = BYTES("b/../x")
    };

    (void) state;

    json = written(&line);
    assert_null(json_object_get(json, "team"));
    assert_null(json_object_get(json, "board"));
    json_decref(json);
}


static void
each_event_has_so_many_lines_a_second(void **state)
{
    uint64_t                 lines = 0;
    billing_security_rate_t  rate = { .at = 0 };

    (void) state;

    for (unsigned i = 0; i < 3; i++) {
        assert_true(billing_security_may(&rate, BILLING_SECURITY_KEY_BAD,
                                         100, 3));
    }

    assert_false(billing_security_may(&rate, BILLING_SECURITY_KEY_BAD, 100,
                                      3));
    assert_false(billing_security_may(&rate, BILLING_SECURITY_KEY_BAD, 100,
                                      3));
    assert_true(billing_security_may(&rate, BILLING_SECURITY_CSRF_BAD, 100,
                                     3));

    /* What was left out is not forgotten with its second. */

    assert_true(billing_security_may(&rate, BILLING_SECURITY_KEY_BAD, 101,
                                     3));
    assert_int_equal(billing_security_left_out(&rate, &lines),
                     BILLING_SECURITY_KEY_BAD);
    assert_int_equal(lines, 2);
    assert_int_equal(billing_security_left_out(&rate, &lines),
                     BILLING_SECURITY_NONE);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(events_have_names_of_their_own),
        cmocka_unit_test(an_answer_is_an_event_or_none),
        cmocka_unit_test(a_pseudonym_is_one_persons_and_one_secrets),
        cmocka_unit_test(a_line_says_what_is_known),
        cmocka_unit_test(p53_whatever_comes_a_line_is_one_line_of_json),
        cmocka_unit_test(what_is_no_id_is_not_told),
        cmocka_unit_test(each_event_has_so_many_lines_a_second)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
