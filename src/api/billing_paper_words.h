/* Within this folder: what paper.c and paper_rows.c share. */

#ifndef BILLING_PAPER_WORDS_H
#define BILLING_PAPER_WORDS_H

#include "billing_api.h"

typedef struct {
    const json_t        *document;
    const char          *kind;          /* "invoice", "credit_note", ... */
    json_t              *out;
    billing_lang_t       lang;
    billing_currency_t   currency;
} billing_paper_t;

/* columns, rows, carry and totals; 0 when they are there. */
int billing_paper_rows(const billing_paper_t *p);

/* "" when it is not there. */
const char *billing_paper_string(const json_t *object, const char *member);

/* The text "paper.KEY" with args, which are taken; a new reference. */
json_t *billing_paper_word(const billing_paper_t *p, const char *key,
    json_t *args);

json_t *billing_paper_amount(const billing_paper_t *p, int64_t minor);

/* The document's day, else that of an instant; NULL when there is neither. */
json_t *billing_paper_day(const billing_paper_t *p, const char *day,
    const char *instant);

/* Not when it is empty. */
void billing_paper_line(json_t *lines, const char *text);
/* Takes the value, which may be NULL or empty: then nothing is added. */
void billing_paper_fact(const billing_paper_t *p, json_t *facts,
    const char *key, json_t *value);

#endif /* BILLING_PAPER_WORDS_H */
