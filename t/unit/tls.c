#include "store_fixture.h"

#include <stdlib.h>
#include <unistd.h>

#ifdef BILLING_REDIS_TLS

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "certificate_fixture.h"

static char  folder[] = "/tmp/billing-tls.XXXXXX";


static const char *
file_of(const char *word)
{
    static char  names[4][64];
    static int   next;
    char        *name = names[next++ % 4];

    (void) snprintf(name, sizeof(names[0]), "%s/%s", folder, word);

    return name;
}


static int
setup(void **state)
{
    X509  *own;
    FILE  *file;

    (void) state;
    assert_non_null(mkdtemp(folder));

    certificates_make("issuer");
    own = certificate(own_key, "DNS:client.test", DAY);

    file = fopen(file_of("ca"), "w");
    PEM_write_X509(file, ca);
    (void) fclose(file);
    file = fopen(file_of("cert"), "w");
    PEM_write_X509(file, own);
    (void) fclose(file);
    file = fopen(file_of("key"), "w");
    PEM_write_PrivateKey(file, own_key, NULL, NULL, 0, NULL, NULL);
    (void) fclose(file);
    file = fopen(file_of("other"), "w");
    PEM_write_PrivateKey(file, ca_key, NULL, NULL, 0, NULL, NULL);
    (void) fclose(file);
    file = fopen(file_of("closed"), "w");
    PEM_write_PrivateKey(file, own_key, EVP_aes_128_cbc(), NULL, 0, NULL,
                         "word");
    (void) fclose(file);
    file = fopen(file_of("prose"), "w");
    (void) fputs("this is no certificate\n", file);
    (void) fclose(file);
    X509_free(own);

    return 0;
}


static int
teardown(void **state)
{
    const char *const  words[] = {
        "ca", "cert", "key", "other", "closed", "prose"
    };

    (void) state;

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        (void) unlink(file_of(words[i]));
    }

    (void) rmdir(folder);
    certificates_free();

    return 0;
}


/* Shakes hands in memory with who has this certificate; why it failed. */

static const char *
meet(X509 *theirs, EVP_PKEY *key, const char *host)
{
    static char  why[BILLING_TLS_WHY_MAX];

    BIO                  *near, *far;
    SSL                  *client, *server;
    char                  error[256];
    SSL_CTX              *ours, *there = SSL_CTX_new(TLS_server_method());
    billing_tls_files_t   files = { file_of("ca"), "", "" };

    ours = billing_tls_new(&files, error, sizeof(error));
    assert_non_null(ours);
    assert_int_equal(SSL_CTX_use_certificate(there, theirs), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(there, key), 1);
    assert_int_equal(BIO_new_bio_pair(&near, 0, &far, 0), 1);

    client = SSL_new(ours);
    server = SSL_new(there);
    SSL_set_bio(client, near, near);
    SSL_set_bio(server, far, far);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    assert_true(billing_tls_expect(client, host));

    for (int i = 0; i < 10 && !SSL_is_init_finished(client); i++) {
        (void) SSL_do_handshake(server);
        billing_tls_forget();
        if (SSL_do_handshake(client) <= 0
            && SSL_get_verify_result(client) != X509_V_OK)
        {
            break;
        }
    }

    billing_tls_why(client, why, sizeof(why));
    assert_int_equal(why[0] == '\0', SSL_is_init_finished(client));

    SSL_free(client);
    SSL_free(server);
    SSL_CTX_free(there);
    billing_tls_free(ours);

    return why;
}


static void
who_is_spoken_to_is_who_the_certificate_says(void **state)
{
    static const struct {
        const char  *names;
        const char  *host;
        const char  *why;           /* "" good */
    } cases[] = {
        { "DNS:redis.test", "redis.test", "" },
        { "DNS:redis.test", "REDIS.test", "" },
        { "DNS:*.example.test", "redis.example.test", "" },
        { "DNS:r*.example.test", "redis.example.test", "hostname mismatch" },
        { "IP:10.0.0.7", "10.0.0.7", "" },
        { "IP:::1", "::1", "" },
        { "DNS:redis.test", "other.test", "hostname mismatch" },
        { "DNS:redis.test", "10.0.0.7", "IP address mismatch" },
        { "IP:10.0.0.8", "10.0.0.7", "IP address mismatch" },
        { "DNS:10.0.0.7", "10.0.0.7", "IP address mismatch" }
    };

    (void) state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        X509        *theirs = certificate(own_key, cases[i].names, DAY);
        const char  *why = meet(theirs, own_key, cases[i].host);

        X509_free(theirs);

        if ((why[0] == '\0') != (cases[i].why[0] == '\0')
            || strcasestr(why, cases[i].why) == NULL)
        {
            fail_msg("%s, %s: %s", cases[i].names, cases[i].host, why);
        }
    }
}


