/*
 * The lease: which of several workers may commit.
 *
 * One row with an epoch.  Every transaction begins by touching it under the
 * epoch it was taken with, so a worker that lost it cannot commit, however
 * late it wakes up.  The lock on a file beside a SQLite database, or that of a
 * session of PostgreSQL, is a second lock on the same door, and tells at once
 * that the holder has died.
 *
 * Who has lost Redis cannot serve, but still does what is due: it keeps the
 * lease and offers it.  Another one that reaches Redis takes it, and the fence
 * ends the one before.
 *
 * Who took the lease from one that lives has it without the lock until that
 * one is gone, and says so in the row: the lock, which is free for a moment
 * then, proves nothing to others.  Who stands by gives it back.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "billing_infra.h"

#define BILLING_LEASE_RENEW_MS  (BILLING_LEASE_MS / 3)
#define BILLING_LEASE_STOP_MS   (BILLING_LEASE_MS * 2 / 3)

/* The column offered: 0 no, 1 yes. */
#define BILLING_LEASE_UNLOCKED  (-1)    /* no, and held without the lock */

struct billing_lease_s {
    bool     locked;            /* no other process of this machine */
    bool     tried;             /* to take it, at least once */
    bool     offered;           /* by this one, or seen by one that stands by */
    int64_t  touched_ms;        /* monotonic, in the transaction now open */
    int64_t  held_ms;           /* monotonic, start of the last committed one */
    char     owner[128];
};

static billing_db_rc_t billing_lease_take(billing_worker_t *w);
static billing_db_rc_t billing_lease_number(billing_worker_t *w,
    const char *sql, uint64_t *number);
static int64_t billing_lease_state(const struct billing_lease_s *lease,
    bool offered);


bool
billing_lease_new(billing_worker_t *w)
{
    char                    host[64] = "";
    struct billing_lease_s  *lease;

    lease = calloc(1, sizeof(struct billing_lease_s));
    if (lease == NULL) {
        return false;
    }

    (void) gethostname(host, sizeof(host) - 1);
    (void) snprintf(lease->owner, sizeof(lease->owner), "%s:%ld", host,
                    (long) getpid());

    billing_infra(w)->lease = lease;

    return true;
}


billing_db_rc_t
billing_lease_acquire(billing_worker_t *w)
{
    billing_db_rc_t          rc;
    struct billing_lease_s  *lease = billing_infra(w)->lease;

    lease->locked = billing_db_lock(w->db, true) != 0;

    rc = billing_db_begin(w->db);
    if (rc != BILLING_DB_OK) {
        return (rc == BILLING_DB_FATAL) ? rc : BILLING_DB_DONE;
    }

    rc = billing_lease_take(w);
    lease->tried = true;

    if (rc != BILLING_DB_OK) {
        billing_db_rollback(w->db);
        w->lease_epoch = 0;

        if (rc == BILLING_DB_FATAL) {
            return rc;
        }

        (void) billing_db_lock(w->db, false);
        lease->locked = false;
        return BILLING_DB_DONE;
    }

    rc = billing_db_commit(w->db);
    if (rc != BILLING_DB_OK) {
        w->lease_epoch = 0;
        return (rc == BILLING_DB_FULL) ? BILLING_DB_DONE : BILLING_DB_FATAL;
    }

    billing_lease_committed(w);
    billing_log("this worker commits now, lease %llu",
                (unsigned long long) w->lease_epoch);

    return BILLING_DB_OK;
}


/*
 * With the lock no other worker lives that had it.  Else the holder may only
 * be stopped: it gets a second term before it is fenced.
 */

static billing_db_rc_t
billing_lease_take(billing_worker_t *w)
{
    int64_t                  now = billing_db_clock_ms(w->db), running = 0;
    int64_t                  stopped = now - BILLING_LEASE_MS;
    uint64_t                 offered;
    billing_db_rc_t          rc;
    struct billing_lease_s  *lease = billing_infra(w)->lease;
    static const char        epoch_sql[] =
        "SELECT epoch FROM lease WHERE id = 1";
    static const char        offered_sql[] =
        "SELECT offered FROM lease WHERE id = 1";
    static const char        sql[] =
        "UPDATE lease SET epoch = epoch + 1, owner = $1, until_ms = $2,"
        " offered = $6 WHERE id = 1 AND (owner = '' OR until_ms < $3"
        " OR until_ms < $4 AND offered >= 0 OR offered > $5)";

    lease->touched_ms = billing_clock_mono_ms();

    rc = billing_db_exec(w->db, sql, "tiiiii", lease->owner,
                         now + BILLING_LEASE_MS, stopped,
                         lease->locked ? INT64_MAX : stopped,
                         (int64_t) (billing_redis_up(w) ? 0 : 1),
                         billing_lease_state(lease, false));
    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (billing_db_changes(w->db) != 1) {
        rc = billing_lease_number(w, offered_sql, &offered);
        lease->offered = rc == BILLING_DB_OK && (int64_t) offered > 0;

        return (rc == BILLING_DB_OK) ? BILLING_DB_DONE : rc;
    }

    /*
     * The one before did not end in order: read all before writing more,
     * unless the database has been opened, and thereby read, just now, or the
     * one before is well.
     */
    rc = billing_db_meta_get(w->db, "running", &running);
    if (rc == BILLING_DB_OK && running != 0 && lease->tried
        && !lease->offered)
    {
        rc = billing_db_check(w->db, true);
    }

    if (rc == BILLING_DB_OK || rc == BILLING_DB_DONE) {
        rc = billing_db_meta_set(w->db, "running", 1);
    }

    lease->offered = false;

    return (rc == BILLING_DB_OK)
           ? billing_lease_number(w, epoch_sql, &w->lease_epoch) : rc;
}


