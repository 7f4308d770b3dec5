/*
 * billingctl verify: the chain of the ledger.  Each transaction has the next
 * number, and the hash over the hash before it and its own entries.
 *
 * A hash is compared with the one stored before it, so what was changed is
 * named, and not everything behind it.
 */

#include "billing_ctl.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BILLING_CHAIN_STEP  4000        /* entries read at once */

typedef struct {
    billing_chaining_t  link;               /* of the transaction at hand */
    int64_t         no;                 /* its number; 0: none yet */
    int64_t         at[2];              /* link and n, read so far */
    bool            gap;                /* what was before it is gone */
    char            txn[192];
    char            hash[BILLING_LINK_LEN + 1];     /* as stored */
    char            before[BILLING_LINK_LEN + 1];
    uint64_t        done;
} billing_verify_chain_t;


static billing_db_rc_t billing_chain_page(billing_verify_t *v,
    billing_verify_chain_t *c, unsigned *rows);
static void billing_chain_row(billing_verify_t *v, billing_verify_chain_t *c,
    const billing_chained_t *entry, const char *hash, int64_t no);
static void billing_chain_end(billing_verify_t *v, billing_verify_chain_t *c);
static billing_db_rc_t billing_chain_tail(billing_verify_t *v,
    const billing_verify_chain_t *c);


billing_db_rc_t
billing_verify_chain(billing_verify_t *v)
{
    unsigned                rows;
    billing_db_rc_t         rc;
    billing_verify_chain_t  c = { .at = { INT64_MIN } };

    do {
        rc = billing_chain_page(v, &c, &rows);
    } while (rc == BILLING_DB_OK && rows == BILLING_CHAIN_STEP);

    billing_chain_end(v, &c);

    return (rc == BILLING_DB_OK) ? billing_chain_tail(v, &c) : rc;
}


/* A server gives whole answers: memory stays the same. */

static billing_db_rc_t
billing_chain_page(billing_verify_t *v, billing_verify_chain_t *c,
    unsigned *rows)
{
    static const char  sql[] =
        "SELECT txn, n, account, amount_minor, currency, at, ref, hash, link"
        " FROM ledger WHERE (link, n) > ($1, $2) ORDER BY link, n LIMIT 4000";

    billing_db_t          *db = v->w->db;
    billing_db_rc_t        rc;
    billing_chained_t   entry;

    *rows = 0;
    rc = billing_db_query(db, sql, "ii", c->at[0], c->at[1]);

    while (rc == BILLING_DB_ROW) {
        entry = billing_chained_row(db, sql);
        billing_chain_row(v, c, &entry, billing_db_text(db, sql, 7),
                          billing_db_int(db, sql, 8));
        (*rows)++;
        rc = billing_db_next(db, sql);
    }

    return (rc == BILLING_DB_DONE) ? BILLING_DB_OK : rc;
}


static void
billing_chain_row(billing_verify_t *v, billing_verify_chain_t *c,
    const billing_chained_t *entry, const char *hash, int64_t no)
{
    c->at[0] = no;
    c->at[1] = entry->n;

    if (no <= 0) {
        billing_verify_found(v, entry->txn, "entry %" PRId64 " stands outside"
                             " of the chain", entry->n);
        return;
    }

    if (no != c->no) {
        billing_chain_end(v, c);

        c->gap = no != c->no + 1;

        if (c->gap) {
            billing_verify_found(v, entry->txn, "is number %" PRId64 ", the"
                                 " one before it %" PRId64 ": what was"
                                 " between is gone", no, c->no);
        }

        memcpy(c->before, c->hash, sizeof(c->before));
        c->hash[0] = '\0';
        c->no = no;
        (void) snprintf(c->txn, sizeof(c->txn), "%s", entry->txn);
        billing_chaining_begin(&c->link, c->before, no);
        billing_ctl_progress(v->s->ctl, v->check->name, ++c->done, v->looked);
    }

    if (entry->n == 0) {
        (void) snprintf(c->hash, sizeof(c->hash), "%s", hash);
    }

    billing_chaining_add(&c->link, entry);
}


/* Behind a gap the hash before is not known. */

static void
billing_chain_end(billing_verify_t *v, billing_verify_chain_t *c)
{
    char  hash[BILLING_LINK_LEN + 1];

    if (c->link.digest == NULL) {
        return;
    }

    if (!billing_chaining_end(&c->link, hash)) {
        billing_verify_unknown(v, "a hash could not be made");
        return;
    }

    if (!c->gap && strcmp(hash, c->hash) != 0) {
        billing_verify_found(v, c->txn, "number %" PRId64 " has the hash"
                             " %.16s..., its entries and the one before it"
                             " give %.16s...", c->no, c->hash, hash);
    }
}


/* How far it went is known beside the ledger. */

static billing_db_rc_t
billing_chain_tail(billing_verify_t *v, const billing_verify_chain_t *c)
{
    int64_t          last = 0;
    billing_db_rc_t  rc;

    rc = billing_db_meta_get(v->w->db, "ledger", &last);

    if (rc != BILLING_DB_OK && rc != BILLING_DB_DONE) {
        return rc;
    }

    if (last > c->no) {
        billing_verify_found(v, c->no == 0 ? "ledger" : c->txn, "is number %"
                             PRId64 " and the last one there is, number %"
                             PRId64 " was posted", c->no, last);
    }

    return BILLING_DB_OK;
}
