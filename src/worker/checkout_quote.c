/*
 * The quote of a checkout, as it lies in the database: what was priced before
 * the charge is what is granted and invoiced after it, whatever the catalogue
 * says by then.
 */

#include <string.h>

#include "billing_business.h"


static json_t *billing_quote_line_dump(const billing_line_t *line);
static json_t *billing_quote_span_dump(billing_span_t span);
static json_t *billing_quote_ground_dump(const billing_ground_t *ground);
static void billing_quote_span_load(const json_t *pair, billing_span_t *span);
static void billing_quote_ground_load(const json_t *json,
    billing_ground_t *ground);
static bool billing_quote_line_load(const json_t *json,
    billing_currency_t currency, billing_line_t *line);
static bool billing_quote_int(const json_t *json, const char *name,
    int64_t *value);
static bool billing_quote_members(const json_t *json,
    billing_quote_t *quote);


json_t *
billing_quote_dump(const billing_quote_t *quote)
{
    uint32_t   i;
    json_t    *lines;

    lines = json_array();

    for (i = 0; i < quote->nlines; i++) {
        if (json_array_append_new(lines,
                billing_quote_line_dump(&quote->lines[i])) != 0)
        {
            json_decref(lines);
            return NULL;
        }
    }

    return json_pack("{s:s, s:I, s:s, s:s, s:s, s:o, s:I, s:I, s:I, s:I,"
                     " s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:o}",
               "plan", billing_plan_name(quote->plan),
               "seats", (json_int_t) quote->seats,
               "period", billing_period_name(quote->period),
               "method", billing_method_name(quote->method),
               "currency", billing_currency_code(quote->total.currency),
               "lines", lines,
               "subtotal", (json_int_t) quote->subtotal.minor,
               "discount", (json_int_t) quote->discount.minor,
               "credit", (json_int_t) quote->credit.minor,
               "tax", (json_int_t) quote->tax.minor,
               "total", (json_int_t) quote->total.minor,
               "due_now", (json_int_t) quote->due_now.minor,
               "credit_left", (json_int_t) quote->credit_left.minor,
               "start", (json_int_t) quote->span.start_at,
               "end", (json_int_t) quote->span.end_at,
               "renewal", (json_int_t) quote->renewal_total.minor,
               "discount_left", (json_int_t) quote->discount_left,
               "discount_seats_min",
               (json_int_t) quote->discount_seats_min,
               "promo_spent", (int) quote->promo_spent,
               "ground", billing_quote_ground_dump(&quote->ground));
}


static json_t *
billing_quote_ground_dump(const billing_ground_t *ground)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s}",
               "catalogue", ground->catalogue,
               "basis", billing_basis_name(ground->basis),
               "rounding", billing_rounding_name(ground->rounding),
               "tax_why", billing_tax_why_name(ground->tax_why),
               "tax_country", ground->tax_country);
}


static json_t *
billing_quote_line_dump(const billing_line_t *line)
{
    return json_pack("{s:i, s:I, s:I, s:I, s:I, s:I, s:o*, s:o*}",
               "kind", (int) line->kind,
               "quantity", (json_int_t) line->quantity,
               "unit", (json_int_t) line->unit.minor,
               "numerator", (json_int_t) line->ratio.numerator,
               "denominator", (json_int_t) line->ratio.denominator,
               "amount", (json_int_t) line->amount.minor,
               "whole", billing_quote_span_dump(line->whole),
               "part", billing_quote_span_dump(line->part));
}


static json_t *
billing_quote_span_dump(billing_span_t span)
{
    return span.end_at == 0 ? NULL
                            : json_pack("[I, I]", (json_int_t) span.start_at,
                                        (json_int_t) span.end_at);
}


billing_err_t
billing_quote_load(const char *text, billing_quote_t *quote)
{
    bool     ok;
    json_t  *json;

    memset(quote, 0, sizeof(*quote));

    json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    ok = json_is_object(json) && billing_quote_members(json, quote);
    json_decref(json);

    return ok ? BILLING_OK : BILLING_EFORMAT;
}


