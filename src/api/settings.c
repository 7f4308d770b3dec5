/* billing.json: the whole, and the short sections. */

#include "billing_api.h"

#include <stdio.h>
#include <string.h>

#define BILLING_SETTINGS_SCHEMA  1
#define BILLING_SETTINGS_DEPTH   16
#define BILLING_QUOTE_TTL        1800       /* seconds: half an hour */
#define BILLING_QUOTE_TTL_MAX    86400


static billing_err_t billing_settings_fail(billing_reader_t *reader,
    const char *what);
static void billing_settings_root(billing_reader_t *reader,
    const json_t *root, billing_settings_t *out);
static void billing_settings_dunning(billing_reader_t *reader,
    const json_t *root, billing_settings_t *out);
static void billing_settings_habits(billing_reader_t *reader,
    const json_t *root, billing_settings_t *out);
static void billing_settings_refunds(billing_reader_t *reader,
    const json_t *root, billing_settings_t *out);
static void billing_settings_mail(billing_reader_t *reader,
    const json_t *root, billing_settings_t *out);
static void billing_settings_relay(billing_reader_t *reader,
    const json_t *mail, billing_settings_t *out);
static void billing_settings_public(billing_reader_t *reader,
    const json_t *root, billing_settings_t *out);
static void billing_settings_secrets(billing_reader_t *reader,
    const json_t *root, billing_settings_t *out);


static const char *const  billing_settings_keys[] = {
    "$schema", "schema", "catalogue", "seller", "tax", "dunning",
    "invoice_countries_excluded", "refunds", "boards", "quote_ttl_sec",
    "language_default", "gateway", "store", "redis", "mail",
    "public_url", "secret_files", "security_log", "demo", "application",
    NULL
};


billing_err_t
billing_settings_parse(const char *name, const char *bytes, size_t len,
    billing_settings_t *out, char error[BILLING_SETTINGS_ERROR_MAX])
{
    json_t            *root;
    json_error_t       where;
    billing_reader_t   reader = {
        .name = name, .text = bytes, .len = len, .error = error
    };

    memset(out, 0, sizeof(*out));
    error[0] = '\0';

    if (len == 0) {
        return billing_settings_fail(&reader, "1:1: the file is empty");
    }

    if (len > BILLING_SETTINGS_MAX) {
        return billing_settings_fail(&reader, "1:1: the file is too large");
    }

    if (!billing_json_shallow(bytes, len, BILLING_SETTINGS_DEPTH)) {
        return billing_settings_fail(&reader, "1:1: brackets nest too deeply");
    }

    root = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &where);

    if (root == NULL) {
        (void) snprintf(error, BILLING_SETTINGS_ERROR_MAX, "%s:%d:%d: %s",
                        name, where.line, where.column, where.text);
        return BILLING_EFORMAT;
    }

    if (!json_is_object(root)) {
        json_decref(root);
        return billing_settings_fail(&reader, "1:1: must be an object");
    }

    billing_settings_root(&reader, root, out);
    json_decref(root);

    return reader.failed ? BILLING_ERANGE : BILLING_OK;
}


static billing_err_t
billing_settings_fail(billing_reader_t *reader, const char *what)
{
    (void) snprintf(reader->error, BILLING_SETTINGS_ERROR_MAX, "%s:%s",
                    reader->name, what);

    return BILLING_EFORMAT;
}


