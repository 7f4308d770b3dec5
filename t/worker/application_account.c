/* The application and a company: one licence a person, one end for a team. */

#include "account_fixture.h"
#include "application_fixture.h"


static json_t *
as_role(const char *team, const char *email, const char *role_word)
{
    return json_pack("{s:s, s:s, s:s}", "team", team, "email", email, "role",
                     role_word);
}


static void
r26_a_team_inside_an_account(void **state)
{
    json_t  *body;

    (void) state;

    company("consultant", 3);

    body = list("app.teams", NULL,
                json_pack("[{s:s, s:s, s:s, s:s}, {s:s, s:s, s:s, s:s},"
                    " {s:s, s:s, s:s, s:i}, {s:s, s:s, s:s},"
                    " {s:s, s:s, s:s}]",
                    "id", "c", "name", "C", "account", teams.b,
                    "plan", "consultant",
                    "id", "d", "name", "D", "account", teams.a,
                    "plan", "enterprise",
                    "id", "e", "name", "E", "account", teams.a, "seats", 5,
                    "id", "f", "name", "F", "account", "nowhere",
                    "id", teams.b, "name", "Design", "account", "c"));
    counted(body, 1, 0, 4);
    assert_string_equal(refusal(body, 0), "PLAN_UNKNOWN");
    assert_string_equal(refusal(body, 1), "FIELD_TYPE");
    assert_string_equal(refusal(body, 2), "TEAM_NOT_FOUND");
    assert_string_equal(refusal(body, 3), "FIELD_TYPE");
    drop(body);
    assert_int_equal(count("SELECT COUNT(*) FROM team WHERE id = 'c' AND"
        " plan = 'consultant' AND members = 0 AND account <> id"), 1);

    body = app("app.team", json_pack("{s:s, s:s, s:s}", "team", "c", "name",
               "C", "account", teams.a), 200, NULL);
    assert_string_equal(text_of(json_object_get(body, "team"), "account"),
                        teams.a);
    drop(body);
    accounts_agree();

    /* Team has one team; Free has no subscription to be in. */

    drop(app("app.team", json_pack("{s:s, s:s}", "team", "own", "name",
             "Own"), 201, NULL));
    drop(app("app.team", json_pack("{s:s, s:s, s:s}", "team", "g", "name",
             "G", "account", "own"), 409, "NO_SUBSCRIPTION"));
    drop(app("app.team", json_pack("{s:s, s:s, s:s}", "team", "g", "name",
             "G", "account", paid_team("team", 2, "monthly")), 402,
             "FEATURE_MISSING"));
}


static void
r14_one_licence_for_two_teams_of_a_list(void **state)
{
    json_t  *body;

    (void) state;

    company("consultant", 3);             /* OWNER and PLAIN have one */

    body = list("app.members", NULL,
                json_pack("[o, o, o, o]",
                          as_role(teams.b, PLAIN, "member"),
                          as_role(teams.b, "new@example.test", "member"),
                          as_role(teams.a, "new@example.test", "team_admin"),
                          as_role(teams.b, "late@example.test", "member")));
    counted(body, 3, 0, 1);
    assert_string_equal(refusal(body, 0), "NO_VACANT_SEAT");
    drop(body);
    assert_int_equal(number(teams.a, "members"), 3);
    assert_int_equal(number(teams.b, "members"), 3);
    accounts_agree();

    /* Removed from one team, and from the other: the licence is kept. */

    drop(app("app.member.delete", of_member(teams.b, PLAIN), 200, NULL));
    drop(app("app.member.delete", of_member(teams.a, PLAIN), 200, NULL));
    assert_int_equal(number(teams.a, "members"), 3);
    drop(app("app.member", as_role(teams.b, PLAIN, "member"), 201, NULL));
    body = of_member(teams.b, PLAIN);
    (void) json_object_set_new(body, "scope", json_string("company"));
    drop(app("app.member.delete", body, 200, NULL));
    assert_int_equal(number(teams.a, "members"), 2);
    accounts_agree();
}


static void
r14_r145_licences_are_added_to_the_account(void **state)
{
    json_t  *body;

    (void) state;

    company("consultant", 2);
    t.now += 16 * DAY;

    body = list("app.members", "add_seat",
                json_pack("[o, o, o]",
                          as_role(teams.b, "one@example.test", "member"),
                          as_role(teams.a, "one@example.test", "member"),
                          as_role(teams.b, "two@example.test", "member")));
    counted(body, 3, 0, 0);
    drop(body);
    assert_int_equal(number(teams.a, "seats"), 4);
    assert_int_equal(number(teams.b, "seats"), 4);
    assert_int_equal(number(teams.a, "members"), 4);
    assert_int_equal(t.mails, 1);       /* one change */
    accounts_agree();
}


static void
r202_r198_a_licence_that_edits_nothing_is_of_all_teams(void **state)
{
    json_t  *body;

    (void) state;

    company("consultant", 3);
    drop(expect(OWNER, "occasional.add", of_member(teams.a,
                "day@example.test"), 201, NULL));
    body = app("app.member", as_role(teams.b, "day@example.test", "member"),
               201, NULL);
    assert_string_equal(text_of(json_object_get(body, "member"), "role"),
                        "occasional");
    drop(body);
    assert_int_equal(number(teams.a, "members"), 2);
    accounts_agree();
}


