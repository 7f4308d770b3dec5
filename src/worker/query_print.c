/* Documents as files: who may have them, and under what name. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "billing_business.h"

typedef struct {
    const char       *word;             /* of the file's name */
    bool              fixed;            /* the same for ever */
    billing_lang_t    lang;
    json_t           *document;
} billing_pdf_t;


static billing_db_rc_t billing_pdf_enter(billing_op_t *op, const char *team,
    billing_team_row_t *row);
static billing_db_rc_t billing_pdf_invoice(billing_op_t *op,
    billing_bill_t *bill, json_t **document);
static billing_lang_t billing_pdf_lang(const billing_op_t *op,
    const json_t *document);
static billing_db_rc_t billing_pdf_copy(billing_op_t *op,
    const billing_bill_t *bill, json_t *document);
static billing_db_rc_t billing_pdf_answer(billing_op_t *op,
    billing_pdf_t *pdf);
static json_t *billing_pdf_json(const billing_op_t *op,
    const billing_pdf_t *pdf, const billing_file_t *file);


/* As it was sent; ?copy=1 with today's information once it is paid (R134). */

billing_db_rc_t
billing_query_invoice_pdf(billing_op_t *op)
{
    bool             copy;
    billing_pdf_t    pdf;
    billing_bill_t   bill;
    billing_db_rc_t  rc;

    copy = strcmp(billing_op_text(op, "copy"), "1") == 0;
    rc = billing_pdf_invoice(op, &bill, &pdf.document);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    pdf.word = "invoice";
    pdf.lang = billing_pdf_lang(op, pdf.document);
    pdf.fixed = !copy && pdf.lang == billing_print_lang(pdf.document);

    if (copy) {
        rc = billing_pdf_copy(op, &bill, pdf.document);

        if (rc != BILLING_DB_OK) {
            json_decref(pdf.document);
            return rc;
        }
    }

    return billing_pdf_answer(op, &pdf);
}


/* What has come so far; without a payment there is none. */

billing_db_rc_t
billing_query_receipt_pdf(billing_op_t *op)
{
    billing_pdf_t    pdf;
    billing_bill_t   bill;
    billing_db_rc_t  rc;

    rc = billing_pdf_invoice(op, &bill, &pdf.document);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    pdf.word = "receipt";
    pdf.lang = op->lang;
    pdf.fixed = false;

    rc = bill.invoice.paid.minor > 0
         ? billing_print_receipt(op->w, &bill, pdf.document)
         : billing_op_deny(op, BILLING_INVOICE_OPEN, NULL);

    if (rc != BILLING_DB_OK) {
        json_decref(pdf.document);
        return rc;
    }

    return billing_pdf_answer(op, &pdf);
}


billing_db_rc_t
billing_query_credit_pdf(billing_op_t *op)
{
    static const char  sql[] =
        "SELECT team FROM credit_note WHERE number = $1";

    char                 team[BILLING_ID_MAX + 1];
    billing_pdf_t        pdf;
    billing_db_rc_t      rc;
    billing_team_row_t   row;

    rc = billing_db_query(op->w->db, sql, "t", billing_op_text(op, "number"));

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE
               ? billing_op_deny(op, BILLING_INVOICE_NOT_FOUND, NULL) : rc;
    }

    (void) snprintf(team, sizeof(team), "%s",
                    billing_db_text(op->w->db, sql, 0));
    billing_db_done(op->w->db, sql);

    rc = billing_pdf_enter(op, team, &row);

    if (rc == BILLING_DB_OK) {
        rc = billing_print_document(op->w, billing_op_text(op, "number"),
                                    &pdf.document);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    pdf.word = "credit-note";
    pdf.lang = billing_pdf_lang(op, pdf.document);
    pdf.fixed = pdf.lang == billing_print_lang(pdf.document);

    return billing_pdf_answer(op, &pdf);
}


/* Who may not read it is told what is told of one that is not there (P47). */

