/*
 * The chain of the ledger.  What posts a transaction writes its number and
 * its hash in the same statement; who changes, takes out or puts in an entry
 * afterwards is found by billingctl verify.
 *
 * Hashed are netstrings, so that no two contents have the same bytes: the
 * hash before ("" of the first), the number, and of each entry txn, n,
 * account, amount_minor, currency, at and ref, numbers in decimal.
 */

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "billing_infra.h"

#define BILLING_CHAIN_STEP  4000        /* entries read at once */
#define BILLING_CHAIN_TXN   160

typedef struct {
    char     txn[BILLING_CHAIN_TXN];
    int64_t  no;
    char     hash[BILLING_LINK_LEN + 1];
} billing_adopted_t;

/* What is linked, while the table is read from one end to the other. */
typedef struct {
    billing_chaining_t       link;
    billing_adopted_t    now;           /* no 0: none begun */
    int64_t              n;             /* of the last entry read */
    unsigned             ndone;
    billing_adopted_t    done[BILLING_CHAIN_STEP + 1];
} billing_adopting_t;


static void billing_chaining_text(billing_chaining_t *link, const char *text);
static void billing_chaining_number(billing_chaining_t *link, int64_t number);
static billing_db_rc_t billing_chain_read(billing_db_t *db,
    billing_adopting_t *a, unsigned *rows);
static bool billing_chain_entry(billing_adopting_t *a,
    const billing_chained_t *entry);
static bool billing_chain_close(billing_adopting_t *a);
static billing_db_rc_t billing_chain_write(billing_db_t *db,
    billing_adopting_t *a);


void
billing_chaining_begin(billing_chaining_t *link, const char *before, int64_t no)
{
    link->digest = EVP_MD_CTX_new();
    link->failed = link->digest == NULL
                   || EVP_DigestInit_ex(link->digest, EVP_sha256(), NULL) != 1;

    billing_chaining_text(link, before);
    billing_chaining_number(link, no);
}


void
billing_chaining_add(billing_chaining_t *link, const billing_chained_t *entry)
{
    billing_chaining_text(link, entry->txn);
    billing_chaining_number(link, entry->n);
    billing_chaining_text(link, entry->account);
    billing_chaining_number(link, entry->amount_minor);
    billing_chaining_text(link, entry->currency);
    billing_chaining_number(link, entry->at);
    billing_chaining_text(link, entry->ref);
}


billing_chained_t
billing_chained_row(billing_db_t *db, const char *sql)
{
    return (billing_chained_t) {
        .txn = billing_db_text(db, sql, 0),
        .n = billing_db_int(db, sql, 1),
        .account = billing_db_text(db, sql, 2),
        .amount_minor = billing_db_int(db, sql, 3),
        .currency = billing_db_text(db, sql, 4),
        .at = billing_db_int(db, sql, 5),
        .ref = billing_db_text(db, sql, 6)
    };
}


bool
billing_chaining_end(billing_chaining_t *link, char hash[BILLING_LINK_LEN + 1])
{
    unsigned  len = 0;
    uint8_t   digest[EVP_MAX_MD_SIZE];

    if (!link->failed) {
        link->failed = EVP_DigestFinal_ex(link->digest, digest, &len) != 1
                       || len * 2 != BILLING_LINK_LEN;
    }

    EVP_MD_CTX_free(link->digest);
    link->digest = NULL;

    if (link->failed) {
        return false;
    }

    billing_hex(digest, len, hash);

    return true;
}


static void
billing_chaining_text(billing_chaining_t *link, const char *text)
{
    char    head[24];
    size_t  len = strlen(text);
    int     n = snprintf(head, sizeof(head), "%zu:", len);

    if (!link->failed) {
        link->failed = EVP_DigestUpdate(link->digest, head, (size_t) n) != 1
                       || EVP_DigestUpdate(link->digest, text, len) != 1
                       || EVP_DigestUpdate(link->digest, ",", 1) != 1;
    }
}


static void
billing_chaining_number(billing_chaining_t *link, int64_t number)
{
    char  text[24];

    (void) snprintf(text, sizeof(text), "%" PRId64, number);
    billing_chaining_text(link, text);
}


/*
 * Nobody else posts under this lease, so the end is read once, and again
 * after something posted was undone (billing_mark_undo).
 */

