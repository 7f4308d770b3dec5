/* Part of billing_domain.h: what is sold, and to which team. */

#ifndef BILLING_DOMAIN_CATALOGUE_H
#define BILLING_DOMAIN_CATALOGUE_H

/* --- catalogue: what billing.json says is sold --------------------------- */

/* Percent off for a Free team that buys enough seats (R96..R98). */
typedef struct {
    uint32_t  percent;                  /* 0: no such offer */
    uint32_t  seats_min;                /* fewer, and it ends (R97) */
    uint32_t  periods[BILLING_PERIODS]; /* how many it lasts */
} billing_volume_t;

typedef struct {
    bool             known;             /* listed in the catalogue */
    bool             selling;           /* false: PLAN_WITHDRAWN (R50) */
    bool             self_serve;        /* bought in the payment window */
    bool             guests_edit;       /* R196 */
    billing_visit_t  visitors;          /* by public link, at most (R197) */
    bool             several_teams;     /* in one subscription (R26) */
    uint32_t         seats_min;         /* R48 */
    uint32_t         window_max;        /* R70: 100 */
    bool             window_strict;     /* also for who is above it already */
    uint32_t         editable_boards;   /* 0 = unlimited; Free 3 (R37) */
    uint32_t         invoice_seats_min; /* 0 = any; Team 11 (R79) */
    bool             invoice;           /* payable by invoice at all (R82) */
    bool             invoice_yearly;    /* only with yearly billing (R79) */
    bool             private_boards;
    billing_money_t  price[BILLING_PERIODS];  /* per seat and period */
    uint64_t         features;          /* bits, see billing_catalogue_t */
    int64_t          limits[BILLING_LIMITS_MAX];   /* -1 = unlimited */
    billing_volume_t volume;
    billing_money_t  day_pass;          /* 0: not offered (R198) */
} billing_terms_t;

typedef struct {
    char              code[BILLING_WORD_MAX + 1];  /* upper case */
    uint32_t          percent;          /* 1..100 */
    int64_t           starts_at;
    int64_t           ends_at;          /* 0 = open */
    uint32_t          redemptions_max;  /* 0 = unlimited; the worker counts */
    uint32_t          team_max;         /* the same for one team; 1 (P13) */
    uint32_t          seats_min;
    uint32_t          plans;            /* bit per billing_plan_t, 0 = any */
    billing_period_t  period;           /* NONE = any */
    uint32_t          duration_periods; /* 0 = one period */
} billing_promo_t;

/* A name under which a plan was sold once (R51). */
typedef struct {
    char            name[BILLING_WORD_MAX + 1];
    billing_plan_t  plan;
} billing_retired_t;

/* A time with a higher plan's features, once for a team (R221). */
typedef struct {
    bool            enabled;
    billing_plan_t  plan;
    uint32_t        days;
} billing_trial_t;

typedef struct {
    char                version[BILLING_WORD_MAX + 1];
    uint8_t             hash[32];       /* SHA-256 of the canonical text */
    billing_currency_t  currency;
    billing_terms_t     plans[BILLING_PLANS];
    uint32_t            nfeatures;
    uint32_t            nlimits;
    uint32_t            npromos;
    char                features[BILLING_FEATURES_MAX][BILLING_WORD_MAX + 1];
    char                limits[BILLING_LIMITS_MAX][BILLING_WORD_MAX + 1];
    billing_promo_t     promos[BILLING_PROMOS_MAX];
    billing_trial_t     trial;
    billing_basis_t     basis;
    billing_rounding_t  rounding;
    bool                invitation_takes_seat;  /* else joining does */
    uint32_t            nretired;
    billing_retired_t   retired[BILLING_RETIRED_MAX];
    int64_t             legacy_before_at;   /* Free teams older than it, */
    uint32_t            legacy_boards;      /* and what they may edit (R42) */
} billing_catalogue_t;

/* The bit of a feature, the index of a limit, or -1. */
int billing_catalogue_feature(const billing_catalogue_t *catalogue,
    const char *name, size_t len);
int billing_catalogue_limit(const billing_catalogue_t *catalogue,
    const char *name, size_t len);

/* The promo of that code (compared in upper case), or NULL. */
const billing_promo_t *billing_catalogue_promo(
    const billing_catalogue_t *catalogue, const char *code, size_t len);

/* The plan of that name, also of a retired one, or NONE (R51). */
billing_plan_t billing_catalogue_plan(const billing_catalogue_t *catalogue,
    const char *word, size_t len);

/* How many boards a team of that age may edit; 0 = all (R37, R42). */
uint32_t billing_catalogue_boards(const billing_catalogue_t *catalogue,
    billing_plan_t plan, int64_t created_at);

/* --- the team as the business sees it ------------------------------------ */

#define BILLING_PASSES_MAX  4           /* prices of Day Passes in one bill */

/* Day Passes that were bought at the same price. */
typedef struct {
    uint32_t         quantity;
    billing_money_t  unit;
} billing_passes_t;

typedef struct {
    billing_plan_t    plan;
    billing_state_t   state;
    billing_period_t  period;
    billing_method_t  method;
    uint32_t          seats;
    uint32_t          members;
    int64_t           anchor_at;
    billing_span_t    current;          /* the paid period; zeros on Free */
    billing_money_t   paid;             /* seats' price of the period, net */
    billing_money_t   credit;           /* balance, >= 0 */
    billing_money_t   pending;          /* seat charges not yet billed */
    bool              auto_renew;
    billing_plan_t    scheduled_plan;
    uint64_t          version;

    /*
     * The price in force; a unit of zero is not known, and a seat then costs
     * its part of what was paid.
     */
    billing_money_t   unit;             /* list, per seat and period */
    uint32_t          discount_percent;
    uint32_t          discount_left;    /* further periods with it */
    uint32_t          discount_seats_min;   /* fewer seats, none (R97) */

    bool              invoice_open;     /* of a period, not paid yet */
    bool              seats_open;       /* over added seats (R136) */
    billing_money_t   unpaid;           /* net, of all open invoices */
    bool              ever_paid;        /* any bill of this subscription */

    /* Day Passes that are in no bill yet, by price (R199). */
    billing_passes_t  passes[BILLING_PASSES_MAX];
    uint32_t          npasses;

    /*
     * A trial (R221): "plan" and all of the above stay those of what is paid
     * for; on Free, period and method are what it is to become.
     */
    billing_plan_t    trial_plan;       /* NONE: no trial runs */
    int64_t           trial_ends_at;
    uint32_t          trial_seats;      /* paid before it */
    bool              trial_used;       /* there is one for each team */

    /* Flexible Licensing (R203), of an Enterprise contract. */
    uint32_t          review_days;      /* 90 or 180; 0: not flexible */
    int64_t           review_at;        /* the next review */
} billing_team_t;

#endif /* BILLING_DOMAIN_CATALOGUE_H */
