/*
 * Gateway calls against servers that lie: whether a byte can have left must
 * never be wrong, and what is no whole reply must not look like one.
 */

#include "worker_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <curl/curl.h>

typedef struct {
    int    port;
    pid_t  pid;
    int    seen;                /* what the server read comes here */
} server_t;

typedef void (*server_pt)(int client);


static size_t
server_read(int client, char *out, size_t max)
{
    size_t   len = 0;
    ssize_t  n;

    do {
        n = read(client, out + len, max - 1 - len);
        len += (n > 0) ? (size_t) n : 0;
        out[len] = '\0';
    } while (n > 0 && strstr(out, "amount=1") == NULL
             && strstr(out, "GET ") == NULL);

    return len;
}


/* A socket that is the gateway's; its other pipe end is for who serves it. */

static int
server_socket(worker_fixture_t *f, server_t *server, int *told)
{
    int                 fd, pair[2];
    socklen_t           len;
    struct sockaddr_in  address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)
    };

    len = sizeof(address);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (void *) &address, sizeof(address)), 0);
    assert_int_equal(getsockname(fd, (void *) &address, &len), 0);
    assert_int_equal(pipe(pair), 0);

    server->port = ntohs(address.sin_port);
    server->seen = pair[0];
    *told = pair[1];
    (void) snprintf(f->settings.gateway_url, sizeof(f->settings.gateway_url),
                    "http://127.0.0.1:%d", server->port);
    (void) snprintf(f->w.gateway_key, sizeof(f->w.gateway_key), "sk_test_1");

    return fd;
}


static server_t
server_start(worker_fixture_t *f, server_pt serve)
{
    int       fd, client, told;
    char      request[8192];
    size_t    n;
    server_t  server;

    fd = server_socket(f, &server, &told);

    if (serve != NULL) {
        assert_int_equal(listen(fd, 8), 0);
    }

    server.pid = fork();
    if (server.pid == 0) {
        client = (serve != NULL) ? accept(fd, NULL, NULL) : -1;
        n = server_read(client, request, sizeof(request));
        (void) !write(told, request, n);
        if (serve != NULL) {
            serve(client);
        }
        (void) close(client);
        _exit(0);
    }

    (void) close(fd);
    (void) close(told);

    return server;
}


static void
server_stop(const server_t *server)
{
    (void) kill(server->pid, SIGKILL);
    (void) waitpid(server->pid, NULL, 0);
    (void) close(server->seen);
}


/* Makes one call and waits for its end; the caller looks at the result. */

static const billing_finished_t *
call(worker_fixture_t *f, bool post)
{
    billing_call_t             made = {
        .kind = BILLING_CALL_CHARGE, .subject = "co_1",
        .idempotency_key = "co_1-1", .attempt = 1,
        .request = { .post = post, .path = "/v1/payment_intents",
                     .body = "amount=1", .body_len = 8 }
    };
    const billing_finished_t  *list = NULL;

    billing_call_after_commit(&f->w, &made);
    assert_true(billing_call_in_flight(&f->w, "co_1"));
    assert_int_equal(billing_http_busy(&f->w), 0);
    billing_http_committed(&f->w);
    assert_true(billing_call_in_flight(&f->w, "co_1"));
    assert_false(billing_call_in_flight(&f->w, "co_2"));

    while (billing_http_finished(&f->w, &list) == 0) {
        billing_http_wait(&f->w, NULL, 0, 50);
        billing_http_perform(&f->w);
    }

    assert_true(billing_call_in_flight(&f->w, "co_1"));
    assert_int_equal(billing_http_busy(&f->w), 0);

    return list;
}


static void
say(int client, const char *text)
{
    (void) !write(client, text, strlen(text));
}


