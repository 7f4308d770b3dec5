/* billing.json: Redis by its address, or by those who know it. */

#include "billing_api.h"

#include <stdio.h>
#include <string.h>

#define BILLING_SOCKET_NAME_MAX  107    /* sockaddr_un */
#define BILLING_REDISS           "rediss://"

/* hiredis before 1.0 has none: decided when this is built. */
#ifdef BILLING_REDIS_TLS
#define BILLING_SETTINGS_TLS  true
#else
#define BILLING_SETTINGS_TLS  false
#endif

#define BILLING_SETTINGS_LETTERS                                              \
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-"


static void billing_settings_prefix(billing_reader_t *reader,
    const json_t *redis, billing_settings_t *out);
static void billing_settings_redis_server(billing_reader_t *reader,
    const json_t *redis, billing_settings_t *out);
static void billing_settings_redis_address(billing_reader_t *reader,
    const char *address, billing_settings_t *out);
static void billing_settings_redis_tls(billing_reader_t *reader,
    const json_t *redis, billing_settings_t *out);
static void billing_settings_redis_trust(billing_reader_t *reader,
    const json_t *tls, billing_redis_tls_t *out);
static void billing_settings_sentinel(billing_reader_t *reader,
    const json_t *redis, billing_guides_t *out);
static void billing_settings_cluster(billing_reader_t *reader,
    const json_t *redis, billing_guides_t *out);
static void billing_settings_guides(billing_reader_t *reader,
    const json_t *object, billing_guides_t *out);
static bool billing_settings_host_port(const char *text);


void
billing_settings_redis(billing_reader_t *reader, const json_t *root,
    billing_settings_t *out)
{
    const json_t  *redis;

    static const char *const  keys[] = {
        "address", "sentinel", "cluster", "tls", "user", "password_file",
        "prefix", "timeout_ms", "queue_max_ms", NULL
    };

    redis = billing_reader_object(reader, root, "redis", true);

    if (redis == NULL) {
        return;
    }

    billing_reader_known(reader, redis, keys);
    billing_settings_redis_server(reader, redis, out);
    billing_settings_redis_tls(reader, redis, out);

    billing_reader_copy(reader, redis, "user", out->redis_user,
                        sizeof(out->redis_user));
    billing_reader_file_of(reader, redis, "password_file",
                           out->redis_password_file);
    billing_settings_prefix(reader, redis, out);

    out->redis_timeout_ms = (uint32_t)
        billing_reader_integer(reader, redis, "timeout_ms",
                               (billing_range_t) { 50, 5000, 250 });
    out->redis_queue_max_ms = (uint32_t)
        billing_reader_integer(reader, redis, "queue_max_ms",
                               (billing_range_t) { 100, 60000, 2000 });

    billing_reader_leave(reader);
}


/* A tag in braces has all keys on one node of a cluster. */

static void
billing_settings_prefix(billing_reader_t *reader, const json_t *redis,
    billing_settings_t *out)
{
    char  prefix[sizeof(out->redis_prefix) - 2];     /* less the braces */

    billing_reader_copy(reader, redis, "prefix", prefix, sizeof(prefix));

    if (prefix[0] == '\0') {
        memcpy(prefix, "billing", sizeof("billing"));
    }

    if (!billing_id_valid(prefix, strlen(prefix))) {
        billing_reader_fail(reader, "prefix", "must be letters, digits, "
                            "dashes and underscores");
    }

    (void) snprintf(out->redis_prefix, sizeof(out->redis_prefix),
                    out->redis_guides.cluster ? "{%s}" : "%s", prefix);
}


static void
billing_settings_redis_server(billing_reader_t *reader, const json_t *redis,
    billing_settings_t *out)
{
    unsigned  given = 0;
    char      address[BILLING_FILE_NAME_MAX];

    given += json_object_get(redis, "address") != NULL;
    given += json_object_get(redis, "sentinel") != NULL;
    given += json_object_get(redis, "cluster") != NULL;

    if (given > 1) {
        billing_reader_fail(reader, NULL, "leave one of \"address\", "
                            "\"sentinel\" and \"cluster\"");

    } else if (json_object_get(redis, "sentinel") != NULL) {
        billing_settings_sentinel(reader, redis, &out->redis_guides);

    } else if (json_object_get(redis, "cluster") != NULL) {
        billing_settings_cluster(reader, redis, &out->redis_guides);

    } else {
        billing_reader_copy_required(reader, redis, "address", address,
                                     sizeof(address));
        billing_settings_redis_address(reader, address, out);
    }
}


static void
billing_settings_redis_address(billing_reader_t *reader, const char *address,
    billing_settings_t *out)
{
    int   n;
    char  file[BILLING_FILE_NAME_MAX];

    if (reader->failed) {
        return;
    }

    if (strncmp(address, "unix:", 5) != 0) {
        out->redis_tls.on = strncmp(address, BILLING_REDISS,
                                    strlen(BILLING_REDISS)) == 0;
        address += out->redis_tls.on ? strlen(BILLING_REDISS) : 0;
        memcpy(out->redis_address, address, strlen(address) + 1);

        if (out->redis_tls.on && !BILLING_SETTINGS_TLS) {
            billing_reader_fail(reader, "address", "must be unix:FILE or "
                                "HOST:PORT; there is no TLS to Redis here: "
                                "put a tunnel in front of it");

        } else if (strstr(address, "://") != NULL) {
            billing_reader_fail(reader, "address", "must be unix:FILE, "
                                "HOST:PORT or rediss://HOST:PORT");

        } else if (strchr(address, ',') != NULL) {
            billing_reader_fail(reader, "address", "must be one server; of "
                                "several name the sentinels under "
                                "\"sentinel\", or \"cluster\"");

        } else if (!billing_settings_host_port(address)) {
            billing_reader_fail(reader, "address",
                                "must be unix:FILE or HOST:PORT");
        }

        return;
    }

    billing_reader_file(reader, "address", address + 5, file);

    n = snprintf(out->redis_address, sizeof(out->redis_address), "unix:%s",
                 file);

    if (address[5] == '\0' || n < 0
        || n > BILLING_SOCKET_NAME_MAX + (int) sizeof("unix:") - 1)
    {
        billing_reader_fail(reader, "address", "needs the name of a socket "
                            "of at most %d bytes", BILLING_SOCKET_NAME_MAX);
    }
}


