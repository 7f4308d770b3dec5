/*
 * The reactor: one thread that waits for signals, Redis, the gateway and the
 * clock, and then takes a turn.
 */

#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <curl/curl.h>

#include "billing_infra.h"

#define BILLING_LOOP_STANDBY_MS  500
#define BILLING_LOOP_RELIEF_MS   20         /* while one is being relieved */
#define BILLING_LOOP_RELIEVED_MS 10000      /* how long that may take */
#define BILLING_LOOP_WAIT_MS     1000       /* at the most */
#define BILLING_LOOP_DRAIN_MS    2000

typedef struct {
    billing_turn_t  turn;
    int64_t         wake_ms;            /* by what the drivers said */
    int64_t         drain_ms;           /* leave at the latest */
    int64_t         begun_ms;
    int64_t         try_ms;             /* for a lease that is not free */
} billing_loop_t;

static void billing_loop_wait(billing_worker_t *w, billing_loop_t *loop);
static void billing_loop_signals(billing_worker_t *w, billing_loop_t *loop);
static void billing_loop_reload(billing_worker_t *w, billing_loop_t *loop);
static billing_db_rc_t billing_loop_standby(billing_worker_t *w,
    billing_loop_t *loop);
static int64_t billing_loop_look(billing_worker_t *w, billing_loop_t *loop,
    int64_t now);
static billing_db_rc_t billing_loop_lead(billing_worker_t *w);
static billing_db_rc_t billing_loop_work(billing_worker_t *w,
    billing_loop_t *loop);
static bool billing_loop_drained(billing_worker_t *w, billing_loop_t *loop);
static void billing_loop_failed(billing_worker_t *w, billing_db_rc_t rc);


int
billing_loop_run(billing_worker_t *w)
{
    billing_db_rc_t   rc;
    billing_loop_t    loop = { .begun_ms = billing_clock_mono_ms() };
    billing_infra_t  *infra = billing_infra(w);

    while (infra->exit_code < 0) {
        billing_loop_wait(w, &loop);

        if (infra->exit_code >= 0) {
            break;
        }

        rc = (w->lease_epoch == 0) ? billing_loop_standby(w, &loop)
                                   : billing_loop_work(w, &loop);
        if (rc != BILLING_DB_OK) {
            billing_loop_failed(w, rc);
        }
    }

    billing_entries_release(&loop.turn.entries);
    free(loop.turn.entries.entries);

    return infra->exit_code;
}


static void
billing_loop_failed(billing_worker_t *w, billing_db_rc_t rc)
{
    billing_infra_t  *infra = billing_infra(w);

    if (rc == BILLING_DB_DONE) {
        billing_log("another worker has the lease: this one ends");
        infra->exit_code = BILLING_EXIT_FENCED;
        w->lease_epoch = 0;
        return;
    }

    billing_log("ALERT: database: %s", billing_db_message(w->db));
    infra->exit_code = BILLING_EXIT_DATABASE;
    w->lease_epoch = 0;                     /* nothing more is written */
}


static int
billing_loop_timeout(billing_worker_t *w, const billing_loop_t *loop)
{
    int64_t                    left, now = billing_clock_mono_ms();
    const billing_finished_t  *list;

    if (w->lease_epoch != 0
        && (billing_stream_waiting(w)
            || (billing_http_finished(w, &list) > 0
                && now >= loop->turn.pause_ms)
            || (billing_redis_up(w) && billing_rehydrate_wanting(w))))
    {
        return 0;
    }

    left = loop->wake_ms - now;

    if (left < 0) {
        return 0;
    }

    return (left < BILLING_LOOP_WAIT_MS) ? (int) left : BILLING_LOOP_WAIT_MS;
}


static void
billing_loop_wait(billing_worker_t *w, billing_loop_t *loop)
{
    unsigned             n;
    struct curl_waitfd   fds[BILLING_REDIS_FDS + 1];

    n = billing_redis_fds(w, fds);
    fds[n] = (struct curl_waitfd) {
        .fd = billing_infra(w)->signal_fd, .events = CURL_WAIT_POLLIN
    };

    billing_http_wait(w, fds, n + 1, billing_loop_timeout(w, loop));

    if (fds[n].revents != 0) {
        billing_loop_signals(w, loop);
    }

    billing_redis_ready(w, fds, n);
    billing_http_perform(w);
}


static void
billing_loop_signals(billing_worker_t *w, billing_loop_t *loop)
{
    billing_infra_t          *infra = billing_infra(w);
    struct signalfd_siginfo   info;

    while (read(infra->signal_fd, &info, sizeof(info)) == sizeof(info)) {

        if (info.ssi_signo == SIGHUP) {
            billing_loop_reload(w, loop);
            continue;
        }

        if (!infra->draining) {
            loop->drain_ms = billing_clock_mono_ms() + BILLING_LOOP_DRAIN_MS;
        }

        billing_log("ending");
        infra->draining = true;
        infra->again = false;
    }
}


/* A new configuration is a new process image; a wrong one changes nothing. */

static void
billing_loop_reload(billing_worker_t *w, billing_loop_t *loop)
{
    char                 error[BILLING_SETTINGS_ERROR_MAX];
    billing_infra_t     *infra = billing_infra(w);
    billing_settings_t  *settings = malloc(sizeof(billing_settings_t));

    if (settings == NULL || infra->draining) {
        free(settings);
        return;
    }

    if (billing_config_load(infra->config, settings, error) == BILLING_OK) {
        billing_clock_confirm(w);
        billing_log("starting again with the configuration as it is now");
        infra->draining = true;
        infra->again = true;
        loop->drain_ms = billing_clock_mono_ms() + BILLING_LOOP_DRAIN_MS;

    } else {
        billing_log("configuration not taken: %s", error);
    }

    free(settings);
}