static void
r209_company_admins_are_of_all_teams(void **state)
{
    const uint32_t  admin = (uint32_t) BILLING_ROLE_COMPANY_ADMIN;

    (void) state;

    company("consultant", 4);

    drop(app("app.member", as_role(teams.b, PLAIN, "company_admin"), 201,
             NULL));
    assert_true(roles_of(teams.a, PLAIN) & admin);
    assert_true(roles_of(teams.b, PLAIN) & admin);

    /* A plain member of a team inside is still of the company what he is. */

    drop(app("app.member", as_role(teams.b, PLAIN, "member"), 200, NULL));
    assert_true(roles_of(teams.b, PLAIN) & admin);
    drop(app("app.member", as_role(teams.a, PLAIN, "member"), 200, NULL));
    assert_false(roles_of(teams.a, PLAIN) & admin);
    assert_false(roles_of(teams.b, PLAIN) & admin);

    drop(app("app.member", as_role(teams.a, OWNER, "team_admin"), 409,
             "LAST_ADMIN"));
    accounts_agree();
}


static void
r212_r231_teams_end_as_on_the_dashboard(void **state)
{
    (void) state;

    company("consultant", 3);
    drop(expect(OWNER, "board.create", json_pack("{s:s, s:s}", "team",
                teams.b, "title", "B"), 201, NULL));
    drop(expect(OWNER, "invitation.create", json_pack("{s:s, s:[s]}", "team",
                teams.b, "emails", "asked@example.test"), 201, NULL));

    drop(app("app.team.delete", of_team(teams.b), 200, NULL));
    assert_int_equal(number(teams.b, "gone"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM board WHERE gone = 0"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM invitation WHERE state ="
                           " 'pending'"), 0);
    assert_int_equal(events("team.deleted"), 1);
    drop(app("app.team.show", of_team(teams.b), 404, "TEAM_NOT_FOUND"));
    drop(app("app.team.delete", of_team(teams.b), 404, "TEAM_NOT_FOUND"));
    drop(app("app.team", json_pack("{s:s, s:s}", "team", teams.b, "name",
             "Again"), 404, "TEAM_NOT_FOUND"));
    drop(app("app.member", as_role(teams.b, PLAIN, "member"), 404,
             "TEAM_NOT_FOUND"));

    drop(app("app.team.delete", of_team(teams.a), 409, "LAST_TEAM"));
    assert_int_equal(number(teams.a, "gone"), 0);
    accounts_agree();
}


static void
r231_the_dashboard_tells_of_the_end_too(void **state)
{
    (void) state;

    company("consultant", 3);
    drop(expect(OWNER, "team.delete", of_team(teams.b), 200, NULL));
    assert_int_equal(events("team.deleted"), 1);
}


static void
r215_an_order_is_of_the_whole_account(void **state)
{
    (void) state;

    company("consultant", 3);
    drop(app("app.team.enterprise", json_pack("{s:s, s:i}", "team", teams.b,
             "seats", 40), 200, NULL));
    assert_int_equal(number(teams.a, "seats"), 40);
    assert_int_equal(count("SELECT COUNT(*) FROM team WHERE plan ="
                           " 'enterprise'"), 2);
    accounts_agree();
}


static void
r200_passes_that_nobody_will_bill_leave_the_books(void **state)
{
    json_t  *body;
    char     board[BILLING_ID_MAX + 1];

    (void) state;

    company("consultant", 3);
    body = expect(OWNER, "board.create", json_pack("{s:s, s:s}", "team",
                  teams.a, "title", "B"), 201, NULL);
    (void) snprintf(board, sizeof(board), "%s",
                    text_of(json_object_get(body, "board"), "id"));
    drop(body);
    drop(expect(OWNER, "occasional.add", of_member(teams.a,
                "day@example.test"), 201, NULL));
    drop(expect("day@example.test", "board.open", json_pack("{s:s, s:s}",
                "board", board, "mode", "edit"), 200, NULL));
    assert_int_equal(count("SELECT SUM(amount_minor) FROM ledger WHERE"
                           " account LIKE 'passes:%'"), 300);

    drop(app("app.team.enterprise", json_pack("{s:s, s:i}", "team", teams.a,
             "seats", 40), 200, NULL));
    assert_int_equal(count("SELECT SUM(amount_minor) FROM ledger WHERE"
                           " account LIKE 'passes:%'"), 0);
    assert_int_equal(count("SELECT billed FROM day_pass"), 2);
    accounts_agree();
}


int
main(void)
{
#define TEST(name)  cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest  tests[] = {
        TEST(r26_a_team_inside_an_account),
        TEST(r14_one_licence_for_two_teams_of_a_list),
        TEST(r14_r145_licences_are_added_to_the_account),
        TEST(r202_r198_a_licence_that_edits_nothing_is_of_all_teams),
        TEST(r209_company_admins_are_of_all_teams),
        TEST(r212_r231_teams_end_as_on_the_dashboard),
        TEST(r231_the_dashboard_tells_of_the_end_too),
        TEST(r215_an_order_is_of_the_whole_account),
        TEST(r200_passes_that_nobody_will_bill_leave_the_books)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
