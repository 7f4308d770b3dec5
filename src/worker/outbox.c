/*
 * The outbox of records: what has changed in the database and must be written
 * through to Redis.  A row is inserted with the change and deleted once Redis
 * has accepted the record, so a crash or a lost connection only delays it.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "billing_infra.h"

#define BILLING_OUTBOX_SWEEP_MS  10000
#define BILLING_OUTBOX_CLEAN_MS  500        /* let rows gather for one delete */
#define BILLING_OUTBOX_PAGE      512

typedef struct {
    billing_outbox_row_t  *rows;
    size_t                 n;
    size_t                 max;
} billing_outbox_list_t;

struct billing_outbox_s {
    billing_outbox_list_t  changed;         /* in this turn */
    billing_outbox_list_t  accepted;        /* by Redis, to be deleted */
    size_t                 cleaned;         /* of those, in this transaction */
    size_t                 sent;            /* without a reply yet */
    int64_t                seq;
    int64_t                sweep_ms;
    int64_t                clean_ms;
};

static billing_db_rc_t billing_outbox_change(billing_worker_t *w,
    billing_record_kind_t kind, const char *id, const char *email);
static bool billing_outbox_again(const billing_outbox_list_t *list,
    billing_record_kind_t kind, const char *id);
static billing_db_rc_t billing_outbox_send(billing_worker_t *w,
    const billing_outbox_row_t *row);
static void billing_outbox_sent(billing_worker_t *w, redisReply *reply,
    uintptr_t data);
static billing_db_rc_t billing_outbox_read(billing_worker_t *w,
    const billing_outbox_row_t *row, billing_record_t *record);
static bool billing_outbox_write(billing_worker_t *w,
    const billing_outbox_record_t *made, const char *seconds,
    billing_redis_command_t *command);
static void billing_outbox_restored(billing_worker_t *w, redisReply *reply,
    uintptr_t data);
static size_t billing_outbox_key(const billing_worker_t *w,
    const billing_outbox_row_t *row, char *key);


bool
billing_outbox_new(billing_worker_t *w)
{
    billing_infra(w)->outbox = calloc(1, sizeof(struct billing_outbox_s));

    return billing_infra(w)->outbox != NULL;
}


void
billing_outbox_free(billing_worker_t *w)
{
    struct billing_outbox_s  *o = billing_infra(w)->outbox;

    if (o != NULL) {
        free(o->changed.rows);
        free(o->accepted.rows);
        free(o);
        billing_infra(w)->outbox = NULL;
    }
}


static billing_outbox_row_t *
billing_outbox_push(billing_outbox_list_t *list)
{
    size_t                 max;
    billing_outbox_row_t  *grown;

    if (list->n == list->max) {
        max = list->max ? list->max * 2 : 256;

        grown = realloc(list->rows, max * sizeof(billing_outbox_row_t));
        if (grown == NULL) {
            return NULL;
        }

        list->rows = grown;
        list->max = max;
    }

    return &list->rows[list->n++];
}


/* --- in the transaction --------------------------------------------------- */


billing_db_rc_t
billing_outbox_team(billing_worker_t *w, const char *team)
{
    billing_db_rc_t  rc;

    rc = billing_outbox_change(w, BILLING_RECORD_TEAM, team, "");

    return (rc == BILLING_DB_OK) ? billing_event_team(w, team) : rc;
}


billing_db_rc_t
billing_outbox_member(billing_worker_t *w, const char *team,
    const char *email)
{
    billing_db_rc_t  rc;

    rc = billing_outbox_change(w, BILLING_RECORD_MEMBER, team, email);

    return (rc == BILLING_DB_OK) ? billing_event_member(w, team, email) : rc;
}


billing_db_rc_t
billing_outbox_board(billing_worker_t *w, const char *board)
{
    return billing_outbox_change(w, BILLING_RECORD_BOARD, board, "");
}


billing_db_rc_t
billing_outbox_access(billing_worker_t *w, const char *board,
    const char *email)
{
    return billing_outbox_change(w, BILLING_RECORD_ACCESS, board, email);
}


/* Numbers go on where an earlier process stopped. */

