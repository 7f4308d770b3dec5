/* billing.json: promo codes and taxes. */

#include "billing_api.h"

#include <string.h>


static void billing_settings_promo(billing_reader_t *reader,
    const json_t *promo, billing_catalogue_t *out);
static void billing_settings_promo_code(billing_reader_t *reader,
    const billing_catalogue_t *catalogue, billing_promo_t *promo);
static void billing_settings_promo_plans(billing_reader_t *reader,
    const json_t *promo, billing_promo_t *out);
static void billing_settings_promo_period(billing_reader_t *reader,
    const json_t *promo, billing_promo_t *out);
static void billing_settings_tax(billing_reader_t *reader, const json_t *tax,
    billing_settings_t *out);


static const char *const  billing_promo_keys[] = {
    "code", "percent", "starts", "ends", "redemptions_max",
    "redemptions_per_team", "seats_min", "plans", "period",
    "duration_periods", NULL
};


void
billing_settings_promos(billing_reader_t *reader, const json_t *catalogue,
    billing_catalogue_t *out)
{
    const json_t  *list;

    list = billing_reader_array(reader, catalogue, "promo_codes",
                                BILLING_PROMOS_MAX);

    for (size_t i = 0; i < json_array_size(list) && !reader->failed; i++) {
        billing_reader_enter_index(reader, i);
        billing_settings_promo(reader, json_array_get(list, i), out);
        billing_reader_leave(reader);
    }

    if (list != NULL) {
        billing_reader_leave(reader);
    }
}


void
billing_settings_taxes(billing_reader_t *reader, const json_t *root,
    billing_settings_t *out)
{
    const json_t  *list;

    list = billing_reader_array(reader, root, "tax", BILLING_COUNTRIES_MAX);

    for (size_t i = 0; i < json_array_size(list) && !reader->failed; i++) {
        billing_reader_enter_index(reader, i);
        billing_settings_tax(reader, json_array_get(list, i), out);
        billing_reader_leave(reader);
    }

    if (list != NULL) {
        billing_reader_leave(reader);
    }
}


static void
billing_settings_promo(billing_reader_t *reader, const json_t *json,
    billing_catalogue_t *out)
{
    billing_range_t   count = { 0, UINT32_MAX, 0 };
    billing_promo_t  *promo = &out->promos[out->npromos];

    if (!json_is_object(json)) {
        billing_reader_fail(reader, NULL, "must be an object");
        return;
    }

    billing_reader_known(reader, json, billing_promo_keys);
    billing_reader_copy_required(reader, json, "code", promo->code,
                                 sizeof(promo->code));
    billing_settings_promo_code(reader, out, promo);

    promo->percent = (uint32_t)
        billing_reader_integer(reader, json, "percent",
                               (billing_range_t) { 1, 100, 0 });
    promo->starts_at = billing_reader_instant(reader, json, "starts");
    promo->ends_at = billing_reader_instant(reader, json, "ends");

    if (promo->ends_at != 0 && promo->ends_at <= promo->starts_at) {
        billing_reader_fail(reader, "ends", "is not after starts");
    }

    promo->redemptions_max = (uint32_t)
        billing_reader_integer(reader, json, "redemptions_max", count);
    promo->team_max = (uint32_t)
        billing_reader_integer(reader, json, "redemptions_per_team",
                               (billing_range_t) { 0, UINT32_MAX, 1 });
    promo->seats_min = (uint32_t)
        billing_reader_integer(reader, json, "seats_min",
                               (billing_range_t) { 0, BILLING_SEATS_MAX, 0 });
    promo->duration_periods = (uint32_t)
        billing_reader_integer(reader, json, "duration_periods",
                               (billing_range_t) { 0, 1200, 0 });
    billing_settings_promo_plans(reader, json, promo);
    billing_settings_promo_period(reader, json, promo);

    out->npromos++;
}


/* Upper case in the file too: what is printed is what is compared. */

static void
billing_settings_promo_code(billing_reader_t *reader,
    const billing_catalogue_t *catalogue, billing_promo_t *promo)
{
    const char  *code = promo->code;

    static const char  plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

    if (strspn(code, plain) != strlen(code)) {
        billing_reader_fail(reader, "code", "must be capital letters, digits, "
                            "dashes and underscores");
        return;
    }

    if (billing_catalogue_promo(catalogue, code, strlen(code)) != NULL) {
        billing_reader_fail(reader, "code", "is given twice");
    }
}


static void
billing_settings_promo_plans(billing_reader_t *reader, const json_t *promo,
    billing_promo_t *out)
{
    const json_t  *list;

    list = billing_reader_array(reader, promo, "plans", BILLING_PLANS);

    for (size_t i = 0; i < json_array_size(list); i++) {
        const char      *word = json_string_value(json_array_get(list, i));
        billing_plan_t   plan = BILLING_PLAN_NONE;

        billing_reader_enter_index(reader, i);

        if (word != NULL) {
            plan = billing_plan_parse(word, strlen(word));
        }

        if (plan == BILLING_PLAN_NONE) {
            billing_reader_fail(reader, NULL, "is none of /catalogue/plans");
            return;
        }

        out->plans |= 1u << plan;
        billing_reader_leave(reader);
    }

    if (list != NULL) {
        billing_reader_leave(reader);
    }
}


static void
billing_settings_promo_period(billing_reader_t *reader, const json_t *promo,
    billing_promo_t *out)
{
    const char  *word = billing_reader_text(reader, promo, "period", 16);

    if (word[0] == '\0') {
        return;
    }

    out->period = billing_period_parse(word, strlen(word));

    if (out->period == BILLING_PERIOD_NONE) {
        billing_reader_fail(reader, "period", "must be monthly or yearly");
    }
}


static void
billing_settings_tax(billing_reader_t *reader, const json_t *json,
    billing_settings_t *out)
{
    billing_tax_t  *tax = &out->taxes[out->ntaxes];

    static const char *const  keys[] = {
        "country", "permyriad", "reverse_charge", NULL
    };

    if (!json_is_object(json)) {
        billing_reader_fail(reader, NULL, "must be an object");
        return;
    }

    billing_reader_known(reader, json, keys);
    billing_reader_copy_required(reader, json, "country", tax->country,
                                 sizeof(tax->country));

    if (strspn(tax->country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 2) {
        billing_reader_fail(reader, "country", "must be two capital letters");
    }

    for (uint32_t i = 0; i < out->ntaxes; i++) {
        if (strcmp(out->taxes[i].country, tax->country) == 0) {
            billing_reader_fail(reader, "country", "is given twice");
        }
    }

    tax->permyriad = (uint32_t)
        billing_reader_integer(reader, json, "permyriad",
                               (billing_range_t) { 0, 10000, -1 });
    tax->reverse_charge = billing_reader_bool(reader, json, "reverse_charge");
    out->ntaxes++;
}
