/*
 * What a team may buy, and what it would cost: questions that change nothing.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "billing_business.h"


static billing_db_rc_t billing_offer_enter(billing_op_t *op,
    billing_team_row_t *row, uint32_t *roles);
static json_t *billing_offer_plans(billing_op_t *op,
    const billing_team_row_t *row, bool excluded);
static json_t *billing_offer_plan(billing_op_t *op,
    const billing_team_row_t *row, billing_order_t order);
static json_t *billing_offer_method(billing_op_t *op, billing_order_t order,
    billing_method_t method);



static const billing_plan_t  billing_offer_order[] = {
    BILLING_PLAN_TEAM, BILLING_PLAN_BUSINESS, BILLING_PLAN_CONSULTANT,
    BILLING_PLAN_ENTERPRISE
};


billing_db_rc_t
billing_query_offer(billing_op_t *op)
{
    json_t              *team;
    uint32_t             roles;
    billing_db_rc_t      rc;
    billing_reason_t     country;
    billing_team_row_t   row;

    rc = billing_offer_enter(op, &row, &roles);

    if (rc == BILLING_DB_OK) {
        rc = billing_invoice_country(op, row.id, NULL, &country);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_asked_json(op->w, &row, billing_op_text(op, "team"),
                                op->command->actor, &team);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    return billing_op_reply(op, 200,
               json_pack("{s:o, s:s, s:o}", "team", team,
                   "currency", billing_currency_code(
                       op->w->settings->catalogue.currency),
                   "plans", billing_offer_plans(op, &row,
                       country == BILLING_INVOICE_COUNTRY)));
}


static billing_db_rc_t
billing_offer_enter(billing_op_t *op, billing_team_row_t *row,
    uint32_t *roles)
{
    billing_db_rc_t   rc;
    billing_reason_t  reason;

    rc = billing_op_account(op, row, roles);

    if (rc == BILLING_DB_OK) {
        rc = billing_purchase_may(op->w, row, *roles, &reason);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    return reason == BILLING_ALLOW ? billing_domain_may(op, row->id)
                                   : billing_op_deny(op, reason, NULL);
}


static json_t *
billing_offer_plans(billing_op_t *op, const billing_team_row_t *row,
    bool excluded)
{
    size_t                       i;
    json_t                      *list;
    billing_order_t              order;
    const billing_catalogue_t   *catalogue;

    list = json_array();
    catalogue = &op->w->settings->catalogue;

    for (i = 0;
         i < sizeof(billing_offer_order) / sizeof(billing_offer_order[0]);
         i++)
    {
        order = (billing_order_t) {
            .plan = billing_offer_order[i], .promo_left = UINT32_MAX,
            .invoice_excluded = excluded
        };

        if (catalogue->plans[order.plan].known) {
            (void) json_array_append_new(list,
                       billing_offer_plan(op, row, order));
        }
    }

    return list;
}


static json_t *
billing_offer_plan(billing_op_t *op, const billing_team_row_t *row,
    billing_order_t order)
{
    char                    key[32];
    json_t                 *offer;
    uint32_t                floor, ceiling;
    const billing_terms_t  *terms;

    terms = &op->w->settings->catalogue.plans[order.plan];
    floor = billing_seats_floor(terms, &row->team);
    ceiling = billing_seats_ceiling(terms, &row->team);
    (void) snprintf(key, sizeof(key), "plan.%s",
                    billing_plan_name(order.plan));

    offer = json_pack("{s:s, s:s, s:b, s:b}",
                "plan", billing_plan_name(order.plan),
                "name", billing_text(key, op->lang),
                "selling", (int) terms->selling,
                "contact", !terms->self_serve || floor > ceiling);

    if (!terms->self_serve || !terms->selling || floor > ceiling) {
        return offer;                   /* arranged with people (R49) */
    }

    order.seats = floor;

    (void) json_object_update_new(offer,
        json_pack("{s:I, s:I, s:I, s:[s, s], s:{s:I, s:I}, s:[o, o]}",
            "min_seats", (json_int_t) floor,
            "max_seats", (json_int_t) ceiling,
            "seats", (json_int_t) floor,
            "periods", "monthly", "yearly",
            "prices",
                "monthly",
                (json_int_t) terms->price[BILLING_PERIOD_MONTHLY].minor,
                "yearly",
                (json_int_t) terms->price[BILLING_PERIOD_YEARLY].minor,
            "payment_methods",
                billing_offer_method(op, order, BILLING_METHOD_CARD),
                billing_offer_method(op, order, BILLING_METHOD_INVOICE)));

    return offer;
}


/* For the seats offered first; with yearly billing, which allows the most. */

static json_t *
billing_offer_method(billing_op_t *op, billing_order_t order,
    billing_method_t method)
{
    char                    key[64], *text;
    json_t                 *args, *answer;
    billing_reason_t        reason;
    const billing_terms_t  *terms;

    order.method = method;
    order.period = BILLING_PERIOD_YEARLY;
    terms = &op->w->settings->catalogue.plans[order.plan];
    reason = billing_method_allowed(&op->w->settings->catalogue, &order);

    (void) snprintf(key, sizeof(key), "%s.detail",
                    billing_reason_code(reason));

    if (order.method == BILLING_METHOD_CARD) {
        return json_pack("{s:s, s:b, s:n, s:n}", "method", "card", "allowed",
                         reason == BILLING_ALLOW, "code", "reason");
    }

    args = json_pack("{s:I}", "n", (json_int_t) terms->invoice_seats_min);
    text = billing_text_format(key, op->lang, args);
    json_decref(args);

    answer = json_pack("{s:s, s:b, s:s?, s:s?, s:I, s:b}",
               "method", "invoice",
               "allowed", reason == BILLING_ALLOW,
               "code", reason == BILLING_ALLOW
                       ? NULL : billing_reason_code(reason),
               "reason", reason == BILLING_ALLOW
                         ? NULL : text,
               "min_seats", (json_int_t) terms->invoice_seats_min,
               "yearly_only", (int) terms->invoice_yearly);
    free(text);

    return answer;
}


billing_db_rc_t
billing_query_quote(billing_op_t *op)
{
    json_t               *body;
    uint32_t              roles;
    billing_db_rc_t       rc;
    billing_quote_t       quote;
    billing_reason_t      reason;
    billing_team_row_t    row;
    billing_purchase_t    purchase;
    billing_quote_pin_t   pin;

    rc = billing_offer_enter(op, &row, &roles);

    if (rc == BILLING_DB_OK) {
        rc = billing_purchase_read(op, row.id,
                                   billing_op_text(op, "payment_method"),
                                   &purchase);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    reason = billing_purchase_price(op->w, &row, &purchase, &quote);

    if (reason != BILLING_ALLOW) {
        return billing_purchase_deny(op, &row, &purchase.order, reason);
    }

    billing_pin_purchase(op, &row, &purchase, &quote, &pin);
    body = billing_quote_json(&quote, billing_op_text(op, "team"), op->lang);
    rc = billing_pin_give(op, row.id, &pin, body);

    if (rc != BILLING_DB_OK) {
        json_decref(body);
        return rc;
    }

    return billing_op_reply(op, 200, body);
}
