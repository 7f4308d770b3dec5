/*
 * What a profile is told about how people come to teams: the settings of a
 * team, and what waits for the profile itself.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "billing_business.h"


typedef struct {
    const char  *code;                  /* of its notice */
    json_t      *list;
    json_t      *notices;
} billing_waiting_t;


static billing_db_rc_t billing_waiting_invitations(billing_op_t *op,
    billing_waiting_t *waiting);
static billing_db_rc_t billing_waiting_asks(billing_op_t *op,
    billing_waiting_t *waiting);
static billing_db_rc_t billing_waiting_teams(billing_op_t *op,
    billing_waiting_t *waiting);
static void billing_waiting_add(billing_op_t *op,
    billing_waiting_t *waiting, json_t *entry);


void
billing_settings_json(const billing_worker_t *w,
    const billing_team_row_t *row, uint32_t roles, json_t *team)
{
    bool         on;
    char         link[384];
    const char  *moves;

    on = row->invite_link[0] != '\0' && billing_invite_link(row->team.plan);
    moves = row->moves_forbidden ? "forbidden" : "allowed";

    (void) snprintf(link, sizeof(link), "%s/dashboard#join=%s",
                    w->settings->public_url, row->invite_link);

    (void) json_object_set_new(team, "board_moves", json_string(moves));

    if (billing_may(BILLING_ACT_SEE_TEAM, roles, row->team.plan)
        == BILLING_ALLOW)
    {
        (void) json_object_set_new(team, "invite_link",
                                   on ? json_string(link) : json_null());
    }

    if (billing_may(BILLING_ACT_SETTINGS, roles, row->team.plan)
        == BILLING_ALLOW)
    {
        (void) json_object_set_new(team, "settings",
                   json_pack("{s:s, s:b, s:s}",
                       "invite", row->invite_admins ? "admins" : "members",
                       "invite_link", (int) on, "board_moves", moves));
    }
}


billing_db_rc_t
billing_dashboard_people(billing_op_t *op, json_t *body)
{
    size_t            i;
    billing_db_rc_t   rc;

    static const struct {
        const char        *name;
        const char        *code;
        billing_db_rc_t  (*list)(billing_op_t *op,
                                 billing_waiting_t *waiting);
    } lists[] = {
        { "invitations",  "invitation",   billing_waiting_invitations },
        { "requests",     "request",      billing_waiting_asks },
        { "discoverable", "discoverable", billing_waiting_teams }
    };

    rc = billing_profile_awaited(op->w, op->command->actor, op->now,
                                 &op->reply->enter);

    for (i = 0; rc == BILLING_DB_OK && i < sizeof(lists) / sizeof(lists[0]);
         i++)
    {
        billing_waiting_t  waiting = {
            .code = lists[i].code, .list = json_array(),
            .notices = json_object_get(body, "notices")
        };

        rc = lists[i].list(op, &waiting);
        (void) json_object_set_new(body, lists[i].name, waiting.list);
    }

    return rc;
}


/* Its link is in the mail: who reads that has the address. */

static billing_db_rc_t
billing_waiting_invitations(billing_op_t *op, billing_waiting_t *waiting)
{
    static const char  sql[] =
        "SELECT i.id, t.id, t.name, i.inviter, i.expires_at FROM invitation i"
        " JOIN team t ON t.id = i.team WHERE i.email = $1"
        " AND i.state = 'pending' AND i.expires_at > $2"
        " ORDER BY i.created_at, i.id LIMIT 200";

    billing_db_t     *db;
    billing_db_rc_t   rc;

    db = op->w->db;
    rc = billing_db_query(db, sql, "ti", op->command->actor, op->now);

    while (rc == BILLING_DB_ROW) {
        billing_waiting_add(op, waiting,
            json_pack("{s:s, s:s, s:s, s:s, s:o}",
                "id", billing_db_text(db, sql, 0),
                "team", billing_db_text(db, sql, 1),
                "team_name", billing_db_text(db, sql, 2),
                "inviter", billing_db_text(db, sql, 3),
                "expires_at", billing_instant_json(
                                  billing_db_int(db, sql, 4))));
        rc = billing_db_next(db, sql);
    }

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}


