/* How people come to teams: what the stack's tests cannot see. */

#include "subscription_fixture.h"

#define BOSS     "boss@example.test"
#define DOMAIN   "managed.example.test"
#define COMPANY  "team-enterprise"
#define HOUR     3600


static json_t *
of(const char *team, const char *name, const char *value)
{
    return json_pack("{s:s, s:s}", "team", team, name, value);
}


static json_t *
list_of(const char *team, const char *email)
{
    return json_pack("{s:s, s:[s]}", "team", team, "emails", email);
}


/* Invites, and gives the token that is in the mail only. */

static const char *
invite(const char *actor, const char *team, const char *email)
{
    static char  token[BILLING_INVITATION_LEN + 1];

    json_t  *body;

    body = expect(actor, "invitation.create", list_of(team, email), 201,
                  NULL);
    assert_int_equal(billing_invitation_token(&t.w.secrets[0],
        text_of(json_array_get(json_object_get(body, "invitations"), 0),
                "id"), token), BILLING_OK);
    drop(body);

    return token;
}


static void
accept_as(const char *email, const char *token, unsigned status,
    const char *code)
{
    drop(expect(email, "invitation.accept",
                json_pack("{s:s}", "token", token), status, code));
}


static void
seed(void)
{
    turn_begin();
    assert_int_equal(billing_seed(&t.w, t.now), BILLING_DB_OK);
    turn_end(false);
}



/* --- invitations ---------------------------------------------------------- */

static void
r207_the_link_is_kept_nowhere(void **state)
{
    char             mark[64], *text;
    const char      *id = make_team(0), *token;
    billing_secret_t old;

    static const char  sql[] = "SELECT id FROM invitation";

    (void) state;
    token = invite(OWNER, id, BOSS);
    assert_int_equal(count("SELECT COUNT(*) FROM invitation WHERE"
                           " LENGTH(digest) = 64"), 1);

    assert_int_equal(billing_db_query(t.w.db, sql, ""), BILLING_DB_ROW);
    (void) snprintf(mark, sizeof(mark), "a \x01%s\x01 b",
                    billing_db_text(t.w.db, sql, 0));
    billing_db_done(t.w.db, sql);

    text = billing_invitation_reveal(&t.w, mark);
    assert_non_null(text);
    assert_memory_equal(text, "a ", 2);
    assert_memory_equal(text + 2, token, BILLING_INVITATION_LEN);
    assert_string_equal(text + 2 + BILLING_INVITATION_LEN, " b");
    free(text);

    text = billing_invitation_reveal(&t.w, "no mark at all");
    assert_string_equal(text, "no mark at all");
    free(text);
    assert_null(billing_invitation_reveal(&t.w, "\x01i_none\x01"));
    assert_null(billing_invitation_reveal(&t.w, "one mark \x01"));
    assert_null(billing_invitation_reveal(&t.w,
                    "\x01i_aaaaaaaaaaaaaaaaaaaaaaaaaa\x01"));

    /* The secret is changed while the mail waits. */

    old = t.w.secrets[0];
    t.w.secrets[0].mac[BILLING_KEY_INVITATION].inner.h[0] ^= 1;
    assert_null(billing_invitation_reveal(&t.w, mark));
    t.w.secrets[1] = old;
    t.w.nsecrets = 2;
    text = billing_invitation_reveal(&t.w, mark);
    assert_non_null(text);
    assert_memory_equal(text + 2, token, BILLING_INVITATION_LEN);
    free(text);
    accept_as(BOSS, token, 200, NULL);
}


static void
r207_sent_again_is_the_same_invitation(void **state)
{
    char         first[BILLING_INVITATION_LEN + 1];
    const char  *id = make_team(0);

    (void) state;
    (void) snprintf(first, sizeof(first), "%s", invite(OWNER, id, BOSS));
    assert_int_equal(t.mails, 1);
    assert_string_equal(t.mail_to, BOSS);
    assert_string_equal(t.mail_key, "mail.invitation");

    t.now += HOUR - 1;
    assert_string_equal(invite(OWNER, id, BOSS), first);
    assert_int_equal(t.mails, 1);

    t.now += DAY;
    assert_string_equal(invite(OWNER, id, BOSS), first);
    assert_int_equal(t.mails, 2);

    t.now += 30 * DAY - 1;              /* of the second mail */
    accept_as(BOSS, first, 200, NULL);
}


