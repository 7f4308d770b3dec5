/*
 * What is said about a checkout: while it is open, and when it has ended.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "billing_business.h"


static billing_db_rc_t billing_link_paid(const billing_bought_t *bought,
    billing_op_reply_t *reply);
static json_t *billing_receipt_json(const billing_bought_t *bought);
static json_t *billing_operation_args(const billing_checkout_t *co,
    const char *state);


billing_db_rc_t
billing_checkout_bought(billing_worker_t *w, const billing_bought_t *bought,
    billing_op_reply_t *reply)
{
    json_t                    *team, *invoice, *receipt;
    billing_db_rc_t            rc;
    const billing_checkout_t  *co;

    co = bought->checkout;

    if (co->purpose == BILLING_PURPOSE_INVOICE && co->asked[0] == '\0') {
        return billing_link_paid(bought, reply);
    }

    rc = billing_asked_json(w, bought->row, co->asked, co->actor, &team);

    if (rc != BILLING_DB_OK) {
        json_decref(bought->invoice);
        return rc;
    }

    invoice = bought->invoice == NULL ? json_null() : bought->invoice;
    receipt = co->amount.minor > 0 && !bought->unpaid
              ? billing_receipt_json(bought) : json_null();

    billing_op_answer(reply, 200,
                      json_pack("{s:s, s:s, s:o, s:o, s:o}",
                          "operation", co->id,
                          "state", "done", "team", team,
                          "invoice", invoice, "receipt", receipt));
    (void) snprintf(reply->team, sizeof(reply->team), "%s",
                    co->asked[0] == '\0' ? bought->row->id : co->asked);

    return reply->body == NULL ? BILLING_DB_UNMADE : BILLING_DB_OK;
}


/* By a link, which names no team: its holder may not know of one. */

static billing_db_rc_t
billing_link_paid(const billing_bought_t *bought, billing_op_reply_t *reply)
{
    json_t  *invoice = bought->invoice;

    billing_op_answer(reply, 200,
        json_pack("{s:s, s:s, s:{s:O, s:O, s:O, s:O}}",
            "operation", bought->checkout->id, "state", "done", "invoice",
            "number", json_object_get(invoice, "number"),
            "state", json_object_get(invoice, "state"),
            "open", json_object_get(invoice, "open"),
            "currency", json_object_get(invoice, "currency")));
    json_decref(invoice);

    return reply->body == NULL ? BILLING_DB_UNMADE : BILLING_DB_OK;
}


static json_t *
billing_receipt_json(const billing_bought_t *bought)
{
    const billing_checkout_t  *co;

    co = bought->checkout;

    return json_pack("{s:I, s:s, s:o, s:s, s:{s:s, s:s, s:s}}",
               "amount", (json_int_t) co->amount.minor,
               "currency", billing_currency_code(co->amount.currency),
               "paid_at", billing_instant_json(bought->now),
               "sent_to", co->purpose == BILLING_PURPOSE_PURCHASE
                          ? co->actor : bought->row->billing_email,
               "payment_method", "type", "card", "brand", co->card_brand,
                   "last4", co->card_last4);
}


billing_db_rc_t
billing_checkout_stood(billing_worker_t *w, const billing_checkout_t *co,
    const billing_ending_t *ending, billing_op_reply_t *reply)
{
    billing_db_rc_t      rc;
    billing_bought_t     bought;
    billing_team_row_t   row;

    rc = billing_team_load(w, co->team, &row);

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    bought = (billing_bought_t) {
        .checkout = co, .row = &row, .now = ending->now, .unpaid = true
    };

    rc = billing_checkout_bought(w, &bought, reply);

    if (rc == BILLING_DB_OK) {
        (void) json_object_set_new(reply->body, "unpaid",
                   json_pack("{s:s, s:I, s:s}",
                       "code", billing_reason_code(ending->reason),
                       "amount", (json_int_t) co->amount.minor,
                       "currency",
                       billing_currency_code(co->amount.currency)));
    }

    return rc;
}


static json_t *
billing_operation_args(const billing_checkout_t *co, const char *state)
{
    return json_pack("{s:s, s:s}", "operation", co->id, "state", state);
}


