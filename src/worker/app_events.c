/*
 * Events as a list, for who missed some, and their delivery once more.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "billing_business.h"

#define BILLING_EVENTS_PAGE  100


static billing_db_rc_t billing_app_seq(billing_op_t *op, const char *id,
    int64_t *seq, billing_event_kind_t *kind);
static json_t *billing_app_event_json(billing_db_t *db, const char *sql);
static billing_db_rc_t billing_app_again(billing_op_t *op,
    const billing_webhook_t *hook, int64_t seq);


billing_db_rc_t
billing_query_app_events(billing_op_t *op)
{
    static const char  sql[] =
        "SELECT id, body FROM app_event WHERE seq > $1 ORDER BY seq LIMIT $2";

    char                  next[BILLING_ID_MAX + 1] = "";
    json_t               *list;
    int64_t               seq = 0, limit;
    billing_db_rc_t       rc = BILLING_DB_OK;
    billing_event_kind_t  kind;

    limit = strtol(billing_op_text(op, "limit"), NULL, 10);
    limit = limit < 1 ? BILLING_EVENTS_PAGE : limit;
    limit = limit > BILLING_EVENTS_PAGE_MAX ? BILLING_EVENTS_PAGE_MAX : limit;

    if (billing_op_text(op, "after")[0] != '\0') {
        rc = billing_app_seq(op, billing_op_text(op, "after"), &seq, &kind);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    list = json_array();
    rc = billing_db_query(op->w->db, sql, "ii", seq, limit + 1);

    while (rc == BILLING_DB_ROW
           && json_array_size(list) < (size_t) limit)
    {
        billing_copy(next, sizeof(next), billing_db_text(op->w->db, sql, 0));
        (void) json_array_append_new(list,
                                     billing_app_event_json(op->w->db, sql));
        rc = billing_db_next(op->w->db, sql);
    }

    /* One more than was asked for: there is a next page. */

    if (rc == BILLING_DB_ROW) {
        billing_db_done(op->w->db, sql);

    } else {
        next[0] = '\0';
    }

    if (rc != BILLING_DB_ROW && rc != BILLING_DB_DONE) {
        json_decref(list);
        return rc;
    }

    return billing_op_reply(op, 200,
               json_pack("{s:o, s:o}", "events", list, "next",
                         next[0] == '\0' ? json_null() : json_string(next)));
}


/* As it was sent, with the id that stood in its header. */

static json_t *
billing_app_event_json(billing_db_t *db, const char *sql)
{
    json_t  *event;

    event = json_loads(billing_db_text(db, sql, 1), 0, NULL);
    (void) json_object_set_new(event, "id",
                               json_string(billing_db_text(db, sql, 0)));

    return event;
}


static billing_db_rc_t
billing_app_seq(billing_op_t *op, const char *id, int64_t *seq,
    billing_event_kind_t *kind)
{
    static const char  sql[] =
        "SELECT seq, kind FROM app_event WHERE id = $1";

    billing_db_rc_t  rc;

    rc = billing_db_query(op->w->db, sql, "t", id);

    if (rc == BILLING_DB_DONE) {
        return billing_op_deny(op, BILLING_EVENT_NOT_FOUND, NULL);
    }

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    *seq = billing_db_int(op->w->db, sql, 0);
    *kind = (billing_event_kind_t) billing_db_int(op->w->db, sql, 1);
    billing_db_done(op->w->db, sql);

    return BILLING_DB_OK;
}


/* --- once more ------------------------------------------------------------ */


billing_db_rc_t
billing_op_app_replay(billing_op_t *op)
{
    int64_t                       seq, n = 0;
    const char                   *id = billing_op_text(op, "event");
    billing_db_rc_t               rc;
    billing_event_kind_t          kind;
    const billing_application_t  *app = &op->w->settings->application;

    rc = billing_app_seq(op, id, &seq, &kind);

    for (uint32_t i = 0; i < app->nwebhooks && rc == BILLING_DB_OK; i++) {
        if (app->webhooks[i].events & (1u << kind)) {
            rc = billing_app_again(op, &app->webhooks[i], seq);
            n++;
        }
    }

    return rc == BILLING_DB_OK
           ? billing_op_reply(op, 200, json_pack("{s:I}", "queued",
                                                 (json_int_t) n))
           : rc;
}


static billing_db_rc_t
billing_app_again(billing_op_t *op, const billing_webhook_t *hook,
    int64_t seq)
{
    static const char  sql[] =
        "INSERT INTO app_delivery (endpoint, event, state, next_at)"
        " VALUES ($1, $2, 'queued', $3) ON CONFLICT (endpoint, event)"
        " DO UPDATE SET state = 'queued', failed = 0,"
        " next_at = excluded.next_at";

    return billing_db_exec(op->w->db, sql, "tii", hook->url, seq,
                           billing_worker_wall(op->w));
}


/* By their timestamps; the oldest first when there are too many. */

