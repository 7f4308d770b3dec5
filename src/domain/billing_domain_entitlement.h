/* Part of billing_domain.h: the gate's decision. */

#ifndef BILLING_DOMAIN_ENTITLEMENT_H
#define BILLING_DOMAIN_ENTITLEMENT_H

/* --- entitlement: the gate's decision ------------------------------------ */

typedef struct {
    uint64_t  epoch;
    uint64_t  version;
    int64_t   valid_until_at;           /* end of paid features; 0 none */
    int64_t   period_end_at;            /* 0 on Free */
    uint64_t  editable_from;            /* oldest editable rank; 0 = all */
    uint32_t  seats;
    uint32_t  members;
    uint8_t   plan;                     /* billing_plan_t */
    uint8_t   state;                    /* billing_state_t */
    uint8_t   gone;                     /* no such team */
    uint8_t   reserved[5];
} billing_team_record_t;                /* 56 bytes */
typedef struct {
    uint64_t  epoch;
    uint64_t  version;
    uint32_t  roles;                    /* bits; 0 = not a member */
    uint32_t  reserved;
} billing_member_record_t;              /* 24 bytes */
typedef struct {
    uint64_t  epoch;
    uint64_t  version;
    uint64_t  rank;                     /* creation order, higher is newer */
    char      team[BILLING_ID_MAX + 4]; /* NUL-terminated */
    uint8_t   is_private;
    uint8_t   gone;                     /* no such board */
    uint8_t   reserved[6];
} billing_board_record_t;               /* 72 bytes */
typedef struct {
    bool      view;
    bool      edit;
    bool      seat;                     /* a member's seat, not a guest */
    bool      admin;                    /* Team or Company Admin */
    bool      billing;                  /* billing rights */
    uint64_t  features;                 /* bits that must all be there */
} billing_wanted_t;

/*
 * ALLOW or the reason to show.  board may be NULL (team-level check); the
 * caller guarantees that board->team is the team given.  Pure, no division,
 * no loop: this runs on every board request.
 */
billing_reason_t billing_entitle(const billing_catalogue_t *catalogue,
    const billing_team_record_t *team, const billing_member_record_t *member,
    const billing_board_record_t *board, const billing_wanted_t *wanted,
    int64_t now);

#endif /* BILLING_DOMAIN_ENTITLEMENT_H */
