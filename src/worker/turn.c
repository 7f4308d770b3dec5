/*
 * One turn: what has come in and what is due, in one transaction.
 *
 * Queries first, outside of it, so that nobody who only asks waits for a disk.
 * Then the transaction: the lease, the gateway's replies, the commands, the
 * housekeeping, the commit.  Only then does anything leave the process.  Who
 * asks about an operation is answered last: it may be among the commands.
 */

#include "billing_infra.h"
#include "billing_security.h"

#define BILLING_TURN_SWEEP_MIN_MS   500
#define BILLING_TURN_SWEEP_MAX_MS   10000
#define BILLING_TURN_SWEEP_SOON_MS  100     /* after what was written */
#define BILLING_TURN_PAPER_MS       100     /* then those who wait do so */
#define BILLING_TURN_RETENTION_MS   (3600 * 1000)
#define BILLING_TURN_PAUSE_MS       1000
#define BILLING_TURN_REPLIES_MS     250     /* then those who ask have a turn */

static billing_db_rc_t billing_turn_queries(billing_worker_t *w,
    billing_entries_t *entries, bool late);
static billing_db_rc_t billing_turn_begin(billing_worker_t *w,
    billing_entries_t *entries);
static billing_db_rc_t billing_turn_commit(billing_worker_t *w,
    billing_turn_t *turn, int64_t mono_ms);
static bool billing_turn_due(billing_worker_t *w, const billing_turn_t *turn,
    int64_t mono_ms);
static billing_db_rc_t billing_turn_write(billing_worker_t *w,
    billing_turn_t *turn, int64_t mono_ms, size_t *replies);
static billing_db_rc_t billing_turn_replies(billing_worker_t *w, int64_t now,
    size_t *n);
static billing_db_rc_t billing_turn_commands(billing_worker_t *w,
    billing_entries_t *entries, int64_t now);
static billing_db_rc_t billing_turn_chores(billing_worker_t *w,
    billing_turn_t *turn, int64_t mono_ms, int64_t now);
static bool billing_turn_awaited(const billing_worker_t *w,
    const billing_turn_t *turn);
static billing_db_rc_t billing_turn_paper(billing_worker_t *w,
    billing_turn_t *turn, int64_t mono_ms, int64_t now);
static billing_db_rc_t billing_turn_sweep(billing_worker_t *w,
    billing_turn_t *turn, int64_t mono_ms, int64_t now);
static billing_db_rc_t billing_turn_after(billing_worker_t *w,
    size_t replies);
static void billing_turn_full(billing_worker_t *w, billing_turn_t *turn,
    int64_t mono_ms);


billing_db_rc_t
billing_turn_run(billing_worker_t *w, billing_turn_t *turn, int64_t mono_ms)
{
    billing_db_rc_t  rc;

    billing_stream_take(w, &turn->entries);

    rc = billing_turn_queries(w, &turn->entries, false);

    if (rc == BILLING_DB_OK) {
        rc = billing_turn_begin(w, &turn->entries);
    }

    if (rc == BILLING_DB_OK && billing_turn_due(w, turn, mono_ms)) {
        rc = billing_turn_commit(w, turn, mono_ms);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_turn_queries(w, &turn->entries, true);
    }

    if (rc == BILLING_DB_OK) {
        billing_stream_ack(w, &turn->entries);
        billing_redis_flush(w);
    }

    if (turn->entries.n > 0) {
        billing_leisure_busy(&billing_infra(w)->leisure,
                             billing_clock_mono_ms());
    }

    billing_entries_release(&turn->entries);

    return rc;
}


/* All of it, or nothing. */

