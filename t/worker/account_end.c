/* A company that becomes one team again, and teams that are deleted. */

#include "account_fixture.h"

#define THIRD   "third@example.test"
#define FOURTH  "fourth@example.test"
#define VISITS  "visits@example.test"

#define CA  ((uint32_t) BILLING_ROLE_COMPANY_ADMIN)
#define TA  ((uint32_t) BILLING_ROLE_TEAM_ADMIN)
#define BA  ((uint32_t) BILLING_ROLE_BILLING_ADMIN)
#define M   ((uint32_t) BILLING_ROLE_MEMBER)
#define G   ((uint32_t) BILLING_ROLE_GUEST)


/* Its title is what the tests know it by. */

static void
board(const char *actor, const char *team, const char *title, bool private)
{
    drop(expect(actor, "board.create",
                json_pack("{s:s, s:s, s:b}", "team", team, "title", title,
                          "private", (int) private), 201, NULL));
}


static const char *
board_of(const char *title)
{
    static char        id[BILLING_ID_MAX + 1];
    static const char  sql[] = "SELECT id FROM board WHERE title = $1";

    assert_int_equal(billing_db_query(t.w.db, sql, "t", title),
                     BILLING_DB_ROW);
    (void) snprintf(id, sizeof(id), "%s", billing_db_text(t.w.db, sql, 0));
    billing_db_done(t.w.db, sql);

    return id;
}


static void
guest(const char *host, const char *title, const char *email)
{
    drop(expect(host, "guest.add",
                json_pack("{s:s, s:s}", "board", board_of(title), "email",
                          email), 201, NULL));
}


static billing_reason_t
gate(const char *email, const char *title)
{
    const char               *id = board_of(title);
    billing_wanted_t          wanted = { .view = true, .edit = true };
    billing_team_record_t     team;
    billing_board_record_t    record;
    billing_member_record_t   who;

    assert_int_equal(billing_record_board(&t.w, id, &record), BILLING_DB_OK);
    assert_int_equal(billing_record_team(&t.w, record.team, &team),
                     BILLING_DB_OK);
    assert_int_equal(billing_record_member(&t.w, record.team, email, &who),
                     BILLING_DB_OK);
    assert_int_equal(billing_access_rights(&t.w, id, email, &who.access),
                     BILLING_DB_OK);

    return billing_entitle(&t.settings.catalogue, &team, &who, &record,
                           &wanted, t.now);
}


/* THIRD is Team Admin in B, FOURTH a member there. */

static void
people(void)
{
    json_t  *body;

    company("business", 5);
    member(OWNER, "member.add", teams.b, THIRD, 201, NULL);
    member(OWNER, "member.add", teams.b, FOURTH, 201, NULL);
    body = of_member(teams.b, THIRD);
    (void) json_object_set_new(body, "role", json_string("team_admin"));
    drop(expect(OWNER, "member.role", body, 200, NULL));
}


static void
to_the_end(void)
{
    drop(expect(OWNER, "billing.cancel", of_team(teams.a), 200, NULL));
    t.now = number(teams.a, "period_end_at");
    sweep();
}


