/* A quote and its arithmetic as JSON. */

#include "billing_api.h"

#include <stdio.h>
#include <stdlib.h>

#define BILLING_LINE_KEY_MAX  48


static json_t *billing_quote_lines(const billing_quote_t *quote,
    billing_lang_t lang);
static json_t *billing_quote_line_json(const billing_quote_t *quote,
    const billing_line_t *line, billing_lang_t lang);
static json_t *billing_quote_span_json(billing_span_t span);
static const char *billing_quote_word(const char *noun, const char *word,
    billing_lang_t lang);


json_t *
billing_quote_json(const billing_quote_t *quote, const char *team,
    billing_lang_t lang)
{
    static const char  format[] = "{ss* ss sI ss ss ss so sI sI sI sI sI sI sI"
                                  " so so so sI}";

    return json_pack(format,
                     "team", team,
                     "plan", billing_plan_name(quote->plan),
                     "seats", (json_int_t) quote->seats,
                     "period", billing_period_name(quote->period),
                     "payment_method", billing_method_name(quote->method),
                     "currency",
                     billing_currency_code(quote->total.currency),
                     "lines", billing_quote_lines(quote, lang),
                     "subtotal", (json_int_t) quote->subtotal.minor,
                     "discount", (json_int_t) quote->discount.minor,
                     "credit", (json_int_t) quote->credit.minor,
                     "tax", (json_int_t) quote->tax.minor,
                     "total", (json_int_t) quote->total.minor,
                     "due_now", (json_int_t) quote->due_now.minor,
                     "credit_left", (json_int_t) quote->credit_left.minor,
                     "period_start",
                     billing_instant_json(quote->span.start_at),
                     "period_end", billing_instant_json(quote->span.end_at),
                     "renews_at", billing_instant_json(quote->span.end_at),
                     "renewal_total",
                     (json_int_t) quote->renewal_total.minor);
}


json_t *
billing_instant_json(int64_t at)
{
    char  text[BILLING_INSTANT_LEN + 1];

    if (at == 0) {
        return json_null();
    }

    billing_instant_format(at, text);

    return json_string(text);
}


static json_t *
billing_quote_lines(const billing_quote_t *quote, billing_lang_t lang)
{
    json_t  *lines = json_array();

    for (uint32_t i = 0; i < quote->nlines && i < BILLING_LINES_MAX; i++) {
        json_t  *line;

        line = billing_quote_line_json(quote, &quote->lines[i], lang);

        if (json_array_append_new(lines, line) != 0) {
            json_decref(lines);
            return NULL;
        }
    }

    return lines;
}


static json_t *
billing_quote_line_json(const billing_quote_t *quote,
    const billing_line_t *line, billing_lang_t lang)
{
    char    *text;
    json_t  *json;

    json = json_pack("{ss ss sI sI sI sI sI so* so*}",
                     "kind", billing_line_kind_name(line->kind),
                     "text", "",
                     "quantity", (json_int_t) line->quantity,
                     "unit_amount", (json_int_t) line->unit.minor,
                     "numerator", (json_int_t) line->ratio.numerator,
                     "denominator", (json_int_t) line->ratio.denominator,
                     "amount", (json_int_t) line->amount.minor,
                     "period", billing_quote_span_json(line->whole),
                     "service", billing_quote_span_json(line->part));

    text = billing_line_text(json, billing_plan_name(quote->plan),
                             billing_period_name(quote->period), lang);

    if (text == NULL
        || json_object_set_new(json, "text", json_string(text)) != 0)
    {
        json_decref(json);
        json = NULL;
    }

    free(text);

    return json;
}


/* [start, end) of a prorated line; NULL of another. */

static json_t *
billing_quote_span_json(billing_span_t span)
{
    return span.end_at == 0 ? NULL
                            : json_pack("[oo]",
                                        billing_instant_json(span.start_at),
                                        billing_instant_json(span.end_at));
}


char *
billing_line_text(const json_t *line, const char *plan, const char *period,
    billing_lang_t lang)
{
    char          key[BILLING_LINE_KEY_MAX];
    char         *text = NULL;
    json_t       *args;
    const char   *kind;
    json_int_t    numerator, denominator;

    kind = json_string_value(json_object_get(line, "kind"));
    numerator = json_integer_value(json_object_get(line, "numerator"));
    denominator = json_integer_value(json_object_get(line, "denominator"));

    (void) snprintf(key, sizeof(key), "line.%.30s", kind != NULL ? kind : "");

    args = json_pack("{sI ss ss sI sI so*}",
                     "quantity", json_integer_value(
                                     json_object_get(line, "quantity")),
                     "plan", billing_quote_word("plan", plan, lang),
                     "period", billing_quote_word("period", period, lang),
                     "numerator", numerator, "denominator", denominator,
                     "percent", billing_percent_json(numerator, denominator,
                                                     lang));

    if (args != NULL) {
        text = billing_text_format(key, lang, args);
    }

    json_decref(args);

    return text;
}


static const char *
billing_quote_word(const char *noun, const char *word, billing_lang_t lang)
{
    char         key[BILLING_LINE_KEY_MAX];
    const char  *text;

    (void) snprintf(key, sizeof(key), "%s.%s", noun, word);
    text = billing_text(key, lang);

    return text != key ? text : word;
}
