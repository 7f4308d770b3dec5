/* The lines of a document and what they sum up to, in words. */

#include "billing_paper_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>


static int billing_paper_columns(const billing_paper_t *p,
    const char *const *keys);
static int billing_paper_sold(const billing_paper_t *p);
static void billing_paper_sold_row(const billing_paper_t *p,
    const json_t *line, json_t *rows);
static int billing_paper_given(const billing_paper_t *p);
static int billing_paper_received(const billing_paper_t *p);
static const json_t *billing_paper_tax(const billing_paper_t *p);
static json_t *billing_paper_percent(const billing_paper_t *p);
static json_t *billing_paper_taxed(const billing_paper_t *p);
static json_t *billing_paper_untaxed(const billing_paper_t *p);
static void billing_paper_total(const billing_paper_t *p, json_t *totals,
    const char *key, int64_t minor);
static int64_t billing_paper_int(const json_t *object, const char *member);


int
billing_paper_rows(const billing_paper_t *p)
{
    if (strcmp(p->kind, "receipt") == 0) {
        return billing_paper_received(p);
    }

    return strcmp(p->kind, "credit_note") == 0 ? billing_paper_given(p)
                                               : billing_paper_sold(p);
}


static int
billing_paper_columns(const billing_paper_t *p, const char *const *keys)
{
    json_t  *columns = json_array();

    for (size_t i = 0; keys[i] != NULL; i++) {
        (void) json_array_append_new(columns,
                                     billing_paper_word(p, keys[i], NULL));
    }

    return json_object_set_new(p->out, "columns", columns);
}


/* Tax is no line but a sum per rate (EN 16931). */

static int
billing_paper_sold(const billing_paper_t *p)
{
    size_t         i;
    int64_t        sum = 0;
    json_t        *rows, *carry, *totals;
    const json_t  *line, *lines;

    static const char *const  keys[] = {
        "column_text", "column_quantity", "column_unit", "column_rate",
        "column_amount", NULL
    };

    rows = json_array();
    carry = json_array();
    totals = json_array();
    lines = json_object_get(p->document, "lines");

    for (i = 0; i < json_array_size(lines); i++) {
        line = json_array_get(lines, i);

        if (strcmp(billing_paper_string(line, "kind"), "tax") == 0) {
            continue;
        }

        sum += billing_paper_int(line, "amount");
        billing_paper_sold_row(p, line, rows);
        (void) json_array_append_new(carry, billing_paper_amount(p, sum));
    }

    billing_paper_total(p, totals, "net", sum);
    (void) json_array_append_new(totals, billing_paper_taxed(p));
    billing_paper_total(p, totals, "total",
                        billing_paper_int(p->document, "total"));

    return billing_paper_columns(p, keys)
           | json_object_set_new(p->out, "rows", rows)
           | json_object_set_new(p->out, "carry", carry)
           | json_object_set_new(p->out, "totals", totals);
}


/* A quantity and its price only where their product is the amount. */

static void
billing_paper_sold_row(const billing_paper_t *p, const json_t *line,
    json_t *rows)
{
    bool           whole;
    char           count[BILLING_AMOUNT_MAX] = "";
    char          *text;
    json_t        *unit, *rate;
    int64_t        quantity = billing_paper_int(line, "quantity");
    int64_t        price = billing_paper_int(line, "unit_amount");
    int64_t        amount = billing_paper_int(line, "amount");

    whole = quantity > 0 && price == amount / quantity
            && amount % quantity == 0;
    unit = NULL;

    if (whole) {
        billing_count_text(quantity, p->lang, count);
        unit = billing_paper_amount(p, price);
    }

    rate = billing_paper_word(p, "percent",
               json_pack("{s:o*}", "percent", billing_paper_percent(p)));

    text = billing_line_text(line, billing_paper_string(p->document, "plan"),
                             billing_paper_string(p->document, "period"),
                             p->lang);

    (void) json_array_append_new(rows,
        json_pack("[s, s, o, o, o]", text != NULL ? text : "", count,
                  unit != NULL ? unit : json_string(""), rate,
                  billing_paper_amount(p, amount)));
    free(text);
}


static const json_t *
billing_paper_tax(const billing_paper_t *p)
{
    size_t         i;
    const json_t  *line, *lines;

    lines = json_object_get(p->document, "lines");

    for (i = 0; i < json_array_size(lines); i++) {
        line = json_array_get(lines, i);

        if (strcmp(billing_paper_string(line, "kind"), "tax") == 0) {
            return line;
        }
    }

    return NULL;
}


/* Of a hundred: of the tax line, else none. */

static json_t *
billing_paper_percent(const billing_paper_t *p)
{
    const json_t  *tax = billing_paper_tax(p);

    return tax == NULL ? json_string("0")
           : billing_percent_json(billing_paper_int(tax, "numerator"),
                                  billing_paper_int(tax, "denominator"),
                                  p->lang);
}


/* "VAT 20 % on 100.00", or nothing due and why is among the notes. */

static json_t *
billing_paper_taxed(const billing_paper_t *p)
{
    json_t        *label;
    const json_t  *tax = billing_paper_tax(p);

    label = billing_paper_word(p, "vat", json_pack("{s:o*}", "percent",
                                                   billing_paper_percent(p)));

    return json_pack("[o, o]", label,
               billing_paper_amount(p,
                   tax != NULL ? billing_paper_int(tax, "amount") : 0));
}


/* At the rate of its invoice; notes of before it was kept do not say it. */

