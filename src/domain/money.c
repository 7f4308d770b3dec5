/* Money: all arithmetic on amounts, exact or refused. */

#include "billing_domain.h"

#include <string.h>

/* Holds any product of two int64_t, so that only results are checked. */

__extension__ typedef __int128           billing_wide_t;
__extension__ typedef unsigned __int128  billing_uwide_t;


static billing_err_t billing_money_fit(billing_wide_t minor,
    billing_currency_t currency, billing_money_t *out);
static bool billing_money_round_away(billing_uwide_t quotient,
    billing_uwide_t rest, billing_uwide_t denominator,
    billing_rounding_t rounding);


typedef struct {
    char     code[4];
    uint8_t  exponent;
} billing_currency_row_t;


/* ISO 4217, with the decimals of the minor unit; row 0 is "no currency". */

static const billing_currency_row_t  billing_currencies[] = {
    { "", 0 },
    { "AED", 2 }, { "AFN", 2 }, { "ALL", 2 }, { "AMD", 2 }, { "AOA", 2 },
    { "ARS", 2 }, { "AUD", 2 }, { "AWG", 2 }, { "AZN", 2 }, { "BAM", 2 },
    { "BBD", 2 }, { "BDT", 2 }, { "BGN", 2 }, { "BHD", 3 }, { "BIF", 0 },
    { "BMD", 2 }, { "BND", 2 }, { "BOB", 2 }, { "BRL", 2 }, { "BSD", 2 },
    { "BTN", 2 }, { "BWP", 2 }, { "BYN", 2 }, { "BZD", 2 }, { "CAD", 2 },
    { "CDF", 2 }, { "CHF", 2 }, { "CLF", 4 }, { "CLP", 0 }, { "CNY", 2 },
    { "COP", 2 }, { "CRC", 2 }, { "CUP", 2 }, { "CVE", 2 }, { "CZK", 2 },
    { "DJF", 0 }, { "DKK", 2 }, { "DOP", 2 }, { "DZD", 2 }, { "EGP", 2 },
    { "ERN", 2 }, { "ETB", 2 }, { "EUR", 2 }, { "FJD", 2 }, { "FKP", 2 },
    { "GBP", 2 }, { "GEL", 2 }, { "GHS", 2 }, { "GIP", 2 }, { "GMD", 2 },
    { "GNF", 0 }, { "GTQ", 2 }, { "GYD", 2 }, { "HKD", 2 }, { "HNL", 2 },
    { "HTG", 2 }, { "HUF", 2 }, { "IDR", 2 }, { "ILS", 2 }, { "INR", 2 },
    { "IQD", 3 }, { "IRR", 2 }, { "ISK", 0 }, { "JMD", 2 }, { "JOD", 3 },
    { "JPY", 0 }, { "KES", 2 }, { "KGS", 2 }, { "KHR", 2 }, { "KMF", 0 },
    { "KPW", 2 }, { "KRW", 0 }, { "KWD", 3 }, { "KYD", 2 }, { "KZT", 2 },
    { "LAK", 2 }, { "LBP", 2 }, { "LKR", 2 }, { "LRD", 2 }, { "LSL", 2 },
    { "LYD", 3 }, { "MAD", 2 }, { "MDL", 2 }, { "MGA", 2 }, { "MKD", 2 },
    { "MMK", 2 }, { "MNT", 2 }, { "MOP", 2 }, { "MRU", 2 }, { "MUR", 2 },
    { "MVR", 2 }, { "MWK", 2 }, { "MXN", 2 }, { "MYR", 2 }, { "MZN", 2 },
    { "NAD", 2 }, { "NGN", 2 }, { "NIO", 2 }, { "NOK", 2 }, { "NPR", 2 },
    { "NZD", 2 }, { "OMR", 3 }, { "PAB", 2 }, { "PEN", 2 }, { "PGK", 2 },
    { "PHP", 2 }, { "PKR", 2 }, { "PLN", 2 }, { "PYG", 0 }, { "QAR", 2 },
    { "RON", 2 }, { "RSD", 2 }, { "RUB", 2 }, { "RWF", 0 }, { "SAR", 2 },
    { "SBD", 2 }, { "SCR", 2 }, { "SDG", 2 }, { "SEK", 2 }, { "SGD", 2 },
    { "SHP", 2 }, { "SLE", 2 }, { "SOS", 2 }, { "SRD", 2 }, { "SSP", 2 },
    { "STN", 2 }, { "SVC", 2 }, { "SYP", 2 }, { "SZL", 2 }, { "THB", 2 },
    { "TJS", 2 }, { "TMT", 2 }, { "TND", 3 }, { "TOP", 2 }, { "TRY", 2 },
    { "TTD", 2 }, { "TWD", 2 }, { "TZS", 2 }, { "UAH", 2 }, { "UGX", 0 },
    { "USD", 2 }, { "UYU", 2 }, { "UYW", 4 }, { "UZS", 2 }, { "VES", 2 },
    { "VND", 0 }, { "VUV", 0 }, { "WST", 2 }, { "XAF", 0 }, { "XCD", 2 },
    { "XOF", 0 }, { "XPF", 0 }, { "YER", 2 }, { "ZAR", 2 }, { "ZMW", 2 },
    { "ZWG", 2 }
};

