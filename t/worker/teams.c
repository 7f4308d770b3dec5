/* Teams, members, boards, and what is said about them. */

#include "business_fixture.h"

#define SEEDED  "owner@example.test"


static const char *
make_board(const char *actor, const char *team, bool private)
{
    static char  id[BILLING_ID_MAX + 1];
    json_t      *body;

    body = expect(actor, "board.create",
                  json_pack("{s:s, s:s, s:b}", "team", team, "title", "Plan",
                            "private", (int) private), 201, NULL);
    (void) snprintf(id, sizeof(id), "%s",
                    text_of(json_object_get(body, "board"), "id"));
    drop(body);

    return id;
}


static billing_reason_t
gate(const char *team, const char *email, const char *board)
{
    billing_wanted_t          wanted = { .view = true, .edit = true };
    billing_team_record_t     team_record;
    billing_board_record_t    board_record;
    billing_member_record_t   member_record;
    billing_access_record_t   access_record;

    assert_int_equal(billing_record_team(&t.w, team, &team_record),
                     BILLING_DB_OK);
    assert_int_equal(billing_record_member(&t.w, team, email,
                                           &member_record), BILLING_DB_OK);
    assert_int_equal(billing_record_board(&t.w, board, &board_record),
                     BILLING_DB_OK);
    assert_int_equal(billing_record_access(&t.w, board, email,
                                           &access_record), BILLING_DB_OK);
    member_record.access = access_record.rights;
    assert_string_equal(board_record.gone ? team : board_record.team, team);

    return billing_entitle(&t.settings.catalogue, &team_record,
                           &member_record, &board_record, &wanted, t.now);
}


static void
r37_r38_r44_the_three_newest_boards_then_all(void **state)
{
    char             boards[5][BILLING_ID_MAX + 1];
    char             op[BILLING_OP_ID_LEN + 1];
    const char      *id = make_team(1);
    billing_call_t   call;

    (void) state;

    for (unsigned i = 0; i < 4; i++) {
        (void) snprintf(boards[i], sizeof(boards[i]), "%s",
                        make_board(i == 1 ? PLAIN : OWNER, id, false));
    }

    assert_int_equal(gate(id, PLAIN, boards[0]), BILLING_BOARD_LOCKED_LIMIT);

    for (unsigned i = 1; i < 4; i++) {
        assert_int_equal(gate(id, PLAIN, boards[i]), BILLING_ALLOW);
    }

    (void) snprintf(boards[4], sizeof(boards[4]), "%s",
                    make_board(OWNER, id, false));
    assert_int_equal(gate(id, PLAIN, boards[1]), BILLING_BOARD_LOCKED_LIMIT);

    /* Deleting one frees a place for the next most recent. */

    drop(expect(OWNER, "board.delete",
                json_pack("{s:s}", "board", boards[3]), 200, NULL));
    assert_int_equal(gate(id, PLAIN, boards[1]), BILLING_ALLOW);
    assert_int_equal(gate(id, PLAIN, boards[0]), BILLING_BOARD_LOCKED_LIMIT);

    call = buy(PLAIN, order(id, "team", 2, ""), op);
    answer_call(&call, 200, intent(&call, "pi_1", "succeeded", 2000), true);
    assert_int_equal(gate(id, OWNER, boards[0]), BILLING_ALLOW);
    assert_int_equal(gate(id, PLAIN, boards[0]), BILLING_ALLOW);

    /* The period ends by itself (P33); a renewal would have begun. */

    t.now += 31 * 86400 + BILLING_RENEWAL_SEC;
    assert_int_equal(gate(id, PLAIN, boards[0]), BILLING_TEAM_EXPIRED);
}


static void
r39_no_private_boards_on_free(void **state)
{
    const char  *id = make_team(0);

    (void) state;

    drop(expect(OWNER, "board.create",
                json_pack("{s:s, s:s, s:b}", "team", id, "title", "Own",
                          "private", 1), 422, "BOARD_PRIVATE_FREE"));
    drop(expect(OWNER, "board.create",
                json_pack("{s:s, s:s}", "team", id, "title", "a\tb"), 422,
                "NAME_INVALID"));
}


