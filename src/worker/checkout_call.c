/*
 * The gateway calls of a checkout: one step each, one key for each step of
 * each attempt, written before anything is sent.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "billing_business.h"


typedef billing_err_t (*billing_step_pt)(const billing_checkout_t *co,
    billing_gateway_request_t *out);

typedef struct {
    const char       *name;             /* of the try; NULL: a mere question */
    billing_step_pt   build;
    bool              unkeyed;
} billing_step_t;


static billing_err_t billing_step_customer(const billing_checkout_t *co,
    billing_gateway_request_t *out);
static billing_err_t billing_step_attach(const billing_checkout_t *co,
    billing_gateway_request_t *out);
static billing_err_t billing_step_charge(const billing_checkout_t *co,
    billing_gateway_request_t *out);
static billing_err_t billing_step_lookup(const billing_checkout_t *co,
    billing_gateway_request_t *out);
static billing_err_t billing_step_search(const billing_checkout_t *co,
    billing_gateway_request_t *out);
static billing_err_t billing_step_refund(const billing_checkout_t *co,
    billing_gateway_request_t *out);
static billing_err_t billing_step_cancel(const billing_checkout_t *co,
    billing_gateway_request_t *out);
static billing_db_rc_t billing_checkout_age(billing_worker_t *w,
    billing_checkout_t *co, int64_t wall);
static billing_db_rc_t billing_attempt_sent(billing_worker_t *w,
    const billing_checkout_t *co, const char *key, int64_t wall);
static const char *billing_step_name(billing_call_kind_t step);


/*
 * A second cancellation does nothing, so it needs no key; with one, a failure
 * kept by the gateway would be all that is ever heard.
 */

static const billing_step_t  billing_steps[] = {
    [BILLING_CALL_CUSTOMER] = { "customer", billing_step_customer, false },
    [BILLING_CALL_ATTACH]   = { "attach",   billing_step_attach, false },
    [BILLING_CALL_CHARGE]   = { "charge",   billing_step_charge, false },
    [BILLING_CALL_LOOKUP]   = { NULL,       billing_step_lookup, false },
    [BILLING_CALL_SEARCH]   = { NULL,       billing_step_search, false },
    [BILLING_CALL_REFUND]   = { "refund",   billing_step_refund, false },
    [BILLING_CALL_CANCEL]   = { "cancel",   billing_step_cancel, true }
};

#define BILLING_STEPS  (sizeof(billing_steps) / sizeof(billing_steps[0]))

static const int64_t  billing_retry_delays[] = { 2, 10, 60, 300 };

#define BILLING_RETRY_DELAYS                                                  \
    (sizeof(billing_retry_delays) / sizeof(billing_retry_delays[0]))
#define BILLING_RETRY_LAST_SEC  900


int64_t
billing_retry_delay(uint32_t tries)
{
    if (tries == 0) {
        return 0;
    }

    return tries <= BILLING_RETRY_DELAYS ? billing_retry_delays[tries - 1]
                                         : BILLING_RETRY_LAST_SEC;
}


billing_db_rc_t
billing_checkout_send(billing_worker_t *w, billing_checkout_t *co)
{
    int64_t          wall;
    billing_call_t   call;
    billing_db_rc_t  rc;

    wall = billing_worker_wall(w);

    rc = billing_checkout_age(w, co, wall);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if ((size_t) co->step >= BILLING_STEPS
        || billing_steps[co->step].build == NULL)
    {
        billing_log("ALERT: checkout %s has no step %d", co->id,
                    (int) co->step);
        return BILLING_DB_CONFLICT;
    }

    memset(&call, 0, sizeof(call));
    call.kind = co->step;
    call.attempt = co->attempt;
    (void) snprintf(call.subject, sizeof(call.subject), "%s", co->id);

    if (billing_steps[co->step].build(co, &call.request) != BILLING_OK) {
        billing_log("ALERT: checkout %s: no request can be made", co->id);
        return BILLING_DB_CONFLICT;
    }

    if (billing_steps[co->step].name != NULL) {
        (void) snprintf(call.idempotency_key, sizeof(call.idempotency_key),
                        "co-%s-%" PRIu32 "-%s", co->id, co->attempt,
                        billing_steps[co->step].name);

        rc = billing_attempt_sent(w, co, call.idempotency_key, wall);

        if (rc != BILLING_DB_OK) {
            return rc;
        }

        if (billing_steps[co->step].unkeyed) {
            call.idempotency_key[0] = '\0';
        }
    }

    /* Should this process die, the next one takes it up then. */

    co->next_try_at = wall + BILLING_GATEWAY_TRY_SEC;
    co->sent = true;

    rc = billing_checkout_move(w, co, co->state);

    if (rc == BILLING_DB_OK) {
        billing_call_after_commit(w, &call);
    }

    return rc;
}


/*
 * After 23 hours a key may no longer be repeated: the gateway forgets it at
 * 24 and would charge again (D7).  From then on only questions are asked.
 */

static billing_db_rc_t
billing_checkout_age(billing_worker_t *w, billing_checkout_t *co,
    int64_t wall)
{
    billing_db_rc_t    rc;
    billing_attempt_t  attempt;

    if (co->step != BILLING_CALL_CHARGE) {
        return BILLING_DB_OK;
    }

    rc = billing_attempt_load(w, co, BILLING_CALL_CHARGE, &attempt);

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
    }

    if (wall - attempt.first_sent_at >= BILLING_REPLAY_SEC) {
        co->step = co->intent[0] == '\0' ? BILLING_CALL_SEARCH
                                         : BILLING_CALL_LOOKUP;
    }

    return BILLING_DB_OK;
}


