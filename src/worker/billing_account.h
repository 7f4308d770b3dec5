/*
 * Part of billing_business.h: one subscription that covers several teams.
 *
 * The account is the team that holds the subscription.  Money, licences and
 * what the clock brings are its row's; the teams inside have members and
 * boards of their own and a copy of what the gate asks for.
 */

#ifndef BILLING_ACCOUNT_H
#define BILLING_ACCOUNT_H

#define BILLING_REMOVAL_SEC        86400    /* a link is good for a day */
#define BILLING_REMOVAL_AGAIN_SEC  60       /* between two of them */

/*
 * How many a team's row says it has, $1 the role of a member: of who holds a
 * subscription the licences in use.  Nothing else counts.
 */
#define BILLING_MEMBERS                                                       \
    "CASE WHEN team.id = team.account THEN (SELECT COUNT(*) FROM seat s"      \
    " WHERE s.account = team.id) ELSE (SELECT COUNT(*) FROM member m"         \
    " WHERE m.team = team.id AND (m.roles & $1) <> 0) END"

/* A team inside that ends shows nothing of the account any more. */
#define BILLING_INSIDE_GONE                                                   \
    "UPDATE team SET gone = 1, plan = 'free', state = 'free', period = '',"   \
    " method = '', seats = 0, members = 0, hold_seats = 0, anchor_at = 0,"    \
    " period_start_at = 0, period_end_at = 0, auto_renew = 0,"                \
    " scheduled_plan = '', invoice_open = 0, invoice_due_at = 0,"             \
    " remind_at = 0, late_at = 0, overdue = 0, retry_at = 0, failed = 0,"     \
    " version = version + 1"


/* --- operations ----------------------------------------------------------- */

billing_db_rc_t billing_op_team_delete(billing_op_t *op);
billing_db_rc_t billing_op_app_team_delete(billing_op_t *op);


/* --- the account (account.c) ---------------------------------------------- */

bool billing_account_own(const billing_team_row_t *row);

/* The row that holds the subscription of *row: itself, or its account. */
BILLING_MUST_CHECK billing_db_rc_t billing_account_load(billing_worker_t *w,
    const billing_team_row_t *row, billing_team_row_t *account);

/* Roles in that team, those of the account included. */
BILLING_MUST_CHECK billing_db_rc_t billing_actor_roles(billing_worker_t *w,
    const billing_team_row_t *row, const char *email, uint32_t *roles);

/* Roles in any team of the account; *row may be any of these. */
BILLING_MUST_CHECK billing_db_rc_t billing_account_roles(billing_worker_t *w,
    const billing_team_row_t *row, const char *email, uint32_t *roles);

/* How many people hold one of these roles in the account. */
BILLING_MUST_CHECK billing_db_rc_t billing_account_count(billing_worker_t *w,
    const char *account, uint32_t roles, uint32_t *n,
    char first[BILLING_EMAIL_MAX + 1]);

/* Fills the admins there are and the teams of that person in the account. */
BILLING_MUST_CHECK billing_db_rc_t billing_account_admins(
    billing_worker_t *w, const billing_team_row_t *row, const char *email,
    billing_person_ask_t *ask);

/* Its teams that are not deleted. */
BILLING_MUST_CHECK billing_db_rc_t billing_account_teams(billing_worker_t *w,
    const char *account, uint32_t *n);

/*
 * The answer about the team asked about, as the database has it now; row is of
 * the account that paid, and told when asked is "" (answer_json.c).
 */
BILLING_MUST_CHECK billing_db_rc_t billing_asked_json(billing_worker_t *w,
    const billing_team_row_t *row, const char *asked, const char *actor,
    json_t **out);

/* Its people with a licence: [{"email","role","roles","teams"}]. */
BILLING_MUST_CHECK billing_db_rc_t billing_account_people(
    billing_worker_t *w, const char *account, json_t **out);

/* {"id","name","teams","seats_used"} */
BILLING_MUST_CHECK billing_db_rc_t billing_account_json(billing_worker_t *w,
    const billing_team_row_t *row, json_t **out, uint32_t *teams);


/* --- its row changes (account_store.c) ------------------------------------ */

/*
 * Gives the teams inside what the gate asks for, where it has changed; their
 * versions go on and their records are published.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_account_mirror(
    billing_worker_t *w, const char *account);

/*
 * Called by billing_team_store once the row is written; was is the plan of
 * before.  A company that ends becomes one team again (R189, R190), a team
 * that becomes a company gets its Company Admins.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_account_stored(
    billing_worker_t *w, const billing_team_row_t *row, billing_plan_t was);

/* One row of a list of members: team, email, roles, since. */
typedef struct {
    char                     team[BILLING_ID_MAX + 1];
    char                     email[BILLING_EMAIL_MAX + 1];
    billing_member_change_t  change;    /* points into the two above */
} billing_person_t;

/* Reads the current row and ends the list. */
void billing_person_read(billing_db_t *db, const char *sql,
    billing_person_t *person);

/* Runs an UPDATE of teams that returns their ids, and publishes these. */
BILLING_MUST_CHECK billing_db_rc_t billing_account_publish(
    billing_worker_t *w, const char *sql, const char *account);

/* All teams of the account in the one that holds it (account_merge.c). */
BILLING_MUST_CHECK billing_db_rc_t billing_account_merge(billing_worker_t *w,
    const billing_team_row_t *row);


/* --- licences (seat.c) ---------------------------------------------------- */

/* Whether that person has a licence of the account, and with which roles. */
BILLING_MUST_CHECK billing_db_rc_t billing_seat_held(billing_worker_t *w,
    const char *account, const char *email, bool *held, uint32_t *roles);

/*
 * A licence for one more member of the team: the one that person has in the
 * account, a vacant one, or one that is added (R14, R144, R145).  DONE with the
 * refusal; else *row is what the database has.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_seat_ensure(billing_op_t *op,
    billing_team_row_t *row, const char *email);

/*
 * The account as this person sees its licences: those in use by others, or
 * none when that person has one.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_seat_licences(billing_worker_t *w,
    const billing_team_row_t *row, const char *email, billing_team_t *out);

/* Called by billing_member_store: what the change means for the licence. */
typedef struct {
    const char  *account;
    const char  *email;
    uint32_t     roles;                 /* in a team of it from now on */
    bool         company;               /* keeps the licence (R210) */
    int64_t      now;
} billing_seat_follow_t;

BILLING_MUST_CHECK billing_db_rc_t billing_seat_follow(billing_worker_t *w,
    const billing_seat_follow_t *follow);

/* Counts the licences in use into the account's row, if they have changed. */
BILLING_MUST_CHECK billing_db_rc_t billing_seat_recount(billing_worker_t *w,
    const char *account);

/* Free again, whatever teams that person is in. */
BILLING_MUST_CHECK billing_db_rc_t billing_seat_free(billing_worker_t *w,
    const char *account, const char *email);

/* Sets the roles of the whole account, in each team of it (account_store.c). */
BILLING_MUST_CHECK billing_db_rc_t billing_company_role(billing_worker_t *w,
    const char *account, const char *email, uint32_t roles);

#endif /* BILLING_ACCOUNT_H */
