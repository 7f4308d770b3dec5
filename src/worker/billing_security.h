/* The security log as the loop sees it; billing_worker.h has what is noted. */

#ifndef BILLING_SECURITY_H
#define BILLING_SECURITY_H

#include "billing_infra.h"

/* Where there is such a log; a file that cannot be written is told of. */
bool billing_security_new(billing_worker_t *w);
void billing_security_free(billing_worker_t *w);    /* writes what is left */
size_t billing_security_mark(const billing_worker_t *w);
void billing_security_undo(billing_worker_t *w, size_t mark);
void billing_security_flush(billing_worker_t *w);

#endif /* BILLING_SECURITY_H */
