/* Part of billing_domain.h: the subscription after its purchase. */

#ifndef BILLING_DOMAIN_SUBSCRIPTION_H
#define BILLING_DOMAIN_SUBSCRIPTION_H

/* --- life cycle: domain section 6, as data ------------------------------- */

/*
 * The gateway has events of its own; these happen to a subscription.  RENEWED
 * is the charge that PERIOD_END asked for; PAID is anything else, of invoices
 * the last that was open.  Those of the clock may be sent at any time: they do
 * nothing before they are due.
 */
typedef enum {
    BILLING_SUB_PURCHASE_CARD = 0,
    BILLING_SUB_PURCHASE_INVOICE,
    BILLING_SUB_ADD_SEATS,              /* also a joining member (R145) */
    BILLING_SUB_REDUCE_SEATS,
    BILLING_SUB_CHANGE_PLAN,            /* to a higher one, now */
    BILLING_SUB_SCHEDULE_DOWN,          /* Business to Team, at the end */
    BILLING_SUB_SWITCH_YEARLY,
    BILLING_SUB_SWITCH_MONTHLY,
    BILLING_SUB_CARD_TO_INVOICE,
    BILLING_SUB_INVOICE_TO_CARD,
    BILLING_SUB_RETURN_DAY,             /* monthly or quarterly, seats due */
    BILLING_SUB_PERIOD_END,
    BILLING_SUB_RENEWED,                /* the card paid the next period */
    BILLING_SUB_PAID,
    BILLING_SUB_PAY_FAILED,
    BILLING_SUB_LAST_FAILED,
    BILLING_SUB_INVOICE_DUE,
    BILLING_SUB_GRACE_OVER,
    BILLING_SUB_CANCEL,
    BILLING_SUB_REACTIVATE,
    BILLING_SUB_DOWNGRADE_FREE,
    BILLING_SUB_TRIAL_START,
    BILLING_SUB_TRIAL_END,
    BILLING_SUB_PAYER_LEFT,
    BILLING_SUB_DELETE,
    BILLING_SUB_ENTERPRISE_REQUEST,
    BILLING_SUB_EVENTS
} billing_sub_event_t;

/* What must happen in the same transaction as the step. */
typedef enum {
    BILLING_EFFECT_CHARGE       = 1 << 0,   /* ask the card for the quote */
    BILLING_EFFECT_INVOICE      = 1 << 1,   /* draft an invoice over it */
    BILLING_EFFECT_CREDIT       = 1 << 2,   /* unused time counts (R155) */
    BILLING_EFFECT_SETTLE       = 1 << 3,   /* pending charges are in it */
    BILLING_EFFECT_RESIZE       = 1 << 4,   /* pending charge, or credit */
    BILLING_EFFECT_PERIOD_NOW   = 1 << 5,   /* a new period and anchor */
    BILLING_EFFECT_PERIOD_NEXT  = 1 << 6,   /* the next of the old anchor */
    BILLING_EFFECT_SCHEDULE     = 1 << 7,   /* keep the plan for the end */
    BILLING_EFFECT_SCHEDULED    = 1 << 8,   /* the kept plan comes true */
    BILLING_EFFECT_METHOD       = 1 << 9,   /* another way to pay */
    BILLING_EFFECT_RENEW_ON     = 1 << 10,
    BILLING_EFFECT_RENEW_OFF    = 1 << 11,
    BILLING_EFFECT_PAYER        = 1 << 12,  /* becomes Billing Admin (R101) */
    BILLING_EFFECT_PAYER_GONE   = 1 << 13,  /* loses access (R230) */
    BILLING_EFFECT_UNLOCK       = 1 << 14,  /* all boards editable (R44) */
    BILLING_EFFECT_PAUSE        = 1 << 15,  /* all boards view-only (R181) */
    BILLING_EFFECT_FREE         = 1 << 16,  /* Free's limits (R187..R190) */
    BILLING_EFFECT_RETRY        = 1 << 17,  /* dunning goes on */
    BILLING_EFFECT_TO_BALANCE   = 1 << 18,  /* money kept as credit */
    BILLING_EFFECT_RECEIPT      = 1 << 19,  /* receipt, by mail too (R104) */
    BILLING_EFFECT_MAIL_SIZE    = 1 << 20,  /* R153 */
    BILLING_EFFECT_MAIL_ENDING  = 1 << 21,  /* will expire on DATE (R179) */
    BILLING_EFFECT_MAIL_EXPIRED = 1 << 22,
    BILLING_EFFECT_MAIL_FAILED  = 1 << 23,  /* payment failed (R226) */
    BILLING_EFFECT_MAIL_OVERDUE = 1 << 24,  /* invoice past its due date */
    BILLING_EFFECT_REQUEST      = 1 << 25,  /* recorded for sales (R213) */
    BILLING_EFFECT_GONE         = 1 << 26   /* the team is deleted */
} billing_effect_t;

