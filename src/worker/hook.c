/*
 * Webhooks on their way out: events of the database, signed and posted, many
 * at once and never in the way of anything else.  What is on its way is known
 * to this process only; when it dies, the rows are still queued.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <openssl/rand.h>

#include "billing_infra.h"

#define BILLING_HOOK_SLOTS       32
#define BILLING_HOOK_FLYING_MAX  4          /* of one endpoint */
#define BILLING_HOOK_CONNECT_MS  5000L
#define BILLING_HOOK_POLL_MS     1000
#define BILLING_HOOK_REPLY_MAX   65536      /* of an answer nobody reads */
#define BILLING_HOOK_AFTER_MAX   86400
#define BILLING_HOOK_GONE        410

typedef enum {
    BILLING_HOOK_FREE = 0,
    BILLING_HOOK_FLYING,
    BILLING_HOOK_LANDED
} billing_hook_state_t;

typedef struct {
    billing_http_transfer_t   transfer;
    billing_hook_state_t      state;
    const billing_webhook_t  *hook;
    CURL                     *easy;
    struct curl_slist        *headers;
    char                      trace[BILLING_TRACE_LEN + 1];
    char                     *body;
    size_t                    received;
    int64_t                   event;
    int64_t                   failed;       /* before this try */
    long                      status;       /* 0: no answer */
    int64_t                   after_sec;    /* Retry-After */
    char                      error[96];
} billing_hook_slot_t;

struct billing_hooks_s {
    billing_hook_slot_t  slots[BILLING_HOOK_SLOTS];
    int64_t              poll_ms;
};

static billing_db_rc_t billing_hook_due(billing_worker_t *w,
    const billing_webhook_t *hook);
static billing_hook_slot_t *billing_hook_slot(struct billing_hooks_s *hooks,
    const billing_webhook_t *hook);
static bool billing_hook_known(const struct billing_hooks_s *hooks,
    const billing_webhook_t *hook, int64_t event);
static void billing_hook_start(billing_worker_t *w, billing_hook_slot_t *slot,
    const char *id);
static bool billing_hook_trace(billing_hook_slot_t *slot);
static bool billing_hook_headers(billing_worker_t *w,
    billing_hook_slot_t *slot, const char *id);
static bool billing_hook_options(billing_worker_t *w,
    billing_hook_slot_t *slot);
static void billing_hook_done(billing_worker_t *w, void *easy, int result,
    void *data);
static billing_db_rc_t billing_hook_landed(billing_worker_t *w,
    const billing_hook_slot_t *slot);
static billing_db_rc_t billing_hook_failed(billing_worker_t *w,
    const billing_hook_slot_t *slot);


bool
billing_hooks_new(billing_worker_t *w)
{
    billing_infra(w)->hooks = calloc(1, sizeof(struct billing_hooks_s));

    return billing_infra(w)->hooks != NULL;
}


static void
billing_hook_clear(billing_hook_slot_t *slot)
{
    curl_easy_cleanup(slot->easy);
    curl_slist_free_all(slot->headers);
    free(slot->body);
    *slot = (billing_hook_slot_t) { .state = BILLING_HOOK_FREE };
}


/* Before billing_http_free: curl takes a handle out of its multi by itself. */

void
billing_hooks_free(billing_worker_t *w)
{
    struct billing_hooks_s  *hooks = billing_infra(w)->hooks;

    if (hooks == NULL) {
        return;
    }

    for (size_t i = 0; i < BILLING_HOOK_SLOTS; i++) {
        billing_hook_clear(&hooks->slots[i]);
    }

    free(hooks);
    billing_infra(w)->hooks = NULL;
}


/* --- sending -------------------------------------------------------------- */


billing_db_rc_t
billing_hooks_send(billing_worker_t *w)
{
    billing_db_rc_t               rc = BILLING_DB_OK;
    struct billing_hooks_s       *hooks = billing_infra(w)->hooks;
    const billing_application_t  *app = &w->settings->application;

    if (app->nwebhooks == 0 || billing_clock_mono_ms() < hooks->poll_ms) {
        return BILLING_DB_OK;
    }

    hooks->poll_ms = billing_clock_mono_ms() + BILLING_HOOK_POLL_MS;

    for (uint32_t i = 0; i < app->nwebhooks && rc == BILLING_DB_OK; i++) {
        rc = billing_hook_due(w, &app->webhooks[i]);
    }

    return (rc == BILLING_DB_FATAL) ? rc : BILLING_DB_OK;
}


