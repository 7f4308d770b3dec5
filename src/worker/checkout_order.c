/*
 * Orders: from a request's words to a price on the team's row, and promo
 * codes, which are counted here.
 */

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "billing_business.h"


static billing_db_rc_t billing_purchase_promo(billing_op_t *op,
    const char *team, billing_purchase_t *out);
static billing_db_rc_t billing_purchase_tax(billing_op_t *op,
    const char *team, billing_purchase_t *out);
static billing_db_rc_t billing_purchase_country(billing_op_t *op,
    const char *team, billing_purchase_t *out);
static billing_db_rc_t billing_team_taxed(billing_worker_t *w,
    const char *team, billing_purchase_t *out);
static void billing_purchase_taxed(const billing_settings_t *settings,
    const json_t *stored, const char *checked, billing_purchase_t *out);
static bool billing_purchase_vat_valid(const json_t *information);
static const char *billing_purchase_word(const json_t *information,
    const char *name);


billing_db_rc_t
billing_purchase_read(billing_op_t *op, const char *team, const char *method,
    billing_purchase_t *out)
{
    int64_t           seats;
    const char       *word;
    billing_db_rc_t   rc;

    memset(out, 0, sizeof(*out));
    out->at = op->now;

    word = billing_op_text(op, "plan");
    out->order.plan = billing_catalogue_plan(&op->w->settings->catalogue,
                                             word, strlen(word));
    word = billing_op_text(op, "period");
    out->order.period = billing_period_parse(word, strlen(word));
    out->order.method = billing_method_parse(method, strlen(method));

    seats = billing_op_int(op, "seats", 0);

    if (seats > BILLING_SEATS_MAX) {
        seats = BILLING_SEATS_MAX;
    }

    out->order.seats = seats < 1 ? 0 : (uint32_t) seats;

    rc = billing_purchase_promo(op, team, out);

    if (rc == BILLING_DB_OK) {
        rc = billing_purchase_tax(op, team, out);
    }

    return rc == BILLING_DB_OK && out->order.method == BILLING_METHOD_INVOICE
           ? billing_purchase_country(op, team, out) : rc;
}


static billing_db_rc_t
billing_purchase_country(billing_op_t *op, const char *team,
    billing_purchase_t *out)
{
    billing_db_rc_t   rc;
    billing_reason_t  reason;

    rc = billing_invoice_country(op, team, out->information, &reason);

    out->order.invoice_excluded = reason == BILLING_INVOICE_COUNTRY;
    out->country_missing |= reason == BILLING_BILLING_INFO_MISSING;

    return rc;
}


/* An empty code is no code (R91). */

static billing_db_rc_t
billing_purchase_promo(billing_op_t *op, const char *team,
    billing_purchase_t *out)
{
    size_t                   i, len;
    const char              *code;
    const billing_promo_t   *promo;

    code = billing_op_text(op, "promo");
    len = strlen(code);

    if (len == 0) {
        return BILLING_DB_OK;
    }

    promo = billing_catalogue_promo(&op->w->settings->catalogue, code, len);

    if (promo == NULL || len > BILLING_WORD_MAX) {
        out->promo_unknown = true;
        return BILLING_DB_OK;
    }

    for (i = 0; i < len; i++) {
        out->promo[i] = (char) toupper((unsigned char) code[i]);
    }

    out->order.promo = promo;

    return billing_promo_left(op->w, promo, team, &out->order.promo_left);
}


static billing_db_rc_t
billing_purchase_tax(billing_op_t *op, const char *team,
    billing_purchase_t *out)
{
    out->information = json_object_get(op->command->body,
                                       "billing_information");

    if (op->w->settings->ntaxes == 0) {
        return BILLING_DB_OK;
    }

    return billing_team_taxed(op->w, team, out);
}


