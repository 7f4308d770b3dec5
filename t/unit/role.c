#include "domain_fixture.h"

#define MEMBER   BILLING_ROLE_MEMBER
#define GUEST    BILLING_ROLE_GUEST
#define VISITOR  BILLING_ROLE_VISITOR
#define ADMIN    (MEMBER | BILLING_ROLE_TEAM_ADMIN)
#define COMPANY  (MEMBER | BILLING_ROLE_COMPANY_ADMIN)
#define PAYER    (MEMBER | BILLING_ROLE_BILLING_ADMIN)
#define LEFT     BILLING_ROLE_BILLING_ADMIN


/*
 * The matrix of domain section 3 written out again, a letter per column:
 * G guest, M member, 1 Team Admin on Team, 2 Team Admin on Business,
 * C Company Admin, B Billing Admin, X payer who left, V visitor.
 */

typedef struct {
    billing_act_t     act;
    const char       *may;
    billing_reason_t  refusal;          /* of a member */
} row_t;


static const row_t  matrix[] = {
    { BILLING_ACT_SEE_TEAM, "M12CB", BILLING_NOT_A_MEMBER },
    { BILLING_ACT_BUY_FREE, "M12CB", BILLING_NOT_A_MEMBER },
    { BILLING_ACT_CHANGE_PLAN, "1CB", BILLING_BILLING_RIGHTS },
    { BILLING_ACT_ADD_SEATS, "1CB", BILLING_BILLING_RIGHTS },
    { BILLING_ACT_REDUCE_SEATS, "1CB", BILLING_BILLING_RIGHTS },
    { BILLING_ACT_REMOVE_MEMBER, "12C", BILLING_ADMIN_RIGHTS },
    { BILLING_ACT_LEAVE, "GM12CB", BILLING_NOT_A_MEMBER },
    { BILLING_ACT_GRANT_ADMIN, "12C", BILLING_ADMIN_RIGHTS },
    { BILLING_ACT_SUCCEED, "12C", BILLING_ADMIN_RIGHTS },
    { BILLING_ACT_COMPANY, "C", BILLING_ADMIN_RIGHTS },
    { BILLING_ACT_OPEN_BILLING, "1CB", BILLING_BILLING_RIGHTS },
    { BILLING_ACT_INVOICES, "1CB", BILLING_BILLING_RIGHTS },
    { BILLING_ACT_PAYMENT_METHOD, "1CB", BILLING_BILLING_RIGHTS },
    { BILLING_ACT_INFORMATION, "1CB", BILLING_BILLING_RIGHTS },
    { BILLING_ACT_SWITCH_PERIOD, "1CB", BILLING_BILLING_RIGHTS },
    { BILLING_ACT_CANCEL, "1CB", BILLING_BILLING_RIGHTS },
    { BILLING_ACT_REACTIVATE, "1CB", BILLING_BILLING_RIGHTS },
    { BILLING_ACT_DOWNGRADE, "1CB", BILLING_BILLING_RIGHTS },
    { BILLING_ACT_REFUND_REQUEST, "1CB", BILLING_BILLING_RIGHTS },
    { BILLING_ACT_PAY_INVOICE, "1CB", BILLING_BILLING_RIGHTS },
    { BILLING_ACT_INVITE_OPEN, "M12CB", BILLING_NOT_A_MEMBER },
    { BILLING_ACT_INVITE_ADMINS, "12C", BILLING_INVITE_FORBIDDEN },
    { BILLING_ACT_SETTINGS, "12C", BILLING_ADMIN_RIGHTS },
    { BILLING_ACT_DAY_PASSES, "C", BILLING_ADMIN_RIGHTS },
    { BILLING_ACT_LICENCES, "1C", BILLING_ADMIN_RIGHTS },
    { BILLING_ACT_FURTHER_TEAMS, "C", BILLING_ADMIN_RIGHTS },
    { BILLING_ACT_DELETE_TEAM, "12C", BILLING_ADMIN_RIGHTS },
    { BILLING_ACT_DOMAIN_CONTROL, "C", BILLING_ADMIN_RIGHTS },
    { BILLING_ACT_ADDONS, "CB", BILLING_BILLING_RIGHTS },
    { BILLING_ACT_CREATE_BOARD, "M12CB", BILLING_NOT_A_MEMBER }
};


