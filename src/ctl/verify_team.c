/*
 * billingctl verify: what the rows of teams say, against entries, members,
 * checkouts and dates.
 */

#include "billing_ctl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../worker/billing_business.h"


static billing_db_rc_t billing_check_due(billing_verify_t *v);


#define BILLING_CHECK_OPEN  " IN ('new', 'charging', 'action', 'unknown')"

static const char  billing_check_teams[] = "SELECT COUNT(*) FROM team";

static const char  billing_check_credit[] =
    "SELECT t.id, 'has a credit of ' || t.credit_minor || ' ' || t.currency"
    " || ', its entries add up to ' || COALESCE(l.owed, 0)"
    " FROM team t LEFT JOIN (SELECT account, currency,"
    " -SUM(amount_minor) AS owed FROM ledger WHERE account LIKE 'credit:%'"
    " GROUP BY account, currency) l ON l.account = 'credit:' || t.id"
    " AND l.currency = t.currency"
    " WHERE t.credit_minor <> COALESCE(l.owed, 0) ORDER BY t.id";

static const char  billing_check_pending[] =
    "SELECT t.id, 'has ' || t.pending_minor || ' ' || t.currency"
    " || ' to be billed, its entries add up to ' || COALESCE(l.open, 0)"
    " FROM team t LEFT JOIN (SELECT account, currency,"
    " SUM(amount_minor) AS open FROM ledger WHERE account LIKE 'unbilled:%'"
    " GROUP BY account, currency) l ON l.account = 'unbilled:' || t.id"
    " AND l.currency = t.currency"
    " WHERE t.pending_minor <> COALESCE(l.open, 0) ORDER BY t.id";

/* Of who holds a subscription it is the licences in use. */
static const char  billing_check_members[] =
    "SELECT t.id, 'says ' || t.members || ' members, has ' || t.n FROM"
    " (SELECT id, members, CASE WHEN id = account THEN (SELECT COUNT(*)"
    " FROM seat s WHERE s.account = team.id) ELSE (SELECT COUNT(*)"
    " FROM member m WHERE m.team = team.id AND (m.roles & $1) <> 0) END"
    " AS n FROM team) t WHERE t.members <> t.n ORDER BY t.id";

static const char  billing_check_licences[] =
    "SELECT t.account, m.email || ' is a member of ' || m.team"
    " || ' without a licence' FROM member m JOIN team t ON t.id = m.team"
    " WHERE (m.roles & $1) <> 0 AND NOT EXISTS (SELECT 1 FROM seat s"
    " WHERE s.account = t.account AND s.email = m.email)"
    " ORDER BY m.team, m.email";

/* What a team inside shows is a copy, and its money is the account's. */
static const char  billing_check_inside[] =
    "SELECT i.id, 'shows another plan, state or size than ' || i.account"
    " FROM team i JOIN team h ON h.id = i.account WHERE i.id <> h.id"
    " AND i.gone = 0 AND (i.plan <> h.plan OR i.state <> h.state"
    " OR i.seats <> h.seats OR i.period_end_at <> h.period_end_at)"
    " ORDER BY i.id";

/* Above a flexible contract until the review (R203). */
static const char  billing_check_seats[] =
    "SELECT id, members || ' members on ' || seats || ' seats'"
    " || CASE WHEN hold_seats <> 0 THEN ', ' || hold_seats"
    " || ' held for a payment' ELSE '' END FROM team"
    " WHERE (plan IN ('team', 'business', 'consultant')"
    " AND members > seats) OR seats < 0"
    " OR (plan = 'enterprise' AND id = account AND seats <> 0"
    " AND review_days = 0 AND members > seats)"
    " OR (hold_seats <> 0 AND members > hold_seats) ORDER BY id";

static const char  billing_check_holds[] =
    "SELECT t.id, 'holds ' || t.hold_seats || ' seats and nothing is being"
    " paid' FROM team t WHERE t.hold_seats <> 0 AND NOT EXISTS (SELECT 1"
    " FROM checkout k WHERE k.team = t.account AND k.state"
    BILLING_CHECK_OPEN ")"
    " ORDER BY t.id";

static const char  billing_check_open[] =
    "SELECT team, 'has ' || COUNT(*) || ' open checkouts' FROM checkout"
    " WHERE state" BILLING_CHECK_OPEN " GROUP BY team HAVING COUNT(*) > 1"
    " ORDER BY team";

