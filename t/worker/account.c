/* Several teams in one subscription: licences, roles, what the gate is told. */

#include "account_fixture.h"

#define THIRD   "third@example.test"
#define FOURTH  "fourth@example.test"
#define GUESTS  "guest@example.test"

#define CA  ((uint32_t) BILLING_ROLE_COMPANY_ADMIN)
#define TA  ((uint32_t) BILLING_ROLE_TEAM_ADMIN)
#define BA  ((uint32_t) BILLING_ROLE_BILLING_ADMIN)
#define M   ((uint32_t) BILLING_ROLE_MEMBER)


static void
r101_r209_team_admins_of_what_becomes_a_company(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1];
    const char      *id = make_team(2);
    billing_call_t   call;

    (void) state;

    /* A plain member pays: billing rights and nothing else (R102). */

    call = buy(PLAIN, order(id, "business", 5, ""), op);
    answer_call(&call, 200, intent(&call, "pi_1", "succeeded", 10000), true);
    assert_int_equal(roles_of(id, OWNER), M | TA | CA);
    assert_int_equal(roles_of(id, PLAIN), M | BA);
    assert_int_equal(roles_of(id, "member1@example.test"), M);
    accounts_agree();
}


static void
r14_r26_r144_r145_one_licence_in_all_teams(void **state)
{
    json_t  *body;

    (void) state;

    company("business", 5);
    assert_int_equal(number(teams.a, "members"), 2);
    assert_int_equal(number(teams.b, "members"), 1);
    assert_int_equal(number(teams.b, "seats"), 5);
    assert_int_equal(count("SELECT COUNT(*) FROM checkout"), 1);

    member(OWNER, "member.add", teams.b, PLAIN, 201, NULL);
    assert_int_equal(number(teams.a, "members"), 2);
    assert_int_equal(number(teams.b, "members"), 2);
    member(OWNER, "member.add", teams.b, PLAIN, 409, "MEMBER_EXISTS");

    member(OWNER, "member.add", teams.b, THIRD, 201, NULL);
    member(OWNER, "member.add", teams.a, FOURTH, 201, NULL);
    member(OWNER, "member.add", teams.b, "fifth@example.test", 201, NULL);
    assert_int_equal(number(teams.a, "members"), 5);
    assert_int_equal(number(teams.a, "pending_minor"), 0);
    accounts_agree();

    /* The sixth person, in a team inside: the account buys a licence. */

    body = expect(OWNER, "member.add",
                  of_member(teams.b, "sixth@example.test"), 201, NULL);
    assert_int_equal(number_of(json_object_get(body, "team"), "seats"), 6);
    assert_string_equal(text_of(json_object_get(body, "team"), "id"),
                        teams.b);
    drop(body);
    assert_int_equal(number(teams.a, "seats"), 6);
    assert_int_equal(number(teams.a, "pending_minor"), 2000);
    assert_int_equal(number(teams.b, "pending_minor"), 0);
    accounts_agree();

    /* Who has one comes to the other team for nothing. */

    member(OWNER, "member.add", teams.a, "sixth@example.test", 201, NULL);
    assert_int_equal(number(teams.a, "seats"), 6);
    accounts_agree();
}


