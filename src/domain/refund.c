/* Refunds: asked for here, decided by people. */

#include "billing_domain.h"


static bool billing_approval_same(const char *a, const char *b);


billing_reason_t
billing_refund_allowed(const billing_refund_t *refund)
{
    billing_money_t  rest;

    if (refund->extra_seats) {
        return BILLING_REFUND_EXTRA_SEATS;
    }

    if (billing_money_sub(refund->captured, refund->refunded, &rest)
        != BILLING_OK)
    {
        return BILLING_INTERNAL;
    }

    /* Never more than is left of what was paid. */

    if (refund->asked.currency != rest.currency || refund->asked.minor <= 0
        || refund->asked.minor > rest.minor)
    {
        return BILLING_REFUND_AMOUNT;
    }

    return refund->asked.minor > billing_refund_rest(refund).minor
           ? BILLING_REFUND_EXTRA_SEATS : BILLING_ALLOW;
}


/* What was paid for added licences stays, whatever else goes back (R193). */

billing_money_t
billing_refund_rest(const billing_refund_t *refund)
{
    billing_money_t  rest = refund->captured;

    rest.minor -= refund->refunded.minor + refund->seats.minor;

    if (rest.minor < 0 || refund->extra_seats) {
        rest.minor = 0;
    }

    return rest;
}


void
billing_team_refunded(billing_team_t *team, billing_money_t net)
{
    if (net.currency == team->paid.currency) {
        team->paid.minor = net.minor < team->paid.minor
                           ? team->paid.minor - net.minor : 0;
    }
}


/* A word that is too old counts as none, so that its speaker may repeat it. */

billing_reason_t
billing_approval_step(const billing_approval_t *approval, bool *waits)
{
    *waits = false;

    if (!approval->two) {
        return BILLING_ALLOW;
    }

    if (approval->by[0] == '\0') {
        return BILLING_APPROVER_MISSING;
    }

    *waits = approval->asked_by[0] == '\0'
             || approval->now - approval->asked_at >= BILLING_APPROVAL_SEC;

    return !*waits && billing_approval_same(approval->by, approval->asked_by)
           ? BILLING_APPROVER_SAME : BILLING_ALLOW;
}


/* Of ASCII the case does not count; addresses have nothing else. */

static bool
billing_approval_same(const char *a, const char *b)
{
    unsigned char  x, y;

    do {
        x = (unsigned char) *a++;
        y = (unsigned char) *b++;
        x = x >= 'A' && x <= 'Z' ? (unsigned char) (x | 0x20) : x;
        y = y >= 'A' && y <= 'Z' ? (unsigned char) (y | 0x20) : y;
    } while (x == y && x != '\0');

    return x == y;
}


bool
billing_refund_step(billing_refund_state_t from, billing_refund_state_t to)
{
    static const bool  steps[BILLING_REFUNDS][BILLING_REFUNDS] = {
        [BILLING_REFUND_NONE][BILLING_REFUND_OPEN]    = true,
        [BILLING_REFUND_OPEN][BILLING_REFUND_GRANTED] = true,
        [BILLING_REFUND_OPEN][BILLING_REFUND_REFUSED] = true
    };

    return from < BILLING_REFUNDS && to < BILLING_REFUNDS && steps[from][to];
}
