#include "entitlement_fixture.h"


static void
r12_members_edit_the_boards_of_a_paid_team(void **state)
{
    (void) state;

    assert_string_equal(asked(&view), "ALLOW");
    assert_string_equal(asked(&edit), "ALLOW");
    assert_reason(billing_entitle(&catalogue, &team, &member, NULL, &edit,
                                  NOW),
                  ALLOW);
}


static void
r60_strangers_and_payers_who_left_see_nothing(void **state)
{
    (void) state;

    member.roles = 0;
    assert_string_equal(asked(&view), "NOT_A_MEMBER");
    member.roles = BILLING_ROLE_BILLING_ADMIN;
    assert_string_equal(asked(&view), "NOT_A_MEMBER");
    assert_string_equal(asked(&edit), "NOT_A_MEMBER");
}


static void
what_is_gone_is_not_found(void **state)
{
    (void) state;

    member.roles = 0;
    board.gone = 1;
    assert_string_equal(asked(&view), "BOARD_NOT_FOUND");
    team.gone = 1;
    assert_string_equal(asked(&view), "TEAM_NOT_FOUND");
}


static void
a_zeroed_record_grants_nothing(void **state)
{
    (void) state;

    memset(&team, 0, sizeof(team));
    assert_string_equal(asked(&view), "ENTITLEMENT_UNKNOWN");
    team.plan = BILLING_PLAN_TEAM;
    assert_string_equal(asked(&view), "ENTITLEMENT_UNKNOWN");
    team.state = BILLING_STATES;
    assert_string_equal(asked(&view), "ENTITLEMENT_UNKNOWN");
    team.state = BILLING_STATE_ACTIVE;
    team.plan = 250;
    assert_string_equal(asked(&view), "ENTITLEMENT_UNKNOWN");
}


static void
r37_only_the_newest_boards_of_free_are_edited(void **state)
{
    (void) state;

    free_team(5);
    assert_string_equal(asked(&edit), "ALLOW");
    free_team(6);
    assert_string_equal(asked(&edit), "BOARD_LOCKED_LIMIT");
    assert_string_equal(asked(&view), "ALLOW");
    free_team(0);
    assert_string_equal(asked(&edit), "ALLOW");
}


static void
r40_private_boards_are_locked_on_free(void **state)
{
    (void) state;

    board.is_private = 1;
    member.access = BILLING_ACCESS_OWNER;
    assert_string_equal(asked(&edit), "ALLOW");

    free_team(0);
    assert_string_equal(asked(&edit), "BOARD_LOCKED_PRIVATE");
    assert_string_equal(asked(&view), "ALLOW");
    member.roles |= BILLING_ROLE_TEAM_ADMIN;
    assert_string_equal(asked(&edit), "BOARD_LOCKED_PRIVATE");
    free_team(6);
    assert_string_equal(asked(&edit), "BOARD_LOCKED_LIMIT");
}


static void
r181_an_expired_team_is_view_only(void **state)
{
    billing_wanted_t  voting = { .view = true, .features = FEATURE_VOTING };

    (void) state;

    team.state = BILLING_STATE_EXPIRED;
    assert_string_equal(asked(&edit), "TEAM_EXPIRED");
    assert_string_equal(asked(&voting), "TEAM_EXPIRED");
    assert_string_equal(asked(&view), "ALLOW");
}


static void
paid_features_end_on_time_in_every_state(void **state)
{
    billing_wanted_t  voting = { .view = true, .features = FEATURE_VOTING };

    (void) state;

    team.valid_until_at = NOW + 1;
    assert_string_equal(asked(&edit), "ALLOW");
    team.valid_until_at = NOW;
    assert_string_equal(asked(&edit), "TEAM_EXPIRED");
    assert_string_equal(asked(&voting), "TEAM_EXPIRED");
    assert_string_equal(asked(&view), "ALLOW");
    team.valid_until_at = 0;
    assert_string_equal(asked(&edit), "ALLOW");
}


static void
r170_past_due_and_cancelled_teams_go_on(void **state)
{
    (void) state;

    team.state = BILLING_STATE_PAST_DUE;
    assert_string_equal(asked(&edit), "ALLOW");
    team.state = BILLING_STATE_CANCELLED;
    assert_string_equal(asked(&edit), "ALLOW");
    team.state = BILLING_STATE_ACTIVE_UNPAID;
    assert_string_equal(asked(&edit), "ALLOW");
}


