/* What the application says: upserts and grants. */

#include "application_fixture.h"


/* --- who speaks ---------------------------------------------------------- */


static void
only_the_key_speaks_as_the_application(void **state)
{
    (void) state;

    drop(expect(OWNER, "app.team", json_pack("{s:s, s:s}", "team", "x",
                "name", "X"), 404, "NOT_FOUND"));
    drop(expect("", "app.team", json_pack("{s:s, s:s}", "team", "x",
                "name", "X"), 404, "NOT_FOUND"));
    drop(app("team.create", json_pack("{s:s}", "name", "X"), 404,
             "NOT_FOUND"));
    assert_int_equal(count("SELECT COUNT(*) FROM team"), 0);
}


/* --- upserts ------------------------------------------------------------- */


static void
teams_are_made_once_and_renamed(void **state)
{
    json_t  *body;

    (void) state;

    body = list("app.teams", NULL, json_pack("[{s:s, s:s}, {s:s}, {s:s, s:s,"
               " s:s}]", "id", "t1", "name", "One", "id", "t2",
               "id", "t3", "name", "Three", "created_at",
               "2040-01-01T00:00:00Z"));
    counted(body, 1, 0, 2);
    assert_string_equal(refusal(body, 0), "FIELD_MISSING");
    assert_string_equal(refusal(body, 1), "FIELD_TYPE");
    drop(body);

    body = list("app.teams", NULL, json_pack("[{s:s, s:s}]", "id", "t1",
                "name", "One"));
    counted(body, 1, 1, 0);
    drop(body);
    assert_int_equal(count("SELECT version FROM team WHERE id = 't1'"), 1);

    drop(app("app.team", json_pack("{s:s, s:s}", "team", "t1", "name",
             "Uno"), 200, NULL));
    assert_int_equal(count("SELECT version FROM team WHERE name = 'Uno'"), 2);
    assert_int_equal(events("team.created"), 1);
}


static void
r49_a_plan_that_is_sold_is_not_given(void **state)
{
    json_t  *body;

    (void) state;

    body = list("app.teams", NULL, json_pack("[{s:s, s:s, s:s}, {s:s, s:s,"
               " s:i}, {s:s, s:s, s:s, s:s}, {s:s, s:s, s:s, s:i}]",
               "id", "t1", "name", "A", "plan", "business",
               "id", "t2", "name", "B", "seats", 5,
               "id", "t3", "name", "C", "plan", "free", "state", "enterprise",
               "id", "t4", "name", "D", "state", "enterprise", "seats", 7));
    counted(body, 1, 0, 3);
    assert_string_equal(refusal(body, 0), "PLAN_UNKNOWN");
    assert_string_equal(refusal(body, 1), "PLAN_UNKNOWN");
    assert_string_equal(refusal(body, 2), "FIELD_TYPE");
    drop(body);
    assert_int_equal(count("SELECT seats FROM team WHERE id = 't4' AND plan ="
                           " 'enterprise' AND state = 'enterprise'"), 7);
}


static void
members_take_roles_and_leave_the_payers_right(void **state)
{
    json_t      *body;
    const char  *id = paid_team("team", 3, "monthly");

    (void) state;

    body = list("app.members", NULL, json_pack("[{s:s, s:s, s:[s, s]}, {s:s,"
               " s:s}, {s:s, s:s, s:s}, {s:s, s:s, s:s}]",
               "team", id, "email", OWNER, "roles", "team_admin", "member",
               "team", id, "email", PLAIN,
               "team", id, "email", PLAIN, "role", "owner",
               "team", "nowhere", "email", PLAIN, "role", "member"));
    counted(body, 2, 2, 2);
    assert_string_equal(refusal(body, 0), "ROLE_INVALID");
    assert_string_equal(refusal(body, 1), "TEAM_NOT_FOUND");
    drop(body);
    assert_int_equal(count("SELECT roles & 16 FROM member WHERE email ="
                           " '" OWNER "'"), 16);

    /* A team keeps an admin. */

    drop(app("app.member", json_pack("{s:s, s:s, s:s}", "team", id, "email",
             OWNER, "role", "member"), 409, "LAST_ADMIN"));
    drop(app("app.member", json_pack("{s:s, s:s, s:s}", "team", id, "email",
             PLAIN, "role", "team_admin"), 200, NULL));
    drop(app("app.member", json_pack("{s:s, s:s, s:s}", "team", id, "email",
             OWNER, "role", "member"), 200, NULL));
    drop(app("app.member.delete", json_pack("{s:s, s:s}", "team", id,
             "email", PLAIN), 409, "LAST_ADMIN"));
    drop(app("app.member.delete", json_pack("{s:s, s:s}", "team", id,
             "email", OWNER), 200, NULL));
    drop(app("app.member.delete", json_pack("{s:s, s:s}", "team", id,
             "email", OWNER), 404, "MEMBER_NOT_FOUND"));
}


