/*
 * Amounts and days as people read them, in mails and on paper: letter for
 * letter what Intl says in the browser for en-US and fr-FR, which a test
 * compares.
 */

#include "billing_api.h"

#include <stdio.h>
#include <string.h>

#define BILLING_NARROW  "\xe2\x80\xaf"      /* U+202F between thousands */
#define BILLING_BLANK   "\xc2\xa0"          /* U+00A0 beside the currency */

typedef struct {
    char  code[4];
    char  sign[BILLING_LANGS][8];       /* "" the code itself */
} billing_amount_sign_t;


/* Where a sign says it as clearly as the code; the others have their code. */

static const billing_amount_sign_t  billing_amount_signs[] = {
    { "ARS", { "", "$AR" } },  { "AUD", { "A$", "$AU" } },
    { "BMD", { "", "$BM" } },  { "BND", { "", "$BN" } },
    { "BRL", { "R$", "R$" } }, { "BZD", { "", "$BZ" } },
    { "CAD", { "CA$", "$CA" } }, { "CLP", { "", "$CL" } },
    { "CNY", { "CN¥", "" } },  { "COP", { "", "$CO" } },
    { "EUR", { "€", "€" } },   { "FJD", { "", "$FJ" } },
    { "FKP", { "", "£FK" } },  { "GBP", { "£", "£GB" } },
    { "GIP", { "", "£GI" } },  { "HKD", { "HK$", "" } },
    { "ILS", { "₪", "₪" } },   { "INR", { "₹", "₹" } },
    { "JPY", { "¥", "" } },    { "KRW", { "₩", "₩" } },
    { "LBP", { "", "£LB" } },  { "MXN", { "MX$", "$MX" } },
    { "NAD", { "", "$NA" } },  { "NZD", { "NZ$", "$NZ" } },
    { "PHP", { "₱", "" } },    { "SBD", { "", "$SB" } },
    { "SGD", { "", "$SG" } },  { "SRD", { "", "$SR" } },
    { "TTD", { "", "$TT" } },  { "TWD", { "NT$", "" } },
    { "USD", { "$", "$US" } }, { "UYU", { "", "$UY" } },
    { "VND", { "₫", "₫" } },   { "WST", { "", "$WS" } }
};

#define BILLING_AMOUNT_SIGNS                                                  \
    (sizeof(billing_amount_signs) / sizeof(billing_amount_signs[0]))


static const char *billing_amount_sign(const char *code, billing_lang_t lang);
static json_t *billing_amount_word(const json_t *value, billing_lang_t lang);
static json_t *billing_amount_moment(int64_t at, billing_lang_t lang);
static size_t billing_amount_digits(uint64_t value, billing_lang_t lang,
    char *out);


/* "20" or "5.5" of a hundred or of ten thousand, else NULL. */

json_t *
billing_percent_json(int64_t numerator, int64_t denominator,
    billing_lang_t lang)
{
    int        part;
    char       text[40];
    int64_t    permyriad = numerator;
    long long  whole;

    if (denominator == 100) {
        if (permyriad > INT64_MAX / 100) {
            return NULL;
        }

        permyriad *= 100;
    }

    if ((denominator != 100 && denominator != 10000) || permyriad < 0) {
        return NULL;
    }

    whole = (long long) (permyriad / 100);
    part = (int) (permyriad % 100);

    if (part == 0) {
        (void) snprintf(text, sizeof(text), "%lld", whole);
        return json_string(text);
    }

    (void) snprintf(text, sizeof(text), part % 10 == 0 ? "%lld%c%01d"
                                                       : "%lld%c%02d",
                    whole, lang == BILLING_LANG_FR ? ',' : '.',
                    part % 10 == 0 ? part / 10 : part);

    return json_string(text);
}


/* --- arguments without a language ----------------------------------------- */


json_t *
billing_amount_json(billing_money_t amount)
{
    return json_pack("{s:I, s:s}", "minor", (json_int_t) amount.minor,
                     "currency", billing_currency_code(amount.currency));
}


json_t *
billing_day_json(billing_date_t date)
{
    char  text[BILLING_DAY_TEXT_MAX];

    (void) snprintf(text, sizeof(text), "%04d-%02d-%02d", (int) date.year,
                    date.month, date.day);

    return json_pack("{s:s}", "day", text);
}


json_t *
billing_moment_json(int64_t at)
{
    return json_pack("{s:I}", "moment", (json_int_t) at);
}


json_t *
billing_words_json(const json_t *args, billing_lang_t lang)
{
    json_t      *words, *word;
    const char  *key;
    json_t      *value;

    words = json_object();

    json_object_foreach((json_t *) (uintptr_t) args, key, value) {
        word = json_is_object(value) ? billing_amount_word(value, lang)
                                     : json_incref(value);

        if (json_object_set_new(words, key, word) != 0) {
            json_decref(words);
            return NULL;
        }
    }

    return words;
}


