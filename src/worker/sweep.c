/*
 * Rows that are due, each in a savepoint of its own: one that cannot go on is
 * undone, told to the operator and put off; the others are done.
 */

#include <stdio.h>

#include "billing_business.h"


/* BILLING_ID_MAX is not less than BILLING_OP_ID_LEN: ids of either kind. */

typedef struct {
    char      id[BILLING_ID_MAX + 1];
    int64_t   at;
} billing_sweep_row_t;

typedef struct {
    billing_sweep_row_t  rows[BILLING_SWEEP_MAX];
    unsigned             n;
} billing_sweep_list_t;


static billing_db_rc_t billing_sweep_take(billing_worker_t *w,
    const billing_rows_t *rows, int64_t now, billing_sweep_list_t *due);
static billing_db_rc_t billing_sweep_row(billing_worker_t *w,
    const billing_rows_t *rows, const billing_sweep_row_t *row, int64_t now);
static billing_db_rc_t billing_sweep_next(billing_worker_t *w,
    const billing_rows_t *rows, int64_t *next);


billing_db_rc_t
billing_sweep_rows(billing_worker_t *w, const billing_rows_t *rows,
    int64_t now, int64_t *next)
{
    unsigned              i;
    billing_db_rc_t       rc;
    billing_sweep_list_t  due;

    rc = billing_sweep_take(w, rows, now, &due);

    for (i = 0; rc == BILLING_DB_OK && i < due.n; i++) {
        rc = billing_sweep_row(w, rows, &due.rows[i], now);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    if (due.n == BILLING_SWEEP_MAX) {
        *next = now < *next ? now : *next;
        return BILLING_DB_OK;
    }

    return billing_sweep_next(w, rows, next);
}


static billing_db_rc_t
billing_sweep_take(billing_worker_t *w, const billing_rows_t *rows,
    int64_t now, billing_sweep_list_t *due)
{
    billing_db_rc_t       rc;
    billing_sweep_row_t  *row;

    due->n = 0;
    rc = billing_db_query(w->db, rows->sql, "i", now);

    while (rc == BILLING_DB_ROW && due->n < BILLING_SWEEP_MAX) {
        row = &due->rows[due->n++];
        (void) snprintf(row->id, sizeof(row->id), "%s",
                        billing_db_text(w->db, rows->sql, 0));
        row->at = billing_db_int(w->db, rows->sql, 1);
        rc = billing_db_next(w->db, rows->sql);
    }

    if (rc == BILLING_DB_ROW) {
        billing_db_done(w->db, rows->sql);
        return BILLING_DB_OK;
    }

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}


static billing_db_rc_t
billing_sweep_row(billing_worker_t *w, const billing_rows_t *rows,
    const billing_sweep_row_t *row, int64_t now)
{
    int64_t          push_sec = rows->push_sec;
    billing_db_rc_t  rc;

    if (rows->calls && billing_call_in_flight(w, row->id)) {
        rc = BILLING_DB_CONFLICT;
        push_sec = BILLING_FLIGHT_SEC;

    } else {
        rc = billing_savepoint_row(w, rows->run, row->id,
                                   rows->own_day ? row->at : now);
    }

    return rc == BILLING_DB_CONFLICT
           ? billing_db_exec(w->db, rows->push_sql, "it", now + push_sec,
                             row->id)
           : rc;
}


static billing_db_rc_t
billing_sweep_next(billing_worker_t *w, const billing_rows_t *rows,
    int64_t *next)
{
    int64_t          at;
    billing_db_rc_t  rc;

    if (rows->next_sql == NULL) {
        return BILLING_DB_OK;
    }

    rc = billing_db_query(w->db, rows->next_sql, "");

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
    }

    if (!billing_db_null(w->db, rows->next_sql, 0)) {
        at = billing_db_int(w->db, rows->next_sql, 0);
        *next = at < *next ? at : *next;
    }

    billing_db_done(w->db, rows->next_sql);

    return BILLING_DB_OK;
}