typedef struct {
    billing_state_t  next;
    uint32_t         effects;           /* bits, billing_effect_t */
    int64_t          until_at;          /* end of the paid period, 0 none */
} billing_sub_step_t;

/*
 * What an event does to a team: ALLOW with the step, or the refusal.  Every
 * state answers every event.  Rights, seat numbers and prices are asked
 * elsewhere; *out is filled in either case (ALREADY_CANCELLED shows until_at).
 */
billing_reason_t billing_sub_next(const billing_team_t *team,
    billing_sub_event_t event, int64_t now, billing_sub_step_t *out);

/*
 * The team after the step: state, renewal, the attributes of Free.  Amounts and
 * periods are the business of billing_team_purchase, _renew, _settle and
 * _resize, which come first.
 */
void billing_team_step(billing_team_t *team, const billing_sub_step_t *step);

/* --- declined cards, and too many purchases ------------------------------ */

#define BILLING_DECLINES_MAX       5    /* then no card is tried (P54) */
#define BILLING_DECLINES_LOOK_MAX  16   /* of one team, or of one person */

/*
 * Until when no card is tried, 0 when none may be refused; at are the instants
 * of the last declines, the newest first.
 */
int64_t billing_decline_until(const int64_t *at, unsigned n);

#define BILLING_PURCHASES_MAX      10   /* of one team within an hour (P54) */

/* The same of a team's purchases, at being the instants they were begun. */
int64_t billing_purchases_until(const int64_t *at, unsigned n);

/* --- seats after the purchase -------------------------------------------- */

/*
 * "Unused" gives the old size back, "remaining" takes the new one, both for
 * the rest of the period; their amounts add up to the change, which is
 * rounded once (domain section 5.2).
 */
typedef struct {
    uint32_t         from;
    uint32_t         to;
    billing_line_t   unused;            /* <= 0 */
    billing_line_t   remaining;
    billing_money_t  amount;            /* > 0 a charge, < 0 a credit */
    int64_t          due_at;            /* when it is billed (R146..R148) */
    bool             discount_lost;     /* too few seats for it (R97) */
    billing_money_t  paid;              /* the three as the team will have */
    billing_money_t  credit;
    billing_money_t  pending;
} billing_seat_change_t;

/*
 * ALLOW with the price of another team size, or the refusal.  There is no
 * upper bound but BILLING_SEATS_MAX (R71, R142).
 */
BILLING_MUST_CHECK billing_reason_t billing_seat_change(
    const billing_catalogue_t *catalogue, const billing_team_t *team,
    uint32_t seats, int64_t now, billing_seat_change_t *out);

/* The same for one more member: a licence is added when none is vacant. */
BILLING_MUST_CHECK billing_reason_t billing_seat_join(
    const billing_catalogue_t *catalogue, const billing_team_t *team,
    int64_t now, billing_seat_change_t *out);

/* The team after the change; joining members are counted elsewhere. */
void billing_team_resize(billing_team_t *team,
    const billing_seat_change_t *change);

/* --- periods ------------------------------------------------------------- */

/* The period after the running one, counted from the first anchor. */
billing_span_t billing_period_next(const billing_team_t *team);

/* The first return of the anchor's day in steps of months, after now. */
int64_t billing_return_after(int64_t anchor_at, int32_t months, int64_t now);

/* When seat charges of now are billed; never later than the renewal. */
int64_t billing_seats_due(const billing_team_t *team, int64_t now);

/* Whether there are charges that no bill has taken yet. */
bool billing_team_owes(const billing_team_t *team);

/*
 * When what it owes gets a bill of its own: on the return day; 0 when the
 * renewal takes it.  Who has cancelled is not renewed: at the end then.
 */
int64_t billing_settle_at(const billing_team_t *team, int64_t now);

/*
 * What a running subscription pays: a renewal at the end of the period, the
 * switch to yearly, a return to what has expired, or pending charges alone.
 * SETTLE is for the return day and for cancelling (R147, R178).  Whatever it
 * is, Day Passes that are in no bill yet are in it.
 */
typedef enum {
    BILLING_PAY_RENEWAL = 0,
    BILLING_PAY_YEARLY,
    BILLING_PAY_REACTIVATE,
    BILLING_PAY_SETTLE,
    BILLING_PAY_TRIAL,                  /* a trial becomes what was tried */
    BILLING_PAYS
} billing_pay_t;

typedef struct {
    billing_pay_t      pay;
    uint32_t           tax_permyriad;
    billing_tax_why_t  tax_why;
    char               tax_country[3];
    int64_t            now;             /* RENEWAL begins where it is due */
} billing_sub_order_t;

/*
 * ALLOW with the price, or the refusal.  The lines are those of billing_quote;
 * due_now is the card's part at once.
 */
BILLING_MUST_CHECK billing_reason_t billing_sub_quote(
    const billing_catalogue_t *catalogue, const billing_team_t *team,
    const billing_sub_order_t *order, billing_quote_t *out);

/* The next renewal as it would be now. */
BILLING_MUST_CHECK billing_reason_t billing_renewal_quote(
    const billing_catalogue_t *catalogue, const billing_team_t *team,
    uint32_t tax_permyriad, billing_quote_t *out);

