/*
 * What the gateway tells by itself.  An event is a hint, never the truth: the
 * payment it is about is looked up, once, whatever the order and however
 * often it is delivered (P35).
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"


static billing_db_rc_t billing_event_find(billing_op_t *op,
    billing_checkout_t *co);
static billing_db_rc_t billing_event_tell(billing_op_t *op,
    billing_checkout_t *co);
static billing_db_rc_t billing_event_late(billing_op_t *op,
    billing_checkout_t *co);


billing_db_rc_t
billing_op_webhook(billing_op_t *op)
{
    static const char  sql[] =
        "INSERT INTO gateway_event (id, type, object, at)"
        " VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING";

    billing_db_rc_t      rc;
    billing_checkout_t   co;

    rc = billing_db_exec(op->w->db, sql, "ttti", billing_op_text(op, "event"),
                         billing_op_text(op, "type"),
                         billing_op_text(op, "object"), op->now);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (billing_db_changes(op->w->db) == 0) {
        return billing_op_reply(op, 200, json_object());
    }

    rc = billing_event_find(op, &co);

    if (rc == BILLING_DB_OK) {
        rc = billing_event_tell(op, &co);
    }

    if (rc != BILLING_DB_OK && rc != BILLING_DB_DONE) {
        return rc;
    }

    return billing_op_reply(op, 200, json_object());
}


/* By the payment; by our own id when the payment is not known here yet. */

static billing_db_rc_t
billing_event_find(billing_op_t *op, billing_checkout_t *co)
{
    static const char  sql[] =
        "SELECT id FROM checkout WHERE intent = $1 AND intent <> ''";

    char             id[BILLING_OP_ID_LEN + 1];
    const char      *object;
    billing_db_rc_t  rc;

    object = billing_op_text(op, "object");
    rc = billing_db_query(op->w->db, sql, "t", object);

    if (rc == BILLING_DB_ROW) {
        (void) snprintf(id, sizeof(id), "%s",
                        billing_db_text(op->w->db, sql, 0));
        billing_db_done(op->w->db, sql);

        return billing_checkout_load(op->w, id, co);
    }

    if (rc != BILLING_DB_DONE) {
        return rc;
    }

    rc = billing_checkout_load(op->w, billing_op_text(op, "checkout"), co);

    if (rc != BILLING_DB_OK || co->intent[0] == '\0') {
        return rc;
    }

    if (strcmp(billing_op_text(op, "type"), "payment_intent.succeeded") == 0)
    {
        billing_log("ALERT: checkout %s: %s was paid besides %s", co->id,
                    object, co->intent);
    }

    return BILLING_DB_DONE;
}


static billing_db_rc_t
billing_event_tell(billing_op_t *op, billing_checkout_t *co)
{
    if (billing_checkout_final(co->state)) {
        return billing_event_late(op, co);
    }

    if (billing_call_in_flight(op->w, co->id)) {
        co->look_again = true;          /* its answer may be the older one */
        return billing_checkout_move(op->w, co, co->state);
    }

    if (co->cancelling
        || (co->state != BILLING_CHECKOUT_CHARGING
            && co->state != BILLING_CHECKOUT_ACTION
            && co->state != BILLING_CHECKOUT_UNKNOWN))
    {
        return BILLING_DB_DONE;
    }

    return billing_checkout_ask(op->w, co);
}


/* It was said to have failed: money that came all the same goes back. */

static billing_db_rc_t
billing_event_late(billing_op_t *op, billing_checkout_t *co)
{
    if (co->state == BILLING_CHECKOUT_SUCCEEDED
        || co->state == BILLING_CHECKOUT_REFUNDED || co->intent[0] == '\0')
    {
        return BILLING_DB_DONE;
    }

    co->step = BILLING_CALL_LOOKUP;

    return billing_checkout_send(op->w, co);
}


billing_db_rc_t
billing_checkout_ask(billing_worker_t *w, billing_checkout_t *co)
{
    billing_db_rc_t  rc;

    rc = BILLING_DB_OK;
    co->step = co->intent[0] == '\0' ? BILLING_CALL_SEARCH
                                     : BILLING_CALL_LOOKUP;

    if (co->state == BILLING_CHECKOUT_ACTION) {
        rc = billing_checkout_move(w, co, BILLING_CHECKOUT_CHARGING);
    }

    return rc == BILLING_DB_OK ? billing_checkout_send(w, co) : rc;
}
