/* Within this folder: the sheet that press.c opens and sheet.c fills. */

#ifndef BILLING_PRESS_SHEET_H
#define BILLING_PRESS_SHEET_H

#include "billing_press.h"

#include <pango/pangocairo.h>

/* A4 in points. */
#define BILLING_SHEET_WIDTH   595.28
#define BILLING_SHEET_HEIGHT  841.89

typedef struct {
    cairo_t        *cr;
    PangoContext   *context;
    PangoAttrList  *attributes;         /* no ligatures: they are no text */
    const json_t   *paper;
    double          y;                  /* where the next thing goes */
    unsigned        page;               /* from 1 */
    unsigned        pages;
} billing_sheet_t;

/* All pages; false when it cannot be. */
bool billing_sheet_draw(billing_sheet_t *sheet);

/* "" when it is not there. */
const char *billing_sheet_string(const json_t *object, const char *member);

#endif /* BILLING_PRESS_SHEET_H */
