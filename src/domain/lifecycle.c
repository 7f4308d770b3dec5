/*
 * The life cycle of a subscription (domain section 6): a table of what each
 * event does in each state, and the few conditions a table cannot hold.
 */

#include "billing_domain.h"


/* What can come of an event: a row of billing_sub_results. */

typedef enum {
    NOBODY = 0,                         /* no such team */

    /* refusals */
    NOSUB, PAID, OFF, PAUSED, SCHOOL, SALES, SAME, ALREADY, RUNS, LAST,

    KEEP,                               /* nothing to do */

    /* From here on a guard may answer otherwise. */

    MONTHLY, TOCARD, OWED, OVERDUE,     /* refusals */

    /* purchases; the I is by invoice, the T out of a trial */
    BUY, BUYI, TBUY, TBUYI, TCHANGE, AGAIN, CHANGE, CHANGEI, YEAR, YEARI,

    SIZE, RESIZE, LATER, METHOD,
    TRUEUP, TRUEUPI, RENEW, RENEWI,
    NEXT, SETTLED, RECEIPT, FUND, FAIL, TELL, END, LATE, REMIND,
    STOP, STOPI, DROP, TSTOP, TGO, BACK, BACKI, DOWN,
    TRY, TNEXT, TRENEW, TRENEWI, TEND, TENDI, TBACK, TBACKI, TFREE,
    LEFT, DELETED, REQUEST
} billing_sub_cell_t;


typedef struct {
    billing_reason_t    refusal;
    billing_state_t     next;           /* NONE: the same */
    uint32_t            effects;
    billing_sub_cell_t  by_invoice;     /* instead, if the team pays so */
} billing_sub_result_t;


typedef struct {
    const billing_team_t  *team;
    int64_t                now;
    billing_sub_cell_t     cell;        /* as the table has it */
} billing_sub_asked_t;


typedef billing_sub_cell_t (*billing_sub_guard_pt)(
    const billing_sub_asked_t *a);


static billing_sub_cell_t billing_sub_find(const billing_team_t *team,
    billing_sub_event_t event, int64_t now);
static bool billing_sub_over(const billing_team_t *team, int64_t now);
static bool billing_sub_owes(const billing_team_t *team);
static billing_sub_cell_t billing_sub_schedule(const billing_sub_asked_t *a);
static billing_sub_cell_t billing_sub_yearly(const billing_sub_asked_t *a);
static billing_sub_cell_t billing_sub_monthly(const billing_sub_asked_t *a);
static billing_sub_cell_t billing_sub_invoice(const billing_sub_asked_t *a);
static billing_sub_cell_t billing_sub_card(const billing_sub_asked_t *a);
static billing_sub_cell_t billing_sub_return(const billing_sub_asked_t *a);
static billing_sub_cell_t billing_sub_period(const billing_sub_asked_t *a);
static billing_sub_cell_t billing_sub_due(const billing_sub_asked_t *a);
static billing_sub_cell_t billing_sub_grace(const billing_sub_asked_t *a);
static billing_sub_cell_t billing_sub_cancel(const billing_sub_asked_t *a);
static billing_sub_cell_t billing_sub_reactivate(const billing_sub_asked_t *a);
static billing_sub_cell_t billing_sub_trial(const billing_sub_asked_t *a);
static billing_sub_cell_t billing_sub_trial_end(const billing_sub_asked_t *a);
static billing_sub_cell_t billing_sub_delete(const billing_sub_asked_t *a);


/*
 * Columns: no team, FREE, TRIAL, ACTIVE, ACTIVE_UNPAID, PAST_DUE, CANCELLED,
 * EXPIRED, EDUCATION, ENTERPRISE.
 */

