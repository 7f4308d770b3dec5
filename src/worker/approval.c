/*
 * Who says what about a refund: each word is a row that stays.  Whether one
 * person is enough is the domain's (billing_approval_step).
 */

#include <string.h>

#include "billing_business.h"


billing_db_rc_t
billing_approval_load(billing_worker_t *w, const char *refund,
    billing_asked_t *asked)
{
    static const char  sql[] =
        "SELECT act, person, at FROM approval WHERE refund = $1"
        " ORDER BY n DESC LIMIT 1";

    billing_db_rc_t  rc;

    *asked = (billing_asked_t) { .at = 0 };
    rc = billing_db_query(w->db, sql, "t", refund);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
    }

    if (strcmp(billing_db_text(w->db, sql, 0), "asked") == 0) {
        billing_copy(asked->by, sizeof(asked->by),
                     billing_db_text(w->db, sql, 1));
        asked->at = billing_db_int(w->db, sql, 2);
    }

    billing_db_done(w->db, sql);

    return BILLING_DB_OK;
}


billing_db_rc_t
billing_approval_write(billing_op_t *op, const char *team, const char *refund,
    const char *act)
{
    static const char  sql[] =
        "INSERT INTO approval (refund, n, act, person, note, at)"
        " VALUES ($1, (SELECT COALESCE(MAX(a.n) + 1, 0) FROM approval a"
        " WHERE a.refund = $2), $3, $4, $5, $6)";

    const char  *by = billing_op_text(op, "by");

    billing_security_note(op->w, &(billing_security_note_t) {
        .event = BILLING_SECURITY_REFUND, .reason = act, .team = team,
        .who = by[0] != '\0' ? by : NULL, .what = refund
    });

    return billing_db_exec(op->w->db, sql, "ttttti", refund, refund, act, by,
                           billing_op_text(op, "note"), op->now);
}


json_t *
billing_approval_json(const billing_asked_t *asked)
{
    return json_pack("{s:s, s:o, s:o}", "by", asked->by,
               "at", billing_instant_json(asked->at),
               "until", billing_instant_json(asked->at
                                             + BILLING_APPROVAL_SEC));
}
