/*
 * Commands: one execution for each idempotency key, whatever is repeated.
 *
 * The command row is inserted in the transaction that executes the command, so
 * there is no state in which a command ran and is not known.  A redelivered
 * entry finds its row and does nothing again.  Answers below 500 are kept and
 * replayed byte for byte; a 5xx is told but not kept, so that the same request
 * may go on later.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "billing_infra.h"

#define BILLING_BUSY_RETRY_SEC   1
#define BILLING_LATER_RETRY_SEC  5

/* A channel, and a second id of who waits there. */
#define BILLING_REPLY_MAX        (BILLING_KEY_MAX + BILLING_OP_ID_LEN + 2)

typedef struct {
    bool      found;
    bool      done;
    bool      retry;
    bool      same_entry;       /* of the stream */
    bool      same_request;     /* its fingerprint */
    unsigned  status;
    unsigned  retry_after_sec;
    bool      problem;
    char      op[BILLING_OP_ID_LEN + 1];    /* under which it is stored */
    char      team[BILLING_ID_MAX + 1];
    char     *body;             /* malloc'ed */
} billing_command_state_t;

static billing_db_rc_t billing_command_dead(billing_worker_t *w,
    const billing_entry_t *entry, const char *reason, int64_t now);
static billing_db_rc_t billing_command_decoded(billing_worker_t *w,
    const billing_entry_t *entry, const billing_command_t *command,
    int64_t now);
static billing_db_rc_t billing_command_decide(billing_worker_t *w,
    const billing_entry_t *entry, const billing_command_t *command,
    int64_t now);
static billing_db_rc_t billing_command_again(billing_worker_t *w,
    const billing_command_t *command, const billing_command_state_t *state);
static billing_db_rc_t billing_command_find(billing_worker_t *w,
    const billing_entry_t *entry, const billing_command_t *command,
    billing_command_state_t *state);
static billing_db_rc_t billing_command_replay(billing_worker_t *w,
    const billing_command_t *command, const billing_command_state_t *state);
static billing_db_rc_t billing_command_execute(billing_worker_t *w,
    const billing_entry_t *entry, const billing_command_t *command,
    const char *op, int64_t now);
static billing_db_rc_t billing_command_store(billing_worker_t *w,
    const char *op, const billing_op_reply_t *reply, const char *body);
static void billing_command_refused(billing_worker_t *w,
    const billing_command_t *command, const billing_op_reply_t *reply);
static void billing_command_refuse(billing_worker_t *w,
    const billing_command_t *command, billing_reason_t reason,
    unsigned retry_after_sec);


billing_db_rc_t
billing_command_entry(billing_worker_t *w, const billing_entry_t *entry,
    int64_t now)
{
    billing_err_t      err;
    billing_db_rc_t    rc;
    billing_command_t  command;

    if (entry->deliveries >= BILLING_DELIVERIES_MAX) {
        (void) billing_command_later(w, entry);
        return billing_command_dead(w, entry, "delivered too often", now);
    }

    err = billing_command_read(w, entry, &command);

    if (err == BILLING_ENOMEM) {
        return BILLING_DB_UNMADE;
    }

    if (err == BILLING_EMAC) {
        billing_security_note(w, &(billing_security_note_t) {
            .event = BILLING_SECURITY_MAC_BAD, .what = "command"
        });
    }

    if (err != BILLING_OK) {
        return billing_command_dead(w, entry, (err == BILLING_EMAC)
                                    ? "not signed by us"
                                    : "not a command we know", now);
    }

    rc = billing_command_decoded(w, entry, &command, now);
    billing_command_release(&command);

    return rc;
}


static billing_db_rc_t
billing_command_decoded(billing_worker_t *w, const billing_entry_t *entry,
    const billing_command_t *command, int64_t now)
{
    bool             query = billing_op_is_query(command->kind);
    billing_db_rc_t  rc;

    if (query != (entry->stream == BILLING_STREAM_QUERIES)) {
        return billing_command_dead(w, entry, "in the wrong stream", now);
    }

    /* A query comes here only when the database could not be asked. */
    if (query) {
        billing_command_refuse(w, command, BILLING_STORE_UNAVAILABLE,
                               BILLING_LATER_RETRY_SEC);
        return BILLING_DB_OK;
    }

    billing_trace_begin(w, command->trace);
    rc = billing_command_decide(w, entry, command, now);
    billing_trace_end(w);

    return rc;
}


/* Any of the secrets may have signed it: the older one during a change. */

