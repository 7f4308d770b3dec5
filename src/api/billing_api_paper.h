/*
 * Part of billing_api.h: amounts and days as people read them, and what stands
 * on a document.
 */

#ifndef BILLING_API_PAPER_H
#define BILLING_API_PAPER_H

#define BILLING_AMOUNT_MAX    80        /* bytes of UTF-8 */
#define BILLING_DAY_TEXT_MAX  40


/* --- amounts and days (amount.c) ------------------------------------------ */

void billing_amount_text(billing_money_t amount, billing_lang_t lang,
    char out[BILLING_AMOUNT_MAX]);
void billing_count_text(int64_t count, billing_lang_t lang,
    char out[BILLING_AMOUNT_MAX]);
/* "20", "5,5" of 100 or 10000; NULL for no percentage. */
json_t *billing_percent_json(int64_t numerator, int64_t denominator,
    billing_lang_t lang);
void billing_day_text(billing_date_t date, billing_lang_t lang,
    char out[BILLING_DAY_TEXT_MAX]);

/*
 * An amount and a day as arguments of a text that has no language yet:
 * {"minor","currency"} and {"day":"2026-03-01"}; new references.
 */
json_t *billing_amount_json(billing_money_t amount);
json_t *billing_day_json(billing_date_t date);
json_t *billing_moment_json(int64_t at);        /* {"moment": seconds} */

/* A copy of the arguments with those written out; NULL out of memory. */
json_t *billing_words_json(const json_t *args, billing_lang_t lang);


/* --- documents (paper.c, paper_text.c) ------------------------------------ */

/* "Team plan, monthly, seats: 3" of a line of a quote or a document. */
char *billing_line_text(const json_t *line, const char *plan,
    const char *period, billing_lang_t lang);

/*
 * What stands on the paper of a document, in words: the one decision that the
 * PDF, the mail and the interface share.  document is what was sealed, with
 * "payments" in it for a receipt; lang is the reader's.  Its shape:
 *
 *   lang title heading number issued (seconds)
 *   seller [text] seller_label, buyer [text] buyer_label, facts [[label, text]]
 *   columns [text] (the first wide and left), rows [[text]], carry [text]
 *   carried brought (labels), totals [[label, text]], notes [text]
 *   footer, page ("Page {page} of {pages}")
 *
 * A new reference; NULL out of memory or when it is no document.
 */
json_t *billing_paper_json(const json_t *document, billing_lang_t lang);

#endif /* BILLING_API_PAPER_H */
