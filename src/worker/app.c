/*
 * What the application says: lists of things as they should be, each item
 * judged for itself.  A single form is a list of one.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "billing_business.h"


typedef struct {
    const char           *kind;
    billing_app_item_pt   run;
} billing_app_kind_t;


static billing_app_item_pt billing_app_find(const char *kind);
static billing_db_rc_t billing_app_items(billing_app_t *app,
    billing_app_item_pt run, json_t *answer);
static billing_app_team_t *billing_app_entered(const billing_app_t *app,
    const char *id);
static billing_db_rc_t billing_app_room(billing_app_t *app);
static billing_db_rc_t billing_app_flush(billing_app_t *app);
static billing_db_rc_t billing_app_store(billing_app_t *app,
    billing_app_team_t *team);
static void billing_app_release(billing_app_t *app);


static const billing_app_kind_t  billing_app_kinds[] = {
    { "app.profiles", billing_app_profile },
    { "app.teams",    billing_app_team },
    { "app.members",  billing_app_member },
    { "app.boards",   billing_app_board },
    { NULL,           NULL }
};


billing_db_rc_t
billing_op_app_bulk(billing_op_t *op)
{
    json_t           *answer;
    billing_db_rc_t   rc;
    billing_app_t     app = { .op = op };

    app.add_seats = strcmp(billing_op_text(op, "on_full"), "add_seat") == 0;

    answer = json_pack("{s:i, s:i, s:[]}", "accepted", 0, "unchanged", 0,
                 "refused");

    rc = answer == NULL
         ? BILLING_DB_UNMADE
         : billing_app_items(&app, billing_app_find(op->command->kind),
                             answer);

    if (rc == BILLING_DB_OK) {
        rc = billing_app_flush(&app);
    }

    billing_app_release(&app);

    if (rc != BILLING_DB_OK) {
        json_decref(answer);
        return rc;
    }

    return billing_op_reply(op, 200, answer);
}


static billing_app_item_pt
billing_app_find(const char *kind)
{
    const billing_app_kind_t  *entry = billing_app_kinds;

    while (entry->kind != NULL && strcmp(entry->kind, kind) != 0) {
        entry++;
    }

    return entry->run;
}


/* Refused before anything is written: the others stand. */

static billing_db_rc_t
billing_app_items(billing_app_t *app, billing_app_item_pt run,
    json_t *answer)
{
    size_t    i;
    json_t   *item, *index;
    int64_t   accepted = 0, unchanged = 0;

    json_array_foreach(json_object_get(app->op->command->body, "items"), i,
                       item)
    {
        billing_db_rc_t       rc;
        billing_app_result_t  result = { .reason = BILLING_ALLOW };

        rc = run(app, item, &result);

        if (rc != BILLING_DB_OK) {
            return rc;
        }

        if (result.reason == BILLING_ALLOW) {
            accepted++;
            unchanged += !result.changed;
            continue;
        }

        index = json_object_get(item, "index");
        (void) json_array_append_new(json_object_get(answer, "refused"),
                   billing_bulk_refusal(json_integer_value(index),
                                        result.reason, result.field,
                                        app->op->lang));
    }

    (void) json_object_set_new(answer, "accepted", json_integer(accepted));
    (void) json_object_set_new(answer, "unchanged", json_integer(unchanged));

    return BILLING_DB_OK;
}


billing_db_rc_t
billing_app_one(billing_op_t *op, billing_app_item_pt run,
    billing_app_result_t *result)
{
    billing_db_rc_t  rc;
    billing_app_t    app = { .op = op };

    *result = (billing_app_result_t) { .reason = BILLING_ALLOW };
    app.add_seats = strcmp(billing_op_text(op, "on_full"), "add_seat") == 0;

    rc = run(&app, op->command->body, result);

    if (rc == BILLING_DB_OK) {
        rc = billing_app_flush(&app);
    }

    billing_app_release(&app);

    if (rc != BILLING_DB_OK || result->reason == BILLING_ALLOW) {
        return rc;
    }

    return billing_op_deny(op, result->reason,
                           result->field == NULL
                           ? NULL : json_pack("{s:s}", "field",
                                              result->field));
}


/* --- teams of this command ------------------------------------------------ */


billing_db_rc_t
billing_app_enter(billing_app_t *app, const char *id,
    billing_app_team_t **team)
{
    billing_db_rc_t       rc;
    billing_app_team_t   *entry;

    *team = billing_app_entered(app, id);

    if (*team != NULL) {
        return BILLING_DB_OK;
    }

    rc = billing_app_room(app);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    entry = calloc(1, sizeof(billing_app_team_t));

    if (entry == NULL) {
        return BILLING_DB_UNMADE;
    }

    rc = billing_team_load(app->op->w, id, &entry->row);

    if (rc == BILLING_DB_OK) {
        rc = billing_invitation_seats(app->op->w, id, app->op->now,
                                      &entry->held);
    }

    if (rc != BILLING_DB_OK) {
        free(entry);
        return rc;
    }

    entry->members = entry->row.team.members;
    entry->account = entry;
    app->teams[app->nteams++] = entry;
    *team = entry;

    if (billing_account_own(&entry->row)) {
        return BILLING_DB_OK;
    }

    rc = billing_app_enter(app, entry->row.account, &entry->account);

    return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
}


