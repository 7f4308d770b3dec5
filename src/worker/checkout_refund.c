/* Money that came for a checkout and was not what was asked goes back. */

#include <stdio.h>

#include "billing_business.h"


billing_db_rc_t
billing_checkout_refund(billing_worker_t *w, billing_checkout_t *co,
    const billing_result_t *result, int64_t now)
{
    bool             ended;
    billing_db_rc_t  rc;

    billing_log("ALERT: checkout %s: %lld %s captured, %lld %s asked:"
                " refunding", co->id, (long long) result->amount_minor,
                billing_currency_code(result->currency),
                (long long) co->amount.minor,
                billing_currency_code(co->amount.currency));

    ended = billing_checkout_final(co->state);
    co->captured = (billing_money_t) { result->amount_minor,
                                       result->currency };
    co->step = BILLING_CALL_REFUND;
    co->cancelling = false;

    rc = billing_mismatch_books(w, co, false, now);

    /*
     * The next buyer does not wait for the gateway; a bill does, or it would
     * be asked for again at once.  An end gave all back.
     */

    if (rc == BILLING_DB_OK && !ended
        && !billing_purpose_of(co->purpose)->owed)
    {
        rc = billing_checkout_release(w, co);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    rc = billing_checkout_move(w, co, BILLING_CHECKOUT_REFUNDING);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    rc = billing_checkout_send(w, co);

    if (ended) {
        return rc;                      /* its buyer was told that it failed */
    }

    if (rc == BILLING_DB_OK && co->waiter[0] != '\0') {
        rc = billing_checkout_tell(w, co, co->waiter);
    }

    return rc == BILLING_DB_OK ? billing_checkout_tell(w, co, co->id) : rc;
}


/* Money that is nobody's yet, until it has gone back. */

billing_db_rc_t
billing_mismatch_books(billing_worker_t *w, const billing_checkout_t *co,
    bool back, int64_t now)
{
    char               txn[BILLING_OP_ID_LEN + 16];
    billing_money_t    in, out;
    billing_posting_t  posting;

    in = co->captured;
    out = in;
    out.minor = -out.minor;

    (void) snprintf(txn, sizeof(txn), "%s-%s", co->id,
                    back ? "returned" : "mismatch");
    posting = (billing_posting_t) { .txn = txn, .ref = co->id, .at = now };
    billing_posting_add(&posting, "gateway", NULL, back ? out : in);
    billing_posting_add(&posting, "suspense", NULL, back ? in : out);

    return billing_ledger_post(w, &posting);
}
