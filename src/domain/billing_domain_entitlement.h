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
    uint8_t   editable_boards;          /* of its own (R42); 0 as the plan */
    uint8_t   day_passes;               /* to be had (R200) */
    uint8_t   plan_after;               /* of a trial: the plan behind it */
    uint8_t   reserved[2];
} billing_team_record_t;                /* 56 bytes */
typedef struct {
    uint64_t  epoch;
    uint64_t  version;
    uint32_t  roles;                    /* bits; 0 = not a member */
    uint32_t  access;                   /* bits, on the board in question */
    int64_t   pass_ends_at;             /* of a Day Pass; 0 none */
} billing_member_record_t;              /* 32 bytes */

/* One person on one board; who has no such record has no rights there. */
typedef struct {
    uint64_t  epoch;
    uint64_t  version;
    uint32_t  rights;                   /* bits, billing_access_t */
    uint32_t  reserved;
} billing_access_record_t;              /* 24 bytes */
typedef struct {
    uint64_t  epoch;
    uint64_t  version;
    uint64_t  rank;                     /* creation order, higher is newer */
    char      team[BILLING_ID_MAX + 4]; /* NUL-terminated */
    uint8_t   is_private;
    uint8_t   gone;                     /* no such board */
    uint8_t   link;                     /* billing_visit_t */
    uint8_t   reserved[5];
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
 * Whether rights on this very board decide: of a guest, and on a private
 * board.  member->access must then be filled before billing_entitle.
 */
bool billing_entitle_by_access(const billing_member_record_t *member,
    const billing_board_record_t *board);

/* The plan whose features there are now: in a trial another than behind it. */
billing_plan_t billing_entitle_plan(const billing_team_record_t *team,
    int64_t now);

/* Whether what was paid for has ended, by its state or by the clock. */
bool billing_entitle_ended(const billing_team_record_t *team, int64_t now);

/*
 * Around now, how long the clock alone changes neither what is decided nor as
 * what somebody is let in.
 */
billing_span_t billing_entitle_span(const billing_team_record_t *team,
    const billing_member_record_t *member, int64_t now);

/*
 * As what somebody is let onto the board: roles of the team, guest, visitor;
 * 0 not at all.
 */
uint32_t billing_entitle_roles(const billing_terms_t *terms,
    const billing_member_record_t *member,
    const billing_board_record_t *board);

/*
 * ALLOW or the reason to show.  board may be NULL (team-level check); the
 * member's record of a stranger, or of nobody, is all zeros.  The
 * caller guarantees that board->team is the team given.  Pure, no division,
 * no loop: this runs on every board request.
 */
billing_reason_t billing_entitle(const billing_catalogue_t *catalogue,
    const billing_team_record_t *team, const billing_member_record_t *member,
    const billing_board_record_t *board, const billing_wanted_t *wanted,
    int64_t now);


/* --- allowance: what a team has now, and how much of it ------------------ */

typedef struct {
    uint32_t  limit;                    /* index in the catalogue */
    int64_t   used;                     /* already; -1 is not known */
} billing_usage_t;

/* Bits; Free's once what was paid for has ended, 0 of a team not known. */
uint64_t billing_allowance_features(const billing_catalogue_t *catalogue,
    const billing_team_record_t *team, int64_t now);

/* -1 is unlimited, 0 also of a team not known. */
int64_t billing_allowance_limit(const billing_catalogue_t *catalogue,
    const billing_team_record_t *team, uint32_t limit, int64_t now);

/* ALLOW while one more fits, LIMIT_REACHED, or ENTITLEMENT_UNKNOWN. */
billing_reason_t billing_allowance_room(const billing_catalogue_t *catalogue,
    const billing_team_record_t *team, const billing_usage_t *usage,
    int64_t now);

#endif /* BILLING_DOMAIN_ENTITLEMENT_H */