static void
r210_only_the_company_frees_a_licence(void **state)
{
    (void) state;

    company("business", 5);
    member(OWNER, "member.add", teams.b, THIRD, 201, NULL);
    role(OWNER, PLAIN, "team_admin", 200, NULL);
    member(PLAIN, "member.add", teams.a, FOURTH, 201, NULL);
    assert_int_equal(number(teams.a, "members"), 4);

    /* A Team Admin removes from the team, and the licence stays in use. */

    member(PLAIN, "member.remove", teams.a, FOURTH, 200, NULL);
    assert_int_equal(roles_of(teams.a, FOURTH), 0);
    assert_int_equal(number(teams.a, "members"), 4);
    drop(expect(OWNER, "billing.seats", of_seats(teams.a, 3, NULL), 422,
                NULL));
    leave_company(PLAIN, teams.a, THIRD, 403, "ADMIN_RIGHTS");
    leave_company(THIRD, teams.b, THIRD, 403, "ADMIN_RIGHTS");
    leave_company(OWNER, teams.a, "nobody@example.test", 404,
                  "MEMBER_NOT_FOUND");

    /* In no team, and still of the company. */

    leave_company(OWNER, teams.b, FOURTH, 200, NULL);
    assert_int_equal(number(teams.a, "members"), 3);
    leave_company(OWNER, teams.a, FOURTH, 404, "MEMBER_NOT_FOUND");

    /* In both, named by one of them. */

    member(OWNER, "member.add", teams.b, PLAIN, 201, NULL);
    leave_company(OWNER, teams.b, PLAIN, 200, NULL);
    assert_int_equal(roles_of(teams.a, PLAIN), 0);
    assert_int_equal(roles_of(teams.b, PLAIN), 0);
    assert_int_equal(number(teams.a, "members"), 2);
    assert_int_equal(number(teams.b, "members"), 2);
    leave_company(OWNER, teams.a, OWNER, 409, "LAST_ADMIN");
    accounts_agree();
}


static void
a_licence_is_a_member_s_on_a_plan_with_one_team(void **state)
{
    const char  *id = paid_team("team", 3, "monthly");

    (void) state;

    member(OWNER, "member.add", id, THIRD, 201, NULL);
    member(OWNER, "member.remove", id, THIRD, 200, NULL);
    assert_int_equal(number(id, "members"), 2);
    leave_company(OWNER, id, PLAIN, 200, NULL);
    assert_int_equal(number(id, "members"), 1);
    drop(further(OWNER, id, 402, "FEATURE_MISSING"));
    accounts_agree();
}


static void
r26_who_makes_a_further_team(void **state)
{
    json_t      *body, *team;
    const char  *free;

    (void) state;

    company("consultant", 3);
    drop(further(PLAIN, teams.a, 403, "ADMIN_RIGHTS"));
    body = further("stranger@example.test", teams.a, 404, "TEAM_NOT_FOUND");
    assert_string_equal(text_of(body, "field"), "account");
    drop(body);
    drop(further(OWNER, "t_none", 404, "TEAM_NOT_FOUND"));
    role(OWNER, PLAIN, "team_admin", 200, NULL);
    drop(further(PLAIN, teams.a, 403, "ADMIN_RIGHTS"));

    /* Any team of the account stands for it. */

    body = further(OWNER, teams.b, 201, NULL);
    team = json_object_get(body, "team");
    assert_string_equal(text_of(json_object_get(team, "account"), "id"),
                        teams.a);
    assert_int_equal(number_of(json_object_get(team, "account"), "teams"), 3);
    assert_true(json_is_true(json_object_get(
        json_object_get(team, "can"), "create_team")));
    assert_int_equal(roles_of(text_of(team, "id"), OWNER), M | TA | CA | BA);
    drop(body);

    free = make_team(0);
    drop(further(OWNER, free, 409, "NO_SUBSCRIPTION"));
    accounts_agree();
}


static void
r209_company_admins_are_that_in_every_team(void **state)
{
    json_t  *body;

    (void) state;

    company("business", 5);
    member(OWNER, "member.add", teams.b, THIRD, 201, NULL);
    role(OWNER, PLAIN, "company_admin", 200, NULL);
    role(OWNER, "nobody@example.test", "company_admin", 404,
         "MEMBER_NOT_FOUND");
    assert_int_equal(roles_of(teams.a, PLAIN), M | CA);
    assert_int_equal(roles_of(teams.b, PLAIN), 0);

    /* Not in B, and yet its administrator; its boards are another matter. */

    drop(expect(THIRD, "board.create",
                json_pack("{s:s, s:s}", "team", teams.b, "title", "Secret"),
                201, NULL));
    body = expect(PLAIN, "dashboard", of_team(teams.b), 200, NULL);
    assert_int_equal(json_array_size(json_object_get(body, "teams")), 2);
    assert_int_equal(json_array_size(json_object_get(body, "boards")), 0);
    drop(body);
    member(PLAIN, "member.add", teams.b, FOURTH, 201, NULL);
    member(PLAIN, "member.add", teams.b, PLAIN, 201, NULL);
    assert_int_equal(roles_of(teams.b, PLAIN), M | CA);

    body = expect(THIRD, "dashboard", of_team(teams.b), 200, NULL);
    assert_int_equal(json_array_size(json_object_get(body, "teams")), 1);
    drop(body);
    drop(expect(THIRD, "dashboard", of_team(teams.a), 404,
                "TEAM_NOT_FOUND"));

    role(OWNER, PLAIN, "member", 200, NULL);
    assert_int_equal(roles_of(teams.a, PLAIN), M);
    assert_int_equal(roles_of(teams.b, PLAIN), M);
    role(PLAIN, OWNER, "member", 403, "ADMIN_RIGHTS");
    role(OWNER, OWNER, "member", 409, "LAST_ADMIN");
    role(OWNER, PLAIN, "emperor", 422, "ROLE_INVALID");
    accounts_agree();
}


