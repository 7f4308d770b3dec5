/* Rights on single boards: who has them, and that they end. */

#include "business_fixture.h"

#define HEIR   "heir@example.test"
#define GUEST  "guest@example.test"


static void
run(const char *sql)
{
    assert_int_equal(billing_db_exec(t.w.db, sql, ""), BILLING_DB_OK);
    said_anew();
}


static uint32_t
rights(const char *board, const char *email)
{
    billing_access_record_t  record;

    assert_int_equal(billing_record_access(&t.w, board, email, &record),
                     BILLING_DB_OK);

    return record.rights;
}


static uint32_t
roles(const char *team, const char *email)
{
    billing_member_record_t  record;

    assert_int_equal(billing_record_member(&t.w, team, email, &record),
                     BILLING_DB_OK);

    return record.roles;
}


/* A team of OWNER, PLAIN and two more on a plan, with seats for all. */

static const char *
a_team(const char *plan)
{
    const char  *id = make_team(2);

    static char        saved[BILLING_ID_MAX + 1];
    static const char  sql[] =
        "UPDATE team SET plan = $1, state = $2, seats = 9 WHERE id = $3";

    (void) snprintf(saved, sizeof(saved), "%s", id);
    drop(expect(OWNER, "member.add", json_pack("{s:s, s:s}", "team", saved,
                "email", HEIR), 201, NULL));
    assert_int_equal(billing_db_exec(t.w.db, sql, "ttt", plan,
                         strcmp(plan, "enterprise") == 0 ? plan : "active",
                         saved), BILLING_DB_OK);

    return saved;
}


static const char *
a_board(const char *actor, const char *team, bool private)
{
    static char  ids[4][BILLING_ID_MAX + 1];
    static int   n;
    char        *id = ids[n++ % 4];
    json_t      *body;

    body = expect(actor, "board.create",
                  json_pack("{s:s, s:s, s:b}", "team", team, "title", "Plan",
                            "private", (int) private), 201, NULL);
    (void) snprintf(id, sizeof(ids[0]), "%s",
                    text_of(json_object_get(body, "board"), "id"));
    drop(body);

    return id;
}


static void
r229_the_owners_right_goes_with_the_board(void **state)
{
    const char  *team = a_team("business");
    const char  *mine = a_board(PLAIN, team, true);
    const char  *shared = a_board(PLAIN, team, false);

    (void) state;

    assert_int_equal(rights(mine, PLAIN), BILLING_ACCESS_OWNER);
    assert_int_equal(rights(shared, PLAIN), 0);

    drop(expect(OWNER, "member.remove",
                json_pack("{s:s, s:s, s:s}", "team", team, "email", PLAIN,
                          "boards", "transfer:" HEIR), 200, NULL));
    assert_int_equal(rights(mine, PLAIN), 0);
    assert_int_equal(rights(mine, HEIR), BILLING_ACCESS_OWNER);
    assert_int_equal(rights(shared, HEIR), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM board WHERE owner = '" PLAIN
                           "'"), 0);

    /*
     * What was the team's becomes the new owner's alone, and back.  The right
     * stays: who knows of its end before the sharing would refuse the owner.
     */

    drop(expect(HEIR, "board.change", json_pack("{s:s, s:b}", "board",
                shared, "private", 1), 200, NULL));
    assert_int_equal(rights(shared, HEIR), BILLING_ACCESS_OWNER);
    assert_int_equal(rights(shared, PLAIN), 0);
    drop(expect(HEIR, "board.share", json_pack("{s:s}", "board", shared), 200,
                NULL));
    assert_int_equal(rights(shared, HEIR), BILLING_ACCESS_OWNER);
}


static void
r196_a_guest_while_there_is_a_board_for_it(void **state)
{
    const char  *team = a_team("business");
    const char  *one = a_board(OWNER, team, false);
    const char  *two = a_board(OWNER, team, true);

    (void) state;

    drop(expect(OWNER, "guest.add", json_pack("{s:s, s:s}", "board", one,
                "email", GUEST), 201, NULL));
    drop(expect(OWNER, "guest.add", json_pack("{s:s, s:s}", "board", two,
                "email", GUEST), 201, NULL));
    assert_int_equal(roles(team, GUEST), BILLING_ROLE_GUEST);

    drop(expect(OWNER, "guest.remove", json_pack("{s:s, s:s}", "board", one,
                "email", GUEST), 200, NULL));
    assert_int_equal(roles(team, GUEST), BILLING_ROLE_GUEST);
    assert_int_equal(rights(one, GUEST), 0);
    assert_int_equal(rights(two, GUEST), BILLING_ACCESS_INVITED);

    drop(expect(OWNER, "board.delete", json_pack("{s:s}", "board", two), 200,
                NULL));
    assert_int_equal(roles(team, GUEST), 0);
    drop(expect(OWNER, "board.restore", json_pack("{s:s}", "board", two),
                200, NULL));
    assert_int_equal(roles(team, GUEST), BILLING_ROLE_GUEST);
    assert_int_equal(rights(two, OWNER), BILLING_ACCESS_OWNER);

    /* As a member no guest; removed, nothing is left of either. */

    drop(expect(OWNER, "member.add", json_pack("{s:s, s:s}", "team", team,
                "email", GUEST), 201, NULL));
    assert_int_equal(roles(team, GUEST), BILLING_ROLE_MEMBER);
    drop(expect(OWNER, "member.remove", json_pack("{s:s, s:s}", "team", team,
                "email", GUEST), 200, NULL));
    assert_int_equal(roles(team, GUEST), 0);
    assert_int_equal(rights(two, GUEST), 0);

    /* Removed people can come back as guests (R74). */

    drop(expect(OWNER, "guest.add", json_pack("{s:s, s:s}", "board", one,
                "email", GUEST), 201, NULL));
    assert_int_equal(roles(team, GUEST), BILLING_ROLE_GUEST);
}