static const char  billing_check_renewals[] =
    "SELECT team, 'has ' || COUNT(*) || ' renewals due at ' || due_at"
    " FROM checkout WHERE purpose = 'renewal'"
    " AND state NOT IN ('refunding', 'refunded') GROUP BY team, due_at"
    " HAVING COUNT(*) > 1 ORDER BY team, due_at";

/* Wall clock: the gateway does not follow the test clock. */
static const char  billing_check_stuck[] =
    "SELECT id, 'of team ' || team || ' is ' || state"
    " || ' and its next step was due ' || ($1 - next_try_at) || ' s ago'"
    " FROM checkout WHERE state IN ('new', 'charging', 'action', 'unknown',"
    " 'refunding') AND next_try_at < $1 - 3600 ORDER BY id";

static const char  billing_check_states[] =
    "SELECT id, 'is ' || plan || ' and ' || state || ': ' || CASE"
    " WHEN (plan = 'free') <> (state = 'free') AND state <> 'trial'"
    " THEN 'Free is one of both'"
    " WHEN (trial_plan <> '') <> (state = 'trial')"
    " THEN 'the trial is one of both'"
    " WHEN state = 'trial' AND hold_seats = 0 AND trial_ends_at < $1 - 3600"
    " THEN 'its trial ended ' || ($1 - trial_ends_at) || ' s ago'"
    " WHEN state IN ('active', 'active_unpaid', 'past_due', 'cancelled')"
    " AND plan NOT IN ('team', 'business', 'consultant')"
    " THEN 'no such plan is sold'"
    " WHEN state IN ('active', 'active_unpaid', 'past_due', 'cancelled')"
    " AND (period_start_at >= period_end_at OR period = '' OR method = '')"
    " THEN 'it has no period or payment method'"
    " WHEN state IN ('cancelled', 'expired') AND auto_renew <> 0"
    " THEN 'it would renew itself'"
    " WHEN state = 'past_due' AND failed = 0 AND overdue = 0"
    " THEN 'nothing failed and no invoice is overdue'"
    " WHEN state = 'free' AND (period_end_at <> 0 OR paid_minor <> 0"
    " OR pending_minor <> 0 OR auto_renew <> 0)"
    " THEN 'something of a subscription is left'"
    " ELSE 'its period ended ' || ($1 - period_end_at) || ' s ago' END"
    " FROM team WHERE ((plan = 'free') <> (state = 'free')"
    " AND state <> 'trial')"
    " OR (trial_plan <> '') <> (state = 'trial')"
    " OR (state = 'trial' AND hold_seats = 0 AND trial_ends_at < $1 - 3600)"
    " OR (state IN ('active', 'active_unpaid', 'past_due', 'cancelled')"
    " AND (plan NOT IN ('team', 'business', 'consultant')"
    " OR period_start_at >= period_end_at OR period = '' OR method = ''))"
    " OR (state IN ('cancelled', 'expired') AND auto_renew <> 0)"
    " OR (state = 'past_due' AND failed = 0 AND overdue = 0)"
    " OR (state = 'free' AND (period_end_at <> 0 OR paid_minor <> 0"
    " OR pending_minor <> 0 OR auto_renew <> 0))"
    " OR ((state IN ('active', 'active_unpaid', 'cancelled')"
    " OR (state = 'trial' AND plan <> 'free'))"
    " AND hold_seats = 0 AND retry_at = 0"
    " AND period_end_at < $1 - 3600) ORDER BY id";

/* Who waits for a checkout or a card is answered by it. */
static const char  billing_check_commands[] =
    "SELECT c.op, c.kind || ' is ' || c.state || ' since '"
    " || ($1 - c.created_at) || ' s and nothing will end it' FROM command c"
    " WHERE (c.state = 'open' AND c.created_at < $1 - 120"
    " AND NOT EXISTS (SELECT 1 FROM checkout k WHERE (k.id = c.op"
    " OR k.waiter = c.op) AND k.state IN ('new', 'charging', 'action',"
    " 'unknown', 'refunding'))"
    " AND NOT EXISTS (SELECT 1 FROM card_setup s WHERE s.id = c.op"
    " AND s.state = 'open'))"
    " OR (c.state <> 'open' AND (c.finished_at = 0 OR c.status = 0))"
    " ORDER BY c.op";