/* Out of the last team one is no administrator, licence or not (R230). */

static void
r210_r230_out_of_every_team(void **state)
{
    (void) state;

    company("business", 5);
    role(OWNER, PLAIN, "company_admin", 200, NULL);
    drop(expect(PLAIN, "dashboard", of_team(teams.b), 200, NULL));
    member(OWNER, "member.remove", teams.a, PLAIN, 200, NULL);
    assert_int_equal(number(teams.a, "members"), 2);
    drop(expect(PLAIN, "dashboard", of_team(teams.b), 404,
                "TEAM_NOT_FOUND"));

    /* Out of one of two, the other keeps what concerns the company. */

    member(OWNER, "member.remove", teams.a, OWNER, 200, NULL);
    assert_int_equal(roles_of(teams.b, OWNER), M | TA | CA | BA);
    drop(expect(OWNER, "billing.overview", of_team(teams.a), 200, NULL));
    member(OWNER, "member.remove", teams.b, OWNER, 409, "LAST_ADMIN");
    accounts_agree();
}


/* Money is the account's, whichever team it is asked for. */

static void
r209_billing_of_a_team_inside_is_the_account_s(void **state)
{
    json_t  *body, *team;

    (void) state;

    company("business", 5);
    member(OWNER, "member.add", teams.b, THIRD, 201, NULL);
    body = of_member(teams.b, THIRD);
    (void) json_object_set_new(body, "role", json_string("team_admin"));
    drop(expect(OWNER, "member.role", body, 200, NULL));

    drop(expect(THIRD, "billing.overview", of_team(teams.b), 403,
                "BILLING_RIGHTS"));
    drop(expect(THIRD, "billing.cancel", of_team(teams.b), 403,
                "BILLING_RIGHTS"));

    body = expect(OWNER, "billing.overview", of_team(teams.b), 200, NULL);
    assert_int_equal(number_of(body, "members"), 3);
    assert_int_equal(number_of(json_object_get(body, "renewal"), "amount"),
                     10000);
    team = json_object_get(body, "team");
    assert_string_equal(text_of(team, "id"), teams.b);
    assert_int_equal(number_of(team, "members"), 2);
    assert_string_equal(text_of(json_object_get(team, "account"), "id"),
                        teams.a);
    drop(body);

    body = expect(OWNER, "billing.seats", of_seats(teams.b, 7, NULL), 200,
                  NULL);
    assert_string_equal(text_of(json_object_get(body, "team"), "id"),
                        teams.b);
    assert_int_equal(number_of(json_object_get(body, "team"), "seats"), 7);
    drop(body);
    assert_int_equal(number(teams.a, "pending_minor"), 4000);
    drop(expect(OWNER, "billing.information",
                json_pack("{s:s, s:s}", "team", teams.b, "company", "One"),
                200, NULL));
    assert_int_equal(count("SELECT COUNT(*) FROM team WHERE information <>"
                           " '{}' AND id = account"), 1);

    /* The Billing Admin of the company, a member of B alone. */

    body = expect(OWNER, "billing.invoices", of_team(teams.b), 200, NULL);
    assert_int_equal(json_array_size(json_object_get(body, "invoices")), 1);
    drop(body);
    accounts_agree();
}


