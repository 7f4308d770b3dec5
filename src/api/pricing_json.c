/* The catalogue as the pricing page shows it. */

#include "billing_api.h"

#include <stdio.h>


static json_t *billing_pricing_plans(const billing_catalogue_t *catalogue,
    billing_lang_t lang);
static json_t *billing_pricing_plan(const billing_catalogue_t *catalogue,
    billing_plan_t plan, billing_lang_t lang);
static json_t *billing_pricing_price(const billing_terms_t *terms);
static json_t *billing_pricing_features(const billing_catalogue_t *catalogue,
    uint64_t features, billing_lang_t lang);
static json_t *billing_pricing_limits(const billing_catalogue_t *catalogue,
    const billing_terms_t *terms);
static json_t *billing_pricing_invoice(const billing_terms_t *terms);
static json_t *billing_pricing_trial(const billing_trial_t *trial);
static json_t *billing_pricing_text(const char *noun, const char *word,
    billing_lang_t lang);


json_t *
billing_pricing_json(const billing_catalogue_t *catalogue,
    billing_lang_t lang)
{
    return json_pack("{ss ss so so so s{ss so}}",
                     "version", catalogue->version,
                     "currency", billing_currency_code(catalogue->currency),
                     "plans", billing_pricing_plans(catalogue, lang),
                     "features",
                     billing_pricing_features(catalogue, UINT64_MAX, lang),
                     "trial", billing_pricing_trial(&catalogue->trial),
                     "contact",
                         "url", "/enterprise",
                         "text", billing_pricing_text("contact", "text",
                                                      lang));
}


static json_t *
billing_pricing_plans(const billing_catalogue_t *catalogue,
    billing_lang_t lang)
{
    json_t  *plans = json_array();

    for (unsigned i = BILLING_PLAN_FREE; i < BILLING_PLANS; i++) {
        if (!catalogue->plans[i].known) {
            continue;
        }

        if (json_array_append_new(plans,
                                  billing_pricing_plan(catalogue,
                                                       (billing_plan_t) i,
                                                       lang))
            != 0)
        {
            json_decref(plans);
            return NULL;
        }
    }

    return plans;
}


static json_t *
billing_pricing_plan(const billing_catalogue_t *catalogue,
    billing_plan_t plan, billing_lang_t lang)
{
    const char             *id = billing_plan_name(plan);
    const billing_terms_t  *terms = &catalogue->plans[plan];

    return json_pack("{ss so so sb sb sb so so so so so so so}",
                     "plan", id,
                     "name", billing_pricing_text("plan", id, lang),
                     "description",
                     billing_pricing_text("plan.description", id, lang),
                     "selling", (int) (terms->selling && terms->self_serve),
                     "contact", (int) (plan == BILLING_PLAN_ENTERPRISE),
                     "apply", (int) (plan == BILLING_PLAN_EDUCATION),
                     "min_seats", terms->self_serve
                                  ? json_integer(terms->seats_min)
                                  : json_null(),
                     "max_seats", terms->self_serve
                                  ? json_integer(terms->window_max)
                                  : json_null(),
                     "price", billing_pricing_price(terms),
                     "invoice", billing_pricing_invoice(terms),
                     "day_pass", terms->day_pass.minor > 0
                                 ? json_integer(terms->day_pass.minor)
                                 : json_null(),
                     "features",
                     billing_pricing_features(catalogue, terms->features,
                                              lang),
                     "limits", billing_pricing_limits(catalogue, terms));
}


static json_t *
billing_pricing_price(const billing_terms_t *terms)
{
    json_t  *price;

    if (!terms->self_serve) {
        return json_null();
    }

    price = json_object();

    for (unsigned i = BILLING_PERIOD_MONTHLY; i < BILLING_PERIODS; i++) {
        if (json_object_set_new(price,
                                billing_period_name((billing_period_t) i),
                                json_integer(terms->price[i].minor))
            != 0)
        {
            json_decref(price);
            return NULL;
        }
    }

    return price;
}


/* Those of the bits given, in the order of the catalogue. */

static json_t *
billing_pricing_features(const billing_catalogue_t *catalogue,
    uint64_t features, billing_lang_t lang)
{
    json_t  *list = json_array();

    for (uint32_t i = 0; i < catalogue->nfeatures; i++) {
        json_t      *entry;
        const char  *name = catalogue->features[i];

        if ((features >> i & 1) == 0) {
            continue;
        }

        entry = json_pack("{ss so}", "feature", name,
                          "text", billing_pricing_text("feature", name, lang));

        if (json_array_append_new(list, entry) != 0) {
            json_decref(list);
            return NULL;
        }
    }

    return list;
}


/* null says: without limit. */

static json_t *
billing_pricing_limits(const billing_catalogue_t *catalogue,
    const billing_terms_t *terms)
{
    json_t  *limits = json_object();

    for (uint32_t i = 0; i < catalogue->nlimits; i++) {
        json_t  *value = terms->limits[i] < 0 ? json_null()
                                              : json_integer(terms->limits[i]);

        if (json_object_set_new(limits, catalogue->limits[i], value) != 0) {
            json_decref(limits);
            return NULL;
        }
    }

    return limits;
}


static json_t *
billing_pricing_invoice(const billing_terms_t *terms)
{
    if (!terms->invoice) {
        return json_null();
    }

    return json_pack("{sI sb}",
                     "min_seats", (json_int_t) terms->invoice_seats_min,
                     "yearly_only", (int) terms->invoice_yearly);
}


static json_t *
billing_pricing_trial(const billing_trial_t *trial)
{
    return trial->enabled
           ? json_pack("{ss sI}", "plan", billing_plan_name(trial->plan),
                       "days", (json_int_t) trial->days)
           : json_null();
}


/* An operator's own feature has no text of ours: its name stands for it. */

static json_t *
billing_pricing_text(const char *noun, const char *word, billing_lang_t lang)
{
    char         key[80];
    const char  *text;

    (void) snprintf(key, sizeof(key), "%s.%s", noun, word);
    text = billing_text(key, lang);

    return json_string(text != key ? text : word);
}
