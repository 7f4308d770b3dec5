/*
 * The language of a PDF.  cairo 1.16 cannot say it, so a second version of the
 * catalog follows the file, the way the format (ISO 32000, 7.5.6) lets a
 * document be changed: a reader takes the last one.
 */

#include "billing_press.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BILLING_CATALOG_MAX  2048

typedef struct {
    unsigned long  root;
    unsigned long  info;
    unsigned long  size;
    unsigned long  xref;
} billing_trailer_t;


static bool billing_catalog_trailer(const char *bytes, size_t len,
    billing_trailer_t *trailer);
static unsigned long billing_catalog_number(const char *text,
    const char *name);
static const char *billing_catalog_find(const char *bytes, size_t len,
    const char *what);
static const char *billing_catalog_last(const char *bytes, size_t len,
    const char *what);


char *
billing_pdf_language(char *bytes, size_t *len, const char *lang)
{
    int                 n;
    char                name[48], more[BILLING_CATALOG_MAX + 512];
    char               *grown;
    size_t              at;
    const char         *object, *end;
    billing_trailer_t   trailer;

    if (!billing_catalog_trailer(bytes, *len, &trailer)) {
        free(bytes);
        return NULL;
    }

    (void) snprintf(name, sizeof(name), "\n%lu 0 obj\n<<", trailer.root);
    object = billing_catalog_find(bytes, *len, name);
    end = object == NULL ? NULL
          : billing_catalog_find(object, *len - (size_t) (object - bytes),
                                 ">>\nendobj");

    if (end == NULL || end - object > BILLING_CATALOG_MAX) {
        free(bytes);
        return NULL;
    }

    object++;
    at = *len;

    n = snprintf(more, sizeof(more),
                 "%.*s   /Lang (%.8s)\n"
                 "   /ViewerPreferences << /DisplayDocTitle true >>\n"
                 ">>\nendobj\n", (int) (end - object), object, lang);

    n += snprintf(more + n, sizeof(more) - (size_t) n,
                  "xref\n%lu 1\n%010lu 00000 n \ntrailer\n"
                  "<< /Size %lu\n   /Root %lu 0 R\n   /Info %lu 0 R\n"
                  "   /Prev %lu\n>>\nstartxref\n%lu\n%%%%EOF\n",
                  trailer.root, (unsigned long) at, trailer.size,
                  trailer.root, trailer.info, trailer.xref,
                  (unsigned long) at + (unsigned long) n);

    grown = realloc(bytes, at + (size_t) n);

    if (grown == NULL) {
        free(bytes);
        return NULL;
    }

    memcpy(grown + at, more, (size_t) n);
    *len = at + (size_t) n;

    return grown;
}


static bool
billing_catalog_trailer(const char *bytes, size_t len,
    billing_trailer_t *trailer)
{
    char         text[512];
    size_t       n;
    const char  *start;

    start = billing_catalog_last(bytes, len, "\ntrailer\n");

    if (start == NULL) {
        return false;
    }

    n = len - (size_t) (start - bytes);
    n = n < sizeof(text) ? n : sizeof(text) - 1;
    memcpy(text, start, n);
    text[n] = '\0';

    trailer->root = billing_catalog_number(text, "/Root ");
    trailer->info = billing_catalog_number(text, "/Info ");
    trailer->size = billing_catalog_number(text, "/Size ");
    trailer->xref = billing_catalog_number(text, "startxref\n");

    return trailer->root != 0 && trailer->size != 0 && trailer->xref != 0
           && trailer->info != 0;
}


static unsigned long
billing_catalog_number(const char *text, const char *name)
{
    const char  *at = strstr(text, name);

    return at == NULL ? 0 : strtoul(at + strlen(name), NULL, 10);
}


static const char *
billing_catalog_find(const char *bytes, size_t len, const char *what)
{
    return memmem(bytes, len, what, strlen(what));
}


static const char *
billing_catalog_last(const char *bytes, size_t len, const char *what)
{
    const char  *found, *last = NULL, *from = bytes;

    for ( ;; ) {
        found = billing_catalog_find(from, len - (size_t) (from - bytes),
                                     what);

        if (found == NULL) {
            return last;
        }

        last = found;
        from = found + 1;
    }
}
