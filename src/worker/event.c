/*
 * Events for the application.  They come from the difference between what is
 * in the database and what it was told, at the one place every change passes
 * (the outbox of records), so that no operation can forget one.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "billing_business.h"

#define BILLING_EVENT_ROWS_MAX  10000   /* forgotten at a time */


static billing_db_rc_t billing_event_bits(billing_worker_t *w,
    const billing_team_row_t *row);
static json_t *billing_event_from(const billing_told_t *told);
static billing_db_rc_t billing_event_person(billing_worker_t *w,
    const char *team, const char *email, const uint32_t roles[2]);
static char *billing_event_body(billing_worker_t *w, const json_t *event,
    const billing_team_row_t *row);
static billing_db_rc_t billing_event_write(billing_worker_t *w,
    billing_event_kind_t kind, const char *team, const char *body);
static billing_db_rc_t billing_event_deliver(billing_worker_t *w,
    billing_event_kind_t kind, const char *id);


static bool
billing_event_wanted(const billing_worker_t *w)
{
    return w->settings->application.nkeys > 0
           || w->settings->application.nwebhooks > 0;
}


/* --- from differences ----------------------------------------------------- */


billing_db_rc_t
billing_event_team(billing_worker_t *w, const char *team)
{
    static const char  sql[] =
        "UPDATE team SET told_plan = plan, told_state = state,"
        " told_seats = seats, told_until = period_end_at WHERE id = $1";

    billing_db_rc_t      rc;
    billing_told_t      *told;
    billing_team_row_t   row;

    rc = billing_team_load(w, team, &row);

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
    }

    told = &row.told;

    if (told->plan == row.team.plan && told->state == row.team.state
        && told->seats == row.team.seats
        && told->until_at == row.team.current.end_at)
    {
        return BILLING_DB_OK;
    }

    if (billing_event_wanted(w)) {
        rc = billing_event_bits(w, &row);
    }

    return rc == BILLING_DB_OK ? billing_db_later(w->db, sql, "t", team) : rc;
}


static billing_db_rc_t
billing_event_bits(billing_worker_t *w, const billing_team_row_t *row)
{
    uint32_t         bits;
    billing_db_rc_t  rc = BILLING_DB_OK;
    billing_told_t   now = {
        .plan = row->team.plan, .state = row->team.state,
        .seats = row->team.seats, .until_at = row->team.current.end_at
    };

    bits = billing_event_team_bits(&row->told, &now);

    for (unsigned i = 1; i < BILLING_EVENTS && rc == BILLING_DB_OK; i++) {
        if (bits & (1u << i)) {
            rc = billing_event_emit(w, (billing_event_kind_t) i, row->id,
                     i == BILLING_EVENT_TEAM_CREATED
                     ? json_object()
                     : json_pack("{s:o}", "from",
                                 billing_event_from(&row->told)));
        }
    }

    return rc;
}


static json_t *
billing_event_from(const billing_told_t *told)
{
    return json_pack("{s:s, s:s, s:I, s:o}",
               "plan", billing_plan_name(told->plan),
               "state", billing_state_name(told->state),
               "seats", (json_int_t) told->seats,
               "period_end", billing_instant_json(told->until_at));
}


billing_db_rc_t
billing_event_member(billing_worker_t *w, const char *team,
    const char *email)
{
    static const char  told_sql[] =
        "SELECT told_roles, roles FROM member WHERE team = $1 AND email = $2"
        " AND roles <> told_roles";
    static const char  sql[] =
        "UPDATE member SET told_roles = roles WHERE team = $1 AND email = $2";

    bool             own;
    uint32_t         roles[2];          /* as told, and as they are */
    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, told_sql, "tt", team, email);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
    }

    roles[0] = (uint32_t) billing_db_int(w->db, told_sql, 0);
    roles[1] = (uint32_t) billing_db_int(w->db, told_sql, 1);
    billing_db_done(w->db, told_sql);

    billing_security_note(w, &(billing_security_note_t) {
        .event = BILLING_SECURITY_ROLE_CHANGED, .team = team, .whom = email,
        .what = roles[1] != 0 ? billing_role_word(roles[1]) : "none"
    });

    /* What the application has just said itself is no news to it. */

    own = w->actor != NULL && strcmp(w->actor, BILLING_APP_ACTOR) == 0
          && !w->settings->application.echo;

    if (billing_event_wanted(w) && !own) {
        rc = billing_event_person(w, team, email, roles);

        if (rc != BILLING_DB_OK) {
            return rc;
        }
    }

    return billing_db_later(w->db, sql, "tt", team, email);
}


static billing_db_rc_t
billing_event_person(billing_worker_t *w, const char *team,
    const char *email, const uint32_t roles[2])
{
    billing_event_kind_t  kind;

    kind = billing_event_member_of(roles[0], roles[1]);

    return billing_event_emit(w, kind, team,
               json_pack("{s:{s:s, s:s, s:o}}", "member", "email", email,
                         "role", billing_role_word(roles[1]),
                         "roles", billing_roles_json(roles[1])));
}


