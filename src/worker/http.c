/*
 * Gateway calls, many at once, by libcurl.
 *
 * A call is remembered in the transaction that needs it and sent after the
 * commit, never before: what the gateway does is then always ours to find
 * again by its key.  Only one thing must be told apart here with certainty:
 * whether a byte of the request can have left.
 */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>

#include "billing_infra.h"

#define BILLING_HTTP_CONNECT_MS  5000L
#define BILLING_HTTP_REDIRECTS   0L
#define BILLING_HTTP_ASIDE       32         /* mails, events: not calls */
#define BILLING_HTTP_READ        4096L      /* an answer is some 2 KB */
#define BILLING_HTTP_WRITE       16384L     /* the least libcurl takes */

typedef struct {
    billing_http_transfer_t  transfer;
    billing_call_t           call;
    CURL                    *easy;
    struct curl_slist       *headers;
    char                    *body;
    size_t                   body_len;
} billing_http_call_t;

struct billing_http_s {
    CURLM                *multi;
    billing_http_call_t  *calls[BILLING_CALLS_MAX];
    unsigned              busy;
    billing_call_t       *queue;            /* [0, ready) may be sent */
    size_t                queue_n;
    size_t                queue_max;
    size_t                ready;
    billing_finished_t   *finished;
    size_t                finished_n;
    size_t                finished_max;
};

static void billing_http_start(billing_worker_t *w,
    const billing_call_t *call);
static bool billing_http_options(billing_worker_t *w,
    billing_http_call_t *slot);
static bool billing_http_headers(billing_http_call_t *slot);
static size_t billing_http_body(char *bytes, size_t size, size_t n,
    void *data);
static curl_socket_t billing_http_socket(void *data, curlsocktype purpose,
    struct curl_sockaddr *address);
static void billing_http_done(billing_worker_t *w, void *easy, int result,
    void *data);
static void billing_http_finish(billing_worker_t *w,
    const billing_finished_t *finished);
static void billing_http_release(billing_http_call_t *slot);


bool
billing_http_new(billing_worker_t *w)
{
    struct billing_http_s  *http = calloc(1, sizeof(struct billing_http_s));

    if (http == NULL) {
        return false;
    }

    w->http = http;
    http->multi = curl_multi_init();

    if (http->multi == NULL) {
        return false;
    }

    /*
     * Those in use count as well: with fewer, each that becomes free while
     * many are under way is closed, and each call shakes hands anew.
     */
    (void) curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS,
                             (long) (BILLING_CALLS_MAX
                                     + BILLING_HTTP_ASIDE));

    return true;
}


void
billing_http_free(billing_worker_t *w)
{
    struct billing_http_s  *http = w->http;

    if (http == NULL) {
        return;
    }

    for (size_t i = 0; i < BILLING_CALLS_MAX; i++) {
        if (http->calls[i] != NULL) {
            (void) curl_multi_remove_handle(http->multi, http->calls[i]->easy);
            billing_http_release(http->calls[i]);
        }
    }

    billing_http_drop(w, http->finished_n);
    (void) curl_multi_cleanup(http->multi);
    free(http->queue);
    free(http->finished);
    free(http);
    w->http = NULL;
}


/* --- in the transaction --------------------------------------------------- */


void
billing_call_after_commit(billing_worker_t *w, const billing_call_t *call)
{
    size_t                  max;
    billing_call_t         *grown;
    struct billing_http_s  *http = w->http;

    if (http->queue_n >= BILLING_CALLS_QUEUE_MAX) {
        return;                     /* its row is there: the sweep asks again */
    }

    if (http->queue_n == http->queue_max) {
        max = http->queue_max ? http->queue_max * 2 : 16;

        grown = realloc(http->queue, max * sizeof(billing_call_t));
        if (grown == NULL) {
            return;
        }

        http->queue = grown;
        http->queue_max = max;
    }

    http->queue[http->queue_n++] = *call;
}


size_t
billing_http_mark(const billing_worker_t *w)
{
    return w->http->queue_n;
}


