/*
 * Card entry: the payer's customer and a SetupIntent at the gateway.  The
 * browser talks to the gateway itself; no card number comes here.  No money
 * moves, so trouble simply ends in "try again".
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "billing_business.h"


typedef struct {
    char                 id[BILLING_OP_ID_LEN + 1];
    char                 team[BILLING_ID_MAX + 1];
    char                 actor[BILLING_EMAIL_MAX + 1];
    char                 customer[BILLING_GATEWAY_ID_MAX + 1];
    billing_lang_t       lang;
    billing_call_kind_t  step;
    uint32_t             tries;
    bool                 open;
} billing_card_t;


static billing_db_rc_t billing_card_load(billing_worker_t *w, const char *id,
    billing_card_t *card);
static billing_db_rc_t billing_card_send(billing_worker_t *w,
    billing_card_t *card);
static billing_db_rc_t billing_card_next(billing_worker_t *w,
    billing_card_t *card, const billing_result_t *result);
static billing_db_rc_t billing_card_trouble(billing_worker_t *w,
    billing_card_t *card, const billing_result_t *result, bool sent);
static billing_db_rc_t billing_card_end(billing_worker_t *w,
    const billing_card_t *card, billing_op_reply_t *reply);
static billing_db_rc_t billing_card_resume(billing_worker_t *w,
    const char *id, int64_t wall);


billing_db_rc_t
billing_op_card_start(billing_op_t *op)
{
    uint32_t             roles;
    billing_db_rc_t      rc;
    billing_reason_t     reason;
    billing_team_row_t   row;

    rc = billing_op_account(op, &row, &roles);

    if (rc == BILLING_DB_OK) {
        rc = billing_purchase_may(op->w, &row, roles, &reason);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(op, reason, NULL);
    }

    return billing_card_begin(op, &row, op->command->actor);
}


billing_db_rc_t
billing_card_begin(billing_op_t *op, const billing_team_row_t *row,
    const char *actor)
{
    static const char  sql[] =
        "INSERT INTO card_setup (id, team, actor, lang, step, state,"
        " next_try_at, started_at)"
        " VALUES ($1, $2, $3, $4, $5, 'open', $6, $7)"
        " ON CONFLICT (id) DO UPDATE SET state = 'open', tries = 0,"
        " step = excluded.step";

    billing_card_t   card;
    billing_db_rc_t  rc;
    billing_payer_t  payer = { row->id, actor, op->lang };

    rc = billing_decline_may(op->w, &payer, op->now, op->reply);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    memset(&card, 0, sizeof(card));
    (void) snprintf(card.id, sizeof(card.id), "%s", op->command->op);
    (void) snprintf(card.team, sizeof(card.team), "%s", row->id);
    (void) snprintf(card.actor, sizeof(card.actor), "%s", actor);

    rc = billing_profile_customer(op->w, card.actor, "", card.customer);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    card.step = card.customer[0] == '\0' ? BILLING_CALL_CUSTOMER
                                         : BILLING_CALL_SETUP;

    rc = billing_db_exec(op->w->db, sql, "ttttiii", card.id, card.team,
                         card.actor, billing_lang_name(op->lang),
                         (int64_t) card.step, (int64_t) 0, op->now);

    if (rc == BILLING_DB_OK) {
        rc = billing_card_send(op->w, &card);
    }

    op->reply->later = rc == BILLING_DB_OK;

    return rc;
}


/* The stored customer; found becomes it when there is none yet. */

billing_db_rc_t
billing_profile_customer(billing_worker_t *w, const char *email,
    const char *found, char out[BILLING_GATEWAY_ID_MAX + 1])
{
    static const char  set_sql[] =
        "UPDATE profile SET customer = $1 WHERE email = $2"
        " AND customer = ''";
    static const char  sql[] =
        "SELECT customer FROM profile WHERE email = $1";

    billing_db_rc_t  rc;

    out[0] = '\0';

    if (found[0] != '\0') {
        rc = billing_db_exec(w->db, set_sql, "tt", found, email);

        if (rc != BILLING_DB_OK) {
            return rc;
        }
    }

    rc = billing_db_query(w->db, sql, "t", email);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
    }

    (void) snprintf(out, BILLING_GATEWAY_ID_MAX + 1, "%s",
                    billing_db_text(w->db, sql, 0));
    billing_db_done(w->db, sql);

    return BILLING_DB_OK;
}


/*
 * Each try has a key of its own: a second SetupIntent costs nothing, while a
 * kept 500 would be given back for ever.
 */

static billing_db_rc_t
billing_card_send(billing_worker_t *w, billing_card_t *card)
{
    static const char  sql[] =
        "UPDATE card_setup SET step = $1, tries = $2, next_try_at = $3"
        " WHERE id = $4";

    billing_err_t    err;
    billing_call_t   call;
    billing_db_rc_t  rc;

    card->tries++;

    memset(&call, 0, sizeof(call));
    call.kind = card->step;
    call.attempt = card->tries;
    (void) snprintf(call.subject, sizeof(call.subject), "%s", card->id);
    (void) snprintf(call.idempotency_key, sizeof(call.idempotency_key),
                    "cs-%s-%" PRIu32 "-%s", card->id, card->tries,
                    card->step == BILLING_CALL_SETUP ? "setup" : "customer");

    err = card->step == BILLING_CALL_SETUP
          ? billing_gateway_setup_intent(card->customer, card->team,
                                         &call.request)
          : billing_gateway_customer(card->actor, "", card->team,
                                     &call.request);

    if (err != BILLING_OK) {
        return BILLING_DB_CONFLICT;
    }

    rc = billing_db_exec(w->db, sql, "iiit", (int64_t) card->step,
                         (int64_t) card->tries,
                         billing_worker_wall(w) + BILLING_GATEWAY_TRY_SEC,
                         card->id);

    if (rc == BILLING_DB_OK) {
        billing_call_after_commit(w, &call);
    }

    return rc;
}


