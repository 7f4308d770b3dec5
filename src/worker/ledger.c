/*
 * The books: every transaction is posted by one function, which lets nothing
 * through that does not sum to zero in each currency (P10).
 */

#include <assert.h>
#include <stdio.h>

#include "billing_business.h"


/*
 * One statement for all entries of a transaction; $1..$5 are those of each,
 * or of the first alone: its place in the chain.
 */

#define BILLING_LEDGER_1  "($1, 0, $6, $7, $8, $2, $3, $4, $5)"
#define BILLING_LEDGER_2  BILLING_LEDGER_1                                    \
    ", ($1, 1, $9, $10, $11, $2, $3, $4, '')"
#define BILLING_LEDGER_3  BILLING_LEDGER_2                                    \
    ", ($1, 2, $12, $13, $14, $2, $3, $4, '')"
#define BILLING_LEDGER_4  BILLING_LEDGER_3                                    \
    ", ($1, 3, $15, $16, $17, $2, $3, $4, '')"
#define BILLING_LEDGER_5  BILLING_LEDGER_4                                    \
    ", ($1, 4, $18, $19, $20, $2, $3, $4, '')"
#define BILLING_LEDGER_6  BILLING_LEDGER_5                                    \
    ", ($1, 5, $21, $22, $23, $2, $3, $4, '')"
#define BILLING_LEDGER_7  BILLING_LEDGER_6                                    \
    ", ($1, 6, $24, $25, $26, $2, $3, $4, '')"
#define BILLING_LEDGER_8  BILLING_LEDGER_7                                    \
    ", ($1, 7, $27, $28, $29, $2, $3, $4, '')"

#define BILLING_LEDGER                                                        \
    "INSERT INTO ledger (txn, n, account, amount_minor, currency, at, ref,"   \
    " link, hash) VALUES "

static const char *const  billing_ledger_sql[BILLING_ENTRIES_MAX + 1] = {
    NULL,
    BILLING_LEDGER BILLING_LEDGER_1, BILLING_LEDGER BILLING_LEDGER_2,
    BILLING_LEDGER BILLING_LEDGER_3, BILLING_LEDGER BILLING_LEDGER_4,
    BILLING_LEDGER BILLING_LEDGER_5, BILLING_LEDGER BILLING_LEDGER_6,
    BILLING_LEDGER BILLING_LEDGER_7, BILLING_LEDGER BILLING_LEDGER_8
};


static bool billing_posting_balanced(const billing_posting_t *posting);
static bool billing_posting_link(const billing_posting_t *posting,
    billing_chain_t *chain);


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
    billing_db_rc_t                rc;
    billing_chain_t                end;
    billing_db_list_t              list;
    const billing_ledger_entry_t  *entry;

    if (!billing_posting_balanced(posting)) {
        return BILLING_DB_CONFLICT;
    }

    if (posting->n == 0) {
        return BILLING_DB_OK;
    }

    rc = billing_chain_load(w);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    end = w->chain;

    if (!billing_posting_link(posting, &end)) {
        return BILLING_DB_FULL;
    }

    list.n = 0;
    billing_db_add(&list, "titit", posting->txn, posting->at, posting->ref,
                   end.no, end.hash);

    for (uint32_t i = 0; i < posting->n; i++) {
        entry = &posting->entries[i];
        billing_db_add(&list, "tit", entry->account, entry->amount.minor,
                       billing_currency_code(entry->amount.currency));
    }

    rc = billing_db_put_later(w->db, billing_ledger_sql[posting->n], &list);

    if (rc == BILLING_DB_OK) {
        w->chain = end;
    }

    return rc;
}


/* The end of the chain moves on to this transaction. */

static bool
billing_posting_link(const billing_posting_t *posting, billing_chain_t *chain)
{
    billing_chaining_t                 link;
    const billing_ledger_entry_t  *entry;

    billing_chaining_begin(&link, chain->hash, ++chain->no);

    for (uint32_t i = 0; i < posting->n; i++) {
        entry = &posting->entries[i];
        billing_chaining_add(&link, &(billing_chained_t) {
            .txn = posting->txn, .n = i, .account = entry->account,
            .amount_minor = entry->amount.minor,
            .currency = billing_currency_code(entry->amount.currency),
            .at = posting->at, .ref = posting->ref
        });
    }

    return billing_chaining_end(&link, chain->hash);
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
