/* A paid board, for the tests of the gate's decision. */

#ifndef ENTITLEMENT_FIXTURE_H
#define ENTITLEMENT_FIXTURE_H

#include "domain_fixture.h"

#define NOW  1800000000


static billing_catalogue_t      catalogue;
static billing_team_record_t    team;
static billing_member_record_t  member;
static billing_board_record_t   board;


static const billing_wanted_t  view = { .view = true };
static const billing_wanted_t  edit = { .view = true, .edit = true };


/* A member of an ACTIVE Team team, paid for another day, and its board. */

static int
a_paid_board(void **state)
{
    (void) state;

    catalogue = a_catalogue();
    team = (billing_team_record_t) {
        .plan = BILLING_PLAN_TEAM,
        .state = BILLING_STATE_ACTIVE,
        .valid_until_at = NOW + 86400
    };
    member = (billing_member_record_t) { .roles = BILLING_ROLE_MEMBER };
    board = (billing_board_record_t) { .rank = 5 };

    return 0;
}


static void
free_team(uint64_t editable_from)
{
    team = (billing_team_record_t) {
        .plan = BILLING_PLAN_FREE,
        .state = BILLING_STATE_FREE,
        .editable_from = editable_from
    };
}


static const char *
asked(const billing_wanted_t *wanted)
{
    return billing_reason_code(billing_entitle(&catalogue, &team, &member,
                                               &board, wanted, NOW));
}

#endif /* ENTITLEMENT_FIXTURE_H */
