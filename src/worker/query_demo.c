/*
 * The demo's own questions: what data there is, and the test clock.
 */

#include <string.h>

#include "billing_business.h"

#define BILLING_ADVANCE_MAX  (10 * 366 * 86400LL)   /* ten years a step */


static billing_db_rc_t billing_demo_list(billing_op_t *op, const char *sql,
    const char *const *names, json_t **out);
static int64_t billing_advance_parse(const char *text);


billing_db_rc_t
billing_query_demo_data(billing_op_t *op)
{
    static const char  profile_sql[] =
        "SELECT email, lang FROM profile ORDER BY email LIMIT 200";
    static const char  team_sql[] =
        "SELECT id, name, plan, state, seats, members, period,"
        " COALESCE((SELECT MIN(d.name) FROM email_domain d"
        " WHERE d.team = team.id), ''), account"
        " FROM team WHERE gone = 0 ORDER BY created_at, id LIMIT 200";
    static const char  member_sql[] =
        "SELECT team, email, roles FROM member WHERE roles <> 0"
        " ORDER BY team, email LIMIT 200";
    static const char  board_sql[] =
        "SELECT id, team, title, owner, is_private FROM board WHERE gone = 0"
        " ORDER BY rank LIMIT 200";

    static const char *const  profile_names[] = { "email", "lang", NULL };
    static const char *const  team_names[] = {
        "id", "name", "plan", "state", "#seats", "#members", "period",
        "domain", "account", NULL
    };
    static const char *const  member_names[] = {
        "team", "email", "@roles", NULL
    };
    static const char *const  board_names[] = {
        "id", "team", "title", "owner", "!private", NULL
    };

    json_t           *body;
    size_t            i;
    billing_db_rc_t   rc;

    static const struct {
        const char          *name;
        const char          *sql;
        const char *const   *columns;
    } lists[] = {
        { "profiles", profile_sql, profile_names },
        { "teams",    team_sql,    team_names },
        { "members",  member_sql,  member_names },
        { "boards",   board_sql,   board_names }
    };

    body = json_object();

    for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        json_t  *list;

        rc = billing_demo_list(op, lists[i].sql, lists[i].columns, &list);

        if (rc != BILLING_DB_OK) {
            json_decref(body);
            return rc;
        }

        (void) json_object_set_new(body, lists[i].name, list);
    }

    return billing_op_reply(op, 200, body);
}


/* A name's first letter says how the column reads: # ! @ are not texts. */

static billing_db_rc_t
billing_demo_list(billing_op_t *op, const char *sql,
    const char *const *names, json_t **out)
{
    int               i;
    json_t           *row, *value;
    const char       *name;
    billing_db_t     *db;
    billing_db_rc_t   rc;

    db = op->w->db;
    *out = json_array();

    rc = billing_db_query(db, sql, "");

    while (rc == BILLING_DB_ROW) {
        row = json_object();

        for (i = 0; names[i] != NULL; i++) {
            name = names[i];
            value = NULL;

            if (*name == '#') {
                value = json_integer(billing_db_int(db, sql, i));
            }

            if (*name == '!') {
                value = json_boolean(billing_db_int(db, sql, i) != 0);
            }

            if (*name == '@') {
                value = billing_roles_json(
                            (uint32_t) billing_db_int(db, sql, i));
            }

            (void) json_object_set_new(row, value == NULL ? name : name + 1,
                       value == NULL ? json_string(billing_db_text(db, sql, i))
                                     : value);
        }

        (void) json_array_append_new(*out, row);
        rc = billing_db_next(db, sql);
    }

    if (rc == BILLING_DB_DONE) {
        return BILLING_DB_OK;
    }

    json_decref(*out);

    return rc;
}


billing_db_rc_t
billing_query_clock(billing_op_t *op)
{
    return billing_op_reply(op, 200,
               json_pack("{s:o, s:I}",
                   "now", billing_instant_json(op->now),
                   "offset", (json_int_t) op->w->clock_offset_sec));
}


billing_db_rc_t
billing_op_clock_set(billing_op_t *op)
{
    int64_t          seconds;
    billing_db_rc_t  rc;

    seconds = billing_advance_parse(billing_op_text(op, "advance"));

    if (seconds < 0) {
        return billing_op_deny(op, BILLING_FIELD_TYPE,
                               json_pack("{s:s}", "field", "advance"));
    }

    rc = billing_clock_advance(op->w, seconds);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    op->now = billing_worker_now(op->w);

    return billing_query_clock(op);
}


/* "31d", "2h", "15m", "30s"; time never goes back.  -1: not such a text. */

static int64_t
billing_advance_parse(const char *text)
{
    static const struct {
        char     unit;
        int64_t  seconds;
    } units[] = {
        { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 }
    };

    size_t   i;
    int64_t  n;

    n = 0;

    if (*text < '0' || *text > '9') {
        return -1;
    }

    while (*text >= '0' && *text <= '9') {
        n = n * 10 + (*text++ - '0');

        if (n > BILLING_ADVANCE_MAX) {
            return -1;
        }
    }

    for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (text[0] == units[i].unit && text[1] == '\0'
            && n * units[i].seconds <= BILLING_ADVANCE_MAX)
        {
            return n * units[i].seconds;
        }
    }

    return -1;
}