static void
billing_settings_root(billing_reader_t *reader, const json_t *root,
    billing_settings_t *out)
{
    int64_t  schema;

    /* The schema first: a newer file has keys that are unknown here. */

    schema = billing_reader_integer(reader, root, "schema",
                                    (billing_range_t) { 1, INT32_MAX, 0 });

    if (schema > BILLING_SETTINGS_SCHEMA) {
        billing_reader_fail(reader, "schema", "is newer than this program, "
                            "which reads %d", BILLING_SETTINGS_SCHEMA);
    }

    if (reader->failed) {
        return;
    }

    billing_reader_known(reader, root, billing_settings_keys);
    out->demo = billing_reader_bool(reader, root, "demo");

    billing_settings_catalogue(reader, root, &out->catalogue);
    billing_settings_seller(reader, root, out);
    billing_settings_taxes(reader, root, out);
    billing_settings_dunning(reader, root, out);
    billing_settings_invoices(reader, root, out);
    billing_settings_habits(reader, root, out);
    billing_settings_refunds(reader, root, out);
    billing_settings_gateway(reader, root, out);
    billing_settings_stores(reader, root, out);
    billing_settings_mail(reader, root, out);
    billing_settings_public(reader, root, out);
    billing_settings_secrets(reader, root, out);
    billing_reader_file_of(reader, root, "security_log", out->security_log);
    billing_settings_application(reader, root, out);
}


static void
billing_settings_dunning(billing_reader_t *reader, const json_t *root,
    billing_settings_t *out)
{
    int64_t        before = 0;
    const json_t  *dunning, *days;

    static const char *const  keys[] = { "days", "invoice_grace_days", NULL };

    out->dunning_days[0] = 7;           /* section 8 points 13 and 14 */
    out->dunning_days[1] = 14;
    out->ndunning = 2;
    out->invoice_grace_days = 14;

    dunning = billing_reader_object(reader, root, "dunning", false);

    if (dunning == NULL) {
        return;
    }

    billing_reader_known(reader, dunning, keys);
    out->invoice_grace_days = (uint32_t)
        billing_reader_integer(reader, dunning, "invoice_grace_days",
                               (billing_range_t) { 0, 365, 14 });

    days = billing_reader_array(reader, dunning, "days", BILLING_DUNNING_MAX);

    for (size_t i = 0; i < json_array_size(days); i++) {
        const json_t  *day = json_array_get(days, i);

        billing_reader_enter_index(reader, i);

        if (!json_is_integer(day) || json_integer_value(day) <= before
            || json_integer_value(day) > 365)
        {
            billing_reader_fail(reader, NULL, "must be a whole number of "
                                "days, each later than the one before");
            return;
        }

        before = json_integer_value(day);
        out->dunning_days[i] = (uint32_t) before;
        billing_reader_leave(reader);
    }

    if (days != NULL) {
        out->ndunning = (uint32_t) json_array_size(days);
        billing_reader_leave(reader);
    }

    billing_reader_leave(reader);
}


/* What is shown how, and held how long. */

static void
billing_settings_habits(billing_reader_t *reader, const json_t *root,
    billing_settings_t *out)
{
    const json_t  *boards;

    static const char *const  keys[] = { "addresses_in_line", NULL };
    static const char *const  langs[] = { "fr", "en", NULL };

    out->addresses_in_line = BILLING_AFFECTED_INLINE;
    out->quote_ttl_sec = (uint32_t)
        billing_reader_integer(reader, root, "quote_ttl_sec",
            (billing_range_t) { 60, BILLING_QUOTE_TTL_MAX,
                                BILLING_QUOTE_TTL });
    out->lang = billing_reader_choice(reader, root, "language_default", langs)
                == 0 ? BILLING_LANG_FR : BILLING_LANG_EN;

    boards = billing_reader_object(reader, root, "boards", false);

    if (boards == NULL) {
        return;
    }

    billing_reader_known(reader, boards, keys);
    out->addresses_in_line = (uint32_t)
        billing_reader_integer(reader, boards, "addresses_in_line",
            (billing_range_t) { 0, 1000, BILLING_AFFECTED_INLINE });
    billing_reader_leave(reader);
}


static void
billing_settings_refunds(billing_reader_t *reader, const json_t *root,
    billing_settings_t *out)
{
    const json_t  *refunds;

    static const char *const  keys[] = { "two_persons", NULL };

    out->refund_two_persons = true;
    refunds = billing_reader_object(reader, root, "refunds", false);

    if (refunds == NULL) {
        return;
    }

    billing_reader_known(reader, refunds, keys);

    if (json_object_get(refunds, "two_persons") != NULL) {
        out->refund_two_persons = billing_reader_bool(reader, refunds,
                                                      "two_persons");
    }

    billing_reader_leave(reader);
}


