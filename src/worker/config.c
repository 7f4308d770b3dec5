/* The files the worker reads at its start: billing.json and the secrets. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/crypto.h>

#include "billing_infra.h"

#define BILLING_SECRET_FILE_MAX  4096


/* The whole file, malloc'ed, a NUL behind it; or NULL and why. */

static char *
billing_config_read(const char *name, size_t max, size_t *len,
    char error[BILLING_SETTINGS_ERROR_MAX])
{
    FILE  *file = fopen(name, "rbe");
    char  *bytes = malloc(max + 2);

    if (file == NULL || bytes == NULL) {
        (void) snprintf(error, BILLING_SETTINGS_ERROR_MAX, "%s: %s", name,
                        strerror(errno));
        goto failed;
    }

    *len = fread(bytes, 1, max + 1, file);

    if (ferror(file) || *len > max) {
        (void) snprintf(error, BILLING_SETTINGS_ERROR_MAX,
                        "%s: cannot be read, or larger than %zu bytes", name,
                        max);
        goto failed;
    }

    (void) fclose(file);
    bytes[*len] = '\0';

    return bytes;

failed:

    if (file != NULL) {
        (void) fclose(file);
    }

    free(bytes);

    return NULL;
}


billing_err_t
billing_config_load(const char *name, billing_settings_t *settings,
    char error[BILLING_SETTINGS_ERROR_MAX])
{
    char           *bytes;
    size_t          len;
    billing_err_t   err;

    error[0] = '\0';

    bytes = billing_config_read(name, BILLING_SETTINGS_MAX, &len, error);
    if (bytes == NULL) {
        return BILLING_EFORMAT;
    }

    err = billing_settings_parse(name, bytes, len, settings, error);
    free(bytes);

    return err;
}


/* One secret without the line end that editors leave: as nginx reads it. */

static char *
billing_config_secret(const char *name, size_t *len,
    char error[BILLING_SETTINGS_ERROR_MAX])
{
    char  *secret;

    secret = billing_config_read(name, BILLING_SECRET_FILE_MAX, len, error);
    if (secret == NULL) {
        return NULL;
    }

    if (*len > 0 && secret[*len - 1] == '\n') {
        (*len)--;
    }

    if (*len > 0 && secret[*len - 1] == '\r') {
        (*len)--;
    }

    secret[*len] = '\0';

    if (*len == 0 || strlen(secret) != *len) {
        (void) snprintf(error, BILLING_SETTINGS_ERROR_MAX,
                        "%s: is empty or holds a zero byte", name);
        OPENSSL_cleanse(secret, *len);
        free(secret);
        return NULL;
    }

    return secret;
}


/* A word of at most max - 1 bytes from a file; "" when no file is named. */

static billing_err_t
billing_config_word(const char *name, char *out, size_t max,
    char error[BILLING_SETTINGS_ERROR_MAX])
{
    char    *secret;
    size_t   len;

    out[0] = '\0';

    if (name[0] == '\0') {
        return BILLING_OK;
    }

    secret = billing_config_secret(name, &len, error);
    if (secret == NULL) {
        return BILLING_EFORMAT;
    }

    if (len < max) {
        memcpy(out, secret, len + 1);

    } else {
        (void) snprintf(error, BILLING_SETTINGS_ERROR_MAX,
                        "%s: is longer than %zu bytes", name, max - 1);
    }

    OPENSSL_cleanse(secret, len);
    free(secret);

    return (len < max) ? BILLING_OK : BILLING_ERANGE;
}


/* Here, because the password goes no further than this connection. */

billing_db_t *
billing_store_open(const billing_settings_t *settings, bool reading,
    char *error, size_t error_max)
{
    char           password[256], why[BILLING_SETTINGS_ERROR_MAX];
    billing_db_t  *db;

    if (billing_config_word(settings->store_password_file, password,
                            sizeof(password), why) != BILLING_OK)
    {
        (void) snprintf(error, error_max, "%s", why);
        return NULL;
    }

    db = billing_db_connect(settings->store_dsn, password, reading, error,
                            error_max);
    OPENSSL_cleanse(password, sizeof(password));

    return db;
}


/* What signs the webhooks, in the order of their settings. */