static void
r144_never_more_members_than_licences(void **state)
{
    json_t      *body;
    const char  *id = paid_team("team", 3, "monthly");  /* two are there */

    (void) state;

    members_now(id, 5, "member");
    assert_int_equal(count("SELECT members FROM team"), 3);
    assert_int_equal(count("SELECT seats FROM team"), 3);

    drop(app("app.member", json_pack("{s:s, s:s}", "team", id, "email",
             "late@example.test"), 409, "NO_VACANT_SEAT"));

    /* Guests take none: they belong to single boards (R195). */

    drop(app("app.member", json_pack("{s:s, s:s, s:s}", "team", id, "email",
             "late@example.test", "role", "guest"), 422, "ROLE_INVALID"));
    drop(list("app.boards", NULL, json_pack("[{s:s, s:s, s:s, s:s}]", "id",
              "b1", "team", id, "owner", OWNER, "title", "B")));
    drop(app("app.guest", json_pack("{s:s, s:s}", "board", "b1", "email",
             "late@example.test"), 201, NULL));
    assert_int_equal(count("SELECT roles FROM member WHERE email ="
                           " 'late@example.test'"), 1);
    body = list("app.members", NULL, json_pack("[{s:s, s:s, s:s}]", "team",
                id, "email", "late@example.test", "role", "billing_admin"));
    counted(body, 1, 0, 0);
    drop(body);
    assert_int_equal(count("SELECT roles FROM member WHERE email ="
                           " 'late@example.test'"), 17);
    drop(app("app.guest.delete", json_pack("{s:s, s:s}", "board", "b1",
             "email", "late@example.test"), 200, NULL));
    assert_int_equal(count("SELECT roles FROM member WHERE email ="
                           " 'late@example.test'"), 16);
}


static void
r202_enterprise_goes_on_without_licences(void **state)
{
    json_t      *body;
    const char  *id = make_team(0);

    (void) state;

    drop(app("app.team.enterprise", json_pack("{s:s, s:i}", "team", id,
             "seats", 2), 200, NULL));
    members_now(id, 3, "member");
    assert_int_equal(count("SELECT members FROM team"), 2);
    assert_int_equal(count("SELECT COUNT(*) FROM member WHERE roles = 64"),
                     2);

    /* Whose licence it is, an admin of the company decides. */

    drop(app("app.team.enterprise", json_pack("{s:s, s:i}", "team", id,
             "seats", 9), 200, NULL));
    body = app("app.member", json_pack("{s:s, s:s}", "team", id, "email",
               "new2@example.test"), 200, NULL);
    assert_string_equal(text_of(json_object_get(body, "member"), "role"),
                        "restricted");
    drop(body);

    /* Nor does a list give a seat to who edits by the day (R198). */

    turn_begin();
    assert_int_equal(billing_db_exec(t.w.db, "UPDATE member SET roles = $1"
                     " WHERE roles = 64 AND email = 'new2@example.test'", "i",
                     (int64_t) BILLING_ROLE_OCCASIONAL), BILLING_DB_OK);
    said_anew();
    turn_end(false);
    body = app("app.member", json_pack("{s:s, s:s}", "team", id, "email",
               "new2@example.test"), 200, NULL);
    assert_string_equal(text_of(json_object_get(body, "member"), "role"),
                        "occasional");
    drop(body);
}