void
billing_http_undo(billing_worker_t *w, size_t mark)
{
    w->http->queue_n = mark;
}


bool
billing_call_in_flight(const billing_worker_t *w, const char *subject)
{
    const struct billing_http_s  *http = w->http;

    for (size_t i = 0; i < BILLING_CALLS_MAX; i++) {
        if (http->calls[i] != NULL
            && strcmp(http->calls[i]->call.subject, subject) == 0)
        {
            return true;
        }
    }

    for (size_t i = 0; i < http->queue_n; i++) {
        if (strcmp(http->queue[i].subject, subject) == 0) {
            return true;
        }
    }

    for (size_t i = 0; i < http->finished_n; i++) {
        if (strcmp(http->finished[i].call.subject, subject) == 0) {
            return true;
        }
    }

    return false;
}


size_t
billing_http_finished(const billing_worker_t *w,
    const billing_finished_t **list)
{
    *list = w->http->finished;

    return w->http->finished_n;
}


void
billing_http_drop(billing_worker_t *w, size_t n)
{
    struct billing_http_s  *http = w->http;

    if (n == 0) {
        return;
    }

    for (size_t i = 0; i < n; i++) {
        free((char *) http->finished[i].reply.body);
    }

    http->finished_n -= n;
    memmove(http->finished, http->finished + n,
            http->finished_n * sizeof(billing_finished_t));
}


/* --- after the commit ----------------------------------------------------- */


void
billing_http_committed(billing_worker_t *w)
{
    size_t                  n = 0;
    struct billing_http_s  *http = w->http;

    http->ready = http->queue_n;

    while (n < http->ready && http->busy < BILLING_CALLS_MAX) {
        billing_http_start(w, &http->queue[n++]);
    }

    if (n > 0) {
        http->ready -= n;
        http->queue_n -= n;
        memmove(http->queue, http->queue + n,
                http->queue_n * sizeof(billing_call_t));
    }
}


unsigned
billing_http_busy(const billing_worker_t *w)
{
    return w->http->busy;
}


/* A call that cannot even be started has certainly not been sent. */

static void
billing_http_start(billing_worker_t *w, const billing_call_t *call)
{
    size_t                  i = 0;
    billing_http_call_t    *slot;
    struct billing_http_s  *http = w->http;
    billing_finished_t      unsent = { .call = *call, .sent = false };

    slot = calloc(1, sizeof(billing_http_call_t));
    if (slot == NULL) {
        billing_http_finish(w, &unsent);
        return;
    }

    slot->call = *call;
    slot->transfer.done = billing_http_done;
    slot->transfer.data = slot;
    slot->easy = curl_easy_init();

    if (slot->easy == NULL || !billing_http_options(w, slot)
        || !billing_http_add(w, slot->easy, &slot->transfer))
    {
        billing_http_release(slot);
        billing_http_finish(w, &unsent);
        return;
    }

    while (http->calls[i] != NULL) {
        i++;
    }

    http->calls[i] = slot;
    http->busy++;
}


bool
billing_http_add(billing_worker_t *w, void *easy,
    const billing_http_transfer_t *transfer)
{
    return curl_easy_setopt((CURL *) easy, CURLOPT_PRIVATE, transfer)
           == CURLE_OK
           && curl_multi_add_handle(w->http->multi, easy) == CURLM_OK;
}


