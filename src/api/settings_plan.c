/* billing.json: the plans of the catalogue. */

#include "billing_api.h"

#include <string.h>

#define BILLING_PRICE_MAX   INT64_C(1000000000000)
#define BILLING_WINDOW_MAX  100         /* R70 */
#define BILLING_FREE_BOARDS 3           /* R37 */


static void billing_settings_plan(billing_reader_t *reader,
    const char *name, const json_t *plan, billing_catalogue_t *out);
static void billing_settings_visitors(billing_reader_t *reader,
    const json_t *plan, billing_terms_t *terms);
static void billing_settings_seats(billing_reader_t *reader,
    const json_t *plan, billing_terms_t *terms);
static void billing_settings_price(billing_reader_t *reader,
    const json_t *plan, billing_catalogue_t *out, billing_terms_t *terms);
static void billing_settings_invoice(billing_reader_t *reader,
    const json_t *plan, billing_terms_t *terms);
static void billing_settings_volume(billing_reader_t *reader,
    const json_t *plan, billing_terms_t *terms);
static void billing_settings_features(billing_reader_t *reader,
    const json_t *plan, const billing_catalogue_t *catalogue,
    billing_terms_t *terms);
static void billing_settings_limits(billing_reader_t *reader,
    const json_t *plan, const billing_catalogue_t *catalogue,
    billing_terms_t *terms);
static void billing_settings_teams(billing_reader_t *reader,
    const json_t *plan, billing_plan_t id, billing_terms_t *terms);
static void billing_settings_boards(const billing_catalogue_t *catalogue,
    billing_plan_t plan, billing_terms_t *terms);


static const char *const  billing_plan_keys[] = {
    "selling", "seats_min", "window_max", "above_window_max", "price",
    "invoice", "private_boards", "guests_edit", "visitors", "features",
    "limits", "day_pass", "volume", "teams", NULL
};


void
billing_settings_plans(billing_reader_t *reader, const json_t *catalogue,
    billing_catalogue_t *out)
{
    void          *iter;
    json_t        *plans;

    plans = (json_t *) (uintptr_t) billing_reader_object(reader, catalogue,
                                                         "plans", true);

    for (iter = json_object_iter(plans); iter != NULL && !reader->failed;
         iter = json_object_iter_next(plans, iter))
    {
        billing_settings_plan(reader, json_object_iter_key(iter),
                              json_object_iter_value(iter), out);
    }

    if (plans == NULL) {
        return;
    }

    if (!out->plans[BILLING_PLAN_FREE].known) {
        billing_reader_fail(reader, NULL, "free is missing");
    }

    billing_reader_leave(reader);
}


static void
billing_settings_plan(billing_reader_t *reader, const char *name,
    const json_t *plan, billing_catalogue_t *out)
{
    billing_plan_t    id = billing_plan_parse(name, strlen(name));
    billing_terms_t  *terms = &out->plans[id];

    if (id == BILLING_PLAN_NONE) {
        reader->key = true;
        billing_reader_fail(reader, name, "is no plan: choose of free, team, "
                            "business, consultant, enterprise and education");
        return;
    }

    if (terms->known) {
        reader->key = true;
        billing_reader_fail(reader, name, "names a plan twice");
        return;
    }

    if (!json_is_object(plan)) {
        billing_reader_fail(reader, name, "must be an object");
        return;
    }

    billing_reader_enter(reader, name);
    billing_reader_known(reader, plan, billing_plan_keys);

    terms->known = true;
    terms->selling = billing_reader_bool(reader, plan, "selling");
    terms->private_boards = billing_reader_bool(reader, plan,
                                                "private_boards");
    terms->guests_edit = billing_reader_bool(reader, plan, "guests_edit");

    billing_settings_visitors(reader, plan, terms);
    billing_settings_seats(reader, plan, terms);
    billing_settings_price(reader, plan, out, terms);
    billing_settings_invoice(reader, plan, terms);
    billing_settings_volume(reader, plan, terms);
    billing_settings_features(reader, plan, out, terms);
    billing_settings_limits(reader, plan, out, terms);
    billing_settings_teams(reader, plan, id, terms);
    billing_settings_boards(out, id, terms);

    if (terms->selling && !terms->self_serve) {
        billing_reader_fail(reader, "selling", "a plan on sale needs a price: "
                            "give one, or set selling to false");
    }

    if (terms->selling && terms->price[BILLING_PERIOD_MONTHLY].minor == 0
        && terms->price[BILLING_PERIOD_YEARLY].minor == 0)
    {
        billing_reader_fail(reader, "price", "both are 0 and a period of 0 is "
                            "not sold: give one, or set selling to false");
    }

    billing_reader_leave(reader);
}