static void
r181_r176_every_change_of_state_reaches_the_teams_inside(void **state)
{
    billing_team_record_t  before, after;

    (void) state;

    company("business", 5);
    before = record_of(teams.b);
    assert_int_equal(before.plan, BILLING_PLAN_BUSINESS);
    assert_int_equal(before.state, BILLING_STATE_ACTIVE);
    assert_true(before.valid_until_at == record_of(teams.a).valid_until_at);

    drop(expect(OWNER, "billing.cancel", of_team(teams.b), 200, NULL));
    after = record_of(teams.b);
    assert_int_equal(after.state, BILLING_STATE_CANCELLED);
    assert_true(after.version > before.version);
    assert_true(after.valid_until_at == after.period_end_at);

    t.now = after.period_end_at;
    sweep();
    before = after;
    after = record_of(teams.b);
    assert_int_equal(after.state, BILLING_STATE_EXPIRED);
    assert_true(after.version > before.version);
    drop(further(OWNER, teams.b, 403, "TEAM_EXPIRED"));

    /* Nothing new is no new version. */

    before = after;
    drop(expect(OWNER, "billing.information",
                json_pack("{s:s, s:s}", "team", teams.a, "company", "One"),
                200, NULL));
    assert_true(record_of(teams.b).version == before.version);
    accounts_agree();
}


/* Usable while the renewal is tried, in all teams alike (R170). */

static void
r170_a_bill_under_way_is_known_to_the_teams_inside(void **state)
{
    int64_t         end_at;
    billing_call_t  call;

    (void) state;

    company("business", 5);
    end_at = record_of(teams.a).period_end_at;
    t.now = end_at + 60;
    sweep();
    assert_true(record_of(teams.b).valid_until_at > end_at + 86400);
    assert_true(record_of(teams.b).valid_until_at
                == record_of(teams.a).valid_until_at);

    call = take_call(BILLING_CALL_CHARGE);
    declined(&call, "insufficient_funds");
    assert_int_equal(record_of(teams.b).state, BILLING_STATE_PAST_DUE);
    t.now += 7 * DAY;
    t.wall += 7 * DAY;
    sweep();
    call = take_call(BILLING_CALL_CHARGE);
    paid(&call, 10000);
    assert_int_equal(record_of(teams.b).state, BILLING_STATE_ACTIVE);
    assert_true(record_of(teams.b).period_end_at > end_at);
    accounts_agree();
}


static void
money_on_a_team_inside_is_refused(void **state)
{
    billing_team_row_t  row;

    (void) state;

    company("business", 5);
    turn_begin();
    assert_int_equal(billing_team_load(&t.w, teams.b, &row), BILLING_DB_OK);
    row.team.pending.minor = 1;
    assert_int_equal(billing_team_store(&t.w, &row), BILLING_DB_CONFLICT);
    turn_end(true);
    turn_begin();
    assert_int_equal(billing_db_script(t.w.db, "UPDATE team SET"
                     " credit_minor = 1 WHERE id <> account"),
                     BILLING_DB_CONFLICT);
    turn_end(true);
}


/* Arranged with people, and several teams all the same. */