void
billing_hooks_hurry(billing_worker_t *w)
{
    if (billing_infra(w)->hooks != NULL) {
        billing_infra(w)->hooks->poll_ms = 0;
    }
}


/* Each endpoint by itself: a slow one takes no place from the others. */

static billing_db_rc_t
billing_hook_due(billing_worker_t *w, const billing_webhook_t *hook)
{
    int64_t                  event;
    billing_db_rc_t          rc;
    billing_hook_slot_t     *slot;
    struct billing_hooks_s  *hooks = billing_infra(w)->hooks;
    static const char        sql[] =
        "SELECT d.event, d.failed, e.id, e.body, e.trace FROM app_delivery d"
        " JOIN app_event e ON e.seq = d.event"
        " WHERE d.endpoint = $1 AND d.state = 'queued' AND d.next_at <= $2"
        " AND NOT EXISTS (SELECT 1 FROM app_endpoint p WHERE p.url = $1"
        " AND p.disabled <> 0) ORDER BY d.next_at, d.event LIMIT $3";

    rc = billing_db_query(w->db, sql, "tii", hook->url,
                          billing_clock_wall_ms() / 1000,
                          (int64_t) BILLING_HOOK_FLYING_MAX * 2);

    for ( /* void */ ; rc == BILLING_DB_ROW; rc = billing_db_next(w->db, sql))
    {
        event = billing_db_int(w->db, sql, 0);

        if (billing_hook_known(hooks, hook, event)) {
            continue;
        }

        slot = billing_hook_slot(hooks, hook);
        if (slot == NULL) {
            billing_db_done(w->db, sql);
            return BILLING_DB_OK;
        }

        slot->hook = hook;
        slot->event = event;
        slot->failed = billing_db_int(w->db, sql, 1);
        slot->body = strdup(billing_db_text(w->db, sql, 3));
        (void) snprintf(slot->trace, sizeof(slot->trace), "%s",
                        billing_db_text(w->db, sql, 4));
        billing_hook_start(w, slot, billing_db_text(w->db, sql, 2));
    }

    return (rc == BILLING_DB_DONE) ? BILLING_DB_OK : rc;
}


static billing_hook_slot_t *
billing_hook_slot(struct billing_hooks_s *hooks,
    const billing_webhook_t *hook)
{
    unsigned              busy = 0;
    billing_hook_slot_t  *slot = NULL;

    for (size_t i = 0; i < BILLING_HOOK_SLOTS; i++) {
        if (hooks->slots[i].state == BILLING_HOOK_FREE) {
            slot = &hooks->slots[i];

        } else {
            busy += hooks->slots[i].hook == hook;
        }
    }

    return (busy < BILLING_HOOK_FLYING_MAX) ? slot : NULL;
}


static bool
billing_hook_known(const struct billing_hooks_s *hooks,
    const billing_webhook_t *hook, int64_t event)
{
    for (size_t i = 0; i < BILLING_HOOK_SLOTS; i++) {
        if (hooks->slots[i].state != BILLING_HOOK_FREE
            && hooks->slots[i].hook == hook && hooks->slots[i].event == event)
        {
            return true;
        }
    }

    return false;
}


static void
billing_hook_start(billing_worker_t *w, billing_hook_slot_t *slot,
    const char *id)
{
    slot->state = BILLING_HOOK_FLYING;
    slot->transfer.done = billing_hook_done;
    slot->transfer.data = slot;
    slot->easy = curl_easy_init();

    if (slot->easy == NULL || slot->body == NULL
        || !billing_hook_headers(w, slot, id) || !billing_hook_trace(slot)
        || !billing_hook_options(w, slot)
        || !billing_http_add(w, slot->easy, &slot->transfer))
    {
        slot->state = BILLING_HOOK_LANDED;
        (void) snprintf(slot->error, sizeof(slot->error), "cannot be started");
    }
}


/* Each try is signed at its own instant: a receiver refuses old ones. */

