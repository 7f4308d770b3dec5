/* What a checkout pays for, as data: one machine for all of them. */

#include <string.h>

#include "billing_business.h"


static void billing_purpose_settle(const billing_checkout_t *co,
    billing_team_t *team, int64_t now);


/* word, price, text of the receipt, off session, owed, stands, payer, card */

static const billing_purpose_row_t  billing_purposes[BILLING_PURPOSES] = {
    [BILLING_PURPOSE_PURCHASE] =
        { "purchase", BILLING_PAYS, "mail.receipt", false, false, false,
          true, false },
    [BILLING_PURPOSE_RENEWAL] =
        { "renewal", BILLING_PAY_RENEWAL, "mail.renewal", true, true, false,
          false, false },
    [BILLING_PURPOSE_SETTLE] =
        { "settle", BILLING_PAY_SETTLE, "mail.settled", true, true, false,
          false, false },
    [BILLING_PURPOSE_CANCEL] =
        { "cancel", BILLING_PAY_SETTLE, "mail.settled", true, true, true,
          false, false },
    [BILLING_PURPOSE_YEARLY] =
        { "yearly", BILLING_PAY_YEARLY, "mail.yearly", false, false, false,
          false, false },
    [BILLING_PURPOSE_REACTIVATE] =
        { "reactivate", BILLING_PAY_REACTIVATE, "mail.reactivated", false,
          false, false, true, false },
    [BILLING_PURPOSE_CARD] =
        { "card", BILLING_PAYS, "", false, false, false, false, true },
    [BILLING_PURPOSE_INVOICE] =
        { "invoice", BILLING_PAYS, "mail.paid", false, false, false, false,
          false },
    [BILLING_PURPOSE_TRIAL_CARD] =
        { "trial_card", BILLING_PAYS, "", false, false, false, true, true },
    [BILLING_PURPOSE_TRIAL] =
        { "trial", BILLING_PAY_TRIAL, "mail.trial_converted", true, true,
          false, true, false }
};


const billing_purpose_row_t *
billing_purpose_of(billing_purpose_t purpose)
{
    return &billing_purposes[purpose];
}


/* A word that is not ours grants nothing: another card at most. */

billing_purpose_t
billing_purpose_parse(const char *word)
{
    int  purpose;

    for (purpose = 0; purpose < BILLING_PURPOSES; purpose++) {
        if (strcmp(billing_purposes[purpose].word, word) == 0) {
            return (billing_purpose_t) purpose;
        }
    }

    return BILLING_PURPOSE_CARD;
}


/*
 * What the team becomes, at the price of Tx1.  A period starts when it was
 * priced: what was shown is so.
 */

void
billing_purpose_apply(const billing_checkout_t *co, billing_team_t *team,
    int64_t now)
{
    switch (co->purpose) {

    case BILLING_PURPOSE_RENEWAL:
        billing_team_renew(team, &co->quote);
        return;

    case BILLING_PURPOSE_SETTLE:
    case BILLING_PURPOSE_CANCEL:
        billing_purpose_settle(co, team, now);
        return;

    case BILLING_PURPOSE_CARD:
    case BILLING_PURPOSE_INVOICE:
    case BILLING_PURPOSE_TRIAL_CARD:    /* see billing_trial_start */
        return;

    case BILLING_PURPOSE_PURCHASE:
    case BILLING_PURPOSE_YEARLY:
    case BILLING_PURPOSE_REACTIVATE:
    case BILLING_PURPOSE_TRIAL:
        billing_team_purchase(team, &co->quote, co->quote.span.start_at);
        return;

    case BILLING_PURPOSES:
        return;
    }
}


/* Seats alone: the period stays, an unpaid team may be paid again. */

static void
billing_purpose_settle(const billing_checkout_t *co, billing_team_t *team,
    int64_t now)
{
    billing_sub_step_t  step;

    if (co->quote.method == BILLING_METHOD_INVOICE) {
        billing_team_settle(team, &co->quote);
        return;
    }

    if (billing_sub_next(team, BILLING_SUB_PAID, now, &step)
        == BILLING_ALLOW)
    {
        billing_team_step(team, &step);
    }

    billing_team_settle(team, &co->quote);
}
