/* What admins are asked for: rows; one open at a time for one person. */

#include <string.h>

#include "billing_business.h"


static billing_db_rc_t billing_ask_free(billing_op_t *op, const char *team,
    billing_ask_t kind, const char *email);


billing_db_rc_t
billing_ask_make(billing_op_t *op, const billing_team_row_t *row,
    billing_ask_t kind, const char *email, json_t **out)
{
    static const char  sql[] =
        "INSERT INTO team_request (id, team, kind, actor, email, state,"
        " created_at) VALUES ($1, $2, $3, $4, $5, 'open', $6)";

    billing_db_rc_t    rc;
    billing_ask_row_t  ask;

    *out = NULL;
    memset(&ask, 0, sizeof(ask));
    ask.kind = kind;
    ask.created_at = op->now;
    billing_copy(ask.team, sizeof(ask.team), row->id);
    billing_copy(ask.actor, sizeof(ask.actor), op->command->actor);
    billing_copy(ask.email, sizeof(ask.email), email);
    billing_copy(ask.state, sizeof(ask.state), "open");

    rc = billing_ask_free(op, row->id, kind, email);

    if (rc == BILLING_DB_OK) {
        rc = billing_profile_ensure(op->w, ask.actor, op->lang, op->now);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_id_new('r', ask.id);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_db_exec(op->w->db, sql, "ttttti", ask.id, ask.team,
                             billing_ask_name(kind), ask.actor, ask.email,
                             ask.created_at);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_ask_mail(op, row, &ask);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    *out = billing_ask_json(&ask);

    return *out == NULL ? BILLING_DB_UNMADE : BILLING_DB_OK;
}


static billing_db_rc_t
billing_ask_free(billing_op_t *op, const char *team, billing_ask_t kind,
    const char *email)
{
    static const char  sql[] =
        "SELECT COUNT(*), COALESCE(SUM(CASE WHEN kind = $2 AND email = $3"
        " THEN 1 ELSE 0 END), 0) FROM team_request WHERE team = $1"
        " AND state = 'open'";

    int64_t          all, same;
    billing_db_rc_t  rc;

    rc = billing_db_query(op->w->db, sql, "ttt", team,
                          billing_ask_name(kind), email);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_FATAL : rc;
    }

    all = billing_db_int(op->w->db, sql, 0);
    same = billing_db_int(op->w->db, sql, 1);
    billing_db_done(op->w->db, sql);

    if (same > 0) {
        return billing_op_deny(op, BILLING_REQUEST_OPEN,
                               json_pack("{s:s}", "email", email));
    }

    return all < BILLING_REQUESTS_OPEN_MAX
           ? BILLING_DB_OK : billing_op_deny(op, BILLING_TOO_MANY, NULL);
}


billing_db_rc_t
billing_ask_load(billing_worker_t *w, const char *id, billing_ask_row_t *out)
{
    static const char  sql[] =
        "SELECT id, team, kind, actor, email, state, created_at"
        " FROM team_request WHERE id = $1";

    const char       *kind;
    billing_db_t     *db;
    billing_db_rc_t   rc;

    db = w->db;
    rc = billing_db_query(db, sql, "t", id);

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    memset(out, 0, sizeof(*out));
    billing_copy(out->id, sizeof(out->id), billing_db_text(db, sql, 0));
    billing_copy(out->team, sizeof(out->team), billing_db_text(db, sql, 1));
    kind = billing_db_text(db, sql, 2);
    out->kind = billing_ask_parse(kind, strlen(kind));
    billing_copy(out->actor, sizeof(out->actor), billing_db_text(db, sql, 3));
    billing_copy(out->email, sizeof(out->email), billing_db_text(db, sql, 4));
    billing_copy(out->state, sizeof(out->state), billing_db_text(db, sql, 5));
    out->created_at = billing_db_int(db, sql, 6);
    billing_db_done(db, sql);

    return BILLING_DB_OK;
}


json_t *
billing_ask_json(const billing_ask_row_t *ask)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o}",
               "id", ask->id, "team", ask->team,
               "kind", billing_ask_name(ask->kind), "actor", ask->actor,
               "email", ask->email, "state", ask->state,
               "created_at", billing_instant_json(ask->created_at));
}
