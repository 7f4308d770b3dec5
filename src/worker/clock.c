/*
 * The worker's clocks: the machine's, the one that only goes forward, and the
 * business's, which a demonstration may set ahead.
 */

#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "billing_infra.h"

/* A step no time server makes by itself: somebody must look first (P55). */
#define BILLING_CLOCK_STEP_MS     (600 * 1000)

#define BILLING_CLOCK_UNKNOWN     INT64_MIN
#define BILLING_CLOCK_AHEAD_MAX   (200LL * 366 * 86400)

/* How often what a successor compares with is written down. */
#define BILLING_CLOCK_KEEP_MS     60000

static const char  billing_clock_offset[] = "clock_offset";

/* Of the last one who believed its clock: skew, boot, and the time itself. */
static const char  billing_clock_skew[] = "clock_skew_ms";
static const char  billing_clock_boot[] = "clock_boot";
static const char  billing_clock_seen[] = "clock_seen_ms";

static billing_db_rc_t billing_clock_former(billing_worker_t *w);
static billing_db_rc_t billing_clock_write(billing_worker_t *w);


static int64_t
billing_clock_ms(clockid_t id)
{
    struct timespec  ts;

    (void) clock_gettime(id, &ts);

    return (int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}


int64_t
billing_clock_mono_ms(void)
{
    return billing_clock_ms(CLOCK_BOOTTIME);
}


int64_t
billing_clock_wall_ms(void)
{
    return billing_clock_ms(CLOCK_REALTIME);
}


int64_t
billing_worker_now(const billing_worker_t *w)
{
    return billing_clock_wall_ms() / 1000 + w->clock_offset_sec;
}


billing_db_rc_t
billing_clock_load(billing_worker_t *w)
{
    int64_t           offset = 0;
    billing_db_rc_t   rc = BILLING_DB_DONE;
    billing_infra_t  *infra = billing_infra(w);

    if (w->settings->demo) {
        rc = billing_db_meta_get(w->db, billing_clock_offset, &offset);
    }

    w->clock_offset_sec = offset;
    infra->clock_published_sec = BILLING_CLOCK_UNKNOWN;
    infra->clock_skew_ms = billing_clock_wall_ms() - billing_clock_mono_ms();
    infra->clock_frozen = false;
    infra->clock_kept_ms = 0;

    return (rc == BILLING_DB_DONE || rc == BILLING_DB_OK)
           ? billing_clock_former(w) : rc;
}


/* Which boot of the machine the monotonic clock belongs to; 0 unknown. */

static int64_t
billing_clock_this_boot(void)
{
    int      fd;
    char     id[37];
    ssize_t  n = 0;

    fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

    if (fd != -1) {
        n = read(fd, id, sizeof(id));
        (void) close(fd);
    }

    return n <= 0 ? 0 : (int64_t) (billing_digest_add(BILLING_DIGEST, id,
                                                      (size_t) n) >> 1);
}


/*
 * A restart is not somebody who has looked: the clock is compared with what
 * it said before.  After another boot only that it went back can be known.
 */

static billing_db_rc_t
billing_clock_former(billing_worker_t *w)
{
    int64_t           skew = 0, boot = 0, seen = 0, back;
    billing_db_rc_t   rc;
    billing_infra_t  *infra = billing_infra(w);

    rc = billing_db_meta_get(w->db, billing_clock_skew, &skew);

    if (rc == BILLING_DB_OK) {
        rc = billing_db_meta_get(w->db, billing_clock_boot, &boot);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_db_meta_get(w->db, billing_clock_seen, &seen);
    }

    if (rc != BILLING_DB_OK) {
        return (rc == BILLING_DB_DONE) ? BILLING_DB_OK : rc;
    }

    back = billing_clock_wall_ms() - seen;

    if (boot != 0 && boot == billing_clock_this_boot()) {
        infra->clock_skew_ms = skew;

    } else if (back < 0) {
        infra->clock_skew_ms -= back;
    }

    return BILLING_DB_OK;
}


billing_db_rc_t
billing_clock_keep(billing_worker_t *w, int64_t mono_ms)
{
    billing_infra_t  *infra = billing_infra(w);

    if (mono_ms < infra->clock_kept_ms) {
        return BILLING_DB_OK;
    }

    infra->clock_kept_ms = mono_ms + BILLING_CLOCK_KEEP_MS;

    return billing_clock_write(w);
}


static billing_db_rc_t
billing_clock_write(billing_worker_t *w)
{
    int64_t          wall = billing_clock_wall_ms();
    billing_db_rc_t  rc;

    rc = billing_db_meta_set(w->db, billing_clock_skew,
                             wall - billing_clock_mono_ms());

    if (rc == BILLING_DB_OK) {
        rc = billing_db_meta_set(w->db, billing_clock_boot,
                                 billing_clock_this_boot());
    }

    return (rc == BILLING_DB_OK)
           ? billing_db_meta_set(w->db, billing_clock_seen, wall) : rc;
}


void
billing_clock_confirm(billing_worker_t *w)
{
    billing_db_rc_t  rc;

    if (w->lease_epoch == 0 || !billing_infra(w)->clock_frozen) {
        return;
    }

    rc = billing_db_begin(w->db);
    rc = (rc == BILLING_DB_OK) ? billing_lease_fence(w) : rc;
    rc = (rc == BILLING_DB_OK) ? billing_clock_write(w) : rc;
    rc = (rc == BILLING_DB_OK) ? billing_db_commit(w->db) : rc;

    billing_log(rc == BILLING_DB_OK ? "the clock has been confirmed"
                                    : "the clock cannot be confirmed");
    billing_db_rollback(w->db);
}


billing_db_rc_t
billing_clock_advance(billing_worker_t *w, int64_t seconds)
{
    billing_db_rc_t  rc;

    if (!w->settings->demo || seconds < 0
        || seconds > BILLING_CLOCK_AHEAD_MAX - w->clock_offset_sec)
    {
        return BILLING_DB_CONFLICT;
    }

    rc = billing_db_meta_set(w->db, billing_clock_offset,
                             w->clock_offset_sec + seconds);
    if (rc == BILLING_DB_OK) {
        w->clock_offset_sec += seconds;
    }

    return rc;
}


bool
billing_clock_frozen(billing_worker_t *w)
{
    bool              far;
    int64_t           skew, step;
    billing_infra_t  *infra = billing_infra(w);

    skew = billing_clock_wall_ms() - billing_clock_mono_ms();
    step = skew - infra->clock_skew_ms;
    far = step > BILLING_CLOCK_STEP_MS || step < -BILLING_CLOCK_STEP_MS;

    if (far != infra->clock_frozen) {
        billing_log(far ? "the clock jumped by %lld s: renewals and time limits"
                          " wait; check it, then send HUP"
                        : "the clock is back (%lld s): going on",
                    (long long) step / 1000);
        infra->clock_frozen = far;
    }

    if (!far) {
        infra->clock_skew_ms = skew;        /* follows what drifts slowly */
    }

    return far;
}


void
billing_clock_publish(billing_worker_t *w, bool again)
{
    int                       len;
    char                      value[24], notice[BILLING_KEY_MAX + 32];
    const char               *name;
    billing_infra_t          *infra = billing_infra(w);
    billing_redis_command_t   command = { .argc = 0 };

    if (again) {
        infra->clock_published_sec = BILLING_CLOCK_UNKNOWN;
    }

    if (!w->settings->demo || !billing_redis_up(w)
        || infra->clock_published_sec == w->clock_offset_sec)
    {
        return;
    }

    name = billing_redis_name(w, "clock");

    (void) snprintf(value, sizeof(value), "%lld",
                    (long long) w->clock_offset_sec);
    len = snprintf(notice, sizeof(notice), "%s %s", name, value);

    billing_redis_word(&command, "SET");
    billing_redis_word(&command, name);
    billing_redis_word(&command, value);

    if (!billing_redis_send(w, BILLING_LINK_WRITER, &command)) {
        return;
    }

    command.argc = 0;
    billing_redis_word(&command, "PUBLISH");
    billing_redis_word(&command, billing_redis_name(w, "notice"));
    billing_redis_arg(&command, notice, (size_t) len);

    if (billing_redis_send(w, BILLING_LINK_WRITER, &command)) {
        infra->clock_published_sec = w->clock_offset_sec;
    }
}