/* By "tls", which may be {}, where guides name the server. */

static void
billing_settings_redis_tls(billing_reader_t *reader, const json_t *redis,
    billing_settings_t *out)
{
    const json_t  *tls;

    tls = billing_reader_object(reader, redis, "tls", false);

    if (tls == NULL) {
        return;
    }

    if (!BILLING_SETTINGS_TLS) {
        billing_reader_fail(reader, NULL, "there is no TLS to Redis here: "
                            "put a tunnel in front of it");

    } else if (out->redis_guides.naddresses == 0 && !out->redis_tls.on) {
        billing_reader_fail(reader, NULL, "is of no use without "
                            "rediss://HOST:PORT as \"address\"");
    }

    out->redis_tls.on = true;
    billing_settings_redis_trust(reader, tls, &out->redis_tls);
    billing_reader_leave(reader);
}


static void
billing_settings_redis_trust(billing_reader_t *reader, const json_t *tls,
    billing_redis_tls_t *out)
{
    static const char *const  keys[] = {
        "ca_file", "cert_file", "key_file", "server_name", NULL
    };

    billing_reader_known(reader, tls, keys);
    billing_reader_file_of(reader, tls, "ca_file", out->ca_file);
    billing_reader_file_of(reader, tls, "cert_file", out->cert_file);
    billing_reader_file_of(reader, tls, "key_file", out->key_file);
    billing_reader_copy(reader, tls, "server_name", out->server_name,
                        sizeof(out->server_name));

    if ((out->cert_file[0] == '\0') != (out->key_file[0] == '\0')) {
        billing_reader_fail(reader, NULL, "must have \"cert_file\" and "
                            "\"key_file\" both, or none of them");
    }

    if (strspn(out->server_name, BILLING_SETTINGS_LETTERS ":")
        != strlen(out->server_name))
    {
        billing_reader_fail(reader, "server_name", "must be the name, or the "
                            "number, in the certificate");
    }
}


static void
billing_settings_sentinel(billing_reader_t *reader, const json_t *redis,
    billing_guides_t *out)
{
    const json_t  *sentinel;

    static const char *const  keys[] = {
        "master", "addresses", "user", "password_file", NULL
    };

    sentinel = billing_reader_object(reader, redis, "sentinel", true);

    if (sentinel == NULL) {
        return;
    }

    billing_reader_known(reader, sentinel, keys);
    billing_reader_copy_required(reader, sentinel, "master", out->master,
                                 sizeof(out->master));

    if (strspn(out->master, BILLING_SETTINGS_LETTERS "_")
        != strlen(out->master))
    {
        billing_reader_fail(reader, "master", "must be the name that the "
                            "sentinels know the server by");
    }

    billing_settings_guides(reader, sentinel, out);

    billing_reader_copy(reader, sentinel, "user", out->user,
                        sizeof(out->user));
    billing_reader_file_of(reader, sentinel, "password_file",
                           out->password_file);
    billing_reader_leave(reader);
}


static void
billing_settings_cluster(billing_reader_t *reader, const json_t *redis,
    billing_guides_t *out)
{
    const json_t  *cluster;

    static const char *const  keys[] = { "addresses", NULL };

    cluster = billing_reader_object(reader, redis, "cluster", true);

    if (cluster == NULL) {
        return;
    }

    out->cluster = true;
    billing_reader_known(reader, cluster, keys);
    billing_settings_guides(reader, cluster, out);
    billing_reader_leave(reader);
}


static void
billing_settings_guides(billing_reader_t *reader, const json_t *object,
    billing_guides_t *out)
{
    const char    *address;
    const json_t  *list;

    list = billing_reader_array(reader, object, "addresses",
                                BILLING_GUIDES_MAX);

    if (list == NULL) {
        billing_reader_fail(reader, "addresses", "is missing");
        return;
    }

    if (json_array_size(list) == 0) {
        billing_reader_fail(reader, NULL, "must name one");
    }

    for (size_t i = 0; i < json_array_size(list) && !reader->failed; i++) {
        address = json_string_value(json_array_get(list, i));

        billing_reader_enter_index(reader, i);

        if (address == NULL || strlen(address) >= sizeof(out->addresses[i])
            || !billing_settings_host_port(address))
        {
            billing_reader_fail(reader, NULL, "must be HOST:PORT");
            return;
        }

        memcpy(out->addresses[i], address, strlen(address) + 1);
        out->naddresses++;
        billing_reader_leave(reader);
    }

    billing_reader_leave(reader);
}


static bool
billing_settings_host_port(const char *text)
{
    size_t       len;
    const char  *colon = strrchr(text, ':');

    if (colon == NULL || colon == text
        || !billing_settings_port(colon + 1)
        || strchr(colon, '/') != NULL)
    {
        return false;
    }

    len = (size_t) (colon - text);

    if (text[0] == '[') {
        return text[len - 1] == ']'
               && strspn(text + 1, "0123456789abcdefABCDEF:.") == len - 2;
    }

    return strspn(text, BILLING_SETTINGS_LETTERS) == len;
}
