/*
 * Documents on paper.  Each is printed once, after it was made, and kept: the
 * same bytes for ten years.  Another language, or the copy after payment, is
 * printed when it is asked for.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "../document/billing_press.h"

#include "billing_business.h"
#include "billing_infra.h"

#define BILLING_PRINT_FONTS  "/usr/share/fonts/truetype/dejavu/"
#define BILLING_PRINT_AGAIN_SEC  3600
#define BILLING_PRINT_POLL_MS    60000      /* for one put off by that */
#define BILLING_PRINT_SLICE_MS   10


static billing_press_t *billing_print_press(billing_worker_t *w);
static bool billing_print_hash(billing_file_t *file);
static billing_db_rc_t billing_print_read(billing_worker_t *w,
    const char *sql, const char *number, json_t **document);
static billing_db_rc_t billing_print_one(billing_worker_t *w, int64_t now);
static billing_db_rc_t billing_print_keep(billing_worker_t *w,
    const char *number, int64_t now);
static char *billing_print_encode(const billing_file_t *file);
static bool billing_print_decode(const char *text, billing_file_t *file);


billing_db_rc_t
billing_print_document(billing_worker_t *w, const char *number,
    json_t **document)
{
    static const char  invoice_sql[] =
        "SELECT document FROM invoice WHERE number = $1";
    static const char  credit_sql[] =
        "SELECT document FROM credit_note WHERE number = $1";

    billing_db_rc_t  rc;

    rc = billing_print_read(w, invoice_sql, number, document);

    return rc == BILLING_DB_DONE
           ? billing_print_read(w, credit_sql, number, document) : rc;
}


static billing_db_rc_t
billing_print_read(billing_worker_t *w, const char *sql, const char *number,
    json_t **document)
{
    billing_db_rc_t  rc;

    *document = NULL;
    rc = billing_db_query(w->db, sql, "t", number);

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    *document = json_loads(billing_db_text(w->db, sql, 0),
                           JSON_REJECT_DUPLICATES, NULL);
    billing_db_done(w->db, sql);

    return *document == NULL ? BILLING_DB_CONFLICT : BILLING_DB_OK;
}


billing_lang_t
billing_print_lang(const json_t *document)
{
    const char  *country, *lang;

    country = json_string_value(json_object_get(
                  json_object_get(document, "seller"), "country"));
    lang = json_string_value(json_object_get(document, "lang"));

    if (country != NULL && strcmp(country, "FR") == 0) {
        return BILLING_LANG_FR;
    }

    return billing_lang_of(lang != NULL ? lang : "en");
}


billing_db_rc_t
billing_print_file(billing_worker_t *w, const json_t *document,
    billing_lang_t lang, billing_file_t *file)
{
    json_t           *paper;
    billing_press_t  *press = billing_print_press(w);

    *file = (billing_file_t) { .bytes = NULL };

    if (press == NULL) {
        return BILLING_DB_CONFLICT;
    }

    paper = billing_paper_json(document, lang);

    if (paper != NULL) {
        file->bytes = billing_press_pdf(press, paper, &file->len);
    }

    json_decref(paper);

    return file->bytes != NULL && billing_print_hash(file)
           ? BILLING_DB_OK : BILLING_DB_CONFLICT;
}


/* Made on first need: who prints nothing needs no fonts. */

static billing_press_t *
billing_print_press(billing_worker_t *w)
{
    static const char *const  fonts[] = {
        BILLING_PRINT_FONTS "DejaVuSans.ttf",
        BILLING_PRINT_FONTS "DejaVuSans-Bold.ttf", NULL
    };

    billing_infra_t  *infra = billing_infra(w);

    if (infra->press == NULL) {
        infra->press = billing_press_new(fonts);

        if (infra->press == NULL) {
            billing_log("ALERT: no document can be printed: the fonts in "
                        BILLING_PRINT_FONTS " cannot be read");
        }
    }

    return infra->press;
}


void
billing_print_free(billing_worker_t *w)
{
    billing_press_free(billing_infra(w)->press);
    billing_infra(w)->press = NULL;
}


static bool
billing_print_hash(billing_file_t *file)
{
    uint8_t   digest[32];
    unsigned  len = 0;

    if (EVP_Digest(file->bytes, file->len, digest, &len, EVP_sha256(), NULL)
        != 1)
    {
        free(file->bytes);
        file->bytes = NULL;
        return false;
    }

    billing_hex(digest, sizeof(digest), file->hash);

    return true;
}


billing_db_rc_t
billing_print_kept(billing_worker_t *w, const json_t *document,
    billing_file_t *file)
{
    static const char  sql[] =
        "SELECT content, hash FROM document_file WHERE name = $1"
        " AND content <> ''";

    bool             read;
    billing_db_rc_t  rc;

    *file = (billing_file_t) { .bytes = NULL };
    rc = billing_db_query(w->db, sql, "t",
             json_string_value(json_object_get(document, "number")));

    if (rc == BILLING_DB_DONE) {
        return billing_print_file(w, document, billing_print_lang(document),
                                  file);
    }

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    read = billing_print_decode(billing_db_text(w->db, sql, 0), file);
    read = read && strcmp(file->hash, billing_db_text(w->db, sql, 1)) == 0;
    billing_db_done(w->db, sql);

    if (!read) {
        billing_log("ALERT: a kept document is not what it was");
        free(file->bytes);
        file->bytes = NULL;
        return BILLING_DB_CONFLICT;
    }

    return BILLING_DB_OK;
}


bool
billing_print_intact(const char *content, const char *hash)
{
    bool            read;
    billing_file_t  file = { .bytes = NULL };

    read = billing_print_decode(content, &file)
           && strcmp(file.hash, hash) == 0;
    free(file.bytes);

    return read;
}