static bool
billing_quote_members(const json_t *json, billing_quote_t *quote)
{
    size_t               i;
    int64_t              seats;
    const char          *plan, *period, *method, *code;
    const json_t        *lines;
    billing_currency_t   currency;

    plan = json_string_value(json_object_get(json, "plan"));
    period = json_string_value(json_object_get(json, "period"));
    method = json_string_value(json_object_get(json, "method"));
    code = json_string_value(json_object_get(json, "currency"));
    lines = json_object_get(json, "lines");

    if (plan == NULL || period == NULL || method == NULL || code == NULL
        || json_array_size(lines) > BILLING_LINES_MAX)
    {
        return false;
    }

    currency = billing_currency_parse(code, strlen(code));
    quote->plan = billing_plan_parse(plan, strlen(plan));
    quote->period = billing_period_parse(period, strlen(period));
    quote->method = billing_method_parse(method, strlen(method));
    quote->nlines = (uint32_t) json_array_size(lines);

    for (i = 0; i < quote->nlines; i++) {
        if (!billing_quote_line_load(json_array_get(lines, i), currency,
                                     &quote->lines[i]))
        {
            return false;
        }
    }

    quote->subtotal.currency = quote->discount.currency = currency;
    quote->credit.currency = quote->tax.currency = currency;
    quote->total.currency = quote->due_now.currency = currency;
    quote->credit_left.currency = currency;
    quote->renewal_total.currency = currency;

    if (!billing_quote_int(json, "seats", &seats)) {
        return false;
    }

    quote->seats = (uint32_t) seats;

    /* A quote from before these were kept had no discount to last. */

    quote->discount_left = (uint32_t)
        json_integer_value(json_object_get(json, "discount_left"));
    quote->discount_seats_min = (uint32_t)
        json_integer_value(json_object_get(json, "discount_seats_min"));
    quote->promo_spent = json_is_true(json_object_get(json, "promo_spent"));
    billing_quote_ground_load(json_object_get(json, "ground"),
                              &quote->ground);

    return quote->plan != BILLING_PLAN_NONE
           && billing_quote_int(json, "subtotal", &quote->subtotal.minor)
           && billing_quote_int(json, "discount", &quote->discount.minor)
           && billing_quote_int(json, "credit", &quote->credit.minor)
           && billing_quote_int(json, "tax", &quote->tax.minor)
           && billing_quote_int(json, "total", &quote->total.minor)
           && billing_quote_int(json, "due_now", &quote->due_now.minor)
           && billing_quote_int(json, "credit_left",
                                &quote->credit_left.minor)
           && billing_quote_int(json, "start", &quote->span.start_at)
           && billing_quote_int(json, "end", &quote->span.end_at)
           && billing_quote_int(json, "renewal",
                                &quote->renewal_total.minor);
}


static bool
billing_quote_line_load(const json_t *json, billing_currency_t currency,
    billing_line_t *line)
{
    int64_t  kind, quantity;

    if (!billing_quote_int(json, "kind", &kind)
        || kind < BILLING_LINE_PLAN || kind >= BILLING_LINE_KINDS
        || !billing_quote_int(json, "quantity", &quantity)
        || !billing_quote_int(json, "unit", &line->unit.minor)
        || !billing_quote_int(json, "numerator", &line->ratio.numerator)
        || !billing_quote_int(json, "denominator", &line->ratio.denominator)
        || !billing_quote_int(json, "amount", &line->amount.minor))
    {
        return false;
    }

    line->kind = (billing_line_kind_t) kind;
    line->quantity = (uint32_t) quantity;
    line->unit.currency = line->amount.currency = currency;
    billing_quote_span_load(json_object_get(json, "whole"), &line->whole);
    billing_quote_span_load(json_object_get(json, "part"), &line->part);

    return true;
}


static void
billing_quote_span_load(const json_t *pair, billing_span_t *span)
{
    span->start_at = json_integer_value(json_array_get(pair, 0));
    span->end_at = json_integer_value(json_array_get(pair, 1));
}


/* Only to be told: a word that is missing or strange says nothing. */

static void
billing_quote_ground_load(const json_t *json, billing_ground_t *ground)
{
    const json_t  *word;

    billing_copy(ground->catalogue, sizeof(ground->catalogue),
                 json_string_value(json_object_get(json, "catalogue")));
    billing_copy(ground->tax_country, sizeof(ground->tax_country),
                 json_string_value(json_object_get(json, "tax_country")));

    word = json_object_get(json, "basis");
    (void) (json_is_string(word)
            && billing_basis_parse(json_string_value(word),
                                   json_string_length(word),
                                   &ground->basis));

    word = json_object_get(json, "rounding");
    (void) (json_is_string(word)
            && billing_rounding_parse(json_string_value(word),
                                      json_string_length(word),
                                      &ground->rounding));

    word = json_object_get(json, "tax_why");

    if (json_is_string(word)) {
        ground->tax_why = billing_tax_why_parse(json_string_value(word),
                                                json_string_length(word));
    }
}


static bool
billing_quote_int(const json_t *json, const char *name, int64_t *value)
{
    const json_t  *member;

    member = json_object_get(json, name);

    if (!json_is_integer(member)) {
        return false;
    }

    *value = json_integer_value(member);

    return true;
}
