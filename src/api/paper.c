/*
 * What stands on an invoice, a credit note or a receipt, in the reader's
 * words.  Everything comes from the document as it was sealed, so that the
 * same paper can be made again.
 */

#include "billing_paper_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>


static const char *billing_paper_kind(const json_t *document);
static int billing_paper_head(const billing_paper_t *p);
static int billing_paper_seller(const billing_paper_t *p);
static void billing_paper_country(const billing_paper_t *p, json_t *lines,
    const json_t *party);
static void billing_paper_legal(const billing_paper_t *p, json_t *lines);
static int billing_paper_buyer(const billing_paper_t *p);
static int billing_paper_facts(const billing_paper_t *p);
static void billing_paper_when(const billing_paper_t *p, json_t *facts);
static int billing_paper_notes(const billing_paper_t *p);
static json_t *billing_paper_late(const billing_paper_t *p);
static void billing_paper_money(const billing_paper_t *p, json_t *notes);
static uint32_t billing_paper_mentions(const billing_paper_t *p);
static int billing_paper_foot(const billing_paper_t *p);


json_t *
billing_paper_json(const json_t *document, billing_lang_t lang)
{
    const char       *currency;
    billing_paper_t   p;

    currency = billing_paper_string(document, "currency");

    p = (billing_paper_t) {
        .document = document, .lang = lang,
        .kind = billing_paper_kind(document),
        .currency = billing_currency_parse(currency, strlen(currency)),
        .out = json_object()
    };

    if (p.currency == 0 || billing_paper_string(document, "number")[0] == '\0'
        || billing_paper_head(&p) != 0 || billing_paper_seller(&p) != 0
        || billing_paper_buyer(&p) != 0 || billing_paper_facts(&p) != 0
        || billing_paper_rows(&p) != 0 || billing_paper_notes(&p) != 0
        || billing_paper_foot(&p) != 0)
    {
        json_decref(p.out);
        return NULL;
    }

    return p.out;
}


static const char *
billing_paper_kind(const json_t *document)
{
    if (json_object_get(document, "payments") != NULL) {
        return "receipt";
    }

    return strcmp(billing_paper_string(document, "kind"), "credit_note") == 0
           ? "credit_note" : "invoice";
}


static int
billing_paper_head(const billing_paper_t *p)
{
    bool         day;
    char         key[48];
    int64_t      at = 0;
    json_t      *args, *heading, *title;
    const char  *issued = billing_paper_string(p->document, "issued_at");

    (void) snprintf(key, sizeof(key), "heading_%s", p->kind);
    heading = billing_paper_word(p, key, NULL);

    args = json_pack("{s:O?, s:s}", "heading", heading, "number",
                     billing_paper_string(p->document, "number"));
    title = billing_paper_word(p, "title", args);

    if (billing_instant_parse(issued, strlen(issued), &at, &day)
        != BILLING_OK)
    {
        at = 0;
    }

    return json_object_set_new(p->out, "lang",
                               json_string(billing_lang_name(p->lang)))
           | json_object_set_new(p->out, "kind", json_string(p->kind))
           | json_object_set_new(p->out, "heading", heading)
           | json_object_set_new(p->out, "title", title)
           | json_object_set_new(p->out, "issued", json_integer(at))
           | json_object_set_new(p->out, "number",
                 json_string(billing_paper_string(p->document, "number")));
}


static int
billing_paper_seller(const billing_paper_t *p)
{
    json_t        *lines = json_array();
    const json_t  *seller = json_object_get(p->document, "seller");

    billing_paper_line(lines, billing_paper_string(seller, "name"));
    billing_paper_line(lines, billing_paper_string(seller, "address"));
    billing_paper_country(p, lines, seller);
    billing_paper_legal(p, lines);

    return json_object_set_new(p->out, "seller", lines)
           | json_object_set_new(p->out, "seller_label",
                                 billing_paper_word(p, "seller", NULL));
}


/* By its name; one without a name keeps its code. */

static void
billing_paper_country(const billing_paper_t *p, json_t *lines,
    const json_t *party)
{
    char         key[16];
    const char  *text, *code = billing_paper_string(party, "country");

    (void) snprintf(key, sizeof(key), "country.%.2s", code);
    text = billing_text(key, p->lang);

    billing_paper_line(lines, text != key ? text : code);
}


/* "SAS, capital 10 000 EUR", "SIREN ...  RCS Paris", "VAT ...". */

