#include "store_fixture.h"

#include <jansson.h>

#define OP     "op_0123456789abcdef0123456789abcdef"
#define PRINT  "00112233445566778899aabbccddeeff"                             \
               "00112233445566778899aabbccddeeff"


typedef struct {
    billing_secret_t  secret;
    size_t            len;
    char              text[BILLING_ENVELOPE_MAX];
    char              mac[BILLING_MAC_HEX_LEN + 1];
} wire_t;


static billing_command_t
a_command(json_t *body)
{
    return (billing_command_t) {
        .op = OP, .kind = "upgrade.buy", .actor = "a@example.test",
        .team = "t_1", .key = "key-0123456789abcdef", .fingerprint = PRINT,
        .reply = "billing:1:reply:0123", .lang = "fr",
        .deadline_ms = INT64_C(1800000000123), .body = body
    };
}


static billing_err_t
decode(const wire_t *wire, billing_command_t *command)
{
    return billing_command_decode(&wire->secret,
                                  (billing_bytes_t) { wire->text, wire->len },
                                  BYTES(wire->mac), command);
}


/* Signs any text, to get behind the MAC. */

static void
sign(wire_t *wire, const char *text)
{
    uint8_t          mac[32];
    billing_bytes_t  parts[] = { { "command", 7 }, BYTES(text) };

    assert_int_equal(billing_mac(&wire->secret, BILLING_KEY_COMMAND, parts, 2,
                                 mac), BILLING_OK);
    billing_hex(mac, 32, wire->mac);
    wire->len = strlen(text);
    memcpy(wire->text, text, wire->len);
}


static int
setup(void **state)
{
    wire_t  *wire = calloc(1, sizeof(wire_t));

    wire->secret = a_secret(1);
    *state = wire;

    return 0;
}


static int
teardown(void **state)
{
    free(*state);

    return 0;
}


static void
a_command_there_and_back(void **state)
{
    json_t             *body = json_pack("{sisssb}", "seats", 12, "name",
                                         "Équipe \"é\"\n", "yes", 1);
    wire_t             *wire = *state;
    billing_command_t   command = a_command(body), back;

    assert_int_equal(billing_command_encode(&wire->secret, &command,
                                            wire->text, sizeof(wire->text),
                                            &wire->len, wire->mac),
                     BILLING_OK);
    assert_memory_equal(wire->text, "{\"schema\":1,\"op\":\"op_", 20);

    assert_int_equal(decode(wire, &back), BILLING_OK);
    assert_string_equal(back.op, command.op);
    assert_string_equal(back.kind, command.kind);
    assert_string_equal(back.actor, command.actor);
    assert_string_equal(back.team, command.team);
    assert_string_equal(back.key, command.key);
    assert_string_equal(back.fingerprint, command.fingerprint);
    assert_string_equal(back.reply, command.reply);
    assert_string_equal(back.lang, command.lang);
    assert_true(back.deadline_ms == command.deadline_ms);
    assert_true(json_equal(back.body, body));
    assert_null(back.trace);

    billing_command_release(&back);
    assert_null(back.json);
    billing_command_release(&back);
    json_decref(body);
}


static void
a_trace_goes_along(void **state)
{
    json_t             *body = json_object();
    wire_t             *wire = *state;
    billing_command_t   command = a_command(body), back;

    command.trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    assert_int_equal(billing_command_encode(&wire->secret, &command,
                                            wire->text, sizeof(wire->text),
                                            &wire->len, wire->mac),
                     BILLING_OK);
    assert_int_equal(decode(wire, &back), BILLING_OK);
    assert_string_equal(back.trace, command.trace);
    billing_command_release(&back);

    static const char *const  wrong[] = {
        "", "4bf9", "4BF92F3577B34DA6A3CE929D0E0E4736",
        "4bf92f3577b34da6a3ce929d0e0e4736a", "4bf92f3577b34da6a3ce929d0e0e473\n"
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        command.trace = wrong[i];
        assert_int_equal(billing_command_encode(&wire->secret, &command,
                                                wire->text,
                                                sizeof(wire->text),
                                                &wire->len, wire->mac),
                         BILLING_ERANGE);
    }

    json_decref(body);
}


static void
each_changed_byte_is_refused(void **state)
{
    json_t             *body = json_pack("{si}", "seats", 12);
    wire_t             *wire = *state;
    billing_secret_t    keep;
    billing_command_t   command = a_command(body), back;

    assert_int_equal(billing_command_encode(&wire->secret, &command,
                                            wire->text, sizeof(wire->text),
                                            &wire->len, wire->mac),
                     BILLING_OK);
    json_decref(body);

    for (size_t i = 0; i < 8 * wire->len; i++) {
        wire->text[i / 8] = (char) (wire->text[i / 8] ^ 1 << i % 8);
        assert_int_equal(decode(wire, &back), BILLING_EMAC);
        assert_null(back.json);
        wire->text[i / 8] = (char) (wire->text[i / 8] ^ 1 << i % 8);
    }

    for (size_t i = 0; i < 8 * BILLING_MAC_HEX_LEN; i++) {
        wire->mac[i / 8] = (char) (wire->mac[i / 8] ^ 1 << i % 8);
        assert_int_equal(decode(wire, &back), BILLING_EMAC);
        wire->mac[i / 8] = (char) (wire->mac[i / 8] ^ 1 << i % 8);
    }

    keep = wire->secret;
    wire->secret = a_secret(2);
    assert_int_equal(decode(wire, &back), BILLING_EMAC);
    wire->secret = keep;
    assert_int_equal(decode(wire, &back), BILLING_OK);
    billing_command_release(&back);
}


