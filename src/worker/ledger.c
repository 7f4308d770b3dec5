/*
 * The books: every transaction is posted by one function, which lets nothing
 * through that does not sum to zero in each currency (P10).
 */

#include <assert.h>
#include <stdio.h>

#include "billing_business.h"


static bool billing_posting_balanced(const billing_posting_t *posting);


void
billing_posting_add(billing_posting_t *posting, const char *account,
    const char *team, billing_money_t amount)
{
    billing_ledger_entry_t  *entry;

    if (amount.minor == 0) {
        return;
    }

    assert(posting->n < BILLING_ENTRIES_MAX);

    entry = &posting->entries[posting->n++];
    entry->amount = amount;

    if (team == NULL) {
        (void) snprintf(entry->account, sizeof(entry->account), "%s",
                        account);
        return;
    }

    (void) snprintf(entry->account, sizeof(entry->account), "%s:%s",
                    account, team);
}


void
billing_posting_unbilled(billing_posting_t *posting, const char *team,
    billing_money_t amount)
{
    billing_money_t  other;

    other = amount;
    other.minor = -amount.minor;

    billing_posting_add(posting, "unbilled", team, amount);
    billing_posting_add(posting, "accrued", NULL, other);
}


void
billing_posting_passes(billing_posting_t *posting, const char *team,
    billing_money_t amount)
{
    billing_money_t  other;

    other = amount;
    other.minor = -amount.minor;

    billing_posting_add(posting, "passes", team, amount);
    billing_posting_add(posting, "passes", NULL, other);
}


billing_db_rc_t
billing_ledger_post(billing_worker_t *w, const billing_posting_t *posting)
{
    static const char  sql[] =
        "INSERT INTO ledger (txn, n, account, amount_minor, currency, at,"
        " ref) VALUES ($1, $2, $3, $4, $5, $6, $7)";

    uint32_t                       i;
    billing_db_rc_t                rc;
    const billing_ledger_entry_t  *entry;

    if (!billing_posting_balanced(posting)) {
        return BILLING_DB_CONFLICT;
    }

    for (i = 0; i < posting->n; i++) {
        entry = &posting->entries[i];

        rc = billing_db_exec(w->db, sql, "tititit", posting->txn,
                 (int64_t) i, entry->account, entry->amount.minor,
                 billing_currency_code(entry->amount.currency), posting->at,
                 posting->ref);

        if (rc != BILLING_DB_OK) {
            return rc;
        }
    }

    return BILLING_DB_OK;
}


/* Few entries: each currency is summed by who comes first with it. */

static bool
billing_posting_balanced(const billing_posting_t *posting)
{
    uint32_t         i, k;
    billing_money_t  sum;

    for (i = 0; i < posting->n; i++) {
        sum = (billing_money_t) { 0, posting->entries[i].amount.currency };

        for (k = 0; k < posting->n; k++) {
            if (posting->entries[k].amount.currency != sum.currency) {
                continue;
            }

            if (billing_money_add(sum, posting->entries[k].amount, &sum)
                != BILLING_OK)
            {
                return false;
            }
        }

        if (sum.minor != 0) {
            return false;
        }
    }

    return true;
}
