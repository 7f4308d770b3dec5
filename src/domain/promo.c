/* Promo codes: whether one may be used, and for how long it lasts. */

#include "billing_domain.h"


billing_reason_t
billing_promo_allowed(const billing_order_t *order, int64_t now)
{
    const billing_promo_t  *promo = order->promo;

    if (promo == NULL) {
        return BILLING_ALLOW;
    }

    if (promo->code[0] == '\0') {
        return BILLING_PROMO_UNKNOWN;
    }

    if (promo->ends_at != 0 && now >= promo->ends_at) {
        return BILLING_PROMO_EXPIRED;
    }

    if (order->promo_left == 0) {
        return BILLING_PROMO_USED;
    }

    /* A percentage that no catalogue may hold applies to nothing. */

    if (promo->percent == 0 || promo->percent > 100
        || now < promo->starts_at
        || order->seats < promo->seats_min
        || (promo->plans != 0 && !(promo->plans & 1u << order->plan))
        || (promo->period != BILLING_PERIOD_NONE
            && promo->period != order->period))
    {
        return BILLING_PROMO_NOT_APPLICABLE;
    }

    return BILLING_ALLOW;
}


uint32_t
billing_promo_percent(const billing_promo_t *promo, uint32_t period)
{
    uint32_t  periods;

    if (promo == NULL) {
        return 0;
    }

    periods = promo->duration_periods == 0 ? 1 : promo->duration_periods;

    return period < periods ? promo->percent : 0;
}
