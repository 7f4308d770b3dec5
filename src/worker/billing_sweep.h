/* Part of billing_business.h: rows that are due by the clock (sweep.c). */

#ifndef BILLING_SWEEP_H
#define BILLING_SWEEP_H

typedef struct {
    const char      *sql;       /* id and instant of those due by $1: the
                                   first BILLING_SWEEP_MAX of them */
    const char      *next_sql;  /* instant of the next, or NULL */
    billing_row_pt   run;
    bool             calls;     /* not while a call of that id is in flight */
    bool             own_day;   /* run is told the row's instant, not now */
    const char      *push_sql;  /* $1 instant, $2 id: one that cannot go on */
    int64_t          push_sec;
} billing_rows_t;

/* All of them, in order; *next becomes earlier if need be. */
BILLING_MUST_CHECK billing_db_rc_t billing_sweep_rows(billing_worker_t *w,
    const billing_rows_t *rows, int64_t now, int64_t *next);

#endif /* BILLING_SWEEP_H */