static const uint8_t  billing_sub_cells[BILLING_SUB_EVENTS][BILLING_STATES] = {
    [BILLING_SUB_PURCHASE_CARD] =
        { 0, BUY, TBUY, PAID, PAID, PAID, OFF, BUY, PAID, PAID },
    [BILLING_SUB_PURCHASE_INVOICE] =
        { 0, BUYI, TBUYI, PAID, PAID, PAID, OFF, BUYI, PAID, PAID },
    [BILLING_SUB_ADD_SEATS] =
        { 0, NOSUB, SIZE, RESIZE, RESIZE, RESIZE, OFF, PAUSED, SCHOOL,
          SALES },
    [BILLING_SUB_REDUCE_SEATS] =
        { 0, NOSUB, SIZE, RESIZE, RESIZE, RESIZE, OFF, PAUSED, SCHOOL,
          SALES },
    [BILLING_SUB_CHANGE_PLAN] =
        { 0, NOSUB, TCHANGE, CHANGE, OWED, OVERDUE, OFF, PAUSED, PAID, PAID },
    [BILLING_SUB_SCHEDULE_DOWN] =
        { 0, NOSUB, NOSUB, LATER, LATER, LATER, OFF, PAUSED, SCHOOL, SALES },
    [BILLING_SUB_SWITCH_YEARLY] =
        { 0, NOSUB, NOSUB, YEAR, OWED, OVERDUE, OFF, PAUSED, SCHOOL, SALES },
    [BILLING_SUB_SWITCH_MONTHLY] =
        { 0, NOSUB, NOSUB, MONTHLY, MONTHLY, MONTHLY, OFF, PAUSED, SCHOOL,
          SALES },
    [BILLING_SUB_CARD_TO_INVOICE] =
        { 0, NOSUB, NOSUB, METHOD, METHOD, OVERDUE, OFF, PAUSED, SCHOOL,
          SALES },
    [BILLING_SUB_INVOICE_TO_CARD] =
        { 0, NOSUB, TOCARD, TOCARD, TOCARD, TOCARD, OFF, PAUSED, SCHOOL,
          SALES },
    [BILLING_SUB_RETURN_DAY] =
        { 0, KEEP, KEEP, TRUEUP, TRUEUP, KEEP, TRUEUP, KEEP, KEEP, KEEP },
    [BILLING_SUB_PERIOD_END] =
        { 0, KEEP, TRENEW, RENEW, RENEW, KEEP, END, KEEP, KEEP, KEEP },
    [BILLING_SUB_RENEWED] =
        { 0, FUND, TNEXT, NEXT, NEXT, NEXT, FUND, FUND, FUND, FUND },
    [BILLING_SUB_PAID] =
        { 0, FUND, RECEIPT, SETTLED, SETTLED, SETTLED, RECEIPT, FUND, RECEIPT,
          RECEIPT },
    [BILLING_SUB_PAY_FAILED] =
        { 0, KEEP, TELL, FAIL, TELL, FAIL, TELL, KEEP, KEEP, KEEP },
    [BILLING_SUB_LAST_FAILED] =
        { 0, KEEP, END, END, KEEP, END, KEEP, KEEP, KEEP, KEEP },
    [BILLING_SUB_INVOICE_DUE] =
        { 0, KEEP, KEEP, LATE, LATE, REMIND, REMIND, REMIND, KEEP, KEEP },
    [BILLING_SUB_GRACE_OVER] =
        { 0, KEEP, KEEP, KEEP, END, END, END, KEEP, KEEP, KEEP },
    [BILLING_SUB_CANCEL] =
        { 0, NOSUB, TSTOP, STOP, STOP, END, ALREADY, PAUSED, SCHOOL, SALES },
    [BILLING_SUB_REACTIVATE] =
        { 0, NOSUB, TGO, RUNS, RUNS, RUNS, BACK, AGAIN, SCHOOL, SALES },
    [BILLING_SUB_DOWNGRADE_FREE] =
        { 0, NOSUB, RUNS, RUNS, RUNS, RUNS, ALREADY, DOWN, SCHOOL, SALES },
    [BILLING_SUB_TRIAL_START] =
        { 0, TRY, PAID, TRY, PAID, PAID, OFF, PAUSED, PAID, PAID },
    [BILLING_SUB_TRIAL_END] =
        { 0, KEEP, TEND, KEEP, KEEP, KEEP, KEEP, KEEP, KEEP, KEEP },
    [BILLING_SUB_PAYER_LEFT] =
        { 0, KEEP, LEFT, LEFT, LEFT, LEFT, LEFT, LEFT, LEFT, LEFT },
    [BILLING_SUB_DELETE] =
        { 0, DELETED, DELETED, DELETED, DELETED, DELETED, DELETED, DELETED,
          DELETED, LAST },
    [BILLING_SUB_ENTERPRISE_REQUEST] =
        { 0, REQUEST, REQUEST, REQUEST, REQUEST, REQUEST, REQUEST, REQUEST,
          REQUEST, REQUEST }
};


