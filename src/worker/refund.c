/*
 * What was granted goes back the way it came.  A refund of a part can be made
 * twice where one of the whole cannot, so what is not known is looked up and
 * not sent again until the gateway's list proves that it is not there.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "billing_business.h"

#define BILLING_REFUND_TRIES_MAX  4     /* of one key, then it is asked for */
#define BILLING_REFUND_MAX        5     /* keys, each proven not to have done */


typedef struct {
    char             id[BILLING_ID_MAX + 1];
    char             team[BILLING_ID_MAX + 1];
    char             bill[BILLING_OP_ID_LEN + 1];
    char             intent[BILLING_GATEWAY_ID_MAX + 1];
    billing_money_t  amount;            /* of the card */
    uint32_t         attempt;
    uint32_t         tries;
    bool             asking;            /* the list, before another attempt */
    bool             sending;
    bool             stuck;
    int64_t          first_sent_at;
} billing_refunding_t;


static billing_db_rc_t billing_refund_load(billing_worker_t *w,
    const char *id, billing_refunding_t *refund);
static billing_db_rc_t billing_refund_send(billing_worker_t *w,
    billing_refunding_t *refund);
static billing_db_rc_t billing_refund_store(billing_worker_t *w,
    const billing_refunding_t *refund, int64_t next_try_at);
static billing_db_rc_t billing_refund_asked(billing_worker_t *w,
    billing_refunding_t *refund, const billing_reply_t *reply, int64_t now);
static billing_db_rc_t billing_refund_again(billing_worker_t *w,
    billing_refunding_t *refund);
static billing_db_rc_t billing_refund_stuck(billing_worker_t *w,
    const billing_refunding_t *refund);
static billing_db_rc_t billing_refund_returned(billing_worker_t *w,
    const billing_refunding_t *refund, int64_t now);
static billing_db_rc_t billing_refund_books(billing_worker_t *w,
    const billing_refunding_t *refund, const char *account, int64_t now);
static billing_db_rc_t billing_refund_one(billing_worker_t *w,
    const char *id, int64_t wall);
static bool billing_refund_refused(const billing_reply_t *reply);
static void billing_refund_told(billing_worker_t *w,
    const billing_refunding_t *refund, const char *reason);


billing_db_rc_t
billing_refund_begin(billing_worker_t *w, const char *id)
{
    billing_db_rc_t      rc;
    billing_refunding_t  refund;

    rc = billing_refund_load(w, id, &refund);

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    return billing_refund_send(w, &refund);
}


static billing_db_rc_t
billing_refund_load(billing_worker_t *w, const char *id,
    billing_refunding_t *refund)
{
    static const char  sql[] =
        "SELECT team, bill, intent, card_minor, currency, attempt, tries,"
        " asking, money, first_sent_at FROM refund WHERE id = $1";

    const char       *currency;
    billing_db_t     *db;
    billing_db_rc_t   rc;

    db = w->db;
    rc = billing_db_query(db, sql, "t", id);

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    memset(refund, 0, sizeof(*refund));
    billing_copy(refund->id, sizeof(refund->id), id);
    billing_copy(refund->team, sizeof(refund->team),
                 billing_db_text(db, sql, 0));
    billing_copy(refund->bill, sizeof(refund->bill),
                 billing_db_text(db, sql, 1));
    billing_copy(refund->intent, sizeof(refund->intent),
                 billing_db_text(db, sql, 2));
    currency = billing_db_text(db, sql, 4);
    refund->amount = (billing_money_t) {
        billing_db_int(db, sql, 3),
        billing_currency_parse(currency, strlen(currency))
    };
    refund->attempt = (uint32_t) billing_db_int(db, sql, 5);
    refund->tries = (uint32_t) billing_db_int(db, sql, 6);
    refund->asking = billing_db_int(db, sql, 7) != 0;
    refund->sending = strcmp(billing_db_text(db, sql, 8), "sending") == 0;
    refund->stuck = strcmp(billing_db_text(db, sql, 8), "stuck") == 0;
    refund->first_sent_at = billing_db_int(db, sql, 9);
    billing_db_done(db, sql);

    return BILLING_DB_OK;
}


/* The key is in the row before anything is sent; it lives for 23 hours (D7). */

