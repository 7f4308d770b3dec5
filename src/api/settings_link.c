/* billing.json: what the programs connect to. */

#include "billing_api.h"

#include <stdio.h>
#include <string.h>

#define BILLING_GATEWAY_TIMEOUT_MS  25000


static void billing_settings_gateway_urls(billing_reader_t *reader,
    const json_t *gateway, billing_settings_t *out);
static void billing_settings_gateway_script(billing_reader_t *reader,
    const json_t *gateway, billing_settings_t *out);
static void billing_settings_gateway_url(billing_reader_t *reader,
    const char *member, char *url, bool test);
static void billing_settings_webhooks(billing_reader_t *reader,
    const json_t *gateway, billing_settings_t *out);
static void billing_settings_dsn(billing_reader_t *reader, const char *dsn,
    billing_settings_t *out);
static bool billing_settings_private(const char *host, size_t len);


void
billing_settings_gateway(billing_reader_t *reader, const json_t *root,
    billing_settings_t *out)
{
    char           file[BILLING_FILE_NAME_MAX];
    const json_t  *gateway;

    static const char *const  keys[] = {
        "url", "public_url", "secret_key_file", "publishable_key",
        "script", "script_hosts", "webhook_secret_files", "timeout_ms",
        "test", NULL
    };

    gateway = billing_reader_object(reader, root, "gateway", true);

    if (gateway == NULL) {
        return;
    }

    billing_reader_known(reader, gateway, keys);
    out->gateway_test = billing_reader_bool(reader, gateway, "test");
    billing_settings_gateway_urls(reader, gateway, out);

    billing_reader_copy_required(reader, gateway, "secret_key_file", file,
                                 sizeof(file));
    billing_reader_file(reader, "secret_key_file", file,
                        out->gateway_secret_key_file);
    billing_reader_copy_required(reader, gateway, "publishable_key",
                                 out->gateway_publishable_key,
                                 sizeof(out->gateway_publishable_key));

    /* The public key is shown to browsers: the other one must never be. */

    if (!reader->failed
        && strncmp(out->gateway_publishable_key, "pk_", 3) != 0)
    {
        billing_reader_fail(reader, "publishable_key",
                            "must begin with \"pk_\"");
    }

    billing_settings_gateway_script(reader, gateway, out);

    out->gateway_timeout_ms = (uint32_t)
        billing_reader_integer(reader, gateway, "timeout_ms",
                               (billing_range_t) {
                                   1000, 120000, BILLING_GATEWAY_TIMEOUT_MS
                               });
    billing_settings_webhooks(reader, gateway, out);
    billing_reader_leave(reader);
}


void
billing_settings_stores(billing_reader_t *reader, const json_t *root,
    billing_settings_t *out)
{
    char           dsn[BILLING_FILE_NAME_MAX];
    const json_t  *store;

    static const char *const  keys[] = { "dsn", "password_file", NULL };

    store = billing_reader_object(reader, root, "store", true);

    if (store != NULL) {
        billing_reader_known(reader, store, keys);
        billing_reader_copy_required(reader, store, "dsn", dsn, sizeof(dsn));
        billing_settings_dsn(reader, dsn, out);
        billing_reader_file_of(reader, store, "password_file",
                               out->store_password_file);
        billing_reader_leave(reader);
    }

    billing_settings_redis(reader, root, out);
}


bool
billing_settings_url(const char *url, const char *const *schemes,
    bool *private_host)
{
    size_t       len;
    const char  *host;

    *private_host = false;

    while (*schemes != NULL
           && strncmp(url, *schemes, strlen(*schemes)) != 0)
    {
        schemes++;
    }

    if (*schemes == NULL) {
        return false;
    }

    host = url + strlen(*schemes);
    len = host[0] == '['
          ? strspn(host + 1, "0123456789abcdefABCDEF:.") + 1
          : strspn(host, "abcdefghijklmnopqrstuvwxyz"
                         "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-");

    if (host[0] == '[' && host[len++] != ']') {
        return false;
    }

    if (len == 0 || (host[0] == '[' && len == 2)) {
        return false;
    }

    *private_host = billing_settings_private(host, len);
    host += len;

    if (*host == ':') {
        if (!billing_settings_port(host + 1)) {
            return false;
        }

        host += 1 + strspn(host + 1, "0123456789");
    }

    return strcmp(host, "") == 0 || strcmp(host, "/") == 0;
}


static void
billing_settings_gateway_urls(billing_reader_t *reader,
    const json_t *gateway, billing_settings_t *out)
{
    billing_reader_copy_required(reader, gateway, "url", out->gateway_url,
                                 sizeof(out->gateway_url));
    billing_settings_gateway_url(reader, "url", out->gateway_url,
                                 out->gateway_test);

    billing_reader_copy(reader, gateway, "public_url",
                        out->gateway_public_url,
                        sizeof(out->gateway_public_url));

    if (out->gateway_public_url[0] == '\0') {
        memcpy(out->gateway_public_url, out->gateway_url,
               sizeof(out->gateway_public_url));
        return;
    }

    billing_settings_gateway_url(reader, "public_url",
                                 out->gateway_public_url, out->gateway_test);
}


/*
 * The gateway's own script draws the card's fields: where it comes from, and
 * the hosts that a page's policy allows for it.  Both end up in a header.
 */