static const billing_sub_guard_pt  billing_sub_guards[BILLING_SUB_EVENTS] = {
    [BILLING_SUB_SCHEDULE_DOWN]   = billing_sub_schedule,
    [BILLING_SUB_SWITCH_YEARLY]   = billing_sub_yearly,
    [BILLING_SUB_SWITCH_MONTHLY]  = billing_sub_monthly,
    [BILLING_SUB_CARD_TO_INVOICE] = billing_sub_invoice,
    [BILLING_SUB_INVOICE_TO_CARD] = billing_sub_card,
    [BILLING_SUB_RETURN_DAY]      = billing_sub_return,
    [BILLING_SUB_PERIOD_END]      = billing_sub_period,
    [BILLING_SUB_INVOICE_DUE]     = billing_sub_due,
    [BILLING_SUB_GRACE_OVER]      = billing_sub_grace,
    [BILLING_SUB_CANCEL]          = billing_sub_cancel,
    [BILLING_SUB_REACTIVATE]      = billing_sub_reactivate,
    [BILLING_SUB_TRIAL_START]     = billing_sub_trial,
    [BILLING_SUB_TRIAL_END]       = billing_sub_trial_end,
    [BILLING_SUB_DELETE]          = billing_sub_delete
};


#define ACTIVE         BILLING_STATE_ACTIVE
#define UNPAID         BILLING_STATE_ACTIVE_UNPAID

/* The effects' names, without their prefix. */

enum {
    E_CHARGE = BILLING_EFFECT_CHARGE,
    E_INVOICE = BILLING_EFFECT_INVOICE,
    E_CREDIT = BILLING_EFFECT_CREDIT,
    E_SETTLE = BILLING_EFFECT_SETTLE,
    E_RESIZE = BILLING_EFFECT_RESIZE,
    E_PERIOD_NOW = BILLING_EFFECT_PERIOD_NOW,
    E_PERIOD_NEXT = BILLING_EFFECT_PERIOD_NEXT,
    E_SCHEDULE = BILLING_EFFECT_SCHEDULE,
    E_SCHEDULED = BILLING_EFFECT_SCHEDULED,
    E_METHOD = BILLING_EFFECT_METHOD,
    E_RENEW_ON = BILLING_EFFECT_RENEW_ON,
    E_RENEW_OFF = BILLING_EFFECT_RENEW_OFF,
    E_PAYER = BILLING_EFFECT_PAYER,
    E_PAYER_GONE = BILLING_EFFECT_PAYER_GONE,
    E_UNLOCK = BILLING_EFFECT_UNLOCK,
    E_PAUSE = BILLING_EFFECT_PAUSE,
    E_FREE = BILLING_EFFECT_FREE,
    E_RETRY = BILLING_EFFECT_RETRY,
    E_TO_BALANCE = BILLING_EFFECT_TO_BALANCE,
    E_RECEIPT = BILLING_EFFECT_RECEIPT,
    E_MAIL_SIZE = BILLING_EFFECT_MAIL_SIZE,
    E_MAIL_ENDING = BILLING_EFFECT_MAIL_ENDING,
    E_MAIL_EXPIRED = BILLING_EFFECT_MAIL_EXPIRED,
    E_MAIL_FAILED = BILLING_EFFECT_MAIL_FAILED,
    E_MAIL_OVERDUE = BILLING_EFFECT_MAIL_OVERDUE,
    E_REQUEST = BILLING_EFFECT_REQUEST,
    E_GONE = BILLING_EFFECT_GONE
};


/* Every purchase settles what is pending and starts a period of its own. */

#define BUY_EFFECTS    (E_SETTLE | E_PERIOD_NOW | E_RENEW_ON | E_PAYER    \
                        | E_UNLOCK)
#define YEAR_EFFECTS   (E_CREDIT | E_SETTLE | E_PERIOD_NOW | E_RENEW_ON)
#define CARD_EFFECTS   (E_CHARGE | E_RECEIPT)