static void
billing_paper_legal(const billing_paper_t *p, json_t *lines)
{
    const json_t  *seller = json_object_get(p->document, "seller");

    static const struct {
        const char  *member;
        const char  *word;
    } rows[] = {
        { "legal_form", "form" }, { "capital", "capital" },
        { "siren", "siren" }, { "rcs", "rcs" }, { "vat_id", "vat_id" }
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char  *text = billing_paper_string(seller, rows[i].member);

        if (text[0] != '\0') {
            (void) json_array_append_new(lines,
                billing_paper_word(p, rows[i].word,
                                   json_pack("{s:s}", "value", text)));
        }
    }
}


static int
billing_paper_buyer(const billing_paper_t *p)
{
    char           city[160];
    json_t        *lines = json_array();
    const char    *text;
    const json_t  *buyer = json_object_get(p->document, "buyer");

    billing_paper_line(lines, billing_paper_string(buyer, "company"));
    billing_paper_line(lines, billing_paper_string(buyer, "name"));
    billing_paper_line(lines, billing_paper_string(buyer, "address"));

    (void) snprintf(city, sizeof(city), "%.16s%s%.120s",
                    billing_paper_string(buyer, "postal_code"),
                    json_object_get(buyer, "postal_code") != NULL
                    && json_object_get(buyer, "city") != NULL ? " " : "",
                    billing_paper_string(buyer, "city"));
    billing_paper_line(lines, city);
    billing_paper_line(lines, billing_paper_string(buyer, "region"));
    billing_paper_country(p, lines, buyer);

    text = billing_paper_string(buyer, "siren");

    if (text[0] != '\0') {
        (void) json_array_append_new(lines, billing_paper_word(p, "siren",
                                         json_pack("{s:s}", "value", text)));
    }

    text = billing_paper_string(buyer, "vat_id");

    if (text[0] != '\0') {
        (void) json_array_append_new(lines, billing_paper_word(p, "vat_id",
                                         json_pack("{s:s}", "value", text)));
    }

    if (json_array_size(lines) == 0) {
        billing_paper_line(lines, billing_paper_string(p->document,
                                                       "team_name"));
    }

    billing_paper_line(lines, billing_paper_string(p->document, "payer"));

    return json_object_set_new(p->out, "buyer", lines)
           | json_object_set_new(p->out, "buyer_label",
                                 billing_paper_word(p, "buyer", NULL));
}


static int
billing_paper_facts(const billing_paper_t *p)
{
    json_t      *facts = json_array();
    const char  *invoice = billing_paper_string(p->document, "invoice");

    billing_paper_fact(p, facts, "number", json_string(
                           billing_paper_string(p->document, "number")));
    billing_paper_when(p, facts);

    if (invoice[0] != '\0') {
        billing_paper_fact(p, facts, "corrects",
            billing_paper_word(p, "corrected",
                json_pack("{s:s, s:o*}", "invoice", invoice, "date",
                          billing_paper_day(p, "invoice_date", ""))));
    }

    billing_paper_fact(p, facts, "team", json_string(
                           billing_paper_string(p->document, "team_name")));
    billing_paper_fact(p, facts, "order", json_string(
                           billing_paper_string(p->document, "checkout")));

    return json_object_set_new(p->out, "facts", facts);
}


static void
billing_paper_when(const billing_paper_t *p, json_t *facts)
{
    json_t  *from, *to;

    billing_paper_fact(p, facts, "issued",
                       billing_paper_day(p, "issue_date", "issued_at"));

    if (strcmp(p->kind, "invoice") != 0) {
        return;
    }

    from = billing_paper_day(p, "service_from", "period_start");
    to = billing_paper_day(p, "service_to", "");

    if (from != NULL && to != NULL) {
        billing_paper_fact(p, facts, "service",
            billing_paper_word(p, "span",
                               json_pack("{s:O, s:O}", "from", from,
                                         "to", to)));
    }

    json_decref(from);
    json_decref(to);

    billing_paper_fact(p, facts, "due",
                       billing_paper_day(p, "due_date", "due_at"));
}