static billing_app_team_t *
billing_app_entered(const billing_app_t *app, const char *id)
{
    for (size_t i = 0; i < app->nteams; i++) {
        if (strcmp(app->teams[i]->row.id, id) == 0) {
            return app->teams[i];
        }
    }

    return NULL;
}


static billing_db_rc_t
billing_app_room(billing_app_t *app)
{
    size_t                max;
    billing_app_team_t  **grown;

    if (app->nteams < app->max) {
        return BILLING_DB_OK;
    }

    max = app->max == 0 ? 4 : app->max * 2;
    grown = realloc(app->teams, max * sizeof(app->teams[0]));

    if (grown == NULL) {
        return BILLING_DB_UNMADE;
    }

    app->teams = grown;
    app->max = max;

    return BILLING_DB_OK;
}


billing_db_rc_t
billing_app_there(billing_app_t *app, const char *id,
    billing_app_team_t **team, billing_app_result_t *result)
{
    billing_db_rc_t  rc;

    rc = billing_app_enter(app, id, team);

    if (rc == BILLING_DB_DONE || (rc == BILLING_DB_OK && (*team)->row.gone)) {
        result->reason = BILLING_TEAM_NOT_FOUND;
        return BILLING_DB_OK;
    }

    return rc;
}


/* Accounts first: their licences must be there before they are counted. */

static billing_db_rc_t
billing_app_flush(billing_app_t *app)
{
    billing_db_rc_t      rc = BILLING_DB_OK;
    billing_app_team_t  *team;

    for (unsigned inside = 0; inside < 2; inside++) {
        for (size_t i = 0; i < app->nteams && rc == BILLING_DB_OK; i++) {
            team = app->teams[i];

            if (team->touched && (team->account != team) == inside) {
                rc = billing_app_store(app, team);
            }
        }
    }

    return rc;
}


/* All the licences that were added are one change: rounded and told once. */

static billing_db_rc_t
billing_app_store(billing_app_t *app, billing_app_team_t *team)
{
    billing_db_rc_t  rc = BILLING_DB_OK;

    if (team->grows) {
        rc = billing_seats_take(app->op, &team->row, &team->change);
    }

    return rc == BILLING_DB_OK ? billing_team_store(app->op->w, &team->row)
                               : rc;
}


static void
billing_app_release(billing_app_t *app)
{
    for (size_t i = 0; i < app->nteams; i++) {
        free(app->teams[i]);
    }

    free(app->teams);
}


const char *
billing_app_text(const json_t *item, const char *name)
{
    const char  *text = json_string_value(json_object_get(item, name));

    return text == NULL ? "" : text;
}


int64_t
billing_app_instant(const json_t *item, const char *name)
{
    bool         date_only;
    int64_t      at;
    const char  *text = billing_app_text(item, name);

    return billing_instant_parse(text, strlen(text), &at, &date_only)
           == BILLING_OK ? at : 0;
}


/* --- profiles ------------------------------------------------------------- */


billing_db_rc_t
billing_app_profile(billing_app_t *app, const json_t *item,
    billing_app_result_t *result)
{
    static const char  sql[] = "SELECT lang FROM profile WHERE email = $1";
    static const char  lang_sql[] =
        "UPDATE profile SET lang = $1 WHERE email = $2";

    bool               same;
    const char        *email = billing_app_text(item, "email");
    const char        *lang = billing_app_text(item, "lang");
    billing_op_t      *op = app->op;
    billing_db_rc_t    rc;

    if (lang[0] != '\0' && strcmp(lang, "en") != 0 && strcmp(lang, "fr") != 0)
    {
        result->reason = BILLING_FIELD_TYPE;
        result->field = "lang";
        return BILLING_DB_OK;
    }

    rc = billing_db_query(op->w->db, sql, "t", email);

    if (rc == BILLING_DB_DONE) {
        result->changed = true;
        result->created = true;
        return billing_profile_ensure(op->w, email,
                   lang[0] != '\0' ? billing_lang_of(lang) : op->lang,
                   op->now);
    }

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    same = lang[0] == '\0'
           || strcmp(billing_db_text(op->w->db, sql, 0), lang) == 0;
    billing_db_done(op->w->db, sql);

    if (same) {
        return BILLING_DB_OK;
    }

    result->changed = true;

    return billing_db_exec(op->w->db, lang_sql, "tt", lang, email);
}
