/*
 * A sheet of paper: heading, parties, facts, a table that goes over as many
 * pages as it needs, sums, notes.  Structure is tagged for who listens to it.
 */

#include "billing_press_sheet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BILLING_SHEET_MARGIN  48.0
#define BILLING_SHEET_INNER   (BILLING_SHEET_WIDTH - 2 * BILLING_SHEET_MARGIN)
#define BILLING_SHEET_BOTTOM  (BILLING_SHEET_HEIGHT - 64.0)
#define BILLING_SHEET_FOOT    (BILLING_SHEET_HEIGHT - 44.0)
#define BILLING_SHEET_GAP     4.0           /* above and below a row */
#define BILLING_SHEET_ROWS    1024
#define BILLING_SHEET_CELLS   5

typedef struct {
    double          x;
    double          width;
    const char     *font;
    PangoAlignment  align;
    const char     *tag;                    /* NULL: only measured */
} billing_box_t;

typedef struct {
    size_t          n;
    billing_box_t   boxes[BILLING_SHEET_CELLS];
} billing_cells_t;

static const char  billing_font_title[] = "DejaVu Sans Bold 18";
static const char  billing_font_bold[] = "DejaVu Sans Bold 8.5";
static const char  billing_font_text[] = "DejaVu Sans 8.5";
static const char  billing_font_small[] = "DejaVu Sans 7";


static double billing_sheet_text(billing_sheet_t *sheet, const char *text,
    billing_box_t box);
static double billing_sheet_lines(billing_sheet_t *sheet,
    const char *label, const json_t *lines, billing_box_t box);
static void billing_sheet_top(billing_sheet_t *sheet);
static void billing_sheet_facts(billing_sheet_t *sheet);
static void billing_sheet_cells(const billing_sheet_t *sheet,
    billing_cells_t *cells);
static double billing_sheet_row(billing_sheet_t *sheet, const json_t *row,
    const billing_cells_t *cells, const char *tag);
static void billing_sheet_columns(billing_sheet_t *sheet,
    const billing_cells_t *cells);
static void billing_sheet_carry(billing_sheet_t *sheet, const char *label,
    unsigned row);
static double billing_sheet_tail(billing_sheet_t *sheet, bool draw);
static double billing_sheet_notes(billing_sheet_t *sheet, double y,
    bool draw);
static void billing_sheet_foot(billing_sheet_t *sheet);
static void billing_sheet_band(billing_sheet_t *sheet, double x,
    double height);
static void billing_sheet_rule(billing_sheet_t *sheet, double x, double y);
static bool billing_sheet_cut(billing_sheet_t *sheet,
    const billing_cells_t *cells, unsigned ends[BILLING_PAGES_MAX]);


bool
billing_sheet_draw(billing_sheet_t *sheet)
{
    unsigned         row = 0, ends[BILLING_PAGES_MAX];
    const json_t    *rows = json_object_get(sheet->paper, "rows");
    billing_cells_t  cells;

    cairo_tag_begin(sheet->cr, "Document", NULL);
    billing_sheet_cells(sheet, &cells);
    sheet->y = BILLING_SHEET_MARGIN;
    billing_sheet_top(sheet);

    if (!billing_sheet_cut(sheet, &cells, ends)) {
        return false;
    }

    for (sheet->page = 1; sheet->page <= sheet->pages; sheet->page++) {
        if (sheet->page > 1) {
            cairo_show_page(sheet->cr);
            sheet->y = BILLING_SHEET_MARGIN;
            sheet->y += billing_sheet_text(sheet,
                billing_sheet_string(sheet->paper, "title"),
                (billing_box_t) { BILLING_SHEET_MARGIN, BILLING_SHEET_INNER,
                                  billing_font_bold, PANGO_ALIGN_LEFT, "P" })
                + 12;
        }

        cairo_tag_begin(sheet->cr, "Table", NULL);
        billing_sheet_columns(sheet, &cells);

        if (sheet->page > 1) {
            billing_sheet_carry(sheet, "brought", row);
        }

        for ( /* void */ ; row < ends[sheet->page - 1]; row++) {
            sheet->y += billing_sheet_row(sheet, json_array_get(rows, row),
                                          &cells, "TD");
        }

        if (sheet->page < sheet->pages) {
            billing_sheet_carry(sheet, "carried", row);
        }

        cairo_tag_end(sheet->cr, "Table");

        if (sheet->page == sheet->pages) {
            (void) billing_sheet_tail(sheet, true);
        }

        billing_sheet_foot(sheet);
    }

    cairo_tag_end(sheet->cr, "Document");

    return cairo_status(sheet->cr) == CAIRO_STATUS_SUCCESS;
}


