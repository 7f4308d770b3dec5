/*
 * Webhooks of a real installation: only https, and only public addresses,
 * whatever name billing.json has for them.
 */

#include "worker_fixture.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <curl/curl.h>

typedef struct {
    int  fd;
    int  port;
} door_t;


static door_t
door_open(void)
{
    door_t              door;
    socklen_t           len;
    struct sockaddr_in  address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)
    };

    len = sizeof(address);
    door.fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(door.fd, (void *) &address, sizeof(address)), 0);
    assert_int_equal(listen(door.fd, 8), 0);
    assert_int_equal(getsockname(door.fd, (void *) &address, &len), 0);
    assert_int_equal(fcntl(door.fd, F_SETFL, O_NONBLOCK), 0);
    door.port = ntohs(address.sin_port);

    return door;
}


/* One event for that address; whether anybody knocked. */

static bool
knocks(worker_fixture_t *f, const char *scheme, const char *host)
{
    int                 client;
    bool                knocked = false;
    door_t              door = door_open();
    billing_webhook_t  *hook = &f->settings.application.webhooks[0];

    f->settings.application.nwebhooks = 1;
    hook->timeout_ms = 300;
    (void) snprintf(hook->url, sizeof(hook->url), "%s://%s:%d/hear", scheme,
                    host, door.port);
    f->w.hook_secrets[0][0].len = 24;

    assert_int_equal(billing_db_exec(f->w.db, "INSERT INTO app_event (seq, id,"
        " kind, team, body, at) VALUES (1, 'msg_1', 1, 'team', '{}', 1)", ""),
        BILLING_DB_OK);
    assert_int_equal(billing_db_exec(f->w.db, "INSERT INTO app_delivery"
        " (endpoint, event, state, next_at) VALUES ($1, 1, 'queued', 0)",
        "t", hook->url), BILLING_DB_OK);

    assert_true(billing_hooks_new(&f->w));
    billing_hooks_hurry(&f->w);
    assert_int_equal(billing_hooks_send(&f->w), BILLING_DB_OK);

    for (unsigned i = 0; i < 400 && !billing_hooks_landed(&f->w); i++) {
        billing_http_wait(&f->w, NULL, 0, 50);
        billing_http_perform(&f->w);
        client = accept(door.fd, NULL, NULL);

        if (client >= 0) {
            knocked = true;
            (void) close(client);
        }
    }

    assert_true(billing_hooks_landed(&f->w));
    assert_int_equal(billing_hooks_store(&f->w), BILLING_DB_OK);
    billing_hooks_stored(&f->w);
    billing_hooks_free(&f->w);
    (void) close(door.fd);

    /* Not delivered, and tried again. */

    assert_int_equal(worker_number(f->w.db, "SELECT failed FROM app_delivery"
                                   " WHERE state = 'queued'"), 1);
    assert_int_equal(worker_number(f->w.db, "SELECT COUNT(*) FROM app_endpoint"
                                   " WHERE failed_at > 0 AND status = 0"), 1);

    return knocked;
}


static void
in_test_mode_the_next_door_may_be_ours(void **state)
{
    assert_true(knocks(*state, "http", "127.0.0.1"));
}


static void
p38_no_private_address_hears_anything(void **state)
{
    worker_fixture_t  *f = *state;

    f->settings.gateway_test = f->settings.demo = false;
    assert_false(knocks(f, "https", "127.0.0.1"));
}


static void
p38_nor_by_a_name(void **state)
{
    worker_fixture_t  *f = *state;

    f->settings.gateway_test = f->settings.demo = false;
    assert_false(knocks(f, "https", "localhost"));
}


static void
p38_nor_anybody_without_tls(void **state)
{
    worker_fixture_t  *f = *state;

    f->settings.gateway_test = f->settings.demo = false;
    assert_false(knocks(f, "http", "127.0.0.1"));
}


#define WITH_WORKER(name)                                                     \
    cmocka_unit_test_setup_teardown(name, worker_setup, worker_teardown)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        WITH_WORKER(in_test_mode_the_next_door_may_be_ours),
        WITH_WORKER(p38_no_private_address_hears_anything),
        WITH_WORKER(p38_nor_by_a_name),
        WITH_WORKER(p38_nor_anybody_without_tls)
    };

    (void) curl_global_init(CURL_GLOBAL_DEFAULT);
    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