billing_db_rc_t
billing_team_tax(billing_worker_t *w, const char *team,
    billing_taxed_t *taxed)
{
    billing_db_rc_t     rc;
    billing_purchase_t  stored = { .information = NULL };

    rc = billing_team_taxed(w, team, &stored);

    *taxed = (billing_taxed_t) {
        .permyriad = stored.order.tax_permyriad,
        .why = stored.order.tax_why
    };
    memcpy(taxed->country, stored.order.tax_country, sizeof(taxed->country));

    return rc;
}


static billing_db_rc_t
billing_team_taxed(billing_worker_t *w, const char *team,
    billing_purchase_t *out)
{
    static const char  sql[] =
        "SELECT information, vat_checked FROM team WHERE id = $1";

    char              checked[BILLING_VAT_CHECKED_MAX + 1];
    json_t           *stored;
    const char       *text;
    billing_db_rc_t   rc;

    rc = billing_db_query(w->db, sql, "t", team);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
    }

    text = billing_db_text(w->db, sql, 0);
    stored = json_loads(text == NULL ? "{}" : text, JSON_REJECT_DUPLICATES,
                        NULL);
    billing_copy(checked, sizeof(checked), billing_db_text(w->db, sql, 1));
    billing_db_done(w->db, sql);

    billing_purchase_taxed(w->settings, stored, checked, out);
    json_decref(stored);

    return BILLING_DB_OK;
}


/*
 * The buyer's country decides (R115), never its absence.  The charge is
 * reversed only for the id that was verified (R117).
 */