#define BILLING_CURRENCIES                                                    \
    (sizeof(billing_currencies) / sizeof(billing_currencies[0]))


billing_currency_t
billing_currency_parse(const char *code, size_t len)
{
    if (len != 3) {
        return 0;
    }

    for (size_t i = 1; i < BILLING_CURRENCIES; i++) {
        if (memcmp(billing_currencies[i].code, code, 3) == 0) {
            return (billing_currency_t) i;
        }
    }

    return 0;
}


const char *
billing_currency_code(billing_currency_t currency)
{
    return billing_currencies[currency < BILLING_CURRENCIES ? currency : 0]
           .code;
}


unsigned
billing_currency_exponent(billing_currency_t currency)
{
    return billing_currencies[currency < BILLING_CURRENCIES ? currency : 0]
           .exponent;
}


billing_err_t
billing_money_add(billing_money_t a, billing_money_t b, billing_money_t *sum)
{
    if (a.currency != b.currency) {
        return BILLING_ECURRENCY;
    }

    return billing_money_fit((billing_wide_t) a.minor + b.minor, a.currency,
                             sum);
}


billing_err_t
billing_money_sub(billing_money_t a, billing_money_t b,
    billing_money_t *difference)
{
    if (a.currency != b.currency) {
        return BILLING_ECURRENCY;
    }

    return billing_money_fit((billing_wide_t) a.minor - b.minor, a.currency,
                             difference);
}


billing_err_t
billing_money_times(billing_money_t a, int64_t factor,
    billing_money_t *product)
{
    return billing_money_fit((billing_wide_t) a.minor * factor, a.currency,
                             product);
}


billing_err_t
billing_money_scale(billing_money_t amount, billing_ratio_t ratio,
    billing_rounding_t rounding, billing_money_t *out)
{
    billing_uwide_t  magnitude, denominator, quotient;
    billing_wide_t   product;

    if (ratio.denominator <= 0) {
        return BILLING_ERANGE;
    }

    product = (billing_wide_t) amount.minor * ratio.numerator;

    /*
     * |product| <= 2^126, so neither the negation nor the addition of one
     * below can overflow.
     */

    magnitude = (billing_uwide_t) (product < 0 ? -product : product);
    denominator = (billing_uwide_t) ratio.denominator;
    quotient = magnitude / denominator;

    if (billing_money_round_away(quotient, magnitude % denominator,
                                 denominator, rounding))
    {
        quotient++;
    }

    product = product < 0 ? -(billing_wide_t) quotient
                          : (billing_wide_t) quotient;

    return billing_money_fit(product, amount.currency, out);
}


static billing_err_t
billing_money_fit(billing_wide_t minor, billing_currency_t currency,
    billing_money_t *out)
{
    if (minor > INT64_MAX || minor < INT64_MIN) {
        return BILLING_EOVERFLOW;
    }

    *out = (billing_money_t) { .minor = (int64_t) minor,
                               .currency = currency };

    return BILLING_OK;
}


/* Whether the rest moves the quotient one further from zero. */

static bool
billing_money_round_away(billing_uwide_t quotient, billing_uwide_t rest,
    billing_uwide_t denominator, billing_rounding_t rounding)
{
    switch (rounding) {

    case BILLING_ROUND_HALF_UP:
        return rest * 2 >= denominator;

    case BILLING_ROUND_HALF_EVEN:
        return rest * 2 > denominator
               || (rest * 2 == denominator && quotient % 2 == 1);

    case BILLING_ROUND_DOWN:
        return false;
    }

    return false;
}
