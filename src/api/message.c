/* What is said to people, in their language. */

#include "billing_api.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BILLING_TEXT_KEY_MAX     96
#define BILLING_PLACEHOLDER_MAX  32


typedef struct {
    char    *data;                      /* NULL while only measuring */
    size_t   len;
} billing_text_out_t;


static void billing_text_load(void);
static json_t *billing_text_parse(const char *bytes, size_t len);
static bool billing_text_complete(const char *text, const json_t *args);
static void billing_text_fill(const char *text, const json_t *args,
    billing_text_out_t *out);
static size_t billing_text_placeholder(const char *text,
    char name[BILLING_PLACEHOLDER_MAX + 1]);
static bool billing_text_value(const json_t *args, const char *name,
    billing_text_out_t *out);
static void billing_text_add(billing_text_out_t *out, const char *text,
    size_t len);


/* Key to {"en","fr"}; written once, read by every thread from then on. */

static json_t          *billing_texts;
static billing_err_t    billing_texts_err = BILLING_ENOMEM;
static pthread_once_t   billing_texts_once = PTHREAD_ONCE_INIT;


billing_err_t
billing_text_init(void)
{
    (void) pthread_once(&billing_texts_once, billing_text_load);

    return billing_texts_err;
}


billing_err_t
billing_text_more(const char *bytes, size_t len)
{
    int      failed;
    json_t  *more;

    if (billing_text_init() != BILLING_OK) {
        return billing_texts_err;
    }

    more = billing_text_parse(bytes, len);

    if (more == NULL) {
        return BILLING_EFORMAT;
    }

    failed = json_object_update_missing(billing_texts, more);
    json_decref(more);

    return failed ? BILLING_ENOMEM : BILLING_OK;
}


const char *
billing_text(const char *key, billing_lang_t lang)
{
    const char  *text = billing_text_exact(key, lang);

    if (text == NULL) {
        text = billing_text_exact(key, BILLING_LANG_EN);
    }

    return text != NULL ? text : key;
}


const char *
billing_text_exact(const char *key, billing_lang_t lang)
{
    const json_t  *entry;

    if (billing_text_init() != BILLING_OK) {
        return NULL;
    }

    entry = json_object_get(billing_texts, key);

    return json_string_value(json_object_get(entry, billing_lang_name(lang)));
}


const char *
billing_text_key(size_t n)
{
    void  *iter;

    if (billing_text_init() != BILLING_OK) {
        return NULL;
    }

    iter = json_object_iter(billing_texts);

    while (iter != NULL && n-- > 0) {
        iter = json_object_iter_next(billing_texts, iter);
    }

    return iter != NULL ? json_object_iter_key(iter) : NULL;
}


char *
billing_text_format(const char *key, billing_lang_t lang, const json_t *args)
{
    char                 plain[BILLING_TEXT_KEY_MAX];
    const char          *text = billing_text(key, lang);
    const char          *other;
    billing_text_out_t   out = { NULL, 0 };

    if (!billing_text_complete(text, args)) {
        (void) snprintf(plain, sizeof(plain), "%s.plain", key);
        other = billing_text(plain, lang);
        text = other != plain ? other : text;
    }

    billing_text_fill(text, args, &out);

    out.data = malloc(out.len + 1);

    if (out.data == NULL) {
        return NULL;
    }

    out.len = 0;
    billing_text_fill(text, args, &out);
    out.data[out.len] = '\0';

    return out.data;
}


static void
billing_text_load(void)
{
    int      failed;
    json_t  *mail;

    billing_texts = billing_text_parse(billing_messages_api,
                                       billing_messages_api_len);
    mail = billing_text_parse(billing_messages_mail,
                              billing_messages_mail_len);

    if (billing_texts == NULL || mail == NULL) {
        billing_texts_err = BILLING_EFORMAT;
        json_decref(mail);
        return;
    }

    failed = json_object_update_missing(billing_texts, mail);
    json_decref(mail);

    billing_texts_err = failed ? BILLING_ENOMEM : BILLING_OK;
}


/* Only a table of objects of texts is taken. */

static json_t *
billing_text_parse(const char *bytes, size_t len)
{
    json_t        *json, *entry, *text;
    const char    *key, *lang;
    json_error_t   error;

    json = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &error);

    if (!json_is_object(json)) {
        json_decref(json);
        return NULL;
    }

    json_object_foreach(json, key, entry) {

        if (!json_is_object(entry)) {
            json_decref(json);
            return NULL;
        }

        json_object_foreach(entry, lang, text) {

            if (!json_is_string(text)) {
                json_decref(json);
                return NULL;
            }
        }
    }

    return json;
}


static bool
billing_text_complete(const char *text, const json_t *args)
{
    char    name[BILLING_PLACEHOLDER_MAX + 1];
    size_t  n;

    while (*text != '\0') {
        billing_text_out_t  nowhere = { NULL, 0 };

        n = billing_text_placeholder(text, name);

        if (n > 0 && !billing_text_value(args, name, &nowhere)) {
            return false;
        }

        text += n > 0 ? n : 1;
    }

    return true;
}


static void
billing_text_fill(const char *text, const json_t *args,
    billing_text_out_t *out)
{
    char    name[BILLING_PLACEHOLDER_MAX + 1];
    size_t  n;

    while (*text != '\0') {
        n = billing_text_placeholder(text, name);

        if (n > 0) {
            (void) billing_text_value(args, name, out);
            text += n;
            continue;
        }

        billing_text_add(out, text++, 1);
    }
}


/* The length of the "{name}" that text begins with, or 0. */

static size_t
billing_text_placeholder(const char *text,
    char name[BILLING_PLACEHOLDER_MAX + 1])
{
    size_t  n;

    if (*text != '{') {
        return 0;
    }

    n = strspn(text + 1, "abcdefghijklmnopqrstuvwxyz0123456789_");

    if (n == 0 || n > BILLING_PLACEHOLDER_MAX || text[n + 1] != '}') {
        return 0;
    }

    memcpy(name, text + 1, n);
    name[n] = '\0';

    return n + 2;
}


/* Texts and integers; there are no other numbers. */

static bool
billing_text_value(const json_t *args, const char *name,
    billing_text_out_t *out)
{
    int            n;
    char           digits[24];
    const json_t  *value = json_object_get(args, name);

    if (json_is_string(value)) {
        billing_text_add(out, json_string_value(value),
                         json_string_length(value));
        return true;
    }

    if (!json_is_integer(value)) {
        return false;
    }

    n = snprintf(digits, sizeof(digits), "%" JSON_INTEGER_FORMAT,
                 json_integer_value(value));
    billing_text_add(out, digits, n > 0 ? (size_t) n : 0);

    return true;
}


static void
billing_text_add(billing_text_out_t *out, const char *text, size_t len)
{
    if (out->data != NULL) {
        memcpy(out->data + out->len, text, len);
    }

    out->len += len;
}