billing_err_t
billing_command_read(billing_worker_t *w, const billing_entry_t *entry,
    billing_command_t *command)
{
    billing_err_t    err = BILLING_EMAC;
    billing_bytes_t  bytes = { entry->command, entry->command_len };
    billing_bytes_t  mac = { entry->mac, entry->mac_len };

    if (entry->command == NULL || entry->mac == NULL) {
        return BILLING_EFORMAT;
    }

    for (unsigned i = 0; i < w->nsecrets && err == BILLING_EMAC; i++) {
        err = billing_command_decode(&w->secrets[i], bytes, mac, command);
    }

    return err;
}


static billing_db_rc_t
billing_command_dead(billing_worker_t *w, const billing_entry_t *entry,
    const char *reason, int64_t now)
{
    static const char  sql[] =
        "INSERT INTO dead_letter (stream, entry, reason, deliveries, command,"
        " mac, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)"
        " ON CONFLICT DO NOTHING";

    billing_log("ALERT: entry %s of %s set aside: %s", entry->id,
                billing_stream_noun(entry->stream), reason);
    billing_security_note(w, &(billing_security_note_t) {
        .event = BILLING_SECURITY_DEAD_LETTER, .what = reason
    });

    return billing_db_exec(w->db, sql, "tttibbi",
                           billing_stream_noun(entry->stream), entry->id,
                           reason, (int64_t) entry->deliveries,
                           (const void *) entry->command, entry->command_len,
                           (const void *) entry->mac, entry->mac_len, now);
}


static billing_db_rc_t
billing_command_decide(billing_worker_t *w, const billing_entry_t *entry,
    const billing_command_t *command, int64_t now)
{
    billing_db_rc_t          rc;
    billing_command_state_t  state = { .found = false };

    rc = billing_command_find(w, entry, command, &state);

    if (rc == BILLING_DB_OK && !state.found) {

        /* Its client was told 202 long ago and may have asked again. */

        if (command->deadline_ms > 0
            && billing_clock_wall_ms() > command->deadline_ms)
        {
            return BILLING_DB_OK;
        }

        return billing_command_execute(w, entry, command, command->op, now);
    }

    /* The same entry once more was told its 5xx: only its client asks again. */

    if (rc == BILLING_DB_OK) {
        rc = (state.same_request && state.retry && !state.same_entry)
             ? billing_command_execute(w, entry, command, state.op, now)
             : billing_command_again(w, command, &state);
    }

    free(state.body);

    return rc;
}


/* The key has been seen: nothing is executed. */

static billing_db_rc_t
billing_command_again(billing_worker_t *w, const billing_command_t *command,
    const billing_command_state_t *state)
{
    if (!state->same_request) {
        billing_command_refuse(w, command, BILLING_IDEMPOTENCY_KEY_REUSED, 0);
        return BILLING_DB_OK;
    }

    if (state->done) {
        return billing_command_replay(w, command, state);
    }

    /* Delivered twice by Redis: its first asker is still being served. */
    if (!state->same_entry) {
        billing_command_refuse(w, command, BILLING_OPERATION_IN_PROGRESS,
                               BILLING_BUSY_RETRY_SEC);
    }

    return BILLING_DB_OK;
}


/* By its id, or by what the id is made of should the secret have changed. */

static billing_db_rc_t
billing_command_find(billing_worker_t *w, const billing_entry_t *entry,
    const billing_command_t *command, billing_command_state_t *state)
{
    const char        *text;
    billing_db_rc_t    rc;
    static const char  sql[] =
        "SELECT state, entry, fingerprint, status, problem, retry_after,"
        " answer_team, body, op FROM command WHERE op = $1"
        " OR (actor = $2 AND kind = $3 AND team = $4 AND idem_key = $5)"
        " ORDER BY op = $1 DESC LIMIT 1";

    rc = billing_db_query(w->db, sql, "ttttt", command->op, command->actor,
                          command->kind, command->team, command->key);
    if (rc != BILLING_DB_ROW) {
        return (rc == BILLING_DB_DONE) ? BILLING_DB_OK : rc;
    }

    text = billing_db_text(w->db, sql, 0);
    state->found = true;
    state->done = strcmp(text, "done") == 0;
    state->retry = strcmp(text, "retry") == 0;
    state->same_entry = strcmp(billing_db_text(w->db, sql, 1), entry->id) == 0;
    state->same_request = strcmp(billing_db_text(w->db, sql, 2),
                                 command->fingerprint) == 0;
    state->status = (unsigned) billing_db_int(w->db, sql, 3);
    state->problem = billing_db_int(w->db, sql, 4) != 0;
    state->retry_after_sec = (unsigned) billing_db_int(w->db, sql, 5);
    (void) snprintf(state->team, sizeof(state->team), "%s",
                    billing_db_text(w->db, sql, 6));
    (void) snprintf(state->op, sizeof(state->op), "%s",
                    billing_db_text(w->db, sql, 8));

    if (state->done) {
        state->body = strdup(billing_db_text(w->db, sql, 7));
    }

    billing_db_done(w->db, sql);

    return (state->done && state->body == NULL) ? BILLING_DB_UNMADE
                                                : BILLING_DB_OK;
}


