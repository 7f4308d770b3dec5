#include "store_fixture.h"

#include <jansson.h>

#define OP  "op_0123456789abcdef0123456789abcdef"


static billing_answer_t
an_answer(const char *body)
{
    billing_answer_t  answer;

    memset(&answer, 0, sizeof(answer));
    memcpy(answer.op, OP, sizeof(OP));
    memcpy(answer.team, "t_1", 4);
    answer.status = 200;
    answer.retry_after_sec = 3;
    answer.replayed = true;
    answer.epoch = 2;
    answer.version = INT64_MAX;
    answer.body = BYTES(body);

    return answer;
}


/* Signs any header and body, to get behind the MAC. */

static size_t
sign(const billing_secret_t *secret, const char *text, char *out)
{
    uint8_t          mac[32];
    billing_bytes_t  parts[] = { { "answer", 6 }, BYTES(text) };

    assert_int_equal(billing_mac(secret, BILLING_KEY_COMMAND, parts, 2, mac),
                     BILLING_OK);
    billing_hex(mac, 32, out);
    out[64] = '\n';
    memcpy(out + 65, text, strlen(text));

    return 65 + strlen(text);
}


static void
an_answer_there_and_back(void **state)
{
    char                *out;
    size_t               len;
    billing_secret_t     secret = a_secret(1);
    billing_answer_t     answer, back;
    const char *const    bodies[] = { "{\"a\":\"line\\nline\"}\n\n", "" };

    (void) state;

    for (unsigned i = 0; i < 2; i++) {
        answer = an_answer(bodies[i]);
        assert_int_equal(billing_answer_encode(&secret, &answer, &out, &len),
                         BILLING_OK);
        assert_int_equal(out[len], '\0');
        assert_int_equal(billing_answer_decode(&secret,
                                               (billing_bytes_t) { out, len },
                                               &back), BILLING_OK);
        assert_string_equal(back.op, answer.op);
        assert_string_equal(back.team, "t_1");
        assert_int_equal(back.status, 200);
        assert_int_equal(back.retry_after_sec, 3);
        assert_true(back.replayed);
        assert_false(back.problem);
        assert_true(back.epoch == 2 && back.version == INT64_MAX);
        assert_int_equal(back.body.len, strlen(bodies[i]));
        assert_memory_equal(back.body.data, bodies[i], back.body.len);
        free(out);
    }
}


static void
each_changed_bit_is_refused(void **state)
{
    char              *out;
    size_t             len;
    billing_secret_t   secret = a_secret(1), other = a_secret(2);
    billing_answer_t   answer = an_answer("{\"team\":{}}"), back;

    (void) state;

    assert_int_equal(billing_answer_encode(&secret, &answer, &out, &len),
                     BILLING_OK);

    for (size_t i = 0; i < 8 * len; i++) {
        out[i / 8] = (char) (out[i / 8] ^ 1 << i % 8);
        assert_int_equal(billing_answer_decode(&secret,
                                               (billing_bytes_t) { out, len },
                                               &back), BILLING_EMAC);
        out[i / 8] = (char) (out[i / 8] ^ 1 << i % 8);
    }

    for (size_t cut = 0; cut < len; cut++) {
        assert_int_equal(billing_answer_decode(&secret,
                                               (billing_bytes_t) { out, cut },
                                               &back), BILLING_EMAC);
    }

    assert_int_equal(billing_answer_decode(&other,
                                           (billing_bytes_t) { out, len },
                                           &back), BILLING_EMAC);
    free(out);
}


/* A command's MAC is no answer's, though they share a key. */