static bool
billing_http_options(billing_worker_t *w, billing_http_call_t *slot)
{
    unsigned                    bad = 0;
    char                        url[512], user[sizeof(w->gateway_key) + 1];
    CURL                       *easy = slot->easy;
    const billing_settings_t   *settings = w->settings;
    billing_gateway_request_t  *request = &slot->call.request;

    (void) snprintf(url, sizeof(url), "%s%s", settings->gateway_url,
                    request->path);
    (void) snprintf(user, sizeof(user), "%s:", w->gateway_key);

    if (!billing_http_headers(slot)) {
        return false;
    }

    bad |= curl_easy_setopt(easy, CURLOPT_URL, url);
    bad |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR,
                            settings->gateway_test ? "http,https" : "https");
    bad |= curl_easy_setopt(easy, CURLOPT_PROXY, "");
    bad |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    bad |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    bad |= curl_easy_setopt(easy, CURLOPT_USERPWD, user);
    bad |= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, slot->headers);
    bad |= curl_easy_setopt(easy, CURLOPT_USERAGENT, "billing-worker");
    bad |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION,
                            BILLING_HTTP_REDIRECTS);
    bad |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    bad |= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                            BILLING_HTTP_CONNECT_MS);
    bad |= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                            (long) settings->gateway_timeout_ms);
    bad |= curl_easy_setopt(easy, CURLOPT_MAXFILESIZE,
                            (long) BILLING_GATEWAY_REPLY_MAX);
    bad |= curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, BILLING_HTTP_READ);
    bad |= curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE,
                            BILLING_HTTP_WRITE);
    bad |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, billing_http_body);
    bad |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, slot);

    if (!settings->gateway_test) {
        bad |= !billing_http_guard(easy);
    }

    if (request->post) {
        bad |= curl_easy_setopt(easy, CURLOPT_POST, 1L);
        bad |= curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
        bad |= curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE,
                                (long) request->body_len);
    }

    return bad == 0;
}


bool
billing_http_guard(void *easy)
{
    return curl_easy_setopt((CURL *) easy, CURLOPT_OPENSOCKETFUNCTION,
                            billing_http_socket) == CURLE_OK;
}


static bool
billing_http_headers(billing_http_call_t *slot)
{
    char                key[96];
    struct curl_slist  *list;

    slot->headers = curl_slist_append(NULL, "Stripe-Version: "
                                            BILLING_GATEWAY_VERSION);
    if (slot->headers == NULL) {
        return false;
    }

    /* Never wait for a 100: the whole request is small. */
    list = curl_slist_append(slot->headers, "Expect:");
    if (list == NULL) {
        return false;
    }

    if (slot->call.idempotency_key[0] == '\0') {
        return true;
    }

    (void) snprintf(key, sizeof(key), "Idempotency-Key: %s",
                    slot->call.idempotency_key);

    return curl_slist_append(slot->headers, key) != NULL;
}


/* Less taken than given ends the transfer: no complete reply. */

static size_t
billing_http_body(char *bytes, size_t size, size_t n, void *data)
{
    char                 *grown;
    billing_http_call_t  *slot = data;

    n *= size;

    if (n > BILLING_GATEWAY_REPLY_MAX - slot->body_len) {
        return 0;
    }

    grown = realloc(slot->body, slot->body_len + n + 1);
    if (grown == NULL) {
        return 0;
    }

    memcpy(grown + slot->body_len, bytes, n);
    slot->body = grown;
    slot->body_len += n;
    slot->body[slot->body_len] = '\0';

    return n;
}


/* Loopback, private and link-local networks: no gateway lives there. */

static bool
billing_http_private(const struct sockaddr *address)
{
    uint32_t                    v4;
    const struct in6_addr      *v6;
    const struct sockaddr_in   *in = (const void *) address;
    const struct sockaddr_in6  *in6 = (const void *) address;

    if (address->sa_family == AF_INET) {
        v4 = ntohl(in->sin_addr.s_addr);

        return (v4 >> 24) == 0 || (v4 >> 24) == 10 || (v4 >> 24) == 127
               || (v4 >> 20) == 0xac1 || (v4 >> 16) == 0xc0a8
               || (v4 >> 16) == 0xa9fe || (v4 >> 22) == 0x191
               || (v4 >> 28) >= 0xe;
    }

    if (address->sa_family != AF_INET6) {
        return true;
    }

    v6 = &in6->sin6_addr;

    return IN6_IS_ADDR_LOOPBACK(v6) || IN6_IS_ADDR_UNSPECIFIED(v6)
           || IN6_IS_ADDR_LINKLOCAL(v6) || IN6_IS_ADDR_V4MAPPED(v6)
           || IN6_IS_ADDR_MULTICAST(v6) || (v6->s6_addr[0] & 0xfe) == 0xfc;
}


