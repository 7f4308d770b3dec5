/* billing.json: what is sold, its features and its limits. */

#include "billing_api.h"

#include <string.h>


typedef char billing_settings_word_t[BILLING_WORD_MAX + 1];


static void billing_settings_currency(billing_reader_t *reader,
    const json_t *catalogue, billing_catalogue_t *out);
static uint32_t billing_settings_words(billing_reader_t *reader,
    const json_t *array, billing_settings_word_t *words);
static bool billing_settings_word(const char *word);
static void billing_settings_trial(billing_reader_t *reader,
    const json_t *catalogue, billing_catalogue_t *out);
static void billing_settings_proration(billing_reader_t *reader,
    const json_t *catalogue, billing_catalogue_t *out);
static void billing_settings_retired(billing_reader_t *reader,
    const json_t *catalogue, billing_catalogue_t *out);
static void billing_settings_retired_name(billing_reader_t *reader,
    const char *name, const char *plan, billing_catalogue_t *out);
static void billing_settings_legacy(billing_reader_t *reader,
    const json_t *catalogue, billing_catalogue_t *out);


static const char *const  billing_catalogue_keys[] = {
    "version", "currency", "features", "limits", "plans", "promo_codes",
    "trial", "proration", "seat_taken_at", "retired_names", "legacy_boards",
    NULL
};


static const char *const  billing_seat_taken_names[] = {
    "join", "invitation", NULL
};


void
billing_settings_catalogue(billing_reader_t *reader, const json_t *root,
    billing_catalogue_t *out)
{
    const json_t  *catalogue, *list;

    catalogue = billing_reader_object(reader, root, "catalogue", true);

    if (catalogue == NULL) {
        return;
    }

    billing_reader_known(reader, catalogue, billing_catalogue_keys);
    billing_reader_copy_required(reader, catalogue, "version", out->version,
                                 sizeof(out->version));
    billing_settings_currency(reader, catalogue, out);

    list = billing_reader_array(reader, catalogue, "features",
                                BILLING_FEATURES_MAX);

    if (list != NULL) {
        out->nfeatures = billing_settings_words(reader, list, out->features);
        billing_reader_leave(reader);
    }

    list = billing_reader_array(reader, catalogue, "limits",
                                BILLING_LIMITS_MAX);

    if (list != NULL) {
        out->nlimits = billing_settings_words(reader, list, out->limits);
        billing_reader_leave(reader);
    }

    billing_settings_plans(reader, catalogue, out);
    billing_settings_promos(reader, catalogue, out);
    billing_settings_trial(reader, catalogue, out);
    billing_settings_proration(reader, catalogue, out);
    billing_settings_retired(reader, catalogue, out);
    billing_settings_legacy(reader, catalogue, out);
    out->invitation_takes_seat =
        billing_reader_choice(reader, catalogue, "seat_taken_at",
                              billing_seat_taken_names) == 1;

    if (!reader->failed
        && billing_json_hash(catalogue, out->hash) != BILLING_OK)
    {
        billing_reader_fail(reader, NULL, "no memory");
    }

    billing_reader_leave(reader);
}


static void
billing_settings_currency(billing_reader_t *reader, const json_t *catalogue,
    billing_catalogue_t *out)
{
    char  code[4];

    billing_reader_copy_required(reader, catalogue, "currency", code,
                                 sizeof(code));
    out->currency = billing_currency_parse(code, strlen(code));

    if (out->currency == 0) {
        billing_reader_fail(reader, "currency",
                            "is not a currency of ISO 4217 (\"USD\")");
    }
}


static uint32_t
billing_settings_words(billing_reader_t *reader, const json_t *array,
    billing_settings_word_t *words)
{
    uint32_t  n = 0;

    for (size_t i = 0; i < json_array_size(array); i++) {
        const char  *word = json_string_value(json_array_get(array, i));

        billing_reader_enter_index(reader, i);

        if (word == NULL || !billing_settings_word(word)) {
            billing_reader_fail(reader, NULL, "must be a name of at most %d "
                                "small letters, digits and underscores",
                                BILLING_WORD_MAX);
            return 0;
        }

        for (uint32_t k = 0; k < n; k++) {
            if (strcmp(words[k], word) == 0) {
                billing_reader_fail(reader, NULL, "is named twice");
                return 0;
            }
        }

        memcpy(words[n++], word, strlen(word) + 1);
        billing_reader_leave(reader);
    }

    return n;
}


static bool
billing_settings_word(const char *word)
{
    size_t  len = strlen(word);

    return len > 0 && len <= BILLING_WORD_MAX
           && word[0] >= 'a' && word[0] <= 'z'
           && strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}


/* Absent, none is offered (R221). */

