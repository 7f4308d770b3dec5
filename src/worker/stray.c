/*
 * Money that our own rows prove was taken for nothing goes back, all of it,
 * so that a second refund cannot take more.  What names a checkout that is
 * not in this database is left to somebody who looks: the database may be an
 * older one.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "billing_match.h"


typedef struct {
    char             id[BILLING_ID_MAX + 1];
    char             intent[BILLING_GATEWAY_ID_MAX + 1];
    char             checkout[BILLING_GATEWAY_ID_MAX + 1];
    billing_money_t  amount;
    uint32_t         attempt;
    uint32_t         tries;
    int64_t          first_sent_at;
    bool             returning;
} billing_stray_t;


static billing_db_rc_t billing_stray_insert(billing_worker_t *w,
    const billing_gateway_payment_t *payment, const char *state,
    char id[BILLING_ID_MAX + 1]);
static billing_db_rc_t billing_stray_load(billing_worker_t *w,
    const char *id, billing_stray_t *stray);
static billing_db_rc_t billing_stray_send(billing_worker_t *w,
    billing_stray_t *stray);
static billing_db_rc_t billing_stray_later(billing_worker_t *w,
    const billing_stray_t *stray, int64_t next_try_at);
static billing_db_rc_t billing_stray_books(billing_worker_t *w,
    const billing_stray_t *stray, bool back, int64_t now);
static billing_db_rc_t billing_stray_one(billing_worker_t *w, const char *id,
    int64_t wall);


billing_db_rc_t
billing_stray_found(billing_worker_t *w,
    const billing_gateway_payment_t *payment, bool known, int64_t now)
{
    char             id[BILLING_ID_MAX + 1];
    bool             back;
    billing_db_rc_t  rc;
    billing_stray_t  stray;

    /* Of a currency that is none of ours nothing can be booked. */

    back = known && billing_currency_parse(payment->currency,
                                           strlen(payment->currency)) != 0;

    rc = billing_stray_insert(w, payment, back ? "returning" : "flagged", id);

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
    }

    billing_log("ALERT: payment %s took %" PRId64 " %s for checkout %s, which"
                " %s: %s", payment->id, payment->received_minor,
                payment->currency, payment->checkout,
                known ? "was not given for it" : "is not known here",
                back ? "refunding" : "look at it");

    if (!back) {
        return BILLING_DB_OK;
    }

    rc = billing_stray_load(w, id, &stray);

    if (rc == BILLING_DB_OK) {
        rc = billing_stray_books(w, &stray, false, now);
    }

    return rc == BILLING_DB_OK ? billing_stray_send(w, &stray) : rc;
}


/* DONE: it has been found before. */

static billing_db_rc_t
billing_stray_insert(billing_worker_t *w,
    const billing_gateway_payment_t *payment, const char *state,
    char id[BILLING_ID_MAX + 1])
{
    static const char  sql[] =
        "INSERT INTO stray (id, intent, checkout, amount_minor, currency,"
        " state, next_try_at, found_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
        " ON CONFLICT (intent) DO NOTHING";

    int64_t          wall;
    billing_db_rc_t  rc;

    wall = billing_worker_wall(w);
    rc = billing_id_new('s', id);

    if (rc == BILLING_DB_OK) {
        rc = billing_db_exec(w->db, sql, "tttittii", id, payment->id,
                             payment->checkout, payment->received_minor,
                             payment->currency, state, wall, wall);
    }

    return rc == BILLING_DB_OK && billing_db_changes(w->db) == 0
           ? BILLING_DB_DONE : rc;
}


static billing_db_rc_t
billing_stray_load(billing_worker_t *w, const char *id,
    billing_stray_t *stray)
{
    static const char  sql[] =
        "SELECT intent, checkout, amount_minor, currency, attempt, tries,"
        " first_sent_at, state FROM stray WHERE id = $1";

    const char       *currency;
    billing_db_rc_t   rc;

    rc = billing_db_query(w->db, sql, "t", id);

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    memset(stray, 0, sizeof(*stray));
    billing_copy(stray->id, sizeof(stray->id), id);
    billing_copy(stray->intent, sizeof(stray->intent),
                 billing_db_text(w->db, sql, 0));
    billing_copy(stray->checkout, sizeof(stray->checkout),
                 billing_db_text(w->db, sql, 1));
    currency = billing_db_text(w->db, sql, 3);
    stray->amount = (billing_money_t) {
        billing_db_int(w->db, sql, 2),
        billing_currency_parse(currency, strlen(currency))
    };
    stray->attempt = (uint32_t) billing_db_int(w->db, sql, 4);
    stray->tries = (uint32_t) billing_db_int(w->db, sql, 5);
    stray->first_sent_at = billing_db_int(w->db, sql, 6);
    stray->returning = strcmp(billing_db_text(w->db, sql, 7), "returning")
                       == 0;
    billing_db_done(w->db, sql);

    return BILLING_DB_OK;
}


