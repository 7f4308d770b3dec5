/* Payment methods: which may pay for what. */

#include "billing_domain.h"


billing_reason_t
billing_method_allowed(const billing_catalogue_t *catalogue,
    const billing_order_t *order)
{
    const billing_terms_t  *terms;

    if (order->plan >= BILLING_PLANS || !catalogue->plans[order->plan].known)
    {
        return BILLING_PLAN_UNKNOWN;
    }

    if (order->method == BILLING_METHOD_CARD) {
        return BILLING_ALLOW;
    }

    if (order->method != BILLING_METHOD_INVOICE) {
        return BILLING_PAYMENT_METHOD_UNSUPPORTED;
    }

    terms = &catalogue->plans[order->plan];

    if (!terms->invoice) {
        return BILLING_INVOICE_PLAN;
    }

    if (terms->invoice_yearly && order->period != BILLING_PERIOD_YEARLY) {
        return BILLING_INVOICE_TEAM_YEARLY;
    }

    /* The seats being bought, not the members there are (R83). */

    if (order->seats < terms->invoice_seats_min) {
        return BILLING_INVOICE_TEAM_SEATS;
    }

    return order->invoice_excluded ? BILLING_INVOICE_COUNTRY : BILLING_ALLOW;
}