static void
billing_purchase_taxed(const billing_settings_t *settings,
    const json_t *stored, const char *checked, billing_purchase_t *out)
{
    char                 typed[BILLING_VAT_CHECKED_MAX + 1];
    const json_t        *asked;
    billing_taxed_t      taxed;
    billing_taxpayer_t   buyer;

    asked = out->information;

    if (billing_purchase_word(asked, "country")[0] == '\0') {
        asked = stored;
    }

    buyer = (billing_taxpayer_t) {
        .country = billing_purchase_word(asked, "country"),
        .vat_id = billing_purchase_word(asked, "vat_id"),
        .seller_country = settings->seller_country
    };

    billing_vat_checked_text(buyer.country, buyer.vat_id, typed);
    buyer.vat_valid = checked[0] != '\0' && strcmp(typed, checked) == 0;

    (void) snprintf(out->country, sizeof(out->country), "%s", buyer.country);
    (void) snprintf(out->vat_id, sizeof(out->vat_id), "%s", buyer.vat_id);

    out->country_missing = strspn(buyer.country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
                           != 2 || buyer.country[2] != '\0';

    taxed = billing_tax_of(settings->taxes, settings->ntaxes, &buyer);

    out->order.tax_permyriad = taxed.permyriad;
    out->order.tax_why = taxed.why;
    memcpy(out->order.tax_country, taxed.country, sizeof(taxed.country));
}


static const char *
billing_purchase_word(const json_t *information, const char *name)
{
    const char  *word;

    word = json_string_value(json_object_get(information, name));

    return word == NULL ? "" : word;
}


billing_reason_t
billing_purchase_price(const billing_worker_t *w,
    const billing_team_row_t *row, const billing_purchase_t *purchase,
    billing_quote_t *quote)
{
    billing_reason_t  reason;

    reason = billing_quote(&w->settings->catalogue, &row->team,
                           &purchase->order, purchase->at, quote);

    /* Refusals come in the enum's order, whoever finds them. */

    if (purchase->promo_unknown
        && (reason == BILLING_ALLOW || reason > BILLING_PROMO_UNKNOWN))
    {
        reason = BILLING_PROMO_UNKNOWN;
    }

    if (purchase->country_missing
        && (reason == BILLING_ALLOW || reason > BILLING_BILLING_INFO_MISSING))
    {
        reason = BILLING_BILLING_INFO_MISSING;
    }

    if ((reason == BILLING_ALLOW || reason > BILLING_VAT_ID_INVALID)
        && !billing_purchase_vat_valid(purchase->information))
    {
        reason = BILLING_VAT_ID_INVALID;
    }

    return reason;
}


/* It would stand on the invoice (R113): the same check as for what is kept. */

static bool
billing_purchase_vat_valid(const json_t *information)
{
    const char  *vat_id;

    vat_id = billing_purchase_word(information, "vat_id");

    return vat_id[0] == '\0'
           || billing_vat_id_valid(
                  billing_purchase_word(information, "country"), vat_id,
                  strlen(vat_id));
}


billing_db_rc_t
billing_purchase_deny(billing_op_t *op, const billing_team_row_t *row,
    const billing_order_t *order, billing_reason_t reason)
{
    json_int_t              n;
    billing_db_rc_t         rc;
    const billing_terms_t  *terms;

    terms = &op->w->settings->catalogue.plans[order->plan];

    n = billing_seats_floor(terms, &row->team);

    if (reason == BILLING_SEATS_BELOW_MEMBERS) {
        n = row->team.members;
    }

    if (reason == BILLING_SEATS_ABOVE_WINDOW_MAX) {
        n = billing_seats_ceiling(terms, &row->team);
    }

    if (reason == BILLING_INVOICE_TEAM_SEATS) {
        n = terms->invoice_seats_min;
    }

    rc = billing_op_deny(op, reason, json_pack("{s:I}", "n", n));

    /* No size of this team fits: the advice is another (section 8 point 4). */

    if (reason == BILLING_SEATS_ABOVE_WINDOW_MAX
        && billing_seats_floor(terms, &row->team) > (uint32_t) n)
    {
        (void) json_object_set_new(op->reply->body, "next",
                   json_string(billing_text("PLAN_ENTERPRISE_CONTACT.next",
                                            op->lang)));
    }

    return rc;
}


billing_db_rc_t
billing_promo_left(billing_worker_t *w, const billing_promo_t *promo,
    const char *team, uint32_t *left)
{
    static const char  sql[] =
        "SELECT COUNT(*), COALESCE(SUM(CASE WHEN team = $1 THEN 1 ELSE 0"
        " END), 0) FROM promo_redemption WHERE code = $2"
        " AND state IN ('reserved', 'redeemed')";

    int64_t          used, own;
    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "tt", team, promo->code);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_FATAL : rc;
    }

    used = billing_db_int(w->db, sql, 0);
    own = billing_db_int(w->db, sql, 1);
    billing_db_done(w->db, sql);

    *left = UINT32_MAX;

    if (promo->redemptions_max != 0) {
        *left = used >= promo->redemptions_max
                ? 0 : promo->redemptions_max - (uint32_t) used;
    }

    /* Once per team, if the code does not say otherwise (P13). */

    if (promo->team_max != 0 && own >= promo->team_max) {
        *left = 0;
    }

    return BILLING_DB_OK;
}


billing_db_rc_t
billing_promo_reserve(billing_worker_t *w, const billing_checkout_t *co,
    int64_t now)
{
    static const char  sql[] =
        "INSERT INTO promo_redemption (code, team, checkout, state, at)"
        " VALUES ($1, $2, $3, 'reserved', $4)"
        " ON CONFLICT (code, checkout) DO UPDATE SET state = 'reserved'";

    /* A code that the volume discount beats is not spent. */

    if (co->promo[0] == '\0' || !co->quote.promo_spent) {
        return BILLING_DB_OK;
    }

    return billing_db_exec(w->db, sql, "ttti", co->promo, co->team, co->id,
                           now);
}


billing_db_rc_t
billing_promo_settle(billing_worker_t *w, const billing_checkout_t *co,
    const char *state)
{
    static const char  sql[] =
        "UPDATE promo_redemption SET state = $1 WHERE checkout = $2"
        " AND state = 'reserved'";

    return co->promo[0] == '\0' ? BILLING_DB_OK
                                : billing_db_later(w->db, sql, "tt", state,
                                                   co->id);
}
