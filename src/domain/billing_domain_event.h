/* Part of billing_domain.h: what the application is told, and given by it. */

#ifndef BILLING_DOMAIN_EVENT_H
#define BILLING_DOMAIN_EVENT_H

/* --- events: what happened to a team, for the application ----------------- */

typedef enum {
    BILLING_EVENT_NONE = 0,
    BILLING_EVENT_TEAM_CREATED,
    BILLING_EVENT_TEAM_PLAN_CHANGED,
    BILLING_EVENT_TEAM_STATE_CHANGED,
    BILLING_EVENT_TEAM_SEATS_CHANGED,
    BILLING_EVENT_TEAM_PERIOD_CHANGED,  /* renewed, or another end */
    BILLING_EVENT_TEAM_DELETED,
    BILLING_EVENT_MEMBER_ADDED,
    BILLING_EVENT_MEMBER_REMOVED,
    BILLING_EVENT_MEMBER_CHANGED,       /* roles */
    BILLING_EVENT_PURCHASE_COMPLETED,
    BILLING_EVENT_PAYMENT_FAILED,
    BILLING_EVENT_INVOICE_ISSUED,
    BILLING_EVENT_INVOICE_PAID,
    BILLING_EVENT_ENTERPRISE_REQUESTED,
    BILLING_EVENTS
} billing_event_kind_t;

/* "team.plan_changed"; _parse returns NONE for what is not an event. */
const char *billing_event_name(billing_event_kind_t event);
billing_event_kind_t billing_event_parse(const char *name);

/* A team as the application knows it; plan NONE when it does not. */
typedef struct {
    billing_plan_t   plan;
    billing_state_t  state;
    uint32_t         seats;
    int64_t          until_at;          /* end of the period, 0 none */
} billing_told_t;

/* Bits (1 << event) of what it must be told: nothing changes unseen. */
uint32_t billing_event_team_bits(const billing_told_t *told,
    const billing_told_t *now);

/* The event of a change of roles, or NONE. */
billing_event_kind_t billing_event_member_of(uint32_t told, uint32_t roles);

#define BILLING_EVENT_TRIES_MAX  10

/*
 * Seconds until a delivery is tried again after that many failed ones, at most
 * a tenth later by chance (0..999), or 0 when it is given up.
 */
int64_t billing_event_retry_sec(uint32_t failed, uint32_t chance);


/* --- grants: plans that are set from outside ------------------------------ */

/* Free again, Education, or an Enterprise order (R52, R191, R215, R220). */
typedef struct {
    billing_plan_t  plan;
    uint32_t        seats;              /* of the order; 0 on Free */
    int64_t         until_at;           /* 0: until further notice */
    int64_t         now;
    uint32_t        review_days;        /* Enterprise: flexible (R203) */
} billing_grant_t;

typedef struct {
    bool             changed;
    bool             freed;             /* Free's limits apply (R187..R190) */
    billing_money_t  credit;            /* unused time given back (R216) */
} billing_granted_t;

/*
 * ALLOW with the team as it becomes in *team, or the refusal and *team as it
 * was.  What a team pays for by itself ends by itself: only Enterprise takes
 * its place, the rest of the period becoming balance.
 */
BILLING_MUST_CHECK billing_reason_t billing_team_grant(
    const billing_catalogue_t *catalogue, billing_team_t *team,
    const billing_grant_t *grant, billing_granted_t *out);

#endif /* BILLING_DOMAIN_EVENT_H */