static bool
billing_hook_headers(billing_worker_t *w, billing_hook_slot_t *slot,
    const char *id)
{
    char                          line[256];
    size_t                        n, which;
    struct curl_slist            *list;
    billing_hook_message_t        message;
    const billing_hook_secret_t  *secrets;
    static const char *const      fixed[] = {
        "Content-Type: application/json", "Expect:", "Accept:"
    };

    message = (billing_hook_message_t) {
        .id = id, .timestamp = billing_clock_wall_ms() / 1000,
        .body = slot->body, .body_len = strlen(slot->body)
    };

    which = (size_t) (slot->hook - w->settings->application.webhooks);
    secrets = w->hook_secrets[which];
    n = (size_t) snprintf(line, sizeof(line), "webhook-signature:");

    for (size_t i = 0; i < BILLING_SECRETS_MAX && secrets[i].len > 0; i++) {
        line[n++] = ' ';

        if (billing_hook_sign(&secrets[i], &message, line + n) != BILLING_OK) {
            return false;
        }

        n += BILLING_HOOK_SIGNATURE_LEN;
    }

    list = curl_slist_append(NULL, line);
    slot->headers = list;

    for (size_t i = 0; i < 3 && list != NULL; i++) {
        list = curl_slist_append(slot->headers, fixed[i]);
    }

    (void) snprintf(line, sizeof(line), "webhook-id: %s", id);
    list = (list == NULL) ? NULL : curl_slist_append(slot->headers, line);

    (void) snprintf(line, sizeof(line), "webhook-timestamp: %lld",
                    (long long) message.timestamp);

    return list != NULL && curl_slist_append(slot->headers, line) != NULL;
}


/* A span of our own in the trace that the event came of. */

static bool
billing_hook_trace(billing_hook_slot_t *slot)
{
    char     line[96], span[17];
    uint8_t  random[8];

    if (slot->trace[0] == '\0') {
        return true;
    }

    if (RAND_bytes(random, sizeof(random)) != 1) {
        return false;
    }

    random[0] |= 1;             /* all zeros would be none */
    billing_hex(random, sizeof(random), span);
    (void) snprintf(line, sizeof(line), "traceparent: 00-%s-%s-00",
                    slot->trace, span);

    return curl_slist_append(slot->headers, line) != NULL;
}


/* Nobody reads what they say; it may not fill our memory either. */

static size_t
billing_hook_read(char *bytes, size_t size, size_t n, void *data)
{
    billing_hook_slot_t  *slot = data;

    (void) bytes;
    slot->received += size * n;

    return (slot->received > BILLING_HOOK_REPLY_MAX) ? 0 : size * n;
}


static bool
billing_hook_options(billing_worker_t *w, billing_hook_slot_t *slot)
{
    bool       test = w->settings->gateway_test || w->settings->demo;
    unsigned   bad = 0;
    CURL      *easy = slot->easy;

    bad |= curl_easy_setopt(easy, CURLOPT_URL, slot->hook->url);
    bad |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR,
                            test ? "http,https" : "https");
    bad |= curl_easy_setopt(easy, CURLOPT_PROXY, "");
    bad |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    bad |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, slot->headers);
    bad |= curl_easy_setopt(easy, CURLOPT_USERAGENT, "billing-worker");
    bad |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    bad |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    bad |= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                            BILLING_HOOK_CONNECT_MS);
    bad |= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                            (long) slot->hook->timeout_ms);
    bad |= curl_easy_setopt(easy, CURLOPT_POST, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_POSTFIELDS, slot->body);
    bad |= curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE,
                            (long) strlen(slot->body));
    bad |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, billing_hook_read);
    bad |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, slot);

    return bad == 0 && (test || billing_http_guard(easy));
}


static void
billing_hook_done(billing_worker_t *w, void *easy, int result, void *data)
{
    curl_off_t            after = 0;
    billing_hook_slot_t  *slot = data;

    (void) w;
    (void) curl_easy_getinfo((CURL *) easy, CURLINFO_RESPONSE_CODE,
                             &slot->status);
    (void) curl_easy_getinfo((CURL *) easy, CURLINFO_RETRY_AFTER, &after);

    slot->state = BILLING_HOOK_LANDED;
    slot->after_sec = (after > BILLING_HOOK_AFTER_MAX)
                      ? BILLING_HOOK_AFTER_MAX : (int64_t) after;

    /* Too long an answer is an answer. */

    if (result != CURLE_OK && result != CURLE_WRITE_ERROR) {
        slot->status = 0;
        (void) snprintf(slot->error, sizeof(slot->error), "%s",
                        curl_easy_strerror((CURLcode) result));
    }
}


