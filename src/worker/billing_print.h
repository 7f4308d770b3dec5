/* Part of billing_business.h: documents on paper, and the seller's calendar. */

#ifndef BILLING_PRINT_H
#define BILLING_PRINT_H

/* --- the seller's day (zone.c) -------------------------------------------- */

/* The day there: whose year, and whose "issued on". */
billing_date_t billing_zone_day(int64_t at);
json_t *billing_zone_json(int64_t at);          /* "2026-03-01", null for 0 */


/* --- paper (print.c) ------------------------------------------------------ */

typedef struct {
    char    *bytes;                     /* malloc'ed */
    size_t   len;
    char     hash[BILLING_HASH_LEN + 1];
} billing_file_t;

/* The document of a number as it was sealed; DONE when there is none. */
BILLING_MUST_CHECK billing_db_rc_t billing_print_document(
    billing_worker_t *w, const char *number, json_t **document);

/* Whose words count: French for a seller in France. */
billing_lang_t billing_print_lang(const json_t *document);

/* The PDF of a document in a language; CONFLICT when it cannot be made. */
BILLING_MUST_CHECK billing_db_rc_t billing_print_file(billing_worker_t *w,
    const json_t *document, billing_lang_t lang, billing_file_t *file);

/* The one that was kept, else the one that would be. */
BILLING_MUST_CHECK billing_db_rc_t billing_print_kept(billing_worker_t *w,
    const json_t *document, billing_file_t *file);

/* True when what was kept (base64) has that hash. */
bool billing_print_intact(const char *content, const char *hash);

/* In the transaction of its making: to be printed when there is leisure. */
BILLING_MUST_CHECK billing_db_rc_t billing_print_later(billing_worker_t *w,
    const char *number);

/* An invoice with its payments, for its receipt. */
BILLING_MUST_CHECK billing_db_rc_t billing_print_receipt(
    billing_worker_t *w, const billing_bill_t *bill, json_t *document);


/* --- operations (query_print.c) ------------------------------------------- */

billing_db_rc_t billing_query_invoice_pdf(billing_op_t *op);
billing_db_rc_t billing_query_receipt_pdf(billing_op_t *op);
billing_db_rc_t billing_query_credit_pdf(billing_op_t *op);

#endif /* BILLING_PRINT_H */
