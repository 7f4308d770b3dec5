/*
 * The dashboard: the teams of a profile, the current team and its boards.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "billing_business.h"


typedef struct {
    billing_team_row_t       row;
    uint32_t                 roles;
    billing_team_record_t    team;
    billing_member_record_t  member;
} billing_dashboard_t;


static billing_db_rc_t billing_dashboard_teams(billing_op_t *op,
    json_t **out, char first[BILLING_ID_MAX + 1]);
static billing_db_rc_t billing_dashboard_team(billing_op_t *op,
    const char *team, json_t *body);
static billing_db_rc_t billing_dashboard_boards(billing_op_t *op,
    const billing_dashboard_t *d, json_t **out);
static json_t *billing_dashboard_board(billing_op_t *op,
    const billing_dashboard_t *d, const char *sql);
static billing_db_rc_t billing_dashboard_members(billing_op_t *op,
    const billing_dashboard_t *d, json_t **out);
static billing_db_rc_t billing_dashboard_offer(billing_op_t *op,
    const billing_dashboard_t *d, json_t *body);
static json_t *billing_dashboard_notices(billing_op_t *op,
    const billing_dashboard_t *d);


billing_db_rc_t
billing_query_dashboard(billing_op_t *op)
{
    char              first[BILLING_ID_MAX + 1];
    json_t           *teams, *body;
    const char       *wanted;
    billing_db_rc_t   rc;

    if (op->command->actor[0] == '\0') {
        return billing_op_deny(op, BILLING_UNAUTHENTICATED, NULL);
    }

    rc = billing_dashboard_teams(op, &teams, first);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    body = json_pack("{s:{s:s, s:s}, s:o, s:n, s:[], s:[], s:{s:b, s:s},"
                     " s:[]}",
               "profile", "email", op->command->actor,
                   "lang", billing_lang_name(op->lang),
               "teams", teams, "team", "boards", "members",
               "upgrade_button", "visible", 0, "reason",
                   billing_reason_code(BILLING_TEAM_NOT_FOUND),
               "notices");

    if (body == NULL) {
        return BILLING_DB_CONFLICT;
    }

    wanted = billing_op_text(op, "team");
    rc = BILLING_DB_OK;

    if (wanted[0] != '\0' || first[0] != '\0') {
        rc = billing_dashboard_team(op, wanted[0] != '\0' ? wanted : first,
                                    body);
    }

    if (rc != BILLING_DB_OK) {
        json_decref(body);
        return rc;
    }

    rc = billing_dashboard_people(op, body);

    if (rc != BILLING_DB_OK) {
        json_decref(body);
        return rc;
    }

    return billing_op_reply(op, 200, body);
}


/* Its own, and all teams of a company that it administrates. */

static billing_db_rc_t
billing_dashboard_teams(billing_op_t *op, json_t **out,
    char first[BILLING_ID_MAX + 1])
{
    static const char  sql[] =
        "SELECT t.id, t.name, t.plan, t.state, COALESCE(m.roles, 0)"
        " | COALESCE(s.roles, 0), t.account FROM team t"
        " LEFT JOIN member m ON m.team = t.id AND m.email = $1"
        " LEFT JOIN seat s ON s.account = t.account AND s.email = $2"
        " AND (s.roles & $3) <> 0 WHERE t.gone = 0 AND (m.roles <> 0"
        " OR s.roles <> 0) AND t.id IN (SELECT team FROM member"
        " WHERE email = $4 UNION SELECT i.id FROM seat c JOIN team i"
        " ON i.account = c.account WHERE c.email = $5)"
        " ORDER BY t.created_at, t.id LIMIT 200";

    bool              sees;
    uint32_t          roles;
    billing_db_t     *db;
    billing_db_rc_t   rc;

    db = op->w->db;
    first[0] = '\0';
    *out = json_array();

    rc = billing_db_query(db, sql, "ttitt", op->command->actor,
                          op->command->actor,
                          (int64_t) BILLING_ROLE_COMPANY_ADMIN,
                          op->command->actor, op->command->actor);

    while (rc == BILLING_DB_ROW) {
        if (first[0] == '\0') {
            (void) snprintf(first, BILLING_ID_MAX + 1, "%s",
                            billing_db_text(db, sql, 0));
        }

        roles = (uint32_t) billing_db_int(db, sql, 4);
        sees = billing_may(BILLING_ACT_SEE_TEAM, roles, BILLING_PLAN_NONE)
               == BILLING_ALLOW;

        (void) json_array_append_new(*out,
            json_pack("{s:s, s:s, s:s*, s:s*, s:s*, s:s}",
                "id", billing_db_text(db, sql, 0),
                "name", billing_db_text(db, sql, 1),
                "account", sees ? billing_db_text(db, sql, 5) : NULL,
                "plan", sees ? billing_db_text(db, sql, 2) : NULL,
                "state", sees ? billing_db_text(db, sql, 3) : NULL,
                "role", billing_role_word(roles)));

        rc = billing_db_next(db, sql);
    }

    if (rc == BILLING_DB_DONE) {
        return BILLING_DB_OK;
    }

    json_decref(*out);

    return rc;
}


