/*
 * Part of billing_business.h: how an operation comes by the team it is about,
 * and by the right to do something there.  Each is OK, or DONE with a refusal.
 */

#ifndef BILLING_ENTER_H
#define BILLING_ENTER_H

/*
 * The team named, when the actor may know of it: a stranger gets the same
 * TEAM_NOT_FOUND as for a team that does not exist (P47).
 */
BILLING_MUST_CHECK billing_db_rc_t billing_op_enter(billing_op_t *op,
    const char *team, billing_team_row_t *row, uint32_t *roles);

/*
 * Enters the team named, and *row is the account's row with the roles held
 * there: everything about money goes through this.  The answer is about the
 * team named.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_op_account(billing_op_t *op,
    billing_team_row_t *row, uint32_t *roles);

/* The team named, for who may do that there; else DONE with the refusal. */
BILLING_MUST_CHECK billing_db_rc_t billing_op_may(billing_op_t *op,
    billing_act_t act, billing_team_row_t *row);

/*
 * What pays for the team, for who may do that and where billing pages are
 * open (R128); else DONE with the refusal.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_op_payer(billing_op_t *op,
    billing_act_t act, billing_team_row_t *row);

/* The same, while nothing else is being paid. */
BILLING_MUST_CHECK billing_db_rc_t billing_op_subscription(billing_op_t *op,
    billing_act_t act, billing_team_row_t *row);

/* Not for a team whose billing pages are closed (R128). */
BILLING_MUST_CHECK billing_db_rc_t billing_op_shown(billing_op_t *op,
    const billing_team_row_t *row);

#endif /* BILLING_ENTER_H */
