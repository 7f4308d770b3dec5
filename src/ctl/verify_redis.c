/*
 * billingctl verify: every record in Redis is what the database would publish.
 *
 * A running system changes meanwhile.  A record that is not the snapshot's is
 * looked at again under a newer view of the database, a few times; what still
 * differs then has no excuse.
 */

#include "billing_ctl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <hiredis/hiredis.h>

#define BILLING_VERIFY_PAGE      128    /* records in one question */
#define BILLING_VERIFY_AGAIN     4      /* looks at what differs */
#define BILLING_VERIFY_WAIT_MS   500    /* between them: outbox and sweeps */
#define BILLING_VERIFY_DOUBTS    100000 /* kept; more are told at once */

/* What is wrong with a record, from one look to the next. */
typedef struct {
    billing_outbox_row_t  row;
    bool                  missing;
    char                  fault[160];
} billing_doubt_t;

struct billing_verify_redis_s {
    billing_ctl_redis_t      redis;
    bool                     open;
    uint64_t                 records;
    size_t                   n;
    size_t                   max;
    billing_doubt_t         *doubts;
    billing_outbox_record_t  made[BILLING_VERIFY_PAGE];
    billing_outbox_row_t     rows[BILLING_VERIFY_PAGE];
};


static billing_db_rc_t billing_check_epoch(billing_verify_t *v);
static billing_db_rc_t billing_check_missing_records(billing_verify_t *v);
static billing_db_rc_t billing_check_wrong(billing_verify_t *v);
static billing_db_rc_t billing_verify_all(billing_verify_t *v);
static billing_db_rc_t billing_verify_again(billing_verify_t *v);
static billing_db_rc_t billing_verify_view(billing_verify_t *v);
static billing_db_rc_t billing_verify_page(billing_verify_t *v, size_t n);
static void billing_verify_record(billing_verify_t *v, size_t i,
    const redisReply *reply);
static void billing_verify_compare(billing_verify_t *v,
    const billing_outbox_record_t *made, const redisReply *reply,
    char fault[160]);
static void billing_verify_doubt(billing_verify_t *v,
    const billing_outbox_row_t *row, bool missing, const char *fault);
static void billing_verify_tell(billing_verify_t *v, bool missing);


const billing_check_t  billing_checks_redis[] = {
    { "redis.epoch", "epochs",
      "billingctl rehydrate (a running worker notices by itself within a"
      " minute)",
      NULL, "", NULL, billing_check_epoch },
    { "redis.missing", "records",
      "billingctl rehydrate; until then the gate asks the worker for each",
      NULL, "", NULL, billing_check_missing_records },
    { "redis.wrong", "records",
      "billingctl rehydrate; then find out who else writes to this Redis",
      NULL, "", NULL, billing_check_wrong },
    { .name = NULL }
};


static billing_db_rc_t
billing_check_epoch(billing_verify_t *v)
{
    bool      ready;
    uint64_t  epoch;

    v->redis = calloc(1, sizeof(*v->redis));

    if (v->redis == NULL) {
        billing_verify_unknown(v, "out of memory");
        return BILLING_DB_OK;
    }

    v->redis->open = billing_ctl_redis_open(v->s, &v->redis->redis);

    if (!v->redis->open) {
        billing_verify_unknown(v, "%s", v->redis->redis.why);
        return BILLING_DB_OK;
    }

    v->looked = 1;

    if (!billing_ctl_redis_epoch(v->s, &v->redis->redis, &epoch, &ready)) {
        billing_verify_found(v, "epoch", "is not there, the database has %"
                             PRIu64, v->w->record_epoch);
        return BILLING_DB_OK;
    }

    /* A worker that is writing them all is not done yet. */

    if (!ready) {
        billing_verify_unknown(v, "all records are being written, epoch %"
                               PRIu64, epoch);
        return BILLING_DB_OK;
    }

    if (epoch != v->w->record_epoch) {
        billing_verify_found(v, "epoch", "is %" PRIu64 ", the database has %"
                             PRIu64, epoch, v->w->record_epoch);
    }

    return BILLING_DB_OK;
}


static billing_db_rc_t
billing_check_missing_records(billing_verify_t *v)
{
    billing_db_rc_t  rc;

    if (v->redis == NULL || !v->redis->open) {
        billing_verify_unknown(v, "there is no Redis to look at");
        return BILLING_DB_OK;
    }

    rc = billing_verify_all(v);

    for (unsigned i = 0; i < BILLING_VERIFY_AGAIN && rc == BILLING_DB_OK
         && v->redis->n > 0 && v->unknown[0] == '\0'; i++)
    {
        rc = billing_verify_again(v);
    }

    v->looked = v->redis->records;
    billing_verify_tell(v, true);

    return rc;
}