static billing_db_rc_t
billing_outbox_seq(billing_worker_t *w)
{
    billing_db_rc_t           rc;
    struct billing_outbox_s  *o = billing_infra(w)->outbox;
    static const char         sql[] =
        "SELECT COALESCE(MAX(seq), 0) FROM record_outbox";

    if (o->seq > 0) {
        o->seq++;
        return BILLING_DB_OK;
    }

    rc = billing_db_query(w->db, sql, "");
    if (rc != BILLING_DB_ROW) {
        return (rc == BILLING_DB_DONE) ? BILLING_DB_FATAL : rc;
    }

    o->seq = billing_db_int(w->db, sql, 0) + 1;
    billing_db_done(w->db, sql);

    return BILLING_DB_OK;
}


/*
 * A team changes with each of its people: one record of it is enough.  Of a
 * list of people it is among the last.
 */

static bool
billing_outbox_again(const billing_outbox_list_t *list,
    billing_record_kind_t kind, const char *id)
{
    const billing_outbox_row_t  *row;

    if (kind != BILLING_RECORD_TEAM) {
        return false;
    }

    for (size_t i = list->n; i > 0 && list->n - i < BILLING_OUTBOX_PAGE; i--) {
        row = &list->rows[i - 1];

        if (row->kind == kind && strcmp(row->id, id) == 0) {
            return true;
        }
    }

    return false;
}