static billing_db_rc_t
billing_pdf_enter(billing_op_t *op, const char *team, billing_team_row_t *row)
{
    uint32_t             roles;
    billing_db_rc_t      rc;
    billing_reason_t     reason;
    billing_team_row_t   asked;

    rc = billing_op_enter(op, team, &asked, &roles);

    if (rc == BILLING_DB_OK) {
        rc = billing_account_load(op->w, &asked, row);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_account_roles(op->w, row, op->command->actor, &roles);
    }

    if (rc == BILLING_DB_DONE) {
        return billing_op_deny(op, BILLING_INVOICE_NOT_FOUND, NULL);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    reason = billing_may(BILLING_ACT_INVOICES, roles, row->team.plan);

    return reason == BILLING_ALLOW ? billing_op_shown(op, row)
                                   : billing_op_deny(op, reason, NULL);
}


static billing_db_rc_t
billing_pdf_invoice(billing_op_t *op, billing_bill_t *bill, json_t **document)
{
    const char           *number = billing_op_text(op, "number");
    billing_db_rc_t       rc;
    billing_team_row_t    row;

    rc = billing_bill_find(op->w, number, bill);

    if (rc == BILLING_DB_DONE
        || (rc == BILLING_DB_OK && strcmp(bill->number, number) != 0))
    {
        return billing_op_deny(op, BILLING_INVOICE_NOT_FOUND, NULL);
    }

    if (rc == BILLING_DB_OK) {
        rc = billing_pdf_enter(op, bill->team, &row);
    }

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    rc = billing_print_document(op->w, number, document);

    return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
}


/* The one that counts, or for ?translation=1 the reader's. */

static billing_lang_t
billing_pdf_lang(const billing_op_t *op, const json_t *document)
{
    return strcmp(billing_op_text(op, "translation"), "1") == 0
           ? op->lang : billing_print_lang(document);
}


static billing_db_rc_t
billing_pdf_copy(billing_op_t *op, const billing_bill_t *bill,
    json_t *document)
{
    if (bill->invoice.given_up
        || billing_invoice_open(&bill->invoice).minor > 0)
    {
        return billing_op_deny(op, BILLING_INVOICE_OPEN, NULL);
    }

    billing_invoice_copy(op, bill, document);

    return BILLING_DB_OK;
}


static billing_db_rc_t
billing_pdf_answer(billing_op_t *op, billing_pdf_t *pdf)
{
    json_t           *json;
    billing_file_t    file;
    billing_db_rc_t   rc;

    rc = pdf->fixed ? billing_print_kept(op->w, pdf->document, &file)
                    : billing_print_file(op->w, pdf->document, pdf->lang,
                                         &file);

    if (rc != BILLING_DB_OK) {
        json_decref(pdf->document);
        return rc == BILLING_DB_CONFLICT
               ? billing_op_deny(op, BILLING_STORE_UNAVAILABLE, NULL) : rc;
    }

    json = billing_pdf_json(op, pdf, &file);
    json_decref(pdf->document);
    free(file.bytes);

    return billing_op_reply(op, 200, json);
}


static json_t *
billing_pdf_json(const billing_op_t *op, const billing_pdf_t *pdf,
    const billing_file_t *file)
{
    char     key[48], name[BILLING_NUMBER_MAX + 64];
    char    *text;
    json_t  *json;

    text = malloc(file->len / 3 * 4 + 5);

    if (text == NULL) {
        return NULL;
    }

    (void) EVP_EncodeBlock((unsigned char *) text,
                           (unsigned char *) file->bytes, (int) file->len);
    (void) snprintf(key, sizeof(key), "paper.file_%s", pdf->word);
    (void) snprintf(name, sizeof(name), "%.32s-%s.pdf",
                    billing_text(key, pdf->lang),
                    billing_op_text(op, "number"));

    json = json_pack("{s:{s:s, s:s, s:s, s:s, s:b, s:s}}", "file",
               "type", "application/pdf", "name", name,
               "lang", billing_lang_name(pdf->lang), "hash", file->hash,
               "fixed", (int) pdf->fixed, "content", text);
    free(text);

    return json;
}
