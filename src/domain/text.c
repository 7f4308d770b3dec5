/* Text that people type: addresses, ids, names, and what must not be there. */

#include "billing_domain.h"

#include <string.h>

#define BILLING_LOCAL_MAX   64          /* RFC 5321 */
#define BILLING_LABEL_MAX   63          /* RFC 1035 */
#define BILLING_LETTER_BIT  0x40        /* in ASCII, neither digit nor "-" */
#define BILLING_CARD_MIN    13
#define BILLING_CARD_MAX    19

/* Digits of one run that are looked at together. */
#define BILLING_RUN_MAX     256


typedef struct {
    unsigned  n;
    uint8_t   digits[BILLING_RUN_MAX];
    bool      starts[BILLING_RUN_MAX + 1];  /* a group of digits begins here */
} billing_digits_t;


static bool billing_email_special(const char *text, size_t at);
static bool billing_email_domain(const char *text, size_t len, char *out);
static size_t billing_utf8_next(const unsigned char *p,
    const unsigned char *end, uint32_t *point);
static bool billing_name_point(uint32_t point);
static size_t billing_digits_run(const char *text, size_t len,
    billing_digits_t *run);
static bool billing_digits_card(const billing_digits_t *run);
static bool billing_luhn(const uint8_t *digits, unsigned n);


/*
 * Letters, in lower case, digits, "-" and "_"; 0 for the rest.  A table,
 * because the gate reads an address and an id with every request.
 */

static const char  billing_text_plain[256] = {
    ['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4',
    ['5'] = '5', ['6'] = '6', ['7'] = '7', ['8'] = '8', ['9'] = '9',

    ['a'] = 'a', ['b'] = 'b', ['c'] = 'c', ['d'] = 'd', ['e'] = 'e',
    ['f'] = 'f', ['g'] = 'g', ['h'] = 'h', ['i'] = 'i', ['j'] = 'j',
    ['k'] = 'k', ['l'] = 'l', ['m'] = 'm', ['n'] = 'n', ['o'] = 'o',
    ['p'] = 'p', ['q'] = 'q', ['r'] = 'r', ['s'] = 's', ['t'] = 't',
    ['u'] = 'u', ['v'] = 'v', ['w'] = 'w', ['x'] = 'x', ['y'] = 'y',
    ['z'] = 'z',

    ['A'] = 'a', ['B'] = 'b', ['C'] = 'c', ['D'] = 'd', ['E'] = 'e',
    ['F'] = 'f', ['G'] = 'g', ['H'] = 'h', ['I'] = 'i', ['J'] = 'j',
    ['K'] = 'k', ['L'] = 'l', ['M'] = 'm', ['N'] = 'n', ['O'] = 'o',
    ['P'] = 'p', ['Q'] = 'q', ['R'] = 'r', ['S'] = 's', ['T'] = 't',
    ['U'] = 'u', ['V'] = 'v', ['W'] = 'w', ['X'] = 'x', ['Y'] = 'y',
    ['Z'] = 'z',

    ['-'] = '-', ['_'] = '_'
};


billing_err_t
billing_email_normalise(const char *text, size_t len, char *out)
{
    size_t  at;

    if (len > BILLING_EMAIL_MAX) {
        return BILLING_EFORMAT;
    }

    /* Atoms joined by single dots; quoted forms are not taken. */

    for (at = 0; at < len && text[at] != '@'; at++) {
        out[at] = billing_text_plain[(uint8_t) text[at]];

        if (out[at] == '\0') {

            if (!billing_email_special(text, at)) {
                return BILLING_EFORMAT;
            }

            out[at] = text[at];
        }
    }

    if (at == len || at == 0 || at > BILLING_LOCAL_MAX || text[at - 1] == '.'
        || !billing_email_domain(text + at + 1, len - at - 1, out + at + 1))
    {
        return BILLING_EFORMAT;
    }

    out[at] = '@';
    out[len] = '\0';

    return BILLING_OK;
}


billing_err_t
billing_domain_normalise(const char *text, size_t len, char *out)
{
    if (len > BILLING_DOMAIN_MAX || !billing_email_domain(text, len, out)) {
        return BILLING_EFORMAT;
    }

    out[len] = '\0';

    return BILLING_OK;
}


bool
billing_id_valid(const char *text, size_t len)
{
    if (len == 0 || len > BILLING_ID_MAX) {
        return false;
    }

    for (size_t i = 0; i < len; i++) {
        if (billing_text_plain[(uint8_t) text[i]] == '\0') {
            return false;
        }
    }

    return true;
}


bool
billing_name_valid(const char *text, size_t len)
{
    bool                  visible = false;
    size_t                n;
    uint32_t              point;
    const unsigned char  *p = (const unsigned char *) text;
    const unsigned char  *end = p + len;

    if (len == 0 || len > BILLING_NAME_MAX) {
        return false;
    }

    while (p < end) {
        n = billing_utf8_next(p, end, &point);

        if (n == 0 || !billing_name_point(point)) {
            return false;
        }

        visible = visible || (point != ' ' && point != 0xa0);
        p += n;
    }

    return visible;
}


bool
billing_looks_like_card(const char *text, size_t len)
{
    size_t            i = 0;
    billing_digits_t  run;

    while (i < len) {
        i += billing_digits_run(text + i, len - i, &run);

        if (billing_digits_card(&run)) {
            return true;
        }
    }

    return false;
}


/* What else a local part may have, dots not together. */

static bool
billing_email_special(const char *text, size_t at)
{
    if (text[at] == '.') {
        return at != 0 && text[at - 1] != '.';
    }

    return text[at] != '\0' && strchr("!#$%&'*+/=?^`{|}~", text[at]) != NULL;
}


/* Two labels at least, so that no bare host name is mailed to. */

static bool
billing_email_domain(const char *text, size_t len, char *out)
{
    char    c, bits;
    size_t  i = 0, start, labels = 0;

    for ( ;; ) {
        bits = 0;

        for (start = i; i < len; i++) {
            c = billing_text_plain[(uint8_t) text[i]];

            if (c == '\0' || c == '_') {
                break;
            }

            bits |= c;
            out[i] = c;
        }

        if (i == start || i - start > BILLING_LABEL_MAX
            || text[start] == '-' || text[i - 1] == '-')
        {
            return false;
        }

        labels++;

        if (i == len) {
            /* The last has a letter: "a@127.0.0.1" is no mailbox. */
            return labels >= 2 && (bits & BILLING_LETTER_BIT) != 0;
        }

        if (text[i] != '.') {
            return false;
        }

        out[i++] = '.';
    }
}


/* Bytes of the code point at p, or 0 when they are not shortest-form UTF-8. */

static size_t
billing_utf8_next(const unsigned char *p, const unsigned char *end,
    uint32_t *point)
{
    static const uint32_t  least[5] = { 0, 0, 0x80, 0x800, 0x10000 };

    size_t  n;

    if (*p < 0x80) {
        *point = *p;
        return 1;
    }

    if (*p < 0xc2 || *p > 0xf4) {
        return 0;
    }

    n = *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
    *point = *p & (0x7fu >> n);

    if ((size_t) (end - p) < n) {
        return 0;
    }

    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }

        *point = *point << 6 | (p[i] & 0x3fu);
    }

    return *point >= least[n] && *point <= 0x10ffff
           && (*point < 0xd800 || *point > 0xdfff) ? n : 0;
}


