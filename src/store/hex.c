/* Bytes and numbers as text, each with exactly one spelling. */

#include "billing_store.h"

#include <string.h>


static int billing_hex_digit(char c);
static int billing_base64_digit(char c);


static const char  billing_hex_digits[] = "0123456789abcdef";
static const char  billing_base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";


void
billing_hex(const uint8_t *bytes, size_t len, char *out)
{
    for (size_t i = 0; i < len; i++) {
        *out++ = billing_hex_digits[bytes[i] >> 4];
        *out++ = billing_hex_digits[bytes[i] & 15];
    }

    *out = '\0';
}


billing_err_t
billing_unhex(const char *text, size_t len, uint8_t *out)
{
    if (len % 2 != 0) {
        return BILLING_EFORMAT;
    }

    for (size_t i = 0; i < len; i += 2) {
        int  high = billing_hex_digit(text[i]);
        int  low = billing_hex_digit(text[i + 1]);

        if (high < 0 || low < 0) {
            return BILLING_EFORMAT;
        }

        *out++ = (uint8_t) (high << 4 | low);
    }

    return BILLING_OK;
}


size_t
billing_base64url(const uint8_t *bytes, size_t len, char *out)
{
    char      *start = out;
    uint32_t   bits = 0;
    unsigned   n = 0;

    for (size_t i = 0; i < len; i++) {
        bits = bits << 8 | bytes[i];
        n += 8;

        while (n >= 6) {
            n -= 6;
            *out++ = billing_base64_digits[bits >> n & 63];
        }
    }

    if (n > 0) {
        *out++ = billing_base64_digits[bits << (6 - n) & 63];
    }

    *out = '\0';

    return (size_t) (out - start);
}


billing_err_t
billing_unbase64url(const char *text, size_t len, billing_buffer_t *out)
{
    uint32_t  bits = 0;
    unsigned  n = 0;

    out->len = 0;

    if (len % 4 == 1) {
        return BILLING_EFORMAT;
    }

    for (size_t i = 0; i < len; i++) {
        int  digit = billing_base64_digit(text[i]);

        if (digit < 0) {
            return BILLING_EFORMAT;
        }

        bits = bits << 6 | (uint32_t) digit;
        n += 6;

        if (n < 8) {
            continue;
        }

        if (out->len == out->max) {
            return BILLING_ERANGE;
        }

        n -= 8;
        out->data[out->len++] = (uint8_t) (bits >> n);
    }

    /* Bits left over must be zero, or one value would have many spellings. */

    if ((bits & ((1u << n) - 1)) != 0) {
        return BILLING_EFORMAT;
    }

    return BILLING_OK;
}


billing_err_t
billing_digits(const char *text, size_t len, uint64_t *out)
{
    uint64_t  value = 0;

    if (len == 0 || (len > 1 && text[0] == '0')) {
        return BILLING_EFORMAT;
    }

    for (size_t i = 0; i < len; i++) {
        unsigned  digit = (unsigned) text[i] - '0';

        if (digit > 9 || value > (UINT64_MAX - digit) / 10) {
            return BILLING_EFORMAT;
        }

        value = value * 10 + digit;
    }

    *out = value;

    return BILLING_OK;
}


static int
billing_hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }

    return -1;
}


static int
billing_base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }

    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }

    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }

    if (c == '-') {
        return 62;
    }

    return c == '_' ? 63 : -1;
}