/* Asked after the name was resolved, so a name cannot point inside. */

static curl_socket_t
billing_http_socket(void *data, curlsocktype purpose,
    struct curl_sockaddr *address)
{
    (void) data;
    (void) purpose;

    if (billing_http_private(&address->addr)) {
        billing_log("ALERT: a name leads to a private address, and none of"
                    " ours may: the gateway's, or a webhook's");
        return CURL_SOCKET_BAD;
    }

    return socket(address->family, address->socktype | SOCK_CLOEXEC,
                  address->protocol);
}


/* --- the loop's side ------------------------------------------------------ */


void
billing_http_wait(billing_worker_t *w, struct curl_waitfd *fds, unsigned n,
    int timeout_ms)
{
    if (curl_multi_poll(w->http->multi, fds, n, timeout_ms, NULL) != CURLM_OK)
    {
        (void) usleep(1000);        /* never a busy loop */
    }
}


void
billing_http_perform(billing_worker_t *w)
{
    int                       running, left;
    CURLMsg                  *message;
    struct billing_http_s    *http = w->http;
    billing_http_transfer_t  *transfer;

    (void) curl_multi_perform(http->multi, &running);

    while ((message = curl_multi_info_read(http->multi, &left)) != NULL) {
        CURL      *easy = message->easy_handle;
        CURLcode   result = message->data.result;

        if (message->msg != CURLMSG_DONE) {
            continue;
        }

        (void) curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **) &transfer);
        (void) curl_multi_remove_handle(http->multi, easy);
        transfer->done(w, easy, (int) result, transfer->data);
    }

    if (http->ready > 0 && http->busy < BILLING_CALLS_MAX) {
        billing_http_committed(w);
    }
}


static void
billing_http_done(billing_worker_t *w, void *easy, int result, void *data)
{
    long                    status = 0, sent = 0;
    curl_off_t              after = 0;
    billing_http_call_t    *slot = data;
    struct billing_http_s  *http = w->http;
    billing_finished_t      finished = { .call = slot->call };

    (void) curl_easy_getinfo((CURL *) easy, CURLINFO_RESPONSE_CODE, &status);
    (void) curl_easy_getinfo((CURL *) easy, CURLINFO_REQUEST_SIZE, &sent);
    (void) curl_easy_getinfo((CURL *) easy, CURLINFO_RETRY_AFTER, &after);

    finished.sent = sent > 0 || result == CURLE_OK;

    if (result == CURLE_OK) {
        finished.reply.status = (unsigned) status;
        finished.reply.retry_after_sec = (after > 3600) ? 3600
                                                        : (unsigned) after;
        finished.reply.body = slot->body;
        finished.reply.body_len = slot->body_len;
        slot->body = NULL;

    } else {
        billing_log("gateway call for %s, %s: %s", slot->call.subject,
                    finished.sent ? "sent" : "not sent",
                    curl_easy_strerror((CURLcode) result));
    }

    billing_http_finish(w, &finished);

    for (size_t i = 0; i < BILLING_CALLS_MAX; i++) {
        if (http->calls[i] == slot) {
            http->calls[i] = NULL;
        }
    }

    http->busy--;
    billing_http_release(slot);
}


static void
billing_http_finish(billing_worker_t *w, const billing_finished_t *finished)
{
    size_t                  max;
    billing_finished_t     *grown;
    struct billing_http_s  *http = w->http;

    if (http->finished_n == http->finished_max) {
        max = http->finished_max ? http->finished_max * 2 : 64;

        grown = realloc(http->finished, max * sizeof(billing_finished_t));
        if (grown == NULL) {
            /* As if no reply had come: the sweep sends the same key again. */
            free((char *) finished->reply.body);
            return;
        }

        http->finished = grown;
        http->finished_max = max;
    }

    http->finished[http->finished_n++] = *finished;
}


static void
billing_http_release(billing_http_call_t *slot)
{
    curl_easy_cleanup(slot->easy);
    curl_slist_free_all(slot->headers);
    free(slot->body);
    free(slot);
}