static billing_db_rc_t
billing_refund_send(billing_worker_t *w, billing_refunding_t *refund)
{
    int64_t          wall;
    billing_err_t    err;
    billing_call_t   call;
    billing_db_rc_t  rc;

    wall = billing_worker_wall(w);
    memset(&call, 0, sizeof(call));
    billing_copy(call.subject, sizeof(call.subject), refund->id);
    call.attempt = refund->attempt;

    if (refund->tries > 0
        && wall - refund->first_sent_at >= BILLING_REPLAY_SEC)
    {
        refund->asking = true;
    }

    if (refund->asking) {
        call.kind = BILLING_CALL_SEARCH;
        err = billing_gateway_refunds(refund->intent, &call.request);

    } else {
        call.kind = BILLING_CALL_REFUND;
        err = billing_gateway_refund(refund->intent, refund->amount,
                                     refund->id, &call.request);
        (void) snprintf(call.idempotency_key, sizeof(call.idempotency_key),
                        "rf-%s-%" PRIu32, refund->id, refund->attempt);

        if (refund->tries++ == 0) {
            refund->first_sent_at = wall;
        }
    }

    if (err != BILLING_OK) {
        billing_log("ALERT: refund %s: no request can be made", refund->id);
        return BILLING_DB_CONFLICT;
    }

    rc = billing_refund_store(w, refund, wall + BILLING_FLIGHT_SEC);

    if (rc == BILLING_DB_OK) {
        billing_call_after_commit(w, &call);
    }

    return rc;
}


static billing_db_rc_t
billing_refund_store(billing_worker_t *w, const billing_refunding_t *refund,
    int64_t next_try_at)
{
    static const char  sql[] =
        "UPDATE refund SET attempt = $1, tries = $2, asking = $3,"
        " first_sent_at = $4, next_try_at = $5 WHERE id = $6";

    return billing_db_exec(w->db, sql, "iiiiit", (int64_t) refund->attempt,
                           (int64_t) refund->tries, (int64_t) refund->asking,
                           refund->first_sent_at, next_try_at, refund->id);
}


billing_db_rc_t
billing_refund_reply(billing_worker_t *w, const billing_call_t *call,
    const billing_reply_t *reply, int64_t now)
{
    billing_db_rc_t      rc;
    billing_result_t     result;
    billing_refunding_t  refund;

    rc = billing_refund_load(w, call->subject, &refund);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    /* A late answer to what is settled, or no longer asked. */

    if (!refund.sending || call->attempt != refund.attempt
        || refund.asking != (call->kind == BILLING_CALL_SEARCH))
    {
        return BILLING_DB_OK;
    }

    if (refund.asking) {
        return billing_refund_asked(w, &refund, reply, now);
    }

    if (billing_gateway_object(reply, "refund", &result) == BILLING_OK) {
        return billing_refund_returned(w, &refund, now);
    }

    /* What was refused may still have been made by an earlier sending. */

    if (billing_refund_refused(reply)
        || refund.tries >= BILLING_REFUND_TRIES_MAX)
    {
        refund.asking = true;
        return billing_refund_store(w, &refund, billing_worker_wall(w)
                                                + BILLING_ABSENT_SEC);
    }

    return billing_refund_store(w, &refund, billing_worker_wall(w)
                                            + billing_retry_delay(
                                                  refund.tries));
}


static bool
billing_refund_refused(const billing_reply_t *reply)
{
    return reply->status >= 400 && reply->status < 500
           && reply->status != 409 && reply->status != 429;
}


/* Money that leaves: for who watches. */

static void
billing_refund_told(billing_worker_t *w, const billing_refunding_t *refund,
    const char *reason)
{
    billing_security_note(w, &(billing_security_note_t) {
        .event = BILLING_SECURITY_REFUND, .team = refund->team,
        .reason = reason, .what = refund->id
    });
}


static billing_db_rc_t
billing_refund_asked(billing_worker_t *w, billing_refunding_t *refund,
    const billing_reply_t *reply, int64_t now)
{
    switch (billing_gateway_refunds_result(reply, refund->id)) {

    case BILLING_OUTCOME_SUCCEEDED:
        return billing_refund_returned(w, refund, now);

    case BILLING_OUTCOME_FAILED:
        return billing_refund_again(w, refund);

    case BILLING_OUTCOME_UNKNOWN:
    case BILLING_OUTCOME_ACTION:
    case BILLING_OUTCOME_WAIT:
    case BILLING_OUTCOME_MISMATCH:
        break;
    }

    return billing_refund_store(w, refund, billing_worker_wall(w)
                                           + BILLING_RETRY_WINDOW_SEC);
}


/*
 * Proven absent: another key, and somebody looks at it in the meantime.  After
 * the last one people decide: what is owed stays owed in the books.
 */