static const billing_sub_result_t  billing_sub_results[] = {
    [NOBODY]  = { .refusal = BILLING_TEAM_NOT_FOUND },
    [NOSUB]   = { .refusal = BILLING_NO_SUBSCRIPTION },
    [PAID]    = { .refusal = BILLING_UPGRADE_ALREADY_PAID },
    [OFF]     = { .refusal = BILLING_SUBSCRIPTION_CANCELLED },
    [PAUSED]  = { .refusal = BILLING_TEAM_EXPIRED },
    [SCHOOL]  = { .refusal = BILLING_PLAN_EDUCATION_APPLY },
    [SALES]   = { .refusal = BILLING_PLAN_ENTERPRISE_CONTACT },
    [SAME]    = { .refusal = BILLING_SWITCH_SAME },
    [MONTHLY] = { .refusal = BILLING_SWITCH_TO_MONTHLY },
    [TOCARD]  = { .refusal = BILLING_INVOICE_TO_CARD },
    [OWED]    = { .refusal = BILLING_INVOICE_OPEN },
    [OVERDUE] = { .refusal = BILLING_PAYMENT_PAST_DUE },
    [ALREADY] = { .refusal = BILLING_ALREADY_CANCELLED },
    [RUNS]    = { .refusal = BILLING_NOT_CANCELLED },
    [LAST]    = { .refusal = BILLING_LAST_TEAM },

    [KEEP]    = { .effects = 0 },

    [BUY]     = { .next = ACTIVE, .effects = BUY_EFFECTS | CARD_EFFECTS },
    [BUYI]    = { .next = UNPAID, .effects = BUY_EFFECTS | E_INVOICE },
    [TBUY]    = { .next = ACTIVE,
                  .effects = BUY_EFFECTS | CARD_EFFECTS | E_CREDIT },
    [TCHANGE] = { .next = ACTIVE, .by_invoice = TBUYI,
                  .effects = BUY_EFFECTS | CARD_EFFECTS | E_CREDIT },
    [TBUYI]   = { .next = UNPAID,
                  .effects = BUY_EFFECTS | E_INVOICE | E_CREDIT },
    [AGAIN]   = { .next = ACTIVE, .by_invoice = BUYI,
                  .effects = BUY_EFFECTS | CARD_EFFECTS },
    [CHANGE]  = { .next = ACTIVE, .by_invoice = CHANGEI,
                  .effects = BUY_EFFECTS | CARD_EFFECTS | E_CREDIT },
    [CHANGEI] = { .next = UNPAID,
                  .effects = BUY_EFFECTS | E_INVOICE | E_CREDIT },
    [YEAR]    = { .next = ACTIVE, .by_invoice = YEARI,
                  .effects = YEAR_EFFECTS | CARD_EFFECTS },
    [YEARI]   = { .next = UNPAID, .effects = YEAR_EFFECTS | E_INVOICE },

    [SIZE]    = { .effects = E_MAIL_SIZE },
    [RESIZE]  = { .effects = E_RESIZE | E_MAIL_SIZE },
    [LATER]   = { .effects = E_SCHEDULE },
    [METHOD]  = { .effects = E_METHOD },

    [TRUEUP]  = { .by_invoice = TRUEUPI, .effects = E_CHARGE | E_SETTLE },
    [TRUEUPI] = { .effects = E_INVOICE | E_SETTLE },

    /* The card's period begins when it has paid; an invoice's at once. */

    [RENEW]   = { .by_invoice = RENEWI, .effects = E_CHARGE | E_SETTLE },
    [RENEWI]  = { .next = UNPAID,
                  .effects = E_INVOICE | E_SETTLE | E_PERIOD_NEXT },
    [NEXT]    = { .next = ACTIVE, .effects = E_PERIOD_NEXT | E_RECEIPT },
    [SETTLED] = { .next = ACTIVE, .effects = E_RECEIPT },
    [RECEIPT] = { .effects = E_RECEIPT },
    [FUND]    = { .effects = E_TO_BALANCE | E_RECEIPT },
    [FAIL]    = { .next = BILLING_STATE_PAST_DUE,
                  .effects = E_RETRY | E_MAIL_FAILED },
    [TELL]    = { .effects = E_MAIL_FAILED },
    [END]     = { .next = BILLING_STATE_EXPIRED,
                  .effects = E_RENEW_OFF | E_PAUSE | E_MAIL_EXPIRED },
    [LATE]    = { .next = BILLING_STATE_PAST_DUE,
                  .effects = E_MAIL_OVERDUE },
    [REMIND]  = { .effects = E_MAIL_OVERDUE },

    [STOP]    = { .next = BILLING_STATE_CANCELLED, .by_invoice = STOPI,
                  .effects = E_CHARGE | E_SETTLE | E_RENEW_OFF
                             | E_MAIL_ENDING },
    [STOPI]   = { .next = BILLING_STATE_CANCELLED,
                  .effects = E_INVOICE | E_SETTLE | E_RENEW_OFF
                             | E_MAIL_ENDING },
    [DROP]    = { .next = BILLING_STATE_FREE,
                  .effects = E_RENEW_OFF | E_FREE },
    [TSTOP]   = { .effects = E_RENEW_OFF | E_MAIL_ENDING },
    [TGO]     = { .effects = E_RENEW_ON },
    [BACK]    = { .next = ACTIVE, .effects = E_RENEW_ON },
    [BACKI]   = { .next = UNPAID, .effects = E_RENEW_ON },
    [DOWN]    = { .next = BILLING_STATE_FREE,
                  .effects = E_RENEW_OFF | E_FREE },

    [TRY]     = { .next = BILLING_STATE_TRIAL,
                  .effects = E_RENEW_ON | E_UNLOCK },

    /* What was paid before it renews itself in a trial too (R221). */

    [TNEXT]   = { .effects = E_PERIOD_NEXT | E_RECEIPT },
    [TRENEW]  = { .by_invoice = TRENEWI, .effects = E_CHARGE | E_SETTLE },
    [TRENEWI] = { .effects = E_INVOICE | E_SETTLE | E_PERIOD_NEXT },
    [TEND]    = { .next = ACTIVE, .by_invoice = TENDI,
                  .effects = YEAR_EFFECTS | CARD_EFFECTS },
    [TENDI]   = { .next = UNPAID, .effects = YEAR_EFFECTS | E_INVOICE },
    [TBACK]   = { .next = ACTIVE, .effects = E_RENEW_ON },
    [TBACKI]  = { .next = UNPAID, .effects = E_RENEW_ON },
    [TFREE]   = { .next = BILLING_STATE_FREE,
                  .effects = E_RENEW_OFF | E_FREE },

    [LEFT]    = { .effects = E_PAYER_GONE },
    [DELETED] = { .effects = E_RENEW_OFF | E_GONE },
    [REQUEST] = { .effects = E_REQUEST }
};