/*
 * A reload of nginx starts a worker while the one before still drains: nobody
 * writes until the new one notices, so it looks often while it is young, and
 * at nothing but the lock, which costs the other one nothing.
 */

static billing_db_rc_t
billing_loop_standby(billing_worker_t *w, billing_loop_t *loop)
{
    int64_t          now = billing_clock_mono_ms(), wake;
    billing_db_rc_t  rc = BILLING_DB_DONE;

    if (billing_infra(w)->draining) {
        billing_infra(w)->exit_code = 0;
        return BILLING_DB_OK;
    }

    wake = billing_loop_look(w, loop, now);

    if (now >= loop->try_ms || billing_db_lock(w->db, true) != 0) {
        rc = billing_lease_acquire(w);
        loop->try_ms = now + BILLING_LOOP_STANDBY_MS;
    }

    if (rc == BILLING_DB_OK) {
        loop->wake_ms = 0;
        billing_redis_anew(w, now);
        return billing_loop_lead(w);
    }

    loop->wake_ms = (wake < loop->try_ms) ? wake : loop->try_ms;

    if (now - loop->begun_ms < BILLING_LOOP_RELIEVED_MS) {
        loop->wake_ms = now + BILLING_LOOP_RELIEF_MS;
    }

    return (rc == BILLING_DB_FATAL) ? rc : BILLING_DB_OK;
}


/*
 * A lease that is offered is for who reaches Redis: so it is looked for, and
 * let go of when the offer is over.
 */

static int64_t
billing_loop_look(billing_worker_t *w, billing_loop_t *loop, int64_t now)
{
    int64_t  wake;

    if (!billing_lease_offered(w)) {
        billing_redis_anew(w, now);
        return INT64_MAX;
    }

    wake = billing_redis_tick(w, now);

    if (billing_redis_up(w)) {
        loop->try_ms = now;
    }

    return wake;
}


/* What the new committer does once. */

static billing_db_rc_t
billing_loop_lead(billing_worker_t *w)
{
    billing_db_rc_t  rc;

    rc = billing_clock_load(w);

    if (rc != BILLING_DB_OK || !w->settings->demo) {
        return rc;
    }

    rc = billing_db_begin(w->db);
    rc = (rc == BILLING_DB_OK) ? billing_lease_fence(w) : rc;

    if (rc == BILLING_DB_OK
        && (billing_seed(w, billing_worker_now(w)) != BILLING_DB_OK
            || billing_db_commit(w->db) != BILLING_DB_OK))
    {
        rc = BILLING_DB_FATAL;
    }

    billing_db_rollback(w->db);

    if (rc == BILLING_DB_OK) {
        billing_lease_committed(w);
        return billing_outbox_flush(w);
    }

    return (rc == BILLING_DB_DONE) ? rc : BILLING_DB_FATAL;
}


static billing_db_rc_t
billing_loop_work(billing_worker_t *w, billing_loop_t *loop)
{
    int64_t          now = billing_clock_mono_ms(), wake;
    billing_db_rc_t  rc;

    if (billing_lease_lost(w, now)) {
        return BILLING_DB_DONE;
    }

    loop->wake_ms = billing_redis_tick(w, now);

    wake = billing_stream_tick(w, now);
    loop->wake_ms = (wake < loop->wake_ms) ? wake : loop->wake_ms;

    rc = billing_rehydrate_step(w);
    rc = (rc == BILLING_DB_OK) ? billing_precondition_sweep(w, now) : rc;
    rc = (rc == BILLING_DB_OK) ? billing_outbox_sweep(w, now) : rc;
    rc = (rc == BILLING_DB_OK) ? billing_mail_send(w, billing_worker_now(w))
                               : rc;
    rc = (rc == BILLING_DB_OK) ? billing_turn_run(w, &loop->turn, now) : rc;
    rc = (rc == BILLING_DB_OK) ? billing_hooks_send(w) : rc;

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (billing_infra(w)->draining && billing_loop_drained(w, loop)) {
        billing_infra(w)->exit_code = 0;
    }

    wake = loop->turn.sweep_ms;
    loop->wake_ms = (wake < loop->wake_ms) ? wake : loop->wake_ms;
    wake = billing_lease_due_ms(w);
    loop->wake_ms = (wake < loop->wake_ms) ? wake : loop->wake_ms;

    wake = billing_leisure_due_ms(w);
    wake = (wake > loop->turn.pause_ms) ? wake : loop->turn.pause_ms;
    loop->wake_ms = (wake < loop->wake_ms) ? wake : loop->wake_ms;

    return BILLING_DB_OK;
}


/* What is left over is safe: calls by their key, entries by their ids. */

static bool
billing_loop_drained(billing_worker_t *w, billing_loop_t *loop)
{
    const billing_finished_t  *list;

    loop->wake_ms = billing_clock_mono_ms() + 20;

    if (billing_clock_mono_ms() >= loop->drain_ms) {
        return true;
    }

    return billing_http_busy(w) == 0 && billing_http_finished(w, &list) == 0
           && !billing_stream_waiting(w)
           && billing_redis_pending(w, BILLING_LINK_WRITER) == 0;
}