/* --- the rows ------------------------------------------------------------- */


billing_db_rc_t
billing_event_emit(billing_worker_t *w, billing_event_kind_t kind,
    const char *team, json_t *data)
{
    char                *body;
    json_t              *event;
    billing_db_rc_t      rc;
    billing_team_row_t   row;

    if (!billing_event_wanted(w)) {
        json_decref(data);
        return BILLING_DB_OK;
    }

    rc = (team == NULL) ? BILLING_DB_OK : billing_team_load(w, team, &row);

    if (rc != BILLING_DB_OK) {
        json_decref(data);
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    (void) json_object_set_new(data, "by",
               w->actor != NULL && w->actor[0] != '\0'
               ? json_string(w->actor) : json_null());

    event = json_pack("{s:s, s:o, s:o}", "type", billing_event_name(kind),
                "timestamp", billing_instant_json(billing_worker_now(w)),
                "data", data);

    body = event == NULL ? NULL
           : billing_event_body(w, event, team == NULL ? NULL : &row);
    json_decref(event);

    rc = body == NULL ? BILLING_DB_UNMADE
                      : billing_event_write(w, kind, team == NULL ? "" : team,
                                            body);
    free(body);

    return rc;
}


/* The team, which is text already, becomes the last member of "data". */

static char *
billing_event_body(billing_worker_t *w, const json_t *event,
    const billing_team_row_t *row)
{
    static const char  member[] = ",\"team\":", end[] = "}}";

    char        *body, *text;
    size_t       len, team_len;
    const char  *team;

    text = json_dumps(event, JSON_COMPACT);

    if (text == NULL || row == NULL) {
        return text;
    }

    team = billing_app_team_text(w, row);
    len = strlen(text) - (sizeof(end) - 1);
    team_len = (team == NULL) ? 0 : strlen(team);

    body = (team == NULL) ? NULL
           : malloc(len + sizeof(member) + team_len + sizeof(end));

    if (body != NULL) {
        memcpy(body, text, len);
        memcpy(body + len, member, sizeof(member) - 1);
        len += sizeof(member) - 1;
        memcpy(body + len, team, team_len);
        memcpy(body + len + team_len, end, sizeof(end));
    }

    free(text);

    return body;
}


static billing_db_rc_t
billing_event_write(billing_worker_t *w, billing_event_kind_t kind,
    const char *team, const char *body)
{
    static const char  sql[] =
        "INSERT INTO app_event (seq, id, kind, team, body, at, trace)"
        " SELECT COALESCE(MAX(seq), 0) + 1, $1, $2, $3, $4, $5, $6"
        " FROM app_event";

    char             random[BILLING_ID_MAX + 1], id[BILLING_ID_MAX + 1];
    billing_db_rc_t  rc;

    rc = billing_id_new('m', random);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    /* By chance, not counted: a database that is restored starts no old one. */

    (void) snprintf(id, sizeof(id), "msg_%.*s", BILLING_ID_MAX - 4,
                    random + 2);

    rc = billing_db_later(w->db, sql, "tittit", id, (int64_t) kind, team,
                          body, billing_worker_now(w), w->trace);

    return rc == BILLING_DB_OK ? billing_event_deliver(w, kind, id) : rc;
}


static billing_db_rc_t
billing_event_deliver(billing_worker_t *w, billing_event_kind_t kind,
    const char *id)
{
    static const char  sql[] =
        "INSERT INTO app_delivery (endpoint, event, state, next_at)"
        " SELECT $1, seq, 'queued', $2 FROM app_event WHERE id = $3";

    billing_db_rc_t               rc = BILLING_DB_OK;
    const billing_application_t  *app = &w->settings->application;

    for (uint32_t i = 0; i < app->nwebhooks && rc == BILLING_DB_OK; i++) {
        if (app->webhooks[i].events & (1u << kind)) {
            rc = billing_db_later(w->db, sql, "tit", app->webhooks[i].url,
                                  billing_worker_wall(w), id);
        }
    }

    return rc;
}


billing_db_rc_t
billing_event_retention(billing_worker_t *w, int64_t now)
{
    static const char  deliveries_sql[] =
        "DELETE FROM app_delivery WHERE event IN (SELECT seq FROM app_event"
        " WHERE at < $1 ORDER BY seq LIMIT $2)";
    static const char  sql[] =
        "DELETE FROM app_event WHERE seq IN (SELECT seq FROM app_event"
        " WHERE at < $1 ORDER BY seq LIMIT $2)";

    int64_t          before = now - BILLING_EVENT_RETENTION_SEC;
    billing_db_rc_t  rc;

    rc = billing_db_exec(w->db, deliveries_sql, "ii", before,
                         (int64_t) BILLING_EVENT_ROWS_MAX);

    return rc == BILLING_DB_OK
           ? billing_db_exec(w->db, sql, "ii", before,
                             (int64_t) BILLING_EVENT_ROWS_MAX)
           : rc;
}