static void
r196_guests_edit_where_the_plan_lets_them(void **state)
{
    (void) state;

    member.roles = BILLING_ROLE_GUEST;
    member.access = BILLING_ACCESS_INVITED;
    assert_string_equal(asked(&view), "ALLOW");
    assert_string_equal(asked(&edit), "GUEST_VIEW_ONLY");
    team.plan = BILLING_PLAN_BUSINESS;
    assert_string_equal(asked(&edit), "ALLOW");
}


static void
r196_a_guest_of_one_board_is_none_of_another(void **state)
{
    (void) state;

    team.plan = BILLING_PLAN_BUSINESS;
    member.roles = BILLING_ROLE_GUEST;
    assert_string_equal(asked(&view), "NOT_A_MEMBER");
    assert_string_equal(asked(&edit), "NOT_A_MEMBER");
    member.access = BILLING_ACCESS_INVITED;
    assert_string_equal(asked(&edit), "ALLOW");

    /* The right without the role is a leftover: nothing. */

    member.roles = 0;
    assert_string_equal(asked(&view), "NOT_A_MEMBER");
}


static void
r56_a_private_board_is_its_owners_and_the_invited(void **state)
{
    static const uint32_t  roles[] = {
        BILLING_ROLE_MEMBER, BILLING_ROLE_MEMBER | BILLING_ROLE_TEAM_ADMIN,
        BILLING_ROLE_MEMBER | BILLING_ROLE_COMPANY_ADMIN,
        BILLING_ROLE_RESTRICTED
    };

    (void) state;

    board.is_private = 1;

    for (unsigned i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        member.roles = roles[i];
        member.access = 0;
        assert_string_equal(asked(&view), "BOARD_NOT_FOUND");
        member.access = BILLING_ACCESS_INVITED;
        assert_string_equal(asked(&view), "ALLOW");
        assert_string_equal(asked(&edit), i < 3 ? "ALLOW"
                                                : "LICENCE_REQUEST");
    }

    member.roles = BILLING_ROLE_GUEST;
    assert_string_equal(asked(&view), "ALLOW");
    member.access = 0;
    assert_string_equal(asked(&view), "NOT_A_MEMBER");
}


static void
r197_visitors_do_what_link_and_plan_let_them(void **state)
{
    static const struct {
        uint8_t          link;
        billing_visit_t  plan;
        const char      *view;
        const char      *edit;
    } cases[] = {
        { BILLING_VISIT_OFF, BILLING_VISIT_EDIT, "NOT_A_MEMBER",
          "NOT_A_MEMBER" },
        { BILLING_VISIT_VIEW, BILLING_VISIT_OFF, "NOT_A_MEMBER",
          "NOT_A_MEMBER" },
        { BILLING_VISIT_VIEW, BILLING_VISIT_EDIT, "ALLOW",
          "GUEST_VIEW_ONLY" },
        { BILLING_VISIT_EDIT, BILLING_VISIT_VIEW, "ALLOW",
          "GUEST_VIEW_ONLY" },
        { BILLING_VISIT_EDIT, BILLING_VISIT_EDIT, "ALLOW", "ALLOW" }
    };

    (void) state;

    member.roles = 0;

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        board.link = cases[i].link;
        catalogue.plans[BILLING_PLAN_TEAM].visitors = cases[i].plan;
        assert_string_equal(asked(&view), cases[i].view);
        assert_string_equal(asked(&edit), cases[i].edit);
    }

    /* By the link, and no longer once the team is paused. */

    team.state = BILLING_STATE_EXPIRED;
    assert_string_equal(asked(&view), "ALLOW");
    assert_string_equal(asked(&edit), "TEAM_EXPIRED");

    member.roles = BILLING_ROLE_VISITOR;    /* a role of no record */
    board.link = BILLING_VISIT_OFF;
    assert_string_equal(asked(&view), "NOT_A_MEMBER");
}