const char *
billing_sheet_string(const json_t *object, const char *member)
{
    const char  *text = json_string_value(json_object_get(object, member));

    return text != NULL ? text : "";
}


/* The height it takes; drawn when the box has a tag. */

static double
billing_sheet_text(billing_sheet_t *sheet, const char *text,
    billing_box_t box)
{
    int                    height;
    PangoLayout           *layout;
    PangoFontDescription  *font;

    layout = pango_layout_new(sheet->context);
    font = pango_font_description_from_string(box.font);

    pango_layout_set_font_description(layout, font);
    pango_layout_set_attributes(layout, sheet->attributes);
    pango_layout_set_width(layout, (int) (box.width * PANGO_SCALE));
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_alignment(layout, box.align);
    pango_layout_set_text(layout, text, -1);
    pango_layout_get_size(layout, NULL, &height);

    if (box.tag != NULL) {
        cairo_tag_begin(sheet->cr, box.tag, NULL);
        cairo_move_to(sheet->cr, box.x, sheet->y);
        pango_cairo_show_layout(sheet->cr, layout);
        cairo_tag_end(sheet->cr, box.tag);
    }

    pango_font_description_free(font);
    g_object_unref(layout);

    return (double) height / PANGO_SCALE;
}


/* --- what stands above the table ------------------------------------------ */


static void
billing_sheet_top(billing_sheet_t *sheet)
{
    double         y, left, right;
    billing_box_t  box = {
        BILLING_SHEET_MARGIN, BILLING_SHEET_INNER, billing_font_title,
        PANGO_ALIGN_LEFT, "H1"
    };

    sheet->y += billing_sheet_text(sheet,
                    billing_sheet_string(sheet->paper, "title"), box) + 18;

    box.font = billing_font_text;
    box.tag = "P";
    box.width = BILLING_SHEET_INNER / 2 - 12;
    y = sheet->y;
    left = billing_sheet_lines(sheet,
               billing_sheet_string(sheet->paper, "seller_label"),
               json_object_get(sheet->paper, "seller"), box);

    sheet->y = y;
    box.x += BILLING_SHEET_INNER / 2;
    right = billing_sheet_lines(sheet,
                billing_sheet_string(sheet->paper, "buyer_label"),
                json_object_get(sheet->paper, "buyer"), box);

    sheet->y = y + (left > right ? left : right) + 16;
    billing_sheet_facts(sheet);
}


static double
billing_sheet_lines(billing_sheet_t *sheet, const char *label,
    const json_t *lines, billing_box_t box)
{
    double         from = sheet->y;
    billing_box_t  head = box;

    head.font = billing_font_bold;
    sheet->y += billing_sheet_text(sheet, label, head) + 2;

    for (size_t i = 0; i < json_array_size(lines); i++) {
        sheet->y += billing_sheet_text(sheet,
                        json_string_value(json_array_get(lines, i)), box) + 1;
    }

    return sheet->y - from;
}


static void
billing_sheet_facts(billing_sheet_t *sheet)
{
    double         label, value;
    const json_t  *fact, *facts = json_object_get(sheet->paper, "facts");
    billing_box_t  left = {
        BILLING_SHEET_MARGIN, 150, billing_font_bold, PANGO_ALIGN_LEFT, "P"
    };
    billing_box_t  right = {
        BILLING_SHEET_MARGIN + 156, BILLING_SHEET_INNER - 156,
        billing_font_text, PANGO_ALIGN_LEFT, "P"
    };

    for (size_t i = 0; i < json_array_size(facts); i++) {
        fact = json_array_get(facts, i);

        label = billing_sheet_text(sheet,
                    json_string_value(json_array_get(fact, 0)), left);
        value = billing_sheet_text(sheet,
                    json_string_value(json_array_get(fact, 1)), right);
        sheet->y += (label > value ? label : value) + 2;
    }

    sheet->y += 14;
}


/* --- the table ------------------------------------------------------------ */


/* The first column is wide and left, the others are as narrow as numbers. */