static json_t *
billing_amount_word(const json_t *value, billing_lang_t lang)
{
    bool             only;
    char             text[BILLING_AMOUNT_MAX];
    int64_t          at;
    const char      *day, *code;
    billing_money_t  amount;

    day = json_string_value(json_object_get(value, "day"));

    if (day != NULL
        && billing_instant_parse(day, strlen(day), &at, &only) == BILLING_OK)
    {
        billing_day_text(billing_date_of(at), lang, text);
        return json_string(text);
    }

    if (json_object_get(value, "moment") != NULL) {
        return billing_amount_moment(
            json_integer_value(json_object_get(value, "moment")), lang);
    }

    code = json_string_value(json_object_get(value, "currency"));

    if (code == NULL) {
        return NULL;
    }

    amount.minor = json_integer_value(json_object_get(value, "minor"));
    amount.currency = billing_currency_parse(code, strlen(code));
    billing_amount_text(amount, lang, text);

    return json_string(text);
}


/* "March 1, 2026, 09:30 UTC": to the minute, so with its zone. */

static json_t *
billing_amount_moment(int64_t at, billing_lang_t lang)
{
    char  day[BILLING_DAY_TEXT_MAX], text[BILLING_DAY_TEXT_MAX + 32];
    int   minute = (int) (at / 60 % (24 * 60));

    billing_day_text(billing_date_of(at), lang, day);
    (void) snprintf(text, sizeof(text), "%s%s%02d:%02d UTC", day,
                    lang == BILLING_LANG_FR ? " à " : ", ", minute / 60,
                    minute % 60);

    return json_string(text);
}


/* English: "-$1,234.56", "CHF 1,234.56"; French: "-1 234,56 $US". */

void
billing_amount_text(billing_money_t amount, billing_lang_t lang,
    char out[BILLING_AMOUNT_MAX])
{
    char         digits[48], part[16] = "";
    bool         coded;
    unsigned     places = billing_currency_exponent(amount.currency);
    uint64_t     whole, unit = 1;
    const char  *code = billing_currency_code(amount.currency);
    const char  *sign = billing_amount_sign(code, lang);
    const char  *minus = amount.minor < 0 ? "-" : "";

    whole = amount.minor < 0 ? 0 - (uint64_t) amount.minor
                             : (uint64_t) amount.minor;

    for (unsigned i = 0; i < places; i++) {
        unit *= 10;
    }

    if (places > 0) {
        (void) snprintf(part, sizeof(part), "%c%0*llu",
                        lang == BILLING_LANG_FR ? ',' : '.', (int) places,
                        (unsigned long long) (whole % unit));
    }

    (void) billing_amount_digits(whole / unit, lang, digits);
    coded = sign == code;

    if (lang == BILLING_LANG_FR) {
        (void) snprintf(out, BILLING_AMOUNT_MAX, "%s%s%s" BILLING_BLANK "%s",
                        minus, digits, part, sign);
        return;
    }

    (void) snprintf(out, BILLING_AMOUNT_MAX, "%s%s%s%s%s", minus, sign,
                    coded ? BILLING_BLANK : "", digits, part);
}


static const char *
billing_amount_sign(const char *code, billing_lang_t lang)
{
    for (size_t i = 0; i < BILLING_AMOUNT_SIGNS; i++) {
        const billing_amount_sign_t  *row = &billing_amount_signs[i];

        if (strcmp(row->code, code) == 0 && row->sign[lang][0] != '\0') {
            return row->sign[lang];
        }
    }

    return code;
}


void
billing_count_text(int64_t count, billing_lang_t lang,
    char out[BILLING_AMOUNT_MAX])
{
    uint64_t  value = count < 0 ? 0 - (uint64_t) count : (uint64_t) count;
    size_t    n = 0;

    if (count < 0) {
        out[n++] = '-';
    }

    (void) billing_amount_digits(value, lang, out + n);
}


static size_t
billing_amount_digits(uint64_t value, billing_lang_t lang, char *out)
{
    int          n;
    char         plain[24];
    char        *p = out;
    const char  *group = lang == BILLING_LANG_FR ? BILLING_NARROW : ",";

    n = snprintf(plain, sizeof(plain), "%llu", (unsigned long long) value);

    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0) {
            memcpy(p, group, strlen(group));
            p += strlen(group);
        }

        *p++ = plain[i];
    }

    *p = '\0';

    return (size_t) (p - out);
}


/* "November 23, 2026", "23 novembre 2026". */

void
billing_day_text(billing_date_t date, billing_lang_t lang,
    char out[BILLING_DAY_TEXT_MAX])
{
    static const char *const  months[BILLING_LANGS][12] = {
        { "January", "February", "March", "April", "May", "June", "July",
          "August", "September", "October", "November", "December" },
        { "janvier", "février", "mars", "avril", "mai", "juin", "juillet",
          "août", "septembre", "octobre", "novembre", "décembre" }
    };

    const char  *month = months[lang][(date.month + 11) % 12];

    if (lang == BILLING_LANG_FR) {
        (void) snprintf(out, BILLING_DAY_TEXT_MAX, "%d %s %d", date.day,
                        month, (int) date.year);
        return;
    }

    (void) snprintf(out, BILLING_DAY_TEXT_MAX, "%s %d, %d", month, date.day,
                    (int) date.year);
}
