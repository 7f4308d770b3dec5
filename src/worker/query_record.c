/*
 * One record for nginx, which finds it missing in Redis: evicted, deleted,
 * spoilt, or never written because there is nothing.  It is put back on the
 * way.
 */

#include <stdio.h>
#include <string.h>

#include "billing_business.h"
#include "billing_infra.h"


static bool billing_query_record_row(const billing_op_t *op,
    billing_outbox_row_t *row);


billing_db_rc_t
billing_query_record(billing_op_t *op)
{
    billing_db_rc_t          rc;
    billing_outbox_row_t     row;
    billing_outbox_record_t  made;

    if (!billing_query_record_row(op, &row)) {
        return billing_op_deny(op, BILLING_NOT_FOUND, NULL);
    }

    rc = billing_outbox_encode(op->w, &row, &made);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    billing_outbox_restore(op->w, &made);

    return billing_op_reply(op, 200,
               json_pack("{s:s%}", "record", made.value, made.len));
}


/* Of a person there must be an address, of a thing there must be none. */

static bool
billing_query_record_row(const billing_op_t *op, billing_outbox_row_t *row)
{
    const char  *kind = billing_op_text(op, "kind");
    const char  *id = billing_op_text(op, "id");
    const char  *email = billing_op_text(op, "email");
    size_t       len = strlen(email);

    memset(row, 0, sizeof(*row));
    row->kind = billing_record_kind_parse(
                    (billing_bytes_t) { kind, strlen(kind) });

    if (row->kind == BILLING_RECORD_NONE || kind[0] == '\0'
        || !billing_id_valid(id, strlen(id)) || len > BILLING_EMAIL_MAX
        || (len != 0) != (row->kind == BILLING_RECORD_MEMBER
                          || row->kind == BILLING_RECORD_ACCESS))
    {
        return false;
    }

    (void) snprintf(row->id, sizeof(row->id), "%s", id);
    (void) snprintf(row->email, sizeof(row->email), "%s", email);

    return true;
}