static void
r197_a_link_gives_no_rights_but_the_boards(void **state)
{
    billing_wanted_t  seat = { .seat = true };
    billing_wanted_t  admin = { .admin = true };
    billing_wanted_t  billing = { .billing = true };

    (void) state;

    catalogue.plans[BILLING_PLAN_TEAM].visitors = BILLING_VISIT_EDIT;
    board.link = BILLING_VISIT_EDIT;
    member.roles = BILLING_ROLE_BILLING_ADMIN | BILLING_ROLE_VISITOR;
    assert_string_equal(asked(&seat), "SEAT_MISSING");
    assert_string_equal(asked(&admin), "ADMIN_RIGHTS");
    assert_string_equal(asked(&billing), "BILLING_RIGHTS");
}


static void
r202_without_a_licence_one_views(void **state)
{
    billing_wanted_t  seat = { .seat = true };

    (void) state;

    catalogue.plans[BILLING_PLAN_ENTERPRISE].visitors = BILLING_VISIT_EDIT;
    team.plan = BILLING_PLAN_ENTERPRISE;
    team.state = BILLING_STATE_ENTERPRISE;
    member.roles = BILLING_ROLE_RESTRICTED;
    assert_string_equal(asked(&view), "ALLOW");
    assert_string_equal(asked(&edit), "LICENCE_REQUEST");
    assert_string_equal(asked(&seat), "LICENCE_REQUEST");
    board.link = BILLING_VISIT_EDIT;
    assert_string_equal(asked(&edit), "LICENCE_REQUEST");
}


/*
 * Every role on every plan, private or not, invited or not, with each link:
 * said again in other words.
 */

static bool
may_be_in(uint32_t roles, uint32_t access)
{
    if (roles & BILLING_ROLES_INSIDE) {
        return !board.is_private || access != 0;
    }

    return roles & BILLING_ROLE_GUEST && access != 0;
}


static void
one_case(uint32_t roles, uint32_t access)
{
    bool              in = may_be_in(roles, access), edits, ruled;
    bool              licensed = roles & (BILLING_ROLE_MEMBER
                                          | BILLING_ROLE_TEAM_ADMIN
                                          | BILLING_ROLE_COMPANY_ADMIN);
    billing_visit_t   most;
    billing_terms_t  *terms = &catalogue.plans[team.plan];

    member.roles = roles;
    member.access = access;
    most = board.link < terms->visitors ? (billing_visit_t) board.link
                                        : terms->visitors;

    if (!in && most == BILLING_VISIT_OFF) {
        assert_string_equal(asked(&view),
                            roles & BILLING_ROLES_INSIDE ? "BOARD_NOT_FOUND"
                                                         : "NOT_A_MEMBER");
        assert_string_not_equal(asked(&edit), "ALLOW");
        return;
    }

    assert_string_equal(asked(&view), "ALLOW");

    ruled = roles & (BILLING_ROLE_RESTRICTED | BILLING_ROLE_OCCASIONAL);
    edits = in && (licensed || (roles & BILLING_ROLE_GUEST && !ruled
                                && terms->guests_edit)
                   || (roles & BILLING_ROLE_OCCASIONAL
                       && !(roles & BILLING_ROLE_RESTRICTED)
                       && team.day_passes && member.pass_ends_at > NOW));
    edits = edits || (most == BILLING_VISIT_EDIT && !(in && ruled));
    edits = edits && (!board.is_private || terms->private_boards);
    assert_int_equal(strcmp(asked(&edit), "ALLOW") == 0, edits);
}


static void
r39_r40_r55_r56_r196_r197_r198_r202_every_case(void **state)
{
    unsigned  n = 0;

    (void) state;

    for (unsigned i = 0; i < 6 * 2 * 3 * 3; i++) {
        team.plan = (uint8_t) (BILLING_PLAN_FREE + i % 6);
        board.is_private = i / 6 % 2;
        board.link = (uint8_t) (i / 12 % 3);
        catalogue.plans[team.plan].visitors = (billing_visit_t) (i / 36);

        for (uint32_t roles = 0; roles < 256; roles++) {
            for (uint32_t access = 0; access < 4; access++) {
                team.day_passes = (uint8_t) (n % 3 != 0);
                member.pass_ends_at = NOW + (n % 5 > 1);
                one_case(roles, access);
                n++;
            }
        }
    }

    assert_int_equal(n, 110592);
}


