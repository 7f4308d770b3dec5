/*
 * Replies of the gateway to a checkout's calls.  What a reply proves is said
 * by src/gateway; here it is decided what follows.  Nothing is guessed: money
 * counts on proof only, and so does its absence (P8).
 */

#include <stdio.h>
#include <string.h>

#include "billing_match.h"


typedef billing_db_rc_t (*billing_reply_pt)(billing_replying_t *r);


static billing_db_rc_t billing_reply_handle(billing_replying_t *r);
static billing_db_rc_t billing_reply_customer(billing_replying_t *r);
static billing_db_rc_t billing_reply_attach(billing_replying_t *r);
static billing_db_rc_t billing_reply_early(billing_replying_t *r);
static billing_db_rc_t billing_reply_charge(billing_replying_t *r);
static billing_db_rc_t billing_reply_lookup(billing_replying_t *r);
static billing_db_rc_t billing_reply_search(billing_replying_t *r);
static billing_db_rc_t billing_reply_cancel(billing_replying_t *r);
static billing_db_rc_t billing_reply_refund(billing_replying_t *r);
static billing_db_rc_t billing_reply_outcome(billing_replying_t *r);
static billing_db_rc_t billing_reply_failed(billing_replying_t *r);
static billing_db_rc_t billing_reply_action(billing_replying_t *r);


static const billing_reply_pt  billing_replies[] = {
    [BILLING_CALL_CUSTOMER] = billing_reply_customer,
    [BILLING_CALL_ATTACH]   = billing_reply_attach,
    [BILLING_CALL_CHARGE]   = billing_reply_charge,
    [BILLING_CALL_LOOKUP]   = billing_reply_lookup,
    [BILLING_CALL_SEARCH]   = billing_reply_search,
    [BILLING_CALL_REFUND]   = billing_reply_refund,
    [BILLING_CALL_CANCEL]   = billing_reply_cancel
};

#define BILLING_REPLIES  (sizeof(billing_replies) / sizeof(billing_replies[0]))


