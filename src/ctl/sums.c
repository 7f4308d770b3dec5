/* The arithmetic of a document, done once more from what it says itself. */

#include "billing_ctl.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>


static billing_currency_t billing_ctl_currency(const json_t *document);
static void billing_ctl_sums_line(const json_t *document, size_t i,
    billing_rounding_t rounding, billing_ctl_sums_t *out);
static void billing_ctl_sums_totals(const json_t *document,
    billing_ctl_sums_t *out);
static void billing_ctl_sums_fault(billing_ctl_sums_t *out,
    const char *format, ...) __attribute__((format(printf, 2, 3)));


/* Which lines a total is made of; NULL ends a list. */
static const struct {
    const char  *total;
    const char  *kinds[5];
} billing_ctl_totals[] = {
    { "subtotal", { "plan", "pending", "proration", "day_pass", NULL } },
    { "discount", { "discount", NULL } },
    { "credit",   { "credit", "unpaid", "balance", NULL } },
    { "tax",      { "tax", NULL } }
};

#define BILLING_CTL_TOTALS                                                    \
    (sizeof(billing_ctl_totals) / sizeof(billing_ctl_totals[0]))


billing_rounding_t
billing_ctl_rounding(const billing_settings_t *settings,
    const json_t *document, bool *own)
{
    const json_t        *word;
    billing_rounding_t   rounding = settings->catalogue.rounding;

    word = json_object_get(json_object_get(document, "ground"), "rounding");

    *own = json_is_string(word)
           && billing_rounding_parse(json_string_value(word),
                                     json_string_length(word), &rounding);

    return rounding;
}


bool
billing_ctl_line(const json_t *document, const json_t *line,
    billing_rounding_t rounding, billing_ctl_line_t *out)
{
    __int128  difference;

    memset(out, 0, sizeof(*out));

    out->kind = json_string_value(json_object_get(line, "kind"));
    out->quantity = json_integer_value(json_object_get(line, "quantity"));
    out->unit.minor = json_integer_value(json_object_get(line,
                                                         "unit_amount"));
    out->ratio.numerator = json_integer_value(json_object_get(line,
                                                              "numerator"));
    out->ratio.denominator = json_integer_value(json_object_get(line,
                                                            "denominator"));
    out->amount.minor = json_integer_value(json_object_get(line, "amount"));
    out->unit.currency = billing_ctl_currency(document);
    out->amount.currency = out->unit.currency;

    if (out->kind == NULL || out->unit.currency == 0
        || out->ratio.denominator <= 0
        || billing_money_times(out->unit, out->quantity, &out->exact)
           != BILLING_OK)
    {
        return false;
    }

    difference = (__int128) out->amount.minor * out->ratio.denominator
                 - (__int128) out->exact.minor * out->ratio.numerator;

    if (billing_money_scale(out->exact, out->ratio, rounding, &out->exact)
        != BILLING_OK)
    {
        return false;
    }

    out->right = out->exact.minor == out->amount.minor;
    out->remainder = difference > INT64_MAX || difference < INT64_MIN
                     ? 0 : (int64_t) difference;

    return true;
}


static billing_currency_t
billing_ctl_currency(const json_t *document)
{
    const json_t  *code = json_object_get(document, "currency");

    return json_is_string(code)
           ? billing_currency_parse(json_string_value(code),
                                    json_string_length(code)) : 0;
}


void
billing_ctl_sums(const billing_settings_t *settings, const json_t *document,
    billing_ctl_sums_t *out)
{
    bool                own;
    const json_t       *lines = json_object_get(document, "lines");
    billing_rounding_t  rounding;

    memset(out, 0, sizeof(*out));
    rounding = billing_ctl_rounding(settings, document, &own);

    if (!json_is_array(lines)) {
        billing_ctl_sums_fault(out, "it has no lines");
        return;
    }

    for (size_t i = 0; i < json_array_size(lines); i++) {
        billing_ctl_sums_line(document, i, rounding, out);
    }

    billing_ctl_sums_totals(document, out);
}


static void
billing_ctl_sums_line(const json_t *document, size_t i,
    billing_rounding_t rounding, billing_ctl_sums_t *out)
{
    const json_t        *line;
    billing_ctl_line_t   read;

    line = json_array_get(json_object_get(document, "lines"), i);

    if (!billing_ctl_line(document, line, rounding, &read)) {
        billing_ctl_sums_fault(out, "line %zu is no line", i + 1);
        return;
    }

    if (!read.right) {
        billing_ctl_sums_fault(out, "line %zu (%s) has %" PRId64
                               ", its arithmetic gives %" PRId64, i + 1,
                               read.kind, read.amount.minor,
                               read.exact.minor);
    }

    if (__builtin_add_overflow(out->lines, read.amount.minor, &out->lines)) {
        billing_ctl_sums_fault(out, "the lines have no sum");
    }
}


static void
billing_ctl_sums_totals(const json_t *document, billing_ctl_sums_t *out)
{
    int64_t        said, sum;
    size_t         i;
    const char    *kind;
    const json_t  *line;

    out->total = json_integer_value(json_object_get(document, "total"));

    if (out->total != out->lines) {
        billing_ctl_sums_fault(out, "the total is %" PRId64 ", its lines add"
                               " up to %" PRId64, out->total, out->lines);
    }

    for (size_t t = 0; t < BILLING_CTL_TOTALS; t++) {
        said = json_integer_value(json_object_get(document,
                                              billing_ctl_totals[t].total));
        sum = 0;

        json_array_foreach(json_object_get(document, "lines"), i, line) {
            kind = json_string_value(json_object_get(line, "kind"));

            for (size_t k = 0; kind != NULL
                 && billing_ctl_totals[t].kinds[k] != NULL; k++)
            {
                if (strcmp(billing_ctl_totals[t].kinds[k], kind) == 0) {
                    sum += json_integer_value(json_object_get(line,
                                                              "amount"));
                }
            }
        }

        if (said != sum) {
            billing_ctl_sums_fault(out, "%s is %" PRId64 ", its lines add up"
                                   " to %" PRId64,
                                   billing_ctl_totals[t].total, said, sum);
        }
    }
}


static void
billing_ctl_sums_fault(billing_ctl_sums_t *out, const char *format, ...)
{
    va_list  args;

    if (out->fault[0] != '\0') {
        return;
    }

    va_start(args, format);
    (void) vsnprintf(out->fault, sizeof(out->fault), format, args);
    va_end(args);
}
