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

    if (attempt.replays >= BILLING_REPLAYS_MAX
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

    if (r->co->step != BILLING_CALL_CHARGE) {
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


/* Who asked last is told; a client that has gone asks the operation. */

billing_db_rc_t
billing_reply_tell(billing_replying_t *r)
{
    char             waiter[BILLING_OP_ID_LEN + 1];
    billing_db_rc_t  rc;

    if (r->co->cancelling) {
        return BILLING_DB_OK;
    }

    if (r->co->waiter[0] == '\0') {
        return billing_checkout_tell(r->w, r->co, r->co->id);
    }

    (void) snprintf(waiter, sizeof(waiter), "%s", r->co->waiter);
    r->co->waiter[0] = '\0';

    rc = billing_checkout_move(r->w, r->co, r->co->state);

    return rc == BILLING_DB_OK
           ? billing_checkout_tell(r->w, r->co, waiter) : rc;
}
