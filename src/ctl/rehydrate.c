/*
 * billingctl rehydrate: every record is written to Redis again, by the worker
 * that commits, or by this program when there is none.
 */

#include "billing_ctl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <curl/curl.h>
#include <hiredis/hiredis.h>

#define BILLING_REHYDRATE_WAIT_MS  60000    /* without any progress */
#define BILLING_REHYDRATE_POLL_MS  100
#define BILLING_REHYDRATE_SEC      60       /* to begin: then it is dropped */


static int billing_rehydrate_run(billing_ctl_session_t *s);
static int billing_rehydrate_by_worker(billing_ctl_session_t *s,
    billing_ctl_redis_t *redis);
static bool billing_rehydrate_order(billing_ctl_session_t *s,
    billing_ctl_redis_t *redis);
static int billing_rehydrate_by_us(billing_ctl_session_t *s);
static billing_db_rc_t billing_rehydrate_work(billing_ctl_session_t *s);
static int billing_rehydrate_done(billing_ctl_session_t *s, const char *by,
    uint64_t epoch);


const char  billing_ctl_rehydrate_help[] =
    "Usage: billingctl --config FILE rehydrate [--json] [--progress]\n"
    "\n"
    "Every record of a team, member or board is written to Redis again under\n"
    "a new epoch, which makes all earlier ones stale.  The running worker\n"
    "does it; when none commits, this program takes the lease, does it, and\n"
    "hands the lease over.\n"
    "\n"
    "Exit status: 0 done, 2 it cannot run or did not end.\n";


int
billing_ctl_rehydrate(const billing_ctl_t *ctl)
{
    int                     status = BILLING_CTL_USAGE;
    billing_ctl_session_t  *s;

    s = malloc(sizeof(*s));

    if (s == NULL) {
        return billing_ctl_fail("out of memory");
    }

    if (billing_ctl_open(s, ctl, BILLING_CTL_READING)
        && billing_ctl_secrets(s))
    {
        status = billing_rehydrate_run(s);
    }

    billing_ctl_close(s);
    free(s);

    return status;
}


static int
billing_rehydrate_run(billing_ctl_session_t *s)
{
    int                   status;
    billing_ctl_lease_t   lease;
    billing_ctl_redis_t   redis;

    if (billing_ctl_lease(s, &lease) != BILLING_DB_OK) {
        return billing_ctl_database(s);
    }

    status = !billing_ctl_redis_open(s, &redis)
             ? billing_ctl_fail("%s", redis.why)
             : lease.held ? billing_rehydrate_by_worker(s, &redis)
                          : billing_rehydrate_by_us(s);

    billing_ctl_redis_close(&redis);

    return status;
}


static int64_t
billing_rehydrate_pause(void)
{
    const struct timespec  wait = {
        .tv_nsec = BILLING_REHYDRATE_POLL_MS * 1000000L
    };

    (void) nanosleep(&wait, NULL);

    return billing_clock_mono_ms();
}


/* --- by the worker: a signed command, as nginx would send one ------------- */


static int
billing_rehydrate_by_worker(billing_ctl_session_t *s,
    billing_ctl_redis_t *redis)
{
    bool      ready;
    int64_t   now, end;
    uint64_t  before, epoch;

    /* An epoch that is not there is older than any. */

    (void) billing_ctl_redis_epoch(s, redis, &epoch, &ready);
    before = epoch > s->w.record_epoch ? epoch : s->w.record_epoch;

    if (!billing_rehydrate_order(s, redis)) {
        return billing_ctl_fail("%s", redis->why[0] != '\0'
                                ? redis->why : "the command cannot be made");
    }

    now = billing_clock_mono_ms();
    end = now + BILLING_REHYDRATE_WAIT_MS;

    while (now < end) {
        now = billing_rehydrate_pause();

        if (redis->why[0] != '\0') {
            return billing_ctl_fail("%s", redis->why);
        }

        if (billing_ctl_redis_epoch(s, redis, &epoch, &ready)
            && epoch > before)
        {
            if (ready) {
                return billing_rehydrate_done(s, "worker", epoch);
            }

            /* It has begun: how long it takes is its business. */

            end = now + BILLING_REHYDRATE_WAIT_MS;
        }

        billing_ctl_progress(s->ctl, "epoch", epoch, 0);
    }

    return billing_ctl_fail("the worker has not begun within %d s: see its"
                            " log", BILLING_REHYDRATE_WAIT_MS / 1000);
}


