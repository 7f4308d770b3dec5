#include "store_fixture.h"

#define TEAM_KEY  "billing:1:{t_1}:team"


static billing_record_t
a_team_record(void)
{
    billing_record_t  record;

    memset(&record, 0, sizeof(record));
    record.kind = BILLING_RECORD_TEAM;
    record.u.team = (billing_team_record_t) {
        .epoch = 3, .version = 41, .valid_until_at = 1800000000,
        .period_end_at = 1790000000, .editable_from = 17, .seats = 12,
        .members = 10, .plan = BILLING_PLAN_BUSINESS,
        .state = BILLING_STATE_ACTIVE
    };

    return record;
}


/* Signs any text as a record of that key, to get behind the MAC. */

static size_t
sign(const billing_secret_t *secret, const char *key, const char *text,
    char *out)
{
    uint8_t          mac[32];
    size_t           len = strlen(text);
    billing_bytes_t  parts[] = { { "record", 6 }, BYTES(key), BYTES(text) };

    assert_int_equal(billing_mac(secret, BILLING_KEY_RECORD, parts, 3, mac),
                     BILLING_OK);
    memcpy(out, text, len);
    out[len] = ' ';
    billing_hex(mac, 32, out + len + 1);

    return len + 65;
}


static void
a_team_there_and_back(void **state)
{
    char              out[BILLING_RECORD_MAX];
    size_t            len;
    billing_secret_t  secret = a_secret(1);
    billing_record_t  record = a_team_record(), back;

    static const char  text[] = "1 team 3 41 {\"plan\":\"business\","
        "\"state\":\"active\",\"valid_until\":1800000000,"
        "\"period_end\":1790000000,\"editable_from\":17,\"seats\":12,"
        "\"members\":10} ";

    (void) state;

    assert_int_equal(billing_record_encode(&secret, BYTES(TEAM_KEY), &record,
                                           out, sizeof(out), &len),
                     BILLING_OK);
    assert_int_equal(len, sizeof(text) - 1 + 64);
    assert_memory_equal(out, text, sizeof(text) - 1);

    assert_int_equal(billing_record_decode(&secret, BYTES(TEAM_KEY),
                                           (billing_bytes_t) { out, len },
                                           &back),
                     BILLING_OK);
    assert_memory_equal(&back, &record, sizeof(back));
}


/* What older records do not have is nothing; what they cannot be is refused. */

static void
r198_r221_passes_and_trials_there_and_back(void **state)
{
    char              out[BILLING_RECORD_MAX];
    size_t            len;
    billing_secret_t  secret = a_secret(1);
    billing_record_t  record = a_team_record(), back;

    static const char *const  bad[] = {
        "1 member 1 1 {\"roles\":128,\"pass_ends_at\":-1}",
        "1 member 1 1 {\"roles\":128,\"pass_ends_at\":1e9}",
        "1 member 1 1 {\"roles\":128,\"pass_ends_at\":\"1\"}",
        "1 team 1 1 {\"plan\":\"business\",\"state\":\"trial\","
        "\"valid_until\":0,\"period_end\":0,\"editable_from\":0,\"seats\":0,"
        "\"members\":0,\"plan_after\":\"bronze\"}",
        "1 team 1 1 {\"plan\":\"business\",\"state\":\"trial\","
        "\"valid_until\":0,\"period_end\":0,\"editable_from\":0,\"seats\":0,"
        "\"members\":0,\"day_passes\":1}"
    };

    (void) state;

    record.u.team.day_passes = 1;
    record.u.team.editable_boards = 5;
    record.u.team.plan_after = BILLING_PLAN_TEAM;
    assert_int_equal(billing_record_encode(&secret, BYTES(TEAM_KEY), &record,
                                           out, sizeof(out), &len),
                     BILLING_OK);
    assert_int_equal(billing_record_decode(&secret, BYTES(TEAM_KEY),
                                           (billing_bytes_t) { out, len },
                                           &back), BILLING_OK);
    assert_memory_equal(&back, &record, sizeof(back));

    len = sign(&secret, "k", "1 member 4 5 {\"roles\":130}", out);
    assert_int_equal(billing_record_decode(&secret, BYTES("k"),
                                           (billing_bytes_t) { out, len },
                                           &back), BILLING_OK);
    assert_int_equal(back.u.member.pass_ends_at, 0);

    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        len = sign(&secret, "k", bad[i], out);
        assert_int_equal(billing_record_decode(&secret, BYTES("k"),
                                               (billing_bytes_t) { out, len },
                                               &back), BILLING_EFORMAT);
    }

    record.u.team.plan_after = BILLING_PLANS;
    assert_int_equal(billing_record_encode(&secret, BYTES(TEAM_KEY), &record,
                                           out, sizeof(out), &len),
                     BILLING_ERANGE);

    record = (billing_record_t) { .kind = BILLING_RECORD_MEMBER };
    record.u.member.pass_ends_at = -1;
    assert_int_equal(billing_record_encode(&secret, BYTES("k"), &record,
                                           out, sizeof(out), &len),
                     BILLING_ERANGE);
}


