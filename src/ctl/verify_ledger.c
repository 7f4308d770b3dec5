/* billingctl verify: the books. */

#include "billing_ctl.h"


static const char  billing_check_balance[] =
    "SELECT txn, 'adds up to ' || SUM(amount_minor) || ' ' || currency"
    " FROM ledger GROUP BY txn, currency HAVING SUM(amount_minor) <> 0"
    " ORDER BY txn, currency";

static const char  billing_check_entries[] =
    "SELECT txn, 'has ' || COUNT(*) || ' entries, the last is number '"
    " || MAX(n) FROM ledger GROUP BY txn"
    " HAVING COUNT(*) < 2 OR MAX(n) <> COUNT(*) - 1 OR MIN(n) <> 0"
    " OR SUM(CASE WHEN amount_minor = 0 THEN 1 ELSE 0 END) <> 0"
    " ORDER BY txn";

/*
 * What the gateway is known to have kept, and what went back.  The books are
 * added up once: a question a payment would be answered by the index of the
 * account, which holds every payment there ever was.
 */

#define BILLING_CHECK_BOOKED                                                  \
    " LEFT JOIN (SELECT txn, currency, SUM(amount_minor) AS minor"            \
    " FROM ledger WHERE account = 'gateway' GROUP BY txn, currency) l"

static const char  billing_check_payments[] =
    "SELECT c.id, 'captured ' || c.amount || ' ' || c.currency"
    " || ', the books have ' || COALESCE(l.minor, 0) FROM ("
    " SELECT k.id AS id, k.amount_minor AS amount, k.currency AS currency,"
    " k.id || '-paid' AS txn"
    " FROM checkout k WHERE k.state = 'succeeded' AND k.amount_minor > 0"
    " AND k.purpose NOT IN ('card', 'trial_card') UNION ALL"
    " SELECT k.id, k.captured_minor, k.captured_in, k.id || '-mismatch'"
    " FROM checkout k WHERE k.state IN ('refunding', 'refunded')"
    " AND k.captured_minor > 0) c" BILLING_CHECK_BOOKED
    " ON l.txn = c.txn AND l.currency = c.currency"
    " WHERE c.amount <> COALESCE(l.minor, 0) ORDER BY c.id";

static const char  billing_check_refunds[] =
    "SELECT c.id, 'gave back ' || c.amount || ' ' || c.currency"
    " || ', the books have ' || -COALESCE(l.minor, 0) FROM ("
    " SELECT k.id AS id, k.captured_minor AS amount,"
    " k.captured_in AS currency FROM checkout k WHERE k.state = 'refunded'"
    " AND k.captured_minor > 0 UNION ALL"
    " SELECT r.id, r.card_minor, r.currency FROM refund r"
    " WHERE r.money = 'returned') c" BILLING_CHECK_BOOKED
    " ON l.txn = c.id || '-returned' AND l.currency = c.currency"
    " WHERE c.amount <> -COALESCE(l.minor, 0) ORDER BY c.id";

/* Granted, owed, and on no way any more. */
static const char  billing_check_stuck[] =
    "SELECT id, 'of ' || card_minor || ' ' || currency || ' is refused by the"
    " gateway' FROM refund WHERE money = 'stuck' ORDER BY id";

static const char  billing_check_strays[] =
    "SELECT l.txn, 'is the payment of no checkout that succeeded'"
    " FROM ledger l WHERE l.account = 'gateway' AND l.txn LIKE '%-paid'"
    " AND NOT EXISTS (SELECT 1 FROM checkout k WHERE k.id = l.ref"
    " AND l.txn = k.id || '-paid' AND k.state = 'succeeded') ORDER BY l.txn";


const billing_check_t  billing_checks_ledger[] = {
    { "ledger.balance", "transactions",
      "compare with the newest backup; correct by a new transaction, never by"
      " changing an entry",
      "SELECT COUNT(DISTINCT txn) FROM ledger", "", billing_check_balance,
      NULL },
    { "ledger.entries", "entries",
      "an entry is missing or empty: compare with the newest backup",
      "SELECT COUNT(*) FROM ledger", "", billing_check_entries, NULL },
    { "ledger.chain", "transactions",
      "an entry was changed, taken out or put in: compare from this transaction"
      " on with a backup, or with an export kept elsewhere",
      "SELECT COUNT(*) FROM ledger WHERE n = 0", "", NULL,
      billing_verify_chain },
    { "ledger.payments", "payments",
      "look at the payment at the gateway (metadata checkout is this id), then"
      " book what it says",
      "SELECT COUNT(*) FROM checkout WHERE (state = 'succeeded'"
      " AND amount_minor > 0 AND purpose NOT IN ('card', 'trial_card'))"
      " OR (state IN ('refunding', 'refunded') AND captured_minor > 0)", "",
      billing_check_payments, NULL },
    { "ledger.refunds", "refunds",
      "look at the refund at the gateway, then book what it says",
      "SELECT (SELECT COUNT(*) FROM checkout WHERE state = 'refunded'"
      " AND captured_minor > 0) + (SELECT COUNT(*) FROM refund"
      " WHERE money = 'returned')", "", billing_check_refunds, NULL },
    { "refund.stuck", "refunds",
      "POST /app/v1/refunds/ID: \"outside\" once it was returned another way,"
      " \"granted\" to send it again",
      "SELECT COUNT(*) FROM refund WHERE state = 'granted'", "",
      billing_check_stuck, NULL },
    { "ledger.strays", "entries",
      "money is booked that no checkout asked for: look at the gateway",
      "SELECT COUNT(*) FROM ledger WHERE account = 'gateway'", "",
      billing_check_strays, NULL },
    { .name = NULL }
};
