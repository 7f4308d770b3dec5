/*
 * Teams that become companies, one team again, Free, and come back, by any
 * chain of what people, the clock and a gateway that refuses now and then can
 * do.  No model says what each step answers; the books, the licences and what
 * the gate was told must agree after each of them.
 */

#include "account_fixture.h"

#define PEOPLE  8
#define STEPS   400

static struct {
    uint64_t  random;
    char      team[BILLING_ID_MAX + 1];     /* of the account, any of them */
    unsigned  done[32];                     /* times a step was granted */
} chain;


static uint32_t
below(uint32_t n)
{
    chain.random = chain.random * 6364136223846793005u
                   + 1442695040888963407u;

    return (uint32_t) (chain.random >> 33) % n;
}


static const char *
somebody(void)
{
    static char  email[32];

    (void) snprintf(email, sizeof(email), "p%u@example.test", below(PEOPLE));

    return email;
}


/* One that is not deleted, if there is any. */

static const char *
a_team(void)
{
    static const char  sql[] =
        "SELECT id FROM team WHERE gone = 0 ORDER BY id LIMIT 1 OFFSET $1";

    int64_t  n = count("SELECT COUNT(*) FROM team WHERE gone = 0");

    if (n > 0
        && billing_db_query(t.w.db, sql, "i", (int64_t) below((uint32_t) n))
           == BILLING_DB_ROW)
    {
        (void) snprintf(chain.team, sizeof(chain.team), "%s",
                        billing_db_text(t.w.db, sql, 0));
        billing_db_done(t.w.db, sql);
    }

    return chain.team;
}


static int64_t
amount_in(const char *body)
{
    const char  *text = strstr(body, "amount=");

    return text == NULL ? 0 : strtoll(text + strlen("amount="), NULL, 10);
}


/* What is asked of the gateway is answered; now and then it refuses. */

static void
gateway(void)
{
    char            id[40];
    billing_call_t  call;

    while (t.nflying > 0) {
        call = take_call(t.flying[0].kind);

        switch (call.kind) {

        case BILLING_CALL_CUSTOMER:
            answer_call(&call, 200, "{\"id\":\"cus_1\",\"object\":"
                        "\"customer\"}", true);
            break;

        case BILLING_CALL_ATTACH:
            answer_call(&call, 200, "{\"id\":\"pm_card\",\"object\":"
                        "\"payment_method\",\"card\":{\"brand\":\"visa\","
                        "\"last4\":\"4242\"}}", true);
            break;

        case BILLING_CALL_CHARGE:
            if (below(4) == 0) {
                declined(&call, "insufficient_funds");
                break;
            }

            (void) snprintf(id, sizeof(id), "pi_%u", ++t.ops);
            answer_call(&call, 200, intent(&call, id, "succeeded",
                        amount_in(call.request.body)), true);
            break;

        case BILLING_CALL_NONE:
        case BILLING_CALL_SETUP:
        case BILLING_CALL_LOOKUP:
        case BILLING_CALL_SEARCH:
        case BILLING_CALL_REFUND:
        case BILLING_CALL_CANCEL:
        case BILLING_CALL_MATCH:
        case BILLING_CALL_RETURN:
            fail_msg("a call of kind %d", (int) call.kind);
        }
    }

    forget_answers();
}


static bool
ask(const char *kind, json_t *body)
{
    billing_op_reply_t  reply = run_op(next_op(), OWNER, kind, body);

    assert_true(reply.later || reply.status < 500);
    json_decref(reply.body);

    return reply.later || reply.status < 300;
}


static bool
buys(void)
{
    static const char *const  plans[] = { "team", "business", "consultant" };

    json_t  *body = order(a_team(), plans[below(3)], 1 + (int) below(20), "");

    (void) json_object_set_new(body, "period",
                               json_string(below(3) ? "monthly" : "yearly"));

    if (below(5) == 0) {
        (void) json_object_set_new(body, "payment",
            json_pack("{s:s, s:s}", "method", "invoice", "email", OWNER));
        (void) json_object_set_new(body, "billing_information",
            json_pack("{s:s, s:s}", "country", "FR", "postal_code",
                      "75001"));
    }

    return ask("upgrade.buy", body);
}


static bool
comes(void)
{
    return ask("member.add", of_member(a_team(), somebody()));
}


static bool
leaves(void)
{
    json_t  *body = of_member(a_team(), somebody());

    if (below(3) == 0) {
        (void) json_object_set_new(body, "scope", json_string("company"));
    }

    return ask("member.remove", body);
}


static bool
is_promoted(void)
{
    static const char *const  words[] = {
        "member", "team_admin", "company_admin"
    };

    json_t  *body = of_member(a_team(), somebody());

    (void) json_object_set_new(body, "role", json_string(words[below(3)]));

    return ask("member.role", body);
}