/* The version a client must see: the team's as this transaction leaves it. */

static billing_db_rc_t
billing_command_seen(billing_worker_t *w, const char *team,
    billing_answer_t *answer)
{
    billing_db_rc_t        rc;
    billing_team_record_t  record;

    if (team[0] == '\0') {
        return BILLING_DB_OK;
    }

    rc = billing_record_team(w, team, &record);
    if (rc != BILLING_DB_OK) {
        return (rc == BILLING_DB_DONE) ? BILLING_DB_OK : rc;
    }

    (void) snprintf(answer->team, sizeof(answer->team), "%s", team);
    answer->epoch = w->record_epoch;
    answer->version = record.version;

    return BILLING_DB_OK;
}


static billing_db_rc_t
billing_command_replay(billing_worker_t *w, const billing_command_t *command,
    const billing_command_state_t *state)
{
    billing_db_rc_t   rc;
    billing_answer_t  answer = {
        .status = state->status,
        .retry_after_sec = state->retry_after_sec,
        .replayed = true,
        .problem = state->problem,
        .body = { state->body, strlen(state->body) }
    };

    memcpy(answer.op, command->op, BILLING_OP_ID_LEN);

    rc = billing_command_seen(w, state->team, &answer);
    if (rc == BILLING_DB_OK) {
        billing_answer_queue(w, command->reply, &answer);
    }

    return rc;
}


/*
 * A row of before a change of the secret keeps its id; who asks now waits under
 * another one, which is written behind the channel.
 */

static billing_db_rc_t
billing_command_insert(billing_worker_t *w, const billing_entry_t *entry,
    const billing_command_t *command, const char *op, int64_t now)
{
    char               reply[BILLING_REPLY_MAX];
    bool               other = strcmp(op, command->op) != 0;
    static const char  sql[] =
        "INSERT INTO command (op, actor, kind, team, idem_key, fingerprint,"
        " state, entry, reply, lang, created_at, trace)"
        " VALUES ($1, $2, $3, $4, $5, $6, 'open', $7, $8, $9, $10, $11)"
        " ON CONFLICT (op) DO UPDATE SET state = 'open',"
        " entry = excluded.entry, reply = excluded.reply,"
        " lang = excluded.lang, trace = excluded.trace";

    (void) snprintf(reply, sizeof(reply), "%s%s%s", command->reply,
                    other ? " " : "", other ? command->op : "");

    return billing_db_later(w->db, sql, "tttttttttit", op, command->actor,
                            command->kind, command->team, command->key,
                            command->fingerprint, entry->id, reply,
                            command->lang, now,
                            command->trace == NULL ? "" : command->trace);
}


