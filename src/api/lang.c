/* Which language a reader wants. */

#include "billing_api.h"

#include <string.h>

#define BILLING_RANGES_MAX   16         /* read of an Accept-Language header */
#define BILLING_QUALITY_MAX  1000       /* q=1, in thousandths */


static int billing_lang_quality(const char *params, size_t len);
static int billing_lang_find(const char *range, size_t len);
static size_t billing_lang_trim(const char **text, size_t len);


static const char *const  billing_lang_names[BILLING_LANGS] = {
    [BILLING_LANG_EN] = "en",
    [BILLING_LANG_FR] = "fr"
};


const char *
billing_lang_name(billing_lang_t lang)
{
    return billing_lang_names[lang < BILLING_LANGS ? lang : BILLING_LANG_EN];
}


billing_lang_t
billing_lang_accept(const char *header, size_t len, billing_lang_t otherwise)
{
    int          best = (int) otherwise;
    int          best_quality = 0;
    const char  *end = header + len;

    for (unsigned i = 0; i < BILLING_RANGES_MAX && header < end; i++) {
        int          lang, quality;
        size_t       n, name;
        const char  *range = header;
        const char  *comma = memchr(header, ',', (size_t) (end - header));
        const char  *semicolon;

        n = (size_t) ((comma != NULL ? comma : end) - header);
        header += comma != NULL ? n + 1 : n;

        semicolon = memchr(range, ';', n);
        name = semicolon != NULL ? (size_t) (semicolon - range) : n;
        quality = semicolon != NULL
                  ? billing_lang_quality(semicolon + 1, n - name - 1)
                  : BILLING_QUALITY_MAX;

        name = billing_lang_trim(&range, name);
        lang = name == 1 && range[0] == '*'
               ? (int) otherwise : billing_lang_find(range, name);

        if (lang >= 0 && quality > best_quality) {
            best = lang;
            best_quality = quality;
        }
    }

    return (billing_lang_t) best;
}


/* "q=0.8" in thousandths; 0, which is "never", for what is not a quality. */

static int
billing_lang_quality(const char *params, size_t len)
{
    int  quality, unit = 100;

    len = billing_lang_trim(&params, len);

    if (len < 3 || len > 7 || (params[0] | 0x20) != 'q' || params[1] != '='
        || (params[2] != '0' && params[2] != '1'))
    {
        return 0;
    }

    quality = (params[2] - '0') * BILLING_QUALITY_MAX;

    if (len == 3) {
        return quality;
    }

    if (params[3] != '.') {
        return 0;
    }

    for (size_t i = 4; i < len; i++) {
        if (params[i] < '0' || params[i] > '9') {
            return 0;
        }

        quality += (params[i] - '0') * unit;
        unit /= 10;
    }

    return quality <= BILLING_QUALITY_MAX ? quality : 0;
}


/* "fr-CA" is French. */

static int
billing_lang_find(const char *range, size_t len)
{
    if (len < 2 || (len > 2 && range[2] != '-')) {
        return -1;
    }

    for (int i = 0; i < BILLING_LANGS; i++) {
        if ((range[0] | 0x20) == billing_lang_names[i][0]
            && (range[1] | 0x20) == billing_lang_names[i][1])
        {
            return i;
        }
    }

    return -1;
}


static size_t
billing_lang_trim(const char **text, size_t len)
{
    while (len > 0 && (**text == ' ' || **text == '\t')) {
        (*text)++;
        len--;
    }

    while (len > 0 && ((*text)[len - 1] == ' ' || (*text)[len - 1] == '\t')) {
        len--;
    }

    return len;
}