static const struct {
    char            column;
    uint32_t        roles;
    billing_plan_t  plan;
} columns[] = {
    { 'V', VISITOR, BILLING_PLAN_TEAM },
    { 'G', GUEST, BILLING_PLAN_TEAM },
    { 'M', MEMBER, BILLING_PLAN_TEAM },
    { '1', ADMIN, BILLING_PLAN_TEAM },
    { '2', ADMIN, BILLING_PLAN_BUSINESS },
    { 'C', COMPANY, BILLING_PLAN_BUSINESS },
    { 'B', PAYER, BILLING_PLAN_TEAM },
    { 'X', LEFT, BILLING_PLAN_TEAM }
};

#define ROWS     (sizeof(matrix) / sizeof(matrix[0]))
#define COLUMNS  (sizeof(columns) / sizeof(columns[0]))


static void
section3_every_cell_of_the_matrix(void **state)
{
    (void) state;

    assert_int_equal(ROWS, BILLING_ACTS);

    for (unsigned r = 0; r < ROWS; r++) {
        for (unsigned c = 0; c < COLUMNS; c++) {
            billing_reason_t  got, want = BILLING_ALLOW;

            if (strchr(matrix[r].may, columns[c].column) == NULL) {
                want = strchr("VGX", columns[c].column) != NULL
                       ? BILLING_NOT_A_MEMBER : matrix[r].refusal;
            }

            got = billing_may(matrix[r].act, columns[c].roles,
                              columns[c].plan);

            if (got != want) {
                fail_msg("act %u, column %c: %s instead of %s", r,
                         columns[c].column, billing_reason_code(got),
                         billing_reason_code(want));
            }
        }
    }
}


static void
r59_a_plain_member_may_buy_for_a_free_team(void **state)
{
    (void) state;

    assert_reason(billing_may(BILLING_ACT_BUY_FREE, MEMBER,
                              BILLING_PLAN_FREE),
                  ALLOW);
    assert_reason(billing_may(BILLING_ACT_BUY_FREE, GUEST,
                              BILLING_PLAN_FREE),
                  NOT_A_MEMBER);
    assert_reason(billing_may(BILLING_ACT_BUY_FREE, 0, BILLING_PLAN_FREE),
                  NOT_A_MEMBER);
}


static void
r202_without_a_licence_one_sees_and_leaves(void **state)
{
    (void) state;

    for (unsigned act = 0; act < BILLING_ACTS; act++) {
        billing_reason_t  got = billing_may((billing_act_t) act,
                                            BILLING_ROLE_RESTRICTED,
                                            BILLING_PLAN_ENTERPRISE);

        assert_int_equal(got == BILLING_ALLOW,
                         act == BILLING_ACT_SEE_TEAM
                         || act == BILLING_ACT_LEAVE);
    }

    assert_reason(billing_may(BILLING_ACT_INVITE_OPEN,
                              BILLING_ROLE_RESTRICTED,
                              BILLING_PLAN_ENTERPRISE), INVITE_FORBIDDEN);
    assert_reason(billing_may(BILLING_ACT_CREATE_BOARD,
                              BILLING_ROLE_RESTRICTED,
                              BILLING_PLAN_ENTERPRISE), LICENCE_REQUEST);
    assert_reason(billing_may(BILLING_ACT_CANCEL, BILLING_ROLE_RESTRICTED,
                              BILLING_PLAN_ENTERPRISE), BILLING_RIGHTS);
}


static void
r102_a_billing_admin_is_no_admin(void **state)
{
    (void) state;

    assert_reason(billing_may(BILLING_ACT_REMOVE_MEMBER, PAYER,
                              BILLING_PLAN_TEAM),
                  ADMIN_RIGHTS);
    assert_reason(billing_may(BILLING_ACT_REMOVE_MEMBER,
                              PAYER | BILLING_ROLE_TEAM_ADMIN,
                              BILLING_PLAN_TEAM),
                  ALLOW);
}