static void
serve_good(int client)
{
    say(client, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
}


static void
serve_busy(int client)
{
    say(client, "HTTP/1.1 429 Too Many\r\nRetry-After: 7\r\n"
                "Content-Length: 0\r\n\r\n");
}


static void
serve_nothing(int client)
{
    (void) client;
}


static void
serve_half(int client)
{
    say(client, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{\"id\":");
}


static void
serve_redirect(int client)
{
    say(client, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
                "Content-Length: 0\r\n\r\n");
}


static void
serve_endless(int client)
{
    char  block[4096];

    memset(block, 'x', sizeof(block));
    say(client, "HTTP/1.1 200 OK\r\n\r\n");

    for (int i = 0; i < 1000; i++) {
        if (write(client, block, sizeof(block)) < 0) {
            return;
        }
    }
}


static void
serve_never(int client)
{
    (void) client;
    (void) pause();
}


static void
a_whole_reply_is_passed_on(void **state)
{
    char                       seen[8192] = "";
    server_t                   server;
    worker_fixture_t          *f = *state;
    const billing_finished_t  *done;

    server = server_start(f, serve_good);
    done = call(f, true);
    assert_int_equal(done->reply.status, 200);
    assert_string_equal(done->reply.body, "{}");
    assert_true(done->sent);

    assert_true(read(server.seen, seen, sizeof(seen) - 1) > 0);
    assert_non_null(strstr(seen, "POST /v1/payment_intents HTTP/1.1\r\n"));
    assert_non_null(strstr(seen, "Idempotency-Key: co_1-1\r\n"));
    assert_non_null(strstr(seen, "Stripe-Version: "
                                 BILLING_GATEWAY_VERSION "\r\n"));
    assert_non_null(strstr(seen, "Authorization: Basic c2tfdGVzdF8xOg==\r\n"));
    assert_non_null(strstr(seen, "application/x-www-form-urlencoded\r\n"));
    assert_null(strstr(seen, "Expect:"));
    assert_non_null(strstr(seen, "\r\n\r\namount=1"));

    billing_http_drop(&f->w, 1);
    assert_false(billing_call_in_flight(&f->w, "co_1"));
    server_stop(&server);
}


static void
retry_after_is_passed_on(void **state)
{
    server_t                   server;
    worker_fixture_t          *f = *state;
    const billing_finished_t  *done;

    server = server_start(f, serve_busy);
    done = call(f, true);
    assert_int_equal(done->reply.status, 429);
    assert_int_equal(done->reply.retry_after_sec, 7);
    server_stop(&server);
}


static void
p38_a_redirect_is_not_followed(void **state)
{
    server_t           server;
    worker_fixture_t  *f = *state;

    server = server_start(f, serve_redirect);
    assert_int_equal(call(f, false)->reply.status, 302);
    server_stop(&server);
}


static void
a_closed_port_proves_that_nothing_left(void **state)
{
    server_t                   server;
    worker_fixture_t          *f = *state;
    const billing_finished_t  *done;

    server = server_start(f, NULL);
    done = call(f, true);
    assert_int_equal(done->reply.status, 0);
    assert_false(done->sent);
    server_stop(&server);
}


static void
an_unknown_host_proves_that_nothing_left(void **state)
{
    worker_fixture_t          *f = *state;
    const billing_finished_t  *done;

    strcpy(f->settings.gateway_url, "http://nowhere.invalid");
    f->settings.gateway_timeout_ms = 3000;
    done = call(f, true);
    assert_int_equal(done->reply.status, 0);
    assert_false(done->sent);
}


/* Closed without a reply, half a reply, too much of one, none in time. */

static void
p8_what_was_sent_and_not_answered_is_unknown(void **state)
{
    worker_fixture_t        *f = *state;
    static const server_pt   servers[] = {
        serve_nothing, serve_half, serve_endless, serve_never
    };

    for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
        server_t                   server = server_start(f, servers[i]);
        const billing_finished_t  *done = call(f, true);

        assert_int_equal(done->reply.status, 0);
        assert_null(done->reply.body);
        assert_true(done->sent);
        billing_http_drop(&f->w, 1);
        server_stop(&server);
    }
}


/*
 * Answers a crowd only when all of it is there, so that all calls are under
 * way at once; tells after each how many have connected so far.
 */

#define CROWD  150                      /* more than curl keeps by itself */

static void
serve_crowd(int listening, int told)
{
    int            n = 0, here = 0;
    char           request[8192];
    struct pollfd  fds[CROWD * 4];

    fds[0] = (struct pollfd) { .fd = listening, .events = POLLIN };

    while (poll(fds, (nfds_t) n + 1, -1) > 0) {
        if (fds[0].revents != 0 && n < CROWD * 4 - 1) {
            fds[++n] = (struct pollfd) {
                .fd = accept(listening, NULL, NULL), .events = POLLIN
            };
            fds[n].revents = 0;
        }

        for (int i = 1; i <= n; i++) {
            if (fds[i].revents == 0) {
                continue;
            }

            if (server_read(fds[i].fd, request, sizeof(request)) == 0) {
                fds[i].fd = -1;         /* it was closed */
                continue;
            }

            fds[i].events = 0;
            here++;
        }

        for (int i = 1; here == CROWD && i <= n; i++) {
            if (fds[i].fd >= 0 && fds[i].events == 0) {
                serve_good(fds[i].fd);
                fds[i].events = POLLIN;
            }
        }

        if (here == CROWD) {
            here = 0;
            (void) !write(told, &n, sizeof(n));
        }
    }
}


static server_t
crowd_start(worker_fixture_t *f)
{
    int       fd, told;
    server_t  server;

    fd = server_socket(f, &server, &told);
    assert_int_equal(listen(fd, CROWD * 2), 0);

    server.pid = fork();
    if (server.pid == 0) {
        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve_crowd(fd, told);
        _exit(0);
    }

    (void) close(fd);
    (void) close(told);

    return server;
}


static void
a_crowd_of_calls_keeps_its_connections(void **state)
{
    int                        connected = 0;
    size_t                     n;
    server_t                   server;
    billing_call_t             made = {
        .kind = BILLING_CALL_CHARGE, .subject = "co_1", .attempt = 1,
        .request = { .post = true, .path = "/v1/payment_intents",
                     .body = "amount=1", .body_len = 8 }
    };
    worker_fixture_t          *f = *state;
    const billing_finished_t  *list;

    server = crowd_start(f);

    for (unsigned crowd = 0; crowd < 3; crowd++) {
        for (unsigned i = 0; i < CROWD; i++) {
            billing_call_after_commit(&f->w, &made);
        }

        billing_http_committed(&f->w);

        do {
            billing_http_wait(&f->w, NULL, 0, 50);
            billing_http_perform(&f->w);
            n = billing_http_finished(&f->w, &list);
        } while (n < CROWD);

        for (size_t i = 0; i < n; i++) {
            assert_int_equal(list[i].reply.status, 200);
        }

        billing_http_drop(&f->w, n);
        assert_int_equal(read(server.seen, &connected, sizeof(connected)),
                         sizeof(connected));
        assert_int_equal(connected, CROWD);
    }

    server_stop(&server);
}


static void
p38_without_test_mode_only_https_and_public_addresses(void **state)
{
    worker_fixture_t          *f = *state;
    const billing_finished_t  *done;
    static const char *const   urls[] = {
        "http://127.0.0.1:9", "https://127.0.0.1:9", "https://10.0.0.1",
        "https://[::1]:9", "file:///etc/passwd", NULL
    };

    f->settings.gateway_test = false;

    for (size_t i = 0; urls[i] != NULL; i++) {
        strcpy(f->settings.gateway_url, urls[i]);
        done = call(f, true);
        assert_int_equal(done->reply.status, 0);
        assert_false(done->sent);
        billing_http_drop(&f->w, 1);
    }
}


static void
calls_of_an_undone_savepoint_are_never_made(void **state)
{
    size_t             mark;
    worker_fixture_t  *f = *state;
    billing_call_t     made = { .kind = BILLING_CALL_CHARGE, .subject = "x" };

    mark = billing_http_mark(&f->w);
    billing_call_after_commit(&f->w, &made);
    billing_http_undo(&f->w, mark);
    billing_http_committed(&f->w);
    assert_int_equal(billing_http_busy(&f->w), 0);
    assert_false(billing_call_in_flight(&f->w, "x"));
}


#define WITH_WORKER(test)                                                     \
    cmocka_unit_test_setup_teardown(test, worker_setup, worker_teardown)

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        WITH_WORKER(a_whole_reply_is_passed_on),
        WITH_WORKER(retry_after_is_passed_on),
        WITH_WORKER(p38_a_redirect_is_not_followed),
        WITH_WORKER(a_closed_port_proves_that_nothing_left),
        WITH_WORKER(an_unknown_host_proves_that_nothing_left),
        WITH_WORKER(p8_what_was_sent_and_not_answered_is_unknown),
        WITH_WORKER(a_crowd_of_calls_keeps_its_connections),
        WITH_WORKER(p38_without_test_mode_only_https_and_public_addresses),
        WITH_WORKER(calls_of_an_undone_savepoint_are_never_made)
    };

    (void) signal(SIGPIPE, SIG_IGN);
    (void) curl_global_init(CURL_GLOBAL_DEFAULT);
    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
