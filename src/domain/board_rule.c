/* Boards: creating, moving, and which of them Free lets edit. */

#include "billing_domain.h"


billing_reason_t
billing_board_move_allowed(const billing_catalogue_t *catalogue,
    const billing_board_move_t *move, billing_board_moved_t *out)
{
    bool  private_boards;

    *out = (billing_board_moved_t) { false, false };

    if (!move->owner) {
        return BILLING_BOARD_NOT_OWNER;
    }

    if (!move->member_there || move->to >= BILLING_PLANS) {
        return BILLING_BOARD_DEST;
    }

    if (move->forbidden) {
        return BILLING_BOARD_MOVE_FORBIDDEN;
    }

    /* An expired team keeps its plan but nobody edits there: see the gate. */

    private_boards = catalogue->plans[move->to].private_boards;
    out->locked = move->is_private && !private_boards;
    out->shared = !move->is_private && !private_boards;

    return BILLING_ALLOW;
}


billing_reason_t
billing_board_create_allowed(const billing_catalogue_t *catalogue,
    const billing_team_t *team, bool is_private)
{
    if (team->plan >= BILLING_PLANS) {
        return BILLING_INTERNAL;
    }

    if (team->state == BILLING_STATE_EXPIRED) {
        return BILLING_TEAM_EXPIRED;
    }

    return is_private
           && !catalogue->plans[billing_team_plan(team)].private_boards
           ? BILLING_BOARD_PRIVATE_FREE : BILLING_ALLOW;
}


bool
billing_affected_inline(uint32_t addresses, uint32_t most)
{
    return addresses <= most;
}


/* On Free and Education an admin takes them; elsewhere whoever may edit. */

bool
billing_board_heir(billing_plan_t plan, uint32_t roles)
{
    const uint32_t  admins = BILLING_ROLE_TEAM_ADMIN
                             | BILLING_ROLE_COMPANY_ADMIN;

    if (plan == BILLING_PLAN_FREE || plan == BILLING_PLAN_EDUCATION) {
        return (roles & admins) != 0;
    }

    return (roles & (BILLING_ROLE_MEMBER | admins)) != 0;
}


bool
billing_board_restorable(int64_t deleted_at, int64_t now)
{
    return deleted_at > 0 && now - deleted_at < BILLING_RESTORE_SEC;
}


/* The newest seen so far, newest first: the last of them is the answer. */

uint64_t
billing_editable_from(const uint64_t *ranks, size_t n, uint32_t limit)
{
    size_t    kept = 0, i, k;
    uint64_t  newest[BILLING_EDITABLE_MAX];

    if (limit == 0 || n <= limit) {
        return 0;
    }

    if (limit > BILLING_EDITABLE_MAX) {
        limit = BILLING_EDITABLE_MAX;
    }

    for (i = 0; i < n; i++) {
        k = kept;

        while (k > 0 && newest[k - 1] < ranks[i]) {
            if (k < limit) {
                newest[k] = newest[k - 1];
            }

            k--;
        }

        if (k < limit) {
            newest[k] = ranks[i];
            kept += kept < limit;
        }
    }

    return newest[kept - 1];
}
