/*
 * Below the headers of a mail: its text in quoted-printable, perhaps with the
 * same as HTML, perhaps with a file (RFC 2045, 2046, 2183).  Every line ends
 * with CRLF and none begins with a dot.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "billing_infra.h"

#define BILLING_LETTER_TEXT_MAX     131072
#define BILLING_LETTER_LINE_MAX     75      /* RFC 2045: 76 with the "=" */
#define BILLING_LETTER_FILE_LINE    57      /* bytes in 76 of base64 */
#define BILLING_LETTER_MARK_MAX     48

static void billing_letter_mixed(billing_letter_buffer_t *out,
    const billing_letter_t *letter);
static void billing_letter_both(billing_letter_buffer_t *out,
    const billing_letter_t *letter);
static void billing_letter_part(billing_letter_buffer_t *out,
    const char *type, const char *text);
static void billing_letter_file(billing_letter_buffer_t *out,
    const billing_letter_t *letter);
static void billing_letter_mark(const billing_letter_t *letter, char kind,
    char mark[BILLING_LETTER_MARK_MAX]);
static void billing_letter_text(billing_letter_buffer_t *out,
    const char *text);


void
billing_letter_body(billing_letter_buffer_t *out,
    const billing_letter_t *letter)
{
    if (letter->file_name != NULL) {
        billing_letter_mixed(out, letter);

    } else {
        billing_letter_both(out, letter);
    }
}


static void
billing_letter_mixed(billing_letter_buffer_t *out,
    const billing_letter_t *letter)
{
    char  mark[BILLING_LETTER_MARK_MAX];

    billing_letter_mark(letter, 'm', mark);

    billing_letter_put(out, "Content-Type: multipart/mixed;\r\n boundary=\"");
    billing_letter_put(out, mark);
    billing_letter_put(out, "\"\r\n\r\n--");
    billing_letter_put(out, mark);
    billing_letter_put(out, "\r\n");
    billing_letter_both(out, letter);
    billing_letter_put(out, "\r\n--");
    billing_letter_put(out, mark);
    billing_letter_put(out, "\r\n");
    billing_letter_file(out, letter);
    billing_letter_put(out, "--");
    billing_letter_put(out, mark);
    billing_letter_put(out, "--\r\n");
}


/* The plain text first: who can show more takes the last (RFC 2046, 5.1.4). */

static void
billing_letter_both(billing_letter_buffer_t *out,
    const billing_letter_t *letter)
{
    char  mark[BILLING_LETTER_MARK_MAX];

    if (letter->html == NULL) {
        billing_letter_part(out, "text/plain", letter->text);
        return;
    }

    billing_letter_mark(letter, 'a', mark);

    billing_letter_put(out, "Content-Type: multipart/alternative;\r\n"
                            " boundary=\"");
    billing_letter_put(out, mark);
    billing_letter_put(out, "\"\r\n\r\n--");
    billing_letter_put(out, mark);
    billing_letter_put(out, "\r\n");
    billing_letter_part(out, "text/plain", letter->text);
    billing_letter_put(out, "--");
    billing_letter_put(out, mark);
    billing_letter_put(out, "\r\n");
    billing_letter_part(out, "text/html", letter->html);
    billing_letter_put(out, "--");
    billing_letter_put(out, mark);
    billing_letter_put(out, "--\r\n");
}


static void
billing_letter_part(billing_letter_buffer_t *out, const char *type,
    const char *text)
{
    billing_letter_put(out, "Content-Type: ");
    billing_letter_put(out, type);
    billing_letter_put(out, "; charset=UTF-8\r\n"
                            "Content-Transfer-Encoding: quoted-printable"
                            "\r\n\r\n");
    billing_letter_text(out, text);
}


static void
billing_letter_file(billing_letter_buffer_t *out,
    const billing_letter_t *letter)
{
    size_t  n;

    billing_letter_put(out, "Content-Type: application/pdf\r\n"
                            "Content-Transfer-Encoding: base64\r\n"
                            "Content-Disposition: attachment; filename=\"");
    billing_letter_put(out, letter->file_name);
    billing_letter_put(out, "\"\r\n\r\n");

    for (size_t i = 0; i < letter->file_len; i += n) {
        n = letter->file_len - i;
        n = n < BILLING_LETTER_FILE_LINE ? n : BILLING_LETTER_FILE_LINE;

        billing_letter_base64(out, (const unsigned char *) letter->file + i,
                              n);
        billing_letter_put(out, "\r\n");
    }
}


/* "=_" is in no quoted-printable and no base64, so never in a part. */

static void
billing_letter_mark(const billing_letter_t *letter, char kind,
    char mark[BILLING_LETTER_MARK_MAX])
{
    size_t  n = strspn(letter->message_id, "0123456789abcdef");

    (void) snprintf(mark, BILLING_LETTER_MARK_MAX, "=_%c_%.*s", kind,
                    n < 32 ? (int) n : 32, letter->message_id);
}


static bool
billing_letter_literal(const char *text, size_t column)
{
    unsigned char  c = (unsigned char) text[0];

    if (c == ' ' || c == '\t') {
        return text[1] != '\n' && text[1] != '\r' && text[1] != '\0';
    }

    return c > 0x20 && c < 0x7f && c != '=' && !(c == '.' && column == 0);
}


static void
billing_letter_text(billing_letter_buffer_t *out, const char *text)
{
    char    code[4];
    size_t  column = 0, n = strlen(text);

    n = billing_letter_cut(text, n, BILLING_LETTER_TEXT_MAX);

    for (size_t i = 0; i < n; i++) {
        bool    literal = billing_letter_literal(text + i, column);
        size_t  width = literal ? 1 : 3;

        if (text[i] == '\r') {
            continue;
        }

        if (text[i] == '\n') {
            billing_letter_add(out, "\r\n", 2);
            column = 0;
            continue;
        }

        if (column + width > BILLING_LETTER_LINE_MAX) {
            billing_letter_add(out, "=\r\n", 3);
            column = 0;
            literal = billing_letter_literal(text + i, column);
            width = literal ? 1 : 3;
        }

        (void) snprintf(code, sizeof(code), "=%02X", (unsigned char) text[i]);
        billing_letter_add(out, literal ? text + i : code, width);
        column += width;
    }

    billing_letter_add(out, "\r\n", 2);
}