static int
billing_paper_notes(const billing_paper_t *p)
{
    char            key[48];
    json_t         *notes = json_array();
    uint32_t        set = billing_paper_mentions(p);
    const json_t   *seller = json_object_get(p->document, "seller");
    const json_t   *buyer = json_object_get(p->document, "buyer");

    billing_paper_money(p, notes);

    for (unsigned i = 0; i < BILLING_MENTIONS; i++) {
        if ((set & 1u << i) != 0) {
            (void) snprintf(key, sizeof(key), "mention_%s",
                            billing_mention_name((billing_mention_t) i));
            (void) json_array_append_new(notes,
                billing_paper_word(p, key,
                    json_pack("{s:o*}", "rate", billing_paper_late(p))));
        }
    }

    billing_paper_line(notes, billing_paper_string(buyer, "details"));

    if (json_is_true(json_object_get(p->document, "copy"))) {
        (void) json_array_append_new(notes,
                                     billing_paper_word(p, "copy", NULL));
    }

    /* Before French law the French words count. */

    if (p->lang != BILLING_LANG_FR
        && strcmp(billing_paper_string(seller, "country"), "FR") == 0)
    {
        (void) json_array_append_new(notes,
                                     billing_paper_word(p, "courtesy", NULL));
    }

    return json_object_set_new(p->out, "notes", notes);
}


/* The rate that was agreed; without one the text names the legal one. */

static json_t *
billing_paper_late(const billing_paper_t *p)
{
    const json_t  *rate = json_object_get(json_object_get(p->document,
                                                          "seller"),
                                          "late_penalty");

    return json_integer_value(rate) == 0 ? NULL
           : billing_percent_json(json_integer_value(rate), 10000, p->lang);
}


/* How it was paid, or is to be. */

static void
billing_paper_money(const billing_paper_t *p, json_t *notes)
{
    json_t      *day;
    const char  *last4 = billing_paper_string(p->document, "card_last4");
    const char  *state = billing_paper_string(p->document, "state");

    if (strcmp(p->kind, "invoice") != 0) {
        return;
    }

    if (strcmp(state, "paid") == 0) {
        (void) json_array_append_new(notes,
            last4[0] == '\0' ? billing_paper_word(p, "paid", NULL)
            : billing_paper_word(p, "paid_card", json_pack("{s:s, s:s}",
                  "brand", billing_paper_string(p->document, "card_brand"),
                  "last4", last4)));
        return;
    }

    day = billing_paper_day(p, "due_date", "due_at");

    if (day != NULL) {
        (void) json_array_append_new(notes,
            billing_paper_word(p, "to_pay", json_pack("{s:o, s:s}", "date",
                day, "number", billing_paper_string(p->document,
                                                    "number"))));
    }
}


static uint32_t
billing_paper_mentions(const billing_paper_t *p)
{
    const char      *why;
    billing_sale_t   sale;
    const json_t    *ground = json_object_get(p->document, "ground");
    const json_t    *seller = json_object_get(p->document, "seller");
    const json_t    *buyer = json_object_get(p->document, "buyer");

    if (strcmp(p->kind, "receipt") == 0) {
        return 0;
    }

    why = billing_paper_string(ground, "tax_why");

    sale = (billing_sale_t) {
        .seller_country = billing_paper_string(seller, "country"),
        .buyer_country = billing_paper_string(buyer, "country"),
        .why = billing_tax_why_parse(why, strlen(why)),
        .seller_vat = billing_paper_string(seller, "vat_id")[0] != '\0',
        .debits = json_is_true(json_object_get(seller, "vat_on_debits")),
        .business = billing_paper_string(buyer, "company")[0] != '\0'
                    || billing_paper_string(buyer, "vat_id")[0] != '\0'
                    || strcmp(billing_paper_string(p->document, "state"),
                              "paid") != 0,
        .credit_note = strcmp(p->kind, "credit_note") == 0
    };

    return billing_mentions(&sale);
}


static int
billing_paper_foot(const billing_paper_t *p)
{
    char           foot[512];
    const json_t  *seller = json_object_get(p->document, "seller");
    const char    *vat_id = billing_paper_string(seller, "vat_id");

    (void) snprintf(foot, sizeof(foot), "%s%s%s",
                    billing_paper_string(seller, "name"),
                    vat_id[0] != '\0' ? " \xc2\xb7 " : "", vat_id);

    return json_object_set_new(p->out, "footer", json_string(foot))
           | json_object_set_new(p->out, "page",
                 json_string(billing_text("paper.page", p->lang)))
           | json_object_set_new(p->out, "carried",
                                 billing_paper_word(p, "carried", NULL))
           | json_object_set_new(p->out, "brought",
                                 billing_paper_word(p, "brought", NULL));
}