static void
r209_on_business_team_admins_have_no_billing_rights(void **state)
{
    (void) state;

    assert_reason(billing_may(BILLING_ACT_CANCEL, ADMIN,
                              BILLING_PLAN_BUSINESS),
                  BILLING_RIGHTS);
    assert_reason(billing_may(BILLING_ACT_CANCEL, ADMIN,
                              BILLING_PLAN_CONSULTANT),
                  BILLING_RIGHTS);
    assert_reason(billing_may(BILLING_ACT_CANCEL, ADMIN, BILLING_PLAN_TEAM),
                  ALLOW);
    assert_reason(billing_may(BILLING_ACT_CANCEL,
                              ADMIN | BILLING_ROLE_BILLING_ADMIN,
                              BILLING_PLAN_BUSINESS),
                  ALLOW);
    assert_reason(billing_may(BILLING_ACT_CANCEL, COMPANY,
                              BILLING_PLAN_BUSINESS),
                  ALLOW);
}


static void
r230_a_payer_who_left_is_out(void **state)
{
    (void) state;

    for (unsigned act = 0; act < BILLING_ACTS; act++) {
        assert_reason(billing_may((billing_act_t) act, LEFT,
                                  BILLING_PLAN_TEAM),
                      NOT_A_MEMBER);
    }
}


/* More roles never take a right away; none give a right by themselves. */

static void
roles_only_add_up(void **state)
{
    (void) state;

    for (unsigned act = 0; act < BILLING_ACTS; act++) {
        for (unsigned plan = 0; plan < BILLING_PLANS; plan++) {
            assert_int_not_equal(billing_may((billing_act_t) act, 0,
                                             (billing_plan_t) plan),
                                 BILLING_ALLOW);

            for (uint32_t roles = 0; roles < 64; roles++) {
                if (billing_may((billing_act_t) act, roles,
                                (billing_plan_t) plan)
                    != BILLING_ALLOW)
                {
                    continue;
                }

                for (unsigned bit = 0; bit < 6; bit++) {
                    assert_reason(billing_may((billing_act_t) act,
                                              roles | 1u << bit,
                                              (billing_plan_t) plan),
                                  ALLOW);
                }
            }
        }
    }
}


static void
a_plan_of_no_account_makes_no_admin(void **state)
{
    (void) state;

    assert_reason(billing_may(BILLING_ACT_CANCEL, ADMIN, BILLING_PLAN_NONE),
                  BILLING_RIGHTS);
    assert_reason(billing_may(BILLING_ACT_SETTINGS, ADMIN, BILLING_PLANS),
                  ADMIN_RIGHTS);
    assert_reason(billing_may(BILLING_ACTS, ADMIN, BILLING_PLAN_TEAM),
                  INTERNAL);
}


static void
r218_education_passes_rights_on_by_leaving(void **state)
{
    (void) state;

    assert_int_equal(billing_may(BILLING_ACT_GRANT_ADMIN, ADMIN,
                                 BILLING_PLAN_EDUCATION),
                     BILLING_ADMIN_ON_LEAVING);
    assert_int_equal(billing_may(BILLING_ACT_GRANT_ADMIN, MEMBER,
                                 BILLING_PLAN_EDUCATION),
                     BILLING_ADMIN_RIGHTS);
    assert_int_equal(billing_may(BILLING_ACT_SUCCEED, ADMIN,
                                 BILLING_PLAN_EDUCATION), BILLING_ALLOW);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(section3_every_cell_of_the_matrix),
        cmocka_unit_test(r218_education_passes_rights_on_by_leaving),
        cmocka_unit_test(r59_a_plain_member_may_buy_for_a_free_team),
        cmocka_unit_test(r202_without_a_licence_one_sees_and_leaves),
        cmocka_unit_test(r102_a_billing_admin_is_no_admin),
        cmocka_unit_test(r209_on_business_team_admins_have_no_billing_rights),
        cmocka_unit_test(r230_a_payer_who_left_is_out),
        cmocka_unit_test(roles_only_add_up),
        cmocka_unit_test(a_plan_of_no_account_makes_no_admin)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("role", tests, NULL, NULL);
}
