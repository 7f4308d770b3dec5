/* Part of business_fixture.h: what must be true of the books at any time. */

#ifndef BILLING_BUSINESS_BOOKS_H
#define BILLING_BUSINESS_BOOKS_H

static inline void
books_balance(void)
{
    assert_int_equal(count("SELECT COUNT(*) FROM (SELECT txn, currency FROM"
                           " ledger GROUP BY txn, currency"
                           " HAVING SUM(amount_minor) <> 0) wrong"), 0);

    /* What a team's row says of money is what its entries add up to. */

    assert_int_equal(count("SELECT COUNT(*) FROM team WHERE pending_minor <>"
                           " (SELECT COALESCE(SUM(amount_minor), 0) FROM"
                           " ledger WHERE account = 'unbilled:' || team.id)"),
                     0);
    assert_int_equal(count("SELECT COUNT(*) FROM team WHERE credit_minor <>"
                           " (SELECT COALESCE(-SUM(amount_minor), 0) FROM"
                           " ledger WHERE account = 'credit:' || team.id)"),
                     0);
    assert_int_equal(count("SELECT COUNT(*) FROM team WHERE (SELECT"
                           " COALESCE(SUM(price_minor), 0) FROM day_pass"
                           " WHERE team = team.id AND billed = 0) <>"
                           " (SELECT COALESCE(SUM(amount_minor), 0) FROM"
                           " ledger WHERE account = 'passes:' || team.id)"),
                     0);
}

#endif /* BILLING_BUSINESS_BOOKS_H */