static void
members_boards_and_absent_things(void **state)
{
    char              out[BILLING_RECORD_MAX];
    size_t            len;
    billing_secret_t  secret = a_secret(1);
    billing_record_t  records[8], back;

    (void) state;

    memset(records, 0, sizeof(records));
    records[0].kind = BILLING_RECORD_MEMBER;
    records[0].u.member = (billing_member_record_t) {
        .epoch = 1, .version = 2, .roles = 0x9f, .pass_ends_at = INT64_MAX
    };
    records[1].kind = BILLING_RECORD_MEMBER;
    records[1].u.member.epoch = UINT64_MAX;
    records[2].kind = BILLING_RECORD_BOARD;
    records[2].u.board.rank = INT64_MAX;
    records[2].u.board.is_private = 1;
    memset(records[2].u.board.team, 'x', BILLING_ID_MAX);
    records[3].kind = BILLING_RECORD_BOARD;
    records[3].u.board.gone = 1;
    records[4].kind = BILLING_RECORD_TEAM;
    records[4].u.team.gone = 1;
    records[4].u.team.version = UINT64_MAX;
    records[5].kind = BILLING_RECORD_BOARD;
    records[5].u.board.team[0] = 't';
    records[5].u.board.link = BILLING_VISIT_EDIT;
    records[6].kind = BILLING_RECORD_ACCESS;
    records[6].u.access = (billing_access_record_t) { 1, 2, 3, 0 };
    records[7] = a_team_record();
    records[7].u.team.editable_boards = 5;

    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(billing_record_encode(&secret, BYTES("k"),
                                               &records[i], out, sizeof(out),
                                               &len),
                         BILLING_OK);
        assert_int_equal(billing_record_decode(&secret, BYTES("k"),
                                               (billing_bytes_t) { out, len },
                                               &back),
                         BILLING_OK);
        assert_memory_equal(&back, &records[i], sizeof(back));
    }
}


static void
p31_each_changed_bit_is_unknown(void **state)
{
    char              out[BILLING_RECORD_MAX];
    size_t            len;
    billing_secret_t  secret = a_secret(1);
    billing_record_t  record = a_team_record(), back, nothing;

    (void) state;

    memset(&nothing, 0, sizeof(nothing));
    assert_int_equal(billing_record_encode(&secret, BYTES(TEAM_KEY), &record,
                                           out, sizeof(out), &len),
                     BILLING_OK);

    for (size_t i = 0; i < 8 * len; i++) {
        out[i / 8] = (char) (out[i / 8] ^ 1 << i % 8);
        assert_int_equal(billing_record_decode(&secret, BYTES(TEAM_KEY),
                                               (billing_bytes_t) { out, len },
                                               &back),
                         BILLING_EMAC);
        assert_memory_equal(&back, &nothing, sizeof(back));
        out[i / 8] = (char) (out[i / 8] ^ 1 << i % 8);
    }

    for (size_t cut = 0; cut < len; cut++) {
        assert_int_equal(billing_record_decode(&secret, BYTES(TEAM_KEY),
                                               (billing_bytes_t) { out, cut },
                                               &back),
                         BILLING_EMAC);
    }
}


static void
p31_a_record_is_bound_to_its_key_and_secret(void **state)
{
    char              out[BILLING_RECORD_MAX];
    size_t            len;
    billing_secret_t  secret = a_secret(1), other = a_secret(2);
    billing_record_t  record = a_team_record(), back;

    (void) state;

    assert_int_equal(billing_record_encode(&secret, BYTES(TEAM_KEY), &record,
                                           out, sizeof(out), &len),
                     BILLING_OK);
    assert_int_equal(billing_record_decode(&secret,
                                           BYTES("billing:1:{t_2}:team"),
                                           (billing_bytes_t) { out, len },
                                           &back),
                     BILLING_EMAC);
    assert_int_equal(billing_record_decode(&other, BYTES(TEAM_KEY),
                                           (billing_bytes_t) { out, len },
                                           &back),
                     BILLING_EMAC);
}


/* 5.8 row 6: even a right MAC does not make a wrong form known. */

