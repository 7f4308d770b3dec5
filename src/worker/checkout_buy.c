/*
 * A purchase begins (Tx1): everything that can be refused is refused here, on
 * the database's row and before anything is charged; then the intent is
 * written, and only after the commit is the gateway asked.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "billing_business.h"


typedef struct {
    billing_op_t        *op;
    billing_team_row_t   row;
    uint32_t             roles;
    billing_purchase_t   purchase;
    billing_checkout_t   co;
    billing_quote_pin_t  pin;           /* the price of now */
    billing_pin_stale_t  stale;
} billing_buying_t;


static billing_db_rc_t billing_buy_order(billing_buying_t *b);
static billing_db_rc_t billing_buy_allowed(billing_buying_t *b);
static billing_db_rc_t billing_buy_deny(billing_buying_t *b,
    billing_reason_t reason);
static billing_reason_t billing_buy_payment(billing_buying_t *b);
static billing_reason_t billing_buy_card(billing_buying_t *b,
    const char *payment_method);
static billing_reason_t billing_first(billing_reason_t a,
    billing_reason_t b);
static billing_db_rc_t billing_buy_write(billing_buying_t *b);
static void billing_buy_step(billing_buying_t *b);
static billing_db_rc_t billing_buy_information(billing_buying_t *b);


billing_db_rc_t
billing_op_buy(billing_op_t *op)
{
    billing_db_rc_t   rc;
    billing_buying_t  b;

    rc = billing_checkout_replay(op);

    if (rc != BILLING_DB_OK || op->reply->later) {
        return rc;
    }

    memset(&b, 0, sizeof(b));
    b.op = op;

    rc = billing_buy_order(&b);

    if (rc == BILLING_DB_OK) {
        rc = billing_buy_allowed(&b);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_buy_write(&b);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (b.co.amount.minor == 0) {
        rc = billing_purchase_apply(op->w, &b.co, op->now, op->reply);

        return rc == BILLING_DB_OK
               ? billing_checkout_keep(op->w, &b.co, op->reply) : rc;
    }

    if (b.co.step == BILLING_CALL_CHARGE) {
        rc = billing_checkout_turn(&b.co, BILLING_CHECKOUT_CHARGING);
    }

    rc = rc == BILLING_DB_OK ? billing_checkout_send(op->w, &b.co) : rc;
    op->reply->later = rc == BILLING_DB_OK;

    return rc;
}


/* The same key again: never a second purchase. */

billing_db_rc_t
billing_checkout_replay(billing_op_t *op)
{
    billing_db_rc_t     rc;
    billing_checkout_t  co;

    rc = billing_checkout_load(op->w, op->command->op, &co);

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
    }

    /* Proven: nothing happened, so it may begin anew (D6). */

    if (co.state == BILLING_CHECKOUT_FAILED
        && co.reason == BILLING_GATEWAY_UNAVAILABLE)
    {
        return BILLING_DB_OK;
    }

    if (billing_checkout_final(co.state)) {
        return billing_checkout_ended(op, &co);
    }

    if (co.state != BILLING_CHECKOUT_NEW
        && co.state != BILLING_CHECKOUT_CHARGING)
    {
        rc = billing_checkout_tell(op->w, &co, co.id);
    }

    op->reply->later = rc == BILLING_DB_OK;

    return rc;
}


static billing_db_rc_t
billing_buy_order(billing_buying_t *b)
{
    const char        *method;
    billing_db_rc_t    rc;
    billing_reason_t   reason;

    rc = billing_op_account(b->op, &b->row, &b->roles);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    rc = billing_purchase_may(b->op->w, &b->row, b->roles, &reason);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (reason != BILLING_ALLOW) {
        return billing_op_deny(b->op, reason, NULL);
    }

    rc = billing_domain_may(b->op, b->row.id);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    method = json_string_value(json_object_get(
                 json_object_get(b->op->command->body, "payment"),
                 "method"));

    return billing_purchase_read(b->op, b->row.id,
                                 method == NULL ? "" : method, &b->purchase);
}


/* All is asked, then the first reason in the enum's order is told. */

static billing_db_rc_t
billing_buy_allowed(billing_buying_t *b)
{
    bool              open;
    billing_db_rc_t   rc;
    billing_payer_t   payer = { b->row.id, b->op->command->actor, b->op->lang };
    billing_reason_t  reason;

    rc = billing_checkout_is_open(b->op->w, b->row.id, &open);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    reason = billing_purchase_price(b->op->w, &b->row, &b->purchase,
                                    &b->co.quote);

    if (reason == BILLING_ALLOW) {
        billing_pin_purchase(b->op, &b->row, &b->purchase, &b->co.quote,
                             &b->pin);
    }

    if (reason == BILLING_ALLOW
        && !billing_pin_holds(b->op, b->row.id, &b->pin, &b->stale))
    {
        reason = BILLING_QUOTE_STALE;
    }

    reason = billing_first(reason, billing_buy_payment(b));
    reason = billing_first(reason, open ? BILLING_CHECKOUT_OPEN
                                        : BILLING_ALLOW);

    if (reason != BILLING_ALLOW) {
        return billing_buy_deny(b, reason);
    }

    rc = billing_purchases_may(b->op, b->row.id);

    return rc == BILLING_DB_OK && b->co.payment_method[0] != '\0'
           ? billing_decline_may(b->op->w, &payer, b->op->now, b->op->reply)
           : rc;
}