/* 5.9 row 1: signed, and still not a command. */

static void
signed_nonsense_is_refused(void **state)
{
    char               text[1024];
    wire_t            *wire = *state;
    billing_command_t  back;

    static const char  format[] = "{\"schema\":%s,\"op\":\"%s\","
        "\"kind\":\"%s\",\"actor\":\"%s\",\"team\":\"%s\",\"key\":\"k\","
        "\"fingerprint\":\"%s\",\"reply\":\"\",\"lang\":\"%s\","
        "\"deadline\":%s,\"body\":%s}";

    static const char *const  cases[][8] = {
        { "1", OP, "a.b", "", "", "", "en", "0" },      /* the good one */
        { "2", OP, "a.b", "", "", "", "en", "0" },
        { "1.0", OP, "a.b", "", "", "", "en", "0" },
        { "\\\"1\\\"", OP, "a.b", "", "", "", "en", "0" },
        { "1", "op_1", "a.b", "", "", "", "en", "0" },
        { "1", "OP_0123456789abcdef0123456789abcdef", "a", "", "", "", "en",
          "0" },
        { "1", OP, "", "", "", "", "en", "0" },
        { "1", OP, "a b", "", "", "", "en", "0" },
        { "1", OP, "abcdefghijklmnopqrstuvwxyzabcdef", "", "", "", "en",
          "0" },
        { "1", OP, "a.b", "a b", "", "", "en", "0" },
        { "1", OP, "a.b", "", "a:b", "", "en", "0" },
        { "1", OP, "a.b", "", "", "00", "en", "0" },
        { "1", OP, "a.b", "", "", "", "de", "0" },
        { "1", OP, "a.b", "", "", "", "en", "-1" },
        { "1", OP, "a.b", "", "", "", "en", "1.5" },
        { "1", OP, "a.b", "", "", "", "en", "null" }
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *const  *c = cases[i];

        snprintf(text, sizeof(text), format, c[0], c[1], c[2], c[3], c[4],
                 c[5], c[6], c[7], "{}");
        sign(wire, text);
        assert_int_equal(decode(wire, &back),
                         i == 0 ? BILLING_OK : BILLING_EFORMAT);
        billing_command_release(&back);
    }

    snprintf(text, sizeof(text), format, "1", OP, "a.b", "", "", "", "en",
             "0", "[]");
    sign(wire, text);
    assert_int_equal(decode(wire, &back), BILLING_EFORMAT);

    sign(wire, "{}");
    assert_int_equal(decode(wire, &back), BILLING_EFORMAT);
    sign(wire, "[]");
    assert_int_equal(decode(wire, &back), BILLING_EFORMAT);
    sign(wire, "{\"schema\":1,\"schema\":1}");
    assert_int_equal(decode(wire, &back), BILLING_EFORMAT);
}


/* 5.9 row 5. */

static void
too_much_is_neither_sent_nor_read(void **state)
{
    char               *big = malloc(70000);
    json_t             *body;
    wire_t             *wire = *state;
    billing_command_t   command, back;

    memset(big, 'x', 69999);
    big[69999] = '\0';
    body = json_pack("{ss}", "text", big);
    command = a_command(body);

    assert_int_equal(billing_command_encode(&wire->secret, &command,
                                            wire->text, sizeof(wire->text),
                                            &wire->len, wire->mac),
                     BILLING_ERANGE);
    assert_int_equal(wire->len, 0);
    assert_int_equal(billing_command_decode(&wire->secret,
                                  (billing_bytes_t) { big,
                                                      BILLING_ENVELOPE_MAX + 1
                                                    },
                                  BYTES(PRINT), &back),
                     BILLING_EMAC);

    command.kind = NULL;
    assert_int_equal(billing_command_encode(&wire->secret, &command,
                                            wire->text, sizeof(wire->text),
                                            &wire->len, wire->mac),
                     BILLING_ERANGE);

    json_decref(body);
    free(big);
}


static void
p4_one_purchase_has_one_id(void **state)
{
    char     op[BILLING_OP_ID_LEN + 1], other[BILLING_OP_ID_LEN + 1];
    wire_t  *wire = *state;

    static const char *const  variants[][4] = {
        { "b@example.test", "upgrade.buy", "t_1", "key" },
        { "a@example.test", "upgrade.bu", "yt_1", "key" },
        { "a@example.test", "upgrade.buy", "t_2", "key" },
        { "a@example.test", "upgrade.buy", "t_1", "keY" },
        { "a@example.test", "upgrade.buy", "", "t_1key" }
    };

    assert_int_equal(billing_operation_id(&wire->secret, "a@example.test",
                                          "upgrade.buy", "t_1", "key", op),
                     BILLING_OK);
    assert_int_equal(strlen(op), BILLING_OP_ID_LEN);
    assert_memory_equal(op, "op_", 3);
    assert_int_equal(billing_operation_id(&wire->secret, "a@example.test",
                                          "upgrade.buy", "t_1", "key", other),
                     BILLING_OK);
    assert_string_equal(op, other);

    for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
        assert_int_equal(billing_operation_id(&wire->secret, variants[i][0],
                                              variants[i][1], variants[i][2],
                                              variants[i][3], other),
                         BILLING_OK);
        assert_string_not_equal(op, other);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_command_there_and_back),
        cmocka_unit_test(a_trace_goes_along),
        cmocka_unit_test(each_changed_byte_is_refused),
        cmocka_unit_test(signed_nonsense_is_refused),
        cmocka_unit_test(too_much_is_neither_sent_nor_read),
        cmocka_unit_test(p4_one_purchase_has_one_id),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, setup, teardown);
}