static void
billing_sheet_cells(const billing_sheet_t *sheet, billing_cells_t *cells)
{
    size_t  n = json_array_size(json_object_get(sheet->paper, "columns"));
    double  x, width;

    static const double  widths[] = { 0, 54, 94, 76, 96 };

    n = n > BILLING_SHEET_CELLS ? BILLING_SHEET_CELLS : n;
    cells->n = n;
    x = BILLING_SHEET_MARGIN + BILLING_SHEET_INNER;

    for (size_t i = n; i-- > 0; /* void */ ) {
        width = i == 0 ? x - BILLING_SHEET_MARGIN
                : n == BILLING_SHEET_CELLS ? widths[i] : widths[4];
        x -= width;

        cells->boxes[i] = (billing_box_t) {
            .x = x, .width = i == 0 ? width - 8 : width,
            .font = billing_font_text, .tag = "TD",
            .align = i == 0 ? PANGO_ALIGN_LEFT : PANGO_ALIGN_RIGHT
        };
    }
}


static double
billing_sheet_row(billing_sheet_t *sheet, const json_t *row,
    const billing_cells_t *cells, const char *tag)
{
    double         height = 0, cell;
    const char    *text;
    billing_box_t  box;

    if (tag != NULL) {
        cairo_tag_begin(sheet->cr, "TR", NULL);
        sheet->y += BILLING_SHEET_GAP;
    }

    for (size_t i = 0; i < cells->n; i++) {
        box = cells->boxes[i];
        box.tag = tag;
        box.font = tag != NULL && strcmp(tag, "TH") == 0 ? billing_font_bold
                                                         : box.font;
        text = json_string_value(json_array_get(row, i));
        cell = billing_sheet_text(sheet, text != NULL ? text : "", box);
        height = cell > height ? cell : height;
    }

    if (tag != NULL) {
        sheet->y -= BILLING_SHEET_GAP;
        cairo_tag_end(sheet->cr, "TR");
    }

    return height + 2 * BILLING_SHEET_GAP;
}


/* A shade behind a line, to the right margin: no part of the text. */

static void
billing_sheet_band(billing_sheet_t *sheet, double x, double height)
{
    cairo_save(sheet->cr);
    cairo_set_source_rgb(sheet->cr, 0.93, 0.94, 0.96);
    cairo_rectangle(sheet->cr, x, sheet->y, BILLING_SHEET_MARGIN
                    + BILLING_SHEET_INNER - x, height);
    cairo_fill(sheet->cr);
    cairo_restore(sheet->cr);
}


static void
billing_sheet_columns(billing_sheet_t *sheet, const billing_cells_t *cells)
{
    double         height;
    const json_t  *columns = json_object_get(sheet->paper, "columns");

    height = billing_sheet_row(sheet, columns, cells, NULL);
    billing_sheet_band(sheet, BILLING_SHEET_MARGIN, height);
    sheet->y += billing_sheet_row(sheet, columns, cells, "TH");
    billing_sheet_rule(sheet, BILLING_SHEET_MARGIN, sheet->y);
}


/* The sum of what stands above, where a table is cut. */

static void
billing_sheet_carry(billing_sheet_t *sheet, const char *label, unsigned row)
{
    double         height;
    const char    *text;
    billing_box_t  box = {
        BILLING_SHEET_MARGIN, BILLING_SHEET_INNER, billing_font_bold,
        PANGO_ALIGN_LEFT, "TD"
    };

    text = json_string_value(json_array_get(json_object_get(sheet->paper,
                                                         "carry"), row - 1));

    sheet->y += BILLING_SHEET_GAP;
    cairo_tag_begin(sheet->cr, "TR", NULL);
    height = billing_sheet_text(sheet, billing_sheet_string(sheet->paper,
                                                            label), box);
    box.align = PANGO_ALIGN_RIGHT;
    (void) billing_sheet_text(sheet, text != NULL ? text : "", box);
    cairo_tag_end(sheet->cr, "TR");
    sheet->y += height + BILLING_SHEET_GAP;
}


static bool
billing_sheet_cut(billing_sheet_t *sheet, const billing_cells_t *cells,
    unsigned ends[BILLING_PAGES_MAX])
{
    int              heights[BILLING_SHEET_ROWS];
    double           head, line;
    size_t           n;
    const json_t    *rows = json_object_get(sheet->paper, "rows");
    billing_room_t   room;

    n = json_array_size(rows);

    if (n > BILLING_SHEET_ROWS) {
        return false;
    }

    for (size_t i = 0; i < n; i++) {
        heights[i] = 1 + (int) billing_sheet_row(sheet,
                                   json_array_get(rows, i), cells, NULL);
    }

    head = 2 + billing_sheet_row(sheet, json_object_get(sheet->paper,
                                                   "columns"), cells, NULL);
    line = 2 + 2 * BILLING_SHEET_GAP + billing_sheet_text(sheet, "0",
        (billing_box_t) { 0, BILLING_SHEET_INNER, billing_font_bold,
                          PANGO_ALIGN_LEFT, NULL });

    room = (billing_room_t) {
        .first = (int) (BILLING_SHEET_BOTTOM - sheet->y - head),
        .next = (int) (BILLING_SHEET_BOTTOM - BILLING_SHEET_MARGIN - head
                       - 32),
        .carry = (int) line,
        .tail = 1 + (int) billing_sheet_tail(sheet, false)
    };

    sheet->pages = billing_pages_cut(heights, (unsigned) n, &room, ends,
                                     BILLING_PAGES_MAX);

    return sheet->pages > 0;
}


