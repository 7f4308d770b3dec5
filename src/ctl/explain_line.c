/* billingctl explain: one line, the rule behind it and its arithmetic. */

#include "billing_ctl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BILLING_EXPLAIN_KEY_MAX  64
#define BILLING_EXPLAIN_DIGITS   10000  /* of a minor unit, when not whole */
#define BILLING_DATE_TEXT_LEN    10


static json_t *billing_explain_title(const billing_explain_t *e,
    const billing_ctl_line_t *line);
static void billing_explain_key(const billing_explain_t *e,
    const billing_ctl_line_t *line, char key[BILLING_EXPLAIN_KEY_MAX]);
static json_t *billing_explain_formula(const billing_ctl_line_t *line);
static json_t *billing_explain_exact(const billing_ctl_line_t *line);
static json_t *billing_explain_span(const billing_explain_t *e,
    const json_t *line, const billing_ctl_line_t *read);
static const char *billing_explain_ground(const billing_explain_t *e,
    const char *name);


json_t *
billing_explain_line(const billing_explain_t *e, const json_t *line)
{
    char                 key[BILLING_EXPLAIN_KEY_MAX];
    json_t              *out, *exact;
    billing_ctl_line_t   read;

    if (!billing_ctl_line(e->document, line, e->rounding, &read)) {
        return json_pack("{s:b, s:O}", "right", 0, "line", line);
    }

    /* Only the sum of both is rounded: the second takes what is left. */

    if (strcmp(e->purpose, "seats") == 0
        && strcmp(read.kind, "proration") == 0
        && llabs(read.amount.minor - read.exact.minor) <= 1)
    {
        read.right = true;
    }

    billing_explain_key(e, &read, key);
    exact = billing_explain_exact(&read);

    out = json_pack("{s:s, s:O, s:o*, s:o, s:I, s:o, s:I, s:b, s:o*}",
              "kind", read.kind,
              "printed", json_object_get(line, "text"),
              "text", billing_explain_title(e, &read),
              "rule", billing_explain_text(e, key,
                          json_pack("{s:s, s:s}",
                              "promo", billing_explain_ground(e, "promo"),
                              "country",
                              billing_explain_ground(e, "tax_country"))),
              "amount", (json_int_t) read.amount.minor,
              "formula", billing_explain_formula(&read),
              "recalculated", (json_int_t) read.exact.minor,
              "right", (int) read.right,
              "days", billing_explain_span(e, line, &read));

    (void) json_object_update_new(out,
               json_pack("{s:I, s:I, s:I, s:I, s:{s:I, s:I}}",
                   "quantity", (json_int_t) read.quantity,
                   "unit_amount", (json_int_t) read.unit.minor,
                   "numerator", (json_int_t) read.ratio.numerator,
                   "denominator", (json_int_t) read.ratio.denominator,
                   "remainder",
                   "numerator", (json_int_t) read.remainder,
                   "denominator", (json_int_t) read.ratio.denominator));

    if (read.remainder != 0) {
        (void) json_object_set(out, "exact", exact);
        (void) json_object_set_new(out, "rounding",
                   billing_explain_text(e, read.right ? "explain.rounded"
                                                      : "explain.wrong",
                       json_pack("{s:O}", "exact", exact)));
    }

    json_decref(exact);

    return out;
}


/* The line's own text in the language asked for, by who writes invoices. */

static json_t *
billing_explain_title(const billing_explain_t *e,
    const billing_ctl_line_t *line)
{
    json_t           *json, *text;
    const char       *word;
    billing_quote_t   quote = { .nlines = 1, .seats = 1 };

    word = json_string_value(json_object_get(e->document, "plan"));
    quote.plan = word == NULL ? BILLING_PLAN_NONE
                              : billing_plan_parse(word, strlen(word));
    word = json_string_value(json_object_get(e->document, "period"));
    quote.period = word == NULL ? BILLING_PERIOD_NONE
                                : billing_period_parse(word, strlen(word));
    quote.method = BILLING_METHOD_CARD;
    quote.total.currency = e->currency;

    quote.lines[0] = (billing_line_t) {
        .quantity = (uint32_t) line->quantity,
        .unit = line->unit, .ratio = line->ratio, .amount = line->amount
    };

    for (int kind = BILLING_LINE_PLAN; kind < BILLING_LINE_KINDS; kind++) {
        if (strcmp(billing_line_kind_name((billing_line_kind_t) kind),
                   line->kind) == 0)
        {
            quote.lines[0].kind = (billing_line_kind_t) kind;
        }
    }

    json = billing_quote_json(&quote, e->team, e->lang);
    text = json_object_get(json_array_get(json_object_get(json, "lines"), 0),
                           "text");
    json_incref(text);
    json_decref(json);

    return text;
}


/* By what the line is and, where it matters, what was paid for. */

static void
billing_explain_key(const billing_explain_t *e,
    const billing_ctl_line_t *line, char key[BILLING_EXPLAIN_KEY_MAX])
{
    const char  *word = e->purpose;

    if (strcmp(line->kind, "discount") == 0) {
        word = strcmp(e->purpose, "purchase") != 0 ? "kept"
               : json_is_true(json_object_get(
                     json_object_get(e->document, "ground"), "promo_spent"))
               ? "promo" : "volume";
    }

    if (strcmp(line->kind, "balance") == 0) {
        word = line->amount.minor < 0 ? "used" : "given";
    }

    if (strcmp(line->kind, "tax") == 0) {
        word = "rate";
    }

    if (strcmp(line->kind, "day_pass") == 0) {
        word = "used";
    }

    if (strcmp(line->kind, "unpaid") == 0) {
        word = "open";
    }

    (void) snprintf(key, BILLING_EXPLAIN_KEY_MAX, "explain.%s.%s",
                    line->kind, word);

    if (billing_text(key, e->lang) == key) {
        (void) snprintf(key, BILLING_EXPLAIN_KEY_MAX, "explain.unknown");
    }
}