static billing_db_rc_t
billing_buy_deny(billing_buying_t *b, billing_reason_t reason)
{
    if (reason == BILLING_QUOTE_STALE) {
        return billing_pin_deny(b->op, b->row.id, &b->pin, &b->stale,
                   billing_quote_json(&b->co.quote,
                                      billing_op_text(b->op, "team"),
                                      b->op->lang));
    }

    return billing_purchase_deny(b->op, &b->row, &b->purchase.order, reason);
}


static billing_reason_t
billing_buy_payment(billing_buying_t *b)
{
    const char    *email, *method, *country, *postal_code;
    const json_t  *payment;

    if (!billing_information_siren(json_object_get(b->op->command->body,
                                                   "billing_information")))
    {
        return BILLING_SIREN_INVALID;
    }

    payment = json_object_get(b->op->command->body, "payment");
    method = json_string_value(json_object_get(payment, "payment_method"));
    email = json_string_value(json_object_get(payment, "email"));
    country = json_string_value(json_object_get(b->purchase.information,
                                                "country"));
    postal_code = json_string_value(json_object_get(b->purchase.information,
                                                    "postal_code"));

    if (b->purchase.order.method == BILLING_METHOD_CARD) {
        return billing_buy_card(b, method == NULL ? "" : method);
    }

    if (b->purchase.order.method != BILLING_METHOD_INVOICE) {
        return BILLING_ALLOW;           /* refused by its price */
    }

    if (email == NULL || email[0] == '\0') {
        return BILLING_INVOICE_EMAIL_MISSING;
    }

    if (billing_email_normalise(email, strlen(email), b->co.email)
        != BILLING_OK)
    {
        return BILLING_EMAIL_INVALID;
    }

    /* Given at all, it must say where the invoice goes (R112). */

    if (b->purchase.information != NULL
        && (country == NULL || country[0] == '\0'
            || postal_code == NULL || postal_code[0] == '\0'))
    {
        return BILLING_BILLING_INFO_MISSING;
    }

    return BILLING_ALLOW;
}


static billing_reason_t
billing_buy_card(billing_buying_t *b, const char *payment_method)
{
    size_t  len;

    len = strlen(payment_method);

    /* Nothing to pay needs no card (R99). */

    if (len == 0) {
        return b->co.quote.nlines != 0 && b->co.quote.due_now.minor == 0
               ? BILLING_ALLOW : BILLING_CARD_MISSING;
    }

    if (len > BILLING_GATEWAY_ID_MAX || strncmp(payment_method, "pm_", 3) != 0
        || strspn(payment_method, "abcdefghijklmnopqrstuvwxyz"
                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != len)
    {
        return BILLING_CARD_INVALID;
    }

    (void) snprintf(b->co.payment_method, sizeof(b->co.payment_method), "%s",
                    payment_method);

    return BILLING_ALLOW;
}


static billing_reason_t
billing_first(billing_reason_t a, billing_reason_t b)
{
    if (a == BILLING_ALLOW) {
        return b;
    }

    return b == BILLING_ALLOW || a < b ? a : b;
}


static billing_db_rc_t
billing_buy_write(billing_buying_t *b)
{
    billing_db_rc_t      rc;
    billing_worker_t    *w;
    billing_checkout_t  *co;

    w = b->op->w;
    co = &b->co;

    (void) snprintf(co->id, sizeof(co->id), "%s", b->op->command->op);
    (void) snprintf(co->team, sizeof(co->team), "%s", b->row.id);
    (void) snprintf(co->asked, sizeof(co->asked), "%s",
                    billing_op_text(b->op, "team"));
    (void) snprintf(co->actor, sizeof(co->actor), "%s",
                    b->op->command->actor);
    (void) snprintf(co->promo, sizeof(co->promo), "%s", b->purchase.promo);
    co->lang = b->op->lang;
    co->state = BILLING_CHECKOUT_NEW;
    co->amount = co->quote.due_now;
    co->started_at = b->op->now;

    rc = billing_pay_attempt(w, co);

    if (rc == BILLING_DB_OK) {
        rc = billing_profile_customer(w, co->actor, "", co->customer);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    billing_buy_step(b);
    rc = billing_checkout_insert(w, co);

    if (rc == BILLING_DB_OK) {
        rc = billing_buy_information(b);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_promo_reserve(w, co, b->op->now);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_team_hold(w, co->team, co->quote.seats);
    }

    return rc;
}


/* The buyer's own card on file is charged as it is; another is attached. */

static void
billing_buy_step(billing_buying_t *b)
{
    billing_checkout_t        *co = &b->co;
    const billing_team_row_t  *row = &b->row;

    co->step = co->customer[0] == '\0' ? BILLING_CALL_CUSTOMER
                                       : BILLING_CALL_ATTACH;

    if (co->customer[0] != '\0' && strcmp(co->customer, row->customer) == 0
        && strcmp(co->payment_method, row->payment_method) == 0)
    {
        billing_copy(co->card_brand, sizeof(co->card_brand),
                     row->card_brand);
        billing_copy(co->card_last4, sizeof(co->card_last4),
                     row->card_last4);
        co->step = BILLING_CALL_CHARGE;
    }
}


static billing_db_rc_t
billing_buy_information(billing_buying_t *b)
{
    static const char  sql[] =
        "UPDATE checkout SET information = $1 WHERE id = $2";

    char             *text;
    billing_db_rc_t   rc;

    if (b->purchase.information == NULL) {
        return BILLING_DB_OK;
    }

    text = json_dumps(b->purchase.information, JSON_COMPACT);

    if (text == NULL) {
        return BILLING_DB_UNMADE;
    }

    rc = billing_db_later(b->op->w->db, sql, "tt", text, b->co.id);
    free(text);

    return rc;
}
