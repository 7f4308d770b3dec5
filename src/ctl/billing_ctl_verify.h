/* Part of billing_ctl.h: billingctl verify. */

#ifndef BILLING_CTL_VERIFY_H
#define BILLING_CTL_VERIFY_H

#define BILLING_FINDINGS_MAX  1000      /* shown of one check; all count */

typedef struct billing_verify_s  billing_verify_t;

typedef billing_db_rc_t (*billing_check_pt)(billing_verify_t *v);

/*
 * A check is a statement that gives id and fault of everything that is wrong,
 * or a function.  params names what $1.. are: n the business's now, w the
 * wall clock, m the bit of members.
 */
typedef struct {
    const char        *name;            /* "ledger.balance" */
    const char        *what;            /* is counted */
    const char        *next;            /* what to do about a finding */
    const char        *count;           /* statement: how many are looked at */
    const char        *params;
    const char        *sql;
    billing_check_pt   run;
} billing_check_t;

struct billing_verify_s {
    billing_ctl_session_t  *s;
    billing_worker_t       *w;
    int64_t                 now;
    int64_t                 wall;
    const billing_check_t  *check;      /* the one at hand */
    json_t                 *findings;   /* of it */
    uint64_t                looked;
    uint64_t                found;
    char                    unknown[256];   /* why it could not be told */
    json_t                 *report;
    uint64_t                total;      /* findings of all checks */
    uint64_t                unknowns;
    struct billing_verify_redis_s  *redis;  /* verify_redis.c's own */
};

extern const billing_check_t  billing_checks_ledger[];
extern const billing_check_t  billing_checks_invoice[];
extern const billing_check_t  billing_checks_file[];
extern const billing_check_t  billing_checks_team[];
extern const billing_check_t  billing_checks_pass[];
extern const billing_check_t  billing_checks_redis[];
extern const billing_check_t  billing_checks_gateway[];

void billing_verify_found(billing_verify_t *v, const char *id,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* This check says nothing: the first reason counts. */
void billing_verify_unknown(billing_verify_t *v, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The chain of the ledger, from its first transaction to the last. */
billing_db_rc_t billing_verify_chain(billing_verify_t *v);

/* Ends what the checks of Redis keep among themselves. */
void billing_verify_redis_done(billing_verify_t *v);

#endif /* BILLING_CTL_VERIFY_H */