billing_db_rc_t
billing_checkout_reply(billing_worker_t *w, const billing_call_t *call,
    const billing_reply_t *reply, bool sent, int64_t now)
{
    billing_db_rc_t     rc;
    billing_checkout_t  co;
    billing_replying_t  r;

    if (call->kind == BILLING_CALL_MATCH) {
        return billing_match_reply(w, call, reply, now);
    }

    if (call->kind == BILLING_CALL_RETURN) {
        return billing_stray_reply(w, call, reply, now);
    }

    rc = billing_checkout_load(w, call->subject, &co);

    if (rc == BILLING_DB_DONE) {
        rc = billing_refund_reply(w, call, reply, now);

        return rc == BILLING_DB_DONE
               ? billing_card_reply(w, call, reply, sent) : rc;
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    /* A late answer to a question that is settled or no longer asked. */

    if (call->attempt != co.attempt || call->kind != co.step) {
        return BILLING_DB_OK;
    }

    if ((size_t) call->kind >= BILLING_REPLIES
        || billing_replies[call->kind] == NULL)
    {
        return BILLING_DB_CONFLICT;
    }

    r = (billing_replying_t) {
        .w = w, .co = &co, .reply = reply, .sent = sent, .now = now,
        .wall = billing_worker_wall(w)
    };

    if (billing_checkout_final(co.state)) {
        return call->kind == BILLING_CALL_LOOKUP ? billing_reply_stray(&r)
                                                 : BILLING_DB_OK;
    }

    return billing_reply_handle(&r);
}


/* An event that came meanwhile may know more than this answer: ask again. */

static billing_db_rc_t
billing_reply_handle(billing_replying_t *r)
{
    bool             again;
    billing_db_rc_t  rc;

    again = r->co->look_again;
    r->co->look_again = false;

    rc = billing_replies[r->co->step](r);

    if (rc != BILLING_DB_OK || !again || r->co->cancelling
        || (r->co->state != BILLING_CHECKOUT_CHARGING
            && r->co->state != BILLING_CHECKOUT_ACTION
            && r->co->state != BILLING_CHECKOUT_UNKNOWN))
    {
        return rc;
    }

    if (r->co->sent) {
        r->co->look_again = true;
        return billing_checkout_move(r->w, r->co, r->co->state);
    }

    return billing_checkout_ask(r->w, r->co);
}


static billing_db_rc_t
billing_reply_customer(billing_replying_t *r)
{
    billing_db_rc_t  rc;

    if (billing_gateway_object(r->reply, "customer", &r->result)
        != BILLING_OK)
    {
        return billing_reply_early(r);
    }

    rc = billing_profile_customer(r->w, r->co->actor, r->result.intent,
                                  r->co->customer);
    if (rc != BILLING_DB_OK) {
        return rc;
    }

    r->co->step = BILLING_CALL_ATTACH;

    return billing_checkout_send(r->w, r->co);
}


static billing_db_rc_t
billing_reply_attach(billing_replying_t *r)
{
    billing_db_rc_t  rc;

    if (billing_gateway_object(r->reply, "payment_method", &r->result)
        != BILLING_OK)
    {
        return billing_reply_early(r);
    }

    billing_copy(r->co->card_brand, sizeof(r->co->card_brand),
                 r->result.brand);
    billing_copy(r->co->card_last4, sizeof(r->co->card_last4),
                 r->result.last4);

    /* A card of the gateway's own shelf becomes one of the customer's. */

    billing_copy(r->co->payment_method, sizeof(r->co->payment_method),
                 r->result.intent);

    if (billing_purpose_of(r->co->purpose)->card) {
        return billing_checkout_succeed(r->w, r->co, &r->result, r->now);
    }

    r->co->step = BILLING_CALL_CHARGE;

    rc = billing_checkout_turn(r->co, BILLING_CHECKOUT_CHARGING);

    return rc == BILLING_DB_OK ? billing_checkout_send(r->w, r->co) : rc;
}


/*
 * Before the charge nothing can have been taken: a refusal is final, trouble
 * is tried a few times and then given up.
 */

static billing_db_rc_t
billing_reply_early(billing_replying_t *r)
{
    billing_db_rc_t    rc;
    billing_ending_t   ending;
    billing_attempt_t  attempt;

    ending = (billing_ending_t) {
        .state = BILLING_CHECKOUT_FAILED, .now = r->now,
        .reason = BILLING_GATEWAY_UNAVAILABLE
    };

    if (r->result.outcome == BILLING_OUTCOME_FAILED) {
        ending.reason = r->result.reason;
        ending.stop = r->result.remedy == BILLING_REMEDY_STOP;
        return billing_checkout_end(r->w, r->co, &ending);
    }

    if (r->reply->status == 400 || r->reply->status == 404) {
        if (r->co->step == BILLING_CALL_ATTACH) {
            ending.reason = BILLING_CARD_INVALID;   /* no such card there */
        }

        return billing_checkout_end(r->w, r->co, &ending);
    }

    rc = billing_attempt_load(r->w, r->co, r->co->step, &attempt);

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    if (!r->sent || attempt.tries >= BILLING_PRELIMINARY_MAX) {
        return billing_checkout_end(r->w, r->co, &ending);
    }

    billing_reply_later(r, attempt.tries);

    return billing_checkout_move(r->w, r->co, r->co->state);
}


static billing_db_rc_t
billing_reply_charge(billing_replying_t *r)
{
    billing_db_rc_t    rc;
    billing_charge_t   charge;
    billing_attempt_t  attempt;

    billing_charge_of(r->co, &charge);
    billing_gateway_charge_result(&charge, r->reply, r->sent, &r->result);

    if (r->result.outcome != BILLING_OUTCOME_FAILED) {
        return billing_reply_outcome(r);
    }

    rc = billing_attempt_load(r->w, r->co, BILLING_CALL_CHARGE, &attempt);

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    /*
     * That this sending never left, or was refused for its form, says nothing
     * about an earlier one whose answer was lost.
     */

    if (attempt.tries > 1 && r->reply->status != 402
        && r->reply->status != 200)
    {
        r->result.outcome = BILLING_OUTCOME_UNKNOWN;
    }

    return billing_reply_outcome(r);
}


static billing_db_rc_t
billing_reply_lookup(billing_replying_t *r)
{
    billing_charge_t  charge;

    billing_charge_of(r->co, &charge);
    billing_gateway_charge_result(&charge, r->reply, true, &r->result);

    /* A look-up that failed proves nothing. */

    if (r->reply->status != 200
        && r->result.outcome == BILLING_OUTCOME_FAILED)
    {
        r->result.outcome = BILLING_OUTCOME_UNKNOWN;
    }

    if (r->result.outcome == BILLING_OUTCOME_UNKNOWN
        || r->result.outcome == BILLING_OUTCOME_WAIT)
    {
        return billing_reply_asked(r);
    }

    return billing_reply_outcome(r);
}


static billing_db_rc_t
billing_reply_search(billing_replying_t *r)
{
    bool              more;
    char              after[BILLING_GATEWAY_ID_MAX + 1];
    billing_charge_t  charge;

    billing_charge_of(r->co, &charge);
    billing_gateway_search_result(&charge, r->reply, &r->result, &more,
                                  after);

    if (more) {
        billing_copy(r->co->page_after, sizeof(r->co->page_after), after);
        return billing_checkout_send(r->w, r->co);
    }

    r->co->page_after[0] = '\0';

    if (r->result.intent[0] != '\0') {
        billing_copy(r->co->intent, sizeof(r->co->intent), r->result.intent);
    }

    if (r->result.outcome == BILLING_OUTCOME_UNKNOWN
        || r->result.outcome == BILLING_OUTCOME_WAIT)
    {
        return billing_reply_asked(r);
    }

    /* FAILED without an intent: the list is complete and has none of ours. */

    if (r->result.outcome == BILLING_OUTCOME_FAILED
        && r->result.intent[0] == '\0')
    {
        return billing_reply_absent(r);
    }

    return billing_reply_outcome(r);
}


/* Cancelled or not, the intent itself says how it ended. */

static billing_db_rc_t
billing_reply_cancel(billing_replying_t *r)
{
    billing_db_rc_t    rc;
    billing_attempt_t  attempt;

    if (r->reply->status == 200) {
        r->co->step = BILLING_CALL_LOOKUP;
        return billing_checkout_send(r->w, r->co);
    }

    rc = billing_attempt_load(r->w, r->co, BILLING_CALL_CANCEL, &attempt);

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    r->co->step = BILLING_CALL_LOOKUP;
    billing_reply_later(r, attempt.tries);

    return billing_checkout_move(r->w, r->co, r->co->state);
}


static billing_db_rc_t
billing_reply_refund(billing_replying_t *r)
{
    billing_db_rc_t    rc;
    billing_ending_t   ending;
    billing_attempt_t  attempt;

    if (billing_gateway_refunded(r->reply)) {
        ending = (billing_ending_t) {
            .state = BILLING_CHECKOUT_REFUNDED, .now = r->now,
            .reason = r->co->reason != BILLING_ALLOW
                      ? r->co->reason : BILLING_PAYMENT_RETURNED
        };

        return billing_checkout_end(r->w, r->co, &ending);
    }

    rc = billing_attempt_load(r->w, r->co, BILLING_CALL_REFUND, &attempt);

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    billing_log("ALERT: the refund of checkout %s is not confirmed",
                r->co->id);
    billing_reply_later(r, attempt.tries);

    rc = billing_attempt_replay(r->w, r->co, r->reply, &attempt);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    /*
     * All that was captured goes back, so a second refund cannot take more:
     * it is refused as done already, and that is the proof looked for.
     */

    if (attempt.replays >= BILLING_REPLAYS_MAX
        || r->wall - attempt.first_sent_at >= BILLING_REPLAY_SEC)
    {
        r->co->attempt++;
        r->co->next_try_at = r->wall + BILLING_RETRY_WINDOW_SEC;
    }

    return billing_checkout_move(r->w, r->co, r->co->state);
}


static billing_db_rc_t
billing_reply_outcome(billing_replying_t *r)
{
    if (r->result.intent[0] != '\0') {
        billing_copy(r->co->intent, sizeof(r->co->intent), r->result.intent);
    }

    /* What the payer did is known here before anybody came to tell. */

    if (r->co->state == BILLING_CHECKOUT_ACTION
        && (r->result.outcome == BILLING_OUTCOME_SUCCEEDED
            || r->result.outcome == BILLING_OUTCOME_MISMATCH
            || (r->result.outcome == BILLING_OUTCOME_FAILED
                && !r->co->cancelling)))
    {
        r->co->state = BILLING_CHECKOUT_CHARGING;
    }

    if (r->result.outcome == BILLING_OUTCOME_SUCCEEDED
        || r->result.outcome == BILLING_OUTCOME_MISMATCH)
    {
        r->co->reason = BILLING_ALLOW;  /* of a failure before it was paid */
    }

    switch (r->result.outcome) {

    case BILLING_OUTCOME_SUCCEEDED:
        return billing_checkout_succeed(r->w, r->co, &r->result, r->now);

    case BILLING_OUTCOME_FAILED:
        return billing_reply_failed(r);

    case BILLING_OUTCOME_ACTION:
        return billing_reply_action(r);

    case BILLING_OUTCOME_MISMATCH:
        return billing_checkout_refund(r->w, r->co, &r->result, r->now);

    case BILLING_OUTCOME_WAIT:
        return billing_reply_wait(r);

    case BILLING_OUTCOME_UNKNOWN:
        return billing_reply_unknown(r);
    }

    return BILLING_DB_CONFLICT;
}


static billing_db_rc_t
billing_reply_failed(billing_replying_t *r)
{
    billing_ending_t  ending;

    /* Who has its secret can still pay it. */

    if (r->result.payable && r->co->client_secret[0] != '\0') {
        return billing_reply_close(r);
    }

    ending = (billing_ending_t) {
        .state = BILLING_CHECKOUT_FAILED, .now = r->now,
        .reason = r->co->reason != BILLING_ALLOW ? r->co->reason
                                                 : r->result.reason,
        .stop = r->result.remedy == BILLING_REMEDY_STOP
    };

    if (r->co->cancelling && r->co->reason == BILLING_ALLOW) {
        ending.reason = BILLING_CARD_AUTH_FAILED;
    }

    if (r->co->cancelling && r->co->state == BILLING_CHECKOUT_ACTION) {
        ending.state = BILLING_CHECKOUT_EXPIRED;
    }

    return billing_checkout_end(r->w, r->co, &ending);
}


static billing_db_rc_t
billing_reply_action(billing_replying_t *r)
{
    bool             asked;
    billing_db_rc_t  rc;

    if (r->co->cancelling) {
        return billing_reply_close(r);  /* not yet taken: once more */
    }

    if (r->co->intent[0] == '\0') {
        return billing_reply_unknown(r);
    }

    /* Nobody is there to confirm it: given up, and the payer is told. */

    if (billing_purpose_of(r->co->purpose)->off_session) {
        r->co->cancelling = true;
        r->co->step = BILLING_CALL_CANCEL;
        return billing_checkout_send(r->w, r->co);
    }

    billing_copy(r->co->client_secret, sizeof(r->co->client_secret),
                 r->result.client_secret);

    if (r->co->action_at == 0) {
        r->co->action_at = r->now;      /* not prolonged by asking again */
    }

    asked = r->co->waiter[0] != '\0'
            || r->co->state != BILLING_CHECKOUT_ACTION;

    /* An event may be lost, and the payer may close the page. */

    r->co->step = BILLING_CALL_LOOKUP;
    r->co->next_try_at = r->wall + BILLING_ACTION_ASK_SEC;

    rc = billing_attempt_state(r->w, r->co, "action");

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    rc = billing_checkout_move(r->w, r->co, BILLING_CHECKOUT_ACTION);

    return rc == BILLING_DB_OK && asked ? billing_reply_tell(r) : rc;
}
