/*
 * Whose trace the worker is at work for: a command's own, or that of the one
 * which began the payment.  The log says it, and events keep it for webhooks.
 */

#include <string.h>

#include "billing_infra.h"


void
billing_trace_begin(billing_worker_t *w, const char *trace)
{
    size_t  len = trace == NULL ? 0 : strlen(trace);

    billing_trace_end(w);

    if (len == BILLING_TRACE_LEN) {
        memcpy(w->trace, trace, len + 1);
        billing_log_trace(w->trace);
    }
}


void
billing_trace_end(billing_worker_t *w)
{
    w->trace[0] = '\0';
    billing_log_trace(NULL);
}


billing_db_rc_t
billing_trace_resume(billing_worker_t *w, const char *op)
{
    static const char  sql[] = "SELECT trace FROM command WHERE op = $1";

    billing_db_rc_t  rc = billing_db_query(w->db, sql, "t", op);

    billing_trace_end(w);

    if (rc == BILLING_DB_ROW) {
        billing_trace_begin(w, billing_db_text(w->db, sql, 0));
        billing_db_done(w->db, sql);
    }

    return rc == BILLING_DB_ROW || rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}