static billing_db_rc_t
billing_lease_number(billing_worker_t *w, const char *sql, uint64_t *number)
{
    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "");
    if (rc != BILLING_DB_ROW) {
        return BILLING_DB_FATAL;
    }

    *number = (uint64_t) billing_db_int(w->db, sql, 0);
    billing_db_done(w->db, sql);

    return BILLING_DB_OK;
}


static int64_t
billing_lease_state(const struct billing_lease_s *lease, bool offered)
{
    return offered ? 1 : lease->locked ? 0 : BILLING_LEASE_UNLOCKED;
}


billing_db_rc_t
billing_lease_fence(billing_worker_t *w)
{
    billing_db_rc_t          rc;
    bool                     away = billing_redis_away(w);
    struct billing_lease_s  *lease = billing_infra(w)->lease;
    static const char        sql[] =
        "UPDATE lease SET until_ms = $1, offered = $2 WHERE id = 1"
        " AND epoch = $3";

    lease->touched_ms = billing_clock_mono_ms();

    if (away && !lease->offered) {
        billing_log("ALERT: Redis stays away: a worker that reaches it may"
                    " take the lease");
    }

    lease->offered = away;

    /* Taken from one that hung: its lock comes free when it dies. */
    if (!lease->locked) {
        lease->locked = billing_db_lock(w->db, true) != 0;
    }

    rc = billing_db_exec(w->db, sql, "iii",
                         billing_db_clock_ms(w->db) + BILLING_LEASE_MS,
                         billing_lease_state(lease, away),
                         (int64_t) w->lease_epoch);
    if (rc != BILLING_DB_OK) {
        return rc;
    }

    return (billing_db_changes(w->db) == 1) ? BILLING_DB_OK : BILLING_DB_DONE;
}


bool
billing_lease_offered(const billing_worker_t *w)
{
    return billing_infra(w)->lease->offered;
}


void
billing_lease_committed(billing_worker_t *w)
{
    struct billing_lease_s  *lease = billing_infra(w)->lease;

    lease->held_ms = lease->touched_ms;
}


int64_t
billing_lease_due_ms(const billing_worker_t *w)
{
    return billing_infra(w)->lease->held_ms + BILLING_LEASE_RENEW_MS;
}


/*
 * Holding the file lock, a slow disk is no reason to stop: nobody else can
 * have started before a second term is over, and the fence decides anyway.
 */

bool
billing_lease_lost(const billing_worker_t *w, int64_t mono_ms)
{
    struct billing_lease_s  *lease = billing_infra(w)->lease;
    int64_t                  stop = BILLING_LEASE_STOP_MS;

    if (lease->locked) {
        stop += BILLING_LEASE_MS;
    }

    return w->lease_epoch != 0 && mono_ms - lease->held_ms > stop;
}


/* Who holds the file lock as well need not fear for the lease meanwhile. */

void
billing_lease_stalled(billing_worker_t *w)
{
    struct billing_lease_s  *lease = billing_infra(w)->lease;

    if (lease->locked) {
        lease->held_ms = billing_clock_mono_ms();
    }
}


/* In order: the successor need not wait, nor read every page. */

void
billing_lease_free(billing_worker_t *w)
{
    billing_db_rc_t          rc;
    struct billing_lease_s  *lease = billing_infra(w)->lease;
    static const char        sql[] =
        "UPDATE lease SET owner = '', until_ms = 0 WHERE id = 1"
        " AND epoch = $1";

    if (lease == NULL) {
        return;
    }

    if (w->db != NULL && w->lease_epoch != 0
        && billing_db_begin(w->db) == BILLING_DB_OK)
    {
        rc = billing_db_exec(w->db, sql, "i", (int64_t) w->lease_epoch);

        if (rc == BILLING_DB_OK && billing_db_changes(w->db) == 1) {
            rc = billing_db_meta_set(w->db, "running", 0);
            rc = (rc == BILLING_DB_OK) ? billing_db_commit(w->db) : rc;
        }

        billing_log((rc == BILLING_DB_OK) ? "lease handed over"
                                          : "lease not handed over");
        billing_db_rollback(w->db);
    }

    w->lease_epoch = 0;
    billing_infra(w)->lease = NULL;
    free(lease);
}