static void
a_team_sends_so_many_mails_a_day(void **state)
{
    char         email[64];
    json_t      *list, *body;
    const char  *id = make_team(0);

    (void) state;

    for (unsigned i = 0; i < BILLING_INVITES_DAY_MAX; ) {
        list = json_array();

        for (unsigned k = 0; k < BILLING_EMAILS_MAX; k++, i++) {
            (void) snprintf(email, sizeof(email), "m%u@example.test", i);
            (void) json_array_append_new(list, json_string(email));
        }

        body = json_pack("{s:s, s:o}", "team", id, "emails", list);
        drop(expect(OWNER, "invitation.create", body, 201, NULL));
    }

    drop(expect(OWNER, "invitation.create", list_of(id, BOSS), 429,
                "TOO_MANY"));
    t.now += DAY;
    (void) invite(OWNER, id, BOSS);
}


static void
who_is_added_needs_no_invitation(void **state)
{
    const char  *id = make_team(0), *token;

    (void) state;
    token = invite(OWNER, id, BOSS);
    drop(expect(OWNER, "member.add", of(id, "email", BOSS), 201, NULL));
    assert_int_equal(count("SELECT COUNT(*) FROM invitation"
                           " WHERE state = 'accepted'"), 1);
    accept_as(BOSS, token, 410, "INVITATION_ENDED");
}


static void
no_vacant_seat_leaves_the_invitation_open(void **state)
{
    char             op[BILLING_OP_ID_LEN + 1];
    const char      *id = make_team(0), *token;
    billing_call_t   call;

    (void) state;
    token = invite(OWNER, id, BOSS);
    call = buy(OWNER, order(id, "team", 1, ""), op);
    accept_as(BOSS, token, 409, "NO_VACANT_SEAT");
    assert_int_equal(count("SELECT COUNT(*) FROM invitation"
                           " WHERE state = 'pending'"), 1);
    answer_call(&call, 200, intent(&call, "pi_1", "succeeded", 1000), true);
    accept_as(BOSS, token, 200, NULL);
    assert_int_equal(count("SELECT seats FROM team"), 2);
    assert_int_equal(count("SELECT members FROM team"), 2);
}


static void
section8_point9_joining_pays_for_its_days(void **state)
{
    const char  *id, *token;

    (void) state;
    t.now = 1598918400 + 36000;         /* 2020-09-01 10:00 */
    id = paid_team("team", 2, "monthly");
    token = invite(OWNER, id, BOSS);
    assert_int_equal(count("SELECT pending_minor FROM team"), 0);

    t.now += 15 * DAY;
    accept_as(BOSS, token, 200, NULL);
    assert_int_equal(count("SELECT pending_minor FROM team"), 500);
    assert_int_equal(count("SELECT seats FROM team"), 3);
}


static void
r75_an_invitation_may_hold_a_seat(void **state)
{
    char         first[BILLING_INVITATION_LEN + 1];
    const char  *id;

    (void) state;
    t.settings.catalogue.invitation_takes_seat = true;
    id = paid_team("team", 3, "monthly");           /* one is vacant */

    (void) snprintf(first, sizeof(first), "%s", invite(OWNER, id, BOSS));
    assert_int_equal(count("SELECT seats FROM team"), 3);
    (void) invite(OWNER, id, "second@example.test");
    assert_int_equal(count("SELECT seats FROM team"), 4);
    assert_int_equal(count("SELECT SUM(seat) FROM invitation"), 2);
    assert_int_equal(count("SELECT members FROM team"), 2);

    /* Asked once more, it holds one seat and not two. */

    (void) invite(OWNER, id, BOSS);
    assert_int_equal(count("SELECT seats FROM team"), 4);

    accept_as(BOSS, first, 200, NULL);
    assert_int_equal(count("SELECT seats FROM team"), 4);
    assert_int_equal(count("SELECT members FROM team"), 3);

    /* Nobody else takes what the other one holds. */

    drop(expect(OWNER, "member.add", of(id, "email", "third@example.test"),
                201, NULL));
    assert_int_equal(count("SELECT seats FROM team"), 5);

    /* Its time over, the seat is there for anybody. */

    t.now += 30 * DAY;
    drop(expect(OWNER, "member.add", of(id, "email", "fourth@example.test"),
                201, NULL));
    assert_int_equal(count("SELECT seats FROM team"), 5);
    assert_int_equal(count("SELECT members FROM team"), 5);
}


/* --- requests ------------------------------------------------------------- */

static json_t *
decide(const char *actor, const char *decision, unsigned status,
    const char *code)
{
    char  id[BILLING_ID_MAX + 1];

    static const char  sql[] =
        "SELECT id FROM team_request ORDER BY created_at DESC, id LIMIT 1";

    assert_int_equal(billing_db_query(t.w.db, sql, ""), BILLING_DB_ROW);
    (void) snprintf(id, sizeof(id), "%s", billing_db_text(t.w.db, sql, 0));
    billing_db_done(t.w.db, sql);

    return expect(actor, "request.decide",
                  json_pack("{s:s, s:s}", "request", id, "decision",
                            decision), status, code);
}