billing_reason_t
billing_sub_next(const billing_team_t *team, billing_sub_event_t event,
    int64_t now, billing_sub_step_t *out)
{
    billing_sub_cell_t           cell;
    const billing_sub_result_t  *result;

    *out = (billing_sub_step_t) {
        .next = team->state,
        .until_at = team->state == BILLING_STATE_TRIAL ? team->trial_ends_at
                                                       : team->current.end_at
    };

    if (team->state >= BILLING_STATES || event >= BILLING_SUB_EVENTS) {
        return BILLING_INTERNAL;
    }

    cell = billing_sub_find(team, event, now);
    result = &billing_sub_results[cell];

    if (result->by_invoice != NOBODY
        && team->method == BILLING_METHOD_INVOICE)
    {
        cell = result->by_invoice;
        result = &billing_sub_results[cell];
    }

    if (result->refusal != BILLING_ALLOW) {
        return result->refusal;
    }

    out->effects = result->effects;

    if (result->next != BILLING_STATE_NONE) {
        out->next = result->next;
    }

    /* Nothing pending: nothing to take when it is cancelled (R178). */

    if ((cell == STOP || cell == STOPI) && !billing_team_owes(team)) {
        out->effects &= ~(uint32_t) (E_CHARGE | E_INVOICE | E_SETTLE);
    }

    if (out->effects & E_PERIOD_NEXT
        && team->scheduled_plan != BILLING_PLAN_NONE)
    {
        out->effects |= E_SCHEDULED;
    }

    return BILLING_ALLOW;
}


static billing_sub_cell_t
billing_sub_find(const billing_team_t *team, billing_sub_event_t event,
    int64_t now)
{
    billing_state_t     state = team->state;
    billing_sub_cell_t  cell;

    /*
     * The end of a cancelled period does not wait for a sweep (R181), but for
     * the bill over its last Day Passes.
     */

    if (state == BILLING_STATE_CANCELLED && event != BILLING_SUB_PERIOD_END
        && event != BILLING_SUB_RETURN_DAY && billing_sub_over(team, now))
    {
        state = BILLING_STATE_EXPIRED;
    }

    cell = (billing_sub_cell_t) billing_sub_cells[event][state];

    if (cell <= KEEP || billing_sub_guards[event] == NULL) {
        return cell;
    }

    return billing_sub_guards[event](&(billing_sub_asked_t) { team, now,
                                                              cell });
}


static bool
billing_sub_over(const billing_team_t *team, int64_t now)
{
    return team->current.end_at != 0 && now >= team->current.end_at;
}


static bool
billing_sub_owes(const billing_team_t *team)
{
    return team->invoice_open || team->seats_open;
}


/* From Business alone (R188); there is no plan below Team but Free. */