static void
r187_r189_r190_expired_and_free_is_one_team(void **state)
{
    json_t                 *body, *team;
    billing_team_record_t   gone;

    (void) state;

    people();
    board(OWNER, teams.a, "a1", false);
    board(THIRD, teams.b, "b1", false);
    board(THIRD, teams.b, "b2", true);
    board(OWNER, teams.a, "a2", false);
    board(THIRD, teams.b, "b3", false);
    guest(THIRD, "b1", VISITS);
    member(OWNER, "member.remove", teams.a, PLAIN, 200, NULL);
    assert_int_equal(number(teams.a, "members"), 4);
    to_the_end();
    assert_int_equal(gate(THIRD, "b3"), BILLING_TEAM_EXPIRED);
    gone = record_of(teams.b);

    /* Asked of the team that ends: the answer is about what is left. */

    body = expect(OWNER, "billing.downgrade", of_team(teams.b), 200, NULL);
    team = json_object_get(body, "team");
    assert_string_equal(text_of(team, "id"), teams.a);
    assert_string_equal(text_of(team, "plan"), "free");

    /* PLAIN was in no team any more; the guest is a member now. */

    assert_int_equal(number_of(team, "members"), 4);
    drop(body);
    assert_int_equal(roles_of(teams.a, PLAIN), 0);
    assert_int_equal(roles_of(teams.a, OWNER) & (M | TA | CA), M | TA);
    assert_int_equal(roles_of(teams.a, THIRD), M | TA);
    assert_int_equal(roles_of(teams.a, FOURTH), M);
    assert_int_equal(roles_of(teams.a, VISITS), M);
    assert_int_equal(roles_of(teams.b, THIRD), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM seat"), 4);

    /* The three newest of both. */

    assert_int_equal(gate(FOURTH, "b3"), BILLING_ALLOW);
    assert_int_equal(gate(FOURTH, "a2"), BILLING_ALLOW);
    assert_int_equal(gate(THIRD, "b2"), BILLING_BOARD_LOCKED_PRIVATE);
    assert_int_equal(gate(OWNER, "b1"), BILLING_BOARD_LOCKED_LIMIT);
    assert_int_equal(gate(OWNER, "a1"), BILLING_BOARD_LOCKED_LIMIT);

    assert_true(record_of(teams.b).gone);
    assert_true(record_of(teams.b).version > gone.version);
    drop(expect(THIRD, "dashboard", of_team(teams.b), 404,
                "TEAM_NOT_FOUND"));
    drop(expect(THIRD, "board.create",
                json_pack("{s:s, s:s}", "team", teams.b, "title", "Late"),
                404, "TEAM_NOT_FOUND"));
    accounts_agree();
}


/* Business to Team: guests stay guests, and nobody edits as one (R190). */

static void
r188_r189_business_to_team_at_the_end(void **state)
{
    billing_call_t  call;

    (void) state;

    people();
    board(THIRD, teams.b, "b1", false);
    board(OWNER, teams.a, "a1", false);
    guest(THIRD, "b1", VISITS);
    assert_int_equal(gate(VISITS, "b1"), BILLING_ALLOW);
    drop(expect(OWNER, "billing.downgrade",
                json_pack("{s:s, s:s}", "team", teams.b, "plan", "team"),
                200, NULL));
    assert_int_equal(record_of(teams.b).plan, BILLING_PLAN_BUSINESS);

    t.now = number(teams.a, "period_end_at");
    t.wall = t.now;
    sweep();
    call = take_call(BILLING_CALL_CHARGE);

    /* Somebody comes while the bill is on its way. */

    member(THIRD, "member.add", teams.b, "late@example.test", 201, NULL);
    paid(&call, 5000);

    assert_int_equal(record_of(teams.a).plan, BILLING_PLAN_TEAM);
    assert_int_equal(number(teams.a, "members"), 5);
    assert_int_equal(number(teams.a, "seats"), 5);
    assert_int_equal(roles_of(teams.a, OWNER), M | TA | BA);
    assert_int_equal(roles_of(teams.a, THIRD), M | TA);
    assert_int_equal(roles_of(teams.a, "late@example.test"), M);
    assert_int_equal(roles_of(teams.a, VISITS), G);
    assert_int_equal(gate(THIRD, "b1"), BILLING_ALLOW);
    assert_int_equal(gate(FOURTH, "a1"), BILLING_ALLOW);
    assert_int_equal(gate(VISITS, "b1"), BILLING_GUEST_VIEW_ONLY);
    assert_true(record_of(teams.b).gone);
    drop(further(OWNER, teams.a, 402, "FEATURE_MISSING"));
    accounts_agree();
}


/* An administrator of the company, though its own team is no more. */

static void
the_holder_is_deleted_and_needed_again(void **state)
{
    json_t  *body, *team;

    (void) state;

    people();
    board(OWNER, teams.a, "a1", false);
    board(THIRD, teams.b, "b1", false);
    drop(expect(FOURTH, "team.delete", of_team(teams.b), 403,
                "ADMIN_RIGHTS"));
    drop(expect(THIRD, "team.delete", of_team(teams.a), 404,
                "TEAM_NOT_FOUND"));
    drop(expect(OWNER, "team.delete", of_team(teams.a), 200, NULL));
    assert_true(record_of(teams.a).gone);
    assert_int_equal(gate(OWNER, "a1"), BILLING_TEAM_NOT_FOUND);
    assert_int_equal(number(teams.a, "members"), 4);   /* PLAIN has one yet */
    accounts_agree();

    /* The subscription goes on, and so do the rights in it. */

    drop(expect(OWNER, "dashboard", of_team(teams.a), 404,
                "TEAM_NOT_FOUND"));
    body = expect(OWNER, "billing.overview", of_team(teams.b), 200, NULL);
    assert_int_equal(number_of(json_object_get(body, "renewal"), "amount"),
                     10000);
    drop(body);
    drop(expect(OWNER, "team.delete", of_team(teams.b), 409, "LAST_TEAM"));
    assert_int_equal(gate(THIRD, "b1"), BILLING_ALLOW);

    drop(expect(OWNER, "billing.cancel", of_team(teams.b), 200, NULL));
    t.now = number(teams.a, "period_end_at");
    sweep();
    assert_int_equal(record_of(teams.b).state, BILLING_STATE_EXPIRED);
    body = expect(OWNER, "billing.downgrade", of_team(teams.b), 200, NULL);
    team = json_object_get(body, "team");
    assert_string_equal(text_of(team, "id"), teams.a);
    assert_string_equal(text_of(team, "name"), "Design");
    drop(body);
    assert_false(record_of(teams.a).gone);
    assert_int_equal(roles_of(teams.a, OWNER) & (M | TA | CA), M | TA);
    assert_int_equal(roles_of(teams.a, PLAIN), 0);
    assert_int_equal(gate(THIRD, "b1"), BILLING_ALLOW);
    accounts_agree();
}


static void
r212_r231_a_team_inside_gives_nothing_back(void **state)
{
    int64_t  credit;

    (void) state;

    people();
    board(THIRD, teams.b, "b1", false);
    credit = count("SELECT COUNT(*) FROM ledger");
    drop(expect(THIRD, "team.delete", of_team(teams.b), 200, NULL));
    assert_true(record_of(teams.b).gone);
    assert_int_equal(count("SELECT COUNT(*) FROM board WHERE gone = 0"), 0);
    assert_int_equal(roles_of(teams.b, THIRD), 0);
    assert_int_equal(number(teams.a, "members"), 4);
    assert_int_equal(count("SELECT COUNT(*) FROM ledger"), credit);
    assert_int_equal(count("SELECT COUNT(*) FROM invoice"), 1);
    assert_int_equal(t.mails, 0);
    drop(expect(THIRD, "team.delete", of_team(teams.b), 404,
                "TEAM_NOT_FOUND"));
    leave_company(OWNER, teams.a, THIRD, 200, NULL);
    assert_int_equal(number(teams.a, "members"), 3);
    accounts_agree();
}


/* As the mail has it; the database knows a digest of it only. */

static json_t *
confirmed(const char *team, const char *token)
{
    return json_pack("{s:s, s:s}", "team", team, "confirm", token);
}


static void
r231_a_single_team_waits_for_its_link(void **state)
{
    const char  *id;
    json_t      *body;

    (void) state;

    id = paid_team("team", 3, "monthly");
    drop(expect(PLAIN, "team.delete", of_team(id), 403, "ADMIN_RIGHTS"));
    drop(expect(OWNER, "team.delete", of_team(id), 409, "CANCEL_FIRST"));
    drop(expect(OWNER, "team.delete", confirmed(id, "d_x"), 409,
                "CANCEL_FIRST"));
    drop(expect(OWNER, "billing.cancel", of_team(id), 200, NULL));
    t.mails = 0;

    body = expect(OWNER, "team.delete", of_team(id), 202, NULL);
    assert_string_equal(text_of(body, "state"), "confirmation_sent");
    assert_int_equal(t.mails, 1);
    assert_string_equal(t.mail_to, OWNER);
    assert_string_equal(t.mail_key, "mail.delete_team");
    drop(body);
    drop(expect(OWNER, "team.delete", of_team(id), 429, "TOO_MANY"));
    drop(expect(OWNER, "team.delete", confirmed(id, "d_wrong"), 422,
                "CONFIRMATION_INVALID"));

    /* A team is there, and another admin's link is not this one's. */

    assert_false(record_of(id).gone);
    body = of_member(id, PLAIN);
    (void) json_object_set_new(body, "role", json_string("team_admin"));
    drop(expect(OWNER, "member.role", body, 200, NULL));
    drop(expect(PLAIN, "team.delete", confirmed(id, t.token), 422,
                "CONFIRMATION_INVALID"));
    t.now += BILLING_REMOVAL_SEC;
    drop(expect(OWNER, "team.delete", confirmed(id, t.token), 422,
                "CONFIRMATION_INVALID"));
    drop(expect(OWNER, "team.delete", of_team(id), 202, NULL));
    t.now += BILLING_REMOVAL_SEC - 1;
    drop(expect(OWNER, "team.delete", confirmed(id, t.token), 200, NULL));
    drop(expect(OWNER, "team.delete", confirmed(id, t.token), 404,
                "TEAM_NOT_FOUND"));

    assert_true(record_of(id).gone);
    assert_int_equal(count("SELECT COUNT(*) FROM seat"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM invoice"), 1);
    t.now += 60 * DAY;
    t.mails = 0;
    sweep();
    assert_int_equal(t.mails, 0);
    assert_int_equal(t.nflying, 0);
    accounts_agree();
}


/* What nobody will pay any more is not in the books either. */

static void
r231_what_was_to_be_billed_ends_with_the_team(void **state)
{
    const char      *id;
    billing_call_t   call;

    (void) state;

    id = paid_team("team", 3, "monthly");
    drop(expect(OWNER, "billing.seats", of_seats(id, 5, NULL), 200, NULL));
    assert_true(run_op(next_op(), OWNER, "billing.cancel",
                       of_team(id)).later);
    call = take_call(BILLING_CALL_CHARGE);
    declined(&call, "insufficient_funds");
    assert_int_equal(number(id, "pending_minor"), 2000);
    drop(expect(OWNER, "team.delete", of_team(id), 202, NULL));
    drop(expect(OWNER, "team.delete", confirmed(id, t.token), 200, NULL));
    assert_int_equal(number(id, "pending_minor"), 0);
    assert_int_equal(count("SELECT COALESCE(SUM(amount_minor), 0) FROM"
                           " ledger WHERE account LIKE 'unbilled:%'"), 0);
    t.now += 40 * DAY;
    t.wall = t.now;
    sweep();
    assert_int_equal(t.nflying, 0);
    accounts_agree();
}


static void
r231_not_while_something_is_paid(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1];
    const char      *id = make_team(0);
    billing_call_t   call;

    (void) state;

    call = buy(OWNER, order(id, "team", 3, ""), op);
    drop(expect(OWNER, "team.delete", of_team(id), 409, "CHECKOUT_OPEN"));
    declined(&call, "insufficient_funds");
    drop(expect(OWNER, "team.delete", of_team(id), 202, NULL));
    drop(expect(OWNER, "team.delete", confirmed(id, t.token), 200, NULL));
    accounts_agree();
}


/* Two teams wait for the same person, who then waits for one. */

static void
waits(const char *id, const char *team, const char *email)
{
    char  sql[600];

    (void) snprintf(sql, sizeof(sql),
        "INSERT INTO invitation (id, team, email, inviter, state, digest,"
        " created_at, sent_at, expires_at) VALUES ('i_%s', '%s', '%s',"
        " '" OWNER "', 'pending', '%s', %lld, %lld, %lld);"
        "INSERT INTO team_request (id, team, kind, actor, email, state,"
        " created_at) VALUES ('r_%s', '%s', 'join', '" PLAIN "', '%s',"
        " 'open', 0)", id, team, email, id, (long long) t.now,
        (long long) t.now, (long long) t.now + 90 * DAY, id, team, email);
    assert_int_equal(billing_db_script(t.w.db, sql), BILLING_DB_OK);
}


static void
r189_r207_what_waits_goes_to_the_one_team(void **state)
{
    (void) state;

    people();
    waits("1", teams.b, "twice@example.test");
    waits("2", teams.a, "twice@example.test");
    waits("3", teams.b, "once@example.test");
    to_the_end();
    drop(expect(OWNER, "billing.downgrade", of_team(teams.a), 200, NULL));
    assert_int_equal(count("SELECT COUNT(*) FROM invitation WHERE state ="
        " 'pending' AND team IN (SELECT account FROM team)"), 2);
    assert_int_equal(count("SELECT COUNT(*) FROM team_request WHERE state ="
        " 'open' AND team IN (SELECT account FROM team)"), 2);
    accounts_agree();
}


static void
r231_r207_what_waits_ends_with_its_team(void **state)
{
    billing_op_t         op = { .w = &t.w, .now = t.now };
    billing_op_reply_t   reply;
    billing_command_t    command = { .actor = OWNER, .lang = "en" };
    billing_team_row_t   row;

    (void) state;

    people();
    waits("1", teams.b, "waits@example.test");
    waits("2", teams.a, "waits@example.test");
    assert_int_equal(billing_db_script(t.w.db, "INSERT INTO email_domain"
        " (name, team, token, capture_team, created_at) SELECT"
        " 'corp.test', id, 'd_1', id, 0 FROM team WHERE id <> account"),
        BILLING_DB_OK);
    drop(expect(THIRD, "team.delete", of_team(teams.b), 200, NULL));
    assert_int_equal(count("SELECT COUNT(*) FROM invitation WHERE state ="
                           " 'pending'"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM team_request WHERE state ="
                           " 'open'"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM email_domain d JOIN team h"
        " ON h.id = d.team WHERE h.id = h.account AND d.capture_team = ''"),
        1);

    /* Whatever door there is, it leads into no team that is gone. */

    memset(&reply, 0, sizeof(reply));
    op.command = &command;
    op.reply = &reply;
    turn_begin();
    assert_int_equal(billing_team_load(&t.w, teams.b, &row), BILLING_DB_OK);
    assert_int_equal(billing_member_join(&op, &row, THIRD,
                     (uint32_t) BILLING_ROLE_MEMBER), BILLING_DB_DONE);
    assert_int_equal(reply.status, 404);
    json_decref(reply.body);
    turn_end(true);
    accounts_agree();
}


/* A database of before: companies get their admins, members their licences. */

static void
the_schema_before_accounts_is_brought_up(void **state)
{
    static const char  rows[] =
        "INSERT INTO profile (email, created_at) VALUES ('a@example.test',"
        " 0), ('b@example.test', 0);"
        "INSERT INTO team (id, name, plan, seats, members, currency,"
        " created_at) VALUES ('t1', 'One', 'business', 5, 2, 'USD', 0),"
        " ('t2', 'Two', 'team', 5, 1, 'USD', 0);"
        "INSERT INTO member (team, email, roles, joined_at) VALUES"
        " ('t1', 'a@example.test', 6, 9), ('t1', 'b@example.test', 18, 9),"
        " ('t2', 'a@example.test', 6, 9)";

    (void) state;

    open_older(rows);

    assert_int_equal(roles_of("t1", "a@example.test"), M | TA | CA);
    assert_int_equal(roles_of("t1", "b@example.test"), M | BA);
    assert_int_equal(roles_of("t2", "a@example.test"), M | TA);
    assert_int_equal(count("SELECT COUNT(*) FROM record_outbox WHERE kind ="
                           " 2"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM seat WHERE since = 9"), 3);
    assert_int_equal(count("SELECT COUNT(*) FROM seat WHERE roles <> 0"), 2);
    accounts_agree();
}


int
main(void)
{
#define account_test(name)                                                    \
    cmocka_unit_test_setup_teardown(name, set_up, tear_down)

    const struct CMUnitTest  tests[] = {
        account_test(r187_r189_r190_expired_and_free_is_one_team),
        account_test(r188_r189_business_to_team_at_the_end),
        account_test(the_holder_is_deleted_and_needed_again),
        account_test(r212_r231_a_team_inside_gives_nothing_back),
        account_test(r231_a_single_team_waits_for_its_link),
        account_test(r189_r207_what_waits_goes_to_the_one_team),
        account_test(r231_r207_what_waits_ends_with_its_team),
        account_test(r231_what_was_to_be_billed_ends_with_the_team),
        account_test(r231_not_while_something_is_paid),
        account_test(the_schema_before_accounts_is_brought_up)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