static void
row30_a_team_admin_of_a_company_grants_no_licence(void **state)
{
    (void) state;
    seed();
    drop(expect("guest@example.test", "request.create",
                of("team-business", "kind", "licence"), 201, NULL));
    assert_string_equal(t.mail_to, "owner@example.test");
    assert_int_equal(t.mails, 1);
    drop(decide("admin@example.test", "approve", 403, "ADMIN_RIGHTS"));
    drop(decide("owner@example.test", "approve", 200, NULL));
    assert_string_equal(t.mail_to, "guest@example.test");
    assert_string_equal(t.mail_key, "mail.request_approved");
    assert_int_equal(count("SELECT COUNT(*) FROM member WHERE roles = 2"
                           " AND email = 'guest@example.test'"), 1);
}


static void
what_was_asked_may_be_settled_otherwise(void **state)
{
    const char  *id = make_team(1);

    (void) state;
    drop(expect(PLAIN, "request.create", of(id, "kind", "admin"), 201,
                NULL));
    drop(expect(OWNER, "member.remove", of(id, "email", PLAIN), 200, NULL));
    drop(decide(OWNER, "approve", 404, "MEMBER_NOT_FOUND"));
    assert_int_equal(count("SELECT COUNT(*) FROM team_request"
                           " WHERE state = 'open'"), 1);
    drop(decide(OWNER, "decline", 200, NULL));

    t.now++;
    drop(expect(OWNER, "member.add", of(id, "email", PLAIN), 201, NULL));
    drop(expect(OWNER, "team.change", of(id, "invite", "admins"), 200,
                NULL));
    drop(expect(PLAIN, "request.create",
                json_pack("{s:s, s:s, s:s}", "team", id, "kind", "invite",
                          "email", BOSS), 201, NULL));
    drop(expect(OWNER, "member.add", of(id, "email", BOSS), 201, NULL));
    drop(decide(OWNER, "approve", 410, "REQUEST_ENDED"));
}


/* --- domains and managed profiles ----------------------------------------- */

static void
policy(const char *name, json_t *value)
{
    drop(expect("big@example.test", "domain.policy",
                json_pack("{s:s, s:s, s:o}", "team", COMPANY, "domain",
                          DOMAIN, name, value), 200, NULL));
}


static void
managed(void)
{
    seed();
    drop(expect("big@example.test", "domain.add", of(COMPANY, "domain",
                DOMAIN), 201, NULL));
    drop(expect(APP, "app.domain.verified",
                json_pack("{s:s, s:b}", "domain", DOMAIN, "verified", 1),
                200, NULL));
}


static void
enter(const char *email)
{
    turn_begin();
    assert_int_equal(billing_profile_enter(&t.w, email, "fr", t.now),
                     BILLING_DB_OK);
    turn_end(false);
}


static int64_t
members_of_company(void)
{
    return count("SELECT COUNT(*) FROM member WHERE team = 'team-enterprise'"
                 " AND (roles & 2) <> 0");
}


static void
r217_a_new_profile_belongs_to_its_company(void **state)
{
    bool     awaited;
    int64_t  before;

    (void) state;
    managed();
    drop(expect("old@" DOMAIN, "team.create", json_pack("{s:s}", "name",
                "Own"), 201, NULL));
    t.now += 60;
    before = members_of_company();
    policy("capture_team", json_string(COMPANY));

    assert_int_equal(billing_profile_awaited(&t.w, "new@" DOMAIN, t.now,
                                             &awaited), BILLING_DB_OK);
    assert_true(awaited);
    enter("new@" DOMAIN);
    assert_int_equal(members_of_company(), before + 1);
    assert_int_equal(count("SELECT members FROM team"
                           " WHERE id = 'team-enterprise'"), before + 1);
    assert_int_equal(billing_profile_awaited(&t.w, "new@" DOMAIN, t.now,
                                             &awaited), BILLING_DB_OK);
    assert_false(awaited);
    assert_int_equal(count("SELECT COUNT(*) FROM profile WHERE lang = 'fr'"),
                     1);

    /* Who was there before stays where it is. */

    enter("old@" DOMAIN);
    enter("other@example.test");
    assert_int_equal(members_of_company(), before + 1);

    /* Once removed, not brought back. */

    drop(expect("big@example.test", "member.remove",
                of(COMPANY, "email", "new@" DOMAIN), 200, NULL));
    enter("new@" DOMAIN);
    assert_int_equal(members_of_company(), before);
}


