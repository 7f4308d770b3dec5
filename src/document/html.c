/*
 * A mail's text as a page: paragraphs, links, and what a document sums up to.
 * Every byte that comes from outside goes through one escape.
 */

#include "billing_press.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BILLING_HTML_CELL  "padding:4px 8px 4px 0;text-align:left"
#define BILLING_HTML_SUM   "padding:4px 0;text-align:right;white-space:nowrap"


static void billing_html_escape(FILE *out, const char *text, size_t len);
static void billing_html_string(FILE *out, const json_t *value);
static void billing_html_text(FILE *out, const billing_html_t *html);
static size_t billing_html_link(FILE *out, const char *text,
    const char *site);
static void billing_html_table(FILE *out, const json_t *paper);
static void billing_html_row(FILE *out, const json_t *left,
    const json_t *right);


char *
billing_press_html(const billing_html_t *html)
{
    bool    failed;
    FILE   *out;
    char   *text = NULL;
    size_t  len = 0;

    out = open_memstream(&text, &len);

    if (out == NULL) {
        return NULL;
    }

    (void) fputs("<!DOCTYPE html>\n<html lang=\"", out);
    billing_html_escape(out, html->lang, strlen(html->lang));
    (void) fputs("\">\n<head>\n<meta charset=\"utf-8\">\n<meta name="
                 "\"viewport\" content=\"width=device-width\">\n<title>", out);
    billing_html_escape(out, html->subject, strlen(html->subject));
    (void) fputs("</title>\n</head>\n<body style=\"margin:0;padding:24px;"
                 "font:16px/1.5 sans-serif;color:#1c1c28;"
                 "background:#ffffff\">\n<div style=\"max-width:600px\">\n"
                 "<h1 style=\"font-size:20px\">", out);
    billing_html_escape(out, html->subject, strlen(html->subject));
    (void) fputs("</h1>\n", out);

    billing_html_text(out, html);

    if (html->paper != NULL) {
        billing_html_table(out, html->paper);
    }

    (void) fputs("<p style=\"color:#555566;font-size:14px\">", out);
    billing_html_escape(out, html->sender, strlen(html->sender));
    (void) fputs("</p>\n</div>\n</body>\n</html>\n", out);

    failed = ferror(out) != 0;
    failed = fclose(out) != 0 || failed;

    if (failed) {
        free(text);
        return NULL;
    }

    return text;
}


static void
billing_html_escape(FILE *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        switch (text[i]) {

        case '&':
            (void) fputs("&amp;", out);
            break;

        case '<':
            (void) fputs("&lt;", out);
            break;

        case '>':
            (void) fputs("&gt;", out);
            break;

        case '"':
            (void) fputs("&quot;", out);
            break;

        case '\'':
            (void) fputs("&#39;", out);
            break;

        default:
            (void) fputc(text[i], out);
        }
    }
}


static void
billing_html_string(FILE *out, const json_t *value)
{
    const char  *text = json_string_value(value);

    if (text != NULL) {
        billing_html_escape(out, text, strlen(text));
    }
}


/* An empty line ends a paragraph. */

static void
billing_html_text(FILE *out, const billing_html_t *html)
{
    size_t       n = strlen(html->text), used;
    const char  *text = html->text;

    while (n > 0 && text[n - 1] == '\n') {
        n--;
    }

    (void) fputs("<p>", out);

    for (size_t i = 0; i < n; /* void */ ) {
        if (text[i] == '\n' && text[i + 1] == '\n' && i + 1 < n) {
            (void) fputs("</p>\n<p>", out);

            while (i < n && text[i] == '\n') {
                i++;
            }

            continue;
        }

        if (text[i] == '\n') {
            (void) fputs("<br>\n", out);
            i++;
            continue;
        }

        used = billing_html_link(out, text + i, html->site);

        if (used == 0) {
            billing_html_escape(out, text + i, 1);
            used = 1;
        }

        i += used;
    }

    (void) fputs("</p>\n", out);
}


/* Only to the site itself: a team's name may look like an address. */

static size_t
billing_html_link(FILE *out, const char *text, const char *site)
{
    size_t  len = strlen(site);

    if (len == 0 || strncmp(text, site, len) != 0
        || strchr("/?#", text[len]) == NULL)
    {
        return 0;
    }

    len = strcspn(text, " \t\r\n<>\"'");

    while (len > 0 && strchr(".,;:)", text[len - 1]) != NULL) {
        len--;
    }

    (void) fputs("<a href=\"", out);
    billing_html_escape(out, text, len);
    (void) fputs("\">", out);
    billing_html_escape(out, text, len);
    (void) fputs("</a>", out);

    return len;
}


static void
billing_html_table(FILE *out, const json_t *paper)
{
    size_t         i, n;
    const json_t  *row, *list;

    (void) fputs("<table style=\"border-collapse:collapse;width:100%\">\n"
                 "<caption style=\"" BILLING_HTML_CELL ";font-weight:bold\">",
                 out);
    billing_html_string(out, json_object_get(paper, "title"));
    (void) fputs("</caption>\n", out);

    list = json_object_get(paper, "rows");

    for (i = 0; i < json_array_size(list); i++) {
        row = json_array_get(list, i);
        n = json_array_size(row);
        billing_html_row(out, json_array_get(row, 0),
                         json_array_get(row, n > 0 ? n - 1 : 0));
    }

    list = json_object_get(paper, "totals");

    for (i = 0; i < json_array_size(list); i++) {
        row = json_array_get(list, i);
        billing_html_row(out, json_array_get(row, 0), json_array_get(row, 1));
    }

    (void) fputs("</table>\n", out);
}


static void
billing_html_row(FILE *out, const json_t *left, const json_t *right)
{
    (void) fputs("<tr><th scope=\"row\" style=\"" BILLING_HTML_CELL
                 ";font-weight:normal\">", out);
    billing_html_string(out, left);
    (void) fputs("</th><td style=\"" BILLING_HTML_SUM "\">", out);
    billing_html_string(out, right);
    (void) fputs("</td></tr>\n", out);
}