static void
p31_signed_nonsense_is_refused(void **state)
{
    char               out[BILLING_RECORD_MAX];
    size_t             len;
    billing_secret_t   secret = a_secret(1);
    billing_record_t   back;
    const char *const  bad[] = {
        "2 member 1 1 {\"roles\":1}",
        "1 owner 1 1 {\"roles\":1}",
        "1 member -1 1 {\"roles\":1}",
        "1 member 1 01 {\"roles\":1}",
        "1 member 1 18446744073709551616 {\"roles\":1}",
        "1 member 1 1 {\"roles\":-1}",
        "1 member 1 1 {\"roles\":4294967296}",
        "1 member 1 1 {\"roles\":1.0}",
        "1 member 1 1 {\"roles\":\"1\"}",
        "1 member 1 1 {\"roles\":true}",
        "1 member 1 1 {}",
        "1 member 1 1 [1]",
        "1 member 1 1 1",
        "1 member 1 1 {\"roles\":1,\"roles\":2}",
        "1 member 1 1 {\"roles\": 1}",
        "1 member 1 1 {\"roles\":1",
        "1 member 1 {\"roles\":1}",
        "1  member 1 1 {\"roles\":1}",
        "1 member 1 1 ",
        "",
        "1 team 1 1 {\"plan\":\"gold\",\"state\":\"active\",\"valid_until\":0,"
            "\"period_end\":0,\"editable_from\":0,\"seats\":1,\"members\":1}",
        "1 team 1 1 {\"plan\":\"team\",\"state\":\"none\",\"valid_until\":0,"
            "\"period_end\":0,\"editable_from\":0,\"seats\":1,\"members\":1}",
        "1 team 1 1 {\"plan\":\"team\",\"state\":\"active\",\"valid_until\":0,"
            "\"period_end\":0,\"editable_from\":0,\"seats\":1}",
        "1 team 1 1 {\"gone\":1}",
        "1 board 1 1 {\"team\":\"a b\",\"rank\":1,\"private\":false}",
        "1 board 1 1 {\"team\":\"a\",\"rank\":1,\"private\":0}",
        "1 board 1 1 {\"team\":\"a\",\"rank\":-1,\"private\":false}"
    };

    (void) state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        len = sign(&secret, "k", bad[i], out);
        assert_int_equal(billing_record_decode(&secret, BYTES("k"),
                                               (billing_bytes_t) { out, len },
                                               &back),
                         BILLING_EFORMAT);
        assert_int_equal(back.kind, BILLING_RECORD_NONE);
    }
}


/* P58: a worker that is one version ahead may add members. */

static void
p58_more_members_are_passed_over(void **state)
{
    char              out[BILLING_RECORD_MAX];
    size_t            len;
    billing_secret_t  secret = a_secret(1);
    billing_record_t  back;

    (void) state;

    len = sign(&secret, "k", "1 member 1 2 {\"roles\":3,\"since\":[1]}", out);
    assert_int_equal(billing_record_decode(&secret, BYTES("k"),
                                           (billing_bytes_t) { out, len },
                                           &back),
                     BILLING_OK);
    assert_int_equal(back.u.member.roles, 3);
}


static void
what_cannot_be_said_is_not_written(void **state)
{
    char              out[BILLING_RECORD_MAX];
    size_t            len;
    billing_secret_t  secret = a_secret(1);
    billing_record_t  record = a_team_record();

    (void) state;

    assert_int_equal(billing_record_encode(&secret, BYTES("k"), &record, out,
                                           64, &len), BILLING_ERANGE);
    assert_int_equal(len, 0);

    for (size_t max = 0; max < 245; max++) {
        billing_err_t  rc = billing_record_encode(&secret, BYTES("k"),
                                                  &record, out, max, &len);

        assert_int_equal(rc == BILLING_OK, len > 0);
        assert_true(len < max || max == 0);
    }

    record.u.team.plan = BILLING_PLAN_NONE;
    assert_int_equal(billing_record_encode(&secret, BYTES("k"), &record, out,
                                           sizeof(out), &len), BILLING_ERANGE);
    record = a_team_record();
    record.u.team.editable_from = UINT64_MAX;
    assert_int_equal(billing_record_encode(&secret, BYTES("k"), &record, out,
                                           sizeof(out), &len), BILLING_ERANGE);
    record.kind = BILLING_RECORD_NONE;
    assert_int_equal(billing_record_encode(&secret, BYTES("k"), &record, out,
                                           sizeof(out), &len), BILLING_ERANGE);
    memset(&record, 0, sizeof(record));
    record.kind = BILLING_RECORD_BOARD;
    assert_int_equal(billing_record_encode(&secret, BYTES("k"), &record, out,
                                           sizeof(out), &len), BILLING_ERANGE);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_team_there_and_back),
        cmocka_unit_test(r198_r221_passes_and_trials_there_and_back),
        cmocka_unit_test(members_boards_and_absent_things),
        cmocka_unit_test(p31_each_changed_bit_is_unknown),
        cmocka_unit_test(p31_a_record_is_bound_to_its_key_and_secret),
        cmocka_unit_test(p31_signed_nonsense_is_refused),
        cmocka_unit_test(p58_more_members_are_passed_over),
        cmocka_unit_test(what_cannot_be_said_is_not_written),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