void
billing_checkout_refuse(const billing_checkout_t *co,
    billing_reason_t reason, const char *state, billing_op_reply_t *reply)
{
    billing_op_refuse(reply, reason, billing_lang_name(co->lang),
                      billing_operation_args(co, state));
    reply->undo = false;
}


void
billing_checkout_interim(const billing_checkout_t *co,
    billing_op_reply_t *reply)
{
    json_t  *args;

    if (co->state == BILLING_CHECKOUT_ACTION && !co->cancelling) {
        args = billing_operation_args(co, "action_required");
        (void) json_object_set_new(args, "payment",
                   json_pack("{s:s}", "client_secret", co->client_secret));
        billing_op_refuse(reply, BILLING_CARD_AUTH_REQUIRED,
                          billing_lang_name(co->lang), args);
        reply->undo = false;
        return;
    }

    billing_checkout_refuse(co, BILLING_PAYMENT_UNKNOWN,
                            billing_checkout_answer_word(co->state), reply);
    reply->status = 202;
    reply->problem = false;
    reply->retry_after_sec = BILLING_GATEWAY_TRY_SEC;
}


/*
 * The command is answered but not ended: its row goes back to where the same
 * key is looked at again.
 */

billing_db_rc_t
billing_checkout_tell(billing_worker_t *w, const billing_checkout_t *co,
    const char *op)
{
    static const char  sql[] =
        "UPDATE command SET state = 'retry', body = NULL WHERE op = $1";

    billing_db_rc_t     rc;
    billing_op_reply_t  reply;

    memset(&reply, 0, sizeof(reply));
    billing_checkout_interim(co, &reply);

    rc = billing_op_finish(w, op, &reply);

    return rc == BILLING_DB_OK ? billing_db_exec(w->db, sql, "t", op) : rc;
}


billing_db_rc_t
billing_checkout_finish(billing_worker_t *w, billing_checkout_t *co,
    billing_op_reply_t *reply)
{
    billing_db_rc_t     rc;
    billing_op_reply_t  copy;

    rc = billing_checkout_keep(w, co, reply);

    if (rc == BILLING_DB_OK && co->waiter[0] != '\0') {
        copy = *reply;
        json_incref(copy.body);

        rc = billing_op_finish(w, co->waiter, &copy);
    }

    if (rc != BILLING_DB_OK) {
        json_decref(reply->body);
        return rc;
    }

    return billing_op_finish(w, co->id, reply);
}


/* The operation can be asked for its answer for ever. */

billing_db_rc_t
billing_checkout_keep(billing_worker_t *w, const billing_checkout_t *co,
    const billing_op_reply_t *reply)
{
    static const char  sql[] =
        "UPDATE checkout SET status = $1, answer = $2 WHERE id = $3";

    char             *text;
    billing_db_rc_t   rc;

    text = json_dumps(reply->body, JSON_COMPACT);

    if (text == NULL) {
        return BILLING_DB_UNMADE;
    }

    rc = billing_db_later(w->db, sql, "itt", (int64_t) reply->status, text,
                          co->id);
    free(text);

    return rc;
}


/* It has ended: the answer is what it was then. */

billing_db_rc_t
billing_checkout_ended(billing_op_t *op, const billing_checkout_t *co)
{
    json_t           *body;
    unsigned          status;
    billing_db_rc_t   rc;

    rc = billing_checkout_final_answer(op->w, co->id, &status, &body);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    (void) snprintf(op->reply->team, sizeof(op->reply->team), "%s",
                    co->asked[0] == '\0' ? co->team : co->asked);

    rc = billing_op_reply(op, status, body);
    op->reply->problem = status >= 400;

    return rc;
}


billing_db_rc_t
billing_checkout_final_answer(billing_worker_t *w, const char *id,
    unsigned *status, json_t **body)
{
    static const char  sql[] =
        "SELECT status, answer FROM checkout WHERE id = $1";

    billing_db_rc_t  rc;

    *body = NULL;
    rc = billing_db_query(w->db, sql, "t", id);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    *status = (unsigned) billing_db_int(w->db, sql, 0);
    *body = json_loads(billing_db_text(w->db, sql, 1), 0, NULL);
    billing_db_done(w->db, sql);

    return BILLING_DB_OK;
}