static void
r55_features_are_the_plans(void **state)
{
    billing_wanted_t  sso = { .features = FEATURE_VOTING | FEATURE_SSO };

    (void) state;

    assert_string_equal(asked(&sso), "FEATURE_MISSING");
    team.plan = BILLING_PLAN_BUSINESS;
    assert_string_equal(asked(&sso), "ALLOW");
    sso.features |= UINT64_C(1) << 63;
    assert_string_equal(asked(&sso), "FEATURE_MISSING");
}


static void
r102_billing_and_admin_are_two_rights(void **state)
{
    billing_wanted_t  billing = { .billing = true };
    billing_wanted_t  admin = { .admin = true };

    (void) state;

    assert_string_equal(asked(&billing), "BILLING_RIGHTS");
    assert_string_equal(asked(&admin), "ADMIN_RIGHTS");

    member.roles = BILLING_ROLE_MEMBER | BILLING_ROLE_BILLING_ADMIN;
    assert_string_equal(asked(&billing), "ALLOW");
    assert_string_equal(asked(&admin), "ADMIN_RIGHTS");

    member.roles = BILLING_ROLE_MEMBER | BILLING_ROLE_TEAM_ADMIN;
    assert_string_equal(asked(&billing), "ALLOW");
    assert_string_equal(asked(&admin), "ALLOW");

    team.plan = BILLING_PLAN_BUSINESS;
    assert_string_equal(asked(&billing), "BILLING_RIGHTS");
}


static void
r195_a_guest_has_no_seat(void **state)
{
    billing_wanted_t  seat = { .seat = true };

    (void) state;

    assert_string_equal(asked(&seat), "ALLOW");
    member.roles = BILLING_ROLE_GUEST;
    member.access = BILLING_ACCESS_INVITED;
    assert_string_equal(asked(&seat), "SEAT_MISSING");
}


/* Wanting more never turns a refusal into an allowance. */

static void
more_wanted_is_never_more_allowed(void **state)
{
    random_t  random = { 44 };

    (void) state;

    for (unsigned i = 0; i < 200000; i++) {
        uint64_t          bits = random_next(&random);
        billing_wanted_t  more, less = {
            .view = bits & 1, .edit = bits & 2, .seat = bits & 4,
            .admin = bits & 8, .billing = bits & 16,
            .features = bits >> 5 & 3
        };

        more = less;
        more.edit = true;
        more.features |= FEATURE_SSO;

        team.plan = (uint8_t) random_below(&random, BILLING_PLANS);
        team.state = (uint8_t) random_below(&random, BILLING_STATES);
        team.valid_until_at = (int64_t) random_below(&random, 3) - 1 + NOW;
        team.editable_from = random_below(&random, 8);
        team.plan_after = (uint8_t) random_below(&random, BILLING_PLANS);
        team.day_passes = (uint8_t) random_below(&random, 2);
        member.roles = (uint32_t) random_below(&random, 256);
        member.access = (uint32_t) random_below(&random, 4);
        member.pass_ends_at = (int64_t) random_below(&random, 3) - 1 + NOW;
        board.link = (uint8_t) random_below(&random, BILLING_VISITS);
        board.rank = random_below(&random, 8);
        board.is_private = (uint8_t) random_below(&random, 2);

        if (strcmp(asked(&less), "ALLOW") != 0) {
            assert_string_not_equal(asked(&more), "ALLOW");
        }

        if (strcmp(asked(&more), "ALLOW") == 0
            && board.link == BILLING_VISIT_OFF)
        {
            assert_true(member.roles & (BILLING_ROLES_INSIDE
                                        | BILLING_ROLE_GUEST));
        }
    }
}


static void
the_records_have_the_sizes_of_the_cache(void **state)
{
    (void) state;

    assert_int_equal(sizeof(billing_team_record_t), 56);
    assert_int_equal(sizeof(billing_member_record_t), 32);
    assert_int_equal(sizeof(billing_access_record_t), 24);
    assert_int_equal(sizeof(billing_board_record_t), 72);
}


static void
same_at(const billing_wanted_t *wanted, int64_t one, int64_t other)
{
    assert_int_equal(billing_entitle(&catalogue, &team, &member, &board,
                                     wanted, one),
                     billing_entitle(&catalogue, &team, &member, &board,
                                     wanted, other));
}