/* Any plan has visitors who view (R197); more must be said. */

static void
billing_settings_visitors(billing_reader_t *reader, const json_t *plan,
    billing_terms_t *terms)
{
    const char  *word;

    terms->visitors = BILLING_VISIT_VIEW;

    if (json_object_get(plan, "visitors") == NULL) {
        return;
    }

    word = billing_reader_text(reader, plan, "visitors", 8);
    terms->visitors = billing_visit_parse(word, strlen(word));

    if (terms->visitors == BILLING_VISITS) {
        billing_reader_fail(reader, "visitors",
                            "is neither off, view nor edit");
        terms->visitors = BILLING_VISIT_OFF;
    }
}


static void
billing_settings_seats(billing_reader_t *reader, const json_t *plan,
    billing_terms_t *terms)
{
    billing_range_t  min = { 1, BILLING_SEATS_MAX, 1 };
    billing_range_t  max = { 1, BILLING_SEATS_MAX, BILLING_WINDOW_MAX };

    static const char *const  above[] = { "keep", "refuse", NULL };

    terms->seats_min = (uint32_t)
        billing_reader_integer(reader, plan, "seats_min", min);
    terms->window_max = (uint32_t)
        billing_reader_integer(reader, plan, "window_max", max);

    terms->window_strict =
        billing_reader_choice(reader, plan, "above_window_max", above) == 1;

    if (terms->seats_min > terms->window_max) {
        billing_reader_fail(reader, json_object_get(plan, "seats_min") != NULL
                                    ? "seats_min" : "window_max",
                            "seats_min %u is above window_max %u: nothing "
                            "could be bought; lower the one or raise the "
                            "other",
                            (unsigned) terms->seats_min,
                            (unsigned) terms->window_max);
    }
}


/* A price is what makes a plan self-serve: both periods or none (R76). */

static void
billing_settings_price(billing_reader_t *reader, const json_t *plan,
    billing_catalogue_t *out, billing_terms_t *terms)
{
    const json_t     *price;
    billing_range_t   range = { 0, BILLING_PRICE_MAX, -1 };
    billing_range_t   pass = { 0, BILLING_PRICE_MAX, 0 };

    static const char *const  keys[] = { "monthly", "yearly", NULL };

    for (unsigned i = 0; i < BILLING_PERIODS; i++) {
        terms->price[i] = (billing_money_t) { 0, out->currency };
    }

    terms->day_pass.currency = out->currency;
    terms->day_pass.minor = billing_reader_integer(reader, plan, "day_pass",
                                                   pass);

    price = billing_reader_object(reader, plan, "price", false);

    if (price == NULL) {
        return;
    }

    billing_reader_known(reader, price, keys);
    terms->price[BILLING_PERIOD_MONTHLY].minor =
        billing_reader_integer(reader, price, "monthly", range);
    terms->price[BILLING_PERIOD_YEARLY].minor =
        billing_reader_integer(reader, price, "yearly", range);
    terms->self_serve = true;
    billing_reader_leave(reader);
}


static void
billing_settings_invoice(billing_reader_t *reader, const json_t *plan,
    billing_terms_t *terms)
{
    const json_t     *invoice;
    billing_range_t   range = { 1, BILLING_SEATS_MAX, 1 };

    static const char *const  keys[] = { "seats_min", "yearly_only", NULL };

    invoice = billing_reader_object(reader, plan, "invoice", false);

    if (invoice == NULL) {
        return;
    }

    billing_reader_known(reader, invoice, keys);
    terms->invoice = true;
    terms->invoice_yearly = billing_reader_bool(reader, invoice,
                                                "yearly_only");

    if (json_object_get(invoice, "seats_min") != NULL) {
        terms->invoice_seats_min = (uint32_t)
            billing_reader_integer(reader, invoice, "seats_min", range);
    }

    billing_reader_leave(reader);
}


/* The volume discount: R96, by default as it was once offered. */

