/* Entitlement: the gate's decision about one request. */

#include "billing_domain.h"

/* Whoever edits by belonging; a payer who has left does not (R230). */
#define BILLING_ROLES_TEAM                                                    \
    (BILLING_ROLE_MEMBER | BILLING_ROLE_TEAM_ADMIN                            \
     | BILLING_ROLE_COMPANY_ADMIN)

#define BILLING_ACCESS_ANY  (BILLING_ACCESS_OWNER | BILLING_ACCESS_INVITED)


typedef struct {
    billing_plan_t  plan;
    int64_t         until_at;
    bool            expired;
} billing_entitled_t;


static billing_reason_t billing_entitle_there(
    const billing_team_record_t *team, const billing_board_record_t *board);
static void billing_entitle_bound(billing_span_t *span, int64_t at,
    int64_t now);
static bool billing_entitle_known(const billing_team_record_t *team);
static billing_reason_t billing_entitle_rights(
    const billing_team_record_t *team, uint32_t roles,
    const billing_wanted_t *wanted);
static billing_entitled_t billing_entitled(
    const billing_team_record_t *team, int64_t now);
static billing_reason_t billing_entitle_edit(const billing_terms_t *terms,
    const billing_team_record_t *team, const billing_board_record_t *board,
    uint32_t roles);
static billing_reason_t billing_entitle_pass(
    const billing_team_record_t *team, const billing_member_record_t *member,
    int64_t now);


bool
billing_entitle_by_access(const billing_member_record_t *member,
    const billing_board_record_t *board)
{
    if (member->roles & BILLING_ROLES_INSIDE) {
        return board->is_private;
    }

    return (member->roles & BILLING_ROLE_GUEST) != 0;
}


billing_plan_t
billing_entitle_plan(const billing_team_record_t *team, int64_t now)
{
    return billing_entitle_known(team) ? billing_entitled(team, now).plan
                                       : BILLING_PLAN_NONE;
}


bool
billing_entitle_ended(const billing_team_record_t *team, int64_t now)
{
    return billing_entitled(team, now).expired;
}


billing_span_t
billing_entitle_span(const billing_team_record_t *team,
    const billing_member_record_t *member, int64_t now)
{
    billing_span_t  span = { .start_at = INT64_MIN, .end_at = INT64_MAX };

    /* Every instant that the decision compares the clock with. */

    billing_entitle_bound(&span, team->valid_until_at, now);
    billing_entitle_bound(&span, team->period_end_at, now);
    billing_entitle_bound(&span, member->pass_ends_at, now);

    return span;
}


static void
billing_entitle_bound(billing_span_t *span, int64_t at, int64_t now)
{
    if (at > now) {
        span->end_at = at < span->end_at ? at : span->end_at;

    } else {
        span->start_at = at > span->start_at ? at : span->start_at;
    }
}


uint32_t
billing_entitle_roles(const billing_terms_t *terms,
    const billing_member_record_t *member,
    const billing_board_record_t *board)
{
    uint32_t  roles;

    roles = member->roles & (BILLING_ROLES_INSIDE | BILLING_ROLE_GUEST);

    if (board == NULL) {
        return roles;
    }

    if (billing_entitle_by_access(member, board)
        && !(member->access & BILLING_ACCESS_ANY))
    {
        roles = 0;
    }

    if (board->link != BILLING_VISIT_OFF
        && terms->visitors != BILLING_VISIT_OFF)
    {
        roles |= BILLING_ROLE_VISITOR;
    }

    return roles;
}


billing_reason_t
billing_entitle(const billing_catalogue_t *catalogue,
    const billing_team_record_t *team, const billing_member_record_t *member,
    const billing_board_record_t *board, const billing_wanted_t *wanted,
    int64_t now)
{
    uint32_t                roles;
    uint64_t                missing;
    billing_reason_t        reason;
    billing_entitled_t      has;
    const billing_terms_t  *terms;

    reason = billing_entitle_there(team, board);

    if (reason != BILLING_ALLOW) {
        return reason;
    }

    has = billing_entitled(team, now);
    terms = &catalogue->plans[has.plan];
    roles = billing_entitle_roles(terms, member, board);

    if (roles == 0) {
        /* To the team's people a private board is none (R56). */
        return member->roles & BILLING_ROLES_INSIDE ? BILLING_BOARD_NOT_FOUND
                                                    : BILLING_NOT_A_MEMBER;
    }

    /* A payer who came by the link alone has left all the same (R230). */

    reason = billing_entitle_rights(team,
                 roles & BILLING_ROLES_INSIDE ? member->roles : roles,
                 wanted);

    if (reason != BILLING_ALLOW) {
        return reason;
    }

    missing = wanted->features & ~terms->features;

    if (has.expired) {
        missing = wanted->features
                  & ~catalogue->plans[BILLING_PLAN_FREE].features;
    }

    if (has.expired && (wanted->edit || missing)) {
        return wanted->edit && roles & BILLING_ROLE_OCCASIONAL
               && !(roles & BILLING_ROLES_TEAM)
               ? BILLING_DAYPASS_OFF : BILLING_TEAM_EXPIRED;
    }

    reason = wanted->edit ? billing_entitle_edit(terms, team, board, roles)
                          : BILLING_ALLOW;

    if (reason == BILLING_DAYPASS_NEEDED) {
        reason = billing_entitle_pass(team, member, now);
    }

    if (reason != BILLING_ALLOW) {
        return reason;
    }

    if (missing) {
        return BILLING_FEATURE_MISSING;
    }

    if (wanted->seat && !(roles & BILLING_ROLE_MEMBER)) {
        return roles & BILLING_ROLE_RESTRICTED ? BILLING_LICENCE_REQUEST
                                               : BILLING_SEAT_MISSING;
    }

    return BILLING_ALLOW;
}