static void
billing_settings_gateway_script(billing_reader_t *reader,
    const json_t *gateway, billing_settings_t *out)
{
    size_t  scheme, host, i;
    char   *hosts = out->gateway_script_hosts;

    static const char  allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        ":/.*-_";

    billing_reader_copy(reader, gateway, "script", out->gateway_script,
                        sizeof(out->gateway_script));
    billing_reader_copy(reader, gateway, "script_hosts", hosts,
                        sizeof(out->gateway_script_hosts));

    if (reader->failed || out->gateway_script[0] == '\0') {
        return;
    }

    scheme = strncmp(out->gateway_script, "https://", 8) == 0 ? 8
             : out->gateway_test
               && strncmp(out->gateway_script, "http://", 7) == 0 ? 7 : 0;
    host = strcspn(out->gateway_script + scheme, "/");

    if (scheme == 0 || host == 0
        || out->gateway_script[strspn(out->gateway_script, allowed)] != '\0')
    {
        billing_reader_fail(reader, "script", "must be https://HOST/FILE");
        return;
    }

    if (hosts[0] == '\0') {
        memcpy(hosts, out->gateway_script, scheme + host);
        hosts[scheme + host] = '\0';
    }

    i = strspn(hosts, allowed);

    while (hosts[i] == ' ') {
        i++;
        i += strspn(hosts + i, allowed);
    }

    if (hosts[i] != '\0') {
        billing_reader_fail(reader, "script_hosts", "must be names of hosts, "
                            "separated by blanks");
    }
}


/* Money goes over verified TLS to a public host, or it is a test (P38). */

static void
billing_settings_gateway_url(billing_reader_t *reader, const char *member,
    char *url, bool test)
{
    bool    private_host;
    size_t  len;

    static const char *const  schemes[] = { "https://", "http://", NULL };

    if (reader->failed) {
        return;
    }

    if (!billing_settings_url(url, schemes, &private_host)) {
        billing_reader_fail(reader, member, "must be https://HOST, without "
                            "user, path or query");
        return;
    }

    if (!test && strncmp(url, "https://", 8) != 0) {
        billing_reader_fail(reader, member,
                            "http:// is for tests only (\"test\": true)");
        return;
    }

    if (!test && private_host) {
        billing_reader_fail(reader, member, "a private address is for tests "
                            "only (\"test\": true)");
        return;
    }

    len = strlen(url);

    if (url[len - 1] == '/') {
        url[len - 1] = '\0';
    }
}


static void
billing_settings_webhooks(billing_reader_t *reader, const json_t *gateway,
    billing_settings_t *out)
{
    const json_t  *files;

    files = billing_reader_array(reader, gateway, "webhook_secret_files",
                                 BILLING_SECRETS_MAX);

    for (size_t i = 0; i < json_array_size(files); i++) {
        const char  *file = json_string_value(json_array_get(files, i));

        billing_reader_enter_index(reader, i);

        if (file == NULL || file[0] == '\0') {
            billing_reader_fail(reader, NULL, "must be a file name");
            return;
        }

        billing_reader_file(reader, NULL, file,
                            out->gateway_webhook_files[i]);
        billing_reader_leave(reader);
    }

    if (files != NULL) {
        billing_reader_leave(reader);
    }
}


/* user:password@host, or a parameter; what follows postgresql:// */

static bool
billing_settings_dsn_secret(const char *rest)
{
    size_t  authority = strcspn(rest, "/?");
    size_t  user = strcspn(rest, "@");

    return (user < authority && memchr(rest, ':', user) != NULL)
           || strstr(rest, "password=") != NULL;
}


static void
billing_settings_dsn(billing_reader_t *reader, const char *dsn,
    billing_settings_t *out)
{
    int   n;
    char  file[BILLING_FILE_NAME_MAX];

    if (reader->failed) {
        return;
    }

    if (strncmp(dsn, "postgresql://", 13) == 0) {
        if (billing_settings_dsn_secret(dsn + 13)) {
            billing_reader_fail(reader, "dsn",
                                "names a password: use password_file");
            return;
        }

        memcpy(out->store_dsn, dsn, strlen(dsn) + 1);
        return;
    }

    if (strncmp(dsn, "sqlite:", 7) != 0 || dsn[7] == '\0') {
        billing_reader_fail(reader, "dsn",
                            "must be sqlite:FILE or postgresql://...");
        return;
    }

    billing_reader_file(reader, "dsn", dsn + 7, file);

    n = snprintf(out->store_dsn, sizeof(out->store_dsn), "sqlite:%s", file);

    if (n < 0 || (size_t) n >= sizeof(out->store_dsn)) {
        billing_reader_fail(reader, "dsn", "is too long a file name");
    }
}


/* 1..65535, and then the end or a slash. */

bool
billing_settings_port(const char *text)
{
    unsigned  port = 0;
    size_t    n = strspn(text, "0123456789");

    if (n == 0 || n > 5 || (text[n] != '\0' && text[n] != '/')) {
        return false;
    }

    for (size_t i = 0; i < n; i++) {
        port = port * 10 + (unsigned) (text[i] - '0');
    }

    return port >= 1 && port <= 65535;
}


/*
 * By name only; where a name leads is checked when it is resolved.  172.16 to
 * 172.31 is taken by its first digits.
 */

static bool
billing_settings_private(const char *host, size_t len)
{
    static const char *const  starts[] = {
        "0.", "10.", "127.", "169.254.", "192.168.", "[", "localhost",
        "172.16.", "172.17.", "172.18.", "172.19.", "172.2", "172.30.",
        "172.31."
    };

    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        size_t  n = strlen(starts[i]);

        if (len >= n && strncmp(host, starts[i], n) == 0) {
            return true;
        }
    }

    return false;
}