/* --- keeping -------------------------------------------------------------- */


billing_db_rc_t
billing_print_later(billing_worker_t *w, const char *number)
{
    static const char  sql[] = "INSERT INTO document_file (name) VALUES ($1)";

    billing_infra(w)->print_ms = 0;

    return billing_db_later(w->db, sql, "t", number);
}


bool
billing_print_due(const billing_worker_t *w, int64_t mono_ms)
{
    const billing_infra_t  *infra = billing_infra(w);

    return mono_ms >= infra->print_ms
           && mono_ms >= billing_leisure_ms(&infra->leisure);
}


/* While it is quiet, some milliseconds; else one, and then others. */

billing_db_rc_t
billing_print_store(billing_worker_t *w, int64_t mono_ms, int64_t now)
{
    int64_t           at = mono_ms;
    billing_db_rc_t   rc;
    billing_infra_t  *infra = billing_infra(w);

    if (!billing_print_due(w, mono_ms)) {
        return BILLING_DB_OK;
    }

    do {
        rc = billing_print_one(w, now);
        at = billing_clock_mono_ms();

    } while (rc == BILLING_DB_ROW && at >= infra->leisure.quiet_ms
             && at - mono_ms < BILLING_PRINT_SLICE_MS);

    billing_leisure_spent(&infra->leisure, mono_ms, at);

    if (rc == BILLING_DB_DONE) {
        infra->print_ms = at + BILLING_PRINT_POLL_MS;
        billing_mail_hurry(w);          /* letters have waited for it */
    }

    return rc == BILLING_DB_ROW || rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}


/* ROW when there was one, DONE when there is none. */

static billing_db_rc_t
billing_print_one(billing_worker_t *w, int64_t now)
{
    static const char  sql[] =
        "SELECT name FROM document_file WHERE content = ''"
        " AND made_at <= $1 ORDER BY name LIMIT 1";
    static const char  push_sql[] =
        "UPDATE document_file SET made_at = $1 WHERE name = $2";

    char             number[BILLING_NUMBER_MAX];
    billing_db_rc_t  rc;

    rc = billing_db_query(w->db, sql, "i", now);

    if (rc != BILLING_DB_ROW) {
        return rc;
    }

    (void) snprintf(number, sizeof(number), "%s",
                    billing_db_text(w->db, sql, 0));
    billing_db_done(w->db, sql);

    rc = billing_savepoint_row(w, billing_print_keep, number, now);

    /* One that cannot be made must not stop the others. */

    if (rc == BILLING_DB_CONFLICT) {
        billing_log("ALERT: %s cannot be printed", number);
        rc = billing_db_exec(w->db, push_sql, "it",
                             now + BILLING_PRINT_AGAIN_SEC, number);
    }

    return rc == BILLING_DB_OK ? BILLING_DB_ROW : rc;
}


static billing_db_rc_t
billing_print_keep(billing_worker_t *w, const char *number, int64_t now)
{
    static const char  sql[] =
        "UPDATE document_file SET hash = $1, content = $2, made_at = $3"
        " WHERE name = $4";

    char             *text;
    json_t           *document;
    billing_file_t    file;
    billing_db_rc_t   rc;

    rc = billing_print_document(w, number, &document);

    if (rc == BILLING_DB_OK) {
        rc = billing_print_file(w, document, billing_print_lang(document),
                                &file);
        json_decref(document);
    }

    if (rc != BILLING_DB_OK) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    text = billing_print_encode(&file);
    rc = text == NULL ? BILLING_DB_CONFLICT
         : billing_db_exec(w->db, sql, "ttit", file.hash, text, now, number);

    free(text);
    free(file.bytes);

    return rc;
}


static char *
billing_print_encode(const billing_file_t *file)
{
    char  *text;

    text = file->len > INT32_MAX / 2 ? NULL : malloc(file->len / 3 * 4 + 5);

    if (text != NULL) {
        (void) EVP_EncodeBlock((unsigned char *) text,
                               (unsigned char *) file->bytes,
                               (int) file->len);
    }

    return text;
}


static bool
billing_print_decode(const char *text, billing_file_t *file)
{
    int     n;
    size_t  len = strlen(text);

    file->bytes = len > INT32_MAX / 2 ? NULL : malloc(len / 4 * 3 + 1);

    if (file->bytes == NULL) {
        return false;
    }

    n = EVP_DecodeBlock((unsigned char *) file->bytes,
                        (const unsigned char *) text, (int) len);

    if (n < 0) {
        return false;
    }

    /* EVP_DecodeBlock counts the padding. */

    file->len = (size_t) n;
    file->len -= len > 0 && text[len - 1] == '=';
    file->len -= len > 1 && text[len - 2] == '=';

    return billing_print_hash(file);
}


/* --- receipts ------------------------------------------------------------- */


billing_db_rc_t
billing_print_receipt(billing_worker_t *w, const billing_bill_t *bill,
    json_t *document)
{
    size_t           i;
    json_t          *invoice, *payment, *payments;
    billing_db_rc_t  rc;

    rc = billing_bill_json(w, bill, &invoice);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    payments = json_object_get(invoice, "payments");

    for (i = 0; i < json_array_size(payments); i++) {
        payment = json_array_get(payments, i);

        /* A card's reference is our own, and of no use to anybody. */

        if (strcmp(json_string_value(json_object_get(payment, "method")),
                   "card") == 0)
        {
            (void) json_object_del(payment, "reference");
        }
    }

    (void) json_object_set(document, "payments", payments);
    (void) json_object_set(document, "open",
                           json_object_get(invoice, "open"));
    json_decref(invoice);

    return BILLING_DB_OK;
}