static void
r30_r34_only_the_owner_moves_only_to_an_own_team(void **state)
{
    char         first[BILLING_ID_MAX + 1], board[BILLING_ID_MAX + 1];
    json_t      *body;
    const char  *second;

    (void) state;

    (void) snprintf(first, sizeof(first), "%s", make_team(1));
    (void) snprintf(board, sizeof(board), "%s",
                    make_board(OWNER, first, false));
    second = make_team(0);

    drop(expect(PLAIN, "board.move", json_pack("{s:s, s:s}", "board", board,
                "team", first), 403, "BOARD_NOT_OWNER"));
    drop(expect(OWNER, "board.move", json_pack("{s:s, s:s}", "board", board,
                "team", "t_none"), 403, "BOARD_DEST"));
    drop(expect("stranger@example.test", "board.delete",
                json_pack("{s:s}", "board", board), 404,
                "BOARD_NOT_FOUND"));
    body = expect(OWNER, "board.move", json_pack("{s:s, s:s}", "board",
                  board, "team", second), 200, NULL);
    assert_string_equal(text_of(json_object_get(body, "board"), "team"),
                        second);
    drop(body);
    drop(expect(PLAIN, "board.delete", json_pack("{s:s}", "board", board),
                404, "BOARD_NOT_FOUND"));
}


static void
r19_r20_r21_r22_enterprise_and_domain_control(void **state)
{
    (void) state;

    turn_begin();
    assert_int_equal(billing_seed(&t.w, t.now), BILLING_DB_OK);
    turn_end(false);

    drop(expect("big@example.test", "team.create",
                json_pack("{s:s, s:s}", "name", "A", "from", "dashboard"),
                403, "TEAM_CREATE_ENTERPRISE"));
    drop(expect("big@example.test", "team.create",
                json_pack("{s:s, s:s}", "name", "A", "from", "pricing"), 201,
                NULL));
    drop(expect("staff@corp.example.test", "team.create",
                json_pack("{s:s, s:s}", "name", "A", "from", "pricing"), 403,
                "TEAM_CREATE_DOMAIN"));
    drop(expect("other@corp.example.test", "team.create",
                json_pack("{s:s, s:s}", "name", "A", "from", "dashboard"),
                403, "TEAM_CREATE_DOMAIN"));
}


static void
r36_r66_members_join_leave_and_are_counted(void **state)
{
    json_t          *body;
    const char      *id = make_team(1);
    billing_db_rc_t  rc;
    billing_member_record_t  record;

    (void) state;

    drop(expect(OWNER, "member.add", json_pack("{s:s, s:s}", "team", id,
                "email", "PLAIN@example.test"), 409, "MEMBER_EXISTS"));
    drop(expect(OWNER, "member.add", json_pack("{s:s, s:s}", "team", id,
                "email", "not an address"), 422, "EMAIL_INVALID"));
    body = expect(PLAIN, "member.add", json_pack("{s:s, s:s}", "team", id,
                  "email", "third@example.test"), 201, NULL);
    assert_int_equal(number_of(json_object_get(body, "team"), "members"), 3);
    drop(body);

    drop(expect(PLAIN, "member.remove", json_pack("{s:s, s:s}", "team", id,
                "email", "third@example.test"), 403, "ADMIN_RIGHTS"));
    drop(expect(OWNER, "member.remove", json_pack("{s:s, s:s}", "team", id,
                "email", "nobody@example.test"), 404, "MEMBER_NOT_FOUND"));
    drop(expect(OWNER, "member.remove", json_pack("{s:s, s:s}", "team", id,
                "email", "third@example.test"), 200, NULL));
    drop(expect(PLAIN, "member.remove", json_pack("{s:s, s:s}", "team", id,
                "email", PLAIN), 200, NULL));
    assert_int_equal(count("SELECT members FROM team"), 1);

    /* That it is no member any more is a record with a higher version. */

    rc = billing_record_member(&t.w, id, PLAIN, &record);
    assert_int_equal(rc, BILLING_DB_OK);
    assert_int_equal(record.roles, 0);
    assert_int_equal(record.version, 2);
}