/* Nothing that the clock alone changes, as long as the span says so. */

static void
in_its_span_the_clock_changes_nothing(void **state)
{
    int              i, t;
    int64_t          now;
    billing_span_t   span;
    const int64_t    instants[] = { 0, NOW + 1, NOW + 3, NOW + 4 };
    const uint32_t   roles[] = { BILLING_ROLE_MEMBER, BILLING_ROLE_GUEST,
                                 BILLING_ROLE_OCCASIONAL };
    const billing_wanted_t  sso = {
        .view = true,
        .features = catalogue.plans[BILLING_PLAN_BUSINESS].features
    };

    (void) state;

    board.link = BILLING_VISIT_VIEW;
    team.day_passes = 1;

    for (i = 0; i < 4 * 4 * 4 * 3 * 2; i++) {
        team.valid_until_at = instants[i & 3];
        team.period_end_at = instants[i >> 2 & 3];
        member.pass_ends_at = instants[i >> 4 & 3];
        member.roles = roles[i / 64 % 3];
        team.plan = BILLING_PLAN_BUSINESS;
        team.plan_after = i / 192 ? BILLING_PLAN_FREE : BILLING_PLAN_NONE;

        for (now = NOW; now < NOW + 6; now++) {
            span = billing_entitle_span(&team, &member, now);
            assert_true(span.start_at <= now && now < span.end_at);

            for (t = 0; t < 6; t++) {
                if (NOW + t < span.start_at || NOW + t >= span.end_at) {
                    continue;
                }

                same_at(&view, now, NOW + t);
                same_at(&edit, now, NOW + t);
                same_at(&sso, now, NOW + t);
                assert_int_equal(billing_entitle_plan(&team, now),
                                 billing_entitle_plan(&team, NOW + t));
            }
        }
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup(r12_members_edit_the_boards_of_a_paid_team,
                               a_paid_board),
        cmocka_unit_test_setup(r60_strangers_and_payers_who_left_see_nothing,
                               a_paid_board),
        cmocka_unit_test_setup(what_is_gone_is_not_found,
                               a_paid_board),
        cmocka_unit_test_setup(a_zeroed_record_grants_nothing,
                               a_paid_board),
        cmocka_unit_test_setup(r37_only_the_newest_boards_of_free_are_edited,
                               a_paid_board),
        cmocka_unit_test_setup(r40_private_boards_are_locked_on_free,
                               a_paid_board),
        cmocka_unit_test_setup(r181_an_expired_team_is_view_only,
                               a_paid_board),
        cmocka_unit_test_setup(paid_features_end_on_time_in_every_state,
                               a_paid_board),
        cmocka_unit_test_setup(r170_past_due_and_cancelled_teams_go_on,
                               a_paid_board),
        cmocka_unit_test_setup(r196_guests_edit_where_the_plan_lets_them,
                               a_paid_board),
        cmocka_unit_test_setup(r196_a_guest_of_one_board_is_none_of_another,
                               a_paid_board),
        cmocka_unit_test_setup(
            r56_a_private_board_is_its_owners_and_the_invited, a_paid_board),
        cmocka_unit_test_setup(r197_visitors_do_what_link_and_plan_let_them,
                               a_paid_board),
        cmocka_unit_test_setup(r197_a_link_gives_no_rights_but_the_boards,
                               a_paid_board),
        cmocka_unit_test_setup(r202_without_a_licence_one_views,
                               a_paid_board),
        cmocka_unit_test_setup(r39_r40_r55_r56_r196_r197_r198_r202_every_case,
                               a_paid_board),
        cmocka_unit_test_setup(r55_features_are_the_plans,
                               a_paid_board),
        cmocka_unit_test_setup(r102_billing_and_admin_are_two_rights,
                               a_paid_board),
        cmocka_unit_test_setup(r195_a_guest_has_no_seat,
                               a_paid_board),
        cmocka_unit_test_setup(more_wanted_is_never_more_allowed,
                               a_paid_board),
        cmocka_unit_test_setup(in_its_span_the_clock_changes_nothing,
                               a_paid_board),
        cmocka_unit_test_setup(the_records_have_the_sizes_of_the_cache,
                               a_paid_board)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("entitlement", tests, NULL, NULL);
}