/* The team after a RENEWAL: next period, same anchor, scheduled plan. */
void billing_team_renew(billing_team_t *team, const billing_quote_t *quote);

/* The team after a SETTLE: nothing pending, the balance that is left. */
void billing_team_settle(billing_team_t *team, const billing_quote_t *quote);

/* ALLOW, or why a running subscription may not be paid that way (R139). */
billing_reason_t billing_method_change(const billing_catalogue_t *catalogue,
    const billing_team_t *team, billing_method_t method, int64_t now);

/* --- trial ---------------------------------------------------------------- */

/*
 * ALLOW, the refusal of its state, or TRIAL_NOT_OFFERED: not sold any more, or
 * this team has had one (R221).
 */
billing_reason_t billing_trial_allowed(const billing_catalogue_t *catalogue,
    const billing_team_t *team, int64_t now);

/* What would begin now, at no price; the period is for a team without one. */
void billing_trial_offer(const billing_catalogue_t *catalogue,
    const billing_team_t *team, billing_period_t period, int64_t now,
    billing_quote_t *out);

/* The team in the trial it was offered, or the refusal. */
BILLING_MUST_CHECK billing_reason_t billing_team_trial(billing_team_t *team,
    const billing_quote_t *offer);

/*
 * ALLOW with the price of the seats that came in a trial which ends without a
 * purchase: they are billed on the plan that was before.
 */
BILLING_MUST_CHECK billing_reason_t billing_trial_back(
    const billing_catalogue_t *catalogue, const billing_team_t *team,
    int64_t now, billing_seat_change_t *out);

/* No trial runs any more. */
void billing_trial_over(billing_team_t *team);

/* The plan whose features the team has, paid for or tried. */
billing_plan_t billing_team_plan(const billing_team_t *team);

/* --- unpaid -------------------------------------------------------------- */

#define BILLING_INVOICE_DRAFT_SEC  3600     /* final after it (R132) */
#define BILLING_INVOICE_DUE_DAYS   30       /* R131 */

typedef struct {
    const uint32_t  *days;              /* after the first failure, rising */
    uint32_t         ndays;
    uint32_t         grace_days;        /* after an invoice's due date */
} billing_dunning_t;

/*
 * The instant of the next attempt after that many failed ones, the first at
 * first_at, or 0 when the last has failed (R169, R171).
 */
int64_t billing_dunning_next(const billing_dunning_t *dunning,
    int64_t first_at, uint32_t failed);

/*
 * first_at, moved on when the last of those attempts was made more than a day
 * late: after an absence, or a jump of the clock, the days between two
 * attempts pass all the same (P55).
 */
int64_t billing_dunning_first(const billing_dunning_t *dunning,
    int64_t first_at, uint32_t failed, int64_t made_at);

/* Days that a reminder is late: the grace begins when it is told. */
int64_t billing_invoice_days_late(int64_t due_at, int64_t told_at);

/* PAY_FAILED, or LAST_FAILED when no attempt is left. */
billing_sub_event_t billing_dunning_event(const billing_dunning_t *dunning,
    uint32_t failed);

/* Whether the same card may answer otherwise next time. */
bool billing_dunning_again(billing_reason_t refusal);

int64_t billing_invoice_final_at(int64_t drafted_at);
int64_t billing_invoice_due_at(int64_t issued_at);
int64_t billing_invoice_grace_at(const billing_dunning_t *dunning,
    int64_t due_at);

/* --- tax ----------------------------------------------------------------- */

typedef struct {
    char      country[3];               /* ISO 3166, two capitals */
    uint32_t  permyriad;                /* 2000 = 20 % */
    bool      reverse_charge;           /* with a VAT id, from abroad */
} billing_tax_t;

typedef struct {
    const char  *country;               /* NULL or empty: not known */
    const char  *vat_id;                /* NULL or empty: none */
    const char  *seller_country;
    bool         vat_valid;             /* the id was verified (R117) */
} billing_taxpayer_t;

typedef struct {
    uint32_t           permyriad;
    billing_tax_why_t  why;
    char               country[3];
} billing_taxed_t;

/* The rate of the buyer's country, 0 without one or reversed (R115..R117). */
billing_taxed_t billing_tax_of(const billing_tax_t *table, uint32_t ntaxes,
    const billing_taxpayer_t *buyer);
uint32_t billing_tax_permyriad(const billing_tax_t *table, uint32_t ntaxes,
    const billing_taxpayer_t *buyer);

/*
 * Whether the id has the shape its country gives (R117); blanks, dots and
 * dashes do not count.  Of a country without a known shape, any 4..20 letters
 * and digits.  No register is asked.
 */
bool billing_vat_id_valid(const char *country, const char *text, size_t len);

/* Nine digits, the last of which checks the others. */
bool billing_siren_valid(const char *text);

#endif /* BILLING_DOMAIN_SUBSCRIPTION_H */
