/*
 * One mail as bytes: RFC 5322 headers; what is below them is letter_part.c's.
 * Nothing that a person typed reaches a header except encoded, or checked to
 * be one mailbox.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "billing_infra.h"

#define BILLING_LETTER_SUBJECT_MAX  200     /* bytes of UTF-8 */
#define BILLING_LETTER_WORD_MAX     42      /* bytes in one encoded word */

static void billing_letter_word(billing_letter_buffer_t *out,
    const char *text);
static void billing_letter_lang(billing_letter_buffer_t *out,
    const char *lang);
static void billing_letter_date(billing_letter_buffer_t *out, int64_t at);


void
billing_letter_add(billing_letter_buffer_t *out, const char *text, size_t len)
{
    size_t   max;
    char    *grown;

    if (out->len + len + 1 > out->max && !out->failed) {
        max = (out->len + len + 1) * 2;

        grown = realloc(out->bytes, max);
        out->failed = (grown == NULL);
        out->bytes = grown ? grown : out->bytes;
        out->max = grown ? max : out->max;
    }

    if (!out->failed) {
        memcpy(out->bytes + out->len, text, len);
        out->len += len;
        out->bytes[out->len] = '\0';
    }
}


void
billing_letter_put(billing_letter_buffer_t *out, const char *text)
{
    billing_letter_add(out, text, strlen(text));
}


static bool
billing_letter_mailbox(const char *text)
{
    char  copy[BILLING_EMAIL_MAX + 1];

    return billing_email_normalise(text, strlen(text), copy) == BILLING_OK;
}


/* What is between the angle brackets: ours, but checked like the rest. */

static bool
billing_letter_id(const char *text)
{
    size_t  len = strlen(text);

    for (size_t i = 0; i < len; i++) {
        if (text[i] <= 0x20 || text[i] > 0x7e || text[i] == '<'
            || text[i] == '>')
        {
            return false;
        }
    }

    return len > 2 && len < 200;
}


char *
billing_letter_format(const billing_letter_t *letter, size_t *len)
{
    billing_letter_buffer_t  out = { .bytes = NULL };

    if (!billing_letter_mailbox(letter->to)
        || !billing_letter_mailbox(letter->from)
        || !billing_letter_id(letter->message_id))
    {
        return NULL;
    }

    billing_letter_put(&out, "From: ");
    billing_letter_word(&out, letter->from_name);
    billing_letter_put(&out, "\r\n <");
    billing_letter_put(&out, letter->from);
    billing_letter_put(&out, ">\r\nTo: <");
    billing_letter_put(&out, letter->to);
    billing_letter_put(&out, ">\r\nSubject: ");
    billing_letter_word(&out, letter->subject);
    billing_letter_put(&out, "\r\nDate: ");
    billing_letter_date(&out, letter->at);
    billing_letter_put(&out, "\r\nMessage-ID: <");
    billing_letter_put(&out, letter->message_id);
    billing_letter_put(&out, ">\r\nMIME-Version: 1.0\r\n"
                             "Auto-Submitted: auto-generated\r\n");
    billing_letter_lang(&out, letter->lang);
    billing_letter_body(&out, letter);

    if (out.failed) {
        free(out.bytes);
        return NULL;
    }

    *len = out.len;

    return out.bytes;
}


/* "fr" and the like: nothing that could be a header of its own. */

static void
billing_letter_lang(billing_letter_buffer_t *out, const char *lang)
{
    if (lang != NULL && strlen(lang) == 2
        && strspn(lang, "abcdefghijklmnopqrstuvwxyz") == 2)
    {
        billing_letter_put(out, "Content-Language: ");
        billing_letter_put(out, lang);
        billing_letter_put(out, "\r\n");
    }
}


/* --- header words: RFC 2047 ----------------------------------------------- */


static bool
billing_letter_plain(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char  c = text[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9') || c == ' ' || c == '-'))
        {
            return false;
        }
    }

    return len > 0 && len <= BILLING_LETTER_WORD_MAX && text[0] != ' '
           && text[len - 1] != ' ';
}


/* At most max bytes, never ending inside a character. */

size_t
billing_letter_cut(const char *text, size_t len, size_t max)
{
    if (len <= max) {
        return len;
    }

    while (max > 0 && ((unsigned char) text[max] & 0xc0) == 0x80) {
        max--;
    }

    return max;
}


void
billing_letter_base64(billing_letter_buffer_t *out, const unsigned char *in,
    size_t len)
{
    char               quad[4];
    uint32_t           v;
    static const char  digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < len; i += 3) {
        v = (uint32_t) in[i] << 16;
        v |= (i + 1 < len) ? (uint32_t) in[i + 1] << 8 : 0;
        v |= (i + 2 < len) ? in[i + 2] : 0;

        quad[0] = digits[v >> 18];
        quad[1] = digits[v >> 12 & 63];
        quad[2] = (i + 1 < len) ? digits[v >> 6 & 63] : '=';
        quad[3] = (i + 2 < len) ? digits[v & 63] : '=';
        billing_letter_add(out, quad, 4);
    }
}


static void
billing_letter_word(billing_letter_buffer_t *out, const char *text)
{
    size_t         n, len;
    char           clean[BILLING_LETTER_SUBJECT_MAX + 1];
    const char    *rest = clean;

    len = billing_letter_cut(text, strlen(text), BILLING_LETTER_SUBJECT_MAX);

    for (size_t i = 0; i < len; i++) {
        clean[i] = ((unsigned char) text[i] < 0x20 || text[i] == 0x7f)
                   ? ' ' : text[i];
    }

    if (billing_letter_plain(clean, len)) {
        billing_letter_add(out, clean, len);
        return;
    }

    clean[len] = '\0';

    while (len > 0) {
        n = billing_letter_cut(rest, len, BILLING_LETTER_WORD_MAX);
        n = (n == 0) ? len : n;             /* not UTF-8: in one piece */

        billing_letter_put(out, "=?UTF-8?B?");
        billing_letter_base64(out, (const unsigned char *) rest, n);
        billing_letter_put(out, (n < len) ? "?=\r\n " : "?=");

        rest += n;
        len -= n;
    }
}


static void
billing_letter_date(billing_letter_buffer_t *out, int64_t at)
{
    char               text[64];
    time_t             when = (time_t) at;
    struct tm          tm;
    static const char  days[] = "SunMonTueWedThuFriSat";
    static const char  months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    (void) gmtime_r(&when, &tm);
    (void) snprintf(text, sizeof(text),
                    "%.3s, %d %.3s %d %02d:%02d:%02d +0000",
                    days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon,
                    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
    billing_letter_put(out, text);
}
