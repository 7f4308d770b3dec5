/*
 * Flexible Licensing of an Enterprise contract (R203): who is without a licence
 * and edits gets one, also above the contract; a review takes these into it.
 */

#include "billing_business.h"


billing_db_rc_t
billing_licence_edit(billing_op_t *op, const char *team, uint32_t *roles)
{
    uint32_t                  own, then;
    billing_db_rc_t           rc;
    billing_team_row_t        row, account;
    billing_member_change_t   change;

    if ((*roles & (uint32_t) BILLING_ROLE_RESTRICTED) == 0) {
        return BILLING_DB_OK;
    }

    rc = billing_team_load(op->w, team, &row);

    if (rc == BILLING_DB_OK) {
        rc = billing_account_load(op->w, &row, &account);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_member_roles(op->w, row.id, op->command->actor, &own);
    }

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_FATAL : rc;
    }

    then = billing_licence_edits(&account.team, own, op->now);

    if (then == own) {
        return BILLING_DB_OK;
    }

    change = (billing_member_change_t) {
        .team = row.id, .email = op->command->actor, .roles = then,
        .now = op->now
    };
    *roles = (*roles & ~(uint32_t) BILLING_ROLE_RESTRICTED)
             | (uint32_t) BILLING_ROLE_MEMBER;

    rc = billing_member_store(op->w, &change);

    return rc == BILLING_DB_OK ? billing_team_store(op->w, &row) : rc;
}


/*
 * One at a time: those the clock has passed over follow by themselves.  The
 * application hears of it as of any change of seats.
 */

billing_db_rc_t
billing_review_run(billing_worker_t *w, billing_team_row_t *row,
    billing_due_t due, int64_t now)
{
    bool             more;
    uint32_t         before = row->team.seats;
    billing_db_rc_t  rc;

    (void) due;

    more = billing_review_take(&row->team);
    rc = billing_team_store(w, row);

    if (rc != BILLING_DB_OK || !more) {
        return rc;
    }

    return billing_company_mail(w, row, "mail.licences_reviewed",
               json_pack("{s:I, s:I, s:I}",
                   "seats", (json_int_t) row->team.seats,
                   "before", (json_int_t) before,
                   "days", (json_int_t) row->team.review_days), now);
}