static billing_db_rc_t
billing_outbox_change(billing_worker_t *w, billing_record_kind_t kind,
    const char *id, const char *email)
{
    billing_db_rc_t           rc;
    billing_outbox_row_t     *row;
    struct billing_outbox_s  *o = billing_infra(w)->outbox;
    static const char         sql[] =
        "INSERT INTO record_outbox (kind, id, email, seq)"
        " VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (kind, id, email) DO UPDATE SET seq = excluded.seq";

    /* Not sent yet: what is sent after the commit is how it is then. */

    if (billing_outbox_again(&o->changed, kind, id)) {
        return BILLING_DB_OK;
    }

    rc = billing_outbox_seq(w);
    if (rc == BILLING_DB_OK) {
        rc = billing_db_later(w->db, sql, "itti", (int64_t) kind, id, email,
                              o->seq);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    row = billing_outbox_push(&o->changed);
    if (row == NULL) {
        return BILLING_DB_OK;       /* the row is there: the sweep finds it */
    }

    row->kind = kind;
    row->seq = o->seq;
    (void) snprintf(row->id, sizeof(row->id), "%s", id);
    (void) snprintf(row->email, sizeof(row->email), "%s", email);

    return BILLING_DB_OK;
}


size_t
billing_outbox_mark(const billing_worker_t *w)
{
    return billing_infra(w)->outbox->changed.n;
}


void
billing_outbox_undo(billing_worker_t *w, size_t mark)
{
    billing_infra(w)->outbox->changed.n = mark;
    billing_infra(w)->outbox->cleaned = 0;
}


bool
billing_outbox_accepted(const billing_worker_t *w)
{
    struct billing_outbox_s  *o = billing_infra(w)->outbox;

    return o->accepted.n > 0
           && (o->accepted.n >= BILLING_OUTBOX_PAGE
               || billing_clock_mono_ms() >= o->clean_ms);
}


/* A row that changed again meanwhile has another number and stays. */

billing_db_rc_t
billing_outbox_clean(billing_worker_t *w)
{
    billing_db_rc_t           rc = BILLING_DB_OK;
    struct billing_outbox_s  *o = billing_infra(w)->outbox;
    static const char         sql[] =
        "DELETE FROM record_outbox WHERE kind = $1 AND id = $2 AND email = $3"
        " AND seq = $4";

    o->cleaned = 0;

    for (size_t i = 0; i < o->accepted.n && rc == BILLING_DB_OK; i++) {
        const billing_outbox_row_t  *row = &o->accepted.rows[i];

        rc = billing_db_exec(w->db, sql, "itti", (int64_t) row->kind, row->id,
                             row->email, row->seq);
        o->cleaned++;
    }

    return rc;
}


/* --- after the commit ----------------------------------------------------- */


billing_db_rc_t
billing_outbox_flush(billing_worker_t *w)
{
    billing_db_rc_t           rc = BILLING_DB_OK;
    struct billing_outbox_s  *o = billing_infra(w)->outbox;

    if (o->cleaned > 0) {
        o->accepted.n -= o->cleaned;
        memmove(o->accepted.rows, o->accepted.rows + o->cleaned,
                o->accepted.n * sizeof(billing_outbox_row_t));
        o->cleaned = 0;
    }

    /* Teams last: whoever has the team's new version can have the rest. */

    for (unsigned teams = 0; teams < 2; teams++) {
        for (size_t i = 0; i < o->changed.n && rc == BILLING_DB_OK; i++) {
            if ((o->changed.rows[i].kind == BILLING_RECORD_TEAM) == teams) {
                rc = billing_outbox_send(w, &o->changed.rows[i]);
            }
        }
    }

    o->changed.n = 0;

    return (rc == BILLING_DB_FATAL) ? rc : BILLING_DB_OK;
}


billing_db_rc_t
billing_outbox_sweep(billing_worker_t *w, int64_t mono_ms)
{
    billing_db_rc_t           rc;
    billing_outbox_row_t      row;
    struct billing_outbox_s  *o = billing_infra(w)->outbox;
    static const char         sql[] =
        "SELECT kind, id, email, seq FROM record_outbox"
        " ORDER BY seq LIMIT $1";

    if (mono_ms < o->sweep_ms || o->sent > 0 || o->accepted.n > 0
        || !billing_rehydrate_ready(w))
    {
        return BILLING_DB_OK;
    }

    o->sweep_ms = mono_ms + BILLING_OUTBOX_SWEEP_MS;

    rc = billing_db_query(w->db, sql, "i", (int64_t) BILLING_OUTBOX_PAGE);

    while (rc == BILLING_DB_ROW) {
        row.kind = (billing_record_kind_t) billing_db_int(w->db, sql, 0);
        row.seq = billing_db_int(w->db, sql, 3);
        (void) snprintf(row.id, sizeof(row.id), "%s",
                        billing_db_text(w->db, sql, 1));
        (void) snprintf(row.email, sizeof(row.email), "%s",
                        billing_db_text(w->db, sql, 2));

        rc = billing_outbox_send(w, &row);
        if (rc == BILLING_DB_FATAL) {
            return rc;
        }

        if (rc == BILLING_DB_DONE) {
            billing_db_done(w->db, sql);
            break;
        }

        rc = billing_db_next(w->db, sql);
    }

    if (o->sent >= BILLING_OUTBOX_PAGE) {
        o->sweep_ms = mono_ms;              /* there is more */
    }

    return (rc == BILLING_DB_FATAL) ? rc : BILLING_DB_OK;
}


static billing_db_rc_t
billing_outbox_send(billing_worker_t *w, const billing_outbox_row_t *row)
{
    billing_db_rc_t           rc;
    billing_outbox_row_t     *copy;
    struct billing_outbox_s  *o = billing_infra(w)->outbox;

    copy = malloc(sizeof(billing_outbox_row_t));
    if (copy == NULL) {
        return BILLING_DB_DONE;
    }

    *copy = *row;

    rc = billing_outbox_put(w, copy, billing_outbox_sent, (uintptr_t) copy);
    if (rc == BILLING_DB_OK) {
        o->sent++;
        return rc;
    }

    free(copy);

    return rc;
}


static void
billing_outbox_sent(billing_worker_t *w, redisReply *reply, uintptr_t data)
{
    billing_outbox_row_t     *row = (billing_outbox_row_t *) data, *kept;
    struct billing_outbox_s  *o = billing_infra(w)->outbox;

    o->sent--;
    billing_redis_complain(w, reply);

    if (reply != NULL && reply->type == REDIS_REPLY_INTEGER) {
        if (reply->integer == 0) {
            billing_rehydrate_demand(w);    /* the row stays for the sweep */
            free(row);
            return;
        }

        if (o->accepted.n == 0) {
            o->clean_ms = billing_clock_mono_ms() + BILLING_OUTBOX_CLEAN_MS;
        }

        kept = billing_outbox_push(&o->accepted);
        if (kept != NULL) {
            *kept = *row;
        }
    }

    free(row);
}


billing_db_rc_t
billing_outbox_put(billing_worker_t *w, const billing_outbox_row_t *row,
    billing_redis_reply_pt handler, uintptr_t data)
{
    billing_db_rc_t           rc;
    billing_outbox_record_t   made;
    billing_redis_command_t   command = { .handler = handler, .data = data };

    if (!billing_redis_up(w)) {
        return BILLING_DB_DONE;
    }

    rc = billing_outbox_encode(w, row, &made);
    if (rc != BILLING_DB_OK) {
        return rc;
    }

    return billing_outbox_write(w, &made, NULL, &command) ? BILLING_DB_OK
                                                          : BILLING_DB_DONE;
}


static bool
billing_outbox_write(billing_worker_t *w, const billing_outbox_record_t *made,
    const char *seconds, billing_redis_command_t *command)
{
    billing_redis_word(command, "FCALL");
    billing_redis_word(command, "billing_put");
    billing_redis_word(command, "1");
    billing_redis_arg(command, made->key, made->key_len);
    billing_redis_arg(command, made->value, made->len);
    billing_redis_word(command, billing_redis_name(w, "notice"));

    if (seconds != NULL) {
        billing_redis_word(command, seconds);
    }

    return billing_redis_send(w, BILLING_LINK_WRITER, command);
}


void
billing_outbox_restore(billing_worker_t *w,
    const billing_outbox_record_t *made)
{
    char                      seconds[16];
    billing_redis_command_t   command = { .handler = billing_outbox_restored };

    (void) snprintf(seconds, sizeof(seconds), "%d",
                    BILLING_OUTBOX_NOTHING_SEC);

    /* Every kind of record begins with its epoch and its version. */

    (void) billing_outbox_write(w, made,
                                made->record.u.team.version == 0 ? seconds
                                                                 : NULL,
                                &command);
}


/* As of any other record: newer than the database is not ours to keep. */

static void
billing_outbox_restored(billing_worker_t *w, redisReply *reply,
    uintptr_t data)
{
    (void) data;
    billing_redis_complain(w, reply);

    if (reply != NULL && reply->type == REDIS_REPLY_INTEGER
        && reply->integer == 0)
    {
        billing_rehydrate_demand(w);
    }
}


billing_db_rc_t
billing_outbox_encode(billing_worker_t *w, const billing_outbox_row_t *row,
    billing_outbox_record_t *out)
{
    billing_db_rc_t  rc;

    out->record = (billing_record_t) { .kind = row->kind };

    rc = billing_outbox_read(w, row, &out->record);
    if (rc != BILLING_DB_OK) {
        return rc;
    }

    out->key_len = billing_outbox_key(w, row, out->key);

    if (out->key_len == 0
        || billing_record_encode(&w->secrets[0],
                                 (billing_bytes_t) { out->key, out->key_len },
                                 &out->record, out->value, sizeof(out->value),
                                 &out->len) != BILLING_OK)
    {
        billing_log("ALERT: no record can be made of %d %s", (int) row->kind,
                    row->id);
        return BILLING_DB_CONFLICT;
    }

    return BILLING_DB_OK;
}


static billing_db_rc_t
billing_outbox_read(billing_worker_t *w, const billing_outbox_row_t *row,
    billing_record_t *record)
{
    billing_db_rc_t  rc;

    if (row->kind == BILLING_RECORD_TEAM) {
        rc = billing_record_team(w, row->id, &record->u.team);
        record->u.team.epoch = w->record_epoch;
        return rc;
    }

    if (row->kind == BILLING_RECORD_MEMBER) {
        rc = billing_record_member(w, row->id, row->email, &record->u.member);
        record->u.member.epoch = w->record_epoch;
        return rc;
    }

    if (row->kind == BILLING_RECORD_ACCESS) {
        rc = billing_record_access(w, row->id, row->email,
                                   &record->u.access);
        record->u.access.epoch = w->record_epoch;
        return rc;
    }

    rc = billing_record_board(w, row->id, &record->u.board);
    record->u.board.epoch = w->record_epoch;

    return rc;
}


static size_t
billing_outbox_key(const billing_worker_t *w, const billing_outbox_row_t *row,
    char *key)
{
    const char       *prefix = w->settings->redis_prefix;
    billing_bytes_t   id = { row->id, strlen(row->id) };
    billing_bytes_t   email = { row->email, strlen(row->email) };

    if (row->kind == BILLING_RECORD_TEAM) {
        return billing_key_team(key, prefix, id);
    }

    if (row->kind == BILLING_RECORD_MEMBER) {
        return billing_key_member(key, prefix, id, email);
    }

    if (row->kind == BILLING_RECORD_ACCESS) {
        return billing_key_access(key, prefix, id, email);
    }

    return billing_key_board(key, prefix, id);
}