static billing_db_rc_t
billing_card_load(billing_worker_t *w, const char *id, billing_card_t *card)
{
    static const char  sql[] =
        "SELECT team, actor, lang, step, state, tries FROM card_setup"
        " WHERE id = $1";

    billing_db_rc_t  rc;

    memset(card, 0, sizeof(*card));

    rc = billing_db_query(w->db, sql, "t", id);

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    (void) snprintf(card->id, sizeof(card->id), "%s", id);
    (void) snprintf(card->team, sizeof(card->team), "%s",
                    billing_db_text(w->db, sql, 0));
    (void) snprintf(card->actor, sizeof(card->actor), "%s",
                    billing_db_text(w->db, sql, 1));
    card->lang = billing_lang_of(billing_db_text(w->db, sql, 2));
    card->step = (billing_call_kind_t) billing_db_int(w->db, sql, 3);
    card->open = strcmp(billing_db_text(w->db, sql, 4), "open") == 0;
    card->tries = (uint32_t) billing_db_int(w->db, sql, 5);
    billing_db_done(w->db, sql);

    return billing_profile_customer(w, card->actor, "", card->customer);
}


billing_db_rc_t
billing_card_reply(billing_worker_t *w, const billing_call_t *call,
    const billing_reply_t *reply, bool sent)
{
    const char        *object;
    billing_card_t     card;
    billing_db_rc_t    rc;
    billing_result_t   result;

    rc = billing_card_load(w, call->subject, &card);

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
    }

    if (!card.open || card.step != call->kind || card.tries != call->attempt)
    {
        return BILLING_DB_OK;
    }

    object = card.step == BILLING_CALL_SETUP ? "setup_intent" : "customer";

    if (billing_gateway_object(reply, object, &result) != BILLING_OK) {
        return billing_card_trouble(w, &card, &result, sent);
    }

    return billing_card_next(w, &card, &result);
}


static billing_db_rc_t
billing_card_next(billing_worker_t *w, billing_card_t *card,
    const billing_result_t *result)
{
    billing_db_rc_t     rc;
    billing_op_reply_t  reply;

    if (card->step == BILLING_CALL_CUSTOMER) {
        rc = billing_profile_customer(w, card->actor, result->intent,
                                      card->customer);
        card->step = BILLING_CALL_SETUP;
        card->tries = 0;

        return rc == BILLING_DB_OK ? billing_card_send(w, card) : rc;
    }

    memset(&reply, 0, sizeof(reply));
    billing_op_answer(&reply, 200,
        json_pack("{s:s, s:s, s:s, s:s}",
            "client_secret", result->client_secret,
            "publishable_key", w->settings->gateway_publishable_key,
            "gateway", w->settings->gateway_public_url,
            "setup_intent", result->intent));

    return billing_card_end(w, card, &reply);
}


static billing_db_rc_t
billing_card_trouble(billing_worker_t *w, billing_card_t *card,
    const billing_result_t *result, bool sent)
{
    static const char  sql[] =
        "UPDATE card_setup SET next_try_at = $1 WHERE id = $2";

    billing_op_reply_t  reply;

    if (sent && result->outcome != BILLING_OUTCOME_FAILED
        && card->tries < BILLING_PRELIMINARY_MAX)
    {
        return billing_db_exec(w->db, sql, "it",
                               billing_worker_wall(w)
                               + billing_retry_delay(1), card->id);
    }

    memset(&reply, 0, sizeof(reply));
    billing_op_refuse(&reply, BILLING_GATEWAY_UNAVAILABLE,
                      billing_lang_name(card->lang), NULL);
    reply.undo = false;
    reply.retry_after_sec = 5;

    return billing_card_end(w, card, &reply);
}


static billing_db_rc_t
billing_card_end(billing_worker_t *w, const billing_card_t *card,
    billing_op_reply_t *reply)
{
    static const char  sql[] =
        "UPDATE card_setup SET state = 'done' WHERE id = $1";

    billing_db_rc_t  rc;

    rc = billing_db_exec(w->db, sql, "t", card->id);

    if (rc != BILLING_DB_OK) {
        json_decref(reply->body);
        return rc;
    }

    return billing_op_finish(w, card->id, reply);
}


/* Those whose caller died, and those that are due again. */

billing_db_rc_t
billing_card_sweep(billing_worker_t *w, int64_t wall, int64_t *next_wall)
{
    static const billing_rows_t  rows = {
        .sql = "SELECT id, next_try_at FROM card_setup WHERE state = 'open'"
               " AND next_try_at <= $1 ORDER BY next_try_at LIMIT 256",
        .next_sql = "SELECT MIN(next_try_at) FROM card_setup"
                    " WHERE state = 'open'",
        .run = billing_card_resume,
        .calls = true,
        .push_sql = "UPDATE card_setup SET next_try_at = $1 WHERE id = $2",
        .push_sec = BILLING_RETRY_WINDOW_SEC
    };

    return billing_sweep_rows(w, &rows, wall, next_wall);
}


/* A process died, or the gateway was in trouble; once too often is enough. */

static billing_db_rc_t
billing_card_resume(billing_worker_t *w, const char *id, int64_t wall)
{
    billing_card_t    card;
    billing_db_rc_t   rc;
    billing_result_t  none;

    (void) wall;

    rc = billing_card_load(w, id, &card);

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    if (card.tries < BILLING_PRELIMINARY_MAX) {
        return billing_card_send(w, &card);
    }

    memset(&none, 0, sizeof(none));

    return billing_card_trouble(w, &card, &none, false);
}
