/* billing.json: the application that billing serves. */

#include "billing_api.h"

#include <stdio.h>
#include <string.h>

#define BILLING_WEBHOOK_TIMEOUT_MS  15000


static void billing_settings_files(billing_reader_t *reader,
    const json_t *object, const char *member,
    char files[BILLING_SECRETS_MAX][BILLING_FILE_NAME_MAX], uint32_t *n);
static void billing_settings_hook(billing_reader_t *reader,
    const json_t *hook, const billing_settings_t *settings,
    billing_webhook_t *out);
static void billing_settings_hook_url(billing_reader_t *reader,
    const char *url, bool test);
static void billing_settings_hook_events(billing_reader_t *reader,
    const json_t *hook, billing_webhook_t *out);
static void billing_settings_hook_once(billing_reader_t *reader,
    const billing_webhook_t *hooks, const billing_webhook_t *last);


void
billing_settings_application(billing_reader_t *reader, const json_t *root,
    billing_settings_t *out)
{
    const json_t           *application, *hooks;
    billing_application_t  *app = &out->application;

    static const char *const  keys[] = {
        "key_files", "echo", "webhooks", NULL
    };

    application = billing_reader_object(reader, root, "application", false);

    if (application == NULL) {
        return;
    }

    billing_reader_known(reader, application, keys);
    billing_settings_files(reader, application, "key_files", app->key_files,
                           &app->nkeys);
    app->echo = billing_reader_bool(reader, application, "echo");

    hooks = billing_reader_array(reader, application, "webhooks",
                                 BILLING_WEBHOOKS_MAX);

    for (size_t i = 0; i < json_array_size(hooks) && !reader->failed; i++) {
        billing_reader_enter_index(reader, i);
        billing_settings_hook(reader, json_array_get(hooks, i), out,
                              &app->webhooks[i]);
        billing_settings_hook_once(reader, app->webhooks, &app->webhooks[i]);
        billing_reader_leave(reader);
    }

    if (hooks != NULL) {
        app->nwebhooks = (uint32_t) json_array_size(hooks);
        billing_reader_leave(reader);
    }

    billing_reader_leave(reader);
}


static void
billing_settings_files(billing_reader_t *reader, const json_t *object,
    const char *member,
    char files[BILLING_SECRETS_MAX][BILLING_FILE_NAME_MAX], uint32_t *n)
{
    const json_t  *list;

    list = billing_reader_array(reader, object, member, BILLING_SECRETS_MAX);

    for (size_t i = 0; i < json_array_size(list); i++) {
        const char  *file = json_string_value(json_array_get(list, i));

        billing_reader_enter_index(reader, i);

        if (file == NULL || file[0] == '\0') {
            billing_reader_fail(reader, NULL, "must be a file name");
            return;
        }

        billing_reader_file(reader, NULL, file, files[i]);
        billing_reader_leave(reader);
    }

    if (list != NULL) {
        *n = (uint32_t) json_array_size(list);
        billing_reader_leave(reader);
    }
}


static void
billing_settings_hook(billing_reader_t *reader, const json_t *hook,
    const billing_settings_t *settings, billing_webhook_t *out)
{
    uint32_t  n = 0;

    static const char *const  keys[] = {
        "url", "secret_files", "events", "timeout_ms", NULL
    };

    if (!json_is_object(hook)) {
        billing_reader_fail(reader, NULL, "must be an object");
        return;
    }

    billing_reader_known(reader, hook, keys);
    billing_reader_copy_required(reader, hook, "url", out->url,
                                 sizeof(out->url));
    billing_settings_hook_url(reader, out->url,
                              settings->gateway_test || settings->demo);

    billing_settings_files(reader, hook, "secret_files", out->secret_files,
                           &n);

    if (n == 0) {
        billing_reader_fail(reader, NULL, "secret_files must name a file");
    }

    billing_settings_hook_events(reader, hook, out);
    out->timeout_ms = (uint32_t)
        billing_reader_integer(reader, hook, "timeout_ms",
                               (billing_range_t) {
                                   100, 60000, BILLING_WEBHOOK_TIMEOUT_MS
                               });
}


/* Verified TLS to a public host, or it is a test: no way into our network. */

static void
billing_settings_hook_url(billing_reader_t *reader, const char *url,
    bool test)
{
    char         host[BILLING_WEBHOOK_URL_MAX];
    bool         private_host = false;
    size_t       n;
    const char  *path;

    static const char *const  schemes[] = { "https://", "http://", NULL };

    if (reader->failed) {
        return;
    }

    path = strstr(url, "://");
    path = path == NULL ? url : path + 3;
    n = (size_t) (path - url) + strcspn(path, "/?#");

    (void) snprintf(host, sizeof(host), "%.*s", (int) n, url);

    for (path = url + n; *path > ' ' && *path <= '~' && *path != '#'; path++) {
        /* void */
    }

    if (*path != '\0' || url[n] == '?'
        || !billing_settings_url(host, schemes, &private_host))
    {
        billing_reader_fail(reader, "url", "must be https://HOST/PATH, "
                            "without user or fragment");
        return;
    }

    if (!test && strncmp(url, "https://", 8) != 0) {
        billing_reader_fail(reader, "url", "http:// is for tests only "
                            "(\"test\": true of the gateway)");
        return;
    }

    if (!test && private_host) {
        billing_reader_fail(reader, "url", "a private address is for tests "
                            "only (\"test\": true of the gateway)");
    }
}


/* Without a list, all there are. */

static void
billing_settings_hook_events(billing_reader_t *reader, const json_t *hook,
    billing_webhook_t *out)
{
    const json_t  *events;

    out->events = UINT32_MAX;

    events = billing_reader_array(reader, hook, "events", BILLING_EVENTS);

    if (events != NULL) {
        out->events = 0;
    }

    for (size_t i = 0; i < json_array_size(events); i++) {
        const char       *name;
        billing_event_kind_t   event;

        name = json_string_value(json_array_get(events, i));
        event = name == NULL ? BILLING_EVENT_NONE : billing_event_parse(name);

        billing_reader_enter_index(reader, i);

        if (event == BILLING_EVENT_NONE) {
            billing_reader_fail(reader, NULL, "is not an event");
            return;
        }

        out->events |= 1u << event;
        billing_reader_leave(reader);
    }

    if (events != NULL) {
        billing_reader_leave(reader);
    }
}


/* Deliveries are filed under the address. */

static void
billing_settings_hook_once(billing_reader_t *reader,
    const billing_webhook_t *hooks, const billing_webhook_t *last)
{
    for (const billing_webhook_t *hook = hooks; hook != last; hook++) {
        if (strncmp(hook->url, last->url, sizeof(last->url)) == 0) {
            billing_reader_fail(reader, "url", "is named twice");
        }
    }
}
