/*
 * Certificates made in memory: who signs, and who is signed.  Keys are dear, so
 * two do for all.
 */

#ifndef BILLING_CERTIFICATE_FIXTURE_H
#define BILLING_CERTIFICATE_FIXTURE_H

#include <stdlib.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define DAY  86400L

static EVP_PKEY    *ca_key;
static EVP_PKEY    *own_key;
static X509        *ca;
static const char  *ca_name;


/* Signed by the issuer; names NULL: an issuer, signed by itself. */

static X509 *
certificate(EVP_PKEY *key, const char *names, long ends)
{
    X509            *made = X509_new();
    X509_NAME       *name = X509_get_subject_name(made);
    X509_EXTENSION  *extension;

    assert_int_equal(X509_set_version(made, 2), 1);
    ASN1_INTEGER_set(X509_get_serialNumber(made), 1 + random());
    X509_gmtime_adj(X509_getm_notBefore(made), -2 * DAY);
    X509_gmtime_adj(X509_getm_notAfter(made), ends);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               (const unsigned char *) (names ? "server"
                                                              : ca_name),
                               -1, -1, 0);
    X509_set_pubkey(made, key);

    extension = X509V3_EXT_conf_nid(NULL, NULL, names ? NID_subject_alt_name
                                                 : NID_basic_constraints,
                                    names ? names : "critical,CA:TRUE");
    assert_non_null(extension);
    X509_add_ext(made, extension, -1);
    X509_EXTENSION_free(extension);

    X509_set_issuer_name(made, (names && ca) ? X509_get_subject_name(ca)
                                             : name);
    assert_true(X509_sign(made, (names && ca) ? ca_key : key, EVP_sha256())
                > 0);

    return made;
}


static void
certificates_make(const char *name)
{
    ca_name = name;
    ca_key = EVP_EC_gen("P-256");
    own_key = EVP_EC_gen("P-256");
    ca = certificate(ca_key, NULL, 30 * DAY);
}


static void
certificates_free(void)
{
    X509_free(ca);
    ca = NULL;
    EVP_PKEY_free(ca_key);
    EVP_PKEY_free(own_key);
}

#endif /* BILLING_CERTIFICATE_FIXTURE_H */