static bool
billing_rehydrate_order(billing_ctl_session_t *s, billing_ctl_redis_t *redis)
{
    bool                ready;
    uint8_t             random[16];
    char                key[sizeof(random) * 2 + 1];
    char                op[BILLING_OP_ID_LEN + 1], hash[65];
    char               *text;
    json_t             *body = json_object();
    billing_command_t   command;

    ready = getrandom(random, sizeof(random), 0) == (ssize_t) sizeof(random);
    billing_hex(random, sizeof(random), key);

    text = billing_body_canonical(body, hash);
    free(text);

    command = (billing_command_t) {
        .op = op, .kind = "operator.rehydrate", .actor = "", .team = "",
        .key = key, .fingerprint = hash, .reply = "", .lang = "en",
        .deadline_ms = billing_clock_wall_ms()
                       + BILLING_REHYDRATE_SEC * 1000,
        .body = body
    };

    ready = ready && text != NULL
            && billing_operation_id(&s->w.secrets[0], "", command.kind, "",
                                    key, op) == BILLING_OK
            && billing_ctl_redis_command(s, redis, &command);

    json_decref(body);

    return ready;
}


/* --- by us: a worker that does nothing else ------------------------------- */


static int
billing_rehydrate_by_us(billing_ctl_session_t *s)
{
    char               error[512];
    bool               ready;
    uint64_t           epoch;
    billing_db_rc_t    rc = BILLING_DB_FATAL;
    billing_worker_t  *w = &s->w;

    /* Read so far; the lease is taken by writing. */

    billing_db_free(w->db);
    w->db = billing_db_open(s->settings.store_dsn, false, error,
                            sizeof(error));

    if (w->db == NULL) {
        return billing_ctl_fail("%s", error);
    }

    ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK
            && billing_http_new(w) && billing_redis_new(w)
            && billing_stream_new(w) && billing_outbox_new(w)
            && billing_rehydrate_new(w) && billing_lease_new(w);

    if (ready) {
        rc = billing_lease_acquire(w);
    }

    if (rc == BILLING_DB_OK) {
        billing_rehydrate_ask(w);
        rc = billing_rehydrate_work(s);
    }

    epoch = w->record_epoch;
    ready = rc == BILLING_DB_OK && billing_rehydrate_ready(w);

    billing_redis_free(w);
    billing_http_free(w);
    billing_lease_free(w);
    billing_stream_free(w);
    billing_outbox_free(w);
    billing_rehydrate_free(w);
    curl_global_cleanup();

    if (rc == BILLING_DB_DONE) {
        return billing_ctl_fail("a worker has just taken the lease: ask"
                                " again");
    }

    return ready ? billing_rehydrate_done(s, "billingctl", epoch)
                 : billing_ctl_fail("not done: see what was said above");
}


/* The lease is renewed as by any worker; nothing is read from the streams. */

static billing_db_rc_t
billing_rehydrate_work(billing_ctl_session_t *s)
{
    unsigned             n;
    int64_t              now = billing_clock_mono_ms(), end;
    billing_db_rc_t      rc;
    billing_worker_t    *w = &s->w;
    struct curl_waitfd   fds[BILLING_REDIS_FDS];

    end = now + BILLING_REHYDRATE_WAIT_MS;

    while (!billing_rehydrate_ready(w) && now < end) {
        n = billing_redis_fds(w, fds);
        billing_http_wait(w, fds, n, billing_redis_up(w)
                          && billing_rehydrate_wanting(w)
                          ? 0 : BILLING_REHYDRATE_POLL_MS);
        billing_redis_ready(w, fds, n);

        now = billing_clock_mono_ms();
        (void) billing_redis_tick(w, now);

        if (billing_redis_up(w) && billing_rehydrate_wanting(w)) {
            end = now + BILLING_REHYDRATE_WAIT_MS;
        }

        rc = now >= billing_lease_due_ms(w) ? billing_ctl_lease_renew(s)
                                            : BILLING_DB_OK;
        rc = rc == BILLING_DB_OK ? billing_rehydrate_step(w) : rc;

        if (rc != BILLING_DB_OK) {
            return rc;
        }

        billing_ctl_progress(s->ctl, "epoch", w->record_epoch, 0);
    }

    return BILLING_DB_OK;
}


static int
billing_rehydrate_done(billing_ctl_session_t *s, const char *by,
    uint64_t epoch)
{
    if ((s->ctl->given & BILLING_CTL_JSON) != 0) {
        return billing_ctl_print(json_pack("{s:s, s:I}", "by", by, "epoch",
                                           (json_int_t) epoch),
                                 BILLING_CTL_DONE);
    }

    (void) printf("all records written by the %s, epoch %" PRIu64 "\n",
                  strcmp(by, "worker") == 0 ? "running worker"
                                            : "tool itself", epoch);

    return billing_ctl_flush(BILLING_CTL_DONE);
}