static billing_db_rc_t
billing_dashboard_team(billing_op_t *op, const char *team, json_t *body)
{
    json_t               *value;
    billing_db_rc_t       rc;
    billing_dashboard_t   d;

    rc = billing_op_enter(op, team, &d.row, &d.roles);

    if (rc == BILLING_DB_OK) {
        rc = billing_record_team(op->w, d.row.id, &d.team);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_record_member(op->w, d.row.id, op->command->actor,
                                   &d.member);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_team_json(op->w, &d.row, d.roles, &value);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    (void) json_object_set_new(body, "team", value);

    rc = billing_dashboard_boards(op, &d, &value);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    (void) json_object_set_new(body, "boards", value);

    rc = billing_dashboard_members(op, &d, &value);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    (void) json_object_set_new(body, "members", value);

    if (billing_may(BILLING_ACT_COMPANY, d.roles, d.row.team.plan)
        == BILLING_ALLOW)
    {
        rc = billing_account_people(op->w, d.row.account, &value);

        if (rc != BILLING_DB_OK) {
            return rc;
        }

        (void) json_object_set_new(body, "licences", value);
    }

    (void) json_object_set_new(body, "notices",
                               billing_dashboard_notices(op, &d));

    return billing_dashboard_offer(op, &d, body);
}


/*
 * A private board is shown to its owner and who was let onto it, any board to
 * a guest who was invited there.
 */

static billing_db_rc_t
billing_dashboard_boards(billing_op_t *op, const billing_dashboard_t *d,
    json_t **out)
{
    static const char  sql[] =
        "SELECT b.id, b.title, b.is_private, b.rank, b.owner, b.link,"
        " COALESCE(a.rights, 0) FROM board b LEFT JOIN board_access a"
        " ON a.board = b.id AND a.email = $2"
        " WHERE b.team = $1 AND b.gone = 0 AND (b.owner = $2"
        " OR COALESCE(a.rights, 0) <> 0 OR (b.is_private = 0 AND $3 <> 0))"
        " ORDER BY b.rank DESC LIMIT 200";

    billing_db_rc_t  rc;

    *out = json_array();

    /* Administrating a company is no look at what its teams work on. */

    rc = billing_db_query(op->w->db, sql, "tti", d->row.id,
                          op->command->actor,
                          (int64_t) (d->member.roles
                                     & BILLING_ROLES_INSIDE));

    while (rc == BILLING_DB_ROW) {
        (void) json_array_append_new(*out,
                                     billing_dashboard_board(op, d, sql));
        rc = billing_db_next(op->w->db, sql);
    }

    if (rc == BILLING_DB_DONE) {
        return BILLING_DB_OK;
    }

    json_decref(*out);

    return rc;
}


/* Said by the same function that decides at the gate. */

static json_t *
billing_dashboard_board(billing_op_t *op, const billing_dashboard_t *d,
    const char *sql)
{
    billing_db_t            *db;
    billing_reason_t         reason;
    billing_wanted_t         wanted;
    billing_board_record_t   board;
    billing_member_record_t  member = d->member;

    db = op->w->db;

    memset(&board, 0, sizeof(board));
    board.is_private = billing_db_int(db, sql, 2) != 0;
    board.rank = (uint64_t) billing_db_int(db, sql, 3);
    member.access = (uint32_t) billing_db_int(db, sql, 6);

    wanted = (billing_wanted_t) { .view = true, .edit = true };
    reason = billing_entitle(&op->w->settings->catalogue, &d->team,
                             &member, &board, &wanted, op->now);

    return json_pack("{s:s, s:s, s:b, s:b, s:s, s:s, s:s?}",
               "id", billing_db_text(db, sql, 0),
               "title", billing_db_text(db, sql, 1),
               "editable", reason == BILLING_ALLOW,
               "private", board.is_private != 0,
               "owner", billing_db_text(db, sql, 4),
               "link", billing_db_text(db, sql, 5),
               "reason", reason == BILLING_ALLOW
                         ? NULL : billing_reason_code(reason));
}


/* Members know each other; a guest knows nobody. */

static billing_db_rc_t
billing_dashboard_members(billing_op_t *op, const billing_dashboard_t *d,
    json_t **out)
{
    static const char  sql[] =
        "SELECT email, roles FROM member WHERE team = $1 AND roles <> 0"
        " ORDER BY email LIMIT 200";

    uint32_t          roles;
    billing_db_t     *db;
    billing_db_rc_t   rc;

    db = op->w->db;
    *out = json_array();

    if (billing_may(BILLING_ACT_SEE_TEAM, d->roles, d->row.team.plan)
        != BILLING_ALLOW)
    {
        return BILLING_DB_OK;
    }

    rc = billing_db_query(db, sql, "t", d->row.id);

    while (rc == BILLING_DB_ROW) {
        roles = (uint32_t) billing_db_int(db, sql, 1);
        (void) json_array_append_new(*out,
                   json_pack("{s:s, s:s, s:o}",
                       "email", billing_db_text(db, sql, 0),
                       "role", billing_role_word(roles),
                       "roles", billing_roles_json(roles)));
        rc = billing_db_next(db, sql);
    }

    if (rc == BILLING_DB_DONE) {
        return BILLING_DB_OK;
    }

    json_decref(*out);

    return rc;
}


/* Shown on free teams only (R58), to those who may buy (R22, R59, R60). */

static billing_db_rc_t
billing_dashboard_offer(billing_op_t *op, const billing_dashboard_t *d,
    json_t *body)
{
    bool              own;
    billing_db_rc_t   rc;
    billing_reason_t  reason;

    rc = billing_domain_lets(op->w, op->command->actor, d->row.id, &own);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    reason = d->row.team.plan == BILLING_PLAN_FREE
             ? billing_may(BILLING_ACT_BUY_FREE, d->roles,
                           BILLING_PLAN_FREE)
             : BILLING_UPGRADE_ALREADY_PAID;

    if (!own) {
        reason = reason == BILLING_ALLOW ? BILLING_TEAM_CREATE_DOMAIN
                                         : reason;
        (void) json_object_set_new(
            json_object_get(json_object_get(body, "team"), "can"), "upgrade",
            json_false());
    }

    (void) json_object_set_new(body, "upgrade_button",
               json_pack("{s:b, s:s?}",
                   "visible", reason == BILLING_ALLOW,
                   "reason", reason == BILLING_ALLOW
                             ? NULL : billing_reason_code(reason)));

    return BILLING_DB_OK;
}


static json_t *
billing_dashboard_notices(billing_op_t *op, const billing_dashboard_t *d)
{
    static const struct {
        billing_state_t   state;
        const char       *key;
    } notices[] = {
        { BILLING_STATE_EXPIRED,       "notice.expired" },
        { BILLING_STATE_PAST_DUE,      "notice.past_due" },
        { BILLING_STATE_CANCELLED,     "notice.cancelled" },
        { BILLING_STATE_ACTIVE_UNPAID, "notice.unpaid" },
        { BILLING_STATE_TRIAL,         "notice.trial" }
    };

    char     *text, date[BILLING_INSTANT_LEN + 1];
    json_t   *list, *args;
    size_t    i;
    int64_t   at;

    at = d->row.team.state == BILLING_STATE_ACTIVE_UNPAID
         ? d->row.invoice_due_at : d->row.team.current.end_at;
    at = d->row.team.state == BILLING_STATE_TRIAL
         ? d->row.team.trial_ends_at : at;
    billing_instant_format(at, date);
    date[10] = '\0';                    /* the day is enough */

    list = json_array();
    args = json_pack("{s:s, s:s}", "team_name", d->row.name, "date", date);

    for (i = 0; i < sizeof(notices) / sizeof(notices[0]); i++) {
        if (notices[i].state != d->row.team.state) {
            continue;
        }

        text = billing_text_format(notices[i].key, op->lang, args);
        (void) json_array_append_new(list,
            json_pack("{s:s, s:s}", "code", notices[i].key + 7, "text",
                      text == NULL ? "" : text));
        free(text);
    }

    if (d->row.hold_seats != 0) {
        text = billing_text_format("notice.checkout", op->lang, args);
        (void) json_array_append_new(list,
            json_pack("{s:s, s:s}", "code", "checkout", "text",
                      text == NULL ? "" : text));
        free(text);
    }

    json_decref(args);

    return list;
}