billing_db_rc_t
billing_op_app_replay_all(billing_op_t *op)
{
    static const char  sql[] =
        "INSERT INTO app_delivery (endpoint, event, state, next_at)"
        " SELECT $1, seq, 'queued', $2 FROM app_event WHERE at >= $3"
        " AND at < $4 AND seq IN (SELECT seq FROM app_event WHERE at >= $5"
        " AND at < $6 ORDER BY seq LIMIT $7)"
        " AND (($8 >> kind) & 1) = 1"
        " ON CONFLICT (endpoint, event)"
        " DO UPDATE SET state = 'queued', failed = 0,"
        " next_at = excluded.next_at";

    int64_t                       after, before, n = 0;
    billing_db_rc_t               rc = BILLING_DB_OK;
    const billing_application_t  *app = &op->w->settings->application;

    after = billing_app_instant(op->command->body, "after");
    before = billing_app_instant(op->command->body, "before");
    before = before == 0 ? op->now + 1 : before;

    for (uint32_t i = 0; i < app->nwebhooks && rc == BILLING_DB_OK; i++) {
        rc = billing_db_exec(op->w->db, sql, "tiiiiiii",
                             app->webhooks[i].url,
                             billing_worker_wall(op->w), after, before, after,
                             before, (int64_t) BILLING_REPLAY_MAX,
                             (int64_t) app->webhooks[i].events);
        n += rc == BILLING_DB_OK ? billing_db_changes(op->w->db) : 0;
    }

    return rc == BILLING_DB_OK
           ? billing_op_reply(op, 200, json_pack("{s:I}", "queued",
                                                 (json_int_t) n))
           : rc;
}


/* --- who listens ---------------------------------------------------------- */


static billing_db_rc_t
billing_app_endpoint(billing_op_t *op, const billing_webhook_t *hook,
    json_t **out)
{
    static const char  sql[] =
        "SELECT COALESCE(MAX(disabled), 0), COALESCE(MAX(failed_at), 0),"
        " COALESCE(MAX(delivered_at), 0), COALESCE(MAX(status), 0),"
        " COALESCE(MAX(error), ''),"
        " (SELECT COUNT(*) FROM app_delivery WHERE endpoint = $1"
        " AND state = 'queued'), (SELECT COUNT(*) FROM app_delivery"
        " WHERE endpoint = $1 AND state = 'failed')"
        " FROM app_endpoint WHERE url = $1";

    bool             disabled;
    int64_t          failed_at;
    billing_db_t    *db = op->w->db;
    billing_db_rc_t  rc;

    rc = billing_db_query(db, sql, "t", hook->url);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_FATAL : rc;
    }

    disabled = billing_db_int(db, sql, 0) != 0;
    failed_at = billing_db_int(db, sql, 1);

    *out = json_pack("{s:s, s:s, s:o, s:o, s:I, s:s, s:I, s:I}",
               "url", hook->url,
               "state", disabled ? "disabled"
                        : failed_at != 0 ? "failing" : "active",
               "failing_since", billing_instant_json(failed_at),
               "delivered_at", billing_instant_json(billing_db_int(db, sql,
                                                                   2)),
               "status", (json_int_t) billing_db_int(db, sql, 3),
               "error", billing_db_text(db, sql, 4),
               "queued", (json_int_t) billing_db_int(db, sql, 5),
               "given_up", (json_int_t) billing_db_int(db, sql, 6));
    billing_db_done(db, sql);

    return *out == NULL ? BILLING_DB_UNMADE : BILLING_DB_OK;
}


billing_db_rc_t
billing_query_app_webhooks(billing_op_t *op)
{
    json_t                       *list = json_array(), *json;
    billing_db_rc_t               rc = BILLING_DB_OK;
    const billing_application_t  *app = &op->w->settings->application;

    for (uint32_t i = 0; i < app->nwebhooks && rc == BILLING_DB_OK; i++) {
        rc = billing_app_endpoint(op, &app->webhooks[i], &json);

        if (rc == BILLING_DB_OK) {
            (void) json_array_append_new(list, json);
        }
    }

    if (rc != BILLING_DB_OK) {
        json_decref(list);
        return rc;
    }

    return billing_op_reply(op, 200, json_pack("{s:o}", "webhooks", list));
}


/* After a 410: what has gathered meanwhile is sent. */

billing_db_rc_t
billing_op_app_enable(billing_op_t *op)
{
    static const char  sql[] =
        "UPDATE app_endpoint SET disabled = 0, failed_at = 0 WHERE url = $1";

    json_t                       *json;
    const char                   *url = billing_op_text(op, "url");
    billing_db_rc_t               rc;
    const billing_application_t  *app = &op->w->settings->application;

    for (uint32_t i = 0; i < app->nwebhooks; i++) {
        if (strcmp(app->webhooks[i].url, url) != 0) {
            continue;
        }

        rc = billing_db_exec(op->w->db, sql, "t", url);

        if (rc == BILLING_DB_OK) {
            rc = billing_app_endpoint(op, &app->webhooks[i], &json);
        }

        return rc == BILLING_DB_OK
               ? billing_op_reply(op, 200, json_pack("{s:o}", "webhook",
                                                     json))
               : rc;
    }

    return billing_op_deny(op, BILLING_NOT_FOUND, NULL);
}