static bool
has_a_licence(void)
{
    static const char *const  words[] = { "full", "occasional", "none" };

    json_t  *body = of_member(a_team(), somebody());

    (void) json_object_set_new(body, "licence", json_string(words[below(3)]));

    return ask("licence.set", body);
}


static bool
comes_now_and_then(void)
{
    return ask(below(3) ? "occasional.add" : "occasional.remove",
               of_member(a_team(), somebody()));
}


static bool
team_comes(void)
{
    if (count("SELECT COUNT(*) FROM team WHERE gone = 0") > 5) {
        return false;
    }

    return ask("team.create", json_pack("{s:s, s:s, s:s}", "name", "Design",
                                        "from", "dashboard", "account",
                                        a_team()));
}


static bool
team_goes(void)
{
    /* The last one would end the chain. */

    return count("SELECT COUNT(*) FROM team WHERE gone = 0") > 1
           && ask("team.delete", of_team(a_team()));
}


static bool
goes_down(void)
{
    return ask("billing.downgrade",
               json_pack("{s:s, s:s*}", "team", a_team(), "plan",
                         below(4) ? "team" : NULL));
}


static bool
is_cancelled(void)
{
    return ask("billing.cancel", of_team(a_team()));
}


static bool
is_reactivated(void)
{
    return ask("billing.reactivate", of_team(a_team()));
}


static bool
resizes(void)
{
    return ask("billing.seats", of_seats(a_team(), (int) below(20), NULL));
}


static bool
tries(void)
{
    return ask("billing.trial", of_team(a_team()));
}


static bool
another_card(void)
{
    return ask("billing.payment_method",
               json_pack("{s:s, s:s}", "team", a_team(), "payment_method",
                         "pm_card"));
}


/* Days, or up to the end of a period. */

static bool
time_goes_on(void)
{
    t.now += (int64_t) (below(3) ? 1 + below(4) : 28) * DAY;
    t.wall = t.now;

    for (unsigned i = 0; i < 3; i++) {
        sweep();
        gateway();
    }

    return true;
}


static void
any_chain(uint64_t seed, const char *plan)
{
    static bool (*const  steps[])(void) = {
        buys, buys, comes, comes, comes, comes, leaves, leaves, leaves,
        is_promoted, has_a_licence, comes_now_and_then, team_comes,
        team_goes, goes_down, goes_down, is_cancelled, is_reactivated,
        is_reactivated, resizes, tries, another_card, time_goes_on,
        time_goes_on
    };

    const unsigned  n = sizeof(steps) / sizeof(steps[0]);
    unsigned        step, granted;

    memset(&chain, 0, sizeof(chain));
    chain.random = seed;
    company(plan, 8);

    for (unsigned i = 0; i < STEPS; i++) {
        step = below(n);
        chain.done[step] += steps[step]();
        accounts_agree();
        gateway();
        accounts_agree();
    }

    /* A chain of refusals would show nothing. */

    for (step = 0, granted = 0; step < n; step++) {
        granted += chain.done[step] > 0;
    }

    assert_true(granted > n * 3 / 4);
}


static void
r189_r190_p9_by_any_chain_from_business(void **state)
{
    (void) state;
    any_chain(20261123, "business");
}


static void
r189_r190_p9_by_any_chain_from_consultant(void **state)
{
    (void) state;
    any_chain(7, "consultant");
}


static void
r189_r190_p9_by_any_chain_once_more(void **state)
{
    (void) state;
    any_chain(0xfeedface, "business");
}


/* Who was in no team any more had one; the renewal wrote it back. */

static void
r210_r189_a_licence_of_nobody_ends_with_the_company(void **state)
{
    billing_call_t  call;

    (void) state;

    company("business", 5);
    member(OWNER, "member.remove", teams.a, PLAIN, 200, NULL);
    assert_int_equal(number(teams.a, "members"), 2);
    drop(expect(OWNER, "billing.downgrade",
                json_pack("{s:s, s:s}", "team", teams.a, "plan", "team"),
                200, NULL));

    t.now = number(teams.a, "period_end_at");
    t.wall = t.now;
    sweep();
    call = take_call(BILLING_CALL_CHARGE);
    paid(&call, amount_in(call.request.body));

    assert_int_equal(number(teams.a, "CASE plan WHEN 'team' THEN 1 ELSE 0"
                                     " END"), 1);
    accounts_agree();
    assert_int_equal(number(teams.a, "members"), 1);
}


int
main(void)
{
#define account_test(name)                                                    \
    cmocka_unit_test_setup_teardown(name, set_up, tear_down)

    const struct CMUnitTest  tests[] = {
        account_test(r210_r189_a_licence_of_nobody_ends_with_the_company),
        account_test(r189_r190_p9_by_any_chain_from_business),
        account_test(r189_r190_p9_by_any_chain_from_consultant),
        account_test(r189_r190_p9_by_any_chain_once_more)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