static billing_db_rc_t
billing_check_wrong(billing_verify_t *v)
{
    if (v->redis == NULL || !v->redis->open) {
        billing_verify_unknown(v, "there is no Redis to look at");
        return BILLING_DB_OK;
    }

    if (v->redis->redis.why[0] != '\0') {
        billing_verify_unknown(v, "%s", v->redis->redis.why);
    }

    v->looked = v->redis->records;
    billing_verify_tell(v, false);

    return BILLING_DB_OK;
}


void
billing_verify_redis_done(billing_verify_t *v)
{
    if (v->redis != NULL) {
        billing_ctl_redis_close(&v->redis->redis);
        free(v->redis->doubts);
        free(v->redis);
        v->redis = NULL;
    }
}


/* --- looking -------------------------------------------------------------- */


static billing_db_rc_t
billing_verify_all(billing_verify_t *v)
{
    size_t                          n;
    billing_db_rc_t                 rc = BILLING_DB_OK;
    billing_outbox_row_t            last;
    struct billing_verify_redis_s  *r = v->redis;

    for (unsigned list = 0; list < BILLING_RECORD_LISTS; list++) {
        last = (billing_outbox_row_t) { .seq = 0 };

        do {
            rc = billing_record_list(v->w, list, &last, r->rows,
                                     BILLING_VERIFY_PAGE, &n);

            if (rc == BILLING_DB_OK && n > 0) {
                last = r->rows[n - 1];
                rc = billing_verify_page(v, n);
                r->records += n;
            }

            if (rc != BILLING_DB_OK || v->unknown[0] != '\0') {
                return rc;
            }

            billing_ctl_progress(v->s->ctl, "records", r->records, 0);

        } while (n == BILLING_VERIFY_PAGE);
    }

    return rc;
}


/* The doubts of the last look, under a view of now. */

static billing_db_rc_t
billing_verify_again(billing_verify_t *v)
{
    size_t                          n, kept;
    billing_db_rc_t                 rc;
    billing_doubt_t                *doubts;
    struct billing_verify_redis_s  *r = v->redis;
    const struct timespec           wait = {
        .tv_nsec = BILLING_VERIFY_WAIT_MS * 1000000L
    };

    (void) nanosleep(&wait, NULL);

    rc = billing_verify_view(v);

    kept = r->n;
    doubts = r->doubts;
    r->n = 0;
    r->max = 0;
    r->doubts = NULL;

    for (size_t i = 0; i < kept && rc == BILLING_DB_OK; i += n) {
        for (n = 0; n < BILLING_VERIFY_PAGE && i + n < kept; n++) {
            r->rows[n] = doubts[i + n].row;
        }

        rc = billing_verify_page(v, n);
    }

    free(doubts);

    return rc;
}


static billing_db_rc_t
billing_verify_view(billing_verify_t *v)
{
    billing_db_rc_t  rc;

    billing_db_rollback(v->w->db);
    rc = billing_db_begin_reading(v->w->db);

    return rc == BILLING_DB_OK ? billing_redis_mark_load(v->w) : rc;
}


/* The records of r->rows: made from the database, asked for in one go. */

static billing_db_rc_t
billing_verify_page(billing_verify_t *v, size_t n)
{
    size_t                          asked = 0;
    redisReply                     *reply;
    billing_db_rc_t                 rc;
    billing_redis_command_t         command = { .argc = 0 };
    struct billing_verify_redis_s  *r = v->redis;

    billing_redis_word(&command, "MGET");

    for (size_t i = 0; i < n; i++) {
        rc = billing_outbox_encode(v->w, &r->rows[i], &r->made[asked]);

        if (rc == BILLING_DB_CONFLICT) {
            billing_verify_doubt(v, &r->rows[i], false, "its row makes no"
                                 " record");
            continue;
        }

        if (rc != BILLING_DB_OK) {
            return rc;
        }

        r->rows[asked] = r->rows[i];
        billing_redis_arg(&command, r->made[asked].key,
                          r->made[asked].key_len);
        asked++;
    }

    if (asked == 0) {
        return BILLING_DB_OK;
    }

    reply = billing_ctl_redis_ask(&r->redis, &command);

    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY
        || reply->elements != asked)
    {
        billing_verify_unknown(v, "%s", r->redis.why[0] != '\0'
                               ? r->redis.why : "Redis: not understood");
        freeReplyObject(reply);
        return BILLING_DB_OK;
    }

    for (size_t i = 0; i < asked; i++) {
        billing_verify_record(v, i, reply->element[i]);
    }

    freeReplyObject(reply);

    return BILLING_DB_OK;
}


