/* Tax: the rate of the buyer's country, and the shape of VAT ids. */

#include "billing_domain.h"

#include <string.h>

#define BILLING_SIREN_LEN  9
#define BILLING_VAT_MAX     20
#define BILLING_VAT_SHAPES  9


typedef struct {
    char         country[3];
    char         prefix[3];
    const char  *shapes[BILLING_VAT_SHAPES];
} billing_vat_row_t;


static size_t billing_vat_bare(const char *text, size_t len,
    char bare[BILLING_VAT_MAX]);
static bool billing_vat_shaped(const billing_vat_row_t *row,
    const char *text, size_t len);
static bool billing_vat_matches(const char *shape, const char *text,
    size_t len);
static bool billing_vat_digit(char c);
static bool billing_vat_letter(char c);


static const char *const  billing_tax_whys[BILLING_TAX_WHYS] = {
    [BILLING_TAX_NONE]       = "",
    [BILLING_TAX_NO_COUNTRY] = "no_country",
    [BILLING_TAX_NO_RATE]    = "no_rate",
    [BILLING_TAX_RATE]       = "rate",
    [BILLING_TAX_REVERSED]   = "reverse_charge"
};

/* Behind the prefix: # is a digit, @ a letter, * either, the rest itself. */

static const billing_vat_row_t  billing_vats[] = {
    { "AT", "AT", { "U########" } },
    { "BE", "BE", { "0#########", "1#########" } },
    { "BG", "BG", { "#########", "##########" } },
    { "CY", "CY", { "########@" } },
    { "CZ", "CZ", { "########", "#########", "##########" } },
    { "DE", "DE", { "#########" } },
    { "DK", "DK", { "########" } },
    { "EE", "EE", { "#########" } },
    { "ES", "ES", { "*#######*" } },
    { "FI", "FI", { "########" } },
    { "FR", "FR", { "**#########" } },
    { "GB", "GB", { "#########", "############", "@@###" } },
    { "GR", "EL", { "#########" } },
    { "HR", "HR", { "###########" } },
    { "HU", "HU", { "########" } },
    { "IE", "IE", { "#######@", "#######@@", "#@#####@" } },
    { "IT", "IT", { "###########" } },
    { "LT", "LT", { "#########", "############" } },
    { "LU", "LU", { "########" } },
    { "LV", "LV", { "###########" } },
    { "MT", "MT", { "########" } },
    { "NL", "NL", { "#########B##" } },
    { "NO", "NO", { "#########", "#########MVA" } },
    { "PL", "PL", { "##########" } },
    { "PT", "PT", { "#########" } },
    { "RO", "RO", { "##", "###", "####", "#####", "######", "#######",
                    "########", "#########", "##########" } },
    { "SE", "SE", { "############" } },
    { "SI", "SI", { "########" } },
    { "SK", "SK", { "##########" } },
    { "TR", "TR", { "##########" } }
};

#define BILLING_VATS  (sizeof(billing_vats) / sizeof(billing_vats[0]))


uint32_t
billing_tax_permyriad(const billing_tax_t *table, uint32_t ntaxes,
    const billing_taxpayer_t *buyer)
{
    return billing_tax_of(table, ntaxes, buyer).permyriad;
}


billing_taxed_t
billing_tax_of(const billing_tax_t *table, uint32_t ntaxes,
    const billing_taxpayer_t *buyer)
{
    const char       *country = buyer->country, *vat_id = buyer->vat_id;
    billing_taxed_t   taxed = { .why = BILLING_TAX_NONE };

    if (ntaxes == 0) {
        return taxed;
    }

    taxed.why = BILLING_TAX_NO_COUNTRY;

    if (country == NULL || country[0] == '\0') {
        return taxed;
    }

    taxed.why = BILLING_TAX_NO_RATE;

    if (strlen(country) == 2) {
        memcpy(taxed.country, country, sizeof(taxed.country));
    }

    for (uint32_t i = 0; i < ntaxes; i++) {
        if (strcmp(table[i].country, country) != 0) {
            continue;
        }

        /* Within the seller's country the seller pays it in any case. */

        if (table[i].reverse_charge && buyer->seller_country != NULL
            && strcmp(country, buyer->seller_country) != 0
            && buyer->vat_valid && vat_id != NULL
            && billing_vat_id_valid(country, vat_id, strlen(vat_id)))
        {
            taxed.why = BILLING_TAX_REVERSED;
            return taxed;
        }

        taxed.why = BILLING_TAX_RATE;
        taxed.permyriad = table[i].permyriad;

        return taxed;
    }

    return taxed;
}


