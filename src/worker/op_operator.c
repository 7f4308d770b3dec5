/*
 * What the operator asks of the running worker (billingctl).  No route leads
 * here: nginx signs nothing of this kind.
 */

#include "billing_business.h"
#include "billing_infra.h"


/* Every record is written to Redis again, under the next epoch. */

billing_db_rc_t
billing_op_rehydrate(billing_op_t *op)
{
    billing_rehydrate_ask(op->w);

    return billing_op_reply(op, 200,
               json_pack("{s:I}", "epoch",
                         (json_int_t) op->w->record_epoch));
}