/* "12 x 96.00 USD x 184/365". */

static json_t *
billing_explain_formula(const billing_ctl_line_t *line)
{
    char  unit[BILLING_CTL_AMOUNT_MAX], text[BILLING_CTL_AMOUNT_MAX * 3];

    billing_ctl_amount(line->unit, "", unit);

    if (line->ratio.numerator == 1 && line->ratio.denominator == 1) {
        (void) snprintf(text, sizeof(text), "%" PRId64 " x %s",
                        line->quantity, unit);

    } else {
        (void) snprintf(text, sizeof(text), "%" PRId64 " x %s x %" PRId64
                        "/%" PRId64, line->quantity, unit,
                        line->ratio.numerator, line->ratio.denominator);
    }

    return json_string(text);
}


/* The value before it is rounded, four decimals of a minor unit. */

static json_t *
billing_explain_exact(const billing_ctl_line_t *line)
{
    char             extra[24], text[BILLING_CTL_AMOUNT_MAX];
    __int128         product, rest;
    billing_money_t  whole = line->unit;

    product = (__int128) line->unit.minor * line->quantity
              * line->ratio.numerator;
    whole.minor = (int64_t) (product / line->ratio.denominator);
    rest = product % line->ratio.denominator;
    rest = rest < 0 ? -rest : rest;

    (void) snprintf(extra, sizeof(extra), "%04" PRId64,
                    (int64_t) (rest * BILLING_EXPLAIN_DIGITS
                               / line->ratio.denominator));

    /* Its sign is lost with a whole part of nothing. */

    billing_ctl_amount(whole, extra, text);

    if (whole.minor == 0 && product < 0) {
        memmove(text + 1, text, strlen(text) + 1);
        text[0] = '-';
    }

    return json_string(text);
}


void
billing_ctl_amount(billing_money_t amount, const char *extra,
    char out[BILLING_CTL_AMOUNT_MAX])
{
    int        digits;
    uint64_t   unit = 1, minor;
    const char *sign = amount.minor < 0 ? "-" : "";

    digits = (int) billing_currency_exponent(amount.currency);
    minor = amount.minor < 0 ? 0 - (uint64_t) amount.minor
                             : (uint64_t) amount.minor;

    for (int i = 0; i < digits; i++) {
        unit *= 10;
    }

    if (digits == 0) {
        (void) snprintf(out, BILLING_CTL_AMOUNT_MAX, "%s%" PRIu64 "%s%s %s",
                        sign, minor, extra[0] == '\0' ? "" : ".", extra,
                        billing_currency_code(amount.currency));
        return;
    }

    (void) snprintf(out, BILLING_CTL_AMOUNT_MAX,
                    "%s%" PRIu64 ".%0*" PRIu64 "%s %s", sign, minor / unit,
                    digits, minor % unit, extra,
                    billing_currency_code(amount.currency));
}


/* Which days: only of a line with a part of a period. */

static json_t *
billing_explain_span(const billing_explain_t *e, const json_t *line,
    const billing_ctl_line_t *read)
{
    json_t  *period = json_object_get(line, "period");
    json_t  *service = json_object_get(line, "service");

    if (strcmp(read->kind, "credit") != 0
        && strcmp(read->kind, "proration") != 0)
    {
        return NULL;
    }

    if (json_array_size(period) != 2 || json_array_size(service) != 2) {
        return billing_explain_text(e, "explain.no_span", NULL);
    }

    return billing_explain_text(e, "explain.span",
               json_pack("{s:O, s:O, s:O, s:O, s:I, s:I}",
                   "start", json_array_get(period, 0),
                   "end", json_array_get(period, 1),
                   "from", json_array_get(service, 0),
                   "to", json_array_get(service, 1),
                   "numerator", (json_int_t) read->ratio.numerator,
                   "denominator", (json_int_t) read->ratio.denominator));
}


/* Also without a line of its own: why there is no tax. */

json_t *
billing_explain_tax(const billing_explain_t *e)
{
    char         key[BILLING_EXPLAIN_KEY_MAX];
    const char  *why = billing_explain_ground(e, "tax_why");

    if (json_object_get(e->document, "ground") == NULL) {
        return billing_explain_text(e, "explain.no_ground", NULL);
    }

    (void) snprintf(key, sizeof(key), "explain.tax.%s",
                    why[0] == '\0' ? "none" : why);

    return billing_explain_text(e, key,
               json_pack("{s:s}", "country",
                         billing_explain_ground(e, "tax_country")));
}


static const char *
billing_explain_ground(const billing_explain_t *e, const char *name)
{
    const char  *word;

    word = json_string_value(json_object_get(
               json_object_get(e->document, "ground"), name));

    return word == NULL ? "" : word;
}


json_t *
billing_explain_text(const billing_explain_t *e, const char *key,
    json_t *args)
{
    char    *text = billing_text_format(key, e->lang, args);
    json_t  *json = text == NULL ? NULL : json_string(text);

    free(text);
    json_decref(args);

    return json;
}


json_t *
billing_explain_amount(const billing_explain_t *e, int64_t minor)
{
    char  text[BILLING_CTL_AMOUNT_MAX];

    billing_ctl_amount((billing_money_t) { minor, e->currency }, "", text);

    return json_string(text);
}
