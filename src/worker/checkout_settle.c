/*
 * What is not known yet: when the same key is sent again, when the gateway is
 * only asked, and when absence is believed.
 */

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "billing_business.h"


/* Told to come later: the same key, no sooner than asked. */

billing_db_rc_t
billing_reply_wait(billing_replying_t *r)
{
    billing_db_rc_t    rc;
    billing_attempt_t  attempt;

    rc = billing_attempt_load(r->w, r->co, BILLING_CALL_CHARGE, &attempt);

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    billing_reply_later(r, attempt.tries);

    return billing_checkout_move(r->w, r->co, r->co->state);
}


/*
 * May have happened: the same key again by schedule, questions once repeating
 * is pointless or no longer safe.
 */

billing_db_rc_t
billing_reply_unknown(billing_replying_t *r)
{
    bool               first;
    billing_db_rc_t    rc;
    billing_attempt_t  attempt;

    rc = billing_attempt_load(r->w, r->co, BILLING_CALL_CHARGE, &attempt);

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    rc = billing_attempt_replay(r->w, r->co, r->reply, &attempt);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    rc = billing_attempt_state(r->w, r->co, "unknown");

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    r->co->step = BILLING_CALL_CHARGE;

    /* A payment that is known is asked for; sending says nothing new. */

    if (r->co->intent[0] != '\0' || attempt.replays >= BILLING_REPLAYS_MAX
        || r->wall - attempt.first_sent_at >= BILLING_REPLAY_SEC)
    {
        r->co->step = r->co->intent[0] == '\0' ? BILLING_CALL_SEARCH
                                               : BILLING_CALL_LOOKUP;
    }

    billing_reply_later(r, attempt.tries);

    first = r->co->state != BILLING_CHECKOUT_UNKNOWN;

    rc = billing_checkout_move(r->w, r->co, BILLING_CHECKOUT_UNKNOWN);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (r->co->step != BILLING_CALL_CHARGE && r->co->intent[0] == '\0') {
        rc = billing_checkout_send(r->w, r->co);
    }

    return rc == BILLING_DB_OK && first ? billing_reply_tell(r) : rc;
}


/* A question was not answered: it is asked again. */

billing_db_rc_t
billing_reply_asked(billing_replying_t *r)
{
    billing_db_rc_t    rc;
    billing_attempt_t  attempt;

    rc = billing_attempt_load(r->w, r->co, BILLING_CALL_CHARGE, &attempt);

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    billing_reply_later(r, attempt.tries < 2 ? 2 : attempt.tries);

    if (r->co->waiter[0] != '\0') {
        return billing_reply_tell(r);
    }

    return billing_checkout_move(r->w, r->co, r->co->state);
}


/*
 * Not there now is not never: what was sent last may still arrive.  After the
 * grace it is proven absent, and the purchase is made with a new key while
 * its buyer still waits for it, or ends.
 */

billing_db_rc_t
billing_reply_absent(billing_replying_t *r)
{
    int64_t            since;
    billing_db_rc_t    rc;
    billing_ending_t   ending;
    billing_attempt_t  attempt;

    rc = billing_attempt_load(r->w, r->co, BILLING_CALL_CHARGE, &attempt);

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    since = r->wall - attempt.last_sent_at;

    if (since < BILLING_ABSENT_SEC) {
        r->co->next_try_at = attempt.last_sent_at + BILLING_ABSENT_SEC;
        return billing_checkout_move(r->w, r->co, r->co->state);
    }

    ending = (billing_ending_t) {
        .state = BILLING_CHECKOUT_FAILED, .now = r->now,
        .reason = BILLING_GATEWAY_UNAVAILABLE
    };

    if (r->co->attempt >= BILLING_ATTEMPTS_MAX
        || r->wall - attempt.first_sent_at > BILLING_RETRY_WINDOW_SEC)
    {
        return billing_checkout_end(r->w, r->co, &ending);
    }

    rc = billing_attempt_state(r->w, r->co, "failed");

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    rc = billing_checkout_move(r->w, r->co, BILLING_CHECKOUT_FAILED);

    return rc == BILLING_DB_OK ? billing_checkout_again(r->w, r->co) : rc;
}


/* With jitter, so that many who wait do not come back at once. */

void
billing_reply_later(billing_replying_t *r, uint32_t tries)
{
    int64_t  delay;
    uint8_t  jitter;

    delay = billing_retry_delay(tries);

    if (r->result.retry_after_sec > delay) {
        delay = r->result.retry_after_sec;
    }

    if (r->result.outcome == BILLING_OUTCOME_WAIT
        && getrandom(&jitter, sizeof(jitter), 0) == sizeof(jitter))
    {
        delay += jitter % 3;
    }

    r->co->next_try_at = r->wall + delay;
}


/*
 * The browser holds the secret of a payment that has failed: with another
 * card it could still pay.  Only what is cancelled has failed for good.
 */

billing_db_rc_t
billing_reply_close(billing_replying_t *r)
{
    billing_db_rc_t    rc;
    billing_attempt_t  attempt;

    r->co->step = BILLING_CALL_CANCEL;

    if (!r->co->cancelling) {
        r->co->cancelling = true;
        r->co->reason = r->result.reason;
        return billing_checkout_send(r->w, r->co);
    }

    rc = billing_attempt_load(r->w, r->co, BILLING_CALL_CANCEL, &attempt);

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    billing_reply_later(r, attempt.tries);

    return billing_checkout_move(r->w, r->co, r->co->state);
}


/* After the end: what has come is given back, what has not is left alone. */

billing_db_rc_t
billing_reply_stray(billing_replying_t *r)
{
    billing_charge_t  charge;

    billing_charge_of(r->co, &charge);
    billing_gateway_charge_result(&charge, r->reply, true, &r->result);

    if (r->result.outcome == BILLING_OUTCOME_SUCCEEDED
        || r->result.outcome == BILLING_OUTCOME_MISMATCH)
    {
        return billing_checkout_refund(r->w, r->co, &r->result, r->now);
    }

    r->co->next_try_at = BILLING_NEVER_AT;

    if (r->reply->status != 404
        && (r->result.outcome == BILLING_OUTCOME_UNKNOWN
            || r->result.outcome == BILLING_OUTCOME_WAIT))
    {
        r->co->next_try_at = r->wall + BILLING_RETRY_WINDOW_SEC;
    }

    return billing_checkout_move(r->w, r->co, r->co->state);
}


/*
 * Who asked last is told, and whoever sent the purchase once more elsewhere;
 * a client that has gone asks the operation.
 */

billing_db_rc_t
billing_reply_tell(billing_replying_t *r)
{
    char             waiter[BILLING_OP_ID_LEN + 1];
    billing_db_rc_t  rc;

    (void) snprintf(waiter, sizeof(waiter), "%s", r->co->waiter);
    r->co->waiter[0] = '\0';

    rc = billing_checkout_move(r->w, r->co, r->co->state);

    if (rc == BILLING_DB_OK && !r->co->cancelling) {
        rc = billing_checkout_tell(r->w, r->co, r->co->id);
    }

    return rc == BILLING_DB_OK && waiter[0] != '\0'
           ? billing_checkout_tell(r->w, r->co, waiter) : rc;
}
