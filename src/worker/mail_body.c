/*
 * What goes with a mail's text: the same as HTML, with the sums of the
 * document it is about, and that document as it was issued.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../document/billing_press.h"

#include "billing_business.h"
#include "billing_infra.h"


static billing_db_rc_t billing_dress_file(billing_worker_t *w,
    const json_t *document, billing_letter_t *letter,
    billing_dress_t *dress);


/* The letter's text has its links by now. */

billing_db_rc_t
billing_mail_dress(billing_worker_t *w, const char *number,
    billing_letter_t *letter, billing_dress_t *dress)
{
    json_t           *document = NULL, *paper = NULL;
    billing_html_t    html;
    billing_db_rc_t   rc = BILLING_DB_OK;

    *dress = (billing_dress_t) { .html = NULL };

    if (number[0] != '\0') {
        rc = billing_print_document(w, number, &document);
    }

    if (rc == BILLING_DB_OK && document != NULL) {
        paper = billing_paper_json(document, billing_lang_of(letter->lang));
        rc = billing_dress_file(w, document, letter, dress);
    }

    html = (billing_html_t) {
        .lang = letter->lang, .subject = letter->subject,
        .text = letter->text, .site = w->settings->public_url,
        .sender = w->settings->seller_name, .paper = paper
    };

    if (rc == BILLING_DB_OK || rc == BILLING_DB_DONE) {
        dress->html = billing_press_html(&html);
        letter->html = dress->html;
        rc = BILLING_DB_OK;
    }

    json_decref(paper);
    json_decref(document);

    return rc;
}


/* Without fonts the mail goes without it: the text has the way to it. */

static billing_db_rc_t
billing_dress_file(billing_worker_t *w, const json_t *document,
    billing_letter_t *letter, billing_dress_t *dress)
{
    char             key[48];
    billing_file_t   file;
    const char      *kind, *number;
    billing_db_rc_t  rc;

    rc = billing_print_kept(w, document, &file);

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_CONFLICT ? BILLING_DB_OK : rc;
    }

    kind = json_string_value(json_object_get(document, "kind"));
    number = json_string_value(json_object_get(document, "number"));

    (void) snprintf(key, sizeof(key), "paper.file_%s",
                    kind != NULL && strcmp(kind, "credit_note") == 0
                    ? "credit-note" : "invoice");
    (void) snprintf(dress->file_name, sizeof(dress->file_name),
                    "%.32s-%.64s.pdf",
                    billing_text(key, billing_print_lang(document)), number);

    dress->file = file.bytes;
    letter->file = file.bytes;
    letter->file_len = file.len;
    letter->file_name = dress->file_name;

    return BILLING_DB_OK;
}


void
billing_mail_undress(billing_dress_t *dress)
{
    free(dress->html);
    free(dress->file);
}