static billing_err_t
billing_config_hooks(billing_worker_t *w,
    char error[BILLING_SETTINGS_ERROR_MAX])
{
    char                         *text;
    size_t                        len;
    billing_err_t                 err = BILLING_OK;
    const billing_application_t  *app = &w->settings->application;

    for (uint32_t i = 0; i < app->nwebhooks * BILLING_SECRETS_MAX; i++) {
        uint32_t     hook = i / BILLING_SECRETS_MAX;
        uint32_t     n = i % BILLING_SECRETS_MAX;
        const char  *name = app->webhooks[hook].secret_files[n];

        if (name[0] == '\0') {
            continue;
        }

        text = billing_config_secret(name, &len, error);
        if (text == NULL) {
            return BILLING_EFORMAT;
        }

        err = billing_hook_secret(text, len, &w->hook_secrets[hook][n]);
        OPENSSL_cleanse(text, len);
        free(text);

        if (err != BILLING_OK) {
            (void) snprintf(error, BILLING_SETTINGS_ERROR_MAX,
                            "%s: is not \"whsec_\" and base64 of %d to %d"
                            " bytes", name, BILLING_HOOK_SECRET_MIN,
                            BILLING_HOOK_SECRET_MAX);
            return err;
        }
    }

    return err;
}


static billing_err_t
billing_config_redis(billing_worker_t *w,
    char error[BILLING_SETTINGS_ERROR_MAX])
{
    billing_err_t  err;

    err = billing_config_word(w->settings->redis_password_file,
                              billing_infra(w)->redis_password,
                              sizeof(billing_infra(w)->redis_password),
                              error);

    if (err == BILLING_OK) {
        err = billing_config_word(w->settings->redis_guides.password_file,
                                  billing_infra(w)->guide_password,
                                  sizeof(billing_infra(w)->guide_password),
                                  error);
    }

    if (err == BILLING_OK
        && !billing_redis_tls_load(w, error, BILLING_SETTINGS_ERROR_MAX))
    {
        err = BILLING_EFORMAT;
    }

    return err;
}


billing_err_t
billing_config_secrets(billing_worker_t *w,
    char error[BILLING_SETTINGS_ERROR_MAX])
{
    char           *master;
    size_t          len;
    const char     *name;
    billing_err_t   err = BILLING_OK;

    for (size_t i = 0; i < BILLING_SECRETS_MAX && err == BILLING_OK; i++) {
        name = w->settings->secret_files[i];

        if (name[0] == '\0') {
            break;
        }

        master = billing_config_secret(name, &len, error);
        if (master == NULL) {
            return BILLING_EFORMAT;
        }

        err = billing_secret_derive((const uint8_t *) master, len,
                                    &w->secrets[i]);
        OPENSSL_cleanse(master, len);
        free(master);

        if (err != BILLING_OK) {
            (void) snprintf(error, BILLING_SETTINGS_ERROR_MAX,
                            "%s: no keys can be derived from it", name);
            return err;
        }

        w->nsecrets++;
    }

    if (w->nsecrets == 0) {
        (void) snprintf(error, BILLING_SETTINGS_ERROR_MAX,
                        "no secret_files are named");
        return BILLING_EFORMAT;
    }

    err = billing_config_word(w->settings->gateway_secret_key_file,
                              w->gateway_key, sizeof(w->gateway_key), error);
    if (err != BILLING_OK) {
        return err;
    }

    err = billing_config_redis(w, error);

    if (err == BILLING_OK) {
        err = billing_config_word(w->settings->mail_password_file,
                                  billing_infra(w)->mail_password,
                                  sizeof(billing_infra(w)->mail_password),
                                  error);
    }

    return (err == BILLING_OK) ? billing_config_hooks(w, error) : err;
}


void
billing_config_wipe(billing_worker_t *w)
{
    billing_tls_free(billing_infra(w)->redis_tls);
    billing_infra(w)->redis_tls = NULL;
    OPENSSL_cleanse(w->secrets, sizeof(w->secrets));
    OPENSSL_cleanse(billing_infra(w)->mail_password,
                    sizeof(billing_infra(w)->mail_password));
    OPENSSL_cleanse(w->gateway_key, sizeof(w->gateway_key));
    OPENSSL_cleanse(w->hook_secrets, sizeof(w->hook_secrets));
    OPENSSL_cleanse(billing_infra(w)->guide_password,
                    sizeof(billing_infra(w)->guide_password));
    OPENSSL_cleanse(billing_infra(w)->redis_password,
                    sizeof(billing_infra(w)->redis_password));
}