/* --- what stands below it ------------------------------------------------- */


static double
billing_sheet_tail(billing_sheet_t *sheet, bool draw)
{
    double         from = sheet->y, height;
    size_t         n;
    const json_t  *total, *totals = json_object_get(sheet->paper, "totals");
    billing_box_t  box = {
        BILLING_SHEET_MARGIN + BILLING_SHEET_INNER - 290, 290,
        billing_font_text, PANGO_ALIGN_LEFT, draw ? "P" : NULL
    };

    n = json_array_size(totals);
    sheet->y += 8;

    if (draw) {
        billing_sheet_rule(sheet, box.x, sheet->y - 4);
    }

    for (size_t i = 0; i < n; i++) {
        total = json_array_get(totals, i);
        box.font = i + 1 == n ? billing_font_bold : billing_font_text;

        if (draw && i + 1 == n) {
            billing_sheet_band(sheet, box.x, 18);
        }

        sheet->y += i + 1 == n ? BILLING_SHEET_GAP : 0;

        box.align = PANGO_ALIGN_LEFT;
        height = billing_sheet_text(sheet,
                     json_string_value(json_array_get(total, 0)), box);
        box.align = PANGO_ALIGN_RIGHT;
        (void) billing_sheet_text(sheet,
                     json_string_value(json_array_get(total, 1)), box);
        sheet->y += height + 3;
    }

    sheet->y += BILLING_SHEET_GAP;

    height = billing_sheet_notes(sheet, sheet->y + 16, draw) - from;
    sheet->y = from;

    return height;
}


/* Where they end. */

static double
billing_sheet_notes(billing_sheet_t *sheet, double y, bool draw)
{
    const char    *text;
    const json_t  *notes = json_object_get(sheet->paper, "notes");
    billing_box_t  box = {
        BILLING_SHEET_MARGIN, BILLING_SHEET_INNER, billing_font_small,
        PANGO_ALIGN_LEFT, draw ? "P" : NULL
    };

    sheet->y = y;

    for (size_t i = 0; i < json_array_size(notes); i++) {
        text = json_string_value(json_array_get(notes, i));
        sheet->y += billing_sheet_text(sheet, text != NULL ? text : "", box)
                    + 2;
    }

    return sheet->y;
}


/* "Page 1 of 2": the words are the paper's, the numbers ours. */

static void
billing_sheet_foot(billing_sheet_t *sheet)
{
    char           text[160], number[16];
    size_t         n = 0;
    unsigned       value;
    const char    *p = billing_sheet_string(sheet->paper, "page");
    billing_box_t  box = {
        BILLING_SHEET_MARGIN, BILLING_SHEET_INNER, billing_font_small,
        PANGO_ALIGN_LEFT, "P"
    };

    while (*p != '\0' && n + sizeof(number) < sizeof(text)) {
        if (*p != '{') {
            text[n++] = *p++;
            continue;
        }

        value = strncmp(p, "{pages}", 7) == 0 ? sheet->pages : sheet->page;
        n += (size_t) snprintf(text + n, sizeof(number), "%u", value);
        p += strcspn(p, "}");
        p += *p == '}';
    }

    text[n] = '\0';
    sheet->y = BILLING_SHEET_FOOT;
    billing_sheet_rule(sheet, BILLING_SHEET_MARGIN, sheet->y - 4);
    (void) billing_sheet_text(sheet, billing_sheet_string(sheet->paper,
                                                          "footer"), box);
    box.align = PANGO_ALIGN_RIGHT;
    (void) billing_sheet_text(sheet, text, box);
}


static void
billing_sheet_rule(billing_sheet_t *sheet, double x, double y)
{
    cairo_set_line_width(sheet->cr, 0.5);
    cairo_move_to(sheet->cr, x, y);
    cairo_line_to(sheet->cr, BILLING_SHEET_MARGIN + BILLING_SHEET_INNER, y);
    cairo_stroke(sheet->cr);
}