static void
a_team_admin_does_not_remove_the_company_admin(void **state)
{
    char         text[512];
    const char  *id = make_team(2), *form = "{s:s, s:s}";

    (void) state;

    (void) snprintf(text, sizeof(text),
                    "UPDATE team SET plan = 'business', seats = 5;"
                    "UPDATE member SET roles = %d WHERE email = '%s';"
                    "UPDATE member SET roles = %d WHERE email = '%s'",
                    (int) (BILLING_ROLE_MEMBER | BILLING_ROLE_COMPANY_ADMIN),
                    OWNER, (int) (BILLING_ROLE_MEMBER
                                  | BILLING_ROLE_TEAM_ADMIN), PLAIN);
    assert_int_equal(billing_db_script(t.w.db, text), BILLING_DB_OK);
    said_anew();

    drop(expect(PLAIN, "member.remove",
                json_pack(form, "team", id, "email", OWNER), 403,
                "ADMIN_RIGHTS"));
    drop(expect(PLAIN, "member.remove",
                json_pack(form, "team", id, "email", "member1@example.test"),
                200, NULL));
    drop(expect(OWNER, "member.remove",
                json_pack(form, "team", id, "email", OWNER), 409,
                "LAST_ADMIN"));
    drop(expect(OWNER, "member.role",
                json_pack("{s:s, s:s, s:s}", "team", id, "email", PLAIN,
                          "role", "company_admin"), 200, NULL));
    drop(expect(OWNER, "member.remove",
                json_pack(form, "team", id, "email", OWNER), 200, NULL));
}


static void
the_last_admin_stays(void **state)
{
    const char  *id = make_team(1);

    (void) state;

    drop(expect(OWNER, "member.remove", json_pack("{s:s, s:s}", "team", id,
                "email", OWNER), 409, "LAST_ADMIN"));
    drop(expect(OWNER, "member.role", json_pack("{s:s, s:s, s:s}", "team",
                id, "email", OWNER, "role", "member"), 409, "LAST_ADMIN"));
    drop(expect(PLAIN, "member.role", json_pack("{s:s, s:s, s:s}", "team",
                id, "email", PLAIN, "role", "team_admin"), 403,
                "ADMIN_RIGHTS"));
    drop(expect(OWNER, "member.role", json_pack("{s:s, s:s, s:s}", "team",
                id, "email", PLAIN, "role", "emperor"), 422,
                "ROLE_INVALID"));
    drop(expect(OWNER, "member.role", json_pack("{s:s, s:s, s:s}", "team",
                id, "email", PLAIN, "role", "team_admin"), 200, NULL));
    drop(expect(OWNER, "member.remove", json_pack("{s:s, s:s}", "team", id,
                "email", OWNER), 200, NULL));
}


static void
r144_r145_seats_on_a_paid_team(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1];
    const char      *id = make_team(1);
    billing_call_t   call;

    (void) state;

    call = buy(OWNER, order(id, "team", 3, ""), op);
    answer_call(&call, 200, intent(&call, "pi_1", "succeeded", 3000), true);
    drop(expect(OWNER, "member.add", json_pack("{s:s, s:s}", "team", id,
                "email", "third@example.test"), 201, NULL));
    drop(expect(OWNER, "member.add", json_pack("{s:s, s:s}", "team", id,
                "email", "fourth@example.test"), 201, NULL));
    assert_int_equal(count("SELECT members FROM team"), 4);
    assert_int_equal(count("SELECT seats FROM team"), 4);
    assert_int_equal(count("SELECT pending_minor FROM team"), 1000);
}