static void
billing_settings_mail(billing_reader_t *reader, const json_t *root,
    billing_settings_t *out)
{
    bool           private_host;
    char           from[BILLING_EMAIL_MAX + 1];
    const json_t  *mail;

    static const char *const  keys[] = {
        "url", "from", "user", "password_file", "ca_file",
        "domain_per_minute", NULL
    };
    static const char *const  schemes[] = { "smtp://", "smtps://", NULL };

    mail = billing_reader_object(reader, root, "mail", false);

    if (mail == NULL) {
        return;
    }

    billing_reader_known(reader, mail, keys);
    billing_reader_copy_required(reader, mail, "url", out->mail_url,
                                 sizeof(out->mail_url));

    if (!billing_settings_url(out->mail_url, schemes, &private_host)) {
        billing_reader_fail(reader, "url",
                            "must be smtp://HOST:PORT or smtps://HOST:PORT");
    }

    billing_reader_copy_required(reader, mail, "from", from, sizeof(from));

    if (!reader->failed
        && billing_email_normalise(from, strlen(from), out->mail_from)
           != BILLING_OK)
    {
        billing_reader_fail(reader, "from", "is not an e-mail address");
    }

    billing_settings_relay(reader, mail, out);

    billing_reader_leave(reader);
}


/* Who we are to the relay, and how much one receiver is to bear. */

static void
billing_settings_relay(billing_reader_t *reader, const json_t *mail,
    billing_settings_t *out)
{
    billing_reader_copy(reader, mail, "user", out->mail_user,
                        sizeof(out->mail_user));
    billing_reader_file_of(reader, mail, "password_file",
                           out->mail_password_file);
    billing_reader_file_of(reader, mail, "ca_file", out->mail_ca_file);

    if ((out->mail_user[0] == '\0') != (out->mail_password_file[0] == '\0'))
    {
        billing_reader_fail(reader, NULL,
                            "\"user\" and \"password_file\" go together");
    }

    out->mail_domain_per_minute = (uint32_t)
        billing_reader_integer(reader, mail, "domain_per_minute",
                               (billing_range_t) { 0, 1000000, 120 });
}


static void
billing_settings_public(billing_reader_t *reader, const json_t *root,
    billing_settings_t *out)
{
    bool    private_host;
    size_t  len;

    static const char *const  schemes[] = { "https://", "http://", NULL };

    billing_reader_copy_required(reader, root, "public_url", out->public_url,
                                 sizeof(out->public_url));

    if (!billing_settings_url(out->public_url, schemes, &private_host)) {
        billing_reader_fail(reader, "public_url",
                            "must be https://HOST or http://HOST");
        return;
    }

    len = strlen(out->public_url);

    if (len > 0 && out->public_url[len - 1] == '/') {
        out->public_url[len - 1] = '\0';
    }
}


static void
billing_settings_secrets(billing_reader_t *reader, const json_t *root,
    billing_settings_t *out)
{
    const json_t  *files;

    if (json_object_get(root, "secret_files") == NULL) {
        billing_reader_fail(reader, NULL, "secret_files is missing");
        return;
    }

    files = billing_reader_array(reader, root, "secret_files",
                                 BILLING_SECRETS_MAX);

    if (files != NULL && json_array_size(files) == 0) {
        billing_reader_fail(reader, NULL, "must name a file");
    }

    for (size_t i = 0; i < json_array_size(files); i++) {
        const char  *file = json_string_value(json_array_get(files, i));

        billing_reader_enter_index(reader, i);

        if (file == NULL || file[0] == '\0') {
            billing_reader_fail(reader, NULL, "must be a file name");
            return;
        }

        billing_reader_file(reader, NULL, file, out->secret_files[i]);
        billing_reader_leave(reader);
    }

    if (files != NULL) {
        billing_reader_leave(reader);
    }
}