static json_t *
billing_paper_untaxed(const billing_paper_t *p)
{
    json_t        *percent = NULL;
    const json_t  *rate = json_object_get(p->document, "tax_rate");

    if (rate != NULL) {
        percent = billing_percent_json(billing_paper_int(rate, "numerator"),
                                       billing_paper_int(rate, "denominator"),
                                       p->lang);
    }

    return json_pack("[o, o]",
               billing_paper_word(p, "vat",
                                  json_pack("{s:o*}", "percent", percent)),
               billing_paper_amount(p, billing_paper_int(p->document,
                                                         "tax")));
}


/* Positive amounts: the paper says what they are. */

static int
billing_paper_given(const billing_paper_t *p)
{
    char     key[48];
    json_t  *rows, *totals;

    static const char *const  keys[] = {
        "column_text", "column_amount", NULL
    };

    (void) snprintf(key, sizeof(key), "reason_%.20s",
                    billing_paper_string(p->document, "reason"));

    rows = json_array();
    totals = json_array();

    (void) json_array_append_new(rows, json_pack("[o, o]",
        billing_paper_word(p, key, json_pack("{s:s}", "invoice",
            billing_paper_string(p->document, "invoice"))),
        billing_paper_amount(p, billing_paper_int(p->document, "net"))));

    billing_paper_total(p, totals, "net",
                        billing_paper_int(p->document, "net"));
    (void) json_array_append_new(totals, billing_paper_untaxed(p));
    billing_paper_total(p, totals, "credited",
                        billing_paper_int(p->document, "total"));

    return billing_paper_columns(p, keys)
           | json_object_set_new(p->out, "rows", rows)
           | json_object_set_new(p->out, "carry", json_array())
           | json_object_set_new(p->out, "totals", totals);
}


static int
billing_paper_received(const billing_paper_t *p)
{
    char           key[48];
    size_t         i;
    int64_t        sum = 0;
    json_t        *rows, *carry, *totals;
    billing_paper_t  of;
    const json_t  *payment, *payments;

    static const char *const  keys[] = {
        "column_payment", "column_date", "column_received", NULL
    };

    rows = json_array();
    carry = json_array();
    totals = json_array();
    payments = json_object_get(p->document, "payments");

    for (i = 0; i < json_array_size(payments); i++) {
        payment = json_array_get(payments, i);
        of = *p;
        of.document = payment;

        (void) snprintf(key, sizeof(key), "method_%.20s",
                        billing_paper_string(payment, "method"));
        sum += billing_paper_int(payment, "amount");

        (void) json_array_append_new(rows, json_pack("[o, o, o]",
            billing_paper_word(p, key, json_pack("{s:s}", "reference",
                billing_paper_string(payment, "reference"))),
            billing_paper_day(&of, "paid_date", "paid_at"),
            billing_paper_amount(p, billing_paper_int(payment, "amount"))));
        (void) json_array_append_new(carry, billing_paper_amount(p, sum));
    }

    billing_paper_total(p, totals, "invoiced",
                        billing_paper_int(p->document, "total"));
    billing_paper_total(p, totals, "received", sum);
    billing_paper_total(p, totals, "open",
                        billing_paper_int(p->document, "open"));

    return billing_paper_columns(p, keys)
           | json_object_set_new(p->out, "rows", rows)
           | json_object_set_new(p->out, "carry", carry)
           | json_object_set_new(p->out, "totals", totals);
}


static void
billing_paper_total(const billing_paper_t *p, json_t *totals,
    const char *key, int64_t minor)
{
    (void) json_array_append_new(totals,
        json_pack("[o, o]", billing_paper_word(p, key, NULL),
                  billing_paper_amount(p, minor)));
}


/* --- words ---------------------------------------------------------------- */


const char *
billing_paper_string(const json_t *object, const char *member)
{
    const char  *text = json_string_value(json_object_get(object, member));

    return text != NULL ? text : "";
}


static int64_t
billing_paper_int(const json_t *object, const char *member)
{
    return json_integer_value(json_object_get(object, member));
}


json_t *
billing_paper_word(const billing_paper_t *p, const char *key, json_t *args)
{
    char     full[64];
    char    *text;
    json_t  *json, *none = NULL;

    if (args == NULL) {
        none = json_object();
    }

    (void) snprintf(full, sizeof(full), "paper.%s", key);
    text = billing_text_format(full, p->lang, args != NULL ? args : none);
    json = text != NULL ? json_string(text) : NULL;

    free(text);
    json_decref(args);
    json_decref(none);

    return json;
}


json_t *
billing_paper_amount(const billing_paper_t *p, int64_t minor)
{
    char  text[BILLING_AMOUNT_MAX];

    billing_amount_text((billing_money_t) { minor, p->currency }, p->lang,
                        text);

    return json_string(text);
}


json_t *
billing_paper_day(const billing_paper_t *p, const char *day,
    const char *instant)
{
    bool         only;
    char         text[BILLING_DAY_TEXT_MAX];
    int64_t      at;
    const char  *word = billing_paper_string(p->document, day);

    if (word[0] == '\0') {
        word = billing_paper_string(p->document, instant);
    }

    if (billing_instant_parse(word, strlen(word), &at, &only) != BILLING_OK) {
        return NULL;
    }

    billing_day_text(billing_date_of(at), p->lang, text);

    return json_string(text);
}


void
billing_paper_line(json_t *lines, const char *text)
{
    if (text[0] != '\0') {
        (void) json_array_append_new(lines, json_string(text));
    }
}


void
billing_paper_fact(const billing_paper_t *p, json_t *facts, const char *key,
    json_t *value)
{
    char  label[48];

    if (value == NULL || json_string_length(value) == 0) {
        json_decref(value);
        return;
    }

    (void) snprintf(label, sizeof(label), "fact_%s", key);
    (void) json_array_append_new(facts, json_pack("[o, o]",
               billing_paper_word(p, label, NULL), value));
}
