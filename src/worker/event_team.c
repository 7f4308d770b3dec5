/*
 * The team as the application sees it, in answers and in events.  A purchase
 * is told in several events, all with the same team, so its text is kept.
 */

#include <stdlib.h>
#include <string.h>

#include "billing_business.h"

struct billing_app_text_s {
    billing_team_row_t   row;       /* without what was told */
    billing_plan_t       plan;      /* whose entitlements it has */
    char                *text;
};


static json_t *
billing_app_entitlements(const billing_worker_t *w, billing_plan_t plan)
{
    json_t                     *features = json_array();
    json_t                     *limits = json_object();
    const billing_terms_t      *terms = &w->settings->catalogue.plans[plan];
    const billing_catalogue_t  *catalogue = &w->settings->catalogue;

    for (uint32_t i = 0; i < catalogue->nfeatures; i++) {
        if (terms->features & ((uint64_t) 1 << i)) {
            (void) json_array_append_new(features,
                       json_string(catalogue->features[i]));
        }
    }

    /* Minus one, as in the catalogue, is without limit. */

    for (uint32_t i = 0; i < catalogue->nlimits; i++) {
        (void) json_object_set_new(limits, catalogue->limits[i],
                   json_integer((json_int_t) terms->limits[i]));
    }

    return json_pack("{s:o, s:o, s:b, s:b}", "features", features,
               "limits", limits,
               "private_boards", (int) terms->private_boards,
               "guests_edit", (int) terms->guests_edit);
}


/* What has ended gives what Free gives (R181). */

static billing_plan_t
billing_app_plan(const billing_worker_t *w, const billing_team_row_t *row)
{
    int64_t  until_at = billing_record_valid_until(w->settings, row);

    return row->team.state == BILLING_STATE_EXPIRED
           || (until_at != 0 && billing_worker_now(w) >= until_at)
           ? BILLING_PLAN_FREE : row->team.plan;
}


json_t *
billing_app_team_json(const billing_worker_t *w,
    const billing_team_row_t *row)
{
    json_t                *json;
    const billing_team_t  *team = &row->team;

    json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:s?, s:o, s:o,"
                     " s:b, s:s, s:o, s:I, s:o}",
               "id", row->id, "name", row->name,
               "account", row->account[0] == '\0' ? row->id : row->account,
               "plan", billing_plan_name(team->plan),
               "state", billing_state_name(team->state),
               "seats", (json_int_t) team->seats,
               "members", (json_int_t) team->members,
               "period", team->period == BILLING_PERIOD_NONE
                         ? NULL : billing_period_name(team->period),
               "period_start", billing_instant_json(team->current.start_at),
               "period_end", billing_instant_json(team->current.end_at),
               "auto_renew", (int) team->auto_renew,
               "currency", billing_currency_code(team->paid.currency),
               "valid_until", billing_instant_json(
                   billing_record_valid_until(w->settings, row)),
               "version", (json_int_t) team->version,
               "entitlements", billing_app_entitlements(
                   w, billing_app_plan(w, row)));

    /* Of a flexible contract, when its licences are reviewed (R203). */

    if (json != NULL && team->review_days != 0) {
        (void) json_object_set_new(json, "review",
                   json_pack("{s:I, s:o}", "days",
                       (json_int_t) team->review_days,
                       "at", billing_instant_json(billing_review_at(team))));
    }

    return json;
}


/* A padding that differs costs no more than to write the text again. */

const char *
billing_app_team_text(billing_worker_t *w, const billing_team_row_t *row)
{
    json_t                     *json;
    struct billing_app_text_s   now = {
        .row = *row, .plan = billing_app_plan(w, row)
    };

    memset(&now.row.told, 0, sizeof(now.row.told));

    if (w->app_text == NULL) {
        w->app_text = calloc(1, sizeof(struct billing_app_text_s));
    }

    if (w->app_text == NULL) {
        return NULL;
    }

    if (w->app_text->text != NULL && w->app_text->plan == now.plan
        && memcmp(&w->app_text->row, &now.row, sizeof(now.row)) == 0)
    {
        return w->app_text->text;
    }

    json = billing_app_team_json(w, row);
    now.text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
    json_decref(json);

    free(w->app_text->text);
    *w->app_text = now;

    return now.text;
}


void
billing_app_text_free(billing_worker_t *w)
{
    if (w->app_text != NULL) {
        free(w->app_text->text);
        free(w->app_text);
        w->app_text = NULL;
    }
}
