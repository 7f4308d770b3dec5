/*
 * The press: cairo and pango over fonts named by file, so that what else is
 * installed on a machine changes no document.
 */

#include "billing_press_sheet.h"

#include <stdlib.h>
#include <string.h>

#include <cairo-pdf.h>
#include <fontconfig/fontconfig.h>
#include <pango/pangofc-fontmap.h>

#define BILLING_PRESS_RESOLUTION  72.0      /* a unit is a point */

struct billing_press_s {
    FcConfig      *fonts;
    PangoFontMap  *map;
};

typedef struct {
    char    *bytes;
    size_t   len;
    size_t   max;
} billing_press_out_t;


static cairo_status_t billing_press_write(void *data,
    const unsigned char *bytes, unsigned len);
static void billing_press_metadata(cairo_surface_t *surface,
    const json_t *paper);
static PangoContext *billing_press_context(billing_press_t *press,
    const char *lang);


billing_press_t *
billing_press_new(const char *const *fonts)
{
    billing_press_t  *press;

    press = calloc(1, sizeof(*press));

    if (press == NULL) {
        return NULL;
    }

    press->fonts = FcConfigCreate();
    press->map = pango_cairo_font_map_new_for_font_type(CAIRO_FONT_TYPE_FT);

    for (size_t i = 0; fonts[i] != NULL; i++) {
        if (press->fonts == NULL || press->map == NULL
            || !FcConfigAppFontAddFile(press->fonts,
                                       (const FcChar8 *) fonts[i]))
        {
            billing_press_free(press);
            return NULL;
        }
    }

    pango_fc_font_map_set_config(PANGO_FC_FONT_MAP(press->map), press->fonts);
    pango_cairo_font_map_set_resolution(PANGO_CAIRO_FONT_MAP(press->map),
                                        BILLING_PRESS_RESOLUTION);

    return press;
}


void
billing_press_free(billing_press_t *press)
{
    if (press == NULL) {
        return;
    }

    if (press->map != NULL) {
        g_object_unref(press->map);
    }

    if (press->fonts != NULL) {
        FcConfigDestroy(press->fonts);
    }

    free(press);
}


char *
billing_press_pdf(billing_press_t *press, const json_t *paper, size_t *len)
{
    bool                  drawn;
    billing_sheet_t       sheet = { .paper = paper };
    cairo_surface_t      *surface;
    billing_press_out_t   out = { .bytes = NULL };

    surface = cairo_pdf_surface_create_for_stream(billing_press_write, &out,
                  BILLING_SHEET_WIDTH, BILLING_SHEET_HEIGHT);
    cairo_pdf_surface_restrict_to_version(surface, CAIRO_PDF_VERSION_1_4);
    billing_press_metadata(surface, paper);

    sheet.cr = cairo_create(surface);
    sheet.context = billing_press_context(press, billing_sheet_string(paper,
                                                                 "lang"));

    sheet.attributes = pango_attr_list_new();
    pango_attr_list_insert(sheet.attributes,
                           pango_attr_font_features_new("liga=0"));

    drawn = billing_sheet_draw(&sheet);

    pango_attr_list_unref(sheet.attributes);
    g_object_unref(sheet.context);
    cairo_destroy(sheet.cr);
    cairo_surface_finish(surface);

    if (cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS) {
        drawn = false;
    }

    cairo_surface_destroy(surface);

    if (!drawn) {
        free(out.bytes);
        return NULL;
    }

    *len = out.len;

    return billing_pdf_language(out.bytes, len,
                                billing_sheet_string(paper, "lang"));
}


static cairo_status_t
billing_press_write(void *data, const unsigned char *bytes, unsigned len)
{
    size_t                max;
    char                 *grown;
    billing_press_out_t  *out = data;

    if (out->len + len > out->max) {
        max = (out->len + len) * 2;
        grown = realloc(out->bytes, max);

        if (grown == NULL) {
            return CAIRO_STATUS_WRITE_ERROR;
        }

        out->bytes = grown;
        out->max = max;
    }

    memcpy(out->bytes + out->len, bytes, len);
    out->len += len;

    return CAIRO_STATUS_SUCCESS;
}


/* The day of issue, never the day of printing: that would be other bytes. */

static void
billing_press_metadata(cairo_surface_t *surface, const json_t *paper)
{
    char          at[BILLING_INSTANT_LEN + 1];
    const char   *seller;

    seller = json_string_value(json_array_get(json_object_get(paper,
                                                              "seller"), 0));
    billing_instant_format(
        json_integer_value(json_object_get(paper, "issued")), at);

    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE,
                                   billing_sheet_string(paper, "title"));
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_AUTHOR,
                                   seller != NULL ? seller : "");
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_SUBJECT,
                                   billing_sheet_string(paper, "heading"));
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR,
                                   "ngx_billing_module");
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE,
                                   at);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_MOD_DATE, at);
}


static PangoContext *
billing_press_context(billing_press_t *press, const char *lang)
{
    PangoContext          *context;
    cairo_font_options_t  *options;

    context = pango_font_map_create_context(press->map);
    options = cairo_font_options_create();

    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    pango_cairo_context_set_font_options(context, options);
    pango_context_set_language(context, pango_language_from_string(lang));

    cairo_font_options_destroy(options);

    return context;
}
