/* Entitlement: the gate's decision about one request. */

#include "billing_domain.h"

/* Whoever belongs to the team; a payer who has left does not (R230). */
#define BILLING_ROLES_TEAM                                                    \
    (BILLING_ROLE_MEMBER | BILLING_ROLE_TEAM_ADMIN                            \
     | BILLING_ROLE_COMPANY_ADMIN)
#define BILLING_ROLES_VIEW                                                    \
    (BILLING_ROLES_TEAM | BILLING_ROLE_GUEST | BILLING_ROLE_VISITOR)


static billing_reason_t billing_entitle_rights(
    const billing_team_record_t *team, const billing_member_record_t *member,
    const billing_wanted_t *wanted);
static billing_reason_t billing_entitle_edit(const billing_terms_t *terms,
    const billing_team_record_t *team, const billing_member_record_t *member,
    const billing_board_record_t *board);


billing_reason_t
billing_entitle(const billing_catalogue_t *catalogue,
    const billing_team_record_t *team, const billing_member_record_t *member,
    const billing_board_record_t *board, const billing_wanted_t *wanted,
    int64_t now)
{
    bool                    expired;
    uint64_t                missing;
    billing_reason_t        reason;
    const billing_terms_t  *terms;

    if (team->gone) {
        return BILLING_TEAM_NOT_FOUND;
    }

    if (board != NULL && board->gone) {
        return BILLING_BOARD_NOT_FOUND;
    }

    /* A record that says nothing is neither free nor paid. */

    if (team->plan == BILLING_PLAN_NONE || team->plan >= BILLING_PLANS
        || team->state == BILLING_STATE_NONE
        || team->state >= BILLING_STATES)
    {
        return BILLING_ENTITLEMENT_UNKNOWN;
    }

    if (!(member->roles & BILLING_ROLES_VIEW)) {
        return BILLING_NOT_A_MEMBER;
    }

    reason = billing_entitle_rights(team, member, wanted);

    if (reason != BILLING_ALLOW) {
        return reason;
    }

    terms = &catalogue->plans[team->plan];
    missing = wanted->features & ~terms->features;

    expired = team->state == BILLING_STATE_EXPIRED
              || (team->valid_until_at != 0 && now >= team->valid_until_at);

    if (expired) {
        missing = wanted->features
                  & ~catalogue->plans[BILLING_PLAN_FREE].features;
    }

    if (expired && (wanted->edit || missing)) {
        return BILLING_TEAM_EXPIRED;
    }

    if (wanted->edit) {
        reason = billing_entitle_edit(terms, team, member, board);

        if (reason != BILLING_ALLOW) {
            return reason;
        }
    }

    if (missing) {
        return BILLING_FEATURE_MISSING;
    }

    if (wanted->seat && !(member->roles & BILLING_ROLE_MEMBER)) {
        return BILLING_SEAT_MISSING;
    }

    return BILLING_ALLOW;
}


static billing_reason_t
billing_entitle_rights(const billing_team_record_t *team,
    const billing_member_record_t *member, const billing_wanted_t *wanted)
{
    if (wanted->billing
        && billing_may(BILLING_ACT_OPEN_BILLING, member->roles,
                       (billing_plan_t) team->plan)
           != BILLING_ALLOW)
    {
        return BILLING_BILLING_RIGHTS;
    }

    if (wanted->admin
        && !(member->roles & (BILLING_ROLE_TEAM_ADMIN
                              | BILLING_ROLE_COMPANY_ADMIN)))
    {
        return BILLING_ADMIN_RIGHTS;
    }

    return BILLING_ALLOW;
}


static billing_reason_t
billing_entitle_edit(const billing_terms_t *terms,
    const billing_team_record_t *team, const billing_member_record_t *member,
    const billing_board_record_t *board)
{
    if (board != NULL) {

        if (terms->editable_boards != 0 && board->rank < team->editable_from)
        {
            return BILLING_BOARD_LOCKED_LIMIT;
        }

        /* Left private by an earlier plan: locked for everybody (R40). */

        if (board->is_private && !terms->private_boards) {
            return BILLING_BOARD_LOCKED_PRIVATE;
        }
    }

    if (member->roles & BILLING_ROLES_TEAM) {
        return BILLING_ALLOW;
    }

    if (member->roles & BILLING_ROLE_GUEST && terms->guests_edit) {
        return BILLING_ALLOW;
    }

    return BILLING_GUEST_VIEW_ONLY;
}
