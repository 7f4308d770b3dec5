/*
 * Redis after a new connection: is it the one we knew, and does it still know
 * everything?  If not, a new epoch is begun, every record is written again,
 * and only then are the records called ready.  A restarted server counts as
 * another one: it may have lost its last second without a trace.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "billing_infra.h"

extern const char    billing_lua_library[];
extern const size_t  billing_lua_library_len;

#define BILLING_REHYDRATE_SLICE       256
#define BILLING_REHYDRATE_FLYING_MAX  2048
#define BILLING_REHYDRATE_AGAIN_MS    (600 * 1000)
#define BILLING_REHYDRATE_RETRY_MS    1000

typedef enum {
    BILLING_REHYDRATE_AWAY = 0,     /* no Redis */
    BILLING_REHYDRATE_ASKING,       /* library, groups, epoch, last id */
    BILLING_REHYDRATE_BEGIN,        /* a new epoch is due */
    BILLING_REHYDRATE_WRITING,
    BILLING_REHYDRATE_ENDING,       /* all sent, not all accepted */
    BILLING_REHYDRATE_READY
} billing_rehydrate_state_t;

struct billing_rehydrate_s {
    billing_rehydrate_state_t  state;
    bool                       failed;      /* one record was not accepted */
    bool                       demanded;
    uint64_t                   epoch_there; /* 0: missing or not understood */
    bool                       ready_there;
    int64_t                    demand_ms;   /* next one allowed */
    int64_t                    started_ms;
    int64_t                    retry_ms;    /* the disk was full */
    size_t                     written;
    size_t                     flying;      /* without a reply yet */
    bool                       asked;       /* by the operator */
    unsigned                   list;
    billing_outbox_row_t       last;        /* of the list at hand */
    billing_outbox_row_t       rows[BILLING_REHYDRATE_SLICE];
    char                       run_id[64];
    char                       last_id[BILLING_ENTRY_ID_MAX];
};

static void billing_rehydrate_group(billing_worker_t *w,
    billing_stream_name_t stream);
static void billing_rehydrate_loaded(billing_worker_t *w, redisReply *reply,
    uintptr_t data);
static void billing_rehydrate_epoch(billing_worker_t *w, redisReply *reply,
    uintptr_t data);
static void billing_rehydrate_last(billing_worker_t *w, redisReply *reply,
    uintptr_t data);
static billing_db_rc_t billing_rehydrate_begin(billing_worker_t *w);
static billing_db_rc_t billing_rehydrate_slice(billing_worker_t *w);
static void billing_rehydrate_say(billing_worker_t *w, const char *state,
    billing_redis_reply_pt handler);
static void billing_rehydrate_said(billing_worker_t *w, redisReply *reply,
    uintptr_t data);
static void billing_rehydrate_end(billing_worker_t *w);
static void billing_rehydrate_ended(billing_worker_t *w, redisReply *reply,
    uintptr_t data);
static void billing_rehydrate_put(billing_worker_t *w, redisReply *reply,
    uintptr_t data);


bool
billing_rehydrate_new(billing_worker_t *w)
{
    billing_infra(w)->rehydrate = calloc(1, sizeof(struct billing_rehydrate_s));

    return billing_infra(w)->rehydrate != NULL;
}


void
billing_rehydrate_free(billing_worker_t *w)
{
    free(billing_infra(w)->rehydrate);
    billing_infra(w)->rehydrate = NULL;
}


bool
billing_rehydrate_ready(const billing_worker_t *w)
{
    return billing_infra(w)->rehydrate->state == BILLING_REHYDRATE_READY;
}


void
billing_rehydrate_lost(billing_worker_t *w)
{
    billing_infra(w)->rehydrate->state = BILLING_REHYDRATE_AWAY;
}


/*
 * After a restored backup Redis may be ahead.  Not more often than every ten
 * minutes, lest a fault of ours rewrites everything all the time.
 */

void
billing_rehydrate_demand(billing_worker_t *w)
{
    int64_t                      now = billing_clock_mono_ms();
    struct billing_rehydrate_s  *r = billing_infra(w)->rehydrate;

    if (now < r->demand_ms) {
        return;
    }

    r->demand_ms = now + BILLING_REHYDRATE_AGAIN_MS;
    r->demanded = true;
    billing_redis_drop(w, "it holds newer records than the database");
}


void
billing_rehydrate_ask(billing_worker_t *w)
{
    billing_infra(w)->rehydrate->asked = true;
}


/* --- the questions -------------------------------------------------------- */


/* Asked in one go; replies come in order, so the last one decides. */

