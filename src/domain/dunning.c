/* Dunning: when an unpaid bill is tried again, and when it is over. */

#include "billing_domain.h"

#define BILLING_DAY_SEC  86400


static int64_t billing_dunning_later(int64_t at, int64_t days);


int64_t
billing_dunning_next(const billing_dunning_t *dunning, int64_t first_at,
    uint32_t failed)
{
    if (failed == 0) {
        return first_at;
    }

    if (failed > dunning->ndays) {
        return 0;
    }

    return billing_dunning_later(first_at, dunning->days[failed - 1]);
}


int64_t
billing_dunning_first(const billing_dunning_t *dunning, int64_t first_at,
    uint32_t failed, int64_t made_at)
{
    int64_t  late;

    if (failed == 0 || failed > dunning->ndays + 1) {
        return first_at;
    }

    late = made_at - billing_dunning_next(dunning, first_at, failed - 1);

    return late > BILLING_DAY_SEC ? first_at + late : first_at;
}


int64_t
billing_invoice_days_late(int64_t due_at, int64_t told_at)
{
    return told_at > due_at ? (told_at - due_at) / BILLING_DAY_SEC : 0;
}


billing_sub_event_t
billing_dunning_event(const billing_dunning_t *dunning, uint32_t failed)
{
    return failed > dunning->ndays ? BILLING_SUB_LAST_FAILED
                                   : BILLING_SUB_PAY_FAILED;
}


/*
 * A wrong or expired card stays so, and a confirmation needs its holder: the
 * days are waited for in any case, the bank is asked only where it may have
 * changed its mind.
 */

bool
billing_dunning_again(billing_reason_t refusal)
{
    return refusal == BILLING_CARD_FUNDS || refusal == BILLING_CARD_DECLINED
           || refusal == BILLING_GATEWAY_UNAVAILABLE
           || refusal == BILLING_PAYMENT_RETURNED;
}


int64_t
billing_invoice_final_at(int64_t drafted_at)
{
    return drafted_at > BILLING_INSTANT_MAX - BILLING_INVOICE_DRAFT_SEC
           ? BILLING_INSTANT_MAX : drafted_at + BILLING_INVOICE_DRAFT_SEC;
}


int64_t
billing_invoice_due_at(int64_t issued_at)
{
    return billing_dunning_later(issued_at, BILLING_INVOICE_DUE_DAYS);
}


int64_t
billing_invoice_grace_at(const billing_dunning_t *dunning, int64_t due_at)
{
    return billing_dunning_later(due_at, dunning->grace_days);
}


/* UTC has no other days than those of 86400 seconds. */

static int64_t
billing_dunning_later(int64_t at, int64_t days)
{
    int64_t  sec = days * BILLING_DAY_SEC;

    return at > BILLING_INSTANT_MAX - sec ? BILLING_INSTANT_MAX : at + sec;
}