/*
 * No control characters, and none of the invisible ones that break lines or
 * turn the direction of the text around a name.
 */

static bool
billing_name_point(uint32_t point)
{
    if (point < 0x20 || (point >= 0x7f && point <= 0x9f)) {
        return false;
    }

    return !(point >= 0x2028 && point <= 0x202e)
           && !(point >= 0x2066 && point <= 0x2069) && point != 0xfeff;
}


/*
 * Collects a run of digits with at most two blanks or dashes between groups;
 * answers how many bytes were read, at least one.
 */

static size_t
billing_digits_run(const char *text, size_t len, billing_digits_t *run)
{
    size_t    i = 0;
    unsigned  gap = 0;

    run->n = 0;

    while (i < len && run->n < BILLING_RUN_MAX) {
        char  c = text[i];

        if (c >= '0' && c <= '9') {
            run->starts[run->n] = run->n == 0 || gap != 0;
            run->digits[run->n++] = (uint8_t) (c - '0');
            gap = 0;

        } else if (run->n == 0 || gap == 2 || (c != ' ' && c != '-')) {
            break;

        } else {
            gap++;
        }

        i++;
    }

    run->starts[run->n] = true;

    return i == 0 ? 1 : i;
}


/*
 * Whole groups only: digits inside a longer number are not a card, or every
 * tenth long number would be one.
 */

static bool
billing_digits_card(const billing_digits_t *run)
{
    for (unsigned from = 0; from + BILLING_CARD_MIN <= run->n; from++) {

        for (unsigned n = BILLING_CARD_MIN;
             n <= BILLING_CARD_MAX && from + n <= run->n;
             n++)
        {
            if (run->starts[from] && run->starts[from + n]
                && billing_luhn(run->digits + from, n))
            {
                return true;
            }
        }
    }

    return false;
}


static bool
billing_luhn(const uint8_t *digits, unsigned n)
{
    unsigned  sum = 0;

    for (unsigned i = 0; i < n; i++) {
        unsigned  digit = digits[n - 1 - i];

        if (i % 2 == 1) {
            digit *= 2;
        }

        sum += digit > 9 ? digit - 9 : digit;
    }

    return sum % 10 == 0;
}


char
billing_json_bracket(billing_json_scan_t *scan)
{
    while (scan->at < scan->len) {
        char  c = scan->text[scan->at++];

        if (scan->quoted) {
            scan->at += c == '\\';
            scan->quoted = c != '"';
            continue;
        }

        scan->quoted = c == '"';

        if (c == '{' || c == '[' || c == '}' || c == ']') {
            return c;
        }
    }

    return '\0';
}


bool
billing_json_shallow(const char *text, size_t len, unsigned max)
{
    char                 c;
    unsigned             depth = 0;
    billing_json_scan_t  scan = { .text = text, .len = len };

    while ((c = billing_json_bracket(&scan)) != '\0') {

        if (c == '{' || c == '[') {
            if (++depth > max) {
                return false;
            }

        } else if (depth > 0) {
            depth--;
        }
    }

    return true;
}