static billing_db_rc_t
billing_turn_commit(billing_worker_t *w, billing_turn_t *turn,
    int64_t mono_ms)
{
    size_t           replies = 0;
    billing_mark_t   mark = billing_mark(w);
    billing_db_rc_t  rc;

    rc = billing_turn_write(w, turn, mono_ms, &replies);

    if (rc != BILLING_DB_OK) {
        billing_db_rollback(w->db);
        billing_mark_undo(w, &mark);
    }

    if (rc == BILLING_DB_FULL) {
        billing_turn_full(w, turn, mono_ms);
        return BILLING_DB_OK;
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (turn->full) {
        billing_log("the database can be written again");
        turn->full = false;
    }

    /* Time has passed at once: see what became due. */
    if (mark.clock_offset_sec != w->clock_offset_sec) {
        turn->sweep_ms = mono_ms;
    }

    return billing_turn_after(w, replies);
}


/* In a transaction that is thrown away: a query changes nothing. */

static billing_db_rc_t
billing_turn_queries(billing_worker_t *w, billing_entries_t *entries,
    bool late)
{
    bool              any = false;
    int64_t           now = billing_worker_now(w);
    billing_entry_t  *entry;
    billing_db_rc_t   rc = BILLING_DB_OK;

    for (unsigned i = 0; i < entries->n; i++) {
        entry = &entries->entries[i];
        any |= entry->stream == BILLING_STREAM_QUERIES && entry->late == late;
    }

    if (!any) {
        return BILLING_DB_OK;
    }

    rc = billing_db_begin(w->db);
    if (rc != BILLING_DB_OK) {
        return (rc == BILLING_DB_FATAL) ? rc : BILLING_DB_OK;
    }

    for (unsigned i = 0; i < entries->n && rc != BILLING_DB_FATAL; i++) {
        entry = &entries->entries[i];

        if (entry->late == late) {
            rc = billing_query_entry(w, entry, now);
            entry->answered = (rc == BILLING_DB_OK);
        }

        if (late && entry->late && !entry->answered) {
            (void) billing_command_later(w, entry);
        }
    }

    billing_db_rollback(w->db);

    if (rc == BILLING_DB_FATAL) {
        return rc;
    }

    billing_answers_flush(w);
    billing_redis_flush(w);

    return BILLING_DB_OK;
}


/* Written down before anything is executed, so that a crash is counted. */

static billing_db_rc_t
billing_turn_begin(billing_worker_t *w, billing_entries_t *entries)
{
    billing_db_rc_t  rc = BILLING_DB_OK;

    for (unsigned i = 0; i < entries->n && rc == BILLING_DB_OK; i++) {
        billing_entry_t  *entry = &entries->entries[i];

        if (entry->stream == BILLING_STREAM_COMMANDS && entry->deliveries > 1) {
            rc = billing_command_begin(w, entry);
        }
    }

    return rc;
}


static bool
billing_turn_due(billing_worker_t *w, const billing_turn_t *turn,
    int64_t mono_ms)
{
    const billing_finished_t  *list;

    for (unsigned i = 0; i < turn->entries.n; i++) {
        if (turn->entries.entries[i].enter
            || (!turn->entries.entries[i].answered
                && !turn->entries.entries[i].late))
        {
            return true;
        }
    }

    if (mono_ms < turn->pause_ms) {
        return false;
    }

    return billing_http_finished(w, &list) > 0 || mono_ms >= turn->sweep_ms
           || mono_ms >= billing_lease_due_ms(w) || billing_outbox_accepted(w)
           || billing_hooks_landed(w) || billing_print_due(w, mono_ms)
           || (billing_mail_finished(w)
               && mono_ms >= billing_leisure_ms(&billing_infra(w)->leisure));
}


static billing_db_rc_t
billing_turn_write(billing_worker_t *w, billing_turn_t *turn, int64_t mono_ms,
    size_t *replies)
{
    int64_t          now = billing_worker_now(w);
    billing_db_rc_t  rc;

    rc = billing_db_begin(w->db);
    rc = (rc == BILLING_DB_OK) ? billing_lease_fence(w) : rc;

    if (rc == BILLING_DB_OK) {
        rc = billing_turn_replies(w, now, replies);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_turn_commands(w, &turn->entries, now);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_turn_chores(w, turn, mono_ms, now);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    rc = billing_db_commit(w->db);

    /* A constraint that only the commit finds is a fault of ours. */
    return (rc == BILLING_DB_CONFLICT) ? BILLING_DB_FATAL : rc;
}


static billing_db_rc_t
billing_turn_replies(billing_worker_t *w, int64_t now, size_t *n)
{
    size_t                     came;
    int64_t                    until;
    billing_mark_t             mark;
    billing_db_rc_t            rc;
    const billing_finished_t  *list;

    came = billing_http_finished(w, &list);
    until = billing_clock_mono_ms() + BILLING_TURN_REPLIES_MS;

    for (size_t i = 0; i < came; i++) {
        if (i % 16 == 15 && billing_clock_mono_ms() >= until) {
            break;
        }

        *n = i + 1;

        rc = billing_savepoint(w, &mark);
        if (rc != BILLING_DB_OK) {
            return rc;
        }

        rc = billing_trace_resume(w, list[i].call.subject);

        if (rc == BILLING_DB_OK) {
            rc = billing_checkout_reply(w, &list[i].call, &list[i].reply,
                                        list[i].sent, now);
        }

        billing_trace_end(w);
        rc = billing_savepoint_end(w, &mark, rc);

        if (rc == BILLING_DB_CONFLICT) {
            billing_log("ALERT: the reply for %s contradicts the database:"
                        " it will be asked for again", list[i].call.subject);
            continue;
        }

        if (rc != BILLING_DB_OK) {
            return rc;
        }
    }

    return BILLING_DB_OK;
}


static billing_db_rc_t
billing_turn_commands(billing_worker_t *w, billing_entries_t *entries,
    int64_t now)
{
    const char       *last = NULL;
    billing_mark_t    mark;
    billing_db_rc_t   rc;

    for (unsigned i = 0; i < entries->n; i++) {
        billing_entry_t  *entry = &entries->entries[i];

        if (entry->enter) {
            rc = billing_command_enter(w, entry, now);

            if (rc != BILLING_DB_OK) {
                return rc;
            }
        }

        if (entry->answered || entry->late) {
            continue;
        }

        rc = billing_savepoint(w, &mark);
        if (rc != BILLING_DB_OK) {
            return rc;
        }

        rc = billing_savepoint_end(w, &mark,
                                   billing_command_entry(w, entry, now));

        if (rc == BILLING_DB_CONFLICT) {
            billing_log("ALERT: entry %s contradicts the database", entry->id);
            entry->kept = !billing_command_later(w, entry);

            rc = BILLING_DB_OK;
        }

        rc = (rc == BILLING_DB_OK) ? billing_command_ended(w, entry) : rc;
        if (rc != BILLING_DB_OK) {
            return rc;
        }

        if (entry->stream == BILLING_STREAM_COMMANDS
            && (last == NULL || billing_entry_id_compare(last, entry->id) < 0))
        {
            last = entry->id;
        }
    }

    return (last != NULL) ? billing_redis_mark_move(w, last) : BILLING_DB_OK;
}


static billing_db_rc_t
billing_turn_chores(billing_worker_t *w, billing_turn_t *turn,
    int64_t mono_ms, int64_t now)
{
    billing_db_rc_t  rc;

    rc = billing_outbox_clean(w);

    if (rc == BILLING_DB_OK) {
        rc = billing_mail_store(w, now);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_hooks_store(w);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_turn_paper(w, turn, mono_ms, now);
    }

    if (rc == BILLING_DB_OK && mono_ms >= turn->retention_ms) {
        turn->retention_ms = mono_ms + BILLING_TURN_RETENTION_MS;
        rc = billing_command_retention(w, now);
        rc = (rc == BILLING_DB_OK) ? billing_event_retention(w, now) : rc;
        rc = (rc == BILLING_DB_OK) ? billing_decline_retention(w, now) : rc;
    }

    if (rc == BILLING_DB_OK && mono_ms >= turn->pause_ms) {
        rc = billing_turn_sweep(w, turn, mono_ms, now);
    }

    return (rc == BILLING_DB_OK) ? billing_savepoint_unmade(w) : rc;
}


/* Somebody waits for its commit, to be answered or for the gateway. */

static bool
billing_turn_awaited(const billing_worker_t *w, const billing_turn_t *turn)
{
    const billing_finished_t  *list;

    return turn->entries.n > 0 || billing_http_finished(w, &list) > 0;
}


/*
 * The next turn comes at once and may be nobody's; where there is no such turn
 * for a while, paper is made all the same.
 */

static billing_db_rc_t
billing_turn_paper(billing_worker_t *w, billing_turn_t *turn, int64_t mono_ms,
    int64_t now)
{
    if (!billing_print_due(w, mono_ms)) {
        return BILLING_DB_OK;
    }

    if (billing_turn_awaited(w, turn)) {
        if (turn->paper_ms == 0) {
            turn->paper_ms = mono_ms;
        }

        if (mono_ms - turn->paper_ms < BILLING_TURN_PAPER_MS) {
            return BILLING_DB_OK;
        }
    }

    turn->paper_ms = 0;

    return billing_print_store(w, mono_ms, now);
}


/*
 * Who waits for an answer does not wait for all that may be due: what the turn
 * has put off to some instant is looked for soon after it.  Time-driven work
 * stops while the clock cannot be believed (P55).
 */

static billing_db_rc_t
billing_turn_sweep(billing_worker_t *w, billing_turn_t *turn, int64_t mono_ms,
    int64_t now)
{
    int64_t          next_at, wait;
    billing_db_rc_t  rc;

    if (mono_ms < turn->sweep_ms && billing_turn_awaited(w, turn)) {
        wait = turn->sweep_ms - mono_ms;
        turn->sweep_ms = mono_ms + ((wait < BILLING_TURN_SWEEP_SOON_MS)
                                    ? wait : BILLING_TURN_SWEEP_SOON_MS);
        return BILLING_DB_OK;
    }

    next_at = now + BILLING_TURN_SWEEP_MAX_MS / 1000;
    turn->sweep_ms = mono_ms + BILLING_TURN_SWEEP_MAX_MS;

    if (billing_clock_frozen(w)) {
        return BILLING_DB_OK;
    }

    rc = billing_clock_keep(w, mono_ms);

    if (rc == BILLING_DB_OK) {
        rc = billing_checkout_sweep(w, now, &next_at);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (next_at == BILLING_AT_ONCE) {
        turn->sweep_ms = mono_ms;

    } else if (next_at < now + BILLING_TURN_SWEEP_MAX_MS / 1000) {
        wait = (next_at - now) * 1000;
        turn->sweep_ms = mono_ms + ((wait > BILLING_TURN_SWEEP_MIN_MS)
                                    ? wait : BILLING_TURN_SWEEP_MIN_MS);
    }

    return BILLING_DB_OK;
}


/* Committed.  Records before answers: who is told can also see. */

static billing_db_rc_t
billing_turn_after(billing_worker_t *w, size_t replies)
{
    billing_db_rc_t  rc;

    if (replies > 0) {
        billing_leisure_busy(&billing_infra(w)->leisure,
                             billing_clock_mono_ms());
    }

    w->unmade = 0;
    billing_lease_committed(w);
    billing_http_drop(w, replies);
    billing_mail_stored(w);
    billing_hooks_stored(w);
    billing_hooks_hurry(w);

    /* The gateway is at work while the records are made. */

    billing_http_committed(w);
    billing_http_perform(w);

    rc = billing_outbox_flush(w);

    billing_clock_publish(w, false);
    billing_answers_flush(w);
    billing_security_flush(w);

    return rc;
}


/* Nothing was done: who asks again later finds nothing half-way. */

static void
billing_turn_full(billing_worker_t *w, billing_turn_t *turn, int64_t mono_ms)
{
    if (!turn->full) {
        billing_log("ALERT: the database cannot be written: %s",
                    billing_db_message(w->db));
    }

    turn->full = true;
    turn->pause_ms = mono_ms + BILLING_TURN_PAUSE_MS;
    billing_lease_stalled(w);

    for (unsigned i = 0; i < turn->entries.n; i++) {
        billing_entry_t  *entry = &turn->entries.entries[i];

        entry->kept = !entry->answered && !entry->late
                      && !billing_command_later(w, entry);
    }

    billing_answers_flush(w);
}