static billing_db_rc_t
billing_stray_send(billing_worker_t *w, billing_stray_t *stray)
{
    int64_t          wall;
    billing_call_t   call;
    billing_db_rc_t  rc;

    wall = billing_worker_wall(w);

    /* A kept failure would be all that is ever heard of its key (D6, D7). */

    if (stray->tries >= BILLING_REPLAYS_MAX
        || (stray->tries > 0
            && wall - stray->first_sent_at >= BILLING_REPLAY_SEC))
    {
        stray->attempt++;
        stray->tries = 0;
    }

    if (stray->tries++ == 0) {
        stray->first_sent_at = wall;
    }

    memset(&call, 0, sizeof(call));
    call.kind = BILLING_CALL_RETURN;
    call.attempt = stray->attempt;
    billing_copy(call.subject, sizeof(call.subject), stray->id);
    (void) snprintf(call.idempotency_key, sizeof(call.idempotency_key),
                    "st-%s-%" PRIu32, stray->id, stray->attempt);

    if (billing_gateway_refund(stray->intent, stray->amount, stray->checkout,
                               &call.request) != BILLING_OK)
    {
        return BILLING_DB_CONFLICT;
    }

    rc = billing_stray_later(w, stray, wall + BILLING_FLIGHT_SEC);

    if (rc == BILLING_DB_OK) {
        billing_call_after_commit(w, &call);
    }

    return rc;
}


static billing_db_rc_t
billing_stray_later(billing_worker_t *w, const billing_stray_t *stray,
    int64_t next_try_at)
{
    static const char  sql[] =
        "UPDATE stray SET attempt = $1, tries = $2, first_sent_at = $3,"
        " next_try_at = $4 WHERE id = $5";

    return billing_db_exec(w->db, sql, "iiiit", (int64_t) stray->attempt,
                           (int64_t) stray->tries, stray->first_sent_at,
                           next_try_at, stray->id);
}


billing_db_rc_t
billing_stray_reply(billing_worker_t *w, const billing_call_t *call,
    const billing_reply_t *reply, int64_t now)
{
    static const char  sql[] =
        "UPDATE stray SET state = 'returned', next_try_at = $1"
        " WHERE id = $2";

    uint32_t         tries;
    billing_db_rc_t  rc;
    billing_stray_t  stray;

    rc = billing_stray_load(w, call->subject, &stray);

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    if (!stray.returning) {
        return BILLING_DB_OK;
    }

    if (!billing_gateway_refunded(reply)) {
        tries = stray.tries + (stray.attempt - 1) * BILLING_REPLAYS_MAX;
        billing_log("ALERT: payment %s is not given back yet", stray.intent);

        return billing_stray_later(w, &stray, billing_worker_wall(w)
                                              + billing_retry_delay(tries));
    }

    rc = billing_db_exec(w->db, sql, "it", (int64_t) BILLING_NEVER_AT,
                         stray.id);

    return rc == BILLING_DB_OK ? billing_stray_books(w, &stray, true, now)
                               : rc;
}


/* Nobody's, until it has gone back. */

static billing_db_rc_t
billing_stray_books(billing_worker_t *w, const billing_stray_t *stray,
    bool back, int64_t now)
{
    char               txn[BILLING_ID_MAX + 16];
    billing_money_t    in = stray->amount, out = in;
    billing_posting_t  posting;

    out.minor = -out.minor;

    (void) snprintf(txn, sizeof(txn), "%s-%s", stray->id,
                    back ? "returned" : "stray");
    posting = (billing_posting_t) {
        .txn = txn, .ref = stray->checkout, .at = now
    };
    billing_posting_add(&posting, "gateway", NULL, back ? out : in);
    billing_posting_add(&posting, "suspense", NULL, back ? in : out);

    return billing_ledger_post(w, &posting);
}


billing_db_rc_t
billing_stray_sweep(billing_worker_t *w, int64_t wall, int64_t *next_wall)
{
    static const billing_rows_t  rows = {
        .sql = "SELECT id, next_try_at FROM stray WHERE state = 'returning'"
               " AND next_try_at <= $1 ORDER BY next_try_at LIMIT 256",
        .next_sql = "SELECT MIN(next_try_at) FROM stray"
                    " WHERE state = 'returning'",
        .run = billing_stray_one,
        .calls = true,
        .push_sql = "UPDATE stray SET next_try_at = $1 WHERE id = $2",
        .push_sec = BILLING_FLIGHT_SEC
    };

    return billing_sweep_rows(w, &rows, wall, next_wall);
}


static billing_db_rc_t
billing_stray_one(billing_worker_t *w, const char *id, int64_t wall)
{
    billing_db_rc_t  rc;
    billing_stray_t  stray;

    (void) wall;

    rc = billing_stray_load(w, id, &stray);

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    return billing_stray_send(w, &stray);
}
