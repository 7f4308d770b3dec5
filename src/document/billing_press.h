/*
 * Paper: what billing_paper_json (src/api) says, as PDF, and mails as HTML.
 *
 * No socket, no clock, no choice of words.  The same input makes the same
 * bytes, with the same libraries and fonts.
 */

#ifndef BILLING_PRESS_H
#define BILLING_PRESS_H

#include <jansson.h>

#include "../domain/billing_domain.h"

#define BILLING_PAGES_MAX  64


/* --- pages (pages.c) ------------------------------------------------------ */

typedef struct {
    int  first;                         /* room for rows on the first page */
    int  next;                          /* on the others */
    int  carry;                         /* a line "brought" or "carried" */
    int  tail;                          /* what follows the last row */
} billing_room_t;

/*
 * Which rows go on which page: ends[i] is the row behind the last of page i.
 * The tail never stands without a row.  The number of pages, 0 when there are
 * more than max.
 */
unsigned billing_pages_cut(const int *heights, unsigned n,
    const billing_room_t *room, unsigned *ends, unsigned max);


/* --- the press (press.c, sheet.c, catalog.c) ------------------------------ */

typedef struct billing_press_s  billing_press_t;

/* The fonts by their files, ends with NULL; NULL when one cannot be read. */
billing_press_t *billing_press_new(const char *const *fonts);
void billing_press_free(billing_press_t *press);

/* The PDF, malloc'ed; NULL when it cannot be made. */
char *billing_press_pdf(billing_press_t *press, const json_t *paper,
    size_t *len);

/*
 * A PDF of cairo's with the language of its text in its catalog, appended as
 * the format's own way of changing; takes bytes, NULL when it is none.
 */
char *billing_pdf_language(char *bytes, size_t *len, const char *lang);


/* --- mails (html.c) ------------------------------------------------------- */

typedef struct {
    const char    *lang;
    const char    *subject;
    const char    *text;                /* paragraphs, addresses in them */
    const char    *site;                /* what a link may begin with */
    const char    *sender;              /* below it all */
    const json_t  *paper;               /* its lines and sums, or NULL */
} billing_html_t;

/* A whole page, malloc'ed; nothing in it is markup but what is ours. */
char *billing_press_html(const billing_html_t *html);

#endif /* BILLING_PRESS_H */
