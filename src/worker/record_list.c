/*
 * What has a record in Redis: lists read in pages, by key, so that no
 * statement stays open meanwhile.
 */

#include <stdio.h>

#include "billing_infra.h"

typedef struct {
    billing_record_kind_t  kind;
    const char            *sql;
} billing_record_list_t;

static const char  billing_record_teams[] =
    "SELECT id, '' FROM team WHERE id > $1 AND $2 = '' ORDER BY id LIMIT $3";
static const char  billing_record_members[] =
    "SELECT team, email FROM member WHERE (team, email) > ($1, $2)"
    " ORDER BY team, email LIMIT $3";
static const char  billing_record_accesses[] =
    "SELECT board, email FROM board_access WHERE (board, email) > ($1, $2)"
    " ORDER BY board, email LIMIT $3";
static const char  billing_record_boards[] =
    "SELECT id, '' FROM board WHERE id > $1 AND $2 = '' ORDER BY id LIMIT $3";

static const billing_record_list_t
    billing_record_lists[BILLING_RECORD_LISTS] = {
    { BILLING_RECORD_TEAM, billing_record_teams },
    { BILLING_RECORD_MEMBER, billing_record_members },
    { BILLING_RECORD_ACCESS, billing_record_accesses },
    { BILLING_RECORD_BOARD, billing_record_boards }
};


billing_db_rc_t
billing_record_list(billing_worker_t *w, unsigned list,
    const billing_outbox_row_t *after, billing_outbox_row_t *rows,
    size_t max, size_t *n)
{
    const char       *sql = billing_record_lists[list].sql;
    billing_db_rc_t   rc;

    *n = 0;

    rc = billing_db_query(w->db, sql, "tti", after->id, after->email,
                          (int64_t) max);

    while (rc == BILLING_DB_ROW && *n < max) {
        billing_outbox_row_t  *row = &rows[(*n)++];

        *row = (billing_outbox_row_t) {
            .kind = billing_record_lists[list].kind
        };
        (void) snprintf(row->id, sizeof(row->id), "%s",
                        billing_db_text(w->db, sql, 0));
        (void) snprintf(row->email, sizeof(row->email), "%s",
                        billing_db_text(w->db, sql, 1));

        rc = billing_db_next(w->db, sql);
    }

    return (rc == BILLING_DB_DONE) ? BILLING_DB_OK : rc;
}
