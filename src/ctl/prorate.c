/* billingctl prorate: the part of a price that a service owes. */

#include "billing_ctl.h"

#include <string.h>


typedef struct {
    billing_money_t     price;
    billing_basis_t     basis;
    billing_rounding_t  rounding;
    billing_span_t      period;
    billing_span_t      service;
} billing_ctl_prorate_t;


static void billing_ctl_prorate_read(billing_ctl_input_t *in,
    billing_ctl_prorate_t *ask);
static void billing_ctl_prorate_words(billing_ctl_input_t *in,
    billing_ctl_prorate_t *ask);


const char  billing_ctl_prorate_help[] =
    "Usage: billingctl prorate < in.json\n"
    "\n"
    "in   {\"currency\": \"USD\", \"price\": 1000, \"basis\": \"day\",\n"
    "      \"rounding\": \"half_up\", \"period\": [\"2026-09-01\", "
    "\"2026-10-01\"],\n"
    "      \"service\": [\"2026-09-15\", \"2026-10-01\"]}\n"
    "out  {\"amount\": 533, \"numerator\": 16, \"denominator\": 30}\n"
    "\n"
    "currency  ISO 4217; price and amount are in its minor unit\n"
    "basis     day (default), day30 (30/360, each 31st counts as a 30th), "
    "second\n"
    "rounding  half_up (default, away from zero), half_even, down (to zero)\n"
    "period    [start, end), dates or RFC 3339 instants; also service, which\n"
    "          is cut to the period first\n";


int
billing_ctl_prorate(const billing_ctl_t *ctl)
{
    int                    rc;
    billing_ratio_t        ratio = { 0, 1 };
    billing_money_t        amount = { 0, 0 };
    billing_ctl_input_t    in;
    billing_ctl_prorate_t  ask;

    (void) ctl;

    billing_ctl_input_init(&in);
    billing_ctl_prorate_read(&in, &ask);

    if (in.reason == BILLING_ALLOW
        && billing_proration(ask.period, ask.service, ask.basis, &ratio)
           != BILLING_OK)
    {
        billing_ctl_fault(&in, BILLING_FIELD_TYPE, "period",
                          "the period or the service ends before it begins,"
                          " or the period has no days");
    }

    if (in.reason == BILLING_ALLOW
        && billing_money_scale(ask.price, ratio, ask.rounding, &amount)
           != BILLING_OK)
    {
        billing_ctl_fault(&in, BILLING_FIELD_TYPE, "price", "too large");
    }

    rc = in.reason != BILLING_ALLOW
         ? billing_ctl_refuse(&in)
         : billing_ctl_print(json_pack("{sI sI sI}",
                                       "amount", (json_int_t) amount.minor,
                                       "numerator",
                                       (json_int_t) ratio.numerator,
                                       "denominator",
                                       (json_int_t) ratio.denominator),
                             BILLING_CTL_DONE);

    billing_ctl_input_done(&in);

    return rc;
}


static void
billing_ctl_prorate_read(billing_ctl_input_t *in, billing_ctl_prorate_t *ask)
{
    memset(ask, 0, sizeof(*ask));

    billing_ctl_prorate_words(in, ask);

    billing_ctl_need(in, billing_ctl_integer(in, "price", &ask->price.minor),
                     "price");
    billing_ctl_need(in, billing_ctl_span(in, "period", &ask->period),
                     "period");
    billing_ctl_need(in, billing_ctl_span(in, "service", &ask->service),
                     "service");
}


static void
billing_ctl_prorate_words(billing_ctl_input_t *in, billing_ctl_prorate_t *ask)
{
    const char  *word = "";

    billing_ctl_need(in, billing_ctl_text(in, "currency", &word),
                     "currency");
    ask->price.currency = billing_currency_parse(word, strlen(word));

    if (ask->price.currency == 0) {
        billing_ctl_fault(in, BILLING_FIELD_TYPE, "currency",
                          "not an ISO 4217 code");
    }

    if (billing_ctl_text(in, "basis", &word)
        && !billing_basis_parse(word, strlen(word), &ask->basis))
    {
        billing_ctl_fault(in, BILLING_FIELD_TYPE, "basis",
                          "not day, day30 or second");
    }

    if (billing_ctl_text(in, "rounding", &word)
        && !billing_rounding_parse(word, strlen(word), &ask->rounding))
    {
        billing_ctl_fault(in, BILLING_FIELD_TYPE, "rounding",
                          "not half_up, half_even or down");
    }
}