void
billing_rehydrate_connected(billing_worker_t *w, const char *run_id,
    size_t len)
{
    billing_redis_command_t      command;
    struct billing_rehydrate_s  *r = billing_infra(w)->rehydrate;

    if (billing_redis_mark_load(w) != BILLING_DB_OK) {
        billing_redis_drop(w, "the database does not tell its mark");
        return;
    }

    (void) snprintf(r->run_id, sizeof(r->run_id), "%.*s", (int) len, run_id);
    r->state = BILLING_REHYDRATE_ASKING;
    r->epoch_there = 0;
    r->ready_there = false;

    command = (billing_redis_command_t) {
        .handler = billing_rehydrate_loaded
    };
    billing_redis_word(&command, "FUNCTION");
    billing_redis_word(&command, "LOAD");
    billing_redis_word(&command, "REPLACE");
    billing_redis_arg(&command, billing_lua_library, billing_lua_library_len);
    (void) billing_redis_send(w, BILLING_LINK_WRITER, &command);

    billing_rehydrate_group(w, BILLING_STREAM_COMMANDS);
    billing_rehydrate_group(w, BILLING_STREAM_QUERIES);

    command = (billing_redis_command_t) { .handler = billing_rehydrate_epoch };
    billing_redis_word(&command, "GET");
    billing_redis_word(&command, billing_redis_name(w, "epoch"));
    (void) billing_redis_send(w, BILLING_LINK_WRITER, &command);

    command = (billing_redis_command_t) { .handler = billing_rehydrate_last };
    billing_redis_word(&command, "XINFO");
    billing_redis_word(&command, "STREAM");
    billing_redis_word(&command, billing_redis_name(w, "commands"));
    (void) billing_redis_send(w, BILLING_LINK_WRITER, &command);
}


static void
billing_rehydrate_grouped(billing_worker_t *w, redisReply *reply,
    uintptr_t data)
{
    if (reply == NULL || reply->type != REDIS_REPLY_ERROR
        || strncmp(reply->str, "BUSYGROUP", 9) == 0)
    {
        return;
    }

    if (strncmp(reply->str, "WRONGTYPE", 9) == 0) {
        billing_stream_renew(w, (billing_stream_name_t) data, reply->str);
        return;
    }

    billing_redis_drop(w, reply->str);
}


/* From 0: what was queued before the group was lost is not passed over. */

static void
billing_rehydrate_group(billing_worker_t *w, billing_stream_name_t stream)
{
    billing_redis_command_t  command = {
        .handler = billing_rehydrate_grouped, .data = stream
    };

    billing_redis_word(&command, "XGROUP");
    billing_redis_word(&command, "CREATE");
    billing_redis_word(&command,
                       billing_redis_name(w, billing_stream_noun(stream)));
    billing_redis_word(&command, "worker");
    billing_redis_word(&command, "0");
    billing_redis_word(&command, "MKSTREAM");
    (void) billing_redis_send(w, BILLING_LINK_WRITER, &command);
}


static void
billing_rehydrate_loaded(billing_worker_t *w, redisReply *reply,
    uintptr_t data)
{
    (void) data;

    if (reply != NULL && reply->type == REDIS_REPLY_ERROR) {
        billing_redis_drop(w, reply->str);
    }
}


static void
billing_rehydrate_epoch(billing_worker_t *w, redisReply *reply,
    uintptr_t data)
{
    char                        *end;
    struct billing_rehydrate_s  *r = billing_infra(w)->rehydrate;

    (void) data;

    if (reply == NULL || reply->type != REDIS_REPLY_STRING
        || reply->len == 0 || reply->str[0] < '0' || reply->str[0] > '9')
    {
        return;
    }

    r->epoch_there = strtoull(reply->str, &end, 10);
    r->ready_there = strcmp(end, " ready") == 0;
}


static const char *
billing_rehydrate_last_id(const redisReply *info)
{
    for (size_t i = 0; i + 1 < info->elements; i += 2) {
        if (info->element[i]->type == REDIS_REPLY_STRING
            && strcmp(info->element[i]->str, "last-generated-id") == 0
            && info->element[i + 1]->type == REDIS_REPLY_STRING)
        {
            return info->element[i + 1]->str;
        }
    }

    return "";
}


