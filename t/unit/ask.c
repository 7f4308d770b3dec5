#include "domain_fixture.h"

#define GUEST    BILLING_ROLE_GUEST
#define MEMBER   BILLING_ROLE_MEMBER
#define ADMIN    (BILLING_ROLE_MEMBER | BILLING_ROLE_TEAM_ADMIN)
#define COMPANY  (BILLING_ROLE_MEMBER | BILLING_ROLE_COMPANY_ADMIN)
#define PAYER    (BILLING_ROLE_MEMBER | BILLING_ROLE_BILLING_ADMIN)


static billing_reason_t
ask(billing_ask_t kind, uint32_t roles, billing_asking_t more)
{
    more.kind = kind;
    more.roles = roles;
    more.plan = BILLING_PLAN_TEAM;

    return billing_ask_allowed(&more);
}

#define ASK(kind, roles, ...)                                                 \
    ask(BILLING_ASK_ ## kind, roles, (billing_asking_t) { __VA_ARGS__ })


static void
words_and_back(void **state)
{
    static const char *const  words[] = {
        "", "admin", "licence", "join", "invite"
    };

    (void) state;

    for (unsigned i = 1; i < BILLING_ASKS; i++) {
        assert_string_equal(billing_ask_name((billing_ask_t) i), words[i]);
        assert_int_equal(billing_ask_parse(words[i], strlen(words[i])), i);
    }

    assert_int_equal(billing_ask_parse("", 0), BILLING_ASK_NONE);
    assert_int_equal(billing_ask_parse("admins", 6), BILLING_ASK_NONE);
    assert_string_equal(billing_ask_name(BILLING_ASKS), "");
}


static void
r103_r232_members_without_admin_rights_ask_for_them(void **state)
{
    (void) state;

    assert_reason(ASK(ADMIN, PAYER, 0), ALLOW);
    assert_reason(ASK(ADMIN, MEMBER, 0), ALLOW);
    assert_reason(ASK(ADMIN, ADMIN, 0), REQUEST_NEEDLESS);
    assert_reason(ASK(ADMIN, COMPANY, 0), REQUEST_NEEDLESS);
    assert_reason(ASK(ADMIN, GUEST, 0), NOT_A_MEMBER);
    assert_reason(ASK(ADMIN, 0, .discoverable = true), NOT_A_MEMBER);
    assert_reason(ASK(ADMIN, BILLING_ROLE_BILLING_ADMIN, 0), NOT_A_MEMBER);
}


static void
r202_who_has_no_seat_asks_for_one(void **state)
{
    (void) state;

    assert_reason(ASK(LICENCE, GUEST, 0), ALLOW);
    assert_reason(ASK(LICENCE, BILLING_ROLE_OCCASIONAL, 0), ALLOW);
    assert_reason(ASK(LICENCE, MEMBER, .restricted = true), ALLOW);
    assert_reason(ASK(LICENCE, MEMBER, 0), REQUEST_NEEDLESS);
    assert_reason(ASK(LICENCE, 0, .discoverable = true), ALLOW);
    assert_reason(ASK(LICENCE, 0, 0), NOT_A_MEMBER);
}


static void
r25_a_discoverable_team_is_asked_to_join(void **state)
{
    (void) state;

    assert_reason(ASK(JOIN, 0, .discoverable = true), ALLOW);
    assert_reason(ASK(JOIN, GUEST, .discoverable = true), ALLOW);
    assert_reason(ASK(JOIN, 0, 0), NOT_A_MEMBER);
    assert_reason(ASK(JOIN, MEMBER, .discoverable = true), MEMBER_EXISTS);
}


static void
r205_who_may_not_invite_asks(void **state)
{
    (void) state;

    assert_reason(ASK(INVITE, MEMBER, .admins_only = true), ALLOW);
    assert_reason(ASK(INVITE, MEMBER, 0), REQUEST_NEEDLESS);
    assert_reason(ASK(INVITE, ADMIN, .admins_only = true), REQUEST_NEEDLESS);
    assert_reason(ASK(INVITE, GUEST, .admins_only = true), NOT_A_MEMBER);
    assert_reason(ASK(NONE, ADMIN, 0), FIELD_TYPE);
}


/* Rows 13, 27 and 30 of the matrix. */

static void
section3_who_decides(void **state)
{
    static const struct {
        billing_ask_t     kind;
        billing_plan_t    plan;
        uint32_t          deciders;
    } rows[] = {
        { BILLING_ASK_ADMIN, BILLING_PLAN_TEAM, BILLING_ROLE_TEAM_ADMIN
                                                | BILLING_ROLE_COMPANY_ADMIN },
        { BILLING_ASK_ADMIN, BILLING_PLAN_BUSINESS, BILLING_ROLE_TEAM_ADMIN
                                                | BILLING_ROLE_COMPANY_ADMIN },
        { BILLING_ASK_LICENCE, BILLING_PLAN_TEAM, BILLING_ROLE_TEAM_ADMIN
                                                | BILLING_ROLE_COMPANY_ADMIN },
        { BILLING_ASK_LICENCE, BILLING_PLAN_ENTERPRISE,
          BILLING_ROLE_COMPANY_ADMIN },
        { BILLING_ASK_JOIN, BILLING_PLAN_ENTERPRISE, BILLING_ROLE_TEAM_ADMIN
                                                | BILLING_ROLE_COMPANY_ADMIN },
        { BILLING_ASK_INVITE, BILLING_PLAN_FREE, BILLING_ROLE_TEAM_ADMIN
                                                | BILLING_ROLE_COMPANY_ADMIN },
        { BILLING_ASK_NONE, BILLING_PLAN_FREE, 0 }
    };

    (void) state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(billing_ask_deciders(rows[i].kind, rows[i].plan),
                         rows[i].deciders);
    }

    assert_reason(billing_ask_decide(BILLING_ASK_LICENCE, MEMBER,
                                     BILLING_PLAN_TEAM), ADMIN_RIGHTS);
    assert_reason(billing_ask_decide(BILLING_ASK_LICENCE, ADMIN,
                                     BILLING_PLAN_BUSINESS), ADMIN_RIGHTS);
    assert_reason(billing_ask_decide(BILLING_ASK_JOIN, 0,
                                     BILLING_PLAN_TEAM), NOT_A_MEMBER);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(words_and_back),
        cmocka_unit_test(r103_r232_members_without_admin_rights_ask_for_them),
        cmocka_unit_test(r202_who_has_no_seat_asks_for_one),
        cmocka_unit_test(r25_a_discoverable_team_is_asked_to_join),
        cmocka_unit_test(r205_who_may_not_invite_asks),
        cmocka_unit_test(section3_who_decides)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("ask", tests, NULL, NULL);
}
