/*
 * TLS to Redis: whom we trust, who we are, and why the other side is refused.
 * nginx and hiredis carry the bytes, each in its own way; what is asked of a
 * certificate is asked here, of all of them the same.
 */

#include "billing_store.h"

#ifdef BILLING_REDIS_TLS

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>


static bool billing_tls_read(SSL_CTX *ctx, const billing_tls_files_t *files,
    char *error, size_t error_max);
static bool billing_tls_unread(const char *file, const char *what,
    char *error, size_t error_max);


/* Nobody types a passphrase into a server: a key that has one is refused. */

static int
billing_tls_passphrase(char *buf, int size, int rwflag, void *data)
{
    (void) buf;
    (void) size;
    (void) rwflag;
    (void) data;

    return -1;
}


SSL_CTX *
billing_tls_new(const billing_tls_files_t *files, char *error,
    size_t error_max)
{
    SSL_CTX  *ctx;

    ERR_clear_error();

    ctx = SSL_CTX_new(TLS_client_method());

    if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1)
    {
        (void) snprintf(error, error_max, "no TLS: out of memory");
        SSL_CTX_free(ctx);
        return NULL;
    }

    /* Both sides keep what is unsent in memory that moves. */
    (void) SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE
                                 | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_default_passwd_cb(ctx, billing_tls_passphrase);

    if (!billing_tls_read(ctx, files, error, error_max)) {
        SSL_CTX_free(ctx);
        ctx = NULL;
    }

    ERR_clear_error();

    return ctx;
}


void
billing_tls_free(SSL_CTX *ctx)
{
    SSL_CTX_free(ctx);
}


static bool
billing_tls_read(SSL_CTX *ctx, const billing_tls_files_t *files, char *error,
    size_t error_max)
{
    if (files->ca_file[0] == '\0') {
        (void) SSL_CTX_set_default_verify_paths(ctx);

    } else if (SSL_CTX_load_verify_file(ctx, files->ca_file) != 1) {
        return billing_tls_unread(files->ca_file, "holds no certificate",
                                  error, error_max);
    }

    if (files->cert_file[0] == '\0') {
        return true;
    }

    if (SSL_CTX_use_certificate_chain_file(ctx, files->cert_file) != 1) {
        return billing_tls_unread(files->cert_file, "holds no certificate",
                                  error, error_max);
    }

    if (SSL_CTX_use_PrivateKey_file(ctx, files->key_file, SSL_FILETYPE_PEM)
        != 1)
    {
        return billing_tls_unread(files->key_file, "holds no key without a "
                                  "passphrase for that certificate", error,
                                  error_max);
    }

    return true;
}


/* The first mistake is the file's own, what follows comes of it. */

static bool
billing_tls_unread(const char *file, const char *what, char *error,
    size_t error_max)
{
    unsigned long  code = ERR_peek_error();

    if (ERR_SYSTEM_ERROR(code)) {
        (void) snprintf(error, error_max, "%s: %s", file,
                        strerror(ERR_GET_REASON(code)));

    } else {
        (void) snprintf(error, error_max, "%s: %s in PEM", file, what);
    }

    return false;
}


bool
billing_tls_expect(SSL *ssl, const char *host)
{
    X509_VERIFY_PARAM  *param = SSL_get0_param(ssl);

    /* Where it is a number there is no name to be sent, nor to be matched. */

    if (X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1) {
        return true;
    }

    X509_VERIFY_PARAM_set_hostflags(param,
                                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);

    return host[0] != '\0'
           && X509_VERIFY_PARAM_set1_host(param, host, 0) == 1
           && SSL_set_tlsext_host_name(ssl, host) == 1;
}


void
billing_tls_why(const SSL *ssl, char *why, size_t max)
{
    long           verdict = SSL_get_verify_result(ssl);
    const char    *reason;
    unsigned long  code = ERR_peek_last_error();

    reason = ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_reason_error_string(code)
                                              : NULL;

    if (verdict != X509_V_OK) {
        (void) snprintf(why, max, "its certificate is not accepted: %s",
                        X509_verify_cert_error_string(verdict));

    } else if (reason != NULL) {
        (void) snprintf(why, max, "TLS: %s", reason);

    } else if (!SSL_is_init_finished(ssl)) {
        (void) snprintf(why, max, "TLS: the handshake was not finished");

    } else {
        why[0] = '\0';
    }
}


void
billing_tls_forget(void)
{
    ERR_clear_error();
}

#else

#include <stdio.h>


struct ssl_ctx_st *
billing_tls_new(const billing_tls_files_t *files, char *error,
    size_t error_max)
{
    (void) files;
    (void) snprintf(error, error_max, "there is no TLS to Redis here");

    return NULL;
}


void
billing_tls_free(struct ssl_ctx_st *ctx)
{
    (void) ctx;
}


bool
billing_tls_expect(struct ssl_st *ssl, const char *host)
{
    (void) ssl;
    (void) host;

    return false;
}


void
billing_tls_why(const struct ssl_st *ssl, char *why, size_t max)
{
    (void) ssl;
    (void) snprintf(why, max, "there is no TLS to Redis here");
}


void
billing_tls_forget(void)
{
}

#endif