static void
r42_a_team_may_keep_a_number_of_its_own(void **state)
{
    const char             *team = make_team(0);
    uint64_t                first = (uint64_t) t.now * 1048576;
    billing_team_record_t   record;

    (void) state;

    for (unsigned i = 0; i < 6; i++) {
        (void) a_board(OWNER, team, false);
    }

    assert_int_equal(billing_record_team(&t.w, team, &record),
                     BILLING_DB_OK);
    assert_int_equal(record.editable_from, first + 3);
    assert_int_equal(record.editable_boards, 0);

    run("UPDATE team SET editable_boards = 5");
    assert_int_equal(billing_record_team(&t.w, team, &record),
                     BILLING_DB_OK);
    assert_int_equal(record.editable_from, first + 1);
    assert_int_equal(record.editable_boards, 5);

    run("UPDATE team SET plan = 'team', state = 'active', seats = 1");
    assert_int_equal(billing_record_team(&t.w, team, &record),
                     BILLING_DB_OK);
    assert_int_equal(record.editable_from, 0);
}


static void
r31_either_company_forbids(void **state)
{
    char         from[BILLING_ID_MAX + 1];
    const char  *board, *to;

    (void) state;

    (void) snprintf(from, sizeof(from), "%s", make_team(0));
    board = a_board(OWNER, from, false);
    to = make_team(0);
    run("UPDATE team SET board_moves = 'forbidden'");
    drop(expect(OWNER, "board.move", json_pack("{s:s, s:s}", "board", board,
                "team", to), 403, "BOARD_MOVE_FORBIDDEN"));
    drop(expect(OWNER, "board.affected", json_pack("{s:s, s:s}", "board",
                board, "team", to), 403, "BOARD_MOVE_FORBIDDEN"));
    run("UPDATE team SET board_moves = 'allowed'");
    drop(expect(OWNER, "board.move", json_pack("{s:s, s:s}", "board", board,
                "team", to), 200, NULL));
}


static void
r202_a_contract_of_zero_seats_has_no_bound(void **state)
{
    json_t      *body;
    const char  *team = a_team("enterprise");

    (void) state;

    run("UPDATE team SET seats = 0");
    drop(expect(OWNER, "member.add", json_pack("{s:s, s:s}", "team", team,
                "email", "one@example.test"), 201, NULL));
    assert_int_equal(roles(team, "one@example.test"), BILLING_ROLE_MEMBER);

    run("UPDATE team SET seats = 4");
    body = expect(OWNER, "member.add", json_pack("{s:s, s:s}", "team", team,
                  "email", "two@example.test"), 201, NULL);
    assert_int_equal(number_of(json_object_get(body, "team"), "members"), 5);
    drop(body);
    assert_int_equal(roles(team, "two@example.test"),
                     BILLING_ROLE_RESTRICTED);
    drop(expect(OWNER, "member.add", json_pack("{s:s, s:s}", "team", team,
                "email", "two@example.test"), 409, "MEMBER_EXISTS"));
}


static void
r40_a_copy_does_not_open_anothers_private_board(void **state)
{
    const char  *team = a_team("business");
    const char  *mine = a_board(OWNER, team, true);

    (void) state;

    drop(expect(OWNER, "guest.add", json_pack("{s:s, s:s}", "board", mine,
                "email", PLAIN), 201, NULL));
    drop(expect(PLAIN, "board.copy", json_pack("{s:s}", "board", mine), 201,
                NULL));
    assert_int_equal(count("SELECT COUNT(*) FROM board WHERE owner = '" PLAIN
                           "' AND is_private = 1"), 1);

    run("UPDATE team SET plan = 'free', state = 'free'");
    drop(expect(PLAIN, "board.copy", json_pack("{s:s}", "board", mine), 403,
                "BOARD_NOT_OWNER"));
    drop(expect(OWNER, "board.copy", json_pack("{s:s}", "board", mine), 201,
                NULL));
    assert_int_equal(count("SELECT COUNT(*) FROM board WHERE owner = '" OWNER
                           "' AND is_private = 0"), 1);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(
            r229_the_owners_right_goes_with_the_board, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            r196_a_guest_while_there_is_a_board_for_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            r42_a_team_may_keep_a_number_of_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(r31_either_company_forbids, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            r202_a_contract_of_zero_seats_has_no_bound, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            r40_a_copy_does_not_open_anothers_private_board, set_up,
            tear_down)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("boards", tests, NULL, NULL);
}