static billing_db_rc_t
billing_refund_again(billing_worker_t *w, billing_refunding_t *refund)
{
    billing_log("ALERT: refund %s is not made yet, attempt %" PRIu32,
                refund->id, refund->attempt);

    refund->asking = false;
    refund->attempt++;
    refund->tries = 0;

    if ((refund->attempt - 1) % BILLING_REFUND_MAX == 0) {
        return billing_refund_stuck(w, refund);
    }

    return billing_refund_store(w, refund, billing_worker_wall(w)
                                           + BILLING_RETRY_WINDOW_SEC);
}


static billing_db_rc_t
billing_refund_stuck(billing_worker_t *w, const billing_refunding_t *refund)
{
    static const char  sql[] =
        "UPDATE refund SET money = 'stuck' WHERE id = $1";

    billing_db_rc_t  rc;

    billing_log("ALERT: refund %s is refused by the gateway for good: return"
                " it outside, or grant it again", refund->id);
    billing_refund_told(w, refund, "stuck");

    rc = billing_db_exec(w->db, sql, "t", refund->id);

    return rc == BILLING_DB_OK
           ? billing_refund_store(w, refund, BILLING_NEVER_AT) : rc;
}


/* Another row of keys, none of which was ever sent. */

billing_db_rc_t
billing_refund_resume(billing_worker_t *w, const char *id, bool *stuck)
{
    static const char  sql[] =
        "UPDATE refund SET money = 'sending' WHERE id = $1";

    billing_db_rc_t      rc;
    billing_refunding_t  refund;

    rc = billing_refund_load(w, id, &refund);
    *stuck = rc == BILLING_DB_OK && refund.stuck;

    if (!*stuck) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    rc = billing_db_exec(w->db, sql, "t", id);

    return rc == BILLING_DB_OK ? billing_refund_send(w, &refund) : rc;
}


billing_db_rc_t
billing_refund_outside(billing_worker_t *w, const char *id, int64_t now,
    bool *stuck)
{
    static const char  sql[] =
        "UPDATE refund SET money = 'outside', returned_at = $1 WHERE id = $2";

    billing_db_rc_t      rc;
    billing_refunding_t  refund;

    rc = billing_refund_load(w, id, &refund);
    *stuck = rc == BILLING_DB_OK && refund.stuck;

    if (!*stuck) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    rc = billing_refund_books(w, &refund, "bank", now);

    return rc == BILLING_DB_OK ? billing_db_exec(w->db, sql, "it", now, id)
                               : rc;
}


static billing_db_rc_t
billing_refund_returned(billing_worker_t *w,
    const billing_refunding_t *refund, int64_t now)
{
    static const char  sql[] =
        "UPDATE refund SET money = 'returned', returned_at = $1,"
        " next_try_at = $2 WHERE id = $3";

    billing_db_rc_t  rc;

    billing_refund_told(w, refund, "returned");
    rc = billing_refund_books(w, refund, "gateway", now);

    return rc == BILLING_DB_OK
           ? billing_db_exec(w->db, sql, "iit", now, (int64_t)
                             BILLING_NEVER_AT, refund->id)
           : rc;
}


/* Where it left from. */

static billing_db_rc_t
billing_refund_books(billing_worker_t *w, const billing_refunding_t *refund,
    const char *account, int64_t now)
{
    char               txn[BILLING_ID_MAX + 16];
    billing_money_t    out;
    billing_posting_t  posting;

    out = refund->amount;
    out.minor = -out.minor;

    (void) snprintf(txn, sizeof(txn), "%s-returned", refund->id);
    posting = (billing_posting_t) {
        .txn = txn, .ref = refund->bill, .at = now
    };
    billing_posting_add(&posting, "receivable", refund->team,
                        refund->amount);
    billing_posting_add(&posting, account, NULL, out);

    return billing_ledger_post(w, &posting);
}


billing_db_rc_t
billing_refund_sweep(billing_worker_t *w, int64_t wall, int64_t *next_wall)
{
    static const billing_rows_t  rows = {
        .sql = "SELECT id, next_try_at FROM refund WHERE money = 'sending'"
               " AND next_try_at <= $1 ORDER BY next_try_at LIMIT 256",
        .next_sql = "SELECT MIN(next_try_at) FROM refund"
                    " WHERE money = 'sending'",
        .run = billing_refund_one,
        .calls = true,
        .push_sql = "UPDATE refund SET next_try_at = $1 WHERE id = $2",
        .push_sec = BILLING_RETRY_WINDOW_SEC
    };

    return billing_sweep_rows(w, &rows, wall, next_wall);
}


static billing_db_rc_t
billing_refund_one(billing_worker_t *w, const char *id, int64_t wall)
{
    billing_db_rc_t      rc;
    billing_refunding_t  refund;

    (void) wall;

    rc = billing_refund_load(w, id, &refund);

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    return billing_refund_send(w, &refund);
}