/* Those that this profile may decide. */

static billing_db_rc_t
billing_waiting_asks(billing_op_t *op, billing_waiting_t *waiting)
{
    static const char  sql[] =
        "SELECT r.id, t.id, t.name, t.plan, m.roles, r.kind, r.actor,"
        " r.email, r.created_at FROM member m"
        " JOIN team t ON t.id = m.team"
        " JOIN team_request r ON r.team = m.team AND r.state = 'open'"
        " WHERE m.email = $1 AND (m.roles & $2) <> 0"
        " ORDER BY r.created_at, r.id LIMIT 200";

    const char       *plan, *kind;
    billing_db_t     *db;
    billing_db_rc_t   rc;

    db = op->w->db;
    rc = billing_db_query(db, sql, "ti", op->command->actor,
                          (int64_t) BILLING_ROLES_ADMIN);

    while (rc == BILLING_DB_ROW) {
        plan = billing_db_text(db, sql, 3);
        kind = billing_db_text(db, sql, 5);

        if (billing_ask_decide(billing_ask_parse(kind, strlen(kind)),
                               (uint32_t) billing_db_int(db, sql, 4),
                               billing_plan_parse(plan, strlen(plan)))
            == BILLING_ALLOW)
        {
            billing_waiting_add(op, waiting,
                json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o}",
                    "id", billing_db_text(db, sql, 0),
                    "team", billing_db_text(db, sql, 1),
                    "team_name", billing_db_text(db, sql, 2),
                    "kind", kind,
                    "actor", billing_db_text(db, sql, 6),
                    "email", billing_db_text(db, sql, 7),
                    "created_at", billing_instant_json(
                                      billing_db_int(db, sql, 8))));
        }

        rc = billing_db_next(db, sql);
    }

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}


/* Teams that show themselves to this profile's domain (R25). */

static billing_db_rc_t
billing_waiting_teams(billing_op_t *op, billing_waiting_t *waiting)
{
    uint32_t               roles;
    billing_db_rc_t        rc;
    const char            *email;
    billing_team_row_t     row;
    billing_domain_row_t   domain;

    email = op->command->actor;
    rc = billing_domain_of(op->w, email, &domain);

    if (rc == BILLING_DB_DONE
        || (rc == BILLING_DB_OK
            && !billing_domain_discoverable(&domain.control, email)))
    {
        return BILLING_DB_OK;
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_team_load(op->w, domain.team, &row);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_member_roles(op->w, row.id, email, &roles);
    }

    if (rc == BILLING_DB_OK
        && (roles & (uint32_t) BILLING_ROLE_MEMBER) == 0)
    {
        billing_waiting_add(op, waiting,
            json_pack("{s:s, s:s, s:s}", "team", row.id,
                      "team_name", row.name, "domain", domain.name));
    }

    return rc;
}


/* In the list, and as a sentence among the notices. */

static void
billing_waiting_add(billing_op_t *op, billing_waiting_t *waiting,
    json_t *entry)
{
    char         key[48];
    char        *text;
    const char  *kind;

    kind = json_string_value(json_object_get(entry, "kind"));
    (void) snprintf(key, sizeof(key), "notice.%s%s%s", waiting->code,
                    kind == NULL ? "" : "_", kind == NULL ? "" : kind);

    text = billing_text_format(key, op->lang, entry);
    (void) json_array_append_new(waiting->notices,
               json_pack("{s:s, s:s, s:O*}", "code", waiting->code,
                         "text", text == NULL ? "" : text,
                         "team", json_object_get(entry, "team")));
    free(text);

    (void) json_array_append_new(waiting->list, entry);
}