static void
r145_licences_added_for_a_list_are_one_change(void **state)
{
    json_t      *body, *items = json_array();
    const char  *id = paid_team("team", 3, "monthly");

    (void) state;

    t.now += 16 * DAY;                  /* 15 of 31 days are left */

    for (unsigned i = 0; i < 4; i++) {
        char  email[64];

        (void) snprintf(email, sizeof(email), "new%u@example.test", i);
        (void) json_array_append_new(items,
                   json_pack("{s:s, s:s}", "team", id, "email", email));
    }

    body = list("app.members", "add_seat", items);
    counted(body, 4, 0, 0);
    drop(body);

    /* One vacant, three more for 10.00 * 15 / 31 each, rounded once. */

    assert_int_equal(count("SELECT seats FROM team"), 6);
    assert_int_equal(count("SELECT members FROM team"), 6);
    assert_int_equal(count("SELECT pending_minor FROM team"), 1452);
    assert_int_equal(t.mails, 1);
    assert_string_equal(t.mail_key, "mail.size");
    assert_int_equal(events("team.seats_changed"), 2);  /* the purchase's */
    books_balance();
}


static void
r145_an_ended_subscription_adds_no_licence(void **state)
{
    json_t      *body;
    const char  *id = paid_team("team", 2, "monthly");

    (void) state;

    drop(expect(OWNER, "billing.cancel", of_team(id), 200, NULL));
    body = list("app.members", "add_seat", json_pack("[{s:s, s:s}]", "team",
                id, "email", "late@example.test"));
    counted(body, 0, 0, 1);
    assert_string_equal(refusal(body, 0), "SUBSCRIPTION_CANCELLED");
    drop(body);
    assert_int_equal(count("SELECT members FROM team"), 2);
}


static void
r144_an_invitation_that_holds_a_seat_keeps_it(void **state)
{
    const char  *id = paid_team("team", 3, "monthly");  /* two are there */

    (void) state;

    drop(expect(OWNER, "invitation.create",
                json_pack("{s:s, s:[s]}", "team", id,
                "emails", "asked@example.test"), 201, NULL));
    assert_int_equal(count("UPDATE invitation SET seat = 1 RETURNING seat"),
                     1);

    drop(app("app.member", json_pack("{s:s, s:s}", "team", id, "email",
             "other@example.test"), 409, "NO_VACANT_SEAT"));
    drop(app("app.member", json_pack("{s:s, s:s}", "team", id, "email",
             "asked@example.test"), 201, NULL));
    assert_int_equal(count("SELECT COUNT(*) FROM invitation WHERE state ="
                           " 'pending'"), 0);
    assert_int_equal(count("SELECT members FROM team"), 3);
}


static void
r110_a_purchase_under_way_keeps_its_seats(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1];
    const char      *id = make_team(1);
    billing_call_t   call;

    (void) state;

    call = buy(OWNER, order(id, "team", 4, ""), op);
    members_now(id, 6, "member");
    assert_int_equal(count("SELECT members FROM team"), 4);

    answer_call(&call, 200, intent(&call, "pi_1", "succeeded", 4000), true);
    assert_int_equal(count("SELECT members FROM team WHERE plan = 'team'"),
                     4);
    assert_int_equal(count("SELECT seats FROM team"), 4);
}


/* --- boards -------------------------------------------------------------- */


static json_t *
board(const char *id, const char *team, const char *created_at)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "id", id, "team", team,
                     "owner", OWNER, "title", id, "created_at", created_at);
}