static void
billing_rehydrate_last(billing_worker_t *w, redisReply *reply, uintptr_t data)
{
    bool                         same;
    struct billing_rehydrate_s  *r = billing_infra(w)->rehydrate;
    const billing_redis_mark_t  *mark = &billing_infra(w)->mark;

    (void) data;

    if (reply == NULL || r->state != BILLING_REHYDRATE_ASKING) {
        return;
    }

    if (reply->type == REDIS_REPLY_ERROR
        && strncmp(reply->str, "WRONGTYPE", 9) == 0)
    {
        return;                         /* is being made again */
    }

    if (reply->type != REDIS_REPLY_ARRAY) {
        billing_redis_drop(w, "XINFO is not understood");
        return;
    }

    (void) snprintf(r->last_id, sizeof(r->last_id), "%s",
                    billing_rehydrate_last_id(reply));

    same = !r->demanded && !r->asked && mark->epoch > 0 && r->ready_there
           && mark->ground == billing_record_ground(w->settings)
           && r->epoch_there == mark->epoch
           && strcmp(r->run_id, mark->run_id) == 0
           && billing_entry_id_compare(r->last_id, mark->last_id) >= 0;

    billing_stream_start(w);
    billing_clock_publish(w, true);
    r->state = same ? BILLING_REHYDRATE_READY : BILLING_REHYDRATE_BEGIN;

    if (same) {
        billing_log("Redis connected, records of epoch %llu are there",
                    (unsigned long long) w->record_epoch);
    }
}


static void
billing_rehydrate_watched(billing_worker_t *w, redisReply *reply,
    uintptr_t data)
{
    struct billing_rehydrate_s  *r = billing_infra(w)->rehydrate;

    if (reply == NULL || r->state != BILLING_REHYDRATE_READY) {
        return;
    }

    r->epoch_there = 0;
    r->ready_there = false;
    billing_rehydrate_epoch(w, reply, data);

    if (r->epoch_there != w->record_epoch || !r->ready_there) {
        billing_redis_drop(w, "the epoch is gone");
    }
}


/* Emptied behind our back, without a restart. */

void
billing_rehydrate_watch(billing_worker_t *w)
{
    billing_redis_command_t  command = {
        .handler = billing_rehydrate_watched
    };

    if (billing_rehydrate_ready(w)) {
        billing_redis_word(&command, "GET");
        billing_redis_word(&command, billing_redis_name(w, "epoch"));
        (void) billing_redis_send(w, BILLING_LINK_WRITER, &command);
    }
}


/* --- writing everything --------------------------------------------------- */


/* Nothing is lost: what is there is replaced under the next epoch. */

static void
billing_rehydrate_asked(billing_worker_t *w)
{
    struct billing_rehydrate_s  *r = billing_infra(w)->rehydrate;

    r->epoch_there = w->record_epoch;
    memcpy(r->last_id, billing_infra(w)->mark.last_id, sizeof(r->last_id));
    r->state = BILLING_REHYDRATE_BEGIN;
}


bool
billing_rehydrate_wanting(const billing_worker_t *w)
{
    struct billing_rehydrate_s  *r = billing_infra(w)->rehydrate;

    return (r->state == BILLING_REHYDRATE_READY && r->asked)
           || (r->state == BILLING_REHYDRATE_BEGIN
            && billing_clock_mono_ms() >= r->retry_ms)
           || (r->state == BILLING_REHYDRATE_WRITING
               && billing_redis_pending(w, BILLING_LINK_WRITER)
                  < BILLING_REHYDRATE_FLYING_MAX);
}


billing_db_rc_t
billing_rehydrate_step(billing_worker_t *w)
{
    struct billing_rehydrate_s  *r = billing_infra(w)->rehydrate;

    if (!billing_redis_up(w) || !billing_rehydrate_wanting(w)) {
        return BILLING_DB_OK;
    }

    if (r->state == BILLING_REHYDRATE_READY) {
        billing_rehydrate_asked(w);
    }

    return (r->state == BILLING_REHYDRATE_BEGIN) ? billing_rehydrate_begin(w)
                                                 : billing_rehydrate_slice(w);
}


