/*
 * Declined cards: who tries stolen numbers is stopped, by the team and by the
 * person (P54).  Bills that nobody is waiting for have their own schedule.
 */

#include <string.h>

#include "billing_business.h"

#define BILLING_DECLINE_KEEP_SEC  86400


static billing_db_rc_t billing_decline_look(billing_worker_t *w,
    const char *sql, const char *who, int64_t *until);


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
    billing_op_refuse(reply, BILLING_CARD_PAUSED,
                      billing_lang_name(payer->lang),
                      json_pack("{s:I}", "n",
                                (json_int_t) ((until - now + 59) / 60)));
    reply->retry_after_sec = (unsigned) (until - now);

    return BILLING_DB_DONE;
}


static billing_db_rc_t
billing_decline_look(billing_worker_t *w, const char *sql, const char *who,
    int64_t *until)
{
    int64_t          at[BILLING_DECLINES_LOOK_MAX], own;
    unsigned         n = 0;
    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "t", who);

    while (rc == BILLING_DB_ROW && n < BILLING_DECLINES_LOOK_MAX) {
        at[n++] = billing_db_int(w->db, sql, 0);
        rc = billing_db_next(w->db, sql);
    }

    if (rc == BILLING_DB_ROW) {
        billing_db_done(w->db, sql);
        rc = BILLING_DB_DONE;
    }

    own = billing_decline_until(at, n);
    *until = own > *until ? own : *until;

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}


billing_db_rc_t
billing_decline_retention(billing_worker_t *w, int64_t now)
{
    static const char  sql[] = "DELETE FROM card_decline WHERE at < $1";

    return billing_db_exec(w->db, sql, "i", now - BILLING_DECLINE_KEEP_SEC);
}