/* A record that says nothing is neither free nor paid. */

static bool
billing_entitle_known(const billing_team_record_t *team)
{
    return team->plan != BILLING_PLAN_NONE && team->plan < BILLING_PLANS
           && team->state != BILLING_STATE_NONE
           && team->state < BILLING_STATES
           && team->plan_after < BILLING_PLANS;
}


/* Rights are those of what is paid for, also in a trial of a higher plan. */

static billing_reason_t
billing_entitle_rights(const billing_team_record_t *team, uint32_t roles,
    const billing_wanted_t *wanted)
{
    uint8_t  plan = team->plan_after != BILLING_PLAN_NONE ? team->plan_after
                                                          : team->plan;

    if (wanted->billing
        && billing_may(BILLING_ACT_OPEN_BILLING, roles, (billing_plan_t) plan)
           != BILLING_ALLOW)
    {
        return BILLING_BILLING_RIGHTS;
    }

    if (wanted->admin
        && !(roles & (BILLING_ROLE_TEAM_ADMIN | BILLING_ROLE_COMPANY_ADMIN)))
    {
        return BILLING_ADMIN_RIGHTS;
    }

    return BILLING_ALLOW;
}


/*
 * A trial ends by itself, even with every program dead: what was before is
 * there again, a paid plan to the end of its own period (R221).
 */

static billing_entitled_t
billing_entitled(const billing_team_record_t *team, int64_t now)
{
    billing_entitled_t  has = {
        .plan = (billing_plan_t) team->plan,
        .until_at = team->valid_until_at
    };

    if (team->plan_after != BILLING_PLAN_NONE && now >= has.until_at) {
        has.plan = (billing_plan_t) team->plan_after;
        has.until_at = team->period_end_at;
    }

    has.expired = team->state == BILLING_STATE_EXPIRED
                  || (has.until_at != 0 && now >= has.until_at);

    return has;
}


static billing_reason_t
billing_entitle_edit(const billing_terms_t *terms,
    const billing_team_record_t *team, const billing_board_record_t *board,
    uint32_t roles)
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

    if (roles & BILLING_ROLES_TEAM) {
        return BILLING_ALLOW;
    }

    /* The licence rules its holder, whatever a link lets strangers do. */

    if (roles & BILLING_ROLE_RESTRICTED) {
        return BILLING_LICENCE_REQUEST;
    }

    if (roles & BILLING_ROLE_OCCASIONAL) {
        return BILLING_DAYPASS_NEEDED;
    }

    if (roles & BILLING_ROLE_GUEST && terms->guests_edit) {
        return BILLING_ALLOW;
    }

    if (roles & BILLING_ROLE_VISITOR && board != NULL
        && board->link == BILLING_VISIT_EDIT
        && terms->visitors == BILLING_VISIT_EDIT)
    {
        return BILLING_ALLOW;
    }

    return BILLING_GUEST_VIEW_ONLY;
}


static billing_reason_t
billing_entitle_pass(const billing_team_record_t *team,
    const billing_member_record_t *member, int64_t now)
{
    if (!team->day_passes) {
        return BILLING_DAYPASS_OFF;
    }

    return now < member->pass_ends_at ? BILLING_ALLOW
                                      : BILLING_DAYPASS_NEEDED;
}


static billing_reason_t
billing_entitle_there(const billing_team_record_t *team,
    const billing_board_record_t *board)
{
    if (team->gone) {
        return BILLING_TEAM_NOT_FOUND;
    }

    if (board != NULL && board->gone) {
        return BILLING_BOARD_NOT_FOUND;
    }

    return billing_entitle_known(team) ? BILLING_ALLOW
                                       : BILLING_ENTITLEMENT_UNKNOWN;
}
