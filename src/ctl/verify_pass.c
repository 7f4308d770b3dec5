/* billingctl verify: Day Passes, against the books and the bills. */

#include "billing_ctl.h"


static const char  billing_check_passes[] = "SELECT COUNT(*) FROM day_pass";

static const char  billing_check_unbilled[] =
    "SELECT t.id, 'has Day Passes of ' || COALESCE(p.owed, 0)"
    " || ' to be billed, its entries add up to ' || COALESCE(l.open, 0)"
    " FROM team t LEFT JOIN (SELECT team, SUM(price_minor) AS owed"
    " FROM day_pass WHERE billed = 0 GROUP BY team) p ON p.team = t.id"
    " LEFT JOIN (SELECT account, SUM(amount_minor) AS open FROM ledger"
    " WHERE account LIKE 'passes:%' GROUP BY account) l"
    " ON l.account = 'passes:' || t.id"
    " WHERE COALESCE(p.owed, 0) <> COALESCE(l.open, 0) ORDER BY t.id";

/* What a sale named, as long as it is not taken back. */
static const char  billing_check_billed[] =
    "SELECT k.id, 'of team ' || k.team || ' has Day Passes of '"
    " || COALESCE(p.billed, 0) || ', its entries have '"
    " || COALESCE(l.booked, 0) FROM checkout k LEFT JOIN (SELECT checkout,"
    " SUM(price_minor) AS billed FROM day_pass WHERE billed = 1"
    " GROUP BY checkout) p ON p.checkout = k.id LEFT JOIN (SELECT ref,"
    " -SUM(amount_minor) AS booked FROM ledger WHERE account LIKE 'passes:%'"
    " AND (txn LIKE '%-sale' OR txn LIKE '%-passes') GROUP BY ref) l"
    " ON l.ref = k.id"
    " WHERE COALESCE(p.billed, 0) <> COALESCE(l.booked, 0) ORDER BY k.id";

static const char  billing_check_bills[] =
    "SELECT p.team || ' ' || p.email || ' ' || p.n, CASE"
    " WHEN p.billed <> 0 THEN 'is billed by ' || CASE WHEN k.id IS NULL"
    " THEN 'nothing' ELSE k.id || ', which is ' || k.state END"
    " ELSE 'waits for ' || p.checkout || CASE WHEN k.id IS NULL"
    " THEN ', which is not known' ELSE ', which is ' || k.state END END"
    " FROM day_pass p LEFT JOIN checkout k ON k.id = p.checkout"
    " AND k.team = p.team WHERE (p.billed = 1 AND (k.id IS NULL"
    " OR k.state <> 'succeeded')) OR (p.billed = 0 AND p.checkout <> ''"
    " AND (k.id IS NULL"
    " OR k.state NOT IN ('new', 'charging', 'action', 'unknown')))"
    " ORDER BY p.team, p.email, p.n";

static const char  billing_check_days[] =
    "SELECT p.team || ' ' || p.email || ' ' || p.n, 'began at '"
    " || p.started_at || ' while the one before ran, to ' || q.ends_at"
    " FROM day_pass p JOIN day_pass q ON q.team = p.team"
    " AND q.email = p.email AND q.n = p.n - 1"
    " WHERE p.started_at < q.ends_at ORDER BY p.team, p.email, p.n";


const billing_check_t  billing_checks_pass[] = {
    { "day_pass.unbilled", "teams",
      "list the entries of account passes:TEAM (billingctl export) and find"
      " the pass that has none",
      "SELECT COUNT(*) FROM team", "", billing_check_unbilled, NULL },
    { "day_pass.billed", "passes",
      "a bill and its passes differ: see billingctl explain NUMBER and the"
      " worker's log for the id",
      billing_check_passes, "", billing_check_billed, NULL },
    { "day_pass.bill", "passes",
      "the pass is on no bill that stands: it is never charged, or it is"
      " charged twice",
      billing_check_passes, "", billing_check_bills, NULL },
    { "day_pass.days", "passes",
      "two were begun for one day: give one back by a refund",
      billing_check_passes, "", billing_check_days, NULL },
    { .name = NULL }
};
