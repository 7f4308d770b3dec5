/* Discounts: the better of the promo code and the volume discount. */

#include "billing_domain.h"


static billing_discount_t billing_discount_promo(
    const billing_promo_t *promo);
static billing_discount_t billing_discount_volume(
    const billing_catalogue_t *catalogue, const billing_team_t *team,
    const billing_order_t *order);
static uint64_t billing_discount_worth(const billing_discount_t *discount);


billing_discount_t
billing_discount(const billing_catalogue_t *catalogue,
    const billing_team_t *team, const billing_order_t *order)
{
    uint64_t            a, b;
    billing_discount_t  promo, volume;

    promo = billing_discount_promo(order->promo);
    volume = billing_discount_volume(catalogue, team, order);

    a = billing_discount_worth(&promo);
    b = billing_discount_worth(&volume);

    if (a != b) {
        return a > b ? promo : volume;
    }

    return promo.percent > volume.percent ? promo : volume;
}


static billing_discount_t
billing_discount_promo(const billing_promo_t *promo)
{
    billing_discount_t  discount = { .promo = true };

    discount.percent = billing_promo_percent(promo, 0);

    if (discount.percent != 0) {
        discount.periods = promo->duration_periods == 0
                           ? 1 : promo->duration_periods;
    }

    return discount;
}


/* From Free alone (R96): not for those who already paid once. */

static billing_discount_t
billing_discount_volume(const billing_catalogue_t *catalogue,
    const billing_team_t *team, const billing_order_t *order)
{
    billing_discount_t       discount = { .promo = false };
    const billing_volume_t  *volume;

    if (order->plan >= BILLING_PLANS || order->period >= BILLING_PERIODS
        || team->state != BILLING_STATE_FREE)
    {
        return discount;
    }

    volume = &catalogue->plans[order->plan].volume;

    if (volume->percent == 0 || volume->percent > 100
        || volume->periods[order->period] == 0
        || order->seats < volume->seats_min)
    {
        return discount;
    }

    discount.percent = volume->percent;
    discount.periods = volume->periods[order->period];
    discount.seats_min = volume->seats_min;

    return discount;
}


static uint64_t
billing_discount_worth(const billing_discount_t *discount)
{
    return (uint64_t) discount->percent * discount->periods;
}