/* --- what came of it ------------------------------------------------------ */


bool
billing_hooks_landed(const billing_worker_t *w)
{
    const struct billing_hooks_s  *hooks = billing_infra(w)->hooks;

    for (size_t i = 0; hooks != NULL && i < BILLING_HOOK_SLOTS; i++) {
        if (hooks->slots[i].state == BILLING_HOOK_LANDED) {
            return true;
        }
    }

    return false;
}


billing_db_rc_t
billing_hooks_store(billing_worker_t *w)
{
    billing_db_rc_t          rc = BILLING_DB_OK;
    struct billing_hooks_s  *hooks = billing_infra(w)->hooks;

    for (size_t i = 0; hooks != NULL && i < BILLING_HOOK_SLOTS
                       && rc == BILLING_DB_OK; i++)
    {
        if (hooks->slots[i].state == BILLING_HOOK_LANDED) {
            rc = billing_hook_landed(w, &hooks->slots[i]);
        }
    }

    return rc;
}


void
billing_hooks_stored(billing_worker_t *w)
{
    struct billing_hooks_s  *hooks = billing_infra(w)->hooks;

    for (size_t i = 0; hooks != NULL && i < BILLING_HOOK_SLOTS; i++) {
        if (hooks->slots[i].state == BILLING_HOOK_LANDED) {
            billing_hook_clear(&hooks->slots[i]);
            hooks->poll_ms = 0;
        }
    }
}


static billing_db_rc_t
billing_hook_landed(billing_worker_t *w, const billing_hook_slot_t *slot)
{
    bool               taken = slot->status >= 200 && slot->status < 300;
    int64_t            now = billing_clock_wall_ms() / 1000;
    billing_db_rc_t    rc;
    static const char  sql[] =
        "UPDATE app_delivery SET state = 'delivered' WHERE endpoint = $1"
        " AND event = $2";
    static const char  endpoint_sql[] =
        "INSERT INTO app_endpoint (url, disabled, failed_at, delivered_at,"
        " status, error) VALUES ($1, $2, $3, $4, $5, $6)"
        " ON CONFLICT (url) DO UPDATE SET"
        " disabled = CASE WHEN excluded.disabled = 1 THEN 1"
        " ELSE app_endpoint.disabled END,"
        " failed_at = CASE WHEN excluded.failed_at = 0 THEN 0"
        " WHEN app_endpoint.failed_at = 0 THEN excluded.failed_at"
        " ELSE app_endpoint.failed_at END,"
        " delivered_at = CASE WHEN excluded.delivered_at = 0"
        " THEN app_endpoint.delivered_at ELSE excluded.delivered_at END,"
        " status = excluded.status, error = excluded.error";

    rc = taken ? billing_db_exec(w->db, sql, "ti", slot->hook->url,
                                 slot->event)
               : billing_hook_failed(w, slot);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    return billing_db_exec(w->db, endpoint_sql, "tiiiit", slot->hook->url,
                           (int64_t) (slot->status == BILLING_HOOK_GONE),
                           taken ? 0 : now, taken ? now : 0,
                           (int64_t) slot->status, slot->error);
}


static billing_db_rc_t
billing_hook_failed(billing_worker_t *w, const billing_hook_slot_t *slot)
{
    int64_t            pause, failed = slot->failed + 1;
    static const char  sql[] =
        "UPDATE app_delivery SET state = $1, failed = $2, next_at = $3"
        " WHERE endpoint = $4 AND event = $5";

    pause = billing_event_retry_sec((uint32_t) failed,
                                    (uint32_t) rand() % 1000);

    if (pause == 0) {
        billing_log("ALERT: event %lld given up for a webhook after %lld"
                    " tries", (long long) slot->event, (long long) failed);

    } else if (slot->after_sec > pause) {
        pause = slot->after_sec;
    }

    if (slot->status == BILLING_HOOK_GONE) {
        billing_log("ALERT: a webhook is gone (410) and gets nothing more");
    }

    return billing_db_exec(w->db, sql, "tiiti",
                           (pause == 0) ? "failed" : "queued", failed,
                           billing_clock_wall_ms() / 1000 + pause,
                           slot->hook->url, slot->event);
}
