/*
 * A database server that is not who it should be hears no name and no
 * password, though nobody has set sslmode.  The servers here are children that
 * say how far they got.
 */

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <openssl/ssl.h>

#include "worker_fixture.h"
#include "../unit/certificate_fixture.h"

typedef enum {
    HEARD_NOTHING = 0,
    HEARD_LOGIN,                        /* who wants in, and where */
    HEARD_NO_REQUEST                    /* no server was asked for at all */
} heard_t;

typedef heard_t (*server_pt)(int fd, void *data);


/* Asks this server in for a database; query: what the DSN says more. */

static heard_t
meet(server_pt server, void *data, const char *query, char *error,
    size_t error_max)
{
    int                 status, fd = socket(AF_INET, SOCK_STREAM, 0);
    char                dsn[256], bytes[8];
    pid_t               pid;
    socklen_t           len = sizeof(struct sockaddr_in);
    struct sockaddr_in  at = { .sin_family = AF_INET };

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *) &at, len), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *) &at, &len), 0);

    pid = fork();
    if (pid == 0) {
        (void) alarm(20);
        (void) signal(SIGPIPE, SIG_IGN);
        fd = accept(fd, NULL, NULL);

        if (fd < 0 || recv(fd, bytes, sizeof(bytes), MSG_WAITALL) != 8) {
            _exit(HEARD_NO_REQUEST);
        }

        _exit((int) server(fd, data));
    }

    (void) close(fd);
    (void) snprintf(dsn, sizeof(dsn),
                    "postgresql://billing:word@localhost:%d/x?hostaddr="
                    "127.0.0.1%s", ntohs(at.sin_port), query);
    assert_null(billing_db_new(dsn, error, error_max));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));

    return (heard_t) WEXITSTATUS(status);
}


static heard_t
plain_server(int fd, void *data)
{
    char  bytes[64];

    (void) data;

    if (send(fd, "N", 1, MSG_NOSIGNAL) != 1) {
        return HEARD_NO_REQUEST;
    }

    return recv(fd, bytes, sizeof(bytes), 0) > 0 ? HEARD_LOGIN : HEARD_NOTHING;
}


static void
a_server_without_tls_is_not_logged_in_to(void **state)
{
    char  error[256] = "";

    (void) state;
    assert_int_equal(meet(plain_server, NULL, "", error, sizeof(error)),
                     HEARD_NOTHING);
    assert_non_null(strstr(error, "SSL"));
}


/* --- with TLS, and a certificate that says something else ---------------- */


static char  folder[] = "/tmp/billing-postgres-tls.XXXXXX";
static char  known[64], unknown[64];


static void
write_issuer(const char *name)
{
    FILE  *file = fopen(name, "w");

    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, ca), 1);
    (void) fclose(file);
}


/* Two that sign; the second is who signs from here on. */

static int
setup(void **state)
{
    (void) state;
    assert_non_null(mkdtemp(folder));
    (void) snprintf(known, sizeof(known), "%s/known", folder);
    (void) snprintf(unknown, sizeof(unknown), "%s/unknown", folder);

    certificates_make("one");
    write_issuer(unknown);
    certificates_free();
    certificates_make("another");
    write_issuer(known);

    return setenv("HOME", folder, 1);   /* libpq looks for an issuer there */
}


static int
teardown(void **state)
{
    (void) state;
    (void) unlink(known);
    (void) unlink(unknown);
    (void) rmdir(folder);
    certificates_free();

    return 0;
}


static heard_t
tls_server(int fd, void *data)
{
    SSL      *ssl;
    char      bytes[64];
    SSL_CTX  *ctx = SSL_CTX_new(TLS_server_method());

    (void) SSL_CTX_use_certificate(ctx, data);
    (void) SSL_CTX_use_PrivateKey(ctx, own_key);
    ssl = SSL_new(ctx);

    if (send(fd, "S", 1, MSG_NOSIGNAL) != 1 || SSL_set_fd(ssl, fd) != 1) {
        return HEARD_NO_REQUEST;
    }

    if (SSL_accept(ssl) != 1) {
        return HEARD_NOTHING;
    }

    return SSL_read(ssl, bytes, sizeof(bytes)) > 0 ? HEARD_LOGIN
                                                   : HEARD_NOTHING;
}


/* What a server with a certificate for these names hears; why not more. */

static heard_t
certified(const char *names, const char *issuers, char *error,
    size_t error_max)
{
    X509     *cert = certificate(own_key, names, DAY);
    char      query[128] = "";
    heard_t   heard;

    if (issuers != NULL) {
        (void) snprintf(query, sizeof(query), "&sslrootcert=%s", issuers);
    }

    heard = meet(tls_server, cert, query, error, error_max);
    X509_free(cert);

    return heard;
}


static void
a_server_with_a_good_certificate_is_logged_in_to(void **state)
{
    char  error[256] = "";

    (void) state;
    assert_int_equal(certified("DNS:localhost", known, error, sizeof(error)),
                     HEARD_LOGIN);
}


static void
a_server_of_another_name_is_not_logged_in_to(void **state)
{
    char  error[256] = "";

    (void) state;
    assert_int_equal(certified("DNS:db.example.test", known, error,
                               sizeof(error)), HEARD_NOTHING);
    assert_non_null(strstr(error, "does not match"));
}


static void
a_server_of_an_unknown_issuer_is_not_logged_in_to(void **state)
{
    char  error[256] = "";

    (void) state;
    assert_int_equal(certified("DNS:localhost", unknown, error,
                               sizeof(error)), HEARD_NOTHING);
    assert_non_null(strstr(error, "certificate verify failed"));
}


/* Not even where no issuer is known at all. */

static void
a_server_is_not_believed_for_want_of_an_issuer(void **state)
{
    char  error[256] = "";

    (void) state;
    assert_int_equal(certified("DNS:localhost", NULL, error, sizeof(error)),
                     HEARD_NOTHING);
    assert_non_null(strstr(error, "root certificate"));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_server_without_tls_is_not_logged_in_to),
        cmocka_unit_test(a_server_with_a_good_certificate_is_logged_in_to),
        cmocka_unit_test(a_server_of_another_name_is_not_logged_in_to),
        cmocka_unit_test(a_server_of_an_unknown_issuer_is_not_logged_in_to),
        cmocka_unit_test(a_server_is_not_believed_for_want_of_an_issuer),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("db_postgres_tls", tests, setup,
                                       teardown);
}
