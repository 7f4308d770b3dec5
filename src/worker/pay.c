/*
 * Bills of a running subscription: renewals, added seats, the switch to
 * yearly, the way back.  They take the way of a purchase: price, durable
 * intent, gateway, and effects on proof only.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "billing_business.h"


static billing_db_rc_t billing_pay_step(billing_worker_t *w,
    const billing_team_row_t *row, billing_checkout_t *co);
static void billing_pay_hash(json_t *key, char id[BILLING_OP_ID_LEN + 1]);


void
billing_pay_id(billing_checkout_t *co, int64_t at)
{
    billing_pay_hash(json_pack("[s, s, I]",
                         billing_purpose_of(co->purpose)->word, co->team,
                         (json_int_t) at), co->id);

    co->due_at = at;
}


static void
billing_pay_hash(json_t *key, char id[BILLING_OP_ID_LEN + 1])
{
    uint8_t  hash[32] = { 0 };

    if (key == NULL || billing_json_hash(key, hash) != BILLING_OK) {
        memset(hash, 0, sizeof(hash));  /* taken once, then refused */
    }

    json_decref(key);

    memcpy(id, "op_", 3);
    billing_hex(hash, (BILLING_OP_ID_LEN - 3) / 2, id + 3);
}


billing_db_rc_t
billing_pay_price(billing_worker_t *w, const billing_team_row_t *row,
    billing_checkout_t *co, int64_t now, billing_reason_t *reason)
{
    billing_db_rc_t      rc;
    billing_taxed_t      taxed;
    billing_sub_order_t  order;

    rc = billing_team_tax(w, row->id, &taxed);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    order = (billing_sub_order_t) {
        .pay = billing_purpose_of(co->purpose)->pay, .now = now,
        .tax_permyriad = taxed.permyriad, .tax_why = taxed.why
    };
    memcpy(order.tax_country, taxed.country, sizeof(order.tax_country));

    *reason = billing_sub_quote(&w->settings->catalogue, &row->team, &order,
                                &co->quote);
    co->amount = co->quote.due_now;

    return BILLING_DB_OK;
}


billing_reason_t
billing_pay_card(const billing_team_row_t *row, const char *payment_method,
    billing_checkout_t *co)
{
    size_t  len;

    len = strlen(payment_method);

    if (len == 0) {
        payment_method = row->payment_method;
        (void) snprintf(co->customer, sizeof(co->customer), "%s",
                        row->customer);
        (void) snprintf(co->card_brand, sizeof(co->card_brand), "%s",
                        row->card_brand);
        (void) snprintf(co->card_last4, sizeof(co->card_last4), "%s",
                        row->card_last4);
        len = strlen(payment_method);
    }

    if (len == 0) {
        return BILLING_CARD_MISSING;
    }

    if (len > BILLING_GATEWAY_ID_MAX || strncmp(payment_method, "pm_", 3) != 0
        || strspn(payment_method, "abcdefghijklmnopqrstuvwxyz"
                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != len)
    {
        return BILLING_CARD_INVALID;
    }

    (void) snprintf(co->payment_method, sizeof(co->payment_method), "%s",
                    payment_method);

    return BILLING_ALLOW;
}


billing_db_rc_t
billing_pay_begin(billing_worker_t *w, billing_team_row_t *row,
    billing_checkout_t *co, int64_t now, billing_op_reply_t *reply)
{
    billing_db_rc_t  rc;
    billing_payer_t  payer = { co->team, co->actor, co->lang };

    co->state = BILLING_CHECKOUT_NEW;
    co->started_at = now;

    rc = co->payment_method[0] != '\0' && billing_checkout_asked(co)
         ? billing_decline_may(w, &payer, now, reply) : BILLING_DB_OK;

    if (rc == BILLING_DB_OK) {
        rc = billing_pay_attempt(w, co);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_pay_step(w, row, co);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_checkout_insert(w, co);
    }

    if (rc == BILLING_DB_OK) {
        row->hold_seats = co->quote.seats;
        rc = billing_team_hold(w, row->id, row->hold_seats);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (co->amount.minor == 0 && !billing_purpose_of(co->purpose)->card) {
        rc = billing_purchase_apply(w, co, now, reply);

        if (rc == BILLING_DB_OK) {
            rc = billing_checkout_keep(w, co, reply);
        }

        return rc == BILLING_DB_OK ? BILLING_DB_DONE : rc;
    }

    if (co->step == BILLING_CALL_CHARGE) {
        rc = billing_checkout_turn(co, BILLING_CHECKOUT_CHARGING);
    }

    return rc == BILLING_DB_OK ? billing_checkout_send(w, co) : rc;
}


/*
 * A bill that failed is asked for again, with a key of its own.  One whose
 * money went back is over, with all that was booked of it: the same bill is
 * asked for by the next id.
 */

billing_db_rc_t
billing_pay_attempt(billing_worker_t *w, billing_checkout_t *co)
{
    static const char  sql[] =
        "SELECT attempt, CASE WHEN state IN ('refunding', 'refunded')"
        " THEN 1 ELSE 0 END FROM checkout WHERE id = $1";

    bool             over;
    billing_db_rc_t  rc;

    for ( ;; ) {
        co->attempt = 1;
        rc = billing_db_query(w->db, sql, "t", co->id);

        if (rc != BILLING_DB_ROW) {
            return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
        }

        co->attempt = (uint32_t) billing_db_int(w->db, sql, 0) + 1;
        over = billing_db_int(w->db, sql, 1) != 0;
        billing_db_done(w->db, sql);

        if (!over || co->due_at == 0) {
            return BILLING_DB_OK;
        }

        billing_pay_hash(json_pack("[s]", co->id), co->id);
    }
}


/* The card on file is charged as it is; another one is attached first. */

static billing_db_rc_t
billing_pay_step(billing_worker_t *w, const billing_team_row_t *row,
    billing_checkout_t *co)
{
    billing_db_rc_t  rc;

    co->step = BILLING_CALL_CHARGE;

    if (co->amount.minor == 0 && !billing_purpose_of(co->purpose)->card) {
        return BILLING_DB_OK;
    }

    if (co->customer[0] != '\0'
        && strcmp(co->payment_method, row->payment_method) == 0)
    {
        return BILLING_DB_OK;
    }

    rc = billing_profile_customer(w, co->actor, "", co->customer);

    co->step = co->customer[0] == '\0' ? BILLING_CALL_CUSTOMER
                                       : BILLING_CALL_ATTACH;

    return rc;
}
