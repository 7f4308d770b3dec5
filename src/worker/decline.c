/*
 * Too much of it: who tries stolen numbers is stopped, by the team and by the
 * person, and so is a team that buys all the time (P54).  Bills that nobody is
 * waiting for have their own schedule.
 */

#include <string.h>

#include "billing_business.h"

#define BILLING_DECLINE_KEEP_SEC  86400


static billing_db_rc_t billing_decline_look(billing_worker_t *w,
    const char *sql, const char *who, int64_t *until);
static billing_db_rc_t billing_decline_list(billing_worker_t *w,
    const char *sql, billing_db_rc_t rc, int64_t *at, unsigned *n);
static void billing_decline_refuse(billing_op_reply_t *reply,
    billing_reason_t reason, billing_lang_t lang, int64_t left);


bool
billing_checkout_asked(const billing_checkout_t *co)
{
    return !billing_purpose_of(co->purpose)->off_session
           || co->waiter[0] != '\0';
}


billing_db_rc_t
billing_decline_note(billing_worker_t *w, const billing_checkout_t *co,
    const billing_ending_t *ending)
{
    static const char  sql[] =
        "INSERT INTO card_decline (checkout, attempt, team, profile, at)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";

    if (ending->state != BILLING_CHECKOUT_FAILED
        || billing_reason_status(ending->reason) != 402
        || !billing_checkout_asked(co))
    {
        return BILLING_DB_OK;
    }

    return billing_db_exec(w->db, sql, "titti", co->id, (int64_t) co->attempt,
                           co->team, co->actor, ending->now);
}


billing_db_rc_t
billing_decline_may(billing_worker_t *w, const billing_payer_t *payer,
    int64_t now, billing_op_reply_t *reply)
{
    static const char  team_sql[] =
        "SELECT at FROM card_decline WHERE team = $1"
        " ORDER BY at DESC LIMIT 16";
    static const char  profile_sql[] =
        "SELECT at FROM card_decline WHERE profile = $1"
        " ORDER BY at DESC LIMIT 16";

    int64_t          until = 0;
    billing_db_rc_t  rc;

    rc = billing_decline_look(w, team_sql, payer->team, &until);

    if (rc == BILLING_DB_OK) {
        rc = billing_decline_look(w, profile_sql, payer->profile, &until);
    }

    if (rc != BILLING_DB_OK || until <= now) {
        return rc;
    }

    billing_log("cards of team %s are paused: too many were declined",
                payer->team);
    billing_decline_refuse(reply, BILLING_CARD_PAUSED, payer->lang,
                           until - now);

    return BILLING_DB_DONE;
}


/*
 * Counted by what was begun, whatever came of it, but for those the gateway
 * was not there for.  The same key again is none more, and never too many.
 */

billing_db_rc_t
billing_purchases_may(billing_op_t *op, const char *team)
{
    static const char  sql[] =
        "SELECT started_at FROM checkout WHERE team = $1"
        " AND purpose = 'purchase'"
        " AND (state <> 'failed' OR reason <> 'GATEWAY_UNAVAILABLE')"
        " AND NOT EXISTS (SELECT 1 FROM checkout WHERE id = $2)"
        " ORDER BY started_at DESC LIMIT 10";

    int64_t          at[BILLING_DECLINES_LOOK_MAX], until;
    unsigned         n;
    billing_db_rc_t  rc;

    rc = billing_db_query(op->w->db, sql, "tt", team, op->command->op);
    rc = billing_decline_list(op->w, sql, rc, at, &n);
    until = billing_purchases_until(at, n);

    if (rc != BILLING_DB_OK || until <= op->now) {
        return rc;
    }

    billing_log("purchases of team %s are paused: too many within an hour",
                team);
    billing_decline_refuse(op->reply, BILLING_PURCHASE_PAUSED, op->lang,
                           until - op->now);

    return BILLING_DB_DONE;
}


static void
billing_decline_refuse(billing_op_reply_t *reply, billing_reason_t reason,
    billing_lang_t lang, int64_t left)
{
    billing_op_refuse(reply, reason, billing_lang_name(lang),
                      json_pack("{s:I}", "n", (json_int_t) ((left + 59) / 60)));
    reply->retry_after_sec = (unsigned) left;
}


static billing_db_rc_t
billing_decline_look(billing_worker_t *w, const char *sql, const char *who,
    int64_t *until)
{
    int64_t          at[BILLING_DECLINES_LOOK_MAX], own;
    unsigned         n;
    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "t", who);
    rc = billing_decline_list(w, sql, rc, at, &n);
    own = billing_decline_until(at, n);
    *until = own > *until ? own : *until;

    return rc;
}


/* The instants that a statement begun with rc has. */

static billing_db_rc_t
billing_decline_list(billing_worker_t *w, const char *sql, billing_db_rc_t rc,
    int64_t *at, unsigned *n)
{
    *n = 0;

    while (rc == BILLING_DB_ROW && *n < BILLING_DECLINES_LOOK_MAX) {
        at[(*n)++] = billing_db_int(w->db, sql, 0);
        rc = billing_db_next(w->db, sql);
    }

    if (rc == BILLING_DB_ROW) {
        billing_db_done(w->db, sql);
        rc = BILLING_DB_DONE;
    }

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}


billing_db_rc_t
billing_decline_retention(billing_worker_t *w, int64_t now)
{
    static const char  sql[] = "DELETE FROM card_decline WHERE at < $1";

    return billing_db_exec(w->db, sql, "i", now - BILLING_DECLINE_KEEP_SEC);
}