static void
r37_imported_boards_stand_where_they_were_made(void **state)
{
    json_t                 *body;
    const char             *id = make_team(0);
    billing_team_record_t   record;
    billing_board_record_t  old, older, newer;

    (void) state;

    body = list("app.boards", NULL, json_pack("[o, o, o, o]",
               board("b_2024", id, "2024-05-01T00:00:00Z"),
               board("b_2021", id, "2021-05-01T00:00:00Z"),
               board("b_2025", id, "2025-05-01T00:00:00Z"),
               board("b_2022", id, "2022-05-01T00:00:00Z")));
    counted(body, 4, 0, 0);
    drop(body);

    drop(expect(OWNER, "board.create", json_pack("{s:s, s:s}", "team", id,
                "title", "Today"), 201, NULL));

    assert_int_equal(billing_record_team(&t.w, id, &record), BILLING_DB_OK);
    assert_int_equal(billing_record_board(&t.w, "b_2024", &old),
                     BILLING_DB_OK);
    assert_int_equal(billing_record_board(&t.w, "b_2022", &older),
                     BILLING_DB_OK);
    assert_int_equal(billing_record_board(&t.w, "b_2025", &newer),
                     BILLING_DB_OK);
    assert_true(old.rank >= record.editable_from);
    assert_true(newer.rank >= record.editable_from);
    assert_true(older.rank < record.editable_from);

    /* The same once more is nothing; two of one second have two places. */

    body = list("app.boards", NULL, json_pack("[o, o]",
               board("b_2024", id, "2024-05-01T00:00:00Z"),
               board("b_twin", id, "2024-05-01T00:00:00Z")));
    counted(body, 2, 1, 0);
    drop(body);
}


static void
r39_boards_keep_the_rules_of_their_team(void **state)
{
    json_t      *body, *private;
    const char  *id = make_team(0);

    (void) state;

    private = board("b1", id, "2024-05-01T00:00:00Z");
    (void) json_object_set_new(private, "private", json_true());

    body = list("app.boards", NULL, json_pack("[o, o, {s:s, s:s}, o]", private,
               board("b2", "nowhere", "2024-05-01T00:00:00Z"),
               "id", "b3", "team", id,
               board("b4", id, "2099-05-01T00:00:00Z")));
    counted(body, 0, 0, 4);
    assert_string_equal(refusal(body, 0), "BOARD_PRIVATE_FREE");
    assert_string_equal(refusal(body, 1), "TEAM_NOT_FOUND");
    assert_string_equal(refusal(body, 2), "FIELD_MISSING");
    assert_string_equal(refusal(body, 3), "FIELD_TYPE");
    drop(body);
    assert_int_equal(count("SELECT COUNT(*) FROM board"), 0);

    body = app("app.board", json_pack("{s:s, s:s, s:s, s:s}", "board", "b1",
               "team", id, "owner", OWNER, "title", "B"), 201, NULL);
    drop(body);
    drop(app("app.board", json_pack("{s:s, s:s}", "board", "b1", "title",
             "Other"), 200, NULL));
    drop(app("app.board.delete", json_pack("{s:s}", "board", "b1"), 200,
             NULL));
    drop(app("app.board.delete", json_pack("{s:s}", "board", "b1"), 404,
             "BOARD_NOT_FOUND"));
    drop(app("app.board", json_pack("{s:s, s:s}", "board", "b1", "title",
             "Back"), 201, NULL));
    assert_int_equal(count("SELECT gone FROM board"), 0);
}


/* --- grants -------------------------------------------------------------- */


static void
r216_an_order_takes_the_place_of_a_paid_plan(void **state)
{
    json_t      *body, *request;
    const char  *id = paid_team("business", 5, "monthly");

    (void) state;

    t.now += 16 * DAY;
    request = json_pack("{s:s, s:i, s:s}", "team", id, "seats", 40,
                        "valid_until", "2027-01-01T00:00:00Z");
    body = app("app.team.enterprise", request, 200, NULL);
    assert_string_equal(text_of(json_object_get(body, "team"), "plan"),
                        "enterprise");
    assert_string_equal(text_of(json_object_get(body, "team"), "valid_until"),
                        "2027-01-01T00:00:00Z");
    drop(body);

    assert_int_equal(count("SELECT credit_minor FROM team"), 4839);
    assert_int_equal(count("SELECT -SUM(amount_minor) FROM ledger WHERE"
                           " account LIKE 'credit:%'"), 4839);
    books_balance();

    /* Nothing more is charged. */

    t.now += 60 * DAY;
    sweep();
    assert_int_equal(t.nflying, 0);
    assert_string_equal(word("state"), "enterprise");

    drop(app("app.team.enterprise", json_pack("{s:s, s:i}", "team", id,
             "seats", 1), 422, "SEATS_BELOW_MEMBERS"));
    drop(app("app.team.enterprise", json_pack("{s:s, s:i}", "team", "no",
             "seats", 1), 404, "TEAM_NOT_FOUND"));
    drop(app("app.team", json_pack("{s:s, s:s}", "team", id, "plan", "free"),
             200, NULL));
    assert_string_equal(word("state"), "free");
}


