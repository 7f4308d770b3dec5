/*
 * Queries: answered outside the turn's transaction, so that nobody who only
 * asks waits for a disk.  Two kinds wait for the commands: who asks about an
 * operation, and who is here for the first time.
 */

#include <string.h>

#include "billing_infra.h"


/* DONE: not a query, which only a transaction that writes can deal with. */

billing_db_rc_t
billing_query_entry(billing_worker_t *w, billing_entry_t *entry, int64_t now)
{
    billing_mark_t      mark;
    billing_db_rc_t     rc;
    billing_command_t   command;
    billing_op_reply_t  reply = { .status = 0 };

    if (entry->stream != BILLING_STREAM_QUERIES
        || entry->deliveries >= BILLING_DELIVERIES_MAX
        || billing_command_read(w, entry, &command) != BILLING_OK)
    {
        return BILLING_DB_DONE;
    }

    if (!billing_op_is_query(command.kind)
        || (!entry->late && strcmp(command.kind, "operation") == 0))
    {
        entry->late = billing_op_is_query(command.kind);
        billing_command_release(&command);
        return BILLING_DB_DONE;
    }

    if (command.deadline_ms > 0
        && billing_clock_wall_ms() > command.deadline_ms)
    {
        billing_command_release(&command);
        return BILLING_DB_OK;   /* nobody waits for it any more */
    }

    mark = billing_mark(w);
    rc = billing_op_run(w, &command, now, &reply);
    billing_mark_undo(w, &mark);

    if (rc != BILLING_DB_FATAL && reply.status == 0) {
        billing_op_refuse(&reply, BILLING_INTERNAL, command.lang, NULL);
    }

    /* Asked again behind the commands: then the profile is there. */

    if (rc != BILLING_DB_FATAL && reply.enter && !entry->late) {
        entry->enter = true;
        entry->late = true;
        rc = BILLING_DB_DONE;

    } else if (rc != BILLING_DB_FATAL) {
        rc = billing_command_tell(w, command.op, command.reply, &reply, false);
    }

    json_decref(reply.body);
    billing_command_release(&command);

    return rc;
}


/* A profile that cannot enter is shown what there is without. */

billing_db_rc_t
billing_command_enter(billing_worker_t *w, const billing_entry_t *entry,
    int64_t now)
{
    billing_mark_t     mark;
    billing_db_rc_t    rc;
    billing_command_t  command;

    if (billing_command_read(w, entry, &command) != BILLING_OK) {
        return BILLING_DB_OK;
    }

    rc = billing_savepoint(w, &mark);

    if (rc == BILLING_DB_OK) {
        rc = billing_savepoint_end(w, &mark,
                 billing_profile_enter(w, command.actor, command.lang, now));
    }

    if (rc == BILLING_DB_CONFLICT) {
        billing_log("ALERT: a profile cannot enter: %s", entry->id);
        rc = BILLING_DB_OK;
    }

    billing_command_release(&command);

    return rc;
}
