/* A company with a board and somebody who edits it by the day. */

#ifndef BILLING_DAY_PASS_FIXTURE_H
#define BILLING_DAY_PASS_FIXTURE_H

#include "subscription_fixture.h"

#define GUEST  "occasional@example.test"


static inline json_t *
of_person(const char *team, const char *email)
{
    return json_pack("{s:s, s:s}", "team", team, "email", email);
}


static inline json_t *
of_opening(const char *board, const char *mode)
{
    return json_pack("{s:s, s:s}", "board", board, "mode", mode);
}


static inline void
make_company_admin(const char *team)
{
    billing_member_change_t  change = {
        .team = team, .email = OWNER, .now = t.now,
        .roles = (uint32_t) (BILLING_ROLE_MEMBER | BILLING_ROLE_COMPANY_ADMIN)
    };

    turn_begin();
    assert_int_equal(billing_member_store(&t.w, &change), BILLING_DB_OK);
    turn_end(false);
}


static char  board[BILLING_ID_MAX + 1];


static inline void
make_board(const char *team)
{
    json_t  *body;

    body = expect(OWNER, "board.create", json_pack("{s:s, s:s}", "team", team,
                  "title", "Board"), 201, NULL);
    (void) snprintf(board, sizeof(board), "%s",
                    text_of(json_object_get(body, "board"), "id"));
    drop(body);
}


/* A paid team with a board and an Occasional user. */

static inline const char *
company(const char *plan, int seats, const char *period)
{
    const char  *id = paid_team(plan, seats, period);

    make_company_admin(id);
    make_board(id);
    drop(expect(OWNER, "occasional.add", of_person(id, GUEST), 201, NULL));
    t.mails = 0;

    return id;
}


static inline bool
opened(const char *email, const char *mode)
{
    bool           bought;
    json_t        *body, *pass;

    body = expect(email, "board.open", of_opening(board, mode), 200, NULL);
    pass = json_object_get(body, "pass");
    assert_non_null(pass);
    bought = json_is_true(json_object_get(pass, "bought"));
    drop(body);

    return bought;
}


static inline billing_reason_t
gate(const char *team, const char *email)
{
    billing_wanted_t         wanted = { .view = true, .edit = true };
    billing_team_record_t    of_team_now;
    billing_board_record_t   of_board;
    billing_member_record_t  of_member;

    assert_int_equal(billing_record_team(&t.w, team, &of_team_now),
                     BILLING_DB_OK);
    assert_int_equal(billing_record_member(&t.w, team, email, &of_member),
                     BILLING_DB_OK);
    assert_int_equal(billing_record_board(&t.w, board, &of_board),
                     BILLING_DB_OK);

    return billing_entitle(&t.settings.catalogue, &of_team_now, &of_member,
                           &of_board, &wanted, t.now);
}


#define assert_gate(team, email, want)                                        \
    assert_string_equal(billing_reason_code(gate(team, email)), #want)


/* A CHECK that holds at all times: every pass is in at most one bill. */

static inline void
passes_are_whole(void)
{
    assert_int_equal(count("SELECT COUNT(*) FROM day_pass WHERE billed = 1"
                           " AND checkout NOT IN (SELECT id FROM checkout"
                           " WHERE state = 'succeeded')"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM day_pass WHERE billed = 0"
                           " AND checkout <> '' AND checkout NOT IN"
                           " (SELECT id FROM checkout WHERE state NOT IN"
                           " ('succeeded', 'failed', 'expired'))"), 0);
    books_balance();
}

#endif /* BILLING_DAY_PASS_FIXTURE_H */