static void
an_expired_one_is_refused(void **state)
{
    X509  *theirs = certificate(own_key, "DNS:redis.test", -DAY);

    (void) state;
    assert_non_null(strstr(meet(theirs, own_key, "redis.test"), "expired"));
    X509_free(theirs);
}


static void
who_signed_himself_is_refused(void **state)
{
    X509  *issuer = ca, *theirs;

    (void) state;
    ca = NULL;
    theirs = certificate(own_key, "DNS:redis.test", DAY);
    ca = issuer;

    assert_non_null(strstr(meet(theirs, own_key, "redis.test"),
                           "self-signed"));
    X509_free(theirs);
}


static void
a_handshake_without_an_end_is_said(void **state)
{
    SSL                  *ssl;
    char                  why[BILLING_TLS_WHY_MAX], error[256];
    SSL_CTX              *ours;
    billing_tls_files_t   files = { "", "", "" };

    (void) state;
    ours = billing_tls_new(&files, error, sizeof(error));
    ssl = SSL_new(ours);
    SSL_set_connect_state(ssl);

    billing_tls_forget();
    billing_tls_why(ssl, why, sizeof(why));
    assert_string_equal(why, "TLS: the handshake was not finished");
    assert_false(billing_tls_expect(ssl, ""));

    SSL_free(ssl);
    billing_tls_free(ours);
}


static void
files_that_are_none_are_named(void **state)
{
    const struct {
        const char  *ca, *cert, *key;
        const char  *file, *why;        /* NULL good */
    } cases[] = {
        { "", "", "", NULL, NULL },
        { "ca", "", "", NULL, NULL },
        { "ca", "cert", "key", NULL, NULL },
        { "absent", "", "", "absent", ": No such file or directory" },
        { "prose", "", "", "prose", ": holds no certificate in PEM" },
        { "key", "", "", "key", ": holds no certificate in PEM" },
        { "", "absent", "key", "absent", ": No such file or directory" },
        { "", "prose", "key", "prose", ": holds no certificate in PEM" },
        { "", "cert", "absent", "absent", ": No such file or directory" },
        { "", "cert", "prose", "prose", ": holds no key" },
        { "", "cert", "other", "other", ": holds no key" },
        { "", "cert", "closed", "closed", ": holds no key without a pass" }
    };

    (void) state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char                  error[256] = "", said[128];
        SSL_CTX              *made;
        billing_tls_files_t   files = {
            cases[i].ca[0] ? file_of(cases[i].ca) : "",
            cases[i].cert[0] ? file_of(cases[i].cert) : "",
            cases[i].key[0] ? file_of(cases[i].key) : ""
        };

        made = billing_tls_new(&files, error, sizeof(error));
        billing_tls_free(made);

        if (cases[i].why == NULL) {
            assert_non_null(made);
            continue;
        }

        (void) snprintf(said, sizeof(said), "%s%s", file_of(cases[i].file),
                        cases[i].why);
        assert_null(made);
        if (strstr(error, said) != error) {
            fail_msg("%zu: %s, not %s", i, error, said);
        }
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(who_is_spoken_to_is_who_the_certificate_says),
        cmocka_unit_test(an_expired_one_is_refused),
        cmocka_unit_test(who_signed_himself_is_refused),
        cmocka_unit_test(a_handshake_without_an_end_is_said),
        cmocka_unit_test(files_that_are_none_are_named),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, setup, teardown);
}

#else


static void
without_hiredis_1_there_is_none(void **state)
{
    char                  error[64], why[64];
    billing_tls_files_t   files = { "", "", "" };

    (void) state;
    assert_null(billing_tls_new(&files, error, sizeof(error)));
    assert_string_equal(error, "there is no TLS to Redis here");
    assert_false(billing_tls_expect(NULL, "redis.test"));
    billing_tls_why(NULL, why, sizeof(why));
    assert_string_equal(why, "there is no TLS to Redis here");
    billing_tls_forget();
    billing_tls_free(NULL);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(without_hiredis_1_there_is_none),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
