/* Day Passes of a company of several teams. */

#include "account_fixture.h"

#define GUEST  "occasional@example.test"


static char  board[BILLING_ID_MAX + 1];


static void
in_days(int days)
{
    t.now += (int64_t) days * DAY;
    sweep();
}


static void
make_board(const char *team)
{
    json_t  *body;

    body = expect(OWNER, "board.create", json_pack("{s:s, s:s}", "team", team,
                  "title", "Board"), 201, NULL);
    (void) snprintf(board, sizeof(board), "%s",
                    text_of(json_object_get(body, "board"), "id"));
    drop(body);
}


static bool
opened(const char *email)
{
    bool     bought;
    json_t  *body;

    body = expect(email, "board.open", json_pack("{s:s, s:s}", "board",
                  board, "mode", "edit"), 200, NULL);
    bought = json_is_true(json_object_get(json_object_get(body, "pass"),
                                          "bought"));
    drop(body);

    return bought;
}


static int64_t
pass_ends_at(const char *team, const char *email)
{
    billing_member_record_t  record;

    assert_int_equal(billing_record_member(&t.w, team, email, &record),
                     BILLING_DB_OK);

    return record.pass_ends_at;
}


static void
two_teams(void)
{
    company("business", 5);
    member(OWNER, "occasional.add", teams.a, GUEST, 201, NULL);
    member(OWNER, "occasional.add", teams.b, GUEST, 201, NULL);
    make_board(teams.b);
}


/* One for both teams, billed to who pays for both. */

static void
r198_r199_a_pass_is_good_in_every_team_of_the_account(void **state)
{
    billing_call_t  call;

    (void) state;

    two_teams();
    assert_int_equal(record_of(teams.b).day_passes, 1);
    assert_true(opened(GUEST));
    assert_int_equal(pass_ends_at(teams.a, GUEST), t.now + DAY);
    assert_int_equal(pass_ends_at(teams.b, GUEST), t.now + DAY);
    make_board(teams.a);
    assert_false(opened(GUEST));
    assert_int_equal(count("SELECT COUNT(*) FROM day_pass"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM day_pass p JOIN team t"
                           " ON t.id = p.team AND t.account = t.id"), 1);
    accounts_agree();

    in_days(31);
    call = take_call(BILLING_CALL_CHARGE);
    paid(&call, count("SELECT 5 * 2000 + price_minor FROM day_pass"));
    assert_int_equal(count("SELECT SUM(billed) FROM day_pass"), 1);
    accounts_agree();
}


static void
r200_passes_are_off_for_the_whole_company(void **state)
{
    uint64_t  version;

    (void) state;

    two_teams();
    version = record_of(teams.b).version;
    drop(expect(OWNER, "day_passes.set", json_pack("{s:s, s:b}", "team",
                teams.b, "enabled", 0), 200, NULL));
    assert_int_equal(record_of(teams.a).day_passes, 0);
    assert_int_equal(record_of(teams.b).day_passes, 0);
    assert_true(record_of(teams.b).version > version);
    drop(expect(GUEST, "board.open", json_pack("{s:s, s:s}", "board", board,
                "mode", "edit"), 403, "DAYPASS_OFF"));
    drop(expect(OWNER, "day_passes.set", json_pack("{s:s, s:b}", "team",
                teams.a, "enabled", 1), 200, NULL));
    assert_int_equal(record_of(teams.b).day_passes, 1);
    accounts_agree();
}


/* One licence for one person in all teams (R14). */

static void
r14_r198_who_has_a_seat_edits_nowhere_by_the_day(void **state)
{
    (void) state;

    two_teams();
    member(OWNER, "member.add", teams.b, GUEST, 201, NULL);
    assert_int_equal(roles_of(teams.a, GUEST), BILLING_ROLE_MEMBER);
    assert_int_equal(roles_of(teams.b, GUEST), BILLING_ROLE_MEMBER);
    accounts_agree();

    /* The company keeps the licence of who leaves a team (R210). */

    member(OWNER, "member.remove", teams.a, GUEST, 200, NULL);
    member(OWNER, "occasional.add", teams.a, GUEST, 409, "MEMBER_EXISTS");
    accounts_agree();
}


/* On the way down Occasional users are members of the one team (R190). */

static void
r190_r198_occasional_users_of_all_teams_come_along(void **state)
{
    billing_call_t      call;
    billing_op_reply_t  reply;

    (void) state;

    two_teams();
    assert_true(opened(GUEST));
    reply = run_op(next_op(), OWNER, "billing.cancel", of_team(teams.a));
    assert_true(reply.later);
    call = take_call(BILLING_CALL_CHARGE);
    paid(&call, count("SELECT price_minor FROM day_pass"));

    in_days(31);
    drop(expect(OWNER, "billing.downgrade", of_team(teams.a), 200, NULL));
    assert_int_equal(roles_of(teams.a, GUEST), BILLING_ROLE_MEMBER);
    assert_int_equal(roles_of(teams.b, GUEST), 0);
    accounts_agree();
}


#define account_test(name)                                                    \
    cmocka_unit_test_setup_teardown(name, set_up, tear_down)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        account_test(r198_r199_a_pass_is_good_in_every_team_of_the_account),
        account_test(r200_passes_are_off_for_the_whole_company),
        account_test(r14_r198_who_has_a_seat_edits_nowhere_by_the_day),
        account_test(r190_r198_occasional_users_of_all_teams_come_along)
    };

    if (billing_text_init() != BILLING_OK) {
        return 1;
    }

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("day_pass_account", tests, NULL, NULL);
}