static const char *
billing_step_name(billing_call_kind_t step)
{
    return (size_t) step < BILLING_STEPS && billing_steps[step].name != NULL
           ? billing_steps[step].name : "";
}


static billing_db_rc_t
billing_attempt_sent(billing_worker_t *w, const billing_checkout_t *co,
    const char *key, int64_t wall)
{
    static const char  sql[] =
        "INSERT INTO attempt (checkout, n, kind, gateway_key, state,"
        " first_sent_at, last_sent_at)"
        " VALUES ($1, $2, $3, $4, 'sent', $5, $6)"
        " ON CONFLICT (checkout, n, kind) DO UPDATE SET"
        " tries = attempt.tries + 1, last_sent_at = excluded.last_sent_at";

    return billing_db_later(w->db, sql, "tittii", co->id,
                            (int64_t) co->attempt, billing_step_name(co->step),
                            key, wall, wall);
}


billing_db_rc_t
billing_attempt_load(billing_worker_t *w, const billing_checkout_t *co,
    billing_call_kind_t step, billing_attempt_t *attempt)
{
    static const char  sql[] =
        "SELECT first_sent_at, last_sent_at, tries, replays, replay_digest"
        " FROM attempt WHERE checkout = $1 AND n = $2 AND kind = $3";

    billing_db_rc_t  rc;

    memset(attempt, 0, sizeof(*attempt));
    attempt->step = step;

    rc = billing_db_query(w->db, sql, "tit", co->id, (int64_t) co->attempt,
                          billing_step_name(step));

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    attempt->first_sent_at = billing_db_int(w->db, sql, 0);
    attempt->last_sent_at = billing_db_int(w->db, sql, 1);
    attempt->tries = (uint32_t) billing_db_int(w->db, sql, 2);
    attempt->replays = (uint32_t) billing_db_int(w->db, sql, 3);
    (void) snprintf(attempt->replay_digest, sizeof(attempt->replay_digest),
                    "%s", billing_db_text(w->db, sql, 4));
    billing_db_done(w->db, sql);

    return BILLING_DB_OK;
}


billing_db_rc_t
billing_attempt_state(billing_worker_t *w, const billing_checkout_t *co,
    const char *state)
{
    static const char  sql[] =
        "UPDATE attempt SET state = $1, gateway_id = $2"
        " WHERE checkout = $3 AND n = $4 AND kind = 'charge'";

    return billing_db_later(w->db, sql, "ttti", state, co->intent, co->id,
                            (int64_t) co->attempt);
}


/*
 * Counts equal failures in a row: the gateway keeps a 500, or what cannot be
 * read, under its key and gives it back for ever, so repeating it proves
 * nothing.  Silence and "later" are not kept.
 */

billing_db_rc_t
billing_attempt_replay(billing_worker_t *w, const billing_checkout_t *co,
    const billing_reply_t *reply, billing_attempt_t *attempt)
{
    static const char  sql[] =
        "UPDATE attempt SET replays = $1, replay_digest = $2"
        " WHERE checkout = $3 AND n = $4 AND kind = $5";

    char      digest[24];
    uint64_t  hash;

    if (reply->status == 0 || reply->status == 409 || reply->status == 429) {
        return BILLING_DB_OK;
    }

    hash = billing_digest_add(BILLING_DIGEST ^ reply->status, reply->body,
                              reply->body_len);

    (void) snprintf(digest, sizeof(digest), "%016" PRIx64, hash);

    attempt->replays = strcmp(digest, attempt->replay_digest) == 0
                       ? attempt->replays + 1 : 1;
    (void) snprintf(attempt->replay_digest, sizeof(attempt->replay_digest),
                    "%s", digest);

    return billing_db_exec(w->db, sql, "ittit", (int64_t) attempt->replays,
                           digest, co->id, (int64_t) co->attempt,
                           billing_step_name(attempt->step));
}


void
billing_charge_of(const billing_checkout_t *co, billing_charge_t *charge)
{
    *charge = (billing_charge_t) {
        .customer = co->customer, .payment_method = co->payment_method,
        .checkout = co->id, .team = co->team, .attempt = co->attempt,
        .amount = co->amount,
        .off_session = billing_purpose_of(co->purpose)->off_session
    };
}


static billing_err_t
billing_step_customer(const billing_checkout_t *co,
    billing_gateway_request_t *out)
{
    return billing_gateway_customer(co->actor, "", co->team, out);
}


static billing_err_t
billing_step_attach(const billing_checkout_t *co,
    billing_gateway_request_t *out)
{
    return billing_gateway_attach(co->payment_method, co->customer, out);
}


static billing_err_t
billing_step_charge(const billing_checkout_t *co,
    billing_gateway_request_t *out)
{
    billing_charge_t  charge;

    billing_charge_of(co, &charge);

    return billing_gateway_charge(&charge, out);
}


static billing_err_t
billing_step_lookup(const billing_checkout_t *co,
    billing_gateway_request_t *out)
{
    return billing_gateway_lookup(co->intent, out);
}


static billing_err_t
billing_step_search(const billing_checkout_t *co,
    billing_gateway_request_t *out)
{
    return billing_gateway_search(co->customer, co->page_after, out);
}


static billing_err_t
billing_step_refund(const billing_checkout_t *co,
    billing_gateway_request_t *out)
{
    return billing_gateway_refund(co->intent, co->captured, co->id, out);
}


static billing_err_t
billing_step_cancel(const billing_checkout_t *co,
    billing_gateway_request_t *out)
{
    return billing_gateway_cancel(co->intent, out);
}