const char *
billing_tax_why_name(billing_tax_why_t why)
{
    return why < BILLING_TAX_WHYS ? billing_tax_whys[why] : "";
}


billing_tax_why_t
billing_tax_why_parse(const char *word, size_t len)
{
    for (unsigned i = 1; i < BILLING_TAX_WHYS; i++) {
        if (strlen(billing_tax_whys[i]) == len
            && memcmp(billing_tax_whys[i], word, len) == 0)
        {
            return (billing_tax_why_t) i;
        }
    }

    return BILLING_TAX_NONE;
}


bool
billing_vat_id_valid(const char *country, const char *text, size_t len)
{
    char    bare[BILLING_VAT_MAX];
    size_t  n;

    n = billing_vat_bare(text, len, bare);

    for (size_t i = 0; i < BILLING_VATS; i++) {
        if (strcmp(billing_vats[i].country, country) == 0) {
            return billing_vat_shaped(&billing_vats[i], bare, n);
        }
    }

    return n >= 4;
}


bool
billing_siren_valid(const char *text)
{
    size_t    len = strlen(text);
    unsigned  digit, sum = 0;

    if (len != BILLING_SIREN_LEN || strspn(text, "0123456789") != len) {
        return false;
    }

    /* As in a card's number: every second digit counts twice. */

    for (size_t i = 0; i < len; i++) {
        digit = (unsigned) (text[i] - '0') << (i & 1);
        sum += digit > 9 ? digit - 9 : digit;
    }

    return sum % 10 == 0;
}


/* Capitals and digits alone; 0 when there is anything else, or too much. */

static size_t
billing_vat_bare(const char *text, size_t len, char bare[BILLING_VAT_MAX])
{
    char    c;
    size_t  n = 0;

    for (size_t i = 0; i < len; i++) {
        c = text[i];

        if (c == ' ' || c == '.' || c == '-') {
            continue;
        }

        if (c >= 'a' && c <= 'z') {
            c = (char) (c - 'a' + 'A');
        }

        if ((!billing_vat_digit(c) && !billing_vat_letter(c))
            || n == BILLING_VAT_MAX)
        {
            return 0;
        }

        bare[n++] = c;
    }

    return n;
}


static bool
billing_vat_shaped(const billing_vat_row_t *row, const char *text,
    size_t len)
{
    bool         prefixed;
    const char  *shape;

    prefixed = len > 2 && memcmp(text, row->prefix, 2) == 0;

    for (size_t i = 0; i < BILLING_VAT_SHAPES && row->shapes[i] != NULL; i++) {
        shape = row->shapes[i];

        if (billing_vat_matches(shape, text, len)
            || (prefixed && billing_vat_matches(shape, text + 2, len - 2)))
        {
            return true;
        }
    }

    return false;
}


static bool
billing_vat_matches(const char *shape, const char *text, size_t len)
{
    if (strlen(shape) != len) {
        return false;
    }

    for (size_t i = 0; i < len; i++) {
        bool  digit = billing_vat_digit(text[i]);

        if (shape[i] == '#' ? !digit
            : shape[i] == '@' ? digit
            : shape[i] != '*' && shape[i] != text[i])
        {
            return false;
        }
    }

    return true;
}


static bool
billing_vat_digit(char c)
{
    return c >= '0' && c <= '9';
}


static bool
billing_vat_letter(char c)
{
    return c >= 'A' && c <= 'Z';
}
