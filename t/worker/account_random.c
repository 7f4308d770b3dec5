/*
 * Licences under any order of what can happen: people come to and leave teams
 * and the company while cards are changed, sizes set, teams made and deleted.
 * A plain model says what must come of each step.
 */

#include "account_fixture.h"

#define PEOPLE  9
#define TEAMS   4
#define STEPS   250

static struct {
    uint64_t  random;
    char      team[TEAMS][BILLING_ID_MAX + 1];
    bool      there[TEAMS];             /* not deleted */
    bool      member[TEAMS][PEOPLE];
    bool      seat[PEOPLE];
    uint32_t  seats;                    /* bought */
    bool      open;                     /* a checkout */
    char      op[BILLING_OP_ID_LEN + 1];
} model;


static uint32_t
below(uint32_t n)
{
    model.random = model.random * 6364136223846793005u
                   + 1442695040888963407u;

    return (uint32_t) (model.random >> 33) % n;
}


static const char *
email_of(unsigned person)
{
    static char  email[32];

    (void) snprintf(email, sizeof(email), "p%u@example.test", person);

    return email;
}


/* OWNER has one too. */

static uint32_t
used(void)
{
    uint32_t  n = 1;

    for (unsigned i = 0; i < PEOPLE; i++) {
        n += model.seat[i];
    }

    return n;
}


static unsigned
living(void)
{
    unsigned  n = 0;

    for (unsigned i = 0; i < TEAMS; i++) {
        n += model.there[i];
    }

    return n;
}


static unsigned
a_team(void)
{
    unsigned  i = below(TEAMS);

    while (!model.there[i]) {
        i = (i + 1) % TEAMS;
    }

    return i;
}


static void
comes(void)
{
    unsigned  team = a_team(), person = below(PEOPLE);

    if (model.member[team][person]) {
        member(OWNER, "member.add", model.team[team], email_of(person), 409,
               "MEMBER_EXISTS");
        return;
    }

    if (!model.seat[person] && model.open && used() >= model.seats) {
        member(OWNER, "member.add", model.team[team], email_of(person), 409,
               "NO_VACANT_SEAT");
        return;
    }

    member(OWNER, "member.add", model.team[team], email_of(person), 201,
           NULL);
    model.member[team][person] = model.seat[person] = true;
    model.seats = used() > model.seats ? used() : model.seats;
}


static void
leaves_the_team(void)
{
    unsigned  team = a_team(), person = below(PEOPLE);
    bool      was = model.member[team][person];

    member(OWNER, "member.remove", model.team[team], email_of(person),
           was ? 200 : 404, was ? NULL : "MEMBER_NOT_FOUND");
    model.member[team][person] = false;
}


static void
leaves_the_company(void)
{
    unsigned  team = a_team(), person = below(PEOPLE);
    bool      was = model.seat[person];

    leave_company(OWNER, model.team[team], email_of(person),
                  was ? 200 : 404, was ? NULL : "MEMBER_NOT_FOUND");
    model.seat[person] = false;

    for (unsigned i = 0; i < TEAMS; i++) {
        model.member[i][person] = false;
    }
}


/*
 * Another card: while it is looked at, the seats are those that there are.
 * Never five declined ones within ten minutes.
 */

static void
pays(void)
{
    billing_op_reply_t  reply;

    if (model.open) {
        return;
    }

    t.now += 200;
    (void) snprintf(model.op, sizeof(model.op), "%s", next_op());
    reply = run_op(model.op, OWNER, "billing.payment_method",
                   json_pack("{s:s, s:s}", "team", model.team[a_team()],
                             "payment_method", "pm_other"));
    assert_true(reply.later);
    model.open = true;
}


static void
has_paid(void)
{
    billing_call_t  call;

    if (!model.open) {
        return;
    }

    call = take_call(BILLING_CALL_ATTACH);

    if (below(2) == 0) {
        declined(&call, "generic_decline");

    } else {
        answer_call(&call, 200, "{\"id\":\"pm_other\",\"object\":"
                    "\"payment_method\",\"card\":{\"brand\":\"visa\","
                    "\"last4\":\"4242\"}}", true);
    }

    forget_answers();
    model.open = false;
}


