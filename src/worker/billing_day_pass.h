/*
 * Part of billing_business.h: Day Passes (R198..R201) and the trial (R221).
 */

#ifndef BILLING_DAY_PASS_H
#define BILLING_DAY_PASS_H


billing_db_rc_t billing_op_occasional_add(billing_op_t *op);
billing_db_rc_t billing_op_occasional_remove(billing_op_t *op);
billing_db_rc_t billing_op_day_passes(billing_op_t *op);
billing_db_rc_t billing_op_board_open(billing_op_t *op);
billing_db_rc_t billing_op_trial(billing_op_t *op);


/* --- Day Passes (day_pass.c) ---------------------------------------------- */

typedef struct {
    int64_t  n;                         /* of this person, 0 none */
    int64_t  started_at;
    int64_t  ends_at;
} billing_pass_row_t;

typedef struct {
    const char       *team;
    const char       *email;
    int64_t           n;
    int64_t           now;
    int64_t           ends_at;
    billing_money_t   price;
} billing_pass_new_t;

/* The person's last, or zeros. */
BILLING_MUST_CHECK billing_db_rc_t billing_pass_last(billing_worker_t *w,
    const char *team, const char *email, billing_pass_row_t *pass);

/* OK, or DONE when somebody else has just begun the same one. */
BILLING_MUST_CHECK billing_db_rc_t billing_pass_publish(billing_worker_t *w,
    const char *account, const char *email, int64_t now);
BILLING_MUST_CHECK billing_db_rc_t billing_pass_begin(billing_worker_t *w,
    const billing_pass_new_t *pass);

/* Who has got a licence of the account needs passes in none of its teams. */
BILLING_MUST_CHECK billing_db_rc_t billing_occasional_seated(
    billing_worker_t *w, const char *account, const char *email);

/* Those that are in no bill, into row->team. */
BILLING_MUST_CHECK billing_db_rc_t billing_passes_load(billing_worker_t *w,
    billing_team_row_t *row);

/*
 * The passes on a checkout's quote are in that bill from its intent on: no
 * other takes them.  Its end gives them back or says that they are paid.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_passes_reserve(
    billing_worker_t *w, const billing_checkout_t *co);
BILLING_MUST_CHECK billing_db_rc_t billing_passes_release(
    billing_worker_t *w, const char *checkout);
BILLING_MUST_CHECK billing_db_rc_t billing_passes_billed(
    billing_worker_t *w, const billing_checkout_t *co);

/* The bill itself is void (R138): what was on it was used all the same. */
/* day_pass.billed of what no bill will name. */
#define BILLING_PASS_GIVEN_UP  2

/*
 * Those of an account that ends are given up, nobody being left to bill; those
 * of an Enterprise account are its contract's, whenever that is made anew.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_passes_waive(billing_worker_t *w,
    billing_team_row_t *account, int64_t now);

BILLING_MUST_CHECK billing_db_rc_t billing_passes_void(billing_worker_t *w,
    const billing_bill_t *bill, int64_t now);

/* How many are not billed, or in a bill that is under way; the amount. */
typedef struct {
    int64_t  n;
    int64_t  minor;
} billing_passes_sum_t;

BILLING_MUST_CHECK billing_db_rc_t billing_passes_sum(billing_worker_t *w,
    const char *team, billing_passes_sum_t *sum);


/* --- the trial (trial.c) -------------------------------------------------- */

/* It begins in *row, with its mail; the row is not written. */
BILLING_MUST_CHECK billing_db_rc_t billing_trial_start(billing_worker_t *w,
    billing_team_row_t *row, const billing_quote_t *offer, int64_t now);

/* Its last day: the purchase, or back to what was before. */
BILLING_MUST_CHECK billing_db_rc_t billing_trial_run(billing_worker_t *w,
    billing_team_row_t *row, billing_due_t due, int64_t now);

/* The purchase was refused: back, as any refused purchase leaves it (R94). */
BILLING_MUST_CHECK billing_db_rc_t billing_trial_refused(
    billing_worker_t *w, billing_team_row_t *row,
    const billing_unpaid_t *unpaid);

#endif /* BILLING_DAY_PASS_H */