static const char  billing_check_promos[] =
    "SELECT p.checkout, p.code || ' is ' || p.state || ', the checkout is '"
    " || k.state FROM promo_redemption p JOIN checkout k"
    " ON k.id = p.checkout WHERE (p.state = 'reserved'"
    " AND k.state NOT" BILLING_CHECK_OPEN ")"
    " OR (p.state = 'redeemed' AND k.state <> 'succeeded')"
    " ORDER BY p.checkout";


const billing_check_t  billing_checks_team[] = {
    { "team.credit", "teams",
      "list the entries of account credit:TEAM (billingctl export) and find"
      " the change that has none",
      billing_check_teams, "", billing_check_credit, NULL },
    { "team.pending", "teams",
      "list the entries of account unbilled:TEAM and find the change of seats"
      " that has none",
      billing_check_teams, "", billing_check_pending, NULL },
    { "team.members", "teams",
      "adding or removing any member counts them anew",
      billing_check_teams, "m", billing_check_members, NULL },
    { "team.licences", "teams",
      "adding the person to the team again, or removing it, sets it right",
      billing_check_teams, "m", billing_check_licences, NULL },
    { "team.inside", "teams",
      "any change of the account's own row copies it anew",
      "SELECT COUNT(*) FROM team WHERE id <> account", "",
      billing_check_inside, NULL },
    { "team.seats", "teams",
      "more people than were paid for: raise the size, or remove members",
      billing_check_teams, "", billing_check_seats, NULL },
    { "team.holds", "teams",
      "nobody can join while seats are held: look at the worker's log for the"
      " team",
      "SELECT COUNT(*) FROM team WHERE hold_seats <> 0", "",
      billing_check_holds, NULL },
    { "team.checkouts", "open checkouts",
      "two payments of one team at once: look at both at the gateway",
      "SELECT COUNT(*) FROM checkout WHERE state" BILLING_CHECK_OPEN, "",
      billing_check_open, NULL },
    { "team.renewals", "renewals",
      "one period was billed twice: give one payment back",
      "SELECT COUNT(*) FROM checkout WHERE purpose = 'renewal'", "",
      billing_check_renewals, NULL },
    { "team.states", "teams",
      "is a worker running (billingctl status)?  Otherwise look at its log for"
      " the team",
      billing_check_teams, "n", billing_check_states, NULL },
    { "team.due", "teams",
      "what is due will be missed: the worker's log says why it was put off",
      billing_check_teams, "", NULL, billing_check_due },
    { "checkout.stuck", "open checkouts",
      "is a worker running and does it reach the gateway?",
      "SELECT COUNT(*) FROM checkout WHERE state IN ('new', 'charging',"
      " 'action', 'unknown', 'refunding')", "w", billing_check_stuck, NULL },
    { "command.end", "commands",
      "its client waits for ever: look at the worker's log for the id",
      "SELECT COUNT(*) FROM command", "n", billing_check_commands, NULL },
    { "promo.end", "redemptions",
      "a code counts as used that is not, or the other way round",
      "SELECT COUNT(*) FROM promo_redemption", "", billing_check_promos,
      NULL },
    { .name = NULL }
};


/* The column that the sweep goes by is what the rest of the row says. */

static billing_db_rc_t
billing_check_due(billing_verify_t *v)
{
    static const char  sql[] = "SELECT id, due_at FROM team ORDER BY id";

    int64_t              at;
    uint64_t             n = 0;
    const char          *id;
    billing_due_t        due;
    billing_db_rc_t      rc;
    billing_team_row_t   row;

    rc = billing_db_query(v->w->db, sql, "");

    while (rc == BILLING_DB_ROW) {
        id = billing_db_text(v->w->db, sql, 0);
        at = billing_db_int(v->w->db, sql, 1);

        rc = billing_team_load(v->w, id, &row);

        if (rc != BILLING_DB_OK) {
            billing_db_done(v->w->db, sql);
            return rc == BILLING_DB_DONE ? BILLING_DB_FATAL : rc;
        }

        due = billing_due_of(&v->s->settings, &row);

        /* Looked at too early does no harm. */

        if (at > due.at) {
            billing_verify_found(v, id, "is due at %" PRId64 " and will be"
                                 " looked at %" PRId64, due.at, at);
        }

        billing_ctl_progress(v->s->ctl, v->check->name, ++n, v->looked);
        rc = billing_db_next(v->w->db, sql);
    }

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}