static billing_sub_cell_t
billing_sub_schedule(const billing_sub_asked_t *a)
{
    return a->team->plan == BILLING_PLAN_BUSINESS ? a->cell : PAID;
}


static billing_sub_cell_t
billing_sub_yearly(const billing_sub_asked_t *a)
{
    return a->team->period == BILLING_PERIOD_YEARLY ? SAME : a->cell;
}


static billing_sub_cell_t
billing_sub_monthly(const billing_sub_asked_t *a)
{
    return a->team->period == BILLING_PERIOD_MONTHLY ? SAME : a->cell;
}


/* Asking for what is so already changes nothing. */

static billing_sub_cell_t
billing_sub_invoice(const billing_sub_asked_t *a)
{
    return a->team->method == BILLING_METHOD_INVOICE ? KEEP : a->cell;
}


static billing_sub_cell_t
billing_sub_card(const billing_sub_asked_t *a)
{
    return a->team->method == BILLING_METHOD_CARD ? KEEP : a->cell;
}


static billing_sub_cell_t
billing_sub_return(const billing_sub_asked_t *a)
{
    /* Seats were charged when it was cancelled (R178). */

    if (a->team->state == BILLING_STATE_CANCELLED) {
        return a->team->npasses != 0 ? a->cell : KEEP;
    }

    return billing_team_owes(a->team) ? a->cell : KEEP;
}


static billing_sub_cell_t
billing_sub_period(const billing_sub_asked_t *a)
{
    if (!billing_sub_over(a->team, a->now)) {
        return KEEP;
    }

    /* Who ends a trial does not end what was before it. */

    return a->team->auto_renew || a->cell == TRENEW ? a->cell : END;
}


static billing_sub_cell_t
billing_sub_due(const billing_sub_asked_t *a)
{
    return (a->cell == REMIND || a->team->state == BILLING_STATE_ACTIVE)
           && !billing_sub_owes(a->team) ? KEEP : a->cell;
}


/* Of a card, the last attempt decides and not the grace of invoices. */

static billing_sub_cell_t
billing_sub_grace(const billing_sub_asked_t *a)
{
    if (billing_sub_owes(a->team)) {
        return a->cell;
    }

    if (a->team->state == BILLING_STATE_PAST_DUE
        && a->team->method == BILLING_METHOD_CARD)
    {
        return KEEP;
    }

    return a->team->state == BILLING_STATE_CANCELLED ? KEEP : a->cell;
}


static billing_sub_cell_t
billing_sub_cancel(const billing_sub_asked_t *a)
{
    /* What runs was paid; only the seats added to it were not (R172). */

    if (a->cell == END && !a->team->invoice_open
        && !billing_sub_over(a->team, a->now))
    {
        return STOP;
    }

    if (a->cell == END) {
        return END;
    }

    if (!a->team->auto_renew) {
        return ALREADY;
    }

    /* Before the first invoice is paid nothing was bought (R138). */

    return a->team->state == BILLING_STATE_ACTIVE_UNPAID && !a->team->ever_paid
           && a->team->current.start_at == a->team->anchor_at ? DROP : a->cell;
}


static billing_sub_cell_t
billing_sub_reactivate(const billing_sub_asked_t *a)
{
    if (a->cell == TGO) {
        return a->team->auto_renew ? RUNS : TGO;
    }

    return a->cell == BACK && a->team->invoice_open ? BACKI : a->cell;
}


/* Of Business, for those who do not have it (R221). */

static billing_sub_cell_t
billing_sub_trial(const billing_sub_asked_t *a)
{
    return a->team->plan == BILLING_PLAN_FREE
           || a->team->plan == BILLING_PLAN_TEAM ? a->cell : PAID;
}


/* Stopped, or with nothing to pay with: back to what was before. */

static billing_sub_cell_t
billing_sub_trial_end(const billing_sub_asked_t *a)
{
    if (a->team->method == BILLING_METHOD_NONE
        || (a->team->plan == BILLING_PLAN_FREE && !a->team->auto_renew))
    {
        return TFREE;
    }

    if (a->team->auto_renew) {
        return a->cell;
    }

    return a->team->invoice_open ? TBACKI : TBACK;
}


/* The last team of such a subscription stays until it is Free (R212). */

static billing_sub_cell_t
billing_sub_delete(const billing_sub_asked_t *a)
{
    return a->team->plan == BILLING_PLAN_BUSINESS
           || a->team->plan == BILLING_PLAN_CONSULTANT ? LAST : a->cell;
}