static void
resizes(void)
{
    uint32_t            seats = model.seats + below(5) - 2;
    billing_op_reply_t  reply;

    reply = run_op(next_op(), OWNER, "billing.seats",
                   of_seats(model.team[a_team()], (int) seats, NULL));

    if (model.open) {
        assert_int_equal(reply.status, 409);

    } else if (seats < used() || seats < 5) {
        assert_int_equal(reply.status, 422);

    } else {
        assert_int_equal(reply.status, 200);
        model.seats = seats;
    }

    json_decref(reply.body);
}


static void
teams_come_and_go(void)
{
    json_t    *body;
    unsigned   team = below(TEAMS);

    if (!model.there[team]) {
        body = further(OWNER, model.team[a_team()], 201, NULL);
        (void) snprintf(model.team[team], sizeof(model.team[0]), "%s",
                        text_of(json_object_get(body, "team"), "id"));
        drop(body);
        model.there[team] = true;
        return;
    }

    if (living() == 1) {
        drop(expect(OWNER, "team.delete", of_team(model.team[team]), 409,
                    "LAST_TEAM"));
        return;
    }

    drop(expect(OWNER, "team.delete", of_team(model.team[team]), 200, NULL));
    model.there[team] = false;
    memset(model.member[team], 0, sizeof(model.member[team]));
}


static void
agrees(void)
{
    accounts_agree();
    assert_int_equal(number(teams.a, "members"), used());
    assert_int_equal(number(teams.a, "seats"), model.seats);
    assert_int_equal(number(teams.a, "hold_seats"),
                     model.open ? model.seats : 0);

    for (unsigned i = 0; i < TEAMS; i++) {
        if (!model.there[i]) {
            continue;
        }

        for (unsigned j = 0; j < PEOPLE; j++) {
            assert_int_equal((roles_of(model.team[i], email_of(j))
                              & (uint32_t) BILLING_ROLE_MEMBER) != 0,
                             model.member[i][j]);
        }
    }
}


static void
any_order(uint64_t seed)
{
    static void (*const  steps[])(void) = {
        comes, comes, comes, leaves_the_team, leaves_the_company, pays,
        has_paid, has_paid, resizes, teams_come_and_go
    };

    memset(&model, 0, sizeof(model));
    model.random = seed;

    company("business", 6);
    leave_company(OWNER, teams.a, PLAIN, 200, NULL);
    model.seats = 6;
    model.there[0] = model.there[1] = true;
    (void) snprintf(model.team[0], sizeof(model.team[0]), "%s", teams.a);
    (void) snprintf(model.team[1], sizeof(model.team[1]), "%s", teams.b);

    for (unsigned i = 0; i < STEPS; i++) {
        steps[below(sizeof(steps) / sizeof(steps[0]))]();
        agrees();
    }

    has_paid();
    agrees();
}


static void
r14_r210_p9_in_any_order_one(void **state)
{
    (void) state;
    any_order(1);
}


static void
r14_r210_p9_in_any_order_two(void **state)
{
    (void) state;
    any_order(20260310);
}


static void
r14_r210_p9_in_any_order_three(void **state)
{
    (void) state;
    any_order(0xfeedface);
}


/* What the code would not do, the database does not take. */

static void
more_people_than_seats_cannot_be_written(void **state)
{
    (void) state;

    company("business", 5);
    turn_begin();

    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(billing_profile_ensure(&t.w, email_of(i),
                                                BILLING_LANG_EN, t.now),
                         BILLING_DB_OK);
        assert_int_equal(billing_member_store(&t.w,
            &(billing_member_change_t) {
                .team = teams.b, .email = email_of(i), .now = t.now,
                .roles = (uint32_t) BILLING_ROLE_MEMBER }), BILLING_DB_OK);
    }

    assert_int_equal(billing_seat_recount(&t.w, teams.a),
                     BILLING_DB_CONFLICT);
    turn_end(true);
    accounts_agree();
}


int
main(void)
{
#define account_test(name)                                                    \
    cmocka_unit_test_setup_teardown(name, set_up, tear_down)

    const struct CMUnitTest  tests[] = {
        account_test(r14_r210_p9_in_any_order_one),
        account_test(r14_r210_p9_in_any_order_two),
        account_test(r14_r210_p9_in_any_order_three),
        account_test(more_people_than_seats_cannot_be_written)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