static void
r58_r59_r128_what_the_pages_say(void **state)
{
    json_t  *body, *team;

    (void) state;

    turn_begin();
    assert_int_equal(billing_seed(&t.w, t.now), BILLING_DB_OK);
    turn_end(false);
    turn_begin();
    assert_int_equal(billing_seed(&t.w, t.now), BILLING_DB_OK);
    turn_end(false);                    /* once */
    assert_int_equal(count("SELECT COUNT(*) FROM team"), 11);
    assert_int_equal(count("SELECT COUNT(*) FROM board"
                           " WHERE team = 'team-free'"), 4);
    assert_int_equal(count("SELECT COUNT(*) FROM team t WHERE t.members <>"
                           " (SELECT COUNT(*) FROM member m WHERE m.team ="
                           " t.id AND (m.roles & 2) <> 0)"), 0);

    body = expect("member@example.test", "dashboard",
                  json_pack("{s:s}", "team", "team-free"), 200, NULL);
    assert_true(json_is_true(json_object_get(
        json_object_get(body, "upgrade_button"), "visible")));
    assert_int_equal(json_array_size(json_object_get(body, "boards")), 4);
    assert_int_equal(json_array_size(json_object_get(body, "members")), 3);
    assert_false(json_is_true(json_object_get(json_array_get(
        json_object_get(body, "boards"), 3), "editable")));
    team = json_object_get(json_object_get(body, "team"), "can");
    assert_true(json_is_true(json_object_get(team, "upgrade")));
    assert_false(json_is_true(json_object_get(team, "open_billing")));
    assert_false(json_is_true(json_object_get(team, "remove_members")));
    drop(body);

    body = expect("guest@example.test", "dashboard",
                  json_pack("{s:s}", "team", "team-free"), 200, NULL);
    assert_false(json_is_true(json_object_get(
        json_object_get(body, "upgrade_button"), "visible")));
    assert_int_equal(json_array_size(json_object_get(body, "members")), 0);
    drop(body);

    body = expect(SEEDED, "dashboard",
                  json_pack("{s:s}", "team", "team-cancelled"), 200, NULL);
    assert_string_equal(text_of(json_array_get(
        json_object_get(body, "notices"), 0), "code"), "cancelled");
    team = json_object_get(json_object_get(body, "team"), "can");
    assert_true(json_is_true(json_object_get(team, "reactivate")));
    assert_false(json_is_true(json_object_get(team, "upgrade")));
    drop(body);

    body = expect(SEEDED, "billing.overview",
                  json_pack("{s:s}", "team", "team-monthly"), 200, NULL);
    assert_int_equal(number_of(json_object_get(body, "renewal"), "amount"),
                     5000);
    drop(body);
    drop(expect("member@example.test", "billing.overview",
                json_pack("{s:s}", "team", "team-monthly"), 403,
                "BILLING_RIGHTS"));
    drop(expect(SEEDED, "billing.overview",
                json_pack("{s:s}", "team", "team-free"), 409,
                "NO_SUBSCRIPTION"));
    drop(expect(SEEDED, "billing.invoices",
                json_pack("{s:s}", "team", "team-monthly"), 200, NULL));
    drop(expect("nobody@example.test", "dashboard", json_object(), 200,
                NULL));
    drop(expect(SEEDED, "operation",
                json_pack("{s:s}", "operation", "op_x"), 404,
                "OPERATION_NOT_FOUND"));
    body = expect("", "demo.data", json_object(), 200, NULL);
    assert_int_equal(json_array_size(json_object_get(body, "teams")), 11);
    drop(body);
}


static void
r46_r53_r66_the_offer(void **state)
{
    json_t      *body, *plan, *invoice;
    const char  *id = make_team(2);

    (void) state;

    body = expect(PLAIN, "upgrade.offer", json_pack("{s:s}", "team", id),
                  200, NULL);
    plan = json_array_get(json_object_get(body, "plans"), 0);
    assert_string_equal(text_of(plan, "plan"), "team");
    assert_int_equal(number_of(plan, "seats"), 3);
    assert_int_equal(number_of(plan, "min_seats"), 3);
    assert_int_equal(number_of(plan, "max_seats"), 100);
    invoice = json_array_get(json_object_get(plan, "payment_methods"), 1);
    assert_false(json_is_true(json_object_get(invoice, "allowed")));
    assert_string_equal(text_of(invoice, "code"), "INVOICE_TEAM_SEATS");

    plan = json_array_get(json_object_get(body, "plans"), 1);
    assert_int_equal(number_of(plan, "seats"), 5);
    invoice = json_array_get(json_object_get(plan, "payment_methods"), 1);
    assert_true(json_is_true(json_object_get(invoice, "allowed")));

    plan = json_array_get(json_object_get(body, "plans"), 3);
    assert_string_equal(text_of(plan, "plan"), "enterprise");
    assert_true(json_is_true(json_object_get(plan, "contact")));
    drop(body);
}