static billing_db_rc_t
billing_rehydrate_begin(billing_worker_t *w)
{
    uint64_t                     epoch;
    const char                  *why;
    billing_db_rc_t              rc;
    billing_redis_command_t      command = { .argc = 0 };
    struct billing_rehydrate_s  *r = billing_infra(w)->rehydrate;
    const billing_redis_mark_t  *mark = &billing_infra(w)->mark;

    epoch = (r->epoch_there > mark->epoch && r->epoch_there < INT64_MAX)
            ? r->epoch_there : mark->epoch;

    rc = billing_redis_mark_store(w, epoch + 1, r->run_id);

    if (rc == BILLING_DB_FULL) {
        r->retry_ms = billing_clock_mono_ms() + BILLING_REHYDRATE_RETRY_MS;
        return BILLING_DB_OK;
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    why = r->asked ? "the operator asks"
                   : "Redis is empty or another one, or settings are others";
    r->demanded = false;
    r->failed = false;
    r->asked = false;
    r->list = 0;
    r->written = 0;
    r->last = (billing_outbox_row_t) { .seq = 0 };
    r->started_ms = billing_clock_mono_ms();
    r->state = BILLING_REHYDRATE_WRITING;

    billing_log("%s: writing all records, epoch %llu", why,
                (unsigned long long) w->record_epoch);

    billing_rehydrate_say(w, "loading", billing_rehydrate_said);

    /* Its clock may be behind: new entries must come after the old ones. */
    if (billing_entry_id_compare(r->last_id, mark->last_id) < 0) {
        billing_redis_word(&command, "XSETID");
        billing_redis_word(&command, billing_redis_name(w, "commands"));
        billing_redis_word(&command, mark->last_id);
        (void) billing_redis_send(w, BILLING_LINK_WRITER, &command);
    }

    return BILLING_DB_OK;
}


static void
billing_rehydrate_say(billing_worker_t *w, const char *state,
    billing_redis_reply_pt handler)
{
    char                      number[24];
    billing_redis_command_t   command = { .handler = handler };

    (void) snprintf(number, sizeof(number), "%llu",
                    (unsigned long long) w->record_epoch);

    billing_redis_word(&command, "FCALL");
    billing_redis_word(&command, "billing_epoch");
    billing_redis_word(&command, "1");
    billing_redis_word(&command, billing_redis_name(w, "epoch"));
    billing_redis_word(&command, number);
    billing_redis_word(&command, state);
    billing_redis_word(&command, billing_redis_name(w, "notice"));
    (void) billing_redis_send(w, BILLING_LINK_WRITER, &command);
}


static void
billing_rehydrate_said(billing_worker_t *w, redisReply *reply, uintptr_t data)
{
    (void) data;

    if (reply != NULL
        && (reply->type != REDIS_REPLY_INTEGER || reply->integer != 1))
    {
        billing_redis_drop(w, "the epoch is refused");
    }
}


/* Some rows of the list at hand. */

static billing_db_rc_t
billing_rehydrate_slice(billing_worker_t *w)
{
    size_t                       n;
    billing_db_rc_t              rc;
    struct billing_rehydrate_s  *r = billing_infra(w)->rehydrate;

    rc = billing_record_list(w, r->list, &r->last, r->rows,
                             BILLING_REHYDRATE_SLICE, &n);
    if (rc != BILLING_DB_OK) {
        return rc;
    }

    for (size_t i = 0; i < n; i++) {
        rc = billing_outbox_put(w, &r->rows[i], billing_rehydrate_put, 0);
        if (rc == BILLING_DB_FATAL) {
            return rc;
        }

        r->failed |= (rc == BILLING_DB_DONE);
        r->flying += (rc == BILLING_DB_OK);
        r->last = r->rows[i];
    }

    r->written += n;

    if (n < BILLING_REHYDRATE_SLICE) {
        r->list++;
        r->last = (billing_outbox_row_t) { .seq = 0 };
    }

    if (r->list == BILLING_RECORD_LISTS) {
        r->state = BILLING_REHYDRATE_ENDING;
        billing_rehydrate_end(w);
    }

    return BILLING_DB_OK;
}


/* Ready is said only once every record has been accepted. */

static void
billing_rehydrate_end(billing_worker_t *w)
{
    struct billing_rehydrate_s  *r = billing_infra(w)->rehydrate;

    if (r->state != BILLING_REHYDRATE_ENDING || r->flying > 0) {
        return;
    }

    if (r->failed) {
        billing_redis_drop(w, "not all records were accepted");
        return;
    }

    billing_rehydrate_say(w, "ready", billing_rehydrate_ended);
}


static void
billing_rehydrate_put(billing_worker_t *w, redisReply *reply, uintptr_t data)
{
    struct billing_rehydrate_s  *r = billing_infra(w)->rehydrate;

    (void) data;
    billing_redis_complain(w, reply);

    if (reply == NULL || reply->type != REDIS_REPLY_INTEGER) {
        r->failed = true;
    }

    r->flying--;
    billing_rehydrate_end(w);
}


static void
billing_rehydrate_ended(billing_worker_t *w, redisReply *reply,
    uintptr_t data)
{
    struct billing_rehydrate_s  *r = billing_infra(w)->rehydrate;

    (void) data;

    if (reply == NULL || r->state != BILLING_REHYDRATE_ENDING) {
        return;
    }

    if (reply->type != REDIS_REPLY_INTEGER || reply->integer != 1) {
        billing_redis_drop(w, "the epoch is refused");
        return;
    }

    r->state = BILLING_REHYDRATE_READY;
    billing_log("all %zu records written in %lld ms", r->written,
                (long long) (billing_clock_mono_ms() - r->started_ms));
}