static void
r26_r19_further_teams_of_an_enterprise(void **state)
{
    json_t  *body;

    (void) state;

    turn_begin();
    assert_int_equal(billing_seed(&t.w, t.now), BILLING_DB_OK);
    turn_end(false);

    assert_int_equal(count("SELECT COUNT(*) FROM team WHERE plan ="
                           " 'business' AND seats = 6"), 2);
    accounts_agree();
    drop(expect("big@example.test", "team.create",
                json_pack("{s:s, s:s}", "name", "A", "from", "dashboard"),
                403, "TEAM_CREATE_ENTERPRISE"));
    body = further("big@example.test", "team-enterprise", 201, NULL);
    (void) snprintf(teams.b, sizeof(teams.b), "%s",
                    text_of(json_object_get(body, "team"), "id"));
    assert_string_equal(text_of(json_object_get(body, "team"), "state"),
                        "enterprise");
    drop(body);
    member("big@example.test", "member.add", teams.b,
           "staff@corp.example.test", 201, NULL);
    assert_int_equal(number("team-enterprise", "members"), 2);
    drop(further("staff@corp.example.test", "team-enterprise", 403,
                 "ADMIN_RIGHTS"));
    drop(expect("big@example.test", "team.delete", of_team("team-enterprise"),
                200, NULL));
    drop(expect("big@example.test", "team.delete", of_team(teams.b), 409,
                "LAST_TEAM"));
    assert_int_equal(record_of(teams.b).state, BILLING_STATE_ENTERPRISE);
    accounts_agree();
}


static json_t *
licence(const char *team, const char *email, const char *word_)
{
    return json_pack("{s:s, s:s, s:s}", "team", team, "email", email,
                     "licence", word_);
}


/* Licences of a contract are the account's too, in whichever team. */

static void
r202_r14_licences_run_out_in_all_teams_at_once(void **state)
{
    json_t            *body;
    const char *const  big = "big@example.test";
    const char *const  staff = "staff@corp.example.test";

    (void) state;

    turn_begin();
    assert_int_equal(billing_seed(&t.w, t.now), BILLING_DB_OK);
    turn_end(false);
    assert_int_equal(billing_db_script(t.w.db, "UPDATE team SET seats = 2"
                     " WHERE id = 'team-enterprise'"), BILLING_DB_OK);
    said_anew();
    body = further(big, "team-enterprise", 201, NULL);
    (void) snprintf(teams.b, sizeof(teams.b), "%s",
                    text_of(json_object_get(body, "team"), "id"));
    drop(body);

    /* Both are in use; who has one has it here as well. */

    member(big, "member.add", teams.b, THIRD, 201, NULL);
    assert_int_equal(roles_of(teams.b, THIRD),
                     (uint32_t) BILLING_ROLE_RESTRICTED);
    member(big, "member.add", teams.b, staff, 201, NULL);
    assert_int_equal(roles_of(teams.b, staff), M);
    drop(expect(big, "licence.set", licence(teams.b, THIRD, "full"), 409,
                "NO_VACANT_SEAT"));
    accounts_agree();

    /* Given back in one team, still used in the other; then free. */

    drop(expect(big, "licence.set", licence(teams.b, staff, "restricted"),
                200, NULL));
    drop(expect(big, "licence.set", licence(teams.b, THIRD, "full"), 409,
                "NO_VACANT_SEAT"));
    drop(expect(big, "licence.set",
                licence("team-enterprise", staff, "restricted"), 200, NULL));
    drop(expect(big, "licence.set", licence(teams.b, THIRD, "full"), 200,
                NULL));
    assert_int_equal(roles_of(teams.b, THIRD), M);
    assert_int_equal(number("team-enterprise", "members"), 2);
    accounts_agree();
}


int
main(void)
{
#define account_test(name)                                                    \
    cmocka_unit_test_setup_teardown(name, set_up, tear_down)

    const struct CMUnitTest  tests[] = {
        account_test(r101_r209_team_admins_of_what_becomes_a_company),
        account_test(r14_r26_r144_r145_one_licence_in_all_teams),
        account_test(r210_only_the_company_frees_a_licence),
        account_test(a_licence_is_a_member_s_on_a_plan_with_one_team),
        account_test(r26_who_makes_a_further_team),
        account_test(r209_company_admins_are_that_in_every_team),
        account_test(r210_r230_out_of_every_team),
        account_test(r209_billing_of_a_team_inside_is_the_account_s),
        account_test(
            r181_r176_every_change_of_state_reaches_the_teams_inside),
        account_test(r170_a_bill_under_way_is_known_to_the_teams_inside),
        account_test(money_on_a_team_inside_is_refused),
        account_test(r202_r14_licences_run_out_in_all_teams_at_once),
        account_test(r26_r19_further_teams_of_an_enterprise)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