billing_db_rc_t
billing_chain_load(billing_worker_t *w)
{
    static const char  sql[] =
        "SELECT link, hash FROM ledger WHERE n = 0"
        " ORDER BY link DESC LIMIT 1";

    billing_db_rc_t   rc;
    billing_chain_t  *chain = &w->chain;

    if (chain->known && chain->epoch == w->lease_epoch) {
        return BILLING_DB_OK;
    }

    *chain = (billing_chain_t) { .epoch = w->lease_epoch };
    rc = billing_db_query(w->db, sql, "");

    if (rc == BILLING_DB_ROW) {
        chain->no = billing_db_int(w->db, sql, 0);
        (void) snprintf(chain->hash, sizeof(chain->hash), "%s",
                        billing_db_text(w->db, sql, 1));
        billing_db_done(w->db, sql);
        rc = BILLING_DB_DONE;
    }

    chain->known = rc == BILLING_DB_DONE;

    return chain->known ? BILLING_DB_OK : rc;
}


/* --- what was there before ------------------------------------------------ */

/* As many entries at a time, by the primary key: memory stays the same. */

billing_db_rc_t
billing_chain_adopt(billing_db_t *db)
{
    unsigned             rows = BILLING_CHAIN_STEP;
    billing_db_rc_t      rc = BILLING_DB_OK;
    billing_adopting_t  *a = calloc(1, sizeof(*a));

    static const char  index[] =
        "CREATE UNIQUE INDEX ledger_link ON ledger (link, n)";

    if (a == NULL) {
        return BILLING_DB_FULL;
    }

    while (rc == BILLING_DB_OK && rows == BILLING_CHAIN_STEP) {
        rc = billing_chain_read(db, a, &rows);

        if (rc == BILLING_DB_OK && rows < BILLING_CHAIN_STEP
            && !billing_chain_close(a))
        {
            rc = BILLING_DB_FULL;
        }

        rc = (rc == BILLING_DB_OK) ? billing_chain_write(db, a) : rc;
    }

    EVP_MD_CTX_free(a->link.digest);
    free(a);

    return (rc == BILLING_DB_OK) ? billing_db_script(db, index) : rc;
}


static billing_db_rc_t
billing_chain_read(billing_db_t *db, billing_adopting_t *a, unsigned *rows)
{
    static const char  sql[] =
        "SELECT txn, n, account, amount_minor, currency, at, ref FROM ledger"
        " WHERE (txn, n) > ($1, $2) ORDER BY txn, n LIMIT 4000";

    billing_db_rc_t       rc;
    billing_chained_t  entry;

    *rows = 0;
    rc = billing_db_query(db, sql, "ti", a->now.txn, a->n);

    while (rc == BILLING_DB_ROW) {
        entry = billing_chained_row(db, sql);

        if (!billing_chain_entry(a, &entry)) {
            billing_db_done(db, sql);
            return BILLING_DB_FULL;
        }

        (*rows)++;
        rc = billing_db_next(db, sql);
    }

    return (rc == BILLING_DB_DONE) ? BILLING_DB_OK : rc;
}


static bool
billing_chain_entry(billing_adopting_t *a, const billing_chained_t *entry)
{
    if (a->now.no == 0 || strcmp(a->now.txn, entry->txn) != 0) {
        if (strlen(entry->txn) >= sizeof(a->now.txn)
            || !billing_chain_close(a))
        {
            return false;
        }

        a->now.no++;
        memcpy(a->now.txn, entry->txn, strlen(entry->txn) + 1);
        billing_chaining_begin(&a->link, a->now.hash, a->now.no);
    }

    a->n = entry->n;
    billing_chaining_add(&a->link, entry);

    return true;
}


static bool
billing_chain_close(billing_adopting_t *a)
{
    if (a->now.no == 0) {
        return true;
    }

    if (!billing_chaining_end(&a->link, a->now.hash)) {
        return false;
    }

    a->done[a->ndone++] = a->now;

    return true;
}


static billing_db_rc_t
billing_chain_write(billing_db_t *db, billing_adopting_t *a)
{
    static const char  sql[] =
        "UPDATE ledger SET link = $1, hash = CASE WHEN n = 0 THEN $2"
        " ELSE '' END WHERE txn = $3";

    billing_db_rc_t  rc = BILLING_DB_OK;

    for (unsigned i = 0; i < a->ndone && rc == BILLING_DB_OK; i++) {
        rc = billing_db_later(db, sql, "itt", a->done[i].no, a->done[i].hash,
                              a->done[i].txn);
    }

    a->ndone = 0;

    return rc;
}
