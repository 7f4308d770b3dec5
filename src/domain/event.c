/* Events: what the application is told, and when it is told again. */

#include "billing_domain.h"

#include <string.h>


/* doc/adopting.md lists them with what they carry. */

static const char *const  billing_event_names[BILLING_EVENTS] = {
    [BILLING_EVENT_NONE]                 = "",
    [BILLING_EVENT_TEAM_CREATED]         = "team.created",
    [BILLING_EVENT_TEAM_PLAN_CHANGED]    = "team.plan_changed",
    [BILLING_EVENT_TEAM_STATE_CHANGED]   = "team.state_changed",
    [BILLING_EVENT_TEAM_SEATS_CHANGED]   = "team.seats_changed",
    [BILLING_EVENT_TEAM_PERIOD_CHANGED]  = "team.period_changed",
    [BILLING_EVENT_TEAM_DELETED]         = "team.deleted",
    [BILLING_EVENT_MEMBER_ADDED]         = "team.member_added",
    [BILLING_EVENT_MEMBER_REMOVED]       = "team.member_removed",
    [BILLING_EVENT_MEMBER_CHANGED]       = "team.member_changed",
    [BILLING_EVENT_PURCHASE_COMPLETED]   = "purchase.completed",
    [BILLING_EVENT_PAYMENT_FAILED]       = "payment.failed",
    [BILLING_EVENT_INVOICE_ISSUED]       = "invoice.issued",
    [BILLING_EVENT_INVOICE_PAID]         = "invoice.paid",
    [BILLING_EVENT_ENTERPRISE_REQUESTED] = "enterprise.requested"
};


const char *
billing_event_name(billing_event_kind_t event)
{
    return (unsigned) event < BILLING_EVENTS ? billing_event_names[event] : "";
}


billing_event_kind_t
billing_event_parse(const char *name)
{
    for (unsigned i = 1; i < BILLING_EVENTS; i++) {
        if (strcmp(billing_event_names[i], name) == 0) {
            return (billing_event_kind_t) i;
        }
    }

    return BILLING_EVENT_NONE;
}


uint32_t
billing_event_team_bits(const billing_told_t *told, const billing_told_t *now)
{
    uint32_t  bits = 0;

    /* Who hears of it for the first time is told everything at once. */

    if (told->plan == BILLING_PLAN_NONE) {
        return 1u << BILLING_EVENT_TEAM_CREATED;
    }

    if (told->plan != now->plan) {
        bits |= 1u << BILLING_EVENT_TEAM_PLAN_CHANGED;
    }

    if (told->state != now->state) {
        bits |= 1u << BILLING_EVENT_TEAM_STATE_CHANGED;
    }

    if (told->seats != now->seats) {
        bits |= 1u << BILLING_EVENT_TEAM_SEATS_CHANGED;
    }

    if (told->until_at != now->until_at) {
        bits |= 1u << BILLING_EVENT_TEAM_PERIOD_CHANGED;
    }

    return bits;
}


billing_event_kind_t
billing_event_member_of(uint32_t told, uint32_t roles)
{
    if (told == roles) {
        return BILLING_EVENT_NONE;
    }

    if (told == 0) {
        return BILLING_EVENT_MEMBER_ADDED;
    }

    return roles == 0 ? BILLING_EVENT_MEMBER_REMOVED
                      : BILLING_EVENT_MEMBER_CHANGED;
}


/* Three days and three hours in all: a long weekend without anybody. */

int64_t
billing_event_retry_sec(uint32_t failed, uint32_t chance)
{
    static const int64_t  pauses[BILLING_EVENT_TRIES_MAX - 1] = {
        5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600,
        20 * 3600, 24 * 3600
    };

    if (failed == 0 || failed >= BILLING_EVENT_TRIES_MAX) {
        return 0;
    }

    return pauses[failed - 1] + pauses[failed - 1] * (chance % 1000) / 9990;
}
