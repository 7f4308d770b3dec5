/*
 * Part of billing_worker.h: the chain of the ledger (chain.c).  Each
 * transaction has a number, counted without a gap, and a hash over the hash
 * before it and all that its entries say.
 */

#ifndef BILLING_CHAIN_H
#define BILLING_CHAIN_H

#define BILLING_LINK_LEN  64            /* SHA-256, hex */

/* Where the chain ends, as far as this process knows. */
typedef struct {
    bool      known;
    uint64_t  epoch;                    /* of the lease; of another, unknown */
    int64_t   no;                       /* of the last one, 0 none */
    char      hash[BILLING_LINK_LEN + 1];
} billing_chain_t;

/* An entry as it is stored. */
typedef struct {
    const char  *txn;
    int64_t      n;
    const char  *account;
    int64_t      amount_minor;
    const char  *currency;
    int64_t      at;
    const char  *ref;
} billing_chained_t;

/* The current row, whose columns are first txn .. ref; its texts are lent. */
billing_chained_t billing_chained_row(billing_db_t *db, const char *sql);

/* The making of one hash; billing_chaining_end also ends what failed. */
typedef struct {
    void  *digest;
    bool   failed;
} billing_chaining_t;

void billing_chaining_begin(billing_chaining_t *link, const char *before,
    int64_t no);
void billing_chaining_add(billing_chaining_t *link,
    const billing_chained_t *entry);
BILLING_MUST_CHECK bool billing_chaining_end(billing_chaining_t *link,
    char hash[BILLING_LINK_LEN + 1]);

/* In the transaction: the end of the chain is in w->chain. */
BILLING_MUST_CHECK billing_db_rc_t billing_chain_load(billing_worker_t *w);

/*
 * In the migration: what was posted before there was a chain is linked, in
 * the order of its names.
 */
BILLING_MUST_CHECK billing_db_rc_t billing_chain_adopt(billing_db_t *db);

#endif /* BILLING_CHAIN_H */
