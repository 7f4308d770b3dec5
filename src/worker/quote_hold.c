/*
 * Prices that were shown: the token that says so, and whether what it says is
 * still what is to be paid.
 */

#include <string.h>

#include "billing_business.h"


static void billing_pin_digest(const char *a, const char *b, uint8_t out[8]);
static json_t *billing_pin_words(uint32_t changed);
static void billing_pin_say(billing_op_t *op, const char *member,
    const char *key);


void
billing_pin_of(const billing_op_t *op, const billing_team_row_t *row,
    const billing_quote_t *quote, billing_quote_pin_t *pin)
{
    const billing_catalogue_t  *catalogue = &op->w->settings->catalogue;

    *pin = (billing_quote_pin_t) {
        .kind = pin->kind, .plan = quote->plan, .period = quote->period,
        .method = quote->method, .seats = quote->seats,
        .total = quote->total, .due_now = quote->due_now,
        .renewal = quote->renewal_total, .at = op->now,
        .team_version = row->team.version
    };

    memcpy(pin->catalogue, catalogue->hash, sizeof(pin->catalogue));
}


void
billing_pin_purchase(const billing_op_t *op, const billing_team_row_t *row,
    const billing_purchase_t *purchase, const billing_quote_t *quote,
    billing_quote_pin_t *pin)
{
    pin->kind = BILLING_PIN_PURCHASE;
    billing_pin_of(op, row, quote, pin);

    if (purchase->promo[0] != '\0') {
        billing_pin_digest(purchase->promo, "", pin->promo);
    }

    /* Who buys is of the price only where there are taxes. */

    if (op->w->settings->ntaxes != 0) {
        billing_pin_digest(purchase->country, purchase->vat_id, pin->buyer);
    }
}


billing_db_rc_t
billing_pin_give(billing_op_t *op, const char *team,
    const billing_quote_pin_t *pin, json_t *body)
{
    char  token[BILLING_QUOTE_PIN_MAX];

    if (body == NULL
        || billing_quote_pin_encode(&op->w->secrets[0], op->command->actor,
                                    team, pin, token) != BILLING_OK
        || json_object_set_new(body, "quote", json_string(token)) != 0)
    {
        return BILLING_DB_CONFLICT;
    }

    return BILLING_DB_OK;
}


/* No token is no promise: the price of now is asked for (P11). */

bool
billing_pin_holds(const billing_op_t *op, const char *team,
    const billing_quote_pin_t *now, billing_pin_stale_t *stale)
{
    unsigned           i;
    const char        *token;
    billing_err_t      err = BILLING_EMAC;
    billing_worker_t  *w = op->w;

    memset(stale, 0, sizeof(*stale));
    token = billing_op_text(op, "quote");

    if (token[0] == '\0') {
        return true;
    }

    for (i = 0; i < w->nsecrets && err != BILLING_OK; i++) {
        err = billing_quote_pin_decode(&w->secrets[i], op->command->actor,
                                       team, token, &stale->shown);
    }

    stale->changed = err != BILLING_OK
                     ? BILLING_PIN_NOT_OURS
                     : billing_pin_changed(&stale->shown, now,
                                           w->settings->quote_ttl_sec);

    return stale->changed == 0;
}


billing_db_rc_t
billing_pin_deny(billing_op_t *op, const char *team,
    const billing_quote_pin_t *now, const billing_pin_stale_t *stale,
    json_t *fresh)
{
    json_t           *args, *old;
    billing_db_rc_t   rc;

    rc = billing_pin_give(op, team, now, fresh);

    if (rc != BILLING_DB_OK) {
        json_decref(fresh);
        return rc;
    }

    old = stale->changed == BILLING_PIN_NOT_OURS
          ? json_null() : json_integer(stale->shown.total.minor);

    args = json_pack("{s:o, s:I, s:s, s:o, s:o}",
               "old", old,
               "new", (json_int_t) now->total.minor,
               "currency", billing_currency_code(now->total.currency),
               "changed", billing_pin_words(stale->changed),
               "quote", fresh);

    rc = billing_op_deny(op, BILLING_QUOTE_STALE, args);

    if (stale->changed & (BILLING_PIN_ORDER | BILLING_PIN_NOT_OURS)) {
        billing_pin_say(op, "title", "quote_stale.order.title");
        billing_pin_say(op, "detail", "quote_stale.order.detail");
    }

    if (stale->changed & BILLING_PIN_EXPIRED) {
        billing_pin_say(op, "title", "quote_stale.expired.title");
        billing_pin_say(op, "detail", "quote_stale.expired.detail");
    }

    return rc;
}


static void
billing_pin_digest(const char *a, const char *b, uint8_t out[8])
{
    json_t   *pair = json_pack("[s, s]", a, b);
    uint8_t   hash[32] = { 0 };

    /* Without memory all are alike, and the amounts still decide. */

    if (pair == NULL || billing_json_hash(pair, hash) != BILLING_OK) {
        memset(hash, 0, sizeof(hash));
    }

    memcpy(out, hash, 8);
    json_decref(pair);
}


static json_t *
billing_pin_words(uint32_t changed)
{
    unsigned   place;
    json_t    *words = json_array();

    for (place = 0; place < BILLING_PIN_CHANGES; place++) {
        if (changed & 1u << place) {
            (void) json_array_append_new(words,
                       json_string(billing_pin_change_name(place)));
        }
    }

    return words;
}


static void
billing_pin_say(billing_op_t *op, const char *member, const char *key)
{
    (void) json_object_set_new(op->reply->body, member,
                               json_string(billing_text(key, op->lang)));
}