static void
billing_settings_volume(billing_reader_t *reader, const json_t *plan,
    billing_terms_t *terms)
{
    const json_t      *json;
    billing_volume_t  *volume = &terms->volume;
    billing_range_t    percent = { 1, 100, -1 };
    billing_range_t    seats = { 1, BILLING_SEATS_MAX, 5 };
    billing_range_t    months = { 0, 120, 3 }, years = { 0, 10, 1 };

    static const char *const  keys[] = {
        "percent", "seats_min", "months", "years", NULL
    };

    json = billing_reader_object(reader, plan, "volume", false);

    if (json == NULL) {
        return;
    }

    billing_reader_known(reader, json, keys);
    volume->percent = (uint32_t)
        billing_reader_integer(reader, json, "percent", percent);
    volume->seats_min = (uint32_t)
        billing_reader_integer(reader, json, "seats_min", seats);
    volume->periods[BILLING_PERIOD_MONTHLY] = (uint32_t)
        billing_reader_integer(reader, json, "months", months);
    volume->periods[BILLING_PERIOD_YEARLY] = (uint32_t)
        billing_reader_integer(reader, json, "years", years);
    billing_reader_leave(reader);
}


static void
billing_settings_features(billing_reader_t *reader, const json_t *plan,
    const billing_catalogue_t *catalogue, billing_terms_t *terms)
{
    const json_t  *list;

    list = billing_reader_array(reader, plan, "features",
                                BILLING_FEATURES_MAX);

    for (size_t i = 0; i < json_array_size(list); i++) {
        int          bit = -1;
        const char  *word = json_string_value(json_array_get(list, i));

        billing_reader_enter_index(reader, i);

        if (word != NULL) {
            bit = billing_catalogue_feature(catalogue, word, strlen(word));
        }

        if (bit < 0) {
            billing_reader_fail(reader, NULL,
                                "is none of /catalogue/features");
            return;
        }

        terms->features |= UINT64_C(1) << bit;
        billing_reader_leave(reader);
    }

    if (list != NULL) {
        billing_reader_leave(reader);
    }
}


/* Every limit must be given: nothing is unlimited by an oversight. */

static void
billing_settings_limits(billing_reader_t *reader, const json_t *plan,
    const billing_catalogue_t *catalogue, billing_terms_t *terms)
{
    const char       *names[BILLING_LIMITS_MAX + 1] = { NULL };
    const json_t     *limits;
    billing_range_t   range = { -1, BILLING_PRICE_MAX, -2 };

    if (catalogue->nlimits == 0 && json_object_get(plan, "limits") == NULL) {
        return;
    }

    limits = billing_reader_object(reader, plan, "limits", true);

    if (limits == NULL) {
        return;
    }

    for (uint32_t i = 0; i < catalogue->nlimits; i++) {
        names[i] = catalogue->limits[i];
    }

    billing_reader_known(reader, limits, names);

    for (uint32_t i = 0; i < catalogue->nlimits; i++) {
        terms->limits[i] = billing_reader_integer(reader, limits,
                                                  catalogue->limits[i],
                                                  range);
    }

    billing_reader_leave(reader);
}


/* Only a company has somebody who could make them (R26, R209). */

static void
billing_settings_teams(billing_reader_t *reader, const json_t *plan,
    billing_plan_t id, billing_terms_t *terms)
{
    const char  *word;

    word = billing_reader_text(reader, plan, "teams", 16);
    terms->several_teams = strcmp(word, "several") == 0;

    if (word[0] != '\0' && !terms->several_teams
        && strcmp(word, "one") != 0)
    {
        billing_reader_fail(reader, "teams", "must be one or several");
    }

    if (terms->several_teams && !billing_plan_company(id)) {
        billing_reader_fail(reader, "teams", "several are for business,"
                            " consultant and enterprise");
    }
}


/* The gate asks for editable boards as a number of its own, 0 = all. */

static void
billing_settings_boards(const billing_catalogue_t *catalogue,
    billing_plan_t plan, billing_terms_t *terms)
{
    int      limit = billing_catalogue_limit(catalogue, "editable_boards", 15);
    int64_t  boards = plan == BILLING_PLAN_FREE ? BILLING_FREE_BOARDS : -1;

    if (limit >= 0) {
        boards = terms->limits[limit];
    }

    terms->editable_boards = boards > 0 && boards < UINT32_MAX
                             ? (uint32_t) boards : 0;
}