static void
billing_verify_record(billing_verify_t *v, size_t i, const redisReply *reply)
{
    char                            fault[160];
    const billing_outbox_record_t  *made = &v->redis->made[i];

    if (reply->type == REDIS_REPLY_NIL) {
        billing_verify_doubt(v, &v->redis->rows[i], true, "is not there");
        return;
    }

    if (reply->type == REDIS_REPLY_STRING && reply->len == made->len
        && memcmp(reply->str, made->value, made->len) == 0)
    {
        return;
    }

    billing_verify_compare(v, made, reply, fault);

    if (fault[0] != '\0') {
        billing_verify_doubt(v, &v->redis->rows[i], false, fault);
    }
}


static void
billing_verify_numbers(const billing_record_t *record, uint64_t *epoch,
    uint64_t *version)
{
    switch (record->kind) {

    case BILLING_RECORD_TEAM:
        *epoch = record->u.team.epoch;
        *version = record->u.team.version;
        return;

    case BILLING_RECORD_MEMBER:
        *epoch = record->u.member.epoch;
        *version = record->u.member.version;
        return;

    case BILLING_RECORD_ACCESS:
        *epoch = record->u.access.epoch;
        *version = record->u.access.version;
        return;

    case BILLING_RECORD_BOARD:
        *epoch = record->u.board.epoch;
        *version = record->u.board.version;
        return;

    case BILLING_RECORD_NONE:
        break;
    }

    *epoch = 0;
    *version = 0;
}


/* Not byte for byte ours: signed with the older secret, it is as good. */

static void
billing_verify_compare(billing_verify_t *v,
    const billing_outbox_record_t *made, const redisReply *reply,
    char fault[160])
{
    char               value[BILLING_RECORD_MAX];
    size_t             len = 0;
    uint64_t           epoch, version, epoch_there, version_there;
    billing_err_t      err = BILLING_EMAC;
    billing_bytes_t    key = { made->key, made->key_len };
    billing_record_t   there;

    fault[0] = '\0';

    for (unsigned i = 0; i < v->w->nsecrets && err == BILLING_EMAC; i++) {
        err = reply->type != REDIS_REPLY_STRING ? BILLING_EFORMAT
              : billing_record_decode(&v->w->secrets[i], key,
                    (billing_bytes_t) { reply->str, reply->len }, &there);
    }

    if (err != BILLING_OK) {
        (void) snprintf(fault, 160, "%s", err == BILLING_EMAC
                        ? "is not signed by us" : "is no record");
        return;
    }

    billing_verify_numbers(&made->record, &epoch, &version);
    billing_verify_numbers(&there, &epoch_there, &version_there);

    if (epoch_there != epoch || version_there != version) {
        (void) snprintf(fault, 160, "has epoch %" PRIu64 " version %" PRIu64
                        ", the database %" PRIu64 " and %" PRIu64,
                        epoch_there, version_there, epoch, version);
        return;
    }

    if (billing_record_encode(&v->w->secrets[0], key, &there, value,
                              sizeof(value), &len) != BILLING_OK
        || len != made->len || memcmp(value, made->value, len) != 0)
    {
        (void) snprintf(fault, 160, "says something else than the database,"
                        " under the same version %" PRIu64, version);
    }
}


/* --- doubts --------------------------------------------------------------- */


static void
billing_verify_doubt(billing_verify_t *v, const billing_outbox_row_t *row,
    bool missing, const char *fault)
{
    size_t                          max;
    billing_doubt_t                *grown;
    struct billing_verify_redis_s  *r = v->redis;

    if (r->n == r->max) {
        max = r->max == 0 ? 64 : r->max * 2;
        grown = max > BILLING_VERIFY_DOUBTS
                ? NULL : realloc(r->doubts, max * sizeof(*grown));

        if (grown == NULL) {
            v->found++;                 /* counted, if not named */
            return;
        }

        r->doubts = grown;
        r->max = max;
    }

    grown = &r->doubts[r->n++];
    grown->row = *row;
    grown->missing = missing;
    (void) snprintf(grown->fault, sizeof(grown->fault), "%s", fault);
}


static void
billing_verify_tell(billing_verify_t *v, bool missing)
{
    char  id[BILLING_ID_MAX + BILLING_EMAIL_MAX + 16];

    static const char  *const  kinds[] = {
        [BILLING_RECORD_NONE]   = "",
        [BILLING_RECORD_TEAM]   = "team",
        [BILLING_RECORD_MEMBER] = "member",
        [BILLING_RECORD_ACCESS] = "access",
        [BILLING_RECORD_BOARD]  = "board"
    };

    for (size_t i = 0; i < v->redis->n; i++) {
        const billing_doubt_t  *doubt = &v->redis->doubts[i];

        if (doubt->missing != missing) {
            continue;
        }

        (void) snprintf(id, sizeof(id), "%s %s%s%s", kinds[doubt->row.kind],
                        doubt->row.id, doubt->row.email[0] == '\0' ? "" : " ",
                        doubt->row.email);
        billing_verify_found(v, id, "%s", doubt->fault);
    }
}