static void
r181_a_cancelled_period_ends_in_expired(void **state)
{
    (void) state;

    turn_begin();
    assert_int_equal(billing_seed(&t.w, t.now), BILLING_DB_OK);
    turn_end(false);

    sweep();
    assert_int_equal(count("SELECT COUNT(*) FROM team"
                           " WHERE state = 'expired'"), 1);
    t.now += 20 * 86400;
    sweep();
    assert_int_equal(count("SELECT COUNT(*) FROM team"
                           " WHERE state = 'expired'"), 2);
    drop(expect(SEEDED, "board.create", json_pack("{s:s, s:s}", "team",
                "team-cancelled", "title", "Late"), 403, "TEAM_EXPIRED"));
}


static void
the_test_clock_goes_on_by_what_is_asked(void **state)
{
    json_t  *body;

    (void) state;

    body = expect("", "demo.clock.set", json_pack("{s:s}", "advance", "31d"),
                  200, NULL);
    assert_string_equal(text_of(body, "now"), "2026-02-01T09:00:00Z");
    assert_int_equal(number_of(body, "offset"), 31 * 86400);
    drop(body);
    drop(expect("", "demo.clock.set", json_pack("{s:s}", "advance", "-1d"),
                422, "FIELD_TYPE"));
    drop(expect("", "demo.clock.set", json_pack("{s:s}", "advance", "9"),
                422, "FIELD_TYPE"));
    t.settings.demo = false;
    drop(expect("", "demo.clock.set", json_pack("{s:s}", "advance", "1d"),
                404, "NOT_FOUND"));
    drop(expect("", "no.such", json_object(), 404, "NOT_FOUND"));
}


static void
p10_nothing_unbalanced_is_posted(void **state)
{
    billing_money_t    one = { 100, t.settings.catalogue.currency };
    billing_posting_t  posting = { .txn = "x", .ref = "x", .at = T0 };

    (void) state;

    turn_begin();
    billing_posting_add(&posting, "gateway", NULL, one);
    assert_int_equal(billing_ledger_post(&t.w, &posting),
                     BILLING_DB_CONFLICT);
    one.minor = -100;
    billing_posting_add(&posting, "revenue", NULL, one);
    assert_int_equal(billing_ledger_post(&t.w, &posting), BILLING_DB_OK);
    turn_end(false);
    assert_int_equal(count("SELECT COUNT(*) FROM ledger"), 2);
}


int
main(void)
{
#define team_test(name)                                                       \
    cmocka_unit_test_setup_teardown(name, set_up, tear_down)

    const struct CMUnitTest  tests[] = {
        team_test(r37_r38_r44_the_three_newest_boards_then_all),
        team_test(r39_no_private_boards_on_free),
        team_test(r30_r34_only_the_owner_moves_only_to_an_own_team),
        team_test(r19_r20_r21_r22_enterprise_and_domain_control),
        team_test(r36_r66_members_join_leave_and_are_counted),
        team_test(a_team_admin_does_not_remove_the_company_admin),
        team_test(the_last_admin_stays),
        team_test(r144_r145_seats_on_a_paid_team),
        team_test(r58_r59_r128_what_the_pages_say),
        team_test(r46_r53_r66_the_offer),
        team_test(r181_a_cancelled_period_ends_in_expired),
        team_test(the_test_clock_goes_on_by_what_is_asked),
        team_test(p10_nothing_unbalanced_is_posted)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
