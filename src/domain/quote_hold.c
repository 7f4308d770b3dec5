/* Whether a price that was shown still holds. */

#include "billing_domain.h"

#include <string.h>


static uint32_t billing_pin_order(const billing_quote_pin_t *shown,
    const billing_quote_pin_t *now);
static bool billing_pin_equal(billing_money_t a, billing_money_t b);


static const char *const  billing_pin_names[BILLING_PIN_CHANGES] = {
    "quote", "request", "plan", "seats", "period", "payment_method", "promo",
    "billing_information", "expired", "amount", "catalogue", "team", "time"
};


/* The amounts decide: a new catalogue with the old price changes nothing. */

uint32_t
billing_pin_changed(const billing_quote_pin_t *shown,
    const billing_quote_pin_t *now, uint32_t ttl_sec)
{
    uint32_t  changed = billing_pin_order(shown, now);

    if (changed != 0) {
        return changed;
    }

    if (now->at - shown->at >= (int64_t) ttl_sec) {
        return BILLING_PIN_EXPIRED;
    }

    if (billing_pin_equal(shown->total, now->total)
        && billing_pin_equal(shown->due_now, now->due_now)
        && billing_pin_equal(shown->renewal, now->renewal))
    {
        return 0;
    }

    if (memcmp(shown->catalogue, now->catalogue, sizeof(now->catalogue)) != 0)
    {
        changed |= BILLING_PIN_CATALOGUE;
    }

    if (shown->team_version != now->team_version) {
        changed |= BILLING_PIN_TEAM;
    }

    return BILLING_PIN_AMOUNT | (changed != 0 ? changed : BILLING_PIN_TIME);
}


const char *
billing_pin_change_name(unsigned place)
{
    return place < BILLING_PIN_CHANGES ? billing_pin_names[place] : "";
}


static uint32_t
billing_pin_order(const billing_quote_pin_t *shown,
    const billing_quote_pin_t *now)
{
    uint32_t  other = 0;

    if (shown->kind != now->kind) {
        return BILLING_PIN_OTHER;
    }

    if (shown->plan != now->plan) {
        other |= BILLING_PIN_PLAN;
    }

    if (shown->seats != now->seats) {
        other |= BILLING_PIN_COUNT;
    }

    if (shown->period != now->period) {
        other |= BILLING_PIN_TYPE;
    }

    if (shown->method != now->method) {
        other |= BILLING_PIN_METHOD;
    }

    if (memcmp(shown->promo, now->promo, sizeof(now->promo)) != 0) {
        other |= BILLING_PIN_PROMO;
    }

    if (memcmp(shown->buyer, now->buyer, sizeof(now->buyer)) != 0) {
        other |= BILLING_PIN_BUYER;
    }

    return other;
}


/* Nothing is nothing in every currency. */

static bool
billing_pin_equal(billing_money_t a, billing_money_t b)
{
    return a.minor == b.minor && (a.minor == 0 || a.currency == b.currency);
}