static void
r217_whatever_it_joins_first(void **state)
{
    json_t   *body;
    int64_t   before, version;

    (void) state;
    managed();
    policy("capture_team", json_string(COMPANY));
    before = members_of_company();

    drop(expect("owner@example.test", "member.add",
                of("team-free", "email", "a@" DOMAIN), 201, NULL));
    drop(expect("b@" DOMAIN, "team.create", json_pack("{s:s}", "name",
                "Own"), 201, NULL));
    assert_int_equal(members_of_company(), before + 2);

    /* The very team it was added to is not entered twice. */

    body = expect("big@example.test", "member.add",
                  of(COMPANY, "email", "c@" DOMAIN), 201, NULL);
    version = number_of(json_object_get(body, "team"), "version");
    drop(body);
    assert_int_equal(members_of_company(), before + 3);
    assert_int_equal(count("SELECT version FROM team"
                           " WHERE id = 'team-enterprise'"), version);
    assert_int_equal(count("SELECT version FROM member WHERE team ="
                           " 'team-enterprise' AND email LIKE 'c@%'"), 1);
}


static void
r24_a_company_that_leaves_enterprise_rules_nobody(void **state)
{
    (void) state;
    managed();
    policy("forbids", json_true());
    drop(expect("a@" DOMAIN, "team.create", json_pack("{s:s}", "name",
                "No"), 403, "TEAM_CREATE_DOMAIN"));
    assert_int_equal(billing_db_script(t.w.db,
        "UPDATE team SET plan = 'free' WHERE id = 'team-enterprise'"),
        BILLING_DB_OK);
    said_anew();
    drop(expect("a@" DOMAIN, "team.create", json_pack("{s:s}", "name",
                "Yes"), 201, NULL));
}


static void
r22_what_has_ended_is_not_bought_again(void **state)
{
    (void) state;
    managed();
    drop(expect("owner@example.test", "member.add",
                of("team-expired", "email", "a@" DOMAIN), 201, NULL));
    drop(expect("owner@example.test", "member.role",
                json_pack("{s:s, s:s, s:s}", "team", "team-expired", "email",
                          "a@" DOMAIN, "role", "team_admin"), 200, NULL));
    drop(expect("a@" DOMAIN, "billing.reactivate",
                json_pack("{s:s, s:s}", "team", "team-expired", "dry_run",
                          "1"), 200, NULL));
    policy("forbids", json_true());
    drop(expect("a@" DOMAIN, "billing.reactivate",
                json_pack("{s:s, s:s}", "team", "team-expired", "dry_run",
                          "1"), 403, "TEAM_CREATE_DOMAIN"));
    drop(expect("owner@example.test", "billing.reactivate",
                json_pack("{s:s, s:s}", "team", "team-expired", "dry_run",
                          "1"), 200, NULL));
}


/* A database of before, with the one domain a team could have. */

static void
a_database_of_before_keeps_its_domain(void **state)
{
    static const char  rows[] =
        "INSERT INTO team (id, name, plan, currency, created_at, domain)"
        " VALUES ('t_1', 'A', 'enterprise', 'USD', 7, 'Corp.example.test'),"
        " ('t_2', 'B', 'enterprise', 'USD', 9, 'corp.example.test'),"
        " ('t_3', 'C', 'free', 'USD', 9, '')";

    (void) state;
    open_older(rows);
    said_anew();

    assert_int_equal(count("SELECT COUNT(*) FROM email_domain"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM email_domain WHERE name ="
                           " 'corp.example.test' AND team = 't_1'"
                           " AND verified = 1 AND forbids = 1"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM team"
                           " WHERE board_moves = 'allowed'"), 3);
    drop(expect("staff@corp.example.test", "team.create",
                json_pack("{s:s, s:s}", "name", "A", "from", "pricing"), 403,
                "TEAM_CREATE_DOMAIN"));
}


int
main(void)
{
#define people_test(name)                                                     \
    cmocka_unit_test_setup_teardown(name, set_up, tear_down)

    const struct CMUnitTest  tests[] = {
        people_test(r207_the_link_is_kept_nowhere),
        people_test(r207_sent_again_is_the_same_invitation),
        people_test(a_team_sends_so_many_mails_a_day),
        people_test(who_is_added_needs_no_invitation),
        people_test(no_vacant_seat_leaves_the_invitation_open),
        people_test(section8_point9_joining_pays_for_its_days),
        people_test(r75_an_invitation_may_hold_a_seat),
        people_test(row30_a_team_admin_of_a_company_grants_no_licence),
        people_test(what_was_asked_may_be_settled_otherwise),
        people_test(r217_a_new_profile_belongs_to_its_company),
        people_test(r217_whatever_it_joins_first),
        people_test(r24_a_company_that_leaves_enterprise_rules_nobody),
        people_test(r22_what_has_ended_is_not_bought_again),
        people_test(a_database_of_before_keeps_its_domain)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("people", tests, NULL, NULL);
}