static void
billing_settings_trial(billing_reader_t *reader, const json_t *catalogue,
    billing_catalogue_t *out)
{
    const char        *word;
    const json_t      *json;
    billing_trial_t   *trial = &out->trial;
    billing_range_t    days = { 1, 365, 14 };

    static const char *const  keys[] = { "plan", "days", "enabled", NULL };

    json = billing_reader_object(reader, catalogue, "trial", false);

    if (json == NULL) {
        return;
    }

    billing_reader_known(reader, json, keys);
    trial->enabled = billing_reader_bool(reader, json, "enabled");
    trial->days = (uint32_t) billing_reader_integer(reader, json, "days",
                                                    days);
    word = billing_reader_text(reader, json, "plan", BILLING_WORD_MAX + 1);
    trial->plan = word[0] == '\0' ? BILLING_PLAN_BUSINESS
                                  : billing_plan_parse(word, strlen(word));

    if (!out->plans[trial->plan].self_serve
        || trial->plan == BILLING_PLAN_TEAM)
    {
        billing_reader_fail(reader, "plan", "must be a plan with a price "
                            "that is above team");
    }

    billing_reader_leave(reader);
}


static void
billing_settings_proration(billing_reader_t *reader, const json_t *catalogue,
    billing_catalogue_t *out)
{
    const char    *word;
    const json_t  *proration;

    static const char *const  keys[] = { "basis", "rounding", NULL };

    proration = billing_reader_object(reader, catalogue, "proration", false);

    if (proration == NULL) {
        return;
    }

    billing_reader_known(reader, proration, keys);
    word = billing_reader_text(reader, proration, "basis", 16);

    if (word[0] != '\0'
        && !billing_basis_parse(word, strlen(word), &out->basis))
    {
        billing_reader_fail(reader, "basis",
                            "must be day, day30 or second");
    }

    word = billing_reader_text(reader, proration, "rounding", 16);

    if (word[0] != '\0'
        && !billing_rounding_parse(word, strlen(word), &out->rounding))
    {
        billing_reader_fail(reader, "rounding",
                            "must be half_up, half_even or down");
    }

    billing_reader_leave(reader);
}


/* Names that plans were sold under, each for a plan that there is (R51). */

static void
billing_settings_retired(billing_reader_t *reader, const json_t *catalogue,
    billing_catalogue_t *out)
{
    void    *iter;
    json_t  *names;

    names = (json_t *) (uintptr_t)
        billing_reader_object(reader, catalogue, "retired_names", false);

    if (names == NULL) {
        return;
    }

    if (json_object_size(names) > BILLING_RETIRED_MAX) {
        billing_reader_fail(reader, NULL, "has more than %d names",
                            BILLING_RETIRED_MAX);
    }

    for (iter = json_object_iter(names); iter != NULL && !reader->failed;
         iter = json_object_iter_next(names, iter))
    {
        billing_settings_retired_name(reader, json_object_iter_key(iter),
            json_string_value(json_object_iter_value(iter)), out);
    }

    billing_reader_leave(reader);
}


static void
billing_settings_retired_name(billing_reader_t *reader, const char *name,
    const char *plan, billing_catalogue_t *out)
{
    billing_plan_t      is, id = BILLING_PLAN_NONE;
    billing_retired_t  *retired = &out->retired[out->nretired];

    is = billing_plan_parse(name, strlen(name));

    if (plan != NULL) {
        id = billing_plan_parse(plan, strlen(plan));
    }

    if (id == BILLING_PLAN_NONE || !out->plans[id].known) {
        billing_reader_fail(reader, name, "is none of /catalogue/plans");
        return;
    }

    if (!billing_settings_word(name)
        || (is != BILLING_PLAN_NONE
            && (is != id || strcmp(name, billing_plan_name(is)) == 0)))
    {
        reader->key = true;
        billing_reader_fail(reader, name, "must be a name that no plan has, "
                            "of at most %d small letters, digits and "
                            "underscores", BILLING_WORD_MAX);
        return;
    }

    memcpy(retired->name, name, strlen(name) + 1);
    retired->plan = id;
    out->nretired++;
}


/* Free teams from before a change of its limit keep theirs (R42). */

static void
billing_settings_legacy(billing_reader_t *reader, const json_t *catalogue,
    billing_catalogue_t *out)
{
    const json_t  *legacy;

    static const char *const  keys[] = { "before", "editable_boards", NULL };

    legacy = billing_reader_object(reader, catalogue, "legacy_boards", false);

    if (legacy == NULL) {
        return;
    }

    billing_reader_known(reader, legacy, keys);
    out->legacy_before_at = billing_reader_instant(reader, legacy, "before");

    if (out->legacy_before_at == 0) {
        billing_reader_fail(reader, NULL, "before is missing: say from which "
                            "date on teams are new ones");
    }

    out->legacy_boards = (uint32_t)
        billing_reader_integer(reader, legacy, "editable_boards",
            (billing_range_t) { 1, BILLING_EDITABLE_MAX, 0 });
    billing_reader_leave(reader);
}