/* Each team of a list has its own entries in the books. */

static void
r216_r147_seats_that_no_bill_has_named_leave_the_books(void **state)
{
    const char  *id = paid_team("business", 5, "monthly");
    json_t      *body, *items = json_array();

    (void) state;

    t.now += 16 * DAY;

    for (unsigned i = 0; i < 5; i++) {
        char  email[64];

        (void) snprintf(email, sizeof(email), "new%u@example.test", i);
        (void) json_array_append_new(items,
                   json_pack("{s:s, s:s}", "team", id, "email", email));
    }

    body = list("app.members", "add_seat", items);
    counted(body, 5, 0, 0);
    drop(body);
    assert_int_equal(count("SELECT SUM(amount_minor) FROM ledger WHERE"
                           " account LIKE 'unbilled:%'"), 1935);
    assert_int_equal(count("SELECT COUNT(*) FROM ledger WHERE txn LIKE"
                           " 'op_%-t_%-seats'"), 2);

    drop(app("app.team.enterprise", json_pack("{s:s, s:i}", "team", id,
             "seats", 40), 200, NULL));
    assert_int_equal(count("SELECT pending_minor FROM team"), 0);
    assert_int_equal(count("SELECT SUM(amount_minor) FROM ledger WHERE"
                           " account LIKE 'unbilled:%'"), 0);
    assert_int_equal(count("SELECT credit_minor FROM team"),
                     count("SELECT -SUM(amount_minor) FROM ledger WHERE"
                           " account LIKE 'credit:%'"));
    books_balance();
}


static void
r212_r231_a_team_ends_once_it_pays_no_more(void **state)
{
    const char  *id = paid_team("team", 2, "monthly");

    (void) state;

    drop(app("app.team.delete", of_team(id), 409, "CANCEL_FIRST"));
    drop(expect(OWNER, "billing.cancel", of_team(id), 200, NULL));
    drop(expect(OWNER, "board.create", json_pack("{s:s, s:s}", "team", id,
                "title", "B"), 201, NULL));
    drop(app("app.team.delete", of_team(id), 200, NULL));
    assert_int_equal(count("SELECT COUNT(*) FROM member WHERE roles <> 0"),
                     0);
    assert_int_equal(count("SELECT COUNT(*) FROM board WHERE gone = 0"), 0);
    assert_int_equal(events("team.deleted"), 1);
    drop(expect(OWNER, "dashboard", of_team(id), 404, "TEAM_NOT_FOUND"));
}


int
main(void)
{
#define TEST(name)  cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest  tests[] = {
        TEST(only_the_key_speaks_as_the_application),
        TEST(teams_are_made_once_and_renamed),
        TEST(r49_a_plan_that_is_sold_is_not_given),
        TEST(members_take_roles_and_leave_the_payers_right),
        TEST(r144_never_more_members_than_licences),
        TEST(r202_enterprise_goes_on_without_licences),
        TEST(r145_licences_added_for_a_list_are_one_change),
        TEST(r145_an_ended_subscription_adds_no_licence),
        TEST(r144_an_invitation_that_holds_a_seat_keeps_it),
        TEST(r110_a_purchase_under_way_keeps_its_seats),
        TEST(r37_imported_boards_stand_where_they_were_made),
        TEST(r39_boards_keep_the_rules_of_their_team),
        TEST(r216_an_order_takes_the_place_of_a_paid_plan),
        TEST(r216_r147_seats_that_no_bill_has_named_leave_the_books),
        TEST(r212_r231_a_team_ends_once_it_pays_no_more),
    };
#undef TEST

    assert_int_equal(billing_text_init(), BILLING_OK);
    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