static void
a_command_is_no_answer(void **state)
{
    char                out[4096], mac[65];
    json_t             *body = json_object();
    size_t              len;
    billing_secret_t    secret = a_secret(1);
    billing_answer_t    back;
    billing_command_t   command = {
        .op = OP, .kind = "a", .actor = "", .team = "", .key = "",
        .fingerprint = "", .reply = "", .lang = "en", .body = body
    };

    (void) state;

    assert_int_equal(billing_command_encode(&secret, &command, out + 65,
                                            sizeof(out) - 65, &len, mac),
                     BILLING_OK);
    memcpy(out, mac, 64);
    out[64] = '\n';
    assert_int_equal(billing_answer_decode(&secret,
                                           (billing_bytes_t) { out, len + 65 },
                                           &back), BILLING_EMAC);
    json_decref(body);
}


static void
signed_nonsense_is_refused(void **state)
{
    char               out[2048];
    size_t             len;
    billing_secret_t   secret = a_secret(1);
    billing_answer_t   back;

#define REST  ",\"retry_after\":0,\"replayed\":false,\"problem\":false,"      \
              "\"team\":\"\",\"epoch\":0,\"version\":0,\"len\":2}\nxy"

    static const struct {
        const char     *text;
        billing_err_t   rc;
    } cases[] = {
        { "{\"op\":\"" OP "\",\"status\":200" REST, BILLING_OK },
        { "{\"op\":\"" OP "\",\"status\":199" REST, BILLING_EFORMAT },
        { "{\"op\":\"" OP "\",\"status\":600" REST, BILLING_EFORMAT },
        { "{\"op\":\"" OP "\",\"status\":4294967496" REST, BILLING_EFORMAT },
        { "{\"op\":\"" OP "\",\"status\":-1" REST, BILLING_EFORMAT },
        { "{\"op\":\"" OP "\",\"status\":\"200\"" REST, BILLING_EFORMAT },
        { "{\"op\":\"" OP "\",\"status\":200.0" REST, BILLING_EFORMAT },
        { "{\"op\":\"" OP "\",\"status\":200" REST "z", BILLING_EFORMAT },
        { "{\"op\":\"op_1\",\"status\":200" REST, BILLING_EFORMAT },
        { "{\"op\":1,\"status\":200" REST, BILLING_EFORMAT },
        { "{\"status\":200" REST, BILLING_EFORMAT },
        { "{}\n", BILLING_EFORMAT },
        { "\n", BILLING_EFORMAT },
        { "no line", BILLING_EFORMAT },
        { "[1]\n", BILLING_EFORMAT }
    };

    (void) state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        len = sign(&secret, cases[i].text, out);
        assert_int_equal(billing_answer_decode(&secret,
                                               (billing_bytes_t) { out, len },
                                               &back), cases[i].rc);
    }
}


static void
what_cannot_be_said_is_not_sent(void **state)
{
    char              *out;
    size_t             len;
    billing_secret_t   secret = a_secret(1);
    billing_answer_t   answer = an_answer("");

    (void) state;

    answer.status = 0;
    assert_int_equal(billing_answer_encode(&secret, &answer, &out, &len),
                     BILLING_ERANGE);
    assert_null(out);

    answer = an_answer("");
    answer.op[0] = 'x';
    assert_int_equal(billing_answer_encode(&secret, &answer, &out, &len),
                     BILLING_ERANGE);

    answer = an_answer("");
    answer.version = UINT64_MAX;
    assert_int_equal(billing_answer_encode(&secret, &answer, &out, &len),
                     BILLING_ERANGE);

    answer = an_answer("");
    answer.body.len = BILLING_ANSWER_MAX + 1;
    assert_int_equal(billing_answer_encode(&secret, &answer, &out, &len),
                     BILLING_ERANGE);

    answer = an_answer("");
    memset(answer.team, 'x', sizeof(answer.team));
    assert_int_equal(billing_answer_encode(&secret, &answer, &out, &len),
                     BILLING_ERANGE);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(an_answer_there_and_back),
        cmocka_unit_test(each_changed_bit_is_refused),
        cmocka_unit_test(a_command_is_no_answer),
        cmocka_unit_test(signed_nonsense_is_refused),
        cmocka_unit_test(what_cannot_be_said_is_not_sent),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
