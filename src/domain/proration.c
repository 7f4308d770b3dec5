/* Proration: the part of a period that a service covers, as an exact ratio. */

#include "billing_domain.h"

#define BILLING_DAY_SEC  86400


static int64_t billing_proration_units(int64_t at, billing_basis_t basis);
static int64_t billing_proration_clamp(int64_t at, billing_span_t span);


billing_err_t
billing_proration(billing_span_t period, billing_span_t service,
    billing_basis_t basis, billing_ratio_t *out)
{
    int64_t          start, end;
    billing_ratio_t  ratio;

    if (period.start_at < 0 || period.end_at > BILLING_INSTANT_MAX
        || period.start_at >= period.end_at
        || service.start_at > service.end_at)
    {
        return BILLING_ERANGE;
    }

    start = billing_proration_clamp(service.start_at, period);
    end = billing_proration_clamp(service.end_at, period);

    ratio.numerator = billing_proration_units(end, basis)
                      - billing_proration_units(start, basis);
    ratio.denominator = billing_proration_units(period.end_at, basis)
                        - billing_proration_units(period.start_at, basis);

    /* A period within one day has no days to count. */

    if (ratio.denominator <= 0) {
        return BILLING_ERANGE;
    }

    *out = ratio;

    return BILLING_OK;
}


/*
 * Every basis is the difference of one function of the instant, so that the
 * parts of a period always add up to the whole.  For 30/360 this takes the
 * variant which counts the 31st as the 30th at both ends.
 */

static int64_t
billing_proration_units(int64_t at, billing_basis_t basis)
{
    billing_date_t  date;

    switch (basis) {

    case BILLING_BASIS_DAY:
        return at / BILLING_DAY_SEC;

    case BILLING_BASIS_DAY30:
        date = billing_date_of(at);

        return (int64_t) date.year * 360 + date.month * 30
               + (date.day > 30 ? 30 : date.day);

    case BILLING_BASIS_SECOND:
        return at;
    }

    return 0;
}


static int64_t
billing_proration_clamp(int64_t at, billing_span_t span)
{
    if (at < span.start_at) {
        return span.start_at;
    }

    return at > span.end_at ? span.end_at : at;
}