static billing_db_rc_t
billing_command_execute(billing_worker_t *w, const billing_entry_t *entry,
    const billing_command_t *command, const char *op, int64_t now)
{
    billing_mark_t      mark;
    billing_db_rc_t     rc;
    billing_command_t   stored = *command;
    billing_op_reply_t  reply = { .status = 0 };

    stored.op = op;

    rc = billing_command_insert(w, entry, command, op, now);
    if (rc == BILLING_DB_OK) {
        rc = billing_savepoint(w, &mark);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    rc = billing_op_run(w, &stored, now, &reply);

    if (rc == BILLING_DB_FATAL || rc == BILLING_DB_FULL) {
        json_decref(reply.body);
        return rc;
    }

    if (rc != BILLING_DB_OK && rc != BILLING_DB_DONE) {
        reply.undo = true;
    }

    if (!reply.later && reply.status == 0) {
        billing_op_refuse(&reply, BILLING_INTERNAL, command->lang, NULL);
    }

    if (reply.undo) {
        billing_savepoint_undo(w, &mark);
        billing_command_refused(w, command, &reply);
        rc = BILLING_DB_OK;

    } else {
        rc = billing_db_release(w->db);
    }

    if (rc == BILLING_DB_OK && !reply.later) {
        return billing_op_finish(w, op, &reply);
    }

    json_decref(reply.body);

    return rc;
}


/* For want of rights: who watches wants to know who tried. */

static void
billing_command_refused(billing_worker_t *w, const billing_command_t *command,
    const billing_op_reply_t *reply)
{
    const char  *code;

    code = json_string_value(json_object_get(reply->body, "code"));

    if (code != NULL && billing_security_of(reply->status, code)
                        == BILLING_SECURITY_API_REFUSED)
    {
        billing_security_note(w, &(billing_security_note_t) {
            .event = BILLING_SECURITY_COMMAND_REFUSED, .reason = code,
            .op = command->op, .team = command->team, .who = command->actor,
            .what = command->kind
        });
    }
}


billing_db_rc_t
billing_op_finish(billing_worker_t *w, const char *op,
    billing_op_reply_t *reply)
{
    char               channel[BILLING_REPLY_MAX] = "";
    billing_db_rc_t    rc;
    static const char  sql[] = "SELECT reply FROM command WHERE op = $1"
                               " AND state <> 'done'";

    rc = billing_db_query(w->db, sql, "t", op);

    if (rc == BILLING_DB_ROW) {
        (void) snprintf(channel, sizeof(channel), "%s",
                        billing_db_text(w->db, sql, 0));
        billing_db_done(w->db, sql);

        rc = billing_command_tell(w, op, channel, reply, true);
    }

    json_decref(reply->body);
    reply->body = NULL;

    return (rc == BILLING_DB_DONE) ? BILLING_DB_OK : rc;
}


/* Keeps the answer when asked to, then queues it with the same bytes. */

billing_db_rc_t
billing_command_tell(billing_worker_t *w, const char *op, const char *channel,
    const billing_op_reply_t *reply, bool keep)
{
    char              *body;
    char               bare[BILLING_REPLY_MAX];
    size_t             len = strcspn(channel, " ");
    billing_db_rc_t    rc;
    billing_answer_t   answer = {
        .status = reply->status,
        .retry_after_sec = reply->retry_after_sec,
        .problem = reply->problem
    };

    body = (reply->body != NULL) ? json_dumps(reply->body, JSON_COMPACT)
                                 : strdup("{}");
    if (body == NULL) {
        return BILLING_DB_CONFLICT;
    }

    answer.body = (billing_bytes_t) { body, strlen(body) };
    (void) snprintf(answer.op, sizeof(answer.op), "%s", op);

    rc = keep ? billing_command_store(w, op, reply, body) : BILLING_DB_OK;
    if (rc == BILLING_DB_OK) {
        rc = billing_command_seen(w, reply->team, &answer);
    }

    if (rc == BILLING_DB_OK) {
        (void) snprintf(bare, sizeof(bare), "%.*s", (int) len, channel);
        billing_answer_queue(w, bare, &answer);
    }

    if (rc == BILLING_DB_OK && channel[len] != '\0') {
        (void) snprintf(answer.op, sizeof(answer.op), "%s", channel + len + 1);
        billing_answer_queue(w, bare, &answer);
    }

    free(body);

    return rc;
}


/*
 * A failure of ours, and being asked to come later, is no verdict: the row
 * stays, without it, and the same request is executed again.
 */

static billing_db_rc_t
billing_command_store(billing_worker_t *w, const char *op,
    const billing_op_reply_t *reply, const char *body)
{
    bool               keep = reply->status < 500 && reply->status != 429;
    static const char  sql[] =
        "UPDATE command SET state = $2, finished_at = $3, status = $4,"
        " problem = $5, retry_after = $6, answer_team = $7, body = $8"
        " WHERE op = $1";

    return billing_db_later(w->db, sql, "ttiiiitt", op, keep ? "done" : "retry",
                            billing_worker_now(w), (int64_t) reply->status,
                            (int64_t) reply->problem,
                            (int64_t) reply->retry_after_sec, reply->team,
                            keep ? body : NULL);
}


/* An answer that is not kept. */

static void
billing_command_refuse(billing_worker_t *w, const billing_command_t *command,
    billing_reason_t reason, unsigned retry_after_sec)
{
    char                *body;
    billing_answer_t     answer;
    billing_op_reply_t   reply = { .status = 0 };

    billing_op_refuse(&reply, reason, command->lang, NULL);

    body = reply.body ? json_dumps(reply.body, JSON_COMPACT) : NULL;
    answer = (billing_answer_t) {
        .status = reply.status,
        .retry_after_sec = retry_after_sec,
        .problem = true,
        .body = { body ? body : "{}", body ? strlen(body) : 2 }
    };

    memcpy(answer.op, command->op, BILLING_OP_ID_LEN);
    billing_answer_queue(w, command->reply, &answer);

    free(body);
    json_decref(reply.body);
}


bool
billing_command_later(billing_worker_t *w, const billing_entry_t *entry)
{
    billing_command_t  command;

    if (billing_command_read(w, entry, &command) != BILLING_OK) {
        return false;
    }

    billing_command_refuse(w, &command, BILLING_STORE_UNAVAILABLE,
                           BILLING_LATER_RETRY_SEC);
    billing_command_release(&command);

    return true;
}
